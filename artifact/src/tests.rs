//! The writer against the reader, and the reader against anything.

use proptest::prelude::*;

use crate::model::*;
use crate::{Reader, encode_bundle, write_bundle};

fn target() -> Target {
    Target {
        cache_tag: "cpython-313".into(),
        magic: [0xf3, 0x0d, 0x0d, 0x0a],
        version: "3.13.0".into(),
        platform: "linux".into(),
        optimize: 0,
    }
}

fn artifact(name: &str, image: Option<Image>) -> Artifact {
    Artifact {
        name: name.into(),
        is_package: name == "pkg",
        source: Source {
            path: format!("/src/{name}.py"),
            root: "/src".into(),
            relative: format!("{name}.py"),
            size: 12,
            mtime: 34,
            digest: [7; 32],
        },
        code: vec![1, 2, 3, 4, 5],
        reason: if image.is_some() { String::new() } else { "it prints".into() },
        image,
    }
}

/// One node of most kinds.
fn image() -> Image {
    Image {
        nodes: vec![
            Node::None,
            Node::Int(vec![0xff]),
            Node::Str { value: b"Point".to_vec(), interned: true },
            Node::Tuple(vec![0, 1]),
            Node::Dict(vec![(2, 3)]),
            Node::Code(Box::new(Code {
                argcount: 1,
                posonlyargcount: 0,
                kwonlyargcount: 2,
                stacksize: 3,
                flags: 4,
                firstlineno: 5,
                name: 2,
                qualname: 2,
                consts: vec![0, 1],
                names: vec![2],
                varnames: vec![],
                freevars: vec![2],
                cellvars: vec![2, 2],
                code: vec![1, 2, 3, 4],
                linetable: vec![5],
                exceptiontable: vec![],
            })),
            Node::Class(Box::new(Class {
                metaclass: 7,
                name: "Point".into(),
                qualname: 2,
                bases: vec![7],
                bases_of: Some(7),
                namespace: vec![("x".into(), 1), ("f".into(), 8)],
                later: vec![("y".into(), 3)],
                class_cell: Some(9),
                abc: true,
                registered: vec![],
            })),
            Node::Builtin("type".into()),
            Node::Function(Box::new(Function {
                code: 5,
                globals: None,
                name: 2,
                qualname: 2,
                doc: 0,
                module: 2,
                defaults: Some(3),
                keyword_defaults: None,
                closure: vec![9],
                annotations: Some(4),
                type_params: None,
                dict: vec![(2, 1)],
            })),
            Node::Cell(Some(6)),
            Node::Float(-0.0),
            Node::External { module: "os".into(), path: vec!["path".into()] },
            Node::Instance { class: 6, base_value: None, dict: Some(vec![(2, 1)]), slots: vec![("s".into(), 0)] },
            Node::Construct {
                callable: 7,
                arguments: vec![1],
                keywords: vec![("k".into(), 1)],
                dict: None,
                fresh: true,
            },
        ],
        operations: vec![
            Operation::Import {
                line: 1,
                level: 1,
                module: "a".into(),
                binding: ImportBinding::Names(vec![("b".into(), "c".into())]),
                may_wait: true,
            },
            Operation::CheckGuards { from: 0, until: 1 },
            Operation::Store {
                name: "Point".into(),
                node: 6,
                demand: Demand { may_wait: true, captures: vec![0], classes: vec![1, 2] },
            },
            Operation::Delete { name: "c".into() },
        ],
        guards: vec![
            Guard { module: "os".into(), path: vec!["sep".into()], expect: Expectation::Fingerprint(1 << 40) },
            Guard { module: "gone".into(), path: vec![], expect: Expectation::Absent },
            Guard { module: "m".into(), path: vec!["a".into()], expect: Expectation::Same(2) },
            Guard { module: "m".into(), path: vec!["b".into()], expect: Expectation::AbsentOr(3) },
            Guard { module: "m".into(), path: vec!["c".into()], expect: Expectation::Class(4) },
            Guard {
                module: "m".into(),
                path: vec!["d".into(), "n".into(), "e".into()],
                expect: Expectation::SameAs(1),
            },
        ],
        step: None,
    }
}

fn bundle() -> Bundle {
    Bundle {
        target: target(),
        artifacts: vec![artifact("pkg", None), artifact("pkg.mod", Some(image())), artifact("z", None)],
    }
}

fn read_back(bytes: Vec<u8>) -> Result<Bundle, crate::ReadError> {
    Reader::from_bytes(bytes)?.decode()
}

#[test]
fn reads_back_what_was_written() {
    let bytes = encode_bundle(&bundle()).unwrap();
    assert_eq!(bytes, encode_bundle(&bundle()).unwrap());
    let reader = Reader::from_bytes(bytes).unwrap();
    assert_eq!(reader.decode().unwrap(), bundle());
    assert_eq!(reader.find("pkg.mod").unwrap().name(), "pkg.mod");
    for absent in ["", "a", "pk", "pkg.", "pkg.mod.x", "zz"] {
        assert!(reader.find(absent).is_none());
    }
}

#[test]
fn a_bundle_cut_at_any_byte_is_refused() {
    let bytes = encode_bundle(&bundle()).unwrap();
    for length in 0..bytes.len() {
        assert!(Reader::from_bytes(bytes[..length].to_vec()).is_err(), "cut at {length}");
    }
}

#[test]
fn a_changed_byte_is_noticed_or_means_nothing() {
    let original = bundle();
    let bytes = encode_bundle(&original).unwrap();
    for position in 0..bytes.len() {
        for change in [1, 0x80, 0xff] {
            let mut damaged = bytes.clone();
            damaged[position] ^= change;
            if let Ok(read) = read_back(damaged) {
                assert_eq!(read, original, "byte {position}");
            }
        }
    }
}

/// The same with every digest made right again: hostile rather than damaged.
#[test]
fn a_changed_byte_with_right_digests_does_no_harm() {
    let bytes = encode_bundle(&bundle()).unwrap();
    for position in 0..bytes.len() {
        for change in [1, 0x7f, 0x80, 0xff] {
            let mut hostile = bytes.clone();
            hostile[position] ^= change;
            repair_digests(&mut hostile);
            let _ = read_back(hostile);
        }
    }
}

fn repair_digests(bytes: &mut [u8]) {
    use crate::layout::*;
    let long = |bytes: &[u8], at: usize| u64::from_le_bytes(bytes[at..at + 8].try_into().unwrap()) as usize;
    let part = |bytes: &[u8], start: usize, size: usize| {
        start.checked_add(size).and_then(|end| bytes.get(start..end)).map(|part| digest(&[part]))
    };
    let (offset, length) = (long(bytes, 24), long(bytes, 32));
    let modules = u32::from_le_bytes(bytes[40..44].try_into().unwrap()) as usize;
    if offset.checked_add(length).is_none_or(|end| end > bytes.len()) {
        return;
    }
    for page in 0..modules.div_ceil(PAGE_RECORDS) {
        let entry = offset + TARGET_LENGTH + page * PAGE_LENGTH;
        if entry + PAGE_LENGTH > bytes.len() {
            break;
        }
        let (start, size) = (long(bytes, entry + 8), long(bytes, entry + 16));
        for module in 0..PAGE_RECORDS.min(modules - page * PAGE_RECORDS) {
            let record = start.saturating_add(module * RECORD_LENGTH);
            if record.checked_add(RECORD_LENGTH).is_none_or(|end| end > bytes.len()) {
                break;
            }
            let (start, size) = (long(bytes, record + 80), long(bytes, record + 88));
            if let Some(right) = part(bytes, start, size) {
                bytes[record + 96..record + 112].copy_from_slice(&right);
            }
        }
        if let Some(right) = part(bytes, start, size) {
            bytes[entry + 24..entry + 40].copy_from_slice(&right);
        }
    }
    let right = digest(&[&bytes[..HEADER_DIGEST], &bytes[offset..offset + length]]);
    bytes[HEADER_DIGEST..HEADER_LENGTH].copy_from_slice(&right);
}

#[test]
fn modules_are_found_on_every_page() {
    let name = |number: usize| format!("m{number:03}");
    let count = 3 * crate::layout::PAGE_RECORDS + 1;
    let artifacts = (0..count).map(|number| artifact(&name(number), None)).collect();
    let reader = Reader::from_bytes(encode_bundle(&Bundle { target: target(), artifacts }).unwrap()).unwrap();
    reader.check_directory().unwrap();
    for number in 0..count {
        assert_eq!(reader.find(&name(number)).unwrap().name(), name(number));
        assert_eq!(reader.entry(number).unwrap().name(), name(number));
        assert!(reader.find(&format!("{}.x", name(number))).is_none());
    }
    assert!(reader.find("a").is_none() && reader.find("z").is_none() && reader.entry(count).is_none());
    assert_eq!(reader.entries().count(), count);
}

#[test]
fn modules_out_of_order_are_refused_by_the_writer() {
    let mut bundle = bundle();
    bundle.artifacts.swap(0, 1);
    assert!(encode_bundle(&bundle).is_err());
}

#[test]
fn writing_replaces_by_rename_and_leaves_nothing_beside() {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("b.lyo");
    write_bundle(&path, &bundle()).unwrap();
    let old = Reader::open(&path).unwrap();
    write_bundle(&path, &Bundle { target: target(), artifacts: vec![] }).unwrap();
    assert_eq!(old.decode().unwrap(), bundle(), "an open bundle stays whole");
    assert!(Reader::open(&path).unwrap().is_empty());
    assert_eq!(std::fs::read_dir(directory.path()).unwrap().count(), 1);
}

#[test]
fn a_file_cut_while_open_is_an_error() {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("b.lyo");
    write_bundle(&path, &bundle()).unwrap();
    let (reader, other) = (Reader::open(&path).unwrap(), Reader::open(&path).unwrap());
    assert!(reader.find("pkg.mod").is_some());
    std::fs::OpenOptions::new().write(true).open(&path).unwrap().set_len(100).unwrap();
    assert!(reader.find("pkg.mod").unwrap().load().is_err());
    assert!(other.find("pkg.mod").is_none());
}

fn names() -> impl Strategy<Value = String> + Clone {
    "[a-zé_]{0,9}"
}

fn nodes(count: u32) -> impl Strategy<Value = Node> {
    let id = 0..count;
    let ids = prop::collection::vec(id.clone(), 0..6);
    let pairs = prop::collection::vec((id.clone(), id.clone()), 0..4);
    let named = prop::collection::vec((names(), id.clone()), 0..4);
    let maybe = prop::option::of(id.clone());
    let bytes = prop::collection::vec(any::<u8>(), 0..20);
    let bytes_again = bytes.clone();
    prop_oneof![
        bytes.clone().prop_map(Node::Int),
        (bytes.clone(), any::<bool>()).prop_map(|(value, interned)| Node::Str { value, interned }),
        any::<f64>().prop_filter("NaN", |value| !value.is_nan()).prop_map(Node::Float),
        bytes.prop_map(Node::CodeBlob),
        ids.clone().prop_map(Node::Tuple),
        ids.clone().prop_map(Node::Set),
        pairs.clone().prop_map(Node::Dict),
        (id.clone(), ids.clone(), bytes_again).prop_map(|(name, ids, bytes)| Node::Code(Box::new(Code {
            argcount: name,
            posonlyargcount: 0,
            kwonlyargcount: name,
            stacksize: 1,
            flags: 2,
            firstlineno: 3,
            name,
            qualname: name,
            consts: ids.clone(),
            names: ids.clone(),
            varnames: vec![],
            freevars: ids.clone(),
            cellvars: ids,
            code: bytes.clone(),
            linetable: bytes.clone(),
            exceptiontable: bytes,
        }))),
        maybe.clone().prop_map(Node::Cell),
        (id.clone(), maybe.clone(), prop::option::of(pairs.clone()), named.clone())
            .prop_map(|(class, base_value, dict, slots)| Node::Instance { class, base_value, dict, slots }),
        (id.clone(), ids.clone(), named.clone(), prop::option::of(pairs.clone()), any::<bool>()).prop_map(
            |(callable, arguments, keywords, dict, fresh)| Node::Construct {
                callable,
                arguments,
                keywords,
                dict,
                fresh
            }
        ),
        (id.clone(), names(), ids.clone(), named.clone(), named, maybe.clone(), any::<bool>()).prop_map(
            |(qualname, name, bases, namespace, later, class_cell, abc)| Node::Class(Box::new(Class {
                metaclass: qualname,
                name,
                qualname,
                registered: bases.clone(),
                bases,
                bases_of: class_cell,
                namespace,
                later,
                class_cell,
                abc
            }))
        ),
        (id, ids, pairs, maybe).prop_map(|(code, closure, dict, globals)| Node::Function(Box::new(Function {
            code,
            globals,
            name: code,
            qualname: code,
            doc: code,
            module: code,
            defaults: globals,
            keyword_defaults: None,
            closure,
            annotations: globals,
            type_params: None,
            dict
        }))),
        (names(), prop::collection::vec(names(), 0..4)).prop_map(|(module, path)| Node::External { module, path }),
        names().prop_map(Node::Name),
    ]
}

proptest! {
    #[test]
    fn any_image_survives(nodes in prop::collection::vec(nodes(5), 5..30), name in names()) {
        let operations = vec![Operation::Store { name, node: 0, demand: Demand::default() }];
        let image = Image { nodes, operations, guards: vec![], step: None };
        let bundle = Bundle { target: target(), artifacts: vec![artifact("m", Some(image))] };
        prop_assert_eq!(read_back(encode_bundle(&bundle).unwrap()).unwrap(), bundle);
    }

    #[test]
    fn garbage_is_refused(bytes in prop::collection::vec(any::<u8>(), 0..400)) {
        prop_assert!(Reader::from_bytes(bytes.clone()).is_err());
        let mut with_header = encode_bundle(&bundle()).unwrap();
        let start = with_header.len() - bytes.len();
        with_header[start..].copy_from_slice(&bytes);
        repair_digests(&mut with_header);
        let _ = read_back(with_header);
    }
}
