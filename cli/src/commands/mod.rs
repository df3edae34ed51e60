//! One file per command: its arguments, and `run`; what several take is in `subject`.

pub mod build;
pub mod cache;
pub mod check;
pub mod enable;
pub mod eval;
pub mod explain;
pub mod inspect;
pub mod lsp;
pub mod report;
pub mod run;
mod subject;
pub mod verify;
