//! The results of an analysis.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use const_eval::evaluated::Evaluated;
use const_eval::ground::Ground;
use const_eval::value::ModuleId;
use const_eval::world::World;
use syntax::ir;
use syntax::{LineIndex, TextRange};

use crate::consult::Consultant;
use crate::diagnostics::Diagnostic;
use crate::discover::{Discovery, Trouble};
use crate::evaluate::{Context, Finished, View};
use crate::globs::ModuleGlobs;
use crate::graph::Graph;
use crate::load::{Module, Progress, Table};
use crate::report::{self, RangeReport};
use crate::resolve::{self, Location, Resolver};
use crate::session::{AnalyzeError, Prepared};
use crate::target::Interpreter;
use crate::verdict::{Judgement, StatementCounts, Verdict};

/// What to analyse, and for whom.
#[derive(Clone, Debug, Default)]
pub struct Options {
    /// Folders, packages, files; empty: the current folder.
    pub paths: Vec<PathBuf>,
    /// The interpreter, as the user named it.
    pub python: Option<String>,
    /// Where an environment's interpreter is looked for; `None`: in the current folder.
    pub folder: Option<PathBuf>,
    /// Globs of modules that must be strict, besides those of the configuration.
    pub strict: Vec<String>,
    /// Globs of modules to look at, besides those of the configuration; both empty: all.
    pub include: Vec<String>,
    pub exclude: Vec<String>,
    /// Load every module of each package that is reached, not only those that are imported.
    pub whole_packages: bool,
    /// Number of threads; `None`: one per core.
    pub threads: Option<usize>,
}

/// A finished analysis. It never changes, and shares what it can with other analyses of its [`crate::Session`].
pub struct Analysis {
    pub(crate) interpreter: Arc<Interpreter>,
    pub(crate) ground: Arc<Ground>,
    pub(crate) consultant: Arc<Consultant>,
    pub(crate) harmless: ModuleGlobs,
    pub(crate) discovery: Arc<Discovery>,
    pub(crate) resolver: Arc<Resolver>,
    pub(crate) table: Table,
    pub(crate) graph: Arc<Graph>,
    pub(crate) evaluations: Vec<Finished>,
    pub(crate) judgements: Vec<Arc<Judgement>>,
    /// Requested modules, sorted by name, then path.
    pub(crate) requested: Vec<ModuleId>,
}

/// Finds, loads, evaluates and judges, once. `progress` hears from several threads.
pub fn analyze(options: &Options, progress: &(dyn Fn(Progress) + Sync)) -> Result<Analysis, AnalyzeError> {
    Prepared::new(options.clone())?.analyze(progress)
}

impl Analysis {
    pub fn interpreter(&self) -> &Interpreter {
        &self.interpreter
    }

    pub fn ground(&self) -> &Ground {
        &self.ground
    }

    /// The user's search roots, which come before the target's own path.
    pub fn roots(&self) -> &[PathBuf] {
        &self.discovery.roots
    }

    /// Paths that could not be looked at.
    pub fn troubles(&self) -> &[Trouble] {
        &self.discovery.troubles
    }

    /// Every loaded module; in no particular, but always the same order.
    pub fn modules(&self) -> impl Iterator<Item = AnalysedModule<'_>> {
        let there = self.table.modules.iter().filter(|module| !module.is_gone);
        there.map(|module| AnalysedModule { analysis: self, module })
    }

    /// The modules below the PATHs, sorted by name, then path.
    pub fn requested(&self) -> impl Iterator<Item = AnalysedModule<'_>> {
        self.requested.iter().map(|id| self.module(*id))
    }

    pub fn module(&self, id: ModuleId) -> AnalysedModule<'_> {
        AnalysedModule { analysis: self, module: self.table.module(id) }
    }

    /// The module that an import of the absolute name finds, if it has source and was loaded.
    pub fn named(&self, name: &str) -> Option<AnalysedModule<'_>> {
        let name = self.resolver.canonical(name);
        self.table.named(name).map(|module| AnalysedModule { analysis: self, module })
    }

    /// The absolute name that an import statement of the module means; `None` where Python raises `ImportError`.
    pub fn absolute_name(&self, importer: AnalysedModule, level: u32, module: &str) -> Option<String> {
        resolve::absolute_name(importer.name(), importer.is_package(), level, module)
    }

    /// What an import of a module without source finds, as a sentence.
    pub fn whereabouts(&self, name: &str) -> String {
        match self.resolver.resolve(self.resolver.canonical(name)) {
            Location::Builtin => "It is compiled into the interpreter.".to_owned(),
            Location::Extension { path, .. } => format!("It is the extension module {}.", path.display()),
            Location::Namespace(_) => "It is a namespace package: importing it runs nothing.".to_owned(),
            Location::Opaque(reason) => format!("It can't be looked into: {reason}."),
            Location::Missing => "It is not found.".to_owned(),
            Location::Source(_) => {
                "No import statement that runs at import leads to it, so it was not looked at.".to_owned()
            }
        }
    }

    /// Modules in an order in which each comes after what it imports; members of a cycle follow each other.
    pub fn dependency_order(&self) -> impl Iterator<Item = AnalysedModule<'_>> {
        let all = self.graph.condensation.components.iter().flatten().map(|id| self.module(*id));
        all.filter(|module| !module.module.is_gone)
    }

    /// The finished modules as the evaluator's functions want to see them.
    pub fn world(&self) -> View<'_> {
        let context = Context {
            target: self.ground.target(),
            ground: &self.ground,
            resolver: &self.resolver,
            table: &self.table,
            graph: &self.graph,
            consultant: &self.consultant,
            harmless: &self.harmless,
            leaves_trail: false,
        };
        View::complete(context, &self.evaluations)
    }
}

/// One module with all that is known of it.
#[derive(Clone, Copy)]
pub struct AnalysedModule<'a> {
    analysis: &'a Analysis,
    module: &'a Module,
}

impl<'a> AnalysedModule<'a> {
    pub fn id(self) -> ModuleId {
        self.module.id
    }

    /// Absolute dotted name; for a script, the stem of its file.
    pub fn name(self) -> &'a str {
        &self.module.name
    }

    /// Absolute; links are not resolved.
    pub fn path(self) -> &'a Path {
        &self.module.path
    }

    /// The path entry under which it is found.
    pub fn root(self) -> &'a Path {
        &self.module.root
    }

    pub fn is_package(self) -> bool {
        self.module.is_package
    }

    /// No import finds it under its name: it is run, or shadowed by another module.
    pub fn is_script(self) -> bool {
        self.module.is_script
    }

    /// Lies below one of the PATHs.
    pub fn is_requested(self) -> bool {
        self.module.is_requested
    }

    /// Belongs to the target's standard library.
    pub fn is_standard(self) -> bool {
        self.module.is_standard
    }

    /// The decoded source; empty if it could not be read or decoded.
    pub fn text(self) -> &'a Arc<str> {
        &self.module.text
    }

    pub fn ir(self) -> Option<&'a Arc<ir::Module>> {
        self.module.ir.as_ref()
    }

    pub fn evaluated(self) -> Option<&'a Arc<Evaluated>> {
        self.analysis.evaluations[self.index()].evaluation.done()
    }

    pub fn verdict(self) -> Verdict {
        self.judgement().verdict
    }

    pub fn statements(self) -> StatementCounts {
        self.judgement().statements
    }

    pub fn diagnostics(self) -> &'a [Diagnostic] {
        &self.judgement().diagnostics
    }

    pub fn is_closed(self) -> bool {
        self.analysis.world().is_closed(self.module.id)
    }

    /// The modules that must be evaluated before this one, sorted by number.
    pub fn dependencies(self) -> &'a [ModuleId] {
        &self.analysis.graph.edges[self.index()]
    }

    /// Where the lines of [`Self::text`] start.
    pub fn line_index(self) -> &'a LineIndex {
        self.module.lines.get_or_init(|| LineIndex::new(self.text()))
    }

    /// Lines and columns of a range of [`Self::text`].
    pub fn positions(self, range: TextRange) -> RangeReport {
        report::positions(self.line_index(), self.text(), range)
    }

    fn judgement(self) -> &'a Judgement {
        &self.analysis.judgements[self.index()]
    }

    fn index(self) -> usize {
        self.module.id.0 as usize
    }
}
