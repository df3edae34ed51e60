//! `%` formatting (`unicode_format` in `Objects/unicodeobject.c`).
//!
//! [`parse`] divides a template into pieces, so that a caller can convert arguments
//! that are not plain data; [`apply`] does it all for data. A mistake in the template
//! is reported when CPython would get there: [`Piece::Error`] is always the last piece.

use std::sync::Arc;

use super::float_text::{Style, render};
use super::{
    Context, Failure, Outcome, bounded_text, float, number_text, operators, overflow_error, raise, repr, sequence,
    text, type_error, type_name, value_error,
};
use crate::value::{Integer, Value};

#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Piece {
    Literal(String),
    Conversion(Conversion),
    /// A key that is never closed: the arguments must be a mapping before that is noticed.
    Mapping,
    /// The template is wrong here.
    Error(Failure),
}

/// A width or precision.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Amount {
    Fixed(i64),
    /// `*`: the next argument, through [`width`] or [`precision`].
    Argument,
}

/// `%(key)-+ #0width.precisioncode`
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Conversion {
    /// The argument is looked up in a mapping. Where the arguments are none (a
    /// tuple, a str, or not subscriptable): `TypeError("format requires a mapping")`.
    pub key: Option<String>,
    /// `-`
    pub left: bool,
    /// `+`
    pub plus: bool,
    /// `' '`
    pub space: bool,
    /// `#`
    pub alternate: bool,
    /// `0`
    pub zero: bool,
    pub width: Option<Amount>,
    pub precision: Option<Amount>,
    /// The conversion's letter.
    pub code: char,
    /// Position of the letter in the template.
    pub index: usize,
    /// The template is wrong from here on: raised once the key is looked up and the
    /// amounts up to there are known. There is no letter then.
    pub error: Option<Failure>,
}

/// The pieces of a template.
pub fn parse(template: &str) -> Vec<Piece> {
    let chars: Vec<char> = template.chars().collect();
    let mut out = Vec::new();
    let mut literal = String::new();
    let mut at = 0;
    while at < chars.len() {
        if chars[at] != '%' {
            literal.push(chars[at]);
            at += 1;
            continue;
        }
        if chars.get(at + 1) == Some(&'%') {
            literal.push('%');
            at += 2;
            continue;
        }
        if !literal.is_empty() {
            out.push(Piece::Literal(std::mem::take(&mut literal)));
        }
        at += 1;
        let mut conversion = Conversion::default();
        if chars.get(at) == Some(&'(') {
            match key(&chars, &mut at) {
                Some(key) => conversion.key = Some(key),
                None => {
                    out.push(Piece::Mapping);
                    out.extend(value_error::<()>("incomplete format key").err().map(Piece::Error));
                    return out;
                }
            }
        }
        conversion.error = specification(&chars, &mut at, &mut conversion).err();
        let wrong = conversion.error.is_some();
        out.push(Piece::Conversion(conversion));
        if wrong {
            return out;
        }
    }
    if !literal.is_empty() {
        out.push(Piece::Literal(literal));
    }
    out
}

/// What stands between parentheses, which may nest; `None` if they are not closed.
fn key(chars: &[char], at: &mut usize) -> Option<String> {
    let start = *at + 1;
    let mut open = 1;
    *at += 1;
    while open > 0 {
        match chars.get(*at)? {
            '(' => open += 1,
            ')' => open -= 1,
            _ => {}
        }
        *at += 1;
    }
    Some(chars[start..*at - 1].iter().collect())
}

/// `unicode_format_arg_parse`: what follows a `%` and a key.
fn specification(chars: &[char], at: &mut usize, found: &mut Conversion) -> Outcome<()> {
    while let Some(&c) = chars.get(*at) {
        match c {
            '-' => found.left = true,
            '+' => found.plus = true,
            ' ' => found.space = true,
            '#' => found.alternate = true,
            '0' => found.zero = true,
            _ => break,
        }
        *at += 1;
    }
    found.width = amount(chars, at, i64::MAX, "width too big")?;
    if chars.get(*at) == Some(&'.') {
        *at += 1;
        let precision = amount(chars, at, i64::from(i32::MAX), "precision too big")?;
        found.precision = Some(precision.unwrap_or(Amount::Fixed(0)));
    }
    if matches!(chars.get(*at), Some('h' | 'l' | 'L')) {
        *at += 1;
    }
    match chars.get(*at) {
        Some(&code) => {
            found.code = code;
            found.index = *at;
            *at += 1;
            Ok(())
        }
        None => value_error("incomplete format"),
    }
}

fn amount(chars: &[char], at: &mut usize, most: i64, too_big: &str) -> Outcome<Option<Amount>> {
    if chars.get(*at) == Some(&'*') {
        *at += 1;
        return Ok(Some(Amount::Argument));
    }
    let mut number = None;
    while let Some(digit) = chars.get(*at).filter(|c| c.is_ascii_digit()).and_then(|c| c.to_digit(10)) {
        let digit = i64::from(digit);
        let before: i64 = number.unwrap_or(0);
        if before > (most - digit) / 10 {
            return value_error(too_big);
        }
        number = Some(before * 10 + digit);
        *at += 1;
    }
    Ok(number.map(Amount::Fixed))
}

/// The width that an argument for `*` stands for.
pub fn width(x: &Value) -> Outcome<i64> {
    match star(x)? {
        Integer::Small(n) => Ok(n),
        Integer::Big(_) => overflow_error("Python int too large to convert to C ssize_t"),
    }
}

/// The precision that an argument for `*` stands for.
pub fn precision(x: &Value) -> Outcome<i64> {
    match star(x)?.to_i64().and_then(|n| i32::try_from(n).ok()) {
        Some(n) => Ok(i64::from(n.max(0))),
        None => overflow_error("Python int too large to convert to C int"),
    }
}

fn star(x: &Value) -> Outcome<Integer> {
    match x {
        Value::Int(n) => Ok(n.clone()),
        Value::Bool(b) => Ok(Integer::Small(i64::from(*b))),
        other => {
            type_name(other)?;
            type_error("* wants int")
        }
    }
}

/// Formats one argument that is data. `width` and `precision` are what the
/// conversion's amounts come to.
pub fn convert(conversion: &Conversion, width: Option<i64>, precision: Option<i64>, x: &Value) -> Outcome<String> {
    match conversion.code {
        's' => convert_text(conversion, width, precision, &repr::str(x)?),
        'r' => convert_text(conversion, width, precision, &repr::repr(x)?),
        'a' => convert_text(conversion, width, precision, &repr::ascii(x)?),
        'd' | 'i' | 'u' | 'o' | 'x' | 'X' => {
            let body = integer(conversion, precision, x)?;
            lay_out(conversion, width, &body, true)
        }
        'e' | 'E' | 'f' | 'F' | 'g' | 'G' => {
            let body = real(conversion, precision, x)?;
            lay_out(conversion, width, &body, true)
        }
        'c' => lay_out(conversion, width, &character(x)?.to_string(), false),
        _ => unsupported(conversion),
    }
}

/// The error of a letter that is no conversion; raised after the argument is fetched.
pub fn unsupported<T>(conversion: &Conversion) -> Outcome<T> {
    let shown = if ('\u{1f}'..='~').contains(&conversion.code) { conversion.code } else { '?' };
    value_error(format!(
        "unsupported format character '{shown}' (0x{:x}) at index {}",
        u32::from(conversion.code),
        conversion.index
    ))
}

/// Formats the text that `%s`, `%r` or `%a` has made of its argument.
pub fn convert_text(
    conversion: &Conversion,
    width: Option<i64>,
    precision: Option<i64>,
    source: &str,
) -> Outcome<String> {
    let shown = match precision.and_then(|n| usize::try_from(n).ok()) {
        Some(most) => text::part(source, 0, most),
        None => source,
    };
    lay_out(&Conversion { zero: false, ..conversion.clone() }, width, shown, false)
}

/// `mainformatlong`
pub(crate) fn integer(conversion: &Conversion, precision: Option<i64>, x: &Value) -> Outcome<String> {
    let code = conversion.code;
    let decimal = matches!(code, 'd' | 'i' | 'u');
    let number = match x {
        Value::Int(n) => n.clone(),
        Value::Bool(b) => Integer::Small(i64::from(*b)),
        Value::Float(f) if decimal => float::to_integer_or_raise(*f)?,
        other => {
            let wanted = if decimal { "a real number" } else { "an integer" };
            return type_error(format!("%{code} format: {wanted} is required, not {}", type_name(other)?));
        }
    };
    let (negative, digits) = match code {
        'o' => number_text::binary_digits(&number, 8),
        'x' | 'X' => number_text::binary_digits(&number, 16),
        _ => {
            let written = number_text::decimal(&number)?;
            match written.strip_prefix('-') {
                Some(digits) => (true, digits.to_owned()),
                None => (false, written),
            }
        }
    };
    let zeros = usize::try_from(precision.unwrap_or(0)).unwrap_or(0).saturating_sub(digits.len());
    let digits = text::pad(&digits, zeros, '0', 0)?;
    let prefix = match code {
        'o' if conversion.alternate => "0o",
        'x' | 'X' if conversion.alternate => "0x",
        _ => "",
    };
    let body = format!("{}{prefix}{digits}", if negative { "-" } else { "" });
    Ok(if code == 'X' { body.to_ascii_uppercase() } else { body })
}

/// `formatfloat`
pub(crate) fn real(conversion: &Conversion, precision: Option<i64>, x: &Value) -> Outcome<String> {
    let number = match operators::number(x) {
        Some(operators::Number::Float(f)) => f,
        Some(operators::Number::Int(n)) => float::from_integer_or_raise(&n)?,
        _ => return type_error(format!("must be real number, not {}", type_name(x)?)),
    };
    let precision = precision.map_or(6, |n| usize::try_from(n).unwrap_or(0));
    render(number, conversion.code, precision, Style { alternate: conversion.alternate, ..Style::default() })
}

/// `formatchar`
fn character(x: &Value) -> Outcome<char> {
    let code = match x {
        Value::Str(source) => {
            let mut chars = source.chars();
            return match (chars.next(), chars.next()) {
                (Some(c), None) => Ok(c),
                _ => type_error("%c requires int or char"),
            };
        }
        Value::Int(n) => n.clone(),
        Value::Bool(b) => Integer::Small(i64::from(*b)),
        other => {
            type_name(other)?;
            return type_error("%c requires int or char");
        }
    };
    match text::code_point(&code) {
        Some(code) => text::not_surrogate(code),
        None => overflow_error("%c arg not in range(0x110000)"),
    }
}

/// `unicode_format_arg_output`: sign, prefix, fill.
pub(crate) fn lay_out(conversion: &Conversion, width: Option<i64>, body: &str, numeric: bool) -> Outcome<String> {
    let (sign, body) = match (numeric, body.as_bytes().first()) {
        (true, Some(b'-')) => ("-", &body[1..]),
        (true, Some(b'+')) => ("+", &body[1..]),
        (true, _) if conversion.plus => ("+", body),
        (true, _) if conversion.space => (" ", body),
        _ => ("", body),
    };
    let has_prefix = conversion.alternate && matches!(conversion.code, 'x' | 'X' | 'o') && numeric;
    let (prefix, digits) = if has_prefix { body.split_at(2) } else { ("", body) };
    let wanted = width.unwrap_or(0);
    let left = conversion.left || wanted < 0;
    let wanted = usize::try_from(wanted.unsigned_abs()).map_err(|_| Failure::TooLarge)?;
    let missing = wanted.saturating_sub(sign.len() + prefix.len() + text::length(digits));
    bounded_text(missing.checked_add(body.len()))?;
    let head = format!("{sign}{prefix}");
    if left {
        return Ok(head + &text::pad(digits, 0, ' ', missing)?);
    }
    if conversion.zero && numeric {
        return Ok(head + &text::pad(digits, missing, '0', 0)?);
    }
    text::pad(&(head + digits), missing, ' ', 0)
}

/// The arguments of a template, as CPython hands them out.
pub(crate) struct Supply<'a> {
    args: &'a Value,
    /// What is looked into by key.
    mapping: Option<&'a Value>,
    next: usize,
    /// By key, the last one looked up: then it is the only argument left.
    looked_up: Option<Option<Value>>,
}

impl<'a> Supply<'a> {
    pub fn new(args: &'a Value, mapping: bool) -> Supply<'a> {
        Supply { args, mapping: mapping.then_some(args), next: 0, looked_up: None }
    }

    pub fn check_mapping(&self) -> Outcome<()> {
        if self.mapping.is_some() {
            return Ok(());
        }
        type_name(self.args)?;
        type_error("format requires a mapping")
    }

    pub fn look_up(&mut self, ctx: Context, key: &Value) -> Outcome<()> {
        self.check_mapping()?;
        let mapping = self.mapping.unwrap_or(self.args);
        self.looked_up = Some(Some(sequence::subscript(ctx, mapping, key)?));
        Ok(())
    }

    pub fn next(&mut self) -> Outcome<Value> {
        let found = match (&mut self.looked_up, self.args) {
            (Some(value), _) => value.take(),
            (None, Value::Tuple(items)) => items.get(self.next).cloned(),
            (None, single) => (self.next == 0).then(|| single.clone()),
        };
        self.next += 1;
        found.map_or_else(|| type_error("not enough arguments for format string"), Ok)
    }

    /// Whether arguments are left that should have been used.
    pub fn is_left(&self) -> bool {
        match self.args {
            _ if self.mapping.is_some() || self.looked_up.is_some() => false,
            Value::Tuple(items) => self.next < items.len(),
            _ => self.next == 0,
        }
    }

    pub fn amount(&mut self, amount: Option<Amount>, of: fn(&Value) -> Outcome<i64>) -> Outcome<Option<i64>> {
        match amount {
            None => Ok(None),
            Some(Amount::Fixed(n)) => Ok(Some(n)),
            Some(Amount::Argument) => of(&self.next()?).map(Some),
        }
    }
}

/// `template % args` over data.
pub fn apply(ctx: Context, template: &str, args: &Value) -> Outcome<Arc<str>> {
    // Whatever can be subscripted counts as a mapping, except tuples and str.
    let mapping = matches!(args, Value::Bytes(_) | Value::Range(_));
    let mut supply = Supply::new(args, mapping);
    let mut out = String::new();
    for piece in parse(template) {
        match piece {
            Piece::Literal(literal) => out.push_str(&literal),
            Piece::Mapping => supply.check_mapping()?,
            Piece::Error(failure) => return Err(failure),
            Piece::Conversion(conversion) => {
                if let Some(key) = &conversion.key {
                    supply.look_up(ctx, &Value::str(key.as_str()))?;
                }
                let width = supply.amount(conversion.width, width)?;
                let precision = supply.amount(conversion.precision, precision)?;
                if let Some(failure) = conversion.error {
                    return Err(failure);
                }
                let argument = supply.next()?;
                out.push_str(&convert(&conversion, width, precision, &argument)?);
            }
        }
        bounded_text(Some(out.len()))?;
    }
    if supply.is_left() {
        type_name(args)?;
        return raise("TypeError", "not all arguments converted during string formatting");
    }
    Ok(out.into())
}
