//! Types of values, method resolution, and look-up along the MRO.

use super::{Eval, Machine};
use crate::effect::Changed;
use crate::ground::{AttributeKind, EntryKind, GroundId, TypeAttribute, TypeInfo};
use crate::heap::{Class, GeneratorKind, Object, Type, UNKNOWN_TYPE, ViewKind};
use crate::reason::Rule;

use crate::value::{ObjectRef, Value};

/// What a look-up along an MRO finds.
#[derive(Clone, Debug)]
pub(super) enum Found {
    /// In the namespace of a Python class.
    Value(Value),
    /// Among the attributes of a C type.
    Ground { owner: GroundId, kind: AttributeKind },
}

impl<'w> Machine<'w> {
    /// `type(value)`. Unknown for unknown values.
    pub(super) fn type_of(&mut self, value: &Value) -> Eval<Type> {
        let known = self.known;
        let id = match value {
            Value::None => known.none_type,
            Value::Ellipsis => known.ellipsis,
            Value::NotImplemented => known.not_implemented,
            Value::Bool(_) => known.bool,
            Value::Int(_) => known.int,
            Value::Float(_) => known.float,
            Value::Complex(..) => known.complex,
            Value::Str(_) => known.str,
            Value::Bytes(_) => known.bytes,
            Value::Tuple(_) => known.tuple,
            Value::Range(_) => known.range,
            Value::Slice(_) => known.slice,
            Value::Module(_) | Value::GroundModule(_) => known.module,
            Value::Opaque(id) => *id,
            Value::Ground(id) => match &self.world.ground().entry(*id).kind {
                EntryKind::Type(info) => info.metaclass,
                EntryKind::Function { .. } => known.builtin,
                EntryKind::Instance { of, .. } => *of,
            },
            Value::Object(object) => {
                let class = self.type_of_object(*object);
                if class == Type::Ground(UNKNOWN_TYPE) {
                    return self
                        .residual(Rule::NotModelled, "needs the type of an iterator that is not modelled exactly");
                }
                return Ok(class);
            }
            Value::Unknown(reason) => {
                let reason = reason.clone();
                return self.unknown(Rule::UnknownOperation, "needs the type of something that is not known", &reason);
            }
        };
        Ok(Type::Ground(id))
    }

    pub(super) fn type_of_object(&self, object: ObjectRef) -> Type {
        let known = &self.known;
        Type::Ground(match self.object(object) {
            Object::List(_) => known.list,
            Object::Dict(_) => known.dict,
            Object::Set(_) => known.set,
            Object::FrozenSet(_) => known.frozenset,
            Object::Function(_) => known.function,
            Object::Class(class) => return class.metaclass,
            Object::Instance(instance) => return instance.class,
            Object::BoundMethod { .. } => known.method,
            Object::BoundGround { owner, name, .. } => {
                match self.ground_attribute(*owner, name).map(|found| &found.kind) {
                    Some(AttributeKind::Slot) => known.method_wrapper,
                    _ => known.builtin,
                }
            }
            Object::UnboundGround { owner, name } => match self.ground_attribute(*owner, name).map(|found| &found.kind)
            {
                Some(AttributeKind::Slot) => known.wrapper_descriptor,
                Some(AttributeKind::Method) => known.method_descriptor,
                _ => known.builtin,
            },
            Object::Cell(_) => known.cell,
            Object::Property(_) => known.property,
            Object::StaticMethod(_) => known.static_method,
            Object::ClassMethod(_) => known.class_method,
            Object::Slot { .. } => known.member_descriptor,
            Object::Super { .. } => known.super_,
            Object::Generator(generator) => match generator.kind {
                GeneratorKind::Generator => known.generator,
                GeneratorKind::Coroutine => known.coroutine,
                GeneratorKind::AsyncGenerator => known.async_generator,
            },
            Object::DictView { kind, dict } if self.is_ordered_dict(dict) => match kind {
                ViewKind::Keys => known.ordered_keys,
                ViewKind::Values => known.ordered_values,
                ViewKind::Items => known.ordered_items,
            },
            Object::DictView { kind, .. } => match kind {
                ViewKind::Keys => known.dict_keys,
                ViewKind::Values => known.dict_values,
                ViewKind::Items => known.dict_items,
            },
            Object::InstanceDict(_) | Object::Globals | Object::GroundNamespace(_) => known.dict,
            Object::MappingProxy(_) => known.mapping_proxy,
            Object::GenericAlias { .. } => known.generic_alias,
            Object::Union(_) => known.union,
            Object::Native(native) => native.class,
            Object::Obscured { class, .. } | Object::Identities { class, .. } => *class,
            Object::Iterator { class, .. } => *class,
        })
    }

    pub(super) fn type_info(&self, id: GroundId) -> Option<&'w TypeInfo> {
        match &self.world.ground().entry(id).kind {
            EntryKind::Type(info) => Some(info),
            _ => None,
        }
    }

    /// The class that a value is, if it is one.
    pub(super) fn as_type(&self, value: &Value) -> Option<Type> {
        match value {
            Value::Ground(id) => self.type_info(*id).map(|_| Type::Ground(*id)),
            Value::Object(object) => match self.object(*object) {
                Object::Class(_) => Some(Type::Class(*object)),
                _ => None,
            },
            _ => None,
        }
    }

    pub(super) fn class(&self, object: ObjectRef) -> Option<&Class> {
        match self.object(object) {
            Object::Class(class) => Some(class),
            _ => None,
        }
    }

    pub(super) fn mro(&self, class: Type) -> Vec<Type> {
        match class {
            Type::Ground(id) => match self.type_info(id) {
                Some(info) => info.mro.iter().map(|id| Type::Ground(*id)).collect(),
                None => vec![class],
            },
            Type::Class(object) => self.class(object).map(|class| class.mro.clone()).unwrap_or_default(),
        }
    }

    pub(super) fn bases(&self, class: Type) -> Vec<Type> {
        match class {
            Type::Ground(id) => self
                .type_info(id)
                .map(|info| info.bases.iter().map(|id| Type::Ground(*id)).collect())
                .unwrap_or_default(),
            Type::Class(object) => self.class(object).map(|class| class.bases.clone()).unwrap_or_default(),
        }
    }

    /// Real subclassing, by MRO; knows no ABC.
    pub(super) fn is_subtype(&self, class: Type, base: Type) -> bool {
        class == base || self.mro(class).contains(&base)
    }

    pub(super) fn is_instance_of(&mut self, value: &Value, base: GroundId) -> Eval<bool> {
        let class = self.type_of(value)?;
        Ok(self.is_subtype(class, Type::Ground(base)))
    }

    /// `isinstance(value, class)` by type, knowing no hook.
    pub(super) fn is_instance(&mut self, value: &Value, class: Type) -> Eval<bool> {
        let of = self.type_of(value)?;
        if self.is_subtype(of, class) {
            return Ok(true);
        }
        // An instance may claim another `__class__` (`object_isinstance` in abstract.c).
        let hooks = ["__getattribute__", "__class__"];
        let may_claim =
            matches!(of, Type::Class(_)) && hooks.into_iter().any(|name| self.python_definition(of, name).is_some());
        if !may_claim {
            return Ok(false);
        }
        match self.find_attribute(value, "__class__")? {
            Some(Value::Unknown(_) | Value::Opaque(_)) => {
                self.residual(Rule::NotModelled, "an instance that claims a `__class__` that is not known")
            }
            Some(claimed) => Ok(self.as_type(&claimed).is_some_and(|claimed| self.is_subtype(claimed, class))),
            None => Ok(false),
        }
    }

    pub(super) fn type_name(&self, class: Type) -> String {
        match class {
            Type::Ground(id) => {
                if id.0 == u32::MAX {
                    return "object".to_string();
                }
                self.world.ground().entry(id).name.to_string()
            }
            Type::Class(object) => self.class(object).map(|class| class.name.to_string()).unwrap_or_default(),
        }
    }

    /// `tp_name`: what CPython's messages call a class.
    pub(super) fn c_name(&self, class: Type) -> String {
        match class {
            Type::Ground(id) if id.0 != u32::MAX => {
                self.type_info(id).map(|info| info.c_name.to_string()).unwrap_or_else(|| self.type_name(class))
            }
            _ => self.type_name(class),
        }
    }

    /// The format unit `%T` from 3.13 on (`_PyType_GetFullyQualifiedName`), where it is known.
    pub(super) fn full_name(&self, class: Type) -> Option<String> {
        let Type::Class(object) = class else { return Some(self.c_name(class)) };
        let class = self.class(object)?;
        let Value::Str(qualname) = &class.qualname else { return None };
        match class.namespace.get("__module__") {
            Some(Value::Str(module)) if &**module != "builtins" && &**module != "__main__" => {
                Some(format!("{module}.{qualname}"))
            }
            Some(Value::Unknown(_)) => None,
            _ => Some(qualname.to_string()),
        }
    }

    /// `_PyType_Lookup`: the first entry along the MRO, raw. What was looked up in foreign classes is recorded as
    /// dependencies.
    pub(super) fn lookup(&mut self, class: Type, name: &str) -> Option<Found> {
        self.lookup_after(class, None, name)
    }

    /// As [`lookup`](Self::lookup), in the MRO after `start` (`super`).
    pub(super) fn lookup_after(&mut self, class: Type, start: Option<Type>, name: &str) -> Option<Found> {
        let mro = self.mro(class);
        let mut started = start.is_none();
        // A guard looks a name up in a class and all those above it: these need none of their own.
        let mut guarded: Vec<Type> = Vec::new();
        for &entry in &mro {
            if !started {
                started = Some(entry) == start;
                continue;
            }
            match entry {
                Type::Ground(owner) => {
                    if let Some(value) = self.changed_ground_attribute(owner, name) {
                        return Some(Found::Value(value));
                    }
                    if let Some(attribute) = self.ground_attribute(owner, name) {
                        return Some(Found::Ground { owner, kind: attribute.kind.clone() });
                    }
                }
                Type::Class(object) => {
                    if !self.is_own(object) && !self.is_cache_attribute(object, name) {
                        if !guarded.contains(&entry) || self.has_changed_above(&mro, name) {
                            self.depend_on_class(object, name);
                            guarded.extend(self.mro(entry));
                        }
                        if let Some(changed) = self.changed_attribute(object, name) {
                            return Some(Found::Value(changed));
                        }
                    }
                    let found = match self.object(object) {
                        Object::Class(class) => class.namespace.get(name).cloned(),
                        _ => None,
                    };
                    if let Some(value) = found {
                        return Some(Found::Value(value));
                    }
                }
            }
        }
        None
    }

    /// Has this module changed the attribute of one of the classes?
    fn has_changed_above(&self, mro: &[Type], name: &str) -> bool {
        mro.iter().any(|entry| match entry {
            Type::Class(object) => self.overlay.is_known(&Changed::Attribute(*object, name.into())),
            Type::Ground(_) => false,
        })
    }

    pub(super) fn ground_attribute(&self, owner: GroundId, name: &str) -> Option<&'w TypeAttribute> {
        self.type_info(owner).and_then(|info| info.attributes.get(name))
    }

    pub(super) fn depend_on_class(&mut self, object: ObjectRef, name: &str) {
        if self.overlay.is_known(&Changed::Attribute(object, name.into())) {
            return;
        }
        if self.is_ours(object) {
            return self.rest_on_attribute(object, name);
        }
        let module = self.world.module_name(object.owner).to_string();
        let qualname = match self.object(object) {
            Object::Class(class) => match &class.qualname {
                Value::Str(qualname) => qualname.clone(),
                _ => class.name.clone(),
            },
            _ => return,
        };
        let mut path: Vec<&str> = qualname.split('.').collect();
        path.push(name);
        let contents = !self.holds_container(object, name);
        self.depend_on(&module, &path, contents);
    }

    /// Does the class, or one above it short of C types, define the name in Python?
    pub(super) fn python_definition(&mut self, class: Type, name: &str) -> Option<Value> {
        match self.lookup(class, name) {
            Some(Found::Value(value)) => Some(value),
            _ => None,
        }
    }

    /// Looks up a special method on the type and binds it, bypassing the instance (data model, 3.3.12).
    pub(super) fn special(&mut self, value: &Value, class: Type, name: &str) -> Eval<Option<Value>> {
        match self.lookup(class, name) {
            None => Ok(None),
            Some(found) => self.bind(found, name, Some(value), class).map(Some),
        }
    }

    /// The most derived metaclass, as `_PyType_CalculateMetaclass`; `None` on conflict.
    pub(super) fn derived_metaclass(&mut self, start: Type, bases: &[Type]) -> Option<Type> {
        let mut winner = start;
        for base in bases {
            let metaclass = match base {
                Type::Ground(id) => Type::Ground(self.type_info(*id)?.metaclass),
                Type::Class(object) => self.class(*object)?.metaclass,
            };
            if self.is_subtype(winner, metaclass) {
                continue;
            }
            if self.is_subtype(metaclass, winner) {
                winner = metaclass;
                continue;
            }
            return None;
        }
        Some(winner)
    }

    /// C3 linearisation (`mro_implementation` in typeobject.c); `None` when there is none.
    pub(super) fn linearise(&self, class: ObjectRef, bases: &[Type]) -> Option<Vec<Type>> {
        let mut sequences: Vec<Vec<Type>> = bases.iter().map(|base| self.mro(*base)).collect();
        sequences.push(bases.to_vec());
        let mut result = vec![Type::Class(class)];
        loop {
            sequences.retain(|sequence| !sequence.is_empty());
            if sequences.is_empty() {
                return Some(result);
            }
            let candidate = sequences
                .iter()
                .map(|sequence| sequence[0])
                .find(|candidate| !sequences.iter().any(|sequence| sequence[1..].contains(candidate)))?;
            result.push(candidate);
            for sequence in &mut sequences {
                if sequence[0] == candidate {
                    sequence.remove(0);
                }
            }
        }
    }
}
