"""Replayed effects (docs/replay.md) as data: what was changed by a statement that ran, and what it was given.

The analysis says which effects a statement has, in order. The objects that it can't name, because the
statement itself makes them, are found where the effect has put them, or among the arguments of the call.
"""

import sys

from lyo_harvest import foreign
from lyo_harvest.foreign import MISSING
from lyo_harvest.refuse import FREE, Placeholder, contexts

FunctionType = type(lambda: None)
BuiltinType = type(len)

VARARGS, KEYWORDS = 4, 8  # of `co_flags`


class Effect:
    """One effect, with the objects themselves."""

    __slots__ = ("kind", "name", "place", "operands")

    def __init__(self, kind, name, place, operands):
        self.kind = kind
        self.name = name
        self.place = place  # (module, path) of what is changed
        self.operands = operands

    def changed(self):
        """(module, path) of what is another afterwards."""
        module, path = self.place
        return (module, (*path, self.name)) if self.kind == "set-attribute" else self.place


class Capture:
    """Follows the execution of one statement."""

    def __init__(self, effects):
        self.effects = effects
        self.own, self.is_settled = None, None
        self.targets = [look_up(target) for _, _, target, _ in effects]
        self.is_usable = bool(effects) and not any(target is MISSING for target in self.targets)
        self.arguments = {}  # id of a function that is called -> the arguments of each call
        self.returned = []  # what calls gave that is none of their arguments
        self.added = {}  # id of a set -> (the set, what it held, what was added)
        self.lengths = {}  # id of a list -> its length
        self.keys = {}  # id of a dictionary -> ids of its keys
        self.before = []  # what was there of each effect's entry
        self.codes = {}  # code of a function that is called -> id of the function
        if not self.is_usable:
            return
        for effect, target in zip(effects, self.targets):
            if effect[0] == "set-item" and foreign.is_a(target, dict):
                self.keys[id(target)] = set(map(id, dict.keys(target)))
            self.before.append(self.entry(effect, target))
            if effect[0] == "call" and type(target) is FunctionType:
                self.arguments[id(target)] = []
            elif effect[0] == "add" and type(target) is set:
                self.added[id(target)] = (target, set(map(id, target)), [])
            elif effect[0] == "append" and type(target) is list:
                self.lengths[id(target)] = len(target)
        self.codes = {target.__code__: id(target) for target in self.targets if type(target) is FunctionType}

    def start(self):
        if self.codes or self.added:
            set_profile(self.profile)

    def stop(self):
        if self.codes or self.added:
            set_profile(None)

    def profile(self, frame, event, argument):
        if event == "call":
            code = frame.f_code
            function = self.codes.get(code)
            if function is None:
                return
            if code.co_flags & (VARARGS | KEYWORDS) or code.co_kwonlyargcount:
                self.is_usable = False
                return
            self.arguments[function].append(arguments_of(frame))
        elif event == "return" and frame.f_code in self.codes:
            if not any(argument is passed for passed in arguments_of(frame)):
                self.returned.append(argument)
        elif event == "c_return" and type(argument) is BuiltinType:
            known = self.added.get(id(argument.__self__))
            if known is not None:
                self.note_added(*known)

    def note_added(self, target, before, added):
        new = [item for item in target if id(item) not in before]
        if len(new) > 1:
            self.is_usable = False
        before.update(map(id, new))
        added.extend(new)

    def resolve(self, own, is_settled, made):
        """The effects, or None where one of them is not understood. `own`: name of the module; `is_settled` says
        whether a name of it is bound for good; `made`: ids of what the statement made."""
        # What a call makes, it has put where another object would be if the module had one of its own.
        if not self.is_usable or not made.isdisjoint(map(id, self.returned)):
            return None
        self.own, self.is_settled = own, is_settled
        found = []
        for effect, target, before in zip(self.effects, self.targets, self.before):
            operands = self.operands(effect, target)
            if effect[0] in ("set-item", "set-attribute") and self.entry(effect, target) is before:
                # It has been so: the statement may have gone another way here than at run time.
                value = self.operand(effect[3][-1])
                if not is_equal_data(before, value):
                    return None
            if operands is None or any(is_unknown(operand) for operand in operands):
                return None
            place = (effect[2][1], tuple(effect[2][2]))
            found.append(Effect(effect[0], effect[1], place, operands))
        is_complete = not any(self.arguments.values()) and not any(added for _, _, added in self.added.values())
        return found if is_complete else None

    def operands(self, effect, target):
        kind, name, _, operands = effect
        if kind == "call" and type(target) is FunctionType:
            calls = self.arguments[id(target)]
            arguments = calls.pop(0) if calls else None
            return arguments if arguments is not None and len(arguments) == len(operands) else None
        if kind == "call":
            return [self.operand(operand) for operand in operands]
        if kind == "add" and type(target) is set:
            added = self.added[id(target)][2]
            return [added.pop(0)] if added else None
        if kind == "append" and type(target) is list:
            place = self.lengths[id(target)]
            self.lengths[id(target)] = place + 1
            return [target[place]] if place < len(target) else None
        if kind == "set-item" and foreign.is_a(target, dict) and self.is_only(effect):
            key = self.key(effect, target)
            return None if key is MISSING else [key, dict.__getitem__(target, key)]
        if kind == "set-attribute" and self.is_only(effect):
            return [self.entry(effect, target)]
        return None

    def key(self, effect, target):
        """The key of an item that is set, as the dictionary holds it."""
        key = self.operand(effect[3][0])
        if key is MISSING:
            new = [held for held in dict.keys(target) if id(held) not in self.keys.get(id(target), ())]
            return new[0] if len(new) == 1 else MISSING
        return next((held for held in dict.keys(target) if held is key or is_equal_data(held, key)), MISSING)

    def entry(self, effect, target):
        """What is there of an attribute or item that the effect sets."""
        kind, name = effect[:2]
        if kind == "set-attribute" and type(target) is FunctionType:
            held = FunctionType.__dict__.get(name)
            return foreign.dict_of(target).get(name, MISSING) if held is None else held.__get__(target)
        if kind == "set-attribute":
            return foreign.raw(target, name)
        if kind == "set-item" and foreign.is_a(target, dict):
            key = self.key(effect, target)
            return MISSING if key is MISSING else dict.__getitem__(target, key)
        return None

    def is_only(self, effect):
        """Whether no other effect of the statement changes the same entry."""
        same = [
            other for other in self.effects
            if other[:3] == effect[:3] and (effect[0] != "set-item" or other[3][0] == effect[3][0] or other[3][0] is None)
        ]
        return len(same) == 1

    def operand(self, operand):
        if operand is None:
            return MISSING
        if operand[0] == "data":
            return data(operand[1])
        _, module, names = operand
        if module == self.own and not (len(names) == 1 and self.is_settled(names[0])):
            return MISSING
        return foreign.walk(module, names)


def arguments_of(frame):
    """What a function of positional parameters was given, as far as it has not bound the names anew."""
    values, code = frame.f_locals, frame.f_code
    return [values.get(name) for name in code.co_varnames[:code.co_argcount]]


def set_profile(function):
    contexts.append(FREE)
    try:
        sys.setprofile(function)
    finally:
        contexts.pop()


def look_up(target):
    """The object that a place leads to."""
    if target is None or target[0] != "place":
        return MISSING
    value = foreign.walk(target[1], target[2])
    return MISSING if type(value) is Placeholder else foreign.original(value)


def is_unknown(value):
    return value is MISSING or type(value) is Placeholder


def is_equal_data(one, other):
    return type(one) is type(other) and type(one) in (str, int, bytes, bool) and one == other


def data(text):
    """The value of a literal; MISSING for anything else."""
    constants = {"None": None, "True": True, "False": False}
    if text in constants:
        return constants[text]
    contexts.append(FREE)
    try:
        code = compile(text, "<lyo>", "eval", dont_inherit=True)
    except (SyntaxError, ValueError):
        return MISSING
    finally:
        contexts.pop()
    # A literal is one constant, which the code does nothing but return.
    if code.co_names or len(code.co_consts) != 1 or type(code.co_consts[0]) not in (str, int, bytes):
        return MISSING
    return code.co_consts[0]
