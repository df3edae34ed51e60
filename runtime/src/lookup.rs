//! The raw walk: from a module's name along attributes, calling nothing.

use artifact::view::Texts;
use pyo3_ffi as ffi;

use crate::demand::{methods, of_module};
use crate::failure::Failure;
use crate::names::{Name, Named, name};
use crate::object::{Fallible, Object, Raised, module_dict, modules, take_message, type_lookup};
use crate::unnamed;

/// What stands at `path` below the module of this name: names are read from a module's `__dict__`,
/// attributes from a class by its MRO, keys from a plain `dict` (text, or else the same as bytes), anything else's own `__dict__` if it has one. Nothing, where the module isn't in `sys.modules`, a name is
/// absent, or the path goes through something else. `__dict__` of a module is its dictionary, `__globals__` of a
/// function are its globals, `__annotations__` what it keeps of them if there are any, and `__dict__` its attributes if it has any; `__func__` of a static or class
/// method is its function.
pub fn lookup(module: &Name, path: &[Name]) -> Fallible<Option<Object>> {
    let Some(modules) = modules() else {
        return Ok(None);
    };
    if !modules.is_exactly(&raw mut ffi::PyDict_Type) {
        return Ok(None);
    }
    match modules.dict_get(module)? {
        Some(module) => lookup_below(module, path),
        None => Ok(None),
    }
}

/// A name of the module `builtins`.
pub fn builtin(name: &str) -> Fallible<Option<Object>> {
    lookup(&name!("builtins").name()?, &[Name::new(name)?])
}

/// The names of a path.
pub fn names(path: Texts<'_>) -> Result<Vec<Name>, Failure> {
    path.iter().map(|name| Ok(Name::new(name?)?)).collect()
}

/// The same from an object.
pub fn lookup_below(mut object: Object, path: &[Name]) -> Fallible<Option<Object>> {
    for name in path {
        match step(&object, name)? {
            Some(next) => object = next,
            None => return Ok(None),
        }
    }
    Ok(Some(object))
}

/// The descriptor of a slot that the object's class has under this name.
fn slot(object: &Object, name: &Name) -> Fallible<Option<Object>> {
    let class = object.class();
    let Some(class) = class.as_type() else { return Ok(None) };
    let found = type_lookup(class, name);
    Ok(found.filter(|found| found.is_exactly(&raw mut ffi::PyMemberDescr_Type)))
}

/// What the slot holds; nothing, where it is empty.
fn slot_value(descriptor: &Object, object: &Object) -> Option<Object> {
    // SAFETY: `member_get` in `descrobject.c` reads a field of the object, whose class has this descriptor.
    let value = unsafe {
        let get = (*ffi::Py_TYPE(descriptor.as_ptr())).tp_descr_get?;
        Object::owned(get(descriptor.as_ptr(), object.as_ptr(), ffi::Py_TYPE(object.as_ptr()).cast()))
    };
    match value {
        Ok(value) => Some(value),
        Err(Raised) => {
            take_message();
            None
        }
    }
}

/// A step that asks a class whether another counts as its subclass: `True` or `False`. That one is a builtin type, by its name,
/// or what stands under a name of another module, as `module:name`.
pub const ASKS_SUBCLASS: &str = "issubclass:";

/// Asks as the module's own code would ask at this point: who has registered what, decides. Nothing, where there is no
/// such other class.
fn is_subclass(name: &str, class: &Object) -> Fallible<Option<Object>> {
    let named = match name.split_once(':') {
        Some((module, name)) => lookup(&Name::new(module)?, &[Name::new(name)?])?,
        None => match builtin(name)? {
            Some(found) => Some(found),
            None => Some(unnamed::types()?.dict_get_name(name)?.unwrap_or_else(Object::none)),
        },
    };
    let Some(subclass) = named else { return Ok(None) };
    // SAFETY: live objects; the call checks them.
    let answer = unsafe { ffi::PyObject_IsSubclass(subclass.as_ptr(), class.as_ptr()) };
    if answer < 0 { Err(Raised) } else { Ok(Some(Object::bool(answer == 1))) }
}

/// What a function keeps of its annotations, a dictionary or a tuple: nothing, where there are none.
fn annotations(function: &Object) -> Option<Object> {
    // SAFETY: a function; the field is a live object or null.
    let kept = unsafe { Object::borrowed((*function.as_ptr().cast::<ffi::PyFunctionObject>()).func_annotations) }?;
    // SAFETY: a live object; both kinds have a size.
    (unsafe { ffi::PyObject_Size(kept.as_ptr()) } != 0).then_some(kept)
}

/// The dictionary of a function's attributes: nothing, where it has none.
fn attributes(function: &Object) -> Option<Object> {
    // SAFETY: a function; the field is a live dictionary or null.
    let kept = unsafe { Object::borrowed((*function.as_ptr().cast::<ffi::PyFunctionObject>()).func_dict) }?;
    // SAFETY: a dictionary.
    (unsafe { ffi::PyDict_Size(kept.as_ptr()) } != 0).then_some(kept)
}

fn step(object: &Object, name: &Name) -> Fallible<Option<Object>> {
    let text = name.text();
    if let Some(dict) = module_dict(object) {
        if text == "__dict__" {
            if let Some(waiting) = of_module(object) {
                waiting.hand_out()?;
            }
            return Ok(Some(dict));
        }
        if let Some(waiting) = of_module(object) {
            let found = waiting.touch(name)?;
            if found.is_some() {
                return Ok(found);
            }
        }
        return dict.dict_get(name);
    }
    if object.is_exactly(&raw mut ffi::PyDict_Type) {
        return match object.dict_get(name)? {
            Some(found) => Ok(Some(found)),
            None => object.dict_get(&Object::bytes(text.as_bytes())?),
        };
    }
    if text == "__globals__" && object.is_exactly(&raw mut ffi::PyFunction_Type) {
        // SAFETY: a function; its globals are borrowed.
        return Ok(unsafe { Object::borrowed(ffi::PyFunction_GetGlobals(object.as_ptr())) });
    }
    if text == "__dict__" && object.is_exactly(&raw mut ffi::PyFunction_Type) {
        return Ok(attributes(object));
    }
    if text == "__annotations__" && object.is_exactly(&raw mut ffi::PyFunction_Type) {
        return Ok(annotations(object));
    }
    let is_wrapper =
        object.is_exactly(&raw mut ffi::PyStaticMethod_Type) || object.is_exactly(&raw mut ffi::PyClassMethod_Type);
    if text == "__func__" && is_wrapper {
        return object.attribute(name!("__func__")).map(Some);
    }
    if let Some(class) = object.as_type() {
        if let Some(subclass) = text.strip_prefix(ASKS_SUBCLASS) {
            return is_subclass(subclass, object);
        }
        return type_lookup(class, name).map(methods::made).transpose();
    }
    if object.is_exactly(&raw mut ffi::PyTuple_Type) {
        return Ok(text.parse().ok().and_then(|index| object.tuple_item(index)));
    }
    if let Some(descriptor) = slot(object, name)? {
        return Ok(slot_value(&descriptor, object));
    }
    match object.own_dict()? {
        Some(dict) => dict.dict_get(name),
        None => Ok(None),
    }
}
