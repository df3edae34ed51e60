"""Turns a namespace into nodes: plain tuples that mirror `artifact::model::Node`.

Every object is made into one node; what can't be reproduced exactly raises `Unsupported`.
"""

import builtins
import gc
import marshal
import opcode
import sys

from lyo_harvest import classes, construct, sets
from lyo_harvest.atoms import ATOMS, Atoms, BuiltinMethodType
from lyo_harvest.foreign import (
    BUILTIN_NAMES, MISSING, UNNAMED_TYPES, FunctionType, ModuleType, Names, is_a, original, raw,
    raw_dict, walk,
)
from lyo_harvest.record import Unsupported
from lyo_harvest.refuse import Placeholder, origin_of

CodeType = type((lambda: None).__code__)
CellType = type((lambda value: (lambda: value))(0).__closure__[0])
MethodType = type((lambda value: value).__get__(0))
MappingProxyType = type(type.__dict__)
EMPTY = ()
MethodWrapperType = type(object().__str__)
GetSetDescriptorType = type(FunctionType.__code__)
MemberDescriptorType = type(FunctionType.__globals__)

DELETE_GLOBAL = opcode.opmap["DELETE_GLOBAL"]
BUILTINS = frozenset(vars(builtins))

for name in ("opcode", "_opcode_metadata"):  # they are modules that a bundle may hold
    sys.modules.pop(name, None)

IMPORT_ATTRIBUTES = ("__name__", "__package__", "__file__", "__cached__", "__path__", "__spec__", "__loader__")

CONSTANTS = 9  # their place in the node of a code object

OPTIMIZED = 1  # CO_OPTIMIZED: of a function, not of a class body


class Walker:
    def __init__(self, module, code, made, imported, modules, loaded, fillings):
        self.module = module
        self.fillings = fillings  # (path, whether it is a copy, items) of sets, from the analysis
        self.namespace = raw_dict(module)
        self.code = code
        self.made = {id(value) for generation in made for value in generation}
        self.executed = frozenset()  # ids of what the module made: if not in `made`, by statements that are executed
        # The collector lists objects in the order in which they were made.
        classes_made = [value for generation in made for value in generation if is_a(value, type)]
        self.class_order = {id(value): place for place, value in enumerate(classes_made)}
        self.deletes_globals = deletes_globals(code)
        self.generations = made
        self.imported = imported  # id -> name that an import bound for good
        self.bound = None  # names that imports have bound when the value is needed; None: all of them
        self.add_import_attributes()
        self.folder = self.namespace["__file__"].rpartition("/")[0] or "/"
        self.nodes = []
        self.memo = {}  # id -> (node number, the object, so that its id stays its own)
        self.constants = set()  # ids of what lies in the module's own code tree
        self.constant_sequences = []
        self.qualified_names = {}  # id of a text that a class body holds as its own qualified name -> that name
        self.attributes = set()  # names of attributes of instances
        self.kept = {}  # id -> an object, and a container that was described with it
        self.empty_annotations = {}  # id of a dictionary -> (node number of the function whose it is, the dictionary)
        self.index_constants(code)
        self.names = Names(modules, loaded)
        self.tree = None  # of the source
        self.displays = None  # in it, once they were looked for
        self.atoms = Atoms(self)
        self.own_name = None
        self.generated = []  # (node number, code object that is not in the module's tree)
        self.registered = set()  # ids of classes that a replayed effect registers with an ABC
        self.code_names = {}  # id of a function's name -> (node of its code, attribute that holds it)
        self.wrapped_by_class = {}  # id of a method that `type.__new__` wrapped -> (class, name)

    def add_import_attributes(self):
        """What the import system gives the module is read from it, not baked in."""
        for attribute in IMPORT_ATTRIBUTES:
            value = self.namespace.get(attribute)
            if value is not None:
                self.imported.setdefault(id(value), attribute)

    def save(self):
        """Everything that describing values adds to, for `restore`."""
        return (
            list(self.nodes), set(self.made), dict(self.memo), self.atoms.save(), self.own_name,
            list(self.generated), dict(self.code_names), dict(self.wrapped_by_class), set(self.attributes),
            dict(self.kept), dict(self.empty_annotations),
        )

    def restore(self, saved):
        (self.nodes, self.made, self.memo, atoms, self.own_name, self.generated, self.code_names,
         self.wrapped_by_class, self.attributes, self.kept, self.empty_annotations) = saved
        self.atoms.restore(atoms)

    # ---- constants of the module's own code tree

    def index_constants(self, code):
        if id(code) in self.constants:
            return
        self.constants.add(id(code))
        for constant in code.co_consts:
            self.index_constant(constant)
            if type(constant) is str and constant == code.co_qualname and not code.co_flags & OPTIMIZED:
                # A code object interns its qualified name, which a class body holds as a constant too.
                self.qualified_names[id(constant)] = code.co_qualname

    def index_constant(self, constant):
        kind = type(constant)
        if kind is CodeType:
            self.index_constants(constant)
        elif kind is tuple:
            if constant and id(constant) not in self.constants:
                self.constants.add(id(constant))
                self.constant_sequences.append(constant)
                for item in constant:
                    self.index_constant(item)
        elif kind is frozenset:
            self.constants.add(id(constant))
            self.constant_sequences.append(constant)
        elif not self.is_shared_by_value(constant):
            self.constants.add(id(constant))
        if kind is str:
            self.constant_sequences.append(constant)

    def constant(self, value):
        """The node of something that lies in the module's own code tree, a code object perhaps."""
        kind = type(value)
        if kind is CodeType:
            return self.own_code(value)
        if kind is tuple:
            return self.add(("tuple", tuple([self.node(item) for item in value])))
        if kind is frozenset:
            return self.add(("frozenset", tuple([self.node(item) for item in sets.unmarshalled_order(value)])))
        if kind is str:
            # From 3.13 on, loading a code object interns its qualified name.
            qualified = self.qualified_names.get(id(value), value) if sys.version_info >= (3, 13) else value
            return self.add_text(value) if qualified is value else self.node(qualified)
        return self.atom(value)

    def own_code(self, code, constants=None):
        """A code object by its parts: constants are nodes, so that what several share stays shared."""
        nodes = lambda items: tuple([self.node(item) for item in items])
        return self.add((
            "code", code.co_argcount, code.co_posonlyargcount, code.co_kwonlyargcount, code.co_stacksize,
            code.co_flags, code.co_firstlineno, self.node(code.co_name), self.node(code.co_qualname),
            nodes(code.co_consts if constants is None else constants), nodes(code.co_names), nodes(code.co_varnames), nodes(code.co_freevars),
            nodes(code.co_cellvars), code.co_code, code.co_linetable, code.co_exceptiontable,
        ))

    def defer_constants(self, code_node, places):
        """Leaves constants of a code object out until the code asks for them."""
        node = list(self.nodes[code_node])
        constants = list(node[CONSTANTS])
        for place in places:
            constants[place] = self.add(("deferred", constants[place]))
        node[CONSTANTS] = tuple(constants)
        self.nodes[code_node] = tuple(node)

    @staticmethod
    def is_shared_by_value(value):
        """Whether every equal value is the same object in the whole process."""
        kind = type(value)
        if value is None or value is Ellipsis or value is NotImplemented or kind is bool:
            return True
        if kind is int:
            return -5 <= value <= 256
        if kind is str:
            return is_interned(value)
        if kind is bytes:
            return len(value) <= 1
        return kind is tuple and not value

    # ---- nodes

    def add(self, node):
        self.nodes.append(node)
        return len(self.nodes) - 1

    def reserve(self, value):
        """A number for a node whose parts come later."""
        number = self.add(None)
        self.memo[id(value)] = (number, value)
        return number

    def text(self, value):
        """The node of a string that the interpreter interns."""
        return self.node(sys.intern(value) if type(value) is str else value)

    def node(self, value):
        known = self.memo.get(id(value))
        if known is not None:
            if id(value) in self.code_names:
                self.share_code_name(value, known[0])
            return known[0]
        number = self.make(value)
        self.memo[id(value)] = (number, value)
        return number

    def make(self, value):
        kind = type(value)
        if kind is Placeholder:
            return self.placeholder(value)
        value = original(value)
        if value is self.module:
            return self.add(("this-module",))
        if not self.is_shared_by_value(value):
            if id(value) in self.constants:
                return self.constant(value)
            name = self.imported.get(id(value))
            if name is not None:
                if self.bound is not None and name not in self.bound:
                    raise Unsupported(f"holds what the module imports later, as {name}")
                self.atoms.note(value)
                return self.add(("name", name))
            if kind in ATOMS:
                number = self.atoms.node(value)
                if number is not None:
                    return number
        maker = MAKERS.get(kind)
        if maker is not None:
            return maker(self, value)
        if is_a(value, ModuleType):
            return self.external(value)
        if is_a(value, BuiltinMethodType):
            return self.builtin_method(value)
        if is_a(value, type):
            return self.made_class(value)
        return self.instance(value)

    def placeholder(self, value):
        name = self.imported.get(id(value))
        if name is not None:
            return self.add(("name", name))
        module, name = origin_of(value)
        return self.add(("external", module, (name,)))

    def may_wait(self, name):
        """Whether a global name may be bound when it is first touched, whatever its value."""
        is_special = name.startswith("__") and name.endswith("__")
        return not is_special and name not in BUILTINS and not self.deletes_globals

    def is_made(self, value):
        return id(value) in self.made

    def external(self, value, wanted=True):
        """The node of an object that another module made; None if not wanted at any price."""
        builtin = BUILTIN_NAMES.get(id(value))
        if builtin is not None:
            return self.add(("builtin", builtin))
        type_name = UNNAMED_TYPES.get(id(value))
        if type_name is not None:
            return self.add(("external", "lyo._native", ("types", type_name)))
        found = self.names.find(value)
        if found is not None:
            self.atoms.note(value)
            return self.add(("external", found[0], found[1]))
        if type(value) is FunctionType:
            found = self.names.find_wrapped(value)
            if found is not None:
                holder = self.add(("external", found[0], found[1]))
                return self.get_attribute(holder, found[2])
        if gc.is_tracked(value) or wanted:
            found = self.names.find_item(value)
            if found is not None:
                module, path, key = found
                self.atoms.note(value)
                return self.construct(
                    self.add(("external", "builtins", ("dict", "__getitem__"))),
                    self.add(("external", module, path)), self.text(key),
                )
        if wanted:
            raise Unsupported(f"refers to {describe(value)}, which has no name in its module")
        return None

    # ---- what is read at run time

    def construct(self, callable_node, *arguments):
        return self.add(("construct", {
            "callable": callable_node, "arguments": arguments, "keywords": (), "dict": None, "fresh": False,
        }))

    def get_attribute(self, node, name):
        """`getattr` of an object of a C type."""
        return self.construct(self.add(("builtin", "getattr")), node, self.text(name))

    def item_of(self, node, place):
        """An item of a tuple."""
        return self.construct(self.add(("external", "builtins", ("tuple", "__getitem__"))), node, self.node(place))

    # ---- data

    def atom(self, value):
        kind = type(value)
        if value is None:
            return self.add(("none",))
        if kind is bool:
            return self.add(("true",) if value else ("false",))
        if value is Ellipsis:
            return self.add(("ellipsis",))
        if value is NotImplemented:
            return self.add(("not-implemented",))
        if kind is int:
            return self.add(("int", value.to_bytes((value.bit_length() + 8) // 8, "little", signed=True)))
        if kind is float:
            return self.add(("float", value))
        if kind is complex:
            return self.add(("complex", value.real, value.imag))
        if kind is str:
            if self.folder in value:
                raise Unsupported("a text that depends on where the file lies")
            return self.add_text(value)
        return self.add(("bytes", value))

    def add_text(self, value, interned=False):
        return self.add(("str", value.encode("utf-8", "surrogatepass"), interned or is_interned(value)))

    def foreign_container(self, value):
        """The node of a container that lives in another module, or None if it is this module's own."""
        if self.is_made(value):
            return None
        if gc.is_tracked(value):
            return self.external(value)
        # Untracked: atoms only; nobody can tell by the collector who made it.
        return self.external(value, wanted=False)

    def sequence(self, value):
        kind = type(value)
        if kind is not tuple:
            foreign = self.foreign_container(value)
        else:
            # An equal copy does where the other module has no name for it.
            foreign = None if self.is_made(value) or not value else self.external(value, wanted=False)
        if foreign is not None:
            return foreign
        self.refuse_kept(value)
        number = self.reserve(value)
        items = tuple([self.node(item) for item in value])
        self.nodes[number] = ("tuple" if kind is tuple else "list", items)
        return number

    def dictionary(self, value):
        foreign = self.foreign_dict(value)
        if foreign is not None:
            return foreign
        self.refuse_kept(value)
        number = self.reserve(value)
        self.nodes[number] = ("dict", self.items(value))
        return number

    def foreign_dict(self, value):
        if not self.is_made(value):
            name = value.get("__name__") if len(value) > 3 else None
            module = sys.modules.get(name) if type(name) is str else None
            if is_a(module, ModuleType) and raw_dict(module) is value:
                return self.get_attribute(self.node(module), "__dict__")
            return self.foreign_container(value)
        return None

    def refuse_kept(self, value):
        keeper = self.keeper(value)
        if keeper is not None:
            raise Unsupported(f"holds the very {type(value).__name__} that {describe(keeper)} keeps")

    def keeper(self, container):
        """The object that was described as the one that keeps a container, if there is one."""
        return None if container is EMPTY else self.kept.get(id(container), (None,))[0]

    def attribute_items(self, owner, mapping):
        """The items of an instance's `__dict__`."""
        self.attributes.update(key for key in mapping if type(key) is str)
        return self.own_items(owner, mapping)

    def own_items(self, owner, mapping):
        """The items of an object's `__dict__`."""
        self.claim(owner, mapping)
        return self.items(mapping)

    def claim(self, owner, *containers):
        """Dictionaries and tuples that are made together with the object that keeps them: nothing else can hold them."""
        for container in containers:
            keeper = self.kept.setdefault(id(container), (owner, container))[0]
            if container is not EMPTY and (keeper is not owner or id(container) in self.memo):
                raise Unsupported(f"a {type(container).__name__} that {describe(owner)} keeps is held by something else, too")

    def items(self, mapping):
        return tuple([(self.node(key), self.node(value)) for key, value in mapping.items()])

    def text_items(self, mapping):
        result = []
        for key, value in mapping.items():
            if type(key) is not str:
                raise Unsupported(f"a namespace with the key {describe(key)}")
            result.append((key, self.node(value)))
        return tuple(result)

    def set(self, value):
        foreign = self.foreign_container(value) if type(value) is set else None
        if foreign is not None:
            return foreign
        number = self.reserve(value)
        self.nodes[number] = sets.describe(self, value)
        return number

    def byte_array(self, value):
        return self.add(("bytearray", bytes(value)))

    def range(self, value):
        return self.add(("range", self.node(value.start), self.node(value.stop), self.node(value.step)))

    def slice(self, value):
        return self.add(("slice", self.node(value.start), self.node(value.stop), self.node(value.step)))

    def mapping_proxy(self, value):
        if not self.is_made(value):
            return self.external(value)
        return self.add(("mapping-proxy", self.node(gc.get_referents(value)[0])))

    # ---- functions

    def code_object(self, value, module_name=None):
        """A code object that is not in the module's own tree."""
        known = self.memo.get(id(value))
        if known is not None:
            return known[0]
        if type(module_name) is str:
            found = self.names.find_code(value, module_name) if module_name in self.names.loaded else None
            if found is not None:
                path, constants = found
                function = self.add(("external", module_name, path))
                number = self.add(("code-of", function, constants))
                self.memo[id(value)] = (number, value)
                self.atoms.note_code(value)
                return number
        number = self.add(None)
        self.memo[id(value)] = (number, value)
        self.generated.append((number, value))
        return number

    def finish(self):
        """What can be told at the end only: texts that were interned meanwhile, empty annotations that something else holds
        too, and generated code objects, those that share constants marshalled together."""
        for number, value in self.memo.values():
            node = self.nodes[number]
            if node is not None and node[0] in ("name", "external") and is_hashed_in_c(value):
                self.nodes[number] = (*node, True)
            if type(value) is not str or self.nodes[number][0] != "str":
                continue
            # `setattr` interns a constant, or finds the text that an earlier run of the module has left interned.
            is_attribute = id(value) in self.constants and value in self.attributes
            if is_attribute or is_interned(value):
                self.nodes[number] = (*self.nodes[number][:2], True)
        for number, annotations in self.empty_annotations.values():
            if id(annotations) in self.memo:
                kind, parts = self.nodes[number]
                self.nodes[number] = (kind, {**parts, "annotations": self.node(annotations)})
        groups = []  # [ids of constants, [(number, code)]]
        for number, code in self.generated:
            identities, members = constant_ids(code), [(number, code)]
            for group in [group for group in groups if not group[0].isdisjoint(identities)]:
                identities |= group[0]
                members = group[1] + members
                groups.remove(group)
            groups.append((identities, members))
        for _, members in groups:
            if len(members) == 1:
                number, code = members[0]
                self.nodes[number] = ("code-blob", marshal.dumps(code))
                continue
            together = self.add(("code-blob", marshal.dumps(tuple([code for _, code in members]))))
            take = self.add(("external", "builtins", ("tuple", "__getitem__")))
            for place, (number, _) in enumerate(members):
                self.nodes[number] = self.nodes[self.construct(take, together, self.node(place))]

    def function(self, value):
        own = value.__globals__ is self.namespace
        if not own and not self.is_made(value):
            return self.external(value)
        if own and not self.is_made(value):
            raise Unsupported(f"holds {describe(value)}, made before the module ran")
        number = self.reserve(value)
        code = value.__code__
        globals_module = raw_name(value.__globals__)
        if id(code) in self.constants:
            code_node = self.node(code)
        else:
            code_node = self.code_object(code, None if own else globals_module)
        globals_node = None
        if not own:
            home = sys.modules.get(globals_module)
            if is_a(home, ModuleType) and raw_dict(home) is value.__globals__:
                globals_node = self.external(home)
            elif self.is_made(value.__globals__):
                globals_node = self.node(value.__globals__)
            else:
                raise Unsupported(f"{describe(value)} has a namespace that can't be named")
        for mine, of_code in ((value.__name__, code.co_name), (value.__qualname__, code.co_qualname)):
            if mine == of_code and mine is not of_code and not is_interned(mine):
                raise Unsupported(f"{describe(value)} was given a name that equals that of its code")
        if not own and value.__closure__:
            self.note_default_values(value, globals_module)
        self.claim(value, value.__closure__ or EMPTY)
        closure = tuple([self.node(cell) for cell in value.__closure__ or ()])
        annotations = value.__annotations__
        self.made.add(id(annotations))  # made by reading it, and kept by the function
        self.nodes[number] = (
            "function",
            {
                "code": code_node,
                "globals": globals_node,
                "name": self.function_name(value.__name__, code, code_node, "co_name"),
                "qualname": self.function_name(value.__qualname__, code, code_node, "co_qualname"),
                "doc": self.node(value.__doc__),
                "module": self.module_name(value.__module__),
                "defaults": self.defaults(value.__defaults__, None if own else globals_module),
                "keyword_defaults": self.optional(value.__kwdefaults__),
                "closure": closure,
                "annotations": self.annotations(number, annotations),
                "type_params": self.optional(getattr(value, "__type_params__", None) or None),
                "dict": self.own_items(value, value.__dict__),
            },
        )
        return number

    def annotations(self, function, annotations):
        """None of a function's: a dictionary that is made when somebody asks. Others may hold the very one."""
        if annotations or id(annotations) in self.memo:
            return self.node(annotations)
        first, _ = self.empty_annotations.setdefault(id(annotations), (function, annotations))
        return None if first == function else self.node(annotations)

    def defaults(self, value, module_name):
        """A function's `__defaults__`: where all are constants, the very tuple that the code around it holds."""
        known = self.memo.get(id(value))
        if known is None and value and type(module_name) is str and module_name in self.names.loaded:
            found = self.names.find_code(value, module_name)
            if found is not None:
                path, constants = found
                around = self.add(("code-of", self.add(("external", module_name, path)), constants[:-1]))
                number = self.item_of(self.get_attribute(around, "co_consts"), constants[-1])
                self.memo[id(value)] = (number, value)
        return self.optional(value)

    def note_default_values(self, value, module_name):
        """What a closure captured of the function around it may be a value that this takes by default: the very object."""
        if type(module_name) is not str or module_name not in self.names.loaded:
            return
        found = self.names.find_code(value.__code__, module_name)
        around = None if found is None else walk(module_name, found[0])
        if type(around) is not FunctionType:
            return
        values = around.__defaults__ or ()
        contents = map(cell_content, value.__closure__)
        captured = [id(content) for content in contents if type(content) in (str, bytes, float)]
        for place, default in enumerate(values):
            if id(default) in captured and id(default) not in self.memo and not self.is_shared_by_value(default):
                defaults = self.get_attribute(self.add(("external", module_name, found[0])), "__defaults__")
                number = self.item_of(defaults, place)
                self.memo[id(default)] = (number, default)

    def function_name(self, value, code, code_node, attribute):
        """A function's `__name__` or `__qualname__`: as a rule the very string that its code holds."""
        if getattr(code, attribute) is not value or id(code) in self.constants or self.is_shared_by_value(value):
            return self.node(value)
        known = self.memo.get(id(value))
        if known is None:
            number = self.add(("str", value.encode("utf-8", "surrogatepass"), False))
            self.memo[id(value)] = (number, value)
            self.code_names[id(value)] = (code_node, attribute)
            return number
        if id(value) not in self.code_names and self.nodes[known[0]][0] == "str":
            self.code_names[id(value)] = (code_node, attribute)
            self.share_code_name(value, known[0])
        return known[0]

    def share_code_name(self, value, number):
        """Something else than the function holds the name too: it is read from the code."""
        code_node, attribute = self.code_names[id(value)]
        if self.nodes[number][0] == "str":
            self.nodes[number] = self.nodes[self.get_attribute(code_node, attribute)]

    def module_name(self, value):
        """`__module__` of a function or class: the very `__name__` of its module."""
        if value is not self.namespace["__name__"]:
            return self.node(value)
        if self.own_name is None:
            self.own_name = self.add(("name", "__name__"))
        return self.own_name

    def optional(self, value):
        return None if value is None else self.node(value)

    def cell(self, value):
        number = self.reserve(value)
        content = cell_content(value)
        self.nodes[number] = ("cell", None if content is MISSING else self.node(content))
        return number

    def property(self, value):
        if not self.is_made(value):
            return self.external(value)
        number = self.reserve(value)
        getter = value.fget
        doc = value.__doc__
        from_getter = doc is None and getter is None or type(getter) is FunctionType and doc is getter.__doc__
        self.nodes[number] = (
            "property", self.node(getter), self.node(value.fset), self.node(value.fdel), self.node(doc), from_getter
        )
        return number

    def wrapped_method(self, value):
        if not self.is_made(value):
            return self.external(value)
        wrapped_by_class = self.wrapped_by_class.get(id(value))
        if wrapped_by_class is not None:
            return self.add(("attribute", self.node(wrapped_by_class[0]), wrapped_by_class[1]))
        number = self.reserve(value)
        kind = type(value)
        changed = self.changed_in_wrapper(value, kind)
        if changed:
            # Copied when it was wrapped, and the function changed afterwards.
            self.nodes[number] = self.wrapper_made_by(self.add(("builtin", kind.__name__)), value, changed)
            return number
        self.nodes[number] = ("static-method" if kind is staticmethod else "class-method", self.node(value.__func__))
        return number

    def changed_in_wrapper(self, value, kind):
        """The attributes of a `staticmethod` or `classmethod` that are not those which it takes over from its function."""
        fresh, present = kind(value.__func__).__dict__, value.__dict__
        self.claim(value, present)
        if list(fresh) != list(present):
            raise Unsupported(f"{describe(value)} has attributes of its own")
        return {name: present[name] for name in fresh if not same(fresh[name], present[name])}

    def wrapper_made_by(self, maker, value, changed):
        return ("construct", {
            "callable": maker, "arguments": (self.node(value.__func__),), "keywords": (),
            "dict": self.items(changed) if changed else None, "fresh": False,
        })

    def bound_method(self, value):
        if not self.is_made(value):
            found = self.external(value, wanted=False)
            if found is not None:
                return found
        return self.add(("bound-method", self.node(value.__func__), self.node(value.__self__)))

    def builtin_method(self, value):
        """A C function, or a method of a C type bound to an object."""
        found = self.external(value, wanted=False)
        if found is not None:
            return found
        receiver = value.__self__
        path = tuple(value.__qualname__.split("."))
        holder = walk("builtins", path)
        if is_a(holder, staticmethod) and holder.__func__ is value:
            return self.get_attribute(self.add(("external", "builtins", path)), "__func__")
        if receiver is None or is_a(receiver, ModuleType):
            raise Unsupported(f"refers to {describe(value)}, which has no name in its module")
        kind = receiver if is_a(receiver, type) else type(receiver)
        if classes.is_python_made(self, kind):
            raise Unsupported(f"holds {describe(value)}, bound to an instance of a Python class")
        return self.get_attribute(self.node(receiver), value.__name__)

    def descriptor(self, value):
        owner = value.__objclass__
        if self.is_made(owner):
            return self.add(("attribute", self.node(owner), value.__name__))
        return self.external(value)

    # ---- classes and instances

    def made_class(self, value):
        if not self.is_made(value):
            return self.external(value)
        number = self.reserve(value)
        self.note_texts_of_metaclass(value)
        may_wait = classes.may_wait(value)
        self.nodes[number] = ("class", classes.describe(self, value, may_wait), self.class_order[id(value)], may_wait)
        return number

    def note_texts_of_metaclass(self, value):
        """Texts that the code of the metaclass has put into the class are the very constants of that code."""
        contents = type.__dict__["__dict__"].__get__(value).values()
        texts = [text for text in contents if type(text) is str and not self.is_shared_by_value(text)]
        texts = [text for text in texts if id(text) not in self.constants and id(text) not in self.memo]
        for metaclass in type.__dict__["__mro__"].__get__(type(value)) if texts else ():
            module = type.__dict__["__dict__"].__get__(metaclass).get("__module__")
            if type(module) is not str or module not in self.names.loaded:
                continue
            for text in texts:
                found = self.names.find_code(text, module)
                if found is not None:
                    path, constants = found
                    number = self.add(("code-of", self.add(("external", module, path)), constants))
                    self.memo[id(text)] = (number, text)

    def instance(self, value):
        found = construct.describe(self, value)
        if found is not None:
            return found
        if not self.is_made(value):
            if gc.is_tracked(value) and not classes.is_value(value):
                found = self.external(value, wanted=False)
                return classes.flag_member(self, value) if found is None else found
            found = self.external(value, wanted=False)
            if found is not None:
                return found
        elif classes.is_flag(type(value)) and not self.is_made(type(value)):
            return classes.flag_member(self, value)
        self.atoms.note_methods(type(value))
        number = self.reserve(value)
        self.nodes[number] = classes.describe_instance(self, value)
        return number


def deletes_globals(code):
    """Whether a function of a code tree may delete a global name."""
    return DELETE_GLOBAL in code.co_code[::2] or any(
        deletes_globals(constant) for constant in code.co_consts if type(constant) is CodeType
    )


def constant_ids(code):
    """Ids of the constants in a code object's tree that have an identity of their own."""
    found = {id(code)}
    for constant in code.co_consts:
        if type(constant) is CodeType:
            found |= constant_ids(constant)
        elif not Walker.is_shared_by_value(constant):
            found.add(id(constant))
    return found


def is_hashed_in_c(value):
    """Whether hashing the value, and comparing it with others, runs no Python code."""
    kind = type(value)
    slot = type(object.__hash__)
    is_simple = any(is_a(value, other) for other in (type, FunctionType, BuiltinMethodType, int, str, bytes))
    return is_simple and type(raw(kind, "__hash__")) is slot and type(raw(kind, "__eq__")) is slot


def same(left, right):
    return left is right or type(left) is str and type(right) is str and left == right


def is_interned(text):
    if len(text) <= 1:
        return not text or ord(text) < 256
    copy = text[:1] + text[1:]
    return copy is text or sys.intern(copy) is text


def raw_name(namespace):
    name = namespace.get("__name__")
    return name if type(name) is str else None



def cell_content(cell):
    """What a cell holds, or MISSING."""
    try:
        return cell.cell_contents
    except ValueError:
        return MISSING


def describe(value):
    """A short text that runs no code of the value's."""
    kind = type(value)
    if kind in (str, bytes, int, float):
        return repr(value)[:60]
    kind_name = type.__dict__["__qualname__"].__get__(kind)
    kind_module = raw(kind, "__module__")
    prefix = f"{kind_module}." if type(kind_module) is str and kind_module != "builtins" else ""
    if is_a(value, type):
        return f"the class {type.__dict__['__qualname__'].__get__(value)}"
    if kind in (FunctionType, BuiltinMethodType):
        return f"the function {value.__qualname__}"
    if is_a(value, ModuleType):
        return f"the module {raw(value, '__name__')}"
    return f"an object of type {prefix}{kind_name}"


MAKERS = {
    type(None): Walker.atom, bool: Walker.atom, type(Ellipsis): Walker.atom, type(NotImplemented): Walker.atom,
    int: Walker.atom, float: Walker.atom, complex: Walker.atom, str: Walker.atom, bytes: Walker.atom,
    tuple: Walker.sequence, list: Walker.sequence, dict: Walker.dictionary,
    set: Walker.set, frozenset: Walker.set, bytearray: Walker.byte_array,
    range: Walker.range, slice: Walker.slice, MappingProxyType: Walker.mapping_proxy,
    CodeType: Walker.code_object, FunctionType: Walker.function, CellType: Walker.cell,
    property: Walker.property, staticmethod: Walker.wrapped_method, classmethod: Walker.wrapped_method,
    MethodType: Walker.bound_method, BuiltinMethodType: Walker.builtin_method,
    MethodWrapperType: Walker.builtin_method,
    GetSetDescriptorType: Walker.descriptor, MemberDescriptorType: Walker.descriptor,
    type(str.upper): Walker.descriptor, type(object.__init__): Walker.descriptor,
    type(dict.__dict__["fromkeys"]): Walker.descriptor,
}
