"""The text of a module whose every object has an effect behind an implicit call.

Written beside the mutants, once for each kind of effect.
"""

EFFECTS = {
    "list": ("", "log.append(1)"),
    "print": ("", "print('effect')"),
    "environment": ("import os", "os.environ['LYO_MUTANT'] = '1'"),
    "path": ("import sys", "sys.path.append('/lyo/mutant')"),
}

# What each method gives, so that the operation itself goes well.
_RESULTS = {
    "iter((1, 2))": "__iter__ __reversed__",
    "1": "__getitem__ __index__ __int__ __len__ __hash__ __next__ __abs__ __round__ __divmod__ __getattr__ __missing__",
    "1.0": "__float__",
    "True": "__bool__ __contains__ __eq__ __ne__ __lt__ __le__ __gt__ __ge__",
    "'x'": "__str__ __repr__ __format__",
    "b'x'": "__bytes__",
    "None": "__exit__ __setitem__ __delitem__ __setattr__ __delattr__",
    "self": (
        "__enter__ __call__ __neg__ __pos__ __invert__ __add__ __radd__ __iadd__ __sub__ __rsub__ __mul__ __rmul__"
        " __truediv__ __rtruediv__ __floordiv__ __mod__ __rmod__ __pow__ __rpow__ __matmul__ __lshift__ __rshift__"
        " __and__ __rand__ __or__ __ror__ __xor__ __rxor__"
    ),
}

_REST = '''
class Hooked:
    def __init_subclass__(cls):
        fire()


class Meta(type):
    def __new__(metaclass, name, bases, namespace):
        fire()
        return super().__new__(metaclass, name, bases, namespace)


class Prepared(type):
    @classmethod
    def __prepare__(metaclass, name, bases):
        fire()
        return {}


class Checked(type):
    def __instancecheck__(cls, instance):
        fire()
        return True

    def __subclasscheck__(cls, other):
        fire()
        return True


class Asked(metaclass=Checked):
    pass


class Entries:
    def __mro_entries__(self, bases):
        fire()
        return (object,)


class Named:
    def __set_name__(self, owner, name):
        fire()


class Descriptor:
    def __get__(self, instance, owner):
        fire()
        return 1

    def __set__(self, instance, value):
        fire()


class Described:
    field = Descriptor()


class Lazy:
    @property
    def value(self):
        fire()
        return 1


class Generic:
    def __class_getitem__(cls, item):
        fire()
        return cls


class Finalised:
    def __del__(self):
        fire()


class Made:
    def __init__(self):
        fire()


class Allocated:
    def __new__(cls):
        fire()
        return object.__new__(cls)


class Failure(Exception):
    def __init__(self):
        fire()


class Mapping:
    def keys(self):
        fire()
        return ["a"]

    def __getitem__(self, key):
        return 1


class Missing(dict):
    def __missing__(self, key):
        fire()
        return 1


def decorate(function):
    fire()
    return function


def pass_through(value):
    fire()
    return value


def texts():
    fire()
    yield "a"


def __getattr__(name):
    if name != "dynamic":
        raise AttributeError(name)
    fire()
    return 1
'''


def module(effect: str) -> str:
    imports, action = EFFECTS[effect]
    lines = ['"""Effects behind implicit calls."""', imports, "log = []", "", "", "def fire(*_, **__):",
             f"    {action}", "", "", "class Trap:"]
    for result, methods in _RESULTS.items():
        for method in methods.split():
            lines += [f"    def {method}(self, *_):", "        fire()", f"        return {result}", ""]
    return "\n".join(lines) + _REST
