//! Which methods of a class may be made when somebody asks for them.
//!
//! Those that nothing but their class holds, under one name, and that nobody looks at while the class is made: no
//! abstract ones, none whose name `type.__new__` treats in a way of its own, no finalisers.

use artifact::model::{Image, Node, NodeId, Operation};

use crate::demand::closure_without;

/// `type.__new__` wraps these, or the interpreter needs them where nothing can be made any more.
const MADE_AT_ONCE: [&str; 4] = ["__new__", "__init_subclass__", "__class_getitem__", "__del__"];

/// Puts a [`Node::Deferred`] in the place of each such method.
///
/// `bound`: the nodes that have to be made when their turn has come.
pub fn defer(image: &mut Image, bound: &[bool]) {
    let held = references(image);
    let first_new = image.nodes.len();
    let mut deferred = Vec::new();
    for id in 0..first_new {
        let Some(Node::Class(class)) = image.nodes.get(id) else { continue };
        let may_wait = |name: &str, method: NodeId| {
            !MADE_AT_ONCE.contains(&name)
                && !class.later.iter().any(|(other, _)| other == name)
                && is_plain(&image.nodes, &held, method)
                && closure_without(&image.nodes, method, id as NodeId).iter().all(|id| !bound[*id as usize])
        };
        let found = class.namespace.iter().map(|(name, method)| may_wait(name, *method)).collect::<Vec<_>>();
        let Node::Class(class) = &mut image.nodes[id] else { continue };
        for ((_, method), _) in class.namespace.iter_mut().zip(found).filter(|(_, may_wait)| *may_wait) {
            let place = (first_new + deferred.len()) as NodeId;
            deferred.push(Node::Deferred(std::mem::replace(method, place)));
        }
    }
    image.nodes.extend(deferred);
}

/// A function, or a static method, class method or property around functions, that only one thing holds.
fn is_plain(nodes: &[Node], held: &[u32], id: NodeId) -> bool {
    if held.get(id as usize) != Some(&1) {
        return false;
    }
    match nodes.get(id as usize) {
        Some(Node::Function(function)) => {
            function.dict.is_empty() && function.type_params.is_none() && function.globals.is_none()
        }
        Some(Node::StaticMethod(inner) | Node::ClassMethod(inner)) => is_plain_function(nodes, held, *inner),
        Some(Node::Property { get, set, delete, .. }) => [get, set, delete]
            .into_iter()
            .all(|part| matches!(nodes.get(*part as usize), Some(Node::None)) || is_plain_function(nodes, held, *part)),
        _ => false,
    }
}

fn is_plain_function(nodes: &[Node], held: &[u32], id: NodeId) -> bool {
    matches!(nodes.get(id as usize), Some(Node::Function(_))) && is_plain(nodes, held, id)
}

/// How many places refer to each node.
fn references(image: &Image) -> Vec<u32> {
    let mut counts = vec![0; image.nodes.len()];
    let mut count = |id: NodeId| {
        if let Some(count) = counts.get_mut(id as usize) {
            *count += 1;
        }
    };
    for node in &image.nodes {
        node.references().into_iter().for_each(&mut count);
    }
    for operation in &image.operations {
        match operation {
            Operation::Store { node, .. } => count(*node),
            Operation::Replay(replay) => replay.operands.iter().chain([&replay.target]).copied().for_each(&mut count),
            _ => {}
        }
    }
    counts
}
