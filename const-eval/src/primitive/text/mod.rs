//! `str` (`Objects/unicodeobject.c`). Lengths and positions count code points.

mod case;
mod layout;
mod methods;
mod search;
mod split;
pub(crate) mod unicode;

use std::borrow::Cow;

use super::{Outcome, bounded_text, type_error, type_name, value_error};
use crate::value::{Integer, Value};

pub use case::is_identifier;
pub(crate) use layout::{center, pad};
pub(crate) use methods::{METHODS, call, find_arguments, keep_ends, limit, ordinal, replace_arguments};
pub(crate) use search::bounds;

/// `len(text)`
pub(crate) fn length(text: &str) -> usize {
    if text.is_ascii() { text.len() } else { text.chars().count() }
}

/// The byte at which a code point starts; the end if there are fewer.
pub(crate) fn offset(text: &str, position: usize) -> usize {
    if text.is_ascii() {
        return position.min(text.len());
    }
    text.char_indices().nth(position).map_or(text.len(), |(at, _)| at)
}

/// The byte after the code point that starts there.
pub(crate) fn next(text: &str, start: usize) -> usize {
    start + text[start..].chars().next().map_or(0, char::len_utf8)
}

/// The code points from one position to another.
pub(crate) fn part(text: &str, start: usize, stop: usize) -> &str {
    if stop <= start {
        return "";
    }
    let from = offset(text, start);
    let rest = &text[from..];
    &rest[..offset(rest, stop - start)]
}

/// `Py_ISSPACE`
pub(crate) fn is_c_space(c: char) -> bool {
    matches!(c, ' ' | '\t'..='\r')
}

/// What number parsers read: digits of any script as ASCII ones, spaces as `' '`,
/// up to the first other character, for which `'?'` stands (`_PyUnicode_TransformDecimalAndSpaceToASCII`).
pub(crate) fn decimals_and_spaces_to_ascii(text: &str) -> Outcome<Cow<'_, str>> {
    if text.is_ascii() {
        return Ok(Cow::Borrowed(text));
    }
    let mut out = String::with_capacity(text.len());
    for c in text.chars() {
        out.push(if unicode::is_space(c) {
            ' '
        } else if c.is_ascii() {
            c
        } else {
            match unicode::decimal_value(c)? {
                Some(digit) => char::from_digit(digit, 10).unwrap_or('?'),
                None => {
                    // Nothing after it is looked at.
                    out.push('?');
                    break;
                }
            }
        });
    }
    Ok(Cow::Owned(out))
}

/// `text.translate(table)`: `lookup` gives `table[code]`, or `None` where that raises `LookupError`.
pub fn translate(text: &str, mut lookup: impl FnMut(u32) -> Outcome<Option<Value>>) -> Outcome<String> {
    let mut out = String::with_capacity(text.len());
    for c in text.chars() {
        match lookup(u32::from(c))? {
            None => out.push(c),
            Some(Value::None) => {}
            Some(Value::Str(replacement)) => out.push_str(&replacement),
            Some(Value::Int(code)) => match code_point(&code) {
                Some(point) => out.push(not_surrogate(point)?),
                None => return value_error("character mapping must be in range(0x110000)"),
            },
            Some(Value::Bool(b)) => out.push(char::from(u8::from(b))),
            Some(other) => {
                type_name(&other)?;
                return type_error("character mapping must return integer, None or str");
            }
        }
        bounded_text(Some(out.len()))?;
    }
    Ok(out)
}

/// The int as a code point, surrogates included.
pub(crate) fn code_point(n: &Integer) -> Option<u32> {
    n.to_i64().and_then(|code| u32::try_from(code).ok()).filter(|&code| code <= 0x10_ffff)
}

pub(crate) fn not_surrogate(code: u32) -> Outcome<char> {
    match char::from_u32(code) {
        Some(c) => Ok(c),
        None => super::not_modelled("a text with a lone surrogate"),
    }
}
