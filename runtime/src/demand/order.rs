//! The order of a namespace some of whose names wait.

use rustc_hash::FxHashMap;

use crate::names::Name;
use crate::object::{Fallible, Object};

/// Names that wait or waited, each with the number of other entries that stand before it.
#[derive(Default)]
pub struct Order {
    marks: Vec<(Name, usize)>,
    places: FxHashMap<Name, usize>,
    /// How many entries the namespace had when they were last counted, and how many of them never waited.
    last: Option<(isize, usize)>,
    /// The others that were counted, in order: code may delete some (`del name`) without being noticed.
    counted: Vec<Object>,
}

impl Order {
    /// A name that isn't there begins to wait.
    pub fn wait(&mut self, name: &Name, globals: &Object) {
        if self.places.contains_key(name) {
            return;
        }
        let others = self.count_others(globals);
        self.places.insert(name.clone(), self.marks.len());
        self.marks.push((name.clone(), others));
    }

    /// A name was bound here; before, the namespace had so many entries.
    pub fn bound(&mut self, name: &Name, before: isize, globals: &Object) {
        let Some((entries, others)) = &mut self.last else { return };
        if *entries != before {
            self.last = None;
        } else if globals.dict_size() > before {
            *entries += 1;
            if !self.places.contains_key(name) {
                *others += 1;
                self.counted.push(Object::clone(name));
            }
        }
    }

    /// Code has run, which may have bound and deleted names.
    pub fn recount(&mut self) {
        self.last = None;
    }

    fn count_others(&mut self, globals: &Object) -> usize {
        let entries = globals.dict_size();
        if let Some((counted, others)) = self.last
            && counted == entries
        {
            return others;
        }
        let others = self.others(globals);
        let gone = self.gone(&others);
        for (_, before) in &mut self.marks {
            *before -= count_below(&gone, *before);
        }
        self.last = Some((entries, others.len()));
        self.counted = others;
        self.counted.len()
    }

    /// Which of those that were counted are not there any more.
    fn gone(&self, others: &[Object]) -> Vec<usize> {
        let mut left = others.iter().peekable();
        let mut is_gone = |key: &Object| left.next_if(|other| other.as_text() == key.as_text()).is_none();
        (0..).zip(&self.counted).filter(|(_, key)| is_gone(key)).map(|(place, _)| place).collect()
    }

    /// Entries of the namespace that never waited, in order.
    fn others(&self, globals: &Object) -> Vec<Object> {
        let is_other = |key: &Object| !Name::of(key).ok().flatten().is_some_and(|name| self.places.contains_key(&name));
        globals.dict_keys().into_iter().filter(is_other).collect()
    }

    /// A top-level statement is about to delete a name. One that never waited, the next count finds gone.
    pub fn deleted(&mut self, name: &Name) {
        self.last = None;
        if let Some(place) = self.places.remove(name) {
            self.marks.remove(place);
            for later in self.places.values_mut() {
                *later -= usize::from(*later > place);
            }
        }
    }

    pub fn names(&self) -> Vec<Name> {
        self.marks.iter().map(|(name, _)| name.clone()).collect()
    }

    /// All names, in the order in which execution would have bound them.
    pub fn keys(&self, globals: &Object) -> Fallible<Vec<Object>> {
        let others = self.others(globals);
        let gone = self.gone(&others);
        let mut keys = Vec::with_capacity(others.len() + self.marks.len());
        let mut marks = self.marks.iter().peekable();
        for place in 0..=others.len() {
            while let Some((name, _)) = marks.next_if(|(_, before)| *before - count_below(&gone, *before) <= place) {
                keys.push(Object::clone(name));
            }
            keys.extend(others.get(place).cloned());
        }
        for (name, _) in marks {
            keys.push(Object::clone(name));
        }
        Ok(keys)
    }

    /// Puts the entries into that order.
    pub fn restore(&mut self, globals: &Object) -> Fallible<()> {
        if self.marks.is_empty() {
            return Ok(());
        }
        let keys = self.keys(globals)?;
        let mut items = Vec::with_capacity(keys.len());
        for key in keys {
            if let Some(value) = globals.dict_get(&key)? {
                items.push((key, value));
            }
        }
        self.marks.clear();
        self.places.clear();
        self.last = None;
        self.counted.clear();
        globals.dict_replace(&items)
    }
}

fn count_below(places: &[usize], limit: usize) -> usize {
    places.iter().filter(|place| **place < limit).count()
}
