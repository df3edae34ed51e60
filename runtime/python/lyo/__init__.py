"""Lyo: start Python programs from freeze-dried modules.

``install(bundle)`` makes imports of this process use a bundle that ``lyo build`` wrote;
``const`` marks what is to be evaluated at build time.
"""

__all__ = ["const", "enabled", "install", "uninstall"]
__version__ = "0.1.0"


def const(value):
    """Demand that ``value`` be evaluated at build time; at run time, ``value`` itself.

    ``TABLE = const(build())`` demands it of an expression, ``@const`` of a function's results.
    """
    return value


def install(bundle, *, sealed=None, report=None, verbose=None):
    """Take modules from ``bundle`` (a path) from now on; say whether the bundle is used.

    ``sealed``: look at no source file, directory or time stamp (default: ``LYO_SEALED=1``).
    ``report``: a file that gets, when the process ends, how each module was imported, as JSON.
    ``verbose``: say on stderr what is not taken from the bundle, and why (default: ``LYO_VERBOSE=1``).

    A bundle that is missing, damaged, or made for another interpreter is not used; nothing fails.
    """
    from lyo import _install

    return _install.install(bundle, sealed=sealed, report=report, verbose=verbose)


def uninstall():
    """Import as usual from now on."""
    from lyo import _install

    _install.uninstall()


def enabled():
    """Whether a bundle is in use."""
    import sys

    module = sys.modules.get("lyo._install")
    return module is not None and module.active() is not None
