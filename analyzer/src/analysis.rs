//! The whole analysis, from PATHs to verdicts, and its results.

use std::path::{Path, PathBuf};
use std::sync::{Arc, OnceLock};

use const_eval::evaluated::Evaluated;
use const_eval::ground::Ground;
use const_eval::value::ModuleId;
use const_eval::world::{Target, World};
use syntax::ir;
use syntax::{LineIndex, TextRange};
use thiserror::Error;

use crate::config::{Config, ConfigError};
use crate::consult::Consultant;
use crate::database::{Database, Settings};
use crate::diagnostics::Diagnostic;
use crate::discover::{self, DiscoverError, Scope, Trouble};
use crate::evaluate::{self, Context, Finished, View};
use crate::globs::{GlobError, ModuleGlobs};
use crate::graph::Graph;
use crate::interpreter::InterpreterError;
use crate::load::{self, Module, Progress, Table};
use crate::report::{self, RangeReport};
use crate::resolve::Resolver;
use crate::target::Interpreter;
use crate::verdict::{Judgement, StatementCounts, Verdict, judge};

/// Trees and chains of imports are deep; a thread's stack is only mapped when it is used.
const STACK_SIZE: usize = 64 << 20;

/// What to analyse, and for whom.
#[derive(Clone, Debug, Default)]
pub struct Options {
    /// Folders, packages, files; empty: the current folder.
    pub paths: Vec<PathBuf>,
    /// The interpreter, as the user named it.
    pub python: Option<String>,
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

#[derive(Debug, Error)]
pub enum AnalyzeError {
    #[error(transparent)]
    Interpreter(#[from] InterpreterError),
    #[error(transparent)]
    Discover(#[from] DiscoverError),
    #[error(transparent)]
    Config(#[from] ConfigError),
    #[error(transparent)]
    Glob(#[from] GlobError),
    #[error("the description of {0} is not understood: {1}")]
    Ground(String, String),
    #[error("can't start threads: {0}")]
    Threads(String),
}

/// A finished analysis.
pub struct Analysis {
    interpreter: Interpreter,
    target: Target,
    ground: Ground,
    consultant: Consultant,
    roots: Vec<PathBuf>,
    troubles: Vec<Trouble>,
    resolver: Resolver,
    table: Table,
    graph: Graph,
    evaluations: Vec<Finished>,
    judgements: Vec<Judgement>,
    line_indexes: Vec<OnceLock<LineIndex>>,
    /// Requested modules, sorted by name, then path.
    requested: Vec<ModuleId>,
    // Last, so that it is dropped when nothing else is left of the analysis.
    database: Database,
}

/// Finds, loads, evaluates and judges. `progress` hears from several threads.
pub fn analyze(options: &Options, progress: &(dyn Fn(Progress) + Sync)) -> Result<Analysis, AnalyzeError> {
    let pool = rayon::ThreadPoolBuilder::new()
        .num_threads(options.threads.unwrap_or(0))
        .stack_size(STACK_SIZE)
        .thread_name(|index| format!("lyo-{index}"))
        .build()
        .map_err(|error| AnalyzeError::Threads(error.to_string()))?;
    pool.install(|| analyze_here(options, progress))
}

fn analyze_here(options: &Options, progress: &(dyn Fn(Progress) + Sync)) -> Result<Analysis, AnalyzeError> {
    let paths = if options.paths.is_empty() { vec![PathBuf::from(".")] } else { options.paths.clone() };
    let config = Config::find(&paths[0])?;
    let globs = |own: &[String], configured: &[String]| ModuleGlobs::new(own.iter().chain(configured));
    let strict = globs(&options.strict, &config.strict)?;
    let include = globs(&options.include, &config.include)?;
    let exclude = globs(&options.exclude, &config.exclude)?;
    let interpreter = Interpreter::discover(options.python.as_deref())?;
    let scope =
        Scope { config: &config, include: &include, exclude: &exclude, search_path: &interpreter.search_path.entries };
    let discovery = discover::discover(&paths, &scope)?;

    let (ground, loaded) = rayon::join(
        || interpreter.probe().map(|probe| Ground::load(&probe)),
        || {
            let database = Database::default();
            let version = (interpreter.facts.version.0, interpreter.facts.version.1);
            Settings::new(&database, version, interpreter.facts.optimize);
            let resolver = Resolver::new(&interpreter, &discovery.roots);
            let table = load::load(&database, &resolver, &discovery.modules, options.whole_packages, progress);
            let graph = Graph::new(&table, |module| module.is_standard && resolver.is_loaded_at_start(&module.name));
            (database, resolver, table, graph)
        },
    );
    let (database, resolver, table, graph) = loaded;
    let executable = || interpreter.facts.executable.display().to_string();
    let ground = ground?.map_err(|error| AnalyzeError::Ground(executable(), error.to_string()))?;
    let target = ground.target().clone();

    let consultant = Consultant::new(interpreter.facts.executable.clone());
    let context = Context {
        target: &target,
        ground: &ground,
        resolver: &resolver,
        table: &table,
        graph: &graph,
        consultant: &consultant,
    };
    let evaluations = evaluate::evaluate(context, progress);
    let judgements: Vec<Judgement> = table
        .modules
        .iter()
        .zip(&evaluations)
        .map(|(module, finished)| {
            judge(module, &finished.evaluation, module.is_requested && strict.matches(&module.name))
        })
        .collect();
    let mut requested: Vec<ModuleId> =
        table.modules.iter().filter(|module| module.is_requested).map(|module| module.id).collect();
    requested.sort_by(|a, b| {
        let key = |id: &ModuleId| (&table.module(*id).name, &table.module(*id).path);
        key(a).cmp(&key(b))
    });
    Ok(Analysis {
        line_indexes: table.modules.iter().map(|_| OnceLock::new()).collect(),
        roots: discovery.roots,
        troubles: discovery.troubles,
        interpreter,
        target,
        ground,
        resolver,
        table,
        graph,
        evaluations,
        judgements,
        requested,
        consultant,
        database,
    })
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
        &self.roots
    }

    /// Paths that could not be looked at.
    pub fn troubles(&self) -> &[Trouble] {
        &self.troubles
    }

    /// Every loaded module; in no particular, but always the same order.
    pub fn modules(&self) -> impl Iterator<Item = AnalysedModule<'_>> {
        self.table.modules.iter().map(|module| AnalysedModule { analysis: self, module })
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

    /// Modules in an order in which each comes after what it imports; members of a cycle follow each other.
    pub fn dependency_order(&self) -> impl Iterator<Item = AnalysedModule<'_>> {
        self.graph.condensation.components.iter().flatten().map(|id| self.module(*id))
    }

    /// The finished modules as the evaluator's functions want to see them.
    pub fn world(&self) -> View<'_> {
        let context = Context {
            target: &self.target,
            ground: &self.ground,
            resolver: &self.resolver,
            table: &self.table,
            graph: &self.graph,
            consultant: &self.consultant,
        };
        View::complete(context, &self.evaluations)
    }

    /// The salsa database that the texts and IRs live in.
    pub fn database(&self) -> &dyn salsa::Database {
        &self.database
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
        self.analysis.line_indexes[self.index()].get_or_init(|| LineIndex::new(self.text()))
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
