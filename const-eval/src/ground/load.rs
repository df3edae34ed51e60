//! Loading the table, and what can go wrong with it.

use std::fmt;

use super::{Ground, annotations, probe};

/// Why a target's description can't be used.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum GroundError {
    /// The text is not JSON; the parser's message.
    NotJson(String),
    /// The JSON is not what the probe prints; the part that is wrong.
    Malformed(&'static str),
    /// The interpreter is not CPython, or older than 3.11.
    NotSupported { implementation: String, version: String },
}

impl fmt::Display for GroundError {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            GroundError::NotJson(message) => {
                write!(formatter, "the interpreter's description of itself is not JSON: {message}")
            }
            GroundError::Malformed(part) => {
                write!(formatter, "the interpreter's description of itself has no valid {part}")
            }
            GroundError::NotSupported { implementation, version } => {
                write!(formatter, "{implementation} {version} is not supported; CPython 3.11 or newer is needed")
            }
        }
    }
}

impl std::error::Error for GroundError {}

pub(super) fn load(probe_json: &str) -> Result<Ground, GroundError> {
    let mut ground = probe::read(probe_json)?;
    annotations::apply(&mut ground);
    Ok(ground)
}
