"""Where a module has read objects of others: an object can stand at several places, of which each may be bound anew.

References to an object go to one place. That the other places at which it was read hold the very same object is for
guards to tell: a class or container that only looks like it would not do.
"""

import sys

from lyo_harvest import foreign
from lyo_harvest.classes import HEAP_TYPE, type_flags
from lyo_harvest.refuse import Placeholder


class Readings:
    def __init__(self, own, loaded):
        self.own = own
        self.names = foreign.Names((), loaded)
        self.seen = set()  # (place, whether what a container holds counts)
        self.places = {}  # id -> (module, path, the object)

    def is_new(self, place, contents):
        """Whether no guard is about the place yet."""
        if (place, True) in self.seen or (place, contents) in self.seen:
            return False
        self.seen.add((place, contents))
        return True

    def place(self, module, path, value):
        """Where references look for what was read at this place."""
        holder = sys.modules.get(module)
        if not has_identity(value) or foreign.raw(holder, "__getattr__") is not foreign.MISSING:
            return module, path
        if type(value) is foreign.FunctionType and len(path) > 1:
            return module, path  # a method: its fingerprint tells what it does, and references go to the class
        own = self.names.by_own_name(value)
        if own is not None and own[0] != self.own:
            return own
        return self.places.setdefault(id(value), (module, path, value))[:2]


def is_same(place, other):
    """Whether the places are one, of a module that has two names."""
    return place[1] == other[1] and sys.modules.get(place[0]) is sys.modules.get(other[0])


def has_identity(value):
    """Whether another object can look like it."""
    kind = type(value)
    if kind in (list, dict, set, foreign.FunctionType):
        return True
    if kind is Placeholder or foreign.is_a(value, foreign.ModuleType):
        return False
    made = value if foreign.is_a(value, type) else kind
    return bool(type_flags(made) & HEAP_TYPE)
