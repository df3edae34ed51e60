//! Batches of modules that one process harvests, and what was harvested of them before.
//!
//! What comes out of a batch depends on its modules, on all that can come into play when they are imported, and on
//! the target. As long as none of that changes, it need not be harvested again.

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::path::{Path, PathBuf};

use analyzer::{Question, Store, folder_digest};
use rayon::prelude::*;

use crate::assemble::Sources;
use crate::build::Settings;
use crate::marshal;
use crate::plan::{ModulePlan, Plan};

/// Modules per process, on the average: enough to make the start of the process cheap beside the work.
const USUAL: u32 = 100;
const MOST: usize = 200;

/// Cuts names (sorted) into batches. Where a batch ends, its last name decides, so that a name that comes or goes
/// changes no batch but its own.
pub fn cut(mut names: &[String]) -> impl Iterator<Item = &[String]> {
    std::iter::from_fn(move || {
        if names.is_empty() {
            return None;
        }
        let end = names.iter().take(MOST).position(|name| ends_batch(name));
        let (batch, rest) = names.split_at(end.map_or(MOST.min(names.len()), |last| last + 1));
        names = rest;
        Some(batch)
    })
}

fn ends_batch(name: &str) -> bool {
    let digest = blake3::hash(name.as_bytes());
    digest.as_bytes().first_chunk().is_some_and(|bytes| u32::from_le_bytes(*bytes) % USUAL == 0)
}

/// What was harvested before, by what it was harvested from.
pub struct Batches<'a> {
    store: Store,
    /// By name, with a name for all that is told of the module and that it is made of.
    modules: HashMap<&'a str, (&'a ModulePlan, String)>,
    /// What all batches depend on.
    common: Question,
}

impl<'a> Batches<'a> {
    pub fn new(plan: &'a Plan, sources: &'a Sources, settings: &Settings) -> Batches<'a> {
        let all = plan.modules.par_iter();
        let modules = all.map(|module| (&*module.name, (module, described(module, sources)))).collect();
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
        Batches { store: settings.harvests.clone(), modules, common }
    }

    /// A name for all that a batch depends on.
    pub fn key(&self, command: &str, names: &[String]) -> String {
        let mut question = self.common.clone();
        question.say(command);
        for name in names {
            question.say(name);
        }
        for description in self.in_play(names) {
            question.say(description);
        }
        question.name()
    }

    /// Of the modules that these import, directly or by others, and of the packages around them; in the order of names.
    fn in_play(&self, names: &[String]) -> impl Iterator<Item = &String> {
        let mut found: BTreeMap<&str, &String> = BTreeMap::new();
        let mut pending: Vec<&str> = names.iter().map(String::as_str).collect();
        while let Some(name) = pending.pop() {
            pending.extend(name.rsplit_once('.').map(|(package, _)| package).filter(|name| !found.contains_key(name)));
            if let Some((module, description)) = self.modules.get(name)
                && found.insert(&module.name, description).is_none()
            {
                pending.extend(module.imports.iter().map(String::as_str));
            }
        }
        found.into_values()
    }

    /// How much work a batch is likely to be: how many statements are to be described.
    pub fn weight(&self, names: &[String]) -> usize {
        names.iter().filter_map(|name| self.modules.get(name.as_str())).map(|(module, _)| module.statements.len()).sum()
    }

    /// The frames that came when the batch was harvested.
    pub fn recall(&self, key: &str) -> Option<Vec<u8>> {
        self.store.load(key)
    }

    pub fn keep(&self, key: &str, frames: &[u8]) {
        self.store.keep(key, frames);
    }
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_that_comes_changes_no_batch_but_its_own() {
        let names: Vec<String> = (0..2000).map(|number| format!("package.module{number:04}")).collect();
        let before: Vec<&[String]> = cut(&names).collect();
        assert_eq!(before.concat(), names);
        assert!(before.len() > 10 && before.iter().all(|batch| (1..=MOST).contains(&batch.len())));
        let mut more = names.clone();
        more.insert(1000, "package.module0999a".to_owned());
        let after: Vec<&[String]> = cut(&more).collect();
        assert_eq!(after.concat(), more);
        let changed = after.iter().filter(|batch| !before.contains(batch)).count();
        assert!(changed <= 2, "{changed}");
    }
}
