//! In which order sets of texts were filled.
//!
//! That order, and whether the set is a copy of one that was filled so, decides how it is iterated (`set_add_entry` and
//! `set_merge` in setobject.c), whatever the hashes are: who makes the set again, has to fill it in the same way.

use rustc_hash::FxHashMap;
use syntax::ir::Name;

use super::Machine;
use crate::evaluated::Filling;
use crate::heap::{Object, Set};
use crate::value::{ObjectRef, Value};

impl Machine<'_> {
    /// An item was added by itself, to a set that had so many before.
    pub(super) fn note_added(&mut self, set: &Value, before: usize) {
        let Value::Object(object) = set else { return };
        let index = object.index;
        let Some(items) = self.own_items(*object).filter(|items| items.len() > before) else { return };
        let added = match items.last() {
            Some((_, Value::Str(added))) if !self.thinned.contains(&index) => added.clone(),
            _ => {
                self.fillings.remove(&index);
                return;
            }
        };
        match self.fillings.get_mut(&index) {
            _ if before == 0 => {
                self.fillings.insert(index, Filling { items: vec![added], is_copy: false });
            }
            Some(filling) if !filling.is_copy && filling.items.len() == before => filling.items.push(added),
            _ => {
                self.fillings.remove(&index);
            }
        }
    }

    /// A set was made of what was iterated.
    pub(super) fn note_made_of(&mut self, set: &Value, source: &Value) {
        let Value::Object(object) = set else { return };
        let filling = match source {
            Value::Tuple(_) => self.own_items(*object).and_then(texts).map(|items| Filling { items, is_copy: false }),
            Value::Object(source) => match self.object(*source) {
                Object::List(_) | Object::Generator(_) => {
                    self.own_items(*object).and_then(texts).map(|items| Filling { items, is_copy: false })
                }
                Object::Set(_) | Object::FrozenSet(_) if self.is_own(*source) => self.filling(*source),
                _ => None,
            },
            _ => None,
        };
        match filling {
            Some(filling) => self.fillings.insert(object.index, filling),
            None => self.fillings.remove(&object.index),
        };
    }

    /// How a copy of the set is filled.
    fn filling(&self, set: ObjectRef) -> Option<Filling> {
        let filling = self.fillings.get(&set.index).filter(|filling| !filling.is_copy)?;
        (texts(self.own_items(set)?)? == filling.items).then(|| Filling { items: filling.items.clone(), is_copy: true })
    }

    fn own_items(&self, set: ObjectRef) -> Option<&Set> {
        match self.object(set) {
            Object::Set(items) | Object::FrozenSet(items) if self.is_own(set) => Some(items),
            _ => None,
        }
    }

    /// Of the sets that names of the module, and attributes of its classes, hold: path and filling.
    pub(super) fn known_fillings(&self) -> Vec<(Vec<Name>, Filling)> {
        let found = |path: &[&Name], value: &Value| {
            let Value::Object(object) = value else { return None };
            let items = self.own_items(*object).filter(|items| items.len() > 1)?;
            let filling = self.fillings.get(&object.index)?;
            (texts(items)? == filling.items)
                .then(|| (path.iter().map(|name| Name::clone(name)).collect(), filling.clone()))
        };
        let mut known = Vec::new();
        for (name, value) in &self.namespace {
            known.extend(found(&[name], value));
            if let Value::Object(object) = value
                && self.is_ours(*object)
                && let Object::Class(class) = self.object(*object)
            {
                known.extend(class.namespace.iter().filter_map(|(attribute, value)| found(&[name, attribute], value)));
            }
        }
        known
    }
}

/// The items, if all are texts.
fn texts(items: &Set) -> Option<Vec<Name>> {
    let text = |item: &Value| match item {
        Value::Str(text) => Some(text.clone()),
        _ => None,
    };
    items.values().map(text).collect()
}

/// By the set's place in the heap.
pub(super) type Fillings = FxHashMap<u32, Filling>;
