"""Runs an unproven module statement by statement, and describes what runs of proven statements leave.

The module's code is compiled with each top-level statement within `if -MARKER:`. The marker is a constant in
whose place a `Step` stands while the code runs; its `__neg__` decides whether the statement is executed.
Residual ones are not: placeholders stand for the names that they bind. Between two statements that are executed at
run time the proven ones form a *segment*: its outcome is described before anything else can see it.

What is shipped is the same code with each segment, as a whole, within such an `if` (docs/architecture.md,
"Partial modules"): the runtime carries the segment out in its place, or lets the code do it.
"""

import gc
import sys

from lyo_harvest import foreign, record, replayed, survey
from lyo_harvest.record import MODULE_ATTRIBUTES, describe_error, read, syntax_tree
from lyo_harvest.refuse import FREE, Placeholder, Refused, contexts
from lyo_harvest.segments import Statement, difference
from lyo_harvest.source import (
    bound_names, compiled_steps, deleted_names, is_marker, is_plain, subscriptions,
)
from lyo_harvest.walk import deletes_globals

# What is executed at run time as well as here, unless its effects can be carried out as data.
EXECUTED = frozenset(("import", "replayed"))


class Step:
    """Stands for the marker."""

    def __init__(self, answer):
        self.answer = answer

    def __neg__(self):
        return self.answer()


class Run(record.Execution):
    """The run of a module by steps."""

    def __init__(self, server, module, entry, describer, on_failure):
        super().__init__(module, entry, server.compiled)
        self.server = server
        self.describer = describer  # None: nobody wants the description, or no more of it
        self.is_described = describer is not None
        self.on_failure = on_failure  # called where nothing is known of the names that it binds
        self.namespace = module.__dict__
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
        self.asks_itself = False  # the C code behind `typing.Generic` imports `typing`
        self.made_before_import = []  # ids of what the statement made before it imported something
        self.annotations = {}  # the module's own, before the statement
        self.failed = None  # the first failure; nothing is described after it
        self.statement = -1
        self.done_until = -1
        self.capture = None  # of the replayed statement that is being executed

    # ---- running

    def compile(self):
        name, path = self.entry["name"], self.entry["path"]
        if self.is_described:
            self.tree = syntax_tree(read(path), path)
            steps = record.unmarshalled(compiled_steps(self.tree, path))
        else:
            steps = self.compiled.get(name, "steps", lambda: compiled_steps(syntax_tree(read(path), path), path))
        length, self.first, declared, self.code = steps
        self.statements = self.entry["statements"]
        if len(self.statements) != length:
            # The analysis saw something else.
            self.statements = [("residual", (), True, ())] * length
            self.on_failure()
        forget_patterns()
        self.given = MODULE_ATTRIBUTES | frozenset(self.namespace)  # not the module's to bind
        self.bound = frozenset(declared).union(*[statement[1] for statement in self.statements])
        if self.is_described:
            self.deleted, self.deletes_globals = deleted_names(self.tree), deletes_globals(self.code)
            self.subscribed = set()  # what executed statements subscribe
            for statement, node in zip(self.statements, self.tree.body):
                if statement[0] == "residual":
                    self.subscribed.update(subscriptions(node))
        return self.code

    def execute(self, code, namespace):
        step = Step(self.next_statement)
        constants = tuple([step if is_marker(constant) else constant for constant in code.co_consts])
        runnable = code.replace(co_consts=constants)
        gc.freeze()
        try:
            while not self.run_on(runnable):
                pass
            self.restore_warnings()
            self.close()
        finally:
            self.keep_made()

    def run_on(self, code):
        """Goes through the statements; whether the end was reached. One that fails counts as unproven."""
        self.cursor = self.first
        try:
            exec(code, self.namespace)
        except (Exception, SystemExit, Refused) as error:
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
        if kind == "replayed":
            foreign.indexes.grow_old()
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

    def captured(self, capture, index, made):
        """The effects of the statement that ran; None: it has to be executed in its place."""
        later = self.statements[index + 1:]

        def is_settled(name):
            return not any(name in statement[1] or statement[2] for statement in later)

        return capture.resolve(self.entry["name"], is_settled, frozenset(made))

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
        self.imports_in_call = self.asks_itself = False
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
        effects = () if capture is None else self.captured(capture, index, made)
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
        if self.asks_itself and self.open:
            # What it asks for has to be there: in a segment before.
            self.close()
            self.before, self.known, self.is_mutating = self.current, self.latest, False
        self.latest = now
        is_known = any(identity in self.known for identity in changed)
        is_executed = self.imports_in_call or effects is None or is_known
        if is_executed or self.shares_alias(index) or not self.is_describable(done):
            # Modules are imported, or what existed before the segment is changed: by executing the statement in its
            # place. If it changed what the segment made, the state of that before is not known any more.
            if any(identity not in self.known for identity in changed):
                self.open = []
            self.close()
            self.describer.forget(self.statements[index][1])
            self.subscribed.update(subscriptions(self.tree.body[index]))
            return
        self.is_mutating = self.is_mutating or bool(changed)
        self.open.append(done)

    def shares_alias(self, index):
        """Whether the statement uses `Generic[T]` and the like, and one that is executed does so too: `typing` remembers
        the alias, and both have the same one."""
        written = subscriptions(self.tree.body[index])
        return any(alike in self.subscribed and self.is_remembered(node) for alike, node in written.items())

    def is_remembered(self, node):
        """Whether `typing` remembers what subscribing this gives."""
        if type(node).__name__ == "Attribute":
            value = foreign.raw(self.namespace.get(getattr(node.value, "id", None)), node.attr)
        else:
            value = self.namespace.get(getattr(node, "id", None))
        if not foreign.is_a(value, type):
            return foreign.getattr_static(type(value), "__module__") == "typing"
        generic = foreign.raw(sys.modules.get("typing"), "Generic")
        return generic in type.__dict__["__mro__"].__get__(value)

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
        if not self.is_described:
            return None
        imported = record.absolute_name(name, level, frame.f_globals)
        self.imports_in_call = self.imports_in_call or not self.is_loaded(imported, fromlist)
        return None

    def is_loaded(self, name, fromlist):
        """Whether an import within a call finds what is certainly loaded then."""
        if name == self.entry["name"] and not fromlist:
            self.asks_itself = True
            return True
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
        if not self.is_described:
            return []
        made = gc.get_objects()
        gc.freeze()
        self.kept.append(made)
        identities = [id(value) for value in made]
        self.made.update(identities)
        return identities


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
