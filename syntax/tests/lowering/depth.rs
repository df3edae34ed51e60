//! Lowering of depth.

use syntax::{LowerOptions, SyntaxError, SyntaxErrorKind, lower_source};

const N: usize = 50_000;

fn errors(text: &str) -> Vec<SyntaxError> {
    lower_source(text, &LowerOptions { version: (3, 13), optimize: 0 }).err().unwrap_or_default()
}

/// On a thread with an ordinary stack.
#[test]
fn fifty_thousand_levels_are_refused() {
    let texts = [
        "(".repeat(N) + &")".repeat(N),
        "[".repeat(N),
        "{".repeat(N),
        "-".repeat(N) + "1",
        "not ".repeat(N) + "1",
        "a".to_owned() + &".b".repeat(N),
        "a".to_owned() + &"()".repeat(N),
        "1+".repeat(N) + "1",
        "a if b else ".repeat(N) + "c",
        "lambda: ".repeat(N) + "c",
        "if a: pass\n".to_owned() + &"elif b: pass\n".repeat(N),
        "f'{".repeat(N),
        "f\"{f'{".repeat(N),
        (0..N / 50).map(|i| " ".repeat(i) + "if a:\n").collect::<String>(),
        "x = ".to_owned() + &"a[".repeat(N) + &"]".repeat(N),
        "match a:\n case ".to_owned() + &"(".repeat(N) + &")".repeat(N) + ": pass",
        "@".repeat(N),
        "try:\n pass\nfinally:\n".to_owned()
            + &(1..30).map(|i| format!("{0}try:\n{0} pass\n{0}finally:\n", " ".repeat(i))).collect::<String>()
            + &" ".repeat(30)
            + "pass\n",
    ];
    for text in texts {
        assert!(!errors(&text).is_empty(), "{} is taken", &text[..20]);
    }
}

#[test]
fn what_cpython_takes_is_taken() {
    let texts = [
        "1+".repeat(5900) + "1",
        "-".repeat(5900) + "1",
        "a".to_owned() + &".b".repeat(5900),
        "a if b else ".repeat(5900) + "c",
        "lambda: ".repeat(2900) + "c",
        "if a: pass\n".to_owned() + &"elif b: pass\n".repeat(5900),
        "x = [".to_owned() + &"1, ".repeat(200_000) + "]",
        "a = ".repeat(20_000) + "1",
    ];
    for text in texts {
        assert_eq!(errors(&text), [], "{}", &text[..20]);
    }
}

#[test]
fn the_kind_says_too_deep() {
    let kinds: Vec<_> = errors(&"-".repeat(N)).iter().map(|error| error.kind).collect();
    assert_eq!(kinds, [SyntaxErrorKind::TooDeep]);
}
