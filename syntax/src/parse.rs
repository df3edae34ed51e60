//! From text to tree.

use ruff_python_ast::token::Tokens;
use ruff_python_ast::{ModModule, PythonVersion};
use ruff_python_parser::{Mode, ParseOptions, parse_unchecked};
use ruff_text_size::{Ranged, TextRange};

use crate::depth::check_depth;
use crate::error::{SyntaxError, SyntaxErrorKind};
use crate::stack::with_large_stack;

/// The tree and the tokens of a source text without syntax errors.
pub struct Parsed {
    /// Taken out only by `drop`.
    tree: Option<Box<ruff_python_parser::Parsed<ModModule>>>,
}

impl Parsed {
    pub(crate) fn module(&self) -> Option<&ModModule> {
        self.tree.as_ref().map(|tree| tree.syntax())
    }

    pub(crate) fn tokens(&self) -> Option<&Tokens> {
        self.tree.as_ref().map(|tree| tree.tokens())
    }
}

impl Drop for Parsed {
    /// Dropping recurses as deep as the tree is.
    fn drop(&mut self) {
        let tree = self.tree.take();
        with_large_stack(|| drop(tree));
    }
}

/// Parses a module as the grammar of `version` has it (major and minor).
///
/// Rules that CPython checks after parsing, in `symtable.c` and `compile.c`, are
/// checked by [`crate::lower_source`].
pub fn parse(text: &str, version: (u8, u8)) -> Result<Parsed, Vec<SyntaxError>> {
    if u32::try_from(text.len()).is_err() {
        return Err(vec![SyntaxError::invalid("file is larger than 4 GiB", TextRange::default())]);
    }
    check_depth(text, version).map_err(|error| vec![error])?;
    with_large_stack(|| {
        let options = ParseOptions::from(Mode::Module).with_target_version(PythonVersion::from(version));
        let Some(tree) = parse_unchecked(text, options).try_into_module() else {
            return Err(Vec::new());
        };
        let parsed = Parsed { tree: Some(Box::new(tree)) };
        let tree = parsed.tree.as_ref();
        let mut errors: Vec<SyntaxError> = Vec::new();
        for error in tree.map_or(&[][..], |tree| tree.errors()) {
            errors.push(SyntaxError::invalid(error.error.to_string(), error.range()));
        }
        if errors.is_empty() {
            for error in tree.map_or(&[][..], |tree| tree.unsupported_syntax_errors()) {
                errors.push(SyntaxError {
                    kind: SyntaxErrorKind::TooNew,
                    message: error.to_string(),
                    range: error.range(),
                });
            }
        }
        if errors.is_empty() { Ok(parsed) } else { Err(errors) }
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn kinds(text: &str, version: (u8, u8)) -> Vec<SyntaxErrorKind> {
        match parse(text, version) {
            Ok(_) => Vec::new(),
            Err(errors) => errors.into_iter().map(|error| error.kind).collect(),
        }
    }

    #[test]
    fn newer_syntax_is_an_error_for_older_targets() {
        for (text, since) in [
            ("type X = int\n", (3, 12)),
            ("def f[T](x: T): pass\n", (3, 12)),
            ("f'{a['b']}'\n", (3, 12)),
            ("class C[T = int]: pass\n", (3, 13)),
        ] {
            for version in [(3, 11), (3, 12), (3, 13)] {
                assert_eq!(kinds(text, version).is_empty(), version >= since, "{text} on {version:?}");
            }
        }
        assert_eq!(kinds("type X = int\n", (3, 11)), [SyntaxErrorKind::TooNew]);
    }

    /// CPython takes this: `match` is a soft keyword, and here it is a name.
    /// TODO: turn round when the parser (ruff 0.0.10) takes it too.
    #[test]
    fn match_as_a_name_after_a_semicolon_is_rejected() {
        assert_eq!(kinds("x = 1; match(a)[b]\n", (3, 13)).first(), Some(&SyntaxErrorKind::Invalid));
    }

    #[test]
    fn deep_trees_that_pass_the_check_are_parsed_and_dropped_on_a_small_stack() {
        let texts = [
            "1+".repeat(5900) + "1",
            "-".repeat(5900) + "1",
            "x".to_owned() + &".a".repeat(5900),
            "a if b else ".repeat(5900) + "c",
            "lambda: ".repeat(2900) + "c",
        ];
        let thread = std::thread::Builder::new()
            .stack_size(512 * 1024)
            .spawn(move || texts.iter().all(|text| parse(text, (3, 13)).is_ok()));
        assert!(thread.is_ok_and(|thread| thread.join().is_ok_and(|parsed| parsed)));
    }
}
