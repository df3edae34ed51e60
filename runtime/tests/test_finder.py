"""When a module is taken from the bundle, and when it is imported as usual."""

import os
import shutil
import sys
import unittest

from support import BundleTest

SHOW = "import m; print(m.x, m.__file__)"


class Finder(BundleTest):
    """A bundle whose image says `x = 'bundle'` where the source says `x = 'source'`."""

    def setUp(self):
        super().setUp()
        self.path = self.source("m", "x = 'source'\n")
        image = self.image("m")
        image.store("x", image.value("bundle"))
        self.write()

    def expect(self, where, *arguments, **options):
        output = self.python(*arguments, **options)
        self.assertIn("\n" + where + " ", "\n" + output)
        return output

    def test_from_the_bundle(self):
        self.expect("bundle", SHOW)

    def test_stale_source(self):
        with open(self.path, "a") as file:
            file.write("# longer\n")
        self.assertIn("m: ordinary: the source has changed", self.expect("source", SHOW))

    def test_newer_source(self):
        os.utime(self.path, (1, 1))
        self.expect("source", SHOW)
        self.expect("bundle", SHOW, environment={"LYO_SEALED": "1"})
        self.expect("bundle", SHOW, install=", sealed=True")

    def test_source_that_is_gone(self):
        os.remove(self.path)
        self.assertIn("No module named 'm'", self.python(SHOW, check=False))

    def test_shadowed_by_an_earlier_entry(self):
        for shadow, text in (("m.py", "x = 'shadow'\n"), ("m/__init__.py", "x = 'shadow'\n")):
            for mode in ("0", "1"):
                folder = os.path.join(self.folder, "earlier")
                with self.subTest(shadow, mode=mode):
                    os.makedirs(os.path.dirname(os.path.join(folder, shadow)))
                    with open(os.path.join(folder, shadow), "w") as file:
                        file.write(text)
                    insert = "sys.path.insert(0, %r)\n" % folder
                    self.expect("shadow", insert + SHOW, environment={"LYO_SEALED": mode})
                    shutil.rmtree(folder)
                    os.mkdir(folder)
                    self.expect("bundle", insert + SHOW, environment={"LYO_SEALED": mode})
                    shutil.rmtree(folder)

    def test_appears_in_an_earlier_entry_later(self):
        folder = os.path.join(self.folder, "earlier")
        os.mkdir(folder)
        self.expect(
            "shadow",
            """
            import os, importlib
            sys.path.insert(0, %r)
            try: import nothing
            except ImportError: pass
            with open(%r, "w") as file: file.write("x = 'shadow'")
            importlib.invalidate_caches()
            import m; print(m.x, m.__file__)
            """
            % (folder, os.path.join(folder, "m.py")),
        )

    def test_moved_tree(self):
        moved = os.path.join(self.folder, "moved")
        shutil.move(self.root, moved)
        output = self.expect(
            "bundle", "sys.path.insert(0, %r)\n%s" % (moved, SHOW)
        )
        self.assertIn(os.path.join(moved, "m.py"), output)

    def test_code_of_a_moved_tree_has_the_new_file_name(self):
        self.source("n", "def f(): pass\n")
        self.write()
        moved = os.path.join(self.folder, "moved")
        shutil.move(self.root, moved)
        output = self.python("sys.path.insert(0, %r)\nimport n; print(n.f.__code__.co_filename)" % moved)
        self.assertEqual(output.splitlines()[-1], os.path.join(moved, "n.py"))

    def test_other_target(self):
        for target in ({"cache_tag": "x"}, {"magic": b"abcd"}, {"version": "3.11.99"}, {"platform": "other"}, {"optimize": 2}):
            with self.subTest(target):
                self.write(**target)
                self.assertIn("is not used: made for", self.expect("source", SHOW))

    def test_switched_off(self):
        self.expect("source", SHOW, environment={"LYO_DISABLE": "1"})

    def test_missing_bundle(self):
        os.remove(self.bundle)
        self.assertIn("is not used", self.expect("source", SHOW))

    def test_bundle_that_everybody_may_write(self):
        os.chmod(self.bundle, 0o666)
        self.assertIn("LYO_TRUST", self.expect("source", SHOW))
        self.expect("bundle", SHOW, environment={"LYO_TRUST": "1"})

    def test_watched_imports_are_ordinary(self):
        watchers = ["sys.settrace(lambda *a: None)", "sys.setprofile(lambda *a: None)"]
        if sys.version_info >= (3, 12):
            watchers.append("sys.monitoring.use_tool_id(3, 'tool')")
        for watcher in watchers:
            with self.subTest(watcher):
                self.expect("source", watcher + "\n" + SHOW)
        self.expect("source", "import builtins; f = builtins.__import__; builtins.__import__ = lambda *a: f(*a)\n" + SHOW)

    def test_patched_machinery_is_asked(self):
        loader = """
            from importlib.machinery import FileFinder, PathFinder, SourceFileLoader
            from importlib.util import spec_from_file_location
            class Loader(SourceFileLoader):
                def get_code(self, name):
                    return compile("x = 'patched'", "p", "exec")
            """
        patches = (
            "sys.path_hooks.insert(0, FileFinder.path_hook((Loader, ['.py']))); sys.path_importer_cache.clear()",
            "sys.path_hooks[:] = [FileFinder.path_hook((Loader, ['.py']))]; sys.path_importer_cache.clear()",
            "SourceFileLoader.get_code = Loader.get_code",
            "PathFinder.find_spec = lambda name, *a: spec_from_file_location(name, sys.path[0] + '/m.py', loader=Loader(name, sys.path[0] + '/m.py'))",
            "sys.meta_path.insert(-1, type('F', (), {'find_spec': lambda name, *a: spec_from_file_location(name, sys.path[0] + '/m.py', loader=Loader(name, sys.path[0] + '/m.py'))}))",
        )
        for patch in patches:
            for mode in "01":
                with self.subTest(patch, mode=mode):
                    text = loader + patch + "\n            " + SHOW
                    self.expect("patched", text, environment={"LYO_SEALED": mode})

    def test_other_hooks_behind_the_plain_ones(self):
        self.expect("bundle", "def hook(path): raise ImportError\nsys.path_hooks.append(hook)\nsys.path.insert(0, '/nowhere')\n" + SHOW)

    def test_a_replaced_class_statement(self):
        self.expect("source", "import builtins; f = builtins.__build_class__; builtins.__build_class__ = lambda *a, **k: f(*a, **k)\n" + SHOW)

    def test_reload_runs_the_source(self):
        self.expect("source", "import m, importlib; importlib.reload(m); print(m.x, m.__file__)")

    def test_import_again_after_removal(self):
        self.expect("bundle", "import m; del sys.modules['m']\n" + SHOW)

    def test_found_but_executed_elsewhere(self):
        self.expect(
            "source",
            """
            import importlib.util, runpy
            spec = importlib.util.find_spec("m")
            module = importlib.util.module_from_spec(spec)
            module.y = 1
            spec.loader.exec_module(module)
            print(module.x, runpy.run_module("m")["x"])
            """,
        )

    def test_the_loader_is_a_source_loader(self):
        self.same(
            """
            import m, inspect, pkgutil, importlib.util, importlib.resources
            loader = m.__loader__
            print(type(loader), vars(loader), inspect.getsource(m), loader.get_source("m"), loader.is_package("m"))
            print(loader.get_code("m").co_filename, pkgutil.get_data("m", "m.py"), loader == type(loader)("m", m.__file__))
            """
        )

    def test_uninstall_and_enabled(self):
        output = self.python(
            "import lyo; print(lyo.enabled()); lyo.uninstall(); print(lyo.enabled()); import m; print(m.x)"
        )
        self.assertEqual(output.split(), ["True", "False", "source"])

    def test_the_finder_comes_right_before_the_path_finder(self):
        output = self.python("print(*[getattr(f, '__name__', type(f).__name__) for f in sys.meta_path])")
        self.assertIn("BuiltinImporter FrozenImporter BundleFinder PathFinder", output)

    def test_threads_that_import_at_once(self):
        output = self.python(
            """
            import threading
            found = []
            def work():
                import m
                found.append(m.x)
            threads = [threading.Thread(target=work) for _ in range(20)]
            for thread in threads: thread.start()
            for thread in threads: thread.join()
            print(found == ["bundle"] * 20)
            """
        )
        self.assertEqual(output.strip(), "True")

    def test_fork(self):
        self.expect("bundle", "import os\nif os.fork():\n    sys.exit(os.wait()[1])\n" + SHOW)

    def test_report(self):
        import json

        self.source("n", "")
        self.source("o", "")
        self.write()
        os.utime(self.modules["o"][0], (1, 1))
        report = os.path.join(self.folder, "report.json")
        self.python("import m, n, o", install=", report=%r" % report)
        with open(report) as file:
            report = json.load(file)
        self.assertEqual(report["version"], 1)
        how = {module["name"]: (module["how"], module["reason"]) for module in report["modules"]}
        self.assertEqual(how["m"], ("rehydrated", ""))
        self.assertEqual(how["n"], ("code", "plain"))
        self.assertEqual(how["o"], ("ordinary", "the source has changed"))
        self.assertEqual(how["sys"], ("ordinary", "built-in"))


class Damage(BundleTest):
    def test_a_bundle_damaged_at_any_byte(self):
        """The program prints the same whatever byte of the bundle is changed, or wherever it is cut."""
        self.source("pkg", "from .m import f\n", package=True)
        self.source("pkg.m", "x = [1, 'two']\ndef f(): return x\n")
        module, code = self.executed("pkg.m")
        image = self.image("pkg.m")
        image.store("x", image.value([1, "two"]))
        index = next(i for i, c in enumerate(code.co_consts) if hasattr(c, "co_code"))
        image.store("f", image.function(image.code(code.co_consts[index]), module.f))
        image = self.image("pkg")
        image.import_("m", "names", [("f", "f")], line=1, level=1)
        self.write()
        with open(self.bundle, "rb") as file:
            size = len(file.read())
        for mode in ("0", "1"):  # read, and mapped
            output = self.python(
                """
                import os
                data = open(%r, "rb").read()
                path = %r
                lyo.uninstall()
                wrong = used = 0
                for position in range(2 * len(data)):
                    if position < len(data):
                        damaged = bytearray(data)
                        damaged[position] ^= 0x41
                    else:
                        damaged = data[:position - len(data)]
                    with open(path, "wb") as file: file.write(damaged)
                    used += lyo.install(path)
                    os.remove(path)
                    for name in [name for name in sys.modules if name.startswith("pkg")]: del sys.modules[name]
                    import pkg.m
                    wrong += pkg.f() != [1, "two"] or pkg.f() is not pkg.m.x
                print(wrong, used > 100)
                """
                % (self.bundle, self.bundle + ".damaged"),
                environment={"LYO_VERBOSE": "", "LYO_SEALED": mode},
            )
            self.assertEqual(output.strip(), "0 True", (mode, size))

    def test_a_bundle_replaced_while_it_is_open(self):
        """What was imported from it goes on; read, it may even be cut short in place."""
        self.source("m", "def f(): return 'one'\ndef g(): return 'two'\n")
        module, code = self.executed("m")
        image = self.image("m")
        for constant in code.co_consts:
            if hasattr(constant, "co_code"):
                image.store(constant.co_name, image.function(image.code(constant), getattr(module, constant.co_name)))
        self.write()
        use = "import m, os; m.f(); %s; print(m.g())"
        rename = "open(%r, 'w').close(); os.replace(%r, %r)" % ((self.bundle + ".new",) * 2 + (self.bundle,))
        cut = "open(%r, 'w').close()" % self.bundle
        for mode, change in (("1", rename), ("0", rename), ("0", cut)):
            with self.subTest(mode=mode, change=change):
                self.write()
                self.assertEqual(self.python(use % change, environment={"LYO_SEALED": mode}).strip(), "two")


if __name__ == "__main__":
    unittest.main()
