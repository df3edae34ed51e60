"""Runs an unproven module statement by statement, and describes what runs of proven statements leave.

The module's code is compiled with each top-level statement within `if -MARKER:`. The marker is a constant in
whose place a `Step` stands while the code runs; its `__neg__` decides whether the statement is executed.
Residual ones are not: placeholders stand for the names that they bind. Between two statements that are executed at
run time the proven ones form a *segment*: its outcome is described before anything else can see it.

What is shipped is the same code with each segment, as a whole, within such an `if` (docs/architecture.md,
"Partial modules"): the runtime carries the segment out in its place, or lets the code do it.
"""

import gc
import marshal
import sys

import _warnings

from lyo_harvest import foreign, record, replayed, survey
from lyo_harvest.record import MODULE_ATTRIBUTES, ONLY_AST, Unsupported, describe_error
from lyo_harvest.refuse import FREE, Placeholder, Refused, contexts
from lyo_harvest.walk import Walker, deletes_globals

# What is executed at run time as well as here, unless its effects can be carried out as data.
EXECUTED = frozenset(("import", "replayed"))

# What leaves others alone, even if it is executed.
CHANGELESS = frozenset(("static", "recipe"))

MARKER = "lyo: is the next segment to be executed?"

# Assignments of a name to one of these change no object that exists.
PLAIN_VALUES = frozenset(("Constant", "Name", "Lambda", "JoinedStr"))


class Step:
    """Stands for the marker."""

    def __init__(self, answer):
        self.answer = answer

    def __neg__(self):
        return self.answer()


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


class Run:
    """A module's run, and the context by which its audit events are judged."""

    def __init__(self, server, module, entry, describer, on_failure):
        self.server = server
        self.module = module
        self.entry = entry
        self.describer = describer  # None: nobody wants the description
        self.on_failure = on_failure  # called where nothing is known of the names that it binds
        self.namespace = module.__dict__
        self.trips = []
        self.defects = []
        self.segments = []
        self.kept = []  # keeps what was made alive, so that no id is used twice
        self.made = set()  # ids of all that was made while statements ran
        self.open = []  # statements of the segment that is being collected
        self.before = None  # the namespace where it began
        self.known = None  # the survey at its beginning
        self.latest = None  # and after the last statement that was looked at
        self.is_mutating = False
        self.imports_in_call = False
        self.made_before_import = []  # ids of what the statement made before it imported something
        self.annotations = {}  # the module's own, before the statement
        self.failed = None  # the first failure; nothing is described after it
        self.statement = -1
        self.done_until = -1
        self.capture = None  # of the replayed statement that is being executed

    # ---- running

    def execute(self, source):
        contexts.append(FREE)  # the compiler imports `unicodedata` for `\N{…}`
        try:
            self.compile(source)
        finally:
            contexts.pop()
        self.run_to_end()

    def compile(self, source):
        path = self.entry["path"]
        self.source = source
        self.tree = compile(source, path, "exec", ONLY_AST, dont_inherit=True)
        body = self.tree.body
        self.statements = self.entry["statements"]
        if len(self.statements) != len(body):
            # The analysis saw something else.
            self.statements = [("residual", (), True, ())] * len(body)
            self.on_failure()
        forget_patterns()
        self.namespace.setdefault("__builtins__", sys.modules["builtins"].__dict__)
        self.given = MODULE_ATTRIBUTES | frozenset(self.namespace)  # not the module's to bind
        self.first = length_of_prologue(body)
        self.code = unmarshalled(source, path, [(at, at + 1) for at in range(self.first, len(body))])
        self.deleted, self.deletes_globals = deleted_names(self.tree), deletes_globals(self.code)
        self.bound = global_names(self.tree).union(*[statement[1] for statement in self.statements])

    def run_to_end(self):
        step = Step(self.next_statement)
        constants = tuple([step if is_marker(constant) else constant for constant in self.code.co_consts])
        runnable = self.code.replace(co_consts=constants)
        self.raise_warnings()
        gc.freeze()
        try:
            while not self.run_on(runnable):
                pass
            self.restore_warnings()
            self.close()
        finally:
            self.restore_warnings()
            self.keep_made()

    def run_on(self, code):
        """Goes through the statements; whether the end was reached. One that fails counts as unproven."""
        self.cursor = self.first
        try:
            exec(code, self.namespace)
        except (Exception, Refused) as error:
            index = self.statement
            if index < 0:
                raise
            # What it changed is not known. It goes on for the sake of those who import from it.
            self.end_capture()
            problem = f"statement {index + 1} raised {describe_error(error)}"
            if self.statements[index][0] not in EXECUTED and not self.failed:
                self.defects.append(problem)
            self.failed = self.failed or problem
            self.open, self.describer = [], None
            self.done_until = index
            self.statement = -1
            self.leave_out((*self.statements[index][:2], False, ()))
            return False
        self.restore_warnings()
        self.finish_statement()
        self.raise_warnings()
        return True

    def next_statement(self):
        self.restore_warnings()
        execute = self.turn_to_next()
        self.raise_warnings()
        return execute

    def turn_to_next(self):
        self.finish_statement()
        index = self.cursor
        self.cursor += 1
        if index <= self.done_until:
            return False
        self.done_until = self.statement = index
        kind = self.statements[index][0]
        if kind == "residual":
            self.close()
            self.statement = -1
            self.leave_out(self.statements[index])
            return False
        if kind == "replayed" and self.begin_capture(index):
            self.begin()
            self.capture.start()
        elif kind in EXECUTED:
            self.close()
            if self.describer is not None:
                self.describer.forget(self.statements[index][1])
                self.segments.extend(self.describer.import_step(self, index))
        else:
            self.begin()
        return True

    # ---- effects

    def own_annotations(self):
        """The entries of the module's `__annotations__`."""
        found = self.namespace.get("__annotations__")
        return dict(found) if type(found) is dict else {}

    def annotated(self):
        """Entries that the statement set in the module's `__annotations__`, as effects; none where it did more to it."""
        before, now = self.annotations, self.own_annotations()
        if any(name not in now for name in before):
            return []
        place = (self.entry["name"], ("__annotations__",))
        return [
            replayed.Effect("set-item", "", place, [name, value])
            for name, value in now.items() if before.get(name, foreign.MISSING) is not value
        ]

    def begin_capture(self, index):
        """Whether the statement's effects may turn out to be data."""
        effects = self.statements[index][3]
        if self.describer is None or not effects:
            return False
        capture = replayed.Capture(effects)
        self.capture = capture if capture.is_usable else None
        return capture.is_usable

    def end_capture(self):
        capture, self.capture = self.capture, None
        if capture is not None:
            capture.stop()
        return capture

    def captured(self, capture, index):
        """The effects of the statement that ran; None: it has to be executed in its place."""
        later = self.statements[index + 1:]

        def is_settled(name):
            return not any(name in statement[1] or statement[2] for statement in later)

        return capture.resolve(self.entry["name"], is_settled)

    def leave_out(self, statement):
        """Puts placeholders where the statement binds names, or may have changed them."""
        names = list(statement[1])
        if statement[2]:
            names += [name for name in self.namespace if name not in self.given and not self.is_mere_submodule(name)]
        for name in names:
            self.namespace[name] = Placeholder(self.entry["name"], name)

    def may_bind_waiting(self, operation):
        """Whether what an import binds may go on waiting: a `del` has to find it in the namespace."""
        bound = bound_names(operation)
        is_deleted = bool(self.deleted) if bound is None else not self.deleted.isdisjoint(bound)
        return not self.deletes_globals and not is_deleted

    def is_mere_submodule(self, name):
        """A submodule that its own import has bound, and no code of this module: whoever uses it has a guard for it."""
        submodule = sys.modules.get(f"{self.entry['name']}.{name}")
        return self.namespace[name] is submodule is not None and name not in self.bound

    # ---- segments

    def begin(self):
        self.imports_in_call = False
        if self.describer is None:
            return
        self.keep_made()
        self.made_before_import = []
        self.annotations = self.own_annotations()
        if not self.open:
            self.before = dict(self.namespace)
            self.known = self.latest = survey.survey(self.namespace, self.made)
            self.is_mutating = False
        self.current = self.before if not self.open else dict(self.namespace)

    def finish_statement(self):
        """After a statement that was executed."""
        index, self.statement = self.statement, -1
        capture = self.end_capture()
        if index < 0:
            return
        made = self.made_before_import + self.keep_made()
        self.made_before_import = []
        if self.describer is None or self.statements[index][0] in EXECUTED and capture is None:
            return
        effects = () if capture is None else self.captured(capture, index)
        if capture is not None:
            # The collector begins to track a dictionary when something is put into it.
            targets = frozenset(map(id, capture.targets))
            self.made -= targets
            made = [identity for identity in made if identity not in targets]
        annotated = self.annotated()
        if effects is not None and annotated:
            effects = (*effects, *annotated)
        done = Statement(index, difference(self.current, self.namespace), made, effects)
        if is_plain(self.tree.body[index]) and not self.imports_in_call:
            self.open.append(done)
            return
        now = survey.survey(self.namespace, self.made)
        changed = survey.changed(self.latest, now)
        if annotated:
            changed = [identity for identity in changed if identity != id(self.namespace["__annotations__"])]
        self.latest = now
        is_known = any(identity in self.known for identity in changed)
        if self.imports_in_call or effects is None or is_known or not self.is_describable(done):
            # Modules are imported, or what existed before the segment is changed: by executing the statement in its
            # place. If it changed what the segment made, the state of that before is not known any more.
            if any(identity not in self.known for identity in changed):
                self.open = []
            self.close()
            self.describer.forget(self.statements[index][1])
            return
        self.is_mutating = self.is_mutating or bool(changed)
        self.open.append(done)

    def is_describable(self, statement):
        """Whether what the statement left can be described; if not, it is executed, and the others need not be."""
        contexts.append(FREE)
        try:
            return self.describer.is_describable(self, [*self.open, statement], self.before)
        finally:
            contexts.pop()

    def close(self):
        """Describes the segment that ends here."""
        statements, self.open = self.open, []
        if not statements or self.describer is None:
            return
        contexts.append(FREE)
        try:
            self.segments.extend(self.describer.describe(self, statements, self.before, self.is_mutating))
        finally:
            contexts.pop()

    # ---- imports, as `serve.Server.import_name` announces them

    def begin_import(self, frame, name, fromlist, level):
        self.made_before_import += self.keep_made()
        self.restore_warnings()
        imported = record.absolute_name(name, level, frame.f_globals)
        self.imports_in_call = self.imports_in_call or not self.is_loaded(imported, fromlist)
        return None

    def is_loaded(self, name, fromlist):
        """Whether an import within a call finds what is certainly loaded then."""
        loaded = self.server.loaded_with(self.entry["name"], ())  # not itself: what it has then may wait to be made
        module = sys.modules.get(name)
        if name not in loaded or not foreign.is_a(module, foreign.ModuleType):
            return False
        return not fromlist or all(foreign.raw(module, item) is not foreign.MISSING for item in fromlist)

    def end_import(self, token):
        gc.freeze()
        self.raise_warnings()

    def failed_import(self, token, name, fromlist, error):
        self.end_import(token)

    # ---- the process around it

    def keep_made(self):
        """Notes what was made since this was called last; gives the ids."""
        made = gc.get_objects()
        gc.freeze()
        self.kept.append(made)
        identities = [id(value) for value in made]
        self.made.update(identities)
        return identities

    def raise_warnings(self):
        self.filters = _warnings.filters[:]
        _warnings.filters[:] = [("error", None, Warning, None, 0)]
        _warnings._filters_mutated()

    def restore_warnings(self):
        _warnings.filters[:] = self.filters
        _warnings._filters_mutated()


# ---- source and code


def forget_patterns():
    """Empties the cache of `re`: a pattern holds its text, and another run of the module has an equal one."""
    patterns = sys.modules.get("re")
    purge = foreign.raw(patterns, "purge")
    if type(purge) is foreign.FunctionType:
        contexts.append(FREE)
        try:
            purge()
        finally:
            contexts.pop()


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


def wrapped(source, path, ranges, is_hollow=False):
    """The syntax tree with each range of statements within `if -MARKER:`, or with nothing in its place."""
    tree = compile(source, path, "exec", ONLY_AST, dont_inherit=True)
    body, place = [], 0
    for start, end in ranges:
        body.extend(tree.body[place:start])
        guard = compile(f"if -{MARKER!r}: pass", path, "exec", ONLY_AST, dont_inherit=True).body[0]
        first = tree.body[start]
        begin = end_of_guard = record.start_of(first)
        if import_operations(first):  # a traceback shows it as the statement
            end_of_guard = first.end_lineno, first.end_col_offset
        for node in (guard, guard.test, guard.test.operand):
            node.lineno, node.col_offset = begin
            node.end_lineno, node.end_col_offset = end_of_guard
        if not is_hollow:
            guard.body = tree.body[start:end]
        body.append(guard)
        place = end
    body.extend(tree.body[place:])
    tree.body = body
    return tree


def unmarshalled(source, path, ranges, is_hollow=False):
    """The code as an import from a `.pyc` would have it: constants of constant sets included."""
    tree = wrapped(source, path, ranges, is_hollow)
    return marshal.loads(marshal.dumps(compile(tree, path, "exec", dont_inherit=True)))


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


class Describer:
    """Describes the segments of one module, one after the other, by one walker."""

    def __init__(self, harvester, entry):
        self.harvester = harvester
        self.entry = entry
        self.walker = None
        self.guards = []
        self.guarded = set()  # what they are about
        self.pending = sorted(entry["dependencies"], key=lambda item: item[0])
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
        segment = Segment()
        segment.start, segment.end, segment.until, segment.retired, segment.expectations = index, index + 1, 0, (), []
        segment.operations = [(*operation, run.may_bind_waiting(operation)) for operation in operations]
        return [segment]

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
            where = error.__traceback__
            while where.tb_next is not None:
                where = where.tb_next
            self.given_up = f"the harvester failed at {where.tb_frame.f_code.co_name}:{where.tb_lineno}: {describe_error(error)}"
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
            self.effects(walker, statements[-1:], saved)
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
        until = self.guards_until(statements[-1].index)
        walker = self.prepare(run, before)
        held_atoms = {}
        while True:
            saved = walker.save()
            self.note_made(walker, statements)
            walker.held_atoms.update(held_atoms)
            encoded = self.effects(walker, statements, saved)
            for name, value in operations:
                if value is foreign.MISSING:
                    encoded.append(("delete", name))
                    continue
                try:
                    may_wait = walker.may_wait(name) and name not in run.deleted
                    encoded.append(("store", name, walker.node(value), may_wait))
                except Unsupported as error:
                    walker.restore(saved)
                    raise Blamed(name, str(error)) from None
                except RecursionError:
                    walker.restore(saved)
                    raise Blamed(name, "its values are nested too deeply") from None
            if not walker.has_missed_atoms():
                break
            missed = walker.held_atoms
            walker.restore(saved)
            if held_atoms:
                raise Blamed(operations[0][0] if operations else statements[0].index, "texts that are taken out of objects of another module")
            held_atoms = missed
        segment = Segment()
        segment.start, segment.end = statements[0].index, statements[-1].index + 1
        segment.operations, segment.until, segment.retired = encoded, until, tuple(self.retired)
        segment.expectations = self.expectations(run, statements, before)
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

    def effects(self, walker, statements, saved):
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
                    walker.restore(saved)
                    raise Blamed(statement.index, f"{module} is not loaded then")
                try:
                    operands = tuple([walker.node(operand) for operand in effect.operands])
                except (Unsupported, RecursionError) as error:
                    walker.restore(saved)
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
            self.walker = Walker(run.module, run.code, [], {}, modules, loaded)
            for constant in run.code.co_consts:
                if is_marker(constant):
                    self.walker.constants.discard(id(constant))
        walker = self.walker
        self.probed = None
        walker.executed = run.made
        walker.names = foreign.Names(modules, loaded, (name, before))
        walker.imported = {}
        walker.add_import_attributes()
        for bound, value in before.items():
            walker.imported.setdefault(id(value), bound)
        for value in before.values():
            if id(value) not in walker.made:
                walker.note_held_atoms(value)
        walker.tree = run.tree
        return walker

    def guards_until(self, statement):
        """How many guards have to hold for what was computed up to this statement."""
        while self.pending and self.pending[0][0] <= statement:
            _, module, path, contents = self.pending[0]
            self.guards.extend(self.harvester.guard(module, tuple(path), contents, self.guarded))
            del self.pending[0]
        return len(self.guards)

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


def is_data(value, depth):
    """Immutable data that equal data can stand for."""
    if type(value) is tuple:
        return depth < 5 and all(is_data(item, depth + 1) for item in value)
    return type(value) in (type(None), bool, int, float, complex, str, bytes, type(Ellipsis))


def collect_names(node, found):
    pending = [node]
    while pending:
        node = pending.pop()
        if type(node).__name__ == "Name":
            found.add(node.id)
        pending.extend(children(node))


def children(node):
    for field in node._fields:
        child = getattr(node, field, None)
        if isinstance(child, list):
            yield from [item for item in child if hasattr(item, "_fields")]
        elif hasattr(child, "_fields"):
            yield child


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
    found, pending = set(), [tree]
    while pending:
        node = pending.pop()
        if type(node).__name__ == "Global":
            found.update(node.names)
        pending.extend(children(node))
    return found


def deleted_names(tree):
    """Names that a `del` of the module mentions, at whatever place: it finds them in the namespace."""
    found = set()
    pending = [tree]
    while pending:
        node = pending.pop()
        if type(node).__name__ == "Delete":
            for target in node.targets:
                collect_names(target, found)
        pending.extend(children(node))
    return found


class Blamed(Exception):
    """The value of a name, or an effect of a statement, can't be described."""

    def __init__(self, culprit, message):
        super().__init__(f"{culprit}: {message}")
        self.culprit = culprit  # a name, or the index of a statement

    def concerns(self, statement):
        return statement.index == self.culprit or any(name == self.culprit for name, _ in statement.operations)


def image(run, describer):
    """(nodes, operations, guards, node of the code, index of the marker) of the finished run."""
    if not run.segments:
        raise Unsupported(run.failed or describer.given_up or "no segment of it can be described")
    path = describer.entry["path"]
    ranges = [(segment.start, segment.end) for segment in run.segments]
    code = unmarshalled(run.source, path, ranges)
    walker = describer.walker or describer.prepare(run, run.namespace)
    constants = paired_constants(run.code, code)
    code_node = walker.own_code(code, constants)
    walker.defer_constants(code_node, only_in_segments(code, unmarshalled(run.source, path, ranges, is_hollow=True)))
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
    kinds = (type(code), str, tuple, bytes)
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
