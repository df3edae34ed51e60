//! Lowering of errors.

use expect_test::expect;
use syntax::{LowerOptions, lower_source};

use super::{check, check_with};

#[test]
fn rules_that_the_grammar_does_not_know() {
    for text in [
        "return",
        "break",
        "yield",
        "nonlocal a",
        "def f(a, a): pass",
        "x = 1\nfrom __future__ import annotations",
        "from __future__ import nothing",
        "__debug__ = 1",
        "def f():\n    a\n    global a",
        "def f():\n    nonlocal a",
        "def f():\n    from a import *",
        "async def f():\n    yield\n    return 1",
        "try: pass\nexcept: pass\nexcept A: pass",
        "f(a=1, a=2)",
        "*a = b",
        "class C:\n    [a := 1 for b in c]",
        "[await a for a in b]",
        "def f():\n    x: int\n    global x",
    ] {
        let result = lower_source(text, &LowerOptions { version: (3, 13), optimize: 0 });
        assert!(result.is_err(), "{text:?} is taken");
    }
}

#[test]
fn errors_say_where() {
    check(
        "x = 1\nreturn x\n",
        expect![[r#"
        6..14 `return` statement outside of a function
    "#]],
    );
    check(
        "def f(:\n",
        expect![[r#"
        6..7 Expected a parameter or the end of the parameter list
        8..8 unexpected EOF while parsing
    "#]],
    );
    check_with(
        "type X = int\n",
        (3, 11),
        0,
        expect![[r#"
        0..4 Cannot use `type` alias statement on Python 3.11 (syntax was added in Python 3.12)
    "#]],
    );
    check_with(
        "x\n",
        (3, 14),
        0,
        expect![[r#"
        0..0 Python 3.14 is not supported: 3.11 to 3.13 are
    "#]],
    );
}
