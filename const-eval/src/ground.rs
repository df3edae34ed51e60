//! The C ground: builtins and C-implemented stdlib modules, described in data.

/// A C-implemented type, function, or singleton.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct GroundId(pub u32);

pub struct Ground;
