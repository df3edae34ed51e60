//! Constructs of the pure-Python standard library that have a model of their own
//! because evaluating their source is too slow or runs into their caches.
//!
//! A model stands for the function as it is in the target's own library: the
//! function is recorded as a dependency, so a patched one fails its guard.
//! `tests/models.rs` holds each against the target.

use super::functions::Keywords;
use super::{Eval, Machine};
use crate::ground::{CallClass, Effect, ResultType};
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
            ("re", "escape") => "builtins.str",
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
}
