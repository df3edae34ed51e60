//! Values as Python's own `repr`, after evaluation is over.

use crate::evaluated::Evaluated;
use crate::machine::Machine;
use crate::value::Value;
use crate::world::World;

/// Renders the values of one module.
pub struct Renderer<'w> {
    machine: Machine<'w>,
}

impl<'w> Renderer<'w> {
    /// Takes a copy of the module's heap: `__repr__` methods written in Python run on it.
    pub fn new(world: &'w dyn World, evaluated: &Evaluated) -> Renderer<'w> {
        Renderer { machine: Machine::resume_after(world, evaluated) }
    }

    /// `repr(value)`, or `None` where it is not the same in every process or not known.
    pub fn repr(&mut self, value: &Value) -> Option<String> {
        self.machine.render(value)
    }

    /// `type(value).__name__`, or `None` where it is not known.
    pub fn type_name(&mut self, value: &Value) -> Option<String> {
        self.machine.render_type(value)
    }
}

/// As [`Renderer::repr`], for a single value.
pub fn repr(world: &dyn World, evaluated: &Evaluated, value: &Value) -> Option<String> {
    match value {
        Value::Unknown(_) | Value::Opaque(_) => None,
        value => Renderer::new(world, evaluated).repr(value),
    }
}
