//! What was harvested before.
//!
//! What is harvested of a module depends on it, on all that can come into play when it is imported, and on the target. As
//! long as none of that changes, it need not be harvested again.

use std::collections::{BTreeSet, HashMap};
use std::path::{Path, PathBuf};

use analyzer::{Question, Store, condense, folder_digest};
use const_eval::value::ModuleId;
use rayon::prelude::*;

use crate::assemble::Sources;
use crate::build::Settings;
use crate::marshal;
use crate::plan::{ModulePlan, Plan};

/// What was harvested, by what it was harvested from.
pub struct Harvests<'a> {
    store: Store,
    /// By name.
    modules: HashMap<&'a str, Known<'a>>,
    /// What all depend on.
    common: Question,
}

struct Known<'a> {
    module: &'a ModulePlan,
    /// A name for all that is told of the module and of what it imports, and that these are made of.
    closure: String,
}

impl<'a> Harvests<'a> {
    pub fn new(plan: &'a Plan, sources: &'a Sources, settings: &Settings) -> Harvests<'a> {
        let modules = plan.modules.iter().zip(closures(plan, sources));
        let modules = modules.map(|(module, closure)| (&*module.name, Known { module, closure })).collect();
        let mut common = Question::new();
        common.say(format!("{:?} {}", settings.target, settings.hash_seed)).say_file(settings.executable);
        if let Some(native) = settings.native {
            common.say_file(native);
        }
        for root in &plan.roots {
            common.say(root.as_os_str().as_encoded_bytes()).say(folder_digest(root));
        }
        for (path, stamp) in standard_library(plan) {
            common.say(path.as_os_str().as_encoded_bytes()).say(stamp);
        }
        Harvests { store: settings.harvests.clone(), modules, common }
    }

    /// How much work modules are likely to be: how many statements are to be described.
    pub fn weight(&self, names: &[String]) -> usize {
        names.iter().filter_map(|name| self.modules.get(name.as_str())).map(|known| known.module.statements.len()).sum()
    }

    /// The frame that came when the module was harvested.
    pub fn recall(&self, command: &str, name: &str) -> Option<Vec<u8>> {
        self.store.load(&self.key(command, name)?)
    }

    pub fn keep(&self, command: &str, name: &str, frame: &[u8]) {
        if let Some(key) = self.key(command, name) {
            self.store.keep(&key, frame);
        }
    }

    fn key(&self, command: &str, name: &str) -> Option<String> {
        let closure = &self.modules.get(name)?.closure;
        Some(self.common.clone().say(command).say(name).say(closure).name())
    }
}

/// A name for each module, in their order: for all that is told of it, of the packages around it and of what they import,
/// directly or by others.
fn closures(plan: &Plan, sources: &Sources) -> Vec<String> {
    let described: Vec<String> = plan.modules.par_iter().map(|module| described(module, sources)).collect();
    let places: HashMap<&str, u32> = plan.modules.iter().map(|module| &*module.name).zip(0..).collect();
    let edges: Vec<Vec<ModuleId>> = plan
        .modules
        .iter()
        .map(|module| {
            let imported = module.imports.iter().flat_map(|name| around(name)).chain(around(&module.name));
            imported.filter_map(|name| places.get(name)).map(|place| ModuleId(*place)).collect()
        })
        .collect();
    let condensation = condense(&edges);
    let mut names: Vec<String> = Vec::with_capacity(condensation.components.len());
    for (members, dependencies) in condensation.components.iter().zip(&condensation.dependencies) {
        let mut question = Question::of_version();
        for member in members {
            question.say(&described[member.0 as usize]);
        }
        for dependency in dependencies {
            question.say(&names[*dependency as usize]);
        }
        names.push(question.name());
    }
    condensation.component_of.iter().map(|component| names[*component as usize].clone()).collect()
}

/// A module's name, and those of the packages around it.
fn around(name: &str) -> impl Iterator<Item = &str> {
    std::iter::successors(Some(name), |name| name.rsplit_once('.').map(|(package, _)| package))
}

fn described(module: &ModulePlan, sources: &Sources) -> String {
    let mut question = Question::of_version();
    question.say(marshal::dumps(&module.message()));
    match sources.get(&module.name) {
        Some(Ok(source)) => question.say(source.digest),
        Some(Err(reason)) => question.say(reason),
        None => &mut question,
    };
    if module.is_package
        && let Some(folder) = module.path.parent()
    {
        question.say(folder_digest(folder));
    }
    question.name()
}

/// The files of the standard library, whose modules are imported as always, whatever the plan says of them: paths, with
/// size and time.
fn standard_library(plan: &Plan) -> BTreeSet<(PathBuf, String)> {
    let roots: BTreeSet<&Path> =
        plan.modules.iter().filter(|module| module.is_standard).map(|module| module.root.as_path()).collect();
    let mut found = BTreeSet::new();
    let mut pending: Vec<PathBuf> = roots.into_iter().map(Path::to_owned).collect();
    while let Some(folder) = pending.pop() {
        for entry in std::fs::read_dir(&folder).into_iter().flatten().flatten() {
            let Ok(name) = entry.file_name().into_string() else { continue };
            let Ok(kind) = entry.file_type() else { continue };
            if kind.is_dir() && !matches!(&*name, "__pycache__" | "site-packages" | "dist-packages" | "test" | "tests")
            {
                pending.push(entry.path());
            } else if name.ends_with(".py")
                && let Ok(metadata) = entry.metadata()
            {
                found.insert((entry.path(), format!("{} {:?}", metadata.len(), metadata.modified().ok())));
            }
        }
    }
    found
}
