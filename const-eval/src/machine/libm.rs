//! What the C library's mathematical functions compute.
//!
//! They round as they please: the last digit differs between libraries, and between the variants of one that are meant for
//! different processors. So the target says what comes out, and the result rests on a guard: that the program runs with
//! the library, and the variants, that the build had.

use crate::evaluated::Dependency;
use crate::ground::{CallClass, Effect, ResultType};
use crate::primitive::INEXACT_POWER;
use crate::reason::Rule;
use crate::value::Value;

use super::functions::Keywords;
use super::{Eval, Machine};

impl Machine<'_> {
    /// A call of such a function with inert arguments.
    pub(super) fn call_libm(
        &mut self,
        class: CallClass,
        what: &str,
        positional: Vec<Value>,
        keywords: Keywords,
    ) -> Eval<Value> {
        if self.are_literals(&positional, &keywords) {
            self.rest_on(Dependency::on_libm());
            return self.pure_result(class, what, None, positional, keywords);
        }
        let class = CallClass { effect: Effect::Process, ..class };
        self.call_described(class, what, None, positional, keywords)
    }

    /// A power of two numbers that no float holds exactly.
    pub(super) fn libm_power(&mut self, left: &Value, right: &Value) -> Eval<Value> {
        if !self.is_literal(left) || !self.is_literal(right) {
            return self.residual(Rule::Nondeterministic, INEXACT_POWER);
        }
        self.rest_on(Dependency::on_libm());
        let class = CallClass { effect: Effect::Libm, result: ResultType::Exactly(self.known.float) };
        self.pure_result(class, "builtins.pow", None, vec![left.clone(), right.clone()], Vec::new())
    }
}
