//! Dictionaries that are looked into where they are: the namespaces of modules, and the attributes of objects. Wherever
//! one is asked for, an object is made that stands for it.

use syntax::ir::Name;

use super::{Eval, Machine};
use crate::ground::Export;
use crate::heap::{Attributes, Dict, Object, Type};
use crate::reason::Rule;
use crate::value::{ModuleId, ObjectRef, Value};

/// What such an object stands for.
enum Live {
    /// The namespace of a module with source.
    Namespace(ModuleId),
    /// That of one implemented in C, by its index.
    Ground(u32),
    /// That of a caller.
    Caller,
    /// The `__dict__` of an object.
    Attributes(ObjectRef),
}

/// Names that the import system binds in every module: what they hold is told apart by its type.
const GIVEN: [&str; 6] = ["__name__", "__doc__", "__package__", "__loader__", "__spec__", "__file__"];

impl Machine<'_> {
    /// What the object stands for, if it stands for a dictionary.
    fn live_dict(&self, object: ObjectRef) -> Option<Live> {
        match self.object(object) {
            Object::Globals => Some(Live::Namespace(object.owner)),
            Object::GroundNamespace(module) => Some(Live::Ground(*module)),
            Object::InstanceDict(of) => Some(Live::Attributes(*of)),
            Object::Native(native) if native.class == self.known.dict => match native.arguments.first() {
                Some(Value::Module(module)) => Some(Live::Namespace(*module)),
                _ => Some(Live::Caller),
            },
            _ => None,
        }
    }

    /// Whether two objects stand for one dictionary; nothing, where neither stands for one.
    pub(super) fn is_same_dict(&mut self, one: ObjectRef, other: ObjectRef) -> Eval<Option<bool>> {
        let same = match (self.live_dict(one), self.live_dict(other)) {
            (None, None) => return Ok(None),
            (Some(Live::Namespace(one)), Some(Live::Namespace(other))) => one == other,
            (Some(Live::Ground(one)), Some(Live::Ground(other))) => one == other,
            (Some(Live::Attributes(one)), Some(Live::Attributes(other))) => {
                self.is_identical(&Value::Object(one), &Value::Object(other))?
            }
            (Some(Live::Caller), Some(_)) | (Some(_), Some(Live::Caller)) => {
                return self.residual(Rule::NotModelled, "whether it is the namespace of a caller");
            }
            // What an object is given for its `__dict__` stands for that from then on.
            _ => false,
        };
        Ok(Some(same))
    }

    /// `object.__dict__ = value`: from now on the value stands for the attributes of the object.
    pub(super) fn set_instance_dict(&mut self, object: ObjectRef, value: &Value) -> Eval<()> {
        let class = self.type_of(value)?;
        if !self.is_subtype(class, Type::Ground(self.known.dict)) {
            let class = self.c_name(class);
            let message = format!("__dict__ must be set to a dictionary, not a '{class}'");
            return self.raise_exactly("TypeError", message);
        }
        if let Value::Object(dict) = value
            && let (true, true) = (self.is_own(object), self.is_own(*dict))
            && let Some(attributes) = self.as_attributes(*dict)
            && let Some(former) = self.only_view(object)
        {
            let Object::Instance(instance) = self.object_mut(object)? else { return self.malformed() };
            let before = std::mem::replace(&mut instance.attributes, attributes);
            if let Some(former) = former {
                *self.object_mut(former)? = Object::Dict(as_entries(before));
            }
            *self.object_mut(*dict)? = Object::InstanceDict(object);
            return Ok(());
        }
        self.residual(
            Rule::NotModelled,
            "gives an object a dictionary that has its own ways, or whose former one is in use",
        )
    }

    /// What stands for the attributes of the object, if anything does; nothing, where several may.
    fn only_view(&self, object: ObjectRef) -> Option<Option<ObjectRef>> {
        let objects = (0..).zip(&self.heap.objects);
        let mut views = objects.filter(|(_, other)| matches!(other, Object::InstanceDict(of) if *of == object));
        let first = views.next().map(|(index, _)| ObjectRef { owner: object.owner, index });
        views.next().is_none().then_some(first)
    }

    /// The entries of a plain dict, as those of an object, if all its keys are text.
    fn as_attributes(&self, dict: ObjectRef) -> Option<Attributes> {
        let Object::Dict(entries) = self.object(dict) else { return None };
        let named = entries.values().map(|(key, value)| match key {
            Value::Str(name) => Some((name.clone(), value.clone())),
            _ => None,
        });
        named.collect()
    }

    /// The namespace of a module implemented in C, as a dict: what was read of it holds as long as the whole is what it is.
    pub(super) fn ground_entries(&mut self, index: u32) -> Eval<Dict> {
        self.rest_on_namespace(index)?;
        let module = &self.world.ground().modules()[index as usize];
        let mut entries = Dict::default();
        for (name, export) in &module.exports {
            let value = self.export_value(export, &module.name, name);
            let name = Value::Str(name.clone());
            if let Some(key) = crate::key::of_data(&name) {
                entries.insert(key, (name, value));
            }
        }
        self.charge(entries.len())?;
        Ok(entries)
    }

    /// From now on something rests on which names a module implemented in C has, and on what they hold.
    fn rest_on_namespace(&mut self, index: u32) -> Eval<()> {
        let module = self.world.ground().modules()[index as usize].name.clone();
        if !self.is_told_apart(index) || self.has_changed_ground_globals(index) {
            let message = format!("reads the whole namespace of module `{module}`");
            return self.residual(Rule::UnknownNamespace, message);
        }
        self.depend(&module, &["__dict__"]);
        Ok(())
    }

    /// Whether a fingerprint tells the namespace of a module implemented in C from any other, and is the same in other
    /// processes.
    pub(super) fn is_told_apart(&self, index: u32) -> bool {
        let module = &self.world.ground().modules()[index as usize];
        let is_told = |(name, export): (&Name, &Export)| match export {
            Export::Constant(_) | Export::Entity(_) | Export::Module(_) | Export::Varying => true,
            Export::Process => GIVEN.contains(&&**name),
            Export::Maybe => false,
        };
        module.complete && module.exports.len() <= FINGERPRINTED && module.exports.iter().all(is_told)
    }
}

/// Attributes of an object as the entries of a dict.
pub(super) fn as_entries(attributes: Attributes) -> Dict {
    let mut entries = Dict::default();
    for (name, value) in attributes {
        let name = Value::Str(name);
        if let Some(key) = crate::key::of_data(&name) {
            entries.insert(key, (name, value));
        }
    }
    entries
}

/// A dictionary of more entries counts by their number only (docs/artifact-format.md, fingerprints).
const FINGERPRINTED: usize = 512;
