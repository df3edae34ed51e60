//! Integers and text (`Objects/longobject.c`): parsing in a base, writing in one.

use num_bigint::BigInt;
use num_traits::Zero;

use super::{Failure, MAX_BITS, Outcome, text, value_error};
use crate::value::Integer;

/// `sys.int_info.str_digits_check_threshold`: so many digits are written in every process. How many more, users choose
/// (`PYTHONINTMAXSTRDIGITS`, `sys.set_int_max_str_digits`).
const SURE_DIGITS: usize = 640;

fn too_many_digits<T>() -> Outcome<T> {
    Err(Failure::NotModelled("text of an integer that has more digits than every process would write"))
}

/// `str(n)`, with the limit on digits.
pub(crate) fn decimal(n: &Integer) -> Outcome<String> {
    match n {
        Integer::Small(n) => Ok(n.to_string()),
        Integer::Big(n) => {
            // 2**2122 has 640 digits; what is much longer need not be written to know it.
            let written = if n.bits() > 2_200 { None } else { Some(n.to_string()) };
            match written {
                Some(written) if written.trim_start_matches('-').len() <= SURE_DIGITS => Ok(written),
                _ => too_many_digits(),
            }
        }
    }
}

/// Sign and digits in base 2, 8 or 16, lower case.
pub(crate) fn binary_digits(n: &Integer, base: u32) -> (bool, String) {
    match n {
        Integer::Small(n) => {
            let size = n.unsigned_abs();
            let digits = match base {
                2 => format!("{size:b}"),
                8 => format!("{size:o}"),
                _ => format!("{size:x}"),
            };
            (*n < 0, digits)
        }
        Integer::Big(n) => (n.sign() == num_bigint::Sign::Minus, n.magnitude().to_str_radix(base)),
    }
}

/// `bin`, `oct`, `hex`
pub(crate) fn prefixed(n: &Integer, base: u32) -> String {
    let (negative, digits) = binary_digits(n, base);
    let prefix = match base {
        2 => "0b",
        8 => "0o",
        _ => "0x",
    };
    format!("{}{prefix}{digits}", if negative { "-" } else { "" })
}

/// `int(text, base)`; `shown` is the argument's `repr` for the message.
pub(crate) fn parse(source: &str, base: u32, shown: impl FnOnce() -> Outcome<String>) -> Outcome<Integer> {
    let ascii = text::decimals_and_spaces_to_ascii(source)?;
    match parse_ascii(&ascii, base)? {
        Some(n) => Ok(n),
        None => {
            let shown: String = shown()?.chars().take(200).collect();
            value_error(format!("invalid literal for int() with base {base}: {shown}"))
        }
    }
}

/// `PyLong_FromString`; `None` if malformed.
fn parse_ascii(source: &str, requested: u32) -> Outcome<Option<Integer>> {
    let mut rest = source.trim_start_matches(text::is_c_space);
    let mut negative = false;
    if let Some(after) = rest.strip_prefix('-') {
        negative = true;
        rest = after;
    } else if let Some(after) = rest.strip_prefix('+') {
        rest = after;
    }
    let prefix = rest.get(..2).map(str::to_ascii_lowercase);
    let prefix_base = match prefix.as_deref() {
        Some("0x") => Some(16),
        Some("0o") => Some(8),
        Some("0b") => Some(2),
        _ => None,
    };
    let mut base = requested;
    let mut must_be_zero = false;
    if base == 0 {
        base = prefix_base.unwrap_or(10);
        // `010` is refused, `00` is not.
        must_be_zero = prefix_base.is_none() && rest.starts_with('0');
    }
    if prefix_base == Some(base) {
        rest = &rest[2..];
        rest = rest.strip_prefix('_').unwrap_or(rest);
    }

    let mut digits = String::new();
    let mut previous_underscore = true;
    let mut end = rest.len();
    for (at, c) in rest.char_indices() {
        if c == '_' {
            if previous_underscore {
                return Ok(None);
            }
            previous_underscore = true;
        } else if c.is_digit(base) {
            previous_underscore = false;
            digits.push(c);
        } else {
            end = at;
            break;
        }
    }
    if previous_underscore {
        return Ok(None);
    }
    if !base.is_power_of_two() && digits.len() > SURE_DIGITS {
        return too_many_digits();
    }
    if digits.len() as u64 > MAX_BITS {
        return Err(Failure::TooLarge);
    }
    if !rest[end..].trim_start_matches(text::is_c_space).is_empty() {
        return Ok(None);
    }
    let number = match i64::from_str_radix(&digits, base) {
        Ok(small) => BigInt::from(small),
        Err(_) => match BigInt::parse_bytes(digits.as_bytes(), base) {
            Some(number) => number,
            None => return Ok(None),
        },
    };
    if must_be_zero && !number.is_zero() {
        return Ok(None);
    }
    Ok(Some(if negative { -number } else { number }.into()))
}
