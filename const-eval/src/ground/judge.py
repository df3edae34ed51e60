"""Calls what the annotations promise something about, and says where a promise is broken.

Run as ``python -S -P judge.py``; stdin holds a JSON list of claims
``[module, name, attribute or null, kind, effect, requirement or null, result or null]``,
where `result` is a module and a name, ``["None", null]`` or ``["same", null]``. The
answer is a JSON object on stdout: `broken`, a list of sentences; `outcomes`,
a text per claim that must not differ between processes; `unreached`, claims that no call was made for.
"""

import itertools
import json
import sys
import types
import warnings

claims = json.load(sys.stdin)
warnings.simplefilter("error")

ARGUMENT_LISTS = 160  # for each claim
events = []
listening = False


def hook(event, arguments):
    if listening and event not in ("code.__new__", "marshal.loads"):
        events.append(event)


# ---------------------------------------------------------------- arguments

ATOMS = [
    None, True, False, 0, 1, -1, 2, 7, 97, 255, 1000, 2**70, -(2**70), 0.0, -0.0, 1.5, -2.25, 1e300, float("inf"),
    float("nan"), 1j, complex(1, -2), "", "a", "abc", "A b", "\xe9", "\u65e5\u672c", "\ud800", " x\ty\n", "0x1f", "-12",
    "1.5e3", "\0", ".", "<hh", "2020-01-02", "2020-01-02T03:04:05", "LATIN SMALL LETTER A", "NFC", b"", b"a", b"abc\xff",
    b"00ff", b" x ", b"YWJj", b"\x01\x02\x03\x04", (), (1, 2), ("a", 1.5), (None,), (2020, 1, 2), range(5), range(5, 0, -2),
    Ellipsis, slice(1, 2), slice(None, None, -1),
]
MUTABLE = [
    lambda: [], lambda: [1, 2], lambda: ["a", "b"], lambda: [b"a", b"b"], lambda: [[1], [2]], lambda: [3, 1.5, 2**70],
    lambda: {}, lambda: {"a": 1}, lambda: {97: "b", 98: None}, lambda: {"k": [1]}, lambda: bytearray(b"xyz"),
    lambda: bytearray(), lambda: ([1], {"a": []}),
]


def samples():
    """Makers of objects of the further types whose methods promise something: inert ones, and others."""
    import _collections, _contextvars, _datetime, _decimal, _io, _sre, _struct, array, re, time, types  # noqa: E401, F401
    import posix, unicodedata  # noqa: E401

    inert = [
        lambda: _datetime.date(2020, 2, 29), lambda: _datetime.datetime(2020, 2, 29, 1, 2, 3, 4),
        lambda: _datetime.datetime(1, 1, 1, tzinfo=_datetime.timezone.utc), lambda: _datetime.time(1, 2, 3),
        lambda: _datetime.timedelta(1, 2, 3), lambda: _datetime.timedelta.max, lambda: _datetime.timezone.utc,
        lambda: _datetime.timezone(_datetime.timedelta(hours=1)),
        lambda: re.compile("a(b)?"), lambda: re.compile(b"[a-c]+"), lambda: re.compile("a(b)?").match("ab"),
        lambda: re.compile("(?P<n>a)(b)?").search("xa"), lambda: time.struct_time((2020, 1, 2, 3, 4, 5, 6, 7, 0)),
        lambda: posix.terminal_size((80, 25)), lambda: sys.version_info, lambda: sys.float_info,
    ]
    made = [
        lambda: _decimal.Decimal("1.50"), lambda: _decimal.Decimal("NaN"), lambda: _decimal.Decimal("-Infinity"),
        lambda: _decimal.Decimal("sNaN"), lambda: _struct.Struct("<hh"),
        lambda: _struct.Struct("4s"), lambda: samples.__code__, lambda: unicodedata.ucd_3_2_0,
        lambda: _collections.deque([1, [2], 3], 3), lambda: _collections.deque("abc"), lambda: _io.BytesIO(b"ab\nc"),
        lambda: _io.StringIO("ab\nc\xe9"), lambda: array.array("i", [1, 2]), lambda: array.array("d"), lambda: _contextvars.ContextVar("x"),
        lambda: len, lambda: [].append, lambda: (1).__add__, lambda: str.upper, lambda: int.__add__,
        lambda: dict.__dict__["fromkeys"], lambda: type.__dict__["__dict__"], lambda: type.__dict__["__base__"],
        lambda: types.SimpleNamespace, lambda: int, lambda: bool,
    ]
    for home, name in (("_md5", "md5"), ("_sha1", "sha1"), ("_sha2", "sha256"), ("_sha2", "sha224"), ("_sha2", "sha512"),
                       ("_sha2", "sha384"), ("_sha3", "sha3_256"), ("_sha3", "sha3_224"), ("_sha3", "sha3_384"), ("_sha3", "sha3_512"),
                       ("_sha3", "shake_128"), ("_sha3", "shake_256"), ("_blake2", "blake2b"), ("_blake2", "blake2s")):
        try:
            made.append(lambda maker=getattr(__import__(home), name): maker(b"abc"))
            made[-1]()
        except (ImportError, AttributeError):
            pass
    return inert, made


class Numbers:
    """The same pseudo-random numbers in every process."""

    def __init__(self, seed):
        self.state = seed

    def below(self, limit):
        self.state = (self.state * 6364136223846793005 + 1442695040888963407) % 2**64
        return (self.state >> 33) % limit


INERT, OTHERS = [], []


# What chance doesn't find, without the receiver: expressions of argument lists.
EXAMPLES = {
    "builtins.bytearray.__setitem__": "[(0, 1), (slice(0, 2), b'q'), (9, 1)]",
    "builtins.bytearray.insert": "[(0, 65), (1, 999)]",
    "builtins.bytearray.remove": "[(120,), (5,)]",
    "builtins.bytes.translate": "[(bytes(range(256)),), (None, b'a')]",
    "builtins.float.__getformat__": "[('double',)]",
    "builtins.str.__getitem__": "[(0,), (-1,), (99,), (slice(1, None),)]",
    "builtins.bytearray.__getitem__": "[(0,), (slice(1, 2),)]",
    "builtins.bytearray.__delitem__": "[(0,), (9,)]",
    "builtins.bytearray.__rmul__": "[(2,)]",
    "builtins.bytearray.maketrans": "[(b'a', b'b')]",
    "builtins.bytearray.rjust": "[(9,), (9, b'-')]",
    "builtins.bytearray.translate": "[(bytes(range(256)), b'x')]",
    "builtins.bytes.__getitem__": "[(0,), (slice(1, 2),)]",
    "builtins.bytes.maketrans": "[(b'a', b'b')]",
    "builtins.str.ljust": "[(9,), (9, '-')]",
    "builtins.str.rindex": "[('a',), ('',)]",
    "_datetime.datetime.fromisoformat": "[('2020-01-02T03:04:05',)]",
    "_opcode.stack_effect": "[(1,), (100, 1)]",
    "_opcode.has_local": "[(1,), (124,)]",
    "_stat.S_ISFIFO": "[(0o10000,)]",
    "_stat.S_ISSOCK": "[(1,)]",
    "_struct.unpack": "[('<hh', b'1234')]",
    "array.array.tounicode": "[()]",
    "binascii.crc_hqx": "[(b'abc', 1)]",
    "math.comb": "[(5, 2), (5, -1)]",
    "posix.times_result": "[(range(5),)]",
    "posix.uname_result": "[('abcde',)]",
    "unicodedata.numeric": "[('1',), ('a', None)]",
    "unicodedata.bidirectional": "[('a',)]",
    "unicodedata.is_normalized": "[('NFC', 'a\u0301')]",
    "unicodedata.UCD.digit": "[('1',), ('a', None)]",
    "unicodedata.UCD.numeric": "[('1',), ('a', None)]",
    "unicodedata.UCD.category": "[('a',)]",
    "unicodedata.UCD.east_asian_width": "[('a',)]",
    "_collections.deque.remove": "[(1,), ('a',), ([2],)]",
    "_contextvars.ContextVar": "[('x',)]",
    "_datetime.date": "[(2020, 1, 2), (2020, 13, 2)]",
    "_datetime.date.fromisoformat": "[('2020-01-02',), ('x',)]",
    "_datetime.date.fromisocalendar": "[(2020, 1, 2)]",
    "_datetime.datetime": "[(2020, 1, 2), (2020, 1, 2, 3, 4, 5, 6)]",
    "_datetime.datetime.combine": "[(DATE, TIME)]",
    "_datetime.datetime.__sub__": "[(DELTA,)]",
    "_datetime.time.fromisoformat": "[('10:20',)]",
    "_datetime.timezone": "[(DELTA,), (DELTA, 'x')]",
    "_datetime.timezone.tzname": "[(MOMENT,), (None,)]",
    "_datetime.timezone.utcoffset": "[(MOMENT,), (None,)]",
    "_datetime.timezone.dst": "[(MOMENT,), (None,)]",
    "_datetime.timezone.fromutc": "[(MOMENT,)]",
    "_functools._lru_cache_wrapper": "[(len, 4, False, tuple), (Spy(), None, True, int)]",
    "_imp.source_hash": "[(1, b'abc')]",
    "_json.scanstring": "[('abc\"', 0), ('abc', 0)]",
    "_lzma._encode_filter_properties": "[({'id': 3, 'dist': 1},)]",
    "_lzma._decode_filter_properties": "[(3, b'a')]",
    "_operator.indexOf": "[([1, 2], 2), ('abc', 'b')]",
    "_signal.struct_siginfo": "[(range(7),)]",
    "_socket.inet_aton": "[('127.0.0.1',)]",
    "_socket.inet_pton": "[(2, '127.0.0.1')]",
    "_socket.inet_ntop": "[(2, b'1234')]",
    "_sre.compile": "[('', 0, [1], 0, {}, (None,))]",
    "_struct.iter_unpack": "[('b', b'ab')]",
    "array.array.fromunicode": "[('ab',)]",
    "array.array.index": "[(1,)]",
    "array.array.insert": "[(0, 1)]",
    "array.array.remove": "[(1,)]",
    "itertools.combinations": "[([1, [2]], 1), ('abc', 2), ('abc', -1)]",
    "marshal.loads": "[(b'N',), (b'[\\x01\\0\\0\\0N',)]",
    "posix.makedev": "[(1, 2)]",
    "posix.stat_result": "[(range(10),)]",
    "pwd.struct_passwd": "[(range(7),)]",
    "resource.struct_rusage": "[(range(16),)]",
    "time.struct_time": "[(range(9),)]",
    "unicodedata.lookup": "[('LATIN SMALL LETTER A',)]",
    "unicodedata.normalize": "[('NFC', 'a\u0301')]",
    "unicodedata.UCD.lookup": "[('LATIN SMALL LETTER A',)]",
    "unicodedata.UCD.is_normalized": "[('NFC', 'a\u0301')]",
    "unicodedata.UCD.normalize": "[('NFC', 'a\u0301')]",
    "zlib.decompress": "[(ZIPPED,), (ZIPPED, 15, 2)]",
    "re.Match.__getitem__": "[(0,), ('n',), (9,)]",
    "_suggestions._generate_suggestions": "[(['abc', 'abd'], 'abe')]",
}


def examples(label):
    import _datetime, zlib  # noqa: E401

    names = {
        "DATE": _datetime.date(2020, 1, 2), "TIME": _datetime.time(1, 2), "DELTA": _datetime.timedelta(hours=2),
        "MOMENT": _datetime.datetime(2020, 1, 2, tzinfo=_datetime.timezone.utc), "ZIPPED": zlib.compress(b"abc"),
        "Spy": Spy,
    }
    return eval(EXAMPLES.get(label, "[]"), names)


THEMES = (str, bytes, int, float, list, dict, tuple, complex, bytearray)


def argument(numbers, near=None, themes=()):
    """Any object; often one like the receiver, or of a type that the other arguments of this call have too."""
    if near is not None and numbers.below(3) == 0:
        return near(numbers)
    if themes and numbers.below(5):
        makers = of_type(themes[numbers.below(len(themes))])
        return makers[numbers.below(len(makers))]()
    if numbers.below(3) == 0:
        return MUTABLE[numbers.below(len(MUTABLE))]()
    if numbers.below(8) == 0:
        return INERT[numbers.below(len(INERT))]()
    return ATOMS[numbers.below(len(ATOMS))]


def of_type(cls, known={}):
    """Makers of objects of exactly this type."""
    if cls in known:
        return known[cls]
    found = known[cls] = [lambda atom=atom: atom for atom in ATOMS if type(atom) is cls]
    found += [make for make in MUTABLE + INERT + OTHERS if type(make()) is cls]
    return found


# ---------------------------------------------------------------- looking at objects

MUTABLES = (list, dict, bytearray, set)


def mutable_parts(value, found, depth=0):
    if type(value) in MUTABLES:
        found[id(value)] = value
    if depth < 4:
        if type(value) in (list, tuple):
            for item in value:
                mutable_parts(item, found, depth + 1)
        elif type(value) is dict:
            for key, item in value.items():
                mutable_parts(key, found, depth + 1)
                mutable_parts(item, found, depth + 1)
    return found


def shown(value, depth=0):
    """A text that is the same for equal results, in every process."""
    kind = type(value)
    name = kind.__module__ + "." + kind.__qualname__
    if kind in (set, frozenset):
        return name + repr(sorted(shown(item) for item in value))
    if kind in (list, tuple) and depth < 5:
        return name + "[" + ", ".join([shown(item, depth + 1) for item in value]) + "]"
    if kind is dict and depth < 5:
        return "{" + ", ".join([shown(k, depth + 1) + ": " + shown(v, depth + 1) for k, v in value.items()]) + "}"
    if hasattr(kind, "getvalue"):
        return name + repr(value.getvalue()) + repr(value.tell())
    if hasattr(kind, "hexdigest") and "shake" not in name:
        return name + value.hexdigest()
    if hasattr(kind, "__next__"):
        try:
            return name + shown(list(itertools.islice(value, 12)), depth + 1)
        except Exception as error:
            return name + type(error).__name__
    try:
        text = repr(value)
    except ValueError:
        text = hex(value) if kind is int else "?"
    return name + (text if " at 0x" not in text else "")


# ---------------------------------------------------------------- spies


class Spied(Exception):
    pass


def spying(name):
    def method(self, *arguments, **keywords):
        touched.append(name)
        raise Spied(name)

    return method


touched = []
SPECIAL = """
    __repr__ __str__ __bytes__ __format__ __lt__ __le__ __eq__ __ne__ __gt__ __ge__ __hash__ __bool__ __getattr__
    __getattribute__ __setattr__ __delattr__ __dir__ __len__ __length_hint__ __getitem__ __setitem__ __delitem__ __iter__
    __next__ __reversed__ __contains__ __add__ __radd__ __iadd__ __sub__ __mul__ __rmul__ __mod__ __rmod__ __or__ __ror__
    __and__ __index__ __int__ __float__ __complex__ __enter__ __exit__ __call__ __get__ __set__ __delete__ __reduce__
    __reduce_ex__ __copy__ __fspath__ __buffer__ __mro_entries__ __class_getitem__ __set_name__ __await__ __del__
    __instancecheck__ __subclasscheck__
""".split()
Spy = type("Spy", (), {name: spying(name) for name in SPECIAL if name != "__del__"})


# ---------------------------------------------------------------- judging a claim

broken = []
outcomes = []
unreached = []


def type_named(module, name):
    for home in (module, "builtins"):
        try:
            with warnings.catch_warnings(action="ignore"):
                found = sys.modules.get(home) or __import__(home)
            for part in name.split("."):
                found = getattr(found, part)
            return found
        except (ImportError, AttributeError):
            pass
    hidden = [type(make()) for make in INERT + OTHERS] + [type(None), type(Ellipsis), type(NotImplemented), type(shown)]
    hidden += [types.MethodType, types.CellType, types.MappingProxyType, type(__import__("_thread").allocate_lock())]
    hidden += [type(__import__("_functools").cmp_to_key(len)), type(__import__("_struct").iter_unpack("b", b"a"))]
    for cls in hidden:
        if cls.__qualname__ == name:
            return cls
    return None


def find(module, name, attribute):
    found = type_named(module, name)
    if found is None or attribute is None:
        return found, found
    return found, type.__dict__["__dict__"].__get__(found).get(attribute)


def argument_lists(claim, owner):
    """What to call with: pairs of positional arguments and keywords."""
    module, name, attribute, kind, effect, requirement, result = claim
    numbers = Numbers(len(name) * 1000003 + sum(map(ord, name + (attribute or ""))))
    receivers = of_type(owner) if attribute and kind in "MW" else None
    if receivers == []:
        return

    def near(numbers):
        return receivers[numbers.below(len(receivers))]()

    if effect == "Read":
        yield from [([], {})] * 3
        return
    for arguments in examples(module + "." + name + ("." + attribute if attribute else "")):
        for receiver in receivers or [None]:
            yield ([receiver()] if receiver else []) + list(arguments), {}
    for turn in range(16 if effect == "Process" else ARGUMENT_LISTS):
        count = turn % 4 if turn < 120 else turn % 7
        themes = [THEMES[numbers.below(len(THEMES))] for _ in range(turn % 3)]
        if requirement == "KeywordsOnly":
            yield [], {"a": Spy()}
            continue
        if requirement == "One":
            count = 0 if receivers else 1
        arguments = [argument(numbers, near if receivers else None, themes) for _ in range(count)]
        if effect == "Holds" and not requirement:
            arguments = [Spy() for _ in arguments]
        elif requirement in ("Callable", "Weakrefable") and arguments:
            arguments = [Spy() for _ in arguments[:2 if requirement == "Weakrefable" else None]]
            if requirement == "Weakrefable" and turn % 2:
                arguments = arguments[:1] + [None]
        elif requirement == "CallableThenInert" and arguments:
            arguments[0] = Spy()
        elif requirement == "InertRest" and arguments:
            arguments[0] = Spy()
        elif requirement == "StringFirst" and arguments:
            arguments = ["abc"] + [Spy() for _ in arguments[1:]]
        elif requirement == "Strings":
            arguments = [item if type(item) is str else "abc" for item in arguments]
        elif requirement == "StringsOrIntegers":
            arguments = [item if type(item) in (str, int) else "12" for item in arguments]
        elif requirement == "Dict":
            arguments = [{"a": 1}]
        elif requirement == "Function":
            arguments = [lambda: None] + [None for _ in arguments[1:]]
        elif requirement == "Classes":
            arguments = [(int, str, None, Numbers)[numbers.below(4)] for _ in arguments]
        if receivers:
            arguments.insert(0, near(numbers))
        if name == "round" or attribute == "__round__":  # 10 ** 2**70 would not end
            arguments = [7 if type(item) is int and item < -1000 else item for item in arguments]
        yield arguments, {}


def judge(claim):
    module, name, attribute, kind, effect, requirement, result = claim
    label = module + "." + name + ("." + attribute if attribute else "")
    owner, target = find(module, name, attribute)
    if target is None:
        unreached.append(label)
        return ""
    if kind == "S":
        target = target.__func__
    elif kind == "C":
        target = target.__get__(None, owner)
    if kind in "GB":
        calls = [(([make()]), {}) for make in of_type(owner)]

        def target(receiver, read=target.__get__):
            return read(receiver, owner)
    else:
        calls = argument_lists(claim, owner)
    record = []
    returned = 0
    for arguments, keywords in calls:
        spies = any(type(item) is Spy for item in arguments) or bool(keywords)
        before = None if spies else [shown(item) for item in arguments if not hasattr(type(item), "__next__")]
        returned += call(label, claim, target, arguments, keywords, before, record)
    if not returned:
        unreached.append(label)
    return "; ".join(record)


def call(label, claim, target, arguments, keywords, before, record):
    global listening
    module, name, attribute, kind, effect, requirement, result = claim
    sharing = effect in ("Holds", "HoldsIf", "ChangesSelf", "Recipe", "Process")
    parts = {} if before is None else mutable_parts(arguments, {})
    told = "%s%s" % (label, tuple(before) if before is not None else "(spies)")
    modules = len(sys.modules)
    touched.clear()
    events.clear()
    listening = True
    try:
        value = target(*arguments, **keywords)
        error = None
    except Exception as raised:
        error = raised
    listening = False
    if effect == "Process":  # may read files and ask the system
        events[:] = [event for event in events if event == "import"]
    if events or len(sys.modules) != modules:
        broken.append("%s: audit events %s, %d new modules" % (told, events, len(sys.modules) - modules))
    if touched:
        broken.append("%s touches %s" % (told, touched))
    if before is not None:
        after = [shown(item) for item in arguments if not hasattr(type(item), "__next__")]
        skip = 1 if effect == "ChangesSelf" else 0
        if before[skip:] != after[skip:]:
            broken.append("%s changes an argument: %s" % (told, after))
        record.append(after[0] if skip and after else "")
    if error is not None:
        if effect != "Process":
            record.append(type(error).__name__)
        if effect == "Read":
            broken.append("%s raises %r" % (told, error))
        elif isinstance(error, Warning) and effect != "Process":
            broken.append("%s warns: %r" % (told, error))
        elif effect == "Total" and not isinstance(error, (TypeError, MemoryError)):
            broken.append("%s raises %r" % (told, error))
        return 0
    if result is not None:
        expected = {"None": lambda: type(None), "same": lambda: type(arguments[0])}.get(
            result[0], lambda: type_named(*result))()
        # With arguments that it refuses, an operator returns NotImplemented from its slot.
        if expected is not None and type(value) is not expected and value is not NotImplemented:
            broken.append("%s returns %r, not of %r" % (told, type(value), expected))
    if not sharing and any(id(part) in parts for part in mutable_parts(value, {}).values()):
        broken.append("%s shares an object with its arguments" % told)
    if before is not None and effect not in ("Recipe", "Process", "Read"):
        record.append(shown(value))
    return 1


INERT[:], OTHERS[:] = samples()
for make in INERT:
    if " at 0x" in repr(make()):
        broken.append("%r is not inert: it shows an address" % make())
# What a first use loads for good is no effect of a call.
sys.addaudithook(hook)
for claim in claims:
    outcomes.append(judge(claim))
json.dump({"broken": broken, "outcomes": outcomes, "unreached": unreached}, sys.stdout)
