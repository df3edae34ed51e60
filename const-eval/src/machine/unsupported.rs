//! Operators that no operand supports: a `TypeError` for certain.
//!
//! Asked after the methods that are written in Python and the operations of `operators.rs` have
//! declined. What is said here holds for the operators of the builtin types alone: an operand of any other C type
//! leaves the question open.

use syntax::ir::BinaryOperator;

use super::sides::Side;
use super::{Eval, Machine};
use crate::heap::{Object, Type};
use crate::value::Value;

impl Machine<'_> {
    /// The side of an operand that takes part in the operators of the builtin types alone: not of an instance of a
    /// subclass, which may have others.
    fn operand(&mut self, value: &Value) -> Option<Side> {
        let is_instance = matches!(value, Value::Object(object) if matches!(self.object(*object), Object::Instance(_)));
        match self.side(value)? {
            Side::GenericAlias | Side::Union => None,
            Side::Class => self.is_plain_class(value).then_some(Side::Class),
            side if is_instance => (side == Side::Plain).then_some(side),
            side => Some(side),
        }
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
        let numbers = first.is_number() && second.is_number();
        let alike = |side| first == side && second == side;
        Ok(match operator {
            B::Modulo => !matches!(first, Side::Str | Side::Bytes) && !numbers,
            B::Add => !(numbers || first == second && first.is_sequence()),
            B::Multiply => {
                let repeated = |machine: &mut Self, sequence: Side, count: &Value, kind: Side| {
                    sequence.is_sequence() && (kind.is_number() || machine.has_special(count, "__index__"))
                };
                !numbers && !repeated(self, first, right, second) && !repeated(self, second, left, first)
            }
            B::BitOr => {
                let united = |side| matches!(side, Side::Class | Side::Inert | Side::Plain);
                let union = first == Side::Class && united(second) || second == Side::Class && united(first);
                !union && !numbers && !alike(Side::Set) && !alike(Side::Dict)
            }
            B::BitAnd | B::BitXor | B::Subtract => !numbers && !alike(Side::Set),
            _ => !numbers,
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
