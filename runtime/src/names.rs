//! Names: interned strings by their text. The interpreter's own table can only be asked with a string object in hand.

use std::hash::{Hash, Hasher};
use std::ops::Deref;

use pyo3_ffi as ffi;
use rustc_hash::{FxBuildHasher, FxHashMap};

use crate::object::{Fallible, GilProtected, Object};

/// An interned string of text without surrogates: two are the same where they are one object.
#[derive(Clone)]
pub struct Name(Object);

impl Name {
    pub fn new(text: &str) -> Fallible<Self> {
        interned(text.as_bytes()).map(Self)
    }

    /// The name that a Python string says; nothing, where it is no text.
    pub fn of(string: &Object) -> Fallible<Option<Self>> {
        let Some(text) = string.as_text() else { return Ok(None) };
        if string.is_interned() { Ok(Some(Self(string.clone()))) } else { Self::new(text).map(Some) }
    }

    pub fn text(&self) -> &str {
        self.as_text().unwrap_or_default()
    }
}

impl Deref for Name {
    type Target = Object;

    fn deref(&self) -> &Object {
        &self.0
    }
}

impl PartialEq for Name {
    fn eq(&self, other: &Self) -> bool {
        self.is(other)
    }
}

impl Eq for Name {}

impl Hash for Name {
    fn hash<H: Hasher>(&self, state: &mut H) {
        state.write_usize(self.as_ptr() as usize);
    }
}

/// What says a name.
pub trait Named {
    fn name(&self) -> Fallible<Name>;
}

impl Named for Name {
    fn name(&self) -> Fallible<Name> {
        Ok(self.clone())
    }
}

impl Named for str {
    fn name(&self) -> Fallible<Name> {
        Name::new(self)
    }
}

impl Named for String {
    fn name(&self) -> Fallible<Name> {
        Name::new(self)
    }
}

/// A name that stands in our own code, looked up once: see [`name!`].
pub struct Literal {
    text: &'static str,
    known: GilProtected<Option<Name>>,
}

impl Literal {
    pub const fn new(text: &'static str) -> Self {
        Self { text, known: GilProtected::new(None) }
    }
}

impl Named for Literal {
    fn name(&self) -> Fallible<Name> {
        self.known.get_or_make(|| Name::new(self.text))
    }
}

/// The [`Literal`] of a text.
macro_rules! name {
    ($text:literal) => {{
        static LITERAL: $crate::names::Literal = $crate::names::Literal::new($text);
        &LITERAL
    }};
}

pub(crate) use name;

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
