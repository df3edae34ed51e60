//! What can be wrong with a source text.

use ruff_text_size::TextRange;

/// A reason why CPython would not compile a module.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SyntaxError {
    pub kind: SyntaxErrorKind,
    pub message: String,
    /// Bytes of the decoded text.
    pub range: TextRange,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum SyntaxErrorKind {
    /// Not Python in any version.
    Invalid,
    /// Python, but too new for the target version.
    TooNew,
    /// Nested or chained more deeply than CPython's own parser and compiler allow.
    TooDeep,
}

impl SyntaxError {
    pub(crate) fn invalid(message: impl Into<String>, range: TextRange) -> SyntaxError {
        SyntaxError { kind: SyntaxErrorKind::Invalid, message: message.into(), range }
    }

    pub(crate) fn too_deep(message: impl Into<String>, range: TextRange) -> SyntaxError {
        SyntaxError { kind: SyntaxErrorKind::TooDeep, message: message.into(), range }
    }
}

impl std::fmt::Display for SyntaxError {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(&self.message)
    }
}

impl std::error::Error for SyntaxError {}
