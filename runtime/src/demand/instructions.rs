//! What code does, read from its instructions (`co_code`, where none is specialised).

use crate::names::name;
use crate::object::{Fallible, Object};

use opcode::*;

/// An instruction with its whole argument.
struct Instruction {
    /// In bytes, from the code's start.
    offset: usize,
    opcode: u8,
    argument: usize,
}

impl Instruction {
    fn is(&self, opcode: Option<u8>) -> bool {
        Some(self.opcode) == opcode
    }

    /// The index of the name that it is about.
    fn name(&self) -> Option<usize> {
        WITH_NAME.contains(&self.opcode).then(|| match self {
            _ if self.is(LOAD_GLOBAL) || self.is(LOAD_ATTR) && cfg!(Py_3_12) => self.argument >> 1,
            _ if self.is(LOAD_SUPER_ATTR) => self.argument >> 2,
            _ => self.argument,
        })
    }

    /// It looks an attribute up to call it.
    fn is_method(&self) -> bool {
        self.is(LOAD_ATTR) && cfg!(Py_3_12) && self.argument & 1 == 1
    }

    fn calls_with_nothing(&self) -> bool {
        self.is(CALL) && self.argument == 0
    }
}

/// The instructions, without their inline caches.
fn instructions(code: &[u8]) -> impl Iterator<Item = Instruction> {
    let mut extended = 0;
    (0..).step_by(2).zip(code.chunks_exact(2)).filter_map(move |(offset, unit)| {
        let found = Instruction { offset, opcode: unit[0], argument: usize::from(unit[1]) | extended };
        extended = if found.is(EXTENDED_ARG) { found.argument << 8 } else { 0 };
        (!found.is(EXTENDED_ARG) && !found.is(CACHE)).then_some(found)
    })
}

/// The names that a function's code looks up as globals.
pub fn globals_read(code: &Object, names: &Object) -> Fallible<Vec<Object>> {
    let bytes = code.attribute(name!("co_code"))?;
    let Some(bytes) = bytes.as_bytes() else { return Ok(vec![]) };
    let name = |found: Instruction| match found {
        // The low bit says that a null for a call is pushed as well.
        _ if found.is(LOAD_GLOBAL) => names.tuple_item(found.argument >> 1),
        _ if found.is(LOAD_NAME) => names.tuple_item(found.argument),
        _ => None,
    };
    Ok(instructions(bytes).filter_map(name).collect())
}

/// Whether the code, which is about to look up a builtin at `offset` bytes, calls it without arguments, and does nothing
/// with the result but to store an item in it: `globals()[name] = value`.
pub fn only_stores_an_item(code: &Object, offset: usize) -> Fallible<bool> {
    let bytes = code.attribute(name!("co_code"))?;
    let Some(bytes) = bytes.as_bytes() else { return Ok(false) };
    let following = instructions(bytes).skip_while(|found| found.offset < offset);
    let mut following = following.filter(|found| !found.is(PRECALL));
    let (Some(load), Some(call), Some(key), Some(store)) =
        (following.next(), following.next(), following.next(), following.next())
    else {
        return Ok(false);
    };
    let is_called = load.is(LOAD_GLOBAL) && load.argument & 1 == 1 && call.is(CALL) && call.argument == 0;
    Ok(is_called && (key.is(LOAD_FAST) || key.is(LOAD_CONST)) && store.is(STORE_SUBSCR))
}

/// Whether the code, which is about to look up a builtin at `offset` bytes, calls it with one argument that is a name, or an
/// attribute of one: `dir(module)`.
pub fn gives_an_argument(code: &Object, offset: usize) -> Fallible<bool> {
    let bytes = code.attribute(name!("co_code"))?;
    let Some(bytes) = bytes.as_bytes() else { return Ok(false) };
    let following = instructions(bytes).skip_while(|found| found.offset <= offset);
    let mut following = following.filter(|found| !found.is(PRECALL) && !found.is(PUSH_NULL));
    let Some(argument) = following.next() else { return Ok(false) };
    let mut after = following.skip_while(|found| found.is(LOAD_ATTR) && !found.is_method());
    let is_name = argument.is(LOAD_NAME) || argument.is(LOAD_GLOBAL) && argument.argument & 1 == 0;
    Ok(is_name && after.next().is_some_and(|call| call.is(CALL) && call.argument == 1))
}

/// Whether all that the code does with a name (an index into `co_names`) is to call an attribute of that name, without
/// arguments.
pub fn only_calls_attribute(code: &Object, name: usize) -> Fallible<bool> {
    let bytes = code.attribute(name!("co_code"))?;
    let Some(bytes) = bytes.as_bytes() else { return Ok(false) };
    let mut all = instructions(bytes).peekable();
    while let Some(found) = all.next() {
        if found.name() == Some(name) && !(found.is_method() && all.peek().is_some_and(Instruction::calls_with_nothing))
        {
            return Ok(false);
        }
    }
    Ok(true)
}

/// Whether the instruction at `offset` bytes calls an attribute of this name, without arguments.
pub fn calls_attribute_at(code: &Object, name: usize, offset: usize) -> Fallible<bool> {
    let bytes = code.attribute(name!("co_code"))?;
    let Some(bytes) = bytes.as_bytes() else { return Ok(false) };
    let mut last = None;
    for found in instructions(bytes) {
        if found.offset >= offset {
            let is_attribute = |last: Instruction| last.is_method() && last.name() == Some(name);
            return Ok(found.offset == offset && found.calls_with_nothing() && last.is_some_and(is_attribute));
        }
        last = Some(found);
    }
    Ok(false)
}

/// The number of each instruction, where the version has it.
mod opcode {
    include!(concat!(env!("OUT_DIR"), "/opcodes.rs"));
}
