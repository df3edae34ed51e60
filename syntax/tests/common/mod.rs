//! What the tests against CPython share.
#![allow(dead_code)]

use std::io::Write;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

pub mod stack_check;

/// An interpreter of a supported version.
pub struct Interpreter {
    pub executable: PathBuf,
    pub version: (u8, u8),
    pub standard_library: PathBuf,
}

/// One interpreter of each supported version: from `PATH`, and from pyenv.
pub fn interpreters() -> Vec<Interpreter> {
    let mut candidates: Vec<PathBuf> =
        ["python3", "python3.11", "python3.12", "python3.13"].map(PathBuf::from).to_vec();
    if let Some(home) = std::env::var_os("HOME") {
        let versions = Path::new(&home).join(".pyenv/versions");
        let mut found: Vec<PathBuf> = std::fs::read_dir(versions)
            .into_iter()
            .flatten()
            .flatten()
            .map(|entry| entry.path().join("bin/python"))
            .collect();
        found.sort();
        candidates.extend(found);
    }
    let mut interpreters: Vec<Interpreter> = Vec::new();
    for executable in candidates {
        let code =
            "import sys, os; print(sys.version_info[0], sys.version_info[1]); print(os.path.dirname(os.__file__))";
        let Ok(output) = Command::new(&executable).args(["-I", "-c", code]).output() else { continue };
        let text = String::from_utf8_lossy(&output.stdout);
        let mut lines = text.lines();
        let Some((major, minor)) = lines.next().and_then(|line| line.split_once(' ')) else { continue };
        let (Ok(major), Ok(minor)) = (major.parse(), minor.parse()) else { continue };
        let version = (major, minor);
        let supported = ((3, 11)..=(3, 13)).contains(&version);
        if supported && interpreters.iter().all(|known| known.version != version) {
            let standard_library = PathBuf::from(lines.next().unwrap_or_default());
            interpreters.push(Interpreter { executable, version, standard_library });
        }
    }
    interpreters
}

/// Runs a script, which gets `input` as JSON on its standard input, and parses what it prints.
pub fn run_python<T: serde::de::DeserializeOwned>(
    interpreter: &Interpreter,
    script: &str,
    input: &impl serde::Serialize,
) -> T {
    let mut child = Command::new(&interpreter.executable)
        .args(["-I", "-W", "ignore", "-c", script])
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .expect("the interpreter starts");
    let input = serde_json::to_vec(input).expect("input is JSON");
    let mut stdin = child.stdin.take().expect("stdin is piped");
    let writer = std::thread::spawn(move || stdin.write_all(&input));
    let output = child.wait_with_output().expect("the interpreter ends");
    let _ = writer.join();
    assert!(output.status.success(), "the script fails on {:?}", interpreter.version);
    serde_json::from_slice(&output.stdout).expect("the script prints JSON")
}

/// Every `.py` file below a directory, sorted.
pub fn python_files(directory: &Path) -> Vec<PathBuf> {
    let mut files = Vec::new();
    let mut open = vec![directory.to_owned()];
    while let Some(directory) = open.pop() {
        for entry in std::fs::read_dir(directory).into_iter().flatten().flatten() {
            let path = entry.path();
            match entry.file_type() {
                Ok(kind) if kind.is_dir() && path.ends_with("site-packages") => {}
                Ok(kind) if kind.is_dir() => open.push(path),
                Ok(_) if path.extension().is_some_and(|extension| extension == "py") => files.push(path),
                _ => {}
            }
        }
    }
    files.sort();
    files
}
