"""Lists the C-implemented callables of modules: a JSON object, module name to names.

Runs in the interpreter under test: `python -I ground_names.py MODULE...`. Methods of types
are named `type.method`.
"""

import importlib
import json
import sys
import types

FUNCTIONS = (types.BuiltinFunctionType, types.MethodDescriptorType, types.WrapperDescriptorType, types.ClassMethodDescriptorType)


def callables(module: types.ModuleType) -> list[str]:
    found = []
    for name, value in vars(module).items():
        if isinstance(value, FUNCTIONS) or isinstance(value, type):
            found.append(name)
        if isinstance(value, type) and not value.__flags__ & (1 << 9):  # not a heap type
            found += [f"{name}.{method}" for method, each in vars(value).items() if isinstance(each, (*FUNCTIONS, staticmethod))]
    return sorted(name for name in found if name.replace(".", "").isidentifier())


def main() -> None:
    result = {}
    for name in sys.argv[1:]:
        try:
            result[name] = callables(importlib.import_module(name))
        except ImportError:
            continue
    json.dump(result, sys.stdout)


main()
