//! Values: what the evaluator knows of a Python object.
//!
//! Immutable data of the builtin types is held directly; everything with an
//! identity or with contents that can change lies in a [`Heap`](crate::heap::Heap)
//! and is reached by an [`ObjectRef`], which says which module owns it.

use std::sync::Arc;

use num_bigint::BigInt;
use num_traits::{FromPrimitive, ToPrimitive};

use crate::ground::GroundId;
use crate::reason::Reason;

/// A module known to the analysis.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct ModuleId(pub u32);

/// An object in the heap of the module whose top level made it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct ObjectRef {
    pub owner: ModuleId,
    pub index: u32,
}

/// A Python `int`: small ones inline. `Big` never holds what fits `Small`.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub enum Integer {
    Small(i64),
    Big(Arc<BigInt>),
}

impl From<BigInt> for Integer {
    fn from(value: BigInt) -> Self {
        match value.to_i64() {
            Some(small) => Integer::Small(small),
            None => Integer::Big(Arc::new(value)),
        }
    }
}

impl From<i64> for Integer {
    fn from(value: i64) -> Self {
        Integer::Small(value)
    }
}

impl Integer {
    /// `None`: not a number in decimal.
    pub fn from_decimal(digits: &str) -> Option<Integer> {
        digits.parse::<BigInt>().ok().map(Integer::from)
    }

    pub fn to_big(&self) -> BigInt {
        match self {
            Integer::Small(small) => BigInt::from_i64(*small).unwrap_or_default(),
            Integer::Big(big) => (**big).clone(),
        }
    }

    pub fn to_i64(&self) -> Option<i64> {
        match self {
            Integer::Small(small) => Some(*small),
            Integer::Big(_) => None,
        }
    }
}

#[derive(Clone, Debug)]
pub enum Value {
    None,
    Ellipsis,
    NotImplemented,
    Bool(bool),
    Int(Integer),
    Float(f64),
    Complex(f64, f64),
    Str(Arc<str>),
    Bytes(Arc<[u8]>),
    Tuple(Arc<[Value]>),
    /// start, stop, step
    Range(Arc<[Integer; 3]>),
    /// start, stop, step
    Slice(Arc<[Value; 3]>),
    Object(ObjectRef),
    /// A type, function or singleton implemented in C and described in the ground table.
    Ground(GroundId),
    /// A module that has source and is analysed.
    Module(ModuleId),
    /// A module implemented in C: index of the module in the ground table.
    GroundModule(u32),
    /// An object of exactly this C type whose contents are not computed here: it
    /// is the same in every process, and the target interpreter will compute it.
    Opaque(GroundId),
    /// Nothing is known, not even the type.
    Unknown(Arc<Reason>),
}

/// Whether nobody could tell them apart: `0.0` is not `-0.0`, and `nan` is `nan`.
impl PartialEq for Value {
    fn eq(&self, other: &Self) -> bool {
        use Value as V;
        match (self, other) {
            (V::None, V::None) | (V::Ellipsis, V::Ellipsis) | (V::NotImplemented, V::NotImplemented) => true,
            (V::Bool(one), V::Bool(other)) => one == other,
            (V::Int(one), V::Int(other)) => one == other,
            (V::Float(one), V::Float(other)) => one.to_bits() == other.to_bits(),
            (V::Complex(one, two), V::Complex(other, another)) => {
                (one.to_bits(), two.to_bits()) == (other.to_bits(), another.to_bits())
            }
            (V::Str(one), V::Str(other)) => one == other,
            (V::Bytes(one), V::Bytes(other)) => one == other,
            (V::Tuple(one), V::Tuple(other)) => Arc::ptr_eq(one, other) || one == other,
            (V::Range(one), V::Range(other)) => one == other,
            (V::Slice(one), V::Slice(other)) => one == other,
            (V::Object(one), V::Object(other)) => one == other,
            (V::Ground(one), V::Ground(other)) | (V::Opaque(one), V::Opaque(other)) => one == other,
            (V::Module(one), V::Module(other)) => one == other,
            (V::GroundModule(one), V::GroundModule(other)) => one == other,
            (V::Unknown(one), V::Unknown(other)) => Arc::ptr_eq(one, other) || one == other,
            _ => false,
        }
    }
}

impl Value {
    pub fn str(text: impl Into<Arc<str>>) -> Value {
        Value::Str(text.into())
    }

    pub fn int(value: i64) -> Value {
        Value::Int(Integer::Small(value))
    }

    pub fn tuple(items: Vec<Value>) -> Value {
        Value::Tuple(items.into())
    }
}
