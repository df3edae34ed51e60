//! Making nodes into objects.
//!
//! A node is made when it is first needed and remembered by its id. What can be completed after it
//! was made (lists, dicts, sets, cells, the state of functions, classes and instances) is made empty
//! and entered in a queue of things to complete, which is worked off before the result is stored:
//! so cycles are no matter, and the native stack is only used for what has to be whole at once
//! (tuples, frozensets, class bodies, arguments), to a fixed depth.

use std::rc::{Rc, Weak};

use artifact::model::NodeId;
use artifact::view::{Ids, ImageView, NodeView};
use pyo3_ffi as ffi;
use rustc_hash::FxHashSet;

use crate::code::unmarshal;
use crate::complete::{Pending, Task};
use crate::demand::{Waiting, subclasses};
use crate::failure::Failure;
use crate::lookup::{self, builtin};
use crate::names::{self, Name, name};
use crate::object::{Object, type_dict};
use crate::slots::{Slot, Slots};

/// Nodes that have to be whole at once may be nested this deeply.
pub const DEEPEST: u32 = 200;

/// A module that is being rehydrated.
pub struct Rehydrator<'a> {
    pub image: ImageView<'a>,
    pub module: Object,
    pub globals: Object,
    /// `co_filename` of its code.
    pub filename: Object,
    slots: Slots,
    pub(crate) completed: Vec<bool>,
    pub(crate) depth: u32,
    pub(crate) pending: Pending,
    /// The state that this is part of.
    pub(crate) own: Weak<Waiting>,
    /// Methods that wait in classes, as long as they do.
    pub(crate) methods: FxHashSet<NodeId>,
    /// The text `__subclasses__`, once it was made: whoever gets it may ask for classes that wait.
    walk: Option<NodeId>,
    /// The deallocator of classes made by Python code, once it was asked for.
    pub(crate) python_dealloc: Option<ffi::destructor>,
}

impl<'a> Rehydrator<'a> {
    pub fn new(image: ImageView<'a>, module: Object, globals: Object, filename: Object, own: Weak<Waiting>) -> Self {
        Self {
            image,
            module,
            globals,
            filename,
            slots: Slots::new(image.len()),
            completed: vec![false; image.len()],
            depth: 0,
            pending: Pending::default(),
            own,
            methods: FxHashSet::default(),
            walk: None,
            python_dealloc: None,
        }
    }

    /// The object of a node, whole, and all that it reaches.
    pub fn make_whole(&mut self, id: NodeId) -> Result<Object, Failure> {
        let object = self.make(id)?;
        self.complete_all()?;
        if !self.pending.is_empty() {
            return Err(Failure::InProgress);
        }
        Ok(object)
    }

    /// The object of a node; it may have to be completed still.
    pub fn make(&mut self, id: NodeId) -> Result<Object, Failure> {
        match self.slots.get(id) {
            Some(Slot::Made(object)) => {
                if Some(id) == self.walk {
                    subclasses::notice_name();
                }
                return Ok(object);
            }
            Some(Slot::InProgress) => return Err(Failure::InProgress),
            Some(Slot::Absent) => {}
            Some(Slot::Elsewhere(other, node)) => {
                let object = other.value(node)?;
                self.slots.set(id, Slot::Made(object.clone()));
                return Ok(object);
            }
            None => {
                return Err(Failure::Read(artifact::ReadError::Malformed("a node id is out of range")));
            }
        }
        if let Some((value, interned)) = self.image.text(id) {
            if subclasses::notice(value) {
                self.walk = Some(id);
            }
            let object = make_text(value, interned)?;
            self.slots.begin(id);
            self.slots.finish(id, Some(&object));
            return Ok(object);
        }
        if self.depth >= DEEPEST {
            return Err(Failure::TooDeep);
        }
        self.depth += 1;
        self.slots.begin(id);
        let made = self.make_new(id);
        self.depth -= 1;
        self.slots.finish(id, made.as_ref().ok());
        made
    }

    pub fn slot(&self, id: NodeId) -> Slot {
        self.slots.get(id).unwrap_or(Slot::Absent)
    }

    pub fn is_absent(&self, id: NodeId) -> bool {
        self.slots.is_absent(id)
    }

    /// The node's object is that of another module's node.
    pub fn set_elsewhere(&mut self, id: NodeId, other: Rc<Waiting>, node: NodeId) {
        self.slots.set(id, Slot::Elsewhere(other, node));
    }

    /// The objects of all nodes made so far.
    pub fn made(&self) -> impl Iterator<Item = Object> {
        self.slots.made()
    }

    /// Lets go of all that the methods which still wait don't need; gives it.
    pub fn keep_for_methods(&mut self) -> Vec<Slot> {
        let mut needed = FxHashSet::default();
        let mut pending: Vec<NodeId> = self.methods.iter().copied().filter(|id| self.is_absent(*id)).collect();
        while let Some(id) = pending.pop() {
            if needed.insert(id)
                && let Ok(node) = self.image.decode_node(id)
            {
                pending.extend(node.references());
            }
        }
        self.slots.keep(|id| needed.contains(&id))
    }

    /// Every object that is held and may be part of a cycle, for the collector.
    pub fn visit(&self, visit: &mut dyn FnMut(*mut ffi::PyObject)) {
        visit(self.module.as_ptr());
        visit(self.globals.as_ptr());
        self.slots.visit(visit);
    }

    pub fn make_optional(&mut self, id: Option<NodeId>) -> Result<Option<Object>, Failure> {
        id.map(|id| self.make(id)).transpose()
    }

    pub fn make_tuple(&mut self, ids: Ids<'_>) -> Result<Object, Failure> {
        let mut may_be_in_cycle = false;
        // SAFETY: a new tuple, which nobody sees before it is filled; an item's reference goes into it, and what is not
        // filled may stay null if it is given up.
        let tuple = unsafe { Object::owned(ffi::PyTuple_New(ids.len() as ffi::Py_ssize_t))? };
        for (index, id) in (0..).zip(ids.iter()) {
            let item = match self.slots.object(id) {
                Some(object) if Some(id) != self.walk => object,
                _ => self.make(id)?,
            };
            may_be_in_cycle = may_be_in_cycle || item.may_be_in_cycle();
            unsafe { ffi::PyTuple_SET_ITEM(tuple.as_ptr(), index, item.into_ptr()) };
        }
        if !may_be_in_cycle {
            // SAFETY: a tuple; nothing happens to one that is not tracked.
            unsafe { ffi::PyObject_GC_UnTrack(tuple.as_ptr().cast()) };
        }
        Ok(tuple)
    }

    fn later(&mut self, id: NodeId) {
        if !self.completed[id as usize] {
            self.pending.add(Task::Complete(id));
        }
    }

    fn make_new(&mut self, id: NodeId) -> Result<Object, Failure> {
        // SAFETY (all calls below): arguments are live objects of the types the calls ask for, or
        // are checked by them; new references are taken over at once.
        Ok(match self.image.node(id)? {
            NodeView::None => Object::none(),
            NodeView::True => Object::bool(true),
            NodeView::False => Object::bool(false),
            NodeView::Ellipsis => unsafe { Object::immortal(ffi::Py_Ellipsis()) },
            NodeView::NotImplemented => unsafe { Object::immortal(ffi::Py_NotImplemented()) },
            NodeView::Int(bytes) => unsafe { Object::owned(_PyLong_FromByteArray(bytes.as_ptr(), bytes.len(), 1, 1))? },
            NodeView::Float(value) => unsafe { Object::owned(ffi::PyFloat_FromDouble(value))? },
            NodeView::Complex(real, imaginary) => unsafe {
                Object::owned(ffi::PyComplex_FromDoubles(real, imaginary))?
            },
            NodeView::Str { value, interned } => make_text(value, interned)?,
            NodeView::Bytes(bytes) => Object::bytes(bytes)?,
            NodeView::ByteArray(bytes) => unsafe {
                Object::owned(ffi::PyByteArray_FromStringAndSize(
                    bytes.as_ptr().cast(),
                    bytes.len() as ffi::Py_ssize_t,
                ))?
            },
            NodeView::Tuple(items) => self.make_tuple(items)?,
            NodeView::List(_) => {
                self.later(id);
                Object::list()?
            }
            NodeView::Dict(_) => {
                self.pending.add_table(id);
                Object::dict()?
            }
            NodeView::Set(_) => {
                self.pending.add_table(id);
                unsafe { Object::owned(ffi::PySet_New(std::ptr::null_mut()))? }
            }
            NodeView::FrozenSet(items) => {
                let items = self.make_tuple(items)?;
                self.make_hashable(items.tuple_items())?;
                unsafe { Object::owned(ffi::PyFrozenSet_New(items.as_ptr()))? }
            }
            NodeView::Deferred(_) => Object::none(),
            NodeView::SetCopy(other) => {
                let other = self.settle(other)?;
                unsafe { Object::owned(ffi::PySet_New(other.as_ptr()))? }
            }
            NodeView::FrozenSetCopy(other) => {
                let other = self.settle(other)?;
                unsafe { Object::owned(ffi::PyFrozenSet_New(other.as_ptr()))? }
            }
            NodeView::Range { start, stop, step } => {
                let arguments = Object::tuple(vec![self.make(start)?, self.make(stop)?, self.make(step)?])?;
                unsafe { Object::immortal((&raw mut ffi::PyRange_Type).cast()) }.call(&arguments, None)?
            }
            NodeView::Slice { start, stop, step } => {
                let (start, stop, step) = (self.make(start)?, self.make(stop)?, self.make(step)?);
                unsafe { Object::owned(ffi::PySlice_New(start.as_ptr(), stop.as_ptr(), step.as_ptr()))? }
            }
            NodeView::MappingProxy(mapping) => {
                let mapping = self.make(mapping)?;
                unsafe { Object::owned(ffi::PyDictProxy_New(mapping.as_ptr()))? }
            }
            NodeView::Code(code) => self.make_code(code)?,
            NodeView::CodeBlob(bytes) => {
                let code = unmarshal(bytes)?;
                subclasses::notice_marshalled(bytes, &code)?;
                code
            }
            NodeView::CodeOf { function, path } => {
                let function = self.make(function)?;
                constant(code_of(&function)?, path)?
            }
            NodeView::Function(function) => {
                self.later(id);
                self.make_function(function)?
            }
            NodeView::Cell(_) => {
                self.later(id);
                unsafe { Object::owned(ffi::PyCell_New(std::ptr::null_mut()))? }
            }
            NodeView::Class(class) => {
                let (object, withheld) = self.make_class(class)?;
                if let Some(waiting) = self.own.upgrade() {
                    subclasses::made(&waiting, id, &object);
                }
                self.pending.add(Task::Class { id, withheld });
                object
            }
            NodeView::Property { get, set, delete, doc, doc_from_getter } => {
                let getter = self.make_wrapped(get)?;
                let mut arguments = vec![getter, self.make(set)?, self.make(delete)?];
                if !doc_from_getter {
                    arguments.push(self.make(doc)?);
                }
                let class = unsafe { Object::immortal((&raw mut ffi::PyProperty_Type).cast()) };
                class.call(&Object::tuple(arguments)?, None)?
            }
            NodeView::StaticMethod(function) => {
                let function = self.make_wrapped(function)?;
                unsafe { Object::immortal((&raw mut ffi::PyStaticMethod_Type).cast()) }.call1(&function)?
            }
            NodeView::ClassMethod(function) => {
                let function = self.make_wrapped(function)?;
                unsafe { Object::immortal((&raw mut ffi::PyClassMethod_Type).cast()) }.call1(&function)?
            }
            NodeView::BoundMethod { function, receiver } => {
                let (function, receiver) = (self.make(function)?, self.make(receiver)?);
                unsafe { Object::owned(PyMethod_New(function.as_ptr(), receiver.as_ptr()))? }
            }
            NodeView::Instance { class, base_value, .. } => {
                let object = self.make_instance(class, base_value)?;
                self.later(id);
                object
            }
            NodeView::Construct { callable, arguments, keywords, .. } => {
                let callable = self.make(callable)?;
                let mut made = Vec::with_capacity(arguments.len());
                for argument in arguments.iter() {
                    made.push(self.settle(argument)?);
                }
                let keywords = if keywords.is_empty() {
                    None
                } else {
                    let made = Object::dict()?;
                    for item in keywords.iter() {
                        let (name, id) = item?;
                        let value = self.settle(id)?;
                        made.dict_set_name(name, &value)?;
                    }
                    Some(made)
                };
                let object = callable.call(&Object::tuple(made)?, keywords.as_ref())?;
                self.later(id);
                object
            }
            NodeView::Name(name) => match self.globals.dict_get_name(name)? {
                Some(object) => object,
                None => return Failure::refused(format!("the module has no name {name}")),
            },
            NodeView::Attribute { object, name } => {
                let class = self.make(object)?;
                let found = match class.as_type() {
                    Some(class) => type_dict(class)?.dict_get_name(name)?,
                    None => None,
                };
                match found {
                    Some(found) => found,
                    None => return Failure::refused(format!("a class has no attribute {name}")),
                }
            }
            NodeView::ThisModule => self.module.clone(),
            NodeView::External { module, path } => match lookup::lookup(&Name::new(module)?, &lookup::names(path)?)? {
                Some(found) => found,
                None => {
                    return Failure::refused(format!("module {module} has not the expected contents"));
                }
            },
            NodeView::Builtin(name) => match builtin(name)? {
                Some(found) => found,
                None => return Failure::refused(format!("there is no builtin {name}")),
            },
        })
    }
}

impl Rehydrator<'_> {
    /// What a descriptor copies attributes from when it is made, a docstring or a name: they may lie in a
    /// `__dict__` that is filled later.
    fn make_wrapped(&mut self, id: NodeId) -> Result<Object, Failure> {
        let object = self.make(id)?;
        if let NodeView::Construct { .. } = self.image.node(id)? {
            self.complete(id)?;
        }
        Ok(object)
    }
}

fn make_text(value: &[u8], interned: bool) -> Result<Object, Failure> {
    Ok(if interned { names::interned(value)? } else { names::string(value)? })
}

/// The object at a path of `co_consts` indices.
fn constant(code: Object, path: Ids<'_>) -> Result<Object, Failure> {
    let mut object = code;
    for index in path.iter() {
        let items =
            if object.is_exactly(&raw mut ffi::PyCode_Type) { object.attribute(name!("co_consts"))? } else { object };
        match items.tuple_item(index as usize) {
            Some(item) => object = item,
            None => return Failure::refused("the code has no such constant"),
        }
    }
    Ok(object)
}

/// `__code__` of a Python function, also of one in a staticmethod or classmethod.
fn code_of(function: &Object) -> Result<Object, Failure> {
    let inner;
    let wrapped =
        function.is_exactly(&raw mut ffi::PyStaticMethod_Type) || function.is_exactly(&raw mut ffi::PyClassMethod_Type);
    let function = if wrapped {
        inner = function.attribute(name!("__func__"))?;
        &inner
    } else {
        function
    };
    if !function.is_exactly(&raw mut ffi::PyFunction_Type) {
        return Failure::refused("another module's function is no longer one");
    }
    // SAFETY: a function; its code is borrowed and never null.
    unsafe { Object::borrowed(ffi::PyFunction_GetCode(function.as_ptr())) }.ok_or(Failure::Raised)
}

unsafe extern "C" {
    fn _PyLong_FromByteArray(bytes: *const u8, length: usize, little_endian: i32, signed: i32) -> *mut ffi::PyObject;
    fn PyMethod_New(function: *mut ffi::PyObject, receiver: *mut ffi::PyObject) -> *mut ffi::PyObject;
}
