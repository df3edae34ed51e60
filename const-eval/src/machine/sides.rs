//! What the C types of two operands answer where one of them has a method that is written in Python.
//!
//! A method of C may have the first word: of `N(1) < M(2)`, both subclasses of `int`, `M.__gt__` is never asked
//! (`do_richcompare` in `object.c`, `binary_op1` in `abstract.c`). And what a class defines in Python takes the place of
//! what it inherits from C, also where it answers `NotImplemented`.

use syntax::ir::{BinaryOperator, Comparison};

use super::{Eval, Machine};
use crate::heap::{Object, Payload, Type};
use crate::reason::Rule;
use crate::value::Value;

/// The kind of an operand, as the C functions of the builtin types see it: they take instances of subclasses too.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Side {
    Integer,
    Float,
    Complex,
    Str,
    Bytes,
    Tuple,
    List,
    Dict,
    Set,
    Class,
    GenericAlias,
    Union,
    /// Its C type compares it with others of its kind, and has no operators.
    Inert,
    /// Its C type compares by identity and has no operators.
    Plain,
}

impl Side {
    pub(super) fn is_number(self) -> bool {
        matches!(self, Side::Integer | Side::Float | Side::Complex)
    }

    pub(super) fn is_sequence(self) -> bool {
        matches!(self, Side::Str | Side::Bytes | Side::Tuple | Side::List)
    }
}

impl Machine<'_> {
    pub(super) fn side(&mut self, value: &Value) -> Option<Side> {
        let exception = Type::Ground(self.known.base_exception);
        Some(match self.plain_data(value) {
            Value::Int(_) | Value::Bool(_) => Side::Integer,
            Value::Float(_) => Side::Float,
            Value::Complex(..) => Side::Complex,
            Value::Str(_) => Side::Str,
            Value::Bytes(_) => Side::Bytes,
            Value::Tuple(_) => Side::Tuple,
            Value::Slice(_) | Value::Range(_) => Side::Inert,
            Value::None | Value::Ellipsis | Value::NotImplemented => Side::Plain,
            Value::Ground(_) if self.as_type(value).is_some() => Side::Class,
            Value::Object(object) => match self.object(object) {
                Object::List(_) => Side::List,
                Object::Dict(_) => Side::Dict,
                Object::Set(_) | Object::FrozenSet(_) => Side::Set,
                Object::Class(_) => Side::Class,
                Object::GenericAlias { .. } => Side::GenericAlias,
                Object::Union(_) => Side::Union,
                Object::Function(_) | Object::Generator(_) => Side::Plain,
                Object::Instance(instance) if self.is_subtype(instance.class, exception) => Side::Plain,
                Object::Instance(instance) => match &instance.payload {
                    Payload::List(_) => Side::List,
                    Payload::Dict(_) => Side::Dict,
                    Payload::Set(_) | Payload::FrozenSet(_) => Side::Set,
                    Payload::None => {
                        let solid = match instance.class {
                            Type::Ground(id) => id,
                            Type::Class(object) => self.class(object)?.solid,
                        };
                        return (solid == self.known.object).then_some(Side::Plain);
                    }
                    _ => return None,
                },
                _ => return None,
            },
            _ => return None,
        })
    }

    /// Whether the C type of the receiver compares itself with the argument; otherwise it answers `NotImplemented`.
    pub(super) fn compares_in_c(&mut self, comparison: Comparison, receiver: &Value, argument: &Value) -> Eval<bool> {
        use Side as S;
        let is_equality = matches!(comparison, Comparison::Equal | Comparison::NotEqual);
        Ok(match (self.side(receiver), self.side(argument)) {
            // `object.__eq__`, as that of `type`, knows the object itself.
            (Some(S::Plain | S::Class), _) => is_equality && self.is_identical(receiver, argument)?,
            (Some(S::Float), Some(S::Integer | S::Float)) => true,
            (Some(S::Complex), Some(other)) if other.is_number() => is_equality,
            (Some(S::Dict), Some(S::Dict))
            | (Some(S::GenericAlias), Some(S::GenericAlias))
            | (Some(S::Union), Some(S::Union)) => is_equality,
            (Some(one), Some(other)) if one != S::Inert && other != S::Inert => one == other,
            _ => {
                let (left, right) = (self.type_of(receiver)?, self.type_of(argument)?);
                let (left, right) = (self.type_name(left), self.type_name(right));
                return self.residual(Rule::NotModelled, format!("compares a `{left}` with a `{right}`"));
            }
        })
    }

    /// Whether the C type of the left operand has the first word: its method is not written in Python, but that of the
    /// right one is. Sequences are joined and repeated only when no number has an answer.
    pub(super) fn operates_in_c(&mut self, operator: BinaryOperator, left: &Value, right: &Value) -> Eval<bool> {
        use BinaryOperator as B;
        use Side as S;
        let is_bitwise = matches!(operator, B::BitAnd | B::BitOr | B::BitXor | B::LeftShift | B::RightShift);
        Ok(match (self.side(left), self.side(right)) {
            (Some(S::Str | S::Bytes), _) => operator == B::Modulo,
            (Some(S::Tuple | S::List | S::Inert | S::Plain), _) => false,
            (Some(S::Integer), Some(S::Integer)) => operator != B::MatrixMultiply,
            (Some(S::Float), Some(S::Integer | S::Float)) => operator != B::MatrixMultiply && !is_bitwise,
            (Some(S::Complex), Some(other)) if other.is_number() => {
                matches!(operator, B::Add | B::Subtract | B::Multiply | B::Divide | B::Power)
            }
            (Some(S::Set), Some(S::Set)) => matches!(operator, B::BitAnd | B::BitOr | B::BitXor | B::Subtract),
            (Some(S::Dict), Some(S::Dict)) => operator == B::BitOr,
            // `_Py_union_type_or`
            (Some(S::Class | S::GenericAlias | S::Union), Some(S::Class)) if operator == B::BitOr => {
                return self.residual(Rule::NotModelled, "a union of classes whose metaclass has an operator");
            }
            (Some(S::Class | S::GenericAlias | S::Union), _) | (Some(_), Some(_)) => false,
            _ => {
                let class = self.type_of(left)?;
                let (name, ..) = super::operators::method_names(operator);
                if self.lookup(class, name).is_some() {
                    return self.residual(Rule::NotModelled, "an operator of a C type beside one written in Python");
                }
                false
            }
        })
    }

    /// Refuses what is left of an operator when a method written in Python has declined: the class has no C function in its
    /// place, but the other operand's may take both.
    pub(super) fn refuse_declined(&mut self, receiver: &Value) -> Eval<()> {
        match self.side(receiver) {
            Some(Side::Plain) => Ok(()),
            _ => self.residual(Rule::NotModelled, "an operator that an instance of a subclass of a C type declines"),
        }
    }
}
