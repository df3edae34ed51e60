//! The whole analysis over small trees, with the interpreter that is first on PATH.

use std::path::Path;

use analyzer::{Analysis, Options, Verdict, analyze};
use tempfile::TempDir;

fn tree(files: &[(&str, &str)]) -> TempDir {
    let folder = tempfile::tempdir().unwrap();
    for (path, text) in files {
        let path = folder.path().join(path);
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
        std::fs::write(path, text).unwrap();
    }
    folder
}

fn analyze_tree(folder: &Path, change: impl FnOnce(&mut Options)) -> Analysis {
    let mut options = Options { paths: vec![folder.to_owned()], ..Options::default() };
    change(&mut options);
    analyze(&options, &|_| {}).unwrap()
}

fn closed(files: &[(&str, &str)]) -> Vec<(String, bool)> {
    let folder = tree(files);
    let analysis = analyze_tree(folder.path(), |_| {});
    analysis.requested().map(|module| (module.name().to_owned(), module.is_closed())).collect()
}

fn names_of(flags: &[(String, bool)], wanted: bool) -> Vec<&str> {
    flags.iter().filter(|(_, flag)| *flag == wanted).map(|(name, _)| name.as_str()).collect()
}

#[test]
fn a_module_is_closed_if_all_that_it_imports_is() {
    let flags = closed(&[
        ("a.py", "import b, sys\nfrom c import x\n"),
        ("b.py", "y = 1\n"),
        ("c.py", "x = 1\n"),
        ("d.py", "import e\n"),
        ("e.py", "print(1)\n"),
        ("f.py", "import nowhere_at_all\n"),
    ]);
    assert_eq!(names_of(&flags, true), ["a", "b", "c"]);
}

#[test]
fn a_parent_that_runs_code_keeps_its_modules_from_being_closed() {
    let flags = closed(&[
        ("p/__init__.py", "print(1)\n"),
        ("p/a.py", "x = 1\n"),
        ("q/__init__.py", "from . import a\n"),
        ("q/a.py", "x = 1\n"),
        ("space/a.py", "x = 1\n"),
    ]);
    assert_eq!(names_of(&flags, true), ["q", "q.a", "space.a"]);
}

#[test]
fn modules_of_a_cycle_are_closed_together_or_not_at_all() {
    let flags = closed(&[
        ("a.py", "import b\nx = 1\n"),
        ("b.py", "import a\ny = 1\n"),
        ("c.py", "import d\n"),
        ("d.py", "import c\nprint(1)\n"),
    ]);
    assert_eq!(names_of(&flags, true), ["a", "b"]);
}

#[test]
fn a_module_comes_after_what_it_imports() {
    let folder = tree(&[
        ("p/__init__.py", ""),
        ("p/a.py", "from . import b\nfrom .c import x\n"),
        ("p/b.py", ""),
        ("p/c.py", "x = 1\n"),
        ("main.py", "import p.a\nif False:\n    import z\n"),
        ("z.py", ""),
    ]);
    let analysis = analyze_tree(folder.path(), |_| {});
    let dependencies = |name: &str| {
        let module = analysis.named(name).unwrap();
        let mut names: Vec<&str> = module.dependencies().iter().map(|id| analysis.module(*id).name()).collect();
        names.sort_unstable();
        names
    };
    assert_eq!(dependencies("p.a"), ["p.b", "p.c"]);
    assert_eq!(dependencies("main"), ["p", "p.a", "z"]);
    assert_eq!(dependencies("p"), [] as [&str; 0]);
    let order: Vec<&str> = analysis.dependency_order().map(|module| module.name()).collect();
    let position = |name: &str| order.iter().position(|other| *other == name);
    assert!(position("p.c") < position("p.a") && position("p.a") < position("main"));
}

#[test]
fn a_package_that_binds_the_name_of_a_submodule_comes_first() {
    let folder = tree(&[("p/__init__.py", "b = 1\n"), ("p/a.py", "from . import b\n"), ("p/b.py", "")]);
    let analysis = analyze_tree(folder.path(), |_| {});
    let module = analysis.named("p.a").unwrap();
    assert_eq!(module.dependencies().len(), 2);
}

#[test]
fn whole_packages_bring_what_nobody_imports() {
    let files = [("main.py", "import p\n"), ("p/__init__.py", ""), ("p/lonely.py", ""), ("q/__init__.py", "")];
    let folder = tree(&files);
    let main = folder.path().join("main.py");
    let count = |whole_packages| {
        let analysis = analyze_tree(folder.path(), |options| {
            options.paths = vec![main.clone()];
            options.whole_packages = whole_packages;
        });
        let mut names: Vec<String> = analysis.modules().map(|module| module.name().to_owned()).collect();
        names.sort();
        names
    };
    let has = |names: &[String], wanted: &str| names.iter().any(|name| name == wanted);
    assert!(has(&count(false), "p") && !has(&count(false), "p.lonely"));
    assert!(has(&count(true), "p.lonely") && !has(&count(true), "q"));
}

#[test]
fn of_two_roots_the_first_wins_and_both_are_judged() {
    let folder = tree(&[("one/m.py", "x = 1\n"), ("two/m.py", "print(1)\n"), ("one/user.py", "from m import x\n")]);
    let analysis = analyze_tree(folder.path(), |options| {
        options.paths = vec![folder.path().join("one"), folder.path().join("two")];
    });
    let verdicts: Vec<(&str, Verdict)> = analysis.requested().map(|module| (module.name(), module.verdict())).collect();
    assert_eq!(verdicts[0], ("m", Verdict::Strict));
    assert_eq!(verdicts[1].0, "m");
    assert_ne!(verdicts[1].1, Verdict::Strict);
    assert_eq!(verdicts[2], ("user", Verdict::Strict));
}

#[test]
fn the_library_and_its_c_modules_are_known() {
    let folder = tree(&[("a.py", "import os.path, _functools, math, sys\n")]);
    let analysis = analyze_tree(folder.path(), |_| {});
    let library = analysis.named("os.path").unwrap();
    assert_eq!(library.name(), "posixpath");
    assert!(library.is_standard() && !library.is_requested());
    assert!(!analysis.named("a").unwrap().is_standard());
    assert_eq!(analysis.requested().count(), 1);
}
