//! Operators that no operand supports: a `TypeError` for certain.
//!
//! Asked after the methods that are written in Python and the operations of `operators.rs` have
//! declined. What is said here holds for the operators of the builtin types alone: an operand of any other C type
//! leaves the question open.

use syntax::ir::BinaryOperator;

use super::{Eval, Machine};
use crate::heap::{Object, Payload, Type};
use crate::value::Value;

/// How an operand takes part in the operators of the builtin types.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Operand {
    Number,
    Str,
    Bytes,
    Tuple,
    List,
    Dict,
    Set,
    /// A class: `|` makes a union of it.
    Class,
    /// Its type has no operators.
    Inert,
}

impl Operand {
    fn is_sequence(self) -> bool {
        matches!(self, Operand::Str | Operand::Bytes | Operand::Tuple | Operand::List)
    }
}

impl Machine<'_> {
    fn operand(&mut self, value: &Value) -> Option<Operand> {
        Some(match value {
            Value::Int(_) | Value::Bool(_) | Value::Float(_) | Value::Complex(..) => Operand::Number,
            Value::Str(_) => Operand::Str,
            Value::Bytes(_) => Operand::Bytes,
            Value::Tuple(_) => Operand::Tuple,
            Value::None | Value::Ellipsis | Value::NotImplemented | Value::Slice(_) | Value::Range(_) => Operand::Inert,
            Value::Ground(_) => return self.is_plain_class(value).then_some(Operand::Class),
            Value::Object(object) => match self.object(*object) {
                Object::List(_) => Operand::List,
                Object::Dict(_) => Operand::Dict,
                Object::Set(_) | Object::FrozenSet(_) => Operand::Set,
                Object::Class(_) => return self.is_plain_class(value).then_some(Operand::Class),
                Object::Function(_) | Object::Generator(_) => Operand::Inert,
                Object::Instance(instance) => {
                    let (class, plain) = (instance.class, matches!(instance.payload, Payload::None));
                    let solid = match class {
                        Type::Ground(id) => id,
                        Type::Class(object) => self.class(object)?.solid,
                    };
                    // An object of a plain class, or an exception.
                    let exception = self.is_subtype(class, Type::Ground(self.known.base_exception));
                    if !(exception || plain && solid == self.known.object) {
                        return None;
                    }
                    Operand::Inert
                }
                _ => return None,
            },
            _ => return None,
        })
    }

    /// A class whose metaclass has no operators but those of `type`.
    fn is_plain_class(&mut self, value: &Value) -> bool {
        let wanted = self.known.type_;
        match (self.as_type(value).is_some(), self.type_of(value)) {
            (true, Ok(Type::Ground(id))) => id == wanted,
            (true, Ok(Type::Class(metaclass))) => self.class(metaclass).is_some_and(|class| class.solid == wanted),
            _ => false,
        }
    }

    /// Is `left operator right` a `TypeError`, now that no method written in Python has an answer?
    pub(super) fn surely_unsupported(&mut self, operator: BinaryOperator, left: &Value, right: &Value) -> Eval<bool> {
        use BinaryOperator as B;
        let (Some(first), Some(second)) = (self.operand(left), self.operand(right)) else { return Ok(false) };
        Ok(match operator {
            B::Modulo => !matches!(first, Operand::Str | Operand::Bytes) && !both(first, second, Operand::Number),
            B::Add => first != second || !(first.is_sequence() || first == Operand::Number),
            B::Multiply => {
                let repeated = |machine: &mut Self, sequence: Operand, count: &Value, kind: Operand| {
                    sequence.is_sequence() && (kind == Operand::Number || machine.has_special(count, "__index__"))
                };
                !both(first, second, Operand::Number)
                    && !repeated(self, first, right, second)
                    && !repeated(self, second, left, first)
            }
            B::BitOr => {
                let united = |operand| matches!(operand, Operand::Class | Operand::Inert);
                let union = first == Operand::Class && united(second) || second == Operand::Class && united(first);
                let alike = [Operand::Number, Operand::Set, Operand::Dict];
                !union && !alike.into_iter().any(|wanted| both(first, second, wanted))
            }
            B::BitAnd | B::BitXor | B::Subtract => {
                !both(first, second, Operand::Number) && !both(first, second, Operand::Set)
            }
            _ => !both(first, second, Operand::Number),
        })
    }

    /// `type(value)` has this special method.
    fn has_special(&mut self, value: &Value, name: &str) -> bool {
        match self.type_of(value) {
            Ok(class) => self.lookup(class, name).is_some(),
            Err(_) => true,
        }
    }

    pub(super) fn raise_unsupported<T>(&mut self, operator: BinaryOperator, left: &Value, right: &Value) -> Eval<T> {
        let (left, right) = (self.type_of(left)?, self.type_of(right)?);
        let (left, right) = (self.c_name(left), self.c_name(right));
        let symbol = crate::primitive::operator_symbol(operator);
        self.raise("TypeError", format!("unsupported operand type(s) for {symbol}: '{left}' and '{right}'"))
    }
}

fn both(first: Operand, second: Operand, wanted: Operand) -> bool {
    first == wanted && second == wanted
}
