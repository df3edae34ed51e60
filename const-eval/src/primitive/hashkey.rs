//! Keys that are equal exactly where Python's values are equal, for dicts and sets.

use std::sync::Arc;

use num_traits::Zero;

use super::{MAX_DEPTH, float, range};
use crate::value::{Integer, Value};

/// The place of a value in a dict or set: `1`, `1.0` and `True` have the same one.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub enum Key {
    None,
    Ellipsis,
    NotImplemented,
    /// An int, bool, integral float or complex.
    Int(Integer),
    /// Bits of a float that is not integral.
    Float(u64),
    /// Bits of a complex whose imaginary part is not zero.
    Complex(u64, u64),
    Str(Arc<str>),
    Bytes(Arc<[u8]>),
    Tuple(Vec<Key>),
    /// Length, first item and step, the latter two zero where they don't count.
    Range(Integer, Integer, Integer),
}

/// The key of pure data. `None` for what is not hashable data in every target
/// (slices are, from 3.12 on, but not before) and where identity would decide (NaN).
pub fn key(x: &Value) -> Option<Key> {
    key_within(x, MAX_DEPTH)
}

fn key_within(x: &Value, depth: usize) -> Option<Key> {
    Some(match x {
        Value::None => Key::None,
        Value::Ellipsis => Key::Ellipsis,
        Value::NotImplemented => Key::NotImplemented,
        Value::Bool(b) => Key::Int(Integer::Small(i64::from(*b))),
        Value::Int(n) => Key::Int(n.clone()),
        Value::Float(f) => of_float(*f)?,
        Value::Complex(re, im) if *im == 0.0 => of_float(*re)?,
        Value::Complex(re, im) if re.is_nan() || im.is_nan() => return None,
        // `+ 0.0` makes a positive zero of a negative one.
        Value::Complex(re, im) => Key::Complex((re + 0.0).to_bits(), (im + 0.0).to_bits()),
        Value::Str(text) => Key::Str(text.clone()),
        Value::Bytes(data) => Key::Bytes(data.clone()),
        Value::Tuple(items) => {
            let depth = depth.checked_sub(1)?;
            Key::Tuple(items.iter().map(|item| key_within(item, depth)).collect::<Option<_>>()?)
        }
        Value::Range(bounds) => {
            let length = range::length(bounds);
            let zero = Integer::Small(0);
            if length.is_zero() {
                Key::Range(zero.clone(), zero.clone(), zero)
            } else if length == 1.into() {
                Key::Range(length.into(), bounds[0].clone(), zero)
            } else {
                Key::Range(length.into(), bounds[0].clone(), bounds[2].clone())
            }
        }
        _ => return None,
    })
}

fn of_float(f: f64) -> Option<Key> {
    if f.is_nan() {
        return None;
    }
    if f.is_finite() && f.fract() == 0.0 {
        return float::to_integer(f).map(Key::Int);
    }
    Some(Key::Float(f.to_bits()))
}
