//! Why something is not static: rule code, place, and the chain of calls that leads there.

use std::sync::Arc;

use syntax::TextRange;

use crate::ground::GroundId;
use crate::value::ModuleId;

/// The stable code of a rule. Each has a page in `docs/rules/`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
#[repr(u16)]
pub enum Rule {
    /// A call of something that is not known.
    UnknownCall = 101,
    /// An operator, comparison, truth test or format on something that is not known.
    UnknownOperation = 102,
    /// Iterating over or unpacking something that is not known.
    UnknownIteration = 103,
    /// An attribute of something that is not known.
    UnknownAttribute = 104,
    /// A subscript of something that is not known.
    UnknownSubscript = 105,
    /// A `with` on something that is not known.
    UnknownContextManager = 106,
    /// A base class, metaclass or class keyword that is not known.
    UnknownBase = 107,
    /// A name whose value was made by a statement that runs at import.
    UnknownName = 108,
    /// A star import from a module whose names are not known.
    UnknownStarImport = 109,
    /// Changes an object that belongs to another module.
    ForeignChange = 201,
    /// Input, output, or a change of the process.
    ProcessEffect = 202,
    /// Imports a module from within a call.
    ImportInCall = 203,
    /// Rests on something that differs between processes: time, environment, hashes, addresses.
    Nondeterministic = 301,
    /// Raises an exception, or may.
    Raises = 302,
    /// Reads the contents of a mutable object that belongs to another module.
    ForeignContents = 303,
    /// Reads a module of the same import cycle before it is complete.
    ImportCycle = 304,
    /// Took too many steps, too deep a stack or too much memory to evaluate.
    Budget = 401,
    /// A construct that the evaluator does not model.
    NotModelled = 402,
    /// The namespace of the module can't be known (`globals()` escapes, `exec`).
    UnknownNamespace = 403,
    /// A demand for strictness that can't be met.
    DemandNotMet = 501,
    /// Harmless because the user declares it so.
    Declared = 502,
    SyntaxError = 901,
    Undecodable = 902,
    Unreadable = 903,
    /// Nested too deeply, as CPython itself would refuse it.
    TooDeep = 904,
    /// A defect of Lyo itself, confined to one file.
    Internal = 999,
}

impl Rule {
    /// `LYO101`
    pub fn code(self) -> String {
        format!("LYO{}", self as u16)
    }
}

/// A place in a module.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Site {
    pub module: ModuleId,
    pub range: TextRange,
}

/// One step on the way from the user's line to the cause.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Link {
    pub site: Site,
    /// What happens there, as `calls `register()``.
    pub message: String,
}

/// Says of a number that it is what `id` gave for an object, by its place among those that the evaluation of a module
/// has asked for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Identity {
    pub evaluation: ModuleId,
    pub number: u32,
}

/// Why a statement is residual, or a value unknown.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Reason {
    pub rule: Rule,
    /// One sentence about the cause itself.
    pub message: String,
    /// From the top-level statement's own line to the cause; never empty once attached to a statement.
    pub chain: Vec<Link>,
    /// The exact type of the value that is unknown, where that much is known.
    pub class: Option<GroundId>,
    /// Of a value that is the identity of an object: which.
    pub identity: Option<Identity>,
    /// Of an extension module, or of what is read of one: its dotted name.
    pub origin: Option<Arc<str>>,
}

/// What a reason says of values that are unknown because others are, before it says why those are.
const CARRIERS: [&str; 4] = [
    "it may have been bound anew by code that is not known (",
    "an earlier statement that runs at import may have changed it (",
    "an earlier statement that runs at import has changed it (",
    "it is bound by a statement that runs at import (",
];

/// The cause itself that a message tells of, without the chain of unknowns that led from it.
pub fn root_cause(message: &str) -> &str {
    let mut cause = message;
    loop {
        let inner = match cause.rfind(" not known: ") {
            Some(position) => &cause[position + " not known: ".len()..],
            None => cause,
        };
        let stripped = CARRIERS
            .iter()
            .find_map(|carrier| inner.strip_prefix(carrier))
            .map_or(inner, |inner| inner.strip_suffix(')').unwrap_or(inner));
        if stripped.len() == cause.len() {
            return cause;
        }
        cause = stripped;
    }
}

impl Reason {
    /// See [`root_cause`].
    pub fn root_cause(&self) -> &str {
        root_cause(&self.message)
    }

    pub fn new(rule: Rule, message: impl Into<String>) -> Arc<Reason> {
        Reason::of_class(rule, message, None)
    }

    /// With the way that leads to the cause.
    pub fn chained(rule: Rule, message: impl Into<String>, chain: Vec<Link>) -> Arc<Reason> {
        Arc::new(Reason { rule, message: message.into(), chain, class: None, identity: None, origin: None })
    }

    /// Of a value whose exact type may be known all the same.
    pub fn of_class(rule: Rule, message: impl Into<String>, class: Option<GroundId>) -> Arc<Reason> {
        Arc::new(Reason { rule, message: message.into(), chain: Vec::new(), class, identity: None, origin: None })
    }

    /// Of an extension module, or of what is read of one, by its dotted name.
    pub fn external(rule: Rule, message: impl Into<String>, origin: Arc<str>) -> Arc<Reason> {
        let (message, chain) = (message.into(), Vec::new());
        Arc::new(Reason { rule, message, chain, class: None, identity: None, origin: Some(origin) })
    }
}
