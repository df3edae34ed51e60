"""Classes come back as they were, and no hook runs a second time."""

import unittest

from support import BundleTest, code_at

SHOW = """
import m
def show(cls):
    print(cls, type(cls), cls.__mro__, cls.__bases__, cls.__qualname__, cls.__name__, cls.__module__, cls.__doc__)
    print([key for key in cls.__dict__], cls.__flags__ & ~(1 << 19), cls.__basicsize__, cls.__dictoffset__, cls.__weakrefoffset__)
"""


class Classes(BundleTest):
    def method(self, image, module, code, *names, **options):
        """A function node for a method, by its path of names in the code."""
        function = module.__dict__[names[0]]
        for name in names[1:]:
            function = function.__dict__[name]
            function = getattr(function, "__func__", getattr(function, "fget", function))
        return image.function(image.code(code_at(code, *names)), function, **options)

    def body(self, image, module, name):
        """The first entries of a class body's namespace."""
        entries = [("__module__", image.value(module.__name__))]
        for key in ("__firstlineno__",):
            if key in module.__dict__[name].__dict__:
                entries.append((key, image.value(module.__dict__[name].__dict__[key])))
        return entries

    def tail(self, image, module, name):
        key = "__static_attributes__"
        cls = module.__dict__[name]
        return [(key, image.value(cls.__dict__[key]))] if key in cls.__dict__ else []

    def test_a_class_with_everything(self):
        self.source(
            "m",
            '''
            class Base:
                """A base."""
                __slots__ = ("x", "__y")
                def __init__(self, x):
                    self.x = x
            class C(Base):
                kind = "c"
                def __init__(self, x):
                    super().__init__(x)
                @property
                def double(self):
                    """Twice."""
                    return 2 * self.x
                @staticmethod
                def s(a: int): return a
                @classmethod
                def c(cls): return cls
                def __eq__(self, other): return True
                class Inner: pass
            C.late = C
            member = Base.x
            instance = C(3)
            ''',
        )
        module, code = self.executed("m")
        image = self.image("m")
        slots = image.value(("x", "__y"))
        base = image.class_(
            "Base",
            [],
            self.body(image, module, "Base")
            + [
                ("__doc__", image.value("A base.")),
                ("__slots__", slots),
                ("__init__", self.method(image, module, code, "Base", "__init__")),
            ]
            + self.tail(image, module, "Base"),
        )
        image.store("Base", base)
        cell, c = image.reserve(), image.reserve()
        none = image.value(None)
        inner_entries = [("__module__", image.value("m"))]
        for key in ("__firstlineno__", "__static_attributes__"):
            if key in module.C.Inner.__dict__:
                inner_entries.append((key, image.value(module.C.Inner.__dict__[key])))
        entries = self.body(image, module, "C") + [
            ("kind", image.value("c")),
            ("__init__", self.method(image, module, code, "C", "__init__", closure=[cell])),
            ("double", image.property(self.method(image, module, code, "C", "double"))),
            (
                "s",
                image.of(
                    "staticmethod",
                    self.method(
                        image, module, code, "C", "s", annotations=image.dict([(image.value("a"), image.builtin("int"))])
                    ),
                ),
            ),
            ("c", image.of("classmethod", self.method(image, module, code, "C", "c"))),
            ("__eq__", self.method(image, module, code, "C", "__eq__")),
            ("Inner", image.class_("Inner", [], inner_entries, qualname="C.Inner")),
        ] + self.tail(image, module, "C")
        del none
        image.put(c, image.class_("C", [base], entries, later=[("late", c)], class_cell=cell))
        image.nodes[cell] = __import__("bundles").word(24) + __import__("bundles").word(c)
        image.store("C", c)
        image.store("member", image.attribute(base, "x"))
        image.store("instance", image.instance(c, dict=[], slots=[("x", image.value(3))]))
        self.write()
        self.same(
            SHOW
            + """
            show(m.Base); show(m.C); show(m.C.Inner)
            print(m.C(4).double, m.C.double.__doc__, m.C.s(1), m.C.c(), m.C.__hash__, m.C.late is m.C, m.C.s.__annotations__)
            print(m.C.__dict__["s"].__dict__.keys(), m.C.__init__.__closure__[0].cell_contents is m.C)
            print(m.member is m.Base.__dict__["x"], m.instance.x, m.instance.__dict__, type(m.instance))
            print(m.Base.__subclasses__() == [m.C], object.__subclasses__().count(m.Base))
            """.replace("\n            ", "\n")
        )

    def test_set_name_and_init_subclass_do_not_run_again(self):
        self.source(
            "hooks",
            """
            class Field:
                def __set_name__(self, owner, name):
                    print("set_name", name)
                    self.name = name
            class Base:
                def __init_subclass__(cls, **options):
                    print("init_subclass", cls, options)
                    cls.made = True
            class Meta(type):
                def __new__(meta, name, bases, namespace, **options):
                    print("new", name)
                    return super().__new__(meta, name, bases, namespace, **options)
                def __init__(cls, *arguments, **options): print("init")
                def __setattr__(cls, name, value): print("setattr"); super().__setattr__(name, value)
            """,
        )
        self.modules.pop("hooks")
        self.source(
            "m",
            """
            from hooks import Field, Base, Meta
            class C(Base):
                x = Field()
                y = 1
            class D(C, metaclass=Meta, option=2):
                pass
            """,
        )
        image = self.image("m")
        names = [(name, name) for name in ("Field", "Base", "Meta")]
        image.import_("hooks", "names", names, line=2)
        field = image.instance(image.name("Field"), dict=[(image.value("name"), image.value("x"))])

        def body(line):
            entries = [("__module__", image.value("m")), ("__firstlineno__", image.value(line))]
            return entries if __import__("sys").version_info >= (3, 13) else entries[:1]

        def tail():
            return [("__static_attributes__", image.value(()))] if __import__("sys").version_info >= (3, 13) else []

        c = image.class_(
            "C", [image.name("Base")], body(3) + [("x", field), ("y", image.value(1))] + tail(), later=[("made", image.value(True))]
        )
        image.store("C", c)
        d = image.class_("D", [c], body(6) + tail(), metaclass=image.name("Meta"), later=[("made", image.value(True))])
        image.store("D", d)
        self.write()
        program = SHOW + """
show(m.C); show(m.D)
print(m.C.x.name, m.D.made, m.Base.__subclasses__(), m.C.__subclasses__(), type.__subclasses__(m.Meta), type.__subclasses__(type))
print(len(object.__subclasses__()) - len({cls for cls in object.__subclasses__() if cls.__name__ in ('quiet', 'silent')}) == len(object.__subclasses__()))
class E(m.D): pass
print(E.__mro__, type(E))
"""
        expected = self.python(program, bundle=False).splitlines()
        hooks = ("set_name x", "init_subclass <class 'm.C'> {}", "new D", "init_subclass <class 'm.D'> {'option': 2}", "init")
        for line in (*hooks, "setattr"):
            expected.remove(line)
        self.assertEqual(self.python(program).splitlines(), expected)

    def test_hooks_come_back_after_a_class_was_made(self):
        """One hook that two bases share, beside one that is C's (`typing.Generic`, 3.12 and newer)."""
        self.source(
            "hooks",
            """
            import typing
            T = typing.TypeVar("T")
            class Base:
                def __init_subclass__(cls, **options):
                    print("init_subclass", cls.__name__, options)
                    super().__init_subclass__(**options)
            class Left(Base): pass
            class Right(Base): pass
            class Box(typing.Generic[T]): pass
            """,
        )
        self.modules.pop("hooks")
        self.source(
            "m",
            """
            from hooks import Left, Right, Box
            class Both(Left, Right, Box): pass
            """,
        )
        image = self.image("m")
        names = [(name, name) for name in ("Left", "Right", "Box")]
        image.import_("hooks", "names", names, line=2)
        newest = __import__("sys").version_info >= (3, 13)
        body = [("__module__", image.value("m"))] + ([("__firstlineno__", image.value(3))] if newest else [])
        tail = [("__static_attributes__", image.value(()))] if newest else []
        bases = [image.name("Left"), image.name("Right"), image.name("Box")]
        image.store("Both", image.class_("Both", bases, body + tail, later=[("__parameters__", image.value(()))]))
        self.write()
        program = SHOW + """
import hooks
show(m.Both)
class Later(m.Both): pass
class Typed(Later, hooks.Box[int]): pass
print(Typed.__orig_bases__, Typed.__parameters__, Typed.__mro__)
"""
        expected = self.python(program, bundle=False).splitlines()
        expected.remove("init_subclass Both {}")
        self.assertEqual(self.python(program).splitlines(), expected)

    def test_enum_members_need_their_class(self):
        self.source(
            "m",
            """
            import abc
            class E:
                pass
            E.A = E(); E.A.n = 1
            E.table = {E.A: "a"}
            class F(metaclass=abc.ABCMeta):
                @abc.abstractmethod
                def f(self): pass
            """,
        )
        module, code = self.executed("m")
        image = self.image("m")
        image.import_("abc", "top", "abc")
        e = image.reserve()
        a = image.instance(e, dict=[(image.value("n"), image.value(1))])
        table = image.dict([(a, image.value("a"))])
        entries = self.body(image, module, "E") + self.tail(image, module, "E") + [("A", a), ("table", table)]
        image.put(e, image.class_("E", [], entries))
        image.store("E", e)
        f = self.method(
            image, module, code, "F", "f", dict=[(image.value("__isabstractmethod__"), image.value(True))]
        )
        entries = self.body(image, module, "F") + [("f", f)] + self.tail(image, module, "F")
        image.store("F", image.class_("F", [], entries, metaclass=image.external("abc", "ABCMeta"), abc=True))
        self.write()
        self.same(
            SHOW
            + """
show(m.F)
print(m.E.A.n, m.E.table[m.E.A], type(m.E.A) is m.E, m.F.__abstractmethods__, type(m.F._abc_impl), isinstance(1, m.F))
try: m.F()
except TypeError as error: print(error)
print(sorted(m.E.__dict__))
"""
        )

    def test_instances_of_builtin_subclasses(self):
        self.source(
            "m",
            """
            import re
            class I(int): pass
            class S(str): __slots__ = ()
            class L(list): pass
            class D(dict): pass
            class X(ValueError): pass
            i = I(5); i.tag = "t"
            s = S("text")
            l = L([1, 2]); l.tag = 1
            d = D(a=1)
            x = X("why", 2)
            r = re.RegexFlag(2)
            import functools
            p = functools.partial(int, base=2)
            bound = l.append
            """,
        )
        module, code = self.executed("m")
        image = self.image("m")
        image.import_("re", "top", "re")
        made = {}
        for name, base in {"I": "int", "S": "str", "L": "list", "D": "dict", "X": "ValueError"}.items():
            entries = self.body(image, module, name)
            if name == "S":
                entries.append(("__slots__", image.value(())))
            made[name] = image.class_(name, [image.builtin(base)], entries + self.tail(image, module, name))
            image.store(name, made[name])
        tag = image.value("tag")
        image.store("i", image.instance(made["I"], base_value=image.value(5), dict=[(tag, image.value("t"))]))
        image.store("s", image.instance(made["S"], base_value=image.value("text")))
        image.store("l", image.instance(made["L"], base_value=image.value([1, 2]), dict=[(tag, image.value(1))]))
        image.store("d", image.instance(made["D"], base_value=image.value({"a": 1}), dict=[]))
        image.store("x", image.instance(made["X"], base_value=image.value(("why", 2)), dict=[]))
        image.store("r", image.external("re", "RegexFlag", "_member_map_", "IGNORECASE"))
        image.import_("functools", "top", "functools")
        image.store(
            "p", image.construct(image.external("functools", "partial"), [image.builtin("int")], [("base", image.value(2))])
        )
        image.store("bound", image.of("bound_method", image.external("builtins", "len"), image.value("abc")))
        self.write()
        self.same(
            """
            import m
            print(m.i, type(m.i), m.i.tag, m.i + 1, m.s, type(m.s), m.l, type(m.l), m.l.tag, m.d, type(m.d), m.d.__dict__)
            print(repr(m.x), m.x.args, m.x.__dict__, str(m.x), m.r, m.p("101"), m.p)
            print([name for name in m.__dict__])
            """
        )

    def test_keys_that_are_hashed_by_code(self):
        """`__hash__` of a key reads its state, which must be complete by then."""
        self.source(
            "m",
            """
            class K:
                def __init__(self, name): self.name = name
                def __hash__(self): return hash(self.name)
                def __eq__(self, other): return self.name == other.name
            a, b = K("a"), K("b")
            table = {a: 1, (b, 2): {b: 3}}
            members = {a, b}
            frozen = frozenset([a, b])
            K.all = frozen
            """,
        )
        module, code = self.executed("m")
        image = self.image("m")
        k = image.reserve()
        state = lambda name: [(image.value("name"), image.value(name))]
        a, b = image.instance(k, dict=state("a")), image.instance(k, dict=state("b"))
        frozen = image.sequence("frozenset", [a, b])
        entries = self.body(image, module, "K")
        entries += [(name, self.method(image, module, code, "K", name)) for name in ("__init__", "__hash__", "__eq__")]
        image.put(k, image.class_("K", [], entries + self.tail(image, module, "K"), later=[("all", frozen)]))
        table = image.dict([(a, image.value(1)), (image.sequence("tuple", [b, image.value(2)]), image.dict([(b, image.value(3))]))])
        image.store("table", table)
        image.store("members", image.sequence("set", [a, b]))
        image.store("frozen", frozen)
        image.store("K", k)
        self.write()
        output = self.python(
            """
            import m
            K = m.K
            print(m.table[K("a")], m.table[K("b"), 2][K("b")], K("a") in m.members, K("b") in m.frozen, K.all is m.frozen)
            print(len(m.members), len(m.frozen), list(m.table)[0] in m.members)
            """
        )
        self.assertEqual(output, "1 3 True True True\n2 2 True\n")


if __name__ == "__main__":
    unittest.main()
