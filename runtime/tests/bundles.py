"""A second writer of the bundle format, from `docs/artifact-format.md`: tests build bundles with it.

An image is written down as Python: nodes are tuples, made by the functions below, and referred to
by the ids that `Image.node` gives.
"""

import importlib.util
import marshal
import os
import struct
import sys
import types

from blake3 import blake3
from xxh3 import xxh3

MAGIC = b"\x89LYO\r\n\x1a\n"
ABSENT = 0xFFFFFFFF
FLAG, HAS_DICT = 1 << 8, 1 << 9


def word(value):
    return struct.pack("<I", value)


def long(value):
    return struct.pack("<Q", value)


def padded(data):
    return data + bytes(-len(data) % 4)


def blob(data):
    if isinstance(data, str):
        data = data.encode("utf-8", "surrogatepass")
    return word(len(data)) + padded(data)


def option(node):
    return word(ABSENT if node is None else node)


def ids(nodes):
    return word(len(nodes)) + b"".join(map(word, nodes))


def pairs(items):
    return word(len(items)) + b"".join(word(key) + word(value) for key, value in items)


def named(items):
    return word(len(items)) + b"".join(word(node) + blob(name) for name, node in items)


def texts(names):
    return word(len(names)) + b"".join(map(blob, names))


TAGS = {
    name: tag
    for tag, name in enumerate(
        "none true false ellipsis not_implemented int float complex str bytes bytearray tuple list dict set "
        "frozenset set_copy frozenset_copy range slice mappingproxy code code_blob function cell class "
        "property staticmethod classmethod bound_method instance construct name attribute this_module "
        "external builtin code_of deferred".split()
    )
}


class Image:
    """Nodes, operations and guards, in the order in which they are added."""

    def __init__(self):
        self.nodes, self.operations, self.guards = [], [], []

    def _add(self, kind, body=b"", flags=0):
        self.nodes.append(word(TAGS[kind] | flags) + body)
        return len(self.nodes) - 1

    def reserve(self):
        """An id for a node that is given later, with `put`."""
        self.nodes.append(None)
        return len(self.nodes) - 1

    def put(self, reserved, node):
        """Moves the last node to a reserved id."""
        assert node == len(self.nodes) - 1
        self.nodes[reserved] = self.nodes.pop()
        return reserved

    def value(self, value):
        """A node for plain data."""
        if value is None or isinstance(value, bool) or value is Ellipsis:
            return self._add({None: "none", True: "true", False: "false", Ellipsis: "ellipsis"}[value])
        if isinstance(value, int):
            size = value.bit_length() // 8 + 1
            return self._add("int", blob(value.to_bytes(size, "little", signed=True)))
        if isinstance(value, float):
            return self._add("float", struct.pack("<d", value))
        if isinstance(value, complex):
            return self._add("complex", struct.pack("<dd", value.real, value.imag))
        if isinstance(value, str):
            return self._add("str", blob(value), FLAG if value.isidentifier() else 0)
        if isinstance(value, (bytes, bytearray)):
            return self._add(type(value).__name__, blob(bytes(value)))
        if isinstance(value, (tuple, list, set, frozenset)):
            return self._add(type(value).__name__, ids([self.value(item) for item in value]))
        if isinstance(value, dict):
            return self._add("dict", pairs([(self.value(key), self.value(item)) for key, item in value.items()]))
        raise TypeError(type(value))

    def sequence(self, kind, nodes):
        return self._add(kind, ids(nodes))

    def dict(self, items):
        return self._add("dict", pairs(items))

    def of(self, kind, *nodes):
        """A node that consists of other nodes: range, slice, property parts, staticmethod, …"""
        return self._add(kind, b"".join(map(word, nodes)))

    def cell(self, content):
        return self._add("cell", option(content))

    def code(self, code):
        """A code object; nested ones and plain constants are made nodes."""
        numbers = (
            code.co_argcount, code.co_posonlyargcount, code.co_kwonlyargcount, code.co_stacksize, code.co_flags,
            code.co_firstlineno, self.value(code.co_name), self.value(code.co_qualname),
        )
        constants = [self.code(c) if isinstance(c, types.CodeType) else self.value(c) for c in code.co_consts]
        lists = [[self.value(name) for name in names]
                 for names in (code.co_names, code.co_varnames, code.co_freevars, code.co_cellvars)]
        bodies = (code.co_code, code.co_linetable, code.co_exceptiontable)
        return self._add("code", b"".join(map(word, numbers)) + b"".join(map(ids, [constants, *lists])) + b"".join(map(blob, bodies)))

    def builtin(self, name):
        return self._add("builtin", blob(name))

    def name(self, name):
        return self._add("name", blob(name))

    def this_module(self):
        return self._add("this_module")

    def attribute(self, node, name):
        return self._add("attribute", word(node) + blob(name))

    def external(self, module, *path):
        return self._add("external", blob(module) + texts(path))

    def function(self, code, function, *, globals=None, defaults=None, keyword_defaults=None, closure=(),
                 annotations=None, dict=()):
        """Names and documentation are those of `function`, an executed one."""
        name, qualname = self.value(function.__name__), self.value(function.__qualname__)
        doc, module = self.value(function.__doc__), self.value(function.__module__)
        head = b"".join(map(word, (code, name, qualname, doc, module)))
        optional = (globals, defaults, keyword_defaults, annotations, None)
        return self._add("function", head + b"".join(map(option, optional)) + ids(closure) + pairs(dict))

    def class_(self, name, bases, namespace, *, metaclass=None, qualname=None, later=(), class_cell=None, abc=False,
               registered=()):
        metaclass = self.builtin("type") if metaclass is None else metaclass
        qualname = self.value(qualname or name)
        body = word(metaclass) + word(qualname) + option(class_cell) + option(None) + blob(name) + ids(bases) + ids(registered)
        return self._add("class", body + named(namespace) + named(later), FLAG if abc else 0)

    def property(self, get):
        nothing = self.value(None)
        return self._add("property", b"".join(map(word, (get, nothing, nothing, nothing))), FLAG)

    def instance(self, class_, *, base_value=None, dict=None, slots=()):
        body = word(class_) + option(base_value) + pairs(dict or ()) + named(slots)
        return self._add("instance", body, 0 if dict is None else HAS_DICT)

    def construct(self, callable, arguments, keywords=()):
        return self._add("construct", word(callable) + ids(arguments) + pairs(()) + named(keywords))

    def store(self, name, node):
        self.operations.append(word(2) + word(node) + blob(name) + ids(()) + ids(()))

    def delete(self, name):
        self.operations.append(word(3) + blob(name))

    def check_guards(self):
        self.operations.append(word(4) + word(0) + word(len(self.guards)))

    def import_(self, module, kind, bound="", *, line=0, level=0):
        """`kind`: top, leaf, names (then `bound` holds pairs), star, nothing, fails."""
        tag = ("top", "leaf", "names", "star", "nothing", "fails").index(kind) + 1
        binding = word(tag)
        if kind == "names":
            binding += word(len(bound)) + b"".join(blob(name) + blob(alias) for name, alias in bound)
        elif kind in ("top", "leaf", "fails"):
            binding += blob(bound)
        self.operations.append(word(1) + word(line) + word(level) + blob(module) + binding)

    def guard(self, module, path, fingerprint, kind=None):
        """`kind`: 1 absent, 2 fingerprint, 3 of the class, 4 the object of a node, 5 absent or fingerprint."""
        kind = word(kind or (1 if fingerprint is None else 2)) + long(fingerprint or 0)
        self.guards.append(kind + blob(module) + texts(path))


def _block(code, reason, image):
    sections = [marshal.dumps(code), reason.encode()]
    if image is None:
        sections += [b""] * 4
    else:
        offsets, position = [], 0
        for node in image.nodes:
            offsets.append(word(position))
            position += len(node)
        sections += [b"".join(part) for part in (offsets, image.nodes, image.operations, image.guards)]
    header, body = b"", b""
    for section in sections:
        header += word(64 + len(body)) + word(len(section))
        body += padded(section)
    header += word(0 if image is None else 2)
    return header.ljust(64, b"\0") + body


class _Pool:
    """Texts behind the fixed part of the directory or of a page."""

    def __init__(self, fixed):
        self.fixed = fixed
        self.data = b""

    def reference(self, text):
        start = self.fixed + len(self.data)
        self.data += text.encode()
        return word(start) + word(len(text.encode()))


def write(path, modules, *, root, **target):
    """`modules`: name -> (source file, image or None)."""
    target = {
        "cache_tag": sys.implementation.cache_tag,
        "version": "%d.%d.%d" % sys.version_info[:3],
        "platform": sys.platform,
        "magic": importlib.util.MAGIC_NUMBER,
        "optimize": sys.flags.optimize,
        **target,
    }
    names = sorted(modules)
    pages = [names[start : start + 32] for start in range(0, len(names), 32)]
    directory_pool = _Pool(40 + 40 * len(pages))
    head = b"".join(map(directory_pool.reference, (target["cache_tag"], target["version"], target["platform"])))
    head += target["magic"] + word(target["optimize"]) + long(0)
    firsts = [directory_pool.reference(page[0]) for page in pages]

    # Blocks right behind the directory here, pages at the end.
    data = bytearray(64 + 40 + 40 * len(pages) + len(directory_pool.data))

    def append(section):
        data.extend(bytes(-len(data) % 16))
        data.extend(section)
        return long(len(data) - len(section)) + long(len(section)) + xxh3(section)

    table = b""
    for page, first in zip(pages, firsts):
        pool = _Pool(120 * len(page))
        records = b""
        for name in page:
            source, image = modules[name]
            with open(source, "rb") as file:
                text = file.read()
            status = os.stat(source)
            is_package = os.path.basename(source) == "__init__.py"
            records += b"".join(map(pool.reference, (name, root, os.path.relpath(source, root), source)))
            records += long(status.st_size) + long(int(status.st_mtime)) + blake3(text)
            code = compile(text, source, "exec", dont_inherit=True)
            records += append(_block(code, "" if image else "plain", image))
            records += word((1 if is_package else 0) | (2 if image else 0)) + word(0)
        table += first + append(records + pool.data)
    data.extend(bytes(-len(data) % 16))
    directory = head + table + directory_pool.data
    header = MAGIC + word(12) + word(0) + long(len(data)) + long(64) + long(len(directory))
    header += word(len(names)) + word(0)
    data[: 64 + len(directory)] = header + xxh3(header + directory) + directory
    with open(path, "wb") as file:
        file.write(data)
    return path
