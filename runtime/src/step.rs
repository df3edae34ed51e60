//! A module of which some statements run as code: its own, in which a constant is a *step*.
//!
//! The code has the statements of each segment, as a whole, in an `if -step:` (see
//! [`artifact::model::Step`]). `-step` carries out the next segment and gives `False`. Where a guard
//! fails or a value can't be made, it has done nothing and gives `True`, now and for all segments
//! after it: the code executes what was not carried out. So what is executed is executed once, in
//! its place, in the module's own frame. Import statements are steps too, so that what they bind may wait.

use std::cell::RefCell;
use std::rc::Rc;

use artifact::ReadError;
use artifact::model::{NodeId, Step};
use artifact::view::{DemandView, GuardView, NodeView, OperationView};
use pyo3_ffi as ffi;

use crate::demand::Waiting;
use crate::failure::{Failure, Stop};
use crate::guards::check_guard;
use crate::import::{Importer, Ran, Statement, run};
use crate::in_frame;
use crate::object::{Fallible, Object, Raised};
use crate::rehydrate::GcPause;

/// How the module was imported.
pub struct Report {
    /// Segments that were carried out.
    pub carried_out: usize,
    /// Why the others were not.
    pub fallen: Option<String>,
}

/// A module's code with its step, to be run.
pub struct Prepared {
    waiting: Rc<Waiting>,
    code: Object,
    step: Object,
    steps: Rc<RefCell<Steps>>,
}

impl Prepared {
    /// Makes the code; nothing is done to the module but that its names can wait.
    pub fn new(waiting: Rc<Waiting>, step: Step) -> Result<Self, Failure> {
        let guards = waiting.image().guards().collect::<Result<_, _>>()?;
        let code = waiting.constant(step.code)?;
        let steps = Steps {
            operations: Box::new(waiting.image().operations()),
            guards,
            deferred: deferred(&waiting, step.code)?,
            code: code.clone(),
            next_segment: None,
            verified: 0,
            carried_out: 0,
            fallen: None,
            waiting: waiting.clone(),
        };
        let steps = Rc::new(RefCell::new(steps));
        let object = in_frame::negation(action(&steps))?;
        put_constant(&code, step.constant, object.clone())?;
        waiting.install()?;
        Ok(Self { waiting, code, step: object, steps })
    }

    pub fn run(self) -> (Fallible<()>, Report) {
        let outcome = match run(&self.code, self.waiting.globals()) {
            Ok(()) => self.waiting.settle(),
            Err(Raised) => {
                self.waiting.complete_aside();
                Err(Raised)
            }
        };
        // What the code refers to still is a step that does nothing.
        in_frame::silence(&self.step);
        let steps = self.steps.borrow();
        (outcome, Report { carried_out: steps.carried_out, fallen: steps.fallen.clone() })
    }
}

/// What the step does when the code asks it whether to execute: in the module's own frame only.
fn action(steps: &Rc<RefCell<Steps>>) -> in_frame::Action {
    let steps = Rc::clone(steps);
    Box::new(move || {
        let Ok(mut steps) = steps.try_borrow_mut() else { return Ok(true) };
        // SAFETY: borrowed from the running frame, and only compared.
        if !steps.waiting.is_namespace(unsafe { ffi::PyEval_GetGlobals() }) {
            return Ok(true);
        }
        steps.next().map(|done| !done)
    })
}

/// The constants of the code that only segments use.
fn deferred(waiting: &Waiting, code: NodeId) -> Result<Vec<(u32, NodeId)>, Failure> {
    let image = waiting.image();
    let NodeView::Code(view) = image.node(code)? else { return Failure::refused("the module's code is none") };
    let mut found = Vec::new();
    for (index, constant) in (0..).zip(view.consts.iter()) {
        if let NodeView::Deferred(node) = image.node(constant)? {
            found.push((index, node));
        }
    }
    Ok(found)
}

/// Puts an object among the constants of a code object that nobody else has seen yet, or that runs and will
/// need it.
fn put_constant(code: &Object, index: u32, constant: Object) -> Result<(), Failure> {
    let constants = code.attribute("co_consts")?;
    if constants.tuple_item(index as usize).is_none() {
        return Failure::refused("the code has no such constant");
    }
    // SAFETY: a tuple that has this item.
    unsafe {
        let old = ffi::PyTuple_GET_ITEM(constants.as_ptr(), index as ffi::Py_ssize_t);
        ffi::PyTuple_SET_ITEM(constants.as_ptr(), index as ffi::Py_ssize_t, constant.into_ptr());
        ffi::Py_DECREF(old);
    }
    Ok(())
}

type Operations = Box<dyn Iterator<Item = Result<OperationView<'static>, ReadError>>>;

/// What is left to be carried out.
struct Steps {
    operations: Operations,
    guards: Vec<GuardView<'static>>,
    deferred: Vec<(u32, NodeId)>,
    code: Object,
    /// The next operation has been read: it begins a segment, which follows the last one or does not.
    next_segment: Option<bool>,
    /// So many guards, from the first, were checked since code last ran.
    verified: usize,
    carried_out: usize,
    fallen: Option<String>,
    /// Dropped last: the views borrow from it.
    waiting: Rc<Waiting>,
}

/// What a segment does to the namespace.
enum Change {
    Store { name: &'static str, node: NodeId, demand: DemandView<'static> },
    Delete(&'static str),
}

impl Steps {
    /// Carries out the next segment; whether that was done. Only an import raises.
    fn next(&mut self) -> Fallible<bool> {
        if self.fallen.is_some() {
            return Ok(false);
        }
        let failure = match self.segment() {
            Ok(()) => {
                self.carried_out += 1;
                return Ok(true);
            }
            Err(Stop::Raise) => {
                self.fallen = Some("an import raised".into());
                return Err(Raised);
            }
            Err(Stop::FallBack(failure)) => failure,
        };
        self.fallen = Some(failure.into_reason());
        self.fill()?;
        Ok(false)
    }

    /// The code is going to need all of its constants.
    fn fill(&mut self) -> Fallible<()> {
        for (index, node) in std::mem::take(&mut self.deferred) {
            let made = self.waiting.constant(node).and_then(|constant| put_constant(&self.code, index, constant));
            if let Err(failure) = made {
                return Err(match failure {
                    Failure::Raised => Raised,
                    other => crate::raise(&format!("lyo: a constant can't be made: {other}")),
                });
            }
        }
        Ok(())
    }

    fn segment(&mut self) -> Result<(), Stop> {
        let next = match self.next_segment.take() {
            Some(follows) => Some(follows),
            None => match self.operations.next().transpose()? {
                Some(OperationView::Segment { follows }) => Some(follows),
                _ => None,
            },
        };
        let Some(follows) = next else {
            return Failure::refused("there are fewer segments than the code has").map_err(Stop::FallBack);
        };
        if !follows {
            self.verified = 0;
        }
        let mut changes = Vec::new();
        while let Some(operation) = self.operations.next() {
            match operation? {
                OperationView::Segment { follows } => {
                    self.next_segment = Some(follows);
                    break;
                }
                OperationView::CheckGuards { from, until } => self.check_guards(from as usize, until as usize)?,
                OperationView::Store { name, node, demand } => changes.push(Change::Store { name, node, demand }),
                OperationView::Delete { name } => changes.push(Change::Delete(name)),
                OperationView::Import { line, level, module, binding, may_wait } => {
                    self.import(&Statement { line, level, module, binding, may_wait })?;
                }
            }
        }
        if changes.is_empty() {
            return Ok(());
        }
        let _paused = GcPause::new();
        Ok(self.apply(&changes)?)
    }

    /// Those that were checked before still hold if no code has run since.
    fn check_guards(&mut self, from: usize, until: usize) -> Result<(), Failure> {
        let start = if from <= self.verified { self.verified.min(until) } else { from };
        let guards = self.guards.get(start..until);
        for guard in guards.ok_or(Failure::Read(ReadError::Malformed("a guard is out of range")))? {
            check_guard(guard)?;
        }
        if from <= self.verified {
            self.verified = self.verified.max(until);
        }
        Ok(())
    }

    fn import(&mut self, statement: &Statement<'static>) -> Result<(), Stop> {
        let filename = self.waiting.filename();
        let importer = Importer { globals: self.waiting.globals(), filename: &filename, waiting: Some(&self.waiting) };
        match importer.import_in_frame(statement) {
            Ok(Ran::Nothing) => Ok(()),
            Ok(Ran::Code) => {
                self.verified = 0;
                Ok(())
            }
            Err(Failure::Raised) => Err(Stop::Raise),
            Err(failure) => Err(Stop::FallBack(failure)),
        }
    }

    /// All of it or nothing, want of memory excepted.
    fn apply(&self, changes: &[Change]) -> Result<(), Failure> {
        for (place, change) in changes.iter().enumerate() {
            match change {
                Change::Store { demand, .. } => self.waiting.look_up(*demand)?,
                Change::Delete(name) => {
                    let stored = |change: &Change| matches!(change, Change::Store { name: other, .. } if other == name);
                    if !changes.iter().take(place).any(stored) && !self.waiting.has(name)? {
                        return Failure::refused(format!("the module has no name {name}"));
                    }
                }
            }
        }
        let mut made = Vec::with_capacity(changes.len());
        for change in changes {
            let Change::Store { node, demand, .. } = change else { continue };
            match self.waiting.take_turn(*node, *demand) {
                Ok(value) => made.push(value),
                Err(failure) => {
                    for change in changes {
                        if let Change::Store { demand, .. } = change {
                            self.waiting.give_back(*demand);
                        }
                    }
                    return Err(failure);
                }
            }
        }
        let mut made = made.into_iter();
        for change in changes {
            match change {
                Change::Store { name, node, .. } => self.waiting.commit(name, *node, made.next().flatten())?,
                Change::Delete(name) => self.waiting.delete(name)?,
            }
        }
        Ok(())
    }
}
