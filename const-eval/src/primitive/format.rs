//! The format mini-language (`Python/formatter_unicode.c`).

use std::sync::Arc;

use super::float_text::{Style, render};
use super::{
    Context, Failure, MAX_TEXT, Outcome, float, number_text, overflow_error, repr, text, type_error, type_name,
    value_error,
};
use crate::value::{Integer, Value};

/// What stands between the digits of thousands.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Grouping {
    None,
    Comma,
    Underscore,
}

struct Spec {
    fill: char,
    align: char,
    alternate: bool,
    no_negative_zero: bool,
    sign: Option<char>,
    width: Option<usize>,
    grouping: Grouping,
    precision: Option<usize>,
    /// `None` if omitted; to floats `'\\0'` means the same.
    code: Option<char>,
}

/// `format(x, spec)`
pub fn format(ctx: Context, x: &Value, spec: &str) -> Outcome<Arc<str>> {
    let kind = type_name(x)?;
    if spec.is_empty() {
        return repr::str(x);
    }
    let formatted = match x {
        Value::Str(source) => format_text(source, &parse(spec, kind, '<')?, kind)?,
        Value::Bool(b) => format_integer(ctx, &Integer::Small(i64::from(*b)), &parse(spec, kind, '>')?, kind)?,
        Value::Int(n) => format_integer(ctx, n, &parse(spec, kind, '>')?, kind)?,
        Value::Float(f) => format_float(*f, &parse(spec, kind, '>')?, kind)?,
        Value::Complex(re, im) => format_complex((*re, *im), &parse(spec, kind, '>')?, kind)?,
        _ => {
            return type_error(format!("unsupported format string passed to {kind}.__format__"));
        }
    };
    Ok(formatted.into())
}

fn is_align(c: Option<&char>) -> bool {
    matches!(c, Some('<' | '>' | '=' | '^'))
}

/// Reads a number; `None` if there is no digit.
fn integer(chars: &[char], at: &mut usize) -> Outcome<Option<usize>> {
    let mut number: Option<usize> = None;
    while let Some(&c) = chars.get(*at) {
        let Some(digit) = text::unicode::decimal_value(c)? else {
            break;
        };
        let next = number.unwrap_or(0).checked_mul(10).and_then(|n| n.checked_add(digit as usize));
        match next {
            Some(next) if next <= i64::MAX as usize => number = Some(next),
            _ => return value_error("Too many decimal digits in format string"),
        }
        *at += 1;
    }
    Ok(number)
}

/// `parse_internal_render_format_spec`
fn parse(spec: &str, kind: &str, default_align: char) -> Outcome<Spec> {
    let chars: Vec<char> = spec.chars().collect();
    let mut parsed = Spec {
        fill: ' ',
        align: default_align,
        alternate: false,
        no_negative_zero: false,
        sign: None,
        width: None,
        grouping: Grouping::None,
        precision: None,
        code: None,
    };
    let mut at = 0;
    let (mut has_fill, mut has_align) = (false, false);
    if is_align(chars.get(1)) {
        (parsed.fill, parsed.align) = (chars[0], chars[1]);
        (has_fill, has_align) = (true, true);
        at = 2;
    } else if is_align(chars.first()) {
        parsed.align = chars[0];
        has_align = true;
        at = 1;
    }
    let take = |wanted: &[char], at: &mut usize| {
        let found = chars.get(*at).copied().filter(|c| wanted.contains(c));
        *at += usize::from(found.is_some());
        found
    };
    parsed.sign = take(&['+', '-', ' '], &mut at);
    parsed.no_negative_zero = take(&['z'], &mut at).is_some();
    parsed.alternate = take(&['#'], &mut at).is_some();
    if !has_fill && take(&['0'], &mut at).is_some() {
        parsed.fill = '0';
        if !has_align && default_align == '>' {
            parsed.align = '=';
        }
    }
    parsed.width = integer(&chars, &mut at)?;
    const BOTH: &str = "Cannot specify both ',' and '_'.";
    if take(&[','], &mut at).is_some() {
        parsed.grouping = Grouping::Comma;
    }
    if take(&['_'], &mut at).is_some() {
        if parsed.grouping == Grouping::Comma {
            return value_error(BOTH);
        }
        parsed.grouping = Grouping::Underscore;
    }
    if parsed.grouping == Grouping::Underscore && chars.get(at) == Some(&',') {
        return value_error(BOTH);
    }
    if take(&['.'], &mut at).is_some() {
        parsed.precision = integer(&chars, &mut at)?;
        if parsed.precision.is_none() {
            return value_error("Format specifier missing precision");
        }
    }
    if chars.len() - at > 1 {
        return value_error(format!("Invalid format specifier '{spec}' for object of type '{kind}'"));
    }
    parsed.code = chars.get(at).copied();
    if parsed.grouping != Grouping::None {
        let allowed = match parsed.code {
            None | Some('\0') => true,
            Some('d' | 'e' | 'f' | 'g' | 'E' | 'G' | '%' | 'F') => true,
            Some('b' | 'o' | 'x' | 'X') => parsed.grouping == Grouping::Underscore,
            _ => false,
        };
        // A str has `s` for its default, which takes no separator.
        let code = parsed.code.or((kind == "str").then_some('s'));
        if let (false, Some(code)) | (true, Some(code @ 's')) = (allowed, code) {
            let separator = if parsed.grouping == Grouping::Comma { ',' } else { '_' };
            return value_error(if (' '..='\u{7f}').contains(&code) && code != ' ' && code != '\u{7f}' {
                format!("Cannot specify '{separator}' with '{code}'.")
            } else {
                format!("Cannot specify '{separator}' with '\\x{:x}'.", u32::from(code))
            });
        }
    }
    if parsed.width.is_some_and(|width| width > MAX_TEXT) || parsed.precision.is_some_and(|width| width > MAX_TEXT) {
        return Err(Failure::TooLarge);
    }
    Ok(parsed)
}

fn unknown_code<T>(code: char, kind: &str) -> Outcome<T> {
    if code > ' ' && code < '\u{80}' {
        value_error(format!("Unknown format code '{code}' for object of type '{kind}'"))
    } else {
        value_error(format!("Unknown format code '\\x{:x}' for object of type '{kind}'", u32::from(code)))
    }
}

/// Fills to the width on the sides that the alignment names.
fn align(body: &str, spec: &Spec) -> Outcome<String> {
    let missing = spec.width.unwrap_or(0).saturating_sub(text::length(body));
    let (before, after) = match spec.align {
        '<' => (0, missing),
        '^' => (missing / 2, missing - missing / 2),
        _ => (missing, 0),
    };
    text::pad(body, before, spec.fill, after)
}

fn format_text(source: &str, spec: &Spec, kind: &str) -> Outcome<String> {
    if let Some(code) = spec.code
        && code != 's'
    {
        return unknown_code(code, kind);
    }
    match spec.sign {
        Some(' ') => return value_error("Space not allowed in string format specifier"),
        Some(_) => return value_error("Sign not allowed in string format specifier"),
        None => {}
    }
    if spec.no_negative_zero {
        return value_error("Negative zero coercion (z) not allowed in string format specifier");
    }
    if spec.alternate {
        return value_error("Alternate form (#) not allowed in string format specifier");
    }
    if spec.align == '=' {
        return value_error("'=' alignment not allowed in string format specifier");
    }
    let shown = match spec.precision {
        Some(precision) => text::part(source, 0, precision),
        None => source,
    };
    align(shown, spec)
}

/// The parts of a number that are laid out apart (`NumberFieldWidths`).
struct Parts<'a> {
    negative: bool,
    /// `0x`
    prefix: &'a str,
    /// Before the point; separators go between these.
    digits: &'a str,
    /// The point and what follows.
    rest: &'a str,
}

/// `_PyUnicode_InsertThousandsGrouping`
fn group(digits: &str, separator: Option<char>, size: usize, least: usize) -> String {
    let Some(separator) = separator else {
        let zeros = least.max(1).saturating_sub(digits.len());
        return "0".repeat(zeros) + digits;
    };
    let mut reversed: Vec<char> = Vec::new();
    let mut remaining = digits.chars().rev();
    let mut left = digits.len();
    let mut least = least as i64;
    let mut first = true;
    loop {
        let length = size.min((left as i64).max(least).max(1) as usize);
        if !first {
            reversed.push(separator);
        }
        first = false;
        reversed.extend((0..length).map(|_| remaining.next().unwrap_or('0')));
        left = left.saturating_sub(length);
        least -= length as i64;
        if left == 0 && least <= 0 {
            break;
        }
        least -= 1;
    }
    reversed.iter().rev().collect()
}

/// `calc_number_widths` and `fill_number`
fn lay_out(parts: &Parts, spec: &Spec, group_size: usize) -> Outcome<String> {
    let sign = match (parts.negative, spec.sign) {
        (true, _) => "-",
        (false, Some('+')) => "+",
        (false, Some(' ')) => " ",
        _ => "",
    };
    let width = spec.width.unwrap_or(0);
    let others = sign.len() + parts.prefix.len() + text::length(parts.rest);
    let least = if spec.fill == '0' && spec.align == '=' { width.saturating_sub(others) } else { 0 };
    let separator = match spec.grouping {
        Grouping::None => None,
        Grouping::Comma => Some(','),
        Grouping::Underscore => Some('_'),
    };
    let digits =
        if parts.digits.is_empty() { String::new() } else { group(parts.digits, separator, group_size, least) };
    let head = format!("{sign}{}", parts.prefix);
    let tail = format!("{digits}{}", parts.rest);
    if spec.align == '=' {
        let missing = width.saturating_sub(text::length(&head) + text::length(&tail));
        return Ok(head + &text::pad(&tail, missing, spec.fill, 0)?);
    }
    align(&(head + &tail), spec)
}

fn format_integer(_ctx: Context, n: &Integer, spec: &Spec, kind: &str) -> Outcome<String> {
    let code = spec.code.unwrap_or('d');
    match code {
        'b' | 'c' | 'd' | 'o' | 'x' | 'X' | 'n' => {}
        'e' | 'E' | 'f' | 'F' | 'g' | 'G' | '%' => {
            return format_float(float::from_integer_or_raise(n)?, spec, kind);
        }
        _ => return unknown_code(code, kind),
    }
    if spec.precision.is_some() {
        return value_error("Precision not allowed in integer format specifier");
    }
    if spec.no_negative_zero {
        return value_error("Negative zero coercion (z) not allowed in integer format specifier");
    }
    if code == 'c' {
        if spec.sign.is_some() {
            return value_error("Sign not allowed with integer format specifier 'c'");
        }
        if spec.alternate {
            return value_error("Alternate form (#) not allowed with integer format specifier 'c'");
        }
        if n.to_i64().is_none() {
            return overflow_error("Python int too large to convert to C long");
        }
        let Some(code) = text::code_point(n) else {
            return overflow_error("%c arg not in range(0x110000)");
        };
        let shown = text::not_surrogate(code)?.to_string();
        return lay_out(&Parts { negative: false, prefix: "", digits: "", rest: &shown }, spec, 3);
    }
    if code == 'n' {
        return super::not_modelled("a number in the locale's format");
    }
    let base = match code {
        'b' => 2,
        'o' => 8,
        'x' | 'X' => 16,
        _ => 10,
    };
    let (negative, mut digits) = if base == 10 {
        let written = number_text::decimal(n)?;
        match written.strip_prefix('-') {
            Some(digits) => (true, digits.to_owned()),
            None => (false, written),
        }
    } else {
        number_text::binary_digits(n, base)
    };
    let mut prefix = match code {
        'b' if spec.alternate => "0b",
        'o' if spec.alternate => "0o",
        'x' | 'X' if spec.alternate => "0x",
        _ => "",
    };
    if code == 'X' {
        digits.make_ascii_uppercase();
        prefix = if spec.alternate { "0X" } else { "" };
    }
    let group_size = if base == 10 { 3 } else { 4 };
    lay_out(&Parts { negative, prefix, digits: &digits, rest: "" }, spec, group_size)
}

/// Sign, digits before the point, and the rest of a rendered number.
fn split_number(rendered: &str) -> (bool, &str, &str) {
    let (negative, body) = match rendered.strip_prefix('-') {
        Some(body) => (true, body),
        None => (false, rendered),
    };
    let end = body.find(|c: char| !c.is_ascii_digit()).unwrap_or(body.len());
    (negative, &body[..end], &body[end..])
}

fn format_float(f: f64, spec: &Spec, kind: &str) -> Outcome<String> {
    let (mut code, default_precision, point_zero) = match spec.code {
        None | Some('\0') => ('r', 0, true),
        Some('n') => return super::not_modelled("a number in the locale's format"),
        Some(code @ ('e' | 'E' | 'f' | 'F' | 'g' | 'G')) => (code, 6, false),
        Some('%') => ('f', 6, false),
        Some(code) => return unknown_code(code, kind),
    };
    if spec.precision.is_some() && code == 'r' {
        code = 'g';
    }
    let percent = spec.code == Some('%');
    let style = Style { alternate: spec.alternate, point_zero, no_negative_zero: spec.no_negative_zero, plus: false };
    let value = if percent { f * 100.0 } else { f };
    let mut rendered = render(value, code, spec.precision.unwrap_or(default_precision), style)?;
    if percent {
        rendered.push('%');
    }
    let (negative, digits, rest) = split_number(&rendered);
    lay_out(&Parts { negative, prefix: "", digits, rest }, spec, 3)
}

fn format_complex((re, im): (f64, f64), spec: &Spec, kind: &str) -> Outcome<String> {
    let omitted = matches!(spec.code, None | Some('\0'));
    let (mut code, default_precision) = match spec.code {
        None | Some('\0') => ('r', 0),
        Some('n') => return super::not_modelled("a number in the locale's format"),
        Some(code @ ('e' | 'E' | 'f' | 'F' | 'g' | 'G')) => (code, 6),
        Some(code) => return unknown_code(code, kind),
    };
    if spec.fill == '0' {
        return value_error("Zero padding is not allowed in complex format specifier");
    }
    if spec.align == '=' {
        return value_error("'=' alignment flag is not allowed in complex format specifier");
    }
    // Without a code a positive zero real part is left out, as in `repr`.
    let skip_real = omitted && re == 0.0 && re.is_sign_positive();
    let parentheses = omitted && !skip_real;
    if spec.precision.is_some() && code == 'r' {
        code = 'g';
    }
    let style = Style { alternate: spec.alternate, no_negative_zero: spec.no_negative_zero, ..Style::default() };
    let precision = spec.precision.unwrap_or(default_precision);
    let part = |f: f64, sign: Option<char>| -> Outcome<String> {
        let rendered = render(f, code, precision, style)?;
        let (negative, digits, rest) = split_number(&rendered);
        let bare = Spec { fill: '\0', align: '<', width: None, sign, ..*spec };
        lay_out(&Parts { negative, prefix: "", digits, rest }, &bare, 3)
    };
    let mut body = String::new();
    if parentheses {
        body.push('(');
    }
    if !skip_real {
        body.push_str(&part(re, spec.sign)?);
    }
    body.push_str(&part(im, if skip_real { spec.sign } else { Some('+') })?);
    body.push('j');
    if parentheses {
        body.push(')');
    }
    align(&body, spec)
}
