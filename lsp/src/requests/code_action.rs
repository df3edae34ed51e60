//! `textDocument/codeAction`: silence a finding, go to its cause, demand strictness.

use std::collections::HashMap;

use const_eval::reason::Rule;
use lsp_types::{
    CodeAction, CodeActionKind, CodeActionOrCommand, CodeActionParams, Command, Diagnostic, NumberOrString, Position,
    Range, TextEdit, Url, WorkspaceEdit,
};
use syntax::ir::DirectiveKind;
use syntax::{LineIndex, LowerOptions, TextRange, TextSize};

use super::command;
use crate::findings;
use crate::position::Lines;
use crate::snapshot;
use crate::workspace::{Subject, Workspace};

/// The kind of the action that demands strictness.
const MARK_STRICT: CodeActionKind = CodeActionKind::new("source.lyo.markStrict");

/// The kinds that this server has.
pub fn kinds() -> Vec<CodeActionKind> {
    vec![CodeActionKind::QUICKFIX, MARK_STRICT]
}

pub fn handle(workspace: &Workspace, params: CodeActionParams) -> Option<Vec<CodeActionOrCommand>> {
    let uri = params.text_document.uri;
    let subject = workspace.subject(&uri)?;
    if !workspace.client.code_action_literals {
        return None;
    }
    let only = params.context.only;
    let is_wanted = |kind: &CodeActionKind| match &only {
        None => true,
        Some(only) => only.iter().any(|wanted| {
            let rest = kind.as_str().strip_prefix(wanted.as_str());
            rest.is_some_and(|rest| rest.is_empty() || rest.starts_with('.') || wanted.as_str().is_empty())
        }),
    };
    let mut actions = Vec::new();
    if is_wanted(&CodeActionKind::QUICKFIX) {
        for said in findings::of_module(workspace, subject) {
            if said.range.start <= params.range.end && params.range.start <= said.range.end {
                actions.extend(silence(workspace, subject, &uri, &said));
                actions.extend(go_to_cause(workspace, subject, &uri, &said));
            }
        }
    }
    if is_wanted(&MARK_STRICT) {
        actions.extend(mark_strict(subject, &uri));
    }
    Some(actions.into_iter().map(CodeActionOrCommand::CodeAction).collect())
}

fn code_of(said: &Diagnostic) -> Option<&str> {
    match &said.code {
        Some(NumberOrString::String(code)) => Some(code),
        _ => None,
    }
}

fn go_to_cause(workspace: &Workspace, subject: Subject, uri: &Url, said: &Diagnostic) -> Option<CodeAction> {
    let lines = snapshot::lines(subject.module, workspace.encoding);
    let mut findings = subject.module.diagnostics().iter();
    let finding = findings.find(|finding| {
        lines.range(finding.range) == said.range && Some(finding.rule.code().as_str()) == code_of(said)
    })?;
    let cause = command::cause_of(workspace, subject, finding)?;
    if cause.uri == *uri && cause.range == said.range {
        return None;
    }
    let title = "Go to the cause".to_owned();
    let arguments = vec![uri.as_str().into(), serde_json::to_value(said.range.start).ok()?];
    let command = Command { title: title.clone(), command: command::SHOW_CAUSE.to_owned(), arguments: Some(arguments) };
    Some(CodeAction {
        title,
        kind: Some(CodeActionKind::QUICKFIX),
        diagnostics: Some(vec![said.clone()]),
        command: Some(command),
        ..CodeAction::default()
    })
}

/// Writes `# lyo: ignore[CODE]` where it works.
fn silence(workspace: &Workspace, subject: Subject, uri: &Url, said: &Diagnostic) -> Option<CodeAction> {
    let code = code_of(said)?;
    // What can't be read or parsed has no comments that could be honoured.
    subject.module.ir()?;
    let version = subject.snapshot.analysis.interpreter().facts.version;
    let lines = snapshot::lines(subject.module, workspace.encoding);
    let (first, last) = (said.range.start.line, said.range.end.line);
    let on = if first == last { vec![first] } else { vec![first, last] };
    let edit = on
        .into_iter()
        .flat_map(|line| candidates(lines, line, code).into_iter().map(move |edit| (line, edit)))
        .take(LONGEST_SEARCH)
        .find(|(line, edit)| is_honoured(lines.text, (version.0, version.1), *line, code, edit))?
        .1;
    let edit = TextEdit { range: lines.range(TextRange::empty(edit.at)), new_text: edit.text };
    Some(CodeAction {
        title: format!("Silence {code} here"),
        kind: Some(CodeActionKind::QUICKFIX),
        diagnostics: Some(vec![said.clone()]),
        edit: Some(edit_of(uri, edit)),
        ..CodeAction::default()
    })
}

/// Trying a place means to parse the file.
const LONGEST_SEARCH: usize = 6;

struct Insertion {
    at: TextSize,
    text: String,
}

/// Places in a line where the comment might stand: within one that is there, at the end, before another comment.
fn candidates(lines: Lines, line: u32, code: &str) -> Vec<Insertion> {
    let start = lines.offset(Position { line, character: 0 });
    let end = lines.offset(Position { line, character: u32::MAX });
    let text = lines.text.get(std::ops::Range::<usize>::from(TextRange::new(start, end))).unwrap_or_default();
    let at = |index: usize| start + TextSize::try_from(index).unwrap_or_default();
    let mut candidates = Vec::new();
    if let Some(ignore) = text.find("lyo: ignore[")
        && let Some(bracket) = text[ignore..].find(']')
    {
        candidates.push(Insertion { at: at(ignore + bracket), text: format!(", {code}") });
    }
    candidates.push(Insertion { at: end, text: format!("  # lyo: ignore[{code}] because …") });
    for (hash, _) in text.match_indices('#') {
        candidates.push(Insertion { at: at(hash), text: format!("# lyo: ignore[{code}] because …  ") });
    }
    candidates
}

/// Whether the text with the comment in it is understood, and the comment for what it is.
fn is_honoured(text: &str, version: (u8, u8), line: u32, code: &str, insertion: &Insertion) -> bool {
    let mut text = text.to_owned();
    text.insert_str(usize::from(insertion.at), &insertion.text);
    let options = LowerOptions { version, optimize: 0 };
    let Ok(module) = syntax::lower_source(&text, &options) else { return false };
    let index = LineIndex::new(&text);
    module.directives.iter().any(|directive| {
        let is_for = matches!(&directive.kind, DirectiveKind::Ignore(codes) if codes.iter().any(|known| known == code));
        is_for && index.line_column(&text, directive.range.start()).0 == line + 1
    })
}

/// Writes `# lyo: strict` at the top.
fn mark_strict(subject: Subject, uri: &Url) -> Option<CodeAction> {
    let module = subject.module;
    let is_demanded = module.ir()?.directives.iter().any(|directive| directive.kind == DirectiveKind::Strict)
        || module.diagnostics().iter().any(|finding| finding.rule == Rule::DemandNotMet);
    if is_demanded || !module.is_requested() {
        return None;
    }
    // The first two lines may say which program runs the file, and how it is encoded.
    let leading =
        module.text().lines().take(2).take_while(|line| {
            line.starts_with("#!") || (line.trim_start().starts_with('#') && line.contains("coding"))
        });
    let start = Position { line: u32::try_from(leading.count()).ok()?, character: 0 };
    let edit = TextEdit { range: Range { start, end: start }, new_text: "# lyo: strict\n".to_owned() };
    Some(CodeAction {
        title: "Demand that this module be strict".to_owned(),
        kind: Some(MARK_STRICT),
        edit: Some(edit_of(uri, edit)),
        ..CodeAction::default()
    })
}

fn edit_of(uri: &Url, edit: TextEdit) -> WorkspaceEdit {
    WorkspaceEdit { changes: Some(HashMap::from([(uri.clone(), vec![edit])])), ..WorkspaceEdit::default() }
}
