//! What `lyo check` says, and how.

use crate::common::{Run, Tree};
use serde_json::json;

const EFFECT: &str = "x = 1\nprint(x)\n";

#[test]
fn the_report_has_the_promised_shape() {
    let tree = Tree::new(&[("pkg/__init__.py", ""), ("pkg/a.py", "'doc'\nimport sys\nx = 1\n"), ("pkg/b.py", EFFECT)]);
    let run = tree.check(&["pkg"]);
    assert_eq!(run.status, 0, "{}", run.stderr);
    let report = run.json();
    assert_eq!(report["version"], 1);
    assert!(report["python"].as_str().is_some_and(|version| version.starts_with("3.")));
    assert_eq!(report["platform"], "linux");
    let names: Vec<&str> =
        report["modules"].as_array().expect("modules").iter().filter_map(|module| module["name"].as_str()).collect();
    assert_eq!(names, ["pkg", "pkg.a", "pkg.b"]);
    let strict = run.module("pkg.a");
    assert_eq!(strict["verdict"], "strict");
    assert_eq!(strict["closed"], true);
    assert_eq!(strict["statements"], json!({"static": 2, "import": 1, "recipe": 0, "replayed": 0, "residual": 0}));
    assert_eq!(strict["diagnostics"], json!([]));
    assert!(strict["path"].as_str().is_some_and(|path| path.ends_with("pkg/a.py")));
    let partial = run.module("pkg.b");
    assert_eq!(partial["verdict"], "partial");
    assert_eq!(partial["closed"], false);
    let finding = &partial["diagnostics"][0];
    assert_eq!(finding["severity"], "info");
    assert_eq!(finding["range"]["start"], json!({"line": 2, "column": 1}));
    assert_eq!(finding["range"]["end"], json!({"line": 2, "column": 9}));
    assert_eq!(finding["chain"][0]["module"], "pkg.b");
    assert_eq!(finding["chain"][0]["line"], 2);
}

#[test]
fn only_modules_below_the_paths_are_reported() {
    let tree = Tree::new(&[("a.py", "import b\n"), ("b.py", "x = 1\n")]);
    let report = tree.check(&["a.py"]).json();
    assert_eq!(report["modules"].as_array().map(Vec::len), Some(1));
}

#[test]
fn demands_are_errors_when_they_are_not_met() {
    let tree = Tree::new(&[("a.py", EFFECT), ("b.py", "x = 1\n")]);
    let met = tree.check(&["--strict", "b"]);
    assert_eq!((met.status, met.codes("b")), (0, vec![]));
    let not_met = tree.check(&["--strict", "*"]);
    assert_eq!(not_met.status, 1);
    let module = not_met.module("a");
    let demand = module["diagnostics"].as_array().and_then(|all| all.iter().find(|one| one["code"] == "LYO501"));
    let demand = demand.expect("a finding about the demand");
    assert_eq!(demand["severity"], "error");
    assert_eq!(demand["range"]["start"]["line"], 1);
    assert_eq!(demand["chain"][0]["line"], 2);
}

#[test]
fn a_module_and_the_configuration_can_demand_too() {
    let tree = Tree::new(&[("a.py", &format!("{EFFECT}# lyo: strict\n"))]);
    let run = tree.check(&[]);
    assert_eq!(run.status, 1);
    assert!(run.codes("a").contains(&"LYO501".to_owned()));
    let tree = Tree::new(&[("a.py", EFFECT), ("pyproject.toml", "[tool.lyo]\nstrict = [\"a\"]\n")]);
    assert_eq!(tree.check(&[]).status, 1);
}

#[test]
fn the_user_may_declare_an_extension_module_harmless() {
    let code = "from _speed import make\n\nx = make([1])\n\n\nclass C:\n    made = x\n";
    let settings = |globs: &str| format!("[tool.lyo]\nharmless = [{globs}]\n");
    let tree = |globs: &str| {
        Tree::new(&[("_speed.so", ""), ("a.py", code), ("b.py", &code[..40]), ("pyproject.toml", &settings(globs))])
    };
    let undeclared = tree("").check(&[]);
    assert_eq!(undeclared.codes("b"), ["LYO101"]);
    let other = tree("\"_speed.other\"").check(&[]);
    assert_eq!(other.codes("b"), ["LYO101"]);
    for globs in ["\"_speed\"", "\"_speed.make\"", "\"_sp*\""] {
        let run = tree(globs).check(&[]);
        let module = run.module("b");
        assert_eq!(
            (run.codes("b"), &module["verdict"], &module["closed"]),
            (vec!["LYO502".to_owned()], &"strict".into(), &false.into())
        );
        assert_eq!(module["statements"]["recipe"], 1);
        // What it gives is not known: whether it is told its name as an attribute of a class neither.
        assert_eq!(run.codes("a"), ["LYO502", "LYO104"]);
    }
}

#[test]
fn a_declaration_counts_on_whatever_way_it_is_used() {
    let code =
        "from _speed import make\n\ntry:\n    import loose\n    x = make(1)\nexcept ImportError:\n    x = None\n";
    let settings = "[tool.lyo]\nharmless = [\"_speed\"]\n";
    let tree = Tree::new(&[("_speed.so", ""), ("loose.py", EFFECT), ("a.py", code), ("pyproject.toml", settings)]);
    let run = tree.check(&[]);
    assert_eq!((run.codes("a"), &run.module("a")["statements"]["recipe"]), (vec!["LYO502".to_owned()], &1.into()));
}

#[test]
fn a_comment_silences_a_finding_on_its_line() {
    let tree = Tree::new(&[("a.py", EFFECT)]);
    let code = tree.check(&[]).codes("a")[0].clone();
    let silenced = Tree::new(&[("a.py", &format!("x = 1\nprint(x)  # lyo: ignore[{code}]\n"))]).check(&[]);
    assert!(silenced.codes("a").is_empty());
    assert_eq!(silenced.module("a")["verdict"], "partial");
}

#[test]
fn columns_count_characters() {
    let tree = Tree::new(&[("a.py", "x = 1\n'é€😀'; print(x)\n")]);
    let finding = tree.check(&[]).module("a")["diagnostics"][0].clone();
    assert_eq!(finding["range"]["start"], json!({"line": 2, "column": 8}));
}

#[test]
fn people_get_a_summary_and_one_line_a_module() {
    let tree = Tree::new(&[("a.py", EFFECT), ("b.py", "x = 1\n"), ("c.py", "x = (\n")]);
    let run = tree.lyo(&["check"]);
    assert_eq!(run.status, 1);
    assert!(run.stdout.ends_with("3 modules: 1 strict, 1 partial, 1 error\n"), "{}", run.stdout);
    assert!(run.stdout.contains("a.py:2:1: partial: "), "{}", run.stdout);
    assert!(run.stdout.contains("error[LYO901]"), "{}", run.stdout);
    assert!(!run.stdout.contains('\x1b'));
    let verbose = tree.lyo(&["check", "--verbose", "--color", "always"]);
    assert!(verbose.stdout.contains("print(x)") && verbose.stdout.contains('\x1b'), "{}", verbose.stdout);
}

#[test]
fn github_and_sarif() {
    let tree = Tree::new(&[("a.py", EFFECT)]);
    let github = tree.lyo(&["check", "--format", "github"]);
    assert!(github.stdout.starts_with("::notice title=LYO"), "{}", github.stdout);
    assert!(github.stdout.contains(",file=a.py,line=2,endLine=2,col=1,endColumn=9::"), "{}", github.stdout);
    let sarif = tree.lyo(&["check", "--format", "sarif"]).json();
    assert_eq!(sarif["version"], "2.1.0");
    let result = &sarif["runs"][0]["results"][0];
    assert_eq!(result["level"], "note");
    let place = &result["locations"][0]["physicalLocation"];
    assert_eq!(place["artifactLocation"]["uri"], "a.py");
    assert_eq!(place["region"]["startLine"], 2);
}

#[test]
fn one_thread_or_many_say_the_same() {
    let tree = Tree::new(&[]);
    for index in 0..40 {
        let text = format!("import m{}, json\nx = 1\n", (index * 7 + 3) % 40);
        tree.write(&format!("m{index}.py"), text.as_bytes());
    }
    let one = tree.check(&["--jobs", "1"]);
    for _ in 0..3 {
        assert_eq!(tree.check(&["--jobs", "4"]).stdout, one.stdout);
    }
}

#[test]
fn a_reader_that_stops_is_no_failure() {
    let files: Vec<(String, String)> =
        (0..300).map(|index| (format!("module_{index}.py"), EFFECT.to_owned())).collect();
    let files: Vec<(&str, &str)> = files.iter().map(|(path, text)| (path.as_str(), text.as_str())).collect();
    let tree = Tree::new(&files);
    let mut command = std::process::Command::new("sh");
    let lyo = env!("CARGO_BIN_EXE_lyo");
    command.arg("-c").arg(format!("'{lyo}' check --format json | head -c 1")).current_dir(tree.path());
    let run = Run::of(&mut command);
    assert_eq!((run.stdout.as_str(), run.stderr.as_str()), ("{", ""));
}

#[test]
fn a_src_folder_of_a_project_is_a_root() {
    let tree = Tree::new(&[
        ("pyproject.toml", ""),
        ("src/pkg/__init__.py", "x = 1\n"),
        ("src/pkg/a.py", "from pkg import x\n"),
    ]);
    let run = tree.check(&[]);
    assert_eq!(run.module("pkg.a")["verdict"], "strict", "{}", run.stdout);
}

#[test]
fn codes_are_selected_and_ignored() {
    let code = format!("{EFFECT}import time\n\nnow = time.time()\n");
    let tree = Tree::new(&[("a.py", &code), ("sub/b.py", EFFECT)]);
    assert_eq!(tree.check(&[]).codes("a").len(), 2);
    assert_eq!(tree.check(&["--select", "LYO301"]).codes("a"), ["LYO301"]);
    assert_eq!(tree.check(&["--ignore", "LYO3,LYO9"]).codes("a"), tree.check(&["--select", "LYO1,LYO2"]).codes("a"));
    let wrong = tree.check(&["--select", "LYO77"]);
    assert_eq!(wrong.status, 2);
    assert!(wrong.stderr.contains("LYO77") && wrong.stderr.contains("lyo explain"), "{}", wrong.stderr);
    tree.write(
        "pyproject.toml",
        b"[tool.lyo]\nignore = [\"LYO301\"]\n[tool.lyo.per-path-ignores]\n\"s*/**\" = [\"LYO\"]\n",
    );
    assert_eq!(tree.check(&[]).codes("a").len(), 1);
    assert_eq!(tree.check(&[]).codes("sub.b"), Vec::<String>::new());
    tree.write("pyproject.toml", b"[tool.lyo]\nignore = [\"E501\"]\n");
    assert_eq!(tree.check(&[]).status, 2);
}

#[test]
fn a_baseline_leaves_what_is_new() {
    let tree = Tree::new(&[("a.py", EFFECT), ("b.py", "x = 1\n")]);
    let missing = tree.check(&["--baseline", "known.json"]);
    assert!(missing.status == 2 && missing.stderr.contains("--write-baseline"), "{}", missing.stderr);
    assert_eq!(tree.lyo(&["check", "--write-baseline", "known.json"]).status, 0);
    let same = tree.check(&["--baseline", "known.json"]);
    assert_eq!((same.status, same.codes("a")), (0, vec![]));
    // What is known may move; what is new is an error, also if it looks like what is known.
    tree.write("a.py", format!("# moved\n{EFFECT}").as_bytes());
    assert_eq!(tree.check(&["--baseline", "known.json"]).status, 0);
    tree.write("a.py", format!("{EFFECT}{EFFECT}").as_bytes());
    let twice = tree.check(&["--baseline", "known.json"]);
    assert_eq!((twice.status, twice.codes("a").len()), (1, 1));
    tree.write("b.py", EFFECT.as_bytes());
    assert_eq!(tree.check(&["--baseline", "known.json"]).codes("b").len(), 1);
    tree.write("known.json", b"{\"version\": 9, \"findings\": []}");
    assert_eq!(tree.check(&["--baseline", "known.json"]).status, 2);
    tree.write("known.json", b"[");
    assert_eq!(tree.check(&["--baseline", "known.json"]).status, 2);
}

#[test]
fn the_report_tells_what_to_mend_first() {
    let user = "import loader\n\nvalue = loader.load()\n";
    let tree = Tree::new(&[
        ("loader.py", "import time\n\n\ndef load():\n    return time.time() + 1\n"),
        ("a.py", user),
        ("b.py", user),
        ("c.py", user),
        ("d.py", "x = 1\n"),
    ]);
    let causes = &tree.check(&[]).json()["causes"];
    assert_eq!(
        (&causes[0]["module"], &causes[0]["modules"], &causes[0]["line"]),
        (&"loader".into(), &3.into(), &5.into())
    );
    let text = tree.lyo(&["check"]).stdout;
    assert!(text.contains("What to mend first:") && text.contains("3 modules rest on loader.py:5"), "{text}");
}

#[test]
fn explain_tells_the_story_of_a_verdict() {
    let code = format!("\"\"\"Docstring.\"\"\"\n{EFFECT}x = 1\n");
    let tree = Tree::new(&[("a.py", &code), ("b.py", "x = 1\n")]);
    let story = tree.lyo(&["explain", "a"]);
    assert_eq!(story.status, 0);
    assert!(story.stdout.starts_with("a (a.py) is partial") && story.stdout.contains("a.py:3:"), "{}", story.stdout);
    assert!(tree.lyo(&["explain", "a.py:3"]).stdout.contains("a.py:3:"));
    assert!(tree.lyo(&["explain", "a:1"]).stdout.contains("Nothing that stands on line 1 runs at import"));
    assert!(tree.lyo(&["explain", "b"]).stdout.contains("strict, and closed"));
    assert!(tree.lyo(&["explain", "lyo301"]).stdout.starts_with("# LYO301"));
    assert!(tree.lyo(&["explain"]).stdout.contains("\nLYO301  "));
    for wrong in [["explain", "c"], ["explain", "a:x"], ["explain", "a:0"], ["explain", "a:99"]] {
        let run = tree.lyo(&wrong);
        assert!(run.status == 2 && run.stderr.starts_with("lyo: "), "{wrong:?}: {}", run.stderr);
    }
}
