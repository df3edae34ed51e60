//! The verifier: one pass over an image, linear in its bytes, after which no view of it fails.

use crate::model::{Expectation, NodeId};
use crate::read::ReadError;
use crate::view::{BindingView, ImageView, Named, NodeView, OperationView, Pairs};

impl ImageView<'_> {
    /// Checks that nodes follow each other without gap or overlap (so that the work of walking them is
    /// bounded by their bytes), that every node id is in range, that names are UTF-8, and that every
    /// operation and guard can be read. Says nothing of cycles: those are found when nodes are made.
    pub fn verify(&self) -> Result<(), ReadError> {
        let mut expected = 0;
        for id in 0..self.len() {
            let id = NodeId::try_from(id).map_err(|_| ReadError::Malformed("there are too many nodes"))?;
            if self.offset(id) != Some(expected) {
                return Err(ReadError::Malformed("the nodes don't follow each other"));
            }
            let (node, end) = self.node_and_end(id)?;
            self.check_node(node)?;
            expected = end;
        }
        if expected != self.nodes_length() {
            return Err(ReadError::Malformed("bytes follow the last node"));
        }
        if let Some(step) = self.step() {
            self.check_id(step.code)?;
            let NodeView::Code(code) = self.node(step.code)? else {
                return Err(ReadError::Malformed("the code of the segments is no code"));
            };
            if step.constant as usize >= code.consts.len() {
                return Err(ReadError::Malformed("the code of the segments has no such constant"));
            }
        }
        let mut guards = 0_u32;
        for guard in self.guards() {
            let guard = guard?;
            let mut names = 0;
            guard.place()?.1.iter().try_for_each(|text| {
                names += 1;
                text.map(drop)
            })?;
            match guard.expect {
                Expectation::Same(node) => self.check_id(node)?,
                Expectation::SameAs(length) if length >= names => {
                    return Err(ReadError::Malformed("a guard's path ends too early"));
                }
                _ => {}
            }
            guards += 1;
        }
        for operation in self.operations() {
            match operation? {
                OperationView::Store { node, demand, .. } => {
                    self.check_id(node)?;
                    self.check_ids(demand.captures.iter().chain(demand.classes.iter()))?;
                }
                OperationView::Replay(replay) => {
                    self.check_id(replay.target)?;
                    let demand = replay.demand;
                    self.check_ids(replay.operands.iter().chain(demand.captures.iter()).chain(demand.classes.iter()))?;
                }
                OperationView::Import { binding: BindingView::Names(names), .. } => {
                    names.iter().try_for_each(|pair| pair.map(drop))?;
                }
                OperationView::CheckGuards { from, until } if from > until || until > guards => {
                    return Err(ReadError::Malformed("an operation checks guards that don't exist"));
                }
                _ => {}
            }
        }
        Ok(())
    }

    fn check_id(&self, id: NodeId) -> Result<(), ReadError> {
        if (id as usize) < self.len() { Ok(()) } else { Err(ReadError::Malformed("a node id is out of range")) }
    }

    fn check_ids(&self, ids: impl IntoIterator<Item = NodeId>) -> Result<(), ReadError> {
        ids.into_iter().try_for_each(|id| self.check_id(id))
    }

    fn check_pairs(&self, pairs: Pairs<'_>) -> Result<(), ReadError> {
        pairs.iter().try_for_each(|(key, value)| self.check_ids([key, value]))
    }

    fn check_named(&self, named: Named<'_>) -> Result<(), ReadError> {
        named.iter().try_for_each(|item| self.check_id(item?.1))
    }

    fn check_node(&self, node: NodeView<'_>) -> Result<(), ReadError> {
        match node {
            NodeView::Tuple(items) | NodeView::List(items) | NodeView::Set(items) | NodeView::FrozenSet(items) => {
                self.check_ids(items.iter())
            }
            NodeView::Dict(items) => self.check_pairs(items),
            NodeView::Range { start, stop, step } | NodeView::Slice { start, stop, step } => {
                self.check_ids([start, stop, step])
            }
            NodeView::SetCopy(id)
            | NodeView::Deferred(id)
            | NodeView::FrozenSetCopy(id)
            | NodeView::MappingProxy(id)
            | NodeView::StaticMethod(id)
            | NodeView::ClassMethod(id)
            | NodeView::CodeOf { function: id, .. }
            | NodeView::Attribute { object: id, .. } => self.check_id(id),
            NodeView::Cell(content) => self.check_ids(content),
            NodeView::Code(code) => {
                self.check_ids([code.name, code.qualname])?;
                [code.consts, code.names, code.varnames, code.freevars, code.cellvars]
                    .into_iter()
                    .try_for_each(|ids| self.check_ids(ids.iter()))
            }
            NodeView::Function(function) => {
                self.check_ids([function.code, function.name, function.qualname, function.doc, function.module])?;
                self.check_ids(function.globals)?;
                self.check_ids(function.defaults)?;
                self.check_ids(function.keyword_defaults)?;
                self.check_ids(function.annotations)?;
                self.check_ids(function.type_params)?;
                self.check_ids(function.closure.iter())?;
                self.check_pairs(function.dict)
            }
            NodeView::Class(class) => {
                self.check_ids([class.metaclass, class.qualname])?;
                self.check_ids(class.class_cell)?;
                self.check_ids(class.bases_of)?;
                self.check_ids(class.bases.iter())?;
                self.check_ids(class.registered.iter())?;
                self.check_named(class.namespace)?;
                self.check_named(class.later)
            }
            NodeView::Property { get, set, delete, doc, .. } => self.check_ids([get, set, delete, doc]),
            NodeView::BoundMethod { function, receiver } => self.check_ids([function, receiver]),
            NodeView::Instance { class, base_value, dict, slots } => {
                self.check_id(class)?;
                self.check_ids(base_value)?;
                dict.map_or(Ok(()), |dict| self.check_pairs(dict))?;
                self.check_named(slots)
            }
            NodeView::Construct { callable, arguments, keywords, dict, .. } => {
                self.check_id(callable)?;
                self.check_ids(arguments.iter())?;
                dict.map_or(Ok(()), |dict| self.check_pairs(dict))?;
                self.check_named(keywords)
            }
            NodeView::External { path, .. } => path.iter().try_for_each(|text| text.map(drop)),
            NodeView::None
            | NodeView::True
            | NodeView::False
            | NodeView::Ellipsis
            | NodeView::NotImplemented
            | NodeView::Int(_)
            | NodeView::Float(_)
            | NodeView::Complex(..)
            | NodeView::Str { .. }
            | NodeView::Bytes(_)
            | NodeView::ByteArray(_)
            | NodeView::CodeBlob(_)
            | NodeView::Name(_)
            | NodeView::ThisModule
            | NodeView::Builtin(_) => Ok(()),
        }
    }
}
