//! Subscripts, slices and iteration.

use std::sync::Arc;

use num_traits::ToPrimitive;

use super::{Context, Failure, MAX_ITEMS, Outcome, raise, range, text, type_error, type_name};
use crate::value::{Integer, Value};

/// Positions that a slice takes of a sequence of that length: first, step, count.
pub(crate) fn slice_of(parts: &[Value; 3], length: usize) -> Outcome<(usize, i64, usize)> {
    let [start, stop, step] = range::slice_indices(parts, &length.into())?;
    let bounds = [start.into(), stop.into(), step.into()];
    let count = range::length(&bounds).to_usize().ok_or(Failure::TooLarge)?;
    let [start, _, step] = &bounds;
    // A step beyond 64 bits takes one item at most.
    let step = super::arguments::clip(step);
    let start = start.to_i64().and_then(|start| usize::try_from(start).ok()).unwrap_or(0);
    Ok((start, step, count))
}

/// The positions themselves.
pub(crate) fn positions((start, step, count): (usize, i64, usize)) -> impl Iterator<Item = usize> {
    (0..count).map(move |n| (start as i64).wrapping_add(step.wrapping_mul(n as i64)) as usize)
}

fn position(key: &Value, length: usize, out_of_range: &str) -> Outcome<usize> {
    let wanted = match super::arguments::index(key)? {
        Integer::Small(n) => n,
        Integer::Big(_) => {
            return raise("IndexError", "cannot fit 'int' into an index-sized integer");
        }
    };
    let place = if wanted < 0 { wanted + length as i64 } else { wanted };
    match usize::try_from(place) {
        Ok(place) if place < length => Ok(place),
        _ => raise("IndexError", out_of_range),
    }
}

/// `container[key]`
pub fn subscript(_ctx: Context, container: &Value, key: &Value) -> Outcome<Value> {
    let kind = type_name(container)?;
    let wrong = |words: &str| type_error(format!("{words}, not '{}'", type_name(key)?));
    let plain = |words: &str| type_error(format!("{words}, not {}", type_name(key)?));
    match (container, key) {
        (Value::Str(s), Value::Int(_) | Value::Bool(_)) => {
            let place = position(key, text::length(s), "string index out of range")?;
            let start = text::offset(s, place);
            Ok(Value::str(&s[start..text::next(s, start)]))
        }
        (Value::Str(s), Value::Slice(parts)) => {
            let (start, step, count) = slice_of(parts, text::length(s))?;
            if step == 1 {
                return Ok(Value::str(text::part(s, start, start + count)));
            }
            if s.is_ascii() {
                let bytes = s.as_bytes();
                let picked: String =
                    positions((start, step, count)).filter_map(|at| bytes.get(at)).map(|&b| char::from(b)).collect();
                return Ok(Value::str(picked));
            }
            let chars: Vec<char> = s.chars().collect();
            let picked: String = positions((start, step, count)).filter_map(|at| chars.get(at)).collect();
            Ok(Value::str(picked))
        }
        (Value::Str(_), _) => wrong("string indices must be integers"),
        (Value::Bytes(data), Value::Int(_) | Value::Bool(_)) => {
            let place = position(key, data.len(), "index out of range")?;
            Ok(Value::int(i64::from(data[place])))
        }
        (Value::Bytes(data), Value::Slice(parts)) => {
            let taken = slice_of(parts, data.len())?;
            Ok(Value::Bytes(positions(taken).filter_map(|at| data.get(at).copied()).collect()))
        }
        (Value::Bytes(_), _) => plain("byte indices must be integers or slices"),
        (Value::Tuple(items), Value::Int(_) | Value::Bool(_)) => {
            let place = position(key, items.len(), "tuple index out of range")?;
            Ok(items[place].clone())
        }
        (Value::Tuple(items), Value::Slice(parts)) => {
            let taken = slice_of(parts, items.len())?;
            Ok(Value::Tuple(positions(taken).filter_map(|at| items.get(at).cloned()).collect()))
        }
        (Value::Tuple(_), _) => plain("tuple indices must be integers or slices"),
        (Value::Range(bounds), Value::Int(_) | Value::Bool(_)) => range::at(bounds, &super::arguments::index(key)?),
        (Value::Range(bounds), Value::Slice(parts)) => range::slice(bounds, parts),
        (Value::Range(_), _) => plain("range indices must be integers or slices"),
        _ => type_error(format!("'{kind}' object is not subscriptable")),
    }
}

/// The items that `iter(x)` gives.
pub fn iterate(_ctx: Context, x: &Value) -> Outcome<Vec<Value>> {
    match x {
        Value::Str(s) => {
            if s.len() > MAX_ITEMS {
                return Err(Failure::TooLarge);
            }
            let mut buffer = [0; 4];
            Ok(s.chars().map(|c| Value::Str(Arc::from(&*c.encode_utf8(&mut buffer)))).collect())
        }
        Value::Bytes(data) => {
            if data.len() > MAX_ITEMS {
                return Err(Failure::TooLarge);
            }
            Ok(data.iter().map(|&byte| Value::int(i64::from(byte))).collect())
        }
        Value::Tuple(items) => Ok(items.to_vec()),
        Value::Range(bounds) => range::items(bounds),
        other => type_error(format!("'{}' object is not iterable", type_name(other)?)),
    }
}
