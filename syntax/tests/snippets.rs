//! CPython's own tests are full of source texts in strings, right and wrong ones: what CPython
//! compiles must be lowered, and what it refuses must be refused.

mod common;

use std::path::PathBuf;

use common::{Interpreter, interpreters, run_python, stack_check};
use syntax::{LowerOptions, lower_source};

/// Every string constant, and every doctest example, of some test files; and whether it compiles.
const SCRIPT: &str = r#"
import ast, doctest, json, os, sys, textwrap
result = {}
def add(text):
    if len(text) > 5000 or text in result or "\0" in text or text.isalnum():
        return
    try:
        text.encode()
    except UnicodeEncodeError:
        return
    try:
        compile(text, "<snippet>", "exec", dont_inherit=True)
    except (SyntaxError, ValueError, OverflowError, MemoryError, RecursionError) as error:
        result[text] = str(error)
    else:
        result[text] = None
for path in json.load(sys.stdin):
    try:
        with open(path, encoding="utf-8") as file:
            source = file.read()
        tree = ast.parse(source)
    except (OSError, UnicodeError, SyntaxError):
        continue
    for node in ast.walk(tree):
        if isinstance(node, ast.Constant) and isinstance(node.value, str):
            add(node.value)
            add(textwrap.dedent(node.value))
            if ">>>" in node.value:
                try:
                    for example in doctest.DocTestParser().get_examples(node.value):
                        add(example.source)
                except ValueError:
                    pass
json.dump(sorted(result.items()), sys.stdout)
"#;

const FILES: &[&str] = &[
    "test_syntax",
    "test_grammar",
    "test_patma",
    "test_fstring",
    "test_scope",
    "test_named_expressions",
    "test_type_params",
    "test_type_aliases",
    "test_type_annotations",
    "test_generators",
    "test_genexps",
    "test_coroutines",
    "test_listcomps",
    "test_setcomps",
    "test_dictcomps",
    "test_except_star",
    "test_compile",
    "test_symtable",
    "test_with",
    "test_exceptions",
    "test_unpack",
    "test_unpack_ex",
    "test_positional_only_arg",
    "test_keywordonlyarg",
    "test_global",
    "test_super",
    "test_unicode_identifiers",
    "test_dis",
    "test_ast",
    "test_ast/test_ast",
    "test_ast/snippets",
    "test_unparse",
    "test_eof",
    "test_string_literals",
    "test_int_literal",
    "test_complex",
    "test_asyncgen",
    "test_decorators",
    "test_peepholer",
    "test_peg_generator/test_c_parser",
    "test_tokenize",
    "test_future_stmt/test_future",
    "test_future",
    "test_monitoring",
    "test_traceback",
    "test_builtin",
    "test_pep646_syntax",
    "test_exception_group",
    "test_metaclass",
    "test_augassign",
    "test_extcall",
    "test_lambda",
    "test_code",
];

/// What is known to be taken otherwise, by a part of the text.
/// TODO: a parser that takes a newline in a format specification between single quotes, as CPython 3.12 does.
const KNOWN: &[&str] = &["f'__{\n    x:d\n}__'"];

#[test]
fn snippets_are_taken_as_cpython_takes_them() {
    let interpreters = interpreters();
    std::thread::scope(|scope| {
        for interpreter in &interpreters {
            scope.spawn(move || compare(interpreter));
        }
    });
}

fn compare(interpreter: &Interpreter) {
    let tests = interpreter.standard_library.join("test");
    let files: Vec<PathBuf> = FILES.iter().map(|name| tests.join(format!("{name}.py"))).collect();
    let expected: Vec<(String, Option<String>)> = run_python(interpreter, SCRIPT, &files);
    let options = LowerOptions { version: interpreter.version, optimize: 0 };
    let mut problems = Vec::new();
    for (text, error) in &expected {
        if KNOWN.iter().any(|known| text.contains(known)) {
            continue;
        }
        match (lower_source(text, &options), error) {
            (Ok(module), None) => {
                for code in &module.codes {
                    if let Err(problem) = stack_check::check(code) {
                        problems.push(format!("{text:?}: {}: {problem}", code.qualname));
                    }
                }
            }
            (Err(_), Some(_)) => {}
            (Ok(_), Some(error)) => problems.push(format!("{text:?}: CPython refuses it: {error}")),
            (Err(errors), None) => problems.push(format!("{text:?}: CPython takes it: {}", errors[0].message)),
        }
    }
    let count = problems.len();
    assert!(
        count == 0,
        "{:?}: {count} problems in {} snippets:\n{}",
        interpreter.version,
        expected.len(),
        problems.join("\n")
    );
}
