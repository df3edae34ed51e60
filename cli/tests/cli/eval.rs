//! What `lyo eval` knows.

use crate::common::Tree;
use serde_json::json;

#[test]
fn values_are_shown_as_python_would() {
    let tree = Tree::new(&[("a.py", "x = 'it' \"'s\"\ny = [1, (2.0,), None]\nz = print\n")]);
    let run = tree.lyo(&["eval", "a.py", "--format", "json"]);
    assert_eq!(run.status, 0, "{}", run.stderr);
    let report = run.json();
    assert_eq!(report["version"], 1);
    assert_eq!(report["verdict"], "strict");
    assert_eq!(report["names"]["x"], json!({"known": true, "repr": "\"it's\""}));
    assert_eq!(report["names"]["y"], json!({"known": true, "repr": "[1, (2.0,), None]"}));
    let human = tree.lyo(&["eval", "a.py", "--name", "y"]);
    assert!(human.stdout.starts_with("y = [1, (2.0,), None]\n"), "{}", human.stdout);
}

#[test]
fn what_is_not_known_has_a_reason() {
    let tree = Tree::new(&[("a.py", "import os\nx = os.environ['HOME']\n")]);
    let report = tree.lyo(&["eval", "a.py", "--format", "json", "--name", "x", "--name", "nope"]).json();
    assert_eq!(report["names"]["x"]["known"], false);
    assert!(report["names"]["x"]["reason"].as_str().is_some_and(|reason| !reason.is_empty()));
    assert_eq!(report["names"]["nope"]["known"], false);
}

#[test]
fn any_file_is_a_script() {
    let tree = Tree::new(&[("bin/tool", "#!/usr/bin/env python3\nx = 2 ** 70\n")]);
    let run = tree.lyo(&["eval", "bin/tool", "--format", "json"]);
    assert_eq!(run.json()["names"]["x"]["repr"], "1180591620717411303424");
}

#[test]
fn bad_input() {
    let tree = Tree::new(&[("bad.py", "x = (\n")]);
    let missing = tree.lyo(&["eval", "nowhere.py"]);
    assert_eq!(missing.status, 2);
    assert!(missing.stderr.contains("nowhere.py: no such file"), "{}", missing.stderr);
    assert_eq!(tree.lyo(&["eval", "."]).status, 2);
    let bad = tree.lyo(&["eval", "bad.py", "--format", "json"]);
    assert_eq!((bad.status, &bad.json()["verdict"]), (1, &json!("error")));
    assert_eq!(tree.lyo(&["eval"]).status, 2);
}
