//! Methods of `tuple` and `slice`.

use std::sync::Arc;

use num_bigint::BigInt;

use super::arguments::{Arguments, clip, index};
use super::{Outcome, Product, compare, integer, not_modelled, range, type_error, type_name, value_error};
use crate::value::{Integer, Value};

pub(crate) const METHODS: &[&str] = &["count", "index"];
pub(crate) const SLICE_METHODS: &[&str] = &["indices"];

pub(crate) fn call(items: &Arc<[Value]>, arguments: &Arguments) -> Outcome<Product> {
    match arguments.name {
        "count" => {
            let wanted = arguments.one()?;
            let mut count = 0;
            for item in items.iter() {
                count += i64::from(compare::same(item, wanted)?);
            }
            Ok(Value::int(count).into())
        }
        "index" => {
            let args = arguments.positional(1, 3)?;
            let [wanted, bounds @ ..] = args else {
                return not_modelled("tuple.index()");
            };
            let bound = |at: usize, default: i64| match bounds.get(at) {
                None => Ok(default),
                Some(Value::Int(n)) => Ok(clip(n)),
                Some(Value::Bool(b)) => Ok(i64::from(*b)),
                Some(other) => {
                    type_name(other)?;
                    type_error("slice indices must be integers or have an __index__ method")
                }
            };
            let length = items.len() as i64;
            let from_end = |n: i64| if n < 0 { (n + length).max(0) } else { n };
            let (start, stop) = (from_end(bound(0, 0)?), from_end(bound(1, i64::MAX)?));
            for at in start..stop.min(length) {
                if compare::same(&items[at as usize], wanted)? {
                    return Ok(Value::int(at).into());
                }
            }
            value_error("tuple.index(x): x not in tuple")
        }
        _ => not_modelled("a method of tuple"),
    }
}

pub(crate) fn call_slice(parts: &[Value; 3], arguments: &Arguments) -> Outcome<Product> {
    if arguments.name != "indices" {
        return not_modelled("a method of slice");
    }
    let length = index(arguments.one()?)?;
    if integer::is_negative(&length) {
        return value_error("length should not be negative");
    }
    let found = range::slice_indices(parts, &length.to_big())?;
    let items = found.map(|n: BigInt| Value::Int(Integer::from(n)));
    Ok(Value::tuple(items.to_vec()).into())
}
