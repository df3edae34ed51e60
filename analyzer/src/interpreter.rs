//! Finding the target interpreter and running our two questions in it.
//!
//! Order of search: what the user named (a path, a name on `PATH`, or a virtual
//! environment's folder), `$VIRTUAL_ENV`, a `.venv` in the folder at hand or
//! above it, `python3`, `python`. The interpreter runs isolated and without
//! `site` (`-I -S`), so no `.pth` line and no `sitecustomize` runs.

use std::ffi::OsString;
use std::io::{Read, Write};
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use thiserror::Error;

use crate::files;

/// The oldest Python that can be a target.
pub const OLDEST: (u8, u8) = (3, 11);

/// How long a question may take before the interpreter counts as hung.
const PATIENCE: Duration = Duration::from_secs(60);

/// An answer longer than this is not an answer.
const LONGEST_ANSWER: u64 = 256 << 20;

#[derive(Debug, Error)]
pub enum InterpreterError {
    #[error(
        "no Python interpreter named `{0}`: there is no such file, no such name on PATH, and no virtual environment there; name one with --python"
    )]
    NotFound(String),
    #[error(
        "no Python interpreter found: neither $VIRTUAL_ENV nor .venv nor `python3` nor `python` on PATH; name one with --python"
    )]
    NoneOnPath,
    #[error("`{path}` can't be run as a Python interpreter: {cause}")]
    NotRunnable { path: String, cause: String },
    #[error("`{path}` is {implementation}, but bundles are for CPython; name a CPython with --python")]
    NotCPython { path: String, implementation: String },
    #[error("`{path}` is Python {version}, which is too old: Lyo needs CPython 3.11 or newer; name one with --python")]
    TooOld { path: String, version: String },
    #[error("`{path}` gave an answer that is not understood: {cause}")]
    BadAnswer { path: String, cause: String },
}

/// Where the executable of the target is. The path is absolute; links are not resolved,
/// because a virtual environment's interpreter is a link.
pub fn find(named: Option<&str>, folder: &Path) -> Result<PathBuf, InterpreterError> {
    if let Some(name) = named {
        return find_named(name);
    }
    let active = std::env::var_os("VIRTUAL_ENV").filter(|value| !value.is_empty());
    if let Some(found) = active.and_then(|folder| in_environment(Path::new(&folder))) {
        return Ok(found);
    }
    for folder in files::absolute(folder).ancestors() {
        if let Some(found) = in_environment(&folder.join(".venv")) {
            return Ok(found);
        }
    }
    on_path("python3").or_else(|| on_path("python")).ok_or(InterpreterError::NoneOnPath)
}

fn find_named(name: &str) -> Result<PathBuf, InterpreterError> {
    let path = Path::new(name);
    if files::is_folder(path) {
        return in_environment(path).ok_or_else(|| InterpreterError::NotFound(name.to_owned()));
    }
    if files::is_file(path) && (path.components().count() > 1 || name.starts_with('.')) {
        return Ok(files::absolute(path));
    }
    if path.components().count() == 1
        && let Some(found) = on_path(name)
    {
        return Ok(found);
    }
    if files::is_file(path) {
        return Ok(files::absolute(path));
    }
    Err(InterpreterError::NotFound(name.to_owned()))
}

/// The interpreter of a virtual environment (or of an installation's prefix).
fn in_environment(folder: &Path) -> Option<PathBuf> {
    ["bin/python", "bin/python3", "Scripts/python.exe", "python.exe"]
        .iter()
        .map(|relative| folder.join(relative))
        .find(|candidate| is_executable(candidate))
        .map(|found| files::absolute(&found))
}

fn on_path(name: &str) -> Option<PathBuf> {
    let path = std::env::var_os("PATH")?;
    let suffixes: &[&str] = if cfg!(windows) { &[".exe", ""] } else { &[""] };
    std::env::split_paths(&path)
        .flat_map(|folder| {
            suffixes.iter().map(move |suffix| {
                let mut file = OsString::from(name);
                file.push(suffix);
                folder.join(file)
            })
        })
        .find(|candidate| is_executable(candidate))
        .map(|found| files::absolute(&found))
}

#[cfg(unix)]
fn is_executable(path: &Path) -> bool {
    use std::os::unix::fs::PermissionsExt;
    std::fs::metadata(path).is_ok_and(|metadata| metadata.is_file() && metadata.permissions().mode() & 0o111 != 0)
}

#[cfg(not(unix))]
fn is_executable(path: &Path) -> bool {
    path.is_file()
}

/// Whether the executable is itself a script (a pyenv shim): what it leads to can change without its changing.
pub fn is_script(executable: &Path) -> bool {
    let mut start = [0; 2];
    std::fs::File::open(executable).and_then(|mut file| file.read_exact(&mut start)).is_ok() && start == *b"#!"
}

/// Runs a program text in the interpreter and returns what it wrote to stdout.
pub fn ask(executable: &Path, program: &str) -> Result<String, InterpreterError> {
    let not_runnable = |cause: String| InterpreterError::NotRunnable { path: executable.display().to_string(), cause };
    let mut child = Command::new(executable)
        .args(["-I", "-S", "-B", "-X", "utf8", "-"])
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .map_err(|error| not_runnable(error.to_string()))?;
    // Three pipes, three threads: whichever fills first must not block the others.
    let input = child.stdin.take();
    let (output, errors) = (child.stdout.take(), child.stderr.take());
    let (answer, complaints, status) = std::thread::scope(|scope| {
        scope.spawn(move || {
            if let Some(mut input) = input {
                // A program that doesn't read its input shows that by its answer.
                input.write_all(program.as_bytes()).ok();
            }
        });
        let answer = scope.spawn(move || drain(output));
        let complaints = scope.spawn(move || drain(errors));
        let started = Instant::now();
        let mut pause = Duration::from_millis(1);
        let status = loop {
            match child.try_wait() {
                Ok(Some(status)) => break Ok(status),
                Ok(None) if started.elapsed() < PATIENCE => {
                    std::thread::sleep(pause);
                    pause = (pause * 2).min(Duration::from_millis(10));
                }
                Ok(None) => {
                    child.kill().ok();
                    child.wait().ok();
                    break Err(format!("no answer within {} seconds", PATIENCE.as_secs()));
                }
                Err(error) => break Err(error.to_string()),
            }
        };
        (answer.join().unwrap_or_default(), complaints.join().unwrap_or_default(), status)
    });
    let status = status.map_err(&not_runnable)?;
    if !status.success() {
        let complaints = String::from_utf8_lossy(&complaints);
        return Err(not_runnable(format!("{status}: {}", telling_line(&complaints))));
    }
    String::from_utf8(answer).map_err(|_| InterpreterError::BadAnswer {
        path: executable.display().to_string(),
        cause: "it is not UTF-8".to_owned(),
    })
}

/// The line that says what is wrong: a traceback says it last, everybody else first.
fn telling_line(complaints: &str) -> &str {
    let mut lines = complaints.lines().map(str::trim).filter(|line| !line.is_empty());
    let line = if complaints.contains("Traceback (most recent call last)") { lines.next_back() } else { lines.next() };
    line.unwrap_or("no message")
}

fn drain(pipe: Option<impl Read>) -> Vec<u8> {
    let mut bytes = Vec::new();
    if let Some(pipe) = pipe {
        pipe.take(LONGEST_ANSWER).read_to_end(&mut bytes).ok();
    }
    bytes
}
