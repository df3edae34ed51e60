//! Owned references to Python objects, and the C calls that the rest of the crate needs, made safe.
//!
//! **Invariant**: an [`Object`] is made, used and dropped only while the GIL is held. All code of this
//! crate runs inside calls from the interpreter and never releases it.

use std::ffi::{CStr, c_int};
use std::ptr::{self, NonNull};

use pyo3_ffi as ffi;

use crate::names::{self, Named};

/// A Python exception is set.
#[derive(Debug)]
pub struct Raised;

pub type Fallible<T> = Result<T, Raised>;

/// A strong reference.
pub struct Object(NonNull<ffi::PyObject>);

impl Clone for Object {
    fn clone(&self) -> Self {
        // SAFETY: the pointer is a live object (invariant of the type).
        unsafe { ffi::Py_INCREF(self.as_ptr()) };
        Self(self.0)
    }
}

impl Drop for Object {
    fn drop(&mut self) {
        // SAFETY: we own one reference.
        unsafe { ffi::Py_DECREF(self.as_ptr()) };
    }
}

/// A success code of the C API: negative means that an exception is set.
pub fn check(code: c_int) -> Fallible<c_int> {
    if code < 0 { Err(Raised) } else { Ok(code) }
}

/// `Py_TPFLAGS_MANAGED_DICT` (3.11 and newer): the dictionary lies before the object.
const MANAGED_DICT: std::ffi::c_ulong = 1 << 4;

impl Object {
    /// Takes over a new reference; null means that an exception is set.
    ///
    /// # Safety
    /// `pointer` is null or a reference that the caller owns.
    pub unsafe fn owned(pointer: *mut ffi::PyObject) -> Fallible<Self> {
        NonNull::new(pointer).map(Self).ok_or(Raised)
    }

    /// A new reference to a borrowed object; null is `None`.
    ///
    /// # Safety
    /// `pointer` is null or a live object.
    pub unsafe fn borrowed(pointer: *mut ffi::PyObject) -> Option<Self> {
        let pointer = NonNull::new(pointer)?;
        // SAFETY: it is live, says the caller.
        unsafe { ffi::Py_INCREF(pointer.as_ptr()) };
        Some(Self(pointer))
    }

    /// A new reference to an object that lives as long as the interpreter.
    ///
    /// # Safety
    /// `pointer` is a live object.
    pub unsafe fn immortal(pointer: *mut ffi::PyObject) -> Self {
        // SAFETY: not null, says the caller.
        unsafe {
            ffi::Py_INCREF(pointer);
            Self(NonNull::new_unchecked(pointer))
        }
    }

    /// Takes over the reference at an address that [`into_ptr`](Self::into_ptr) gave.
    ///
    /// # Safety
    /// There is a reference, which the caller owns.
    pub unsafe fn from_address(address: usize) -> Self {
        // SAFETY: no object lies at 0, says the caller.
        Self(unsafe { NonNull::new_unchecked(address as *mut ffi::PyObject) })
    }

    pub fn as_ptr(&self) -> *mut ffi::PyObject {
        self.0.as_ptr()
    }

    /// Gives the reference away.
    pub fn into_ptr(self) -> *mut ffi::PyObject {
        let pointer = self.as_ptr();
        std::mem::forget(self);
        pointer
    }

    pub fn none() -> Self {
        // SAFETY: the singleton lives for ever.
        unsafe { Self::immortal(ffi::Py_None()) }
    }

    /// `self == other`, which may run code.
    pub fn equals(&self, other: &Object) -> Fallible<bool> {
        // SAFETY: live objects.
        check(unsafe { ffi::PyObject_RichCompareBool(self.as_ptr(), other.as_ptr(), ffi::Py_EQ) })
            .map(|equal| equal == 1)
    }

    pub fn is(&self, other: &Object) -> bool {
        self.0 == other.0
    }

    pub fn is_none(&self) -> bool {
        // SAFETY: comparing an address.
        self.as_ptr() == unsafe { ffi::Py_None() }
    }

    /// A string.
    pub fn text(value: &str) -> Fallible<Self> {
        // SAFETY: pointer and length describe a slice.
        unsafe { Self::owned(ffi::PyUnicode_FromStringAndSize(value.as_ptr().cast(), value.len() as ffi::Py_ssize_t)) }
    }

    /// A `bytes` object.
    pub fn bytes(value: &[u8]) -> Fallible<Self> {
        // SAFETY: pointer and length describe a slice.
        unsafe { Self::owned(ffi::PyBytes_FromStringAndSize(value.as_ptr().cast(), value.len() as ffi::Py_ssize_t)) }
    }

    /// An interned string, as names in byte code are.
    pub fn name(value: &str) -> Fallible<Self> {
        names::interned(value.as_bytes())
    }

    /// Whether it is the interned string of its text.
    pub fn is_interned(&self) -> bool {
        // SAFETY: an exact str, of which a field is read.
        self.is_exactly(&raw mut ffi::PyUnicode_Type)
            && unsafe { (*self.as_ptr().cast::<ffi::PyASCIIObject>()).interned() != 0 }
    }

    pub fn bool(value: bool) -> Self {
        // SAFETY: the singletons live for ever.
        unsafe { Self::immortal(if value { ffi::Py_True() } else { ffi::Py_False() }) }
    }

    pub fn int(value: u64) -> Fallible<Self> {
        // SAFETY: no pointers.
        unsafe { Self::owned(ffi::PyLong_FromUnsignedLongLong(value)) }
    }

    /// A tuple of these.
    pub fn tuple(items: Vec<Object>) -> Fallible<Self> {
        // SAFETY: the tuple is filled before anybody sees it; each item's reference goes into it.
        unsafe {
            let tuple = Self::owned(ffi::PyTuple_New(items.len() as ffi::Py_ssize_t))?;
            for (index, item) in items.into_iter().enumerate() {
                ffi::PyTuple_SET_ITEM(tuple.as_ptr(), index as ffi::Py_ssize_t, item.into_ptr());
            }
            Ok(tuple)
        }
    }

    /// Takes a tuple that can't be part of a cycle out of the collector's lists, as the collector does when it meets it
    /// (`_PyTuple_MaybeUntrack`).
    pub fn untrack_constant(&self) {
        if !self.tuple_items().any(|item| item.may_be_in_cycle()) {
            // SAFETY: a tuple; nothing happens to one that is not tracked.
            unsafe { ffi::PyObject_GC_UnTrack(self.as_ptr().cast()) }
        }
    }

    /// Whether the object can be part of a cycle, now or later: its type takes part in collections, and it is no tuple that
    /// was taken out of them.
    pub fn may_be_in_cycle(&self) -> bool {
        // SAFETY: reading the type of a live object.
        unsafe {
            ffi::PyType_IS_GC(ffi::Py_TYPE(self.as_ptr())) != 0
                && !(self.is_exactly(&raw mut ffi::PyTuple_Type) && ffi::PyObject_GC_IsTracked(self.as_ptr()) == 0)
        }
    }

    pub fn dict() -> Fallible<Self> {
        // SAFETY: no pointers.
        unsafe { Self::owned(ffi::PyDict_New()) }
    }

    pub fn list() -> Fallible<Self> {
        // SAFETY: no pointers.
        unsafe { Self::owned(ffi::PyList_New(0)) }
    }

    pub fn class(&self) -> Object {
        // SAFETY: every live object has a type, which outlives it.
        unsafe { Self::immortal(ffi::Py_TYPE(self.as_ptr()).cast()) }
    }

    /// Whether the object's type is exactly this one.
    pub fn is_exactly(&self, class: *mut ffi::PyTypeObject) -> bool {
        // SAFETY: reading the type of a live object.
        unsafe { ffi::Py_TYPE(self.as_ptr()) == class }
    }

    /// Whether the object's type is this one or extends it (no `__instancecheck__`).
    pub fn is_a(&self, class: *mut ffi::PyTypeObject) -> bool {
        // SAFETY: both are live types.
        unsafe { ffi::PyObject_TypeCheck(self.as_ptr(), class) != 0 }
    }

    pub fn is_class(&self) -> bool {
        // SAFETY: a live object.
        unsafe { ffi::PyType_Check(self.as_ptr()) != 0 }
    }

    pub fn is_text(&self) -> bool {
        // SAFETY: a live object.
        unsafe { ffi::PyUnicode_CheckExact(self.as_ptr()) != 0 }
    }

    /// The object's own `__dict__`, raw; `None` where its type has none, or it isn't a plain dict.
    pub fn own_dict(&self) -> Fallible<Option<Object>> {
        // SAFETY: reading a field of a live type.
        let has_dict = unsafe {
            let class = ffi::Py_TYPE(self.as_ptr());
            (*class).tp_dictoffset != 0 || (*class).tp_flags & MANAGED_DICT != 0
        };
        if !has_dict {
            return Ok(None);
        }
        // SAFETY: the object has a dictionary; a new reference.
        let dict = unsafe { Object::owned(ffi::PyObject_GenericGetDict(self.as_ptr(), std::ptr::null_mut()))? };
        Ok(dict.is_exactly(&raw mut ffi::PyDict_Type).then_some(dict))
    }

    pub fn as_type(&self) -> Option<*mut ffi::PyTypeObject> {
        self.is_class().then(|| self.as_ptr().cast())
    }

    /// `getattr(self, name)`, which may run code.
    pub fn attribute(&self, name: &(impl Named + ?Sized)) -> Fallible<Object> {
        let name = name.name()?;
        // SAFETY: live objects.
        unsafe { Self::owned(ffi::PyObject_GetAttr(self.as_ptr(), name.as_ptr())) }
    }

    /// `setattr(self, name, value)`, which may run code.
    pub fn set_attribute(&self, name: &(impl Named + ?Sized), value: &Object) -> Fallible<()> {
        let name = name.name()?;
        // SAFETY: live objects.
        check(unsafe { ffi::PyObject_SetAttr(self.as_ptr(), name.as_ptr(), value.as_ptr()) }).map(drop)
    }

    pub fn call(&self, arguments: &Object, keywords: Option<&Object>) -> Fallible<Object> {
        let keywords = keywords.map_or(ptr::null_mut(), Object::as_ptr);
        // SAFETY: live objects; the callee checks their types.
        unsafe { Self::owned(ffi::PyObject_Call(self.as_ptr(), arguments.as_ptr(), keywords)) }
    }

    pub fn call0(&self) -> Fallible<Object> {
        // SAFETY: a live object; a new reference.
        unsafe { Object::owned(ffi::PyObject_CallNoArgs(self.as_ptr())) }
    }

    pub fn call1(&self, argument: &Object) -> Fallible<Object> {
        // SAFETY: live objects.
        unsafe { Self::owned(ffi::PyObject_CallOneArg(self.as_ptr(), argument.as_ptr())) }
    }

    pub fn list_append(&self, item: &Object) -> Fallible<()> {
        // SAFETY: `PyList_Append` checks that this is a list; a live object.
        check(unsafe { ffi::PyList_Append(self.as_ptr(), item.as_ptr()) }).map(drop)
    }

    /// Value of an exact `dict` for this key, or nothing; hashing and comparing strings runs no code.
    pub fn dict_get(&self, key: &Object) -> Fallible<Option<Object>> {
        // SAFETY: `GetItemWithError` checks that this is a dict; the reference is borrowed from it.
        unsafe {
            let found = Self::borrowed(ffi::PyDict_GetItemWithError(self.as_ptr(), key.as_ptr()));
            if found.is_none() && !ffi::PyErr_Occurred().is_null() {
                return Err(Raised);
            }
            Ok(found)
        }
    }

    /// The number of entries of a dict.
    pub fn dict_size(&self) -> isize {
        // SAFETY: the call checks for a dict.
        unsafe { ffi::PyDict_Size(self.as_ptr()) }
    }

    /// Keys of an exact `dict`, in order.
    pub fn dict_keys(&self) -> Vec<Object> {
        let (mut keys, mut position, mut key) = (Vec::new(), 0, ptr::null_mut());
        // SAFETY: a dict that nobody changes meanwhile; the key is borrowed from it.
        unsafe {
            while ffi::PyDict_Next(self.as_ptr(), &raw mut position, &raw mut key, ptr::null_mut()) != 0 {
                keys.extend(Self::borrowed(key));
            }
        }
        keys
    }

    /// The dictionary has exactly these items, in this order; they are kept alive by the caller meanwhile.
    pub fn dict_replace(&self, items: &[(Object, Object)]) -> Fallible<()> {
        // SAFETY: an exact dict; the items outlive the call.
        unsafe { ffi::PyDict_Clear(self.as_ptr()) };
        items.iter().try_for_each(|(key, value)| self.dict_set(key, value))
    }

    pub fn dict_copy(&self) -> Fallible<Object> {
        // SAFETY: the call checks that this is a dict; a new reference.
        unsafe { Self::owned(ffi::PyDict_Copy(self.as_ptr())) }
    }

    pub fn dict_get_name(&self, key: &(impl Named + ?Sized)) -> Fallible<Option<Object>> {
        self.dict_get(&*key.name()?)
    }

    pub fn dict_set(&self, key: &Object, value: &Object) -> Fallible<()> {
        // SAFETY: the call checks that this is a dict.
        check(unsafe { ffi::PyDict_SetItem(self.as_ptr(), key.as_ptr(), value.as_ptr()) }).map(drop)
    }

    pub fn dict_set_name(&self, key: &(impl Named + ?Sized), value: &Object) -> Fallible<()> {
        self.dict_set(&*key.name()?, value)
    }

    pub fn dict_delete_name(&self, key: &(impl Named + ?Sized)) -> Fallible<()> {
        self.dict_delete(&*key.name()?)
    }

    pub fn dict_delete(&self, key: &Object) -> Fallible<()> {
        // SAFETY: the call checks that this is a dict.
        check(unsafe { ffi::PyDict_DelItem(self.as_ptr(), key.as_ptr()) }).map(drop)
    }

    /// Item of a tuple, or nothing where it has none.
    pub fn tuple_item(&self, index: usize) -> Option<Object> {
        if !self.is_exactly(&raw mut ffi::PyTuple_Type) {
            return None;
        }
        // SAFETY: a tuple, and the index is below its size.
        unsafe {
            let size = ffi::PyTuple_GET_SIZE(self.as_ptr());
            if index >= size as usize {
                return None;
            }
            Self::borrowed(ffi::PyTuple_GET_ITEM(self.as_ptr(), index as ffi::Py_ssize_t))
        }
    }

    /// Item of an exact list, or nothing where it has none.
    pub fn list_item(&self, index: usize) -> Option<Object> {
        if !self.is_exactly(&raw mut ffi::PyList_Type) {
            return None;
        }
        // SAFETY: a list; the item is borrowed, or null beyond the end.
        let item = unsafe { Self::borrowed(ffi::PyList_GetItem(self.as_ptr(), index as ffi::Py_ssize_t)) };
        if item.is_none() {
            forget_error();
        }
        item
    }

    /// The items of something that can be iterated, which may run code unless it is a builtin container; a tuple.
    pub fn sequence_tuple(&self) -> Fallible<Object> {
        // SAFETY: a live object; a new tuple.
        unsafe { Self::owned(ffi::PySequence_Tuple(self.as_ptr())) }
    }

    /// Items of an exact tuple.
    pub fn tuple_items(&self) -> impl Iterator<Item = Object> + '_ {
        (0..).map_while(|index| self.tuple_item(index))
    }

    /// The characters of a string; `None` where it isn't one or holds surrogates.
    pub fn as_text(&self) -> Option<&str> {
        if !self.is_a(&raw mut ffi::PyUnicode_Type) {
            return None;
        }
        let mut length = 0;
        // SAFETY: the buffer belongs to the string, which `self` keeps alive and nobody changes.
        unsafe {
            let data = ffi::PyUnicode_AsUTF8AndSize(self.as_ptr(), &raw mut length);
            if data.is_null() {
                ffi::PyErr_Clear();
                return None;
            }
            let bytes = std::slice::from_raw_parts(data.cast::<u8>(), length as usize);
            Some(std::str::from_utf8_unchecked(bytes))
        }
    }

    /// The bytes of an exact `bytes`.
    pub fn as_bytes(&self) -> Option<&[u8]> {
        if !self.is_exactly(&raw mut ffi::PyBytes_Type) {
            return None;
        }
        // SAFETY: a bytes object's buffer, alive while `self` is, never changed.
        unsafe {
            let data = ffi::PyBytes_AsString(self.as_ptr());
            let length = ffi::PyBytes_Size(self.as_ptr());
            Some(std::slice::from_raw_parts(data.cast::<u8>(), length as usize))
        }
    }

    /// Equal strings.
    pub fn same_text(&self, other: &Object) -> bool {
        self.is(other)
            || (self.is_text()
                && other.is_text()
                // SAFETY: both are strings.
                && unsafe { ffi::PyUnicode_Compare(self.as_ptr(), other.as_ptr()) } == 0)
    }
}

/// What the class's MRO finds under a name, raw (`_PyType_Lookup`): no descriptor is called.
pub fn type_lookup(class: *mut ffi::PyTypeObject, name: &Object) -> Option<Object> {
    // SAFETY: a ready type and a string; the result is borrowed.
    unsafe { Object::borrowed(_PyType_Lookup(class, name.as_ptr())) }
}

/// A definition that the interpreter reads and nobody writes.
pub struct Static<T>(pub T);
// SAFETY: written by nobody.
unsafe impl<T> Sync for Static<T> {}

/// A function that takes its positional arguments in a tuple.
pub const fn definition(name: &'static std::ffi::CStr, function: ffi::PyCFunction) -> ffi::PyMethodDef {
    ffi::PyMethodDef {
        ml_name: name.as_ptr(),
        ml_meth: ffi::PyMethodDefPointer { PyCFunction: function },
        ml_flags: ffi::METH_VARARGS,
        ml_doc: ptr::null(),
    }
}

/// Puts something into a class's dictionary, as if the class body had: past every descriptor of the metaclass.
pub fn set_type_entry(class: *mut ffi::PyTypeObject, name: &Object, value: &Object) -> Fallible<()> {
    type_dict(class)?.dict_set(name, value)?;
    // SAFETY: a live class, one of whose attributes has changed.
    unsafe { ffi::PyType_Modified(class) };
    Ok(())
}

/// Sets a `KeyError`.
pub fn raise_key_error(key: &Object) -> Raised {
    // SAFETY: a live exception class and object.
    unsafe { ffi::PyErr_SetObject(ffi::PyExc_KeyError, key.as_ptr()) };
    Raised
}

/// The class's own `__dict__`, not to be changed.
pub fn type_dict(class: *mut ffi::PyTypeObject) -> Fallible<Object> {
    #[cfg(Py_3_12)]
    // SAFETY: a ready type; a new reference.
    unsafe {
        Object::owned(ffi::PyType_GetDict(class))
    }
    #[cfg(not(Py_3_12))]
    // SAFETY: a ready type; its dict is borrowed.
    unsafe {
        Object::borrowed((*class).tp_dict).ok_or(Raised)
    }
}

/// `__dict__` of a module, borrowed from its storage.
pub fn module_dict(module: &Object) -> Option<Object> {
    if !module.is_a(&raw mut ffi::PyModule_Type) {
        return None;
    }
    // SAFETY: a module.
    unsafe { Object::borrowed(ffi::PyModule_GetDict(module.as_ptr())) }
}

/// Something that is only touched while the GIL is held.
pub struct GilProtected<T>(std::cell::UnsafeCell<T>);

// SAFETY: see the type.
unsafe impl<T> Sync for GilProtected<T> {}

impl<T> GilProtected<T> {
    pub const fn new(value: T) -> Self {
        Self(std::cell::UnsafeCell::new(value))
    }

    /// `work` runs no Python code and comes back here for nothing.
    pub fn with<R>(&self, work: impl FnOnce(&mut T) -> R) -> R {
        // SAFETY: the GIL is held, and nobody else is inside, says the caller.
        work(unsafe { &mut *self.0.get() })
    }
}

impl<T: Clone> GilProtected<Option<T>> {
    /// What is there, or else what `make` gives, which is kept.
    pub fn get_or_make<E>(&self, make: impl FnOnce() -> Result<T, E>) -> Result<T, E> {
        if let Some(known) = self.with(|known| known.clone()) {
            return Ok(known);
        }
        let made = make()?;
        self.with(|known| *known = Some(made.clone()));
        Ok(made)
    }
}

/// Whether the interpreter is going down.
pub fn is_finalizing() -> bool {
    #[cfg(Py_3_13)]
    // SAFETY: no pointers.
    unsafe {
        ffi::Py_IsFinalizing() != 0
    }
    #[cfg(not(Py_3_13))]
    // SAFETY: no pointers.
    unsafe {
        _Py_IsFinalizing() != 0
    }
}

/// `classmethod` and `staticmethod` (`funcobject.c`).
#[repr(C)]
pub struct ClassMethod {
    head: ffi::PyObject,
    pub callable: *mut ffi::PyObject,
}

/// `sys.modules`.
pub fn modules() -> Option<Object> {
    // SAFETY: borrowed from the interpreter.
    unsafe { Object::borrowed(ffi::PyImport_GetModuleDict()) }
}

/// Modules of the interpreter's own, by name: programs may take them out of `sys.modules`, or block them.
static IMPORTED: GilProtected<Vec<(&'static CStr, Object)>> = GilProtected::new(Vec::new());

/// Attribute of a module without dots in its name, imported (once) past whatever stands in for `__import__`.
pub fn imported(module: &'static CStr, name: &str) -> Fallible<Object> {
    let known = IMPORTED.with(|known| known.iter().find(|(name, _)| *name == module).map(|(_, known)| known.clone()));
    if let Some(known) = known {
        return known.attribute(name);
    }
    let nothing = ptr::null_mut();
    // SAFETY: a C string, and nulls where they are allowed; a new reference.
    let found =
        unsafe { Object::owned(ffi::PyImport_ImportModuleLevel(module.as_ptr(), nothing, nothing, nothing, 0))? };
    IMPORTED.with(|known| known.push((module, found.clone())));
    found.attribute(name)
}

/// Throws away the exception that is set, if one is.
pub fn forget_error() {
    // SAFETY: no pointers.
    unsafe { ffi::PyErr_Clear() };
}

/// Does what has to be done whatever exception is set, which stays set; one that this raises is thrown away.
pub fn keeping_error(work: impl FnOnce() -> Fallible<()>) {
    let (mut kind, mut value, mut trace) = (ptr::null_mut(), ptr::null_mut(), ptr::null_mut());
    // SAFETY: what is fetched is restored.
    unsafe {
        #[allow(deprecated)]
        ffi::PyErr_Fetch(&raw mut kind, &raw mut value, &raw mut trace);
        if work().is_err() {
            ffi::PyErr_Clear();
        }
        #[allow(deprecated)]
        ffi::PyErr_Restore(kind, value, trace);
    }
}

/// Throws away the exception that is set, and says what it was in words.
pub fn take_message() -> String {
    let (mut kind, mut value, mut trace) = (ptr::null_mut(), ptr::null_mut(), ptr::null_mut());
    // SAFETY: fetching hands us references (or nulls); all are released.
    unsafe {
        #[allow(deprecated)]
        ffi::PyErr_Fetch(&raw mut kind, &raw mut value, &raw mut trace);
        let kind = Object::owned(kind);
        let value = Object::owned(value);
        drop(Object::owned(trace));
        let name = match &kind {
            Ok(kind) => kind.as_type().map(type_name).unwrap_or_default(),
            Err(Raised) => String::from("an error"),
        };
        let text = value.ok().and_then(|value| Object::owned(ffi::PyObject_Str(value.as_ptr())).ok());
        ffi::PyErr_Clear();
        match text.as_ref().and_then(Object::as_text) {
            Some(text) if !text.is_empty() => format!("{name}: {text}"),
            _ => name,
        }
    }
}

/// `tp_name` of a class.
pub fn type_name(class: *mut ffi::PyTypeObject) -> String {
    // SAFETY: a live type's name is a C string.
    unsafe { CStr::from_ptr((*class).tp_name) }.to_string_lossy().into_owned()
}

#[allow(non_snake_case)]
unsafe extern "C" {
    #[cfg(not(Py_3_13))]
    fn _Py_IsFinalizing() -> c_int;
    fn _PyType_Lookup(class: *mut ffi::PyTypeObject, name: *mut ffi::PyObject) -> *mut ffi::PyObject;
}
