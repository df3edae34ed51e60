//! What differs from one process to the next but is known to be plain text: paths, environment variables.
//!
//! A statement that computes with it runs at import, but what it does is known all the same, if the functions
//! are known to make text of text. So nothing else has to be forgotten because of it.

use super::functions::Keywords;
use super::{Eval, Machine};
use crate::heap::{Object, Type};
use crate::reason::{Reason, Rule};
use crate::value::{ModuleId, Value};

/// What is said of a value that is a string in every process.
const PROCESS_TEXT: &str = " is text that differs between processes";

/// Functions of `posixpath` and `genericpath` that give a string for strings.
const TEXT_OF_TEXT: [&str; 7] = ["abspath", "basename", "dirname", "join", "normcase", "normpath", "realpath"];
/// Those that give two strings.
const TEXTS_OF_TEXT: [&str; 3] = ["split", "splitdrive", "splitext"];
/// Those that give something else, and raise nothing.
const OTHER_OF_TEXT: [&str; 7] = ["exists", "isabs", "isdir", "isfile", "islink", "ismount", "lexists"];

/// Is the value a string in every process? `__file__` is one in every module that was found as a file.
fn is_process_text(reason: &Reason) -> bool {
    reason.message.ends_with(PROCESS_TEXT)
        || (reason.message.starts_with("`__file__`") && super::attributes::is_loader_fact(reason))
}

impl Machine<'_> {
    /// Text that differs between processes; whoever makes it runs at import.
    pub(super) fn process_text(&mut self, what: &str) -> Value {
        let message = format!("{what}{PROCESS_TEXT}");
        self.known_effect(Rule::Nondeterministic, message.clone());
        Value::Unknown(Reason::new(Rule::Nondeterministic, message))
    }

    /// Text that is known, or that differs between processes.
    pub(super) fn is_process_text(&self, value: &Value) -> bool {
        matches!(value, Value::Unknown(reason) if is_process_text(reason))
    }

    fn is_any_text(&self, value: &Value) -> bool {
        matches!(value, Value::Str(_)) || self.is_process_text(value)
    }

    /// Calls of functions of the standard library that only compute with text, where it differs between processes.
    pub(super) fn call_with_process_text(
        &mut self,
        module: ModuleId,
        qualname: &str,
        positional: &[Value],
        keywords: &Keywords,
    ) -> Eval<Option<Value>> {
        if !keywords.is_empty() {
            return Ok(None);
        }
        let module = self.world.module_name(module).to_string();
        match (&*module, qualname, positional) {
            ("posixpath" | "genericpath", name, [_, ..])
                if positional.iter().all(|value| self.is_any_text(value))
                    && positional.iter().any(|value| self.is_process_text(value)) =>
            {
                let what = format!("the result of `os.path.{name}`");
                let single = positional.len() == 1;
                Ok(match name {
                    _ if (single || name == "join") && TEXT_OF_TEXT.contains(&name) => Some(self.process_text(&what)),
                    _ if single && TEXTS_OF_TEXT.contains(&name) => {
                        Some(Value::tuple(vec![self.process_text(&what), self.process_text(&what)]))
                    }
                    _ if single && OTHER_OF_TEXT.contains(&name) => {
                        let message = format!("{what} differs between processes");
                        self.known_effect(Rule::Nondeterministic, message.clone());
                        Some(Value::Unknown(Reason::new(Rule::Nondeterministic, message)))
                    }
                    _ => None,
                })
            }
            ("os", "_Environ.__getitem__", [environment, Value::Str(name)]) if self.is_environment(environment) => {
                let name = name.clone();
                let value = self.process_text(&format!("the environment variable `{name}`"));
                if self.decide("an environment variable")? {
                    return Ok(Some(value));
                }
                self.raise_value("KeyError", Value::Str(name)).map(Some)
            }
            ("_collections_abc", "Mapping.get", [environment, Value::Str(name), rest @ ..])
                if rest.len() <= 1 && self.is_environment(environment) =>
            {
                let what = format!("the environment variable `{name}`");
                if let [default] = rest
                    && self.is_any_text(default)
                {
                    return Ok(Some(self.process_text(&what)));
                }
                let message = format!("{what} differs between processes");
                self.known_effect(Rule::Nondeterministic, message.clone());
                Ok(Some(Value::Unknown(Reason::new(Rule::Nondeterministic, message))))
            }
            ("_collections_abc", "Mapping.__contains__", [environment, Value::Str(name)])
                if self.is_environment(environment) =>
            {
                let message = format!("the environment variable `{name}` differs between processes");
                self.known_effect(Rule::Nondeterministic, message.clone());
                Ok(Some(Value::Unknown(Reason::new(Rule::Nondeterministic, message))))
            }
            _ => Ok(None),
        }
    }

    /// Is it `os.environ`?
    fn is_environment(&self, value: &Value) -> bool {
        let Value::Object(object) = value else { return false };
        let Object::Instance(instance) = self.object(*object) else { return false };
        let Type::Class(class) = instance.class else { return false };
        self.world.module_name(object.owner) == "os"
            && self.world.is_standard(object.owner)
            && class.owner == object.owner
            && self.class(class).is_some_and(|class| &*class.name == "_Environ")
            && self.world.evaluated(object.owner).is_some_and(
                |os| matches!(os.namespace.get("environ"), Some(Value::Object(environ)) if environ == object),
            )
    }
}
