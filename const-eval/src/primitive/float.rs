//! `float`: arithmetic, conversion from and to `int`, rounding (`Objects/floatobject.c`).
//!
//! Only what IEEE 754 defines exactly is computed; results of the C library's
//! transcendental functions differ in the last digit between platforms.

use std::cmp::Ordering;

use num_bigint::{BigInt, Sign};
use num_integer::Integer as _;
use num_traits::{One, Signed, ToPrimitive, Zero};

use super::{Context, Outcome, not_modelled, overflow_error, value_error, zero_division};
use crate::value::Integer;

/// The integral part of a finite float. `None` for infinities and NaN.
pub(crate) fn to_integer(f: f64) -> Option<Integer> {
    if !f.is_finite() {
        return None;
    }
    if f.abs() < 9.0e18 {
        // Within i64, so the cast truncates exactly.
        return Some(Integer::Small(f as i64));
    }
    num_traits::FromPrimitive::from_f64(f.trunc()).map(|big: BigInt| big.into())
}

/// `int(f)` with CPython's errors (`PyLong_FromDouble`).
pub(crate) fn to_integer_or_raise(f: f64) -> Outcome<Integer> {
    match to_integer(f) {
        Some(n) => Ok(n),
        None if f.is_nan() => value_error("cannot convert float NaN to integer"),
        None => overflow_error("cannot convert float infinity to integer"),
    }
}

/// Mantissa (odd, or zero) and exponent of a finite float: `f == mantissa * 2**exponent`.
pub(crate) fn decompose(f: f64) -> (i64, i32) {
    let bits = f.to_bits();
    let fraction = (bits & ((1 << 52) - 1)) as i64;
    let biased = ((bits >> 52) & 0x7ff) as i32;
    let (mantissa, exponent) = if biased == 0 { (fraction, -1074) } else { (fraction | 1 << 52, biased - 1075) };
    if mantissa == 0 {
        return (0, 0);
    }
    let shift = mantissa.trailing_zeros();
    let mantissa = mantissa >> shift;
    (if f.is_sign_negative() { -mantissa } else { mantissa }, exponent + shift as i32)
}

/// `2.0**power` for a normal float.
fn power_of_two(power: i64) -> f64 {
    f64::from_bits(((power.clamp(-1022, 1023) + 1023) as u64) << 52)
}

/// The float nearest to `numerator / denominator * 2**exponent`, ties to even;
/// `None` if it is too large. The denominator is positive.
pub(crate) fn nearest(numerator: &BigInt, denominator: &BigInt, exponent: i64) -> Option<f64> {
    if numerator.is_zero() {
        return Some(0.0);
    }
    let negative = numerator.is_negative();
    let magnitude = numerator.abs();
    // 2**(top-1) < quotient < 2**(top+1), before the exponent is counted.
    let top = magnitude.bits() as i64 - denominator.bits() as i64;
    if top + exponent > 1026 {
        return None;
    }
    if top + exponent < -1080 {
        return Some(if negative { -0.0 } else { 0.0 });
    }
    // Lowest bit that a float of this size keeps, and at least two more: one to round by, one sticky.
    let lowest = (top + exponent - 55).max(-1074 - 2);
    let shift = exponent - lowest;
    let (numerator, denominator) = if shift >= 0 {
        (magnitude << shift as usize, denominator.clone())
    } else {
        (magnitude, denominator << (-shift) as usize)
    };
    let (quotient, remainder) = numerator.div_rem(&denominator);
    let mut quotient = quotient.to_u64()?;
    if !remainder.is_zero() {
        quotient |= 1;
    }
    // quotient * 2**lowest, with a sticky last bit: round to 53 bits or to the subnormal grid.
    let size = 64 - i64::from(quotient.leading_zeros());
    let drop = (size - 53).max(-1074 - lowest).max(0);
    let rounded = if drop == 0 {
        quotient
    } else {
        let half = 1u64 << (drop - 1);
        let rest = quotient & ((half << 1) - 1);
        let kept = quotient >> drop;
        kept + u64::from(rest > half || (rest == half && kept & 1 == 1))
    };
    let power = lowest + drop;
    // `rounded` has at most 53 bits (or is 2**53), so both steps are exact.
    let mut result = rounded as f64;
    if power >= -1022 {
        result *= power_of_two(power);
    } else {
        result *= power_of_two(-1022);
        result *= power_of_two(power + 1022);
    }
    if result.is_infinite() {
        return None;
    }
    Some(if negative { -result } else { result })
}

/// The float nearest to an int; `None` if it is too large.
pub(crate) fn from_integer(n: &Integer) -> Option<f64> {
    match n {
        // The cast rounds to nearest, ties to even.
        Integer::Small(n) => Some(*n as f64),
        Integer::Big(n) => nearest(n, &BigInt::one(), 0),
    }
}

/// `float(n)` with CPython's error.
pub(crate) fn from_integer_or_raise(n: &Integer) -> Outcome<f64> {
    match from_integer(n) {
        Some(f) => Ok(f),
        None => overflow_error("int too large to convert to float"),
    }
}

/// Exact comparison; `None` with NaN.
pub(crate) fn compare_integer(f: f64, n: &Integer) -> Option<Ordering> {
    if f.is_nan() {
        return None;
    }
    if f.is_infinite() {
        return Some(if f > 0.0 { Ordering::Greater } else { Ordering::Less });
    }
    let whole = to_integer(f)?;
    let order = super::integer::order(&whole, n);
    Some(if order == Ordering::Equal { f.fract().partial_cmp(&0.0)? } else { order })
}

/// `divmod(x, y)` for a `y` that is not zero (`_float_div_mod`).
fn floor_and_remainder(x: f64, y: f64) -> (f64, f64) {
    let mut remainder = x % y;
    let mut quotient = (x - remainder) / y;
    if remainder != 0.0 {
        if (y < 0.0) != (remainder < 0.0) {
            remainder += y;
            quotient -= 1.0;
        }
    } else {
        remainder = 0f64.copysign(y);
    }
    let floor = if quotient != 0.0 {
        let floor = quotient.floor();
        if quotient - floor > 0.5 { floor + 1.0 } else { floor }
    } else {
        0f64.copysign(x / y)
    };
    (floor, remainder)
}

pub(crate) fn divide(x: f64, y: f64) -> Outcome<f64> {
    if y == 0.0 {
        return zero_division("float division by zero");
    }
    Ok(x / y)
}

pub(crate) fn floor_divide(x: f64, y: f64) -> Outcome<f64> {
    if y == 0.0 {
        return zero_division("float floor division by zero");
    }
    Ok(floor_and_remainder(x, y).0)
}

pub(crate) fn modulo(ctx: Context, x: f64, y: f64) -> Outcome<f64> {
    if y == 0.0 {
        return zero_division(if ctx.version >= (3, 13) { "float modulo by zero" } else { "float modulo" });
    }
    let remainder = x % y;
    Ok(if remainder == 0.0 {
        0f64.copysign(y)
    } else if (y < 0.0) != (remainder < 0.0) {
        remainder + y
    } else {
        remainder
    })
}

pub(crate) fn divmod(x: f64, y: f64) -> Outcome<(f64, f64)> {
    if y == 0.0 {
        return zero_division("float divmod()");
    }
    Ok(floor_and_remainder(x, y))
}

/// `x ** y` where the result is exact, and so the same with every C library (`float_pow`).
pub(crate) fn power(x: f64, y: f64) -> Outcome<f64> {
    let odd = (y.abs() % 2.0) == 1.0;
    if y == 0.0 {
        return Ok(1.0);
    }
    if x.is_nan() {
        return Ok(x);
    }
    if y.is_nan() {
        return Ok(if x == 1.0 { 1.0 } else { y });
    }
    if y.is_infinite() {
        let size = x.abs();
        return Ok(if size == 1.0 {
            1.0
        } else if (y > 0.0) == (size > 1.0) {
            y.abs()
        } else {
            0.0
        });
    }
    if x.is_infinite() {
        return Ok(match (y > 0.0, odd) {
            (true, true) => x,
            (true, false) => x.abs(),
            (false, true) => 0f64.copysign(x),
            (false, false) => 0.0,
        });
    }
    if x == 0.0 {
        if y < 0.0 {
            return zero_division("0.0 cannot be raised to a negative power");
        }
        return Ok(if odd { x } else { 0.0 });
    }
    if x < 0.0 && y != y.floor() {
        return not_modelled("a complex power");
    }
    let size = if x.abs() == 1.0 { 1.0 } else { exact_power(x.abs(), y)? };
    Ok(if x < 0.0 && odd { -size } else { size })
}

/// Why a power is not computed here.
pub(crate) const INEXACT_POWER: &str = "a power that is not exact: its last digit is the C library's";

/// `x ** y` of a positive `x`, if a float holds it exactly.
fn exact_power(x: f64, y: f64) -> Outcome<f64> {
    let (mut mantissa, mut exponent) = decompose(x);
    // y == numerator / 2**roots: take square roots while they are exact.
    let (mut numerator, y_exponent) = decompose(y);
    for _ in 0..(-y_exponent).max(0) {
        let root = num_integer::Roots::sqrt(&mantissa);
        if root * root != mantissa || exponent % 2 != 0 {
            return not_modelled(INEXACT_POWER);
        }
        mantissa = root;
        exponent /= 2;
    }
    if y_exponent > 0 {
        if y_exponent > 10 {
            return not_modelled(INEXACT_POWER);
        }
        numerator = match numerator.checked_mul(1 << y_exponent) {
            Some(n) => n,
            None => return not_modelled(INEXACT_POWER),
        };
    }
    let mut result: i64 = 1;
    if mantissa != 1 {
        if !(0..=53).contains(&numerator) {
            return not_modelled(INEXACT_POWER);
        }
        for _ in 0..numerator {
            result = match result.checked_mul(mantissa) {
                Some(product) if product < 1 << 53 => product,
                _ => return not_modelled(INEXACT_POWER),
            };
        }
    }
    let scale = match i64::from(exponent).checked_mul(numerator) {
        Some(scale) if (-1022..=970).contains(&scale) => scale,
        _ => return not_modelled("a power out of range: the error's words are the C library's"),
    };
    nearest(&BigInt::from(result), &BigInt::one(), scale).map_or_else(|| not_modelled(INEXACT_POWER), Ok)
}

/// `round(f)`: to the nearest int, ties to even.
pub(crate) fn round_to_integer(f: f64) -> Outcome<Integer> {
    to_integer_or_raise(f.round_ties_even())
}

/// `round(f, digits)` (`double_round`).
pub(crate) fn round_to_digits(f: f64, digits: i64) -> Outcome<f64> {
    if !f.is_finite() || digits > 323 {
        return Ok(f);
    }
    if digits < -308 {
        return Ok(0.0 * f);
    }
    let text = if digits >= 0 {
        format!("{:.*}", digits as usize, f)
    } else {
        let unit = num_traits::pow(BigInt::from(10), (-digits) as usize);
        let whole = to_integer_or_raise(f.abs())?.to_big();
        let (mut quotient, remainder) = whole.div_rem(&unit);
        let doubled: BigInt = remainder * 2;
        let up = match doubled.cmp(&unit) {
            Ordering::Less => false,
            Ordering::Equal => f.fract() != 0.0 || quotient.is_odd(),
            Ordering::Greater => true,
        };
        if up {
            quotient += 1;
        }
        format!("{}{quotient}e{}", if f.is_sign_negative() { "-" } else { "" }, -digits)
    };
    match text.parse::<f64>() {
        Ok(rounded) if rounded.is_finite() => Ok(rounded),
        _ => overflow_error("rounded value too large to represent"),
    }
}

/// `f.as_integer_ratio()`: numerator and denominator.
pub(crate) fn integer_ratio(f: f64) -> Outcome<(BigInt, BigInt)> {
    if f.is_infinite() {
        return overflow_error("cannot convert Infinity to integer ratio");
    }
    if f.is_nan() {
        return value_error("cannot convert NaN to integer ratio");
    }
    let (mantissa, exponent) = decompose(f);
    Ok(if exponent >= 0 {
        (BigInt::from(mantissa) << exponent as usize, BigInt::one())
    } else {
        (BigInt::from(mantissa), BigInt::one() << (-exponent) as usize)
    })
}

/// `a / b` of ints (`long_true_divide`).
pub(crate) fn divide_integers(a: &Integer, b: &Integer) -> Outcome<f64> {
    let (a, b) = (a.to_big(), b.to_big());
    if b.is_zero() {
        return zero_division("division by zero");
    }
    let negative = (a.sign() == Sign::Minus) != (b.sign() == Sign::Minus);
    match nearest(&a.abs(), &b.abs(), 0) {
        // `0 / -5` is `-0.0`.
        Some(f) => Ok(if negative { -f } else { f }),
        None => overflow_error("integer division result too large for a float"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn quotients_round_to_the_nearest_float() {
        let divide = |a: i64, b: i64| divide_integers(&Integer::from(a), &Integer::from(b)).ok();
        for (a, b) in [(1, 3), (2, 3), (22, 7), (1, 10), (5, 6), (1, 49), (9_007_199_254_740_993, 2)] {
            assert_eq!(divide(a, b), Some(a as f64 / b as f64), "{a} / {b}");
        }
        assert_eq!(divide(i64::MAX, 3), Some(3.0744573456182584e18));
    }
}
