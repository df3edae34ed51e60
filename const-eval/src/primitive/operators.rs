//! Unary and binary operators (`Objects/abstract.c`).

use std::sync::Arc;

use syntax::ir::{BinaryOperator, UnaryOperator};

use super::{
    Context, Failure, MAX_ITEMS, Outcome, bounded_text, bytes_format, compare, complex, float, integer, not_modelled,
    overflow_error, percent, type_error, type_name,
};
use crate::value::{Integer, Value};

/// `+x`, `-x`, `~x`, `not x`
pub fn unary(ctx: Context, op: UnaryOperator, x: &Value) -> Outcome<Value> {
    let kind = type_name(x)?;
    let symbol = match op {
        UnaryOperator::Not => {
            return match compare::truth(x) {
                Some(truth) => Ok(Value::Bool(!truth)),
                None => not_modelled("truth of NotImplemented, which warns"),
            };
        }
        UnaryOperator::Positive => "+",
        UnaryOperator::Negative => "-",
        UnaryOperator::Invert => "~",
    };
    if matches!((op, x), (UnaryOperator::Invert, Value::Bool(_))) && ctx.version >= (3, 12) {
        return not_modelled("`~` on a bool, which warns");
    }
    let small = |b: bool| Integer::Small(i64::from(b));
    Ok(match (op, x) {
        (UnaryOperator::Positive, Value::Bool(b)) => Value::Int(small(*b)),
        (UnaryOperator::Negative, Value::Bool(b)) => Value::Int(integer::negate(&small(*b))),
        (UnaryOperator::Invert, Value::Bool(b)) => Value::Int(integer::invert(&small(*b))),
        (UnaryOperator::Positive, Value::Int(_) | Value::Float(_) | Value::Complex(..)) => x.clone(),
        (UnaryOperator::Negative, Value::Int(n)) => Value::Int(integer::negate(n)),
        (UnaryOperator::Negative, Value::Float(f)) => Value::Float(-f),
        (UnaryOperator::Negative, Value::Complex(re, im)) => Value::Complex(-re, -im),
        (UnaryOperator::Invert, Value::Int(n)) => Value::Int(integer::invert(n)),
        _ => return type_error(format!("bad operand type for unary {symbol}: '{kind}'")),
    })
}

/// An operand of arithmetic.
#[derive(Clone)]
pub(crate) enum Number {
    Int(Integer),
    Float(f64),
    Complex(f64, f64),
}

pub(crate) fn number(x: &Value) -> Option<Number> {
    Some(match x {
        Value::Bool(b) => Number::Int(Integer::Small(i64::from(*b))),
        Value::Int(n) => Number::Int(n.clone()),
        Value::Float(f) => Number::Float(*f),
        Value::Complex(re, im) => Number::Complex(*re, *im),
        _ => return None,
    })
}

impl Number {
    fn to_float(&self) -> Outcome<f64> {
        match self {
            Number::Int(n) => float::from_integer_or_raise(n),
            Number::Float(f) => Ok(*f),
            Number::Complex(..) => not_modelled("a complex number as a float"),
        }
    }

    pub fn to_complex(&self) -> Outcome<complex::Complex> {
        match self {
            Number::Complex(re, im) => Ok((*re, *im)),
            real => Ok((real.to_float()?, 0.0)),
        }
    }
}

/// The operator as messages write it.
pub fn symbol(op: BinaryOperator) -> &'static str {
    match op {
        BinaryOperator::Add => "+",
        BinaryOperator::Subtract => "-",
        BinaryOperator::Multiply => "*",
        BinaryOperator::MatrixMultiply => "@",
        BinaryOperator::Divide => "/",
        BinaryOperator::FloorDivide => "//",
        BinaryOperator::Modulo => "%",
        BinaryOperator::Power => "** or pow()",
        BinaryOperator::LeftShift => "<<",
        BinaryOperator::RightShift => ">>",
        BinaryOperator::BitAnd => "&",
        BinaryOperator::BitOr => "|",
        BinaryOperator::BitXor => "^",
    }
}

/// `l op r`
pub fn binary(ctx: Context, op: BinaryOperator, l: &Value, r: &Value) -> Outcome<Value> {
    if let (Some(a), Some(b)) = (number(l), number(r)) {
        if let (Value::Bool(a), Value::Bool(b)) = (l, r) {
            match op {
                BinaryOperator::BitAnd => return Ok(Value::Bool(a & b)),
                BinaryOperator::BitOr => return Ok(Value::Bool(a | b)),
                BinaryOperator::BitXor => return Ok(Value::Bool(a ^ b)),
                _ => {}
            }
        }
        return match arithmetic(ctx, op, &a, &b)? {
            Some(result) => Ok(result),
            None => unsupported(op, l, r),
        };
    }
    // Only sequences are left, and what has no operators at all; `%` looks at the left operand alone.
    type_name(l)?;
    if let (BinaryOperator::Modulo, Value::Str(template)) = (op, l) {
        return percent::apply(ctx, template, r).map(Value::Str);
    }
    if let (BinaryOperator::Modulo, Value::Bytes(template)) = (op, l) {
        return bytes_format::apply(ctx, template, r).map(|data| Value::Bytes(data.into()));
    }
    type_name(r)?;
    match op {
        BinaryOperator::Add => match (l, r) {
            (Value::Str(_) | Value::Bytes(_) | Value::Tuple(_), _) => concatenate(l, r),
            _ => unsupported(op, l, r),
        },
        BinaryOperator::Multiply => match (l, r) {
            (Value::Str(_) | Value::Bytes(_) | Value::Tuple(_), _) => repeat(l, r),
            (_, Value::Str(_) | Value::Bytes(_) | Value::Tuple(_)) => repeat(r, l),
            _ => unsupported(op, l, r),
        },
        _ => unsupported(op, l, r),
    }
}

fn unsupported<T>(op: BinaryOperator, l: &Value, r: &Value) -> Outcome<T> {
    type_error(format!("unsupported operand type(s) for {}: '{}' and '{}'", symbol(op), type_name(l)?, type_name(r)?))
}

/// Arithmetic of two numbers; `None` where their type has no such operator.
pub(crate) fn arithmetic(ctx: Context, op: BinaryOperator, a: &Number, b: &Number) -> Outcome<Option<Value>> {
    Ok(Some(match (a, b) {
        (Number::Int(a), Number::Int(b)) => return integers(op, a, b),
        (Number::Complex(..), _) | (_, Number::Complex(..)) => {
            let (a, b) = match op {
                BinaryOperator::Add
                | BinaryOperator::Subtract
                | BinaryOperator::Multiply
                | BinaryOperator::Divide
                | BinaryOperator::Power => (a.to_complex()?, b.to_complex()?),
                _ => return Ok(None),
            };
            let (re, im) = match op {
                BinaryOperator::Add => complex::add(a, b),
                BinaryOperator::Subtract => complex::subtract(a, b),
                BinaryOperator::Multiply => complex::multiply(a, b)?,
                BinaryOperator::Divide => complex::divide(a, b)?,
                _ => complex::power(a, b)?,
            };
            Value::Complex(re, im)
        }
        _ => {
            let operation: fn(Context, f64, f64) -> Outcome<f64> = match op {
                BinaryOperator::Add => |_, a, b| Ok(a + b),
                BinaryOperator::Subtract => |_, a, b| Ok(a - b),
                BinaryOperator::Multiply => |_, a, b| Ok(a * b),
                BinaryOperator::Divide => |_, a, b| float::divide(a, b),
                BinaryOperator::FloorDivide => |_, a, b| float::floor_divide(a, b),
                BinaryOperator::Modulo => float::modulo,
                BinaryOperator::Power => |_, a, b| float::power(a, b),
                _ => return Ok(None),
            };
            Value::Float(operation(ctx, a.to_float()?, b.to_float()?)?)
        }
    }))
}

fn integers(op: BinaryOperator, a: &Integer, b: &Integer) -> Outcome<Option<Value>> {
    Ok(Some(Value::Int(match op {
        BinaryOperator::Add => integer::add(a, b),
        BinaryOperator::Subtract => integer::subtract(a, b),
        BinaryOperator::Multiply => integer::multiply(a, b)?,
        BinaryOperator::Divide => {
            return float::divide_integers(a, b).map(|f| Some(Value::Float(f)));
        }
        BinaryOperator::FloorDivide => integer::floor_divide(a, b)?,
        BinaryOperator::Modulo => integer::modulo(a, b)?,
        BinaryOperator::Power => return integer::power(a, b).map(Some),
        BinaryOperator::LeftShift => integer::shift_left(a, b)?,
        BinaryOperator::RightShift => integer::shift_right(a, b)?,
        BinaryOperator::BitAnd => integer::bit_and(a, b),
        BinaryOperator::BitOr => integer::bit_or(a, b),
        BinaryOperator::BitXor => integer::bit_xor(a, b),
        BinaryOperator::MatrixMultiply => return Ok(None),
    })))
}

/// `l + r` of a sequence and anything.
pub(crate) fn concatenate(l: &Value, r: &Value) -> Outcome<Value> {
    match (l, r) {
        (Value::Str(a), Value::Str(b)) => {
            bounded_text(a.len().checked_add(b.len()))?;
            Ok(Value::str([&**a, &**b].concat()))
        }
        (Value::Bytes(a), Value::Bytes(b)) => {
            bounded_text(a.len().checked_add(b.len()))?;
            Ok(Value::Bytes([&**a, &**b].concat().into()))
        }
        (Value::Tuple(a), Value::Tuple(b)) => {
            if a.len() + b.len() > MAX_ITEMS {
                return Err(Failure::TooLarge);
            }
            Ok(Value::Tuple([&**a, &**b].concat().into()))
        }
        (Value::Bytes(_), _) => type_error(format!("can't concat {} to bytes", type_name(r)?)),
        _ => {
            let kind = type_name(l)?;
            type_error(format!("can only concatenate {kind} (not \"{}\") to {kind}", type_name(r)?))
        }
    }
}

/// `sequence * count`
pub(crate) fn repeat(sequence: &Value, count: &Value) -> Outcome<Value> {
    let count = match count {
        Value::Int(n) => match n.to_i64() {
            Some(n) => n,
            None => return overflow_error("cannot fit 'int' into an index-sized integer"),
        },
        Value::Bool(b) => i64::from(*b),
        other => {
            return type_error(format!("can't multiply sequence by non-int of type '{}'", type_name(other)?));
        }
    };
    let count = usize::try_from(count).unwrap_or(0);
    Ok(match sequence {
        Value::Str(text) => {
            bounded_text(text.len().checked_mul(count))?;
            Value::str(text.repeat(if text.is_empty() { 0 } else { count }))
        }
        Value::Bytes(data) => {
            bounded_text(data.len().checked_mul(count))?;
            Value::Bytes(data.repeat(if data.is_empty() { 0 } else { count }).into())
        }
        Value::Tuple(items) => {
            if items.len().checked_mul(count).is_none_or(|total| total > MAX_ITEMS) {
                return Err(Failure::TooLarge);
            }
            let count = if items.is_empty() { 0 } else { count };
            Value::Tuple(items.iter().cycle().take(items.len() * count).cloned().collect::<Arc<[Value]>>())
        }
        _ => return not_modelled("repetition of what is not a sequence"),
    })
}
