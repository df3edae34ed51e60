"""In which order, and how, a set was filled: that decides how it iterates.

The order of iteration depends on hashes, which differ between processes for strings; a set made
anew iterates as the executed one only if it is filled in the same way. The ways looked for are
those that source text shows: a display of constants, or a constant sequence handed to `set`.
"""

import marshal

from lyo_harvest.foreign import MISSING, FunctionType, is_a, raw
from lyo_harvest.record import Unsupported
from lyo_harvest.source import nodes

CodeType = type((lambda: None).__code__)

# Hashes that are the same in every process.
FIXED_HASHES = (int.__hash__, float.__hash__, complex.__hash__)


def has_fixed_hash(item):
    kind = type(item)
    if kind is tuple:
        return all(has_fixed_hash(part) for part in item)
    return kind.__hash__ in FIXED_HASHES


def displays_in(tree):
    """The items of the displays in the source, `{"a", B}` and `["a", B]`, the first one last."""
    found = [node.elts for node in nodes(tree) if type(node).__name__ in ("Set", "List", "Tuple") and len(node.elts) > 1]
    return found[::-1]


def shown(walker):
    """The displays of constants and names, as further sequences."""
    if walker.displays is None:
        walker.displays = displays_in(walker.tree)
    for items in walker.displays:
        values = [value_of(item, walker.namespace) for item in items]
        if MISSING not in values:
            yield values


def unmarshalled_order(value):
    """The order in which `marshal` filled a constant frozenset when it loaded it.

    It writes members sorted by what they are marshalled to (`w_complex_object` in `marshal.c`), in which a
    bit tells whether something else refers to the member.
    """
    present = list(value)
    if len(present) <= 1:
        return present
    for first in (lambda byte: byte & 0x7F, lambda byte: byte | 0x80, lambda byte: byte):
        key = lambda dumped: bytes((first(dumped[0]),)) + dumped[1:]
        ordered = sorted(present, key=lambda item: key(marshal.dumps(item)))
        if fills(ordered, present):
            return ordered
    raise Unsupported("the order in which a constant set was filled is not known")


def value_of(item, namespace):
    """What an item of a display is, where the source shows it; only text is taken from names."""
    kind = type(item).__name__
    if kind == "Constant":
        return item.value
    value = namespace.get(item.id, MISSING) if kind == "Name" else MISSING
    return value if type(value) is str else MISSING


def describe(walker, value):
    mutable = is_a(value, set)
    tag = "set" if mutable else "frozenset"
    present = list(value)
    if len(present) <= 1:
        return (tag, tuple([walker.node(item) for item in present]))
    if all(by_address(item) or type(item) is CodeType for item in present):
        present.sort(key=lambda item: (*place_of(item), walker.memo.get(id(item), (0,))[0]))
        # Differs from process to process whatever the program does.
        return (tag, tuple([walker.node(item) for item in present]))
    for sequence in walker.constant_sequences:
        if type(sequence) is frozenset and same_members(sequence, present):
            if mutable and list(set(sequence)) == present:
                return ("set-copy", walker.node(sequence))
            if not mutable and list(frozenset(set(sequence))) == present:
                return ("frozenset-copy", walker.add(("set-copy", walker.node(sequence))))
    for is_copy, items in fillings(walker, value):
        items = [member(present, item) for item in items if item in present]
        made = filled(items)
        if list(type(value)(made) if is_copy else made) == present:
            nodes = tuple([walker.node(item) for item in items])
            return (f"{tag}-copy", walker.add(("set", nodes))) if is_copy else (tag, nodes)
    for sequence in candidates(walker, value, present):
        if len(sequence) >= len(present) and same_members(sequence, present) and fills(sequence, present):
            return (tag, tuple([walker.node(member(present, item)) for item in unique(sequence)]))
    united = union(walker, value, present)
    if united is not None:
        return united
    if all(has_fixed_hash(item) for item in present):
        found = fixed(walker, value, present, tag)
        if found is not None:
            return found
    raise Unsupported("the order in which a set was filled is not known")


def fillings(walker, value):
    """How the analysis has seen the set being filled, where it lies under one of the paths that the analysis knows."""
    for (name, *attributes), is_copy, items in walker.fillings:
        found = walker.namespace.get(name)
        for attribute in attributes:
            found = raw(found, attribute)
        if found is value:
            yield is_copy, items


def union(walker, value, present):
    """The node of a set that an assignment at top level unites from others, as `NAME = OTHER | {"a"}`: united again."""
    for statement in walker.tree.body:
        if type(statement).__name__ != "Assign" or type(statement.value).__name__ != "BinOp":
            continue
        names = [target.id for target in statement.targets if type(target).__name__ == "Name"]
        if any(walker.namespace.get(name) is value for name in names):
            made = united(walker, statement.value, present)
            return walker.nodes[made[0]] if made is not None and list(made[1]) == present else None
    return None


def united(walker, node, present):
    """(node, value) of an expression of sets that never change; None where it is something else. `present`: the members
    of the whole."""
    kind = type(node).__name__
    if kind == "Name":
        value = walker.namespace.get(node.id)
        return (walker.node(value), value) if type(value) is frozenset else None
    if kind == "Set" and all(type(item).__name__ == "Constant" for item in node.elts):
        items = unique([item.value for item in node.elts])
        if not all(item in present for item in items):
            return None
        items = [member(present, item) for item in items]
        return (walker.add(("set", tuple([walker.node(item) for item in items]))), filled(items))
    if kind != "BinOp" or type(node.op).__name__ != "BitOr":
        return None
    left, right = united(walker, node.left, present), united(walker, node.right, present)
    if left is None or right is None:
        return None
    unite = walker.add(("external", "builtins", (type(left[1]).__name__, "__or__")))
    return (walker.construct(unite, left[0], right[0]), left[1] | right[1])


def fixed(walker, value, present, tag):
    """Members hash alike in every process: what gives this order and size of table here gives it everywhere."""
    kind = set if tag == "set" else frozenset
    added = filled(present)
    one_by_one = added if kind is set else frozenset(present)
    for made, is_copy in ((one_by_one, False), (kind(added), True)):
        if list(made) == present and made.__sizeof__() == value.__sizeof__():
            items = tuple([walker.node(item) for item in present])
            return (f"{tag}-copy", walker.add(("set", items))) if is_copy else (tag, items)
    return None


def candidates(walker, value, present):
    for sequence in walker.constant_sequences:
        if type(sequence) is tuple:
            yield sequence
    yield from shown(walker)
    if all(type(item) is str for item in present):
        for sequence in walker.constant_sequences:
            if type(sequence) is str:
                yield sequence
                yield sequence.split()


def same_members(sequence, present):
    """Whether `sequence` has exactly these members, of the same types."""
    try:
        members = {(type(item), item) for item in sequence}
    except TypeError:
        return False
    return len(members) == len(present) and all((type(item), item) in members for item in present)


def unique(sequence):
    """The items that a set filled from `sequence` keeps, in order."""
    try:
        return list(dict.fromkeys(sequence))
    except TypeError:
        return list(sequence)


def filled(sequence):
    """A set to which the items were added one by one."""
    made = set()
    for item in sequence:
        made.add(item)
    return made


def fills(sequence, present):
    try:
        made = filled(sequence)
    except TypeError:
        return False
    return len(made) == len(present) and all(left is right or left == right for left, right in zip(made, present))


def member(present, item):
    return next(value for value in present if value == item)


def place_of(item):
    """Puts what hashes by its address into an order that is the same in every build, if it has a place in the source."""
    kind = type(item)
    if kind is FunctionType:
        item = item.__code__
    if type(item) is CodeType:
        return (item.co_filename, item.co_firstlineno, item.co_qualname)
    if is_a(item, type):
        return (str(item.__dict__.get("__module__")), 0, type.__dict__["__qualname__"].__get__(item))
    return ("", 0, type.__dict__["__qualname__"].__get__(kind))


def by_address(item):
    kind = type(item)
    return (is_a(item, type) and type(item).__hash__ is type.__hash__) or kind.__hash__ is object.__hash__
