//! Code that is created, by whomever, as the interpreter tells from 3.12 on (`PyCode_AddWatcher`): by an import that no
//! bundle has to do with, by `compile`, as a copy of other code.

use std::ffi::c_int;

use pyo3_ffi as ffi;

use super::subclasses;
use crate::object::{GilProtected, Object, is_finalizing, keeping_error, take_message};

/// From now on it is looked at, if that can be.
pub fn look() -> bool {
    static IS_LOOKED_AT: GilProtected<Option<bool>> = GilProtected::new(None);
    // SAFETY: a function that lives as long as the process.
    IS_LOOKED_AT.with(|known| *known.get_or_insert_with(|| unsafe { PyCode_AddWatcher(look_at) } >= 0))
}

/// `PyCodeObject`, as far as it is the same in all versions that tell.
#[repr(C)]
struct Code {
    head: ffi::PyVarObject,
    constants: *mut ffi::PyObject,
    names: *mut ffi::PyObject,
}

/// A code object was created, or is about to be destroyed.
unsafe extern "C" fn look_at(event: c_int, code: *mut ffi::PyObject) -> c_int {
    const CREATED: c_int = 0;
    if event != CREATED || subclasses::are_walked() || is_finalizing() {
        return 0;
    }
    static NAME: GilProtected<Option<Object>> = GilProtected::new(None);
    let Ok(name) = NAME.get_or_make(|| Object::name(subclasses::NAME)) else {
        drop(take_message());
        return 0;
    };
    // SAFETY: a code object that is complete; its names and constants are tuples.
    let may_ask = unsafe {
        let code = code.cast::<Code>();
        may_hold((*code).names, &name) || may_hold((*code).constants, &name)
    };
    if may_ask {
        keeping_error(|| {
            // SAFETY: a live object, says the interpreter.
            if let Some(code) = unsafe { Object::borrowed(code) } {
                subclasses::notice_code(&code);
                subclasses::make_if_due();
            }
            Ok(())
        });
    }
    0
}

/// Whether a tuple of names or constants has the name, which is interned there, or anything that may hold it.
///
/// # Safety
/// A tuple.
unsafe fn may_hold(tuple: *mut ffi::PyObject, name: &Object) -> bool {
    // SAFETY: items of a tuple are live objects.
    unsafe {
        (0..ffi::PyTuple_GET_SIZE(tuple)).any(|index| {
            let item = ffi::PyTuple_GET_ITEM(tuple, index);
            let class = ffi::Py_TYPE(item);
            item == name.as_ptr()
                || class == &raw mut ffi::PyTuple_Type && may_hold(item, name)
                || class == &raw mut ffi::PyFrozenSet_Type
        })
    }
}

unsafe extern "C" {
    fn PyCode_AddWatcher(callback: unsafe extern "C" fn(c_int, *mut ffi::PyObject) -> c_int) -> c_int;
}
