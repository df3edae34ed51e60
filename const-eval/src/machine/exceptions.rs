//! Exceptions: raising, matching, describing.

use super::{Eval, Machine, Stop};
use crate::ground::GroundId;
use crate::heap::{Instance, Object, Payload, Type};
use crate::primitive::{Failure, Outcome};
use crate::reason::Rule;
use crate::value::Value;

impl Machine<'_> {
    /// Turns what `raise` was given into an exception instance.
    pub(super) fn as_exception(&mut self, value: Value) -> Eval<Value> {
        if let Value::Unknown(reason) = &value {
            let reason = reason.clone();
            return self.unknown(Rule::UnknownCall, "raises something that is not known", &reason);
        }
        let base = Type::Ground(self.known.base_exception);
        if let Some(class) = self.as_type(&value) {
            if self.is_subtype(class, base) {
                return self.call(&value, Vec::new(), Vec::new());
            }
        } else {
            let class = self.type_of(&value)?;
            if self.is_subtype(class, base) {
                return Ok(value);
            }
        }
        self.raise_exactly("TypeError", "exceptions must derive from BaseException")
    }

    /// `CHECK_EXC_MATCH`: first, every class that is named must be one of an exception.
    pub(super) fn exception_matches(&mut self, exception: &Value, wanted: &Value) -> Eval<bool> {
        let named = match wanted {
            Value::Tuple(items) => items.to_vec(),
            other => vec![other.clone()],
        };
        let base = Type::Ground(self.known.base_exception);
        for item in &named {
            if let Value::Unknown(reason) = item {
                let reason = reason.clone();
                return self.unknown(Rule::UnknownOperation, "handles an exception type that is not known", &reason);
            }
            if !self.as_type(item).is_some_and(|class| self.is_subtype(class, base)) {
                return self.raise_exactly(
                    "TypeError",
                    "catching classes that do not inherit from BaseException is not allowed",
                );
            }
        }
        if let Value::Unknown(_) = exception {
            // What a failing import raises is not known: both answers are followed.
            return self.decide("which exception the import raises");
        }
        let class = self.type_of(exception)?;
        Ok(named.iter().filter_map(|wanted| self.as_type(wanted)).any(|wanted| self.is_subtype(class, wanted)))
    }

    /// Raises an exception of a builtin type. The message says what findings should say and is about what
    /// CPython says; for code that reads it, it is a text that only the target knows.
    pub(super) fn raise<T>(&mut self, exception: &str, message: impl Into<String>) -> Eval<T> {
        let message: String = message.into();
        let text = Value::Opaque(self.known.str);
        let Err(Stop::Raise(Value::Object(raised))) = self.raise_value::<T>(exception, text) else {
            return self.residual(Rule::Raises, format!("raises {exception}: {message}"));
        };
        self.described.insert(raised, message.into());
        Err(Stop::Raise(Value::Object(raised)))
    }

    /// As [`Machine::raise`], with the very message that each target gives.
    pub(super) fn raise_exactly<T>(&mut self, exception: &str, message: impl Into<String>) -> Eval<T> {
        self.raise_value(exception, Value::str(message.into()))
    }

    /// Raises an exception of a builtin type with one argument.
    pub(super) fn raise_value<T>(&mut self, exception: &str, argument: Value) -> Eval<T> {
        let Some(id) = self.world.ground().builtin(exception) else {
            return self.residual(Rule::Raises, format!("raises {exception}"));
        };
        Err(Stop::Raise(self.new_exception(id, vec![argument])))
    }

    /// An instance of exactly an exception type of C.
    pub(super) fn new_exception(&mut self, class: GroundId, arguments: Vec<Value>) -> Value {
        self.allocate(Object::Instance(Box::new(Instance {
            class: Type::Ground(class),
            payload: Payload::Exception(arguments),
            attributes: Default::default(),
            slots: Default::default(),
        })))
    }

    /// `ValueError: message`
    pub(super) fn describe_exception(&mut self, exception: &Value) -> String {
        if let Value::Unknown(reason) = exception {
            return reason.message.clone();
        }
        let Ok(class) = self.type_of(exception) else {
            return "an exception".to_string();
        };
        let name = self.type_name(class);
        let argument = match exception {
            Value::Object(object) => match self.object(*object) {
                Object::Instance(instance) => match &instance.payload {
                    Payload::Exception(arguments) => arguments.first().cloned(),
                    _ => None,
                },
                _ => None,
            },
            _ => None,
        };
        match argument {
            Some(Value::Str(message)) => {
                let message: String = message.chars().take(200).collect();
                format!("{name}: {message}")
            }
            Some(Value::Opaque(_)) => match exception {
                Value::Object(object) if self.described.contains_key(object) => {
                    format!("{name}: {}", self.described[object])
                }
                _ => name,
            },
            _ => name,
        }
    }

    /// A result of the primitive layer: its exceptions become Python's.
    pub(super) fn primitive<T>(&mut self, outcome: Outcome<T>) -> Eval<T> {
        match outcome {
            Ok(value) => Ok(value),
            // These keep something else than their message in `args`.
            Err(Failure::Raise { exception: exception @ ("UnicodeEncodeError" | "UnicodeDecodeError"), message }) => {
                self.residual(Rule::Raises, format!("raises {exception}: {message}"))
            }
            Err(Failure::Raise { exception: "KeyError", message }) => self.raise("KeyError", message),
            Err(Failure::Raise { exception, message }) => self.raise_exactly(exception, message),
            Err(Failure::NotModelled(what)) => self.residual(Rule::NotModelled, what),
            Err(Failure::TooLarge) => self.residual(Rule::Budget, "the result is too large to compute"),
        }
    }

    /// The same for a result of `operands`: where one is an instance of a subclass, the message may name that.
    pub(super) fn primitive_of<T>(&mut self, outcome: Outcome<T>, operands: &[&Value]) -> Eval<T> {
        match outcome {
            Err(Failure::Raise { exception, message })
                if operands.iter().any(|value| matches!(value, Value::Object(_))) =>
            {
                self.raise(exception, message)
            }
            outcome => self.primitive(outcome),
        }
    }

    /// What an object is, for a message.
    pub(super) fn describe(&mut self, value: &Value) -> String {
        match value {
            Value::Object(object) => match self.object(*object) {
                Object::Function(function) => match &function.qualname {
                    Value::Str(name) => format!("function `{name}`"),
                    _ => "a function".to_string(),
                },
                Object::Class(class) => format!("class `{}`", class.name),
                _ => match self.type_of(value) {
                    Ok(class) => {
                        let name = self.type_name(class);
                        let article = if name.starts_with(['a', 'e', 'i', 'o', 'u']) { "an" } else { "a" };
                        format!("{article} `{name}`")
                    }
                    Err(_) => "an object".to_string(),
                },
            },
            Value::Ground(id) => format!("`{}`", self.world.ground().entry(*id).qualified),
            Value::Module(module) => format!("module `{}`", self.world.module_name(*module)),
            Value::GroundModule(index) => format!("module `{}`", self.world.ground().modules()[*index as usize].name),
            Value::Unknown(_) => "something that is not known".to_string(),
            other => match self.type_of(other) {
                Ok(class) => format!("a `{}`", self.type_name(class)),
                Err(_) => "a value".to_string(),
            },
        }
    }
}
