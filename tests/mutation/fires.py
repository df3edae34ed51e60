"""Which mutants really have an effect? Imports each in a process of its own.

Runs in the interpreter under test: `python -I fires.py ROOT`; a JSON list of
module names on standard input, a JSON object of name to `fires`, `raises` or
`quiet` on standard output.
"""

import json
import os
import sys
import tempfile


def outcome(name: str, output: int) -> str:
    raised = False
    try:
        __import__(name)
    except BaseException:
        raised = True
    effects = [m for key, m in sys.modules.items() if key.startswith("lyo_effects_")]
    sys.stdout.flush()
    if (
        any(module.log for module in effects)
        or "LYO_MUTANT" in os.environ
        or "/lyo/mutant" in sys.path
        or os.fstat(output).st_size
    ):
        return "fires"
    return "raises" if raised else "quiet"


def main() -> None:
    sys.path.insert(0, sys.argv[1])
    sys.dont_write_bytecode = True
    results = {}
    for name in json.load(sys.stdin):
        read, write = os.pipe()
        child = os.fork()
        if child == 0:
            os.close(read)
            with tempfile.TemporaryFile() as file:
                os.dup2(file.fileno(), 1)
            null = os.open(os.devnull, os.O_RDWR)
            os.dup2(null, 2)
            os.dup2(null, 0)
            os.write(write, outcome(name, 1).encode())
            os._exit(0)
        os.close(write)
        with os.fdopen(read, "rb") as stream:
            results[name] = stream.read().decode() or "raises"
        os.waitpid(child, 0)
    json.dump(results, sys.stdout)


main()
