//! Making nodes into objects.
//!
//! A node is made when it is first needed and remembered by its id. What can be completed after it
//! was made (lists, dicts, sets, cells, the state of functions, classes and instances) is made empty
//! and entered in a queue of things to complete, which is worked off before the result is stored:
//! so cycles are no matter, and the native stack is only used for what has to be whole at once
//! (tuples, frozensets, class bodies, arguments), to a fixed depth.
//!
//! What has to be hashed has to be complete before: dictionaries and sets are filled after everything
//! else; those whose keys have a `__hash__` of their own come last.

use std::collections::VecDeque;

use artifact::model::NodeId;
use artifact::view::{Ids, ImageView, NodeView, Pairs};
use pyo3_ffi as ffi;

use crate::failure::Failure;
use crate::lookup::lookup;
use crate::object::{Object, check, module_dict, type_dict};

/// Nodes that have to be whole at once may be nested this deeply.
const DEEPEST: u32 = 200;

#[derive(Clone)]
enum Slot {
    Absent,
    InProgress,
    Made(Object),
}

/// A module that is being rehydrated.
pub struct Rehydrator<'a> {
    pub image: ImageView<'a>,
    pub module: Object,
    pub globals: Object,
    pub code: Object,
    slots: Vec<Slot>,
    completed: Vec<bool>,
    depth: u32,
    /// To complete: everything that isn't hashed.
    pub(crate) state: VecDeque<Task>,
    /// To fill: dictionaries and sets.
    tables: VecDeque<NodeId>,
    /// The same, with keys that have to be hashed by code.
    late_tables: VecDeque<NodeId>,
    /// What needs a node that is being made.
    waiting: VecDeque<Task>,
    waiting_tables: VecDeque<NodeId>,
    /// The deallocator of classes made by Python code, once it was asked for.
    pub(crate) python_dealloc: Option<ffi::destructor>,
}

/// Something to complete.
pub enum Task {
    /// A list, a cell, a function's or an instance's state.
    Complete(NodeId),
    /// Class attributes that were withheld, then what the class statement set later.
    Class { id: NodeId, withheld: Vec<(Object, NodeId)> },
}

impl<'a> Rehydrator<'a> {
    pub fn new(image: ImageView<'a>, module: Object, globals: Object, code: Object) -> Self {
        Self {
            image,
            module,
            globals,
            code,
            slots: vec![Slot::Absent; image.len()],
            completed: vec![false; image.len()],
            depth: 0,
            state: VecDeque::new(),
            tables: VecDeque::new(),
            late_tables: VecDeque::new(),
            waiting: VecDeque::new(),
            waiting_tables: VecDeque::new(),
            python_dealloc: None,
        }
    }

    /// The object of a node, whole, and all that it reaches.
    pub fn make_whole(&mut self, id: NodeId) -> Result<Object, Failure> {
        let object = self.make(id)?;
        self.complete_all()?;
        if self.has_pending() {
            return Err(Failure::InProgress);
        }
        Ok(object)
    }

    fn has_pending(&self) -> bool {
        !(self.state.is_empty()
            && self.tables.is_empty()
            && self.late_tables.is_empty()
            && self.waiting.is_empty()
            && self.waiting_tables.is_empty())
    }

    /// The object of a node; it may have to be completed still.
    pub fn make(&mut self, id: NodeId) -> Result<Object, Failure> {
        match self.slots.get(id as usize) {
            Some(Slot::Made(object)) => return Ok(object.clone()),
            Some(Slot::InProgress) => return Err(Failure::InProgress),
            Some(Slot::Absent) => {}
            None => {
                return Err(Failure::Read(artifact::ReadError::Malformed("a node id is out of range")));
            }
        }
        if self.depth >= DEEPEST {
            return Err(Failure::TooDeep);
        }
        self.depth += 1;
        self.slots[id as usize] = Slot::InProgress;
        let made = self.make_new(id);
        self.depth -= 1;
        match made {
            Ok(object) => {
                self.slots[id as usize] = Slot::Made(object.clone());
                Ok(object)
            }
            Err(failure) => {
                self.slots[id as usize] = Slot::Absent;
                Err(failure)
            }
        }
    }

    pub fn make_optional(&mut self, id: Option<NodeId>) -> Result<Option<Object>, Failure> {
        id.map(|id| self.make(id)).transpose()
    }

    pub fn make_tuple(&mut self, ids: Ids<'_>) -> Result<Object, Failure> {
        let mut items = Vec::with_capacity(ids.len());
        for id in ids.iter() {
            items.push(self.make(id)?);
        }
        Ok(Object::tuple(items)?)
    }

    fn later(&mut self, id: NodeId) {
        if !self.completed[id as usize] {
            self.state.push_back(Task::Complete(id));
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
            NodeView::Bytes(bytes) => unsafe {
                Object::owned(ffi::PyBytes_FromStringAndSize(bytes.as_ptr().cast(), bytes.len() as ffi::Py_ssize_t))?
            },
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
                self.tables.push_back(id);
                Object::dict()?
            }
            NodeView::Set(_) => {
                self.tables.push_back(id);
                unsafe { Object::owned(ffi::PySet_New(std::ptr::null_mut()))? }
            }
            NodeView::FrozenSet(items) => {
                let items = self.make_tuple(items)?;
                self.make_hashable(items.tuple_items())?;
                unsafe { Object::owned(ffi::PyFrozenSet_New(items.as_ptr()))? }
            }
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
            NodeView::Constant(path) => constant(self.code.clone(), path)?,
            NodeView::CodeBlob(bytes) => unsafe {
                Object::owned(ffi::PyMarshal_ReadObjectFromString(
                    bytes.as_ptr().cast(),
                    bytes.len() as ffi::Py_ssize_t,
                ))?
            },
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
                self.state.push_back(Task::Class { id, withheld });
                object
            }
            NodeView::Property { get, set, delete, doc, doc_from_getter } => {
                let getter = self.make(get)?;
                if let NodeView::Construct { .. } = self.image.node(get)? {
                    // Its docstring lies in its `__dict__`, and the property looks for it at once.
                    self.complete(get)?;
                }
                let mut arguments = vec![getter, self.make(set)?, self.make(delete)?];
                if !doc_from_getter {
                    arguments.push(self.make(doc)?);
                }
                let class = unsafe { Object::immortal((&raw mut ffi::PyProperty_Type).cast()) };
                class.call(&Object::tuple(arguments)?, None)?
            }
            NodeView::StaticMethod(function) => {
                let function = self.make(function)?;
                unsafe { Object::immortal((&raw mut ffi::PyStaticMethod_Type).cast()) }.call1(&function)?
            }
            NodeView::ClassMethod(function) => {
                let function = self.make(function)?;
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
            NodeView::Name(name) => match self.globals.dict_get_text(name)? {
                Some(object) => object,
                None => return Failure::refused(format!("the module has no name {name}")),
            },
            NodeView::Attribute { object, name } => {
                let class = self.make(object)?;
                let found = match class.as_type() {
                    Some(class) => type_dict(class)?.dict_get_text(name)?,
                    None => None,
                };
                match found {
                    Some(found) => found,
                    None => return Failure::refused(format!("a class has no attribute {name}")),
                }
            }
            NodeView::ThisModule => self.module.clone(),
            NodeView::External { module, path } => {
                let found = lookup(module, path.iter().map(|name| name.map_err(Failure::Read)))?;
                match found {
                    Some(found) => found,
                    None => {
                        return Failure::refused(format!("module {module} has not the expected contents"));
                    }
                }
            }
            NodeView::Builtin(name) => match lookup("builtins", [Ok::<_, Failure>(name)])? {
                Some(found) => found,
                None => return Failure::refused(format!("there is no builtin {name}")),
            },
        })
    }

    /// A node and the containers that it consists of, complete: what a constructor in C looks into.
    pub fn settle(&mut self, id: NodeId) -> Result<Object, Failure> {
        let object = self.make(id)?;
        if self.depth >= DEEPEST {
            return Err(Failure::TooDeep);
        }
        self.depth += 1;
        let settled = self.settle_contents(id);
        self.depth -= 1;
        settled.map(|()| object)
    }

    fn settle_contents(&mut self, id: NodeId) -> Result<(), Failure> {
        match self.image.node(id)? {
            NodeView::Tuple(items) if !self.completed[id as usize] => {
                self.completed[id as usize] = true;
                items.iter().try_for_each(|item| self.settle(item).map(drop))
            }
            NodeView::List(items) if !self.completed[id as usize] => {
                self.complete(id)?;
                items.iter().try_for_each(|item| self.settle(item).map(drop))
            }
            NodeView::Dict(items) if !self.completed[id as usize] => {
                self.fill_table_early(id)?;
                items.iter().try_for_each(|(key, value)| {
                    self.settle(key)?;
                    self.settle(value).map(drop)
                })
            }
            NodeView::Set(_) if !self.completed[id as usize] => self.fill_table_early(id),
            _ => Ok(()),
        }
    }

    /// Fills a table before its turn.
    fn fill_table_early(&mut self, id: NodeId) -> Result<(), Failure> {
        if !self.make_table_items(id)? {
            self.complete_all()?;
            if self.has_pending() {
                return Failure::refused("a key may have to be hashed before it is complete");
            }
        }
        self.fill_table(id)
    }

    /// Works off the queues. What needs a node that is being made stays for later.
    pub fn complete_all(&mut self) -> Result<(), Failure> {
        self.state.append(&mut self.waiting);
        self.tables.append(&mut self.waiting_tables);
        loop {
            if let Some(task) = self.state.pop_front() {
                if let Some(task) = self.run(task)? {
                    self.waiting.push_back(task);
                }
            } else if let Some(id) = self.tables.pop_front() {
                if self.completed[id as usize] {
                    continue;
                }
                match self.make_table_items(id) {
                    Ok(true) => self.tables_or_state_first(id)?,
                    Ok(false) => self.late_tables.push_back(id),
                    Err(Failure::InProgress) => self.waiting_tables.push_back(id),
                    Err(failure) => return Err(failure),
                }
            } else if let Some(id) = self.late_tables.pop_front() {
                self.fill_table(id)?;
            } else {
                break;
            }
        }
        Ok(())
    }

    /// Making the items of a table may have made things that are to be completed first.
    fn tables_or_state_first(&mut self, id: NodeId) -> Result<(), Failure> {
        if self.state.is_empty() {
            self.fill_table(id)
        } else {
            self.tables.push_front(id);
            Ok(())
        }
    }

    /// Makes keys and values, and says whether the keys can be hashed without running code.
    fn make_table_items(&mut self, id: NodeId) -> Result<bool, Failure> {
        let mut simple = true;
        match self.image.node(id)? {
            NodeView::Dict(items) => {
                for (key, value) in items.iter() {
                    simple &= is_plainly_hashable(&self.make(key)?, 0);
                    self.make(value)?;
                }
            }
            NodeView::Set(items) => {
                for item in items.iter() {
                    simple &= is_plainly_hashable(&self.make(item)?, 0);
                }
            }
            _ => {}
        }
        Ok(simple)
    }

    fn fill_table(&mut self, id: NodeId) -> Result<(), Failure> {
        if std::mem::replace(&mut self.completed[id as usize], true) {
            return Ok(());
        }
        let filled = self.fill_table_now(id);
        if filled.is_err() {
            self.completed[id as usize] = false;
        }
        filled
    }

    fn fill_table_now(&mut self, id: NodeId) -> Result<(), Failure> {
        let table = self.make(id)?;
        match self.image.node(id)? {
            NodeView::Dict(items) => self.fill_dict(&table, items),
            NodeView::Set(items) => {
                for item in items.iter() {
                    let item = self.make(item)?;
                    // SAFETY: a set of ours and a live object.
                    check(unsafe { ffi::PySet_Add(table.as_ptr(), item.as_ptr()) })?;
                }
                Ok(())
            }
            _ => Ok(()),
        }
    }

    pub fn fill_dict(&mut self, dict: &Object, items: Pairs<'_>) -> Result<(), Failure> {
        for (key, value) in items.iter() {
            let (key, value) = (self.make(key)?, self.make(value)?);
            dict.dict_set(&key, &value)?;
        }
        Ok(())
    }

    /// Sees to it that these can be hashed: completes everything first, unless they hash plainly.
    fn make_hashable(&mut self, items: impl Iterator<Item = Object>) -> Result<(), Failure> {
        let mut simple = true;
        for item in items {
            simple &= is_plainly_hashable(&item, 0);
        }
        if !simple {
            self.complete_all()?;
            if self.has_pending() {
                return Failure::refused("a set member may have to be hashed before it is complete");
            }
        }
        Ok(())
    }

    /// Gives the task back if it has to wait.
    fn run(&mut self, task: Task) -> Result<Option<Task>, Failure> {
        match task {
            Task::Complete(id) => match self.complete(id) {
                Ok(()) => Ok(None),
                Err(Failure::InProgress) => Ok(Some(Task::Complete(id))),
                Err(failure) => Err(failure),
            },
            Task::Class { id, withheld } => self.complete_class(id, withheld),
        }
    }

    /// Completes a node that was made empty; may be tried again after [`Failure::InProgress`].
    pub fn complete(&mut self, id: NodeId) -> Result<(), Failure> {
        if self.completed[id as usize] {
            return Ok(());
        }
        let object = self.make(id)?;
        match self.image.node(id)? {
            NodeView::List(items) => {
                // Made first, so that a second try starts from an empty list.
                let items = self.make_tuple(items)?;
                if self.completed[id as usize] {
                    return Ok(());
                }
                // SAFETY: a list of ours and a tuple.
                check(unsafe { ffi::PyList_SetSlice(object.as_ptr(), 0, 0, items.as_ptr()) })?;
            }
            NodeView::Cell(content) => {
                if let Some(content) = self.make_optional(content)? {
                    // SAFETY: a cell of ours.
                    check(unsafe { ffi::PyCell_Set(object.as_ptr(), content.as_ptr()) })?;
                }
            }
            NodeView::Function(function) => self.complete_function(&object, function)?,
            NodeView::Instance { base_value, dict, slots, .. } => {
                self.complete_instance(&object, base_value, dict, slots)?;
            }
            NodeView::Construct { dict: Some(dict), .. } => self.set_state(&object, dict)?,
            _ => {}
        }
        self.completed[id as usize] = true;
        Ok(())
    }

    /// Whether a table has been filled.
    pub fn is_completed(&self, id: NodeId) -> bool {
        self.completed[id as usize]
    }
}

fn make_text(value: &[u8], interned: bool) -> Result<Object, Failure> {
    // SAFETY: pointer and length describe a slice; interning takes our reference and leaves one.
    unsafe {
        let text = Object::owned(ffi::PyUnicode_DecodeUTF8(
            value.as_ptr().cast(),
            value.len() as ffi::Py_ssize_t,
            c"surrogatepass".as_ptr(),
        ))?;
        if !interned {
            return Ok(text);
        }
        let mut pointer = text.into_ptr();
        ffi::PyUnicode_InternInPlace(&raw mut pointer);
        Ok(Object::owned(pointer)?)
    }
}

/// The object at a path of `co_consts` indices.
fn constant(code: Object, path: Ids<'_>) -> Result<Object, Failure> {
    let mut object = code;
    for index in path.iter() {
        let items = if object.is_exactly(&raw mut ffi::PyCode_Type) { object.attribute("co_consts")? } else { object };
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
        inner = function.attribute("__func__")?;
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

/// Whether hashing the object (and comparing it) runs no code of anybody's.
fn is_plainly_hashable(object: &Object, depth: u32) -> bool {
    if object.is_exactly(&raw mut ffi::PyTuple_Type) {
        return depth < 20 && object.tuple_items().all(|item| is_plainly_hashable(&item, depth + 1));
    }
    if object.is_exactly(&raw mut ffi::PyFrozenSet_Type) {
        return true; // its members were hashed when it was made
    }
    // SAFETY: reading slots of live types.
    unsafe {
        let class = ffi::Py_TYPE(object.as_ptr());
        (*class).tp_flags & ffi::Py_TPFLAGS_HEAPTYPE == 0
            || (same_hash(class, &raw mut ffi::PyBaseObject_Type)
                && same_comparison(class, &raw mut ffi::PyBaseObject_Type))
    }
}

unsafe fn same_hash(left: *mut ffi::PyTypeObject, right: *mut ffi::PyTypeObject) -> bool {
    // SAFETY: ready types, says the caller.
    match unsafe { ((*left).tp_hash, (*right).tp_hash) } {
        (Some(left), Some(right)) => std::ptr::fn_addr_eq(left, right),
        _ => false,
    }
}

unsafe fn same_comparison(left: *mut ffi::PyTypeObject, right: *mut ffi::PyTypeObject) -> bool {
    // SAFETY: ready types, says the caller.
    match unsafe { ((*left).tp_richcompare, (*right).tp_richcompare) } {
        (Some(left), Some(right)) => std::ptr::fn_addr_eq(left, right),
        _ => false,
    }
}

impl Rehydrator<'_> {
    /// The namespace of a function: this module's, another's, or a dictionary.
    pub(crate) fn make_globals(&mut self, id: Option<NodeId>) -> Result<Object, Failure> {
        let Some(id) = id else {
            return Ok(self.globals.clone());
        };
        let object = self.make(id)?;
        Ok(module_dict(&object).unwrap_or(object))
    }
}

unsafe extern "C" {
    fn _PyLong_FromByteArray(bytes: *const u8, length: usize, little_endian: i32, signed: i32) -> *mut ffi::PyObject;
    fn PyMethod_New(function: *mut ffi::PyObject, receiver: *mut ffi::PyObject) -> *mut ffi::PyObject;
}
