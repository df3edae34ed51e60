//! What `id` gives, the identity of an object, and what else differs between processes and is of use within one
//! statement only.
//!
//! The number differs between processes, so nothing is known of it but this: it is true, and it is the number of
//! another object only if that one did not live at the same time. Identities can therefore be compared, and be the
//! keys of a dict or set of their own. Everything else that is done with one is an
//! operation on an unknown integer, and no identity may outlive the statement that asked for it. The same goes for
//! numbers that are merely read (`sys.getrecursionlimit()`), of which nothing at all is known.
//!
//! Lives are intervals. An object that is still there was there ever since it was first asked for its identity; so
//! another one that was asked later has lived beside it.

use rustc_hash::FxHashSet;

use super::{Eval, Machine};
use crate::ground::GroundId;
use crate::heap::{Object, Payload};
use crate::reason::{Identity, Reason, Rule};
use crate::value::{ObjectRef, Value};

/// A dict or set whose keys are all identities: these, and what is filed under them.
type Entries = Vec<(Value, Value)>;

impl Machine<'_> {
    /// `id(value)`. `None`: it is data, of which the interpreter may keep one object or several.
    pub(super) fn identity_of(&mut self, value: &Value) -> Option<Value> {
        if !matches!(value, Value::Object(_) | Value::Ground(_) | Value::Module(_) | Value::GroundModule(_)) {
            return None;
        }
        let message = "the result of `builtins.id` differs between processes".to_string();
        Some(self.asked(Some(value.clone()), message, Some(self.known.int)))
    }

    /// What a function gives that reads the state of the process.
    pub(super) fn reading(&mut self, what: &str, class: Option<GroundId>) -> Value {
        self.asked(None, format!("the result of `{what}` differs between processes"), class)
    }

    fn asked(&mut self, identified: Option<Value>, message: String, class: Option<GroundId>) -> Value {
        let identity = Identity { evaluation: self.module, number: self.identified.len() as u32 };
        self.identified.push(identified);
        let reason = self.reason_here(Rule::Nondeterministic, message);
        Value::Unknown(Reason { class, identity: Some(identity), ..(*reason).clone() }.into())
    }

    /// Which of the identities that this statement has asked for the value is.
    fn identity_number(&self, value: &Value) -> Option<usize> {
        self.number_asked(value).filter(|number| self.identified[*number].is_some())
    }

    /// Which of the identities and readings that this statement has asked for the value is.
    fn number_asked(&self, value: &Value) -> Option<usize> {
        match value {
            Value::Unknown(reason) => {
                let identity = reason.identity.filter(|identity| identity.evaluation == self.module)?;
                let asked = self.current.identified_before..self.identified.len();
                Some(identity.number as usize).filter(|number| asked.contains(number))
            }
            _ => None,
        }
    }

    pub(super) fn is_identity(&self, value: &Value) -> bool {
        self.identity_number(value).is_some()
    }

    /// Is it what `id` gives for this object?
    pub(super) fn is_identity_of(&self, identity: &Value, value: &Value) -> bool {
        self.identity_number(identity)
            .and_then(|number| self.identified[number].as_ref())
            .is_some_and(|identified| is_same(identified, value))
    }

    /// `left == right`, of two identities. `None`: not both are, or it can't be told.
    pub(super) fn equal_identities(&self, left: &Value, right: &Value) -> Option<bool> {
        let (left, right) = (self.identity_number(left)?, self.identity_number(right)?);
        self.is_one_object(left, right, &[])
    }

    /// Do two identities belong to one object? `held` is surely alive. `None`: it can't be told.
    fn is_one_object(&self, left: usize, right: usize, held: &[Value]) -> Option<bool> {
        let (first, second) = (left.min(right), left.max(right));
        let (older, newer) = (self.identified.get(first)?.as_ref()?, self.identified.get(second)?.as_ref()?);
        if is_same(older, newer) {
            return Some(true);
        }
        if !self.is_one_of_its_own(older) || !self.is_one_of_its_own(newer) {
            return None;
        }
        if is_immortal(older) || is_immortal(newer) || held.iter().any(|value| is_same(value, older)) {
            return Some(false);
        }
        self.lives(held).contains(&object_of(older)?).then_some(false)
    }

    /// Does the value stand for an object that nothing else in the evaluation stands for?
    fn is_one_of_its_own(&self, value: &Value) -> bool {
        let Value::Object(object) = value else {
            return matches!(value, Value::Ground(_) | Value::Module(_) | Value::GroundModule(_));
        };
        let plain = match self.object(*object) {
            Object::Function(_) | Object::Class(_) | Object::List(_) | Object::Dict(_) | Object::Set(_) => true,
            Object::Instance(instance) => !matches!(instance.payload, Payload::Data(_) | Payload::FrozenSet(_)),
            _ => false,
        };
        plain && !self.is_shared(*object) && self.stands_for(*object).is_none()
    }

    /// Objects that are surely alive: those to which the module's names lead, and what is held, through
    /// whatever keeps its parts.
    fn lives(&self, held: &[Value]) -> FxHashSet<ObjectRef> {
        let bound = self.namespace.iter().filter(|(name, _)| !self.unsure.contains(*name));
        let mut pending: Vec<Value> = bound.map(|(_, value)| value).chain(held).cloned().collect();
        let mut alive: FxHashSet<ObjectRef> = FxHashSet::default();
        while let Some(value) = pending.pop() {
            match value {
                Value::Tuple(items) => pending.extend(items.iter().cloned()),
                Value::Object(object) if alive.insert(object) && self.is_own(object) => {
                    if let kept @ (Object::List(_)
                    | Object::Dict(_)
                    | Object::Set(_)
                    | Object::FrozenSet(_)
                    | Object::Function(_)
                    | Object::Class(_)
                    | Object::Instance(_)
                    | Object::Cell(_)) = self.object(object)
                    {
                        super::reach::held_by(kept, &mut pending);
                    }
                }
                _ => {}
            }
        }
        alive
    }

    // ---- dicts and sets of identities

    /// The entries of a dict or set that holds identities and nothing else; an empty one may.
    fn identities_in(&self, container: &Value) -> Option<Entries> {
        let Value::Object(object) = container else { return None };
        match self.object(*object) {
            _ if !self.is_own(*object) => None,
            Object::Dict(entries) if entries.is_empty() => Some(Entries::new()),
            Object::Set(items) if items.is_empty() => Some(Entries::new()),
            Object::Identities { entries, .. } => {
                entries.iter().all(|(key, _)| self.is_identity(key)).then(|| entries.clone())
            }
            _ => None,
        }
    }

    /// Where the identity stands in the container. The outer `None`: these are not identities alone.
    pub(super) fn find_identity(&mut self, container: &Value, key: &Value) -> Eval<Option<Option<Value>>> {
        let (Some(number), Some(entries)) = (self.identity_number(key), self.identities_in(container)) else {
            return Ok(None);
        };
        Ok(Some(self.position_of_identity(&entries, number)?.map(|index| entries[index].1.clone())))
    }

    fn position_of_identity(&mut self, entries: &Entries, number: usize) -> Eval<Option<usize>> {
        self.charge(entries.len())?;
        let held: Vec<Value> = entries.iter().map(|(_, value)| value.clone()).collect();
        let mut unlike = 0;
        for (index, (key, _)) in entries.iter().enumerate() {
            match self.identity_number(key).and_then(|other| self.is_one_object(other, number, &held)) {
                Some(true) => return Ok(Some(index)),
                Some(false) => unlike += 1,
                None => {}
            }
        }
        match unlike == entries.len() {
            true => Ok(None),
            false => self.residual(
                Rule::Nondeterministic,
                "the identity of an object may be that of another, which may be gone",
            ),
        }
    }

    /// Files the value under an identity; a set files the identity itself. `false`: not modelled.
    pub(super) fn insert_identity(&mut self, container: &Value, key: &Value, value: &Value) -> Eval<bool> {
        let (Some(number), Some(mut entries)) = (self.identity_number(key), self.identities_in(container)) else {
            return Ok(false);
        };
        match self.position_of_identity(&entries, number)? {
            Some(index) => entries[index].1 = value.clone(),
            None => entries.push((key.clone(), value.clone())),
        }
        self.put_identities(container, entries)?;
        Ok(true)
    }

    /// Takes an identity out, and what was filed under it. The outer `None`: not modelled.
    pub(super) fn remove_identity(&mut self, container: &Value, key: &Value) -> Eval<Option<Option<Value>>> {
        let (Some(number), Some(mut entries)) = (self.identity_number(key), self.identities_in(container)) else {
            return Ok(None);
        };
        let Some(index) = self.position_of_identity(&entries, number)? else { return Ok(Some(None)) };
        let (_, value) = entries.remove(index);
        self.put_identities(container, entries)?;
        Ok(Some(Some(value)))
    }

    fn put_identities(&mut self, container: &Value, entries: Entries) -> Eval<()> {
        let Value::Object(object) = container else { return self.malformed() };
        let class = self.type_of(container)?;
        let is_set = class == crate::heap::Type::Ground(self.known.set);
        let class = if is_set { self.known.set } else { self.known.dict };
        *self.object_mut(*object)? = match entries.is_empty() {
            true if is_set => Object::Set(Default::default()),
            true => Object::Dict(Default::default()),
            false => Object::Identities { class, entries },
        };
        Ok(())
    }

    /// How many entries a dict or set of identities has.
    pub(super) fn count_of_identities(&self, container: &Value) -> Option<usize> {
        self.identities_in(container).map(|entries| entries.len())
    }

    // ---- what is left behind

    /// After a statement: if it leaves an identity or reading behind, in a name, an object or an effect, it runs at import.
    pub(super) fn check_identities(&mut self) {
        if self.identified.len() == self.current.identified_before || self.current.effect.is_some() {
            return;
        }
        let mut roots: Vec<Value> = self.namespace.values().cloned().collect();
        for effect in &self.current.effects {
            roots.extend(effect.change.operands().into_iter().cloned());
        }
        roots.extend(self.cached.values().flat_map(|entries| entries.values()).map(|(_, value)| value.clone()));
        let changed = self.current.changed.iter().copied().collect();
        self.current.effect = self.held_identity(roots, changed, self.current.heap_before as u32);
    }

    /// Refuses a result that holds an identity asked for since then; what is older than `start` was not changed.
    pub(super) fn refuse_identities(&mut self, value: &Value, asked: usize, start: u32) -> Eval<()> {
        if self.identified.len() > asked
            && let Some(reason) = self.held_identity(vec![value.clone()], Vec::new(), start)
        {
            return self.residual(Rule::Nondeterministic, reason.message.clone());
        }
        Ok(())
    }

    /// Why it is unknown, if an identity can be reached: through objects made since `start`, and `changed` ones.
    fn held_identity(&self, mut pending: Vec<Value>, changed: Vec<u32>, start: u32) -> Option<std::sync::Arc<Reason>> {
        let mut seen: FxHashSet<u32> = FxHashSet::default();
        let mut objects = changed;
        loop {
            while let Some(index) = objects.pop() {
                if !seen.insert(index) {
                    continue;
                }
                let object = &self.heap.objects[index as usize];
                match object {
                    Object::Globals | Object::GroundNamespace(_) => {}
                    Object::Function(function) => {
                        pending.extend(function.dynamic.iter().map(|(_, globals)| Value::Object(*globals)));
                        super::reach::held_by(object, &mut pending);
                    }
                    _ if !super::reach::held_by(object, &mut pending) => {
                        let message = "an iterator or generator may hold what differs between processes".to_string();
                        return Some(self.reason_of_statement(message));
                    }
                    _ => {}
                }
            }
            match pending.pop() {
                None => return None,
                Some(Value::Tuple(items)) => pending.extend(items.iter().cloned()),
                Some(Value::Slice(parts)) => pending.extend(parts.iter().cloned()),
                Some(Value::Object(object)) if self.is_own(object) && object.index >= start => {
                    objects.push(object.index);
                }
                Some(value @ Value::Unknown(_)) if self.number_asked(&value).is_some() => {
                    let Value::Unknown(reason) = value else { continue };
                    return Some(std::sync::Arc::new(Reason { class: None, identity: None, ..(*reason).clone() }));
                }
                Some(_) => {}
            }
        }
    }

    fn reason_of_statement(&self, message: String) -> std::sync::Arc<Reason> {
        let range = match self.world.ir(self.module) {
            Some(ir) => ir.statements.get(self.current.index as usize).map(|statement| statement.range),
            None => None,
        };
        let site = crate::reason::Site { module: self.module, range: range.unwrap_or_default() };
        let chain = vec![crate::reason::Link { site, message: message.clone() }];
        Reason::chained(Rule::Nondeterministic, message, chain)
    }
}

fn is_same(left: &Value, right: &Value) -> bool {
    match (left, right) {
        (Value::Object(left), Value::Object(right)) => left == right,
        (Value::Ground(left), Value::Ground(right)) => left == right,
        (Value::Module(left), Value::Module(right)) => left == right,
        (Value::GroundModule(left), Value::GroundModule(right)) => left == right,
        _ => false,
    }
}

/// Part of the interpreter, or of a module implemented in C.
fn is_immortal(value: &Value) -> bool {
    matches!(value, Value::Ground(_) | Value::GroundModule(_))
}

fn object_of(value: &Value) -> Option<ObjectRef> {
    match value {
        Value::Object(object) => Some(*object),
        _ => None,
    }
}
