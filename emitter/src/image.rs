//! From the harvester's tuples (`harvest/walk.py`, `harvest/main.py`) to the artifact model.

use artifact::model::{
    Class, Code, Demand, Expectation, Function, Guard, Image, ImportBinding, Node, NodeId, Operation, Replay,
    ReplayedChange, Step,
};

use crate::canonical::canonical;
use crate::demand;
use crate::marshal::{MarshalError, Value};
use crate::methods;

/// Decodes the nodes, operations and guards of one module, none of whose names may wait if it is `read_raw`.
pub fn image(
    nodes: Value,
    operations: Value,
    guards: Value,
    step: Value,
    read_raw: bool,
) -> Result<Image, MarshalError> {
    let facts = facts(&nodes);
    let step = match step {
        Value::None => None,
        step => {
            let mut parts = Parts::new(step)?;
            Some(Step { code: parts.id()?, constant: parts.id()? })
        }
    };
    let mut image = Image {
        nodes: each(nodes, node)?,
        operations: each(operations, operation)?,
        guards: each(guards, guard)?,
        step,
    };
    if read_raw {
        image.operations.iter_mut().for_each(make_at_once);
    }
    let mut bound = demand::bound_at_once(&image, &facts);
    methods::defer(&mut image, &bound);
    bound.resize(image.nodes.len(), false);
    demand::annotate(&mut image, &facts, bound);
    Ok(image)
}

fn make_at_once(operation: &mut Operation) {
    match operation {
        Operation::Store { demand, .. } => demand.may_wait = false,
        Operation::Import { may_wait, .. } => *may_wait = false,
        _ => {}
    }
}

/// What the harvester says of values beside what their nodes do: the last parts of the tuples.
fn facts(nodes: &Value) -> demand::Facts {
    let mut facts = demand::Facts::default();
    let (Value::Tuple(nodes) | Value::List(nodes)) = nodes else { return facts };
    for (id, node) in (0..).zip(nodes) {
        let Value::Tuple(parts) = node else { continue };
        match parts.as_slice() {
            [Value::Text(tag), _, Value::Int(made), may_wait] if tag == b"class" => {
                if let Ok(order) = u64::try_from(*made) {
                    let may_wait = *may_wait == Value::Bool(true);
                    facts.classes.insert(id, demand::ClassFacts { order, may_wait });
                }
            }
            [Value::Text(tag), .., Value::Bool(true)] if tag == b"name" || tag == b"external" => {
                facts.hashed_in_c.insert(id);
            }
            _ => {}
        }
    }
    facts
}

fn each<T>(items: Value, decode: impl Fn(Value) -> Result<T, MarshalError>) -> Result<Vec<T>, MarshalError> {
    items.into_items()?.into_iter().map(decode).collect()
}

/// The parts of a tuple, taken from the front.
struct Parts(std::vec::IntoIter<Value>);

impl Parts {
    fn new(value: Value) -> Result<Parts, MarshalError> {
        Ok(Parts(value.into_items()?.into_iter()))
    }

    fn next(&mut self) -> Result<Value, MarshalError> {
        self.0.next().ok_or(MarshalError::Short)
    }

    fn text(&mut self) -> Result<String, MarshalError> {
        self.next()?.into_string()
    }

    fn id(&mut self) -> Result<NodeId, MarshalError> {
        id(self.next()?)
    }

    fn ids(&mut self) -> Result<Vec<NodeId>, MarshalError> {
        each(self.next()?, id)
    }
}

fn id(value: Value) -> Result<NodeId, MarshalError> {
    NodeId::try_from(value.into_int()?).map_err(|_| MarshalError::Shape("a large int", "a node number"))
}

fn optional(value: Value) -> Result<Option<NodeId>, MarshalError> {
    match value {
        Value::None => Ok(None),
        other => id(other).map(Some),
    }
}

fn pair(value: Value) -> Result<(NodeId, NodeId), MarshalError> {
    let mut parts = Parts::new(value)?;
    Ok((parts.id()?, parts.id()?))
}

fn named(value: Value) -> Result<(String, NodeId), MarshalError> {
    let mut parts = Parts::new(value)?;
    Ok((parts.text()?, parts.id()?))
}

fn path(value: Value) -> Result<Vec<u32>, MarshalError> {
    each(value, id)
}

fn texts(value: Value) -> Result<Vec<String>, MarshalError> {
    each(value, Value::into_string)
}

fn node(value: Value) -> Result<Node, MarshalError> {
    let mut parts = Parts::new(value)?;
    let tag = parts.text()?;
    Ok(match tag.as_str() {
        "none" => Node::None,
        "true" => Node::True,
        "false" => Node::False,
        "ellipsis" => Node::Ellipsis,
        "not-implemented" => Node::NotImplemented,
        "int" => Node::Int(parts.next()?.into_bytes()?),
        "float" => Node::Float(parts.next()?.into_float()?),
        "complex" => Node::Complex(parts.next()?.into_float()?, parts.next()?.into_float()?),
        "str" => Node::Str { value: parts.next()?.into_bytes()?, interned: parts.next()?.into_bool()? },
        "bytes" => Node::Bytes(parts.next()?.into_bytes()?),
        "bytearray" => Node::ByteArray(parts.next()?.into_bytes()?),
        "tuple" => Node::Tuple(parts.ids()?),
        "list" => Node::List(parts.ids()?),
        "dict" => Node::Dict(each(parts.next()?, pair)?),
        "set" => Node::Set(parts.ids()?),
        "frozenset" => Node::FrozenSet(parts.ids()?),
        "deferred" => Node::Deferred(parts.id()?),
        "set-copy" => Node::SetCopy(parts.id()?),
        "frozenset-copy" => Node::FrozenSetCopy(parts.id()?),
        "range" => Node::Range { start: parts.id()?, stop: parts.id()?, step: parts.id()? },
        "slice" => Node::Slice { start: parts.id()?, stop: parts.id()?, step: parts.id()? },
        "mapping-proxy" => Node::MappingProxy(parts.id()?),
        "code" => Node::Code(Box::new(code(&mut parts)?)),
        "code-blob" => {
            let bytes = parts.next()?.into_bytes()?;
            Node::CodeBlob(canonical(&bytes).unwrap_or(bytes))
        }
        "code-of" => Node::CodeOf { function: parts.id()?, path: path(parts.next()?)? },
        "function" => Node::Function(Box::new(function(parts.next()?)?)),
        "cell" => Node::Cell(optional(parts.next()?)?),
        "class" => Node::Class(Box::new(class(parts.next()?)?)),
        "property" => Node::Property {
            get: parts.id()?,
            set: parts.id()?,
            delete: parts.id()?,
            doc: parts.id()?,
            doc_from_getter: parts.next()?.into_bool()?,
        },
        "static-method" => Node::StaticMethod(parts.id()?),
        "class-method" => Node::ClassMethod(parts.id()?),
        "bound-method" => Node::BoundMethod { function: parts.id()?, receiver: parts.id()? },
        "instance" => instance(parts.next()?)?,
        "construct" => construct(parts.next()?)?,
        "name" => Node::Name(parts.text()?),
        "attribute" => Node::Attribute { object: parts.id()?, name: parts.text()? },
        "this-module" => Node::ThisModule,
        "external" => Node::External { module: parts.text()?, path: texts(parts.next()?)? },
        "builtin" => Node::Builtin(parts.text()?),
        _ => return Err(MarshalError::Shape("an unknown tag", "a node")),
    })
}

fn code(parts: &mut Parts) -> Result<Code, MarshalError> {
    Ok(Code {
        argcount: parts.id()?,
        posonlyargcount: parts.id()?,
        kwonlyargcount: parts.id()?,
        stacksize: parts.id()?,
        flags: parts.id()?,
        firstlineno: parts.id()?,
        name: parts.id()?,
        qualname: parts.id()?,
        consts: parts.ids()?,
        names: parts.ids()?,
        varnames: parts.ids()?,
        freevars: parts.ids()?,
        cellvars: parts.ids()?,
        code: parts.next()?.into_bytes()?,
        linetable: parts.next()?.into_bytes()?,
        exceptiontable: parts.next()?.into_bytes()?,
    })
}

/// The fields of a dict with string keys; each is taken once.
struct Fields(Vec<(Value, Value)>);

impl Fields {
    fn new(value: Value) -> Result<Fields, MarshalError> {
        Ok(Fields(value.into_entries()?))
    }

    fn take(&mut self, name: &str) -> Result<Value, MarshalError> {
        self.0
            .iter_mut()
            .find(|(key, _)| matches!(key, Value::Text(text) if text == name.as_bytes()))
            .map(|(_, value)| std::mem::replace(value, Value::None))
            .ok_or(MarshalError::Shape("a record", "another field in it"))
    }

    fn id(&mut self, name: &str) -> Result<NodeId, MarshalError> {
        id(self.take(name)?)
    }

    fn optional(&mut self, name: &str) -> Result<Option<NodeId>, MarshalError> {
        optional(self.take(name)?)
    }

    fn pairs(&mut self, name: &str) -> Result<Vec<(NodeId, NodeId)>, MarshalError> {
        each(self.take(name)?, pair)
    }

    fn optional_pairs(&mut self, name: &str) -> Result<Option<Vec<(NodeId, NodeId)>>, MarshalError> {
        match self.take(name)? {
            Value::None => Ok(None),
            items => each(items, pair).map(Some),
        }
    }
}

fn function(value: Value) -> Result<Function, MarshalError> {
    let mut fields = Fields::new(value)?;
    Ok(Function {
        code: fields.id("code")?,
        globals: fields.optional("globals")?,
        name: fields.id("name")?,
        qualname: fields.id("qualname")?,
        doc: fields.id("doc")?,
        module: fields.id("module")?,
        defaults: fields.optional("defaults")?,
        keyword_defaults: fields.optional("keyword_defaults")?,
        closure: each(fields.take("closure")?, id)?,
        annotations: fields.optional("annotations")?,
        type_params: fields.optional("type_params")?,
        dict: fields.pairs("dict")?,
    })
}

fn class(value: Value) -> Result<Class, MarshalError> {
    let mut fields = Fields::new(value)?;
    Ok(Class {
        metaclass: fields.id("metaclass")?,
        name: fields.take("name")?.into_string()?,
        qualname: fields.id("qualname")?,
        bases: each(fields.take("bases")?, id)?,
        bases_of: fields.optional("bases_of")?,
        namespace: each(fields.take("namespace")?, named)?,
        later: each(fields.take("later")?, named)?,
        class_cell: fields.optional("class_cell")?,
        abc: fields.take("abc")?.into_bool()?,
        registered: each(fields.take("registered")?, id)?,
    })
}

fn instance(value: Value) -> Result<Node, MarshalError> {
    let mut fields = Fields::new(value)?;
    Ok(Node::Instance {
        class: fields.id("class")?,
        base_value: fields.optional("base_value")?,
        dict: fields.optional_pairs("dict")?,
        slots: each(fields.take("slots")?, named)?,
    })
}

fn construct(value: Value) -> Result<Node, MarshalError> {
    let mut fields = Fields::new(value)?;
    Ok(Node::Construct {
        callable: fields.id("callable")?,
        arguments: each(fields.take("arguments")?, id)?,
        keywords: each(fields.take("keywords")?, named)?,
        dict: fields.optional_pairs("dict")?,
        fresh: fields.take("fresh")?.into_bool()?,
    })
}

fn operation(value: Value) -> Result<Operation, MarshalError> {
    let mut parts = Parts::new(value)?;
    Ok(match parts.text()?.as_str() {
        "store" => Operation::Store {
            name: parts.text()?,
            node: parts.id()?,
            demand: Demand { may_wait: parts.next()?.into_bool()?, ..Demand::default() },
        },
        "delete" => Operation::Delete { name: parts.text()? },
        "replay" => Operation::Replay(Replay {
            change: change(&parts.text()?)?,
            name: parts.text()?,
            target: parts.id()?,
            operands: each(parts.next()?, id)?,
            demand: Demand::default(),
        }),
        "guards" => Operation::CheckGuards { from: parts.id()?, until: parts.id()? },
        "segment" => Operation::Segment { follows: parts.next()?.into_bool()? },
        "import" => Operation::Import {
            line: parts.id()?,
            level: parts.id()?,
            module: parts.text()?,
            binding: binding(parts.next()?)?,
            may_wait: parts.next()?.into_bool()?,
        },
        _ => return Err(MarshalError::Shape("an unknown tag", "an operation")),
    })
}

fn change(kind: &str) -> Result<ReplayedChange, MarshalError> {
    Ok(match kind {
        "call" => ReplayedChange::Call,
        "set-item" => ReplayedChange::SetItem,
        "append" => ReplayedChange::Append,
        "add" => ReplayedChange::Add,
        "set-attribute" => ReplayedChange::SetAttribute,
        _ => return Err(MarshalError::Shape("an unknown tag", "an effect")),
    })
}

fn binding(value: Value) -> Result<ImportBinding, MarshalError> {
    let mut parts = Parts::new(value)?;
    Ok(match parts.text()?.as_str() {
        "top" => ImportBinding::Top(parts.text()?),
        "leaf" => ImportBinding::Leaf(parts.text()?),
        "names" => ImportBinding::Names(each(parts.next()?, |pair| {
            let mut parts = Parts::new(pair)?;
            Ok((parts.text()?, parts.text()?))
        })?),
        "star" => ImportBinding::Star,
        "nothing" => ImportBinding::Nothing,
        "fails" => ImportBinding::Fails(parts.text()?),
        _ => return Err(MarshalError::Shape("an unknown tag", "an import binding")),
    })
}

fn guard(value: Value) -> Result<Guard, MarshalError> {
    let mut parts = Parts::new(value)?;
    let module = parts.text()?;
    let mut path = texts(parts.next()?)?;
    let kind = parts.text()?;
    let expect = match kind.as_str() {
        "absent" => Expectation::Absent,
        "value" => Expectation::Fingerprint(fingerprint(&parts.text()?)?),
        "class" => Expectation::Class(fingerprint(&parts.text()?)?),
        "same" => Expectation::Same(parts.id()?),
        "same-as" => {
            let length = path.len() as u32;
            path.push(parts.text()?);
            path.extend(texts(parts.next()?)?);
            Expectation::SameAs(length)
        }
        "absent-or" => Expectation::AbsentOr(fingerprint(&parts.text()?)?),
        _ => return Err(MarshalError::Shape("an unknown tag", "a guard")),
    };
    Ok(Guard { module, path, expect })
}

fn fingerprint(text: &str) -> Result<u64, MarshalError> {
    u64::from_str_radix(text, 16).map_err(|_| MarshalError::Shape("a string", "a fingerprint"))
}
