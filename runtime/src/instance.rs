//! Making instances without calling anything of theirs.

use artifact::model::NodeId;
use artifact::view::{Named, Pairs};
use pyo3_ffi as ffi;

use crate::failure::Failure;
use crate::make::Rehydrator;
use crate::names::name;
use crate::object::{Object, check, type_lookup, type_name};

/// What a class made by Python code rests on: the first class below it that C made.
pub enum Foundation {
    Object,
    /// `__new__` of the base takes the value.
    Immutable(*mut ffi::PyTypeObject),
    /// Made empty, filled later.
    Mutable(*mut ffi::PyTypeObject),
    Exception(*mut ffi::PyTypeObject),
    Property,
}

/// Classes that Python code made share a deallocator, which says where they end.
fn foundation(class: *mut ffi::PyTypeObject, made_by_python: ffi::destructor) -> Result<Foundation, Failure> {
    let mut base = class;
    // SAFETY: walking the base pointers of ready types, which end in `object`.
    unsafe {
        while !base.is_null()
            && (*base).tp_flags & ffi::Py_TPFLAGS_HEAPTYPE != 0
            && ((*base).tp_dealloc.is_some_and(|dealloc| std::ptr::fn_addr_eq(dealloc, made_by_python))
                || adds_nothing(base))
        {
            base = (*base).tp_base;
        }
    }
    if base.is_null() || base == class {
        return Failure::refused(format!("instances of {} can't be made", type_name(class)));
    }
    let immutable: [*mut ffi::PyTypeObject; 7] = [
        &raw mut ffi::PyLong_Type,
        &raw mut ffi::PyUnicode_Type,
        &raw mut ffi::PyFloat_Type,
        &raw mut ffi::PyComplex_Type,
        &raw mut ffi::PyBytes_Type,
        &raw mut ffi::PyTuple_Type,
        &raw mut ffi::PyFrozenSet_Type,
    ];
    let mutable: [*mut ffi::PyTypeObject; 4] = [
        &raw mut ffi::PyList_Type,
        &raw mut ffi::PyDict_Type,
        &raw mut ffi::PySet_Type,
        &raw mut ffi::PyByteArray_Type,
    ];
    if base == &raw mut ffi::PyBaseObject_Type {
        return Ok(Foundation::Object);
    }
    if base == &raw mut ffi::PyProperty_Type {
        return Ok(Foundation::Property);
    }
    if immutable.contains(&base) {
        return Ok(Foundation::Immutable(base));
    }
    if mutable.contains(&base) {
        return Ok(Foundation::Mutable(base));
    }
    // SAFETY: `BaseException` is a ready type; comparing slots.
    unsafe {
        let exception = ffi::PyExc_BaseException.cast::<ffi::PyTypeObject>();
        if ffi::PyType_IsSubtype(base, exception) != 0 && same_new(base, exception) {
            return Ok(Foundation::Exception(base));
        }
    }
    Failure::refused(format!("instances of {} extend {}", type_name(class), type_name(base)))
}

/// Whether a class made in C has the layout of its base and only gives it methods, as `typing.Generic`.
unsafe fn adds_nothing(class: *mut ffi::PyTypeObject) -> bool {
    // SAFETY: a ready type, says the caller.
    unsafe {
        let base = (*class).tp_base;
        base == &raw mut ffi::PyBaseObject_Type
            && (*class).tp_basicsize == (*base).tp_basicsize
            && (*class).tp_itemsize == 0
            && (*class).tp_dictoffset == 0
            && (*class).tp_weaklistoffset == 0
    }
}

unsafe fn same_new(left: *mut ffi::PyTypeObject, right: *mut ffi::PyTypeObject) -> bool {
    // SAFETY: ready types, says the caller.
    match unsafe { ((*left).tp_new, (*right).tp_new) } {
        (Some(left), Some(right)) => std::ptr::fn_addr_eq(left, right),
        _ => false,
    }
}

/// `base.__new__(class, *arguments)`, raw.
fn new(base: *mut ffi::PyTypeObject, class: *mut ffi::PyTypeObject, arguments: Vec<Object>) -> Result<Object, Failure> {
    let arguments = Object::tuple(arguments)?;
    // SAFETY: `class` extends `base` with nothing made in C between them, so that its `tp_new` is right for it.
    unsafe {
        match (*base).tp_new {
            Some(new) => Ok(Object::owned(new(class, arguments.as_ptr(), std::ptr::null_mut()))?),
            None => Failure::refused(format!("{} has no __new__", type_name(base))),
        }
    }
}

/// An instance of a class that extends `property`, with what `property.__init__` is given, and nothing else in its
/// `__dict__`.
fn new_property(class: *mut ffi::PyTypeObject, parts: &Object) -> Result<Object, Failure> {
    if !parts.is_exactly(&raw mut ffi::PyTuple_Type) {
        return Failure::refused("the parts of a property are not a tuple");
    }
    let property = &raw mut ffi::PyProperty_Type;
    let object = new(property, class, vec![])?;
    // SAFETY: the slot of `property`, with an object that extends it and a tuple.
    unsafe {
        let Some(initialize) = (*property).tp_init else { return Failure::refused("property has no __init__") };
        check(initialize(object.as_ptr(), parts.as_ptr(), std::ptr::null_mut()))?;
        // The docstring, which is put there for a subclass: its turn comes.
        let dict = Object::owned(ffi::PyObject_GenericGetDict(object.as_ptr(), std::ptr::null_mut()))?;
        if dict.dict_get_name(name!("__doc__"))?.is_some() {
            dict.dict_delete_name(name!("__doc__"))?;
        }
    }
    Ok(object)
}

impl Rehydrator<'_> {
    pub(crate) fn make_instance(&mut self, class: NodeId, base_value: Option<NodeId>) -> Result<Object, Failure> {
        let class = self.make(class)?;
        let Some(class) = class.as_type() else {
            return Failure::refused("an instance's class is not a class");
        };
        match (foundation(class, self.python_dealloc()?)?, base_value) {
            (Foundation::Object, None) => new(&raw mut ffi::PyBaseObject_Type, class, vec![]),
            (Foundation::Mutable(base), _) => new(base, class, vec![]),
            (Foundation::Immutable(base), Some(value)) => {
                let value = self.make(value)?;
                if !value.is_exactly(base) {
                    return Failure::refused("a base value has the wrong type");
                }
                new(base, class, vec![value])
            }
            (Foundation::Exception(base), value) => {
                let arguments = match value {
                    Some(value) => self.make(value)?,
                    None => Object::tuple(vec![])?,
                };
                if !arguments.is_exactly(&raw mut ffi::PyTuple_Type) {
                    return Failure::refused("an exception's arguments are not a tuple");
                }
                new(base, class, arguments.tuple_items().collect())
            }
            (Foundation::Property, Some(parts)) => {
                let parts = self.make(parts)?;
                new_property(class, &parts)
            }
            (Foundation::Object, Some(_)) | (Foundation::Immutable(_) | Foundation::Property, None) => {
                Failure::refused("an instance and its base value don't fit")
            }
        }
    }

    pub(crate) fn complete_instance(
        &mut self,
        object: &Object,
        base_value: Option<NodeId>,
        dict: Option<Pairs<'_>>,
        slots: Named<'_>,
    ) -> Result<(), Failure> {
        // Made first: then nothing below has to wait, and nothing is done twice.
        for item in slots.iter() {
            self.make(item?.1)?;
        }
        for (key, value) in dict.iter().flat_map(Pairs::iter) {
            self.make(key)?;
            self.make(value)?;
        }
        // SAFETY: live types.
        let class = unsafe { ffi::Py_TYPE(object.as_ptr()) };
        if let (Foundation::Mutable(base), Some(value)) = (foundation(class, self.python_dealloc()?)?, base_value) {
            let value = self.settle(value)?;
            if !value.is_exactly(base) {
                return Failure::refused("a base value has the wrong type");
            }
            copy_into(object, base, &value)?;
        }
        for item in slots.iter() {
            let (name, id) = item?;
            let value = self.make(id)?;
            let name = Object::name(name)?;
            let member = type_lookup(class, &name);
            // A property has its name in an attribute that C defines.
            let is_slot = |member: &Object| {
                member.is_exactly(&raw mut ffi::PyMemberDescr_Type)
                    || member.is_exactly(&raw mut ffi::PyGetSetDescr_Type)
            };
            let Some(member) = member.filter(is_slot) else {
                return Failure::refused("an instance has no such slot");
            };
            // SAFETY: a member descriptor of the object's class; it checks the object.
            unsafe {
                let Some(set) = (*ffi::Py_TYPE(member.as_ptr())).tp_descr_set else {
                    return Failure::refused("a slot can't be set");
                };
                check(set(member.as_ptr(), object.as_ptr(), value.as_ptr()))?;
            }
        }
        match dict {
            Some(dict) => self.set_state(object, dict),
            None => Ok(()),
        }
    }

    /// Entries of an instance's `__dict__`, past every `__setattr__` and descriptor.
    pub(crate) fn set_state(&mut self, object: &Object, dict: Pairs<'_>) -> Result<(), Failure> {
        // SAFETY: live types.
        let class = unsafe { ffi::Py_TYPE(object.as_ptr()) };
        for (key, value) in dict.iter() {
            let (key, value) = (self.make(key)?, self.make(value)?);
            let shadowed = !key.is_text() || type_lookup(class, &key).is_some_and(|found| is_data_descriptor(&found));
            // SAFETY: live objects; the generic functions check for a `__dict__`.
            unsafe {
                if shadowed {
                    let dict = Object::owned(ffi::PyObject_GenericGetDict(object.as_ptr(), std::ptr::null_mut()))?;
                    dict.dict_set(&key, &value)?;
                } else {
                    // Keeps the values inline, where the interpreter would have them.
                    check(ffi::PyObject_GenericSetAttr(object.as_ptr(), key.as_ptr(), value.as_ptr()))?;
                }
            }
        }
        if dict.is_empty() {
            // SAFETY: as above; makes the empty `__dict__` that there was, without what the constructor has put there
            // (the `__module__` of a type variable).
            unsafe {
                let dict = Object::owned(ffi::PyObject_GenericGetDict(object.as_ptr(), std::ptr::null_mut()))?;
                ffi::PyDict_Clear(dict.as_ptr());
            }
        }
        Ok(())
    }

    /// The deallocator of classes made by Python code.
    fn python_dealloc(&mut self) -> Result<ffi::destructor, Failure> {
        if let Some(dealloc) = self.python_dealloc {
            return Ok(dealloc);
        }
        // `ModuleSpec` is such a class, and there from the start.
        let class = crate::object::imported(c"_frozen_importlib", "ModuleSpec")?;
        // SAFETY: reading a slot of a live type.
        let dealloc = class.as_type().and_then(|class| unsafe { (*class).tp_dealloc });
        self.python_dealloc = dealloc;
        dealloc.ok_or_else(|| Failure::Refused("the interpreter's classes look unfamiliar".into()))
    }
}

fn is_data_descriptor(object: &Object) -> bool {
    // SAFETY: reading a slot of a live type.
    unsafe { (*ffi::Py_TYPE(object.as_ptr())).tp_descr_set.is_some() }
}

fn copy_into(object: &Object, base: *mut ffi::PyTypeObject, value: &Object) -> Result<(), Failure> {
    // SAFETY: `object` extends the exact type of `value`, one of the four mutable ones.
    unsafe {
        if base == &raw mut ffi::PyList_Type {
            check(ffi::PyList_SetSlice(object.as_ptr(), 0, 0, value.as_ptr()))?;
        } else if base == &raw mut ffi::PyDict_Type {
            check(ffi::PyDict_Update(object.as_ptr(), value.as_ptr()))?;
        } else {
            let method = if base == &raw mut ffi::PySet_Type { "update" } else { "extend" };
            let method = Object::immortal(base.cast()).attribute(method)?;
            method.call(&Object::tuple(vec![object.clone(), value.clone()])?, None)?;
        }
    }
    Ok(())
}
