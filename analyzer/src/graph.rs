//! The import graph and its condensation.
//!
//! An edge says "must be evaluated before". It leads from a module to each
//! module that an import statement of its names (one under `if __name__ == "__main__":` only
//! in a script), to the submodules among the names taken, and to the parents of those modules, except
//! parents that the importer itself lies in: these run first anyway. `from . import x` within a
//! package leads to the submodule `x`, and to the package only if the package
//! may bind `x` itself.
//!
//! The condensation is Tarjan's, with an explicit stack: chains of thousands of
//! modules exist. Components are numbered so that every edge leads to a lower number.

use const_eval::value::ModuleId;

use crate::load::{Module, Table};
use crate::resolve::parents;

/// Index of a strongly connected component.
pub type ComponentId = u32;

#[derive(Debug, Default)]
pub struct Graph {
    /// Per module: the modules it must come after; sorted, without itself.
    pub edges: Vec<Vec<ModuleId>>,
    pub condensation: Condensation,
    /// Per component: the components with a package that are reached from it, as bits by
    /// [`Self::package_bits`].
    reached: Vec<u64>,
    /// Bits of a row in [`Self::reached`], in words.
    words: usize,
    /// Per component: its bit, if a package is in it.
    package_bits: Vec<Option<u32>>,
}

#[derive(Debug, Default)]
pub struct Condensation {
    /// Members of each component, in the order in which they were loaded.
    pub components: Vec<Vec<ModuleId>>,
    /// Per module: its component.
    pub component_of: Vec<ComponentId>,
    /// Per component: those it must come after; sorted, all lower than itself.
    pub dependencies: Vec<Vec<ComponentId>>,
}

impl Graph {
    /// Modules that are `first` come before all others.
    pub fn new(table: &Table, first: impl Fn(&Module) -> bool) -> Graph {
        let edges: Vec<Vec<ModuleId>> = table.modules.iter().map(|module| edges_of(table, module)).collect();
        let mut condensation = condense(&with_first(table, &edges, first));
        for members in &mut condensation.components {
            members.sort_unstable_by_key(|member| table.module(*member).rank);
        }
        let mut graph = Graph { edges, condensation, reached: Vec::new(), words: 0, package_bits: Vec::new() };
        graph.compute_reached(table);
        graph
    }

    fn compute_reached(&mut self, table: &Table) {
        let count = self.condensation.components.len();
        let mut bits = 0;
        self.package_bits = self
            .condensation
            .components
            .iter()
            .map(|members| {
                members.iter().any(|member| table.module(*member).is_package).then(|| {
                    bits += 1;
                    bits - 1
                })
            })
            .collect();
        self.words = (bits as usize).div_ceil(64);
        self.reached = vec![0; count * self.words];
        for component in 0..count {
            let (before, rest) = self.reached.split_at_mut(component * self.words);
            let row = &mut rest[..self.words];
            for &dependency in &self.condensation.dependencies[component] {
                let start = dependency as usize * self.words;
                for (word, other) in row.iter_mut().zip(&before[start..]) {
                    *word |= other;
                }
                if let Some(bit) = self.package_bits[dependency as usize] {
                    row[bit as usize / 64] |= 1 << (bit % 64);
                }
            }
        }
    }

    /// Whether the package's component must be finished before this one starts.
    pub fn reaches_package(&self, from: ComponentId, package: ComponentId) -> bool {
        self.package_bits[package as usize].is_some_and(|bit| {
            let word = self.reached[from as usize * self.words + bit as usize / 64];
            word & (1 << (bit % 64)) != 0
        })
    }

    /// Whether `to` must be finished before `from` starts. Searches; for questions that are rarely asked.
    pub fn reaches(&self, from: ComponentId, to: ComponentId) -> bool {
        let dependencies = &self.condensation.dependencies;
        if to >= from {
            return false;
        }
        if dependencies[from as usize].binary_search(&to).is_ok() {
            return true;
        }
        let mut visited = rustc_hash::FxHashSet::default();
        let mut pending = vec![from];
        while let Some(component) = pending.pop() {
            for &next in &dependencies[component as usize] {
                if next == to {
                    return true;
                }
                if next > to && visited.insert(next) {
                    pending.push(next);
                }
            }
        }
        false
    }
}

/// The edges, and one to each module that comes before all others from every module that it does not need itself.
fn with_first(table: &Table, edges: &[Vec<ModuleId>], first: impl Fn(&Module) -> bool) -> Vec<Vec<ModuleId>> {
    let firsts: Vec<ModuleId> = table.modules.iter().filter(|module| first(module)).map(|module| module.id).collect();
    let mut needed = vec![false; edges.len()];
    let mut pending = firsts.clone();
    while let Some(module) = pending.pop() {
        if !std::mem::replace(&mut needed[module.0 as usize], true) {
            pending.extend(&edges[module.0 as usize]);
        }
    }
    let before = |edges: &Vec<ModuleId>, is_needed: bool| {
        if is_needed { edges.clone() } else { edges.iter().chain(&firsts).copied().collect() }
    };
    edges.iter().zip(needed).map(|(edges, is_needed)| before(edges, is_needed)).collect()
}

fn edges_of(table: &Table, module: &Module) -> Vec<ModuleId> {
    let mut edges = Vec::new();
    for (request, target) in module.imports() {
        let Some(named) = &target.module else {
            continue;
        };
        let is_around = |name: &str| is_or_contains(name, &module.name);
        for parent in parents(named).filter(|parent| !is_around(parent)) {
            edges.extend(table.by_name.get(parent));
        }
        for (_, submodule) in &target.submodules {
            edges.extend(table.by_name.get(submodule));
        }
        let only_submodules = !request.names.is_empty()
            && is_around(named)
            && table.named(named).is_some_and(|package| {
                request.names.iter().all(|name| {
                    target.submodules.iter().any(|(submodule, _)| submodule == name) && !package.summary.may_bind(name)
                })
            });
        if !only_submodules {
            edges.extend(table.by_name.get(named));
        }
    }
    edges.sort_unstable();
    edges.dedup();
    edges.retain(|edge| *edge != module.id);
    edges
}

/// Whether `name` is `module` or a package around it.
pub fn is_or_contains(name: &str, module: &str) -> bool {
    module.strip_prefix(name).is_some_and(|rest| rest.is_empty() || rest.starts_with('.'))
}

/// A node on the way down, and the next of its edges to follow.
struct Frame {
    node: usize,
    position: usize,
}

/// Strongly connected components in dependency order.
pub fn condense(edges: &[Vec<ModuleId>]) -> Condensation {
    const UNVISITED: u32 = u32::MAX;
    let count = edges.len();
    let mut index = vec![UNVISITED; count];
    let mut low = vec![0; count];
    let mut on_stack = vec![false; count];
    let mut stack = Vec::new();
    let mut frames: Vec<Frame> = Vec::new();
    let mut next_index = 0;
    let mut result = Condensation { component_of: vec![0; count], ..Condensation::default() };
    for start in 0..count {
        if index[start] != UNVISITED {
            continue;
        }
        frames.push(Frame { node: start, position: 0 });
        index[start] = next_index;
        low[start] = next_index;
        next_index += 1;
        stack.push(start);
        on_stack[start] = true;
        while let Some(frame) = frames.last_mut() {
            let node = frame.node;
            if let Some(&ModuleId(target)) = edges[node].get(frame.position) {
                frame.position += 1;
                let target = target as usize;
                if index[target] == UNVISITED {
                    index[target] = next_index;
                    low[target] = next_index;
                    next_index += 1;
                    stack.push(target);
                    on_stack[target] = true;
                    frames.push(Frame { node: target, position: 0 });
                } else if on_stack[target] {
                    low[node] = low[node].min(index[target]);
                }
                continue;
            }
            frames.pop();
            if let Some(above) = frames.last() {
                low[above.node] = low[above.node].min(low[node]);
            }
            if low[node] == index[node] {
                let component = result.components.len() as ComponentId;
                let mut members = Vec::new();
                while let Some(member) = stack.pop() {
                    on_stack[member] = false;
                    result.component_of[member] = component;
                    members.push(ModuleId(member as u32));
                    if member == node {
                        break;
                    }
                }
                members.sort_unstable();
                result.components.push(members);
            }
        }
    }
    result.dependencies = result
        .components
        .iter()
        .enumerate()
        .map(|(component, members)| {
            let mut dependencies: Vec<ComponentId> = members
                .iter()
                .flat_map(|member| &edges[member.0 as usize])
                .map(|target| result.component_of[target.0 as usize])
                .filter(|dependency| *dependency as usize != component)
                .collect();
            dependencies.sort_unstable();
            dependencies.dedup();
            dependencies
        })
        .collect();
    result
}

#[cfg(test)]
mod tests {
    use super::*;

    fn components(edges: &[&[u32]]) -> Vec<Vec<u32>> {
        let edges: Vec<Vec<ModuleId>> =
            edges.iter().map(|targets| targets.iter().map(|target| ModuleId(*target)).collect()).collect();
        let condensation = condense(&edges);
        for (component, dependencies) in condensation.dependencies.iter().enumerate() {
            assert!(dependencies.iter().all(|dependency| (*dependency as usize) < component));
        }
        condensation.components.iter().map(|members| members.iter().map(|member| member.0).collect()).collect()
    }

    #[test]
    fn cycles_become_one_component_behind_what_they_need() {
        assert_eq!(components(&[&[1], &[2], &[0, 3], &[]]), [vec![3], vec![0, 1, 2]]);
        assert_eq!(components(&[&[1, 2], &[3], &[3], &[]]), [vec![3], vec![1], vec![2], vec![0]]);
        assert_eq!(components(&[&[1], &[0, 2], &[3], &[2]]), [vec![2, 3], vec![0, 1]]);
    }

    #[test]
    fn a_long_chain_needs_no_deep_stack() {
        let edges: Vec<Vec<ModuleId>> =
            (0..100_000).map(|node| if node < 99_999 { vec![ModuleId(node + 1)] } else { Vec::new() }).collect();
        assert_eq!(condense(&edges).components.len(), 100_000);
    }

    #[test]
    fn names_contain_their_submodules_only() {
        assert!(is_or_contains("a.b", "a.b.c") && is_or_contains("a.b", "a.b"));
        assert!(!is_or_contains("a.b", "a.bc") && !is_or_contains("a.b.c", "a.b"));
    }
}
