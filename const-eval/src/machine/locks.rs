//! Locks of `_thread`: who holds them. Only this evaluation can have taken its module's own locks, as long as
//! no code that is not known has got hold of them. A statement that releases what it has taken leaves no trace:
//! where another thread holds the lock, it would have waited.

use super::functions::Keywords;
use super::{Eval, Machine};
use crate::ground::GroundId;
use crate::heap::{Native, Object};
use crate::reason::Rule;
use crate::value::Value;

impl Machine<'_> {
    /// Methods of locks. `None`: not modelled.
    pub(super) fn lock_method(
        &mut self,
        owner: GroundId,
        name: &str,
        receiver: &Value,
        positional: &[Value],
        keywords: &Keywords,
    ) -> Eval<Option<Value>> {
        let known = self.known;
        let Value::Object(object) = receiver else { return Ok(None) };
        let object = *object;
        let reentrant = owner == known.reentrant_lock;
        if owner != known.lock && !reentrant || !keywords.is_empty() {
            return Ok(None);
        }
        let Object::Native(lock) = self.object(object) else { return Ok(None) };
        // Of another module's, only what this statement has taken is known.
        let Some(before) = times_held(lock) else { return Ok(None) };
        let taken = self.current.taken.get(&object).copied().unwrap_or(0);
        let held = before + taken;
        let is_certain = self.is_own(object) || taken > 0;
        let (change, result) = match (name, positional) {
            ("acquire" | "acquire_lock", [] | [Value::Bool(true)]) | ("__enter__", []) if held == 0 || reentrant => {
                (1, Value::Bool(true))
            }
            _ if !is_certain => return Ok(None),
            ("acquire" | "acquire_lock", [Value::Bool(false)]) if held == 0 || reentrant => (1, Value::Bool(true)),
            ("acquire" | "acquire_lock", [Value::Bool(false)]) => return Ok(Some(Value::Bool(false))),
            ("release" | "release_lock", []) | ("__exit__", [_, _, _]) if held > 0 => (-1, Value::None),
            ("locked" | "locked_lock", []) if !reentrant => return Ok(Some(Value::Bool(held > 0))),
            ("_is_owned", []) if reentrant => return Ok(Some(Value::Bool(held > 0))),
            _ => return Ok(None),
        };
        match taken + change {
            0 => self.current.taken.remove(&object),
            taken => self.current.taken.insert(object, taken),
        };
        Ok(Some(result))
    }

    /// Locks that a statement leaves otherwise than it found them. (One that is made anew in each process is not held.)
    pub(super) fn check_locks(&mut self) -> Eval<()> {
        for (object, taken) in std::mem::take(&mut self.current.taken) {
            self.known_effect(Rule::NotModelled, "takes or releases a lock");
            let Object::Native(lock) = self.object_mut(object)? else { return self.malformed() };
            let before = times_held(lock).unwrap_or(0);
            lock.arguments = vec![Value::int(before + taken)];
        }
        Ok(())
    }
}

/// How often a lock is held, when a statement begins.
fn times_held(lock: &Native) -> Option<i64> {
    match lock.arguments.as_slice() {
        [] => Some(0),
        [Value::Int(held)] => held.to_i64(),
        _ => None,
    }
}
