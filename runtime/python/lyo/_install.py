"""Opening a bundle and putting its finder in place."""

import os
import sys

_finder = None


def active():
    """The finder in place, or None."""
    return _finder if _finder in sys.meta_path else None


def install(bundle, *, sealed=None, report=None, verbose=None):
    global _finder
    from lyo import _report

    if report is not None:
        _report.start(report)
    if verbose:
        _report.be_verbose()
    if os.environ.get("LYO_DISABLE") == "1":
        return False
    try:
        finder = _open(bundle, sealed)
    except Exception as error:  # whatever it is: the program goes on without the bundle
        _report.say("%s is not used: %s" % (os.fsdecode(bundle), error))
        return False
    uninstall()
    position = len(sys.meta_path)
    for index, other in enumerate(sys.meta_path):
        if getattr(other, "__name__", None) == "PathFinder":
            position = index
            break
    sys.meta_path.insert(position, finder)
    _finder = finder
    finder.load_natively()
    return True


def uninstall():
    global _finder
    if _finder in sys.meta_path:
        sys.meta_path.remove(_finder)
    _finder = None


def _open(bundle, sealed):
    from lyo import _native
    from lyo._finder import BundleFinder

    path = os.path.abspath(os.fsdecode(bundle))
    if os.stat(path).st_mode & 0o002 and os.environ.get("LYO_TRUST") != "1":
        raise PermissionError("everybody may write to it; LYO_TRUST=1 to use it all the same")
    if sealed is None:
        sealed = os.environ.get("LYO_SEALED") == "1"
    opened = _native.load_bundle(os.fsencode(path), bool(sealed))
    _check_target(*_native.target(opened))
    return BundleFinder(opened, sealed)


def _check_target(cache_tag, magic, version, platform, optimize):
    here = (
        ("cache tag", sys.implementation.cache_tag, cache_tag),
        ("version", "%d.%d.%d" % sys.version_info[:3], version),
        ("platform", sys.platform, platform),
        ("optimisation level", sys.flags.optimize, optimize),
    )
    for what, actual, expected in here:
        if actual != expected:
            raise ValueError("made for %s %s, this is %s: build it again" % (what, expected, actual))
    from _frozen_importlib_external import MAGIC_NUMBER

    if MAGIC_NUMBER != magic:
        raise ValueError("made for another magic number: build it again")
