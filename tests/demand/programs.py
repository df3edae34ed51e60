"""The programs that touch them in every way: title to text."""

PROGRAMS = {
    "reached and left alone": "import shop.reached as m; print(m.DOUBLE, m.WHERE, m.NAME, m.SIZE, m.TEXT, m.Reader.limit, m.Reader.__mro__, m.LAST, list(vars(m)))",
    "a number that a module holds": "import sys, shop.bounds as m; print(m.LIMIT is sys.maxsize, *[f.__defaults__[0] is sys.maxsize for f in (m.waits, m.runs)])",
    "methods of a class that waits": "import shop.taking as m, shop.base as b; print(m.METHODS['name'] is b.Base.__dict__['name'], m.METHODS['name'](b.Base()), m.METHODS['kinds'] is b.Base.kinds, m.METHODS['later'][0] is b.Base)",
    "a class that waits, patched": "import shop.taking as m, shop.base as b; b.Base.name = len; b.Base.kinds = 0; print(m.METHODS['name'].__qualname__, m.METHODS['kinds'])",
    "keys of other modules": "import shop.taking as m, shop.base as b; print([*map(str, m.KEYED.values())], m.KEYED[b.Base], m.KEYED[b.helper], [k.__name__ for k in m.KEYED])",
    "members of a class that waits": "import shop.taken as m, shop.taking as t; print(m.NAMES, m.NAMES[1], m.DEFAULT[0] is t.Level.LOW, m.NAMES[t.Level.HIGH][1] is t.Level(2))",
    "members of a class, patched": "import shop.taken as m, shop.taking as t; low = t.Level.LOW; t.Level = None; print(m.DEFAULT[0] is low, m.NAMES[low])",
    "above a class, nothing changed": "import shop.roots as r; pass; import shop.leaves as m; print(m.FOUND, m.Leaf.__mro__)",
    "above a class, the root": "import shop.roots as r; r.Root.level = 2; import shop.leaves as m; print(m.FOUND, m.Leaf.__mro__)",
    "above a class, the middle": "import shop.roots as r; r.Middle.level = 3; import shop.leaves as m; print(m.FOUND, m.Leaf.__mro__)",
    "above a class, an addition to the root": "import shop.roots as r; r.Root.extra = 1; import shop.leaves as m; print(m.FOUND, m.Leaf.__mro__)",
    "above a class, an addition to the side": "import shop.roots as r; r.Side.extra = 1; import shop.leaves as m; print(m.FOUND, m.Leaf.__mro__)",
    "above a class, the side": "import shop.roots as r; r.Side.side = 2; import shop.leaves as m; print(m.FOUND, m.Leaf.__mro__)",
    "above a class, before the side": "import shop.roots as r; r.Middle.side = 9; import shop.leaves as m; print(m.FOUND, m.Leaf.__mro__)",
    "above a class, other bases": "import shop.roots as r; r.Middle.__bases__ = (r.Other,); import shop.leaves as m; print(m.FOUND, m.Leaf.__mro__)",
    "above a class, taken away": "import shop.roots as r; del r.Root.level; r.Side.level = 5; r.Middle.level = 4; import shop.leaves as m; print(m.FOUND, m.Leaf.__mro__)",
    "names deleted by code": "import shop.deleting as m; print(list(vars(m)), m.helper(), m.SIZE)",
    "names deleted by code, touched": "import shop.deleting as m; m.swap, m.ALIAS; print([n for n in vars(m)], dir(m))",
    "names deleted by code, imported": "from shop.deleting import *; import shop.deleting as m; print(list(vars(m)))",
    "what another module would replace": "import shop.zz_after as m; print(m.RESULT, m.TABLE['helper'].__name__)",
    "what another module has replaced": "import shop.aa_replacing as r, shop.zz_after as m, shop.base as b; print(r.RESULT, m.RESULT, m.TABLE['helper'].__name__, b.Other.kind)",
    "replaced afterwards": "import shop.zz_after as m, shop.aa_replacing as r; print(r.RESULT, m.RESULT, m.TABLE['helper'].__name__)",
    "an own class renamed": "import shop.renamed as m; print(m.NAME)",
    "an own class abstract no more": "import shop.abstract as m; print(m.TOLD)",
    "an own class made abstract": "import shop.refusing as m; print(m.MADE)",
    "texts of one code": "import shop.records as m; texts = [vars(c)['_make'].__dict__.get('__qualname__') for c in (m.First, m.Second)]; print(texts, texts[0] is texts[1])",
    "a function with its labels": "import shop.wrapping as m; print(m.NAME, m.wrapper.__name__, m.wrapper.__qualname__, m.wrapper.__module__)",
    "a function renamed": "import shop.base as b; b.helper.__name__ = 'renamed'; b.helper.__doc__ = 'told'; import shop.wrapping as m; print(m.NAME, m.wrapper.__name__, m.wrapper.__qualname__)",
    "own classes and functions left alone": "import shop.own as m; print(m.FIRST, m.Left.text, m.Left.__mro__, m.compute(), list(vars(m)))",
    "own classes and functions altered": "import shop.altered as m; print(m.FIRST, m.SECOND, m.THIRD, m.FOURTH, m.Later.text, m.Later.__mro__, list(vars(m)))",
    "an own class exchanged for its equal": "import shop.exchanged as m; print(m.IS_SAME, m.Later.__base__ is m.Copy, m.Later.__mro__)",
    "reached and changed": "import shop.changed as m; print(m.DOUBLE, m.WHERE, m.NAME, m.SIZE, m.TEXT, m.Reader.limit, list(vars(m)))",
    "reached and changed for its equal": "import shop.equal as m, shop.base as b; print(m.Uses.helper(), b.helper(), m.Uses.helper is m.helper)",
    "passed on and left alone": "import shop.passed as m; print(m.Uses.size, m.Uses.again, m.Uses.helper(), m.Uses.helper is m.source.helper, m.Uses.__mro__, m.Uses.__base__ is m.source.Base, m.Uses.first, [h is getattr(m.source, n) for h, n in zip(m.HELD, ('helper', 'Base', 'base'))])",
    "passed on and changed": "import shop.passed_changed as m; print(m.Uses.size, m.Uses.again, m.Uses.helper(), m.Uses.helper is m.source.helper, m.Uses.__mro__, m.Uses.__base__ is m.source.Base, m.Uses.first, [h is getattr(m.source, n) for h, n in zip(m.HELD, ('helper', 'Base', 'base'))])",
    "passed on, changed for its equal": "import shop.passed_equal as m; print(m.Uses.size, m.Uses.again, m.Uses.helper(), m.Uses.helper is m.source.helper, m.Uses.__mro__, m.Uses.__base__ is m.source.Base, m.Uses.first, [h is getattr(m.source, n) for h, n in zip(m.HELD, ('helper', 'Base', 'base'))])",
    "passed on, deleted": "import shop.passed_fewer as m; print(m.Uses.size, m.Uses.again, m.Uses.helper(), m.Uses.helper is m.source.helper, m.Uses.__mro__, m.Uses.__base__ is m.source.Base, m.Uses.first, [h is getattr(m.source, n) for h, n in zip(m.HELD, ('helper', 'Base', 'base'))])",
    "passed on and patched": "import shop.passes as p, shop.base as b; p.Base = b.Other; p.LIMIT = 5; import shop.passed as m; print(m.Uses.size, m.Uses.again, m.Uses.helper(), m.Uses.helper is m.source.helper, m.Uses.__mro__, m.Uses.__base__ is m.source.Base, m.Uses.first, [h is getattr(m.source, n) for h, n in zip(m.HELD, ('helper', 'Base', 'base'))])",
    "passed on by a proven module, left alone": "import types, shop.passes_proven as p, shop.base as b; pass; import shop.taken_from as m; print(m.Uses.helper is p.helper, m.Uses.base is p.Base, m.Uses.__base__ is p.Base, m.HELD[0] is p.helper, m.HELD[1] is p.Base, m.HELD[2] is p.TABLE, m.Uses.size, m.Uses.first)",
    "passed on by a proven module, another function": "import types, shop.passes_proven as p, shop.base as b; p.helper = types.FunctionType(p.helper.__code__, {'TABLE': {'a': 'longer'}, 'len': len, 'str': str}); import shop.taken_from as m; print(m.Uses.helper is p.helper, m.Uses.base is p.Base, m.Uses.__base__ is p.Base, m.HELD[0] is p.helper, m.HELD[1] is p.Base, m.HELD[2] is p.TABLE, m.Uses.size, m.Uses.first)",
    "passed on by a proven module, the same function again": "import types, shop.passes_proven as p, shop.base as b; p.helper = types.FunctionType(p.helper.__code__, p.helper.__globals__, p.helper.__name__); import shop.taken_from as m; print(m.Uses.helper is p.helper, m.Uses.base is p.Base, m.Uses.__base__ is p.Base, m.HELD[0] is p.helper, m.HELD[1] is p.Base, m.HELD[2] is p.TABLE, m.Uses.size, m.Uses.first)",
    "passed on by a proven module, a class like it": "import types, shop.passes_proven as p, shop.base as b; p.Base = type('Base', p.Base.__bases__, {k: v for k, v in vars(p.Base).items() if k not in ('__dict__', '__weakref__')}); import shop.taken_from as m; print(m.Uses.helper is p.helper, m.Uses.base is p.Base, m.Uses.__base__ is p.Base, m.HELD[0] is p.helper, m.HELD[1] is p.Base, m.HELD[2] is p.TABLE, m.Uses.size, m.Uses.first)",
    "passed on by a proven module, another dict": "import types, shop.passes_proven as p, shop.base as b; p.TABLE = {'a': 'other'}; import shop.taken_from as m; print(m.Uses.helper is p.helper, m.Uses.base is p.Base, m.Uses.__base__ is p.Base, m.HELD[0] is p.helper, m.HELD[1] is p.Base, m.HELD[2] is p.TABLE, m.Uses.size, m.Uses.first)",
    "passed on by a proven module, a dict like it": "import types, shop.passes_proven as p, shop.base as b; p.TABLE = dict(p.TABLE); import shop.taken_from as m; print(m.Uses.helper is p.helper, m.Uses.base is p.Base, m.Uses.__base__ is p.Base, m.HELD[0] is p.helper, m.HELD[1] is p.Base, m.HELD[2] is p.TABLE, m.Uses.size, m.Uses.first)",
    "passed on by a proven module, changed where it was made": "import types, shop.passes_proven as p, shop.base as b; b.TABLE['a'] = 'other'; import shop.taken_from as m; print(m.Uses.helper is p.helper, m.Uses.base is p.Base, m.Uses.__base__ is p.Base, m.HELD[0] is p.helper, m.HELD[1] is p.Base, m.HELD[2] is p.TABLE, m.Uses.size, m.Uses.first)",
    "passed on by a proven module, bound anew where it was made": "import types, shop.passes_proven as p, shop.base as b; b.TABLE = {'a': 'other'}; b.Base = b.Other; import shop.taken_from as m; print(m.Uses.helper is p.helper, m.Uses.base is p.Base, m.Uses.__base__ is p.Base, m.HELD[0] is p.helper, m.HELD[1] is p.Base, m.HELD[2] is p.TABLE, m.Uses.size, m.Uses.first)",
    "passed on by a proven module, touched before": "import types, shop.passes_proven as p, shop.base as b; p.TABLE, p.Base, p.helper; import shop.taken_from as m; print(m.Uses.helper is p.helper, m.Uses.base is p.Base, m.Uses.__base__ is p.Base, m.HELD[0] is p.helper, m.HELD[1] is p.Base, m.HELD[2] is p.TABLE, m.Uses.size, m.Uses.first)",
    "held left alone": "import shop.holder as p, shop.base as b; pass; import shop.held as m, shop.nested as n; print(m.FIRST, m.SECOND, m.THIRD, n.FIRST, m.Made.__base__ is p.Holder.kind)",
    "held otherwise by a class": "import shop.holder as p, shop.base as b; p.Holder.table = {'a': 1}; import shop.held as m, shop.nested as n; print(m.FIRST, m.SECOND, m.THIRD, n.FIRST, m.Made.__base__ is p.Holder.kind)",
    "held otherwise by an instance": "import shop.holder as p, shop.base as b; p.THING.table = {'a': 1}; import shop.held as m, shop.nested as n; print(m.FIRST, m.SECOND, m.THIRD, n.FIRST, m.Made.__base__ is p.Holder.kind)",
    "held otherwise by a tuple": "import shop.holder as p, shop.base as b; p.PAIR = ({'a': 1}, 1); import shop.held as m, shop.nested as n; print(m.FIRST, m.SECOND, m.THIRD, n.FIRST, m.Made.__base__ is p.Holder.kind)",
    "held otherwise by a dict": "import shop.holder as p, shop.base as b; p.NEST['t'] = {'a': 1}; import shop.held as m, shop.nested as n; print(m.FIRST, m.SECOND, m.THIRD, n.FIRST, m.Made.__base__ is p.Holder.kind)",
    "held otherwise by another instance": "import shop.holder as p, shop.base as b; p.THING = p.Thing(); p.THING.table = {'a': 1}; import shop.held as m, shop.nested as n; print(m.FIRST, m.SECOND, m.THIRD, n.FIRST, m.Made.__base__ is p.Holder.kind)",
    "held changed where it was made": "import shop.holder as p, shop.base as b; b.TABLE['a'] = 1; import shop.held as m, shop.nested as n; print(m.FIRST, m.SECOND, m.THIRD, n.FIRST, m.Made.__base__ is p.Holder.kind)",
    "held a class like it": "import shop.holder as p, shop.base as b; p.Holder.kind = type('Base', b.Base.__bases__, {k: v for k, v in vars(b.Base).items() if k not in ('__dict__', '__weakref__')}); import shop.held as m, shop.nested as n; print(m.FIRST, m.SECOND, m.THIRD, n.FIRST, m.Made.__base__ is p.Holder.kind)",
    "reached by an import": "import shop.late as m; print(m.WORDS, m.string, m.MADE.__name__)",
    "effects": "import shop.plugin as p, shop.counter as c; print(c.found(), c.handlers['first'] is p.first, c.items[0] is p.Made, p.later(), p.__annotations__)",
    "effects on a typing registry": "import typing, shop.plugin as p; print([f.__qualname__ for f in typing.get_overloads(p.Made.get)])",
    "a logger": "import logging, shop.plugin as p; print(p.LOG is logging.getLogger('shop.plugin'), p.LOG.parent is logging.root, vars(p.LOG)['name'])",
    "effects again": "import importlib, shop.plugin as p, shop.counter as c; first = p.Made; importlib.reload(p); print(c.found(), c.items[1] is p.Made, first is p.Made)",
    "effects of a patched function": "import shop.counter as c; c.register = lambda f: ('patched', f.__name__); import shop.plugin as p; print(p.first, c.found())",
    "effects on another list": "import shop.counter as c\nclass L(list):\n    def append(self, item): super().append(('noted', item.__name__))\nc.items = L(); import shop.plugin; print(c.found())",
    "effects on nothing": "import shop.counter as c; del c.names\ntry:\n    import shop.plugin\nexcept AttributeError as e: print(e, len(c.items), c.Config.flag, sorted(c.handlers))",
    "effects of patched overload": "import typing; seen = []; typing.overload = lambda f: seen.append(f.__qualname__) or f; import shop.plugin; print(seen)",
    "attributes": "import shop.base as m; print(m.TABLE, m.ALIAS is m.TABLE['a'], m.LIMIT, m.Base.__doc__, m.Base().name())",
    "from imports": "from shop.base import helper, TABLE, ALIAS; print(helper(), ALIAS is TABLE['a'])",
    "only inside": "import shop.use; print(shop.use.both())",
    "order": "import shop.base as m; m.helper; m.Other; print(list(vars(m)), dir(m))",
    "an attribute that is cached": "import shop.caching as m; print(m.other, m.other is m.other, m.SECOND, list(vars(m)))",
    "cached in order": "from shop.caching import other; import shop.caching as m; print(list(vars(m)), m.THIRD)",
    "a waiting name is replaced": "import shop.caching as m; print(m.replace('SECOND', 2), m.SECOND, m.replace('FIRST', 1), m.THIRD, list(vars(m)))",
    "items of the namespace": "import shop.caching as m; print(m.first_of(['FIRST']), m.FIRST, m.hold('new'), m.new)",
    "order untouched": "import shop.base as m; print(list(m.__dict__))",
    "order with additions": "import shop.base as m; m.extra = 1; m.helper; print(list(vars(m))); del m.extra; print(dir(m)[-3:])",
    "star": "from shop.base import *; print(sorted(n for n in dir() if n[0] != '_'), helper())",
    "globals": "import shop.base as m; print(m.look())",
    "eval": "import shop.base as m; print(m.evaluate('helper() + str(LIMIT)'), m.evaluate('sorted(globals())'))",
    "patch before a touch": "import shop.base as m; m.helper = lambda: 'patched'; print(m.Base().name(), m.helper())",
    "patch the source of an import": """
import shop.base, shop.derived
shop.base.helper = lambda: "patched"
shop.base.TABLE = {}
print(shop.derived.First().name(), shop.derived.count(), shop.derived.assistant())
""",
    "mock": """
from unittest import mock
import shop.base, shop.use
with mock.patch("shop.base.helper", return_value="mocked"):
    print(shop.use.both())
print(shop.use.both())
with mock.patch.object(shop.base, "LIMIT", 99):
    print(shop.base.Base().name())
with mock.patch.dict(shop.base.TABLE, {"c": "x"}):
    print(shop.base.helper(), len(shop.base.TABLE))
print(list(vars(shop.base)))
""",
    "deleting": """
import shop.base as m
del m.helper
try: m.helper
except AttributeError as error: print(error)
try: m.Base().name()
except NameError as error: print(error)
m.helper = len
print(list(vars(m))[-2:])
""",
    "missing names": """
import shop.base as m
try: m.fails()
except NameError as error: print(error)
try: m.missing
except AttributeError as error: print(error)
try: from shop.base import missing
except ImportError as error: print(error)
print(hasattr(m, "missing"), getattr(m, "LIMIT"), hasattr(m, "late"))
""",
    "a global that is stored": "import shop.base as m; m.swap(3); print(m.LIMIT, m.late, m.Base().name(), list(vars(m))[-1])",
    "nested functions": "import shop.base as m; f = m.nested(); print(f(), f(), m.nested()())",
    "a suspended generator": """
import shop.base as m
g = m.generate(); print(next(g)); vars(m); print(next(g)); m.TABLE["z"] = "zz"; print(list(g))
""",
    "many entries": "import shop.base as m\nfor _ in range(3000): f = m.nested(); r = f()\nprint(r, m.sum_(range(5)))",
    "subclasses": """
import shop.derived, shop.base
print([c.__name__ for c in shop.base.Base.__subclasses__()], [c.__name__ for c in shop.base.Other.__subclasses__()])
print([c.__name__ for c in shop.derived.First.__subclasses__()], shop.derived.CHAIN[2][0].__mro__)
""",
    "subclasses of a base that is there before": """
import shop.base
base = shop.base.Base
import shop.derived
print([c.__name__ for c in base.__subclasses__()])
""",
    "a derived class first": """
import shop.derived
print(shop.derived.Third().name(), shop.derived.Second.first is shop.derived.First)
import shop.base
print([c.__name__ for c in shop.base.Base.__subclasses__()])
""",
    "a module that runs": """
import shop.stock as m
print(m.early(), m.EARLY, bool(m.SEEN), m.TEXT, m.after(), m.Error().text(), m.Special().label())
print(list(vars(m)), m.__doc__, m.MADE[1][0].label())
""",
    "code that is executed at import": """
import shop.executed as m
print(m.starred(), m.First is m.starred()[0])
print(m.SEEN, type(m.HELD["__builtins__"]).__name__, list(m.HELD))
print(m.TEXT, m.second(), m.TABLE, m.SPACE["g"](), type(m.SPACE["__builtins__"]).__name__, list(vars(m)))
""",
    "a module that runs, from outside": """
from shop.stock import Box, usage, helper, First
import shop.stock, shop.base, shop.derived
print(Box.size, Box.label(Box) if 0 else Box.label.__name__, usage is shop.use, helper is shop.base.helper, First is shop.derived.First)
try: from shop.stock import temporary
except ImportError as error: print(error)
print(dir(shop.stock))
""",
    "a module that runs, patched on the way": """
import shop.base
shop.base.helper = lambda: "patched"
import shop.stock as m
print(m.EARLY, m.helper(), m.Special().label(), list(vars(m))[-3:])
""",
    "a module that runs, executed": """
import shop.base
shop.base.Base.kinds = shop.base.Base = type("Base", (), {"name": lambda self: "mine"})
import shop.stock as m
print(m.EARLY, m.Item.__bases__, m.Item().label(), m.after(), list(vars(m)))
""",
    "subclasses in the order of their statements": """
import shop.registry as m, shop.stock as s, shop.base
m.Half, s.Special
class Mine(m.Plugin): pass
s.Item
print([c.__name__ for c in m.Plugin.__subclasses__()], m.walk(), [c.__name__ for c in s.Item.__subclasses__()])
print([c.__name__ for c in shop.base.Base.__subclasses__()], [c.__name__ for c in m.Two.__subclasses__()])
""",
    "a function that walks": """
import shop.registry as m
m.Half
class Mine(m.Plugin): pass
walk = m.walk
print(walk())
""",
    "code that asks for subclasses": """
import shop.walks as m
m.D
print(m.asks(m.Root))
class Late(m.Root): pass
print(m.asks(m.Root), m.asks(m.A), list(m.walks(m.Root)), m.asks(m.Own), m.asks(m.Owned), m.asks(m.N))
import shop.later as l
l.H
print(m.asks(m.Root), m.asks(m.Failure), list(m.walks(m.Base)), m.nested()(l.E), m.asks(m.D))
class Last(m.Root): pass
l.G
print(m.asks(m.Root), m.M.below(), m.asks(m.A))
""",
    "code that asks for subclasses that wait elsewhere": """
import shop.later as l, shop.walks as m
l.H, m.Worse
print(list(m.walks(l.Root)), m.asks(m.Failure), [name for name in m.asks(Exception) if name in ("Failure", "Worst")])
""",
    "code that has the name of the question for a text": """
import shop.walks as m, shop.later as l
m.D
print(m.gets(m.Root), m.asks(m.Root), m.asks(m.M))
""",
    "code that passes the question on": "import shop.walks as m, shop.later as l\nl.E\nprint(m.passes(m.Root), m.asks(m.A))",
    "code that asks by the type": "import shop.walks as m, shop.later as l\nl.E\nprint(m.typed(m.Root), m.asks(m.A))",
    "code that asks by its superclass": "import shop.walks as m, shop.later as l\nprint(m.M.below(), m.asks(m.Root))",
    "code that asks while all tools are taken": """
import sys, shop.walks as m
for tool in range(6) if hasattr(sys, "monitoring") else ():
    sys.monitoring.use_tool_id(tool, "mine")
print(m.asks(m.Root), list(m.walks(m.Base)))
""",
    "a module that looks into others, and into itself": """
import shop.looks as m
print(m.NAMES, m.DEEP, m.Held.names, m.Held.given, m.MINE, m.LAST, m.Own.names, m.later(), list(vars(m)))
""",
    "code of the first module asks": "import first\nfirst.B\nprint(first.asks())",
    "code that was copied asks": """
import shop.walks as m, shop.later as l
l.E
asks = type(m.asks)(m.asks.__code__.replace(co_name="copied"), m.asks.__globals__)
print(asks(m.Root), m.asks(m.A))
""",
    "code that no bundle holds asks": """
import sys, shop.walks as m, shop.later as l
l.E
code = "asks = lambda kind: [kind.__name__ for kind in kind." + "__sub" + "classes__()]"
exec(code, space := {})
print(space["asks"](m.Root) if sys.version_info >= (3, 12) else None, m.asks(m.A))
""",
    "abstract classes": """
import shop.registry as m
class Sized: size = 1
print(issubclass(Sized, m.Plugin), issubclass(Sized, m.Sized), isinstance(m.One(), m.Plugin), m.Half.__abstractmethods__)
m.Plugin.register(Sized)
print(issubclass(Sized, m.Plugin), isinstance(Sized(), m.Plugin))
for kind in (m.Half, m.One):
    try: print(kind().run())
    except TypeError as error: print(error)
""",
    "abstract methods are those of the import": """
from unittest import mock
import shop.registry as m
with mock.patch.object(m.Plugin, "__abstractmethods__", frozenset()), mock.patch.object(m.Plugin, "run", lambda self: 5):
    print(m.Plugin().run(), sorted(m.Half.__abstractmethods__))
print(sorted(m.Half.__abstractmethods__), sorted(m.Plugin.__abstractmethods__))
""",
    "exceptions": """
import shop.registry as m
try: raise m.Three("three")
except m.Two as error: print(repr(error), type(error).__mro__)
""",
    "reload": "import importlib, shop.base as m; importlib.reload(m); print(m.helper(), list(vars(m)))",
    "pickle": "import pickle, shop.base as m; print(pickle.loads(pickle.dumps([m.Base, m.helper])) == [m.Base, m.helper])",
    "inspect": """
import inspect, shop.base as m
print(inspect.getsource(m.helper), inspect.getmodule(m.Base) is m, [n for n, _ in inspect.getmembers(m, inspect.isfunction)])
""",
    "the module object": """
import types, shop.base as m
print(isinstance(m, types.ModuleType), m.__class__ is types.ModuleType, repr(type(m)), m.__spec__.name, m.__name__)
print(repr(m) == f"<module 'shop.base' from {m.__file__!r}>")
""",
    "what C says of the module": """
import shop.base as m
for action in (lambda: m(), lambda: m + 1, lambda: m[0], lambda: iter(m), lambda: hash(m) and {}[m]):
    try: action()
    except Exception as error: print(type(error).__name__, str(error)[:60])
""",
    "blocked machinery": """
import sys
sys.modules["_frozen_importlib"] = sys.modules["_imp"] = None
import shop.use
print(shop.use.both())
""",
    "at exit": """
import atexit, sys, shop.base as m
class Late:
    def __del__(self): print("del", m.helper(), m.LIMIT)
sys.late = Late()
atexit.register(lambda: print("exit", m.Base().name()))
""",
    "warnings are errors": "import warnings; warnings.simplefilter('error')\nimport shop.use; print(shop.use.both())",
    "another class for the module": """
import types, shop.base as m
class Loud(types.ModuleType):
    def __getattribute__(self, name):
        return "loud " + name if name == "helper" else super().__getattribute__(name)
m.__class__ = Loud
print(m.helper, m.Base().name())
""",
    "the module goes before its functions": """
import gc, sys, shop.base
f = shop.base.Base().name
del sys.modules["shop.base"], shop.base
gc.collect()
print(f())
""",
    "threads": """
import threading, shop.base as m
seen = []
threads = [threading.Thread(target=lambda: seen.append((m.Base, m.TABLE, m.nested()()))) for _ in range(8)]
for t in threads: t.start()
for t in threads: t.join()
print(len({id(s[0]) for s in seen}), len({id(s[1]) for s in seen}), seen[0][2])
""",
    "coroutines": "import asyncio, shop.base as m; print(asyncio.run(m.later()))",
    "exec copies the builtins": """
import shop.base as m
space = {"f": m.helper}
exec("def g(): return f(), len('abc')", space)
print(space["g"](), type(space["__builtins__"]).__name__)
""",
    "builtins that change": """
import builtins, shop.base as m
m.helper()
builtins.len = lambda value: 77
print(m.helper(), m.sum_([1]))
""",
    "a new builtin": "import builtins, shop.base as m\nbuiltins.missing = 5\nprint(m.fails())",
    "a trace function": """
import sys, shop.base as m
lines = []
sys.settrace(lambda frame, event, arg: lines.append((frame.f_code.co_name, event)))
m.Base().name()
sys.settrace(None)
print(lines)
""",
    "hints": "import typing, shop.base as m; print(typing.get_type_hints(m.helper), typing.get_type_hints(m.Base))",
    "a switch that is not set": "import shop.switch as m; print(m.level())",
    "a switch that is set": """
import os
os.environ["LYO_DEMAND_LEVEL"] = "5"
import shop.switch as m
print(m.level())
""",
    "a switch that is set empty": """
import os
os.environ["LYO_DEMAND_LOUD"] = ""
import shop.switch as m
print(m.level())
""",
    "C code that looks a name up in the dictionary": """
import shop.dumping as m
connection = m.sqlite3.connect(":memory:")
connection.execute("create table t(a)")
print(list(connection.iterdump()))
""",
    "fork": """
import os, sys, shop.base as m
sys.stdout.flush()
if os.fork() == 0:
    print(m.Base().name()); sys.stdout.flush(); os._exit(0)
os.wait()
print(m.helper())
""",
    "sets iterate as they were filled": """
import shop.sets as m
sets = [m.Movie.__required_keys__, m.Wishes.__optional_keys__, m.Sequel.__required_keys__, m.Sequel.__optional_keys__]
sets += [m.added, m.frozen, m.listed, m.again, m.thinned, m.grown, m.cleared, getattr(m.Named, "__protocol_attrs__", ())]
for items in sets:
    print(list(items), items.__sizeof__())
""",
    "values that refer to themselves": """
import shop.selves as m
print([value.held() is value for value in (m.T, m.P, m.part, m.cached)])
""",
    "texts in a tuple of another module": """
import shop.versioned as m, shop.versions as n
places = {id(version): place for place, version in enumerate(n.VERSIONS)}
print([[places.get(id(item)) for item in items] for items in (sorted(m.known), m.order, [m.last], m.by_name)])
""",
    "combinations of flags are single objects": """
import re, shop.flags as m, shop.modes as n
print(m.options is re.IGNORECASE | re.ASCII | re.DOTALL, m.mode is n.Mode.READ | n.Mode.APPEND, m.none is n.Mode(0))
print(m.purple is m.Color.RED | m.Color.BLUE, m.options, m.mode, m.purple, m.none, list(m.purple))
print(list(n.Mode), list(n.Mode._value2member_map_), sorted(m.Color._value2member_map_))
""",
    "no annotations": "import shop.asks as m, shop.lends as n; print(m.size(), n.plain.__annotations__)",
    "annotations that others have set": """
import shop.lends as n
n.plain.__annotations__["x"] = int
import shop.asks as m
print(m.size(), m.SIZE)
""",
    "unions of classes with metaclasses": """
import shop.unions as m
print(m.shape, m.several, m.mapping, m.joined, m.compared, m.shape == m.Shape | None, isinstance({}, m.mapping))
print(type(m.shape), m.several.__args__)
""",
    "type parameters": """
import shop.parameters as m
owners = (m.Box, m.Many, m.Calls, m.Bound, m.same)
for p in (*[p for owner in owners for p in owner.__type_params__], m.Inferred, m.Specified):
    facts = [getattr(p, f"__{name}__", "none") for name in ("bound", "infer_variance", "covariant", "constraints", "default")]
    print(repr(p), p.__name__, p.__module__, facts)
    try:
        del p.__module__
        print("deleted")
    except AttributeError as error:
        print(error)
print(m.Box[int], m.Many[int, str], m.Box.__orig_bases__, m.Bound[int])
""",
    **{
        f"the module's own entry{suffix}": f"""
import dataclasses, sys
from shop import reach
try:
    import shop.registered{suffix} as m
except Exception as error:
    print(type(error), error)
print(sorted(vars(m)), getattr(m, "here", 0) is m)
item = getattr(m, "Item", None) or reach.noted[-1].__globals__["Item"]
print(item(), [(f.name, str(f._field_type), f.default) for f in item.__dataclass_fields__.values()])
"""
        for suffix in ("", "_bound", "_replaced")
    },
}

# Programs that print what depends on hashes of texts.
HASHING = ("sets iterate as they were filled",)
