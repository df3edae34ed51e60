//! Finding, counting and replacing within `str`.

use crate::primitive::arguments::slice_index;
use crate::primitive::{Outcome, bounded_text, type_error, type_name};
use crate::value::Value;

/// A stretch of a text: bytes, and the position of its first code point.
pub(crate) struct Window<'a> {
    pub text: &'a str,
    pub first: usize,
}

/// The positions that optional `start` and `end` arguments name in a sequence of that
/// length; `None` if the start lies beyond the end (`ADJUST_INDICES`).
pub(crate) fn bounds(start: Option<&Value>, end: Option<&Value>, length: usize) -> Outcome<Option<(usize, usize)>> {
    let length = length as i64;
    let start = slice_index(start)?.unwrap_or(0);
    let end = slice_index(end)?.unwrap_or(i64::MAX);
    let end = if end > length {
        length
    } else if end < 0 {
        (end + length).max(0)
    } else {
        end
    };
    let start = if start < 0 { (start + length).max(0) } else { start };
    Ok(if start > end { None } else { Some((start as usize, end as usize)) })
}

pub(crate) fn window<'a>(text: &'a str, start: Option<&Value>, end: Option<&Value>) -> Outcome<Option<Window<'a>>> {
    if start.is_none() && end.is_none() {
        return Ok(Some(Window { text, first: 0 }));
    }
    Ok(bounds(start, end, super::length(text))?
        .map(|(from, to)| Window { text: super::part(text, from, to), first: from }))
}

/// Where `needle` first (or last) stands in the window.
pub(crate) fn find(window: &Window, needle: &str, from_right: bool) -> Option<usize> {
    let at = if from_right { window.text.rfind(needle) } else { window.text.find(needle) }?;
    Some(window.first + super::length(&window.text[..at]))
}

/// How often `needle` stands in a text without overlapping.
pub(crate) fn count(text: &str, needle: &str) -> usize {
    if needle.is_empty() { super::length(text) + 1 } else { text.matches(needle).count() }
}

/// `startswith` and `endswith`: a str or a tuple of them.
pub(crate) fn affix(name: &str, window: Option<&Window>, wanted: &Value) -> Outcome<bool> {
    let matches = |affix: &str| {
        window.is_some_and(|window| {
            if name == "startswith" { window.text.starts_with(affix) } else { window.text.ends_with(affix) }
        })
    };
    match wanted {
        Value::Str(affix) => Ok(matches(affix)),
        Value::Tuple(affixes) => {
            for affix in affixes.iter() {
                match affix {
                    Value::Str(affix) if matches(affix) => return Ok(true),
                    Value::Str(_) => {}
                    other => {
                        return type_error(format!(
                            "tuple for {name} must only contain str, not {}",
                            type_name(other)?
                        ));
                    }
                }
            }
            Ok(false)
        }
        other => type_error(format!("{name} first arg must be str or a tuple of str, not {}", type_name(other)?)),
    }
}

/// `text.replace(old, new, limit)`
pub(crate) fn replace(text: &str, old: &str, new: &str, limit: i64) -> Outcome<String> {
    let limit = usize::try_from(limit).unwrap_or(usize::MAX);
    let found = count(text, old).min(limit);
    bounded_text(found.checked_mul(new.len()).and_then(|added| added.checked_add(text.len())))?;
    if !old.is_empty() {
        return Ok(text.replacen(old, new, limit));
    }
    let mut out = String::with_capacity(text.len() + found * new.len());
    let mut left = limit;
    for c in text.chars() {
        if left > 0 {
            out.push_str(new);
            left -= 1;
        }
        out.push(c);
    }
    if left > 0 {
        out.push_str(new);
    }
    Ok(out)
}
