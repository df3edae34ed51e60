//! Hashing and equality: keys of dicts and sets, identity, `==` between objects.

use super::types::Found;
use super::ways::is_same;
use super::{Eval, Machine};
use crate::heap::{Attributes, Object, Payload, Type};
use crate::key::{self, Key};
use crate::primitive;
use crate::reason::Rule;
use crate::value::{ModuleId, ObjectRef, Value};
use syntax::ir::{CodeId, CodeKind};

/// What the result of a `__hash__` is the hash of.
enum HashOf {
    /// The object's own identity.
    Itself,
    /// One other value, and its key.
    Other(Value, Key),
    /// Not one value alone.
    Several,
}

impl Machine<'_> {
    /// The key under which a dict or set files the value; raises where it is not hashable.
    pub(super) fn key(&mut self, value: &Value) -> Eval<Key> {
        if let Some(key) = key::of_data(value) {
            return Ok(key);
        }
        match value {
            Value::Tuple(items) => {
                let mut keys = Vec::with_capacity(items.len());
                for item in items.clone().iter() {
                    keys.push(self.key(item)?);
                }
                Ok(Key::Tuple(keys.into()))
            }
            Value::Slice(_) if self.version() < (3, 12) => self.raise("TypeError", "unhashable type: 'slice'"),
            Value::Unknown(reason) => {
                let reason = reason.clone();
                self.unknown(Rule::UnknownOperation, "hashes something that is not known", &reason)
            }
            Value::Object(object) => {
                let object = *object;
                match self.object(object) {
                    Object::List(_) | Object::Dict(_) | Object::Set(_) | Object::Cell(_) => {
                        let class = self.type_of(value)?;
                        let name = self.c_name(class);
                        self.raise_exactly("TypeError", format!("unhashable type: '{name}'"))
                    }
                    Object::FrozenSet(items) => {
                        let mut keys: Vec<Key> = items.keys().cloned().collect();
                        if keys.iter().any(|key| self.is_foreign_key(key)) {
                            return self.residual(Rule::NotModelled, "a container whose keys are compared by code");
                        }
                        keys.sort_by_cached_key(|key| format!("{key:?}"));
                        Ok(Key::Frozen(keys.into()))
                    }
                    Object::GenericAlias { origin, arguments } => {
                        let mut parts = vec![origin.clone()];
                        parts.extend(arguments.iter().cloned());
                        let mut keys = Vec::with_capacity(parts.len());
                        for part in parts {
                            keys.push(self.key(&part)?);
                        }
                        Ok(Key::Alias(keys.into()))
                    }
                    Object::Union(members) => {
                        let members = self.set_of(members.clone())?;
                        let mut keys: Vec<Key> = members.keys().cloned().collect();
                        keys.sort_by_cached_key(|key| format!("{key:?}"));
                        Ok(Key::Alias(vec![Key::Frozen(keys.into())].into()))
                    }
                    Object::BoundGround { owner, name, .. } | Object::UnboundGround { owner, name }
                        if matches!(
                            self.ground_attribute(*owner, name).map(|found| &found.kind),
                            Some(crate::ground::AttributeKind::New | crate::ground::AttributeKind::StaticMethod)
                        ) || matches!(self.object(object), Object::UnboundGround { .. }) =>
                    {
                        Ok(Key::Tuple(
                            vec![
                                Key::Ground(*owner),
                                crate::key::of_data(&Value::Str(name.clone())).unwrap_or(Key::Ground(*owner)),
                            ]
                            .into(),
                        ))
                    }
                    Object::Function(_)
                    | Object::Property(_)
                    | Object::StaticMethod(_)
                    | Object::ClassMethod(_)
                    | Object::Generator(_) => Ok(Key::Identity(object)),
                    Object::Native(_) if self.is_own(object) && self.referent(value).is_some() => {
                        let Some(referent) = self.referent(value) else { return self.malformed() };
                        self.keep_watch(&referent);
                        Ok(Key::Weak(self.key(&referent)?.into()))
                    }
                    // Each was made by a call of its own.
                    Object::Native(native)
                        if native.class == self.known.lock || native.class == self.known.reentrant_lock =>
                    {
                        Ok(Key::Identity(object))
                    }
                    Object::Native(_) if self.code_of(object).is_some() => match self.code_of(object) {
                        Some((module, code)) => self.code_key(module, code),
                        None => self.malformed(),
                    },
                    Object::Native(_) if self.type_parameter(value).is_some() => {
                        let class = self.type_of(value)?;
                        match self.hashes_by_identity(class)? {
                            true => Ok(Key::Identity(object)),
                            false => {
                                let name = self.c_name(class);
                                self.raise("TypeError", format!("unhashable type: '{name}'"))
                            }
                        }
                    }
                    Object::Class(_) | Object::Instance(_) => {
                        let class = self.type_of(value)?;
                        let data = self.plain_data(value);
                        if !matches!(data, Value::Object(_))
                            && self.inherits_from_ground(class, &["__hash__", "__eq__"])
                        {
                            return self.key(&data);
                        }
                        if self.is_alias_instance(value) && self.inherits_from_ground(class, &["__hash__", "__eq__"]) {
                            return self.key(&data);
                        }
                        if self.is_made_member(object) {
                            return self.residual(Rule::NotModelled, "hashes a combination of flags by its identity");
                        }
                        if let Some(hook) = self.hash_hook_of_identity(class) {
                            let key = self.identity_key(object)?;
                            self.run_hash_hook(hook, value, class)?;
                            return Ok(key);
                        }
                        if self.hashes_by_identity(class)? || self.takes_hash_of_identity(class) {
                            self.identity_key(object)
                        } else if let Some(key) = self.custom_key(value, class)? {
                            Ok(key)
                        } else {
                            let name = self.type_name(class);
                            self.residual(
                                Rule::NotModelled,
                                format!("hashes a `{name}`, which defines `__eq__` or `__hash__`"),
                            )
                        }
                    }
                    _ => {
                        let class = self.type_of(value)?;
                        let name = self.type_name(class);
                        self.residual(Rule::NotModelled, format!("hashes a `{name}`"))
                    }
                }
            }
            _ => self.residual(Rule::NotModelled, "hashes a value that is computed by the target only"),
        }
    }

    /// Calls `__hash__`.
    fn run_hash_hook(&mut self, hook: Value, value: &Value, class: Type) -> Eval<HashOf> {
        let hook = self.bind(Found::Value(hook), "__hash__", Some(value), class)?;
        let outer = (std::mem::take(&mut self.hashed), std::mem::replace(&mut self.mixes_hashes, false));
        self.hashing += 1;
        let hash = self.call(&hook, Vec::new(), Vec::new());
        self.hashing -= 1;
        let mut hashed = std::mem::replace(&mut self.hashed, outer.0);
        let mixes = std::mem::replace(&mut self.mixes_hashes, outer.1);
        match hash? {
            Value::Opaque(id) if id == self.known.int && !mixes && hashed.len() == 1 => match hashed.pop() {
                Some((hashed, _)) if is_same(&hashed, value) => Ok(HashOf::Itself),
                Some((hashed, key)) => Ok(HashOf::Other(hashed, key)),
                None => Ok(HashOf::Several),
            },
            Value::Int(_) => Ok(HashOf::Several),
            Value::Opaque(id) if id == self.known.int => Ok(HashOf::Several),
            identity if self.is_identity_of(&identity, value) => Ok(HashOf::Itself),
            identity if self.is_identity(&identity) => Ok(HashOf::Several),
            _ => self.residual(Rule::NotModelled, "a `__hash__` whose result is not known"),
        }
    }

    /// The object's hash is that of its identity, which an `object.__hash__` within its `__hash__` gives.
    pub(super) fn hash_identity(&mut self, value: &Value) -> Eval<Value> {
        let key = match value {
            Value::Object(object) => self.identity_key(*object)?,
            _ => self.key(value)?,
        };
        self.hashed.push((value.clone(), key));
        Ok(Value::Opaque(self.known.int))
    }

    /// The key of an object whose class defines `__hash__` and `__eq__` in Python, where the hash is that
    /// of one value: it is compared with the objects met so far whose hash is the same. Different values are taken to have
    /// different hashes, and then `__eq__` is not called. An object whose hash is that of its own identity is found by
    /// that.
    fn custom_key(&mut self, value: &Value, class: Type) -> Eval<Option<Key>> {
        let Value::Object(object) = value else { return Ok(None) };
        let is_class = matches!(self.object(*object), Object::Class(_));
        let is_plain =
            matches!(self.object(*object), Object::Instance(instance) if matches!(instance.payload, Payload::None));
        if !is_class && !is_plain {
            return Ok(None);
        }
        let Some(hook) = self.python_definition(class, "__hash__").filter(|hook| !matches!(hook, Value::None)) else {
            return Ok(None);
        };
        if self.python_definition(class, "__eq__").is_none() {
            return Ok(None);
        }
        let (hashed, hash) = match self.run_hash_hook(hook, value, class)? {
            HashOf::Itself => return self.identity_key(*object).map(Some),
            HashOf::Other(hashed, hash) if is_plain => (hashed, hash),
            HashOf::Other(..) | HashOf::Several => return Ok(None),
        };
        // What was hashed has the same hash, and may be a key itself. Different small numbers may have one hash.
        if matches!(hash, Key::Data(_)) && !matches!(hashed, Value::Str(_) | Value::Bytes(_)) {
            return Ok(None);
        }
        if self.equals_either_way(&hashed, value)? {
            return self.residual(Rule::NotModelled, "an object that is equal to what its `__hash__` hashes");
        }
        // A table finds an object by its identity as well, if it happens to look where it lies.
        if self.custom_hashes.entry(*object).or_insert_with(|| hash.clone()) != &hash {
            return self.residual(Rule::Nondeterministic, "a key whose hash has changed since");
        }
        for (other, number) in self.customs.get(&hash).cloned().unwrap_or_default() {
            let same = matches!(&other, Value::Object(other) if other == object);
            if same || self.equals_either_way(&other, value)? {
                return Ok(Some(Key::Custom { evaluation: self.module, number }));
            }
        }
        let number = self.custom_count;
        self.custom_count += 1;
        self.customs.entry(hash).or_default().push((value.clone(), number));
        Ok(Some(Key::Custom { evaluation: self.module, number }))
    }

    /// `left == right`, whichever of them lies in the table and is asked first.
    fn equals_either_way(&mut self, left: &Value, right: &Value) -> Eval<bool> {
        let comparison = syntax::ir::Comparison::Equal;
        let (one, other) = (self.compare(comparison, left, right)?, self.compare(comparison, right, left)?);
        let (one, other) = (self.truth(&one)?, self.truth(&other)?);
        match one == other {
            true => Ok(one),
            false => self.residual(Rule::NotModelled, "two keys of which only one says that it is equal to the other"),
        }
    }

    /// A code object: it can be hashed, and compared, without running any code; which others it equals is not known.
    pub(super) fn is_code(&self, value: &Value) -> bool {
        match value {
            Value::Opaque(class) => *class == self.known.code,
            Value::Object(object) => {
                matches!(self.object(*object), Object::Native(native) if native.class == self.known.code)
            }
            _ => false,
        }
    }

    /// The key of a function's code. Those of two modules may be equal; two functions of one module begin on
    /// different lines.
    fn code_key(&mut self, module: ModuleId, code: CodeId) -> Eval<Key> {
        let Some(ir) = self.world.ir(module) else { return self.malformed() };
        let code_object = ir.code(code);
        if !matches!(code_object.kind, CodeKind::Function) {
            return self.residual(Rule::NotModelled, "hashes the code of a lambda");
        }
        let name = code_object.name.clone();
        let evaluation = self.module;
        let met = self.codes.entry(name).or_default();
        if let Some((.., number)) = met.iter().find(|(other, id, _)| (*other, *id) == (module, code)) {
            return Ok(Key::Custom { evaluation, number: *number });
        }
        if met.iter().any(|(other, ..)| *other != module) {
            return self.residual(Rule::NotModelled, "the code of functions of two modules that may be equal");
        }
        let number = self.custom_count;
        self.custom_count += 1;
        met.push((module, code, number));
        Ok(Key::Custom { evaluation, number })
    }

    /// The key of an object that is compared by identity: of one that a cache hands to others as well, only if no
    /// other that is known here can be the same.
    fn identity_key(&mut self, object: ObjectRef) -> Eval<Key> {
        if let Some((module, name)) = self.stands_for(object) {
            return Ok(Key::Global(*module, name.clone()));
        }
        if self.is_shared(object) {
            let module = self.module;
            let own = self.shared.iter().flat_map(|(start, end)| *start..*end);
            let mut others =
                own.map(|index| ObjectRef { owner: module, index }).chain(self.shared_keys.iter().copied());
            if others.any(|other| other != object && self.may_be_one(object, other)) {
                return self
                    .residual(Rule::NotModelled, "the identity of an object that a cache hands to others as well");
            }
            if !self.is_ours(object) {
                self.shared_keys.insert(object);
            }
        }
        Ok(Key::Identity(object))
    }

    /// Can both be the same object, handed out by a cache? The evaluation that made it has left it as it was made, so
    /// one object has the same attributes both times.
    fn may_be_one(&self, one: ObjectRef, other: ObjectRef) -> bool {
        let differ = |one: &Attributes, other: &Attributes| {
            one.iter().any(|(name, value)| {
                other.get(name).is_some_and(|other| primitive::identical_or_equal(value, other) == Some(false))
            })
        };
        self.type_of_object(one) == self.type_of_object(other)
            && match (self.as_made(one), self.as_made(other)) {
                (Some(Object::Instance(one)), Some(Object::Instance(other))) => {
                    !differ(&one.attributes, &other.attributes) && !differ(&one.slots, &other.slots)
                }
                _ => true,
            }
    }

    /// An object as its own module's evaluation leaves it.
    fn as_made(&self, object: ObjectRef) -> Option<&Object> {
        let heap = match self.is_ours(object) {
            true => &self.heap,
            false => &self.world.evaluated(object.owner)?.heap,
        };
        heap.objects.get(object.index as usize)
    }

    /// Does it hold the key of an object that another evaluation has compared by its own code, or by
    /// its identity although a cache hands it to others as well?
    fn is_foreign_key(&self, key: &Key) -> bool {
        match key {
            Key::Custom { evaluation, .. } => *evaluation != self.module,
            Key::Identity(object) => !self.is_ours(*object) && self.is_shared(*object),
            Key::Tuple(parts) | Key::Frozen(parts) | Key::Alias(parts) => {
                parts.iter().any(|part| self.is_foreign_key(part))
            }
            Key::Weak(referent) => self.is_foreign_key(referent),
            _ => false,
        }
    }

    /// Does a container of another module hold such keys?
    pub(super) fn has_foreign_keys(&self, object: ObjectRef) -> bool {
        let foreign = |key: &Key| self.is_foreign_key(key);
        match self.object(object) {
            Object::Dict(entries) => entries.keys().any(foreign),
            Object::Set(items) | Object::FrozenSet(items) => items.keys().any(foreign),
            Object::Instance(instance) => match &instance.payload {
                Payload::Dict(entries) => entries.keys().any(foreign),
                Payload::Set(items) | Payload::FrozenSet(items) => items.keys().any(foreign),
                _ => false,
            },
            _ => false,
        }
    }

    /// Neither name is defined in Python along the MRO.
    fn inherits_from_ground(&mut self, class: Type, names: &[&str]) -> bool {
        names.iter().all(|name| self.python_definition(class, name).is_none())
    }

    /// `__hash__` in Python of a class whose `==` is identity: it must run, but equal keys are one object anyway.
    fn hash_hook_of_identity(&mut self, class: Type) -> Option<Value> {
        match self.lookup(class, "__eq__") {
            Some(Found::Ground { owner, .. }) if owner == self.known.object => {}
            _ => return None,
        }
        self.python_definition(class, "__hash__").filter(|hook| !matches!(hook, Value::None))
    }

    /// `__hash__` and `__eq__` are `object`'s (or `type`'s).
    fn hashes_by_identity(&mut self, class: Type) -> Eval<bool> {
        for name in ["__hash__", "__eq__"] {
            match self.lookup(class, name) {
                Some(Found::Ground { owner, .. }) if owner == self.known.object || owner == self.known.type_ => {}
                Some(Found::Ground { owner, .. })
                    if self.is_subtype(Type::Ground(owner), Type::Ground(self.known.base_exception)) => {}
                Some(Found::Value(Value::None)) if name == "__hash__" => {
                    let name = self.c_name(class);
                    return self.raise_exactly("TypeError", format!("unhashable type: '{name}'"));
                }
                _ => return Ok(false),
            }
        }
        Ok(true)
    }

    /// The class says `__hash__ = object.__hash__` beside an `__eq__` of its own: no two objects have the same hash.
    fn takes_hash_of_identity(&mut self, class: Type) -> bool {
        match self.lookup(class, "__hash__") {
            Some(Found::Value(Value::Object(hash))) => match self.object(hash) {
                Object::UnboundGround { owner, name } => {
                    &**name == "__hash__" && (*owner == self.known.object || *owner == self.known.type_)
                }
                _ => false,
            },
            _ => false,
        }
    }

    /// `left is right`
    pub(super) fn is_identical(&mut self, left: &Value, right: &Value) -> Eval<bool> {
        use Value as V;
        Ok(match (left, right) {
            (V::Unknown(reason), class) | (class, V::Unknown(reason)) if self.is_no_loader_type(reason, class) => false,
            (V::Unknown(reason), _) | (_, V::Unknown(reason)) => {
                let message = format!("asks for the identity of something that is not known: {}", reason.root_cause());
                self.known_effect(Rule::UnknownOperation, message);
                return self.decide("the identity of a value that is not known");
            }
            (V::None, V::None) | (V::Ellipsis, V::Ellipsis) | (V::NotImplemented, V::NotImplemented) => true,
            (V::Bool(left), V::Bool(right)) => left == right,
            (V::Object(left), V::Object(right)) if left == right => true,
            (V::Object(one), V::Object(other)) => {
                if let (Some(one), Some(other)) = (self.stands_for(*one), self.stands_for(*other)) {
                    return Ok(one == other);
                }
                if let Some(same) = self.is_same_dict(*one, *other)? {
                    return Ok(same);
                }
                if (self.is_shared(*one) || self.is_shared(*other)) && self.may_be_one(*one, *other) {
                    return self
                        .residual(Rule::Nondeterministic, "whether two objects are one that a cache has handed out");
                }
                self.is_same_member(*one, *other)?
            }
            (V::Ground(left), V::Ground(right)) => left == right,
            (V::Module(left), V::Module(right)) => left == right,
            (V::GroundModule(left), V::GroundModule(right)) => left == right,
            (V::Ground(_), V::Object(object)) | (V::Object(object), V::Ground(_))
                if matches!(self.object(*object), Object::Class(_)) =>
            {
                false
            }
            _ => {
                let (left_type, right_type) = (self.type_of(left)?, self.type_of(right)?);
                if left_type != right_type {
                    return Ok(false);
                }
                // Two objects of one immutable type: different values are different objects,
                // equal values may or may not be one object.
                if primitive::equal(left, right) == Some(false) {
                    return Ok(false);
                }
                return self.residual(
                    Rule::Nondeterministic,
                    "whether two equal objects are one object is up to the interpreter",
                );
            }
        })
    }

    /// Two objects that stand for one: attributes of C types, or combinations of flags, each made by another module's evaluation.
    pub(super) fn is_same_member(&mut self, left: ObjectRef, right: ObjectRef) -> Eval<bool> {
        let (one, other) = match (self.object(left), self.object(right)) {
            (Object::Instance(one), Object::Instance(other)) => (one, other),
            // The type holds one object, which every look-up gives.
            (Object::UnboundGround { owner, name }, Object::UnboundGround { owner: other_owner, name: other_name }) => {
                return Ok(owner == other_owner && name == other_name);
            }
            (Object::Native(one), Object::Native(other)) => {
                let (known, class) = (self.known, one.class);
                if class == other.class && [known.frame, known.abc_data].contains(&class) {
                    return self.residual(Rule::NotModelled, "whether two objects of the interpreter's own are one");
                }
                // An object has one reference without a callback, which each call gives.
                if class == other.class && class == known.weak_reference {
                    let referents = (one.arguments.first().cloned(), other.arguments.first().cloned());
                    let (Some(one), Some(other)) = referents else { return Ok(false) };
                    return self.is_identical(&one, &other);
                }
                let codes = (self.code_of(left), self.code_of(right));
                return Ok(codes.0.is_some() && codes.0 == codes.1);
            }
            _ => return Ok(false),
        };
        if one.class != other.class || !(self.is_made_member(left) && self.is_made_member(right)) {
            return Ok(false);
        }
        if left.owner == right.owner {
            return Ok(false);
        }
        self.residual(Rule::NotModelled, "compares members of an enumeration that different modules have made")
    }

    /// `PyObject_RichCompareBool(left, right, Py_EQ)`: identity first, then `==`.
    pub(super) fn same_or_equal(&mut self, left: &Value, right: &Value) -> Eval<bool> {
        if let (Value::Object(left), Value::Object(right)) = (left, right)
            && left == right
        {
            return Ok(true);
        }
        if let Some(equal) = primitive::identical_or_equal(left, right) {
            return Ok(equal);
        }
        let result = self.compare(syntax::ir::Comparison::Equal, left, right)?;
        self.truth(&result)
    }
}
