//! Findings: what is said about a place in a module, and why.

use const_eval::reason::{Link, Rule};
use serde::Serialize;
use syntax::TextRange;

#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Severity {
    /// Explains a verdict.
    Info,
    /// Something could not be looked at, and nobody demanded it.
    Warning,
    /// Something is wrong, or a demand is not met.
    Error,
}

/// A finding about one module.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Diagnostic {
    pub rule: Rule,
    pub severity: Severity,
    pub message: String,
    /// Within the module; empty at the start of `line` where the file has no text.
    pub range: TextRange,
    /// For findings about files that could not be decoded: the line, from 1.
    pub line: Option<u32>,
    /// From the module's own line to the cause; may be empty.
    pub chain: Vec<Link>,
}

/// How many characters of each end of a message are kept.
const KEPT: usize = 200;

/// A message that a person can read. Reasons name what they rest on, which may rest on something
/// else again: of a long one, what is said first and the cause, which is said last, are kept.
pub fn readable(message: &str) -> String {
    if message.chars().count() <= 2 * KEPT {
        return message.to_owned();
    }
    // The closing brackets of the nesting say nothing.
    let message = message.trim_end_matches(')');
    let count = message.chars().count();
    let boundary = |characters: usize| message.char_indices().nth(characters).map_or(message.len(), |(at, _)| at);
    let (head, tail) = (&message[..boundary(KEPT)], &message[boundary(count.saturating_sub(KEPT))..]);
    let head = head.rfind(' ').map_or(head, |space| &head[..space]);
    let tail = tail.find(' ').map_or(tail, |space| &tail[space + 1..]);
    format!("{head} … {tail}")
}

/// The beginning of a text of more than so many characters.
pub fn shortened(text: &str, longest: usize) -> String {
    match text.char_indices().nth(longest) {
        Some((end, _)) => format!("{}…", &text[..end]),
        None => text.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::readable;

    #[test]
    fn a_long_message_keeps_both_ends() {
        assert_eq!(readable("short (so)"), "short (so)");
        let nested = format!("calls x: {}the cause{}", "it is unknown (".repeat(300), ")".repeat(300));
        let text = readable(&nested);
        assert!(text.starts_with("calls x: it is") && text.ends_with("the cause"), "{text}");
        assert!(text.chars().count() < 410);
        assert!(readable(&"é".repeat(5000)).chars().count() < 410);
    }
}
