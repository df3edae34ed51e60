//! Which names lead to which objects of the module.

use rustc_hash::FxHashSet;
use syntax::ir::Name;

use super::Machine;
use crate::heap::{Attributes, Object, Payload, Property, Type};
use crate::value::{ObjectRef, Value};

impl Machine<'_> {
    /// The names of the module under which one of its own objects can be reached that are told by
    /// their indices in the heap: directly, or through whatever the values hold.
    pub(super) fn names_that_reach(&self, objects: &FxHashSet<u32>) -> Vec<Name> {
        self.namespace.iter().filter(|(_, value)| self.reaches(value, objects)).map(|(name, _)| name.clone()).collect()
    }

    pub(super) fn reaches(&self, value: &Value, objects: &FxHashSet<u32>) -> bool {
        let mut seen: FxHashSet<ObjectRef> = FxHashSet::default();
        let mut pending = vec![value.clone()];
        while let Some(value) = pending.pop() {
            match value {
                Value::Tuple(items) => pending.extend(items.iter().cloned()),
                Value::Slice(parts) => pending.extend(parts.iter().cloned()),
                Value::Object(object)
                    if self.is_ours(object)
                        && seen.insert(object)
                        && (objects.contains(&object.index) || !held_by(self.object(object), &mut pending)) =>
                {
                    return true;
                }
                _ => {}
            }
        }
        false
    }
}

fn held_by_property(property: &Property, held: &mut Vec<Value>) {
    held.extend([&property.get, &property.set, &property.delete, &property.doc].into_iter().cloned());
    held.extend(property.attributes.values().cloned());
}

/// Adds what the object refers to. `false`: that can't be told.
pub(super) fn held_by(object: &Object, held: &mut Vec<Value>) -> bool {
    let attributes = |attributes: &Attributes, held: &mut Vec<Value>| held.extend(attributes.values().cloned());
    match object {
        Object::List(items) | Object::Union(items) => held.extend(items.iter().cloned()),
        Object::Dict(entries) => held.extend(entries.values().flat_map(|(key, value)| [key.clone(), value.clone()])),
        Object::Set(items) | Object::FrozenSet(items) => held.extend(items.values().cloned()),
        Object::Function(function) => {
            held.extend(function.defaults.iter().flatten().cloned());
            held.extend(function.keyword_defaults.iter().chain(&function.annotations).cloned());
            held.extend(function.type_parameters.iter().cloned());
            held.extend(function.closure.iter().map(|cell| Value::Object(*cell)));
            attributes(&function.attributes, held);
        }
        Object::Class(class) => {
            held.extend(class.mro.iter().chain([&class.metaclass]).map(|class| class.value()));
            attributes(&class.namespace, held);
        }
        Object::Instance(instance) => {
            held.push(instance.class.value());
            attributes(&instance.attributes, held);
            attributes(&instance.slots, held);
            match &instance.payload {
                Payload::None | Payload::Hidden => {}
                Payload::Property(property) => held_by_property(property, held),
                Payload::Wrapper(function) => held.extend(function.iter().cloned()),
                Payload::Data(data) => held.push(data.clone()),
                Payload::List(items) | Payload::Exception(items) => held.extend(items.iter().cloned()),
                Payload::Dict(entries) => {
                    held.extend(entries.values().flat_map(|(key, value)| [key.clone(), value.clone()]));
                }
                Payload::Set(items) | Payload::FrozenSet(items) => held.extend(items.values().cloned()),
            }
        }
        Object::BoundMethod { function, receiver } => held.extend([function.clone(), receiver.clone()]),
        Object::BoundGround { receiver, .. } => held.push(receiver.clone()),
        Object::UnboundGround { .. } => {}
        Object::Cell(content) => held.extend(content.iter().cloned()),
        Object::Property(property) => held_by_property(property, held),
        Object::StaticMethod(wrapper) | Object::ClassMethod(wrapper) => {
            held.push(wrapper.function.clone());
            attributes(&wrapper.attributes, held);
        }
        Object::Slot { class, .. } => held.push(Value::Object(*class)),
        Object::Super { start, receiver, of } => {
            held.extend([Type::value(*start), receiver.clone(), Type::value(*of)]);
        }
        Object::DictView { dict, .. } => held.push(dict.clone()),
        Object::InstanceDict(of) => held.push(Value::Object(*of)),
        Object::MappingProxy(of) => held.push(of.clone()),
        Object::GenericAlias { origin, arguments } => {
            held.push(origin.clone());
            held.extend(arguments.iter().cloned());
        }
        Object::Native(native) => {
            held.extend(native.arguments.iter().cloned());
            held.extend(native.keywords.iter().map(|(_, value)| value.clone()));
            attributes(&native.attributes, held);
        }
        Object::Obscured { held: known, .. } => held.extend(known.iter().cloned()),
        Object::Identities { entries, .. } => {
            held.extend(entries.iter().flat_map(|(key, value)| [key.clone(), value.clone()]));
        }
        Object::Iterator { .. } | Object::Generator(_) | Object::Globals => return false,
        Object::GroundNamespace(_) => {}
    }
    true
}
