//! From byte offsets to lines and columns.

use ruff_text_size::TextSize;

/// Where the lines of a text start.
///
/// Lines end at `\n`, `\r\n` or a lone `\r`, as for CPython's tokenizer.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LineIndex {
    starts: Vec<u32>,
}

impl LineIndex {
    pub fn new(text: &str) -> LineIndex {
        let bytes = text.as_bytes();
        let mut starts = vec![0];
        for position in memchr::memchr2_iter(b'\n', b'\r', bytes) {
            if bytes[position] == b'\r' && bytes.get(position + 1) == Some(&b'\n') {
                continue;
            }
            starts.push(u32::try_from(position + 1).unwrap_or(u32::MAX));
        }
        LineIndex { starts }
    }

    pub fn line_count(&self) -> usize {
        self.starts.len()
    }

    /// Line and column of a byte offset, both from 1, the column in characters
    /// (Unicode scalar values). Offsets past the end mean the end; an offset
    /// within a character means its start.
    pub fn line_column(&self, text: &str, offset: TextSize) -> (u32, u32) {
        let mut offset = (u32::from(offset) as usize).min(text.len());
        while !text.is_char_boundary(offset) {
            offset -= 1;
        }
        let line = self.starts.partition_point(|&start| start as usize <= offset);
        let start = self.starts.get(line.saturating_sub(1)).copied().unwrap_or(0) as usize;
        let column = text.get(start..offset).map_or(0, |prefix| prefix.chars().count());
        (u32::try_from(line).unwrap_or(u32::MAX), u32::try_from(column + 1).unwrap_or(u32::MAX))
    }

    /// Byte offset where a line starts; lines count from 1.
    pub fn line_start(&self, line: u32) -> Option<TextSize> {
        self.starts.get((line as usize).checked_sub(1)?).copied().map(TextSize::from)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn columns_count_characters() {
        let text = "a = 'é€😀' + b\r\nx\ry\n";
        let index = LineIndex::new(text);
        let at = |needle: &str| {
            let offset = text.find(needle).unwrap_or(text.len());
            index.line_column(text, TextSize::try_from(offset).unwrap_or_default())
        };
        assert_eq!(at("a"), (1, 1));
        assert_eq!(at("b"), (1, 13));
        assert_eq!(at("x"), (2, 1));
        assert_eq!(at("y"), (3, 1));
        assert_eq!(index.line_column(text, TextSize::from(1000)), (4, 1));
        assert_eq!(index.line_column(text, TextSize::from(6)), (1, 6));
        assert_eq!(index.line_count(), 4);
    }

    #[test]
    fn empty_text_has_one_line() {
        assert_eq!(LineIndex::new("").line_column("", TextSize::from(0)), (1, 1));
    }
}
