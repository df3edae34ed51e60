//! String literals, f-strings and docstrings.

use std::borrow::Cow;

use ruff_python_ast::{self as ast, ConversionFlag, Expr, FStringPart, InterpolatedStringElement};
use ruff_python_parser::parse_expression;
use ruff_text_size::TextRange;

use super::Lowerer;
use crate::ir::{Constant, Conversion, Instruction as I};
use crate::stack::with_one_more_level;

/// Literal text of an f-string between two replacement fields.
struct Literal {
    text: String,
    /// Has a lone surrogate, or carriage returns that may be escapes.
    unknown: bool,
    range: TextRange,
}

impl<'a> Lowerer<'a> {
    pub(super) fn string_constant(&self, node: &ast::ExprStringLiteral) -> Constant {
        let mut surrogate = false;
        let mut carriage_return = false;
        for part in &node.value {
            surrogate |= self.has_surrogate(&part.value, part.range);
            carriage_return |= may_have_raw_carriage_return(part.value.as_bytes(), &self.text[part.range]);
        }
        if surrogate {
            return Constant::SurrogateStr;
        }
        if carriage_return {
            // Parse it once more as the tokenizer would have read it.
            let source = universal_newlines(&self.text[node.range]).into_owned();
            return match parse_expression(&format!("({source})")).map(|parsed| parsed.into_expr()) {
                Ok(Expr::StringLiteral(node)) => Constant::Str(node.value.to_str().into()),
                _ => Constant::SurrogateStr,
            };
        }
        Constant::Str(node.value.to_str().into())
    }

    pub(super) fn bytes_constant(&self, node: &ast::ExprBytesLiteral) -> Constant {
        let bytes: Vec<u8> = node.value.bytes().collect();
        if may_have_raw_carriage_return(&bytes, &self.text[node.range]) {
            let source = universal_newlines(&self.text[node.range]).into_owned();
            if let Ok(Expr::BytesLiteral(node)) =
                parse_expression(&format!("({source})")).map(|parsed| parsed.into_expr())
            {
                return Constant::Bytes(node.value.bytes().collect::<Vec<u8>>().into());
            }
        }
        Constant::Bytes(bytes.into())
    }

    /// `__doc__` as the target stores it: from 3.13 on without common indentation.
    pub(super) fn docstring_constant(&mut self, node: &ast::ExprStringLiteral) -> Constant {
        match self.string_constant(node) {
            constant if self.options.version < (3, 13) => constant,
            Constant::Str(text) => Constant::Str(clean_docstring(&text).into()),
            constant => {
                self.error("'utf-8' codec can't encode characters: surrogates not allowed", node.range);
                constant
            }
        }
    }

    /// The parser puts U+FFFD where an escape stands for a lone surrogate.
    fn has_surrogate(&self, value: &str, range: TextRange) -> bool {
        value.contains(char::REPLACEMENT_CHARACTER) && spells_surrogate(&self.text[range])
    }

    /// `compiler_joined_str`. `[] → [str]`
    pub(super) fn formatted_string(&mut self, node: &'a ast::ExprFString) {
        let range = node.range;
        let mut pieces = 0;
        let mut literal = Literal { text: String::new(), unknown: false, range };
        for part in &node.value {
            match part {
                FStringPart::Literal(part) => self.literal(&part.value, part.range, &mut literal),
                FStringPart::FString(part) => self.elements(&part.elements, &mut literal, &mut pieces),
            }
        }
        self.join(literal, pieces, range);
    }

    fn elements(&mut self, elements: &'a ast::InterpolatedStringElements, literal: &mut Literal, pieces: &mut u32) {
        for element in elements {
            match element {
                InterpolatedStringElement::Literal(element) => self.literal(&element.value, element.range, literal),
                InterpolatedStringElement::Interpolation(element) => {
                    if let Some(debug) = &element.debug_text {
                        literal.text.push_str(&universal_newlines(debug.as_str()));
                    }
                    self.flush(literal, pieces);
                    self.field(element);
                    *pieces += 1;
                }
            }
        }
    }

    fn literal(&self, value: &str, range: TextRange, literal: &mut Literal) {
        let source = &self.text[range];
        literal.unknown |= self.has_surrogate(value, range);
        if may_have_raw_carriage_return(value.as_bytes(), source) {
            literal.unknown |= source.contains('\\');
            literal.text.push_str(&universal_newlines(value));
        } else {
            literal.text.push_str(value);
        }
    }

    /// A replacement field. `[] → [str]`
    fn field(&mut self, element: &'a ast::InterpolatedElement) {
        let range = element.range;
        self.expression(&element.expression);
        let conversion = match element.conversion {
            ConversionFlag::Str => Conversion::Str,
            ConversionFlag::Ascii => Conversion::Ascii,
            ConversionFlag::Repr => Conversion::Repr,
            // `f"{x=}"` shows the `repr`, unless it says how to format.
            ConversionFlag::None if element.debug_text.is_some() && element.format_spec.is_none() => Conversion::Repr,
            ConversionFlag::None => Conversion::None,
        };
        if let Some(specification) = &element.format_spec {
            with_one_more_level(|| {
                let mut pieces = 0;
                let range = specification.range;
                let mut literal = Literal { text: String::new(), unknown: false, range };
                self.elements(&specification.elements, &mut literal, &mut pieces);
                self.join(literal, pieces, range);
            });
        }
        self.emit(I::FormatValue { conversion, spec: element.format_spec.is_some() }, range);
    }

    /// Pushes pending literal text, if there is any.
    fn flush(&mut self, literal: &mut Literal, pieces: &mut u32) {
        if !literal.text.is_empty() {
            let constant =
                std::mem::replace(literal, Literal { text: String::new(), unknown: false, range: literal.range });
            self.constant(constant.into_constant(), literal.range);
            *pieces += 1;
        }
    }

    fn join(&mut self, mut literal: Literal, mut pieces: u32, range: TextRange) {
        if pieces == 0 {
            self.constant(literal.into_constant(), range);
            return;
        }
        self.flush(&mut literal, &mut pieces);
        if pieces != 1 {
            self.emit(I::BuildString(pieces), range);
        }
    }
}

impl Literal {
    fn into_constant(self) -> Constant {
        if self.unknown { Constant::SurrogateStr } else { Constant::Str(self.text.into()) }
    }
}

/// Whether a literal's source has an escape such as `\ud800`.
fn spells_surrogate(source: &str) -> bool {
    let is_surrogate = |digits: Option<&str>| {
        digits
            .and_then(|digits| u32::from_str_radix(digits, 16).ok())
            .is_some_and(|value| (0xD800..=0xDFFF).contains(&value))
    };
    source.match_indices('\\').any(|(position, _)| match source.as_bytes().get(position + 1) {
        Some(b'u') => is_surrogate(source.get(position + 2..position + 6)),
        Some(b'U') => is_surrogate(source.get(position + 2..position + 10)),
        _ => false,
    })
}

/// The tokenizer reads `\r\n` and `\r` as `\n`.
pub(super) fn universal_newlines(text: &str) -> Cow<'_, str> {
    if text.contains('\r') { Cow::Owned(text.replace("\r\n", "\n").replace('\r', "\n")) } else { Cow::Borrowed(text) }
}

/// Whether a value may differ from CPython's, because its source has carriage returns: the parser
/// leaves them in the value, where those that were escapes can't be told from them.
fn may_have_raw_carriage_return(value: &[u8], source: &str) -> bool {
    value.contains(&b'\r') && source.contains('\r')
}

/// `_PyCompile_CleanDoc`: as `inspect.cleandoc`, but keeps leading and trailing blank lines.
fn clean_docstring(text: &str) -> String {
    let expanded = expand_tabs(text);
    let (first, rest) = match expanded.split_once('\n') {
        Some((first, rest)) => (first, Some(rest)),
        None => (expanded.as_str(), None),
    };
    let indentation = |line: &str| line.len() - line.trim_start_matches(' ').len();
    let margin = rest
        .into_iter()
        .flat_map(|rest| rest.split('\n'))
        .filter(|line| indentation(line) < line.len())
        .map(indentation)
        .min()
        .unwrap_or(0);
    let mut cleaned = String::with_capacity(expanded.len());
    cleaned.push_str(first.trim_start_matches(' '));
    for line in rest.into_iter().flat_map(|rest| rest.split('\n')) {
        cleaned.push('\n');
        cleaned.push_str(&line[margin.min(indentation(line))..]);
    }
    cleaned
}

/// `str.expandtabs()`
fn expand_tabs(text: &str) -> String {
    if !text.contains('\t') {
        return text.to_owned();
    }
    let mut expanded = String::with_capacity(text.len() + 16);
    let mut column = 0;
    for c in text.chars() {
        match c {
            '\t' => {
                let spaces = 8 - column % 8;
                expanded.extend(std::iter::repeat_n(' ', spaces));
                column += spaces;
            }
            '\n' | '\r' => {
                expanded.push(c);
                column = 0;
            }
            _ => {
                expanded.push(c);
                column += 1;
            }
        }
    }
    expanded
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn docstrings_are_cleaned() {
        assert_eq!(clean_docstring("a\n    b\n      c\n    "), "a\nb\n  c\n");
        assert_eq!(clean_docstring("  a\n\n \tb\n"), "a\n\nb\n");
        assert_eq!(clean_docstring("a\nb\n  c"), "a\nb\n  c");
        assert_eq!(clean_docstring(""), "");
    }

    #[test]
    fn surrogates_are_seen() {
        assert!(spells_surrogate(r"'\ud800'"));
        assert!(spells_surrogate(r"'\U0000DFFF'"));
        assert!(!spells_surrogate(r"'\ufffd'"));
        assert!(!spells_surrogate(r"'\u12'"));
    }
}
