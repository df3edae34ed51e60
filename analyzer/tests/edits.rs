//! A session that lives through edits says what a new one says of the same files.
//!
//! Random edits of small programs and of packages of the standard library: bodies, top levels, imports, broken
//! and mended syntax, files that come, go and move, in an editor's buffer or on the disk. After each, the session's
//! report and all values are compared with those of a cold run. `LYO_EDITS` sets how many edits each program sees.

use std::collections::BTreeMap;
use std::fmt::Write;
use std::path::{Path, PathBuf};

use analyzer::{Analysis, Buffer, Files, Observer, Options, Progress, Report, Session};
use const_eval::render::Renderer;

struct Silent;

impl Observer for Silent {
    fn progress(&self, _: Progress) {}
}

/// Marsaglia's xorshift: the same numbers every time.
struct Random(u64);

impl Random {
    fn below(&mut self, limit: usize) -> usize {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        (self.0 % limit.max(1) as u64) as usize
    }

    fn of<'a, T>(&mut self, things: &'a [T]) -> &'a T {
        &things[self.below(things.len())]
    }
}

/// A program under edit: some files on the disk, some in buffers over it.
struct Program {
    folder: tempfile::TempDir,
    originals: BTreeMap<PathBuf, String>,
    texts: BTreeMap<PathBuf, String>,
    buffers: BTreeMap<PathBuf, Buffer>,
    revision: u64,
    disk_changed: bool,
    /// A file that was broken last, with its text before.
    broken: Option<(PathBuf, String)>,
    random: Random,
}

impl Program {
    fn new(files: &[(&str, String)], seed: u64) -> Program {
        let folder = tempfile::tempdir().unwrap();
        let root = folder.path().canonicalize().unwrap();
        let originals: BTreeMap<PathBuf, String> =
            files.iter().map(|(name, text)| (root.join(name), text.clone())).collect();
        let mut program = Program {
            folder,
            texts: originals.clone(),
            originals,
            buffers: BTreeMap::new(),
            revision: 0,
            disk_changed: true,
            broken: None,
            random: Random(seed),
        };
        for path in program.texts.keys().cloned().collect::<Vec<_>>() {
            program.write(&path);
        }
        program
    }

    fn root(&self) -> PathBuf {
        self.folder.path().canonicalize().unwrap()
    }

    fn write(&mut self, path: &Path) {
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
        std::fs::write(path, &self.texts[path]).unwrap();
        // Two edits within the clock's resolution would look like none.
        let later = std::time::SystemTime::UNIX_EPOCH + std::time::Duration::from_secs(1_000_000 + self.revision);
        std::fs::File::options().write(true).open(path).unwrap().set_modified(later).unwrap();
        self.revision += 1;
        self.disk_changed = true;
    }

    /// The file has another text now, in an editor or on the disk.
    fn set(&mut self, path: &Path, text: String) {
        self.texts.insert(path.to_owned(), text.clone());
        self.revision += 1;
        if self.random.below(4) > 0 || self.buffers.contains_key(path) {
            let is_new = self.buffers.insert(path.to_owned(), Buffer { text: text.into(), revision: self.revision });
            self.disk_changed |= is_new.is_none() && self.random.below(2) == 0;
        } else {
            self.write(path);
        }
    }

    fn remove(&mut self, path: &Path) {
        self.texts.remove(path);
        self.buffers.remove(path);
        std::fs::remove_file(path).ok();
        self.disk_changed = true;
    }

    fn files(&self) -> Files {
        Files::with_buffers(self.buffers.iter().map(|(path, buffer)| (path.clone(), buffer.clone())).collect())
    }

    fn some_file(&mut self) -> PathBuf {
        let paths: Vec<PathBuf> = self.texts.keys().cloned().collect();
        self.random.of(&paths).clone()
    }

    /// Carries out a random edit, and says which.
    fn edit(&mut self) -> String {
        if let Some((path, text)) = self.broken.take_if(|(path, _)| self.texts.contains_key(path))
            && self.random.below(3) > 0
        {
            self.set(&path, text);
            return format!("{}: mended", path.display());
        }
        let path = self.some_file();
        let name = path.strip_prefix(self.root()).unwrap().display().to_string();
        let mut lines: Vec<String> = self.texts[&path].lines().map(str::to_owned).collect();
        let number = self.revision;
        let what = match self.random.below(12) {
            0..=2 => {
                let bodies: Vec<usize> =
                    (0..lines.len()).filter(|at| lines[*at].trim_start().starts_with("return")).collect();
                if bodies.is_empty() {
                    return self.add_top_level(&path, lines);
                }
                let at = *self.random.of(&bodies);
                let indent = lines[at].len() - lines[at].trim_start().len();
                lines.insert(at, format!("{}later = {number}", " ".repeat(indent)));
                "body"
            }
            3 => {
                lines.insert(self.random.below(lines.len() + 1), "# a comment".to_owned());
                "comment"
            }
            4 | 5 => return self.add_top_level(&path, lines),
            6 if !lines.is_empty() => {
                lines.remove(self.random.below(lines.len()));
                "line removed"
            }
            7 => {
                self.broken = Some((path.clone(), self.texts[&path].clone()));
                lines.insert(self.random.below(lines.len() + 1), "x = (".to_owned());
                "broken"
            }
            8 if self.texts.len() > 2 => {
                self.remove(&path);
                return format!("{name}: deleted");
            }
            9 => {
                let folder = path.parent().unwrap().to_owned();
                let moved = folder.join(format!("moved{}.py", self.random.below(3)));
                let text = self.texts[&path].clone();
                if self.texts.len() > 2 {
                    self.remove(&path);
                }
                self.set(&moved, text);
                return format!("{name}: moved to {}", moved.display());
            }
            10 if self.buffers.contains_key(&path) => {
                self.buffers.remove(&path);
                self.write(&path);
                return format!("{name}: saved and closed");
            }
            _ => {
                let originals: Vec<PathBuf> = self.originals.keys().cloned().collect();
                let path = self.random.of(&originals).clone();
                let text = self.originals[&path].clone();
                self.set(&path, text);
                return format!("{}: reverted", path.display());
            }
        };
        self.set(&path, lines.join("\n") + "\n");
        format!("{name}: {what}")
    }

    fn add_top_level(&mut self, path: &Path, mut lines: Vec<String>) -> String {
        let number = self.revision;
        let other = self.some_file();
        let stem = other.file_stem().unwrap().to_string_lossy().into_owned();
        let statements = [
            format!("added_{number} = {number} * 2"),
            format!("print({number})"),
            "import json, textwrap".to_owned(),
            format!("import {stem}"),
            format!("from . import {stem}"),
            "from enum import Enum\nclass Added(Enum):\n    A = 1".to_owned(),
            "def added(): return [added]\nlist_added = added()".to_owned(),
            "# lyo: strict".to_owned(),
        ];
        let statement = self.random.of(&statements).clone();
        let starts: Vec<usize> = (0..lines.len())
            .filter(|at| lines[*at].starts_with(|c: char| c.is_alphabetic() || c == '@'))
            .chain([lines.len()])
            .collect();
        let at = *self.random.of(&starts);
        lines.insert(at, statement.clone());
        self.set(path, lines.join("\n") + "\n");
        format!("{}: {statement:?} before line {}", path.display(), at + 1)
    }
}

/// Everything that an analysis says.
fn told(analysis: &Analysis) -> String {
    let mut text = serde_json::to_string_pretty(&Report::new(analysis, &analyzer::Filter::default())).unwrap();
    let world = analysis.world();
    for module in analysis.requested() {
        let Some(evaluated) = module.evaluated() else { continue };
        let mut renderer = Renderer::new(&world, evaluated);
        for (name, value) in &evaluated.namespace {
            let repr = renderer.repr(value);
            writeln!(text, "{}.{name} = {repr:?}: {:?}", module.name(), renderer.type_name(value)).unwrap();
        }
    }
    text
}

fn compare(files: &[(&str, String)], seed: u64, edits: usize) {
    let mut program = Program::new(files, seed);
    let options = Options { paths: vec![program.root()], threads: Some(2), ..Options::default() };
    let mut session = Session::new(options.clone()).unwrap();
    let mut done = Vec::new();
    for _ in 0..=edits {
        let disk_changed = std::mem::take(&mut program.disk_changed);
        let warm = session.analyze(program.files(), disk_changed, &Silent).unwrap();
        let cold = Session::new(options.clone()).unwrap().analyze(program.files(), true, &Silent).unwrap();
        let (warm, cold) = (told(&warm), told(&cold));
        if warm != cold {
            let differs = warm.lines().zip(cold.lines()).position(|(warm, cold)| warm != cold).unwrap_or_default();
            let around =
                |text: &str| text.lines().skip(differs.saturating_sub(12)).take(16).collect::<Vec<_>>().join("\n");
            panic!("after {done:#?}\nthe session says\n{}\nand a cold run\n{}", around(&warm), around(&cold));
        }
        done.push(program.edit());
    }
}

fn edits() -> usize {
    std::env::var("LYO_EDITS").ok().and_then(|count| count.parse().ok()).unwrap_or(25)
}

#[test]
fn a_small_program_with_a_cycle() {
    let files = [
        (
            "app.py",
            "import pkg\nfrom pkg.low import VALUE, tool\n\nTABLE = {k: tool(k) for k in range(4)}\n\n\ndef main():\n    return TABLE\n",
        ),
        ("pkg/__init__.py", "from .low import VALUE\nfrom . import left, right\n\n__all__ = ['VALUE']\n"),
        (
            "pkg/low.py",
            "import re\n\nVALUE = 21 * 2\n\n\ndef tool(x):\n    y = helper(x)\n    return y + VALUE\n\n\ndef helper(x):\n    return x * x\n\n\ndef register(f):\n    print(f)\n    return f\n",
        ),
        (
            "pkg/left.py",
            "from . import right\nfrom .low import register\n\n\n@register\ndef left():\n    return right.right()\n\n\nLEFT = [1, 2]\n",
        ),
        (
            "pkg/right.py",
            "import pkg.left\n\n\nclass Right:\n    kinds = {}\n\n    def __init_subclass__(cls):\n        Right.kinds[cls.__name__] = cls\n        return None\n\n    def __repr__(self):\n        return 'right'\n\n\nclass More(Right):\n    pass\n\n\nONE = More()\n\n\ndef right():\n    return 1\n",
        ),
        (
            "user.py",
            "# lyo: strict\nimport pkg.right\nfrom app import main\n\n\nclass Mine(pkg.right.Right):\n    pass\n\n\nMINE = main()\n",
        ),
    ];
    let files: Vec<(&str, String)> = files.map(|(name, text)| (name, text.to_owned())).to_vec();
    for seed in [1, 2, 3] {
        compare(&files, 0x9e37_79b9_7f4a_7c15 ^ (seed << 20), edits());
    }
}

/// Packages of the standard library under other names, so that they are the program's own.
#[test]
fn packages_of_the_standard_library() {
    let facts = analyzer::Interpreter::discover(None).unwrap().facts;
    for (seed, package) in [(5, "json"), (6, "email"), (7, "logging"), (8, "importlib")] {
        let mut files = Vec::new();
        for entry in std::fs::read_dir(facts.stdlib.join(package)).unwrap() {
            let path = entry.unwrap().path();
            if path.extension().is_some_and(|extension| extension == "py") {
                let text = std::fs::read_to_string(&path).unwrap();
                let text = text.replace(&format!("from {package}"), &format!("from my{package}"));
                let name = format!("my{package}/{}", path.file_name().unwrap().to_string_lossy());
                files.push((name, text.replace(&format!("import {package}."), &format!("import my{package}."))));
            }
        }
        files.sort();
        let files: Vec<(&str, String)> = files.iter().map(|(name, text)| (name.as_str(), text.clone())).collect();
        compare(&files, 0x9e37_79b9_7f4a_7c15 ^ (seed << 20), edits() / 2);
    }
}
