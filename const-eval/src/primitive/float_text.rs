//! Floats and text: digits, `repr`, hexadecimal, parsing (`Python/pystrtod.c`).

use num_bigint::BigInt;
use num_traits::{One, Zero};

use super::{Failure, Outcome, float, overflow_error, text, value_error};

/// Most decimals that are asked of the digit generator; a double has at most 1074 and then zeros follow.
const MAX_DECIMALS: usize = 1100;

/// How [`render`] writes a number.
#[derive(Clone, Copy, Default)]
pub(crate) struct Style {
    /// `#`: keep trailing zeros and the point.
    pub alternate: bool,
    /// Write `1.0`, not `1` (`Py_DTSF_ADD_DOT_0`).
    pub point_zero: bool,
    /// `z`: no minus before a zero.
    pub no_negative_zero: bool,
    /// `+` before numbers that are not negative.
    pub plus: bool,
}

/// Significant digits without trailing zeros, and the position of the point relative to their start.
fn significant(f: f64, text: &str) -> (Vec<u8>, i64) {
    if f == 0.0 {
        return (vec![b'0'], 1);
    }
    let (mantissa, exponent) = text.split_once('e').unwrap_or((text, "0"));
    let (whole, fraction) = mantissa.split_once('.').unwrap_or((mantissa, ""));
    let point = whole.len() as i64 + exponent.parse::<i64>().unwrap_or(0);
    let all: Vec<u8> = whole.bytes().chain(fraction.bytes()).collect();
    let zeros = all.iter().take_while(|&&digit| digit == b'0').count();
    let mut digits = all[zeros..].to_vec();
    while digits.last() == Some(&b'0') {
        digits.pop();
    }
    if digits.is_empty() {
        // Rounded to nothing: CPython's dtoa gives no digits at all.
        return (digits, 0);
    }
    (digits, point - zeros as i64)
}

/// `PyOS_double_to_string`: `code` is one of `e E f F g G r`; `precision` is not used with `r`.
pub(crate) fn render(f: f64, code: char, precision: usize, style: Style) -> Outcome<String> {
    if precision > super::MAX_TEXT {
        return Err(Failure::TooLarge);
    }
    let upper = code.is_ascii_uppercase();
    let code = code.to_ascii_lowercase();
    let mut body = if f.is_nan() {
        "nan".to_owned()
    } else if f.is_infinite() {
        "inf".to_owned()
    } else {
        finite(f.abs(), code, precision, style)
    };
    if upper {
        body = body.to_ascii_uppercase();
    }
    let mut negative = f.is_sign_negative() && !f.is_nan();
    if negative && style.no_negative_zero && f.is_finite() {
        let mantissa = body.split(['e', 'E']).next().unwrap_or_default();
        negative = mantissa.bytes().any(|c| c.is_ascii_digit() && c != b'0');
    }
    if negative {
        body.insert(0, '-');
    } else if style.plus {
        body.insert(0, '+');
    }
    Ok(body)
}

/// `format_float_short` for finite floats without a sign.
fn finite(f: f64, code: char, precision: usize, style: Style) -> String {
    let precision = if code == 'g' { precision.max(1) } else { precision };
    let (digits, point) = match code {
        'r' => significant(f, &shortest(f)),
        'f' => significant(f, &format!("{f:.*}", precision.min(MAX_DECIMALS))),
        'e' => significant(f, &format!("{f:.*e}", precision.min(MAX_DECIMALS))),
        _ => significant(f, &format!("{f:.*e}", (precision - 1).min(MAX_DECIMALS))),
    };
    let length = digits.len() as i64;
    let wanted = precision as i64;
    // With `f`, a number that rounds to nothing has its point just before the digits.
    let point = if digits.is_empty() { -wanted } else { point };
    let (exponential, end) = match code {
        'e' => (true, wanted + 1),
        'f' => (false, point + wanted),
        'g' => {
            (point <= -4 || point > wanted - i64::from(style.point_zero), if style.alternate { wanted } else { length })
        }
        _ => (point <= -4 || point > 16, length),
    };
    let exponent = point - 1;
    let point = if exponential { 1 } else { point };
    let start = if point <= 0 { point - 1 } else { 0 };
    let end = end.max(if !exponential && style.point_zero { point + 1 } else { point });

    let mut out = String::with_capacity((end - start).max(0) as usize + 8);
    for position in start..end {
        if position == point {
            out.push('.');
        }
        let digit = usize::try_from(position).ok().and_then(|at| digits.get(at)).copied().unwrap_or(b'0');
        out.push(char::from(digit));
    }
    if end == point && style.alternate {
        out.push('.');
    }
    if exponential {
        out.push_str(&format!("e{}{:02}", if exponent < 0 { '-' } else { '+' }, exponent.abs()));
    }
    out
}

/// The shortest text that reads as `f`, and of those the nearest to it; half way between two, the one that ends in an
/// even digit (`_Py_dg_dtoa` in mode 0).
fn shortest(f: f64) -> String {
    let text = format!("{f:e}");
    let digits = text.split('e').next().unwrap_or_default().bytes().filter(u8::is_ascii_digit).count();
    let nearest = format!("{f:.*e}", digits.saturating_sub(1));
    if nearest.parse() == Ok(f) { nearest } else { text }
}

/// `repr(f)`
pub(crate) fn repr(f: f64) -> String {
    let style = Style { point_zero: true, ..Style::default() };
    render(f, 'r', 0, style).unwrap_or_default()
}

/// `f.hex()`
pub(crate) fn hex(f: f64) -> String {
    if !f.is_finite() {
        return repr(f);
    }
    let sign = if f.is_sign_negative() { "-" } else { "" };
    if f == 0.0 {
        return format!("{sign}0x0.0p+0");
    }
    let bits = f.to_bits();
    let fraction = bits & ((1 << 52) - 1);
    let biased = ((bits >> 52) & 0x7ff) as i64;
    let (lead, exponent) = if biased == 0 { (0, -1022) } else { (1, biased - 1023) };
    format!("{sign}0x{lead}.{fraction:013x}p{exponent:+}")
}

/// The text of a decimal float, a sign and `inf`, `nan` included, whole: no space, no underscore.
pub(crate) fn parse_plain(text: &str) -> Option<f64> {
    let length = prefix_length(text.as_bytes());
    if length == 0 || length != text.len() {
        return None;
    }
    text.parse().ok()
}

/// Length of the longest prefix that `PyOS_string_to_double` reads.
pub(crate) fn prefix_length(text: &[u8]) -> usize {
    let sign = usize::from(matches!(text.first(), Some(b'+' | b'-')));
    let rest = &text[sign..];
    for word in [b"infinity".as_slice(), b"inf", b"nan"] {
        if rest.len() >= word.len() && rest[..word.len()].eq_ignore_ascii_case(word) {
            return sign + word.len();
        }
    }
    let digits = |from: usize| text[from..].iter().take_while(|c| c.is_ascii_digit()).count();
    let whole = digits(sign);
    let mut end = sign + whole;
    let mut fraction = 0;
    if text.get(end) == Some(&b'.') {
        fraction = digits(end + 1);
        end += 1 + fraction;
    }
    if whole + fraction == 0 {
        return 0;
    }
    if matches!(text.get(end), Some(b'e' | b'E')) {
        let exponent_sign = usize::from(matches!(text.get(end + 1), Some(b'+' | b'-')));
        let exponent = digits(end + 1 + exponent_sign);
        if exponent > 0 {
            end += 1 + exponent_sign + exponent;
        }
    }
    end
}

/// Removes underscores that stand between digits; `None` if one stands elsewhere.
pub(crate) fn without_underscores(text: &str) -> Option<String> {
    let bytes = text.as_bytes();
    let mut out = String::with_capacity(text.len());
    for (at, c) in text.char_indices() {
        if c != '_' {
            out.push(c);
            continue;
        }
        let before = at.checked_sub(1).and_then(|before| bytes.get(before));
        let after = bytes.get(at + 1);
        if !matches!((before, after), (Some(b), Some(a)) if b.is_ascii_digit() && a.is_ascii_digit()) {
            return None;
        }
    }
    Some(out)
}

/// `float(text)`; `shown` is the argument's `repr` for the message.
pub(crate) fn parse(source: &str, shown: impl FnOnce() -> Outcome<String>) -> Outcome<f64> {
    let ascii = text::decimals_and_spaces_to_ascii(source)?;
    let parsed = without_underscores(ascii.trim_matches(text::is_c_space)).and_then(|plain| parse_plain(&plain));
    match parsed {
        Some(f) => Ok(f),
        None => value_error(format!("could not convert string to float: {}", shown()?)),
    }
}

/// `float.fromhex(text)`
pub(crate) fn from_hex(source: &str) -> Outcome<f64> {
    const MALFORMED: &str = "invalid hexadecimal floating-point string";
    const TOO_LARGE: &str = "hexadecimal value too large to represent as a float";
    let trimmed = source.trim_matches(text::is_c_space);
    let (negative, body) = match trimmed.as_bytes().first() {
        Some(b'-') => (true, &trimmed[1..]),
        Some(b'+') => (false, &trimmed[1..]),
        _ => (false, trimmed),
    };
    let signed = |f: f64| if negative { -f } else { f };
    let lower = body.to_ascii_lowercase();
    if lower == "inf" || lower == "infinity" {
        return Ok(signed(f64::INFINITY));
    }
    if lower == "nan" {
        return Ok(signed(f64::NAN));
    }
    let lower = lower.strip_prefix("0x").unwrap_or(&lower);
    let (mantissa, exponent) = match lower.split_once('p') {
        Some((mantissa, exponent)) => {
            let digits = exponent.strip_prefix(['+', '-']).unwrap_or(exponent);
            if digits.is_empty() || !digits.bytes().all(|c| c.is_ascii_digit()) {
                return value_error(MALFORMED);
            }
            // Beyond any length of text, and so the result is zero or too large.
            let size = digits.parse::<i64>().unwrap_or(i64::MAX / 4).min(i64::MAX / 4);
            (mantissa, if exponent.starts_with('-') { -size } else { size })
        }
        None => (lower, 0),
    };
    let (whole, fraction) = mantissa.split_once('.').unwrap_or((mantissa, ""));
    let digits: String = [whole, fraction].concat();
    if digits.is_empty() || !digits.bytes().all(|c| c.is_ascii_hexdigit()) {
        return value_error(MALFORMED);
    }
    if digits.len() > 100_000 {
        return Err(Failure::TooLarge);
    }
    let Some(number) = BigInt::parse_bytes(digits.as_bytes(), 16) else {
        return value_error(MALFORMED);
    };
    if number.is_zero() {
        return Ok(signed(0.0));
    }
    let exponent = exponent - 4 * fraction.len() as i64;
    match float::nearest(&number, &BigInt::one(), exponent) {
        Some(f) => Ok(signed(f)),
        None => overflow_error(TOO_LARGE),
    }
}
