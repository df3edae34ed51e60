//! From tree to IR, as CPython's `Python/compile.c` generates code.
//!
//! The order in which things are evaluated, tested and stored is CPython's, instruction by
//! instruction; how values are kept meanwhile is the IR's own affair.
//!
//! [`unit`] holds the code under construction; the other files lower one kind of construct each.

mod calls;
mod classes;
mod comprehensions;
mod conditions;
mod definitions;
mod exceptions;
mod expressions;
mod imports;
mod names;
mod patterns;
mod percent_format;
mod statements;
mod strings;
mod targets;
mod top_level;
mod type_parameters;
mod unit;
mod unparse;
mod unwinding;

use std::sync::Arc;

use ruff_text_size::TextRange;
use rustc_hash::{FxHashMap, FxHashSet};

use crate::body::Plain;
use crate::directives::directives;
use crate::error::SyntaxError;
use crate::ir::{self, Code, CodeId, Name};
use crate::names::{NameId, Names};
use crate::parse::{Parsed, parse};
use crate::stack::with_large_stack;
use crate::symbols::{Built, SymbolTable, build};
use unit::Unit;

/// What the lowering depends on besides the text.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct LowerOptions {
    /// Major and minor version of the target; 3.11 to 3.13.
    pub version: (u8, u8),
    /// The target's `-O` level: 1 drops `assert` and makes `__debug__` false, 2 drops docstrings too.
    pub optimize: u8,
}

/// Parses and lowers a decoded module.
///
/// Errors are those for which CPython of the target version would not compile the module, in source order.
pub fn lower_source(text: &str, options: &LowerOptions) -> Result<ir::Module, Vec<SyntaxError>> {
    if !((3, 11)..=(3, 13)).contains(&options.version) {
        let (major, minor) = options.version;
        let message = format!("Python {major}.{minor} is not supported: 3.11 to 3.13 are");
        return Err(vec![SyntaxError::invalid(message, TextRange::default())]);
    }
    with_large_stack(|| lower(&parse(text, options.version)?, text, options))
}

/// Lowers what [`parse`] made of the same text for the same version.
fn lower(parsed: &Parsed, text: &str, options: &LowerOptions) -> Result<ir::Module, Vec<SyntaxError>> {
    with_large_stack(|| {
        let Some(module) = parsed.module() else { return Err(Vec::new()) };
        let Built { table, names, mut errors, future_annotations } = build(module, text, options.version);
        if !errors.is_empty() {
            errors.sort_by_key(|error| error.range.start());
            return Err(errors);
        }
        let mut lowerer = Lowerer::new(text, *options, table, names, future_annotations);
        let (statements, docstring) = lowerer.module(module);
        let mut errors = lowerer.errors;
        if !errors.is_empty() {
            errors.sort_by_key(|error| error.range.start());
            return Err(errors);
        }
        let mut rebound_globals: Vec<Name> =
            lowerer.rebound_globals.iter().map(|&id| lowerer.names.get(id).clone()).collect();
        rebound_globals.sort();
        lowerer.codes.shrink_to_fit();
        Ok(ir::Module {
            docstring,
            future_annotations,
            statements,
            codes: lowerer.codes,
            imports: imports::import_sites(&module.body),
            rebound_globals,
            has_annotations: statements::has_annotations(&module.body),
            directives: parsed.tokens().map_or_else(Vec::new, |tokens| directives(tokens, text)),
        })
    })
}

struct Lowerer<'a> {
    text: &'a str,
    options: LowerOptions,
    table: SymbolTable,
    names: Names,
    future_annotations: bool,
    codes: Vec<Code>,
    /// Codes by the node that they stand for: `finally` bodies are lowered more than once.
    code_of_node: FxHashMap<usize, CodeId>,
    /// Instructions that may still be made; `finally` within `finally` doubles them each time.
    budget: usize,
    /// The codes under construction, innermost last. Never empty while lowering.
    units: Vec<Unit<'a>>,
    /// Buffers of finished codes, for those to come.
    spare: Vec<Plain>,
    /// What the current top-level statement binds in the module.
    binds: FxHashSet<NameId>,
    rebound_globals: FxHashSet<NameId>,
    errors: Vec<SyntaxError>,
    no_keywords: Arc<[Name]>,
}

impl<'a> Lowerer<'a> {
    fn new(
        text: &'a str,
        options: LowerOptions,
        table: SymbolTable,
        names: Names,
        future_annotations: bool,
    ) -> Lowerer<'a> {
        Lowerer {
            text,
            options,
            table,
            names,
            future_annotations,
            codes: Vec::new(),
            code_of_node: FxHashMap::default(),
            budget: 100_000 + 64 * text.len(),
            units: Vec::new(),
            spare: Vec::new(),
            binds: FxHashSet::default(),
            rebound_globals: FxHashSet::default(),
            errors: Vec::new(),
            no_keywords: Arc::from([]),
        }
    }

    fn error(&mut self, message: impl Into<String>, range: TextRange) {
        self.errors.push(SyntaxError::invalid(message, range));
    }
}
