//! What is evaluated again after which edit.

use std::path::PathBuf;
use std::sync::atomic::{AtomicUsize, Ordering};

use analyzer::{Buffer, Files, Observer, Options, Progress, Session};

#[derive(Default)]
struct Count(AtomicUsize);

impl Observer for Count {
    fn progress(&self, progress: Progress) {
        if progress == Progress::Evaluated {
            self.0.fetch_add(1, Ordering::Relaxed);
        }
    }
}

const FILES: [(&str, &str); 5] = [
    ("low.py", "import re\n\nX = 1\n\n\ndef called():\n    return X\n\n\ndef never():\n    return print()\n"),
    ("middle.py", "from low import called\n\nY = called()\n"),
    ("high.py", "import middle\n\nZ = middle.Y\n"),
    ("beside.py", "W = 4\n"),
    ("above.py", "import beside, high\n"),
];

/// All members of one cycle, which finish in this order.
const RING: [(&str, &str); 4] = [
    ("ring/one.py", "import ring\n\nA = 1\n"),
    ("ring/two.py", "import ring\nfrom ring.one import A\n\nB = A + 1\n"),
    ("ring/three.py", "import ring\n\nC = 3\n"),
    ("ring/__init__.py", "from ring import one, two, three\n"),
];

struct Program {
    folder: tempfile::TempDir,
    session: Session,
    buffers: Vec<(PathBuf, Buffer)>,
}

impl Program {
    fn new() -> Program {
        Program::of(&FILES)
    }

    fn of(files: &[(&str, &str)]) -> Program {
        let folder = tempfile::tempdir().unwrap();
        let buffer = |text: &str, revision| Buffer { text: text.into(), revision };
        let root = folder.path().canonicalize().unwrap();
        let buffers: Vec<(PathBuf, Buffer)> =
            files.iter().zip(1..).map(|((name, text), at)| (root.join(name), buffer(text, at))).collect();
        let session = Session::new(Options { paths: vec![root], ..Options::default() }).unwrap();
        let mut program = Program { folder, session, buffers };
        assert!(program.analyze(true) >= files.len());
        program
    }

    /// How many modules are evaluated.
    fn analyze(&mut self, disk_changed: bool) -> usize {
        let files = Files::with_buffers(self.buffers.iter().cloned().collect());
        let count = Count::default();
        self.session.analyze(files, disk_changed, &count).unwrap();
        count.0.into_inner()
    }

    /// Replaces a piece of a file, and counts what is evaluated.
    fn after(&mut self, name: &str, old: &str, new: &str) -> usize {
        let path = self.folder.path().canonicalize().unwrap().join(name);
        let newest = self.buffers.iter().map(|(_, buffer)| buffer.revision).max().unwrap_or_default();
        let (_, buffer) = self.buffers.iter_mut().find(|(known, _)| *known == path).unwrap();
        assert!(buffer.text.contains(old), "{name} has no {old:?}");
        *buffer = Buffer { text: buffer.text.replace(old, new).into(), revision: newest + 1 };
        self.analyze(false)
    }
}

#[test]
fn nothing_is_evaluated_where_nothing_has_changed() {
    let mut program = Program::new();
    assert_eq!((program.analyze(false), program.analyze(true)), (0, 0));
    assert_eq!(program.after("low.py", "X = 1", "X = 1"), 0);
}

#[test]
fn comments_and_bodies_that_nobody_calls_matter_to_nobody() {
    let mut program = Program::new();
    assert_eq!(program.after("low.py", "import re\n", "# new\n\nimport re\n"), 0);
    assert_eq!(program.after("low.py", "    return print()", "    x = 1\n    return x"), 0);
    assert_eq!(program.after("low.py", "    return X", "    y = X\n    return y"), 2, "low, middle: Y is what it was");
}

#[test]
fn a_body_that_is_called_later_is_seen_as_it_is_then() {
    let mut program = Program::new();
    assert_eq!(program.after("low.py", "return print()", "return 7"), 0);
    // The call reads a body that has changed since it was evaluated: that counts as a change after all.
    assert!(program.after("middle.py", "Y = called()", "import low\nY = low.never()") >= 4);
    let analysis = program.session.analyze(
        Files::with_buffers(program.buffers.iter().cloned().collect()),
        false,
        &Count::default(),
    );
    let analysis = analysis.unwrap();
    let middle = analysis.named("middle").and_then(|module| module.evaluated().cloned()).unwrap();
    assert_eq!(const_eval::render::repr(&analysis.world(), &middle, &middle.namespace["Y"]).as_deref(), Some("7"));
}

#[test]
fn a_top_level_matters_to_those_that_see_another_thing() {
    let mut program = Program::new();
    assert_eq!(program.after("above.py", "high\n", "high\nV = 1\n"), 1);
    assert_eq!(program.after("high.py", "middle.Y", "middle.Y + 1"), 1, "high: above looks at nothing of it");
    assert_eq!(program.after("low.py", "X = 1", "X = 2"), 3, "low, middle, high");
    assert_eq!(program.after("low.py", "X = 2", "X = 2\nV = 3"), 2, "low, middle: Y is what it was");
    assert_eq!(
        program.after("low.py", "V = 3", "print()"),
        4,
        "low, and all that come after: importing them does more"
    );
}

#[test]
fn members_of_a_cycle_matter_to_those_of_it_that_look_at_them() {
    let mut program = Program::of(&RING);
    assert_eq!(program.after("ring/three.py", "C = 3", "C = 4"), 1, "three");
    assert_eq!(program.after("ring/one.py", "A = 1", "A = 1\nV = 2"), 2, "one, two: B is what it was");
    assert_eq!(program.after("ring/two.py", "A + 1", "A + 2"), 1, "two");
    assert_eq!(program.after("ring/one.py", "V = 2", "print()"), 4, "one, and all that come after");
    assert_eq!(program.after("ring/__init__.py", "three\n", "three\nV = 1\n"), 4, "the package that all are in");
}

#[test]
fn an_import_that_comes_or_goes_matters_to_no_others() {
    let mut program = Program::new();
    assert_eq!(program.after("beside.py", "W = 4", "import re\nW = 4"), 2, "beside, above");
    assert_eq!(program.after("beside.py", "import re\n", ""), 2);
    let with_new = program.after("beside.py", "W = 4", "import wave\nW = 4");
    assert!((3..12).contains(&with_new), "beside, above, and what is loaded for the first time: {with_new}");
}

#[test]
fn broken_syntax_matters_to_those_that_import_the_file_until_it_is_mended() {
    let mut program = Program::new();
    assert_eq!(program.after("high.py", "middle.Y", "(middle.Y"), 2, "high, above");
    assert_eq!(program.after("high.py", "(middle.Y", "middle.Y"), 0);
    assert_eq!(program.after("low.py", "return print()", "return print("), 4, "low, middle, high, above");
    assert_eq!(program.after("beside.py", "W = 4", "W = 5"), 1, "beside: above looks at nothing of it");
    assert_eq!(program.after("low.py", "return print(", "return print(1)"), 1, "above, for what beside is now");
}
