//! Runs harvester processes in the target interpreter and collects what they send.
//!
//! Each process harvests some modules; what it makes of one does not depend on the others. A process
//! that dies or hangs costs the module that it was working on; the rest is begun anew without it.

use std::cmp::Reverse;
use std::collections::BTreeMap;
use std::io::{Read, Write};
use std::os::unix::process::ExitStatusExt;
use std::path::{Path, PathBuf};
use std::process::{Command, ExitStatus, Stdio};
use std::sync::Mutex;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::mpsc::{self, RecvTimeoutError};
use std::time::Duration;

use rayon::prelude::*;
use thiserror::Error;

use crate::harvests::Harvests;
use crate::marshal::{self, MarshalError, Value};

/// How many modules one process harvests: enough to make its start, and what they all import, cheap beside the work.
const PER_PROCESS: usize = 100;

/// The longest that one module may take.
const PATIENCE: Duration = Duration::from_secs(300);

const BOOTSTRAP: &str = include_str!("../harvest/bootstrap.py");
/// In the order of their imports.
const SOURCES: [(&str, &str); 18] = [
    ("refuse", include_str!("../harvest/refuse.py")),
    ("record", include_str!("../harvest/record.py")),
    ("source", include_str!("../harvest/source.py")),
    ("operations", include_str!("../harvest/operations.py")),
    ("foreign", include_str!("../harvest/foreign.py")),
    ("sets", include_str!("../harvest/sets.py")),
    ("plain", include_str!("../harvest/plain.py")),
    ("classes", include_str!("../harvest/classes.py")),
    ("readings", include_str!("../harvest/readings.py")),
    ("construct", include_str!("../harvest/construct.py")),
    ("atoms", include_str!("../harvest/atoms.py")),
    ("walk", include_str!("../harvest/walk.py")),
    ("survey", include_str!("../harvest/survey.py")),
    ("replayed", include_str!("../harvest/replayed.py")),
    ("segments", include_str!("../harvest/segments.py")),
    ("stepped", include_str!("../harvest/stepped.py")),
    ("serve", include_str!("../harvest/serve.py")),
    ("main", include_str!("../harvest/main.py")),
];

#[derive(Debug, Error)]
pub enum DriveError {
    #[error("can't start {path}: {cause}")]
    Start { path: String, cause: std::io::Error },
    #[error("{path} can't run the harvester: {cause}")]
    Broken { path: String, cause: String },
    #[error("the harvester sent something that is not understood: {0}")]
    Protocol(#[from] MarshalError),
}

/// What the harvester made of one module.
#[derive(Clone, Debug, PartialEq)]
pub enum Outcome {
    Image {
        nodes: Value,
        operations: Value,
        guards: Value,
        /// Node of the code to execute, and index of the marker among its constants; None: nothing is executed.
        step: Value,
    },
    Code {
        code: Vec<u8>,
        reason: String,
    },
    /// There is not even a code object.
    Nothing {
        reason: String,
    },
}

/// Something that must not be: a defect of the proof or of an evaluator.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Warning {
    pub module: String,
    pub message: String,
}

#[derive(Clone, Debug, PartialEq)]
pub struct Harvested {
    pub outcome: Outcome,
    pub warnings: Vec<Warning>,
}

/// How harvester processes are started.
pub struct Driver<'a> {
    pub executable: &'a Path,
    /// The plan, marshalled.
    pub plan: Vec<u8>,
    /// Value of `PYTHONHASHSEED`; what is harvested does not depend on it.
    pub hash_seed: u32,
    pub workers: usize,
    pub(crate) harvests: Harvests<'a>,
}

impl Driver<'_> {
    /// Harvests `strict` (sorted) and compiles `plain`. `done` hears of every finished module.
    pub fn run(
        &self,
        strict: &[String],
        plain: &[String],
        done: &(dyn Fn() + Sync),
    ) -> Result<BTreeMap<String, Harvested>, DriveError> {
        let known =
            strict.par_iter().map(|name| ("harvest", name)).chain(plain.par_iter().map(|name| ("compile", name)));
        let known = known.filter_map(|(command, name)| Some((name.clone(), self.recall(command, name)?)));
        let known: BTreeMap<String, Harvested> = known.inspect(|_| done()).collect();
        let unknown = |names: &[String]| names.iter().filter(|name| !known.contains_key(*name)).cloned().collect();
        let (strict, plain): (Vec<String>, Vec<String>) = (unknown(strict), unknown(plain));
        let harvested = strict.chunks(PER_PROCESS).map(|names| ("harvest", names));
        let compiled = plain.chunks(PER_PROCESS).map(|names| ("compile", names));
        let mut tasks: Vec<(&str, &[String])> = harvested.chain(compiled).collect();
        // What takes longest comes first, so that no process works on alone at the end.
        tasks.sort_by_key(|(_, names)| Reverse(self.harvests.weight(names)));
        let next = AtomicUsize::new(0);
        let results = Mutex::new(known);
        let failure = Mutex::new(None);
        std::thread::scope(|scope| {
            for _ in 0..self.workers.clamp(1, tasks.len().max(1)) {
                scope.spawn(|| {
                    while let Some((command, names)) = tasks.get(next.fetch_add(1, Ordering::Relaxed)) {
                        match self.task(command, names, done) {
                            Ok(found) => lock(&results).extend(found),
                            Err(error) => {
                                lock(&failure).get_or_insert(error);
                                next.store(tasks.len(), Ordering::Relaxed);
                            }
                        }
                    }
                });
            }
        });
        match into_inner(failure) {
            Some(error) => Err(error),
            None => Ok(into_inner(results)),
        }
    }

    /// What one process harvests, and others in its place where it dies.
    fn task(
        &self,
        command: &'static str,
        names: &[String],
        done: &(dyn Fn() + Sync),
    ) -> Result<BTreeMap<String, Harvested>, DriveError> {
        let mut results = BTreeMap::new();
        let mut names = names.to_vec();
        let mut lost = Vec::new();
        while !names.is_empty() {
            let begun_with = names.len();
            let end = self.session(command, &names, &mut results, done)?;
            names.retain(|name| !results.contains_key(name));
            match end {
                End::Done => break,
                End::Died { module, cause } => {
                    let Some(module) = module.filter(|module| names.contains(module)) else {
                        if names.len() == begun_with {
                            return Err(DriveError::Broken { path: self.executable.display().to_string(), cause });
                        }
                        continue;
                    };
                    names.retain(|name| *name != module);
                    lost.push((module, cause));
                }
            }
        }
        // What killed a process while it ran may still be compiled.
        for (module, cause) in lost {
            let mut found = BTreeMap::new();
            if command == "harvest" {
                self.session("compile", std::slice::from_ref(&module), &mut found, done)?;
            }
            let mut harvested = found
                .remove(&module)
                .unwrap_or(Harvested { outcome: Outcome::Nothing { reason: String::new() }, warnings: Vec::new() });
            match &mut harvested.outcome {
                Outcome::Code { reason, .. } | Outcome::Nothing { reason } => {
                    reason.clone_from(&cause);
                }
                Outcome::Image { .. } => {}
            }
            harvested.warnings.push(Warning { module: module.clone(), message: cause });
            results.insert(module, harvested);
        }
        Ok(results)
    }

    /// What was harvested of a module before.
    fn recall(&self, command: &str, name: &str) -> Option<Harvested> {
        match message(&self.harvests.recall(command, name)?) {
            Ok(Message::Result(module, harvested)) if module == name => Some(harvested),
            _ => None,
        }
    }

    /// One process: sends the plan and one command, and takes in what comes.
    fn session(
        &self,
        command: &str,
        names: &[String],
        results: &mut BTreeMap<String, Harvested>,
        done: &(dyn Fn() + Sync),
    ) -> Result<End, DriveError> {
        let sources =
            marshal::dumps(&Value::List(SOURCES.iter().map(|(name, source)| Value::texts([name, source])).collect()));
        // As `-I`, but `PYTHONHASHSEED` must be heeded, so the environment is emptied instead.
        let mut child = Command::new(self.executable)
            .args(["-s", "-S", "-P", "-B", "-c", BOOTSTRAP])
            .arg(sources.len().to_string())
            .env_clear()
            .env("PYTHONHASHSEED", self.hash_seed.to_string())
            .current_dir("/")
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .map_err(|cause| DriveError::Start { path: self.executable.display().to_string(), cause })?;
        let (stdin, stdout, stderr) = (child.stdin.take(), child.stdout.take(), child.stderr.take());
        let request = marshal::dumps(&Value::Tuple(vec![
            Value::text(command),
            Value::List(names.iter().map(Value::text).collect()),
        ]));
        let (sender, receiver) = mpsc::channel();
        let outcome = std::thread::scope(|scope| {
            scope.spawn(|| {
                // A process that died early closes the pipe: its end is reported by the reader.
                if let Some(mut stdin) = stdin {
                    let _ = stdin
                        .write_all(&sources)
                        .and_then(|()| write_frame(&mut stdin, &self.plan))
                        .and_then(|()| write_frame(&mut stdin, &request));
                }
            });
            scope.spawn(move || {
                if let Some(stdout) = stdout {
                    read_frames(stdout, &sender);
                }
            });
            let errors = scope.spawn(move || {
                let mut text = Vec::new();
                if let Some(stderr) = stderr {
                    let _ = stderr.take(1 << 16).read_to_end(&mut text);
                }
                String::from_utf8_lossy(&text).trim().to_owned()
            });
            let ended = self.receive(command, &receiver, results, done);
            if !matches!(ended, Ok((true, _, _))) {
                let _ = child.kill();
            }
            let status = child.wait();
            drop(receiver);
            let errors = errors.join().unwrap_or_default();
            ended.map(|(finished, module, cause)| match finished {
                true => End::Done,
                false => End::Died { module, cause: cause.unwrap_or_else(|| describe_end(status.ok(), &errors)) },
            })
        })?;
        Ok(outcome)
    }

    /// Whether the command was finished, the module that was being worked on, and why it was given up.
    #[allow(clippy::type_complexity)]
    fn receive(
        &self,
        command: &str,
        frames: &mpsc::Receiver<Vec<u8>>,
        results: &mut BTreeMap<String, Harvested>,
        done: &(dyn Fn() + Sync),
    ) -> Result<(bool, Option<String>, Option<String>), DriveError> {
        let mut current = None;
        loop {
            let frame = match frames.recv_timeout(PATIENCE) {
                Ok(frame) => frame,
                Err(RecvTimeoutError::Disconnected) => return Ok((false, current, None)),
                Err(RecvTimeoutError::Timeout) => {
                    let cause = format!("took more than {} seconds", PATIENCE.as_secs());
                    return Ok((false, current, Some(cause)));
                }
            };
            match message(&frame)? {
                Message::Begin(module) => current = Some(module),
                Message::Result(module, harvested) => {
                    self.harvests.keep(command, &module, &frame);
                    results.insert(module, harvested);
                    done();
                }
                Message::Done => return Ok((true, None, None)),
            }
        }
    }
}

enum End {
    Done,
    /// The process ended, or was ended, while it worked on `module`.
    Died {
        module: Option<String>,
        cause: String,
    },
}

enum Message {
    Begin(String),
    Result(String, Harvested),
    Done,
}

fn message(frame: &[u8]) -> Result<Message, MarshalError> {
    let mut items = marshal::loads(frame)?.into_items()?.into_iter();
    let mut next = || items.next().ok_or(MarshalError::Short);
    let tag = next()?.into_string()?;
    Ok(match tag.as_str() {
        "done" => Message::Done,
        "begin" => Message::Begin(next()?.into_string()?),
        "image" => {
            let name = next()?.into_string()?;
            let (nodes, operations, guards) = (next()?, next()?, next()?);
            let warnings = warnings(&name, next()?)?;
            let outcome = Outcome::Image { nodes, operations, guards, step: next()? };
            Message::Result(name, Harvested { outcome, warnings })
        }
        "code" => {
            let name = next()?.into_string()?;
            let outcome = Outcome::Code { code: next()?.into_bytes()?, reason: next()?.into_string()? };
            let warnings = warnings(&name, next()?)?;
            Message::Result(name, Harvested { outcome, warnings })
        }
        "none" => {
            let name = next()?.into_string()?;
            let outcome = Outcome::Nothing { reason: next()?.into_string()? };
            let warnings = Vec::new();
            Message::Result(name, Harvested { outcome, warnings })
        }
        _ => return Err(MarshalError::Shape("an unknown tag", "a message")),
    })
}

fn warnings(module: &str, notes: Value) -> Result<Vec<Warning>, MarshalError> {
    notes
        .into_items()?
        .into_iter()
        .map(|note| {
            let mut parts = note.into_items()?.into_iter();
            let mut next = || parts.next().ok_or(MarshalError::Short)?.into_string();
            let tag = next()?;
            let first = next()?;
            let message = if tag == "disagreement" {
                format!("the evaluators disagree on {first}: {} here, {} in the target", next()?, next()?)
            } else {
                format!("was called static, but {first}")
            };
            Ok(Warning { module: module.to_owned(), message })
        })
        .collect()
}

fn write_frame(target: &mut impl Write, frame: &[u8]) -> std::io::Result<()> {
    target.write_all(&(frame.len() as u32).to_le_bytes())?;
    target.write_all(frame)
}

fn read_frames(mut source: impl Read, sender: &mpsc::Sender<Vec<u8>>) {
    loop {
        let mut header = [0; 4];
        if source.read_exact(&mut header).is_err() {
            return;
        }
        let length = u64::from(u32::from_le_bytes(header));
        let mut frame = Vec::new();
        match source.by_ref().take(length).read_to_end(&mut frame) {
            Ok(read) if read as u64 == length => {}
            _ => return,
        }
        if sender.send(frame).is_err() {
            return;
        }
    }
}

fn describe_end(status: Option<ExitStatus>, errors: &str) -> String {
    let last = errors.lines().last().unwrap_or_default();
    let shown = if last.is_empty() { String::new() } else { format!(": {last}") };
    match status.map(|status| (status.signal(), status.code())) {
        Some((Some(signal), _)) => format!("the interpreter crashed (signal {signal}){shown}"),
        Some((_, Some(code))) => format!("the interpreter ended with status {code}{shown}"),
        _ => format!("the interpreter ended{shown}"),
    }
}

fn lock<T>(mutex: &Mutex<T>) -> std::sync::MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(std::sync::PoisonError::into_inner)
}

fn into_inner<T>(mutex: Mutex<T>) -> T {
    mutex.into_inner().unwrap_or_else(std::sync::PoisonError::into_inner)
}

/// Where the target's `lyo` package has its extension module, if it is installed on `search_path`.
pub fn find_native(search_path: &[PathBuf], suffixes: &[String]) -> Option<PathBuf> {
    search_path.iter().find_map(|entry| {
        suffixes.iter().map(|suffix| entry.join("lyo").join(format!("_native{suffix}"))).find(|path| path.is_file())
    })
}
