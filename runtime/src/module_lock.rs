//! The locks that `importlib._bootstrap` holds while it loads a module, made when somebody asks for one.
//!
//! A lock of `importlib` is made and taken by Python code, which costs more than most of what it guards here. Nobody but
//! another thread, or an import of the same module from within its own, ever looks for it, and who does, asks what
//! stands under the module's name in `_module_locks`. So a callable of ours stands there instead of a reference to a
//! lock: when it is called, it makes the lock as the interpreter would have, taken by the thread that loads the module.

use std::ptr;

use pyo3_ffi as ffi;

use crate::names::name;
use crate::object::{Fallible, Object, check, imported, keeping_error};

/// What of `importlib` makes and keeps such locks.
#[derive(Clone)]
pub struct ModuleLocks {
    /// `_module_locks`: weak references to locks, by module name.
    known: Object,
    /// `_get_module_lock`
    get: Object,
    acquire_import_lock: Object,
    release_import_lock: Object,
}

/// A lock that this thread holds, or seems to hold: then by what its stand-in keeps.
pub enum Held {
    Real(Object),
    StandIn { known: Object, state: Object },
}

/// Places in the list that a stand-in keeps: the module's name, the thread that loads it (`None` when it has ended), the
/// lock that was made (`None` as long as nobody has asked).
const NAME: usize = 0;
const OWNER: usize = 1;
const LOCK: usize = 2;

static mut STAND_IN: ffi::PyMethodDef = ffi::PyMethodDef {
    ml_name: c"module_lock".as_ptr(),
    ml_meth: ffi::PyMethodDefPointer { PyCFunction: asked },
    ml_flags: ffi::METH_NOARGS,
    ml_doc: ptr::null(),
};

impl ModuleLocks {
    pub fn find() -> Fallible<ModuleLocks> {
        Ok(ModuleLocks {
            known: imported(c"_frozen_importlib", "_module_locks")?,
            get: imported(c"_frozen_importlib", "_get_module_lock")?,
            acquire_import_lock: imported(c"_imp", "acquire_lock")?,
            release_import_lock: imported(c"_imp", "release_lock")?,
        })
    }

    /// Waits until no other thread loads the module; from then on others wait for this one.
    pub fn hold(&self, name: &Object) -> Fallible<Held> {
        // Who looks for a lock does it under the import lock: there is one, or a stand-in, or nothing yet.
        self.acquire_import_lock.call0()?;
        let stand_in = self.stand_in(name);
        keeping_error(|| self.release_import_lock.call0().map(drop));
        if let Some(held) = stand_in? {
            return Ok(held);
        }
        let lock = self.get.call1(name)?;
        lock.attribute(name!("acquire"))?.call0()?;
        Ok(Held::Real(lock))
    }

    /// Nothing, if somebody holds or waits for a lock of this name already.
    fn stand_in(&self, name: &Object) -> Fallible<Option<Held>> {
        if !self.known.is_exactly(&raw mut ffi::PyDict_Type) || self.known.dict_get(name)?.is_some() {
            return Ok(None);
        }
        // SAFETY: no arguments; the identifier of this very thread.
        let owner = unsafe { Object::owned(ffi::PyLong_FromUnsignedLong(ffi::PyThread_get_thread_ident() as _))? };
        let state = Object::list()?;
        for item in [name.clone(), owner, Object::none()] {
            state.list_append(&item)?;
        }
        // SAFETY: the definition is static; the function keeps the list.
        let stand_in =
            unsafe { Object::owned(ffi::PyCFunction_NewEx(&raw mut STAND_IN, state.as_ptr(), ptr::null_mut()))? };
        self.known.dict_set(name, &stand_in)?;
        Ok(Some(Held::StandIn { known: self.known.clone(), state }))
    }
}

impl Held {
    pub fn release(self) -> Fallible<()> {
        match self {
            Held::Real(lock) => lock.attribute(name!("release"))?.call0().map(drop),
            Held::StandIn { known, state } => {
                set(&state, OWNER, Object::none())?;
                withdraw(&known, &state)?;
                match item(&state, LOCK) {
                    lock if lock.is_none() => Ok(()),
                    lock => lock.attribute(name!("release"))?.call0().map(drop),
                }
            }
        }
    }
}

/// Takes the stand-in that keeps this list away from where locks are looked for, if it is still there.
fn withdraw(known: &Object, state: &Object) -> Fallible<()> {
    let name = item(state, NAME);
    let Some(found) = known.dict_get(&name)? else { return Ok(()) };
    let is_ours = found.is_exactly(&raw mut ffi::PyCFunction_Type)
        // SAFETY: a builtin function.
        && unsafe { ffi::PyCFunction_GetSelf(found.as_ptr()) } == state.as_ptr();
    if is_ours { known.dict_delete(&name) } else { Ok(()) }
}

/// `_get_module_lock` calls what it takes for a weak reference.
unsafe extern "C" fn asked(state: *mut ffi::PyObject, _: *mut ffi::PyObject) -> *mut ffi::PyObject {
    // SAFETY: the list that was given to the function.
    let Some(state) = (unsafe { Object::borrowed(state) }) else { return ptr::null_mut() };
    crate::guarded(|| real_lock(&state)).map_or(ptr::null_mut(), Object::into_ptr)
}

/// The lock that the interpreter would have made, taken as often and by whom it would be.
fn real_lock(state: &Object) -> Fallible<Object> {
    let made = item(state, LOCK);
    if !made.is_none() {
        return Ok(made);
    }
    let locks = ModuleLocks::find()?;
    withdraw(&locks.known, state)?;
    let lock = locks.get.call1(&item(state, NAME))?;
    let owner = item(state, OWNER);
    if !owner.is_none() {
        // `_ModuleLock.acquire`: what counts is a number or, from 3.12 on, a list.
        lock.set_attribute(name!("owner"), &owner)?;
        let count = lock.attribute(name!("count"))?;
        match count.is_exactly(&raw mut ffi::PyList_Type) {
            true => count.list_append(&Object::bool(true))?,
            false => lock.set_attribute(name!("count"), &Object::int(1)?)?,
        }
        set(state, LOCK, lock.clone())?;
    }
    Ok(lock)
}

fn item(state: &Object, place: usize) -> Object {
    state.list_item(place).unwrap_or_else(Object::none)
}

fn set(state: &Object, place: usize, item: Object) -> Fallible<()> {
    // SAFETY: a list; it takes over the reference.
    check(unsafe { ffi::PyList_SetItem(state.as_ptr(), place as isize, item.into_ptr()) }).map(drop)
}
