//! What is no longer known after a statement that runs at import.
//!
//! A residual statement binds names, so those are unknown. Beyond that it may
//! change whatever it can reach. It reaches this module's objects and namespace
//! when it mentions a mutable object of the module (a function brings its
//! globals along), when such an object was handed to unknown code before, or
//! when the code that stopped the evaluation looks at frames, at `sys.modules`
//! or at raw namespaces. Otherwise what it does stays outside.

use std::sync::Arc;

use rustc_hash::FxHashSet;
use syntax::ir::{self, Constant, Instruction, Name};

use super::Machine;
use super::binding::surely_bound;
use super::imports::is_module_attribute;
use crate::reason::{Reason, Rule};
use crate::value::Value;

/// Names by which code gets at namespaces it was not given.
pub(super) const REACHING: [&str; 18] = [
    "_getframe",
    "_getframemodulename",
    "_current_frames",
    "currentframe",
    "stack",
    "f_globals",
    "f_back",
    "modules",
    "globals",
    "locals",
    "vars",
    "exec",
    "eval",
    "__globals__",
    "__dict__",
    "import_module",
    "settrace",
    "get_objects",
];

/// What is said of a module that code which is not known may have replaced.
const REPLACED: &str = "something else may stand for";

/// Is the module unknown because something else, which may run code when names are read, may have taken its place?
pub(super) fn is_replaced(reason: &Reason) -> bool {
    reason.message.starts_with(REPLACED)
}

impl Machine<'_> {
    /// Notes, where evaluation stops, whether the code that is running could reach this module.
    pub(super) fn note_reach(&mut self) {
        let reaches = self.positions.iter().any(|position| match self.world.ir(position.module) {
            _ if position.dynamic => false,
            Some(ir) => mentions_any(ir.code(position.code), &REACHING),
            None => true,
        });
        self.current.reached |= reaches;
        let replaces = self.positions.iter().any(|position| match self.world.ir(position.module) {
            Some(ir) if !position.dynamic => stores_module(ir.code(position.code), &self.name),
            _ => false,
        });
        if replaces {
            let message = format!("{REPLACED} `{}` in `sys.modules`", self.name);
            let unknown = Value::Unknown(Reason::new(Rule::UnknownName, message));
            self.module_aliases.retain(|(name, _)| *name != self.name);
            self.module_aliases.push((self.name.clone(), unknown));
        }
    }

    /// Forgets what the statement may have changed. As far as it was followed, to its end if
    /// `completed`, what it changed of this module's own objects is known, but
    /// who supplies the module's static part alone does not carry it out: the names that lead
    /// there are tainted. Modules of the standard library always run whole before others see
    /// them, so others may know it all the same ([`Self::hide_tainted`]).
    pub(super) fn forget(&mut self, ir: &Arc<ir::Module>, statement: &ir::TopLevel, reason: &Reason, completed: bool) {
        let mut mentioned = FxHashSet::default();
        collect_names(ir, statement.code, &mut mentioned);
        let mentions_own =
            mentioned.iter().any(|name| self.namespace.get(name).is_some_and(|value| self.holds_own_object(value)));
        let own_dictionary = ["globals", "vars", "locals", "exec", "eval"].iter().any(|name| mentioned.contains(*name));
        let reach_anyway = matches!(reason.rule, Rule::Budget | Rule::Internal);
        self.leaked |= mentions_own && !completed;
        let reached = self.leaked || self.current.reached || own_dictionary || reach_anyway;
        let forgets_all = self.current.changed_namespace || !completed && reached;
        if !forgets_all && self.current.changed_older {
            self.taint_changed(statement, reason);
        }
        if forgets_all {
            let cause = Reason::chained(
                Rule::UnknownName,
                format!("an earlier statement that runs at import may have changed it ({})", reason.root_cause()),
                reason.chain.clone(),
            );
            let index = self.current.index;
            if self.current.changed_namespace {
                self.forget_bindings(&cause);
                self.opaque.push(index);
            } else {
                let lost = self.distrust(&[], &cause).into_iter().filter(|name| !is_module_attribute(name));
                self.forgotten.extend(lost.map(|name| (index, name)));
            }
        }
        let cause = Reason::chained(
            Rule::UnknownName,
            format!("it is bound by a statement that runs at import ({})", reason.root_cause()),
            reason.chain.clone(),
        );
        let bound_before = |name: &Name| self.namespace.contains_key(name) && !self.unsure.contains(name);
        let bound = surely_bound(ir.code(statement.code), &statement.binds, bound_before);
        for (name, bound) in statement.binds.iter().zip(bound) {
            if bound {
                self.unsure.remove(name);
            } else {
                self.unsure.insert(name.clone());
            }
            self.provenance.remove(name);
            self.suspects.settle(name);
            match self.namespace.get(name) {
                Some(value) if completed && !forgets_all && !matches!(value, Value::Unknown(_)) => {
                    self.tainted.insert(name.clone(), cause.clone());
                }
                value => {
                    let class =
                        value.filter(|_| completed && !forgets_all).and_then(|value| self.class_of_unknown(value));
                    let cause = Arc::new(Reason { class, ..(*cause).clone() });
                    self.tainted.remove(name);
                    self.namespace.insert(name.clone(), Value::Unknown(cause));
                }
            }
        }
        let annotates = |instruction: &Instruction| matches!(instruction, Instruction::StoreAnnotation(_));
        if ir.code(statement.code).instructions().iter().any(annotates) {
            self.namespace.insert("__annotations__".into(), Value::Unknown(cause));
        }
        if contains_star_import(ir, statement.code) {
            self.open_namespace = true;
        }
    }

    /// The statement has changed objects that are older; the names that lead to them are tainted.
    fn taint_changed(&mut self, statement: &ir::TopLevel, reason: &Reason) {
        let cause = Reason::chained(
            Rule::UnknownName,
            format!("an earlier statement that runs at import has changed it ({})", reason.root_cause()),
            reason.chain.clone(),
        );
        for name in self.names_that_reach(&self.current.changed) {
            if !statement.binds.contains(&name) {
                self.forgotten.push((self.current.index, name.clone()));
            }
            self.tainted.insert(name, cause.clone());
        }
    }

    /// An import that may have run code which reaches what was handed out leaves what a guard can vouch for.
    pub(super) fn distrust_after_import(&mut self, ir: &ir::Module, statement: &ir::TopLevel) {
        if !self.current.is_reaching_import {
            return;
        }
        let instructions = ir.code(statement.code).instructions();
        let imports = instructions.iter().filter(|instruction| matches!(instruction, Instruction::ImportName { .. }));
        // The names of `from a import b, c` are bound when all is loaded.
        let fresh: &[Name] = if imports.count() == 1 { &statement.binds } else { &[] };
        let reason = Reason::new(Rule::UnknownCall, "an import after objects were handed out may have changed it");
        self.distrust(fresh, &reason);
        self.forget_changes();
    }

    /// Whoever touches a tainted name runs at import: what it holds is only there once a statement before has run.
    pub(super) fn touch(&mut self, name: &str) {
        self.rest_on_binding(name);
        if let Some(reason) = self.tainted.get(name) {
            let message = reason.message.clone();
            self.known_effect(Rule::UnknownName, message);
        }
    }

    /// As [`Self::touch`], of all names.
    pub(super) fn touch_all(&mut self) {
        if let Some(reason) = self.tainted.values().next() {
            let message = reason.message.clone();
            self.known_effect(Rule::UnknownName, message);
        }
    }

    /// At the end: others see nothing of what only statements that run at import have made, unless the
    /// module is one of the standard library.
    pub(super) fn hide_tainted(&mut self) {
        let tainted = std::mem::take(&mut self.tainted);
        if self.world.is_standard(self.module) {
            return;
        }
        for (name, reason) in tainted {
            if let Some(value) = self.namespace.get_mut(&name) {
                *value = Value::Unknown(reason);
            }
        }
    }

    /// Is, or directly contains, an object of this module.
    pub(super) fn holds_own_object(&self, value: &Value) -> bool {
        match value {
            Value::Object(object) => self.is_ours(*object) && !self.is_pattern(*object),
            Value::Module(module) => *module == self.module,
            Value::Tuple(items) => items.iter().any(|item| self.holds_own_object(item)),
            Value::Slice(parts) => parts.iter().any(|part| self.holds_own_object(part)),
            _ => false,
        }
    }
}

fn contains_star_import(ir: &ir::Module, code: ir::CodeId) -> bool {
    ir.code(code).instructions().iter().any(|instruction| matches!(instruction, Instruction::ImportStar))
}

/// May the code put something into `sys.modules` under this name: `sys.modules[name] = …`?
fn stores_module(code: &ir::Code, name: &str) -> bool {
    let is_modules = |instruction: &Instruction| match instruction {
        Instruction::LoadAttribute(read) | Instruction::LoadName(read) | Instruction::LoadGlobal(read) => {
            &**read == "modules"
        }
        _ => false,
    };
    let places = code.instructions().iter().enumerate().filter(|(_, instruction)| is_modules(instruction));
    places.map(|(place, _)| &code.instructions()[place + 1..]).any(|after| {
        let is_key = |instruction: &&Instruction| match instruction {
            Instruction::Constant(Constant::Str(key)) => &**key == name,
            Instruction::LoadName(_) | Instruction::LoadGlobal(_) | Instruction::LoadAttribute(_) => true,
            Instruction::LoadLocal(_) | Instruction::LoadCell(_) => true,
            _ => false,
        };
        let key = after.iter().take_while(is_key).count();
        key > 0 && matches!(after.get(key), Some(Instruction::StoreSubscript))
    })
}

/// Does the code itself, functions within it excluded, mention one of the names?
pub(super) fn mentions_any(code: &ir::Code, names: &[&str]) -> bool {
    code.body.peek().iter().any(|instruction| match instruction {
        Instruction::LoadName(name)
        | Instruction::LoadGlobal(name)
        | Instruction::LoadAttribute(name)
        | Instruction::ImportFrom(name) => names.contains(&&**name),
        _ => false,
    })
}

/// Names that the code and those within it load, or read as attributes.
fn collect_names(ir: &ir::Module, code: ir::CodeId, names: &mut FxHashSet<Name>) {
    let mut pending = vec![code];
    let mut seen = FxHashSet::default();
    while let Some(code) = pending.pop() {
        if !seen.insert(code) {
            continue;
        }
        ir.code(code).read.set();
        for instruction in &*ir.code(code).body.peek() {
            match instruction {
                Instruction::LoadName(name)
                | Instruction::LoadGlobal(name)
                | Instruction::LoadAttribute(name)
                | Instruction::ImportFrom(name) => {
                    names.insert(name.clone());
                }
                Instruction::MakeFunction { code, .. } => pending.push(*code),
                _ => {}
            }
        }
    }
}
