//! What the evaluator asks of its surroundings: other modules, and the target.

use std::sync::Arc;

use crate::evaluated::{Evaluated, Passage};
use crate::ground::Ground;
use crate::reason::Reason;
use crate::value::{ModuleId, Value};

/// The interpreter that artifacts are made for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Target {
    /// major, minor, micro
    pub version: (u8, u8, u8),
    /// `sys.platform`
    pub platform: String,
    /// `os.name`
    pub os_name: String,
    /// `-O` level
    pub optimize: u8,
}

/// Where an import leads.
#[derive(Clone, Debug)]
pub enum Resolved {
    /// A module with source.
    Source(ModuleId),
    /// A module implemented in C and described: index in [`Ground::modules`].
    Ground(u32),
    /// The ordinary finders would raise `ModuleNotFoundError`.
    Missing,
    /// The ordinary finders can't find it, but code that is not known may have made it findable
    /// (`six.moves`): importing it runs that code.
    Unfound(Arc<Reason>),
    /// There is something (an undescribed extension module, a namespace package), but nothing is known about it.
    Unknown(Arc<Reason>),
}

/// What a call of a pure C function comes to, as the target itself says.
#[derive(Clone, Debug)]
pub enum Answer {
    /// With a result of exactly the type of this name (`module.qualname`).
    Completes {
        class: String,
        /// The result itself, if it is immutable data and not too long.
        value: Option<Value>,
    },
    /// The exception's type name, and its text.
    Raises {
        exception: String,
        message: String,
    },
    Unknown,
}

/// A call that the target is asked about.
#[derive(Clone, Copy, Debug)]
pub struct Question<'a> {
    /// `module:qualname` of a callable.
    pub call: &'a str,
    /// Text of a tuple: literals, and stand-ins (`analyzer/python/consult.py` tells which) for other objects.
    pub arguments: &'a str,
    /// Text of a dict, likewise.
    pub keywords: &'a str,
    /// The call changes the interpreter that carries it out, and nothing outside it.
    pub lasting: bool,
}

/// Other modules as the evaluator sees them. All answers are fixed for the length of an evaluation.
pub trait World: Sync {
    fn target(&self) -> &Target;
    fn ground(&self) -> &Ground;
    /// Does the user vouch for it that importing or calling this, of an extension module, is harmless?
    fn is_declared_harmless(&self, _path: &str) -> bool {
        false
    }
    /// Absolute dotted name to module. Parents are resolved too.
    fn resolve(&self, absolute: &str) -> Resolved;
    fn module_name(&self, module: ModuleId) -> &str;
    /// `__file__` as the target would set it.
    fn module_path(&self, module: ModuleId) -> &str;
    fn is_package(&self, module: ModuleId) -> bool;
    fn ir(&self, module: ModuleId) -> Option<&Arc<syntax::ir::Module>>;
    /// The finished evaluation of a module; `None` while it is not finished
    /// (it is in the same import cycle) or when it can't be evaluated.
    fn evaluated(&self, module: ModuleId) -> Option<&Arc<Evaluated>>;
    /// The same, where what the module holds does not matter. Who asks for that only need not be evaluated again
    /// when nothing else of the module has changed.
    fn passage(&self, module: ModuleId) -> Option<Passage<'_>>;
    /// The module is not in this one's import cycle, and always finished before any of that starts.
    fn comes_before(&self, module: ModuleId) -> bool;
    /// What the target makes of a call.
    fn ask(&self, question: &Question) -> Answer;
    /// The module is part of the target's standard library.
    fn is_standard(&self, module: ModuleId) -> bool;
    /// The interpreter loads the module before a program starts, as a rule: whoever relies on it says so in a guard.
    fn is_loaded_at_start(&self, module: ModuleId) -> bool;
    /// Importing the module runs no code that is not proven: it, its parents and all
    /// that it imports are strict. `false` while that is not decided.
    fn is_closed(&self, module: ModuleId) -> bool;
}
