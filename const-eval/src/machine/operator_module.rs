//! The functions of `_operator`, which do what operators do, and the objects that it makes.
//!
//! Source: `_operator.c`.

use syntax::ir::{BinaryOperator, Comparison, UnaryOperator};

use super::functions::Keywords;
use super::{Eval, Machine};
use crate::heap::Native;
use crate::value::Value;

impl Machine<'_> {
    /// `_operator.NAME(…)`; `None` where it is not one of the operators, or not called as one.
    pub(super) fn operator_function(&mut self, name: &str, arguments: &[Value]) -> Eval<Option<Value>> {
        let value = match (name, arguments) {
            ("truth", [value]) => Value::Bool(self.truth(value)?),
            ("not_", [value]) => Value::Bool(!self.truth(value)?),
            ("contains", [container, item]) => Value::Bool(self.contains(container, item)?),
            ("getitem", [container, key]) => self.get_item(container, key)?,
            ("setitem", [container, key, value]) => {
                self.set_item(container, key, value.clone())?;
                Value::None
            }
            ("delitem", [container, key]) => {
                self.delete_item(container, key)?;
                Value::None
            }
            ("index", [value]) => match self.as_index(value)? {
                Value::Bool(value) => Value::int(i64::from(value)),
                index @ Value::Int(_) => index,
                _ => return Ok(None),
            },
            (_, [operand]) => match unary(name) {
                Some(operator) => self.unary(operator, operand)?,
                None => return Ok(None),
            },
            (_, [left, right]) => match (comparison(name), binary(name), in_place(name)) {
                (Some(comparison), ..) => self.compare(comparison, left, right)?,
                (_, Some(operator), _) => self.binary(operator, left, right)?,
                (.., Some(operator)) => self.in_place(operator, left, right)?,
                _ => return Ok(None),
            },
            _ => return Ok(None),
        };
        Ok(Some(value))
    }

    /// Calls an `itemgetter`, `attrgetter` or `methodcaller`.
    pub(super) fn call_getter(
        &mut self,
        kind: &str,
        getter: &Native,
        positional: &[Value],
        keywords: &Keywords,
    ) -> Eval<Value> {
        let [subject] = positional else {
            return self.raise("TypeError", format!("{kind} expected 1 argument, got {}", positional.len()));
        };
        if !keywords.is_empty() {
            return self.raise("TypeError", format!("{kind}() takes no keyword arguments"));
        }
        if kind == "methodcaller" {
            let Some((Value::Str(name), arguments)) = getter.arguments.split_first() else { return self.malformed() };
            let method = self.get_attribute(subject, name)?;
            return self.call(&method, arguments.to_vec(), getter.keywords.clone());
        }
        let mut found = Vec::with_capacity(getter.arguments.len());
        for wanted in &getter.arguments {
            found.push(match (kind, wanted) {
                ("attrgetter", Value::Str(path)) => {
                    let mut value = subject.clone();
                    for name in path.split('.') {
                        value = self.get_attribute(&value, name)?;
                    }
                    value
                }
                ("itemgetter", key) => self.get_item(subject, key)?,
                _ => return self.malformed(),
            });
        }
        match found.len() {
            1 => Ok(found.remove(0)),
            _ => Ok(Value::tuple(found)),
        }
    }
}

fn unary(name: &str) -> Option<UnaryOperator> {
    Some(match name {
        "neg" => UnaryOperator::Negative,
        "pos" => UnaryOperator::Positive,
        "inv" | "invert" => UnaryOperator::Invert,
        _ => return None,
    })
}

fn comparison(name: &str) -> Option<Comparison> {
    Some(match name {
        "eq" => Comparison::Equal,
        "ne" => Comparison::NotEqual,
        "lt" => Comparison::Less,
        "le" => Comparison::LessEqual,
        "gt" => Comparison::Greater,
        "ge" => Comparison::GreaterEqual,
        "is_" => Comparison::Is,
        "is_not" => Comparison::IsNot,
        _ => return None,
    })
}

fn binary(name: &str) -> Option<BinaryOperator> {
    Some(match name {
        "add" => BinaryOperator::Add,
        "sub" => BinaryOperator::Subtract,
        "mul" => BinaryOperator::Multiply,
        "truediv" => BinaryOperator::Divide,
        "floordiv" => BinaryOperator::FloorDivide,
        "mod" => BinaryOperator::Modulo,
        "pow" => BinaryOperator::Power,
        "matmul" => BinaryOperator::MatrixMultiply,
        "lshift" => BinaryOperator::LeftShift,
        "rshift" => BinaryOperator::RightShift,
        "and_" => BinaryOperator::BitAnd,
        "or_" => BinaryOperator::BitOr,
        "xor" => BinaryOperator::BitXor,
        _ => return None,
    })
}

fn in_place(name: &str) -> Option<BinaryOperator> {
    match name {
        "iand" => Some(BinaryOperator::BitAnd),
        "ior" => Some(BinaryOperator::BitOr),
        _ => binary(name.strip_prefix('i')?),
    }
}
