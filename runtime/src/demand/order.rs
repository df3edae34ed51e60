//! The order of a namespace some of whose names wait.

use crate::object::{Fallible, Object};

/// Names that wait or waited, each with the number of other entries that stand before it.
#[derive(Default)]
pub struct Order {
    marks: Vec<(Box<str>, usize)>,
}

impl Order {
    /// A name that isn't there begins to wait.
    pub fn wait(&mut self, name: &str, globals: &Object) {
        if self.marks.iter().any(|(known, _)| **known == *name) {
            return;
        }
        let others = self.others(globals).len();
        self.marks.push((name.into(), others));
    }

    /// Entries of the namespace that never waited, in order.
    fn others(&self, globals: &Object) -> Vec<Object> {
        let is_other =
            |key: &Object| !key.as_text().is_some_and(|text| self.marks.iter().any(|(known, _)| **known == *text));
        globals.dict_keys().into_iter().filter(is_other).collect()
    }

    /// A top-level statement is about to delete a name.
    pub fn deleted(&mut self, name: &str, globals: &Object) {
        if let Some(place) = self.marks.iter().position(|(known, _)| **known == *name) {
            self.marks.remove(place);
            return;
        }
        let place = self.others(globals).iter().position(|key| key.as_text() == Some(name));
        if let Some(place) = place {
            for (_, before) in &mut self.marks {
                *before -= usize::from(*before > place);
            }
        }
    }

    pub fn names(&self) -> Vec<Box<str>> {
        self.marks.iter().map(|(name, _)| name.clone()).collect()
    }

    /// Puts the entries into the order in which execution would have bound them.
    pub fn restore(&mut self, globals: &Object) -> Fallible<()> {
        if self.marks.is_empty() {
            return Ok(());
        }
        let others = self.others(globals);
        let mut keys = Vec::with_capacity(others.len() + self.marks.len());
        let mut marks = self.marks.iter().peekable();
        for place in 0..=others.len() {
            while let Some((name, _)) = marks.next_if(|(_, before)| *before <= place) {
                keys.push(Object::name(name)?);
            }
            keys.extend(others.get(place).cloned());
        }
        for (name, _) in marks {
            keys.push(Object::name(name)?);
        }
        let mut items = Vec::with_capacity(keys.len());
        for key in keys {
            if let Some(value) = globals.dict_get(&key)? {
                items.push((key, value));
            }
        }
        self.marks.clear();
        globals.dict_replace(&items)
    }
}
