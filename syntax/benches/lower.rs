//! Decoding, parsing and lowering a standard library, beside the bare parser.
//!
//! `cargo bench -p lyo-syntax`; items are lines.

use std::path::PathBuf;
use std::process::Command;
use std::sync::LazyLock;

use divan::counter::ItemsCount;
use ruff_python_parser::{Mode, ParseOptions, parse_unchecked};
use syntax::{LowerOptions, decode, lower_source, parse};

struct Corpus {
    files: Vec<Vec<u8>>,
    texts: Vec<String>,
    lines: usize,
    version: (u8, u8),
}

/// The modules of `python3`'s standard library, its tests apart.
static CORPUS: LazyLock<Corpus> = LazyLock::new(|| {
    let code = "import os, sys; print(os.path.dirname(os.__file__)); print(sys.version_info[1])";
    let output = Command::new("python3").args(["-I", "-c", code]).output().expect("python3 runs");
    let text = String::from_utf8_lossy(&output.stdout).into_owned();
    let mut lines = text.lines();
    let mut open = vec![PathBuf::from(lines.next().unwrap_or_default())];
    let minor = lines.next().and_then(|minor| minor.parse().ok()).unwrap_or(11);
    let mut files = Vec::new();
    while let Some(directory) = open.pop() {
        for entry in std::fs::read_dir(directory).into_iter().flatten().flatten() {
            let path = entry.path();
            let name = entry.file_name();
            if path.is_dir() && !["test", "tests", "idle_test", "site-packages"].iter().any(|skipped| name == *skipped)
            {
                open.push(path);
            } else if path.extension().is_some_and(|extension| extension == "py") {
                files.extend(std::fs::read(&path));
            }
        }
    }
    let texts: Vec<String> = files.iter().filter_map(|bytes| decode(bytes).ok()).collect();
    let lines = texts.iter().map(|text| text.lines().count()).sum();
    Corpus { files, texts, lines, version: (3, minor) }
});

fn main() {
    eprintln!("{} files, {} lines", CORPUS.texts.len(), CORPUS.lines);
    divan::main();
}

#[divan::bench(sample_count = 10)]
fn parser_alone(bencher: divan::Bencher) {
    bencher.counter(ItemsCount::new(CORPUS.lines)).bench(|| {
        for text in &CORPUS.texts {
            divan::black_box(parse_unchecked(text, ParseOptions::from(Mode::Module)));
        }
    });
}

#[divan::bench(sample_count = 10)]
fn decode_parse(bencher: divan::Bencher) {
    bencher.counter(ItemsCount::new(CORPUS.lines)).bench(|| {
        for bytes in &CORPUS.files {
            if let Ok(text) = decode(bytes) {
                divan::black_box(parse(&text, CORPUS.version).ok());
            }
        }
    });
}

#[divan::bench(sample_count = 10)]
fn decode_parse_lower(bencher: divan::Bencher) {
    let options = LowerOptions { version: CORPUS.version, optimize: 0 };
    bencher.counter(ItemsCount::new(CORPUS.lines)).bench(|| {
        for bytes in &CORPUS.files {
            if let Ok(text) = decode(bytes) {
                divan::black_box(lower_source(&text, &options).ok());
            }
        }
    });
}
