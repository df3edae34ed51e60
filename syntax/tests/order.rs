//! In which order things are evaluated: names, attributes, imports and calls come in the order
//! in which CPython's byte code has them, in every function without loops and handlers.

mod common;

use std::collections::HashMap;
use std::path::PathBuf;

use common::{Interpreter, interpreters, python_files, run_python};
use serde::Deserialize;
use syntax::ir::{Code, Instruction as I};
use syntax::{LineIndex, LowerOptions, decode, lower_source};

const SCRIPT: &str = r#"
import dis, json, sys, types
LOADS = {"LOAD_NAME", "LOAD_GLOBAL", "LOAD_FAST", "LOAD_FAST_CHECK", "LOAD_FAST_AND_CLEAR", "LOAD_DEREF",
         "LOAD_CLASSDEREF", "LOAD_FROM_DICT_OR_DEREF", "LOAD_FROM_DICT_OR_GLOBALS"}
STORES = {"STORE_NAME", "STORE_GLOBAL", "STORE_FAST", "STORE_DEREF"}
DELETES = {"DELETE_NAME", "DELETE_GLOBAL", "DELETE_FAST", "DELETE_DEREF"}
JUMPS = {*dis.hasjrel, *dis.hasjabs}
CALLS = {"CALL", "CALL_FUNCTION_EX", "CALL_KW"}
def sequence(code):
    out = []
    for instruction in dis.get_instructions(code):
        name, value = instruction.opname, instruction.argval
        if name == "LOAD_FAST" and value in (*code.co_cellvars, *code.co_freevars): pass
        elif name in LOADS: out.append("load " + value)
        elif name in STORES: out.append("store " + value)
        elif name in DELETES: out.append("delete " + value)
        elif name in CALLS: out.append("call")
        elif name in ("LOAD_ATTR", "LOAD_METHOD"): out.append("attribute " + value)
        elif name == "STORE_ATTR": out.append("store attribute " + value)
        elif name == "DELETE_ATTR": out.append("delete attribute " + value)
        elif name == "IMPORT_NAME": out.append("import " + value)
        elif name == "IMPORT_FROM": out.append("from " + value)
        elif name in ("BINARY_SUBSCR", "BINARY_SLICE"): out.append("subscript")
        elif name in ("STORE_SUBSCR", "STORE_SLICE"): out.append("store subscript")
        elif name == "FORMAT_VALUE": out.append("format")
        elif name in ("FORMAT_SIMPLE", "FORMAT_WITH_SPEC"): out.append("format")
        elif name == "MAKE_FUNCTION": out.append("function")
        elif name == "LOAD_CONST" and isinstance(value, str) and out and value.isidentifier(): pass
        elif name in ("STORE_FAST_LOAD_FAST", "STORE_FAST_STORE_FAST", "LOAD_FAST_LOAD_FAST"):
            first, second = name.split("_FAST")[0].lower(), name.split("_FAST_")[1].split("_")[0].lower()
            out += [first + " " + value[0], second + " " + value[1]]
        elif name.startswith("LOAD_SUPER_"): return None
        elif name.startswith(("JUMP_BACKWARD", "RETURN_GENERATOR", "POP_JUMP_BACKWARD", "LOAD_LOCALS")): return None
        elif name == "LOAD_BUILD_CLASS": return None
        # From 3.12 on the compiler moves and copies blocks.
        elif sys.version_info >= (3, 12) and instruction.opcode in JUMPS: return None
    return out
def walk(code, out):
    for constant in code.co_consts:
        if isinstance(constant, types.CodeType):
            if not constant.co_exceptiontable and "<generic" not in constant.co_qualname:
                found = sequence(constant)
                if found is not None and constant.co_flags & 2:
                    out.append([constant.co_qualname, constant.co_firstlineno, found])
            walk(constant, out)
    return out
result = []
for path in json.load(sys.stdin):
    with open(path, "rb") as file:
        source = file.read()
    try:
        code = compile(source, path, "exec", dont_inherit=True, optimize=0)
    except (SyntaxError, ValueError, RecursionError, MemoryError, OverflowError):
        result.append([])
    else:
        result.append(walk(code, []))
json.dump(result, sys.stdout)
"#;

/// Qualified name, first line, what happens.
#[derive(Deserialize)]
struct Expected(String, u32, Vec<String>);

/// Where CPython's optimisers leave something out: subscripts of constants, stores that are
/// overwritten at once, branches that are never taken.
const OPTIMISED: &[&str] = &[
    "_ishidden",
    "Shelf.push",
    "Shelf.insert",
    "GrammarTests.testWhile",
    "GrammarTests.testIfElseExpr",
    "_Unframer.readline",
    "_Unpickler.load_long",
];

#[test]
fn evaluation_comes_in_the_order_of_cpython() {
    let interpreters = interpreters();
    std::thread::scope(|scope| {
        for interpreter in &interpreters {
            scope.spawn(move || compare(interpreter));
        }
    });
}

fn compare(interpreter: &Interpreter) {
    let files: Vec<PathBuf> = python_files(&interpreter.standard_library)
        .into_iter()
        .filter(|path| !path.components().any(|part| part.as_os_str() == "test" || part.as_os_str() == "idle_test"))
        .collect();
    let expected: Vec<Vec<Expected>> = run_python(interpreter, SCRIPT, &files);
    let options = LowerOptions { version: interpreter.version, optimize: 0 };
    let (mut compared, mut problems) = (0, Vec::new());
    for (path, expected) in files.iter().zip(expected) {
        let Some(text) = std::fs::read(path).ok().and_then(|bytes| decode(&bytes).ok()) else { continue };
        let Ok(module) = lower_source(&text, &options) else { continue };
        let index = LineIndex::new(&text);
        let mut codes: HashMap<(&str, u32), Vec<&Code>> = HashMap::new();
        for code in &module.codes {
            let line = index.line_column(&text, code.range.start()).0;
            codes.entry((&code.qualname, line)).or_default().push(code);
        }
        for Expected(qualname, line, events) in &expected {
            let Some([code]) = codes.get(&(qualname.as_str(), *line)).map(Vec::as_slice) else { continue };
            compared += 1;
            let events = &stores_sorted(events.clone());
            let ours: Vec<String> =
                code.instructions().iter().filter_map(|instruction| event(code, instruction)).collect();
            let ours = stores_sorted(ours);
            if ours != *events && !OPTIMISED.contains(&qualname.as_str()) {
                let position = ours.iter().zip(events).take_while(|(a, b)| a == b).count();
                problems.push(format!(
                    "{}:{line} {qualname}: at {position} ours {:?}, CPython's {:?}",
                    path.display(),
                    &ours[position.min(ours.len())..ours.len().min(position + 4)],
                    &events[position.min(events.len())..events.len().min(position + 4)]
                ));
            }
        }
    }
    let count = problems.len();
    problems.truncate(40);
    assert!(count == 0, "{:?}: {count} of {compared} differ:\n{}", interpreter.version, problems.join("\n"));
    assert!(compared > 1000, "only {compared} compared");
}

/// CPython stores into fast locals in any order: `a, b = b, a`.
fn stores_sorted(mut events: Vec<String>) -> Vec<String> {
    for run in events.chunk_by_mut(|a, b| is_store(a) && is_store(b)) {
        if run.first().is_some_and(|event| is_store(event)) {
            run.sort();
        }
    }
    events
}

fn is_store(event: &str) -> bool {
    event.starts_with("store ") && event.matches(' ').count() == 1 && event != "store subscript"
}

fn event(code: &Code, instruction: &I) -> Option<String> {
    let local = |index: &u32| code.locals[*index as usize].to_string();
    let cell = |index: &u32| code.cells[*index as usize].to_string();
    Some(match instruction {
        I::LoadName(name) | I::LoadGlobal(name) => format!("load {name}"),
        I::LoadLocal(index) => format!("load {}", local(index)),
        I::LoadCell(index) => format!("load {}", cell(index)),
        I::StoreName(name) | I::StoreGlobal(name) => format!("store {name}"),
        I::StoreLocal(index) => format!("store {}", local(index)),
        I::StoreCell(index) => format!("store {}", cell(index)),
        I::DeleteName(name) | I::DeleteGlobal(name) => format!("delete {name}"),
        I::DeleteLocal(index) => format!("delete {}", local(index)),
        I::DeleteCell(index) => format!("delete {}", cell(index)),
        I::Call { .. } | I::CallVariadic { .. } => "call".to_owned(),
        I::LoadAttribute(name) => format!("attribute {name}"),
        I::StoreAttribute(name) => format!("store attribute {name}"),
        I::DeleteAttribute(name) => format!("delete attribute {name}"),
        I::ImportName { module, .. } => format!("import {module}"),
        I::ImportFrom(name) => format!("from {name}"),
        I::LoadSubscript => "subscript".to_owned(),
        I::StoreSubscript => "store subscript".to_owned(),
        I::FormatValue { .. } => "format".to_owned(),
        I::MakeFunction { .. } => "function".to_owned(),
        _ => return None,
    })
}
