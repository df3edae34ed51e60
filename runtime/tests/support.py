"""A tree of modules in a temporary folder, a bundle of them, and programs that run with and without it."""

import os
import subprocess
import sys
import tempfile
import textwrap
import types
import unittest

import bundles


class BundleTest(unittest.TestCase):
    def setUp(self):
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.folder = os.path.realpath(folder.name)
        self.root = os.path.join(self.folder, "tree")
        os.mkdir(self.root)
        self.bundle = os.path.join(self.folder, "b.lyo")
        self.modules = {}

    def source(self, name, text, *, package=False):
        """Writes a module; gives its path."""
        path = os.path.join(self.root, *name.split("."))
        path = os.path.join(path, "__init__.py") if package else path + ".py"
        os.makedirs(os.path.dirname(path), exist_ok=True)
        with open(path, "w") as file:
            file.write(textwrap.dedent(text))
        self.modules.setdefault(name, (path, None))
        return path

    def executed(self, name):
        """The module's namespace, executed here, and its code: to describe an image from."""
        path, _ = self.modules[name]
        module = types.ModuleType(name)
        with open(path) as file:
            code = compile(file.read(), path, "exec", dont_inherit=True)
        exec(code, module.__dict__)
        return module, code

    def image(self, name):
        """An empty image for a module that was written."""
        image = bundles.Image()
        self.modules[name] = (self.modules[name][0], image)
        return image

    def write(self, **target):
        return bundles.write(self.bundle, self.modules, root=self.root, **target)

    def python(self, program, *arguments, bundle=True, environment=(), install="", check=True, cwd=None):
        """Output of a program, run with the bundle installed (or without); stderr goes with it."""
        text = "import sys; sys.path.insert(0, %r)\n" % self.root
        if bundle:
            text += "import lyo; lyo.install(%r%s)\n" % (self.bundle, install)
        text += textwrap.dedent(program)
        run = subprocess.run(
            [sys.executable, "-c", text, *arguments],
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            timeout=120,
            cwd=cwd or self.folder,
            env={**os.environ, "PYTHONDONTWRITEBYTECODE": "1", "LYO_VERBOSE": "1", **dict(environment)},
        )
        if check:
            self.assertEqual(run.returncode, 0, run.stdout)
        return run.stdout

    def same(self, program, **options):
        """The program prints the same with the bundle and without."""
        expected = self.python(program, bundle=False, **options)
        self.assertEqual(self.python(program, **options), expected)
        return expected


def code_at(code, *names):
    """A nested code object, by names."""
    for name in names:
        code = next(c for c in code.co_consts if isinstance(c, types.CodeType) and c.co_name == name)
    return code
