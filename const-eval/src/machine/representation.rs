//! Text of objects: `repr`, `str`, `format`, `%` and `str.format`, f-strings.

use std::sync::Arc;

use syntax::ir::Conversion;

use super::functions::Keywords;
use super::types::Found;
use super::{Eval, MAX_NESTING, Machine};
use crate::heap::{Object, Payload, Type};
use crate::primitive::{self, fields, percent};
use crate::reason::Rule;
use crate::value::{ObjectRef, Value};

/// A container whose repr is being written.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Represented {
    Object(ObjectRef),
    /// A tuple, by where its items lie.
    Tuple(usize),
}

impl Machine<'_> {
    fn text(&mut self, value: Value) -> Eval<Arc<str>> {
        match value {
            Value::Str(text) => Ok(text),
            Value::Unknown(_) | Value::Opaque(_) => {
                self.residual(Rule::NotModelled, "text that is computed by the target only")
            }
            _ => self.raise("TypeError", "__repr__ returned non-string"),
        }
    }

    pub(super) fn repr_of(&mut self, value: &Value) -> Eval<Value> {
        let mut out = String::new();
        self.write_repr(value, &mut out)?;
        Ok(Value::str(out))
    }

    fn write_repr(&mut self, value: &Value, out: &mut String) -> Eval<()> {
        self.count_step()?;
        if self.representing.len() > MAX_NESTING {
            return self.residual(Rule::Budget, "the repr of a deeply nested container");
        }
        match value {
            Value::Unknown(reason) => {
                let reason = reason.clone();
                return self.unknown(Rule::UnknownOperation, "the text of something that is not known", &reason);
            }
            Value::Tuple(items) => {
                let items = items.clone();
                let place = Represented::Tuple(items.as_ptr() as usize);
                if !items.is_empty() && self.representing.contains(&place) {
                    out.push_str("(...)");
                    return Ok(());
                }
                out.push('(');
                self.representing.push(place);
                let written = self.write_items(&items, out);
                self.representing.pop();
                written?;
                out.push_str(if items.len() == 1 { ",)" } else { ")" });
                return Ok(());
            }
            Value::Slice(parts) => {
                out.push_str("slice(");
                self.write_items(&parts.clone()[..], out)?;
                out.push(')');
                return Ok(());
            }
            Value::Module(_) | Value::GroundModule(_) | Value::Opaque(_) => {
                return self.residual(
                    Rule::Nondeterministic,
                    "the repr of a module or of a value that is computed by the target only",
                );
            }
            Value::Ground(id) => {
                let Some(class) = self.type_info(*id) else {
                    return self.residual(Rule::Nondeterministic, "the repr of an object implemented in C");
                };
                let name = class.python_name.trim_start_matches("builtins.").to_string();
                out.push_str(&format!("<class '{name}'>"));
                return Ok(());
            }
            Value::Object(object) => return self.write_object(*object, value, out),
            _ => {}
        }
        let outcome = primitive::repr(value);
        let text = self.primitive(outcome)?;
        out.push_str(&text);
        Ok(())
    }

    fn write_items(&mut self, items: &[Value], out: &mut String) -> Eval<()> {
        for (index, item) in items.iter().enumerate() {
            if index > 0 {
                out.push_str(", ");
            }
            self.write_repr(item, out)?;
        }
        Ok(())
    }

    /// What stands in the repr of an alias or union (`ga_repr_item` in genericaliasobject.c, `union_repr_item` in
    /// unionobject.c): classes by name.
    fn write_part(&mut self, part: &Value, out: &mut String) -> Eval<()> {
        match part {
            Value::Ellipsis => {
                out.push_str("...");
                return Ok(());
            }
            // Lists of parameters are written out from 3.12 on, and `NoneType` has got another name.
            Value::Ground(class) if *class == self.known.none_type => {
                return self.residual(Rule::NotModelled, "the repr of an alias of `NoneType`");
            }
            Value::Object(object) if matches!(self.object(*object), Object::List(_)) => {
                return self.residual(Rule::NotModelled, "the repr of an alias of a list");
            }
            _ => {}
        }
        if self.find_attribute(part, "__origin__")?.is_some() && self.find_attribute(part, "__args__")?.is_some() {
            return self.write_repr(part, out);
        }
        let (Some(name), Some(module)) =
            (self.find_attribute(part, "__qualname__")?, self.find_attribute(part, "__module__")?)
        else {
            return self.write_repr(part, out);
        };
        match (name, module) {
            (_, Value::None) => self.write_repr(part, out),
            (Value::Str(name), Value::Str(module)) => {
                if &*module != "builtins" {
                    out.push_str(&module);
                    out.push('.');
                }
                out.push_str(&name);
                Ok(())
            }
            _ => self.residual(Rule::NotModelled, "the repr of an alias of something whose name is not a string"),
        }
    }

    fn write_object(&mut self, object: ObjectRef, value: &Value, out: &mut String) -> Eval<()> {
        if self.as_type(value).is_some() {
            return self.write_class(object, value, out);
        }
        let class = self.type_of(value)?;
        if let Some(method) = self.python_definition(class, "__repr__") {
            let method = self.bind(Found::Value(method), "__repr__", Some(value), class)?;
            let text = self.call(&method, Vec::new(), Vec::new())?;
            let text = self.text(text)?;
            out.push_str(&text);
            return Ok(());
        }
        if let Some(text) = self.parameter_text(value) {
            out.push_str(&text);
            return Ok(());
        }
        let place = Represented::Object(object);
        let recursive = self.representing.iter().position(|each| *each == place);
        // The very tuple in which it began may be a copy here.
        let is_tuple = |each: &Represented| matches!(each, Represented::Tuple(_));
        if let Some(first) = recursive
            && self.representing[..first].iter().any(is_tuple)
            && self.representing[first..].iter().any(is_tuple)
        {
            return self.residual(Rule::NotModelled, "the repr of a tuple that contains itself");
        }
        self.representing.push(place);
        let result = self.write_contents(object, value, class, recursive.is_some(), out);
        self.representing.pop();
        result
    }

    fn write_contents(
        &mut self,
        object: ObjectRef,
        value: &Value,
        class: Type,
        recursive: bool,
        out: &mut String,
    ) -> Eval<()> {
        enum Kind {
            List,
            Dict,
            Set { frozen: bool },
            Exception(Vec<Value>),
            Data(Value),
            Alias { origin: Value, arguments: Vec<Value> },
            Union(Vec<Value>),
            Other,
        }
        let kind = match self.object(object) {
            Object::GenericAlias { origin, arguments } => {
                Kind::Alias { origin: origin.clone(), arguments: arguments.clone() }
            }
            Object::Union(members) => Kind::Union(members.clone()),
            Object::List(_) => Kind::List,
            Object::Dict(_) => Kind::Dict,
            Object::Set(_) => Kind::Set { frozen: false },
            Object::FrozenSet(_) => Kind::Set { frozen: true },
            Object::Instance(instance) => match &instance.payload {
                Payload::List(_) => Kind::List,
                Payload::Dict(_) if self.is_subtype(class, Type::Ground(self.known.default_dict)) => {
                    return self.residual(Rule::NotModelled, "the repr of a `defaultdict`");
                }
                Payload::Dict(_) if class == Type::Ground(self.known.ordered_dict) => {
                    return self.residual(Rule::NotModelled, "the repr of an `OrderedDict`");
                }
                Payload::Dict(_) => Kind::Dict,
                Payload::Exception(arguments) => {
                    let shown = match self.group_attribute("args", arguments) {
                        Some(Value::Tuple(shown)) => shown.to_vec(),
                        _ => arguments.clone(),
                    };
                    Kind::Exception(shown)
                }
                Payload::Data(data) => Kind::Data(data.clone()),
                _ => Kind::Other,
            },
            _ => Kind::Other,
        };
        match kind {
            Kind::List => {
                if recursive {
                    out.push_str("[...]");
                    return Ok(());
                }
                out.push('[');
                let items = self.list_items(value)?;
                self.write_items(&items, out)?;
                out.push(']');
            }
            Kind::Dict => {
                if recursive {
                    out.push_str("{...}");
                    return Ok(());
                }
                out.push('{');
                let entries = self.dict_entries(value)?.unwrap_or_default();
                for (index, (key, value)) in entries.into_values().enumerate() {
                    if index > 0 {
                        out.push_str(", ");
                    }
                    self.write_repr(&key, out)?;
                    out.push_str(": ");
                    self.write_repr(&value, out)?;
                }
                out.push('}');
            }
            Kind::Set { frozen } => {
                let items: Vec<Value> = self.set_entries(value)?.unwrap_or_default().into_values().collect();
                match (items.len(), frozen) {
                    (0, false) => out.push_str("set()"),
                    (0, true) => out.push_str("frozenset()"),
                    (1, false) => {
                        out.push('{');
                        self.write_items(&items, out)?;
                        out.push('}');
                    }
                    (1, true) => {
                        out.push_str("frozenset({");
                        self.write_items(&items, out)?;
                        out.push_str("})");
                    }
                    _ => {
                        return self.residual(
                            Rule::Nondeterministic,
                            "the repr of a set, whose order may differ between processes",
                        );
                    }
                }
            }
            Kind::Exception(arguments) => {
                // `_PyType_Name`: what follows the last dot of `tp_name`.
                let name = self.c_name(class);
                out.push_str(name.rsplit('.').next().unwrap_or(&name));
                out.push('(');
                self.write_items(&arguments, out)?;
                out.push(')');
            }
            Kind::Data(data) => self.write_repr(&data, out)?,
            Kind::Alias { origin, arguments } => {
                self.write_part(&origin, out)?;
                out.push('[');
                for (index, argument) in arguments.iter().enumerate() {
                    if index > 0 {
                        out.push_str(", ");
                    }
                    self.write_part(argument, out)?;
                }
                out.push_str(if arguments.is_empty() { "()]" } else { "]" });
            }
            Kind::Union(members) => {
                for (index, member) in members.iter().enumerate() {
                    if index > 0 {
                        out.push_str(" | ");
                    }
                    match member {
                        Value::Ground(class) if *class == self.known.none_type => out.push_str("None"),
                        _ => self.write_part(member, out)?,
                    }
                }
            }
            Kind::Other => {
                return self.residual(Rule::Nondeterministic, "a repr that holds the object's address");
            }
        }
        Ok(())
    }

    /// `<class 'module.qualname'>`
    fn write_class(&mut self, object: ObjectRef, value: &Value, out: &mut String) -> Eval<()> {
        let metaclass = self.type_of(value)?;
        if let Some(method) = self.python_definition(metaclass, "__repr__") {
            let method = self.bind(Found::Value(method), "__repr__", Some(value), metaclass)?;
            let text = self.call(&method, Vec::new(), Vec::new())?;
            let text = self.text(text)?;
            out.push_str(&text);
            return Ok(());
        }
        let (module, qualname) = match self.class(object) {
            Some(class) => (class.namespace.get("__module__").cloned(), class.qualname.clone()),
            None => return self.malformed(),
        };
        match (module, qualname) {
            (Some(Value::Str(module)), Value::Str(qualname)) if &*module != "builtins" => {
                out.push_str(&format!("<class '{module}.{qualname}'>"));
                Ok(())
            }
            (_, Value::Str(qualname)) => {
                out.push_str(&format!("<class '{qualname}'>"));
                Ok(())
            }
            _ => self.residual(Rule::NotModelled, "the repr of a class whose name is not known"),
        }
    }

    /// `str(value)`
    pub(super) fn str_of(&mut self, value: &Value) -> Eval<Value> {
        match value {
            Value::Str(_) => return Ok(value.clone()),
            Value::Opaque(id) if *id == self.known.str => return Ok(value.clone()),
            Value::Unknown(_) => return self.repr_of(value),
            _ => {}
        }
        let class = self.type_of(value)?;
        if let Some(method) = self.python_definition(class, "__str__") {
            let method = self.bind(Found::Value(method), "__str__", Some(value), class)?;
            let text = self.call(&method, Vec::new(), Vec::new())?;
            return self.text(text).map(Value::Str);
        }
        let payload = match value {
            Value::Object(object) => match self.object(*object) {
                Object::Instance(instance) => Some(instance.payload.clone()),
                _ => None,
            },
            _ => None,
        };
        match payload {
            Some(Payload::Exception(_)) => {
                let base = self.known.base_exception;
                return self.call_ground_method(base, "__str__", value.clone(), Vec::new(), Vec::new());
            }
            Some(Payload::Data(data @ Value::Str(_))) => return Ok(data),
            Some(Payload::Data(data))
                if self.has_str_of_its_own(class) || self.python_definition(class, "__repr__").is_none() =>
            {
                return self.str_of(&data);
            }
            _ => {}
        }
        if super::operators::is_data(value) && !matches!(value, Value::Tuple(_) | Value::Slice(_)) {
            let outcome = primitive::str(value);
            return Ok(Value::Str(self.primitive(outcome)?));
        }
        self.repr_of(value)
    }

    /// Does a C type above the class say what its `str` is, whatever its `repr` (`bytes_str`)?
    fn has_str_of_its_own(&mut self, class: Type) -> bool {
        let object = self.known.object;
        matches!(self.lookup(class, "__str__"), Some(Found::Ground { owner, .. }) if owner != object)
    }

    fn ascii_of(&mut self, value: &Value) -> Eval<Value> {
        if super::operators::is_data(value) && !matches!(value, Value::Tuple(_)) {
            let outcome = primitive::ascii(value);
            return Ok(Value::Str(self.primitive(outcome)?));
        }
        let text = self.repr_of(value)?;
        match &text {
            Value::Str(content) if content.is_ascii() => Ok(text),
            _ => self.residual(Rule::NotModelled, "`ascii` of an object whose repr is not ASCII"),
        }
    }

    fn converted(&mut self, value: &Value, conversion: Option<char>) -> Eval<Value> {
        match conversion {
            None => Ok(value.clone()),
            Some('s') => self.str_of(value),
            Some('r') => self.repr_of(value),
            Some(_) => self.ascii_of(value),
        }
    }

    /// `format(value, spec)`
    pub(super) fn format_with(&mut self, value: &Value, spec: &str) -> Eval<Value> {
        if let Value::Unknown(_) = value {
            return self.repr_of(value);
        }
        let class = self.type_of(value)?;
        if let Some(method) = self.python_definition(class, "__format__") {
            let method = self.bind(Found::Value(method), "__format__", Some(value), class)?;
            let text = self.call(&method, vec![Value::str(spec)], Vec::new())?;
            return match text {
                Value::Opaque(id) if id == self.known.str => Ok(text),
                other => self.text(other).map(Value::Str),
            };
        }
        let data = self.plain_data(value);
        if super::operators::is_data(&data)
            && !(matches!(data, Value::Tuple(_)) || matches!(value, Value::Object(_)) && spec.is_empty())
        {
            if self.converts_itself(value)? {
                return self.residual(Rule::NotModelled, "formats an object as a number");
            }
            let outcome = primitive::format(self.context(), &data, spec);
            return Ok(Value::Str(self.primitive_of(outcome, &[value])?));
        }
        if let Value::Opaque(id) = value {
            if *id == self.known.str && spec.is_empty() {
                return Ok(value.clone());
            }
            return self.residual(Rule::NotModelled, "formats a value that is computed by the target only");
        }
        if spec.is_empty() {
            return self.str_of(value);
        }
        let name = self.c_name(class);
        self.raise("TypeError", format!("unsupported format string passed to {name}.__format__"))
    }

    pub(super) fn format_value(&mut self, value: &Value, conversion: Conversion, spec: Option<&Value>) -> Eval<Value> {
        let conversion = match conversion {
            Conversion::None => None,
            Conversion::Str => Some('s'),
            Conversion::Repr => Some('r'),
            Conversion::Ascii => Some('a'),
        };
        if conversion.is_none_or(|conversion| conversion == 's')
            && spec.is_none()
            && let Some(text) = self.process_text_of(&[value], "formatted text")
        {
            return Ok(text);
        }
        let value = self.converted(value, conversion)?;
        match spec {
            None => self.format_with(&value, ""),
            Some(Value::Str(spec)) => self.format_with(&value, &spec.clone()),
            Some(_) => self.residual(Rule::NotModelled, "a format specification that is computed by the target only"),
        }
    }

    pub(super) fn join_strings(&mut self, parts: &[Value]) -> Eval<Value> {
        if let Some(text) = self.process_text_of(&parts.iter().collect::<Vec<_>>(), "formatted text") {
            return Ok(text);
        }
        let mut out = String::new();
        for part in parts {
            match part {
                Value::Str(text) => out.push_str(text),
                Value::Opaque(id) if *id == self.known.str => return Ok(part.clone()),
                _ => return self.malformed(),
            }
        }
        self.charge(out.len() / 64)?;
        Ok(Value::str(out))
    }

    /// `template % arguments`
    pub(super) fn percent_format(&mut self, template: &str, arguments: &Value) -> Eval<Value> {
        let flat = self.plain_data(arguments);
        let arguments = if matches!(flat, Value::Tuple(_)) { &flat } else { arguments };
        if super::operators::is_data(arguments) && self.all_data(arguments) {
            let outcome = percent::apply(self.context(), template, arguments);
            return Ok(Value::Str(self.primitive(outcome)?));
        }
        let items: Option<Vec<Value>> = match arguments {
            Value::Tuple(items) => Some(items.to_vec()),
            _ => None,
        };
        let mut next = 0;
        let mut by_key = false;
        let mut out = String::new();
        for piece in percent::parse(template) {
            let conversion = match piece {
                percent::Piece::Literal(text) => {
                    out.push_str(&text);
                    continue;
                }
                percent::Piece::Mapping => continue,
                percent::Piece::Error(failure) => return self.primitive(Err(failure)),
                percent::Piece::Conversion(conversion) => conversion,
            };
            let fixed = |amount: Option<percent::Amount>| match amount {
                None => Some(None),
                Some(percent::Amount::Fixed(amount)) => Some(Some(amount)),
                Some(percent::Amount::Argument) => None,
            };
            let (Some(width), Some(precision)) = (fixed(conversion.width), fixed(conversion.precision)) else {
                return self.residual(Rule::NotModelled, "a width from the arguments");
            };
            if conversion.code == '%' {
                out.push('%');
                continue;
            }
            let argument = match (&conversion.key, &items) {
                (Some(key), None) => {
                    by_key = true;
                    self.get_item(arguments, &Value::str(key.as_str()))?
                }
                (Some(_), Some(_)) => return self.raise_exactly("TypeError", "format requires a mapping"),
                (None, Some(items)) => match items.get(next) {
                    Some(item) => item.clone(),
                    None => {
                        return self.raise_exactly("TypeError", "not enough arguments for format string");
                    }
                },
                (None, None) if next == 0 && !by_key => arguments.clone(),
                (None, None) => {
                    return self.raise_exactly("TypeError", "not enough arguments for format string");
                }
            };
            next += 1;
            if let Some(failure) = conversion.error.clone() {
                return self.primitive(Err(failure));
            }
            let made = match conversion.code {
                's' | 'r' | 'a' => {
                    let text = self.converted(&argument, Some(conversion.code))?;
                    if matches!(text, Value::Opaque(_)) {
                        return self.residual(Rule::NotModelled, "formats a value that is computed by the target only");
                    }
                    let text = self.text(text)?;
                    percent::convert_text(&conversion, width, precision, &text)
                }
                _ => {
                    let data = self.plain_data(&argument);
                    if !super::operators::is_data(&data) || self.converts_itself(&argument)? {
                        return self.residual(Rule::NotModelled, "formats an object as a number");
                    }
                    percent::convert(&conversion, width, precision, &data)
                }
            };
            out.push_str(&self.primitive_of(made, &[&argument])?);
        }
        match &items {
            Some(items) if next < items.len() => {
                return self.raise_exactly("TypeError", "not all arguments converted during string formatting");
            }
            // A mapping, or anything that can be subscripted, may be left over.
            None if next == 0 && !by_key => self.demand_mapping(arguments)?,
            _ => {}
        }
        Ok(Value::str(out))
    }

    /// An object that is given to a format without conversions must be one that can be subscripted (`PyMapping_Check`).
    fn demand_mapping(&mut self, arguments: &Value) -> Eval<()> {
        let class = self.type_of(arguments)?;
        match self.lookup(class, "__getitem__") {
            Some(Found::Value(_)) => Ok(()),
            Some(Found::Ground { owner, .. }) if [self.known.dict, self.known.list].contains(&owner) => Ok(()),
            // Some types of C have it for positions alone (`collections.deque`).
            Some(Found::Ground { .. }) => {
                self.residual(Rule::NotModelled, "a format without conversions, given an object")
            }
            None => self.raise_exactly("TypeError", "not all arguments converted during string formatting"),
        }
    }

    /// Has its class a conversion to a number of its own?
    fn converts_itself(&mut self, value: &Value) -> Eval<bool> {
        for method in ["__int__", "__index__", "__float__"] {
            if self.python_special(value, method)?.is_some() {
                return Ok(true);
            }
        }
        Ok(false)
    }

    fn all_data(&self, value: &Value) -> bool {
        match value {
            Value::Tuple(items) => items.iter().all(|item| self.all_data(item)),
            other => super::operators::is_data(other),
        }
    }

    /// `template.format(…)`
    pub(super) fn format_fields(&mut self, template: &str, positional: Vec<Value>, keywords: Keywords) -> Eval<Value> {
        let mut out = String::new();
        let pieces = fields::parse(template);
        if self.write_fields(&pieces, &positional, &keywords, &mut out)? {
            return Ok(Value::Opaque(self.known.str));
        }
        Ok(Value::str(out))
    }

    /// Whether a part is computed by the target only.
    fn write_fields(
        &mut self,
        pieces: &[fields::Piece],
        positional: &[Value],
        keywords: &Keywords,
        out: &mut String,
    ) -> Eval<bool> {
        let mut opaque = false;
        for piece in pieces {
            let field = match piece {
                fields::Piece::Literal(text) => {
                    out.push_str(text);
                    continue;
                }
                fields::Piece::Error(failure) => return self.primitive(Err(failure.clone())),
                fields::Piece::Field(field) => field,
            };
            let mut value = match &field.first {
                fields::First::Index(index) => match positional.get(*index) {
                    Some(value) => value.clone(),
                    None => {
                        return self.raise(
                            "IndexError",
                            format!("Replacement index {index} out of range for positional args tuple"),
                        );
                    }
                },
                fields::First::Name(name) => match keywords.iter().find(|(keyword, _)| **keyword == **name) {
                    Some((_, value)) => value.clone(),
                    None => return self.raise_value("KeyError", Value::str(name.as_str())),
                },
            };
            for step in &field.steps {
                value = match step {
                    fields::Step::Attribute(name) => self.get_attribute(&value, name)?,
                    fields::Step::Index(index) => self.get_item(&value, &Value::int(*index))?,
                    fields::Step::Key(key) => self.get_item(&value, &Value::str(key.as_str()))?,
                    fields::Step::Error(failure) => return self.primitive(Err(failure.clone())),
                };
            }
            if let Some(conversion) = field.conversion {
                let checked = fields::check_conversion(conversion);
                self.primitive(checked)?;
                value = self.converted(&value, Some(conversion))?;
            }
            let mut spec = String::new();
            if self.write_fields(&field.spec, positional, keywords, &mut spec)? {
                return self.residual(Rule::NotModelled, "a format specification that is computed by the target only");
            }
            match self.format_with(&value, &spec)? {
                Value::Str(text) => out.push_str(&text),
                _ => opaque = true,
            }
        }
        Ok(opaque)
    }
}
