//! `textDocument/inlayHint`: the values of constants beside their assignments.

use const_eval::render::Renderer;
use const_eval::value::Value;
use lsp_types::{InlayHint, InlayHintKind, InlayHintLabel, InlayHintParams, InlayHintTooltip};
use rustc_hash::FxHashMap;
use syntax::ir::StatementKind;

use super::knowledge::{self, Knowledge};
use crate::snapshot;
use crate::workspace::Workspace;

/// A longer value is left to hover.
const LONGEST: usize = 40;

pub fn handle(workspace: &Workspace, params: InlayHintParams) -> Option<Vec<InlayHint>> {
    if !workspace.settings.inlay_hints {
        return Some(Vec::new());
    }
    let subject = workspace.subject(&params.text_document.uri)?;
    let module = subject.module;
    let (ir, evaluated) = (module.ir()?, module.evaluated()?);
    let lines = snapshot::lines(module, workspace.encoding);
    let visible = lines.offsets(params.range);
    let mut bindings: FxHashMap<&str, u32> = FxHashMap::default();
    for name in ir.statements.iter().flat_map(|statement| &statement.binds).chain(&ir.rebound_globals) {
        *bindings.entry(name).or_default() += 1;
    }
    let world = subject.snapshot.analysis.world();
    let mut renderer = None;
    let mut hints = Vec::new();
    for statement in &ir.statements {
        let ([name], StatementKind::Assignment) = (&statement.binds[..], statement.kind) else { continue };
        if !visible.contains_inclusive(statement.range.end()) || bindings.get(&**name) != Some(&1) {
            continue;
        }
        let Some(value) = evaluated.certain(name).filter(|value| is_data(value)) else { continue };
        let renderer = renderer.get_or_insert_with(|| Renderer::new(&world, evaluated));
        let Knowledge::Known { repr, class } = knowledge::of_value(renderer, value) else { continue };
        let source = module.text().get(std::ops::Range::<usize>::from(statement.range)).unwrap_or_default();
        // `x = 1` says it already.
        if repr.chars().count() > LONGEST || source.trim_end().ends_with(&repr) || is_literal(source) {
            continue;
        }
        hints.push(InlayHint {
            position: lines.position(statement.range.end()),
            label: InlayHintLabel::String(format!("= {repr}")),
            kind: Some(InlayHintKind::TYPE),
            text_edits: None,
            tooltip: class.map(|class| InlayHintTooltip::String(format!("{name}: {class}, evaluated by Lyo"))),
            padding_left: Some(true),
            padding_right: None,
            data: None,
        });
    }
    Some(hints)
}

/// Immutable data: it stays what it was bound to.
fn is_data(value: &Value) -> bool {
    match value {
        Value::Tuple(items) => items.iter().all(is_data),
        Value::Bool(_)
        | Value::Int(_)
        | Value::Float(_)
        | Value::Complex(..)
        | Value::Str(_)
        | Value::Bytes(_)
        | Value::Range(_)
        | Value::None => true,
        _ => false,
    }
}

/// Whether the right-hand side is a string as it stands, spelt in another way than its `repr`.
fn is_literal(statement: &str) -> bool {
    let Some((_, value)) = statement.split_once('=') else { return false };
    let value = value.trim();
    let is_quoted = |quote: char| {
        value.len() > 1 && value.starts_with(quote) && value.ends_with(quote) && value.matches(quote).count() == 2
    };
    is_quoted('"') || is_quoted('\'')
}
