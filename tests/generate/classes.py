"""Classes with random special methods."""

from __future__ import annotations

from program import Program

BINARY = ("add", "sub", "mul", "truediv", "floordiv", "mod", "pow", "matmul", "and", "or", "xor", "lshift", "rshift", "divmod")
COMPARE = ("eq", "ne", "lt", "le", "gt", "ge")
UNARY = ("neg", "pos", "abs", "invert")
BUILTIN_BASES = ("int", "str", "list", "dict", "tuple", "set", "float", "Exception", "frozenset", "bytes", "ValueError", "type(None)", "bool")

# Special methods: parameters after `self`, and types that they should return.
METHODS: dict[str, tuple[str, tuple[str, ...]]] = {
    **{f"__{name}__": ("other", ("any", "self")) for name in BINARY},
    **{f"__r{name}__": ("other", ("any", "self")) for name in BINARY},
    **{f"__i{name}__": ("other", ("any", "self", "self")) for name in BINARY if name != "divmod"},
    **{f"__{name}__": ("other", ("bool", "bool", "any")) for name in COMPARE},
    **{f"__{name}__": ("", ("any", "int")) for name in UNARY},
    "__len__": ("", ("small", "small", "any")),
    "__bool__": ("", ("bool", "bool", "any")),
    "__hash__": ("", ("small", "int", "any")),
    "__int__": ("", ("int", "any")),
    "__float__": ("", ("float", "any")),
    "__index__": ("", ("small", "index", "any")),
    "__complex__": ("", ("complex",)),
    "__round__": ("digits=None", ("int", "any")),
    "__trunc__": ("", ("int",)),
    "__str__": ("", ("str", "str", "any")),
    "__format__": ("spec", ("str", "spec_text", "any")),
    "__bytes__": ("", ("bytes",)),
    "__iter__": ("", ("iterator", "iterator", "any")),
    "__reversed__": ("", ("list", "any")),
    "__next__": ("", ("stop", "any")),
    "__contains__": ("item", ("bool", "any")),
    "__getitem__": ("key", ("bounded", "any", "key_text")),
    "__setitem__": ("key, value", ("none",)),
    "__delitem__": ("key", ("none",)),
    "__missing__": ("key", ("any", "key_text")),
    "__call__": ("*args, **kwargs", ("args_text", "any")),
    "__getattr__": ("name", ("name_text", "attribute_error", "any")),
    "__setattr__": ("name, value", ("store",)),
    "__delattr__": ("name", ("none",)),
    "__getattribute__": ("name", ("super_get",)),
    "__enter__": ("", ("self", "any")),
    "__exit__": ("kind, error, traceback", ("exit_text", "bool", "none", "any")),
    "__length_hint__": ("", ("small", "any")),
    "__dir__": ("", ("strs",)),
    "__instancecheck__": ("other", ("bool",)),
    "__init_subclass__": ("**kwargs", ("subclass",)),
    "__class_getitem__": ("item", ("item_text", "any")),
    "__set_name__": ("owner, name", ("none",)),
    "__del__": ("", ("none",)),
    "__copy__": ("", ("self",)),
    "__reduce__": ("", ("str",)),
    "__sizeof__": ("", ("int",)),
    "__mro_entries__": ("bases", ("bases_text",)),
    "__new__": ("*args, **kwargs", ("new",)),
}
NAMES = tuple(METHODS)
CLASS_LINES = (
    "__match_args__ = ('value',)", "counter: int = 0", "log = log", "here = [x for x in range(3)]", "__hash__ = None",
    "items = list(locals())[:1]", "gone = 1; del gone", "__iter__ = None",
)
COMMON = (
    "__add__", "__radd__", "__iadd__", "__eq__", "__hash__", "__lt__", "__len__", "__bool__", "__getitem__", "__iter__", "__contains__", "__call__",
    "__getattr__", "__enter__", "__exit__", "__str__", "__format__", "__index__", "__init_subclass__", "__mul__", "__sub__", "__setitem__",
)


def class_statement(program: Program, indent: int) -> None:
    name = program.fresh("C")
    metaclass = None
    if indent == 0 and program.chance(0.12):
        metaclass = metaclass_statement(program)
    guarded = program.chance(0.9)
    if guarded:
        program.line(indent, "try:")
    inside = indent + guarded
    if program.chance(0.08):
        result = program.one_of(("cls", "cls", "cls", "3"))
        program.line(inside, f"@(lambda cls: log.append(cls.__name__) or {result})")
    program.line(inside, f"class {name}{header(program, metaclass)}:")
    names = list(program.names)
    body(program, inside + 1, name)
    program.names = names
    if guarded:
        program.line(indent, "except Exception as error:")
        program.line(inside, "log.append(str(error))")
        program.line(inside, f"class {name}(Exception): pass")
    program.classes.append(name)


def header(program: Program, metaclass: str | None) -> str:
    parts: list[str] = []
    if program.classes and program.chance(0.45):
        parts.append(program.one_of(program.classes))
        if len(program.classes) > 1 and program.chance(0.25):
            other = program.one_of(program.classes)
            if other not in parts:
                parts.insert(program.one_of((0, 1)), other)
    if program.chance(0.18):
        parts.append(program.one_of(BUILTIN_BASES))
    if metaclass:
        parts.append(f"metaclass={metaclass}")
    if program.chance(0.06):
        parts.append(f"option={program.expression('any', 1)}")
    return f"({', '.join(parts)})" if parts else ""


def body(program: Program, indent: int, name: str) -> None:
    if program.chance(0.1):
        program.line(indent, f"'''Doc of {name}.'''")
    if program.chance(0.12):
        program.line(indent, program.one_of(("__slots__ = ('value', 'other')", "__slots__ = ()", "__slots__ = ['value']", "__slots__ = 'value'", "__slots__ = ('value', '__dict__')")))
    elif program.chance(0.5):
        program.line(indent, f"shared = {program.expression('any', 1)}")
    if program.chance(0.15):
        program.line(indent, program.one_of(CLASS_LINES))
    if program.chance(0.8):
        text = program.one_of((f"'{name}!'", "type(self).__name__", f"'<{name}>'"))
        method(program, indent, "__repr__", "", f"return {text}", 0)
    if program.chance(0.7):
        kind = program.one_of(("value=None", "value=0", "*args", "value=1, *rest, **named"))
        assigned = "args" if kind == "*args" else "value"
        method(program, indent, "__init__", kind, f"self.value = {assigned}", 0.3, allow_super=True)
    for _ in range(program.one_of((0, 1, 1, 2, 3, 5))):
        special = program.one_of(COMMON) if program.chance(0.55) else program.one_of(NAMES)
        special_method(program, indent, special)
    if program.chance(0.3):
        method(program, indent, "method", "x=0", f"return {returned(program, program.one_of(('any', 'self', 'pair', 'super_method')), 'method')}", 0.4)
    if program.chance(0.15):
        program.line(indent, "@property")
        method(program, indent, "computed", "", f"return {returned(program, program.one_of(('any', 'self', 'pair')), 'computed')}", 0.4)
        if program.chance(0.5):
            program.line(indent, "@computed.setter")
            method(program, indent, "computed", "given", "self.__dict__['hidden'] = given", 0.5)
    if program.chance(0.12):
        program.line(indent, "@classmethod")
        program.line(indent, "def made(cls, x=0):")
        program.line(indent + 1, program.one_of(("return cls(x)", "return (cls.__name__, x)", "log.append(cls); return x")))
    if program.chance(0.1):
        program.line(indent, "@staticmethod")
        program.line(indent, "def helper(x=0):")
        program.line(indent + 1, f"return (x, {program.expression('any', 1)})")
    if program.chance(0.12):
        descriptors = [name for name, kind in program.names if kind == "descriptor"]
        if descriptors:
            program.line(indent, f"described = {program.one_of(descriptors)}()")
    if indent < 3 and program.chance(0.05):
        class_statement(program, indent)
        program.classes.pop()  # its name is known in the class body only
    program.line(indent, "pass")


def special_method(program: Program, indent: int, name: str) -> None:
    parameters, kinds = METHODS[name]
    text = returned(program, program.one_of(kinds), name)
    if name == "__class_getitem__":
        if program.chance(0.3):
            program.line(indent, "@classmethod")
    method(program, indent, name, parameters, text if text.startswith("raise ") else f"return {text}", 0.5)


def method(program: Program, indent: int, name: str, parameters: str, last: str, logged: float, allow_super: bool = False) -> None:
    first = "cls" if name in ("__new__", "__init_subclass__", "__class_getitem__") else "self"
    program.line(indent, f"def {name}({', '.join(filter(None, (first, parameters)))}):")
    if program.chance(logged):
        seen = [p.split("=")[0].strip("* ") for p in parameters.split(",") if p]
        shown = f", {seen[0]}" if seen and program.chance(0.4) and name not in ("__setattr__",) else ""
        program.line(indent + 1, f"log.append(('{name}'{shown}))" if shown else f"log.append('{name}')")
    if not program.pure and program.chance(0.06):
        program.line(indent + 1, program.one_of((f"print('{name}')", f"emit('{name}')", "emit(UNKNOWN)")))
    if allow_super and program.chance(0.3):
        program.line(indent + 1, "super().__init__()")
    if program.chance(0.05):
        program.line(indent + 1, f"raise {program.one_of(('ValueError', 'TypeError', 'KeyError', 'StopIteration', 'AttributeError', 'IndexError'))}('{name}')")
    program.line(indent + 1, last)


def returned(program: Program, kind: str, name: str) -> str:
    """Text of what a special method returns; a whole statement where that says more."""
    if program.chance(0.06):
        return "NotImplemented"
    special = {
        "self": "self",
        "pair": f"(self, {program.expression('any', 1)})",
        "spec_text": "'<' + spec + '>'",
        "iterator": program.one_of((f"iter({program.expression('list', 1)})", "iter([self.value])", "self", "(x for x in (1, 2))", "map(str, [1, 2])")),
        "stop": "raise StopIteration",
        "bounded": "(key, 'item') if -3 <= key <= 3 else [][key]",
        "key_text": "(key, type(key).__name__)",
        "args_text": "(args, kwargs)",
        "name_text": program.one_of(("name + '?'", "[name]", "len(name)")),
        "attribute_error": "raise AttributeError(name)",
        "store": program.one_of(("super().__setattr__(name, value)", "object.__setattr__(self, name, [value])")),
        "super_get": program.one_of(("super().__getattribute__(name)", "object.__getattribute__(self, name)")),
        "exit_text": program.one_of(("kind is not None", "log.append(kind)", "isinstance(error, ValueError)")),
        "subclass": program.one_of(("log.append((cls.__name__, kwargs))", "super().__init_subclass__()", "setattr(cls, 'added', kwargs)")),
        "item_text": "(cls.__name__, item)",
        "bases_text": program.one_of(("()", "(object,)", "bases[:0]")),
        "new": program.one_of(("super().__new__(cls)", "super().__new__(cls, *args)", "object.__new__(cls)", program.expression("any", 1))),
        "super_method": "super().method(x)",
    }
    if kind in special:
        return special[kind]
    if program.chance(0.3):
        arguments = {"other": "other", "key": "key", "item": "item", "name": "name"}
        parameter = METHODS.get(name, ("", ()))[0]
        if parameter in arguments and kind == "any":
            return program.one_of((f"(self, {parameter})", parameter, f"('{name}', {parameter})"))
    return program.expression(kind, 1)


def metaclass_statement(program: Program) -> str:
    name = program.fresh("M")
    program.line(0, f"class {name}(type):")
    if program.chance(0.4):
        program.line(1, "@classmethod")
        program.line(1, "def __prepare__(mcs, name, bases, **kwargs):")
        program.line(2, program.one_of(("return {}", "return {'prepared': name}", "log.append((name, kwargs)); return dict(kwargs)", "return type('D', (dict,), {'__setitem__': lambda s, k, v: (log.append(k), dict.__setitem__(s, k, v))[1]})()")))
    if program.chance(0.6):
        program.line(1, "def __new__(mcs, name, bases, namespace, **kwargs):")
        if program.chance(0.5):
            program.line(2, "log.append((name, len(bases), sorted(kwargs)))")
        program.line(2, program.one_of(("return super().__new__(mcs, name, bases, namespace)", "return type.__new__(mcs, name, bases, dict(namespace, extra=len(namespace)))", "namespace['tag'] = name\n        return super().__new__(mcs, name, bases, namespace, **kwargs)")))
    if program.chance(0.4):
        program.line(1, "def __init__(cls, name, bases, namespace, **kwargs):")
        program.line(2, program.one_of(("log.append(name)", "super().__init__(name, bases, namespace)", "cls.registered = [name]")))
    if program.chance(0.3):
        program.line(1, "def __call__(cls, *args, **kwargs):")
        program.line(2, program.one_of(("log.append('call'); return super().__call__(*args, **kwargs)", "return super().__call__(*args[:1])", "return (cls.__name__, args)")))
    for special, text in (
        ("__getattr__(cls, name)", "return 'meta ' + name"), ("__len__(cls)", "return 7"), ("__iter__(cls)", "return iter('meta')"), ("__contains__(cls, item)", "return item == 1"),
        ("__getitem__(cls, item)", "return ('meta', item)"), ("__instancecheck__(cls, other)", "return other == 3"), ("__subclasscheck__(cls, other)", "return True"), ("__add__(cls, other)", "return ('meta add', other)"),
        ("__repr__(cls)", "return 'meta repr'"), ("__bool__(cls)", "return False"), ("__eq__(cls, other)", "log.append('meta eq'); return cls is other"), ("__hash__(cls)", "return 5"), ("__or__(cls, other)", "return ('or', other)"),
        ("mro(cls)", "log.append('mro'); return super().mro()"), ("__setattr__(cls, name, value)", "log.append(name); super().__setattr__(name, value)"), ("__dir__(cls)", "return ['a']"),
    ):
        if program.chance(0.12):
            program.line(1, f"def {special}:")
            program.line(2, text)
    program.line(1, "pass")
    return name


def descriptor(program: Program) -> None:
    name = program.fresh("D")
    program.line(0, f"class {name}:")
    if program.chance(0.6):
        program.line(1, "def __set_name__(self, owner, name):")
        program.line(2, program.one_of(("self.name = name", "log.append((owner.__name__, name))", "self.name = name; log.append(name)", "setattr(owner, name + '_set', 1)")))
    if program.chance(0.8):
        program.line(1, "def __get__(self, instance, owner):")
        program.line(2, program.one_of(("return (instance is None, owner.__name__)", "log.append('get'); return 5", "return self if instance is None else [instance]", "raise AttributeError('described')", "return getattr(self, 'name', None)")))
    if program.chance(0.5):
        program.line(1, "def __set__(self, instance, value):")
        program.line(2, program.one_of(("log.append(('set', value))", "instance.__dict__['described'] = [value]", "raise AttributeError('read only')")))
    if program.chance(0.2):
        program.line(1, "def __delete__(self, instance):")
        program.line(2, "log.append('delete')")
    program.line(1, "def __repr__(self): return 'descriptor'")
    program.names.append((name, "descriptor"))
