//! Tests of the built command, in one program because linking costs more than running.

mod action;
mod bad_input;
mod bundle;
mod cache;
mod check;
mod common;
mod eval;
mod lsp;
mod report;
mod sarif;
