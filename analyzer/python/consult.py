"""Answers, line by line, what calls of pure C functions come to.

Each question is a JSON object: `call`, the qualified name of a callable of the
standard library that is implemented in C and has no effect, and `arguments`
and `keywords`, Python literals. The answer says the result's type, or what it raises.
"""

import ast
import importlib
import json
import sys


def find(qualified):
    module, _, path = qualified.partition(":")
    found = importlib.import_module(module)
    for name in path.split("."):
        found = getattr(found, name)
    return found


def answer(question):
    try:
        function = find(question["call"])
        arguments = ast.literal_eval(question["arguments"])
        keywords = ast.literal_eval(question["keywords"])
    except BaseException:
        return {}
    try:
        result = function(*arguments, **keywords)
    except Exception as error:
        return {"raises": type(error).__name__, "message": str(error)}
    except BaseException:
        return {}
    kind = type(result)
    return {"type": kind.__module__ + "." + kind.__qualname__}


for line in sys.stdin:
    print(json.dumps(answer(json.loads(line))), flush=True)
