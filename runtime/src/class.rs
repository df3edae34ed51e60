//! Making classes without running a hook.
//!
//! `type.__new__` calls `__set_name__` of the values in the namespace and `__init_subclass__` of the
//! bases. What these did when the class was made first is part of its recorded contents, so they
//! must not run again:
//!
//! - a value whose type has a `__set_name__` that is not C's is withheld: a placeholder keeps its
//!   place in the namespace, and the value is put there with `type.__setattr__` afterwards;
//! - where the bases have an `__init_subclass__` other than `object`'s, the class is made by a
//!   temporary subclass of the metaclass whose `mro()` puts a class with a silent `__init_subclass__`
//!   right behind the new one; then the class is given its true metaclass, and `__bases__` are
//!   assigned anew, which computes its true MRO.

use std::ffi::c_int;
use std::ptr;

use artifact::model::NodeId;
use artifact::view::{ClassView, NodeView};
use pyo3_ffi as ffi;

use crate::complete::Task;
use crate::demand::methods;
use crate::failure::Failure;
use crate::make::Rehydrator;
use crate::object::{Fallible, Object, Static, check, imported, set_type_entry, type_lookup};

impl Rehydrator<'_> {
    /// The class, and the attributes that were withheld from it.
    pub(crate) fn make_class(&mut self, class: ClassView<'_>) -> Result<(Object, Vec<(Object, NodeId)>), Failure> {
        let metaclass = self.make(class.metaclass)?;
        let bases = self.make_tuple(class.bases)?;
        let namespace = Object::dict()?;
        let (mut withheld, mut descriptors) = (Vec::new(), Vec::new());
        for item in class.namespace.iter() {
            let (name, id) = item?;
            let key = Object::name(name)?;
            if let NodeView::Deferred(method) = self.image.node(id)? {
                let waiting = self.make_method(method, &key)?;
                namespace.dict_set(&key, &waiting)?;
                if methods::is_waiting(&waiting) {
                    descriptors.push(waiting);
                }
                continue;
            }
            let value = if name == "__slots__" { self.settle(id) } else { self.make(id) };
            match value {
                Ok(value) if !is_told_its_name(&value)? => namespace.dict_set(&key, &value)?,
                Ok(_) | Err(Failure::InProgress) => {
                    namespace.dict_set(&key, &placeholder()?)?;
                    withheld.push((key, id));
                }
                Err(failure) => return Err(failure),
            }
        }
        namespace.dict_set_name("__qualname__", &self.make(class.qualname)?)?;
        if let Some(cell) = class.class_cell {
            namespace.dict_set_name("__classcell__", &self.make(cell)?)?;
        }
        let name = Object::name(class.name)?;
        let object = new_class(&metaclass, &name, &bases, &namespace)?;
        methods::give_to(&object, &descriptors);
        Ok((object, withheld))
    }

    /// A method that only its class holds, or what stands for it until somebody asks.
    fn make_method(&mut self, id: NodeId, name: &Object) -> Result<Object, Failure> {
        let Some(waiting) = self.own.upgrade().filter(|_| self.is_absent(id)) else { return self.make(id) };
        self.methods.insert(id);
        let is_data = matches!(self.image.node(id)?, NodeView::Property { .. });
        Ok(methods::new(&waiting, id, name, is_data)?)
    }

    /// Sets what was withheld, makes an ABC of the class if it is one, sets what came later. Gives
    /// the task back, shortened, if it has to wait.
    pub(crate) fn complete_class(
        &mut self,
        id: NodeId,
        mut withheld: Vec<(Object, NodeId)>,
    ) -> Result<Option<Task>, Failure> {
        let class = self.make(id)?;
        let NodeView::Class(view) = self.image.node(id)? else {
            return Ok(None);
        };
        // Made first: then nothing below has to wait, and nothing is done twice.
        let mut later = Vec::with_capacity(view.later.len());
        let mut registered = Vec::with_capacity(view.registered.len());
        let made = (|| {
            for (_, value) in &withheld {
                self.make(*value)?;
            }
            for item in view.later.iter() {
                let (name, id) = item?;
                later.push((Object::name(name)?, self.make(id)?));
            }
            for id in view.registered.iter() {
                registered.push(self.make(id)?);
            }
            Ok(())
        })();
        match made {
            Ok(()) => {}
            Err(Failure::InProgress) => return Ok(Some(Task::Class { id, withheld })),
            Err(failure) => return Err(failure),
        }
        for (name, value) in withheld.drain(..) {
            let value = self.make(value)?;
            put_in_namespace(&class, &name, &value)?;
        }
        let place = later.iter().position(|(name, _)| view.abc && name.as_text() == Some("_abc_impl"));
        if view.abc && place.is_none() {
            make_abc(&class)?;
        }
        for (index, (name, value)) in later.into_iter().enumerate() {
            if Some(index) == place {
                make_abc(&class)?;
            } else {
                set_type_attribute(&class, &name, &value)?;
            }
        }
        if !registered.is_empty() {
            let register = imported(c"_abc", "_abc_register")?;
            for subclass in registered {
                register.call(&Object::tuple(vec![class.clone(), subclass])?, None)?;
            }
        }
        if self.has_waiting_methods(view)? {
            methods::hide(&class)?;
        }
        Ok(None)
    }
}

impl Rehydrator<'_> {
    fn has_waiting_methods(&self, class: ClassView<'_>) -> Result<bool, Failure> {
        for item in class.namespace.iter() {
            if let NodeView::Deferred(method) = self.image.node(item?.1)?
                && self.methods.contains(&method)
            {
                return Ok(true);
            }
        }
        Ok(false)
    }
}

/// `ABCMeta.__new__`, past `type.__new__`.
fn make_abc(class: &Object) -> Fallible<()> {
    methods::while_unasked(|| imported(c"_abc", "_abc_init")?.call1(class)).map(drop)
}

/// As if the class body had said so: a class's own `__class__` and the like are attributes of the metaclass when they are set.
fn put_in_namespace(class: &Object, name: &Object, value: &Object) -> Fallible<()> {
    const OF_THE_METACLASS: [&str; 6] = ["__class__", "__dict__", "__name__", "__qualname__", "__bases__", "__mro__"];
    let (Some(kind), Some(text)) = (class.as_type(), name.as_text()) else { return Ok(()) };
    if !OF_THE_METACLASS.contains(&text) {
        return set_type_attribute(class, name, value);
    }
    set_type_entry(kind, name, value)
}

/// `type.__setattr__`, past the metaclass.
fn set_type_attribute(class: &Object, name: &Object, value: &Object) -> Fallible<()> {
    // SAFETY: a class; `type` has the slot.
    unsafe {
        match ffi::PyType_Type.tp_setattro {
            Some(set) => check(set(class.as_ptr(), name.as_ptr(), value.as_ptr())).map(drop),
            None => Ok(()),
        }
    }
}

/// Something that keeps a place in a namespace and is not told its name.
fn placeholder() -> Fallible<Object> {
    // SAFETY: calling `object()`.
    let class = unsafe { Object::immortal((&raw mut ffi::PyBaseObject_Type).cast()) };
    class.call0()
}

/// Whether `type.__new__` would run a `__set_name__` that is not C's.
fn is_told_its_name(value: &Object) -> Fallible<bool> {
    // SAFETY: live types.
    let class = unsafe { ffi::Py_TYPE(value.as_ptr()) };
    Ok(type_lookup(class, &Object::name("__set_name__")?).is_some_and(|hook| !is_made_in_c(&hook)))
}

fn is_made_in_c(object: &Object) -> bool {
    object.is_exactly(&raw mut ffi::PyMethodDescr_Type)
        || object.is_exactly(&raw mut ffi::PyWrapperDescr_Type)
        || object.is_exactly(&raw mut ffi::PyClassMethodDescr_Type)
        || object.is_exactly(&raw mut ffi::PyCFunction_Type)
}

/// Calls `type.__new__` itself, never a metaclass's.
fn type_new(metaclass: &Object, name: &Object, bases: &Object, namespace: &Object) -> Result<Object, Failure> {
    let arguments = Object::tuple(vec![name.clone(), bases.clone(), namespace.clone()])?;
    // SAFETY: `metaclass` extends `type` and is derived from the metaclasses of all bases (checked
    // by the caller), so that this call creates the class itself.
    unsafe {
        match ffi::PyType_Type.tp_new {
            Some(new) => Ok(Object::owned(new(metaclass.as_ptr().cast(), arguments.as_ptr(), ptr::null_mut()))?),
            None => Failure::refused("type has no __new__"),
        }
    }
}

fn new_class(metaclass: &Object, name: &Object, bases: &Object, namespace: &Object) -> Result<Object, Failure> {
    let Some(meta) = metaclass.as_type() else {
        return Failure::refused("a metaclass is not a class");
    };
    let mut foreign_hook = false;
    let hook_name = Object::name("__init_subclass__")?;
    // SAFETY: live types throughout.
    unsafe {
        if ffi::PyType_IsSubtype(meta, &raw mut ffi::PyType_Type) == 0 {
            return Failure::refused("a metaclass does not extend type");
        }
        let true_mro = type_lookup(&raw mut ffi::PyType_Type, &Object::name("mro")?);
        let its_mro = type_lookup(meta, &Object::name("mro")?);
        if !matches!((&true_mro, &its_mro), (Some(left), Some(right)) if left.is(right)) {
            return Failure::refused("a metaclass has its own mro()");
        }
        let plain_hook = type_lookup(&raw mut ffi::PyBaseObject_Type, &hook_name);
        for base in bases.tuple_items() {
            let Some(class) = base.as_type() else {
                return Failure::refused("a base is not a class");
            };
            if ffi::PyType_IsSubtype(meta, ffi::Py_TYPE(base.as_ptr())) == 0 {
                return Failure::refused("a metaclass does not fit the bases");
            }
            let hook = type_lookup(class, &hook_name);
            foreign_hook |= !matches!((&plain_hook, &hook), (Some(left), Some(right)) if left.is(right));
        }
    }
    if foreign_hook {
        new_class_silently(metaclass, name, bases, namespace)
    } else {
        type_new(metaclass, name, bases, namespace)
    }
}

/// Past the bases' `__init_subclass__`; see the top of the file.
fn new_class_silently(
    metaclass: &Object,
    name: &Object,
    bases: &Object,
    namespace: &Object,
) -> Result<Object, Failure> {
    let silent = silent_class()?;
    let body = Object::dict()?;
    // SAFETY: the definition is static; the function keeps `silent`.
    let mro = unsafe {
        let function = Object::owned(ffi::PyCFunction_NewEx(&raw mut MRO.0, silent.as_ptr(), ptr::null_mut()))?;
        Object::owned(PyInstanceMethod_New(function.as_ptr()))?
    };
    body.dict_set_name("mro", &mro)?;
    let quiet_name = Object::name("quiet")?;
    let meta_bases = Object::tuple(vec![metaclass.clone()])?;
    // The metaclass of the metaclass; a hook there would run in vain.
    let quiet = new_class_of_metaclass(metaclass, &quiet_name, &meta_bases, &body)?;
    let class = type_new(&quiet, name, bases, namespace)?;
    // SAFETY: `quiet` extends the metaclass without adding to its layout; a class holds a
    // reference to its metaclass.
    unsafe {
        let old = ffi::Py_TYPE(class.as_ptr());
        ffi::Py_INCREF(metaclass.as_ptr());
        (*class.as_ptr()).ob_type = metaclass.as_ptr().cast();
        ffi::Py_DECREF(old.cast());
    }
    // The bases it has: with the right MRO this time.
    set_type_attribute(&class, &Object::name("__bases__")?, bases)?;
    forget_class(quiet);
    forget_class(silent);
    Ok(class)
}

/// A class is part of a cycle, so that it would stay among its bases' `__subclasses__` until a
/// collection; this one goes now.
fn forget_class(class: Object) {
    // SAFETY: nobody else has seen the class; `type`'s own `tp_clear` is what a collection calls.
    unsafe {
        if let Some(clear) = ffi::PyType_Type.tp_clear {
            clear(class.as_ptr());
        }
    }
}

fn new_class_of_metaclass(metaclass: &Object, name: &Object, bases: &Object, body: &Object) -> Result<Object, Failure> {
    let hook = Object::name("__init_subclass__")?;
    let plain = type_lookup(&raw mut ffi::PyBaseObject_Type, &hook);
    let its = metaclass.as_type().and_then(|class| type_lookup(class, &hook));
    match (plain, its) {
        (Some(plain), Some(its)) if plain.is(&its) => type_new(&metaclass.class(), name, bases, body),
        _ => Failure::refused("a metaclass has its own __init_subclass__"),
    }
}

/// A class with an `__init_subclass__` that does nothing, and nothing else.
fn silent_class() -> Result<Object, Failure> {
    let body = Object::dict()?;
    // SAFETY: the definition is static.
    let nothing =
        unsafe { Object::owned(ffi::PyCFunction_NewEx(&raw mut NOTHING.0, ptr::null_mut(), ptr::null_mut()))? };
    body.dict_set_name("__init_subclass__", &nothing)?;
    body.dict_set_name("__slots__", &Object::tuple(vec![])?)?;
    // SAFETY: `type` lives for ever.
    let metaclass = unsafe { Object::immortal((&raw mut ffi::PyType_Type).cast()) };
    type_new(&metaclass, &Object::name("silent")?, &Object::tuple(vec![])?, &body)
}

static mut MRO: Static<ffi::PyMethodDef> = Static(ffi::PyMethodDef {
    ml_name: c"mro".as_ptr(),
    ml_meth: ffi::PyMethodDefPointer { PyCFunction: silent_mro },
    ml_flags: ffi::METH_O,
    ml_doc: ptr::null(),
});

static mut NOTHING: Static<ffi::PyMethodDef> = Static(ffi::PyMethodDef {
    ml_name: c"__init_subclass__".as_ptr(),
    ml_meth: ffi::PyMethodDefPointer { PyCFunctionWithKeywords: nothing },
    ml_flags: ffi::METH_VARARGS | ffi::METH_KEYWORDS,
    ml_doc: ptr::null(),
});

unsafe extern "C" fn nothing(
    _self: *mut ffi::PyObject,
    _arguments: *mut ffi::PyObject,
    _keywords: *mut ffi::PyObject,
) -> *mut ffi::PyObject {
    Object::none().into_ptr()
}

/// `type.mro(class)` with the silent class (our `self`) in second place.
unsafe extern "C" fn silent_mro(silent: *mut ffi::PyObject, class: *mut ffi::PyObject) -> *mut ffi::PyObject {
    let mro = || -> Fallible<Object> {
        // SAFETY: `type` lives for ever; `type.mro` checks its argument and gives a list.
        unsafe {
            let class = Object::borrowed(class).ok_or(crate::object::Raised)?;
            let mro = Object::immortal((&raw mut ffi::PyType_Type).cast()).attribute("mro")?.call1(&class)?;
            let at: c_int = 1;
            check(ffi::PyList_Insert(mro.as_ptr(), at as ffi::Py_ssize_t, silent))?;
            Ok(mro)
        }
    };
    mro().map_or(ptr::null_mut(), Object::into_ptr)
}

unsafe extern "C" {
    fn PyInstanceMethod_New(function: *mut ffi::PyObject) -> *mut ffi::PyObject;
}
