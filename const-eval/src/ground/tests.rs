//! Tests of the table against the interpreters at hand.

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::process::Command;
use std::sync::OnceLock;

use super::*;

/// Interpreters to test with: `python3.N` on the path and those of pyenv; one of each minor version.
pub(super) fn interpreters() -> Vec<PathBuf> {
    let home = |variable: &str, rest: &str| std::env::var_os(variable).map(|root| PathBuf::from(root).join(rest));
    let versions = home("PYENV_ROOT", "versions").or_else(|| home("HOME", ".pyenv/versions"));
    let mut candidates: Vec<PathBuf> = (11..=14).map(|minor| format!("python3.{minor}").into()).collect();
    candidates.push("python3".into());
    let folders = versions.and_then(|folder| std::fs::read_dir(folder).ok());
    candidates.extend(folders.into_iter().flatten().flatten().map(|entry| entry.path().join("bin/python")));
    let mut found = BTreeMap::new();
    for candidate in candidates {
        let says = Command::new(&candidate).args(["-I", "-S", "-c", "import sys; print(sys.version_info[1])"]).output();
        let Ok(output) = says else { continue };
        let minor = String::from_utf8_lossy(&output.stdout).trim().parse::<u32>();
        if let Ok(minor @ 11..) = minor {
            found.entry(minor).or_insert(candidate);
        }
    }
    found.into_values().collect()
}

pub(super) fn run_probe(python: &PathBuf, environment: &[(&str, &str)]) -> String {
    let mut command = Command::new(python);
    command.args(["-I", "-S", "-c", PROBE]).envs(environment.iter().copied());
    let output = command.output().unwrap();
    assert!(output.status.success() && output.stderr.is_empty(), "{}", String::from_utf8_lossy(&output.stderr));
    String::from_utf8(output.stdout).unwrap()
}

/// The table of each interpreter, loaded once.
pub(super) fn grounds() -> &'static [(PathBuf, Ground)] {
    static GROUNDS: OnceLock<Vec<(PathBuf, Ground)>> = OnceLock::new();
    GROUNDS.get_or_init(|| {
        let load = |python: PathBuf| {
            let ground = Ground::load(&run_probe(&python, &[])).unwrap();
            (python, ground)
        };
        interpreters().into_iter().map(load).collect()
    })
}

#[test]
fn every_interpreter_is_described() {
    assert!(!grounds().is_empty(), "no CPython 3.11 or newer found");
    for (_, ground) in grounds() {
        assert_eq!(ground.failed_modules(), []);
        let int = ground.builtin("int").unwrap();
        let bool_type = ground.entry(ground.builtin("bool").unwrap()).as_type().unwrap();
        assert_eq!(bool_type.bases, [int]);
        assert!(!bool_type.subclassable);
        for hidden in ["builtins.function", "builtins.NoneType", "re.Pattern", "types.GenericAlias", "builtins.cell"] {
            assert!(ground.find(hidden).is_some(), "{hidden}");
        }
        assert_eq!(ground.find("collections.deque"), ground.find("_collections.deque"));
        assert_eq!(ground.find("_socket.error"), ground.builtin("OSError"));
        assert_eq!(ground.find("_io.open"), ground.builtin("open"));
    }
}

#[test]
fn attributes_are_found_along_the_mro() {
    for (_, ground) in grounds() {
        let bool_type = ground.builtin("bool").unwrap();
        let (owner, attribute) = TypeInfo::lookup(ground, bool_type, "bit_length").unwrap();
        assert_eq!(Some(owner), ground.builtin("int"));
        assert_eq!(attribute.call, CallClass { effect: Effect::Total, result: ResultType::Exactly(owner) });
        assert!(TypeInfo::lookup(ground, bool_type, "no_such").is_none());
    }
}

#[test]
fn struct_sequences_have_contents() {
    for (_, ground) in grounds() {
        // The type and its instance have the same name; the module's export is the instance.
        let version = ground.find("sys.version_info").unwrap();
        let sys = &ground.modules()[ground.module_index("sys").unwrap() as usize];
        let Some(Export::Entity(id)) = sys.exports.get("version_info") else { panic!() };
        let EntryKind::Instance { contents: Some(contents), of } = &ground.entry(*id).kind else { panic!() };
        assert_eq!(*of, version);
        let major = contents.attributes.get("major");
        assert!(matches!(major, Some(Value::Int(major)) if major.to_i64() == Some(3)));
        assert_eq!(contents.items.as_ref().map(|items| items.len()), Some(5));
    }
}

#[test]
fn annotations_can_be_read() {
    for (file, text) in annotations::FILES {
        let (_, bad) = lines::read(text);
        assert_eq!(bad, Vec::<usize>::new(), "lines of {file}.txt");
    }
}

#[test]
fn annotations_name_what_some_version_has() {
    let unmatched = |(python, _): &(PathBuf, Ground)| {
        let mut ground = probe::read(&run_probe(python, &[])).unwrap();
        annotations::apply(&mut ground)
    };
    let mut versions = grounds().iter().map(unmatched);
    let mut everywhere = versions.next().unwrap();
    for version in versions {
        everywhere.retain(|unmatched| version.contains(unmatched));
    }
    assert_eq!(everywhere, []);
}

#[test]
fn what_differs_between_processes_is_marked() {
    let environments: [&[(&str, &str)]; 2] = [
        &[("TZ", "UTC"), ("LANG", "C"), ("PYTHONHASHSEED", "1")],
        &[("TZ", "Asia/Tokyo"), ("LANG", "C.UTF-8"), ("HOME", "/nonexistent"), ("COLUMNS", "200")],
    ];
    let mut differ = Vec::new();
    for python in interpreters() {
        let [one, other] = environments.map(|environment| Ground::load(&run_probe(&python, environment)).unwrap());
        for (module, twin) in one.modules().iter().zip(other.modules()) {
            for ((name, export), (_, twin)) in module.exports.iter().zip(&twin.exports) {
                if format!("{export:?}") != format!("{twin:?}") {
                    differ.push(format!("{}.{name}", module.name));
                }
            }
        }
    }
    assert_eq!(differ, Vec::<String>::new());
}

#[test]
fn the_probe_is_deterministic() {
    let python = &interpreters()[0];
    assert!(run_probe(python, &[]) == run_probe(python, &[]));
}

#[test]
fn malformed_input_is_an_error() {
    assert!(matches!(Ground::load("{"), Err(GroundError::NotJson(_))));
    assert_eq!(Ground::load("[]").unwrap_err(), GroundError::Malformed("format"));
    let (_, ground) = &grounds()[0];
    assert!(ground.entries().len() > 1000);
    let text = run_probe(&interpreters()[0], &[]);
    assert!(matches!(Ground::load(&text[..text.len() / 2]), Err(GroundError::NotJson(_))));
    let wrong = text.replacen("[\"t\",", "[\"?\",", 1);
    assert_eq!(Ground::load(&wrong).unwrap_err(), GroundError::Malformed("entity kind"));
    let empty = r#"{"format":1,"facts":{"version":[3,13,0],"platform":"linux","os_name":"posix",
        "implementation":"cpython","optimize":0},"failed":{},"modules":[],"entities":[]}"#;
    assert_eq!(Ground::load(empty).unwrap_err(), GroundError::Malformed("types"));
    let old = text.replacen("\"version\":[3,1", "\"version\":[2,1", 1);
    assert!(matches!(Ground::load(&old), Err(GroundError::NotSupported { .. })));
}

/// How many callables the annotations describe, by what they are.
#[test]
fn most_callables_are_described() {
    for (_, ground) in grounds() {
        let (mut functions, mut types, mut methods) = ([0, 0], [0, 0], [0, 0]);
        let count = |tally: &mut [usize; 2], call: CallClass| {
            tally[0] += usize::from(call != CallClass::UNKNOWN);
            tally[1] += 1;
        };
        for entry in ground.entries() {
            match &entry.kind {
                EntryKind::Function { .. } => count(&mut functions, entry.call),
                EntryKind::Type(info) if &*entry.module != "_ast" => {
                    count(&mut types, entry.call);
                    for attribute in info.attributes.values() {
                        match attribute.kind {
                            AttributeKind::Constant(_) | AttributeKind::Object(_) | AttributeKind::New => {}
                            _ => count(&mut methods, attribute.call),
                        }
                    }
                }
                EntryKind::Type(_) | EntryKind::Instance { .. } => {}
            }
        }
        let percent = |[described, all]: [usize; 2]| described * 100 / all;
        println!(
            "{:?}: described {functions:?} functions, {types:?} types, {methods:?} attributes of types",
            ground.target().version
        );
        assert!(percent(functions) >= 85, "{functions:?}");
        assert!(percent(types) >= 60, "{types:?}");
        assert!(percent(methods) >= 50, "{methods:?}");
    }
}
