//! The templates of `str.format` (`Objects/stringlib/unicode_format.h`).
//!
//! [`parse`] divides a template into pieces, so that a caller can look up and
//! convert arguments that are not plain data; [`apply`] does it all for data.
//! CPython reports a mistake in a template when it gets there: what stands before
//! it is evaluated first. So an [`Piece::Error`] is a piece, always the last one.

use std::sync::Arc;

use super::text::unicode;
use super::{
    Context, Failure, Outcome, bounded_text, format, methods, not_modelled, raise, repr, sequence, value_error,
};
use crate::value::Value;

#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Piece {
    Literal(String),
    Field(Field),
    /// The template is wrong here.
    Error(Failure),
}

/// A replacement field: `{first.attribute[item]!conversion:spec}`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Field {
    pub first: First,
    pub steps: Vec<Step>,
    /// The character after `!`, which [`check_conversion`] must approve.
    pub conversion: Option<char>,
    pub spec: Vec<Piece>,
}

/// Which argument.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum First {
    /// A positional one; automatic numbers are already given.
    Index(usize),
    Name(String),
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Step {
    Attribute(String),
    /// `[3]`
    Index(i64),
    /// `[name]`
    Key(String),
    /// The field is wrong here.
    Error(Failure),
}

/// How fields without a number and fields with one have been used.
#[derive(Default)]
struct Numbering {
    automatic: Option<bool>,
    next: usize,
}

/// How deep fields may nest: a field's specification may hold fields, theirs may not.
const DEPTH: usize = 2;

/// The pieces of a template.
pub fn parse(template: &str) -> Vec<Piece> {
    let mut numbering = Numbering::default();
    pieces(template, DEPTH, &mut numbering)
}

/// Error unless the conversion is `r`, `s` or `a`.
pub fn check_conversion(conversion: char) -> Outcome<()> {
    match conversion {
        'r' | 's' | 'a' => Ok(()),
        c if c > ' ' && c < '\u{7f}' => value_error(format!("Unknown conversion specifier {c}")),
        c => value_error(format!("Unknown conversion specifier \\x{:x}", u32::from(c))),
    }
}

fn failed<T>(outcome: Outcome<T>) -> Vec<Piece> {
    outcome.err().map(Piece::Error).into_iter().collect()
}

fn pieces(template: &str, depth: usize, numbering: &mut Numbering) -> Vec<Piece> {
    if depth == 0 {
        return failed::<()>(value_error("Max string recursion exceeded"));
    }
    let chars: Vec<char> = template.chars().collect();
    let mut out = Vec::new();
    let mut literal = String::new();
    let mut at = 0;
    while at < chars.len() {
        let c = chars[at];
        at += 1;
        if !matches!(c, '{' | '}') {
            literal.push(c);
            continue;
        }
        if chars.get(at) == Some(&c) {
            literal.push(c);
            at += 1;
            continue;
        }
        let field = if c == '}' {
            value_error("Single '}' encountered in format string")
        } else if at == chars.len() {
            value_error("Single '{' encountered in format string")
        } else {
            field(&chars, &mut at, depth, numbering)
        };
        if !literal.is_empty() {
            out.push(Piece::Literal(std::mem::take(&mut literal)));
        }
        match field {
            Ok(field) => out.push(Piece::Field(field)),
            Err(failure) => {
                out.push(Piece::Error(failure));
                return out;
            }
        }
    }
    if !literal.is_empty() {
        out.push(Piece::Literal(literal));
    }
    out
}

/// `parse_field`: what follows a `{`.
fn field(chars: &[char], at: &mut usize, depth: usize, numbering: &mut Numbering) -> Outcome<Field> {
    let start = *at;
    let mut ended_by = None;
    while let Some(&c) = chars.get(*at) {
        *at += 1;
        match c {
            '{' => return value_error("unexpected '{' in field name"),
            '[' => {
                while chars.get(*at).is_some_and(|&c| c != ']') {
                    *at += 1;
                }
            }
            '}' | ':' | '!' => {
                ended_by = Some(c);
                break;
            }
            _ => {}
        }
    }
    let Some(ended_by) = ended_by else {
        return value_error("expected '}' before end of string");
    };
    let name = &chars[start..*at - 1];
    let mut conversion = None;
    let mut spec: Option<(&[char], bool)> = None;
    let mut closed = ended_by == '}';
    if ended_by == '!' {
        let Some(&c) = chars.get(*at) else {
            return value_error("end of string while looking for conversion specifier");
        };
        conversion = Some(c);
        *at += 1;
        if let Some(&c) = chars.get(*at) {
            *at += 1;
            match c {
                '}' => closed = true,
                ':' => {}
                _ => return value_error("expected ':' after conversion specifier"),
            }
        }
    }
    if !closed {
        let start = *at;
        let (mut open, mut nested) = (1, false);
        while open > 0 {
            let Some(&c) = chars.get(*at) else {
                return value_error("unmatched '{' in format spec");
            };
            *at += 1;
            match c {
                '{' => (open, nested) = (open + 1, true),
                '}' => open -= 1,
                _ => {}
            }
        }
        spec = Some((&chars[start..*at - 1], nested));
    }
    let (first, steps) = field_name(name, numbering)?;
    let spec = match spec {
        Some((spec, true)) => pieces(&spec.iter().collect::<String>(), depth - 1, numbering),
        Some((spec, false)) if !spec.is_empty() => vec![Piece::Literal(spec.iter().collect())],
        _ => Vec::new(),
    };
    Ok(Field { first, steps, conversion, spec })
}

/// A number of decimal digits of any script; `None` if it is something else.
fn integer(chars: &[char]) -> Outcome<Option<i64>> {
    let mut number: i64 = 0;
    for &c in chars {
        let Some(digit) = unicode::decimal_value(c)? else {
            return Ok(None);
        };
        number = match number.checked_mul(10).and_then(|n| n.checked_add(i64::from(digit))) {
            Some(number) => number,
            None => return value_error("Too many decimal digits in format string"),
        };
    }
    Ok(if chars.is_empty() { None } else { Some(number) })
}

/// `field_name_split` and `FieldNameIterator_next`
fn field_name(name: &[char], numbering: &mut Numbering) -> Outcome<(First, Vec<Step>)> {
    let end = name.iter().position(|c| matches!(c, '[' | '.')).unwrap_or(name.len());
    let (head, mut rest) = name.split_at(end);
    let number = integer(head)?;
    let empty = head.is_empty();
    if empty || number.is_some() {
        match (*numbering.automatic.get_or_insert(empty), empty) {
            (false, true) => {
                return value_error("cannot switch from manual field specification to automatic field numbering");
            }
            (true, false) => {
                return value_error("cannot switch from automatic field numbering to manual field specification");
            }
            _ => {}
        }
    }
    let first = match number {
        Some(number) => First::Index(number as usize),
        None if empty => {
            numbering.next += 1;
            First::Index(numbering.next - 1)
        }
        None => First::Name(head.iter().collect()),
    };
    let mut steps = Vec::new();
    while let [lead, tail @ ..] = rest {
        let step = match lead {
            '.' => {
                let end = tail.iter().position(|c| matches!(c, '[' | '.')).unwrap_or(tail.len());
                rest = &tail[end..];
                nonempty(&tail[..end]).map(|name| Step::Attribute(name.iter().collect()))
            }
            '[' => match tail.iter().position(|&c| c == ']') {
                Some(end) => {
                    rest = &tail[end + 1..];
                    item(&tail[..end])
                }
                None => value_error("Missing ']' in format string"),
            },
            _ => value_error("Only '.' or '[' may follow ']' in format field specifier"),
        };
        match step {
            Ok(step) => steps.push(step),
            Err(failure) => {
                steps.push(Step::Error(failure));
                break;
            }
        }
    }
    Ok((first, steps))
}

fn nonempty(name: &[char]) -> Outcome<&[char]> {
    if name.is_empty() { value_error("Empty attribute in format string") } else { Ok(name) }
}

fn item(name: &[char]) -> Outcome<Step> {
    Ok(match integer(name)? {
        Some(number) => Step::Index(number),
        None => Step::Key(nonempty(name)?.iter().collect()),
    })
}

/// `template.format(*args, **keywords)` over data.
pub fn apply(ctx: Context, template: &str, args: &[Value], keywords: &[(&str, Value)]) -> Outcome<Arc<str>> {
    let mut out = String::new();
    write(ctx, &parse(template), args, keywords, &mut out)?;
    Ok(out.into())
}

fn write(ctx: Context, pieces: &[Piece], args: &[Value], keywords: &[(&str, Value)], out: &mut String) -> Outcome<()> {
    for piece in pieces {
        match piece {
            Piece::Literal(text) => out.push_str(text),
            Piece::Error(failure) => return Err(failure.clone()),
            Piece::Field(field) => {
                let mut value = look_up(ctx, field, args, keywords)?;
                if let Some(conversion) = field.conversion {
                    check_conversion(conversion)?;
                    value = Value::Str(match conversion {
                        's' => repr::str(&value)?,
                        'r' => repr::repr(&value)?,
                        _ => repr::ascii(&value)?,
                    });
                }
                let mut spec = String::new();
                write(ctx, &field.spec, args, keywords, &mut spec)?;
                out.push_str(&format::format(ctx, &value, &spec)?);
            }
        }
        bounded_text(Some(out.len()))?;
    }
    Ok(())
}

fn look_up(ctx: Context, field: &Field, args: &[Value], keywords: &[(&str, Value)]) -> Outcome<Value> {
    let mut value = match &field.first {
        First::Index(index) => match args.get(*index) {
            Some(value) => value.clone(),
            None => {
                return raise(
                    "IndexError",
                    format!("Replacement index {index} out of range for positional args tuple"),
                );
            }
        },
        First::Name(name) => match keywords.iter().find(|(keyword, _)| keyword == name) {
            Some((_, value)) => value.clone(),
            None => return raise("KeyError", &*repr::repr(&Value::str(name.as_str()))?),
        },
    };
    for step in &field.steps {
        value = match step {
            Step::Error(failure) => return Err(failure.clone()),
            Step::Attribute(name) => match methods::attribute(&value, name) {
                Some(found) => found?,
                None => return not_modelled("an attribute that is not data"),
            },
            Step::Index(index) => sequence::subscript(ctx, &value, &Value::int(*index))?,
            Step::Key(key) => sequence::subscript(ctx, &value, &Value::str(key.as_str()))?,
        };
    }
    Ok(value)
}
