//! The abstract interpreter: runs a module's top level over values that are
//! concrete wherever they can be.
//!
//! Each top-level statement is run by itself. A statement that stays within
//! what is proven (it changes only objects of its own module, calls only known
//! code, raises nothing that escapes) is static. At the first operation that
//! is not proven, evaluation of the statement stops with a
//! [`Reason`]; what the rest of it could have changed is then forgotten (see
//! [`forget`]). Nothing unknown is ever taken for harmless: the only things
//! that can be done with an unknown value are to bind, pass and store it.

mod acceptance;
mod arity;
mod attributes;
mod binding;
mod cached;
mod calls;
mod classes;
mod combinatorics;
mod comparison;
mod construct;
mod containers;
mod dynamic;
mod exceptions;
mod filled;
mod finding;
mod forget;
pub mod frame;
mod functions;
mod generators;
mod ground_calls;
mod groups;
mod guarded;
mod hashing;
mod identity;
mod imports;
mod iteration;
mod itertools;
mod known;
mod libm;
mod live;
mod locks;
mod methods;
mod models;
mod operator_module;
mod operators;
mod ordered;
mod passed_on;
mod patterns;
mod reach;
mod regular;
mod replay;
mod replay_calls;
mod representation;
mod setting;
mod sides;
mod signatures;
mod sorting;
mod step;
mod subscripts;
mod surroundings;
mod suspect;
mod truth;
mod types;
mod typing;
mod unsupported;
mod ways;
mod weak;

pub use imports::reaches_namespace;

use std::collections::BTreeMap;
use std::sync::Arc;

use indexmap::IndexMap;
use rustc_hash::{FxBuildHasher, FxHashMap, FxHashSet};
use syntax::TextRange;
use syntax::ir::{self, Name, StatementKind};

use crate::effect::Effect;
use crate::evaluated::{Dependency, Evaluated, Namespace, Outcome, Replay};
use crate::heap::{Attributes, Dict, Heap, Object};
use crate::key::Key;
use crate::primitive;
use crate::reason::{Link, Reason, Rule, Site};
use crate::value::{ModuleId, ObjectRef, Value};
use crate::world::World;
use frame::{Frame, Scope};
use known::Known;

/// Why evaluation of an expression ends without a value.
#[derive(Clone, Debug)]
pub(crate) enum Stop {
    /// A Python exception, which code may catch.
    Raise(Value),
    /// Something that is not proven: the whole statement runs at import.
    Residual(Arc<Reason>),
}

pub(crate) type Eval<T> = Result<T, Stop>;

/// Deepest nesting of containers that is looked into.
const MAX_NESTING: usize = 60;

/// Limits on the work that one module's evaluation may do.
#[derive(Clone, Copy, Debug)]
pub struct Budget {
    /// Instructions in one top-level statement.
    pub statement_steps: u64,
    /// Instructions in one module.
    pub module_steps: u64,
    /// Calls within calls. Bounds the native stack that evaluation takes.
    pub depth: usize,
    /// Objects in one module's heap.
    pub objects: usize,
}

impl Default for Budget {
    fn default() -> Self {
        Budget { statement_steps: 2_000_000, module_steps: 10_000_000, depth: 180, objects: 2_000_000 }
    }
}

/// Where an active frame stands.
#[derive(Clone, Copy, Debug)]
struct Position {
    module: ModuleId,
    code: ir::CodeId,
    counter: u32,
    /// A `try` or `with` is in force in the frame.
    guarded: bool,
    /// Code evaluated from text: it has no place in a file.
    dynamic: bool,
}

pub struct Machine<'w> {
    world: &'w dyn World,
    known: Known,
    module: ModuleId,
    name: Name,
    heap: Heap,
    namespace: Namespace,
    /// Where a name came from when `from m import x` bound it.
    provenance: FxHashMap<Name, (Name, Name)>,
    positions: Vec<Position>,
    dependencies: IndexMap<Dependency, u32, FxBuildHasher>,
    /// Source modules that this module's imports have surely loaded.
    imported: FxHashSet<ModuleId>,
    /// See [`Evaluated::surely_loaded`].
    surely_loaded: FxHashSet<ModuleId>,
    open_namespace: bool,
    porous: bool,
    fails: bool,
    opaque: Vec<u32>,
    forgotten: Vec<(u32, Name)>,
    /// Names that lead to what statements that run at import have bound or changed, where these were followed to
    /// their end: what the names hold is known, but whoever touches it runs at import too.
    tainted: FxHashMap<Name, Arc<Reason>>,
    suspects: suspect::Suspects,
    /// See [`Evaluated::veiled`].
    veiled: FxHashMap<Name, Value>,
    /// Names in the namespace that may be unbound: only some paths through a statement that runs at import bind them.
    unsure: FxHashSet<Name>,
    /// A statement before this one runs code at import that is not known.
    impure: bool,
    /// Before this one, code has run that is not known: not only what C code does to the outside world.
    unknown_code: bool,
    /// The same of a module that was imported.
    imports_unknown_code: bool,
    /// An import before this statement fails: where the rest runs all the same, another module was found.
    past_failure: bool,
    module_aliases: Vec<(Name, Value)>,
    overlay: replay::Overlay,
    /// What this module's evaluation has added to caches of other modules (see [`guarded`]).
    cached: FxHashMap<ObjectRef, Dict>,
    /// Objects that something rests on as long as they are there (see [`weak`]).
    watched: Vec<ObjectRef>,
    /// Coroutines, and the statements that made them: one that is never closed warns when it is collected.
    coroutines: Vec<(ObjectRef, u32)>,
    /// Exceptions being handled by all frames that run, innermost last.
    handling: Vec<Value>,
    /// Exceptions that the interpreter raises, as opposed to a `raise` statement.
    raised_here: FxHashSet<ObjectRef>,
    /// An object of this module was handed to code that is not known.
    leaked: bool,
    budget: Budget,
    /// Parts of values that were looked at since the last step by those who can't stop the evaluation.
    looked_through: std::cell::Cell<usize>,
    steps: u64,
    /// Operations under way that handle some of the exceptions of the code they run, as `hasattr` does.
    catching: u32,
    /// Calls of `__hash__` under way, whose result is only used to find equal keys.
    hashing: u32,
    /// What the call of `__hash__` under way has hashed, and the keys.
    hashed: Vec<(Value, Key)>,
    /// The call of `__hash__` under way computes with hashes.
    mixes_hashes: bool,
    /// Objects whose classes define `__eq__` and `__hash__` in Python, by what the latter hashes, with their numbers.
    customs: FxHashMap<Key, Vec<(Value, u32)>>,
    custom_count: u32,
    /// What the `__hash__` of those objects hashed when they were first met.
    custom_hashes: FxHashMap<ObjectRef, Key>,
    /// See [`Evaluated::shared`].
    shared: Vec<(u32, u32)>,
    /// Objects of other modules, handed out by a cache, that were met as keys by their identity.
    shared_keys: FxHashSet<ObjectRef>,
    /// See [`Evaluated::stand_ins`].
    stand_ins: FxHashMap<u32, (ModuleId, Name)>,
    /// Sets that items were removed from.
    thinned: FxHashSet<u32>,
    fillings: filled::Fillings,
    /// How many items were removed or moved in instances of `OrderedDict`.
    ordered_changes: u64,
    /// Code objects that were hashed, by their names.
    codes: FxHashMap<Name, Vec<(ModuleId, ir::CodeId, u32)>>,
    /// What functions behind a cache have given so far.
    answers: FxHashMap<ObjectRef, cached::Answers>,
    /// How many times they have given something new.
    answered: u64,
    /// A call behind a cache is under way: objects before this one are older than it.
    floor: Option<u32>,
    /// `dataclasses` looks at an annotation that has nothing to do with `typing`: it makes no difference whether that
    /// is loaded.
    typing_is_idle: bool,
    /// Imports carried out so far.
    loads: u64,
    /// The objects whose identities were asked for, in order.
    identified: Vec<Option<Value>>,
    /// The abstract classes that this module has made.
    abstract_classes: Vec<ObjectRef>,
    /// What exceptions say whose message is known to the target only.
    described: FxHashMap<ObjectRef, Arc<str>>,
    /// Containers whose repr is being written (`Py_ReprEnter`).
    representing: Vec<representation::Represented>,
    current: Statement,
}

/// What has been seen of the statement under evaluation.
#[derive(Default)]
struct Statement {
    index: u32,
    steps: u64,
    imports: bool,
    recipe: bool,
    /// An effect that is known in so far as it can't reach this module.
    effect: Option<Arc<Reason>>,
    /// It uses something that the user declares harmless.
    declared: Option<Arc<Reason>>,
    /// Effects that are known completely.
    effects: Vec<Effect>,
    /// An effect that may have run code which is not known.
    opaque_effect: bool,
    /// That code is not known only to do something to the outside world.
    runs_unknown_code: bool,
    /// The code that stopped the evaluation could reach this module's namespace.
    reached: bool,
    /// An import ran code that may reach what was handed out before.
    is_reaching_import: bool,
    /// It rests on a name of the module that may have been bound anew.
    speculates: bool,
    /// It rests on what belongs to others, after an import that has run code which is not known: as a rule that has not
    /// changed it, and a guard says so, but nothing is certain.
    trusts: bool,
    /// It has read what code that is not known may have changed, and no guard can vouch for.
    unvouched: Option<ObjectRef>,
    /// An object of this module was handed to code that is not known before the statement began.
    leaked_before: bool,
    /// Functions of others, and the `__annotations__` that they have for as long as the statement runs.
    lent: Vec<(ObjectRef, ObjectRef)>,
    /// The statement is an import and nothing else.
    is_plain_import: bool,
    /// Answers to questions that only the run time can answer, in the order they are asked.
    decisions: Vec<bool>,
    asked: usize,
    /// The namespace before the statement, once it is needed to run the statement again.
    before: Option<ways::Names>,
    /// The statement has bound or deleted a name.
    binds: bool,
    /// Length of the heap before the statement, and whether an older object was changed since.
    heap_before: usize,
    /// How many identities were asked for before the statement.
    identified_before: usize,
    changed_older: bool,
    /// The older objects of this module that were changed since, by their indices.
    changed: FxHashSet<u32>,
    /// What those were before, once it is needed to run the statement again.
    saved: FxHashMap<u32, Object>,
    /// The module's namespace was changed as a dict.
    changed_namespace: bool,
    /// Module and name of the last `from m import x`, until it is bound.
    imported_name: Option<(Name, Name)>,
    /// Generators made by this statement.
    generators: Vec<ObjectRef>,
    /// Locks that this statement has taken and not released (or, negative, released and not taken), and how often.
    taken: BTreeMap<ObjectRef, i64>,
}

/// Evaluates a module's top level.
pub fn evaluate(world: &dyn World, module: ModuleId) -> Evaluated {
    evaluate_within(world, module, Budget::default())
}

/// As [`evaluate`], with limits of one's own.
pub fn evaluate_within(world: &dyn World, module: ModuleId, budget: Budget) -> Evaluated {
    let mut machine = Machine::new(world, module, budget);
    let outcomes = match world.ir(module).cloned() {
        Some(ir) => machine.run_module(&ir),
        None => Vec::new(),
    };
    let speculative = machine.speculative_names();
    let fillings = machine.known_fillings();
    let mut dependencies: Vec<(u32, Dependency)> =
        machine.dependencies.into_iter().map(|(dependency, statement)| (statement, dependency)).collect();
    dependencies.sort();
    let mut surely_loaded: Vec<ModuleId> = machine.surely_loaded.into_iter().collect();
    surely_loaded.sort();
    Evaluated {
        module,
        heap: machine.heap,
        namespace: machine.namespace,
        outcomes,
        dependencies,
        open_namespace: machine.open_namespace,
        porous: machine.porous,
        fails: machine.fails,
        opaque: machine.opaque,
        forgotten: machine.forgotten,
        unsure: machine.unsure,
        speculative,
        veiled: machine.veiled,
        module_aliases: machine.module_aliases,
        changed: Arc::new(machine.overlay.all()),
        ran_unknown_code: machine.unknown_code || machine.imports_unknown_code,
        shared: machine.shared,
        stand_ins: machine.stand_ins,
        surely_loaded,
        fillings,
        steps: machine.steps,
        places: Default::default(),
    }
}

impl<'w> Machine<'w> {
    /// A machine that stands where an evaluation has ended.
    pub(crate) fn resume_after(world: &'w dyn World, evaluated: &Evaluated) -> Machine<'w> {
        let mut machine = Machine::new(world, evaluated.module, Budget::default());
        machine.heap = evaluated.heap.clone();
        machine.namespace = evaluated.namespace.clone();
        machine.namespace.extend(evaluated.veiled.iter().map(|(name, value)| (name.clone(), value.clone())));
        machine.open_namespace = evaluated.open_namespace;
        machine.unsure = evaluated.unsure.clone();
        machine.shared = evaluated.shared.clone();
        machine.stand_ins = evaluated.stand_ins.clone();
        machine.impure = true;
        machine
    }

    /// `repr(value)` where it is the same in every process.
    pub(crate) fn render(&mut self, value: &Value) -> Option<String> {
        self.current = Statement::default();
        self.positions.clear();
        self.steps = 0;
        match self.repr_of(value) {
            Ok(Value::Str(text)) if self.current.effect.is_none() => Some(text.to_string()),
            _ => None,
        }
    }

    /// `type(value).__name__` where it is known.
    pub(crate) fn render_type(&mut self, value: &Value) -> Option<String> {
        if let Value::Unknown(reason) = value {
            return reason.class.map(|class| self.type_name(crate::heap::Type::Ground(class)));
        }
        let class = self.type_of(value).ok()?;
        Some(self.type_name(class))
    }

    fn new(world: &'w dyn World, module: ModuleId, budget: Budget) -> Machine<'w> {
        Machine {
            world,
            known: Known::find(world.ground()),
            module,
            name: world.module_name(module).into(),
            heap: Heap::default(),
            namespace: Namespace::default(),
            provenance: FxHashMap::default(),
            positions: Vec::new(),
            dependencies: IndexMap::default(),
            imported: FxHashSet::default(),
            surely_loaded: FxHashSet::default(),
            open_namespace: false,
            porous: false,
            fails: false,
            opaque: Vec::new(),
            forgotten: Vec::new(),
            tainted: FxHashMap::default(),
            suspects: suspect::Suspects::default(),
            veiled: FxHashMap::default(),
            unsure: FxHashSet::default(),
            impure: false,
            unknown_code: false,
            imports_unknown_code: false,
            past_failure: false,
            module_aliases: Vec::new(),
            overlay: replay::Overlay::default(),
            cached: FxHashMap::default(),
            watched: Vec::new(),
            coroutines: Vec::new(),
            handling: Vec::new(),
            raised_here: FxHashSet::default(),
            leaked: false,
            budget,
            looked_through: std::cell::Cell::default(),
            steps: 0,
            catching: 0,
            hashing: 0,
            hashed: Vec::new(),
            mixes_hashes: false,
            customs: FxHashMap::default(),
            custom_count: 0,
            custom_hashes: FxHashMap::default(),
            shared: Vec::new(),
            shared_keys: FxHashSet::default(),
            stand_ins: FxHashMap::default(),
            thinned: FxHashSet::default(),
            fillings: Default::default(),
            ordered_changes: 0,
            codes: FxHashMap::default(),
            answers: FxHashMap::default(),
            answered: 0,
            floor: None,
            typing_is_idle: false,
            loads: 0,
            identified: Vec::new(),
            abstract_classes: Vec::new(),
            described: FxHashMap::default(),
            representing: Vec::new(),
            current: Statement::default(),
        }
    }

    fn run_module(&mut self, ir: &Arc<ir::Module>) -> Vec<Outcome> {
        let mut outcomes = Vec::with_capacity(ir.statements.len());
        if ir.has_annotations && self.version() < (3, 14) {
            let annotations = self.allocate(Object::Dict(Default::default()));
            self.namespace.insert("__annotations__".into(), annotations);
        }
        let mut dead: Option<Arc<Reason>> = None;
        for (index, statement) in ir.statements.iter().enumerate() {
            if let Some(reason) = &dead {
                for name in &statement.binds {
                    self.namespace.insert(name.clone(), Value::Unknown(reason.clone()));
                }
                outcomes.push(Outcome::Residual(reason.clone()));
                continue;
            }
            let result = self.run_all_ways(ir, statement, index as u32);
            self.positions.clear();
            let completed = result.is_ok();
            let mut raises_for_sure = false;
            let outcome = match result {
                Ok(()) => match (self.current.effect.take(), self.current.declared.take()) {
                    (Some(reason), _) => {
                        self.forget(ir, statement, &reason, true);
                        Outcome::Residual(reason)
                    }
                    (None, Some(reason)) => {
                        self.forget(ir, statement, &reason, true);
                        // What it changes elsewhere is known, but can't be carried out apart from the rest.
                        if self.current.effects.is_empty() {
                            Outcome::Declared(reason)
                        } else {
                            Outcome::Residual(reason)
                        }
                    }
                    _ if !self.current.effects.is_empty() => Outcome::Replayed(Arc::new(Replay {
                        effects: std::mem::take(&mut self.current.effects),
                        imports: self.current.imports,
                        recipe: self.current.recipe,
                    })),
                    _ if self.current.recipe => Outcome::Recipe,
                    _ if self.current.imports
                        || matches!(statement.kind, StatementKind::Import | StatementKind::Future) =>
                    {
                        self.distrust_after_import(ir, statement);
                        Outcome::Import
                    }
                    _ => Outcome::Static,
                },
                Err(Stop::Residual(reason)) => {
                    self.forget(ir, statement, &reason, false);
                    Outcome::Residual(reason)
                }
                Err(Stop::Raise(exception)) => {
                    let is_certain = !self.current.speculates && !self.current.trusts;
                    let verb = if is_certain { "raises" } else { "may raise" };
                    let message = format!("{verb} {}", self.describe_exception(&exception));
                    let site = Site { module: self.module, range: statement.range };
                    let reason = Reason::chained(Rule::Raises, message.clone(), vec![Link { site, message }]);
                    self.forget(ir, statement, &reason, false);
                    self.fails |= is_certain;
                    raises_for_sure = is_certain;
                    self.past_failure |= matches!(statement.kind, StatementKind::Import);
                    // A module that is missing here may be installed elsewhere: the rest is judged as if it were there.
                    if is_certain && !matches!(statement.kind, StatementKind::Import) {
                        dead = Some(reason.clone());
                    }
                    Outcome::Residual(reason)
                }
            };
            self.note_speculation(&statement.binds);
            let gone = self.check_watched(ir, statement);
            let completed = completed && gone.is_none();
            let outcome = gone.map_or(outcome, Outcome::Residual);
            if matches!(outcome, Outcome::Residual(_) | Outcome::Declared(_)) {
                // Nothing that a build computes rests on what only this statement has read.
                while self.dependencies.last().is_some_and(|(_, first)| *first == index as u32) {
                    self.dependencies.pop();
                }
                let stopped = !completed && !raises_for_sure;
                self.impure |= stopped || self.current.opaque_effect;
                self.unknown_code |= stopped || self.current.runs_unknown_code;
                self.forget_changes();
            }
            outcomes.push(outcome);
        }
        self.hide_tainted();
        self.veiled = self.veil_speculation();
        for (coroutine, statement) in std::mem::take(&mut self.coroutines) {
            let open = matches!(self.object(coroutine), Object::Generator(generator) if generator.frame.is_some());
            if let (true, Some(outcome)) = (open, outcomes.get_mut(statement as usize)) {
                let message = "makes a coroutine that is never closed";
                let range = ir.statements.get(statement as usize).map_or_else(TextRange::default, |made| made.range);
                let link = Link { site: Site { module: self.module, range }, message: message.into() };
                *outcome = Outcome::Residual(Reason::chained(Rule::NotModelled, message, vec![link]));
            }
        }
        outcomes
    }

    fn run_statement(&mut self, ir: &Arc<ir::Module>, statement: &ir::TopLevel) -> Eval<()> {
        let mut frame = self.new_frame(ir.clone(), self.module, statement.code, Scope::Module, &[]);
        self.run_to_end(&mut frame)?;
        Ok(())
    }

    /// What a statement may not leave behind when it has run.
    fn check_left_behind(&mut self) -> Eval<()> {
        self.check_vouched()?;
        self.check_lent()?;
        self.check_generators()?;
        self.check_locks()?;
        self.check_identities();
        Ok(())
    }

    /// A generator that was abandoned inside a `try` or `with` would run code when it is collected.
    fn check_generators(&mut self) -> Eval<()> {
        let suspended = self.current.generators.iter().any(|generator| match self.object(*generator) {
            Object::Generator(generator) => generator.frame.as_ref().is_some_and(|frame| !frame.handlers.is_empty()),
            _ => false,
        });
        if suspended {
            return self
                .residual(Rule::NotModelled, "a suspended generator has cleaning up to do when it is collected");
        }
        Ok(())
    }

    // ---- stopping

    /// Stops the statement, with the chain of calls as it stands.
    fn residual<T>(&mut self, rule: Rule, message: impl Into<String>) -> Eval<T> {
        let reason = self.reason_here(rule, message.into());
        self.note_reach();
        Err(Stop::Residual(reason))
    }

    /// Stops because of an unknown value: says why it is unknown.
    fn unknown<T>(&mut self, rule: Rule, what: &str, why: &Reason) -> Eval<T> {
        let message = match why.root_cause() {
            "" => what.to_string(),
            cause => format!("{what}: {cause}"),
        };
        self.residual(rule, message)
    }

    /// Goes on with an unknown result, where what is not known can't have got hold of an
    /// object of this module and no handler waits for what it might raise.
    fn soft(&mut self, rule: Rule, message: String, operands: &[&Value]) -> Eval<Value> {
        let own = operands.iter().any(|operand| self.holds_own_object(operand));
        if own || self.leaked || self.may_be_caught() {
            return self.residual(rule, message);
        }
        self.effect(rule, message.clone());
        Ok(Value::Unknown(Reason::new(rule, message)))
    }

    /// Runs what an operation runs whose course depends on whether it raises.
    fn catching<T>(&mut self, run: impl FnOnce(&mut Self) -> Eval<T>) -> Eval<T> {
        self.catching += 1;
        let result = run(self);
        self.catching -= 1;
        result
    }

    /// Does the user declare harmless what this value is? Then the statement rests on that.
    fn note_declaration(&mut self, value: &Reason) -> bool {
        let Some(origin) = value.origin.as_ref().filter(|origin| self.world.is_declared_harmless(origin)) else {
            return false;
        };
        if self.current.declared.is_none() {
            self.current.declared = Some(self.reason_here(Rule::Declared, format!("`{origin}` is declared harmless")));
        }
        true
    }

    /// Notes an effect that can't reach this module, and goes on.
    fn effect(&mut self, rule: Rule, message: impl Into<String>) {
        self.current.opaque_effect = true;
        // What C code does to the outside world, or reads of it, changes nothing of others.
        self.current.runs_unknown_code |= !matches!(rule, Rule::ProcessEffect | Rule::Nondeterministic);
        self.known_effect(rule, message);
    }

    /// Notes an effect that changes one thing outside, which is known, and runs no code; goes on.
    fn known_effect(&mut self, rule: Rule, message: impl Into<String>) {
        if self.current.effect.is_none() {
            let reason = self.reason_here(rule, message.into());
            self.current.effect = Some(reason);
        }
    }

    fn reason_here(&self, rule: Rule, message: String) -> Arc<Reason> {
        let placed: Vec<&Position> = self.positions.iter().filter(|position| !position.dynamic).collect();
        let mut chain: Vec<Link> = Vec::with_capacity(placed.len());
        for (depth, position) in placed.iter().enumerate() {
            let message = match placed.get(depth + 1) {
                Some(inner) => match self.world.ir(inner.module) {
                    Some(ir) => {
                        let code = ir.code(inner.code);
                        match code.kind {
                            ir::CodeKind::Class => {
                                format!("runs the body of class `{}`", code.name)
                            }
                            ir::CodeKind::Function => format!("calls `{}`", code.qualname),
                            ir::CodeKind::Lambda => "calls a lambda".to_string(),
                            ir::CodeKind::TypeParameters => "evaluates type parameters".to_string(),
                            _ => "evaluates a comprehension".to_string(),
                        }
                    }
                    None => String::new(),
                },
                None => message.clone(),
            };
            chain.push(Link { site: self.site(position), message });
        }
        Reason::chained(rule, message, chain)
    }

    fn site(&self, position: &Position) -> Site {
        let range = self
            .world
            .ir(position.module)
            .and_then(|ir| ir.code(position.code).ranges().get(position.counter as usize).copied())
            .unwrap_or_else(|| TextRange::empty(0.into()));
        Site { module: position.module, range }
    }

    // ---- heap

    fn version(&self) -> (u8, u8) {
        let version = self.world.target().version;
        (version.0, version.1)
    }

    fn context(&self) -> primitive::Context {
        primitive::Context { version: self.version() }
    }

    fn allocate(&mut self, object: Object) -> Value {
        Value::Object(self.allocate_object(object))
    }

    fn allocate_object(&mut self, object: Object) -> ObjectRef {
        let index = self.heap.objects.len() as u32;
        self.heap.objects.push(object);
        ObjectRef { owner: self.module, index }
    }

    fn new_list(&mut self, items: Vec<Value>) -> Value {
        self.allocate(Object::List(items))
    }

    /// Any object, of this module or a finished one. References are only ever
    /// made to objects that exist, in heaps that only grow.
    fn object(&self, object: ObjectRef) -> &Object {
        if object.owner == self.module {
            return &self.heap.objects[object.index as usize];
        }
        if let Some(changed) = self.overlay.object(object) {
            return changed;
        }
        match self.world.evaluated(object.owner) {
            Some(evaluated) => &evaluated.heap.objects[object.index as usize],
            // A reference into another heap was read from a finished evaluation, and those stay.
            None => unreachable!("reference into an unfinished module"),
        }
    }

    /// Did this module make it?
    fn is_ours(&self, object: ObjectRef) -> bool {
        object.owner == self.module
    }

    /// Did this module make it, and has nothing but the module itself changed it? What code that is not known may have
    /// reached is looked at like another module's objects: a guard has to vouch for it ([`suspect`]). What a cache hands
    /// out (the aliases of `typing`) is not there to be changed.
    fn is_own(&self, object: ObjectRef) -> bool {
        self.is_ours(object) && (!self.suspects.may_have_changed(object.index) || self.is_shared(object))
    }

    /// An object of this module, to change it. Changing anybody else's is an effect.
    fn object_mut(&mut self, object: ObjectRef) -> Eval<&mut Object> {
        if !self.is_own(object) {
            return self.refuse_change(object);
        }
        if self.floor.is_some_and(|floor| object.index < floor) {
            return self.refuse_older();
        }
        if self.is_shared(object) {
            return self.residual(Rule::ForeignChange, "changes an object that a cache hands to others as well");
        }
        if (object.index as usize) < self.current.heap_before {
            self.current.changed_older = true;
            if self.current.changed.insert(object.index) && self.current.before.is_some() {
                self.current.saved.insert(object.index, self.heap.objects[object.index as usize].clone());
            }
        }
        Ok(&mut self.heap.objects[object.index as usize])
    }

    /// Something is changed that is older than what must not change anything: see [`Machine::floor`].
    fn refuse_older<T>(&mut self) -> Eval<T> {
        self.residual(Rule::NotModelled, "changes what is older than a call that is cached, or made in no known order")
    }

    /// Would an exception that is raised now be caught, or change what runs?
    pub(super) fn may_be_caught(&self) -> bool {
        self.catching > 0 || self.positions.iter().any(|position| position.guarded)
    }

    /// The contents of a mutable object may be read only where they can't have changed since.
    fn contents(&mut self, object: ObjectRef) -> Eval<&Object> {
        if !self.is_own(object)
            && !self.is_function_cache(object)
            && self.enumeration_table(object).is_none()
            && !self.rest_on_fingerprint(object)
        {
            let what = self.describe(&Value::Object(object));
            let whose = self.whose(object);
            let end = if self.is_ours(object) { "" } else { " and may have been changed" };
            return self.residual(Rule::ForeignContents, format!("reads the contents of {what}, {whose}{end}"));
        }
        if !self.is_own(object) && self.has_foreign_keys(object) {
            return self.residual(Rule::NotModelled, "a container whose keys are compared by code");
        }
        Ok(self.object(object))
    }

    /// Records that the result rests on a name or attribute of another module.
    fn depend(&mut self, module: &str, path: &[&str]) {
        self.depend_on(module, path, true);
    }

    /// Records that the result rests on which object a name of another module is bound to. What a mutable container
    /// holds is recorded when it is read ([`Self::contents`]).
    fn depend_on_binding(&mut self, module: &str, name: &str, value: &Value) {
        self.depend_on(module, &[name], !self.is_container(value));
    }

    /// Is it a mutable container, whose contents are recorded where they are read?
    fn is_container(&self, value: &Value) -> bool {
        matches!(value, Value::Object(object)
        if matches!(
            self.object(*object),
            Object::List(_) | Object::Dict(_) | Object::Set(_) | Object::Obscured { .. } | Object::Identities { .. }
        ))
    }

    fn depend_on(&mut self, module: &str, path: &[&str], contents: bool) {
        if module == &*self.name {
            return;
        }
        let path = path.iter().map(|part| Name::from(*part)).collect();
        self.rest_on(Dependency { module: module.into(), path, contents });
    }

    /// Once code that is not known has run, it may have changed what belongs to others: then only the guard tells.
    fn rest_on(&mut self, dependency: Dependency) {
        self.current.speculates |= self.unknown_code;
        // Of modules that are imported it is taken for granted that they leave the builtins alone: else nothing could be
        // shown beside any import of an extension module. (Where a bundle is used, a guard asks.)
        let is_trusted = self.imports_unknown_code || self.past_failure;
        self.current.trusts |= is_trusted && &*dependency.module != "builtins";
        let statement = self.current.index;
        self.dependencies.entry(dependency).or_insert(statement);
    }

    fn count_step(&mut self) -> Eval<()> {
        // Looking at a part is quicker than a step.
        let steps = 1 + self.looked_through.take() as u64 / 4;
        self.steps += steps;
        self.current.steps += steps;
        if self.current.steps > self.budget.statement_steps
            || self.steps > self.budget.module_steps
            || self.heap.objects.len() > self.budget.objects
        {
            self.current.steps = 0;
            return self.residual(Rule::Budget, "takes too long to evaluate");
        }
        Ok(())
    }

    /// Charges work that one instruction does on many items.
    fn charge(&mut self, items: usize) -> Eval<()> {
        self.current.steps += items as u64;
        self.steps += items as u64;
        if self.current.steps > self.budget.statement_steps || self.steps > self.budget.module_steps {
            return self.residual(Rule::Budget, "takes too long to evaluate");
        }
        Ok(())
    }

    /// Texts count by their length, and tuples by all that is within: they can double with each step.
    fn charge_size(&mut self, value: &Value) -> Eval<()> {
        match value {
            Value::Str(text) => self.charge(text.len() / 64),
            Value::Bytes(data) => self.charge(data.len() / 64),
            Value::Tuple(items) if items.iter().any(|item| matches!(item, Value::Tuple(_))) => match weight(items) {
                Some(weight) => self.charge(weight / 64),
                None => self.residual(Rule::Budget, "a tuple is nested too deeply"),
            },
            _ => Ok(()),
        }
    }

    fn new_frame(
        &mut self,
        ir: Arc<ir::Module>,
        module: ModuleId,
        code: ir::CodeId,
        scope: Scope,
        closure: &[ObjectRef],
    ) -> Frame {
        let (locals, own_cells) = {
            let code = ir.code(code);
            code.read.set();
            (code.locals.len(), code.own_cells)
        };
        let mut cells = Vec::with_capacity(own_cells as usize + closure.len());
        for _ in 0..own_cells {
            cells.push(self.allocate_object(Object::Cell(None)));
        }
        cells.extend_from_slice(closure);
        Frame {
            ir,
            module,
            code,
            counter: 0,
            globals: None,
            result: None,
            scope,
            stack: Vec::new(),
            locals: vec![None; locals],
            cells,
            handlers: Vec::new(),
            handled: Vec::new(),
            at_yield: false,
            sent: None,
        }
    }

    fn attributes() -> Attributes {
        Attributes::default()
    }
}

/// How many items there are in a tuple and in the tuples within, each counted as often as it is reached; `None` where
/// that is a great many, or they are nested deeply.
fn weight(items: &[Value]) -> Option<usize> {
    const HEAVIEST: usize = 1 << 22;
    let mut weight = 0;
    let mut around = vec![items.iter()];
    while let Some(items) = around.last_mut() {
        let Some(item) = items.next() else {
            around.pop();
            continue;
        };
        weight += 1;
        if let Value::Tuple(within) = item {
            around.push(within.iter());
        }
        if around.len() > primitive::MAX_DEPTH || weight > HEAVIEST {
            return None;
        }
    }
    Some(weight)
}
