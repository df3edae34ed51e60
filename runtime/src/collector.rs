//! What rehydration does to the garbage collector: it holds it back, and tells it that what was made stays.

use std::ffi::c_int;

use pyo3_ffi as ffi;

use crate::names::name;
use crate::object::{Fallible, GilProtected, Object, Raised, modules};

/// Garbage collection is held back while this lives, and put back as it was.
pub struct GcPause {
    was_enabled: c_int,
}

impl GcPause {
    pub fn new() -> Self {
        // SAFETY: no pointers.
        Self { was_enabled: unsafe { ffi::PyGC_Disable() } }
    }
}

impl Drop for GcPause {
    fn drop(&mut self) {
        if self.was_enabled != 0 {
            // SAFETY: no pointers.
            unsafe { ffi::PyGC_Enable() };
        }
    }
}

/// Functions of the module `gc`, until the program is found to freeze objects itself.
static GENERATIONS: GilProtected<Option<Generations>> = GilProtected::new(None);

#[derive(Clone)]
struct Generations {
    count_frozen: Object,
    freeze: Object,
    unfreeze: Object,
}

/// Takes what [`age`] needs from the module `gc`, which is not left in `sys.modules` where it was not there.
pub fn prepare() -> Fallible<()> {
    let modules = modules().ok_or(Raised)?;
    let was_there = modules.dict_get_name(name!("gc"))?.is_some();
    // SAFETY: a C string; a new reference.
    let gc = unsafe { Object::owned(ffi::PyImport_ImportModule(c"gc".as_ptr()))? };
    if !was_there {
        modules.dict_delete_name(name!("gc"))?;
    }
    let generations = Generations {
        count_frozen: gc.attribute(name!("get_freeze_count"))?,
        freeze: gc.attribute(name!("freeze"))?,
        unfreeze: gc.attribute(name!("unfreeze"))?,
    };
    GENERATIONS.with(|known| *known = Some(generations));
    Ok(())
}

/// Moves every object to the oldest generation, as collections that find nothing would: what an import makes stays, and
/// looking through it again and again while more is imported is in vain. Nothing is done where the program has the
/// collector off, or freezes objects itself.
pub fn age() -> Fallible<()> {
    // SAFETY: no pointers.
    if unsafe { ffi::PyGC_IsEnabled() } == 0 {
        return Ok(());
    }
    let Some(generations) = GENERATIONS.with(|known| known.clone()) else { return Ok(()) };
    if !generations.count_frozen.call0()?.equals(&Object::int(0)?)? {
        GENERATIONS.with(|known| *known = None);
        return Ok(());
    }
    generations.freeze.call0()?;
    generations.unfreeze.call0()?;
    Ok(())
}
