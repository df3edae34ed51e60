//! `lyo build`, `run`, `verify` and `inspect`, on every Python at hand.

use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::sync::OnceLock;
use std::time::Duration;

use crate::common::{Run, Tree};

/// Virtual environments with the package `lyo`, one for each supported interpreter.
pub fn environments() -> &'static [PathBuf] {
    static FOUND: OnceLock<Vec<PathBuf>> = OnceLock::new();
    FOUND.get_or_init(|| {
        let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("..").canonicalize().expect("the workspace");
        let listed = Command::new(root.join("corpus/pythons")).output().expect("corpus/pythons runs");
        let listed = String::from_utf8(listed.stdout).expect("text");
        let found: Vec<PathBuf> = listed
            .lines()
            .filter_map(|line| line.split_once(' '))
            .map(|(tag, python)| {
                let environment = root.join(".cache/runtimes").join(tag);
                let script = root.join("tests/support/install_runtime.sh");
                let done = Command::new("sh").arg(script).arg(python).arg(&environment).output().expect("sh runs");
                assert!(done.status.success(), "{}", String::from_utf8_lossy(&done.stderr));
                environment
            })
            .collect();
        assert!(!found.is_empty(), "no Python of 3.11 or later");
        found
    })
}

pub fn program() -> Tree {
    Tree::new(&[
        ("app/__init__.py", "from app.shapes import Square\nfrom app import noisy\n"),
        (
            "app/shapes.py",
            "class Shape:\n    sides = 0\n    def __init__(self, size):\n        self.size = size\n\n\
             class Square(Shape):\n    sides = 4\n    def area(self):\n        return self.size ** 2\n\n\
             TABLE = {n: n * n for n in range(5)}\n",
        ),
        ("app/noisy.py", "import sys\nprint('imported', file=sys.stdout)\n"),
        (
            "app/__main__.py",
            "import sys\nfrom app import Square, shapes\n\
             print(Square(3).area(), shapes.TABLE[4], sys.argv[1:], Square.__module__, Square.area.__qualname__)\n\
             sys.exit(7)\n",
        ),
    ])
}

fn build(tree: &Tree, environment: &Path) -> Run {
    tree.lyo(&["build", ".", "-o", "b.lyo", "--python", &environment.display().to_string()])
}

#[test]
fn a_program_runs_from_its_bundle_as_without() {
    for environment in environments() {
        let tree = program();
        let python = environment.display().to_string();
        let built = build(&tree, environment);
        assert_eq!(built.status, 0, "{}", built.stderr);
        let plain = Run::of(
            Command::new(environment.join("bin/python")).args(["-m", "app", "x", "-y"]).current_dir(tree.path()),
        );
        let arguments = ["run", "-b", "b.lyo", "--python", &python, "--report", "r.json", "-m", "app", "x", "-y"];
        let run = tree.lyo(&arguments);
        assert_eq!((run.status, &run.stdout, &run.stderr), (plain.status, &plain.stdout, &plain.stderr));
        assert_eq!(run.status, 7);
        let report = std::fs::read(tree.path().join("r.json")).expect("a report");
        let report: serde_json::Value = serde_json::from_slice(&report).expect("JSON");
        let how = |name: &str| {
            let modules = report["modules"].as_array().expect("modules");
            modules.iter().find(|module| module["name"] == name).map(|module| module["how"].clone())
        };
        assert_eq!(how("app.shapes"), Some("rehydrated".into()), "{report}");
        assert_eq!(how("app.noisy"), Some("code".into()));
        let verified = tree.lyo(&["verify", "-b", "b.lyo", "--python", &python]);
        assert_eq!(verified.status, 0, "{}{}", verified.stdout, verified.stderr);
        assert!(verified.stdout.contains(" 0 different"), "{}", verified.stdout);
    }
}

#[test]
fn programs_of_an_enabled_environment_need_no_command() {
    for environment in environments() {
        let tree = program();
        let python = environment.display().to_string();
        let built = build(&tree, environment);
        assert_eq!(built.status, 0, "{}", built.stderr);
        let how = || {
            let mut command = Command::new(environment.join("bin/python"));
            let run = Run::of(
                command
                    .args(["-m", "app"])
                    .current_dir(tree.path())
                    .env("LYO_BUNDLE", tree.path().join("b.lyo"))
                    .env("LYO_REPORT", tree.path().join("r.json")),
            );
            assert_eq!((run.status, run.stderr.as_str()), (7, ""));
            let report = std::fs::read(tree.path().join("r.json")).ok()?;
            let report: serde_json::Value = serde_json::from_slice(&report).expect("JSON");
            let modules = report["modules"].as_array().expect("modules");
            let shapes = modules.iter().find(|module| module["name"] == "app.shapes").expect("the module");
            Some(shapes["how"].clone())
        };
        let enabled = tree.lyo(&["enable", "--python", &python]);
        assert_eq!((enabled.status, enabled.stderr.as_str()), (0, ""));
        assert!(enabled.stdout.ends_with("lyo.pth\n"), "{}", enabled.stdout);
        assert_eq!(how(), Some("rehydrated".into()));
        let disabled = tree.lyo(&["enable", "--disable", "--python", &python]);
        assert_eq!((disabled.status, disabled.stderr.as_str()), (0, ""));
        std::fs::remove_file(tree.path().join("r.json")).expect("a report");
        assert_eq!(how(), None);
    }
}

#[test]
fn what_a_compiled_package_imports_is_built_too() {
    for environment in environments() {
        // A package of which one module imports the other, both compiled; the source lies beside each.
        let tree = Tree::new(&[
            ("main.py", "import compiled\n"),
            ("compiled/__init__.py", "from compiled.core import answer\n"),
            ("compiled/core.py", "import helper.deep\nanswer = 42\n"),
            ("helper/__init__.py", ""),
            ("helper/deep.py", "value = 1\n"),
            ("helper/more.py", "value = 2\n"),
            ("unused.py", "value = 3\n"),
        ]);
        let suffix = Run::of(
            Command::new(environment.join("bin/python"))
                .args(["-c", "import sysconfig; print(sysconfig.get_config_var('EXT_SUFFIX'), end='')"]),
        );
        for module in ["__init__", "core"] {
            tree.write(&format!("compiled/{module}{}", suffix.stdout), b"not run by a build");
        }
        let built = tree.lyo(&["build", "main.py", "-o", "b.lyo", "--python", &environment.display().to_string()]);
        assert_eq!(built.status, 0, "{}", built.stderr);
        let listed = tree.lyo(&["inspect", "b.lyo", "--format", "json"]).json();
        let names: Vec<&str> = listed["modules"]
            .as_array()
            .expect("modules")
            .iter()
            .filter_map(|module| module["name"].as_str())
            .collect();
        for name in ["helper", "helper.deep", "helper.more"] {
            assert!(names.contains(&name), "{name} is not among {names:?}");
        }
        for name in ["compiled", "compiled.core", "unused"] {
            assert!(!names.contains(&name), "{name} is among {names:?}");
        }
    }
}

#[test]
fn verify_shows_a_difference() {
    let environment = &environments()[0];
    let tree = Tree::new(&[("clock.py", "x = [1]\n")]);
    let python = environment.display().to_string();
    assert_eq!(build(&tree, environment).status, 0);
    // The same size and time, other contents: the bundle can't notice, and the judge must.
    let path = tree.path().join("clock.py");
    let time = std::fs::metadata(&path).and_then(|metadata| metadata.modified()).expect("a time");
    let file = std::fs::File::options().write(true).open(&path).expect("the module");
    std::io::Write::write_all(&mut &file, b"x = [2]\n").expect("written");
    file.set_modified(time).expect("the time set back");
    let run = tree.lyo(&["verify", "-b", "b.lyo", "--python", &python, "clock"]);
    assert_eq!(run.status, 1, "{}{}", run.stdout, run.stderr);
    assert!(run.stdout.contains("clock.x[0]: executed int 2, rehydrated int 1"), "{}", run.stdout);
}

#[test]
fn inspect_lists_modules_and_their_contents() {
    let environment = &environments()[0];
    let tree = program();
    assert_eq!(build(&tree, environment).status, 0);
    let run = tree.lyo(&["inspect", "b.lyo"]);
    assert_eq!(run.status, 0);
    assert!(run.stdout.contains("app.shapes"), "{}", run.stdout);
    let run = tree.lyo(&["inspect", "b.lyo", "app.shapes"]);
    assert!(run.stdout.contains("store Square = #"), "{}", run.stdout);
    let run = tree.lyo(&["inspect", "b.lyo", "app.shapes", "--format", "json"]);
    let listing: serde_json::Value = serde_json::from_str(&run.stdout).expect("JSON");
    assert_eq!(listing["name"], "app.shapes");
    assert!(listing["image"]["nodes"].as_array().is_some_and(|nodes| !nodes.is_empty()));
    assert_eq!(tree.lyo(&["inspect", "b.lyo", "no.such"]).status, 2);
}

#[test]
fn a_killed_build_leaves_the_old_bundle_or_none() {
    let environment = &environments()[0];
    let tree = program();
    let bundle = tree.path().join("b.lyo");
    for milliseconds in [5, 100, 400, 900] {
        let mut child = tree
            .command()
            .args(["build", ".", "-o", "b.lyo", "--python", &environment.display().to_string()])
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .spawn()
            .expect("lyo starts");
        std::thread::sleep(Duration::from_millis(milliseconds));
        child.kill().expect("killed");
        child.wait().expect("gone");
        if bundle.exists() {
            assert_eq!(tree.lyo(&["inspect", "b.lyo"]).status, 0, "after {milliseconds} ms");
        }
    }
    assert_eq!(build(&tree, environment).status, 0);
    let old = std::fs::read(&bundle).expect("a bundle");
    let mut child = tree
        .command()
        .args(["build", ".", "-o", "b.lyo", "--python", &environment.display().to_string()])
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .spawn()
        .expect("lyo starts");
    std::thread::sleep(Duration::from_millis(300));
    child.kill().expect("killed");
    child.wait().expect("gone");
    assert!(std::fs::read(&bundle).expect("a bundle") == old);
}

#[test]
fn a_full_disk_is_told_of_and_leaves_nothing_behind() {
    let environment = &environments()[0];
    let tree = program();
    // A limit on the size of files stands for the disk.
    let script = format!(
        "trap '' XFSZ; ulimit -f 1; exec {} build . -o b.lyo --python {}",
        env!("CARGO_BIN_EXE_lyo"),
        environment.display()
    );
    let run = Run::of(Command::new("sh").args(["-c", &script]).current_dir(tree.path()));
    assert_eq!(run.status, 2, "{}", run.stderr);
    assert!(run.stderr.contains("b.lyo can't be written"), "{}", run.stderr);
    let left: Vec<_> = std::fs::read_dir(tree.path())
        .expect("the folder")
        .filter_map(|entry| entry.ok()?.file_name().into_string().ok())
        .filter(|name| name.contains("lyo"))
        .collect();
    assert_eq!(left, Vec::<String>::new());
}

#[test]
fn what_is_not_there_is_told_of() {
    let tree = program();
    let python = environments()[0].display().to_string();
    for arguments in [
        vec!["inspect", "none.lyo"],
        vec!["verify", "-b", "none.lyo", "--python", &python],
        vec!["run", "-b", "none.lyo", "--python", "/no/such/python", "-c", "pass"],
        vec!["build", ".", "-o", "no/such/folder/b.lyo", "--python", &python],
        vec!["build", "no-such-path", "-o", "b.lyo", "--python", &python],
    ] {
        let run = tree.lyo(&arguments);
        assert_eq!(run.status, 2, "{arguments:?}: {}", run.stderr);
        assert!(run.stderr.starts_with("lyo: "), "{arguments:?}: {}", run.stderr);
        assert_eq!(run.stderr.trim_end().lines().count(), 1, "{arguments:?}: {}", run.stderr);
    }
    // A bundle that isn't there stops no program.
    let run = tree.lyo(&["run", "-b", "none.lyo", "--python", &python, "-c", "print('runs')"]);
    assert_eq!((run.status, run.stdout.as_str()), (0, "runs\n"), "{}", run.stderr);
    let run = tree.lyo(&["run", "-b", "none.lyo", "--verbose", "--python", &python, "-c", "print('runs')"]);
    assert_eq!((run.status, run.stdout.as_str()), (0, "runs\n"), "{}", run.stderr);
    assert!(run.stderr.starts_with("lyo: none.lyo is not used: "), "{}", run.stderr);
}

#[test]
fn a_build_tells_of_files_that_it_must_leave_out() {
    let tree = program();
    tree.write("app/broken.py", b"def f(:\n");
    let run = build(&tree, &environments()[0]);
    assert_eq!(run.status, 0, "{}", run.stderr);
    assert!(run.stderr.contains("app/broken.py:1: "), "{}", run.stderr);
    assert!(run.stderr.contains("the file is left out"), "{}", run.stderr);
}
