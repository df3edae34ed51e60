"""What may happen while proven code runs, and what stands for values that are not known.

Contexts form a stack: FREE while the import system or the target's own standard library works,
otherwise whatever proven module is running. Audit events are judged by the innermost context.
"""

import sys

FREE = None

# Audit events that proven code may raise (https://docs.python.org/3/library/audit_events.html);
# everything else is input, output or a change of the process, and refused.
HARMLESS_EVENTS = frozenset((
    "import", "compile", "exec", "marshal.loads", "marshal.dumps", "builtins.id",
    "code.__new__", "function.__new__", "object.__getattr__", "object.__setattr__",
    "object.__delattr__", "sys._getframe", "sys._getframemodulename", "array.__new__",
    "gc.get_objects", "gc.get_referents", "gc.get_referrers",
))

contexts = [FREE]


class Refused(BaseException):
    """Proven code did what it must not do; not an Exception, so that the code can't handle it."""


def judge(event, arguments):
    context = contexts[-1]
    if context is FREE or event in HARMLESS_EVENTS:
        return
    shown = ", ".join(repr(argument)[:80] for argument in arguments if isinstance(argument, (str, int, bytes)))
    message = f"audit event {event}({shown}) while proven code ran"
    context.trips.append(message)
    raise Refused(message)


class SilentStream:
    """Stands for standard output: writing is an effect."""

    encoding = "utf-8"
    errors = "strict"

    def write(self, text):
        if contexts[-1] is not FREE:
            contexts[-1].trips.append("writes to a standard stream while proven code ran")
            raise Refused("writes to a standard stream while proven code ran")
        return len(text)

    def flush(self):
        pass

    def isatty(self):
        return False

    def fileno(self):
        return 2


class Placeholder:
    """A value of an unproven statement: it may be bound and passed on, nothing else."""

    __slots__ = ("__lyo_module", "__lyo_name")

    def __new__(cls, module, name):
        made = object.__new__(cls)
        object.__setattr__(made, "_Placeholder__lyo_module", module)
        object.__setattr__(made, "_Placeholder__lyo_name", name)
        return made

    def __getattribute__(self, attribute):
        if attribute == "__class__":
            return Placeholder
        raise_use(self)

    def _refuse(self, *arguments, **keywords):
        raise_use(self)

    __call__ = __eq__ = __ne__ = __lt__ = __le__ = __gt__ = __ge__ = __hash__ = __bool__ = __len__ = _refuse
    __iter__ = __getitem__ = __setitem__ = __contains__ = __enter__ = __exit__ = __index__ = _refuse
    __add__ = __radd__ = __sub__ = __rsub__ = __mul__ = __rmul__ = __or__ = __ror__ = __and__ = __rand__ = _refuse
    __xor__ = __rxor__ = __mod__ = __rmod__ = __truediv__ = __rtruediv__ = __floordiv__ = __rfloordiv__ = _refuse
    __repr__ = __str__ = __format__ = __mro_entries__ = __setattr__ = __delattr__ = _refuse


def origin_of(placeholder):
    return (
        object.__getattribute__(placeholder, "_Placeholder__lyo_module"),
        object.__getattribute__(placeholder, "_Placeholder__lyo_name"),
    )


def raise_use(placeholder):
    module, name = origin_of(placeholder)
    raise Refused(f"uses {module}.{name}, which only unproven code makes")


def install():
    sys.addaudithook(judge)
    sys.stdout = SilentStream()
    sys.stderr = SilentStream()
