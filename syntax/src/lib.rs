//! Bytes → text → tree → IR. The only crate that knows the parser.

pub mod ir;

pub use ruff_text_size::{TextRange, TextSize};
