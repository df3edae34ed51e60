"""The meta-path finder: which modules are taken from the bundle.

*Checked* (the default): a module is taken from the bundle only if the ordinary path finder finds
exactly its source file, and that has the size and time stamp that the bundle records; where it lies
in another place than at build time (a moved tree), it must be the same to the byte. So the order of
``sys.path``, shadowing and path hooks are what they always are.

*Sealed*: for images that can't change. A module is taken from the bundle if the entry of the path
that it was found in at build time comes before every entry that might hold another of its name;
entries that the build did not know are listed once. No file is looked at.
"""

import os
import sys
from importlib._bootstrap import ModuleSpec
from importlib.machinery import PathFinder, SourceFileLoader

from lyo import _native, _report

_find = _native.find
_executor = _native.executor
_stat = os.stat
_separator = os.sep


class BundleFinder:
    """Finds modules in a bundle; everything else is left to the finders behind it."""

    def __init__(self, bundle, sealed):
        self._bundle = bundle
        self._sealed = sealed
        self._listings = {}

    def find_spec(self, fullname, path=None, target=None):
        if target is not None:  # a reload
            return None
        found = _find(self._bundle, fullname)
        if found is None:
            return None
        if self._sealed:
            spec = self._find_sealed(fullname, path, found)
            if spec is not None:
                return spec
        return self._find_checked(fullname, path, found)

    def invalidate_caches(self):
        self._listings.clear()

    def _find_checked(self, fullname, path, found):
        is_package, _, recorded, _, relative, size, mtime = found
        spec = PathFinder.find_spec(fullname, path)
        if spec is None:
            return None
        loader = spec.loader
        origin = spec.origin
        if (
            type(loader) is not SourceFileLoader
            or not spec.has_location
            or not origin.endswith(_separator + relative)
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

    def _find_sealed(self, fullname, path, found):
        is_package, _, origin, _, _, _, _ = found
        folder = os.path.dirname(origin)
        home = os.path.dirname(folder) if is_package else folder
        tail = fullname.rpartition(".")[2]
        for entry in sys.path if path is None else path:
            if entry == home:
                break
            if not isinstance(entry, str) or self._may_hold(entry, tail):
                return None
        else:
            return None
        loader = SourceFileLoader(fullname, origin)
        spec = ModuleSpec(fullname, loader, origin=origin)
        spec._set_fileattr = True
        if is_package:
            spec.submodule_search_locations = [folder]
        loader.exec_module = _executor(self._bundle, fullname, loader, origin, _report.recorder())
        return spec

    def _may_hold(self, entry, tail):
        """Whether a path entry might hold a module of this name: judged by one listing of it."""
        names = self._listings.get(entry)
        if names is None:
            try:
                names = {name.partition(".")[0] for name in os.listdir(entry or ".")}
            except FileNotFoundError:
                names = set()
            except OSError:  # a zip file, or unreadable
                return True
            self._listings[entry] = names
        return tail in names
