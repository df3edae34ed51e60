//! Making code objects from their parts (`PyUnstable_Code_NewWithPosOnlyArgs`).

use std::ffi::c_int;

use artifact::view::CodeView;
use pyo3_ffi as ffi;

use crate::demand::subclasses;
use crate::failure::Failure;
use crate::make::Rehydrator;
use crate::names::name;
use crate::object::{Fallible, Object};

impl Rehydrator<'_> {
    pub(crate) fn make_code(&mut self, code: CodeView<'_>) -> Result<Object, Failure> {
        let (parts, may_walk) =
            subclasses::within_code(|| Ok::<_, Failure>((self.make_tuple(code.consts)?, self.make_tuple(code.names)?)));
        let (constants, names) = parts?;
        let variables = self.make_tuple(code.varnames)?;
        let free = self.make_tuple(code.freevars)?;
        let cells = self.make_tuple(code.cellvars)?;
        let name = self.make(code.name)?;
        let qualname = self.make(code.qualname)?;
        if !code.code.len().is_multiple_of(2) || !name.is_text() || !qualname.is_text() {
            return Failure::refused("a code object is malformed");
        }
        let [instructions, lines, handlers] = [code.code, code.linetable, code.exceptiontable].map(Object::bytes);
        let (instructions, lines, handlers) = (instructions?, lines?, handlers?);
        let nlocals = variables.tuple_items().count();
        // SAFETY: live objects, of the types that the call asks for or checks; it checks the counts.
        let made = unsafe {
            Object::owned(new_code(
                number(code.argcount),
                number(code.posonlyargcount),
                number(code.kwonlyargcount),
                nlocals as c_int,
                number(code.stacksize),
                number(code.flags),
                instructions.as_ptr(),
                constants.as_ptr(),
                names.as_ptr(),
                variables.as_ptr(),
                free.as_ptr(),
                cells.as_ptr(),
                self.filename.as_ptr(),
                name.as_ptr(),
                qualname.as_ptr(),
                number(code.firstlineno),
                lines.as_ptr(),
                handlers.as_ptr(),
            ))?
        };
        untrack_variables(&made, [&self.filename, &name, &qualname]);
        if may_walk {
            subclasses::notice_own_code(&made);
        }
        Ok(made)
    }
}

/// What was marshalled: a code object.
pub fn unmarshal(bytes: &[u8]) -> Fallible<Object> {
    // SAFETY: pointer and length describe a slice; a new reference.
    let code = unsafe {
        Object::owned(ffi::PyMarshal_ReadObjectFromString(bytes.as_ptr().cast(), bytes.len() as ffi::Py_ssize_t))?
    };
    if code.is_exactly(&raw mut ffi::PyCode_Type) {
        untrack_constants(&code)?;
    }
    Ok(code)
}

/// Takes the tuples of a code object that was just unmarshalled, and of all code within it, out of the collector's lists: no
/// constant can be part of a cycle, and there is one tuple or more for each function.
fn untrack_constants(code: &Object) -> Fallible<()> {
    let mut pending = vec![code.clone()];
    while let Some(code) = pending.pop() {
        let constants = code.attribute(name!("co_consts"))?;
        for constant in constants.tuple_items() {
            if constant.is_exactly(&raw mut ffi::PyCode_Type) {
                pending.push(constant);
            } else if constant.is_exactly(&raw mut ffi::PyTuple_Type) {
                constant.untrack_constant();
            }
        }
        constants.untrack_constant();
        code.attribute(name!("co_names"))?.untrack_constant();
        let [filename, name, qualname] = ["co_filename", "co_name", "co_qualname"].map(|field| code.attribute(field));
        untrack_variables(&code, [&filename?, &name?, &qualname?]);
    }
    Ok(())
}

/// The same for the names of the code's variables, `co_localsplusnames`, which no attribute gives: it is the field two before
/// the file name, which the names of the code follow (`cpython/code.h`, since 3.11).
fn untrack_variables(code: &Object, known: [&Object; 3]) {
    let known = known.map(Object::as_ptr);
    // SAFETY: the fields of a code object are its first words; it owns the tuple among them.
    unsafe {
        let length = ffi::PyCode_Type.tp_basicsize as usize / size_of::<*mut ffi::PyObject>();
        let fields = std::slice::from_raw_parts(code.as_ptr().cast::<*mut ffi::PyObject>(), length);
        let filename = fields.windows(known.len()).position(|fields| fields == known);
        let variables = filename.and_then(|filename| Object::borrowed(fields[filename.checked_sub(2)?]));
        if let Some(variables) = variables.filter(|variables| variables.is_exactly(&raw mut ffi::PyTuple_Type)) {
            variables.untrack_constant();
        }
    }
}

/// What is too large comes out negative, which the interpreter refuses.
fn number(word: u32) -> c_int {
    word as c_int
}

unsafe extern "C" {
    #[cfg_attr(Py_3_12, link_name = "PyUnstable_Code_NewWithPosOnlyArgs")]
    #[cfg_attr(not(Py_3_12), link_name = "PyCode_NewWithPosOnlyArgs")]
    fn new_code(
        argcount: c_int,
        posonlyargcount: c_int,
        kwonlyargcount: c_int,
        nlocals: c_int,
        stacksize: c_int,
        flags: c_int,
        code: *mut ffi::PyObject,
        consts: *mut ffi::PyObject,
        names: *mut ffi::PyObject,
        varnames: *mut ffi::PyObject,
        freevars: *mut ffi::PyObject,
        cellvars: *mut ffi::PyObject,
        filename: *mut ffi::PyObject,
        name: *mut ffi::PyObject,
        qualname: *mut ffi::PyObject,
        firstlineno: c_int,
        linetable: *mut ffi::PyObject,
        exceptiontable: *mut ffi::PyObject,
    ) -> *mut ffi::PyObject;
}
