//! Constructs of the pure-Python standard library that have a model of their own
//! because evaluating their source is too slow or runs into their caches.
//!
//! A model stands for the function as it is in the target's own library: the
//! function is recorded as a dependency, so a patched one fails its guard.
//! `tests/models.rs` holds each against the target.

use super::functions::Keywords;
use super::{Eval, Machine};
use crate::ground::{CallClass, Effect, ResultType};
use crate::heap::Object;
use crate::reason::Rule;
use crate::value::{ModuleId, ObjectRef, Value};
use crate::world::Resolved;

impl Machine<'_> {
    /// The result by a model, if the function has one and the arguments are data.
    pub(super) fn call_model(
        &mut self,
        module: ModuleId,
        function: ObjectRef,
        positional: &[Value],
        keywords: &Keywords,
    ) -> Eval<Option<Value>> {
        if !self.world.is_standard(module) {
            return Ok(None);
        }
        let Some(qualname) = self.qualname_of(function) else { return Ok(None) };
        if let Some(result) = self.replay_model(module, function, &qualname, positional, keywords)? {
            return Ok(Some(result));
        }
        if let Some(result) = self.call_with_process_text(module, &qualname, positional, keywords)? {
            return Ok(Some(result));
        }
        let result = match (self.world.module_name(module), &*qualname) {
            ("dataclasses", "_get_field") => {
                self.typing_is_idle = positional.get(2).is_some_and(|annotation| self.is_plain_annotation(annotation));
                return Ok(None);
            }
            ("importlib", "import_module") => match positional {
                [Value::Str(name)] if keywords.is_empty() && !name.is_empty() && !name.starts_with('.') => {
                    let name = name.to_string();
                    return self.call_import_module(&name).map(Some);
                }
                _ => return Ok(None),
            },
            ("inspect", "signature") => return self.signature_of_class(module, positional, keywords),
            ("inspect", "Signature.__str__") => return self.text_of_signature(module, positional),
            ("inspect", "getfullargspec") => return self.argument_specification(module, positional, keywords),
            ("textwrap", "dedent") => match positional {
                [Value::Str(text)] if keywords.is_empty() && self.version() < (3, 14) => {
                    self.depend("textwrap", &["_whitespace_only_re"]);
                    self.depend("textwrap", &["_leading_whitespace_re"]);
                    self.depend("re", &["sub"]);
                    return Ok(Some(Value::str(dedent(text))));
                }
                _ => return Ok(None),
            },
            ("dataclasses", "_is_type") if keywords.is_empty() => return self.names_type(positional),
            ("re", "compile" | "_compile") => "re.Pattern",
            _ => return Ok(None),
        };
        let Some(result) = self.world.ground().find(result) else { return Ok(None) };
        let positional: Vec<Value> = positional.iter().map(|value| self.plain_data(value)).collect();
        let keywords: Keywords = keywords.iter().map(|(name, value)| (name.clone(), self.plain_data(value))).collect();
        if !self.are_literals(&positional, &keywords) {
            return Ok(None);
        }
        self.depend("re", &["_compile"]);
        let class = CallClass { effect: Effect::Pure, result: ResultType::Exactly(result) };
        let flags = match (positional.get(1), keywords.first()) {
            (Some(flags), None) | (None, Some((_, flags))) => flags.clone(),
            _ => Value::int(0),
        };
        let made = self.pure_result(class, &format!("re.{qualname}"), None, positional.clone(), keywords)?;
        match positional.first() {
            // The cache of `re` may give others the same one.
            Some(pattern @ (Value::Str(_) | Value::Bytes(_))) => {
                let start = self.heap.objects.len() as u32;
                let pattern = self.new_native(result, vec![pattern.clone(), flags]);
                self.share_since(start);
                Ok(Some(pattern))
            }
            _ => Ok(Some(made)),
        }
    }

    /// A class of C or of another module than `typing`, or an alias or union of `types`: nothing that `typing` has made.
    fn is_plain_annotation(&self, annotation: &Value) -> bool {
        match annotation {
            Value::None | Value::Ground(_) => self.type_parameter(annotation).is_none(),
            Value::Object(object) => match self.object(*object) {
                Object::Class(_) => self.world.module_name(object.owner) != "typing",
                Object::GenericAlias { .. } | Object::Union(_) => true,
                _ => false,
            },
            _ => false,
        }
    }

    /// `dataclasses._is_type`: does an annotation that is a string begin with the name of a type, as `ClassVar`? The
    /// function matches a regular expression: to ask the target for every annotation would take long.
    fn names_type(&mut self, positional: &[Value]) -> Eval<Option<Value>> {
        let [Value::Str(annotation), class, module, kind, predicate] = positional else { return Ok(None) };
        let class_module = self.get_attribute(class, "__module__")?;
        if !annotation.is_ascii() || !self.is_own_name(&class_module) {
            return Ok(None);
        }
        self.depend("dataclasses", &["_MODULE_IDENTIFIER_RE"]);
        let Some((qualifier, name)) = leading_name(annotation) else { return Ok(Some(Value::Bool(false))) };
        let globals = self.allocate(Object::Globals);
        let found = match qualifier {
            None => self.dict_get(&globals, &Value::str(name))?,
            Some(qualifier) => {
                let Some(found) = self.dict_get(&globals, &Value::str(qualifier))? else {
                    return Ok(Some(Value::Bool(false)));
                };
                if !self.is_identical(&found, module)? {
                    return Ok(Some(Value::Bool(false)));
                }
                let Value::Str(owner) = self.get_attribute(kind, "__module__")? else { return Ok(None) };
                let Resolved::Source(source) = self.world.resolve(&owner) else { return Ok(None) };
                if source == self.module {
                    return Ok(None);
                }
                self.depend(&owner, &[name]);
                self.foreign_global(source, name)?
            }
        };
        let answer = self.call(predicate, vec![found.unwrap_or(Value::None), module.clone()], Vec::new())?;
        self.truth(&answer).map(|answer| Some(Value::Bool(answer)))
    }

    /// `getcodec(name)` of the CJK codecs makes an object that keeps nothing, and imports
    /// `_multibytecodec` and the modules whose tables the codec shares.
    pub(super) fn multibyte_codec(&mut self, what: &str, name: Value) -> Eval<Value> {
        let Some(class) = self.world.ground().find("_multibytecodec.MultibyteCodec") else {
            return self.malformed();
        };
        let call = CallClass { effect: Effect::Pure, result: ResultType::Exactly(class) };
        self.pure_result(call, what, None, vec![name.clone()], Vec::new())?;
        let Value::Str(encoding) = &name else { return self.malformed() };
        let Some(shared) = tables_of(encoding) else {
            return self.residual(Rule::NotModelled, format!("the codec `{encoding}`"));
        };
        for module in ["_multibytecodec"].iter().chain(shared) {
            let imported = self.current_imports(module);
            if !imported && !self.import_in_call(module, &[]) {
                return self.residual(Rule::ImportInCall, format!("imports `{module}` from within a call"));
            }
        }
        Ok(self.new_native(class, vec![name]))
    }

    /// Has an import statement of this module's certainly loaded the C module?
    fn current_imports(&self, module: &str) -> bool {
        let index = self.world.ground().module_index(module);
        self.namespace.values().any(|value| matches!(value, Value::GroundModule(bound) if Some(*bound) == index))
    }
}

/// What `^(?:\s*(\w+)\s*\.)?\s*(\w+)` finds in ASCII text: a qualifier, and a name.
fn leading_name(text: &str) -> Option<(Option<&str>, &str)> {
    let is_space = |c: char| c.is_ascii_whitespace() || ('\x1c'..='\x1f').contains(&c) || c == '\x0b';
    let word = |text: &'_ str| -> usize {
        text.find(|c: char| !(c.is_ascii_alphanumeric() || c == '_')).unwrap_or(text.len())
    };
    let start = text.trim_start_matches(is_space);
    let (first, rest) = start.split_at(word(start));
    if first.is_empty() {
        return None;
    }
    if let Some(rest) = rest.trim_start_matches(is_space).strip_prefix('.') {
        let rest = rest.trim_start_matches(is_space);
        let second = &rest[..word(rest)];
        if !second.is_empty() {
            return Some((Some(first), second));
        }
    }
    Some((None, first))
}

/// `textwrap.dedent`: lines of blanks are emptied, and the others lose the margin that they have in common.
fn dedent(text: &str) -> String {
    let is_blank = |c: char| c == ' ' || c == '\t';
    let lines: Vec<&str> = text.split('\n').map(|line| if line.chars().all(is_blank) { "" } else { line }).collect();
    let indents = lines.iter().filter(|line| !line.is_empty()).map(|line| {
        let rest = line.trim_start_matches(is_blank);
        &line[..line.len() - rest.len()]
    });
    let common = |margin: &'_ str, indent: &str| -> usize {
        margin.bytes().zip(indent.bytes()).take_while(|(one, other)| one == other).count()
    };
    let margin = indents.reduce(|margin, indent| &margin[..common(margin, indent)]).unwrap_or("");
    let lines: Vec<&str> = lines.iter().map(|line| line.strip_prefix(margin).unwrap_or(line)).collect();
    lines.join("\n")
}

/// The modules whose tables a CJK codec takes: the character sets of `_codecs_iso2022.c`, and `big5hkscs_codec_init`.
fn tables_of(encoding: &str) -> Option<&'static [&'static str]> {
    Some(match encoding {
        "big5hkscs" => &["_codecs_tw"],
        "iso2022_jp" | "iso2022_jp_1" | "iso2022_jp_2004" | "iso2022_jp_3" | "iso2022_jp_ext" => &["_codecs_jp"],
        "iso2022_jp_2" => &["_codecs_jp", "_codecs_kr", "_codecs_cn"],
        "iso2022_kr" => &["_codecs_kr"],
        "big5" | "big5_hkscs" | "cp932" | "cp949" | "cp950" | "euc_jis_2004" | "euc_jisx0213" | "euc_jp" | "euc_kr"
        | "gb18030" | "gb2312" | "gbk" | "hz" | "johab" | "shift_jis" | "shift_jis_2004" | "shift_jisx0213" => &[],
        _ => return None,
    })
}
