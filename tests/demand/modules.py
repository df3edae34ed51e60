"""The modules of which a bundle is made: file name to text."""

MODULES = {
    "shop/__init__.py": "",
    "shop/base.py": '''
class Base:
    """The root."""
    kinds = ["plain"]
    def name(self):
        return type(self).__name__ + str(LIMIT) + helper()
class Other:
    pass
def helper():
    return "-" + str(len(TABLE["a"]))
TABLE = {"a": [1, 2, 3], "b": (4, 5)}
ALIAS = TABLE["a"]
LIMIT = 10
def swap(value):
    global LIMIT, late
    LIMIT = late = value
def look():
    return sorted(globals())
def evaluate(text):
    return eval(text)
def nested():
    def inner():
        return [helper() for _ in range(2)], (lambda: LIMIT)()
    return inner
def generate():
    for item in TABLE["a"]:
        yield item, helper()
    yield sum(map(len, TABLE.values()))
def fails():
    return missing
def sum_(values):
    return sum(values)
async def later():
    return helper()
''',
    "shop/derived.py": '''
from shop.base import Base, Other, helper as assistant, TABLE
class First(Base):
    def name(self):
        return super().name() + assistant()
class Second(Base, Other):
    first = First
class Third(First):
    pass
def make(kind):
    return kind()
def count():
    return len(TABLE)
CHAIN = [First, Second, [Third]]
''',
    "shop/use.py": '''
from shop import base
from shop.derived import First, Third, make
def both():
    return base.helper(), make(Third).name(), isinstance(make(First), base.Base)
''',
    "shop/stock.py": '''
"""Some of its statements run at import."""
import os, sys
from shop.base import Base, helper, TABLE as RATES
from shop.derived import First, Third
from shop import use as usage
class Item(Base):
    def label(self):
        return self.name() + helper()
def early():
    return [kind.__name__ for kind in KINDS], len(RATES)
temporary = [1, 2]
PID = os.getpid()
class Error(Exception):
    def text(self):
        return "error " + later_on()
KINDS = [Item, Error]
EARLY = early() if PID else None
def later_on():
    return "later" + str(vars(Error("x")))
SEEN = PID and "later_on"
del temporary
class Special(Item):
    pass
TEXT = later_on() if PID else None
class Box:
    size = len(KINDS)
    label = Item.label
def after():
    return Box.size, Special.__mro__, TEXT
MADE = {1: [Item(), Error]}
''',
    "shop/executed.py": '''
import os
from shop.stars import *
PID = os.getpid()
def first(): return len(TABLE)
TABLE = [1, 2]
SPACE = {}
PID and exec("def g(): return len('abc')", SPACE)
TEXT = eval("first()") if PID else None
SEEN = [name for name in globals() if PID and name[0] != "_"]
HELD = dict(vars(__import__("sys").modules[__name__]))
def second(): return first() + len(TABLE)
TABLE[1:] = [second() if PID else 0]
''',
    "shop/stars.py": '''
import os
from shop.derived import *
PID = os.getpid()
def starred(): return First, Second, assistant()
''',
    "shop/registry.py": '''
import abc
class Plugin(abc.ABC):
    @abc.abstractmethod
    def run(self): ...
class One(Plugin):
    def run(self): return 1
class Half(Plugin):
    pass
class Sized(abc.ABC):
    @classmethod
    def __subclasshook__(cls, other):
        return hasattr(other, "size") or NotImplemented
class Two(Exception):
    pass
class Three(Two):
    pass
def walk():
    return [kind.__name__ for kind in Plugin.__subclasses__()]
''',
    "shop/walks.py": '''
import os
from shop.base import Base
PID = os.getpid()
class Root(Base): pass
class A(Root): pass
class B(Root): pass
if PID:
    class Run(Root): pass
class C(A, B): pass
class D(Root): pass
class Own:
    @classmethod
    def __subclasses__(cls): return [C]
class Owned(Own): pass
class Meta(type):
    def below(cls): return [kind.__name__ for kind in super().__subclasses__()]
class M(metaclass=Meta): pass
class N(M): pass
class Failure(Exception): pass
class Worse(Failure): pass
def asks(kind):
    return [kind.__name__ for kind in kind.__subclasses__()]
def walks(kind):
    for below in kind.__subclasses__():
        yield below.__name__
        yield from walks(below)
def gets(kind):
    return [kind.__name__ for kind in getattr(kind, "__subclasses__")()]
def passes(kind):
    ask = kind.__subclasses__
    return [kind.__name__ for kind in ask()]
def typed(kind):
    return [kind.__name__ for kind in type.__subclasses__(kind)]
def nested():
    return lambda kind: [kind.__name__ for kind in kind.__subclasses__()]
''',
    "shop/later.py": '''
import os
from shop.walks import Root, A, D, Failure
PID = os.getpid()
class E(Root): pass
class F(A): pass
if PID:
    class Executed(Root): pass
class G(E, D): pass
class H(Root): pass
class Worst(Failure): pass
''',
    "shop/looks.py": '''
import os, sys, types
PID = os.getpid()
def late(): return len(TABLE)
TABLE = [1, 2, 3]
PID and TABLE
NAMES = [name for name in dir(types) if PID and name[0] == "F"]
DEEP = sorted(dir(sys.implementation))[:1] if PID else ()
class Held:
    names = [name for name in dir(types) if name == "CodeType"] if PID else ()
    given = len(vars(types)) > 3 if PID else None
OTHER = {"a": 1}
MINE = [name for name in dir() if PID and name[0] != "_"]
def later(): return late() + len(OTHER)
LAST = [name for name in vars() if PID and name[0] != "_"]
class Own:
    x = 1
    names = [name for name in dir() if PID and name[0] != "_"]
''',
    "first.py": '''
import os
class Root: pass
class A(Root): pass
class B(Root): pass
if os.getpid():
    def asks(): return [kind.__name__ for kind in Root.__subclasses__()]
''',
    "shop/counter.py": '''
handlers = {}
items = []
names = set()
class Config:
    flag = False
    def get(self):
        return self.flag
def register(function):
    handlers[function.__name__] = function
    return function
def found():
    return sorted(handlers), [getattr(i, "__name__", i) for i in items], sorted(names), Config().get()
''',
    "shop/plugin.py": '''
import logging
from typing import overload
from shop import counter
from shop.base import helper
LEVEL: int = 3
@counter.register
def first(): return helper() + str(LEVEL)
class Made:
    @overload
    def get(self, key: int) -> int: ...
    @overload
    def get(self, key: str) -> str: ...
    def get(self, key): return key, helper()
counter.items.append(Made)
counter.names.add("plugin")
counter.Config.flag = "set"
NOTE: str = "n"
LOG = logging.getLogger("shop.plugin")
def later(): return Made().get(NOTE), LEVEL
''',
    # Code that the analysis can't follow, and that has got hold of a module.
    "shop/reach.py": '''
import os, sys, types
noted = []
def replace(function):
    noted.append(function)
    if os.getpid():
        other = types.ModuleType(function.__module__)
        other.LIMIT = str
        sys.modules[function.__module__] = other
def change(function, **names):
    noted.append(function)
    if os.getpid():
        function.__globals__.update(names)
    return function
''',
    "shop/reached.py": '''
import json as codec
from os import path
from string import digits as symbols
from shop import reach
LIMIT = 3
def own(): return LIMIT
reach.change(own)
DOUBLE = LIMIT * 2
WHERE = path
NAME = codec.__name__
SIZE = len("abc")
TEXT = symbols + "!"
class Reader(codec.JSONDecoder):
    limit = LIMIT
    text: codec.JSONEncoder = None
codec = "bound anew"
reach.change(own)
LAST = codec, LIMIT
''',
    "shop/caching.py": '''
FIRST = ["first"]
SECOND = {"second": FIRST}
def __getattr__(name):
    if name.startswith("_"):
        raise AttributeError(name)
    value = [name]
    globals()[name] = value
    return value
def replace(name, value):
    globals()[name] = value
    return FIRST, value
def first_of(names):
    globals()[names[0]] = "by an expression"
    return sorted(globals())
def hold(name):
    held = globals()
    held[name] = "through a variable"
    return list(held), held["SECOND"]
THIRD = (FIRST, SECOND)
''',
    "shop/bounds.py": '''
import sys
from shop import reach
def waits(limit=sys.maxsize): return limit
@reach.change
def runs(limit=sys.maxsize): return limit
LIMIT = sys.maxsize
''',
    "shop/altering.py": '''
import os
def alter(target, name, value):
    if os.getpid():
        setattr(target, name, value)
def run(text, target):
    exec({True: text, False: ""}[os.getpid() > 0], {"t": target})
def leave(target):
    return target if os.getpid() else None
''',
    "shop/taking.py": '''
import enum
from datetime import timedelta
from shop import base
class Level(enum.IntEnum):
    LOW = 1
    HIGH = 2
METHODS = {"name": base.Base.name, "kinds": base.Base.kinds, "later": [base.Base]}
KEYED = {base.Base: "class", base.helper: "function", timedelta: timedelta(days=31)}
''',
    "shop/taken.py": '''
from shop.taking import Level
NAMES = {Level.LOW: "low", Level.HIGH: ["high", Level.HIGH]}
DEFAULT = [Level.LOW]
''',
    "shop/roots.py": '''
class Root:
    level = 1
class Side:
    side = 1
class Middle(Root):
    pass
class Other(Root):
    level = 7
''',
    "shop/leaves.py": '''
from shop.roots import Middle, Side
class Leaf(Middle, Side):
    pass
FOUND = Leaf.level, Leaf.side, hasattr(Leaf, "extra"), hasattr(Middle, "extra"), Middle.level
''',
    "shop/deleting.py": '''
import os
import sys
from shop.base import helper, TABLE
if os.getpid():
    first = 1
from shop.base import ALIAS
from os import path
if os.getpid():
    del sys
from shop.base import LIMIT, Base
import json
if os.getpid():
    del first, json
    second = third = 2
from shop.base import Other, swap
SIZE = [len("abc")]
if os.getpid():
    del path
from shop.base import look
''',
    "shop/aa_replacing.py": '''
from shop import base
def replaced():
    return "replaced"
def stand_in():
    return replaced()
base.helper = stand_in
base.Other.kind = "added"
RESULT = [base.helper()]
''',
    "shop/zz_after.py": '''
from shop import base
RESULT = [base.helper(), base.Base().name()]
TABLE = {"helper": base.helper}
''',
    "shop/renamed.py": '''
from shop import altering
class Kind:
    pass
altering.run("t.__name__ = 'Renamed'", Kind)
NAME = Kind.__name__
''',
    "shop/abstract.py": '''
import abc
from shop import altering
class Abstract(abc.ABC):
    @abc.abstractmethod
    def told(self):
        return "told"
class Plain:
    pass
altering.run("t.__abstractmethods__ = frozenset()", Abstract)
try:
    TOLD = Abstract().told()
except TypeError:
    TOLD = "refused"
''',
    "shop/refusing.py": '''
from shop import altering
class Plain:
    pass
altering.run("t.__abstractmethods__ = frozenset({'x'})", Plain)
try:
    MADE = type(Plain()).__name__
except TypeError:
    MADE = "refused"
''',
    "shop/records.py": '''
import os
from typing import NamedTuple
class First(NamedTuple):
    x: int
if os.getpid():
    class Second(NamedTuple):
        y: int
''',
    "shop/wrapping.py": '''
from functools import wraps
from shop.base import helper
@wraps(helper)
def wrapper():
    return helper()
NAME = helper.__name__, helper.__doc__
''',
    "shop/own.py": '''
from shop import altering
class Base:
    kind = "base"
    def tell(self):
        return "told " + self.kind
class Kind(Base):
    pass
def compute(n=2):
    return n * 3
def twice():
    return compute() * 2
altering.leave(Kind)
FIRST = Kind().tell(), twice()
class Left(Kind):
    text = Kind().tell()
''',
    "shop/altered.py": '''
from shop import altering
class Base:
    kind = "base"
    def tell(self):
        return "told " + self.kind
class Kind(Base):
    @property
    def loud(self):
        return self.tell().upper()
class Other(Base):
    pass
def compute(n=2):
    return n * 3
def twice():
    return compute() * 2
def stand_in():
    return 100
altering.alter(Base, "kind", "altered")
FIRST = Kind().tell(), Kind.kind
altering.alter(compute, "__defaults__", (10,))
SECOND = twice()
altering.alter(Base, "tell", lambda self: "told otherwise")
class Later(Kind):
    text = Kind().loud
altering.alter(Kind, "__bases__", (Other,))
altering.alter(Other, "kind", "other's")
THIRD = Kind.kind, Later.kind
altering.alter(twice, "__code__", stand_in.__code__)
FOURTH = twice()
''',
    "shop/exchanged.py": '''
from shop import reach
class Kind:
    level = 1
def own():
    return Kind
class Copy:
    level = 1
Copy.__name__ = Copy.__qualname__ = "Kind"
same = Kind
reach.change(own, Kind=Copy)
class Later(Kind):
    pass
IS_SAME = Later.__base__ is same, own() is same, Later.level
''',
    "shop/changed.py": '''
import json as codec
from os import path
from string import digits as symbols
from shop import reach
LIMIT = 3
def own(): return LIMIT
reach.change(own, LIMIT=30, path="other", len=lambda text: "counted", symbols="xyz", codec=reach)
DOUBLE = LIMIT * 2
WHERE = path
NAME = codec.__name__
SIZE = len("abc")
TEXT = symbols + "!"
class Reader: limit = LIMIT, path
''',
    "shop/equal.py": '''
import types
from operator import itemgetter as first, attrgetter
from shop import reach
from shop.base import helper
def own(): return helper
reach.change(own, helper=types.FunctionType(helper.__code__, {"TABLE": {"a": "longer"}, "len": len, "str": str}))
class Uses:
    helper = staticmethod(helper)
''',
    "shop/passes_proven.py": '''
from shop.base import Base, Other, helper, LIMIT, TABLE
''',
    "shop/taken_from.py": '''
import shop.passes_proven as source
class Uses(source.Base):
    helper = staticmethod(source.helper)
    base = source.Base
    first = source.TABLE["a"]
    size = len(source.TABLE)
HELD = [source.helper, source.Base, source.TABLE]
''',
    "shop/holder.py": '''
from shop.base import Base, TABLE
class Holder:
    table = TABLE
    kind = Base
class Thing:
    def __init__(self):
        self.table = TABLE
THING = Thing()
PAIR = (TABLE, 1)
NEST = {"t": TABLE}
''',
    "shop/held.py": '''
import shop.holder as p
FIRST = p.Holder.table["a"]
SECOND = p.THING.table["a"]
THIRD = p.PAIR[0]["a"]
class Made(p.Holder.kind):
    pass
''',
    "shop/nested.py": '''
import shop.holder as p
FIRST = p.NEST["t"]["a"]
''',
    "shop/late.py": '''
import string
from json import dumps
from shop import reach
def own(): return string
reach.change(own)
import shop.changer
WORDS = getattr(string, "digits", string)
MADE = dumps
''',
    "shop/changer.py": '''
from shop import reach
reach.noted[-1].__globals__["string"] = "bound by an import"
''',
    "shop/dumping.py": "import sqlite3, sqlite3.dump\n",
    "shop/switch.py": '''
import os

LEVEL = int(os.environ.get("LYO_DEMAND_LEVEL", "1"))
LOUD = "LYO_DEMAND_LOUD" in os.environ

def level():
    return LEVEL, LOUD
''',
}

# A module that passes names of others on, after code that may have bound them anew; what that code does to them, by the
# suffix of the module's name; and a module that takes the names from it.
PASSES = '''
import types
from shop.base import Base, Other, helper, LIMIT, TABLE
from shop import base, reach
def own(): return helper
{change}
DOUBLE = LIMIT * 2
'''
CHANGES = {
    "": "reach.change(own)",
    "_changed": 'reach.change(own, Base=Other, LIMIT=30, TABLE={"a": 0})',
    "_equal": '''reach.change(
    own, helper=types.FunctionType(helper.__code__, {"TABLE": {"a": "longer"}, "len": len, "str": str}),
    Base=type("Base", Base.__bases__, {k: v for k, v in vars(Base).items() if k not in ("__dict__", "__weakref__")}),
)''',
    "_fewer": '''def take(function):
    reach.noted.append(function)
    if base.look():
        del function.__globals__["LIMIT"]
    return function
take(own)
LIMIT = LIMIT if "LIMIT" in own.__globals__ else 7''',
}
PASSED = '''
import shop.{source} as source
from shop.{source} import Base, helper, LIMIT, DOUBLE, TABLE
class Uses(Base):
    size = LIMIT + DOUBLE + source.LIMIT
    again = source.DOUBLE
    helper = staticmethod(source.helper)
    first = TABLE["a"]
    def base(self): return source.base
HELD = [helper, source.Base, source.base]
'''
for suffix, change in CHANGES.items():
    MODULES[f"shop/passes{suffix}.py"] = PASSES.replace("{change}", change)
    MODULES[f"shop/passed{suffix}.py"] = PASSED.replace("{source}", f"passes{suffix}")

# Sets of texts, which iterate as they were filled; unions and type parameters.
MODULES["shop/sets.py"] = '''
from typing import Protocol, TypedDict
class Movie(TypedDict):
    title: str
    year: int
    director: str
    stars: list
class Wishes(TypedDict, total=False):
    apple: int
    banana: int
    cherry: int
    date: int
    elder: int
    fig: int
    grape: int
class Sequel(Movie, total=False):
    number: int
class Named(Protocol):
    name: str
    def rename(self): ...
    def forget(self): ...
added = set()
for letter in "abcdefgh":
    added.add(letter * 3)
frozen = frozenset(added)
listed = frozenset([letter * 2 for letter in "hgfedcba"])
again = set(frozen)
thinned = {letter + "x" for letter in "stuvwxyz"}
thinned.discard("none")
thinned.discard("tx")
thinned.add("last")
grown = set()
grown.add("one")
grown.add("two")
grown.update([f"{number}" for number in range(40)])
grown.difference_update([f"{number}" for number in range(40)])
cleared = {letter + "y" for letter in "ab"}
cleared.clear()
cleared.update(frozen)
'''
MODULES["shop/unions.py"] = '''
import abc
import collections.abc
class Shape(abc.ABC): pass
class Joins(type):
    def __or__(cls, other): return "joined"
class Joined(metaclass=Joins): pass
class Compares(type):
    def __eq__(cls, other): return cls is other
    def __hash__(cls): return 1
class Compared(metaclass=Compares): pass
shape = Shape | None
several = int | Shape | list[int]
mapping = collections.abc.Mapping | None
joined = Joined | int
compared = int | Compared
'''
MODULES["shop/parameters.py"] = '''
import typing
class Box[T]:
    def get(self) -> T: ...
class Many[*Ts]: ...
class Calls[**P]: ...
class Bound[T: int]: ...
def same[T](x: T) -> T: return x
Inferred = typing.TypeVar("Inferred", infer_variance=True)
Specified = typing.ParamSpec("Specified", covariant=True)
'''
# What code that is not known may do to `sys.modules` and to the names of a module, before that makes a dataclass.
OWN = '''
import dataclasses, sys, typing
from shop import reach
def own(): return 1
reach.change(own)
{change}
@dataclasses.dataclass
class Item:
    count: int = 3
    limit: "LIMIT" = 4
here = sys.modules[__name__]
'''
for suffix, change in {"": "", "_bound": "reach.change(own, LIMIT=int)", "_replaced": "reach.replace(own)"}.items():
    MODULES[f"shop/registered{suffix}.py"] = OWN.replace("{change}", change)

# A module that reads annotations that another one's function does not have.
MODULES["shop/lends.py"] = "def plain(x): return x\ndef other(x): return x\n"
MODULES["shop/asks.py"] = '''
from shop import lends
def count(function): return len(function.__annotations__)
SIZE = count(lends.plain)
def size(): return SIZE
'''

# Combinations of flags: the class of the flags hands out one object for each.
MODULES["shop/flags.py"] = '''
import re
from enum import Flag, auto
from shop.modes import Mode

class Color(Flag):
    RED = auto()
    BLUE = auto()

options = re.IGNORECASE | re.ASCII | re.DOTALL
mode = Mode.READ | Mode.APPEND
purple = Color.RED | Color.BLUE
none = Mode(0)
'''

MODULES["shop/modes.py"] = '''
from enum import IntFlag

class Mode(IntFlag):
    READ = 1
    WRITE = 2
    APPEND = 4
'''

# Values that refer to themselves by what their `__dict__` holds.
MODULES["shop/selves.py"] = '''
import functools, typing
T = typing.TypeVar("T")
def keep(value):
    def held(): return value
    value.held = held
    return value
keep(T)
P = keep(typing.ParamSpec("P"))
part = keep(functools.partial(keep, 1))
@keep
@functools.lru_cache
def cached(): return 1
'''

# Texts that a tuple of another module holds.
MODULES["shop/versions.py"] = 'VERSIONS = ("4.1.0", "5.0.0", "10.0.0", "12.1.0")\n'
MODULES["shop/versioned.py"] = '''
from shop.versions import VERSIONS
import shop.versions as versions
known = frozenset(VERSIONS)
order = sorted(versions.VERSIONS, key=len)
last = VERSIONS[-1]
by_name = {version: len(version) for version in VERSIONS}
'''
