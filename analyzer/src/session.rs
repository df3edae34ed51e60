//! The whole analysis, from PATHs to verdicts: once, or again and again while files change.
//!
//! A session keeps what the next analysis can use: the interpreter's description, what is known of single files
//! (`database.rs`), and of the last analysis all that nothing which has changed can have an influence on
//! (`renew.rs`). Every analysis gives what the first one of a new session would give.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use const_eval::ground::Ground;
use const_eval::value::ModuleId;
use rustc_hash::FxHashSet;
use thiserror::Error;

use crate::analysis::{Analysis, Options};
use crate::cache::Question;
use crate::config::{Config, ConfigError};
use crate::consult::Consultant;
use crate::database::{Database, Settings, Sources};
use crate::discover::{self, DiscoverError, Discovery, Scope};
use crate::evaluate::{self, Context, Finished};
use crate::files::Files;
use crate::globs::{GlobError, ModuleGlobs};
use crate::graph::Graph;
use crate::interpreter::InterpreterError;
use crate::kept::Kept;
use crate::load::{self, Loader, Module, Numbers, Progress, Table};
use crate::renew;
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
    numbers: Numbers,
    last: Option<Last>,
    /// The last analysis before files lost their syntax that haven't regained it: a text under edit is broken every
    /// other moment, and then all that comes after it sees nothing of it.
    unbroken: Option<Arc<Analysis>>,
}

/// What the next analysis can use of the last one.
struct Last {
    plan: Arc<Plan>,
    files: Files,
    analysis: Arc<Analysis>,
}

impl Last {
    /// The files that may have another text now, if nothing has changed on the disk; `None`: there may be others.
    fn touched(&self, files: &Files) -> Option<FxHashSet<PathBuf>> {
        let buffered = self.files.buffered().chain(files.buffered());
        self.files.has_the_same_files(files).then(|| buffered.map(Path::to_owned).collect())
    }
}

/// What is to be analysed.
struct Plan {
    strict: ModuleGlobs,
    /// The texts of [`Self::strict`].
    strict_globs: Vec<String>,
    /// What the user declares harmless, and the texts of that.
    harmless: ModuleGlobs,
    harmless_globs: Vec<String>,
    config: Config,
    discovery: Arc<Discovery>,
    interpreter: Arc<Interpreter>,
}

/// Modules, and in which order they are evaluated.
struct Loaded {
    resolver: Arc<Resolver>,
    table: Table,
    graph: Arc<Graph>,
}

impl Plan {
    /// `interpreter`: of the last analysis, if there was one.
    fn new(options: &Options, files: &Files, interpreter: Option<Arc<Interpreter>>) -> Result<Plan, AnalyzeError> {
        let paths = if options.paths.is_empty() { vec![PathBuf::from(".")] } else { options.paths.clone() };
        let config = Config::find(&paths[0])?;
        let globs = |own: &[String], configured: &[String]| ModuleGlobs::new(own.iter().chain(configured));
        let include = globs(&options.include, &config.include)?;
        let exclude = globs(&options.exclude, &config.exclude)?;
        let interpreter = match interpreter {
            Some(known) => known,
            None => Arc::new(Interpreter::discover_near(options.python.as_deref(), options.folder.as_deref())?),
        };
        let search_path = &interpreter.search_path.entries;
        let scope = Scope { config: &config, include: &include, exclude: &exclude, search_path, files };
        let discovery = Arc::new(discover::discover(&paths, &scope)?);
        let strict = globs(&options.strict, &config.strict)?;
        let strict_globs = options.strict.iter().chain(&config.strict).cloned().collect();
        let harmless = ModuleGlobs::new(&config.harmless)?;
        let harmless_globs = config.harmless.clone();
        Ok(Plan { strict, strict_globs, harmless, harmless_globs, config, discovery, interpreter })
    }
}

impl Session {
    pub fn new(options: Options) -> Result<Session, AnalyzeError> {
        let pool = rayon::ThreadPoolBuilder::new()
            .num_threads(options.threads.unwrap_or(0))
            .stack_size(STACK_SIZE)
            .thread_name(|index| format!("lyo-{index}"))
            .build()
            .map_err(|error| AnalyzeError::Threads(error.to_string()))?;
        let (database, sources, numbers) = Default::default();
        Ok(Session { options, pool, database, sources, numbers, last: None, unbroken: None })
    }

    /// Finds, loads, evaluates and judges. Unless `disk_changed`, only buffers have changed since the last time.
    pub fn analyze(
        &mut self,
        files: Files,
        disk_changed: bool,
        observer: &dyn Observer,
    ) -> Result<Arc<Analysis>, AnalyzeError> {
        let Session { options, pool, database, sources, numbers, last, unbroken } = self;
        // Most of the modules that ever were are gone: time to forget them.
        if last.as_ref().is_some_and(|last| numbers.count() > 1000 + 2 * last.analysis.modules().count()) {
            (*numbers, *last, *unbroken) = Default::default();
        }
        let touched = last.as_ref().filter(|_| !disk_changed).and_then(|last| last.touched(&files));
        database.files = files.clone();
        let run = Run {
            options,
            database,
            sources,
            numbers,
            last: last.as_ref(),
            unbroken: unbroken.as_deref(),
            touched,
            leaves_trail: true,
            observer,
        };
        let (plan, analysis) = pool.install(|| {
            let plan = run.plan()?;
            run.analyze(plan)
        })?;
        let analysis = Arc::new(analysis);
        let broken = |analysis: &Analysis| analysis.modules().filter(|module| module.ir().is_none()).count();
        if unbroken.as_ref().is_some_and(|before| broken(&analysis) <= broken(before)) {
            *unbroken = None;
        } else if unbroken.is_none()
            && let Some(last) = last.as_ref().filter(|last| broken(&last.analysis) < broken(&analysis))
        {
            *unbroken = Some(last.analysis.clone());
        }
        *last = Some(Last { plan, files, analysis: analysis.clone() });
        Ok(analysis)
    }
}

/// An analysis that is to be done once. It is known what it is about, but no module has been read.
pub struct Prepared {
    options: Options,
    plan: Plan,
}

impl Prepared {
    /// Finds the interpreter, the configuration and the modules below the PATHs.
    pub fn new(options: Options) -> Result<Prepared, AnalyzeError> {
        let plan = Plan::new(&options, &Files::default(), None)?;
        Ok(Prepared { options, plan })
    }

    pub fn interpreter(&self) -> &Interpreter {
        &self.plan.interpreter
    }

    /// What the analysis depends on, besides the files that it reads and the folders that it looks into.
    pub fn question(&self) -> Question {
        let Prepared { options, plan } = self;
        let mut question = Question::new();
        question.say(&plan.interpreter.key).say(plan.interpreter.facts.executable.as_os_str().as_encoded_bytes());
        question.say(format!("{:?} {:?}", plan.interpreter.search_path, plan.config));
        question.say(format!("{:?} {:?}", plan.strict_globs, plan.discovery));
        question.say([u8::from(options.whole_packages)]);
        question
    }

    /// Loads, evaluates and judges. `progress` hears from several threads.
    pub fn analyze(self, progress: &(dyn Fn(Progress) + Sync)) -> Result<Analysis, AnalyzeError> {
        let Prepared { options, plan } = self;
        let Session { options, pool, mut database, mut sources, mut numbers, .. } = Session::new(options)?;
        let run = Run {
            options: &options,
            database: &mut database,
            sources: &mut sources,
            numbers: &mut numbers,
            last: None,
            unbroken: None,
            touched: None,
            leaves_trail: false,
            observer: &progress,
        };
        let result = pool.install(|| run.analyze(Arc::new(plan)));
        // What it knows of single files lives on in the analysis; to take the rest apart would only take time.
        std::mem::forget(database);
        Ok(result?.1)
    }
}

/// One analysis under way.
struct Run<'a> {
    options: &'a Options,
    database: &'a mut Database,
    sources: &'a mut Sources,
    numbers: &'a mut Numbers,
    last: Option<&'a Last>,
    unbroken: Option<&'a Analysis>,
    /// The only files that may have changed since the last one; `None`: any may, and others may be there.
    touched: Option<FxHashSet<PathBuf>>,
    /// Another one may follow.
    leaves_trail: bool,
    observer: &'a dyn Observer,
}

impl Run<'_> {
    fn plan(&self) -> Result<Arc<Plan>, AnalyzeError> {
        match self.last {
            Some(last) if self.touched.is_some() => Ok(last.plan.clone()),
            last => {
                let interpreter = last.map(|last| last.plan.interpreter.clone());
                Ok(Arc::new(Plan::new(self.options, &self.database.files, interpreter)?))
            }
        }
    }

    fn analyze(mut self, plan: Arc<Plan>) -> Result<(Arc<Plan>, Analysis), AnalyzeError> {
        if self.observer.is_cancelled() {
            return Err(AnalyzeError::Cancelled);
        }
        let known = self.last.map(|last| &last.analysis);
        let described = known.map(|known| (known.ground.clone(), known.consultant.clone()));
        let (described, loaded) =
            rayon::join(|| described.map_or_else(|| describe(&plan.interpreter), Ok), || self.load(&plan));
        let (ground, consultant) = described?;
        let (Loaded { resolver, mut table, graph }, same_structure) = loaded;
        // Evaluations rest on what is declared.
        let same_declarations = self.last.is_none_or(|last| last.plan.harmless_globs == plan.harmless_globs);
        let earlier = known.map(|known| &**known).into_iter().chain(self.unbroken);
        let earlier: Vec<&Analysis> = earlier.filter(|_| same_declarations).collect();
        let tables: Vec<&Table> = earlier.iter().map(|earlier| &earlier.table).collect();
        let changed = renew::renew(&tables, &mut table);
        let mut kept: Vec<Kept> = earlier
            .into_iter()
            .zip(changed)
            .enumerate()
            // It is of the last one that the loading has told that.
            .map(|(at, (last, changed))| Kept::new(last, changed, same_structure && at == 0, &table, &resolver))
            .collect();
        let evaluations = loop {
            let context = Context {
                target: ground.target(),
                ground: &ground,
                resolver: &resolver,
                table: &table,
                graph: &graph,
                consultant: &consultant,
                harmless: &plan.harmless,
                leaves_trail: self.leaves_trail,
            };
            let finished = evaluate::evaluate(context, &kept, self.observer).ok_or(AnalyzeError::Cancelled)?;
            let broken = renew::give_up_broken(&mut table);
            if broken.is_empty() {
                break finished;
            }
            for module in broken {
                kept.iter_mut().for_each(|kept| kept.changed[module.0 as usize] = true);
            }
        };
        let same_demands = self.last.is_some_and(|last| last.plan.strict_globs == plan.strict_globs);
        let judged = known.filter(|_| same_demands && same_declarations).map(|known| &**known);
        let judgements = judgements(&table, &evaluations, &plan.strict, judged);
        let mut requested: Vec<ModuleId> =
            table.modules.iter().filter(|module| module.is_requested).map(|module| module.id).collect();
        requested.sort_by(|a, b| {
            let key = |id: &ModuleId| (&table.module(*id).name, &table.module(*id).path);
            key(a).cmp(&key(b))
        });
        let analysis = Analysis {
            discovery: plan.discovery.clone(),
            interpreter: plan.interpreter.clone(),
            ground,
            resolver,
            table,
            graph,
            evaluations,
            judgements,
            requested,
            consultant,
            harmless: plan.harmless.clone(),
        };
        Ok((plan, analysis))
    }

    /// Also says whether modules and graph are those of the last analysis, but for the modules' texts.
    fn load(&mut self, plan: &Plan) -> (Loaded, bool) {
        let Run { options, database, sources, numbers, last, touched, observer, .. } = self;
        let touched = touched.as_ref();
        let files = database.files.clone();
        let facts = &plan.interpreter.facts;
        if Settings::try_get(*database).is_none() {
            Settings::new(*database, (facts.version.0, facts.version.1), facts.optimize);
        }
        let roots = &plan.discovery.roots;
        let last = last.filter(|last| touched.is_some() || last.analysis.resolver.is_current(roots, &files));
        if let Some(Last { plan: last_plan, analysis, .. }) = last
            && last_plan.discovery.modules == plan.discovery.modules
            && let Some(table) = load::reload(database, sources, &analysis.table, touched)
        {
            return (Loaded { resolver: analysis.resolver.clone(), table, graph: analysis.graph.clone() }, true);
        }
        let resolver = match last {
            Some(last) => last.analysis.resolver.clone(),
            None => Arc::new(Resolver::new(&plan.interpreter, roots, files)),
        };
        let progress = |progress| observer.progress(progress);
        let loader = Loader {
            database,
            sources,
            numbers,
            resolver: &resolver,
            whole_packages: options.whole_packages,
            last: last.map(|last| &last.analysis.table),
            touched,
            progress: &progress,
        };
        let table = loader.load(&plan.discovery.modules);
        if let Some(Last { analysis, .. }) = last
            && renew::same_structure(&analysis.table, &table)
        {
            return (Loaded { resolver, table, graph: analysis.graph.clone() }, true);
        }
        let is_first = |module: &Module| module.is_standard && resolver.is_loaded_at_start(&module.name);
        let graph = Arc::new(Graph::new(&table, is_first));
        (Loaded { resolver, table, graph }, false)
    }
}

/// The judgements on all modules. `last`: an analysis with the same demands.
fn judgements(
    table: &Table,
    evaluations: &[Finished],
    strict: &ModuleGlobs,
    last: Option<&Analysis>,
) -> Vec<Arc<Judgement>> {
    let judged = table.modules.iter().zip(evaluations).enumerate().map(|(index, (module, finished))| {
        if let Some(last) = last
            && let Some(judgement) = last.judgements.get(index)
        {
            let known = (&last.table, &last.evaluations[index], &**judgement);
            if renew::same_judgement(known, (table, finished), index) {
                return judgement.clone();
            }
        }
        let is_demanded = module.is_requested && strict.matches(&module.name);
        Arc::new(judge(table, module, &finished.evaluation, is_demanded))
    });
    judged.collect()
}

fn describe(interpreter: &Interpreter) -> Result<(Arc<Ground>, Arc<Consultant>), AnalyzeError> {
    let executable = || interpreter.facts.executable.display().to_string();
    let ground =
        Ground::load(&interpreter.probe()?).map_err(|error| AnalyzeError::Ground(executable(), error.to_string()))?;
    Ok((Arc::new(ground), Arc::new(Consultant::new(interpreter.facts.executable.clone()))))
}
