//! The objects that a module's top level makes.
//!
//! A heap only grows while its module is evaluated; afterwards it is frozen and
//! other modules read it. Objects refer to one another by
//! [`ObjectRef`], across heaps, so a frozen heap never has to be copied.

use std::sync::Arc;

use syntax::ir::{CodeId, Name};

use crate::ground::GroundId;
use crate::key::Key;
use crate::machine::frame::Frame;
use crate::ordered::Ordered;
use crate::value::{ModuleId, ObjectRef, Value};

/// Names to values in insertion order: namespaces, instance dictionaries.
pub type Attributes = Ordered<Name, Value>;

/// A `dict`'s entries in insertion order: the key as it was first inserted, and the value.
pub type Dict = Ordered<Key, (Value, Value)>;

/// A `set`'s elements in insertion order, which is *not* the order in which CPython iterates.
pub type Set = Ordered<Key, Value>;

/// A class, wherever it is implemented.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Type {
    Ground(GroundId),
    Class(ObjectRef),
}

impl Type {
    pub fn value(self) -> Value {
        match self {
            Type::Ground(id) => Value::Ground(id),
            Type::Class(object) => Value::Object(object),
        }
    }
}

/// All objects of one module, addressed by index.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Heap {
    pub objects: Vec<Object>,
}

#[derive(Clone, Debug, PartialEq)]
pub enum Object {
    List(Vec<Value>),
    Dict(Dict),
    Set(Set),
    FrozenSet(Set),
    Function(Box<Function>),
    Class(Box<Class>),
    Instance(Box<Instance>),
    BoundMethod {
        function: Value,
        receiver: Value,
    },
    /// A method implemented in C, bound to its receiver: `[].append`.
    BoundGround {
        owner: GroundId,
        name: Name,
        receiver: Value,
    },
    /// A method implemented in C, taken from its type: `str.upper`.
    UnboundGround {
        owner: GroundId,
        name: Name,
    },
    Cell(Option<Value>),
    Property(Box<Property>),
    StaticMethod(Wrapper),
    ClassMethod(Wrapper),
    /// The descriptor of a `__slots__` entry.
    Slot {
        class: ObjectRef,
        name: Name,
    },
    /// `super(start, receiver)`: attributes are looked up in `of`'s MRO after `start`.
    Super {
        start: Type,
        receiver: Value,
        of: Type,
    },
    /// An iterator of a C type; [`UNKNOWN_TYPE`] where the type is not told.
    Iterator {
        class: GroundId,
        state: Iterator,
    },
    Generator(Box<Generator>),
    /// A live view of a dict: `keys`, `values` or `items`.
    DictView {
        dict: Value,
        kind: ViewKind,
    },
    /// The `__dict__` of an instance, function or native object.
    InstanceDict(ObjectRef),
    /// The namespace of the module itself, as `globals()` gives it.
    Globals,
    /// The namespace of a module implemented in C: its index in [`crate::ground::Ground::modules`].
    GroundNamespace(u32),
    /// `types.MappingProxyType`, of a dict or of a class's namespace.
    MappingProxy(Value),
    /// `list[int]`
    GenericAlias {
        origin: Value,
        arguments: Vec<Value>,
    },
    /// `int | None`
    Union(Vec<Value>),
    /// A container whose contents differ between processes, with what it may refer to.
    Obscured {
        class: GroundId,
        held: Vec<Value>,
    },
    /// A dict or set whose keys are identities of objects, as `id` gives them, with what is filed under them: in
    /// a set the identity itself.
    Identities {
        class: GroundId,
        entries: Vec<(Value, Value)>,
    },
    /// An object of a C type that keeps its arguments: `functools.partial`, `operator.itemgetter`, a lock.
    Native(Box<Native>),
}

/// `property`: getter, setter, deleter (`None` where absent) and its explicit docstring.
#[derive(Clone, Debug, PartialEq)]
pub struct Property {
    pub get: Value,
    pub set: Value,
    pub delete: Value,
    pub doc: Value,
    /// Set on the property by `__set_name__` (3.13) or by its user.
    pub attributes: Attributes,
}

impl Default for Property {
    fn default() -> Self {
        Property {
            get: Value::None,
            set: Value::None,
            delete: Value::None,
            doc: Value::None,
            attributes: Attributes::default(),
        }
    }
}

/// `staticmethod` and `classmethod`.
#[derive(Clone, Debug, PartialEq)]
pub struct Wrapper {
    pub function: Value,
    pub attributes: Attributes,
}

#[derive(Clone, Debug, PartialEq)]
pub struct Function {
    /// Of a function that was evaluated from text: its IR, and the dict that is its globals.
    pub dynamic: Option<(Arc<syntax::ir::Module>, ObjectRef)>,
    /// The module whose namespace are its globals.
    pub module: ModuleId,
    pub code: CodeId,
    pub name: Value,
    pub qualname: Value,
    pub doc: Value,
    /// `__module__`
    pub module_name: Value,
    pub defaults: Option<Vec<Value>>,
    pub keyword_defaults: Option<Value>,
    pub annotations: Option<Value>,
    pub closure: Vec<ObjectRef>,
    pub attributes: Attributes,
    pub type_parameters: Option<Value>,
}

#[derive(Clone, Debug, PartialEq)]
pub struct Class {
    pub name: Name,
    pub qualname: Value,
    pub metaclass: Type,
    pub bases: Vec<Type>,
    /// Itself first, `object` last.
    pub mro: Vec<Type>,
    pub namespace: Attributes,
    /// The C type that decides the layout of instances.
    pub solid: GroundId,
    pub instance_dict: bool,
    /// The names of `__slots__`, inherited ones excluded.
    pub slots: Vec<Name>,
    /// Names in the namespace that are not modelled, in order: each behind so many of those that are.
    pub added: Vec<(usize, &'static str)>,
    /// Names in `__abstractmethods__`: such a class can't be instantiated.
    pub abstract_methods: Vec<Name>,
    /// `_abc_data`: made by `_abc._abc_init`.
    pub is_abc: bool,
    /// Classes that its own module has registered with it (`abc.ABCMeta.register`).
    pub registered: Vec<Type>,
}

impl Class {
    /// The namespace has a name that is not modelled, behind those that it has so far.
    pub fn add(&mut self, name: &'static str) {
        if !self.added.iter().any(|(_, added)| *added == name) {
            self.added.push((self.namespace.len(), name));
        }
    }

    /// Takes a name out of the namespace.
    pub fn remove(&mut self, name: &str) -> Option<Value> {
        let (index, _, value) = self.namespace.shift_remove_full(name)?;
        for (place, _) in self.added.iter_mut().filter(|(place, _)| *place > index) {
            *place -= 1;
        }
        Some(value)
    }
}

#[derive(Clone, Debug, PartialEq)]
pub struct Instance {
    pub class: Type,
    pub payload: Payload,
    pub attributes: Attributes,
    pub slots: Attributes,
}

impl Instance {
    /// What it holds itself under a name, in its `__dict__` or in a slot.
    pub fn held(&self, name: &str) -> Option<&Value> {
        self.attributes.get(name).or_else(|| self.slots.get(name))
    }
}

/// What an instance inherits from a C base.
#[derive(Clone, Debug, PartialEq)]
pub enum Payload {
    None,
    /// Of an immutable type: int, str, tuple, …
    Data(Value),
    List(Vec<Value>),
    Dict(Dict),
    Set(Set),
    FrozenSet(Set),
    /// `BaseException.args`
    Exception(Vec<Value>),
    Property(Box<Property>),
    /// Of a class that derives from `staticmethod` or `classmethod`: the function, once `__init__` has been given it.
    Wrapper(Option<Value>),
    /// State that only C code sees, and that differs between processes.
    Hidden,
}

#[derive(Clone, Debug, PartialEq)]
pub struct Native {
    pub class: GroundId,
    pub arguments: Vec<Value>,
    pub keywords: Vec<(Name, Value)>,
    pub attributes: Attributes,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ViewKind {
    Keys,
    Values,
    Items,
}

/// Stands for a type that is not told.
pub const UNKNOWN_TYPE: GroundId = GroundId(u32::MAX);

/// The state of an iterator.
#[derive(Clone, Debug, PartialEq)]
pub enum Iterator {
    /// Over items known beforehand.
    Items {
        items: Arc<[Value]>,
        next: usize,
    },
    /// Over a live list.
    List {
        list: Value,
        next: usize,
    },
    /// Over a live dict; fails when the size changes meanwhile.
    Dict {
        dict: Value,
        kind: ViewKind,
        next: usize,
        size: usize,
        /// What had been removed and moved in ordered dicts when the iteration began.
        changes: u64,
    },
    /// By `__getitem__` with 0, 1, 2, …
    Sequence {
        sequence: Value,
        next: i64,
    },
    Enumerate {
        inner: Value,
        next: i64,
    },
    Zip {
        inner: Vec<Value>,
        strict: bool,
    },
    Map {
        function: Value,
        inner: Vec<Value>,
    },
    /// `filter`, or `itertools.filterfalse`: the items of which the function says what is wanted.
    Filter {
        function: Value,
        inner: Value,
        wanted: bool,
    },
    Count {
        next: i64,
        step: i64,
    },
    Chain {
        rest: Vec<Value>,
        current: Option<Value>,
    },
    /// `itertools.chain.from_iterable`
    Chained {
        outer: Value,
        current: Option<Value>,
    },
    /// A lazy one of `itertools`, or of `iter(function, sentinel)`.
    Tool(Box<Tool>),
    /// Its items are not computed here.
    Opaque,
    Finished,
}

/// What a lazy iterator of `itertools`, or one of `iter(function, sentinel)`, remembers.
#[derive(Clone, Debug, PartialEq)]
pub enum Tool {
    Calls { function: Value, sentinel: Value },
    Slice { inner: Value, taken: i64, next: i64, stop: Option<i64>, step: i64 },
    StarMap { function: Value, inner: Value },
    TakeWhile { function: Value, inner: Value, stopped: bool },
    DropWhile { function: Value, inner: Value, started: bool },
    Compress { data: Value, selectors: Value },
    Pairwise { inner: Option<Value>, last: Option<Value> },
    ZipLongest { inner: Vec<Option<Value>>, fill: Value },
    Accumulate { function: Value, inner: Value, initial: Option<Value>, total: Option<Value> },
    Cycle { inner: Option<Value>, saved: Vec<Value>, next: usize },
    Repeat { value: Value, left: Option<i64> },
}

#[derive(Clone, Debug, PartialEq)]
pub struct Generator {
    pub kind: GeneratorKind,
    /// Absent while running and when finished.
    pub frame: Option<Box<Frame>>,
    pub running: bool,
    pub started: bool,
    pub name: Name,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum GeneratorKind {
    Generator,
    Coroutine,
    AsyncGenerator,
}
