//! Subscription: getting, setting and deleting items (`Objects/abstract.c`).

use super::containers::DEFAULT_FACTORY;
use super::types::Found;
use super::{Eval, Machine};
use crate::ground::AttributeKind;
use crate::heap::{Object, Payload, Type};
use crate::primitive;
use crate::reason::Rule;
use crate::value::{ObjectRef, Value};

impl Machine<'_> {
    pub(super) fn get_item(&mut self, container: &Value, key: &Value) -> Eval<Value> {
        if let Value::Unknown(reason) = container {
            if reason.message == super::attributes::SYS_MODULES
                && let Some(module) = self.loaded_entry(key)
            {
                return Ok(module);
            }
            let message = format!("subscripts something that is not known: {}", reason.root_cause());
            return self.soft(Rule::UnknownSubscript, message, &[key]);
        }
        if let Some(class) = self.as_type(container) {
            return self.class_get_item(class, key);
        }
        if let Some(getter) = self.python_special(container, "__getitem__")? {
            return self.call(&getter, vec![key.clone()], Vec::new());
        }
        match container {
            Value::Object(object) => self.object_get_item(*object, container, key),
            Value::Ground(_) if matches!(self.plain_data(container), Value::Tuple(_)) => {
                let items = self.plain_data(container);
                self.get_item(&items, key)
            }
            Value::Opaque(_) | Value::Ground(_) | Value::Module(_) | Value::GroundModule(_) => {
                self.residual(Rule::UnknownSubscript, "subscripts a value that is computed by the target only")
            }
            data => {
                let key = self.as_index(key)?;
                if matches!(key, Value::Opaque(_) | Value::Object(_)) {
                    return self.residual(Rule::UnknownSubscript, "subscripts with a key that is not known");
                }
                if let (Value::Tuple(items), Value::Int(index)) = (data, &key) {
                    let length = items.len() as i64;
                    return match index.to_i64().map(|index| if index < 0 { index + length } else { index }) {
                        Some(index) if (0..length).contains(&index) => Ok(items[index as usize].clone()),
                        _ => self.out_of_range(&key, "tuple index out of range"),
                    };
                }
                let outcome = primitive::subscript(self.context(), data, &key);
                self.primitive_of(outcome, &[container])
            }
        }
    }

    /// The number that an instance of a subclass of int is: `PyNumber_Index` takes it for that.
    pub(super) fn whole_number(&self, value: &Value) -> Option<Value> {
        let Value::Object(object) = value else { return None };
        match self.object(*object) {
            Object::Instance(instance) => match &instance.payload {
                Payload::Data(data @ (Value::Int(_) | Value::Bool(_))) => Some(data.clone()),
                _ => None,
            },
            _ => None,
        }
    }

    /// Applies `__index__` where a Python class defines it.
    pub(super) fn as_index(&mut self, key: &Value) -> Eval<Value> {
        match key {
            Value::Unknown(reason) => {
                let reason = reason.clone();
                self.unknown(Rule::UnknownSubscript, "subscripts with a key that is not known", &reason)
            }
            Value::Object(_) => {
                if let Some(number) = self.whole_number(key) {
                    return Ok(number);
                }
                match self.python_special(key, "__index__")? {
                    Some(index) => self.call(&index, Vec::new(), Vec::new()),
                    None => Ok(key.clone()),
                }
            }
            Value::Slice(parts) => {
                let parts = parts.clone();
                let mut converted = Vec::with_capacity(3);
                for part in parts.iter() {
                    converted.push(self.as_index(part)?);
                }
                match <[Value; 3]>::try_from(converted) {
                    Ok(parts) => Ok(Value::Slice(std::sync::Arc::new(parts))),
                    Err(_) => self.malformed(),
                }
            }
            other => Ok(other.clone()),
        }
    }

    fn object_get_item(&mut self, object: ObjectRef, container: &Value, key: &Value) -> Eval<Value> {
        enum Kind {
            List,
            Dict,
            Proxy,
            Data(Value),
            Other,
        }
        let kind = match self.object(object) {
            Object::List(_) => Kind::List,
            Object::Dict(_) | Object::InstanceDict(_) | Object::Globals | Object::GroundNamespace(_) => Kind::Dict,
            Object::MappingProxy(_) => Kind::Proxy,
            Object::Instance(instance) => match &instance.payload {
                Payload::List(_) => Kind::List,
                Payload::Dict(_) => Kind::Dict,
                Payload::Data(data) => Kind::Data(data.clone()),
                _ => Kind::Other,
            },
            _ => Kind::Other,
        };
        match kind {
            Kind::Data(data @ (Value::Str(_) | Value::Bytes(_) | Value::Tuple(_) | Value::Object(_))) => {
                self.get_item(&data, key)
            }
            Kind::Data(_) => {
                let class = self.type_of(container)?;
                let name = self.c_name(class);
                self.raise_exactly("TypeError", format!("'{name}' object is not subscriptable"))
            }
            Kind::Dict => match self.dict_get(container, key)? {
                Some(value) => Ok(value),
                None => {
                    if let Some(missing) = self.python_special(container, "__missing__")? {
                        return self.call(&missing, vec![key.clone()], Vec::new());
                    }
                    self.default_item(object, container, key)
                }
            },
            Kind::Proxy => {
                if let Some(Some(entry)) = self.class_namespace_entry(object, key)? {
                    return Ok(entry);
                }
                if let Some(entry) = self.ground_namespace_entry(object, key) {
                    return Ok(entry);
                }
                let items = self.proxy_items(object)?;
                let wanted = self.key(key)?;
                for (key, value) in items {
                    if self.key(&key)? == wanted {
                        return Ok(value);
                    }
                }
                self.raise_value("KeyError", key.clone())
            }
            Kind::List => {
                let items = self.list_items(container)?;
                let key = self.as_index(key)?;
                match &key {
                    Value::Int(_) | Value::Bool(_) => match self.position(&key, items.len()) {
                        Some(index) => Ok(items[index].clone()),
                        None => self.out_of_range(&key, "list index out of range"),
                    },
                    Value::Slice(_) => {
                        let tuple = Value::tuple(items);
                        let outcome = primitive::subscript(self.context(), &slots_of(&tuple), &key);
                        match (tuple, self.primitive(outcome)?) {
                            (Value::Tuple(items), Value::Tuple(indices)) => {
                                let picked = indices
                                    .iter()
                                    .filter_map(|index| match index {
                                        Value::Int(index) => {
                                            index.to_i64().and_then(|index| items.get(index as usize).cloned())
                                        }
                                        _ => None,
                                    })
                                    .collect();
                                Ok(self.new_list(picked))
                            }
                            _ => self.malformed(),
                        }
                    }
                    Value::Opaque(_) | Value::Object(_) => {
                        self.residual(Rule::UnknownSubscript, "subscripts a list with a key that is not known")
                    }
                    _ => {
                        let class = self.type_of(&key)?;
                        let name = self.c_name(class);
                        self.raise("TypeError", format!("list indices must be integers or slices, not {name}"))
                    }
                }
            }
            Kind::Other => {
                let class = self.type_of(container)?;
                if let Object::GenericAlias { .. } = self.object(object) {
                    return self.residual(Rule::NotModelled, "substitutes type parameters");
                }
                if let Some(group) =
                    self.regular_method("__getitem__", container, std::slice::from_ref(key), &Vec::new())?
                {
                    return Ok(group);
                }
                if self.lookup(class, "__getitem__").is_some() {
                    let name = self.type_name(class);
                    return self.residual(Rule::NotModelled, format!("subscripts a `{name}`"));
                }
                let name = self.c_name(class);
                self.raise_exactly("TypeError", format!("'{name}' object is not subscriptable"))
            }
        }
    }

    /// `defdict_missing` in _collectionsmodule.c; any other dict has no such key.
    fn default_item(&mut self, object: ObjectRef, container: &Value, key: &Value) -> Eval<Value> {
        let factory = match self.object(object) {
            Object::Instance(instance) => instance.slots.get(DEFAULT_FACTORY).cloned(),
            _ => None,
        };
        match factory {
            None | Some(Value::None) => self.raise_value("KeyError", key.clone()),
            Some(_) if !self.is_own(object) => {
                self.residual(Rule::ForeignContents, "a missing key of another module's `defaultdict`")
            }
            Some(factory) => {
                let value = self.call(&factory, Vec::new(), Vec::new())?;
                self.set_item(container, key, value.clone())?;
                Ok(value)
            }
        }
    }

    /// One entry of a class's own namespace, through its `__dict__`: whether the class is such
    /// a proxy's target, and the entry.
    pub(super) fn class_namespace_entry(&mut self, proxy: ObjectRef, key: &Value) -> Eval<Option<Option<Value>>> {
        let (Object::MappingProxy(Value::Object(class)), Value::Str(name)) = (self.object(proxy), key) else {
            return Ok(None);
        };
        let (class, name) = (*class, name.clone());
        let Some(contents) = self.class(class) else { return Ok(None) };
        let mut entry = contents.namespace.get(&name).cloned();
        if entry.is_none() && contents.added.iter().any(|(_, added)| **added == *name) {
            entry = Some(self.added_entry(&name));
        }
        if !self.is_own(class) {
            self.depend_on_class(class, &name);
            entry = self.changed_attribute(class, &name).or(entry);
        }
        Ok(Some(entry))
    }

    /// `T.__dict__[name]` of a type implemented in C.
    pub(super) fn ground_namespace_entry(&mut self, proxy: ObjectRef, key: &Value) -> Option<Value> {
        let (Object::MappingProxy(Value::Ground(owner)), Value::Str(name)) = (self.object(proxy), key) else {
            return None;
        };
        let owner = *owner;
        Some(match self.ground_attribute(owner, name)?.kind.clone() {
            AttributeKind::ClassMethod => Value::Opaque(self.known.class_method_descriptor),
            AttributeKind::GetSet => Value::Opaque(self.known.getset_descriptor),
            AttributeKind::Member => Value::Opaque(self.known.member_descriptor),
            AttributeKind::Method | AttributeKind::Slot => {
                let name = name.clone();
                self.allocate(Object::UnboundGround { owner, name })
            }
            AttributeKind::Constant(value) => value,
            _ => return None,
        })
    }

    /// A list index, negative ones counted from the end.
    pub(super) fn position(&self, index: &Value, length: usize) -> Option<usize> {
        let index = match index {
            Value::Int(index) => index.to_i64()?,
            Value::Bool(index) => i64::from(*index),
            _ => return None,
        };
        let index = if index < 0 { index.checked_add(length as i64)? } else { index };
        usize::try_from(index).ok().filter(|index| *index < length)
    }

    /// `C[key]`: the metaclass's `__getitem__`, then `__class_getitem__`.
    fn class_get_item(&mut self, class: Type, key: &Value) -> Eval<Value> {
        let value = class.value();
        let metaclass = self.type_of(&value)?;
        if let Some(found) = self.lookup(metaclass, "__getitem__") {
            let getter = self.bind(found, "__getitem__", Some(&value), metaclass)?;
            return self.call(&getter, vec![key.clone()], Vec::new());
        }
        if self.metaclass_answers(metaclass, "__class_getitem__") {
            return match self.find_attribute(&value, "__class_getitem__")? {
                Some(Value::None) => self.raise_not_subscriptable(class),
                Some(getter) => self.call(&getter, vec![key.clone()], Vec::new()),
                None => self.raise_not_subscriptable(class),
            };
        }
        match self.lookup(class, "__class_getitem__") {
            Some(found @ Found::Value(_)) => {
                let getter = self.bind(found, "__class_getitem__", None, class)?;
                if matches!(getter, Value::None) {
                    return self.raise_not_subscriptable(class);
                }
                self.call(&getter, vec![key.clone()], Vec::new())
            }
            Some(Found::Ground { owner, .. }) if owner == self.known.generic => {
                self.call_ground_method(owner, "__class_getitem__", value, vec![key.clone()], Vec::new())
            }
            // Those of C types all make a `types.GenericAlias`, which asks its
            // arguments for `__parameters__` only when it is asked for its own.
            Some(Found::Ground { .. }) => {
                if matches!(key, Value::Unknown(_)) {
                    return self.residual(Rule::UnknownSubscript, "a generic alias of something that is not known");
                }
                self.generic_alias(value, key)
            }
            None if class == Type::Ground(self.known.type_) => self.generic_alias(value, key),
            None => self.raise_not_subscriptable(class),
        }
    }

    /// `types.GenericAlias(origin, key)`
    fn generic_alias(&mut self, origin: Value, key: &Value) -> Eval<Value> {
        let arguments = match key {
            Value::Tuple(items) => items.to_vec(),
            Value::Object(_) if matches!(self.plain_data(key), Value::Tuple(_)) => {
                return self.residual(Rule::NotModelled, "a generic alias of an instance of a subclass of tuple");
            }
            other => vec![other.clone()],
        };
        Ok(self.allocate(Object::GenericAlias { origin, arguments }))
    }

    fn raise_not_subscriptable<T>(&mut self, class: Type) -> Eval<T> {
        let name = self.c_name(class);
        self.raise_exactly("TypeError", format!("type '{name}' is not subscriptable"))
    }

    /// May an attribute of the metaclass's classes come from the metaclass, and not from the classes' MRO alone?
    fn metaclass_answers(&mut self, metaclass: Type, attribute: &str) -> bool {
        self.python_definition(metaclass, "__getattr__").is_some()
            || self.python_definition(metaclass, "__getattribute__").is_some()
            || self.lookup(metaclass, attribute).is_some()
    }

    pub(super) fn set_item(&mut self, container: &Value, key: &Value, value: Value) -> Eval<()> {
        if let Value::Unknown(reason) = container {
            if let (Value::Str(name), Value::Module(_) | Value::GroundModule(_)) = (key, &value)
                && reason.message == super::attributes::SYS_MODULES
                && !self.holds_own_object(&value)
            {
                self.bind_module(name, value);
                return Ok(());
            }
            // `typing.io`: a class that stands for a submodule.
            if let (Value::Str(name), Value::Object(object)) = (key, &value)
                && reason.message == super::attributes::SYS_MODULES
                && self.is_own(*object)
                && matches!(self.object(*object), Object::Class(_))
                && name.strip_prefix(&*self.name).is_some_and(|rest| rest.starts_with('.'))
            {
                self.bind_module(name, value);
                return Ok(());
            }
            let reason = reason.clone();
            self.note_finder_item(&reason, key, Some(&value));
            return self.unknown(Rule::UnknownSubscript, "sets an item of something that is not known", &reason);
        }
        if let Some(setter) = self.python_special(container, "__setitem__")? {
            self.call(&setter, vec![key.clone(), value], Vec::new())?;
            return Ok(());
        }
        self.raw_set_item(container, key, value)
    }

    /// `dict.__setitem__`, `list.__setitem__`
    pub(super) fn raw_set_item(&mut self, container: &Value, key: &Value, value: Value) -> Eval<()> {
        let class = self.type_of(container)?;
        if self.is_subtype(class, Type::Ground(self.known.dict)) {
            return self.dict_insert(container, key.clone(), value);
        }
        if self.is_subtype(class, Type::Ground(self.known.list)) {
            let key = self.as_index(key)?;
            if matches!(key, Value::Slice(_)) {
                return self.set_slice(container, &key, value);
            }
            let length = self.list_mut(container)?.len();
            return match self.position(&key, length) {
                Some(index) => {
                    self.list_mut(container)?[index] = value;
                    Ok(())
                }
                None if matches!(key, Value::Int(_) | Value::Bool(_)) => {
                    self.out_of_range(&key, "list assignment index out of range")
                }
                None => self.residual(Rule::NotModelled, "sets an item under a key that is not known"),
            };
        }
        let name = self.c_name(class);
        if self.lookup(class, "__setitem__").is_some() || self.as_type(container).is_some() {
            return self.residual(Rule::UnknownSubscript, format!("sets an item of a `{name}`"));
        }
        // `PyObject_SetItem`: of a sequence the index is looked at first.
        let is_looked_at = match key {
            Value::Int(index) => index.to_i64().is_none(),
            other => self.python_special(other, "__index__")?.is_some(),
        };
        if is_looked_at {
            return self.residual(Rule::NotModelled, "sets an item of what may not take any, under an unusual index");
        }
        self.raise_exactly("TypeError", format!("'{name}' object does not support item assignment"))
    }

    /// An index that is none of a sequence (`PyNumber_AsSsize_t`).
    fn out_of_range<T>(&mut self, index: &Value, message: &str) -> Eval<T> {
        let is_huge = matches!(index, Value::Int(index) if index.to_i64().is_none());
        self.raise_exactly("IndexError", if is_huge { "cannot fit 'int' into an index-sized integer" } else { message })
    }

    fn set_slice(&mut self, list: &Value, key: &Value, value: Value) -> Eval<()> {
        let items = self.collect_hinted(&value)?;
        let length = self.list_mut(list)?.len();
        let Some((start, stop)) = plain_slice(key, length) else {
            return self.residual(Rule::NotModelled, "assigns to a slice with a step");
        };
        self.charge(length + items.len())?;
        self.list_mut(list)?.splice(start..stop, items);
        Ok(())
    }

    pub(super) fn delete_item(&mut self, container: &Value, key: &Value) -> Eval<()> {
        if let Value::Unknown(reason) = container {
            let reason = reason.clone();
            self.note_finder_item(&reason, key, None);
            return self.unknown(Rule::UnknownSubscript, "deletes an item of something that is not known", &reason);
        }
        if let Some(deleter) = self.python_special(container, "__delitem__")? {
            self.call(&deleter, vec![key.clone()], Vec::new())?;
            return Ok(());
        }
        self.raw_delete_item(container, key)
    }

    pub(super) fn raw_delete_item(&mut self, container: &Value, key: &Value) -> Eval<()> {
        let class = self.type_of(container)?;
        if self.is_subtype(class, Type::Ground(self.known.dict)) {
            if !self.dict_remove(container, key)? {
                return self.raise_value("KeyError", key.clone());
            }
            return Ok(());
        }
        if self.is_subtype(class, Type::Ground(self.known.list)) {
            let key = self.as_index(key)?;
            let length = self.list_mut(container)?.len();
            if let Value::Slice(_) = key {
                let Some((start, stop)) = plain_slice(&key, length) else {
                    return self.residual(Rule::NotModelled, "deletes a slice with a step");
                };
                self.list_mut(container)?.drain(start..stop);
                return Ok(());
            }
            return match self.position(&key, length) {
                Some(index) => {
                    self.list_mut(container)?.remove(index);
                    Ok(())
                }
                None if matches!(key, Value::Int(_) | Value::Bool(_)) => {
                    self.out_of_range(&key, "list assignment index out of range")
                }
                None => self.residual(Rule::NotModelled, "deletes an item under a key that is not known"),
            };
        }
        let name = self.type_name(class);
        self.residual(Rule::UnknownSubscript, format!("deletes an item of a `{name}`"))
    }
}

/// A tuple of the indices of the items, to be sliced in their place.
fn slots_of(tuple: &Value) -> Value {
    match tuple {
        Value::Tuple(items) => Value::tuple((0..items.len() as i64).map(Value::int).collect()),
        other => other.clone(),
    }
}

/// Bounds of a slice without step, as `PySlice_AdjustIndices`.
fn plain_slice(key: &Value, length: usize) -> Option<(usize, usize)> {
    let Value::Slice(parts) = key else {
        return None;
    };
    let bound = |value: &Value, default: i64| -> Option<i64> {
        let length = length as i64;
        match value {
            Value::None => Some(default),
            Value::Int(index) => {
                let index = index.to_i64()?;
                Some(if index < 0 { (index + length).max(0) } else { index.min(length) })
            }
            _ => None,
        }
    };
    match &parts[2] {
        Value::None => {}
        Value::Int(step) if step.to_i64() == Some(1) => {}
        _ => return None,
    }
    let start = bound(&parts[0], 0)?;
    let stop = bound(&parts[1], length as i64)?;
    Some((start as usize, stop.max(start) as usize))
}
