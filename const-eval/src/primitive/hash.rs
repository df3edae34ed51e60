//! `hash(x)` where it is the same in every process on a 64-bit platform.
//!
//! Hashes of str and bytes are randomised, those of NaN and most singletons come from addresses.

use num_integer::Integer as _;
use num_traits::{Signed, ToPrimitive};

use super::{Context, Failure, MAX_DEPTH, Outcome, float, integer, not_modelled, range, type_error};
use crate::value::{Integer, Value};

/// `_PyHASH_MODULUS`, 2**61 - 1
const MODULUS: i64 = (1 << 61) - 1;
const PRIME_1: u64 = 11_400_714_785_074_694_791;
const PRIME_2: u64 = 14_029_467_366_897_019_727;
const PRIME_5: u64 = 2_870_177_450_012_600_261;

pub(crate) fn hash(ctx: Context, x: &Value) -> Outcome<i64> {
    within(ctx, x, MAX_DEPTH)
}

fn within(ctx: Context, x: &Value, depth: usize) -> Outcome<i64> {
    let depth = depth.checked_sub(1).ok_or(Failure::NotModelled("data nested too deeply"))?;
    match x {
        Value::Bool(b) => Ok(i64::from(*b)),
        Value::Int(n) => Ok(of_integer(n)),
        Value::Float(f) => of_float(*f),
        Value::Complex(re, im) => {
            let combined = (of_float(*re)? as u64).wrapping_add((of_float(*im)? as u64).wrapping_mul(1_000_003));
            Ok(not_minus_one(combined as i64))
        }
        // A constant from 3.12 on; an address before.
        Value::None if ctx.version >= (3, 12) => Ok(0xFCA8_6420),
        Value::Tuple(items) => {
            let mut lanes = PRIME_5;
            for item in items.iter() {
                lanes = mix(lanes, within(ctx, item, depth)?);
            }
            Ok(finish(lanes.wrapping_add(items.len() as u64 ^ (PRIME_5 ^ 3_527_539))))
        }
        Value::Slice(_) if ctx.version < (3, 12) => type_error("unhashable type: 'slice'"),
        Value::Slice(parts) => {
            let mut lanes = PRIME_5;
            for part in parts.iter() {
                lanes = mix(lanes, within(ctx, part, depth)?);
            }
            Ok(finish(lanes))
        }
        Value::Range(bounds) => {
            let length = range::length(bounds);
            let some = |kept: bool, n: &Integer| {
                if kept { Value::Int(n.clone()) } else { Value::None }
            };
            let several = length > 1.into();
            let key = Value::tuple(vec![
                Value::Int(length.clone().into()),
                some(length.is_positive(), &bounds[0]),
                some(several, &bounds[2]),
            ]);
            within(ctx, &key, depth)
        }
        _ => not_modelled("a hash that differs between processes"),
    }
}

fn mix(lanes: u64, hash: i64) -> u64 {
    lanes.wrapping_add((hash as u64).wrapping_mul(PRIME_2)).rotate_left(31).wrapping_mul(PRIME_1)
}

fn finish(lanes: u64) -> i64 {
    if lanes == u64::MAX { 1_546_275_796 } else { lanes as i64 }
}

/// -1 means an error in C.
fn not_minus_one(hash: i64) -> i64 {
    if hash == -1 { -2 } else { hash }
}

fn of_integer(n: &Integer) -> i64 {
    let size = match n {
        Integer::Small(n) => (n.unsigned_abs() % MODULUS as u64) as i64,
        Integer::Big(n) => n.abs().mod_floor(&MODULUS.into()).to_i64().unwrap_or(0),
    };
    not_minus_one(if integer::is_negative(n) { -size } else { size })
}

/// `_Py_HashDouble`
fn of_float(f: f64) -> Outcome<i64> {
    if f.is_nan() {
        return not_modelled("the hash of NaN, which is its address");
    }
    if f.is_infinite() {
        return Ok(if f > 0.0 { 314_159 } else { -314_159 });
    }
    let (mantissa, exponent) = float::decompose(f);
    // 2**61 is 1 modulo the modulus.
    let shift = exponent.rem_euclid(61);
    let size = (u128::from(mantissa.unsigned_abs()) << shift) % MODULUS as u128;
    let size = size as i64;
    Ok(not_minus_one(if mantissa < 0 { -size } else { size }))
}
