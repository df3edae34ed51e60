"""Texts and numbers that other modules' objects hold: what takes them from there, gets the very same objects."""

import sys

from lyo_harvest import classes
from lyo_harvest.foreign import BUILTIN_NAMES, MISSING, FunctionType, ModuleType, is_a, raw, raw_dict

BuiltinMethodType = type(len)

# Immutable data of which programs may see whether it is the same object.
ATOMS = frozenset((int, float, complex, str, bytes))


class Atoms:
    """Those that a walker has met: in what other modules hold, and as its own module's."""

    def __init__(self, walker):
        self.walker = walker
        self.held = {}  # id -> (holder, how it holds it, name or place, the atom)
        self.own = {}  # id -> the atom
        self.classes = set()  # ids of those whose methods were looked at

    def save(self):
        return dict(self.held), dict(self.own)

    def restore(self, saved):
        self.held, self.own = saved
        self.classes = set()

    def hold(self, holder, how, name, item):
        if type(item) in ATOMS and not self.walker.is_shared_by_value(item):
            self.held.setdefault(id(item), (holder, how, name, item))

    def note(self, value):
        """What an object of another module holds."""
        kind, names = type(value), self.walker.names
        if kind is list or kind is tuple and self.is_found_elsewhere(value):
            for place, item in enumerate(value):
                self.hold(value, "place", place, item)
            return
        if kind is dict:
            items, how = value, "item"
        elif is_a(value, type) and names.find(value) is not None:
            items, how = type.__dict__["__dict__"].__get__(value), "named"
        elif is_a(value, ModuleType) and value is not self.walker.module and names.find(value) is not None:
            items, how = raw_dict(value), "named"
        elif any(is_a(value, other) for other in (type, ModuleType, FunctionType, BuiltinMethodType)) or not has_plain_attributes(kind):
            return
        else:
            items, how = dict(classes.slot_values(value)), "attribute"
            for name, item in (classes.instance_dict(value) or {}).items():
                if type(name) is str and raw(kind, name) is MISSING:
                    items[name] = item
        for name, item in items.items():
            if type(name) is str:
                self.hold(value, how, name, item)

    def is_found_elsewhere(self, value):
        """Whether another module has a name for it: an equal copy of a tuple does where none has."""
        found = self.walker.names.find(value)
        return found is not None and sys.modules[found[0]] is not self.walker.module

    def note_methods(self, kind):
        """What the methods of another module's class take by default, and their constants: an instance may hold them."""
        for cls in type.__dict__["__mro__"].__get__(kind):
            if id(cls) in self.classes or self.walker.is_made(cls) or id(cls) in BUILTIN_NAMES:
                continue
            self.classes.add(id(cls))
            for method in type.__dict__["__dict__"].__get__(cls).values():
                if type(method) is not FunctionType or self.walker.is_made(method) or self.walker.names.find(method) is None:
                    continue
                for how, values in (("default", method.__defaults__ or ()), ("constant", method.__code__.co_consts)):
                    for place, item in enumerate(values):
                        self.hold(method, how, place, item)

    def note_code(self, code):
        """The names that a code object has: a function may have been renamed, while a wrapper keeps the one that it had."""
        for name in ("co_name", "co_qualname"):
            self.hold(code, "attribute", name, getattr(code, name))

    def node(self, value):
        """The node of an atom that another module's object holds; None for the module's own."""
        held = self.held.get(id(value))
        if held is None:
            self.own[id(value)] = value
            return None
        walker, (value, how, name, _) = self.walker, held
        if how == "named":
            module, path = walker.names.find(value)
            return walker.add(("external", module, (*path, name)))
        holder = walker.node(value)
        if how == "place" and type(value) is tuple:
            return walker.item_of(holder, name)
        if how == "attribute":
            return walker.get_attribute(holder, name)
        if how == "default":
            return walker.item_of(walker.get_attribute(holder, "__defaults__"), name)
        if how == "constant":
            return walker.item_of(walker.get_attribute(walker.get_attribute(holder, "__code__"), "co_consts"), name)
        kind, key = ("list", walker.node(name)) if how == "place" else ("dict", walker.text(name))
        return walker.construct(walker.add(("external", "builtins", (kind, "__getitem__"))), holder, key)

    def has_missed(self):
        """Whether something was taken for this module's own before its holder was met."""
        return any(id(value) in self.held for value in self.own.values())


def has_plain_attributes(kind):
    """Whether `getattr` of an instance runs no Python code for what its `__dict__` holds."""
    return type(raw(kind, "__getattribute__")) is type(object.__getattribute__)
