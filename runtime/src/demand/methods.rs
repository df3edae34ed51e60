//! Methods that wait in classes that exist.
//!
//! A class that was made holds, in the place of a method that nobody asked for yet, a descriptor of ours: all that the
//! interpreter does with what it finds in a class goes through `__get__` (and `__set__`, for a property), which
//! makes the method, puts it in its place, and answers for it. What Python code sees of a class's `__dict__` goes
//! through a `mappingproxy` to the mapping, which is a dictionary of ours that makes what is asked for. So nobody comes by
//! the descriptor itself but the collector's listings.
//!
//! The build says which methods can wait (`emitter/src/methods.rs`): those that only their class holds.
//!
//! What the methods of a module need is kept by one object, their *keeper*; when the module is complete, all
//! else that was made is let go.

use std::ffi::{c_int, c_void};
use std::ptr;
use std::rc::Rc;

use artifact::model::NodeId;
use pyo3_ffi as ffi;

use super::Waiting;
use crate::names::{Named, name};
use crate::object::{
    Fallible, GilProtected, Object, Raised, check, definition, raise_key_error, set_type_entry, type_dict, type_lookup,
};

#[repr(C)]
struct Method {
    head: ffi::PyObject,
    keeper: *mut ffi::PyObject,
    /// The class that holds it, once there is one.
    owner: *mut ffi::PyObject,
    name: *mut ffi::PyObject,
    node: NodeId,
}

#[repr(C)]
struct Keeper {
    head: ffi::PyObject,
    waiting: *mut Rc<Waiting>,
}

/// A descriptor for the method that the node describes. `is_data`: it will be a property.
pub fn new(waiting: &Rc<Waiting>, node: NodeId, name: &Object, is_data: bool) -> Fallible<Object> {
    let class = types()?.method(is_data);
    let keeper = keeper_of(waiting)?;
    // SAFETY: a type of this layout; the new object is ours, and owns what is put into it.
    unsafe {
        let Some(class) = class.as_type() else { return Err(Raised) };
        let object = Object::owned(ffi::PyType_GenericAlloc(class, 0))?;
        let method = object.as_ptr().cast::<Method>();
        (*method).keeper = keeper.into_ptr();
        (*method).name = name.clone().into_ptr();
        (*method).node = node;
        Ok(object)
    }
}

/// Whether this stands for a method that waits.
pub fn is_waiting(object: &Object) -> bool {
    TYPES.with(|made| {
        made.as_ref().is_some_and(|types| {
            object.is_exactly(types.method.as_ptr().cast()) || object.is_exactly(types.data.as_ptr().cast())
        })
    })
}

/// The class exists, and holds these descriptors: from now on they can be asked.
pub fn give_to(class: &Object, methods: &[Object]) {
    for method in methods {
        // SAFETY: objects that `new` made, each given to one class; they own a reference to it.
        unsafe { (*method.as_ptr().cast::<Method>()).owner = class.clone().into_ptr() };
    }
}

/// From now on the class's `__dict__` makes what is asked for.
pub fn hide(class: &Object) -> Fallible<()> {
    let Some(kind) = class.as_type() else { return Ok(()) };
    let namespace = types()?.namespace.call0()?;
    let plain = type_dict(kind)?;
    // SAFETY: a dict of ours and a dict; then a class takes over the one, and lets go of the other. The interpreter reads
    // a class's dictionary raw, which is the same for both.
    unsafe {
        check(ffi::PyDict_Update(namespace.as_ptr(), plain.as_ptr()))?;
        let old = (*kind).tp_dict;
        (*kind).tp_dict = namespace.into_ptr();
        ffi::PyType_Modified(kind);
        ffi::Py_DECREF(old);
    }
    Ok(())
}

/// What a value found raw in a class stands for.
pub fn made(object: Object) -> Fallible<Object> {
    if is_waiting(&object) { make(&object) } else { Ok(object) }
}

/// Makes the method and puts it in its place.
fn make(method: &Object) -> Fallible<Object> {
    // SAFETY: an object that `new` made; everything is borrowed, and held while it is used.
    let (keeper, owner, name, node) = unsafe {
        let method = method.as_ptr().cast::<Method>();
        (
            Object::borrowed((*method).keeper),
            Object::borrowed((*method).owner),
            Object::borrowed((*method).name),
            (*method).node,
        )
    };
    let (Some(keeper), Some(name)) = (keeper, name) else {
        return Err(crate::raise("lyo: a method outlived its class"));
    };
    // SAFETY: a keeper has its state until the collector clears it.
    let waiting = unsafe { (*keeper.as_ptr().cast::<Keeper>()).waiting.as_ref() };
    let Some(waiting) = waiting.cloned() else {
        return Err(crate::raise("lyo: a method outlived its module"));
    };
    let made = waiting.value(node).map_err(super::raise)?;
    if let Some(owner) = &owner
        && made.is_exactly(&raw mut ffi::PyProperty_Type)
        && type_lookup(&raw mut ffi::PyProperty_Type, &*name!("__set_name__").name()?).is_some()
    {
        // From 3.13 on `type.__new__` tells a property its name.
        made.attribute(name!("__set_name__"))?.call(&Object::tuple(vec![owner.clone(), name.clone()])?, None)?;
    }
    if let Some(class) = owner.as_ref().and_then(Object::as_type)
        && type_dict(class)?.dict_get(&name)?.is_some_and(|found| found.is(method))
    {
        set_type_entry(class, &name, &made)?;
    }
    Ok(made)
}

/// Makes all methods that wait in a class's dictionary.
fn make_all(namespace: &Object) -> Fallible<()> {
    for key in namespace.dict_keys() {
        if let Some(value) = namespace.dict_get(&key)?
            && is_waiting(&value)
        {
            make(&value)?;
        }
    }
    Ok(())
}

/// The end of an object of one of our collected types.
unsafe fn free(object: *mut ffi::PyObject, clear: unsafe extern "C" fn(*mut ffi::PyObject) -> c_int) {
    // SAFETY: nobody refers to the object any more, which owns a reference to its type.
    unsafe {
        ffi::PyObject_GC_UnTrack(object.cast());
        clear(object);
        let class = ffi::Py_TYPE(object);
        ffi::PyObject_GC_Del(object.cast());
        ffi::Py_DECREF(class.cast());
    }
}

// ---- the keeper

fn keeper_of(waiting: &Rc<Waiting>) -> Fallible<Object> {
    let known = waiting.keeper.get();
    // SAFETY: the keeper takes its address back when it goes.
    if let Some(keeper) = unsafe { Object::borrowed(known) } {
        return Ok(keeper);
    }
    // SAFETY: a type of this layout; the new object is ours.
    unsafe {
        let class = types()?.keeper;
        let Some(class) = class.as_type() else { return Err(Raised) };
        let object = Object::owned(ffi::PyType_GenericAlloc(class, 0))?;
        (*object.as_ptr().cast::<Keeper>()).waiting = Box::into_raw(Box::new(Rc::clone(waiting)));
        waiting.keeper.set(object.as_ptr());
        Ok(object)
    }
}

unsafe extern "C" fn keeper_traverse(
    keeper: *mut ffi::PyObject,
    visit: ffi::visitproc,
    argument: *mut c_void,
) -> c_int {
    // SAFETY: the collector hands us a live keeper and its own function.
    unsafe {
        let mut result = visit(ffi::Py_TYPE(keeper).cast(), argument);
        if let Some(waiting) = (*keeper.cast::<Keeper>()).waiting.as_ref()
            && !waiting.is_registered()
        {
            waiting.visit(&mut |held| {
                if result == 0 {
                    result = visit(held, argument);
                }
            });
        }
        result
    }
}

unsafe extern "C" fn keeper_clear(keeper: *mut ffi::PyObject) -> c_int {
    // SAFETY: a live keeper; its box is taken out before it is dropped.
    unsafe {
        let waiting = ptr::replace(&raw mut (*keeper.cast::<Keeper>()).waiting, ptr::null_mut());
        if !waiting.is_null() {
            let waiting = Box::from_raw(waiting);
            waiting.keeper.set(ptr::null_mut());
            drop(waiting);
        }
    }
    0
}

unsafe extern "C" fn keeper_release(keeper: *mut ffi::PyObject) {
    // SAFETY: the interpreter hands us an object of our type.
    unsafe { free(keeper, keeper_clear) };
}

// ---- the descriptors

/// Somebody asks for the method that this object of ours stands for.
fn asked(method: *mut ffi::PyObject) -> Fallible<Object> {
    crate::guarded(|| {
        // SAFETY: the interpreter hands us a live object of our type.
        make(&unsafe { Object::borrowed(method) }.ok_or(Raised)?)
    })
}

/// `_abc` looks through a new class for abstract methods: those that wait are none, and answer for themselves.
pub fn while_unasked<T>(work: impl FnOnce() -> T) -> T {
    let before = UNASKED.with(|unasked| std::mem::replace(unasked, true));
    let done = work();
    UNASKED.with(|unasked| *unasked = before);
    done
}

static UNASKED: GilProtected<bool> = GilProtected::new(false);

unsafe extern "C" fn get(
    method: *mut ffi::PyObject,
    instance: *mut ffi::PyObject,
    class: *mut ffi::PyObject,
) -> *mut ffi::PyObject {
    if UNASKED.with(|unasked| *unasked) {
        // SAFETY: a live object.
        unsafe { ffi::Py_INCREF(method) };
        return method;
    }
    let Ok(made) = asked(method) else { return ptr::null_mut() };
    // SAFETY: live objects, as the interpreter gave them.
    unsafe {
        match (*ffi::Py_TYPE(made.as_ptr())).tp_descr_get {
            Some(get) => get(made.as_ptr(), instance, class),
            None => made.into_ptr(),
        }
    }
}

/// `__get__` of a class is called as it is found there.
unsafe extern "C" fn call(
    method: *mut ffi::PyObject,
    arguments: *mut ffi::PyObject,
    keywords: *mut ffi::PyObject,
) -> *mut ffi::PyObject {
    // SAFETY: live objects, as the interpreter gave them.
    asked(method).map_or(ptr::null_mut(), |made| unsafe { ffi::PyObject_Call(made.as_ptr(), arguments, keywords) })
}

unsafe extern "C" fn set(method: *mut ffi::PyObject, instance: *mut ffi::PyObject, value: *mut ffi::PyObject) -> c_int {
    let Ok(made) = asked(method) else { return -1 };
    // SAFETY: live objects, as the interpreter gave them.
    unsafe {
        match (*ffi::Py_TYPE(made.as_ptr())).tp_descr_set {
            Some(set) => set(made.as_ptr(), instance, value),
            None => {
                let Raised = crate::raise("lyo: a property is none");
                -1
            }
        }
    }
}

unsafe extern "C" fn traverse(method: *mut ffi::PyObject, visit: ffi::visitproc, argument: *mut c_void) -> c_int {
    // SAFETY: the collector hands us a live object of our type and its own function.
    unsafe {
        let method = method.cast::<Method>();
        for held in [ffi::Py_TYPE(method.cast()).cast(), (*method).keeper, (*method).owner] {
            if !held.is_null() {
                let result = visit(held, argument);
                if result != 0 {
                    return result;
                }
            }
        }
        0
    }
}

unsafe extern "C" fn clear(method: *mut ffi::PyObject) -> c_int {
    // SAFETY: a live object of our type, which owns what is taken out of it.
    unsafe {
        let method = method.cast::<Method>();
        for place in [&raw mut (*method).keeper, &raw mut (*method).owner, &raw mut (*method).name] {
            ffi::Py_XDECREF(ptr::replace(place, ptr::null_mut()));
        }
    }
    0
}

unsafe extern "C" fn release(method: *mut ffi::PyObject) {
    // SAFETY: the interpreter hands us an object of our type.
    unsafe { free(method, clear) };
}

// ---- a class's dictionary

unsafe extern "C" fn subscript(namespace: *mut ffi::PyObject, key: *mut ffi::PyObject) -> *mut ffi::PyObject {
    let found = crate::guarded(|| {
        // SAFETY: the interpreter hands us live objects.
        let (namespace, key) =
            unsafe { (Object::borrowed(namespace).ok_or(Raised)?, Object::borrowed(key).ok_or(Raised)?) };
        match namespace.dict_get(&key)? {
            Some(found) => made(found),
            None => Err(raise_key_error(&key)),
        }
    });
    found.map_or(ptr::null_mut(), Object::into_ptr)
}

fn complete(namespace: *mut ffi::PyObject) -> Fallible<()> {
    crate::guarded(|| {
        // SAFETY: the interpreter hands us a live object.
        make_all(&unsafe { Object::borrowed(namespace) }.ok_or(Raised)?)
    })
}

unsafe extern "C" fn compare(
    namespace: *mut ffi::PyObject,
    other: *mut ffi::PyObject,
    operation: c_int,
) -> *mut ffi::PyObject {
    if complete(namespace).is_err() {
        return ptr::null_mut();
    }
    // SAFETY: as the interpreter called us; `dict`'s own slot.
    unsafe { ffi::PyDict_Type.tp_richcompare.map_or(ptr::null_mut(), |compare| compare(namespace, other, operation)) }
}

unsafe extern "C" fn represent(namespace: *mut ffi::PyObject) -> *mut ffi::PyObject {
    if complete(namespace).is_err() {
        return ptr::null_mut();
    }
    // SAFETY: as the interpreter called us; `dict`'s own slot.
    unsafe { ffi::PyDict_Type.tp_repr.map_or(ptr::null_mut(), |represent| represent(namespace)) }
}

unsafe extern "C" fn union(left: *mut ffi::PyObject, right: *mut ffi::PyObject) -> *mut ffi::PyObject {
    // SAFETY: live objects, one of which is of our type; what it holds is copied into a plain dict.
    unsafe {
        let plain = |object: *mut ffi::PyObject| -> Fallible<Object> {
            let held = Object::borrowed(object).ok_or(Raised)?;
            let ours =
                TYPES.with(|made| made.as_ref().is_some_and(|types| held.is_exactly(types.namespace.as_ptr().cast())));
            if !ours {
                return Ok(held);
            }
            complete(object)?;
            Object::owned(ffi::PyDict_Copy(object))
        };
        match (plain(left), plain(right)) {
            (Ok(left), Ok(right)) => ffi::PyNumber_Or(left.as_ptr(), right.as_ptr()),
            _ => ptr::null_mut(),
        }
    }
}

/// Calls `dict`'s own method of a name, once everything is there.
macro_rules! whole {
    ($function:ident, $name:literal) => {
        unsafe extern "C" fn $function(
            namespace: *mut ffi::PyObject,
            arguments: *mut ffi::PyObject,
        ) -> *mut ffi::PyObject {
            if complete(namespace).is_err() {
                return ptr::null_mut();
            }
            let called = (|| -> Fallible<Object> {
                // SAFETY: live objects, and `dict` lives for ever.
                let (namespace, arguments, dict) = unsafe {
                    (
                        Object::borrowed(namespace).ok_or(Raised)?,
                        Object::borrowed(arguments).ok_or(Raised)?,
                        Object::immortal((&raw mut ffi::PyDict_Type).cast()),
                    )
                };
                let all = std::iter::once(namespace).chain(arguments.tuple_items()).collect();
                dict.attribute($name)?.call(&Object::tuple(all)?, None)
            })();
            called.map_or(ptr::null_mut(), Object::into_ptr)
        }
    };
}

whole!(get_item, "get");
whole!(items, "items");
whole!(values, "values");
whole!(copy, "copy");

static mut METHODS: [ffi::PyMethodDef; 5] = [
    definition(c"get", get_item),
    definition(c"items", items),
    definition(c"values", values),
    definition(c"copy", copy),
    ffi::PyMethodDef::zeroed(),
];

// ---- the types

#[derive(Clone)]
struct Types {
    method: Object,
    data: Object,
    keeper: Object,
    namespace: Object,
}

impl Types {
    fn method(&self, is_data: bool) -> Object {
        if is_data { self.data.clone() } else { self.method.clone() }
    }
}

/// Made when they are first needed, and never freed.
static TYPES: GilProtected<Option<Types>> = GilProtected::new(None);

fn types() -> Fallible<Types> {
    if let Some(made) = TYPES.with(|made| made.clone()) {
        return Ok(made);
    }
    let slot = |slot: c_int, function: *mut c_void| ffi::PyType_Slot { slot, pfunc: function };
    let descriptor = || {
        vec![
            slot(ffi::Py_tp_descr_get, get as *mut c_void),
            slot(ffi::Py_tp_call, call as *mut c_void),
            slot(ffi::Py_tp_traverse, traverse as *mut c_void),
            slot(ffi::Py_tp_clear, clear as *mut c_void),
            slot(ffi::Py_tp_dealloc, release as *mut c_void),
        ]
    };
    let mut data = descriptor();
    data.push(slot(ffi::Py_tp_descr_set, set as *mut c_void));
    let made = Types {
        method: make_type(c"lyo._native.method", size_of::<Method>(), descriptor(), None)?,
        data: make_type(c"lyo._native.property", size_of::<Method>(), data, None)?,
        keeper: make_type(
            c"lyo._native.keeper",
            size_of::<Keeper>(),
            vec![
                slot(ffi::Py_tp_traverse, keeper_traverse as *mut c_void),
                slot(ffi::Py_tp_clear, keeper_clear as *mut c_void),
                slot(ffi::Py_tp_dealloc, keeper_release as *mut c_void),
            ],
            None,
        )?,
        namespace: make_type(
            c"lyo._native.namespace",
            0,
            vec![
                slot(ffi::Py_mp_subscript, subscript as *mut c_void),
                slot(ffi::Py_tp_richcompare, compare as *mut c_void),
                slot(ffi::Py_tp_hash, ffi::PyObject_HashNotImplemented as *mut c_void),
                slot(ffi::Py_tp_repr, represent as *mut c_void),
                slot(ffi::Py_nb_or, union as *mut c_void),
                slot(ffi::Py_tp_methods, (&raw mut METHODS).cast()),
            ],
            // SAFETY: `dict` lives for ever.
            Some(unsafe { Object::immortal((&raw mut ffi::PyDict_Type).cast()) }),
        )?,
    };
    TYPES.with(|stored| *stored = Some(made.clone()));
    Ok(made)
}

fn make_type(
    name: &'static std::ffi::CStr,
    size: usize,
    mut slots: Vec<ffi::PyType_Slot>,
    base: Option<Object>,
) -> Fallible<Object> {
    slots.push(ffi::PyType_Slot { slot: 0, pfunc: ptr::null_mut() });
    let collected = if base.is_none() { ffi::Py_TPFLAGS_HAVE_GC } else { 0 };
    let mut spec = ffi::PyType_Spec {
        name: name.as_ptr(),
        basicsize: size as c_int,
        itemsize: 0,
        flags: (ffi::Py_TPFLAGS_DEFAULT | collected) as u32,
        slots: slots.as_mut_ptr(),
    };
    // SAFETY: a specification that is read while the type is made (its method table lives for ever).
    unsafe {
        match base {
            Some(base) => {
                let bases = Object::tuple(vec![base])?;
                Object::owned(ffi::PyType_FromSpecWithBases(&raw mut spec, bases.as_ptr()))
            }
            None => Object::owned(ffi::PyType_FromSpec(&raw mut spec)),
        }
    }
}
