"""Classes as `type.__new__` can make them again, and instances of Python classes."""

import opcode
import sys

from lyo_harvest.foreign import MISSING, ModuleType, is_a, raw
from lyo_harvest.record import Unsupported

OPERATION_NAMES = {number: name for name, number in opcode.opmap.items()}

HEAP_TYPE = 1 << 9
IMMUTABLE_TYPE = 1 << 8
PATTERN_FLAGS = (1 << 5) | (1 << 6)  # Py_TPFLAGS_SEQUENCE, Py_TPFLAGS_MAPPING

FunctionType = type(lambda: None)
GetSetDescriptorType = type(FunctionType.__code__)
MemberDescriptorType = type(FunctionType.__globals__)

type_dict = type.__dict__["__dict__"].__get__
type_mro = type.__dict__["__mro__"].__get__
type_bases = type.__dict__["__bases__"].__get__
type_flags = type.__dict__["__flags__"].__get__
type_name = type.__dict__["__name__"].__get__
type_qualname = type.__dict__["__qualname__"].__get__
type_base = type.__dict__["__base__"].__get__


def is_python_made(walker, kind):
    """Whether a class statement made the class."""
    flags = type_flags(kind)
    if not flags & HEAP_TYPE or flags & IMMUTABLE_TYPE:
        return False
    if walker.is_made(kind):
        return True
    module = sys.modules.get(type_dict(kind).get("__module__"))
    if not is_a(module, ModuleType):
        return False
    # A class of Python code holds functions, or at least its own `__dict__` or `__weakref__` entry;
    # the C types of a module that has Python source too (`functools.partial`) are caught by `__new__`.
    origin = raw(module, "__file__")
    return type(origin) is str and not origin.endswith(".so") or raw(module, "__spec__") is not MISSING


def abc_type():
    module = sys.modules.get("abc")
    return raw(module, "ABCMeta") if module is not None else None


def describe(walker, cls, may_wait):
    metaclass = type(cls)
    abc_meta = abc_type()
    is_abc = abc_meta is not None and abc_meta in type_mro(metaclass)
    for base in type_mro(metaclass):
        if base in (type, object) or base is abc_meta:
            continue
        if "mro" in type_dict(base):
            raise Unsupported(f"class {type_qualname(cls)} has a metaclass with its own mro()")
        if not type_flags(base) & HEAP_TYPE:
            raise Unsupported(f"class {type_qualname(cls)} has a metaclass implemented in C")
    inherited = 0
    for base in type_bases(cls):
        inherited |= type_flags(base) & PATTERN_FLAGS
    if type_flags(cls) & PATTERN_FLAGS & ~inherited and id(cls) not in walker.registered:
        raise Unsupported(f"class {type_qualname(cls)} is marked as a sequence or mapping")

    namespace, before_abc, later = [], [], []
    contents = type_dict(cls)
    if is_abc and not ("_abc_impl" in contents and "__abstractmethods__" in contents):
        raise Unsupported(f"class {type_qualname(cls)} is an ABC that was not made as one")
    names = [name for name in contents if not is_added_by_type(cls, name, contents[name])]
    boundary = first_set_later(contents, last_added(cls, contents))
    implicit_doc = contents.get("__doc__") is None and boundary >= 0 and position(contents, "__doc__") >= boundary
    implicit_hash = (
        "__hash__" in contents and contents["__hash__"] is None and boundary >= 0
        and position(contents, "__hash__") > boundary
    )
    place = {name: index for index, name in enumerate(contents)}
    body = [name for name in names if boundary < 0 or place[name] < boundary]
    implicit_hash = implicit_hash and "__eq__" in body
    for name in names:
        if is_abc and name in ("__abstractmethods__", "_abc_impl"):
            continue
        if name == "__doc__" and implicit_doc or name == "__hash__" and implicit_hash:
            continue
        if type(name) is not str:
            raise Unsupported(f"class {type_qualname(cls)} has an attribute that is not named by a string")
        value = contents[name]
        if name == "__slots__" and type(value) not in (str, tuple, list, dict, set, frozenset):
            raise Unsupported(f"class {type_qualname(cls)} was given __slots__ when it existed")
        in_body = boundary < 0 or place[name] < boundary
        if in_body and is_wrapped_by_type(name, value):
            # The class body gave a plain function; `type.__new__` wraps it again.
            walker.wrapped_by_class[id(value)] = (cls, name)
            value = value.__func__
        elif in_body and name in WRAPPED_BY_TYPE and type(value) is FunctionType:
            # A plain function that was set when the class existed: `type.__new__` wraps it, setting it again does not.
            later.append((name, walker.node(value)))
        pair = (name, walker.module_name(value) if name == "__module__" else walker.node(value))
        if in_body:
            namespace.append(pair)
        elif is_abc and place[name] < place["__abstractmethods__"]:
            before_abc.append(pair)
        else:
            later.append(pair)
    if is_abc and may_wait:
        # What is abstract was decided when the class was made.
        names = [walker.text(name) for name in sorted(contents["__abstractmethods__"])]
        later.insert(0, ("__abstractmethods__", walker.add(("frozenset", tuple(names)))))
    if before_abc:
        later = [*before_abc, ("_abc_impl", walker.node(None)), *later]
    keeper = walker.keeper(type_bases(cls))
    shares_bases = keeper is not cls and is_a(keeper, type)
    walker.claim(cls, type_mro(cls))
    walker.claim(keeper if shares_bases else cls, type_bases(cls))
    return {
        "metaclass": walker.node(metaclass),
        "name": type_name(cls),
        "qualname": walker.node(type_qualname(cls)),
        "bases": tuple([walker.node(base) for base in type_bases(cls)]),
        "bases_of": walker.node(keeper) if shares_bases else None,
        "namespace": tuple(namespace),
        "later": tuple(later),
        "class_cell": class_cell(walker, cls, contents),
        "abc": is_abc,
        "registered": registered(walker, cls) if is_abc else (),
    }


def may_wait(cls):
    """Whether nobody can tell that the class is not there yet, but by asking its bases for their subclasses.

    An ABC asks its subclasses whether they take a class for a subclass of theirs: they answer by their
    registries (registering is a touch), by hooks, and by the MRO, which the ABC sees itself.
    """
    abc_meta = abc_type()
    metaclass = type(cls)
    if abc_meta is None or abc_meta not in type_mro(metaclass):
        return True
    if raw(metaclass, "__subclasscheck__") is not type_dict(abc_meta)["__subclasscheck__"]:
        return False
    for base in type_mro(cls):
        hook = type_dict(base).get("__subclasshook__")
        if hook is not None and base is not object and (base is cls or not answers_for_itself_only(hook, base)):
            return False
    return True


def answers_for_itself_only(hook, owner):
    """Whether a `__subclasshook__` begins with `if cls is <its class>:` and else says `NotImplemented`."""
    function = getattr(hook, "__func__", None)
    if type(hook) is not classmethod or type(function) is not FunctionType:
        return False
    code = function.__code__
    plain = [
        instruction for instruction in instructions(code)
        if instruction[0] not in ("RESUME", "NOP", "CACHE", "NOT_TAKEN", "TO_BOOL")
    ]
    if len(plain) < 4 or code.co_argcount < 1:
        return False
    (load, first, *_), (load_global, name, *_), (compare, negated, *_), (jump, _, target, _) = plain[:4]
    if (load, first) not in (("LOAD_FAST", 0), ("LOAD_FAST_CHECK", 0), ("LOAD_FAST_BORROW", 0)) or load_global != "LOAD_GLOBAL":
        return False
    if (compare, negated) != ("IS_OP", 0) or jump not in ("POP_JUMP_IF_FALSE", "POP_JUMP_FORWARD_IF_FALSE"):
        return False
    if function.__globals__.get(code.co_names[name]) is not owner:
        return False
    rest = [instruction for instruction in plain if instruction[3] >= target]
    if not rest or rest[0][0] != "LOAD_GLOBAL" or code.co_names[rest[0][1]] != "NotImplemented":
        return False
    return len(rest) > 1 and rest[1][0] == "RETURN_VALUE" and "NotImplemented" not in function.__globals__


def instructions(code):
    """(name, argument, jump target, offset) of each instruction."""
    found = []
    extended = 0
    data = code.co_code
    for offset in range(0, len(data), 2):
        operation, argument = data[offset], data[offset + 1] | extended
        name = OPERATION_NAMES.get(operation, "")
        if name == "EXTENDED_ARG":
            extended = argument << 8
            continue
        extended = 0
        if name == "CACHE" or not name:
            continue
        value = argument >> 1 if name == "LOAD_GLOBAL" else argument
        # A jump counts from behind its instruction and the caches that follow it.
        end = offset + 2
        while end < len(data) and data[end] == 0:
            end += 2
        found.append((name, value, end + 2 * argument, offset))
    return found


def is_added_by_type(cls, name, value):
    """What `type.__new__` itself puts into the dict: slots' members, `__dict__`, `__weakref__`."""
    kind = type(value)
    if kind is GetSetDescriptorType:
        return value.__objclass__ is cls and name in ("__dict__", "__weakref__")
    if kind is MemberDescriptorType:
        return value.__objclass__ is cls
    return False


WRAPPED_BY_TYPE = {"__new__": staticmethod, "__init_subclass__": classmethod, "__class_getitem__": classmethod}


def is_wrapped_by_type(name, value):
    """`type.__new__` makes these static and class methods itself, without copying the function's attributes."""
    kind = WRAPPED_BY_TYPE.get(name)
    return kind is not None and type(value) is kind and not value.__dict__ and type(value.__func__) is FunctionType


def position(contents, name):
    for index, key in enumerate(contents):
        if key == name:
            return index
    return -1


def last_added(cls, contents):
    """Where what the class body gave ends: the place of the first entry that `type.__new__` added at the end."""
    for index, (name, value) in enumerate(contents.items()):
        if is_added_by_type(cls, name, value):
            return index
    return first_implicit(contents)


def first_set_later(contents, boundary):
    """From 3.13 on `type.__new__` tells properties their names: one that does not know its own was set when the class existed."""
    if sys.version_info < (3, 13):
        return boundary
    for index, (name, value) in enumerate(contents.items()):
        if index == boundary:
            break
        if type(value) is property:
            known = getattr(value, "__name__", name)
            if known != name and contents.get(known) is not value:
                return index
    return boundary


def first_implicit(contents):
    """Without entries of `__dict__` or slots, an implicit `__doc__` marks the end of the body."""
    names = list(contents)
    if "__doc__" in contents and contents["__doc__"] is None:
        return names.index("__doc__")
    for name in ("__abstractmethods__", "_abc_impl"):
        if name in contents:
            return names.index(name)
    return -1


def class_cell(walker, cls, contents):
    """The cell through which methods see `__class__`."""
    for value in list(contents.values()):
        for function in functions_in(value):
            code = function.__code__
            if "__class__" in code.co_freevars:
                cell = function.__closure__[code.co_freevars.index("__class__")]
                try:
                    if cell.cell_contents is cls:
                        return walker.node(cell)
                except ValueError:
                    continue
    return None


def functions_in(value):
    kind = type(value)
    if kind is FunctionType:
        return (value,)
    if kind in (staticmethod, classmethod):
        return functions_in(value.__func__)
    if kind is property:
        return tuple(f for part in (value.fget, value.fset, value.fdel) if part is not None for f in functions_in(part))
    return ()


def registered(walker, cls):
    import _abc

    registry = _abc._get_dump(cls)[0]
    if not registry:
        return ()
    # A set of weak references: the order in which it was filled can't be seen.
    classes = [reference() for reference in registry]
    classes.sort(key=lambda kind: (type_module(kind), type_qualname(kind)))
    return tuple([walker.node(kind) for kind in classes])


# ---- instances

BUILTIN_BASES = {
    int: lambda value: int.__int__(value),
    str: lambda value: str.__str__(value),
    float: lambda value: float.__float__(value),
    complex: lambda value: complex(complex.__pos__(value)),
    bytes: lambda value: bytes.__getitem__(value, slice(None)) if type(value) is bytes else bytes(list(bytes.__iter__(value))),
    bytearray: lambda value: bytearray(list(bytearray.__iter__(value))),
    tuple: lambda value: tuple(tuple.__iter__(value)),
    list: lambda value: list(list.__iter__(value)),
    dict: lambda value: dict(dict.items(value)),
    set: lambda value: set.copy(value) if type(value) is set else set(set.__iter__(value)),
    frozenset: lambda value: frozenset(frozenset.__iter__(value)),
}

instantiable = {}
GENERIC_ALIAS = type(list[int])


def generic_alias(walker, value):
    """A Python class that extends `types.GenericAlias`, as that of `collections.abc.Callable[[], int]`."""
    alias = GENERIC_ALIAS
    arguments = walker.node(alias.__args__.__get__(value))
    new = walker.get_attribute(walker.node(alias), "__new__")
    made = walker.construct(new, walker.node(type(value)), walker.node(alias.__origin__.__get__(value)), arguments)
    return walker.nodes[made]


def describe_instance(walker, value):
    kind = type(value)
    if GENERIC_ALIAS in type_mro(kind):
        return generic_alias(walker, value)
    if BaseException in type_mro(kind) and type_module(kind) == "builtins":
        return builtin_exception(walker, value)
    if not is_python_made(walker, kind):
        raise Unsupported(f"an object of the C type {type_name(kind)}")
    wrapper = next((base for base in (staticmethod, classmethod) if base in type_mro(kind)), None)
    if wrapper is not None:
        return wrapper_subclass(walker, value, wrapper)
    if raw(kind, "__del__") is not MISSING:
        raise Unsupported(f"an instance of {type_qualname(kind)}, which has a finaliser")
    if property in type_mro(kind):
        return property_subclass(walker, value)
    base = solid_base(kind)
    base_value = None
    if base is not object:
        base_value = walker.node(base_contents(walker, base, value))
    dictionary = instance_dict(value)
    return (
        "instance",
        {
            "class": walker.node(kind),
            "base_value": base_value,
            "dict": None if dictionary is None else walker.attribute_items(value, dictionary),
            "slots": slots(walker, value),
        },
    )


def builtin_exception(walker, value):
    arguments = base_contents(walker, BaseException, value)
    walker.claim(value, BaseException.args.__get__(value))
    made = BaseException.__reduce__(value)
    if len(made) != 2 or getattr(value, "__notes__", None) or not keeps_arguments_only(value):
        raise Unsupported("an exception with attributes")
    return ("construct", {
        "callable": walker.node(type(value)), "arguments": tuple([walker.node(item) for item in arguments]),
        "keywords": (), "dict": None, "fresh": False,
    })


def keeps_arguments_only(value):
    """Whether the members of an exception of a C type (`SystemExit.code`) are what its arguments make them."""
    fresh = type(value)(*BaseException.args.__get__(value))
    for base in type_mro(type(value)):
        for name, member in type_dict(base).items():
            if type(member) in (MemberDescriptorType, GetSetDescriptorType) and name not in ("args", "__dict__"):
                if not is_same_member(member_of(member, value), member_of(member, fresh)):
                    return False
    return True


def member_of(member, value):
    try:
        return member.__get__(value)
    except AttributeError:
        return MISSING


def is_same_member(one, other):
    if type(one) is tuple and type(other) is tuple and len(one) == len(other):
        return all([item is same for item, same in zip(one, other)])
    return one is other or type(one) is type(other) and type(one) in (bool, int, str, bytes) and one == other


def property_subclass(walker, value):
    """An instance of a Python class that extends `property`: what `property.__init__` was given, and its own state."""
    kind = type(value)
    dictionary = instance_dict(value)
    if raw(kind, "__setattr__") is not object.__setattr__ or dictionary is None:
        raise Unsupported(f"an instance of {type_qualname(kind)}, which keeps its docstring in its own way")
    getter, doc = property.fget.__get__(value), type_dict(property)["__doc__"].__get__(value)
    if type(getter) is FunctionType and getter.__doc__ is doc:
        doc = None  # `property` finds it
    parts = (getter, property.fset.__get__(value), property.fdel.__get__(value), doc)
    return (
        "instance",
        {
            "class": walker.node(kind),
            "base_value": walker.add(("tuple", tuple([walker.node(part) for part in parts]))),
            "dict": walker.attribute_items(value, dictionary),
            "slots": (*property_name(walker, value), *slots(walker, value)),
        },
    )


def wrapper_subclass(walker, value, base):
    """An instance of a Python class that extends `staticmethod` or `classmethod`, where calling the class runs C code only."""
    kind = type(value)
    hooks = ("__new__", "__init__", "__setattr__", "__getattribute__")
    is_made_in_c = type(kind) is type and all(raw(kind, name) is raw(base, name) for name in hooks)
    if not is_made_in_c or slots(walker, value):
        raise Unsupported(f"an instance of {type_qualname(kind)}, which is made in its own way")
    changed = walker.changed_in_wrapper(value, base)
    return walker.wrapper_made_by(walker.node(kind), value, changed)


def property_name(walker, value):
    """The name that a property was told or given (3.13)."""
    if "__name__" not in type_dict(property):
        return ()
    name = type_dict(property)["__name__"]
    try:
        found = name.__get__(value)
    except AttributeError:
        return ()
    getter = property.fget.__get__(value)
    is_getters = type(getter) is FunctionType and getter.__name__ is found
    return () if is_getters else (("__name__", walker.node(found)),)


TYPING_VALUES = frozenset((
    "_GenericAlias", "_UnionGenericAlias", "_LiteralGenericAlias", "_CallableGenericAlias", "_AnnotatedAlias",
    "_ConcatenateGenericAlias", "_UnpackGenericAlias", "ForwardRef",
))


def is_value(value):
    """Immutable results that `typing` caches: equal ones are as good as the same one."""
    kind = type(value)
    return type_name(kind) in TYPING_VALUES and type_module(kind) == "typing"


def is_flag(kind):
    enum = sys.modules.get("enum")
    return enum is not None and raw(enum, "Flag") in type_mro(kind)


def flag_member(walker, value):
    """A combination of flags of another module's `enum.Flag`: its class hands out the only one."""
    kind = type(value)
    if not is_flag(kind):
        from lyo_harvest.walk import describe as shown

        raise Unsupported(f"refers to {shown(value)}, which has no name in its module")
    return walker.construct(walker.node(kind), walker.node(instance_dict(value)["_value_"]))


def solid_base(kind):
    """The class implemented in C whose layout the instance has: object, a data type or an exception."""
    for base in type_mro(kind):
        if base is object or base in BUILTIN_BASES or base is BaseException:
            found = base
            break
    else:
        found = object
    for base in type_mro(kind):
        if base is found:
            break
        if not type_flags(base) & HEAP_TYPE or type_flags(base) & IMMUTABLE_TYPE:
            if found is BaseException and base.__new__ is BaseException.__new__ and base.__basicsize__ == BaseException.__basicsize__:
                continue
            if type_base(base) is object and layout(base) == layout(object):
                continue  # as `typing.Generic`: it only gives methods
            raise Unsupported(f"an instance of {type_qualname(kind)}, which extends the C type {type_name(base)}")
    if found is object:
        if kind not in instantiable:
            try:
                object.__new__(kind)
                instantiable[kind] = True
            except TypeError as error:
                instantiable[kind] = "abstract" in str(error)
        if not instantiable[kind]:
            raise Unsupported(f"an instance of {type_qualname(kind)}, which only its own constructor can make")
    return found


def layout(kind):
    return tuple([type.__dict__[name].__get__(kind) for name in ("__basicsize__", "__itemsize__", "__dictoffset__", "__weakrefoffset__")])


def type_module(kind):
    module = type_dict(kind).get("__module__")
    return module if type(module) is str else type.__dict__["__module__"].__get__(kind)


def base_contents(walker, base, value):
    if base is BaseException:
        state = BaseException.__reduce__(value)
        chained = value.__cause__ is not None or value.__context__ is not None or value.__suppress_context__
        if value.__traceback__ is not None or chained:
            raise Unsupported("an exception that was raised")
        return state[1]
    contents = BUILTIN_BASES[base](value)
    if type(contents) in (list, dict, set, frozenset, tuple):
        walker.made.add(id(contents))
        walker.generations.append([contents])
    return contents


def instance_dict(value):
    for base in type_mro(type(value)):
        descriptor = type_dict(base).get("__dict__")
        if type(descriptor) is GetSetDescriptorType:
            try:
                return descriptor.__get__(value)
            except AttributeError:
                return None
    return None


def slots(walker, value):
    for name, _, member in slot_members(value):
        if raw(type(value), name) is not member:
            raise Unsupported(f"an instance of {type_qualname(type(value))} with a hidden slot")
    return tuple([(name, walker.node(content)) for name, content in slot_values(value)])


def slot_values(value):
    """Names and contents of the slots that are set."""
    return [(name, content) for name, content, _ in slot_members(value)]


def slot_members(value):
    found = []
    seen = set()
    for base in type_mro(type(value)):
        if not type_flags(base) & HEAP_TYPE:
            continue
        for name, member in type_dict(base).items():
            if type(member) is MemberDescriptorType and member.__objclass__ is base and name not in seen:
                seen.add(name)
                if raw(type(value), name) is not member and "__slots__" not in type_dict(base):
                    continue
                try:
                    content = member.__get__(value)
                except AttributeError:
                    continue
                found.append((name, content, member))
    return found
