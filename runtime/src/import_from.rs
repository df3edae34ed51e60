//! `from module import name`, where the name is no plain entry of a plain module.

use pyo3_ffi as ffi;

use crate::failure::Failure;
use crate::names::{Name, name};
use crate::object::{Fallible, Object, Raised, Static, forget_error, module_dict, modules};

/// `import_from` of `ceval.c`.
pub fn import_from(module: &Object, name: &Name) -> Result<Object, Failure> {
    // SAFETY: live objects; a new reference or null with an exception.
    if let Ok(found) = unsafe { Object::owned(ffi::PyObject_GetAttr(module.as_ptr(), name.as_ptr())) } {
        return Ok(found);
    }
    // SAFETY: an exception is set; a live exception class.
    unsafe {
        if ffi::PyErr_ExceptionMatches(ffi::PyExc_AttributeError) == 0 {
            return Err(Failure::Raised);
        }
        ffi::PyErr_Clear();
    }
    let package = module.attribute(name!("__name__"));
    if package.is_err() {
        forget_error();
    }
    if let Some(package) = package.ok().as_ref().and_then(Object::as_text)
        && let Some(modules) = modules()
        && let Some(found) = modules.dict_get_name(&format!("{package}.{}", name.text()))?
    {
        return Ok(found);
    }
    Err(raise_missing(module, name))
}

/// Raises what `from module import name` does where there is no such name: the statement itself says it, of a
/// module that has no other attributes than those it is described by.
fn raise_missing(module: &Object, name: &Name) -> Failure {
    let raised = (|| -> Fallible<()> {
        // SAFETY: the module type lives for ever.
        let stand_in = unsafe { Object::immortal((&raw mut ffi::PyModule_Type).cast()) }.call1(&Object::text("")?)?;
        let Some(described) = module_dict(&stand_in) else { return Ok(()) };
        // SAFETY: a dict.
        unsafe { ffi::PyDict_Clear(described.as_ptr()) };
        for attribute in ["__name__", "__spec__", "__file__"] {
            match module.attribute(attribute) {
                Ok(value) => described.dict_set_name(attribute, &value)?,
                Err(Raised) => forget_error(),
            }
        }
        // SAFETY: the definition is static; the function keeps the module.
        let import =
            unsafe { Object::owned(ffi::PyCFunction_NewEx(&raw mut GIVE.0, stand_in.as_ptr(), std::ptr::null_mut()))? };
        let (builtins, globals) = (Object::dict()?, Object::dict()?);
        builtins.dict_set_name(name!("__import__"), &import)?;
        globals.dict_set_name(name!("__builtins__"), &builtins)?;
        let text = format!("from m import {}\n", name.text());
        let text = std::ffi::CString::new(text).map_err(|_| Raised)?;
        // SAFETY: a C string and two dicts; a new reference.
        unsafe {
            Object::owned(ffi::PyRun_String(text.as_ptr(), ffi::Py_file_input, globals.as_ptr(), globals.as_ptr()))
        }
        .map(drop)
    })();
    drop(raised);
    // SAFETY: the exception that is set, if any, loses the frame of our text.
    unsafe {
        let (mut kind, mut value, mut trace) = (std::ptr::null_mut(), std::ptr::null_mut(), std::ptr::null_mut());
        #[allow(deprecated)]
        ffi::PyErr_Fetch(&raw mut kind, &raw mut value, &raw mut trace);
        if kind.is_null() {
            ffi::PyErr_SetObject(ffi::PyExc_ImportError, name.as_ptr());
            return Failure::Raised;
        }
        ffi::Py_XDECREF(trace);
        #[allow(deprecated)]
        ffi::PyErr_NormalizeException(&raw mut kind, &raw mut value, &raw mut trace);
        ffi::PyException_SetTraceback(value, ffi::Py_None());
        #[allow(deprecated)]
        ffi::PyErr_Restore(kind, value, std::ptr::null_mut());
    }
    Failure::Raised
}

static mut GIVE: Static<ffi::PyMethodDef> = Static(ffi::PyMethodDef {
    ml_name: c"__import__".as_ptr(),
    ml_meth: ffi::PyMethodDefPointer { PyCFunctionWithKeywords: give },
    ml_flags: ffi::METH_VARARGS | ffi::METH_KEYWORDS,
    ml_doc: std::ptr::null(),
});

/// Gives what it is bound to, whatever it is asked.
unsafe extern "C" fn give(
    bound: *mut ffi::PyObject,
    _arguments: *mut ffi::PyObject,
    _keywords: *mut ffi::PyObject,
) -> *mut ffi::PyObject {
    // SAFETY: the interpreter hands us a live object.
    unsafe { ffi::Py_INCREF(bound) };
    bound
}
