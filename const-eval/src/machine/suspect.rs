//! Names of this module that code which is not known may have bound anew.
//!
//! Such code reaches the module once an object of it was handed out: a residual statement, or an import after it. What
//! the module's own objects hold is then not known any more. A name that is bound to a module, to something of another
//! module or to plain data holds nothing of this module, though: only the binding itself may have changed, and a guard
//! tells at run time whether it has. Who reads such a name rests on that guard, and *speculates*: where the guard does
//! not hold, something else happens. So a speculating statement can't prove that the import fails, and of what it binds
//! others are told only which functions and classes it made.

use rustc_hash::FxHashSet;
use std::sync::Arc;
use syntax::ir::Name;

use super::{Machine, operators};
use crate::evaluated::Dependency;
use crate::heap::Object;
use crate::reason::{Reason, Rule};
use crate::value::Value;

/// What is known of the module's names where they may have been bound anew.
#[derive(Clone, Default)]
pub(super) struct Suspects {
    names: FxHashSet<Name>,
    /// Names for which there is a guard.
    guarded: FxHashSet<Name>,
    /// Names that speculating statements bound, or through which they changed something.
    speculative: FxHashSet<Name>,
    /// Names that were bound anew by the module itself after a guard was set up: another guard would contradict it.
    spent: FxHashSet<Name>,
}

impl Suspects {
    /// The module itself binds or deletes the name: what it holds is certain again.
    pub(super) fn settle(&mut self, name: &str) {
        self.names.remove(name);
        if self.guarded.contains(name) {
            self.spent.insert(name.into());
        }
    }

    /// Back to what it was before a way that a statement can take; the guards of that way remain.
    pub(super) fn restore(&mut self, before: &Suspects) {
        self.names.clone_from(&before.names);
    }
}

impl Machine<'_> {
    /// Any name but `fresh` may have been bound anew, and any object of the module changed. Gives the names of which
    /// nothing is known any more.
    pub(super) fn distrust(&mut self, fresh: &[Name], cause: &Arc<Reason>) -> Vec<Name> {
        let mut lost = Vec::new();
        let namespace = std::mem::take(&mut self.namespace);
        self.namespace = namespace
            .into_iter()
            .map(|(name, value)| {
                if fresh.contains(&name) {
                    return (name, value);
                }
                let is_certain = !self.unsure.contains(&name) && !self.tainted.contains_key(&name);
                if is_certain && !self.suspects.spent.contains(&name) && self.is_guardable(&value) {
                    self.suspects.names.insert(name.clone());
                    return (name, value);
                }
                self.suspects.names.remove(&name);
                self.provenance.remove(&name);
                self.tainted.remove(&name);
                lost.push(name.clone());
                (name, Value::Unknown(cause.clone()))
            })
            .collect();
        self.porous = true;
        lost
    }

    /// Nothing is known of any name any more.
    pub(super) fn forget_bindings(&mut self, cause: &Arc<Reason>) {
        for value in self.namespace.values_mut() {
            *value = Value::Unknown(cause.clone());
        }
        self.suspects.names.clear();
        self.provenance.clear();
        self.tainted.clear();
        self.porous = true;
    }

    /// After a statement: what it has bound is as certain as what it rests on.
    pub(super) fn note_speculation(&mut self, binds: &[Name]) {
        if !self.current.speculates {
            for name in binds {
                self.suspects.speculative.remove(name);
            }
            return;
        }
        self.suspects.speculative.extend(binds.iter().cloned());
        if self.current.changed_older {
            let changed = self.names_that_reach(&self.current.changed);
            self.suspects.speculative.extend(changed);
        }
    }

    /// At the end: others are not told what only a guard vouches for.
    pub(super) fn hide_speculation(&mut self) {
        let message = "it may have been bound anew by code that is not known";
        let reason = Reason::new(Rule::UnknownName, message);
        let mut namespace = std::mem::take(&mut self.namespace);
        for (name, value) in &mut namespace {
            let is_made = matches!(value, Value::Object(object)
                if matches!(self.object(*object), Object::Function(_) | Object::Class(_)));
            if self.suspects.names.contains(name) || self.suspects.speculative.contains(name) && !is_made {
                *value = Value::Unknown(reason.clone());
            }
        }
        self.namespace = namespace;
    }

    /// Can a guard tell that a name is still bound to this, and holds it nothing of this module?
    fn is_guardable(&self, value: &Value) -> bool {
        match value {
            Value::Module(module) => *module != self.module,
            Value::GroundModule(_) | Value::Ground(_) => true,
            Value::Object(object) => !self.is_own(*object),
            Value::Tuple(_) | Value::Slice(_) | Value::Range(_) => false,
            other => operators::is_data(other),
        }
    }

    /// The name is read: if it may have been bound anew, a guard has to say that it was not.
    pub(super) fn rest_on_binding(&mut self, name: &str) {
        self.current.speculates |= self.suspects.speculative.contains(name);
        if self.suspects.names.contains(name) {
            self.current.speculates = true;
            self.guard_name(name);
        }
    }

    /// The name is not bound in the module, as far as is known: a guard says so where other code may have bound it.
    pub(super) fn rest_on_absence(&mut self, name: &str) {
        if self.porous && !self.suspects.spent.contains(name) {
            self.guard_name(name);
        }
    }

    fn guard_name(&mut self, name: &str) {
        self.suspects.guarded.insert(name.into());
        self.rest_on(Dependency { module: self.name.clone(), path: [name.into()].into(), contents: true });
    }
}
