"""Segments: what proven statements in a row leave, described so that it can be carried out in their place."""

import marshal
import sys

from lyo_harvest import foreign, record
from lyo_harvest.readings import Readings
from lyo_harvest.record import MODULE_ATTRIBUTES, Unsupported
from lyo_harvest.refuse import Placeholder
from lyo_harvest.source import collect_names, compiled, import_operations, is_marker, is_plain
from lyo_harvest.walk import Walker

# What leaves others alone, even if it is executed.
CHANGELESS = frozenset(("static", "recipe"))


class Statement:
    """A proven statement that ran: what it bound and made."""

    __slots__ = ("index", "operations", "made", "effects")

    def __init__(self, index, operations, made, effects=()):
        self.index = index
        self.operations = operations  # (name, value); MISSING where it is deleted
        self.made = made
        self.effects = effects  # on what belongs to others


class Segment:
    """Proven statements in a row, to be carried out from their description."""

    __slots__ = ("start", "end", "operations", "until", "retired", "expectations")

    def __init__(self, start, end, operations, until=0, retired=(), expectations=()):
        self.start = start
        self.end = end
        self.operations = operations
        self.until = until  # so many guards have to hold
        self.retired = retired  # but these
        self.expectations = expectations  # further guards


class Blamed(Exception):
    """The value of a name, or an effect of a statement, can't be described."""

    def __init__(self, culprit, message):
        super().__init__(f"{culprit}: {message}")
        self.culprit = culprit  # a name, or the index of a statement

    def concerns(self, statement):
        return statement.index == self.culprit or any(name == self.culprit for name, _ in statement.operations)


class Describer:
    """Describes the segments of one module, one after the other, by one walker."""

    def __init__(self, harvester, entry):
        self.harvester = harvester
        self.entry = entry
        self.walker = None
        self.guards = []
        self.guarded = Readings(entry["name"], frozenset())  # what they are about
        dependencies = sorted(entry["dependencies"], key=lambda item: item[0])
        self.pending = [item for item in dependencies if item[1] != entry["name"]]
        # (statement, path, contents): names of the module itself that code which is not known may have bound anew, and
        # what it may have changed of the module's functions and classes.
        self.suspects = [(item[0], tuple(item[2]), item[3]) for item in dependencies if item[1] == entry["name"]]
        self.given_up = None
        self.certain = {}  # names with the values that segments bound to them
        self.probed = None  # the namespace at whose segment the walker stands
        self.retired = []  # indices of guards about what the module itself has changed since

    def forget(self, names):
        """An import statement is about to bind these: what, may differ at run time."""
        for name in names:
            self.certain.pop(name, None)

    def import_step(self, run, index):
        """The segment of an import statement, in a list; an empty one where it has to be executed."""
        operations = import_operations(run.tree.body[index])
        if not operations:
            return []
        return [Segment(index, index + 1, [(*operation, run.may_bind_waiting(operation)) for operation in operations])]

    def describe(self, run, statements, before, is_mutating):
        """Segments for these statements; those that can't be described are left out, and executed."""
        if self.given_up or not statements:
            return []
        after = dict(before)
        for statement in statements:
            apply(after, statement.operations)
        operations = difference(before, after)
        try:
            return [self.segment(run, statements, before, operations)]
        except Blamed as error:
            if is_mutating or len(statements) == 1:
                return []
            blamed = next(
                (place for place, statement in reversed(list(enumerate(statements)))
                 if error.concerns(statement)),
                0,
            )
            found = self.describe(run, statements[:blamed], before, False)
            for statement in statements[:blamed + 1]:
                apply(before, statement.operations)
            return found + self.describe(run, statements[blamed + 1:], before, False)
        except Unsupported as error:
            self.given_up = str(error)
        except Exception as error:
            self.given_up = record.describe_failure(error, error.__traceback__)
        return []

    def is_describable(self, run, statements, before):
        """Whether the last of these statements can be described, as far as can be told now."""
        if self.given_up:
            return True
        walker = self.walker if self.probed is before else self.prepare(run, before)
        self.probed = before
        saved = walker.save()
        try:
            self.note_made(walker, statements)
            for _, value in statements[-1].operations:
                if value is not foreign.MISSING:
                    walker.node(value)
            self.effects(walker, statements[-1:])
        except (Unsupported, Blamed, RecursionError):
            return False
        finally:
            walker.restore(saved)
        return True

    @staticmethod
    def note_made(walker, statements):
        for statement in statements:
            walker.made.update(statement.made)
            for identity in statement.made:
                walker.class_order.setdefault(identity, len(walker.class_order))
            walker.registered.update(
                id(effect.operands[1]) for effect in statement.effects if effect.place == ("_abc", ("_abc_register",))
            )

    def segment(self, run, statements, before, operations):
        walker = self.prepare(run, before)
        until = self.guards_until(statements[-1].index)
        bindings = self.bindings(run, walker, statements, before)
        held_atoms = {}
        while True:
            saved = walker.save()
            self.note_made(walker, statements)
            walker.atoms.held.update(held_atoms)
            try:
                encoded = [*self.effects(walker, statements), *self.stores(run, walker, operations)]
            except Blamed:
                walker.restore(saved)
                raise
            if not walker.atoms.has_missed():
                break
            missed = walker.atoms.held
            walker.restore(saved)
            if held_atoms:
                raise Blamed(operations[0][0] if operations else statements[0].index, "texts that are taken out of objects of another module")
            held_atoms = missed
        first, end = statements[0].index, statements[-1].index + 1
        expectations = [*bindings, *self.expectations(run, statements, before)]
        segment = Segment(first, end, encoded, until, tuple(self.retired), expectations)
        for name, value in operations:
            self.certain[name] = value
        self.retire(statements)
        return segment

    def retire(self, statements):
        """What these statements have changed has done with: no later result rests on what it was."""
        changed = {effect.changed() for statement in statements for effect in statement.effects}
        self.retired += [
            place for place, (module, path, *_) in enumerate(self.guards)
            if (module, path) in changed and place not in self.retired
        ]

    def stores(self, run, walker, operations):
        """The operations that store and delete names."""
        encoded = []
        for name, value in operations:
            if value is foreign.MISSING:
                encoded.append(("delete", name))
                continue
            try:
                may_wait = walker.may_wait(name) and name not in run.deleted
                encoded.append(("store", name, walker.node(value), may_wait))
            except Unsupported as error:
                raise Blamed(name, str(error)) from None
            except RecursionError:
                raise Blamed(name, "its values are nested too deeply") from None
        return encoded

    def effects(self, walker, statements):
        """The operations that carry the statements' effects out."""
        encoded = []
        for statement in statements:
            for effect in statement.effects:
                module, path = effect.place
                if module == self.entry["name"]:
                    target = walker.add(("name", *path))
                elif module in walker.names.loaded:
                    target = walker.add(("external", module, path))
                else:
                    raise Blamed(statement.index, f"{module} is not loaded then")
                try:
                    operands = tuple([walker.node(operand) for operand in effect.operands])
                except (Unsupported, RecursionError) as error:
                    raise Blamed(statement.index, str(error)) from None
                encoded.append(("replay", effect.kind, effect.name, target, operands))
        return encoded

    def prepare(self, run, before):
        server = self.harvester.server
        name = self.entry["name"]
        modules = [value for value in before.values() if foreign.is_a(value, foreign.ModuleType)]
        for imported in server.imports.get(name, ()):
            module = sys.modules.get(imported)
            if foreign.is_a(module, foreign.ModuleType) and module is not run.module:
                modules.append(module)
        modules = list({id(module): module for module in modules}.values())
        loaded = server.loaded_with(name, ()) | {name}
        if self.walker is None:
            self.walker = Walker(run.module, run.code, [], {}, modules, loaded, self.entry["fillings"])
            for constant in run.code.co_consts:
                if is_marker(constant):
                    self.walker.constants.discard(id(constant))
        walker = self.walker
        self.probed = None
        walker.executed = run.made
        walker.names = foreign.Names(modules, loaded, (name, before))
        walker.names.read = self.guarded.places
        self.guarded.names.loaded = loaded
        walker.imported = {}
        walker.add_import_attributes()
        for bound, value in before.items():
            walker.imported.setdefault(id(value), bound)
        for value in before.values():
            if id(value) not in walker.made:
                walker.atoms.note(value)
        walker.tree = run.tree
        return walker

    def guards_until(self, statement):
        """How many guards have to hold for what was computed up to this statement."""
        while self.pending and self.pending[0][0] <= statement:
            _, module, path, contents = self.pending[0]
            self.guards.extend(self.harvester.guard(module, tuple(path), contents, self.guarded))
            del self.pending[0]
        return len(self.guards)

    def bindings(self, run, walker, statements, before):
        """Guards for what may have been bound anew, or changed, of the module itself before these statements."""
        found = []
        start = statements[0].index
        for first, path, contents in self.suspects:
            if not path:
                # `sys.modules` has the module under its name.
                if first <= statements[-1].index:
                    found.append((self.entry["name"], (), "same", walker.add(("this-module",))))
                continue
            name, *rest = path
            if first > statements[-1].index or any(name in statement[1] for statement in run.statements[first:start]):
                continue
            place = (self.entry["name"], path)
            value = before.get(name, foreign.MISSING)
            if type(value) is Placeholder:
                continue  # whatever uses it, is refused
            if value is foreign.MISSING:
                found.append((self.entry["name"], (name,), "absent"))
            elif rest:
                found += self.harvester.expectation(*place, self.harvester.look_up_below(value, rest), contents)
            elif is_data(value, 0):
                found.append((*place, "value", self.harvester.fingerprint(value)))
            else:
                found += self.binding(walker, place, value, statements[-1].index)
        return found

    def binding(self, walker, place, value, index):
        """Guards that a name of the module is still bound to this object, which is what it was."""
        node = self.elsewhere(walker, value)
        if node is not None:
            return [(*place, "same", node)]
        if not foreign.is_a(value, type) and type(value) is not foreign.FunctionType:
            raise Blamed(index, f"{place[1][0]} may have been bound anew")
        try:
            node = walker.node(value)
        except (Unsupported, RecursionError) as error:
            raise Blamed(index, str(error)) from None
        contents = (*place, "value", self.harvester.fingerprint(value))
        if walker.nodes[node][0] == "name":
            return [contents]  # code makes it: whatever has the name, is meant
        return [(*place, "same", node), contents]

    def elsewhere(self, walker, value):
        """The node of what lies under a name of another module; None where it is something else."""
        known = walker.memo.get(id(value))
        try:
            # What has been read under a name of the module itself may lie elsewhere too.
            is_own_name = known is None or walker.nodes[known[0]][0] == "name"
            node = walker.external(value) if is_own_name else known[0]
        except Unsupported:
            return None
        kind, *where = walker.nodes[node]
        return node if kind == "builtin" or kind == "external" and where[0] != self.entry["name"] else None

    def expectations(self, run, statements, before):
        """Names that import statements bound to values without identity, which may have been baked in."""
        mentioned, reaches_all = set(), False
        for statement in statements:
            node = run.tree.body[statement.index]
            collect_names(node, mentioned)
            reaches_all = reaches_all or not is_plain(node)
        found = []
        for name, value in before.items():
            if name in MODULE_ATTRIBUTES or not is_data(value, 0) or name not in mentioned and not reaches_all:
                continue
            if self.certain.get(name, foreign.MISSING) is not value:
                found.append((self.entry["name"], (name,), "value", self.harvester.fingerprint(value)))
        return found


def difference(before, after):
    """What has to be stored and deleted, in order, to make the one namespace into the other."""
    operations = []
    places = {name: place for place, name in enumerate(before)}
    last, in_front = -1, True
    for name, value in after.items():
        place = places.get(name, -1)
        in_front = in_front and place > last
        if in_front:
            last = place
            if before[name] is not value:
                operations.append((name, value))
            continue
        if place >= 0:
            operations.append((name, foreign.MISSING))
        operations.append((name, value))
    deleted = [(name, foreign.MISSING) for name in before if name not in after]
    return deleted + operations


def apply(namespace, operations):
    for name, value in operations:
        if value is foreign.MISSING:
            namespace.pop(name, None)
        else:
            namespace[name] = value


def is_data(value, depth):
    """Immutable data that equal data can stand for."""
    if type(value) is tuple:
        return depth < 5 and all(is_data(item, depth + 1) for item in value)
    return type(value) in (type(None), bool, int, float, complex, str, bytes, type(Ellipsis))


def image(run, describer):
    """(nodes, operations, guards, node of the code, index of the marker) of the finished run."""
    if not run.segments:
        raise Unsupported(run.failed or describer.given_up or "no segment of it can be described")
    path = describer.entry["path"]
    ranges = [(segment.start, segment.end) for segment in run.segments]
    code = record.unmarshalled(compiled(run.tree, path, ranges))
    walker = describer.walker or describer.prepare(run, run.namespace)
    constants = paired_constants(run.code, code)
    code_node = walker.own_code(code, constants)
    walker.defer_constants(code_node, only_in_segments(code, compiled(run.tree, path, ranges, is_hollow=True)))
    walker.finish()
    guards = list(describer.guards)
    operations = []
    end = None
    for segment in run.segments:
        between = run.statements[run.first if end is None else end:segment.start]
        operations.append(("segment", end is not None and all(statement[0] in CHANGELESS for statement in between)))
        end = segment.end
        operations.extend(ranges_without(segment.until, segment.retired))
        if segment.expectations:
            operations.append(("guards", len(guards), len(guards) + len(segment.expectations)))
            guards.extend(segment.expectations)
        operations.extend(segment.operations)
    marker = next(place for place, constant in enumerate(code.co_consts) if is_marker(constant))
    return tuple(walker.nodes), tuple(operations), tuple(guards), code_node, marker


def ranges_without(until, retired):
    """Checks of all guards before `until` but the retired ones."""
    ends = [*sorted(place for place in retired if place < until), until]
    starts = [0, *[end + 1 for end in ends]]
    return [("guards", start, end) for start, end in zip(starts, ends) if start < end]


def only_in_segments(code, hollow):
    """Indices of constants of the module's code that it does not need when all segments are carried out."""
    needed = {marshal.dumps(constant, 0) for constant in hollow.co_consts}
    keys = [marshal.dumps(constant, 0) for constant in code.co_consts]
    if not needed.issubset(keys):
        return []
    kinds = (type(code), str, tuple, bytes, frozenset)
    return [place for place, key in enumerate(keys) if key not in needed and type(code.co_consts[place]) in kinds]


def paired_constants(described, shipped):
    """The constants of the code that is shipped, by those of the code that ran, which are described; None: the marker."""
    own = [constant for constant in described.co_consts if not is_marker(constant)]
    if len(own) + 1 != len(shipped.co_consts):
        raise Unsupported("the compiler orders its constants otherwise than expected")
    own.reverse()
    result = []
    for constant in shipped.co_consts:
        if is_marker(constant):
            result.append(constant)
            continue
        other = own.pop()
        if type(other) is not type(constant) or other != constant:
            raise Unsupported("the compiler orders its constants otherwise than expected")
        result.append(other)
    return result
