//! Methods of `int`, `float` and `complex`.

use super::arguments::{Arguments, bad_argument, index, ssize};
use super::operators::{self, Number};
use super::{
    Outcome, Product, bytes, complex, float, float_text, functions, integer, iterate, not_modelled, raise, type_error,
    type_name, value_error,
};
use crate::value::{Integer, Value};

/// Of every number.
const ANY: &[&str] = &["conjugate", "__pos__", "__neg__", "__abs__", "__bool__", "__getnewargs__"];
const INTEGER: &[&str] =
    &["as_integer_ratio", "bit_count", "bit_length", "from_bytes", "is_integer", "to_bytes", "__invert__", "__index__"];
const FLOAT: &[&str] = &["as_integer_ratio", "fromhex", "hex", "is_integer"];
const REAL: &[&str] =
    &["__int__", "__float__", "__trunc__", "__floor__", "__ceil__", "__round__", "__divmod__", "__rdivmod__"];

pub(crate) fn has(type_name: &str, name: &str) -> bool {
    ANY.contains(&name)
        || match type_name {
            "int" | "bool" => INTEGER.contains(&name) || REAL.contains(&name),
            "float" => FLOAT.contains(&name) || REAL.contains(&name),
            _ => name == "__complex__",
        }
}

/// Calls a method of a number.
pub(crate) fn call(receiver: &Value, arguments: &Arguments) -> Outcome<Product> {
    match operators::number(receiver) {
        Some(Number::Int(n)) => of_integer(receiver, &n, arguments),
        Some(Number::Float(f)) => of_float(f, arguments),
        Some(Number::Complex(re, im)) => of_complex((re, im), arguments),
        None => not_modelled("a method of what is not a number"),
    }
}

fn of_integer(receiver: &Value, n: &Integer, arguments: &Arguments) -> Outcome<Product> {
    let name = arguments.name;
    let value = match name {
        "from_bytes" => return from_bytes(arguments),
        "to_bytes" => return to_bytes(n, arguments),
        "__divmod__" | "__rdivmod__" => return divmod(receiver, arguments),
        "__round__" => {
            let args = arguments.positional(0, 1)?;
            return round(receiver, args.first().filter(|digits| !matches!(digits, Value::None)));
        }
        "__invert__" if matches!(receiver, Value::Bool(_)) && arguments.ctx.version >= (3, 12) => {
            return not_modelled("`~` on a bool, which warns");
        }
        "is_integer" if arguments.ctx.version < (3, 12) => {
            return raise("AttributeError", format!("'{}' object has no attribute 'is_integer'", type_name(receiver)?));
        }
        "as_integer_ratio" => Value::tuple(vec![Value::Int(n.clone()), Value::int(1)]),
        "bit_count" => Value::int(integer::bit_count(n) as i64),
        "bit_length" => Value::int(integer::bits(n) as i64),
        "is_integer" => Value::Bool(true),
        "__getnewargs__" => Value::tuple(vec![Value::Int(n.clone())]),
        "conjugate" | "__pos__" | "__int__" | "__index__" | "__trunc__" | "__floor__" | "__ceil__" => {
            Value::Int(n.clone())
        }
        "__neg__" => Value::Int(integer::negate(n)),
        "__abs__" => Value::Int(integer::absolute(n)),
        "__invert__" => Value::Int(integer::invert(n)),
        "__bool__" => Value::Bool(!integer::is_zero(n)),
        "__float__" => {
            arguments.none()?;
            Value::Float(float::from_integer_or_raise(n)?)
        }
        _ => return not_modelled("a method of int"),
    };
    none(arguments)?;
    Ok(value.into())
}

/// No arguments, whether a slot wrapper or a method.
fn none(arguments: &Arguments) -> Outcome<()> {
    let slot = !matches!(arguments.name, "__getnewargs__" | "__trunc__" | "__floor__" | "__ceil__" | "__complex__");
    if slot && arguments.name.starts_with("__") { arguments.wrapper(0).map(|_| ()) } else { arguments.none() }
}

fn of_float(f: f64, arguments: &Arguments) -> Outcome<Product> {
    let value = match arguments.name {
        "fromhex" => {
            return match arguments.one()? {
                Value::Str(text) => Ok(Value::Float(float_text::from_hex(text)?).into()),
                other => {
                    type_name(other)?;
                    type_error("bad argument type for built-in operation")
                }
            };
        }
        "__divmod__" | "__rdivmod__" => return divmod(&Value::Float(f), arguments),
        "__round__" => {
            let args = arguments.positional(0, 1)?;
            return round(&Value::Float(f), args.first().filter(|digits| !matches!(digits, Value::None)));
        }
        name => {
            none(arguments)?;
            match name {
                "as_integer_ratio" => {
                    let (numerator, denominator) = float::integer_ratio(f)?;
                    Value::tuple(vec![Value::Int(numerator.into()), Value::Int(denominator.into())])
                }
                "hex" => Value::str(float_text::hex(f)),
                "is_integer" => Value::Bool(f.is_finite() && f.fract() == 0.0),
                "__getnewargs__" => Value::tuple(vec![Value::Float(f)]),
                "conjugate" | "__pos__" | "__float__" => Value::Float(f),
                "__neg__" => Value::Float(-f),
                "__abs__" => Value::Float(f.abs()),
                "__bool__" => Value::Bool(f != 0.0),
                "__int__" | "__trunc__" => Value::Int(float::to_integer_or_raise(f)?),
                "__floor__" => Value::Int(float::to_integer_or_raise(f.floor())?),
                "__ceil__" => Value::Int(float::to_integer_or_raise(f.ceil())?),
                _ => return not_modelled("a method of float"),
            }
        }
    };
    Ok(value.into())
}

fn of_complex((re, im): complex::Complex, arguments: &Arguments) -> Outcome<Product> {
    none(arguments)?;
    let value = match arguments.name {
        "conjugate" => Value::Complex(re, -im),
        "__pos__" | "__complex__" => Value::Complex(re, im),
        "__neg__" => Value::Complex(-re, -im),
        "__abs__" => Value::Float(complex::absolute((re, im))?),
        "__bool__" => Value::Bool(re != 0.0 || im != 0.0),
        "__getnewargs__" => Value::tuple(vec![Value::Float(re), Value::Float(im)]),
        _ => return not_modelled("a method of complex"),
    };
    Ok(value.into())
}

fn divmod(receiver: &Value, arguments: &Arguments) -> Outcome<Product> {
    let args = arguments.wrapper(1)?;
    let [other] = args else {
        return not_modelled("divmod()");
    };
    type_name(other)?;
    let allowed = match receiver {
        Value::Float(_) => matches!(other, Value::Float(_) | Value::Int(_) | Value::Bool(_)),
        _ => matches!(other, Value::Int(_) | Value::Bool(_)),
    };
    if !allowed {
        return Ok(Value::NotImplemented.into());
    }
    let (a, b) = if arguments.name == "__divmod__" { (receiver, other) } else { (other, receiver) };
    functions::divmod(a, b).map(Product::Value)
}

/// `round(x)` or `round(x, digits)`.
pub(crate) fn round(x: &Value, digits: Option<&Value>) -> Outcome<Product> {
    let value = match (operators::number(x), digits) {
        (Some(Number::Int(n)), None) => Value::Int(n),
        (Some(Number::Int(n)), Some(digits)) => Value::Int(integer::round(&n, &index(digits)?)?),
        (Some(Number::Float(f)), None) => Value::Int(float::round_to_integer(f)?),
        (Some(Number::Float(f)), Some(digits)) => {
            Value::Float(float::round_to_digits(f, super::arguments::clip(&index(digits)?))?)
        }
        _ => {
            return type_error(format!("type {} doesn't define __round__ method", type_name(x)?));
        }
    };
    Ok(value.into())
}

/// Whether `byteorder` is little.
fn is_little(order: Option<&Value>, function: &str) -> Outcome<bool> {
    match order {
        None => Ok(false),
        Some(Value::Str(order)) => match &**order {
            "little" => Ok(true),
            "big" => Ok(false),
            _ => value_error("byteorder must be either 'little' or 'big'"),
        },
        Some(other) => bad_argument(function, "'byteorder' ", "str", other),
    }
}

fn from_bytes(arguments: &Arguments) -> Outcome<Product> {
    let [data, order, signed] = arguments.named(["bytes", "byteorder", "signed"], 0, 2, 1)?;
    let Some(data) = data else {
        return not_modelled("from_bytes()");
    };
    let signed = bytes::flag(signed)?;
    let little = is_little(order, "from_bytes")?;
    let data = match data {
        Value::Bytes(data) => data.to_vec(),
        Value::Tuple(_) | Value::Range(_) => bytes::from_items(&iterate(arguments.ctx, data)?)?,
        other => {
            return type_error(format!("cannot convert '{}' object to bytes", type_name(other)?));
        }
    };
    Ok(Value::Int(integer::from_bytes(&data, little, signed)?).into())
}

fn to_bytes(n: &Integer, arguments: &Arguments) -> Outcome<Product> {
    let [length, order, signed] = arguments.named(["length", "byteorder", "signed"], 0, 2, 0)?;
    let length = length.map_or(Ok(1), ssize)?;
    let signed = bytes::flag(signed)?;
    let little = is_little(order, "to_bytes")?;
    let Ok(length) = usize::try_from(length) else {
        return value_error("length argument must be non-negative");
    };
    Ok(Value::Bytes(integer::to_bytes(n, length, little, signed)?.into()).into())
}
