//! Statements whose course depends on what only the run time can tell: whether an import
//! succeeds, or what a value is that differs between processes. Every way that the statement
//! can take is followed, from the same state; what the ways disagree on is unknown.

use std::sync::Arc;

use rustc_hash::FxHashMap;
use syntax::ir::{self, Name, StatementKind};

use super::{Eval, Machine, Statement, Stop};
use crate::evaluated::Namespace;
use crate::reason::{Reason, Rule};
use crate::value::Value;

/// The module's names, and where they came from.
pub(super) type Names = (Namespace, FxHashMap<Name, (Name, Name)>);

/// What is said of a name that some ways bind and others don't.
const MAYBE_UNBOUND: &str = "it is bound only under a condition that the run time decides";

/// May reading the name raise `NameError`?
pub(super) fn is_maybe_unbound(reason: &Reason) -> bool {
    reason.message == MAYBE_UNBOUND
}

/// What the ways that have been followed have in common.
#[derive(Default)]
struct Joined {
    namespace: Option<Namespace>,
    recipe: bool,
    imports: bool,
    open: bool,
    porous: bool,
    effect: Option<Arc<Reason>>,
    opaque_effect: bool,
    /// What the last of the ways that raise a known exception raises.
    raised: Option<Value>,
}

impl Machine<'_> {
    /// Runs a statement, every way it can take, and joins the outcomes.
    pub(super) fn run_all_ways(&mut self, ir: &Arc<ir::Module>, statement: &ir::TopLevel, index: u32) -> Eval<()> {
        let heap_before = self.heap.objects.len();
        let fresh = |decisions, before| Statement { index, heap_before, decisions, before, ..Statement::default() };
        let before = matches!(statement.kind, StatementKind::Compound).then(|| self.names());
        self.current = fresh(Vec::new(), before);
        let (open_before, porous_before, tainted_before) = (self.open_namespace, self.porous, self.tainted.clone());
        let mut result = self.run_statement(ir, statement).and_then(|()| self.check_generators());
        if self.current.decisions.is_empty() {
            return result;
        }
        let mut joined = Joined::default();
        loop {
            self.positions.clear();
            self.take_way(result, &mut joined)?;
            let mut decisions = std::mem::take(&mut self.current.decisions);
            while decisions.last() == Some(&false) {
                decisions.pop();
            }
            match decisions.last_mut() {
                Some(last) => *last = false,
                None => break,
            }
            let Some((namespace, provenance)) = self.current.before.take() else { return self.malformed() };
            (self.open_namespace, self.porous) = (open_before, porous_before);
            self.namespace = namespace.clone();
            self.provenance = provenance.clone();
            self.tainted = tainted_before.clone();
            self.current = fresh(decisions, Some((namespace, provenance)));
            result = self.run_statement(ir, statement).and_then(|()| self.check_generators());
        }
        let Some(namespace) = joined.namespace else {
            if let Some(exception) = joined.raised {
                return Err(Stop::Raise(exception));
            }
            return self.residual(Rule::Raises, "every way that it can take raises an exception");
        };
        self.open_namespace |= joined.open;
        self.porous |= joined.porous;
        self.namespace = namespace;
        self.tainted = tainted_before;
        for name in &statement.binds {
            self.provenance.remove(name);
        }
        self.current.imports = joined.imports;
        self.current.recipe = joined.recipe;
        self.current.effect = joined.effect;
        self.current.opaque_effect = joined.opaque_effect;
        Ok(())
    }

    /// Adds the way that has just been followed. Stops where it can't be joined with others.
    fn take_way(&mut self, result: Eval<()>, joined: &mut Joined) -> Eval<()> {
        // Only names are put back for the next way, also after one that raises.
        let has_changed = self.current.changed_older || !self.current.effects.is_empty();
        if has_changed && !matches!(result, Err(Stop::Residual(_))) {
            self.current.reached = true;
            return self.residual(Rule::Raises, "what it changes depends on what only the run time can tell");
        }
        match result {
            Ok(()) => {
                joined.namespace = Some(match joined.namespace.take() {
                    None => self.namespace.clone(),
                    Some(other) => join(other, &self.namespace),
                });
                joined.recipe |= self.current.recipe;
            }
            // The import of the module ends here, as it always would: what comes after needs no answer.
            Err(Stop::Raise(Value::Unknown(_))) => {}
            Err(Stop::Raise(exception)) => joined.raised = Some(exception),
            Err(stop) => return Err(stop),
        }
        joined.imports |= self.current.imports;
        joined.open |= self.open_namespace;
        joined.porous |= self.porous;
        joined.opaque_effect |= self.current.opaque_effect;
        if let Some(effect) = self.current.effect.take() {
            joined.effect.get_or_insert(effect);
        }
        Ok(())
    }

    fn names(&self) -> Names {
        (self.namespace.clone(), self.provenance.clone())
    }

    /// Asks what only the run time can answer. Answers yes first; the statement is run again for no.
    pub(super) fn decide(&mut self, question: &str) -> Eval<bool> {
        /// Questions that one statement may ask.
        const LIMIT: usize = 6;
        let asked = self.current.asked;
        self.current.asked += 1;
        if let Some(answer) = self.current.decisions.get(asked) {
            return Ok(*answer);
        }
        if self.current.before.is_none() && !self.current.binds {
            self.current.before = Some(self.names());
        }
        if self.current.decisions.len() >= LIMIT || self.current.before.is_none() {
            return self.residual(Rule::Raises, format!("its course depends on {question}"));
        }
        self.current.decisions.push(true);
        Ok(true)
    }

    /// As [`Machine::soft`], for an answer of yes or no: both are followed.
    pub(super) fn soft_decision(&mut self, rule: Rule, message: String, operands: &[&Value]) -> Eval<bool> {
        self.soft(rule, message, operands)?;
        self.decide("a value that is not known")
    }
}

/// What two ways agree on; the rest is unknown.
fn join(first: Namespace, second: &Namespace) -> Namespace {
    let differs = Reason::new(Rule::UnknownName, "its value depends on what only the run time can tell");
    let unbound = Reason::new(Rule::Raises, MAYBE_UNBOUND);
    let mut joined = first;
    for (name, value) in joined.iter_mut() {
        match second.get(name) {
            Some(other) if is_same(value, other) => {}
            Some(other) => {
                let maybe_unbound = [&*value, other]
                    .iter()
                    .any(|value| matches!(value, Value::Unknown(reason) if is_maybe_unbound(reason)));
                *value = Value::Unknown(if maybe_unbound { unbound.clone() } else { differs.clone() });
            }
            None => *value = Value::Unknown(unbound.clone()),
        }
    }
    for name in second.keys() {
        if !joined.contains_key(name) {
            joined.insert(name.clone(), Value::Unknown(unbound.clone()));
        }
    }
    joined
}

pub(super) fn is_same(left: &Value, right: &Value) -> bool {
    match (left, right) {
        (Value::Unknown(left), Value::Unknown(right)) => Arc::ptr_eq(left, right),
        (Value::Object(left), Value::Object(right)) => left == right,
        (Value::Ground(left), Value::Ground(right)) => left == right,
        (Value::Module(left), Value::Module(right)) => left == right,
        (Value::GroundModule(left), Value::GroundModule(right)) => left == right,
        (Value::Tuple(left), Value::Tuple(right)) => {
            left.len() == right.len() && left.iter().zip(right.iter()).all(|(left, right)| is_same(left, right))
        }
        (Value::None, Value::None) => true,
        (Value::Bool(left), Value::Bool(right)) => left == right,
        (Value::Int(left), Value::Int(right)) => left == right,
        (Value::Str(left), Value::Str(right)) => left == right,
        (Value::Bytes(left), Value::Bytes(right)) => left == right,
        _ => false,
    }
}
