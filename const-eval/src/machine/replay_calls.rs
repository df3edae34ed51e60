//! Calls that change what belongs to others, and are known completely: they are carried out at import, in their place.
//!
//! C functions are described in the ground (`replay`). Of the pure-Python standard library, a few
//! functions have a model here, because what they do rests on contents that differ from process to process
//! (whether a filter is there already, which loggers exist): what is known is that the call, carried out at
//! import as it always was, changes the state of its own module and nothing else.

use super::functions::Keywords;
use super::types::Found;
use super::{Eval, Machine};
use crate::effect::Changed;
use crate::ground::{GroundId, ResultType};
use crate::heap::{Object, Type};
use crate::reason::{Reason, Rule};
use crate::value::{ModuleId, ObjectRef, Value};

impl Machine<'_> {
    /// A described C function (`Effect::Replay`).
    pub(super) fn replay_ground_call(
        &mut self,
        what: &str,
        result: ResultType,
        positional: Vec<Value>,
        keywords: Keywords,
    ) -> Eval<Value> {
        let Some(function) = self.world.ground().find(what) else { return self.malformed() };
        let message = format!("`{what}` changes what belongs to others");
        self.carry_out_call(Value::Ground(function), &positional, &keywords, &message)?;
        Ok(match result {
            ResultType::None => Value::None,
            ResultType::First => match positional.into_iter().next() {
                Some(first) => first,
                None => return self.malformed(),
            },
            _ => made_anew(what),
        })
    }

    /// `_abc._abc_register(class, subclass)` (`_abc__abc_register_impl` in _abc.c).
    pub(super) fn abc_register(&mut self, function: GroundId, class: &Value, subclass: &Value) -> Eval<Value> {
        let Some(base) = self.as_type(class) else { return self.malformed() };
        if let Value::Unknown(reason) = subclass {
            let reason = reason.clone();
            return self.unknown(Rule::UnknownCall, "registers something that is not known", &reason);
        }
        let Some(registered) = self.as_type(subclass) else {
            return self.raise("TypeError", "Can only register classes");
        };
        if !self.has_check_of(base, &["abc"])? {
            return self
                .residual(Rule::NotModelled, "registers with a class that checks subclasses by code of its own");
        }
        if self.subclass_hook(class, base, subclass)? == Some(true) || self.is_subtype(registered, base) {
            // Already a subclass: nothing is registered.
            return Ok(subclass.clone());
        }
        if self.is_subtype(base, registered) {
            return self.raise("RuntimeError", "Refusing to create an inheritance cycle");
        }
        if let Type::Class(base) = base
            && self.is_ours(base)
            && let Some(Object::Class(base)) = self.heap.objects.get_mut(base.index as usize)
        {
            base.registered.push(registered);
        }
        if let Type::Class(base) = base {
            let change = Changed::Registry(base, Some(registered));
            match self.is_own(base) {
                false => self.note_change(change),
                true if self.abstract_bases(base).next().is_some() => self.note_own_change(change),
                true => {}
            }
        }
        // To be found in a registry is no more than to be found among a base's subclasses.
        let leaked = self.leaked;
        let arguments = [class.clone(), subclass.clone()];
        let message = "registers a class with an abstract base class";
        self.carry_out_call(Value::Ground(function), &arguments, &[], message)?;
        self.leaked = leaked;
        Ok(subclass.clone())
    }

    /// `_csv.register_dialect(name, class)`: reads the attributes that a dialect has (`dialect_new` in _csv.c).
    pub(super) fn register_dialect(&mut self, function: GroundId, name: &Value, dialect: &Value) -> Eval<Value> {
        const FIELDS: [&str; 8] = [
            "delimiter",
            "doublequote",
            "escapechar",
            "lineterminator",
            "quotechar",
            "quoting",
            "skipinitialspace",
            "strict",
        ];
        if self.as_type(dialect).is_none() {
            return self.residual(Rule::UnknownCall, "registers a dialect that is not a class");
        }
        for field in FIELDS {
            if let Some(value) = self.find_attribute(dialect, field)?
                && !self.is_inert(&value)
            {
                return self.residual(Rule::UnknownCall, format!("registers a dialect whose `{field}` is not known"));
            }
        }
        let message = "`_csv.register_dialect` changes what belongs to others";
        self.carry_out_call(Value::Ground(function), &[name.clone(), dialect.clone()], &[], message)?;
        Ok(Value::None)
    }

    /// What `__subclasshook__` says of it; nothing, where it leaves the question to others.
    /// Is what counts as a subclass of the class decided by code of one of these modules of the standard library?
    fn has_check_of(&mut self, class: Type, modules: &[&str]) -> Eval<bool> {
        let metaclass = self.type_of(&class.value())?;
        Ok(match self.python_definition(metaclass, "__subclasscheck__") {
            Some(Value::Object(check)) => {
                self.world.is_standard(check.owner) && modules.contains(&self.world.module_name(check.owner))
            }
            _ => false,
        })
    }

    /// The same as for any abstract class? (`typing` lets `abc` ask its protocols.)
    fn has_plain_check(&mut self, class: Type) -> Eval<bool> {
        self.has_check_of(class, &["abc", "typing"])
    }

    /// Abstract classes of other modules that an own class derives from.
    pub(super) fn abstract_bases(&self, class: ObjectRef) -> impl Iterator<Item = ObjectRef> {
        let bases = self.mro(Type::Class(class)).into_iter().filter_map(move |base| match base {
            Type::Class(base) if base != class && !self.is_ours(base) => Some(base),
            _ => None,
        });
        bases.filter(|base| self.class(*base).is_some_and(|class| class.is_abc))
    }

    /// Notes where a new abstract class has a say in what counts as a subclass of others' that it derives from.
    pub(super) fn note_subclass_hook(&mut self, class: ObjectRef) -> Eval<()> {
        if !self.has_plain_check(Type::Class(class))? {
            let bases: Vec<ObjectRef> = self.abstract_bases(class).collect();
            for base in bases {
                self.note_own_change(Changed::Registry(base, None));
            }
            return Ok(());
        }
        let hook = self.subclass_hook_of(Type::Class(class));
        if hook.is_none() {
            return Ok(());
        }
        let bases: Vec<ObjectRef> = self.abstract_bases(class).collect();
        // Those from which it inherits the hook ask it themselves.
        let askers: Vec<ObjectRef> =
            bases.iter().copied().filter(|base| self.subclass_hook_of(Type::Class(*base)) == hook).collect();
        for base in bases {
            if !askers.iter().any(|asker| self.is_subtype(Type::Class(*asker), Type::Class(base))) {
                self.note_own_change(Changed::Registry(base, None));
            }
        }
        Ok(())
    }

    /// The `__subclasshook__` of a class that is written in Python.
    fn subclass_hook_of(&self, class: Type) -> Option<Value> {
        self.mro(class).into_iter().find_map(|base| match base {
            Type::Class(base) => self.class(base)?.namespace.get("__subclasshook__").cloned(),
            Type::Ground(_) => None,
        })
    }

    /// Does a class count as a subclass of an abstract one because it counts as one of a class that derives from that, in
    /// this module or in the one that has made it? (What they inherit from the abstract class, that one has decided.)
    pub(super) fn counts_for_derived(&mut self, class: Type, of: Type) -> Eval<bool> {
        let Type::Class(reference) = class else { return Ok(false) };
        let mut derived: Vec<ObjectRef> = self.abstract_classes.clone();
        if let Some(evaluated) = self.world.evaluated(reference.owner).filter(|_| !self.is_ours(reference)) {
            derived.extend((0..).zip(&evaluated.heap.objects).filter_map(|(index, object)| {
                matches!(object, Object::Class(_)).then_some(ObjectRef { owner: reference.owner, index })
            }));
        }
        derived.retain(|candidate| self.is_subtype(Type::Class(*candidate), class));
        let inherited = self.subclass_hook_of(class);
        for candidate in derived {
            let registered = self.class(candidate).map(|class| class.registered.clone()).unwrap_or_default();
            if registered.iter().any(|registered| self.is_subtype(of, *registered)) {
                return Ok(true);
            }
            let candidate = Type::Class(candidate);
            if candidate != class && !self.has_plain_check(candidate)? {
                if self.issubclass(&of.value(), &candidate.value())? {
                    return Ok(true);
                }
                continue;
            }
            if candidate != class
                && self.subclass_hook_of(candidate) != inherited
                && self.subclass_hook(&candidate.value(), candidate, &of.value())? == Some(true)
            {
                return Ok(true);
            }
        }
        Ok(false)
    }

    pub(super) fn subclass_hook(&mut self, class: &Value, base: Type, subclass: &Value) -> Eval<Option<bool>> {
        let Some(hook @ Found::Value(_)) = self.lookup(base, "__subclasshook__") else { return Ok(None) };
        let hook = self.bind(hook, "__subclasshook__", None, base)?;
        match self.call(&hook, vec![subclass.clone()], Vec::new())? {
            Value::Bool(answer) => Ok(Some(answer)),
            Value::NotImplemented => Ok(None),
            _ => {
                let class = self.describe(class);
                self.residual(Rule::NotModelled, format!("`__subclasshook__` of {class} gives something unusual"))
            }
        }
    }

    /// A call of a function of the standard library that is carried out at import: its result; `None`
    /// where it has no model, or not for these arguments.
    pub(super) fn replay_model(
        &mut self,
        module: ModuleId,
        function: ObjectRef,
        qualname: &str,
        positional: &[Value],
        keywords: &Keywords,
    ) -> Eval<Option<Value>> {
        let name = self.world.module_name(module).to_string();
        let result = match (&*name, qualname, positional) {
            ("warnings", "filterwarnings" | "simplefilter", [action, ..]) => {
                if !self.is_warning_action(action) || !self.are_filter_fields(&positional[1..], keywords) {
                    return Ok(None);
                }
                Value::None
            }
            ("logging", "getLogger", [] | [Value::Str(_) | Value::None]) if keywords.is_empty() => {
                made_anew("logging.getLogger")
            }
            // It enters the function in a registry, by its module and name, and gives a placeholder. The
            // registry hands it to nobody but who asks for the overloads of that very function.
            ("typing", "overload", [Value::Object(overloaded)])
                if keywords.is_empty() && self.is_plain_function(*overloaded) =>
            {
                let Some(result) = self.foreign_global(module, "_overload_dummy")? else { return Ok(None) };
                self.depend("typing", &["_overload_dummy"]);
                let leaked = self.leaked;
                let message = "`typing.overload` enters the function in its registry";
                self.carry_out_call(Value::Object(function), positional, keywords, message)?;
                self.leaked = leaked;
                return Ok(Some(result));
            }
            ("functools", "singledispatch.<locals>.register", [class, implementation])
                if keywords.is_empty() && !self.is_own(function) =>
            {
                // It asks `typing` whether the class is a union.
                if self.as_type(class).is_none()
                    || !self.is_surely_callable(implementation)
                    || !self.import_in_call("typing", &[])
                {
                    return Ok(None);
                }
                implementation.clone()
            }
            _ => return Ok(None),
        };
        let message = format!("`{name}.{qualname}` changes what belongs to others");
        self.carry_out_call(Value::Object(function), positional, keywords, &message)?;
        Ok(Some(result))
    }

    /// A function of this module, or a class or static method made of one.
    fn is_plain_function(&self, object: ObjectRef) -> bool {
        self.is_own(object)
            && match self.object(object) {
                Object::Function(function) => {
                    let names = (&function.module_name, &function.qualname);
                    function.dynamic.is_none() && matches!(names, (Value::Str(_), Value::Str(_)))
                }
                Object::StaticMethod(wrapper) | Object::ClassMethod(wrapper) => match &wrapper.function {
                    Value::Object(function) => {
                        matches!(self.object(*function), Object::Function(_)) && self.is_plain_function(*function)
                    }
                    _ => false,
                },
                _ => false,
            }
    }

    fn is_warning_action(&self, action: &Value) -> bool {
        let Value::Str(action) = action else { return false };
        matches!(&**action, "error" | "ignore" | "always" | "default" | "module" | "once")
    }

    /// Further arguments of a warnings filter: strings, a line number, a flag, and a subclass of `Warning`.
    fn are_filter_fields(&self, positional: &[Value], keywords: &Keywords) -> bool {
        let warning = self.world.ground().builtin("Warning");
        positional.iter().chain(keywords.iter().map(|(_, value)| value)).all(|value| match value {
            Value::Str(_) | Value::Bool(_) => true,
            Value::Int(line) => line.to_i64().is_some_and(|line| line >= 0),
            other => match (self.as_type(other), warning) {
                (Some(class), Some(warning)) => self.is_subtype(class, Type::Ground(warning)),
                _ => false,
            },
        })
    }

    /// The function that a model may stand for: its qualified name.
    pub(super) fn qualname_of(&self, function: ObjectRef) -> Option<std::sync::Arc<str>> {
        match self.object(function) {
            Object::Function(function) => match &function.qualname {
                Value::Str(qualname) => Some(qualname.clone()),
                _ => None,
            },
            _ => None,
        }
    }
}

/// The result of a call that each process carries out for itself.
fn made_anew(what: &str) -> Value {
    Value::Unknown(Reason::new(Rule::Nondeterministic, format!("the result of `{what}` is made anew in each process")))
}
