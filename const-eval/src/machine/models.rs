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
    /// `_multibytecodec` as an import statement would. (Those of `_codecs_hk` and `_codecs_iso2022`
    /// import the modules whose tables they share, too.)
    pub(super) fn multibyte_codec(&mut self, what: &str, name: Value) -> Eval<Value> {
        let Some(class) = self.world.ground().find("_multibytecodec.MultibyteCodec") else {
            return self.malformed();
        };
        let call = CallClass { effect: Effect::Pure, result: ResultType::Exactly(class) };
        self.pure_result(call, what, None, vec![name.clone()], Vec::new())?;
        self.current.imports = true;
        let (arguments, keywords, attributes) = (vec![name], Vec::new(), Self::attributes());
        Ok(self.allocate(Object::Native(Box::new(Native { class, arguments, keywords, attributes }))))
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
