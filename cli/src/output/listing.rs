//! The listing of an artifact, as `javap -v` lists a class file: numbered nodes, operations, guards.

use artifact::model::{
    Class, Code, Expectation, Function, Guard, ImportBinding, Node, NodeId, Operation, ReplayedChange,
};
use num_bigint::BigInt;

/// Longest text of a value that is shown whole.
const LONGEST: usize = 120;

/// What kind of node it is, and its contents; `#n` refers to node n.
pub fn node(node: &Node) -> (&'static str, String) {
    match node {
        Node::None => ("none", String::new()),
        Node::True => ("bool", "True".into()),
        Node::False => ("bool", "False".into()),
        Node::Ellipsis => ("ellipsis", String::new()),
        Node::NotImplemented => ("not-implemented", String::new()),
        Node::Int(bytes) => ("int", shorten(&BigInt::from_signed_bytes_le(bytes).to_string())),
        Node::Float(value) => ("float", format!("{value:?}")),
        Node::Complex(real, imaginary) => ("complex", format!("{real:?}{imaginary:+?}j")),
        Node::Str { value, interned } => {
            let kind = if *interned { "interned str" } else { "str" };
            (kind, shorten(&format!("{:?}", String::from_utf8_lossy(value))))
        }
        Node::Bytes(value) => ("bytes", bytes(value)),
        Node::ByteArray(value) => ("bytearray", bytes(value)),
        Node::Tuple(items) => ("tuple", ids(items)),
        Node::List(items) => ("list", ids(items)),
        Node::Dict(items) => ("dict", pairs(items)),
        Node::Set(items) => ("set", ids(items)),
        Node::FrozenSet(items) => ("frozenset", ids(items)),
        Node::Deferred(other) => ("deferred", format!("#{other}")),
        Node::SetCopy(other) => ("set", format!("copy of #{other}")),
        Node::FrozenSetCopy(other) => ("frozenset", format!("copy of #{other}")),
        Node::Range { start, stop, step } => ("range", format!("#{start}, #{stop}, #{step}")),
        Node::Slice { start, stop, step } => ("slice", format!("#{start}, #{stop}, #{step}")),
        Node::MappingProxy(mapping) => ("mappingproxy", format!("of #{mapping}")),
        Node::Code(code) => ("code", self::code(code)),
        Node::CodeBlob(bytes) => ("code", format!("{} bytes, marshalled", bytes.len())),
        Node::CodeOf { function, path } => ("code", format!("of #{function}: {}", constant_path(path))),
        Node::Function(function) => ("function", self::function(function)),
        Node::Cell(None) => ("cell", "empty".into()),
        Node::Cell(Some(content)) => ("cell", format!("#{content}")),
        Node::Class(class) => ("class", self::class(class)),
        Node::Property { get, set, delete, doc, doc_from_getter } => {
            let doc = if *doc_from_getter { "the getter's".to_owned() } else { format!("#{doc}") };
            ("property", format!("get #{get}, set #{set}, delete #{delete}, doc {doc}"))
        }
        Node::StaticMethod(function) => ("staticmethod", format!("#{function}")),
        Node::ClassMethod(function) => ("classmethod", format!("#{function}")),
        Node::BoundMethod { function, receiver } => ("method", format!("#{function} of #{receiver}")),
        Node::Instance { class, base_value, dict, slots } => {
            let mut parts = vec![format!("of #{class}")];
            parts.extend(base_value.map(|base| format!("value #{base}")));
            parts.extend(dict.as_ref().map(|dict| format!("__dict__ {}", pairs(dict))));
            if !slots.is_empty() {
                parts.push(format!("slots {}", named(slots)));
            }
            ("instance", parts.join(", "))
        }
        Node::Construct { callable, arguments, keywords, dict, fresh } => {
            let mut inside: Vec<String> = arguments.iter().map(|id| format!("#{id}")).collect();
            inside.extend(keywords.iter().map(|(name, id)| format!("{name}=#{id}")));
            let dict = dict.as_ref().map(|dict| format!(", __dict__ {}", pairs(dict)));
            let kind = if *fresh { "recipe" } else { "construct" };
            (kind, format!("#{callable}({}){}", inside.join(", "), dict.unwrap_or_default()))
        }
        Node::Name(name) => ("name", name.clone()),
        Node::Attribute { object, name } => ("attribute", format!("#{object}.__dict__[{name:?}]")),
        Node::ThisModule => ("this module", String::new()),
        Node::External { module, path } => ("external", external(module, path)),
        Node::Builtin(name) => ("builtin", name.clone()),
    }
}

fn function(function: &Function) -> String {
    let mut parts = vec![format!("#{} code #{}, module #{}", function.qualname, function.code, function.module)];
    let optional = [
        ("globals", function.globals),
        ("defaults", function.defaults),
        ("keyword defaults", function.keyword_defaults),
        ("annotations", function.annotations),
        ("type parameters", function.type_params),
    ];
    parts.extend(optional.iter().filter_map(|(name, id)| id.map(|id| format!("{name} #{id}"))));
    if !function.closure.is_empty() {
        parts.push(format!("closure {}", ids(&function.closure)));
    }
    if !function.dict.is_empty() {
        parts.push(format!("__dict__ {}", pairs(&function.dict)));
    }
    parts.join(", ")
}

fn class(class: &Class) -> String {
    let mut parts = vec![
        format!("{} (#{}), metaclass #{}", class.name, class.qualname, class.metaclass),
        format!("bases {}", ids(&class.bases)),
        format!("namespace {}", named(&class.namespace)),
    ];
    if !class.later.is_empty() {
        parts.push(format!("later {}", named(&class.later)));
    }
    parts.extend(class.class_cell.map(|cell| format!("__class__ cell #{cell}")));
    if class.abc {
        parts.push("abstract base class".into());
    }
    if !class.registered.is_empty() {
        parts.push(format!("registered {}", ids(&class.registered)));
    }
    parts.join(", ")
}

/// One operation in a line.
pub fn operation(operation: &Operation) -> String {
    match operation {
        Operation::Import { line, level, module, binding, .. } => {
            let module = format!("{}{module}", ".".repeat(*level as usize));
            let statement = match binding {
                ImportBinding::Top(name) => format!("import {module} → {name}"),
                ImportBinding::Leaf(name) => format!("import {module} as {name}"),
                ImportBinding::Names(names) => {
                    let names: Vec<String> = names
                        .iter()
                        .map(|(name, bound)| if name == bound { name.clone() } else { format!("{name} as {bound}") })
                        .collect();
                    format!("from {module} import {}", names.join(", "))
                }
                ImportBinding::Star => format!("from {module} import *"),
                ImportBinding::Nothing => format!("import {module}, binding nothing"),
                ImportBinding::Fails(name) if name.is_empty() => format!("import {module}, which fails"),
                ImportBinding::Fails(name) => format!("from {module} import {name}, which fails"),
            };
            format!("{statement} (line {line})")
        }
        Operation::Store { name, node, demand } if demand.may_wait => format!("store {name} = #{node}, on demand"),
        Operation::Store { name, node, .. } => format!("store {name} = #{node}"),
        Operation::Delete { name } => format!("delete {name}"),
        Operation::Replay(replay) => {
            let how = match replay.change {
                ReplayedChange::Call => "call".to_owned(),
                ReplayedChange::SetItem => "set item of".to_owned(),
                ReplayedChange::Append => "append to".to_owned(),
                ReplayedChange::Add => "add to".to_owned(),
                ReplayedChange::SetAttribute => format!("set {} of", replay.name),
            };
            let operands = replay.operands.iter().map(|id| format!("#{id}")).collect::<Vec<_>>().join(", ");
            format!("{how} #{} with {operands}", replay.target)
        }
        Operation::CheckGuards { from, until } => format!("check guards {from} to {until}, the last excluded"),
        Operation::Segment { follows: false } => "begin a segment".to_owned(),
        Operation::Segment { follows: true } => "begin the next segment".to_owned(),
    }
}

/// One guard in a line.
pub fn guard(guard: &Guard) -> String {
    let subject = external(&guard.module, &guard.path);
    match guard.expect {
        Expectation::Absent => format!("{subject} is absent"),
        Expectation::Fingerprint(fingerprint) => format!("{subject} has fingerprint {fingerprint:016x}"),
        Expectation::Class(fingerprint) => format!("{subject} has a class with fingerprint {fingerprint:016x}"),
        Expectation::AbsentOr(fingerprint) => format!("{subject} is absent, or has fingerprint {fingerprint:016x}"),
        Expectation::Same(node) => format!("{subject} is #{node}"),
        Expectation::SameAs(length) => {
            let (path, other) = guard.path.split_at(guard.path.len().min(length as usize));
            format!("{}.{} is {}", guard.module, path.join("."), other.join("."))
        }
    }
}

fn external(module: &str, path: &[String]) -> String {
    std::iter::once(module).chain(path.iter().map(String::as_str)).collect::<Vec<_>>().join(".")
}

fn code(code: &Code) -> String {
    format!(
        "name #{}, line {}, {} bytes, constants {}",
        code.name,
        code.firstlineno,
        code.code.len(),
        ids(&code.consts)
    )
}

fn constant_path(path: &[u32]) -> String {
    let mut text = "code".to_owned();
    for index in path {
        text.push_str(&format!("[{index}]"));
    }
    text
}

fn ids(ids: &[NodeId]) -> String {
    let ids: Vec<String> = ids.iter().map(|id| format!("#{id}")).collect();
    format!("[{}]", ids.join(" "))
}

fn pairs(pairs: &[(NodeId, NodeId)]) -> String {
    let pairs: Vec<String> = pairs.iter().map(|(key, value)| format!("#{key}: #{value}")).collect();
    format!("{{{}}}", pairs.join(", "))
}

fn named(named: &[(String, NodeId)]) -> String {
    let named: Vec<String> = named.iter().map(|(name, id)| format!("{name}: #{id}")).collect();
    format!("{{{}}}", named.join(", "))
}

fn bytes(value: &[u8]) -> String {
    shorten(&format!("\"{}\"", value.escape_ascii()))
}

fn shorten(text: &str) -> String {
    match text.char_indices().nth(LONGEST) {
        Some((end, _)) => format!("{}… ({} bytes)", &text[..end], text.len()),
        None => text.to_owned(),
    }
}
