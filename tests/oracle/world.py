"""The world that an import could change: a snapshot, and what differs between two.

Runs inside the interpreter under test and imports only what is built in, so
that the judged modules are not loaded already. The snapshot holds every
object that the garbage collector knows, and the untracked dictionaries they
refer to, each with the objects it refers to; comparing is by identity, so no
foreign code runs. It keeps all of them alive: an address can't be used twice.

Left out, because an ordinary import may change them without anyone being able
to tell but by these very things: the weak lists of subclasses, ABC caches
(registries are compared), `functools.lru_cache` and `singledispatch` caches,
the importer's locks and directory caches, the codec cache.
"""

import _abc
import _signal
import _thread
import atexit
import gc
import posix
import sys
from _functools import _lru_cache_wrapper
from _operator import is_

_FRAME = type(sys._getframe())
_CELL = type((lambda x: (lambda: x).__closure__[0])(0))
_FUNCTION = type(lambda: 0)
_GENERATOR = type((lambda: (yield))())
_PROXY = type(type.__dict__)


def _abc_data():
    """The C type that keeps an ABC's registry and caches."""
    class Sample:
        pass

    _abc._abc_init(Sample)
    return type(Sample._abc_impl)


_ABC_DATA = _abc_data()

# Immutable, or never a place where an effect could hide.
_SKIPPED = {
    tuple, frozenset, _FRAME, _lru_cache_wrapper, _ABC_DATA, property, staticmethod, classmethod,
    _PROXY, type(len), type(str.join), type(str.__add__), type("".join), type("".__add__),
    type(_FUNCTION.__code__), type(_FUNCTION.__globals__), _GENERATOR,
    # The importer's own: directory caches, locks, specs being loaded.
    sys.modules["_frozen_importlib_external"].FileFinder, sys.modules["_frozen_importlib"]._ModuleLock,
    sys.modules["_frozen_importlib"].ModuleSpec,
}
# Not tracked by the collector where they hold nothing that is, yet can change.
_UNTRACKED = {dict, bytearray, type(_thread.allocate_lock())}
_MODULE = type(sys)
_DESCRIBED = 4  # differences of one module whose place is searched for
_REFERENCE = sys.modules["_weakref"].ref
_CACHES = {
    "re": ("_cache", "_cache2"),
    "linecache": ("cache",),
    "sys": ("path_importer_cache",),
    "_frozen_importlib": ("_module_locks", "_blocking_on"),
}


def _describe_lazily():
    """Types of modules that may not be loaded yet; asked for at each snapshot."""
    special = {bytearray: bytes, type(_thread.allocate_lock()): lambda lock: lock.locked()}
    # They find out what type parameters they have when they are first asked (`unionobject.c`, `genericaliasobject.c`).
    for alias in (int | str, list[int]):
        special[type(alias)] = lambda alias: (id(getattr(alias, "__origin__", None)), *map(id, alias.__args__))
    loaded = sys.modules
    if "itertools" in loaded:
        special[loaded["itertools"].count] = repr
    if "array" in loaded:
        special[loaded["array"].array] = lambda array: array.tobytes()
    if "_random" in loaded:
        base = loaded["_random"].Random
        special[base] = base.getstate
        if "random" in loaded and hasattr(loaded["random"], "Random"):
            special[loaded["random"].Random] = base.getstate
    for iterator in (iter([]), iter(()), iter({}), iter(set()), iter(range(0)), reversed([])):
        special[type(iterator)] = lambda it: it.__length_hint__()
    return special


class Snapshot:
    """What every object referred to at one moment, and the state of the process."""

    def __init__(self, ignored):
        self.process = _process()
        enabled = gc.isenabled()
        gc.disable()
        special = _describe_lazily()
        referents, skipped, untracked, function = gc.get_referents, _SKIPPED, _UNTRACKED, _FUNCTION
        contents = {}
        queue = gc.get_objects()
        ignored = ignored.union(_caches(queue))
        while queue:
            found = []
            for item in queue:
                kind = type(item)
                if kind in skipped:
                    continue
                key = id(item)
                if key in contents or key in ignored:
                    continue
                if kind is dict:
                    inner = (*item, *item.values())
                elif kind in special:
                    contents[key] = (item, (special[kind](item),), True)
                    continue
                elif issubclass(kind, dict):
                    inner = (*dict.keys(item), *dict.values(item))
                elif kind is function:
                    contents[key] = (item, _parts_of_function(item), False)
                    continue
                else:
                    contents[key] = (item, (*referents(item),), False)
                    for child in referents(item):
                        if type(child) in untracked and id(child) not in contents:
                            found.append(child)
                    continue
                contents[key] = (item, inner, False)
                for child in dict.values(item):
                    if type(child) in untracked and id(child) not in contents:
                        found.append(child)
            queue = found
        self.contents = contents
        self.registries = {
            id(cls): (cls, frozenset(_abc._get_dump(cls)[0]))
            for cls, _, _ in list(contents.values())
            if issubclass(type(cls), type) and "_abc_impl" in type.__dict__["__dict__"].__get__(cls)
        }
        if enabled:
            gc.enable()


def _parts_of_function(item):
    """What a function refers to, as if it had been asked for its annotations, which makes a dictionary of them, and not
    for its attributes, which makes an empty one."""
    annotations = item.__annotations__
    return tuple([part for part in gc.get_referents(item) if type(part) is not dict or part or part is annotations])


def _caches(objects):
    """Addresses of the containers that C implementations keep as caches: the
    results of `functools.lru_cache`, and what an ABC remembers of its answers."""
    found = []
    for item in objects:
        if type(item) is _lru_cache_wrapper:
            found.extend(id(x) for x in gc.get_referents(item) if type(x) is dict and "__wrapped__" not in x)
        elif type(item) is _ABC_DATA:
            found.extend(map(id, gc.get_referents(item)))
    return found


def _process():
    """State of the process and the interpreter that no Python object holds."""
    umask = posix.umask(0)
    posix.umask(umask)
    state = {
        "working directory": posix.getcwd(),
        "umask": umask,
        "signal handlers": [_signal.getsignal(n) for n in range(1, _signal.NSIG)],
        "atexit callbacks": atexit._ncallbacks(),
        "threads": _thread._count(),
        "recursion limit": sys.getrecursionlimit(),
        "switch interval": sys.getswitchinterval(),
        "int digits": sys.get_int_max_str_digits(),
        "trace": sys.gettrace(),
        "profile": sys.getprofile(),
        "coroutine origin": sys.get_coroutine_origin_tracking_depth(),
        "collector": (gc.get_threshold(), gc.get_debug()),
        "stack size": _thread.stack_size(),
        "output": (_size(1), _size(2)),
        "open files": _open_files(),
    }
    loaded = sys.modules
    if "_decimal" in loaded:
        # First, because asking for it makes it.
        state["decimal context"] = repr(loaded["_decimal"].getcontext())
    if "_locale" in loaded:
        state["locale"] = loaded["_locale"].setlocale(loaded["_locale"].LC_ALL, None)
    if "_csv" in loaded:
        state["csv dialects"] = sorted(loaded["_csv"].list_dialects())
        state["csv limit"] = loaded["_csv"].field_size_limit()
    if "_socket" in loaded:
        state["socket timeout"] = loaded["_socket"].getdefaulttimeout()
    if "faulthandler" in loaded:
        state["faulthandler"] = loaded["faulthandler"].is_enabled()
    if "_tracemalloc" in loaded:
        state["tracemalloc"] = loaded["_tracemalloc"].is_tracing()
    if "_contextvars" in loaded:
        state["context"] = {id(k): (k, id(v), v) for k, v in loaded["_contextvars"].copy_context().items()}
    return state


def _size(descriptor):
    """How much was written to a standard stream; both are sent to files."""
    stream = (None, sys.stdout, sys.stderr)[descriptor]
    if stream is not None:
        stream.flush()
    return posix.fstat(descriptor).st_size


def _open_files():
    try:
        return len(posix.listdir("/proc/self/fd"))
    except OSError:
        return None


def differences(before, after, declared):
    """What changed beyond what was declared, in words; empty for a module that is harmless."""
    found = []
    for name, value in before.process.items():
        now = after.process.get(name)
        if now != value and not declared.explains_process(name, value, now):
            found.append(f"{name}: {_short(value)} became {_short(now)}")
    for key, (cls, registry) in before.registries.items():
        now = after.registries.get(key)
        if now is not None and now[1] != registry and not declared.explains_registry(cls, registry, now[1]):
            found.append(f"ABC registry of {_name(cls)}")
    then, now = before.contents, after.contents
    for key, (item, inner, by_value) in then.items():
        other = now.get(key)
        if other is None:
            continue  # no longer tracked: dictionaries are untracked as they become plain
        changed = other[1]
        if by_value:
            same = inner == changed
        else:
            same = len(inner) == len(changed) and all(map(is_, inner, changed))
        if not same and not _harmless(item, inner, changed) and not declared.explains(item, inner, changed):
            place = _place(item) if len(found) < _DESCRIBED else type(item).__name__
            found.append(f"{place}: {_change(item, inner, changed)}")
    return found


def _harmless(item, inner, changed):
    """Differences in how an object is kept, not in what it says."""
    if type(item) is dict:
        return _is_cache(item, changed)
    if type(item) is _MODULE:
        return item.__name__ == "_struct"  # its state gets a cache of formats when it is first used
    if type(item) is _FUNCTION:
        # Reading `__annotations__` or `__dict__` makes an empty dictionary where there was none.
        new = [x for x in changed if not any(x is y for y in inner)]
        return len(changed) >= len(inner) and all(type(x) is dict and not x for x in new)
    if issubclass(type(item), type):
        return True  # its dictionary is compared by itself; the rest changes only with bases
    # Reading an instance's `__dict__` turns its values into a dictionary that holds them.
    expanded = []
    for x in changed:
        expanded.extend(dict.values(x) if type(x) is dict and not any(x is y for y in inner) else [x])
    old = sorted(map(id, inner))
    return old == sorted(map(id, expanded))


def _is_cache(item, changed):
    """A dictionary that only makes a later use faster."""
    values = changed[len(changed) // 2:]
    if not values:
        return False
    if all(type(value) is _REFERENCE for value in values):
        keys = changed[: len(changed) // 2]
        if all(type(key) is int for key in keys):
            return True  # a class's weak list of subclasses
    if all(type(value).__module__ == "_struct" for value in values):
        return True  # formats that `struct` has compiled
    if "utf-8" in item and type(item["utf-8"]).__name__ == "CodecInfo":
        return True
    loaded = sys.modules
    for module, names in _CACHES.items():
        if module in loaded:
            namespace = loaded[module].__dict__
            if any(namespace.get(name) is item for name in names):
                return True
    # `enum` keeps the combinations of flags that were ever made.
    flag = loaded["enum"].__dict__.get("Flag") if "enum" in loaded else None
    return (
        flag is not None
        and all(issubclass(type(value), flag) for value in values)
        and all(type(key) is int for key in changed[: len(changed) // 2])
    )


def _place(item):
    """Where an object hangs: the nearest module or class that leads to it."""
    path = ""
    for _ in range(6):
        for name, module in list(sys.modules.items()):
            if type(module) is _MODULE and module.__dict__ is item:
                return f"module {name}{path}"
        if issubclass(type(item), type):
            return f"class {_name(item)}{path}"
        owners = [x for x in gc.get_referrers(item) if type(x) in (dict, _FUNCTION, _CELL) or issubclass(type(x), type)]
        holder = next((x for x in owners if type(x) is dict and any(v is item for v in x.values())), None)
        if holder is not None:
            key = next((k for k, v in holder.items() if v is item), None)
            path = (f"[{key!r}]" if type(key) is str else "[…]") + path
            item = holder
        elif owners:
            item = owners[0]
        else:
            break
    return f"{type(item).__name__} object{path}"


def _change(item, inner, changed):
    if type(item) is dict:
        half, half_now = len(inner) // 2, len(changed) // 2
        was, now = dict(_pairs(inner, half)), dict(_pairs(changed, half_now))
        keys = [k for k in now if k not in was or now[k] is not was[k]]
        keys += [k for k in was if k not in now]
        return "keys " + ", ".join(_short(k[1]) for k in keys[:5])
    return f"{type(item).__name__} {_shape(inner)} became {_shape(changed)}"


def _pairs(flat, half):
    for key, value in zip(flat[:half], flat[half:]):
        yield (id(key), key if type(key) is str else type(key).__name__), value


def _shape(inner):
    return f"of {len(inner)}" if len(inner) != 1 else _short(inner[0])


def _short(value):
    if type(value) in (str, int, float, bytes, bool, type(None), tuple) and len(repr(value)) < 80:
        return repr(value)
    return f"<{type(value).__name__}>"


def _name(cls):
    return f"{type.__dict__['__module__'].__get__(cls)}.{type.__dict__['__qualname__'].__get__(cls)}"
