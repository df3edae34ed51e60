"""Telling those who ask how each module was imported, and why.

A line on stderr for what is not rehydrated, and a file: ``{"version": 1, "modules": [{"name", "how", "reason"}]}``.
``how`` is ``rehydrated``, ``code`` (run from the bundle's code) or ``ordinary``.
"""

import os
import sys

_path = None
_records = {}
_verbose = os.environ.get("LYO_VERBOSE") == "1"


def start(path):
    """Record from now on, and write the report to ``path`` when the process ends."""
    global _path
    import atexit

    if _path is None:
        atexit.register(_write, os.getpid())
    _path = os.path.abspath(os.fsdecode(path))


def be_verbose():
    global _verbose
    _verbose = True


def say(message):
    """One line on stderr, if somebody asked to be told."""
    if _verbose and sys.stderr is not None:
        try:
            sys.stderr.write("lyo: %s\n" % message)
        except (OSError, ValueError):
            pass


def recorder():
    """What to call with (name, how, reason), or None if nobody wants to know."""
    return record if _path is not None or _verbose else None


def record(name, how, reason):
    if _path is not None:
        _records[name] = (how, reason)
    if how != "rehydrated":
        say("%s: %s%s" % (name, how, ": " + reason if reason else ""))


def _kind(module):
    spec = getattr(module, "__spec__", None)
    origin = getattr(spec, "origin", None)
    if origin in ("built-in", "frozen"):
        return origin
    return "not in the bundle"


def _write(process):
    if os.getpid() != process:  # a fork: the report is its parent's
        return
    import json

    modules = [{"name": name, "how": how, "reason": reason} for name, (how, reason) in _records.items()]
    for name, module in list(sys.modules.items()):
        if name not in _records and isinstance(name, str):
            modules.append({"name": name, "how": "ordinary", "reason": _kind(module)})
    # A device or pipe is written to; only a file is replaced.
    special = os.path.exists(_path) and not os.path.isfile(_path)
    aside = _path if special else "%s.%d.tmp" % (_path, process)
    try:
        with open(aside, "w", encoding="utf-8") as file:
            json.dump({"version": 1, "modules": modules}, file, indent=1)
            file.write("\n")
        if not special:
            os.replace(aside, _path)
    except OSError as error:
        say("the report can't be written: %s" % error)
