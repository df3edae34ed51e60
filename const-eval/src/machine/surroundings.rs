//! What differs from one process to the next but is known to be plain text: paths, environment variables.
//!
//! A statement that computes with it runs at import, but what it does is known all the same, if the functions
//! are known to make text of text. So nothing else has to be forgotten because of it.

use super::functions::Keywords;
use super::{Eval, Machine};
use crate::evaluated::Dependency;
use crate::ground::{CallClass, Effect, GroundId, Requirement, ResultType};
use crate::heap::{Object, Payload, Type};
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

/// Environment variables that shells, logins, systems and test services set in most processes.
const USUAL_VARIABLES: [&str; 36] = [
    "APPDATA",
    "CI",
    "COLUMNS",
    "COMSPEC",
    "DISPLAY",
    "EDITOR",
    "HOME",
    "HOSTNAME",
    "LANG",
    "LANGUAGE",
    "LINES",
    "LOCALAPPDATA",
    "LOGNAME",
    "MAIL",
    "OLDPWD",
    "OS",
    "PAGER",
    "PATH",
    "PATHEXT",
    "PROGRAMDATA",
    "PROGRAMFILES",
    "PWD",
    "SHELL",
    "SHLVL",
    "SYSTEMDRIVE",
    "SYSTEMROOT",
    "TEMP",
    "TERM",
    "TMP",
    "TMPDIR",
    "TZ",
    "USER",
    "USERNAME",
    "USERPROFILE",
    "VISUAL",
    "WINDIR",
];
/// How the names of others that are usual begin.
const USUAL_PREFIXES: [&str; 5] = ["LC_", "PYTHON", "SSH_", "VIRTUAL_ENV", "XDG_"];

/// Methods of `str` that give a string, and raise nothing when they are given strings.
const TEXT_METHODS: [&str; 13] = [
    "capitalize",
    "casefold",
    "lower",
    "lstrip",
    "removeprefix",
    "removesuffix",
    "replace",
    "rstrip",
    "strip",
    "swapcase",
    "title",
    "upper",
    "expandtabs",
];
/// Those that give a truth value or a number.
const ASKING_METHODS: [&str; 5] = ["count", "endswith", "find", "rfind", "startswith"];

/// Is it a method that text which differs between processes can be asked for?
pub(super) fn is_text_method(name: &str) -> bool {
    TEXT_METHODS.contains(&name) || ASKING_METHODS.contains(&name)
}

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
        self.class_of_unknown(value) == Some(self.known.str)
    }

    /// The exact type of a value that is not known otherwise.
    pub(super) fn class_of_unknown(&self, value: &Value) -> Option<GroundId> {
        match value {
            Value::Unknown(reason) => reason.class.or_else(|| is_process_text(reason).then_some(self.known.str)),
            _ => None,
        }
    }

    /// A value that is not known, but is a string or a number.
    pub(super) fn is_plain_unknown(&self, value: &Value) -> bool {
        let known = &self.known;
        self.class_of_unknown(value)
            .is_some_and(|class| [known.str, known.bytes, known.int, known.float, known.bool].contains(&class))
    }

    /// What C code gives of inert arguments if the result differs between processes.
    pub(super) fn process_result(&mut self, call: CallClass, what: &str) -> Value {
        let message = format!("the result of `{what}` differs between processes");
        match call.result {
            ResultType::None => Value::None,
            ResultType::Exactly(class) if class == self.known.none_type => Value::None,
            ResultType::Exactly(class) => {
                Value::Unknown(Reason::of_class(Rule::Nondeterministic, message, Some(class)))
            }
            _ => Value::Unknown(Reason::new(Rule::Nondeterministic, message)),
        }
    }

    /// A call of C code with data of which some is only known by its type, or on an object whose state only C code
    /// sees. `None`: it may do more than give a result that differs between processes.
    pub(super) fn call_with_process_data(
        &mut self,
        call: CallClass,
        what: &str,
        receiver: Option<&Value>,
        positional: &[Value],
        keywords: &Keywords,
    ) -> Eval<Option<Value>> {
        let hidden = receiver.is_some_and(|receiver| self.has_hidden_state(receiver));
        let is_data = |machine: &Self, value: &Value| {
            let class = machine.class_of_unknown(value).and_then(|class| machine.type_info(class));
            machine.is_inert(value) || class.is_some_and(|class| class.inert)
        };
        let arguments = positional.iter().chain(keywords.iter().map(|(_, value)| value));
        let mut all = receiver.filter(|_| !hidden).into_iter().chain(arguments);
        // Where an exception would be handled, it is not known what happens.
        if !all.all(|value| is_data(self, value)) || self.may_be_caught() {
            return Ok(None);
        }
        let message = format!("the result of `{what}` differs between processes");
        match call.effect {
            Effect::ChangesSelf if hidden => self.known_effect(Rule::Nondeterministic, message),
            Effect::Process | Effect::Libm => self.effect(Rule::Nondeterministic, message),
            Effect::Total | Effect::Pure if !hidden => self.known_effect(Rule::Nondeterministic, message),
            Effect::Recipe | Effect::HoldsIf(Requirement::Inert)
                if !hidden && matches!(call.result, ResultType::Exactly(_)) =>
            {
                self.known_effect(Rule::Nondeterministic, message);
                return self.holding_result(call.result, what, positional.to_vec(), keywords.clone()).map(Some);
            }
            _ => return Ok(None),
        }
        Ok(Some(self.process_result(call, what)))
    }

    /// An object whose C type keeps state that differs between processes and that no attribute shows.
    fn has_hidden_state(&self, value: &Value) -> bool {
        match value {
            Value::Object(object) => match self.object(*object) {
                Object::Instance(instance) => matches!(instance.payload, Payload::Hidden),
                _ => false,
            },
            _ => self.class_of_unknown(value).is_some_and(|class| self.makes_hidden_state(class)),
        }
    }

    /// Is what an instance of the type holds different in each process?
    pub(super) fn makes_hidden_state(&self, class: GroundId) -> bool {
        let call = self.world.ground().entry(class).call;
        call.effect == Effect::Process && call.result == ResultType::Exactly(class)
    }

    /// Is an instance of the type one that each process must make afresh (a lock, `threading.local`)?
    pub(super) fn makes_afresh(&self, class: GroundId) -> bool {
        let call = self.world.ground().entry(class).call;
        call.effect == Effect::Recipe && call.result == ResultType::Exactly(class)
    }

    /// Methods of text that differs between processes, and `sys.modules.get`. `None`: not modelled.
    pub(super) fn process_text_method(
        &mut self,
        name: &str,
        receiver: &Value,
        positional: &[Value],
        keywords: &Keywords,
    ) -> Eval<Option<Value>> {
        if let (Value::Unknown(reason), "get", [key @ Value::Str(_), rest @ ..]) = (receiver, name, positional)
            && reason.message == super::attributes::SYS_MODULES
            && rest.len() <= 1
            && keywords.is_empty()
        {
            let absent =
                std::mem::take(&mut self.typing_is_idle) && matches!(key, Value::Str(name) if &**name == "typing");
            return Ok(self.loaded_entry(key).or(absent.then_some(Value::None)));
        }
        let counts = match name {
            "capitalize" | "casefold" | "lower" | "swapcase" | "title" | "upper" | "expandtabs" => 0..=0,
            "lstrip" | "rstrip" | "strip" => 0..=1,
            "replace" => 2..=2,
            _ => 1..=1,
        };
        if !self.is_process_text(receiver)
            || !keywords.is_empty()
            || !counts.contains(&positional.len())
            || !positional.iter().all(|value| self.is_any_text(value))
        {
            return Ok(None);
        }
        if TEXT_METHODS.contains(&name) {
            return Ok(Some(self.process_text(&format!("the result of `str.{name}`"))));
        }
        if ASKING_METHODS.contains(&name) {
            let message = format!("the result of `str.{name}` differs between processes");
            self.known_effect(Rule::Nondeterministic, message.clone());
            return Ok(Some(Value::Unknown(Reason::new(Rule::Nondeterministic, message))));
        }
        Ok(None)
    }

    /// A number that differs between processes.
    pub(super) fn process_integer(&mut self, what: &str) -> Value {
        self.known_effect(Rule::Nondeterministic, what);
        Value::Unknown(Reason::of_class(Rule::Nondeterministic, what, Some(self.known.int)))
    }

    /// What is made of strings alone, of which some differ between processes.
    pub(super) fn process_text_of(&mut self, parts: &[&Value], what: &str) -> Option<Value> {
        let differs = parts.iter().any(|part| self.is_process_text(part));
        (differs && parts.iter().all(|part| self.is_any_text(part))).then(|| self.process_text(what))
    }

    /// An item of a set, in an order that differs between processes: of what type it is.
    pub(super) fn item_in_any_order(&mut self, items: &[Value]) -> Option<Value> {
        let known = self.known;
        let mut classes = items.iter().map(|item| match item {
            Value::Str(_) => Some(known.str),
            Value::Bytes(_) => Some(known.bytes),
            Value::Int(_) => Some(known.int),
            _ => None,
        });
        let class = classes.next()??;
        if !classes.all(|other| other == Some(class)) {
            return None;
        }
        let message = "iterates over a set, whose order may differ between processes";
        self.known_effect(Rule::Nondeterministic, message);
        Some(Value::Unknown(Reason::of_class(Rule::Nondeterministic, message, Some(class))))
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
                // They fail where the working directory is gone.
                if self.may_be_caught() && matches!(name, "abspath" | "realpath") {
                    return Ok(None);
                }
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
            // The home directory of a user: of the environment, or from the system's list.
            ("posixpath", "expanduser", [Value::Str(path)]) if path.starts_with('~') => {
                Ok(Some(self.process_text("the result of `os.path.expanduser`")))
            }
            ("os", "_Environ.__getitem__", [environment, Value::Str(name)]) if self.is_environment(environment) => {
                let name = name.clone();
                if self.is_taken_for_absent(&name) {
                    return self.raise_value("KeyError", Value::Str(name)).map(Some);
                }
                let value = self.process_text(&format!("the environment variable `{name}`"));
                if self.decide("an environment variable")? {
                    return Ok(Some(value));
                }
                self.raise_value("KeyError", Value::Str(name)).map(Some)
            }
            ("_collections_abc", "Mapping.get", [environment, Value::Str(name), rest @ ..])
                if rest.len() <= 1 && self.is_environment(environment) =>
            {
                let name = name.clone();
                if self.is_taken_for_absent(&name) {
                    return Ok(Some(rest.first().cloned().unwrap_or(Value::None)));
                }
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
                let name = name.clone();
                if self.is_taken_for_absent(&name) {
                    return Ok(Some(Value::Bool(false)));
                }
                let message = format!("the environment variable `{name}` differs between processes");
                self.known_effect(Rule::Nondeterministic, message.clone());
                Ok(Some(Value::Unknown(Reason::new(Rule::Nondeterministic, message))))
            }
            _ => Ok(None),
        }
    }

    /// Most environment variables that a program asks for while it starts are its own switches, which are seldom set:
    /// results are those without, behind a guard. What every process is given is not taken for absent.
    fn is_taken_for_absent(&mut self, name: &str) -> bool {
        let is_usual = USUAL_VARIABLES.contains(&name) || USUAL_PREFIXES.iter().any(|prefix| name.starts_with(prefix));
        if is_usual || !name.bytes().all(|byte| byte.is_ascii_graphic() && byte != b'=') || name.is_empty() {
            return false;
        }
        self.rest_on(Dependency::on_environment_variable(name));
        true
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
