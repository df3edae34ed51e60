"""Modules of a bundle that import each other: loaded past `importlib._bootstrap`, and nobody can tell."""

import unittest

from support import BundleTest

SHOW = """
import sys
import top
names = [name for name in sys.modules if name in {names!r}]
print(names)
for name in names:
    module = sys.modules[name]
    spec = module.__spec__
    print([(key, value) for key, value in module.__dict__.items() if key not in ('__builtins__', '__loader__', '__spec__')])
    print({{key: value for key, value in vars(spec).items() if key != 'loader'}}, spec.parent, spec.cached, spec.has_location)
    print(type(spec.loader).__name__, vars(spec.loader), spec.loader is module.__loader__, type(module))
"""


# Shows the lock that `importlib` has for a module: who holds it, and how often.
LOCKS = """
import _frozen_importlib, _thread

def locks(name):
    lock = _frozen_importlib._get_module_lock(name)
    count = lock.count if type(lock.count) is int else len(lock.count)
    print(name, lock.owner == _thread.get_ident(), count)

"""


class Load(BundleTest):
    def same(self, program, **options):
        return super().same(program, environment={"LYO_VERBOSE": ""}, **options)

    def tree(self):
        """`top` imports `pkg.sub`, whose package imports another of its modules, and that one the package."""
        self.source("pkg", "from pkg import helper\nfrom . import other\nlabel = 'pkg'\n", package=True)
        self.source("pkg.helper", "import pkg\nvalue = 1\n")
        self.source("pkg.other", "from pkg.helper import value\n")
        self.source("pkg.sub", "from pkg import label\nfrom . import other as again\n")
        self.source("top", "import pkg.sub\nfrom pkg.sub import label\nlast = 'top'\n")
        image = self.image("pkg")
        image.import_("pkg", "names", [("helper", "helper")], line=1)
        image.import_("", "names", [("other", "other")], line=2, level=1)
        image.store("label", image.value("pkg"))
        image = self.image("pkg.helper")
        image.import_("pkg", "top", "pkg", line=1)
        image.store("value", image.value(1))
        image = self.image("pkg.other")
        image.import_("pkg.helper", "names", [("value", "value")], line=1)
        image = self.image("pkg.sub")
        image.import_("pkg", "names", [("label", "label")], line=1)
        image.import_("", "names", [("other", "again")], line=2, level=1)
        image = self.image("top")
        image.import_("pkg.sub", "top", "pkg", line=1)
        image.import_("pkg.sub", "names", [("label", "label")], line=2)
        image.store("last", image.value("top"))
        self.write()

    def test_what_is_left_is_the_same(self):
        self.tree()
        names = ["pkg", "pkg.helper", "pkg.other", "pkg.sub", "top"]
        shown = self.same(SHOW.format(names=names))
        self.assertIn("'top'", shown)

    def test_another_finder_in_front_is_asked_for_all(self):
        self.tree()
        shown = self.same(
            """
            class Asked:
                @staticmethod
                def find_spec(name, path=None, target=None):
                    print(name, path is None)
            sys.meta_path.insert(0, Asked)
            import top
            """
        )
        self.assertIn("pkg.other False", shown)

    def test_a_function_of_importlib_that_was_replaced_is_called(self):
        self.tree()
        for function in ("_find_and_load", "_load_unlocked", "module_from_spec", "_find_spec"):
            with self.subTest(function):
                self.same(
                    """
                    import _frozen_importlib as bootstrap
                    real = bootstrap.%s
                    def spy(first, *rest):
                        print(getattr(first, 'name', first))
                        return real(first, *rest)
                    bootstrap.%s = spy
                    import top
                    """
                    % (function, function)
                )

    def test_a_builtin_or_frozen_module_comes_first(self):
        self.source("time", "shadow = 1\n")
        self.source("m", "import time\n")
        self.image("time").store("shadow", self.image("time").value(1))
        image = self.image("m")
        image.import_("time", "top", "time", line=1)
        self.write()
        self.assertIn("False", self.same("del sys.modules['time']\nimport m; print(hasattr(m.time, 'shadow'))"))

    def test_a_failure_below(self):
        self.source("pkg", "import pkg.broken\n", package=True)
        self.source("pkg.broken", "import sys\nprint(sys._getframe(1).f_code.co_name)\nx = 1\n1 / 0\n")
        self.source("m", "import pkg\n")
        for name, imported in (("pkg", "pkg.broken"), ("m", "pkg")):
            image = self.image(name)
            image.import_(imported, "top", "pkg", line=1)
        self.write()
        shown = self.same(
            """
            import traceback
            try:
                import m
            except ZeroDivisionError as error:
                entries = traceback.extract_tb(error.__traceback__)[1:]
                print([(entry.filename[-9:], entry.lineno, entry.name) for entry in entries])
            print([name for name in sys.modules if name in ('m', 'pkg', 'pkg.broken')])
            """
        )
        self.assertIn("broken.py", shown)

    def test_a_failure_that_the_importer_keeps(self):
        self.source("broken", "1 / 0\n")
        self.source("keeper", "try:\n    import between\nexcept ZeroDivisionError as error:\n    kept = error\n")
        self.source("between", "import broken\n")
        image = self.image("between")
        image.import_("broken", "top", "broken", line=1)
        self.source("m", "import keeper\n")
        image = self.image("m")
        image.import_("keeper", "top", "keeper", line=1)
        self.write()
        self.same(
            """
            import m, traceback
            entries = traceback.extract_tb(m.keeper.kept.__traceback__)
            print([(entry.filename[-9:], entry.lineno, entry.name) for entry in entries])
            """
        )

    def test_a_module_that_replaces_itself(self):
        self.source("replaced", "import sys\nclass Other: answer = 42\nsys.modules[__name__] = Other\n")
        self.source("gone", "import sys\ndel sys.modules[__name__]\n")
        for name in ("replaced", "gone"):
            self.source("uses_" + name, "import %s\n" % name)
            image = self.image("uses_" + name)
            image.import_(name, "top", name, line=1)
        self.write()
        self.same("import uses_replaced; print(uses_replaced.replaced.answer)")
        self.same(
            """
            try:
                import uses_gone
            except KeyError as error:
                print(repr(error), 'gone' in sys.modules, 'uses_gone' in sys.modules)
            """
        )

    def test_threads_wait_for_each_other(self):
        self.source("slow", "import time\ntime.sleep(0.3)\ndone = True\n")
        self.source("m", "import slow\nx = 1\n")
        image = self.image("m")
        image.import_("slow", "top", "slow", line=1)
        image.store("x", image.value(1))
        self.write()
        shown = self.same(
            """
            import threading
            found = []
            def work(name):
                module = __import__(name)
                found.append(getattr(module, 'done', None) or module.x)
            threads = [threading.Thread(target=work, args=(name,)) for name in ("m", "slow", "m", "slow")]
            for thread in threads: thread.start()
            for thread in threads: thread.join()
            print(sorted(map(str, found)))
            """
        )
        self.assertEqual(shown.count("True") + shown.count("1"), 4)

    def test_threads_that_would_wait_for_each_other_for_ever(self):
        for name, other in (("a", "b"), ("b", "a")):
            self.source("slow_" + name, "import time\ntime.sleep(0.3)\n")
            self.source(name, "import slow_%s\nimport %s\nx = 1\n" % (name, other))
            image = self.image(name)
            image.import_("slow_" + name, "top", "slow_" + name, line=1)
            image.import_(other, "top", other, line=2)
            image.store("x", image.value(1))
        self.write()
        self.same(
            """
            import threading
            def work(name):
                __import__(name)
            threads = [threading.Thread(target=work, args=(name,)) for name in ("a", "b")]
            for thread in threads: thread.start()
            for thread in threads: thread.join()
            print(sys.modules["a"].x, sys.modules["b"].x, sys.modules["a"].b is sys.modules["b"])
            import _frozen_importlib
            print(sorted(_frozen_importlib._module_locks))
            """
        )

    def test_locks_of_modules_under_way(self):
        self.source("asks", LOCKS + "locks('m'); locks('asks'); import m, asks; locks('m')\n")
        self.source("m", "import asks\nx = 1\n")
        image = self.image("m")
        image.import_("asks", "top", "asks", line=1)
        image.store("x", image.value(1))
        self.write()
        shown = self.same(LOCKS + "import m; print(sorted(_frozen_importlib._module_locks))")
        self.assertIn("m True 1", shown)

    def test_timed_imports_are_ordinary(self):
        self.tree()
        shown = self.python("import top", environment={"PYTHONPROFILEIMPORTTIME": "1"})
        self.assertRegex(shown, r"\|\s+pkg.other\n")

    def test_a_tracer_sees_the_import_system(self):
        self.tree()
        shown = self.same(
            """
            calls = set()
            def trace(frame, event, argument):
                if event == 'call' and frame.f_code.co_name in ('_find_and_load', '_load_unlocked'):
                    calls.add((frame.f_code.co_name, str(frame.f_locals.get('name'))))
            sys.settrace(trace)
            import top
            sys.settrace(None)
            print(sorted(calls))
            """
        )
        self.assertIn("pkg.other", shown)

    def test_audit_hooks_hear_of_every_import(self):
        self.tree()
        self.same(
            """
            heard = []
            sys.addaudithook(lambda event, args: heard.append(args[0]) if event == 'import' else None)
            import top
            print([name for name in heard if name.startswith(('top', 'pkg'))])
            """
        )

    def test_a_long_chain(self):
        depth = 60
        for number in range(depth):
            self.source("link%d" % number, "import link%d\n" % (number + 1))
            image = self.image("link%d" % number)
            image.import_("link%d" % (number + 1), "top", "link%d" % (number + 1), line=1)
        self.source("link%d" % depth, "end = 'here'\n")
        image = self.image("link%d" % depth)
        image.store("end", image.value("here"))
        self.write()
        self.assertIn("here", self.same("import link0; print(sys.modules['link%d'].end)" % depth))


if __name__ == "__main__":
    unittest.main()
