//! `sorted` and `list.sort` (`Objects/listobject.c`).

use syntax::ir::Comparison;

use super::functions::Keywords;
use super::{Eval, Machine, Stop};
use crate::primitive;
use crate::reason::Rule;
use crate::value::Value;

/// So many objects are sorted at most: each is compared with every other.
const MOST_OBJECTS: usize = 40;

impl Machine<'_> {
    /// The items in order.
    pub(super) fn sorted(&mut self, items: Vec<Value>, keywords: Keywords) -> Eval<Vec<Value>> {
        let mut key_function = Value::None;
        let mut reverse = false;
        for (name, value) in keywords {
            match &*name {
                "key" => key_function = value,
                "reverse" => match value {
                    Value::Bool(_) | Value::Int(_) => reverse = self.truth(&value)?,
                    // Up to 3.11 only an integer will do.
                    _ => return self.residual(Rule::NotModelled, "`reverse` that is not an integer"),
                },
                _ => {
                    return self.raise("TypeError", format!("sort() got an unexpected keyword argument '{name}'"));
                }
            }
        }
        let mut keys = Vec::with_capacity(items.len());
        for item in &items {
            keys.push(match &key_function {
                Value::None => item.clone(),
                function => self.call(function, vec![item.clone()], Vec::new())?,
            });
        }
        self.charge(keys.len() * 4)?;
        let is_data = |key: &Value| self.is_inert(key) && !matches!(key, Value::Object(_) | Value::Opaque(_));
        let places = if keys.iter().all(is_data) {
            let outcome = primitive::sorted_places(self.context(), &keys, reverse);
            self.primitive(outcome)?
        } else {
            self.places_by_rank(&keys, reverse)?
        };
        Ok(places.into_iter().map(|place| items[place].clone()).collect())
    }

    /// Objects are sorted if each can be compared with each, which does nothing else, and the answers are those of an
    /// order: then it makes no difference which ones an algorithm asks for.
    fn places_by_rank(&mut self, keys: &[Value], reverse: bool) -> Eval<Vec<usize>> {
        let mut places: Vec<usize> = (0..keys.len()).collect();
        if keys.len() < 2 {
            return Ok(places);
        }
        if keys.len() > MOST_OBJECTS || keys.iter().any(|key| matches!(key, Value::Unknown(_) | Value::Opaque(_))) {
            return self.residual(Rule::NotModelled, "sorts by objects whose order is not known");
        }
        let mut less = vec![vec![false; keys.len()]; keys.len()];
        for (left, row) in less.iter_mut().enumerate() {
            for (right, entry) in row.iter_mut().enumerate().filter(|(right, _)| *right != left) {
                *entry = self.is_less(&keys[left], &keys[right])?;
            }
        }
        let rank = |place: usize| less.iter().filter(|row| row[place]).count();
        let ranks: Vec<usize> = (0..keys.len()).map(rank).collect();
        let mut pairs = (0..keys.len()).flat_map(|left| (0..keys.len()).map(move |right| (left, right)));
        if pairs.any(|(left, right)| less[left][right] != (ranks[left] < ranks[right])) {
            return self.residual(Rule::NotModelled, "sorts by comparisons that are none of an order");
        }
        // CPython reverses before and after, so that equal items keep their order.
        if reverse {
            places.reverse();
        }
        places.sort_by_key(|place| ranks[*place]);
        if reverse {
            places.reverse();
        }
        Ok(places)
    }

    /// `left < right`, if finding out changes nothing.
    fn is_less(&mut self, left: &Value, right: &Value) -> Eval<bool> {
        let effects = self.current.effects.len();
        let start = self.heap.objects.len() as u32;
        let floor = self.floor.replace(start);
        let compared = self.compare(Comparison::Less, left, right).and_then(|less| self.truth(&less));
        self.floor = floor;
        match compared {
            Err(Stop::Raise(_)) => self.residual(Rule::Raises, "an exception in the middle of sorting"),
            Ok(_) if self.current.effects.len() > effects => {
                self.residual(Rule::NotModelled, "comparing what is sorted has effects")
            }
            compared => compared,
        }
    }
}
