"""Import statements of every form, their guards, and what happens when they fail."""

import unittest

from support import BundleTest


class Imports(BundleTest):
    def test_every_form(self):
        self.source("pkg", "from . import early\nname = 'pkg'\n", package=True)
        self.source("pkg.early", "import sys\nline = sys._getframe(1)\n")
        self.source("pkg.sub", "x = 1\ny = 2\n_z = 3\n")
        self.source("pkg.stars", "__all__ = ['a', '_b']\na, _b, c = 1, 2, 3\n")
        self.source("pkg.deep", "", package=True)
        self.source("pkg.deep.m", "value = 'deep'\n")
        self.source("plain", "open_, _hidden = 1, 2\n")
        self.modules.clear()
        self.source(
            "pkg.m",
            """
            import pkg.sub
            import pkg.deep.m as leaf
            import plain as p
            from .sub import x, y as why
            from . import deep
            from .deep.m import value
            from pkg.stars import *
            from plain import *
            import json.decoder
            import os.path as path
            del x
            """,
        )
        image = self.image("pkg.m")
        image.import_("pkg.sub", "top", "pkg", line=2)
        image.import_("pkg.deep.m", "leaf", "leaf", line=3)
        image.import_("plain", "leaf", "p", line=4)
        image.import_("sub", "names", [("x", "x"), ("y", "why")], line=5, level=1)
        image.import_("", "names", [("deep", "deep")], line=6, level=1)
        image.import_("deep.m", "names", [("value", "value")], line=7, level=1)
        image.import_("pkg.stars", "star", line=8)
        image.import_("plain", "star", line=9)
        image.import_("json.decoder", "top", "json", line=10)
        image.import_("os.path", "leaf", "path", line=11)
        image.delete("x")
        self.write()
        show = "import pkg.m; print([(k, v) for k, v in pkg.m.__dict__.items() if k[:2] != '__' or k == '__name__'])"
        self.same(show)
        loaded = "import pkg.sub, pkg.deep.m, plain, pkg.stars, json.decoder, os.path\n"
        self.same(loaded + show)

    def test_an_import_that_must_fail(self):
        self.source("m", "try:\n    import nowhere\nexcept ImportError:\n    nowhere = None\n")
        image = self.image("m")
        image.import_("nowhere", "fails", line=2)
        image.store("nowhere", image.value(None))
        self.write()
        show = "import m; print(m.nowhere, list(m.__dict__)[-1])"
        self.same(show)
        self.source("nowhere", "")
        self.modules.pop("nowhere")
        output = self.python(show)
        self.assertIn("m: code: import of nowhere", output)
        self.assertIn("<module 'nowhere'", output)

    def test_a_failing_import_has_its_traceback(self):
        self.source("broken", "1 / 0\n")
        self.modules.clear()
        self.source("m", "x = 1\n\nimport broken\n")
        image = self.image("m")
        image.store("x", image.value(1))
        image.import_("broken", "top", "broken", line=3)
        self.source("n", "from math import nothing_there\n")
        image = self.image("n")
        image.import_("math", "names", [("nothing_there", "nothing_there")], line=1)
        self.write()
        for module in ("m", "n"):
            program = "import %s" % module
            expected = self.python(program, bundle=False, check=False)
            found = self.python("\n" * 0 + program, check=False)
            # The program's own line number differs by the line that installs the bundle.
            self.assertEqual(found.replace("line 3, in <module>\n    import m\n", "line 2, in <module>\n    import m\n")
                             .replace('"<string>", line 3', '"<string>", line 2'), expected)
            self.assertIn("Error", found)

    def test_a_handled_failure_runs_the_code(self):
        self.source("broken", "raise ImportError('no')\n")
        self.modules.clear()
        self.source("m", "before = 1\ntry:\n    from broken import x\nexcept ImportError:\n    x = 'handled'\n")
        image = self.image("m")
        image.store("before", image.value(1))
        image.import_("broken", "names", [("x", "x")], line=3)
        self.write()
        output = self.python("import m; print(m.x, list(m.__dict__)[-2:])")
        self.assertIn("m: code: ImportError: no", output)
        self.assertIn("handled ['before', 'x']", output)

    def test_guards(self):
        self.source("other", "def f(): return 1\n")
        self.modules.clear()
        self.source("m", "'doc'\nfrom other import f\nx = f()\n")
        for path, name, changed in (
            (["f"], "f", "other.f = lambda: 2"),
            (["f"], "f", "other.f.__defaults__ = (1,)"),
            (["g"], None, "other.g = 1"),
        ):
            with self.subTest(changed):
                self.modules["m"] = (self.modules["m"][0], None)
                image = self.image("m")
                image.store("__doc__", image.value("doc"))
                image.import_("other", "names", [("f", "f")], line=2)
                fingerprint = None
                if name:
                    text = self.python("import other, lyo._native as n; print(n.fingerprint(other.%s))" % name, bundle=False)
                    fingerprint = int(text)
                image.guard("other", path, fingerprint)
                image.check_guards()
                image.store("x", image.value(1))
                self.write()
                show = "import m; print(m.x, [name for name in m.__dict__ if name != '__builtins__'])"
                self.same(show)
                output = self.python("import other; %s; %s" % (changed, show))
                self.assertIn("m: code: guard: other.", output)
                names = "'__name__', '__doc__', '__package__', '__loader__', '__spec__', '__file__', '__cached__', 'f', 'x'"
                self.assertIn(names, output)

    def test_guards_of_other_kinds(self):
        self.source(
            "other",
            "import abc, enum, functools\nclass Kind(abc.ABC): pass\ndef f(): return g\ndef h(): pass\nh.tag = 1\n"
            "p = functools.partial(h, 1, k=[])\n",
        )
        self.modules.clear()
        self.source("m", "'doc'\nimport other\nx = 1\n")
        values = ("False", "1", "{'tag': 1}", "__import__('other').p")
        no, one, tags, partial = (
            int(self.python(f"import lyo._native as n; print(n.fingerprint({value}))", bundle=False)) for value in values
        )
        for path, kind, expected, changed in (
            (["Kind", "issubclass:int"], 2, no, "other.Kind.register(int)"),
            (["Kind", "issubclass:NoneType"], 2, no, "other.Kind.register(type(None))"),
            (["Kind", "issubclass:enum:Enum"], 2, no, "other.Kind.register(other.enum.Enum)"),
            (["Kind", "issubclass:enum:Enum"], 2, no, "del other.enum.Enum"),
            (["h", "__dict__"], 2, tags, "other.h.tag = 2"),
            (["h", "__dict__"], 2, tags, "del other.h.tag"),
            (["f", "__dict__"], 1, 0, "other.f.tag = 1"),
            (["p"], 2, partial, "other.p.keywords['k'].append(1)"),
            (["p"], 2, partial, "other.p = other.functools.partial(other.h, 2, k=[])"),
            (["p"], 2, partial, "other.p = other.functools.partial(other.f, 1, k=[])"),
            (["p"], 2, partial, "other.p = type('partial', (other.functools.partial,), {})(other.h, 1, k=[])"),
            (["f", "__globals__", "g"], 5, one, "other.g = 2"),
            (["g"], 5, one, "other.g = 2"),
        ):
            with self.subTest(changed):
                self.modules["m"] = (self.modules["m"][0], None)
                image = self.image("m")
                image.store("__doc__", image.value("doc"))
                image.import_("other", "top", "other", line=2)
                image.guard("other", path, expected, kind)
                image.check_guards()
                image.store("x", image.value(1))
                self.write()
                self.assertNotIn("m: code", self.python("import m; print(m.x)"))
                self.assertIn("m: code: guard: other.", self.python(f"import other; {changed}; import m; print(m.x)"))

    def test_guards_of_the_same_object(self):
        self.source("origin", "class Kind: pass\nclass Other: pass\n")
        self.modules.clear()
        self.source("other", "import origin\nfrom origin import Kind\n")
        self.source("m", "'doc'\nimport other\nx = 1\n")
        for change, holds in (
            ("pass", True),
            ("other.Kind = other.origin.Kind = other.origin.Other", True),
            ("other.Kind = type('Kind', (), {})", False),
            ("other.origin.Kind = other.origin.Other", False),
            ("del other.Kind", False),
            ("del other.origin.Kind, other.Kind", False),
            ("import sys; del sys.modules['origin']", False),
        ):
            with self.subTest(change):
                self.modules["m"] = (self.modules["m"][0], None)
                image = self.image("m")
                image.store("__doc__", image.value("doc"))
                image.import_("other", "top", "other", line=2)
                image.guard("other", ["Kind", "origin", "Kind"], 1, 6)
                image.check_guards()
                image.store("x", image.value(1))
                self.write()
                said = self.python(f"import other; {change}; import m; print(m.x)")
                self.assertEqual("m: code: guard: other.Kind" not in said, holds, said)

    def test_a_guard_of_the_same_object_without_another_place(self):
        self.source("other", "x = 1\n")
        self.source("m", "x = 1\n")
        for path, length in ((["x"], 1), (["x"], 7), ([], 0)):
            with self.subTest(path=path, length=length):
                self.modules["m"] = (self.modules["m"][0], None)
                image = self.image("m")
                image.guard("other", path, length, 6)
                image.check_guards()
                image.store("x", image.value(1))
                self.write()
                self.assertIn("m: code: malformed", self.python("import other, m; print(m.x)"))

    def test_a_guard_of_a_binding_outside_of_steps(self):
        self.source("m", "x = 1\n")
        image = self.image("m")
        image.guard("m", ["x"], 0, 4)
        image.check_guards()
        image.store("x", image.value(1))
        self.write()
        self.assertIn("m: code: guard: m.x", self.python("import m; print(m.x)"))

    def test_import_runs_under_the_modules_frame(self):
        self.source(
            "warner",
            """
            import sys, warnings
            warnings.simplefilter("always")
            warnings.warn("old", DeprecationWarning, stacklevel=2)
            frame = sys._getframe(1)
            while "importlib" in frame.f_code.co_filename: frame = frame.f_back
            print(frame.f_code.co_filename[-4:], frame.f_lineno, frame.f_code.co_name, frame.f_globals["__name__"], frame.f_locals is frame.f_globals)
            """,
        )
        self.modules.clear()
        self.source("m", "\n\nimport warner\n")
        image = self.image("m")
        image.import_("warner", "top", "warner", line=3)
        self.write()
        self.assertIn("m.py 3 <module> m True", self.same("import m"))

    def test_a_replaced_import_is_called(self):
        self.source("patch", "import builtins\nreal = builtins.__import__\ndef spy(name, *rest):\n    print('spied', name)\n    return real(name, *rest)\nbuiltins.__import__ = spy\n")
        self.modules.clear()
        self.source("m", "import patch\nimport json\n")
        image = self.image("m")
        image.import_("patch", "top", "patch", line=1)
        image.import_("json", "top", "json", line=2)
        self.write()
        self.assertIn("spied json", self.same("import m; import sys"))


if __name__ == "__main__":
    unittest.main()
