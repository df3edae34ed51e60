//! `'%s and %r' % (a, b)` is compiled as an f-string (`optimize_format` in `Python/ast_opt.c`).
//!
//! It shows: `a` is turned into text before `b` is evaluated.

use ruff_python_ast::{self as ast, Expr};
use ruff_text_size::{Ranged, TextRange};

use super::Lowerer;
use crate::ir::{Constant, Conversion, Instruction as I};

/// From how many digits on a width or precision is not optimised.
const MAX_DIGITS: usize = 3;

#[derive(Debug, PartialEq, Eq)]
enum Piece {
    Literal(String),
    /// The next item of the tuple.
    Item {
        conversion: Conversion,
        specification: String,
    },
}

impl<'a> Lowerer<'a> {
    /// Lowers the operation if CPython makes an f-string of it. `[] → [str]`
    pub(super) fn percent_format(&mut self, format: &'a Expr, items: &'a Expr, range: TextRange) -> bool {
        let (Expr::StringLiteral(format), Expr::Tuple(items)) = (format, items) else { return false };
        if items.elts.iter().any(Expr::is_starred_expr) {
            return false;
        }
        let Constant::Str(text) = self.string_constant(format) else { return false };
        let Some(pieces) = parse(&text, items.elts.len()) else { return false };
        self.pieces(&pieces, items, format.range, range);
        true
    }

    fn pieces(&mut self, pieces: &[Piece], items: &'a ast::ExprTuple, format: TextRange, range: TextRange) {
        let mut items = items.elts.iter();
        for piece in pieces {
            match piece {
                Piece::Literal(text) => self.constant(Constant::Str(text.as_str().into()), format),
                Piece::Item { conversion, specification } => {
                    let Some(item) = items.next() else { return };
                    self.expression(item);
                    let spec = !specification.is_empty();
                    if spec {
                        self.constant(Constant::Str(specification.as_str().into()), format);
                    }
                    self.emit(I::FormatValue { conversion: *conversion, spec }, item.range());
                }
            }
        }
        match pieces.len() {
            0 => self.constant(Constant::Str("".into()), range),
            1 => {}
            count => self.emit(I::BuildString(count as u32), range),
        }
    }
}

/// `None` if the format has anything but `%s`, `%r`, `%a` and `%%`, or not `count` items.
fn parse(format: &str, count: usize) -> Option<Vec<Piece>> {
    let mut pieces = Vec::new();
    let mut seen = 0;
    let mut rest = format;
    loop {
        let mut literal = String::new();
        while let Some(position) = rest.find('%') {
            literal.push_str(&rest[..position]);
            rest = &rest[position..];
            match rest.strip_prefix("%%") {
                Some(after) => {
                    literal.push('%');
                    rest = after;
                }
                None => break,
            }
        }
        if !rest.starts_with('%') {
            literal.push_str(rest);
            rest = "";
        }
        if !literal.is_empty() {
            pieces.push(Piece::Literal(literal));
        }
        let Some(after) = rest.strip_prefix('%') else { break };
        if seen >= count {
            return None;
        }
        seen += 1;
        let (piece, after) = item(after)?;
        pieces.push(piece);
        rest = after;
    }
    (seen == count).then_some(pieces)
}

/// What follows a `%` (`simple_format_arg_parse`, `parse_format`).
fn item(text: &str) -> Option<(Piece, &str)> {
    let after_flags = text.trim_start_matches(['-', '+', ' ', '#', '0']);
    let left = text[..text.len() - after_flags.len()].contains('-');
    let (width, mut rest) = digits(after_flags)?;
    let mut precision = None;
    if let Some(after) = rest.strip_prefix('.') {
        let (number, after) = digits(after)?;
        (precision, rest) = (Some(number.unwrap_or(0)), after);
    }
    let mut characters = rest.chars();
    let conversion = match characters.next()? {
        's' => Conversion::Str,
        'r' => Conversion::Repr,
        'a' => Conversion::Ascii,
        _ => return None,
    };
    let mut specification = String::new();
    if let Some(width) = width {
        if !left && width > 0 {
            specification.push('>');
        }
        specification.push_str(&width.to_string());
    }
    if let Some(precision) = precision {
        specification.push_str(&format!(".{precision}"));
    }
    Some((Piece::Item { conversion, specification }, characters.as_str()))
}

/// A number, if there is one. `None` if it is too long.
fn digits(text: &str) -> Option<(Option<u32>, &str)> {
    let rest = text.trim_start_matches(|c: char| c.is_ascii_digit());
    let digits = &text[..text.len() - rest.len()];
    if digits.len() >= MAX_DIGITS {
        return None;
    }
    Some((digits.parse().ok(), rest))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn item(conversion: Conversion, specification: &str) -> Piece {
        Piece::Item { conversion, specification: specification.to_owned() }
    }

    fn literal(text: &str) -> Piece {
        Piece::Literal(text.to_owned())
    }

    #[test]
    fn formats() {
        assert_eq!(
            parse("a%s 100%% %-5r%.3a", 3),
            Some(vec![
                literal("a"),
                item(Conversion::Str, ""),
                literal(" 100% "),
                item(Conversion::Repr, "5"),
                item(Conversion::Ascii, ".3"),
            ])
        );
        assert_eq!(parse("%10s", 1), Some(vec![item(Conversion::Str, ">10")]));
        assert_eq!(parse("%05.s", 1), Some(vec![item(Conversion::Str, ">5.0")]));
        for (format, count) in [("%d", 1), ("%s", 2), ("%s%s", 1), ("%", 1), ("%123s", 1), ("%(a)s", 1), ("%*s", 2)] {
            assert_eq!(parse(format, count), None, "{format}");
        }
    }
}
