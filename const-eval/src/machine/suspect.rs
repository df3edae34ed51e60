//! Names of this module that code which is not known may have bound anew.
//!
//! Such code reaches the module once an object of it was handed out: a residual statement, or an import after it. What
//! the module's own objects hold is then not known any more, unless a guard can tell at run time that it is what it was.
//! Of a name that is bound to a module, to something of another module or to plain data only the binding may have
//! changed. Of a function or class of the module itself, what it is made of as well: it is looked at as if it were
//! another module's from then on, by guards on the path that leads to it. Who reads such a name rests on those guards,
//! and *speculates*: where one does not hold, something else happens. So a speculating statement can't prove that the
//! import fails, and others speculate who rest on what it binds: they are told of functions and classes that it made, and
//! of what a guard of their own can tell apart.

use rustc_hash::{FxHashMap, FxHashSet};
use std::sync::Arc;
use syntax::ir::Name;

use super::{Eval, Machine, operators};
use crate::evaluated::Dependency;
use crate::heap::{Object, Type};
use crate::reason::{Reason, Rule};
use crate::value::{ObjectRef, Value};

/// Why a name is not known that is only what it seems if nobody has interfered.
const BOUND_ANEW: &str = "it may have been bound anew by code that is not known";

/// What is known of the module's names where they may have been bound anew.
#[derive(Clone, Default)]
pub(super) struct Suspects {
    names: FxHashSet<Name>,
    /// Names for which there is a guard.
    guarded: FxHashSet<Name>,
    /// Names that speculating statements bound, or through which they changed something.
    speculative: FxHashSet<Name>,
    /// The same of statements that trust: what they bound is not certain, but others may know of it.
    trusting: FxHashSet<Name>,
    /// Names that were bound anew by the module itself after a guard was set up: another guard would contradict it.
    spent: FxHashSet<Name>,
    /// The module's objects before this one may have been changed.
    exposed: u32,
    /// Why code that is not known can reach the module, the first time.
    cause: Option<Arc<Reason>>,
}

impl Suspects {
    /// The module itself binds or deletes the name: what it holds is certain again.
    pub(super) fn settle(&mut self, name: &str) {
        self.names.remove(name);
        if self.guarded.contains(name) {
            self.spent.insert(name.into());
        }
    }

    /// May code that is not known have changed this object of the module?
    pub(super) fn may_have_changed(&self, index: u32) -> bool {
        index < self.exposed
    }

    /// Back to what it was before a way that a statement can take; the guards of that way remain.
    pub(super) fn restore(&mut self, before: &Suspects) {
        self.names.clone_from(&before.names);
    }
}

impl Machine<'_> {
    /// Any name but `fresh` may have been bound anew, and any object of the module changed. Gives the names of which
    /// nothing is known any more.
    pub(super) fn distrust(&mut self, fresh: &[Name], cause: &Arc<Reason>) -> Vec<Name> {
        self.suspects.cause.get_or_insert_with(|| cause.clone());
        let mut lost = Vec::new();
        let vouchable = self.vouchable();
        let namespace = std::mem::take(&mut self.namespace);
        self.namespace = namespace
            .into_iter()
            .map(|(name, value)| {
                if fresh.contains(&name) {
                    return (name, value);
                }
                if self.is_certain(&name) && (self.is_guardable(&value) || vouchable.contains(&name)) {
                    self.suspects.names.insert(name.clone());
                    return (name, value);
                }
                self.suspects.names.remove(&name);
                self.provenance.remove(&name);
                self.tainted.remove(&name);
                lost.push(name.clone());
                (name, Value::Unknown(cause.clone()))
            })
            .collect();
        self.porous = true;
        self.suspects.exposed = self.heap.objects.len() as u32;
        lost
    }

    /// Is it known that the name is bound, by nothing but static statements, and has no guard been outlived?
    fn is_certain(&self, name: &str) -> bool {
        !self.unsure.contains(name) && !self.tainted.contains_key(name) && !self.suspects.spent.contains(name)
    }

    /// Names of functions and classes of the module that guards can vouch for: of a class only by its own name, and if
    /// all those of the module that it gets attributes from have such names too.
    fn vouchable(&self) -> FxHashSet<Name> {
        let ours = self.namespace.iter().filter_map(|(name, value)| match value {
            Value::Object(object) if self.is_ours(*object) && self.is_certain(name) => Some((name, *object)),
            _ => None,
        });
        let (classes, functions): (Vec<_>, Vec<_>) = ours
            .filter(|(_, object)| matches!(self.object(*object), Object::Function(_) | Object::Class(_)))
            .partition(|(_, object)| self.class(*object).is_some());
        let mut named: FxHashSet<ObjectRef> = classes
            .iter()
            .filter(|(name, object)| {
                let qualname = self.class(*object).map(|class| &class.qualname);
                matches!(qualname, Some(Value::Str(qualname)) if qualname == *name)
            })
            .map(|(_, object)| *object)
            .collect();
        loop {
            let is_vouched = |class: &Type| match class {
                Type::Class(class) => !self.is_ours(*class) || named.contains(class),
                Type::Ground(_) => true,
            };
            let kept: FxHashSet<ObjectRef> = named
                .iter()
                .copied()
                .filter(|object| {
                    let metaclass = self.class(*object).map(|class| class.metaclass);
                    let above = metaclass.into_iter().flat_map(|metaclass| self.mro(metaclass));
                    self.mro(Type::Class(*object)).into_iter().chain(above).all(|class| is_vouched(&class))
                })
                .collect();
            if kept.len() == named.len() {
                break;
            }
            named = kept;
        }
        let classes = classes.into_iter().filter(|(_, object)| named.contains(object));
        functions.into_iter().chain(classes).map(|(name, _)| name.clone()).collect()
    }

    /// The result rests on an attribute of an object of the module that code which is not known may have changed.
    pub(super) fn rest_on_attribute(&mut self, object: ObjectRef, name: &str) {
        let Some(mut path) = self.path_of(object) else { return self.miss_guard(object) };
        if let Some(name) = path.first().cloned() {
            self.rest_on_binding(&name);
        }
        path.push(name.into());
        let contents = !self.holds_container(object, name);
        self.rest_on(Dependency { module: self.name.clone(), path, contents });
    }

    /// The statement reads or changes an object of the module for which no guard can vouch.
    pub(super) fn miss_guard(&mut self, object: ObjectRef) {
        self.current.unvouched.get_or_insert(object);
        self.current.speculates = true;
    }

    /// A statement that has read, or changed, what no guard vouches for is not known.
    pub(super) fn check_vouched(&mut self) -> Eval<()> {
        let Some(object) = self.current.unvouched else { return Ok(()) };
        let what = self.describe(&Value::Object(object));
        let whose = self.whose(object);
        self.residual(Rule::UnknownName, format!("rests on {what}, {whose}"))
    }

    /// Names of the module to which a guard can lead, with what they are bound to.
    pub(super) fn guarded_names(&self) -> impl Iterator<Item = (&Name, &Value)> + Clone {
        self.namespace.iter().filter(|(name, _)| self.suspects.names.contains(*name))
    }

    /// Nothing is known of any name any more.
    pub(super) fn forget_bindings(&mut self, cause: &Arc<Reason>) {
        for value in self.namespace.values_mut() {
            *value = Value::Unknown(cause.clone());
        }
        self.suspects.names.clear();
        self.provenance.clear();
        self.tainted.clear();
        self.porous = true;
    }

    /// After a statement: what it has bound is as certain as what it rests on.
    pub(super) fn note_speculation(&mut self, binds: &[Name]) {
        let (speculates, trusts) = (self.current.speculates, self.current.trusts);
        let changed = match (speculates || trusts) && self.current.changed_older {
            true => self.names_that_reach(&self.current.changed),
            false => Default::default(),
        };
        let note = |names: &mut FxHashSet<Name>, rests_on_it: bool| {
            if rests_on_it {
                names.extend(binds.iter().chain(&changed).cloned());
            } else {
                names.retain(|name| !binds.contains(name));
            }
        };
        note(&mut self.suspects.speculative, speculates);
        note(&mut self.suspects.trusting, trusts);
    }

    /// At the end: others are told only what a guard of theirs can vouch for as well. Gives what is certain of those names
    /// without such a guard.
    pub(super) fn veil_speculation(&mut self) -> FxHashMap<Name, Value> {
        let message = match &self.suspects.cause {
            Some(cause) => format!("{BOUND_ANEW} ({})", cause.root_cause()),
            None => BOUND_ANEW.to_owned(),
        };
        let unknown = Value::Unknown(Reason::new(Rule::UnknownName, message));
        let mut veiled = FxHashMap::default();
        let mut namespace = std::mem::take(&mut self.namespace);
        let known = namespace.iter_mut().filter(|(_, value)| !matches!(value, Value::Unknown(_)));
        for (name, value) in known {
            let is_made = matches!(value, Value::Object(object)
                if matches!(self.object(*object), Object::Function(_) | Object::Class(_)));
            let is_ours = matches!(value, Value::Object(object) if self.is_ours(*object));
            let is_suspect = self.suspects.names.contains(name);
            if is_suspect && !(is_made && is_ours) || self.suspects.speculative.contains(name) && !is_made {
                veiled.insert(name.clone(), unknown.clone());
                if !self.is_guardable(value) {
                    *value = unknown.clone();
                }
            } else if self.suspects.trusting.contains(name) && !is_made {
                veiled.insert(name.clone(), unknown.clone());
            }
        }
        self.namespace = namespace;
        veiled
    }

    /// At the end: names of which others know only what a guard vouches for.
    pub(super) fn speculative_names(&self) -> FxHashSet<Name> {
        self.suspects.names.union(&self.suspects.speculative).cloned().collect()
    }

    /// Can a guard tell that a name is still bound to this, and holds it nothing of this module?
    fn is_guardable(&self, value: &Value) -> bool {
        match value {
            Value::Module(module) => *module != self.module,
            Value::GroundModule(_) | Value::Ground(_) => true,
            Value::Object(object) => !self.is_ours(*object),
            Value::Tuple(_) | Value::Slice(_) | Value::Range(_) => false,
            other => operators::is_data(other),
        }
    }

    /// The name is read: if it may have been bound anew, a guard has to say that it was not.
    pub(super) fn rest_on_binding(&mut self, name: &str) {
        self.current.speculates |= self.suspects.speculative.contains(name);
        self.current.trusts |= self.suspects.trusting.contains(name);
        if self.suspects.names.contains(name) {
            self.current.speculates = true;
            self.guard_name(name);
        }
    }

    /// The name is not bound in the module, as far as is known: whether a guard says so where other code may have bound
    /// it.
    pub(super) fn rest_on_absence(&mut self, name: &str) -> bool {
        let is_guarded = self.porous && !self.suspects.spent.contains(name);
        if is_guarded {
            self.guard_name(name);
        }
        is_guarded
    }

    fn guard_name(&mut self, name: &str) {
        self.suspects.guarded.insert(name.into());
        self.rest_on(Dependency { module: self.name.clone(), path: [name.into()].into(), contents: true });
    }
}
