//! Setting and deleting attributes (`object.__setattr__`, `type.__setattr__`).

use super::types::Found;
use super::{Eval, Machine};
use crate::effect::Changed;
use crate::ground::AttributeKind;
use crate::heap::{Object, Type};
use crate::reason::Rule;
use crate::value::Value;

impl Machine<'_> {
    pub(super) fn set_attribute(&mut self, object: &Value, name: &str, value: Value) -> Eval<()> {
        match object {
            Value::Unknown(reason) => {
                let reason = reason.clone();
                return self.unknown(
                    Rule::UnknownAttribute,
                    &format!("sets the attribute `{name}` of something that is not known"),
                    &reason,
                );
            }
            Value::Module(module) => return self.change_global(*module, name, value),
            Value::GroundModule(index) => return self.change_ground_global(*index, name, value),
            _ => {}
        }
        if let Some(class) = self.as_type(object) {
            return self.set_class_attribute(class, name, Some(value));
        }
        let class = self.type_of(object)?;
        if let Some(setter) = self.python_definition(class, "__setattr__") {
            self.call(&setter, vec![object.clone(), Value::str(name), value], Vec::new())?;
            return Ok(());
        }
        self.generic_set_attribute(object, class, name, Some(value))
    }

    pub(super) fn delete_attribute(&mut self, object: &Value, name: &str) -> Eval<()> {
        match object {
            Value::Module(module) => self.note_change(Changed::Unbound(*module, name.into())),
            Value::GroundModule(index) => self.note_change(Changed::UnboundGround(*index, name.into())),
            _ => {}
        }
        if matches!(object, Value::Unknown(_) | Value::Module(_) | Value::GroundModule(_)) {
            return self.residual(
                Rule::UnknownAttribute,
                format!("deletes the attribute `{name}` of a module or of something that is not known"),
            );
        }
        if let Some(class) = self.as_type(object) {
            return self.set_class_attribute(class, name, None);
        }
        let class = self.type_of(object)?;
        if let Some(deleter) = self.python_definition(class, "__delattr__") {
            self.call(&deleter, vec![object.clone(), Value::str(name)], Vec::new())?;
            return Ok(());
        }
        self.generic_set_attribute(object, class, name, None)
    }

    /// `object.__setattr__` and, without a value, `object.__delattr__`.
    pub(super) fn generic_set_attribute(
        &mut self,
        object: &Value,
        class: Type,
        name: &str,
        value: Option<Value>,
    ) -> Eval<()> {
        let found = self.lookup(class, name);
        if let (Value::Object(reference), None | Some(Found::Ground { .. })) = (object, &found) {
            let has_dict = self.has_instance_dict(*reference);
            match (name, &value) {
                ("__dict__", Some(value)) if has_dict => return self.set_instance_dict(*reference, value),
                // Of what has none, setting it raises.
                ("__dict__", _) if !has_dict && matches!(self.object(*reference), Object::Instance(_)) => {}
                ("__dict__" | "__weakref__", _) => {
                    return self.residual(Rule::NotModelled, format!("sets or deletes `{name}` of an object"));
                }
                _ => {}
            }
        }
        match &found {
            Some(Found::Ground { kind: AttributeKind::GetSet | AttributeKind::Member, .. }) => {
                return self.set_ground_getset(object, name, value);
            }
            Some(Found::Value(Value::Unknown(reason))) => {
                let reason = reason.clone();
                return self.unknown(
                    Rule::UnknownAttribute,
                    "a class attribute that is not known may be a descriptor",
                    &reason,
                );
            }
            Some(Found::Value(Value::Object(descriptor))) => {
                let descriptor = *descriptor;
                match self.object(descriptor) {
                    Object::Property(property) => {
                        let function = if value.is_some() { property.set.clone() } else { property.delete.clone() };
                        if matches!(function, Value::None) {
                            let class = self.c_name(class);
                            let what = if value.is_some() { "setter" } else { "deleter" };
                            return self.raise(
                                "AttributeError",
                                format!("property '{name}' of '{class}' object has no {what}"),
                            );
                        }
                        let mut arguments = vec![object.clone()];
                        arguments.extend(value);
                        self.call(&function, arguments, Vec::new())?;
                        return Ok(());
                    }
                    Object::Slot { name: slot, .. } => {
                        let slot = slot.clone();
                        let Value::Object(reference) = object else {
                            return self.malformed();
                        };
                        if !self.is_own(*reference) {
                            return self.change_attribute(*reference, &slot, value, true);
                        }
                        if let Object::Instance(instance) = self.object_mut(*reference)? {
                            match value {
                                Some(value) => {
                                    instance.slots.insert(slot, value);
                                }
                                None => {
                                    if instance.slots.shift_remove(&slot).is_none() {
                                        return self.raise("AttributeError", slot.to_string());
                                    }
                                }
                            }
                        }
                        return Ok(());
                    }
                    Object::Instance(instance) => {
                        let descriptor_class = instance.class;
                        let method = if value.is_some() { "__set__" } else { "__delete__" };
                        if let Some(setter) = self.python_definition(descriptor_class, method) {
                            let setter = self.bind(
                                Found::Value(setter),
                                method,
                                Some(&Value::Object(descriptor)),
                                descriptor_class,
                            )?;
                            let mut arguments = vec![object.clone()];
                            arguments.extend(value);
                            self.call(&setter, arguments, Vec::new())?;
                            return Ok(());
                        }
                        if self.property(descriptor).is_some() {
                            return self.residual(
                                Rule::NotModelled,
                                format!("sets or deletes `{name}` by a subclass of property"),
                            );
                        }
                        let other = if value.is_some() { "__delete__" } else { "__set__" };
                        if self.python_definition(descriptor_class, other).is_some() {
                            return self.raise("AttributeError", method);
                        }
                    }
                    Object::Native(native) => {
                        let class = native.class;
                        if self.lookup(Type::Ground(class), "__set__").is_some() {
                            let message = format!("`{name}` is a descriptor implemented in C");
                            return self.residual(Rule::UnknownAttribute, message);
                        }
                    }
                    _ => {}
                }
            }
            Some(Found::Value(Value::Opaque(_) | Value::Ground(_))) => {
                if let Some(found) = &found
                    && self.is_data_descriptor(found)?
                {
                    return self.residual(Rule::UnknownAttribute, format!("`{name}` is a descriptor implemented in C"));
                }
            }
            _ => {}
        }
        self.set_instance_entry(object, class, name, value)
    }

    fn set_instance_entry(&mut self, object: &Value, class: Type, name: &str, value: Option<Value>) -> Eval<()> {
        let Value::Object(reference) = object else {
            let class = self.c_name(class);
            return self.raise("AttributeError", format!("'{class}' object has no attribute '{name}'"));
        };
        let reference = *reference;
        let has_dict = match self.object(reference) {
            Object::Instance(_) => self.has_instance_dict(reference),
            Object::Native(native) => self.type_info(native.class).is_some_and(|info| info.has_dict),
            Object::Function(_) | Object::StaticMethod(_) | Object::ClassMethod(_) => true,
            _ => false,
        };
        if !has_dict {
            let class = self.c_name(class);
            return self.raise("AttributeError", format!("'{class}' object has no attribute '{name}'"));
        }
        if !self.is_own(reference) {
            return self.change_attribute(reference, name, value, false);
        }
        let attributes = match self.object_mut(reference)? {
            Object::Instance(instance) => &mut instance.attributes,
            Object::Native(native) => &mut native.attributes,
            Object::Function(function) => &mut function.attributes,
            Object::StaticMethod(wrapper) | Object::ClassMethod(wrapper) => &mut wrapper.attributes,
            _ => return Ok(()),
        };
        match value {
            Some(value) => {
                attributes.insert(name.into(), value);
            }
            None => {
                if attributes.shift_remove(name).is_none() {
                    let class = self.c_name(class);
                    return self.raise("AttributeError", format!("'{class}' object has no attribute '{name}'"));
                }
            }
        }
        Ok(())
    }

    /// `type.__setattr__`, or a metaclass's own.
    fn set_class_attribute(&mut self, class: Type, name: &str, value: Option<Value>) -> Eval<()> {
        let object = class.value();
        let metaclass = self.type_of(&object)?;
        let hook = if value.is_some() { "__setattr__" } else { "__delattr__" };
        if let Some(setter) = self.python_definition(metaclass, hook) {
            let mut arguments = vec![object, Value::str(name)];
            arguments.extend(value);
            self.call(&setter, arguments, Vec::new())?;
            return Ok(());
        }
        self.type_set_attribute(class, metaclass, name, value)
    }

    pub(super) fn type_set_attribute(
        &mut self,
        class: Type,
        metaclass: Type,
        name: &str,
        value: Option<Value>,
    ) -> Eval<()> {
        if let Some(Found::Value(_)) = self.lookup(metaclass, name) {
            let found = self.lookup(metaclass, name);
            if let Some(found) = &found
                && self.is_data_descriptor(found)?
            {
                return self
                    .residual(Rule::NotModelled, format!("sets `{name}` through a descriptor of the metaclass"));
            }
        }
        let reference = match class {
            Type::Class(reference) => reference,
            Type::Ground(id) => return self.change_ground_attribute(id, name, value),
        };
        if !self.is_own(reference) {
            return self.change_attribute(reference, name, value, false);
        }
        if let ("__bases__", Some(Value::Tuple(bases))) = (name, &value) {
            let bases = bases.clone();
            return self.set_bases(reference, metaclass, &bases);
        }
        match name {
            "__bases__" | "__class__" | "__mro__" | "__dict__" | "__del__" | "__module__" if name != "__module__" => {
                return self.residual(Rule::NotModelled, format!("sets `{name}` of a class"));
            }
            "__abstractmethods__" => return self.set_abstract_methods(reference, value),
            _ => {}
        }
        let has_line = self.version() >= (3, 13);
        let Object::Class(target) = self.object_mut(reference)? else {
            return self.malformed();
        };
        match (name, value) {
            ("__name__", Some(Value::Str(text))) => target.name = text,
            ("__qualname__", Some(value)) => target.qualname = value,
            ("__name__" | "__qualname__", _) => {
                return self.residual(Rule::NotModelled, "renames a class");
            }
            (_, Some(value)) => {
                target.namespace.insert(name.into(), value);
                // `type_set_module` in typeobject.c, from 3.13 on.
                if name == "__module__" && has_line {
                    target.remove("__firstlineno__");
                }
            }
            (_, None) => {
                if target.remove(name).is_none() {
                    let class = self.c_name(class);
                    return self
                        .raise_exactly("AttributeError", format!("type object '{class}' has no attribute '{name}'"));
                }
            }
        }
        Ok(())
    }
}
