//! A module of which some statements run as code: its own, in which a constant is a *step*.
//!
//! The code has the statements of each segment, as a whole, in an `if -step:` (see
//! [`artifact::model::Step`]). `-step` carries out the next segment and gives `False`. Where a guard
//! fails or a value can't be made, it has done nothing and gives `True`, now and for all segments
//! after it: the code executes what was not carried out. So what is executed is executed once, in
//! its place, in the module's own frame. Import statements are steps too, so that what they bind may wait.
//!
//! Constants that only segments use are not among the code's until the answer is `True`. Whoever gets hold of the code
//! may run it again, also elsewhere: the step answers `True` there.

use std::cell::RefCell;
use std::rc::Rc;

use artifact::ReadError;
use artifact::model::{Expectation, NodeId, Step};
use artifact::view::{DemandView, GuardView, NodeView, OperationView, ReplayView};
use pyo3_ffi as ffi;

use crate::collector::GcPause;
use crate::demand::Waiting;
use crate::failure::{Failure, Stop};
use crate::guards::{check_binding, check_guard};
use crate::import::{Importer, Ran, Statement, run};
use crate::in_frame;
use crate::names::{Name, name};
use crate::object::{Fallible, Object, Raised};
use crate::replay::Effect;

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
    steps: Rc<RefCell<Option<Steps>>>,
}

impl Prepared {
    /// Makes the code; nothing is done to the module but that its names can wait.
    pub fn new(waiting: Rc<Waiting>, step: Step) -> Result<Self, Failure> {
        let code = waiting.constant(step.code)?;
        let steps = Rc::new(RefCell::new(Some(Steps {
            operations: Box::new(waiting.image().operations()),
            guards: waiting.image().guards().collect::<Result<_, _>>()?,
            next_segment: None,
            verified: 0,
            carried_out: 0,
            fallen: None,
            waiting: waiting.clone(),
        })));
        let deferred = Deferred::new(&waiting, step)?;
        let object = in_frame::negation(action(&steps, deferred))?;
        put_constant(&code.attribute(name!("co_consts"))?, step.constant, object)?;
        waiting.install()?;
        Ok(Self { waiting, code, steps })
    }

    pub fn run(self) -> (Fallible<()>, Report) {
        let outcome = match run(&self.code, self.waiting.globals()) {
            Ok(()) => self.waiting.settle(),
            Err(Raised) => {
                self.waiting.complete_aside();
                Err(Raised)
            }
        };
        let (carried_out, fallen) = self.steps.take().map_or((0, None), |steps| (steps.carried_out, steps.fallen));
        (outcome, Report { carried_out, fallen })
    }
}

/// What the step does when the code asks it whether to execute: it carries out a segment, once, in the module's own
/// frame.
fn action(steps: &Rc<RefCell<Option<Steps>>>, deferred: Deferred) -> in_frame::Action {
    let steps = Rc::clone(steps);
    Rc::new(move || {
        let is_done = match steps.try_borrow_mut().as_deref_mut() {
            // SAFETY: borrowed from the running frame, and only compared.
            Ok(Some(steps)) if steps.waiting.is_namespace(unsafe { ffi::PyEval_GetGlobals() }) => steps.next()?,
            _ => false,
        };
        if !is_done {
            deferred.fill()?;
        }
        Ok(!is_done)
    })
}

/// The constants of the code that only segments use.
struct Deferred {
    constants: Vec<(u32, NodeId)>,
    waiting: Rc<Waiting>,
}

impl Deferred {
    fn new(waiting: &Rc<Waiting>, step: Step) -> Result<Self, Failure> {
        let image = waiting.image();
        let NodeView::Code(view) = image.node(step.code)? else { return Failure::refused("the module's code is none") };
        let mut constants = Vec::new();
        for (index, constant) in (0..).zip(view.consts.iter()) {
            if let NodeView::Deferred(node) = image.node(constant)? {
                constants.push((index, node));
            }
        }
        Ok(Self { constants, waiting: waiting.clone() })
    }

    /// The code that is running, the module's or a copy, is going to need all of its constants.
    fn fill(&self) -> Fallible<()> {
        let Some(code) = running_code() else { return Ok(()) };
        let constants = code.attribute(name!("co_consts"))?;
        for &(index, node) in &self.constants {
            if !constants.tuple_item(index as usize).is_some_and(|item| item.is_none()) {
                continue;
            }
            let made = self.waiting.constant(node).and_then(|constant| put_constant(&constants, index, constant));
            if let Err(failure) = made {
                return Err(match failure {
                    Failure::Raised => Raised,
                    other => crate::raise(&format!("lyo: a constant can't be made: {other}")),
                });
            }
        }
        Ok(())
    }
}

fn running_code() -> Option<Object> {
    // SAFETY: the frame is borrowed while it runs; its code is a new reference.
    unsafe {
        let frame = ffi::PyEval_GetFrame();
        if frame.is_null() {
            return None;
        }
        Object::owned(ffi::PyFrame_GetCode(frame).cast()).ok()
    }
}

/// Puts an object among the constants of a code object that nobody else has seen yet, or that runs and will
/// need it.
fn put_constant(constants: &Object, index: u32, constant: Object) -> Result<(), Failure> {
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
    Store { name: Name, node: NodeId, demand: DemandView<'static> },
    Delete(Name),
    Replay(ReplayView<'static>),
}

/// What a change needs, made before anything is changed.
enum Made {
    /// The value of a store, unless it waits.
    Value(Option<Object>),
    Effect(Effect),
    Nothing,
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
        Ok(false)
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
            self.waiting.note_code();
        }
        let mut changes = Vec::new();
        while let Some(operation) = self.operations.next() {
            match operation? {
                OperationView::Segment { follows } => {
                    self.next_segment = Some(follows);
                    break;
                }
                OperationView::CheckGuards { from, until } => self.check_guards(from as usize, until as usize)?,
                OperationView::Store { name, node, demand } => {
                    let name = Name::new(name).map_err(Failure::from)?;
                    changes.push(Change::Store { name, node, demand });
                }
                OperationView::Delete { name } => changes.push(Change::Delete(Name::new(name).map_err(Failure::from)?)),
                OperationView::Replay(replay) => changes.push(Change::Replay(replay)),
                OperationView::Import { line, level, module, binding, may_wait } => {
                    self.import(&Statement { line, level, module, binding, may_wait })?;
                }
            }
        }
        if changes.is_empty() {
            return Ok(());
        }
        let _paused = GcPause::new();
        self.apply(&changes)
    }

    /// Those that were checked before still hold if no code has run since.
    fn check_guards(&mut self, from: usize, until: usize) -> Result<(), Failure> {
        let start = if from <= self.verified { self.verified.min(until) } else { from };
        let guards = self.guards.get(start..until);
        for guard in guards.ok_or(Failure::Read(ReadError::Malformed("a guard is out of range")))? {
            match guard.expect {
                Expectation::Same(node) => check_binding(&self.waiting, guard, node)?,
                _ => check_guard(guard)?,
            }
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

    /// All of it or nothing, want of memory and what an effect raises excepted.
    fn apply(&self, changes: &[Change]) -> Result<(), Stop> {
        for (place, change) in changes.iter().enumerate() {
            match change {
                Change::Store { demand, .. } | Change::Replay(ReplayView { demand, .. }) => {
                    self.waiting.look_up(*demand)?;
                }
                Change::Delete(name) => {
                    let stored = |change: &Change| matches!(change, Change::Store { name: other, .. } if other == name);
                    if !changes.iter().take(place).any(stored) && !self.waiting.has(name).map_err(Failure::from)? {
                        return Failure::refused(format!("the module has no name {}", name.text()))
                            .map_err(Stop::FallBack);
                    }
                }
            }
        }
        let made = changes.iter().map(|change| self.make(change)).collect::<Result<Vec<_>, _>>();
        let made = made.inspect_err(|_| self.give_back(changes))?;
        for (change, made) in changes.iter().zip(made) {
            match (change, made) {
                (Change::Store { name, node, .. }, Made::Value(value)) => self.waiting.commit(name, *node, value)?,
                (Change::Delete(name), _) => self.waiting.delete(name)?,
                (_, Made::Effect(effect)) => effect.carry_out().map_err(|Raised| Stop::Raise)?,
                _ => {}
            }
        }
        Ok(())
    }

    fn make(&self, change: &Change) -> Result<Made, Failure> {
        Ok(match change {
            Change::Store { node, demand, .. } => Made::Value(self.waiting.take_turn(*node, *demand)?),
            Change::Replay(replay) => Made::Effect(Effect::make(&self.waiting, *replay)?),
            Change::Delete(_) => Made::Nothing,
        })
    }

    fn give_back(&self, changes: &[Change]) {
        for change in changes {
            if let Change::Store { demand, .. } | Change::Replay(ReplayView { demand, .. }) = change {
                self.waiting.give_back(*demand);
            }
        }
    }
}
