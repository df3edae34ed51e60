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
