//! Weak references that something rests on: one that calls back when its object goes, or that was hashed.
//!
//! What is known then holds as long as the object is there. So after each statement the objects
//! referred to must still be found from the module's names.

use std::sync::Arc;

use rustc_hash::FxHashSet;
use syntax::ir;

use super::Machine;
use crate::heap::Object;
use crate::reason::{Link, Reason, Rule, Site};
use crate::value::{ObjectRef, Value};

impl Machine<'_> {
    /// What a weak reference refers to.
    pub(super) fn referent(&self, value: &Value) -> Option<Value> {
        let Value::Object(object) = value else { return None };
        match self.object(*object) {
            Object::Native(native) if native.class == self.known.weak_reference => native.arguments.first().cloned(),
            _ => None,
        }
    }

    /// From now on something rests on the object being alive.
    pub(super) fn keep_watch(&mut self, referent: &Value) {
        if let Value::Object(object) = referent {
            self.watched.push(*object);
        }
    }

    /// After a statement: if an object that something rests on may have gone, what its callbacks did is not known.
    pub(super) fn check_watched(&mut self, ir: &Arc<ir::Module>, statement: &ir::TopLevel) -> Option<Arc<Reason>> {
        if self.watched.is_empty() {
            return None;
        }
        let alive = self.reachable();
        if self.watched.iter().all(|object| alive.contains(object)) {
            return None;
        }
        self.watched.clear();
        let message = "an object may go while weak references to it are in use";
        let link = Link { site: Site { module: self.module, range: statement.range }, message: message.into() };
        let reason = Reason::chained(Rule::NotModelled, message, vec![link]);
        self.current.reached = true;
        self.forget(ir, statement, &reason, false);
        Some(reason)
    }

    /// The module's own objects that its names surely lead to, not by way of weak references.
    fn reachable(&self) -> FxHashSet<ObjectRef> {
        let mut seen: FxHashSet<ObjectRef> = FxHashSet::default();
        let mut pending: Vec<Value> = self.namespace.values().cloned().collect();
        while let Some(value) = pending.pop() {
            match &value {
                Value::Tuple(items) => pending.extend(items.iter().cloned()),
                Value::Slice(parts) => pending.extend(parts.iter().cloned()),
                Value::Object(object)
                    if self.is_ours(*object) && self.referent(&value).is_none() && seen.insert(*object) =>
                {
                    super::reach::held_by(self.object(*object), &mut pending);
                }
                _ => {}
            }
        }
        seen
    }
}
