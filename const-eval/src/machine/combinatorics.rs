//! The constructors of `itertools` that take their iterables apart at once: what the iterator will give is known then.

use super::functions::Keywords;
use super::{Eval, Machine};
use crate::ground::GroundId;
use crate::value::Value;

impl Machine<'_> {
    /// `None`: another type, or arguments that are not modelled.
    pub(super) fn combinatoric_iterator(
        &mut self,
        id: GroundId,
        qualified: &str,
        positional: &[Value],
        keywords: &Keywords,
    ) -> Eval<Option<Value>> {
        let selection: fn(usize, usize) -> Vec<Vec<usize>> = match qualified {
            "itertools.product" => return self.product_iterator(id, positional, keywords),
            "itertools.permutations" => permutations,
            "itertools.combinations" => combinations,
            "itertools.combinations_with_replacement" => combinations_with_replacement,
            _ => return Ok(None),
        };
        match (positional, keywords.as_slice()) {
            ([iterable], []) if qualified == "itertools.permutations" => {
                self.selecting_iterator(id, selection, iterable, &Value::None)
            }
            ([iterable, length], []) => self.selecting_iterator(id, selection, iterable, length),
            ([iterable], [(name, length)]) if &**name == "r" => {
                self.selecting_iterator(id, selection, iterable, length)
            }
            _ => Ok(None),
        }
    }

    fn selecting_iterator(
        &mut self,
        id: GroundId,
        selection: fn(usize, usize) -> Vec<Vec<usize>>,
        iterable: &Value,
        length: &Value,
    ) -> Eval<Option<Value>> {
        let wanted = match length {
            Value::None => None,
            Value::Int(length) => match length.to_i64().and_then(|length| usize::try_from(length).ok()) {
                Some(length) => Some(length),
                None => return Ok(None),
            },
            _ => return Ok(None),
        };
        let pool = self.collect_hinted(iterable)?;
        let length = wanted.unwrap_or(pool.len());
        // As many as there are sequences with repetition, at most.
        self.charge_power(pool.len(), length)?;
        let chosen = selection(pool.len(), length);
        Ok(Some(self.iterator_over_choices(id, &chosen, |_, choice| pool[choice].clone())))
    }

    fn product_iterator(&mut self, id: GroundId, positional: &[Value], keywords: &Keywords) -> Eval<Option<Value>> {
        let repeat = match keywords.as_slice() {
            [] => 1,
            [(name, Value::Int(repeat))] if &**name == "repeat" => {
                match repeat.to_i64().and_then(|repeat| usize::try_from(repeat).ok()) {
                    Some(repeat) if repeat <= 64 => repeat,
                    _ => return Ok(None),
                }
            }
            _ => return Ok(None),
        };
        let mut pools = Vec::with_capacity(positional.len() * repeat);
        for iterable in positional {
            pools.push(self.collect_hinted(iterable)?);
        }
        let pools: Vec<&Vec<Value>> = std::iter::repeat_n(&pools, repeat).flatten().collect();
        let count = pools.iter().map(|pool| pool.len()).fold(1usize, usize::saturating_mul);
        self.charge(count.saturating_mul(pools.len().max(1)))?;
        let mut chosen = vec![Vec::new()];
        for pool in &pools {
            let longer = chosen.iter().flat_map(|choice: &Vec<usize>| {
                (0..pool.len()).map(move |next| choice.iter().copied().chain([next]).collect())
            });
            chosen = longer.collect();
        }
        Ok(Some(self.iterator_over_choices(id, &chosen, |place, choice| pools[place][choice].clone())))
    }

    fn iterator_over_choices(
        &mut self,
        id: GroundId,
        chosen: &[Vec<usize>],
        item: impl Fn(usize, usize) -> Value,
    ) -> Value {
        let tuple = |choice: &Vec<usize>| {
            Value::tuple(choice.iter().enumerate().map(|(place, &choice)| item(place, choice)).collect())
        };
        let items = chosen.iter().map(tuple).collect();
        self.items_iterator(items, id)
    }

    fn charge_power(&mut self, base: usize, exponent: usize) -> Eval<()> {
        let exponent = u32::try_from(exponent).unwrap_or(u32::MAX);
        let power = if base < 2 { 1 } else { base.saturating_pow(exponent) };
        self.charge(power.saturating_mul(exponent as usize + 1))
    }
}

/// Sequences of `length` numbers below `size`, in lexicographic order; `allowed` says which numbers
/// may follow those chosen so far.
fn sequences(size: usize, length: usize, allowed: impl Fn(&[usize], usize) -> bool) -> Vec<Vec<usize>> {
    let mut found: Vec<Vec<usize>> = vec![Vec::new()];
    for _ in 0..length {
        let longer = found.iter().flat_map(|chosen| {
            let allowed = &allowed;
            (0..size)
                .filter(move |next| allowed(chosen, *next))
                .map(move |next| chosen.iter().copied().chain([next]).collect())
        });
        found = longer.collect();
        if found.is_empty() {
            break;
        }
    }
    found
}

fn permutations(size: usize, length: usize) -> Vec<Vec<usize>> {
    sequences(size, length, |chosen, next| !chosen.contains(&next))
}

fn combinations(size: usize, length: usize) -> Vec<Vec<usize>> {
    sequences(size, length, |chosen, next| chosen.last().is_none_or(|last| *last < next))
}

fn combinations_with_replacement(size: usize, length: usize) -> Vec<Vec<usize>> {
    sequences(size, length, |chosen, next| chosen.last().is_none_or(|last| *last <= next))
}
