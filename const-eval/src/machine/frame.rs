//! A running block of code.

use std::sync::Arc;

use syntax::ir;

use crate::value::{ModuleId, ObjectRef, Value};

/// Where a frame's names live.
#[derive(Clone, Debug, PartialEq)]
pub enum Scope {
    /// The namespace of the module under evaluation.
    Module,
    /// Fast locals.
    Function,
    /// A class body: the dict that `__prepare__` gave.
    Class(ObjectRef),
}

/// A `try` that is in force.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Handler {
    pub label: ir::Label,
    /// Height of the value stack when the block was entered.
    pub height: usize,
    /// Number of exceptions being handled then.
    pub handled: usize,
}

#[derive(Clone, Debug, PartialEq)]
pub struct Frame {
    pub ir: Arc<ir::Module>,
    /// The module whose globals the code sees.
    pub module: ModuleId,
    pub code: ir::CodeId,
    pub counter: u32,
    /// The globals of code that was evaluated from text; otherwise they are the module's.
    pub globals: Option<ObjectRef>,
    /// Where an evaluated expression leaves its value.
    pub result: Option<ObjectRef>,
    pub scope: Scope,
    pub stack: Vec<Value>,
    pub locals: Vec<Option<Value>>,
    pub cells: Vec<ObjectRef>,
    pub handlers: Vec<Handler>,
    /// Exceptions being handled, innermost last.
    pub handled: Vec<Value>,
    /// Suspended at a `yield`, whose value is what is sent next.
    pub at_yield: bool,
    /// Suspended at a `yield from`: what is sent on.
    pub sent: Option<Value>,
}

impl Frame {
    pub fn code(&self) -> &ir::Code {
        self.ir.code(self.code)
    }
}
