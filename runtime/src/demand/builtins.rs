//! What the functions of a waiting module take for their builtins: a `dict` that is asked for a name
//! when the module's namespace has none.
//!
//! There is one for the whole process, and it lives for ever, since running frames only borrow it. It
//! finds the module by the running frame's namespace. The first time that a function asks, all names
//! that its code mentions are made, and function and frame get the real builtins: then they run as
//! ever.

use std::ptr;
use std::rc::Rc;

use pyo3_ffi as ffi;

use super::frame::Running;
use super::{Waiting, instructions, of_namespace};
use crate::import::builtins_dict;
use crate::names::{Name, name};
use crate::object::{Fallible, GilProtected, Object, Raised, Static, raise_key_error};

static STAND_IN: GilProtected<Option<Object>> = GilProtected::new(None);

/// Whether this is the stand-in.
pub fn is_stand_in(object: &Object) -> bool {
    STAND_IN.with(|made| made.as_ref().is_some_and(|made| made.is(object)))
}

/// The one stand-in.
pub fn stand_in() -> Fallible<Object> {
    STAND_IN.get_or_make(make_stand_in)
}

fn make_stand_in() -> Fallible<Object> {
    let object = make_type()?.call0()?;
    let real = builtins_dict().ok_or_else(|| crate::raise("lyo: there are no builtins"))?;
    // SAFETY: a dict of ours and a dict.
    crate::object::check(unsafe { ffi::PyDict_Update(object.as_ptr(), real.as_ptr()) })?;
    // Up to 3.12 `import` reads this raw; it may be replaced at any time.
    // SAFETY: the definition is static.
    let forward =
        unsafe { Object::owned(ffi::PyCFunction_NewEx(&raw mut IMPORT.0, ptr::null_mut(), ptr::null_mut()))? };
    object.dict_set_name(name!("__import__"), &forward)?;
    Ok(object)
}

fn make_type() -> Fallible<Object> {
    // SAFETY: a static specification; `dict` lives for ever.
    unsafe {
        let bases = Object::tuple(vec![Object::immortal((&raw mut ffi::PyDict_Type).cast())])?;
        Object::owned(ffi::PyType_FromSpecWithBases(&raw mut SPEC.0, bases.as_ptr()))
    }
}

static mut SLOTS: [ffi::PyType_Slot; 2] = [
    ffi::PyType_Slot { slot: ffi::Py_mp_subscript, pfunc: subscript as *mut std::ffi::c_void },
    ffi::PyType_Slot { slot: 0, pfunc: ptr::null_mut() },
];

static mut SPEC: Static<ffi::PyType_Spec> = Static(ffi::PyType_Spec {
    name: c"lyo._native.builtins".as_ptr(),
    basicsize: 0,
    itemsize: 0,
    flags: (ffi::Py_TPFLAGS_DEFAULT) as std::ffi::c_uint,
    slots: (&raw mut SLOTS).cast(),
});

static mut IMPORT: Static<ffi::PyMethodDef> = Static(ffi::PyMethodDef {
    ml_name: c"__import__".as_ptr(),
    ml_meth: ffi::PyMethodDefPointer { PyCFunctionWithKeywords: import },
    ml_flags: ffi::METH_VARARGS | ffi::METH_KEYWORDS,
    ml_doc: ptr::null(),
});

unsafe extern "C" fn import(
    _self: *mut ffi::PyObject,
    arguments: *mut ffi::PyObject,
    keywords: *mut ffi::PyObject,
) -> *mut ffi::PyObject {
    let real = builtins_dict().and_then(|real| real.dict_get_name(name!("__import__")).ok().flatten());
    match real {
        // SAFETY: live objects, handed on as they came.
        Some(real) => unsafe { ffi::PyObject_Call(real.as_ptr(), arguments, keywords) },
        None => {
            // SAFETY: a live exception class and a C string.
            unsafe { ffi::PyErr_SetString(ffi::PyExc_ImportError, c"__import__ not found".as_ptr()) };
            ptr::null_mut()
        }
    }
}

unsafe extern "C" fn subscript(stand_in: *mut ffi::PyObject, key: *mut ffi::PyObject) -> *mut ffi::PyObject {
    let found = crate::guarded(|| {
        // SAFETY: the interpreter hands us live objects.
        let (stand_in, key) =
            unsafe { (Object::borrowed(stand_in).ok_or(Raised)?, Object::borrowed(key).ok_or(Raised)?) };
        if let Some(running) = Running::frame(&stand_in)
            && let Some(found) = enter(&running, &stand_in, &key)?
        {
            return Ok(found);
        }
        let real = builtins_dict().ok_or(Raised)?;
        real.dict_get(&key)?.ok_or_else(|| raise_key_error(&key))
    });
    found.map_or(ptr::null_mut(), Object::into_ptr)
}

/// A frame asks: all globals that its code reads are made. The value, if it was the module's.
fn enter(running: &Running, stand_in: &Object, key: &Object) -> Fallible<Option<Object>> {
    let Some(waiting) = of_namespace(running.globals()) else {
        if let Some(real) = builtins_dict() {
            running.give_builtins(stand_in, &real);
        }
        return Ok(None);
    };
    let Some(code) = running.code() else { return waiting.touch(key) };
    let is_function = is_function(&code)?;
    if looks_into_namespace(key, is_function)
        && !only_stores_into_namespace(running, &code, is_function)?
        && !looks_elsewhere(running, &code, is_function)?
    {
        waiting.hand_out()?;
    }
    if runs_code(key) {
        // It hands its caller's builtins on to a namespace that has none: these must be the real ones.
        let Some(real) = builtins_dict() else { return Ok(None) };
        if is_function && waiting.is_imported() {
            touch_globals(&waiting, &code)?;
            running.give_builtins(stand_in, &real);
        } else {
            waiting.complete()?;
            waiting.bind_at_once();
            running.give_frame_builtins(&real);
        }
        return Ok(None);
    }
    let found = waiting.touch(key)?;
    if !is_function {
        // The module's own code, or a class's: runs once, and mentions what it binds itself.
        return Ok(found);
    }
    waiting.entered()?;
    let names = touch_globals(&waiting, &code)?;
    // Where more names may come to wait, or the code looks into the namespace, it goes on asking.
    let asks_again = |name: Object| looks_into_namespace(&name, true) || runs_code(&name);
    let is_done = waiting.is_imported() && !names.tuple_items().any(asks_again);
    if (is_done || of_namespace(running.globals()).is_none())
        && let Some(real) = builtins_dict()
    {
        running.give_builtins(stand_in, &real);
    }
    Ok(found)
}

/// Makes the globals that a function's code reads; gives all names that it mentions.
fn touch_globals(waiting: &Rc<Waiting>, code: &Object) -> Fallible<Object> {
    let names = code.attribute(name!("co_names"))?;
    if names.tuple_items().any(|name| Name::of(&name).ok().flatten().is_some_and(|name| waiting.waits(&name))) {
        for name in instructions::globals_read(code, &names)? {
            waiting.touch(&name)?;
        }
    }
    Ok(names)
}

/// Whether the code is that of a function, which has its local names in a frame of its own.
fn is_function(code: &Object) -> Fallible<bool> {
    let flags = code.attribute(name!("co_flags"))?;
    // SAFETY: a live int.
    let flags = unsafe { ffi::PyLong_AsLong(flags.as_ptr()) };
    Ok(flags & i64::from(ffi::CO_OPTIMIZED) != 0)
}

/// Builtins that look into the namespace of their caller: for them it must be complete. In a function, all but
/// `globals` look at its own variables.
fn looks_into_namespace(name: &Object, from_function: bool) -> bool {
    match name.as_text() {
        Some("globals") => true,
        Some("locals" | "vars" | "dir") => !from_function,
        _ => false,
    }
}

/// Whether the frame asks for `globals` just to store an item in what that gives.
fn only_stores_into_namespace(running: &Running, code: &Object, is_function: bool) -> Fallible<bool> {
    match running.offset()? {
        Some(offset) if is_function => instructions::only_stores_an_item(code, offset),
        _ => Ok(false),
    }
}

/// Whether the frame gives a builtin something else to look into.
fn looks_elsewhere(running: &Running, code: &Object, is_function: bool) -> Fallible<bool> {
    match running.offset()? {
        Some(offset) if !is_function => instructions::gives_an_argument(code, offset),
        _ => Ok(false),
    }
}

/// Builtins that run code with their caller's builtins, in whatever namespace.
fn runs_code(name: &Object) -> bool {
    matches!(name.as_text(), Some("eval" | "exec"))
}
