//! What `tests/primitive_cpython.rs` can't ask an interpreter: pieces, keys, limits.

use std::sync::Arc;

use syntax::ir::{BinaryOperator, Comparison};

use super::fields::{self, First, Step};
use super::percent::{self, Amount};
use super::*;
use crate::reason::{Reason, Rule};
use crate::value::Integer;

const CTX: Context = Context { version: (3, 12) };

fn unknown() -> Value {
    Value::Unknown(Reason::new(Rule::UnknownName, "not known"))
}

fn is_not_modelled<T>(outcome: Outcome<T>) -> bool {
    matches!(outcome, Err(Failure::NotModelled(_)))
}

#[test]
fn foreign_values_are_not_modelled() {
    let one = Value::int(1);
    assert!(is_not_modelled(binary(CTX, BinaryOperator::Add, &one, &unknown())));
    assert!(is_not_modelled(binary(CTX, BinaryOperator::Modulo, &Value::str("%s"), &unknown())));
    assert!(is_not_modelled(compare(CTX, Comparison::Equal, &unknown(), &one)));
    assert!(is_not_modelled(compare(CTX, Comparison::In, &one, &Value::tuple(vec![unknown()]))));
    assert!(is_not_modelled(repr(&Value::tuple(vec![unknown()]))));
    assert!(is_not_modelled(call_function(CTX, "len", &[unknown()], &[])));
    assert!(equal(&unknown(), &one).is_none());
    assert!(truth(&unknown()).is_none());
    assert!(key(&unknown()).is_none());
}

#[test]
fn what_does_not_look_into_items_takes_any() {
    let pair = Value::tuple(vec![unknown(), Value::int(2)]);
    assert_eq!(length(&pair), Ok(2));
    assert_eq!(truth(&pair), Some(true));
    assert!(matches!(subscript(CTX, &pair, &Value::int(-1)), Ok(Value::Int(Integer::Small(2)))));
}

#[test]
fn keys_are_equal_where_values_are() {
    let one = key(&Value::int(1));
    assert!(one.is_some());
    assert_eq!(one, key(&Value::Float(1.0)));
    assert_eq!(one, key(&Value::Bool(true)));
    assert_eq!(one, key(&Value::Complex(1.0, 0.0)));
    assert_ne!(one, key(&Value::str("1")));
    assert!(key(&Value::Float(f64::NAN)).is_none());
    let empty = |stop| Value::Range(Arc::new([Integer::Small(5), Integer::Small(stop), Integer::Small(1)]));
    assert_eq!(key(&empty(5)), key(&empty(0)));
}

#[test]
fn identity_of_nan_is_not_guessed() {
    let nan = Value::Float(f64::NAN);
    let tuple = Value::tuple(vec![nan.clone()]);
    assert_eq!(equal(&nan, &nan), Some(false));
    assert_eq!(identical_or_equal(&nan, &nan), None);
    assert_eq!(equal(&tuple, &tuple), None);
    assert!(is_not_modelled(compare(CTX, Comparison::In, &nan, &tuple)));
}

#[test]
fn deep_nesting_is_refused_not_followed() {
    let mut deep = Value::tuple(Vec::new());
    for _ in 0..1000 {
        deep = Value::tuple(vec![deep]);
    }
    assert!(is_not_modelled(repr(&deep)));
    assert!(is_not_modelled(compare(CTX, Comparison::Equal, &deep, &deep.clone())));
    assert!(is_not_modelled(call_function(CTX, "hash", std::slice::from_ref(&deep), &[])));
    assert!(key(&deep).is_none());
}

#[test]
fn large_results_are_refused_quickly() {
    let power = binary(CTX, BinaryOperator::Power, &Value::int(10), &Value::int(10_000_000));
    assert!(matches!(power, Err(Failure::TooLarge)));
    let text = binary(CTX, BinaryOperator::Multiply, &Value::str("ab"), &Value::int(i64::MAX));
    assert!(matches!(text, Err(Failure::TooLarge)));
    let padded = call_function(CTX, "format", &[Value::int(1), Value::str("999999999999")], &[]);
    assert!(matches!(padded, Err(Failure::TooLarge)));
    let range = Value::Range(Arc::new([Integer::Small(0), Integer::Small(i64::MAX), Integer::Small(1)]));
    assert!(matches!(iterate(CTX, &range), Err(Failure::TooLarge)));
}

#[test]
fn inexact_powers_are_the_c_librarys() {
    let power = |x, y| binary(CTX, BinaryOperator::Power, &Value::Float(x), &Value::Float(y));
    assert!(matches!(power(9.0, 0.5), Ok(Value::Float(3.0))));
    assert!(is_not_modelled(power(2.0, 0.5)));
    assert!(is_not_modelled(power(10.0, -1.0)));
}

#[test]
fn percent_templates_come_in_pieces() {
    let pieces = percent::parse("a%%b%(k)-5.*d%");
    let [percent::Piece::Literal(literal), percent::Piece::Conversion(first), percent::Piece::Conversion(last)] =
        &pieces[..]
    else {
        panic!("{pieces:?}");
    };
    assert_eq!(literal, "a%b");
    assert_eq!(first.key.as_deref(), Some("k"));
    assert_eq!((first.width, first.precision), (Some(Amount::Fixed(5)), Some(Amount::Argument)));
    assert_eq!((first.code, first.left), ('d', true));
    assert!(last.error.is_some());
}

#[test]
fn format_templates_come_in_pieces() {
    let pieces = fields::parse("x{}{0");
    let [fields::Piece::Literal(_), fields::Piece::Field(field), fields::Piece::Error(_)] = &pieces[..] else {
        panic!("{pieces:?}");
    };
    assert_eq!(field.first, First::Index(0));

    let pieces = fields::parse("{a.b[3][k]!r:>{}}");
    let [fields::Piece::Field(field)] = &pieces[..] else {
        panic!("{pieces:?}");
    };
    assert_eq!(field.first, First::Name("a".into()));
    assert_eq!(field.steps, [Step::Attribute("b".into()), Step::Index(3), Step::Key("k".into())]);
    assert_eq!(field.conversion, Some('r'));
    assert_eq!(field.spec.len(), 2);
}

#[test]
fn translates_through_any_lookup() {
    let table = |code| {
        Ok(match code {
            97 => Some(Value::None),
            98 => Some(Value::str("xy")),
            99 => Some(Value::int(0x20ac)),
            _ => None,
        })
    };
    assert_eq!(translate("abcd", table).as_deref(), Ok("xy€d"));
    assert!(matches!(translate("a", |_| Ok(Some(Value::Float(1.0)))), Err(Failure::Raise { .. })));
}

#[test]
fn every_listed_method_can_be_called() {
    for (receiver, name) in [(Value::str("a"), "upper"), (Value::int(1), "__radd__"), (Value::Float(1.0), "hex")] {
        let owner = type_name(&receiver).unwrap_or_default();
        assert!(has_method(owner, name));
    }
    assert!(!has_method("str", "format_map"));
    assert!(!has_method("float", "__and__"));
    assert!(is_not_modelled(call_method(CTX, &Value::str("a"), "format_map", &[], &[])));
}
