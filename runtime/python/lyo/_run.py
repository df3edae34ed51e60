"""``python -m lyo._run --bundle B [--report FILE] [--sealed] [--verbose] (-m MODULE | -c CODE | SCRIPT | -) ARG…``

Runs a program from a bundle, and is otherwise what ``python`` itself does with the same arguments:
``sys.argv``, ``sys.path[0]``, the ``__main__`` module, exit status, tracebacks.
"""

import os
import sys

_USAGE = (
    "usage: python -m lyo._run --bundle BUNDLE [--report FILE] [--sealed] [--verbose]"
    " (-m MODULE | -c CODE | SCRIPT) [ARG]...\n"
)


def parse(arguments):
    """(options, kind, what, arguments of the program), or None."""
    options = {"--bundle": None, "--report": None, "--sealed": None, "--verbose": None}
    rest = list(arguments)
    while rest:
        first = rest.pop(0)
        if first in ("--sealed", "--verbose"):
            options[first] = True
        elif first in options:
            if not rest:
                return None
            options[first] = rest.pop(0)
        elif first in ("-m", "-c"):
            if not rest:
                return None
            return options, first, rest.pop(0), rest
        elif first == "-" or not first.startswith("-"):
            return options, "script", first, rest
        else:
            return None
    return None


def _new_main(filename=None):
    """A fresh ``__main__``, with the names in the order in which the interpreter sets them."""
    import builtins
    from _frozen_importlib import BuiltinImporter
    from _frozen_importlib_external import SourceFileLoader

    main = type(sys)("__main__")
    namespace = main.__dict__
    namespace["__package__"] = None
    namespace["__loader__"] = BuiltinImporter if filename is None else SourceFileLoader("__main__", filename)
    namespace["__spec__"] = None
    namespace["__annotations__"] = {}
    namespace["__builtins__"] = builtins
    if filename is not None:
        namespace["__file__"] = filename
        namespace["__cached__"] = None
    sys.modules["__main__"] = main
    return namespace


def _replace_first_path_entry(entry):
    """The entry that ``-m`` put first becomes the one that the program's kind has there."""
    if sys.flags.safe_path:
        return
    if sys.path:
        sys.path[0] = entry
    else:
        sys.path.insert(0, entry)


def _importable(path):
    """Whether a path hook takes the script: a directory or zip file with a ``__main__``."""
    for hook in sys.path_hooks:
        try:
            hook(path)
        except ImportError:
            continue
        return True
    return False


def _script(script, arguments):
    sys.argv[:] = [script, *arguments]
    absolute = os.path.join(os.getcwd(), script)  # as the interpreter does: not normalised
    if _importable(script):
        if sys.flags.safe_path:
            sys.path.insert(0, absolute)
        else:
            _replace_first_path_entry(absolute)
        _new_main()
        import runpy

        return lambda: runpy._run_module_as_main("__main__", False)
    try:
        with open(script, "rb") as file:
            data = file.read()
    except OSError as error:
        sys.stderr.write(
            "%s: can't open file %r: [Errno %d] %s\n" % (sys.executable, absolute, error.errno, error.strerror)
        )
        sys.exit(2)
    _replace_first_path_entry(os.path.dirname(os.path.realpath(script)))
    namespace = _new_main(absolute)
    if script.endswith(".pyc"):
        from importlib.machinery import SourcelessFileLoader

        loader = namespace["__loader__"] = SourcelessFileLoader("__main__", absolute)
        return lambda: exec(loader.get_code("__main__"), namespace)
    return lambda: exec(_compile(data, absolute), namespace)


def _compile(source, filename):
    native = sys.modules.get("lyo._native")
    if native is None:
        return compile(source, filename, "exec", dont_inherit=True)
    return native.compile(source, filename)


def _command(source, arguments):
    sys.argv[:] = ["-c", *arguments]
    _replace_first_path_entry("")
    namespace = _new_main()
    return lambda: exec(_compile_text(source, "<string>"), namespace)


def _compile_text(source, filename):
    code = compile(source, filename, "exec", dont_inherit=True)
    if sys.version_info >= (3, 13):  # tracebacks show the text, as the interpreter's own do
        import linecache

        # 3.13.0 keys by file name, its successors by code object.
        by_code = hasattr(linecache, "_interactive_cache")
        linecache._register_code(code if by_code else filename, source, filename)
    return code


def _standard_input(arguments):
    sys.argv[:] = ["-", *arguments]
    _replace_first_path_entry("")
    namespace = _new_main()
    namespace["__file__"] = "<stdin>"
    namespace["__cached__"] = None
    return lambda: exec(_compile(sys.stdin.buffer.read(), "<stdin>"), namespace)


def _module(name, arguments):
    import runpy

    sys.argv[:] = ["-m", *arguments]
    _replace_first_path_entry(os.getcwd())
    _new_main()
    return lambda: runpy._run_module_as_main(name, True)


def _without_our_frames(trace):
    """The traceback from the program's first frame on."""
    ours = __file__
    last = None
    entry = trace
    while entry is not None:
        if entry.tb_frame.f_code.co_filename == ours:
            last = entry
        entry = entry.tb_next
    return trace if last is None else last.tb_next


def _execute(program):
    try:
        program()
    except SystemExit:
        raise
    except BaseException as error:
        trace = _without_our_frames(error.__traceback__)
        error.__traceback__ = trace
        hook = sys.excepthook
        sys.stdout and _flush(sys.stdout)
        hook(type(error), error, trace)
        # The interpreter now ends as it does after an unhandled exception (a signal, where that
        # was KeyboardInterrupt), but has nothing more to print.
        sys.excepthook = lambda *_: None
        raise


def _flush(stream):
    try:
        stream.flush()
    except (OSError, ValueError, AttributeError):
        pass


def main(arguments):
    parsed = parse(arguments)
    if parsed is None or parsed[0]["--bundle"] is None:
        sys.stderr.write(_USAGE)
        sys.exit(2)
    options, kind, what, rest = parsed
    import lyo

    lyo.install(
        options["--bundle"], sealed=options["--sealed"], report=options["--report"], verbose=options["--verbose"]
    )
    if kind == "-m":
        program = _module(what, rest)
    elif kind == "-c":
        program = _command(what, rest)
    elif what == "-":
        program = _standard_input(rest)
    else:
        program = _script(what, rest)
    _execute(program)


if __name__ == "__main__":
    main(sys.argv[1:])
