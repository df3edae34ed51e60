//! Bytes → text → tree → IR. The only crate that knows the parser.

mod body;
mod correspondence;
mod decode;
mod depth;
mod directives;
mod disassemble;
mod error;
pub mod ir;
mod line_index;
mod locate;
mod lower;
mod names;
mod parse;
mod stack;
mod symbols;

pub use body::{Body, Plain};
pub use correspondence::{Correspondence, correspondence};
pub use decode::{DecodeError, DecodeErrorKind, check_decoded, decode};
pub use disassemble::disassemble;
pub use error::{SyntaxError, SyntaxErrorKind};
pub use line_index::LineIndex;
pub use locate::{Located, locate};
pub use lower::{LowerOptions, lower_source};
pub use parse::{Parsed, parse};
pub use ruff_text_size::{TextRange, TextSize};
pub use stack::with_large_stack;
