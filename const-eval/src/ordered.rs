//! A map that remembers the order in which its entries came, and is another one in another order.

use std::hash::Hash;
use std::ops::{Deref, DerefMut};

use indexmap::IndexMap;
use rustc_hash::FxBuildHasher;

/// [`IndexMap`], for which order is part of the contents: so it is in Python's namespaces and dicts.
#[derive(Clone, Debug)]
pub struct Ordered<K, V>(IndexMap<K, V, FxBuildHasher>);

impl<K, V> Default for Ordered<K, V> {
    fn default() -> Self {
        Self(IndexMap::default())
    }
}

impl<K, V> Ordered<K, V> {
    pub fn into_values(self) -> indexmap::map::IntoValues<K, V> {
        self.0.into_values()
    }
}

impl<K: PartialEq, V: PartialEq> PartialEq for Ordered<K, V> {
    fn eq(&self, other: &Self) -> bool {
        self.0.len() == other.0.len() && self.0.iter().eq(other.0.iter())
    }
}

impl<K, V> Deref for Ordered<K, V> {
    type Target = IndexMap<K, V, FxBuildHasher>;

    fn deref(&self) -> &Self::Target {
        &self.0
    }
}

impl<K, V> DerefMut for Ordered<K, V> {
    fn deref_mut(&mut self) -> &mut Self::Target {
        &mut self.0
    }
}

impl<K: Eq + Hash, V> FromIterator<(K, V)> for Ordered<K, V> {
    fn from_iter<I: IntoIterator<Item = (K, V)>>(entries: I) -> Self {
        Self(entries.into_iter().collect())
    }
}

impl<K: Eq + Hash, V> Extend<(K, V)> for Ordered<K, V> {
    fn extend<I: IntoIterator<Item = (K, V)>>(&mut self, entries: I) {
        self.0.extend(entries);
    }
}

impl<K, V> IntoIterator for Ordered<K, V> {
    type Item = (K, V);
    type IntoIter = indexmap::map::IntoIter<K, V>;

    fn into_iter(self) -> Self::IntoIter {
        self.0.into_iter()
    }
}

impl<'a, K, V> IntoIterator for &'a Ordered<K, V> {
    type Item = (&'a K, &'a V);
    type IntoIter = indexmap::map::Iter<'a, K, V>;

    fn into_iter(self) -> Self::IntoIter {
        self.0.iter()
    }
}

impl<'a, K, V> IntoIterator for &'a mut Ordered<K, V> {
    type Item = (&'a K, &'a mut V);
    type IntoIter = indexmap::map::IterMut<'a, K, V>;

    fn into_iter(self) -> Self::IntoIter {
        self.0.iter_mut()
    }
}

#[cfg(test)]
mod tests {
    use super::Ordered;

    #[test]
    fn order_counts() {
        let map = |keys: [u8; 2]| keys.into_iter().map(|key| (key, ())).collect::<Ordered<u8, ()>>();
        assert_eq!(map([1, 2]), map([1, 2]));
        assert_ne!(map([1, 2]), map([2, 1]));
    }
}
