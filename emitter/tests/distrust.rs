//! What happens when the proof is wrong: the hook refuses, the module falls back, the rest goes on.

#[allow(dead_code)]
mod support;

use emitter::plan::{Kind, Statement, StatementKind};
use support::{Tree, pythons};

fn fallen_back(tree: &Tree) -> Vec<(String, Vec<String>, Vec<String>)> {
    pythons()
        .iter()
        .map(|python| {
            let summary = tree.build(python, 0);
            let warnings = summary.warnings.iter().map(|warning| warning.message.clone()).collect();
            (python.target.version.clone(), summary.fallen_back, warnings)
        })
        .collect()
}

#[test]
fn input_and_output_are_refused_and_reported() {
    let marker = std::env::temp_dir().join(format!("lyo-marker-{}", std::process::id()));
    let path = marker.display();
    let lies = [
        format!("open({path:?}, 'w').write('x')\n"),
        format!("try:\n    open({path:?}, 'w')\nexcept BaseException:\n    pass\n"),
        format!("import os\nos.mkdir({path:?})\n"),
        format!("import os\nos.system('touch ' + {path:?})\n"),
        "print('hello')\n".to_owned(),
        "import socket\nsocket.socket()\n".to_owned(),
        "import os\nx = os.listdir('.')\n".to_owned(),
        "import warnings\nwarnings.warn('careful')\n".to_owned(),
        "x = 1 / 0\n".to_owned(),
    ];
    for lie in &lies {
        let lie = lie.replace(&format!("{path:?}"), &format!("{:?}", marker.display().to_string()));
        let tree = Tree::new(&[("honest.py", "x = 1\n"), ("lying.py", &lie)]);
        for (version, fallen_back, warnings) in fallen_back(&tree) {
            assert_eq!(fallen_back, ["lying"], "{version}: {lie}");
            assert_eq!(warnings.len(), 1, "{version}: {lie}");
            assert!(!marker.exists(), "{version}: {lie}");
        }
    }
}

#[test]
fn a_crash_costs_one_module() {
    let tree = Tree::new(&[
        ("before.py", "x = 1\n"),
        ("crashing.py", "import faulthandler\nfaulthandler._sigsegv()\n"),
        ("later.py", "x = 2\n"),
    ]);
    for (version, fallen_back, warnings) in fallen_back(&tree) {
        assert_eq!(fallen_back, ["crashing"], "{version}");
        assert!(warnings.iter().any(|warning| warning.contains("crashed")), "{version}: {warnings:?}");
    }
}

#[test]
fn unproven_statements_never_run() {
    let marker = std::env::temp_dir().join(format!("lyo-unproven-{}", std::process::id()));
    let marker_text = marker.display().to_string();
    let half = format!("import os\ndef good(): return 1\nbad = open({marker_text:?}, 'w')\nBoth = [good]\n");
    let mut tree = Tree::new(&[
        ("half.py", &half),
        ("using.py", "from half import good, bad\nfrom extension import anything\nheld = [good, bad, anything]\n"),
        ("extension.py", &format!("open({marker_text:?}, 'w')\n")),
    ]);
    let kinds = [StatementKind::Import, StatementKind::Static, StatementKind::Residual, StatementKind::Static];
    let binds = ["os", "good", "bad", "Both"];
    let half = tree.module("half");
    half.kind = Kind::Partial;
    half.statements = kinds
        .iter()
        .zip(binds)
        .map(|(kind, name)| Statement { kind: *kind, binds: vec![name.to_owned()], opaque: false, effects: vec![] })
        .collect();
    tree.module("extension").kind = Kind::Code;
    for python in pythons() {
        let summary = tree.build(python, 0);
        assert_eq!(summary.fallen_back, Vec::<String>::new(), "{}: {:?}", python.target.version, summary.code);
        assert_eq!(summary.rehydrated, 1);
        assert!(!marker.exists());
    }
}

#[test]
fn evaluators_that_disagree_are_told_of() {
    let mut tree = Tree::new(&[("module.py", "x = [1, 2]\ny = 'same'\n")]);
    tree.module("module").known = [("x".to_owned(), "[1, 3]".to_owned()), ("y".to_owned(), "'same'".to_owned())].into();
    for (version, fallen_back, warnings) in fallen_back(&tree) {
        assert_eq!(fallen_back, ["module"], "{version}");
        assert_eq!(warnings, ["the evaluators disagree on x: [1, 3] here, [1, 2] in the target"], "{version}");
    }
}
