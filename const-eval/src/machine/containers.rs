//! The raw contents of lists, dicts and sets.

use syntax::ir::Name;

use super::types::Found;
use super::{Eval, Machine};
use crate::effect::Change;
use crate::ground::EntryKind;
use crate::heap::{Dict, Object, Payload, Set, Type};
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
        match self.object(object) {
            Object::Globals => return self.globals_entries(object).map(Some),
            Object::GroundNamespace(module) => return self.ground_entries(*module).map(Some),
            _ => {}
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
        let contents = match self.rest_on_attributes(of) {
            true => self.object(of),
            false => self.contents(of)?,
        };
        let attributes = match contents {
            Object::Instance(instance) => instance.attributes.clone(),
            Object::Function(function) => function.attributes.clone(),
            Object::Native(native) => native.attributes.clone(),
            Object::StaticMethod(wrapper) | Object::ClassMethod(wrapper) => wrapper.attributes.clone(),
            _ => return self.malformed(),
        };
        Ok(super::live::as_entries(attributes))
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
    pub(super) fn instance_dict_of(&self, dict: &Value) -> Option<ObjectRef> {
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
            Object::Globals | Object::GroundNamespace(_) => {
                return self.residual(Rule::UnknownNamespace, "changes a module's namespace as a whole");
            }
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
        if let Value::Object(object) = dict
            && let Object::GroundNamespace(module) = self.object(*object)
        {
            let entries = self.ground_entries(*module)?;
            return Ok(entries.get(&key).map(|(_, value)| value.clone()));
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
    pub(super) fn added_entry(&mut self, name: &str) -> Value {
        match name {
            "__abstractmethods__" => Value::Opaque(self.known.frozenset),
            "_abc_impl" => {
                // `abc_data_doc` in _abc.c
                let doc = ("__doc__".into(), Value::str("Internal state held by ABC machinery."));
                self.new_native_with(self.known.abc_data, [doc])
            }
            _ => Value::Opaque(self.known.getset_descriptor),
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
