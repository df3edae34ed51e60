"""Executes a proven module's code and records, statement by statement, what it imports and binds.

The module's code object runs with the module's `__dict__` as globals and a `Namespace` as locals:
top-level stores and deletes pass through it and are noted with the instruction that made them.
"""

import gc
import marshal
import posix
import sys

import _warnings

from lyo_harvest.refuse import FREE, Refused, contexts

ONLY_AST = 0x400  # ast.PyCF_ONLY_AST

IMPORT, STORE, DELETE = "import", "store", "delete"

# What the import system puts into a module before its code runs.
MODULE_ATTRIBUTES = frozenset((
    "__name__", "__doc__", "__package__", "__loader__", "__spec__", "__path__", "__file__",
    "__cached__", "__builtins__",
))


class Unsupported(Exception):
    """The module can't be rehydrated exactly; the text says why."""


class Event:
    __slots__ = ("kind", "name", "value", "statement", "node", "binding", "implicit", "module", "level", "line")

    def __init__(self, kind, statement):
        self.kind = kind
        self.statement = statement
        self.implicit = ()


class Namespace:
    """The locals of the running top level: the module's dict, with a log of stores and deletes."""

    __slots__ = ("target", "recording")

    def __init__(self, target, recording):
        self.target = target
        self.recording = recording

    def __getitem__(self, name):
        return self.target[name]

    def __setitem__(self, name, value):
        self.target[name] = value
        self.recording.note(STORE, name, value, sys._getframe(1))

    def __delitem__(self, name):
        del self.target[name]
        self.recording.note(DELETE, name, None, sys._getframe(1))

    def __contains__(self, name):
        return name in self.target

    def __iter__(self):
        return iter(self.target)

    def __len__(self):
        return len(self.target)

    def keys(self):
        return self.target.keys()

    def values(self):
        return self.target.values()

    def items(self):
        return self.target.items()

    def get(self, name, default=None):
        return self.target.get(name, default)

    def setdefault(self, name, default=None):
        if name not in self.target:
            self[name] = default
        return self.target[name]

    def update(self, *arguments, **keywords):
        for name, value in dict(*arguments, **keywords).items():
            self[name] = value


class Execution:
    """One run of a module by proven statements, and the context that the run's audit events are judged by."""

    def __init__(self, module, entry, compiled):
        self.module = module
        self.entry = entry
        self.compiled = compiled  # where what any process has compiled is found
        self.trips = []

    def run(self):
        contexts.append(FREE)  # the compiler imports `unicodedata` for `\N{…}`
        try:
            code = self.compile()
        finally:
            contexts.pop()
        namespace = self.module.__dict__
        namespace.setdefault("__builtins__", sys.modules["builtins"].__dict__)
        self.raise_warnings()
        try:
            self.execute(code, namespace)
        finally:
            self.restore_warnings()

    def compile(self):
        """The code of a module of which nobody wants more than that it runs."""
        return self.compiled.get(self.entry["name"], "whole", lambda: self.compile_source(read(self.entry["path"])))

    def compile_source(self, source):
        return compile(source, self.entry["path"], "exec", dont_inherit=True)

    def execute(self, code, namespace):
        exec(code, namespace)

    def raise_warnings(self):
        self.filters = _warnings.filters[:]
        _warnings.filters[:] = [("error", None, Warning, None, 0)]
        _warnings._filters_mutated()

    def restore_warnings(self):
        _warnings.filters[:] = self.filters
        _warnings._filters_mutated()

    # ---- imports, as `serve.Server.import_name` announces them

    def begin_import(self, frame, name, fromlist, level):
        self.restore_warnings()

    def end_import(self, token):
        self.raise_warnings()

    def failed_import(self, token, name, fromlist, error):
        self.end_import(token)


class Recording(Execution):
    """The run of a proven module that is to be described."""

    def __init__(self, module, entry, compiled):
        super().__init__(module, entry, compiled)
        self.events = []
        self.made = []  # keeps alive what was made, so that no id is used twice
        self.problem = None  # why the proof was wrong
        self.obstacle = None  # why the build can't carry out an import that a program can
        self.failed = None  # the exception of the last import that failed
        self.code = None
        self.loaded_in_calls = []
        self.tokens = []

    # ---- running

    def compile(self):
        source = read(self.entry["path"])
        self.code = unmarshalled(self.compile_source(source))
        self.tree = syntax_tree(source, self.entry["path"])
        self.positions = list(self.code.co_positions())
        self.statements = [start_of(node) for node in self.tree.body]
        self.import_nodes = {}
        collect_imports(self.tree.body, self.import_nodes)
        self.import_counts = {}
        return self.code

    def execute(self, code, namespace):
        gc.freeze()
        try:
            exec(code, namespace, Namespace(namespace, self))
        except (Exception, SystemExit, Refused) as error:
            if error is self.failed:
                # What other modules make at run time is not all there at build time.
                self.obstacle = self.obstacle or f"an import failed at build time: {describe_error(error)}"
            else:
                self.problem = self.problem or f"raised {describe_error(error)}"
            raise
        finally:
            self.keep_made()

    def keep_made(self):
        """Adds what was made since the last freeze to what this module made."""
        self.made.append(gc.get_objects())
        gc.freeze()

    def finish(self):
        if self.trips and not self.problem:
            self.problem = self.trips[0]

    # ---- noting

    def statement_at(self, offset):
        position = self.positions[offset // 2] if 0 <= offset // 2 < len(self.positions) else (None,) * 4
        line, _, column, _ = position
        if not line or not self.statements:
            return 0
        low, high = 0, len(self.statements)
        key = (line, column if column is not None else 1 << 30)
        while low < high:
            middle = (low + high) // 2
            if self.statements[middle] <= key:
                low = middle + 1
            else:
                high = middle
        return max(low - 1, 0)

    def note(self, kind, name, value, frame):
        offset = frame.f_lasti if frame.f_code is self.code else -1
        event = Event(kind, self.statement_at(offset) if offset >= 0 else self.last_statement())
        event.name = name
        event.value = value
        event.node = self.positions[offset // 2] if offset >= 0 else None
        self.events.append(event)

    def last_statement(self):
        return self.events[-1].statement if self.events else 0

    def begin_import(self, frame, name, fromlist, level):
        self.keep_made()
        self.restore_warnings()
        position = node = None
        if frame.f_code is self.code:
            position = self.positions[frame.f_lasti // 2]
            node = self.import_nodes.get(position)
        if node is None:
            # Inside a call or a class body: nothing is bound here, but modules may be loaded.
            line = frame.f_lineno if frame.f_globals is self.module.__dict__ else 0
            return (None, (absolute_name(name, level, frame.f_globals), fromlist or (), line), name)
        event = Event(IMPORT, self.statement_at(frame.f_lasti))
        event.node = position
        event.line = position[0] or 0
        event.level = level
        event.module = name
        event.binding = None
        if type(node).__name__ == "ImportFrom":
            if node.names[0].name == "*":
                event.binding = ("star",)
            else:
                event.binding = ("names", [(alias.name, alias.asname or alias.name) for alias in node.names])
        else:
            count = self.import_counts.get(position, 0)
            self.import_counts[position] = count + 1
            alias = node.names[count % len(node.names)]
            if alias.asname:
                event.binding = ("leaf", alias.asname)
            else:
                event.binding = ("top", alias.name.partition(".")[0])
        return (event, list(self.module.__dict__), name)

    def end_import(self, token):
        gc.freeze()
        self.raise_warnings()
        event, before, name = token
        if event is None:
            self.note_loaded(*before)
            return
        if len(self.module.__dict__) != len(before):
            known = set(before)
            event.implicit = [key for key in self.module.__dict__ if key not in known]
        self.events.append(event)

    def was_found(self, name, level):
        return absolute_name(name, level, self.module.__dict__) in sys.modules

    def note_loaded(self, name, fromlist, line):
        """What is imported within a call is imported at this place, whether it was loaded already or not."""
        names = [name] + [f"{name}.{item}" for item in fromlist if f"{name}.{item}" in sys.modules]
        for name in names:
            if name in self.loaded_in_calls:
                continue
            self.loaded_in_calls.append(name)
            if not all(part.isidentifier() for part in name.split(".")):
                self.obstacle = self.obstacle or f"imports {name} from within a call"
            event = Event(IMPORT, self.last_statement())
            event.node = None
            event.line, event.level, event.module, event.binding = line, 0, name, ("nothing",)
            self.events.append(event)

    def failed_import(self, token, name, fromlist, error):
        gc.freeze()
        self.raise_warnings()
        self.failed = error
        event = token[0]
        if event is None or not isinstance(error, ImportError):
            self.obstacle = self.obstacle or f"importing {name} raised {describe_error(error)}"
            return
        # `try: import m; except ImportError: …`: it must fail again.
        if fromlist and self.was_found(name, event.level):
            # The module is there; what fails is one of its submodules.
            if len(fromlist) > 1:
                self.obstacle = self.obstacle or f"importing one of several submodules of {name} failed"
            event.binding = ("fails", fromlist[0])
        else:
            event.binding = ("fails", "")
        self.events.append(event)


def read(path):
    with open(path, "rb", 0) as file:
        return file.read()


def syntax_tree(source, path):
    return compile(source, path, "exec", ONLY_AST, dont_inherit=True)


def unmarshalled(code):
    """The code as an import from a `.pyc` would have it: constants of constant sets included."""
    return marshal.loads(marshal.dumps(code))


class Compiled:
    """What the processes of a build have compiled, so that each module that others import is compiled once."""

    def __init__(self, folder):
        self.folder = folder  # None: they don't share it

    def get(self, name, kind, make):
        """What `make` gives, marshalled and read back."""
        if self.folder is None:
            return unmarshalled(make())
        path = f"{self.folder}/{name}.{kind}"
        try:
            return marshal.loads(read(path))
        except (OSError, EOFError, ValueError, TypeError):
            pass  # nobody has written it yet
        made = marshal.dumps(make())
        try:
            aside = f"{path}.{posix.getpid()}"
            with open(aside, "wb", 0) as file:
                file.write(made)
            posix.rename(aside, path)
        except OSError:
            pass  # others compile it anew
        return marshal.loads(made)


def absolute_name(name, level, namespace):
    """The name that an import statement means in a module with this namespace."""
    if not level:
        return name
    package = namespace.get("__package__") or ""
    for _ in range(level - 1):
        package = package.rpartition(".")[0]
    return f"{package}.{name}" if name else package


def describe_error(error):
    try:
        return f"{type(error).__name__}: {error}"
    except BaseException:
        return type(error).__name__


def describe_failure(error, trace):
    """What went wrong in the harvester itself, and where."""
    while trace.tb_next is not None:
        trace = trace.tb_next
    place = f"{trace.tb_frame.f_code.co_name}:{trace.tb_lineno}"
    return f"the harvester failed at {place}: {describe_error(error)}"


def start_of(node):
    """Where a statement begins, decorators included: (line, column)."""
    start = (node.lineno, node.col_offset)
    for decorator in getattr(node, "decorator_list", ()):
        # The `@` stands before the expression, on the same line or above.
        start = min(start, (decorator.lineno, 0))
    return start


def collect_imports(statements, found):
    """Import statements that run at module level, by position (line, end line, column, end column)."""
    for node in statements:
        kind = type(node).__name__
        if kind in ("Import", "ImportFrom"):
            found[(node.lineno, node.end_lineno, node.col_offset, node.end_col_offset)] = node
            continue
        if kind in ("FunctionDef", "AsyncFunctionDef", "ClassDef"):
            continue
        for field in ("body", "orelse", "finalbody"):
            collect_imports(getattr(node, field, ()), found)
        for handler in getattr(node, "handlers", ()):
            collect_imports(handler.body, found)
        for case in getattr(node, "cases", ()):
            collect_imports(case.body, found)
