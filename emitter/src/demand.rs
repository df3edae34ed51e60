//! Which values may be made when their name is first touched (design §7), and what they take along.
//!
//! A value may wait if making it later gives what making it now would have given, and can't fail for
//! any other reason than want of memory: if nothing in it must be made afresh for the process, no
//! code of anybody's is run to make it (the hash of a key), and no other class can tell that a class of
//! it is not there yet. A class with `object` for its base can wait; one with a base that is made when the
//! class is imported can't, because a base knows its subclasses: that, the runtime sees.

use std::collections::HashMap;

use artifact::model::{Class, Demand, Image, Node, NodeId, Operation};

/// Completes the demands of all stores, which say as yet whether the name may wait. `order`: when each
/// class was made.
pub fn annotate(image: &mut Image, order: &HashMap<NodeId, u64>) {
    let bound = bound_at_once(image);
    for operation in &mut image.operations {
        let Operation::Store { node, demand, .. } = operation else { continue };
        let closure = closure(&image.nodes, *node);
        let all_may_wait = closure.iter().all(|id| !bound[*id as usize]);
        let is_plain = closure.iter().all(|id| is_cheap(&image.nodes[*id as usize]));
        let of = |wanted: fn(&Node) -> bool| -> Vec<NodeId> {
            closure.iter().copied().filter(|id| wanted(&image.nodes[*id as usize])).collect()
        };
        let mut classes = of(|node| matches!(node, Node::Class(_)));
        classes.sort_by_key(|id| order.get(id));
        *demand = Demand {
            may_wait: demand.may_wait && all_may_wait && !is_plain,
            captures: of(|node| {
                matches!(node, Node::Name(_) | Node::External { .. } | Node::Builtin(_) | Node::CodeOf { .. })
            }),
            classes,
        };
    }
}

/// All nodes that making this one makes, in a fixed order.
fn closure(nodes: &[Node], root: NodeId) -> Vec<NodeId> {
    let mut seen = std::collections::HashSet::from([root]);
    let mut found = vec![root];
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
fn bound_at_once(image: &Image) -> Vec<bool> {
    image
        .nodes
        .iter()
        .map(|node| match node {
            Node::Class(class) => !class_may_wait(&image.nodes, class),
            Node::Dict(items) => items.iter().any(|(key, _)| !hashes_plainly(&image.nodes, *key, 0)),
            Node::Set(items) | Node::FrozenSet(items) => {
                items.iter().any(|item| !hashes_plainly(&image.nodes, *item, 0))
            }
            // The constructors of C types: what they make of their arguments is the same at any time.
            Node::Construct { callable, fresh, .. } => {
                *fresh || !matches!(image.nodes.get(*callable as usize), Some(Node::External { .. } | Node::Builtin(_)))
            }
            Node::Instance { .. } => true,
            _ => false,
        })
        .collect()
}

fn class_may_wait(nodes: &[Node], class: &Class) -> bool {
    let is_builtin =
        |id: NodeId, wanted: &str| matches!(nodes.get(id as usize), Some(Node::Builtin(name)) if name == wanted);
    !class.abc
        && class.registered.is_empty()
        && is_builtin(class.metaclass, "type")
        && class.bases.iter().all(|base| {
            is_builtin(*base, "object")
                || matches!(nodes.get(*base as usize), Some(Node::Class(_) | Node::Name(_) | Node::External { .. }))
        })
}

/// Whether hashing the node's value, and comparing it, runs no Python code.
fn hashes_plainly(nodes: &[Node], id: NodeId, depth: u32) -> bool {
    match nodes.get(id as usize) {
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
        Some(Node::Tuple(items)) => depth < 20 && items.iter().all(|item| hashes_plainly(nodes, *item, depth + 1)),
        _ => false,
    }
}
