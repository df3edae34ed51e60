"""``python -m lyo._enable [--disable]``: activation by environment variable.

Writes ``lyo.pth`` into this environment's site-packages, after which every interpreter of the
environment that is started with ``LYO_BUNDLE`` set uses that bundle. Without the variable the file
costs one look at the environment.
"""

import os
import sys
import sysconfig

LINE = 'import os; "LYO_BUNDLE" in os.environ and __import__("lyo._activate")\n'


def pth():
    return os.path.join(sysconfig.get_path("purelib"), "lyo.pth")


def enable():
    """Write the file; give its path."""
    path = pth()
    aside = path + ".tmp"
    with open(aside, "w", encoding="ascii") as file:
        file.write(LINE)
    os.replace(aside, path)
    return path


def disable():
    """Remove the file; give its path, or None if there was none."""
    path = pth()
    try:
        os.remove(path)
    except FileNotFoundError:
        return None
    return path


def main(arguments):
    if arguments not in ([], ["--disable"]):
        sys.stderr.write("usage: python -m lyo._enable [--disable]\n")
        return 2
    try:
        if arguments:
            path = disable()
            print("removed %s" % path if path else "it was not enabled")
        else:
            print("wrote %s" % enable())
    except OSError as error:
        sys.stderr.write("lyo: %s\n" % error)
        return 2
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
