//! Methods and attributes of data, special methods included.

use syntax::ir::{BinaryOperator, Comparison};

use super::arguments::{Arguments, bad_argument};
use super::operators::{self, Number};
use super::{
    Context, Outcome, Product, bytes, bytes_format, compare, format, hash, integer_methods, iterate, not_modelled,
    percent, range, repr, sequence, text, tuple, type_name,
};
use crate::value::{Integer, Value};

/// Special methods of every type.
const ANY: &[&str] =
    &["__eq__", "__ne__", "__lt__", "__le__", "__gt__", "__ge__", "__repr__", "__str__", "__format__", "__hash__"];
const SEQUENCE: &[&str] = &["__len__", "__contains__", "__getitem__", "__iter__"];
const CONCATENATION: &[&str] = &["__add__", "__mul__", "__rmul__", "__getnewargs__"];

/// Whether [`call_method`] models a method of the type.
pub fn has_method(type_name: &str, name: &str) -> bool {
    if ANY.contains(&name) {
        return true;
    }
    let concatenates = CONCATENATION.contains(&name) || SEQUENCE.contains(&name);
    match type_name {
        "str" => text::METHODS.contains(&name) || concatenates || matches!(name, "__mod__" | "__rmod__"),
        "bytes" => bytes::METHODS.contains(&name) || concatenates || matches!(name, "__mod__" | "__rmod__"),
        "tuple" => tuple::METHODS.contains(&name) || concatenates,
        "range" => range::METHODS.contains(&name) || SEQUENCE.contains(&name) || name == "__bool__",
        "slice" => tuple::SLICE_METHODS.contains(&name),
        "int" | "bool" | "float" | "complex" => {
            integer_methods::has(type_name, name) || arithmetic(name).is_some_and(|(op, _)| defines(type_name, op))
        }
        "NoneType" => name == "__bool__",
        _ => false,
    }
}

/// The operator of a special method, and whether it is reflected.
fn arithmetic(name: &str) -> Option<(BinaryOperator, bool)> {
    let inner = name.strip_prefix("__")?.strip_suffix("__")?;
    let operator = |name: &str| {
        Some(match name {
            "add" => BinaryOperator::Add,
            "sub" => BinaryOperator::Subtract,
            "mul" => BinaryOperator::Multiply,
            "truediv" => BinaryOperator::Divide,
            "floordiv" => BinaryOperator::FloorDivide,
            "mod" => BinaryOperator::Modulo,
            "pow" => BinaryOperator::Power,
            "lshift" => BinaryOperator::LeftShift,
            "rshift" => BinaryOperator::RightShift,
            "and" => BinaryOperator::BitAnd,
            "or" => BinaryOperator::BitOr,
            "xor" => BinaryOperator::BitXor,
            _ => return None,
        })
    };
    match operator(inner) {
        Some(op) => Some((op, false)),
        None => operator(inner.strip_prefix('r')?).map(|op| (op, true)),
    }
}

fn defines(type_name: &str, op: BinaryOperator) -> bool {
    use BinaryOperator::{Add, Divide, FloorDivide, Modulo, Multiply, Power, Subtract};
    match type_name {
        "complex" => matches!(op, Add | Subtract | Multiply | Divide | Power),
        "float" => matches!(op, Add | Subtract | Multiply | Divide | Power | FloorDivide | Modulo),
        _ => true,
    }
}

/// `receiver.name(*args, **keywords)`. Static and class methods are called on any value of the type.
pub fn call_method(
    ctx: Context,
    receiver: &Value,
    name: &str,
    args: &[Value],
    keywords: &[(&str, Value)],
) -> Outcome<Product> {
    let owner = type_name(receiver)?;
    if !has_method(owner, name) {
        return not_modelled("a method that is not modelled");
    }
    // A bool's methods are those of int, and say so.
    let owner = if owner == "bool" && !ANY.contains(&name) { "int" } else { owner };
    let arguments = Arguments { ctx, owner, name, args, keywords };
    if ANY.contains(&name) {
        return any(receiver, &arguments);
    }
    if let Some((op, reflected)) = arithmetic(name)
        && let Some(number) = operators::number(receiver)
    {
        return arithmetic_method(receiver, &number, op, reflected, &arguments);
    }
    if matches!(receiver, Value::Str(_) | Value::Bytes(_) | Value::Tuple(_) | Value::Range(_))
        && let Some(product) = sequence_method(receiver, &arguments)?
    {
        return Ok(product);
    }
    match receiver {
        Value::Str(source) => text::call(source, &arguments),
        Value::Bytes(data) => bytes::call(data, &arguments),
        Value::Tuple(items) => tuple::call(items, &arguments),
        Value::Range(bounds) => range::call(bounds, &arguments),
        Value::Slice(parts) => tuple::call_slice(parts, &arguments),
        Value::None => {
            arguments.wrapper(0)?;
            Ok(Value::Bool(false).into())
        }
        _ => integer_methods::call(receiver, &arguments),
    }
}

fn any(receiver: &Value, arguments: &Arguments) -> Outcome<Product> {
    let ctx = arguments.ctx;
    Ok(Product::Value(match arguments.name {
        "__repr__" => {
            arguments.wrapper(0)?;
            Value::Str(repr::repr(receiver)?)
        }
        "__str__" => {
            arguments.wrapper(0)?;
            Value::Str(repr::str(receiver)?)
        }
        "__hash__" => {
            arguments.wrapper(0)?;
            Value::int(hash::hash(ctx, receiver)?)
        }
        "__format__" => match arguments.one()? {
            Value::Str(spec) => Value::Str(format::format(ctx, receiver, spec)?),
            other => {
                return bad_argument("__format__", "", "str", other);
            }
        },
        name => {
            let [other] = arguments.wrapper(1)? else {
                return not_modelled("a comparison");
            };
            rich_comparison(ctx, name, receiver, other)?
        }
    }))
}

/// What a type's own comparison says; `NotImplemented` where it leaves the answer to the other type.
fn rich_comparison(ctx: Context, name: &str, receiver: &Value, other: &Value) -> Outcome<Value> {
    let op = match name {
        "__eq__" => Comparison::Equal,
        "__ne__" => Comparison::NotEqual,
        "__lt__" => Comparison::Less,
        "__le__" => Comparison::LessEqual,
        "__gt__" => Comparison::Greater,
        _ => Comparison::GreaterEqual,
    };
    let equality = matches!(op, Comparison::Equal | Comparison::NotEqual);
    let (own, others) = (type_name(receiver)?, type_name(other)?);
    let known = match own {
        "int" | "bool" => matches!(others, "int" | "bool"),
        "float" => matches!(others, "int" | "bool" | "float"),
        "complex" => equality && matches!(others, "int" | "bool" | "float" | "complex"),
        "range" => equality && others == "range",
        "str" | "bytes" | "tuple" | "slice" => own == others,
        // Singletons have only object's equality, by identity.
        _ => equality && own == others,
    };
    if !known {
        return Ok(Value::NotImplemented);
    }
    compare::compare(ctx, op, receiver, other).map(Value::Bool)
}

fn arithmetic_method(
    receiver: &Value,
    number: &Number,
    op: BinaryOperator,
    reflected: bool,
    arguments: &Arguments,
) -> Outcome<Product> {
    if op == BinaryOperator::Power && arguments.args.len() == 2 && !matches!(arguments.args[1], Value::None) {
        return not_modelled("__pow__ with a modulus");
    }
    let other = match (op, arguments.args) {
        (BinaryOperator::Power, [other, _]) if arguments.keywords.is_empty() => other,
        (BinaryOperator::Power, args) if args.len() != 1 => {
            return not_modelled("words of an error");
        }
        _ => match arguments.wrapper(1)? {
            [other] => other,
            _ => return not_modelled("an operator"),
        },
    };
    type_name(other)?;
    let operand = operators::number(other);
    let known = matches!(
        (number, &operand),
        (Number::Int(_), Some(Number::Int(_)))
            | (Number::Float(_), Some(Number::Int(_) | Number::Float(_)))
            | (Number::Complex(..), Some(_))
    );
    if !known {
        return Ok(Value::NotImplemented.into());
    }
    let (l, r) = if reflected { (other, receiver) } else { (receiver, other) };
    operators::binary(arguments.ctx, op, l, r).map(Product::Value)
}

/// Special methods of sequences; `None` if it is not one of them.
fn sequence_method(receiver: &Value, arguments: &Arguments) -> Outcome<Option<Product>> {
    let ctx = arguments.ctx;
    let one = || match arguments.wrapper(1)? {
        [only] => Ok(only),
        _ => not_modelled("a special method"),
    };
    Ok(Some(match arguments.name {
        "__len__" => {
            arguments.wrapper(0)?;
            Value::int(compare::length(receiver)? as i64).into()
        }
        "__bool__" => {
            arguments.wrapper(0)?;
            match compare::truth(receiver) {
                Some(truth) => Value::Bool(truth).into(),
                None => return not_modelled("truth"),
            }
        }
        "__contains__" => Value::Bool(compare::contains(receiver, one()?)?).into(),
        "__getitem__" => sequence::subscript(ctx, receiver, one()?)?.into(),
        "__iter__" => {
            arguments.wrapper(0)?;
            Product::Items(iterate(ctx, receiver)?)
        }
        "__add__" => {
            let other = one()?;
            type_name(other)?;
            operators::concatenate(receiver, other)?.into()
        }
        "__mul__" | "__rmul__" => {
            let count = super::arguments::index(one()?)?;
            operators::repeat(receiver, &Value::Int(count))?.into()
        }
        "__mod__" => match receiver {
            Value::Str(template) => Value::Str(percent::apply(ctx, template, one()?)?).into(),
            Value::Bytes(template) => Value::Bytes(bytes_format::apply(ctx, template, one()?)?.into()).into(),
            _ => return Ok(None),
        },
        "__rmod__" => match (receiver, one()?) {
            (Value::Str(_), Value::Str(template)) => Value::Str(percent::apply(ctx, template, receiver)?).into(),
            (Value::Bytes(_), Value::Bytes(template)) => {
                Value::Bytes(bytes_format::apply(ctx, template, receiver)?.into()).into()
            }
            (_, other) => {
                type_name(other)?;
                Value::NotImplemented.into()
            }
        },
        "__getnewargs__" => {
            arguments.none()?;
            Value::tuple(vec![receiver.clone()]).into()
        }
        _ => return Ok(None),
    }))
}

/// A data attribute (`(3).real`, `range(5).stop`); `None` if the type has none of that name.
pub fn attribute(receiver: &Value, name: &str) -> Option<Outcome<Value>> {
    let found = match receiver {
        Value::Bool(_) | Value::Int(_) => {
            let n = match receiver {
                Value::Int(n) => n.clone(),
                other => Integer::Small(i64::from(compare::truth(other)?)),
            };
            match name {
                "real" | "numerator" => Value::Int(n),
                "imag" => Value::int(0),
                "denominator" => Value::int(1),
                _ => return None,
            }
        }
        Value::Float(f) => match name {
            "real" => Value::Float(*f),
            "imag" => Value::Float(0.0),
            _ => return None,
        },
        Value::Complex(re, im) => match name {
            "real" => Value::Float(*re),
            "imag" => Value::Float(*im),
            _ => return None,
        },
        Value::Range(bounds) => Value::Int(bounds[position(name)?].clone()),
        Value::Slice(parts) => parts[position(name)?].clone(),
        _ => return None,
    };
    Some(Ok(found))
}

fn position(name: &str) -> Option<usize> {
    ["start", "stop", "step"].iter().position(|part| *part == name)
}
