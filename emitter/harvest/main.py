"""The harvester's protocol.

Messages are a little-endian 32-bit length and that many bytes of marshal (version 2). In: the plan, a
dict; then pairs ("harvest", [names]) or ("compile", [names]). Out, per module: ("begin", name), then
("image", name, nodes, operations, guards, notes, step) or ("code", name, code, reason, notes);
("done",) after each command. Names stand in the order in which they are to be imported.
"""

import gc
import marshal
import posix
import sys

import _frozen_importlib
import _frozen_importlib_external as external
import _warnings

from lyo_harvest import construct, foreign, operations, plain, record, refuse, segments, serve, walk
from lyo_harvest.readings import Readings, is_same
from lyo_harvest.record import Unsupported
from lyo_harvest.walk import Walker

MARSHAL_VERSION = 2  # no back references: the bytes depend on the values alone


class Connection:
    def __init__(self):
        self.source = sys.stdin.buffer
        # Nothing that a module prints can get into the protocol.
        self.target = open(posix.dup(1), "wb", -1)
        posix.dup2(2, 1)

    def receive(self):
        header = self.source.read(4)
        if len(header) < 4:
            return None
        return marshal.loads(self.source.read(int.from_bytes(header, "little")))

    def send(self, *message):
        body = marshal.dumps(message, MARSHAL_VERSION)
        self.target.write(len(body).to_bytes(4, "little"))
        self.target.write(body)
        self.target.flush()


class Describing:
    """A module's description is being made: `give_up` is called with (name, reason, notes) if that goes wrong."""

    def __init__(self, give_up, name, notes):
        self.give_up = give_up
        self.name = name
        self.notes = notes

    def __enter__(self):
        refuse.contexts.append(refuse.FREE)

    def __exit__(self, kind, error, trace):
        try:
            if error is None or not isinstance(error, Exception):
                return False
            if isinstance(error, Unsupported):
                reason = str(error)
            elif isinstance(error, RecursionError):
                reason = "its values are nested too deeply"
            else:
                reason = record.describe_failure(error, trace)
            self.give_up(self.name, reason, self.notes)
            return True
        finally:
            refuse.contexts.pop()
            gc.freeze()


class Harvester:
    def __init__(self, connection, plan):
        self.connection = connection
        self.plan = plan
        self.native = load_native(plan["native"]) if plan["native"] else None
        if self.native is not None:
            foreign.UNNAMED_TYPES.update((id(value), name) for name, value in self.native.types.items())
        self.reported = set()
        self.in_parts = {}  # names of proven modules that can't be described as a whole -> why
        self.server = serve.Server(plan, self.is_wanted, self.report, self.describer, self.report_part)

    # ---- commands

    def harvest(self, names):
        self.server.harvest = frozenset(names)
        for name in names:
            if name in self.reported:
                continue
            self.connection.send("begin", name)
            if name in self.server.preloaded and name in sys.modules:
                self.plain(name, "the interpreter has it before any bundle can be used")
                continue
            reason = ""
            try:
                self.import_module(name)
            except (Exception, SystemExit, refuse.Refused) as error:
                reason = f"its import failed: {record.describe_error(error)}"
            if name not in self.reported and self.is_to_be_run_aside(name):
                self.run_aside(name, reason)
            if name not in self.reported:
                self.plain(name, reason or "the interpreter does not import it from its source")

    def is_to_be_run_aside(self, name):
        entry = self.plan["modules"][name]
        return entry["steps"] and entry["stdlib"] or name in self.in_parts

    def run_aside(self, name, reason):
        """Steps through a module in a module object of its own: others need it whole."""
        if not self.is_imported_from_source(name):
            self.plain(name, reason or "the interpreter does not import it from its source")
            return
        with serve.Aside(self.server, name):
            try:
                self.import_module(name)
            except (Exception, SystemExit, refuse.Refused) as error:
                # Often others of its import cycle need what is not proven: it may have been described all the same.
                if name not in self.reported:
                    self.plain(name, f"its import failed: {record.describe_error(error)}")

    def is_imported_from_source(self, name):
        entry = self.plan["modules"][name]
        if name not in sys.modules or not entry["stdlib"]:
            return name in sys.modules
        spec = external.PathFinder.find_spec(name, parent_path(name))
        return spec is not None and type(spec.loader) is external.SourceFileLoader and spec.origin == entry["path"]

    def import_module(self, name):
        serve.plain_import(sys.intern(name))

    def compile(self, names):
        for name in names:
            self.connection.send("begin", name)
            self.plain(name, self.plan["modules"][name]["reason"])

    def marshalled(self, entry):
        path = entry["path"]
        return marshal.dumps(compile(record.read(path), path, "exec", dont_inherit=True))

    def plain(self, name, reason, notes=()):
        reason = self.in_parts.get(name, reason)
        self.reported.add(name)
        try:
            code = self.marshalled(self.plan["modules"][name])
        except (SyntaxError, ValueError, OSError, RecursionError, MemoryError) as error:
            self.connection.send("none", name, f"can't be compiled: {record.describe_error(error)}")
            return
        self.connection.send("code", name, code, reason, tuple(notes))

    # ---- a proven module has run

    def is_due(self, name):
        """Whether the module is to be described, and runs where it is described: while another one is stepped through
        aside, that does not count."""
        return name in self.server.harvest and name not in self.reported and self.server.stepped in (None, name)

    def is_wanted(self, name):
        return self.is_due(name) and name not in self.in_parts

    def report(self, module, entry, recording):
        name = entry["name"]
        notes = []
        with Describing(self.describe_in_parts, name, notes):
            if recording.problem:
                notes.append(("defect", recording.problem))
                raise Unsupported(recording.problem)
            if recording.obstacle:
                raise Unsupported(recording.obstacle)
            image = self.image(module, entry, recording, notes)
            self.reported.add(name)
            self.connection.send("image", name, *image, tuple(notes), None)

    def describe_in_parts(self, name, reason, notes):
        """Not all of a proven module can be described: by and by it is stepped through, unless the proof is in doubt."""
        if notes:
            self.plain(name, reason, notes)
        else:
            self.in_parts.setdefault(name, reason)

    # ---- an unproven module has run

    def describer(self, module, entry):
        name = entry["name"]
        has_parts = entry["steps"] or name in self.in_parts
        return segments.Describer(self, entry) if has_parts and self.is_due(name) else None

    def report_part(self, module, entry, run, describer):
        notes = [("defect", defect) for defect in run.defects]
        with Describing(self.plain, entry["name"], notes):
            if sys.modules.get(entry["name"]) is not module:
                raise Unsupported("it replaces itself in sys.modules")
            if not run.failed:
                self.compare(entry, foreign.raw_dict(module), notes)
            *image, code, marker = segments.image(run, describer)
            self.reported.add(entry["name"])
            self.connection.send("image", entry["name"], *image, tuple(notes), (code, marker))

    def image(self, module, entry, recording, notes):
        namespace = foreign.raw_dict(module)
        if sys.modules.get(entry["name"]) is not module:
            raise Unsupported("it replaces itself in sys.modules")
        if type(module) is not type(sys):
            raise Unsupported("it changes its own type")
        built = operations.build(recording.events, namespace)
        imported, modules = {}, []
        for operation in built:
            if isinstance(operation, operations.Import):
                for name, value in operation.bound:
                    if namespace.get(name) is value:
                        imported.setdefault(id(value), name)
                    if foreign.is_a(value, type(sys)):
                        modules.append(value)
                source = imported_module(operation, entry)
                if source is not None:
                    modules.append(source)
        modules = list({id(module): module for module in modules}.values())
        self.compare(entry, namespace, notes)
        bound = [value for operation in built if isinstance(operation, operations.Import) for _, value in operation.bound]
        loaded = self.server.loaded_with(entry["name"], recording.loaded_in_calls)
        read = Readings(entry["name"], loaded)
        guards = self.guards(entry, recording, read)
        held_atoms = {}
        while True:
            walker = Walker(module, recording.code, recording.made, imported, modules, loaded, entry["fillings"])
            walker.names.read = read.places
            walker.atoms.held.update(held_atoms)
            for value in bound:
                walker.atoms.note(value)
            walker.tree = recording.tree
            encoded = self.encode_all(built, walker, namespace, guards)
            if not walker.atoms.has_missed():
                break
            held_atoms = walker.atoms.held
        walker.finish()
        return tuple(walker.nodes), tuple(encoded), tuple([guard[1:] for guard in guards])

    def encode_all(self, built, walker, namespace, guards):
        """The operations, with each guard checked before the first store that may rest on it.

        What a statement with imports in it rests on is there only when the last of them has run.
        """
        last_import = {}
        for place, operation in enumerate(built):
            if isinstance(operation, operations.Import):
                last_import[operation.statement] = place
        encoded, checked = [], 0
        walker.bound = set(walk.IMPORT_ATTRIBUTES)
        for place, operation in enumerate(built):
            is_ready = last_import.get(operation.statement, -1) < place
            limit = operation.statement if is_ready else operation.statement - 1
            due = checked
            while due < len(guards) and guards[due][0] <= limit:
                due += 1
            if due > checked:
                encoded.append(("guards", checked, due))
                checked = due
            encoded.append(self.encode(operation, walker, namespace))
            if isinstance(operation, operations.Import):
                walker.bound.update(name for name, _ in operation.bound)
        if checked < len(guards):
            encoded.append(("guards", checked, len(guards)))
        return encoded

    def encode(self, operation, walker, namespace):
        if isinstance(operation, operations.Store):
            try:
                return ("store", operation.name, walker.node(operation.value), walker.may_wait(operation.name))
            except Unsupported as error:
                raise Unsupported(f"{operation.name}: {error}") from None
        if isinstance(operation, operations.Delete):
            return ("delete", operation.name)
        binding = operation.binding
        if binding[0] == "names":
            binding = ("names", tuple(binding[1]))
        return ("import", operation.line, operation.level, operation.module, binding, not walker.deletes_globals)

    def is_missing(self, module, recording):
        package = entry_package(recording.entry)
        missing = [
            record.absolute_name(event.module, event.level, {"__package__": package})
            for event in recording.events
            if event.kind == record.IMPORT and event.binding == ("fails", "")
        ]
        return any(name == module or name.startswith(module + ".") for name in missing)

    def guards(self, entry, recording, seen):
        found = []
        for statement, module, path, contents in sorted(entry["dependencies"], key=lambda item: item[0]):
            if not path and module not in sys.modules and self.is_missing(module, recording):
                continue  # the import that fails is carried out, and must fail again
            found.extend((statement, *guard) for guard in self.guard(module, tuple(path), contents, seen))
        return found

    def guard(self, module, path, contents, seen):
        """Guards (module, path, what is expected) for a place that was read; none where it was `seen` already."""
        if not seen.is_new((module, path), contents):
            return []
        if self.native is not None and module == self.native.__name__:
            return self.fact_of_process(module, path)
        value = foreign.original(self.look_up(module, path))
        if module not in sys.modules and path:
            raise Unsupported(f"rests on {module}, which is not imported")
        place = seen.place(module, path, value)
        if place == (module, path):
            return self.expectation(module, path, value, contents)
        alias = [] if is_same((module, path), place) else [(module, path, "same-as", *place)]
        return alias + (self.expectation(*place, value, contents) if seen.is_new(place, contents) else [])

    def expectation(self, module, path, value, contents):
        """The guard that this value stands there, in a list."""
        if value is sys.modules:
            return []  # the runtime sees to it that it is the interpreter's own
        if value is foreign.MISSING:
            return [(module, path, "absent")]
        if type(value) is refuse.Placeholder:
            return []  # whatever uses it, is refused: nothing that was computed rests on it
        if not contents and type(value) in (list, dict, set):
            return [(module, path, "class", self.fingerprint(type(value)))]
        if not contents and foreign.raw(sys.modules[module], "__getattr__") is not foreign.MISSING:
            return [(module, path, "absent-or", self.fingerprint(value))]
        return [(module, path, "value", self.fingerprint(value))]

    def fact_of_process(self, module, path):
        """The guard for a fact that the extension module itself tells by one of its attributes."""
        value = foreign.raw(self.native, path[0])
        if value is foreign.MISSING:
            raise Unsupported(f"rests on {module}.{path[0]}, which this system does not tell")
        return [(module, path, "value", self.fingerprint(value))]

    def look_up(self, module, path):
        """What the runtime will find there, or the placeholder on the way."""
        if self.native is None:
            return foreign.walk(module, path)
        return found_along(self.native.lookup, module, path)

    def look_up_below(self, value, path):
        """The same, of what a name of the module that is being described is bound to."""
        return found_along(self.native.lookup_below, value, path)

    def fingerprint(self, value):
        if self.native is None:
            raise Unsupported("the target has no lyo package to compute guards with")
        return format(self.native.fingerprint(value) & (1 << 64) - 1, "x")

    def compare(self, entry, namespace, notes):
        """Both evaluators must agree on what both know."""
        for name, expected in sorted(entry["known"].items()):
            value = namespace.get(name, foreign.MISSING)
            if value is foreign.MISSING:
                notes.append(("disagreement", name, expected, "no such name"))
                continue
            actual = plain.represent(value)
            if actual is not None and actual != expected:
                notes.append(("disagreement", name, expected, actual))
        disagreements = [note[1] for note in notes if note[0] == "disagreement"]
        if disagreements:
            raise Unsupported(f"the evaluators disagree on {disagreements[0]}")


def found_along(look_up, start, path):
    """What `look_up` finds at the end of a path, or the placeholder on the way."""
    for length in range(len(path) + 1):
        try:
            value = look_up(start, path[:length])
        except LookupError:
            return foreign.MISSING
        if type(value) is refuse.Placeholder:
            break
    return value


def entry_package(entry):
    return entry["name"] if entry["package"] else entry["name"].rpartition(".")[0]


def imported_module(operation, entry):
    """The module that a `from` import took its names from."""
    name = record.absolute_name(operation.module, operation.level, {"__package__": entry_package(entry)})
    module = sys.modules.get(name)
    return module if foreign.is_a(module, type(sys)) else None


def parent_path(name):
    """Where a module of this name is looked for; None: `sys.path`."""
    parent = name.rpartition(".")[0]
    return list(sys.modules[parent].__path__) if parent else None


def load_native(path):
    import _imp

    loader = external.ExtensionFileLoader("lyo._native", path)
    spec = _frozen_importlib.ModuleSpec("lyo._native", loader, origin=path)
    native = _imp.create_dynamic(spec)
    _imp.exec_dynamic(native)
    return native


def main():
    import os  # the package `lyo` has it, and what it imports, loaded before anything is rehydrated

    # From 3.13 on `-c` loads it, which a program's script does not.
    sys.modules.pop("linecache", None)
    connection = Connection()
    plan = connection.receive()
    gc.disable()
    sys.setrecursionlimit(20000)
    sys.dont_write_bytecode = True
    _warnings.filters[:] = [("ignore", None, Warning, None, 0)]
    _warnings._filters_mutated()
    harvester = Harvester(connection, plan)
    construct.install()
    harvester.server.install()
    refuse.install()
    sys.excepthook = lambda kind, error, trace: posix.write(2, record.describe_failure(error, trace).encode())
    while True:
        message = connection.receive()
        if message is None:
            break
        command, names = message
        (harvester.harvest if command == "harvest" else harvester.compile)(names)
        connection.send("done")
    connection.target.flush()
    posix._exit(0)
