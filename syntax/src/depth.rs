//! How deep a text nests, found out before it is parsed.
//!
//! Parsing, lowering and dropping a tree recurse as deep as the tree is, so the
//! depth must be bounded before there is a tree. This scan reads the text once, knows
//! only strings, comments, brackets and operators, and computes an upper bound for the
//! depth of the tree of each logical line:
//!
//! - A *level* is what stands within one pair of brackets, one `lambda` up to its colon,
//!   one replacement field of an f-string, or the logical line itself.
//! - Within a level, each operator, attribute, call, subscript, `not`, `else` and
//!   `lambda` may nest what stands beside it one deeper: these are counted (*chain*).
//!   Commas and semicolons begin anew.
//! - What stands in inner levels hangs somewhere on that chain, side by side: the
//!   deepest of them counts (*side*). So a level is at most `chain + side` deep.
//!
//! The limits are CPython's: 200 brackets (`MAXLEVEL`) and 99 indentations (`MAXINDENT`)
//! in `Parser/tokenizer.c`, and for chains what its compiler and parser were seen
//! to take (2,989 on 3.11, 2,994 on 3.12, 5,962 to 9,996 on 3.13). Rarely the bound refuses
//! what CPython would just take; such a module then is imported the ordinary way.

use ruff_text_size::{TextRange, TextSize};

use crate::error::SyntaxError;

const MAX_BRACKETS: usize = 200;
const MAX_INDENTATIONS: usize = 99;

/// How long a chain of operators, attributes or `elif`s may be.
pub(crate) fn max_chain(version: (u8, u8)) -> u32 {
    if version >= (3, 13) { 6000 } else { 2990 }
}

/// `Err` if the text nests more deeply than CPython's parser or compiler allow.
pub fn check_depth(text: &str, version: (u8, u8)) -> Result<(), SyntaxError> {
    let mut scan = Scan {
        bytes: text.as_bytes(),
        position: 0,
        levels: vec![Level::new(Kind::Line)],
        brackets: 0,
        indentations: vec![0],
        max_chain: max_chain(version),
    };
    scan.run()
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Kind {
    Line,
    /// `(`, `[` or `{`
    Bracket,
    Lambda,
    /// Literal text of an f-string.
    Text {
        quote: u8,
        triple: bool,
        raw: bool,
    },
    /// Between `{` and `}` or `:` in an f-string.
    Field,
    /// Between `:` and `}` in an f-string.
    Specification,
}

struct Level {
    kind: Kind,
    chain: u32,
    side: u32,
    deepest: u32,
}

impl Level {
    fn new(kind: Kind) -> Level {
        Level { kind, chain: 0, side: 0, deepest: 0 }
    }

    fn begin_anew(&mut self) {
        self.deepest = self.deepest.max(self.chain.saturating_add(self.side));
        self.chain = 0;
        self.side = 0;
    }
}

struct Scan<'a> {
    bytes: &'a [u8],
    position: usize,
    levels: Vec<Level>,
    brackets: usize,
    indentations: Vec<u32>,
    max_chain: u32,
}

impl Scan<'_> {
    fn peek(&self, ahead: usize) -> u8 {
        self.bytes.get(self.position + ahead).copied().unwrap_or(0)
    }

    fn kind(&self) -> Kind {
        self.levels.last().map_or(Kind::Line, |level| level.kind)
    }

    fn count(&mut self) {
        if let Some(level) = self.levels.last_mut() {
            level.chain = level.chain.saturating_add(1);
        }
    }

    fn error<T>(&self, message: &str) -> Result<T, SyntaxError> {
        let start = TextSize::try_from(self.position.min(self.bytes.len())).unwrap_or_default();
        Err(SyntaxError::too_deep(message, TextRange::empty(start)))
    }

    fn open(&mut self, kind: Kind) -> Result<(), SyntaxError> {
        if matches!(kind, Kind::Bracket | Kind::Field) {
            self.brackets += 1;
        }
        // `lambda`s and f-strings nest without brackets; the chain limit serves for them.
        if self.brackets > MAX_BRACKETS || self.levels.len() > self.max_chain as usize {
            return self.error("too many nested parentheses");
        }
        self.levels.push(Level::new(kind));
        Ok(())
    }

    /// Closes the innermost level: what was in it hangs on the one around it.
    fn close(&mut self) -> Result<(), SyntaxError> {
        if self.levels.len() < 2 {
            return Ok(());
        }
        if let Some(mut inner) = self.levels.pop() {
            inner.begin_anew();
            if matches!(inner.kind, Kind::Bracket | Kind::Field) {
                self.brackets = self.brackets.saturating_sub(1);
            }
            if inner.deepest > self.max_chain {
                return self.error("too many nested expressions");
            }
            if let Some(outer) = self.levels.last_mut() {
                outer.chain = outer.chain.saturating_add(1);
                outer.side = outer.side.max(inner.deepest.saturating_add(1));
            }
        }
        Ok(())
    }

    fn close_lambdas(&mut self) -> Result<(), SyntaxError> {
        while self.kind() == Kind::Lambda {
            self.close()?;
        }
        Ok(())
    }

    fn run(&mut self) -> Result<(), SyntaxError> {
        self.indentation()?;
        while self.position < self.bytes.len() {
            match self.kind() {
                Kind::Text { quote, triple, raw } => self.text(quote, triple, raw)?,
                Kind::Specification => self.specification()?,
                _ => self.code()?,
            }
        }
        while self.levels.len() > 1 {
            self.close()?;
        }
        self.end_of_line()
    }

    fn end_of_line(&mut self) -> Result<(), SyntaxError> {
        if let Some(level) = self.levels.last_mut() {
            level.begin_anew();
            let deepest = std::mem::take(&mut level.deepest);
            if deepest > self.max_chain {
                return self.error("too many nested expressions");
            }
        }
        Ok(())
    }

    /// At the start of a line outside brackets: counts indentation as the tokenizer does.
    fn indentation(&mut self) -> Result<(), SyntaxError> {
        let mut column = 0u32;
        loop {
            match self.peek(0) {
                b' ' => column += 1,
                b'\t' => column = (column / 8 + 1) * 8,
                b'\x0c' => column = 0,
                _ => break,
            }
            self.position += 1;
        }
        if matches!(self.peek(0), b'#' | b'\n' | b'\r' | b'\\' | 0) {
            return Ok(());
        }
        while self.indentations.last().is_some_and(|&last| column < last) {
            self.indentations.pop();
        }
        if self.indentations.last().is_none_or(|&last| column > last) {
            if self.indentations.len() > MAX_INDENTATIONS {
                return self.error("too many levels of indentation");
            }
            self.indentations.push(column);
        }
        Ok(())
    }

    fn code(&mut self) -> Result<(), SyntaxError> {
        let byte = self.peek(0);
        match byte {
            b'\n' | b'\r' => {
                self.position += 1;
                if byte == b'\r' && self.peek(0) == b'\n' {
                    self.position += 1;
                }
                if self.brackets == 0 {
                    self.close_lambdas()?;
                    if self.kind() == Kind::Line {
                        self.end_of_line()?;
                        self.indentation()?;
                    }
                }
            }
            b'\\' => {
                self.position += 1;
                if self.peek(0) == b'\r' && self.peek(1) == b'\n' {
                    self.position += 1;
                }
                self.position += 1;
            }
            b'#' => {
                let rest = &self.bytes[self.position..];
                self.position += memchr::memchr2(b'\n', b'\r', rest).unwrap_or(rest.len());
            }
            b'"' | b'\'' => self.string("")?,
            b'(' | b'[' | b'{' => {
                self.position += 1;
                self.open(Kind::Bracket)?;
            }
            b')' | b']' | b'}' => {
                self.position += 1;
                self.close_lambdas()?;
                if matches!(self.kind(), Kind::Bracket | Kind::Field) {
                    self.close()?;
                }
            }
            b',' | b';' => {
                self.position += 1;
                if let Some(level) = self.levels.last_mut() {
                    level.begin_anew();
                }
            }
            b':' => {
                self.position += 1;
                match self.kind() {
                    Kind::Lambda => self.close()?,
                    Kind::Field => self.open(Kind::Specification)?,
                    _ => {}
                }
            }
            b'*' | b'/' | b'<' | b'>' => {
                let double = self.peek(1) == byte;
                self.position += if double { 2 } else { 1 };
                if double || matches!(byte, b'*' | b'/') {
                    self.count();
                }
            }
            b'+' | b'-' | b'%' | b'@' | b'&' | b'|' | b'^' | b'~' | b'.' => {
                self.position += 1;
                self.count();
            }
            b'0'..=b'9' => self.number(),
            b'_' | b'a'..=b'z' | b'A'..=b'Z' | 0x80.. => self.word()?,
            _ => self.position += 1,
        }
        Ok(())
    }

    /// At most one dot belongs to a number: `1..real` is an attribute.
    fn number(&mut self) {
        let mut dots = 0;
        loop {
            match self.peek(0) {
                b'.' if dots == 0 => dots = 1,
                b'_' | b'0'..=b'9' | b'a'..=b'z' | b'A'..=b'Z' => {}
                _ => return,
            }
            self.position += 1;
        }
    }

    fn word(&mut self) -> Result<(), SyntaxError> {
        let bytes = self.bytes;
        let start = self.position;
        while matches!(self.peek(0), b'_' | b'0'..=b'9' | b'a'..=b'z' | b'A'..=b'Z' | 0x80..) {
            self.position += 1;
        }
        let word = &bytes[start..self.position];
        match word {
            b"not" | b"else" => self.count(),
            b"lambda" => self.open(Kind::Lambda)?,
            _ if word.len() <= 2 && matches!(self.peek(0), b'"' | b'\'') => {
                let prefix = std::str::from_utf8(word).unwrap_or("");
                self.string(prefix)?;
            }
            _ => {}
        }
        Ok(())
    }

    /// At a quote: skips a plain string, opens an f-string.
    fn string(&mut self, prefix: &str) -> Result<(), SyntaxError> {
        let quote = self.peek(0);
        let triple = self.peek(1) == quote && self.peek(2) == quote;
        self.position += if triple { 3 } else { 1 };
        let has = |letter: u8| prefix.bytes().any(|byte| byte.eq_ignore_ascii_case(&letter));
        if has(b'f') || has(b't') {
            return self.open(Kind::Text { quote, triple, raw: has(b'r') });
        }
        if triple {
            loop {
                let rest = self.bytes.get(self.position..).unwrap_or(&[]);
                match memchr::memchr2(quote, b'\\', rest) {
                    None => {
                        self.position = self.bytes.len();
                        return Ok(());
                    }
                    Some(found) => self.position += found,
                }
                if self.peek(0) == b'\\' {
                    self.position += 2;
                } else if self.peek(1) == quote && self.peek(2) == quote {
                    self.position += 3;
                    return Ok(());
                } else {
                    self.position += 1;
                }
            }
        }
        while self.position < self.bytes.len() {
            match self.peek(0) {
                b'\\' => {
                    // A backslash before `\r\n` continues the line.
                    self.position += if self.peek(1) == b'\r' && self.peek(2) == b'\n' { 3 } else { 2 };
                }
                b'\n' | b'\r' => return Ok(()),
                byte => {
                    self.position += 1;
                    if byte == quote {
                        return Ok(());
                    }
                }
            }
        }
        Ok(())
    }

    fn text(&mut self, quote: u8, triple: bool, raw: bool) -> Result<(), SyntaxError> {
        match self.peek(0) {
            b'\\' => self.escape(raw),
            b'{' if self.peek(1) == b'{' => self.position += 2,
            b'{' => {
                self.position += 1;
                self.open(Kind::Field)?;
            }
            b'\n' | b'\r' if !triple => self.close()?,
            byte if byte == quote => {
                if !triple {
                    self.position += 1;
                    self.close()?;
                } else if self.peek(1) == quote && self.peek(2) == quote {
                    self.position += 3;
                    self.close()?;
                } else {
                    self.position += 1;
                }
            }
            _ => self.position += 1,
        }
        Ok(())
    }

    /// A backslash in an f-string does not escape a brace, but `\N{…}` is one escape.
    fn escape(&mut self, raw: bool) {
        if self.peek(1) == b'{' {
            self.position += 1;
        } else if !raw && self.peek(1) == b'N' && self.peek(2) == b'{' {
            let rest = self.bytes.get(self.position..).unwrap_or(&[]);
            self.position += memchr::memchr3(b'}', b'\n', b'"', rest).map_or(rest.len(), |found| found + 1);
        } else {
            self.position += 2;
        }
    }

    fn specification(&mut self) -> Result<(), SyntaxError> {
        let raw_text = self.levels.iter().rev().find_map(|level| match level.kind {
            Kind::Text { quote, triple, raw } => Some((quote, triple, raw)),
            _ => None,
        });
        let (quote, triple, raw) = raw_text.unwrap_or((0, true, false));
        match self.peek(0) {
            b'\\' => self.escape(raw),
            b'{' => {
                self.position += 1;
                self.open(Kind::Field)?;
            }
            b'}' => {
                self.position += 1;
                self.close()?;
                self.close()?;
            }
            b'\n' | b'\r' if !triple => {
                self.close()?;
                self.close()?;
            }
            byte if byte == quote && (!triple || (self.peek(1) == quote && self.peek(2) == quote)) => {
                self.close()?;
                self.close()?;
            }
            _ => self.position += 1,
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::error::SyntaxErrorKind;

    const N: usize = 50_000;

    fn refused(text: &str) {
        let error = check_depth(text, (3, 13)).expect_err("refused");
        assert_eq!(error.kind, SyntaxErrorKind::TooDeep);
    }

    fn accepted(text: &str) {
        assert_eq!(check_depth(text, (3, 11)), Ok(()));
    }

    #[test]
    fn brackets() {
        accepted(&("(".repeat(200) + &")".repeat(200)));
        refused(&("(".repeat(201) + &")".repeat(201)));
        refused(&"[".repeat(N));
        refused(&"{".repeat(N));
        accepted(&format!("'{}'", "(".repeat(N)));
        accepted(&format!("# {}\n'''{}'''", "(".repeat(N), "[".repeat(N)));
    }

    #[test]
    fn indentation() {
        let nested = |n: usize| -> String {
            (0..n).map(|i| " ".repeat(i) + "if x:\n").collect::<String>() + &" ".repeat(n) + "pass\n"
        };
        accepted(&nested(99));
        refused(&nested(100));
    }

    #[test]
    fn chains() {
        refused(&("1+".repeat(N) + "1"));
        refused(&("-".repeat(N) + "x"));
        refused(&("not ".repeat(N) + "x"));
        refused(&("a".to_owned() + &".b".repeat(N)));
        refused(&("a".to_owned() + &"()".repeat(N)));
        refused(&("a if b else ".repeat(N) + "c"));
        refused(&("lambda: ".repeat(N) + "c"));
        refused(&("lambda x, y: ".repeat(N) + "c"));
        refused(&("lambda x=lambda y: 1, z=2: ".repeat(N) + "c"));
        refused(&"f'{".repeat(N));
        refused(&"f'{x:{".repeat(N));
        refused(&("2**".repeat(N) + "1"));
        refused(&("0xe-".repeat(N) + "1"));
        refused(&("1.".to_owned() + &".real".repeat(N)));
        accepted(&("1+".repeat(2000) + "1"));
    }

    #[test]
    fn what_stands_side_by_side_does_not_add_up() {
        accepted(&format!("x = [{}]", "f(1 + 2).g, lambda a, b: -a.b, ".repeat(N)));
        accepted(&"x = f(1 + 2).g(lambda: 3)\n".repeat(N));
        accepted(&format!("f'{}'", "{a.b + c:{d}} {{ ".repeat(900)));
        accepted(&"f'''{x!r:>{width}} {d['k']} \\N{DIGIT ONE}'''\n".repeat(N));
    }
}
