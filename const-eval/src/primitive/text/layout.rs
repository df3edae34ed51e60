//! Padding and tabs of `str`.

use crate::primitive::{Outcome, bounded_text};

/// Puts so many fill characters before and after.
pub(crate) fn pad(text: &str, before: usize, fill: char, after: usize) -> Outcome<String> {
    let added = before.checked_add(after).and_then(|count| count.checked_mul(fill.len_utf8()));
    bounded_text(added.and_then(|added| added.checked_add(text.len())))?;
    let fills = |count: usize| std::iter::repeat_n(fill, count);
    Ok(fills(before).chain(text.chars()).chain(fills(after)).collect())
}

/// How `center` divides the fill (`unicode_center`).
pub(crate) fn center(missing: usize, width: usize) -> (usize, usize) {
    let left = missing / 2 + (missing & width & 1);
    (left, missing - left)
}

/// `text.expandtabs(size)`
pub(crate) fn expand_tabs(text: &str, size: i64) -> Outcome<String> {
    let mut out = String::with_capacity(text.len());
    let mut column: i64 = 0;
    for c in text.chars() {
        if c == '\t' {
            if size > 0 {
                let spaces = size - column % size;
                bounded_text(usize::try_from(spaces).ok().and_then(|spaces| spaces.checked_add(out.len())))?;
                out.extend(std::iter::repeat_n(' ', spaces as usize));
                column += spaces;
            }
        } else {
            out.push(c);
            column = if matches!(c, '\n' | '\r') { 0 } else { column + 1 };
        }
    }
    Ok(out)
}

/// `text.zfill(width)`
pub(crate) fn zero_fill(text: &str, width: i64) -> Outcome<String> {
    let missing = usize::try_from(width).unwrap_or(0).saturating_sub(super::length(text));
    let (sign, digits) = match text.as_bytes().first() {
        Some(b'+' | b'-') if missing > 0 => text.split_at(1),
        _ => ("", text),
    };
    Ok(format!("{sign}{}", pad(digits, missing, '0', 0)?))
}
