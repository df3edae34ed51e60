//! Builtin functions over data (`Python/bltinmodule.c`).

use syntax::ir::{BinaryOperator, Comparison};

use super::arguments::{Arguments, bad_argument, c_int, index};
use super::operators::{self, Number};
use super::{
    Context, Outcome, Product, bytes, compare, complex, float, format, hash, integer, integer_methods, iterate,
    not_modelled, number_text, repr, sort, text, type_error, type_name, value_error,
};
use crate::value::{Integer, Value};

/// The builtin function of that name, over arguments that are data.
pub fn call_function(ctx: Context, name: &str, args: &[Value], keywords: &[(&str, Value)]) -> Outcome<Product> {
    let arguments = Arguments { ctx, owner: "", name, args, keywords };
    Ok(Product::Value(match name {
        "abs" => absolute(arguments.one()?)?,
        "all" | "any" => any_or_all(&arguments)?,
        "ascii" => Value::Str(repr::ascii(arguments.one()?)?),
        "bin" => Value::str(number_text::prefixed(&index(arguments.one()?)?, 2)),
        "oct" => Value::str(number_text::prefixed(&index(arguments.one()?)?, 8)),
        "hex" => Value::str(number_text::prefixed(&index(arguments.one()?)?, 16)),
        "chr" => chr(&arguments)?,
        "divmod" => match arguments.positional(2, 2)? {
            [a, b] => divmod(a, b)?,
            _ => return not_modelled("divmod()"),
        },
        "format" => match arguments.positional(1, 2)? {
            [x] => Value::Str(format::format(ctx, x, "")?),
            [x, Value::Str(spec)] => Value::Str(format::format(ctx, x, spec)?),
            [_, other] => {
                return bad_argument("format", "2 ", "str", other);
            }
            _ => return not_modelled("format()"),
        },
        "hash" => Value::int(hash::hash(ctx, arguments.one()?)?),
        "len" => Value::int(compare::length(arguments.one()?)? as i64),
        "max" | "min" => extreme(&arguments)?,
        "ord" => ord(arguments.one()?)?,
        "pow" => pow(&arguments)?,
        "repr" => Value::Str(repr::repr(arguments.one()?)?),
        "round" => {
            let [x, digits] = arguments.named(["number", "ndigits"], 0, 2, 1)?;
            let Some(x) = x else {
                return not_modelled("round()");
            };
            return integer_methods::round(x, digits.filter(|digits| !matches!(digits, Value::None)));
        }
        "sorted" => return sorted(&arguments),
        "sum" => sum(&arguments)?,
        _ => return not_modelled("a function that is not modelled over data"),
    }))
}

fn absolute(x: &Value) -> Outcome<Value> {
    Ok(match operators::number(x) {
        Some(Number::Int(n)) => Value::Int(integer::absolute(&n)),
        Some(Number::Float(f)) => Value::Float(f.abs()),
        Some(Number::Complex(re, im)) => Value::Float(complex::absolute((re, im))?),
        None => return type_error(format!("bad operand type for abs(): '{}'", type_name(x)?)),
    })
}

fn any_or_all(arguments: &Arguments) -> Outcome<Value> {
    let decisive = arguments.name == "any";
    for item in iterate(arguments.ctx, arguments.one()?)? {
        match compare::truth(&item) {
            Some(truth) if truth == decisive => return Ok(Value::Bool(decisive)),
            Some(_) => {}
            None => return not_modelled("truth of what is not plain data"),
        }
    }
    Ok(Value::Bool(!decisive))
}

fn chr(arguments: &Arguments) -> Outcome<Value> {
    let code = index(arguments.one()?)?;
    if let Some(code) = text::code_point(&code) {
        return Ok(Value::str(text::not_surrogate(code)?.to_string()));
    }
    if arguments.ctx.version < (3, 13) {
        c_int(&Value::Int(code))?;
    }
    value_error("chr() arg not in range(0x110000)")
}

fn ord(x: &Value) -> Outcome<Value> {
    match x {
        Value::Str(source) => text::ordinal(source),
        Value::Bytes(data) if data.len() == 1 => Ok(Value::int(i64::from(data[0]))),
        Value::Bytes(data) => {
            type_error(format!("ord() expected a character, but string of length {} found", data.len()))
        }
        other => type_error(format!("ord() expected string of length 1, but {} found", type_name(other)?)),
    }
}

/// `divmod(a, b)`
pub(crate) fn divmod(a: &Value, b: &Value) -> Outcome<Value> {
    let pair = match (operators::number(a), operators::number(b)) {
        (Some(Number::Int(a)), Some(Number::Int(b))) => {
            let (quotient, remainder) = integer::divmod(&a, &b)?;
            [Value::Int(quotient), Value::Int(remainder)]
        }
        (Some(Number::Float(_) | Number::Int(_)), Some(Number::Float(_) | Number::Int(_))) => {
            let real = |x: &Value| match x {
                Value::Float(f) => Ok(*f),
                other => float::from_integer_or_raise(&index(other)?),
            };
            let (quotient, remainder) = float::divmod(real(a)?, real(b)?)?;
            [Value::Float(quotient), Value::Float(remainder)]
        }
        _ => {
            return type_error(format!(
                "unsupported operand type(s) for divmod(): '{}' and '{}'",
                type_name(a)?,
                type_name(b)?
            ));
        }
    };
    Ok(Value::tuple(pair.to_vec()))
}

fn pow(arguments: &Arguments) -> Outcome<Value> {
    let [base, exponent, modulus] = arguments.named(["base", "exp", "mod"], 0, 3, 2)?;
    let (Some(base), Some(exponent)) = (base, exponent) else {
        return not_modelled("pow()");
    };
    let modulus = match modulus {
        None | Some(Value::None) => {
            return operators::binary(arguments.ctx, BinaryOperator::Power, base, exponent);
        }
        Some(modulus) => modulus,
    };
    let operands = [base, exponent, modulus];
    let numbers = operands.map(operators::number);
    if let [Some(Number::Int(a)), Some(Number::Int(b)), Some(Number::Int(c))] = &numbers {
        return integer::power_modulo(a, b, c).map(Value::Int);
    }
    // The first operand whose type knows what to do with the others decides.
    for number in &numbers {
        match number {
            Some(Number::Float(_)) => {
                return type_error("pow() 3rd argument not allowed unless all arguments are integers");
            }
            Some(Number::Complex(..)) if numbers[0].is_some() && numbers[1].is_some() => {
                for number in numbers.iter().take(2).flatten() {
                    number.to_complex()?;
                }
                return value_error("complex modulo");
            }
            _ => {}
        }
    }
    type_error(format!(
        "unsupported operand type(s) for ** or pow(): '{}', '{}', '{}'",
        type_name(base)?,
        type_name(exponent)?,
        type_name(modulus)?
    ))
}

fn extreme(arguments: &Arguments) -> Outcome<Value> {
    let name = arguments.name;
    let mut default = None;
    for (keyword, value) in arguments.keywords {
        match *keyword {
            "default" => default = Some(value),
            "key" if matches!(value, Value::None) => {}
            "key" => return not_modelled("a key function"),
            _ => return not_modelled("words of an error"),
        }
    }
    let items = match arguments.args {
        [] => return type_error(format!("{name} expected at least 1 argument, got 0")),
        [only] => iterate(arguments.ctx, only)?,
        several if default.is_some() => {
            return type_error(format!(
                "Cannot specify a default for {name}() with multiple positional arguments{}",
                if several.is_empty() { "." } else { "" }
            ));
        }
        several => several.to_vec(),
    };
    let op = if name == "max" { Comparison::Greater } else { Comparison::Less };
    let mut items = items.into_iter();
    let Some(mut best) = items.next() else {
        return match default {
            Some(default) => Ok(default.clone()),
            None if arguments.ctx.version >= (3, 12) => value_error(format!("{name}() iterable argument is empty")),
            None => value_error(format!("{name}() arg is an empty sequence")),
        };
    };
    for item in items {
        if compare::compare(arguments.ctx, op, &item, &best)? {
            best = item;
        }
    }
    Ok(best)
}

fn sorted(arguments: &Arguments) -> Outcome<Product> {
    let [only] = arguments.args else {
        return type_error(format!("sorted expected 1 argument, got {}", arguments.args.len()));
    };
    let mut reverse = false;
    for (keyword, value) in arguments.keywords {
        match *keyword {
            "key" if matches!(value, Value::None) => {}
            "reverse" if matches!(value, Value::Bool(_) | Value::Int(Integer::Small(_))) => {
                reverse = bytes::flag(Some(value))?;
            }
            _ => return not_modelled("a key function, or words of an error"),
        }
    }
    let items = iterate(arguments.ctx, only)?;
    sort::sort(arguments.ctx, items, reverse).map(Product::List)
}

/// A running sum. CPython keeps ints and floats apart from other types, and from
/// 3.12 on it compensates float sums for lost digits.
enum Sum {
    Int(i64),
    Float(f64, f64),
    Other(Value),
}

impl Sum {
    fn value(self) -> Value {
        match self {
            Sum::Int(n) => Value::int(n),
            // The compensation must not turn an infinity into NaN.
            Sum::Float(total, rest) if rest != 0.0 && rest.is_finite() => Value::Float(total + rest),
            Sum::Float(total, _) => Value::Float(total),
            Sum::Other(value) => value,
        }
    }

    fn add(self, ctx: Context, item: &Value) -> Outcome<Sum> {
        let small = match item {
            Value::Int(Integer::Small(n)) => Some(*n),
            Value::Bool(b) => Some(i64::from(*b)),
            _ => None,
        };
        match (&self, item) {
            (Sum::Int(total), _) => {
                if let Some(sum) = small.and_then(|n| total.checked_add(n)) {
                    return Ok(Sum::Int(sum));
                }
                let sum = operators::binary(ctx, BinaryOperator::Add, &Value::int(*total), item)?;
                Ok(match sum {
                    Value::Float(f) => Sum::Float(f, 0.0),
                    other => Sum::Other(other),
                })
            }
            (Sum::Float(total, rest), Value::Float(x)) => {
                let sum = total + x;
                if ctx.version < (3, 12) {
                    return Ok(Sum::Float(sum, 0.0));
                }
                let lost = if total.abs() >= x.abs() { (total - sum) + x } else { (x - sum) + total };
                Ok(Sum::Float(sum, rest + lost))
            }
            (Sum::Float(total, rest), _) if small.is_some() => Ok(Sum::Float(total + small.unwrap_or(0) as f64, *rest)),
            _ => operators::binary(ctx, BinaryOperator::Add, &self.value(), item).map(Sum::Other),
        }
    }
}

fn sum(arguments: &Arguments) -> Outcome<Value> {
    let [items, start] = arguments.named(["iterable", "start"], 1, 2, 1)?;
    let Some(items) = items else {
        return not_modelled("sum()");
    };
    let items = iterate(arguments.ctx, items)?;
    let mut total = match start {
        None => Sum::Int(0),
        Some(Value::Str(_)) => {
            return type_error("sum() can't sum strings [use ''.join(seq) instead]");
        }
        Some(Value::Bytes(_)) => {
            return type_error("sum() can't sum bytes [use b''.join(seq) instead]");
        }
        Some(Value::Int(Integer::Small(n))) => Sum::Int(*n),
        Some(Value::Float(f)) => Sum::Float(*f, 0.0),
        Some(other) => {
            type_name(other)?;
            Sum::Other(other.clone())
        }
    };
    for item in items {
        total = total.add(arguments.ctx, &item)?;
    }
    Ok(total.value())
}
