//! What each construct is lowered to.

mod assignments;
mod comprehensions;
mod control;
mod definitions;
mod depth;
mod errors;
mod expressions;
mod imports;
mod patterns;

use expect_test::{Expect, expect};
use syntax::{LowerOptions, disassemble, lower_source};

fn check_with(text: &str, version: (u8, u8), optimize: u8, expected: Expect) {
    let options = LowerOptions { version, optimize };
    let shown = match lower_source(text, &options) {
        Ok(module) => disassemble(&module),
        Err(errors) => errors.iter().map(|error| format!("{:?} {error}\n", error.range)).collect(),
    };
    expected.assert_eq(&shown);
}

fn check(text: &str, expected: Expect) {
    check_with(text, (3, 13), 0, expected);
}

#[test]
fn directives() {
    let text = "# lyo: strict\nx = '# lyo: strict'  # lyo: ignore[LYO101, LYO102] known\n";
    let module = lower_source(text, &LowerOptions { version: (3, 13), optimize: 0 });
    let directives = module.map(|module| module.directives).unwrap_or_default();
    expect![[r#"
        [
            Directive {
                range: 0..13,
                kind: Strict,
            },
            Directive {
                range: 35..70,
                kind: Ignore(
                    [
                        "LYO101",
                        "LYO102",
                    ],
                ),
            },
        ]
    "#]]
    .assert_debug_eq(&directives);
}

#[test]
fn rebound_globals() {
    let text = "def f():\n    global a, b\n    a = 1\n    def g():\n        global c\n        del c\n    b\nclass C:\n    global d\n    d = 1\n";
    let module = lower_source(text, &LowerOptions { version: (3, 13), optimize: 0 });
    let names = module.map(|module| module.rebound_globals).unwrap_or_default();
    expect![[r#"
        [
            "a",
            "c",
        ]
    "#]]
    .assert_debug_eq(&names);
}
