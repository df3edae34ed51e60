//! Guards: facts that a result rests on, checked when the import would have run.
//!
//! Modules of a program rest on the same facts over and over (`builtins.object` is what it was, `abc.ABCMeta` has no
//! `__getattr__`). So what was found at a path is remembered, with the names as objects; the next time the same way is
//! walked, and where it leads to the same object, and nothing of that object can have changed meanwhile, its
//! fingerprint is the same.

use std::rc::Rc;

use artifact::ReadError;
use artifact::model::{Expectation, NodeId};
use artifact::view::GuardView;

use crate::demand::pristine::{self, Found};
use crate::demand::{self, Waiting};
use crate::failure::Failure;
use crate::fingerprint::fingerprint;
use crate::lookup::{ASKS_SUBCLASS, lookup, lookup_below, names};
use crate::memo::Memo;
use crate::names::Name;
use crate::object::{Fallible, Object, module_dict, modules, type_lookup};
use crate::state::State;

/// Checks that a guard holds.
pub fn check_guard(guard: &GuardView<'_>) -> Result<(), Failure> {
    match guard.expect {
        Expectation::Class(_) => return check_class(guard),
        Expectation::SameAs(length) => return check_alias(guard, length as usize),
        _ => {}
    }
    let key = guard.key();
    if let Some(known) = KNOWN.get(key)
        && known.is_still_there()?
    {
        return judge(guard, known.fingerprint);
    }
    let (module, path) = place(guard)?;
    let found = match waiting_value(&module, &path)? {
        Found::AsBuilt if matches!(guard.expect, Expectation::Fingerprint(_)) => return Ok(()),
        Found::Nothing => return judge(guard, None),
        Found::Object(object, left) => lookup_below(object, &path[path.len() - left..])?,
        Found::AsBuilt | Found::Unknown => lookup(&module, &path)?,
    };
    let seen = found.as_ref().map(known_fingerprint).transpose()?;
    remember(key, module, path, found, seen)?;
    judge(guard, seen)
}

fn place(guard: &GuardView<'_>) -> Result<(Name, Vec<Name>), Failure> {
    let (module, path) = guard.place()?;
    Ok((Name::new(module)?, names(path)?))
}

/// Checks that what stands at the guard's path has the class that is expected.
fn check_class(guard: &GuardView<'_>) -> Result<(), Failure> {
    let (module, path) = place(guard)?;
    let found = match waiting_value(&module, &path)? {
        Found::AsBuilt => return Ok(()),
        Found::Nothing => None,
        Found::Object(object, left) => lookup_below(object, &path[path.len() - left..])?,
        Found::Unknown => lookup(&module, &path)?,
    };
    judge(guard, found.map(|found| known_fingerprint(&found.class())).transpose()?)
}

/// Checks that two paths lead to the same object. Where both wait for what the build saw there, it is the same as then.
fn check_alias(guard: &GuardView<'_>, length: usize) -> Result<(), Failure> {
    let (module, names) = place(guard)?;
    let (path, other) = names.split_at(names.len().min(length));
    let Some((other_module, other_path)) = other.split_first() else {
        return Err(Failure::Read(ReadError::Malformed("a guard's path ends too early")));
    };
    if let (Found::AsBuilt, Found::AsBuilt) = (waiting_value(&module, path)?, waiting_value(other_module, other_path)?)
    {
        return Ok(());
    }
    match (lookup(&module, path)?, lookup(other_module, other_path)?) {
        (Some(object), Some(other)) if object.is(&other) => Ok(()),
        _ => Err(Failure::Guard(format!(
            "{} is not {} any more",
            dotted(&module, path),
            dotted(other_module, other_path)
        ))),
    }
}

/// The fingerprint of an object: several paths lead to the same one.
fn known_fingerprint(object: &Object) -> Fallible<u64> {
    let address = object.as_ptr() as usize;
    if let Some(known) = FINGERPRINTS.get(&address)
        && known.state.is_still(object)?
    {
        return Ok(known.fingerprint);
    }
    let fingerprint = fingerprint(object)?;
    if let Some(state) = State::of(object)? {
        FINGERPRINTS.insert(address, Rc::new(Fingerprinted { _object: object.clone(), state, fingerprint }));
    }
    Ok(fingerprint)
}

struct Fingerprinted {
    /// Keeps the address its own.
    _object: Object,
    state: State,
    fingerprint: u64,
}

/// By address.
static FINGERPRINTS: Memo<usize, Rc<Fingerprinted>> = Memo::new(4096);

/// Checks a guard about a name of the module that is being imported.
pub fn check_binding(waiting: &Rc<Waiting>, guard: &GuardView<'_>, node: NodeId) -> Result<(), Failure> {
    let (module, path) = place(guard)?;
    match path.as_slice() {
        [] if is_registered(waiting, &module)? => Ok(()),
        [] => Err(Failure::Guard(format!("sys.modules has another module under the name {}", module.text()))),
        [name] if waiting.is_bound_to(name, node)? => Ok(()),
        _ => Err(Failure::Guard(format!("{} was bound anew", dotted(&module, &path)))),
    }
}

/// Whether `sys.modules` has the module that is being imported under its name.
fn is_registered(waiting: &Waiting, name: &Name) -> Result<bool, Failure> {
    let Some(registered) = modules().map(|modules| modules.dict_get(name)).transpose()?.flatten() else {
        return Ok(false);
    };
    Ok(module_dict(&registered).is_some_and(|namespace| waiting.is_namespace(namespace.as_ptr())))
}

fn judge(guard: &GuardView<'_>, found: Option<u64>) -> Result<(), Failure> {
    let how = match (&guard.expect, found) {
        (Expectation::Absent | Expectation::AbsentOr(_), None) => return Ok(()),
        (Expectation::Absent, Some(_)) => "is there now",
        (Expectation::Same(_) | Expectation::SameAs(_), _) => "is asked for outside of its module",
        (Expectation::Fingerprint(_) | Expectation::Class(_), None) => "is absent",
        (
            Expectation::Fingerprint(expected) | Expectation::Class(expected) | Expectation::AbsentOr(expected),
            Some(found),
        ) if found == *expected => {
            return Ok(());
        }
        _ => "has changed",
    };
    let (module, path) = place(guard)?;
    Err(Failure::Guard(format!("{} {how}", dotted(&module, &path))))
}

fn dotted(module: &Name, path: &[Name]) -> String {
    let names: Vec<&str> = std::iter::once(module).chain(path).map(Name::text).collect();
    names.join(".")
}

/// What stands at the path, as far as it can be told without making what waits.
fn waiting_value(module: &Name, path: &[Name]) -> Result<Found, Failure> {
    if path.last().is_some_and(|name| name.text().starts_with(ASKS_SUBCLASS)) {
        return Ok(Found::Unknown);
    }
    let module = modules().map(|modules| modules.dict_get(module)).transpose()?.flatten();
    let Some(waiting) = module.as_ref().and_then(demand::of_module) else { return Ok(Found::Unknown) };
    let Some((name, rest)) = path.split_first() else { return Ok(Found::Unknown) };
    match waiting.place(name) {
        Some(place) => pristine::walk(&place, rest),
        None => Ok(Found::Unknown),
    }
}

// ---- what was found before

/// What was found at a path of at most a module's name and attributes of a class.
struct Known {
    module: Name,
    names: Vec<Name>,
    found: Option<Object>,
    state: State,
    fingerprint: Option<u64>,
}

/// By the bytes of module and path.
static KNOWN: Memo<Box<[u8]>, Rc<Known>> = Memo::new(4096);

fn remember(
    key: &[u8],
    module: Name,
    names: Vec<Name>,
    found: Option<Object>,
    fingerprint: Option<u64>,
) -> Result<(), Failure> {
    if names.len() > 2 {
        return Ok(());
    }
    let state = match &found {
        Some(found) => match State::of(found)? {
            Some(state) => state,
            None => return Ok(()),
        },
        None => State::default(),
    };
    KNOWN.insert(key.into(), Rc::new(Known { module, names, found, state, fingerprint }));
    Ok(())
}

impl Known {
    /// Walks the way again. Of what waits only that was remembered which exists all the same.
    fn is_still_there(&self) -> Result<bool, Failure> {
        let Some(modules) = modules() else { return Ok(false) };
        let Some(mut object) = modules.dict_get(&self.module)? else { return Ok(false) };
        for (place, name) in self.names.iter().enumerate() {
            let next = match (module_dict(&object), object.as_type()) {
                (Some(dict), _) if place == 0 => match dict.dict_get(name)? {
                    Some(found) => Some(found),
                    None => made_value(&object, name)?,
                },
                (None, Some(class)) if place == 1 => type_lookup(class, name),
                (None, None) if place == 1 => lookup_below(object.clone(), std::slice::from_ref(name))?,
                _ => return Ok(false),
            };
            match next {
                Some(next) => object = next,
                // A name that waits is not in the namespace either.
                None => return Ok(self.found.is_none() && place + 1 == self.names.len() && place == 1),
            }
        }
        let Some(found) = &self.found else { return Ok(false) };
        Ok(object.is(found) && self.state.is_still(&object)?)
    }
}

/// What waits under the name, if it was made for something else: then the name can as well be bound to it.
fn made_value(module: &Object, name: &Name) -> Result<Option<Object>, Failure> {
    let Some(waiting) = demand::of_module(module) else { return Ok(None) };
    let Some(place) = waiting.place(name) else { return Ok(None) };
    match pristine::walk(&place, &[])? {
        Found::Object(..) => waiting.touch_name(name),
        _ => Ok(None),
    }
}
