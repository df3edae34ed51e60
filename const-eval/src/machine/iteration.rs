//! Iteration: `iter`, `next`, collecting, unpacking.

use std::sync::Arc;

use super::types::Found;
use super::{Eval, Machine, Stop};
use crate::ground::GroundId;
use crate::heap::{GeneratorKind, Iterator, Object, Payload, Tool, Type, UNKNOWN_TYPE, ViewKind};
use crate::primitive;
use crate::reason::Rule;
use crate::value::{ObjectRef, Value};

/// Why a container is not known of which only a part may have been filled.
pub(super) const PART_OF_IT: &str = "an exception while a container is filled";

/// How an iterator ends.
enum End {
    Returned(Value),
    /// By a `StopIteration` of somebody's.
    Raised(Value),
}

impl Machine<'_> {
    fn iterator_over(&mut self, items: Vec<Value>, class: GroundId) -> Value {
        self.allocate(Object::Iterator { class, state: Iterator::Items { items: items.into(), next: 0 } })
    }

    /// `iter(value)`
    pub(super) fn iterate(&mut self, value: &Value) -> Eval<Value> {
        if let Value::Unknown(reason) = value {
            let reason = reason.clone();
            return self.unknown(Rule::UnknownIteration, "iterates over something that is not known", &reason);
        }
        if let Value::Object(object) = value
            && let Object::Iterator { .. } = self.object(*object)
        {
            return Ok(value.clone());
        }
        let class = self.type_of(value)?;
        match self.python_definition(class, "__iter__") {
            Some(Value::None) => {
                let name = self.c_name(class);
                return self.raise("TypeError", format!("'{name}' object is not iterable"));
            }
            Some(method) => {
                let method = self.bind(Found::Value(method), "__iter__", Some(value), class)?;
                return self.call(&method, Vec::new(), Vec::new());
            }
            None => {}
        }
        match value {
            Value::Tuple(items) => {
                let class = self.known.tuple_iterator;
                Ok(self.allocate(Object::Iterator { class, state: Iterator::Items { items: items.clone(), next: 0 } }))
            }
            Value::Str(_) | Value::Bytes(_) | Value::Range(_) => {
                let class = match value {
                    Value::Str(text) if text.is_ascii() => self.known.str_ascii_iterator,
                    Value::Str(_) => self.known.str_iterator,
                    Value::Bytes(_) => self.known.bytes_iterator,
                    Value::Range(bounds) if bounds.iter().any(|bound| bound.to_i64().is_none()) => {
                        let class = self.known.long_range_iterator;
                        return Ok(self.allocate(Object::Iterator { class, state: Iterator::Opaque }));
                    }
                    _ => self.known.range_iterator,
                };
                let outcome = primitive::iterate(self.context(), value);
                let items = self.primitive(outcome)?;
                self.charge(items.len())?;
                Ok(self.iterator_over(items, class))
            }
            Value::Object(_) if class == Type::Ground(self.known.type_var_tuple) => {
                let unpacked = self.unpack_parameter(value)?;
                let class = self.known.tuple_iterator;
                Ok(self.iterator_over(vec![unpacked], class))
            }
            Value::Object(object) => self.iterate_object(*object, value, class),
            Value::Opaque(id) if *id == self.known.bytearray => {
                let class = self.known.bytearray_iterator;
                Ok(self.allocate(Object::Iterator { class, state: Iterator::Opaque }))
            }
            Value::Ground(_) if matches!(self.plain_data(value), Value::Tuple(_)) => {
                let items = self.plain_data(value);
                self.iterate(&items)
            }
            Value::Ground(_) => match self.ground_list(value) {
                Some(items) => self.iterate(&items),
                None => self.not_iterable(class),
            },
            _ => self.not_iterable(class),
        }
    }

    /// The `__iter__` of a C type, for an instance of a class that may have its own.
    pub(super) fn iterate_in_c(&mut self, value: &Value) -> Eval<Value> {
        match value {
            Value::Object(object) => {
                let class = self.type_of(value)?;
                self.iterate_object(*object, value, class)
            }
            _ => self.iterate(value),
        }
    }

    fn iterate_object(&mut self, object: ObjectRef, value: &Value, class: Type) -> Eval<Value> {
        enum Kind {
            Itself,
            List,
            Dict(Value, ViewKind),
            Set,
            Data(Value),
            Proxy,
            Other,
        }
        let kind = match self.object(object) {
            Object::Iterator { .. } => Kind::Itself,
            Object::Generator(generator) if generator.kind == GeneratorKind::Generator => Kind::Itself,
            Object::Generator(_) => Kind::Other,
            Object::List(_) => Kind::List,
            Object::Dict(_) => Kind::Dict(value.clone(), ViewKind::Keys),
            Object::InstanceDict(_) | Object::Globals | Object::GroundNamespace(_) => {
                Kind::Dict(value.clone(), ViewKind::Keys)
            }
            Object::DictView { dict, kind } => Kind::Dict(dict.clone(), *kind),
            Object::Set(_) | Object::FrozenSet(_) => Kind::Set,
            Object::MappingProxy(_) => Kind::Proxy,
            Object::Instance(instance) => match &instance.payload {
                Payload::List(_) => Kind::List,
                Payload::Dict(_) => Kind::Dict(value.clone(), ViewKind::Keys),
                Payload::Set(_) | Payload::FrozenSet(_) => Kind::Set,
                Payload::Data(data) => Kind::Data(data.clone()),
                _ => Kind::Other,
            },
            _ => Kind::Other,
        };
        match kind {
            Kind::Itself => Ok(value.clone()),
            Kind::List => {
                self.contents(object)?;
                {
                    let class = self.known.list_iterator;
                    Ok(self
                        .allocate(Object::Iterator { class, state: Iterator::List { list: value.clone(), next: 0 } }))
                }
            }
            Kind::Dict(dict, kind) => {
                let size = self.length_of_dict(&dict)?;
                {
                    let class = match kind {
                        _ if self.is_ordered_dict(&dict) => self.known.ordered_iterator,
                        ViewKind::Keys => self.known.dict_key_iterator,
                        ViewKind::Values => self.known.dict_value_iterator,
                        ViewKind::Items => self.known.dict_item_iterator,
                    };
                    Ok(self.allocate(Object::Iterator {
                        class,
                        state: Iterator::Dict { dict, kind, next: 0, size, changes: self.ordered_changes },
                    }))
                }
            }
            Kind::Set => {
                let items = self.set_entries(value)?.unwrap_or_default();
                let mut items: Vec<Value> = items.into_values().collect();
                if let Some(sorted) = self.integers_in_order(object, &items) {
                    items = sorted;
                } else if items.len() > 1
                    && let Some(item) = self.item_in_any_order(&items)
                {
                    items.fill(item);
                } else if items.len() > 1 {
                    return self.residual(
                        Rule::Nondeterministic,
                        "iterates over a set, whose order may differ between processes",
                    );
                }
                {
                    let class = self.known.set_iterator;
                    Ok(self.iterator_over(items, class))
                }
            }
            Kind::Proxy => {
                let items = self.proxy_items(object)?.into_iter().map(|(key, _)| key).collect();
                Ok(self.iterator_over(items, UNKNOWN_TYPE))
            }
            Kind::Data(data) => self.iterate(&data),
            Kind::Other => {
                if let Some(found) = self.python_definition(class, "__getitem__") {
                    let _ = found;
                    {
                        let class = self.known.sequence_iterator;
                        return Ok(self.allocate(Object::Iterator {
                            class,
                            state: Iterator::Sequence { sequence: value.clone(), next: 0 },
                        }));
                    }
                }
                self.not_iterable(class)
            }
        }
    }

    /// The items of a set of small integers, in the order in which it is iterated: each lies in the place of its
    /// table that is its own, if the table is as large as a set of that many items needs at least (`set_add_entry` in
    /// setobject.c), and nothing was removed whose place it could not take.
    fn integers_in_order(&self, set: ObjectRef, items: &[Value]) -> Option<Vec<Value>> {
        let removed = match self.object(set) {
            Object::FrozenSet(_) => false,
            Object::Instance(instance) => !matches!(instance.payload, Payload::FrozenSet(_)),
            _ => !self.is_own(set) || self.thinned.contains(&set.index),
        };
        let mut least: usize = 8;
        while items.len() * 5 >= (least - 1) * 3 {
            least *= 2;
        }
        let place = |item: &Value| match item {
            Value::Int(number) => usize::try_from(number.to_i64()?).ok().filter(|place| *place < least),
            _ => None,
        };
        let mut placed = items.iter().map(|item| Some((place(item)?, item.clone()))).collect::<Option<Vec<_>>>()?;
        placed.sort_by_key(|(place, _)| *place);
        (!removed).then(|| placed.into_iter().map(|(_, item)| item).collect())
    }

    pub(super) fn length_of_dict(&mut self, dict: &Value) -> Eval<usize> {
        match self.dict_entries(dict)? {
            Some(entries) => Ok(entries.len()),
            None => self.residual(Rule::NotModelled, "iterates over a view of something that is not a dict"),
        }
    }

    fn not_iterable(&mut self, class: Type) -> Eval<Value> {
        let name = self.type_name(class);
        if self.lookup(class, "__iter__").is_some() || self.lookup(class, "__getitem__").is_some() {
            return self.residual(
                Rule::UnknownIteration,
                format!("iterates over a `{name}` that is computed by the target only"),
            );
        }
        self.raise("TypeError", format!("'{name}' object is not iterable"))
    }

    /// `next(iterator)`; `None` when exhausted.
    pub(super) fn next(&mut self, iterator: &Value) -> Eval<Option<Value>> {
        Ok(self.next_or_end(iterator)?.ok())
    }

    /// The next item, or what the iterator returned (`StopIteration.value`).
    pub(super) fn next_or_result(&mut self, iterator: &Value) -> Eval<Result<Value, Value>> {
        match self.next_or_end(iterator)? {
            Ok(item) => Ok(Ok(item)),
            Err(End::Returned(result)) => Ok(Err(result)),
            Err(End::Raised(exception)) => Ok(Err(self.find_attribute(&exception, "value")?.unwrap_or(Value::None))),
        }
    }

    /// Where code of others takes part, as in `map`, it may be they who raise `StopIteration`: it ends the iteration too.
    fn next_or_end(&mut self, iterator: &Value) -> Eval<Result<Value, End>> {
        let is_generator =
            matches!(iterator, Value::Object(object) if matches!(self.object(*object), Object::Generator(_)));
        let next = match is_generator {
            true => self.next_or_raise(iterator),
            false => self.catching(|machine| machine.next_or_raise(iterator)),
        };
        match next {
            Ok(next) => Ok(next.map_err(End::Returned)),
            Err(Stop::Raise(exception)) if self.is_instance_of(&exception, self.known.stop_iteration)? => {
                Ok(Err(End::Raised(exception)))
            }
            Err(stop) => Err(stop),
        }
    }

    /// The next item, or what the iterator returned; a `StopIteration` that is raised by Python code passes.
    pub(super) fn next_or_raise(&mut self, iterator: &Value) -> Eval<Result<Value, Value>> {
        let object = match iterator {
            Value::Object(object) => *object,
            Value::Unknown(reason) => {
                let reason = reason.clone();
                return self.unknown(Rule::UnknownIteration, "advances an iterator that is not known", &reason);
            }
            _ => {
                return self
                    .residual(Rule::UnknownIteration, "advances an iterator that is computed by the target only");
            }
        };
        match self.object(object) {
            Object::Generator(_) => self.resume(object),
            Object::Iterator { .. } => match self.advance(object)? {
                Some(item) => Ok(Ok(item)),
                None => Ok(Err(Value::None)),
            },
            Object::Instance(_) => {
                let class = self.type_of(iterator)?;
                match self.python_definition(class, "__next__") {
                    Some(method) => {
                        let method = self.bind(Found::Value(method), "__next__", Some(iterator), class)?;
                        self.call(&method, Vec::new(), Vec::new()).map(Ok)
                    }
                    None => {
                        let name = self.c_name(class);
                        self.raise("TypeError", format!("'{name}' object is not an iterator"))
                    }
                }
            }
            _ => {
                let class = self.type_of(iterator)?;
                let name = self.type_name(class);
                self.residual(Rule::UnknownIteration, format!("advances a `{name}`"))
            }
        }
    }

    fn advance(&mut self, object: ObjectRef) -> Eval<Option<Value>> {
        self.count_step()?;
        let Object::Iterator { class, state } = self.object_mut(object)? else {
            return self.malformed();
        };
        // Taken out while it runs: it may call Python code.
        let class = *class;
        let mut iterator = std::mem::replace(state, Iterator::Finished);
        let item = self.advance_iterator(&mut iterator);
        if let Ok(Some(item)) = &item {
            self.charge_size(item)?;
        }
        // An exception from within (`map`'s function) does not end the iterator.
        let goes_on = matches!(item, Ok(None)) && asks_again(&iterator);
        if goes_on || matches!(item, Ok(Some(_)) | Err(Stop::Raise(_))) {
            *self.object_mut(object)? = Object::Iterator { class, state: iterator };
        }
        item
    }

    fn advance_iterator(&mut self, iterator: &mut Iterator) -> Eval<Option<Value>> {
        match iterator {
            Iterator::Finished => Ok(None),
            Iterator::Tool(tool) => self.advance_tool(tool),
            Iterator::Opaque => self.residual(Rule::Budget, "iterates over a huge range"),
            Iterator::Items { items, next } => {
                let item = items.get(*next).cloned();
                *next += 1;
                Ok(item)
            }
            Iterator::List { list, next } => {
                let Value::Object(object) = list else {
                    return Ok(None);
                };
                let item = match self.contents(*object)? {
                    Object::List(items) => items.get(*next).cloned(),
                    Object::Instance(instance) => match &instance.payload {
                        Payload::List(items) => items.get(*next).cloned(),
                        _ => None,
                    },
                    _ => None,
                };
                *next += 1;
                Ok(item)
            }
            Iterator::Dict { dict, kind, next, size, changes } => {
                let dict = &*dict;
                let Value::Object(object) = dict else {
                    return Ok(None);
                };
                self.check_unmoved(dict, *size, *changes)?;
                let live;
                let entries = match self.object(*object) {
                    Object::InstanceDict(_) | Object::Globals | Object::GroundNamespace(_) => {
                        live = self.dict_entries(dict)?.unwrap_or_default();
                        self.charge(live.len())?;
                        &live
                    }
                    // It was empty when the iteration began.
                    Object::Identities { .. } => {
                        return self.residual(Rule::Nondeterministic, "iterates over identities");
                    }
                    _ => match self.contents(*object)? {
                        Object::Dict(entries) => entries,
                        Object::Instance(instance) => match &instance.payload {
                            Payload::Dict(entries) => entries,
                            _ => return Ok(None),
                        },
                        _ => return Ok(None),
                    },
                };
                if entries.len() != *size {
                    return self.raise_exactly("RuntimeError", "dictionary changed size during iteration");
                }
                let item = entries.get_index(*next).map(|(_, (key, value))| match kind {
                    ViewKind::Keys => key.clone(),
                    ViewKind::Values => value.clone(),
                    ViewKind::Items => Value::tuple(vec![key.clone(), value.clone()]),
                });
                *next += 1;
                Ok(item)
            }
            Iterator::Sequence { sequence, next } => {
                let index = Value::int(*next);
                *next += 1;
                let sequence = sequence.clone();
                match self.catching(|machine| machine.get_item(&sequence, &index)) {
                    Ok(item) => Ok(Some(item)),
                    Err(Stop::Raise(exception)) => {
                        for name in ["IndexError", "StopIteration"] {
                            if let Some(id) = self.world.ground().builtin(name)
                                && self.is_instance_of(&exception, id)?
                            {
                                return Ok(None);
                            }
                        }
                        Err(Stop::Raise(exception))
                    }
                    Err(stop) => Err(stop),
                }
            }
            Iterator::Enumerate { inner, next } => match self.next(inner)? {
                Some(item) => {
                    let index = Value::int(*next);
                    let Some(following) = next.checked_add(1) else {
                        return self.residual(Rule::NotModelled, "counts further than 64 bits reach");
                    };
                    *next = following;
                    Ok(Some(Value::tuple(vec![index, item])))
                }
                None => Ok(None),
            },
            Iterator::Zip { inner, strict } => {
                let mut items = Vec::with_capacity(inner.len());
                for (index, iterator) in inner.iter().enumerate() {
                    match self.next(iterator)? {
                        Some(item) => items.push(item),
                        None if *strict && index > 0 => {
                            return self.raise(
                                "ValueError",
                                format!("zip() argument {} is shorter than argument 1", index + 1),
                            );
                        }
                        None if *strict => {
                            for other in &inner[1..] {
                                if self.next(other)?.is_some() {
                                    return self.raise("ValueError", "zip() argument 2 is longer than argument 1");
                                }
                            }
                            return Ok(None);
                        }
                        None => return Ok(None),
                    }
                }
                if inner.is_empty() {
                    return Ok(None);
                }
                Ok(Some(Value::tuple(items)))
            }
            Iterator::Map { function, inner } => {
                let mut arguments = Vec::with_capacity(inner.len());
                for iterator in inner.iter() {
                    match self.next(iterator)? {
                        Some(item) => arguments.push(item),
                        None => return Ok(None),
                    }
                }
                self.call(&function.clone(), arguments, Vec::new()).map(Some)
            }
            Iterator::Filter { function, inner, wanted } => loop {
                let Some(item) = self.next(inner)? else {
                    return Ok(None);
                };
                let holds = match &*function {
                    Value::None => self.truth(&item)?,
                    function => {
                        let result = self.call(&function.clone(), vec![item.clone()], Vec::new())?;
                        self.truth(&result)?
                    }
                };
                if holds == *wanted {
                    return Ok(Some(item));
                }
            },
            Iterator::Count { next, step } => {
                let item = Value::int(*next);
                match next.checked_add(*step) {
                    Some(following) => *next = following,
                    None => return self.residual(Rule::NotModelled, "counts beyond 64 bits"),
                }
                Ok(Some(item))
            }
            Iterator::Chain { rest, current } => loop {
                if let Some(iterator) = current {
                    if let Some(item) = self.next(iterator)? {
                        return Ok(Some(item));
                    }
                    *current = None;
                }
                if rest.is_empty() {
                    return Ok(None);
                }
                let following = rest.remove(0);
                *current = Some(self.iterate(&following)?);
            },
            Iterator::Chained { outer, current } => loop {
                if let Some(iterator) = current {
                    if let Some(item) = self.next(iterator)? {
                        return Ok(Some(item));
                    }
                    *current = None;
                }
                let following = match self.next(outer) {
                    Ok(Some(following)) => self.iterate(&following),
                    Ok(None) => return Ok(None),
                    Err(stop) => Err(stop),
                };
                *current = Some(match following {
                    // `chain_next` in itertoolsmodule.c: there is nothing more after that.
                    Err(Stop::Raise(_)) => {
                        return self.residual(Rule::NotModelled, "an exception among iterables that are chained");
                    }
                    following => following?,
                });
            },
        }
    }

    /// All items, by the iterator protocol.
    pub(super) fn collect(&mut self, value: &Value) -> Eval<Vec<Value>> {
        if let Value::Tuple(items) = value {
            return Ok(items.to_vec());
        }
        let iterator = self.iterate(value)?;
        self.exhaust(&iterator)
    }

    /// All items, as a list or tuple is made of them: the iterable is asked for its
    /// length beforehand (`PyObject_LengthHint`).
    pub(super) fn collect_hinted(&mut self, value: &Value) -> Eval<Vec<Value>> {
        let Value::Object(_) = value else { return self.collect(value) };
        // `__iter__` goes first: it may do something, or there may be none.
        let iterator = self.iterate(value)?;
        self.ask_length_hint(value)?;
        self.exhaust(&iterator)
    }

    /// `PyObject_LengthHint` of something for which there is an iterator already.
    pub(super) fn ask_length_hint(&mut self, value: &Value) -> Eval<()> {
        let class = self.type_of(value)?;
        for name in ["__len__", "__length_hint__"] {
            match self.lookup(class, name) {
                Some(found @ Found::Value(_)) => {
                    let method = self.bind(found, name, Some(value), class)?;
                    return self.length_hint(&method);
                }
                // What C tells of itself, it tells to nobody else.
                Some(Found::Ground { .. }) => return Ok(()),
                None => {}
            }
        }
        Ok(())
    }

    /// What is collected is added to a container one by one: after an exception on the way, part of it would be there.
    pub(super) fn all_or_nothing<T>(&mut self, collect: impl FnOnce(&mut Self) -> Eval<T>) -> Eval<T> {
        match collect(self) {
            Err(Stop::Raise(_)) => self.residual(Rule::Raises, PART_OF_IT),
            outcome => outcome,
        }
    }

    fn length_hint(&mut self, method: &Value) -> Eval<()> {
        match self.call(method, Vec::new(), Vec::new()) {
            Ok(Value::Int(length)) if length.to_i64().is_some_and(|length| length >= 0) => Ok(()),
            Ok(_) | Err(Stop::Raise(_)) => self.residual(Rule::NotModelled, "a length that is not a known integer"),
            Err(stop) => Err(stop),
        }
    }

    fn exhaust(&mut self, iterator: &Value) -> Eval<Vec<Value>> {
        let mut items = Vec::new();
        while let Some(item) = self.next(iterator)? {
            items.push(item);
            self.charge(1)?;
        }
        Ok(items)
    }

    /// All items, where CPython would call code for each before it asks for the next: what
    /// iterating does outside the module would come in another order.
    pub(super) fn collect_between_calls(&mut self, value: &Value) -> Eval<Vec<Value>> {
        self.without_effects(|machine| machine.collect(value))
    }

    /// As [`Self::collect_between_calls`] and [`Self::collect_unordered`].
    pub(super) fn collect_unordered_between_calls(&mut self, value: &Value) -> Eval<Vec<Value>> {
        self.without_effects(|machine| machine.collect_unordered(value))
    }

    /// What a set takes of the value: of another set all that is there, past its `__iter__` (`set_update_internal` in
    /// setobject.c).
    pub(super) fn collect_for_set(&mut self, value: &Value) -> Eval<Vec<Value>> {
        match self.set_entries(value)? {
            Some(entries) => Ok(entries.into_values().collect()),
            None => self.collect_unordered_between_calls(value),
        }
    }

    fn without_effects(&mut self, collect: impl FnOnce(&mut Self) -> Eval<Vec<Value>>) -> Eval<Vec<Value>> {
        let before = self.current.effects.len();
        let items = collect(self)?;
        if self.current.effects.len() > before {
            return self.residual(Rule::NotModelled, "iterates over something whose iterator has effects");
        }
        Ok(items)
    }

    /// All items where their order makes no difference to the result.
    pub(super) fn collect_unordered(&mut self, value: &Value) -> Eval<Vec<Value>> {
        if let Value::Object(_) = value {
            let class = self.type_of(value)?;
            if self.python_definition(class, "__iter__").is_none()
                && let Some(entries) = self.set_entries(value)?
            {
                return Ok(entries.into_values().collect());
            }
        }
        self.collect(value)
    }

    /// `a, b = value` and, with `after`, `a, *b, c = value`.
    pub(super) fn unpack(&mut self, value: &Value, before: usize, after: Option<usize>) -> Eval<Vec<Value>> {
        let items = match value {
            Value::Tuple(items) => items.to_vec(),
            _ => {
                let iterator = match self.iterate(value) {
                    Err(Stop::Raise(exception)) => {
                        // `unpack_iterable` in ceval.c: an exception of `__iter__` itself goes on.
                        let class = self.type_of(value)?;
                        if ["__iter__", "__getitem__"].iter().any(|name| self.lookup(class, name).is_some()) {
                            return Err(Stop::Raise(exception));
                        }
                        let name = self.c_name(class);
                        return self.raise_exactly("TypeError", format!("cannot unpack non-iterable {name} object"));
                    }
                    other => other?,
                };
                let mut items = Vec::new();
                // One item more than wanted tells that there are too many.
                while after.is_some() || items.len() <= before {
                    match self.next(&iterator)? {
                        Some(item) => items.push(item),
                        None => break,
                    }
                    self.charge(1)?;
                }
                items
            }
        };
        match after {
            None if items.len() > before => {
                self.raise_exactly("ValueError", format!("too many values to unpack (expected {before})"))
            }
            None if items.len() < before => self.raise_exactly(
                "ValueError",
                format!("not enough values to unpack (expected {before}, got {})", items.len()),
            ),
            None => Ok(items),
            Some(after) if items.len() < before + after => self.raise(
                "ValueError",
                format!("not enough values to unpack (expected at least {}, got {})", before + after, items.len()),
            ),
            Some(after) => {
                let mut items = items;
                let tail = items.split_off(items.len() - after);
                let starred = items.split_off(before);
                let starred = self.new_list(starred);
                items.push(starred);
                items.extend(tail);
                Ok(items)
            }
        }
    }

    /// An iterator over items that are already there.
    pub(super) fn items_iterator(&mut self, items: Vec<Value>, class: GroundId) -> Value {
        self.allocate(Object::Iterator { class, state: Iterator::Items { items: Arc::from(items), next: 0 } })
    }
}

/// Does an iterator of C ask those that it iterates over again, once one of them has ended?
fn asks_again(iterator: &Iterator) -> bool {
    match iterator {
        Iterator::Map { .. } | Iterator::Filter { .. } | Iterator::Zip { .. } | Iterator::Enumerate { .. } => true,
        Iterator::Tool(tool) => match &**tool {
            Tool::TakeWhile { stopped, .. } => !stopped,
            Tool::StarMap { .. } | Tool::DropWhile { .. } | Tool::Compress { .. } | Tool::Accumulate { .. } => true,
            Tool::Calls { .. }
            | Tool::Slice { .. }
            | Tool::Pairwise { .. }
            | Tool::ZipLongest { .. }
            | Tool::Cycle { .. }
            | Tool::Repeat { .. } => false,
        },
        _ => false,
    }
}
