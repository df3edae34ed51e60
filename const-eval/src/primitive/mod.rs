//! Exact semantics of the builtin immutable types over plain data.
