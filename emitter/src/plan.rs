//! What the harvester is told: every module of the bundle, its verdict and its statements.

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};

use analyzer::{EffectReport, OperandReport, StepReport};

use crate::marshal::Value;

/// How much of a module is proven.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// The whole top level: the module is to be rehydrated.
    Strict,
    /// Some statements: only these run, and only when a strict module imports this one.
    Partial,
    /// Nothing is known: of another's module nothing runs; the standard library's runs as always.
    Code,
}

/// What a top-level statement was proven to be.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum StatementKind {
    Import,
    Static,
    Recipe,
    /// Its effects outside the module are known: the harvester runs it, and so does an import.
    Replayed,
    Residual,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Statement {
    pub kind: StatementKind,
    /// Names that it may bind.
    pub binds: Vec<String>,
    /// It is residual, and nothing that was bound before is known after it.
    pub opaque: bool,
    /// What it changes of others, where it is replayed.
    pub effects: Vec<EffectReport>,
}

/// A fact that a module's evaluation rests on.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Dependency {
    /// Index of the first statement that needs it.
    pub statement: u32,
    pub module: String,
    pub path: Vec<String>,
    /// Of a mutable container it matters what it holds, and not only that it is one.
    pub contents: bool,
}

#[derive(Clone, Debug, PartialEq)]
pub struct ModulePlan {
    /// Dotted name.
    pub name: String,
    /// The source file.
    pub path: PathBuf,
    /// The path entry under which it is found.
    pub root: PathBuf,
    pub is_package: bool,
    /// Belongs to the target's standard library: the harvester may run it whole.
    pub is_standard: bool,
    pub kind: Kind,
    /// Not strict, but what its proven statements leave is to be rehydrated, segment by segment.
    pub steps: bool,
    /// Why it is not to be rehydrated as a whole; empty for [`Kind::Strict`].
    pub reason: String,
    /// Parallel to the statements of the syntax tree, the docstring included.
    pub statements: Vec<Statement>,
    /// C code looks names up in its dictionary, past the module: they can't wait.
    pub is_read_raw: bool,
    /// It may hold names that no statement binds.
    pub open_namespace: bool,
    /// Importing it surely raises.
    pub fails: bool,
    pub dependencies: Vec<Dependency>,
    /// Names of modules that come into play when it is imported: what it imports, what it reads.
    pub imports: BTreeSet<String>,
    /// Names whose values the evaluator knows, as Python's `repr`.
    pub known: BTreeMap<String, String>,
    /// How sets were filled that lie at these paths: whether they are copies of sets that were filled so, and their items.
    pub fillings: Vec<(Vec<String>, bool, Vec<String>)>,
}

/// A module that does not travel in the bundle.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LeftOut {
    pub name: String,
    pub reason: String,
}

/// The work of one build.
#[derive(Clone, Debug, Default)]
pub struct Plan {
    /// Sorted by name, each name once.
    pub modules: Vec<ModulePlan>,
    /// Search roots outside the standard library, in order.
    pub roots: Vec<PathBuf>,
}

impl Plan {
    /// The message that the harvester starts from; `scratch`: a folder in which the processes of one build share what they
    /// have compiled.
    pub fn message(&self, native: Option<&Path>, scratch: Option<&Path>) -> Value {
        let modules = self.modules.iter().map(|module| (Value::text(&module.name), module.message())).collect();
        Value::record([
            ("modules", Value::Dict(modules)),
            ("roots", Value::List(self.roots.iter().map(|root| path_text(root)).collect())),
            ("native", native.map_or(Value::None, path_text)),
            ("scratch", scratch.map_or(Value::None, path_text)),
        ])
    }
}

impl ModulePlan {
    /// The module as the harvester is told of it.
    pub fn message(&self) -> Value {
        let statements =
            if self.kind == Kind::Code { Vec::new() } else { self.statements.iter().map(Statement::message).collect() };
        let dependencies = self
            .dependencies
            .iter()
            .map(|dependency| {
                Value::Tuple(vec![
                    Value::Int(i64::from(dependency.statement)),
                    Value::text(&dependency.module),
                    Value::texts(&dependency.path),
                    Value::Bool(dependency.contents),
                ])
            })
            .collect();
        let fillings = self
            .fillings
            .iter()
            .map(|(path, is_copy, items)| {
                Value::Tuple(vec![Value::texts(path), Value::Bool(*is_copy), Value::texts(items)])
            })
            .collect();
        let known = self.known.iter().map(|(name, repr)| (Value::text(name), Value::text(repr))).collect();
        Value::record([
            ("name", Value::text(&self.name)),
            ("path", path_text(&self.path)),
            ("package", Value::Bool(self.is_package)),
            ("stdlib", Value::Bool(self.is_standard)),
            (
                "kind",
                Value::text(match self.kind {
                    Kind::Strict => "strict",
                    // Of the standard library, what is not proven runs as always.
                    Kind::Partial if !self.is_standard => "partial",
                    Kind::Partial | Kind::Code => "code",
                }),
            ),
            ("steps", Value::Bool(self.steps)),
            ("reason", Value::text(&self.reason)),
            ("fails", Value::Bool(self.fails)),
            ("open", Value::Bool(self.open_namespace || self.kind == Kind::Code)),
            ("statements", Value::List(statements)),
            ("dependencies", Value::List(dependencies)),
            ("known", Value::Dict(known)),
            ("fillings", Value::List(fillings)),
        ])
    }
}

impl Statement {
    fn message(&self) -> Value {
        Value::Tuple(vec![
            Value::text(match self.kind {
                StatementKind::Import => "import",
                StatementKind::Static => "static",
                StatementKind::Recipe => "recipe",
                StatementKind::Replayed => "replayed",
                StatementKind::Residual => "residual",
            }),
            Value::texts(&self.binds),
            Value::Bool(self.opaque),
            Value::List(self.effects.iter().map(effect_message).collect()),
        ])
    }
}

/// Paths travel as text; one that is no UTF-8 can't name a module's file on the target's side either.
fn path_text(path: &Path) -> Value {
    Value::text(path.to_string_lossy())
}

/// (kind, name, target, operands); an effect that is not carried out as data is of the kind `other`.
fn effect_message(effect: &EffectReport) -> Value {
    let is_plain = effect.index.is_none() && effect.keywords.is_empty();
    Value::Tuple(vec![
        Value::text(if is_plain { effect.kind } else { "other" }),
        Value::text(effect.name.as_deref().unwrap_or_default()),
        effect.target.as_ref().map_or(Value::None, operand_message),
        Value::List(effect.operands.iter().map(operand_message).collect()),
    ])
}

/// ("place", module, names) or ("data", repr); nothing for what neither says.
fn operand_message(operand: &OperandReport) -> Value {
    match operand {
        OperandReport::Place { module, path } => {
            let name = |step: &StepReport| match step {
                StepReport::Entry(name) => Some(name.clone()),
                _ => None,
            };
            path.iter().map(name).collect::<Option<Vec<String>>>().map_or(Value::None, |names| {
                Value::Tuple(vec![Value::text("place"), Value::text(module), Value::texts(&names)])
            })
        }
        OperandReport::Data { repr } => Value::Tuple(vec![Value::text("data"), Value::text(repr)]),
        OperandReport::Type { .. } | OperandReport::Made { .. } => Value::None,
    }
}
