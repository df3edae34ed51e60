//! `range` (`Objects/rangeobject.c`).

use num_bigint::BigInt;
use num_integer::Integer as _;
use num_traits::{One, Signed, ToPrimitive, Zero};

use super::arguments::{Arguments, index};
use super::{Failure, MAX_ITEMS, Outcome, Product, compare, integer, not_modelled, repr, value_error};
use crate::value::{Integer, Value};

/// start, stop, step
pub(crate) type Bounds = [Integer; 3];

/// Number of items.
pub(crate) fn length(bounds: &Bounds) -> BigInt {
    let [start, stop, step] = [bounds[0].to_big(), bounds[1].to_big(), bounds[2].to_big()];
    let span = if step.is_negative() { &start - &stop } else { &stop - &start };
    if !span.is_positive() {
        return BigInt::zero();
    }
    (span - 1) / step.abs() + 1
}

/// The item at a position that exists.
fn item(bounds: &Bounds, position: &BigInt) -> Integer {
    (bounds[0].to_big() + bounds[2].to_big() * position).into()
}

pub(crate) fn equal(a: &Bounds, b: &Bounds) -> bool {
    let size = length(a);
    size == length(b) && (size.is_zero() || (a[0] == b[0] && (size.is_one() || a[2] == b[2])))
}

/// All items, if there are not too many.
pub(crate) fn items(bounds: &Bounds) -> Outcome<Vec<Value>> {
    let count = length(bounds).to_usize().filter(|&count| count <= MAX_ITEMS).ok_or(Failure::TooLarge)?;
    let mut next = bounds[0].clone();
    let mut out = Vec::with_capacity(count);
    for _ in 0..count {
        let following = integer::add(&next, &bounds[2]);
        out.push(Value::Int(std::mem::replace(&mut next, following)));
    }
    Ok(out)
}

/// The items backwards, as a range.
pub(crate) fn reversed(bounds: &Bounds) -> Bounds {
    let size = length(bounds);
    let last = item(bounds, &(size - 1));
    [last, integer::subtract(&bounds[0], &bounds[2]), integer::negate(&bounds[2])]
}

/// Where a value first stands in the range.
pub(crate) fn position(bounds: &Bounds, x: &Value) -> Outcome<Option<BigInt>> {
    let number = match x {
        Value::Int(n) => n.clone(),
        Value::Bool(b) => Integer::Small(i64::from(*b)),
        // Other types are compared item by item: only an integral number can be equal to one.
        Value::Float(f) | Value::Complex(f, 0.0) if f.fract() == 0.0 => match super::float::to_integer(*f) {
            Some(n) => n,
            None => return unfound(bounds),
        },
        other => {
            super::type_name(other)?;
            return unfound(bounds);
        }
    };
    let offset = number.to_big() - bounds[0].to_big();
    let (place, rest) = offset.div_rem(&bounds[2].to_big());
    Ok((rest.is_zero() && !place.is_negative() && place < length(bounds)).then_some(place))
}

/// A search that has compared every item, which must not have taken for ever.
fn unfound(bounds: &Bounds) -> Outcome<Option<BigInt>> {
    if length(bounds).to_usize().is_none_or(|count| count > MAX_ITEMS) {
        return Err(Failure::TooLarge);
    }
    Ok(None)
}

/// `range[i]`
pub(crate) fn at(bounds: &Bounds, wanted: &Integer) -> Outcome<Value> {
    let size = length(bounds);
    let mut place = wanted.to_big();
    if place.is_negative() {
        place += &size;
    }
    if place.is_negative() || place >= size {
        return super::raise("IndexError", "range object index out of range");
    }
    Ok(Value::Int(item(bounds, &place)))
}

/// `range[slice]` (`compute_slice`)
pub(crate) fn slice(bounds: &Bounds, parts: &[Value; 3]) -> Outcome<Value> {
    let [start, stop, step] = slice_indices(parts, &length(bounds))?;
    let by = bounds[2].to_big();
    let from = bounds[0].to_big();
    Ok(Value::Range(std::sync::Arc::new([
        (&from + start * &by).into(),
        (&from + stop * &by).into(),
        (step * &by).into(),
    ])))
}

/// start, stop and step for a sequence of that length (`_PySlice_GetLongIndices`).
pub(crate) fn slice_indices(parts: &[Value; 3], length: &BigInt) -> Outcome<[BigInt; 3]> {
    let part = |x: &Value| -> Outcome<Option<BigInt>> {
        match x {
            Value::None => Ok(None),
            Value::Int(n) => Ok(Some(n.to_big())),
            Value::Bool(b) => Ok(Some(BigInt::from(u8::from(*b)))),
            other => {
                super::type_name(other)?;
                super::type_error("slice indices must be integers or None or have an __index__ method")
            }
        }
    };
    let step = part(&parts[2])?.unwrap_or_else(BigInt::one);
    if step.is_zero() {
        return value_error("slice step cannot be zero");
    }
    let backward = step.is_negative();
    let lower = if backward { BigInt::from(-1) } else { BigInt::zero() };
    let upper = if backward { length - 1 } else { length.clone() };
    let bound = |given: Option<BigInt>, absent: &BigInt| match given {
        None => absent.clone(),
        Some(given) if given.is_negative() => (given + length).max(lower.clone()),
        Some(given) => given.min(upper.clone()),
    };
    let start = bound(part(&parts[0])?, if backward { &upper } else { &lower });
    let stop = bound(part(&parts[1])?, if backward { &lower } else { &upper });
    Ok([start, stop, step])
}

pub(crate) const METHODS: &[&str] = &["count", "index", "__reversed__"];

pub(crate) fn call(bounds: &Bounds, arguments: &Arguments) -> Outcome<Product> {
    match arguments.name {
        "count" => {
            let found = position(bounds, arguments.one()?)?;
            Ok(Value::int(i64::from(found.is_some())).into())
        }
        "index" => {
            let wanted = arguments.one()?;
            match position(bounds, wanted)? {
                Some(place) => Ok(Value::Int(place.into()).into()),
                None if matches!(wanted, Value::Int(_) | Value::Bool(_)) => {
                    value_error(format!("{} is not in range", repr::repr(wanted)?))
                }
                None => value_error("sequence.index(x): x not in sequence"),
            }
        }
        "__reversed__" => {
            arguments.none()?;
            if compare::truth(&Value::Range(std::sync::Arc::new(bounds.clone()))) == Some(false) {
                return Ok(Product::Items(Vec::new()));
            }
            items(&reversed(bounds)).map(Product::Items)
        }
        _ => not_modelled("a method of range"),
    }
}

/// `range(…)`
pub(crate) fn construct(arguments: &Arguments) -> Outcome<Value> {
    let args = arguments.positional(1, 3)?;
    let zero = Integer::Small(0);
    let one = Integer::Small(1);
    let bounds = match args {
        [stop] => [zero, index(stop)?, one],
        [start, stop] => [index(start)?, index(stop)?, one],
        [start, stop, step] => [index(start)?, index(stop)?, index(step)?],
        _ => return not_modelled("range()"),
    };
    if integer::is_zero(&bounds[2]) {
        return value_error("range() arg 3 must not be zero");
    }
    Ok(Value::Range(std::sync::Arc::new(bounds)))
}
