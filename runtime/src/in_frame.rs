//! Native code that runs in a Python frame: as the `-` of an object.

use std::ffi::{c_int, c_void};
use std::ptr;
use std::rc::Rc;

use pyo3_ffi as ffi;

use crate::import::run;
use crate::names::name;
use crate::object::{Fallible, GilProtected, Object, Raised, check};

/// What is run, perhaps from within itself; the answer is the value of the expression.
pub type Action = Rc<dyn Fn() -> Fallible<bool>>;

#[repr(C)]
struct Negation {
    head: ffi::PyObject,
    action: *mut Action,
}

/// An object whose `-` runs the action.
pub fn negation(action: Action) -> Fallible<Object> {
    let class = class()?;
    // SAFETY: a type of this layout; the new object is ours.
    unsafe {
        let Some(class) = class.as_type() else { return Err(Raised) };
        let object = Object::owned(ffi::PyType_GenericAlloc(class, 0))?;
        (*object.as_ptr().cast::<Negation>()).action = Box::into_raw(Box::new(action));
        Ok(object)
    }
}

/// From now on the object's `-` gives `True`.
fn silence(object: &Object) {
    // SAFETY: an object that `negation` made.
    drop(unsafe { take(object.as_ptr()) });
}

unsafe fn take(object: *mut ffi::PyObject) -> Option<Box<Action>> {
    // SAFETY: an object of our type, whose pointer is null or a box that only it has.
    unsafe {
        let action = ptr::replace(&raw mut (*object.cast::<Negation>()).action, ptr::null_mut());
        (!action.is_null()).then(|| Box::from_raw(action))
    }
}

unsafe extern "C" fn negative(object: *mut ffi::PyObject) -> *mut ffi::PyObject {
    let answer = crate::guarded(|| {
        // SAFETY: the slot of our type, which the interpreter calls with a live object; what runs is held meanwhile.
        let action = unsafe { (*object.cast::<Negation>()).action.as_ref().cloned() };
        action.map_or(Ok(true), |action| action())
    });
    answer.map_or(ptr::null_mut(), |answer| Object::bool(answer).into_ptr())
}

unsafe extern "C" fn release(object: *mut ffi::PyObject) {
    // SAFETY: an object of our heap type, which is gone after this.
    unsafe {
        let class = ffi::Py_TYPE(object);
        drop(take(object));
        ffi::PyObject_Free(object.cast());
        ffi::Py_DECREF(class.cast());
    }
}

/// The type, made when it is first needed.
fn class() -> Fallible<Object> {
    static mut TYPE: *mut ffi::PyObject = ptr::null_mut();
    // SAFETY: the GIL is held; the type is never freed.
    unsafe {
        if TYPE.is_null() {
            let mut slots = [
                ffi::PyType_Slot { slot: ffi::Py_nb_negative, pfunc: negative as *mut c_void },
                ffi::PyType_Slot { slot: ffi::Py_tp_dealloc, pfunc: release as *mut c_void },
                ffi::PyType_Slot { slot: 0, pfunc: ptr::null_mut() },
            ];
            let mut spec = ffi::PyType_Spec {
                name: c"lyo._native.Step".as_ptr(),
                basicsize: size_of::<Negation>() as c_int,
                itemsize: 0,
                flags: ffi::Py_TPFLAGS_DEFAULT as u32,
                slots: slots.as_mut_ptr(),
            };
            let made = ffi::PyType_FromSpec(&raw mut spec);
            check(if made.is_null() { -1 } else { 0 })?;
            TYPE = made;
        }
        Ok(Object::immortal(TYPE))
    }
}

/// Runs the action below a frame of a module's top level, as a statement on this line would.
pub fn run_at_line(action: Action, globals: &Object, filename: &Object, line: u32) -> Fallible<()> {
    let negation = negation(action)?;
    let code = statement(&negation, filename, line)?;
    let done = run(&code, globals);
    silence(&negation);
    done
}

/// The code of `-negation`, without columns: a traceback shows the line.
fn statement(negation: &Object, filename: &Object, line: u32) -> Fallible<Object> {
    static TEMPLATE: GilProtected<Option<(Object, Object)>> = GilProtected::new(None);
    let (template, lines) = TEMPLATE.get_or_make(make_template)?;
    let constants = template.attribute(name!("co_consts"))?;
    let constants =
        constants.tuple_items().map(|constant| if constant.is_text() { negation.clone() } else { constant }).collect();
    let keywords = Object::dict()?;
    keywords.dict_set_name(name!("co_consts"), &Object::tuple(constants)?)?;
    keywords.dict_set_name(name!("co_filename"), filename)?;
    keywords.dict_set_name(name!("co_firstlineno"), &Object::int(u64::from(line.max(1)))?)?;
    keywords.dict_set_name(name!("co_linetable"), &lines)?;
    template.attribute(name!("replace"))?.call(&Object::tuple(vec![])?, Some(&keywords))
}

/// The code of a negation, and its lines.
fn make_template() -> Fallible<(Object, Object)> {
    // SAFETY: C strings and no flags; a new reference.
    let template =
        unsafe { Object::owned(ffi::Py_CompileString(c"-'step'\n".as_ptr(), c"<lyo>".as_ptr(), ffi::Py_file_input))? };
    let instructions = template.attribute(name!("co_code"))?;
    let units = instructions.as_bytes().map_or(0, <[u8]>::len) / 2;
    Ok((template, Object::bytes(&line_table(units))?))
}

/// Entries without columns for so many code units, all on the first line (`Objects/locations.md`).
fn line_table(units: usize) -> Vec<u8> {
    const NO_COLUMNS: usize = 13;
    let mut table = Vec::new();
    let mut left = units;
    while left > 0 {
        let length = left.min(8);
        table.extend([(0x80 | NO_COLUMNS << 3 | (length - 1)) as u8, 0]);
        left -= length;
    }
    table
}
