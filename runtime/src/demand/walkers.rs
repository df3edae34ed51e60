//! Code that asks classes for their subclasses.
//!
//! From 3.12 on the interpreter tells, of single code objects, when they are entered and what they call (PEP 669). So where
//! code says `….__subclasses__()` and nothing else about that name, the classes that wait for the one that it asks are made
//! when it asks; where it says the name otherwise, all are made when it is entered. It tells as well which code objects
//! are created ([`new_code`](super::new_code)), by whomever.

use std::ptr;

use pyo3_ffi as ffi;

use super::{instructions, subclasses};
use crate::names::name;
use crate::object::{Fallible, GilProtected, Object, Raised, Static, definition, imported, take_message};

/// Whether the interpreter tells such things.
pub const AVAILABLE: bool = cfg!(all(Py_3_12, not(Py_3_14)));

/// Tools of `sys.monitoring` by these numbers have no fixed purpose.
const FREE_IDS: [u64; 2] = [4, 3];

/// Our tool.
#[derive(Clone)]
struct Tool {
    id: Object,
    name: Object,
    set_local_events: Object,
    /// The events, as numbers.
    call: Object,
    start: Object,
    /// What a callback gives that need not be called for the same place again.
    disable: Object,
}

/// Nothing within, if there can't be one.
static TOOL: GilProtected<Option<Option<Tool>>> = GilProtected::new(None);

impl Tool {
    fn get() -> Fallible<Option<Self>> {
        TOOL.get_or_make(|| {
            Ok(Self::register().unwrap_or_else(|Raised| {
                take_message();
                None
            }))
        })
    }

    fn register() -> Fallible<Option<Self>> {
        let monitoring = imported(c"sys", "monitoring")?;
        let function = |name| monitoring.attribute(name);
        let (get_tool, name) = (function("get_tool")?, Object::text("lyo")?);
        for id in FREE_IDS {
            let id = Object::int(id)?;
            if !get_tool.call1(&id)?.is_none() {
                continue;
            }
            function("use_tool_id")?.call(&Object::tuple(vec![id.clone(), name.clone()])?, None)?;
            let events = function("events")?;
            let (call, start) = (events.attribute(name!("CALL"))?, events.attribute(name!("PY_START"))?);
            let register = function("register_callback")?;
            // SAFETY: addresses of definitions that are static.
            let callbacks = unsafe { [(&call, &raw mut CALL.0), (&start, &raw mut START.0)] };
            for (event, definition) in callbacks {
                // SAFETY: the definitions are static.
                let callback =
                    unsafe { Object::owned(ffi::PyCFunction_NewEx(definition, ptr::null_mut(), ptr::null_mut()))? };
                register.call(&Object::tuple(vec![id.clone(), event.clone(), callback])?, None)?;
            }
            let (set_local_events, disable) = (function("set_local_events")?, function("DISABLE")?);
            return Ok(Some(Self { id, name, set_local_events, call, start, disable }));
        }
        Ok(None)
    }
}

/// Whether a tool of `sys.monitoring`, as that names it, is ours.
pub fn is_own_tool(name: &Object) -> bool {
    TOOL.with(|tool| tool.as_ref().is_some_and(|tool| tool.as_ref().is_some_and(|tool| tool.name.is(name))))
}

/// From now on all code that is created is looked at, where the interpreter tells; whether it does.
pub fn look_at_new_code() -> bool {
    #[cfg(all(Py_3_12, not(Py_3_14)))]
    return super::new_code::look();
    #[cfg(not(all(Py_3_12, not(Py_3_14))))]
    false
}

/// Sees to it that what the code asks is answered when it asks; whether that can be done.
pub fn watch(code: &Object) -> Fallible<bool> {
    if !AVAILABLE {
        return Ok(false);
    }
    let names = code.attribute(name!("co_names"))?;
    let name = names.tuple_items().position(|name| is_the_name(&name));
    let is_constant = holds_the_name(&code.attribute(name!("co_consts"))?)?;
    if name.is_none() && !is_constant {
        return Ok(true);
    }
    let Some(tool) = Tool::get()? else { return Ok(false) };
    let only_calls = match name {
        Some(name) if !is_constant => instructions::only_calls_attribute(code, name)?,
        _ => false,
    };
    let event = if only_calls { tool.call } else { tool.start };
    tool.set_local_events.call(&Object::tuple(vec![tool.id, code.clone(), event])?, None)?;
    Ok(true)
}

fn is_the_name(text: &Object) -> bool {
    text.as_text() == Some(subclasses::NAME)
}

/// Whether the name is among constants, however deeply.
fn holds_the_name(constants: &Object) -> Fallible<bool> {
    if constants.is_exactly(&raw mut ffi::PyFrozenSet_Type) {
        return holds_the_name(&constants.sequence_tuple()?);
    }
    for constant in constants.tuple_items() {
        if is_the_name(&constant) || holds_the_name(&constant)? {
            return Ok(true);
        }
    }
    Ok(false)
}

static mut CALL: Static<ffi::PyMethodDef> = Static(definition(c"call", call));
static mut START: Static<ffi::PyMethodDef> = Static(definition(c"start", start));

/// The interpreter is about to call something: (code, offset in bytes, what, first argument).
unsafe extern "C" fn call(_: *mut ffi::PyObject, arguments: *mut ffi::PyObject) -> *mut ffi::PyObject {
    answer(arguments, |arguments, tool| {
        let (Some(code), Some(offset), Some(callee)) =
            (arguments.tuple_item(0), arguments.tuple_item(1), arguments.tuple_item(2))
        else {
            return Ok(tool.disable);
        };
        // SAFETY: a live int.
        let offset = unsafe { ffi::PyLong_AsSize_t(offset.as_ptr()) };
        let name = code.attribute(name!("co_names"))?.tuple_items().position(|name| is_the_name(&name));
        if !name.map_or(Ok(false), |name| instructions::calls_attribute_at(&code, name, offset))? {
            return Ok(tool.disable);
        }
        if callee.is_exactly(&raw mut ffi::PyCFunction_Type) && is_the_name(&callee.attribute(name!("__name__"))?) {
            // SAFETY: a builtin function; what it is bound to is borrowed, or null.
            let class = unsafe { Object::borrowed(ffi::PyCFunction_GetSelf(callee.as_ptr())) };
            if let Some(class) = class.filter(Object::is_class) {
                subclasses::make_subclasses(&class);
            }
        }
        Ok(Object::none())
    })
}

/// The interpreter enters code: (code, offset in bytes).
unsafe extern "C" fn start(_: *mut ffi::PyObject, arguments: *mut ffi::PyObject) -> *mut ffi::PyObject {
    answer(arguments, |_, tool| {
        subclasses::announce();
        Ok(tool.disable)
    })
}

fn answer(arguments: *mut ffi::PyObject, work: impl FnOnce(&Object, Tool) -> Fallible<Object>) -> *mut ffi::PyObject {
    let answered = crate::guarded(|| {
        // SAFETY: the interpreter hands us a live tuple.
        let arguments = unsafe { Object::borrowed(arguments) }.ok_or(Raised)?;
        match Tool::get()? {
            Some(tool) => work(&arguments, tool),
            None => Ok(Object::none()),
        }
    });
    answered.map_or(ptr::null_mut(), Object::into_ptr)
}
