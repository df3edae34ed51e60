//! Fingerprints: 64 bits that say whether an object is, as far as a guard needs to know, the one that
//! the build saw. The same code computes them at the build and at run time; nothing is called.
//!
//! The canonical bytes are described in `docs/artifact-format.md`, "Fingerprints".

use pyo3_ffi as ffi;

use crate::memo::Memo;
use crate::names::name;
use crate::object::{Fallible, GilProtected, Object, imported, module_dict, type_dict};

/// Objects are followed this deeply; what lies deeper counts by its type.
const DEEPEST: u32 = 12;
/// And to so many canonical bytes.
const LONGEST: usize = 1 << 20;

/// Mutable containers count by their items up to this many; the evaluator reads no longer ones.
const LONGEST_CONTAINER: usize = 512;

/// The fingerprint of an object.
pub fn fingerprint(object: &Object) -> Fallible<u64> {
    let mut canonical = Canonical { bytes: Vec::with_capacity(256) };
    canonical.object(object, 0)?;
    Ok(canonical.digest())
}

/// The digest of a code object's canonical bytes. Many guards look at the same functions, and code never changes:
/// remembered by address, with a reference that keeps the address its own.
fn code_digest(code: &Object) -> Fallible<Digest> {
    static KNOWN: Memo<usize, (Object, Digest)> = Memo::new(2048);
    let address = code.as_ptr() as usize;
    if let Some((_, digest)) = KNOWN.get(&address) {
        return Ok(digest);
    }
    let mut canonical = Canonical { bytes: Vec::with_capacity(1024) };
    canonical.code(code)?;
    let digest = artifact::layout::digest(&[&canonical.bytes]);
    KNOWN.insert(address, (code.clone(), digest));
    Ok(digest)
}

type Digest = [u8; artifact::layout::DIGEST_LENGTH];

struct Canonical {
    bytes: Vec<u8>,
}

impl Canonical {
    fn digest(&self) -> u64 {
        let digest = artifact::layout::digest(&[&self.bytes]);
        let mut first = [0; 8];
        first.copy_from_slice(&digest[..8]);
        u64::from_le_bytes(first)
    }

    fn tag(&mut self, tag: u8) {
        self.bytes.push(tag);
    }

    fn count(&mut self, count: usize) {
        self.bytes.extend((count as u64).to_le_bytes());
    }

    fn blob(&mut self, bytes: &[u8]) {
        self.count(bytes.len());
        self.bytes.extend(bytes);
    }

    fn object(&mut self, object: &Object, depth: u32) -> Fallible<()> {
        if depth > DEEPEST || self.bytes.len() > LONGEST {
            self.tag(b'?');
            return self.type_name(object);
        }
        // SAFETY: live objects; each branch has checked the exact type that its calls need.
        unsafe {
            if object.is_none() {
                self.tag(b'N');
            } else if object.as_ptr() == ffi::Py_Ellipsis() {
                self.tag(b'.');
            } else if object.as_ptr() == ffi::Py_NotImplemented() {
                self.tag(b'!');
            } else if object.is_exactly(&raw mut ffi::PyBool_Type) {
                self.tag(if object.as_ptr() == ffi::Py_True() { b'T' } else { b'F' });
            } else if object.is_exactly(&raw mut ffi::PyLong_Type) {
                self.tag(b'i');
                let digits = Object::owned(ffi::PyNumber_ToBase(object.as_ptr(), 16))?;
                self.text(&digits)?;
            } else if object.is_exactly(&raw mut ffi::PyFloat_Type) {
                self.tag(b'f');
                self.bytes.extend(ffi::PyFloat_AsDouble(object.as_ptr()).to_bits().to_le_bytes());
            } else if object.is_exactly(&raw mut ffi::PyComplex_Type) {
                self.tag(b'j');
                self.bytes.extend(ffi::PyComplex_RealAsDouble(object.as_ptr()).to_bits().to_le_bytes());
                self.bytes.extend(ffi::PyComplex_ImagAsDouble(object.as_ptr()).to_bits().to_le_bytes());
            } else if object.is_text() {
                self.tag(b's');
                self.text(object)?;
            } else if let Some(bytes) = object.as_bytes() {
                self.tag(b'b');
                self.blob(bytes);
            } else if object.is_exactly(&raw mut ffi::PyTuple_Type) {
                self.tag(b't');
                self.tuple(object, depth)?;
            } else if object.is_exactly(&raw mut ffi::PyList_Type) {
                self.tag(b'l');
                self.short(&Object::owned(ffi::PyList_AsTuple(object.as_ptr()))?, depth)?;
            } else if object.is_exactly(&raw mut ffi::PyDict_Type) {
                self.tag(b'k');
                let items = Object::owned(ffi::PyDict_Items(object.as_ptr()))?;
                self.short(&Object::owned(ffi::PyList_AsTuple(items.as_ptr()))?, depth)?;
            } else if object.is_exactly(&raw mut ffi::PySet_Type) {
                self.tag(b'y');
                if ffi::PySet_Size(object.as_ptr()) as usize > LONGEST_CONTAINER {
                    self.count(ffi::PySet_Size(object.as_ptr()) as usize);
                } else {
                    self.frozen_set(object, depth)?;
                }
            } else if object.is_exactly(&raw mut ffi::PyFrozenSet_Type) {
                self.tag(b'z');
                self.frozen_set(object, depth)?;
            } else if object.is_exactly(&raw mut ffi::PyCode_Type) {
                self.tag(b'c');
                self.bytes.extend(code_digest(object)?);
            } else if object.is_exactly(&raw mut ffi::PyFunction_Type) {
                self.tag(b'd');
                self.function(object, depth)?;
            } else if object.is_class() {
                self.tag(b'C');
                self.class(object)?;
            } else if let Some(dict) = module_dict(object) {
                self.tag(b'm');
                let name = dict.dict_get_name(name!("__name__"))?.unwrap_or_else(Object::none);
                self.object(&name, depth + 1)?;
            } else {
                self.wrapper(object, depth)?;
            }
        }
        Ok(())
    }

    fn text(&mut self, text: &Object) -> Fallible<()> {
        if let Some(text) = text.as_text() {
            self.blob(text.as_bytes());
            return Ok(());
        }
        // SAFETY: a str object and C strings; a new bytes object.
        let bytes = unsafe {
            Object::owned(ffi::PyUnicode_AsEncodedString(text.as_ptr(), c"utf-8".as_ptr(), c"surrogatepass".as_ptr()))?
        };
        self.blob(bytes.as_bytes().unwrap_or_default());
        Ok(())
    }

    fn tuple(&mut self, tuple: &Object, depth: u32) -> Fallible<()> {
        self.count(tuple.tuple_items().count());
        for item in tuple.tuple_items() {
            self.object(&item, depth + 1)?;
        }
        Ok(())
    }

    /// The items of a mutable container: all of a short one, only the number of a long one.
    fn short(&mut self, items: &Object, depth: u32) -> Fallible<()> {
        if items.tuple_items().count() > LONGEST_CONTAINER {
            self.count(items.tuple_items().count());
            return Ok(());
        }
        self.tuple(items, depth)
    }

    /// By the members' own fingerprints, sorted.
    fn frozen_set(&mut self, set: &Object, depth: u32) -> Fallible<()> {
        // SAFETY: a set or frozenset can be iterated; a new tuple.
        let items = unsafe { Object::owned(ffi::PySequence_Tuple(set.as_ptr()))? };
        let mut members = Vec::new();
        for item in items.tuple_items() {
            let mut canonical = Canonical { bytes: Vec::new() };
            canonical.object(&item, depth + 1)?;
            members.push(canonical.digest());
        }
        members.sort_unstable();
        self.count(members.len());
        for member in members {
            self.bytes.extend(member.to_le_bytes());
        }
        Ok(())
    }

    /// What it does, not where it stands: no file name, no lines. `co_code` is the code as compiled,
    /// without what the interpreter has specialised.
    fn code(&mut self, code: &Object) -> Fallible<()> {
        for name in [
            "co_name",
            "co_qualname",
            "co_flags",
            "co_argcount",
            "co_posonlyargcount",
            "co_kwonlyargcount",
            "co_code",
            "co_exceptiontable",
            "co_names",
            "co_varnames",
            "co_freevars",
            "co_cellvars",
            "co_consts",
        ] {
            self.object(&code.attribute(name)?, 1)?;
        }
        Ok(())
    }

    fn function(&mut self, function: &Object, depth: u32) -> Fallible<()> {
        // SAFETY: a function; everything is borrowed from it, and may be absent.
        let (code, defaults, keyword_defaults, closure) = unsafe {
            let pointer = function.as_ptr();
            (
                Object::borrowed(ffi::PyFunction_GetCode(pointer)),
                Object::borrowed(ffi::PyFunction_GetDefaults(pointer)),
                Object::borrowed(ffi::PyFunction_GetKwDefaults(pointer)),
                Object::borrowed(ffi::PyFunction_GetClosure(pointer)),
            )
        };
        self.object(&code.unwrap_or_else(Object::none), depth + 1)?;
        self.object(&defaults.unwrap_or_else(Object::none), depth + 1)?;
        match keyword_defaults.filter(|dict| dict.is_exactly(&raw mut ffi::PyDict_Type)) {
            Some(dict) => {
                // SAFETY: a dict; a new list, a new tuple.
                let items = unsafe {
                    let list = Object::owned(ffi::PyDict_Items(dict.as_ptr()))?;
                    Object::owned(ffi::PyList_AsTuple(list.as_ptr()))?
                };
                self.tuple(&items, depth)?;
            }
            None => self.count(0),
        }
        let closure = match closure {
            Some(closure) => closure,
            None => Object::tuple(vec![])?,
        };
        self.count(closure.tuple_items().count());
        for cell in closure.tuple_items() {
            // SAFETY: reading a cell; the content may be absent.
            let content = unsafe {
                if cell.is_exactly(&raw mut ffi::PyCell_Type) {
                    Object::owned(ffi::PyCell_Get(cell.as_ptr())).ok()
                } else {
                    None
                }
            };
            match content {
                Some(content) => self.object(&content, depth + 1)?,
                None => self.tag(b'_'),
            }
        }
        for label in function_labels(function) {
            self.object(&label, depth + 1)?;
        }
        Ok(())
    }

    /// Its names, those of its MRO, and its metaclass's; attributes are guarded one by one.
    fn class(&mut self, class: &Object) -> Fallible<()> {
        self.class_name(class)?;
        self.class_name(&class.class())?;
        let Some(pointer) = class.as_type() else {
            return Ok(());
        };
        // SAFETY: a ready type; a new str.
        self.text(&unsafe { Object::owned(ffi::PyType_GetName(pointer))? })?;
        // SAFETY: a ready type has an MRO.
        let mro = unsafe { Object::borrowed((*pointer).tp_mro) };
        let Some(mro) = mro else { return Ok(()) };
        self.count(mro.tuple_items().count());
        for base in mro.tuple_items() {
            self.class_name(&base)?;
        }
        Ok(())
    }

    fn class_name(&mut self, class: &Object) -> Fallible<()> {
        let Some(pointer) = class.as_type() else {
            self.tag(b'?');
            return Ok(());
        };
        match type_dict(pointer)?.dict_get_name(name!("__module__"))? {
            Some(module) if module.is_text() => self.text(&module)?,
            _ => self.blob(crate::object::type_name(pointer).as_bytes()),
        }
        // SAFETY: a ready type; a new str.
        let qualname = unsafe { Object::owned(ffi::PyType_GetQualName(pointer))? };
        self.text(&qualname)
    }

    fn type_name(&mut self, object: &Object) -> Fallible<()> {
        self.class_name(&object.class())
    }

    /// C's wrappers by what they wrap; everything else by its type.
    fn wrapper(&mut self, object: &Object, depth: u32) -> Fallible<()> {
        let is = |class: *mut ffi::PyTypeObject| object.is_exactly(class);
        let parts: &[&str] = if is(&raw mut ffi::PyProperty_Type) {
            &["fget", "fset", "fdel"]
        } else if is(&raw mut ffi::PyStaticMethod_Type) || is(&raw mut ffi::PyClassMethod_Type) {
            &["__func__"]
        } else if is(&raw mut PyMethod_Type) {
            &["__func__", "__self__"]
        } else if is(&raw mut ffi::PyCFunction_Type) {
            &["__name__", "__self__"]
        } else if is(&raw mut ffi::PyMethodDescr_Type)
            || is(&raw mut ffi::PyWrapperDescr_Type)
            || is(&raw mut ffi::PyMemberDescr_Type)
            || is(&raw mut ffi::PyGetSetDescr_Type)
            || is(&raw mut ffi::PyClassMethodDescr_Type)
        {
            &["__name__", "__objclass__"]
        } else if is_partial(object)? {
            &["func", "args", "keywords"]
        } else {
            &[]
        };
        self.tag(b'o');
        self.type_name(object)?;
        self.count(parts.len());
        for part in parts {
            self.object(&object.attribute(*part)?, depth + 1)?;
        }
        Ok(())
    }
}

/// Whether it is a `functools.partial`, and not of a class that derives from it.
fn is_partial(object: &Object) -> Fallible<bool> {
    static PARTIAL: GilProtected<Option<Object>> = GilProtected::new(None);
    let partial = PARTIAL.get_or_make(|| imported(c"_functools", "partial"))?;
    Ok(object.class().is(&partial))
}

/// Whether of the object only its class counts, one that a class statement has made.
pub fn counts_by_class(object: &Object) -> Fallible<bool> {
    let class = object.class();
    // SAFETY: reading a field of a live class.
    let is_made = class.as_type().is_some_and(|class| unsafe { (*class).tp_flags & ffi::Py_TPFLAGS_HEAPTYPE != 0 });
    Ok(is_made && !object.is_class() && module_dict(object).is_none() && !is_partial(object)?)
}

/// `__name__`, `__qualname__`, `__doc__` and `__module__` of a function, `None` where it has none.
pub fn function_labels(function: &Object) -> [Object; 4] {
    // SAFETY: a function; its fields are live objects or null.
    unsafe {
        let function = function.as_ptr().cast::<ffi::PyFunctionObject>();
        [(*function).func_name, (*function).func_qualname, (*function).func_doc, (*function).func_module]
            .map(|label| Object::borrowed(label).unwrap_or_else(Object::none))
    }
}

unsafe extern "C" {
    pub static mut PyMethod_Type: ffi::PyTypeObject;
}
