//! Case conversion and character predicates of `str`.

use super::unicode::{
    ALPHA, CASE_IGNORABLE, CASED, Case, DECIMAL, DIGIT, IDENTIFIER_PART, IDENTIFIER_START, LOWER, NUMERIC, PRINTABLE,
    TITLE, UPPER, is_space, properties, push_mapped,
};
use crate::primitive::Outcome;

const SIGMA: char = '\u{3a3}';

/// Appends the lower case of the character at `at`, with the final sigma rule.
fn push_lower(chars: &[char], at: usize, out: &mut String) -> Outcome<()> {
    if chars[at] != SIGMA {
        return push_mapped(chars[at], Case::Lower, out);
    }
    // Final: a cased character before it and none after, not counting case-ignorable ones.
    let cased = |c: &char| properties(*c).map(|p| p & CASED != 0);
    let nearest = |candidates: &mut dyn Iterator<Item = &char>| -> Outcome<bool> {
        for c in candidates {
            if properties(*c)? & CASE_IGNORABLE == 0 {
                return cased(c);
            }
        }
        Ok(false)
    };
    let after_cased = nearest(&mut chars[..at].iter().rev())?;
    let is_final = after_cased && !nearest(&mut chars[at + 1..].iter())?;
    out.push(if is_final { '\u{3c2}' } else { '\u{3c3}' });
    Ok(())
}

fn map_all(text: &str, case: Case) -> Outcome<String> {
    let mut out = String::with_capacity(text.len());
    for c in text.chars() {
        push_mapped(c, case, &mut out)?;
    }
    Ok(out)
}

pub(crate) fn upper(text: &str) -> Outcome<String> {
    map_all(text, Case::Upper)
}

pub(crate) fn casefold(text: &str) -> Outcome<String> {
    map_all(text, Case::Fold)
}

pub(crate) fn lower(text: &str) -> Outcome<String> {
    if text.is_ascii() {
        return Ok(text.to_ascii_lowercase());
    }
    let chars: Vec<char> = text.chars().collect();
    let mut out = String::with_capacity(text.len());
    for at in 0..chars.len() {
        push_lower(&chars, at, &mut out)?;
    }
    Ok(out)
}

pub(crate) fn capitalize(text: &str) -> Outcome<String> {
    let chars: Vec<char> = text.chars().collect();
    let mut out = String::with_capacity(text.len());
    for at in 0..chars.len() {
        if at == 0 {
            push_mapped(chars[0], Case::Title, &mut out)?;
        } else {
            push_lower(&chars, at, &mut out)?;
        }
    }
    Ok(out)
}

pub(crate) fn title(text: &str) -> Outcome<String> {
    let chars: Vec<char> = text.chars().collect();
    let mut out = String::with_capacity(text.len());
    let mut after_cased = false;
    for at in 0..chars.len() {
        if after_cased {
            push_lower(&chars, at, &mut out)?;
        } else {
            push_mapped(chars[at], Case::Title, &mut out)?;
        }
        after_cased = properties(chars[at])? & CASED != 0;
    }
    Ok(out)
}

pub(crate) fn swapcase(text: &str) -> Outcome<String> {
    let chars: Vec<char> = text.chars().collect();
    let mut out = String::with_capacity(text.len());
    for at in 0..chars.len() {
        let flags = properties(chars[at])?;
        if flags & UPPER != 0 {
            push_lower(&chars, at, &mut out)?;
        } else if flags & LOWER != 0 {
            push_mapped(chars[at], Case::Upper, &mut out)?;
        } else {
            out.push(chars[at]);
        }
    }
    Ok(out)
}

/// One of the `is…` methods; `None` if there is no such.
pub(crate) fn predicate(text: &str, name: &str) -> Outcome<Option<bool>> {
    let all = |mask: u16| -> Outcome<bool> {
        for c in text.chars() {
            if properties(c)? & mask == 0 {
                return Ok(false);
            }
        }
        Ok(!text.is_empty())
    };
    Ok(Some(match name {
        "isalpha" => all(ALPHA)?,
        "isdecimal" => all(DECIMAL)?,
        "isdigit" => all(DIGIT)?,
        "isnumeric" => all(NUMERIC)?,
        "isalnum" => all(ALPHA | DECIMAL | DIGIT | NUMERIC)?,
        "isascii" => text.is_ascii(),
        "isspace" => !text.is_empty() && text.chars().all(is_space),
        "isprintable" => text.is_empty() || all(PRINTABLE)?,
        "isidentifier" => is_identifier(text)?,
        "islower" => only_case(text, LOWER, UPPER | TITLE)?,
        "isupper" => only_case(text, UPPER, LOWER | TITLE)?,
        "istitle" => is_title(text)?,
        _ => return Ok(None),
    }))
}

pub fn is_identifier(text: &str) -> Outcome<bool> {
    let mut mask = IDENTIFIER_START;
    for c in text.chars() {
        if properties(c)? & mask == 0 {
            return Ok(false);
        }
        mask = IDENTIFIER_PART;
    }
    Ok(!text.is_empty())
}

fn only_case(text: &str, wanted: u16, unwanted: u16) -> Outcome<bool> {
    let mut found = false;
    for c in text.chars() {
        let flags = properties(c)?;
        if flags & unwanted != 0 {
            return Ok(false);
        }
        found |= flags & wanted != 0;
    }
    Ok(found)
}

fn is_title(text: &str) -> Outcome<bool> {
    let (mut found, mut after_cased) = (false, false);
    for c in text.chars() {
        let flags = properties(c)?;
        if flags & (UPPER | TITLE) != 0 {
            if after_cased {
                return Ok(false);
            }
            (found, after_cased) = (true, true);
        } else if flags & LOWER != 0 {
            if !after_cased {
                return Ok(false);
            }
            (found, after_cased) = (true, true);
        } else {
            after_cased = false;
        }
    }
    Ok(found)
}
