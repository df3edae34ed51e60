//! Classes that wait, and whoever asks a class for its subclasses.
//!
//! A base knows its subclasses, so a class that waits is missing there. Python code can only find out by
//! `__subclasses__`, and code that says so has that name among its names or constants. Where the interpreter tells when
//! such code calls it ([`walkers`](super::walkers)), the classes that wait for the class that is asked are made just then.
//! Elsewhere, and before any other value with this text can be used, all classes that wait are made, and from then on
//! classes are made when their turn has come. (An ABC asks its subclasses in C: which classes that concerns, the build
//! knows, `emitter/harvest/classes.py`.) Before 3.12 the program's own code is looked through; other code that no bundle
//! holds is not seen then: docs/fidelity.md.
//!
//! A class is listed in the order in which it was made. So that of the classes that were made when they were touched
//! is put right: a class made here comes behind those that its base had when its turn had come.

use std::ptr;
use std::rc::{Rc, Weak};

use artifact::model::NodeId;
use artifact::view::NodeView;
use pyo3_ffi as ffi;
use rustc_hash::FxHashMap;

use super::{REGISTRY, Waiting, walkers};
use crate::failure::Failure;
use crate::lookup::builtin;
use crate::names::name;
use crate::object::{Fallible, GilProtected, Object, module_dict, modules, take_message};
use crate::slots::Slot;

/// The name that gives the walk away.
pub const NAME: &str = "__subclasses__";

/// Subclasses of these types are held where an extension module can't get at them.
const STATIC_BUILTIN: std::ffi::c_ulong = 1 << 1;

#[derive(Clone, Copy, PartialEq)]
enum Walk {
    /// Nobody has the name, but code that is watched.
    Unknown,
    /// Somebody is about to have it: all classes have to be made.
    Due,
    /// All classes are made when their turn has come.
    Known,
}

static WALK: GilProtected<Walk> = GilProtected::new(Walk::Unknown);

/// The number of classes that had their turn so far, in the whole process.
static TURNS: GilProtected<u64> = GilProtected::new(0);

/// When a class statement would have run.
#[derive(Clone)]
pub struct Turn {
    place: u64,
    /// Its bases that existed then, by address, each with the number of subclasses that it had.
    bases: Vec<(usize, isize)>,
}

/// Classes that were made here, by address: a weak reference, and the turn.
type Made = FxHashMap<usize, (Object, Turn)>;

static MADE: GilProtected<Option<Made>> = GilProtected::new(None);

/// What a class that waits has for a base.
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
enum Base {
    /// A class that exists, by address.
    Object(usize),
    /// One that waits too: the address of its module's state, and the node.
    Place(usize, NodeId),
    /// That can't be told.
    Unknown,
}

/// Classes that wait, by their bases.
static WAITING: GilProtected<Option<FxHashMap<Base, Vec<Place>>>> = GilProtected::new(None);

type Place = (Weak<Waiting>, NodeId);

/// A class statement has its turn.
pub fn register(waiting: &Rc<Waiting>, class: NodeId) -> Result<Turn, Failure> {
    let NodeView::Class(view) = waiting.view(class)? else { return Failure::refused("a class is none") };
    let bases = view.bases.iter().map(|base| base_of(waiting, base)).collect::<Result<Vec<_>, _>>()?;
    let existing = bases.iter().filter_map(|(_, object)| object.as_ref());
    let turn = Turn::next(existing);
    match waiting.class_made(class) {
        Some(made) => note(&made, turn.clone()),
        None if walkers::AVAILABLE && !are_walked() => WAITING.with(|all| {
            let all = all.get_or_insert_default();
            for (base, _) in bases {
                all.entry(base).or_default().push((Rc::downgrade(waiting), class));
            }
        }),
        None => {}
    }
    Ok(turn)
}

/// A base, and the object if there is one.
fn base_of(waiting: &Rc<Waiting>, base: NodeId) -> Result<(Base, Option<Object>), Failure> {
    let (mut owner, mut node) = (Rc::clone(waiting), base);
    loop {
        match owner.slot(node)? {
            Slot::Made(object) => return Ok((Base::Object(object.as_ptr() as usize), Some(object))),
            Slot::Elsewhere(other, place) => (owner, node) = (other, place),
            Slot::InProgress => return Ok((Base::Unknown, None)),
            Slot::Absent => break,
        }
    }
    Ok(match owner.view(node)? {
        NodeView::Class(_) => (Base::Place(Rc::as_ptr(&owner) as usize, node), None),
        NodeView::Builtin(name) => match builtin(name)? {
            Some(found) => (Base::Object(found.as_ptr() as usize), None),
            None => (Base::Unknown, None),
        },
        _ => (Base::Unknown, None),
    })
}

impl Turn {
    /// The next turn is that of a class with these bases (those that exist).
    fn next<'a>(bases: impl Iterator<Item = &'a Object>) -> Self {
        let place = TURNS.with(|last| {
            *last += 1;
            *last
        });
        let counted = |base: &Object| Some((base.as_ptr() as usize, subclasses(base)?.dict_size()));
        Self { place, bases: bases.filter_map(counted).collect() }
    }
}

/// A class was made.
pub fn made(waiting: &Rc<Waiting>, node: NodeId, class: &Object) {
    if WALK.with(|walk| *walk == Walk::Known) {
        return;
    }
    if let Some(turn) = waiting.turn_of(node) {
        note(class, turn);
    }
    WAITING.with(|all| {
        let Some(all) = all else { return };
        if let Some(places) = all.remove(&Base::Place(Rc::as_ptr(waiting) as usize, node)) {
            all.entry(Base::Object(class.as_ptr() as usize)).or_default().extend(places);
        }
    });
}

fn note(class: &Object, turn: Turn) {
    // SAFETY: a live class: its bases hold this very reference.
    match unsafe { Object::owned(ffi::PyWeakref_NewRef(class.as_ptr(), ptr::null_mut())) } {
        Ok(reference) => {
            let before =
                MADE.with(|made| made.get_or_insert_default().insert(class.as_ptr() as usize, (reference, turn)));
            drop(before);
        }
        Err(_) => drop(take_message()),
    }
}

/// Bytes that hold a text are about to become an object; whether it is the name.
pub fn notice(bytes: &[u8]) -> bool {
    let is_name = bytes == NAME.as_bytes();
    if is_name {
        notice_name();
    }
    is_name
}

/// Somebody is about to have an object with this text.
pub fn notice_name() {
    if !MENTIONED.with(|mentioned| mentioned.as_mut().map(|mentioned| *mentioned = true).is_some()) {
        announce();
    }
}

/// While the parts of a code object are made: whether the name is among them.
static MENTIONED: GilProtected<Option<bool>> = GilProtected::new(None);

/// Makes the parts of a code object; whether they may have the name among them.
pub fn within_code<T>(make: impl FnOnce() -> T) -> (T, bool) {
    let before = MENTIONED.with(|mentioned| mentioned.replace(false));
    let made = make();
    let mentioned = MENTIONED.with(|mentioned| std::mem::replace(mentioned, before));
    (made, mentioned.unwrap_or(false))
}

/// Code that was made here, and may say the name, is about to be used. Where all new code is looked at, this was.
pub fn notice_own_code(code: &Object) {
    if !walkers::look_at_new_code() {
        notice_code(code);
    }
}

/// Code that may say the name is about to be used.
pub fn notice_code(code: &Object) {
    if !are_walked() && !walkers::watch(code).unwrap_or(false) {
        take_message();
        announce();
    }
}

/// The same for code that was unmarshalled.
pub fn notice_marshalled(bytes: &[u8], code: &Object) -> Fallible<()> {
    if walkers::look_at_new_code() || memchr::memmem::find(bytes, NAME.as_bytes()).is_none() {
        return Ok(());
    }
    let mut pending = vec![code.clone()];
    while let Some(code) = pending.pop() {
        notice_code(&code);
        let constants = code.attribute(name!("co_consts"))?;
        pending.extend(constants.tuple_items().filter(|constant| constant.is_exactly(&raw mut ffi::PyCode_Type)));
    }
    Ok(())
}

/// Looks through the program itself, which no bundle holds: the code of the frames that run in `__main__`. Once.
pub fn notice_program() -> Fallible<()> {
    static IS_DONE: GilProtected<bool> = GilProtected::new(false);
    if IS_DONE.with(|done| *done) {
        return Ok(());
    }
    let main = modules().map(|modules| modules.dict_get_name(name!("__main__"))).transpose()?.flatten();
    let main = main.as_ref().and_then(module_dict);
    // SAFETY: the running frame (or null) is borrowed.
    let mut frame = unsafe { Object::borrowed(ffi::PyEval_GetFrame().cast()) };
    while let Some(current) = frame {
        let globals = current.attribute(name!("f_globals"))?;
        if globals.dict_get_name(name!("__name__"))?.is_some_and(|name| name.as_text() == Some("__main__")) {
            // What starts the program may import before it runs: then it is looked for again.
            if main.as_ref().is_some_and(|main| main.is(&globals)) {
                IS_DONE.with(|done| *done = true);
            }
            let mut pending = vec![current.attribute(name!("f_code"))?];
            while let Some(code) = pending.pop() {
                let (names, constants) = (code.attribute(name!("co_names"))?, code.attribute(name!("co_consts"))?);
                let texts = names.tuple_items().chain(constants.tuple_items());
                texts.for_each(|text| _ = notice(text.as_text().unwrap_or_default().as_bytes()));
                pending
                    .extend(constants.tuple_items().filter(|constant| constant.is_exactly(&raw mut ffi::PyCode_Type)));
            }
        }
        frame = Some(current.attribute(name!("f_back"))?).filter(|frame| !frame.is_none());
    }
    Ok(())
}

/// All classes have to be made before the interpreter gets control back.
pub fn announce() {
    WALK.with(|walk| {
        if *walk == Walk::Unknown {
            *walk = Walk::Due;
        }
    });
}

/// Whether classes can't wait any more.
pub fn are_walked() -> bool {
    WALK.with(|walk| *walk != Walk::Unknown)
}

/// Makes all classes that wait, if somebody is about to ask for them. Called whenever the interpreter gets control back.
pub fn make_if_due() {
    if !WALK.with(|walk| *walk == Walk::Due) {
        return;
    }
    let everyone: Vec<Rc<Waiting>> =
        REGISTRY.with(|registry| registry.as_ref().map(|all| all.values().cloned().collect()).unwrap_or_default());
    let mut classes = Vec::new();
    for waiting in &everyone {
        classes.extend(waiting.classes().into_iter().map(|(class, turn)| (turn, waiting, class)));
    }
    classes.sort_by_key(|(turn, ..)| turn.place);
    for (_, waiting, class) in &classes {
        if waiting.value(*class).is_err() {
            // Something is being made just now: once more when that is done.
            take_message();
            return;
        }
    }
    WALK.with(|walk| *walk = Walk::Known);
    drop(WAITING.with(std::mem::take));
    put_in_order(&MADE.with(std::mem::take).unwrap_or_default());
    drop(HISTORIES.with(std::mem::take));
}

/// The class is about to be asked for its subclasses: those that wait are made.
pub fn make_subclasses(class: &Object) {
    if are_walked() {
        return make_if_due();
    }
    let places = WAITING.with(|all| {
        let Some(all) = all else { return Vec::new() };
        let mut places = all.remove(&Base::Object(class.as_ptr() as usize)).unwrap_or_default();
        places.extend(all.remove(&Base::Unknown).unwrap_or_default());
        places
    });
    if places.is_empty() {
        return;
    }
    for (waiting, node) in places {
        let Some(waiting) = waiting.upgrade() else { continue };
        if waiting.turn_of(node).is_some() && waiting.value(node).is_err() {
            // Something is being made just now: all are made when that is done.
            take_message();
            return announce();
        }
    }
    let made = MADE.with(std::mem::take).unwrap_or_default();
    if order_of(class, &made).is_err() {
        take_message();
    }
    MADE.with(|known| *known = Some(made));
}

fn put_in_order(made: &Made) {
    let mut bases: Vec<Object> = Vec::new();
    for class in made.values().filter_map(|(reference, _)| referent(reference)) {
        let Some(class) = class.as_type() else { continue };
        // SAFETY: a live class; its bases are a tuple.
        if let Some(tuple) = unsafe { Object::borrowed((*class).tp_bases) } {
            bases.extend(tuple.tuple_items());
        }
    }
    bases.sort_by_key(|base| base.as_ptr() as usize);
    bases.dedup_by_key(|base| base.as_ptr() as usize);
    for base in bases {
        if order_of(&base, made).is_err() {
            take_message();
        }
    }
}

/// Of each subclass of a class that was put in order, in the order in which they were made: whether code made it. With a
/// weak reference to the class.
type History = (Object, Vec<bool>);

static HISTORIES: GilProtected<Option<FxHashMap<usize, History>>> = GilProtected::new(None);

/// Takes the history of a class out, or begins one.
fn history_of(class: &Object) -> Fallible<History> {
    let known = HISTORIES.with(|all| all.as_mut()?.remove(&(class.as_ptr() as usize)));
    match known {
        Some(history) if referent(&history.0).is_some_and(|referent| referent.is(class)) => Ok(history),
        // SAFETY: a live class; a new reference.
        _ => Ok((unsafe { Object::owned(ffi::PyWeakref_NewRef(class.as_ptr(), ptr::null_mut()))? }, Vec::new())),
    }
}

/// Puts the subclasses of one class into the order of their turns.
fn order_of(base: &Object, made: &Made) -> Fallible<()> {
    let Some(listed) = subclasses(base) else { return Ok(()) };
    let (own, mut history) = history_of(base)?;
    let keys = listed.dict_keys();
    let mut executed = 0;
    let mut places = Vec::with_capacity(keys.len());
    for (index, key) in keys.into_iter().enumerate() {
        let Some(reference) = listed.dict_get(&key)? else { continue };
        let class = referent(&reference);
        let turn = class.as_ref().and_then(|class| {
            let (reference, turn) = made.get(&(class.as_ptr() as usize))?;
            referent(reference).is_some_and(|referent| referent.is(class)).then_some(turn)
        });
        if index >= history.len() {
            history.push(turn.is_none());
        }
        match turn {
            Some(turn) => {
                let counted = turn.bases.iter().find(|(at, _)| *at == base.as_ptr() as usize);
                let counted = counted.map_or(0, |(_, counted)| *counted);
                places.push((Order::Counted(counted, turn.place), key, reference));
            }
            None => {
                executed += 1;
                places.push((Order::Executed(executed), key, reference));
            }
        }
    }
    // Of so many subclasses, the first ones, code made so many.
    let mut before = vec![0];
    before.extend(history.iter().scan(0, |executed, made_by_code| {
        *executed += usize::from(*made_by_code);
        Some(*executed)
    }));
    let mut sorted: Vec<((usize, u64), Object, Object)> = places
        .into_iter()
        .map(|(place, key, reference)| {
            let order = match place {
                Order::Executed(number) => (number, 0),
                Order::Counted(counted, turn) => {
                    let counted = usize::try_from(counted).unwrap_or(0).min(before.len() - 1);
                    (before[counted], turn)
                }
            };
            (order, key, reference)
        })
        .collect();
    sorted.sort_by_key(|(order, ..)| *order);
    let items: Vec<(Object, Object)> = sorted.into_iter().map(|(_, key, reference)| (key, reference)).collect();
    listed.dict_replace(&items)?;
    HISTORIES.with(|all| all.get_or_insert_default().insert(base.as_ptr() as usize, (own, history)));
    Ok(())
}

/// What a weak reference refers to.
fn referent(reference: &Object) -> Option<Object> {
    // SAFETY: the call checks for a weak reference; what it refers to is borrowed, and held at once.
    #[allow(deprecated)]
    let found = unsafe { Object::borrowed(ffi::PyWeakref_GetObject(reference.as_ptr())) };
    found.filter(|found| !found.is_none())
}

enum Order {
    /// Of a class that code made: its number among those.
    Executed(usize),
    /// Of a class that was made here: how many subclasses its base had before, and its turn.
    Counted(isize, u64),
}

/// `tp_subclasses`, where it is a dictionary of the class's own: weak references by address.
fn subclasses(class: &Object) -> Option<Object> {
    let class = class.as_type()?;
    // SAFETY: a live class.
    unsafe {
        if cfg!(Py_3_12) && (*class).tp_flags & STATIC_BUILTIN != 0 {
            return None;
        }
        let listed = Object::borrowed((*class).tp_subclasses.cast())?;
        listed.is_exactly(&raw mut ffi::PyDict_Type).then_some(listed)
    }
}
