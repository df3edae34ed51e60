"""Serves modules to import statements: proven ones recorded, others by their proven statements only."""

import builtins
import sys

import _frozen_importlib
import _frozen_importlib_external as external

from lyo_harvest import construct, foreign, record, stepped
from lyo_harvest.foreign import MISSING, raw_dict, replace
from lyo_harvest.refuse import FREE, Placeholder, Refused, contexts

ModuleType = type(sys)
plain_import = builtins.__import__


class Server:
    """The plan, and what has been made of it so far."""

    def __init__(self, plan, is_wanted, report, describer, report_part):
        self.modules = plan["modules"]  # name -> entry
        self.roots = plan["roots"]  # where modules outside the standard library lie, in order
        self.is_wanted = is_wanted  # called with the name of a proven module: whether its image is wanted
        self.report = report  # called with (module, entry, Recording) when a proven module has run
        self.describer = describer  # called with (module, entry) before an unproven module runs: who describes it, or None
        self.report_part = report_part  # called with (module, entry, Run) when it has run
        self.harvest = frozenset()  # names whose image is wanted
        self.placeholders = {}
        self.compiled = record.Compiled(plan["scratch"])
        self.imports = {}  # name of a module -> names that its top level imports, as keys
        self.closures = {}  # what `loaded_with` has found
        self.stepped = None  # the module that is executed by steps although others have it whole
        # What any process has loaded before it imports anything.
        self.preloaded = [name for name in sys.modules if not name.startswith("lyo")]

    def install(self):
        sys.meta_path.insert(len(sys.meta_path) - 1, PlanFinder(self))
        sys.meta_path.append(GhostFinder(self))
        replace(builtins, "__import__", self.import_name)

    def run_part(self, module, entry, on_failure):
        """Runs a module's proven statements, and has them described if somebody wants that."""
        describer = self.describer(module, entry)
        run = stepped.Run(self, module, entry, describer, on_failure)
        contexts.append(run)
        self.code_ran()
        try:
            run.run()
        except (SyntaxError, ValueError, OSError, RecursionError, MemoryError) as error:
            run.defects.append(record.describe_error(error))
            on_failure()
        finally:
            contexts.pop()
            self.code_ran()
            if describer is not None:
                self.report_part(module, entry, run, describer)

    def note_edge(self, importer, name, fromlist, level, globals):
        if type(importer) is not str:
            return  # code that is executed in a namespace of its own
        name = record.absolute_name(name, level, globals or {})
        targets = self.imports.setdefault(importer, {})
        known = len(targets)
        targets.update(dict.fromkeys([name, *[f"{name}.{item}" for item in fromlist or ()]]))
        if len(targets) != known:
            self.closures.clear()

    def code_ran(self):
        """A module's code begins or ends to run: what was remembered of modules may be otherwise."""
        self.closures.clear()
        foreign.indexes.grow_old()

    def loaded_with(self, name, others):
        """Names of modules that are certainly loaded when `name` and `others` have been imported."""
        # A module may change its own `__name__`, under which its imports are noted, while it runs.
        key = (name, own_name(name), *others)
        if key not in self.closures:
            self.closures[key] = self.loaded_anew(name, others)
        return self.closures[key]

    def loaded_anew(self, name, others):
        loaded = set(self.preloaded)
        pending = [name, *others]
        while pending:
            current = pending.pop()
            if current in loaded or current not in sys.modules:
                continue
            loaded.add(current)
            if "." in current:
                pending.append(current.rpartition(".")[0])
            pending.extend(self.imports.get(current, ()))
            own = own_name(current)
            if own != current:
                pending.extend(self.imports.get(own, ()))
        loaded.discard(name)
        return frozenset(loaded)

    def cycle_of(self, name):
        """The module, those that it imports and that import it, as far as imports were seen, and all within them."""
        imports, importers = {}, {}
        for importer in {name, *self.imports}:
            # The packages around a module are imported before it.
            imports[importer] = [*self.imports.get(importer, ()), *packages_around(importer)]
            for target in imports[importer]:
                importers.setdefault(target, []).append(importer)
        cycle, grown = set(), {name}
        while cycle != grown:
            # A package that is made anew has its submodules when they are imported anew.
            within = {other for other in sys.modules if not grown.isdisjoint(packages_around(other))}
            cycle = grown | within
            grown = cycle | reachable(cycle, imports) & reachable(cycle, importers)
        return cycle

    def placeholder(self, module, name):
        key = (module, name)
        if key not in self.placeholders:
            self.placeholders[key] = Placeholder(module, name)
        return self.placeholders[key]

    def import_name(self, name, globals=None, locals=None, fromlist=(), level=0):
        context = contexts[-1]
        frame = sys._getframe(1)
        if frame.f_code.co_name == "<module>":
            self.note_edge(frame.f_globals.get("__name__"), name, fromlist, level, globals)
        if context is FREE:
            contexts.append(FREE)
            try:
                return self.import_plainly(name, globals, locals, fromlist, level)
            finally:
                contexts.pop()
        token = context.begin_import(frame, name, fromlist, level)
        contexts.append(FREE)
        try:
            module = self.import_plainly(name, globals, locals, fromlist, level)
        except BaseException as error:
            contexts.pop()
            context.failed_import(token, name, fromlist, error)
            raise
        contexts.pop()
        if name.startswith("_codecs_"):
            construct.watch(module)
        context.end_import(token)
        return module

    def import_plainly(self, *arguments):
        loaded = len(sys.modules)
        try:
            return plain_import(*arguments)
        finally:
            if len(sys.modules) != loaded:
                self.code_ran()


def own_name(name):
    """What the module that `sys.modules` has under a name calls itself."""
    own = getattr(sys.modules.get(name), "__name__", None)
    return own if type(own) is str else name


def packages_around(name):
    """The packages that a module of this name lies in, the nearest first."""
    while "." in name:
        name = name.rpartition(".")[0]
        yield name


def reachable(names, edges):
    """What the edges lead to from these names, in a step or more."""
    pending, found = [target for name in names for target in edges.get(name, ())], set()
    while pending:
        current = pending.pop()
        if current not in found:
            found.add(current)
            pending.extend(edges.get(current, ()))
    return found


class Aside:
    """Within it an import executes a module by steps, and its import cycle anew with it.

    Others of the cycle hold what the module made when it was executed as a whole, which it must not meet: they are
    imported as a program imports them, when they are needed. Afterwards all modules are the former ones.
    """

    def __init__(self, server, name):
        self.server = server
        self.name = name

    def __enter__(self):
        server = self.server
        cycle = server.cycle_of(self.name).difference(server.preloaded)
        self.modules, self.imports = dict(sys.modules), server.imports
        self.bound = [binding(member) for member in cycle if member in sys.modules]
        for member in cycle:
            sys.modules.pop(member, None)
        server.imports = {name: dict(targets) for name, targets in self.imports.items() if name not in cycle}
        server.stepped = self.name
        server.code_ran()

    def __exit__(self, *error):
        self.server.stepped, self.server.imports = None, self.imports
        for name in sys.modules.keys() - self.modules.keys():
            namespace, attribute, held = binding(name)
            if held is sys.modules[name]:
                del namespace[attribute]
        sys.modules.clear()
        sys.modules.update(self.modules)
        for namespace, attribute, held in self.bound:
            if held is not MISSING:
                namespace[attribute] = held
        self.server.code_ran()


def binding(name):
    """Where a parent package holds a module of this name, under which attribute, and what it holds there."""
    parent, _, attribute = name.rpartition(".")
    namespace = raw_dict(sys.modules[parent]) if parent in sys.modules else {}
    return (namespace, attribute, namespace.get(attribute, MISSING))


class PlanFinder:
    """Finds what the plan names. A module of the standard library that is not proven is left to the ordinary finder,
    unless it is to be executed by steps."""

    def __init__(self, server):
        self.server = server

    def find_spec(self, name, path=None, target=None):
        entry = self.server.modules.get(name)
        is_stepped = name == self.server.stepped
        if entry is None:
            return None
        if entry["kind"] == "code" and entry["stdlib"] and not is_stepped:
            spec = external.PathFinder.find_spec(name, path)
            if spec is not None and type(spec.loader) is external.SourceFileLoader:
                spec.name = apart(name)
            return spec
        is_whole = entry["kind"] == "strict" and not is_stepped
        loader = (ProvenLoader if is_whole else PartLoader)(self.server, entry)
        locations = [entry["path"].rpartition("/")[0]] if entry["package"] else None
        return external.spec_from_file_location(
            apart(name), entry["path"], loader=loader, submodule_search_locations=locations
        )


def apart(name):
    """A module's `__name__` that is no other text, interned or not: what holds it is told from what equals it."""
    return name[:1] + name[1:] if len(name) > 1 else name


class ProvenLoader:
    def __init__(self, server, entry):
        self.server = server
        self.entry = entry

    def create_module(self, spec):
        return None

    def exec_module(self, module):
        entry = self.entry
        is_wanted = self.server.is_wanted(entry["name"])
        run = (record.Recording if is_wanted else record.Execution)(module, entry, self.server.compiled)
        contexts.append(run)
        self.server.code_ran()
        try:
            run.run()
        finally:
            contexts.pop()
            self.server.code_ran()
            if is_wanted:
                run.finish()
                # A module that raises is reported too; its importer sees the exception as always.
                self.server.report(module, entry, run)


class PartialModule(ModuleType):
    """A module of which only the proven statements ran."""


def module_type(server, name, look_up, missing):
    """The type of such a module, with placeholders for what `look_up` raises `missing` for."""

    class PartModule(PartialModule):
        def __getattribute__(self, attribute):
            try:
                return look_up(self, attribute)
            except missing:
                return absent_or_placeholder(server, name, attribute)

    return PartModule


class PartLoader:
    """Executes a module's proven statements only."""

    def __init__(self, server, entry):
        self.server = server
        self.entry = entry

    def create_module(self, spec):
        # Its own `__getattr__` may need what is not proven.
        return module_type(self.server, spec.name, ModuleType.__getattribute__, Refused)(spec.name)

    def exec_module(self, module):
        server, entry = self.server, self.entry
        if entry["open"]:
            self.hand_out_placeholders(module)
        server.run_part(module, entry, lambda: self.hand_out_placeholders(module))
        if entry["fails"]:
            raise ImportError(f"importing {entry['name']} fails", name=entry["name"])

    def hand_out_placeholders(self, module):
        """Its names are not known. Its own `__getattr__` is not asked: nobody has proven it."""
        module.__class__ = module_type(self.server, self.entry["name"], object.__getattribute__, AttributeError)


def absent_or_placeholder(server, module, name):
    if name.startswith("__") and name.endswith("__"):
        raise AttributeError(f"module {module!r} has no attribute {name!r}")
    if f"{module}.{name}" in server.modules:
        # `from package import submodule` asks the package first, and loads the submodule where it has no such name.
        raise AttributeError(f"module {module!r} has no attribute {name!r}")
    return server.placeholder(module, name)


class GhostFinder:
    """Last of all: a module that is installed but must not be run (an extension, one left out) becomes a ghost."""

    def __init__(self, server):
        self.server = server

    def find_spec(self, name, path=None, target=None):
        spec = external.PathFinder.find_spec(name, self.server.roots if path is None else path)
        if spec is None or spec.loader is None:
            return spec
        ghost = _frozen_importlib.ModuleSpec(name, GhostLoader(self.server), origin=spec.origin)
        ghost.submodule_search_locations = spec.submodule_search_locations
        return ghost


class GhostLoader:
    def __init__(self, server):
        self.server = server

    def create_module(self, spec):
        return PartialModule(spec.name)

    def exec_module(self, module):
        name = module.__name__
        module.__dict__["__getattr__"] = lambda attribute: absent_or_placeholder(self.server, name, attribute)
