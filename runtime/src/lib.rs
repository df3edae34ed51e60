//! The extension module `lyo._native`: bundles, and native rehydration of their modules.
//!
//! **Creation is native, runs no Python code, releases no GIL and holds no lock across imports.**
//! Whatever goes wrong ends in an ordinary import.

mod bundle;
mod class;
mod code;
mod collector;
mod complete;
mod demand;
mod execute;
mod failure;
mod fingerprint;
mod function;
mod guards;
mod handlers;
mod import;
mod import_from;
mod in_frame;
mod instance;
mod libm;
mod listing;
mod load;
mod locate;
mod lookup;
mod make;
mod memo;
mod module_lock;
mod names;
mod object;
mod rehydrate;
mod replay;
mod script;
mod slots;
mod specify;
mod state;
mod step;
mod unnamed;

use std::ffi::{CString, c_int, c_void};
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::ptr;

use pyo3_ffi as ffi;

use crate::names::{Name, name};
use object::{Fallible, Object, Raised};

/// Sets a `RuntimeError`.
pub(crate) fn raise(message: &str) -> Raised {
    let message = CString::new(message.replace('\0', "?")).unwrap_or_default();
    // SAFETY: a live exception class and a C string.
    unsafe { ffi::PyErr_SetString(ffi::PyExc_RuntimeError, message.as_ptr()) };
    Raised
}

/// Runs `work`; a panic of ours becomes an exception instead of crossing into C.
pub(crate) fn guarded<T>(work: impl FnOnce() -> Fallible<T>) -> Fallible<T> {
    let done = catch_unwind(AssertUnwindSafe(work)).unwrap_or_else(|_| Err(raise("lyo: internal error")));
    if done.is_ok() {
        demand::subclasses::make_if_due();
    }
    done
}

/// A function of the module: `arguments` is the tuple of positional arguments.
fn call(arguments: *mut ffi::PyObject, work: fn(&Object) -> Fallible<Object>) -> *mut ffi::PyObject {
    guarded(|| {
        // SAFETY: the interpreter hands us a live tuple.
        let arguments = unsafe { Object::borrowed(arguments) }.ok_or(Raised)?;
        work(&arguments)
    })
    .map_or(ptr::null_mut(), Object::into_ptr)
}

fn argument(arguments: &Object, index: usize) -> Fallible<Object> {
    match arguments.tuple_item(index) {
        Some(argument) => Ok(argument),
        None => Err(raise("lyo._native: too few arguments")),
    }
}

macro_rules! functions {
    ($($function:ident = $work:expr;)*) => {
        $(unsafe extern "C" fn $function(_: *mut ffi::PyObject, arguments: *mut ffi::PyObject) -> *mut ffi::PyObject {
            call(arguments, $work)
        })*

        static mut METHODS: [ffi::PyMethodDef; 1 + [$(stringify!($function)),*].len()] = [
            $(ffi::PyMethodDef {
                ml_name: concat!(stringify!($function), "\0").as_ptr().cast(),
                ml_meth: ffi::PyMethodDefPointer { PyCFunction: $function },
                ml_flags: ffi::METH_VARARGS,
                ml_doc: ptr::null(),
            },)*
            ffi::PyMethodDef::zeroed(),
        ];
    };
}

functions! {
    load_bundle = |arguments| bundle::load(&argument(arguments, 0)?, argument(arguments, 1)?.is(&Object::bool(true)));
    target = |arguments| bundle::target(&argument(arguments, 0)?);
    names = |arguments| bundle::names(&argument(arguments, 0)?);
    find = |arguments| bundle::find(&argument(arguments, 0)?, &argument(arguments, 1)?);
    matches = |arguments| bundle::matches(&argument(arguments, 0)?, &argument(arguments, 1)?, &argument(arguments, 2)?);
    locate = python_locate;
    locate_sealed = |arguments| {
        let (capsule, path) = (argument(arguments, 0)?, argument(arguments, 2)?.sequence_tuple()?);
        origin_and_package(locate::locate_sealed(bundle::bundle(&capsule)?, &argument(arguments, 1)?, &path))
    };
    forget_listings = |arguments| { bundle::bundle(&argument(arguments, 0)?)?.listings.forget(); Ok(Object::none()) };
    compile = |arguments| script::compile(&argument(arguments, 0)?, &argument(arguments, 1)?);
    executor = |arguments| { argument(arguments, 4)?; execute::executor(arguments) };
    fingerprint = |arguments| Object::int(fingerprint::fingerprint(&argument(arguments, 0)?)?);
    lookup = python_lookup;
    lookup_below = |arguments| {
        let (object, names) = (argument(arguments, 0)?, path_names(&argument(arguments, 1)?)?);
        lookup::lookup_below(object, &names)?.ok_or_else(nothing_found)
    };
    use_finder = |arguments| {
        load::use_finder(&argument(arguments, 0)?, &argument(arguments, 1)?, argument(arguments, 2)?)?;
        Ok(Object::none())
    };
    waiting = |arguments| demand::waiting_names(&argument(arguments, 0)?);
}

/// `locate(bundle, name, path, importers, FileFinder, loaders, suffixes, plain_hooks, more_hooks)`: see
/// [`locate::locate`].
fn python_locate(arguments: &Object) -> Fallible<Object> {
    let around = locate::Surroundings {
        importers: argument(arguments, 3)?,
        file_finder: argument(arguments, 4)?,
        loaders: argument(arguments, 5)?,
        suffixes: argument(arguments, 6)?.tuple_items().filter_map(|item| item.as_text().map(str::to_owned)).collect(),
        plain_hooks: argument(arguments, 7)?.is(&Object::bool(true)),
        more_hooks: argument(arguments, 8)?.is(&Object::bool(true)),
    };
    let capsule = argument(arguments, 0)?;
    let located =
        locate::locate(bundle::bundle(&capsule)?, &argument(arguments, 1)?, &argument(arguments, 2)?, &around)?;
    origin_and_package(located)
}

/// A tuple, of origin and folder of the package or None; or None.
fn origin_and_package(located: Option<locate::Located>) -> Fallible<Object> {
    let Some(located) = located else { return Ok(Object::none()) };
    let package = located.package.as_deref().map_or_else(|| Ok(Object::none()), Object::text)?;
    Object::tuple(vec![Object::text(&located.origin)?, package])
}

/// `lookup(module, path)`: see [`lookup::lookup`]; `LookupError` where there is nothing.
fn python_lookup(arguments: &Object) -> Fallible<Object> {
    let module = path_name(&argument(arguments, 0)?)?;
    lookup::lookup(&module, &path_names(&argument(arguments, 1)?)?)?.ok_or_else(nothing_found)
}

fn path_name(object: &Object) -> Fallible<Name> {
    Name::of(object)?.ok_or_else(|| raise("a path consists of names"))
}

/// The names in a sequence.
fn path_names(path: &Object) -> Fallible<Vec<Name>> {
    path.sequence_tuple()?.tuple_items().map(|item| path_name(&item)).collect()
}

/// Sets `LookupError`.
fn nothing_found() -> Raised {
    // SAFETY: a live exception class and a C string.
    unsafe { ffi::PyErr_SetString(ffi::PyExc_LookupError, c"nothing is found there".as_ptr()) };
    Raised
}

unsafe extern "C" fn initialise(module: *mut ffi::PyObject) -> c_int {
    // SAFETY: the interpreter runs us in a live thread state.
    let interpreter = unsafe { ffi::PyInterpreterState_GetID(ffi::PyInterpreterState_Get()) };
    if interpreter == 0 {
        let needed = [
            (c"_frozen_importlib", "_call_with_frames_removed"),
            (c"_imp", "_fix_co_filename"),
            (c"_abc", "_abc_init"),
            (c"builtins", "exec"),
            (c"sys", "gettrace"),
        ];
        let done = needed
            .iter()
            .try_for_each(|(module, name)| object::imported(module, name).map(drop))
            .and_then(|()| collector::prepare())
            // SAFETY: the module that is being made.
            .and_then(|()| unsafe { Object::borrowed(module) }.ok_or(Raised))
            .and_then(|module| {
                module.set_attribute(name!("types"), &unnamed::types()?)?;
                libm::describe(&module)
            });
        return if done.is_ok() { 0 } else { -1 };
    }
    // SAFETY: a live exception class and a C string.
    unsafe { ffi::PyErr_SetString(ffi::PyExc_ImportError, c"lyo does not work in subinterpreters".as_ptr()) };
    -1
}

static mut SLOTS: [ffi::PyModuleDef_Slot; 2] = [
    ffi::PyModuleDef_Slot { slot: ffi::Py_mod_exec, value: initialise as *mut c_void },
    ffi::PyModuleDef_Slot { slot: 0, value: ptr::null_mut() },
];

static mut MODULE: ffi::PyModuleDef = ffi::PyModuleDef {
    m_base: ffi::PyModuleDef_HEAD_INIT,
    m_name: c"_native".as_ptr(),
    m_doc: c"Bundles, and native rehydration of their modules.".as_ptr(),
    m_size: 0,
    m_methods: (&raw mut METHODS).cast(),
    m_slots: (&raw mut SLOTS).cast(),
    m_traverse: None,
    m_clear: None,
    m_free: None,
};

/// Called by the interpreter when it imports `lyo._native`.
#[unsafe(no_mangle)]
#[allow(non_snake_case)]
pub extern "C" fn PyInit__native() -> *mut ffi::PyObject {
    // SAFETY: a static definition.
    unsafe { ffi::PyModuleDef_Init(&raw mut MODULE) }
}
