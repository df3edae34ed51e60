//! A module from its image: the operations, in order.

use std::rc::Rc;

use artifact::ReadError;
use artifact::view::{GuardView, ImageView, OperationView};
use pyo3_ffi as ffi;

use crate::demand::Waiting;
use crate::failure::{Failure, Stop};
use crate::guards::check_guard;
use crate::handlers::may_handle;
use crate::import::{Importer, Statement};
use crate::names::{Name, name};
use crate::object::{Fallible, Object, Raised, forget_error, modules};

/// How a rehydration ended.
pub enum Outcome {
    Done,
    /// An import raised, as it would have in the module's code.
    Raised,
    /// What was bound is unbound again; the module is to run from its code.
    FallBack(String),
}

/// Carries out the operations of a fresh module's image. `code` gives the module's code object.
pub fn rehydrate(
    waiting: Rc<Waiting>,
    globals: &Object,
    code: &dyn Fn() -> Fallible<Object>,
    filename: &Object,
) -> Outcome {
    let before = match globals.dict_copy() {
        Ok(before) => before,
        Err(Raised) => return Outcome::FallBack(crate::object::take_message()),
    };
    let image = waiting.image();
    if waiting.install().is_err() {
        return Outcome::FallBack(crate::object::take_message());
    }
    let guards = Box::new(image.guards());
    let mut run = Run { waiting, image, globals, filename, before, code, bound: Vec::new(), guards, checked: 0 };
    match run.all() {
        Ok(()) => match run.waiting.settle() {
            Ok(()) => Outcome::Done,
            Err(Raised) => Outcome::Raised,
        },
        Err(Stop::Raise) => {
            run.waiting.complete_aside();
            Outcome::Raised
        }
        Err(Stop::FallBack(failure)) => {
            let reason = failure.into_reason();
            run.waiting.uninstall();
            run.unbind();
            Outcome::FallBack(reason)
        }
    }
}

struct Run<'a> {
    waiting: Rc<Waiting>,
    image: ImageView<'static>,
    globals: &'a Object,
    filename: &'a Object,
    /// The namespace as it was.
    before: Object,
    code: &'a dyn Fn() -> Fallible<Object>,
    /// Names bound so far.
    bound: Vec<Name>,
    /// Guards that are still to be checked.
    guards: Box<dyn Iterator<Item = Result<GuardView<'static>, ReadError>>>,
    /// How many were.
    checked: usize,
}

impl Run<'_> {
    fn all(&mut self) -> Result<(), Stop> {
        for operation in self.image.operations() {
            match operation? {
                OperationView::Import { line, level, module, binding, may_wait } => {
                    self.import(&Statement { line, level, module, binding, may_wait })?;
                }
                OperationView::Store { name, node, demand } => {
                    let name = Name::new(name).map_err(Failure::from)?;
                    self.waiting.store(&name, node, demand)?;
                    self.bound.push(name);
                }
                OperationView::Delete { name } => self.waiting.delete(&Name::new(name).map_err(Failure::from)?)?,
                OperationView::CheckGuards { until, .. } => self.check_guards(until as usize)?,
                OperationView::Segment { .. } | OperationView::Replay(_) => {
                    Failure::refused("segments in an image without steps")?;
                }
            }
        }
        Ok(self.check_guards(usize::MAX)?)
    }

    fn import(&mut self, statement: &Statement<'static>) -> Result<(), Stop> {
        let importer = Importer { globals: self.globals, filename: self.filename, waiting: Some(&self.waiting) };
        match importer.import(statement) {
            Ok(bound) => {
                self.bound.extend(bound);
                Ok(())
            }
            Err(Failure::Raised) => {
                if self.is_handled(statement.line) {
                    return Err(Stop::FallBack(Failure::Raised));
                }
                Err(Stop::Raise)
            }
            Err(failure) => Err(Stop::FallBack(failure)),
        }
    }

    /// Whether the module's code might handle the exception that is set; it stays set.
    fn is_handled(&self, line: u32) -> bool {
        let (mut kind, mut value, mut trace) = (std::ptr::null_mut(), std::ptr::null_mut(), std::ptr::null_mut());
        // SAFETY: what is fetched is restored.
        unsafe {
            #[allow(deprecated)]
            ffi::PyErr_Fetch(&raw mut kind, &raw mut value, &raw mut trace);
            let ordinary = !kind.is_null() && ffi::PyErr_GivenExceptionMatches(kind, ffi::PyExc_Exception) != 0;
            let handled = ordinary
                && (self.code)().and_then(|code| may_handle(&code, line)).unwrap_or_else(|Raised| {
                    ffi::PyErr_Clear();
                    true
                });
            #[allow(deprecated)]
            ffi::PyErr_Restore(kind, value, trace);
            handled
        }
    }

    fn check_guards(&mut self, until: usize) -> Result<(), Failure> {
        while self.checked < until
            && let Some(guard) = self.guards.next()
        {
            check_guard(&guard?)?;
            self.checked += 1;
        }
        Ok(())
    }

    /// Takes the names back; a submodule that the import machinery bound stays bound.
    fn unbind(&self) {
        let globals = self.globals;
        for name in &self.bound {
            let restored = (|| -> Result<(), Raised> {
                let Some(old) = globals.dict_get(name)? else {
                    return Ok(());
                };
                if let Some(first) = self.before.dict_get(name)? {
                    return globals.dict_set(name, &first);
                }
                globals.dict_delete(name)?;
                drop(old);
                let package = globals.dict_get_name(name!("__path__"))?.and(globals.dict_get_name(name!("__name__"))?);
                let Some(package) = package.as_ref().and_then(Object::as_text) else {
                    return Ok(());
                };
                let Some(modules) = modules() else {
                    return Ok(());
                };
                match modules.dict_get_name(&format!("{package}.{}", name.text()))? {
                    Some(submodule) => globals.dict_set(name, &submodule),
                    None => Ok(()),
                }
            })();
            if restored.is_err() {
                forget_error();
            }
        }
    }
}
