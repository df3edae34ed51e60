//! The running frame's builtins, and those of its function.
//!
//! The layouts are those of `pycore_frame.h` and `funcobject.h` in 3.11, 3.12 and 3.13. Nothing is
//! written unless what is found at a place is what must be there.

use pyo3_ffi as ffi;

use crate::names::name;
use crate::object::{Fallible, Object};

/// `f_frame` in `PyFrameObject`, after the object's header and `f_back`.
const FRAME: usize = 24;
/// Fields of `_PyInterpreterFrame`.
#[cfg(not(Py_3_12))]
mod field {
    pub const FUNCTION: usize = 0;
    pub const GLOBALS: usize = 8;
    pub const BUILTINS: usize = 16;
    pub const CODE: usize = 32;
}
#[cfg(Py_3_12)]
mod field {
    pub const CODE: usize = 0;
    pub const FUNCTION: usize = 16;
    pub const GLOBALS: usize = 24;
    pub const BUILTINS: usize = 32;
}
/// `func_builtins` in `PyFunctionObject`, after the object's header and `func_globals`.
const FUNCTION_BUILTINS: usize = 24;

/// The running frame, while it takes `stand_in` for its builtins.
pub struct Running {
    object: Object,
    frame: *mut u8,
    globals: *mut ffi::PyObject,
}

impl Running {
    /// The frame that asks `stand_in` for a name, if it is one.
    pub fn frame(stand_in: &Object) -> Option<Self> {
        // SAFETY: the running frame object (or null) and its namespace are borrowed; the fields are those of the
        // version that this is built for, and they are compared with what the interpreter says.
        unsafe {
            let object = ffi::PyEval_GetFrame().cast::<u8>();
            let globals = ffi::PyEval_GetGlobals();
            if object.is_null() || globals.is_null() {
                return None;
            }
            let frame = *object.add(FRAME).cast::<*mut u8>();
            if frame.is_null()
                || *frame.add(field::GLOBALS).cast::<*mut ffi::PyObject>() != globals
                || *frame.add(field::BUILTINS).cast::<*mut ffi::PyObject>() != stand_in.as_ptr()
            {
                return None;
            }
            Some(Self { object: Object::borrowed(object.cast())?, frame, globals })
        }
    }

    pub fn globals(&self) -> *mut ffi::PyObject {
        self.globals
    }

    /// The code that runs.
    pub fn code(&self) -> Option<Object> {
        // SAFETY: a field of a live frame; on 3.13 it may hold something else than code.
        let code = unsafe { Object::borrowed(*self.frame.add(field::CODE).cast::<*mut ffi::PyObject>()) }?;
        code.is_exactly(&raw mut ffi::PyCode_Type).then_some(code)
    }

    /// Where its code is now, in bytes.
    pub fn offset(&self) -> Fallible<Option<usize>> {
        let offset = self.object.attribute(name!("f_lasti"))?;
        // SAFETY: a live int.
        Ok(usize::try_from(unsafe { ffi::PyLong_AsLong(offset.as_ptr()) }).ok())
    }

    /// From now on the frame has the real builtins.
    pub fn give_frame_builtins(&self, real: &Object) {
        // SAFETY: a frame borrows its builtins, and `real` lives as long as the interpreter.
        unsafe { *self.frame.add(field::BUILTINS).cast::<*mut ffi::PyObject>() = real.as_ptr() };
    }

    /// From now on the frame, and the function that it runs, have the real builtins.
    pub fn give_builtins(&self, stand_in: &Object, real: &Object) {
        self.give_frame_builtins(real);
        // SAFETY: the function, if there is one, is borrowed from a live frame.
        unsafe {
            if let Some(function) = Object::borrowed(*self.frame.add(field::FUNCTION).cast::<*mut ffi::PyObject>()) {
                give_function_builtins(&function, stand_in, real);
            }
        }
    }
}

/// Whether this is a function with this namespace.
pub fn has_globals(function: &Object, globals: &Object) -> bool {
    // SAFETY: reading a field of a live function.
    function.is_exactly(&raw mut ffi::PyFunction_Type)
        && unsafe { ffi::PyFunction_GetGlobals(function.as_ptr()) } == globals.as_ptr()
}

/// From now on a function that took the stand-in for its builtins has the real ones.
pub fn give_function_builtins(function: &Object, stand_in: &Object, real: &Object) {
    if !function.is_exactly(&raw mut ffi::PyFunction_Type) {
        return;
    }
    // SAFETY: a function owns its builtins, so the reference goes with the pointer.
    unsafe {
        let builtins = function.as_ptr().cast::<u8>().add(FUNCTION_BUILTINS).cast::<*mut ffi::PyObject>();
        if *builtins == stand_in.as_ptr() {
            *builtins = real.clone().into_ptr();
            ffi::Py_DECREF(stand_in.as_ptr());
        }
    }
}
