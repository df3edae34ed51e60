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
use pyo3_ffi as ffi;

use crate::demand::pristine::{self, Found};
use crate::demand::{self, Waiting};
use crate::failure::Failure;
use crate::fingerprint::{counts_by_class, fingerprint, function_labels};
use crate::lookup::{ASKS_SUBCLASS, lookup, lookup_below};
use crate::memo::Memo;
use crate::object::{Fallible, Object, module_dict, modules, type_lookup};

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
    let found = match waiting_value(module, &path)? {
        Found::AsBuilt if matches!(guard.expect, Expectation::Fingerprint(_)) => return Ok(()),
        Found::Nothing => return judge(guard, None),
        Found::Object(object, left) => lookup_below(object, &path[path.len() - left..])?,
        Found::AsBuilt | Found::Unknown => lookup(module, path.iter().map(|name| Ok::<_, Failure>(*name)))?,
    };
    let seen = found.as_ref().map(known_fingerprint).transpose()?;
    remember(key, module, &path, found, seen)?;
    judge(guard, seen)
}

fn place<'a>(guard: &GuardView<'a>) -> Result<(&'a str, Vec<&'a str>), Failure> {
    let (module, path) = guard.place()?;
    Ok((module, path.iter().collect::<Result<_, _>>()?))
}

/// Checks that what stands at the guard's path has the class that is expected.
fn check_class(guard: &GuardView<'_>) -> Result<(), Failure> {
    let (module, path) = place(guard)?;
    let found = match waiting_value(module, &path)? {
        Found::AsBuilt => return Ok(()),
        Found::Nothing => None,
        Found::Object(object, left) => lookup_below(object, &path[path.len() - left..])?,
        Found::Unknown => lookup(module, path.iter().map(|name| Ok::<_, Failure>(*name)))?,
    };
    judge(guard, found.map(|found| known_fingerprint(&found.class())).transpose()?)
}

/// Checks that two paths lead to the same object. Where both wait for what the build saw there, it is the same as then.
fn check_alias(guard: &GuardView<'_>, length: usize) -> Result<(), Failure> {
    let (module, texts) = place(guard)?;
    let (path, other) = texts.split_at(texts.len().min(length));
    let Some((other_module, other_path)) = other.split_first() else {
        return Err(Failure::Read(ReadError::Malformed("a guard's path ends too early")));
    };
    if let (Found::AsBuilt, Found::AsBuilt) = (waiting_value(module, path)?, waiting_value(other_module, other_path)?) {
        return Ok(());
    }
    let look_up = |module, path: &[&str]| lookup(module, path.iter().map(|name| Ok::<_, Failure>(*name)));
    match (look_up(module, path)?, look_up(other_module, other_path)?) {
        (Some(object), Some(other)) if object.is(&other) => Ok(()),
        _ => {
            let (path, other) = ([&[module], path].concat().join("."), other.join("."));
            Err(Failure::Guard(format!("{path} is not {other} any more")))
        }
    }
}

/// The fingerprint of an object: several paths lead to the same one.
fn known_fingerprint(object: &Object) -> Fallible<u64> {
    let Some(state) = state_of(object) else { return fingerprint(object) };
    let address = object.as_ptr() as usize;
    if let Some((_, before, seen)) = FINGERPRINTS.get(&address)
        && before == state
    {
        return Ok(seen);
    }
    let seen = fingerprint(object)?;
    FINGERPRINTS.insert(address, (object.clone(), state, seen));
    Ok(seen)
}

/// By address, with a reference that keeps the address its own.
static FINGERPRINTS: Memo<usize, (Object, State, u64)> = Memo::new(4096);

/// Checks a guard about a name of the module that is being imported.
pub fn check_binding(waiting: &Rc<Waiting>, guard: &GuardView<'_>, node: NodeId) -> Result<(), Failure> {
    let (module, path) = place(guard)?;
    match path.as_slice() {
        [] if is_registered(waiting, module)? => Ok(()),
        [] => Err(Failure::Guard(format!("sys.modules has another module under the name {module}"))),
        [name] if waiting.is_bound_to(name, node)? => Ok(()),
        _ => Err(Failure::Guard(format!("{module}.{} was bound anew", path.join(".")))),
    }
}

/// Whether `sys.modules` has the module that is being imported under its name.
fn is_registered(waiting: &Waiting, name: &str) -> Result<bool, Failure> {
    let Some(registered) = modules().map(|modules| modules.dict_get_text(name)).transpose()?.flatten() else {
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
    let what = [&[module], path.as_slice()].concat().join(".");
    Err(Failure::Guard(format!("{what} {how}")))
}

/// What stands at the path, as far as it can be told without making what waits.
fn waiting_value(module: &str, path: &[&str]) -> Result<Found, Failure> {
    if path.last().is_some_and(|name| name.starts_with(ASKS_SUBCLASS)) {
        return Ok(Found::Unknown);
    }
    let module = modules().map(|modules| modules.dict_get_text(module)).transpose()?.flatten();
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
    module: Object,
    names: Vec<Object>,
    found: Option<Object>,
    state: State,
    fingerprint: Option<u64>,
}

/// What the fingerprint of an object rests on, beside what never changes.
#[derive(Clone)]
enum State {
    Fixed,
    /// A function's code, defaults and labels, and its keyword defaults: all that it refers to is fixed.
    Function([Object; 6], Vec<Object>),
    /// A class's version, metaclass, names and MRO.
    Class(u32, [usize; 4]),
    /// The class, with its name, of an object of which only that counts.
    Instance([usize; 2]),
}

impl PartialEq for State {
    fn eq(&self, other: &Self) -> bool {
        match (self, other) {
            (State::Fixed, State::Fixed) => true,
            (State::Function(parts, keyword_defaults), State::Function(other_parts, other_keyword_defaults)) => {
                are_same(parts, other_parts) && are_same(keyword_defaults, other_keyword_defaults)
            }
            (State::Class(version, parts), State::Class(other_version, other_parts)) => {
                version == other_version && parts == other_parts
            }
            (State::Instance(class), State::Instance(other)) => class == other,
            _ => false,
        }
    }
}

/// Keys and values of a dict, if nothing about them can change.
fn fixed_items(dict: &Object) -> Option<Vec<Object>> {
    if !dict.is_exactly(&raw mut ffi::PyDict_Type) {
        return None;
    }
    let (mut position, mut key, mut value) = (0, std::ptr::null_mut(), std::ptr::null_mut());
    let mut items = Vec::new();
    // SAFETY: a dict, which does not change meanwhile; key and value are borrowed.
    while unsafe { ffi::PyDict_Next(dict.as_ptr(), &raw mut position, &raw mut key, &raw mut value) } != 0 {
        // SAFETY: live objects.
        let (key, value) = unsafe { (Object::borrowed(key)?, Object::borrowed(value)?) };
        if !is_fixed(&key) || !is_fixed(&value) {
            return None;
        }
        items.extend([key, value]);
    }
    Some(items)
}

/// Whether these are the very same objects.
fn are_same(objects: &[Object], others: &[Object]) -> bool {
    objects.len() == others.len() && objects.iter().zip(others).all(|(object, other)| object.is(other))
}

/// By the bytes of module and path.
static KNOWN: Memo<Box<[u8]>, Rc<Known>> = Memo::new(4096);

fn remember(
    key: &[u8],
    module: &str,
    path: &[&str],
    found: Option<Object>,
    fingerprint: Option<u64>,
) -> Result<(), Failure> {
    if path.len() > 2 {
        return Ok(());
    }
    let state = match &found {
        Some(found) => match state_of(found) {
            Some(state) => state,
            None => return Ok(()),
        },
        None => State::Fixed,
    };
    let known = Known {
        module: Object::name(module)?,
        names: path.iter().map(|name| Object::name(name)).collect::<Fallible<_>>()?,
        found,
        state,
        fingerprint,
    };
    KNOWN.insert(key.into(), Rc::new(known));
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
                (None, None) if place == 1 => match name.as_text() {
                    Some(name) => lookup_below(object.clone(), &[name])?,
                    None => return Ok(false),
                },
                _ => return Ok(false),
            };
            match next {
                Some(next) => object = next,
                // A name that waits is not in the namespace either.
                None => return Ok(self.found.is_none() && place + 1 == self.names.len() && place == 1),
            }
        }
        let Some(found) = &self.found else { return Ok(false) };
        Ok(object.is(found) && state_of(&object).is_some_and(|state| state == self.state))
    }
}

/// Nothing for what may change without leaving a trace.
fn state_of(object: &Object) -> Option<State> {
    // SAFETY: live objects; reading fields of a function.
    unsafe {
        if object.is_exactly(&raw mut ffi::PyFunction_Type) {
            let function = object.as_ptr();
            if !ffi::PyFunction_GetClosure(function).is_null() {
                return None;
            }
            let keyword_defaults = match Object::borrowed(ffi::PyFunction_GetKwDefaults(function)) {
                Some(dict) => fixed_items(&dict)?,
                None => Vec::new(),
            };
            let defaults = Object::borrowed(ffi::PyFunction_GetDefaults(function));
            if defaults.as_ref().is_some_and(|defaults| !defaults.tuple_items().all(|item| is_fixed(&item))) {
                return None;
            }
            let code = Object::borrowed(ffi::PyFunction_GetCode(function))?;
            let [name, qualname, doc, module] = function_labels(object);
            let defaults = defaults.unwrap_or_else(Object::none);
            return Some(State::Function([code, defaults, name, qualname, doc, module], keyword_defaults));
        }
    }
    if let Some(class) = object.as_type()
        && !is_fixed(object)
    {
        // SAFETY: reading fields of a live class that a class statement or a C module made.
        return unsafe {
            if (*class).tp_version_tag == 0 {
                // Looking a name up gives the class a version.
                type_lookup(class, &Object::name("__doc__").ok()?);
            }
            let heap = class.cast::<ffi::PyHeapTypeObject>();
            let version = (*class).tp_version_tag;
            let parts = [
                ffi::Py_TYPE(object.as_ptr()) as usize,
                (*heap).ht_name as usize,
                (*heap).ht_qualname as usize,
                (*class).tp_mro as usize,
            ];
            (version != 0).then_some(State::Class(version, parts))
        };
    }
    if is_fixed(object) {
        return Some(State::Fixed);
    }
    let class = object.class();
    let class = class.as_type().filter(|_| counts_by_class(object))?;
    // SAFETY: reading a field of a live class that a class statement has made.
    let name = unsafe { (*class.cast::<ffi::PyHeapTypeObject>()).ht_qualname };
    Some(State::Instance([class as usize, name as usize]))
}

/// What waits under the name, if it was made for something else: then the name can as well be bound to it.
fn made_value(module: &Object, name: &Object) -> Result<Option<Object>, Failure> {
    let Some(waiting) = demand::of_module(module) else { return Ok(None) };
    let Some(name) = name.as_text() else { return Ok(None) };
    let Some(place) = waiting.place(name) else { return Ok(None) };
    match pristine::walk(&place, &[])? {
        Found::Object(..) => waiting.touch_name(name),
        _ => Ok(None),
    }
}

fn is_fixed(object: &Object) -> bool {
    if object.is_exactly(&raw mut ffi::PyCFunction_Type) {
        // A method of an object shows what that holds.
        // SAFETY: a builtin function; what it is bound to is borrowed, and null for a static method.
        let bound = unsafe { Object::borrowed(ffi::PyCFunction_GetSelf(object.as_ptr())) };
        return bound.is_none_or(|bound| module_dict(&bound).is_some() || is_fixed(&bound));
    }
    // SAFETY: reading a field of a live class.
    let is_static_type =
        object.as_type().is_some_and(|class| unsafe { (*class).tp_flags & ffi::Py_TPFLAGS_HEAPTYPE == 0 });
    is_static_type
        || object.is_none()
        || [
            &raw mut ffi::PyMethodDescr_Type,
            &raw mut ffi::PyWrapperDescr_Type,
            &raw mut ffi::PyGetSetDescr_Type,
            &raw mut ffi::PyMemberDescr_Type,
            &raw mut ffi::PyClassMethodDescr_Type,
            &raw mut ffi::PyBool_Type,
            &raw mut ffi::PyLong_Type,
            &raw mut ffi::PyUnicode_Type,
            &raw mut ffi::PyBytes_Type,
        ]
        .into_iter()
        .any(|kind| object.is_exactly(kind))
}
