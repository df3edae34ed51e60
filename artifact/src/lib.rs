//! The class-file format: writer, reader, verifier. Knows neither Python nor salsa.

pub mod model;
