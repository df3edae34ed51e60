//! Annotations under `from __future__ import annotations` are the text that CPython makes of them.

mod common;

use std::path::PathBuf;

use common::{Interpreter, interpreters, python_files, run_python};
use syntax::ir::{Constant, Instruction};
use syntax::{LowerOptions, lower_source};

/// Every expression of some modules as an annotation, and CPython's text of it.
const SCRIPT: &str = r#"
import ast, json, sys
result = {}
for path in json.load(sys.stdin):
    with open(path, "rb") as file:
        source = file.read()
    try:
        tree = ast.parse(source)
        lines = source.decode().split("\n")
    except (SyntaxError, ValueError):
        continue
    for node in ast.walk(tree):
        if isinstance(node, ast.expr) and not isinstance(node, (ast.Name, ast.Constant, ast.Starred)):
            # Columns are in bytes.
            if node.lineno != node.end_lineno:
                continue
            segment = lines[node.lineno - 1].encode()[node.col_offset:node.end_col_offset].decode()
            if len(segment) > 200 or segment in result:
                continue
            module = f"from __future__ import annotations\nx: ({segment})\n"
            try:
                code = compile(module, path, "exec", dont_inherit=True)
            except (SyntaxError, ValueError):
                continue
            strings = [constant for constant in code.co_consts if isinstance(constant, str)]
            try:
                strings[0].encode()
            except UnicodeEncodeError:
                continue
            result[segment] = [module, strings[0]]
json.dump(list(result.values()), sys.stdout)
"#;

#[test]
fn annotations_are_told_as_cpython_tells_them() {
    let interpreters = interpreters();
    std::thread::scope(|scope| {
        for interpreter in &interpreters {
            scope.spawn(move || compare(interpreter));
        }
    });
}

fn compare(interpreter: &Interpreter) {
    let mut files: Vec<PathBuf> = python_files(&interpreter.standard_library).into_iter().step_by(25).collect();
    for name in ["test_future", "test_future_stmt/test_future", "test_unparse", "test_ast", "test_grammar"] {
        let path = interpreter.standard_library.join(format!("test/{name}.py"));
        if path.exists() {
            files.push(path);
        }
    }
    let expected: Vec<(String, String)> = run_python(interpreter, SCRIPT, &files);
    let options = LowerOptions { version: interpreter.version, optimize: 0 };
    let (mut problems, mut unknown) = (Vec::new(), 0);
    for (text, expected) in &expected {
        let Ok(module) = lower_source(text, &options) else {
            problems.push(format!("{text:?} is refused"));
            continue;
        };
        let told = module.statements.last().map(|statement| module.code(statement.code).instructions());
        match told {
            Some([Instruction::Constant(Constant::Str(told)), ..]) if **told == **expected => {}
            Some([Instruction::Constant(Constant::SurrogateStr), ..]) => unknown += 1,
            told => problems.push(format!("{expected:?}, ours {:?}", told.and_then(|told| told.first()))),
        }
    }
    let count = problems.len();
    problems.truncate(40);
    assert!(count == 0, "{:?}: {count} of {} differ:\n{}", interpreter.version, expected.len(), problems.join("\n"));
    assert!(unknown * 20 < expected.len(), "{unknown} of {} are not told", expected.len());
}
