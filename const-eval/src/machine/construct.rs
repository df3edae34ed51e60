//! Making objects of C types: `T.__new__`.

use super::functions::Keywords;
use super::types::Found;
use super::{Attributes, Eval, Machine, Stop};
use crate::ground::GroundId;
use crate::heap::{Dict, Instance, Iterator, Object, Payload, Property, Type, Wrapper};
use crate::primitive;
use crate::reason::{Reason, Rule};
use crate::value::{ObjectRef, Value};

impl Machine<'_> {
    /// `owner.__new__(class, …)`; the class is the first argument.
    pub(super) fn call_ground_new(
        &mut self,
        owner: GroundId,
        mut positional: Vec<Value>,
        keywords: Keywords,
    ) -> Eval<Value> {
        if positional.is_empty() {
            return self.raise("TypeError", "__new__(): not enough arguments");
        }
        let class_value = positional.remove(0);
        let Some(class) = self.as_type(&class_value) else {
            return self.residual(Rule::UnknownCall, "`__new__` of a class that is not known");
        };
        self.demand_safe_new(owner, class)?;
        let known = self.known;
        if owner == known.type_ {
            let mut arguments = vec![class_value];
            arguments.extend(positional);
            return self.type_new(&arguments, keywords);
        }
        if let Type::Class(_) = class {
            return self.new_instance(owner, class, positional, keywords);
        }
        let Type::Ground(id) = class else {
            return self.malformed();
        };
        if self.is_subtype(class, Type::Ground(known.base_exception)) {
            return self.new_instance(owner, class, positional, keywords);
        }
        self.new_exact(id, positional, keywords)
    }

    /// An instance of a Python class (or an exception): its C part, and empty attributes.
    fn new_instance(
        &mut self,
        owner: GroundId,
        class: Type,
        positional: Vec<Value>,
        keywords: Keywords,
    ) -> Eval<Value> {
        let known = self.known;
        if let Type::Class(object) = class {
            if owner == known.object && !self.is_own(object) {
                // Who sets this attribute of a class makes it abstract, or not.
                self.lookup(class, "__abstractmethods__");
            }
            let missing = self.class(object).map(|class| class.abstract_methods.clone()).unwrap_or_default();
            if owner == known.object && !missing.is_empty() {
                let name = self.c_name(class);
                return self.raise("TypeError", format!("Can't instantiate abstract class {name}"));
            }
        }
        let payload = if owner == known.property {
            // `property.__init__` fills it.
            Payload::Property(Default::default())
        } else if owner == known.static_method || owner == known.class_method {
            // So do theirs.
            Payload::Wrapper(None)
        } else if owner == known.object {
            self.check_object_new(class, &positional, &keywords)?;
            Payload::None
        } else if owner == known.list {
            Payload::List(Vec::new())
        } else if owner == known.dict {
            Payload::Dict(Default::default())
        } else if owner == known.set {
            Payload::Set(Default::default())
        } else if owner == known.frozenset {
            let own_init = self.lookup(class, "__init__").is_some_and(|found| matches!(found, Found::Value(_)));
            if positional.len() > 1 || !keywords.is_empty() && !own_init {
                let name = self.c_name(class);
                return self
                    .raise("TypeError", format!("{name} expected at most 1 argument, got {}", positional.len()));
            }
            let items = match positional.first() {
                Some(iterable) => self.collect_for_set(iterable)?,
                None => Vec::new(),
            };
            Payload::FrozenSet(self.set_of(items)?)
        } else if [known.int, known.float, known.complex, known.str, known.bytes, known.tuple].contains(&owner) {
            let data = self.new_exact(owner, positional, keywords)?;
            if matches!(data, Value::Opaque(_) | Value::Object(_) | Value::Unknown(_)) {
                return self.residual(Rule::NotModelled, "an instance whose value is computed by the target only");
            }
            Payload::Data(data)
        } else if owner == known.generic_alias && positional.len() == 2 && keywords.is_empty() {
            Payload::Data(self.new_exact(owner, positional, keywords)?)
        } else if let Type::Ground(group) = class
            && self.is_exception_group(class)
            && keywords.is_empty()
        {
            return self.new_exception_group(group, positional);
        } else if self.is_subtype(Type::Ground(owner), Type::Ground(known.base_exception)) {
            self.check_exception(owner, class, &positional, &keywords)?;
            Payload::Exception(positional)
        } else if self.makes_hidden_state(owner)
            && positional.iter().chain(keywords.iter().map(|(_, value)| value)).all(|value| self.is_inert(value))
        {
            let what = self.world.ground().entry(owner).qualified.clone();
            self.known_effect(Rule::Nondeterministic, format!("the state of a `{what}` differs between processes"));
            Payload::Hidden
        } else if self.makes_afresh(owner) && positional.is_empty() && keywords.is_empty() && !self.initialises(class) {
            self.current.recipe = true;
            Payload::Hidden
        } else {
            let what = self.world.ground().entry(owner).qualified.clone();
            return self
                .residual(Rule::NotModelled, format!("makes an instance of a class that derives from `{what}`"));
        };
        Ok(self.allocate(Object::Instance(Box::new(Instance {
            class,
            payload,
            attributes: Self::attributes(),
            slots: Self::attributes(),
        }))))
    }

    /// Has the class, or one that it derives from, an `__init__` in Python? That of an instance of `_thread._local` runs
    /// once in each thread.
    fn initialises(&mut self, class: Type) -> bool {
        !matches!(self.lookup(class, "__init__"), Some(Found::Ground { .. }))
    }

    /// `object_new`: complains of arguments that nobody takes.
    fn check_object_new(&mut self, class: Type, positional: &[Value], keywords: &Keywords) -> Eval<()> {
        if positional.is_empty() && keywords.is_empty() {
            return Ok(());
        }
        let object = self.known.object;
        let inherits = |found: Option<Found>| matches!(found, Some(Found::Ground { owner, .. }) if owner == object);
        let new = self.lookup(class, "__new__");
        let init = self.lookup(class, "__init__");
        if !inherits(new) || inherits(init) {
            let name = self.c_name(class);
            return self.raise("TypeError", format!("{name}() takes no arguments"));
        }
        Ok(())
    }

    /// Exceptions whose constructors do more than keep their arguments.
    fn check_exception(&mut self, owner: GroundId, class: Type, positional: &[Value], keywords: &Keywords) -> Eval<()> {
        let name = self.world.ground().entry(owner).name.clone();
        // `OSError(errno, …)` makes the subclass for that errno; `SyntaxError(message, details)` takes details apart.
        let special = (positional.len() > 1
            && (self.derives_from(class, "OSError") || self.derives_from(class, "SyntaxError")))
            || ["UnicodeDecodeError", "UnicodeEncodeError", "UnicodeTranslateError", "BaseExceptionGroup"]
                .iter()
                .any(|base| self.derives_from(class, base));
        if special || class == Type::Ground(owner) && !self.are_members(class, keywords) {
            return self
                .residual(Rule::NotModelled, format!("makes a `{name}` whose arguments have a meaning of their own"));
        }
        Ok(())
    }

    /// An instance of exactly a C type that derives from `dict`.
    pub(super) fn new_dict_of(&mut self, class: GroundId, entries: Dict) -> Value {
        let (class, payload) = (Type::Ground(class), Payload::Dict(entries));
        let (attributes, slots) = (Self::attributes(), Self::attributes());
        self.allocate(Object::Instance(Box::new(Instance { class, payload, attributes, slots })))
    }

    /// `T(…)` for exactly a C type.
    fn new_exact(&mut self, id: GroundId, positional: Vec<Value>, keywords: Keywords) -> Eval<Value> {
        let entry = self.world.ground().entry(id);
        let (qualified, call) = (entry.qualified.clone(), entry.call);
        if positional.iter().any(|value| self.class_of_unknown(value).is_some())
            && let Some(made) = self.call_with_process_data(call, &qualified, None, &positional, &keywords)?
        {
            return Ok(made);
        }
        for value in positional.iter().chain(keywords.iter().map(|(_, value)| value)) {
            // What merely keeps its arguments takes unknown ones too.
            if let Value::Unknown(reason) = value
                && !matches!(
                    &*qualified,
                    "_functools.partial"
                        | "functools.partial"
                        | "types.SimpleNamespace"
                        | "types.CellType"
                        | "builtins.cell"
                )
            {
                let reason = reason.clone();
                return self.unknown(
                    Rule::UnknownCall,
                    &format!("`{qualified}` of something that is not known"),
                    &reason,
                );
            }
        }
        self.demand_arity(&qualified, positional.len(), &keywords)?;
        if let Some(parameter) = self.new_type_parameter(id, &positional, &keywords)? {
            return Ok(parameter);
        }
        if qualified.starts_with("itertools.") {
            if let Some(iterator) = self.lazy_tool(id, &qualified, &positional, &keywords)? {
                return Ok(iterator);
            }
            if let Some(iterator) = self.combinatoric_iterator(id, &qualified, &positional, &keywords)? {
                return Ok(iterator);
            }
        }
        match &*qualified {
            "builtins.object" => {
                if !positional.is_empty() || !keywords.is_empty() {
                    return self.raise("TypeError", "object() takes no arguments");
                }
                self.current.recipe = true;
                Ok(self.allocate(Object::Instance(Box::new(Instance {
                    class: Type::Ground(id),
                    payload: Payload::None,
                    attributes: Self::attributes(),
                    slots: Self::attributes(),
                }))))
            }
            "builtins.list" => Ok(self.new_list(Vec::new())),
            "builtins.dict" => Ok(self.new_dict(Default::default())),
            // `__init__` fills it.
            "_collections.defaultdict" | "_collections.OrderedDict" => Ok(self.new_dict_of(id, Default::default())),
            "builtins.set" => Ok(self.allocate(Object::Set(Default::default()))),
            "builtins.frozenset" => {
                if let Some(value @ Value::Object(object)) = positional.first()
                    && matches!(self.object(*object), Object::FrozenSet(_))
                {
                    return Ok(value.clone());
                }
                let items = match positional.first() {
                    Some(iterable) => self.collect_for_set(iterable)?,
                    None => Vec::new(),
                };
                let made = self.new_frozen_set(items)?;
                if let Some(source) = positional.first() {
                    self.note_made_of(&made, source);
                }
                Ok(made)
            }
            "builtins.tuple" => {
                let items = match positional.first() {
                    Some(iterable) => self.collect_hinted(iterable)?,
                    None => Vec::new(),
                };
                Ok(Value::tuple(items))
            }
            "builtins.str" if positional.len() <= 1 && keywords.is_empty() => match positional.first() {
                Some(value) => self.str_of(&value.clone()),
                None => Ok(Value::str("")),
            },
            "builtins.bool" if keywords.is_empty() => match positional.first() {
                Some(value) => Ok(Value::Bool(self.truth(&value.clone())?)),
                None => Ok(Value::Bool(false)),
            },
            "builtins.int" | "builtins.float" | "builtins.complex" | "builtins.str" | "builtins.bytes"
            | "builtins.range" | "builtins.slice" => self.new_data(&qualified, positional, keywords),
            "builtins.property" => self.new_property(positional, keywords),
            "builtins.method" if keywords.is_empty() => match <[Value; 2]>::try_from(positional) {
                Ok([function, receiver]) if !matches!(receiver, Value::None) && self.callable(&function)? => {
                    Ok(self.allocate(Object::BoundMethod { function, receiver }))
                }
                _ => self.residual(Rule::Raises, "`types.MethodType` of what makes no method"),
            },
            "builtins.staticmethod" | "builtins.classmethod" => self.new_wrapper(&qualified, positional),
            "builtins.super" => self.new_super(positional),
            "builtins.enumerate" => {
                let start = match (positional.get(1), keywords.first()) {
                    (Some(Value::Int(start)), _) => start.to_i64(),
                    (None, Some((_, Value::Int(start)))) => start.to_i64(),
                    (None, None) => Some(0),
                    _ => None,
                };
                let (Some(next), Some(iterable)) = (start, positional.first()) else {
                    return self.residual(Rule::NotModelled, "`enumerate` with unusual arguments");
                };
                let inner = self.iterate(&iterable.clone())?;
                Ok(self.allocate(Object::Iterator { class: id, state: Iterator::Enumerate { inner, next } }))
            }
            "builtins.zip" => {
                let strict = match keywords.first() {
                    Some((_, value)) => self.truth(&value.clone())?,
                    None => false,
                };
                let mut inner = Vec::with_capacity(positional.len());
                for iterable in &positional {
                    inner.push(self.iterate(iterable)?);
                }
                Ok(self.allocate(Object::Iterator { class: id, state: Iterator::Zip { inner, strict } }))
            }
            "builtins.map" | "builtins.filter" | "itertools.filterfalse"
                if positional.len() >= 2 && keywords.is_empty() =>
            {
                let function = positional[0].clone();
                let mut inner = Vec::with_capacity(positional.len() - 1);
                for iterable in &positional[1..] {
                    inner.push(self.iterate(iterable)?);
                }
                let iterator = match (&*qualified, inner.as_slice()) {
                    ("builtins.filter", [only]) => Iterator::Filter { function, inner: only.clone(), wanted: true },
                    ("itertools.filterfalse", [only]) => {
                        Iterator::Filter { function, inner: only.clone(), wanted: false }
                    }
                    ("builtins.map", _) => Iterator::Map { function, inner },
                    _ => return self.raise("TypeError", "filter expected 2 arguments"),
                };
                Ok(self.allocate(Object::Iterator { class: id, state: iterator }))
            }
            "builtins.reversed" => {
                let Some(sequence) = positional.first() else {
                    return self.raise("TypeError", "reversed expected 1 argument, got 0");
                };
                let sequence = sequence.clone();
                let class = self.type_of(&sequence)?;
                if matches!(class, Type::Class(_))
                    && (self.python_definition(class, "__reversed__").is_some()
                        || self.python_definition(class, "__getitem__").is_some())
                {
                    return self.residual(Rule::NotModelled, "`reversed` of an object of a Python class");
                }
                if self.set_entries(&sequence)?.is_some() {
                    return self.raise("TypeError", "'set' object is not reversible");
                }
                // By index, past `__iter__`.
                let data = self.plain_data(&sequence);
                let mut items = self.collect(if data_is_sequence(&data) { &data } else { &sequence })?;
                items.reverse();
                let class = match &sequence {
                    Value::Object(object) if matches!(self.object(*object), Object::List(_)) => {
                        self.known.list_reverse_iterator
                    }
                    Value::Tuple(_) | Value::Str(_) | Value::Bytes(_) => id,
                    _ => crate::heap::UNKNOWN_TYPE,
                };
                Ok(self.items_iterator(items, class))
            }
            "itertools.count" => {
                let number = |value: Option<&Value>, default: i64| match value {
                    Some(Value::Int(number)) => number.to_i64(),
                    None => Some(default),
                    _ => None,
                };
                match (number(positional.first(), 0), number(positional.get(1), 1), keywords.is_empty()) {
                    (Some(next), Some(step), true) => {
                        Ok(self.allocate(Object::Iterator { class: id, state: Iterator::Count { next, step } }))
                    }
                    _ => self.residual(Rule::NotModelled, "`itertools.count` with unusual arguments"),
                }
            }
            "itertools.chain" => Ok(self
                .allocate(Object::Iterator { class: id, state: Iterator::Chain { rest: positional, current: None } })),
            "builtins.mappingproxy" | "types.MappingProxyType" => {
                let Some(mapping) = positional.first() else {
                    return self.raise("TypeError", "mappingproxy() missing required argument");
                };
                if self.dict_entries(mapping)?.is_none() {
                    return self.residual(Rule::NotModelled, "a mapping proxy of something that is not a dict");
                }
                Ok(self.allocate(Object::MappingProxy(mapping.clone())))
            }
            "types.GenericAlias" if positional.len() == 2 && keywords.is_empty() => {
                let arguments = match &positional[1] {
                    Value::Tuple(items) => items.to_vec(),
                    other => vec![other.clone()],
                };
                Ok(self.allocate(Object::GenericAlias { origin: positional[0].clone(), arguments }))
            }
            "builtins.bytearray" => {
                let result = crate::ground::ResultType::Exactly(id);
                let call = crate::ground::CallClass { effect: crate::ground::Effect::Pure, result };
                self.call_described(call, &qualified, None, positional, keywords)
            }
            "_json.make_scanner" if positional.len() == 1 && keywords.is_empty() => {
                self.new_scanner(id, &positional[0])
            }
            "builtins.NoneType" if positional.is_empty() && keywords.is_empty() => Ok(Value::None),
            "builtins.ellipsis" if positional.is_empty() => Ok(Value::Ellipsis),
            _ => {
                let call = self.world.ground().entry(id).call;
                self.call_described(call, &qualified, None, positional, keywords)
            }
        }
    }

    /// `make_scanner(context)` keeps what it reads of the decoder (`scanner_new` in _json.c).
    fn new_scanner(&mut self, id: GroundId, context: &Value) -> Eval<Value> {
        let strict = self.get_attribute(context, "strict")?;
        self.truth(&strict)?;
        let mut kept = vec![strict];
        for name in ["object_hook", "object_pairs_hook", "parse_float", "parse_int", "parse_constant"] {
            kept.push(self.get_attribute(context, name)?);
        }
        Ok(self.new_native(id, kept))
    }

    /// `int(…)`, `float(…)`, … from data, or through the conversion methods of Python classes.
    pub(super) fn new_data(&mut self, qualified: &str, positional: Vec<Value>, keywords: Keywords) -> Eval<Value> {
        let name = qualified.trim_start_matches("builtins.");
        let given = positional.clone();
        // The encoding is looked at before anything is read of the first argument.
        if name == "bytes" {
            let others = positional
                .iter()
                .skip(1)
                .chain(keywords.iter().filter(|(name, _)| &**name != "source").map(|(_, value)| value));
            if others.into_iter().any(|value| !matches!(self.plain_data(value), Value::Str(_))) {
                return self.raise("TypeError", "bytes() argument 'encoding' must be str");
            }
        }
        let mut arguments = Vec::with_capacity(positional.len());
        for (place, value) in positional.into_iter().enumerate() {
            // The others are no more than looked at.
            let value = if place == 0 || name != "bytes" { self.conversion_argument(name, value)? } else { value };
            arguments.push(value);
        }
        if arguments.iter().any(|value| matches!(value, Value::Opaque(_))) {
            return self
                .residual(Rule::Raises, format!("`{name}` may raise for a value that is computed by the target only"));
        }
        let keywords: Vec<(&str, Value)> = keywords.iter().map(|(name, value)| (&**name, value.clone())).collect();
        let outcome = primitive::construct(self.context(), name, &arguments, &keywords);
        let given: Vec<&Value> = given.iter().collect();
        self.primitive_of(outcome, &given)
    }

    fn conversion_argument(&mut self, name: &str, value: Value) -> Eval<Value> {
        let Value::Object(object) = &value else {
            return Ok(value);
        };
        let object = *object;
        match (name, self.object(object)) {
            // `bytes` takes an iterable of integers.
            (
                "bytes",
                Object::List(_)
                | Object::Set(_)
                | Object::FrozenSet(_)
                | Object::Generator(_)
                | Object::Iterator { .. },
            ) => Ok(Value::tuple(self.collect_hinted(&value)?)),
            ("slice", _) => Ok(value),
            _ => {
                let class = self.type_of(&value)?;
                let methods: &[&str] = match name {
                    "int" => &["__int__", "__index__", "__trunc__"],
                    "range" => &["__index__"],
                    "float" => &["__float__", "__index__"],
                    "complex" => &["__complex__", "__float__", "__index__"],
                    "bytes" => &["__bytes__"],
                    _ => &["__str__"],
                };
                for method in methods {
                    if *method == "__index__" && self.whole_number(&value).is_some() {
                        break;
                    }
                    let definition = self.lookup(class, method);
                    // What a type of C converts by itself is not asked for another conversion.
                    if matches!(definition, Some(Found::Ground { .. })) {
                        break;
                    }
                    if let Some(Found::Value(found)) = definition {
                        if *method == "__trunc__" {
                            return self.residual(Rule::NotModelled, "`int` warns when it calls `__trunc__`");
                        }
                        let bound = self.bind(Found::Value(found), method, Some(&value), class)?;
                        let converted = self.call(&bound, Vec::new(), Vec::new())?;
                        let is_expected = match (*method, &converted) {
                            ("__int__" | "__index__", Value::Int(_))
                            | ("__float__", Value::Float(_))
                            | ("__complex__", Value::Complex(..))
                            | ("__bytes__", Value::Bytes(_))
                            | ("__str__", Value::Str(_)) => true,
                            // What is of a subclass is taken with a warning, or converted once more.
                            (_, Value::Object(_) | Value::Bool(_) | Value::Unknown(_) | Value::Opaque(_)) => {
                                return self.residual(Rule::NotModelled, format!("`{method}` gives an unusual object"));
                            }
                            _ => false,
                        };
                        return if is_expected {
                            Ok(converted)
                        } else {
                            self.raise("TypeError", format!("{method} returned an object of another type"))
                        };
                    }
                }
                let data = self.plain_data(&value);
                if matches!(data, Value::Object(_)) {
                    let class = self.type_name(class);
                    return self.residual(Rule::NotModelled, format!("`{name}` of a `{class}`"));
                }
                Ok(data)
            }
        }
    }

    fn new_property(&mut self, positional: Vec<Value>, keywords: Keywords) -> Eval<Value> {
        let mut property = self.property_of(positional, keywords)?;
        if let Some(doc) = self.doc_of_getter(&property)? {
            property.doc = doc;
        }
        Ok(self.allocate(Object::Property(Box::new(property))))
    }

    /// `property.__init__` of an instance of a subclass: its docstring is an attribute of the instance.
    pub(super) fn init_property(&mut self, made: &Value, positional: Vec<Value>, keywords: Keywords) -> Eval<()> {
        let property = self.property_of(positional, keywords)?;
        let inherited = self.doc_of_getter(&property)?;
        let doc = match (&inherited, &property.doc) {
            (Some(doc), _) => Some(doc.clone()),
            (None, doc) if self.version() >= (3, 12) => Some(doc.clone()),
            (None, _) => None,
        };
        let Value::Object(object) = made else { return self.malformed() };
        if let Object::Instance(instance) = self.object_mut(*object)? {
            instance.payload = Payload::Property(Box::new(property));
        }
        let Some(doc) = doc else { return Ok(()) };
        match self.catching(|machine| machine.set_attribute(made, "__doc__", doc)) {
            // Whether it is dropped depends on the version, and on where the text comes from.
            Err(Stop::Raise(_)) => self.residual(Rule::NotModelled, "a property that can't keep its docstring"),
            other => other,
        }
    }

    /// The docstring that a property without one of its own takes from its getter.
    fn doc_of_getter(&mut self, property: &Property) -> Eval<Option<Value>> {
        match (&property.doc, &property.get) {
            (Value::None, Value::None) => Ok(None),
            (Value::None, getter) => {
                let doc = self.find_attribute(&getter.clone(), "__doc__")?;
                Ok(doc.filter(|doc| self.version() < (3, 12) || !matches!(doc, Value::None)))
            }
            _ => Ok(None),
        }
    }

    fn property_of(&mut self, positional: Vec<Value>, keywords: Keywords) -> Eval<Property> {
        let mut parts = [Value::None, Value::None, Value::None, Value::None];
        for (slot, value) in positional.into_iter().enumerate() {
            match parts.get_mut(slot) {
                Some(part) => *part = value,
                None => return self.raise("TypeError", "property expected at most 4 arguments"),
            }
        }
        for (name, value) in keywords {
            let slot = ["fget", "fset", "fdel", "doc"].iter().position(|known| **known == *name);
            match slot {
                Some(slot) => parts[slot] = value,
                None => {
                    return self.raise("TypeError", format!("property() got an unexpected keyword argument '{name}'"));
                }
            }
        }
        let [get, set, delete, doc] = parts;
        Ok(Property { get, set, delete, doc, attributes: Self::attributes() })
    }

    /// `staticmethod` and `classmethod` take over the function's attributes (`functools_wraps` in funcobject.c).
    fn new_wrapper(&mut self, qualified: &str, positional: Vec<Value>) -> Eval<Value> {
        let [function] = positional.as_slice() else {
            return self.raise("TypeError", "expected 1 argument");
        };
        let attributes = self.attributes_to_take_over(function)?;
        let wrapper = Wrapper { function: function.clone(), attributes };
        Ok(self.allocate(if qualified == "builtins.staticmethod" {
            Object::StaticMethod(wrapper)
        } else {
            Object::ClassMethod(wrapper)
        }))
    }

    /// `__init__` of both, of an instance of a class that derives from one.
    pub(super) fn init_wrapper(&mut self, made: &Value, positional: &[Value]) -> Eval<()> {
        let ([function], Value::Object(object)) = (positional, made) else {
            return self.residual(Rule::Raises, "`staticmethod` or `classmethod` of something else than one function");
        };
        let attributes = self.attributes_to_take_over(function)?;
        let Object::Instance(instance) = self.object_mut(*object)? else { return self.malformed() };
        instance.payload = Payload::Wrapper(Some(function.clone()));
        instance.attributes.extend(attributes);
        Ok(())
    }

    fn attributes_to_take_over(&mut self, function: &Value) -> Eval<Attributes> {
        let mut attributes = Self::attributes();
        for name in ["__module__", "__name__", "__qualname__", "__doc__"] {
            if let Some(value) = self.find_attribute(function, name)? {
                attributes.insert(name.into(), value);
            }
        }
        if let Some(annotations) = self.annotations_to_take_over(function)? {
            attributes.insert("__annotations__".into(), annotations);
        }
        if let Value::Object(object) = function
            && let Object::Function(function) = self.object(*object)
        {
            for (name, value) in &function.attributes {
                attributes.insert(name.clone(), value.clone());
            }
        }
        Ok(attributes)
    }

    /// What an instance of a class that derives from `staticmethod` or `classmethod` wraps.
    pub(super) fn wrapped_by(&self, object: ObjectRef) -> Option<&Value> {
        match self.object(object) {
            Object::Instance(instance) => match &instance.payload {
                Payload::Wrapper(function) => function.as_ref(),
                _ => None,
            },
            Object::StaticMethod(wrapper) | Object::ClassMethod(wrapper) => Some(&wrapper.function),
            _ => None,
        }
    }

    /// The very dictionary that a function or class keeps; that of another module's is not known.
    fn annotations_to_take_over(&mut self, function: &Value) -> Eval<Option<Value>> {
        match function {
            Value::Object(object)
                if !self.is_own(*object) && matches!(self.object(*object), Object::Function(_) | Object::Class(_)) =>
            {
                let message = "the annotations of what another module has made";
                Ok(Some(Value::Unknown(Reason::of_class(Rule::ForeignContents, message, Some(self.known.dict)))))
            }
            // What is implemented in C has none.
            Value::Ground(_) => Ok(None),
            _ => self.find_attribute(function, "__annotations__"),
        }
    }

    fn new_super(&mut self, positional: Vec<Value>) -> Eval<Value> {
        let [start, receiver] = positional.as_slice() else {
            return self.residual(Rule::NotModelled, "`super` without its usual arguments");
        };
        self.make_super(&start.clone(), receiver.clone())
    }

    /// `super(start, receiver)`
    pub(super) fn make_super(&mut self, start: &Value, receiver: Value) -> Eval<Value> {
        let Some(start) = self.as_type(start) else {
            return self.residual(Rule::NotModelled, "`super` of a class that is not known");
        };
        let of = match self.as_type(&receiver) {
            Some(class) if self.is_subtype(class, start) => class,
            _ => {
                let class = self.type_of(&receiver)?;
                if !self.is_subtype(class, start) {
                    return self.raise("TypeError", "super(type, obj): obj must be an instance or subtype of type");
                }
                class
            }
        };
        Ok(self.allocate(Object::Super { start, receiver, of }))
    }
}

fn data_is_sequence(value: &Value) -> bool {
    matches!(value, Value::Tuple(_) | Value::Str(_) | Value::Bytes(_) | Value::Range(_))
}
