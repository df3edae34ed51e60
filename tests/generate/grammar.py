"""Expressions as a grammar over types: for each type, templates of source text.

`{int}` in a template stands for any expression of that type. Types that are not
Python's own: `small` (an int that is safe as a size or an exponent), `index`, `nonzero`,
`spec` (a format specification), `seq`, `iterable`, `key` (hashable), `any`, `object`
(an instance of a class of the program), `function` (of one argument), `var_int` and
so on (a name, as an f-string of 3.11 can hold it).
What a template computes may well raise: programs mostly run in `try` blocks.
"""

from __future__ import annotations

ATOMS: dict[str, list[str]] = {
    "int": [
        "0", "1", "2", "-1", "3", "7", "10", "-5", "42", "255", "256", "-256", "257", "1000", "65536", "2147483647",
        "-2147483648", "9223372036854775807", "-9223372036854775808", "10**20", "-(10**20)", "0x7f", "0b101", "1_000",
        "2**64", "2**100 + 1",
    ],
    "bool": ["True", "False"],
    "float": [
        "0.0", "-0.0", "1.0", "1.5", "-2.5", "0.1", "1e10", "1e16", "1e-5", "1e-7", "123456789.123", "1e308", "5e-324",
        "float('inf')", "float('-inf')", "float('nan')", "3.0", "0.5", "2.675", "1e22", "1e23",
    ],
    "complex": ["1j", "0j", "1+2j", "-1.5j", "complex(0, -0.0)", "complex('1e3-2j')"],
    "str": [
        "''", "'a'", "'abc'", "'Hello World'", "'  pad '", "'12'", "'-7'", "'3.5'", "'a,b,,c'", "'ß'", "'ǅz'", "'é'",
        "'日本'", "'😀x'", "'\\t\\n'", "'line1\\nline2\\r\\n'", "'{} and {}'", "'%s-%d'", "'it\\'s \"q\"'", "'\\x00'",
        "'\\\\'", "'aXbXc'", "'xyz' 'zy'", "'_name1'", "'A1b2'", "'İ'", "'ﬁ'", "'١٢'", "'\\xad'", "'class'",
    ],
    "bytes": ["b''", "b'abc'", "b'\\x00\\xff'", "b'a,b'", "b'Hello'", "bytes(3)", "b'\\'\"'", "b'  x\\t'"],
    "none": ["None"],
    "small": ["0", "1", "2", "3", "4", "5"],
    "index": ["0", "1", "-1", "2", "-2", "3", "5", "-7"],
    "nonzero": ["1", "2", "-3", "7", "10", "-1", "2**65"],
    "spec": [
        "", "d", "x", "#x", "08.3f", ">10", "<6", "^9", "*^9", "+", " ", ",", "_", "e", ".2e", "g", ".3g", "%", ".1%",
        "s", ".2", "05", "b", "#o", "+.3", "=+8", "0=8", "n", "c", "_x", ",.2f", "z.1f", "#.3g", "X", "E", "r", "10.4s",
    ],
}

RULES: dict[str, list[str]] = {
    "int": [
        "{int} + {int}", "{int} - {int}", "{int} * {int}", "{int} // {nonzero}", "{int} % {nonzero}", "{int} ** {small}",
        "-{int}", "~{int}", "+{int}", "{int} & {int}", "{int} | {int}", "{int} ^ {int}", "{int} << {small}",
        "{int} >> {small}", "abs({int})", "len({seq})", "len({str})", "len({dict})", "{str}.find({str})",
        "{str}.count({str})", "{str}.index({str})", "{str}.rfind({str})", "{list}.index({any})", "{list}.count({any})",
        "{tuple}.index({any})", "int({float})", "int({str})", "int({str}, 16)", "int({bool})", "{int}.bit_length()",
        "{int}.bit_count()", "sum({ints})", "sum({ints}, {int})", "max({int}, {int})", "min({ints})", "divmod({int}, {nonzero})[0]",
        "pow({int}, {small}, {nonzero})", "round({float})", "round({int}, -{small})", "ord({str}[0])", "{range}[{index}]",
        "{list}[{index}]", "hash({int})", "int.from_bytes({bytes}, 'big')", "int.from_bytes({bytes}, 'little', signed=True)",
        "{bytes}[{index}]", "{bool} + {int}", "({int} if {bool} else {int})", "({int} and {int})", "({int} or {int})",
        "{function}({int})", "len({set})", "{int} // {int}", "{int} % {int}", "max({ints}, default={int})", "{float}.__floor__()",
        "{slice}.start", "({int}).real", "{range}.start", "{range}.index({int})", "{range}.count({int})", "int({bytes})",
        "hash({float})", "hash(({int}, {int}))", "(lambda a, b={int}: a - b)({int})", "{dict}.get({key}, {int})", "ord({bytes}[:1])",
        "max({list}, key={function})", "min({str}, default={int})", "next(iter({list}), {int})", "len({object})", "int({object})",
        "[{int}, {int}, {int}][{object}]", "round({object})", "-{object}", "{object} + {int}", "{int} - {object}", "hash({object})",
    ],
    "bool": [
        "{int} < {int}", "{int} == {float}", "{str} < {str}", "not {any}", "{any} == {any}", "{any} != {any}", "{key} in {dict}",
        "{any} in {list}", "{str} in {str}", "{any} not in {tuple}", "{int} <= {int} < {int}", "{bool} and {bool}",
        "{bool} or {bool}", "{bool} ^ {bool}", "bool({any})", "{any} is None", "{any} is not {none}", "isinstance({any}, int)",
        "isinstance({any}, (str, list))", "issubclass(bool, int)", "{str}.startswith({str})", "{str}.endswith(({str}, {str}))",
        "{str}.isdigit()", "{str}.isalpha()", "{str}.isidentifier()", "{str}.isupper()", "{str}.isspace()", "{str}.isnumeric()",
        "{str}.isprintable()", "{str}.istitle()", "{set} <= {set}", "{set}.isdisjoint({iterable})", "all({list})", "any({list})",
        "callable({any})", "hasattr({any}, 'real')", "{list} < {list}", "{tuple} >= {tuple}", "{dict} == {dict}",
        "{float}.is_integer()", "{bytes} == {bytes}", "{int} in {range}", "{range} == {range}", "{list} == {list}",
        "all(x == x for x in {list})", "any({function}(x) for x in {ints})", "{any} is {any}", "{set} == {set}", "{set} < {set}",
        "{object} == {any}", "{any} == {object}", "{object} < {any}", "{any} in {object}", "{object} in {list}", "bool({object})",
        "not {object}", "isinstance({object}, {class})", "hasattr({object}, 'value')", "{object} != {object}", "{object} >= {object}",
        "{int} in {bytes}", "{str}.isascii()", "{str}.isdecimal()", "{bytes}.isalnum()", "{complex} == {float}", "callable({object})",
    ],
    "float": [
        "{float} + {float}", "{float} - {int}", "{float} * {float}", "{int} / {nonzero}", "{float} // {nonzero}", "{float} % {nonzero}",
        "-{float}", "abs({float})", "float({int})", "float({str})", "round({float}, {small})", "{float} / {float}", "{float} ** 2",
        "sum([{float}, {int}])", "max({float}, {int})", "{complex}.real", "float.fromhex('0x1.8p3')", "{float} // {float}",
        "{int} * {float}", "float({object})", "{float} % {float}", "{int} ** -{small}", "abs({complex})", "{float} if {bool} else {float}",
    ],
    "complex": [
        "{complex} + {complex}", "{complex} * {int}", "{complex} - {float}", "-{complex}", "{complex}.conjugate()",
        "complex({int}, {float})", "{complex} / {nonzero}", "{complex} ** {small}", "{complex} == {int}", "complex({str})",
    ],
    "str": [
        "{str} + {str}", "{str} * {small}", "{str}[{index}]", "{str}[{index}:]", "{str}[::-1]", "{str}[{slice}]", "{str}.upper()",
        "{str}.lower()", "{str}.title()", "{str}.swapcase()", "{str}.casefold()", "{str}.capitalize()", "{str}.strip()",
        "{str}.strip({str})", "{str}.lstrip()", "{str}.rstrip({str})", "{str}.replace({str}, {str})", "{str}.replace({str}, {str}, {small})",
        "{str}.join({strs})", "{str}.center({small} + 6, '*')", "{str}.zfill(6)", "{str}.ljust(7)", "{str}.rjust(8, '.')",
        "{str}.expandtabs({small})", "{str}.removeprefix({str})", "{str}.removesuffix({str})", "repr({any})", "str({any})", "ascii({any})",
        "format({int}, '{spec}')", "format({float}, '{spec}')", "format({str}, '{spec}')", "f'{{{var_any}}}'", "f'{{{var_any}!r:>12}}'",
        "f'{{{var_int}:{spec}}}'", "f'{{{var_float}:{spec}}}'", "f'{{{var_str}:{spec}}}'", "f'{{{var_int}=}}'", "f'a{{{var_any}!s}}b{{{var_any}!a}}'",
        "f'{{{var_int}:{{{small}}}}}'", "'%s' % ({any},)", "'%d|%5.2f' % ({int}, {float})", "'%r %s' % ({any}, {any})", "'%x %o %e' % ({int}, {int}, {float})",
        "'%(a)s' % {{'a': {any}}}", "'%-6s|%+d|%05d' % ({str}, {int}, {int})", "'%c' % {int}", "'{{}} {{}}'.format({any}, {any})",
        "'{{0[0]}}-{{a}}'.format({list}, a={any})", "'{{!r:>8}}'.format({str})", "'{{a.real}}'.format(a={int})", "{str}.format({any}, {any})",
        "chr({small} + 65)", "hex({int})", "oct({int})", "bin({int})", "{bytes}.decode()", "{bytes}.decode('latin-1')", "{bytes}.hex()",
        "{str}.translate({{97: 'A', 98: None, 99: 100}})", "{str}.translate(str.maketrans('ab', 'xy', 'z'))", "{str}.partition({str})[0]",
        "{strs}[{index}]", "max({strs})", "({str} or {str})", "''.join(reversed({str}))", "''.join(sorted({str}))", "str({bytes}, 'utf-8', 'replace')",
        "type({any}).__name__", "{function}({str})", "({str} if {bool} else {str})", "'%s' % {any}", "'%.3s|%10r' % ({any}, {any})",
        "f'{{{var_list}!r:{{{small}}}}}'", "str({object})", "repr({object})", "f'{{{var_object}}}'", "f'{{{var_object}:{spec}}}'", "format({object}, '{spec}')",
        "'%s' % {object}", "'%d' % {object}", "'{{}}'.format({object})", "'{{0.value}}'.format({object})", "{float}.hex()", "' '.join(map(str, {list}))",
        "'%i%%' % {float}", "'%g %G' % ({float}, {float})", "{str}.format_map({{'a': {any}}})", "'{{:{spec}}}'.format({int})", "{str} % {tuple}", "{str} % {any}",
    ],
    "bytes": [
        "{bytes} + {bytes}", "{bytes} * {small}", "{bytes}[{index}:]", "{str}.encode()", "{str}.encode('ascii', 'replace')", "{bytes}.upper()",
        "{bytes}.replace({bytes}, {bytes})", "{bytes}.strip()", "bytes({ints})", "{int}.to_bytes(9, 'big', signed=True)", "b', '.join([{bytes}, {bytes}])",
        "{str}.encode('utf-16-le')", "bytes.fromhex('00ff10')", "{bytes}[{slice}]", "b'%s %d' % ({bytes}, {int})", "{bytes}.title()", "bytes(bytearray({bytes}))",
        "{bytes}.split(b',')[0]", "{bytes}.center(9, b'-')", "bytes(reversed({bytes}))",
    ],
    "list": [
        "[{any}, {any}]", "[{any}]", "[]", "[{int}, {int}, {int}]", "{list} + {list}", "{list} * {small}", "{list}[{slice}]", "{list}[{index}:{index}]",
        "list({iterable})", "sorted({ints})", "sorted({strs}, reverse=True)", "sorted({list}, key=repr)", "sorted({strs}, key=len)", "{list}.copy()",
        "[x for x in {iterable}]", "[x for x in {list} if x]", "[(i, x) for i, x in enumerate({list})]", "[x * 2 for x in {ints} if x > {int}]",
        "[[y, x] for x in {ints} for y in {strs}]", "[a for a in {list} for a in [a, a]]", "[*{iterable}, {any}, *{iterable}]", "{str}.split()", "{str}.split({str})",
        "{str}.splitlines({bool})", "{str}.rsplit({str}, {small})", "list(map({function}, {list}))", "list(zip({iterable}, {iterable}))",
        "list(filter({function}, {list}))", "list(filter(None, {list}))", "list(reversed({list}))", "list({dict}.items())", "list({dict})", "list({dict}.values())",
        "list(enumerate({str}, {int}))", "list({range})", "sorted({set}, key=repr)", "sorted({set})", "list(map(lambda a, b: (b, a), {list}, {str}))", "[{list}] * 2",
        "list({generator})", "[*{generator}]", "sorted({list}, key={function})", "sorted({dict}.items(), key=lambda p: repr(p))", "[{int}, (lambda x: [x, x])({any})]", "[{function}(x) for x in {list}]",
        "list({object})", "[*{object}]", "[x for x in {object}]", "sorted([{object}, {object}])", "list(zip({list}, {str}, strict=True))", "list(iter([3, 2, 1].pop, 2))",
        "list({bytes})", "[lambda: x for x in {ints}][0:0]", "[f() for f in [lambda: x for x in {ints}]]", "list(dict.fromkeys({strs}))", "list(map(str.upper, {strs}))",
    ],
    "tuple": [
        "({any}, {any})", "({any},)", "()", "{tuple} + {tuple}", "{tuple} * {small}", "tuple({iterable})", "{tuple}[{slice}]", "divmod({int}, {nonzero})", "{str}.partition({str})",
        "(*{list}, {any})", "{str}.rpartition({str})", "tuple(x for x in {list})", "{float}.as_integer_ratio()", "({int}, {str}, {float})", "{slice}.indices({small})", "tuple({dict}.items())",
        "tuple(sorted({set}, key=repr))", "tuple({object})", "divmod({float}, {nonzero})", "min([{tuple}, {tuple}])", "(*{object},)", "divmod({object}, {int})", "max({tuple}, {tuple})",
    ],
    "dict": [
        "{{{key}: {any}, {key}: {any}}}", "{{{str}: {int}}}", "{{}}", "dict({list})", "dict(a={any}, b={any})", "{{k: v for k, v in {dict}.items()}}", "{{x: {any} for x in {strs}}}", "{{**{dict}, {key}: {any}}}",
        "{dict} | {dict}", "dict.fromkeys({iterable}, {any})", "{dict}.copy()", "dict(zip({strs}, {list}))", "{{i: x for i, x in enumerate({str})}}", "{{**{dict}, **{dict}}}", "dict({dict}, z={any})",
        "{{1: {any}, True: {any}, 1.0: {any}}}", "{{{object}: {any}, {object}: {any}}}", "dict(**{dict})", "{{{key}: {any} for _ in {iterable}}}", "dict({object})", "vars({object})",
    ],
    "set": [
        "{{{key}, {key}}}", "set()", "set({iterable})", "{set} | {set}", "{set} & {set}", "{set} - {set}", "{set} ^ {set}", "{{x for x in {ints}}}", "frozenset({ints})", "{set}.union({iterable})",
        "{set}.intersection({iterable})", "{dict}.keys() & {set}", "{dict}.keys() | {list}", "{{{object}, {object}}}", "{set}.difference({list})", "{set}.symmetric_difference({ints})",
    ],
    "range": ["range({small})", "range({int}, {int}, {nonzero})", "range({small}, -{small}, -1)", "range({small}, 9, 2)", "{range}[::-1]", "{range}[{slice}]"],
    "slice": ["slice({index})", "slice({index}, {index})", "slice({index}, {index}, {nonzero})", "slice(None, None, -1)", "slice(None)"],
    "iterable": ["{list}", "{tuple}", "{str}", "{dict}", "{range}", "{generator}", "map({function}, {list})", "reversed({list})", "{bytes}", "{dict}.items()", "iter({list})", "zip({str}, {list})"],
    "generator": ["(x for x in {iterable})", "(x for x in {ints} if x % 2)", "((x, y) for x in {strs} for y in {ints})", "({function}(x) for x in {list})", "iter({tuple})", "enumerate({str})"],
    "ints": ["[{int}, {int}, {int}]", "({int}, {int})", "range({small})", "[x for x in range({small})]", "[{int}]", "{{{int}: {any}}}"],
    "strs": ["[{str}, {str}, {str}]", "({str}, {str})", "{str}.split(',')", "[{str}]", "list('bca')", "{{{str}: {any}}}"],
    "seq": ["{list}", "{tuple}", "{str}", "{bytes}", "{range}"],
    "key": ["{int}", "{str}", "{str}", "{bool}", "{float}", "({int}, {str})", "{none}", "{bytes}", "frozenset({ints})", "{tuple}"],
    "none": ["print if False else None", "[].append({any})", "{dict}.get('absent')"],
    "function": [
        "(lambda x: x)", "(lambda x: x + x)", "(lambda x: -x)", "(lambda x: (x, {any}))", "str", "repr", "bool", "len", "type", "abs", "(lambda x, *y: y)", "(lambda x: x < {any})", "hash", "{dict}.get", "{list}.count", "int",
        "(lambda x, y={any}: [x, y])", "(lambda *a, **k: (a, k))", "str.upper", "list", "(lambda x: x[0])", "{object}", "{object}.method", "{class}", "{str}.join", "{list}.__contains__",
    ],
    "any": [
        "{int}", "{int}", "{str}", "{str}", "{float}", "{list}", "{tuple}", "{dict}", "{bool}", "{none}", "{bytes}", "{set}", "{complex}", "{range}", "{slice}", "{object}", "{object}", "{class}",
        "{function}({any})", "{list}[{index}]", "{tuple}[{index}]", "{dict}[{key}]", "{dict}.get({key})", "{dict}.pop({key}, {any})", "{dict}.setdefault({key}, {any})", "{list}.pop()", "next({generator})", "next(iter({iterable}), {any})", "({any} if {bool} else {any})",
        "({any} or {any})", "({any} and {any})", "{any} + {any}", "{any} * {any_small}", "{any} | {any}", "{any} - {any}", "{any} @ {any}", "{any} < {any}", "{any} % {any}", "{any} // {any}", "{any} & {any}", "max({list})", "min({any}, {any}, key=repr)", "sum({list})", "sum([{list}, {list}], [])",
        "getattr({any}, 'real', {any})", "(lambda: {any})()", "(lambda *a, k={any}: (a, k))(*{list})", "(lambda **k: k)(**{dict})", "eval('1 + 2')", "type({any})", "[{any} for _ in {range}]", "{any}[{any}]", "dict.fromkeys('ab', {any})['a']", "[*map({function}, {list})][0]",
        "{object} + {any}", "{any} + {object}", "{object} - {any}", "{any} * {object}", "{object} / {any}", "{any} // {object}", "{object} % {any}", "{object} ** {small}", "{object} @ {object}", "{object} & {any}", "{any} | {object}", "{object} ^ {any}", "{object} << {any}", "{any} >> {object}",
        "~{object}", "+{object}", "abs({object})", "{object}[{any}]", "{object}[{index}:{index}]", "{object}.value", "{object}.missing", "{object}.computed", "{object}.method({any})", "{object}({any})", "{object}.described", "{class}.described", "{class}.shared", "{class}[{any}]", "{class}.made({any})", "{class}.helper({any})",
        "next(iter({object}))", "next({object})", "getattr({object}, {str}, {any})", "reversed({object})", "{object}.__class__", "{class}.__name__", "{class}.__mro__", "type({object}).__bases__", "{class}.__dict__.get('shared')", "{class}.log", "{object}.__len__()", "super({class}, {object}).method({any})", "{class}.method({object}, {any})",
        "{object}.shared", "{class}({any})", "{class}({any}, value={any})", "max({object}, {object})", "sum([{object}, {object}])", "{dict}[{object}]", "pow({object}, {any}, {int})", "divmod({int}, {object})",
    ],
    "any_small": ["{small}", "{bool}", "{str}", "{float}"],
}

# What makes a program impure: an effect, or what is not the same in every process.
IMPURE: dict[str, list[str]] = {
    "any": ["print({any})", "UNKNOWN", "UNKNOWN[{any}]", "os.environ.get({str})", "id({any})", "{function}(UNKNOWN)", "emit({any})", "emit({any}) or {any}", "{any} + UNKNOWN", "UNKNOWN({object})", "[{any}, UNKNOWN]", "emit({object})"],
    "int": ["len(os.environ)", "id({any})", "emit({int})", "hash({str})", "time.time_ns()"],
    "str": ["os.getcwd()", "str(UNKNOWN)", "emit({str})", "f'{{UNKNOWN}}'", "__file__", "__name__"],
    "bool": ["UNKNOWN", "UNKNOWN is None", "len(os.environ) > 10**6", "UNKNOWN == {any}", "emit({bool})", "bool(UNKNOWN)"],
    "list": ["list({set})", "[UNKNOWN, {any}]", "os.listdir('/')[:0]", "sorted(UNKNOWN)", "[emit(x) for x in {list}]", "[x for x in UNKNOWN]"],
    "dict": ["{{UNKNOWN: {any}}}", "{{'a': UNKNOWN}}", "{{x: x for x in UNKNOWN}}"],
}
