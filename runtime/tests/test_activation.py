"""`lyo.pth`: activation by environment variable, and nothing without it."""

import os
import subprocess
import sys
import unittest

from support import BundleTest


class Activation(BundleTest):
    def test_enable_and_disable(self):
        path = self.source("m", "x = 'source'\n")
        image = self.image("m")
        image.store("x", image.value("bundle"))
        self.write()
        folder = os.path.join(self.folder, "site")
        os.mkdir(folder)
        program = (
            "import sys, sysconfig; sysconfig.get_path = lambda name: %r\n"
            "from lyo import _enable; sys.exit(_enable.main(sys.argv[1:]))" % folder
        )

        def run(*arguments, **environment):
            found = subprocess.run(
                [sys.executable, *arguments],
                capture_output=True,
                text=True,
                env={**os.environ, "PYTHONDONTWRITEBYTECODE": "1", "PYTHONPATH": os.path.dirname(path), **environment},
            )
            self.assertEqual((found.returncode, found.stderr), (0, ""))
            return found.stdout.strip()

        pth = os.path.join(folder, "lyo.pth")
        self.assertEqual(run("-c", program), "wrote " + pth)
        show = "import site, sys; site.addsitedir(%r); import m; print(m.x, 'lyo' in sys.modules)" % folder
        self.assertEqual(run("-c", show), "source False")
        self.assertEqual(run("-c", show, LYO_BUNDLE=self.bundle), "bundle True")
        self.assertEqual(run("-c", show, LYO_BUNDLE=self.bundle + ".missing"), "source True")
        self.assertEqual(run("-c", show, LYO_BUNDLE=self.bundle, LYO_DISABLE="1"), "source True")
        self.assertEqual(run("-c", program, "--disable"), "removed " + pth)
        self.assertEqual(run("-c", program, "--disable"), "it was not enabled")

    def test_const_does_nothing(self):
        output = self.python(
            """
            from lyo import const
            @const
            def f(): return 1
            print(const([1]), f(), f.__name__)
            """,
            bundle=False,
        )
        self.assertEqual(output.strip(), "[1] 1 f")

    def test_subinterpreters_import_as_usual(self):
        self.source("m", "x = 'source'\n")
        image = self.image("m")
        image.store("x", image.value("bundle"))
        self.write()
        output = self.python(
            """
            import m
            print(m.x, flush=True)
            try: import _interpreters as i
            except ImportError: import _xxsubinterpreters as i
            text = "import sys; sys.path.insert(0, %r); import lyo; print(lyo.install(%r)); import m; print(m.x, flush=True)"
            i.run_string(i.create(), text)
            """
            % (self.root, self.bundle),
            environment={"LYO_VERBOSE": ""},
        )
        self.assertEqual(output.split(), ["bundle", "False", "source"])


if __name__ == "__main__":
    unittest.main()
