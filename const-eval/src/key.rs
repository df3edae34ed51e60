//! Keys of dicts and sets: equal objects have equal keys.

use std::sync::Arc;

use syntax::ir::Name;

use crate::ground::GroundId;
use crate::primitive;
use crate::value::{ModuleId, ObjectRef, Value};

/// Stands for an object in hashing and comparison.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub enum Key {
    Data(primitive::Key),
    Tuple(Arc<[Key]>),
    /// Elements in an order of their own, for frozensets.
    Frozen(Arc<[Key]>),
    /// Compared by identity.
    Identity(ObjectRef),
    Ground(GroundId),
    Module(ModuleId),
    GroundModule(u32),
    /// `list[int]`, `int | None`: by origin and arguments.
    Alias(Arc<[Key]>),
    /// What another module makes when the name is first asked for.
    Global(ModuleId, Name),
    /// A weak reference, by the object that it refers to.
    Weak(Arc<Key>),
    /// A number of positional arguments.
    Length(usize),
    /// An object that defines `__eq__` and `__hash__` in Python: equal ones have the same number
    /// within one evaluation; between evaluations nothing is known.
    Custom {
        evaluation: ModuleId,
        number: u32,
    },
}

impl Key {
    /// Is it compared with others by code of its own?
    pub fn runs_code(&self) -> bool {
        match self {
            Key::Custom { .. } => true,
            Key::Tuple(parts) | Key::Frozen(parts) | Key::Alias(parts) => parts.iter().any(Key::runs_code),
            Key::Weak(referent) => referent.runs_code(),
            _ => false,
        }
    }
}

/// The key of a value that is data through and through; objects are the caller's business.
pub fn of_data(value: &Value) -> Option<Key> {
    match value {
        Value::Ground(id) => Some(Key::Ground(*id)),
        Value::Module(id) => Some(Key::Module(*id)),
        Value::GroundModule(index) => Some(Key::GroundModule(*index)),
        Value::Object(_) | Value::Opaque(_) | Value::Unknown(_) | Value::Tuple(_) => None,
        data => primitive::key(data).map(Key::Data),
    }
}
