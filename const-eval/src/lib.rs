//! Values, builtins, the abstract interpreter, effects and ownership, fuel.
//!
//! Knows the IR, and through [`world::World`] other modules; knows no files, no salsa, no LSP.

pub mod effect;
pub mod evaluated;
pub mod ground;
pub mod heap;
pub mod key;
pub mod machine;
pub mod ordered;
pub mod primitive;
pub mod reason;
pub mod render;
pub mod value;
pub mod world;

pub use machine::{Budget, evaluate, evaluate_within, reaches_namespace};
