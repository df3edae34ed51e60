"""The effects that a replayable module declares, held against what the oracle saw.

`lyo check` lists them (`effects` in its JSON report): what is changed, found by a path
from a module's namespace, and how. Everything that a snapshot shows to have changed must be one
of them, and each must have happened: the key or attribute is there and holds what was said,
the list has grown by so many items, the class is registered.

Runs inside the interpreter under test and imports only what is built in.
"""

import codecs
import sys

_MODULE = type(sys)
_FUNCTION = type(lambda: 0)
_CLASS_DICT = type.__dict__["__dict__"].__get__
_MISSING = object()


class Unresolved(Exception):
    pass


def is_error_registry(item):
    """Is it the interpreter's dict of error handlers, to which no name leads?"""
    return type(item) is dict and all(
        item.get(name) is codecs.lookup_error(name) for name in ("strict", "xmlcharrefreplace")
    )


def is_overload_registry(item):
    """The registry of `typing.overload`, or one of the dictionaries in it, by module and by name."""
    registry = getattr(sys.modules.get("typing"), "_overload_registry", {})
    within = [registry, *registry.values(), *(inner for outer in registry.values() for inner in outer.values())]
    return any(item is each for each in within)


class Declared:
    """What one module says of itself."""

    def __init__(self, effects, module):
        self.effects = effects
        self.module = module
        self.grown = {}  # lists and sets: address to the object and how many items are still to come

    # ---- finding objects

    def resolve(self, operand):
        """The object of a place."""
        name = operand["module"]
        found = self.module if name == self.module.__name__ else sys.modules.get(name)
        if found is None:
            raise Unresolved(f"module {name} is not loaded")
        for step in operand["path"]:
            found = self.step(found, *step.items().__iter__().__next__())
        return found

    def step(self, found, kind, name):
        if kind == "entry":
            value = entries(found).get(name, _MISSING)
            if value is _MISSING:
                slot = next((c.__dict__[name] for c in type(found).__mro__ if name in c.__dict__), None)
                if slot is None:
                    raise Unresolved(f"{type(found).__name__} has no entry {name!r}")
                value = slot.__get__(found, type(found)) if hasattr(type(slot), "__get__") else slot
            return value
        if kind == "cell":
            return found.__closure__[name].cell_contents
        if kind == "item":
            return found[name]
        return getattr(found, name)

    def is_it(self, operand, value):
        """Is it the value that was declared? What has neither place nor `repr` can't be compared."""
        if "repr" in operand:
            return repr(value) == operand["repr"]
        if "made" in operand:
            return True
        if "type" in operand:
            return type.__dict__["__qualname__"].__get__(value) == operand["type"].partition(".")[2]
        return self.resolve(operand) is value

    # ---- what is allowed to change

    def of_kind(self, *kinds):
        return [effect for effect in self.effects if effect["kind"] in kinds]

    def calls(self, module, function):
        return [
            effect["operands"]
            for effect in self.of_kind("call")
            if effect["target"]["module"] == module and effect["target"]["path"][-1].get("entry") == function
        ]

    def explains(self, item, inner, changed):
        """Is the difference in what `item` refers to declared?"""
        if type(item) is dict or issubclass(type(item), dict):
            half, half_now = len(inner) // 2, len(changed) // 2
            was = {id(key): value for key, value in zip(inner[:half], inner[half:])}
            now = {id(key): (key, value) for key, value in zip(changed[:half_now], changed[half_now:])}
            keys = [key for address, (key, value) in now.items() if was.get(address, _MISSING) is not value]
            gone = [key for key in inner[:half] if id(key) not in now]
            return all(self.explains_key(item, key) for key in keys + gone) or self.is_changed_by_call(item)
        if issubclass(type(item), (list, set)):
            return self.explains_growth(item, len(changed) - len(inner)) or self.is_changed_by_call(item)
        for effect in self.of_kind("set-attribute", "delete-attribute"):
            if self.resolve(effect["target"]) is item:
                return True
        return self.is_changed_by_call(item)

    def explains_key(self, item, key):
        for effect in self.effects:
            kind = effect["kind"]
            if kind == "set-item":
                if self.resolve(effect["target"]) is item and self.is_it(effect["operands"][0], key):
                    return True
            elif kind in ("set-attribute", "delete-attribute"):
                # Setting a class's `__module__` removes where it says that it was defined (`type_set_module`, 3.13).
                removed = key == "__firstlineno__" and effect["name"] == "__module__"
                if removed and is_class_dict(self.resolve(effect["target"]), item):
                    return True
                if effect["name"] == key and entries(self.resolve(effect["target"])) is item:
                    return True
                if effect["name"] == key and is_class_dict(self.resolve(effect["target"]), item):
                    return True
            elif kind == "bind-module" and item is sys.modules and effect["name"] == key:
                return True
        return False

    def explains_growth(self, item, by):
        expected = 0
        for effect in self.of_kind("append", "extend", "insert", "add"):
            if self.resolve(effect["target"]) is item:
                expected += len(effect["operands"]) if effect["kind"] == "extend" else 1
        before = self.grown.get(id(item), (item, 0))[1]
        self.grown[id(item)] = (item, before + by)
        return 0 < before + by <= expected

    def is_changed_by_call(self, item):
        """Does one of the declared calls change it? Those of Python functions have state that is named here."""
        if self.calls("warnings", "filterwarnings") or self.calls("warnings", "simplefilter"):
            if item is sys.modules["warnings"].filters:
                return True
        if self.calls("typing", "overload") and is_overload_registry(item):
            return True
        if self.calls("_csv", "register_dialect") and item is getattr(sys.modules["_csv"], "_dialects", None):
            return True
        if self.calls("_codecs", "register_error") and is_error_registry(item):
            return True
        # The interpreter's lists, to which no name leads either.
        if self.calls("posix", "register_at_fork") and type(item) is list and all(callable(each) for each in item):
            return True
        if self.calls("logging", "getLogger"):
            logging = sys.modules["logging"]
            manager = logging.Logger.manager
            if item is manager.loggerDict or any(
                item is getattr(logger, "loggerMap", None) or item is logger or item is getattr(logger, "__dict__", None)
                for logger in dict.values(manager.loggerDict)
            ):
                return True
        for effect in self.of_kind("call"):
            if effect["target"]["path"][-1].get("entry") == "register" and self.is_dispatch_state(effect["target"], item):
                return True
        return False

    def is_dispatch_state(self, target, item):
        """Registry and cache of a `functools.singledispatch` function."""
        register = self.resolve(target)
        if type(register) is not _FUNCTION or register.__qualname__ != "singledispatch.<locals>.register":
            return False
        for cell in register.__closure__:
            value = cell.cell_contents
            if item is cell or item is value or item is getattr(value, "data", None):
                return True
            if item is getattr(value, "__dict__", None):
                return True
        return False

    def explains_registry(self, cls, before, after):
        added = [reference() for reference in after - before]
        declared = [operands[1] for operands in self.calls("_abc", "_abc_register") if self.resolve(operands[0]) is cls]
        return not before - after and all(any(self.is_it(operand, sub) for operand in declared) for sub in added)

    def explains_process(self, name, before, after):
        if name == "atexit callbacks":
            return 0 < after - before <= len(self.calls("atexit", "register"))
        if name == "csv dialects":
            names = [operands[0].get("repr") for operands in self.calls("_csv", "register_dialect")]
            return all(repr(dialect) in names for dialect in set(before) ^ set(after))
        return False

    # ---- what must have changed

    def unseen(self):
        """Declared effects that did not happen, in words."""
        found = []
        for effect in self.effects:
            try:
                if not self.happened(effect):
                    found.append(f"declared, but not seen: {effect['kind']} on line {effect['line']}")
            except Unresolved as error:
                found.append(f"declared on line {effect['line']}: {error}")
        return found

    def happened(self, effect):
        kind, operands = effect["kind"], effect["operands"]
        target = self.resolve(effect["target"]) if effect["target"] else None
        if kind in ("set-attribute", "delete-attribute"):
            last = [
                other
                for other in self.of_kind("set-attribute", "delete-attribute")
                if other["name"] == effect["name"] and self.resolve(other["target"]) is target
            ][-1]
            if last is not effect:
                return True
            try:
                value = self.step(target, "entry", effect["name"])
            except (Unresolved, AttributeError):
                value = _MISSING
            return (value is _MISSING) == (kind == "delete-attribute") and (
                kind == "delete-attribute" or self.is_it(operands[0], value)
            )
        if kind == "set-item":
            values = [value for key, value in dict.items(target) if self.is_it(operands[0], key)]
            later = [e for e in self.of_kind("set-item") if e["line"] >= effect["line"] and e is not effect]
            return bool(values) and (later or any(self.is_it(operands[1], value) for value in values))
        if kind in ("append", "insert", "add"):
            return any(self.is_it(operands[0], value) for value in target)
        if kind == "extend":
            return all(any(self.is_it(operand, value) for value in target) for operand in operands)
        if kind == "bind-module":
            return self.is_it(operands[0], sys.modules.get(effect["name"]))
        if self.calls("_abc", "_abc_register") and effect["target"]["module"] == "_abc":
            cls = self.resolve(operands[0])
            if "module" in operands[1] and issubclass(self.resolve(operands[1]), cls):
                return True
            return any(self.is_it(operands[1], sub()) for sub in sys.modules["_abc"]._get_dump(cls)[0])
        return True


def entries(item):
    """The object's own dictionary."""
    if issubclass(type(item), type):
        return _CLASS_DICT(item)
    return getattr(item, "__dict__", {})


def is_class_dict(cls, item):
    """Is it the dictionary behind a class's `__dict__`?"""
    if not issubclass(type(cls), type):
        return False
    import gc

    return any(item is referent for referent in gc.get_referents(_CLASS_DICT(cls)))
