//! Interned strings by their text: the interpreter's own table can only be asked with a string object in hand.

use std::borrow::Borrow;
use std::hash::{Hash, Hasher};

use pyo3_ffi as ffi;
use rustc_hash::FxHashSet;

use crate::object::{Fallible, GilProtected, Object};

/// So many names are remembered.
const MOST: usize = 1 << 16;

static NAMES: GilProtected<Option<FxHashSet<Name>>> = GilProtected::new(None);

/// An interned string that is remembered, found by its UTF-8.
struct Name(Object);

impl Name {
    fn bytes(&self) -> &[u8] {
        self.0.as_text().unwrap_or_default().as_bytes()
    }
}

impl Borrow<[u8]> for Name {
    fn borrow(&self) -> &[u8] {
        self.bytes()
    }
}

impl Hash for Name {
    fn hash<H: Hasher>(&self, state: &mut H) {
        self.bytes().hash(state);
    }
}

impl PartialEq for Name {
    fn eq(&self, other: &Self) -> bool {
        self.bytes() == other.bytes()
    }
}

impl Eq for Name {}

/// The interned string of this UTF-8, surrogates allowed.
pub fn interned(text: &[u8]) -> Fallible<Object> {
    if let Some(known) = NAMES.with(|names| names.as_ref()?.get(text).map(|name| name.0.clone())) {
        return Ok(known);
    }
    let mut pointer = string(text)?.into_ptr();
    // SAFETY: the call takes our reference and leaves one in its place.
    let name = unsafe {
        ffi::PyUnicode_InternInPlace(&raw mut pointer);
        Object::owned(pointer)?
    };
    if std::str::from_utf8(text).is_ok() && name.as_text().is_some() {
        NAMES.with(|names| {
            let names = names.get_or_insert_default();
            if names.len() < MOST {
                names.insert(Name(name.clone()));
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
