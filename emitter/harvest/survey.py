"""What a module's own mutable objects hold, so that a change of one is noticed."""

import gc
import sys

FunctionType = type(lambda: None)
CodeType = type((lambda: None).__code__)
ModuleType = type(sys)
GeneratorType = type(item for item in ())

# Objects of these types never change, or (the caches of an ABC) not so that anybody could tell.
UNCHANGING = frozenset((
    type(None), bool, int, float, complex, str, bytes, range, slice, type(Ellipsis), CodeType, type(len),
    type(str.join), type(object.__init__), type(object().__str__), type(FunctionType.__code__),
    type(FunctionType.__globals__), type(dict.__dict__["fromkeys"]),
))
UNCHANGING_NAMES = frozenset(("_abc_data",))


def survey(namespace, made):
    """(object, what it refers to) by id, for all that the namespace reaches and that is among `made`."""
    found = {}
    pending = list(namespace.values())
    while pending:
        value = pending.pop()
        kind = type(value)
        identity = id(value)
        if kind in UNCHANGING or identity in found or value is namespace or kind.__name__ in UNCHANGING_NAMES:
            continue
        if gc.is_tracked(value) and identity not in made:
            continue  # another module's
        materialize(value, kind)
        referents = gc.get_referents(value)
        state = tuple([id(referent) for referent in referents])
        # The object and its referents are kept alive, so that ids stay their own.
        found[identity] = (value, state + hidden_state(value, kind), referents)
        pending.extend(referents)
    return found


def materialize(value, kind):
    """What the interpreter makes when it is first asked for, as describing a value does, is no change of the value."""
    if kind is FunctionType:
        value.__annotations__, value.__dict__
    elif kind in (staticmethod, classmethod):
        value.__dict__


def hidden_state(value, kind):
    """What an object holds beside references."""
    if kind is bytearray:
        return (bytes(value),)
    if kind is GeneratorType:
        return (value.gi_frame.f_lasti if value.gi_frame is not None else -1,)
    if kind.__name__ == "_lru_cache_wrapper":
        return tuple(kind.cache_info(value))
    if kind.__flags__ & (1 << 9) or not hasattr(kind, "__next__"):  # Py_TPFLAGS_HEAPTYPE: Python code's, mostly
        return ()
    try:
        reduced = value.__reduce__()
    except Exception:
        return ()
    return tuple([part for part in reduced[1:] if type(part) is int])


def changed(before, after):
    """Ids of objects that are in both and differ."""
    return [
        identity for identity, entry in before.items()
        if identity in after and after[identity][0] is entry[0] and after[identity][1] != entry[1]
    ]
