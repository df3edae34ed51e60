//! `match`: what the pattern instructions ask of the subject.

use super::{Eval, Machine};
use crate::heap::{Object, Payload, Type};
use crate::reason::Rule;
use crate::value::Value;

impl Machine<'_> {
    /// Has the subject's type `Py_TPFLAGS_SEQUENCE`?
    pub(super) fn match_sequence(&mut self, subject: &Value) -> Eval<bool> {
        let class = self.type_of(subject)?;
        let known = self.known;
        Ok(match class {
            Type::Ground(id) => [known.list, known.tuple, known.range].contains(&id),
            Type::Class(_) => {
                if [known.list, known.tuple].iter().any(|base| self.is_subtype(class, Type::Ground(*base))) {
                    return Ok(true);
                }
                return self.flag_of_class(class);
            }
        })
    }

    /// Has the subject's type `Py_TPFLAGS_MAPPING`?
    pub(super) fn match_mapping(&mut self, subject: &Value) -> Eval<bool> {
        let class = self.type_of(subject)?;
        match class {
            Type::Ground(id) => Ok(id == self.known.dict || id == self.known.mapping_proxy),
            Type::Class(_) if self.is_subtype(class, Type::Ground(self.known.dict)) => Ok(true),
            Type::Class(_) => self.flag_of_class(class),
        }
    }

    /// Classes get the flags by deriving from, or registering with, the ABCs.
    fn flag_of_class(&mut self, class: Type) -> Eval<bool> {
        let plain = self.mro(class).into_iter().all(|class| match class {
            Type::Ground(id) => id == self.known.object,
            Type::Class(object) => {
                self.class(object).is_some_and(|class| class.metaclass == Type::Ground(self.known.type_))
                    && self.is_own(object)
            }
        });
        if plain {
            return Ok(false);
        }
        self.residual(Rule::NotModelled, "matches an object whose class may be a sequence or mapping")
    }

    pub(super) fn match_keys(&mut self, subject: &Value, keys: &Value) -> Eval<Value> {
        let Value::Tuple(keys) = keys else {
            return self.malformed();
        };
        let class = self.type_of(subject)?;
        if class != Type::Ground(self.known.dict) {
            return self.residual(Rule::NotModelled, "matches the keys of a mapping that is not a dict");
        }
        let mut values = Vec::with_capacity(keys.len());
        for key in keys.clone().iter() {
            match self.dict_get(subject, key)? {
                Some(value) => values.push(value),
                None => return Ok(Value::None),
            }
        }
        Ok(Value::tuple(values))
    }

    /// `_PyEval_MatchClass`
    pub(super) fn match_class(
        &mut self,
        subject: &Value,
        class: &Value,
        positional: usize,
        names: &Value,
    ) -> Eval<Value> {
        let Value::Tuple(names) = names else {
            return self.malformed();
        };
        if !self.isinstance(subject, class)? {
            return Ok(Value::None);
        }
        let mut attributes = Vec::with_capacity(positional + names.len());
        let mut seen: Vec<std::sync::Arc<str>> = Vec::new();
        if positional > 0 {
            match self.find_attribute(class, "__match_args__")? {
                Some(Value::Tuple(arguments)) => {
                    if arguments.len() < positional {
                        return self.raise("TypeError", "too many positional sub-patterns");
                    }
                    for argument in arguments.iter().take(positional) {
                        let Value::Str(name) = argument else {
                            return self.raise("TypeError", "__match_args__ elements must be strings");
                        };
                        match self.find_attribute(subject, name)? {
                            Some(value) => attributes.push(value),
                            None => return Ok(Value::None),
                        }
                        seen.push(name.clone());
                    }
                }
                Some(_) => {
                    return self.residual(Rule::NotModelled, "`__match_args__` that is not a known tuple");
                }
                None => {
                    let known = self.known;
                    let of = self.as_type(class);
                    let itself = [
                        known.bool,
                        known.bytearray,
                        known.bytes,
                        known.dict,
                        known.float,
                        known.frozenset,
                        known.int,
                        known.list,
                        known.set,
                        known.str,
                        known.tuple,
                    ]
                    .iter()
                    .any(|id| of.is_some_and(|of| self.is_subtype(of, Type::Ground(*id))));
                    if !itself || positional > 1 {
                        return self.raise("TypeError", "class accepts fewer positional sub-patterns");
                    }
                    attributes.push(subject.clone());
                }
            }
        }
        for name in names.iter() {
            let Value::Str(name) = name else {
                return self.malformed();
            };
            if seen.contains(name) {
                return self.raise("TypeError", format!("got multiple sub-patterns for attribute '{name}'"));
            }
            seen.push(name.clone());
            match self.find_attribute(subject, name)? {
                Some(value) => attributes.push(value),
                None => return Ok(Value::None),
            }
        }
        Ok(Value::tuple(attributes))
    }

    pub(super) fn copy_without_keys(&mut self, subject: &Value, keys: &Value) -> Eval<Value> {
        let Value::Tuple(keys) = keys else {
            return self.malformed();
        };
        let entries = match subject {
            Value::Object(object) => match self.contents(*object)? {
                Object::Dict(entries) => entries.clone(),
                Object::Instance(instance) => match &instance.payload {
                    Payload::Dict(entries) => entries.clone(),
                    _ => {
                        return self.residual(Rule::NotModelled, "copies a mapping that is not a dict");
                    }
                },
                _ => {
                    return self.residual(Rule::NotModelled, "copies a mapping that is not a dict");
                }
            },
            _ => return self.residual(Rule::NotModelled, "copies a mapping that is not a dict"),
        };
        let mut rest = entries;
        for key in keys.clone().iter() {
            let key = self.key(key)?;
            rest.shift_remove(&key);
        }
        Ok(self.new_dict(rest))
    }
}
