//! Class statements: `__build_class__`, `type.__new__`, and the attributes of classes.
//!
//! Sources: `builtin___build_class__` in bltinmodule.c, `type_new` in typeobject.c.

use std::sync::Arc;

use syntax::ir::Name;

use super::functions::Keywords;
use super::types::Found;
use super::{Eval, Machine};
use crate::ground::{AttributeKind, GroundId};
use crate::heap::{Attributes, Class, Object, Type};
use crate::primitive;
use crate::reason::Rule;
use crate::value::{ObjectRef, Value};

impl Machine<'_> {
    /// `__build_class__(body, name, *bases, metaclass=…, **keywords)`
    pub(super) fn build_class(&mut self, mut positional: Vec<Value>, mut keywords: Keywords) -> Eval<Value> {
        if positional.len() < 2 {
            return self.malformed();
        }
        let original = positional.split_off(2);
        let (Value::Object(body), name) = (positional[0].clone(), positional[1].clone()) else {
            return self.malformed();
        };
        let bases = self.resolve_bases(&original)?;
        let replaced = bases.len() != original.len()
            || bases.iter().zip(&original).any(|(new, old)| self.as_type(new) != self.as_type(old));

        let explicit =
            keywords.iter().position(|(name, _)| &**name == "metaclass").map(|index| keywords.remove(index).1);
        let mut types = Vec::with_capacity(bases.len());
        for base in &bases {
            match self.as_type(base) {
                Some(class) => types.push(class),
                None => {
                    return self.residual(Rule::UnknownBase, "a base class that is not known or not a class");
                }
            }
        }
        let metaclass = match explicit {
            Some(Value::Unknown(reason)) => {
                return self.unknown(Rule::UnknownBase, "a metaclass that is not known", &reason);
            }
            Some(value) => match self.as_type(&value) {
                Some(metaclass) => metaclass,
                None => return self.residual(Rule::UnknownBase, "a metaclass that is not a class"),
            },
            None => match types.first() {
                Some(base) => {
                    let base = base.value();
                    self.type_of(&base)?
                }
                None => Type::Ground(self.known.type_),
            },
        };
        let Some(metaclass) = self.derived_metaclass(metaclass, &types) else {
            return self.raise(
                "TypeError",
                "metaclass conflict: the metaclass of a derived class must be a (non-strict) subclass of the metaclasses of all its bases",
            );
        };

        let namespace = match self.python_definition(metaclass, "__prepare__") {
            Some(prepare) => {
                let prepare = self.bind(Found::Value(prepare), "__prepare__", None, metaclass)?;
                let bases = Value::tuple(bases.clone());
                self.call(&prepare, vec![name.clone(), bases], keywords.clone())?
            }
            None => self.allocate(Object::Dict(Default::default())),
        };
        let Value::Object(namespace_object) = namespace else {
            return self.residual(Rule::UnknownBase, "`__prepare__` gives something that is not known");
        };
        if !self.is_dict(namespace_object) {
            return self.residual(Rule::NotModelled, "`__prepare__` gives a mapping that is not a dict");
        }
        let cell = self.run_class_body(body, namespace_object)?;
        if replaced {
            self.set_item(&namespace, &Value::str("__orig_bases__"), Value::tuple(original))?;
        }
        let class = self.call(&metaclass.value(), vec![name, Value::tuple(bases), namespace], keywords)?;
        if let (Value::Object(cell), Some(_)) = (&cell, self.as_type(&class)) {
            match self.object(*cell) {
                Object::Cell(Some(_)) => {}
                _ => {
                    return self.residual(Rule::NotModelled, "the metaclass did not set the `__class__` cell");
                }
            }
        }
        Ok(class)
    }

    /// `update_bases`: replaces what is not a class by its `__mro_entries__`.
    fn resolve_bases(&mut self, original: &[Value]) -> Eval<Vec<Value>> {
        let mut bases = Vec::with_capacity(original.len());
        for base in original {
            if let Value::Unknown(reason) = base {
                let reason = reason.clone();
                return self.unknown(Rule::UnknownBase, "a base class that is not known", &reason);
            }
            if self.as_type(base).is_some() {
                bases.push(base.clone());
                continue;
            }
            if let Value::Object(object) = base
                && let Object::GenericAlias { origin, .. } = self.object(*object)
            {
                bases.push(origin.clone());
                continue;
            }
            let class = self.type_of(base)?;
            match self.find_attribute(base, "__mro_entries__")? {
                Some(entries) => {
                    let entries = self.call(&entries, vec![Value::tuple(original.to_vec())], Vec::new())?;
                    match entries {
                        Value::Tuple(entries) => bases.extend(entries.iter().cloned()),
                        _ => return self.raise("TypeError", "__mro_entries__ must return a tuple"),
                    }
                }
                None => {
                    let name = self.type_name(class);
                    return self.residual(Rule::UnknownBase, format!("a base that is a `{name}` object, not a class"));
                }
            }
        }
        Ok(bases)
    }

    /// `type.__new__(metaclass, name, bases, namespace, **keywords)`
    pub(super) fn type_new(&mut self, arguments: &[Value], keywords: Keywords) -> Eval<Value> {
        let [metaclass, name, bases, namespace] = arguments else {
            return self.residual(Rule::NotModelled, "`type.__new__` with unusual arguments");
        };
        let (Some(metaclass), Value::Str(name), Value::Tuple(bases), Value::Object(namespace)) =
            (self.as_type(metaclass), name.clone(), bases.clone(), namespace)
        else {
            return self.residual(Rule::NotModelled, "`type.__new__` with arguments that are not known");
        };
        let namespace = *namespace;
        let entries = match self.contents(namespace)? {
            Object::Dict(entries) => entries.clone(),
            Object::Instance(instance) => match &instance.payload {
                crate::heap::Payload::Dict(entries) => entries.clone(),
                _ => {
                    return self.residual(Rule::NotModelled, "`type.__new__` with a namespace that is not a dict");
                }
            },
            _ => {
                return self.residual(Rule::NotModelled, "`type.__new__` with a namespace that is not a dict");
            }
        };
        let mut types = Vec::with_capacity(bases.len());
        for base in bases.iter() {
            match self.as_type(base) {
                Some(class) => types.push(class),
                None => return self.residual(Rule::UnknownBase, "a base that is not a class"),
            }
        }
        if types.is_empty() {
            types.push(Type::Ground(self.known.object));
        }
        let Some(metaclass) = self.derived_metaclass(metaclass, &types) else {
            return self.raise("TypeError", "metaclass conflict");
        };
        if Some(metaclass) != self.as_type(&arguments[0])
            && let Some(new @ Found::Value(_)) = self.lookup(metaclass, "__new__")
        {
            // The bases ask for a metaclass that makes its classes itself.
            let new = self.bind(new, "__new__", None, metaclass)?;
            let mut arguments = arguments.to_vec();
            arguments[0] = metaclass.value();
            return self.call(&new, arguments, keywords);
        }

        let mut attributes = Attributes::default();
        for (_, (key, value)) in entries {
            match key {
                Value::Str(key) => {
                    attributes.insert(key, value);
                }
                _ => {
                    return self.residual(Rule::NotModelled, "a class namespace with keys that are not strings");
                }
            }
        }
        let class_cell = attributes.shift_remove("__classcell__");
        let dictionary_cell = attributes.shift_remove("__classdictcell__");
        let qualname = match attributes.shift_remove("__qualname__") {
            Some(value @ Value::Str(_)) => value,
            Some(Value::Unknown(_) | Value::Opaque(_)) => {
                return self.residual(Rule::NotModelled, "a class whose `__qualname__` is not known");
            }
            Some(value) => {
                let class = self.type_of(&value)?;
                if self.is_subtype(class, Type::Ground(self.known.str)) {
                    return self.residual(Rule::NotModelled, "a class whose `__qualname__` is of a subclass of `str`");
                }
                return self.raise("TypeError", "type __qualname__ must be a str");
            }
            None => Value::Str(name.clone()),
        };
        if !attributes.contains_key("__module__") {
            let module = self.calling_module_name();
            attributes.insert("__module__".into(), module);
        }

        let (solid, best) = self.solid_base(&types, &name)?;
        let slots = self.class_slots(&attributes, &name)?;
        let reference = self.allocate_object(Object::Cell(None));
        let Some(mro) = self.class_mro(metaclass, reference, &types)? else {
            return self.raise("TypeError", "Cannot create a consistent method resolution order (MRO) for bases");
        };

        // Functions under these names become class or static methods by themselves.
        for hook in ["__init_subclass__", "__class_getitem__"] {
            if let Some(Value::Object(object)) = attributes.get(hook)
                && matches!(self.object(*object), Object::Function(_))
            {
                let function = Value::Object(*object);
                let method = self
                    .allocate(Object::ClassMethod(crate::heap::Wrapper { function, attributes: Default::default() }));
                attributes.insert(hook.into(), method);
            }
        }
        if let Some(Value::Object(object)) = attributes.get("__new__")
            && matches!(self.object(*object), Object::Function(_))
        {
            let function = Value::Object(*object);
            let method =
                self.allocate(Object::StaticMethod(crate::heap::Wrapper { function, attributes: Default::default() }));
            attributes.insert("__new__".into(), method);
        }
        let is_unhashable = attributes.contains_key("__eq__") && !attributes.contains_key("__hash__");
        let has_slots = slots.is_some();
        let slots = slots.unwrap_or_default();
        // `type_new_slots_bases`: what only the other bases have room for is added.
        let others: Vec<Type> = types.iter().copied().filter(|base| *base != best).collect();
        let adds = |special: &str, has: &dyn Fn(Type) -> bool| {
            !has(best)
                && (!has_slots || slots.iter().any(|slot| &**slot == special) || others.iter().any(|base| has(*base)))
        };
        let base_has_dict = self.gives_dict(best);
        let adds_dict = adds("__dict__", &|class| self.gives_dict(class));
        let instance_dict = base_has_dict || adds_dict;
        // `type_new_slots`: a type of variable size has no place for slots.
        let variable = self.is_variable(solid);
        let base_has_weakref = self.has_weakref(best);
        let adds_weakref = !variable && adds("__weakref__", &|class| self.has_weakref(class));
        // A slot may be named twice.
        let names_before: Vec<Name> = if slots.is_empty() { Vec::new() } else { attributes.keys().cloned().collect() };
        let mut members = Vec::new();
        for slot in &slots {
            let outcome = primitive::is_identifier(slot);
            if !self.primitive(outcome)? {
                return self.raise("TypeError", "__slots__ must be identifiers");
            }
            if &**slot == "__dict__" {
                if base_has_dict {
                    return self.raise_exactly("TypeError", "__dict__ slot disallowed: we already got one");
                }
                continue;
            }
            if &**slot == "__weakref__" {
                if base_has_weakref || variable {
                    return self.raise("TypeError", "__weakref__ slot disallowed: we already got one");
                }
                continue;
            }
            if variable {
                return self.raise("TypeError", "nonempty __slots__ not supported for this base type");
            }
            let mangled = mangle(&name, slot);
            if names_before.contains(&mangled) {
                return self.raise("ValueError", format!("'{slot}' in __slots__ conflicts with class variable"));
            }
            members.push(mangled);
        }
        members.sort_unstable();
        for member in members {
            let descriptor = self.allocate(Object::Slot { class: reference, name: member.clone() });
            attributes.insert(member, descriptor);
        }
        let members = attributes.len();
        let added = [(members, "__dict__", adds_dict), (members, "__weakref__", adds_weakref)];
        let added = added.into_iter().filter(|(_, _, is_there)| *is_there);
        let added = added.map(|(place, name, _)| (place, name)).collect();
        if !attributes.contains_key("__doc__") {
            attributes.insert("__doc__".into(), Value::None);
        }
        if is_unhashable {
            attributes.insert("__hash__".into(), Value::None);
        }
        let names: Vec<(Name, Value)> = attributes.iter().map(|(name, value)| (name.clone(), value.clone())).collect();
        self.heap.objects[reference.index as usize] = Object::Class(Box::new(Class {
            name,
            qualname,
            metaclass,
            bases: types.clone(),
            mro,
            namespace: attributes,
            solid,
            instance_dict,
            slots,
            added,
            abstract_methods: Vec::new(),
            is_abc: false,
            registered: Vec::new(),
        }));
        let class = Value::Object(reference);
        if let Some(cell) = class_cell {
            match cell {
                Value::Object(cell) if matches!(self.object(cell), Object::Cell(_)) => {
                    *self.object_mut(cell)? = Object::Cell(Some(class.clone()));
                }
                _ => {
                    return self.raise("TypeError", "type.__new__() called with bad __classcell__");
                }
            }
        }
        // `type_new_set_classdictcell`: type parameters that are evaluated later look names up in the class.
        if let Some(cell) = dictionary_cell {
            let namespace = self.allocate(Object::MappingProxy(class.clone()));
            match cell {
                Value::Object(cell) if matches!(self.object(cell), Object::Cell(_)) => {
                    *self.object_mut(cell)? = Object::Cell(Some(namespace));
                }
                _ => return self.raise("TypeError", "type.__new__() called with bad __classdictcell__"),
            }
        }
        self.set_names(&class, names)?;
        self.init_subclass(reference, keywords)?;
        Ok(class)
    }

    /// `cls.__bases__ = …` (`type_set_bases`) of a class that has no subclasses yet, where the layout stays as it is.
    pub(super) fn set_bases(&mut self, class: ObjectRef, metaclass: Type, bases: &[Value]) -> Eval<()> {
        let types: Option<Vec<Type>> = bases.iter().map(|base| self.as_type(base)).collect();
        let (Some(types), Some(own)) = (types, self.class(class)) else {
            return self.residual(Rule::NotModelled, "sets `__bases__` of a class to what is not known");
        };
        let (solid, instance_dict, name) = (own.solid, own.instance_dict, own.name.clone());
        if types == own.bases {
            return Ok(());
        }
        let this = Type::Class(class);
        let is_base = self.heap.objects.iter().enumerate().any(|(index, object)| match object {
            Object::Class(other) => index != class.index as usize && other.mro.contains(&this),
            _ => false,
        });
        let same_layout = self.solid_base(&types, &name)?.0 == solid
            && types.iter().all(|base| match base {
                Type::Ground(id) => *id == self.known.generic || *id == solid,
                Type::Class(base) => {
                    self.class(*base).is_some_and(|base| base.instance_dict == instance_dict && base.slots.is_empty())
                }
            });
        let plain = types.iter().all(|base| self.derived_metaclass(metaclass, &[*base]) == Some(metaclass));
        if is_base || !same_layout || !plain || self.leaked {
            return self.residual(Rule::NotModelled, "sets `__bases__` of a class");
        }
        let Some(mro) = self.class_mro(metaclass, class, &types)? else {
            return self.raise("TypeError", "Cannot create a consistent method resolution order (MRO) for bases");
        };
        if let Object::Class(target) = self.object_mut(class)? {
            target.bases = types;
            target.mro = mro;
        }
        Ok(())
    }

    /// The MRO, by the metaclass's `mro` if it has one in Python.
    fn class_mro(&mut self, metaclass: Type, class: ObjectRef, bases: &[Type]) -> Eval<Option<Vec<Type>>> {
        if self.python_definition(metaclass, "mro").is_some() {
            return self.residual(Rule::NotModelled, "the metaclass computes the MRO itself");
        }
        Ok(self.linearise(class, bases))
    }

    /// The C type that decides the layout, and the base from which the class has it (`best_base`).
    fn solid_base(&mut self, bases: &[Type], name: &str) -> Eval<(GroundId, Type)> {
        let object = Type::Ground(self.known.object);
        let mut best: Option<(Type, Type)> = None;
        for base in bases {
            if let Type::Ground(id) = base
                && !self.type_info(*id).is_some_and(|info| info.subclassable)
            {
                let base = self.c_name(*base);
                return self.raise("TypeError", format!("type '{base}' is not an acceptable base type"));
            }
            let candidate = self.layout(*base);
            let Some((winner, _)) = best else {
                best = Some((candidate, *base));
                continue;
            };
            if self.is_subtype(winner, candidate) {
                continue;
            }
            if self.is_subtype(candidate, winner) {
                best = Some((candidate, *base));
                continue;
            }
            let is_slotted = [winner, candidate].iter().any(|class| matches!(class, Type::Class(_)));
            if is_slotted || [winner, candidate].iter().all(|class| self.is_known_layout(*class)) {
                return self.raise_exactly("TypeError", "multiple bases have instance lay-out conflict");
            }
            return self
                .residual(Rule::NotModelled, format!("class `{name}` combines C types whose layouts may conflict"));
        }
        let (_, base) = best.unwrap_or((object, object));
        // Of exceptions the most special one, whatever the layout.
        let solid = bases.iter().map(|base| self.c_type(*base)).fold(self.c_type(base), |solid, candidate| {
            if self.is_subtype(Type::Ground(candidate), Type::Ground(solid)) { candidate } else { solid }
        });
        Ok((solid, base))
    }

    /// Whether instances of the C type differ in size, so that nothing can be added to them.
    pub(super) fn is_variable(&self, solid: GroundId) -> bool {
        let ground = self.world.ground();
        ["int", "bytes", "tuple", "type"].iter().any(|name| ground.builtin(name) == Some(solid))
    }

    /// The class, itself or above, that has added fields to its instances last (`solid_base`).
    fn layout(&self, class: Type) -> Type {
        let exception = Type::Ground(self.known.base_exception);
        match class {
            // It adds nothing to the layout.
            Type::Ground(id) if id == self.known.generic => Type::Ground(self.known.object),
            Type::Ground(id) if self.is_subtype(class, exception) => Type::Ground(self.exception_layout(id)),
            Type::Ground(_) => class,
            Type::Class(object) => {
                let Some(made) = self.class(object) else { return Type::Ground(self.known.object) };
                if made.slots.iter().any(|slot| !matches!(&**slot, "__dict__" | "__weakref__")) {
                    return class;
                }
                let layouts = made.bases.iter().map(|base| self.layout(*base));
                layouts
                    .reduce(|winner, other| if self.is_subtype(winner, other) { winner } else { other })
                    .unwrap_or(Type::Ground(self.known.object))
            }
        }
    }

    /// The C type of a base.
    fn c_type(&self, base: Type) -> GroundId {
        match base {
            Type::Ground(id) if id == self.known.generic => self.known.object,
            Type::Ground(id) => id,
            Type::Class(object) => self.class(object).map_or(self.known.object, |class| class.solid),
        }
    }

    /// Builtin types that add fields to `object`.
    fn is_known_layout(&self, class: Type) -> bool {
        let Type::Ground(id) = class else { return false };
        let known = self.known;
        [known.int, known.float, known.complex, known.str, known.bytes, known.tuple]
            .iter()
            .chain(&[known.list, known.dict, known.set, known.frozenset, known.type_])
            .any(|builtin| *builtin == id)
    }

    fn gives_dict(&self, class: Type) -> bool {
        match class {
            Type::Ground(id) => self.type_info(id).is_some_and(|info| info.has_dict),
            Type::Class(object) => self.class(object).is_some_and(|class| class.instance_dict),
        }
    }

    /// Have instances room for weak references?
    fn has_weakref(&self, class: Type) -> bool {
        self.mro(class).into_iter().any(|class| match class {
            Type::Ground(id) => self.type_info(id).is_some_and(|info| info.has_weakref),
            Type::Class(object) => {
                self.class(object).is_some_and(|class| class.added.iter().any(|(_, name)| &**name == "__weakref__"))
            }
        })
    }

    /// The exception type, itself or above, that has added fields last (`solid_base`): its members tell.
    fn exception_layout(&self, exception: GroundId) -> GroundId {
        let adds_fields = |id: &GroundId| {
            self.type_info(*id).is_some_and(|info| {
                info.attributes.values().any(|attribute| matches!(attribute.kind, AttributeKind::Member))
            })
        };
        let mro = self.type_info(exception).map(|info| info.mro.as_slice()).unwrap_or_default();
        mro.iter().copied().find(adds_fields).unwrap_or(self.known.base_exception)
    }

    fn class_slots(&mut self, attributes: &Attributes, name: &str) -> Eval<Option<Vec<Name>>> {
        let Some(value) = attributes.get("__slots__") else {
            return Ok(None);
        };
        let items: Vec<Value> = match value {
            Value::Str(_) => vec![value.clone()],
            Value::Tuple(items) => items.to_vec(),
            value @ Value::Object(_) => {
                let value = value.clone();
                self.collect(&value)?
            }
            _ => {
                return self.residual(Rule::NotModelled, format!("class `{name}` has `__slots__` that are not known"));
            }
        };
        let mut slots = Vec::with_capacity(items.len());
        for item in items {
            match item {
                Value::Str(slot) => slots.push(slot),
                Value::Unknown(_) | Value::Opaque(_) | Value::Object(_) => {
                    return self
                        .residual(Rule::NotModelled, format!("class `{name}` has `__slots__` that are not known"));
                }
                _ => return self.raise("TypeError", "__slots__ items must be strings"),
            }
        }
        Ok(Some(slots))
    }

    /// `type_new_set_names`
    fn set_names(&mut self, class: &Value, names: Vec<(Name, Value)>) -> Eval<()> {
        for (name, value) in names {
            match &value {
                // A function, string or number has none.
                Value::Object(object) => match self.object(*object) {
                    Object::Instance(instance) => {
                        let owner = instance.class;
                        if let Some(hook) = self.special(&value, owner, "__set_name__")? {
                            self.call(&hook, vec![class.clone(), Value::Str(name)], Vec::new())?;
                        }
                    }
                    Object::Class(_) => {
                        let metaclass = self.type_of(&value)?;
                        if self.python_definition(metaclass, "__set_name__").is_some()
                            && let Some(hook) = self.special(&value, metaclass, "__set_name__")?
                        {
                            self.call(&hook, vec![class.clone(), Value::Str(name)], Vec::new())?;
                        }
                    }
                    // From 3.13 on it keeps the name.
                    Object::Property(_) if self.is_own(*object) => {
                        let property = self.known.property;
                        if self.lookup(Type::Ground(property), "__set_name__").is_some() {
                            self.property_method("__set_name__", &value, vec![class.clone(), Value::Str(name)])?;
                        }
                    }
                    // Nothing else in C has the hook but types that are looked up here.
                    Object::Native(native) => {
                        let native = native.class;
                        if self.lookup(Type::Ground(native), "__set_name__").is_some() {
                            return self.residual(
                                Rule::NotModelled,
                                format!("`{name}` has a `__set_name__` implemented in C"),
                            );
                        }
                    }
                    _ => {}
                },
                value if self.is_plain_unknown(value) => {}
                Value::Unknown(reason) => {
                    let reason = reason.clone();
                    return self.unknown(
                        Rule::UnknownAttribute,
                        &format!("the class attribute `{name}` may define `__set_name__`"),
                        &reason,
                    );
                }
                Value::Opaque(id) => {
                    let id = *id;
                    if self.lookup(Type::Ground(id), "__set_name__").is_some() {
                        return self
                            .residual(Rule::NotModelled, format!("`{name}` has a `__set_name__` implemented in C"));
                    }
                }
                _ => {}
            }
        }
        Ok(())
    }

    /// `type_new_init_subclass`: `super(cls, cls).__init_subclass__(**keywords)`
    fn init_subclass(&mut self, class: ObjectRef, keywords: Keywords) -> Eval<()> {
        let own = Type::Class(class);
        match self.lookup_after(own, Some(own), "__init_subclass__") {
            Some(Found::Value(hook)) => {
                let hook = self.bind(Found::Value(hook), "__init_subclass__", None, own)?;
                self.call(&hook, Vec::new(), keywords)?;
                Ok(())
            }
            Some(Found::Ground { owner, .. }) if owner == self.known.object => {
                if keywords.is_empty() {
                    Ok(())
                } else {
                    let name = self.c_name(own);
                    self.raise("TypeError", format!("{name}.__init_subclass__() takes no keyword arguments"))
                }
            }
            Some(Found::Ground { owner, .. }) if owner == self.known.generic => {
                self.call_ground_method(owner, "__init_subclass__", own.value(), Vec::new(), keywords)?;
                Ok(())
            }
            Some(Found::Ground { owner, .. }) => {
                let owner = self.world.ground().entry(owner).qualified.clone();
                self.residual(Rule::NotModelled, format!("`{owner}` has an `__init_subclass__` implemented in C"))
            }
            None => Ok(()),
        }
    }

    fn is_dict(&self, object: ObjectRef) -> bool {
        match self.object(object) {
            Object::Dict(_) => true,
            Object::Instance(instance) => matches!(instance.payload, crate::heap::Payload::Dict(_)),
            _ => false,
        }
    }

    /// `__name__` of the globals of the innermost frame.
    fn calling_module_name(&self) -> Value {
        match self.positions.last() {
            Some(position) if position.module != self.module => Value::str(self.world.module_name(position.module)),
            _ => Value::Str(self.name.clone()),
        }
    }

    // ---- attributes of classes

    /// Getset descriptors of `type`.
    pub(super) fn type_getset(&mut self, class: Type, name: &str) -> Eval<Value> {
        match (name, class) {
            ("__name__", Type::Class(object)) => match self.class(object) {
                Some(class) => Ok(Value::Str(class.name.clone())),
                None => self.malformed(),
            },
            ("__qualname__", Type::Class(object)) => match self.class(object) {
                Some(class) => Ok(class.qualname.clone()),
                None => self.malformed(),
            },
            ("__name__" | "__qualname__", Type::Ground(id)) => {
                Ok(Value::Str(self.world.ground().entry(id).name.clone()))
            }
            ("__module__", Type::Ground(id)) => Ok(match self.changed_ground_attribute(id, name) {
                Some(value) => value,
                None => {
                    let entry = self.world.ground().entry(id);
                    match entry.as_type().and_then(|info| info.python_name.strip_suffix(&*entry.name)) {
                        Some(module) => Value::str(module.trim_end_matches('.')),
                        None => Value::Str(entry.module.clone()),
                    }
                }
            }),
            ("__module__" | "__doc__", Type::Class(object)) => {
                let own = self.class(object).and_then(|class| class.namespace.get(name).cloned());
                if !self.is_own(object) {
                    self.lookup(class, name);
                }
                match own {
                    Some(value) => Ok(value),
                    None => Ok(Value::None),
                }
            }
            ("__doc__", Type::Ground(_)) => Ok(Value::Opaque(self.known.str)),
            ("__bases__", _) => Ok(Value::tuple(self.bases(class).into_iter().map(Type::value).collect())),
            ("__mro__", _) => Ok(Value::tuple(self.mro(class).into_iter().map(Type::value).collect())),
            ("__base__", _) => self.residual(Rule::NotModelled, "reads `__base__` of a class"),
            ("__dict__", _) => {
                let value = class.value();
                Ok(self.allocate(Object::MappingProxy(value)))
            }
            ("__class__", _) => {
                let value = class.value();
                Ok(self.type_of(&value)?.value())
            }
            ("__abstractmethods__", Type::Class(object)) => {
                let names = match self.class(object) {
                    Some(class) if class.is_abc => class.abstract_methods.clone(),
                    _ => return self.raise("AttributeError", "__abstractmethods__"),
                };
                if !self.is_own(object) {
                    self.lookup(class, "__abstractmethods__");
                }
                let names = names.into_iter().map(Value::Str).collect();
                self.new_frozen_set(names)
            }
            ("__abstractmethods__", Type::Ground(id)) if self.ground_attribute(id, name).is_none() => {
                self.raise("AttributeError", "__abstractmethods__")
            }
            ("__annotations__", Type::Class(object)) => {
                let own = self.class(object).and_then(|class| class.namespace.get("__annotations__").cloned());
                match own {
                    Some(value) => Ok(value),
                    None if self.is_own(object) => {
                        let dict = self.allocate(Object::Dict(Default::default()));
                        if let Object::Class(class) = self.object_mut(object)? {
                            class.namespace.insert("__annotations__".into(), dict.clone());
                        }
                        Ok(dict)
                    }
                    None => {
                        self.residual(Rule::ForeignContents, "reads the `__annotations__` of another module's class")
                    }
                }
            }
            ("__type_params__", Type::Class(object)) => {
                let own = self.class(object).and_then(|class| class.namespace.get("__type_params__").cloned());
                Ok(own.unwrap_or_else(|| Value::tuple(Vec::new())))
            }
            ("__weakrefoffset__", Type::Ground(id)) if self.type_info(id).is_some_and(|info| !info.has_weakref) => {
                Ok(Value::int(0))
            }
            ("__dictoffset__", Type::Ground(id)) if self.type_info(id).is_some_and(|info| !info.has_dict) => {
                Ok(Value::int(0))
            }
            _ => {
                let class = self.type_name(class);
                self.residual(Rule::NotModelled, format!("reads `{name}` of class `{class}`"))
            }
        }
    }

    /// `cls.__abstractmethods__ = …`
    pub(super) fn set_abstract_methods(&mut self, class: ObjectRef, value: Option<Value>) -> Eval<()> {
        let names = match value {
            Some(value) => self.collect_unordered(&value)?,
            None => return self.residual(Rule::NotModelled, "deletes `__abstractmethods__`"),
        };
        let mut methods: Vec<Name> = Vec::with_capacity(names.len());
        for name in names {
            match name {
                Value::Str(name) => methods.push(name),
                _ => {
                    return self.residual(Rule::NotModelled, "`__abstractmethods__` that are not strings");
                }
            }
        }
        if let Object::Class(class) = self.object_mut(class)? {
            class.abstract_methods = methods;
            class.is_abc = true;
            class.add("__abstractmethods__");
        }
        Ok(())
    }

    /// `_abc._abc_init`: collects the abstract methods (`compute_abstract_methods` in _abc.c).
    pub(super) fn abc_init(&mut self, class: &Value) -> Eval<Value> {
        let Some(Type::Class(reference)) = self.as_type(class) else {
            return self.malformed();
        };
        let entries: Vec<(Name, Value)> = match self.object_mut(reference)? {
            Object::Class(class) => class.namespace.iter().map(|(name, value)| (name.clone(), value.clone())).collect(),
            _ => return self.malformed(),
        };
        let mut names: Vec<Name> = Vec::new();
        for (name, value) in entries {
            if self.is_plain_unknown(&value) {
                continue;
            }
            if matches!(value, Value::Unknown(_)) {
                return self.residual(
                    Rule::UnknownAttribute,
                    format!("asks whether `{name}`, which is not known, is abstract"),
                );
            }
            if self.is_abstract(&value)? {
                names.push(name);
            }
        }
        for base in self.bases(Type::Class(reference)) {
            let Type::Class(base) = base else { continue };
            let inherited = self.class(base).map(|class| class.abstract_methods.clone()).unwrap_or_default();
            if !self.is_own(base) {
                self.lookup(Type::Class(base), "__abstractmethods__");
            }
            for name in inherited {
                if names.contains(&name) {
                    continue;
                }
                if let Some(value) = self.find_attribute(class, &name)?
                    && self.is_abstract(&value)?
                {
                    names.push(name);
                }
            }
        }
        if let Object::Class(class) = self.object_mut(reference)? {
            class.abstract_methods = names;
            class.is_abc = true;
            class.add("__abstractmethods__");
            class.add("_abc_impl");
        }
        self.abstract_classes.push(reference);
        self.note_subclass_hook(reference)?;
        Ok(Value::None)
    }
}

/// Private names in `__slots__` are mangled (`_Py_Mangle`).
fn mangle(class: &str, name: &Name) -> Name {
    if !name.starts_with("__") || name.ends_with("__") || name.contains('.') {
        return name.clone();
    }
    match class.trim_start_matches('_') {
        "" => name.clone(),
        stripped => Arc::from(format!("_{stripped}{name}")),
    }
}
