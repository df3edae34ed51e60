"""Makes a mutant of a module: puts an effect behind an implicit call of its top level."""

from __future__ import annotations

import ast
import random
import re

# `E` stands for the effects module, `T` for an object of its `Trap`.
EXPRESSIONS = """
T + 1|1 + T|T - 1|2 * T|T / 2|T // 2|T % 2|T ** 2|T @ T|T << 1|T >> 1|T & 1|0 or T.x|1 | T|T ^ 1
-T|+T|~T|not T|T == 1|1 == T|T != 1|T < 1|1 < T|T <= 1|T > 1|T >= 1|0 < 1 < T|1 in T|1 not in T|T in [1]
[T] == [1]|{'k': T} == {'k': 1}|(T, 1) < (1, 1)
T and 1|T or 1|1 if T else 2|bool(T)|[1 for _ in [1] if T]
T[0]|T[1:2]|T.attribute|T()|E.Lazy().value|E.Described.field|E.Described().field|E.dynamic|E.Missing()['k']|E.Generic[int]
getattr(T, 'x')|hasattr(T, 'x')|getattr(E.Lazy(), 'value', 1)|vars(E)['fire']()
[*T]|(*T,)|{*T}|{**E.Mapping()}|[x for x in T]|{x for x in T}|{x: 1 for x in T}|list(x for x in T)|(lambda *a: a)(*T)
(lambda **k: k)(**E.Mapping())
f'{T}'|f'{T!r}'|f'{T:>3}'|f'{1:{T.width}}'|'%s' % T|'%r' % (T,)|'{}'.format(T)|str(T)|repr(T)|str([T])|format(T, '')
{T: 1}|{T}|{}.get(T)|hash(T)|T in {}|{1: 2}.get(T)
list(T)|tuple(T)|set(T)|dict(E.Mapping())|sorted(T)|sorted([2, 1], key=E.fire)|sorted([T, T])|min(T, T)|max([1, 2], key=E.pass_through)
sum([1], T)|any([T])|all(E.texts())|','.join(E.texts())|list(map(E.fire, [1]))|list(filter(E.pass_through, [1]))|list(zip(T))
dict(enumerate(T))|len(T)|iter(T)|next(T)|list(reversed(T))|range(T)|[1, 2][T]|'ab'[T]|'ab' * T|int(T)|float(T)|abs(T)|round(T)|divmod(T, 2)|bytes(T)
isinstance(1, E.Asked)|issubclass(int, E.Asked)|type('L', (E.Hooked,), {})|type('L', (), {'x': E.Named()})|E.Made()|E.Allocated()
(lambda x=E.fire(): x)|(lambda: E.fire())()|[E.fire() for _ in [1]]|(y := E.pass_through(1))|E.pass_through(1)|eval('E.fire()')
next(iter(lambda: E.fire(), None), 0)|list(E.texts())|E.fire.__call__()|[E.fire][0]()|{'f': E.fire}['f']()|type(T).__add__(T, 1)
"""
STATEMENTS = [
    "with T:\n    pass", "for _lyo in T:\n    break", "_lyo, _lyo2 = T", "_lyo, *_lyo2 = T", "_lyo = T\n_lyo += 1",
    "T[0] = 1", "del T[0]", "T.x = 1", "del T.x", "E.Described().field = 1", "E.log += [1] if not E.fire() else []",
    "class _Lyo(E.Hooked):\n    pass", "class _Lyo(metaclass=E.Meta):\n    pass", "class _Lyo(metaclass=E.Prepared):\n    pass",
    "class _Lyo:\n    field = E.Named()", "class _Lyo(E.Entries()):\n    pass", "class _Lyo:\n    E.fire()",
    "class _Lyo:\n    class Inner(E.Hooked):\n        pass", "class _Lyo:\n    @E.decorate\n    def f(self):\n        pass",
    "class _Base:\n    def __init_subclass__(cls):\n        E.fire()\nclass _Lyo(_Base):\n    pass",
    "class _Meta(E.Meta):\n    pass\nclass _Lyo(metaclass=_Meta):\n    pass",
    "class _Lyo(E.Made):\n    pass\n_Lyo()", "@E.decorate\ndef _lyo():\n    pass", "@E.decorate\nclass _Lyo:\n    pass",
    "@T.register\ndef _lyo():\n    pass", "def _lyo(x=E.fire()):\n    pass", "def _lyo(*, x=E.fire()):\n    pass",
    "ANNOTATION def _lyo(x: E.fire()):\n    pass", "ANNOTATION def _lyo() -> T[int]:\n    pass", "ANNOTATION _lyo: E.fire() = 1",
    "ANNOTATION class _Lyo:\n    x: E.fire()", "assert T", "assert not E.fire(), E.fire()",
    "try:\n    raise E.Failure\nexcept E.Failure:\n    pass", "try:\n    {}[1]\nexcept KeyError:\n    E.fire()",
    "try:\n    pass\nfinally:\n    E.fire()", "match T:\n    case 2:\n        pass\n    case _:\n        pass",
    "match 1:\n    case E.Asked():\n        pass", "if T:\n    pass", "while T:\n    break", "_lyo = E.Finalised()\ndel _lyo",
    "_lyo = E.Finalised()\n_lyo = None", "E.Finalised()", "EXPORT dynamic", "for _lyo in [T]:\n    _lyo + 1",
    "def _lyo(x):\n    return x + 1\n_lyo(T)", "def _lyo(x, n):\n    return _lyo(x, n - 1) if n else -x\n_lyo(T, 3)",
    "_lyo = {}\n_lyo[T] = 1", "_lyo = [T, T]\n_lyo.sort()", "_lyo = [1]\n_lyo.extend(T)", "_lyo = {}\n_lyo.update(E.Mapping())",
    "_lyo = [1]\n_lyo[T] = 2", "print(end='') if T else None", "_lyo = [T]\n_lyo.remove(1)", "_lyo = [T]\n_lyo.index(1)",
    "global _lyo\n_lyo = E.pass_through(1)",
]


def templates() -> list[str]:
    expressions = [e.strip() for line in EXPRESSIONS.strip().split("\n") for e in split_line(line)]
    return [f"_lyo = {e}" for e in expressions] + STATEMENTS


def split_line(line: str) -> list[str]:
    """Templates are separated by `|`; the one that means the operator has spaces around it."""
    parts, rest = [], line.replace(" | ", "\0")
    for part in rest.split("|"):
        parts.append(part.replace("\0", " | "))
    return parts


def indent(text: str, by: int) -> str:
    return "\n".join(" " * by + line if line else line for line in text.split("\n"))


def absolute_imports(source: str, name: str, is_package: bool) -> str:
    """The same source with its relative imports spelled out, so that it can lie elsewhere."""
    package = name.split(".") if is_package else name.split(".")[:-1]
    edits = []
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.ImportFrom) and node.level:
            base = package[: len(package) - node.level + 1]
            module = ".".join(base + ([node.module] if node.module else []))
            names = ", ".join(a.name + (f" as {a.asname}" if a.asname else "") for a in node.names)
            edits.append((node, f"from {module} import {names}"))
    lines = source.split("\n")
    for node, text in sorted(edits, key=lambda e: -e[0].lineno):
        first, last = node.lineno - 1, node.end_lineno - 1
        before = lines[first].encode()[: node.col_offset].decode()
        after = lines[last].encode()[node.end_col_offset :].decode()
        lines[first : last + 1] = [before + text + after] + [""] * (last - first)
    return "\n".join(lines)


def first_place(tree: ast.Module) -> int:
    """Index of the first statement that something may be put before."""
    for index, statement in enumerate(tree.body):
        is_docstring = index == 0 and isinstance(statement, ast.Expr)
        if not is_docstring and not (isinstance(statement, ast.ImportFrom) and statement.module == "__future__"):
            return index
    return len(tree.body)


def with_trap(source: str, effects: str) -> str:
    """The source with the effects module imported, and a trap made, before anything else."""
    tree = ast.parse(source)
    lines = source.split("\n")
    index = first_place(tree)
    if index < len(tree.body):
        statement = tree.body[index]
        line = min([statement.lineno] + [d.lineno for d in getattr(statement, "decorator_list", [])])
    else:
        line = len(lines)
    lines[line - 1 : line - 1] = [f"import {effects} as _lyo_effects", "_lyo_trap = _lyo_effects.Trap()"]
    return "\n".join(lines)


class Injection:
    """One way to put the effect into one module, which has its trap already."""

    def __init__(self, source: str, effects: str, choice: random.Random):
        self.lines = source.split("\n")
        self.tree = ast.parse(source)
        self.effects = effects
        self.choice = choice
        self.start = 1 + max(
            i for i, s in enumerate(self.tree.body)
            if isinstance(s, ast.Assign) and getattr(s.targets[0], "id", "") == "_lyo_trap"
        )
        self.future = any(
            isinstance(s, ast.ImportFrom) and s.module == "__future__" and s.names[0].name == "annotations"
            for s in self.tree.body
        )

    def body(self) -> str:
        while True:
            text = self.choice.choice(templates())
            if not (text.startswith("ANNOTATION") and self.future):
                break
        if text == "EXPORT dynamic":
            return f"from {self.effects} import dynamic as _lyo"
        return re.sub(r"\bT\b", "_lyo_trap", re.sub(r"\bE\b", "_lyo_effects", text.removeprefix("ANNOTATION ")))

    def starts_line(self, statement: ast.stmt) -> int | None:
        """The line before which a statement can be put, or none where it shares its line."""
        line = min([statement.lineno] + [d.lineno for d in getattr(statement, "decorator_list", [])])
        text = self.lines[line - 1]
        return line if not text[: statement.col_offset].strip() else None

    def insert(self, statements: list[ast.stmt], start: int, text: str) -> str | None:
        places = [s for s in statements[start:] if self.starts_line(s) is not None]
        if not places:
            return "\n".join(self.lines) + "\n" + text + "\n" if statements is self.tree.body else None
        at = self.choice.choice(places)
        lines = list(self.lines)
        lines.insert(self.starts_line(at) - 1, indent(text, at.col_offset))
        return "\n".join(lines)

    def at_module_level(self) -> str | None:
        return self.insert(self.tree.body, self.start, self.body())

    def in_class_body(self) -> str | None:
        classes = [s for s in self.tree.body if isinstance(s, ast.ClassDef)]
        if not classes:
            return None
        target = self.choice.choice(classes)
        start = 1 if isinstance(target.body[0], ast.Expr) else 0
        text = self.body()
        return None if "global" in text else self.insert(target.body, start, text)

    def in_called_function(self) -> str | None:
        text = self.body()
        function = "def _lyo_call():\n" + indent(text, 4) + "\n_lyo_call()"
        return self.insert(self.tree.body, self.start, function)

    def in_branch(self) -> str | None:
        wrapper = self.choice.choice([
            "if 1 < 2:\n{}", "try:\n{}\nfinally:\n    pass", "for _lyo_once in range(1):\n{}",
            "while True:\n{}\n    break", "if []:\n    pass\nelse:\n{}",
        ])
        text = self.body()
        return self.insert(self.tree.body, self.start, wrapper.format(indent(text, 4)))

    def decorate(self) -> str | None:
        """Decorates a function, method or class that is there."""
        defs = [s for s in self.tree.body if isinstance(s, (ast.FunctionDef, ast.ClassDef))]
        defs += [m for c in defs if isinstance(c, ast.ClassDef) for m in c.body if isinstance(m, ast.FunctionDef)]
        defs = [d for d in defs if self.starts_line(d) is not None]
        if not defs:
            return None
        target = self.choice.choice(defs)
        lines = list(self.lines)
        lines.insert(self.starts_line(target) - 1, " " * target.col_offset + "@_lyo_effects.decorate")
        return "\n".join(lines)

    def wrap_value(self) -> str | None:
        """Sends the value of an assignment that is there through a function with an effect."""
        values = [s.value for s in self.tree.body if isinstance(s, ast.Assign) and s.value.lineno == s.value.end_lineno]
        if not values:
            return None
        value = self.choice.choice(values)
        line = self.lines[value.lineno - 1].encode()
        start, end = value.col_offset, value.end_col_offset
        inner = line[start:end].decode()
        wrapped = f"_lyo_effects.pass_through(({inner}))"
        lines = list(self.lines)
        lines[value.lineno - 1] = line[:start].decode() + wrapped + line[end:].decode()
        return "\n".join(lines)


def mutate(source: str, effects: str, choice: random.Random) -> tuple[str, str] | None:
    """A mutant and the name of what was done; none where no try gave a program."""
    ways = ["at_module_level", "at_module_level", "in_class_body", "in_called_function", "in_branch", "decorate", "wrap_value"]
    source = with_trap(source, effects)
    for _ in range(20):
        way = choice.choice(ways)
        mutant = getattr(Injection(source, effects, choice), way)()
        if mutant is None:
            continue
        try:
            compile(mutant, "mutant", "exec", dont_inherit=True)
        except SyntaxError:
            continue
        return mutant, way
    return None
