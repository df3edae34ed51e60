//! A module of which some statements run as code: its own, in which a constant is a *step*.
//!
//! The code has the statements of each segment, as a whole, in an `if -step:` (see
//! [`artifact::model::Step`]). `-step` carries out the next segment and gives `False`. Where a guard
//! fails or a value can't be made, it has done nothing and gives `True`, now and for all segments
//! after it: the code executes what was not carried out. So what is executed is executed once, in
//! its place, in the module's own frame.

use std::ffi::{c_int, c_void};
use std::ptr;
use std::rc::Rc;

use artifact::Block;
use artifact::ReadError;
use artifact::model::Step;
use artifact::view::{GuardView, OperationView};
use pyo3_ffi as ffi;

use crate::failure::Failure;
use crate::import::run;
use crate::make::Rehydrator;
use crate::object::{Fallible, Object, Raised, check};
use crate::rehydrate::{GcPause, check_guard};

/// How the module was imported.
pub struct Report {
    /// Segments that were carried out.
    pub carried_out: usize,
    /// Why the others were not.
    pub fallen: Option<String>,
}

/// A module's code with its step, to be run.
pub struct Prepared {
    code: Object,
    step: Object,
}

impl Prepared {
    /// Makes the code; nothing is done to the module.
    pub fn new(
        block: &Rc<Block>,
        step: Step,
        module: &Object,
        globals: &Object,
        filename: &Object,
    ) -> Result<Self, Failure> {
        let mut steps = Steps::new(block, module, globals, filename)?;
        let code = steps.rehydrator.make_whole(step.code)?;
        let object = new_step(steps)?;
        put_constant(&code, step.constant, &object)?;
        Ok(Self { code, step: object })
    }

    pub fn run(self, globals: &Object) -> (Fallible<()>, Report) {
        let outcome = run(&self.code, globals);
        // What the code refers to still is a step that does nothing.
        let report = match take(&self.step) {
            Some(steps) => Report { carried_out: steps.carried_out, fallen: steps.fallen },
            None => Report { carried_out: 0, fallen: Some("its segments were lost".into()) },
        };
        (outcome, report)
    }
}

/// Puts the step among the constants of a code object that nobody has seen yet.
fn put_constant(code: &Object, index: u32, step: &Object) -> Result<(), Failure> {
    let constants = code.attribute("co_consts")?;
    if constants.tuple_item(index as usize).is_none() {
        return Failure::refused("the code has no such constant");
    }
    // SAFETY: a tuple that has this item; the code object, just made, is all that refers to the tuple.
    unsafe {
        let old = ffi::PyTuple_GET_ITEM(constants.as_ptr(), index as ffi::Py_ssize_t);
        ffi::PyTuple_SET_ITEM(constants.as_ptr(), index as ffi::Py_ssize_t, step.clone().into_ptr());
        ffi::Py_DECREF(old);
    }
    Ok(())
}

type Operations = Box<dyn Iterator<Item = Result<OperationView<'static>, ReadError>>>;

/// What is left to be carried out.
struct Steps {
    /// Borrows from `_block`, as do the two below it.
    rehydrator: Rehydrator<'static>,
    operations: Operations,
    guards: Vec<GuardView<'static>>,
    /// The next operation has been read: it begins a segment.
    is_at_segment: bool,
    carried_out: usize,
    fallen: Option<String>,
    /// Dropped last.
    _block: Rc<Block>,
}

/// What a segment does to the namespace.
enum Change<'a> {
    Store(&'a str, Object),
    Delete(&'a str),
}

impl Steps {
    fn new(block: &Rc<Block>, module: &Object, globals: &Object, filename: &Object) -> Result<Self, Failure> {
        let block = Rc::clone(block);
        // SAFETY: the block lives as long as what borrows from it, all of which is private to this struct
        // and dropped before it; a block is never changed.
        let borrowed: &'static Block = unsafe { &*Rc::as_ptr(&block) };
        let Some(image) = borrowed.image() else {
            return Failure::refused("there is no image");
        };
        let guards = image.guards().collect::<Result<_, _>>()?;
        Ok(Self {
            rehydrator: Rehydrator::new(image, module.clone(), globals.clone(), filename.clone()),
            operations: Box::new(image.operations()),
            guards,
            is_at_segment: false,
            carried_out: 0,
            fallen: None,
            _block: block,
        })
    }

    /// Carries out the next segment; whether that was done.
    fn next(&mut self) -> bool {
        if self.fallen.is_some() {
            return false;
        }
        let paused = GcPause::new();
        let done = self.segment();
        drop(paused);
        match done {
            Ok(()) => {
                self.carried_out += 1;
                true
            }
            Err(failure) => {
                self.fallen = Some(failure.into_reason());
                false
            }
        }
    }

    fn segment(&mut self) -> Result<(), Failure> {
        if !self.is_at_segment && !matches!(self.operations.next(), Some(Ok(OperationView::Segment))) {
            return Failure::refused("there are fewer segments than the code has");
        }
        self.is_at_segment = false;
        let mut changes = Vec::new();
        for operation in self.operations.by_ref() {
            match operation? {
                OperationView::Segment => {
                    self.is_at_segment = true;
                    break;
                }
                OperationView::CheckGuards { from, until } => {
                    let guards = self.guards.get(from as usize..until as usize);
                    for guard in guards.ok_or(Failure::Read(ReadError::Malformed("a guard is out of range")))? {
                        check_guard(guard)?;
                    }
                }
                OperationView::Store { name, node, .. } => {
                    changes.push(Change::Store(name, self.rehydrator.make_whole(node)?));
                }
                OperationView::Delete { name } => changes.push(Change::Delete(name)),
                OperationView::Import { .. } => return Failure::refused("an import in a segment"),
            }
        }
        self.commit(&changes)
    }

    /// All of it or nothing, want of memory excepted.
    fn commit(&self, changes: &[Change<'_>]) -> Result<(), Failure> {
        let globals = &self.rehydrator.globals;
        for (place, change) in changes.iter().enumerate() {
            let Change::Delete(name) = change else { continue };
            let stored = |change: &Change<'_>| matches!(change, Change::Store(other, _) if other == name);
            if !changes.iter().take(place).any(stored) && globals.dict_get_text(name)?.is_none() {
                return Failure::refused(format!("the module has no name {name}"));
            }
        }
        for change in changes {
            match change {
                Change::Store(name, value) => globals.dict_set_name(name, value)?,
                Change::Delete(name) => globals.dict_delete(name)?,
            }
        }
        Ok(())
    }
}

// ---- the type

#[repr(C)]
struct StepObject {
    head: ffi::PyObject,
    steps: *mut Steps,
}

unsafe extern "C" fn negative(step: *mut ffi::PyObject) -> *mut ffi::PyObject {
    let execute = crate::guarded(|| {
        // SAFETY: the slot of our type; the pointer is null or a box that only this type touches. It
        // is taken out while it is worked with, so that nobody else comes by it.
        unsafe {
            let place = &raw mut (*step.cast::<StepObject>()).steps;
            if (*place).is_null() || ffi::PyEval_GetGlobals() != (**place).rehydrator.globals.as_ptr() {
                return Ok(true);
            }
            let mut steps = Box::from_raw(ptr::replace(place, ptr::null_mut()));
            let execute = !steps.next();
            *place = Box::into_raw(steps);
            Ok(execute)
        }
    });
    execute.map_or(ptr::null_mut(), |execute| Object::bool(execute).into_ptr())
}

unsafe extern "C" fn release(step: *mut ffi::PyObject) {
    // SAFETY: an object of our heap type, which is gone after this.
    unsafe {
        let class = ffi::Py_TYPE(step);
        let steps = (*step.cast::<StepObject>()).steps;
        if !steps.is_null() {
            drop(Box::from_raw(steps));
        }
        ffi::PyObject_Free(step.cast());
        ffi::Py_DECREF(class.cast());
    }
}

fn new_step(steps: Steps) -> Fallible<Object> {
    let class = step_type()?;
    // SAFETY: a type of this layout; the new object is ours.
    unsafe {
        let Some(class) = class.as_type() else { return Err(Raised) };
        let object = Object::owned(ffi::PyType_GenericAlloc(class, 0))?;
        (*object.as_ptr().cast::<StepObject>()).steps = Box::into_raw(Box::new(steps));
        Ok(object)
    }
}

/// What is in a step, which is empty afterwards.
fn take(step: &Object) -> Option<Box<Steps>> {
    // SAFETY: an object that `new_step` made.
    unsafe {
        let place = &raw mut (*step.as_ptr().cast::<StepObject>()).steps;
        let steps = ptr::replace(place, ptr::null_mut());
        (!steps.is_null()).then(|| Box::from_raw(steps))
    }
}

/// The type, made when it is first needed.
fn step_type() -> Fallible<Object> {
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
                basicsize: size_of::<StepObject>() as c_int,
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
