//! Names of this module that code which is not known may have bound anew.
//!
//! Such code reaches the module once an object of it was handed out: a residual statement, or an import after it. What
//! the module's own objects hold is then not known any more. A name that is bound to a module, to something of another
//! module or to plain data holds nothing of this module, though: only the binding itself may have changed, and a guard
//! tells at run time whether it has. Who reads such a name rests on that guard.

use rustc_hash::FxHashSet;
use std::sync::Arc;
use syntax::ir::Name;

use super::{Machine, operators};
use crate::evaluated::Dependency;
use crate::reason::Reason;
use crate::value::Value;

/// What is known of the module's names where they may have been bound anew.
#[derive(Clone, Default)]
pub(super) struct Suspects {
    names: FxHashSet<Name>,
    /// Names for which there is a guard.
    guarded: FxHashSet<Name>,
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
        if self.suspects.names.contains(name) {
            self.suspects.guarded.insert(name.into());
            self.rest_on(Dependency { module: self.name.clone(), path: [name.into()].into(), contents: true });
        }
    }

    /// The name is not bound in the module, as far as is known: a guard says so where other code may have bound it.
    pub(super) fn rest_on_absence(&mut self, name: &str) {
        if self.porous && !self.suspects.spent.contains(name) {
            self.suspects.guarded.insert(name.into());
            self.rest_on(Dependency { module: self.name.clone(), path: [name.into()].into(), contents: true });
        }
    }
}
