//! In which order sets of texts were filled.
//!
//! That order, and whether the set is a copy of one that was filled so, decides how it is iterated (`set_add_entry` and
//! `set_merge` in setobject.c), whatever the hashes are: who makes the set again, has to fill it in the same way.

use rustc_hash::FxHashMap;
use syntax::ir::Name;

use super::{Eval, Machine};
use crate::evaluated::Filling;
use crate::heap::{Object, Set};
use crate::value::Value;

impl Machine<'_> {
    /// `set.add`
    pub(super) fn set_add_alone(&mut self, set: &Value, item: Value) -> Eval<()> {
        let before = self.items_of(set).map_or(0, |items| items.len());
        let filling = self.take_filling(set);
        self.set_add(set, item)?;
        let (Value::Object(object), Some(items)) = (set, self.items_of(set)) else { return Ok(()) };
        let filling = match items.last() {
            _ if items.len() == before => filling,
            Some((_, Value::Str(added))) if !self.thinned.contains(&object.index) => {
                let empty = Filling { items: Vec::new(), is_copy: false };
                let filled = if before == 0 { Some(empty) } else { filling.filter(|filling| !filling.is_copy) };
                filled.map(|mut filling| {
                    filling.items.push(added.clone());
                    filling
                })
            }
            _ => None,
        };
        self.fillings.extend(filling.map(|filling| (object.index, filling)));
        Ok(())
    }

    /// How the set was filled is not known any more, unless it is put back.
    pub(super) fn take_filling(&mut self, set: &Value) -> Option<Filling> {
        match set {
            Value::Object(object) if self.is_ours(*object) => self.fillings.remove(&object.index),
            _ => None,
        }
    }

    /// A set was made of what was iterated.
    pub(super) fn note_made_of(&mut self, set: &Value, source: &Value) {
        let is_copy = self.items_of(source).is_some();
        let is_in_order = match source {
            Value::Tuple(_) => true,
            Value::Object(source) => matches!(self.object(*source), Object::List(_) | Object::Generator(_)),
            _ => false,
        };
        let filling = match source {
            Value::Object(source) if is_copy => {
                let filling = self.fillings.get(&source.index).filter(|filling| !filling.is_copy);
                filling.map(|filling| Filling { items: filling.items.clone(), is_copy })
            }
            _ if is_in_order => self.items_of(set).and_then(texts).map(|items| Filling { items, is_copy }),
            _ => None,
        };
        if let Value::Object(object) = set {
            self.fillings.extend(filling.map(|filling| (object.index, filling)));
        }
    }

    /// The items of a set of the module's own, of exactly a builtin type.
    fn items_of(&self, set: &Value) -> Option<&Set> {
        let Value::Object(set) = set else { return None };
        match self.object(*set) {
            Object::Set(items) | Object::FrozenSet(items) if self.is_own(*set) => Some(items),
            _ => None,
        }
    }

    /// Of the sets that names of the module, and attributes of its classes, hold: path and filling.
    pub(super) fn known_fillings(&self) -> Vec<(Vec<Name>, Filling)> {
        let found = |path: &[&Name], value: &Value| {
            let Value::Object(object) = value else { return None };
            let items = self.items_of(value).filter(|items| items.len() > 1)?;
            let filling = self.fillings.get(&object.index)?;
            (texts(items)? == filling.items)
                .then(|| (path.iter().map(|name| Name::clone(name)).collect(), filling.clone()))
        };
        let mut known = Vec::new();
        if self.fillings.is_empty() {
            return known;
        }
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
