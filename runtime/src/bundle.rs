//! Bundles as Python sees them: a capsule, and functions that take it.

use std::ffi::c_void;
use std::path::PathBuf;

use artifact::{Entry, Reader};
use pyo3_ffi as ffi;

use crate::listing::Listings;
use crate::object::{Fallible, Object, Raised, forget_error};

const NAME: *const std::ffi::c_char = c"lyo._native.bundle".as_ptr();

/// An open bundle, and the directories that were searched for its modules.
pub struct Bundle {
    pub reader: Reader,
    pub listings: Listings,
}

/// Opens the bundle at a path (bytes, as `os.fsencode` gives them). A sealed one is mapped: nobody changes it.
pub fn load(path: &Object, is_sealed: bool) -> Fallible<Object> {
    let Some(path) = path.as_bytes() else {
        return Err(crate::raise("load_bundle: the path must be bytes"));
    };
    let path = path_of(path);
    // SAFETY: who seals a bundle promises that no file changes, and its own least of all.
    let opened = if is_sealed { unsafe { Reader::map(&path) } } else { Reader::open(&path) };
    let reader = opened.map_err(|error| crate::raise(&error.to_string()))?;
    let pointer = Box::into_raw(Box::new(Bundle { reader, listings: Listings::default() }));
    // SAFETY: the capsule owns the box and frees it with `release`.
    unsafe {
        Object::owned(ffi::PyCapsule_New(pointer.cast(), NAME, Some(release))).inspect_err(|Raised| {
            drop(Box::from_raw(pointer));
        })
    }
}

#[cfg(unix)]
fn path_of(bytes: &[u8]) -> PathBuf {
    use std::os::unix::ffi::OsStrExt;
    PathBuf::from(std::ffi::OsStr::from_bytes(bytes))
}

#[cfg(not(unix))]
fn path_of(bytes: &[u8]) -> PathBuf {
    PathBuf::from(String::from_utf8_lossy(bytes).into_owned())
}

unsafe extern "C" fn release(capsule: *mut ffi::PyObject) {
    // SAFETY: the interpreter calls this once, with a capsule that `load` made.
    unsafe {
        let pointer: *mut c_void = ffi::PyCapsule_GetPointer(capsule, NAME);
        if !pointer.is_null() {
            drop(Box::from_raw(pointer.cast::<Bundle>()));
        }
    }
}

/// What is in a capsule.
pub fn bundle(capsule: &Object) -> Fallible<&Bundle> {
    // SAFETY: the name says that the capsule is one of ours, so that the pointer is a live `Bundle`,
    // which lives as long as the capsule.
    unsafe {
        let pointer = ffi::PyCapsule_GetPointer(capsule.as_ptr(), NAME).cast::<Bundle>();
        if pointer.is_null() { Err(Raised) } else { Ok(&*pointer) }
    }
}

/// The reader in a capsule.
pub fn reader(capsule: &Object) -> Fallible<&Reader> {
    Ok(&bundle(capsule)?.reader)
}

/// (cache tag, magic number, version, platform, optimisation level) of the bundle's target.
pub fn target(capsule: &Object) -> Fallible<Object> {
    let target = reader(capsule)?.target();
    let magic = Object::bytes(&target.magic)?;
    Object::tuple(vec![
        Object::text(&target.cache_tag)?,
        magic,
        Object::text(&target.version)?,
        Object::text(&target.platform)?,
        Object::int(u64::from(target.optimize))?,
    ])
}

/// Names of all modules.
pub fn names(capsule: &Object) -> Fallible<Object> {
    let names = reader(capsule)?.entries().map(|entry| Object::text(entry.name())).collect::<Result<_, _>>()?;
    Object::tuple(names)
}

/// None, or (is a package, has an image, path, root, relative, size, mtime).
pub fn find(capsule: &Object, name: &Object) -> Fallible<Object> {
    let entry = name.as_text().and_then(|name| reader(capsule).ok().and_then(|reader| reader.find(name)));
    forget_error();
    entry.map_or(Ok(Object::none()), |entry| describe(&entry))
}

fn describe(entry: &Entry<'_>) -> Fallible<Object> {
    let source = entry.source();
    Object::tuple(vec![
        Object::bool(entry.is_package()),
        Object::bool(entry.has_image()),
        Object::text(source.path)?,
        Object::text(source.root)?,
        Object::text(source.relative)?,
        Object::int(source.size)?,
        Object::int(source.mtime)?,
    ])
}

/// Whether the file at a path (bytes) is the source that the module was made from, to the byte.
pub fn matches(capsule: &Object, name: &Object, path: &Object) -> Fallible<Object> {
    let reader = reader(capsule)?;
    let entry = name.as_text().and_then(|name| reader.find(name));
    forget_error();
    let (Some(entry), Some(path)) = (entry, path.as_bytes()) else { return Ok(Object::bool(false)) };
    let matches = std::fs::read(path_of(path)).is_ok_and(|source| entry.source().is_of(&source));
    Ok(Object::bool(matches))
}
