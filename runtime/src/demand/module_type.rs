//! The type of a module some of whose names wait: as the plain module type, but for catching touches.

use std::ffi::{c_int, c_void};
use std::ptr;

use pyo3_ffi as ffi;

use super::of_module;
use crate::names::Name;
use crate::object::{Fallible, GilProtected, Object, Raised, Static, keeping_error};

static TYPE: GilProtected<Option<Object>> = GilProtected::new(None);

/// Whether names can wait in this process: the type can be made.
pub fn is_usable() -> bool {
    pending_type().is_ok_and(|_| super::builtins::stand_in().is_ok())
}

fn pending_type() -> Fallible<Object> {
    if let Some(made) = TYPE.with(|made| made.clone()) {
        return Ok(made);
    }
    // SAFETY: a static specification; the module type lives for ever.
    let made = unsafe {
        let bases = Object::tuple(vec![Object::immortal((&raw mut ffi::PyModule_Type).cast())])?;
        Object::owned(ffi::PyType_FromSpecWithBases(&raw mut SPEC.0, bases.as_ptr()))?
    };
    // Messages of the interpreter show the name as it stands there.
    // SAFETY: a type of ours, and a text that lives for ever.
    unsafe { (*made.as_ptr().cast::<ffi::PyTypeObject>()).tp_name = c"module".as_ptr() };
    TYPE.with(|stored| *stored = Some(made.clone()));
    Ok(made)
}

pub fn is_pending_type(object: &Object) -> bool {
    TYPE.with(|made| made.as_ref().is_some_and(|made| object.is_exactly(made.as_ptr().cast())))
}

/// Gives a plain module the type that catches touches.
pub fn set_pending(module: &Object) {
    let Ok(class) = pending_type() else { return };
    if module.is_exactly(&raw mut ffi::PyModule_Type) {
        // SAFETY: the type adds nothing to the layout; an object owns a reference to a type that isn't static.
        unsafe { (*module.as_ptr()).ob_type = class.into_ptr().cast() };
    }
}

/// The module is a plain one again.
pub fn set_plain(module: &Object) {
    if is_pending_type(module) {
        // SAFETY: as above; the reference to the type is released.
        unsafe {
            let old = ffi::Py_TYPE(module.as_ptr());
            (*module.as_ptr()).ob_type = &raw mut ffi::PyModule_Type;
            ffi::Py_DECREF(old.cast());
        }
    }
}

static mut SLOTS: [ffi::PyType_Slot; 6] = [
    ffi::PyType_Slot { slot: ffi::Py_tp_getattro, pfunc: get_attribute as *mut c_void },
    ffi::PyType_Slot { slot: ffi::Py_tp_setattro, pfunc: set_attribute as *mut c_void },
    ffi::PyType_Slot { slot: ffi::Py_tp_traverse, pfunc: traverse as *mut c_void },
    ffi::PyType_Slot { slot: ffi::Py_tp_clear, pfunc: clear as *mut c_void },
    ffi::PyType_Slot { slot: ffi::Py_tp_finalize, pfunc: finalize as *mut c_void },
    ffi::PyType_Slot { slot: 0, pfunc: ptr::null_mut() },
];

static mut SPEC: Static<ffi::PyType_Spec> = Static(ffi::PyType_Spec {
    name: c"builtins.module".as_ptr(),
    basicsize: 0,
    itemsize: 0,
    flags: (ffi::Py_TPFLAGS_DEFAULT | ffi::Py_TPFLAGS_HAVE_GC | ffi::Py_TPFLAGS_BASETYPE) as std::ffi::c_uint,
    slots: (&raw mut SLOTS).cast(),
});

unsafe extern "C" fn get_attribute(module: *mut ffi::PyObject, name: *mut ffi::PyObject) -> *mut ffi::PyObject {
    let touched = crate::guarded(|| {
        // SAFETY: the interpreter hands us live objects.
        let (Some(object), Some(name)) = (unsafe { Object::borrowed(module) }, unsafe { Object::borrowed(name) })
        else {
            return Err(Raised);
        };
        let Some(text) = name.as_text() else { return Ok(None) };
        if text == "__class__" {
            // SAFETY: the type lives for ever.
            return Ok(Some(unsafe { Object::immortal((&raw mut ffi::PyModule_Type).cast()) }));
        }
        let Some(waiting) = of_module(&object) else { return Ok(None) };
        if text == "__dict__" || text == "__builtins__" {
            waiting.hand_out()?;
            return Ok(None);
        }
        waiting.touch(&name)
    });
    match touched {
        Ok(Some(value)) => value.into_ptr(),
        // SAFETY: a module and a name; the plain type's own slot.
        Ok(None) => unsafe {
            match ffi::PyModule_Type.tp_getattro {
                Some(get) => get(module, name),
                None => ptr::null_mut(),
            }
        },
        Err(Raised) => ptr::null_mut(),
    }
}

unsafe extern "C" fn set_attribute(
    module: *mut ffi::PyObject,
    name: *mut ffi::PyObject,
    value: *mut ffi::PyObject,
) -> c_int {
    let prepared = crate::guarded(|| {
        // SAFETY: the interpreter hands us live objects.
        let (Some(object), Some(name)) = (unsafe { Object::borrowed(module) }, unsafe { Object::borrowed(name) })
        else {
            return Err(Raised);
        };
        let Some(waiting) = of_module(&object) else { return Ok(()) };
        let Some(name) = Name::of(&name)? else { return Ok(()) };
        // The order of the entries, and what the new class makes of them, are those of the whole module.
        let changes_all = matches!(name.text(), "__class__" | "__dict__" | "__builtins__");
        if changes_all || value.is_null() || waiting.waits(&name) { waiting.complete() } else { Ok(()) }
    });
    if prepared.is_err() {
        return -1;
    }
    // SAFETY: as the interpreter called us.
    unsafe { ffi::PyModule_Type.tp_setattro.map_or(-1, |set| set(module, name, value)) }
}

unsafe extern "C" fn traverse(module: *mut ffi::PyObject, visit: ffi::visitproc, argument: *mut c_void) -> c_int {
    // SAFETY: the collector hands us a live module and its own function.
    unsafe {
        let class = ffi::Py_TYPE(module);
        let mut result = visit(class.cast(), argument);
        let Some(object) = Object::borrowed(module) else { return result };
        if let Some(waiting) = of_module(&object) {
            waiting.visit(&mut |held| {
                if result == 0 {
                    result = visit(held, argument);
                }
            });
        }
        drop(object);
        match ffi::PyModule_Type.tp_traverse {
            Some(base) if result == 0 => base(module, visit, argument),
            _ => result,
        }
    }
}

unsafe extern "C" fn clear(module: *mut ffi::PyObject) -> c_int {
    // SAFETY: the collector hands us a live module.
    unsafe {
        if let Some(object) = Object::borrowed(module)
            && let Some(waiting) = of_module(&object)
        {
            waiting.uninstall();
        }
        ffi::PyModule_Type.tp_clear.map_or(0, |base| base(module))
    }
}

/// Functions of the module may outlive it: they get what still waits.
unsafe extern "C" fn finalize(module: *mut ffi::PyObject) {
    if crate::object::is_finalizing() {
        return;
    }
    keeping_error(|| {
        // SAFETY: the interpreter hands us a live module.
        let object = unsafe { Object::borrowed(module) };
        object.as_ref().and_then(of_module).map_or(Ok(()), |waiting| waiting.complete())
    });
}
