"""Names for objects that other modules made: (module, path), as `lyo._native.lookup` walks it.

A path starts in a module's `__dict__` and goes on through class `__dict__`s; no descriptor is called.
"""

import builtins
import sys

ModuleType = type(sys)
FunctionType = type(lambda: None)
GetSetDescriptorType = type(FunctionType.__code__)

BUILTIN_NAMES = {}
for builtin_name, builtin_value in builtins.__dict__.items():
    # Python sets `_` and friends only interactively; True, False, None are values of their own.
    BUILTIN_NAMES.setdefault(id(builtin_value), builtin_name)

# id of a type that `builtins` has no name for -> its name in `lyo._native.types`
UNNAMED_TYPES = {}

MISSING = object()


def raw(container, name):
    """What `container` (a module or class) holds under `name`, read without descriptors."""
    if is_a(container, ModuleType):
        return ModuleType.__getattribute__(container, "__dict__").get(name, MISSING)
    if is_a(container, type):
        for base in type.__dict__["__mro__"].__get__(container):
            value = type.__dict__["__dict__"].__get__(base).get(name, MISSING)
            if value is not MISSING:
                return value
    return MISSING


def walk(module, path):
    value = sys.modules.get(module, MISSING)
    if not is_a(value, ModuleType):
        return MISSING
    for name in path:
        value = raw(value, name)
        if value is MISSING:
            return MISSING
    return value


def dict_of(function):
    """The `__dict__` of a function."""
    return type(walk).__dict__["__dict__"].__get__(function)


def is_a(value, kind):
    """`isinstance` by the type alone: a `__class__` property is not asked."""
    return kind in type.__dict__["__mro__"].__get__(type(value))


# id of a function that the harvester put in place of another -> (the other, both kept alive)
replaced = {}


def replace(module, name, function):
    """Puts `function` where `module.name` was, for as long as the harvester runs."""
    former = raw_dict(module)[name]
    replaced[id(function)] = (former, function)
    raw_dict(module)[name] = function


def original(value):
    known = replaced.get(id(value))
    return value if known is None else known[0]


class Names:
    """Finds names for foreign objects as one module sees them."""

    def __init__(self, imported_modules, loaded, own=None):
        # (name, namespace) of the module itself: as it is when it is read, which is not how it is now.
        self.own = own
        # Modules that the module itself imports come first.
        self.imported_modules = imported_modules
        # Names of modules that are loaded when it is rehydrated: only those can be referred to.
        self.loaded = loaded
        self.keys = {}  # id of a module -> (its key in `sys.modules`, the module)
        self.indexed = {}  # of the module itself, which changes while it runs
        self.near = None  # candidates, but for the home of a value: (imported ones, further ones)
        self.everywhere = None  # (name, index) of all that are loaded
        self.found = {}
        self.read = {}  # id -> (module, path, the value): where the module has read it

    def find(self, value):
        """(module, path), or None."""
        key = id(value)
        if key not in self.found:
            found = self.search(value)
            self.found[key] = (found if found is not None and self.is_there(*found) else None, value)
        return self.found[key][0]

    def is_there(self, module, path):
        """Whether the path can be walked when the value is needed."""
        if module not in self.loaded:
            return False
        if self.own is None or module != self.own[0] or not path:
            return True
        return self.own[1].get(path[0], MISSING) is raw_dict(sys.modules[module]).get(path[0])

    def search(self, value):
        if is_a(value, ModuleType):
            name = self.module_name(value)
            if name is not None:
                return (name, ())
            for module in self.imported_modules:
                name = self.index(index_names, module).get(id(value))
                if name is not None and self.module_name(module) is not None:
                    return (self.module_name(module), (name,))
            return None
        by_name = self.by_own_name(value)
        if by_name is not None:
            return by_name
        if id(value) in self.read:
            return self.read[id(value)][:2]
        for module in self.candidates(value):
            name = self.index(index_names, module).get(id(value))
            if name is not None:
                return (self.module_name(module), (name,))
        return self.by_any_name(value) or self.within_classes(value) or self.within_instances(value)

    def module_name(self, module):
        """The key under which `sys.modules` holds it, one that will be loaded if there are several."""
        name = raw(module, "__name__")
        if type(name) is str and name in self.loaded and sys.modules.get(name) is module:
            return name
        known = self.keys.get(id(module))
        if known is None:
            keys = [key for key, held in list(sys.modules.items()) if held is module and type(key) is str]
            keys.sort(key=lambda key: (key not in self.loaded, key != name))
            known = self.keys[id(module)] = (keys[0] if keys else None, module)
        return known[0]

    def by_own_name(self, value):
        kind = type(value)
        if is_a(value, type):
            module = type.__dict__["__dict__"].__get__(value).get("__module__")
            if type(module) is not str:
                module = type.__dict__["__module__"].__get__(value)
            qualname = type.__dict__["__qualname__"].__get__(value)
        elif kind is FunctionType or kind is type(len):
            if kind is not FunctionType and value.__self__ is not None and not is_a(value.__self__, ModuleType):
                return None
            module, qualname = value.__module__, value.__qualname__
        elif kind.__name__ in ("method_descriptor", "wrapper_descriptor", "classmethod_descriptor",
                               "member_descriptor", "getset_descriptor"):
            owner = self.find(value.__objclass__)
            if owner is None:
                return None
            path = (*owner[1], value.__name__)
            return (owner[0], path) if walk(owner[0], path) is value else None
        else:
            return None
        if type(module) is not str or type(qualname) is not str or "<" in qualname:
            return None
        path = tuple(qualname.split("."))
        return (module, path) if module in self.loaded and walk(module, path) is value else None

    def candidates(self, value):
        """Modules in which it is looked for, in order: imported ones, that of its type, those that imported ones hold."""
        if self.near is None:
            self.near = self.near_modules()
        imported, further = self.near
        home = getattr_static(type(value), "__module__")
        module = sys.modules.get(home) if type(home) is str else None
        if not is_a(module, ModuleType) or self.module_name(module) not in self.loaded:
            return [*imported, *further]
        known = any(other is module for other in imported)
        return [*imported, *(() if known else (module,)), *[other for other in further if other is not module]]

    def near_modules(self):
        seen, imported, further = set(), [], []

        def add(module, modules):
            if id(module) not in seen and self.module_name(module) in self.loaded:
                seen.add(id(module))
                modules.append(module)

        for module in self.imported_modules:
            add(module, imported)
        for module in list(self.imported_modules):
            for held in list(raw_dict(module).values()):
                if is_a(held, ModuleType):
                    add(held, further)
        for name in ("types", "typing", "_typing", "functools", "collections", "_collections_abc"):
            module = sys.modules.get(name) if name in self.loaded else None
            if is_a(module, ModuleType):
                add(module, further)
        return imported, further

    def index(self, make, module):
        """What `make` says of a module, remembered as long as nobody can have changed it."""
        if self.own is None or sys.modules.get(self.own[0]) is not module:
            return indexes.get(make, module)
        if make not in self.indexed:
            self.indexed[make] = make(module)
        return self.indexed[make]

    def by_any_name(self, value):
        """The name that any other module has for it: what an object holds for a while is no name for anything."""
        if self.everywhere is None:
            modules = [(name, sys.modules.get(name)) for name in sorted(self.loaded)]
            self.everywhere = [
                (name, self.index(index_names, module)) for name, module in modules
                if is_a(module, ModuleType) and self.module_name(module) == name
            ]
        key = id(value)
        for name, index in self.everywhere:
            if key in index:
                return (name, (index[key],))
        return None

    def within_classes(self, value):
        """A value that a class of a candidate module holds, as `datetime.timezone.utc`."""
        for module in self.candidates(value):
            for path in self.index(index_classes, module).get(id(value), ()):
                module_name = self.module_name(module)
                if walk(module_name, path) is value:
                    return (module_name, path)
        return None

    def within_instances(self, value):
        """A value that an object of a candidate module holds in its `__dict__`, or one that it holds, and so on."""
        for module in self.candidates(value):
            path = self.index(index_instances, module).get(id(value))
            if path is not None:
                return (self.module_name(module), path)
        return None

    def find_wrapped(self, value):
        """A function within a foreign static or class method or property: (module, path, attribute of that object)."""
        qualname = value.__qualname__
        if type(qualname) is not str or "<" in qualname or type(value.__module__) is not str:
            return None
        path = tuple(qualname.split("."))
        holder = walk(value.__module__, path) if value.__module__ in self.loaded else MISSING
        if type(holder) in (staticmethod, classmethod) and holder.__func__ is value:
            return (value.__module__, path, "__func__")
        if type(holder) is property:
            for attribute in ("fget", "fset", "fdel"):
                if getattr(holder, attribute) is value:
                    return (value.__module__, path, attribute)
        return None

    def find_code(self, value, module_name):
        """(path of names to the function, path of constants) of what a function of that module has been compiled to."""
        module = sys.modules.get(module_name)
        found = self.index(index_code, module).get(id(value)) if is_a(module, ModuleType) else None
        return None if found is None else found[:2]

    def find_item(self, value):
        """A value in a dictionary that a foreign class holds: (module, path of the dictionary, key)."""
        for module in self.candidates(value):
            found = self.index(index_items, module).get(id(value))
            if found is not None:
                return (self.module_name(module), *found)
        return None


class Indexes:
    """What modules hold, by the ids of it."""

    def __init__(self):
        self.known = {}  # (what makes the index, id of the module) -> [age, state, index, the module]
        self.age = 0

    def grow_old(self):
        """Code has run that may have changed what is remembered."""
        self.age += 1

    def get(self, make, module):
        known = self.known.get((make, id(module)))
        if known is not None and known[0] == self.age:
            return known[2]
        state = STATES[make](module) if make in STATES else None
        if known is not None and known[1] == state and state is not None:
            known[0] = self.age
            return known[2]
        index = make(module)
        self.known[make, id(module)] = [self.age, state, index, module]
        return index


indexes = Indexes()


def ids(mapping):
    """Equal for mappings with the same objects in the same order."""
    return list(map(id, mapping)), list(map(id, mapping.values()))


def index_names(module):
    """The first name that the module has for an object."""
    index = {}
    for name, value in raw_dict(module).items():
        if type(name) is str:
            index.setdefault(id(value), name)
    return index


def classes_of(module):
    """(name, what the class holds) of the classes that a module has names for."""
    return [
        (name, type.__dict__["__dict__"].__get__(held)) for name, held in list(raw_dict(module).items())
        if type(name) is str and is_a(held, type)
    ]


def index_classes(module):
    """Paths to what the classes of the module hold."""
    index = {}
    for name, contents in classes_of(module):
        for attribute, inner in contents.items():
            index.setdefault(id(inner), []).append((name, attribute))
    return index


def index_items(module):
    """(path, key) of what dictionaries hold that classes of the module hold."""
    index = {}
    for name, contents in classes_of(module):
        for attribute, inner in contents.items():
            if type(attribute) is str and type(inner) is dict:
                for key, value in inner.items():
                    if type(key) is str:
                        index.setdefault(id(value), ((name, attribute), key))
    return index


# How far from the module's namespace objects are looked for, and how many.
FARTHEST, MOST = 5, 10_000


def index_instances(module):
    """Paths to objects that are found by going through the `__dict__` of instances, nearest first."""
    index = {}
    pending = [((name,), held) for name, held in list(raw_dict(module).items()) if type(name) is str]
    seen = set()
    while pending and len(index) < MOST:
        further = []
        for path, held in pending:
            if id(held) in seen:
                continue
            seen.add(id(held))
            for name, inner in instance_items(held):
                index.setdefault(id(inner), (*path, name))
                if len(path) < FARTHEST:
                    further.append(((*path, name), inner))
        pending = further
    return index


def instance_items(value):
    """What the runtime's walk finds by going on from an instance of a class: its own `__dict__`."""
    kind = type(value)
    if is_a(value, type) or is_a(value, ModuleType) or kind is FunctionType or kind is dict:
        return ()
    if not type.__dict__["__flags__"].__get__(kind) & (1 << 9):  # Py_TPFLAGS_HEAPTYPE
        return ()
    descriptor = raw(kind, "__dict__")
    if type(descriptor) is not GetSetDescriptorType:
        return ()
    try:
        contents = descriptor.__get__(value)
    except (AttributeError, TypeError):
        return ()
    return [pair for pair in contents.items() if type(pair[0]) is str] if type(contents) is dict else ()


def raw_dict(module):
    return ModuleType.__getattribute__(module, "__dict__")


def getattr_static(kind, name):
    value = raw(kind, name)
    if value is MISSING or type(value) is not str:
        try:
            return type.__getattribute__(kind, name)
        except AttributeError:
            return None
    return value


def index_code(module):
    """(path of names to a function, path of constants, the object) for code objects of the module's functions, and for
    tuples and texts in them, as `function.__code__` and its constants lead there."""
    index = {}
    pending = [((name,), value) for name, value in raw_dict(module).items() if type(name) is str]
    seen = set()
    for path, value in pending:
        if type(value) in (staticmethod, classmethod):
            value = value.__func__
        if type(value) is FunctionType:
            if value.__globals__ is raw_dict(module):
                add_code(index, path, value.__code__, ())
        elif is_a(value, type) and id(value) not in seen and len(path) < 4:
            seen.add(id(value))
            contents = type.__dict__["__dict__"].__get__(value)
            if contents.get("__module__") == raw(module, "__name__"):
                pending.extend(((*path, name), inner) for name, inner in contents.items() if type(name) is str)
    return index


def add_code(index, path, code, constants):
    # The code object is kept so that its id stays its own.
    index.setdefault(id(code), (path, constants, code))
    for place, constant in enumerate(code.co_consts):
        if type(constant) is type(code):
            add_code(index, path, constant, (*constants, place))
        elif type(constant) is str or type(constant) is tuple and constant:
            index.setdefault(id(constant), (path, (*constants, place), constant))


def state_of_names(module):
    return ids(raw_dict(module))


def state_of_classes(module):
    return [(name, *ids(contents)) for name, contents in classes_of(module)]


# What tells that an index is as it was; of others nothing does.
STATES = {
    index_names: state_of_names,
    index_classes: state_of_classes,
    index_code: lambda module: (state_of_names(module), state_of_classes(module)),
}
