//! The lazy iterators of `itertools` (`Modules/itertoolsmodule.c`). Those that take their iterables apart at once are in
//! [`super::combinatorics`]; `chain`, `count` and `filterfalse` are beside the iterators of `builtins`.

use super::functions::Keywords;
use super::{Eval, Machine, Stop};
use crate::ground::GroundId;
use crate::heap::{Iterator, Object, Tool};
use crate::value::Value;

impl Machine<'_> {
    /// `None`: another type, or arguments that are not modelled.
    pub(super) fn lazy_tool(
        &mut self,
        id: GroundId,
        qualified: &str,
        positional: &[Value],
        keywords: &Keywords,
    ) -> Eval<Option<Value>> {
        let given = positional.iter().chain(keywords.iter().map(|(_, value)| value));
        if given.into_iter().any(|value| matches!(value, Value::Opaque(_) | Value::Unknown(_))) {
            return Ok(None);
        }
        let named = |wanted: &str| keywords.iter().find(|(name, _)| &**name == wanted).map(|(_, value)| value.clone());
        let knows = |names: &[&str]| keywords.iter().all(|(name, _)| names.contains(&&**name));
        let tool = match (qualified, positional) {
            ("itertools.islice", [iterable, bounds @ ..]) if keywords.is_empty() => {
                let Some((start, stop, step)) = slice_bounds(bounds) else { return Ok(None) };
                Tool::Slice { inner: self.iterate(iterable)?, taken: 0, next: start, stop, step }
            }
            ("itertools.starmap", [function, iterable]) if keywords.is_empty() => {
                Tool::StarMap { function: function.clone(), inner: self.iterate(iterable)? }
            }
            ("itertools.takewhile", [function, iterable]) if keywords.is_empty() => {
                Tool::TakeWhile { function: function.clone(), inner: self.iterate(iterable)?, stopped: false }
            }
            ("itertools.dropwhile", [function, iterable]) if keywords.is_empty() => {
                Tool::DropWhile { function: function.clone(), inner: self.iterate(iterable)?, started: false }
            }
            ("itertools.compress", [data, selectors]) if keywords.is_empty() => {
                Tool::Compress { data: self.iterate(data)?, selectors: self.iterate(selectors)? }
            }
            ("itertools.pairwise", [iterable]) if keywords.is_empty() => {
                Tool::Pairwise { inner: Some(self.iterate(iterable)?), last: None }
            }
            ("itertools.zip_longest", iterables) if knows(&["fillvalue"]) => {
                let mut inner = Vec::with_capacity(iterables.len());
                for iterable in iterables {
                    inner.push(Some(self.iterate(iterable)?));
                }
                Tool::ZipLongest { inner, fill: named("fillvalue").unwrap_or(Value::None) }
            }
            ("itertools.accumulate", [iterable, rest @ ..]) if knows(&["func", "initial"]) && rest.len() <= 1 => {
                let function = match (rest, named("func")) {
                    ([function], None) => function.clone(),
                    ([], function) => function.unwrap_or(Value::None),
                    _ => return Ok(None),
                };
                let initial = named("initial").filter(|initial| !matches!(initial, Value::None));
                Tool::Accumulate { function, inner: self.iterate(iterable)?, initial, total: None }
            }
            ("itertools.cycle", [iterable]) if keywords.is_empty() => {
                Tool::Cycle { inner: Some(self.iterate(iterable)?), saved: Vec::new(), next: 0 }
            }
            ("itertools.repeat", [value]) if keywords.is_empty() => Tool::Repeat { value: value.clone(), left: None },
            ("itertools.repeat", [value, Value::Int(times)]) if keywords.is_empty() => match times.to_i64() {
                Some(times) => Tool::Repeat { value: value.clone(), left: Some(times.max(0)) },
                None => return Ok(None),
            },
            _ => return Ok(None),
        };
        Ok(Some(self.allocate(Object::Iterator { class: id, state: Iterator::Tool(Box::new(tool)) })))
    }

    /// `iter(function, sentinel)` (`calliter_iternext`)
    pub(super) fn iterate_calls(&mut self, function: &Value, sentinel: &Value) -> Eval<Value> {
        let Some(class) = self.world.ground().find("builtins.callable_iterator") else { return self.malformed() };
        if !self.callable(function)? {
            return self.raise_exactly("TypeError", "iter(v, w): v must be callable");
        }
        let tool = Tool::Calls { function: function.clone(), sentinel: sentinel.clone() };
        Ok(self.allocate(Object::Iterator { class, state: Iterator::Tool(Box::new(tool)) }))
    }

    pub(super) fn advance_tool(&mut self, tool: &mut Tool) -> Eval<Option<Value>> {
        match tool {
            Tool::Calls { function, sentinel } => {
                let result = match self.catching(|machine| machine.call(function, Vec::new(), Vec::new())) {
                    Err(Stop::Raise(exception)) if self.is_instance_of(&exception, self.known.stop_iteration)? => {
                        return Ok(None);
                    }
                    result => result?,
                };
                let ends = self.same_or_equal(sentinel, &result)?;
                Ok((!ends).then_some(result))
            }
            Tool::Slice { inner, taken, next, stop, step } => {
                while taken < next {
                    if self.next(inner)?.is_none() {
                        return Ok(None);
                    }
                    *taken += 1;
                }
                if stop.is_some_and(|stop| *taken >= stop) {
                    return Ok(None);
                }
                let Some(item) = self.next(inner)? else { return Ok(None) };
                *taken += 1;
                let following = next.saturating_add(*step);
                *next = stop.map_or(following, |stop| following.min(stop));
                Ok(Some(item))
            }
            Tool::StarMap { function, inner } => {
                let Some(item) = self.next(inner)? else { return Ok(None) };
                let arguments = match item {
                    Value::Tuple(items) => items.to_vec(),
                    other => self.collect_hinted(&other)?,
                };
                self.call(&function.clone(), arguments, Vec::new()).map(Some)
            }
            Tool::TakeWhile { stopped: true, .. } => Ok(None),
            Tool::TakeWhile { function, inner, stopped } => {
                let Some(item) = self.next(inner)? else { return Ok(None) };
                let holds = self.call(&function.clone(), vec![item.clone()], Vec::new())?;
                if self.truth(&holds)? {
                    return Ok(Some(item));
                }
                *stopped = true;
                Ok(None)
            }
            Tool::DropWhile { function, inner, started } => loop {
                let Some(item) = self.next(inner)? else { return Ok(None) };
                if *started {
                    return Ok(Some(item));
                }
                let holds = self.call(&function.clone(), vec![item.clone()], Vec::new())?;
                if !self.truth(&holds)? {
                    *started = true;
                    return Ok(Some(item));
                }
            },
            Tool::Compress { data, selectors } => loop {
                let Some(item) = self.next(data)? else { return Ok(None) };
                let Some(selector) = self.next(selectors)? else { return Ok(None) };
                if self.truth(&selector)? {
                    return Ok(Some(item));
                }
            },
            Tool::Pairwise { inner, last } => {
                let Some(iterator) = inner.clone() else { return Ok(None) };
                if last.is_none() {
                    *last = self.next(&iterator)?;
                }
                let following = match last {
                    Some(_) => self.next(&iterator)?,
                    None => None,
                };
                match (last.take(), following) {
                    (Some(one), Some(other)) => {
                        *last = Some(other.clone());
                        Ok(Some(Value::tuple(vec![one, other])))
                    }
                    _ => {
                        *inner = None;
                        Ok(None)
                    }
                }
            }
            Tool::ZipLongest { inner, fill } => {
                let mut items = Vec::with_capacity(inner.len());
                for place in 0..inner.len() {
                    let item = match inner[place].clone() {
                        Some(iterator) => self.next(&iterator)?,
                        None => None,
                    };
                    if item.is_none() {
                        inner[place] = None;
                        if inner.iter().all(Option::is_none) {
                            return Ok(None);
                        }
                    }
                    items.push(item.unwrap_or_else(|| fill.clone()));
                }
                Ok((!items.is_empty()).then(|| Value::tuple(items)))
            }
            Tool::Accumulate { function, inner, initial, total } => {
                if let Some(initial) = initial.take() {
                    *total = Some(initial.clone());
                    return Ok(Some(initial));
                }
                let Some(item) = self.next(inner)? else { return Ok(None) };
                let sum = match total.take() {
                    None => item,
                    Some(before) => {
                        *total = Some(before.clone());
                        match &*function {
                            Value::None => self.binary(syntax::ir::BinaryOperator::Add, &before, &item)?,
                            function => self.call(&function.clone(), vec![before, item], Vec::new())?,
                        }
                    }
                };
                *total = Some(sum.clone());
                Ok(Some(sum))
            }
            Tool::Cycle { inner, saved, next } => {
                if let Some(iterator) = inner.clone() {
                    if let Some(item) = self.next(&iterator)? {
                        saved.push(item.clone());
                        return Ok(Some(item));
                    }
                    *inner = None;
                }
                let item = saved.get(*next).cloned();
                *next = if *next + 1 < saved.len() { *next + 1 } else { 0 };
                Ok(item)
            }
            Tool::Repeat { value, left } => {
                match left {
                    Some(0) => return Ok(None),
                    Some(left) => *left -= 1,
                    None => {}
                }
                Ok(Some(value.clone()))
            }
        }
    }
}

/// Start, stop and step of `islice`, where they are in range.
fn slice_bounds(bounds: &[Value]) -> Option<(i64, Option<i64>, i64)> {
    let number = |value: &Value| match value {
        Value::None => Some(None),
        Value::Int(number) => number.to_i64().filter(|number| *number >= 0).map(Some),
        _ => None,
    };
    let (start, stop, step) = match bounds {
        [stop] => (None, number(stop)?, None),
        [start, stop] => (number(start)?, number(stop)?, None),
        [start, stop, step] => (number(start)?, number(stop)?, number(step)?),
        _ => return None,
    };
    let step = step.unwrap_or(1);
    (step > 0).then(|| (start.unwrap_or(0), stop, step))
}
