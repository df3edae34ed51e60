//! What has become of each node of a module.

use std::mem::ManuallyDrop;
use std::rc::Rc;

use artifact::model::NodeId;
use pyo3_ffi as ffi;

use crate::demand::Waiting;
use crate::object::Object;

#[derive(Clone)]
pub enum Slot {
    Absent,
    InProgress,
    Made(Object),
    /// A node of another module, which waits there.
    Elsewhere(Rc<Waiting>, NodeId),
}

/// A slot for each node, a word each: most of a module's nodes are never looked at, and memory that nobody has written to
/// costs nothing.
pub struct Slots {
    /// [`ABSENT`], [`IN_PROGRESS`], the address of an object that is owned here, or an index into `elsewhere` with the
    /// mark [`ELSEWHERE`].
    words: Vec<usize>,
    /// Nothing where the slot has become another.
    elsewhere: Vec<Option<(Rc<Waiting>, NodeId)>>,
    /// Nodes whose objects the collector has to know of: the others can't be part of a cycle.
    collectable: Vec<NodeId>,
}

const ABSENT: usize = 0;
const IN_PROGRESS: usize = 1;
/// Set in no address of an object.
const ELSEWHERE: usize = 2;
const MARKS: u32 = 2;

impl Slots {
    pub fn new(length: usize) -> Self {
        Self { words: vec![ABSENT; length], elsewhere: Vec::new(), collectable: Vec::new() }
    }

    /// Nothing for a node that there is not.
    pub fn get(&self, id: NodeId) -> Option<Slot> {
        let word = *self.words.get(id as usize)?;
        Some(match word {
            ABSENT => Slot::Absent,
            IN_PROGRESS => Slot::InProgress,
            _ if word & ELSEWHERE != 0 => {
                let (other, node) = self.elsewhere.get(word >> MARKS)?.as_ref()?;
                Slot::Elsewhere(Rc::clone(other), *node)
            }
            _ => Slot::Made(Object::clone(&held(word))),
        })
    }

    pub fn is_absent(&self, id: NodeId) -> bool {
        self.words.get(id as usize) == Some(&ABSENT)
    }

    /// The object of a node that was made.
    pub fn object(&self, id: NodeId) -> Option<Object> {
        let word = *self.words.get(id as usize)?;
        is_object(word).then(|| Object::clone(&held(word)))
    }

    /// The object of an absent node is being made.
    pub fn begin(&mut self, id: NodeId) {
        self.words[id as usize] = IN_PROGRESS;
    }

    /// What is being made is this; or nothing, then the node is absent again.
    pub fn finish(&mut self, id: NodeId, object: Option<&Object>) {
        if self.words[id as usize] != IN_PROGRESS {
            self.set(id, object.map_or(Slot::Absent, |object| Slot::Made(object.clone())));
            return;
        }
        if object.is_some_and(Object::may_be_in_cycle) {
            self.collectable.push(id);
        }
        self.words[id as usize] = object.map_or(ABSENT, |object| object.clone().into_ptr() as usize);
    }

    /// Of a node that there is not, nothing is kept.
    pub fn set(&mut self, id: NodeId, slot: Slot) {
        if id as usize >= self.words.len() {
            return;
        }
        let before = self.take(id);
        if let Slot::Made(_) = before {
            self.collectable.retain(|other| *other != id);
        }
        self.words[id as usize] = match slot {
            Slot::Absent => ABSENT,
            Slot::InProgress => IN_PROGRESS,
            Slot::Made(object) => {
                if object.may_be_in_cycle() {
                    self.collectable.push(id);
                }
                object.into_ptr() as usize
            }
            Slot::Elsewhere(other, node) => {
                self.elsewhere.push(Some((other, node)));
                (self.elsewhere.len() - 1) << MARKS | ELSEWHERE
            }
        };
    }

    /// Empties a slot.
    fn take(&mut self, id: NodeId) -> Slot {
        let word = std::mem::replace(&mut self.words[id as usize], ABSENT);
        match word {
            ABSENT => Slot::Absent,
            IN_PROGRESS => Slot::InProgress,
            _ if word & ELSEWHERE != 0 => match self.elsewhere.get_mut(word >> MARKS).and_then(Option::take) {
                Some((other, node)) => Slot::Elsewhere(other, node),
                None => Slot::Absent,
            },
            _ => Slot::Made(ManuallyDrop::into_inner(held(word))),
        }
    }

    /// The objects of all nodes made so far.
    pub fn made(&self) -> impl Iterator<Item = Object> + '_ {
        self.words.iter().filter(|word| is_object(**word)).map(|word| Object::clone(&held(*word)))
    }

    /// Empties all slots but those of these nodes; gives what was in them.
    pub fn keep(&mut self, is_needed: impl Fn(NodeId) -> bool) -> Vec<Slot> {
        let ids = 0..self.words.len() as NodeId;
        let let_go = ids.filter(|id| !is_needed(*id)).map(|id| self.take(id));
        let let_go = let_go.filter(|slot| !matches!(slot, Slot::Absent)).collect();
        self.collectable.retain(|id| is_needed(*id));
        let_go
    }

    /// Every object that is held and may be part of a cycle.
    pub fn visit(&self, visit: &mut dyn FnMut(*mut ffi::PyObject)) {
        for id in &self.collectable {
            visit(held(self.words[*id as usize]).as_ptr());
        }
    }
}

impl Drop for Slots {
    fn drop(&mut self) {
        drop(self.keep(|_| false));
    }
}

fn is_object(word: usize) -> bool {
    word > IN_PROGRESS && word & ELSEWHERE == 0
}

/// The object at an address, whose reference stays where it is.
fn held(word: usize) -> ManuallyDrop<Object> {
    // SAFETY: words that are addresses own a reference.
    ManuallyDrop::new(unsafe { Object::from_address(word) })
}
