"""Random programs: deterministic by seed, mostly valid, shared by the generators of the parts.

A program logs the order of its implicit calls in `log`, a list, and catches most of
what its statements raise; its names are what the judge compares.
"""

from __future__ import annotations

import random
import re
from dataclasses import dataclass, field

import grammar

HOLE = re.compile(r"\{\{|\}\}|\{([a-z_]+)\}")
SIMPLE = re.compile(r"[\w.]+|'[^'\\]*'|\[[^\[\]]*\]|\([^()]*\)")

# What stands for a type where nothing more may be nested.
LAST = {
    "list": "[1, 'b', 2]", "tuple": "(1, 'b')", "dict": "{'a': 1, 2: 'b'}", "set": "{3}", "range": "range(3)", "slice": "slice(1, 3)",
    "iterable": "'xyz'", "generator": "(x for x in (1, 2))", "ints": "[3, 1, 2]", "strs": "['b', 'a']", "seq": "'seq'", "key": "'k'",
    "function": "repr", "any": "0", "any_small": "2", "object": "object", "class": "int", "exception": "ValueError",
}
MODULES = ("collections", "contextlib", "copy", "functools", "itertools", "math", "operator", "os", "re", "time", "types")
VALUES = ("int", "bool", "float", "complex", "str", "bytes", "list", "tuple", "dict", "set", "range", "slice", "none", "any", "function")


@dataclass
class Program:
    """What is known while a program is being written."""

    random: random.Random
    pure: bool
    lines: list[str] = field(default_factory=list)
    # Names in scope: (name, type).
    names: list[tuple[str, str]] = field(default_factory=list)
    classes: list[str] = field(default_factory=list)
    functions: list[str] = field(default_factory=list)
    count: int = 0

    def fresh(self, prefix: str = "v") -> str:
        self.count += 1
        return f"{prefix}{self.count}"

    def chance(self, share: float) -> bool:
        return self.random.random() < share

    def one_of(self, items):
        return items[self.random.randrange(len(items))]

    def name_of(self, kind: str) -> str | None:
        names = [name for name, its in self.names if its == kind or kind == "any"]
        return self.one_of(names) if names else None

    def expression(self, kind: str, depth: int = 2) -> str:
        """Source text of an expression of this type, more or less."""
        if kind == "spec":
            return self.one_of(grammar.ATOMS["spec"])
        if kind.startswith("var_"):
            return self.name_of(kind[4:]) or self.name_of("any") or "2"
        if kind == "class":
            return self.one_of(self.classes) if self.classes else "int"
        if kind == "object":
            return self.an_object(depth)
        if kind in grammar.RULES and self.chance(0.02):
            kind = self.one_of(VALUES)
        if not self.pure and kind in grammar.IMPURE and self.chance(0.06):
            return self.fill(self.one_of(grammar.IMPURE[kind]), depth - 1)
        if kind == "function" and self.functions and self.chance(0.3):
            return self.one_of(self.functions)
        if kind not in ("small", "index", "nonzero") and self.chance(0.35 if depth > 0 else 0.6):
            name = self.name_of(kind)
            if name:
                return name
        atoms, rules = grammar.ATOMS.get(kind), grammar.RULES.get(kind)
        if depth <= 0 or not rules or (atoms and self.chance(0.25)):
            return self.one_of(atoms) if atoms else LAST[kind]
        return self.fill(self.one_of(rules), depth - 1)

    def an_object(self, depth: int) -> str:
        name = self.name_of("object")
        if name and self.chance(0.7):
            return name
        if not self.classes:
            return self.expression("int", depth)
        arguments = ", ".join(self.expression("any", depth - 1) for _ in range(self.one_of((0, 1, 1, 1, 2))))
        return f"{self.one_of(self.classes)}({arguments})"

    def fill(self, template: str, depth: int) -> str:
        def hole(match: re.Match) -> str:
            if match[1] is None:
                return match[0][0]
            text = self.expression(match[1], depth)
            after = template[match.end() : match.end() + 1]
            if match[1] == "spec" or (SIMPLE.fullmatch(text) and not (after == "." and text[0].isdigit())):
                return text
            return f"({text})"

        return HOLE.sub(hole, template)

    def line(self, indent: int, text: str) -> None:
        self.lines.append("    " * indent + text)

    def bind(self, name: str, kind: str) -> None:
        self.names = [(other, its) for other, its in self.names if other != name]
        self.names.append((name, kind))

    def source(self) -> str:
        body = "\n".join(self.lines) + "\n"
        imports = [name for name in MODULES if re.search(rf"\b{name}\.", body)]
        return "".join(f"import {name}\n" for name in imports) + body


def program(seed: str) -> Program:
    import classes
    import statements

    choice = random.Random(seed)
    made = Program(choice, pure=choice.random() < 0.7)
    made.line(0, "log = []")
    made.bind("log", "any")
    if not made.pure:
        made.line(0, "UNKNOWN = os.environ.get('LYO_GENERATED')")
        made.line(0, "def emit(value):")
        made.line(1, "print(value)")
        made.line(1, "return value")
    for _ in range(choice.randrange(3)):
        if made.chance(0.2):
            classes.descriptor(made)
        else:
            classes.class_statement(made, 0)
    for _ in range(choice.randrange(2)):
        statements.function(made, 0)
    for _ in range(choice.randrange(3, 9)):
        statements.statement(made, 0)
    return made
