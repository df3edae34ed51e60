//! Modules of which only some statements are proven are, after rehydrating those, as executed ones.

#[allow(dead_code)]
mod support;

use std::process::Command;

use emitter::plan::{Dependency, Kind, Statement, StatementKind};
use support::{Python, Tree, pythons};

/// Each statement with what it is proven to be and what it binds; a module's statements stand on a line each.
type Script = [(StatementKind, &'static str, &'static str)];

use StatementKind::{Import, Residual, Static};

/// A tree of modules that are stepped through.
fn tree(modules: &[(&str, &Script)]) -> Tree {
    let texts: Vec<(String, String)> = modules
        .iter()
        .map(|(name, script)| {
            let lines: Vec<&str> = script.iter().map(|(_, text, _)| *text).collect();
            (format!("{name}.py"), lines.join("\n") + "\n")
        })
        .collect();
    let texts: Vec<(&str, &str)> = texts.iter().map(|(name, text)| (name.as_str(), text.as_str())).collect();
    let mut tree = Tree::new(&texts);
    for (name, script) in modules {
        let module = tree.module(name);
        module.kind = Kind::Partial;
        module.steps = true;
        module.statements = script
            .iter()
            .map(|(kind, _, binds)| Statement {
                kind: *kind,
                binds: binds.split_whitespace().map(str::to_owned).collect(),
                opaque: false,
                effects: vec![],
            })
            .collect();
    }
    tree
}

/// What a program prints that runs after `import lyo` has been told of the bundle, or without it.
fn printed(python: &Python, tree: &Tree, with_bundle: bool, program: &str) -> String {
    let install = match with_bundle {
        true => format!("import lyo; assert lyo.install({:?})", tree.bundle()),
        false => String::new(),
    };
    let program = format!("import sys; sys.path.insert(0, {:?})\n{install}\n{program}", tree.root());
    let done = Command::new(&python.executable).args(["-c", &program]).output().expect("Python runs");
    String::from_utf8_lossy(&done.stdout).into_owned() + &String::from_utf8_lossy(&done.stderr)
}

fn check_same(tree: &Tree, program: &str, expected: &str) {
    for python in pythons() {
        let summary = tree.build(python, 0);
        assert_eq!(summary.warnings, [], "{}", python.target.version);
        assert!(summary.partly > 0, "{}: {:?}", python.target.version, summary.code);
        assert_eq!(printed(python, tree, false, program), expected, "{}: executed", python.target.version);
        assert_eq!(printed(python, tree, true, program), expected, "{}: rehydrated", python.target.version);
    }
}

#[test]
fn what_residual_statements_see_and_leave_is_the_same() {
    let tree = tree(&[(
        "m",
        &[
            (Static, "'Documented.'", ""),
            (Import, "import sys", "sys"),
            (Static, "numbers = [1, 2]", "numbers"),
            (Static, "def function(x=1000): return x, numbers, late", "function"),
            (Residual, "seen = list(numbers), 'late' in globals(), sys._getframe().f_lineno", "seen"),
            (Static, "numbers.append(3)", ""),
            (Static, "late = [numbers, seen, function]", "late"),
            (Static, "temporary = 1", "temporary"),
            (Residual, "again = list(numbers), temporary", "again"),
            (Static, "del temporary", "temporary"),
            (Static, "class Late: held = late; of = function", "Late"),
        ],
    )]);
    for python in pythons() {
        let summary = tree.build(python, 0);
        assert_eq!((summary.partly, &summary.warnings[..]), (1, &[][..]), "{:?}", summary.code);
        tree.check_verified(python, &["m".to_owned()]);
    }
    check_same(
        &tree,
        "import m; print(m.seen, m.again, m.late[0] is m.numbers, m.late[1] is m.seen, m.Late.of is m.function)",
        "([1, 2], False, 5) ([1, 2, 3], 1) True True True\n",
    );
}

#[test]
fn a_guard_that_fails_on_the_way_leaves_the_rest_to_the_code() {
    let mut tree = tree(&[
        ("helper", &[(Static, "value = 1", "value"), (Static, "log = []", "log")]),
        (
            "m",
            &[
                (Import, "import helper", "helper"),
                (Static, "before = [helper.value]", "before"),
                (Residual, "helper.log.append(list(globals())[-2:]); helper.value = 7", ""),
                (Static, "after = [helper.value]", "after"),
                (Residual, "helper.log.append(list(globals())[-2:])", ""),
                (Static, "both = before, after", "both"),
            ],
        ),
    ]);
    let path = vec!["value".to_owned()];
    tree.module("m").dependencies = vec![Dependency { statement: 1, module: "helper".into(), path, contents: true }];
    check_same(
        &tree,
        "import m; print(m.both, m.both[0] is m.before, m.helper.log)",
        "([1], [7]) True [['helper', 'before'], ['before', 'after']]\n",
    );
}

#[test]
fn an_import_that_goes_another_way_is_noticed() {
    let mut tree = tree(&[(
        "m",
        &[
            (
                Import,
                "try: import not_there_yet; found = True\nexcept ImportError: found = False",
                "not_there_yet found",
            ),
            (Static, "kept = [found]", "kept"),
        ],
    )]);
    tree.module("m").dependencies.clear();
    let program = "import m; print(m.found, m.kept)";
    check_same(&tree, program, "False [False]\n");
    let found = tree.root().join("not_there_yet.py");
    for python in pythons() {
        tree.build(python, 0);
        std::fs::write(&found, "").expect("a file");
        assert_eq!(printed(python, &tree, true, program), "True [True]\n", "{}", python.target.version);
        std::fs::remove_file(&found).expect("the file");
    }
}

#[test]
fn what_a_residual_statement_raises_has_its_own_traceback() {
    let tree = tree(&[(
        "m",
        &[
            (Static, "a = [1]", "a"),
            (Static, "def fail(): raise ValueError(a)", "fail"),
            (Static, "b = [2]", "b"),
            (Residual, "fail()", ""),
            (Static, "c = [3]", "c"),
        ],
    )]);
    let program = "import traceback\ntry: import m\nexcept ValueError as e: frames = traceback.extract_tb(e.__traceback__)\n\
                   print([(f.name, f.lineno, f.line) for f in frames[1:]], 'm' in sys.modules)";
    check_same(&tree, program, "[('<module>', 4, 'fail()'), ('fail', 2, 'def fail(): raise ValueError(a)')] False\n");
}

#[test]
fn a_guard_sees_what_an_instance_of_another_module_holds() {
    let mut tree = tree(&[
        (
            "helper",
            &[
                (Static, "class Holder: pass", "Holder"),
                (Static, "holder = Holder()", "holder"),
                (Static, "holder.value = 5", ""),
            ],
        ),
        (
            "m",
            &[
                (Import, "import helper", "helper"),
                (Static, "kept = [helper.holder.value]", "kept"),
                (Residual, "print(kept)", ""),
            ],
        ),
    ]);
    let path = vec!["holder".to_owned(), "value".to_owned()];
    tree.module("m").dependencies = vec![Dependency { statement: 1, module: "helper".into(), path, contents: true }];
    for python in pythons() {
        tree.build(python, 0);
        tree.check_verified(python, &["m".to_owned()]);
    }
    check_same(&tree, "import helper; helper.holder.value = 6; import m; print(m.kept)", "[6]\n[6]\n");
}

#[test]
fn a_guard_that_held_is_checked_anew_where_what_it_looks_at_can_change() {
    let script: &Script = &[
        (Import, "import helper", "helper"),
        (Static, "kept = [len(helper.add.__self__)]", "kept"),
        (Residual, "print(kept)", ""),
    ];
    let helper: &Script = &[(Static, "items = []", "items"), (Static, "add = items.append", "add")];
    let mut tree = tree(&[("helper", helper), ("m", script), ("n", script)]);
    for name in ["m", "n"] {
        let path = vec!["add".to_owned()];
        tree.module(name).dependencies =
            vec![Dependency { statement: 1, module: "helper".into(), path, contents: true }];
    }
    check_same(&tree, "import helper; helper.add; import m; helper.add(1); import n", "[0]\n[1]\n");
}

#[test]
fn an_import_of_a_name_that_is_gone_raises_what_the_statement_does() {
    let helper: &Script = &[(Static, "gone = [1]", "gone"), (Static, "kept = [2]", "kept")];
    let script: &Script = &[
        (Static, "a = [0]", "a"),
        (Import, "from helper import kept, gone", "kept gone"),
        (Residual, "print(gone)", ""),
    ];
    let tree = tree(&[("helper", helper), ("m", script)]);
    let program = "import helper, traceback\ndel helper.gone\ntry: import m\nexcept ImportError as e: error = e\n\
                   where = [(f.name, f.lineno, f.line) for f in traceback.extract_tb(error.__traceback__)[1:]]\n\
                   print(str(error).split(' (')[0], error.name, error.path == helper.__file__, where, 'm' in sys.modules)";
    let expected = "cannot import name 'gone' from 'helper' helper True [('<module>', 2, 'from helper import kept, gone')] False\n";
    check_same(&tree, program, expected);
}

#[test]
fn code_that_is_run_again_elsewhere_is_whole() {
    let script: &Script = &[
        (Import, "import sys", "sys"),
        (Static, "def before(): return 'before'", "before"),
        (Residual, "code = sys._getframe().f_code", "code"),
    ];
    let tree = tree(&[("m", script)]);
    let program = "import m\nspace = {'__name__': 'again'}\nexec(m.code, space)\nprint(space['before'](), m.before())";
    check_same(&tree, program, "before before\n");
}

#[test]
fn functions_share_the_defaults_that_the_code_around_them_holds() {
    let tree = tree(&[
        ("helper", &[(Static, "def outer(n):\n    def inner(x=None): return n, x\n    return inner", "outer")]),
        (
            "m",
            &[
                (Import, "from helper import outer", "outer"),
                (Residual, "executed = outer(0)", "executed"),
                (Static, "described = outer(1)", "described"),
            ],
        ),
    ]);
    check_same(
        &tree,
        "import m; print(m.executed.__defaults__ is m.described.__defaults__, m.described())",
        "True (1, None)\n",
    );
}

#[test]
fn of_a_container_that_is_not_read_only_the_class_is_guarded() {
    let mut tree = tree(&[
        ("helper", &[(Static, "table = {}", "table")]),
        (
            "m",
            &[
                (Import, "import helper", "helper"),
                (Static, "kept = [type(helper.table).__name__, len(helper.table)]", "kept"),
                (Residual, "print(kept)", ""),
            ],
        ),
    ]);
    let path = vec!["table".to_owned()];
    tree.module("m").dependencies = vec![Dependency { statement: 1, module: "helper".into(), path, contents: false }];
    check_same(&tree, "import helper\nclass Other(dict): pass\nhelper.table = Other()\nimport m", "['Other', 0]\n");
    // That the number of items does not matter is not true: what `m` says shows that it was believed.
    for python in pythons() {
        tree.build(python, 0);
        let printed = printed(python, &tree, true, "import helper; helper.table[1] = 2; import m");
        assert_eq!(printed, "['dict', 0]\n", "{}", python.target.version);
    }
}

#[test]
fn a_proven_module_is_stepped_through_where_a_value_can_not_be_described() {
    let mut tree = tree(&[(
        "m",
        &[
            (Static, "before = [1]", "before"),
            (Static, "iterator = iter(before)", "iterator"),
            (Static, "after = [before, 2]", "after"),
        ],
    )]);
    let module = tree.module("m");
    (module.kind, module.steps) = (Kind::Strict, false);
    check_same(
        &tree,
        "import m; print(m.after[0] is m.before, next(m.iterator), list(vars(m))[-3:])",
        "True 1 ['before', 'iterator', 'after']\n",
    );
}

#[test]
fn a_module_that_is_stepped_through_does_not_meet_what_it_made_before() {
    let mut tree = tree(&[
        (
            "m",
            &[
                (Static, "class A: pass", "A"),
                (Import, "import n", "n"),
                (Static, "iterator = iter([1])", "iterator"),
                (Static, "same = [n.held is A, n.partner is n.held]", "same"),
            ],
        ),
        ("n", &[(Import, "import m", "m"), (Static, "held = m.A", "held"), (Static, "partner = m.A", "partner")]),
    ]);
    let module = tree.module("m");
    (module.kind, module.steps) = (Kind::Strict, false);
    check_same(&tree, "import m; print(m.same)", "[True, True]\n");
}

#[test]
fn what_is_imported_later_is_not_needed_before() {
    let mut tree = tree(&[
        ("helper", &[(Static, "def of_helper(): return 1", "of_helper")]),
        (
            "m",
            &[
                (Import, "from helper import of_helper", "of_helper"),
                (Static, "number: of_helper = 1", "number __annotations__"),
            ],
        ),
    ]);
    let module = tree.module("m");
    (module.kind, module.steps) = (Kind::Strict, false);
    check_same(
        &tree,
        "import m; print(m.__annotations__['number'](), list(vars(m))[-3:])",
        "1 ['__annotations__', 'of_helper', 'number']\n",
    );
}

#[test]
fn a_change_that_no_reference_shows_is_noticed() {
    let tree = tree(&[(
        "m",
        &[
            (Import, "import sys", "sys"),
            (Import, "import itertools", "itertools"),
            (Static, "counted = itertools.count(3)", "counted"),
            (Static, "repeated = itertools.repeat(0, 5)", "repeated"),
            (Static, "cycled = itertools.cycle([1, 2])", "cycled"),
            (Static, "numbers = iter(range(5))", "numbers"),
            (Static, "items = [1]", "items"),
            (Static, "add, put = items.append, items.__setitem__", "add put"),
            (Static, "error = ValueError()", "error"),
            (Residual, "seen = sys.argv", "seen"),
            (Static, "next(counted), next(repeated), next(cycled), next(cycled), next(cycled), next(numbers)", ""),
            (Static, "add(2), put(0, 0)", ""),
            (Static, "error.__suppress_context__ = True", ""),
        ],
    )]);
    let program = "import m\n\
        print(next(m.counted), len(list(m.repeated)), next(m.cycled), next(m.numbers), m.items, m.error.__suppress_context__)";
    check_same(&tree, program, "4 4 2 1 [0, 2] True\n");
}

#[test]
fn members_of_exceptions_are_what_they_were_set_to() {
    let tree = tree(&[(
        "m",
        &[
            (Import, "import sys", "sys"),
            (Residual, "seen = sys.argv", "seen"),
            (Static, "plain = SystemExit(3)", "plain"),
            (Static, "named = ImportError('x', name='n')", "named"),
            (Static, "changed = SystemExit(3)", "changed"),
            (Static, "changed.code = 7", ""),
        ],
    )]);
    let program = "import m\nprint(m.plain.code, m.named.name, m.changed.code, m.changed.args)";
    for python in pythons() {
        tree.build(python, 0);
        for with_bundle in [false, true] {
            let version = &python.target.version;
            assert_eq!(printed(python, &tree, with_bundle, program), "3 n 7 (3,)\n", "{version}: {with_bundle}");
        }
    }
}
