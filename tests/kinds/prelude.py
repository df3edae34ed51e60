"""What the kinds of objects are made of: the beginning of each program."""

import types, functools, enum, collections, dataclasses, typing, abc, operator, itertools, weakref, re, string, copy, inspect, collections.abc
def asked(fn):
    try:
        return fn()
    except Exception as error:
        return type(error).__name__
class A:
    """doc"""
    x: int = 1
    def m(self): pass
    @property
    def p(self): return 1
    @staticmethod
    def s(): pass
    @classmethod
    def k(cls): pass
class B(A):
    __slots__ = ('q',)
class S:
    __slots__ = ('q',)
class D(dict): pass
class I(int): pass
class T(tuple): pass
class L(list): pass
class M(type): pass
class MC(metaclass=M): pass
class AB(abc.ABC):
    @abc.abstractmethod
    def z(self): pass
class E(enum.Enum): X = 1
class IE(enum.IntEnum): X = 1
class Fl(enum.Flag): X = 1
class Ex(ValueError): pass
@dataclasses.dataclass
class DC: a: int = 1
NT = collections.namedtuple('NT', 'a b')
class TNT(typing.NamedTuple): a: int = 1
class TD(typing.TypedDict): a: int
TV = typing.TypeVar('TV')
class G(typing.Generic[TV]): pass
class P(typing.Protocol):
    def m(self): ...
def f(a=1): "d"
async def co(): pass
def ge(): yield
def outer():
    v = 1
    def inner(): return v
    return inner
@functools.lru_cache
def lru(): pass
@functools.wraps(f)
def wr(): pass
gen = ge()
