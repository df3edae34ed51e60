//! Making code objects from their parts (`PyUnstable_Code_NewWithPosOnlyArgs`).

use std::ffi::c_int;

use artifact::view::CodeView;
use pyo3_ffi as ffi;

use crate::failure::Failure;
use crate::make::Rehydrator;
use crate::object::Object;

impl Rehydrator<'_> {
    pub(crate) fn make_code(&mut self, code: CodeView<'_>) -> Result<Object, Failure> {
        let constants = self.make_tuple(code.consts)?;
        let names = self.make_tuple(code.names)?;
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
        unsafe {
            Ok(Object::owned(new_code(
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
            ))?)
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
