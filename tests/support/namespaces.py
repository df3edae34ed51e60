"""Executes modules in CPython, each in a process of its own, and tells what they bound.

Runs in the interpreter under test: `python -I namespaces.py ROOT`, with the
module names as a JSON list on standard input. Writes, for each, the
`repr` of every name (`null` where there is none) and the exception raised.
"""

import importlib.util
import json
import os
import sys


def outcome(root: str, name: str) -> dict:
    spec = importlib.util.spec_from_file_location(name, os.path.join(root, name + ".py"))
    module = importlib.util.module_from_spec(spec)
    given = set(module.__dict__) | {"__builtins__"}
    sys.modules[name] = module
    raised = None
    try:
        spec.loader.exec_module(module)
    except BaseException as error:
        raised = [kind.__name__ for kind in type(error).__mro__]
    names = {}
    for key, value in list(module.__dict__.items()):
        if key in given and key != "__doc__":
            continue
        try:
            names[key] = repr(value)
        except BaseException:
            names[key] = None
    return {"names": names, "raised": raised}


def main() -> None:
    root = sys.argv[1]
    sys.path.insert(0, root)
    sys.dont_write_bytecode = True
    results = {}
    for name in json.load(sys.stdin):
        read, write = os.pipe()
        child = os.fork()
        if child == 0:
            os.close(read)
            null = os.open(os.devnull, os.O_WRONLY)
            os.dup2(null, 1)
            os.dup2(null, 2)
            data = json.dumps(outcome(root, name)).encode()
            with os.fdopen(write, "wb") as stream:
                stream.write(data)
            os._exit(0)
        os.close(write)
        with os.fdopen(read, "rb") as stream:
            data = stream.read()
        os.waitpid(child, 0)
        results[name] = json.loads(data) if data else {"names": {}, "raised": ["SystemError"]}
    json.dump(results, sys.stdout)


main()
