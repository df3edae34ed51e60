//! Completing what was made empty.
//!
//! What has to be hashed has to be complete before: dictionaries and sets are filled after everything
//! else; those whose keys have a `__hash__` of their own come last. What needs a node that is being
//! made waits until that is done.

use std::collections::VecDeque;

use artifact::model::NodeId;
use artifact::view::{NodeView, Pairs};
use pyo3_ffi as ffi;

use crate::failure::Failure;
use crate::make::{DEEPEST, Rehydrator};
use crate::object::{Object, check};

/// Something to complete.
pub enum Task {
    /// A list, a cell, a function's or an instance's state.
    Complete(NodeId),
    /// Class attributes that were withheld, then what the class statement set later.
    Class { id: NodeId, withheld: Vec<(Object, NodeId)> },
}

/// What is to be completed.
#[derive(Default)]
pub struct Pending {
    /// Everything that isn't hashed.
    state: VecDeque<Task>,
    /// Dictionaries and sets.
    tables: VecDeque<NodeId>,
    /// The same, with keys that have to be hashed by code.
    late_tables: VecDeque<NodeId>,
    /// What needs a node that is being made.
    waiting: VecDeque<Task>,
    waiting_tables: VecDeque<NodeId>,
}

impl Pending {
    pub fn add(&mut self, task: Task) {
        self.state.push_back(task);
    }

    pub fn add_table(&mut self, id: NodeId) {
        self.tables.push_back(id);
    }

    pub fn is_empty(&self) -> bool {
        self.state.is_empty()
            && self.tables.is_empty()
            && self.late_tables.is_empty()
            && self.waiting.is_empty()
            && self.waiting_tables.is_empty()
    }
}

impl Rehydrator<'_> {
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
            NodeView::Instance { dict, .. } if !self.completed[id as usize] => {
                self.complete(id)?;
                dict.iter().flat_map(Pairs::iter).try_for_each(|(_, value)| self.settle(value).map(drop))
            }
            _ => Ok(()),
        }
    }

    /// Fills a table before its turn.
    fn fill_table_early(&mut self, id: NodeId) -> Result<(), Failure> {
        if !self.make_table_items(id)? {
            self.complete_all()?;
            if !self.pending.is_empty() {
                return Failure::refused("a key may have to be hashed before it is complete");
            }
        }
        self.fill_table(id)
    }

    /// Works off the queues. What needs a node that is being made stays for later.
    pub fn complete_all(&mut self) -> Result<(), Failure> {
        self.pending.state.append(&mut self.pending.waiting);
        self.pending.tables.append(&mut self.pending.waiting_tables);
        loop {
            if let Some(task) = self.pending.state.pop_front() {
                if let Some(task) = self.run(task)? {
                    self.pending.waiting.push_back(task);
                }
            } else if let Some(id) = self.pending.tables.pop_front() {
                if self.completed[id as usize] {
                    continue;
                }
                match self.make_table_items(id) {
                    Ok(true) => self.tables_or_state_first(id)?,
                    Ok(false) => self.pending.late_tables.push_back(id),
                    Err(Failure::InProgress) => self.pending.waiting_tables.push_back(id),
                    Err(failure) => return Err(failure),
                }
            } else if let Some(id) = self.pending.late_tables.pop_front() {
                self.fill_table(id)?;
            } else {
                break;
            }
        }
        Ok(())
    }

    /// Making the items of a table may have made things that are to be completed first.
    fn tables_or_state_first(&mut self, id: NodeId) -> Result<(), Failure> {
        if self.pending.state.is_empty() {
            self.fill_table(id)
        } else {
            self.pending.tables.push_front(id);
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
    pub fn make_hashable(&mut self, items: impl Iterator<Item = Object>) -> Result<(), Failure> {
        let mut simple = true;
        for item in items {
            simple &= is_plainly_hashable(&item, 0);
        }
        if !simple {
            self.complete_all()?;
            if !self.pending.is_empty() {
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
