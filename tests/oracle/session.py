"""One session of the import oracle: imports modules and watches what they change.

Runs in the interpreter under test as

    python -I -S -X frozen_modules=off session.py < job > result

Both are `marshal`led. The job: `{"path": [entries added to sys.path], "targets":
[names], "watch": {name: source path}, "effects": {name: [declared effects]}}`. The result: a list of `(name, how,
findings)`, `how` being `fresh` (judged as it was first executed), `again`
(executed a second time, because the interpreter starts with it loaded),
`unimportable` (an import statement failed) or `unreached`.

A watched module is executed statement by statement, as its code would be.
Import statements run unwatched, then a second time, watched, when nothing is
left to load: what remains is what they do by themselves, such as calling a
module's `__getattr__`. Everything else runs between two snapshots.
"""

import _ast
import marshal
import posix
import site  # programs find loaded what it loads
import sys

_ONLY_AST = 0x400
_ANNOTATIONS = 0x1000000  # CO_FUTURE_ANNOTATIONS
_HERE = sys.path[0] if not sys.flags.isolated else __file__.rpartition("/")[0]

# Audit events of what computes and touches nothing.
_QUIET = {
    "import",  # what is really loaded shows in `sys.modules`
    "compile", "exec", "sys._getframe", "sys._getframemodulename", "code.__new__", "function.__new__",
    "object.__getattr__", "builtins.id", "gc.get_objects", "gc.get_referents", "marshal.loads",
    "type.__setattr__", "object.__setattr__", "object.__delattr__", "cpython._PySys_ClearAuditHooks",
}


class Session:
    def __init__(self, world, watch, declare):
        self.world = world
        self.watch = watch
        self.declare = declare
        self.judged = {}
        self.events = None
        self.depth_failed = None
        sys.addaudithook(self._audit)
        external = sys.modules["_frozen_importlib_external"]
        self.find = external.PathFinder.find_spec
        session = self

        class JudgingLoader(external.SourceFileLoader):
            def exec_module(self, module):
                session.execute(module, self, "fresh")

        self.loader = JudgingLoader

    def _audit(self, event, arguments):
        if self.events is not None and event not in _QUIET and not is_importer_reading(event):
            first = arguments[0] if arguments and type(arguments[0]) in (str, int) else ""
            self.events.append(f"audit event {event} {first}".strip())

    def find_spec(self, name, path=None, target=None):
        """As a meta-path finder: takes the watched modules from the ordinary one."""
        if name not in self.watch or name in self.judged:
            return None
        spec = self.find(name, path, target)
        if spec is None or type(spec.loader).__name__ != "SourceFileLoader":
            return None
        if spec.origin != self.watch[name]:
            return None
        spec.loader = self.loader(spec.loader.name, spec.loader.path)
        return spec

    def execute(self, module, loader, how):
        name = module.__name__
        self.judged[name] = (how, ["did not finish"])
        execution = Execution(self, module, loader.path)
        try:
            execution.run(compile(loader.get_data(loader.path), loader.path, "exec", _ONLY_AST, True).body)
        except BaseException as error:
            if execution.importing:
                self.judged[name] = ("unimportable", [f"{type(error).__name__}: {error}"])
            else:
                self.judged[name] = (how, execution.findings + [f"raises {type(error).__name__}: {error}"])
            raise
        self.judged[name] = (how, execution.findings)

    def again(self, name):
        """Executes a module that the interpreter has loaded already, in a namespace of its own."""
        bootstrap = sys.modules["_frozen_importlib"]
        path = self.watch[name]
        loader = self.loader(name, path)
        spec = sys.modules["_frozen_importlib_external"].spec_from_file_location(name, path, loader=loader)
        module = bootstrap.module_from_spec(spec)
        loaded = sys.modules[name]
        sys.modules[name] = module
        try:
            self.execute(module, loader, "again")
        finally:
            sys.modules[name] = loaded


class Execution:
    """One module's statements, in order."""

    def __init__(self, session, module, path):
        self.session = session
        self.module = module
        self.path = path
        self.flags = 0
        self.findings = []
        self.importing = False
        self.imports = []  # already carried out, to be repeated under watch
        self.window = []
        self.first = True
        self.declared = session.declare(module)
        self.own = {}  # what earlier windows made belongs to the module: it may change it

    def run(self, statements):
        for effect in self.declared.of_kind("import"):
            __import__(effect["name"])  # unwatched, as what import statements load
        self.walk(statements)
        self.flush()
        self.findings.extend(self.declared.unseen())

    def walk(self, statements):
        for statement in statements:
            kind = type(statement).__name__
            if kind == "ImportFrom" and statement.module == "__future__" and not statement.level:
                self.future(statement)
            elif kind in ("Import", "ImportFrom"):
                if self.is_loaded(statement):
                    self.window.append(statement)
                    continue
                if self.window:
                    self.flush()
                self.unwatched([statement])
                self.imports.append(statement)
            elif kind == "If" and has_import(statement):
                truth = self.test(statement.test)
                self.walk(statement.body if truth else statement.orelse)
            elif has_import(statement):
                self.flush()
                self.prepare(statement)
                self.window.append(statement)
                self.flush()
            else:
                self.window.append(statement)

    def source_of(self, statement):
        """The absolute name of the module that a `from` import takes names from."""
        base = statement.module or ""
        if not statement.level:
            return base
        package = (self.module.__package__ or "").split(".")
        package = package[: len(package) - statement.level + 1]
        return ".".join([*package, base] if base else package)

    def is_loaded(self, statement):
        """Has the import statement nothing left to load? Then it need not end a window."""
        loaded = sys.modules
        if type(statement).__name__ == "Import":
            return all(alias.name in loaded for alias in statement.names)
        base = self.source_of(statement)
        namespace = getattr(loaded.get(base), "__dict__", None)
        if namespace is None or statement.names[0].name == "*":
            return False
        return all(alias.name in namespace or f"{base}.{alias.name}" in loaded for alias in statement.names)

    def is_plain(self, statement):
        """A docstring, a constant, or an import that can only load: nothing to watch."""
        kind = type(statement).__name__
        if kind in ("Import", "Pass"):
            return True
        if kind == "ImportFrom":
            module = sys.modules.get(self.source_of(statement))
            return module is not None and "__getattr__" not in getattr(module, "__dict__", {})
        if kind == "Assign" and any(type(target).__name__ != "Name" for target in statement.targets):
            return False
        return kind in ("Expr", "Assign") and type(statement.value).__name__ == "Constant"

    def future(self, statement):
        import __future__

        for alias in statement.names:
            if alias.name == "annotations":
                self.flags |= _ANNOTATIONS
            setattr(self.module, alias.asname or alias.name, getattr(__future__, alias.name))

    def prepare(self, statement):
        """Loads what the imports inside a `try`, a loop or a class body will ask for."""
        scratch = dict(self.module.__dict__)
        for block in import_blocks(statement):
            for inner in block:
                try:
                    self.execute([inner], scratch)
                except Exception:
                    break

    def unwatched(self, statements):
        self.importing = True
        self.execute(statements, self.module.__dict__)
        self.importing = False

    def test(self, test):
        """Evaluates the condition of an `if` that has imports below it, in its place."""
        if "TYPE_CHECKING" in (getattr(test, "id", ""), getattr(test, "attr", "")):
            return False
        name = " test"
        target = _ast.Name(id=name, ctx=_ast.Store(), **where(test))
        self.window.append(_ast.Assign(targets=[target], value=test, **where(test)))
        self.flush()
        return self.module.__dict__.pop(name)

    def flush(self):
        """Carries out the statements gathered, between two snapshots."""
        window, self.window = self.imports + self.window, []
        self.imports = []
        if not window:
            return
        if all(map(self.is_plain, window)):
            self.execute(window, self.module.__dict__)
            return
        # No closures below: the cells they would need are part of the world.
        session = self.session
        ignored = {id(self.module), id(self.module.__dict__), id(session), id(session.judged),
                   id(session.judged.get(self.module.__name__)), id(self), id(self.findings)}
        ignored.update(map(id, (self.declared, self.declared.grown)))
        for item in (session, self, self.declared):
            ignored.add(id(item.__dict__))
        ignored.update((id(ignored), id(self.own)), self.own)
        code = self.compile(window)
        session_events = []
        ignored.add(id(session_events))
        before = session.world.Snapshot(ignored)
        ignored.update((id(before), id(before.__dict__), id(before.contents), id(before.process)))
        session.events = session_events
        try:
            exec(code, self.module.__dict__)
        finally:
            session.events = None
        after = session.world.Snapshot(ignored)
        for key, kept in after.contents.items():
            if key not in before.contents:
                self.own[key] = kept
        self.findings.extend(session_events)
        self.findings.extend(session.world.differences(before, after, self.declared))

    def compile(self, statements):
        if not self.first:
            # A string that stands first would be taken for the docstring.
            statements = [_ast.Pass(**where(statements[0])), *statements]
        self.first = False
        tree = _ast.Module(body=statements, type_ignores=[])
        return compile(tree, self.path, "exec", self.flags, True)

    def execute(self, statements, namespace):
        exec(self.compile(statements), namespace)


def where(node):
    return {"lineno": node.lineno, "col_offset": node.col_offset,
            "end_lineno": node.end_lineno, "end_col_offset": node.end_col_offset}


def is_importer_reading(event):
    """Does the importer itself read a file or list a folder? It does so again and again for
    an import that fails; a module that is loaded shows in `sys.modules`."""
    if event not in ("open", "os.listdir"):
        return False
    frame = sys._getframe(2)
    return frame.f_code.co_filename == "<frozen importlib._bootstrap_external>"


def children(node):
    for name in node._fields:
        value = getattr(node, name, None)
        for item in value if type(value) is list else [value]:
            if hasattr(item, "_fields"):
                yield item


def has_import(node):
    kind = type(node).__name__
    if kind in ("Import", "ImportFrom"):
        return True
    if kind in ("FunctionDef", "AsyncFunctionDef", "Lambda"):
        return False
    return any(map(has_import, children(node)))


def import_blocks(statement):
    """The import statements below a statement, by block: one that fails ends its block."""
    for name in ("body", "handlers", "orelse", "finalbody", "cases"):
        block = getattr(statement, name, None)
        if type(block) is not list:
            continue
        direct = [x for x in block if type(x).__name__ in ("Import", "ImportFrom")]
        if direct:
            yield direct
        for inner in block:
            if type(inner).__name__ not in ("FunctionDef", "AsyncFunctionDef"):
                yield from import_blocks(inner)


def complain(descriptor, error, trace):
    """The session itself failed: says so where the judge reads it."""
    while trace.tb_next is not None:
        trace = trace.tb_next
    code = trace.tb_frame.f_code
    posix.write(descriptor, f"{code.co_filename}:{trace.tb_lineno}: {error!r}\n".encode())


def main():
    job = marshal.loads(sys.stdin.buffer.read())
    output, complaints = posix.dup(1), posix.dup(2)
    sys.excepthook = lambda kind, error, trace: complain(complaints, error, trace)
    for descriptor in (1, 2):
        name = f"{job['scratch']}/{posix.getpid()}.{descriptor}"
        file = posix.open(name, posix.O_RDWR | posix.O_CREAT)
        posix.dup2(file, descriptor)
        posix.close(file)
        posix.unlink(name)
    sys.path[:0] = [_HERE]
    import declared
    import world

    del sys.path[0]
    sys.path[:0] = job["path"]
    effects = job["effects"]
    session = Session(world, job["watch"], lambda module: declared.Declared(effects.get(module.__name__, []), module))
    sys.meta_path.insert(0, session)
    result = []
    for name in job["targets"]:
        if name not in session.judged:
            try:
                if name in sys.modules and name in job["watch"]:
                    session.again(name)
                else:
                    __import__(name)
            except BaseException as error:
                session.judged.setdefault(name, ("unreached", [f"{type(error).__name__}: {error}"]))
        result.append((name, *session.judged.get(name, ("unreached", ["not found by the ordinary finder"]))))
    with open(output, "wb") as stream:
        stream.write(marshal.dumps([(n, h, [str(f) for f in fs]) for n, h, fs in result]))
    posix._exit(0)


main()
