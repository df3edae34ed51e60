//! Making classes without running a hook.
//!
//! `type.__new__` calls `__set_name__` of the values in the namespace and `__init_subclass__` of the
//! bases. What these did when the class was made first is part of its recorded contents, so they
//! must not run again:
//!
//! - a value whose type has a `__set_name__` that is not C's is withheld: a placeholder keeps its
//!   place in the namespace, and the value is put there with `type.__setattr__` afterwards;
//! - where the bases have an `__init_subclass__` other than `object`'s, the class method calls something
//!   that does nothing while the class is made ([`Silenced`]).

use std::ptr;

use artifact::model::NodeId;
use artifact::view::{ClassView, NodeView};
use pyo3_ffi as ffi;

use crate::complete::Task;
use crate::demand::methods;
use crate::failure::Failure;
use crate::make::Rehydrator;
use crate::names::{Named, name};
use crate::object::{ClassMethod, Fallible, Object, Static, check, imported, set_type_entry, type_lookup};

impl Rehydrator<'_> {
    /// The class, and the attributes that were withheld from it.
    pub(crate) fn make_class(&mut self, class: ClassView<'_>) -> Result<(Object, Vec<(Object, NodeId)>), Failure> {
        let metaclass = self.make(class.metaclass)?;
        let bases = match class.bases_of {
            Some(other) => bases_of(&self.make(other)?)?,
            None => self.make_tuple(class.bases)?,
        };
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
        namespace.dict_set_name(name!("__qualname__"), &self.make(class.qualname)?)?;
        if let Some(cell) = class.class_cell {
            namespace.dict_set_name(name!("__classcell__"), &self.make(cell)?)?;
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
    Ok(type_lookup(class, &*name!("__set_name__").name()?).is_some_and(|hook| !is_made_in_c(&hook)))
}

fn is_made_in_c(object: &Object) -> bool {
    object.is_exactly(&raw mut ffi::PyMethodDescr_Type)
        || object.is_exactly(&raw mut ffi::PyWrapperDescr_Type)
        || object.is_exactly(&raw mut ffi::PyClassMethodDescr_Type)
        || object.is_exactly(&raw mut ffi::PyCFunction_Type)
}

/// The very tuple that a class has for its bases.
fn bases_of(class: &Object) -> Result<Object, Failure> {
    let Some(pointer) = class.as_type() else { return Failure::refused("the bases of what is no class") };
    // SAFETY: a live class; its bases are a tuple.
    match unsafe { Object::borrowed((*pointer).tp_bases) } {
        Some(bases) => Ok(bases),
        None => Failure::refused("a class without bases"),
    }
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
    let mut hooks = Vec::new();
    let hook_name = name!("__init_subclass__").name()?;
    // SAFETY: live types throughout.
    unsafe {
        if ffi::PyType_IsSubtype(meta, &raw mut ffi::PyType_Type) == 0 {
            return Failure::refused("a metaclass does not extend type");
        }
        let true_mro = type_lookup(&raw mut ffi::PyType_Type, &*name!("mro").name()?);
        let its_mro = type_lookup(meta, &*name!("mro").name()?);
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
            // What the new class's MRO finds first, the MRO of one of its bases finds first.
            hooks.extend(
                type_lookup(class, &hook_name)
                    .filter(|hook| !plain_hook.iter().chain(&hooks).any(|known| known.is(hook))),
            );
        }
    }
    let silenced = hooks.into_iter().map(Silenced::new).collect::<Result<Vec<_>, _>>()?;
    let class = type_new(metaclass, name, bases, namespace);
    drop(silenced);
    class
}

/// An `__init_subclass__` that does nothing while this lives, which is while `type.__new__` makes one class: nothing runs
/// meanwhile that could call it.
enum Silenced {
    ByCallable(Object, *mut ffi::PyObject),
    ByDefinition(Object, *mut ffi::PyMethodDef),
}

/// `PyMethodDescrObject` (`descrobject.h`).
#[repr(C)]
struct MethodDescriptor {
    head: ffi::PyObject,
    class: *mut ffi::PyTypeObject,
    name: *mut ffi::PyObject,
    qualname: *mut ffi::PyObject,
    definition: *mut ffi::PyMethodDef,
}

impl Silenced {
    fn new(hook: Object) -> Result<Self, Failure> {
        // SAFETY: the types are exactly those whose layout is described above; the GIL is held.
        unsafe {
            if hook.is_exactly(&raw mut ffi::PyClassMethod_Type) {
                let nothing = ffi::PyCFunction_NewEx(&raw mut NOTHING.0, ptr::null_mut(), ptr::null_mut());
                let nothing = Object::owned(nothing)?.into_ptr();
                let field = &raw mut (*hook.as_ptr().cast::<ClassMethod>()).callable;
                let callable = field.replace(nothing);
                return Ok(Self::ByCallable(hook, callable));
            }
            if hook.is_exactly(&raw mut ffi::PyClassMethodDescr_Type) {
                let field = &raw mut (*hook.as_ptr().cast::<MethodDescriptor>()).definition;
                let definition = field.replace(&raw mut NOTHING_OF_CLASS.0);
                return Ok(Self::ByDefinition(hook, definition));
            }
        }
        Failure::refused("an __init_subclass__ is not a class method")
    }
}

impl Drop for Silenced {
    fn drop(&mut self) {
        // SAFETY: as in `new`; what is put back was taken from there, what is taken away was put there.
        unsafe {
            match self {
                Self::ByCallable(hook, callable) => {
                    let field = &raw mut (*hook.as_ptr().cast::<ClassMethod>()).callable;
                    ffi::Py_DECREF(field.replace(*callable));
                }
                Self::ByDefinition(hook, definition) => {
                    (*hook.as_ptr().cast::<MethodDescriptor>()).definition = *definition;
                }
            }
        }
    }
}

static mut NOTHING: Static<ffi::PyMethodDef> = Static(ffi::PyMethodDef {
    ml_name: c"__init_subclass__".as_ptr(),
    ml_meth: ffi::PyMethodDefPointer { PyCFunctionWithKeywords: nothing },
    ml_flags: ffi::METH_VARARGS | ffi::METH_KEYWORDS,
    ml_doc: ptr::null(),
});

/// The same as a class method of a type made in C.
static mut NOTHING_OF_CLASS: Static<ffi::PyMethodDef> = Static(ffi::PyMethodDef {
    ml_name: c"__init_subclass__".as_ptr(),
    ml_meth: ffi::PyMethodDefPointer { PyCFunctionWithKeywords: nothing },
    ml_flags: ffi::METH_VARARGS | ffi::METH_KEYWORDS | ffi::METH_CLASS,
    ml_doc: ptr::null(),
});

unsafe extern "C" fn nothing(
    _self: *mut ffi::PyObject,
    _arguments: *mut ffi::PyObject,
    _keywords: *mut ffi::PyObject,
) -> *mut ffi::PyObject {
    Object::none().into_ptr()
}
