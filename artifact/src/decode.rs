//! From views to the model: for `lyo inspect`, and to test the writer with.

use crate::model::{
    Artifact, Bundle, Class, Code, Demand, Function, Guard, Image, ImportBinding, Node, NodeId, Operation, Replay,
};
use crate::read::{Entry, ReadError, Reader};
use crate::view::{
    BindingView, ClassView, CodeView, DemandView, FunctionView, ImageView, Named, NodeView, OperationView, Pairs, Texts,
};

impl Reader {
    /// The whole bundle.
    pub fn decode(&self) -> Result<Bundle, ReadError> {
        self.check_directory()?;
        let artifacts = self.entries().map(|entry| entry.decode()).collect::<Result<_, _>>()?;
        Ok(Bundle { target: self.target().clone(), artifacts })
    }
}

impl Entry<'_> {
    /// The module, its image verified.
    pub fn decode(&self) -> Result<Artifact, ReadError> {
        let block = self.load()?;
        let image = match block.image() {
            Some(view) => {
                view.verify()?;
                Some(view.decode()?)
            }
            None => None,
        };
        Ok(Artifact {
            name: self.name().to_owned(),
            is_package: self.is_package(),
            source: self.source().to_source(),
            code: block.code().to_vec(),
            image,
            reason: block.reason().to_owned(),
        })
    }
}

impl ImageView<'_> {
    /// One node, as the writer takes it.
    pub fn decode_node(&self, id: NodeId) -> Result<Node, ReadError> {
        node(self.node(id)?)
    }

    pub fn decode(&self) -> Result<Image, ReadError> {
        let mut nodes = Vec::with_capacity(self.len());
        for id in 0..self.len() {
            nodes.push(node(self.node(id as NodeId)?)?);
        }
        let operations = self.operations().map(|view| operation(view?)).collect::<Result<_, _>>()?;
        let mut guards = Vec::new();
        for guard in self.guards() {
            let guard = guard?;
            let (module, path) = guard.place()?;
            guards.push(Guard { module: module.to_owned(), path: texts(path)?, expect: guard.expect });
        }
        Ok(Image { nodes, operations, guards, step: self.step() })
    }
}

fn named(view: Named<'_>) -> Result<Vec<(String, NodeId)>, ReadError> {
    view.iter().map(|item| item.map(|(name, id)| (name.to_owned(), id))).collect()
}

fn texts(view: Texts<'_>) -> Result<Vec<String>, ReadError> {
    view.iter().map(|text| text.map(str::to_owned)).collect()
}

fn dict(view: Option<Pairs<'_>>) -> Option<Vec<(NodeId, NodeId)>> {
    view.map(|pairs| pairs.iter().collect())
}

fn node(view: NodeView<'_>) -> Result<Node, ReadError> {
    Ok(match view {
        NodeView::None => Node::None,
        NodeView::True => Node::True,
        NodeView::False => Node::False,
        NodeView::Ellipsis => Node::Ellipsis,
        NodeView::NotImplemented => Node::NotImplemented,
        NodeView::Int(bytes) => Node::Int(bytes.to_vec()),
        NodeView::Float(value) => Node::Float(value),
        NodeView::Complex(real, imaginary) => Node::Complex(real, imaginary),
        NodeView::Str { value, interned } => Node::Str { value: value.to_vec(), interned },
        NodeView::Bytes(bytes) => Node::Bytes(bytes.to_vec()),
        NodeView::ByteArray(bytes) => Node::ByteArray(bytes.to_vec()),
        NodeView::Tuple(items) => Node::Tuple(items.iter().collect()),
        NodeView::List(items) => Node::List(items.iter().collect()),
        NodeView::Dict(items) => Node::Dict(items.iter().collect()),
        NodeView::Set(items) => Node::Set(items.iter().collect()),
        NodeView::FrozenSet(items) => Node::FrozenSet(items.iter().collect()),
        NodeView::SetCopy(other) => Node::SetCopy(other),
        NodeView::Deferred(other) => Node::Deferred(other),
        NodeView::FrozenSetCopy(other) => Node::FrozenSetCopy(other),
        NodeView::Range { start, stop, step } => Node::Range { start, stop, step },
        NodeView::Slice { start, stop, step } => Node::Slice { start, stop, step },
        NodeView::MappingProxy(mapping) => Node::MappingProxy(mapping),
        NodeView::Code(view) => Node::Code(Box::new(code(view))),
        NodeView::CodeBlob(bytes) => Node::CodeBlob(bytes.to_vec()),
        NodeView::CodeOf { function, path } => Node::CodeOf { function, path: path.iter().collect() },
        NodeView::Function(view) => Node::Function(Box::new(function(view))),
        NodeView::Cell(content) => Node::Cell(content),
        NodeView::Class(view) => Node::Class(Box::new(class(view)?)),
        NodeView::Property { get, set, delete, doc, doc_from_getter } => {
            Node::Property { get, set, delete, doc, doc_from_getter }
        }
        NodeView::StaticMethod(function) => Node::StaticMethod(function),
        NodeView::ClassMethod(function) => Node::ClassMethod(function),
        NodeView::BoundMethod { function, receiver } => Node::BoundMethod { function, receiver },
        NodeView::Instance { class, base_value, dict: state, slots } => {
            Node::Instance { class, base_value, dict: dict(state), slots: named(slots)? }
        }
        NodeView::Construct { callable, arguments, keywords, dict: state, fresh } => Node::Construct {
            callable,
            arguments: arguments.iter().collect(),
            keywords: named(keywords)?,
            dict: dict(state),
            fresh,
        },
        NodeView::Name(name) => Node::Name(name.to_owned()),
        NodeView::Attribute { object, name } => Node::Attribute { object, name: name.to_owned() },
        NodeView::ThisModule => Node::ThisModule,
        NodeView::External { module, path } => Node::External { module: module.to_owned(), path: texts(path)? },
        NodeView::Builtin(name) => Node::Builtin(name.to_owned()),
    })
}

fn code(view: CodeView<'_>) -> Code {
    Code {
        argcount: view.argcount,
        posonlyargcount: view.posonlyargcount,
        kwonlyargcount: view.kwonlyargcount,
        stacksize: view.stacksize,
        flags: view.flags,
        firstlineno: view.firstlineno,
        name: view.name,
        qualname: view.qualname,
        consts: view.consts.iter().collect(),
        names: view.names.iter().collect(),
        varnames: view.varnames.iter().collect(),
        freevars: view.freevars.iter().collect(),
        cellvars: view.cellvars.iter().collect(),
        code: view.code.to_vec(),
        linetable: view.linetable.to_vec(),
        exceptiontable: view.exceptiontable.to_vec(),
    }
}

fn function(view: FunctionView<'_>) -> Function {
    Function {
        code: view.code,
        globals: view.globals,
        name: view.name,
        qualname: view.qualname,
        doc: view.doc,
        module: view.module,
        defaults: view.defaults,
        keyword_defaults: view.keyword_defaults,
        closure: view.closure.iter().collect(),
        annotations: view.annotations,
        type_params: view.type_params,
        dict: view.dict.iter().collect(),
    }
}

fn class(view: ClassView<'_>) -> Result<Class, ReadError> {
    Ok(Class {
        metaclass: view.metaclass,
        name: view.name.to_owned(),
        qualname: view.qualname,
        bases: view.bases.iter().collect(),
        namespace: named(view.namespace)?,
        later: named(view.later)?,
        class_cell: view.class_cell,
        bases_of: view.bases_of,
        abc: view.abc,
        registered: view.registered.iter().collect(),
    })
}

fn demand(view: DemandView<'_>) -> Demand {
    Demand { may_wait: view.may_wait, captures: view.captures.iter().collect(), classes: view.classes.iter().collect() }
}

fn operation(view: OperationView<'_>) -> Result<Operation, ReadError> {
    Ok(match view {
        OperationView::Import { line, level, module, binding, may_wait } => {
            let binding = match binding {
                BindingView::Top(name) => ImportBinding::Top(name.to_owned()),
                BindingView::Leaf(name) => ImportBinding::Leaf(name.to_owned()),
                BindingView::Names(names) => ImportBinding::Names(
                    names
                        .iter()
                        .map(|pair| pair.map(|(name, bound)| (name.to_owned(), bound.to_owned())))
                        .collect::<Result<_, _>>()?,
                ),
                BindingView::Star => ImportBinding::Star,
                BindingView::Nothing => ImportBinding::Nothing,
                BindingView::Fails(name) => ImportBinding::Fails(name.to_owned()),
            };
            Operation::Import { line, level, module: module.to_owned(), binding, may_wait }
        }
        OperationView::Store { name, node, demand } => {
            Operation::Store { name: name.to_owned(), node, demand: self::demand(demand) }
        }
        OperationView::Replay(view) => Operation::Replay(Replay {
            change: view.change,
            target: view.target,
            name: view.name.to_owned(),
            operands: view.operands.iter().collect(),
            demand: demand(view.demand),
        }),
        OperationView::Delete { name } => Operation::Delete { name: name.to_owned() },
        OperationView::CheckGuards { from, until } => Operation::CheckGuards { from, until },
        OperationView::Segment { follows } => Operation::Segment { follows },
    })
}
