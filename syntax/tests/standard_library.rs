//! CPython is the judge: what it compiles is lowered, what it refuses is refused, and
//! names live where CPython puts them.

mod common;

use std::collections::BTreeSet;
use std::path::PathBuf;

use common::{Interpreter, interpreters, python_files, run_python, stack_check};
use serde::Deserialize;
use syntax::ir::{CodeKind, Constant, Module};
use syntax::{LineIndex, LowerOptions, decode, lower_source};

/// Compiles each file; prints for each what its code objects look like, or `null`.
const DUMP: &str = r#"
import json, sys, types
def walk(code, out):
    for constant in code.co_consts:
        if isinstance(constant, types.CodeType):
            doc = constant.co_consts[0] if constant.co_flags & 0x2 and constant.co_consts else None
            out.append([constant.co_qualname, constant.co_firstlineno, constant.co_varnames,
                        constant.co_cellvars, constant.co_freevars, constant.co_flags & 0x3ac,
                        constant.co_argcount, constant.co_posonlyargcount, constant.co_kwonlyargcount])
            walk(constant, out)
    return out
result = []
for path in json.load(sys.stdin):
    with open(path, "rb") as file:
        source = file.read()
    try:
        code = compile(source, path, "exec", dont_inherit=True, optimize=0)
    except (SyntaxError, ValueError, RecursionError, MemoryError, OverflowError) as error:
        result.append(None)
    else:
        result.append(walk(code, []))
json.dump(result, sys.stdout)
"#;

/// Qualified name, first line, variables, cells, free variables, flags, three argument counts.
#[derive(Deserialize)]
struct Dumped(String, u32, Vec<String>, Vec<String>, Vec<String>, u32, u32, u32, u32);

/// `CO_GENERATOR`, `CO_COROUTINE`, `CO_ASYNC_GENERATOR`
const GENERATOR: u32 = 0x20;
const COROUTINE: u32 = 0x80;
const ASYNC_GENERATOR: u32 = 0x200;
const VARIADIC: u32 = 0x4;
const KEYWORD_VARIADIC: u32 = 0x8;

/// `LYO_WHOLE_LIBRARY=1`: the tests of the library too, which takes a minute.
fn whole_library() -> bool {
    std::env::var_os("LYO_WHOLE_LIBRARY").is_some()
}

/// The modules themselves, and of the tests those that are about syntax or meant to be refused.
fn chosen(interpreter: &Interpreter) -> Vec<PathBuf> {
    let about_syntax = [
        "test_grammar",
        "test_syntax",
        "test_patma",
        "test_fstring",
        "test_scope",
        "test_named_expressions",
        "test_type_params",
        "test_type_aliases",
        "test_type_annotations",
        "test_generators",
        "test_coroutines",
        "test_listcomps",
        "test_except_star",
        "test_compile",
        "test_symtable",
        "test_future",
        "test_with",
        "test_exceptions",
        "test_unpack_ex",
        "test_positional_only_arg",
        "test_global",
        "test_super",
        "test_source_encoding",
        "test_unicode_identifiers",
        "test_flufl",
        "test_dis",
        "test_inspect",
        "test_enum",
        "test_dataclasses",
        "test_typing",
        "test_class",
        "test_dictcomps",
        "test_asyncgen",
    ];
    let every = whole_library();
    let library = &interpreter.standard_library;
    python_files(library)
        .into_iter()
        .filter(|path| {
            let inner = path.strip_prefix(library).unwrap_or(path);
            let tests = inner
                .components()
                .any(|part| matches!(part.as_os_str().to_str(), Some("test" | "tests" | "idle_test")));
            let stem = path.file_stem().and_then(|stem| stem.to_str()).unwrap_or_default();
            every
                || !tests
                || inner.components().any(|part| part.as_os_str() == "tokenizedata")
                || stem.starts_with("bad")
                || about_syntax.contains(&stem)
        })
        .collect()
}

/// Definitions under `if 0:` or `if False:`, or in `assert True, …`, for which CPython keeps no code.
const UNREACHABLE: &[&str] = &[
    "Pager",
    "Pager.__call__",
    "ScopeTests.testCellLeak.<locals>.Tester.dig.<locals>.<lambda>",
    "GrammarTests.test_assert.<locals>.<lambda>",
];

#[test]
fn the_standard_library_is_lowered_where_cpython_compiles_it() {
    let interpreters = interpreters();
    assert!(!interpreters.is_empty(), "no Python 3.11 to 3.13 found");
    std::thread::scope(|scope| {
        for interpreter in &interpreters {
            scope.spawn(move || compare(interpreter));
        }
    });
}

fn compare(interpreter: &Interpreter) {
    let files = chosen(interpreter);
    let dumped: Vec<Option<Vec<Dumped>>> = run_python(interpreter, DUMP, &files);
    let mut problems = Vec::new();
    let options = LowerOptions { version: interpreter.version, optimize: 0 };
    for (path, expected) in files.iter().zip(dumped) {
        let Ok(bytes) = std::fs::read(path) else { continue };
        let text = match decode(&bytes) {
            Ok(text) => text,
            Err(error) => {
                if expected.is_some() {
                    problems.push(format!("{}: {error}", path.display()));
                }
                continue;
            }
        };
        match (lower_source(&text, &options), expected) {
            (Err(_), None) => {}
            (Ok(_), None) => problems.push(format!("{}: CPython refuses it", path.display())),
            (Err(errors), Some(_)) => {
                let index = LineIndex::new(&text);
                let error = &errors[0];
                let (line, column) = index.line_column(&text, error.range.start());
                problems.push(format!("{}:{line}:{column}: {}", path.display(), error.message));
            }
            (Ok(module), Some(expected)) => {
                for code in &module.codes {
                    if let Err(problem) = stack_check::check(code) {
                        problems.push(format!("{}: {}: {problem}", path.display(), code.qualname));
                    }
                }
                compare_codes(&module, &text, &expected, interpreter.version, &mut |problem| {
                    problems.push(format!("{}: {problem}", path.display()));
                });
            }
        }
    }
    let count = problems.len();
    problems.truncate(40);
    assert!(
        count == 0,
        "{:?}: {count} problems in {} files:\n{}",
        interpreter.version,
        files.len(),
        problems.join("\n")
    );
}

/// What a code looks like, as far as it can be compared: comprehensions are codes of
/// their own only up to 3.11.
type Shape = (String, u32, BTreeSet<String>, BTreeSet<String>, BTreeSet<String>, u32, [u32; 3]);

fn compare_codes(module: &Module, text: &str, expected: &[Dumped], version: (u8, u8), report: &mut dyn FnMut(String)) {
    let index = LineIndex::new(text);
    let set = |names: &[String]| names.iter().cloned().collect::<BTreeSet<_>>();
    let inlined = version >= (3, 12);
    let mut theirs: Vec<Shape> = Vec::new();
    for Dumped(qualname, line, variables, cells, free, flags, arguments, positional_only, keyword_only) in expected {
        theirs.push((
            qualname.clone(),
            *line,
            if inlined { BTreeSet::new() } else { set(variables) },
            if inlined { BTreeSet::new() } else { set(cells) },
            set(free),
            *flags & (GENERATOR | COROUTINE | ASYNC_GENERATOR | VARIADIC | KEYWORD_VARIADIC),
            [*arguments, *positional_only, *keyword_only],
        ));
    }
    let mut ours: Vec<Shape> = Vec::new();
    for code in &module.codes {
        match code.kind {
            CodeKind::TopLevel => continue,
            CodeKind::Comprehension if inlined => continue,
            _ => {}
        }
        let names = |names: &[syntax::ir::Name]| names.iter().map(|name| name.to_string()).collect::<BTreeSet<_>>();
        let (own, free) = code.cells.split_at(code.own_cells as usize);
        let mut flags = match (code.is_generator, code.is_coroutine) {
            (false, false) => 0,
            (true, false) => GENERATOR,
            (false, true) => COROUTINE,
            (true, true) => ASYNC_GENERATOR,
        };
        if code.parameters.variadic {
            flags |= VARIADIC;
        }
        if code.parameters.keyword_variadic {
            flags |= KEYWORD_VARIADIC;
        }
        let parameters = &code.parameters;
        let locals: BTreeSet<String> =
            names(&code.locals).into_iter().filter(|name| !name.starts_with(".match")).collect();
        ours.push((
            code.qualname.to_string(),
            index.line_column(text, code.range.start()).0,
            if inlined { BTreeSet::new() } else { locals },
            if inlined { BTreeSet::new() } else { names(own) },
            names(free),
            flags,
            [parameters.positional_only + parameters.positional, parameters.positional_only, parameters.keyword_only],
        ));
    }
    for code in module.codes.iter().filter(|code| matches!(code.kind, CodeKind::Function | CodeKind::Lambda)) {
        let Some(variables) = module.variables(code, version) else { continue };
        let line = index.line_column(text, code.range.start()).0;
        let mut same = expected.iter().filter(|theirs| theirs.0 == *code.qualname && theirs.1 == line).peekable();
        if same.peek().is_some()
            && !same.any(|theirs| variables.iter().map(|name| &***name).eq(theirs.2.iter().map(String::as_str)))
        {
            report(format!("`co_varnames` of {}, line {line}: we have {variables:?}", code.qualname));
        }
    }
    // CPython compiles `finally` bodies more than once, and drops code that can't be reached.
    let theirs: BTreeSet<Shape> = theirs.into_iter().collect();
    let ours: BTreeSet<Shape> = ours.into_iter().collect();
    for shape in theirs.difference(&ours) {
        report(format!("only CPython has {shape:?}"));
    }
    for shape in ours.difference(&theirs).filter(|shape| !whole_library() && !UNREACHABLE.contains(&shape.0.as_str())) {
        report(format!("only we have {shape:?}"));
    }
}

/// Docstrings and other constants: every string that our IR knows is one that CPython has.
const STRINGS: &str = r#"
import json, sys, types
def walk(code, out):
    for constant in code.co_consts:
        if isinstance(constant, types.CodeType):
            walk(constant, out)
        else:
            add(constant, out)
    return out
def add(constant, out):
    if isinstance(constant, str):
        try:
            constant.encode()
        except UnicodeEncodeError:
            return
        out.add(constant)
    elif isinstance(constant, (tuple, frozenset)):
        for item in constant:
            add(item, out)
result = []
for path in json.load(sys.stdin):
    with open(path, "rb") as file:
        source = file.read()
    try:
        code = compile(source, path, "exec", dont_inherit=True, optimize=0, flags=FLAGS)
    except (SyntaxError, ValueError, RecursionError, MemoryError, OverflowError):
        result.append(None)
    else:
        result.append(sorted(walk(code, set())))
json.dump(result, sys.stdout)
"#;

#[test]
fn docstrings_are_those_of_cpython() {
    for interpreter in interpreters() {
        let files: Vec<PathBuf> = chosen(&interpreter).into_iter().step_by(3).collect();
        let script = STRINGS.replace("FLAGS", "0");
        let expected: Vec<Option<Vec<String>>> = run_python(&interpreter, &script, &files);
        for (path, expected) in files.iter().zip(expected) {
            let (Some(expected), Ok(bytes)) = (expected, std::fs::read(path)) else { continue };
            let Ok(text) = decode(&bytes) else { continue };
            let options = LowerOptions { version: interpreter.version, optimize: 0 };
            let Ok(module) = lower_source(&text, &options) else { continue };
            let expected: BTreeSet<&str> = expected.iter().map(String::as_str).collect();
            for code in &module.codes {
                if let Some(Constant::Str(docstring)) = &code.docstring {
                    assert!(
                        expected.contains(&**docstring),
                        "{}: {}: {docstring:?} on {:?}",
                        path.display(),
                        code.qualname,
                        interpreter.version
                    );
                }
            }
        }
    }
}
