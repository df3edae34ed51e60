//! The whole analysis, from PATHs to verdicts: once, or again and again while files change.
//!
//! A session keeps what the next analysis can use: the interpreter's description, and what is known of single files.
//! Every analysis gives what the first one of a new session would give.

use std::path::PathBuf;
use std::sync::{Arc, OnceLock};

use const_eval::ground::Ground;
use const_eval::value::ModuleId;
use thiserror::Error;

use crate::analysis::{Analysis, Options};
use crate::config::{Config, ConfigError};
use crate::consult::Consultant;
use crate::database::{Database, Settings, Sources};
use crate::discover::{self, DiscoverError, Scope};
use crate::evaluate::{self, Context};
use crate::files::Files;
use crate::globs::{GlobError, ModuleGlobs};
use crate::graph::Graph;
use crate::interpreter::InterpreterError;
use crate::load::{self, Progress};
use crate::resolve::Resolver;
use crate::target::Interpreter;
use crate::verdict::{Judgement, judge};

/// Trees and chains of imports are deep; a thread's stack is only mapped when it is used.
const STACK_SIZE: usize = 64 << 20;

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
    /// The observer said so.
    #[error("cancelled")]
    Cancelled,
    #[error("the analysis failed, which is a defect of Lyo")]
    Internal,
}

/// Who waits for an analysis.
pub trait Observer: Sync {
    /// Hears from several threads.
    fn progress(&self, progress: Progress);

    /// Nobody wants the result any more.
    fn is_cancelled(&self) -> bool {
        false
    }
}

impl<F: Fn(Progress) + Sync + ?Sized> Observer for &F {
    fn progress(&self, progress: Progress) {
        self(progress);
    }
}

/// Analyses of the same PATHs, one after the other.
pub struct Session {
    options: Options,
    pool: rayon::ThreadPool,
    database: Database,
    sources: Sources,
    target: Option<TargetFacts>,
}

/// What is known of the interpreter.
#[derive(Clone)]
struct TargetFacts {
    interpreter: Arc<Interpreter>,
    ground: Arc<Ground>,
    consultant: Arc<Consultant>,
}

impl Session {
    pub fn new(options: Options) -> Result<Session, AnalyzeError> {
        let pool = rayon::ThreadPoolBuilder::new()
            .num_threads(options.threads.unwrap_or(0))
            .stack_size(STACK_SIZE)
            .thread_name(|index| format!("lyo-{index}"))
            .build()
            .map_err(|error| AnalyzeError::Threads(error.to_string()))?;
        Ok(Session { options, pool, database: Database::default(), sources: Sources::default(), target: None })
    }

    /// Finds, loads, evaluates and judges. Unless `disk_changed`, only buffers have changed since the last time.
    pub fn analyze(
        &mut self,
        files: Files,
        _disk_changed: bool,
        observer: &dyn Observer,
    ) -> Result<Analysis, AnalyzeError> {
        let Session { options, pool, database, sources, target } = self;
        database.files = files;
        pool.install(|| Run { options, database, sources, target, observer }.analyze())
    }

    pub(crate) fn analyze_once(mut self, progress: &(dyn Fn(Progress) + Sync)) -> Result<Analysis, AnalyzeError> {
        let analysis = self.analyze(Files::default(), true, &progress);
        // What it knows of single files lives on in the analysis; to take the rest apart would only take time.
        std::mem::forget(self.database);
        analysis
    }
}

/// One analysis under way.
struct Run<'a> {
    options: &'a Options,
    database: &'a mut Database,
    sources: &'a mut Sources,
    target: &'a mut Option<TargetFacts>,
    observer: &'a dyn Observer,
}

impl Run<'_> {
    fn analyze(self) -> Result<Analysis, AnalyzeError> {
        let Run { options, database, sources, target, observer } = self;
        let progress = |progress| observer.progress(progress);
        let files = database.files.clone();
        let paths = if options.paths.is_empty() { vec![PathBuf::from(".")] } else { options.paths.clone() };
        let config = Config::find(&paths[0])?;
        let globs = |own: &[String], configured: &[String]| ModuleGlobs::new(own.iter().chain(configured));
        let strict = globs(&options.strict, &config.strict)?;
        let include = globs(&options.include, &config.include)?;
        let exclude = globs(&options.exclude, &config.exclude)?;
        let interpreter = match target {
            Some(facts) => facts.interpreter.clone(),
            None => Arc::new(Interpreter::discover_near(options.python.as_deref(), options.folder.as_deref())?),
        };
        let search_path = &interpreter.search_path.entries;
        let scope = Scope { config: &config, include: &include, exclude: &exclude, search_path, files: &files };
        let discovery = discover::discover(&paths, &scope)?;

        let (facts, loaded) = rayon::join(
            || target.clone().map_or_else(|| describe(&interpreter), Ok),
            || {
                if Settings::try_get(database).is_none() {
                    let version = (interpreter.facts.version.0, interpreter.facts.version.1);
                    Settings::new(database, version, interpreter.facts.optimize);
                }
                let resolver = Resolver::new(&interpreter, &discovery.roots, files.clone());
                let whole_packages = options.whole_packages;
                let table = load::load(database, sources, &resolver, &discovery.modules, whole_packages, &progress);
                let graph =
                    Graph::new(&table, |module| module.is_standard && resolver.is_loaded_at_start(&module.name));
                (resolver, table, graph)
            },
        );
        let (resolver, table, graph) = loaded;
        let TargetFacts { interpreter, ground, consultant } = target.insert(facts?).clone();
        let context = Context {
            target: ground.target(),
            ground: &ground,
            resolver: &resolver,
            table: &table,
            graph: &graph,
            consultant: &consultant,
        };
        let evaluations = evaluate::evaluate(context, observer).ok_or(AnalyzeError::Cancelled)?;
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
            ground,
            resolver: Arc::new(resolver),
            table,
            graph: Arc::new(graph),
            evaluations,
            judgements,
            requested,
            consultant,
        })
    }
}

fn describe(interpreter: &Arc<Interpreter>) -> Result<TargetFacts, AnalyzeError> {
    let executable = || interpreter.facts.executable.display().to_string();
    let ground =
        Ground::load(&interpreter.probe()?).map_err(|error| AnalyzeError::Ground(executable(), error.to_string()))?;
    Ok(TargetFacts {
        interpreter: interpreter.clone(),
        ground: Arc::new(ground),
        consultant: Arc::new(Consultant::new(interpreter.facts.executable.clone())),
    })
}
