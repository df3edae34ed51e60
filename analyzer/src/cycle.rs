//! Import cycles: in which order the members of a component are evaluated, and
//! which of them the others may read.
//!
//! Most cycles lie within one package, whose own top level runs before any of
//! them and imports most of them: these finish in one order, and
//! a member may read those that finish before it. Members that the interpreter loads before any program are
//! imported before the others, and always in one order. Elsewhere any member may be the first.
//!
//! A member that merely does `import m` needs nothing of `m` while its own top
//! level runs; one that does `from m import x` does. Where any member may be the
//! first, members are evaluated along the latter edges, and what a finished member holds may be read by another
//! only if that can't depend on where the program entered the cycle: all the
//! imports by which it takes part in the cycle come before anything else in
//! it, and nothing rebinds what those imports bind. Then whoever meets it half
//! loaded finds none of its own names, and the import fails as it would anyway.

use const_eval::value::ModuleId;
use rustc_hash::{FxHashMap, FxHashSet};
use syntax::ir::{ImportSite, Occasion, StatementKind};

use crate::database::Request;
use crate::graph::{ComponentId, Graph, is_or_contains};
use crate::load::{Module, Table, Target};
use crate::resolve::parents;

/// The order in which the members of a component are evaluated.
pub struct Order {
    pub members: Vec<ModuleId>,
    /// So many of them, from the first, finish in this order in every process, as all ways into the cycle lead through
    /// the same package first: every member may read those of them that come before it.
    pub certain: usize,
    /// The modules whose imports decide it, members and others.
    pub decided_by: Vec<ModuleId>,
}

/// The order in which the members finish as far as that is certain; then each after those it takes names from, as far as
/// that goes.
///
/// `at_start`: the modules that the interpreter loads before any program, in the order in which they finish.
pub fn evaluation_order(table: &Table, members: &[ModuleId], at_start: &[String]) -> Order {
    let Walk { visited, finished: mut order, .. } = execution_order(table, members, at_start);
    let certain = order.len();
    let finished: FxHashSet<ModuleId> = order.iter().copied().collect();
    order.extend(by_names_taken(table, members).into_iter().filter(|member| !finished.contains(member)));
    let mut decided_by: Vec<ModuleId> = visited.into_iter().collect();
    if let [_, _, ..] = members {
        decided_by.extend(members);
    }
    decided_by.sort_unstable();
    decided_by.dedup();
    Order { members: order, certain, decided_by }
}

/// The members that the interpreter loads at start, then those that a package around all of them imports, in the order in
/// which they finish: it and the packages around it run before any of them, whoever imports which.
fn execution_order<'a>(table: &'a Table, members: &[ModuleId], at_start: &[String]) -> Walk<'a> {
    let inside: FxHashSet<ModuleId> = members.iter().copied().collect();
    let mut walk = Walk { table, inside, visited: FxHashSet::default(), finished: Vec::new() };
    let [first, _, ..] = members else { return walk };
    let at_start = at_start.iter().filter_map(|name| table.named(name)).filter(|module| module.is_standard);
    for module in at_start.map(|module| module.id).filter(|id| walk.inside.contains(id)).collect::<Vec<_>>() {
        if walk.visited.insert(module) {
            walk.finished.push(module);
        }
    }
    let first = &table.module(*first).name;
    let around = |package: &str| members.iter().all(|member| is_or_contains(package, &table.module(*member).name));
    for package in parents(first).chain([&**first]).take_while(|package| around(package)) {
        let Some(package) = table.by_name.get(package) else { break };
        walk.import(*package);
    }
    walk
}

/// Imports as a process carries them out, each module once, depth first.
struct Walk<'a> {
    table: &'a Table,
    inside: FxHashSet<ModuleId>,
    visited: FxHashSet<ModuleId>,
    /// Members, in the order in which they finish.
    finished: Vec<ModuleId>,
}

impl Walk<'_> {
    fn import(&mut self, start: ModuleId) {
        // Depth first, with a stack of our own: chains of imports can be long. Each entry is
        // a module under way and the modules that it has yet to import, the next one last.
        let mut pending: Vec<(ModuleId, Vec<ModuleId>)> = Vec::new();
        if self.visited.insert(start) {
            pending.push((start, self.imports(start)));
        }
        while let Some((module, rest)) = pending.last_mut() {
            match rest.pop() {
                Some(next) if self.visited.insert(next) => {
                    let imports = self.imports(next);
                    pending.push((next, imports));
                }
                Some(_) => {}
                None => {
                    if self.inside.contains(module) {
                        self.finished.push(*module);
                    }
                    pending.pop();
                }
            }
        }
    }

    /// What the module's top level imports, packages before what is in them, the first one last.
    fn imports(&self, module: ModuleId) -> Vec<ModuleId> {
        let mut imports = Vec::new();
        for (_, target) in self.table.module(module).imports() {
            let named = target.module.iter().chain(target.submodules.iter().map(|(_, name)| name));
            for name in named {
                imports.extend(parents(name).chain([&**name]).filter_map(|name| self.table.by_name.get(name)));
            }
        }
        imports.reverse();
        imports
    }
}

/// The members, each after those it takes names from, as far as that goes, and after others that it binds names to where
/// these need not come after it.
fn by_names_taken(table: &Table, members: &[ModuleId]) -> Vec<ModuleId> {
    let inside: FxHashSet<ModuleId> = members.iter().copied().collect();
    let within = |modules: Vec<ModuleId>| modules.into_iter().filter(|other| inside.contains(other));
    let mut earlier: FxHashMap<ModuleId, Vec<ModuleId>> =
        members.iter().map(|member| (*member, within(named_sources(table, table.module(*member))).collect())).collect();
    for member in members {
        for imported in within(bound_modules(table, table.module(*member))) {
            if !after(&earlier, imported).contains(member)
                && let Some(earlier) = earlier.get_mut(member)
            {
                earlier.push(imported);
            }
        }
    }
    let mut order = Vec::with_capacity(members.len());
    let mut visited = FxHashSet::default();
    for &start in members {
        // Depth first, with a stack of our own: chains of imports can be long.
        let mut pending = vec![(start, false)];
        while let Some((member, is_expanded)) = pending.pop() {
            if is_expanded {
                order.push(member);
                continue;
            }
            if !visited.insert(member) {
                continue;
            }
            pending.push((member, true));
            pending.extend(earlier.get(&member).into_iter().flatten().rev().map(|other| (*other, false)));
        }
    }
    order
}

/// The member, and all that come before it directly or through others.
fn after(earlier: &FxHashMap<ModuleId, Vec<ModuleId>>, member: ModuleId) -> FxHashSet<ModuleId> {
    let mut found = FxHashSet::default();
    let mut pending = vec![member];
    while let Some(member) = pending.pop() {
        if found.insert(member) {
            pending.extend(earlier.get(&member).into_iter().flatten());
        }
    }
    found
}

/// Modules that the module's import statements bind names to.
fn bound_modules(table: &Table, module: &Module) -> Vec<ModuleId> {
    let mut bound = Vec::new();
    for (request, target) in module.imports() {
        let whole = target.module.iter().filter(|_| request.names.is_empty());
        let submodules = target.submodules.iter().map(|(_, name)| name);
        bound.extend(whole.chain(submodules).filter_map(|name| table.by_name.get(name)));
    }
    bound
}

/// Modules that the module takes names from at its top level.
fn named_sources(table: &Table, module: &Module) -> Vec<ModuleId> {
    module
        .imports()
        .filter(|(request, target)| {
            request.names.iter().any(|name| !target.submodules.iter().any(|(submodule, _)| submodule == name))
        })
        .filter_map(|(_, target)| table.by_name.get(target.module.as_ref()?).copied())
        .collect()
}

/// Whether what the finished member holds is the same for every way into the cycle.
pub fn is_readable(table: &Table, graph: &Graph, component: ComponentId, member: ModuleId) -> bool {
    let module = table.module(member);
    let Some(ir) = &module.ir else { return false };
    let leading = ir
        .statements
        .iter()
        .take_while(|statement| {
            matches!(statement.kind, StatementKind::Import | StatementKind::Future | StatementKind::Docstring)
        })
        .count();
    let end_of_leading = ir.statements[..leading].last().map(|statement| statement.range.end());
    let is_leading = |site: &ImportSite| end_of_leading.is_some_and(|end| site.range.end() <= end);
    let mut bound_early = FxHashSet::default();
    for site in ir.imports.iter().filter(|site| site.occasion != Occasion::Never) {
        let Some((request, target)) = request_of(module, site) else { return false };
        if !module.runs(request.occasion) {
            continue;
        }
        if !is_leading(site) {
            let named = target.module.iter().chain(target.submodules.iter().map(|(_, name)| name));
            let closes_the_cycle = named
                .filter_map(|name| table.by_name.get(name))
                .any(|other| graph.condensation.component_of[other.0 as usize] == component);
            if closes_the_cycle {
                return false;
            }
        } else if site.names.iter().any(|name| &**name == "*") {
            match target.module.as_ref().and_then(|name| table.named(name)) {
                Some(source) if !source.summary.has_star_import => {
                    bound_early.extend(source.summary.binds.iter().cloned())
                }
                Some(_) => return false,
                None => {}
            }
        }
    }
    for statement in &ir.statements[..leading] {
        bound_early.extend(statement.binds.iter().cloned());
    }
    ir.statements[leading..]
        .iter()
        .all(|statement| !statement.binds.iter().any(|name| !name.starts_with("__") && bound_early.contains(name)))
}

fn request_of<'m>(module: &'m Module, site: &ImportSite) -> Option<(&'m Request, &'m Target)> {
    module.summary.requests.iter().zip(&*module.targets).find(|(request, _)| {
        request.level == site.level && request.module == site.module && request.names == site.names
    })
}
