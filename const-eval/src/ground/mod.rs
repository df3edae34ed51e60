//! The C ground: builtins and C-implemented stdlib modules, described in data.
//!
//! Two sources are merged. A **probe** (`ground/probe.py`), run in the target
//! interpreter, says what exists there: modules, their exports, types with
//! bases and attributes, constants. **Annotations** (`ground/*.txt`), written by
//! hand from CPython's sources, say what calling does. What the probe finds and
//! no annotation describes is [`Effect::Unknown`].

mod annotations;
#[cfg(test)]
mod judged;
mod lines;
mod load;
mod probe;
#[cfg(test)]
mod tests;

use std::sync::Arc;

use indexmap::IndexMap;
use rustc_hash::{FxBuildHasher, FxHashMap};
use syntax::ir::Name;

pub use load::GroundError;

use crate::value::Value;
use crate::world::Target;

/// The text of the probe, to be run as `EXE -I -S` with this as the script; prints what [`Ground::load`] takes.
pub const PROBE: &str = include_str!("../../ground/probe.py");

/// A C-implemented type, function, or singleton.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct GroundId(pub u32);

/// Everything that one target interpreter implements in C. Never changes.
#[derive(Debug)]
pub struct Ground {
    target: Target,
    modules: Vec<GroundModule>,
    module_numbers: FxHashMap<Arc<str>, u32>,
    failed: Vec<(Arc<str>, Arc<str>)>,
    entries: Vec<Entry>,
    by_name: FxHashMap<Arc<str>, GroundId>,
}

/// A module implemented in C.
#[derive(Clone, Debug)]
pub struct GroundModule {
    pub name: Arc<str>,
    /// In the order of the module's `__dict__`.
    pub exports: IndexMap<Name, Export, FxBuildHasher>,
    pub import_effect: ImportEffect,
    /// Python modules in whose dictionaries its code looks names up, past the modules.
    pub reads: Vec<Arc<str>>,
    /// A name that is not among `exports` is certainly absent.
    pub complete: bool,
}

/// What importing a C module does beyond making it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum ImportEffect {
    Nothing,
    /// It imports these modules.
    Loads(Vec<Arc<str>>),
    /// In words.
    Other(Arc<str>),
}

/// What a C module holds under a name.
#[derive(Clone, Debug)]
pub enum Export {
    /// Immutable data, the same in every process of this interpreter.
    Constant(Value),
    Entity(GroundId),
    /// A submodule made by its parent (`sys.monitoring`): its index in [`Ground::modules`].
    Module(u32),
    /// Immutable data that may differ between processes.
    Varying,
    /// Differs between processes.
    Process,
    /// The same, and there are processes without it.
    Maybe,
}

#[derive(Clone, Debug)]
pub struct Entry {
    /// `module.qualname`: the C module that holds it (`_functools.partial`), and
    /// for types that no module exports the home they claim (`builtins.function`, `re.Pattern`).
    pub qualified: Arc<str>,
    pub module: Arc<str>,
    /// The part of `qualified` after the module.
    pub name: Arc<str>,
    pub kind: EntryKind,
    /// What calling it does; for a type, constructing an instance.
    pub call: CallClass,
}

impl Entry {
    pub fn as_type(&self) -> Option<&TypeInfo> {
        match &self.kind {
            EntryKind::Type(info) => Some(info),
            EntryKind::Function { .. } | EntryKind::Instance { .. } => None,
        }
    }

    pub fn is_function(&self) -> bool {
        matches!(self.kind, EntryKind::Function { .. })
    }

    /// Whether it is a function that equals another one.
    pub fn has_twin(&self) -> bool {
        matches!(self.kind, EntryKind::Function { has_twin: true, .. })
    }
}

#[derive(Clone, Debug)]
pub enum EntryKind {
    Type(Box<TypeInfo>),
    Function {
        /// `__text_signature__`, as `($module, iterable, /, start=0)`.
        signature: Option<Arc<str>>,
        /// An entry before this one is the same C code of the same module under another name, and equals it.
        has_twin: bool,
    },
    /// An object of exactly the type `of`, or a class made by Python code (`of` is then its metaclass).
    Instance {
        of: GroundId,
        /// What is known of its contents; for struct sequences (`sys.version_info`) and `sys.implementation`.
        contents: Option<Box<Contents>>,
    },
}

/// The contents of an immutable instance, or of a short list of data. A string that is not valid Unicode
/// is an opaque instance.
#[derive(Clone, Debug, Default)]
pub struct Contents {
    /// The items of a struct sequence, as a tuple has them, or of a list.
    pub items: Option<Arc<[Value]>>,
    pub attributes: IndexMap<Name, Value, FxBuildHasher>,
}

#[derive(Clone, Debug)]
pub struct TypeInfo {
    /// `__module__ + "." + __qualname__`: `functools.partial`, `collections.deque`.
    pub python_name: Arc<str>,
    /// `tp_name`, by which messages call the type: without a module for builtin ones.
    pub c_name: Arc<str>,
    pub bases: Vec<GroundId>,
    /// Starts with the type itself.
    pub mro: Vec<GroundId>,
    pub metaclass: GroundId,
    /// `Py_TPFLAGS_BASETYPE`: a class statement may name it as a base.
    pub subclassable: bool,
    /// Instances have a `__dict__`.
    pub has_dict: bool,
    /// Instances can be referred to weakly.
    pub has_weakref: bool,
    /// `Py_TPFLAGS_HEAPTYPE`
    pub heap_type: bool,
    /// `Py_TPFLAGS_IMMUTABLETYPE`: attributes of the type can't be set. A type without it can get
    /// attributes from any module: `ast.py` gives `_ast.Constant` some, which are not listed here.
    pub immutable: bool,
    /// Calling the type makes an instance; otherwise it raises `TypeError`.
    pub instantiable: bool,
    /// Derives from `BaseException`.
    pub exception: bool,
    /// Objects of exactly this type are immutable data, equal and shown by value (see [`Effect`]).
    pub inert: bool,
    /// The type's own `__dict__`, in order.
    pub attributes: IndexMap<Name, TypeAttribute, FxBuildHasher>,
}

impl TypeInfo {
    /// Looks a name up along the MRO of `of`, as `_PyType_Lookup` does: the
    /// type that has it, and what it has. `None` also when `of` is not a type.
    pub fn lookup<'ground>(
        ground: &'ground Ground,
        of: GroundId,
        name: &str,
    ) -> Option<(GroundId, &'ground TypeAttribute)> {
        let info = ground.entry(of).as_type()?;
        info.mro.iter().find_map(|&owner| {
            let attribute = ground.entry(owner).as_type()?.attributes.get(name)?;
            Some((owner, attribute))
        })
    }
}

#[derive(Clone, Debug)]
pub struct TypeAttribute {
    pub kind: AttributeKind,
    /// What calling it does, the receiver included among the arguments; for
    /// `GetSet` and `Member`, what reading it from an instance does.
    pub call: CallClass,
}

#[derive(Clone, Debug)]
pub enum AttributeKind {
    /// `method_descriptor`
    Method,
    /// `classmethod_descriptor` or `classmethod`
    ClassMethod,
    StaticMethod,
    /// `getset_descriptor`
    GetSet,
    /// `member_descriptor`
    Member,
    /// `wrapper_descriptor`: a special method such as `int.__add__`
    Slot,
    /// The type's own `__new__`
    New,
    Constant(Value),
    Object(GroundId),
}

/// What a call does, and what it returns.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct CallClass {
    pub effect: Effect,
    pub result: ResultType,
}

impl CallClass {
    pub const UNKNOWN: CallClass = CallClass { effect: Effect::Unknown, result: ResultType::Unknown };
}

/// What a call does.
///
/// An argument is **inert** when it is exactly one of
///
/// - `None`, `Ellipsis`, a `bool`, `int`, `float`, `complex`, `str`, `bytes`, `range`;
/// - a `slice` or `tuple` of inert things;
/// - an own `list`, `dict` or `bytearray` of inert things, not reachable by code that is not proven;
/// - an object of a type with [`TypeInfo::inert`] (a `datetime.date`, a `re.Pattern`) made of inert things:
///   one whose comparison, truth, length, text and arithmetic ask nothing else and show no address;
/// - as the receiver of a method: an own object of exactly that type (`io.BytesIO`,
///   `deque`, `struct.Struct`) made by a call of this table with inert arguments and changed only by such calls.
///
/// `NotImplemented` is *not* inert (its truth value warns), and neither is a `set` or `frozenset`: in what order it is iterated, and so
/// what `"".join` makes of it, differs between processes. The receiver of a
/// class method must be exactly the class that has it.
///
/// Every promise is about the right number of arguments; otherwise, or where an
/// argument has a type that the callable refuses, `TypeError` is raised.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Effect {
    /// With inert arguments: has no effect, calls nothing foreign, doesn't
    /// warn, raises nothing else than `TypeError` (and for want of memory), gives the same
    /// result in every process, and that shares no mutable object with the arguments.
    Total,
    /// As `Total`, but raises for some inert arguments.
    Pure,
    /// As `Pure`, if the arguments are also as required; otherwise unknown.
    PureIf(Requirement),
    /// Keeps its arguments, whatever they are, in a new object, without
    /// calling, comparing, hashing, iterating, formatting or reading an attribute of any.
    Holds,
    /// As `Holds`, if the arguments are as required; otherwise unknown. May raise.
    HoldsIf(Requirement),
    /// With inert arguments harmless, but what it makes must be made afresh in each process.
    Recipe,
    /// The evaluator has its own implementation; where it has none, as `Unknown`.
    Modelled,
    /// No effect with inert arguments, but the result depends on the process:
    /// time, addresses, hashes, environment, files, working directory. May raise, and warn.
    ///
    /// Where constructing a type is such a call, each instance, also of a subclass, holds state that only C code
    /// sees; of its methods, those that are `Process` or [`ChangesSelf`](Effect::ChangesSelf) read and change that
    /// state and nothing else.
    Process,
    /// Called without arguments, reads something immutable that differs between processes, as reading an attribute would:
    /// has no effect, and neither raises nor warns.
    Read,
    /// With inert arguments as `Pure`, but that the result is rounded as the C library does it.
    Libm,
    /// Input, output, or a change of the process, the interpreter, or objects of other modules.
    Effect,
    /// With inert arguments changes the process, the interpreter or objects of other modules, and in such a
    /// way that carrying out the call when the module is imported is all that there is to it: it
    /// does no input or output, runs no code that it isn't given a callback for, and its result is as described,
    /// or made anew in each process. May raise.
    Replay,
    /// As `Replay`, if the arguments are as required; otherwise as `Effect`. What is not inert is kept or looked at
    /// without running code.
    ReplayIf(Requirement),
    /// With inert arguments changes its receiver (`self`), where it may keep them, and nothing else. May raise.
    ChangesSelf,
    /// Nothing is known.
    Unknown,
}

/// What the arguments of an [`Effect::HoldsIf`] or [`Effect::PureIf`] must be.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Requirement {
    /// All are inert; what they contain may be shared with the result.
    Inert,
    /// As `Inert`, and of an object of a subclass of `int`, by itself or in an own list, only the number is taken.
    InertOrNumbers,
    /// The first is `None` or a function made by `def` or `lambda`, whose attributes (`__doc__`, `__dict__`…)
    /// are read; further ones (of `property`) too, or inert.
    Function,
    /// The first is callable or `None`, which is checked without calling it; the others may be anything.
    Callable,
    /// The first is callable; the others may be anything.
    SurelyCallable,
    /// The first is callable or `None`; the others are inert or classes.
    CallableThenInert,
    /// There is one, exactly a dict.
    Dict,
    /// All are exactly `str`.
    Strings,
    /// The first is exactly `str`; the others may be anything.
    StringFirst,
    /// All are exactly `str` or `int`.
    StringsOrIntegers,
    /// All are `None` or classes whose metaclass is exactly `type`.
    Classes,
    /// The first may be anything, the others are inert.
    InertRest,
    /// There is no positional one; those by keyword may be anything.
    KeywordsOnly,
    /// There is one (of a method: the receiver), and it is inert.
    One,
    /// The first is an own object with [`TypeInfo::has_weakref`]; a second is callable or `None`. A callable is called
    /// when the object goes.
    Weakrefable,
}

/// The type of a call's result.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ResultType {
    /// An object of exactly this type (not a subclass).
    Exactly(GroundId),
    None,
    /// Exactly the type of the first argument (of a method: the receiver).
    SameAsFirst,
    /// The first argument itself.
    First,
    Unknown,
}

impl Ground {
    /// Reads what the probe printed, and merges the annotations.
    ///
    /// Errors: the text is not what the probe prints, or the interpreter is not CPython 3.11 or newer.
    pub fn load(probe_json: &str) -> Result<Ground, GroundError> {
        load::load(probe_json)
    }

    pub fn target(&self) -> &Target {
        &self.target
    }

    pub fn modules(&self) -> &[GroundModule] {
        &self.modules
    }

    /// The index of a module in [`Ground::modules`].
    pub fn module_index(&self, name: &str) -> Option<u32> {
        self.module_numbers.get(name).copied()
    }

    /// Whether the code of some C module looks names up in the dictionary of this Python module.
    pub fn is_read_raw(&self, python_module: &str) -> bool {
        self.modules.iter().any(|module| module.reads.iter().any(|name| **name == *python_module))
    }

    /// Modules that the target has but that could not be imported, with the error.
    pub fn failed_modules(&self) -> &[(Arc<str>, Arc<str>)] {
        &self.failed
    }

    /// The ids of all entries are `0..entries().len()`.
    pub fn entries(&self) -> &[Entry] {
        &self.entries
    }

    pub fn entry(&self, id: GroundId) -> &Entry {
        &self.entries[id.0 as usize]
    }

    /// What the name means in the `builtins` module: types, functions, singletons with an entry.
    /// (`None`, `True`, `Ellipsis`, `__debug__` are constants: see the module's exports.)
    pub fn builtin(&self, name: &str) -> Option<GroundId> {
        let module = self.modules.get(self.module_index("builtins")? as usize)?;
        match module.exports.get(name)? {
            Export::Entity(id) => Some(*id),
            Export::Constant(_) | Export::Module(_) | Export::Varying | Export::Process | Export::Maybe => None,
        }
    }

    /// Finds an entry by `module.qualname`: the canonical name, the name that
    /// a type itself claims (`collections.deque`), or any export of a C module (`_socket.error`).
    pub fn find(&self, qualified: &str) -> Option<GroundId> {
        self.by_name.get(qualified).copied()
    }
}
