//! `action.yml`: what its step runs, run as GitHub would.

use std::path::Path;
use std::process::Command;

use crate::common::{Run, Tree};

/// The text below `run: |`.
fn script() -> String {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../action.yml");
    let text = std::fs::read_to_string(path).expect("action.yml");
    let (_, block) = text.split_once("run: |\n").expect("a script");
    block.lines().map(|line| line.strip_prefix("        ").unwrap_or(line)).collect::<Vec<_>>().join("\n")
}

fn run(tree: &Tree, inputs: &[(&str, &str)]) -> Run {
    let lyo = Path::new(env!("CARGO_BIN_EXE_lyo")).parent().expect("a folder").display().to_string();
    let mut command = Command::new("bash");
    // https://docs.github.com/actions/reference/workflows-and-actions/workflow-syntax: `shell: bash`
    command.args(["--noprofile", "--norc", "-e", "-o", "pipefail", "-c", &script()]).current_dir(tree.path());
    command.env("PATH", format!("{lyo}:{}", std::env::var("PATH").unwrap_or_default())).env_remove("VIRTUAL_ENV");
    command.env("LYO_CACHE_DIR", tree.path().join("cache"));
    for name in ["PATHS", "PYTHON", "BASELINE", "ARGUMENTS", "REPORT"] {
        command.env(name, inputs.iter().find(|(input, _)| *input == name).map_or("", |(_, value)| value));
    }
    Run::of(&mut command)
}

#[test]
fn the_action_reports_beside_the_lines_and_fails_on_what_is_new() {
    let tree = Tree::new(&[("src/a.py", "print(1)\n"), ("src/b.py", "x = 1\n")]);
    let found = run(&tree, &[("PATHS", "src")]);
    assert_eq!(found.status, 0, "{}", found.stderr);
    assert!(found.stdout.starts_with("::notice title=LYO202,file=src/a.py,line=1"), "{}", found.stdout);
    assert_eq!(run(&tree, &[("PATHS", "src"), ("ARGUMENTS", "--strict a --jobs 1")]).status, 1);
    assert_eq!(tree.lyo(&["check", "src", "--write-baseline", "lyo.json"]).status, 0);
    let known = [("PATHS", "src"), ("BASELINE", "lyo.json"), ("REPORT", "pages")];
    assert_eq!(run(&tree, &known).status, 0);
    assert!(tree.path().join("pages/index.html").is_file());
    tree.write("src/b.py", b"input()\n");
    let new = run(&tree, &known);
    assert_eq!(new.status, 1);
    assert!(new.stdout.contains("::error title=LYO2"), "{}", new.stdout);
}
