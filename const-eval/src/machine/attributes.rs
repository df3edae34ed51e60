//! Attribute access as a protocol: descriptors, instance dictionaries, modules.
//!
//! Sources: the data model, "Implementing Descriptors"; `PyObject_GenericGetAttr`,
//! `type_getattro`, `module_getattro`.

use syntax::ir::Name;

use super::types::Found;
use super::{Eval, Machine, Stop};
use crate::effect::{Changed, Step};
use crate::evaluated::Dependency;
use crate::ground::{AttributeKind, EntryKind, Export, GroundId};
use crate::heap::{Object, Payload, Type};
use crate::reason::{Reason, Rule};
use crate::value::{ModuleId, ObjectRef, Value};
use crate::world::Resolved;

/// What is said of `sys.modules`, by which it is recognised.
pub(super) const SYS_MODULES: &str = "`sys.modules` differs between processes";

/// What is said of the attributes that the import system sets, by which they are recognised.
const LOADER_FACT: &str = " depends on where and how the module is loaded";

/// What is said of the types of such attributes.
const LOADER_TYPE: &str = "the type of what the import system has set";

/// What a `types.GenericAlias` has itself (`attr_exceptions` in genericaliasobject.c); everything else is its origin's.
const ALIAS_ATTRIBUTES: [&str; 12] = [
    "__class__",
    "__bases__",
    "__origin__",
    "__args__",
    "__unpacked__",
    "__parameters__",
    "__typing_unpacked_tuple_args__",
    "__mro_entries__",
    "__reduce_ex__",
    "__reduce__",
    "__copy__",
    "__deepcopy__",
];

/// Is it `__spec__`, `__file__` or the like of a module?
pub(super) fn is_loader_fact(reason: &Reason) -> bool {
    reason.message.ends_with(LOADER_FACT)
}

impl Machine<'_> {
    /// Is it `__loader__` or `__spec__` of a module, which may have any type? The others have those that the import system gives them.
    pub(super) fn may_be_loader_class(&self, reason: &Reason) -> bool {
        is_loader_fact(reason) && ["`__loader__`", "`__spec__`"].iter().any(|name| reason.message.starts_with(name))
    }

    /// Has another module an attribute that the import system does not give it? `__getattr__` is asked.
    pub(super) fn has_module_attribute(&mut self, module: ModuleId, name: &str) -> Eval<bool> {
        let owner = self.world.module_name(module).to_string();
        if self.foreign_global(module, name)?.is_some() {
            return Ok(true);
        }
        self.depend(&owner, &[name]);
        let getter = self.foreign_global(module, "__getattr__")?;
        self.depend(&owner, &["__getattr__"]);
        let Some(getter) = getter else { return Ok(false) };
        match self.catching(|machine| machine.call(&getter, vec![Value::str(name)], Vec::new())) {
            Ok(_) => Ok(true),
            Err(Stop::Raise(exception)) if self.is_instance_of(&exception, self.known.attribute_error)? => Ok(false),
            Err(stop) => Err(stop),
        }
    }

    /// `type(value)` of `__spec__`, `__file__` and the like.
    pub(super) fn type_of_loader_fact(&self, reason: &Reason) -> Option<Value> {
        is_loader_fact(reason).then(|| Value::Unknown(Reason::new(Rule::Nondeterministic, LOADER_TYPE)))
    }

    /// Is the class certainly another than the one that [`Self::type_of_loader_fact`] stands for?
    /// The import system sets strings, `None`, lists, dicts and objects of classes of its own.
    pub(super) fn is_no_loader_type(&self, reason: &Reason, class: &Value) -> bool {
        reason.message == LOADER_TYPE && self.is_foreign_to_loaders(class)
    }

    /// Is `isinstance(value, class)` certainly false of `__spec__`, `__file__` and the like?
    pub(super) fn is_no_loader_class(&self, reason: &Reason, class: &Value) -> bool {
        is_loader_fact(reason) && self.is_foreign_to_loaders(class)
    }

    fn is_foreign_to_loaders(&self, class: &Value) -> bool {
        let known = &self.known;
        let foreign = [known.int, known.float, known.complex, known.bool, known.tuple, known.function];
        matches!(class, Value::Ground(id) if foreign.contains(id))
    }

    pub(super) fn get_attribute(&mut self, object: &Value, name: &str) -> Eval<Value> {
        match object {
            Value::Unknown(reason) if name == "get" && reason.message == SYS_MODULES => {
                let (owner, receiver) = (self.known.dict, object.clone());
                Ok(self.allocate(Object::BoundGround { owner, name: name.into(), receiver }))
            }
            Value::Unknown(_) if self.is_process_text(object) && super::surroundings::is_text_method(name) => {
                let (owner, receiver) = (self.known.str, object.clone());
                self.known_effect(Rule::Nondeterministic, "computes with text that differs between processes");
                Ok(self.allocate(Object::BoundGround { owner, name: name.into(), receiver }))
            }
            Value::Unknown(_) if self.has_known_method(object, name) => {
                let (Some(owner), receiver) = (self.class_of_unknown(object), object.clone()) else {
                    return self.malformed();
                };
                self.known_effect(Rule::Nondeterministic, "computes with what differs between processes");
                Ok(self.allocate(Object::BoundGround { owner, name: name.into(), receiver }))
            }
            Value::Unknown(reason) if self.note_declaration(reason) => {
                Ok(super::imports::part_of_external(reason, name).unwrap_or_else(|| object.clone()))
            }
            Value::Unknown(reason) => {
                self.note_finder_method(reason, name);
                let message =
                    format!("reads the attribute `{name}` of something that is not known: {}", reason.root_cause());
                if super::forget::REACHING.contains(&name) {
                    return self.residual(Rule::UnknownAttribute, message);
                }
                self.soft(Rule::UnknownAttribute, message, &[])
            }
            Value::Module(module) => self.module_attribute(*module, name),
            Value::GroundModule(index) => self.ground_module_attribute(*index, name),
            _ => {
                if let Some(class) = self.as_type(object) {
                    return self.class_attribute(class, name);
                }
                if let Value::Object(object) = object
                    && let Object::Super { start, receiver, of } = self.object(*object)
                {
                    let (start, receiver, of) = (*start, receiver.clone(), *of);
                    return self.super_attribute(start, &receiver, of, name);
                }
                if let Value::Object(object) = self.plain_data(object)
                    && let Object::GenericAlias { origin, .. } = self.object(object)
                {
                    if !ALIAS_ATTRIBUTES.contains(&name) {
                        let origin = origin.clone();
                        return self.get_attribute(&origin, name);
                    }
                    // Before 3.13 some releases find those of the origin.
                    if name == "__bases__" && self.version() < (3, 13) {
                        let message = "reads `__bases__` of a generic alias";
                        return Ok(Value::Unknown(Reason::new(Rule::NotModelled, message)));
                    }
                }
                self.instance_attribute(object, name)
            }
        }
    }

    /// Is it a method of the type's own, of a value that is known only by its type?
    fn has_known_method(&self, value: &Value, name: &str) -> bool {
        self.class_of_unknown(value)
            .and_then(|class| self.ground_attribute(class, name))
            .is_some_and(|found| matches!(found.kind, AttributeKind::Method))
    }

    /// The attribute, or `None` where reading it raises `AttributeError`.
    pub(super) fn find_attribute(&mut self, object: &Value, name: &str) -> Eval<Option<Value>> {
        match self.catching(|machine| machine.get_attribute(object, name)) {
            Ok(value) => Ok(Some(value)),
            Err(Stop::Raise(exception)) => {
                let wanted = self.known.attribute_error;
                if self.is_instance_of(&exception, wanted)? {
                    return Ok(None);
                }
                Err(Stop::Raise(exception))
            }
            Err(stop) => Err(stop),
        }
    }

    fn instance_attribute(&mut self, object: &Value, name: &str) -> Eval<Value> {
        let class = self.type_of(object)?;
        let ordinary = |machine: &mut Self| match machine.python_definition(class, "__getattribute__") {
            Some(getter) => machine.call(&getter, vec![object.clone(), Value::str(name)], Vec::new()),
            None => machine.generic_attribute(object, class, name),
        };
        if self.python_definition(class, "__getattr__").is_none() {
            return ordinary(self);
        }
        match self.catching(ordinary) {
            Err(Stop::Raise(exception)) => self.fall_back_to_getattr(object, class, name, exception),
            other => other,
        }
    }

    /// Reads a slot in which nothing is (`PyMember_GetOne`).
    fn raise_empty_slot<T>(&mut self, receiver: &Value, slot: &str) -> Eval<T> {
        let class = self.type_of(receiver)?;
        let name = if self.version() < (3, 13) { Some(self.c_name(class)) } else { self.full_name(class) };
        match name {
            Some(name) => self.raise_exactly("AttributeError", format!("'{name}' object has no attribute '{slot}'")),
            None => self.raise("AttributeError", format!("an object has no attribute '{slot}'")),
        }
    }

    fn fall_back_to_getattr(&mut self, object: &Value, class: Type, name: &str, exception: Value) -> Eval<Value> {
        let wanted = self.known.attribute_error;
        if !self.is_instance_of(&exception, wanted)? {
            return Err(Stop::Raise(exception));
        }
        match self.python_definition(class, "__getattr__") {
            Some(getter) => {
                let getter = self.bind(Found::Value(getter), "__getattr__", Some(object), class)?;
                self.call(&getter, vec![Value::str(name)], Vec::new())
            }
            None => Err(Stop::Raise(exception)),
        }
    }

    /// `object.__getattribute__`
    pub(super) fn generic_attribute(&mut self, object: &Value, class: Type, name: &str) -> Eval<Value> {
        if name == "__dict__"
            && let Value::Object(reference) = object
            && self.has_instance_dict(*reference)
            && self.python_definition(class, name).is_none()
        {
            let reference = *reference;
            return Ok(self.allocate(Object::InstanceDict(reference)));
        }
        let found = self.lookup(class, name);
        if let Some(found) = &found
            && self.is_data_descriptor(found)?
        {
            return self.bind(found.clone(), name, Some(object), class);
        }
        if let Some(value) = self.instance_entry(object, name)? {
            return Ok(value);
        }
        match found {
            Some(found) => self.bind(found, name, Some(object), class),
            None if name == "__module__" && class == Type::Ground(self.known.union) => Ok(Value::str("types")),
            None => {
                if let Some(value) = self.added_attribute(class, None, name, false) {
                    return Ok(value);
                }
                let class = self.c_name(class);
                self.raise("AttributeError", format!("'{class}' object has no attribute '{name}'"))
            }
        }
    }

    /// What making a class has added to its namespace, or to that of one that comes after `start`, and the evaluator does
    /// not hold there: found in an instance, or in the class.
    fn added_attribute(&mut self, class: Type, start: Option<Type>, name: &str, in_class: bool) -> Option<Value> {
        let has_added = |class: &Type| match class {
            Type::Class(object) => {
                self.class(*object).is_some_and(|class| class.added.iter().any(|(_, added)| *added == name))
            }
            Type::Ground(_) => false,
        };
        let classes = self.mro(class);
        let after = |start| classes.iter().position(|class| *class == start).map_or(0, |place| place + 1);
        if !classes[start.map_or(0, after)..].iter().any(has_added) {
            return None;
        }
        if in_class {
            return Some(self.added_entry(name));
        }
        // Of what has no room for it, as what extends `int`, reading it raises.
        if name == "__weakref__"
            && classes.iter().any(|class| matches!(class, Type::Ground(id) if self.is_variable(*id)))
        {
            return None;
        }
        Some(Value::Unknown(Reason::new(Rule::NotModelled, format!("reads `{name}` of an object"))))
    }

    /// The entry in the object's own dictionary.
    fn instance_entry(&mut self, object: &Value, name: &str) -> Eval<Option<Value>> {
        if let Value::Ground(id) = object {
            return Ok(self.ground_contents(*id).and_then(|contents| contents.attributes.get(name).cloned()));
        }
        let Value::Object(reference) = object else {
            return Ok(None);
        };
        let reference = *reference;
        if !self.is_own(reference)
            && let Some(changed) = self.changed_attribute(reference, name)
        {
            return Ok(Some(changed));
        }
        let entry = match self.object(reference) {
            Object::Instance(instance) => {
                let value = instance.attributes.get(name).cloned();
                if !self.is_own(reference) && (value.is_some() || self.has_instance_dict(reference)) {
                    self.depend_on_object(reference, name)?;
                }
                return Ok(value);
            }
            Object::Function(function) => {
                let value = function.attributes.get(name).cloned();
                if !self.is_own(reference) {
                    self.depend_on_object(reference, name)?;
                }
                return Ok(value);
            }
            Object::Native(native) => native.attributes.get(name).cloned(),
            Object::StaticMethod(wrapper) | Object::ClassMethod(wrapper) => wrapper.attributes.get(name).cloned(),
            Object::Property(property) => property.attributes.get(name).cloned(),
            Object::BoundMethod { function, .. } => {
                let function = function.clone();
                // Attributes of the function shine through, but not those of its type.
                return match self.lookup(Type::Ground(self.known.method), name) {
                    Some(_) => Ok(None),
                    None => self.find_attribute(&function, name),
                };
            }
            _ => None,
        };
        Ok(entry)
    }

    /// Records that the result rests on an attribute of another module's object, which
    /// must be found under a name of that module or in one of its classes.
    pub(super) fn depend_on_object(&mut self, object: ObjectRef, name: &str) -> Eval<()> {
        if self.overlay.is_known(&Changed::Attribute(object, name.into())) {
            return Ok(());
        }
        if self.is_ours(object) {
            self.rest_on_attribute(object, name);
            return Ok(());
        }
        let Some(mut path) = self.path_of(object) else {
            self.contents(object)?;
            return Ok(());
        };
        path.push(name.into());
        let module = self.world.module_name(object.owner).to_string();
        let path: Vec<&str> = path.iter().map(|part| &**part).collect();
        let contents = !self.holds_container(object, name);
        self.depend_on(&module, &path, contents);
        Ok(())
    }

    /// Does the class or instance itself hold a mutable container under the name?
    pub(super) fn holds_container(&self, object: ObjectRef, name: &str) -> bool {
        let held = match self.object(object) {
            Object::Class(class) => class.namespace.get(name),
            Object::Instance(instance) => instance.held(name),
            _ => None,
        };
        held.is_some_and(|value| self.is_container(value))
    }

    /// The names by which a guard gets at an object: of its module, or of one of that one's classes.
    pub(super) fn path_of(&self, object: ObjectRef) -> Option<Vec<Name>> {
        if self.is_ours(object) {
            return self.path_among(self.guarded_names(), object);
        }
        let names = &self.world.evaluated(object.owner)?.namespace;
        self.path_among(names.iter(), object).or_else(|| self.path_through_instances(object))
    }

    fn path_among<'a>(
        &self,
        mut names: impl Iterator<Item = (&'a Name, &'a Value)> + Clone,
        object: ObjectRef,
    ) -> Option<Vec<Name>> {
        let is_it = |value: &Value| match value {
            Value::Object(other) if *other == object => true,
            Value::Object(other) if other.owner == object.owner => match self.object(*other) {
                Object::StaticMethod(wrapper) | Object::ClassMethod(wrapper) => {
                    matches!(wrapper.function, Value::Object(function) if function == object)
                }
                _ => false,
            },
            _ => false,
        };
        if let Some((name, _)) = names.clone().find(|(_, value)| is_it(value)) {
            return Some(vec![name.clone()]);
        }
        names.find_map(|(class_name, value)| {
            let Value::Object(class) = value else { return None };
            if class.owner != object.owner {
                return None;
            }
            let (name, _) = self.class(*class)?.namespace.iter().find(|(_, value)| is_it(value))?;
            Some(vec![class_name.clone(), name.clone()])
        })
    }

    /// The path through attributes of instances and items of tuples, as to `Token.Name.Builtin`.
    fn path_through_instances(&self, object: ObjectRef) -> Option<Vec<Name>> {
        let evaluated = self.world.evaluated(object.owner)?;
        let mut path = Vec::new();
        let mut holder: Option<Value> = None;
        for step in &evaluated.place(object)?.steps {
            let (name, next) = match (step, &holder) {
                (Step::Entry(name), None) => (name.clone(), evaluated.namespace.get(name)),
                (Step::Entry(name), Some(Value::Object(instance))) => match self.object(*instance) {
                    Object::Instance(instance) => (name.clone(), instance.held(name)),
                    _ => return None,
                },
                (Step::Item(index), Some(Value::Tuple(items))) => {
                    (index.to_string().into(), items.get(*index as usize))
                }
                _ => return None,
            };
            holder = Some(next?.clone());
            path.push(name);
        }
        Some(path)
    }

    /// What is known of the contents of a singleton implemented in C.
    pub(super) fn ground_contents(&self, id: GroundId) -> Option<&crate::ground::Contents> {
        match &self.world.ground().entry(id).kind {
            EntryKind::Instance { contents, .. } => contents.as_deref(),
            _ => None,
        }
    }

    pub(super) fn has_instance_dict(&self, object: ObjectRef) -> bool {
        match self.object(object) {
            Object::Instance(instance) => match instance.class {
                Type::Class(class) => self.class(class).is_some_and(|class| class.instance_dict),
                Type::Ground(id) => self.type_info(id).is_some_and(|info| info.has_dict),
            },
            _ => false,
        }
    }

    pub(super) fn is_data_descriptor(&mut self, found: &Found) -> Eval<bool> {
        match found {
            Found::Ground { kind, .. } => Ok(matches!(kind, AttributeKind::GetSet | AttributeKind::Member)),
            Found::Value(value) => match value {
                value if self.is_plain_unknown(value) => Ok(false),
                Value::Unknown(reason) => {
                    let reason = reason.clone();
                    self.unknown(
                        Rule::UnknownAttribute,
                        "a class attribute that is not known may be a descriptor",
                        &reason,
                    )
                }
                Value::Object(object) => match self.object(*object) {
                    Object::Property(_) | Object::Slot { .. } => Ok(true),
                    Object::Native(native) => {
                        let class = native.class;
                        Ok(self.lookup(Type::Ground(class), "__set__").is_some())
                    }
                    Object::Instance(instance) => {
                        let class = instance.class;
                        Ok(matches!(instance.payload, Payload::Property(_))
                            || self.python_definition(class, "__set__").is_some()
                            || self.python_definition(class, "__delete__").is_some())
                    }
                    _ => Ok(false),
                },
                Value::Opaque(id) => {
                    let id = *id;
                    Ok(self.lookup(Type::Ground(id), "__set__").is_some())
                }
                Value::Ground(id) => match self.world.ground().entry(*id).kind {
                    EntryKind::Instance { of, .. } => Ok(self.lookup(Type::Ground(of), "__set__").is_some()),
                    _ => Ok(false),
                },
                _ => Ok(false),
            },
        }
    }

    /// Applies `__get__` to what a look-up on a type has found. `receiver` is the
    /// instance, or `None` for access through the class itself.
    pub(super) fn bind(&mut self, found: Found, name: &str, receiver: Option<&Value>, class: Type) -> Eval<Value> {
        let value = match found {
            Found::Ground { owner, kind } => {
                return self.bind_ground(owner, kind, name, receiver, class);
            }
            Found::Value(value) => value,
        };
        let object = match &value {
            value if self.is_plain_unknown(value) => return Ok(value.clone()),
            Value::Unknown(reason) => {
                let reason = reason.clone();
                return self.unknown(
                    Rule::UnknownAttribute,
                    &format!("the class attribute `{name}` is not known and may be a descriptor"),
                    &reason,
                );
            }
            Value::Object(object) => *object,
            Value::Opaque(_) | Value::Ground(_) => return self.bind_c_object(value, name),
            _ => return Ok(value),
        };
        match self.object(object) {
            Object::Function(_) => Ok(match receiver {
                Some(receiver) => {
                    let receiver = receiver.clone();
                    self.allocate(Object::BoundMethod { function: value, receiver })
                }
                None => value,
            }),
            Object::UnboundGround { owner, name } => {
                let (owner, name) = (*owner, name.clone());
                Ok(match receiver {
                    Some(receiver) => {
                        let receiver = receiver.clone();
                        self.allocate(Object::BoundGround { owner, name, receiver })
                    }
                    None => value,
                })
            }
            Object::Property(_) => self.bind_property(object, name, receiver, class),
            Object::StaticMethod(_) | Object::ClassMethod(_) => self.bind_wrapped(object, class),
            Object::Slot { name: slot, .. } => {
                let slot = slot.clone();
                let Some(receiver) = receiver else {
                    return Ok(value);
                };
                let Value::Object(reference) = receiver else {
                    return Ok(value);
                };
                let reference = *reference;
                if !self.is_own(reference) {
                    if let Some(changed) = self.changed_attribute(reference, &slot) {
                        return Ok(changed);
                    }
                    self.depend_on_object(reference, &slot)?;
                }
                let entry = match self.object(reference) {
                    Object::Instance(instance) => instance.slots.get(&slot).cloned(),
                    _ => None,
                };
                match entry {
                    Some(value) => Ok(value),
                    None => self.raise_empty_slot(receiver, &slot),
                }
            }
            Object::Instance(instance) => {
                let descriptor_class = instance.class;
                match self.python_definition(descriptor_class, "__get__") {
                    Some(getter) => {
                        let getter = self.bind(Found::Value(getter), "__get__", Some(&value), descriptor_class)?;
                        let receiver = receiver.cloned().unwrap_or(Value::None);
                        self.call(&getter, vec![receiver, class.value()], Vec::new())
                    }
                    None if self.property(object).is_some() => self.bind_property(object, name, receiver, class),
                    None if self.wrapped_by(object).is_some() => self.bind_wrapped(object, class),
                    None => Ok(value),
                }
            }
            Object::Native(native) => {
                let native = native.class;
                self.bind_c_type(value, native, name, receiver)
            }
            _ => Ok(value),
        }
    }

    /// `property.__get__`
    fn bind_property(&mut self, object: ObjectRef, name: &str, receiver: Option<&Value>, class: Type) -> Eval<Value> {
        let Some(property) = self.property(object) else { return self.malformed() };
        let getter = property.get.clone();
        match receiver {
            None => Ok(Value::Object(object)),
            Some(_) if matches!(getter, Value::None) => {
                let class = self.c_name(class);
                self.raise("AttributeError", format!("property '{name}' of '{class}' object has no getter"))
            }
            Some(receiver) => self.call(&getter, vec![receiver.clone()], Vec::new()),
        }
    }

    /// `__get__` of `staticmethod` and `classmethod`, and of classes that derive from them.
    pub(super) fn bind_wrapped(&mut self, object: ObjectRef, class: Type) -> Eval<Value> {
        let Some(function) = self.wrapped_by(object).cloned() else {
            return self.residual(Rule::Raises, "a `staticmethod` or `classmethod` that wraps nothing yet");
        };
        let of = self.type_of(&Value::Object(object))?;
        match self.is_subtype(of, Type::Ground(self.known.class_method)) {
            true => self.bind_class_method(function, class),
            false => Ok(function),
        }
    }

    fn bind_class_method(&mut self, function: Value, class: Type) -> Eval<Value> {
        match &function {
            Value::Object(object) => match self.object(*object) {
                Object::Function(_) => Ok(self.allocate(Object::BoundMethod { function, receiver: class.value() })),
                // Chained descriptors (`classmethod(property(...))`) changed between versions.
                Object::Property(_) | Object::Instance(_) => {
                    self.residual(Rule::NotModelled, "`classmethod` of something that is not a function")
                }
                _ => Ok(self.allocate(Object::BoundMethod { function, receiver: class.value() })),
            },
            _ => Ok(self.allocate(Object::BoundMethod { function, receiver: class.value() })),
        }
    }

    /// A C object found as a class attribute: it binds only if its type has `__get__`.
    fn bind_c_object(&mut self, value: Value, name: &str) -> Eval<Value> {
        let Type::Ground(class) = self.type_of(&value)? else {
            return Ok(value);
        };
        // Builtin functions don't bind; types neither.
        if class == self.known.builtin || self.as_type(&value).is_some() {
            return Ok(value);
        }
        self.bind_c_type(value, class, name, None)
    }

    fn bind_c_type(&mut self, value: Value, class: GroundId, name: &str, receiver: Option<&Value>) -> Eval<Value> {
        if self.lookup(Type::Ground(class), "__get__").is_none() {
            return Ok(value);
        }
        if let Some(bound) = self.bind_tuple_getter(&value, class, receiver)? {
            return Ok(bound);
        }
        // `functools._lru_cache_wrapper` binds as a function does.
        if self.world.ground().entry(class).qualified.as_ref() == "functools._lru_cache_wrapper" {
            return Ok(match receiver {
                Some(receiver) => {
                    let receiver = receiver.clone();
                    self.allocate(Object::BoundMethod { function: value, receiver })
                }
                None => value,
            });
        }
        self.residual(Rule::UnknownAttribute, format!("the class attribute `{name}` is a descriptor implemented in C"))
    }

    /// `_collections._tuplegetter(index, doc)`, the fields of named tuples (`tuplegetter_descr_get` in _collectionsmodule.c).
    fn bind_tuple_getter(&mut self, value: &Value, class: GroundId, receiver: Option<&Value>) -> Eval<Option<Value>> {
        if &*self.world.ground().entry(class).qualified != "_collections._tuplegetter" {
            return Ok(None);
        }
        let Some(receiver) = receiver else { return Ok(Some(value.clone())) };
        let index = match value {
            Value::Object(object) => match self.object(*object) {
                Object::Native(native) => native.arguments.first().cloned(),
                _ => None,
            },
            _ => None,
        };
        match (self.plain_data(receiver), index) {
            (Value::Tuple(items), Some(Value::Int(index))) => {
                let item = index.to_i64().and_then(|index| items.get(usize::try_from(index).ok()?).cloned());
                match item {
                    Some(item) => Ok(Some(item)),
                    None => self.raise("IndexError", "tuple index out of range"),
                }
            }
            _ => Ok(None),
        }
    }

    fn bind_ground(
        &mut self,
        owner: GroundId,
        kind: AttributeKind,
        name: &str,
        receiver: Option<&Value>,
        class: Type,
    ) -> Eval<Value> {
        match kind {
            AttributeKind::Constant(value) => Ok(value),
            AttributeKind::Object(id) => Ok(Value::Ground(id)),
            AttributeKind::Method | AttributeKind::Slot => Ok(match receiver {
                Some(receiver) => {
                    let receiver = receiver.clone();
                    self.allocate(Object::BoundGround { owner, name: name.into(), receiver })
                }
                None => self.allocate(Object::UnboundGround { owner, name: name.into() }),
            }),
            AttributeKind::ClassMethod => {
                Ok(self.allocate(Object::BoundGround { owner, name: name.into(), receiver: class.value() }))
            }
            AttributeKind::StaticMethod | AttributeKind::New => {
                Ok(self.allocate(Object::UnboundGround { owner, name: name.into() }))
            }
            AttributeKind::GetSet | AttributeKind::Member => match receiver {
                Some(receiver) => {
                    let receiver = receiver.clone();
                    self.ground_getset(&receiver, owner, name)
                }
                None if matches!(kind, AttributeKind::GetSet) => Ok(Value::Opaque(self.known.getset_descriptor)),
                None => Ok(Value::Opaque(self.known.member_descriptor)),
            },
        }
    }

    // ---- classes

    /// `type.__getattribute__`
    fn class_attribute(&mut self, class: Type, name: &str) -> Eval<Value> {
        let value = class.value();
        let metaclass = self.type_of(&value)?;
        let ordinary = |machine: &mut Self| match machine.python_definition(metaclass, "__getattribute__") {
            Some(getter) => machine.call(&getter, vec![class.value(), Value::str(name)], Vec::new()),
            None => machine.type_attribute(class, metaclass, name),
        };
        if self.python_definition(metaclass, "__getattr__").is_none() {
            return ordinary(self);
        }
        match self.catching(ordinary) {
            Err(Stop::Raise(exception)) => self.fall_back_to_getattr(&value, metaclass, name, exception),
            other => other,
        }
    }

    pub(super) fn type_attribute(&mut self, class: Type, metaclass: Type, name: &str) -> Eval<Value> {
        let value = class.value();
        let on_metaclass = self.lookup(metaclass, name);
        if let Some(found) = &on_metaclass
            && self.is_data_descriptor(found)?
        {
            return match found {
                Found::Ground { .. } => self.type_getset(class, name),
                Found::Value(_) => self.bind(found.clone(), name, Some(&value), metaclass),
            };
        }
        if let Some(found) = self.lookup(class, name) {
            return self.bind(found, name, None, class);
        }
        match on_metaclass {
            Some(found) => self.bind(found, name, Some(&value), metaclass),
            None => {
                if let Some(value) = self.added_attribute(class, None, name, true) {
                    return Ok(value);
                }
                let class = self.c_name(class);
                self.raise_exactly("AttributeError", format!("type object '{class}' has no attribute '{name}'"))
            }
        }
    }

    fn super_attribute(&mut self, start: Type, receiver: &Value, of: Type, name: &str) -> Eval<Value> {
        if name == "__class__" {
            return Ok(Value::Ground(self.known.super_));
        }
        match self.lookup_after(of, Some(start), name) {
            Some(found) => {
                // Through a class (`super().__new__` in a classmethod) functions stay unbound.
                let through_class = self.as_type(receiver).is_some_and(|class| class == of);
                let receiver = if through_class { None } else { Some(receiver) };
                self.bind(found, name, receiver, of)
            }
            None => {
                if let Some(value) = self.added_attribute(of, Some(start), name, false) {
                    return Ok(value);
                }
                if self.ground_attribute(self.known.super_, name).is_some() {
                    let message = format!("reads `{name}` of a `super` object");
                    return Ok(Value::Unknown(Reason::new(Rule::NotModelled, message)));
                }
                self.raise_exactly("AttributeError", format!("'super' object has no attribute '{name}'"))
            }
        }
    }

    // ---- modules

    /// Does the module's `__getattr__` keep what it makes under its name?
    pub(super) fn keeps_what_it_makes(&self, module: ModuleId) -> bool {
        self.world.module_name(module) == "typing" && self.world.is_standard(module)
    }

    pub(super) fn module_attribute(&mut self, module: ModuleId, name: &str) -> Eval<Value> {
        if module == self.module {
            if let Some(value) = self.namespace.get(name).cloned() {
                self.touch(name);
                return Ok(value);
            }
            if name == "__dict__" {
                return Ok(self.allocate(Object::Globals));
            }
            if let Some(value) = self.module_attribute_default(module, name) {
                return Ok(value);
            }
            return self.residual(Rule::UnknownAttribute, format!("reads `{name}` of its own module object"));
        }
        let module_name = self.world.module_name(module).to_string();
        // Where a submodule has the name of something in the package, the order of imports decides.
        let submodule = if self.world.is_package(module) {
            match self.world.resolve(&format!("{module_name}.{name}")) {
                Resolved::Missing => None,
                resolved => Some(resolved),
            }
        } else {
            None
        };
        if let Some(submodule) = self.loaded_submodule(module, name) {
            return Ok(submodule);
        }
        let own = self.foreign_global(module, name)?;
        match (own, submodule) {
            (Some(value), None) => {
                if self.changed_global(module, name).is_none() {
                    self.depend_on_binding(&module_name, name, &value);
                }
                Ok(value)
            }
            (Some(Value::Module(bound)), Some(Resolved::Source(submodule))) if bound == submodule => {
                Ok(Value::Module(bound))
            }
            (None, Some(Resolved::Source(submodule))) if self.imported.contains(&submodule) => {
                Ok(self.loaded(submodule))
            }
            (None, None) => {
                if let Some(value) = self.module_attribute_default(module, name) {
                    return Ok(value);
                }
                if name.starts_with("__") && name.ends_with("__") && name != "__all__" {
                    return self.residual(Rule::UnknownAttribute, format!("reads `{name}` of module `{module_name}`"));
                }
                if let Some(getter) = self.foreign_global(module, "__getattr__")? {
                    // `typing` keeps the alias that it makes, and gives everybody the same; no way leads from it to this module.
                    let is_kept = self.keeps_what_it_makes(module);
                    self.depend_on(&module_name, &[name], !is_kept);
                    self.depend(&module_name, &["__getattr__"]);
                    let (leaked, start) = (self.leaked, self.heap.objects.len() as u32);
                    let effects = self.current.effects.len();
                    let value = self.call(&getter, vec![Value::str(name)], Vec::new());
                    if is_kept {
                        self.leaked = leaked;
                        self.share_since(start);
                        if let Ok(Value::Object(made)) = &value
                            && self.is_own(*made)
                        {
                            self.stand_ins.insert(made.index, (module, name.into()));
                        }
                    } else if self.current.effects[effects..].iter().any(|effect| !effect.is_import()) {
                        return self.residual(
                            Rule::UnknownAttribute,
                            format!("reads `{name}` through `__getattr__` of module `{module_name}`"),
                        );
                    }
                    return value;
                }
                self.depend(&module_name, &[name]);
                self.raise("AttributeError", format!("module '{module_name}' has no attribute '{name}'"))
            }
            _ => self.residual(
                Rule::UnknownAttribute,
                format!("`{name}` of package `{module_name}` depends on which submodules are loaded"),
            ),
        }
    }

    fn ground_module_attribute(&mut self, index: u32, name: &str) -> Eval<Value> {
        if let Some(value) = self.changed_ground_global(index, name) {
            return self.demand_bound(name, value);
        }
        let module = &self.world.ground().modules()[index as usize];
        match module.exports.get(name) {
            Some(Export::Maybe) => {
                self.residual(Rule::Raises, format!("`{}.{name}` is not there in every process", module.name))
            }
            Some(export) => {
                let value = self.export_value(export, &module.name, name);
                // Nothing rests on what is not known.
                if !matches!(export, Export::Varying | Export::Process) {
                    self.depend(&module.name, &[name]);
                }
                Ok(value)
            }
            None if name == "__name__" => Ok(Value::Str(module.name.clone())),
            None if name == "__dict__" => Ok(self.allocate(Object::GroundNamespace(index))),
            None if name.starts_with("__") && name != "__all__" => {
                self.residual(Rule::UnknownAttribute, format!("reads `{name}` of module `{}`", module.name))
            }
            None if module.complete => {
                self.depend(&module.name, &[name]);
                self.raise("AttributeError", format!("module '{}' has no attribute '{name}'", module.name))
            }
            None => self.residual(Rule::UnknownAttribute, format!("`{}.{name}` is not described", module.name)),
        }
    }

    pub(super) fn export_value(&self, export: &Export, module: &str, name: &str) -> Value {
        match export {
            Export::Constant(value) => value.clone(),
            Export::Entity(id) => Value::Ground(*id),
            Export::Module(index) => Value::GroundModule(*index),
            Export::Varying | Export::Process | Export::Maybe => Value::Unknown(Reason::new(
                Rule::Nondeterministic,
                format!("`{module}.{name}` differs between processes"),
            )),
        }
    }

    /// Attributes that the import system gives a module.
    pub(super) fn module_attribute_default(&mut self, module: ModuleId, name: &str) -> Option<Value> {
        match name {
            "__name__" => Some(Value::str(self.world.module_name(module))),
            "__package__" => {
                let name = self.world.module_name(module);
                let package = if self.world.is_package(module) {
                    name
                } else {
                    name.rsplit_once('.').map(|(package, _)| package).unwrap_or("")
                };
                Some(Value::str(package))
            }
            "__doc__" => Some(Value::None),
            "__file__" | "__path__" | "__spec__" | "__loader__" | "__cached__" | "__builtins__" => {
                if name == "__path__" && !self.world.is_package(module) {
                    return None;
                }
                Some(Value::Unknown(Reason::new(Rule::Nondeterministic, format!("`{name}`{LOADER_FACT}"))))
            }
            _ => None,
        }
    }

    /// Is it the name under which the import system has entered this module in `sys.modules`? Whether code that is not
    /// known has replaced the entry since, a guard tells.
    pub(super) fn is_own_name(&mut self, name: &Value) -> bool {
        let is_replaced = || self.module_aliases.iter().any(|(alias, _)| *alias == self.name);
        if !matches!(name, Value::Str(name) if *name == self.name) || is_replaced() {
            return false;
        }
        if self.porous || self.unknown_code {
            self.current.speculates = true;
            self.rest_on(Dependency { module: self.name.clone(), path: Vec::new(), contents: false });
        }
        true
    }
}
