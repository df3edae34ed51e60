//! Effects on what belongs to others, carried out as data (docs/replay.md).

use std::rc::Rc;

use artifact::model::ReplayedChange;
use artifact::view::ReplayView;
use pyo3_ffi as ffi;

use crate::demand::{Waiting, module_type};
use crate::failure::Failure;
use crate::object::{Fallible, Object, Raised, check};

/// An effect with all that it takes.
pub struct Effect {
    change: ReplayedChange,
    target: Object,
    name: &'static str,
    operands: Vec<Object>,
}

impl Effect {
    /// Makes what the effect takes. Refused where the target is not of the kind that the effect changes.
    pub fn make(waiting: &Rc<Waiting>, replay: ReplayView<'static>) -> Result<Self, Failure> {
        waiting.take_turn(replay.target, replay.demand)?;
        let target = waiting.value(replay.target)?;
        let operands = replay.operands.iter().map(|node| waiting.value(node)).collect::<Result<Vec<_>, _>>()?;
        let effect = Self { change: replay.change, target, name: replay.name, operands };
        if effect.is_possible() { Ok(effect) } else { Failure::refused("an effect does not fit what it changes") }
    }

    fn is_possible(&self) -> bool {
        let target = self.target.as_ptr();
        // SAFETY: a live object.
        let is_of_kind = unsafe {
            match self.change {
                ReplayedChange::Call => ffi::PyCallable_Check(target) != 0,
                ReplayedChange::SetItem => ffi::PyDict_Check(target) != 0,
                ReplayedChange::Append => ffi::PyList_Check(target) != 0,
                ReplayedChange::Add => ffi::PySet_Check(target) != 0,
                ReplayedChange::SetAttribute => true,
            }
        };
        let count = match self.change {
            ReplayedChange::Call => self.operands.len(),
            ReplayedChange::SetItem => 2,
            ReplayedChange::Append | ReplayedChange::Add | ReplayedChange::SetAttribute => 1,
        };
        is_of_kind && self.operands.len() == count
    }

    /// Changes the target; what this raises is raised by the module.
    pub fn carry_out(self) -> Fallible<()> {
        let target = self.target.as_ptr();
        let mut operands = self.operands.iter();
        let mut operand = || operands.next().map_or(std::ptr::null_mut(), Object::as_ptr);
        // SAFETY: live objects of the kinds that the calls ask for, as `is_possible` found.
        match self.change {
            ReplayedChange::Call => self.target.call(&Object::tuple(self.operands)?, None).map(drop),
            ReplayedChange::SetItem => unsafe {
                let set = of_c_type(target, |class| (*class).tp_as_mapping.as_ref()?.mp_ass_subscript);
                check(set.ok_or_else(no_way)?(target, operand(), operand())).map(drop)
            },
            ReplayedChange::Append => check(unsafe { ffi::PyList_Append(target, operand()) }).map(drop),
            ReplayedChange::Add => check(unsafe { ffi::PySet_Add(target, operand()) }).map(drop),
            ReplayedChange::SetAttribute => {
                let name = Object::name(self.name)?;
                unsafe {
                    let set = if module_type::is_pending_type(&self.target) {
                        (*ffi::Py_TYPE(target)).tp_setattro
                    } else {
                        of_c_type(target, |class| (*class).tp_setattro)
                    };
                    check(set.ok_or_else(no_way)?(target, name.as_ptr(), operand())).map(drop)
                }
            }
        }
    }
}

fn no_way() -> Raised {
    crate::raise("lyo: an effect does not fit what it changes")
}

/// What the first type implemented in C among an object's types has.
unsafe fn of_c_type<T>(object: *mut ffi::PyObject, get: impl Fn(*mut ffi::PyTypeObject) -> Option<T>) -> Option<T> {
    // SAFETY: a live object; types live as long as those that inherit from them.
    unsafe {
        let mut class = ffi::Py_TYPE(object);
        while !class.is_null() && ffi::PyType_HasFeature(class, ffi::Py_TPFLAGS_HEAPTYPE) != 0 {
            class = (*class).tp_base;
        }
        if class.is_null() { None } else { get(class) }
    }
}
