//! The table of modules: those the user asked about and all that they import, transitively.
//!
//! Files are lowered wave by wave, each wave in parallel; the next wave is what
//! the last one imports. Numbers are given in a fixed order, so that every run
//! over the same files has the same table.

use std::path::{Path, PathBuf};
use std::sync::{Arc, OnceLock};

use const_eval::value::ModuleId;
use rayon::prelude::*;
use rustc_hash::{FxHashMap, FxHashSet};
use syntax::ir::{self, Name, Occasion};
use syntax::{Correspondence, LineIndex, TextRange};

use crate::compiled::Compiled;
use crate::database::{self, Database, Failure, ImportSummary, Request, SourceFile, Sources};
use crate::discover::Found;
use crate::resolve::{Location, Resolver, SourceLocation, absolute_name, parents};

/// A module with source.
#[derive(Clone, Debug)]
pub struct Module {
    pub id: ModuleId,
    /// The how manieth it was to be loaded. Where order matters it is by this, since numbers also depend on what was
    /// loaded before.
    pub rank: u32,
    /// It was loaded once, and nothing leads to it any more. It is left because it has a number.
    pub is_gone: bool,
    pub name: Name,
    pub path: PathBuf,
    /// [`Self::path`] as text, `__file__`.
    pub file: Name,
    /// The path entry that it was found under.
    pub root: PathBuf,
    pub is_package: bool,
    /// It is run, not imported.
    pub is_script: bool,
    /// Lies below a PATH that the user named.
    pub is_requested: bool,
    /// Belongs to the target's standard library.
    pub is_standard: bool,
    pub source: SourceFile,
    /// That of [`Self::source`] when it was loaded.
    pub revision: u64,
    /// Where the lines of [`Self::text`] start.
    pub lines: OnceLock<LineIndex>,
    /// The decoded text; empty where there is none.
    pub text: Arc<str>,
    pub ir: Option<Arc<ir::Module>>,
    /// The version of the module that it was evaluated in, where that is an older one; see [`crate::renew`].
    pub basis: Option<Basis>,
    /// Why there is no IR.
    pub failures: Arc<[Failure]>,
    pub summary: Arc<ImportSummary>,
    /// What the requests of [`Self::summary`] lead to, in the same order.
    pub targets: Arc<[Target]>,
    /// The modules that are loaded because this one is, in the order in which it names them.
    pub wanted: Arc<[ModuleId]>,
}

/// An older version of a module for which everything that was evaluated came out as it would for the present one.
#[derive(Clone, Debug)]
pub struct Basis {
    pub ir: Arc<ir::Module>,
    pub correspondence: Arc<Correspondence>,
}

/// What one import statement leads to, by absolute names.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Target {
    /// The module named; `None` beyond the top-level package.
    pub module: Option<Name>,
    /// For `from p import n`: those `n` that are submodules, with their absolute names.
    pub submodules: Vec<(Name, Name)>,
}

#[derive(Clone, Debug, Default)]
pub struct Table {
    pub modules: Vec<Arc<Module>>,
    /// Modules by the name that an import finds them under.
    pub by_name: FxHashMap<Name, ModuleId>,
}

impl Module {
    /// The version that is evaluated.
    pub fn evaluated_ir(&self) -> Option<&Arc<ir::Module>> {
        self.basis.as_ref().map(|basis| &basis.ir).or(self.ir.as_ref())
    }

    /// A range of the version that is evaluated, in [`Self::text`].
    pub fn present_range(&self, range: TextRange) -> TextRange {
        self.basis.as_ref().map_or(range, |basis| basis.correspondence.translate(range))
    }

    /// The import statements that run whenever the module does, and what they lead to.
    pub fn imports(&self) -> impl Iterator<Item = (&Request, &Target)> {
        self.summary.requests.iter().zip(&*self.targets).filter(|(request, _)| self.runs(request.occasion))
    }

    /// Is an import statement of this occasion carried out whenever the module runs?
    pub fn runs(&self, occasion: Occasion) -> bool {
        match occasion {
            Occasion::Always => true,
            Occasion::Script => self.is_script,
            Occasion::Never => false,
        }
    }
}

impl Table {
    pub fn module(&self, id: ModuleId) -> &Module {
        &self.modules[id.0 as usize]
    }

    pub fn named(&self, name: &str) -> Option<&Module> {
        self.by_name.get(name).map(|id| self.module(*id))
    }
}

/// A module about to be loaded.
struct Candidate {
    name: Name,
    location: SourceLocation,
    is_script: bool,
    is_requested: bool,
    importable: bool,
    /// If that is known already.
    number: Option<ModuleId>,
}

/// The numbers of modules, which they keep for as long as the session lasts.
#[derive(Default)]
pub struct Numbers {
    given: FxHashMap<(PathBuf, Name, bool), ModuleId>,
}

impl Numbers {
    fn get(&mut self, candidate: &Candidate) -> ModuleId {
        let next = ModuleId(self.given.len() as u32);
        let key = (candidate.location.path.clone(), candidate.name.clone(), candidate.importable);
        *self.given.entry(key).or_insert(next)
    }

    /// How many have been given.
    pub fn count(&self) -> usize {
        self.given.len()
    }
}

/// What loading a file in parallel yields.
struct Loaded {
    text: Arc<str>,
    ir: Option<Arc<ir::Module>>,
    failures: Arc<[Failure]>,
    summary: Arc<ImportSummary>,
    targets: Arc<[Target]>,
    wanted: Vec<(Name, SourceLocation)>,
}

/// What loading needs besides the modules asked for.
pub struct Loader<'a> {
    pub database: &'a mut Database,
    pub sources: &'a mut Sources,
    pub numbers: &'a mut Numbers,
    pub resolver: &'a Resolver,
    /// Load every module of each package that is reached.
    pub whole_packages: bool,
    /// The table that was loaded last, with the same resolver.
    pub last: Option<&'a Table>,
    /// The only files that may have changed since then; `None`: any may.
    pub touched: Option<&'a FxHashSet<PathBuf>>,
    /// Hears of every file.
    pub progress: &'a (dyn Fn(Progress) + Sync),
}

impl Loader<'_> {
    /// Loads the modules and all that they import.
    pub fn load(self, requested: &[Found]) -> Table {
        let Loader { database, sources, numbers, resolver, whole_packages, last, touched, progress } = self;
        let mut by_name = FxHashMap::default();
        let mut modules: Vec<Option<Arc<Module>>> = Vec::new();
        let mut wanted_names: Vec<(ModuleId, Vec<Name>)> = Vec::new();
        let mut rank = 0;
        let mut seen: FxHashSet<Name> = FxHashSet::default();
        let mut expanded: FxHashSet<Name> = FxHashSet::default();
        let mut compiled = whole_packages.then(|| Compiled::new(resolver));
        let mut wave: Vec<Candidate> = requested.iter().map(|found| request(found, resolver, &mut seen)).collect();
        // Calls may import what the interpreter has loaded anyway.
        let mut there = Vec::new();
        for name in resolver.loaded_by_site() {
            want(resolver, name, &mut there);
        }
        for (name, location) in there {
            push_candidate(&mut wave, &mut seen, name, location);
        }
        while !wave.is_empty() {
            progress(Progress::Found(wave.len()));
            let files: Vec<(Candidate, ModuleId, SourceFile, Option<&Arc<Module>>)> = wave
                .into_iter()
                .map(|candidate| {
                    let id = candidate.number.unwrap_or_else(|| numbers.get(&candidate));
                    let old = last.and_then(|last| last.modules.get(id.0 as usize)).filter(|old| {
                        !old.is_gone
                            && (old.is_script, old.is_requested) == (candidate.is_script, candidate.is_requested)
                    });
                    let source = match old {
                        Some(old) if touched.is_some_and(|touched| !touched.contains(&old.path)) => old.source,
                        _ => sources.get(database, &candidate.location.path),
                    };
                    let same = old.filter(|old| old.revision == source.revision(database));
                    (candidate, id, source, same)
                })
                .collect();
            let loaded: Vec<Option<Loaded>> = files
                .par_iter()
                .map_with(database.clone(), |database, (candidate, _, source, same)| {
                    let loaded = same.is_none().then(|| load_file(database, resolver, candidate, *source));
                    progress(Progress::Loaded);
                    loaded
                })
                .collect();
            let mut next = Vec::new();
            for ((candidate, id, source, same), loaded) in files.into_iter().zip(loaded) {
                if whole_packages {
                    let top = candidate.name.split('.').next().unwrap_or_default();
                    if !candidate.is_script && expanded.insert(top.into()) {
                        for (name, location) in resolver.package_contents(top) {
                            push_candidate(&mut next, &mut seen, name, location);
                        }
                    }
                }
                if candidate.importable {
                    by_name.insert(candidate.name.clone(), id);
                }
                let module = match (same, loaded) {
                    (Some(same), _) => {
                        let wanted = same.wanted.iter().filter_map(|id| last?.modules.get(id.0 as usize));
                        for wanted in wanted {
                            push_again(&mut next, &mut seen, wanted);
                        }
                        match same.rank == rank {
                            true => same.clone(),
                            false => Arc::new(Module { rank, ..Module::clone(same) }),
                        }
                    }
                    (None, None) => continue,
                    (None, Some(loaded)) => {
                        let names = loaded.wanted.iter().map(|(name, _)| name.clone()).collect();
                        wanted_names.push((id, names));
                        for (name, location) in loaded.wanted {
                            push_candidate(&mut next, &mut seen, name, location);
                        }
                        let SourceLocation { path, root, is_package } = candidate.location;
                        Arc::new(Module {
                            id,
                            rank,
                            is_gone: false,
                            name: candidate.name,
                            file: path.to_string_lossy().into(),
                            is_standard: path.parent().is_some_and(|folder| resolver.is_standard(folder)),
                            path,
                            root,
                            is_package,
                            is_script: candidate.is_script,
                            is_requested: candidate.is_requested,
                            source,
                            revision: source.revision(database),
                            lines: OnceLock::new(),
                            text: loaded.text,
                            ir: loaded.ir,
                            basis: None,
                            failures: loaded.failures,
                            summary: loaded.summary,
                            targets: loaded.targets,
                            wanted: Arc::from([]),
                        })
                    }
                };
                if let Some(compiled) = &mut compiled {
                    let importer = (&*module.name, module.is_package);
                    for (name, location) in compiled.imports(database, sources, importer, &module.summary) {
                        push_candidate(&mut next, &mut seen, name, location);
                    }
                }
                rank += 1;
                let place = id.0 as usize;
                if modules.len() <= place {
                    modules.resize(place + 1, None);
                }
                modules[place] = Some(module);
            }
            wave = next;
        }
        for (id, names) in wanted_names {
            let mut wanted: Vec<ModuleId> = names.iter().filter_map(|name| by_name.get(name).copied()).collect();
            // In the order in which they are wanted: it decides the ranks.
            let mut known = FxHashSet::default();
            wanted.retain(|id| known.insert(*id));
            if let Some(module) = modules[id.0 as usize].as_mut().and_then(Arc::get_mut) {
                module.wanted = wanted.into();
            }
        }
        modules.resize(numbers.count(), None);
        for ((path, name, _), id) in &numbers.given {
            let place = &mut modules[id.0 as usize];
            if place.is_none() {
                *place = Some(Arc::new(gone(*id, name, path, sources.get(database, path))));
            }
        }
        Table { modules: modules.into_iter().flatten().collect(), by_name }
    }
}

/// What stands in the place of a module that isn't loaded any more.
fn gone(id: ModuleId, name: &Name, path: &Path, source: SourceFile) -> Module {
    Module {
        id,
        rank: u32::MAX,
        is_gone: true,
        name: name.clone(),
        path: path.to_owned(),
        file: path.to_string_lossy().into(),
        root: PathBuf::new(),
        is_package: false,
        is_script: false,
        is_requested: false,
        is_standard: false,
        source,
        revision: 0,
        lines: OnceLock::new(),
        text: Arc::from(""),
        ir: None,
        basis: None,
        failures: Arc::from([]),
        summary: Arc::default(),
        targets: Arc::from([]),
        wanted: Arc::from([]),
    }
}

/// Whether a module with this summary leads to the same modules, and none goes another way because of the names that it
/// binds: a package's decide what `from . import name` means, and `__path__` where its modules are.
fn leads_to_the_same(table: &Table, module: &Module, summary: &ImportSummary) -> bool {
    let (now, then) = (&summary.binds, &module.summary.binds);
    let come = now.iter().filter(|name| then.binary_search(name).is_err());
    let gone = then.iter().filter(|name| now.binary_search(name).is_err());
    let is_submodule = |name: &Name| {
        let full = format!("{}.{name}", module.name);
        let mut targets = table.modules.iter().flat_map(|module| module.targets.iter());
        targets.any(|target| target.submodules.iter().any(|(_, submodule)| **submodule == *full))
    };
    let leads_elsewhere = |name: &Name| &**name == "__path__" || (module.is_package && is_submodule(name));
    summary.requests == module.summary.requests
        && summary.has_star_import == module.summary.has_star_import
        && !come.chain(gone).any(leads_elsewhere)
}

/// The table with the present texts of files that have changed since, if these lead to the same modules as before;
/// `None`: it must be loaded anew. `touched`: the only files that may have changed; `None`: any may.
pub fn reload(
    database: &mut Database,
    sources: &mut Sources,
    last: &Table,
    touched: Option<&FxHashSet<PathBuf>>,
) -> Option<Table> {
    let mut changed = Vec::new();
    for module in &last.modules {
        if !module.is_gone && touched.is_none_or(|touched| touched.contains(&module.path)) {
            sources.get(database, &module.path);
        }
        if module.is_gone {
            continue;
        }
        // The last table may be older than what the input knows: an analysis in between was cancelled.
        if module.source.revision(database) != module.revision {
            changed.push(module.id);
        }
    }
    let mut table = last.clone();
    for id in changed {
        let module = &last.modules[id.0 as usize];
        let summary = database::import_summary(database, module.source);
        if !leads_to_the_same(last, module, &summary) {
            return None;
        }
        let (ir, failures) = match database::lowered(database, module.source) {
            Ok(ir) => (Some(ir), Arc::from([])),
            Err(failures) => (None, failures),
        };
        let text = database::text(database, module.source).unwrap_or_else(|_| Arc::from(""));
        // What is in `basis` is decided by who compares the versions.
        table.modules[id.0 as usize] = Arc::new(Module {
            revision: module.source.revision(database),
            lines: OnceLock::new(),
            text,
            ir,
            failures,
            basis: None,
            summary,
            ..Module::clone(module)
        });
    }
    Some(table)
}

/// What [`load`] and the evaluation tell of their progress.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Progress {
    /// So many more files are to be loaded.
    Found(usize),
    /// One file is loaded.
    Loaded,
    /// So many modules are to be evaluated, or kept.
    Evaluating(usize),
    /// One module is evaluated.
    Evaluated,
    /// One module need not be evaluated: nothing that it looked at came out another way.
    Kept,
}

fn push_candidate(next: &mut Vec<Candidate>, seen: &mut FxHashSet<Name>, name: Name, location: SourceLocation) {
    if seen.insert(name.clone()) {
        next.push(Candidate { name, location, is_script: false, is_requested: false, importable: true, number: None });
    }
}

/// As [`push_candidate`], of a module that was loaded before.
fn push_again(next: &mut Vec<Candidate>, seen: &mut FxHashSet<Name>, module: &Module) {
    if seen.insert(module.name.clone()) {
        let Module { path, root, is_package, .. } = module;
        next.push(Candidate {
            name: module.name.clone(),
            location: SourceLocation { path: path.clone(), root: root.clone(), is_package: *is_package },
            is_script: false,
            is_requested: false,
            importable: true,
            number: Some(module.id),
        });
    }
}

/// A requested module is importable if the finders find it, and no other, under its name.
fn request(found: &Found, resolver: &Resolver, seen: &mut FxHashSet<Name>) -> Candidate {
    let name: Name = found.name.as_str().into();
    let importable = !found.is_script
        && matches!(resolver.resolve(&name), Location::Source(source) if source.path == found.path)
        && resolver.canonical(&name) == &*name
        && seen.insert(name.clone());
    let location = SourceLocation { path: found.path.clone(), root: found.root.clone(), is_package: found.is_package };
    Candidate { name, location, is_script: found.is_script, is_requested: true, importable, number: None }
}

fn load_file(database: &Database, resolver: &Resolver, candidate: &Candidate, file: SourceFile) -> Loaded {
    let (ir, failures) = match database::lowered(database, file) {
        Ok(ir) => (Some(ir), Arc::from([])),
        Err(failures) => (None, failures),
    };
    let summary = database::import_summary(database, file);
    let mut wanted = Vec::new();
    for parent in parents(&candidate.name) {
        want(resolver, parent, &mut wanted);
    }
    let targets = summary
        .requests
        .iter()
        .map(|request| {
            let importer_is_package = candidate.location.is_package;
            target_of(resolver, &candidate.name, importer_is_package, request, &mut wanted)
        })
        .collect();
    Loaded {
        text: database::text(database, file).unwrap_or_else(|_| Arc::from("")),
        ir,
        failures,
        summary,
        targets,
        wanted,
    }
}

fn target_of(
    resolver: &Resolver,
    importer: &str,
    importer_is_package: bool,
    request: &database::Request,
    wanted: &mut Vec<(Name, SourceLocation)>,
) -> Target {
    let absolute = absolute_name(importer, importer_is_package, request.level, &request.module);
    let Some(absolute) = absolute else {
        return Target::default();
    };
    for parent in parents(&absolute) {
        want(resolver, parent, wanted);
    }
    let is_package = match want(resolver, &absolute, wanted) {
        Location::Source(source) => source.is_package,
        Location::Namespace(_) => true,
        _ => false,
    };
    let mut submodules = Vec::new();
    if is_package {
        for name in request.names.iter().filter(|name| &***name != "*") {
            let submodule = format!("{absolute}.{name}");
            if matches!(want(resolver, &submodule, wanted), Location::Source(_)) {
                submodules.push((name.clone(), resolver.canonical(&submodule).into()));
            }
        }
    }
    Target { module: Some(resolver.canonical(&absolute).into()), submodules }
}

/// Resolves a name, and asks for its source if it has any.
pub fn want(resolver: &Resolver, name: &str, wanted: &mut Vec<(Name, SourceLocation)>) -> Location {
    let location = resolver.resolve(name);
    if let Location::Source(source) = &location {
        wanted.push((resolver.canonical(name).into(), source.clone()));
    }
    location
}
