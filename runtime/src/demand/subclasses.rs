//! Classes that wait, and whoever asks a class for its subclasses.
//!
//! A base knows its subclasses, so a class that waits is missing there. Python code can only find out by
//! `__subclasses__`, and code that says so has that name among its names or constants. Before such code, or
//! any other value with this text, can be used, all classes that wait are made, and from then on classes are made
//! when their turn has come. (An ABC asks its subclasses in C: which classes that concerns, the build knows,
//! `emitter/harvest/classes.py`.) The program's own code is looked through; other code that no bundle holds is not
//! seen: docs/fidelity.md.
//!
//! A class is listed in the order in which it was made. So that of the classes that were made when they were touched
//! is put right: a class made here comes behind those that its base had when its turn had come.

use std::ptr;
use std::rc::Rc;

use pyo3_ffi as ffi;
use rustc_hash::FxHashMap;

use super::{REGISTRY, Waiting};
use crate::object::{Fallible, GilProtected, Object, module_dict, modules, take_message};

/// The name that gives the walk away.
const NAME: &[u8] = b"__subclasses__";

/// Subclasses of these types are held where an extension module can't get at them.
const STATIC_BUILTIN: std::ffi::c_ulong = 1 << 1;

#[derive(Clone, Copy, PartialEq)]
enum Walk {
    /// Nobody has the name.
    Unknown,
    /// Somebody is about to have it: all classes have to be made.
    Due,
    /// All classes are made when their turn has come.
    Known,
}

static WALK: GilProtected<Walk> = GilProtected::new(Walk::Unknown);

/// The number of classes that had their turn so far, in the whole process.
static TURNS: GilProtected<u64> = GilProtected::new(0);

/// Weak references to classes of completed modules, with their turns: as long as the order may have to be put right.
static MADE: GilProtected<Vec<(Object, Turn)>> = GilProtected::new(Vec::new());

/// When a class statement would have run.
#[derive(Clone)]
pub struct Turn {
    place: u64,
    /// Its bases that existed then, by address, each with the number of subclasses that it had.
    bases: Vec<(usize, isize)>,
}

impl Turn {
    /// The next turn is that of a class with these bases (those that exist).
    pub fn next(bases: &[Object]) -> Self {
        let place = TURNS.with(|last| {
            *last += 1;
            *last
        });
        let counted = |base: &Object| Some((base.as_ptr() as usize, subclasses(base)?.dict_size()));
        Self { place, bases: bases.iter().filter_map(counted).collect() }
    }
}

/// Bytes that hold names and constants of code, or a text, are about to become objects.
pub fn notice(bytes: &[u8]) {
    if bytes.len() == NAME.len() && bytes == NAME {
        announce();
    }
}

/// The same for marshalled code.
pub fn notice_within(bytes: &[u8]) {
    if memchr::memmem::find(bytes, NAME).is_some() {
        announce();
    }
}

/// Looks through the program itself, which no bundle holds: the code of the frames that run in `__main__`. Once.
pub fn notice_program() -> Fallible<()> {
    static IS_DONE: GilProtected<bool> = GilProtected::new(false);
    if IS_DONE.with(|done| *done) {
        return Ok(());
    }
    let main = modules().map(|modules| modules.dict_get_text("__main__")).transpose()?.flatten();
    let main = main.as_ref().and_then(module_dict);
    // SAFETY: the running frame (or null) is borrowed.
    let mut frame = unsafe { Object::borrowed(ffi::PyEval_GetFrame().cast()) };
    while let Some(current) = frame {
        let globals = current.attribute("f_globals")?;
        if globals.dict_get_text("__name__")?.is_some_and(|name| name.as_text() == Some("__main__")) {
            // What starts the program may import before it runs: then it is looked for again.
            if main.as_ref().is_some_and(|main| main.is(&globals)) {
                IS_DONE.with(|done| *done = true);
            }
            let mut pending = vec![current.attribute("f_code")?];
            while let Some(code) = pending.pop() {
                let (names, constants) = (code.attribute("co_names")?, code.attribute("co_consts")?);
                let texts = names.tuple_items().chain(constants.tuple_items());
                texts.for_each(|text| notice(text.as_text().unwrap_or_default().as_bytes()));
                pending
                    .extend(constants.tuple_items().filter(|constant| constant.is_exactly(&raw mut ffi::PyCode_Type)));
            }
        }
        frame = Some(current.attribute("f_back")?).filter(|frame| !frame.is_none());
    }
    Ok(())
}

fn announce() {
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
    let mut made = Vec::new();
    for (reference, turn) in MADE.with(std::mem::take) {
        if let Some(class) = referent(&reference) {
            made.push((class, turn));
        }
    }
    made.extend(classes.into_iter().filter_map(|(turn, waiting, class)| Some((waiting.class_made(class)?, turn))));
    put_in_order(&made);
}

/// A module whose classes were registered is complete, and won't be known any more.
pub fn remember(waiting: &Waiting) {
    if WALK.with(|walk| *walk == Walk::Known) {
        return;
    }
    for (class, turn) in waiting.classes() {
        let Some(class) = waiting.class_made(class) else { continue };
        // SAFETY: a live class: its bases hold this very reference.
        match unsafe { Object::owned(ffi::PyWeakref_NewRef(class.as_ptr(), ptr::null_mut())) } {
            Ok(reference) => MADE.with(|made| made.push((reference, turn))),
            Err(_) => drop(take_message()),
        }
    }
}

fn put_in_order(made: &[(Object, Turn)]) {
    let turns: FxHashMap<usize, &Turn> = made.iter().map(|(class, turn)| (class.as_ptr() as usize, turn)).collect();
    let mut bases: Vec<Object> = Vec::new();
    for (class, _) in made {
        let Some(class) = class.as_type() else { continue };
        // SAFETY: a live class; its bases are a tuple.
        if let Some(tuple) = unsafe { Object::borrowed((*class).tp_bases) } {
            bases.extend(tuple.tuple_items());
        }
    }
    bases.sort_by_key(|base| base.as_ptr() as usize);
    bases.dedup_by_key(|base| base.as_ptr() as usize);
    for base in bases {
        if order_of(&base, &turns).is_err() {
            take_message();
        }
    }
}

/// Puts the subclasses of one class into the order of their turns.
fn order_of(base: &Object, made: &FxHashMap<usize, &Turn>) -> Fallible<()> {
    let Some(listed) = subclasses(base) else { return Ok(()) };
    let keys = listed.dict_keys();
    let mut executed = 0;
    let mut before = Vec::with_capacity(keys.len() + 1);
    let mut places = Vec::with_capacity(keys.len());
    for key in keys {
        before.push(executed);
        let Some(reference) = listed.dict_get(&key)? else { continue };
        let class = referent(&reference);
        let turn = class.as_ref().and_then(|class| made.get(&(class.as_ptr() as usize)));
        match turn {
            Some(turn) => {
                let counted = turn.bases.iter().find(|(at, _)| *at == base.as_ptr() as usize);
                let counted = counted.map_or(0, |(_, counted)| *counted);
                places.push((Place::Counted(counted, turn.place), key, reference));
            }
            None => {
                executed += 1;
                places.push((Place::Executed(executed), key, reference));
            }
        }
    }
    before.push(executed);
    let mut sorted: Vec<((usize, u64), Object, Object)> = places
        .into_iter()
        .map(|(place, key, reference)| {
            let order = match place {
                Place::Executed(number) => (number, 0),
                Place::Counted(counted, turn) => {
                    let counted = usize::try_from(counted).unwrap_or(0).min(before.len() - 1);
                    (before[counted], turn)
                }
            };
            (order, key, reference)
        })
        .collect();
    sorted.sort_by_key(|(order, ..)| *order);
    let items: Vec<(Object, Object)> = sorted.into_iter().map(|(_, key, reference)| (key, reference)).collect();
    listed.dict_replace(&items)
}

/// What a weak reference refers to.
fn referent(reference: &Object) -> Option<Object> {
    // SAFETY: the call checks for a weak reference; what it refers to is borrowed, and held at once.
    #[allow(deprecated)]
    let found = unsafe { Object::borrowed(ffi::PyWeakref_GetObject(reference.as_ptr())) };
    found.filter(|found| !found.is_none())
}

enum Place {
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
