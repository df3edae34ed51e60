//! Broken sources give errors: no panic, no endless work, ranges within the text.

mod common;

use common::{interpreters, python_files, stack_check};
use syntax::{LowerOptions, decode, lower_source};

/// A small generator of numbers that are the same in each run (xorshift).
struct Numbers(u64);

impl Numbers {
    fn below(&mut self, limit: usize) -> usize {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        (self.0 % limit.max(1) as u64) as usize
    }
}

fn try_lowering(bytes: &[u8], version: (u8, u8)) {
    let Ok(text) = decode(bytes) else { return };
    match lower_source(&text, &LowerOptions { version, optimize: 0 }) {
        Ok(module) => {
            for code in &module.codes {
                assert_eq!(stack_check::check(code), Ok(()), "{text}");
                assert!(code.ranges().iter().all(|range| text.get(range.start().into()..range.end().into()).is_some()));
            }
        }
        Err(errors) => {
            assert!(!errors.is_empty(), "refused without a reason: {text}");
            for error in errors {
                assert!(usize::from(error.range.end()) <= text.len(), "{error:?} in {text}");
            }
        }
    }
}

#[test]
fn pieces_of_modules_cut_joined_and_spoilt() {
    let Some(interpreter) = interpreters().into_iter().next_back() else { return };
    let files = python_files(&interpreter.standard_library);
    let tokens: &[&[u8]] = &[
        b"(",
        b")",
        b"[",
        b"]",
        b"{",
        b"}",
        b":",
        b"=",
        b",",
        b"\n",
        b"\r",
        b"    ",
        b"\t",
        b"'",
        b"\"\"\"",
        b"f'",
        b"\\",
        b"#",
        b"*",
        b"**",
        b":=",
        b" if ",
        b" else ",
        b" for ",
        b" in ",
        b"lambda ",
        b"yield ",
        b"await ",
        b"async ",
        b"global x\n",
        b"match x:\n",
        b"case _:\n",
        b"try:\n",
        b"finally:\n",
        b"except* E:\n",
        b"class C[T]:\n",
        b"def f():\n",
        b"return\n",
        b"del ",
        b"\x00",
        b"\xff",
        b"\xc3\xa9",
        b"0x",
        b"1e999",
        b"@",
        b"{x!r:{y}}",
    ];
    let mut numbers = Numbers(0x9E37_79B9_7F4A_7C15);
    for _ in 0..2500 {
        let Ok(source) = std::fs::read(&files[numbers.below(files.len())]) else { continue };
        let start = numbers.below(source.len());
        let end = (start + numbers.below(1500)).min(source.len());
        let mut bytes = source[start..end].to_vec();
        for _ in 0..numbers.below(5) {
            let at = numbers.below(bytes.len());
            if numbers.below(3) == 0 && !bytes.is_empty() {
                bytes.drain(at..(at + numbers.below(6)).min(bytes.len()));
            } else {
                let token = tokens[numbers.below(tokens.len())];
                bytes.splice(at..at, token.iter().copied());
            }
        }
        let version = [(3, 11), (3, 12), (3, 13)][numbers.below(3)];
        try_lowering(&bytes, version);
    }
}
