//! Comparisons, by the data model's rules for dispatch (`do_richcompare` in object.c).

use syntax::ir::{Comparison, Name};

use super::operators::is_data;
use super::types::Found;
use super::{Eval, Machine, Stop};
use crate::ground::GroundId;
use crate::heap::{Object, Payload, Set, Type};
use crate::primitive;
use crate::reason::Rule;
use crate::value::Value;

/// A function of C, as far as `==` is concerned.
enum Builtin {
    /// Of a module.
    Function(GroundId),
    Bound {
        method: (GroundId, Name),
        receiver: Value,
    },
    /// A method's descriptor, or a static method.
    Unbound,
}

impl Machine<'_> {
    pub(super) fn compare(&mut self, comparison: Comparison, left: &Value, right: &Value) -> Eval<Value> {
        match comparison {
            Comparison::Is => return Ok(Value::Bool(self.is_identical(left, right)?)),
            Comparison::IsNot => return Ok(Value::Bool(!self.is_identical(left, right)?)),
            Comparison::In => return Ok(Value::Bool(self.contains(right, left)?)),
            Comparison::NotIn => return Ok(Value::Bool(!self.contains(right, left)?)),
            _ => {}
        }
        if let (Comparison::Equal | Comparison::NotEqual, Some(equal)) =
            (comparison, self.equal_identities(left, right))
        {
            return Ok(Value::Bool(equal == (comparison == Comparison::Equal)));
        }
        if let Some(value) = self.soft_operation(left, right)? {
            return Ok(value);
        }
        let (name, reflected) = match comparison {
            Comparison::Equal => ("__eq__", "__eq__"),
            Comparison::NotEqual => ("__ne__", "__ne__"),
            Comparison::Less => ("__lt__", "__gt__"),
            Comparison::LessEqual => ("__le__", "__ge__"),
            Comparison::Greater => ("__gt__", "__lt__"),
            _ => ("__ge__", "__le__"),
        };
        let (left_type, right_type) = (self.type_of(left)?, self.type_of(right)?);
        if let (Type::Ground(_), Type::Ground(_)) = (left_type, right_type) {
            return self.ground_compare(comparison, left, right, left_type, right_type);
        }
        let right_first = left_type != right_type && self.is_subtype(right_type, left_type);
        let sides = if right_first {
            [(right, right_type, reflected, left), (left, left_type, name, right)]
        } else {
            [(left, left_type, name, right), (right, right_type, reflected, left)]
        };
        let methods = sides.each_ref().map(|(_, class, name, _)| self.comparing_method(*class, name));
        if methods.iter().all(Option::is_none) {
            return self.ground_compare(comparison, left, right, left_type, right_type);
        }
        for ((receiver, class, name, argument), method) in sides.into_iter().zip(methods) {
            let Some((method, is_inverted)) = method else {
                if self.compares_in_c(comparison, receiver, argument)? {
                    return self.ground_compare(comparison, left, right, left_type, right_type);
                }
                continue;
            };
            let name = if is_inverted { "__eq__" } else { name };
            let method = self.bind(Found::Value(method), name, Some(receiver), class)?;
            let result = self.call(&method, vec![argument.clone()], Vec::new())?;
            if !matches!(result, Value::NotImplemented) {
                return if is_inverted { Ok(Value::Bool(!self.truth(&result)?)) } else { Ok(result) };
            }
        }
        match comparison {
            Comparison::Equal => Ok(Value::Bool(self.is_identical(left, right)?)),
            Comparison::NotEqual => Ok(Value::Bool(!self.is_identical(left, right)?)),
            _ => {
                let message =
                    primitive::unordered_message(comparison, &self.c_name(left_type), &self.c_name(right_type));
                self.raise("TypeError", message)
            }
        }
    }

    /// The method written in Python that a comparison calls, and whether its answer is inverted, as `object.__ne__` does
    /// with that of `__eq__`.
    fn comparing_method(&mut self, class: Type, name: &str) -> Option<(Value, bool)> {
        match self.lookup(class, name)? {
            Found::Value(method) => Some((method, false)),
            Found::Ground { owner, .. } if name == "__ne__" && owner == self.known.object => {
                self.python_definition(class, "__eq__").map(|method| (method, true))
            }
            Found::Ground { .. } => None,
        }
    }

    fn ground_compare(
        &mut self,
        comparison: Comparison,
        left: &Value,
        right: &Value,
        left_type: Type,
        right_type: Type,
    ) -> Eval<Value> {
        let given = [left, right];
        let (left, right) = (&self.plain_data(left), &self.plain_data(right));
        if let (Value::Object(left), Value::Object(right)) = (left, right)
            && left != right
            && self.is_same_member(*left, *right)?
            && let Comparison::Equal | Comparison::NotEqual = comparison
        {
            return Ok(Value::Bool(comparison == Comparison::Equal));
        }
        if is_data(left) && is_data(right) {
            if let (Value::Tuple(first), Value::Tuple(second)) = (left, right) {
                let compared = self.compare_sequences(comparison, &first.clone(), &second.clone());
                // Where the right one is of a subclass, it is asked first, and the message is another.
                if let Err(Stop::Raise(_)) = compared
                    && given.iter().any(|value| matches!(value, Value::Object(_)))
                {
                    return self.residual(Rule::Raises, "an exception while instances of subclasses are compared");
                }
                return compared;
            }
            let outcome = primitive::compare(self.context(), comparison, left, right);
            return Ok(Value::Bool(self.primitive_of(outcome, &given)?));
        }
        let equality = matches!(comparison, Comparison::Equal | Comparison::NotEqual);
        let wanted = comparison == Comparison::Equal;
        if let (Value::Object(first), Value::Object(second)) = (left, right) {
            if equality && let Some(equal) = self.equals_ordered_dict(left, right)? {
                return Ok(Value::Bool(equal == wanted));
            }
            let (first, second) = (*first, *second);
            match (self.object(first), self.object(second)) {
                (Object::List(_), Object::List(_)) => {
                    let (first, second) = (self.list_items(left)?, self.list_items(right)?);
                    return self.compare_sequences(comparison, &first, &second);
                }
                (Object::Dict(_), Object::Dict(_)) if equality => {
                    return Ok(Value::Bool(self.equals_dict(left, right)? == wanted));
                }
                _ => {}
            }
            if let (Some(first), Some(second)) = (self.set_entries(left)?, self.set_entries(right)?) {
                let subset = |small: &Set, large: &Set| small.keys().all(|key| large.contains_key(key));
                return Ok(Value::Bool(match comparison {
                    Comparison::Equal => first.len() == second.len() && subset(&first, &second),
                    Comparison::NotEqual => first.len() != second.len() || !subset(&first, &second),
                    Comparison::Less => first.len() < second.len() && subset(&first, &second),
                    Comparison::LessEqual => subset(&first, &second),
                    Comparison::Greater => second.len() < first.len() && subset(&second, &first),
                    _ => subset(&second, &first),
                }));
            }
        }
        if equality && let (Value::Object(first), Value::Object(second)) = (left, right) {
            let same = match (self.object(*first), self.object(*second)) {
                (
                    Object::UnboundGround { owner, name },
                    Object::UnboundGround { owner: other_owner, name: other_name },
                ) => Some(owner == other_owner && name == other_name),
                (Object::UnboundGround { .. }, Object::Function(_))
                | (Object::Function(_), Object::UnboundGround { .. }) => Some(false),
                _ => None,
            };
            if let Some(same) = same {
                return Ok(Value::Bool(same == wanted));
            }
        }
        if equality
            && let (Some((class, origin)), Some((other_class, other))) =
                (self.origin_of_part(left), self.origin_of_part(right))
            && class == other_class
        {
            return self.compare(comparison, &origin, &other);
        }
        if equality && let Some(same) = self.compare_aliases(left, right)? {
            return Ok(Value::Bool(same == wanted));
        }
        if equality && let Some(same) = self.compare_builtins(left, right)? {
            return Ok(Value::Bool(same == wanted));
        }
        if equality {
            // Objects whose types leave `==` to identity.
            if self.equality_is_identity(left, left_type)? && self.equality_is_identity(right, right_type)? {
                let same = self.is_identical(left, right)?;
                return Ok(Value::Bool(same == wanted));
            }
            let exact = |value: &Value| !matches!(value, Value::Opaque(_));
            if exact(left) && exact(right) && self.unrelated(left, left_type, right, right_type) {
                return Ok(Value::Bool(!wanted));
            }
        }
        let (left_name, right_name) = (self.type_name(left_type), self.type_name(right_type));
        self.residual(Rule::NotModelled, format!("compares a `{left_name}` with a `{right_name}`"))
    }

    /// `type(value).__eq__` is `object.__eq__` or that of plain types.
    fn equality_is_identity(&mut self, value: &Value, class: Type) -> Eval<bool> {
        if let Value::Object(object) = value
            && let Object::Instance(instance) = self.object(*object)
            && !matches!(
                instance.payload,
                Payload::None | Payload::Exception(_) | Payload::Property(_) | Payload::Wrapper(_) | Payload::Hidden
            )
        {
            return Ok(false);
        }
        if matches!(value, Value::None | Value::Ellipsis | Value::NotImplemented) {
            return Ok(true);
        }
        if matches!(value, Value::Module(_) | Value::GroundModule(_)) {
            return Ok(true);
        }
        Ok(match self.lookup(class, "__eq__") {
            Some(Found::Ground { owner, .. }) => owner == self.known.object || owner == self.known.type_,
            // The method has had its turn, and the rest is up to identity.
            Some(Found::Value(_)) => {
                matches!(value, Value::Object(object) if matches!(self.object(*object), Object::Instance(_)))
            }
            None => false,
        })
    }

    /// `==` of two aliases or unions (`ga_richcompare`, `union_richcompare`); `None`: neither is one.
    fn compare_aliases(&mut self, left: &Value, right: &Value) -> Eval<Option<bool>> {
        let parts = |machine: &Self, value: &Value| match value {
            Value::Object(object) => match machine.object(*object) {
                Object::GenericAlias { origin, arguments } => Some((Some(origin.clone()), arguments.clone())),
                Object::Union(members) => Some((None, members.clone())),
                _ => None,
            },
            _ => None,
        };
        let (first, second) = (parts(self, left), parts(self, right));
        let (alias, other_alias) = (first.is_some(), second.is_some());
        match (first, second) {
            (None, None) => Ok(None),
            (Some((Some(origin), arguments)), Some((Some(other), others))) => {
                let same = self.same_or_equal(&origin, &other)?
                    && self.same_or_equal(&Value::tuple(arguments), &Value::tuple(others))?;
                Ok(Some(same))
            }
            (Some((None, members)), Some((None, others))) => {
                let (members, others) = (self.set_of(members)?, self.set_of(others)?);
                Ok(Some(members.len() == others.len() && members.keys().all(|key| others.contains_key(key))))
            }
            _ => {
                // Each leaves the other alone, and so do data, plain objects and classes.
                let (left_type, right_type) = (self.type_of(left)?, self.type_of(right)?);
                let plain = (alias || is_data(left) || self.equality_is_identity(left, left_type)?)
                    && (other_alias || is_data(right) || self.equality_is_identity(right, right_type)?);
                Ok(plain.then_some(false))
            }
        }
    }

    /// `==` of two functions of C: the same C code, of one object (`meth_richcompare` in methodobject.c,
    /// `wrapper_richcompare` in descrobject.c). `None`: they are none, or it can't be told.
    fn compare_builtins(&mut self, left: &Value, right: &Value) -> Eval<Option<bool>> {
        let (Some(one), Some(other)) = (self.builtin(left), self.builtin(right)) else { return Ok(None) };
        Ok(match (one, other) {
            (Builtin::Function(one), Builtin::Function(other)) => {
                let has_twin = [one, other].iter().any(|id| self.world.ground().entry(*id).has_twin());
                (one == other || !has_twin).then_some(one == other)
            }
            (Builtin::Bound { method: one, receiver }, Builtin::Bound { method: other, receiver: with }) => {
                match self.is_identical(&receiver, &with)? {
                    true if one == other => Some(true),
                    // Two methods may be the same C code under two names.
                    true => None,
                    false => Some(false),
                }
            }
            (Builtin::Unbound, Builtin::Unbound) => None,
            _ => Some(false),
        })
    }

    /// The function of C that the value is.
    fn builtin(&self, value: &Value) -> Option<Builtin> {
        match value {
            Value::Ground(id) => self.world.ground().entry(*id).is_function().then_some(Builtin::Function(*id)),
            Value::Object(object) => match self.object(*object) {
                Object::BoundGround { owner, name, receiver } => {
                    Some(Builtin::Bound { method: (*owner, name.clone()), receiver: receiver.clone() })
                }
                Object::UnboundGround { .. } => Some(Builtin::Unbound),
                _ => None,
            },
            _ => None,
        }
    }

    /// A builtin value and an object of a plain type: neither `__eq__` knows the other.
    fn unrelated(&mut self, left: &Value, left_type: Type, right: &Value, right_type: Type) -> bool {
        let plain = |machine: &mut Self, value: &Value, class: Type| {
            is_data(value)
                || machine.builtin(value).is_some()
                || machine.equality_is_identity(value, class).unwrap_or(false)
                || matches!(value, Value::Object(object) if matches!(
                    machine.object(*object),
                    Object::List(_) | Object::Dict(_) | Object::Set(_) | Object::FrozenSet(_)
                ))
        };
        left_type != right_type
            && !matches!((left, right), (Value::Unknown(_), _) | (_, Value::Unknown(_)))
            && plain(self, left, left_type)
            && plain(self, right, right_type)
    }

    fn compare_sequences(&mut self, comparison: Comparison, first: &[Value], second: &[Value]) -> Eval<Value> {
        if matches!(comparison, Comparison::Equal | Comparison::NotEqual) && first.len() != second.len() {
            return Ok(Value::Bool(comparison == Comparison::NotEqual));
        }
        for (left, right) in first.iter().zip(second) {
            self.count_step()?;
            if !self.same_or_equal(left, right)? {
                return match comparison {
                    Comparison::Equal => Ok(Value::Bool(false)),
                    Comparison::NotEqual => Ok(Value::Bool(true)),
                    _ => self.compare(comparison, left, right),
                };
            }
        }
        let (first, second) = (first.len(), second.len());
        Ok(Value::Bool(match comparison {
            Comparison::Equal => first == second,
            Comparison::NotEqual => first != second,
            Comparison::Less => first < second,
            Comparison::LessEqual => first <= second,
            Comparison::Greater => first > second,
            _ => first >= second,
        }))
    }
}
