//! What is known of the target interpreter, and its search path.

use std::path::{Path, PathBuf};

use serde::Deserialize;

use crate::cache;
use crate::files;
use crate::interpreter::{self, InterpreterError, OLDEST};
use crate::site;

/// The question whose answer is [`Facts`].
const FACTS: &str = include_str!("../python/facts.py");

/// What `python/facts.py` tells of an interpreter.
#[derive(Clone, Debug, Deserialize)]
pub struct Facts {
    pub version: (u8, u8, u8),
    /// `sys.executable`
    pub executable: PathBuf,
    pub cache_tag: Option<String>,
    /// `importlib.util.MAGIC_NUMBER`
    pub magic: Vec<u8>,
    pub platform: String,
    pub os_name: String,
    /// The virtual environment's prefix, or the installation's.
    pub prefix: PathBuf,
    pub base_prefix: PathBuf,
    /// The folder of the pure-Python standard library.
    pub stdlib: PathBuf,
    /// `sys.path` under `-I -S`
    pub path: Vec<PathBuf>,
    /// The folders that `site.main` would add, in order, before their `.pth` files are read.
    pub site_directories: Vec<PathBuf>,
    pub builtin_modules: Vec<String>,
    /// `sys.stdlib_module_names`
    pub stdlib_modules: Vec<String>,
    /// Name, whether a package, and the name of the module whose code it is.
    pub frozen_modules: Vec<(String, bool, Option<String>)>,
    /// Entries of `sys.modules` that hold a module of another name: `os.path` → `posixpath`.
    pub aliases: std::collections::BTreeMap<String, String>,
    /// Modules that are in `sys.modules` before any path is searched.
    pub preloaded_modules: Vec<String>,
    /// Modules that `site` loads beyond these, itself included: they are there when a program starts, as a rule.
    pub modules_of_site: Vec<String>,
    pub extension_suffixes: Vec<String>,
    pub optimize: u8,
}

/// The part of the answer that every Python, however old, can give.
#[derive(Deserialize)]
struct Identity {
    version: Vec<u32>,
    implementation: String,
}

/// The interpreter that modules are analysed for.
#[derive(Debug)]
pub struct Interpreter {
    pub facts: Facts,
    /// The whole search path of a started program, without its own first entry.
    pub search_path: site::SearchPath,
    /// Where the probe's answer is remembered.
    pub(crate) key: String,
}

impl Interpreter {
    /// Finds the interpreter (see [`interpreter::find`]) and asks it, or the cache, what it is.
    pub fn discover(named: Option<&str>) -> Result<Interpreter, InterpreterError> {
        Interpreter::discover_near(named, None)
    }

    /// As [`Interpreter::discover`], from another folder than the current one.
    pub fn discover_near(named: Option<&str>, folder: Option<&Path>) -> Result<Interpreter, InterpreterError> {
        let mut executable = interpreter::find(named, folder.unwrap_or(Path::new(".")))?;
        if interpreter::is_script(&executable) {
            let answer = interpreter::ask(&executable, FACTS)?;
            executable = facts_of(&executable, &answer)?.executable;
        }
        let key = cache::key(&executable, &environment_files(&executable), &[FACTS, const_eval::ground::PROBE]);
        let facts = cache::remembered(&key, "facts", || interpreter::ask(&executable, FACTS))?;
        let facts = facts_of(&executable, &facts)?;
        let search_path = site::search_path(&facts);
        Ok(Interpreter { facts, search_path, key })
    }

    /// What the ground's probe tells, as JSON.
    pub fn probe(&self) -> Result<String, InterpreterError> {
        let ask = || interpreter::ask(&self.facts.executable, const_eval::ground::PROBE);
        cache::remembered(&self.key, "probe", ask)
    }

    /// `3.13`
    pub fn version(&self) -> String {
        format!("{}.{}", self.facts.version.0, self.facts.version.1)
    }
}

/// Files that decide, beside the executable, where an interpreter finds its modules.
fn environment_files(executable: &Path) -> Vec<PathBuf> {
    let folder = executable.parent();
    [folder, folder.and_then(Path::parent)].into_iter().flatten().map(|folder| folder.join("pyvenv.cfg")).collect()
}

fn facts_of(executable: &Path, answer: &str) -> Result<Facts, InterpreterError> {
    let path = || executable.display().to_string();
    let bad_answer = |error: serde_json::Error| InterpreterError::BadAnswer { path: path(), cause: error.to_string() };
    let identity: Identity = serde_json::from_str(answer).map_err(bad_answer)?;
    if identity.implementation != "cpython" {
        return Err(InterpreterError::NotCPython { path: path(), implementation: identity.implementation });
    }
    if identity.version.as_slice() < &[u32::from(OLDEST.0), u32::from(OLDEST.1)] {
        let version: Vec<String> = identity.version.iter().map(u32::to_string).collect();
        return Err(InterpreterError::TooOld { path: path(), version: version.join(".") });
    }
    let mut facts: Facts = serde_json::from_str(answer).map_err(bad_answer)?;
    facts.stdlib = files::absolute(&facts.stdlib);
    Ok(facts)
}
