//! The types of the interpreter that `builtins` has no names for, by their own names: what `types` takes from
//! objects of them.

use pyo3_ffi as ffi;

use crate::fingerprint::PyMethod_Type;
use crate::names::name;
use crate::object::{Fallible, Object, imported};

/// A dictionary from name to type.
pub fn types() -> Fallible<Object> {
    let exported: [*mut ffi::PyTypeObject; 20] = [
        &raw mut ffi::PyAsyncGen_Type,
        &raw mut ffi::PyCFunction_Type,
        &raw mut ffi::PyCapsule_Type,
        &raw mut ffi::PyCell_Type,
        &raw mut ffi::PyClassMethodDescr_Type,
        &raw mut ffi::PyCode_Type,
        &raw mut ffi::PyCoro_Type,
        &raw mut ffi::PyDictProxy_Type,
        &raw mut ffi::PyEllipsis_Type,
        &raw mut ffi::PyFrame_Type,
        &raw mut ffi::PyFunction_Type,
        &raw mut ffi::PyGen_Type,
        &raw mut ffi::PyGetSetDescr_Type,
        &raw mut ffi::PyMemberDescr_Type,
        &raw mut ffi::PyMethodDescr_Type,
        &raw mut PyMethod_Type,
        &raw mut ffi::PyModule_Type,
        &raw mut ffi::PyTraceBack_Type,
        &raw mut ffi::PyWrapperDescr_Type,
        &raw mut ffi::Py_GenericAliasType,
    ];
    let types = Object::dict()?;
    // SAFETY: static types and objects; sums of live objects are new references.
    let examples = unsafe {
        [
            Object::none(),
            Object::immortal(ffi::Py_NotImplemented()),
            Object::owned(ffi::PyNumber_Or((&raw mut ffi::PyLong_Type).cast(), (&raw mut ffi::PyUnicode_Type).cast()))?,
            Object::none().attribute(name!("__str__"))?,
            imported(c"sys", "implementation")?,
        ]
    };
    // SAFETY: static types.
    let exported = exported.into_iter().map(|class| unsafe { Object::immortal(class.cast()) });
    for class in exported.chain(examples.iter().map(Object::class)) {
        types.dict_set(&class.attribute(name!("__name__"))?, &class)?;
    }
    Ok(types)
}
