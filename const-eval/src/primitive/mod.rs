//! Exact semantics of the builtin immutable types over plain data.
//!
//! Knows [`Value`] and the operators of the IR, and nothing else: no heap, no
//! classes, no effects. Each function answers as CPython 3.11, 3.12 and 3.13 do
//! (the [`Context`] says which), or says [`Failure::NotModelled`]; it never guesses.
//! `tests/primitive_cpython.rs` holds it against the interpreters themselves.
//!
//! What two objects being *identical* decides can't be known here: where CPython
//! would ask for identity before equality (items of tuples, `in`) and the answer
//! hangs on it (two NaNs), the outcome is "not modelled".

mod arguments;
mod bytes;
mod bytes_format;
mod codec;
mod compare;
mod complex;
mod construct;
pub mod fields;
mod float;
mod float_text;
mod format;
mod functions;
mod hash;
mod hashkey;
mod integer;
mod integer_methods;
mod methods;
mod number_text;
mod operators;
pub mod percent;
mod range;
mod repr;
mod sequence;
mod sort;
#[cfg(test)]
mod tests;
mod text;
mod tuple;

use crate::value::Value;

pub use compare::{compare, equal, identical_or_equal, length, truth, unordered_message};
pub use construct::construct;
pub(crate) use float::INEXACT_POWER;
pub use format::format;
pub use functions::call_function;
pub use hashkey::{Key, key};
pub use methods::{attribute, call_method, has_method};
pub use operators::{binary, symbol as operator_symbol, unary};
pub use repr::{ascii, repr, str};
pub use sequence::{iterate, subscript};
pub(crate) use sort::sorted_places;
pub use text::{is_identifier, translate};

/// What a method or function gives back.
#[derive(Clone, Debug)]
pub enum Product {
    Value(Value),
    /// A new list.
    List(Vec<Value>),
    /// A new dict, in order.
    Dict(Vec<(Value, Value)>),
    /// An iterator over these items.
    Items(Vec<Value>),
}

impl From<Value> for Product {
    fn from(value: Value) -> Self {
        Product::Value(value)
    }
}

/// Why there is no result.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Failure {
    /// CPython raises: the exception's type name and message, worded as the target words it.
    Raise { exception: &'static str, message: String },
    /// Not modelled here, or the result differs between processes or platforms.
    NotModelled(&'static str),
    /// The result would be larger than the limits of this module.
    TooLarge,
}

pub type Outcome<T> = Result<T, Failure>;

/// The target that semantics are asked for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Context {
    /// `(3, 11)`
    pub version: (u8, u8),
}

/// Longest text, in bytes, that is computed.
pub(crate) const MAX_TEXT: usize = 10 << 20;
/// Most items that are listed.
pub(crate) const MAX_ITEMS: usize = 1 << 20;
/// Longest integer, in bits, that is computed.
pub(crate) const MAX_BITS: u64 = 200_000;
/// Deepest nesting of tuples that is looked into.
pub(crate) const MAX_DEPTH: usize = 100;

pub(crate) fn raise<T>(exception: &'static str, message: impl Into<String>) -> Outcome<T> {
    Err(Failure::Raise { exception, message: message.into() })
}

pub(crate) fn type_error<T>(message: impl Into<String>) -> Outcome<T> {
    raise("TypeError", message)
}

pub(crate) fn value_error<T>(message: impl Into<String>) -> Outcome<T> {
    raise("ValueError", message)
}

pub(crate) fn overflow_error<T>(message: impl Into<String>) -> Outcome<T> {
    raise("OverflowError", message)
}

pub(crate) fn zero_division<T>(message: impl Into<String>) -> Outcome<T> {
    raise("ZeroDivisionError", message)
}

pub(crate) fn not_modelled<T>(what: &'static str) -> Outcome<T> {
    Err(Failure::NotModelled(what))
}

/// `type(x).__name__` of data.
pub(crate) fn type_name(x: &Value) -> Outcome<&'static str> {
    Ok(match x {
        Value::None => "NoneType",
        Value::Ellipsis => "ellipsis",
        Value::NotImplemented => "NotImplementedType",
        Value::Bool(_) => "bool",
        Value::Int(_) => "int",
        Value::Float(_) => "float",
        Value::Complex(..) => "complex",
        Value::Str(_) => "str",
        Value::Bytes(_) => "bytes",
        Value::Tuple(_) => "tuple",
        Value::Range(_) => "range",
        Value::Slice(_) => "slice",
        _ => return not_modelled("not plain data"),
    })
}

/// Refuses a text that would be longer than [`MAX_TEXT`].
pub(crate) fn bounded_text(length: Option<usize>) -> Outcome<()> {
    match length {
        Some(length) if length <= MAX_TEXT => Ok(()),
        _ => Err(Failure::TooLarge),
    }
}
