"""Random programs that change another module in every way that order can be seen in.

All that they hand out is plain data, so that what is declared can be carried out from the report alone.
"""

from __future__ import annotations

import random
import re

REGISTRY = '''
items = []
table = {}
names = set()
level = 0

class Config:
    value = 0
    seen = []

class Holder:
    __slots__ = ("slot", "__dict__")

    def __init__(self):
        self.slot = 0
        self.rows = {}

holder = Holder()

def note(what):
    items.append(what)
    return what

def hear(what):
    items.append(("hear", what))
    return False

def bump():
    global level
    level += 1
    return level

class Plugin:
    found = {}

    def __init_subclass__(cls, **keywords):
        for name, value in keywords.items():
            items.append((cls.__name__, name, value))
        Plugin.found[cls.__name__] = len(keywords)

class Meta(type):
    @classmethod
    def __prepare__(metaclass, name, bases, **keywords):
        items.append(("prepare", name))
        return {}

    def __new__(metaclass, name, bases, namespace, **keywords):
        items.append(("new", name, tuple(namespace)[2:3]))
        return super().__new__(metaclass, name, bases, namespace)

    def __init__(cls, name, bases, namespace, **keywords):
        items.append(("init", name))
        super().__init__(name, bases, namespace)

    def __call__(cls, *arguments):
        items.append(("call", arguments))
        return super().__call__(*arguments)

class Field:
    def __init__(self, label):
        self.label = label

    def __set_name__(self, owner, name):
        items.append((owner.__name__, name, self.label))

    def __get__(self, instance, owner=None):
        items.append(("get", self.label))
        return self.label

    def __set__(self, instance, value):
        items.append(("set", self.label, value))

class Loud:
    """Notes every operation on it."""

    def __init__(self, tag):
        self.tag = tag

    def _note(self, what, result):
        items.append((self.tag, what))
        return result

    def __bool__(self): return self._note("bool", True)
    def __len__(self): return self._note("len", 2)
    def __iter__(self): return iter(self._note("iter", (1, 2)))
    def __contains__(self, item): return self._note("contains", item == 1)
    def __getitem__(self, key): return self._note(("getitem", key if key.__class__ is int else 0), 3)
    def __setitem__(self, key, value): self._note(("setitem", key, value), None)
    def __delitem__(self, key): self._note(("delitem", key), None)
    def __add__(self, other): return self._note("add", self)
    def __radd__(self, other): return self._note("radd", self)
    def __iadd__(self, other): return self._note("iadd", self)
    def __neg__(self): return self._note("neg", self)
    def __eq__(self, other): return self._note("eq", True)
    def __lt__(self, other): return self._note("lt", True)
    def __hash__(self): return self._note("hash", 1)
    def __call__(self, *arguments): return self._note("call", self)
    def __enter__(self): return self._note("enter", self)
    def __exit__(self, *error): return self._note("exit", True)
    def __index__(self): return self._note("index", 1)
    def __str__(self): return self._note("str", "loud")
    def __format__(self, spec): return self._note(("format", spec), "loud")
    def __getattr__(self, name): return self._note(("getattr", name), 4)
'''


# `@E`: an expression with an effect; `@S`: a short one; `@L`: a new `Loud`; `@D`: data; `@N`: this one's number.
EXPRESSIONS = """
note(@N)|note(@D)|bump()|list(map(note, [@E, @N]))|[note(i) for i in (@E, @N)]|(@E and @S)|(@E or @S)
(@S if @E else @E)|{note('k'): @E, 'l': @S}|(@S < @S < @S)|sum(map(note, [1, @N]))|max([3, @N], key=note)
sorted([2, 1, @N], key=note)|any(map(note, [0, @N, 2]))|all(map(note, [1, 0, @N]))|(@N in map(note, [1, @N, 3]))
next(map(note, [@N, 2]))|list(zip(map(note, [1, 2]), map(note, [@N])))|tuple(filter(note, [0, @N]))
dict.fromkeys([@S, @N], @S)|set(map(note, [1, @N]))|','.join(map(str, [@S, @N]))
f'{@S} {@L!s} {@L:>{@S}}'|(lambda x=@E, *, y=@S: x)(@S)|@L[@S]|@L[@S:@S]|(@L + @S)|(@S + @L)|-@L|(not @L)|len(@L)
[*@L, @E]|(1 in @L)|@L(@E, *[@S])|@L.missing|getattr(@L, 'other', @S)|{@L: @S}[@L]|[5, 6, 7][@L]|(@S, @E)[0]
list(note(x) for x in @L if note(x))|hear(@E)|str(@L)|(y := @E)|isinstance(@E, note(@N).__class__)
list(enumerate(map(note, [@N]), 1))|dict([(@S, @E)])|list(reversed([@E, @S]))|min(@S, @S, key=note)|bool(@L)
{**{'a': @E}, 'b': @S}|(None if @L else @E)|dict(a=@E, **{'b': @S})|(@L == @S)|(@L < @L)|set([@L, @L])
next(iter(@L))|slice(@S, @E).start|(@E, *[@S, @E])[-1]|'%s' % @L|'{} {}'.format(@S, @L)|[x for y in (@S, @S) for x in (note(y),)]
""".strip().replace("\n", "|").split("|")

SIMPLE = """
x@N = @E|registry.table[@D] = @D|items.append(@D)|items.extend([@D, @D])|items.insert(@I, @D)|registry.names.add(@D)
registry.level = @N|registry.extra@M = @D|registry.Config.value = @D|registry.Config.new@M = @D
registry.Config.seen.append(@D)|registry.holder.slot = @D|registry.holder.free@M = @D|registry.holder.rows[@D] = @D
registry.note.label = @D|setattr(registry.Config, 'set@M', @D)|vars(registry.holder)['v@M'] = @D
registry.table.update(a=@D, b=@D)|a@N, *b@N = @E, @E, @E|@L[@E] = @E|del @L[@E]|y@N = @L; y@N += @E|assert @E or True
registry.items += [@D, @D]|x@N = registry.Config.value|x@N: note(@N) = @E|registry.names.update([@D])
registry.table |= {@D: 1}|x@N = registry.table.get(@D)|x@N = @L; del x@N|registry.items[-1:] = [@D]
""".strip().replace("\n", "|").split("|")

# A line that is `@B` alone is a block of statements.
COMPOUND = [
    "for i in (@E, @E):\n@B", "if @E:\n@B\nelse:\n@B", "with @L as z, @L:\n@B",
    "try:\n@B\n    raise ValueError(@E)\nexcept (ValueError, type(note(@N)) if note(0) else KeyError):\n@B\nfinally:\n@B",
    "def f@N(a=@E, *, b=@E):\n@B\nf@N(@E)", "class C@N(registry.Plugin, x=@E, y=@D):\n@B",
    "class C@N(metaclass=registry.Meta):\n    first = registry.Field(@D)\n@B\n    last = registry.Field(@N)\n"
    "C@N().first\nC@N().last = @D",
    "match @E:\n    case 1 | 'a' if @E:\n        @E\n    case _:\n        @E",
    "def g@N():\n    yield @E\n    yield @E\nfor i in g@N():\n@B",
    "i@N = 0\nwhile note(i@N) < 2:\n    i@N += 1\nelse:\n@B",
]


class Writer:
    """Writes one program."""

    def __init__(self, seed: str):
        self.random = random.Random(seed)
        self.count = 0

    def filled(self, template: str, depth: int) -> str:
        self.count += 1
        number = str(self.count)

        def fill(match):
            mark = match[0][1]
            if mark == "E":
                return self.filled(self.random.choice(EXPRESSIONS), depth + 1) if depth < 3 else f"note({number})"
            if mark == "S":
                return f"note({self.random.randrange(3)})"
            if mark == "L":
                return f"Loud({number})"
            if mark == "D":
                return self.random.choice(("1", "'a'", "(1, 'b')", "None", "2.5", "b'c'", "-3", "True"))
            return {"N": number, "M": str(self.count % 3), "I": str(self.random.randrange(-2, 3))}[mark]

        return re.sub("@[ESLDNMI]", fill, template)

    def statement(self, depth: int = 0) -> list[str]:
        if depth == 3 or self.random.random() > 0.4:
            return [self.filled(self.random.choice(SIMPLE), 1)]
        # Blocks are put in afterwards: their expressions have numbers of their own.
        lines = []
        for line in self.filled(self.random.choice(COMPOUND).replace("@B", "<block>"), 1).split("\n"):
            if line == "<block>":
                lines.extend("    " + inner for inner in self.statement(depth + 1))
            else:
                lines.append(line)
        return lines


def program(seed: str) -> str:
    writer = Writer(seed)
    lines = ["import registry", "from registry import Loud, bump, hear, items, note"]
    for _ in range(writer.random.randrange(1, 5)):
        lines.extend(writer.statement())
    return "\n".join(lines) + "\n"
