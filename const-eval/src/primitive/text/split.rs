//! Splitting and stripping of `str`.

use super::unicode::{is_line_break, is_space};

/// `text.split(None, limit)`
pub(crate) fn by_space(text: &str, limit: usize) -> Vec<&str> {
    let mut parts = Vec::new();
    let mut rest = text.trim_start_matches(is_space);
    while !rest.is_empty() {
        if parts.len() == limit {
            parts.push(rest);
            break;
        }
        let end = rest.find(is_space).unwrap_or(rest.len());
        parts.push(&rest[..end]);
        rest = rest[end..].trim_start_matches(is_space);
    }
    parts
}

/// `text.rsplit(None, limit)`
pub(crate) fn by_space_from_right(text: &str, limit: usize) -> Vec<&str> {
    let mut parts = Vec::new();
    let mut rest = text.trim_end_matches(is_space);
    while !rest.is_empty() {
        if parts.len() == limit {
            parts.push(rest);
            break;
        }
        let start = rest.char_indices().rev().find(|(_, c)| is_space(*c)).map_or(0, |(at, c)| at + c.len_utf8());
        parts.push(&rest[start..]);
        rest = rest[..start].trim_end_matches(is_space);
    }
    parts.reverse();
    parts
}

/// `text.split(separator, limit)`
pub(crate) fn by<'a>(text: &'a str, separator: &str, limit: usize) -> Vec<&'a str> {
    text.splitn(limit.saturating_add(1), separator).collect()
}

/// `text.rsplit(separator, limit)`
pub(crate) fn by_from_right<'a>(text: &'a str, separator: &str, limit: usize) -> Vec<&'a str> {
    let mut parts: Vec<&str> = text.rsplitn(limit.saturating_add(1), separator).collect();
    parts.reverse();
    parts
}

/// `text.splitlines(keep)`
pub(crate) fn lines(text: &str, keep: bool) -> Vec<&str> {
    let mut parts = Vec::new();
    let mut rest = text;
    while !rest.is_empty() {
        let Some((at, c)) = rest.char_indices().find(|(_, c)| is_line_break(*c)) else {
            parts.push(rest);
            break;
        };
        let width = if rest[at..].starts_with("\r\n") { 2 } else { c.len_utf8() };
        parts.push(&rest[..if keep { at + width } else { at }]);
        rest = &rest[at + width..];
    }
    parts
}

/// `strip`, `lstrip` or `rstrip` of spaces or of the characters of `set`.
pub(crate) fn strip<'a>(text: &'a str, name: &str, set: Option<&str>) -> &'a str {
    let drop = |c: char| set.map_or_else(|| is_space(c), |set| set.contains(c));
    let text = if name == "rstrip" { text } else { text.trim_start_matches(drop) };
    if name == "lstrip" { text } else { text.trim_end_matches(drop) }
}
