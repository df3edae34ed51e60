//! Calls: of functions, classes, methods, callable objects, and described C code.

use super::functions::Keywords;
use super::types::Found;
use super::{Eval, MAX_NESTING, Machine};
use crate::ground::{CallClass, Effect, EntryKind, GroundId, Requirement, ResultType};
use crate::heap::{Native, Object, Payload, Type};
use crate::reason::{Reason, Rule};
use crate::value::{ObjectRef, Value};
use crate::world::{Answer, Question};
use rustc_hash::FxHashSet;

/// Where in nested containers it is looked at what they hold: containers by their addresses.
#[derive(Default)]
struct Nesting {
    around: Vec<usize>,
    settled: FxHashSet<usize>,
}

impl Machine<'_> {
    pub(super) fn call(&mut self, callable: &Value, positional: Vec<Value>, keywords: Keywords) -> Eval<Value> {
        self.count_step()?;
        let result = self.call_uncharged(callable, positional, keywords)?;
        self.charge_size(&result)?;
        Ok(result)
    }

    fn call_uncharged(&mut self, callable: &Value, positional: Vec<Value>, keywords: Keywords) -> Eval<Value> {
        match callable {
            Value::Unknown(reason) if self.note_declaration(reason) => {
                let name = reason.origin.clone().unwrap_or_default();
                Ok(Value::Unknown(Reason::new(
                    Rule::Declared,
                    format!("the result of `{name}`, which is declared harmless"),
                )))
            }
            Value::Unknown(reason) => {
                let reason = reason.clone();
                // Code that nothing is known of may look at frames and at `sys.modules`.
                self.current.reached = true;
                self.unknown(Rule::UnknownCall, "calls something that is not known", &reason)
            }
            Value::Ground(id) => match &self.world.ground().entry(*id).kind {
                EntryKind::Type(_) => self.call_class(Type::Ground(*id), positional, keywords),
                EntryKind::Function { .. } => self.call_ground_function(*id, positional, keywords),
                EntryKind::Instance { .. } => {
                    let what = self.world.ground().entry(*id).qualified.clone();
                    self.residual(Rule::UnknownCall, format!("calls `{what}`, which is not described"))
                }
            },
            Value::Object(object) => self.call_object(*object, callable, positional, keywords),
            Value::Opaque(id) => {
                let name = self.world.ground().entry(*id).qualified.clone();
                self.residual(Rule::UnknownCall, format!("calls a `{name}` object"))
            }
            _ => {
                let class = self.type_of(callable)?;
                let name = self.c_name(class);
                self.raise_exactly("TypeError", format!("'{name}' object is not callable"))
            }
        }
    }

    fn call_object(
        &mut self,
        object: ObjectRef,
        callable: &Value,
        mut positional: Vec<Value>,
        keywords: Keywords,
    ) -> Eval<Value> {
        match self.object(object) {
            Object::Function(_) => self.call_function(object, positional, keywords),
            Object::BoundMethod { function, receiver } => {
                let function = function.clone();
                positional.insert(0, receiver.clone());
                self.call(&function, positional, keywords)
            }
            Object::BoundGround { owner, name, receiver } => {
                let (owner, name, receiver) = (*owner, name.clone(), receiver.clone());
                self.call_ground_method(owner, &name, receiver, positional, keywords)
            }
            Object::UnboundGround { owner, name } => {
                let (owner, name) = (*owner, name.clone());
                if &*name == "__new__" {
                    return self.call_ground_new(owner, positional, keywords);
                }
                if let Some(attribute) = self.ground_attribute(owner, &name)
                    && matches!(attribute.kind, crate::ground::AttributeKind::StaticMethod)
                {
                    return self.call_static_ground(owner, &name, positional, keywords);
                }
                if positional.is_empty() {
                    return self.raise("TypeError", format!("unbound method {name}() needs an argument"));
                }
                let receiver = positional.remove(0);
                let class = self.type_of(&receiver)?;
                if !self.is_subtype(class, Type::Ground(owner)) {
                    let owner = self.c_name(Type::Ground(owner));
                    let class = self.c_name(class);
                    return self.raise(
                        "TypeError",
                        format!("descriptor '{name}' for '{owner}' objects doesn't apply to a '{class}' object"),
                    );
                }
                self.call_ground_method(owner, &name, receiver, positional, keywords)
            }
            Object::Class(_) => self.call_class(Type::Class(object), positional, keywords),
            Object::StaticMethod(wrapper) => {
                let function = wrapper.function.clone();
                self.call(&function, positional, keywords)
            }
            Object::GenericAlias { origin, .. } => {
                let origin = origin.clone();
                match origin {
                    // Instances of C types take no `__orig_class__`.
                    Value::Ground(_) => self.call(&origin, positional, keywords),
                    _ => self.residual(Rule::NotModelled, "instantiates a generic alias"),
                }
            }
            Object::Native(native) => {
                let native = (**native).clone();
                self.call_native(native, callable, positional, keywords)
            }
            _ => {
                let class = self.type_of(callable)?;
                match self.lookup(class, "__call__") {
                    Some(found @ Found::Value(_)) => {
                        let method = self.bind(found, "__call__", Some(callable), class)?;
                        self.call(&method, positional, keywords)
                    }
                    Some(Found::Ground { .. }) => {
                        let name = self.type_name(class);
                        self.residual(Rule::UnknownCall, format!("calls a `{name}`"))
                    }
                    None => {
                        let name = self.c_name(class);
                        self.raise_exactly("TypeError", format!("'{name}' object is not callable"))
                    }
                }
            }
        }
    }

    fn call_native(
        &mut self,
        native: Native,
        callable: &Value,
        positional: Vec<Value>,
        keywords: Keywords,
    ) -> Eval<Value> {
        let qualified = self.world.ground().entry(native.class).qualified.clone();
        match &*qualified {
            "_functools.partial" | "functools.partial" => {
                let Value::Object(object) = callable else {
                    return self.malformed();
                };
                if !self.is_own(*object) && !self.rest_on_partial(*object, &native) {
                    self.contents(*object)?;
                }
                let mut arguments = native.arguments.clone();
                if arguments.is_empty() {
                    return self.malformed();
                }
                let function = arguments.remove(0);
                arguments.extend(positional);
                let mut merged = native.keywords.clone();
                for (name, value) in keywords {
                    match merged.iter_mut().find(|(known, _)| *known == name) {
                        Some(entry) => entry.1 = value,
                        None => merged.push((name, value)),
                    }
                }
                self.call(&function, arguments, merged)
            }
            "functools._lru_cache_wrapper" | "_functools._lru_cache_wrapper" => match callable {
                Value::Object(object) => self.call_cached(*object, &native, positional, keywords),
                _ => self.malformed(),
            },
            "_operator.itemgetter" | "_operator.attrgetter" | "_operator.methodcaller" => {
                if let Value::Object(object) = callable
                    && !self.is_own(*object)
                {
                    self.contents(*object)?;
                }
                let kind = qualified.trim_start_matches("_operator.").to_string();
                self.call_getter(&kind, &native, &positional, &keywords)
            }
            _ => self.residual(Rule::UnknownCall, format!("calls a `{qualified}` object")),
        }
    }

    // ---- classes

    pub(super) fn call_class(&mut self, class: Type, positional: Vec<Value>, keywords: Keywords) -> Eval<Value> {
        let value = class.value();
        let metaclass = self.type_of(&value)?;
        if let Some(method) = self.python_definition(metaclass, "__call__") {
            let method = self.bind(Found::Value(method), "__call__", Some(&value), metaclass)?;
            return self.call(&method, positional, keywords);
        }
        self.type_call(class, positional, keywords)
    }

    /// `type.__call__`
    pub(super) fn type_call(&mut self, class: Type, positional: Vec<Value>, keywords: Keywords) -> Eval<Value> {
        if class == Type::Ground(self.known.type_) && positional.len() == 1 && keywords.is_empty() {
            if let Value::Unknown(reason) = &positional[0] {
                if let Some(class) = self.type_of_loader_fact(reason) {
                    return Ok(class);
                }
                if let Some(class) = self.class_of_unknown(&positional[0]) {
                    self.known_effect(Rule::Nondeterministic, "computes with what differs between processes");
                    return Ok(Value::Ground(class));
                }
                let message = format!("needs the type of something that is not known: {}", reason.root_cause());
                return self.soft(Rule::UnknownOperation, message, &[]);
            }
            return Ok(self.type_of(&positional[0])?.value());
        }
        if let Type::Class(_) = class
            && self.python_definition(class, "__del__").is_some()
        {
            return self.residual(Rule::NotModelled, "makes an object that runs `__del__` when it is collected");
        }
        let made = match self.lookup(class, "__new__") {
            Some(found @ Found::Value(_)) => {
                let new = self.bind(found, "__new__", None, class)?;
                let mut arguments = vec![class.value()];
                arguments.extend(positional.iter().cloned());
                self.call(&new, arguments, keywords.clone())?
            }
            Some(Found::Ground { owner, .. }) => {
                let mut arguments = vec![class.value()];
                arguments.extend(positional.iter().cloned());
                self.call_ground_new(owner, arguments, keywords.clone())?
            }
            None => match class {
                Type::Ground(id) => return self.call_described_type(id, positional, keywords),
                Type::Class(_) => {
                    return self.residual(Rule::NotModelled, "makes an object of a class without `__new__`");
                }
            },
        };
        if matches!(made, Value::Unknown(_)) {
            return Ok(made);
        }
        let made_type = self.type_of(&made)?;
        if !self.is_subtype(made_type, class) {
            return Ok(made);
        }
        match self.lookup(made_type, "__init__") {
            Some(found @ Found::Value(_)) => {
                let init = self.bind(found, "__init__", Some(&made), made_type)?;
                let result = self.call(&init, positional, keywords)?;
                if !matches!(result, Value::None) {
                    return self.raise("TypeError", "__init__() should return None");
                }
                Ok(made)
            }
            Some(Found::Ground { owner, .. }) => {
                self.ground_init(owner, &made, positional, keywords)?;
                Ok(made)
            }
            None => Ok(made),
        }
    }

    // ---- described code

    /// May C code use the value without running anybody's Python?
    pub(super) fn is_inert(&self, value: &Value) -> bool {
        self.is_every_part(value, &mut Nesting::default(), &|value| match value {
            Value::Opaque(id) => self.type_info(*id).is_some_and(|info| info.inert),
            Value::Object(object) => self.is_pattern(*object),
            Value::Ground(id) => self.is_inert_instance(*id),
            Value::Module(_) | Value::GroundModule(_) | Value::Unknown(_) => false,
            _ => true,
        })
    }

    /// Is it immutable data that a C module holds, as `datetime.timezone.utc`?
    pub(super) fn is_inert_instance(&self, id: GroundId) -> bool {
        match self.world.ground().entry(id).kind {
            EntryKind::Instance { of, .. } => self.type_info(of).is_some_and(|info| info.inert),
            _ => false,
        }
    }

    /// Does it hold of all that tuples, own lists and own dictionaries are made of? Of what contains itself or is nested
    /// very deeply it does not, because C code recurs into it.
    fn is_every_part(&self, value: &Value, nesting: &mut Nesting, holds: &dyn Fn(&Value) -> bool) -> bool {
        let place = match value {
            Value::Tuple(items) => items.as_ptr() as usize,
            Value::Slice(parts) => return parts.iter().all(|part| self.is_every_part(part, nesting, holds)),
            Value::Object(object)
                if self.is_own(*object) && matches!(self.object(*object), Object::List(_) | Object::Dict(_)) =>
            {
                self.object(*object) as *const Object as usize
            }
            _ => {
                self.looked_through.set(self.looked_through.get() + 1);
                return holds(value);
            }
        };
        if nesting.settled.contains(&place) {
            return true;
        }
        if nesting.around.len() > MAX_NESTING || nesting.around.contains(&place) {
            return false;
        }
        nesting.around.push(place);
        let mut part_holds = |part: &Value| self.is_every_part(part, nesting, holds);
        let all = match value {
            Value::Tuple(items) => items.iter().all(part_holds),
            Value::Object(object) => match self.object(*object) {
                Object::List(items) => items.iter().all(part_holds),
                Object::Dict(entries) => entries.values().all(|(key, value)| part_holds(key) && part_holds(value)),
                _ => false,
            },
            _ => false,
        };
        nesting.around.pop();
        nesting.settled.insert(place);
        all
    }

    /// A compiled regular expression or a match of one, which never change.
    pub(super) fn is_pattern(&self, object: ObjectRef) -> bool {
        match self.object(object) {
            Object::Native(native) => {
                (native.class == self.known.pattern || native.class == self.known.match_)
                    && native.arguments.iter().all(|argument| self.is_inert(argument))
            }
            _ => false,
        }
    }

    /// Inert, or of a subclass of `int`, by itself or in an own list.
    fn is_inert_or_number(&self, value: &Value) -> bool {
        let number = |value: &Value| matches!(self.plain_data(value), Value::Int(_));
        match value {
            Value::Object(object) if self.is_own(*object) => match self.object(*object) {
                Object::List(items) => items.iter().all(|item| number(item) || self.is_inert(item)),
                _ => number(value) || self.is_inert(value),
            },
            _ => number(value) || self.is_inert(value),
        }
    }

    fn all_inert(&self, positional: &[Value], keywords: &Keywords) -> bool {
        positional.iter().all(|value| self.is_inert(value)) && keywords.iter().all(|(_, value)| self.is_inert(value))
    }

    /// A call of C code by its description. `receiver` is the object of a method.
    pub(super) fn call_described(
        &mut self,
        class: CallClass,
        what: &str,
        receiver: Option<&Value>,
        positional: Vec<Value>,
        keywords: Keywords,
    ) -> Eval<Value> {
        let inert = self.all_inert(&positional, &keywords) && receiver.is_none_or(|receiver| self.is_inert(receiver));
        if !inert && let Some(result) = self.call_with_process_data(class, what, receiver, &positional, &keywords)? {
            return Ok(result);
        }
        match class.effect {
            Effect::Total | Effect::Pure if inert => self.pure_result(class, what, receiver, positional, keywords),
            Effect::PureIf(requirement) if inert || self.meets(requirement, receiver, &positional, &keywords) => {
                self.pure_result(class, what, receiver, positional, keywords)
            }
            Effect::Libm if inert && receiver.is_none() => self.call_libm(class, what, positional, keywords),
            Effect::Holds => {
                self.demand_accepted(what, receiver, &positional, &keywords, false)?;
                self.holding_result(class.result, what, positional, keywords)
            }
            Effect::HoldsIf(requirement) => {
                if self.meets(requirement, receiver, &positional, &keywords) {
                    self.demand_accepted(what, receiver, &positional, &keywords, false)?;
                    if let (Requirement::Weakrefable, [referent, _]) = (requirement, positional.as_slice()) {
                        self.keep_watch(referent);
                        self.known_effect(Rule::NotModelled, "makes a weak reference that calls back");
                    }
                    self.holding_result(class.result, what, positional, keywords)
                } else {
                    self.residual(Rule::UnknownCall, format!("`{what}` with arguments that are not known"))
                }
            }
            Effect::Recipe if inert => {
                self.demand_accepted(what, receiver, &positional, &keywords, false)?;
                self.current.recipe = true;
                self.holding_result(class.result, what, positional, keywords)
            }
            Effect::Read if receiver.is_none() && positional.is_empty() && keywords.is_empty() => {
                let class = match class.result {
                    ResultType::Exactly(class) => Some(class),
                    _ => None,
                };
                Ok(self.reading(what, class))
            }
            Effect::Process if inert => {
                self.effect(Rule::Nondeterministic, format!("the result of `{what}` differs between processes"));
                Ok(self.process_result(class, what))
            }
            Effect::Effect if inert => {
                self.note_recursion_limit(what, &positional);
                self.effect(Rule::ProcessEffect, format!("`{what}` acts on the process or the outside world"));
                match class.result {
                    ResultType::None => Ok(Value::None),
                    // What is made afresh by its type is made afresh by a function, too.
                    ResultType::Exactly(made) if self.world.ground().entry(made).call.effect == Effect::Recipe => {
                        self.holding_result(class.result, what, positional, keywords)
                    }
                    _ => Ok(Value::Unknown(Reason::new(Rule::ProcessEffect, format!("the result of `{what}`")))),
                }
            }
            Effect::Replay if inert => {
                self.demand_accepted(what, receiver, &positional, &keywords, true)?;
                self.replay_ground_call(what, class.result, positional, keywords)
            }
            Effect::ReplayIf(requirement) if self.meets(requirement, receiver, &positional, &keywords) => {
                self.demand_accepted(what, receiver, &positional, &keywords, true)?;
                self.replay_ground_call(what, class.result, positional, keywords)
            }
            Effect::ChangesSelf if self.all_inert(&positional, &keywords) => {
                let Some(Value::Object(object)) = receiver else {
                    return self.residual(Rule::UnknownCall, format!("`{what}` changes its receiver"));
                };
                self.object_mut(*object)?;
                self.residual(Rule::NotModelled, format!("`{what}` changes an object implemented in C"))
            }
            Effect::Effect | Effect::Replay | Effect::ReplayIf(_) => {
                self.note_recursion_limit(what, &positional);
                self.residual(Rule::ProcessEffect, format!("`{what}` acts on the process or the outside world"))
            }
            Effect::Read | Effect::Process | Effect::Libm => {
                self.residual(Rule::Nondeterministic, format!("the result of `{what}` differs between processes"))
            }
            Effect::Total | Effect::Pure | Effect::PureIf(_) | Effect::Recipe | Effect::ChangesSelf => {
                self.residual(Rule::UnknownCall, format!("`{what}` may call, compare or iterate over what it is given"))
            }
            Effect::Modelled | Effect::Unknown => {
                self.residual(Rule::UnknownCall, format!("calls `{what}`, of which nothing is known"))
            }
        }
    }

    /// The result of a function without effect: the target says whether the call completes.
    pub(super) fn pure_result(
        &mut self,
        class: CallClass,
        what: &str,
        receiver: Option<&Value>,
        positional: Vec<Value>,
        keywords: Keywords,
    ) -> Eval<Value> {
        let arguments: Vec<Value> = receiver.into_iter().chain(positional.iter()).cloned().collect();
        if self.are_exact(&arguments, &keywords) {
            let call = what.replacen('.', ":", 1);
            let (arguments, names) = self.text_of_call(&arguments, &keywords, Self::exact_text)?;
            let question = Question { call: &call, arguments: &arguments, keywords: &names, lasting: false };
            match self.world.ask(&question) {
                Answer::Completes { value: Some(value), .. } => return Ok(value),
                Answer::Completes { class: name, value: None } => {
                    if let ResultType::Unknown = class.result {
                        return Ok(match self.world.ground().find(&name) {
                            Some(id) if id == self.known.none_type => Value::None,
                            Some(id) => Value::Opaque(id),
                            // The same in every process, but nothing is known of what it can do.
                            None => Value::Unknown(Reason::new(
                                Rule::NotModelled,
                                format!("the result of `{what}` is a `{name}`, which is not described"),
                            )),
                        });
                    }
                }
                Answer::Raises { exception, message } => return self.raise(&exception, message),
                Answer::Unknown if class.effect == Effect::Total => {}
                Answer::Unknown => {
                    return self.residual(Rule::Raises, format!("`{what}` may raise for these arguments"));
                }
            }
        } else if class.effect == Effect::Total {
            self.demand_accepted(what, receiver, &positional, &keywords, false)?;
        } else {
            return self.residual(Rule::Raises, format!("`{what}` may raise for these arguments"));
        }
        self.opaque_result(class.result, receiver.or(positional.first()))
    }

    /// An attribute that C computes, read from an object that only the target knows.
    pub(super) fn read_described(&mut self, class: CallClass, what: &str, receiver: &Value) -> Eval<Value> {
        match (class.effect, class.result) {
            (Effect::Total, ResultType::Unknown) if self.is_inert(receiver) => {
                // The same in every process, but nothing is known of what it can do.
                Ok(Value::Unknown(Reason::new(Rule::NotModelled, format!("`{what}` is computed by the target only"))))
            }
            (Effect::Total, result) if self.is_inert(receiver) => self.opaque_result(result, Some(receiver)),
            (Effect::Pure, _) => self.residual(Rule::Raises, format!("reading `{what}` may raise")),
            _ => self.residual(Rule::NotModelled, format!("reads `{what}`")),
        }
    }

    /// Can the target be given the very arguments?
    fn are_exact(&self, positional: &[Value], keywords: &Keywords) -> bool {
        let is_exact = |value: &Value| match value {
            Value::Ground(id) => self.is_inert_instance(*id),
            value => self.is_literal(value),
        };
        positional.iter().chain(keywords.iter().map(|(_, value)| value)).all(is_exact)
    }

    /// Text from which `consult.py` makes a value of [`Self::are_exact`].
    fn exact_text(&mut self, value: &Value) -> Eval<String> {
        if let Value::Ground(id) = value {
            let entry = self.world.ground().entry(*id);
            return Ok(format!("ground('{}', '{}')", entry.module, entry.name));
        }
        match self.repr_of(value)? {
            Value::Str(text) => Ok(text.to_string()),
            _ => self.malformed(),
        }
    }

    pub(super) fn are_literals(&self, positional: &[Value], keywords: &Keywords) -> bool {
        positional.iter().chain(keywords.iter().map(|(_, value)| value)).all(|value| self.is_literal(value))
    }

    /// Is it written as a Python literal without loss?
    pub(super) fn is_literal(&self, value: &Value) -> bool {
        self.is_every_part(value, &mut Nesting::default(), &|value| match value {
            Value::Float(number) => number.is_finite(),
            Value::None | Value::Bool(_) | Value::Int(_) | Value::Str(_) | Value::Bytes(_) => true,
            _ => false,
        })
    }

    fn opaque_result(&mut self, result: ResultType, first: Option<&Value>) -> Eval<Value> {
        match result {
            ResultType::Exactly(id) if id == self.known.none_type => Ok(Value::None),
            ResultType::Exactly(id) => Ok(Value::Opaque(id)),
            ResultType::None => Ok(Value::None),
            ResultType::SameAsFirst => match first.cloned() {
                Some(first) => match self.type_of(&first)? {
                    Type::Ground(id) => Ok(Value::Opaque(id)),
                    Type::Class(_) => self.residual(Rule::NotModelled, "a result of a type that is not known"),
                },
                None => self.malformed(),
            },
            ResultType::First | ResultType::Unknown => {
                self.residual(Rule::NotModelled, "a result of a type that is not known")
            }
        }
    }

    pub(super) fn holding_result(
        &mut self,
        result: ResultType,
        what: &str,
        positional: Vec<Value>,
        keywords: Keywords,
    ) -> Eval<Value> {
        match result {
            // Its keywords are its attributes.
            ResultType::Exactly(class) if class == self.known.simple_namespace && positional.is_empty() => {
                Ok(self.new_native_with(class, keywords))
            }
            ResultType::Exactly(class) => Ok(self.allocate(Object::Native(Box::new(Native {
                class,
                arguments: positional,
                keywords,
                attributes: Self::attributes(),
            })))),
            ResultType::None => Ok(Value::None),
            _ => self.residual(Rule::UnknownCall, format!("`{what}` gives something of a type that is not known")),
        }
    }

    fn meets(
        &mut self,
        requirement: Requirement,
        receiver: Option<&Value>,
        positional: &[Value],
        keywords: &Keywords,
    ) -> bool {
        let of_type = |value: &Value, types: &[GroundId]| match value {
            Value::Str(_) => types.contains(&self.known.str),
            Value::Int(_) => types.contains(&self.known.int),
            Value::Opaque(id) => types.contains(id),
            _ => false,
        };
        let first = positional.first();
        let rest_inert = |machine: &Self| {
            positional.iter().skip(1).all(|value| machine.is_inert(value))
                && keywords.iter().all(|(_, value)| machine.is_inert(value))
        };
        let is_callable_or_none = |value: Option<&Value>| {
            value.is_none_or(|value| matches!(value, Value::None) || self.is_surely_callable(value))
        };
        match requirement {
            Requirement::Inert => {
                receiver.is_none_or(|receiver| self.is_inert(receiver)) && self.all_inert(positional, keywords)
            }
            Requirement::InertOrNumbers => positional
                .iter()
                .chain(keywords.iter().map(|(_, value)| value))
                .all(|value| self.is_inert_or_number(value)),
            Requirement::Function => {
                positional.iter().chain(keywords.iter().map(|(_, value)| value)).all(|value| match value {
                    Value::None => true,
                    Value::Object(object) => matches!(self.object(*object), Object::Function(_)),
                    other => self.is_inert(other),
                })
            }
            Requirement::Callable => first.is_some() && is_callable_or_none(first),
            Requirement::SurelyCallable => first.is_some_and(|first| self.is_surely_callable(first)),
            Requirement::CallableThenInert => {
                first.is_some()
                    && is_callable_or_none(first)
                    && positional
                        .iter()
                        .skip(1)
                        .chain(keywords.iter().map(|(_, value)| value))
                        .all(|value| self.is_inert(value) || self.as_type(value).is_some())
            }
            Requirement::Dict => match (positional, first) {
                ([_], Some(Value::Object(object))) => matches!(self.object(*object), Object::Dict(_)),
                _ => false,
            },
            Requirement::Strings => {
                keywords.is_empty()
                    && !positional.is_empty()
                    && positional.iter().all(|value| of_type(value, &[self.known.str]))
            }
            Requirement::StringFirst => first.is_some_and(|value| of_type(value, &[self.known.str])),
            Requirement::StringsOrIntegers => positional
                .iter()
                .chain(keywords.iter().map(|(_, value)| value))
                .all(|value| of_type(value, &[self.known.str, self.known.int])),
            Requirement::Classes => {
                positional.iter().all(|value| matches!(value, Value::None) || self.has_plain_metaclass(value))
            }
            Requirement::InertRest => rest_inert(self),
            Requirement::KeywordsOnly => positional.is_empty(),
            Requirement::One => match receiver {
                Some(receiver) => positional.is_empty() && self.is_inert(receiver),
                None => positional.len() == 1 && self.all_inert(positional, keywords),
            },
            // Without a callback nothing happens when the object goes.
            Requirement::Weakrefable => match positional {
                [Value::Object(object), rest @ ..] if rest.len() <= 1 && keywords.is_empty() => {
                    is_callable_or_none(rest.first())
                        && self.is_own(*object)
                        && matches!(self.object(*object), Object::Instance(_) | Object::Class(_) | Object::Function(_))
                }
                _ => false,
            },
        }
    }

    /// Is a class whose metaclass is exactly `type`.
    pub(super) fn has_plain_metaclass(&self, value: &Value) -> bool {
        match self.as_type(value) {
            Some(Type::Ground(id)) => self.type_info(id).is_some_and(|info| info.metaclass == self.known.type_),
            Some(Type::Class(object)) => {
                self.class(object).is_some_and(|class| class.metaclass == Type::Ground(self.known.type_))
            }
            None => false,
        }
    }

    /// `callable(value)` is certainly true.
    pub(super) fn is_surely_callable(&self, value: &Value) -> bool {
        if self.as_type(value).is_some() {
            return true;
        }
        match value {
            Value::Ground(id) => matches!(self.world.ground().entry(*id).kind, EntryKind::Function { .. }),
            Value::Object(object) => matches!(
                self.object(*object),
                Object::Function(_)
                    | Object::BoundMethod { .. }
                    | Object::BoundGround { .. }
                    | Object::UnboundGround { .. }
            ),
            _ => false,
        }
    }

    fn call_described_type(&mut self, id: GroundId, positional: Vec<Value>, keywords: Keywords) -> Eval<Value> {
        let entry = self.world.ground().entry(id);
        let (call, what) = (entry.call, entry.qualified.clone());
        self.call_described(call, &what, None, positional, keywords)
    }

    /// `str.maketrans(dict)`. `None`: not modelled.
    fn translation_of(&mut self, dict: &Value) -> Eval<Option<Value>> {
        match dict {
            Value::Object(object) if matches!(self.object(*object), Object::Dict(_)) && self.is_own(*object) => {}
            _ => return Ok(None),
        }
        let mut pairs = Vec::new();
        for (key, value) in self.dict_entries(dict)?.unwrap_or_default().into_values() {
            let key = match &key {
                Value::Int(_) => key,
                Value::Str(text) => match (text.chars().next(), text.chars().nth(1)) {
                    (Some(character), None) => Value::int(i64::from(u32::from(character))),
                    _ => return Ok(None),
                },
                _ => return Ok(None),
            };
            pairs.push((key, value));
        }
        let table = self.new_dict(Default::default());
        for (key, value) in pairs {
            self.dict_insert(&table, key, value)?;
        }
        Ok(Some(table))
    }

    fn call_static_ground(
        &mut self,
        owner: GroundId,
        name: &str,
        positional: Vec<Value>,
        keywords: Keywords,
    ) -> Eval<Value> {
        let qualified = self.world.ground().entry(owner).qualified.clone();
        if &*qualified == "builtins.str" && name == "maketrans" && keywords.is_empty() {
            if let [dict] = positional.as_slice()
                && let Some(table) = self.translation_of(dict)?
            {
                return Ok(table);
            }
            let outcome = crate::primitive::call_method(self.context(), &Value::str(""), name, &positional, &[]);
            let product = self.primitive(outcome)?;
            return self.product(product);
        }
        let Some(attribute) = self.ground_attribute(owner, name) else {
            return self.malformed();
        };
        let call = attribute.call;
        self.call_described(call, &format!("{qualified}.{name}"), None, positional, keywords)
    }

    /// `T.__init__` of a C type.
    pub(super) fn ground_init(
        &mut self,
        owner: GroundId,
        made: &Value,
        positional: Vec<Value>,
        keywords: Keywords,
    ) -> Eval<()> {
        let known = self.known;
        if owner == known.object {
            return self.object_init(made, &positional, &keywords);
        }
        if [known.list, known.set].contains(&owner) && positional.len() > 1 {
            let message = format!("expected at most 1 argument, got {}", positional.len());
            return self.raise("TypeError", message);
        }
        if !keywords.is_empty() && (owner == known.set || owner == known.list) {
            // `list.__init__` leaves them to a `__new__` in Python.
            let class = self.type_of(made)?;
            if owner == known.set || matches!(self.lookup(class, "__new__"), Some(Found::Ground { .. })) {
                let name = self.c_name(Type::Ground(owner));
                return self.raise("TypeError", format!("{name}() takes no keyword arguments"));
            }
        }
        if owner == known.list {
            if let Some(iterable) = positional.first() {
                let items = self.collect_hinted(iterable)?;
                self.list_mut(made)?.clear();
                self.list_extend(made, items)?;
            }
            return Ok(());
        }
        if owner == known.dict {
            return self.dict_update(made, positional, keywords);
        }
        if owner == known.ordered_dict {
            if !self.is_ordered_dict(made) {
                return self.residual(Rule::NotModelled, "an instance of a class that derives from `OrderedDict`");
            }
            if positional.len() > 1 {
                return self.residual(Rule::Raises, "an `OrderedDict` of too many arguments");
            }
            return self.dict_update(made, positional, keywords);
        }
        if owner == known.default_dict {
            return self.init_default_dict(made, positional, keywords);
        }
        if owner == known.set {
            if let Some(iterable) = positional.first() {
                let items = self.collect_for_set(iterable)?;
                self.set_mut(made)?.clear();
                self.take_filling(made);
                for item in items {
                    self.set_add(made, item)?;
                }
                self.note_made_of(made, iterable);
            }
            return Ok(());
        }
        if owner == known.type_ {
            return Ok(());
        }
        if self.is_subtype(Type::Ground(owner), Type::Ground(known.base_exception)) {
            let Value::Object(object) = made else {
                return self.malformed();
            };
            let is_group = self.is_exception_group(Type::Ground(owner));
            let class = self.type_of(made)?;
            if !self.are_members(class, &keywords) {
                return self.residual(Rule::NotModelled, "keyword arguments of an exception implemented in C");
            }
            if !is_group {
                self.note_arguments(*object, &positional, keywords)?;
            }
            if let Object::Instance(instance) = self.object_mut(*object)?
                && let Payload::Exception(arguments) = &mut instance.payload
                && !is_group
            {
                *arguments = positional;
            }
            return Ok(());
        }
        if owner == known.property
            && let Value::Object(object) = made
            && let Object::Instance(_) = self.object(*object)
        {
            return self.init_property(made, positional, keywords);
        }
        if (owner == known.static_method || owner == known.class_method)
            && keywords.is_empty()
            && let Value::Object(object) = made
            && let Object::Instance(_) = self.object(*object)
        {
            return self.init_wrapper(made, &positional);
        }
        // The object was made from its arguments already.
        let native = match made {
            Value::Object(object) => matches!(
                self.object(*object),
                Object::Native(_)
                    | Object::Property(_)
                    | Object::StaticMethod(_)
                    | Object::ClassMethod(_)
                    | Object::Super { .. }
            ),
            Value::Opaque(_) => true,
            _ => false,
        };
        if native {
            return Ok(());
        }
        let what = self.world.ground().entry(owner).qualified.clone();
        self.residual(Rule::NotModelled, format!("`{what}.__init__`"))
    }

    /// `object_init`: complains of arguments that nobody takes.
    fn object_init(&mut self, made: &Value, positional: &[Value], keywords: &Keywords) -> Eval<()> {
        if positional.is_empty() && keywords.is_empty() {
            return Ok(());
        }
        let class = self.type_of(made)?;
        let overrides_new =
            !matches!(self.lookup(class, "__new__"), Some(Found::Ground { owner, .. }) if owner == self.known.object);
        let overrides_init =
            !matches!(self.lookup(class, "__init__"), Some(Found::Ground { owner, .. }) if owner == self.known.object);
        if overrides_init || !overrides_new {
            let name = self.c_name(class);
            return self.raise("TypeError", format!("{name}() takes no arguments"));
        }
        Ok(())
    }
}
