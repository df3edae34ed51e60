//! What `lyo check` and `lyo build` remember of earlier runs.

use std::path::{Path, PathBuf};

use crate::bundle::{environments, program};
use crate::common::Tree;

fn entries(cache: &Path, kind: &str) -> Vec<PathBuf> {
    let listing = std::fs::read_dir(cache.join(kind)).into_iter().flatten().flatten();
    let mut found: Vec<PathBuf> = listing.map(|entry| entry.path()).collect();
    found.sort();
    found
}

#[test]
fn a_report_is_remembered_until_something_changes() {
    let tree = Tree::new(&[("a.py", "import b\nx = b.x\n"), ("b.py", "x = 1\n")]);
    let cache = tempfile::tempdir().expect("a temporary folder");
    let check = |arguments: &[&str]| {
        let all = [&["check", ".", "--format", "json"], arguments].concat();
        let run = tree.remembering(cache.path(), &all);
        let anew = tree.lyo(&all);
        assert_eq!((&run.stdout, run.status, &run.stderr), (&anew.stdout, anew.status, &anew.stderr));
        run
    };
    check(&[]);
    let known = entries(cache.path(), "answers");
    assert_eq!(known.len(), 2);
    check(&[]);
    // What is told now is what is remembered, and nothing else.
    let output = known.iter().find(|path| path.extension().is_some_and(|end| end == "output")).expect("an output");
    let bytes = std::fs::read(output).expect("bytes");
    std::fs::write(output, &bytes[..bytes.len() - 1]).expect("a damaged entry");
    check(&[]);
    assert_eq!(std::fs::read(output).expect("bytes"), bytes, "mended");
    // Of the same length, within the same tick of the file system's clock.
    tree.write("b.py", b"print\n");
    tree.write("b.py", b"x = 2\n");
    check(&[]);
    tree.write("b.py", b"print(1)\n");
    check(&[]);
    assert_eq!(check(&["--strict", "b"]).status, 1);
    assert_eq!(check(&["--strict", "b"]).status, 1);
    tree.write("c.py", b"");
    check(&[]);
    tree.write("pyproject.toml", b"[tool.lyo]\nignore = ['LYO2']\n");
    check(&[]);
    std::fs::remove_file(tree.path().join("b.py")).expect("b.py");
    check(&[]);
    tree.write("b/__init__.py", b"x = []\n");
    check(&[]);
}

#[test]
fn what_can_not_be_remembered_costs_nothing_but_time() {
    let tree = Tree::new(&[("a.py", "x = 1\n")]);
    let cache = tree.write("cache", b"a file, not a folder");
    let run = tree.remembering(&cache, &["check", "a.py"]);
    assert_eq!((run.status, &*run.stderr), (0, ""));
}

#[test]
fn the_cache_can_be_named_and_removed() {
    let tree = Tree::new(&[("a.py", "x = 1\n")]);
    let cache = tree.path().join("cache");
    assert_eq!(tree.remembering(&cache, &["cache", "dir"]).stdout.trim(), cache.display().to_string());
    tree.remembering(&cache, &["check", "a.py"]);
    tree.write("cache/precious", b"of somebody else");
    assert_eq!(tree.remembering(&cache, &["cache", "clean"]).stderr, "lyo: all is forgotten\n");
    assert_eq!(std::fs::read_dir(&cache).expect("a listing").count(), 1);
    std::fs::remove_file(cache.join("precious")).expect("a file");
    tree.remembering(&cache, &["check", "a.py"]);
    assert_eq!(tree.remembering(&cache, &["cache", "clean"]).status, 0);
    assert!(!cache.exists());
    assert_eq!(tree.remembering(&cache, &["cache", "clean"]).stderr, "lyo: nothing is remembered\n");
}

#[test]
fn a_build_repeats_only_what_has_changed() {
    for environment in environments() {
        let tree = program();
        let cache = tempfile::tempdir().expect("a temporary folder");
        let python = environment.display().to_string();
        let build = |bundle: &str| {
            let run = tree.remembering(cache.path(), &["build", "app", "-o", bundle, "--python", &python]);
            assert_eq!(run.status, 0, "{}", run.stderr);
            run.stdout
        };
        let same_as_anew = || {
            let run = tree.lyo(&["build", "app", "-o", "anew.lyo", "--python", &python]);
            assert_eq!(run.status, 0, "{}", run.stderr);
            let bytes = |name: &str| std::fs::read(tree.path().join(name)).expect("a bundle");
            assert!(bytes("b.lyo") == bytes("anew.lyo"));
        };
        assert!(!build("b.lyo").contains("nothing has changed"));
        let harvests = entries(cache.path(), "harvests").len();
        assert!(harvests > 1);
        assert!(build("b.lyo").contains("nothing has changed"));
        tree.write("app/noisy.py", b"import sys\nprint('louder', file=sys.stdout)\nX = [1]\n");
        assert!(!build("b.lyo").contains("nothing has changed"));
        let more = entries(cache.path(), "harvests").len() - harvests;
        assert!((1..harvests).contains(&more), "{more} of {harvests}");
        same_as_anew();
        // The bundle holds the time of its sources.
        let opened = std::fs::File::options().write(true).open(tree.path().join("app/noisy.py")).expect("noisy.py");
        opened.set_modified(std::time::UNIX_EPOCH).expect("a time");
        assert!(!build("b.lyo").contains("nothing has changed"));
        same_as_anew();
        for damage in ["", "something else"] {
            tree.write("b.lyo", damage.as_bytes());
            assert!(!build("b.lyo").contains("nothing has changed"));
            same_as_anew();
        }
        std::fs::remove_file(tree.path().join("b.lyo")).expect("b.lyo");
        assert!(!build("b.lyo").contains("nothing has changed"));
        same_as_anew();
    }
}
