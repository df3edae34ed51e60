"""`repr` of plain data, computed without running anything that is not the interpreter's own."""

ATOMS = (type(None), bool, int, float, complex, str, bytes, range, type(Ellipsis))


def represent(value):
    """The `repr` of data of the builtin types; None where it is something else, or has no fixed order."""
    return repr(value) if is_plain(value, 0) else None


def is_plain(value, depth):
    kind = type(value)
    if kind in ATOMS:
        return True
    if depth > 50:
        return False
    if kind in (list, tuple):
        return all(is_plain(item, depth + 1) for item in value)
    if kind is dict:
        return all(is_plain(key, depth + 1) and is_plain(item, depth + 1) for key, item in value.items())
    if kind in (set, frozenset):
        return len(value) <= 1 and all(is_plain(item, depth + 1) for item in value)
    return False
