//! Why a rehydration stops.

use std::fmt;

use artifact::ReadError;

use crate::object::{Raised, take_message};

/// Whatever it is, the module falls back to its code, or to an ordinary import.
#[derive(Debug)]
pub enum Failure {
    /// A Python exception is set.
    Raised,
    /// The bytes are wrong.
    Read(ReadError),
    /// A guard doesn't hold.
    Guard(String),
    /// A node is needed while it is being made.
    InProgress,
    /// Nodes are nested too deeply.
    TooDeep,
    /// The interpreter refuses, or we do.
    Refused(String),
}

impl From<Raised> for Failure {
    fn from(_: Raised) -> Self {
        Failure::Raised
    }
}

impl From<ReadError> for Failure {
    fn from(error: ReadError) -> Self {
        Failure::Read(error)
    }
}

impl Failure {
    pub fn refused<T>(reason: impl Into<String>) -> Result<T, Failure> {
        Err(Failure::Refused(reason.into()))
    }

    /// In words; an exception that is set is cleared.
    pub fn into_reason(self) -> String {
        match self {
            Failure::Raised => take_message(),
            other => other.to_string(),
        }
    }
}

impl fmt::Display for Failure {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Failure::Raised => write!(formatter, "an exception"),
            Failure::Read(error) => write!(formatter, "{error}"),
            Failure::Guard(what) => write!(formatter, "guard: {what}"),
            Failure::InProgress => write!(formatter, "a value needs itself to be made"),
            Failure::TooDeep => write!(formatter, "values are nested too deeply"),
            Failure::Refused(reason) => write!(formatter, "{reason}"),
        }
    }
}

/// Why carrying out a module's operations stops.
pub enum Stop {
    /// An import raised, as it would have in the module's code.
    Raise,
    /// The module's code takes over.
    FallBack(Failure),
}

impl<F: Into<Failure>> From<F> for Stop {
    fn from(failure: F) -> Self {
        Stop::FallBack(failure.into())
    }
}
