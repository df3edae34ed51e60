//! Compares modules after executing and after rehydrating them.
//!
//! Two processes of the target fork once for each module: one imports it as usual, the other from
//! the bundle; both describe what the module then contains (`harvest/describe.py`), line by line.

use std::collections::{HashMap, HashSet};
use std::io::{Read, Write};
use std::path::{Path, PathBuf};
use std::process::{Child, ChildStdin, ChildStdout, Command, Stdio};
use std::sync::Mutex;
use std::sync::atomic::{AtomicUsize, Ordering};

use thiserror::Error;

use crate::marshal::{self, MarshalError, Value};

const COMPARE: &str = include_str!("../harvest/compare.py");
const DESCRIBE: &str = include_str!("../harvest/describe.py");

#[derive(Debug, Error)]
pub enum VerifyError {
    #[error("can't start {path}: {cause}")]
    Start { path: String, cause: std::io::Error },
    #[error("the comparing process ended before it was done ({0})")]
    Ended(std::io::Error),
    #[error("the comparing process sent something that is not understood: {0}")]
    Protocol(#[from] MarshalError),
    #[error(
        "{0} does not use the bundle: it was made for another interpreter, or is damaged (LYO_VERBOSE=1 says more)"
    )]
    NotUsed(String),
}

/// What to compare, and where.
pub struct Comparison<'a> {
    pub executable: &'a Path,
    pub bundle: &'a Path,
    /// `sys.path` of the comparing processes.
    pub search_path: Vec<PathBuf>,
    /// The folder that holds the target's package `lyo`.
    pub runtime: &'a Path,
    pub workers: usize,
}

/// A place where the contents differ.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Difference {
    /// A path in the graph of objects, from the module.
    pub path: String,
    /// `None`: nothing is there.
    pub executed: Option<String>,
    pub rehydrated: Option<String>,
}

/// The judgement on one module.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Finding {
    /// Rehydrated, and the same; the number of lines that were compared.
    Same(usize),
    Different(Vec<Difference>),
    /// The interpreter had loaded it before any bundle could be used.
    Loaded,
    /// It was not rehydrated but run; why. Its contents were the same all the same.
    FellBack(String),
    /// It can't be imported in either way.
    Unimportable(String),
}

impl Comparison<'_> {
    /// Compares `modules`; the results are in the same order. `done` hears of every finished module.
    pub fn run(&self, modules: &[String], done: &(dyn Fn() + Sync)) -> Result<Vec<(String, Finding)>, VerifyError> {
        let next = AtomicUsize::new(0);
        let results = Mutex::new(vec![None; modules.len()]);
        let failure = Mutex::new(None);
        std::thread::scope(|scope| {
            for _ in 0..self.workers.clamp(1, modules.len().max(1)) {
                scope.spawn(|| {
                    let worked = self.worker(modules, &next, &results, done);
                    if let Err(error) = worked {
                        lock(&failure).get_or_insert(error);
                        next.store(modules.len(), Ordering::Relaxed);
                    }
                });
            }
        });
        if let Some(error) = lock(&failure).take() {
            return Err(error);
        }
        let found = std::mem::take(&mut *lock(&results));
        Ok(modules.iter().cloned().zip(found.into_iter().flatten()).collect())
    }

    fn worker(
        &self,
        modules: &[String],
        next: &AtomicUsize,
        results: &Mutex<Vec<Option<Finding>>>,
        done: &(dyn Fn() + Sync),
    ) -> Result<(), VerifyError> {
        let mut executing = self.start(Origin::Pyc, 0)?;
        let mut rehydrating = self.start(Origin::Bundle, 0)?;
        loop {
            let index = next.fetch_add(1, Ordering::Relaxed);
            let Some(module) = modules.get(index) else {
                return Ok(());
            };
            // Both work at the same time.
            executing.ask(module)?;
            rehydrating.ask(module)?;
            let (executed, rehydrated) = (executing.answer()?, rehydrating.answer()?);
            let finding = self.judge_steady(module, executed, rehydrated)?;
            if let Some(place) = lock(results).get_mut(index) {
                *place = Some(finding);
            }
            done();
        }
    }

    /// Judges a module by what is the same in every execution. What differs from one to the next (a time, an address, a
    /// random order; in a module that runs no code itself, what others put there) is left out of account: it is executed
    /// again and again until that explains every difference: by turns from its `.pyc` and from its source, since sets
    /// among constants keep an order of their own; later with other hashes of strings; always at other addresses. What
    /// is rare there may be frequent where it is rehydrated, so that is done again too.
    fn judge_steady(&self, module: &str, mut executed: Answer, mut rehydrated: Answer) -> Result<Finding, VerifyError> {
        let mut unsteady = Unsteady::default();
        let (whole_executed, whole_rehydrated) = (executed.lines.clone(), rehydrated.lines.clone());
        let executions = [Origin::Pyc, Origin::Source].into_iter().cycle().zip(1..=EXECUTIONS);
        for (origin, variation) in executions.chain((3..3 + REHYDRATIONS).map(|variation| (Origin::Bundle, variation)))
        {
            if differences(&executed.lines, &rehydrated.lines).is_empty() {
                break;
            }
            let mut other = self.start(origin, variation)?;
            other.ask(module)?;
            let whole = if matches!(origin, Origin::Bundle) { &whole_rehydrated } else { &whole_executed };
            unsteady.note(&differences(whole, &other.answer()?.lines));
            executed.leave_out(&unsteady);
            rehydrated.leave_out(&unsteady);
        }
        Ok(judge(executed, rehydrated))
    }

    /// Processes of different `variation` differ in what differs between processes.
    fn start(&self, origin: Origin, variation: u32) -> Result<Server, VerifyError> {
        let rehydrate = matches!(origin, Origin::Bundle);
        let mut command = Command::new(self.executable);
        for (name, _) in std::env::vars_os() {
            let text = name.to_string_lossy();
            if text.starts_with("PYTHON") || text.starts_with("LYO_") {
                command.env_remove(&name);
            }
        }
        let mut child = command
            .args(["-s", "-S", "-P", "-B", "-c", COMPARE])
            .arg(DESCRIBE.len().to_string())
            .env("PYTHONHASHSEED", variation.saturating_sub(2).to_string())
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .spawn()
            .map_err(|cause| VerifyError::Start { path: self.executable.display().to_string(), cause })?;
        let (Some(input), Some(output)) = (child.stdin.take(), child.stdout.take()) else {
            return Err(VerifyError::Ended(std::io::ErrorKind::BrokenPipe.into()));
        };
        let mut server = Server { child, input, output };
        server.input.write_all(DESCRIBE.as_bytes()).map_err(VerifyError::Ended)?;
        let text = |path: &Path| Value::text(path.to_string_lossy());
        server.send(&Value::record([
            ("path", Value::List(self.search_path.iter().map(|path| text(path)).collect())),
            ("bundle", if rehydrate { text(self.bundle) } else { Value::None }),
            ("lyo", text(self.runtime)),
            ("compile", Value::Bool(matches!(origin, Origin::Source))),
            ("ballast", Value::Int(i64::from(variation))),
        ]))?;
        if rehydrate {
            let used = server.receive()?.into_items()?;
            if used.get(1) != Some(&Value::Bool(true)) {
                return Err(VerifyError::NotUsed(self.executable.display().to_string()));
            }
        }
        Ok(server)
    }
}

/// How often a module is executed at most beyond the first time, to see what differs by itself.
const EXECUTIONS: u32 = 24;

/// And rehydrated, where that does not explain all.
const REHYDRATIONS: u32 = 8;

/// Where modules come from.
#[derive(Clone, Copy)]
enum Origin {
    Bundle,
    /// The ordinary import.
    Pyc,
    /// The same, but always compiled.
    Source,
}

struct Server {
    child: Child,
    input: ChildStdin,
    output: ChildStdout,
}

impl Drop for Server {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// How a module was imported, and the lines of its description.
struct Answer {
    how: String,
    lines: Vec<(String, String)>,
}

impl Answer {
    fn leave_out(&mut self, unsteady: &Unsteady) {
        self.lines.retain(|(path, _)| !unsteady.holds(path));
        if !unsteady.orders.is_empty() {
            // What the items hold is described in their order.
            self.lines.sort();
        }
    }
}

/// What differs between two executions.
#[derive(Default)]
struct Unsteady {
    paths: HashSet<String>,
    /// Dictionaries whose keys came in another order, by their paths without the places in sequences: what is true of
    /// one item is taken to be true of the others.
    orders: HashSet<String>,
}

impl Unsteady {
    fn note(&mut self, differences: &[Difference]) {
        for difference in differences {
            self.orders.extend(ordered_by(&difference.path).map(without_places));
            self.paths.insert(difference.path.clone());
        }
    }

    fn holds(&self, path: &str) -> bool {
        let is_unordered = |dictionary| self.orders.contains(&without_places(dictionary));
        self.paths.contains(path) || !self.orders.is_empty() && ordered_by(path).is_some_and(is_unordered)
    }
}

fn without_places(path: &str) -> String {
    path.split('[').map(|part| part.trim_start_matches(|character: char| character.is_ascii_digit())).collect()
}

/// The dictionary of which the line tells what the key in some place is.
fn ordered_by(path: &str) -> Option<&str> {
    let (dictionary, place) = path.rsplit_once(" key ")?;
    place.bytes().all(|byte| byte.is_ascii_digit()).then_some(dictionary)
}

impl Server {
    fn send(&mut self, message: &Value) -> Result<(), VerifyError> {
        let body = marshal::dumps(message);
        self.input
            .write_all(&(body.len() as u32).to_le_bytes())
            .and_then(|()| self.input.write_all(&body))
            .and_then(|()| self.input.flush())
            .map_err(VerifyError::Ended)
    }

    fn receive(&mut self) -> Result<Value, VerifyError> {
        let mut header = [0; 4];
        self.output.read_exact(&mut header).map_err(VerifyError::Ended)?;
        let length = u64::from(u32::from_le_bytes(header));
        let mut body = Vec::new();
        self.output.by_ref().take(length).read_to_end(&mut body).map_err(VerifyError::Ended)?;
        Ok(marshal::loads(&body)?)
    }

    fn ask(&mut self, module: &str) -> Result<(), VerifyError> {
        self.send(&Value::text(module))
    }

    fn answer(&mut self) -> Result<Answer, VerifyError> {
        let mut parts = self.receive()?.into_items()?.into_iter().skip(1);
        let mut next = || parts.next().ok_or(MarshalError::Short);
        let how = next()?.into_string()?;
        let lines = next()?
            .into_items()?
            .into_iter()
            .map(|line| {
                let mut parts = line.into_items()?.into_iter();
                let mut next = || parts.next().ok_or(MarshalError::Short)?.into_string();
                Ok((next()?, next()?))
            })
            .collect::<Result<_, MarshalError>>()?;
        Ok(Answer { how, lines })
    }
}

fn judge(executed: Answer, rehydrated: Answer) -> Finding {
    if executed.how == "loaded" || rehydrated.how == "loaded" {
        return Finding::Loaded;
    }
    let differences = differences(&executed.lines, &rehydrated.lines);
    if executed.how == "failed" && differences.is_empty() {
        let cause = executed.lines.into_iter().next().map(|(_, text)| text);
        return Finding::Unimportable(cause.unwrap_or_default());
    }
    if !differences.is_empty() {
        let how = (!is_rehydrated(&rehydrated.how)).then(|| Difference {
            path: "import".into(),
            executed: Some(executed.how),
            rehydrated: Some(rehydrated.how),
        });
        return Finding::Different(how.into_iter().chain(differences).collect());
    }
    if executed.how != "executed" {
        return Finding::Different(vec![Difference {
            path: "import".into(),
            executed: Some(executed.how),
            rehydrated: Some(rehydrated.how),
        }]);
    }
    match is_rehydrated(&rehydrated.how) {
        true => Finding::Same(executed.lines.len()),
        false => Finding::FellBack(rehydrated.how),
    }
}

/// Whether all that the bundle has of the module was made from it.
fn is_rehydrated(how: &str) -> bool {
    how == "rehydrated" || how == "partial"
}

/// Lines that are not on both sides, in the order of the executed module.
fn differences(executed: &[(String, String)], rehydrated: &[(String, String)]) -> Vec<Difference> {
    if executed == rehydrated {
        return Vec::new();
    }
    let others: HashMap<&str, &str> = pairs(rehydrated).collect();
    let mine: HashMap<&str, &str> = pairs(executed).collect();
    let mut found: Vec<Difference> = pairs(executed)
        .filter(|(path, text)| others.get(path) != Some(text))
        .map(|(path, text)| Difference {
            path: path.to_owned(),
            executed: Some(text.to_owned()),
            rehydrated: others.get(path).map(|text| (*text).to_owned()),
        })
        .collect();
    found.extend(pairs(rehydrated).filter(|(path, _)| !mine.contains_key(path)).map(|(path, text)| Difference {
        path: path.to_owned(),
        executed: None,
        rehydrated: Some(text.to_owned()),
    }));
    if found.is_empty() {
        found.push(Difference { path: "order of the description".into(), executed: None, rehydrated: None });
    }
    found
}

fn pairs(lines: &[(String, String)]) -> impl Iterator<Item = (&str, &str)> {
    lines.iter().map(|(path, text)| (path.as_str(), text.as_str()))
}

fn lock<T>(mutex: &Mutex<T>) -> std::sync::MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(std::sync::PoisonError::into_inner)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn lines(lines: &[(&str, &str)]) -> Vec<(String, String)> {
        lines.iter().map(|(path, text)| ((*path).to_owned(), (*text).to_owned())).collect()
    }

    #[test]
    fn a_changed_a_missing_and_an_added_line_are_found() {
        let executed = lines(&[("a", "1"), ("b", "2"), ("c", "3")]);
        let rehydrated = lines(&[("a", "1"), ("b", "x"), ("d", "4")]);
        let found = differences(&executed, &rehydrated);
        let paths: Vec<&str> = found.iter().map(|found| found.path.as_str()).collect();
        assert_eq!(paths, ["b", "c", "d"]);
    }

    #[test]
    fn equal_descriptions_have_no_difference() {
        let executed = lines(&[("a", "1")]);
        assert_eq!(differences(&executed, &executed), []);
    }
}
