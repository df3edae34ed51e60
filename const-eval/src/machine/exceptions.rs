//! Exceptions: raising, matching, describing, and what they remember (`Objects/exceptions.c`).

use super::functions::Keywords;
use super::{Eval, Machine, Stop};
use crate::ground::GroundId;
use crate::heap::{Instance, Object, Payload, Type};
use crate::primitive::{Failure, Outcome};
use crate::reason::{Reason, Rule};
use crate::value::{ObjectRef, Value};

const CAUSE: &str = "__cause__";
const CONTEXT: &str = "__context__";
const SUPPRESS_CONTEXT: &str = "__suppress_context__";
const TRACEBACK: &str = "__traceback__";

/// Attributes that the interpreter gives to some of the exceptions that it raises: `ImportError`, `NameError`,
/// `AttributeError`, `OSError`.
const GIVEN: [&str; 10] =
    ["name", "path", "name_from", "msg", "obj", "errno", "strerror", "filename", "filename2", "code"];

impl Machine<'_> {
    /// Turns what `raise` was given into an exception instance.
    pub(super) fn as_exception(&mut self, value: Value) -> Eval<Value> {
        if let Value::Unknown(reason) = &value {
            let reason = reason.clone();
            return self.unknown(Rule::UnknownCall, "raises something that is not known", &reason);
        }
        if !self.may_be_exception(&value)? {
            return self.raise_exactly("TypeError", "exceptions must derive from BaseException");
        }
        match self.as_type(&value) {
            Some(_) => self.call(&value, Vec::new(), Vec::new()),
            None => Ok(value),
        }
    }

    /// What comes after `raise … from`.
    pub(super) fn as_cause(&mut self, value: Value) -> Eval<Value> {
        if !matches!(value, Value::None) && !self.may_be_exception(&value)? {
            return self.raise_exactly("TypeError", "exception causes must derive from BaseException");
        }
        match value {
            Value::None => Ok(value),
            _ => self.as_exception(value),
        }
    }

    /// Is it an exception or a class of exceptions, for all that is known?
    pub(super) fn may_be_exception(&mut self, value: &Value) -> Eval<bool> {
        if matches!(value, Value::Unknown(_)) {
            return Ok(true);
        }
        let class = match self.as_type(value) {
            Some(class) => class,
            None => self.type_of(value)?,
        };
        Ok(self.is_subtype(class, Type::Ground(self.known.base_exception)))
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

    /// Raises an exception whose cause and context is another (`_PyErr_FormatFromCause`).
    pub(super) fn raise_from<T>(&mut self, cause: Value, exception: &str, message: &str) -> Eval<T> {
        self.handling.push(cause.clone());
        let raised = self.raise_exactly::<T>(exception, message);
        self.handling.pop();
        if let Err(Stop::Raise(Value::Object(object))) = &raised {
            self.set_exception_member(*object, CAUSE, cause)?;
        }
        raised
    }

    /// Raises an exception of a builtin type with one argument.
    pub(super) fn raise_value<T>(&mut self, exception: &str, argument: Value) -> Eval<T> {
        let Some(id) = self.world.ground().builtin(exception) else {
            return self.residual(Rule::Raises, format!("raises {exception}"));
        };
        let made = self.new_exception(id, vec![argument]);
        if let Value::Object(object) = made {
            self.raised_here.insert(object);
        }
        Err(Stop::Raise(self.raise_object(made, None)?))
    }

    /// An exception is raised, from a cause perhaps: what is being handled becomes its context (`_PyErr_SetObject`).
    pub(super) fn raise_object(&mut self, exception: Value, cause: Option<Value>) -> Eval<Value> {
        let Value::Object(object) = exception else { return Ok(exception) };
        let context = self.handling.last().cloned();
        if let Some(Value::Object(context)) = context
            && context != object
        {
            self.break_chain(context, object)?;
        }
        let traceback = Value::Opaque(self.known.traceback);
        let Object::Instance(instance) = self.object_mut(object)? else { return self.malformed() };
        instance.slots.insert(TRACEBACK.into(), traceback);
        match context {
            Some(Value::Object(context)) if context == object => {}
            Some(context) => {
                instance.slots.insert(CONTEXT.into(), context);
            }
            // What an importer is handling, if anything.
            None => {
                instance.slots.shift_remove(CONTEXT);
            }
        }
        if let Some(cause) = cause {
            instance.slots.insert(CAUSE.into(), cause);
            instance.slots.insert(SUPPRESS_CONTEXT.into(), Value::Bool(true));
        }
        Ok(exception)
    }

    /// The chain of contexts that begins here must not lead to what is raised.
    fn break_chain(&mut self, start: ObjectRef, raised: ObjectRef) -> Eval<()> {
        let mut at = start;
        let mut seen = vec![start];
        while let Object::Instance(instance) = self.object(at)
            && let Some(Value::Object(next)) = instance.slots.get(CONTEXT)
        {
            let next = *next;
            if next == raised {
                if let Object::Instance(instance) = self.object_mut(at)? {
                    instance.slots.insert(CONTEXT.into(), Value::None);
                }
                break;
            }
            if seen.contains(&next) {
                break;
            }
            seen.push(next);
            at = next;
        }
        Ok(())
    }

    /// What `__init__` of a C exception type keeps of its arguments besides `args`, by the names of its members.
    pub(super) fn note_arguments(&mut self, object: ObjectRef, arguments: &[Value], keywords: Keywords) -> Eval<()> {
        let class = self.type_of(&Value::Object(object))?;
        let mut members = keywords;
        if self.derives_from(class, "SystemExit") {
            let code = match arguments {
                [] => Value::None,
                [code] => code.clone(),
                several => Value::tuple(several.to_vec()),
            };
            members.push(("code".into(), code));
        } else if self.derives_from(class, "StopIteration") {
            members.push(("value".into(), arguments.first().cloned().unwrap_or(Value::None)));
        } else if self.derives_from(class, "ImportError")
            && let [message] = arguments
        {
            members.push(("msg".into(), message.clone()));
        }
        if !members.is_empty()
            && let Object::Instance(instance) = self.object_mut(object)?
        {
            instance.slots.extend(members);
        }
        Ok(())
    }

    /// Are these keyword arguments that the C type of an exception keeps under their names?
    pub(super) fn are_members(&self, class: Type, keywords: &Keywords) -> bool {
        let known: &[&str] = if self.derives_from(class, "ImportError") {
            &["name", "path"]
        } else if self.derives_from(class, "NameError") {
            &["name"]
        } else if self.derives_from(class, "AttributeError") {
            &["name", "obj"]
        } else {
            &[]
        };
        keywords.iter().all(|(name, _)| known.contains(&&**name))
    }

    /// Is it the builtin class of this name, or does it derive from it?
    pub(super) fn derives_from(&self, class: Type, base: &str) -> bool {
        self.world.ground().builtin(base).is_some_and(|base| self.is_subtype(class, Type::Ground(base)))
    }

    /// `sys.exception()`
    pub(super) fn handled_exception(&mut self) -> Eval<Value> {
        match self.handling.last().cloned() {
            Some(exception) => Ok(exception),
            None => self.residual(Rule::Nondeterministic, "asks which exception an importer is handling"),
        }
    }

    /// A member of a C exception type. `None`: not modelled.
    pub(super) fn exception_member(&mut self, object: ObjectRef, name: &str) -> Eval<Option<Value>> {
        if !self.is_own(object) {
            self.contents(object)?;
        }
        let Object::Instance(instance) = self.object(object) else { return self.malformed() };
        if let Some(value) = instance.slots.get(name) {
            return Ok(Some(value.clone()));
        }
        if name == CONTEXT && instance.slots.contains_key(TRACEBACK) {
            let message = "rests on what is being handled where the module is imported";
            self.known_effect(Rule::Nondeterministic, message);
            return Ok(Some(Value::Unknown(Reason::new(Rule::Nondeterministic, message.to_string()))));
        }
        Ok(match name {
            CAUSE | CONTEXT | TRACEBACK | "value" => Some(Value::None),
            SUPPRESS_CONTEXT => Some(Value::Bool(false)),
            "msg"
                if let Payload::Exception(arguments) = &instance.payload
                    && self.raised_here.contains(&object) =>
            {
                arguments.first().cloned()
            }
            // The interpreter tells it more, where it raises one itself.
            name if GIVEN.contains(&name) && self.is_ours(object) && !self.raised_here.contains(&object) => {
                let class = instance.class;
                let is_other = ["SyntaxError", "UnicodeError"].iter().any(|base| self.derives_from(class, base));
                (!is_other).then_some(Value::None)
            }
            _ => None,
        })
    }

    /// Sets a member of a C exception type.
    pub(super) fn set_exception_member(&mut self, object: ObjectRef, name: &str, value: Value) -> Eval<()> {
        let base = Type::Ground(self.known.base_exception);
        if let CAUSE | CONTEXT = name
            && !matches!(value, Value::None)
        {
            let class = self.type_of(&value)?;
            if !self.is_subtype(class, base) {
                let what = name.trim_matches('_');
                return self
                    .raise_exactly("TypeError", format!("exception {what} must be None or derive from BaseException"));
            }
        }
        let is_kept = matches!(name, CAUSE | CONTEXT | "value")
            || name == SUPPRESS_CONTEXT && matches!(value, Value::Bool(_))
            || name == TRACEBACK && (matches!(value, Value::None) || value == Value::Opaque(self.known.traceback))
            || GIVEN.contains(&name);
        if !is_kept {
            return self.residual(Rule::NotModelled, format!("sets `{name}` of an exception"));
        }
        let Object::Instance(instance) = self.object_mut(object)? else { return self.malformed() };
        instance.slots.insert(name.into(), value);
        if name == CAUSE {
            instance.slots.insert(SUPPRESS_CONTEXT.into(), Value::Bool(true));
        }
        Ok(())
    }

    /// `BaseException.add_note`
    pub(super) fn add_note(&mut self, exception: &Value, note: &Value) -> Eval<Value> {
        if !matches!(note, Value::Str(_)) {
            return self.residual(Rule::NotModelled, "a note that is no string");
        }
        match self.find_attribute(exception, "__notes__")? {
            None => {
                let notes = self.new_list(vec![note.clone()]);
                self.set_attribute(exception, "__notes__", notes)?;
            }
            Some(notes) if self.type_of(&notes)? == Type::Ground(self.known.list) => {
                self.list_mut(&notes)?.push(note.clone());
            }
            Some(_) => return self.residual(Rule::NotModelled, "`__notes__` that is no list"),
        }
        Ok(Value::None)
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
