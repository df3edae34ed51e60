"""A module's source as its syntax tree shows it, and its code with segments within `if -MARKER:`."""

import sys

from lyo_harvest import record
from lyo_harvest.record import syntax_tree

MARKER = "lyo: is the next segment to be executed?"

# Assignments of a name to one of these change no object that exists.
PLAIN_VALUES = frozenset(("Constant", "Name", "Lambda", "JoinedStr"))


# The type of all nodes of syntax trees.
AST = type(syntax_tree("", "")).__mro__[-2]


def is_marker(constant):
    return type(constant) is str and constant == MARKER


def length_of_prologue(body):
    """The docstring and `from __future__` imports, which must stand at the beginning."""
    length = 0
    if body and type(body[0]).__name__ == "Expr" and type(getattr(body[0].value, "value", None)) is str:
        length = 1
    while (
        length < len(body) and type(body[length]).__name__ == "ImportFrom"
        and body[length].module == "__future__" and not body[length].level
    ):
        length += 1
    return length


def imports_among(statements):
    """The import statements among these and within them, but those of functions and classes."""
    found, pending = [], list(statements)
    while pending:
        node = pending.pop()
        kind = type(node).__name__
        if kind in ("Import", "ImportFrom"):
            found.append(node)
        elif kind not in ("FunctionDef", "AsyncFunctionDef", "ClassDef", "Lambda"):
            pending.extend(children(node))
    return found


def wrapped(tree, path, ranges, is_hollow=False):
    """The syntax tree with each range of statements within `if -MARKER:`; in a hollow one within `if 0:`, of which nothing
    remains. (They stand there because how functions call `name.attribute()` depends on whether the module imports the name.)
    """
    body, place = [], 0
    for start, end in ranges:
        body.extend(tree.body[place:start])
        guard = syntax_tree("if 0: pass" if is_hollow else f"if -{MARKER!r}: pass", path).body[0]
        first = tree.body[start]
        begin = end_of_guard = record.start_of(first)
        if import_operations(first):  # a traceback shows it as the statement
            end_of_guard = first.end_lineno, first.end_col_offset
        for node in (guard, *nodes(guard.test)):
            node.lineno, node.col_offset = begin
            node.end_lineno, node.end_col_offset = end_of_guard
        guard.body = tree.body[start:end]
        if is_hollow and sys.version_info < (3, 12):  # of the others the constants would remain
            guard.body = imports_among(guard.body) or syntax_tree("pass", path).body
        body.append(guard)
        place = end
    body.extend(tree.body[place:])
    return type(tree)(body, tree.type_ignores)


def compiled(tree, path, ranges, is_hollow=False):
    return compile(wrapped(tree, path, ranges, is_hollow), path, "exec", dont_inherit=True)


def compiled_steps(tree, path):
    """(how many statements there are, how many of them the prologue has, names that are declared to be global, the code
    with each of the others within a step)"""
    body = tree.body
    first = length_of_prologue(body)
    code = compiled(tree, path, [(at, at + 1) for at in range(first, len(body))])
    return len(body), first, tuple(sorted(global_names(tree))), code


def is_plain(node):
    """Whether the statement's form shows that it changes no object that exists: it only makes and binds."""
    kind = type(node).__name__
    if kind in ("FunctionDef", "AsyncFunctionDef"):
        defaults = [*node.args.defaults, *[value for value in node.args.kw_defaults if value is not None]]
        return not node.decorator_list and all(type(value).__name__ in PLAIN_VALUES for value in defaults)
    if kind == "Assign":
        return type(node.value).__name__ in PLAIN_VALUES and all(
            type(target).__name__ == "Name" for target in node.targets
        )
    return kind == "Pass"


def nodes(tree):
    """All nodes of a syntax tree."""
    pending = [tree]
    while pending:
        node = pending.pop()
        yield node
        pending.extend(children(node))


def collect_names(tree, found):
    found.update(node.id for node in nodes(tree) if type(node).__name__ == "Name")


def children(node):
    found = []
    for child in node.__dict__.values():
        if isinstance(child, AST):
            found.append(child)
        elif type(child) is list:
            found.extend([item for item in child if isinstance(item, AST)])
    return found


def subscriptions(node):
    """The subscriptions that executing the statement may evaluate: {what they look like: the node of what is subscribed}."""
    found, pending = {}, [node]
    while pending:
        node = pending.pop()
        kind = type(node).__name__
        if kind == "Subscript":
            found[shape(node)] = node.value
        if kind in ("FunctionDef", "AsyncFunctionDef"):
            pending.extend([node.args, *node.decorator_list, *([node.returns] if node.returns else [])])
        elif kind == "Lambda":
            pending.append(node.args)
        else:
            pending.extend(children(node))
    return found


def shape(node):
    """Equal for expressions that are written alike."""
    if isinstance(node, list):
        return tuple([shape(item) for item in node])
    if hasattr(node, "_fields"):
        return (type(node).__name__, *[shape(getattr(node, field, None)) for field in node._fields])
    return (type(node).__name__, node)


def import_operations(node):
    """A plain import statement as operations, without their last part; none where it has to be executed."""
    kind = type(node).__name__
    if kind == "Import":
        return [
            ("import", node.lineno, 0, alias.name,
             ("leaf", alias.asname) if alias.asname else ("top", alias.name.partition(".")[0]))
            for alias in node.names
        ]
    if kind == "ImportFrom" and node.names[0].name == "*":
        return [("import", node.lineno, node.level, node.module or "", ("star",))]
    if kind == "ImportFrom":
        pairs = tuple([(alias.name, alias.asname or alias.name) for alias in node.names])
        return [("import", node.lineno, node.level, node.module or "", ("names", pairs))]
    return []


def bound_names(operation):
    """The names that an import binds; None: a star import does not say."""
    kind, *what = operation[4]
    if kind == "star":
        return None
    return {bound for _, bound in what[0]} if kind == "names" else set(what)


def global_names(tree):
    """Names that functions and classes of the module declare to be global."""
    return {name for node in nodes(tree) if type(node).__name__ == "Global" for name in node.names}


def deleted_names(tree):
    """Names that a `del` of the module mentions, at whatever place: it finds them in the namespace."""
    found = set()
    for node in nodes(tree):
        if type(node).__name__ == "Delete":
            collect_names(node, found)
    return found
