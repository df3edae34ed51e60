//! Lists, dicts and sets: subscription, length, truth, membership, and their raw contents.

use syntax::ir::Name;

use super::types::Found;
use super::{Eval, Machine};
use crate::effect::Change;
use crate::ground::{AttributeKind, EntryKind};
use crate::heap::{Dict, Object, Payload, Set, Type, ViewKind};
use crate::primitive;
use crate::reason::Rule;
use crate::value::{ObjectRef, Value};

/// Where an instance of `defaultdict` keeps what makes its values.
pub(super) const DEFAULT_FACTORY: &str = "default_factory";

impl Machine<'_> {
    // ---- raw contents

    /// The entries of a dict, or of an instance of a subclass of dict.
    pub(super) fn dict_entries(&mut self, dict: &Value) -> Eval<Option<Dict>> {
        let Value::Object(object) = dict else {
            return Ok(None);
        };
        let object = *object;
        if let Object::InstanceDict(of) = self.object(object) {
            return self.instance_dict_entries(*of).map(Some);
        }
        if let Object::Globals = self.object(object) {
            return self.globals_entries(object).map(Some);
        }
        let is_dict = match self.object(object) {
            Object::Obscured { .. } | Object::Identities { .. } => return self.refuse_obscured(),
            Object::Dict(_) => true,
            Object::Instance(instance) => matches!(instance.payload, Payload::Dict(_)),
            _ => false,
        };
        if !is_dict {
            return Ok(None);
        }
        Ok(match self.contents(object)? {
            Object::Dict(entries) => Some(entries.clone()),
            Object::Instance(instance) => match &instance.payload {
                Payload::Dict(entries) => Some(entries.clone()),
                _ => None,
            },
            _ => None,
        })
    }

    /// `vars(object)`, as a dict of its own.
    fn instance_dict_entries(&mut self, of: ObjectRef) -> Eval<Dict> {
        let attributes = match self.contents(of)? {
            Object::Instance(instance) => instance.attributes.clone(),
            Object::Function(function) => function.attributes.clone(),
            Object::Native(native) => native.attributes.clone(),
            Object::StaticMethod(wrapper) | Object::ClassMethod(wrapper) => wrapper.attributes.clone(),
            _ => return self.malformed(),
        };
        let mut entries = Dict::default();
        for (name, value) in attributes {
            let name = Value::Str(name);
            if let Some(key) = crate::key::of_data(&name) {
                entries.insert(key, (name, value));
            }
        }
        Ok(entries)
    }

    /// The module's namespace as a dict: what the import system has put there, then the rest.
    fn globals_entries(&mut self, object: ObjectRef) -> Eval<Dict> {
        if !self.is_own(object) || self.open_namespace || self.porous {
            return self.residual(Rule::UnknownNamespace, "reads a namespace whose names are not all known");
        }
        self.touch_all();
        let mut entries = Dict::default();
        let given = [
            "__name__",
            "__doc__",
            "__package__",
            "__loader__",
            "__spec__",
            "__path__",
            "__file__",
            "__cached__",
            "__builtins__",
        ];
        let mut names: Vec<Name> = given.into_iter().map(Name::from).collect();
        names.extend(self.namespace.keys().cloned());
        for name in names {
            let value = match self.namespace.get(&name).cloned() {
                Some(value) => Some(value),
                None => self.module_attribute_default(self.module, &name),
            };
            let name = Value::Str(name);
            if let (Some(value), Some(key)) = (value, crate::key::of_data(&name))
                && !entries.contains_key(&key)
            {
                entries.insert(key, (name, value));
            }
        }
        Ok(entries)
    }

    /// What the namespace holds under one name, where there may be others that are not known.
    fn named_global(&mut self, name: &Name) -> Eval<Option<Value>> {
        if let Some(value) = self.own_global(name)? {
            return Ok(Some(value));
        }
        if let Some(value) = self.module_attribute_default(self.module, name) {
            return Ok(Some(value));
        }
        // A submodule is a name of its package as soon as it is loaded.
        if self.world.is_package(self.module) || !self.rest_on_absence(name) {
            return self.residual(Rule::UnknownNamespace, "reads a namespace whose names are not all known");
        }
        Ok(None)
    }

    fn is_globals(&self, dict: &Value) -> bool {
        matches!(dict, Value::Object(object) if self.is_own(*object) && matches!(self.object(*object), Object::Globals))
    }

    /// The attributes that a live `__dict__` stands for.
    fn instance_dict_of(&self, dict: &Value) -> Option<ObjectRef> {
        match dict {
            Value::Object(object) => match self.object(*object) {
                Object::InstanceDict(of) => Some(*of),
                _ => None,
            },
            _ => None,
        }
    }

    fn attributes_mut(&mut self, of: ObjectRef) -> Eval<&mut crate::heap::Attributes> {
        match self.object_mut(of)? {
            Object::Instance(instance) => Ok(&mut instance.attributes),
            Object::Function(function) => Ok(&mut function.attributes),
            Object::Native(native) => Ok(&mut native.attributes),
            Object::StaticMethod(wrapper) | Object::ClassMethod(wrapper) => Ok(&mut wrapper.attributes),
            _ => unreachable!("only these have a live `__dict__`"),
        }
    }

    /// The container as an object that Python code has made: of others, which C code holds, the contents are not known.
    fn made_object(&mut self, container: &Value) -> Eval<ObjectRef> {
        let Value::Object(object) = container else {
            let what = self.describe(container);
            return self.residual(Rule::ForeignContents, format!("uses the contents of {what}, which C code holds"));
        };
        Ok(*object)
    }

    pub(super) fn dict_mut(&mut self, dict: &Value) -> Eval<&mut Dict> {
        let object = self.made_object(dict)?;
        let holds = match self.object(object) {
            Object::Dict(_) => true,
            Object::Instance(instance) => matches!(instance.payload, Payload::Dict(_)),
            Object::Globals => return self.residual(Rule::UnknownNamespace, "changes a module's namespace as a whole"),
            Object::Obscured { .. } | Object::Identities { .. } => return self.refuse_obscured(),
            _ => false,
        };
        if !holds {
            return self.malformed();
        }
        match self.object_mut(object)? {
            Object::Dict(entries) => Ok(entries),
            Object::Instance(instance) => match &mut instance.payload {
                Payload::Dict(entries) => Ok(entries),
                _ => unreachable!("checked above"),
            },
            _ => unreachable!("checked above"),
        }
    }

    pub(super) fn refuse_obscured<T>(&mut self) -> Eval<T> {
        self.residual(
            Rule::Nondeterministic,
            "a container whose contents differ between processes, or are not followed",
        )
    }

    /// `dict[key] = value`, for a key that differs between processes. `false`: not modelled.
    fn insert_process_key(&mut self, dict: &Value, key: &Value, value: &Value) -> Eval<bool> {
        let known = self.known;
        let Some(class) = self.class_of_unknown(key) else { return Ok(false) };
        let Value::Object(object) = dict else { return Ok(false) };
        if ![known.int, known.float, known.str, known.bytes, known.bool].contains(&class) || !self.is_own(*object) {
            return Ok(false);
        }
        let held: Vec<Value> = match self.object(*object) {
            Object::Obscured { held, .. } => held.clone(),
            Object::Identities { entries, .. } => {
                entries.iter().flat_map(|(key, value)| [key.clone(), value.clone()]).collect()
            }
            // Equal hashes would have the keys' own code compare them.
            Object::Dict(entries) if !entries.keys().any(|key| key.runs_code()) => {
                entries.values().flat_map(|(key, value)| [key.clone(), value.clone()]).collect()
            }
            _ => return Ok(false),
        };
        self.known_effect(Rule::Nondeterministic, "sets an item under a key that differs between processes");
        let held = held.into_iter().chain([value.clone()]).collect();
        *self.object_mut(*object)? = Object::Obscured { class: known.dict, held };
        Ok(true)
    }

    pub(super) fn dict_get(&mut self, dict: &Value, name: &Value) -> Eval<Option<Value>> {
        if let Some(found) = self.find_identity(dict, name)? {
            return Ok(found);
        }
        let key = self.key(name)?;
        if let Value::Object(object) = dict
            && let Object::Obscured { .. } | Object::Identities { .. } = self.object(*object)
        {
            return self.refuse_obscured();
        }
        if let Value::Object(object) = dict
            && let Object::Native(native) = self.object(*object)
        {
            let name = match native.arguments.first().cloned() {
                Some(Value::Module(module)) => Some(Value::str(self.world.module_name(module))),
                name => name,
            };
            if Some(&key) == crate::key::of_data(&Value::str("__name__")).as_ref() {
                return Ok(name);
            }
            return self.residual(Rule::UnknownNamespace, "reads the globals of a caller");
        }
        if self.is_globals(dict) {
            if let (true, Value::Str(name)) = (self.porous || self.open_namespace, name) {
                return self.named_global(&name.clone());
            }
            return Ok(self.dict_entries(dict)?.and_then(|entries| entries.get(&key).map(|(_, value)| value.clone())));
        }
        if let Some(of) = self.instance_dict_of(dict) {
            if let (false, Value::Str(name)) = (self.is_own(of), name)
                && let Object::Instance(instance) = self.object(of)
            {
                let value = instance.attributes.get(name).cloned();
                if let Some(changed) = self.changed_attribute(of, name) {
                    return Ok(Some(changed));
                }
                self.depend_on_object(of, name)?;
                return Ok(value);
            }
            return Ok(self.instance_dict_entries(of)?.get(&key).map(|(_, value)| value.clone()));
        }
        if let Some((_, value)) = self.cached_entries(dict).and_then(|entries| entries.get(&key)) {
            return Ok(Some(value.clone()));
        }
        let object = self.made_object(dict)?;
        if let Some(value) = self.item_set_before(object, &key) {
            return Ok(Some(value.clone()));
        }
        Ok(match self.contents(object)? {
            Object::Dict(entries) => entries.get(&key).map(|(_, value)| value.clone()),
            Object::Instance(instance) => match &instance.payload {
                Payload::Dict(entries) => entries.get(&key).map(|(_, value)| value.clone()),
                _ => None,
            },
            _ => None,
        })
    }

    pub(super) fn dict_insert(&mut self, dict: &Value, key: Value, value: Value) -> Eval<()> {
        if self.insert_identity(dict, &key, &value)? || self.insert_process_key(dict, &key, &value)? {
            return Ok(());
        }
        let hashed = self.key(&key)?;
        if let Value::Object(object) = dict
            && let Object::Native(native) = self.object(*object)
            && native.class == self.known.dict
        {
            return match (native.arguments.first(), &key) {
                (Some(Value::Module(module)), Value::Str(name)) => {
                    let module = *module;
                    self.change_global(module, &name.clone(), value)
                }
                _ => self.residual(Rule::UnknownNamespace, "changes the globals of a caller"),
            };
        }
        if self.is_globals(dict) {
            if self.floor.is_some() {
                return self.refuse_older();
            }
            let Value::Str(name) = key else {
                return self.residual(Rule::NotModelled, "a global whose name is not a string");
            };
            self.provenance.remove(&name);
            self.current.binds = true;
            self.namespace.insert(name, value);
            self.current.changed_older = true;
            self.current.changed_namespace = true;
            return Ok(());
        }
        if let Some(of) = self.instance_dict_of(dict) {
            let Value::Str(name) = key else {
                return self.residual(Rule::NotModelled, "an attribute whose name is not a string");
            };
            if !self.is_own(of) {
                return self.change_attribute(of, &name, Some(value), false);
            }
            self.attributes_mut(of)?.insert(name, value);
            return Ok(());
        }
        if let Value::Object(object) = dict
            && !self.is_own(*object)
        {
            if self.is_member_cache(*object) || self.is_function_cache(*object) {
                self.cached.entry(*object).or_default().insert(hashed, (key, value));
                return Ok(());
            }
            // Nothing that is known rests on the contents of another module's dict.
            self.change_item(*object, hashed, key, value);
            return Ok(());
        }
        let entries = self.dict_mut(dict)?;
        match entries.get_mut(&hashed) {
            // The key stays the one that was inserted first.
            Some(entry) => entry.1 = value,
            None => {
                entries.insert(hashed, (key, value));
            }
        }
        Ok(())
    }

    /// Whether the key was there.
    pub(super) fn dict_remove(&mut self, dict: &Value, key: &Value) -> Eval<bool> {
        Ok(self.dict_pop(dict, key)?.is_some())
    }

    pub(super) fn dict_pop(&mut self, dict: &Value, key: &Value) -> Eval<Option<Value>> {
        if let (true, Value::Str(name)) = (self.is_globals(dict), key) {
            self.provenance.remove(name);
            self.current.changed_older = true;
            self.current.changed_namespace = true;
            self.current.binds = true;
            return Ok(self.namespace.shift_remove(name));
        }
        if let Some(of) = self.instance_dict_of(dict) {
            let Value::Str(name) = key else {
                // Hashing it may run code; there is nothing to be found.
                self.key(key)?;
                return Ok(None);
            };
            return Ok(self.attributes_mut(of)?.shift_remove(name));
        }
        if let Some(removed) = self.remove_identity(dict, key)? {
            return Ok(removed);
        }
        let key = self.key(key)?;
        let removed = self.dict_mut(dict)?.shift_remove(&key).map(|(_, value)| value);
        self.note_moved(dict);
        Ok(removed)
    }

    pub(super) fn dict_clear(&mut self, dict: &Value) -> Eval<()> {
        if let Some(of) = self.instance_dict_of(dict) {
            self.attributes_mut(of)?.clear();
            return Ok(());
        }
        self.dict_mut(dict)?.clear();
        self.note_moved(dict);
        Ok(())
    }

    pub(super) fn dict_pop_last(&mut self, dict: &Value) -> Eval<Option<(Value, Value)>> {
        if let Some(of) = self.instance_dict_of(dict) {
            return Ok(self.attributes_mut(of)?.pop().map(|(name, value)| (Value::Str(name), value)));
        }
        self.note_moved(dict);
        Ok(self.dict_mut(dict)?.pop().map(|(_, entry)| entry))
    }

    pub(super) fn new_dict(&mut self, entries: Dict) -> Value {
        self.allocate(Object::Dict(entries))
    }

    /// `{**mapping}` and `f(**mapping)`.
    pub(super) fn dict_merge(&mut self, dict: &Value, mapping: &Value, unique: bool) -> Eval<()> {
        for (key, value) in self.mapping_items(mapping)? {
            // The call itself complains of keywords that are not strings.
            if unique && self.dict_get(dict, &key)?.is_some() {
                return self.raise("TypeError", "got multiple values for keyword argument");
            }
            self.dict_insert(dict, key, value)?;
        }
        Ok(())
    }

    /// The items of a mapping, as `dict.update` and `**` take them.
    pub(super) fn mapping_items(&mut self, mapping: &Value) -> Eval<Vec<(Value, Value)>> {
        if let Value::Unknown(reason) = mapping {
            let reason = reason.clone();
            return self.unknown(Rule::UnknownIteration, "unpacks a mapping that is not known", &reason);
        }
        let class = self.type_of(mapping)?;
        let overridden = matches!(class, Type::Class(_))
            && (self.python_definition(class, "keys").is_some()
                || self.python_definition(class, "__iter__").is_some()
                || self.python_definition(class, "__getitem__").is_some());
        if !overridden && let Some(entries) = self.dict_entries(mapping)? {
            return Ok(entries.into_values().collect());
        }
        if let Value::Object(object) = mapping
            && let Object::MappingProxy(_) = self.object(*object)
        {
            return self.proxy_items(*object);
        }
        match self.find_attribute(mapping, "keys")? {
            Some(keys) => {
                let keys = self.call(&keys, Vec::new(), Vec::new())?;
                let mut items = Vec::new();
                for key in self.collect_between_calls(&keys)? {
                    let value = self.get_item(mapping, &key)?;
                    items.push((key, value));
                }
                Ok(items)
            }
            None => {
                let name = self.c_name(class);
                self.raise("TypeError", format!("'{name}' object is not a mapping"))
            }
        }
    }

    /// The entries of a class's namespace, in order: of those that are not modelled, the names alone.
    fn class_items(&mut self, class: ObjectRef) -> Eval<Vec<(Value, Value)>> {
        let Object::Class(contents) = self.contents(class)? else { return self.malformed() };
        let mut items: Vec<(Value, Value)> =
            contents.namespace.iter().map(|(name, value)| (Value::Str(name.clone()), value.clone())).collect();
        let is_set = |name: &str| contents.namespace.contains_key(name);
        let added: Vec<_> = contents.added.iter().copied().filter(|(_, name)| !is_set(name)).collect();
        for (count, (place, name)) in added.into_iter().enumerate() {
            let place = (place + count).min(items.len());
            items.insert(place, (Value::Str(name.into()), self.added_entry(name)));
        }
        Ok(items)
    }

    /// The value of an entry that making a class has added: as much as is known of it.
    fn added_entry(&self, name: &str) -> Value {
        let tuple = self.world.ground().builtin("tuple");
        match tuple.filter(|_| name == "__static_attributes__") {
            Some(tuple) => Value::Opaque(tuple),
            None => Value::Opaque(self.known.getset_descriptor),
        }
    }

    /// Items of a `mappingproxy`: of a dict, or of a class's namespace.
    pub(super) fn proxy_items(&mut self, proxy: ObjectRef) -> Eval<Vec<(Value, Value)>> {
        let Object::MappingProxy(target) = self.object(proxy) else {
            return self.malformed();
        };
        let target = target.clone();
        if let Value::Object(object) = &target
            && let Object::Class(_) = self.object(*object)
        {
            return self.class_items(*object);
        }
        if let Value::Ground(owner) = &target
            && let Some(info) = self.type_info(*owner)
            && info.immutable
        {
            let names: Vec<Name> = info.attributes.keys().cloned().collect();
            let mut items = Vec::with_capacity(names.len());
            for name in names {
                let name = Value::Str(name);
                let value = self.ground_namespace_entry(proxy, &name).unwrap_or_else(|| {
                    let message = "an attribute of a type implemented in C";
                    Value::Unknown(crate::reason::Reason::new(Rule::NotModelled, message))
                });
                items.push((name, value));
            }
            return Ok(items);
        }
        if self.as_type(&target).is_some() {
            return self.residual(Rule::NotModelled, "reads the namespace of a type implemented in C");
        }
        match self.dict_entries(&target)? {
            Some(entries) => Ok(entries.into_values().collect()),
            None => self.residual(Rule::NotModelled, "a mapping proxy of something that is not a dict"),
        }
    }

    pub(super) fn keyword_arguments(&mut self, mapping: &Value) -> Eval<Vec<(Name, Value)>> {
        let mut keywords = Vec::new();
        for (key, value) in self.mapping_items(mapping)? {
            match key {
                Value::Str(name) => keywords.push((name, value)),
                Value::Unknown(_) | Value::Opaque(_) | Value::Object(_) => {
                    return self.residual(Rule::NotModelled, "keyword names that are not known");
                }
                _ => return self.raise("TypeError", "keywords must be strings"),
            }
        }
        Ok(keywords)
    }

    pub(super) fn list_items(&mut self, list: &Value) -> Eval<Vec<Value>> {
        let object = self.made_object(list)?;
        match self.contents(object)? {
            Object::List(items) => Ok(items.clone()),
            Object::Instance(instance) => match &instance.payload {
                Payload::List(items) => Ok(items.clone()),
                _ => self.malformed(),
            },
            _ => self.malformed(),
        }
    }

    pub(super) fn list_mut(&mut self, list: &Value) -> Eval<&mut Vec<Value>> {
        let object = self.made_object(list)?;
        let holds = match self.object(object) {
            Object::List(_) => true,
            Object::Instance(instance) => matches!(instance.payload, Payload::List(_)),
            _ => false,
        };
        if !holds {
            return self.malformed();
        }
        match self.object_mut(object)? {
            Object::List(items) => Ok(items),
            Object::Instance(instance) => match &mut instance.payload {
                Payload::List(items) => Ok(items),
                _ => unreachable!("checked above"),
            },
            _ => unreachable!("checked above"),
        }
    }

    pub(super) fn list_append(&mut self, list: &Value, item: Value) -> Eval<()> {
        if let Some(object) = self.foreign_list(list) {
            self.change_items(object, Change::Append { list: list.clone(), value: item });
            return Ok(());
        }
        self.list_mut(list)?.push(item);
        Ok(())
    }

    pub(super) fn list_extend(&mut self, list: &Value, items: Vec<Value>) -> Eval<()> {
        self.charge(items.len())?;
        if let Some(object) = self.foreign_list(list) {
            self.change_items(object, Change::Extend { list: list.clone(), values: items });
            return Ok(());
        }
        self.list_mut(list)?.extend(items);
        Ok(())
    }

    /// `list.extend(iterable)`: the list grows while the iterator runs (`list_extend_lock_held` in listobject.c).
    pub(super) fn list_extend_from(&mut self, list: &Value, iterable: &Value) -> Eval<()> {
        let is_live = match iterable {
            Value::Object(object) => !matches!(self.object(*object), Object::List(_)),
            _ => false,
        };
        if !is_live || self.foreign_list(list).is_some() {
            let items = self.collect_hinted(iterable)?;
            return self.list_extend(list, items);
        }
        let iterator = self.iterate(iterable)?;
        self.ask_length_hint(iterable)?;
        while let Some(item) = self.next(&iterator)? {
            self.charge(1)?;
            self.list_mut(list)?.push(item);
        }
        Ok(())
    }

    /// Another module's list.
    pub(super) fn foreign_list(&self, list: &Value) -> Option<ObjectRef> {
        let Value::Object(object) = list else { return None };
        let is_list = match self.object(*object) {
            Object::List(_) => true,
            Object::Instance(instance) => matches!(instance.payload, Payload::List(_)),
            _ => false,
        };
        (is_list && !self.is_own(*object)).then_some(*object)
    }

    /// Another module's set.
    pub(super) fn foreign_set(&self, set: &Value) -> Option<ObjectRef> {
        let Value::Object(object) = set else { return None };
        let is_set = match self.object(*object) {
            Object::Set(_) => true,
            Object::Instance(instance) => matches!(instance.payload, Payload::Set(_)),
            _ => false,
        };
        (is_set && !self.is_own(*object)).then_some(*object)
    }

    /// The elements of a set or frozenset, own subclasses included, in insertion order.
    pub(super) fn set_entries(&mut self, set: &Value) -> Eval<Option<Set>> {
        let Value::Object(object) = set else {
            return Ok(None);
        };
        let object = *object;
        if !self.is_own(object) && self.has_foreign_keys(object) {
            return self.residual(Rule::NotModelled, "a container whose keys are compared by code");
        }
        match self.object(object) {
            Object::FrozenSet(items) => return Ok(Some(items.clone())),
            Object::Set(_) => {}
            Object::Identities { class, .. } if *class == self.known.set => return self.refuse_obscured(),
            Object::Instance(instance) => match &instance.payload {
                Payload::FrozenSet(items) => return Ok(Some(items.clone())),
                Payload::Set(_) => {}
                _ => return Ok(None),
            },
            _ => return Ok(None),
        }
        Ok(match self.contents(object)? {
            Object::Set(items) => Some(items.clone()),
            Object::Instance(instance) => match &instance.payload {
                Payload::Set(items) => Some(items.clone()),
                _ => None,
            },
            _ => None,
        })
    }

    pub(super) fn set_mut(&mut self, set: &Value) -> Eval<&mut Set> {
        let object = self.made_object(set)?;
        let holds = match self.object(object) {
            Object::Set(_) => true,
            Object::Instance(instance) => matches!(instance.payload, Payload::Set(_)),
            _ => false,
        };
        if let Object::Identities { .. } = self.object(object) {
            return self.refuse_obscured();
        }
        if !holds {
            return self.malformed();
        }
        match self.object_mut(object)? {
            Object::Set(items) => Ok(items),
            Object::Instance(instance) => match &mut instance.payload {
                Payload::Set(items) => Ok(items),
                _ => unreachable!("checked above"),
            },
            _ => unreachable!("checked above"),
        }
    }

    pub(super) fn set_add(&mut self, set: &Value, item: Value) -> Eval<()> {
        if let Some(object) = self.foreign_set(set) {
            if !self.is_code(&item) {
                self.key(&item)?;
            }
            self.change_items(object, Change::Add { set: set.clone(), value: item });
            return Ok(());
        }
        if self.insert_identity(set, &item, &item)? {
            return Ok(());
        }
        let key = self.key(&item)?;
        let items = self.set_mut(set)?;
        if !items.contains_key(&key) {
            items.insert(key, item);
            self.take_filling(set);
        }
        Ok(())
    }

    pub(super) fn set_of(&mut self, items: Vec<Value>) -> Eval<Set> {
        let mut set = Set::default();
        for item in items {
            let key = self.key(&item)?;
            if !set.contains_key(&key) {
                set.insert(key, item);
            }
        }
        Ok(set)
    }

    pub(super) fn new_set(&mut self, items: Vec<Value>) -> Eval<Value> {
        let set = self.set_of(items)?;
        Ok(self.allocate(Object::Set(set)))
    }

    pub(super) fn new_frozen_set(&mut self, items: Vec<Value>) -> Eval<Value> {
        let set = self.set_of(items)?;
        Ok(self.allocate(Object::FrozenSet(set)))
    }

    // ---- protocols

    /// A special method that Python code defines on the value's class, bound.
    pub(super) fn python_special(&mut self, value: &Value, name: &str) -> Eval<Option<Value>> {
        let class = self.type_of(value)?;
        if !matches!(class, Type::Class(_)) {
            return Ok(None);
        }
        match self.python_definition(class, name) {
            Some(found) => self.bind(Found::Value(found), name, Some(value), class).map(Some),
            None => Ok(None),
        }
    }

    pub(super) fn get_item(&mut self, container: &Value, key: &Value) -> Eval<Value> {
        if let Value::Unknown(reason) = container {
            if reason.message == super::attributes::SYS_MODULES
                && let Some(module) = self.loaded_entry(key)
            {
                return Ok(module);
            }
            let message = format!("subscripts something that is not known: {}", reason.root_cause());
            return self.soft(Rule::UnknownSubscript, message, &[key]);
        }
        if let Some(class) = self.as_type(container) {
            return self.class_get_item(class, key);
        }
        if let Some(getter) = self.python_special(container, "__getitem__")? {
            return self.call(&getter, vec![key.clone()], Vec::new());
        }
        match container {
            Value::Object(object) => self.object_get_item(*object, container, key),
            Value::Ground(_) if matches!(self.plain_data(container), Value::Tuple(_)) => {
                let items = self.plain_data(container);
                self.get_item(&items, key)
            }
            Value::Opaque(_) | Value::Ground(_) | Value::Module(_) | Value::GroundModule(_) => {
                self.residual(Rule::UnknownSubscript, "subscripts a value that is computed by the target only")
            }
            data => {
                let key = self.as_index(key)?;
                if matches!(key, Value::Opaque(_) | Value::Object(_)) {
                    return self.residual(Rule::UnknownSubscript, "subscripts with a key that is not known");
                }
                if let (Value::Tuple(items), Value::Int(index)) = (data, &key) {
                    let length = items.len() as i64;
                    return match index.to_i64().map(|index| if index < 0 { index + length } else { index }) {
                        Some(index) if (0..length).contains(&index) => Ok(items[index as usize].clone()),
                        _ => self.out_of_range(&key, "tuple index out of range"),
                    };
                }
                let outcome = primitive::subscript(self.context(), data, &key);
                self.primitive_of(outcome, &[container])
            }
        }
    }

    /// Applies `__index__` where a Python class defines it.
    pub(super) fn as_index(&mut self, key: &Value) -> Eval<Value> {
        match key {
            Value::Unknown(reason) => {
                let reason = reason.clone();
                self.unknown(Rule::UnknownSubscript, "subscripts with a key that is not known", &reason)
            }
            Value::Object(object) => {
                if let Object::Instance(instance) = self.object(*object)
                    && let Payload::Data(data @ (Value::Int(_) | Value::Bool(_))) = &instance.payload
                {
                    return Ok(data.clone());
                }
                match self.python_special(key, "__index__")? {
                    Some(index) => self.call(&index, Vec::new(), Vec::new()),
                    None => Ok(key.clone()),
                }
            }
            Value::Slice(parts) => {
                let parts = parts.clone();
                let mut converted = Vec::with_capacity(3);
                for part in parts.iter() {
                    converted.push(self.as_index(part)?);
                }
                match <[Value; 3]>::try_from(converted) {
                    Ok(parts) => Ok(Value::Slice(std::sync::Arc::new(parts))),
                    Err(_) => self.malformed(),
                }
            }
            other => Ok(other.clone()),
        }
    }

    fn object_get_item(&mut self, object: ObjectRef, container: &Value, key: &Value) -> Eval<Value> {
        enum Kind {
            List,
            Dict,
            Proxy,
            Data(Value),
            Other,
        }
        let kind = match self.object(object) {
            Object::List(_) => Kind::List,
            Object::Dict(_) | Object::InstanceDict(_) | Object::Globals => Kind::Dict,
            Object::MappingProxy(_) => Kind::Proxy,
            Object::Instance(instance) => match &instance.payload {
                Payload::List(_) => Kind::List,
                Payload::Dict(_) => Kind::Dict,
                Payload::Data(data) => Kind::Data(data.clone()),
                _ => Kind::Other,
            },
            _ => Kind::Other,
        };
        match kind {
            Kind::Data(data @ (Value::Str(_) | Value::Bytes(_) | Value::Tuple(_) | Value::Object(_))) => {
                self.get_item(&data, key)
            }
            Kind::Data(_) => {
                let class = self.type_of(container)?;
                let name = self.c_name(class);
                self.raise_exactly("TypeError", format!("'{name}' object is not subscriptable"))
            }
            Kind::Dict => match self.dict_get(container, key)? {
                Some(value) => Ok(value),
                None => {
                    if let Some(missing) = self.python_special(container, "__missing__")? {
                        return self.call(&missing, vec![key.clone()], Vec::new());
                    }
                    self.default_item(object, container, key)
                }
            },
            Kind::Proxy => {
                if let Some(Some(entry)) = self.class_namespace_entry(object, key)? {
                    return Ok(entry);
                }
                if let Some(entry) = self.ground_namespace_entry(object, key) {
                    return Ok(entry);
                }
                let items = self.proxy_items(object)?;
                let wanted = self.key(key)?;
                for (key, value) in items {
                    if self.key(&key)? == wanted {
                        return Ok(value);
                    }
                }
                self.raise_value("KeyError", key.clone())
            }
            Kind::List => {
                let items = self.list_items(container)?;
                let key = self.as_index(key)?;
                match &key {
                    Value::Int(_) | Value::Bool(_) => match self.position(&key, items.len()) {
                        Some(index) => Ok(items[index].clone()),
                        None => self.out_of_range(&key, "list index out of range"),
                    },
                    Value::Slice(_) => {
                        let tuple = Value::tuple(items);
                        let outcome = primitive::subscript(self.context(), &slots_of(&tuple), &key);
                        match (tuple, self.primitive(outcome)?) {
                            (Value::Tuple(items), Value::Tuple(indices)) => {
                                let picked = indices
                                    .iter()
                                    .filter_map(|index| match index {
                                        Value::Int(index) => {
                                            index.to_i64().and_then(|index| items.get(index as usize).cloned())
                                        }
                                        _ => None,
                                    })
                                    .collect();
                                Ok(self.new_list(picked))
                            }
                            _ => self.malformed(),
                        }
                    }
                    Value::Opaque(_) | Value::Object(_) => {
                        self.residual(Rule::UnknownSubscript, "subscripts a list with a key that is not known")
                    }
                    _ => {
                        let class = self.type_of(&key)?;
                        let name = self.c_name(class);
                        self.raise("TypeError", format!("list indices must be integers or slices, not {name}"))
                    }
                }
            }
            Kind::Other => {
                let class = self.type_of(container)?;
                if let Object::GenericAlias { .. } = self.object(object) {
                    return self.residual(Rule::NotModelled, "substitutes type parameters");
                }
                if let Some(group) =
                    self.regular_method("__getitem__", container, std::slice::from_ref(key), &Vec::new())?
                {
                    return Ok(group);
                }
                if self.lookup(class, "__getitem__").is_some() {
                    let name = self.type_name(class);
                    return self.residual(Rule::NotModelled, format!("subscripts a `{name}`"));
                }
                let name = self.c_name(class);
                self.raise_exactly("TypeError", format!("'{name}' object is not subscriptable"))
            }
        }
    }

    /// `defdict_missing` in _collectionsmodule.c; any other dict has no such key.
    fn default_item(&mut self, object: ObjectRef, container: &Value, key: &Value) -> Eval<Value> {
        let factory = match self.object(object) {
            Object::Instance(instance) => instance.slots.get(DEFAULT_FACTORY).cloned(),
            _ => None,
        };
        match factory {
            None | Some(Value::None) => self.raise_value("KeyError", key.clone()),
            Some(_) if !self.is_own(object) => {
                self.residual(Rule::ForeignContents, "a missing key of another module's `defaultdict`")
            }
            Some(factory) => {
                let value = self.call(&factory, Vec::new(), Vec::new())?;
                self.set_item(container, key, value.clone())?;
                Ok(value)
            }
        }
    }

    /// `defdict_init` in _collectionsmodule.c.
    pub(super) fn init_default_dict(
        &mut self,
        dict: &Value,
        mut positional: Vec<Value>,
        keywords: Vec<(Name, Value)>,
    ) -> Eval<()> {
        let factory = match positional.is_empty() {
            true => Value::None,
            false => positional.remove(0),
        };
        if !matches!(factory, Value::None) && !self.callable(&factory)? {
            return self.raise_exactly("TypeError", "first argument must be callable or None");
        }
        let Value::Object(object) = dict else { return self.malformed() };
        let Object::Instance(instance) = self.object_mut(*object)? else { return self.malformed() };
        instance.slots.insert(DEFAULT_FACTORY.into(), factory);
        if positional.len() > 1 {
            return self.residual(Rule::Raises, "a `defaultdict` of too many arguments");
        }
        self.dict_update(dict, positional, keywords)
    }

    /// One entry of a class's own namespace, through its `__dict__`: whether the class is such
    /// a proxy's target, and the entry.
    pub(super) fn class_namespace_entry(&mut self, proxy: ObjectRef, key: &Value) -> Eval<Option<Option<Value>>> {
        let (Object::MappingProxy(Value::Object(class)), Value::Str(name)) = (self.object(proxy), key) else {
            return Ok(None);
        };
        let (class, name) = (*class, name.clone());
        let Some(contents) = self.class(class) else { return Ok(None) };
        let mut entry = contents.namespace.get(&name).cloned();
        if entry.is_none() && contents.added.iter().any(|(_, added)| **added == *name) {
            entry = Some(self.added_entry(&name));
        }
        if !self.is_own(class) {
            self.depend_on_class(class, &name);
            entry = self.changed_attribute(class, &name).or(entry);
        }
        Ok(Some(entry))
    }

    /// `T.__dict__[name]` of a type implemented in C.
    pub(super) fn ground_namespace_entry(&mut self, proxy: ObjectRef, key: &Value) -> Option<Value> {
        let (Object::MappingProxy(Value::Ground(owner)), Value::Str(name)) = (self.object(proxy), key) else {
            return None;
        };
        let owner = *owner;
        Some(match self.ground_attribute(owner, name)?.kind.clone() {
            AttributeKind::ClassMethod => Value::Opaque(self.known.class_method_descriptor),
            AttributeKind::GetSet => Value::Opaque(self.known.getset_descriptor),
            AttributeKind::Member => Value::Opaque(self.known.member_descriptor),
            AttributeKind::Method | AttributeKind::Slot => {
                let name = name.clone();
                self.allocate(Object::UnboundGround { owner, name })
            }
            AttributeKind::Constant(value) => value,
            _ => return None,
        })
    }

    /// A list index, negative ones counted from the end.
    pub(super) fn position(&self, index: &Value, length: usize) -> Option<usize> {
        let index = match index {
            Value::Int(index) => index.to_i64()?,
            Value::Bool(index) => i64::from(*index),
            _ => return None,
        };
        let index = if index < 0 { index.checked_add(length as i64)? } else { index };
        usize::try_from(index).ok().filter(|index| *index < length)
    }

    /// `C[key]`: the metaclass's `__getitem__`, then `__class_getitem__`.
    fn class_get_item(&mut self, class: Type, key: &Value) -> Eval<Value> {
        let value = class.value();
        let metaclass = self.type_of(&value)?;
        if let Some(found) = self.lookup(metaclass, "__getitem__") {
            let getter = self.bind(found, "__getitem__", Some(&value), metaclass)?;
            return self.call(&getter, vec![key.clone()], Vec::new());
        }
        if self.metaclass_answers(metaclass, "__class_getitem__") {
            return match self.find_attribute(&value, "__class_getitem__")? {
                Some(Value::None) => self.raise_not_subscriptable(class),
                Some(getter) => self.call(&getter, vec![key.clone()], Vec::new()),
                None => self.raise_not_subscriptable(class),
            };
        }
        match self.lookup(class, "__class_getitem__") {
            Some(found @ Found::Value(_)) => {
                let getter = self.bind(found, "__class_getitem__", None, class)?;
                if matches!(getter, Value::None) {
                    return self.raise_not_subscriptable(class);
                }
                self.call(&getter, vec![key.clone()], Vec::new())
            }
            Some(Found::Ground { owner, .. }) if owner == self.known.generic => {
                self.call_ground_method(owner, "__class_getitem__", value, vec![key.clone()], Vec::new())
            }
            // Those of C types all make a `types.GenericAlias`, which asks its
            // arguments for `__parameters__` only when it is asked for its own.
            Some(Found::Ground { .. }) => {
                if matches!(key, Value::Unknown(_)) {
                    return self.residual(Rule::UnknownSubscript, "a generic alias of something that is not known");
                }
                let arguments = match key {
                    Value::Tuple(items) => items.to_vec(),
                    other => vec![other.clone()],
                };
                Ok(self.allocate(Object::GenericAlias { origin: value, arguments }))
            }
            None if class == Type::Ground(self.known.type_) => {
                let arguments = match key {
                    Value::Tuple(items) => items.to_vec(),
                    other => vec![other.clone()],
                };
                Ok(self.allocate(Object::GenericAlias { origin: value, arguments }))
            }
            None => self.raise_not_subscriptable(class),
        }
    }

    fn raise_not_subscriptable<T>(&mut self, class: Type) -> Eval<T> {
        let name = self.c_name(class);
        self.raise_exactly("TypeError", format!("type '{name}' is not subscriptable"))
    }

    /// May an attribute of the metaclass's classes come from the metaclass, and not from the classes' MRO alone?
    fn metaclass_answers(&mut self, metaclass: Type, attribute: &str) -> bool {
        self.python_definition(metaclass, "__getattr__").is_some()
            || self.python_definition(metaclass, "__getattribute__").is_some()
            || self.lookup(metaclass, attribute).is_some()
    }

    pub(super) fn set_item(&mut self, container: &Value, key: &Value, value: Value) -> Eval<()> {
        if let Value::Unknown(reason) = container {
            if let (Value::Str(name), Value::Module(_) | Value::GroundModule(_)) = (key, &value)
                && reason.message == super::attributes::SYS_MODULES
                && !self.holds_own_object(&value)
            {
                self.bind_module(name, value);
                return Ok(());
            }
            // `typing.io`: a class that stands for a submodule.
            if let (Value::Str(name), Value::Object(object)) = (key, &value)
                && reason.message == super::attributes::SYS_MODULES
                && self.is_own(*object)
                && matches!(self.object(*object), Object::Class(_))
                && name.strip_prefix(&*self.name).is_some_and(|rest| rest.starts_with('.'))
            {
                self.bind_module(name, value);
                return Ok(());
            }
            let reason = reason.clone();
            self.note_finder_item(&reason, key, Some(&value));
            return self.unknown(Rule::UnknownSubscript, "sets an item of something that is not known", &reason);
        }
        if let Some(setter) = self.python_special(container, "__setitem__")? {
            self.call(&setter, vec![key.clone(), value], Vec::new())?;
            return Ok(());
        }
        self.raw_set_item(container, key, value)
    }

    /// `dict.__setitem__`, `list.__setitem__`
    pub(super) fn raw_set_item(&mut self, container: &Value, key: &Value, value: Value) -> Eval<()> {
        let class = self.type_of(container)?;
        if self.is_subtype(class, Type::Ground(self.known.dict)) {
            return self.dict_insert(container, key.clone(), value);
        }
        if self.is_subtype(class, Type::Ground(self.known.list)) {
            let key = self.as_index(key)?;
            if matches!(key, Value::Slice(_)) {
                return self.set_slice(container, &key, value);
            }
            let length = self.list_mut(container)?.len();
            return match self.position(&key, length) {
                Some(index) => {
                    self.list_mut(container)?[index] = value;
                    Ok(())
                }
                None if matches!(key, Value::Int(_) | Value::Bool(_)) => {
                    self.out_of_range(&key, "list assignment index out of range")
                }
                None => self.residual(Rule::NotModelled, "sets an item under a key that is not known"),
            };
        }
        let name = self.c_name(class);
        if self.lookup(class, "__setitem__").is_some() || self.as_type(container).is_some() {
            return self.residual(Rule::UnknownSubscript, format!("sets an item of a `{name}`"));
        }
        // `PyObject_SetItem`: of a sequence the index is looked at first.
        let is_looked_at = match key {
            Value::Int(index) => index.to_i64().is_none(),
            other => self.python_special(other, "__index__")?.is_some(),
        };
        if is_looked_at {
            return self.residual(Rule::NotModelled, "sets an item of what may not take any, under an unusual index");
        }
        self.raise_exactly("TypeError", format!("'{name}' object does not support item assignment"))
    }

    /// An index that is none of a sequence (`PyNumber_AsSsize_t`).
    fn out_of_range<T>(&mut self, index: &Value, message: &str) -> Eval<T> {
        let is_huge = matches!(index, Value::Int(index) if index.to_i64().is_none());
        self.raise_exactly("IndexError", if is_huge { "cannot fit 'int' into an index-sized integer" } else { message })
    }

    fn set_slice(&mut self, list: &Value, key: &Value, value: Value) -> Eval<()> {
        let items = self.collect_hinted(&value)?;
        let length = self.list_mut(list)?.len();
        let Some((start, stop)) = plain_slice(key, length) else {
            return self.residual(Rule::NotModelled, "assigns to a slice with a step");
        };
        self.charge(length + items.len())?;
        self.list_mut(list)?.splice(start..stop, items);
        Ok(())
    }

    pub(super) fn delete_item(&mut self, container: &Value, key: &Value) -> Eval<()> {
        if let Value::Unknown(reason) = container {
            let reason = reason.clone();
            self.note_finder_item(&reason, key, None);
            return self.unknown(Rule::UnknownSubscript, "deletes an item of something that is not known", &reason);
        }
        if let Some(deleter) = self.python_special(container, "__delitem__")? {
            self.call(&deleter, vec![key.clone()], Vec::new())?;
            return Ok(());
        }
        self.raw_delete_item(container, key)
    }

    pub(super) fn raw_delete_item(&mut self, container: &Value, key: &Value) -> Eval<()> {
        let class = self.type_of(container)?;
        if self.is_subtype(class, Type::Ground(self.known.dict)) {
            if !self.dict_remove(container, key)? {
                return self.raise_value("KeyError", key.clone());
            }
            return Ok(());
        }
        if self.is_subtype(class, Type::Ground(self.known.list)) {
            let key = self.as_index(key)?;
            let length = self.list_mut(container)?.len();
            if let Value::Slice(_) = key {
                let Some((start, stop)) = plain_slice(&key, length) else {
                    return self.residual(Rule::NotModelled, "deletes a slice with a step");
                };
                self.list_mut(container)?.drain(start..stop);
                return Ok(());
            }
            return match self.position(&key, length) {
                Some(index) => {
                    self.list_mut(container)?.remove(index);
                    Ok(())
                }
                None if matches!(key, Value::Int(_) | Value::Bool(_)) => {
                    self.out_of_range(&key, "list assignment index out of range")
                }
                None => self.residual(Rule::NotModelled, "deletes an item under a key that is not known"),
            };
        }
        let name = self.type_name(class);
        self.residual(Rule::UnknownSubscript, format!("deletes an item of a `{name}`"))
    }

    /// `len(value)`
    pub(super) fn length(&mut self, value: &Value) -> Eval<usize> {
        if let Value::Unknown(reason) = value {
            let reason = reason.clone();
            return self.unknown(Rule::UnknownOperation, "takes the length of something that is not known", &reason);
        }
        if let Some(method) = self.python_special(value, "__len__")? {
            let length = self.call(&method, Vec::new(), Vec::new())?;
            return match &length {
                Value::Int(length) => match length.to_i64() {
                    Some(length) if length >= 0 => Ok(length as usize),
                    _ => self.raise_exactly("ValueError", "__len__() should return >= 0"),
                },
                _ => self.residual(Rule::NotModelled, "`__len__` gives something that is not a known integer"),
            };
        }
        if let Some(count) = self.count_of_identities(value) {
            return Ok(count);
        }
        if let Some(entries) = self.set_entries(value)? {
            return Ok(entries.len());
        }
        if let Some(entries) = self.dict_entries(value)? {
            return Ok(entries.len());
        }
        match value {
            Value::Object(object) => {
                let object = *object;
                match self.object(object) {
                    Object::List(_) => Ok(self.list_items(value)?.len()),
                    // Changes are not followed: it is as it was made.
                    Object::Native(native)
                        if native.class == self.known.deque
                            && native.arguments.is_empty()
                            && native.keywords.is_empty()
                            && self.is_own(object) =>
                    {
                        Ok(0)
                    }
                    Object::DictView { dict, .. } => {
                        let dict = dict.clone();
                        self.length(&dict)
                    }
                    Object::MappingProxy(_) => Ok(self.proxy_items(object)?.len()),
                    Object::Instance(instance) => match &instance.payload {
                        Payload::Data(data) => {
                            let data = data.clone();
                            if matches!(data, Value::Object(_)) {
                                return self.length(&data);
                            }
                            self.primitive_of(primitive::length(&data), &[value])
                        }
                        Payload::List(_) => Ok(self.list_items(value)?.len()),
                        _ => self.no_length(value),
                    },
                    _ => self.no_length(value),
                }
            }
            Value::Opaque(_) | Value::Ground(_) => self.no_length(value),
            data => {
                let outcome = primitive::length(data);
                self.primitive(outcome)
            }
        }
    }

    fn no_length(&mut self, value: &Value) -> Eval<usize> {
        let class = self.type_of(value)?;
        let name = self.c_name(class);
        if self.lookup(class, "__len__").is_some() {
            return self.residual(Rule::NotModelled, format!("takes the length of a `{name}`"));
        }
        self.raise_exactly("TypeError", format!("object of type '{name}' has no len()"))
    }

    /// `bool(value)`
    pub(super) fn truth(&mut self, value: &Value) -> Eval<bool> {
        if let Some(truth) = primitive::truth(value) {
            return Ok(truth);
        }
        match value {
            Value::Unknown(_) if self.is_identity(value) => return Ok(true),
            Value::Unknown(reason) => {
                let message = format!("tests the truth of something that is not known: {}", reason.root_cause());
                return self.soft_decision(Rule::UnknownOperation, message, &[]);
            }
            Value::Tuple(items) => return Ok(!items.is_empty()),
            Value::Module(_) | Value::GroundModule(_) => return Ok(true),
            _ => {}
        }
        if let Some(method) = self.python_special(value, "__bool__")? {
            return match self.call(&method, Vec::new(), Vec::new())? {
                Value::Bool(truth) => Ok(truth),
                Value::Unknown(_) | Value::Opaque(_) => {
                    self.residual(Rule::UnknownOperation, "`__bool__` gives something that is not known")
                }
                _ => self.raise("TypeError", "__bool__ should return bool"),
            };
        }
        let class = self.type_of(value)?;
        match (self.lookup(class, "__bool__"), self.lookup(class, "__len__")) {
            (None, None) => Ok(true),
            (Some(_), _) => match value {
                Value::Object(object) => match self.object(*object) {
                    Object::Instance(instance) => match &instance.payload {
                        Payload::Data(data) => {
                            let data = data.clone();
                            self.truth(&data)
                        }
                        _ => self.truth_not_modelled(class),
                    },
                    _ => self.truth_not_modelled(class),
                },
                _ => self.truth_not_modelled(class),
            },
            (None, Some(_)) => match value {
                Value::Opaque(_) | Value::Ground(_) => self.truth_not_modelled(class),
                _ => Ok(self.length(value)? > 0),
            },
        }
    }

    fn truth_not_modelled(&mut self, class: Type) -> Eval<bool> {
        let name = self.type_name(class);
        self.residual(Rule::NotModelled, format!("tests the truth of a `{name}` that is computed by the target only"))
    }

    /// `item in container`
    pub(super) fn contains(&mut self, container: &Value, item: &Value) -> Eval<bool> {
        if let Value::Unknown(reason) = container {
            if reason.message == super::attributes::SYS_MODULES && self.loaded_entry(item).is_some() {
                return Ok(true);
            }
            let message = format!("looks for an item in something that is not known: {}", reason.root_cause());
            return self.soft_decision(Rule::UnknownOperation, message, &[item]);
        }
        if let Some(method) = self.python_special(container, "__contains__")? {
            let result = self.call(&method, vec![item.clone()], Vec::new())?;
            return self.truth(&result);
        }
        if self.is_process_text(item)
            && let Value::Tuple(items) = container
            && items.iter().all(super::operators::is_data)
        {
            let message = "looks for text that differs between processes".to_string();
            return self.soft_decision(Rule::Nondeterministic, message, &[]);
        }
        if let Some(found) = self.find_identity(container, item)? {
            return Ok(found.is_some());
        }
        if let Value::Unknown(reason) = item {
            let reason = reason.clone();
            return self.unknown(Rule::UnknownOperation, "looks for something that is not known", &reason);
        }
        if let Value::Object(object) = container
            && !self.is_own(*object)
        {
            let key = self.key(item)?;
            if self.item_set_before(*object, &key).is_some() {
                return Ok(true);
            }
        }
        let overrides_iteration = self.python_special(container, "__iter__")?.is_some();
        if !overrides_iteration {
            if let Some(entries) = self.set_entries(container)? {
                let key = self.element_key(item)?;
                return Ok(entries.contains_key(&key));
            }
            if self.instance_dict_of(container).is_some_and(|of| !self.is_own(of)) {
                return Ok(self.dict_get(container, item)?.is_some());
            }
            if self.dict_entries(container)?.is_some() {
                return Ok(self.dict_get(container, item)?.is_some());
            }
        }
        if let Value::Object(object) = container {
            let object = *object;
            match self.object(object) {
                Object::DictView { dict, kind: ViewKind::Keys } => {
                    let dict = dict.clone();
                    return Ok(self.dict_get(&dict, item)?.is_some());
                }
                Object::MappingProxy(Value::Ground(owner)) => {
                    let owner = *owner;
                    return match item {
                        Value::Str(name) => Ok(self.ground_attribute(owner, name).is_some()),
                        _ => self.residual(Rule::NotModelled, "looks for a name that is not a string"),
                    };
                }
                Object::MappingProxy(_) => {
                    if let Some(entry) = self.class_namespace_entry(object, item)? {
                        return Ok(entry.is_some());
                    }
                    let wanted = self.key(item)?;
                    for (key, _) in self.proxy_items(object)? {
                        if self.key(&key)? == wanted {
                            return Ok(true);
                        }
                    }
                    return Ok(false);
                }
                Object::Instance(instance) if !overrides_iteration => {
                    if let Payload::Data(data) = &instance.payload {
                        let data = data.clone();
                        return self.contains(&data, item);
                    }
                }
                _ => {}
            }
        }
        if let Value::Str(_) | Value::Bytes(_) | Value::Range(_) = container {
            let plain = self.plain_data(item);
            if matches!(plain, Value::Object(_) | Value::Opaque(_)) {
                return self.residual(Rule::NotModelled, "looks for an object in a string, bytes or range");
            }
            let outcome = primitive::compare(self.context(), syntax::ir::Comparison::In, &plain, container);
            return self.primitive_of(outcome, &[item]);
        }
        if let Some(items) = self.ground_list(container) {
            return self.contains(&items, item);
        }
        if matches!(container, Value::Opaque(_) | Value::Ground(_)) {
            return self
                .residual(Rule::NotModelled, "looks for an item in a value that is computed by the target only");
        }
        let iterator = self.iterate(container)?;
        while let Some(candidate) = self.next(&iterator)? {
            if self.same_or_equal(&candidate, item)? {
                return Ok(true);
            }
        }
        Ok(false)
    }

    fn is_ground_list(&self, id: crate::ground::GroundId) -> bool {
        matches!(self.world.ground().entry(id).kind, EntryKind::Instance { of, .. } if of == self.known.list)
    }

    /// The items of a list that a C module holds, where no code that is not proven has run since
    /// they were guarded.
    pub(super) fn ground_list(&self, value: &Value) -> Option<Value> {
        match value {
            Value::Ground(id) if self.is_ground_list(*id) && !self.impure => {
                self.ground_contents(*id)?.items.clone().map(Value::Tuple)
            }
            _ => None,
        }
    }

    /// An instance of a subclass of an immutable builtin, as its data.
    pub(super) fn plain_data(&self, value: &Value) -> Value {
        match value {
            Value::Object(object) => {
                if let Object::Instance(instance) = self.object(*object)
                    && let Payload::Data(data) = &instance.payload
                {
                    return data.clone();
                }
            }
            // A struct sequence such as `sys.version_info`.
            Value::Ground(id) => {
                if let Some(items) = self.ground_contents(*id).and_then(|contents| contents.items.clone())
                    && !self.is_ground_list(*id)
                {
                    return Value::Tuple(items);
                }
            }
            _ => {}
        }
        value.clone()
    }
}

/// A tuple of the indices of the items, to be sliced in their place.
fn slots_of(tuple: &Value) -> Value {
    match tuple {
        Value::Tuple(items) => Value::tuple((0..items.len() as i64).map(Value::int).collect()),
        other => other.clone(),
    }
}

/// Bounds of a slice without step, as `PySlice_AdjustIndices`.
fn plain_slice(key: &Value, length: usize) -> Option<(usize, usize)> {
    let Value::Slice(parts) = key else {
        return None;
    };
    let bound = |value: &Value, default: i64| -> Option<i64> {
        let length = length as i64;
        match value {
            Value::None => Some(default),
            Value::Int(index) => {
                let index = index.to_i64()?;
                Some(if index < 0 { (index + length).max(0) } else { index.min(length) })
            }
            _ => None,
        }
    };
    match &parts[2] {
        Value::None => {}
        Value::Int(step) if step.to_i64() == Some(1) => {}
        _ => return None,
    }
    let start = bound(&parts[0], 0)?;
    let stop = bound(&parts[1], length as i64)?;
    Some((start as usize, stop.max(start) as usize))
}
