"""Values of every kind come back as they were."""

import unittest

from support import BundleTest, code_at


class Values(BundleTest):
    def show(self, names, extra=""):
        self.write()
        return self.same(
            """
            import m
            for name in %r.split(): print(name, type(m.__dict__[name]), repr(m.__dict__[name]))
            print([name for name in m.__dict__ if name != "__builtins__"])
            print(m.__spec__.name, m.__spec__.origin, m.__spec__.cached, m.__spec__.has_location, m.__spec__.parent)
            print({k: v for k, v in vars(m.__spec__).items() if k != 'loader'})
            print(m.__loader__ is m.__spec__.loader, type(m.__loader__), vars(m.__loader__))
            print(m.__file__, m.__cached__, m.__package__, type(m.__builtins__))
            """
            % names
            + extra
        )

    def test_plain_data(self):
        self.source(
            "m",
            r"""
            a = None, True, False, ..., NotImplemented
            b = 0, 1, -1, 255, -256, 2**64, -(2**200)
            c = 0.0, -0.0, 1e300, float("nan"), float("inf"), 1 + 2j
            d = "", "x", "a b", "é\ud800\U0001f600", b"\0\xff"
            e = [1, [2], {"k": (3,)}]
            f = {3, 1, 2}
            g = frozenset({1, 2})
            h = bytearray(b"ab")
            i = {1: 2, "x": [], (1, 2): None}
            j = range(1, 10, 2)
            k = slice(1, None, 2)
            """,
        )
        module, _ = self.executed("m")
        image = self.image("m")
        image.store("a", image.sequence("tuple", [image.value(v) for v in (None, True, False, ...)] + [image._add("not_implemented")]))
        for name in "bcdefghi":
            image.store(name, image.value(module.__dict__[name]))
        image.store("j", image.of("range", *map(image.value, (1, 10, 2))))
        image.store("k", image.of("slice", *map(image.value, (1, None, 2))))
        self.show("a b c d e f g h i j k")

    def test_sharing_and_cycles(self):
        self.source(
            "m",
            """
            a = []
            b = {"a": a}
            a.append(b)
            c = (a, a)
            a.append(c)
            d = a
            """,
        )
        image = self.image("m")
        a, b = image.reserve(), image.reserve()
        c = image.sequence("tuple", [a, a])
        key = image.value("a")
        image.put(a, image.sequence("list", [b, c]))
        image.put(b, image.dict([(key, a)]))
        for name, node in zip("abcd", (a, b, c, a)):
            image.store(name, node)
        self.show("a b c d", "print(m.a is m.d, m.a[0] is m.b, m.c[0] is m.a, m.a[1] is m.c)\n")

    def test_functions(self):
        self.source(
            "m",
            '''
            def f(a, b=[1], *c, d: int = 2, **e) -> str:
                """Says so."""
                return "".join(g(a)), b, d, (1, "two")
            f.mark = 1
            def g(x):
                return [len(k) for k in str(x)] and (lambda: x)()
            def counter():
                count = 0
                def step():
                    nonlocal count
                    count += 1
                    return count
                return step
            step = counter()
            ''',
        )
        module, code = self.executed("m")
        image = self.image("m")
        f = image.function(
            image.code(code_at(code, "f")),
            module.f,
            defaults=image.sequence("tuple", [image.value([1])]),
            keyword_defaults=image.value({"d": 2}),
            annotations=image.dict([(image.value("d"), image.builtin("int")), (image.value("return"), image.builtin("str"))]),
            dict=[(image.value("mark"), image.value(1))],
        )
        image.store("f", f)
        image.store("g", image.function(image.code(code_at(code, "g")), module.g))
        image.store("counter", image.function(image.code(code_at(code, "counter")), module.counter))
        step = image.function(
            image.code(code_at(code, "counter", "step")), module.step, closure=[image.cell(image.value(0))]
        )
        image.store("step", step)
        self.write()
        self.same(
            """
            import m, inspect
            print(m.f(["q"]), m.f.__doc__, m.f.__defaults__, m.f.__kwdefaults__, m.f.__annotations__, m.f.__dict__)
            print(m.f.__module__, m.f.__qualname__, m.step.__qualname__, m.f.__code__, m.f.__globals__ is m.__dict__)
            print(m.step(), m.step(), m.counter()(), inspect.getsource(m.f), inspect.signature(m.f))
            print(m.f.__builtins__ is __builtins__.__dict__, list(m.f.__code__.co_positions())[:9])
            """.replace("m.f.__code__,", "str(m.f.__code__).split(' at ')[0], m.f.__code__.co_filename,")
        )

    def test_function_with_a_namespace_of_its_own(self):
        self.source("m", "space = {'__builtins__': {}, '__name__': 'n'}\nexec('def f(): return f', space)\nf = space['f']\n")
        module, _ = self.executed("m")
        import marshal

        image = self.image("m")
        space, f = image.reserve(), image.reserve()
        blob = image._add("code_blob", __import__("bundles").blob(marshal.dumps(module.f.__code__)))
        entries = [(image.value("__builtins__"), image.value({})), (image.value("__name__"), image.value("n")), (image.value("f"), f)]
        image.put(f, image.function(blob, module.f, globals=space))
        image.put(space, image.dict(entries))
        image.store("space", space)
        image.store("f", f)
        self.write()
        self.same(
            "import m; print(list(m.space), m.f() is m.f, m.f.__builtins__, m.f.__module__, m.f.__globals__ is m.space)"
        )


if __name__ == "__main__":
    unittest.main()
