"""Imports modules, each in a process of its own, and sends what they contain.

Run as `python -s -S -P -B -c <this> <length of describe.py>`; standard input holds describe.py and then
messages (a 32-bit length, marshal): first the settings {"path", "bundle", "lyo", "compile", "ballast"}, then names. Out, for
each: (name, how, lines). `bundle` is None where modules are to be executed, and `compile` true where that is to be done
without a `.pyc`; `ballast` is a number: with another, objects come to lie elsewhere. The process that imports
is a fork of this one, which has imported nothing but the interpreter's own modules (and `lyo`).
"""

import gc
import marshal
import posix
import sys

source = sys.stdin.buffer
describe = type(sys)("lyo_describe")
exec(compile(source.read(int(sys.argv[1])), "<lyo_describe>", "exec", dont_inherit=True), describe.__dict__)


def receive():
    header = source.read(4)
    if len(header) < 4:
        return None
    return marshal.loads(source.read(int.from_bytes(header, "little")))


def write(descriptor, data):
    while data:
        data = data[posix.write(descriptor, data[:1 << 20]):]


def send(descriptor, message):
    body = marshal.dumps(message, 2)
    write(descriptor, len(body).to_bytes(4, "little") + body)


def touch(module):
    """Makes what waits in the module, in an order that no import would; then what waits elsewhere."""
    waiting = sys.modules["lyo._native"].waiting(module)
    for name in waiting[::-2]:
        getattr(module, name)
    for other in [module, *sys.modules.values()]:
        if isinstance(other, type(sys)):
            other.__dict__


def contents(name, rehydrating):
    """(how, lines) of a module."""
    import _signal

    _signal.alarm(300)
    if name in sys.modules:
        return "loaded", ()
    name = sys.intern(name)  # as an import statement has it
    try:
        __import__(name)
    except BaseException as error:
        return "failed", (("import", f"{type(error).__name__}: {error}"),)
    module = sys.modules[name]
    if rehydrating:
        touch(module)
    foreign = describe.index_modules(name)
    how = "executed"
    if rehydrating:
        record = sys.modules["lyo._report"]._records.get(name, ("ordinary", "it was not asked for"))
        how = f"{record[0]}: {record[1]}" if record[1] else record[0]
    if not describe.is_a(module, type(sys)):
        return how, (("module", f"an object of type {type(module).__name__}"),)
    gc.disable()
    sys.setrecursionlimit(100000)
    return how, tuple(describe.describe(module, foreign))


def compiled(loader, name):
    """In place of `SourceLoader.get_code`. The constants are unmarshalled, as a bundle's are."""
    path = loader.get_filename(name)
    return marshal.loads(marshal.dumps(compile(loader.get_data(path), path, "exec", dont_inherit=True)))


settings = receive()
output = posix.dup(1)
posix.dup2(2, 1)
sys.path[:] = settings["path"]
sys.modules.pop("linecache", None)  # from 3.13 on `-c` loads it
sys.dont_write_bytecode = True
if settings["bundle"] is not None:
    if settings["lyo"] not in settings["path"]:
        sys.path.append(settings["lyo"])
    import lyo

    used = lyo.install(settings["bundle"], report="/dev/null")
    sys.path.remove(settings["lyo"]) if settings["lyo"] not in settings["path"] else None
    send(output, ("installed", bool(used), ()))
else:
    posix.open("/dev/null", posix.O_RDONLY)  # the other has the bundle open: file descriptors have the same numbers
if settings["compile"]:
    sys.modules["_frozen_importlib_external"].SourceLoader.get_code = compiled
# Objects of all sizes, with gaps between them.
ballast = [bytes(size) for size in range(0, 480, 16) for _ in range(settings["ballast"] * 37 % 101)]
del ballast[::3]
while True:
    name = receive()
    if name is None:
        break
    reader, writer = posix.pipe()
    child = posix.fork()
    if child == 0:
        posix.close(reader)
        try:
            answer = (name, *contents(name, settings["bundle"] is not None))
        except BaseException as error:
            answer = (name, f"can't be described: {type(error).__name__}: {error}", ())
        send(writer, answer)
        posix._exit(0)
    posix.close(writer)
    pieces = []
    while True:
        piece = posix.read(reader, 1 << 20)
        if not piece:
            break
        pieces.append(piece)
    posix.close(reader)
    _, status = posix.waitpid(child, 0)
    answer = b"".join(pieces)
    if status or len(answer) < 4:
        send(output, (name, f"the process ended with status {status}", ()))
    else:
        write(output, answer)
