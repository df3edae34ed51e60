//! Locks of `_thread`: who holds them. Only this evaluation can have taken its module's own locks, as long as
//! no code that is not known has got hold of them.

use super::functions::Keywords;
use super::{Eval, Machine};
use crate::ground::GroundId;
use crate::heap::Object;
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
        if (owner != known.lock && owner != known.reentrant_lock) || !self.is_own(object) || !keywords.is_empty() {
            return Ok(None);
        }
        let Object::Native(lock) = self.object(object) else { return Ok(None) };
        // How many times it is held.
        let held = match lock.arguments.as_slice() {
            [] => 0,
            [Value::Int(held)] => held.to_i64().unwrap_or(i64::MAX),
            _ => return Ok(None),
        };
        let reentrant = owner == known.reentrant_lock;
        let (held, result) = match (name, positional) {
            ("acquire" | "acquire_lock", [] | [Value::Bool(_)]) | ("__enter__", []) if held == 0 || reentrant => {
                (held + 1, Value::Bool(true))
            }
            ("acquire" | "acquire_lock", [Value::Bool(false)]) => return Ok(Some(Value::Bool(false))),
            ("release" | "release_lock", []) | ("__exit__", [_, _, _]) if held > 0 => (held - 1, Value::None),
            ("locked" | "locked_lock", []) if !reentrant => return Ok(Some(Value::Bool(held > 0))),
            ("_is_owned", []) if reentrant => return Ok(Some(Value::Bool(held > 0))),
            _ => return Ok(None),
        };
        // What is made anew in each process is not held.
        self.known_effect(Rule::NotModelled, "takes or releases a lock");
        let Object::Native(lock) = self.object_mut(object)? else { return self.malformed() };
        lock.arguments = vec![Value::int(held)];
        Ok(Some(result))
    }
}
