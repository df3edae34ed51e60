//! Unicode properties and case mappings, as all targets agree on them.
//!
//! CPython 3.11 has Unicode 14.0, 3.12 has 15.0, 3.13 has 15.1. The table was
//! written by the interpreters themselves (`tools/unicode_table.py`); what they
//! don't agree on is "not modelled".

use std::sync::OnceLock;

use crate::primitive::{Outcome, not_modelled};

pub(crate) const ALPHA: u16 = 1;
pub(crate) const DECIMAL: u16 = 1 << 1;
pub(crate) const DIGIT: u16 = 1 << 2;
pub(crate) const NUMERIC: u16 = 1 << 3;
pub(crate) const LOWER: u16 = 1 << 4;
pub(crate) const UPPER: u16 = 1 << 5;
/// A titlecase letter such as U+01C5.
pub(crate) const TITLE: u16 = 1 << 6;
pub(crate) const PRINTABLE: u16 = 1 << 7;
pub(crate) const CASED: u16 = 1 << 8;
pub(crate) const CASE_IGNORABLE: u16 = 1 << 9;
pub(crate) const IDENTIFIER_START: u16 = 1 << 10;
pub(crate) const IDENTIFIER_PART: u16 = 1 << 11;
const DISPUTED: u16 = 1 << 12;

/// Which case to map to; the order of the table's columns.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Case {
    Upper = 0,
    Lower = 1,
    Title = 2,
    Fold = 3,
}

struct Table {
    /// First, last, flags; sorted.
    properties: Vec<(u32, u32, u16)>,
    /// First, last, step, what to add per case; sorted.
    mappings: Vec<(u32, u32, u32, [i32; 4])>,
    /// Code point and results per case; sorted.
    special: Vec<(u32, [Box<str>; 4])>,
}

fn flags(letters: &str) -> u16 {
    letters.chars().fold(0, |flags, letter| {
        flags
            | match letter {
                'a' => ALPHA,
                'd' => DECIMAL,
                'g' => DIGIT,
                'n' => NUMERIC,
                'l' => LOWER,
                'u' => UPPER,
                't' => TITLE,
                'p' => PRINTABLE,
                'c' => CASED,
                'i' => CASE_IGNORABLE,
                's' => IDENTIFIER_START,
                'k' => IDENTIFIER_PART,
                _ => DISPUTED,
            }
    })
}

impl Table {
    fn read(source: &str) -> Table {
        let mut table = Table { properties: Vec::new(), mappings: Vec::new(), special: Vec::new() };
        let code = |text: &str| u32::from_str_radix(text, 16).unwrap_or(0);
        for line in source.lines() {
            let fields: Vec<&str> = line.split(' ').collect();
            match fields[..] {
                ["p", first, last, letters] => table.properties.push((code(first), code(last), flags(letters))),
                ["m", first, last, step, ..] if fields.len() == 8 => {
                    let mut add = [0; 4];
                    for (slot, field) in add.iter_mut().zip(&fields[4..]) {
                        *slot = field.parse().unwrap_or(0);
                    }
                    table.mappings.push((code(first), code(last), step.parse().unwrap_or(1), add));
                }
                ["s", point, ..] if fields.len() == 6 => {
                    let results = std::array::from_fn(|case| {
                        fields[2 + case]
                            .split('+')
                            .filter_map(|text| char::from_u32(code(text)))
                            .collect::<String>()
                            .into()
                    });
                    table.special.push((code(point), results));
                }
                _ => {}
            }
        }
        table
    }
}

fn table() -> &'static Table {
    static TABLE: OnceLock<Table> = OnceLock::new();
    TABLE.get_or_init(|| Table::read(include_str!("unicode.txt")))
}

fn ascii_properties(c: char) -> u16 {
    let printable = if matches!(c, ' '..='~') { PRINTABLE } else { 0 };
    printable
        | match c {
            'a'..='z' => ALPHA | LOWER | CASED | IDENTIFIER_START | IDENTIFIER_PART,
            'A'..='Z' => ALPHA | UPPER | CASED | IDENTIFIER_START | IDENTIFIER_PART,
            '0'..='9' => DECIMAL | DIGIT | NUMERIC | IDENTIFIER_PART,
            '_' => IDENTIFIER_START | IDENTIFIER_PART,
            '\'' | '.' | ':' | '^' | '`' => CASE_IGNORABLE,
            _ => 0,
        }
}

/// The property flags of a character.
pub(crate) fn properties(c: char) -> Outcome<u16> {
    let found = raw_properties(c);
    if found & DISPUTED != 0 {
        return not_modelled("a character that the targets' Unicode versions differ on");
    }
    Ok(found)
}

fn raw_properties(c: char) -> u16 {
    if c.is_ascii() {
        return ascii_properties(c);
    }
    let code = u32::from(c);
    let properties = &table().properties;
    match properties.partition_point(|run| run.1 < code) {
        at if at < properties.len() && properties[at].0 <= code => properties[at].2,
        _ => 0,
    }
}

/// Appends a character in another case.
pub(crate) fn push_mapped(c: char, case: Case, out: &mut String) -> Outcome<()> {
    if c.is_ascii() {
        out.push(match case {
            Case::Upper | Case::Title => c.to_ascii_uppercase(),
            Case::Lower | Case::Fold => c.to_ascii_lowercase(),
        });
        return Ok(());
    }
    properties(c)?;
    let code = u32::from(c);
    let table = table();
    if let Ok(at) = table.special.binary_search_by_key(&code, |entry| entry.0) {
        out.push_str(&table.special[at].1[case as usize]);
        return Ok(());
    }
    let mappings = &table.mappings;
    let mapped = match mappings.partition_point(|run| run.1 < code) {
        at if at < mappings.len() => {
            let (first, _, step, add) = mappings[at];
            let within = code >= first && (code - first).is_multiple_of(step);
            within.then(|| code.wrapping_add_signed(add[case as usize])).and_then(char::from_u32)
        }
        _ => None,
    };
    out.push(mapped.unwrap_or(c));
    Ok(())
}

/// The value of a decimal digit of any script.
pub(crate) fn decimal_value(c: char) -> Outcome<Option<u32>> {
    if c.is_ascii() {
        return Ok(c.to_digit(10));
    }
    if properties(c)? & DECIMAL == 0 {
        return Ok(None);
    }
    let code = u32::from(c);
    let properties = &table().properties;
    // Decimals stand in runs of ten; runs that differ in other properties may adjoin.
    let mut at = properties.partition_point(|run| run.1 < code);
    while at > 0 && properties[at - 1].2 & DECIMAL != 0 && properties[at - 1].1 + 1 == properties[at].0 {
        at -= 1;
    }
    Ok(Some((code - properties[at].0) % 10))
}

/// `str.isspace` of one character; the same in all of Unicode's recent versions.
pub(crate) fn is_space(c: char) -> bool {
    matches!(
        c,
        '\t'..='\r'
            | '\u{1c}'..='\u{20}'
            | '\u{85}'
            | '\u{a0}'
            | '\u{1680}'
            | '\u{2000}'..='\u{200a}'
            | '\u{2028}'
            | '\u{2029}'
            | '\u{202f}'
            | '\u{205f}'
            | '\u{3000}'
    )
}

/// What ends a line for `str.splitlines`, `\r\n` apart.
pub(crate) fn is_line_break(c: char) -> bool {
    matches!(c, '\n'..='\r' | '\u{1c}'..='\u{1e}' | '\u{85}' | '\u{2028}' | '\u{2029}')
}
