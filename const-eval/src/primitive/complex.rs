//! `complex` arithmetic (`Objects/complexobject.c`).
//!
//! A C compiler may fuse a multiplication with an addition (on AArch64 it does),
//! which changes last digits: a product or quotient is given only if fused and
//! separate rounding agree.

use super::{Outcome, not_modelled, value_error, zero_division};
use crate::value::Value;

pub(crate) type Complex = (f64, f64);

const FUSED: &str = "a complex product whose last digit depends on the compiler";

pub(crate) fn add(a: Complex, b: Complex) -> Complex {
    (a.0 + b.0, a.1 + b.1)
}

pub(crate) fn subtract(a: Complex, b: Complex) -> Complex {
    (a.0 - b.0, a.1 - b.1)
}

/// `a * b + c * d`, if every order of rounding gives the same.
fn sum_of_products(a: f64, b: f64, c: f64, d: f64) -> Outcome<f64> {
    let plain = a * b + c * d;
    let left = a.mul_add(b, c * d);
    let right = c.mul_add(d, a * b);
    if same(plain, left) && same(plain, right) { Ok(plain) } else { not_modelled(FUSED) }
}

fn same(a: f64, b: f64) -> bool {
    a.to_bits() == b.to_bits() || (a.is_nan() && b.is_nan())
}

/// `_Py_c_prod`
pub(crate) fn multiply(a: Complex, b: Complex) -> Outcome<Complex> {
    Ok((sum_of_products(a.0, b.0, -a.1, b.1)?, sum_of_products(a.0, b.1, a.1, b.0)?))
}

/// `_Py_c_quot`
pub(crate) fn divide(a: Complex, b: Complex) -> Outcome<Complex> {
    let (re, im) = (b.0.abs(), b.1.abs());
    if re >= im {
        if re == 0.0 {
            return zero_division("complex division by zero");
        }
        let ratio = b.1 / b.0;
        let denominator = sum_of_products(1.0, b.0, b.1, ratio)?;
        Ok((
            sum_of_products(1.0, a.0, a.1, ratio)? / denominator,
            sum_of_products(1.0, a.1, -a.0, ratio)? / denominator,
        ))
    } else if im >= re {
        let ratio = b.0 / b.1;
        let denominator = sum_of_products(b.0, ratio, 1.0, b.1)?;
        Ok((
            sum_of_products(a.0, ratio, 1.0, a.1)? / denominator,
            sum_of_products(a.1, ratio, -1.0, a.0)? / denominator,
        ))
    } else {
        Ok((f64::NAN, f64::NAN))
    }
}

/// `a ** b` for small integral exponents (`c_powi`).
pub(crate) fn power(a: Complex, b: Complex) -> Outcome<Complex> {
    if b == (0.0, 0.0) {
        return Ok((1.0, 0.0));
    }
    if a == (0.0, 0.0) {
        if b.1 != 0.0 || b.0 < 0.0 {
            return zero_division("0.0 to a negative or complex power");
        }
        if b.0.is_nan() {
            return not_modelled("a complex power with NaN");
        }
        if b.0 > 100.0 || b.0.fract() != 0.0 {
            return Ok((0.0, 0.0));
        }
    }
    if b.1 != 0.0 || b.0 != b.0.floor() || b.0.abs() > 100.0 {
        return not_modelled("a complex power that is not exact");
    }
    let count = b.0.abs() as u32;
    // c_powu: by squaring, from the lowest bit.
    let mut result = (1.0, 0.0);
    let mut square = a;
    let mut mask = 1u32;
    while mask > 0 && count >= mask {
        if count & mask != 0 {
            result = multiply(result, square)?;
        }
        mask <<= 1;
        if count >= mask {
            square = multiply(square, square)?;
        }
    }
    let result = if b.0 > 0.0 { result } else { divide((1.0, 0.0), result)? };
    if result.0.is_finite() && result.1.is_finite() { Ok(result) } else { not_modelled("a complex power out of range") }
}

/// `abs(z)` where `hypot` is exact.
pub(crate) fn absolute(a: Complex) -> Outcome<f64> {
    if a.0.is_infinite() || a.1.is_infinite() {
        return Ok(f64::INFINITY);
    }
    if a.0.is_nan() || a.1.is_nan() {
        return Ok(f64::NAN);
    }
    if a.0 == 0.0 {
        return Ok(a.1.abs());
    }
    if a.1 == 0.0 {
        return Ok(a.0.abs());
    }
    let limit = f64::from(1u32 << 25);
    if a.0.fract() == 0.0 && a.1.fract() == 0.0 && a.0.abs() < limit && a.1.abs() < limit {
        let square = a.0 * a.0 + a.1 * a.1;
        let root = square.sqrt();
        if root.fract() == 0.0 && root * root == square {
            return Ok(root);
        }
    }
    not_modelled("the absolute value of a complex number: its last digit is the C library's")
}

/// `complex(text)` (`complex_from_string_inner`).
pub(crate) fn parse(source: &str) -> Outcome<Complex> {
    let ascii = super::text::decimals_and_spaces_to_ascii(source)?;
    let trimmed = ascii.trim_matches(super::text::is_c_space);
    let Some(plain) = super::float_text::without_underscores(trimmed) else {
        let shown = super::repr::repr(&Value::str(source))?;
        return value_error(format!("could not convert string to complex: {shown}"));
    };
    match parse_plain(&plain) {
        Some(z) => Ok(z),
        None => value_error("complex() arg is a malformed string"),
    }
}

fn parse_plain(text: &str) -> Option<Complex> {
    let body = match text.strip_prefix('(') {
        Some(inner) => inner.trim_start_matches(super::text::is_c_space).strip_suffix(')')?,
        None => text,
    };
    let body = body.trim_end_matches(super::text::is_c_space);
    let is_unit = |c: &str| matches!(c, "j" | "J");
    let split = super::float_text::prefix_length(body.as_bytes());
    let (first, rest) = body.split_at(split);
    let number = |text: &str| super::float_text::parse_plain(text);
    if !first.is_empty() {
        if rest.is_empty() {
            return Some((number(first)?, 0.0));
        }
        if is_unit(rest) {
            return Some((0.0, number(first)?));
        }
        if !rest.starts_with(['+', '-']) {
            return None;
        }
        let split = super::float_text::prefix_length(rest.as_bytes());
        let (second, unit) = rest.split_at(split);
        if second.is_empty() {
            let sign = if rest.starts_with('-') { -1.0 } else { 1.0 };
            return is_unit(&rest[1..]).then_some((number(first)?, sign));
        }
        return if is_unit(unit) { Some((number(first)?, number(second)?)) } else { None };
    }
    match rest {
        "j" | "J" | "+j" | "+J" => Some((0.0, 1.0)),
        "-j" | "-J" => Some((0.0, -1.0)),
        _ => None,
    }
}

/// `repr(z)`
pub(crate) fn repr((re, im): Complex) -> String {
    let part = |f: f64, plus: bool| {
        let style = super::float_text::Style { plus, ..Default::default() };
        super::float_text::render(f, 'r', 0, style).unwrap_or_default()
    };
    if re == 0.0 && re.is_sign_positive() {
        return format!("{}j", part(im, false));
    }
    format!("({}{}j)", part(re, false), part(im, true))
}
