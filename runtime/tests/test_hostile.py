"""Images that no emitter writes: the module falls back to its code, and nothing crashes."""

import random
import unittest

import bundles
from support import BundleTest, code_at

SHOW = "import m; print(m.x); sys.stdout.flush()"


class Hostile(BundleTest):
    def check(self, build, reason=""):
        """The image that `build` makes is refused, and the source's `x = 1` is what the module has."""
        if "m" not in self.modules:
            self.source("m", "x = 1\ndef f(): return x\ndef g():\n    y = 1\n    return lambda: y\n")
        image = self.image("m")
        module, code = self.executed("m")
        image.store("x", build(image, module, code))
        self.write()
        output = self.python(SHOW)
        self.assertIn("m: code: " + reason, output)
        self.assertIn("\n1\n", output)

    def test_nesting_deeper_than_the_stack(self):
        def tuples(image, *_):
            node = image.value(1)
            for _ in range(100_000):
                node = image.sequence("tuple", [node])
            return node

        self.check(tuples, "values are nested too deeply")

    def test_lists_nested_deeply_are_no_matter(self):
        self.source("m", "x = 1\n")
        image = self.image("m")
        node = image.value(1)
        for _ in range(50_000):
            node = image.sequence("list", [node])
        image.store("x", node)
        self.write()
        output = self.python(
            "import m\nx, depth = m.x, 0\nwhile type(x) is list: x, depth = x[0], depth + 1\nprint(depth, flush=True)\nimport os; os._exit(0)"
        )
        self.assertEqual(output.strip(), "50000")

    def test_a_tuple_in_itself(self):
        def build(image, *_):
            node = image.reserve()
            return image.put(node, image.sequence("tuple", [node]))

        self.check(build, "a value needs itself")

    def test_a_class_that_is_its_own_base(self):
        def build(image, *_):
            node = image.reserve()
            return image.put(node, image.class_("C", [node], []))

        self.check(build, "a value needs itself")

    def test_wrong_parts(self):
        one = lambda image: image.value(1)
        cases = {
            "code": lambda i, m, c: i.function(one(i), m.f),
            "closure": lambda i, m, c: i.function(i.code(code_at(c, "f")), m.f, closure=[i.cell(None)]),
            "no closure": lambda i, m, c: i.function(i.code(code_at(c, "g", "<lambda>")), m.f),
            "closure of ints": lambda i, m, c: i.function(
                i.code(code_at(c, "g", "<lambda>")), m.f, closure=[one(i)]
            ),
            "globals": lambda i, m, c: i.function(i.code(code_at(c, "f")), m.f, globals=one(i)),
            "metaclass": lambda i, m, c: i.class_("C", [], [], metaclass=one(i)),
            "base": lambda i, m, c: i.class_("C", [one(i)], []),
            "final base": lambda i, m, c: i.class_("C", [i.builtin("bool")], []),
            "cell": lambda i, m, c: i.class_("C", [], [], class_cell=one(i)),
            "slots": lambda i, m, c: i.class_("C", [], [("__slots__", one(i))]),
            "instance of int": lambda i, m, c: i.instance(i.builtin("int")),
            "instance of 1": lambda i, m, c: i.instance(one(i)),
            "instance of a C class": lambda i, m, c: i.instance(i.external("collections", "deque")),
            "instance of type": lambda i, m, c: i.instance(i.class_("M", [i.builtin("type")], [])),
            "no value": lambda i, m, c: i.instance(i.class_("I", [i.builtin("int")], [])),
            "wrong value": lambda i, m, c: i.instance(i.class_("I", [i.builtin("int")], []), base_value=i.value("a")),
            "no such slot": lambda i, m, c: i.instance(i.class_("C", [], []), slots=[("s", one(i))]),
            "no dict": lambda i, m, c: i.instance(
                i.class_("C", [], [("__slots__", i.value(()))]), dict=[(i.value("a"), one(i))]
            ),
            "unhashable": lambda i, m, c: i.dict([(i.value([]), one(i))]),
            "code of odd parts": lambda i, m, c: i._add("code", bundles.word(0) * 16),
            "code with an int for a name": lambda i, m, c: i.code(code_at(c, "f")) and i._add(
                "code", bundles.word(0) * 6 + bundles.word(one(i)) * 2 + bundles.word(0) * 8
            ),
            "marshal": lambda i, m, c: i._add("code_blob", bundles.blob(b"\xe3garbage")),
            "name": lambda i, m, c: i.name("nowhere"),
            "external": lambda i, m, c: i.external("nowhere"),
            "external path": lambda i, m, c: i.external("sys", "path", "x"),
            "builtin": lambda i, m, c: i.builtin("nowhere"),
            "attribute": lambda i, m, c: i.attribute(one(i), "real"),
            "call": lambda i, m, c: i.construct(one(i), []),
            "raises": lambda i, m, c: i.construct(i.builtin("int"), [i.value("x")]),
            "method": lambda i, m, c: i.of("mappingproxy", one(i)),
            "surrogates": lambda i, m, c: i._add("str", bundles.blob(b"\xff\xfe")),
        }
        for name, build in cases.items():
            with self.subTest(name):
                self.check(build)

    def test_random_images(self):
        """Nodes with random contents and right digests: refused or made, never a crash."""
        for seed in range(8):
            generator = random.Random(seed)
            self.source("m", "x = 1\n")
            image = self.image("m")
            for _ in range(300):
                kind = generator.choice(list(bundles.TAGS))
                words = [generator.choice((generator.randrange(300), 0, 1, 2)) for _ in range(generator.randrange(12))]
                image._add(kind, b"".join(map(bundles.word, words)), generator.choice((0, bundles.FLAG)))
            image.store("x", generator.randrange(300))
            self.write()
            self.python(SHOW)

    def test_images_of_random_references(self):
        """Well-formed nodes that refer to each other at random."""
        for seed in range(30):
            generator = random.Random(seed)
            self.source("m", "x = 1\ndef f(): return x\n")
            module, code = self.executed("m")
            image = self.image("m")
            some = lambda: generator.randrange(60)
            many = lambda: [some() for _ in range(generator.randrange(3))]
            names = lambda: [("abc"[i], some()) for i in range(generator.randrange(3))]
            makers = (
                lambda: image.sequence(generator.choice(("tuple", "list", "set", "frozenset")), many()),
                lambda: image.dict([(some(), some()) for _ in range(2)]),
                lambda: image.of(generator.choice(("staticmethod", "classmethod", "set_copy", "mappingproxy")), some()),
                lambda: image.of("bound_method", some(), some()),
                lambda: image.cell(some()),
                lambda: image.class_("C", many(), names(), later=names(), abc=generator.random() < 0.1),
                lambda: image.instance(some(), dict=[(some(), some())], slots=names()[:1]),
                lambda: image.function(image.code(code_at(code, "f")), module.f, defaults=some(), dict=[(some(), some())]),
                lambda: image.builtin(generator.choice(("int", "dict", "object", "type", "Exception"))),
                lambda: image.value(generator.choice(("a", 1, None))),
            )
            while len(image.nodes) < 60:
                generator.choice(makers)()
            for name in "xyz":
                image.store(name, some())
            self.write()
            self.assertIn("done", self.python("import m, gc; m.x; gc.collect(); print('done')"))


if __name__ == "__main__":
    unittest.main()
