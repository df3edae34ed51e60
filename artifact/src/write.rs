//! The writer. Same bundle, same bytes.

use std::io;
use std::path::Path;

use crate::cursor::padding;
use crate::layout::{self, binding, change, expectation, operation, tag};
use crate::model::{
    Artifact, Bundle, Class, Code, Demand, Expectation, Function, Guard, Image, ImportBinding, Node, NodeId, Operation,
    ReplayedChange,
};
use crate::replace::replace_file;

/// Why a bundle could not be written. Nothing half-written stays.
#[derive(Debug, thiserror::Error)]
pub enum WriteError {
    #[error("the modules of a bundle must be sorted by name, each name once: `{0}` is out of order")]
    Order(String),
    #[error("module `{0}` is too large for the format (4 GiB)")]
    TooLarge(String),
    #[error("a name or path of module `{0}` is longer than 65,536 bytes")]
    LongText(String),
    #[error(transparent)]
    Io(#[from] io::Error),
}

/// Writes `bundle` to `path` by way of a file beside it, so that `path` is at every moment absent,
/// the old bundle or the new one.
pub fn write_bundle(path: &Path, bundle: &Bundle) -> Result<(), WriteError> {
    let bytes = encode_bundle(bundle)?;
    Ok(replace_file(path, &bytes)?)
}

/// The bytes of a bundle.
pub fn encode_bundle(bundle: &Bundle) -> Result<Vec<u8>, WriteError> {
    for pair in bundle.artifacts.windows(2) {
        if pair[0].name >= pair[1].name {
            return Err(WriteError::Order(pair[1].name.clone()));
        }
    }
    let pages = bundle.artifacts.chunks(layout::PAGE_RECORDS).map(PageTexts::of).collect::<Result<Vec<_>, _>>()?;
    let mut texts = Texts { base: layout::TARGET_LENGTH + pages.len() * layout::PAGE_LENGTH, ..Texts::default() };
    let mut directory = Words::default();
    directory.reference(texts.add("", &bundle.target.cache_tag)?);
    directory.reference(texts.add("", &bundle.target.version)?);
    directory.reference(texts.add("", &bundle.target.platform)?);
    directory.bytes.extend(bundle.target.magic);
    directory.word(u32::from(bundle.target.optimize));
    directory.long(0);
    let mut first_names = Vec::new();
    for page in bundle.artifacts.chunks(layout::PAGE_RECORDS) {
        first_names.push(texts.add(&page[0].name, &page[0].name)?);
    }

    // Pages lie behind the directory, blocks behind the pages.
    let mut offset = layout::HEADER_LENGTH + texts.base + texts.bytes.len();
    let mut offsets = Vec::new();
    for page in &pages {
        offset = align(offset);
        offsets.push(offset);
        offset += page.length();
    }
    let mut sections = Vec::new();
    let mut blocks = Vec::new();
    for (artifacts, texts) in bundle.artifacts.chunks(layout::PAGE_RECORDS).zip(&pages) {
        let mut page = Words::default();
        for (artifact, references) in artifacts.iter().zip(&texts.references) {
            offset = align(offset);
            let block = encode_block(artifact)?;
            page.record(artifact, references, offset, &block);
            offset += block.len();
            blocks.push(block);
        }
        page.bytes.extend(&texts.texts.bytes);
        sections.push(page.bytes);
    }
    offset = align(offset);
    for ((page, first_name), place) in sections.iter().zip(first_names).zip(offsets) {
        directory.reference(first_name);
        directory.long(place as u64);
        directory.long(page.len() as u64);
        directory.bytes.extend(layout::digest(&[page]));
    }
    directory.bytes.extend(&texts.bytes);
    let directory = directory.bytes;

    let mut header = Words::default();
    header.bytes.extend(layout::MAGIC);
    header.word(layout::FORMAT_VERSION);
    header.word(0);
    header.long(offset as u64);
    header.long(layout::HEADER_LENGTH as u64);
    header.long(directory.len() as u64);
    header.word(bundle.artifacts.len() as u32);
    header.word(0);
    let digest = layout::digest(&[&header.bytes, &directory]);

    let mut file = header.bytes;
    file.reserve_exact(offset - file.len());
    file.extend(digest);
    file.extend(&directory);
    for section in sections.iter().chain(&blocks) {
        file.resize(align(file.len()), 0);
        file.extend(section);
    }
    file.resize(offset, 0);
    Ok(file)
}

/// The texts of one page of the directory, and where the texts of each of its records lie: name, root, path below the
/// root, absolute path.
struct PageTexts {
    texts: Texts,
    references: Vec<[(u32, u32); 4]>,
}

impl PageTexts {
    fn of(artifacts: &[Artifact]) -> Result<PageTexts, WriteError> {
        let mut texts = Texts { base: artifacts.len() * layout::RECORD_LENGTH, ..Texts::default() };
        let references = artifacts.iter().map(|Artifact { name, source, .. }| {
            Ok([
                texts.add(name, name)?,
                texts.add(name, &source.root)?,
                texts.add(name, &source.relative)?,
                texts.add(name, &source.path)?,
            ])
        });
        let references = references.collect::<Result<_, WriteError>>()?;
        Ok(PageTexts { texts, references })
    }

    fn length(&self) -> usize {
        self.texts.base + self.texts.bytes.len()
    }
}

fn align(offset: usize) -> usize {
    offset.next_multiple_of(layout::BLOCK_ALIGNMENT)
}

/// Texts of the directory or of a page; equal ones (search roots, mostly) are stored once.
#[derive(Default)]
struct Texts {
    base: usize,
    bytes: Vec<u8>,
    known: std::collections::HashMap<String, (u32, u32)>,
}

impl Texts {
    /// Offset in the directory or page, and length.
    fn add(&mut self, module: &str, text: &str) -> Result<(u32, u32), WriteError> {
        if text.len() > layout::LONGEST_DIRECTORY_TEXT {
            return Err(WriteError::LongText(module.to_owned()));
        }
        if let Some(&reference) = self.known.get(text) {
            return Ok(reference);
        }
        let offset =
            u32::try_from(self.base + self.bytes.len()).map_err(|_| WriteError::TooLarge(module.to_owned()))?;
        let reference = (offset, text.len() as u32);
        self.bytes.extend(text.as_bytes());
        self.known.insert(text.to_owned(), reference);
        Ok(reference)
    }
}

fn encode_block(artifact: &Artifact) -> Result<Vec<u8>, WriteError> {
    let image = artifact.image.as_ref();
    let (offsets, nodes, operations, guards) = match image {
        Some(image) => encode_image(image),
        None => Default::default(),
    };
    let mut header = Words::default();
    let mut body = Words::default();
    let mut section = |bytes: &[u8]| {
        header.word((layout::BLOCK_HEADER_LENGTH + body.bytes.len()) as u32);
        header.word(bytes.len() as u32);
        body.padded(bytes);
    };
    section(&artifact.code);
    section(artifact.reason.as_bytes());
    section(&offsets.bytes);
    section(&nodes.bytes);
    section(&operations.bytes);
    section(&guards.bytes);
    let step = image.and_then(|image| image.step);
    let mut flags = if image.is_some() { layout::RECORD_IMAGE } else { 0 };
    if let Some(step) = step {
        flags |= layout::BLOCK_STEPS;
        header.word(flags);
        header.word(step.code);
        header.word(step.constant);
    } else {
        header.word(flags);
    }
    header.bytes.resize(layout::BLOCK_HEADER_LENGTH, 0);
    header.bytes.append(&mut body.bytes);
    if u32::try_from(header.bytes.len()).is_err() {
        return Err(WriteError::TooLarge(artifact.name.clone()));
    }
    Ok(header.bytes)
}

fn encode_image(image: &Image) -> (Words, Words, Words, Words) {
    let mut offsets = Words::default();
    let mut nodes = Words::default();
    for node in &image.nodes {
        offsets.word(nodes.bytes.len() as u32);
        nodes.node(node);
    }
    let mut operations = Words::default();
    for operation in &image.operations {
        operations.operation(operation);
    }
    let mut guards = Words::default();
    for guard in &image.guards {
        guards.guard(guard);
    }
    (offsets, nodes, operations, guards)
}

/// Words being written.
#[derive(Default)]
struct Words {
    bytes: Vec<u8>,
}

impl Words {
    fn word(&mut self, word: u32) {
        self.bytes.extend(word.to_le_bytes());
    }

    fn long(&mut self, long: u64) {
        self.bytes.extend(long.to_le_bytes());
    }

    fn reference(&mut self, (offset, length): (u32, u32)) {
        self.word(offset);
        self.word(length);
    }

    /// What a page tells of a module.
    fn record(&mut self, artifact: &Artifact, references: &[(u32, u32); 4], offset: usize, block: &[u8]) {
        for reference in references {
            self.reference(*reference);
        }
        self.long(artifact.source.size);
        self.long(artifact.source.mtime);
        self.bytes.extend(artifact.source.digest);
        self.long(offset as u64);
        self.long(block.len() as u64);
        self.bytes.extend(layout::digest(&[block]));
        let mut flags = 0;
        if artifact.is_package {
            flags |= layout::RECORD_PACKAGE;
        }
        if artifact.image.is_some() {
            flags |= layout::RECORD_IMAGE;
        }
        self.word(flags);
        self.word(0);
    }

    fn padded(&mut self, bytes: &[u8]) {
        self.bytes.extend(bytes);
        self.bytes.resize(self.bytes.len() + padding(bytes.len()), 0);
    }

    fn blob(&mut self, bytes: &[u8]) {
        self.word(bytes.len() as u32);
        self.padded(bytes);
    }

    fn option(&mut self, id: Option<NodeId>) {
        self.word(id.unwrap_or(layout::ABSENT));
    }

    fn ids(&mut self, ids: &[NodeId]) {
        self.word(ids.len() as u32);
        for id in ids {
            self.word(*id);
        }
    }

    fn pairs(&mut self, pairs: &[(NodeId, NodeId)]) {
        self.word(pairs.len() as u32);
        for (key, value) in pairs {
            self.word(*key);
            self.word(*value);
        }
    }

    fn named(&mut self, named: &[(String, NodeId)]) {
        self.word(named.len() as u32);
        for (name, id) in named {
            self.word(*id);
            self.blob(name.as_bytes());
        }
    }

    fn texts<'a>(&mut self, count: usize, texts: impl Iterator<Item = &'a String>) {
        self.word(count as u32);
        for text in texts {
            self.blob(text.as_bytes());
        }
    }

    fn list(&mut self, tag: u32, ids: &[NodeId]) {
        self.word(tag);
        self.ids(ids);
    }

    fn fields(&mut self, tag: u32, ids: &[NodeId]) {
        self.word(tag);
        for id in ids {
            self.word(*id);
        }
    }

    fn data(&mut self, tag: u32, bytes: &[u8]) {
        self.word(tag);
        self.blob(bytes);
    }

    fn node(&mut self, node: &Node) {
        match node {
            Node::None => self.word(tag::NONE),
            Node::True => self.word(tag::TRUE),
            Node::False => self.word(tag::FALSE),
            Node::Ellipsis => self.word(tag::ELLIPSIS),
            Node::NotImplemented => self.word(tag::NOT_IMPLEMENTED),
            Node::Int(bytes) => self.data(tag::INT, bytes),
            Node::Float(value) => {
                self.word(tag::FLOAT);
                self.long(value.to_bits());
            }
            Node::Complex(real, imaginary) => {
                self.word(tag::COMPLEX);
                self.long(real.to_bits());
                self.long(imaginary.to_bits());
            }
            Node::Str { value, interned } => self.data(tag::STR | flag(*interned), value),
            Node::Bytes(bytes) => self.data(tag::BYTES, bytes),
            Node::ByteArray(bytes) => self.data(tag::BYTE_ARRAY, bytes),
            Node::Tuple(items) => self.list(tag::TUPLE, items),
            Node::List(items) => self.list(tag::LIST, items),
            Node::Dict(items) => {
                self.word(tag::DICT);
                self.pairs(items);
            }
            Node::Set(items) => self.list(tag::SET, items),
            Node::FrozenSet(items) => self.list(tag::FROZEN_SET, items),
            Node::SetCopy(other) => self.fields(tag::SET_COPY, &[*other]),
            Node::Deferred(other) => self.fields(tag::DEFERRED, &[*other]),
            Node::FrozenSetCopy(other) => self.fields(tag::FROZEN_SET_COPY, &[*other]),
            Node::Range { start, stop, step } => self.fields(tag::RANGE, &[*start, *stop, *step]),
            Node::Slice { start, stop, step } => self.fields(tag::SLICE, &[*start, *stop, *step]),
            Node::MappingProxy(mapping) => self.fields(tag::MAPPING_PROXY, &[*mapping]),
            Node::Code(code) => self.code(code),
            Node::CodeBlob(bytes) => self.data(tag::CODE_BLOB, bytes),
            Node::CodeOf { function, path } => {
                self.fields(tag::CODE_OF, &[*function]);
                self.ids(path);
            }
            Node::Function(function) => self.function(function),
            Node::Cell(content) => {
                self.word(tag::CELL);
                self.option(*content);
            }
            Node::Class(class) => self.class(class),
            Node::Property { get, set, delete, doc, doc_from_getter } => {
                self.fields(tag::PROPERTY | flag(*doc_from_getter), &[*get, *set, *delete, *doc]);
            }
            Node::StaticMethod(function) => self.fields(tag::STATIC_METHOD, &[*function]),
            Node::ClassMethod(function) => self.fields(tag::CLASS_METHOD, &[*function]),
            Node::BoundMethod { function, receiver } => self.fields(tag::BOUND_METHOD, &[*function, *receiver]),
            Node::Instance { class, base_value, dict, slots } => {
                self.word(tag::INSTANCE | has_dict(dict));
                self.word(*class);
                self.option(*base_value);
                self.pairs(dict.as_deref().unwrap_or_default());
                self.named(slots);
            }
            Node::Construct { callable, arguments, keywords, dict, fresh } => {
                self.word(tag::CONSTRUCT | flag(*fresh) | has_dict(dict));
                self.word(*callable);
                self.ids(arguments);
                self.pairs(dict.as_deref().unwrap_or_default());
                self.named(keywords);
            }
            Node::Name(name) => self.data(tag::NAME, name.as_bytes()),
            Node::Attribute { object, name } => {
                self.fields(tag::ATTRIBUTE, &[*object]);
                self.blob(name.as_bytes());
            }
            Node::ThisModule => self.word(tag::THIS_MODULE),
            Node::External { module, path } => {
                self.data(tag::EXTERNAL, module.as_bytes());
                self.texts(path.len(), path.iter());
            }
            Node::Builtin(name) => self.data(tag::BUILTIN, name.as_bytes()),
        }
    }

    fn code(&mut self, code: &Code) {
        self.fields(tag::CODE, &[code.argcount, code.posonlyargcount, code.kwonlyargcount]);
        self.word(code.stacksize);
        self.word(code.flags);
        self.word(code.firstlineno);
        self.word(code.name);
        self.word(code.qualname);
        for ids in [&code.consts, &code.names, &code.varnames, &code.freevars, &code.cellvars] {
            self.ids(ids);
        }
        for bytes in [&code.code, &code.linetable, &code.exceptiontable] {
            self.blob(bytes);
        }
    }

    fn function(&mut self, function: &Function) {
        self.fields(tag::FUNCTION, &[function.code, function.name, function.qualname, function.doc, function.module]);
        self.option(function.globals);
        self.option(function.defaults);
        self.option(function.keyword_defaults);
        self.option(function.annotations);
        self.option(function.type_params);
        self.ids(&function.closure);
        self.pairs(&function.dict);
    }

    fn class(&mut self, class: &Class) {
        self.fields(tag::CLASS | flag(class.abc), &[class.metaclass, class.qualname]);
        self.option(class.class_cell);
        self.option(class.bases_of);
        self.blob(class.name.as_bytes());
        self.ids(&class.bases);
        self.ids(&class.registered);
        self.named(&class.namespace);
        self.named(&class.later);
    }

    fn operation(&mut self, operation: &Operation) {
        match operation {
            Operation::Import { line, level, module, binding, may_wait } => {
                self.fields(operation::IMPORT | flag(*may_wait), &[*line, *level]);
                self.blob(module.as_bytes());
                self.binding(binding);
            }
            Operation::Store { name, node, demand } => {
                self.fields(operation::STORE | flag(demand.may_wait), &[*node]);
                self.blob(name.as_bytes());
                self.demand(demand);
            }
            Operation::Replay(replay) => {
                let change = match replay.change {
                    ReplayedChange::Call => change::CALL,
                    ReplayedChange::SetItem => change::SET_ITEM,
                    ReplayedChange::Append => change::APPEND,
                    ReplayedChange::Add => change::ADD,
                    ReplayedChange::SetAttribute => change::SET_ATTRIBUTE,
                };
                self.fields(operation::REPLAY | flag(replay.demand.may_wait), &[change, replay.target]);
                self.blob(replay.name.as_bytes());
                self.ids(&replay.operands);
                self.demand(&replay.demand);
            }
            Operation::Delete { name } => self.data(operation::DELETE, name.as_bytes()),
            Operation::CheckGuards { from, until } => self.fields(operation::CHECK_GUARDS, &[*from, *until]),
            Operation::Segment { follows } => self.word(operation::SEGMENT | flag(*follows)),
        }
    }

    fn demand(&mut self, demand: &Demand) {
        self.ids(&demand.captures);
        self.ids(&demand.classes);
    }

    fn binding(&mut self, import: &ImportBinding) {
        match import {
            ImportBinding::Top(name) => self.data(binding::TOP, name.as_bytes()),
            ImportBinding::Leaf(name) => self.data(binding::LEAF, name.as_bytes()),
            ImportBinding::Names(names) => {
                self.word(binding::NAMES);
                self.word(names.len() as u32);
                for (name, bound) in names {
                    self.blob(name.as_bytes());
                    self.blob(bound.as_bytes());
                }
            }
            ImportBinding::Star => self.word(binding::STAR),
            ImportBinding::Nothing => self.word(binding::NOTHING),
            ImportBinding::Fails(name) => self.data(binding::FAILS, name.as_bytes()),
        }
    }

    fn guard(&mut self, guard: &Guard) {
        let (kind, expected) = match guard.expect {
            Expectation::Absent => (expectation::ABSENT, 0),
            Expectation::Fingerprint(fingerprint) => (expectation::FINGERPRINT, fingerprint),
            Expectation::AbsentOr(fingerprint) => (expectation::ABSENT_OR, fingerprint),
            Expectation::Class(fingerprint) => (expectation::CLASS, fingerprint),
            Expectation::Same(node) => (expectation::SAME, node.into()),
            Expectation::SameAs(length) => (expectation::SAME_AS, length.into()),
        };
        self.word(kind);
        self.long(expected);
        self.blob(guard.module.as_bytes());
        self.texts(guard.path.len(), guard.path.iter());
    }
}

fn flag(set: bool) -> u32 {
    if set { layout::NODE_FLAG } else { 0 }
}

fn has_dict<T>(dict: &Option<T>) -> u32 {
    if dict.is_some() { layout::NODE_HAS_DICT } else { 0 }
}
