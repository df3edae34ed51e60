//! Calls of functions behind `functools.lru_cache`, which is written in C.
//!
//! A call hashes its arguments, and gives what an earlier call with equal arguments gave. What calls this
//! evaluation has made is known; of a function of another module there may have been more. A call is therefore
//! proven only where it makes no difference whether it is carried out: it changes nothing that is older than itself. What it makes
//! is *shared*: whoever calls with equal arguments gets the same objects, so nobody may change them,
//! and whether they are one object with others can't be told.

use rustc_hash::FxHashSet;

use super::functions::Keywords;
use super::{Eval, Machine};
use crate::heap::Native;
use crate::key::Key;
use crate::reason::Rule;
use crate::value::{ModuleId, ObjectRef, Value};
use syntax::ir::Name;

/// What a call with these arguments gave.
pub(super) struct Answer {
    key: Key,
    value: Value,
    /// Imports that had been carried out by then.
    imports: u64,
}

/// The cache of one function, as far as this evaluation has filled it.
#[derive(Default)]
pub(super) struct Answers {
    entries: Vec<Answer>,
}

impl Machine<'_> {
    /// `lru_cache_make_key`, and what it leads to: `wrapper` holds the function, the size, and whether types tell keys apart.
    pub(super) fn call_cached(
        &mut self,
        wrapper: ObjectRef,
        native: &Native,
        positional: Vec<Value>,
        keywords: Keywords,
    ) -> Eval<Value> {
        let [function, size, typed, ..] = native.arguments.as_slice() else { return self.malformed() };
        let (function, size) = (function.clone(), size.clone());
        let typed = self.truth(&typed.clone())?;
        if self.is_ours(wrapper) && self.impure && self.leaked {
            return self.residual(Rule::NotModelled, "a cached function that code which is not known may have called");
        }
        let own = self.is_own(wrapper) && !self.leaked;
        let most = match &size {
            Value::None => None,
            Value::Int(most) => Some(most.to_i64().unwrap_or(0).max(0)),
            _ => return self.residual(Rule::NotModelled, "a cache whose size is not known"),
        };
        if most == Some(0) {
            return self.call(&function, positional, keywords);
        }
        let mut parts: Vec<Value> = positional.clone();
        for (name, value) in &keywords {
            parts.push(Value::Str(name.clone()));
            parts.push(value.clone());
        }
        // Equal numbers of different types have one entry: another module's call may have made it.
        let plain_integer = !typed && matches!(parts.as_slice(), [Value::Int(_)]) && keywords.is_empty();
        if !own && !plain_integer && !parts.iter().all(|part| tells_type(part, !typed)) {
            return self.residual(Rule::Nondeterministic, "a cache that takes equal numbers for one");
        }
        // A single string or integer is the key itself, which no tuple is equal to.
        let plain = !typed && matches!(parts.as_slice(), [Value::Str(_) | Value::Int(_)]) && keywords.is_empty();
        let shape = if plain { usize::MAX } else { positional.len() };
        let mut keys = vec![self.key(&Value::tuple(parts.clone()))?, Key::Length(shape)];
        if typed {
            for part in parts.iter().take(positional.len()).chain(keywords.iter().map(|(_, value)| value)) {
                let class = self.type_of(part)?.value();
                keys.push(self.key(&class)?);
            }
        }
        let key = Key::Tuple(keys.into());
        let imports = self.loads;
        let answers = self.answers.entry(wrapper).or_default();
        let full = most.is_some_and(|most| answers.entries.len() as i64 >= most);
        let known = answers.entries.iter().find(|answer| answer.key == key);
        if let Some(answer) = known
            && (most.is_none() || own && !full || !full && answer.imports == imports)
        {
            return Ok(answer.value.clone());
        }
        if own && full {
            return self.residual(Rule::NotModelled, "a cache that is full");
        }

        let start = self.heap.objects.len() as u32;
        let (effects, effect) = (self.current.effects.len(), self.current.effect.is_some());
        let asked = self.identified.len();
        let recipe = std::mem::replace(&mut self.current.recipe, false);
        let floor = self.floor.replace(self.floor.unwrap_or(start).min(start));
        let result = self.call(&function, positional, keywords);
        self.floor = floor;
        let made = self.current.recipe;
        self.current.recipe |= recipe;
        let value = result?;
        self.refuse_identities(&value, asked, start)?;
        if made || self.current.effects.len() != effects || self.current.effect.is_some() != effect {
            return self.residual(Rule::NotModelled, "a cached function that has effects");
        }
        self.share_since(start);
        let answers = self.answers.entry(wrapper).or_default();
        self.answered += 1;
        answers.entries.retain(|answer| answer.key != key);
        answers.entries.push(Answer { key, value: value.clone(), imports });
        Ok(value)
    }

    /// Is one of the objects among what own functions behind a cache have given, or reached from there?
    pub(super) fn is_remembered(&self, objects: &FxHashSet<u32>) -> bool {
        let answers = self.answers.values().flat_map(|answers| &answers.entries);
        answers.into_iter().any(|answer| self.reaches(&answer.value, objects))
    }

    /// What was made since then is handed to others as well.
    pub(super) fn share_since(&mut self, start: u32) {
        let end = self.heap.objects.len() as u32;
        if end > start {
            // Ranges within this one are part of it.
            self.shared.retain(|(first, _)| *first < start);
            self.shared.push((start, end));
        }
    }

    /// The name of another module that leads to the object, if it was made when the name was first asked for.
    pub(super) fn stands_for(&self, object: ObjectRef) -> Option<&(ModuleId, Name)> {
        if self.is_ours(object) {
            return self.stand_ins.get(&object.index);
        }
        self.world.evaluated(object.owner)?.stand_ins.get(&object.index)
    }

    /// Was the object made by a call behind a cache?
    pub(super) fn is_shared(&self, object: ObjectRef) -> bool {
        let within = |ranges: &[(u32, u32)]| {
            let after = ranges.partition_point(|(first, _)| *first <= object.index);
            after > 0 && object.index < ranges[after - 1].1
        };
        if self.is_ours(object) {
            return within(&self.shared);
        }
        self.world.evaluated(object.owner).is_some_and(|evaluated| within(&evaluated.shared))
    }
}

/// Is there nothing of another type that the value is equal to? At the top the cache may look at types itself.
fn tells_type(value: &Value, strict: bool) -> bool {
    match value {
        Value::Bool(_) | Value::Int(_) | Value::Float(_) | Value::Complex(..) => !strict,
        Value::Tuple(items) => items.iter().all(|item| tells_type(item, true)),
        _ => true,
    }
}
