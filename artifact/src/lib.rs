//! The class-file format: writer, reader, verifier. Knows neither Python nor salsa.
//!
//! [`model`] says what a bundle holds; [`write_bundle`] writes it; [`Reader`] opens a file and
//! finds modules in it; [`view`] walks an image without copying it; [`decode`] turns one back into
//! the model. The bytes are described in `docs/artifact-format.md`.

mod cursor;
pub mod decode;
pub mod layout;
pub mod model;
mod read;
mod replace;
mod verify;
pub mod view;
mod write;

pub use read::{Block, Entry, ReadError, Reader, SourceView};
pub use replace::replace_file;
pub use write::{WriteError, encode_bundle, write_bundle};

#[cfg(test)]
mod tests;
