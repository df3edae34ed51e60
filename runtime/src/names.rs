//! Interned strings by their text: the interpreter's own table can only be asked with a string object in hand.

use pyo3_ffi as ffi;
use rustc_hash::{FxBuildHasher, FxHashMap};

use crate::object::{Fallible, GilProtected, Object};

/// So many names are remembered.
const MOST: usize = 1 << 16;
/// So many there is room for at first.
const FIRST: usize = 1 << 12;

/// By the UTF-8 that the string itself holds: what is remembered is never forgotten.
static NAMES: GilProtected<Option<FxHashMap<&'static [u8], Object>>> = GilProtected::new(None);

/// The interned string of this UTF-8, surrogates allowed.
pub fn interned(text: &[u8]) -> Fallible<Object> {
    if let Some(known) = NAMES.with(|names| names.as_ref()?.get(text).cloned()) {
        return Ok(known);
    }
    let mut pointer = string(text)?.into_ptr();
    // SAFETY: the call takes our reference and leaves one in its place.
    let name = unsafe {
        ffi::PyUnicode_InternInPlace(&raw mut pointer);
        Object::owned(pointer)?
    };
    if let Some(own) = name.as_text() {
        // SAFETY: the buffer belongs to the string, which lives as long as the table.
        let own: &'static [u8] = unsafe { std::slice::from_raw_parts(own.as_ptr(), own.len()) };
        NAMES.with(|names| {
            let names = names.get_or_insert_with(|| FxHashMap::with_capacity_and_hasher(FIRST, FxBuildHasher));
            if names.len() < MOST {
                names.insert(own, name.clone());
            }
        });
    }
    Ok(name)
}

/// A string that is not interned.
pub fn string(text: &[u8]) -> Fallible<Object> {
    let errors = c"surrogatepass".as_ptr();
    // SAFETY: pointer and length describe a slice; a new reference.
    unsafe { Object::owned(ffi::PyUnicode_DecodeUTF8(text.as_ptr().cast(), text.len() as ffi::Py_ssize_t, errors)) }
}
