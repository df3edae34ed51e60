//! What an evaluation leaves behind: a frozen heap, a namespace, and a judgement on each statement.

use std::sync::{Arc, OnceLock};

use rustc_hash::{FxHashMap, FxHashSet};
use syntax::ir::Name;

use crate::effect::{self, Changed, Effect, Place};
use crate::heap::Heap;
use crate::ordered::Ordered;
use crate::reason::Reason;
use crate::value::{ModuleId, ObjectRef, Value};

pub type Namespace = Ordered<Name, Value>;

/// What a top-level statement was proven to be (design §2).
#[derive(Clone, Debug, PartialEq)]
pub enum Outcome {
    /// Changes nothing but its module's own objects; same result in every process.
    Static,
    /// Runs imports at module level and is otherwise static.
    Import,
    /// Makes something that each process must make afresh, and is otherwise static.
    Recipe,
    /// Has effects outside the module that are known completely, and is otherwise static.
    Replayed(Arc<Replay>),
    /// Harmless, because the user declares so what it calls; runs where it stands, at each import.
    Declared(Arc<Reason>),
    /// Runs at import, as always.
    Residual(Arc<Reason>),
}

/// The effects of a statement, to be carried out in its place.
#[derive(Clone, Debug, PartialEq)]
pub struct Replay {
    /// In the order in which the statement has them; never empty.
    pub effects: Vec<Effect>,
    /// It also runs imports at module level.
    pub imports: bool,
    /// It also makes something that each process must make afresh.
    pub recipe: bool,
}

/// A name or attribute of another module that a result rests on.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Dependency {
    /// Dotted module name; `builtins` for builtins.
    pub module: Name,
    /// The global name, then attributes: `["Enum", "__init_subclass__"]`.
    pub path: Vec<Name>,
    /// Of a mutable container it matters what it holds, and not only that it is one.
    pub contents: bool,
}

impl Dependency {
    /// That an environment variable is what it was: entries of `os.environ` lie in the dictionary of its `_data`.
    pub fn on_environment_variable(name: &str) -> Dependency {
        let path = ENVIRONMENT.into_iter().chain([name]).map(Name::from).collect();
        Dependency { module: "os".into(), path, contents: true }
    }

    /// That the C library's mathematical functions are those that the target has: the runtime tells by an attribute of its own.
    pub fn on_libm() -> Dependency {
        Dependency { module: LIBM.0.into(), path: vec![LIBM.1.into()], contents: true }
    }

    pub fn is_on_libm(&self) -> bool {
        &*self.module == LIBM.0 && matches!(self.path.as_slice(), [name] if &**name == LIBM.1)
    }

    /// The environment variable that the result rests on.
    pub fn environment_variable(&self) -> Option<&Name> {
        let (name, around) = self.path.split_last()?;
        (&*self.module == "os" && around.iter().map(|part| &**part).eq(ENVIRONMENT)).then_some(name)
    }
}

/// Module and name.
const LIBM: (&str, &str) = ("lyo._native", "libm");
const ENVIRONMENT: [&str; 2] = ["environ", "_data"];

/// In which order a set was filled.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Filling {
    pub items: Vec<Name>,
    /// The set is a copy of one that was filled so.
    pub is_copy: bool,
}

/// A frozen module: never changes once evaluation is over.
#[derive(Clone, Debug)]
pub struct Evaluated {
    pub module: ModuleId,
    pub heap: Heap,
    /// Names in the order in which the module's `__dict__` holds them, module attributes such as `__name__` excluded.
    pub namespace: Namespace,
    /// Parallel to the IR's statements.
    pub outcomes: Vec<Outcome>,
    /// What was read of other modules, with the index of the first statement that needed it. Sorted by statement, then path.
    pub dependencies: Vec<(u32, Dependency)>,
    /// The namespace may hold names that are not listed (a star import from an unknown module, `globals()` handed out).
    pub open_namespace: bool,
    /// Code that is not known had the chance to add names, as `globals()[…] = …` in a call does.
    pub porous: bool,
    /// Executing the top level surely raises.
    pub fails: bool,
    /// Indices of residual statements after which nothing that was bound before is known: they may have changed any
    /// of this module's names and objects. In order.
    pub opaque: Vec<u32>,
    /// Of other residual statements: the older names that lead to objects which the statement changes, by its index. In order.
    pub forgotten: Vec<(u32, Name)>,
    /// Names of the namespace that may be unbound.
    pub unsure: FxHashSet<Name>,
    /// Names of the namespace of which only a guard tells that they hold what is told here.
    pub speculative: FxHashSet<Name>,
    /// What is certain of those among them that may hold something else altogether: an unknown value.
    pub veiled: FxHashMap<Name, Value>,
    /// Entries of `sys.modules` that the top level replaces: absolute name and module.
    pub module_aliases: Vec<(Name, Value)>,
    /// What the module, and all that it surely imports, has changed of others. Whoever imports it
    /// must not take those for what their own module left.
    pub changed: Arc<FxHashSet<Changed>>,
    /// Code that is not known has run, in the module or in one that it imports: it may have changed whatever it likes.
    pub ran_unknown_code: bool,
    /// Ranges of the heap that were made by calls behind a cache, which hands the same objects to other
    /// modules. Sorted.
    pub shared: Vec<(u32, u32)>,
    /// Shared objects, by their indices in the heap, that stand for what another module makes when the name is first
    /// asked for, and keeps under it.
    pub stand_ins: FxHashMap<u32, (ModuleId, Name)>,
    /// Modules with source that the top level imports whatever happens. Sorted.
    pub surely_loaded: Vec<ModuleId>,
    /// How sets of texts were filled, by the name that holds them, or class and attribute.
    pub fillings: Vec<(Vec<Name>, Filling)>,
    /// Interpreter steps taken.
    pub steps: u64,
    /// See [`Evaluated::place`].
    pub places: OnceLock<FxHashMap<u32, Place>>,
}

impl Evaluated {
    /// Where an object of the module lies; `None` where no stable path leads to it.
    pub fn place(&self, object: ObjectRef) -> Option<&Place> {
        self.places.get_or_init(|| effect::places(self)).get(&object.index).filter(|_| object.owner == self.module)
    }
}

/// How many steps it took doesn't count, nor do the places, which follow from the rest.
impl PartialEq for Evaluated {
    fn eq(&self, other: &Self) -> bool {
        let Evaluated {
            module,
            heap,
            namespace,
            outcomes,
            dependencies,
            open_namespace,
            porous,
            fails,
            opaque,
            forgotten,
            unsure,
            speculative,
            veiled,
            module_aliases,
            changed,
            ran_unknown_code,
            shared,
            stand_ins,
            surely_loaded,
            fillings,
            steps: _,
            places: _,
        } = self;
        *module == other.module
            && (*open_namespace, *porous, *fails) == (other.open_namespace, other.porous, other.fails)
            && *ran_unknown_code == other.ran_unknown_code
            && *surely_loaded == other.surely_loaded
            && *fillings == other.fillings
            && *namespace == other.namespace
            && *outcomes == other.outcomes
            && *dependencies == other.dependencies
            && *opaque == other.opaque
            && *forgotten == other.forgotten
            && *unsure == other.unsure
            && *speculative == other.speculative
            && *veiled == other.veiled
            && *module_aliases == other.module_aliases
            && *changed == other.changed
            && *shared == other.shared
            && *stand_ins == other.stand_ins
            && *heap == other.heap
    }
}

/// What importing a module does, as others see it who don't look at what it holds.
#[derive(Clone, Copy)]
pub struct Passage<'a>(&'a Evaluated);

impl<'a> Passage<'a> {
    pub fn of(evaluated: &'a Evaluated) -> Passage<'a> {
        Passage(evaluated)
    }

    pub fn fails(self) -> bool {
        self.0.fails
    }

    pub fn is_proven(self) -> bool {
        self.0.is_proven()
    }

    pub fn changed(self) -> &'a Arc<FxHashSet<Changed>> {
        &self.0.changed
    }

    pub fn ran_unknown_code(self) -> bool {
        self.0.ran_unknown_code
    }

    pub fn surely_loaded(self) -> &'a [ModuleId] {
        &self.0.surely_loaded
    }

    /// What the module puts into `sys.modules` under this name.
    pub fn alias(self, name: &str) -> Option<&'a Value> {
        self.0.module_aliases.iter().find(|(alias, _)| **alias == *name).map(|(_, module)| module)
    }
}

impl PartialEq for Passage<'_> {
    fn eq(&self, other: &Self) -> bool {
        let Passage(one) = self;
        let Passage(other) = other;
        one.fails == other.fails
            && one.is_proven() == other.is_proven()
            && one.ran_unknown_code == other.ran_unknown_code
            && one.changed == other.changed
            && one.surely_loaded == other.surely_loaded
            && one.module_aliases == other.module_aliases
    }
}

impl Evaluated {
    /// What the name holds, whatever code that is not known may have done; [`Self::namespace`] tells more to those who
    /// set up a guard.
    pub fn certain(&self, name: &str) -> Option<&Value> {
        self.veiled.get(name).or_else(|| self.namespace.get(name))
    }

    /// No statement of it runs code that is not proven, and its names are known.
    pub fn is_proven(&self) -> bool {
        let runs = |outcome: &Outcome| matches!(outcome, Outcome::Residual(_) | Outcome::Declared(_));
        !self.open_namespace && !self.outcomes.iter().any(runs)
    }
}
