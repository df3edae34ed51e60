"""Executes modules, and beside each carries out what was declared of it, on a registry of its own.

Runs in the interpreter under test: `python -I carry_out.py ROOT [BUNDLE] < job`, the job being JSON, name to declared
effects. With a bundle, the module from the bundle is a third one to compare with. Prints JSON: name to `null` where both registries came out the same, or what differs; `"skipped"`
where the report alone is not enough, because an object without a name is handed out.
"""

import importlib
import json
import re
import sys

root = sys.argv[1]
sys.path.insert(0, root)
if sys.argv[2:]:
    import lyo


def fresh(*names):
    for name in ("registry", *names):
        sys.modules.pop(name, None)


def state():
    """Everything that the programs can change, orders included."""
    registry = sys.modules["registry"]
    instance = registry.holder
    return {
        "items": repr(registry.items), "table": repr(list(registry.table.items())),
        "names": sorted(map(repr, registry.names)),
        "globals": [(k, repr(v)) for k, v in vars(registry).items() if k == "level" or k.startswith("extra")],
        "Config": [(k, repr(v)) for k, v in vars(registry.Config).items() if not k.startswith("__")],
        "holder": (repr(instance.slot), [(k, repr(v)) for k, v in vars(instance).items()]),
        "note": [(k, repr(v)) for k, v in vars(registry.note).items()],
        "Plugin": repr(list(registry.Plugin.found.items())),
    }


def resolve(operand):
    if "repr" in operand:
        return eval(operand["repr"], {"inf": float("inf"), "nan": float("nan")})
    found = importlib.import_module(operand["module"])
    for step in operand["path"]:
        (kind, name), = step.items()
        if kind != "entry":
            raise LookupError(step)
        found = vars(found)[name]
    return found


def carry_out(effect):
    kind, name = effect["kind"], effect.get("name")
    if kind in ("bind-module", "import", "call"):
        raise LookupError(kind)
    target = resolve(effect["target"])
    operands = list(map(resolve, effect["operands"]))
    if kind == "set-attribute":
        if type(target) is type(sys):
            vars(target)[name] = operands[0]
        elif isinstance(target, type):
            type.__setattr__(target, name, operands[0])
        else:
            object.__setattr__(target, name, operands[0])
    elif kind == "set-item":
        dict.__setitem__(target, *operands)
    elif kind == "append":
        list.append(target, *operands)
    elif kind == "extend":
        list.extend(target, operands)
    elif kind == "insert":
        list.insert(target, effect["index"], *operands)
    elif kind == "add":
        set.add(target, *operands)
    else:
        raise LookupError(kind)


def judge(name, effects):
    fresh(name)
    try:
        importlib.import_module(name)
    except Exception as error:
        return {"raised": f"{type(error).__name__}: {error}"}
    executed = state()
    if sys.argv[2:]:
        fresh(name)
        lyo.install(sys.argv[2])
        try:
            importlib.import_module(name)
        finally:
            lyo.uninstall()
        found = difference(executed, state())
        if found or effects is None:
            return found
    if effects is None:
        return None
    fresh()
    importlib.import_module("registry")
    try:
        for effect in effects:
            carry_out(effect)
    except LookupError:
        return "skipped"
    return difference(executed, state())


def difference(executed, other):
    executed, other = [json.loads(re.sub(" at 0x[0-9a-f]+", "", json.dumps(state))) for state in (executed, other)]
    return {key: [executed[key], other[key]] for key in executed if executed[key] != other[key]} or None


json.dump({name: judge(name, effects) for name, effects in json.load(sys.stdin).items()}, sys.stdout)
