//! One file per command: its arguments, and `run`.

pub mod build;
pub mod cache;
pub mod check;
pub mod eval;
pub mod explain;
pub mod inspect;
pub mod lsp;
pub mod report;
pub mod run;
pub mod verify;
