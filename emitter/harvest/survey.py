"""What a module's own mutable objects hold, so that a change of one is noticed."""

import _warnings
import gc
import sys

from lyo_harvest.foreign import is_a

FunctionType = type(lambda: None)
CodeType = type((lambda: None).__code__)
ModuleType = type(sys)
GeneratorType = type(item for item in ())

# Objects of these types never change, or (the caches of an ABC) not so that anybody could tell.
UNCHANGING = frozenset((
    type(None), bool, int, float, complex, str, bytes, range, slice, type(Ellipsis), CodeType,
    type(str.join), type(object.__init__), type(FunctionType.__code__),
    type(FunctionType.__globals__), type(dict.__dict__["fromkeys"]),
))
# Methods of C that are bound to an object hold it.
BOUND = frozenset((type(len), type(object().__str__)))
UNCHANGING_NAMES = frozenset(("_abc_data",))


HEAP_TYPE = 1 << 9
IMMUTABLE_TYPE = 1 << 8

# So deeply what iterators would be pickled as is followed.
DEEPEST = 8


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
        if kind in BOUND:
            pending.append(value.__self__)
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
    if is_a(value, BaseException):
        return (BaseException.__suppress_context__.__get__(value),)
    if kind is GeneratorType:
        return (value.gi_frame.f_lasti if value.gi_frame is not None else -1,)
    if kind.__name__ == "_lru_cache_wrapper":
        return tuple(kind.cache_info(value))
    return progress(value, 0) if is_iterator_of_c(kind) else ()


def is_iterator_of_c(kind):
    is_python_made = kind.__flags__ & HEAP_TYPE and not kind.__flags__ & IMMUTABLE_TYPE
    return not is_python_made and hasattr(kind, "__next__")


def progress(value, depth):
    """How far an iterator has come, by what would be pickled: numbers, and what is left."""
    kind = type(value)
    if depth > DEEPEST:
        return ()
    if kind in (tuple, list):
        return (len(value), *[part for item in value for part in progress(item, depth + 1)])
    if kind in (type(None), bool, int, range):
        return (value,)
    if not is_iterator_of_c(kind):
        return (id(value),)
    try:
        return progress(reduced(value)[1:], depth + 1)
    except Exception:
        return ()


def reduced(value):
    """Those of `itertools` warn, from 3.12 on, and warnings are errors while a module is recorded."""
    kept = _warnings.filters[:]
    _warnings.filters[:] = [("ignore", None, Warning, None, 0)]
    _warnings._filters_mutated()
    try:
        return value.__reduce__()
    finally:
        _warnings.filters[:] = kept
        _warnings._filters_mutated()


def changed(before, after):
    """Ids of objects that are in both and differ."""
    return [
        identity for identity, entry in before.items()
        if identity in after and after[identity][0] is entry[0] and after[identity][1] != entry[1]
    ]
