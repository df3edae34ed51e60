//! Does C code accept the arguments it is given?
//!
//! What a description promises (`crate::ground::Effect`) holds for the right number of arguments of the right
//! types; for others C code raises. The target says which it is: it is asked to carry out the
//! call with stand-ins, of the same types, for what is not plain data. That is sound for
//! callables that only keep their arguments, or look at their types.

use super::functions::Keywords;
use super::{Eval, Machine};
use crate::ground::EntryKind;
use crate::heap::{Object, Payload, Type};
use crate::reason::Rule;
use crate::value::Value;
use crate::world::{Answer, Question};

/// Containers that are longer are stood in for as a whole.
const MAX_ITEMS: usize = 64;
const MAX_DEPTH: usize = 8;

/// Stands for a value of which nothing is known: the target tries values of many types.
const ANYTHING: &str = "anything()";

/// Methods by which C code tells whether it accepts an object.
const SPECIAL: [&str; 14] = [
    "__call__",
    "__iter__",
    "__next__",
    "__getitem__",
    "__len__",
    "__index__",
    "__int__",
    "__float__",
    "__complex__",
    "__bytes__",
    "__fspath__",
    "__buffer__",
    "__hash__",
    "__await__",
];

impl Machine<'_> {
    /// Goes on if the target accepts the arguments; raises what it raises. `lasting`: the call changes the
    /// interpreter that carries it out.
    pub(super) fn demand_accepted(
        &mut self,
        what: &str,
        receiver: Option<&Value>,
        positional: &[Value],
        keywords: &Keywords,
        lasting: bool,
    ) -> Eval<()> {
        // A class method is found bound to its class.
        let receiver = receiver.filter(|receiver| self.as_type(receiver).is_none());
        let given: Vec<Value> = receiver.into_iter().chain(positional).cloned().collect();
        let (arguments, names) =
            self.text_of_call(&given, keywords, |machine, value| Ok(machine.stand_in(value, 0)))?;
        let uncertain = arguments.contains(ANYTHING) || names.contains(ANYTHING);
        let call = what.replacen('.', ":", 1);
        match self.world.ask(&Question { call: &call, arguments: &arguments, keywords: &names, lasting }) {
            Answer::Completes { .. } => Ok(()),
            Answer::Raises { exception, message } if !uncertain => self.raise(&exception, message),
            _ => self.residual(Rule::Raises, format!("`{what}` may raise for these arguments")),
        }
    }

    /// Texts of the tuple and the dict that `consult.py` makes a call's arguments from.
    pub(super) fn text_of_call(
        &mut self,
        positional: &[Value],
        keywords: &Keywords,
        mut write: impl FnMut(&mut Self, &Value) -> Eval<String>,
    ) -> Eval<(String, String)> {
        let mut arguments = String::from("(");
        for value in positional {
            arguments += &write(self, value)?;
            arguments += ", ";
        }
        arguments.push(')');
        let mut names = String::from("{");
        for (name, value) in keywords {
            let Ok(name) = crate::primitive::repr(&Value::Str(name.clone())) else { return self.malformed() };
            names += &format!("{name}: {}, ", write(self, value)?);
        }
        names.push('}');
        Ok((arguments, names))
    }

    /// Text that `consult.py` makes an object of the same type from.
    fn stand_in(&mut self, value: &Value, depth: usize) -> String {
        if depth > MAX_DEPTH {
            return ANYTHING.into();
        }
        if self.is_literal(value)
            && let Ok(Value::Str(text)) = self.repr_of(value)
        {
            return text.to_string();
        }
        match value {
            Value::Float(_) | Value::Complex(..) | Value::Range(_) | Value::Ellipsis | Value::NotImplemented => {
                match crate::primitive::repr(value) {
                    Ok(text) if !text.contains(['n', 'f']) || matches!(value, Value::Range(_)) => text.to_string(),
                    _ => ANYTHING.into(),
                }
            }
            Value::Tuple(items) if items.len() <= MAX_ITEMS => {
                let items = items.clone();
                let parts: Vec<String> = items.iter().map(|item| self.stand_in(item, depth + 1)).collect();
                format!("({}, )", parts.join(", "))
            }
            Value::Slice(parts) => {
                let parts = parts.clone();
                let parts: Vec<String> = parts.iter().map(|part| self.stand_in(part, depth + 1)).collect();
                format!("slice({})", parts.join(", "))
            }
            Value::Opaque(id) if *id == self.known.str => "'text'".into(),
            Value::Opaque(id) if *id == self.known.bytes => "b'data'".into(),
            Value::Ground(id) => {
                let entry = self.world.ground().entry(*id);
                match entry.kind {
                    EntryKind::Function { .. } => "function()".into(),
                    EntryKind::Type(_) => format!("ground('{}', '{}')", entry.module, entry.name),
                    EntryKind::Instance { .. } => ANYTHING.into(),
                }
            }
            Value::Object(_) => self.object_stand_in(value, depth),
            _ => ANYTHING.into(),
        }
    }

    fn object_stand_in(&mut self, value: &Value, depth: usize) -> String {
        let Value::Object(object) = value else { return ANYTHING.into() };
        match self.object(*object) {
            Object::Function(_)
            | Object::BoundMethod { .. }
            | Object::BoundGround { .. }
            | Object::UnboundGround { .. } => "function()".into(),
            Object::Class(class) => {
                let entry = self.world.ground().entry(class.solid);
                format!("subclass(ground('{}', '{}'))", entry.module, entry.name)
            }
            Object::Native(native)
                if matches!(
                    &*self.world.ground().entry(native.class).qualified,
                    "_functools.partial" | "functools.partial"
                ) =>
            {
                "function()".into()
            }
            Object::List(items) if items.len() <= MAX_ITEMS => {
                let items = items.clone();
                let parts: Vec<String> = items.iter().map(|item| self.stand_in(item, depth + 1)).collect();
                format!("[{}]", parts.join(", "))
            }
            Object::List(_) => "[]".into(),
            Object::Dict(_) => "{}".into(),
            Object::Set(_) => "set()".into(),
            Object::FrozenSet(_) => "frozenset()".into(),
            Object::Instance(instance) if matches!(instance.payload, Payload::None) => {
                let class = instance.class;
                let solid = match class {
                    Type::Class(object) => self.class(object).map(|class| class.solid),
                    Type::Ground(id) => Some(id),
                };
                if solid != Some(self.known.object) {
                    return ANYTHING.into();
                }
                let methods: Vec<String> = SPECIAL
                    .iter()
                    .filter(|name| self.python_definition(class, name).is_some())
                    .map(|name| format!("'{name}'"))
                    .collect();
                format!("instance({})", methods.join(", "))
            }
            Object::Instance(instance) => {
                let Payload::Data(data) = instance.payload.clone() else { return ANYTHING.into() };
                let Type::Class(class) = instance.class else { return ANYTHING.into() };
                let Some(solid) = self.class(class).map(|class| class.solid) else { return ANYTHING.into() };
                let entry = self.world.ground().entry(solid);
                let base = format!("ground('{}', '{}')", entry.module, entry.name);
                format!("derived({base}, {})", self.stand_in(&data, depth + 1))
            }
            _ => ANYTHING.into(),
        }
    }
}
