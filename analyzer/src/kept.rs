//! Which of the components that were evaluated before need not be evaluated again.
//!
//! What an evaluation comes to is fixed by what it sees: its own members, what comes before it in the graph, by name
//! the packages around it, and what the names are that it asks for. If all that is as it was, so is the outcome.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use const_eval::value::ModuleId;
use const_eval::world::{Resolved, World};
use rustc_hash::FxHashSet;
use syntax::ir::Name;

use crate::analysis::Analysis;
use crate::evaluate::{Context, Finished, View};
use crate::graph::ComponentId;
use crate::load::{Module, Table};
use crate::renew;
use crate::resolve::{Resolver, parents};

/// What a component's evaluation asked for.
#[derive(Debug, Default)]
pub struct Trail {
    /// Names, aliases replaced, and what was found.
    pub found: Vec<(Name, Found)>,
    /// The modules by whose imports its members were put in order; none if there is only one member.
    pub ordered_by: Vec<ModuleId>,
}

impl Trail {
    /// Adds what an earlier one found under other names.
    pub fn add_found(&mut self, earlier: &Trail) {
        let mut known: FxHashSet<&Name> = self.found.iter().map(|(name, _)| name).collect();
        let others: Vec<_> = earlier.found.iter().filter(|(name, _)| known.insert(name)).cloned().collect();
        self.found.extend(others);
    }
}

/// A set of modules that grows while others look at it.
pub struct ModuleSet(Vec<AtomicU64>);

impl ModuleSet {
    /// An empty one, for modules of lower numbers.
    pub fn among(modules: usize) -> ModuleSet {
        ModuleSet((0..modules.div_ceil(64)).map(|_| AtomicU64::new(0)).collect())
    }

    pub fn add(&self, module: ModuleId) {
        let (word, bit) = (module.0 as usize / 64, 1 << (module.0 % 64));
        // A store to memory that others read costs them time, even if it changes nothing.
        if let Some(word) = self.0.get(word)
            && word.load(Ordering::Relaxed) & bit == 0
        {
            word.fetch_or(bit, Ordering::Relaxed);
        }
    }

    /// Empties it; what was in it, in the order of the numbers.
    pub fn take(&self) -> Vec<ModuleId> {
        let words = (0..).zip(&self.0).map(|(at, word)| match word.load(Ordering::Relaxed) {
            0 => (at, 0),
            _ => (at, word.swap(0, Ordering::Relaxed)),
        });
        let bits = words.filter(|(_, word)| *word != 0).flat_map(|(at, word)| {
            (0..64).filter(move |bit| word >> bit & 1 == 1).map(move |bit| ModuleId(64 * at + bit))
        });
        bits.collect()
    }
}

/// As [`Resolved`], to be compared.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Found {
    Source(ModuleId),
    Ground(u32),
    Missing,
    Unfound(String),
    Unknown(String),
}

impl Found {
    pub fn new(resolved: &Resolved) -> Found {
        match resolved {
            Resolved::Source(module) => Found::Source(*module),
            Resolved::Ground(index) => Found::Ground(*index),
            Resolved::Missing => Found::Missing,
            Resolved::Unfound(reason) => Found::Unfound(reason.message.clone()),
            Resolved::Unknown(reason) => Found::Unknown(reason.message.clone()),
        }
    }
}

/// An earlier analysis, and what is another thing now.
pub struct Kept<'a> {
    pub last: &'a Analysis,
    /// Per module: it is not what it was. Modules have kept their numbers.
    pub changed: Vec<bool>,
    /// There are the same modules, and these import the same.
    pub same_structure: bool,
    /// Names by which another module is found than was, or by which one is found only now, or only then.
    pub moved: FxHashSet<Name>,
    /// Per module: what it is or imports is another thing than it was, as opposed to what it does.
    pub imports_changed: Vec<bool>,
    /// Names are found by the same resolver, and the same packages set `__path__`.
    pub same_search: bool,
}

impl<'a> Kept<'a> {
    pub fn new(
        last: &'a Analysis,
        changed: Vec<bool>,
        same_structure: bool,
        table: &Table,
        resolver: &Resolver,
    ) -> Kept<'a> {
        let then = &last.table;
        let mut kept = Kept {
            last,
            changed,
            same_structure,
            moved: FxHashSet::default(),
            imports_changed: Vec::new(),
            same_search: std::ptr::eq(resolver, &*last.resolver),
        };
        if same_structure {
            return kept;
        }
        let moved = |one: &Table, other: &Table| -> Vec<Name> {
            let differs = one.by_name.iter().filter(|(name, id)| other.by_name.get(*name) != Some(id));
            differs.map(|(name, _)| name.clone()).collect()
        };
        kept.moved = moved(table, then).into_iter().chain(moved(then, table)).collect();
        let all = table.modules.iter().enumerate();
        let imports_changed = |(index, now): (usize, &Arc<Module>)| {
            then.modules.get(index).is_none_or(|then| !Arc::ptr_eq(then, now) && !renew::same_imports(then, now))
        };
        kept.imports_changed = all.map(imports_changed).collect();
        let sets_path =
            |module: &Module| module.summary.binds.binary_search_by(|bound| (**bound).cmp("__path__")).is_ok();
        kept.same_search &= table.modules.iter().zip(&kept.imports_changed).all(|(module, changed)| {
            let before = then.modules.get(module.id.0 as usize).is_some_and(|module| sets_path(module));
            !changed || (!before && !sets_path(module))
        });
        kept
    }

    /// For each component whether it must be evaluated: it sees something that has changed, or comes after one that
    /// must be.
    pub fn components_to_do(&self, context: Context) -> Vec<bool> {
        let condensation = &context.graph.condensation;
        let mut to_do = vec![false; condensation.components.len()];
        for component in 0..to_do.len() {
            let after = condensation.dependencies[component].iter().any(|other| to_do[*other as usize]);
            to_do[component] = after || !self.sees_the_same(context, component as ComponentId);
        }
        to_do
    }

    /// Whether the component sees what it saw, given that what comes before it is as it was.
    pub fn sees_the_same(&self, context: Context, component: ComponentId) -> bool {
        let members = &context.graph.condensation.components[component as usize];
        members.iter().all(|member| self.is_as_it_was(context, *member))
            && (self.same_structure || (self.same_place(context, component) && self.finds_the_same(context, component)))
    }

    /// Whether the module, and the packages around it, are what they were: a package that does not come before it is
    /// seen, though not what it was evaluated to.
    pub fn is_as_it_was(&self, context: Context, module: ModuleId) -> bool {
        let mut around = parents(&context.table.module(module).name);
        !self.has_changed(module)
            && around.all(|package| {
                let (now, then) = (context.table.by_name.get(package), self.last.table.by_name.get(package));
                now == then && now.is_none_or(|package| !self.has_changed(*package))
            })
    }

    /// What is left of the module from the last analysis.
    pub fn finished(&self, module: ModuleId) -> &'a Finished {
        &self.last.evaluations[module.0 as usize]
    }

    pub fn has_changed(&self, module: ModuleId) -> bool {
        self.changed.get(module.0 as usize).copied().unwrap_or(true)
    }

    /// Whether the component has the members, the edges and the order that it had.
    fn same_place(&self, context: Context, component: ComponentId) -> bool {
        let (now, then) = (context.graph, &self.last.graph);
        let members = &now.condensation.components[component as usize];
        let Some(first) = members.first() else { return false };
        let Some(&old) = then.condensation.component_of.get(first.0 as usize) else { return false };
        if then.condensation.components[old as usize] != *members
            || !members.iter().all(|member| now.edges[member.0 as usize] == then.edges[member.0 as usize])
        {
            return false;
        }
        let before = |graph: &crate::graph::Graph, component: ComponentId| {
            let dependencies = &graph.condensation.dependencies[component as usize];
            let firsts =
                dependencies.iter().map(|other| graph.condensation.components[*other as usize].first().copied());
            let mut firsts: Vec<Option<ModuleId>> = firsts.collect();
            firsts.sort_unstable();
            firsts
        };
        let trail = &self.finished(*first).trail;
        before(now, component) == before(then, old)
            && !trail.ordered_by.iter().any(|module| self.imports_changed[module.0 as usize])
    }

    fn finds_the_same(&self, context: Context, component: ComponentId) -> bool {
        let members = &context.graph.condensation.components[component as usize];
        let Some(first) = members.first() else { return false };
        let trail = &self.finished(*first).trail;
        // What is found under a name depends on the module of that name, and on the packages around it.
        let is_moved =
            |name: &str| self.moved.contains(name) || parents(name).any(|parent| self.moved.contains(parent));
        let may_differ = |name: &str| !self.same_search || (!self.moved.is_empty() && is_moved(name));
        let mut asked = trail.found.iter().filter(|(name, _)| may_differ(name)).peekable();
        if asked.peek().is_some() {
            let view = View::again(context, component);
            if !asked.all(|(name, found)| Found::new(&view.resolve(name)) == *found) {
                return false;
            }
        }
        self.same_search || members.iter().all(|member| self.imports_the_same(context, *member))
    }

    /// Whether what the import statements name is found where it was: whether a module is closed depends on that too.
    fn imports_the_same(&self, context: Context, module: ModuleId) -> bool {
        let mut named = context.table.module(module).imports().filter_map(|(_, target)| target.module.as_deref());
        named.all(|named| {
            let mut names = parents(named).chain([named]);
            names.all(|name| context.resolver.resolve(name) == self.last.resolver.resolve(name))
        })
    }
}
