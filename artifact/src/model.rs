//! What a bundle holds, as plain data: the writer takes it, the reader gives it back.
//!
//! An artifact describes one module: the code object that an ordinary import
//! would run (the fallback, and the home of the module's functions' code), and,
//! for a module that was proven, a graph of nodes (values) and a list of
//! operations that rebuild its namespace without running that code.

/// Index into [`Artifact::nodes`]. Nodes may refer forward (cycles through classes, functions, containers).
pub type NodeId = u32;

/// Facts about the interpreter that a whole bundle was built for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Target {
    /// `sys.implementation.cache_tag`, e.g. `cpython-313`.
    pub cache_tag: String,
    /// `importlib.util.MAGIC_NUMBER`.
    pub magic: [u8; 4],
    /// `sys.version_info` as `major.minor.micro`.
    pub version: String,
    pub platform: String,
    /// `sys.flags.optimize`.
    pub optimize: u8,
}

#[derive(Clone, Debug, PartialEq)]
pub struct Bundle {
    pub target: Target,
    /// Sorted by name; names are unique.
    pub artifacts: Vec<Artifact>,
}

#[derive(Clone, Debug, PartialEq)]
pub struct Artifact {
    /// Dotted name.
    pub name: String,
    pub is_package: bool,
    pub source: Source,
    /// `marshal.dumps` of the module's code object, as in a `.pyc` (without header). Empty where there is an
    /// image: a module that can't be rehydrated after all gets its code from its ordinary loader.
    pub code: Vec<u8>,
    /// Absent: the module travels as plain code.
    pub image: Option<Image>,
    /// Why there is no image, in words for a person.
    pub reason: String,
}

/// Where the source lay when the artifact was built, and how it looked.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Source {
    /// Absolute path at build time.
    pub path: String,
    /// The `sys.path` entry (or package `__path__` entry) it was found in, and the path below it,
    /// so that the bundle can be used where the tree has been moved.
    pub root: String,
    pub relative: String,
    pub size: u64,
    /// Whole seconds, as `.pyc` records them.
    pub mtime: u64,
    /// BLAKE3 of the bytes.
    pub digest: [u8; 32],
}

/// How to rebuild a proven module's namespace.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Image {
    pub nodes: Vec<Node>,
    /// In order.
    pub operations: Vec<Operation>,
    pub guards: Vec<Guard>,
    /// Present where some of the module's statements run as code. The operations then stand in
    /// segments, each of which begins with [`Operation::Segment`].
    pub step: Option<Step>,
}

/// The code of a module that is not strict: its own, with the statements of each segment, as a whole, in
/// an `if -step:`. A constant of it is the step: an object whose `-` carries out the next segment and
/// gives `False`; or, where a guard fails or something else does, does nothing and gives `True`, now and
/// for all segments after it. So the code does what was not carried out, in its place.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Step {
    /// A [`Node::Code`].
    pub code: NodeId,
    /// Index among its constants; what the node says stands there is replaced.
    pub constant: u32,
}

#[derive(Clone, Debug, PartialEq)]
pub enum Operation {
    /// An import statement, carried out as its byte code would be. `module` is as written, without
    /// the leading dots that `level` counts (`from . import x`: level 1, empty module).
    /// `line`: where the statement stands in the source (from 1; 0 if unknown): an import that
    /// must run code runs under a frame with this line, so that tracebacks and warnings are as usual.
    /// `may_wait`: a name that is bound to a value which waits in the other module may wait here too.
    Import { line: u32, level: u32, module: String, binding: ImportBinding, may_wait: bool },
    /// `module.__dict__[name] = node`
    Store { name: String, node: NodeId, demand: Demand },
    /// `del module.__dict__[name]`; a name that is absent is an error (the module falls back).
    Delete { name: String },
    /// An effect on what belongs to others, carried out in its turn.
    Replay(Replay),
    /// The guards with these indices (`until` excluded) must hold now; else the names bound so far are
    /// cleared and the module runs from its code. Guards with a higher index than every `until` are checked
    /// at the end of an image without segments.
    CheckGuards { from: u32, until: u32 },
    /// A segment begins: imports only, which are carried out one by one; or none, and then its guards are
    /// checked and what it takes from elsewhere is looked up before the first name is stored or deleted.
    /// `follows`: the code executes nothing between the segment before and this one that could change what belongs to
    /// others, so that guards which held still hold.
    Segment { follows: bool },
}

/// An effect that is carried out as data (docs/replay.md). What it takes is made before anything of its segment is
/// carried out.
#[derive(Clone, Debug, PartialEq)]
pub struct Replay {
    pub change: ReplayedChange,
    /// What is changed; of a call, what is called.
    pub target: NodeId,
    /// Name of the attribute; empty where none is set.
    pub name: String,
    /// The value or values; of an item, key and value; of a call, its arguments.
    pub operands: Vec<NodeId>,
    /// `may_wait` is false.
    pub demand: Demand,
}

/// How an effect changes its target.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ReplayedChange {
    /// A call with positional arguments: of a function that is known to change only what it is said to.
    Call,
    /// `__setitem__` of the dictionary's C type.
    SetItem,
    /// `list.append`
    Append,
    /// `set.add`
    Add,
    /// `type.__setattr__`, `object.__setattr__` or an entry of a module's namespace.
    SetAttribute,
}

/// Whether the value of a name may be made when it is first touched, and what has to be looked after till then.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Demand {
    /// It may wait, as far as this module is concerned.
    pub may_wait: bool,
    /// What the value takes from elsewhere ([`Node::Name`], [`Node::External`], [`Node::Builtin`],
    /// [`Node::CodeOf`]): looked up when the store's turn has come, even if the value waits.
    pub captures: Vec<NodeId>,
    /// Classes that the value holds, in the order in which the module's code made them. A class waits only
    /// until one of its bases is made, because a base can be asked for its subclasses.
    pub classes: Vec<NodeId>,
}

#[derive(Clone, Debug, PartialEq)]
pub enum ImportBinding {
    /// `import a.b`: binds the top package under this name (absolute imports only).
    Top(String),
    /// `import a.b as c`: binds `a.b` under this name.
    Leaf(String),
    /// `from a import x as y, …`: (x, y) pairs.
    Names(Vec<(String, String)>),
    /// `from a import *`
    Star,
    /// Import for its effect, bound to nothing at this place (`import a.b` whose name is deleted at once).
    Nothing,
    /// An import that the module's code tries and does without (`try: import msvcrt`). It is carried out
    /// and must raise `ImportError` or a subclass; when it succeeds, or raises anything else, the names
    /// bound so far are cleared and the module runs from its code. The name is the one that
    /// `from m import name` does not find; it is empty where importing the module itself fails.
    Fails(String),
}

/// A value. Nodes are made on first use, once: two references to one id are one object.
/// Nodes of equal content are never merged: sharing is the emitter's to express.
///
/// Cycles may run through everything that can be completed after it was made: lists, dicts, sets,
/// cells, functions, the state of instances, class attributes. (A class attribute whose value needs
/// the class itself, an enum member for one, keeps its place in the namespace and is set as soon as
/// the class exists.) They may not run through tuples, frozensets or `Construct` arguments alone.
///
/// Making nodes runs no Python code but the `__hash__` and `__eq__` of dictionary keys and set members.
#[derive(Clone, Debug, PartialEq)]
pub enum Node {
    None,
    True,
    False,
    Ellipsis,
    NotImplemented,
    /// Two's complement, little-endian.
    Int(Vec<u8>),
    Float(f64),
    Complex(f64, f64),
    /// UTF-8 with surrogates allowed (`surrogatepass`).
    Str {
        value: Vec<u8>,
        interned: bool,
    },
    Bytes(Vec<u8>),
    ByteArray(Vec<u8>),
    Tuple(Vec<NodeId>),
    List(Vec<NodeId>),
    /// Keys and values in order.
    Dict(Vec<(NodeId, NodeId)>),
    /// Added one by one, in this order, to an empty set. The order of iteration depends on how a set
    /// was filled: see `SetCopy`.
    Set(Vec<NodeId>),
    /// Made from a list of these.
    FrozenSet(Vec<NodeId>),
    /// `set(other)` for another set or frozenset: tables are sized otherwise than by adding one by
    /// one. The display `{1, 2, 3}` of constants is the copy of a frozenset in `co_consts`.
    SetCopy(NodeId),
    /// `frozenset(other)` for a set (not the same object as a frozenset given).
    FrozenSetCopy(NodeId),
    Range {
        start: NodeId,
        stop: NodeId,
        step: NodeId,
    },
    Slice {
        start: NodeId,
        stop: NodeId,
        step: NodeId,
    },
    MappingProxy(NodeId),
    /// A code object of the module's own tree.
    Code(Box<Code>),
    /// A code object that is not in the module's tree (generated by `exec`): marshalled. Or a tuple of
    /// several that share constants, from which `tuple.__getitem__` takes each.
    CodeBlob(Vec<u8>),
    /// A code object in the tree of a function that another module made: `function` is an
    /// [`Node::External`] that is a Python function, or a staticmethod or classmethod around one; `path` are
    /// indices into `co_consts` (a step into a tuple is an index into it), from `function.__code__`. For what another module's function
    /// makes here: the wrapper that a decorator returns (its globals are that module's).
    CodeOf {
        function: NodeId,
        path: Vec<u32>,
    },
    /// Something that its only holder gives out later. Among the constants of a [`Step`]'s code, one that only
    /// segments use: `None`, until a segment is not carried out and the code needs the constant itself. In the
    /// namespace of a class, a method (or static method, class method, property): made when somebody asks for it.
    Deferred(NodeId),
    Function(Box<Function>),
    Cell(Option<NodeId>),
    Class(Box<Class>),
    /// `property(get, set, delete, doc)`, absent parts being [`Node::None`] nodes. `doc_from_getter`:
    /// no doc argument is passed, so that the getter's docstring is taken.
    Property {
        get: NodeId,
        set: NodeId,
        delete: NodeId,
        doc: NodeId,
        doc_from_getter: bool,
    },
    StaticMethod(NodeId),
    ClassMethod(NodeId),
    BoundMethod {
        function: NodeId,
        receiver: NodeId,
    },
    /// An instance made by `object.__new__` (or the class's builtin base's `__new__` with `base_value`),
    /// then given its `__dict__` and slots without calling anything. The class must be made by Python
    /// code. `base_value`: for a class that extends `int`, `str`, `float`, `complex`, `bytes`, `tuple`,
    /// `frozenset`, `list`, `dict`, `set` or `bytearray`: a node of exactly that type; for one that
    /// extends `BaseException` by classes whose `__new__` is its own: the tuple `args`; for one that extends
    /// `property`: the tuple of what `property.__init__` is given.
    /// `slots`: names as they stand in the class `__dict__`s (mangled), looked up from the class.
    Instance {
        class: NodeId,
        base_value: Option<NodeId>,
        dict: Option<Vec<(NodeId, NodeId)>>,
        slots: Vec<(String, NodeId)>,
    },
    /// An instance of a C type, made by calling a described, pure constructor: `callable(*arguments, **keywords)`
    /// (`operator.itemgetter`, `functools.partial`, `struct.Struct`, `types.GenericAlias`, …).
    /// `fresh`: a recipe: must be a new object in each process (`object()`, a lock).
    Construct {
        callable: NodeId,
        arguments: Vec<NodeId>,
        keywords: Vec<(String, NodeId)>,
        dict: Option<Vec<(NodeId, NodeId)>>,
        fresh: bool,
    },
    /// A name of this module, bound by an import: read when first needed.
    Name(String),
    /// `__dict__[name]` of a class made here, read raw: what making the class put there (the member
    /// descriptor of a slot, a getset descriptor, `__new__` wrapped as a static method).
    Attribute {
        object: NodeId,
        name: String,
    },
    /// The module itself.
    ThisModule,
    /// `sys.modules[module]`, then attributes, read raw: from a module's `__dict__`, from a class by
    /// its MRO's `__dict__`s, from an exact `dict` by a string key, no descriptor called
    /// (`lyo._native.lookup(module, path)` is the same walk). The path can't go through other objects.
    /// `__dict__` below a module is its dictionary. An enum member is best reached through
    /// `_member_map_`: its class `__dict__` may hold a descriptor in its place.
    External {
        module: String,
        path: Vec<String>,
    },
    /// `builtins.<name>`
    Builtin(String),
}

/// What `PyUnstable_Code_NewWithPosOnlyArgs` takes. The file name is the module's, as the importer gives
/// it; `co_nlocals` is the number of `varnames`. Constants are nodes, so that code objects share them
/// with each other and with the module's values, as the compiler lets them.
#[derive(Clone, Debug, PartialEq)]
pub struct Code {
    pub argcount: u32,
    pub posonlyargcount: u32,
    pub kwonlyargcount: u32,
    pub stacksize: u32,
    pub flags: u32,
    pub firstlineno: u32,
    pub name: NodeId,
    pub qualname: NodeId,
    pub consts: Vec<NodeId>,
    pub names: Vec<NodeId>,
    pub varnames: Vec<NodeId>,
    pub freevars: Vec<NodeId>,
    pub cellvars: Vec<NodeId>,
    /// `co_code`: without specialisation.
    pub code: Vec<u8>,
    pub linetable: Vec<u8>,
    pub exceptiontable: Vec<u8>,
}

#[derive(Clone, Debug, PartialEq)]
pub struct Function {
    /// [`Node::Code`], [`Node::CodeBlob`] or [`Node::CodeOf`].
    pub code: NodeId,
    /// The namespace: absent for this module's, else a [`Node::Dict`] (functions from `exec`), or
    /// [`Node::External`] of a module (an empty path): that module's `__dict__`.
    pub globals: Option<NodeId>,
    /// Where `name` and `qualname` equal the code's `co_name` and `co_qualname`, they are those objects.
    pub name: NodeId,
    pub qualname: NodeId,
    pub doc: NodeId,
    pub module: NodeId,
    pub defaults: Option<NodeId>,
    pub keyword_defaults: Option<NodeId>,
    /// One [`Node::Cell`] each.
    pub closure: Vec<NodeId>,
    pub annotations: Option<NodeId>,
    pub type_params: Option<NodeId>,
    /// `__dict__` entries.
    pub dict: Vec<(NodeId, NodeId)>,
}

/// Made by `type.__new__(metaclass, name, bases, namespace)` with a namespace in which
/// a placeholder stands for everything that has a Python-level `__set_name__`, then completed with
/// `type.__setattr__`, so that no hook runs a second time: no `__set_name__`, no
/// `__init_subclass__`, no `__prepare__`, `__new__`, `__init__` or `__setattr__` of the metaclass.
/// Refused (the module falls back): a metaclass with a Python-level `mro`.
#[derive(Clone, Debug, PartialEq)]
pub struct Class {
    pub metaclass: NodeId,
    pub name: String,
    pub qualname: NodeId,
    pub bases: Vec<NodeId>,
    /// The class whose very `__bases__` tuple this one has, too: it was made from it, as a dataclass with slots is.
    pub bases_of: Option<NodeId>,
    /// What was handed to `type.__new__`, in order, without `__qualname__` and `__classcell__`.
    /// What `type.__new__` adds by itself (slot members, `__dict__`, `__weakref__`, a `__doc__` or
    /// `__hash__` of `None`) is not in it; `__slots__` and `__module__` are. A list or dict under
    /// `__slots__` is filled before the class is made.
    pub namespace: Vec<(String, NodeId)>,
    /// What was set afterwards (decorators, metaclass), in order.
    pub later: Vec<(String, NodeId)>,
    /// The `__class__` cell to fill, if methods use it.
    pub class_cell: Option<NodeId>,
    /// The metaclass extends `abc.ABCMeta`: `_abc._abc_init(cls)` is called once the namespace is
    /// whole, before `later`, or, if there is an `_abc_impl` in `later`, in its place; it sets
    /// `__abstractmethods__` and `_abc_impl`.
    pub abc: bool,
    /// Classes registered with this ABC (`_abc._abc_register`), in order, after `later`.
    pub registered: Vec<NodeId>,
}

/// A fact that must hold when the module is imported.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Guard {
    /// Module whose name is read; `builtins` for builtins.
    pub module: String,
    /// Name, then attributes.
    pub path: Vec<String>,
    pub expect: Expectation,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Expectation {
    /// Nothing is found at the path.
    Absent,
    /// Fingerprint of what is found (see `docs/artifact-format.md`, "Fingerprints").
    Fingerprint(u64),
    /// Nothing yet, or what has this fingerprint: a name that its module binds when it is first asked for.
    AbsentOr(u64),
    /// Fingerprint of the class of what is found: a mutable container, whatever it holds.
    Class(u64),
    /// The very object of a node: a name of the module itself is bound to what the build saw there.
    Same(NodeId),
    /// So many names of the path lead to the very object that the rest leads to: a module, and names below it.
    SameAs(u32),
}

impl Node {
    /// The nodes that this one refers to, in no particular order.
    pub fn references(&self) -> Vec<NodeId> {
        let pairs =
            |pairs: &[(NodeId, NodeId)]| pairs.iter().flat_map(|(key, value)| [*key, *value]).collect::<Vec<_>>();
        match self {
            Node::Tuple(ids) | Node::List(ids) | Node::Set(ids) | Node::FrozenSet(ids) => ids.clone(),
            Node::Dict(items) => pairs(items),
            Node::Range { start, stop, step } | Node::Slice { start, stop, step } => vec![*start, *stop, *step],
            Node::SetCopy(id)
            | Node::Deferred(id)
            | Node::FrozenSetCopy(id)
            | Node::MappingProxy(id)
            | Node::StaticMethod(id)
            | Node::ClassMethod(id)
            | Node::CodeOf { function: id, .. }
            | Node::Attribute { object: id, .. }
            | Node::Cell(Some(id)) => vec![*id],
            Node::Code(code) => {
                let mut ids = vec![code.name, code.qualname];
                for list in [&code.consts, &code.names, &code.varnames, &code.freevars, &code.cellvars] {
                    ids.extend(list);
                }
                ids
            }
            Node::Function(function) => {
                let mut ids = vec![function.code, function.name, function.qualname, function.doc, function.module];
                ids.extend(function.globals);
                ids.extend(function.defaults);
                ids.extend(function.keyword_defaults);
                ids.extend(function.annotations);
                ids.extend(function.type_params);
                ids.extend(&function.closure);
                ids.extend(pairs(&function.dict));
                ids
            }
            Node::Class(class) => {
                let mut ids = vec![class.metaclass, class.qualname];
                ids.extend(class.class_cell);
                ids.extend(class.bases_of);
                ids.extend(&class.bases);
                ids.extend(&class.registered);
                ids.extend(class.namespace.iter().chain(&class.later).map(|(_, id)| *id));
                ids
            }
            Node::Property { get, set, delete, doc, .. } => vec![*get, *set, *delete, *doc],
            Node::BoundMethod { function, receiver } => vec![*function, *receiver],
            Node::Instance { class, base_value, dict, slots } => {
                let mut ids = vec![*class];
                ids.extend(*base_value);
                ids.extend(pairs(dict.as_deref().unwrap_or_default()));
                ids.extend(slots.iter().map(|(_, id)| *id));
                ids
            }
            Node::Construct { callable, arguments, keywords, dict, .. } => {
                let mut ids = vec![*callable];
                ids.extend(arguments);
                ids.extend(keywords.iter().map(|(_, id)| *id));
                ids.extend(pairs(dict.as_deref().unwrap_or_default()));
                ids
            }
            Node::None
            | Node::True
            | Node::False
            | Node::Ellipsis
            | Node::NotImplemented
            | Node::Int(_)
            | Node::Float(_)
            | Node::Complex(..)
            | Node::Str { .. }
            | Node::Bytes(_)
            | Node::ByteArray(_)
            | Node::CodeBlob(_)
            | Node::Cell(None)
            | Node::Name(_)
            | Node::ThisModule
            | Node::External { .. }
            | Node::Builtin(_) => Vec::new(),
        }
    }
}
