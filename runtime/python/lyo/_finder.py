"""The meta-path finder: which modules are taken from the bundle.

*Checked* (the default): a module is taken from the bundle only if the ordinary path finder would find
exactly its source file, and that has the size and time stamp that the bundle records; where it lies
in another place than at build time (a moved tree), it must be the same to the byte. So the order of
``sys.path``, shadowing and path hooks are what they always are.

*Sealed*: for images that can't change. A module is taken from the bundle if the entry of the path
that it was found in at build time comes before every entry that might hold another of its name;
entries that the build did not know are listed once. No file is looked at.
"""

import os
import sys
from _frozen_importlib import ModuleSpec
from _frozen_importlib_external import FileFinder, PathFinder, SourceFileLoader, _get_supported_file_loaders

from lyo import _native, _report

_find = _native.find
_locate = _native.locate
_executor = _native.executor
_stat = os.stat


def _machinery():
    """What an ordinary import of a source file goes through: tools that patch it want to be asked."""
    return (
        PathFinder.__dict__["find_spec"],
        FileFinder.find_spec,
        SourceFileLoader.create_module,
        SourceFileLoader.exec_module,
        SourceFileLoader.get_code,
        SourceFileLoader.get_data,
        SourceFileLoader.path_stats,
        SourceFileLoader.source_to_code,
    )


def _is_frozen(function):
    code = getattr(getattr(function, "__func__", function), "__code__", None)
    return code is not None and code.co_filename.startswith("<frozen importlib")


class BundleFinder:
    """Finds modules in a bundle; everything else is left to the finders behind it."""

    def __init__(self, bundle, sealed):
        self._bundle = bundle
        self._sealed = sealed
        self._machinery = _machinery()
        if not all(map(_is_frozen, self._machinery)):
            raise RuntimeError("the import machinery has been patched")
        details = _get_supported_file_loaders()
        self._loaders = [(suffix, loader) for loader, suffixes in details for suffix in suffixes]
        self._suffixes = tuple(details[0][1])
        # The hooks that the interpreter starts with: for zip files, and for directories.
        self._hooks = sys.path_hooks[:2]
        cells = getattr(self._hooks[-1], "__closure__", None) or ()
        if not any(cell.cell_contents == tuple(details) for cell in cells):
            self._hooks = None
        # Where the interpreter would put and look for the compiled file, if that is not configured.
        tag = sys.implementation.cache_tag
        self._compiled = "__pycache__%s%%s.%s.pyc" % (os.sep, tag) if tag and not sys.flags.optimize else None

    def find_spec(self, fullname, path=None, target=None):
        if target is not None:  # a reload
            return None
        found = _find(self._bundle, fullname)
        if found is None:
            return None
        if _machinery() != self._machinery or not self._is_before_the_path_finder():
            return None
        hooks = sys.path_hooks
        plain_hooks = hooks[:2] == self._hooks
        if self._sealed and plain_hooks:
            located = _native.locate_sealed(self._bundle, fullname, sys.path if path is None else path)
            if located is not None:
                return self._spec(fullname, *located)
        located = _locate(
            self._bundle,
            fullname,
            sys.path if path is None else path,
            sys.path_importer_cache,
            FileFinder,
            self._loaders,
            self._suffixes,
            plain_hooks,
            len(hooks) > 2,
        )
        if located is not None:
            return self._spec(fullname, *located)
        return self._find_checked(fullname, path, found)

    def _is_before_the_path_finder(self):
        finders = iter(sys.meta_path)
        return any(finder is self for finder in finders) and next(finders, None) is PathFinder

    def load_natively(self):
        """From now on, modules import each other past `importlib._bootstrap`, where that can't be told."""
        if self._compiled is not None and sys.pycache_prefix is None:
            _native.use_finder(self, self._bundle, _report.recorder)

    def invalidate_caches(self):
        _native.forget_listings(self._bundle)

    def _spec(self, fullname, origin, folder):
        """What the path finder makes of a source file."""
        loader = SourceFileLoader(fullname, origin)
        spec = ModuleSpec(fullname, loader, origin=origin)
        spec._set_fileattr = True
        if folder is not None:
            spec.submodule_search_locations = [folder]
        if self._compiled is not None and sys.pycache_prefix is None:
            head, _, tail = origin.rpartition(os.sep)
            spec._cached = "%s%s%s" % (head, os.sep, self._compiled % tail[:-3])
        loader.exec_module = _executor(self._bundle, fullname, loader, origin, _report.recorder())
        return spec

    def _find_checked(self, fullname, path, found):
        """By asking the path finder."""
        is_package, _, recorded, _, relative, size, mtime = found
        spec = PathFinder.find_spec(fullname, path)
        if spec is None:
            return None
        loader = spec.loader
        origin = spec.origin
        if (
            type(loader) is not SourceFileLoader
            or not spec.has_location
            or not origin.endswith(os.sep + relative)
            or (spec.submodule_search_locations is not None) is not is_package
        ):
            _report.record(fullname, "ordinary", "found elsewhere: %s" % origin)
            return spec
        try:
            status = _stat(origin)
        except OSError as error:
            _report.record(fullname, "ordinary", str(error))
            return spec
        if status.st_size != size or int(status.st_mtime) != mtime:
            _report.record(fullname, "ordinary", "the source has changed")
            return spec
        if origin != recorded and not _native.matches(self._bundle, fullname, os.fsencode(origin)):
            # Size and time stamp say little of a file in another place: images give all files one time.
            _report.record(fullname, "ordinary", "another source, found at %s" % origin)
            return spec
        loader.exec_module = _executor(self._bundle, fullname, loader, origin, _report.recorder())
        return spec
