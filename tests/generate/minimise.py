"""Makes failing programs smaller, by removing statements and replacing expressions by their parts.

All variants of one step are judged together, for judging many at once is hardly dearer than one.
"""

from __future__ import annotations

import ast
import copy
import warnings
from collections.abc import Callable, Iterator

# Steps, and variants judged in one of them.
STEPS = 40
VARIANTS = 200

COMPOUND = (
    ast.FunctionDef, ast.ClassDef, ast.If, ast.For, ast.While, ast.With, ast.Try, ast.TryStar, ast.ExceptHandler, ast.match_case,
)
Change = tuple[str, int, int]


def minimise(source: str, failing: Callable[[list[str]], list[bool]]) -> str:
    """The smallest program found for which `failing` still holds; it judges a list of sources."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        try:
            best = ast.unparse(ast.parse(source))
        except (SyntaxError, RecursionError):
            return source
        if not failing([best])[0]:
            return source
        for _ in range(STEPS):
            found = step(best, failing)
            if found is None:
                break
            best = found
    return best


def step(best: str, failing) -> str | None:
    tree = ast.parse(best)
    for changes in (list(removals(tree)), list(replacements(tree))):
        # Large runs of statements first; what is left out now has its turn in a later step.
        tried = [(change, text) for change in changes[:VARIANTS] if (text := applied(tree, [change])) and len(text) < len(best)]
        verdicts = failing([text for _, text in tried]) if tried else []
        good = [each for each, fails in zip(tried, verdicts) if fails]
        if not good:
            continue
        good.sort(key=lambda each: len(each[1]))
        # As many of them at once as can be had.
        joined = [text for count in (2, 3, 4, 6, 8, 12, 16, 24, 32, 48, 64, 128) if count < 2 * len(good) if (text := applied(tree, [c for c, _ in good[:count]]))]
        verdicts = failing(joined) if joined else []
        return min([good[0][1], *(text for text, fails in zip(joined, verdicts) if fails)], key=len)
    return None


def bodies(tree: ast.AST) -> list[list]:
    """The lists of statements in a tree, in a fixed order."""
    lists = ((getattr(node, name, None)) for node in ast.walk(tree) for name in ("body", "orelse", "finalbody", "handlers", "cases"))
    return [value for value in lists if isinstance(value, list) and value]


def removals(tree: ast.AST) -> Iterator[Change]:
    """Halves, quarters and single statements of each body, and compound statements replaced by their bodies."""
    found: list[tuple[int, Change]] = []
    for which, body in enumerate(bodies(tree)):
        sizes = sorted({max(len(body) // part, 1) for part in (1, 2, 4, 8)} | {1}, reverse=True)
        for size in sizes:
            for start in range(0, len(body), size):
                if not all(isinstance(node, ast.Pass) for node in body[start : start + size]):
                    found.append((-size, (f"remove {size}", which, start)))
                if size == 1 and isinstance(body[start], (ast.If, ast.For, ast.While, ast.With, ast.Try, ast.TryStar)):
                    found.append((-1, ("unwrap", which, start)))
    return (change for _, change in sorted(found, key=lambda each: each[0]))


def replacements(tree: ast.AST) -> Iterator[Change]:
    """Each expression replaced by a constant or by one of its parts, or left out of its list."""
    for index, (_, _, node) in enumerate(expressions(tree)):
        if not isinstance(node, (ast.Constant, ast.Name)):
            for choice in range(-1, 5):
                yield ("replace", index, choice)


def expressions(tree: ast.AST) -> list[tuple[ast.AST | list, str | int, ast.expr]]:
    found = []
    for parent in ast.walk(tree):
        for name, value in ast.iter_fields(parent):
            if isinstance(value, ast.expr):
                found.append((parent, name, value))
            elif isinstance(value, list):
                found += [(value, position, node) for position, node in enumerate(value) if isinstance(node, ast.expr)]
    return found


def applied(tree: ast.AST, changes: list[Change]) -> str | None:
    """The text with all of these changes; `None` if that is no program."""
    tree = copy.deepcopy(tree)
    all_bodies, all_expressions = bodies(tree), expressions(tree)
    chosen = {(id(body), position): body[position] for body in all_bodies for position in range(len(body))}
    for kind, which, where in changes:
        if kind == "replace":
            holder, place, node = all_expressions[which]
            replace(holder, place, node, where)
            continue
        body = all_bodies[which]
        size = int(kind.split()[1]) if kind != "unwrap" else 1
        nodes = [chosen[id(body), position] for position in range(where, where + size) if (id(body), position) in chosen]
        new = list(nodes[0].body) if kind == "unwrap" and nodes else []
        places = [position for position, node in enumerate(body) if any(node is other for other in nodes)]
        if places:
            body[places[0] : places[-1] + 1] = new
    for node in ast.walk(tree):
        if isinstance(node, COMPOUND) and not node.body:
            node.body = [ast.Pass()]
    try:
        text = ast.unparse(ast.fix_missing_locations(tree))
        compile(text, "variant", "exec")
    except (SyntaxError, ValueError, RecursionError, AttributeError, TypeError):
        return None
    return text


def replace(holder: ast.AST | list, place: str | int, node: ast.expr, choice: int) -> None:
    parts = [part for part in ast.iter_child_nodes(node) if isinstance(part, ast.expr)]
    if choice == -1:
        if isinstance(holder, list) and any(node is other for other in holder):
            holder[:] = [other for other in holder if other is not node]
        return
    options = [ast.Constant(0), *parts]
    if choice >= len(options):
        return
    if isinstance(holder, list):
        holder[:] = [options[choice] if other is node else other for other in holder]
    else:
        setattr(holder, place, options[choice])
