//! `sorted` over data (`Objects/listobject.c`).

use syntax::ir::Comparison;

use super::{Context, Failure, MAX_DEPTH, Outcome, compare, not_modelled, type_name};
use crate::value::Value;

/// Below this length CPython sorts by binary insertion, after one run.
const MIN_MERGE: usize = 64;

/// Whether NaN stands somewhere within (then the result hangs on which comparisons
/// the algorithm makes), or nesting is too deep to tell.
fn has_nan(x: &Value, depth: usize) -> bool {
    match x {
        Value::Float(f) => f.is_nan(),
        Value::Tuple(items) => depth == 0 || items.iter().any(|item| has_nan(item, depth - 1)),
        _ => false,
    }
}

/// A stable sort by `<`.
pub(crate) fn sort(ctx: Context, items: Vec<Value>, reverse: bool) -> Outcome<Vec<Value>> {
    Ok(sorted_places(ctx, &items, reverse)?.into_iter().map(|place| items[place].clone()).collect())
}

/// Where the items stand that a stable sort by `<` puts one behind the other.
pub(crate) fn sorted_places(ctx: Context, items: &[Value], reverse: bool) -> Outcome<Vec<usize>> {
    for item in items {
        type_name(item)?;
    }
    if items.iter().any(|item| has_nan(item, MAX_DEPTH)) {
        return not_modelled("sorting NaN, or data nested too deeply");
    }
    let mut places: Vec<usize> = (0..items.len()).collect();
    // CPython reverses before and after, so that equal items keep their order.
    if reverse {
        places.reverse();
    }
    let count = items.len();
    let mut less = |a: usize, b: usize| compare::compare(ctx, Comparison::Less, &items[a], &items[b]);
    let sorted = if count < MIN_MERGE { insertion(&mut less, places) } else { merge(&mut less, places) };
    let mut sorted = match sorted {
        // Which two items the message names depends on the order of comparisons: 3.13 finds runs in another way.
        Err(Failure::Raise { .. }) if count >= MIN_MERGE || (count > 2 && ctx.version >= (3, 13)) => {
            return not_modelled("an error in the middle of sorting");
        }
        other => other?,
    };
    if reverse {
        sorted.reverse();
    }
    Ok(sorted)
}

/// In the order of comparisons of CPython up to 3.12, so that an error names the same two types.
fn insertion(less: &mut impl FnMut(usize, usize) -> Outcome<bool>, mut items: Vec<usize>) -> Outcome<Vec<usize>> {
    let mut run = items.len().min(1);
    if items.len() > 1 {
        run = 2;
        if less(items[1], items[0])? {
            while run < items.len() && less(items[run], items[run - 1])? {
                run += 1;
            }
            items[..run].reverse();
        } else {
            while run < items.len() && !less(items[run], items[run - 1])? {
                run += 1;
            }
        }
    }
    for at in run..items.len() {
        let (mut left, mut right) = (0, at);
        while left < right {
            let middle = left + (right - left) / 2;
            if less(items[at], items[middle])? {
                right = middle;
            } else {
                left = middle + 1;
            }
        }
        items[left..=at].rotate_right(1);
    }
    Ok(items)
}

/// A merge sort: stable, and at ease with comparisons that fail.
fn merge(less: &mut impl FnMut(usize, usize) -> Outcome<bool>, mut items: Vec<usize>) -> Outcome<Vec<usize>> {
    if items.len() < MIN_MERGE {
        return insertion(less, items);
    }
    let right = items.split_off(items.len() / 2);
    let mut left = merge(less, items)?.into_iter().peekable();
    let mut right = merge(less, right)?.into_iter().peekable();
    let mut merged = Vec::with_capacity(left.len() + right.len());
    while let (Some(l), Some(r)) = (left.peek(), right.peek()) {
        let next = if less(*r, *l)? { right.next() } else { left.next() };
        merged.extend(next);
    }
    merged.extend(left);
    merged.extend(right);
    Ok(merged)
}
