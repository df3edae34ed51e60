//! `collections.OrderedDict`, as it is implemented in C (`Objects/odictobject.c`). Classes that derive from it are not modelled.

use super::functions::Keywords;
use super::{Eval, Machine};
use crate::heap::{Object, Type};
use crate::reason::Rule;
use crate::value::Value;

/// Methods that `OrderedDict` leaves to `dict`.
const INHERITED: [&str; 4] = ["get", "__contains__", "__getitem__", "__len__"];

impl Machine<'_> {
    pub(super) fn is_ordered_dict(&self, value: &Value) -> bool {
        match value {
            Value::Object(object) => matches!(
                self.object(*object),
                Object::Instance(instance) if instance.class == Type::Ground(self.known.ordered_dict)
            ),
            _ => false,
        }
    }

    /// Stops where `dict`'s own method is called on an ordered dict that has another one.
    pub(super) fn check_inherited(&mut self, name: &str, dict: &Value) -> Eval<()> {
        match self.is_ordered_dict(dict) && !INHERITED.contains(&name) {
            true => self.residual(Rule::NotModelled, format!("`dict.{name}` of an `OrderedDict`")),
            false => Ok(()),
        }
    }

    /// Something was removed from the dict, or moved in it.
    pub(super) fn note_moved(&mut self, dict: &Value) {
        if self.is_ordered_dict(dict) {
            self.ordered_changes += 1;
        }
    }

    /// Stops where an ordered dict may have been changed since its iteration began (`odictiter_nextkey`).
    pub(super) fn check_unmoved(&mut self, dict: &Value, size: usize, changes: u64) -> Eval<()> {
        if self.is_ordered_dict(dict) && (self.ordered_changes != changes || self.length_of_dict(dict)? != size) {
            return self.residual(Rule::NotModelled, "an `OrderedDict` that may have changed while it is iterated");
        }
        Ok(())
    }

    pub(super) fn ordered_dict_method(
        &mut self,
        name: &str,
        dict: &Value,
        mut positional: Vec<Value>,
        mut keywords: Keywords,
    ) -> Eval<Value> {
        if !self.is_ordered_dict(dict) {
            return self.residual(Rule::NotModelled, format!("`OrderedDict.{name}` of something else"));
        }
        // The last parameter may be given by name.
        let last = match name {
            "setdefault" | "pop" => Some("default"),
            "popitem" | "move_to_end" => Some("last"),
            _ => None,
        };
        if let [(given, _)] = keywords.as_slice()
            && last == Some(&**given)
            && positional.len() == usize::from(name != "popitem")
            && let Some((_, value)) = keywords.pop()
        {
            positional.push(value);
        }
        match (name, positional.as_slice()) {
            ("update", _) => self.dict_method(name, dict, positional, keywords),
            _ if !keywords.is_empty() => {
                self.residual(Rule::NotModelled, format!("`OrderedDict.{name}` with these arguments"))
            }
            ("setdefault", [_] | [_, _])
            | ("pop", [_] | [_, _])
            | ("__setitem__", [_, _])
            | ("__delitem__", [_])
            | ("keys" | "values" | "items" | "clear" | "__iter__", []) => {
                self.dict_method(name, dict, positional, keywords)
            }
            ("popitem", []) => self.pop_item(dict, true),
            ("popitem", [last]) => {
                let last = self.truth(&last.clone())?;
                self.pop_item(dict, last)
            }
            ("move_to_end", [key]) => self.move_to_end(dict, &key.clone(), true),
            ("move_to_end", [key, last]) => {
                let (key, last) = (key.clone(), last.clone());
                let last = self.truth(&last)?;
                self.move_to_end(dict, &key, last)
            }
            ("copy" | "__copy__", []) => {
                let entries = self.dict_entries(dict)?.unwrap_or_default();
                self.charge(entries.len())?;
                Ok(self.new_dict_of(self.known.ordered_dict, entries))
            }
            _ => self.residual(Rule::NotModelled, format!("`OrderedDict.{name}`")),
        }
    }

    fn pop_item(&mut self, dict: &Value, last: bool) -> Eval<Value> {
        let entries = self.dict_entries(dict)?.unwrap_or_default();
        let entry = if last { entries.last() } else { entries.first() };
        let Some((_, (key, value))) = entry else {
            return self.raise_exactly("KeyError", "dictionary is empty");
        };
        let (key, value) = (key.clone(), value.clone());
        self.dict_pop(dict, &key)?;
        Ok(Value::tuple(vec![key, value]))
    }

    fn move_to_end(&mut self, dict: &Value, key: &Value, last: bool) -> Eval<Value> {
        let hashed = self.key(key)?;
        let Some(place) = self.dict_entries(dict)?.unwrap_or_default().get_index_of(&hashed) else {
            return self.raise_value("KeyError", key.clone());
        };
        let entries = self.dict_mut(dict)?;
        let end = if last { entries.len() - 1 } else { 0 };
        entries.move_index(place, end);
        self.note_moved(dict);
        Ok(Value::None)
    }

    /// `odict_richcompare`: the order counts between two of them. `None`: neither is one.
    pub(super) fn equals_ordered_dict(&mut self, left: &Value, right: &Value) -> Eval<Option<bool>> {
        let (one, other) = (self.is_ordered_dict(left), self.is_ordered_dict(right));
        if !one && !other || self.dict_entries(left)?.is_none() || self.dict_entries(right)?.is_none() {
            return Ok(None);
        }
        if !self.equals_dict(left, right)? {
            return Ok(Some(false));
        }
        if !(one && other) {
            return Ok(Some(true));
        }
        let (first, second) =
            (self.dict_entries(left)?.unwrap_or_default(), self.dict_entries(right)?.unwrap_or_default());
        Ok(Some(first.keys().eq(second.keys())))
    }
}
