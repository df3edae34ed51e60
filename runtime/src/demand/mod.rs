//! Symbols on demand: names of a rehydrated module whose values are made when they are first touched.
//!
//! A module with such names is [`Waiting`]. From outside, a touch is caught by its type, a subclass of
//! the module type ([`module_type`]); from inside, by what its functions take for their builtins,
//! which a global look-up asks when it misses ([`builtins`]). When nothing waits any more, the module
//! is an ordinary one again, down to its type.
//!
//! Everything that a value takes from elsewhere is looked up when its statement's turn has come. What
//! waits elsewhere too is not made for that: it is known by its place ([`crate::slots::Slot::Elsewhere`]).
//!
//! A class can wait although its bases can be asked for their subclasses: see [`subclasses`].

pub mod builtins;
pub mod frame;
mod instructions;
pub mod methods;
pub mod module_type;
#[cfg(all(Py_3_12, not(Py_3_14)))]
mod new_code;
mod order;
pub mod pristine;
pub mod subclasses;
pub mod walkers;

use std::cell::{Cell, RefCell};
use std::ptr;
use std::rc::Rc;

use artifact::model::NodeId;
use artifact::view::{BindingView, DemandView, Ids, NodeView, OperationView};
use artifact::{Block, ReadError};
use pyo3_ffi as ffi;
use rustc_hash::FxHashMap;

use crate::collector::GcPause;
use crate::failure::Failure;
use crate::lookup;
use crate::make::Rehydrator;
use crate::names::{Name, name};
use crate::object::{Fallible, GilProtected, Object, Raised, is_finalizing, keeping_error, module_dict};
use crate::slots::Slot;
use order::Order;

/// The value of a waiting name.
#[derive(Clone)]
enum Symbol {
    Own(NodeId),
    /// Bound by an import to what waits in another module.
    Elsewhere(Rc<Waiting>, NodeId),
}

/// A node of a waiting module.
pub type Place = (Rc<Waiting>, NodeId);

/// A module some of whose names wait.
pub struct Waiting {
    module: Object,
    globals: Object,
    pub rehydrator: RefCell<Rehydrator<'static>>,
    names: RefCell<FxHashMap<Name, Symbol>>,
    /// The turn of each class among all classes.
    classes: RefCell<FxHashMap<NodeId, subclasses::Turn>>,
    order: RefCell<Order>,
    is_installed: Cell<bool>,
    /// No further name may begin to wait.
    binds_at_once: Cell<bool>,
    is_imported: Cell<bool>,
    /// Functions that were entered while names waited.
    entries: Cell<u32>,
    /// Other modules refer to nodes of this one.
    is_shared: Cell<bool>,
    /// What the methods that wait hold this by: a borrowed object, or null.
    keeper: Cell<*mut ffi::PyObject>,
    // Last: the rehydrator's views borrow from it.
    block: Block,
}

/// Waiting modules by the address of their namespaces, which they keep alive.
static REGISTRY: GilProtected<Option<FxHashMap<usize, Rc<Waiting>>>> = GilProtected::new(None);

/// The waiting module that has this namespace.
pub fn of_namespace(globals: *mut ffi::PyObject) -> Option<Rc<Waiting>> {
    REGISTRY.with(|registry| registry.as_ref()?.get(&(globals as usize)).cloned())
}

/// The state of a module, if some of its names wait.
pub fn of_module(module: &Object) -> Option<Rc<Waiting>> {
    if !module_type::is_pending_type(module) {
        return None;
    }
    of_namespace(module_dict(module)?.as_ptr())
}

/// The names that wait in a module, in order; a tuple.
pub fn waiting_names(module: &Object) -> Fallible<Object> {
    let Some(waiting) = of_module(module) else { return Object::tuple(vec![]) };
    let names = waiting.order.borrow().names();
    Object::tuple(names.iter().filter(|name| waiting.waits(name)).map(|name| Object::clone(name)).collect())
}

impl Waiting {
    pub fn new(block: Block, module: &Object, globals: &Object, filename: &Object) -> Option<Rc<Self>> {
        let image = block.image()?;
        // SAFETY: the views borrow from the block's buffer on the heap, which doesn't move and lives as
        // long as this state; no view leaves it.
        let image =
            unsafe { std::mem::transmute::<artifact::view::ImageView<'_>, artifact::view::ImageView<'static>>(image) };
        Some(Rc::new_cyclic(|own| Self {
            module: module.clone(),
            globals: globals.clone(),
            rehydrator: RefCell::new(Rehydrator::new(
                image,
                module.clone(),
                globals.clone(),
                filename.clone(),
                own.clone(),
            )),
            names: RefCell::default(),
            classes: RefCell::default(),
            order: RefCell::default(),
            is_installed: Cell::new(false),
            binds_at_once: Cell::new(false),
            is_imported: Cell::new(false),
            entries: Cell::new(0),
            is_shared: Cell::new(false),
            keeper: Cell::new(ptr::null_mut()),
            block,
        }))
    }

    /// What the module's code object is marshalled as.
    pub fn marshalled_code(&self) -> &[u8] {
        self.block.code()
    }

    /// The operations that rebuild the module.
    pub fn image(&self) -> artifact::view::ImageView<'static> {
        self.rehydrator.borrow().image
    }

    // ---- at import

    /// `name = value` has its turn: made and bound, or registered.
    pub fn store(self: &Rc<Self>, name: &Name, node: NodeId, demand: DemandView<'static>) -> Result<(), Failure> {
        self.look_up(demand)?;
        let made = self.take_turn(node, demand)?;
        self.commit(name, node, made)
    }

    /// The first part of a store: what the value takes from elsewhere is looked up. Nothing can tell.
    pub fn look_up(self: &Rc<Self>, demand: DemandView<'static>) -> Result<(), Failure> {
        demand.captures.iter().try_for_each(|capture| self.capture(capture))
    }

    /// The second part: its classes take their place among all classes, and a value that can't wait is made.
    pub fn take_turn(self: &Rc<Self>, node: NodeId, demand: DemandView<'static>) -> Result<Option<Object>, Failure> {
        let waits = demand.may_wait && self.can_wait();
        self.register_classes(demand.classes)?;
        if subclasses::are_walked() || !waits {
            for class in demand.classes.iter() {
                self.make(class)?;
            }
        }
        if waits { Ok(None) } else { self.make(node).map(Some) }
    }

    /// The last part: the name is bound to what was made, or begins to wait.
    pub fn commit(self: &Rc<Self>, name: &Name, node: NodeId, made: Option<Object>) -> Result<(), Failure> {
        match made {
            Some(value) => self.bind(name, value),
            None => self.wait(name, Symbol::Own(node)),
        }
    }

    /// Takes back the second part: the module's code makes these classes itself.
    pub fn give_back(&self, demand: DemandView<'static>) {
        for class in demand.classes.iter() {
            if self.is_untouched(class) {
                self.classes.borrow_mut().remove(&class);
            }
        }
    }

    /// Whether the module has a name, waiting or not.
    pub fn has(&self, name: &Name) -> Fallible<bool> {
        Ok(self.waits(name) || self.globals.dict_get(name)?.is_some())
    }

    /// The name is bound to what waits in another module.
    pub fn alias(self: &Rc<Self>, name: &Name, other: Rc<Waiting>, node: NodeId) -> Result<(), Failure> {
        other.is_shared.set(true);
        self.wait(name, Symbol::Elsewhere(other, node))
    }

    fn wait(self: &Rc<Self>, name: &Name, symbol: Symbol) -> Result<(), Failure> {
        let globals = &self.globals;
        if globals.dict_get(name)?.is_some() {
            // Bound before (a submodule, an earlier statement): the new value comes now, in the old place.
            self.names.borrow_mut().insert(name.clone(), symbol.clone());
            let value = self.resolve(&symbol)?;
            self.names.borrow_mut().remove(name);
            return Ok(globals.dict_set(name, &value)?);
        }
        self.order.borrow_mut().wait(name, globals);
        self.names.borrow_mut().insert(name.clone(), symbol);
        Ok(())
    }

    fn bind(&self, name: &Name, value: Object) -> Result<(), Failure> {
        self.names.borrow_mut().remove(name);
        Ok(self.set(name, &value)?)
    }

    /// Puts a value into the namespace.
    pub fn set(&self, name: &Name, value: &Object) -> Fallible<()> {
        let before = self.globals.dict_size();
        self.globals.dict_set(name, value)?;
        self.order.borrow_mut().bound(name, before, &self.globals);
        Ok(())
    }

    /// `del name` at top level.
    pub fn delete(self: &Rc<Self>, name: &Name) -> Result<(), Failure> {
        self.touch_name(name)?;
        let globals = &self.globals;
        self.order.borrow_mut().deleted(name);
        Ok(globals.dict_delete(name)?)
    }

    /// Code of the module has run, which may have bound and deleted names.
    pub fn note_code(&self) {
        self.order.borrow_mut().recount();
    }

    /// Looks up what a node takes from elsewhere.
    fn capture(self: &Rc<Self>, id: NodeId) -> Result<(), Failure> {
        if !self.rehydrator.borrow().is_absent(id) {
            return Ok(());
        }
        let view = self.rehydrator.borrow().image.node(id)?;
        let elsewhere = match view {
            NodeView::Name(name) => {
                let name = Name::new(name)?;
                match self.symbol(&name) {
                    Some(Symbol::Elsewhere(other, node)) => Some((other, node)),
                    Some(Symbol::Own(_)) => {
                        self.touch_name(&name)?;
                        None
                    }
                    None => None,
                }
            }
            NodeView::External { module, path } => {
                let waiting = crate::object::modules()
                    .and_then(|modules| modules.dict_get_name(module).ok().flatten())
                    .and_then(|module| of_module(&module));
                let path = lookup::names(path)?;
                match (waiting, path.split_first()) {
                    (Some(other), Some((name, rest))) => match other.place(name) {
                        Some(place) => pristine::place_below(place, rest)?,
                        None => None,
                    },
                    _ => None,
                }
            }
            _ => None,
        };
        let mut rehydrator = self.rehydrator.borrow_mut();
        match elsewhere {
            Some((other, node)) => {
                other.is_shared.set(true);
                rehydrator.set_elsewhere(id, other, node);
            }
            None => drop(rehydrator.make(id)?),
        }
        Ok(())
    }

    fn symbol(&self, name: &Name) -> Option<Symbol> {
        self.names.borrow().get(name).cloned()
    }

    fn slot(&self, node: NodeId) -> Result<Slot, Failure> {
        self.rehydrator.try_borrow().map(|rehydrator| rehydrator.slot(node)).map_err(|_| Failure::InProgress)
    }

    fn view(&self, node: NodeId) -> Result<NodeView<'static>, Failure> {
        let image = self.rehydrator.try_borrow().map_err(|_| Failure::InProgress)?.image;
        Ok(image.node(node)?)
    }

    /// Where the value of a waiting name lies.
    pub fn place(self: &Rc<Self>, name: &Name) -> Option<Place> {
        if self.globals.dict_get(name).ok().flatten().is_some() {
            return None;
        }
        match self.names.borrow().get(name)? {
            Symbol::Own(node) => Some((self.clone(), *node)),
            Symbol::Elsewhere(other, node) => Some((other.clone(), *node)),
        }
    }

    /// Whether the name is bound to the value of the node, or waits for what it was bound to.
    pub fn is_bound_to(self: &Rc<Self>, name: &Name, node: NodeId) -> Result<bool, Failure> {
        let Some(bound) = self.globals.dict_get(name)? else { return Ok(self.waits(name)) };
        let expected = match self.slot(node)? {
            Slot::Made(object) => object,
            Slot::Elsewhere(other, node) => match other.slot(node)? {
                Slot::Made(object) => object,
                _ => return Ok(false),
            },
            _ if matches!(self.view(node)?, NodeView::External { .. } | NodeView::Builtin(_)) => self.value(node)?,
            _ => return Ok(false),
        };
        Ok(bound.is(&expected))
    }

    /// The classes of a store take their place among all classes.
    fn register_classes(self: &Rc<Self>, classes: Ids<'static>) -> Result<(), Failure> {
        for class in classes.iter() {
            if self.classes.borrow().contains_key(&class) {
                continue;
            }
            let turn = subclasses::register(self, class)?;
            self.classes.borrow_mut().insert(class, turn);
        }
        Ok(())
    }

    // ---- making

    fn make(&self, node: NodeId) -> Result<Object, Failure> {
        let Ok(mut rehydrator) = self.rehydrator.try_borrow_mut() else {
            return Err(Failure::InProgress);
        };
        let _paused = GcPause::new();
        rehydrator.make_whole(node)
    }

    /// The value at a place.
    pub fn value(self: &Rc<Self>, node: NodeId) -> Result<Object, Failure> {
        if let Ok(rehydrator) = self.rehydrator.try_borrow()
            && let Slot::Made(object) = rehydrator.slot(node)
        {
            return Ok(object);
        }
        self.make(node)
    }

    /// The turn of a class, if it had one.
    fn turn_of(&self, class: NodeId) -> Option<subclasses::Turn> {
        self.classes.borrow().get(&class).cloned()
    }

    /// Classes with their turns: those that exist, and those that wait.
    fn classes(&self) -> Vec<(NodeId, subclasses::Turn)> {
        self.classes.borrow().iter().map(|(class, turn)| (*class, turn.clone())).collect()
    }

    /// A class, if it was made.
    fn class_made(&self, class: NodeId) -> Option<Object> {
        match self.rehydrator.try_borrow().ok()?.slot(class) {
            Slot::Made(object) => Some(object),
            _ => None,
        }
    }

    fn resolve(self: &Rc<Self>, symbol: &Symbol) -> Result<Object, Failure> {
        match symbol {
            Symbol::Own(node) => self.value(*node),
            Symbol::Elsewhere(other, node) => other.value(*node),
        }
    }

    // ---- touches

    /// The value of a name, if it waited: now it is bound.
    pub fn touch_name(self: &Rc<Self>, name: &Name) -> Result<Option<Object>, Failure> {
        let symbol = self.names.borrow().get(name).cloned();
        let Some(symbol) = symbol else { return Ok(None) };
        let globals = &self.globals;
        if let Some(stored) = globals.dict_get(name)? {
            // A store that came before the first touch wins.
            self.names.borrow_mut().remove(name);
            return Ok(Some(stored));
        }
        let value = self.resolve(&symbol)?;
        if self.names.borrow_mut().remove(name).is_some() {
            self.set(name, &value)?;
        }
        Ok(Some(value))
    }

    /// The same for a Python string; an error is set as an exception.
    pub fn touch(self: &Rc<Self>, name: &Object) -> Fallible<Option<Object>> {
        let Some(name) = Name::of(name)? else { return Ok(None) };
        let touched = self.touch_name(&name).map_err(raise)?;
        if touched.is_some() && self.is_imported.get() && self.names.borrow().is_empty() {
            self.complete()?;
        }
        Ok(touched)
    }

    /// The names of the module in order, those that wait among them; a tuple.
    pub fn all_names(&self) -> Fallible<Object> {
        Object::tuple(self.order.borrow().keys(&self.globals)?)
    }

    /// The module's namespace.
    pub fn globals(&self) -> &Object {
        &self.globals
    }

    /// `co_filename` of the module's code.
    pub fn filename(&self) -> Object {
        self.rehydrator.borrow().filename.clone()
    }

    pub fn is_namespace(&self, globals: *mut ffi::PyObject) -> bool {
        self.globals.as_ptr() == globals
    }

    /// A constant of the module's code, or the code itself.
    pub fn constant(&self, node: NodeId) -> Result<Object, Failure> {
        self.make(node)
    }

    /// Whether names can wait here.
    pub fn can_wait(&self) -> bool {
        self.is_installed.get() && !self.binds_at_once.get()
    }

    /// Somebody takes the whole namespace, perhaps for a copy: it is complete, and its builtins are the real ones; while
    /// the module is being imported, nothing begins to wait any more.
    pub fn hand_out(self: &Rc<Self>) -> Fallible<()> {
        self.complete()?;
        if !self.is_imported.get() && self.is_installed.get() {
            self.bind_at_once();
            if let Some(real) = crate::import::builtins_dict() {
                self.globals.dict_set_name(name!("__builtins__"), &real)?;
            }
        }
        Ok(())
    }

    /// From now on values are made when their turn has come: the module's own code can't ask for names any more.
    pub fn bind_at_once(&self) {
        self.binds_at_once.set(true);
    }

    /// Whether a name waits.
    pub fn waits(&self, name: &Name) -> bool {
        self.names.borrow().contains_key(name)
    }

    /// Makes everything that still waits; from now on the module is an ordinary one (while it is being
    /// imported: as soon as that is over).
    pub fn complete(self: &Rc<Self>) -> Fallible<()> {
        self.make_all()?;
        self.order.borrow_mut().restore(&self.globals)?;
        if self.is_imported.get() {
            self.uninstall();
        }
        Ok(())
    }

    fn make_all(self: &Rc<Self>) -> Fallible<()> {
        let names = self.order.borrow().names();
        for name in names {
            self.touch_name(&name).map_err(raise)?;
        }
        Ok(())
    }

    /// The same, whatever exception is set; an import that raises leaves what it has bound.
    pub fn complete_aside(self: &Rc<Self>) {
        keeping_error(|| self.complete());
    }

    /// The value at a place has never been made.
    pub fn is_untouched(&self, node: NodeId) -> bool {
        self.rehydrator.try_borrow().is_ok_and(|rehydrator| rehydrator.is_absent(node))
    }

    /// No further name can begin to wait.
    pub fn is_imported(&self) -> bool {
        self.is_imported.get()
    }

    /// One more function was entered; after many the module is completed, so that nothing is slow for long.
    pub fn entered(self: &Rc<Self>) -> Fallible<()> {
        if !self.is_imported.get() {
            return Ok(());
        }
        const MOST: u32 = 1000;
        self.entries.set(self.entries.get() + 1);
        if self.entries.get() == MOST { self.complete() } else { Ok(()) }
    }

    // ---- becoming a waiting module, and an ordinary one again

    /// Before anything of the module is made: a function finds its builtins when it is made.
    pub fn install(self: &Rc<Self>) -> Fallible<()> {
        if !self.image().operations().any(may_put_off) || !module_type::is_usable() {
            return Ok(());
        }
        subclasses::notice_program()?;
        self.is_installed.set(true);
        let (module, globals) = (&self.module, &self.globals);
        globals.dict_set_name(name!("__builtins__"), &builtins::stand_in()?)?;
        module_type::set_pending(module);
        REGISTRY.with(|registry| {
            registry.get_or_insert_with(FxHashMap::default).insert(globals.as_ptr() as usize, self.clone());
        });
        Ok(())
    }

    pub fn uninstall(&self) {
        let (module, globals) = (&self.module, &self.globals);
        self.names.borrow_mut().clear();
        if self.is_installed.replace(false) {
            if !is_finalizing()
                && let Some(real) = crate::import::builtins_dict()
            {
                if let (Ok(rehydrator), Ok(stand_in)) = (self.rehydrator.try_borrow(), builtins::stand_in()) {
                    for object in rehydrator.made().filter(|object| frame::has_globals(object, globals)) {
                        frame::give_function_builtins(&object, &stand_in, &real);
                    }
                }
                let _ =
                    globals.dict_set_name(name!("__builtins__"), &real).map_err(|Raised| crate::object::take_message());
            }
            module_type::set_plain(module);
        }
        let removed = REGISTRY
            .with(|registry| registry.as_mut().and_then(|registry| registry.remove(&(globals.as_ptr() as usize))));
        self.classes.borrow_mut().clear();
        if !self.is_shared.get() {
            let let_go = self.rehydrator.try_borrow_mut().map(|mut rehydrator| rehydrator.keep_for_methods());
            drop(let_go);
        }
        drop(removed);
    }

    /// The import is over. Where nothing was put off, the state is not needed.
    pub fn settle(self: &Rc<Self>) -> Fallible<()> {
        self.is_imported.set(true);
        if self.names.borrow().is_empty() { self.complete() } else { Ok(()) }
    }

    /// Whether the module is one of those with waiting names: then its type shows the collector what is held here.
    fn is_registered(&self) -> bool {
        REGISTRY.with(|registry| {
            registry.as_ref().is_some_and(|registry| registry.contains_key(&(self.globals.as_ptr() as usize)))
        })
    }

    /// Every object that the state holds, for the collector.
    pub fn visit(&self, visit: &mut dyn FnMut(*mut ffi::PyObject)) {
        visit(self.module.as_ptr());
        visit(self.globals.as_ptr());
        if let Ok(rehydrator) = self.rehydrator.try_borrow() {
            rehydrator.visit(visit);
        }
    }
}

/// Whether a name may begin to wait by an operation.
fn may_put_off(operation: Result<OperationView<'_>, ReadError>) -> bool {
    match operation {
        Ok(OperationView::Store { demand, .. }) => demand.may_wait,
        Ok(OperationView::Import { binding: BindingView::Names(_) | BindingView::Star, may_wait, .. }) => may_wait,
        _ => false,
    }
}

/// Sets the failure as an exception.
fn raise(failure: Failure) -> Raised {
    match failure {
        Failure::Raised => Raised,
        other => crate::raise(&format!("lyo: a value can't be made: {other}")),
    }
}
