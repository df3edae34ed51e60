//! Regular expressions: what a pattern that `re.compile` made finds in known text, asked of the target (`Modules/_sre/sre.c`).
//!
//! A match is an object that keeps by which search it was found: the target repeats that search when it is asked for a
//! group.

use super::functions::Keywords;
use super::{Eval, Machine};
use crate::heap::Object;
use crate::value::Value;
use crate::world::{Answer, Question};

/// Locale and debug: what patterns with these flags find, or print, differs between processes.
const UNSTEADY_FLAGS: i64 = 0x04 | 0x80;

impl Machine<'_> {
    /// A method of a pattern or a match, where the target can tell its result.
    pub(super) fn regular_method(
        &mut self,
        name: &str,
        receiver: &Value,
        given: &[Value],
        keywords: &Keywords,
    ) -> Eval<Option<Value>> {
        if !keywords.is_empty() || !self.is_regular(receiver) {
            return Ok(None);
        }
        let positional: Vec<Value> = given.iter().map(|value| self.plain_data(value)).collect();
        match (name, positional.as_slice()) {
            ("match" | "fullmatch" | "search", [subject]) => {
                let Some(pattern) = self.pattern_of(receiver) else { return Ok(None) };
                let found = self.search(name, pattern, subject)?;
                // A match gives back the very text that it was found in, here one of a class of its own.
                let is_exact = !matches!(given.first(), Some(Value::Object(_)));
                Ok(found.map(|found| match found {
                    Value::Object(_) if !is_exact => Value::Opaque(self.known.match_),
                    found => found,
                }))
            }
            ("findall" | "split", [_] | [_, Value::Int(_)]) => {
                let Some((pattern, flags)) = self.pattern_of(receiver) else { return Ok(None) };
                let search: Vec<Value> = [Value::str(name), pattern, flags].into_iter().chain(positional).collect();
                let Some(search) = self.literals(&search)? else { return Ok(None) };
                match self.told("builtins:tuple", &format!("(found({search}),)"))? {
                    Some(Value::Tuple(items)) => Ok(Some(self.new_list(items.to_vec()))),
                    _ => Ok(None),
                }
            }
            // A replacement with a backslash is read by Python code, which `_sre` looks for once and remembers.
            ("sub" | "subn", [replacement, _] | [replacement, _, Value::Int(_)]) if is_plain(replacement) => {
                let Some((pattern, flags)) = self.pattern_of(receiver) else { return Ok(None) };
                let (Some(pattern), Some(arguments)) = (self.literals(&[pattern, flags])?, self.literals(&positional)?)
                else {
                    return Ok(None);
                };
                self.told(&format!("re:Pattern.{name}"), &format!("(pattern({pattern}), {arguments})"))
            }
            ("sub" | "subn", [_, subject] | [_, subject, Value::Int(_)]) if self.is_function(given.first()) => {
                if matches!(given.get(1), Some(Value::Object(_))) {
                    return Ok(None);
                }
                let (Some(pattern), subject) = (self.pattern_of(receiver), subject.clone()) else { return Ok(None) };
                let limit = match positional.get(2) {
                    Some(Value::Int(count)) => match count.to_i64() {
                        Some(0) => usize::MAX,
                        Some(count) => usize::try_from(count).unwrap_or(0),
                        None => return Ok(None),
                    },
                    _ => usize::MAX,
                };
                let replaced = self.replace_found(pattern, &subject, limit, &given[0])?;
                Ok(replaced.map(|(text, count)| match name {
                    "subn" => Value::tuple(vec![text, Value::int(count as i64)]),
                    _ => text,
                }))
            }
            ("group" | "groups" | "start" | "end" | "span" | "__getitem__", arguments) => {
                let (Some(search), Some(arguments)) = (self.search_of(receiver)?, self.literals(arguments)?) else {
                    return Ok(None);
                };
                self.told(&format!("re:Match.{name}"), &format!("(found({search}), {arguments})"))
            }
            _ => Ok(None),
        }
    }

    fn is_function(&self, value: Option<&Value>) -> bool {
        matches!(value, Some(Value::Object(object))
            if matches!(self.object(*object), Object::Function(_) | Object::BoundMethod { .. }))
    }

    /// The text with what a function gives for each match in its place, and how many there were (`pattern_subx`).
    /// `limit`: so many are replaced at most.
    fn replace_found(
        &mut self,
        (pattern, flags): (Value, Value),
        subject: &Value,
        limit: usize,
        function: &Value,
    ) -> Eval<Option<(Value, usize)>> {
        let search = [pattern, flags, subject.clone()];
        let Some(text) = self.literals(&search)? else { return Ok(None) };
        let Some(Value::Tuple(spans)) = self.told("builtins:tuple", &format!("(spans({text}),)"))? else {
            return Ok(None);
        };
        let count = spans.len().min(limit);
        self.charge(count * 8)?;
        let mut parts = Vec::new();
        let mut last = Value::int(0);
        for (index, span) in spans.iter().take(count).enumerate() {
            let Value::Tuple(span) = span else { return Ok(None) };
            let [start, end] = &**span else { return Ok(None) };
            parts.extend(self.between(subject, last, start.clone())?);
            let how = [Value::str("finditer"), search[0].clone(), search[1].clone(), subject.clone()];
            let place = Value::int(index as i64);
            let found = self.new_native(self.known.match_, how.into_iter().chain([place]).collect());
            match self.call(function, vec![found], Vec::new())? {
                Value::None => {}
                part => parts.push(part),
            }
            last = end.clone();
        }
        parts.extend(self.between(subject, last, Value::None)?);
        let (owner, empty) = match subject {
            Value::Bytes(_) => (self.known.bytes, Value::Bytes(Default::default())),
            _ => (self.known.str, Value::str("")),
        };
        let parts = self.new_list(parts);
        let joined = self.call_ground_method(owner, "join", empty, vec![parts], Vec::new())?;
        Ok(Some((joined, count)))
    }

    /// What stands between two matches, if anything does.
    fn between(&mut self, subject: &Value, start: Value, end: Value) -> Eval<Option<Value>> {
        let part = self.get_item(subject, &Value::Slice([start, end, Value::None].into()))?;
        Ok((self.length(&part)? > 0).then_some(part))
    }

    /// An attribute of a pattern or a match, where the target can tell it.
    pub(super) fn regular_attribute(&mut self, name: &str, receiver: &Value) -> Eval<Option<Value>> {
        match name {
            "pattern" | "flags" | "groups" => {
                let Some((pattern, flags)) = self.pattern_of(receiver) else { return Ok(None) };
                let Some(pattern) = self.literals(&[pattern, flags])? else { return Ok(None) };
                self.told("builtins:getattr", &format!("(pattern({pattern}), '{name}')"))
            }
            "lastindex" | "lastgroup" | "string" | "pos" | "endpos" => {
                let Some(search) = self.search_of(receiver)? else { return Ok(None) };
                self.told("builtins:getattr", &format!("(found({search}), '{name}')"))
            }
            _ => Ok(None),
        }
    }

    /// A pattern or a match?
    fn is_regular(&self, value: &Value) -> bool {
        matches!(value, Value::Object(object) if matches!(self.object(*object),
            Object::Native(native) if native.class == self.known.pattern || native.class == self.known.match_))
    }

    /// `None`, or the match.
    fn search(&mut self, how: &str, (pattern, flags): (Value, Value), subject: &Value) -> Eval<Option<Value>> {
        let search = vec![Value::str(how), pattern, flags, subject.clone()];
        let Some(text) = self.literals(&search)? else { return Ok(None) };
        match self.told("operator:is_", &format!("(found({text}), None)"))? {
            Some(Value::Bool(true)) => Ok(Some(Value::None)),
            Some(_) => Ok(Some(self.new_native(self.known.match_, search))),
            None => Ok(None),
        }
    }

    /// Text and flags of a pattern that `re.compile` made. The standard library calls `_sre.compile` itself; elsewhere the
    /// code that it is given may be that of another pattern.
    fn pattern_of(&self, value: &Value) -> Option<(Value, Value)> {
        let Value::Object(object) = value else { return None };
        let Object::Native(native) = self.object(*object) else { return None };
        let [pattern @ (Value::Str(_) | Value::Bytes(_)), flags, code @ ..] = native.arguments.as_slice() else {
            return None;
        };
        if !code.is_empty() && !self.world.is_standard(self.module) {
            return None;
        }
        let Value::Int(flags) = self.plain_data(flags) else { return None };
        let is_steady = flags.to_i64().is_some_and(|flags| flags & UNSTEADY_FLAGS == 0);
        (native.class == self.known.pattern && is_steady).then(|| (pattern.clone(), Value::Int(flags)))
    }

    /// The search that found the match, as text.
    fn search_of(&mut self, value: &Value) -> Eval<Option<String>> {
        let Value::Object(object) = value else { return Ok(None) };
        let Object::Native(native) = self.object(*object) else { return Ok(None) };
        if native.class != self.known.match_ {
            return Ok(None);
        }
        let search = native.arguments.clone();
        self.literals(&search)
    }

    /// The values as literals with commas between them, if they are literals.
    fn literals(&mut self, values: &[Value]) -> Eval<Option<String>> {
        let mut texts = Vec::with_capacity(values.len());
        for value in values {
            if !self.is_literal(value) {
                return Ok(None);
            }
            let Value::Str(text) = self.repr_of(value)? else { return Ok(None) };
            texts.push(text);
        }
        Ok(Some(texts.join(", ")))
    }

    /// The data that the target gives for a call.
    fn told(&mut self, call: &str, arguments: &str) -> Eval<Option<Value>> {
        match self.world.ask(&Question { call, arguments, keywords: "{}", lasting: false }) {
            Answer::Completes { value, .. } => Ok(value),
            Answer::Raises { exception, message } => self.raise(&exception, message),
            Answer::Unknown => Ok(None),
        }
    }
}

/// Is the replacement put in as it is (`pattern_subx`)?
fn is_plain(replacement: &Value) -> bool {
    match replacement {
        Value::Str(text) => !text.contains('\\'),
        Value::Bytes(bytes) => !bytes.contains(&b'\\'),
        _ => false,
    }
}
