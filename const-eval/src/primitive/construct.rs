//! Calling the builtin types over data.

use std::sync::Arc;

use super::arguments::{Arguments, bad_argument, index};
use super::{
    Context, Outcome, bounded_text, bytes, codec, compare, complex, float, float_text, integer, iterate, not_modelled,
    number_text, operators, overflow_error, range, repr, type_error, type_name, value_error,
};
use crate::value::Value;

/// `type_name(*args, **keywords)`
pub fn construct(ctx: Context, type_name: &str, args: &[Value], keywords: &[(&str, Value)]) -> Outcome<Value> {
    let arguments = Arguments { ctx, owner: "", name: type_name, args, keywords };
    match type_name {
        "bool" => match arguments.positional(0, 1)?.first() {
            None => Ok(Value::Bool(false)),
            Some(x) => match compare::truth(x) {
                Some(truth) => Ok(Value::Bool(truth)),
                None => not_modelled("truth of what is not plain data, or warns"),
            },
        },
        "int" => new_int(&arguments),
        "float" => new_float(&arguments),
        "complex" => new_complex(&arguments),
        "str" => new_str(&arguments),
        "bytes" => new_bytes(&arguments),
        "tuple" => match arguments.positional(0, 1)?.first() {
            None => Ok(Value::tuple(Vec::new())),
            Some(same @ Value::Tuple(_)) => Ok(same.clone()),
            Some(x) => iterate(ctx, x).map(Value::tuple),
        },
        "range" => range::construct(&arguments),
        "slice" => Ok(Value::Slice(Arc::new(match arguments.positional(1, 3)? {
            [stop] => [Value::None, stop.clone(), Value::None],
            [start, stop] => [start.clone(), stop.clone(), Value::None],
            [start, stop, step] => [start.clone(), stop.clone(), step.clone()],
            _ => return not_modelled("slice()"),
        }))),
        _ => not_modelled("a type that is not plain data"),
    }
}

/// The text that `int` and `float` parse; bytes as Latin-1.
fn text_of(x: &Value) -> Option<String> {
    match x {
        Value::Str(text) => Some(text.to_string()),
        Value::Bytes(data) => {
            Some(data.iter().map(|&byte| if byte.is_ascii() { char::from(byte) } else { '?' }).collect())
        }
        _ => None,
    }
}

fn shown(x: &Value) -> Outcome<String> {
    repr::repr(x).map(|text| text.to_string())
}

fn new_int(arguments: &Arguments) -> Outcome<Value> {
    if arguments.args.len() > 2 && arguments.ctx.version >= (3, 13) {
        return type_error(format!("int expected at most 2 arguments, got {}", arguments.args.len()));
    }
    let [x, base] = arguments.named(["", "base"], 1, 2, 0)?;
    let Some(x) = x else {
        return if base.is_some() { type_error("int() missing string argument") } else { Ok(Value::int(0)) };
    };
    let base = match base {
        None => None,
        Some(base) => {
            let base = super::arguments::clip(&index(base)?);
            match u32::try_from(base) {
                Ok(base @ (0 | 2..=36)) => Some(base),
                _ => return value_error("int() base must be >= 2 and <= 36, or 0"),
            }
        }
    };
    if let Some(text) = text_of(x) {
        return number_text::parse(&text, base.unwrap_or(10), || shown(x)).map(Value::Int);
    }
    if base.is_some() {
        type_name(x)?;
        return type_error("int() can't convert non-string with explicit base");
    }
    match x {
        Value::Int(n) => Ok(Value::Int(n.clone())),
        Value::Bool(b) => Ok(Value::int(i64::from(*b))),
        Value::Float(f) => float::to_integer_or_raise(*f).map(Value::Int),
        other => type_error(format!(
            "int() argument must be a string, a bytes-like object or a real number, not '{}'",
            type_name(other)?
        )),
    }
}

fn new_float(arguments: &Arguments) -> Outcome<Value> {
    let Some(x) = arguments.positional(0, 1)?.first() else {
        return Ok(Value::Float(0.0));
    };
    if let Some(text) = text_of(x) {
        return float_text::parse(&text, || shown(x)).map(Value::Float);
    }
    match x {
        Value::Float(f) => Ok(Value::Float(*f)),
        Value::Int(n) => float::from_integer_or_raise(n).map(Value::Float),
        Value::Bool(b) => Ok(Value::Float(f64::from(u8::from(*b)))),
        other => type_error(format!("float() argument must be a string or a real number, not '{}'", type_name(other)?)),
    }
}

fn new_complex(arguments: &Arguments) -> Outcome<Value> {
    let [real, imaginary] = arguments.named(["real", "imag"], 0, 2, 0)?;
    if let Some(Value::Str(text)) = real {
        if imaginary.is_some() {
            return type_error("complex() can't take second arg if first is a string");
        }
        let (re, im) = complex::parse(text)?;
        return Ok(Value::Complex(re, im));
    }
    if let Some(Value::Str(_)) = imaginary {
        return type_error("complex() second arg can't be a string");
    }
    // Both types are looked at before either is converted.
    for (x, words) in
        [(real, "first argument must be a string or a number"), (imaginary, "second argument must be a number")]
    {
        if let Some(x) = x
            && operators::number(x).is_none()
        {
            return type_error(format!("complex() {words}, not '{}'", type_name(x)?));
        }
    }
    let part = |x: Option<&Value>| -> Outcome<complex::Complex> {
        match x.and_then(operators::number) {
            None => Ok((0.0, 0.0)),
            Some(number) => number.to_complex(),
        }
    };
    let mut re = part(real)?;
    let mut im = part(imaginary)?;
    if imaginary.is_none() {
        return Ok(Value::Complex(re.0, re.1));
    }
    // `real + imag*1j`, complex parts included.
    if matches!(imaginary, Some(Value::Complex(..))) {
        re.0 -= im.1;
    }
    if matches!(real, Some(Value::Complex(..))) {
        im.0 += re.1;
    }
    Ok(Value::Complex(re.0, im.0))
}

pub(crate) fn optional_text<'a>(
    ctx: Context,
    x: Option<&'a Value>,
    function: &str,
    which: &str,
) -> Outcome<Option<&'a str>> {
    match x {
        None => Ok(None),
        Some(Value::Str(text)) if text.contains('\0') => value_error("embedded null character"),
        Some(Value::Str(text)) => Ok(Some(text)),
        Some(Value::None) if function == "str" && ctx.version >= (3, 13) => {
            type_error(format!("str() argument '{which}' must be str, not NoneType"))
        }
        Some(other) => bad_argument(function, &format!("'{which}' "), "str", other),
    }
}

fn new_str(arguments: &Arguments) -> Outcome<Value> {
    let [x, encoding, errors] = arguments.named(["object", "encoding", "errors"], 0, 3, 0)?;
    let encoding = optional_text(arguments.ctx, encoding, "str", "encoding")?;
    let errors = optional_text(arguments.ctx, errors, "str", "errors")?;
    let Some(x) = x else {
        return Ok(Value::str(""));
    };
    if encoding.is_none() && errors.is_none() {
        return repr::str(x).map(Value::Str);
    }
    match x {
        Value::Bytes(data) => {
            Ok(Value::str(codec::decode(data, encoding.unwrap_or("utf-8"), errors.unwrap_or("strict"))?))
        }
        Value::Str(_) => type_error("decoding str is not supported"),
        other => type_error(format!("decoding to str: need a bytes-like object, {} found", type_name(other)?)),
    }
}

fn new_bytes(arguments: &Arguments) -> Outcome<Value> {
    let [x, encoding, errors] = arguments.named(["source", "encoding", "errors"], 0, 3, 0)?;
    let encoding = optional_text(arguments.ctx, encoding, "bytes", "encoding")?;
    let errors = optional_text(arguments.ctx, errors, "bytes", "errors")?;
    let without_text = || match (encoding, errors) {
        (Some(_), _) => type_error("encoding without a string argument"),
        (None, Some(_)) => type_error("errors without a string argument"),
        _ => Ok(()),
    };
    let data = match x {
        None => {
            without_text()?;
            Vec::new()
        }
        Some(Value::Str(text)) => match encoding {
            Some(encoding) => codec::encode(text, encoding, errors.unwrap_or("strict"))?,
            None => return type_error("string argument without an encoding"),
        },
        Some(x) => {
            without_text()?;
            match x {
                Value::Bytes(data) => return Ok(Value::Bytes(data.clone())),
                Value::Int(_) | Value::Bool(_) => {
                    let count = index(x)?;
                    if count.to_i64().is_none() {
                        return overflow_error("cannot fit 'int' into an index-sized integer");
                    }
                    if integer::is_negative(&count) {
                        return value_error("negative count");
                    }
                    let count = count.to_i64().and_then(|count| usize::try_from(count).ok());
                    bounded_text(count)?;
                    vec![0; count.unwrap_or(0)]
                }
                Value::Tuple(_) | Value::Range(_) => bytes::from_items(&iterate(arguments.ctx, x)?)?,
                other => {
                    return type_error(format!("cannot convert '{}' object to bytes", type_name(other)?));
                }
            }
        }
    };
    Ok(Value::Bytes(data.into()))
}
