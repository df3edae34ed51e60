//! `inspect.signature` of a class whose `__init__` is a plain function, and the text of the result;
//! `inspect.getfullargspec` of a plain function.
//!
//! `dataclasses` asks for the text for each class that has no docstring. Evaluating their source runs into caches keyed by
//! weak references; the rules themselves are short (`_signature_from_callable`, `_signature_from_function` and
//! `Signature.__str__` in inspect.py). Of the signature only its text is known.

use syntax::ir::{Name, Parameters};

use super::functions::Keywords;
use super::types::Found;
use super::{Eval, Machine};
use crate::heap::{Function, Instance, Object, Payload, Type};
use crate::reason::Rule;
use crate::value::{ModuleId, ObjectRef, Value};

/// Attributes by which a callable says what its signature is.
const CLAIMS: [&str; 3] = ["__signature__", "_partialmethod", "__partialmethod__"];

/// What the model stands for, beside the function that is called.
const MODELLED: [&str; 6] = [
    "Parameter",
    "Signature",
    "_signature_bound_method",
    "_signature_from_callable",
    "_signature_from_function",
    "_signature_get_user_defined_method",
];

#[derive(Clone, Copy, PartialEq, Eq)]
enum Kind {
    PositionalOnly,
    Positional,
    Variadic,
    KeywordOnly,
    KeywordVariadic,
}

/// A parameter of a signature, in the order of `Signature.parameters`.
struct Parameter {
    kind: Kind,
    name: Name,
    annotation: Option<Value>,
    default: Option<Value>,
}

impl Machine<'_> {
    /// `inspect.signature(class)`. `None`: not modelled.
    pub(super) fn signature_of_class(
        &mut self,
        inspect: ModuleId,
        positional: &[Value],
        keywords: &Keywords,
    ) -> Eval<Option<Value>> {
        let [class @ Value::Object(object)] = positional else { return Ok(None) };
        if !keywords.is_empty() || inspect == self.module || self.version() >= (3, 14) {
            return Ok(None);
        }
        let Some(function) = self.plain_initializer(class, *object)? else { return Ok(None) };
        let (Some(Value::Object(signature)), Some(empty)) =
            (self.foreign_global(inspect, "Signature")?, self.foreign_global(inspect, "_empty")?)
        else {
            return Ok(None);
        };
        let Some((mut parameters, result)) = self.parameters_of_function(&function)? else { return Ok(None) };
        // `_signature_bound_method` takes the first away.
        match parameters.first().map(|first| first.kind) {
            Some(Kind::PositionalOnly | Kind::Positional) => {
                parameters.remove(0);
            }
            Some(Kind::Variadic) => {}
            _ => return Ok(None),
        }
        if mentions(&empty, &parameters, &result) {
            return Ok(None);
        }
        for name in MODELLED {
            self.depend("inspect", &[name]);
        }
        let held = parameters.iter().map(as_value).collect();
        let parameters = self.allocate(Object::Obscured { class: self.known.mapping_proxy, held });
        let mut slots = Self::attributes();
        slots.insert("_parameters".into(), parameters);
        slots.insert("_return_annotation".into(), result.unwrap_or(empty));
        Ok(Some(self.allocate(Object::Instance(Box::new(Instance {
            class: Type::Class(signature),
            payload: Payload::None,
            attributes: Self::attributes(),
            slots,
        })))))
    }

    /// The function that makes the signature of a class: its `__init__`, where neither `__new__` nor the metaclass has a say.
    fn plain_initializer(&mut self, class: &Value, object: ObjectRef) -> Eval<Option<Function>> {
        let metaclass = match self.object(object) {
            Object::Class(class) if self.is_own(object) => class.metaclass,
            _ => return Ok(None),
        };
        let special = ["__call__", "__dict__", "__getattribute__", "__getattr__"];
        if special.iter().any(|name| self.python_definition(metaclass, name).is_some())
            || self.python_definition(Type::Class(object), "__new__").is_some()
        {
            return Ok(None);
        }
        for claim in CLAIMS {
            if self.find_attribute(class, claim)?.is_some() {
                return Ok(None);
            }
        }
        let Some(Found::Value(Value::Object(function))) = self.lookup(Type::Class(object), "__init__") else {
            return Ok(None);
        };
        Ok(match self.object(function) {
            Object::Function(plain) if self.is_own(function) && plain.attributes.is_empty() => Some((**plain).clone()),
            _ => None,
        })
    }

    /// `inspect.getfullargspec(function)`. `None`: not modelled.
    pub(super) fn argument_specification(
        &mut self,
        inspect: ModuleId,
        positional: &[Value],
        keywords: &Keywords,
    ) -> Eval<Option<Value>> {
        let [Value::Object(object)] = positional else { return Ok(None) };
        if !keywords.is_empty() || inspect == self.module || !self.is_own(*object) || self.version() >= (3, 14) {
            return Ok(None);
        }
        let function = match self.object(*object) {
            Object::Function(function) => (**function).clone(),
            _ => return Ok(None),
        };
        let claims = CLAIMS.iter().chain(&["__text_signature__"]).any(|claim| function.attributes.contains_key(*claim));
        let (Some(Value::Object(class)), Some(empty)) =
            (self.foreign_global(inspect, "FullArgSpec")?, self.foreign_global(inspect, "_empty")?)
        else {
            return Ok(None);
        };
        let Some((parameters, result)) = self.parameters_of_function(&function)? else { return Ok(None) };
        if claims || mentions(&empty, &parameters, &result) {
            return Ok(None);
        }
        for name in MODELLED {
            self.depend("inspect", &[name]);
        }
        let fields = self.fields_of_specification(parameters, result)?;
        Ok(Some(self.allocate(Object::Instance(Box::new(Instance {
            class: Type::Class(class),
            payload: Payload::Data(Value::tuple(fields)),
            attributes: Self::attributes(),
            slots: Self::attributes(),
        })))))
    }

    /// `args, varargs, varkw, defaults, kwonlyargs, kwonlydefaults, annotations`
    fn fields_of_specification(&mut self, parameters: Vec<Parameter>, result: Option<Value>) -> Eval<Vec<Value>> {
        let (mut plain, mut keyword_only, mut defaults) = (Vec::new(), Vec::new(), Vec::new());
        let (mut variadic, mut keyword_variadic) = (Value::None, Value::None);
        let (keyword_defaults, annotations) = (self.new_dict(Default::default()), self.new_dict(Default::default()));
        if let Some(result) = result {
            self.dict_insert(&annotations, Value::str("return"), result)?;
        }
        for Parameter { kind, name, annotation, default } in parameters {
            let name = Value::Str(name);
            match kind {
                Kind::PositionalOnly | Kind::Positional => {
                    plain.push(name.clone());
                    defaults.extend(default);
                }
                Kind::KeywordOnly => {
                    keyword_only.push(name.clone());
                    if let Some(default) = default {
                        self.dict_insert(&keyword_defaults, name.clone(), default)?;
                    }
                }
                Kind::Variadic => variadic = name.clone(),
                Kind::KeywordVariadic => keyword_variadic = name.clone(),
            }
            if let Some(annotation) = annotation {
                self.dict_insert(&annotations, name, annotation)?;
            }
        }
        let has_keyword_defaults = self.dict_entries(&keyword_defaults)?.is_some_and(|entries| !entries.is_empty());
        Ok(vec![
            self.new_list(plain),
            variadic,
            keyword_variadic,
            if defaults.is_empty() { Value::None } else { Value::tuple(defaults) },
            self.new_list(keyword_only),
            if has_keyword_defaults { keyword_defaults } else { Value::None },
            annotations,
        ])
    }

    /// The parameters of a function, and what it is said to return. `None`: not modelled.
    fn parameters_of_function(&mut self, function: &Function) -> Eval<Option<(Vec<Parameter>, Option<Value>)>> {
        let ir = match &function.dynamic {
            Some((ir, _)) => Some(ir.clone()),
            None => self.world.ir(function.module).cloned(),
        };
        let Some(ir) = ir else { return Ok(None) };
        let code = ir.code(function.code);
        let Some(mut names) = kinds_of(&code.parameters, &code.locals) else { return Ok(None) };
        let annotations = self.entries_or_none(&function.annotations)?;
        let keyword_defaults = self.entries_or_none(&function.keyword_defaults)?;
        let (Some(annotations), Some(keyword_defaults)) = (annotations, keyword_defaults) else { return Ok(None) };
        let find = |entries: &[(Value, Value)], wanted: &str| {
            let entry = entries.iter().find(|(key, _)| matches!(key, Value::Str(key) if &**key == wanted));
            entry.map(|(_, value)| value.clone())
        };
        let plain = (code.parameters.positional_only + code.parameters.positional) as usize;
        let defaults = function.defaults.clone().unwrap_or_default();
        let Some(without) = plain.checked_sub(defaults.len()) else { return Ok(None) };
        let mut parameters = Vec::with_capacity(names.len());
        for (index, (kind, name)) in names.drain(..).enumerate() {
            let default = match kind {
                Kind::PositionalOnly | Kind::Positional => {
                    index.checked_sub(without).and_then(|index| defaults.get(index).cloned())
                }
                Kind::KeywordOnly => find(&keyword_defaults, &name),
                Kind::Variadic | Kind::KeywordVariadic => None,
            };
            let annotation = find(&annotations, &name);
            parameters.push(Parameter { kind, name, annotation, default });
        }
        Ok(Some((parameters, find(&annotations, "return"))))
    }

    /// The entries of a dict, none where there is no dict. `None`: it is not known.
    fn entries_or_none(&mut self, dict: &Option<Value>) -> Eval<Option<Vec<(Value, Value)>>> {
        match dict {
            None => Ok(Some(Vec::new())),
            Some(Value::Object(object)) if matches!(self.object(*object), Object::Dict(_)) && self.is_own(*object) => {
                let entries = self.dict_entries(&Value::Object(*object))?;
                Ok(entries.map(|entries| entries.into_values().collect()))
            }
            Some(_) => Ok(None),
        }
    }

    /// `Signature.__str__`. `None`: the signature was not made by the model.
    pub(super) fn text_of_signature(&mut self, inspect: ModuleId, positional: &[Value]) -> Eval<Option<Value>> {
        let [Value::Object(signature)] = positional else { return Ok(None) };
        let Object::Instance(instance) = self.object(*signature) else { return Ok(None) };
        let (Some(Value::Object(parameters)), Some(result)) =
            (instance.slots.get("_parameters"), instance.slots.get("_return_annotation").cloned())
        else {
            return Ok(None);
        };
        let Object::Obscured { held, .. } = self.object(*parameters) else { return Ok(None) };
        if !self.is_own(*signature) {
            return Ok(None);
        }
        let Some(parameters) = held.iter().map(from_value).collect::<Option<Vec<Parameter>>>() else {
            return Ok(None);
        };
        let mut parts: Vec<String> = Vec::new();
        let (mut positional_only, mut keyword_only) = (false, true);
        for parameter in &parameters {
            let text = self.text_of_parameter(inspect, parameter)?;
            match parameter.kind {
                Kind::PositionalOnly => positional_only = true,
                _ if std::mem::take(&mut positional_only) => parts.push("/".into()),
                _ => {}
            }
            match parameter.kind {
                Kind::Variadic => keyword_only = false,
                Kind::KeywordOnly if std::mem::take(&mut keyword_only) => parts.push("*".into()),
                _ => {}
            }
            parts.push(text);
        }
        if positional_only {
            parts.push("/".into());
        }
        let mut text = format!("({})", parts.join(", "));
        let empty = self.foreign_global(inspect, "_empty")?;
        if !matches!((&result, &empty), (Value::Object(one), Some(Value::Object(other))) if one == other) {
            text.push_str(" -> ");
            text.push_str(&self.text_of_annotation(inspect, &result)?);
        }
        Ok(Some(Value::str(text)))
    }

    /// `Parameter.__str__`
    fn text_of_parameter(&mut self, inspect: ModuleId, parameter: &Parameter) -> Eval<String> {
        let mut text = match parameter.kind {
            Kind::Variadic => format!("*{}", parameter.name),
            Kind::KeywordVariadic => format!("**{}", parameter.name),
            _ => parameter.name.to_string(),
        };
        if let Some(annotation) = &parameter.annotation {
            text.push_str(": ");
            text.push_str(&self.text_of_annotation(inspect, annotation)?);
        }
        if let Some(default) = &parameter.default {
            text.push_str(if parameter.annotation.is_some() { " = " } else { "=" });
            let default = self.repr_of(default)?;
            text.push_str(&self.known_text(&default)?);
        }
        Ok(text)
    }

    /// `inspect.formatannotation`
    fn text_of_annotation(&mut self, inspect: ModuleId, annotation: &Value) -> Eval<String> {
        self.depend("inspect", &["formatannotation"]);
        let module = self.find_attribute(annotation, "__module__")?;
        if matches!(&module, Some(Value::Str(module)) if &**module == "typing") {
            let text = self.repr_of(annotation)?;
            let text = self.known_text(&text)?;
            if !text.is_ascii() {
                return self.residual(Rule::NotModelled, "an annotation whose text is not ASCII");
            }
            return Ok(without_typing(&text));
        }
        let Some(format) = self.foreign_global(inspect, "formatannotation")? else { return self.malformed() };
        let text = self.call(&format, vec![annotation.clone()], Vec::new())?;
        self.known_text(&text)
    }

    fn known_text(&mut self, text: &Value) -> Eval<String> {
        match text {
            Value::Str(text) => Ok(text.to_string()),
            _ => self.residual(Rule::NotModelled, "the text of a signature that is not all known"),
        }
    }
}

/// Is one of the values the marker that stands for none?
fn mentions(empty: &Value, parameters: &[Parameter], result: &Option<Value>) -> bool {
    let given = parameters.iter().flat_map(|parameter| [&parameter.annotation, &parameter.default]);
    given
        .chain([result])
        .flatten()
        .any(|value| matches!((value, empty), (Value::Object(value), Value::Object(empty)) if value == empty))
}

/// Parameters with their kinds, in the order of a signature. `None`: a name is missing.
fn kinds_of(parameters: &Parameters, locals: &[Name]) -> Option<Vec<(Kind, Name)>> {
    let mut next = locals.iter().cloned();
    let mut take = |kind: Kind, count: u32| -> Option<Vec<(Kind, Name)>> {
        (0..count).map(|_| next.next().map(|name| (kind, name))).collect()
    };
    let mut kinds = take(Kind::PositionalOnly, parameters.positional_only)?;
    kinds.extend(take(Kind::Positional, parameters.positional)?);
    let keyword_only = take(Kind::KeywordOnly, parameters.keyword_only)?;
    kinds.extend(take(Kind::Variadic, parameters.variadic.into())?);
    kinds.extend(keyword_only);
    kinds.extend(take(Kind::KeywordVariadic, parameters.keyword_variadic.into())?);
    Some(kinds)
}

/// `re.sub(r"[\w\.]+", lambda match: match.group().removeprefix("typing."), text)`, of ASCII text.
fn without_typing(text: &str) -> String {
    let is_word = |c: char| c.is_ascii_alphanumeric() || c == '_' || c == '.';
    let mut result = String::with_capacity(text.len());
    let mut within = false;
    for (start, c) in text.char_indices() {
        if is_word(c) && !within && text[start..].starts_with("typing.") {
            // The rest of the word follows.
            result.push('\0');
        }
        within = is_word(c);
        result.push(c);
    }
    result.replace("\0typing.", "")
}

/// How the parameters are kept in the signature's `_parameters`.
fn as_value(parameter: &Parameter) -> Value {
    let optional = |value: &Option<Value>| Value::tuple(value.iter().cloned().collect());
    Value::tuple(vec![
        Value::int(parameter.kind as i64),
        Value::Str(parameter.name.clone()),
        optional(&parameter.annotation),
        optional(&parameter.default),
    ])
}

fn from_value(value: &Value) -> Option<Parameter> {
    let Value::Tuple(parts) = value else { return None };
    let [Value::Int(kind), Value::Str(name), Value::Tuple(annotation), Value::Tuple(default)] = &**parts else {
        return None;
    };
    let kinds = [Kind::PositionalOnly, Kind::Positional, Kind::Variadic, Kind::KeywordOnly, Kind::KeywordVariadic];
    let kind = *kinds.get(usize::try_from(kind.to_i64()?).ok()?)?;
    Some(Parameter {
        kind,
        name: name.clone(),
        annotation: annotation.first().cloned(),
        default: default.first().cloned(),
    })
}

#[cfg(test)]
mod tests {
    use super::without_typing;

    #[test]
    fn names_of_typing_lose_their_module() {
        assert_eq!(without_typing("typing.Optional[int]"), "Optional[int]");
        assert_eq!(without_typing("typing.List[typing.Dict[str, a.typing.B]]"), "List[Dict[str, a.typing.B]]");
        assert_eq!(without_typing("typing.typing.X, mytyping.Y"), "typing.X, mytyping.Y");
    }
}
