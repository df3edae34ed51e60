"""From the events of a run to the operations that rebuild the namespace.

Between two imports nobody can look into the module, so only the outcome of each such
segment counts: its stores with their last values, in the order of the namespace.
"""

from lyo_harvest.record import DELETE, IMPORT, MODULE_ATTRIBUTES, STORE, Unsupported


class Import:
    __slots__ = ("line", "level", "module", "binding", "statement", "bound", "implicit")

    def copy(self):
        other = Import()
        other.line, other.level, other.module, other.statement = self.line, self.level, self.module, self.statement
        other.bound, other.implicit = [], ()
        return other


class Store:
    __slots__ = ("name", "value", "statement")

    def __init__(self, name, value, statement):
        self.name = name
        self.value = value
        self.statement = statement


class Delete:
    __slots__ = ("name", "statement")

    def __init__(self, name, statement):
        self.name = name
        self.statement = statement


def build(events, namespace):
    """The operations; raises Unsupported where they would not give `namespace` again."""
    operations = pair_imports(events)
    operations = reduce_segments(operations, namespace)
    operations = add_unseen(operations, namespace)
    check(operations, namespace)
    return operations


def pair_imports(events):
    """Joins each import with the stores that bind its names."""
    operations = []
    index = 0
    while index < len(events):
        event = events[index]
        index += 1
        if event.kind == STORE:
            operations.append(Store(event.name, event.value, event.statement))
            continue
        if event.kind == DELETE:
            operations.append(Delete(event.name, event.statement))
            continue
        operation = Import()
        operation.line, operation.level, operation.module = event.line, event.level, event.module
        operation.binding, operation.statement = event.binding, event.statement
        operation.implicit = event.implicit
        operation.bound = []
        kind = event.binding[0]
        if kind in ("nothing", "fails"):
            pass
        elif kind == "star":
            while index < len(events) and events[index].kind == STORE and events[index].node == event.node:
                operation.bound.append((events[index].name, events[index].value))
                index += 1
        else:
            pairs = event.binding[1] if kind == "names" else [(None, event.binding[1])]
            for done, (asked, name) in enumerate(pairs):
                if index >= len(events) or not binds(events[index], name, event.node):
                    if asked is None:
                        raise Unsupported(f"the import of {event.module} on line {event.line} was not completed")
                    # `from m import a, b` where m has no b: a is bound, then ImportError.
                    if done:
                        operation.binding = ("names", pairs[:done])
                        operations.append(operation)
                        operation = operation.copy()
                    operation.binding = ("fails", asked)
                    break
                operation.bound.append((name, events[index].value))
                index += 1
        operations.append(operation)
    return operations


def binds(event, name, statement):
    """Whether the event is a store of `name` by the import statement at these positions."""
    if event.kind != STORE or event.name != name or event.node is None or event.node[0] is None:
        return False
    line, end_line, column, end_column = event.node
    first, last, left, right = statement
    return (first, left) <= (line, column) and (end_line, end_column) <= (last, right)


def reduce_segments(operations, namespace):
    result = []
    present = set()
    segment = []
    for operation in operations:
        if isinstance(operation, Import):
            result.extend(reduce_segment(segment, present, namespace))
            segment = []
            result.append(operation)
            present.update(operation.implicit)
            present.update(name for name, _ in operation.bound)
        else:
            segment.append(operation)
    result.extend(reduce_segment(segment, present, namespace))
    return drop_transient(result, namespace)


def reduce_segment(segment, present, namespace):
    pending = {}  # name -> its Store in `result`
    result = []
    for operation in segment:
        name = operation.name
        if isinstance(operation, Store):
            if name in pending:
                pending[name].value = operation.value
                pending[name].statement = operation.statement
            else:
                pending[name] = operation
                result.append(operation)
        else:
            if name in pending:
                result.remove(pending.pop(name))
            if name in present:
                present.discard(name)
                result.append(operation)
    present.update(pending)
    return result


def drop_transient(operations, namespace):
    """Leaves out stores of names that are deleted later: only an import cycle could see them, and no proven module has one."""
    result = []
    for index, operation in enumerate(operations):
        if isinstance(operation, Store) and operation.name not in namespace:
            continue
        if isinstance(operation, Delete) and operation.name not in namespace:
            if not bound_before(operations, index, operation.name):
                continue
        result.append(operation)
    return result


def bound_before(operations, index, name):
    """Whether the name, where operation `index` deletes it, was bound by an import (its stores are left out)."""
    for operation in reversed(operations[:index]):
        if isinstance(operation, Import):
            if name in operation.implicit or any(bound == name for bound, _ in operation.bound):
                return True
        elif isinstance(operation, Delete) and operation.name == name:
            return False
    return False


def add_unseen(operations, namespace):
    """Adds stores for names that functions bound globally while the top level ran."""
    bound = set()
    for operation in operations:
        bound.update(names_of(operation))
    unseen = [name for name in namespace if name not in bound and name not in MODULE_ATTRIBUTES]
    order = [name for name in namespace if name not in MODULE_ATTRIBUTES]
    result = list(operations)
    last = {}
    for operation in operations:
        if isinstance(operation, Store):
            last[operation.name] = operation.value
        elif isinstance(operation, Import):
            last.update(operation.bound)
    for name, value in last.items():
        # Changed by a function, as `IntEnum._convert_` replaces constants by members.
        if name in namespace and namespace[name] is not value and name not in MODULE_ATTRIBUTES:
            result.append(Store(name, namespace[name], last_statement(result)))
    for name in unseen:
        place = order.index(name)
        if place + 1 == len(order):
            result.append(Store(name, namespace[name], last_statement(result)))
            continue
        following = order[place + 1:]
        at = len(result)
        for index, operation in enumerate(result):
            names = names_of(operation)
            if any(later in names for later in following):
                at = index
                break
        result.insert(at, Store(name, namespace[name], last_statement(result[:at])))
    return result


def last_statement(operations):
    return operations[-1].statement if operations else 0


def names_of(operation):
    if isinstance(operation, Store):
        return (operation.name,)
    if isinstance(operation, Import):
        return [*operation.implicit, *(name for name, _ in operation.bound)]
    return ()


def check(operations, namespace):
    """The operations must give the same names in the same order with the same objects."""
    simulated = {}
    for operation in operations:
        if isinstance(operation, Store):
            simulated[operation.name] = operation.value
        elif isinstance(operation, Delete):
            simulated.pop(operation.name, None)
        else:
            for name in operation.implicit:
                if name in namespace:
                    simulated.setdefault(name, namespace[name])
            simulated.update(operation.bound)
    expected = {name: value for name, value in namespace.items() if name not in MODULE_ATTRIBUTES}
    for name in MODULE_ATTRIBUTES:
        stored = simulated.pop(name, None)
        if stored is not None and stored is not namespace.get(name):
            raise Unsupported(f"the name {name} is bound otherwise than by a statement")
    if list(simulated) != list(expected):
        missing = [name for name in expected if name not in simulated]
        if missing:
            raise Unsupported(f"the name {missing[0]} is bound otherwise than by a statement")
        raise Unsupported("the order of the namespace can't be reproduced")
    for name, value in simulated.items():
        if value is not expected[name]:
            raise Unsupported(f"the name {name} is changed otherwise than by a statement")
