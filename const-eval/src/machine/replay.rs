//! Effects on what belongs to other modules, and what is seen of them afterwards.
//!
//! A change of another module's object that is known completely is noted among the statement's
//! effects (see [`crate::effect`]), and made in an **overlay** on the frozen heaps: whoever reads
//! the object later, in this evaluation, finds it changed. What imported modules have changed in this way is
//! not looked up but unknown: who else has changed it in between, and in which order, is not known.
//!
//! The contents of containers are another matter. Nobody's mutable contents are
//! ever baked in, so changing them needs no overlay; only items that this
//! module itself has set are known, until code runs that is not proven.

use rustc_hash::{FxHashMap, FxHashSet};
use syntax::ir::Name;

use super::{Eval, Machine};
use crate::effect::{Change, Changed, Effect, Step};
use crate::ground::GroundId;
use crate::heap::{Attributes, Object, Type};
use crate::key::Key;
use crate::reason::{Reason, Rule};
use crate::value::{ModuleId, ObjectRef, Value};
use crate::world::Resolved;

/// What this evaluation has changed of other modules, or knows to be changed.
#[derive(Default)]
pub(super) struct Overlay {
    /// Objects whose attributes this module has changed, as they are now.
    objects: FxHashMap<ObjectRef, Object>,
    /// Names of other modules that this module has set.
    globals: FxHashMap<(ModuleId, Name), Value>,
    /// The same, of modules implemented in C.
    ground_globals: FxHashMap<(u32, Name), Value>,
    /// Attributes of types implemented in C that this module has set.
    ground_attributes: FxHashMap<(GroundId, Name), Value>,
    /// Items of other modules' dicts that this module has set.
    items: FxHashMap<(ObjectRef, Key), Value>,
    /// What this module has changed, and what it is now is known.
    known: FxHashSet<Changed>,
    /// What others have changed, or may have changed since: what it is now is not known.
    unknown: FxHashSet<Changed>,
}

impl Overlay {
    /// A changed object of another module.
    pub fn object(&self, object: ObjectRef) -> Option<&Object> {
        if self.objects.is_empty() { None } else { self.objects.get(&object) }
    }

    /// Everything that was ever changed.
    pub fn all(&self) -> FxHashSet<Changed> {
        self.known.union(&self.unknown).cloned().collect()
    }

    /// Whether this module itself has changed it, so that it no longer is what the other module left.
    pub fn is_known(&self, changed: &Changed) -> bool {
        !self.known.is_empty() && self.known.contains(changed)
    }

    /// Whether others have changed it, or may have since.
    pub fn is_unknown(&self, changed: &Changed) -> bool {
        !self.unknown.is_empty() && self.unknown.contains(changed)
    }

    fn set(&mut self, changed: Changed) {
        self.unknown.remove(&changed);
        self.known.insert(changed);
    }

    /// Nothing is known any more of what was changed.
    fn forget(&mut self) {
        self.objects.clear();
        self.globals.clear();
        self.ground_globals.clear();
        self.ground_attributes.clear();
        self.items.clear();
        self.unknown.extend(self.known.drain());
    }
}

/// What is read of a name that was deleted: reading it may raise ([`Machine::demand_bound`]).
fn maybe_gone(name: &str) -> Value {
    Value::Unknown(Reason::new(Rule::Raises, format!("`{name}` may have been deleted")))
}

/// Why nothing is known of it.
const CHANGED_BY_OTHERS: &str = "a module that is imported, or code that is not known, may have changed it";

impl Machine<'_> {
    // ---- reading

    /// What an imported module has changed is no longer what its owner left.
    pub(super) fn inherit_changes(&mut self, imported: ModuleId) {
        let Some(passage) = self.world.passage(imported) else { return };
        // The standard library changes nothing of others but what is known.
        self.imports_unknown_code |= passage.ran_unknown_code() && !self.world.is_standard(imported);
        if passage.changed().is_empty() {
            return;
        }
        let again = passage.changed().iter().any(|changed| self.overlay.known.contains(changed));
        if again {
            self.overlay.forget();
        }
        self.overlay.unknown.extend(passage.changed().iter().cloned());
    }

    /// After a statement that runs at import.
    pub(super) fn forget_changes(&mut self) {
        self.overlay.forget();
    }

    /// An unknown value, if an attribute of another module's object was changed by others.
    pub(super) fn changed_attribute(&self, object: ObjectRef, name: &str) -> Option<Value> {
        self.changed_value(|| Changed::Attribute(object, name.into()))
    }

    fn changed_value(&self, changed: impl FnOnce() -> Changed) -> Option<Value> {
        if self.overlay.unknown.is_empty() || !self.overlay.is_unknown(&changed()) {
            return None;
        }
        Some(Value::Unknown(Reason::new(Rule::ForeignContents, CHANGED_BY_OTHERS)))
    }

    /// A name of another module that was set since: by this module, to this value, or by others, to an unknown one.
    pub(super) fn changed_global(&self, module: ModuleId, name: &str) -> Option<Value> {
        if self.overlay.globals.is_empty() && self.overlay.unknown.is_empty() {
            return None;
        }
        let name: Name = name.into();
        if let Some(value) = self.overlay.globals.get(&(module, name.clone())) {
            return Some(value.clone());
        }
        if self.overlay.is_unknown(&Changed::Unbound(module, name.clone())) {
            return Some(maybe_gone(&name));
        }
        self.changed_value(|| Changed::Global(module, name))
    }

    /// As [`Self::changed_global`], of a module implemented in C.
    pub(super) fn changed_ground_global(&self, module: u32, name: &str) -> Option<Value> {
        if self.overlay.ground_globals.is_empty() && self.overlay.unknown.is_empty() {
            return None;
        }
        let name: Name = name.into();
        if let Some(value) = self.overlay.ground_globals.get(&(module, name.clone())) {
            return Some(value.clone());
        }
        if self.overlay.is_unknown(&Changed::UnboundGround(module, name.clone())) {
            return Some(maybe_gone(&name));
        }
        self.changed_value(|| Changed::GroundGlobal(module, name))
    }

    /// Whether any name of a module implemented in C was set or deleted since.
    pub(super) fn has_changed_ground_globals(&self, module: u32) -> bool {
        let is_about = |changed: &Changed| matches!(changed, Changed::GroundGlobal(of, _) | Changed::UnboundGround(of, _) if *of == module);
        self.overlay.ground_globals.keys().any(|(of, _)| *of == module)
            || self.overlay.known.iter().chain(&self.overlay.unknown).any(is_about)
    }

    /// The same of a builtin.
    pub(super) fn changed_builtin(&self, name: &str) -> Option<Value> {
        let builtins = self.world.ground().module_index("builtins")?;
        self.changed_ground_global(builtins, name)
    }

    /// As [`Self::changed_global`], of an attribute of a type implemented in C.
    pub(super) fn changed_ground_attribute(&self, id: GroundId, name: &str) -> Option<Value> {
        if self.overlay.ground_attributes.is_empty() && self.overlay.unknown.is_empty() {
            return None;
        }
        let name: Name = name.into();
        if let Some(value) = self.overlay.ground_attributes.get(&(id, name.clone())) {
            return Some(value.clone());
        }
        self.changed_value(|| Changed::GroundAttribute(id, name))
    }

    /// What a changed name of another module holds, unless it may be gone.
    pub(super) fn demand_bound(&mut self, name: &str, value: Value) -> Eval<Value> {
        match value {
            Value::Unknown(reason) if reason.rule == Rule::Raises => {
                self.residual(Rule::Raises, format!("`{name}` of another module may have been deleted"))
            }
            value => Ok(value),
        }
    }

    /// A change of what belongs to others that only the run time makes.
    pub(super) fn note_change(&mut self, changed: Changed) {
        self.overlay.unknown.insert(changed);
    }

    /// The same of what this module takes into account by itself: only others have to know.
    pub(super) fn note_own_change(&mut self, changed: Changed) {
        self.overlay.known.insert(changed);
    }

    /// Has anybody else registered a class, or one that it derives from, with the abstract class or one that
    /// derives from that, or made one that derives from that and may decide otherwise?
    pub(super) fn is_registered_by_others(&self, class: Type, of: Type) -> bool {
        self.overlay.unknown.iter().any(|changed| match changed {
            Changed::Registry(with, registered) => {
                self.is_subtype(Type::Class(*with), class)
                    && registered.is_none_or(|registered| self.is_subtype(of, registered))
            }
            _ => false,
        })
    }

    /// Has any name of the other module been set since its own top level ended?
    pub(super) fn has_changed_globals(&self, module: ModuleId) -> bool {
        let is_its = |changed: &Changed| matches!(changed, Changed::Global(of, _) if *of == module);
        self.overlay.known.iter().chain(&self.overlay.unknown).any(is_its)
    }

    /// Has anybody changed the items of another module's container, as far as is known?
    pub(super) fn has_changed_items(&self, object: ObjectRef) -> bool {
        let changed = Changed::Items(object);
        self.overlay.is_known(&changed) || self.overlay.is_unknown(&changed)
    }

    pub(super) fn has_changed_attributes(&self, object: ObjectRef) -> bool {
        let of_it = |changed: &Changed| matches!(changed, Changed::Attribute(changed, _) if *changed == object);
        self.overlay.known.iter().chain(&self.overlay.unknown).any(of_it)
    }

    /// The item of another module's dict that this module has put there.
    pub(super) fn item_set_before(&self, dict: ObjectRef, key: &Key) -> Option<&Value> {
        if self.overlay.items.is_empty() { None } else { self.overlay.items.get(&(dict, key.clone())) }
    }

    // ---- changing

    /// Sets (or deletes) an attribute in the own dictionary, or slot, of another module's object.
    pub(super) fn change_attribute(
        &mut self,
        object: ObjectRef,
        name: &str,
        value: Option<Value>,
        is_slot: bool,
    ) -> Eval<()> {
        let name: Name = name.into();
        let changed = Changed::Attribute(object, name.clone());
        let target = Value::Object(object);
        let is_class = matches!(self.object(object), Object::Class(_));
        let kept_in_c = ["__name__", "__qualname__", "__bases__", "__class__", "__mro__", "__dict__", "__del__"];
        let mut current = self.object(object).clone();
        // `type_set_module` in typeobject.c, from 3.13 on.
        let moves_class = is_class && &*name == "__module__" && self.version() >= (3, 13);
        let Some(attributes) = attributes_of(&mut current, is_slot) else {
            return self.refuse_change(object);
        };
        if self.overlay.is_unknown(&changed) && value.is_none()
            || is_class && (kept_in_c.contains(&&*name) || &*name == "__abstractmethods__")
        {
            return self.refuse_change(object);
        }
        let change = match value {
            Some(value) => {
                attributes.insert(name.clone(), value.clone());
                if moves_class {
                    attributes.shift_remove("__firstlineno__");
                }
                Change::SetAttribute { object: target, name, value }
            }
            None if attributes.shift_remove(&name).is_some() => Change::DeleteAttribute { object: target, name },
            None => return self.refuse_change(object),
        };
        let what = self.what_changes(object);
        if moves_class {
            self.overlay.set(Changed::Attribute(object, "__firstlineno__".into()));
        }
        self.carry_out(change, Some(changed), what);
        self.overlay.objects.insert(object, current);
        Ok(())
    }

    /// Sets what a function of another module says of itself.
    pub(super) fn change_label(&mut self, function: ObjectRef, name: &str, value: Value) -> Eval<()> {
        let mut current = self.object(function).clone();
        let label = match &mut current {
            Object::Function(labelled) => match name {
                "__name__" => &mut labelled.name,
                "__qualname__" => &mut labelled.qualname,
                "__doc__" => &mut labelled.doc,
                "__module__" => &mut labelled.module_name,
                _ => return self.refuse_change(function),
            },
            _ => return self.refuse_change(function),
        };
        if !matches!(value, Value::Str(_)) {
            return self.refuse_change(function);
        }
        *label = value.clone();
        let name: Name = name.into();
        let what = self.what_changes(function);
        let change = Change::SetAttribute { object: Value::Object(function), name: name.clone(), value };
        self.carry_out(change, Some(Changed::Attribute(function, name)), what);
        self.overlay.objects.insert(function, current);
        Ok(())
    }

    /// Sets a name of another module's namespace.
    pub(super) fn change_global(&mut self, module: ModuleId, name: &str, value: Value) -> Eval<()> {
        let module_name = self.world.module_name(module).to_string();
        let message = format!("sets `{name}` of module `{module_name}`");
        let is_given = name.starts_with("__") && name.ends_with("__");
        let may_be_submodule = self.world.is_package(module)
            && !matches!(self.world.resolve(&format!("{module_name}.{name}")), Resolved::Missing);
        if self.world.passage(module).is_none() || is_given || may_be_submodule || module == self.module {
            self.note_change(Changed::Global(module, name.into()));
            return self.residual(Rule::ForeignChange, message);
        }
        let before = self.foreign_global(module, name)?;
        if let (Some(Value::Object(before)), Value::Object(now)) = (&before, &value)
            && before == now
        {
            return Ok(());
        }
        let name: Name = name.into();
        let change = Change::SetAttribute { object: Value::Module(module), name: name.clone(), value: value.clone() };
        self.carry_out(change, Some(Changed::Global(module, name.clone())), message);
        self.overlay.globals.insert((module, name), value);
        Ok(())
    }

    /// Adds a name to a module implemented in C.
    pub(super) fn change_ground_global(&mut self, index: u32, name: &str, value: Value) -> Eval<()> {
        let module = &self.world.ground().modules()[index as usize];
        let message = format!("sets `{name}` of module `{}`", module.name);
        let is_new = !module.exports.contains_key(name) && !name.starts_with("__");
        if !is_new || &*module.name == "builtins" {
            self.note_change(Changed::GroundGlobal(index, name.into()));
            return self.residual(Rule::ForeignChange, message);
        }
        let name: Name = name.into();
        let object = Value::GroundModule(index);
        let change = Change::SetAttribute { object, name: name.clone(), value: value.clone() };
        self.carry_out(change, Some(Changed::GroundGlobal(index, name.clone())), message);
        self.overlay.ground_globals.insert((index, name), value);
        Ok(())
    }

    /// Sets an attribute of a type implemented in C that can be changed (`type.__setattr__`).
    pub(super) fn change_ground_attribute(&mut self, id: GroundId, name: &str, value: Option<Value>) -> Eval<()> {
        let class = self.c_name(Type::Ground(id));
        if self.type_info(id).is_some_and(|info| info.immutable) {
            return self.raise("TypeError", format!("cannot set '{name}' attribute of immutable type '{class}'"));
        }
        let message = format!("sets `{name}` of the type `{class}`");
        let is_special = name.starts_with("__") && name.ends_with("__") && name != "__module__";
        match value {
            Some(value) if !is_special => {
                let name: Name = name.into();
                let change =
                    Change::SetAttribute { object: Value::Ground(id), name: name.clone(), value: value.clone() };
                self.carry_out(change, Some(Changed::GroundAttribute(id, name.clone())), message);
                self.overlay.ground_attributes.insert((id, name), value);
                Ok(())
            }
            _ => self.residual(Rule::ForeignChange, message),
        }
    }

    /// Sets an item of another module's dict, whose class has no `__setitem__` in Python.
    pub(super) fn change_item(&mut self, dict: ObjectRef, hashed: Key, key: Value, value: Value) {
        let what = self.what_changes(dict);
        let change = Change::SetItem { dict: Value::Object(dict), key, value: value.clone() };
        self.carry_out(change, Some(Changed::Items(dict)), what);
        self.overlay.items.insert((dict, hashed), value);
    }

    /// Changes the items of another module's list or set.
    pub(super) fn change_items(&mut self, object: ObjectRef, change: Change) {
        let what = self.what_changes(object);
        self.carry_out(change, Some(Changed::Items(object)), what);
    }

    /// `sys.modules[name] = module`
    pub(super) fn bind_module(&mut self, name: &Name, module: Value) {
        let change = Change::BindModule { name: name.clone(), module: module.clone() };
        self.carry_out(change, None, format!("replaces `sys.modules[{name:?}]`"));
        self.module_aliases.push((name.clone(), module));
    }

    /// An import from within a call.
    pub(super) fn carry_out_import(&mut self, absolute: &str) {
        self.carry_out(Change::Import { module: absolute.into() }, None, format!("imports `{absolute}`"));
    }

    /// A call whose effect is known completely, where no handler waits for what it might raise.
    pub(super) fn carry_out_call(
        &mut self,
        function: Value,
        positional: &[Value],
        keywords: &[(Name, Value)],
        message: &str,
    ) -> Eval<()> {
        if self.positions.iter().any(|position| position.guarded) {
            return self.residual(Rule::ProcessEffect, format!("{message}, where an exception would be handled"));
        }
        let change = Change::Call { function, positional: positional.to_vec(), keywords: keywords.to_vec() };
        self.carry_out(change, None, message.to_string());
        Ok(())
    }

    /// Notes an effect: as one to be replayed if it is known completely, else as one that the statement is residual for.
    fn carry_out(&mut self, change: Change, changed: Option<Changed>, message: String) {
        let target = change.target().cloned();
        if let Some(Value::Object(object)) = target
            && self.is_ours(object)
        {
            self.miss_guard(object);
        }
        let operands: Vec<Value> = change.operands().into_iter().cloned().collect();
        let is_complete = operands.iter().chain(&target).all(|value| self.is_placed(value));
        self.leaked |= operands.iter().any(|value| self.holds_own_object(value));
        if let Some(changed) = changed {
            self.overlay.set(changed);
        }
        if !is_complete {
            self.effect(Rule::ForeignChange, message);
            return;
        }
        for value in operands.iter().chain(&target) {
            self.depend_on_place(value);
        }
        let reason = self.reason_here(Rule::ForeignChange, message);
        self.current.effects.push(Effect { change, reason });
    }

    /// Can the value be named, or made, where the effect is carried out?
    fn is_placed(&self, value: &Value) -> bool {
        match value {
            Value::Unknown(_) => false,
            Value::Tuple(items) => items.iter().all(|item| self.is_placed(item)),
            Value::Slice(parts) => parts.iter().all(|part| self.is_placed(part)),
            Value::Object(object) if self.is_ours(*object) => !matches!(
                self.object(*object),
                Object::Generator(_) | Object::Iterator { .. } | Object::Globals | Object::GroundNamespace(_)
            ),
            Value::Object(object) => {
                self.world.evaluated(object.owner).is_some_and(|evaluated| evaluated.place(*object).is_some())
            }
            _ => true,
        }
    }

    /// The result rests on the names that lead to another module's object.
    fn depend_on_place(&mut self, value: &Value) {
        if let Value::Tuple(items) = value {
            for item in items.clone().iter() {
                self.depend_on_place(item);
            }
        }
        let Value::Object(object) = value else { return };
        if self.is_ours(*object) {
            return;
        }
        let Some(place) = self.world.evaluated(object.owner).and_then(|evaluated| evaluated.place(*object)) else {
            return;
        };
        let entry = |step: &Step| match step {
            Step::Entry(name) => Some(name.to_string()),
            _ => None,
        };
        let path: Vec<String> = place.steps.iter().map_while(entry).collect();
        let path: Vec<&str> = path.iter().map(String::as_str).collect();
        let module = self.world.module_name(object.owner).to_string();
        // What is changed is a part of the effect, whatever else is there.
        self.depend_on(&module, &path, false);
    }

    fn what_changes(&mut self, object: ObjectRef) -> String {
        let what = self.describe(&Value::Object(object));
        format!("changes {what}, {}", self.whose(object))
    }

    /// Whose object it is that can't be relied on.
    pub(super) fn whose(&self, object: ObjectRef) -> String {
        if self.is_ours(object) {
            return "which code that is not known may have changed".into();
        }
        format!("which belongs to module `{}`", self.world.module_name(object.owner))
    }

    pub(super) fn refuse_change<T>(&mut self, object: ObjectRef) -> Eval<T> {
        let message = self.what_changes(object);
        self.residual(Rule::ForeignChange, message)
    }
}

/// Where an object keeps the attribute, if it is one that has attributes.
fn attributes_of(object: &mut Object, is_slot: bool) -> Option<&mut Attributes> {
    match object {
        Object::Class(class) => Some(&mut class.namespace),
        Object::Function(function) => Some(&mut function.attributes),
        Object::Instance(instance) => Some(if is_slot { &mut instance.slots } else { &mut instance.attributes }),
        _ => None,
    }
}
