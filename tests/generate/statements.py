"""Statements and functions."""

from __future__ import annotations

import classes
from program import VALUES, Program

# Statements on names; `{target}` is bound to the type that stands beside the template.
SIMPLE: list[tuple[str, str]] = [
    ("{target} = {any}", "any"),
    ("{target} = {var_list}; {target}.append({any})", "list"),
    ("{target} = [{var_any}] * 2; {target}[0] = {any}", "list"),
    ("{target} = {dict}; {target}[{key}] = {any}", "dict"),
    ("{target}, *rest = {iterable}", "any"),
    ("{target}, (b, c) = {any}, {any}", "any"),
    ("{target} = first = {any}", "any"),
    ("{target}, first = {var_any}, {var_any}", "any"),
    ("[{target}, *_, last] = {iterable}", "any"),
    ("{target} = (walrus := {any}), walrus", "tuple"),
    ("{target} = sorted({object} for _ in range(2))", "list"),
    ("{target} = [*{iterable}, *{any}]", "list"),
    ("{target} = (lambda *a, k={any}: (k, a))({any}, *{iterable})", "tuple"),
    ("{target} = dict(**{dict}, **{dict})", "dict"),
    ("{target} = type('T', ({class},), {{'extra': {any}}})", "any"),
    ("{target}: int = {int}", "int"),
    ("{target} = iter({iterable}); log.append(next({target}, 'end'))", "any"),
    ("{target} = [f(1) for f in [lambda x, i=i: x + i for i in {ints}]]", "list"),
    ("exec('{target} = 1 + 1')", "int"),
    ("{target} = eval('[x * 2 for x in range(3)]')", "list"),
    ("{target} = functools.reduce(lambda a, b: (a, b), {iterable})", "any"),
    ("{target} = functools.partial({function}, {any})()", "any"),
    ("{target} = operator.add({any}, {any})", "any"),
    ("{target} = operator.itemgetter({index})({list})", "any"),
    ("{target} = list(itertools.chain({iterable}, {iterable}))", "list"),
    ("{target} = list(itertools.islice({iterable}, {small}))", "list"),
    ("{target} = list(itertools.product({str}, {ints}))", "list"),
    ("{target} = collections.OrderedDict({dict})", "dict"),
    ("{target} = collections.namedtuple('P', 'x y')({any}, {any})", "tuple"),
    ("{target} = functools.reduce((lambda a, b: a + b), {list})", "any"),
    ("{target} = copy.copy({any})", "any"),
    ("{target} = math.gcd({int}, {int})", "int"),
    ("{target} = re.sub('a', lambda m: m.group().upper(), {str})", "str"),
    ("{target} = types.SimpleNamespace(a={any})", "any"),
    ("{target} = operator.index({object})", "int"),
    ("{target} = sorted({list}, key=functools.cmp_to_key(lambda a, b: len(repr(a)) - len(repr(b))))", "list"),
]

# Changes to what there is.
CHANGES = [
    "{var_list}.append({any})", "{var_list}.extend({iterable})", "{var_list}.insert({index}, {any})", "{var_list}.remove({any})", "{var_list}.reverse()", "{var_list}.sort()", "{var_list}.sort(key={function}, reverse={bool})",
    "{var_list}[{index}] = {any}", "{var_list}[{index}:{index}] = {iterable}", "{var_list}[::2] = {iterable}", "del {var_list}[{index}]", "del {var_list}[{index}:]", "{var_list}.clear()", "{var_list} += {iterable}", "{var_list} *= {small}",
    "{var_dict}[{key}] = {any}", "{var_dict}.update({dict})", "{var_dict}.update(a={any}, **{dict})", "del {var_dict}[{key}]", "{var_dict}.popitem()", "{var_dict} |= {dict}", "{var_dict}.clear()", "{var_dict}[{object}] = {any}",
    "{var_set}.add({key})", "{var_set}.update({iterable})", "{var_set}.discard({key})", "{var_set} -= {set}", "{var_set} |= {set}", "{var_set}.remove({key})", "{var_set} &= {set}", "{var_set} ^= {set}", "{var_set}.add({object})",
    "{var_int} += {int}", "{var_int} -= {any}", "{var_str} += {str}", "{var_str} *= {small}", "{var_float} /= {float}", "{var_int} //= {int}", "{var_int} **= {small}", "{var_int} <<= {small}", "{var_any} += {any}", "{var_any} @= {any}", "{var_tuple} += {tuple}", "{var_any} %= {any}", "{var_any} |= {any}",
    "{var_object} += {any}", "{var_object} -= {any}", "{var_object} *= {any}", "{var_object} |= {any}", "{var_object} **= {small}", "{var_object}[{any}] = {any}", "{var_object}[{index}] += {any}", "del {var_object}[{any}]", "{var_object}.value = {any}", "{var_object}.value += {any}", "del {var_object}.value", "{var_object}.fresh = {any}",
    "{var_object}.described = {any}", "del {var_object}.described", "{var_object}.computed = {any}", "{class}.shared = {any}", "setattr({var_object}, {str}, {any})", "del {class}.shared", "{class}.late = lambda self, *a: (self, a)", "{class}.__len__ = lambda self: 3", "{class}.__eq__ = lambda self, other: True", "delattr({var_object}, 'value')",
    "assert {bool}, {any}", "{any}", "del {var_any}", "{var_any}.append({any})", "raise ValueError({any}, {any})", "raise {class}", "raise {any}", "raise KeyError({any}) from ValueError({any})", "{var_list}[{index}] += {any}", "{var_dict}[{key}] += {any}", "log.append({any})", "next({var_generator})", "{var_object}.__class__ = {class}",
    "a, b = {any}", "a, b, c = {object}", "(a, *b), c = {any}", "globals()['made'] = {any}", "{var_list}.append({var_list})", "{var_dict}['self'] = {var_dict}", "exec('global shared_name; shared_name = 5')", "{var_dict}.__setitem__({key}, {any})", "[].extend({object})", "{var_list}[{slice}] = {any}", "del {var_list}[{slice}]",
]

EXCEPTIONS = ("ValueError", "TypeError", "KeyError", "IndexError", "LookupError", "ZeroDivisionError", "ArithmeticError", "AttributeError", "StopIteration", "Exception", "(ValueError, KeyError)", "RuntimeError", "NameError", "OverflowError")


def statement(program: Program, indent: int, depth: int = 2, inner: str = "") -> None:
    """`inner` tells what else is allowed: "loop", "function", or both."""
    roll = program.random.random()
    if depth <= 0 or roll < 0.45:
        guarded(program, indent) if program.chance(0.96 if indent == 0 else 0.7) else simple(program, indent)
    elif indent == 0 and program.chance(0.95):
        program.line(0, "try:")
        statement(program, 1, depth, inner)
        program.line(0, "except Exception as error:")
        program.line(1, program.one_of(("pass", "log.append(type(error).__name__)", "log.append(str(error))")))
    elif roll < 0.52:
        conditional(program, indent, depth, inner)
    elif roll < 0.62:
        loop(program, indent, depth, inner)
    elif roll < 0.76:
        trial(program, indent, depth, inner)
    elif roll < 0.82:
        managed(program, indent, depth, inner)
    elif roll < 0.88:
        match(program, indent, depth, inner)
    elif roll < 0.93:
        function(program, indent)
    elif roll < 0.95:
        classes.class_statement(program, indent) if indent < 2 else simple(program, indent)
    elif roll < 0.98 and not inner:
        instance(program, indent)
    elif inner:
        leave(program, indent, inner)
    else:
        simple(program, indent)


def block(program: Program, indent: int, depth: int, inner: str) -> None:
    for _ in range(program.one_of((1, 1, 2, 3))):
        statement(program, indent, depth - 1, inner)


def simple(program: Program, indent: int) -> None:
    roll = program.random.random()
    if roll < 0.4:
        kind = program.one_of(VALUES[:-2])
        name = program.fresh()
        program.line(indent, f"{name} = {program.expression(kind, 3)}")
        program.bind(name, kind)
    elif roll < 0.7:
        template, kind = program.one_of(SIMPLE)
        name = program.fresh()
        program.line(indent, program.fill(template.replace("{target}", name), 2))
        program.bind(name, kind)
    else:
        program.line(indent, program.fill(program.one_of(CHANGES), 2))


def instance(program: Program, indent: int = 0) -> None:
    if not program.classes:
        return simple(program, indent)
    name = program.fresh("o")
    arguments = ", ".join(program.expression("any", 1) for _ in range(program.one_of((0, 1, 1))))
    program.line(indent, "try:")
    program.line(indent + 1, f"{name} = {program.one_of(program.classes)}({arguments})")
    program.line(indent, "except Exception as error:")
    program.line(indent + 1, f"{name} = error")
    program.bind(name, "object")


def guarded(program: Program, indent: int) -> None:
    program.line(indent, "try:")
    simple(program, indent + 1)
    program.line(indent, "except Exception as error:")
    name = program.fresh("e")
    program.line(indent + 1, f"{name} = {program.one_of(('type(error).__name__', '(type(error).__name__, str(error))', '(type(error).__name__, str(error))', 'error', 'error.args'))}")
    program.names.append((name, "any"))


def conditional(program: Program, indent: int, depth: int, inner: str) -> None:
    test = "any" if program.chance(0.3) else "bool"
    program.line(indent, f"if {program.expression(test, 2)}:")
    block(program, indent + 1, depth, inner)
    if program.chance(0.5):
        if program.chance(0.3):
            program.line(indent, f"elif {program.expression('bool', 2)}:")
            block(program, indent + 1, depth, inner)
        program.line(indent, "else:")
        block(program, indent + 1, depth, inner)


def loop(program: Program, indent: int, depth: int, inner: str) -> None:
    name = program.fresh("i")
    if program.chance(0.75):
        source = program.expression(program.one_of(("iterable", "ints", "range", "list", "dict", "object", "strs")), 2)
        target = name if program.chance(0.85) else f"{name}, *{name}rest"
        program.line(indent, f"for {target} in {source}:")
        program.bind(name, "any")
    else:
        program.line(indent, f"{name} = 0")
        program.bind(name, "int")
        program.line(indent, f"while {name} < {program.expression('small', 0)}:")
        program.line(indent + 1, f"{name} += 1")
    limit = program.fresh("n")
    program.line(indent + 1, f"{limit} = globals().get('{limit}', 0) + 1" if "function" not in inner else f"log.append('{limit}')")
    program.line(indent + 1, f"if {limit} > 6: break" if "function" not in inner else "if len(log) > 60: break")
    block(program, indent + 1, depth, inner + "loop")
    if program.chance(0.3):
        program.line(indent, "else:")
        block(program, indent + 1, depth, inner)


def trial(program: Program, indent: int, depth: int, inner: str) -> None:
    program.line(indent, "try:")
    block(program, indent + 1, depth, inner)
    handlers = program.one_of((0, 1, 1, 2))
    star = "*" if program.chance(0.12) else ""
    inside = inner if not star else ""
    for _ in range(handlers):
        name = program.fresh("x")
        program.line(indent, f"except{star} {program.one_of(EXCEPTIONS)} as {name}:")
        program.line(indent + 1, f"log.append(({name}.__class__.__name__, {'str' if not star else 'repr'}({name})))")
        if program.chance(0.5):
            block(program, indent + 1, depth - 1, inside)
        if program.chance(0.15):
            program.line(indent + 1, program.one_of(("raise", f"raise RuntimeError('again') from {name}", "raise ValueError('other')", f"raise {name} from None")))
    if handlers and program.chance(0.25):
        program.line(indent, "else:")
        block(program, indent + 1, depth, inner)
    if not handlers or program.chance(0.25):
        program.line(indent, "finally:")
        program.line(indent + 1, "log.append('finally')")
        block(program, indent + 1, depth - 1, "" if program.chance(0.6) else inner)


def managed(program: Program, indent: int, depth: int, inner: str) -> None:
    target = program.fresh("w")
    roll = program.random.random()
    items = f"{program.expression('object', 1)} as {target}"
    if roll < 0.2:
        items += f", {program.expression('object', 1)}"
    elif roll < 0.35:
        items = f"contextlib.suppress({program.one_of(EXCEPTIONS)}) as {target}"
    elif roll < 0.45:
        manager = program.fresh("m")
        program.line(indent, "@contextlib.contextmanager")
        program.line(indent, f"def {manager}(value):")
        program.line(indent + 1, "log.append('enter')")
        program.line(indent + 1, "try:")
        program.line(indent + 2, f"yield {program.one_of(('value', '[value]'))}")
        program.line(indent + 1, program.one_of(("finally:", "except ValueError:", "except Exception as error:")))
        program.line(indent + 2, program.one_of(("log.append('exit')", "pass", "log.append('exit')")))
        items = f"{manager}({program.expression('any', 1)}) as {target}"
    program.line(indent, "try:")
    program.line(indent + 1, f"with {items}:")
    program.bind(target, "any")
    block(program, indent + 2, depth, inner)
    program.line(indent, "except Exception as error:")
    program.line(indent + 1, "log.append(type(error).__name__)")


PATTERNS = [
    "0", "-1", "1.5", "'a'", "b'abc'", "None", "True", "[]", "[x]", "[x, y]", "[x, *rest]", "[*_, last]", "(1, x)", "{{}}", "{{'a': x}}", "{{'a': x, **others}}", "{{1: _, 2: y}}", "int()", "int(x)", "str(x)", "list(x)", "float() | int()", "(0 | 1) as x", "[int(x), str(y)]",
    "[[x], *_]", "dict()", "{class}()", "{class}(value=x)", "{class}(x)", "object(real=x)", "object(value=x)", "str() as s", "[x, _, y] | [x, y]", "bool(x)", "tuple((x, y))", "[_, {{'b': x}}]", "x", "_", "1j", "-1 + 2j", "None | True", "bytes(x)", "{class}(value=[x, *_])",
]


def match(program: Program, indent: int, depth: int, inner: str) -> None:
    program.line(indent, "try:")
    program.line(indent + 1, f"match {program.expression(program.one_of(('any', 'list', 'tuple', 'dict', 'object', 'int', 'str')), 2)}:")
    patterns = [program.one_of(PATTERNS) for _ in range(program.one_of((1, 2, 3, 4)))]
    # One that always matches must stand last.
    always = [pattern for pattern in patterns if pattern in ("x", "_")]
    patterns = [pattern for pattern in patterns if pattern not in ("x", "_")] + always[:1]
    for pattern in patterns:
        guard = f" if {program.expression('bool', 1)}" if program.chance(0.2) else ""
        program.line(indent + 2, f"case {program.fill(pattern, 0)}{guard}:")
        program.line(indent + 3, f"log.append({program.fill(pattern, 0)!r})" if not program.classes else "log.append('case')")
        block(program, indent + 3, depth - 1, inner)
    program.line(indent, "except Exception as error:")
    program.line(indent + 1, "log.append((type(error).__name__, str(error)))")


def leave(program: Program, indent: int, inner: str) -> None:
    options = []
    if "loop" in inner:
        options += ["break", "continue", "continue"]
    if "function" in inner:
        options += [f"return {program.expression('any', 2)}", "return"]
    if "generator" in inner:
        options += [f"yield {program.expression('any', 2)}", f"received = yield {program.expression('any', 1)}", f"yield from {program.expression('iterable', 1)}", "log.append((yield))"]
    program.line(indent, program.one_of(options))


SIGNATURES = ["", "x", "x, y=2", "x, /, y=1", "*args", "x, *args, k=3", "x, **kwargs", "x=None, *, k='k'", "*args, **kwargs", "x, y, z=3", "x, /, *, y=0", "x=[]"]


def function(program: Program, indent: int) -> None:
    """A function, a generator or a recursion; what it does is seen in its result and in `log`."""
    name = program.fresh("f")
    signature = program.one_of(SIGNATURES)
    if program.chance(0.12):
        signature = signature.replace("=2", f"={program.expression('any', 0)}").replace("=[]", "=[log]")
    if program.chance(0.12):
        program.line(indent, f"@{program.one_of(('(lambda f: f)', '(lambda f: lambda *a, **k: (f.__name__, f(*a, **k)))', 'functools.wraps(len)', 'functools.lru_cache(maxsize=None)', 'staticmethod'))}")
    generator = program.chance(0.3)
    program.line(indent, f"def {name}({signature}){program.one_of(('', '', ' -> int', ' -> 1 + 1'))}:")
    outer, outer_functions = list(program.names), list(program.functions)
    for parameter in ("x", "y", "k", "z", "args", "kwargs"):
        if parameter in [p.strip("*/ ").split("=")[0] for p in signature.split(",")]:
            program.bind(parameter, {"args": "tuple", "kwargs": "dict"}.get(parameter, "any"))
    inside = indent + 1
    # A name that is stored in a function is local in all of it: it changes what it is given, not what is outside.
    if program.chance(0.25):
        program.line(inside, f"count = {program.expression('int', 0)}")
        program.line(inside, "def inner(step=1):")
        program.line(inside + 1, "nonlocal count")
        program.line(inside + 1, "count += step")
        program.line(inside + 1, f"return {program.one_of(('count', '(count, step)', '[count]'))}")
        program.line(inside, program.one_of(("inner()", "log.append(inner())", "inner(); inner(2)")))
        program.bind("count", "int")
        if not generator and program.chance(0.4):
            program.line(inside, "return inner")
    if program.chance(0.15):
        program.line(inside, f"if len(log) < 30 and log.append('{name}') is None and {program.expression('bool', 1)}: {name}({', '.join(['1'] * program.one_of((0, 1, 1, 2)))})")
    block(program, inside, 2, "function" + ("generator" if generator else ""))
    if generator:
        program.line(inside, f"yield {program.expression('any', 2)}")
        if program.chance(0.5):
            program.line(inside, f"yield from {program.expression('iterable', 1)}")
    program.line(inside, f"return {program.expression('any', 2)}")
    program.names, program.functions = outer, outer_functions
    program.functions.append(name)
    if indent:
        program.functions.pop()
    result = program.fresh()
    positional = [program.one_of(("{any}", "{any}", "*{list}")) for _ in range(program.one_of((0, 1, 1, 1, 2, 3)))]
    named = [text for text in ("k={any}", "y={any}", "**{{'k': 1}}", "**{dict}") if program.chance(0.12)]
    arguments = ", ".join(positional + named)
    call = program.fill(f"{name}({arguments})", 1)
    keep = program.one_of(("{}", "list({})", "[*{}]", "next({})", "sorted({}, key=repr)")) if generator else "{}"
    program.line(indent, "try:")
    program.line(indent + 1, f"{result} = {keep.format(call)}")
    if generator and program.chance(0.3):
        program.line(indent + 1, f"g = {call}")
        for _ in range(program.one_of((1, 2, 3))):
            program.line(indent + 1, program.one_of(("log.append(next(g))", "log.append(g.send(5))", "log.append(g.throw(ValueError('thrown')))", "g.close()", "log.append(next(g, 'done'))", "del g; g = iter('ab')")))
    program.line(indent, "except Exception as error:")
    program.line(indent + 1, f"{result} = (type(error).__name__, str(error))")
    program.bind(result, "any")
