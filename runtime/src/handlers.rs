//! Which lines of a code object stand inside a `try` or `with`.

use pyo3_ffi as ffi;

use crate::names::name;
use crate::object::{Fallible, Object};

/// Whether an exception raised at this line of the module's code could be handled there: by the
/// exception table (`Objects/exception_handling_notes.txt` in CPython's sources).
pub fn may_handle(code: &Object, line: u32) -> Fallible<bool> {
    let table = code.attribute(name!("co_exceptiontable"))?;
    let Some(table) = table.as_bytes() else {
        return Ok(true);
    };
    if table.is_empty() {
        return Ok(false);
    }
    if line == 0 {
        return Ok(true);
    }
    let ranges = handled_ranges(table);
    let lines = code.attribute(name!("co_lines"))?.call0()?;
    // SAFETY: any iterator; a new list.
    let lines = unsafe { Object::owned(ffi::PySequence_Tuple(lines.as_ptr()))? };
    for entry in lines.tuple_items() {
        let (Some(start), Some(end), Some(of_line)) = (entry.tuple_item(0), entry.tuple_item(1), entry.tuple_item(2))
        else {
            return Ok(true);
        };
        if of_line.is_none() || integer(&of_line) != u64::from(line) {
            continue;
        }
        let (start, end) = (integer(&start), integer(&end));
        if ranges.iter().any(|&(from, to)| start < to && from < end) {
            return Ok(true);
        }
    }
    Ok(false)
}

fn integer(object: &Object) -> u64 {
    // SAFETY: an int from `co_lines`.
    let value = unsafe { ffi::PyLong_AsLongLong(object.as_ptr()) };
    u64::try_from(value).unwrap_or(0)
}

/// Byte ranges of instructions with a handler. An entry is four numbers of six bits a byte, the most
/// significant first: start, length, target (in code units) and depth.
fn handled_ranges(table: &[u8]) -> Vec<(u64, u64)> {
    let mut bytes = table.iter().copied();
    let mut ranges = Vec::new();
    loop {
        let (Some(start), Some(length), Some(_), Some(_)) =
            (number(&mut bytes), number(&mut bytes), number(&mut bytes), number(&mut bytes))
        else {
            return ranges;
        };
        ranges.push((start * 2, (start + length) * 2));
    }
}

fn number(bytes: &mut impl Iterator<Item = u8>) -> Option<u64> {
    let mut byte = bytes.next()?;
    let mut value = u64::from(byte & 63);
    while byte & 64 != 0 {
        byte = bytes.next()?;
        value = value.wrapping_shl(6) | u64::from(byte & 63);
    }
    Some(value & u64::from(u32::MAX))
}
