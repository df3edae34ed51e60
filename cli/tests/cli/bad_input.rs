//! Bad input gets one clear message, and the rest of the work goes on.

use crate::common::Tree;

/// Beside the bad file stands a good one, which must be judged all the same.
fn check_bad(name: &str, bytes: &[u8], code: &str, line: u64) {
    let tree = Tree::new(&[("good.py", "x = 1\n")]);
    tree.write(name, bytes);
    let run = tree.check(&[]);
    assert_eq!(run.status, 1, "{}", run.stderr);
    let bad = run.module("bad");
    assert_eq!(bad["verdict"], "error");
    assert_eq!(run.codes("bad")[0], code);
    assert_eq!(bad["diagnostics"][0]["range"]["start"]["line"], line);
    assert_eq!(bad["diagnostics"][0]["severity"], "error");
    assert_eq!(run.module("good")["verdict"], "strict");
}

#[test]
fn a_syntax_error() {
    check_bad("bad.py", b"x = 1\ny = = 2\n", "LYO901", 2);
}

#[test]
fn undecodable_bytes() {
    check_bad("bad.py", b"x = 1\ny = '\xff'\n", "LYO902", 2);
}

#[test]
fn an_unknown_encoding() {
    check_bad("bad.py", b"# -*- coding: klingon -*-\n", "LYO902", 1);
}

#[test]
fn a_null_byte() {
    check_bad("bad.py", b"x = 1\n\n\0", "LYO902", 3);
}

#[test]
fn fifty_thousand_parentheses() {
    let text = format!("x = {}1{}\n", "(".repeat(50_000), ")".repeat(50_000));
    check_bad("bad.py", text.as_bytes(), "LYO904", 1);
}

#[test]
fn a_line_that_is_too_wide_to_be_shown() {
    let tree = Tree::new(&[("bad.py", &format!("x = {}1\n", "(".repeat(50_000)))]);
    let run = tree.lyo(&["check", "."]);
    assert!(run.stdout.contains("in bad.py:1:206"), "{}", &run.stdout[..run.stdout.len().min(1000)]);
    assert!(run.stdout.len() < 1000);
}

#[test]
fn fifty_thousand_elifs() {
    let text = format!("if a: pass\n{}", "elif a: pass\n".repeat(50_000));
    let tree = Tree::new(&[("good.py", "x = 1\n"), ("bad.py", &text)]);
    let run = tree.check(&[]);
    assert_eq!(run.module("bad")["verdict"], "error");
    assert_eq!(run.module("good")["verdict"], "strict");
}

#[test]
fn syntax_newer_than_the_target_is_an_error_for_that_file() {
    let tree = Tree::new(&[("good.py", "x = 1\n"), ("bad.py", "type X = int\n")]);
    let run = tree.check(&[]);
    let is_old = run.json()["python"] == "3.11";
    assert_eq!(run.module("bad")["verdict"] == "error", is_old);
    assert_eq!(run.module("good")["verdict"], "strict");
}

#[test]
fn a_missing_module_is_no_error_of_the_analysis() {
    let tree = Tree::new(&[("a.py", "import no_such_module_anywhere\n")]);
    let run = tree.check(&[]);
    assert_eq!(run.status, 0);
    assert_ne!(run.module("a")["verdict"], "strict");
}

#[test]
fn an_import_cycle() {
    let tree = Tree::new(&[("a.py", "import b\nx = 1\n"), ("b.py", "import a\ny = 2\n")]);
    let run = tree.check(&[]);
    assert_eq!(run.status, 0);
    assert_eq!(run.json()["modules"].as_array().map(Vec::len), Some(2));
}

#[test]
fn a_chain_of_imports_longer_than_a_stack() {
    let tree = Tree::new(&[]);
    for index in 0..3000 {
        tree.write(&format!("m{index}.py"), format!("import m{}\n", index + 1).as_bytes());
    }
    tree.write("m3000.py", b"x = 1\n");
    let run = tree.check(&[]);
    assert_eq!(run.status, 0, "{}", run.stderr);
    assert_eq!(run.module("m0")["verdict"], "strict");
}

#[cfg(unix)]
#[test]
fn a_folder_that_links_to_itself() {
    let tree = Tree::new(&[("pkg/__init__.py", ""), ("pkg/a.py", "x = 1\n")]);
    std::os::unix::fs::symlink(tree.path().join("pkg"), tree.path().join("pkg/again")).expect("a link");
    let run = tree.check(&[]);
    assert_eq!(run.status, 0);
    assert_eq!(run.json()["modules"].as_array().map(Vec::len), Some(2));
    assert_eq!(run.json()["diagnostics"][0]["code"], "LYO903");
}

#[cfg(unix)]
#[test]
fn a_file_that_is_gone_and_one_that_is_no_file() {
    let tree = Tree::new(&[("a.py", "x = 1\n")]);
    std::os::unix::fs::symlink(tree.path().join("nowhere.py"), tree.path().join("b.py")).expect("a link");
    let run = tree.check(&[]);
    assert_eq!(run.status, 0);
    assert_eq!(run.json()["modules"].as_array().map(Vec::len), Some(1));
}

#[cfg(unix)]
#[test]
fn an_unreadable_folder() {
    use std::os::unix::fs::PermissionsExt;
    let tree = Tree::new(&[("a.py", "x = 1\n"), ("closed/b.py", "")]);
    let folder = tree.path().join("closed");
    let permit = |mode| std::fs::set_permissions(&folder, std::fs::Permissions::from_mode(mode)).expect("permissions");
    permit(0);
    // Root may read everything: then there is nothing to see here.
    let is_readable = std::fs::read_dir(&folder).is_ok();
    let run = tree.check(&[]);
    permit(0o755);
    assert_eq!(run.module("a")["verdict"], "strict");
    if !is_readable {
        assert_eq!(run.status, 1);
        assert_eq!(run.json()["diagnostics"][0]["code"], "LYO903");
    }
}

#[test]
fn names_that_no_import_can_reach() {
    let tree = Tree::new(&[("1st-try.py", "x = 1\n"), ("my-tools/run.py", "y = 1\n")]);
    let run = tree.check(&[]);
    assert_eq!(run.module("1st-try")["verdict"], "strict");
    assert_eq!(run.module("run")["verdict"], "strict");
}

#[test]
fn an_empty_tree() {
    let run = Tree::new(&[]).check(&[]);
    assert_eq!(run.status, 0);
    assert_eq!(run.json()["modules"], serde_json::json!([]));
    assert!(run.stderr.contains("no Python modules"));
}

#[test]
fn a_path_that_does_not_exist() {
    let run = Tree::new(&[]).check(&["nowhere"]);
    assert_eq!(run.status, 2);
    assert!(run.stderr.contains("nowhere: no such file or folder"), "{}", run.stderr);
    assert_eq!(run.stdout, "");
}

#[test]
fn interpreters_that_will_not_do() {
    let tree = Tree::new(&[("a.py", "")]);
    let absent = tree.check(&["--python", "no-such-python"]);
    assert_eq!(absent.status, 2);
    assert!(absent.stderr.contains("no-such-python") && absent.stderr.contains("--python"), "{}", absent.stderr);
    let not_python = tree.check(&["--python", "/bin/cat"]);
    assert_eq!(not_python.status, 2);
    assert!(not_python.stderr.contains("/bin/cat"), "{}", not_python.stderr);
}

/// A stand-in that answers as an old Python would.
#[cfg(unix)]
#[test]
fn an_interpreter_that_is_too_old_or_not_cpython() {
    use std::os::unix::fs::PermissionsExt;
    let tree = Tree::new(&[("a.py", "")]);
    let answer = |name: &str, json: &str| {
        let path = tree.write(name, format!("#!/bin/sh\ncat > /dev/null\necho '{json}'\n").as_bytes());
        std::fs::set_permissions(&path, std::fs::Permissions::from_mode(0o755)).expect("permissions");
        tree.check(&["--python", path.to_str().expect("UTF-8")])
    };
    let old = answer("old", r#"{"version": [3, 8, 18], "implementation": "cpython", "executable": "/x"}"#);
    assert_eq!(old.status, 2);
    assert!(old.stderr.contains("Python 3.8.18, which is too old"), "{}", old.stderr);
    let other = answer("pypy", r#"{"version": [3, 11, 0], "implementation": "pypy", "executable": "/x"}"#);
    assert_eq!(other.status, 2);
    assert!(other.stderr.contains("is pypy"), "{}", other.stderr);
    let garbage = answer("garbage", "hello");
    assert_eq!(garbage.status, 2);
    assert!(garbage.stderr.contains("not understood"), "{}", garbage.stderr);
}

#[test]
fn a_bad_configuration_is_named() {
    let tree = Tree::new(&[("a.py", ""), ("pyproject.toml", "[tool.lyo]\nstrikt = []\n")]);
    let run = tree.check(&[]);
    assert_eq!(run.status, 2);
    assert!(run.stderr.contains("pyproject.toml") && run.stderr.contains("strikt"), "{}", run.stderr);
}

/// Each step looks through all that the steps before have made.
#[test]
fn what_never_ends_is_left_at_some_time() {
    let text = "seen = []\nclass Endless:\n    def __getitem__(self, key):\n        seen.append(('item', key))\n        \
                print(seen)\n        return seen\nx = [part for part in Endless()]\ny = 1\n";
    let tree = Tree::new(&[("a.py", text)]);
    let run = tree.check(&[]);
    assert_eq!(run.status, 0, "{}", run.stderr);
    assert_eq!(run.module("a")["verdict"], "partial");
}
