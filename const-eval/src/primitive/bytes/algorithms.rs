//! Searching, splitting and converting byte strings.

use crate::primitive::{Outcome, bounded_text, text, value_error};

/// Where a part first stands.
pub(crate) fn find(data: &[u8], part: &[u8]) -> Option<usize> {
    if part.is_empty() {
        return Some(0);
    }
    data.windows(part.len()).position(|window| window == part)
}

/// Where a part last stands.
pub(crate) fn find_last(data: &[u8], part: &[u8]) -> Option<usize> {
    if part.is_empty() {
        return Some(data.len());
    }
    data.windows(part.len()).rposition(|window| window == part)
}

/// `Py_ISSPACE`
pub(crate) fn is_space(byte: &u8) -> bool {
    matches!(byte, b' ' | b'\t'..=b'\r')
}

/// `upper`, `lower`, `swapcase`, `capitalize` or `title`.
pub(crate) fn change_case(data: &[u8], name: &str) -> Vec<u8> {
    let mut after_letter = false;
    data.iter()
        .enumerate()
        .map(|(at, byte)| {
            let letter = std::mem::replace(&mut after_letter, byte.is_ascii_alphabetic());
            match name {
                "upper" => byte.to_ascii_uppercase(),
                "lower" => byte.to_ascii_lowercase(),
                "swapcase" if byte.is_ascii_lowercase() => byte.to_ascii_uppercase(),
                "capitalize" if at == 0 => byte.to_ascii_uppercase(),
                "title" if !letter => byte.to_ascii_uppercase(),
                _ => byte.to_ascii_lowercase(),
            }
        })
        .collect()
}

/// One of the `is…` methods.
pub(crate) fn predicate(data: &[u8], name: &str) -> bool {
    let all = |test: fn(&u8) -> bool| !data.is_empty() && data.iter().all(test);
    match name {
        "isalnum" => all(u8::is_ascii_alphanumeric),
        "isalpha" => all(u8::is_ascii_alphabetic),
        "isascii" => data.is_ascii(),
        "isdigit" => all(u8::is_ascii_digit),
        "islower" => data.iter().any(u8::is_ascii_lowercase) && !data.iter().any(u8::is_ascii_uppercase),
        "isupper" => data.iter().any(u8::is_ascii_uppercase) && !data.iter().any(u8::is_ascii_lowercase),
        "isspace" => all(is_space),
        _ => {
            // istitle
            let mut after_letter = false;
            data.iter().any(u8::is_ascii_alphabetic)
                && data.iter().all(|byte| {
                    let letter = std::mem::replace(&mut after_letter, byte.is_ascii_alphabetic());
                    !(byte.is_ascii_uppercase() && letter || byte.is_ascii_lowercase() && !letter)
                })
        }
    }
}

/// How often a part stands there without overlapping.
pub(crate) fn count(data: &[u8], part: &[u8]) -> usize {
    if part.is_empty() { data.len() + 1 } else { split(data, part, usize::MAX, false).len() - 1 }
}

/// `data.expandtabs(size)`
pub(crate) fn expand_tabs(data: &[u8], size: i64) -> Outcome<Vec<u8>> {
    let mut out = Vec::with_capacity(data.len());
    let mut column: i64 = 0;
    for &byte in data {
        if byte == b'\t' {
            if size > 0 {
                let spaces = size - column % size;
                bounded_text(usize::try_from(spaces).ok().and_then(|spaces| spaces.checked_add(out.len())))?;
                out.extend(std::iter::repeat_n(b' ', spaces as usize));
                column += spaces;
            }
        } else {
            out.push(byte);
            column = if matches!(byte, b'\n' | b'\r') { 0 } else { column + 1 };
        }
    }
    Ok(out)
}

/// `bytes.fromhex(text)`
pub(crate) fn from_hex(text: &str) -> Outcome<Vec<u8>> {
    let chars: Vec<char> = text.chars().collect();
    let mut out = Vec::with_capacity(chars.len() / 2);
    let bad = |at: usize| value_error(format!("non-hexadecimal number found in fromhex() arg at position {at}"));
    if let Some(at) = chars.iter().position(|c| !c.is_ascii()) {
        return bad(at);
    }
    let mut at = 0;
    while at < chars.len() {
        if text::is_c_space(chars[at]) {
            at += 1;
            continue;
        }
        let Some(high) = chars[at].to_digit(16) else {
            return bad(at);
        };
        let Some(low) = chars.get(at + 1).and_then(|c| c.to_digit(16)) else {
            return bad(at + 1);
        };
        out.push((high * 16 + low) as u8);
        at += 2;
    }
    Ok(out)
}

/// `strip`, `lstrip` or `rstrip` of spaces or of the bytes of `set`.
pub(crate) fn strip<'a>(data: &'a [u8], name: &str, set: Option<&[u8]>) -> &'a [u8] {
    let drop = |byte: &u8| set.map_or_else(|| is_space(byte), |set| set.contains(byte));
    let mut data = data;
    if name != "rstrip" {
        while let [first, rest @ ..] = data
            && drop(first)
        {
            data = rest;
        }
    }
    if name != "lstrip" {
        while let [rest @ .., last] = data
            && drop(last)
        {
            data = rest;
        }
    }
    data
}

/// `data.replace(old, new, limit)`
pub(crate) fn replace(data: &[u8], old: &[u8], new: &[u8], limit: i64) -> Outcome<Vec<u8>> {
    let limit = usize::try_from(limit).unwrap_or(usize::MAX);
    let found = count(data, old).min(limit);
    bounded_text(found.checked_mul(new.len()).and_then(|added| added.checked_add(data.len())))?;
    if !old.is_empty() {
        return Ok(split(data, old, limit, false).join(new));
    }
    let mut out = Vec::new();
    for (at, byte) in data.iter().enumerate() {
        if at < limit {
            out.extend_from_slice(new);
        }
        out.push(*byte);
    }
    if data.len() < limit {
        out.extend_from_slice(new);
    }
    Ok(out)
}

/// `data.split(separator, limit)` or `rsplit`.
pub(crate) fn split<'a>(data: &'a [u8], separator: &[u8], limit: usize, from_right: bool) -> Vec<&'a [u8]> {
    let mut parts = Vec::new();
    let mut rest = data;
    while parts.len() < limit {
        let at = if from_right { find_last(rest, separator) } else { find(rest, separator) };
        let Some(at) = at else { break };
        let (before, after) = (&rest[..at], &rest[at + separator.len()..]);
        let (part, left) = if from_right { (after, before) } else { (before, after) };
        parts.push(part);
        rest = left;
    }
    parts.push(rest);
    if from_right {
        parts.reverse();
    }
    parts
}

/// `data.split(None, limit)` or `rsplit`.
pub(crate) fn split_spaces(data: &[u8], limit: usize, from_right: bool) -> Vec<&[u8]> {
    let mut parts = Vec::new();
    let mut rest = data;
    loop {
        rest = strip(rest, if from_right { "rstrip" } else { "lstrip" }, None);
        if rest.is_empty() {
            break;
        }
        if parts.len() == limit {
            parts.push(rest);
            break;
        }
        if from_right {
            let start = rest.iter().rposition(is_space).map_or(0, |at| at + 1);
            parts.push(&rest[start..]);
            rest = &rest[..start];
        } else {
            let end = rest.iter().position(is_space).unwrap_or(rest.len());
            parts.push(&rest[..end]);
            rest = &rest[end..];
        }
    }
    if from_right {
        parts.reverse();
    }
    parts
}

/// `data.splitlines(keep)`
pub(crate) fn lines(data: &[u8], keep: bool) -> Vec<&[u8]> {
    let mut parts = Vec::new();
    let mut rest = data;
    while !rest.is_empty() {
        let Some(at) = rest.iter().position(|byte| matches!(byte, b'\n' | b'\r')) else {
            parts.push(rest);
            break;
        };
        let width = if rest[at..].starts_with(b"\r\n") { 2 } else { 1 };
        parts.push(&rest[..if keep { at + width } else { at }]);
        rest = &rest[at + width..];
    }
    parts
}
