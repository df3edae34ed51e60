//! Exception groups (PEP 654, `BaseExceptionGroup` in exceptions.c), and the clauses of `except*`.

use super::{Eval, Machine};
use crate::ground::GroundId;
use crate::heap::{Object, Payload, Type};
use crate::reason::Rule;
use crate::value::Value;

impl Machine<'_> {
    /// `BaseExceptionGroup(message, exceptions)`, exactly that class or `ExceptionGroup`.
    pub(super) fn new_exception_group(&mut self, class: GroundId, positional: Vec<Value>) -> Eval<Value> {
        let [Value::Str(_), exceptions] = positional.as_slice() else {
            return self.raise("TypeError", "an exception group takes a message and a sequence of exceptions");
        };
        let exceptions = match exceptions {
            Value::Tuple(items) => items.to_vec(),
            list @ Value::Object(object) if matches!(self.object(*object), Object::List(_)) => self.list_items(list)?,
            _ => return self.residual(Rule::NotModelled, "an exception group of something that is no list"),
        };
        if exceptions.is_empty() {
            return self.raise("ValueError", "second argument (exceptions) must be a non-empty sequence");
        }
        let (base, ordinary) = (self.known.base_exception, self.known.exception);
        let mut all_ordinary = true;
        for exception in &exceptions {
            if !self.is_instance_of(exception, base)? {
                return self.raise("ValueError", "an item of second argument (exceptions) is not an exception");
            }
            all_ordinary &= self.is_instance_of(exception, ordinary)?;
        }
        if !all_ordinary && class == self.known.exception_group {
            return self.raise("TypeError", "Cannot nest BaseExceptions in an ExceptionGroup");
        }
        let class = if all_ordinary { self.known.exception_group } else { class };
        // The list that was given may change, the group does not.
        let mut arguments = positional;
        arguments.push(Value::tuple(exceptions));
        Ok(self.new_exception(class, arguments))
    }

    /// What a group keeps: its arguments, then the exceptions.
    fn group_parts<'a>(&self, arguments: &'a [Value]) -> Option<(&'a Value, &'a [Value])> {
        match arguments {
            [message, _, Value::Tuple(exceptions)] => Some((message, exceptions)),
            _ => None,
        }
    }

    pub(super) fn is_exception_group(&self, class: Type) -> bool {
        self.is_subtype(class, Type::Ground(self.known.base_exception_group))
    }

    /// `message` and `exceptions`; the arguments, as `args` gives them.
    pub(super) fn group_attribute(&self, name: &str, arguments: &[Value]) -> Option<Value> {
        let (message, exceptions) = self.group_parts(arguments)?;
        match name {
            "message" => Some(message.clone()),
            "exceptions" => Some(Value::tuple(exceptions.to_vec())),
            "args" => Some(Value::tuple(arguments[..2].to_vec())),
            _ => None,
        }
    }

    /// `str(group)`
    pub(super) fn group_text(&self, arguments: &[Value]) -> Option<String> {
        let (Value::Str(message), exceptions) = self.group_parts(arguments)? else { return None };
        let plural = if exceptions.len() == 1 { "" } else { "s" };
        Some(format!("{message} ({} sub-exception{plural})", exceptions.len()))
    }

    /// What a clause of `except*` takes of an exception, and what it leaves (`_PyEval_ExceptionGroupMatch` in ceval.c).
    /// Nothing is `None`.
    pub(super) fn match_group(&mut self, exception: &Value, wanted: &Value) -> Eval<(Value, Value)> {
        let types = match wanted {
            Value::Tuple(items) => items.to_vec(),
            other => vec![other.clone()],
        };
        for class in &types {
            if let Some(class) = self.as_type(class)
                && self.is_exception_group(class)
            {
                return self.raise("TypeError", "catching ExceptionGroup with except* is not allowed");
            }
        }
        if matches!(exception, Value::None) {
            return Ok((Value::None, Value::None));
        }
        let class = self.type_of(exception)?;
        if self.exception_matches(exception, wanted)? {
            if self.is_exception_group(class) {
                return Ok((exception.clone(), Value::None));
            }
            let group = self.known.base_exception_group;
            let arguments = vec![Value::str(""), Value::tuple(vec![exception.clone()])];
            return Ok((self.new_exception_group(group, arguments)?, Value::None));
        }
        if self.is_exception_group(class) {
            self.split_group(exception, wanted)
        } else {
            Ok((Value::None, exception.clone()))
        }
    }

    /// `group.split(type)`: the part that matches, and the rest.
    fn split_group(&mut self, group: &Value, wanted: &Value) -> Eval<(Value, Value)> {
        self.count_step()?;
        let Type::Ground(_) = self.type_of(group)? else {
            return self.residual(Rule::NotModelled, "splits a group of a Python class");
        };
        let Value::Object(object) = group else { return self.malformed() };
        let Object::Instance(instance) = self.object(*object) else { return self.malformed() };
        let Payload::Exception(arguments) = &instance.payload else { return self.malformed() };
        let Some((message, exceptions)) = self.group_parts(arguments) else { return self.malformed() };
        let (message, exceptions) = (message.clone(), exceptions.to_vec());
        let mut parts = (Vec::new(), Vec::new());
        for exception in exceptions {
            let class = self.type_of(&exception)?;
            if self.exception_matches(&exception, wanted)? {
                parts.0.push(exception);
            } else if self.is_exception_group(class) {
                let (matching, rest) = self.split_group(&exception, wanted)?;
                parts.0.extend(Some(matching).filter(|part| !matches!(part, Value::None)));
                parts.1.extend(Some(rest).filter(|part| !matches!(part, Value::None)));
            } else {
                parts.1.push(exception);
            }
        }
        let matching = self.derived_group(&message, parts.0)?;
        let rest = self.derived_group(&message, parts.1)?;
        Ok((matching, rest))
    }

    /// `group.derive(exceptions)`
    fn derived_group(&mut self, message: &Value, exceptions: Vec<Value>) -> Eval<Value> {
        if exceptions.is_empty() {
            return Ok(Value::None);
        }
        let exceptions = self.new_list(exceptions);
        self.new_exception_group(self.known.base_exception_group, vec![message.clone(), exceptions])
    }
}
