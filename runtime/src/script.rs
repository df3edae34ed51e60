//! The program itself, compiled.

use std::ffi::{CString, c_char, c_int};
use std::ptr;

use pyo3_ffi as ffi;

use crate::object::{Fallible, Object};

unsafe extern "C" {
    fn Py_CompileStringObject(
        source: *const c_char,
        filename: *mut ffi::PyObject,
        start: c_int,
        flags: *mut ffi::PyCompilerFlags,
        optimize: c_int,
    ) -> *mut ffi::PyObject;
}

/// `compile(source, filename, "exec", dont_inherit=True)`, for a `source` of type `bytes`. The builtin makes all
/// classes of the module `ast` first (`PyAST_Check`), which costs more than compiling a small program.
pub fn compile(source: &Object, filename: &Object) -> Fallible<Object> {
    let Some(text) = source.as_bytes() else { return Err(crate::raise("compile takes bytes")) };
    let Ok(text) = CString::new(text) else {
        let message = c"source code string cannot contain null bytes";
        // SAFETY: a live exception class and a C string.
        unsafe { ffi::PyErr_SetString(ffi::PyExc_SyntaxError, message.as_ptr()) };
        return Err(crate::object::Raised);
    };
    // SAFETY: a C string and a live object, of which the call checks that it is text; no flags; a new reference.
    unsafe {
        let flags = ptr::null_mut();
        Object::owned(Py_CompileStringObject(text.as_ptr(), filename.as_ptr(), ffi::Py_file_input, flags, -1))
    }
}
