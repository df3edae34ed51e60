"""Describes what the running interpreter implements in C, as one JSON object on stdout.

Run as ``python -I -S probe.py`` in the target interpreter. It imports the
builtin modules and the extension modules of the standard library, and lists
their exports, the types behind them, and each type's own attributes. It calls
nothing that it describes, and reads no attribute that could run Python code.

References to objects (`ref`) are JSON values:

    null true false 1 "text"      None, bool, int below 2**53, str
    {"i": "123"}                  a larger int
    {"f": "1.5"}                  float, by its shortest exact repr
    {"c": ["0.0", "1.0"]}         complex
    {"b": "00ff"}                 bytes
    {"t": [ref, ...]}             tuple of exactly these
    {"x": "Ellipsis"}             Ellipsis or NotImplemented
    {"m": "name"}                 a module described here
    {"e": 12}                     entity number 12
    {"?": 0}                      not described: what the import system sets, and addresses

Entities are arrays, in the order of their numbers:

    ["t", module, name, python name, metaclass, [base...], [mro...], flags,
          [attribute, kind, ref or 0, ...]]
    ["f", module, name, text signature or null, whether another function equals it: of one module, with the same C code]
    ["i", module, name, type, [item ref...] or null, [attribute, ref, ...]]
"""

import sys

KEEP = []  # the described objects, so that no id is used twice
NUMBERS = {}  # id(object) -> entity number
ENTITIES = []  # JSON text of each, None while it is being made
NAMES = {}  # id(object) -> (module, name) under which a module exports it
FUNCTIONS = {}  # each builtin function by its equals: the first one
MODULES = {}  # id(module) -> name, for modules described here

PLAIN_ATTRIBUTES = ("__spec__", "__loader__", "__file__", "__cached__", "__path__", "__doc__", "__package__",
                    "__builtins__", "__name__")

type_dict = type.__dict__["__dict__"].__get__
type_flags = type.__dict__["__flags__"].__get__
type_bases = type.__dict__["__bases__"].__get__
type_mro = type.__dict__["__mro__"].__get__
type_qualname = type.__dict__["__qualname__"].__get__
type_module = type.__dict__["__module__"].__get__
type_dict_offset = type.__dict__["__dictoffset__"].__get__
type_weakref_offset = type.__dict__["__weakrefoffset__"].__get__


def a_function():
    yield


async def a_coroutine():
    pass


async def an_async_generator():
    yield


class _Plain:
    __slots__ = ("member",)

    def method(self):
        pass


Function = type(a_function)
Builtin = type(len)
Method = type(_Plain().method)
Module = type(sys)
MethodDescriptor = type(str.upper)
ClassMethodDescriptor = type(dict.__dict__["fromkeys"])
GetSet = type(Function.__dict__["__code__"])
Member = type(_Plain.__dict__["member"])
Wrapper = type(int.__add__)
MethodWrapper = type((1).__add__)
SimpleNamespace = type(sys.implementation)


# As in the runtime's fingerprints: the contents of longer ones are not guarded.
LONGEST_CONTAINER = 512


def quote_slowly(text):
    out = ['"']
    for character in text:
        code = ord(character)
        if character in '"\\':
            out.append("\\" + character)
        elif 32 <= code < 127:
            out.append(character)
        elif code < 0x10000:
            out.append("\\u%04x" % code)
        else:
            code -= 0x10000
            out.append("\\u%04x\\u%04x" % (0xD800 + (code >> 10), 0xDC00 + (code & 0x3FF)))
    out.append('"')
    return "".join(out)


try:
    from _json import encode_basestring_ascii as quote
except ImportError:
    quote = quote_slowly


def encodable(text):
    try:
        text.encode("utf-8")
    except UnicodeError:
        return False
    return True


def simple(value):
    """JSON of a constant that is described exactly, or None for anything else."""
    kind = type(value)
    if value is None:
        return "null"
    if kind is bool:
        return "true" if value else "false"
    if kind is int:
        if -(2**53) < value < 2**53:
            return int.__repr__(value)
        return '{"i":"%d"}' % value if value.bit_length() < 10000 else None
    if kind is float:
        return '{"f":"%r"}' % value
    if kind is complex:
        return '{"c":["%r","%r"]}' % (value.real, value.imag)
    if kind is str:
        return quote(value) if encodable(value) else None
    if kind is bytes:
        return '{"b":"%s"}' % value.hex()
    if kind is tuple:
        return '{"t":[%s]}' % ",".join([ref(item) for item in value])
    if value is Ellipsis:
        return '{"x":"Ellipsis"}'
    if value is NotImplemented:
        return '{"x":"NotImplemented"}'
    return None


def ref(value, module="", name=""):
    text = simple(value)
    if text is not None:
        return text
    if id(value) in MODULES:
        return '{"m":%s}' % quote(MODULES[id(value)])
    return '{"e":%d}' % number(value, module, name)


def python_defined(cls):
    """A class made by a class statement: its source says what it is."""
    if type_module(cls) in ("builtins", "sys"):
        return False
    own = type_dict(cls)
    if "__slots__" in own or "__static_attributes__" in own:
        return True
    prefix = type_qualname(cls) + "."
    return any(type(value) is Function and value.__qualname__ == prefix + value.__name__ for value in own.values())


def complete(cls):
    """Completes a static type that nobody has used yet; before that it has no MRO, and asking for its bases crashes."""
    type.__getattribute__(cls, "__name__")
    return type_mro(cls) is not None


def number(value, module="", name=""):
    """The entity number of an object, which is described when it is first met."""
    known = NUMBERS.get(id(value))
    if known is not None:
        return known
    mine = NUMBERS[id(value)] = len(ENTITIES)
    ENTITIES.append(None)
    KEEP.append(value)
    module, name = NAMES.get(id(value), (module, name))
    kind = type(value)
    if isinstance(value, type) and complete(value) and not python_defined(value):
        ENTITIES[mine] = describe_type(value)
    elif kind is Builtin:
        ENTITIES[mine] = describe_function(value, module, name)
    else:
        ENTITIES[mine] = describe_instance(value, module, name)
    return mine


def c_name(cls, python_name):
    """`tp_name`, by which messages call the type. (Of types that `type()` made, it has no module.)"""
    try:
        type.__getattribute__(cls, "")
    except AttributeError as error:
        name = str(error).split("'")[1]
        # Long ones are cut short.
        return python_name if python_name.startswith(name) else name


def describe_type(cls):
    module, name = type_module(cls), type_qualname(cls)
    if type(module) is not str:
        module = "builtins"
    python_name = module + "." + name
    module, name = NAMES.get(id(cls), (module, name))
    attributes = []
    for attribute, value in list(type_dict(cls).items()):
        if type(value) in (Function, property):
            continue  # put there by a Python module, as ast.py does with Constant
        if type(attribute) is str and encodable(attribute):
            kind, target = describe_attribute(cls, attribute, value, module, name)
            attributes.append('%s,"%s",%s' % (quote(attribute), kind, target))
    flags = type_flags(cls)
    described = (
        1 * bool(flags & (1 << 10))  # subclassable
        + 2 * bool(type_dict_offset(cls))
        + 4 * bool(type_weakref_offset(cls))
        + 8 * bool(flags & (1 << 9))  # heap type
        + 16 * bool(flags & (1 << 8))  # immutable
        + 32 * bool(flags & (1 << 7))  # can't be instantiated by calling it
        + 64 * bool(flags & (1 << 30))  # exception
    )
    return '["t",%s,%s,%s,%d,%s,%s,%d,[%s],%s]' % (
        quote(module), quote(name), quote(python_name), number(type(cls)),
        [number(base) for base in type_bases(cls)],
        [number(base) for base in type_mro(cls)],
        described, ",".join(attributes), quote(c_name(cls, python_name)))


def describe_attribute(cls, attribute, value, module, name):
    kind = type(value)
    if kind is MethodDescriptor:
        return "M", "0"
    if kind is Wrapper:
        return "W", "0"
    if kind is GetSet:
        return "G", "0"
    if kind is Member:
        return "B", "0"
    if kind is ClassMethodDescriptor or kind is classmethod:
        return "C", "0"
    if kind is staticmethod:
        return "S", "0"
    if kind is Builtin and attribute == "__new__" and value.__self__ is cls:
        return "N", "0"
    return "K", ref(value, module, name + "." + attribute)


def describe_function(function, module, name):
    home = function.__self__
    own_name = function.__name__
    if id(home) in MODULES and home.__dict__.get(own_name) is function:
        module, name = MODULES[id(home)], own_name
    try:
        signature = function.__text_signature__
    except Exception:
        signature = None
    if type(signature) is not str or not encodable(signature):
        signature = None
    has_twin = FUNCTIONS.setdefault(function, function) is not function
    return '["f",%s,%s,%s,%s]' % (
        quote(module), quote(name), quote(signature) if signature else "null", "true" if has_twin else "false")


def describe_instance(value, module, name):
    kind = type(value)
    items = "null"
    attributes = []
    if kind is SimpleNamespace:
        for attribute, item in value.__dict__.items():
            attributes.append("%s,%s" % (quote(attribute), ref(item, module, name + "." + attribute)))
    elif isinstance(value, tuple) and type_mro(kind) == (kind, tuple, object) and "n_sequence_fields" in type_dict(kind):
        items = "[%s]" % ",".join([ref(item) for item in tuple.__iter__(value)])
        for attribute, member in type_dict(kind).items():
            if type(member) is Member:
                item = member.__get__(value)
                attributes.append("%s,%s" % (quote(attribute), ref(item, module, name + "." + attribute)))
    elif kind is list and len(value) <= LONGEST_CONTAINER and all(simple(item) is not None for item in value):
        items = "[%s]" % ",".join([simple(item) for item in value])
    return '["i",%s,%s,%d,%s,[%s]]' % (quote(module), quote(name), number(kind), items, ",".join(attributes))


def frame_and_traceback():
    try:
        raise TypeError
    except TypeError as error:
        return error.__traceback__.tb_frame, error.__traceback__


def patterns():
    import re

    pattern = re.compile("(a)")
    return pattern, pattern.match("a"), pattern.scanner("a"), pattern.finditer("a")


def template():
    import _sre
    import re

    return (_sre.template(re.compile("(a)"), ["", 1, ""]),)


def ordered():
    from _collections import OrderedDict

    empty = OrderedDict()
    return iter(empty), empty.keys(), empty.values(), empty.items()


def ordering():
    import _functools

    return (_functools.cmp_to_key(len),)


def codecs():
    import _codecs_jp

    return (_codecs_jp.getcodec("cp932"),)


def locks():
    import _thread

    return _thread.RLock(), _thread.allocate_lock()


def compressors():
    import zlib

    return zlib.compressobj(), zlib.decompressobj()


def unpacking():
    import _struct

    return (_struct.iter_unpack("b", b"a"),)


def hashes():
    found = []
    for name in ("md5", "sha1", "sha224", "sha256", "sha384", "sha512"):
        for home in ("_md5", "_sha1", "_sha2", "_sha256", "_sha512"):
            try:
                found.append(getattr(__import__(home), name)())
            except (ImportError, AttributeError):
                pass
    return found


def coroutines():
    coroutine = a_coroutine()
    wrapper = coroutine.__await__()
    coroutine.close()  # one that was never started warns when it is dropped
    generator = an_async_generator()
    return coroutine, wrapper, generator, generator.__anext__(), generator.athrow(TypeError)


class Indexed:
    def __getitem__(self, index):
        raise IndexError


def hidden_types():
    """Types that no module exports but whose instances any program meets."""
    generator = a_function()
    code = a_function.__code__
    makers = [
        lambda: (a_function, len, _Plain().method, sys, str.upper, dict.__dict__["fromkeys"], int.__add__,
                 (1).__add__, Function.__dict__["__code__"], _Plain.__dict__["member"], sys.implementation),
        lambda: (sys._getframe().f_locals,),
        lambda: (None, Ellipsis, NotImplemented, code, generator, (lambda: generator).__closure__[0]),
        frame_and_traceback, coroutines, patterns, template, ordered, ordering, codecs, locks, compressors, unpacking, hashes,
        lambda: (type.__dict__["__dict__"].__get__(int), list[int], int | str, iter(list[int])),
        lambda: (code.co_lines(), code.co_positions()),
        lambda: (sys.modules["abc"].ABC.__dict__["_abc_impl"],),
        lambda: [iter(empty) for empty in ({}, [], (), "", "\xe9", "\u1234", b"", bytearray(), set(), range(0),
                                           range(2**70), memoryview(b""), Indexed())],
        lambda: (iter(lambda: 0, 0), {}.keys(), {}.values(), {}.items(), iter({}.values()), iter({}.items())),
        lambda: (reversed([]), reversed(()), reversed({}), reversed({}.items()), reversed({}.values())),
    ]
    found = []
    for make in makers:
        try:
            instances = make()
        except Exception:
            continue
        for instance in instances:
            cls = type(instance)
            if complete(cls):
                found.append(cls)
    return found


def module_names():
    names = set(sys.builtin_module_names)
    try:
        import posix as system
    except ImportError:
        try:
            import nt as system
        except ImportError:
            return sorted(names)
    import _imp

    suffixes = tuple(_imp.extension_suffixes())
    for folder in sys.path:
        try:
            entries = system.listdir(folder)
        except OSError:
            continue
        for entry in entries:
            if entry.endswith(suffixes):
                names.add(entry.split(".")[0])
    skipped = ("_test", "_xx", "xx", "_curses", "_tkinter", "readline", "idlelib")
    return sorted(
        name for name in names
        if name in sys.stdlib_module_names and not name.startswith(skipped) and encodable(name))


def is_python(module):
    file = module.__dict__.get("__file__")
    return isinstance(file, str) and file.endswith((".py", ".pyc"))


def load(failed):
    """The modules to describe, `builtins` first so that its names are the canonical ones."""
    modules = []
    for name in module_names():
        try:
            __import__(name)
            module = sys.modules[name]
            if type(module) is not Module or is_python(module):
                raise ImportError("not implemented in C")
        except Exception as error:
            failed.append("%s:%s" % (quote(name), quote("%s: %s" % (type(error).__name__, error))))
        else:
            modules.append((name, module))
            for attribute, value in list(module.__dict__.items()):
                # A module made by its parent, as sys.monitoring and pyexpat.errors.
                if type(value) is Module and value.__dict__.get("__name__") == name + "." + attribute:
                    modules.append((name + "." + attribute, value))
    modules.sort(key=lambda item: (item[0] != "builtins", item[0]))
    return modules


def choose_names(modules):
    """Which export is an object's own name: the one that agrees with what it calls itself, else the first."""
    ranks = {}
    for module_name, module in modules:
        for attribute, value in list(module.__dict__.items()):
            if attribute in PLAIN_ATTRIBUTES or type(attribute) is not str:
                continue
            rank = 2
            if isinstance(value, type):
                home = type_module(value)
                if home == "builtins" and module_name != "builtins":
                    continue  # builtins.function, though 3.14's _types exports it as FunctionType
                if type_qualname(value) == attribute:
                    rank = 0 if home == module_name else 1
            if ranks.get(id(value), 3) > rank:
                ranks[id(value)] = rank
                NAMES[id(value)] = (module_name, attribute)
                KEEP.append(value)


def main():
    facts = '{"version":[%d,%d,%d],"platform":%s,"os_name":%s,"implementation":%s,"optimize":%d}' % (
        sys.version_info[0], sys.version_info[1], sys.version_info[2], quote(sys.platform),
        quote("posix" if "posix" in sys.builtin_module_names else "nt"), quote(sys.implementation.name),
        sys.flags.optimize)
    if sys.version_info < (3, 11):  # not supported, which the facts tell
        sys.stdout.write('{"format":1,"facts":%s,"failed":{},"modules":[],"entities":[]}\n' % facts)
        return
    try:
        import _warnings

        _warnings.filters.insert(0, ("ignore", None, Warning, None, 0))
    except Exception:
        pass
    failed = []
    modules = load(failed)
    for name, module in modules:
        MODULES[id(module)] = name
    choose_names(modules)
    hidden = hidden_types()
    described = []
    for name, module in modules:
        exports = []
        for attribute, value in list(module.__dict__.items()):
            if type(attribute) is not str or not encodable(attribute):
                continue
            address = name == "_ctypes" and attribute.endswith("_addr")
            if address or attribute in PLAIN_ATTRIBUTES and attribute != "__name__":
                target = '{"?":0}'
            else:
                target = ref(value, name, attribute)
            exports.append("%s,%s" % (quote(attribute), target))
        described.append("[%s,[%s]]" % (quote(name), ",".join(exports)))
    for cls in hidden:
        number(cls)
    sys.stdout.write('{"format":1,"facts":%s,"failed":{%s},"modules":[%s],"entities":[%s]}\n' % (
        facts, ",".join(failed), ",\n".join(described), ",\n".join(ENTITIES)))


main()
