"""Executes many small programs in one CPython process, each in a fresh namespace.

Runs in the interpreter under test: `python -I execute_many.py`, with paths as a JSON
list on standard input. Writes, for each, the `repr` of every name (`null` where
there is none), the exception raised, the line where a statement ends that raises and is not the last, and what else showed: text written, warnings,
exceptions that could not be raised. A program that does not end is stopped.
"""

import ast
import io
import json
import os
import resource
import signal
import sys
import types
import warnings

SECONDS = 5
MEMORY = 1 << 30
# What a program may leave in modules that outlive it.
SHARED = ("functools", "operator", "itertools", "collections", "contextlib", "copy", "math", "re", "types", "os", "time", "abc", "enum", "dataclasses")


class Stopped(BaseException):
    """The program takes too long."""


def stop(*_):
    raise Stopped


def outcome(path: str) -> dict:
    name = os.path.splitext(os.path.basename(path))[0]
    with open(path, encoding="utf-8") as stream:
        source = stream.read()
    module = types.ModuleType(name)
    module.__file__ = path
    written, unraisable = io.StringIO(), []
    real = sys.stdout, sys.stderr, sys.unraisablehook, sys.stdin
    sys.modules[name] = module
    raised = ends = None
    names = {}
    sys.stdout = sys.stderr = written
    sys.unraisablehook = lambda given: unraisable.append(repr(given.exc_type))
    with warnings.catch_warnings(record=True) as warned:
        warnings.simplefilter("ignore")
        try:
            code = compile(source, path, "exec")
        except SyntaxError as error:
            code, raised = None, f"SyntaxError: {error}"
        warnings.simplefilter("always")
        signal.setitimer(signal.ITIMER_REAL, SECONDS)
        try:
            if code is not None:
                exec(code, module.__dict__)
        except BaseException as error:
            raised = type(error).__name__
            ends = last_line(source, error)
        finally:
            signal.setitimer(signal.ITIMER_REAL, 0)
        shown = written.getvalue()[:200]
        seen = [str(warning.message) for warning in warned]
        ended = list(unraisable)
        for key, value in list(module.__dict__.items()):
            if not key.startswith("__"):
                names[key] = represent(value)
    sys.stdout, sys.stderr, sys.unraisablehook, sys.stdin = real
    del sys.modules[name]
    return {"names": names, "raised": raised, "ends": ends, "written": shown, "warned": seen, "unraisable": ended}


def last_line(source: str, error: BaseException) -> int | None:
    """The last line of the top-level statement that raised; `None` if it is the last statement."""
    here = error.__traceback__.tb_next
    if here is None:
        return None
    body = ast.parse(source).body
    for statement in body:
        first = min([statement.lineno, *(each.lineno for each in getattr(statement, "decorator_list", ()))])
        if first <= here.tb_lineno <= statement.end_lineno:
            return statement.end_lineno if statement.end_lineno < body[-1].lineno else None
    return None


def represent(value):
    signal.setitimer(signal.ITIMER_REAL, SECONDS)
    try:
        text = repr(value)
        return text if len(text) < 2_000_000 else None
    except BaseException:
        return None
    finally:
        signal.setitimer(signal.ITIMER_REAL, 0)


def main() -> None:
    sys.dont_write_bytecode = True
    signal.signal(signal.SIGALRM, stop)
    resource.setrlimit(resource.RLIMIT_AS, (MEMORY, MEMORY))
    for name in SHARED:
        __import__(name)
    out = os.fdopen(os.dup(1), "w", encoding="utf-8", errors="surrogatepass")
    os.dup2(os.open(os.devnull, os.O_WRONLY), 1)
    results = [outcome(path) for path in json.load(sys.stdin)]
    out.write(json.dumps(results))
    out.close()
    # Programs may have left what does not end well.
    os._exit(0)


main()
