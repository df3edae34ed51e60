//! What was found out before, as long as there is room for it.

use std::borrow::Borrow;
use std::hash::Hash;

use rustc_hash::FxHashMap;

use crate::object::GilProtected;

/// A table of so many entries at most. Dropping values may run code, which may ask the table: they are dropped when it
/// can be asked.
pub struct Memo<K: 'static, V: 'static> {
    known: GilProtected<Option<FxHashMap<K, V>>>,
    most: usize,
}

impl<K: Eq + Hash, V: Clone> Memo<K, V> {
    pub const fn new(most: usize) -> Self {
        Self { known: GilProtected::new(None), most }
    }

    pub fn get<Q: Eq + Hash + ?Sized>(&self, key: &Q) -> Option<V>
    where
        K: Borrow<Q>,
    {
        self.known.with(|known| known.as_ref()?.get(key).cloned())
    }

    /// Where there is no room any more, everything else is forgotten.
    pub fn insert(&self, key: K, value: V) {
        let forgotten = self.known.with(|known| {
            let known = known.get_or_insert_with(FxHashMap::default);
            let forgotten = if known.len() >= self.most { std::mem::take(known) } else { FxHashMap::default() };
            (forgotten, known.insert(key, value))
        });
        drop(forgotten);
    }
}
