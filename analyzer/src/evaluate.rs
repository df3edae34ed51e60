//! Evaluating all modules, each after what it imports, in parallel.
//!
//! A component of the condensation is a task; it starts when the components it
//! depends on are finished. What a task may see is fixed by the graph alone,
//! never by what happens to be finished, so every run has the same results.

use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, OnceLock};

use const_eval::evaluated::{Evaluated, Passage};
use const_eval::ground::Ground;
use const_eval::reason::{Reason, Rule};
use const_eval::value::ModuleId;
use const_eval::world::{Answer, Question, Resolved, Target, World};
use rayon::Scope;
use rustc_hash::{FxHashMap, FxHashSet};
use syntax::ir::{self, Name};

use crate::closed::closed_inside;
use crate::consult::Consultant;
use crate::cycle;
use crate::globs::ModuleGlobs;
use crate::graph::{ComponentId, Graph, is_or_contains};
use crate::kept::{Found, Kept, ModuleSet, Trail};
use crate::load::{Progress, Table};
use crate::panics;
use crate::resolve::{Location, Resolver, parents};
use crate::session::Observer;

/// The outcome for one module.
#[derive(Clone, Debug)]
pub enum Evaluation {
    Done(Arc<Evaluated>),
    /// It has no IR.
    NotParsed,
    /// The evaluator failed on it: a defect of Lyo.
    Failed(String),
}

impl Evaluation {
    pub fn done(&self) -> Option<&Arc<Evaluated>> {
        match self {
            Evaluation::Done(evaluated) => Some(evaluated),
            _ => None,
        }
    }

    /// Whether it is the same object: whoever has looked at the one has looked at the other.
    fn is_the_very(&self, other: &Evaluation) -> bool {
        match (self, other) {
            (Evaluation::Done(one), Evaluation::Done(other)) => Arc::ptr_eq(one, other),
            (Evaluation::NotParsed, Evaluation::NotParsed) => true,
            _ => false,
        }
    }

    /// Whether importing the one changes of others what importing the other does.
    fn passes_as(&self, other: &Evaluation) -> bool {
        match (self.done(), other.done()) {
            (Some(one), Some(other)) => Arc::ptr_eq(one, other) || Passage::of(one) == Passage::of(other),
            (None, None) => true,
            _ => false,
        }
    }

    /// Whether nobody could tell them apart.
    fn is_equal(&self, other: &Evaluation) -> bool {
        match (self, other) {
            (Evaluation::Done(one), Evaluation::Done(other)) => one == other,
            (Evaluation::NotParsed, Evaluation::NotParsed) => true,
            _ => false,
        }
    }
}

/// What is left of a module when its component is finished.
#[derive(Clone, Debug)]
pub struct Finished {
    pub evaluation: Evaluation,
    /// What its component asked for; empty in an analysis that is not to be followed by another.
    pub trail: Arc<Trail>,
    /// The modules of whose contents or text its evaluation looked at something, in the order of their numbers; none in
    /// an analysis that is not to be followed by another.
    pub looked_at: Arc<[ModuleId]>,
    /// See [`crate::closed`].
    pub is_closed_inside: bool,
}

impl Finished {
    /// Whether importing the one does what importing the other does.
    fn passes_as(&self, other: &Finished) -> bool {
        self.is_closed_inside == other.is_closed_inside && self.evaluation.passes_as(&other.evaluation)
    }
}

/// In the place of what should be there, and is not.
fn unfinished() -> Finished {
    let evaluation = Evaluation::Failed("it was never evaluated".to_owned());
    Finished { evaluation, trail: Arc::default(), looked_at: Arc::default(), is_closed_inside: false }
}

/// Everything that evaluations read.
#[derive(Clone, Copy)]
pub struct Context<'a> {
    pub target: &'a Target,
    pub ground: &'a Ground,
    pub resolver: &'a Resolver,
    pub table: &'a Table,
    pub graph: &'a Graph,
    pub consultant: &'a Consultant,
    /// What the user declares harmless.
    pub harmless: &'a ModuleGlobs,
    /// Whether to note what is asked for, for a later analysis.
    pub leaves_trail: bool,
}

/// Evaluates all modules; `None` if it was cancelled. Call it within the pool whose threads have large stacks.
///
/// What one of the `kept` analyses knows need not be evaluated again.
pub fn evaluate(context: Context, kept: &[Kept], observer: &dyn Observer) -> Option<Vec<Finished>> {
    let condensation = &context.graph.condensation;
    // Per component: the analysis that has it.
    let mut source: Vec<Option<&Kept>> = vec![None; condensation.components.len()];
    for kept in kept {
        for (source, to_do) in source.iter_mut().zip(kept.components_to_do(context)) {
            *source = source.or((!to_do).then_some(kept));
        }
    }
    let to_do: Vec<bool> = source.iter().map(Option::is_none).collect();
    let mut dependents: Vec<Vec<ComponentId>> = vec![Vec::new(); condensation.components.len()];
    for (component, dependencies) in condensation.dependencies.iter().enumerate() {
        for dependency in dependencies {
            dependents[*dependency as usize].push(component as ComponentId);
        }
    }
    // With the same structure, a component that comes after one with another outcome may see the same all the same.
    let last = kept.first().filter(|kept| kept.same_structure);
    let components = 0..condensation.components.len();
    let run = Run {
        context,
        may_be_kept: components
            .clone()
            .map(|at| to_do[at] && last.is_some_and(|last| last.sees_the_same(context, at as ComponentId)))
            .collect(),
        passes_otherwise: components
            .map(|at| {
                AtomicBool::new(!source[at].is_some_and(|kept| last.is_some_and(|last| std::ptr::eq(kept, last))))
            })
            .collect(),
        last,
        results: context.table.modules.iter().map(|_| OnceLock::new()).collect(),
        waiting: condensation
            .dependencies
            .iter()
            .map(|list| AtomicUsize::new(list.iter().filter(|dependency| to_do[**dependency as usize]).count()))
            .collect(),
        dependents,
        observer,
        is_cancelled: AtomicBool::new(false),
    };
    for (members, kept) in condensation.components.iter().zip(&source) {
        for member in members.iter().filter(|_| kept.is_some()) {
            let finished = kept.map(|kept| kept.finished(*member).clone());
            run.results[member.0 as usize].set(finished.unwrap_or_else(unfinished)).ok();
        }
    }
    let is_there = |member: &&ModuleId| !context.table.module(**member).is_gone;
    let members = |component: usize| condensation.components[component].iter().filter(is_there).count();
    observer.progress(Progress::Evaluating((0..to_do.len()).filter(|at| to_do[*at]).map(members).sum()));
    rayon::scope(|scope| {
        for component in (0..to_do.len()).filter(|at| to_do[*at]) {
            // Those that become ready while this goes on are started by what they have waited for.
            if !condensation.dependencies[component].iter().any(|dependency| to_do[*dependency as usize]) {
                let run = &run;
                scope.spawn(move |scope| run.component(scope, component as ComponentId));
            }
        }
    });
    if run.is_cancelled.into_inner() {
        return None;
    }
    Some(run.results.into_iter().map(|result| result.into_inner().unwrap_or_else(unfinished)).collect())
}

struct Run<'a> {
    context: Context<'a>,
    /// The last analysis, if modules and graph are as they were.
    last: Option<&'a Kept<'a>>,
    /// Per component: it is to be evaluated, but sees what it saw in the last analysis unless what comes before it is
    /// another thing.
    may_be_kept: Vec<bool>,
    /// Per component that is finished: what importing it does, or what comes before it, is not what it was
    /// ([`Passage`]).
    passes_otherwise: Vec<AtomicBool>,
    results: Vec<OnceLock<Finished>>,
    /// Per component: how many of its dependencies are unfinished.
    waiting: Vec<AtomicUsize>,
    dependents: Vec<Vec<ComponentId>>,
    observer: &'a dyn Observer,
    is_cancelled: AtomicBool,
}

impl<'a> Run<'a> {
    fn component<'scope>(&'scope self, scope: &Scope<'scope>, component: ComponentId) {
        if self.observer.is_cancelled() {
            self.is_cancelled.store(true, Ordering::Relaxed);
            return;
        }
        let kept = self.last_of(component).filter(|last| self.looks_the_same(last, component));
        let finished = match kept {
            Some(last) => self.as_before(last, component),
            None => match self.evaluate(component) {
                Some(finished) => finished,
                None => return,
            },
        };
        let condensation = &self.context.graph.condensation;
        let members = &condensation.components[component as usize];
        let passes_otherwise = self.comes_after_another_passage(component)
            || !self.last.is_some_and(|last| {
                members.iter().zip(&finished).all(|(member, (finished, _))| last.finished(*member).passes_as(finished))
            });
        self.passes_otherwise[component as usize].store(passes_otherwise, Ordering::Release);
        for (member, (finished, progress)) in members.iter().zip(finished) {
            // Each module is in one component, and each component runs once.
            self.results[member.0 as usize].set(finished).ok();
            if !self.context.table.module(*member).is_gone {
                self.observer.progress(progress);
            }
        }
        for &dependent in &self.dependents[component as usize] {
            if self.waiting[dependent as usize].fetch_sub(1, Ordering::AcqRel) == 1 {
                scope.spawn(move |scope| self.component(scope, dependent));
            }
        }
    }

    /// The last analysis, if the component may be kept as it was in it.
    fn last_of(&self, component: ComponentId) -> Option<&'a Kept<'a>> {
        self.last.filter(|_| self.may_be_kept[component as usize])
    }

    /// Whether importing something that comes before the component does not do what it did.
    fn comes_after_another_passage(&self, component: ComponentId) -> bool {
        let mut dependencies = self.context.graph.condensation.dependencies[component as usize].iter();
        dependencies.any(|other| self.passes_otherwise[*other as usize].load(Ordering::Acquire))
    }

    /// Whether all that the component looked at, when it was evaluated last, is the very same.
    fn looks_the_same(&self, last: &Kept, component: ComponentId) -> bool {
        let members = &self.context.graph.condensation.components[component as usize];
        // What is in the component itself was compared before.
        !self.comes_after_another_passage(component)
            && members.iter().all(|member| {
                let finished = last.finished(*member);
                !matches!(finished.evaluation, Evaluation::Failed(_))
                    && finished
                        .looked_at
                        .iter()
                        .all(|module| self.is_the_very(last, component, *module).unwrap_or(true))
            })
    }

    /// Whether a module that comes before the component is the very same; nothing, if it does not come before it.
    fn is_the_very(&self, last: &Kept, component: ComponentId, module: ModuleId) -> Option<bool> {
        let graph = self.context.graph;
        let index = module.0 as usize;
        let other = graph.condensation.component_of[index];
        (other != component && graph.reaches(component, other)).then(|| {
            let now = self.results[index].get();
            now.is_some_and(|now| now.evaluation.is_the_very(&last.finished(module).evaluation))
        })
    }

    /// Whether all that a member looked at, when it was evaluated `before`, is the very same; of its component those are
    /// `done` that come before it.
    fn saw_the_same(
        &self,
        last: &Kept,
        component: ComponentId,
        before: &Finished,
        done: &FxHashMap<ModuleId, Member>,
    ) -> bool {
        let is_same_member = |module: ModuleId| {
            // A member that is not done yet could not be looked into then either.
            let then = &last.finished(module).evaluation;
            done.get(&module).is_none_or(|now| now.evaluation.is_the_very(then))
        };
        !matches!(before.evaluation, Evaluation::Failed(_))
            && before.looked_at.iter().all(|&module| {
                let is_same = self.is_the_very(last, component, module).unwrap_or_else(|| is_same_member(module));
                // The text is looked at also where the outcome is not.
                is_same && !last.has_changed(module)
            })
    }

    /// What the component came to last time.
    fn as_before(&self, last: &Kept, component: ComponentId) -> Vec<(Finished, Progress)> {
        let members = &self.context.graph.condensation.components[component as usize];
        let before: Vec<&Finished> = members.iter().map(|member| last.finished(*member)).collect();
        let evaluations: Vec<Evaluation> = before.iter().map(|finished| finished.evaluation.clone()).collect();
        let results = Results::Running(&self.results);
        let is_closed_inside = closed_inside(self.context, members, &evaluations, &|module| results.get(module));
        before.into_iter().map(|before| (Finished { is_closed_inside, ..before.clone() }, Progress::Kept)).collect()
    }

    /// Parallel to the members; `None` if it was cancelled. What comes out the same as last time is what it was.
    ///
    /// After the same modules, with the same imports, the members come in the same order. So one of them that is what it
    /// was, and looked at nothing that is not, is not evaluated again, as long as importing each of those before it does
    /// what it did.
    fn evaluate(&self, component: ComponentId) -> Option<Vec<(Finished, Progress)>> {
        let members = &self.context.graph.condensation.components[component as usize];
        let last = self.last.filter(|_| !self.comes_after_another_passage(component));
        let mut view = View::of_component(self.context, &self.results, component);
        let mut done: FxHashMap<ModuleId, Member> = FxHashMap::default();
        let mut pass_as_before = true;
        let order = cycle::evaluation_order(self.context.table, members, self.context.resolver.loaded_by_site());
        for (place, &member) in order.members.iter().enumerate() {
            if self.observer.is_cancelled() {
                self.is_cancelled.store(true, Ordering::Relaxed);
                return None;
            }
            let before = last.map(|last| (last, last.finished(member)));
            // What it was evaluated to does not tell what its functions do.
            let same_text = before.filter(|(last, _)| last.is_as_it_was(self.context, member));
            let kept =
                same_text.filter(|(last, before)| pass_as_before && self.saw_the_same(last, component, before, &done));
            let finished = match kept {
                Some((_, before)) => Member {
                    evaluation: before.evaluation.clone(),
                    looked_at: before.looked_at.clone(),
                    progress: Progress::Kept,
                },
                None => {
                    let evaluation = self.module(&view, member);
                    let same =
                        same_text.map(|(_, before)| &before.evaluation).filter(|before| before.is_equal(&evaluation));
                    Member {
                        evaluation: same.cloned().unwrap_or(evaluation),
                        looked_at: view.take_looked_at(),
                        progress: Progress::Evaluated,
                    }
                }
            };
            pass_as_before &= before.is_some_and(|(_, before)| before.evaluation.passes_as(&finished.evaluation));
            if let Some(evaluated) = finished.evaluation.done()
                && members.len() > 1
                && (place < order.certain
                    || cycle::is_readable(self.context.table, self.context.graph, component, member))
            {
                view.members.insert(member, evaluated.clone());
            }
            done.insert(member, finished);
        }
        let mut trail = Trail { found: view.take_found(), ordered_by: order.decided_by };
        if let Some((last, first)) = last.zip(members.first())
            && done.values().any(|member| member.progress == Progress::Kept)
        {
            // Those that were kept have not asked again.
            trail.add_found(&last.finished(*first).trail);
        }
        let trail = Arc::new(trail);
        let evaluations: Vec<Evaluation> = members
            .iter()
            .map(|member| done.get(member).map_or(Evaluation::NotParsed, |member| member.evaluation.clone()))
            .collect();
        let is_closed_inside = closed_inside(self.context, members, &evaluations, &|module| view.results.get(module));
        let finished = members.iter().zip(evaluations).map(|(member, evaluation)| {
            let (looked_at, progress) = done
                .remove(member)
                .map_or((Arc::default(), Progress::Evaluated), |member| (member.looked_at, member.progress));
            (Finished { evaluation, trail: trail.clone(), looked_at, is_closed_inside }, progress)
        });
        Some(finished.collect())
    }

    fn module(&self, view: &View, module: ModuleId) -> Evaluation {
        if self.context.table.module(module).evaluated_ir().is_none() {
            return Evaluation::NotParsed;
        }
        match panics::catch(|| const_eval::evaluate(view, module)) {
            Ok(evaluated) => Evaluation::Done(Arc::new(evaluated)),
            Err(message) => Evaluation::Failed(message),
        }
    }
}

/// A member of a component that is done, while others of it are not.
struct Member {
    evaluation: Evaluation,
    looked_at: Arc<[ModuleId]>,
    progress: Progress,
}

/// Finished modules, while others are still being evaluated and after.
#[derive(Clone, Copy)]
enum Results<'a> {
    Running(&'a [OnceLock<Finished>]),
    Finished(&'a [Finished]),
}

impl<'a> Results<'a> {
    fn get(self, module: ModuleId) -> Option<&'a Finished> {
        match self {
            Results::Running(cells) => cells.get(module.0 as usize)?.get(),
            Results::Finished(results) => results.get(module.0 as usize),
        }
    }
}

/// Other modules as one component sees them.
pub struct View<'a> {
    context: Context<'a>,
    results: Results<'a>,
    /// `None`: sees everything, after the evaluation.
    component: Option<ComponentId>,
    /// Packages around the members that the graph does not order before them: known by name only.
    hidden: FxHashSet<ModuleId>,
    /// Finished members of the same component that the others may read (see [`crate::cycle`]).
    members: FxHashMap<ModuleId, Arc<Evaluated>>,
    /// What was asked for, if that is noted.
    asked: Option<Mutex<FxHashMap<Name, Found>>>,
    /// The modules that were looked at, if that is noted.
    looked_at: Option<ModuleSet>,
}

impl<'a> View<'a> {
    /// The view of one who looks at finished results.
    pub fn complete(context: Context<'a>, results: &'a [Finished]) -> View<'a> {
        View {
            context,
            results: Results::Finished(results),
            component: None,
            hidden: FxHashSet::default(),
            members: FxHashMap::default(),
            asked: None,
            looked_at: None,
        }
    }

    /// The view of a component before anything is evaluated, to ask again what was asked before.
    pub fn again(context: Context<'a>, component: ComponentId) -> View<'a> {
        View::of_component(Context { leaves_trail: false, ..context }, &[], component)
    }

    /// What was asked for so far; nothing after that, until something is asked again.
    fn take_found(&self) -> Vec<(Name, Found)> {
        let asked =
            self.asked.as_ref().and_then(|asked| asked.lock().ok().map(|mut asked| std::mem::take(&mut *asked)));
        asked.into_iter().flatten().collect()
    }

    /// The modules that were looked at since the last call.
    fn take_looked_at(&self) -> Arc<[ModuleId]> {
        self.looked_at.as_ref().map(ModuleSet::take).unwrap_or_default().into()
    }

    fn of_component(context: Context<'a>, results: &'a [OnceLock<Finished>], component: ComponentId) -> View<'a> {
        let condensation = &context.graph.condensation;
        let mut hidden = FxHashSet::default();
        for member in &condensation.components[component as usize] {
            for parent in parents(&context.table.module(*member).name) {
                if let Some(&package) = context.table.by_name.get(parent) {
                    let other = condensation.component_of[package.0 as usize];
                    if !context.graph.reaches_package(component, other) {
                        hidden.insert(package);
                    }
                }
            }
        }
        View {
            context,
            results: Results::Running(results),
            component: Some(component),
            hidden,
            members: FxHashMap::default(),
            asked: context.leaves_trail.then(Mutex::default),
            looked_at: context.leaves_trail.then(|| ModuleSet::among(context.table.modules.len())),
        }
    }

    /// Whether an import by this component may lead to the module: it is a member, a package
    /// around one, or ordered before it. Others may or may not be finished.
    fn may_import(&self, module: ModuleId) -> bool {
        let Some(component) = self.component else {
            return true;
        };
        let graph = self.context.graph;
        let other = graph.condensation.component_of[module.0 as usize];
        other == component || self.hidden.contains(&module) || graph.reaches(component, other)
    }

    fn ground_module(&self, name: &str) -> Resolved {
        match self.context.ground.module_index(name) {
            Some(index) => Resolved::Ground(index),
            None => unknown(Rule::NotModelled, format!("`{name}` is implemented in C, and nothing is known about it")),
        }
    }
}

fn unknown(rule: Rule, message: String) -> Resolved {
    Resolved::Unknown(Reason::new(rule, message))
}

impl World for View<'_> {
    fn target(&self) -> &Target {
        self.context.target
    }

    fn ground(&self) -> &Ground {
        self.context.ground
    }

    fn is_declared_harmless(&self, path: &str) -> bool {
        self.context.harmless.covers(path)
    }

    fn resolve(&self, absolute: &str) -> Resolved {
        let name = self.context.resolver.canonical(absolute);
        let found = self.find(name);
        if let Some(Ok(mut asked)) = self.asked.as_ref().map(Mutex::lock)
            && !asked.contains_key(name)
        {
            asked.insert(name.into(), Found::new(&found));
        }
        found
    }

    fn module_name(&self, module: ModuleId) -> &str {
        &self.context.table.module(module).name
    }

    fn module_path(&self, module: ModuleId) -> &str {
        &self.context.table.module(module).file
    }

    fn is_package(&self, module: ModuleId) -> bool {
        self.context.table.module(module).is_package
    }

    fn ir(&self, module: ModuleId) -> Option<&Arc<ir::Module>> {
        self.looks_at(module);
        let module = self.context.table.module(module);
        match self.component {
            Some(_) => module.evaluated_ir(),
            // Who looks at finished modules may call what was not called before, and it must be what it is now.
            None => module.ir.as_ref(),
        }
    }

    fn evaluated(&self, module: ModuleId) -> Option<&Arc<Evaluated>> {
        self.looks_at(module);
        self.known(module)
    }

    fn passage(&self, module: ModuleId) -> Option<Passage<'_>> {
        self.known(module).map(|evaluated| Passage::of(evaluated))
    }

    fn comes_before(&self, module: ModuleId) -> bool {
        let graph = self.context.graph;
        let other = graph.condensation.component_of[module.0 as usize];
        self.component.is_some_and(|component| graph.reaches(component, other))
    }

    fn ask(&self, question: &Question) -> Answer {
        self.context.consultant.ask(question)
    }

    fn is_standard(&self, module: ModuleId) -> bool {
        self.context.table.module(module).is_standard
    }

    fn is_loaded_at_start(&self, module: ModuleId) -> bool {
        self.is_standard(module) && self.context.resolver.is_loaded_at_start(self.module_name(module))
    }

    fn is_closed(&self, module: ModuleId) -> bool {
        if self.hidden.contains(&module) || !self.results.get(module).is_some_and(|finished| finished.is_closed_inside)
        {
            return false;
        }
        parents(self.module_name(module)).all(|parent| self.is_closed_parent(parent))
    }
}

impl View<'_> {
    fn known(&self, module: ModuleId) -> Option<&Arc<Evaluated>> {
        if let Some(member) = self.members.get(&module) {
            return Some(member);
        }
        if self.hidden.contains(&module) {
            return None;
        }
        self.results.get(module)?.evaluation.done()
    }

    fn looks_at(&self, module: ModuleId) {
        if let Some(looked_at) = &self.looked_at {
            looked_at.add(module);
        }
    }

    /// What the name leads to; aliases are replaced.
    fn find(&self, name: &str) -> Resolved {
        if let Some(&module) = self.context.table.by_name.get(name) {
            if let Some(package) = self.path_changing_parent(name) {
                let message = format!("`{package}` sets `__path__`, so what `{name}` is found as is not known");
                return unknown(Rule::NotModelled, message);
            }
            if self.may_import(module) {
                return Resolved::Source(module);
            }
            let message = format!("`{name}` is not imported by any import statement that runs at import");
            return unknown(Rule::ImportInCall, message);
        }
        match self.context.resolver.resolve(name) {
            Location::Builtin | Location::Extension { standard: true, .. } => self.ground_module(name),
            Location::Extension { path, .. } => {
                let message =
                    format!("`{name}` is the extension module {}, about which nothing is known", path.display());
                Resolved::Unknown(Reason::external(Rule::NotModelled, message, name.into()))
            }
            Location::Source(_) => {
                let message = format!("`{name}` is not imported by any import statement that runs at import");
                unknown(Rule::ImportInCall, message)
            }
            Location::Namespace(_) => unknown(Rule::NotModelled, format!("`{name}` is a namespace package")),
            Location::Opaque(_) if self.is_below_plain_module(name) => {
                Resolved::Unfound(Reason::new(Rule::NotModelled, format!("no package holds `{name}`")))
            }
            Location::Opaque(reason) => unknown(Rule::NotModelled, format!("`{name}` can't be looked into: {reason}")),
            Location::Missing => match self.path_changing_parent(name) {
                Some(package) => {
                    let message = format!("`{package}` sets `__path__`, so whether `{name}` exists is not known");
                    Resolved::Unfound(Reason::new(Rule::NotModelled, message))
                }
                None => Resolved::Missing,
            },
        }
    }

    /// Whether a package around an imported module runs no unproven code, or has run before.
    fn is_closed_parent(&self, parent: &str) -> bool {
        let Some(&package) = self.context.table.by_name.get(parent) else {
            return matches!(self.context.resolver.resolve(parent), Location::Namespace(_));
        };
        if let Some(component) = self.component {
            let condensation = &self.context.graph.condensation;
            let members = &condensation.components[component as usize];
            if members.iter().all(|member| is_or_contains(parent, self.module_name(*member))) {
                return true;
            }
            if !self.context.graph.reaches_package(component, condensation.component_of[package.0 as usize]) {
                return false;
            }
        }
        self.results.get(package).is_some_and(|finished| finished.is_closed_inside)
    }

    /// Does the name lie below a module with source that is no package, as `six.moves`? Then
    /// only what is in `sys.modules` already, or a finder of somebody's own, can make its import succeed.
    fn is_below_plain_module(&self, name: &str) -> bool {
        parents(name).filter_map(|parent| self.context.table.named(parent)).any(|module| !module.is_package)
    }

    /// The package around `name` that binds `__path__` and so decides itself where its modules are.
    fn path_changing_parent<'n>(&self, name: &'n str) -> Option<&'n str> {
        parents(name).find(|parent| {
            self.context.table.named(parent).is_some_and(|package| {
                package.summary.binds.binary_search_by(|bound| (**bound).cmp("__path__")).is_ok()
            })
        })
    }
}
