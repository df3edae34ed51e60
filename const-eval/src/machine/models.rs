//! Constructs of the pure-Python standard library that have a model of their own
//! because evaluating their source is too slow or runs into their caches.
//!
//! A model stands for the function as it is in the target's own library: the
//! function is recorded as a dependency, so a patched one fails its guard.
//! `tests/models.rs` holds each against the target.

use super::functions::Keywords;
use super::{Eval, Machine};
use crate::ground::{CallClass, Effect, ResultType};
use crate::heap::{Native, Object};
use crate::reason::Rule;
use crate::value::{ModuleId, ObjectRef, Value};

impl Machine<'_> {
    /// The result by a model, if the function has one and the arguments are data.
    pub(super) fn call_model(
        &mut self,
        module: ModuleId,
        function: ObjectRef,
        positional: &[Value],
        keywords: &Keywords,
    ) -> Eval<Option<Value>> {
        let Some(qualname) = self.qualname_of(function) else { return Ok(None) };
        if self.world.is_standard(module)
            && let Some(result) = self.replay_model(module, function, &qualname, positional, keywords)?
        {
            return Ok(Some(result));
        }
        if self.world.is_standard(module)
            && let Some(result) = self.call_with_process_text(module, &qualname, positional, keywords)?
        {
            return Ok(Some(result));
        }
        let result = match (self.world.module_name(module), &*qualname) {
            ("re", "compile") => "re.Pattern",
            _ => return Ok(None),
        };
        if !self.world.is_standard(module) {
            return Ok(None);
        }
        let Some(result) = self.world.ground().find(result) else { return Ok(None) };
        let positional: Vec<Value> = positional.iter().map(|value| self.plain_data(value)).collect();
        let keywords: Keywords = keywords.iter().map(|(name, value)| (name.clone(), self.plain_data(value))).collect();
        if !positional.iter().chain(keywords.iter().map(|(_, value)| value)).all(|value| self.is_literal(value)) {
            return Ok(None);
        }
        self.depend("re", &["_compile"]);
        let class = CallClass { effect: Effect::Pure, result: ResultType::Exactly(result) };
        self.pure_result(class, &format!("re.{qualname}"), None, positional, keywords).map(Some)
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
        let (arguments, keywords, attributes) = (vec![name], Vec::new(), Self::attributes());
        Ok(self.allocate(Object::Native(Box::new(Native { class, arguments, keywords, attributes }))))
    }

    /// Has an import statement of this module's certainly loaded the C module?
    fn current_imports(&self, module: &str) -> bool {
        let index = self.world.ground().module_index(module);
        self.namespace.values().any(|value| matches!(value, Value::GroundModule(bound) if Some(*bound) == index))
    }

    /// `pattern.match(subject)` and the like, where the pattern was made here by `_sre.compile(pattern, flags, …)`:
    /// the functions of `re` with the same names do the same with the same pattern and flags.
    pub(super) fn match_of_pattern(&mut self, name: &str, receiver: &Value, subject: &Value) -> Eval<Option<Value>> {
        let Value::Object(object) = receiver else { return Ok(None) };
        let Object::Native(native) = self.object(*object) else { return Ok(None) };
        let (Some(of), [pattern @ (Value::Str(_) | Value::Bytes(_)), flags, ..]) =
            (self.world.ground().find("re.Pattern"), native.arguments.as_slice())
        else {
            return Ok(None);
        };
        if native.class != of || !matches!(name, "match" | "fullmatch" | "search") {
            return Ok(None);
        }
        let arguments = vec![pattern.clone(), self.plain_data(subject), self.plain_data(flags)];
        if !arguments.iter().all(|argument| self.is_literal(argument)) {
            return Ok(None);
        }
        let class = CallClass { effect: Effect::Pure, result: ResultType::Unknown };
        self.pure_result(class, &format!("re.{name}"), None, arguments, Vec::new()).map(Some)
    }
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
