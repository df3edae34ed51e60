//! `repr`, `str` and `ascii`.

use std::fmt::Write;
use std::sync::Arc;

use super::text::unicode::{self, PRINTABLE};
use super::{Failure, MAX_DEPTH, MAX_TEXT, Outcome, complex, float_text, integer, not_modelled, number_text};
use crate::value::{Integer, Value};

/// `repr(x)`
pub fn repr(x: &Value) -> Outcome<Arc<str>> {
    let mut out = String::new();
    write_repr(x, &mut out, MAX_DEPTH)?;
    Ok(out.into())
}

/// `str(x)`
pub fn str(x: &Value) -> Outcome<Arc<str>> {
    match x {
        Value::Str(text) => Ok(text.clone()),
        other => repr(other),
    }
}

/// `ascii(x)`
pub fn ascii(x: &Value) -> Outcome<Arc<str>> {
    // Whether a character prints does not matter here: what is not ASCII is escaped.
    let mut out = String::new();
    write_any(x, &mut out, MAX_DEPTH, true)?;
    if out.len() > MAX_TEXT {
        return Err(Failure::TooLarge);
    }
    Ok(out.into())
}

fn write_repr(x: &Value, out: &mut String, depth: usize) -> Outcome<()> {
    write_any(x, out, depth, false)
}

fn write_any(x: &Value, out: &mut String, depth: usize, ascii: bool) -> Outcome<()> {
    if out.len() > MAX_TEXT {
        return Err(Failure::TooLarge);
    }
    let depth = depth.checked_sub(1).ok_or(Failure::NotModelled("data nested too deeply"))?;
    match x {
        Value::None => out.push_str("None"),
        Value::Ellipsis => out.push_str("Ellipsis"),
        Value::NotImplemented => out.push_str("NotImplemented"),
        Value::Bool(b) => out.push_str(if *b { "True" } else { "False" }),
        Value::Int(n) => out.push_str(&number_text::decimal(n)?),
        Value::Float(f) => out.push_str(&float_text::repr(*f)),
        Value::Complex(re, im) => out.push_str(&complex::repr((*re, *im))),
        Value::Str(text) => write_text(text, out, ascii)?,
        Value::Bytes(data) => write_bytes(data, out),
        Value::Tuple(items) => {
            out.push('(');
            for (at, item) in items.iter().enumerate() {
                if at > 0 {
                    out.push_str(", ");
                }
                write_any(item, out, depth, ascii)?;
            }
            out.push_str(if items.len() == 1 { ",)" } else { ")" });
        }
        Value::Range(bounds) => {
            let [start, stop, step] = &**bounds;
            out.push_str("range(");
            out.push_str(&number_text::decimal(start)?);
            out.push_str(", ");
            out.push_str(&number_text::decimal(stop)?);
            if integer::order(step, &Integer::Small(1)).is_ne() {
                out.push_str(", ");
                out.push_str(&number_text::decimal(step)?);
            }
            out.push(')');
        }
        Value::Slice(parts) => {
            out.push_str("slice(");
            for (at, part) in parts.iter().enumerate() {
                if at > 0 {
                    out.push_str(", ");
                }
                write_any(part, out, depth, ascii)?;
            }
            out.push(')');
        }
        _ => return not_modelled("repr of what is not plain data"),
    }
    Ok(())
}

/// The quote that CPython takes: double only if that saves escaping.
fn quote(single: bool, double: bool) -> char {
    if single && !double { '"' } else { '\'' }
}

fn write_text(text: &str, out: &mut String, ascii: bool) -> Outcome<()> {
    let quote = quote(text.contains('\''), text.contains('"'));
    out.push(quote);
    for c in text.chars() {
        match c {
            '\\' => out.push_str("\\\\"),
            '\t' => out.push_str("\\t"),
            '\n' => out.push_str("\\n"),
            '\r' => out.push_str("\\r"),
            c if c == quote => {
                out.push('\\');
                out.push(c);
            }
            ' '..='~' => out.push(c),
            c if c.is_ascii() || ascii || unicode::properties(c)? & PRINTABLE == 0 => write_escape(c, out),
            c => out.push(c),
        }
    }
    out.push(quote);
    Ok(())
}

/// `\xNN`, `\uNNNN` or `\UNNNNNNNN`
pub(crate) fn write_escape(c: char, out: &mut String) {
    let code = u32::from(c);
    // Writing to a String can't fail.
    let _ = if code <= 0xff {
        write!(out, "\\x{code:02x}")
    } else if code <= 0xffff {
        write!(out, "\\u{code:04x}")
    } else {
        write!(out, "\\U{code:08x}")
    };
}

fn write_bytes(data: &[u8], out: &mut String) {
    let quote = quote(data.contains(&b'\''), data.contains(&b'"'));
    out.push('b');
    out.push(quote);
    for &byte in data {
        match byte {
            b'\\' => out.push_str("\\\\"),
            b'\t' => out.push_str("\\t"),
            b'\n' => out.push_str("\\n"),
            b'\r' => out.push_str("\\r"),
            _ if char::from(byte) == quote => {
                out.push('\\');
                out.push(quote);
            }
            b' '..=b'~' => out.push(char::from(byte)),
            _ => write_escape(char::from(byte), out),
        }
    }
    out.push(quote);
}
