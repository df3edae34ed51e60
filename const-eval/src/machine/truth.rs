//! Length, truth and membership (`PyObject_Size`, `PyObject_IsTrue`, `PySequence_Contains`).

use super::types::Found;
use super::{Eval, Machine};
use crate::heap::{Object, Payload, Type, ViewKind};
use crate::primitive;
use crate::reason::Rule;
use crate::value::Value;

impl Machine<'_> {
    /// `len(value)`
    pub(super) fn length(&mut self, value: &Value) -> Eval<usize> {
        if let Value::Unknown(reason) = value {
            let reason = reason.clone();
            return self.unknown(Rule::UnknownOperation, "takes the length of something that is not known", &reason);
        }
        if let Some(method) = self.python_special(value, "__len__")? {
            let length = self.call(&method, Vec::new(), Vec::new())?;
            return match &length {
                Value::Int(length) => match length.to_i64() {
                    Some(length) if length >= 0 => Ok(length as usize),
                    _ => self.raise_exactly("ValueError", "__len__() should return >= 0"),
                },
                _ => self.residual(Rule::NotModelled, "`__len__` gives something that is not a known integer"),
            };
        }
        if let Some(count) = self.count_of_identities(value) {
            return Ok(count);
        }
        if let Some(entries) = self.set_entries(value)? {
            return Ok(entries.len());
        }
        if let Some(entries) = self.dict_entries(value)? {
            return Ok(entries.len());
        }
        match value {
            Value::Object(object) => {
                let object = *object;
                match self.object(object) {
                    Object::List(_) => Ok(self.list_items(value)?.len()),
                    // Changes are not followed: it is as it was made.
                    Object::Native(native)
                        if native.class == self.known.deque
                            && native.arguments.is_empty()
                            && native.keywords.is_empty()
                            && self.is_own(object) =>
                    {
                        Ok(0)
                    }
                    Object::DictView { dict, .. } => {
                        let dict = dict.clone();
                        self.length(&dict)
                    }
                    Object::MappingProxy(_) => Ok(self.proxy_items(object)?.len()),
                    Object::Instance(instance) => match &instance.payload {
                        Payload::Data(data) => {
                            let data = data.clone();
                            if matches!(data, Value::Object(_)) {
                                return self.length(&data);
                            }
                            self.primitive_of(primitive::length(&data), &[value])
                        }
                        Payload::List(_) => Ok(self.list_items(value)?.len()),
                        _ => self.no_length(value),
                    },
                    _ => self.no_length(value),
                }
            }
            Value::Opaque(_) | Value::Ground(_) => self.no_length(value),
            data => {
                let outcome = primitive::length(data);
                self.primitive(outcome)
            }
        }
    }

    fn no_length(&mut self, value: &Value) -> Eval<usize> {
        let class = self.type_of(value)?;
        let name = self.c_name(class);
        if self.lookup(class, "__len__").is_some() {
            return self.residual(Rule::NotModelled, format!("takes the length of a `{name}`"));
        }
        self.raise_exactly("TypeError", format!("object of type '{name}' has no len()"))
    }

    /// `bool(value)`
    pub(super) fn truth(&mut self, value: &Value) -> Eval<bool> {
        if let Some(truth) = primitive::truth(value) {
            return Ok(truth);
        }
        match value {
            Value::Unknown(_) if self.is_identity(value) => return Ok(true),
            Value::Unknown(reason) => {
                let message = format!("tests the truth of something that is not known: {}", reason.root_cause());
                return self.soft_decision(Rule::UnknownOperation, message, &[]);
            }
            Value::Tuple(items) => return Ok(!items.is_empty()),
            Value::Module(_) | Value::GroundModule(_) => return Ok(true),
            _ => {}
        }
        if let Some(method) = self.python_special(value, "__bool__")? {
            return match self.call(&method, Vec::new(), Vec::new())? {
                Value::Bool(truth) => Ok(truth),
                Value::Unknown(_) | Value::Opaque(_) => {
                    self.residual(Rule::UnknownOperation, "`__bool__` gives something that is not known")
                }
                _ => self.raise("TypeError", "__bool__ should return bool"),
            };
        }
        let class = self.type_of(value)?;
        match (self.lookup(class, "__bool__"), self.lookup(class, "__len__")) {
            (None, None) => Ok(true),
            (Some(_), _) => match value {
                Value::Object(object) => match self.object(*object) {
                    Object::Instance(instance) => match &instance.payload {
                        Payload::Data(data) => {
                            let data = data.clone();
                            self.truth(&data)
                        }
                        _ => self.truth_not_modelled(class),
                    },
                    _ => self.truth_not_modelled(class),
                },
                _ => self.truth_not_modelled(class),
            },
            (None, Some(_)) => match value {
                Value::Opaque(_) | Value::Ground(_) => self.truth_not_modelled(class),
                _ => Ok(self.length(value)? > 0),
            },
        }
    }

    fn truth_not_modelled(&mut self, class: Type) -> Eval<bool> {
        let name = self.type_name(class);
        self.residual(Rule::NotModelled, format!("tests the truth of a `{name}` that is computed by the target only"))
    }

    /// `item in container`
    pub(super) fn contains(&mut self, container: &Value, item: &Value) -> Eval<bool> {
        if let Value::Unknown(reason) = container {
            if reason.message == super::attributes::SYS_MODULES && self.loaded_entry(item).is_some() {
                return Ok(true);
            }
            let message = format!("looks for an item in something that is not known: {}", reason.root_cause());
            return self.soft_decision(Rule::UnknownOperation, message, &[item]);
        }
        // `PySequence_Contains`: a class is iterated over only where none of those that it extends has `__contains__`.
        let class = self.type_of(container)?;
        let defined = match class {
            Type::Class(_) => self.lookup(class, "__contains__"),
            Type::Ground(_) => None,
        };
        let asks_in_c = matches!(defined, Some(Found::Ground { .. }));
        if let Some(method @ Found::Value(_)) = defined {
            let method = self.bind(method, "__contains__", Some(container), class)?;
            let result = self.call(&method, vec![item.clone()], Vec::new())?;
            return self.truth(&result);
        }
        if self.is_process_text(item)
            && let Value::Tuple(items) = container
            && items.iter().all(super::operators::is_data)
        {
            let message = "looks for text that differs between processes".to_string();
            return self.soft_decision(Rule::Nondeterministic, message, &[]);
        }
        if let Some(found) = self.find_identity(container, item)? {
            return Ok(found.is_some());
        }
        if let Value::Unknown(reason) = item {
            let reason = reason.clone();
            return self.unknown(Rule::UnknownOperation, "looks for something that is not known", &reason);
        }
        if let Value::Object(object) = container
            && !self.is_own(*object)
        {
            let key = self.key(item)?;
            if self.item_set_before(*object, &key).is_some() {
                return Ok(true);
            }
        }
        let is_iterated = !asks_in_c && self.python_special(container, "__iter__")?.is_some();
        if !is_iterated {
            if let Some(entries) = self.set_entries(container)? {
                let key = self.element_key(item)?;
                return Ok(entries.contains_key(&key));
            }
            if self.instance_dict_of(container).is_some_and(|of| !self.is_own(of)) {
                return Ok(self.dict_get(container, item)?.is_some());
            }
            if self.dict_entries(container)?.is_some() {
                return Ok(self.dict_get(container, item)?.is_some());
            }
        }
        if let Value::Object(object) = container {
            let object = *object;
            match self.object(object) {
                Object::DictView { dict, kind: ViewKind::Keys } => {
                    let dict = dict.clone();
                    return Ok(self.dict_get(&dict, item)?.is_some());
                }
                Object::MappingProxy(Value::Ground(owner)) => {
                    let owner = *owner;
                    return match item {
                        Value::Str(name) => Ok(self.ground_attribute(owner, name).is_some()),
                        _ => self.residual(Rule::NotModelled, "looks for a name that is not a string"),
                    };
                }
                Object::MappingProxy(_) => {
                    if let Some(entry) = self.class_namespace_entry(object, item)? {
                        return Ok(entry.is_some());
                    }
                    let wanted = self.key(item)?;
                    for (key, _) in self.proxy_items(object)? {
                        if self.key(&key)? == wanted {
                            return Ok(true);
                        }
                    }
                    return Ok(false);
                }
                Object::Instance(instance) if !is_iterated => {
                    if let Payload::Data(data) = &instance.payload {
                        let data = data.clone();
                        return self.contains(&data, item);
                    }
                }
                _ => {}
            }
        }
        if let Value::Str(_) | Value::Bytes(_) | Value::Range(_) = container {
            let plain = self.plain_data(item);
            if matches!(plain, Value::Object(_) | Value::Opaque(_)) {
                return self.residual(Rule::NotModelled, "looks for an object in a string, bytes or range");
            }
            let outcome = primitive::compare(self.context(), syntax::ir::Comparison::In, &plain, container);
            return self.primitive_of(outcome, &[item]);
        }
        if let Some(items) = self.ground_list(container) {
            return self.contains(&items, item);
        }
        if matches!(container, Value::Opaque(_) | Value::Ground(_)) {
            return self
                .residual(Rule::NotModelled, "looks for an item in a value that is computed by the target only");
        }
        if asks_in_c && self.python_special(container, "__iter__")?.is_some() {
            return self.list_contains(container, item);
        }
        let iterator = self.iterate(container)?;
        while let Some(candidate) = self.next(&iterator)? {
            if self.same_or_equal(&candidate, item)? {
                return Ok(true);
            }
        }
        Ok(false)
    }

    /// `list.__contains__`, of an instance of a subclass: comparing may change the list.
    fn list_contains(&mut self, list: &Value, item: &Value) -> Eval<bool> {
        let is_list = match list {
            Value::Object(object) => match self.object(*object) {
                Object::Instance(instance) => matches!(instance.payload, Payload::List(_)),
                _ => false,
            },
            _ => false,
        };
        if !is_list {
            return self.residual(Rule::NotModelled, "looks for an item by the way of a type implemented in C");
        }
        let mut index = 0;
        while let Some(candidate) = self.list_items(list)?.get(index).cloned() {
            self.charge(1)?;
            if self.same_or_equal(&candidate, item)? {
                return Ok(true);
            }
            index += 1;
        }
        Ok(false)
    }
}
