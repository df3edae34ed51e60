//! The objects that a module's top level makes.

use crate::value::Value;

/// All objects of one module, addressed by index.
#[derive(Clone, Debug, Default)]
pub struct Heap {
    pub objects: Vec<Object>,
}

#[derive(Clone, Debug)]
pub enum Object {
    List(Vec<Value>),
}
