"""Answers, line by line, what calls of C functions come to.

Each question is a JSON object: `call`, the qualified name of a callable of the
standard library that is implemented in C; `arguments` and `keywords`, the text of
a tuple and a dict: Python literals and stand-ins (`STAND_INS`). The answer says the
result's type, or what it raises. A `lasting` call, which changes the interpreter, is
carried out in a child process. Other calls have no effect. A result that is
immutable data is told whole, tagged by its type, unless it is long.
"""

import ast
import importlib
import json
import os
import re
import sys


def find(qualified):
    module, _, path = qualified.partition(":")
    found = importlib.import_module(module)
    for name in path.split("."):
        found = getattr(found, name)
    return found


def refuse(*arguments, **keywords):
    raise SystemExit("a stand-in was used")


def function():
    return lambda *arguments, **keywords: refuse()


def ground(module, name):
    return find(module + ":" + name)


def subclass(base):
    return type("StandIn", (base,), {})


def derived(base, data):
    return subclass(base)(data)


def instance(*methods):
    return type("StandIn", (), dict.fromkeys(methods, refuse))()


def pattern(text, flags):
    return re.compile(text, flags)


def found(how, text, flags, *arguments):
    """What a method of a pattern gives; of `finditer`, the match at a place."""
    if how == "finditer":
        subject, place = arguments
        return list(pattern(text, flags).finditer(subject))[place]
    return getattr(pattern(text, flags), how)(*arguments)


def spans(text, flags, subject):
    """Where the matches of a pattern lie."""
    return tuple(match.span() for match in pattern(text, flags).finditer(subject))


# Stands for what is not known: the call must come to the same with each.
VARIETIES = (None, 1, "a", b"a", 1.5, (), [], {}, set(), int, len, function(), instance(), instance("__call__"))
STAND_INS = {
    each.__name__: each
    for each in (function, ground, subclass, derived, instance, pattern, found, spans, slice, range, set, frozenset)
}


def build(node, anything):
    """The object that the text stands for."""
    if isinstance(node, ast.Call):
        arguments = [build(each, anything) for each in node.args]
        return anything if node.func.id == "anything" else STAND_INS[node.func.id](*arguments)
    if isinstance(node, (ast.Tuple, ast.List)):
        items = [build(each, anything) for each in node.elts]
        return tuple(items) if isinstance(node, ast.Tuple) else items
    if isinstance(node, ast.Dict):
        return {build(key, anything): build(value, anything) for key, value in zip(node.keys, node.values)}
    if isinstance(node, ast.Name):
        return {"Ellipsis": Ellipsis, "NotImplemented": NotImplemented}[node.id]
    return ast.literal_eval(node)


# Results that are longer are told by their type only.
MAX_LENGTH = 10_000


def data(value):
    """The value, tagged by its type; `None` where it is not data that can be told."""
    kind = type(value)
    if value is None:
        return "None"
    if kind is bool:
        return {"Bool": value}
    if kind is int and value.bit_length() < MAX_LENGTH:
        return {"Int": str(value)}
    if kind is float and value - value == 0:
        return {"Float": repr(value)}
    if kind is str and len(value) < MAX_LENGTH and not any("\ud800" <= each <= "\udfff" for each in value):
        return {"Str": value}
    if kind is bytes and len(value) < MAX_LENGTH:
        return {"Bytes": list(value)}
    if kind is tuple and len(value) < MAX_LENGTH:
        items = [data(each) for each in value]
        return None if None in items else {"Tuple": items}
    return None


def carry_out(function, arguments, keywords):
    try:
        result = function(*arguments, **keywords)
    except Exception as error:
        return {"raises": type(error).__name__, "message": str(error)}
    except BaseException:
        return {}
    kind = type(result)
    return {"type": kind.__module__ + "." + kind.__qualname__, "value": data(result)}


def in_child(function, arguments, keywords):
    """As `carry_out`, in a process that ends without cleaning up."""
    if not hasattr(os, "fork"):
        return {}
    read, write = os.pipe()
    child = os.fork()
    if child == 0:
        os.write(write, json.dumps(carry_out(function, arguments, keywords)).encode())
        os._exit(0)
    os.close(write)
    with os.fdopen(read, "rb") as stream:
        data = stream.read()
    os.waitpid(child, 0)
    return json.loads(data) if data else {}


def answer(question):
    try:
        function = find(question["call"])
        arguments = ast.parse(question["arguments"], mode="eval").body
        keywords = ast.parse(question["keywords"], mode="eval").body
    except BaseException:
        return {}
    call = in_child if question["lasting"] else carry_out
    uncertain = "anything()" in question["arguments"] or "anything()" in question["keywords"]
    for anything in VARIETIES if uncertain else VARIETIES[:1]:
        try:
            given = build(arguments, anything), build(keywords, anything)
        except BaseException:
            return {}
        result = call(function, *given)
        if "type" not in result:
            break
    return result


for line in sys.stdin:
    print(json.dumps(answer(json.loads(line))), flush=True)
