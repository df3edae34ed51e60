"""What CPython says of operations on builtin immutable data.

    python primitive_judge.py SEED ROUNDS

Writes one JSON object a line: an operation (`kind`, `name`, `args`, `keywords`;
a method's receiver is its first argument) and its outcome: `value`, or
`exception` and `message`, or `beyond` where the result is no such data or the
operation warns. `primitive_cpython.rs` holds the evaluator against it.
"""

import builtins
import json
import operator
import random
import resource
import struct
import sys
import warnings

warnings.simplefilter("error")
# What is too large for the evaluator is a quick MemoryError here.
resource.setrlimit(resource.RLIMIT_AS, (200 << 20, 200 << 20))
random_ = random.Random(int(sys.argv[1]))
ROUNDS = int(sys.argv[2])
MAX_LINE = 30_000
choice, randrange, chance = random_.choice, random_.randrange, random_.random


class Beyond(Exception):
    """A result that is not plain data."""


def encode(x):
    kind = type(x)
    if x is None or kind is bool:
        return x
    if kind is int:
        return {"i": hex(x)}
    if kind is float:
        return {"f": struct.pack(">d", x).hex()}
    if kind is complex:
        return {"c": [encode(x.real), encode(x.imag)]}
    if kind is str:
        try:
            x.encode()
        except UnicodeEncodeError:
            raise Beyond from None
        return x
    if kind is bytes:
        return {"b": x.hex()}
    if kind is tuple:
        return {"t": [encode(item) for item in x]}
    if kind is list:
        return {"l": [encode(item) for item in x]}
    if kind is dict:
        return {"d": [[encode(key), encode(value)] for key, value in x.items()]}
    if kind is range:
        return {"r": [encode(x.start), encode(x.stop), encode(x.step)]}
    if kind is slice:
        return {"s": [encode(x.start), encode(x.stop), encode(x.step)]}
    if x is ...:
        return {"e": 0}
    if x is NotImplemented:
        return {"n": 0}
    if hasattr(x, "__next__"):
        return {"it": [encode(item) for item in x]}
    raise Beyond


UNARY = {"+": operator.pos, "-": operator.neg, "~": operator.invert, "not": operator.not_}
BINARY = {
    "+": operator.add, "-": operator.sub, "*": operator.mul, "@": operator.matmul, "/": operator.truediv,
    "//": operator.floordiv, "%": operator.mod, "**": operator.pow, "<<": operator.lshift, ">>": operator.rshift,
    "&": operator.and_, "|": operator.or_, "^": operator.xor,
}
COMPARE = {
    "==": operator.eq, "!=": operator.ne, "<": operator.lt, "<=": operator.le, ">": operator.gt, ">=": operator.ge,
    "in": lambda l, r: l in r, "not in": lambda l, r: l not in r,
}


def run(kind, name, args, keywords):
    if kind == "unary":
        return UNARY[name](*args)
    if kind == "binary":
        return BINARY[name](*args)
    if kind == "compare":
        return COMPARE[name](*args)
    if kind == "subscript":
        return args[0][args[1]]
    if kind == "iterate":
        return iter(args[0])
    if kind == "method":
        return getattr(args[0], name)(*args[1:], **keywords)
    if kind == "attribute":
        return getattr(args[0], name)
    if kind == "key":
        return len({args[0], args[1]}) == 1
    if kind == "truth":
        return bool(args[0])
    return getattr(builtins, name)(*args, **keywords)


seen = set()


def takes_long(name, args):
    """Powers, shifts and roundings that CPython would spend minutes on."""
    if name in ("**", "pow") and len(args) >= 2 and (len(args) == 2 or args[2] is None):
        base, exponent = args[:2]
        return isinstance(base, int) and isinstance(exponent, int) and abs(base) > 1 and exponent > 1000
    if name in ("round", "__round__"):
        return any(isinstance(arg, int) and arg < -10**4 for arg in args[1:])
    return name in ("<<", "__lshift__", "__rlshift__") and any(isinstance(arg, int) and 10**5 < arg for arg in args)


def emit(kind, name, *args, **keywords):
    if takes_long(name, args):
        return
    try:
        try_emit(kind, name, args, keywords)
    except MemoryError:
        pass


def try_emit(kind, name, args, keywords):
    try:
        case = {
            "kind": kind,
            "name": name,
            "args": [encode(arg) for arg in args],
            "keywords": {key: encode(value) for key, value in keywords.items()},
        }
    except Beyond:
        return
    text = json.dumps(case)
    if text in seen:
        return
    seen.add(text)
    try:
        case["value"] = encode(run(kind, name, args, keywords))
    except (Beyond, Warning, MemoryError):
        case["beyond"] = True
    except Exception as error:
        case["exception"] = type(error).__name__
        case["message"] = str(error)
    line = json.dumps(case)
    if len(line) < MAX_LINE:
        print(line)


# ---- values

NAN, INF = float("nan"), float("inf")
INTEGERS = [
    0, 1, -1, 2, 3, -3, 5, 7, 10, -10, 15, 16, 25, 35, 45, 55, 60, 61, 62, 63, 64, 65, 100, 127, 128, 255, 256, 257,
    999, 1000, -1000, 12345, 15150, 99999, 1234567, -1234567, 2**31 - 1, 2**31, -2**31, 2**32, 2**53, 2**53 + 1,
    2**61 - 1, 2**61, 2**62, 2**63 - 1, 2**63, -2**63, -2**63 - 1, 2**64, 10**18, 10**19, 10**22, 10**23, 10**30,
    -10**30, 2**100 + 1, 2**1023, 2**1024, -2**1030, 10**400, 1114111, 1114112, 0x20AC, 0xE9, 0x41,
]
FLOATS = [
    0.0, -0.0, 1.0, -1.0, 0.5, -0.5, 1.5, 2.5, -2.5, 3.5, 0.1, 0.2, 0.3, 1.1, 2.675, 1e-5, 1e-4, 0.0001234, 123456.789,
    1e15, 1e16, 1e17, 123456789012345680.0, 1e22, 1e23, 1e100, 1e300, 1.7976931348623157e308, 5e-324, 2.2250738585072014e-308,
    1e-310, 2.0**53, 2.0**53 + 2, 0.05, 0.15, 0.25, 0.35, 0.125, 0.375, 5e15, 9.5, 99.5, 0.995, 1e-7, 4.35, 1234.5,
    15.0, 25.0, 350.0, 4503599627370496.5, 9007199254740991.0, 1/3, 2/3, 314159.0, NAN, INF, -INF, 1000000.0, 999999.5,
]
WORDS = [
    "", "a", "A", "ab", "abc", "Abc", "ABC", "aBc dEf", "hello world", "Hello World", " x ", "  lead", "trail  ", "\t\n", "a\tb",
    "\tx\ty", "a\nb\r\nc\rd", "\n", "\r\n", "a\x0bb\x0cc\x1cd\x85e\u2028f", "a,b,,c", ",", ",,", "xxx", "xyxyx", "aaa",
    "0", "12", "-12", "+7", "3.14", "1_000", "0x1f", "0b101", "0o17", "1e5", "inf", "nan", "{}", "{0}", "%s", "%d", "'", '"',
    "it's", "\"'", "\\", "\x00", "\x7f", "\x80", "\xa0", "\xad", "é", "É", "ß", "ſ", "ŉ", "ǅ", "ǆ", "Σ", "ΑΣ", "ΑΣ.", "ΌΔΟΣ ΑΣ",
    "aΣb", "ﬁ", "İ", "ı", "ΐ", "ᾳ", "ᾼ", "Ω", "µ", "ª", "²", "½", "Ⅷ", "ⅷ", "٣", "१२", "߀", "𝟗", "中文", "漢", "日本",
    "\u200b", "\u2029", "\u3000x\u3000", "\ufeff", "\ufffd", "\U0001f600", "a\U0001f600b", "\U00010400", "\U00010428", "e\u0301",
    "__x1", "1x", "x y", "class", "é1", "·", "℘", "Hello, Wörld", "ÀÉÎ õü", "tITLE cASE", "they're bill's", "x" * 40, "Ab" * 20,
    "İstanbul", "ǅungla", "ΣΑΣ ΣΣ", "'x'Y", "a.B", "\u0345", "\u1e9e", "Ა", "ა", "Ꭰ", "ꭰ", "\u2cef", "\u2cf0",
]
BYTES = [
    b"", b"a", b"A", b"abc", b"ABC", b"aBc dEf", b" x ", b"\t\n", b"a\tb", b"a\nb\r\nc\rd", b"a\x0bb\x1cc\x85d", b"a,b,,c", b",",
    b"xxx", b"xyxyx", b"12", b"-12", b"+7", b"3.14", b"1_0", b"0x1f", b"inf", b"%d", b"%s", b"it's", b"\"'", b"\\", b"\x00", b"\x7f",
    b"\x80\xff", b"\xc3\xa9", b"\xe2\x82\xac", b"\xf0\x9f\x98\x80", b"\xe2\x82", b"\xed\xa0\x80", b"ab\xffcd", b"\xc3(", b"\xf5",
    b"\xe0\x80\x80", b"\xf0\x90\x80", b"\xf4\x90\x80\x80", b"Hello World", b"they're", bytes(range(0, 256, 17)), b"x" * 30, b" ", b"e",
]
COMPLEXES = [0j, 1j, -1j, 1 + 0j, 1 + 2j, -1.5 - 0.5j, 3 + 4j, complex(-0.0, 0.0), complex(0.0, -0.0), complex(-0.0, -0.0),
             complex(INF, 1), complex(NAN, 0), complex(1e17, 1e-7), complex(2, 0), complex(0.1, 0.2), complex(1, NAN)]
RANGES = [range(0), range(1), range(5), range(2, 10, 3), range(10, 0, -1), range(10, 0, -3), range(0, -5, -1), range(5, 5),
          range(3, 4, 100), range(3, 5, 100), range(10**20, 10**20 + 3), range(-3, 3), range(1, 11, 2)]
SLICES = [slice(None), slice(1), slice(1, 3), slice(None, None, -1), slice(-2, None), slice(None, None, 2), slice(5, 1, -2),
          slice(10, 20), slice(-10**30, 10**30), slice(None, None, 10**30), slice(None, None, -10**30), slice(3, None, -1), slice(0, 0),
          slice(1, -1), slice(None, None, 0), slice("a"), slice(1.0), slice(True, None), slice(-1, -100, -1), slice(None, 2, 3)]
TUPLES = [(), (1,), (1, 2), (1, 2, 3), ("a",), ("a", "b"), (1, "a"), (1.0, 2), (True, 0), ((1, 2), 3), (None,), (1, (2, (3,))),
          ((),), (b"x",), (NAN,), (3, 1, 2), ("b", "a", "c"), (2.5, 1, True), (0, 0.0, False), ("", None), (1j,), (range(3),), (-1, -2)]
SINGLETONS = [None, True, False, ..., NotImplemented]


def random_int():
    if chance() < 0.6:
        return choice(INTEGERS)
    return randrange(-10**randrange(1, 40), 10**randrange(1, 40))


def random_float():
    roll = chance()
    if roll < 0.5:
        return choice(FLOATS)
    if roll < 0.7:
        return round(random_.uniform(-1000, 1000), randrange(5))
    if roll < 0.8:
        return randrange(-10000, 10000) / choice([2, 4, 8, 16, 10, 100, 1000, 3, 7])
    return struct.unpack(">d", random_.randbytes(8))[0]


ALPHABET = "aabbcxyzABZ019 ,.-_\t\n'\"%{}é"
WIDE = "éßΣσςǅİıﬁ中\u2028\xa0\x85٣½²\U0001f600\U00010400\u0345\u0301"


def random_text():
    if chance() < 0.5:
        return choice(WORDS)
    letters = ALPHABET if chance() < 0.7 else ALPHABET + WIDE
    return "".join(choice(letters) for _ in range(randrange(12)))


def random_char():
    """Any character: properties and mappings of all of Unicode are sampled."""
    while True:
        code = choice([randrange(0x80, 0x250), randrange(0x250, 0x2000), randrange(0x2000, 0x3100), randrange(0xA000, 0x11000), randrange(0x11000, 0x20000)])
        if not 0xD800 <= code < 0xE000:
            return chr(code)


def random_bytes():
    if chance() < 0.5:
        return choice(BYTES)
    return bytes(choice(b"aabbcxAB09 ,\t\n\r.-_%'\xff\xc3\xa9") for _ in range(randrange(12)))


def random_tuple(depth=2):
    if chance() < 0.5 or depth == 0:
        return choice(TUPLES)
    kind = choice([random_int, random_float, random_text, random_value])
    return tuple(kind() for _ in range(randrange(5)))


def random_value(depth=1):
    roll = randrange(20)
    if roll < 5:
        return random_int()
    if roll < 8:
        return random_float()
    if roll < 11:
        return random_text()
    if roll < 13:
        return random_bytes()
    if roll < 14:
        return choice(COMPLEXES)
    if roll < 16:
        return random_tuple(depth - 1) if depth > 0 else ()
    if roll < 17:
        return choice(RANGES)
    if roll < 18:
        return choice(SLICES)
    return choice(SINGLETONS)


def like(x):
    return {int: random_int, float: random_float, str: random_text, bytes: random_bytes, tuple: random_tuple}.get(
        type(x), random_value)()


# ---- operations

def operations():
    x = random_value()
    emit("unary", choice(list(UNARY)), x)
    emit("truth", "bool", x)
    for _ in range(3):
        y = like(x) if chance() < 0.5 else random_value()
        name = choice(list(BINARY))
        if name == "%" and isinstance(x, (str, bytes)):
            continue
        if name == "**" and isinstance(y, int) and abs(y) > 200 and isinstance(x, int) and abs(x) > 1:
            y = y % 50 - 5
        if name == "<<" and isinstance(y, int) and y > 5000:
            y %= 100
        if name == "*" and any(isinstance(z, int) and abs(z) > 1000 for z in (x, y)) and any(isinstance(z, (str, bytes, tuple)) for z in (x, y)):
            continue
        emit("binary", name, x, y)
    y = like(x) if chance() < 0.6 else random_value()
    for name in random_.sample(list(COMPARE), 3):
        if isinstance(y, range) and y.start > 10**18 and not isinstance(x, int):
            continue
        emit("compare", name, x, y)
    for name in random_.sample(("==", "<", ">=", "in"), 1):
        t = random_tuple()
        emit("compare", name, choice(t) if name == "in" and t else random_tuple(), t)
    try:
        if NAN not in (x, y) and x == x and y == y:
            emit("key", "key", x, y)
    except TypeError:
        pass


def numbers():
    a, b = choice([(random_int, random_int), (random_float, random_float), (random_int, random_float), (random_float, random_int)])
    x, y = a(), b()
    name = choice(["+", "-", "*", "/", "//", "%", "/", "//", "%"])
    emit("binary", name, x, y)
    emit("compare", choice(list(COMPARE)[:6]), x, y)
    emit("call", "divmod", x, y)
    emit("compare", choice(["==", "<"]), random_int(), float(choice([2**53, 2**60, 10**17])) + randrange(3))
    emit("binary", "**", choice([2, 3, 10, -2, 0, 1, -1, 0.5, 2.0, 4.0, 9.0, 0.25, 10.0, 1.5, -8.0, random_float()]),
         choice([0, 1, 2, 3, 10, 22, -1, -2, 0.5, -0.5, 0.25, 1.5, 2.0, 3.0, -1.0, 100, INF, -INF, NAN, 1023.0, 70]))
    emit("binary", choice(["<<", ">>", "&", "|", "^"]), random_int(), choice([random_int(), randrange(70)]) if chance() < 0.5 else randrange(130))
    emit("binary", choice(list(BINARY)), choice(COMPLEXES), choice([choice(COMPLEXES), random_int(), random_float()]))
    emit("call", "round", random_float())
    emit("call", "round", random_float(), randrange(-5, 20))
    emit("call", "round", choice([random_int(), random_float()]), randrange(-40, 330))
    emit("call", "abs", choice([random_int(), random_float(), choice(COMPLEXES)]))
    emit("call", choice(["bin", "oct", "hex", "repr", "str"]), random_int())
    emit("call", "repr", random_float())
    emit("call", "pow", random_int() % 10**12, randrange(-3, 1000), random_int())
    emit("call", "hash", choice([random_int(), random_float(), choice(COMPLEXES), random_tuple(), choice(RANGES), choice(SLICES), None]))
    emit("method", "as_integer_ratio", choice([random_int(), random_float()]))
    emit("method", choice(["hex", "is_integer", "__int__", "__floor__", "__ceil__", "__trunc__", "conjugate", "__bool__", "__neg__"]), random_float())
    emit("method", choice(["bit_length", "bit_count", "is_integer", "__index__", "__invert__", "__float__", "conjugate"]), choice([random_int(), True]))
    emit("method", "to_bytes", random_int(), randrange(12), choice(["big", "little"]), signed=chance() < 0.5)
    emit("method", "from_bytes", 0, random_bytes(), choice(["big", "little", "x"]), **({"signed": True} if chance() < 0.5 else {}))
    emit("method", "fromhex", 1.0, choice([random_float().hex(), "0x1.8p3", "1p-1074", "1p-1075", "0x1.8p-1075", "inf", "-nan", "0x", "1.p", "0x.8", " 0x1p1 ", "0x1p1024", "0x1.fffffffffffff8p1023", "0x1.fffffffffffff7fp1023", "-0x0p0", "1.8.1", "ffff" * 6, random_text()]))
    for z in (random_int(), random_float(), choice(COMPLEXES), True):
        emit("attribute", choice(["real", "imag"]), z)
    dunder = choice(["add", "sub", "mul", "truediv", "floordiv", "mod", "and", "or", "lshift", "eq", "ne", "lt", "ge", "divmod"])
    z = choice([x, True, 1.5, 2])
    if hasattr(z, f"__{dunder}__"):
        emit("method", f"__{dunder}__", z, choice([randrange(100), 1.5, 1j, "a", True]))
    if hasattr(z, f"__r{dunder}__"):
        emit("method", f"__r{dunder}__", z, choice([randrange(100), 1.5, 1j, "a", True]))


NUMERALS = ["1", "0", "-0", "12", " 12 ", "\t12\n", "1_0", "1__0", "_1", "1_", "+5", "- 5", "--5", "0x1f", "0X1F", "0b11", "0o17", "0x", "0x_1",
            "017", "00", "0_0", "1f", "zz", "٣٤", "१", "1.5", "1.", ".5", ".", "1e5", "1E+5", "1e", "1e-400", "1e400", "inf", "-Infinity",
            "NaN", "+nan", "infin", "1_0.0_1", "1_.0", "1._0", "1e1_0", "0.1", "1" * 30, "9" * 4301, "1" + "0" * 4300, "1 2", "1\x00", "",
            " ", "\u30001\u2003", "\x1c1", "1\x1f", "½", "²", "1e308", "1.7976931348623159e308", "2.2250738585072011e-308", "4.9e-324", "2.4e-324",
            "9007199254740993", "1.00000000000000011102230246251565", "1+2j", "j", "-j", "+1j", "(1+2j)", "( 1+2j )", "1 + 2j", "1e5j", "1+j",
            "1-1e-5j", "nan+infj", "1j+2", "2jj", "(1", "1)", "()", "1+2", "i", "-1.5-.5J", "0b", "0b2", "0o8", "é", "0x1_f", "0_x1"]


def parsing():
    text = choice(NUMERALS) if chance() < 0.8 else random_text()
    if chance() < 0.15:
        text = repr(choice([random_int() % 10**60, random_float()]))
    if chance() < 0.15:
        text = text.encode()
    emit("construct", choice(["int", "float", "complex"]), text)
    emit("construct", "int", text, choice([0, 2, 8, 10, 16, 36, 37, 1, -1, 7, True, 10**30]))
    emit("construct", choice(["int", "float", "complex", "bool", "str", "bytes", "tuple"]), random_value())
    emit("construct", "complex", choice([random_int(), random_float(), choice(COMPLEXES), random_text()]), random_value())
    emit("construct", "range", *(choice([randrange(-10, 10), random_value()]) for _ in range(randrange(4))))
    emit("construct", "slice", *(random_value() for _ in range(randrange(4))))
    emit("construct", "str", random_bytes(), choice(ENCODINGS), *([choice(HANDLERS)] if chance() < 0.6 else []))
    emit("construct", "bytes", random_text(), choice(ENCODINGS), *([choice(HANDLERS)] if chance() < 0.6 else []))
    emit("construct", "bytes", tuple(randrange(-2, 260) if chance() < 0.1 else randrange(256) for _ in range(randrange(5))))
    emit("construct", "bytes", randrange(-2, 20))
    emit("construct", choice(["int", "float", "bool", "str", "bytes", "tuple", "complex", "range", "slice"]), *(choice([random_value(), 1]) for _ in range(randrange(4))))


ENCODINGS = ["utf-8", "ascii", "latin-1", "UTF8", "us-ascii", "iso-8859-1", "U8", "latin1", "utf-8", "ascii"]
HANDLERS = ["strict", "ignore", "replace", "backslashreplace", "xmlcharrefreplace", "surrogateescape", "nonsense"]


def sequences():
    x = choice([random_text, random_bytes, random_tuple, lambda: choice(RANGES)])()
    emit("subscript", "[]", x, choice([randrange(-6, 6), random_int(), True]))
    emit("subscript", "[]", x, choice(SLICES))
    emit("subscript", "[]", x, slice(*(choice([None, randrange(-8, 8)]) for _ in range(2)), choice([None, 1, 2, 3, -1, -2, -3])))
    emit("subscript", "[]", random_value(), random_value())
    emit("iterate", "iter", x)
    emit("iterate", "iter", random_value())
    emit("call", "len", random_value())
    emit("method", choice(["count", "index"]), choice(TUPLES), random_value())
    t = choice(TUPLES)
    emit("method", choice(["count", "index"]), t, choice(t or (1,)), *([randrange(-3, 3)] if chance() < 0.2 else []))
    emit("method", choice(["count", "index"]), choice(RANGES), choice([randrange(12), 2.0, 2.5, "a", 1j, True, 2 + 0j, 10**20 + 1]))
    emit("method", "indices", choice(SLICES), choice([randrange(12), -1, 10**30]))
    emit("method", "__reversed__", choice(RANGES))
    emit("attribute", choice(["start", "stop", "step"]), choice(RANGES + SLICES))
    y = like(x)
    dunder = choice(["__len__", "__contains__", "__getitem__", "__iter__", "__add__", "__mul__", "__rmul__", "__eq__", "__ne__", "__lt__", "__ge__",
                     "__repr__", "__str__", "__getnewargs__"])
    if hasattr(x, dunder):
        count = 0 if dunder in ("__len__", "__iter__", "__repr__", "__str__", "__getnewargs__") else 1
        emit("method", dunder, x, *([choice([y, randrange(4), random_value()]) if dunder not in ("__mul__", "__rmul__") else choice([2, 0, -1, "a", True])] * count))


def functions():
    emit("call", choice(["repr", "ascii", "str"]), random_value())
    emit("call", choice(["repr", "ascii"]), random_text() + (random_char() if chance() < 0.5 else ""))
    emit("call", choice(["abs", "all", "any", "bin", "chr", "hash", "hex", "len", "max", "min", "oct", "ord", "round", "sorted", "sum"]), random_value())
    emit("call", "chr", choice([randrange(0x110000), random_int()]))
    emit("call", "ord", choice([random_char(), random_text(), random_bytes()]))
    items = tuple(choice([random_int, random_float])() for _ in range(randrange(6)))
    emit("call", choice(["max", "min"]), *items)
    emit("call", choice(["max", "min"]), choice([items, random_text(), (), random_tuple()]), **({"default": 0} if chance() < 0.3 else {}))
    emit("call", "sum", items, *([random_value()] if chance() < 0.2 else []))
    emit("call", "sum", tuple(random_.uniform(-1, 1) * 10**randrange(-5, 20) if chance() < 0.8 else randrange(10) for _ in range(randrange(8))))
    emit("call", "sum", tuple(random_tuple(0) for _ in range(3)), ())
    emit("call", "sorted", choice([items, random_text(), random_bytes(), random_tuple(), tuple(random_text() for _ in range(8)), tuple(randrange(50) for _ in range(100)),
                                   tuple((randrange(3), choice("abc")) for _ in range(8)), tuple(random_value() for _ in range(4))]),
         **({"reverse": choice([True, False, 1])} if chance() < 0.4 else {}))
    emit("call", "sorted", tuple(choice([random_int(), random_float()]) for _ in range(randrange(60, 200))), reverse=choice([True, False]))
    emit("call", choice(["all", "any"]), random_tuple())
    emit("call", "pow", *(choice([random_value(), 2, 3]) for _ in range(3)))
    emit("call", "divmod", random_value(), random_value())
    emit("call", choice(["abs", "all", "any", "ascii", "bin", "chr", "divmod", "format", "hash", "hex", "len", "max", "min", "oct", "ord", "pow", "repr", "round", "sorted", "sum"]),
         *(choice([random_value(), 1]) for _ in range(choice([0, 1, 2, 3, 4]))))


# ---- methods of str and bytes: letters say what the arguments are
#      t text like the receiver, f one fill character, i small int, b bound, l flag, I items, T text or tuple of texts

METHODS = {
    "capitalize": "", "casefold": "", "center": "i|if", "count": "t|tb|tbb", "endswith": "T|Tb|Tbb", "expandtabs": "|i", "find": "t|tb|tbb",
    "index": "t|tb|tbb", "isalnum": "", "isalpha": "", "isascii": "", "isdecimal": "", "isdigit": "", "isidentifier": "", "islower": "",
    "isnumeric": "", "isprintable": "", "isspace": "", "istitle": "", "isupper": "", "join": "I", "ljust": "i|if", "lower": "", "lstrip": "|t",
    "partition": "t", "removeprefix": "t", "removesuffix": "t", "replace": "tt|tti", "rfind": "t|tb|tbb", "rindex": "t|tb|tbb", "rjust": "i|if",
    "rpartition": "t", "rsplit": "|t|ti|ni", "rstrip": "|t", "split": "|t|ti|ni", "splitlines": "|l", "startswith": "T|Tb|Tbb", "strip": "|t",
    "swapcase": "", "title": "", "upper": "", "zfill": "i", "maketrans": "tt|ttt|t", "__mod__": "t", "__rmod__": "t",
}


def part_of(x):
    """Often a piece of the receiver, so that searches find something."""
    if chance() < 0.7 and x:
        at = randrange(len(x))
        return x[at:at + randrange(4)]
    return like(x)


def method_argument(x, letter):
    if chance() < 0.04:
        return random_value()
    if letter == "t":
        return part_of(x)
    if letter == "T":
        return part_of(x) if chance() < 0.6 else tuple(part_of(x) for _ in range(randrange(3)))
    if letter == "f":
        fill = choice("*0é-") if isinstance(x, str) else choice([b"*", b"0"])
        return fill if chance() < 0.9 else part_of(x)
    if letter == "i":
        return choice([randrange(-3, 20), randrange(4)])
    if letter == "b":
        return choice([None, randrange(-8, 10), 10**30, -10**30, True])
    if letter == "l":
        return choice([True, False, 1, 0])
    if letter == "n":
        return None
    return choice([x, tuple(part_of(x) for _ in range(randrange(4)))])


def methods():
    for x in (random_text(), random_bytes()):
        for name in random_.sample(sorted(METHODS), 12):
            if not hasattr(x, name):
                continue
            letters = choice(METHODS[name].split("|"))
            args = [method_argument(x, letter) for letter in letters]
            if chance() < 0.03:
                args = args[:-1] if args and chance() < 0.5 else args + [random_value()]
            keywords = {"zz": 1} if chance() < 0.005 else {}
            emit("method", name, x, *args, **keywords)
        emit("method", "split", x, sep=part_of(x), maxsplit=randrange(-1, 4))
        emit("method", "rsplit", x, maxsplit=randrange(-1, 4))
        emit("method", "splitlines", x, keepends=choice([True, False]))
        emit("method", "expandtabs", x, tabsize=randrange(-1, 9))
        emit("method", "replace", x, part_of(x), like(x), count=randrange(-1, 3))
    s, b = random_text(), random_bytes()
    emit("method", "encode", s, *random_.sample(ENCODINGS, 1), *([choice(HANDLERS)] if chance() < 0.7 else []))
    emit("method", "decode", b, *random_.sample(ENCODINGS, 1), *([choice(HANDLERS)] if chance() < 0.7 else []))
    emit("method", "encode", s, errors=choice(HANDLERS))
    emit("method", "hex", b, *([choice(["-", ":", b"_", "é", "ab", 1])] + ([randrange(-4, 5)] if chance() < 0.6 else []) if chance() < 0.7 else []))
    emit("method", "fromhex", b"", choice([b.hex(), b.hex(" "), "1", "zz", "1g", "12 3", " 0a\n", "é", "a b", random_text()]))
    emit("method", "translate", b, choice([None, bytes(range(255, -1, -1)), b"abc"]), *([part_of(b)] if chance() < 0.4 else []))
    c = random_char()
    for name in random_.sample(["upper", "lower", "title", "casefold", "swapcase", "capitalize", "isalpha", "isalnum", "isdecimal", "isdigit", "isnumeric",
                                "isidentifier", "islower", "isupper", "istitle", "isspace", "isprintable"], 5):
        emit("method", name, choice([c, "a" + c, c + "a", c + "Σ", "Aa" + c + "Σ" + random_char(), c + random_char()]))
    emit("call", "repr", c)
    if c.isdecimal():
        emit("construct", "int", c)


# ---- formatting

def random_spec(kind):
    spec = ""
    if chance() < 0.35:
        spec += choice(["", "*", "0", "é", " ", "{", "\U0001f600"]) + choice("<>=^") if chance() < 0.9 else choice("<>=^")
    if chance() < 0.25:
        spec += choice("+- ")
    if chance() < 0.08:
        spec += "z"
    if chance() < 0.15:
        spec += "#"
    if chance() < 0.25:
        spec += "0"
    if chance() < 0.5:
        spec += str(choice([1, 2, 5, 8, 10, 12, 15, 20, 30]))
    if chance() < 0.25:
        spec += choice([",", "_", ",", "_", ",_", "_,", ",,"])
    if chance() < (0.5 if kind is float else 0.2):
        spec += "." + choice(["0", "1", "2", "3", "5", "10", "17", "20", "50", "", "٣"])
    if chance() < 0.7:
        codes = {float: "eEfFgG%", int: "bcdoxX" + "eEfFgG%", str: "s", bool: "dbs", complex: "eEfFgG"}.get(kind, "s")
        spec += choice(codes) if chance() < 0.93 else choice("abcdefgnsxyzE%é\x01 ")
    if chance() < 0.01:
        spec += choice(["x", "99999999999999999999", ".", "\x00"])
    return spec


PERCENT_FLAGS = ["", "", "-", "+", " ", "#", "0", "-0", "+ ", "#0", "0+", "-#", " 0"]


def random_percent():
    text = "%" + (choice(["(a)", "(", "(a(b))", "()"]) if chance() < 0.02 else "") + choice(PERCENT_FLAGS)
    text += choice(["", "", "5", "10", "20", "*", "0"]) + choice(["", "", ".0", ".2", ".5", ".*", ".", ".17", ".10"])
    text += choice("diuoxXeEfFgGcrsab%") if chance() < 0.97 else choice(["l", "ld", "hs", "y", "é", ""])
    return text


FIELDS = ["{}", "{0}", "{1}", "{a}", "{!r}", "{0!s}", "{a!a}", "{:>5}", "{0:{1}}", "{:{}}", "{0.real}", "{0[0]}", "{0[a]}", "{{", "}}", "{", "}", "{!x}",
          "{!}", "{:", "{0!r:>10}", "{0:}", "{.real}", "{[0]}", "{0.}", "{0[}", "{0[]}", "{0[1]x}", "{a.imag}", "{:{:{}}}", "{0:{a}}", "{ }", "{0 }", "{-1}", "{+1}", "{1_0}",
          "{99999999999999999999}", "{a b}", "{!r }", "{0!rs}", "{!s", "{0:{", "{0:}}", "{٣}", "{a{}}", "{a[{]}", "{0:x{}y}", "{:d}", "{:.2f}", "{0[0].real}", "{0!\x01}", "{0!é}"]


def formatting():
    x = choice([random_int, random_float, random_text, lambda: choice(COMPLEXES), lambda: True, random_value])()
    for _ in range(4):
        emit("call", "format", x, random_spec(type(x)))
    y = random_float()
    emit("call", "format", y, choice([".{}f", ".{}e", ".{}g", ".{}", "#.{}g", ",.{}f", ".{}%"]).format(randrange(20)))
    emit("call", "format", random_int(), random_spec(int))
    emit("method", "__format__", random_value(), random_spec(type(x)))

    # A conversion with an argument that mostly fits.
    for _ in range(3):
        piece = random_percent()
        code = piece[-1]
        if code in "diu":
            argument = choice([random_int, random_float, lambda: True])()
        elif code in "oxX":
            argument = random_int()
        elif code in "eEfFgG":
            argument = choice([random_float, random_int])()
        elif code == "c":
            argument = choice([randrange(300), "é", "a", b"a", 0x110000, -1])
        else:
            argument = random_value()
        if chance() < 0.1:
            argument = random_value()
        stars = tuple(choice([randrange(-3, 12), randrange(8)]) for _ in range(piece.count("*")))
        emit("binary", "%", choice(["", "x=", "é"]) + piece, stars + (argument,))
        if piece.isascii():
            if code in "sb" and chance() < 0.8:
                argument = random_bytes()
            emit("binary", "%", b"x" + piece.encode(), stars + (argument,))
    template = "".join(choice([random_percent(), "a", " ", "%%", "%s", "%d"]) for _ in range(randrange(4)))
    arguments = tuple(random_value() for _ in range(randrange(4)))
    emit("binary", "%", template, arguments)
    emit("binary", "%", template, random_value())
    emit("binary", "%", template.encode(), choice([arguments, random_value()]))

    for _ in range(3):
        template = "".join(choice(FIELDS) if chance() < 0.7 else choice(["a", "é", " ", ""]) for _ in range(randrange(1, 4)))
        emit("method", "format", template, *(random_value() for _ in range(randrange(4))), **({"a": random_value()} if chance() < 0.5 else {}))
    emit("method", "format", choice(FIELDS), random_value(), choice([5, ">6", "x", "", ".2"]), a=random_value())
    kind = choice([random_int, random_float, random_text])
    value = kind()
    emit("method", "format", "{:" + random_spec(type(value)).replace("{", "").replace("}", "") + "}", value)


# Everything by hand once: each method of each text.
for word in WORDS:
    for name, letters in METHODS.items():
        if letters == "" or letters.startswith("|"):
            if hasattr(word, name):
                emit("method", name, word)
    emit("call", "repr", word)
    emit("call", "ascii", word)
for data in BYTES:
    for name, letters in METHODS.items():
        if (letters == "" or letters.startswith("|")) and hasattr(data, name):
            emit("method", name, data)
    emit("method", "decode", data)
for number in FLOATS + INTEGERS:
    emit("call", "repr", number)
    emit("call", "hash", number)
for a in INTEGERS[:30] + FLOATS + COMPLEXES[:8]:
    for b in (0, 1, -1, 2, 3, -3, 0.0, 0.5, -2.5, NAN, INF, -INF, 2**64):
        for name in ("/", "//", "%", "+", "*"):
            emit("binary", name, a, b)
        emit("compare", "<", a, b)
        emit("compare", "==", a, b)
for text in NUMERALS:
    for kind in ("int", "float", "complex"):
        emit("construct", kind, text)
    emit("construct", "int", text, 0)
    emit("construct", "int", text, 16)
for field in FIELDS:
    emit("method", "format", field, 1, 2, a="x")
    emit("method", "format", field)

for _ in range(ROUNDS):
    operations()
    numbers()
    parsing()
    sequences()
    functions()
    methods()
    formatting()
