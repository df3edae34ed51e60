//! Whether the fingerprint of an object can have changed since it was computed.
//!
//! A fingerprint rests on what never changes and on parts that can be replaced: a function's code, the items of a
//! dictionary, the attributes of a class (which the interpreter counts by a version). Looking at these once more takes a
//! small part of the time that the fingerprint takes.

use pyo3_ffi as ffi;

use crate::fingerprint::{counts_by_class, function_labels};
use crate::names::{Named, name};
use crate::object::{ClassMethod, Fallible, Object, module_dict, type_lookup};

/// Objects are followed this deeply.
const DEEPEST: u32 = 8;
/// And to so many parts.
const MOST: usize = 256;

/// The replaceable parts of an object, in the order in which they are met: none, where there is nothing to replace.
#[derive(Default)]
pub struct State {
    /// Addresses of objects, which are held, and versions of classes.
    parts: Vec<usize>,
    _held: Vec<Object>,
}

impl State {
    /// Nothing for what may change without leaving a trace.
    pub fn of(object: &Object) -> Fallible<Option<Self>> {
        let mut state = Self::default();
        let mut see = |part: usize, object: Option<&Object>| {
            state.parts.push(part);
            state._held.extend(object.cloned());
            state.parts.len() <= MOST
        };
        let is_complete = walk(object, 0, &mut see)?;
        Ok(is_complete.then_some(state))
    }

    /// Whether it is the state of the object that it was taken of.
    pub fn is_still(&self, object: &Object) -> Fallible<bool> {
        if self.parts.is_empty() {
            return Ok(true);
        }
        let mut before = self.parts.iter();
        let is_same = walk(object, 0, &mut |part, _| before.next() == Some(&part))?;
        Ok(is_same && before.next().is_none())
    }
}

type See<'a> = dyn FnMut(usize, Option<&Object>) -> bool + 'a;

/// Shows all replaceable parts, as long as they are welcome; whether these were all.
fn walk(object: &Object, depth: u32, see: &mut See<'_>) -> Fallible<bool> {
    if is_fixed(object) {
        return Ok(true);
    }
    if depth > DEEPEST {
        return Ok(false);
    }
    if object.is_exactly(&raw mut ffi::PyFunction_Type) {
        return walk_function(object, depth, see);
    }
    if let Some(class) = object.as_type() {
        return walk_class(object, class, see);
    }
    if object.is_exactly(&raw mut ffi::PyTuple_Type) {
        for item in object.tuple_items() {
            if !walk(&item, depth + 1, see)? {
                return Ok(false);
            }
        }
        return Ok(true);
    }
    if object.is_exactly(&raw mut ffi::PyFrozenSet_Type) {
        return walk(&object.sequence_tuple()?, depth + 1, see);
    }
    if object.is_exactly(&raw mut ffi::PyDict_Type) {
        return walk_dict(object, depth, see);
    }
    if object.is_exactly(&raw mut ffi::PyStaticMethod_Type) || object.is_exactly(&raw mut ffi::PyClassMethod_Type) {
        // SAFETY: both types have this layout; the function may be absent.
        let function = unsafe { Object::borrowed((*object.as_ptr().cast::<ClassMethod>()).callable) };
        return walk_part(function.as_ref(), depth, see);
    }
    if let Some(dict) = module_dict(object) {
        return walk_part(dict.dict_get_name(name!("__name__"))?.as_ref(), depth, see);
    }
    if !counts_by_class(object)? {
        return Ok(false);
    }
    let class = object.class();
    let Some(class) = class.as_type() else { return Ok(false) };
    // SAFETY: reading a field of a live class that a class statement has made.
    let name = unsafe { (*class.cast::<ffi::PyHeapTypeObject>()).ht_qualname };
    Ok(see(class as usize, None) && see(name as usize, None))
}

/// A part that another may take the place of, and its own parts.
fn walk_part(part: Option<&Object>, depth: u32, see: &mut See<'_>) -> Fallible<bool> {
    match part {
        Some(part) => Ok(see(part.as_ptr() as usize, Some(part)) && walk(part, depth + 1, see)?),
        None => Ok(see(0, None)),
    }
}

fn walk_function(function: &Object, depth: u32, see: &mut See<'_>) -> Fallible<bool> {
    let pointer = function.as_ptr();
    // SAFETY: a function; its fields are live objects, borrowed, or null.
    let (code, defaults, keyword_defaults, closure) = unsafe {
        (
            Object::borrowed(ffi::PyFunction_GetCode(pointer)),
            Object::borrowed(ffi::PyFunction_GetDefaults(pointer)),
            Object::borrowed(ffi::PyFunction_GetKwDefaults(pointer)),
            Object::borrowed(ffi::PyFunction_GetClosure(pointer)),
        )
    };
    let Some(code) = code else { return Ok(false) };
    if !see(code.as_ptr() as usize, Some(&code)) {
        return Ok(false);
    }
    for label in function_labels(function) {
        if !see(label.as_ptr() as usize, Some(&label)) {
            return Ok(false);
        }
    }
    if !walk_part(defaults.as_ref(), depth, see)? || !walk_part(keyword_defaults.as_ref(), depth, see)? {
        return Ok(false);
    }
    let Some(closure) = closure else { return Ok(true) };
    for cell in closure.tuple_items() {
        if !cell.is_exactly(&raw mut ffi::PyCell_Type) {
            return Ok(false);
        }
        // SAFETY: a cell; a new reference, or null where it is empty.
        let content = unsafe { Object::owned(ffi::PyCell_Get(cell.as_ptr())) }.ok();
        if !walk_part(content.as_ref(), depth, see)? {
            return Ok(false);
        }
    }
    Ok(true)
}

/// A class's version, metaclass, names and MRO.
fn walk_class(object: &Object, class: *mut ffi::PyTypeObject, see: &mut See<'_>) -> Fallible<bool> {
    // SAFETY: reading fields of a live class that a class statement or a C module made.
    let parts = unsafe {
        if (*class).tp_version_tag == 0 {
            // Looking a name up gives the class a version.
            type_lookup(class, &*name!("__doc__").name()?);
        }
        let heap = class.cast::<ffi::PyHeapTypeObject>();
        [
            (*class).tp_version_tag as usize,
            ffi::Py_TYPE(object.as_ptr()) as usize,
            (*heap).ht_name as usize,
            (*heap).ht_qualname as usize,
            (*class).tp_mro as usize,
        ]
    };
    Ok(parts[0] != 0 && parts.into_iter().all(|part| see(part, None)))
}

fn walk_dict(dict: &Object, depth: u32, see: &mut See<'_>) -> Fallible<bool> {
    if !see(dict.dict_size() as usize, None) {
        return Ok(false);
    }
    let (mut position, mut key, mut value) = (0, std::ptr::null_mut(), std::ptr::null_mut());
    // SAFETY: a dict, which does not change meanwhile: nothing here runs code; key and value are live, and borrowed.
    while unsafe { ffi::PyDict_Next(dict.as_ptr(), &raw mut position, &raw mut key, &raw mut value) } != 0 {
        let (key, value) = unsafe { (Object::borrowed(key), Object::borrowed(value)) };
        if !walk_part(key.as_ref(), depth, see)? || !walk_part(value.as_ref(), depth, see)? {
            return Ok(false);
        }
    }
    Ok(true)
}

/// Whether the object's fingerprint can never change.
fn is_fixed(object: &Object) -> bool {
    if object.is_exactly(&raw mut ffi::PyCFunction_Type) {
        // A method of an object shows what that holds.
        // SAFETY: a builtin function; what it is bound to is borrowed, and null for a static method.
        let bound = unsafe { Object::borrowed(ffi::PyCFunction_GetSelf(object.as_ptr())) };
        return bound.is_none_or(|bound| module_dict(&bound).is_some() || is_fixed(&bound));
    }
    // SAFETY: reading a field of a live class, and addresses of objects that live for ever.
    let (is_static_type, is_singleton) = unsafe {
        (
            object.as_type().is_some_and(|class| (*class).tp_flags & ffi::Py_TPFLAGS_HEAPTYPE == 0),
            [ffi::Py_None(), ffi::Py_Ellipsis(), ffi::Py_NotImplemented()].contains(&object.as_ptr()),
        )
    };
    is_static_type
        || is_singleton
        || [
            &raw mut ffi::PyMethodDescr_Type,
            &raw mut ffi::PyWrapperDescr_Type,
            &raw mut ffi::PyGetSetDescr_Type,
            &raw mut ffi::PyMemberDescr_Type,
            &raw mut ffi::PyClassMethodDescr_Type,
            &raw mut ffi::PyBool_Type,
            &raw mut ffi::PyLong_Type,
            &raw mut ffi::PyFloat_Type,
            &raw mut ffi::PyUnicode_Type,
            &raw mut ffi::PyBytes_Type,
            &raw mut ffi::PyCode_Type,
        ]
        .into_iter()
        .any(|kind| object.is_exactly(kind))
}
