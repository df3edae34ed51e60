//! Equality, order, truth, length and membership.

use std::cmp::Ordering;

use syntax::ir::Comparison;

use super::{Context, Failure, MAX_DEPTH, Outcome, float, integer, not_modelled, range, type_error, type_name};
use crate::value::{Integer, Value};

const DEEP: Failure = Failure::NotModelled("data nested too deeply");
const IDENTITY: Failure = Failure::NotModelled("an equality that identity decides (NaN)");

/// A number, as comparisons see it.
enum Number {
    Int(Integer),
    Float(f64),
    Complex(f64, f64),
}

fn number(x: &Value) -> Option<Number> {
    Some(match x {
        Value::Bool(b) => Number::Int(Integer::Small(i64::from(*b))),
        Value::Int(n) => Number::Int(n.clone()),
        Value::Float(f) => Number::Float(*f),
        Value::Complex(re, im) => Number::Complex(*re, *im),
        _ => return None,
    })
}

fn numbers_equal(a: &Number, b: &Number) -> bool {
    match (a, b) {
        (Number::Int(a), Number::Int(b)) => a == b,
        (Number::Float(a), Number::Float(b)) => a == b,
        (Number::Int(n), Number::Float(f)) | (Number::Float(f), Number::Int(n)) => {
            float::compare_integer(*f, n) == Some(Ordering::Equal)
        }
        (Number::Complex(re, im), Number::Complex(re2, im2)) => re == re2 && im == im2,
        (Number::Complex(re, im), Number::Int(n)) | (Number::Int(n), Number::Complex(re, im)) => {
            *im == 0.0 && float::compare_integer(*re, n) == Some(Ordering::Equal)
        }
        (Number::Complex(re, im), Number::Float(f)) | (Number::Float(f), Number::Complex(re, im)) => {
            *im == 0.0 && re == f
        }
    }
}

/// `l == r`. `None` if they hold what is not data, or if identity decides (tuples with NaN).
/// NaN itself is unequal to everything.
pub fn equal(l: &Value, r: &Value) -> Option<bool> {
    equal_within(l, r, MAX_DEPTH).ok()
}

/// `l is r or l == r`, as `in` and tuples ask. `None` also for two NaNs.
pub fn identical_or_equal(l: &Value, r: &Value) -> Option<bool> {
    same_within(l, r, MAX_DEPTH).ok()
}

pub(crate) fn same(l: &Value, r: &Value) -> Outcome<bool> {
    same_within(l, r, MAX_DEPTH)
}

fn has_nan(x: &Value) -> bool {
    match x {
        Value::Float(f) => f.is_nan(),
        Value::Complex(re, im) => re.is_nan() || im.is_nan(),
        _ => false,
    }
}

fn same_within(l: &Value, r: &Value, depth: usize) -> Outcome<bool> {
    if has_nan(l) && has_nan(r) && type_name(l)? == type_name(r)? {
        return Err(IDENTITY);
    }
    equal_within(l, r, depth)
}

fn equal_within(l: &Value, r: &Value, depth: usize) -> Outcome<bool> {
    type_name(l)?;
    type_name(r)?;
    if let (Some(a), Some(b)) = (number(l), number(r)) {
        return Ok(numbers_equal(&a, &b));
    }
    let depth = depth.checked_sub(1).ok_or(DEEP)?;
    Ok(match (l, r) {
        (Value::None, Value::None)
        | (Value::Ellipsis, Value::Ellipsis)
        | (Value::NotImplemented, Value::NotImplemented) => true,
        (Value::Str(a), Value::Str(b)) => a == b,
        (Value::Bytes(a), Value::Bytes(b)) => a == b,
        (Value::Tuple(a), Value::Tuple(b)) => first_difference(a, b, depth)?.is_none() && a.len() == b.len(),
        (Value::Slice(a), Value::Slice(b)) => first_difference(&a[..], &b[..], depth)?.is_none(),
        (Value::Range(a), Value::Range(b)) => range::equal(a, b),
        _ => false,
    })
}

/// Where two sequences, as far as both go, first differ.
fn first_difference(a: &[Value], b: &[Value], depth: usize) -> Outcome<Option<usize>> {
    for (at, (l, r)) in a.iter().zip(b).enumerate() {
        if !same_within(l, r, depth)? {
            return Ok(Some(at));
        }
    }
    Ok(None)
}

fn symbol(op: Comparison) -> &'static str {
    match op {
        Comparison::Less => "<",
        Comparison::LessEqual => "<=",
        Comparison::Greater => ">",
        Comparison::GreaterEqual => ">=",
        Comparison::NotEqual => "!=",
        _ => "==",
    }
}

fn holds(op: Comparison, order: Option<Ordering>) -> bool {
    match (op, order) {
        (Comparison::Less, Some(order)) => order.is_lt(),
        (Comparison::LessEqual, Some(order)) => order.is_le(),
        (Comparison::Greater, Some(order)) => order.is_gt(),
        (Comparison::GreaterEqual, Some(order)) => order.is_ge(),
        // NaN is in no order with anything.
        _ => false,
    }
}

/// `l op r` for an ordering `op`; `None` where Python's types return `NotImplemented`.
pub(crate) fn ordered(op: Comparison, l: &Value, r: &Value) -> Outcome<Option<bool>> {
    ordered_within(op, l, r, MAX_DEPTH)
}

fn ordered_within(op: Comparison, l: &Value, r: &Value, depth: usize) -> Outcome<Option<bool>> {
    type_name(l)?;
    type_name(r)?;
    let depth = depth.checked_sub(1).ok_or(DEEP)?;
    let order = match (number(l), number(r)) {
        (Some(Number::Int(a)), Some(Number::Int(b))) => Some(integer::order(&a, &b)),
        (Some(Number::Float(a)), Some(Number::Float(b))) => a.partial_cmp(&b),
        (Some(Number::Float(f)), Some(Number::Int(n))) => float::compare_integer(f, &n),
        (Some(Number::Int(n)), Some(Number::Float(f))) => float::compare_integer(f, &n).map(Ordering::reverse),
        (None, None) => match (l, r) {
            // UTF-8 keeps the order of code points.
            (Value::Str(a), Value::Str(b)) => Some(a.cmp(b)),
            (Value::Bytes(a), Value::Bytes(b)) => Some(a.cmp(b)),
            (Value::Tuple(a), Value::Tuple(b)) => return sequences(op, a, b, depth),
            (Value::Slice(a), Value::Slice(b)) => return sequences(op, &a[..], &b[..], depth),
            _ => return Ok(None),
        },
        _ => return Ok(None),
    };
    Ok(Some(holds(op, order)))
}

fn sequences(op: Comparison, a: &[Value], b: &[Value], depth: usize) -> Outcome<Option<bool>> {
    match first_difference(a, b, depth)? {
        Some(at) => match ordered_within(op, &a[at], &b[at], depth)? {
            Some(result) => Ok(Some(result)),
            None => unordered(op, &a[at], &b[at]),
        },
        None => Ok(Some(holds(op, Some(a.len().cmp(&b.len()))))),
    }
}

/// What is said of operands of these types that have no order.
pub fn unordered_message(op: Comparison, left: &str, right: &str) -> String {
    format!("'{}' not supported between instances of '{left}' and '{right}'", symbol(op))
}

fn unordered<T>(op: Comparison, l: &Value, r: &Value) -> Outcome<T> {
    type_error(unordered_message(op, type_name(l)?, type_name(r)?))
}

/// A comparison of two operands. Identity is answered for singletons only.
pub fn compare(_ctx: Context, op: Comparison, l: &Value, r: &Value) -> Outcome<bool> {
    match op {
        Comparison::Equal => equal_within(l, r, MAX_DEPTH),
        Comparison::NotEqual => equal_within(l, r, MAX_DEPTH).map(|equal| !equal),
        Comparison::In => contains(r, l),
        Comparison::NotIn => contains(r, l).map(|found| !found),
        Comparison::Is => identical(l, r),
        Comparison::IsNot => identical(l, r).map(|same| !same),
        _ => match ordered(op, l, r)? {
            Some(result) => Ok(result),
            None => unordered(op, l, r),
        },
    }
}

fn identical(l: &Value, r: &Value) -> Outcome<bool> {
    let (left, right) = (type_name(l)?, type_name(r)?);
    match (l, r) {
        (Value::Bool(a), Value::Bool(b)) => Ok(a == b),
        _ if left != right => Ok(false),
        (Value::None | Value::Ellipsis | Value::NotImplemented, _) => Ok(true),
        _ => not_modelled("identity of objects that are not singletons"),
    }
}

/// `item in container`
pub(crate) fn contains(container: &Value, item: &Value) -> Outcome<bool> {
    match container {
        Value::Str(text) => match item {
            Value::Str(part) => Ok(text.contains(&**part)),
            other => type_error(format!("'in <string>' requires string as left operand, not {}", type_name(other)?)),
        },
        Value::Bytes(data) => match item {
            Value::Bytes(part) => Ok(super::bytes::find(data, part).is_some()),
            Value::Int(_) | Value::Bool(_) => {
                let byte = super::bytes::byte(item)?;
                Ok(data.contains(&byte))
            }
            other => type_error(format!("a bytes-like object is required, not '{}'", type_name(other)?)),
        },
        Value::Tuple(items) => {
            for candidate in items.iter() {
                if same(candidate, item)? {
                    return Ok(true);
                }
            }
            Ok(false)
        }
        Value::Range(bounds) => Ok(range::position(bounds, item)?.is_some()),
        other => type_error(format!("argument of type '{}' is not iterable", type_name(other)?)),
    }
}

/// `bool(x)`; `None` for what is not data, and for `NotImplemented`, which warns.
pub fn truth(x: &Value) -> Option<bool> {
    Some(match x {
        Value::None => false,
        Value::Ellipsis | Value::Slice(_) => true,
        Value::Bool(b) => *b,
        Value::Int(n) => !integer::is_zero(n),
        Value::Float(f) => *f != 0.0,
        Value::Complex(re, im) => *re != 0.0 || *im != 0.0,
        Value::Str(text) => !text.is_empty(),
        Value::Bytes(data) => !data.is_empty(),
        Value::Tuple(items) => !items.is_empty(),
        Value::Range(bounds) => !num_traits::Zero::is_zero(&range::length(bounds)),
        _ => return None,
    })
}

/// `len(x)`
pub fn length(x: &Value) -> Outcome<usize> {
    match x {
        Value::Str(text) => Ok(super::text::length(text)),
        Value::Bytes(data) => Ok(data.len()),
        Value::Tuple(items) => Ok(items.len()),
        Value::Range(bounds) => match num_traits::ToPrimitive::to_i64(&range::length(bounds)) {
            Some(length) => Ok(length as usize),
            None => super::overflow_error("Python int too large to convert to C ssize_t"),
        },
        other => type_error(format!("object of type '{}' has no len()", type_name(other)?)),
    }
}
