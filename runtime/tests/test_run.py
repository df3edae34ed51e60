"""`lyo._run` behaves as `python` itself does."""

import os
import signal
import subprocess
import sys
import unittest
import zipfile

import lyo
from support import BundleTest

# What `lyo run` starts.
START = os.path.join(os.path.dirname(lyo.__file__), "_start.py")

SHOW = r"""
import sys, os
print(__name__, sys.argv, repr(sys.path[0]), len(sys.path))
print([(k, type(v).__name__) for k, v in globals().items() if k not in ("sys", "os")])
print(globals().get("__file__"), __spec__ and __spec__.name, __package__, sys.modules["__main__"].__dict__ is globals())
class C: pass
import pickle
print(pickle.loads(pickle.dumps(C())).__class__ is C)
if __name__ == "__main__": print("main")
"""


class Run(BundleTest):
    def setUp(self):
        super().setUp()
        self.source("m", "x = 1\n")
        self.write()
        self.script = self.file("tree/script.py", SHOW)

    def file(self, path, text):
        path = os.path.join(self.folder, path)
        os.makedirs(os.path.dirname(path), exist_ok=True)
        with open(path, "w") as file:
            file.write(text)
        return path

    def both(self, *arguments, input=None, cwd=None):
        """(exit status, stdout, stderr), the same for python and for lyo._run."""
        results = []
        for prefix in ((), (START, "--bundle", self.bundle)):
            run = subprocess.run(
                [sys.executable, *prefix, *arguments],
                capture_output=True,
                text=True,
                input=input,
                cwd=cwd or self.root,
                timeout=60,
                env={**os.environ, "PYTHONDONTWRITEBYTECODE": "1"},
            )
            results.append((run.returncode, run.stdout, run.stderr))
        self.maxDiff = None
        self.assertEqual(results[1], results[0])
        return results[0]

    def test_script(self):
        self.both(self.script, "a", "-b", "--bundle")
        self.both("script.py", "a")
        self.both("./script.py", cwd=self.root)
        link = os.path.join(self.folder, "link.py")
        os.symlink(self.script, link)
        self.both(link)

    def test_module(self):
        self.file("tree/pkg/__init__.py", "")
        self.file("tree/pkg/__main__.py", SHOW)
        self.file("tree/pkg/sub.py", SHOW)
        self.both("-m", "pkg", "a", "-c")
        self.both("-m", "pkg.sub", "-m")
        self.both("-m", "script")
        self.both("-m", "no_such_module")
        self.both("-m", "pkg.nothing")

    def test_command(self):
        self.both("-c", SHOW, "a", "-b")
        self.both("-c", "1/0")
        self.both("-c", "syntax error here")

    def test_standard_input(self):
        self.both("-", "a", input=SHOW)

    def test_folder_and_zip(self):
        self.file("app/__main__.py", SHOW + "import beside")
        self.file("app/beside.py", "print(__file__)")
        self.both(os.path.join(self.folder, "app"), "a")
        archive = os.path.join(self.folder, "app.pyz")
        with zipfile.ZipFile(archive, "w") as file:
            file.write(os.path.join(self.folder, "app", "__main__.py"), "__main__.py")
            file.write(os.path.join(self.folder, "app", "beside.py"), "beside.py")
        self.both(archive, "a")

    def test_missing_script(self):
        self.both("nothing.py")

    def test_exit_status(self):
        for text in ("raise SystemExit", "raise SystemExit(3)", "raise SystemExit('words')", "import os; os._exit(7)"):
            self.both(self.file("tree/e.py", text))

    def test_tracebacks(self):
        for text in (
            "def f(): raise ValueError('x')\nf()",
            "import nothing_there",
            "def f(:",
            "try: 1/0\nexcept ZeroDivisionError as e: raise KeyError(1) from e",
            "import sys; sys.excepthook = lambda *a: print('hook', a[0], a[2].tb_lineno, a[2].tb_frame.f_code.co_name)\n1/0",
            "import atexit; atexit.register(print, 'at exit'); print('out'); raise OSError(2, 'y')",
        ):
            with self.subTest(text):
                self.both(self.file("tree/t.py", text))
                self.both("-m", "t")

    def test_interrupt(self):
        status, _, _ = self.both(self.file("tree/i.py", "raise KeyboardInterrupt"))
        self.assertEqual(status, -signal.SIGINT)

    def test_usage(self):
        run = subprocess.run([sys.executable, START, "--bundle"], capture_output=True, text=True)
        self.assertEqual(run.returncode, 2)
        self.assertIn("usage:", run.stderr)

    def test_the_bundle_is_used(self):
        report = os.path.join(self.folder, "report.json")
        subprocess.run(
            [sys.executable, START, "--bundle", self.bundle, "--report", report, "-c", "import m"],
            cwd=self.root,
            check=True,
        )
        import json

        with open(report) as file:
            modules = json.load(file)["modules"]
        self.assertIn({"name": "m", "how": "code", "reason": "plain"}, modules)


if __name__ == "__main__":
    unittest.main()
