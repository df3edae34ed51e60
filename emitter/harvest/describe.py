"""Describes a module's contents as lines of (path, text), the same for equal contents in any process.

The graph of objects is walked depth first from the module's `__dict__`; an object that is met
again is described by the path where it was met first, so that aliasing is compared too. Objects of
other modules are described by name. Nothing is called that a class written in Python defines.
"""

import builtins
import gc
import sys

ModuleType = type(sys)
FunctionType = type(lambda: None)
CodeType = type((lambda: None).__code__)
CellType = type((lambda value: (lambda: value))(0).__closure__[0])
MethodType = type(type("C", (), {"m": lambda self: None})().m)
BuiltinMethodType = type(len)
MethodWrapperType = type(object().__str__)
MappingProxyType = type(type.__dict__)
EMPTY = ()
GetSetDescriptorType = type(FunctionType.__code__)
MemberDescriptorType = type(FunctionType.__globals__)
METHOD_DESCRIPTORS = (type(str.upper), type(object.__init__), type(dict.__dict__["fromkeys"]))

type_dict = type.__dict__["__dict__"].__get__
type_mro = type.__dict__["__mro__"].__get__
type_name = type.__dict__["__name__"].__get__
type_qualname = type.__dict__["__qualname__"].__get__
type_flags = type.__dict__["__flags__"].__get__
type_bases = type.__dict__["__bases__"].__get__
HEAP_TYPE = 1 << 9
# Flags that say what a class is; the others are caches of the interpreter (version tags, readiness).
CLASS_FLAGS = (1 << 5) | (1 << 6) | (1 << 8) | (1 << 9) | (1 << 10) | (1 << 14) | (1 << 20) | (0xFF << 24) | (1 << 4)

CODE_FIELDS = (
    "co_name", "co_qualname", "co_filename", "co_firstlineno", "co_argcount", "co_posonlyargcount",
    "co_kwonlyargcount", "co_nlocals", "co_stacksize", "co_flags", "co_names", "co_varnames", "co_cellvars",
    "co_freevars", "co_code", "co_linetable", "co_exceptiontable",
)
LIMIT = 400000
# Members of C types that say how their instances are laid out.
LAYOUT = frozenset(("__weakref__", "__weaklistoffset__", "__dictoffset__", "__vectorcalloffset__"))


def is_a(value, kind):
    """`isinstance` by the type alone: a `__class__` property is not asked."""
    return kind in type.__dict__["__mro__"].__get__(type(value))


def describe(module, foreign):
    """The lines of a module. `foreign`: id -> (name, object) of what other modules hold."""
    describer = Describer(module, foreign)
    imported = imported_names(module)
    for name, value in describer.namespace.items():
        if name not in imported and not name.startswith("__"):
            # Other modules may hold it too, but it was made here.
            foreign.pop(id(value), None)
    describer.module_contents()
    return describer.lines


def imported_names(module):
    """Names that import statements of the module's top level bind."""
    try:
        with open(module.__file__, "rb") as file:
            tree = compile(file.read(), module.__file__, "exec", 0x400, dont_inherit=True)  # PyCF_ONLY_AST
    except (OSError, SyntaxError, ValueError, AttributeError, TypeError):
        return frozenset()
    names, pending = set(), list(tree.body)
    while pending:
        node = pending.pop()
        kind = type(node).__name__
        if kind in ("Import", "ImportFrom"):
            names.update(alias.asname or alias.name.partition(".")[0] for alias in node.names)
        elif kind not in ("FunctionDef", "AsyncFunctionDef", "ClassDef"):
            for field in ("body", "orelse", "finalbody", "handlers", "cases"):
                pending.extend(getattr(node, field, ()))
    return names


def index_modules(own_name):
    """Names for what other modules hold."""
    found = {}
    for name in sorted(key for key in sys.modules if type(key) is str):
        module = sys.modules[name]
        first = name.partition(".")[0]
        if not is_a(module, ModuleType) or name == own_name or first in ("lyo", "lyo_describe", "__main__"):
            continue
        for attribute, value in ModuleType.__getattribute__(module, "__dict__").items():
            if type(attribute) is not str or attribute == "__builtins__":
                continue
            if is_named(value):
                found.setdefault(id(value), (f"{name}.{attribute}", value))
            if is_a(value, type) and class_module(value) == name:
                for inner, item in (type_dict(value) or {}).items():
                    if type(inner) is str and is_named(item):
                        found.setdefault(id(item), (f"{name}.{attribute}.{inner}", item))
    return found


def is_named(value):
    """Whether an object is described by its name in another module: it has an identity, and no cache hands it out."""
    # The collector leaves a dictionary of data out of its lists sooner or later.
    return (gc.is_tracked(value) or type(value) is dict) and type(value) is not tuple and type_name(type(value)) != "Pattern"


CACHED_BY_TYPING = frozenset((
    "_GenericAlias", "_UnionGenericAlias", "_LiteralGenericAlias", "_CallableGenericAlias", "_AnnotatedAlias",
    "_ConcatenateGenericAlias", "_UnpackGenericAlias", "ForwardRef",
))


def is_cached_by_typing(kind):
    return type(kind) is type and kind.__name__ in CACHED_BY_TYPING and kind.__module__ == "typing"


class Describer:
    def __init__(self, module, foreign):
        self.module = module
        self.namespace = ModuleType.__getattribute__(module, "__dict__")
        self.name = self.namespace["__name__"]
        self.foreign = foreign
        self.lines = []
        self.seen = {}

    def line(self, path, text):
        if len(self.lines) < LIMIT:
            self.lines.append((path, text))

    # ---- the module itself

    def module_contents(self):
        self.line("type(module)", type_qualname(type(self.module)))
        names = list(self.namespace)
        self.line("names", " ".join(map(str, names)))
        for name in names:
            value = self.namespace[name]
            if name == "__builtins__":
                self.line(name, "builtins" if value is builtins.__dict__ or value is builtins else "other")
            elif name == "__loader__":
                self.loader(name, value)
            elif name == "__spec__":
                self.spec(value)
            elif name in ("__file__", "__cached__") and type(value) is str:
                # Interned or not as a `.pyc` was there or not: no matter of the module's.
                self.seen[id(value)] = (name, value)
                self.line(name, repr(value))
            else:
                self.visit(name, value)
        parent, _, child = self.name.rpartition(".")
        if parent and is_a(sys.modules.get(parent), ModuleType):
            held = ModuleType.__getattribute__(sys.modules[parent], "__dict__").get(child)
            self.line("parent's attribute", "the module" if held is self.module else "something else")

    def loader(self, path, loader):
        self.line(path, type_qualname(type(loader)))
        for attribute in ("name", "path"):
            self.line(f"{path}.{attribute}", repr(getattr(loader, attribute, None)))

    def spec(self, spec):
        self.line("__spec__", type_qualname(type(spec)))
        for attribute in ("name", "origin", "cached", "submodule_search_locations", "has_location", "parent",
                          "loader_state"):
            self.line(f"__spec__.{attribute}", repr(getattr(spec, attribute, None)))
        self.loader("__spec__.loader", spec.loader)
        self.line("__spec__.loader is __loader__", repr(spec.loader is self.namespace.get("__loader__")))
        path = self.namespace.get("__path__")
        if path is not None:
            self.line("__spec__.submodule_search_locations is __path__",
                      repr(spec.submodule_search_locations is path))

    # ---- values

    def visit(self, path, value):
        if len(self.lines) >= LIMIT:
            return
        kind = type(value)
        if value is None or value is Ellipsis or value is NotImplemented or kind is bool:
            return self.line(path, repr(value))
        if kind is int and -5 <= value <= 256:
            return self.line(path, f"int {value}")
        if kind is str and value == self.namespace.get("__file__"):
            return self.line(path, "the module's file")  # interned where the code was unmarshalled, and not where compiled
        if kind is str and is_interned(value):
            return self.line(path, f"interned str {value!r}")
        if kind in (tuple, bytes, frozenset) and len(value) <= (kind is bytes):
            return self.line(path, f"{kind.__name__} {value!r}")
        if is_cached_by_typing(kind):
            return self.cached_value(path, value)
        known = self.seen.get(id(value))
        if known is not None:
            return self.line(path, f"same as {known[0]}")
        self.seen[id(value)] = (path, value)
        if value is self.module:
            return self.line(path, "this module")
        if value is self.namespace:
            return self.line(path, "this module's namespace")
        handler = HANDLERS.get(kind)
        if handler is not None:
            return handler(self, path, value)
        if is_a(value, ModuleType):
            return self.line(path, f"module {ModuleType.__getattribute__(value, '__dict__').get('__name__')}")
        if is_a(value, type):
            return self.class_(path, value)
        if is_a(value, BuiltinMethodType):
            return self.builtin_method(path, value)
        self.instance(path, value)

    def cached_value(self, path, value):
        """What `List[int]` gives: whether two equal ones are the same depends on what `typing` has cached."""
        if not hasattr(value, "__dict__"):
            return self.line(path, repr(value))
        self.line(path, type_qualname(type(value)))
        for name, item in value.__dict__.items():
            if type(item) is tuple:
                self.line(f"{path}.{name}", f"tuple of {len(item)}")
                for index, part in enumerate(item):
                    self.visit(f"{path}.{name}[{index}]", part)
            else:
                self.visit(f"{path}.{name}", item)

    def is_foreign(self, path, value):
        named = self.foreign.get(id(value))
        if named is not None and named[1] is value:
            self.line(path, f"{type_qualname(type(value))} {named[0]}")
            return True
        return False

    def atom(self, path, value):
        self.line(path, f"{type(value).__name__} {value!r}")

    def sequence(self, path, value):
        if type(value) is list and self.is_foreign(path, value):
            return
        self.line(path, f"{type(value).__name__} of {len(value)}")
        for index, item in enumerate(value):
            self.visit(f"{path}[{index}]", item)

    def dictionary(self, path, value):
        if self.is_foreign(path, value):
            return
        if value is builtins.__dict__:
            return self.line(path, "the namespace of builtins")
        name = value.get("__name__")
        module = sys.modules.get(name) if type(name) is str else None
        if is_a(module, ModuleType) and ModuleType.__getattribute__(module, "__dict__") is value:
            return self.line(path, f"the namespace of {name}")
        self.items(path, value)

    def own(self, path, container):
        """A dictionary or tuple that an object keeps: whether something else was found to hold it, too."""
        known = self.seen.setdefault(id(container), (path, container))
        if known[0] != path and container is not EMPTY:
            self.line(path, f"same as {known[0]}")

    def own_items(self, path, value):
        self.own(path, value)
        self.items(path, value)

    def items(self, path, value):
        self.line(path, f"{type_qualname(type(value))} of {dict.__len__(value)}")
        for index, (key, item) in enumerate(dict.items(value)):
            # A large number may be an address, which differs between processes.
            if type(key) is str or type(key) is int and abs(key) < 1 << 32:
                self.line(f"{path} key {index}", repr(key))
                self.visit(f"{path}[{key!r}]", item)
            else:
                self.visit(f"{path} key {index}", key)
                self.visit(f"{path}[key {index}]", item)

    def set(self, path, value):
        if self.is_foreign(path, value):
            return
        self.line(path, f"{type(value).__name__} of {len(value)}")
        known = lambda item: (sort_key(item), self.seen.get(id(item), ("",))[0], place_of(item))
        for index, item in enumerate(sorted(value, key=known)):
            self.visit(f"{path}{{{index}}}", item)

    def mapping_proxy(self, path, value):
        if self.is_foreign(path, value):
            return
        self.line(path, "mappingproxy")
        for referent in gc.get_referents(value):
            self.visit(f"{path}(mapping)", referent)

    def range(self, path, value):
        self.line(path, repr(value))

    def slice(self, path, value):
        self.line(path, "slice")
        for part in ("start", "stop", "step"):
            self.visit(f"{path}.{part}", getattr(value, part))

    # ---- functions

    def code(self, path, value):
        self.line(path, "code")
        for field in CODE_FIELDS:
            self.line(f"{path}.{field}", repr(getattr(value, field)))
        for index, constant in enumerate(value.co_consts):
            place = f"{path}.co_consts[{index}]"
            if type(constant) is frozenset:
                # Whether equal ones are one object depends on what the compiling process had loaded: code objects
                # intern the texts in them, and make another set where that changes one (`intern_constants`).
                self.set(place, constant)
            else:
                self.visit(place, constant)

    def function(self, path, value):
        namespace = value.__globals__
        if namespace is not self.namespace and value.__module__ != self.name and "<locals>" not in value.__qualname__:
            return self.line(path, f"function {value.__module__}.{value.__qualname__}")
        self.line(path, f"function {value.__qualname__}")
        self.visit(f"{path}.__code__", value.__code__)
        if namespace is self.namespace:
            self.line(f"{path}.__globals__", "this module's")
        else:
            name = namespace.get("__name__")
            module = sys.modules.get(name) if type(name) is str else None
            if is_a(module, ModuleType) and ModuleType.__getattribute__(module, "__dict__") is namespace:
                self.line(f"{path}.__globals__", f"of {name}")
            else:
                self.visit(f"{path}.__globals__", namespace)
        for field in ("__name__", "__qualname__", "__module__", "__doc__", "__defaults__", "__kwdefaults__"):
            self.visit(f"{path}.{field}", getattr(value, field))
        held = getattr(value, "__builtins__", None)
        # The stand-in of a module whose names wait is replaced when the function is entered.
        is_stand_in = type(held).__module__ == "lyo._native"
        self.line(f"{path}.__builtins__", repr(held is builtins.__dict__ or is_stand_in))
        self.own_items(f"{path}.__annotations__", value.__annotations__)
        if hasattr(value, "__type_params__"):
            self.visit(f"{path}.__type_params__", value.__type_params__)
        self.own(f"{path}.__closure__", value.__closure__ or EMPTY)
        for index, cell in enumerate(value.__closure__ or ()):
            self.visit(f"{path}.__closure__[{index}]", cell)
        self.own_items(f"{path}.__dict__", value.__dict__)

    def cell(self, path, value):
        try:
            content = value.cell_contents
        except ValueError:
            return self.line(path, "empty cell")
        self.line(path, "cell")
        self.visit(f"{path}.cell_contents", content)

    def method(self, path, value):
        if self.is_foreign(path, value):
            return
        self.line(path, "method")
        self.visit(f"{path}.__func__", value.__func__)
        self.visit(f"{path}.__self__", value.__self__)

    def builtin_method(self, path, value):
        receiver = value.__self__
        if receiver is None or is_a(receiver, ModuleType):
            name = getattr(value, "__module__", None)
            return self.line(path, f"builtin {name}.{value.__qualname__}")
        self.line(path, f"bound builtin {value.__qualname__}")
        self.visit(f"{path}.__self__", receiver)

    def descriptor(self, path, value):
        owner = value.__objclass__
        self.line(path, f"{type(value).__name__} {owner.__module__}.{type_qualname(owner)}.{value.__name__}")

    def property(self, path, value):
        if self.is_foreign(path, value):
            return
        self.line(path, "property")
        for field in ("fget", "fset", "fdel", "__doc__"):
            self.visit(f"{path}.{field}", getattr(value, field))
        if hasattr(value, "__name__"):
            self.line(f"{path}.__name__", repr(value.__name__))

    def wrapped_method(self, path, value):
        self.line(path, type(value).__name__)
        self.visit(f"{path}.__func__", value.__func__)
        self.items(f"{path}.__dict__", value.__dict__)

    # ---- classes and instances

    def class_(self, path, value):
        module = class_module(value)
        if module != self.name:
            return self.line(path, f"class {module}.{type_qualname(value)}")
        contents = type_dict(value)
        self.line(path, f"class {type_qualname(value)}")
        self.line(f"{path}.__name__", repr(type_name(value)))
        self.line(f"{path} flags", hex(type_flags(value) & CLASS_FLAGS))
        for field in ("__basicsize__", "__itemsize__", "__dictoffset__", "__weakrefoffset__"):
            self.line(f"{path}.{field}", repr(type.__dict__[field].__get__(value)))
        self.visit(f"{path}.__class__", type(value))
        self.own(f"{path}.__bases__", type_bases(value))
        self.own(f"{path}.__mro__", type_mro(value))
        for index, base in enumerate(type_bases(value)):
            self.visit(f"{path}.__bases__[{index}]", base)
        for index, base in enumerate(type_mro(value)):
            self.visit(f"{path}.__mro__[{index}]", base)
        self.line(f"{path} names", " ".join(map(str, contents)))
        for name, item in contents.items():
            if name == "_abc_impl":
                self.registry(f"{path}.{name}", value)
            else:
                self.visit(f"{path}.{name}", item)

    def registry(self, path, cls):
        import _abc

        names = [f"{class_module(item())}.{type_qualname(item())}" for item in _abc._get_dump(cls)[0] if item()]
        self.line(path, f"registered {' '.join(sorted(names))}")

    def instance(self, path, value):
        kind = type(value)
        if class_module(kind) != self.name and self.is_foreign(path, value):
            return
        self.line(path, f"instance of {class_module(kind)}.{type_qualname(kind)}")
        if class_module(kind) == self.name:
            self.visit(f"{path}.__class__", kind)
        for base, contents in DATA.items():
            if base in type_mro(kind):
                if base is dict:
                    self.items(f"{path}(dict)", value)
                else:
                    self.visit(f"{path}({base.__name__})", contents(value))
                break
        for base in C_MEMBERS:
            if base not in type_mro(kind):
                continue
            for name, member in members_of(kind, base):
                self.visit(f"{path}({base.__name__}).{name}", held_by(member, value))
        known = KNOWN.get((class_module(kind), type_name(kind)))
        if known is not None and not (type_flags(kind) & HEAP_TYPE and has_python_code(kind)):
            for index, part in enumerate(known(value)):
                self.visit(f"{path}.state[{index}]", part)
        for base in type_mro(kind):
            held = type_dict(base).get("__dict__")
            if type(held) is GetSetDescriptorType:
                try:
                    attributes = held.__get__(value)
                except AttributeError:
                    break
                self.own_items(f"{path}.__dict__", attributes)
                break
        for base in type_mro(kind):
            if not type_flags(base) & HEAP_TYPE:
                continue
            for name, member in type_dict(base).items():
                if type(member) is MemberDescriptorType and member.__objclass__ is base and name not in LAYOUT:
                    try:
                        content = member.__get__(value)
                    except AttributeError:
                        continue
                    self.visit(f"{path}.{name}", content)


# Members of C types that instances have beside their contents; of exceptions all but `args` and tracebacks.
C_MEMBERS = {
    property: ("fget", "fset", "fdel", "__doc__", "__name__"), staticmethod: ("__func__",), classmethod: ("__func__",),
    BaseException: None,
}


def members_of(kind, base):
    wanted = C_MEMBERS[base]
    for holder in type_mro(kind):
        if base in type_mro(holder) and not type_flags(holder) & HEAP_TYPE:
            for name, member in type_dict(holder).items():
                is_wanted = name in wanted if wanted else name not in ("args", "__dict__", "__traceback__")
                if is_wanted and type(member) in (MemberDescriptorType, GetSetDescriptorType):
                    yield name, member


def held_by(member, value):
    """What an attribute defined in C holds; None where it holds nothing."""
    try:
        return member.__get__(value)
    except AttributeError:
        return None


def place_of(item):
    """Where a code object or a function stands; nothing for what has no such place."""
    if type(item) is FunctionType:
        item = item.__code__
    if type(item) is CodeType:
        return (item.co_filename, item.co_firstlineno, item.co_qualname)
    return ("", 0, "")


def is_interned(text):
    if len(text) <= 1:
        return not text or ord(text) < 256
    copy = text[:1] + text[1:]
    return copy is text or sys.intern(copy) is text


def class_module(kind):
    # A type of C that nothing has made ready yet (3.11) has no dictionary.
    module = (type_dict(kind) or {}).get("__module__")
    return module if type(module) is str else str(type.__dict__["__module__"].__get__(kind))


def has_python_code(kind):
    return any(type(item) is FunctionType for item in type_dict(kind).values())


def sort_key(item):
    kind = type(item)
    if kind in (str, int, float, bytes, bool, complex, type(None)):
        return (type_qualname(kind), repr(item))
    if kind is tuple:
        return ("tuple", repr([sort_key(part) for part in item]))
    if is_a(item, type):
        return ("type", f"{class_module(item)}.{type_qualname(item)}")
    for base, contents in DATA.items():
        if base in (int, str, float) and base in type_mro(kind):
            return (type_qualname(kind), repr(contents(item)))
    return (type_qualname(kind), getattr(item, "__qualname__", "") if kind is FunctionType else "")


# Contents of instances whose class extends a data type, as an object of exactly that type.
DATA = {
    int: int.__int__,
    str: str.__str__,
    float: float.__float__,
    complex: complex.__pos__,
    bytes: lambda value: bytes(list(bytes.__iter__(value))),
    bytearray: lambda value: bytearray(list(bytearray.__iter__(value))),
    tuple: lambda value: tuple(tuple.__iter__(value)),
    list: lambda value: list(list.__iter__(value)),
    dict: lambda value: dict(dict.items(value)),
    set: lambda value: set(set.__iter__(value)),
    frozenset: lambda value: frozenset(frozenset.__iter__(value)),
    BaseException: lambda value: BaseException.__reduce__(value)[1],
}


def reduced(value):
    return value.__reduce__()[1:]


def weak_target(value):
    return (value(), value.__callback__)


KNOWN = {
    ("re", "Pattern"): lambda value: (value.pattern, value.flags, value.groups, dict(value.groupindex), hash(value)),
    ("operator", "itemgetter"): reduced,
    ("operator", "attrgetter"): reduced,
    ("operator", "methodcaller"): reduced,
    ("collections", "_tuplegetter"): reduced,
    ("_collections", "_tuplegetter"): reduced,
    ("itertools", "count"): reduced,
    ("functools", "partial"): lambda value: (value.func, value.args, value.keywords),
    ("functools", "_lru_cache_wrapper"): lambda value: tuple(type(value).cache_info(value)),
    ("types", "GenericAlias"): lambda value: (value.__origin__, value.__args__, value.__parameters__),
    ("types", "UnionType"): lambda value: (value.__args__,),
    ("types", "SimpleNamespace"): lambda value: (),
    ("collections", "deque"): lambda value: (list(value), value.maxlen),
    ("collections", "OrderedDict"): lambda value: (),
    ("collections", "defaultdict"): lambda value: (value.default_factory,),
    ("_struct", "Struct"): lambda value: (value.format, value.size),
    # Bounds of the syntax `class C[T: bound]` are computed when they are asked for, perhaps in vain.
    ("typing", "TypeVar"): lambda value: (value.__name__, value.__module__) if getattr(value, "__infer_variance__", False) else (
        value.__name__, value.__bound__, value.__constraints__, value.__covariant__, value.__contravariant__,
        value.__module__,
    ),
    ("typing", "ParamSpec"): lambda value: (value.__name__, value.__module__),
    ("typing", "TypeVarTuple"): lambda value: (value.__name__, value.__module__),
    ("weakref", "ReferenceType"): weak_target,
    ("weakref", "ref"): weak_target,
    ("datetime", "date"): reduced,
    ("datetime", "time"): reduced,
    ("datetime", "datetime"): reduced,
    ("datetime", "timedelta"): reduced,
    ("datetime", "timezone"): reduced,
    ("decimal", "Decimal"): lambda value: (str(value),),
    ("_json", "Scanner"): lambda value: (
        value.strict, value.object_hook, value.object_pairs_hook, value.parse_float, value.parse_int,
        value.parse_constant,
    ),
}

HANDLERS = {
    int: Describer.atom, float: Describer.atom, complex: Describer.atom, str: Describer.atom,
    bytes: Describer.atom, bytearray: Describer.atom,
    tuple: Describer.sequence, list: Describer.sequence, dict: Describer.dictionary,
    set: Describer.set, frozenset: Describer.set, MappingProxyType: Describer.mapping_proxy,
    range: Describer.range, slice: Describer.slice,
    CodeType: Describer.code, FunctionType: Describer.function, CellType: Describer.cell,
    MethodType: Describer.method, BuiltinMethodType: Describer.builtin_method,
    MethodWrapperType: Describer.builtin_method,
    GetSetDescriptorType: Describer.descriptor, MemberDescriptorType: Describer.descriptor,
    METHOD_DESCRIPTORS[0]: Describer.descriptor, METHOD_DESCRIPTORS[1]: Describer.descriptor,
    METHOD_DESCRIPTORS[2]: Describer.descriptor,
    property: Describer.property, staticmethod: Describer.wrapped_method, classmethod: Describer.wrapped_method,
}
