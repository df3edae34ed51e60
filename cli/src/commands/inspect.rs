//! `lyo inspect`.

use std::fmt::Write;
use std::path::PathBuf;
use std::process::ExitCode;

use anyhow::{Context, anyhow};
use artifact::Entry;
use artifact::model::{Artifact, Target};
use serde_json::{Value, json};

use super::subject::open;
use crate::output::{self, listing};

/// Show what is in a bundle
///
/// Without MODULE, the header and the index of modules; with it, that module's source identity,
/// values (numbered nodes), operations and guards.
#[derive(clap::Args)]
#[command(after_help = AFTER_HELP)]
pub struct Args {
    /// The bundle
    #[arg(value_name = "BUNDLE")]
    bundle: PathBuf,

    /// One module of it
    #[arg(value_name = "MODULE")]
    module: Option<String>,

    #[arg(long, value_enum, default_value_t = Format::Human)]
    format: Format,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, clap::ValueEnum)]
enum Format {
    Human,
    /// One JSON object
    Json,
}

const AFTER_HELP: &str = "\
Examples:
  lyo inspect app.lyo
  lyo inspect app.lyo json.decoder
  lyo inspect app.lyo --format json";

pub fn run(args: Args) -> anyhow::Result<ExitCode> {
    let shown = args.bundle.display();
    let reader = open(&args.bundle)?;
    match &args.module {
        None => {
            let entries: Vec<Entry> = reader.entries().collect();
            match args.format {
                Format::Human => output::print(index(reader.target(), &entries).as_bytes())?,
                Format::Json => output::print_json(&index_json(reader.target(), &entries))?,
            }
        }
        Some(name) => {
            let entry = reader.find(name).ok_or_else(|| anyhow!("{shown} has no module {name}"))?;
            let artifact = entry.decode().with_context(|| format!("{name} can't be read from {shown}"))?;
            match args.format {
                Format::Human => output::print(module(&artifact).as_bytes())?,
                Format::Json => output::print_json(&module_json(&artifact))?,
            }
        }
    }
    Ok(ExitCode::SUCCESS)
}

fn index(target: &Target, entries: &[Entry]) -> String {
    let mut text = format!(
        "bundle for Python {} ({}, {}, -O level {}), magic {}\n{} modules, {} with an image\n\n",
        target.version,
        target.cache_tag,
        target.platform,
        target.optimize,
        hex(&target.magic),
        entries.len(),
        entries.iter().filter(|entry| entry.has_image()).count()
    );
    for entry in entries {
        let how = if entry.has_image() { "image" } else { "code " };
        let package = if entry.is_package() { " (package)" } else { "" };
        let _ = writeln!(text, "{how} {:>9}  {}{package}", entry.length(), entry.name());
    }
    text
}

fn index_json(target: &Target, entries: &[Entry]) -> Value {
    let modules: Vec<Value> = entries
        .iter()
        .map(|entry| {
            json!({
                "name": entry.name(),
                "package": entry.is_package(),
                "rehydrated": entry.has_image(),
                "size": entry.length(),
                "path": entry.source().path,
            })
        })
        .collect();
    json!({
        "version": 1,
        "target": {
            "python": target.version,
            "cache_tag": target.cache_tag,
            "platform": target.platform,
            "optimize": target.optimize,
            "magic": hex(&target.magic),
        },
        "modules": modules,
    })
}

fn module(artifact: &Artifact) -> String {
    let source = &artifact.source;
    let package = if artifact.is_package { " (package)" } else { "" };
    let mut text = format!(
        "module {}{package}\nsource {}\n  below {}: {}\n  {} bytes, time {}, BLAKE3 {}\ncode {} bytes\n",
        artifact.name,
        source.path,
        source.root,
        source.relative,
        source.size,
        source.mtime,
        hex(&source.digest),
        artifact.code.len()
    );
    let Some(image) = &artifact.image else {
        let _ = writeln!(text, "no image: {}", artifact.reason);
        return text;
    };
    let _ = writeln!(text, "\nguards: {}", image.guards.len());
    for (index, guard) in image.guards.iter().enumerate() {
        let _ = writeln!(text, "  {index:>5}: {}", listing::guard(guard));
    }
    let _ = writeln!(text, "\noperations: {}", image.operations.len());
    for (index, operation) in image.operations.iter().enumerate() {
        let _ = writeln!(text, "  {index:>5}: {}", listing::operation(operation));
    }
    let _ = writeln!(text, "\nnodes: {}", image.nodes.len());
    for (id, node) in image.nodes.iter().enumerate() {
        let (kind, contents) = listing::node(node);
        let _ = writeln!(text, "  {:>6} = {kind:<12} {contents}", format!("#{id}"));
    }
    text
}

fn module_json(artifact: &Artifact) -> Value {
    let source = &artifact.source;
    let image = artifact.image.as_ref().map(|image| {
        let nodes: Vec<Value> = image
            .nodes
            .iter()
            .enumerate()
            .map(|(id, node)| {
                let (kind, contents) = listing::node(node);
                json!({"id": id, "kind": kind, "contents": contents})
            })
            .collect();
        json!({
            "guards": image.guards.iter().map(listing::guard).collect::<Vec<_>>(),
            "operations": image.operations.iter().map(listing::operation).collect::<Vec<_>>(),
            "nodes": nodes,
        })
    });
    json!({
        "version": 1,
        "name": artifact.name,
        "package": artifact.is_package,
        "source": {
            "path": source.path,
            "root": source.root,
            "relative": source.relative,
            "size": source.size,
            "mtime": source.mtime,
            "blake3": hex(&source.digest),
        },
        "code_size": artifact.code.len(),
        "reason": artifact.reason,
        "image": image,
    })
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}
