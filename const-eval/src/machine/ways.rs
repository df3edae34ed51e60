//! Statements whose course depends on what only the run time can tell: whether an import
//! succeeds, or what a value is that differs between processes. Every way that the statement
//! can take is followed, from the same state; what the ways disagree on is unknown. Where they leave an
//! older object of the module in different states, no name that leads to it is known any more.

use std::sync::Arc;

use rustc_hash::{FxHashMap, FxHashSet};
use syntax::ir::{self, Name, StatementKind};

use super::{Eval, Machine, Statement, Stop};
use crate::evaluated::Namespace;
use crate::heap::Object;
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
    declared: Option<Arc<Reason>>,
    opaque_effect: bool,
    runs_unknown_code: bool,
    speculates: bool,
    trusts: bool,
    /// What the last of the ways that raise a known exception raises.
    raised: Option<Value>,
    /// Older objects that ways which complete have changed, as they were before.
    before: FxHashMap<u32, Object>,
    /// For each of these ways, the objects that it has changed, as it leaves them.
    left: Vec<FxHashMap<u32, Object>>,
}

/// What is said where ways change different things.
const CHANGES_DEPEND: &str = "what it changes depends on what only the run time can tell";

impl Machine<'_> {
    /// Runs a statement, every way it can take, and joins the outcomes.
    pub(super) fn run_all_ways(&mut self, ir: &Arc<ir::Module>, statement: &ir::TopLevel, index: u32) -> Eval<()> {
        let (heap_before, identified_before) = (self.heap.objects.len(), self.identified.len());
        let leaked_before = self.leaked;
        let fresh = |decisions, before| Statement {
            index,
            leaked_before,
            heap_before,
            identified_before,
            is_plain_import: matches!(statement.kind, StatementKind::Import),
            decisions,
            before,
            ..Statement::default()
        };
        let before = matches!(statement.kind, StatementKind::Compound).then(|| self.names());
        self.current = fresh(Vec::new(), before);
        let (open_before, porous_before) = (self.open_namespace, self.porous);
        let (tainted_before, suspects_before) = (self.tainted.clone(), self.suspects.clone());
        let memory_before = (self.custom_count, self.answered);
        let mut result = self.run_statement(ir, statement).and_then(|()| self.check_left_behind());
        if self.current.decisions.is_empty() {
            return result;
        }
        let mut joined = Joined::default();
        loop {
            self.positions.clear();
            // What is remembered of calls rests on the state of the way that has made them.
            if self.current.changed_older && (self.custom_count, self.answered) != memory_before {
                return self.changes_depend();
            }
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
            self.suspects.restore(&suspects_before);
            self.current = fresh(decisions, Some((namespace, provenance)));
            result = self.run_statement(ir, statement).and_then(|()| self.check_left_behind());
        }
        let Some(namespace) = joined.namespace.take() else {
            self.current.speculates |= joined.speculates;
            self.current.trusts |= joined.trusts;
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
            self.suspects.settle(name);
        }
        self.join_objects(statement, &mut joined)?;
        self.current.imports = joined.imports;
        self.current.recipe = joined.recipe;
        self.current.effect = joined.effect;
        self.current.declared = joined.declared;
        self.current.opaque_effect = joined.opaque_effect;
        self.current.runs_unknown_code = joined.runs_unknown_code;
        self.current.speculates = joined.speculates;
        self.current.trusts = joined.trusts;
        Ok(())
    }

    /// Adds the way that has just been followed. Stops where it can't be joined with others.
    fn take_way(&mut self, result: Eval<()>, joined: &mut Joined) -> Eval<()> {
        if matches!(result, Err(Stop::Residual(_))) {
            return result;
        }
        // Only names and objects of the module are put back for the next way, also after one that raises.
        let current = &self.current;
        if current.changed_namespace || !current.effects.is_empty() || current.changed.len() != current.saved.len() {
            return self.changes_depend();
        }
        let mut left = FxHashMap::default();
        for (index, before) in std::mem::take(&mut self.current.saved) {
            let after = std::mem::replace(&mut self.heap.objects[index as usize], before.clone());
            if result.is_ok() {
                left.insert(index, after);
                joined.before.entry(index).or_insert(before);
            }
        }
        match result {
            Ok(()) => {
                joined.left.push(left);
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
        joined.runs_unknown_code |= self.current.runs_unknown_code;
        joined.speculates |= self.current.speculates;
        joined.trusts |= self.current.trusts;
        if let Some(effect) = self.current.effect.take() {
            joined.effect.get_or_insert(effect);
        }
        if let Some(declared) = self.current.declared.take() {
            joined.declared.get_or_insert(declared);
        }
        Ok(())
    }

    /// Carries out the changes of older objects that the ways agree on, and forgets the names that lead to others.
    fn join_objects(&mut self, statement: &ir::TopLevel, joined: &mut Joined) -> Eval<()> {
        let mut differing = FxHashSet::default();
        for (index, before) in &joined.before {
            let mut states = joined.left.iter().map(|left| left.get(index).unwrap_or(before));
            let Some(first) = states.next() else { continue };
            if !states.all(|other| is_same_object(first, other)) {
                differing.insert(*index);
            }
            self.heap.objects[*index as usize] = first.clone();
        }
        self.current.changed = joined.before.keys().copied().collect();
        self.current.changed_older = !joined.before.is_empty();
        if differing.is_empty() {
            return Ok(());
        }
        let is_compared = self.customs.values().flatten().any(|(object, _)| self.reaches(object, &differing));
        if is_compared || self.is_remembered(&differing) {
            return self.changes_depend();
        }
        let reason = Reason::new(Rule::UnknownName, CHANGES_DEPEND);
        for name in self.names_that_reach(&differing) {
            if !statement.binds.contains(&name) {
                self.forgotten.push((self.current.index, name.clone()));
            }
            self.provenance.remove(&name);
            self.tainted.remove(&name);
            self.suspects.settle(&name);
            self.namespace.insert(name, Value::Unknown(reason.clone()));
        }
        joined.effect.get_or_insert(self.reason_here(Rule::Raises, CHANGES_DEPEND.into()));
        Ok(())
    }

    /// Stops where ways have changed what can't be put back, or joined: nothing is known of it any more.
    fn changes_depend<T>(&mut self) -> Eval<T> {
        self.current.reached = true;
        self.residual(Rule::Raises, CHANGES_DEPEND)
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
        if self.current.before.is_none() && !self.current.binds && !self.current.changed_older {
            self.current.before = Some(self.names());
        }
        if self.current.before.is_none() && self.current.changed_older {
            return self.changes_depend();
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

/// Are both states of one container the same?
fn is_same_object(left: &Object, right: &Object) -> bool {
    match (left, right) {
        (Object::List(left), Object::List(right)) => {
            left.len() == right.len() && left.iter().zip(right).all(|(left, right)| is_same(left, right))
        }
        (Object::Dict(left), Object::Dict(right)) => {
            left.len() == right.len()
                && left.iter().zip(right).all(|((key, (name, value)), (other_key, (other_name, other)))| {
                    key == other_key && is_same(name, other_name) && is_same(value, other)
                })
        }
        (Object::Set(left), Object::Set(right)) => {
            left.len() == right.len()
                && left
                    .iter()
                    .zip(right)
                    .all(|((key, value), (other_key, other))| key == other_key && is_same(value, other))
        }
        (Object::Cell(Some(left)), Object::Cell(Some(right))) => is_same(left, right),
        _ => false,
    }
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
