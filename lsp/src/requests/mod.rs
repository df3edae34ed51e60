//! What clients ask, a file each.

pub mod code_action;
pub mod code_lens;
pub mod command;
pub mod definition;
pub mod diagnostic;
pub mod hover;
pub mod inlay_hint;
mod knowledge;
