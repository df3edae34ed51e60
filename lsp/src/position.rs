//! Positions of the protocol and byte offsets.
//!
//! A position is a line and a count of code units in it; which code units, client and server agree on at the start.

use lsp_types::{Position, PositionEncodingKind, Range};
use syntax::{LineIndex, TextRange, TextSize};

/// What columns count.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Encoding {
    Utf8,
    /// What every client understands.
    #[default]
    Utf16,
    Utf32,
}

impl Encoding {
    /// The one that costs us least among those that the client offers.
    pub fn negotiate(offered: Option<&[PositionEncodingKind]>) -> Encoding {
        let offered = offered.unwrap_or_default();
        let is_offered = |kind: PositionEncodingKind| offered.contains(&kind);
        if is_offered(PositionEncodingKind::UTF8) {
            Encoding::Utf8
        } else if is_offered(PositionEncodingKind::UTF32) && !is_offered(PositionEncodingKind::UTF16) {
            Encoding::Utf32
        } else {
            Encoding::Utf16
        }
    }

    pub fn kind(self) -> PositionEncodingKind {
        match self {
            Encoding::Utf8 => PositionEncodingKind::UTF8,
            Encoding::Utf16 => PositionEncodingKind::UTF16,
            Encoding::Utf32 => PositionEncodingKind::UTF32,
        }
    }

    fn units(self, character: char) -> usize {
        match self {
            Encoding::Utf8 => character.len_utf8(),
            Encoding::Utf16 => character.len_utf16(),
            Encoding::Utf32 => 1,
        }
    }

    fn count(self, text: &str) -> usize {
        match self {
            Encoding::Utf8 => text.len(),
            _ => text.chars().map(|character| self.units(character)).sum(),
        }
    }
}

/// A text with its lines, for a client that counts in `encoding`.
#[derive(Clone, Copy)]
pub struct Lines<'a> {
    pub text: &'a str,
    pub index: &'a LineIndex,
    pub encoding: Encoding,
}

impl Lines<'_> {
    /// The byte offset of a position. Beyond the end of a line it means that end; beyond the last line, the end of
    /// the text; within a character, its start.
    pub fn offset(&self, position: Position) -> TextSize {
        let Some(start) = self.index.line_start(position.line.saturating_add(1)) else {
            return end_of(self.text);
        };
        let line = &self.text[usize::from(start).min(self.text.len())..];
        let line = &line[..line.find(['\n', '\r']).unwrap_or(line.len())];
        let wanted = position.character as usize;
        let mut units = 0;
        let mut length = line.len();
        for (at, character) in line.char_indices() {
            units += self.encoding.units(character);
            if units > wanted {
                length = at;
                break;
            }
        }
        start + TextSize::try_from(length).unwrap_or_default()
    }

    /// The position of a byte offset.
    pub fn position(&self, offset: TextSize) -> Position {
        let mut offset = usize::from(offset).min(self.text.len());
        while !self.text.is_char_boundary(offset) {
            offset -= 1;
        }
        let (line, _) = self.index.line_column(self.text, TextSize::try_from(offset).unwrap_or_default());
        let start = self.index.line_start(line).map_or(0, usize::from);
        let character = self.encoding.count(self.text.get(start..offset).unwrap_or_default());
        Position { line: line - 1, character: u32::try_from(character).unwrap_or(u32::MAX) }
    }

    pub fn range(&self, range: TextRange) -> Range {
        Range { start: self.position(range.start()), end: self.position(range.end()) }
    }

    /// The byte offsets of a range; one that ends before it starts is empty.
    pub fn offsets(&self, range: Range) -> TextRange {
        let start = self.offset(range.start);
        TextRange::new(start, self.offset(range.end).max(start))
    }
}

fn end_of(text: &str) -> TextSize {
    TextSize::try_from(text.len()).unwrap_or(TextSize::from(u32::MAX))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn round(encoding: Encoding, text: &str, needle: &str) -> (u32, u32) {
        let index = LineIndex::new(text);
        let lines = Lines { text, index: &index, encoding };
        let offset = TextSize::try_from(text.find(needle).unwrap()).unwrap();
        let position = lines.position(offset);
        assert_eq!(lines.offset(position), offset);
        (position.line, position.character)
    }

    #[test]
    fn columns_count_what_was_agreed_on() {
        let text = "a\r\n'é€😀' + b\rc";
        assert_eq!(round(Encoding::Utf8, text, "b"), (1, 14));
        assert_eq!(round(Encoding::Utf16, text, "b"), (1, 9));
        assert_eq!(round(Encoding::Utf32, text, "b"), (1, 8));
        assert_eq!(round(Encoding::Utf16, text, "c"), (2, 0));
    }

    #[test]
    fn positions_outside_the_text_mean_the_nearest_place() {
        let text = "x😀\ny\n";
        let index = LineIndex::new(text);
        let at = |line, character, encoding| {
            u32::from(Lines { text, index: &index, encoding }.offset(Position { line, character }))
        };
        assert_eq!(at(0, 99, Encoding::Utf16), 5);
        assert_eq!(at(9, 0, Encoding::Utf16), 8);
        assert_eq!(at(0, 2, Encoding::Utf16), 1, "within a surrogate pair");
        assert_eq!(at(0, 3, Encoding::Utf8), 1, "within a character");
        assert_eq!(at(2, 0, Encoding::Utf32), 8);
    }

    #[test]
    fn utf_8_is_taken_where_it_is_offered_and_utf_16_is_the_rule() {
        let offer = |kinds: &[PositionEncodingKind]| Encoding::negotiate(Some(kinds));
        assert_eq!(Encoding::negotiate(None), Encoding::Utf16);
        assert_eq!(offer(&[PositionEncodingKind::UTF16, PositionEncodingKind::UTF8]), Encoding::Utf8);
        assert_eq!(offer(&[PositionEncodingKind::UTF32, PositionEncodingKind::UTF16]), Encoding::Utf16);
        assert_eq!(offer(&[PositionEncodingKind::UTF32]), Encoding::Utf32);
    }
}
