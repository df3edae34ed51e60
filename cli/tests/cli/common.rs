//! Driving the built command over small trees of files.

use std::path::{Path, PathBuf};
use std::process::{Command, Output};

use serde_json::Value;

/// A folder of files, gone at the end of the test.
pub struct Tree {
    folder: tempfile::TempDir,
}

impl Tree {
    pub fn new(files: &[(&str, &str)]) -> Tree {
        let tree = Tree { folder: tempfile::tempdir().expect("a temporary folder") };
        for (path, text) in files {
            tree.write(path, text.as_bytes());
        }
        tree
    }

    pub fn path(&self) -> &Path {
        self.folder.path()
    }

    pub fn write(&self, path: &str, bytes: &[u8]) -> PathBuf {
        let path = self.path().join(path);
        std::fs::create_dir_all(path.parent().expect("a parent")).expect("a folder");
        std::fs::write(&path, bytes).expect("a file");
        path
    }

    /// Runs `lyo` in the folder.
    pub fn lyo(&self, arguments: &[&str]) -> Run {
        Run::of(self.command().args(arguments))
    }

    pub fn command(&self) -> Command {
        let mut command = Command::new(env!("CARGO_BIN_EXE_lyo"));
        command.current_dir(self.path()).env_remove("VIRTUAL_ENV").env("LYO_NO_CACHE", "1");
        command
    }

    /// `lyo` that remembers, in a folder of its own.
    pub fn remembering(&self, cache: &Path, arguments: &[&str]) -> Run {
        let mut command = self.command();
        Run::of(command.args(arguments).env_remove("LYO_NO_CACHE").env("LYO_CACHE_DIR", cache))
    }

    /// `lyo check --format json` of the folder.
    pub fn check(&self, arguments: &[&str]) -> Run {
        let mut all = vec!["check", "--format", "json"];
        all.extend(arguments);
        self.lyo(&all)
    }
}

pub struct Run {
    pub status: i32,
    pub stdout: String,
    pub stderr: String,
}

impl Run {
    pub fn of(command: &mut Command) -> Run {
        let Output { status, stdout, stderr } = command.output().expect("lyo runs");
        Run {
            status: status.code().expect("lyo was not killed"),
            stdout: String::from_utf8(stdout).expect("UTF-8"),
            stderr: String::from_utf8(stderr).expect("UTF-8"),
        }
    }

    pub fn json(&self) -> Value {
        serde_json::from_str(&self.stdout).unwrap_or_else(|error| panic!("{error}: {}{}", self.stdout, self.stderr))
    }

    /// The report on one module.
    pub fn module(&self, name: &str) -> Value {
        let report = self.json();
        let modules = report["modules"].as_array().expect("modules");
        modules.iter().find(|module| module["name"] == name).unwrap_or_else(|| panic!("no {name} in {report}")).clone()
    }

    /// The codes of a module's findings.
    pub fn codes(&self, name: &str) -> Vec<String> {
        let module = self.module(name);
        let findings = module["diagnostics"].as_array().expect("diagnostics");
        findings.iter().map(|finding| finding["code"].as_str().expect("a code").to_owned()).collect()
    }
}
