//! Making functions.

use artifact::model::NodeId;
use artifact::view::{FunctionView, NodeView};
use pyo3_ffi as ffi;

use crate::failure::Failure;
use crate::fingerprint::function_labels;
use crate::make::Rehydrator;
use crate::names::name;
use crate::object::{Object, check, module_dict};

impl Rehydrator<'_> {
    /// The function with all that a wrapper around it copies (`staticmethod` does); its defaults and
    /// `__dict__` come later.
    pub(crate) fn make_function(&mut self, function: FunctionView<'_>) -> Result<Object, Failure> {
        let code = self.make(function.code)?;
        if !code.is_exactly(&raw mut ffi::PyCode_Type) {
            return Failure::refused("a function's code is not a code object");
        }
        let globals = self.make_globals(function.globals)?;
        if !globals.is_exactly(&raw mut ffi::PyDict_Type) {
            return Failure::refused("a function's namespace is not a dict");
        }
        let borrowed = self.lend_builtins(&globals, function.globals)?;
        // SAFETY: a code object and a dict; without a qualified name, the code's own is taken.
        let object = unsafe {
            Object::owned(ffi::PyFunction_NewWithQualName(code.as_ptr(), globals.as_ptr(), std::ptr::null_mut()))?
        };
        if borrowed {
            // SAFETY: a dict of ours that is to be filled later.
            unsafe { ffi::PyDict_Clear(globals.as_ptr()) };
        }
        // A function that nobody renamed shares its names with its code.
        let labels = [
            (name!("__name__"), function.name),
            (name!("__qualname__"), function.qualname),
            (name!("__doc__"), function.doc),
            (name!("__module__"), function.module),
        ];
        for (known, (label, id)) in function_labels(&object).iter().zip(labels) {
            let value = self.make(id)?;
            if !known.same_text(&value) {
                object.set_attribute(label, &value)?;
            }
        }
        let closure = self.make_tuple(function.closure)?;
        self.check_closure(&code, &closure)?;
        if !function.closure.is_empty() {
            // SAFETY: a function, and a tuple of cells of the right length.
            check(unsafe { ffi::PyFunction_SetClosure(object.as_ptr(), closure.as_ptr()) })?;
        }
        if let Some(annotations) = self.make_optional(function.annotations)? {
            // SAFETY: a function; the call checks for a dict.
            check(unsafe { ffi::PyFunction_SetAnnotations(object.as_ptr(), annotations.as_ptr()) })?;
        }
        Ok(object)
    }

    /// A function finds its builtins in its namespace when it is made. If that is a dictionary which
    /// is not filled yet, it is lent its `__builtins__`; says whether it was.
    fn lend_builtins(&mut self, globals: &Object, id: Option<NodeId>) -> Result<bool, Failure> {
        let Some(id) = id else { return Ok(false) };
        let NodeView::Dict(items) = self.image.node(id)? else {
            return Ok(false);
        };
        if self.is_completed(id) {
            return Ok(false);
        }
        for (key, value) in items.iter() {
            if let NodeView::Str { value: b"__builtins__", .. } = self.image.node(key)? {
                let (key, value) = (self.make(key)?, self.make(value)?);
                globals.dict_set(&key, &value)?;
                return Ok(true);
            }
        }
        Ok(false)
    }

    /// As many cells as the code has free variables: the interpreter takes that for granted.
    fn check_closure(&self, code: &Object, closure: &Object) -> Result<(), Failure> {
        let free = code.attribute(name!("co_freevars"))?.tuple_items().count();
        let cells = closure.tuple_items().filter(|cell| cell.is_exactly(&raw mut ffi::PyCell_Type)).count();
        if free != cells || cells != closure.tuple_items().count() {
            return Failure::refused("a function's closure does not fit its code");
        }
        Ok(())
    }

    pub(crate) fn complete_function(&mut self, object: &Object, function: FunctionView<'_>) -> Result<(), Failure> {
        if let Some(defaults) = self.make_optional(function.defaults)? {
            // SAFETY: a function; the call checks for a tuple.
            check(unsafe { ffi::PyFunction_SetDefaults(object.as_ptr(), defaults.as_ptr()) })?;
        }
        if let Some(defaults) = self.make_optional(function.keyword_defaults)? {
            // SAFETY: a function; the call checks for a dict.
            check(unsafe { ffi::PyFunction_SetKwDefaults(object.as_ptr(), defaults.as_ptr()) })?;
        }
        if let Some(parameters) = self.make_optional(function.type_params)? {
            object.set_attribute(name!("__type_params__"), &parameters)?;
        }
        if !function.dict.is_empty() {
            // SAFETY: a function has a `__dict__`; a new reference.
            let dict = unsafe { Object::owned(ffi::PyObject_GenericGetDict(object.as_ptr(), std::ptr::null_mut()))? };
            self.fill_dict(&dict, function.dict)?;
        }
        Ok(())
    }

    /// The namespace of a function: this module's, another's, or a dictionary.
    pub(crate) fn make_globals(&mut self, id: Option<NodeId>) -> Result<Object, Failure> {
        let Some(id) = id else {
            return Ok(self.globals.clone());
        };
        let object = self.make(id)?;
        Ok(module_dict(&object).unwrap_or(object))
    }
}
