//! `int` arithmetic, of any size (`Objects/longobject.c`).

use std::cmp::Ordering;

use num_bigint::BigInt;
use num_integer::Integer as _;
use num_traits::{One, Signed, Zero};

use super::{Failure, MAX_BITS, Outcome, float, overflow_error, value_error, zero_division};
use crate::value::{Integer, Value};

pub(crate) fn order(a: &Integer, b: &Integer) -> Ordering {
    match (a, b) {
        (Integer::Small(a), Integer::Small(b)) => a.cmp(b),
        _ => a.to_big().cmp(&b.to_big()),
    }
}

pub(crate) fn is_zero(n: &Integer) -> bool {
    matches!(n, Integer::Small(0))
}

pub(crate) fn is_negative(n: &Integer) -> bool {
    match n {
        Integer::Small(n) => *n < 0,
        Integer::Big(n) => n.is_negative(),
    }
}

/// Number of bits of the magnitude.
pub(crate) fn bits(n: &Integer) -> u64 {
    match n {
        Integer::Small(n) => u64::from(64 - n.unsigned_abs().leading_zeros()),
        Integer::Big(n) => n.bits(),
    }
}

fn checked(
    a: &Integer,
    b: &Integer,
    small: impl Fn(i64, i64) -> Option<i64>,
    big: impl Fn(BigInt, BigInt) -> BigInt,
) -> Integer {
    if let (Integer::Small(a), Integer::Small(b)) = (a, b)
        && let Some(result) = small(*a, *b)
    {
        return Integer::Small(result);
    }
    big(a.to_big(), b.to_big()).into()
}

pub(crate) fn add(a: &Integer, b: &Integer) -> Integer {
    checked(a, b, i64::checked_add, |a, b| a + b)
}

pub(crate) fn subtract(a: &Integer, b: &Integer) -> Integer {
    checked(a, b, i64::checked_sub, |a, b| a - b)
}

pub(crate) fn multiply(a: &Integer, b: &Integer) -> Outcome<Integer> {
    if bits(a) + bits(b) > MAX_BITS {
        return Err(Failure::TooLarge);
    }
    Ok(checked(a, b, i64::checked_mul, |a, b| a * b))
}

/// `divmod` of ints: rounds down, the remainder has the divisor's sign. Not for a zero divisor.
fn div_mod(a: &Integer, b: &Integer) -> (Integer, Integer) {
    if let (Integer::Small(a), Integer::Small(b)) = (a, b)
        && (*a, *b) != (i64::MIN, -1)
    {
        let (quotient, remainder) = a.div_mod_floor(b);
        return (Integer::Small(quotient), Integer::Small(remainder));
    }
    let (quotient, remainder) = a.to_big().div_mod_floor(&b.to_big());
    (quotient.into(), remainder.into())
}

pub(crate) fn floor_divide(a: &Integer, b: &Integer) -> Outcome<Integer> {
    if is_zero(b) {
        return zero_division("integer division or modulo by zero");
    }
    Ok(div_mod(a, b).0)
}

pub(crate) fn modulo(a: &Integer, b: &Integer) -> Outcome<Integer> {
    if is_zero(b) {
        return zero_division("integer modulo by zero");
    }
    Ok(div_mod(a, b).1)
}

pub(crate) fn divmod(a: &Integer, b: &Integer) -> Outcome<(Integer, Integer)> {
    if is_zero(b) {
        return zero_division("integer division or modulo by zero");
    }
    Ok(div_mod(a, b))
}

/// `a ** b`; a float for a negative exponent.
pub(crate) fn power(a: &Integer, b: &Integer) -> Outcome<Value> {
    if is_negative(b) {
        let (base, exponent) = (float::from_integer_or_raise(a)?, float::from_integer_or_raise(b)?);
        return float::power(base, exponent).map(Value::Float);
    }
    let result = match (a, b) {
        (_, Integer::Small(0)) => Integer::Small(1),
        (Integer::Small(base @ (0 | 1)), _) => Integer::Small(*base),
        (Integer::Small(-1), _) => Integer::Small(if is_odd(b) { -1 } else { 1 }),
        (_, Integer::Small(exponent)) => {
            let exponent = u32::try_from(*exponent).map_err(|_| Failure::TooLarge)?;
            if bits(a).saturating_mul(u64::from(exponent)) > MAX_BITS {
                return Err(Failure::TooLarge);
            }
            match a {
                Integer::Small(base) if base.checked_pow(exponent).is_some() => Integer::Small(base.pow(exponent)),
                _ => num_traits::pow(a.to_big(), exponent as usize).into(),
            }
        }
        _ => return Err(Failure::TooLarge),
    };
    Ok(Value::Int(result))
}

fn is_odd(n: &Integer) -> bool {
    match n {
        Integer::Small(n) => n & 1 == 1,
        Integer::Big(n) => n.is_odd(),
    }
}

/// `pow(a, b, c)`
pub(crate) fn power_modulo(a: &Integer, b: &Integer, c: &Integer) -> Outcome<Integer> {
    if is_zero(c) {
        return value_error("pow() 3rd argument cannot be 0");
    }
    if bits(a).max(bits(b)).max(bits(c)) > 4096 {
        return Err(Failure::TooLarge);
    }
    let (mut base, mut exponent, modulus) = (a.to_big(), b.to_big(), c.to_big());
    let size = modulus.abs();
    if size.is_one() {
        return Ok(Integer::Small(0));
    }
    if exponent.is_negative() {
        let extended = base.mod_floor(&size).extended_gcd(&size);
        if !extended.gcd.is_one() {
            return value_error("base is not invertible for the given modulus");
        }
        base = extended.x;
        exponent = -exponent;
    }
    let result = base.mod_floor(&size).modpow(&exponent, &size);
    // The result has the modulus's sign.
    let result = if modulus.is_negative() && !result.is_zero() { result - size } else { result };
    Ok(result.into())
}

pub(crate) fn shift_left(a: &Integer, b: &Integer) -> Outcome<Integer> {
    if is_negative(b) {
        return value_error("negative shift count");
    }
    if is_zero(a) {
        return Ok(Integer::Small(0));
    }
    match b.to_i64() {
        Some(count) if bits(a).saturating_add(count as u64) <= MAX_BITS => Ok((a.to_big() << count as usize).into()),
        _ => Err(Failure::TooLarge),
    }
}

pub(crate) fn shift_right(a: &Integer, b: &Integer) -> Outcome<Integer> {
    if is_negative(b) {
        return value_error("negative shift count");
    }
    let count = match b.to_i64() {
        Some(count) if (count as u64) < bits(a) => count,
        _ => return Ok(Integer::Small(if is_negative(a) { -1 } else { 0 })),
    };
    Ok(match a {
        Integer::Small(n) => Integer::Small(n >> count.min(63)),
        // BigInt's shift rounds down, as Python's does.
        Integer::Big(n) => Integer::from(n.as_ref() >> count as usize),
    })
}

pub(crate) fn bit_and(a: &Integer, b: &Integer) -> Integer {
    checked(a, b, |a, b| Some(a & b), |a, b| a & b)
}

pub(crate) fn bit_or(a: &Integer, b: &Integer) -> Integer {
    checked(a, b, |a, b| Some(a | b), |a, b| a | b)
}

pub(crate) fn bit_xor(a: &Integer, b: &Integer) -> Integer {
    checked(a, b, |a, b| Some(a ^ b), |a, b| a ^ b)
}

pub(crate) fn negate(a: &Integer) -> Integer {
    match a {
        Integer::Small(n) if *n != i64::MIN => Integer::Small(-n),
        _ => Integer::from(-a.to_big()),
    }
}

pub(crate) fn invert(a: &Integer) -> Integer {
    match a {
        Integer::Small(n) => Integer::Small(!n),
        Integer::Big(n) => Integer::from(-(n.as_ref()) - 1),
    }
}

pub(crate) fn absolute(a: &Integer) -> Integer {
    if is_negative(a) { negate(a) } else { a.clone() }
}

/// `round(n, digits)` for negative digits: to the nearest multiple of a power of ten, ties to even.
pub(crate) fn round(n: &Integer, digits: &Integer) -> Outcome<Integer> {
    if !is_negative(digits) || is_zero(n) {
        return Ok(n.clone());
    }
    let places = match digits.to_i64() {
        // 10**places is above 2n, so n rounds to nothing.
        Some(places) if places.unsigned_abs() <= bits(n) / 3 + 1 => places.unsigned_abs() as usize,
        _ => return Ok(Integer::Small(0)),
    };
    let unit = num_traits::pow(BigInt::from(10), places);
    let (mut quotient, remainder) = n.to_big().div_mod_floor(&unit);
    let doubled: BigInt = remainder * 2;
    let up = match doubled.cmp(&unit) {
        Ordering::Less => false,
        Ordering::Equal => quotient.is_odd(),
        Ordering::Greater => true,
    };
    if up {
        quotient += 1;
    }
    Ok((quotient * unit).into())
}

/// `n.to_bytes(length, byteorder, signed=…)`
pub(crate) fn to_bytes(n: &Integer, length: usize, little: bool, signed: bool) -> Outcome<Vec<u8>> {
    if is_negative(n) && !signed {
        return overflow_error("can't convert negative int to unsigned");
    }
    super::bounded_text(Some(length))?;
    if length == 0 && matches!(n, Integer::Small(-1)) {
        // CPython finds that all of its sign bits fit.
        return Ok(Vec::new());
    }
    let big = n.to_big();
    let mut bytes = if signed { big.to_signed_bytes_le() } else { big.magnitude().to_bytes_le() };
    if big.is_zero() {
        bytes.clear();
    }
    if bytes.len() > length {
        return overflow_error("int too big to convert");
    }
    bytes.resize(length, if is_negative(n) { 0xff } else { 0 });
    if !little {
        bytes.reverse();
    }
    Ok(bytes)
}

/// `int.from_bytes(data, byteorder, signed=…)`
pub(crate) fn from_bytes(data: &[u8], little: bool, signed: bool) -> Outcome<Integer> {
    if data.len() as u64 * 8 > MAX_BITS {
        return Err(Failure::TooLarge);
    }
    use num_bigint::Sign;
    Ok(match (little, signed) {
        (true, true) => BigInt::from_signed_bytes_le(data),
        (true, false) => BigInt::from_bytes_le(Sign::Plus, data),
        (false, true) => BigInt::from_signed_bytes_be(data),
        (false, false) => BigInt::from_bytes_be(Sign::Plus, data),
    }
    .into())
}

/// Number of one bits of the magnitude.
pub(crate) fn bit_count(n: &Integer) -> u64 {
    match n {
        Integer::Small(n) => u64::from(n.unsigned_abs().count_ones()),
        Integer::Big(n) => n.magnitude().iter_u64_digits().map(|digit| u64::from(digit.count_ones())).sum(),
    }
}
