//! Which values may be made when their name is first touched (design §7), and what they take along.
//!
//! A value may wait if making it later gives what making it now would have given, and can't fail for
//! any other reason than want of memory: if nothing in it must be made afresh for the process, no
//! code of anybody's is run to make it (the hash of a key), and nobody can tell that a class of it is not
//! there yet. Whoever may ask a class for its subclasses gets them all: that, the runtime sees to.

use std::collections::{HashMap, HashSet};

use artifact::model::{Demand, Image, Node, NodeId, Operation};

/// What the harvester found out about a class that it described.
pub struct ClassFacts {
    /// Classes count up in the order in which they were made.
    pub order: u64,
    /// Nobody can tell that it is not there yet, but by asking for subclasses.
    pub may_wait: bool,
}

/// What the harvester found out about the values that it described.
#[derive(Default)]
pub struct Facts {
    pub classes: HashMap<NodeId, ClassFacts>,
    /// Values of other modules whose hash, and equality, are those of a C type.
    pub hashed_in_c: HashSet<NodeId>,
}

/// Completes the demands of all stores, which say as yet whether the name may wait. `bound`: see [`bound_at_once`].
pub fn annotate(image: &mut Image, facts: &Facts, mut bound: Vec<bool>) {
    for operation in &mut image.operations {
        let (closure, demand) = match operation {
            Operation::Store { node, demand, .. } => (closure(&image.nodes, [*node]), demand),
            Operation::Replay(replay) => {
                let roots = std::iter::once(replay.target).chain(replay.operands.iter().copied());
                (closure(&image.nodes, roots), &mut replay.demand)
            }
            _ => continue,
        };
        let all_may_wait = closure.iter().all(|id| !bound[*id as usize]);
        if !all_may_wait {
            // Made now, and there when a later value needs it.
            closure.iter().for_each(|id| bound[*id as usize] = false);
        }
        let is_plain = closure.iter().all(|id| is_cheap(&image.nodes[*id as usize]));
        let of = |wanted: &dyn Fn(&Node) -> bool| -> Vec<NodeId> {
            closure.iter().copied().filter(|id| wanted(&image.nodes[*id as usize])).collect()
        };
        let mut held = of(&|node| matches!(node, Node::Class(_)));
        held.sort_by_key(|id| facts.classes.get(id).map(|facts| facts.order));
        // What is read of something comes behind what it is read of.
        let mut captures = of(&|node| is_taken_from_elsewhere(&image.nodes, node));
        captures.reverse();
        captures.sort_by_key(|id| matches!(image.nodes[*id as usize], Node::Construct { .. }));
        *demand = Demand { may_wait: demand.may_wait && all_may_wait && !is_plain, captures, classes: held };
    }
}

/// What has to be looked up at the import, because it may be another thing later.
fn is_taken_from_elsewhere(nodes: &[Node], node: &Node) -> bool {
    match node {
        Node::Name(_) | Node::External { .. } | Node::Builtin(_) | Node::CodeOf { .. } => true,
        Node::Construct { callable, arguments, .. } => {
            let reads = match nodes.get(*callable as usize) {
                Some(Node::Builtin(name)) => name == "getattr",
                Some(Node::External { module, path }) => {
                    module == "builtins" && path.last().is_some_and(|name| name == "__getitem__")
                }
                _ => false,
            };
            let is_own = |id: &NodeId| matches!(nodes.get(*id as usize), Some(Node::Code(_) | Node::CodeBlob(_)));
            reads && !arguments.first().is_some_and(is_own)
        }
        _ => false,
    }
}

/// All nodes that making these makes, in a fixed order.
fn closure(nodes: &[Node], roots: impl IntoIterator<Item = NodeId>) -> Vec<NodeId> {
    reached(nodes, roots, HashSet::new())
}

/// The same, of a root within something that exists when it is made.
pub fn closure_without(nodes: &[Node], root: NodeId, existing: NodeId) -> Vec<NodeId> {
    reached(nodes, [root], HashSet::from([existing]))
}

fn reached(nodes: &[Node], roots: impl IntoIterator<Item = NodeId>, mut seen: HashSet<NodeId>) -> Vec<NodeId> {
    let mut found: Vec<NodeId> = roots.into_iter().filter(|id| seen.insert(*id)).collect();
    let mut next = 0;
    while let Some(id) = found.get(next).copied() {
        next += 1;
        let references = nodes.get(id as usize).map(Node::references).unwrap_or_default();
        found.extend(references.into_iter().filter(|id| (*id as usize) < nodes.len() && seen.insert(*id)));
    }
    found
}

/// A value that is made as quickly as it is put off.
fn is_cheap(node: &Node) -> bool {
    matches!(
        node,
        Node::None
            | Node::True
            | Node::False
            | Node::Ellipsis
            | Node::NotImplemented
            | Node::Int(_)
            | Node::Float(_)
            | Node::Str { .. }
            | Node::Bytes(_)
            | Node::Name(_)
            | Node::External { .. }
            | Node::Builtin(_)
            | Node::ThisModule
    )
}

/// Which nodes must be made when the store's turn has come.
pub fn bound_at_once(image: &Image, facts: &Facts) -> Vec<bool> {
    let hashes_plainly = |id: NodeId| hashes_plainly(&image.nodes, facts, id, 0);
    (0..)
        .zip(&image.nodes)
        .map(|(id, node)| match node {
            Node::Class(class) => {
                !class.registered.is_empty() || !facts.classes.get(&id).is_some_and(|facts| facts.may_wait)
            }
            Node::Dict(items) => items.iter().any(|(key, _)| !hashes_plainly(*key)),
            Node::Set(items) | Node::FrozenSet(items) => items.iter().any(|item| !hashes_plainly(*item)),
            // The constructors of C types: what they make of their arguments is the same at any time.
            Node::Construct { callable, fresh, .. } => {
                *fresh || !is_constructor_in_c(image.nodes.get(*callable as usize))
            }
            _ => false,
        })
        .collect()
}

/// `typing` looks at the bounds of type variables in Python.
fn is_constructor_in_c(callable: Option<&Node>) -> bool {
    match callable {
        Some(Node::External { module, .. }) => module != "typing" && module != "_typing",
        // What `typing` has is never named so (`construct.py` of the harvester).
        Some(Node::Builtin(_) | Node::Name(_)) => true,
        _ => false,
    }
}

/// Whether hashing the node's value, and comparing it, runs no Python code.
fn hashes_plainly(nodes: &[Node], facts: &Facts, id: NodeId, depth: u32) -> bool {
    match nodes.get(id as usize) {
        _ if facts.hashed_in_c.contains(&id) => true,
        Some(
            Node::None
            | Node::True
            | Node::False
            | Node::Ellipsis
            | Node::NotImplemented
            | Node::Int(_)
            | Node::Float(_)
            | Node::Complex(..)
            | Node::Str { .. }
            | Node::Bytes(_)
            | Node::Builtin(_)
            | Node::Function(_),
        ) => true,
        Some(Node::Class(class)) => {
            matches!(nodes.get(class.metaclass as usize), Some(Node::Builtin(name)) if name == "type")
        }
        Some(Node::Tuple(items)) => {
            depth < 20 && items.iter().all(|item| hashes_plainly(nodes, facts, *item, depth + 1))
        }
        _ => false,
    }
}
