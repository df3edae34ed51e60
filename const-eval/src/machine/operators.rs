//! Operators, by the data model's rules for dispatch.
//!
//! Sources: `binary_op1` in abstract.c, `slot_nb_*` in typeobject.c.

use syntax::ir::{BinaryOperator, UnaryOperator};

use super::types::Found;
use super::{Eval, Machine};
use crate::heap::{Dict, Object, Set, Type, ViewKind};
use crate::key::Key;
use crate::primitive::{self, INEXACT_POWER};
use crate::reason::Rule;
use crate::value::{Integer, Value};

/// `__add__`, `__radd__`, `__iadd__`
pub(super) fn method_names(operator: BinaryOperator) -> (&'static str, &'static str, &'static str) {
    use BinaryOperator as B;
    match operator {
        B::Add => ("__add__", "__radd__", "__iadd__"),
        B::Subtract => ("__sub__", "__rsub__", "__isub__"),
        B::Multiply => ("__mul__", "__rmul__", "__imul__"),
        B::MatrixMultiply => ("__matmul__", "__rmatmul__", "__imatmul__"),
        B::Divide => ("__truediv__", "__rtruediv__", "__itruediv__"),
        B::FloorDivide => ("__floordiv__", "__rfloordiv__", "__ifloordiv__"),
        B::Modulo => ("__mod__", "__rmod__", "__imod__"),
        B::Power => ("__pow__", "__rpow__", "__ipow__"),
        B::LeftShift => ("__lshift__", "__rlshift__", "__ilshift__"),
        B::RightShift => ("__rshift__", "__rrshift__", "__irshift__"),
        B::BitAnd => ("__and__", "__rand__", "__iand__"),
        B::BitOr => ("__or__", "__ror__", "__ior__"),
        B::BitXor => ("__xor__", "__rxor__", "__ixor__"),
    }
}

impl Machine<'_> {
    /// Stops where an operand is not known at all.
    fn refuse_unknown(&mut self, operands: &[&Value]) -> Eval<()> {
        for operand in operands {
            if let Value::Unknown(reason) = operand {
                let reason = reason.clone();
                return self.unknown(Rule::UnknownOperation, "an operator on something that is not known", &reason);
            }
        }
        Ok(())
    }

    /// The result of an operator where an operand is not known at all.
    pub(super) fn soft_operation(&mut self, left: &Value, right: &Value) -> Eval<Option<Value>> {
        let ((Value::Unknown(reason), _) | (_, Value::Unknown(reason))) = (left, right) else { return Ok(None) };
        let message = format!("an operator on something that is not known: {}", reason.root_cause());
        self.soft(Rule::UnknownOperation, message, &[left, right]).map(Some)
    }

    pub(super) fn unary(&mut self, operator: UnaryOperator, operand: &Value) -> Eval<Value> {
        if operator == UnaryOperator::Not {
            return Ok(Value::Bool(!self.truth(operand)?));
        }
        self.refuse_unknown(&[operand])?;
        let name = match operator {
            UnaryOperator::Positive => "__pos__",
            UnaryOperator::Negative => "__neg__",
            UnaryOperator::Invert => "__invert__",
            UnaryOperator::Not => return self.malformed(),
        };
        let class = self.type_of(operand)?;
        if let Some(method) = self.python_definition(class, name) {
            let method = self.bind(Found::Value(method), name, Some(operand), class)?;
            return self.call(&method, Vec::new(), Vec::new());
        }
        let data = self.plain_data(operand);
        if matches!(
            data,
            Value::Object(_) | Value::Opaque(_) | Value::Ground(_) | Value::Module(_) | Value::GroundModule(_)
        ) {
            let type_name = self.type_name(class);
            if self.lookup(class, name).is_some() {
                return self.residual(Rule::NotModelled, format!("`{name}` of a `{type_name}`"));
            }
            let symbol = match operator {
                UnaryOperator::Positive => "+",
                UnaryOperator::Negative => "-",
                UnaryOperator::Invert => "~",
                UnaryOperator::Not => "not",
            };
            let message = format!("bad operand type for unary {symbol}: '{}'", self.c_name(class));
            return self.raise_exactly("TypeError", message);
        }
        let outcome = primitive::unary(self.context(), operator, &data);
        self.primitive_of(outcome, &[operand])
    }

    /// How often a sequence is repeated (`sequence_repeat` in abstract.c).
    fn repetitions(&mut self, count: &Integer) -> Eval<usize> {
        match count.to_i64() {
            Some(count) => Ok(count.max(0) as usize),
            None => self.raise_exactly("OverflowError", "cannot fit 'int' into an index-sized integer"),
        }
    }

    /// `divmod(left, right)` where a Python class defines it.
    pub(super) fn python_divmod(&mut self, left: &Value, right: &Value) -> Eval<Option<Value>> {
        self.refuse_unknown(&[left, right])?;
        self.python_operator(BinaryOperator::FloorDivide, ("__divmod__", "__rdivmod__"), left, right)
    }

    pub(super) fn binary(&mut self, operator: BinaryOperator, left: &Value, right: &Value) -> Eval<Value> {
        if operator == BinaryOperator::Add
            && let Some(text) = self.process_text_of(&[left, right], "a sum")
        {
            return Ok(text);
        }
        if let Some(value) = self.soft_operation(left, right)? {
            return Ok(value);
        }
        let (name, reflected, _) = method_names(operator);
        if operator == BinaryOperator::BitOr && self.unites(left) {
            return self.unite_parameter(left, right);
        }
        if let Some(result) = self.python_operator(operator, (name, reflected), left, right)? {
            return Ok(result);
        }
        if operator == BinaryOperator::BitOr && self.unites(right) && self.gives_way_to_parameter(left) {
            return self.unite_parameter(left, right);
        }
        self.ground_binary(operator, left, right)
    }

    pub(super) fn in_place(&mut self, operator: BinaryOperator, left: &Value, right: &Value) -> Eval<Value> {
        self.refuse_unknown(&[left, right])?;
        let (_, _, name) = method_names(operator);
        let class = self.type_of(left)?;
        if let Some(method) = self.python_definition(class, name) {
            let method = self.bind(Found::Value(method), name, Some(left), class)?;
            let result = self.call(&method, vec![right.clone()], Vec::new())?;
            if !matches!(result, Value::NotImplemented) {
                return Ok(result);
            }
            return self.binary(operator, left, right);
        }
        // Mutable containers of C types change themselves.
        let list = self.is_subtype(class, Type::Ground(self.known.list));
        let dict = self.is_subtype(class, Type::Ground(self.known.dict));
        let set = self.is_subtype(class, Type::Ground(self.known.set));
        // `PyNumber_InPlaceAdd`: a sequence comes last.
        if let BinaryOperator::Add | BinaryOperator::Multiply = operator
            && list
        {
            let (name, reflected, _) = method_names(operator);
            if let Some(result) = self.python_operator(operator, (name, reflected), left, right)? {
                return Ok(result);
            }
        }
        match operator {
            BinaryOperator::Add if list => {
                self.list_extend_from(left, right)?;
                Ok(left.clone())
            }
            BinaryOperator::Multiply if list => {
                let Value::Int(count) = right else {
                    return self.residual(Rule::NotModelled, "repeats a list a number of times that is not known");
                };
                let count = self.repetitions(count)?;
                let items = self.list_items(left)?;
                self.charge(items.len().saturating_mul(count))?;
                let repeated = items.iter().cycle().take(items.len() * count).cloned().collect();
                *self.list_mut(left)? = repeated;
                Ok(left.clone())
            }
            BinaryOperator::BitOr if dict => {
                for (key, value) in self.update_pairs(right)? {
                    self.dict_insert(left, key, value)?;
                }
                Ok(left.clone())
            }
            BinaryOperator::BitOr | BinaryOperator::BitAnd | BinaryOperator::Subtract | BinaryOperator::BitXor
                if set =>
            {
                if self.set_entries(right)?.is_none() {
                    return self.residual(Rule::NotModelled, "an in-place set operator on something that is not a set");
                }
                let result = self.set_operation(operator, left, right)?;
                let items = self.set_mut(left)?;
                let is_as_before = items.len() == result.len();
                *items = result;
                // `|=` and `-=` leave a set in place in which they find nothing to add or to remove.
                if !is_as_before || !matches!(operator, BinaryOperator::BitOr | BinaryOperator::Subtract) {
                    self.note_removal(left);
                }
                Ok(left.clone())
            }
            _ => self.binary(operator, left, right),
        }
    }

    /// Dispatch to methods defined in Python, the right operand first where its
    /// class derives from the left one's and overrides the method.
    ///
    /// The operator is the one that C types have under these names: for `divmod` the one that they have alongside.
    fn python_operator(
        &mut self,
        operator: BinaryOperator,
        (name, reflected): (&str, &str),
        left: &Value,
        right: &Value,
    ) -> Eval<Option<Value>> {
        let (left_type, right_type) = (self.type_of(left)?, self.type_of(right)?);
        if matches!((left_type, right_type), (Type::Ground(_), Type::Ground(_))) {
            return Ok(None);
        }
        let left_method = self.python_definition(left_type, name);
        let right_method = if left_type == right_type { None } else { self.python_definition(right_type, reflected) };
        let right_first = right_method.is_some()
            && left_type != right_type
            && self.is_subtype(right_type, left_type)
            && !self.same_definition(left_type, right_type, reflected);
        if left_method.is_none()
            && right_method.is_some()
            && !right_first
            && self.operates_in_c(operator, left, right)?
        {
            return Ok(None);
        }
        let mut attempts = Vec::with_capacity(2);
        if let Some(method) = left_method {
            attempts.push((method, name, left, left_type, right));
        }
        if let Some(method) = right_method {
            let attempt = (method, reflected, right, right_type, left);
            if right_first { attempts.insert(0, attempt) } else { attempts.push(attempt) }
        }
        if attempts.is_empty() {
            return Ok(None);
        }
        let mut declined = Vec::with_capacity(2);
        for (method, name, receiver, class, argument) in attempts {
            let method = self.bind(Found::Value(method), name, Some(receiver), class)?;
            let result = self.call(&method, vec![argument.clone()], Vec::new())?;
            if !matches!(result, Value::NotImplemented) {
                return Ok(Some(result));
            }
            declined.push(receiver);
        }
        for receiver in declined {
            self.refuse_declined(receiver)?;
        }
        Ok(None)
    }

    fn same_definition(&mut self, left: Type, right: Type, name: &str) -> bool {
        match (self.python_definition(left, name), self.python_definition(right, name)) {
            (Some(Value::Object(left)), Some(Value::Object(right))) => left == right,
            _ => false,
        }
    }

    fn ground_binary(&mut self, operator: BinaryOperator, left: &Value, right: &Value) -> Eval<Value> {
        use BinaryOperator as B;
        if operator == B::BitOr && self.is_union_member(left) && self.is_union_member(right) {
            return self.union(left, right);
        }
        let (left, given) = (&self.plain_data(left), right);
        let right = &self.plain_data(given);
        match (operator, left, right) {
            (B::Add, Value::Tuple(first), Value::Tuple(second)) => {
                self.charge(first.len() + second.len())?;
                return Ok(Value::tuple(first.iter().chain(second.iter()).cloned().collect()));
            }
            (B::Multiply, Value::Tuple(items), Value::Int(count))
            | (B::Multiply, Value::Int(count), Value::Tuple(items)) => {
                let count = self.repetitions(count)?;
                self.charge(items.len().saturating_mul(count))?;
                return Ok(Value::tuple(items.iter().cycle().take(items.len() * count).cloned().collect()));
            }
            (B::Modulo, Value::Str(template), _) => {
                let template = template.clone();
                return self.percent_format(&template, given);
            }
            _ => {}
        }
        if let Some(result) = self.opaque_binary(operator, left, right)? {
            return Ok(result);
        }
        if let (Value::Object(_), _) | (_, Value::Object(_)) = (left, right) {
            return self.container_binary(operator, left, right);
        }
        if !is_data(left) || !is_data(right) {
            if self.surely_unsupported(operator, left, right)? {
                return self.raise_unsupported(operator, left, right);
            }
            return self.residual(Rule::NotModelled, "an operator on values that are computed by the target only");
        }
        match primitive::binary(self.context(), operator, left, right) {
            // Worded in another way where the operator is an in-place one.
            Err(primitive::Failure::Raise { exception: "TypeError", message }) => self.raise("TypeError", message),
            Err(primitive::Failure::NotModelled(INEXACT_POWER)) => self.libm_power(left, right),
            outcome => self.primitive(outcome),
        }
    }

    /// Operators on values of known builtin types whose contents are not known, where nothing can go wrong.
    fn opaque_binary(&mut self, operator: BinaryOperator, left: &Value, right: &Value) -> Eval<Option<Value>> {
        if !matches!(left, Value::Opaque(_)) && !matches!(right, Value::Opaque(_)) {
            return Ok(None);
        }
        let (left, right) = (self.type_of(left)?, self.type_of(right)?);
        let known = self.known;
        let both = |id| left == Type::Ground(id) && right == Type::Ground(id);
        self.mixes_hashes |= self.hashing > 0;
        Ok(match operator {
            BinaryOperator::Add if both(known.str) => Some(Value::Opaque(known.str)),
            BinaryOperator::Add if both(known.bytes) => Some(Value::Opaque(known.bytes)),
            BinaryOperator::Add
            | BinaryOperator::Subtract
            | BinaryOperator::BitAnd
            | BinaryOperator::BitOr
            | BinaryOperator::BitXor
                if both(known.int) =>
            {
                Some(Value::Opaque(known.int))
            }
            _ => None,
        })
    }

    /// `dict_equal` in dictobject.c.
    pub(super) fn equals_dict(&mut self, left: &Value, right: &Value) -> Eval<bool> {
        let first = self.dict_entries(left)?.unwrap_or_default();
        let second = self.dict_entries(right)?.unwrap_or_default();
        if first.len() != second.len() {
            return Ok(false);
        }
        for (key, (_, value)) in &first {
            let Some((_, other)) = second.get(key) else { return Ok(false) };
            if !self.same_or_equal(value, other)? {
                return Ok(false);
            }
        }
        Ok(true)
    }

    /// Lists, sets, dicts.
    fn container_binary(&mut self, operator: BinaryOperator, left: &Value, right: &Value) -> Eval<Value> {
        use BinaryOperator as B;
        let (left_type, right_type) = (self.type_of(left)?, self.type_of(right)?);
        let known = self.known;
        let list = Type::Ground(known.list);
        let is_list = |machine: &Self, class| machine.is_subtype(class, list);
        match operator {
            B::Add if is_list(self, left_type) && is_list(self, right_type) => {
                let mut items = self.list_items(left)?;
                items.extend(self.list_items(right)?);
                self.charge(items.len())?;
                return Ok(self.new_list(items));
            }
            B::Multiply if is_list(self, left_type) || is_list(self, right_type) => {
                let (sequence, count) = if is_list(self, left_type) { (left, right) } else { (right, left) };
                if let Value::Int(count) = count {
                    let count = self.repetitions(count)?;
                    let items = self.list_items(sequence)?;
                    self.charge(items.len().saturating_mul(count))?;
                    return Ok(self.new_list(items.iter().cycle().take(items.len() * count).cloned().collect()));
                }
            }
            B::BitOr
                if self.is_subtype(left_type, Type::Ground(known.dict))
                    && self.is_subtype(right_type, Type::Ground(known.dict)) =>
            {
                if left_type != Type::Ground(known.dict) || right_type != Type::Ground(known.dict) {
                    return self.residual(Rule::NotModelled, "merges instances of subclasses of dict");
                }
                let mut merged: Dict = self.dict_entries(left)?.unwrap_or_default();
                for (key, (name, value)) in self.dict_entries(right)?.unwrap_or_default() {
                    match merged.get_mut(&key) {
                        Some(entry) => entry.1 = value,
                        None => {
                            merged.insert(key, (name, value));
                        }
                    }
                }
                return Ok(self.new_dict(merged));
            }
            B::BitOr | B::BitAnd | B::Subtract | B::BitXor => {
                if let (Some(_), Some(_)) = (self.set_like(left)?, self.set_like(right)?) {
                    let result = self.set_operation(operator, left, right)?;
                    // The result has the left operand's base type (`set_or` copies the left).
                    let frozen = self.is_subtype(left_type, Type::Ground(known.frozenset));
                    return Ok(self.allocate(if frozen { Object::FrozenSet(result) } else { Object::Set(result) }));
                }
            }
            _ => {}
        }
        let (name, reflected, _) = method_names(operator);
        let declined = self.lookup(left_type, name).is_none() && self.lookup(right_type, reflected).is_none();
        if declined || self.surely_unsupported(operator, left, right)? {
            return self.raise_unsupported(operator, left, right);
        }
        let (left_name, right_name) = (self.type_name(left_type), self.type_name(right_type));
        self.residual(Rule::NotModelled, format!("an operator on a `{left_name}` and a `{right_name}`"))
    }

    /// Elements of sets and of key views.
    fn set_like(&mut self, value: &Value) -> Eval<Option<Set>> {
        if let Some(entries) = self.set_entries(value)? {
            return Ok(Some(entries));
        }
        if let Value::Object(object) = value
            && let Object::DictView { dict, kind: ViewKind::Keys } = self.object(*object)
        {
            let dict = dict.clone();
            if let Some(entries) = self.dict_entries(&dict)? {
                return Ok(Some(entries.into_iter().map(|(key, (name, _))| (key, name)).collect()));
            }
        }
        Ok(None)
    }

    fn set_operation(&mut self, operator: BinaryOperator, left: &Value, right: &Value) -> Eval<Set> {
        let are_sets = self.set_entries(left)?.is_some() && self.set_entries(right)?.is_some();
        let (Some(left), Some(right)) = (self.set_like(left)?, self.set_like(right)?) else {
            return self.malformed();
        };
        self.charge(left.len() + right.len())?;
        let looks_different = |(key, value): (&Key, &Value)| {
            right.get(key).is_some_and(|other| std::mem::discriminant(other) != std::mem::discriminant(value))
        };
        if operator == BinaryOperator::BitAnd && !are_sets && left.iter().any(looks_different) {
            return self.residual(Rule::NotModelled, "which of two equal keys of a view and another is kept");
        }
        Ok(match operator {
            BinaryOperator::BitOr => {
                let mut result = left;
                for (key, value) in right {
                    result.entry(key).or_insert(value);
                }
                result
            }
            BinaryOperator::BitAnd => intersection(left, right),
            BinaryOperator::Subtract => left.into_iter().filter(|(key, _)| !right.contains_key(key)).collect(),
            _ => {
                let mut result: Set = left
                    .iter()
                    .filter(|(key, _)| !right.contains_key(*key))
                    .map(|(key, value)| (key.clone(), value.clone()))
                    .collect();
                for (key, value) in right {
                    if !left.contains_key(&key) {
                        result.insert(key, value);
                    }
                }
                result
            }
        })
    }

    /// Does `|` of the value make a union (`unionable` in unionobject.c)?
    fn is_union_member(&mut self, value: &Value) -> bool {
        match value {
            Value::None => true,
            Value::Object(object) => match self.object(*object) {
                Object::GenericAlias { .. } | Object::Union(_) => true,
                Object::Native(native) => native.class == self.known.type_alias,
                Object::Instance(_) => {
                    matches!(self.plain_data(value), Value::Object(_)) && self.is_alias_instance(value)
                }
                Object::Class(_) => self.unites_as_type(value),
                _ => false,
            },
            Value::Ground(_) => self.unites_as_type(value),
            _ => false,
        }
    }

    /// A class whose metaclass leaves `|` to `type`.
    fn unites_as_type(&mut self, value: &Value) -> bool {
        if self.as_type(value).is_none() {
            return false;
        }
        let Ok(metaclass) = self.type_of(value) else { return false };
        ["__or__", "__ror__"].iter().all(|name| {
            matches!(self.lookup(metaclass, name), Some(Found::Ground { owner, .. }) if owner == self.known.type_)
        })
    }

    /// An instance of a subclass of `types.GenericAlias`, as `collections.abc.Callable[…]` is.
    pub(super) fn is_alias_instance(&self, value: &Value) -> bool {
        match self.plain_data(value) {
            Value::Object(alias) => {
                matches!(self.object(alias), Object::GenericAlias { .. })
                    && !matches!(value, Value::Object(object) if *object == alias)
            }
            _ => false,
        }
    }

    /// `int | None`; `None | None` is an error, which `type.__or__` never sees.
    fn union(&mut self, left: &Value, right: &Value) -> Eval<Value> {
        if matches!((left, right), (Value::None, Value::None)) {
            return self.raise("TypeError", "unsupported operand type(s) for |: 'NoneType' and 'NoneType'");
        }
        let mut members: Vec<Value> = Vec::new();
        for side in [left, right] {
            let parts = match side {
                Value::Object(object) => match self.object(*object) {
                    Object::Union(parts) => parts.clone(),
                    _ => vec![side.clone()],
                },
                Value::None => vec![Value::Ground(self.known.none_type)],
                _ => vec![side.clone()],
            };
            for part in parts {
                let key = self.key(&part)?;
                let mut present = false;
                for member in &members.clone() {
                    present |= self.key(member)? == key;
                }
                if !present {
                    members.push(part);
                }
            }
        }
        match members.as_slice() {
            [only] => Ok(only.clone()),
            _ => Ok(self.allocate(Object::Union(members))),
        }
    }
}

/// The elements of the smaller set, or of the second, that are in the other one too (`set_intersection` in setobject.c).
pub(super) fn intersection(first: Set, second: Set) -> Set {
    let (small, large) = if second.len() > first.len() { (first, second) } else { (second, first) };
    small.into_iter().filter(|(key, _)| large.contains_key(key)).collect()
}

/// Data of the builtin immutable types (a tuple may hold objects).
pub(super) fn is_data(value: &Value) -> bool {
    !matches!(
        value,
        Value::Object(_)
            | Value::Opaque(_)
            | Value::Unknown(_)
            | Value::Ground(_)
            | Value::Module(_)
            | Value::GroundModule(_)
    )
}
