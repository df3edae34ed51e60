//! An image read in place: nodes, operations and guards borrowed from the block's bytes.
//!
//! Every accessor checks what it reads, so that views of any bytes are safe to use; after
//! [`ImageView::verify`] none of them fails.

use crate::cursor::Cursor;
use crate::layout::{self, binding, change, expectation, operation, tag};
use crate::model::{Expectation, NodeId, ReplayedChange, Step};
use crate::read::ReadError;

/// The four sections of an image.
#[derive(Clone, Copy, Debug)]
pub struct ImageView<'a> {
    offsets: &'a [u8],
    nodes: &'a [u8],
    operations: &'a [u8],
    guards: &'a [u8],
    step: Option<Step>,
}

/// Node ids, in order.
#[derive(Clone, Copy, Debug)]
pub struct Ids<'a>(&'a [u8]);

impl<'a> Ids<'a> {
    pub fn len(&self) -> usize {
        self.0.len() / 4
    }

    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    pub fn iter(&self) -> impl ExactSizeIterator<Item = NodeId> + use<'a> {
        let (words, _) = self.0.as_chunks::<4>();
        words.iter().map(|word| u32::from_le_bytes(*word))
    }
}

/// Pairs of node ids: keys and values.
#[derive(Clone, Copy, Debug)]
pub struct Pairs<'a>(&'a [u8]);

impl<'a> Pairs<'a> {
    pub fn len(&self) -> usize {
        self.0.len() / 8
    }

    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    pub fn iter(&self) -> impl ExactSizeIterator<Item = (NodeId, NodeId)> + use<'a> {
        let (pairs, _) = self.0.as_chunks::<8>();
        pairs
            .iter()
            .map(|&[a, b, c, d, e, f, g, h]| (u32::from_le_bytes([a, b, c, d]), u32::from_le_bytes([e, f, g, h])))
    }
}

/// Names with node ids.
#[derive(Clone, Copy, Debug)]
pub struct Named<'a> {
    count: u32,
    cursor: Cursor<'a>,
}

impl<'a> Named<'a> {
    pub fn len(&self) -> usize {
        self.count as usize
    }

    pub fn is_empty(&self) -> bool {
        self.count == 0
    }

    /// Stops after the first error.
    pub fn iter(&self) -> impl Iterator<Item = Result<(&'a str, NodeId), ReadError>> + use<'a> {
        Records {
            left: self.count,
            cursor: self.cursor,
            read: |cursor: &mut Cursor<'a>| {
                let id = cursor.word()?;
                Ok((cursor.text()?, id))
            },
        }
    }

    /// The last node under this name.
    pub fn find(&self, name: &str) -> Result<Option<NodeId>, ReadError> {
        let (mut cursor, mut found) = (self.cursor, None);
        for _ in 0..self.count {
            let id = cursor.word()?;
            if cursor.blob()? == name.as_bytes() {
                found = Some(id);
            }
        }
        Ok(found)
    }
}

/// Texts, in order.
#[derive(Clone, Copy, Debug)]
pub struct Texts<'a> {
    count: u32,
    cursor: Cursor<'a>,
}

impl<'a> Texts<'a> {
    pub fn len(&self) -> usize {
        self.count as usize
    }

    pub fn is_empty(&self) -> bool {
        self.count == 0
    }

    /// Stops after the first error.
    pub fn iter(&self) -> impl Iterator<Item = Result<&'a str, ReadError>> + use<'a> {
        Records { left: self.count, cursor: self.cursor, read: Cursor::text }
    }
}

/// The (name, bound name) pairs of a `from` import.
#[derive(Clone, Copy, Debug)]
pub struct NamePairs<'a> {
    count: u32,
    cursor: Cursor<'a>,
}

impl<'a> NamePairs<'a> {
    pub fn len(&self) -> usize {
        self.count as usize
    }

    pub fn is_empty(&self) -> bool {
        self.count == 0
    }

    /// Stops after the first error.
    pub fn iter(&self) -> impl Iterator<Item = Result<(&'a str, &'a str), ReadError>> + use<'a> {
        Records {
            left: self.count,
            cursor: self.cursor,
            read: |cursor: &mut Cursor<'a>| Ok((cursor.text()?, cursor.text()?)),
        }
    }
}

/// Records of varying length, read one after the other.
struct Records<'a, F> {
    left: u32,
    cursor: Cursor<'a>,
    read: F,
}

impl<'a, T, F: FnMut(&mut Cursor<'a>) -> Result<T, ReadError>> Iterator for Records<'a, F> {
    type Item = Result<T, ReadError>;

    fn next(&mut self) -> Option<Self::Item> {
        self.left = self.left.checked_sub(1)?;
        let record = (self.read)(&mut self.cursor);
        if record.is_err() {
            self.left = 0;
        }
        Some(record)
    }
}

/// [`crate::model::Node`], borrowed.
#[derive(Clone, Copy, Debug)]
pub enum NodeView<'a> {
    None,
    True,
    False,
    Ellipsis,
    NotImplemented,
    Int(&'a [u8]),
    Float(f64),
    Complex(f64, f64),
    Str {
        value: &'a [u8],
        interned: bool,
    },
    Bytes(&'a [u8]),
    ByteArray(&'a [u8]),
    Tuple(Ids<'a>),
    List(Ids<'a>),
    Dict(Pairs<'a>),
    Set(Ids<'a>),
    FrozenSet(Ids<'a>),
    SetCopy(NodeId),
    Deferred(NodeId),
    FrozenSetCopy(NodeId),
    Range {
        start: NodeId,
        stop: NodeId,
        step: NodeId,
    },
    Slice {
        start: NodeId,
        stop: NodeId,
        step: NodeId,
    },
    MappingProxy(NodeId),
    Code(CodeView<'a>),
    CodeBlob(&'a [u8]),
    /// The path: indices, not node ids.
    CodeOf {
        function: NodeId,
        path: Ids<'a>,
    },
    Function(FunctionView<'a>),
    Cell(Option<NodeId>),
    Class(ClassView<'a>),
    Property {
        get: NodeId,
        set: NodeId,
        delete: NodeId,
        doc: NodeId,
        doc_from_getter: bool,
    },
    StaticMethod(NodeId),
    ClassMethod(NodeId),
    BoundMethod {
        function: NodeId,
        receiver: NodeId,
    },
    Instance {
        class: NodeId,
        base_value: Option<NodeId>,
        dict: Option<Pairs<'a>>,
        slots: Named<'a>,
    },
    Construct {
        callable: NodeId,
        arguments: Ids<'a>,
        keywords: Named<'a>,
        dict: Option<Pairs<'a>>,
        fresh: bool,
    },
    Name(&'a str),
    Attribute {
        object: NodeId,
        name: &'a str,
    },
    ThisModule,
    External {
        module: &'a str,
        path: Texts<'a>,
    },
    Builtin(&'a str),
}

/// [`crate::model::Code`], borrowed.
#[derive(Clone, Copy, Debug)]
pub struct CodeView<'a> {
    pub argcount: u32,
    pub posonlyargcount: u32,
    pub kwonlyargcount: u32,
    pub stacksize: u32,
    pub flags: u32,
    pub firstlineno: u32,
    pub name: NodeId,
    pub qualname: NodeId,
    pub consts: Ids<'a>,
    pub names: Ids<'a>,
    pub varnames: Ids<'a>,
    pub freevars: Ids<'a>,
    pub cellvars: Ids<'a>,
    pub code: &'a [u8],
    pub linetable: &'a [u8],
    pub exceptiontable: &'a [u8],
}

/// [`crate::model::Function`], borrowed.
#[derive(Clone, Copy, Debug)]
pub struct FunctionView<'a> {
    pub code: NodeId,
    pub name: NodeId,
    pub qualname: NodeId,
    pub doc: NodeId,
    pub module: NodeId,
    pub globals: Option<NodeId>,
    pub defaults: Option<NodeId>,
    pub keyword_defaults: Option<NodeId>,
    pub annotations: Option<NodeId>,
    pub type_params: Option<NodeId>,
    pub closure: Ids<'a>,
    pub dict: Pairs<'a>,
}

/// [`crate::model::Class`], borrowed.
#[derive(Clone, Copy, Debug)]
pub struct ClassView<'a> {
    pub metaclass: NodeId,
    pub qualname: NodeId,
    pub class_cell: Option<NodeId>,
    pub bases_of: Option<NodeId>,
    pub abc: bool,
    pub name: &'a str,
    pub bases: Ids<'a>,
    pub registered: Ids<'a>,
    pub namespace: Named<'a>,
    pub later: Named<'a>,
}

/// [`crate::model::Operation`], borrowed.
#[derive(Clone, Copy, Debug)]
pub enum OperationView<'a> {
    Import { line: u32, level: u32, module: &'a str, binding: BindingView<'a>, may_wait: bool },
    Store { name: &'a str, node: NodeId, demand: DemandView<'a> },
    Delete { name: &'a str },
    Replay(ReplayView<'a>),
    CheckGuards { from: u32, until: u32 },
    Segment { follows: bool },
}

/// [`crate::model::Replay`], borrowed.
#[derive(Clone, Copy, Debug)]
pub struct ReplayView<'a> {
    pub change: ReplayedChange,
    pub target: NodeId,
    pub name: &'a str,
    pub operands: Ids<'a>,
    pub demand: DemandView<'a>,
}

/// [`crate::model::Demand`], borrowed.
#[derive(Clone, Copy, Debug)]
pub struct DemandView<'a> {
    pub may_wait: bool,
    pub captures: Ids<'a>,
    pub classes: Ids<'a>,
}

/// [`crate::model::ImportBinding`], borrowed.
#[derive(Clone, Copy, Debug)]
pub enum BindingView<'a> {
    Top(&'a str),
    Leaf(&'a str),
    Names(NamePairs<'a>),
    Star,
    Nothing,
    Fails(&'a str),
}

/// [`crate::model::Guard`], borrowed.
#[derive(Clone, Debug)]
pub struct GuardView<'a> {
    pub expect: Expectation,
    place: &'a [u8],
}

impl<'a> GuardView<'a> {
    /// Bytes that are the same for two guards if they look at the same place.
    pub fn key(&self) -> &'a [u8] {
        self.place
    }

    /// Module and path.
    pub fn place(&self) -> Result<(&'a str, Texts<'a>), ReadError> {
        let mut cursor = Cursor::new(self.place);
        Ok((cursor.text()?, cursor.texts()?))
    }
}

impl<'a> ImageView<'a> {
    pub(crate) fn new(
        offsets: &'a [u8],
        nodes: &'a [u8],
        operations: &'a [u8],
        guards: &'a [u8],
        step: Option<Step>,
    ) -> Self {
        Self { offsets, nodes, operations, guards, step }
    }

    pub fn step(&self) -> Option<Step> {
        self.step
    }

    /// Number of nodes.
    pub fn len(&self) -> usize {
        self.offsets.len() / 4
    }

    pub fn is_empty(&self) -> bool {
        self.offsets.is_empty()
    }

    /// Offset of a node in the node section.
    pub(crate) fn offset(&self, id: NodeId) -> Option<usize> {
        let (offsets, _) = self.offsets.as_chunks::<4>();
        offsets.get(id as usize).map(|offset| u32::from_le_bytes(*offset) as usize)
    }

    pub(crate) fn nodes_length(&self) -> usize {
        self.nodes.len()
    }

    /// A node.
    pub fn node(&self, id: NodeId) -> Result<NodeView<'a>, ReadError> {
        self.node_and_end(id).map(|(node, _)| node)
    }

    /// The bytes of a node that is a text, and whether it is interned: most nodes are texts.
    pub fn text(&self, id: NodeId) -> Option<(&'a [u8], bool)> {
        let mut cursor = Cursor::new(self.nodes.get(self.offset(id)?..)?);
        let head = cursor.word().ok().filter(|head| head & 0xff == tag::STR)?;
        Some((cursor.blob().ok()?, head & layout::NODE_FLAG != 0))
    }

    /// A node, and where in the section it ends.
    pub(crate) fn node_and_end(&self, id: NodeId) -> Result<(NodeView<'a>, usize), ReadError> {
        let offset = self.offset(id).ok_or(ReadError::Malformed("a node id is out of range"))?;
        let bytes = self.nodes.get(offset..).ok_or(ReadError::Malformed("a node lies outside its section"))?;
        let mut cursor = Cursor::new(bytes);
        let node = cursor.node()?;
        Ok((node, self.nodes.len() - cursor.rest().len()))
    }

    /// Operations in order. Stops after the first error.
    pub fn operations(&self) -> impl Iterator<Item = Result<OperationView<'a>, ReadError>> + use<'a> {
        until_end(self.operations, Cursor::operation)
    }

    /// Guards in order. Stops after the first error.
    pub fn guards(&self) -> impl Iterator<Item = Result<GuardView<'a>, ReadError>> + use<'a> {
        until_end(self.guards, Cursor::guard)
    }
}

fn until_end<'a, T>(
    bytes: &'a [u8],
    read: fn(&mut Cursor<'a>) -> Result<T, ReadError>,
) -> impl Iterator<Item = Result<T, ReadError>> + use<'a, T> {
    let mut cursor = Cursor::new(bytes);
    let mut failed = false;
    std::iter::from_fn(move || {
        if failed || cursor.is_at_end() {
            return None;
        }
        let record = read(&mut cursor);
        failed = record.is_err();
        Some(record)
    })
}

impl<'a> Cursor<'a> {
    fn option(&mut self) -> Result<Option<NodeId>, ReadError> {
        let id = self.word()?;
        Ok((id != layout::ABSENT).then_some(id))
    }

    fn ids(&mut self) -> Result<Ids<'a>, ReadError> {
        let count = self.word()?;
        Ok(Ids(self.words(count)?))
    }

    fn pairs(&mut self) -> Result<Pairs<'a>, ReadError> {
        let count = self.word()?.checked_mul(2).ok_or(ReadError::Malformed("a count is too large"))?;
        Ok(Pairs(self.words(count)?))
    }

    fn named(&mut self) -> Result<Named<'a>, ReadError> {
        let count = self.word()?;
        let start = *self;
        for _ in 0..count {
            self.word()?;
            self.blob()?;
        }
        Ok(Named { count, cursor: start })
    }

    fn texts(&mut self) -> Result<Texts<'a>, ReadError> {
        let count = self.word()?;
        let start = *self;
        for _ in 0..count {
            self.blob()?;
        }
        Ok(Texts { count, cursor: start })
    }

    fn name_pairs(&mut self) -> Result<NamePairs<'a>, ReadError> {
        let count = self.word()?;
        let start = *self;
        for _ in 0..count {
            self.blob()?;
            self.blob()?;
        }
        Ok(NamePairs { count, cursor: start })
    }

    fn node(&mut self) -> Result<NodeView<'a>, ReadError> {
        let head = self.word()?;
        let flag = head & layout::NODE_FLAG != 0;
        let has_dict = head & layout::NODE_HAS_DICT != 0;
        Ok(match head & 0xff {
            tag::NONE => NodeView::None,
            tag::TRUE => NodeView::True,
            tag::FALSE => NodeView::False,
            tag::ELLIPSIS => NodeView::Ellipsis,
            tag::NOT_IMPLEMENTED => NodeView::NotImplemented,
            tag::INT => NodeView::Int(self.blob()?),
            tag::FLOAT => NodeView::Float(f64::from_bits(self.long()?)),
            tag::COMPLEX => NodeView::Complex(f64::from_bits(self.long()?), f64::from_bits(self.long()?)),
            tag::STR => NodeView::Str { value: self.blob()?, interned: flag },
            tag::BYTES => NodeView::Bytes(self.blob()?),
            tag::BYTE_ARRAY => NodeView::ByteArray(self.blob()?),
            tag::TUPLE => NodeView::Tuple(self.ids()?),
            tag::LIST => NodeView::List(self.ids()?),
            tag::DICT => NodeView::Dict(self.pairs()?),
            tag::SET => NodeView::Set(self.ids()?),
            tag::FROZEN_SET => NodeView::FrozenSet(self.ids()?),
            tag::SET_COPY => NodeView::SetCopy(self.word()?),
            tag::DEFERRED => NodeView::Deferred(self.word()?),
            tag::FROZEN_SET_COPY => NodeView::FrozenSetCopy(self.word()?),
            tag::RANGE => NodeView::Range { start: self.word()?, stop: self.word()?, step: self.word()? },
            tag::SLICE => NodeView::Slice { start: self.word()?, stop: self.word()?, step: self.word()? },
            tag::MAPPING_PROXY => NodeView::MappingProxy(self.word()?),
            tag::CODE => NodeView::Code(CodeView {
                argcount: self.word()?,
                posonlyargcount: self.word()?,
                kwonlyargcount: self.word()?,
                stacksize: self.word()?,
                flags: self.word()?,
                firstlineno: self.word()?,
                name: self.word()?,
                qualname: self.word()?,
                consts: self.ids()?,
                names: self.ids()?,
                varnames: self.ids()?,
                freevars: self.ids()?,
                cellvars: self.ids()?,
                code: self.blob()?,
                linetable: self.blob()?,
                exceptiontable: self.blob()?,
            }),
            tag::CODE_BLOB => NodeView::CodeBlob(self.blob()?),
            tag::CODE_OF => NodeView::CodeOf { function: self.word()?, path: self.ids()? },
            tag::FUNCTION => NodeView::Function(FunctionView {
                code: self.word()?,
                name: self.word()?,
                qualname: self.word()?,
                doc: self.word()?,
                module: self.word()?,
                globals: self.option()?,
                defaults: self.option()?,
                keyword_defaults: self.option()?,
                annotations: self.option()?,
                type_params: self.option()?,
                closure: self.ids()?,
                dict: self.pairs()?,
            }),
            tag::CELL => NodeView::Cell(self.option()?),
            tag::CLASS => NodeView::Class(ClassView {
                metaclass: self.word()?,
                qualname: self.word()?,
                class_cell: self.option()?,
                bases_of: self.option()?,
                abc: flag,
                name: self.text()?,
                bases: self.ids()?,
                registered: self.ids()?,
                namespace: self.named()?,
                later: self.named()?,
            }),
            tag::PROPERTY => NodeView::Property {
                get: self.word()?,
                set: self.word()?,
                delete: self.word()?,
                doc: self.word()?,
                doc_from_getter: flag,
            },
            tag::STATIC_METHOD => NodeView::StaticMethod(self.word()?),
            tag::CLASS_METHOD => NodeView::ClassMethod(self.word()?),
            tag::BOUND_METHOD => NodeView::BoundMethod { function: self.word()?, receiver: self.word()? },
            tag::INSTANCE => {
                let class = self.word()?;
                let base_value = self.option()?;
                let dict = self.pairs()?;
                NodeView::Instance { class, base_value, dict: has_dict.then_some(dict), slots: self.named()? }
            }
            tag::CONSTRUCT => {
                let callable = self.word()?;
                let arguments = self.ids()?;
                let dict = self.pairs()?;
                let dict = has_dict.then_some(dict);
                NodeView::Construct { callable, arguments, keywords: self.named()?, dict, fresh: flag }
            }
            tag::NAME => NodeView::Name(self.text()?),
            tag::ATTRIBUTE => NodeView::Attribute { object: self.word()?, name: self.text()? },
            tag::THIS_MODULE => NodeView::ThisModule,
            tag::EXTERNAL => NodeView::External { module: self.text()?, path: self.texts()? },
            tag::BUILTIN => NodeView::Builtin(self.text()?),
            _ => return Err(ReadError::Malformed("a node has an unknown tag")),
        })
    }

    fn operation(&mut self) -> Result<OperationView<'a>, ReadError> {
        let head = self.word()?;
        let flag = head & layout::NODE_FLAG != 0;
        Ok(match head & 0xff {
            operation::IMPORT => OperationView::Import {
                line: self.word()?,
                level: self.word()?,
                module: self.text()?,
                binding: self.binding()?,
                may_wait: flag,
            },
            operation::STORE => {
                let node = self.word()?;
                let name = self.text()?;
                OperationView::Store { name, node, demand: self.demand(flag)? }
            }
            operation::REPLAY => {
                let change = match self.word()? {
                    change::CALL => ReplayedChange::Call,
                    change::SET_ITEM => ReplayedChange::SetItem,
                    change::APPEND => ReplayedChange::Append,
                    change::ADD => ReplayedChange::Add,
                    change::SET_ATTRIBUTE => ReplayedChange::SetAttribute,
                    _ => return Err(ReadError::Malformed("an effect has an unknown tag")),
                };
                let target = self.word()?;
                let name = self.text()?;
                let operands = self.ids()?;
                OperationView::Replay(ReplayView { change, target, name, operands, demand: self.demand(flag)? })
            }
            operation::DELETE => OperationView::Delete { name: self.text()? },
            operation::CHECK_GUARDS => OperationView::CheckGuards { from: self.word()?, until: self.word()? },
            operation::SEGMENT => OperationView::Segment { follows: flag },
            _ => return Err(ReadError::Malformed("an operation has an unknown tag")),
        })
    }

    fn demand(&mut self, may_wait: bool) -> Result<DemandView<'a>, ReadError> {
        Ok(DemandView { may_wait, captures: self.ids()?, classes: self.ids()? })
    }

    fn binding(&mut self) -> Result<BindingView<'a>, ReadError> {
        Ok(match self.word()? {
            binding::TOP => BindingView::Top(self.text()?),
            binding::LEAF => BindingView::Leaf(self.text()?),
            binding::NAMES => BindingView::Names(self.name_pairs()?),
            binding::STAR => BindingView::Star,
            binding::NOTHING => BindingView::Nothing,
            binding::FAILS => BindingView::Fails(self.text()?),
            _ => return Err(ReadError::Malformed("an import has an unknown binding")),
        })
    }

    fn guard(&mut self) -> Result<GuardView<'a>, ReadError> {
        let kind = self.word()?;
        let fingerprint = self.long()?;
        let word = |what| u32::try_from(fingerprint).map_err(|_| ReadError::Malformed(what));
        let expect = match kind {
            expectation::ABSENT => Expectation::Absent,
            expectation::FINGERPRINT => Expectation::Fingerprint(fingerprint),
            expectation::CLASS => Expectation::Class(fingerprint),
            expectation::SAME => Expectation::Same(word("a node id is out of range")?),
            expectation::SAME_AS => Expectation::SameAs(word("a guard's path is too long")?),
            expectation::ABSENT_OR => Expectation::AbsentOr(fingerprint),
            _ => return Err(ReadError::Malformed("a guard has an unknown expectation")),
        };
        let rest = self.rest();
        self.blob()?;
        self.texts()?;
        let place = &rest[..rest.len() - self.rest().len()];
        Ok(GuardView { expect, place })
    }
}
