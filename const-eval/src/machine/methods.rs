//! Methods of C types.

use super::functions::Keywords;
use super::iteration::PART_OF_IT;
use super::{Eval, Machine, Stop};
use crate::effect::Change;
use crate::ground::{AttributeKind, GroundId};
use crate::heap::{GeneratorKind, Iterator, Object, Payload, Property, Set, Type, UNKNOWN_TYPE, ViewKind};
use crate::key::Key;
use crate::primitive::{self, Product};
use crate::reason::Rule;
use crate::value::{Integer, ObjectRef, Value};
use rustc_hash::FxHashMap;

impl Machine<'_> {
    pub(super) fn call_ground_method(
        &mut self,
        owner: GroundId,
        name: &str,
        receiver: Value,
        mut positional: Vec<Value>,
        keywords: Keywords,
    ) -> Eval<Value> {
        self.demand_special_arity(name, positional.len(), &keywords)?;
        let known = self.known;
        if owner == known.object {
            return self.object_method(name, receiver, positional, keywords);
        }
        if owner == known.type_ {
            return self.type_method(name, receiver, positional, keywords);
        }
        if name == "__init__" {
            self.ground_init(owner, &receiver, positional, keywords)?;
            return Ok(Value::None);
        }
        if let Value::Unknown(reason) = &receiver {
            return match self.process_text_method(name, &receiver, &positional, &keywords)? {
                Some(result) => Ok(result),
                None if self.class_of_unknown(&receiver) == Some(owner) => {
                    self.call_ground_description(owner, name, receiver, positional, keywords)
                }
                None => {
                    let reason = reason.clone();
                    self.current.reached = true;
                    self.unknown(Rule::UnknownCall, "calls something that is not known", &reason)
                }
            };
        }
        if let Some(result) = self.parameter_method(owner, name, &receiver, &positional, &keywords)? {
            return Ok(result);
        }
        if matches!(receiver, Value::Ground(class) if class == known.chain)
            && name == "from_iterable"
            && keywords.is_empty()
            && positional.len() == 1
        {
            let outer = self.iterate(&positional[0])?;
            let state = Iterator::Chained { outer, current: None };
            return Ok(self.allocate(Object::Iterator { class: owner, state }));
        }
        if owner == known.list {
            return self.list_method(name, &receiver, positional, keywords);
        }
        if owner == known.ordered_dict {
            return self.ordered_dict_method(name, &receiver, positional, keywords);
        }
        if owner == known.dict {
            self.check_inherited(name, &receiver)?;
            return self.dict_method(name, &receiver, positional, keywords);
        }
        if owner == known.set || owner == known.frozenset {
            return self.set_method(name, &receiver, positional, keywords);
        }
        if owner == known.mapping_proxy {
            return self.proxy_method(name, &receiver, positional);
        }
        if owner == known.property {
            return self.property_method(name, &receiver, positional);
        }
        if self.is_own_iterator(&receiver) {
            return self.iterator_method(name, receiver, positional);
        }
        if (owner == known.static_method || owner == known.class_method)
            && name == "__get__"
            && keywords.is_empty()
            && let Value::Object(object) = receiver
            && let [of, rest @ ..] = positional.as_slice()
        {
            let class = match rest {
                [] | [Value::None] if !matches!(of, Value::None) => Some(self.type_of(of)?),
                [class] => self.as_type(class),
                _ => None,
            };
            return match class {
                Some(class) => self.bind_wrapped(object, class),
                None => self.residual(Rule::NotModelled, "`__get__` for no class"),
            };
        }
        if owner == known.function {
            match (name, positional.as_slice()) {
                ("__get__", [Value::None, ..]) => return Ok(receiver),
                ("__get__", [object, ..]) => {
                    let bound = object.clone();
                    return Ok(self.allocate(Object::BoundMethod { function: receiver, receiver: bound }));
                }
                ("__call__", _) => return self.call(&receiver, positional, keywords),
                _ => {}
            }
        }
        if (owner == known.wrapper_descriptor || owner == known.method_descriptor)
            && name == "__get__"
            && keywords.is_empty()
            && let Value::Object(descriptor) = &receiver
            && let Object::UnboundGround { owner: of, name: method } = self.object(*descriptor)
            && let [object] | [object, _] = positional.as_slice()
            && !matches!(object, Value::None)
        {
            let (of, method) = (*of, method.clone());
            let class = self.type_of(object)?;
            if self.is_subtype(class, Type::Ground(of)) {
                let receiver = object.clone();
                return Ok(self.allocate(Object::BoundGround { owner: of, name: method, receiver }));
            }
        }
        let is_view = [known.dict_keys, known.dict_items, known.dict_values].contains(&owner)
            || [known.ordered_keys, known.ordered_items, known.ordered_values].contains(&owner);
        if is_view && name == "__iter__" {
            return self.iterate(&receiver);
        }
        if self.is_subtype(Type::Ground(owner), Type::Ground(known.base_exception)) {
            return self.exception_method(name, receiver, positional);
        }
        if let Some(result) = self.regular_method(name, &receiver, &positional, &keywords)? {
            return Ok(result);
        }
        // `int.from_bytes` makes bytes of an iterable first (`PyBytes_FromObject`).
        if owner == known.int
            && name == "from_bytes"
            && let Some(Value::Object(object)) = positional.first()
            && matches!(self.object(*object), Object::List(_) | Object::Generator(_) | Object::Iterator { .. })
        {
            let iterable = std::mem::replace(&mut positional[0], Value::None);
            positional[0] = self.new_data("builtins.bytes", vec![iterable], Vec::new())?;
        }
        let data = self.plain_data(&receiver);
        if (owner == known.generic_alias || owner == known.union) && name == "__repr__" {
            return self.repr_of(&data);
        }
        if super::operators::is_data(&data) {
            return self.data_method(owner, name, data, positional, keywords);
        }
        if let Some(result) = self.lock_method(owner, name, &receiver, &positional, &keywords)? {
            return Ok(result);
        }
        self.call_ground_description(owner, name, receiver, positional, keywords)
    }

    fn call_ground_description(
        &mut self,
        owner: GroundId,
        name: &str,
        receiver: Value,
        positional: Vec<Value>,
        keywords: Keywords,
    ) -> Eval<Value> {
        let Some(attribute) = self.ground_attribute(owner, name) else {
            return self.malformed();
        };
        let call = attribute.call;
        let what = format!("{}.{name}", self.world.ground().entry(owner).qualified);
        // Descriptions of class methods speak of exactly the class that has them.
        let of_itself = matches!(attribute.kind, AttributeKind::ClassMethod)
            && matches!(receiver, Value::Ground(receiver) if receiver == owner);
        let receiver = (!of_itself).then_some(&receiver);
        self.call_described(call, &what, receiver, positional, keywords)
    }

    fn iterator_method(&mut self, name: &str, receiver: Value, positional: Vec<Value>) -> Eval<Value> {
        let Value::Object(object) = receiver else { return self.malformed() };
        let kind = match self.object(object) {
            Object::Generator(generator) => Some(generator.kind),
            _ => None,
        };
        match (name, kind) {
            ("__iter__", None | Some(GeneratorKind::Generator)) => Ok(receiver),
            ("__next__", None | Some(GeneratorKind::Generator)) => self.next_or_stop(&receiver),
            (_, Some(GeneratorKind::Generator)) => self.generator_method(name, object, &positional),
            ("close", Some(GeneratorKind::Coroutine)) => self.close_generator(object),
            _ => self.residual(Rule::NotModelled, format!("`{name}` of a generator or iterator")),
        }
    }

    fn is_own_iterator(&self, value: &Value) -> bool {
        match value {
            Value::Object(object) => matches!(self.object(*object), Object::Iterator { .. } | Object::Generator(_)),
            _ => false,
        }
    }

    /// `__next__`: raises `StopIteration` at the end.
    pub(super) fn next_or_stop(&mut self, iterator: &Value) -> Eval<Value> {
        let outcome = self.next_or_raise(iterator)?;
        self.yielded_or_stop(outcome)
    }

    /// What was yielded; what was returned, as a `StopIteration`.
    pub(super) fn yielded_or_stop(&mut self, outcome: Result<Value, Value>) -> Eval<Value> {
        match outcome {
            Ok(item) => Ok(item),
            Err(result) => {
                let Some(id) = self.world.ground().builtin("StopIteration") else {
                    return self.malformed();
                };
                let arguments = if matches!(result, Value::None) { Vec::new() } else { vec![result] };
                let exception = self.call(&Value::Ground(id), arguments, Vec::new())?;
                Err(Stop::Raise(self.raise_object(exception, None)?))
            }
        }
    }

    /// Methods of str, bytes, int, float, tuple, range, … on data.
    fn data_method(
        &mut self,
        owner: GroundId,
        name: &str,
        data: Value,
        positional: Vec<Value>,
        keywords: Keywords,
    ) -> Eval<Value> {
        match (&data, name) {
            (Value::Str(separator), "join") if positional.len() == 1 => {
                let separator = separator.clone();
                let given = self.collect_hinted(&positional[0])?;
                let items: Vec<Value> = given.iter().map(|item| self.plain_data(item)).collect();
                let separated = Value::Str(separator.clone());
                let parts: Vec<&Value> = items.iter().chain([&separated]).collect();
                if let Some(text) = self.process_text_of(&parts, "the result of `str.join`") {
                    return Ok(text);
                }
                if items.iter().any(|item| matches!(item, Value::Opaque(id) if *id == self.known.str)) {
                    return Ok(Value::Opaque(self.known.str));
                }
                let outcome =
                    primitive::call_method(self.context(), &Value::Str(separator), name, &[Value::tuple(items)], &[]);
                let given: Vec<&Value> = given.iter().collect();
                let product = self.primitive_of(outcome, &given)?;
                return self.product(product);
            }
            (Value::Str(text), "translate") if positional.len() == 1 && keywords.is_empty() => {
                let text = text.clone();
                return self.translate(&text, &positional[0]);
            }
            (Value::Str(template), "format") => {
                let template = template.clone();
                return self.format_fields(&template, positional, keywords);
            }
            (Value::Str(_) | Value::Bytes(_) | Value::Tuple(_) | Value::Range(_), "__iter__") => {
                return self.iterate(&data);
            }
            (_, "__getitem__") if positional.len() == 1 => {
                return self.get_item(&data, &positional[0]);
            }
            (_, "__contains__") if positional.len() == 1 => {
                return Ok(Value::Bool(self.contains(&data, &positional[0])?));
            }
            (Value::Tuple(items), "index" | "count") if positional.len() == 1 => {
                let items = items.clone();
                let mut count = 0;
                for (index, item) in items.iter().enumerate() {
                    if self.same_or_equal(item, &positional[0])? {
                        if name == "index" {
                            return Ok(Value::int(index as i64));
                        }
                        count += 1;
                    }
                }
                if name == "index" {
                    return self.raise_exactly("ValueError", "tuple.index(x): x not in tuple");
                }
                return Ok(Value::int(count));
            }
            (_, "__repr__" | "__str__") if positional.is_empty() && matches!(data, Value::Tuple(_)) => {
                return self.repr_of(&data);
            }
            _ => {}
        }
        let mut arguments = Vec::with_capacity(positional.len());
        for value in &positional {
            arguments.push(self.plain_data(value));
        }
        let not_data = arguments
            .iter()
            .chain(keywords.iter().map(|(_, value)| value))
            .any(|value| !super::operators::is_data(value));
        if not_data {
            let what = format!("{}.{name}", self.world.ground().entry(owner).qualified);
            let Some(attribute) = self.ground_attribute(owner, name) else {
                return self.malformed();
            };
            let call = attribute.call;
            return self.call_described(call, &what, Some(&data), positional, keywords);
        }
        let keywords: Vec<(&str, Value)> = keywords.iter().map(|(name, value)| (&**name, value.clone())).collect();
        let outcome = primitive::call_method(self.context(), &data, name, &arguments, &keywords);
        let given: Vec<&Value> = positional.iter().collect();
        let product = self.primitive_of(outcome, &given)?;
        self.product(product)
    }

    /// `text.translate(table)` (`charmaptranslate_lookup` in unicodeobject.c)
    fn translate(&mut self, text: &str, table: &Value) -> Eval<Value> {
        let mut found: FxHashMap<u32, Option<Value>> = FxHashMap::default();
        for character in text.chars() {
            let code = u32::from(character);
            if found.contains_key(&code) {
                continue;
            }
            let replacement = match self.get_item(table, &Value::int(i64::from(code))) {
                Ok(value) => Some(value),
                Err(Stop::Raise(exception)) => {
                    let lookup_error = self.world.ground().builtin("LookupError");
                    if !matches!(lookup_error, Some(wanted) if self.is_instance_of(&exception, wanted)?) {
                        return Err(Stop::Raise(exception));
                    }
                    None
                }
                Err(stop) => return Err(stop),
            };
            if let Some(Value::Opaque(_) | Value::Unknown(_) | Value::Object(_)) = replacement {
                return self.residual(Rule::NotModelled, "`str.translate` with a table whose entries are not known");
            }
            found.insert(code, replacement);
        }
        let outcome = primitive::translate(text, |code| Ok(found.get(&code).cloned().flatten()));
        self.primitive(outcome).map(Value::str)
    }

    pub(super) fn product(&mut self, product: Product) -> Eval<Value> {
        Ok(match product {
            Product::Value(value) => value,
            Product::List(items) => {
                self.charge(items.len())?;
                self.new_list(items)
            }
            Product::Items(items) => self.items_iterator(items, UNKNOWN_TYPE),
            Product::Dict(entries) => {
                let dict = self.new_dict(Default::default());
                for (key, value) in entries {
                    self.dict_insert(&dict, key, value)?;
                }
                dict
            }
        })
    }

    fn object_method(
        &mut self,
        name: &str,
        receiver: Value,
        mut positional: Vec<Value>,
        keywords: Keywords,
    ) -> Eval<Value> {
        let text = |value: Option<&Value>| match value {
            Some(Value::Str(text)) => Some(text.clone()),
            _ => None,
        };
        match name {
            "__init__" => {
                let object = self.known.object;
                self.ground_init(object, &receiver, positional, keywords)?;
                Ok(Value::None)
            }
            "__init_subclass__" => {
                if !keywords.is_empty() || !positional.is_empty() {
                    return self.raise("TypeError", "__init_subclass__() takes no arguments");
                }
                Ok(Value::None)
            }
            "__subclasshook__" => Ok(Value::NotImplemented),
            "__getattribute__" => {
                let Some(attribute) = text(positional.first()) else {
                    return self.malformed();
                };
                let class = self.type_of(&receiver)?;
                self.generic_attribute(&receiver, class, &attribute)
            }
            "__setattr__" if positional.len() == 2 => {
                let value = positional.pop().unwrap_or(Value::None);
                let Some(attribute) = text(positional.first()) else {
                    return self.residual(Rule::NotModelled, "`__setattr__` of a name that is not known");
                };
                let class = self.type_of(&receiver)?;
                self.generic_set_attribute(&receiver, class, &attribute, Some(value))?;
                Ok(Value::None)
            }
            "__delattr__" => {
                let Some(attribute) = text(positional.first()) else {
                    return self.malformed();
                };
                let class = self.type_of(&receiver)?;
                self.generic_set_attribute(&receiver, class, &attribute, None)?;
                Ok(Value::None)
            }
            "__eq__" | "__ne__" if positional.len() == 1 => {
                if self.is_identical(&receiver, &positional[0])? {
                    return Ok(Value::Bool(name == "__eq__"));
                }
                if name == "__eq__" {
                    return Ok(Value::NotImplemented);
                }
                self.residual(Rule::NotModelled, "`object.__ne__`")
            }
            "__hash__" if self.hashing > 0 && positional.is_empty() => self.hash_identity(&receiver),
            "__hash__" | "__repr__" | "__str__" | "__sizeof__" | "__format__" => {
                if name == "__str__" {
                    return self.repr_of(&receiver);
                }
                self.residual(Rule::Nondeterministic, format!("`object.{name}` depends on the object's address"))
            }
            _ => self.residual(Rule::NotModelled, format!("`object.{name}`")),
        }
    }

    fn type_method(&mut self, name: &str, receiver: Value, positional: Vec<Value>, keywords: Keywords) -> Eval<Value> {
        let Some(class) = self.as_type(&receiver) else {
            return self.malformed();
        };
        match (name, positional.as_slice()) {
            ("__call__", _) => self.type_call(class, positional, keywords),
            ("__init__", [_] | [_, _, _]) => Ok(Value::None),
            ("mro", []) => {
                let mro = self.mro(class).into_iter().map(Type::value).collect();
                Ok(self.new_list(mro))
            }
            ("__prepare__", _) => Ok(self.new_dict(Default::default())),
            ("__instancecheck__", [value]) => Ok(Value::Bool(self.is_instance(value, class)?)),
            ("__subclasscheck__", [value]) => match self.as_type(value) {
                Some(value) => Ok(Value::Bool(self.is_subtype(value, class))),
                None => self.residual(Rule::NotModelled, "`__subclasscheck__` of something that is not a class"),
            },
            ("__setattr__", [Value::Str(attribute), value]) => {
                let metaclass = self.type_of(&receiver)?;
                self.type_set_attribute(class, metaclass, &attribute.clone(), Some(value.clone()))?;
                Ok(Value::None)
            }
            ("__delattr__", [Value::Str(attribute)]) => {
                let metaclass = self.type_of(&receiver)?;
                self.type_set_attribute(class, metaclass, &attribute.clone(), None)?;
                Ok(Value::None)
            }
            ("__getattribute__", [Value::Str(attribute)]) => {
                let metaclass = self.type_of(&receiver)?;
                self.type_attribute(class, metaclass, &attribute.clone())
            }
            ("__or__", [other]) => self.binary(syntax::ir::BinaryOperator::BitOr, &receiver, other),
            ("__ror__", [other]) => self.binary(syntax::ir::BinaryOperator::BitOr, other, &receiver),
            ("__subclasses__", _) => {
                self.residual(Rule::Nondeterministic, "`__subclasses__` depends on which modules are loaded")
            }
            _ => self.residual(Rule::NotModelled, format!("`type.{name}`")),
        }
    }

    fn exception_method(&mut self, name: &str, receiver: Value, positional: Vec<Value>) -> Eval<Value> {
        let arguments = match &receiver {
            Value::Object(object) => match self.object(*object) {
                Object::Instance(instance) => match &instance.payload {
                    Payload::Exception(arguments) => arguments.clone(),
                    _ => return self.malformed(),
                },
                _ => return self.malformed(),
            },
            _ => {
                return self.residual(Rule::NotModelled, "an exception that is computed by the target only");
            }
        };
        match name {
            "with_traceback" if positional.len() == 1 => match &receiver {
                Value::Object(object) => {
                    self.set_exception_member(*object, "__traceback__", positional[0].clone())?;
                    Ok(receiver)
                }
                _ => self.malformed(),
            },
            "add_note" if positional.len() == 1 => self.add_note(&receiver, &positional[0]),
            "__str__" => {
                if let Some(text) = self.group_text(&arguments) {
                    return Ok(Value::str(text));
                }
                let class = self.type_of(&receiver)?;
                if let Some(key_error) = self.world.ground().builtin("KeyError")
                    && self.is_subtype(class, Type::Ground(key_error))
                    && arguments.len() == 1
                {
                    return self.repr_of(&arguments[0]);
                }
                match arguments.as_slice() {
                    [] => Ok(Value::str("")),
                    [only] => self.str_of(only),
                    _ => self.repr_of(&Value::tuple(arguments)),
                }
            }
            _ => self.residual(Rule::NotModelled, format!("`{name}` of an exception")),
        }
    }

    pub(super) fn property_method(&mut self, name: &str, receiver: &Value, positional: Vec<Value>) -> Eval<Value> {
        let Value::Object(object) = receiver else {
            return self.residual(Rule::NotModelled, "a property that is not known");
        };
        let object = *object;
        // Nothing but its name and error messages rest on it.
        if let ("__set_name__", [_, name @ Value::Str(_)]) = (name, positional.as_slice()) {
            let name = name.clone();
            if self.version() >= (3, 13)
                && let Some(property) = self.property_mut(object)?
            {
                property.attributes.insert("__name__".into(), name);
            }
            return Ok(Value::None);
        }
        let Object::Property(property) = self.object(object) else {
            return self.residual(Rule::NotModelled, format!("`{name}` of a subclass of property"));
        };
        let mut property = property.clone();
        let [function] = positional.as_slice() else {
            return self.residual(Rule::NotModelled, format!("`property.{name}`"));
        };
        match name {
            "getter" => {
                property.get = function.clone();
                property.doc = self.find_attribute(function, "__doc__")?.unwrap_or(Value::None);
            }
            "setter" => property.set = function.clone(),
            "deleter" => property.delete = function.clone(),
            _ => return self.residual(Rule::NotModelled, format!("`property.{name}`")),
        }
        Ok(self.allocate(Object::Property(property)))
    }

    /// The C part of a property, or of an instance of a subclass.
    pub(super) fn property(&self, object: ObjectRef) -> Option<&Property> {
        match self.object(object) {
            Object::Property(property) => Some(property),
            Object::Instance(instance) => match &instance.payload {
                Payload::Property(property) => Some(property),
                _ => None,
            },
            _ => None,
        }
    }

    fn property_mut(&mut self, object: ObjectRef) -> Eval<Option<&mut Property>> {
        Ok(match self.object_mut(object)? {
            Object::Property(property) => Some(property),
            Object::Instance(instance) => match &mut instance.payload {
                Payload::Property(property) => Some(property),
                _ => None,
            },
            _ => None,
        })
    }

    fn proxy_method(&mut self, name: &str, receiver: &Value, positional: Vec<Value>) -> Eval<Value> {
        let Value::Object(object) = receiver else {
            return self.malformed();
        };
        if let Object::Obscured { .. } = self.object(*object) {
            return self.refuse_obscured();
        }
        if let Object::MappingProxy(target @ Value::Object(_)) = self.object(*object)
            && self.as_type(target).is_none()
        {
            let target = target.clone();
            let dict = self.known.dict;
            if matches!(
                name,
                "get" | "keys" | "values" | "items" | "copy" | "__getitem__" | "__contains__" | "__iter__" | "__len__"
            ) {
                return self.call_ground_method(dict, name, target, positional, Vec::new());
            }
        }
        if let (Object::MappingProxy(Value::Ground(owner)), "get", [Value::Str(key), rest @ ..]) =
            (self.object(*object), name, positional.as_slice())
            && self.ground_attribute(*owner, key).is_none()
        {
            return Ok(rest.first().cloned().unwrap_or(Value::None));
        }
        if let ("get", [key, rest @ ..]) = (name, positional.as_slice())
            && let Some(entry) = self.class_namespace_entry(*object, key)?
        {
            return Ok(entry.or_else(|| rest.first().cloned()).unwrap_or(Value::None));
        }
        if let ("get", [key, ..]) = (name, positional.as_slice())
            && let Some(entry) = self.ground_namespace_entry(*object, key)
        {
            return Ok(entry);
        }
        let items = self.proxy_items(*object)?;
        match (name, positional.as_slice()) {
            ("get", [key, rest @ ..]) => {
                let wanted = self.key(key)?;
                for (key, value) in items {
                    if self.key(&key)? == wanted {
                        return Ok(value);
                    }
                }
                Ok(rest.first().cloned().unwrap_or(Value::None))
            }
            ("items", []) => {
                let items = items.into_iter().map(|(key, value)| Value::tuple(vec![key, value])).collect();
                Ok(self.items_iterator(items, UNKNOWN_TYPE))
            }
            ("keys", []) => Ok(self.items_iterator(items.into_iter().map(|(key, _)| key).collect(), UNKNOWN_TYPE)),
            ("values", []) => {
                Ok(self.items_iterator(items.into_iter().map(|(_, value)| value).collect(), UNKNOWN_TYPE))
            }
            ("copy", []) => {
                let dict = self.new_dict(Default::default());
                for (key, value) in items {
                    self.dict_insert(&dict, key, value)?;
                }
                Ok(dict)
            }
            ("__getitem__", [key]) => self.get_item(receiver, key),
            ("__contains__", [key]) => Ok(Value::Bool(self.contains(receiver, key)?)),
            ("__len__", []) => Ok(Value::int(items.len() as i64)),
            _ => self.residual(Rule::NotModelled, format!("`mappingproxy.{name}`")),
        }
    }

    // ---- lists

    fn list_method(&mut self, name: &str, list: &Value, mut positional: Vec<Value>, keywords: Keywords) -> Eval<Value> {
        match (name, positional.len()) {
            ("append", 1) => {
                let item = positional.remove(0);
                self.list_append(list, item)?;
                Ok(Value::None)
            }
            ("extend", 1) => {
                self.list_extend_from(list, &positional[0])?;
                Ok(Value::None)
            }
            ("insert", 2) => {
                let item = positional.remove(1);
                let Value::Int(index) = self.as_index(&positional[0])? else {
                    return self.residual(Rule::NotModelled, "inserts at a place that is not known");
                };
                let index = index.to_i64().unwrap_or(i64::MAX);
                if let Some(object) = self.foreign_list(list) {
                    self.change_items(object, Change::Insert { list: list.clone(), index, value: item });
                    return Ok(Value::None);
                }
                let items = self.list_mut(list)?;
                let length = items.len() as i64;
                let index = if index < 0 { (index + length).max(0) } else { index.min(length) };
                items.insert(index as usize, item);
                Ok(Value::None)
            }
            ("pop", 0 | 1) => {
                let length = self.list_mut(list)?.len();
                if length == 0 {
                    return self.raise_exactly("IndexError", "pop from empty list");
                }
                let index = match positional.first() {
                    Some(index) => {
                        let index = self.as_index(index)?;
                        self.position(&index, length)
                    }
                    None => Some(length - 1),
                };
                match index {
                    Some(index) => Ok(self.list_mut(list)?.remove(index)),
                    None => self.raise_exactly("IndexError", "pop index out of range"),
                }
            }
            ("remove", 1) => {
                let items = self.list_items(list)?;
                for (index, item) in items.iter().enumerate() {
                    if self.same_or_equal(item, &positional[0])? {
                        self.list_mut(list)?.remove(index);
                        return Ok(Value::None);
                    }
                }
                self.raise_exactly("ValueError", "list.remove(x): x not in list")
            }
            ("index" | "count", 1) => {
                let mut count = 0;
                for (index, item) in self.list_items(list)?.iter().enumerate() {
                    if self.same_or_equal(item, &positional[0])? {
                        if name == "index" {
                            return Ok(Value::int(index as i64));
                        }
                        count += 1;
                    }
                }
                if name == "index" {
                    return self.raise("ValueError", "value is not in list");
                }
                Ok(Value::int(count))
            }
            ("clear", 0) => {
                self.list_mut(list)?.clear();
                Ok(Value::None)
            }
            ("copy", 0) => {
                let items = self.list_items(list)?;
                self.charge(items.len())?;
                Ok(self.new_list(items))
            }
            ("reverse", 0) => {
                self.list_mut(list)?.reverse();
                Ok(Value::None)
            }
            ("sort", 0) => {
                // Meanwhile the list looks empty; after an exception it may be sorted in part.
                let items = std::mem::take(self.list_mut(list)?);
                let sorted = match self.sorted(items, keywords) {
                    Err(Stop::Raise(_)) => return self.residual(Rule::Raises, "an exception while a list is sorted"),
                    sorted => sorted?,
                };
                if !self.list_items(list)?.is_empty() {
                    return self.residual(Rule::NotModelled, "changes a list while it is sorted");
                }
                *self.list_mut(list)? = sorted;
                Ok(Value::None)
            }
            ("__iter__", 0) => self.iterate_in_c(list),
            ("__len__", 0) => Ok(Value::int(self.list_items(list)?.len() as i64)),
            ("__getitem__", 1) => self.get_item_raw(list, &positional[0]),
            ("__setitem__", 2) => {
                let value = positional.remove(1);
                self.raw_set_item(list, &positional[0], value)?;
                Ok(Value::None)
            }
            ("__delitem__", 1) => {
                self.raw_delete_item(list, &positional[0])?;
                Ok(Value::None)
            }
            ("__contains__", 1) => {
                for item in self.list_items(list)? {
                    if self.same_or_equal(&item, &positional[0])? {
                        return Ok(Value::Bool(true));
                    }
                }
                Ok(Value::Bool(false))
            }
            ("__repr__", 0) => self.repr_of(list),
            _ => self.residual(Rule::NotModelled, format!("`list.{name}`")),
        }
    }

    /// `list.__getitem__`, `dict.__getitem__` past any override.
    fn get_item_raw(&mut self, container: &Value, key: &Value) -> Eval<Value> {
        let class = self.type_of(container)?;
        if matches!(class, Type::Class(_)) && self.is_subtype(class, Type::Ground(self.known.list)) {
            let items = self.list_items(container)?;
            let plain = self.new_list(items);
            return self.get_item(&plain, key);
        }
        self.get_item(container, key)
    }

    // ---- dicts

    /// Pairs as `dict.update` takes them: from a mapping, or from an iterable of pairs.
    pub(super) fn update_pairs(&mut self, source: &Value) -> Eval<Vec<(Value, Value)>> {
        if self.dict_entries(source)?.is_some() || self.find_attribute(source, "keys")?.is_some() {
            return self.mapping_items(source);
        }
        let iterable = match source {
            Value::Object(object) if matches!(self.object(*object), Object::Generator(_) | Object::Iterator { .. }) => {
                let items = self.all_or_nothing(|machine| machine.collect_between_calls(source))?;
                Value::tuple(items)
            }
            other => other.clone(),
        };
        let mut pairs = Vec::new();
        match self.pairs_of(&iterable, &mut pairs) {
            Err(Stop::Raise(_)) if !pairs.is_empty() => self.residual(Rule::Raises, PART_OF_IT),
            outcome => outcome.map(|()| pairs),
        }
    }

    fn pairs_of(&mut self, source: &Value, pairs: &mut Vec<(Value, Value)>) -> Eval<()> {
        for pair in self.collect_between_calls(source)? {
            let items = self.collect(&pair)?;
            match <[Value; 2]>::try_from(items) {
                Ok([key, value]) => pairs.push((key, value)),
                Err(items) => {
                    return self.raise(
                        "ValueError",
                        format!(
                            "dictionary update sequence element #{} has length {}; 2 is required",
                            pairs.len(),
                            items.len()
                        ),
                    );
                }
            }
        }
        Ok(())
    }

    pub(super) fn dict_update(&mut self, dict: &Value, positional: Vec<Value>, keywords: Keywords) -> Eval<()> {
        if positional.len() > 1 {
            return self.raise("TypeError", format!("update expected at most 1 argument, got {}", positional.len()));
        }
        if let Some(source) = positional.first() {
            for (key, value) in self.update_pairs(source)? {
                self.dict_insert(dict, key, value)?;
            }
        }
        for (name, value) in keywords {
            self.dict_insert(dict, Value::Str(name), value)?;
        }
        Ok(())
    }

    pub(super) fn dict_method(
        &mut self,
        name: &str,
        dict: &Value,
        mut positional: Vec<Value>,
        keywords: Keywords,
    ) -> Eval<Value> {
        let view = |kind| Object::DictView { dict: dict.clone(), kind };
        match (name, positional.len()) {
            ("get", 1 | 2) => {
                let default = positional.get(1).cloned().unwrap_or(Value::None);
                Ok(self.dict_get(dict, &positional[0])?.unwrap_or(default))
            }
            ("setdefault", 1 | 2) => match self.dict_get(dict, &positional[0])? {
                Some(value) => Ok(value),
                None => {
                    let default = positional.get(1).cloned().unwrap_or(Value::None);
                    self.dict_insert(dict, positional.remove(0), default.clone())?;
                    Ok(default)
                }
            },
            ("pop", 1 | 2) => match self.dict_pop(dict, &positional[0])? {
                Some(value) => Ok(value),
                None => match positional.pop() {
                    Some(default) if !positional.is_empty() => Ok(default),
                    Some(key) => self.raise_value("KeyError", key),
                    None => self.malformed(),
                },
            },
            ("popitem", 0) => match self.dict_pop_last(dict)? {
                Some((key, value)) => Ok(Value::tuple(vec![key, value])),
                None => self.raise_exactly("KeyError", "popitem(): dictionary is empty"),
            },
            ("keys", 0) => Ok(self.allocate(view(ViewKind::Keys))),
            ("values", 0) => Ok(self.allocate(view(ViewKind::Values))),
            ("items", 0) => Ok(self.allocate(view(ViewKind::Items))),
            ("update", 0 | 1) => {
                self.dict_update(dict, positional, keywords)?;
                Ok(Value::None)
            }
            ("clear", 0) => {
                self.dict_clear(dict)?;
                Ok(Value::None)
            }
            ("copy" | "__copy__", 0) => {
                let entries = self.dict_entries(dict)?.unwrap_or_default();
                self.charge(entries.len())?;
                Ok(self.new_dict(entries))
            }
            ("fromkeys", 1 | 2) => {
                if self.as_type(dict) != Some(Type::Ground(self.known.dict)) {
                    return self.residual(Rule::NotModelled, "`fromkeys` of a subclass of dict");
                }
                let value = positional.get(1).cloned().unwrap_or(Value::None);
                let keys = self.collect_between_calls(&positional[0])?;
                let made = self.new_dict(Default::default());
                for key in keys {
                    self.dict_insert(&made, key, value.clone())?;
                }
                Ok(made)
            }
            ("__getitem__", 1) => match self.dict_get(dict, &positional[0])? {
                Some(value) => Ok(value),
                None => self.get_item_raw(dict, &positional[0]),
            },
            ("__setitem__", 2) => {
                let value = positional.remove(1);
                self.dict_insert(dict, positional.remove(0), value)?;
                Ok(Value::None)
            }
            ("__delitem__", 1) => {
                self.raw_delete_item(dict, &positional[0])?;
                Ok(Value::None)
            }
            ("__contains__", 1) => Ok(Value::Bool(self.dict_get(dict, &positional[0])?.is_some())),
            ("__len__", 0) => Ok(Value::int(self.dict_entries(dict)?.map_or(0, |entries| entries.len()) as i64)),
            ("__iter__", 0) => {
                let keys = self.allocate(view(ViewKind::Keys));
                self.iterate(&keys)
            }
            ("__repr__", 0) => self.repr_of(dict),
            _ => self.residual(Rule::NotModelled, format!("`dict.{name}`")),
        }
    }

    // ---- sets

    fn set_method(&mut self, name: &str, set: &Value, mut positional: Vec<Value>, keywords: Keywords) -> Eval<Value> {
        if !keywords.is_empty() {
            return self.raise("TypeError", format!("{name}() takes no keyword arguments"));
        }
        match (name, positional.len()) {
            ("add", 1) => {
                let item = positional.remove(0);
                self.set_add_alone(set, item)?;
                Ok(Value::None)
            }
            ("discard" | "remove", 1) => {
                let removed = self.set_remove(set, &positional[0])?;
                if !removed && name == "remove" {
                    return self.raise_value("KeyError", positional.remove(0));
                }
                Ok(Value::None)
            }
            ("pop", 0) => {
                self.note_removal(set);
                let items = self.set_mut(set)?;
                if items.len() > 1 {
                    return self.residual(
                        Rule::Nondeterministic,
                        "which element `set.pop` takes may differ between processes",
                    );
                }
                match items.pop() {
                    Some((_, item)) => Ok(item),
                    None => self.raise_exactly("KeyError", "pop from an empty set"),
                }
            }
            ("clear", 0) => {
                self.set_mut(set)?.clear();
                self.take_filling(set);
                Ok(Value::None)
            }
            ("update", _) => {
                for source in &positional {
                    for item in self.items_to_add(set, source)? {
                        self.set_add(set, item)?;
                    }
                }
                Ok(Value::None)
            }
            ("difference_update", _) => {
                for source in &positional {
                    let items = self.collect_for_set(source)?;
                    let other = self.set_of(items)?;
                    let items = self.set_mut(set)?;
                    let before = items.len();
                    items.retain(|key, _| !other.contains_key(key));
                    if items.len() < before {
                        self.note_removal(set);
                    }
                }
                Ok(Value::None)
            }
            ("copy" | "union" | "intersection" | "difference" | "symmetric_difference", _) => {
                let class = self.type_of(set)?;
                if matches!(class, Type::Class(_)) {
                    return self.residual(Rule::NotModelled, "a set method of a subclass of set");
                }
                let mut result: Set = self.set_entries(set)?.unwrap_or_default();
                for source in &positional {
                    let items = self.collect_for_set(source)?;
                    let other = self.set_of(items)?;
                    match name {
                        "union" => {
                            for (key, value) in other {
                                result.entry(key).or_insert(value);
                            }
                        }
                        // Of an iterable all that is there too, of a set as `&` has it.
                        "intersection" if self.set_entries(source)?.is_some() => {
                            result = super::operators::intersection(result, other);
                        }
                        "intersection" => {
                            let known = std::mem::take(&mut result);
                            result = other.into_iter().filter(|(key, _)| known.contains_key(key)).collect();
                        }
                        "difference" => result.retain(|key, _| !other.contains_key(key)),
                        _ => {
                            for (key, value) in other {
                                if result.shift_remove(&key).is_none() {
                                    result.insert(key, value);
                                }
                            }
                        }
                    }
                }
                let frozen = class == Type::Ground(self.known.frozenset);
                Ok(self.allocate(if frozen { Object::FrozenSet(result) } else { Object::Set(result) }))
            }
            ("issubset" | "issuperset" | "isdisjoint", 1) => {
                let first = self.set_entries(set)?.unwrap_or_default();
                let items = self.collect_for_set(&positional[0])?;
                let second = self.set_of(items)?;
                Ok(Value::Bool(match name {
                    "issubset" => first.keys().all(|key| second.contains_key(key)),
                    "issuperset" => second.keys().all(|key| first.contains_key(key)),
                    _ => !first.keys().any(|key| second.contains_key(key)),
                }))
            }
            ("__contains__", 1) => {
                if let Some(found) = self.find_identity(set, &positional[0])? {
                    return Ok(Value::Bool(found.is_some()));
                }
                let key = self.key(&positional[0])?;
                Ok(Value::Bool(self.set_entries(set)?.is_some_and(|entries| entries.contains_key(&key))))
            }
            ("__len__", 0) => Ok(Value::int(self.set_entries(set)?.map_or(0, |entries| entries.len()) as i64)),
            ("__iter__", 0) => self.iterate_in_c(set),
            _ => self.residual(Rule::NotModelled, format!("`set.{name}`")),
        }
    }

    /// Whether the item was there.
    fn set_remove(&mut self, set: &Value, item: &Value) -> Eval<bool> {
        if let Some(removed) = self.remove_identity(set, item)? {
            self.note_removal(set);
            return Ok(removed.is_some());
        }
        let key = self.element_key(item)?;
        let is_removed = self.set_mut(set)?.shift_remove(&key).is_some();
        if is_removed {
            self.note_removal(set);
        }
        Ok(is_removed)
    }

    /// What is looked for in a set: another set is, as if it were frozen (`set_remove` in setobject.c).
    pub(super) fn element_key(&mut self, item: &Value) -> Eval<Key> {
        match self.set_entries(item)? {
            Some(entries) => {
                let frozen = self.new_frozen_set(entries.into_values().collect())?;
                self.key(&frozen)
            }
            None => self.key(item),
        }
    }

    /// Where the items of a set lie depends on what was there before.
    pub(super) fn note_removal(&mut self, set: &Value) {
        if let Value::Object(object) = set
            && self.is_own(*object)
        {
            self.thinned.insert(object.index);
            self.take_filling(set);
        }
    }

    /// What `set.update` adds. The order in which another module's set gets its items must be known.
    pub(super) fn items_to_add(&mut self, set: &Value, source: &Value) -> Eval<Vec<Value>> {
        match self.foreign_set(set) {
            Some(_) if self.set_entries(source)?.is_some() && self.python_special(source, "__iter__")?.is_some() => {
                self.residual(Rule::NotModelled, "adds what a subclass of set holds to a set of another module")
            }
            Some(_) => self.all_or_nothing(|machine| machine.collect_between_calls(source)),
            None => self.all_or_nothing(|machine| machine.collect_for_set(source)),
        }
    }

    pub(super) fn integer(value: i64) -> Value {
        Value::Int(Integer::Small(value))
    }
}
