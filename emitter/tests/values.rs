//! Modules with all kinds of values are the same after executing and after rehydrating.

#[allow(dead_code)]
mod support;

use support::{Tree, pythons};

const DATA: &str = r#"
"""Plain data."""
NUMBERS = (0, -1, 2**70, 1.5, -0.0, 1e300, 3 - 4j)
TEXTS = ["", "a", "words with spaces", "\ud800", b"\x00\xff", bytearray(b"x")]
TABLE = {"k": TEXTS, ("a", 1): None, 2.5: ...}
ALIAS = TEXTS
TABLE["self"] = TABLE
CONSTANT_SET = {"one", "two", "three", "four"}
FROZEN = frozenset(["p", "q", "r"])
COUNTS = {n % 7 for n in range(20)}
RANGE, SLICE = range(1, 10, 2), slice(None, 3)
first = second = "not an identifier"
for index in range(3):
    last = index
del index
x: int = 3
LATER = [n * n for n in range(5)]
del NUMBERS
NUMBERS = 1
"#;

const FUNCTIONS: &str = r#"
import functools
import operator
import re
from pkg.data import TEXTS as borrowed

def plain(a, b=borrowed, /, *rest, c: int = 3, **others) -> str:
    """Documented."""
    return a
plain.note = ["attribute"]

def counter():
    count = 0
    def step():
        nonlocal count
        count += 1
        return count
    return step
step = counter()

def decorate(function):
    @functools.wraps(function)
    def wrapper(*arguments):
        return function(*arguments)
    return wrapper

@decorate
def decorated():
    pass

@functools.lru_cache(maxsize=3)
def cached():
    "Cached."
    return 1

async def waits():
    yield 1

PATTERN = re.compile(r"(?P<word>\w+)\s*", re.I)
MATCH = PATTERN.match
PART = functools.partial(plain, 1, c=2)
GET = operator.itemgetter(1, "x")
JOIN = ", ".join
LAMBDA = lambda value=PATTERN: value
ALIASES = (list[int], int | None, dict[str, list[int]])
"#;

const CLASSES: &str = r#"
import abc
import collections
import dataclasses
import enum
import typing

class Base:
    """A base."""
    shared = []
    def __init__(self):
        self.x = 1
    def __eq__(self, other):
        return self is other

class Derived(Base):
    __slots__ = ("y", "__private")
    def __init__(self):
        super().__init__()
    @property
    def value(self):
        "The value."
        return self.x
    @value.setter
    def value(self, new):
        self.x = new
    @staticmethod
    def fixed(): pass
    @classmethod
    def made(cls): return cls()
    def __class_getitem__(cls, item): return item

instance = Derived()
instance.y = [instance]
bound = instance.made

class Abstract(abc.ABC):
    @abc.abstractmethod
    def act(self): ...

class Concrete(Abstract):
    def act(self): return 1

class Colour(enum.Enum):
    RED = 1
    GREEN = 2
    CRIMSON = 1

class Permission(enum.IntFlag):
    R = 4
    W = 2

@dataclasses.dataclass(order=True)
class Point:
    x: int
    y: int = 0
    tags: list = dataclasses.field(default_factory=list)

@dataclasses.dataclass(frozen=True, slots=True)
class Frozen:
    z: "str" = "default text"

Pair = collections.namedtuple("Pair", "left right", defaults=[None])

class Typed(typing.NamedTuple):
    a: int
    b: str = "x y"

T = typing.TypeVar("T", bound=int)

class Box(typing.Generic[T]):
    item: T

class Text(str):
    pass

class Mapping(dict):
    pass

text = Text("own text")
mapping = Mapping(a=1)
mapping.me = mapping
error = ValueError("not raised", 1)
ordered = collections.OrderedDict(a=1, b=2)
defaults = collections.defaultdict(list, k=[1])
queue = collections.deque([1, 2], maxlen=5)
origin = Point(1, 2)
"#;

const IMPORTS: &str = r#"
import os.path
import os.path as paths
import collections.abc, itertools as tools
from . import data
from .data import TEXTS, ALIAS as renamed
from .classes import *
from pkg import functions as functions_module
try:
    import no_such_module_anywhere
except ImportError:
    no_such_module_anywhere = None
try:
    from itertools import no_such_name
except ImportError:
    def no_such_name():
        return "made here"
import sys as _sys
del _sys
where = paths.join
"#;

#[test]
fn rehydrated_modules_are_as_executed_ones() {
    let tree = Tree::new(&[
        ("pkg/__init__.py", "\"\"\"A package.\"\"\"\nfrom pkg.data import TABLE\nfrom pkg import imports\n"),
        ("pkg/data.py", DATA),
        ("pkg/functions.py", FUNCTIONS),
        ("pkg/classes.py", CLASSES),
        ("pkg/imports.py", IMPORTS),
    ]);
    for python in pythons() {
        let summary = tree.build(python, 0);
        let version = &python.target.version;
        assert_eq!(summary.code, [], "{version}");
        assert_eq!(summary.warnings, [], "{version}");
        let names: Vec<String> = tree.plan.modules.iter().map(|module| module.name.clone()).collect();
        tree.check_verified(python, &names);
    }
}

#[test]
fn neither_repetition_nor_hash_seed_changes_the_bundle() {
    // No class that assigns to `self`: 3.13.0 orders `__static_attributes__` by hash.
    let tree = Tree::new(&[("data.py", DATA), ("pkg/__init__.py", ""), ("pkg/data.py", DATA), ("f.py", FUNCTIONS)]);
    for python in pythons() {
        let bytes = |seed| {
            tree.build(python, seed);
            std::fs::read(tree.bundle()).expect("a bundle")
        };
        let first = bytes(0);
        assert!(first == bytes(0), "{}: repeated", python.target.version);
        assert!(first == bytes(12345), "{}: other seed", python.target.version);
    }
}
