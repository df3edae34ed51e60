//! `textDocument/hover`: the value of a name of the module, and what an import runs.

use std::fmt::Write;

use analyzer::{AnalysedModule, Analysis, Verdict, readable};
use const_eval::evaluated::Outcome;
use const_eval::render::Renderer;
use const_eval::value::Value;
use lsp_types::{Hover, HoverContents, HoverParams, MarkupContent, MarkupKind};
use syntax::ir::Name;
use syntax::{Located, TextRange};

use super::knowledge::{self, Knowledge};
use crate::snapshot;
use crate::workspace::{Subject, Workspace};

pub fn handle(workspace: &Workspace, params: HoverParams) -> Option<Hover> {
    let place = params.text_document_position_params;
    let subject = workspace.subject(&place.text_document.uri)?;
    let Subject { snapshot: whole, module } = subject;
    let lines = snapshot::lines(module, workspace.encoding);
    let analysis = &whole.analysis;
    let version = analysis.interpreter().facts.version;
    let located = syntax::locate(module.text(), (version.0, version.1), lines.offset(place.position))?;
    let (text, range) = match located {
        Located::Name { path, range } => (name(analysis, module, &path)?, range),
        Located::Module { level, module: named, range } => {
            (imported(analysis, &analysis.absolute_name(module, level, &named)?), range)
        }
        Located::Taken { level, module: named, name: taken, range } => {
            let source = analysis.absolute_name(module, level, &named)?;
            (taken_name(analysis, &source, &taken), range)
        }
    };
    Some(markdown(text, lines.range(range)))
}

fn markdown(value: String, range: lsp_types::Range) -> Hover {
    let contents = HoverContents::Markup(MarkupContent { kind: MarkupKind::Markdown, value });
    Hover { contents, range: Some(range) }
}

/// The value of a name of the module's namespace, or of an attribute of a module that it is bound to.
fn name(analysis: &Analysis, module: AnalysedModule, path: &[Name]) -> Option<String> {
    let (first, attributes) = path.split_first()?;
    let evaluated = module.evaluated()?;
    let mut value = evaluated.certain(first)?;
    let mut owner = module;
    for attribute in attributes {
        let Value::Module(next) = value else { return None };
        owner = analysis.module(*next);
        value = owner.evaluated()?.certain(attribute)?;
    }
    Some(described(analysis, owner, path.join(".").as_str(), value))
}

/// `owner` is the module whose namespace holds the value.
fn described(analysis: &Analysis, owner: AnalysedModule, name: &str, value: &Value) -> String {
    if let Value::Module(module) = value {
        return imported(analysis, analysis.module(*module).name());
    }
    let Some(evaluated) = owner.evaluated() else { return String::new() };
    let world = analysis.world();
    match knowledge::of_value(&mut Renderer::new(&world, evaluated), value) {
        Knowledge::Known { repr, class: Some(class) } => fenced(&format!("{name}: {class} = {repr}")),
        Knowledge::Known { repr, class: None } => fenced(&format!("{name} = {repr}")),
        Knowledge::Object { class } => {
            format!(
                "{}\nMade by the module's top level; its `repr` differs between processes.",
                fenced(&format!("{name}: {class}"))
            )
        }
        Knowledge::Unknown { reason } => format!("{}\nNot known: {reason}", fenced(name)),
    }
}

fn fenced(code: &str) -> String {
    // A value may hold back quotes; the fence must be longer than any run of them.
    let longest = code.split(|c| c != '`').map(str::len).max().unwrap_or_default();
    let fence = "`".repeat(longest.max(2) + 1);
    format!("{fence}python\n{code}\n{fence}\n")
}

fn taken_name(analysis: &Analysis, source: &str, name: &str) -> String {
    let submodule = format!("{source}.{name}");
    if let Some(module) = analysis.named(source)
        && let Some(value) = module.evaluated().and_then(|evaluated| evaluated.certain(name))
    {
        return described(analysis, module, name, value);
    }
    if analysis.named(&submodule).is_some() { imported(analysis, &submodule) } else { imported(analysis, source) }
}

/// What importing a module runs.
fn imported(analysis: &Analysis, name: &str) -> String {
    let Some(module) = analysis.named(name) else {
        return format!("{}\n{}", fenced(&format!("module {name}")), analysis.whereabouts(name));
    };
    let mut text = fenced(&format!("module {}", module.name()));
    text.push('\n');
    let verdict = module.verdict();
    let counts = module.statements();
    let closed = if module.is_closed() { ", closed: importing it runs no code at all" } else { "" };
    let told = match verdict {
        Verdict::Strict | Verdict::Replayable => write!(text, "**{}**{closed}", verdict.as_str()),
        Verdict::Partial | Verdict::Dynamic => {
            let total = counts.total();
            write!(text, "**{}**: importing it runs {} of {total} statements", verdict.as_str(), counts.residual)
        }
        Verdict::Error => write!(text, "**error**: it can't be analysed"),
    };
    told.ok();
    if verdict == Verdict::Strict && !module.is_closed() {
        text.push_str(", but not closed: something that it imports runs code");
    }
    for (line, reason) in residual(module).take(SHOWN) {
        write!(text, "\n- line {line}: {reason}").ok();
    }
    let more = (counts.residual as usize).saturating_sub(SHOWN);
    if more > 0 {
        write!(text, "\n- and {more} more").ok();
    }
    text
}

/// How many statements are listed.
const SHOWN: usize = 5;

/// The statements that run at import, by their lines, and why.
fn residual<'a>(module: AnalysedModule<'a>) -> impl Iterator<Item = (u32, String)> + 'a {
    let statements = module.ir().into_iter().flat_map(|ir| &ir.statements);
    let outcomes = module.evaluated().into_iter().flat_map(|evaluated| &evaluated.outcomes);
    statements.zip(outcomes).filter_map(move |(statement, outcome)| match outcome {
        Outcome::Residual(reason) | Outcome::Declared(reason) => {
            let start = TextRange::empty(statement.range.start());
            Some((module.positions(start).start.line, readable(&reason.message)))
        }
        _ => None,
    })
}
