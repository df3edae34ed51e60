"""Objects of C types, made again by calling a pure constructor of the same type."""

import gc
import sys

from lyo_harvest.foreign import is_a, raw, replace, replaced
from lyo_harvest.record import Unsupported

import _codecs
import _sre

# id of a compiled pattern -> (the pattern, the arguments it was made from)
patterns = {}
plain_compile = _sre.compile


def record_pattern(pattern, flags, code, groups, groupindex, indexgroup):
    made = plain_compile(pattern, flags, code, groups, groupindex, indexgroup)
    patterns[id(made)] = (made, (pattern, flags, list(code), groups, dict(groupindex), tuple(indexgroup)))
    return made


# id of a character map -> (the map, the string it was made from)
character_maps = {}
plain_build = _codecs.charmap_build


def record_character_map(decoding, /):
    made = plain_build(decoding)
    character_maps[id(made)] = (made, decoding)
    return made


def install():
    replace(_sre, "compile", record_pattern)
    replace(_codecs, "charmap_build", record_character_map)
    replace(sys.modules["codecs"], "charmap_build", record_character_map)


# id of a codec -> (the codec, the function that made it, its name)
multibyte_codecs = {}


def watch(module):
    """Called when a module of the CJK codecs has been imported: notes which codecs its `getcodec` hands out."""
    plain_getcodec = module.getcodec
    if id(plain_getcodec) in replaced:
        return

    def getcodec(name, /):
        made = plain_getcodec(name)
        multibyte_codecs[id(made)] = (made, module.__name__, name)
        return made

    replace(module, "getcodec", getcodec)


def multibyte_codec(walker, value):
    known = multibyte_codecs.get(id(value))
    if known is None:
        raise Unsupported("a codec whose making was not seen")
    return call(walker, walker.add(("external", known[1], ("getcodec",))), (known[2],))


def json_scanner(walker, value):
    """`_json.make_scanner` copies these attributes of the decoder that it is given."""
    names = ("strict", "object_hook", "object_pairs_hook", "parse_float", "parse_int", "parse_constant")
    settings = call(
        walker, walker.add(("external", "types", ("SimpleNamespace",))), (),
        tuple((name, getattr(value, name)) for name in names),
    )
    return walker.construct(walker.node(type(value)), settings)


def character_map(walker, value):
    known = character_maps.get(id(value))
    if known is None:
        raise Unsupported("a character map whose making was not seen")
    return call(walker, walker.add(("external", "codecs", ("charmap_build",))), (known[1],))


def call(walker, callable_node, arguments, keywords=(), fresh=False):
    return walker.add(("construct", call_parts(walker, callable_node, arguments, keywords, fresh)))


def call_parts(walker, callable_node, arguments, keywords=(), fresh=False):
    return {
        "callable": callable_node,
        "arguments": tuple([walker.node(argument) for argument in arguments]),
        "keywords": tuple([(name, walker.node(value)) for name, value in keywords]),
        "dict": None,
        "fresh": fresh,
    }


def call_with_dict(walker, value, callable_node, arguments, keywords, dictionary):
    """A call that makes the value, and what its `__dict__` holds then, which may refer to the value."""
    parts = call_parts(walker, callable_node, arguments, keywords)
    number = walker.reserve(value)
    walker.nodes[number] = ("construct", {**parts, "dict": walker.attribute_items(value, dictionary)})
    return number


def describe(walker, value):
    """The node of an object whose type has an entry here; None for any other."""
    kind = type(value)
    module = type.__dict__["__module__"].__get__(kind)
    handler = HANDLERS.get((module, type.__dict__["__name__"].__get__(kind))) if type(module) is str else None
    if handler is None or type.__dict__["__flags__"].__get__(kind) & (1 << 9) and not is_c_type(kind):
        return None
    if not walker.is_made(value) and handler not in BY_VALUE:
        # Not this module's own, or not seen by the collector: a name in another module comes first.
        found = walker.external(value, wanted=False)
        if found is not None:
            return found
        if id(value) in walker.executed:
            raise Unsupported(f"holds an object of type {type(value).__name__} that an executed statement makes")
    return handler(walker, value)


def is_c_type(kind):
    """Whether a heap type is implemented in C: it has no function written in Python."""
    return not any(type(item) is type(is_c_type) for item in type.__dict__["__dict__"].__get__(kind).values())


def kind_node(walker, value):
    """The type; one of `typing` by its name there, whatever the module calls it: making such things runs code."""
    kind = type(value)
    return walker.external(kind) if type.__dict__["__module__"].__get__(kind) == "typing" else walker.node(kind)


def pattern(walker, value):
    known = patterns.get(id(value))
    if known is None:
        raise Unsupported("a compiled pattern whose making was not seen")
    arguments = known[1]
    for argument in arguments:
        if type(argument) in (list, dict, tuple):
            walker.made.add(id(argument))
    return call(walker, walker.add(("external", "_sre", ("compile",))), arguments)


def by_reduce(walker, value):
    reduced = value.__reduce__()
    if len(reduced) != 2 or reduced[0] is not type(value):
        raise Unsupported(f"an object of type {type(value).__name__} that can't be made by its constructor")
    return call(walker, kind_node(walker, value), own(walker, reduced[1]))


def own(walker, arguments):
    """Containers that an accessor made just now belong to this module."""
    for argument in arguments:
        if type(argument) in (list, dict, set, tuple):
            walker.made.add(id(argument))
            walker.generations.append([argument])
    return arguments


def partial(walker, value):
    walker.claim(value, value.__dict__)
    what = kind_node(walker, value), (value.func, *value.args), tuple(value.keywords.items())
    return call_with_dict(walker, value, *what, value.__dict__) if value.__dict__ else call(walker, *what)


def generic_alias(walker, value):
    if getattr(value, "__unpacked__", False):
        raise Unsupported("an unpacked generic alias")
    return call(walker, kind_node(walker, value), (value.__origin__, value.__args__))


def union(walker, value):
    items = value.__args__
    walker.claim(value, items)
    result = walker.node(items[0])
    for item in items[1:]:
        # `type(result).__or__(result, item)`: the slot of `type`, of a generic alias or of a union.
        method = walker.get_attribute(walker.construct(walker.add(("builtin", "type")), result), "__or__")
        result = walker.construct(method, result, walker.node(item))
    return result


def union_checked(walker, value):
    for item in value.__args__:
        if not unites_plainly(item):
            raise Unsupported("a union of something whose `|` or `==` may run code")
    return union(walker, value)


def unites_plainly(item):
    """Whether uniting it with others, which compares it with them, runs nothing but the interpreter's own code."""
    if type(item) in (type, type(list[int])):
        return True
    own = {"__or__": type, "__ror__": type, "__eq__": object, "__hash__": object}
    return is_a(item, type) and all(raw(type(item), name) is of.__dict__[name] for name, of in own.items())


def deque(walker, value):
    items = own(walker, (list(value),))
    return call(walker, kind_node(walker, value), items if value.maxlen is None else (*items, value.maxlen))


def ordered_dict(walker, value):
    if value.__dict__:
        raise Unsupported("an OrderedDict with attributes")
    return call(walker, kind_node(walker, value), own(walker, ([pair for pair in value.items()],)))


def default_dict(walker, value):
    return call(walker, kind_node(walker, value), own(walker, (value.default_factory, dict(value))))


def struct(walker, value):
    return call(walker, kind_node(walker, value), (value.format,))


def thread_local(walker, value):
    if value.__dict__:
        raise Unsupported("a threading.local with attributes")
    return call(walker, walker.add(("external", "_thread", ("_local",))), (), fresh=True)


def lock(walker, value):
    if value.locked():
        raise Unsupported("a lock that is held")
    return call(walker, walker.add(("external", "_thread", ("allocate_lock",))), (), fresh=True)


def recursive_lock(walker, value):
    if value._is_owned():
        raise Unsupported("a lock that is held")
    return call(walker, walker.add(("external", "_thread", ("RLock",))), (), fresh=True)


def context_variable(walker, value):
    held = gc.get_referents(value)  # its name, and its default if there is one
    held = [item for place, item in enumerate(held) if item is not value.name or item in held[:place]]
    keywords = (("default", held[0]),) if held else ()
    variable = walker.add(("external", "_contextvars", ("ContextVar",)))
    return call(walker, variable, (value.name,), keywords, fresh=True)


def plain_object(walker, value):
    return call(walker, walker.add(("builtin", "object")), (), fresh=True)


def lru_cache(walker, value):
    information = type(value).cache_info(value)
    if information.currsize or information.hits or information.misses:
        raise Unsupported("a cached function that was called already")
    functools = sys.modules["functools"]
    parameters = value.cache_parameters()
    wrapper = walker.add(("external", "functools", ("_lru_cache_wrapper",)))
    arguments = (value.__wrapped__, information.maxsize, parameters["typed"], raw(functools, "_CacheInfo"))
    return call_with_dict(walker, value, wrapper, arguments, (), value.__dict__)


def simple_namespace(walker, value):
    walker.claim(value, value.__dict__)
    return call(walker, kind_node(walker, value), (), tuple(value.__dict__.items()))


def attributes(value):
    """The dict of a type variable, which from 3.12 on only the collector shows. What the syntax `class C[T]` makes has none."""
    if hasattr(value, "__dict__"):
        return value.__dict__
    default = getattr(value, "__default__", None)
    return next((item for item in gc.get_referents(value) if type(item) is dict and item is not default), {})


def refuse_lazy(value):
    """What the syntax `class C[T: bound]` makes computes its bound and default when it is asked: nothing of that is proven."""
    computes = any(type(item) is type(refuse_lazy) for item in gc.get_referents(value))
    if computes or sys.version_info >= (3, 14) and "__module__" not in attributes(value):
        raise Unsupported("a type parameter that computes its bound or default when it is asked for it")


def typing_call(walker, value, keywords, *constraints):
    """The call that makes a type variable of whichever kind."""
    arguments = (value.__name__, *constraints)
    return call_with_dict(walker, value, kind_node(walker, value), arguments, keywords, attributes(value))


def type_variable(walker, value):
    refuse_lazy(value)
    bound = value.__bound__
    if walker.namespace.get("__name__") == type(value).__module__ and (value.__constraints__ or bound is not None):
        raise Unsupported("a type variable that asks the module which is being made to check its bound")
    keywords = [] if bound is None else [("bound", bound)]
    keywords += variance_and_default(value)
    walker.claim(value, value.__constraints__)
    return typing_call(walker, value, keywords, *value.__constraints__)


def parameter_specification(walker, value):
    refuse_lazy(value)
    bound = value.__bound__
    if bound is None and "__module__" not in attributes(value) and sys.version_info >= (3, 12):
        raise Unsupported("a parameter specification without a bound, not even `None`, as only the syntax makes it")
    keywords = [] if bound in (None, type(None)) else [("bound", bound)]
    keywords += variance_and_default(value)
    return typing_call(walker, value, keywords)


def type_variable_tuple(walker, value):
    refuse_lazy(value)
    return typing_call(walker, value, variance_and_default(value))


def variance_and_default(value):
    names = ("covariant", "contravariant", "infer_variance")
    keywords = [(name, True) for name in names if getattr(value, f"__{name}__", False)]
    if hasattr(value, "has_default") and value.has_default():
        keywords.append(("default", value.__default__))
    return keywords


def weak_reference(walker, value):
    return call(walker, kind_node(walker, value), (value(),) if value.__callback__ is None else (value(), value.__callback__))


def date_or_time(walker, value):
    reduced = value.__reduce__()
    return call(walker, kind_node(walker, value), own(walker, reduced[1]))


def decimal(walker, value):
    return call(walker, kind_node(walker, value), (str(value),))


HANDLERS = {
    ("_json", "Scanner"): json_scanner,
    ("builtins", "EncodingMap"): character_map,
    ("_multibytecodec", "MultibyteCodec"): multibyte_codec,
    ("re", "Pattern"): pattern,
    ("operator", "itemgetter"): by_reduce,
    ("operator", "attrgetter"): by_reduce,
    ("operator", "methodcaller"): by_reduce,
    ("collections", "_tuplegetter"): by_reduce,
    ("_collections", "_tuplegetter"): by_reduce,
    ("itertools", "count"): by_reduce,
    ("functools", "partial"): partial,
    ("functools", "_lru_cache_wrapper"): lru_cache,
    ("types", "GenericAlias"): generic_alias,
    ("types", "UnionType"): union_checked,
    ("types", "SimpleNamespace"): simple_namespace,
    ("collections", "deque"): deque,
    ("collections", "OrderedDict"): ordered_dict,
    ("collections", "defaultdict"): default_dict,
    ("_struct", "Struct"): struct,
    ("_contextvars", "ContextVar"): context_variable,
    ("_thread", "_local"): thread_local,
    ("_thread", "lock"): lock,
    ("_thread", "RLock"): recursive_lock,
    ("builtins", "object"): plain_object,
    ("typing", "TypeVar"): type_variable,
    ("typing", "ParamSpec"): parameter_specification,
    ("typing", "TypeVarTuple"): type_variable_tuple,
    ("weakref", "ReferenceType"): weak_reference,
    ("weakref", "ref"): weak_reference,
    ("datetime", "date"): date_or_time,
    ("datetime", "time"): date_or_time,
    ("datetime", "datetime"): date_or_time,
    ("datetime", "timedelta"): date_or_time,
    ("datetime", "timezone"): date_or_time,
    ("decimal", "Decimal"): decimal,
}
BY_VALUE = frozenset((pattern, character_map, multibyte_codec))
