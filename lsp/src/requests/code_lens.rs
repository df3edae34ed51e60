//! `textDocument/codeLens`: the verdict, above the module.

use analyzer::{AnalysedModule, Verdict};
use lsp_types::{CodeLens, CodeLensParams, Command, Position, Range};

use super::command;
use crate::workspace::Workspace;

pub fn handle(workspace: &Workspace, params: CodeLensParams) -> Option<Vec<CodeLens>> {
    if !workspace.settings.code_lens {
        return Some(Vec::new());
    }
    let uri = params.text_document.uri;
    let subject = workspace.subject(&uri)?;
    let start = Position { line: 0, character: 0 };
    let cause = command::cause(workspace, subject);
    let title = title(subject.module);
    let command = match cause {
        Some(_) => {
            Command { title, command: command::SHOW_CAUSE.to_owned(), arguments: Some(vec![uri.as_str().into()]) }
        }
        // A command without a name is a text that does nothing.
        None => Command { title, command: String::new(), arguments: None },
    };
    Some(vec![CodeLens { range: Range { start, end: start }, command: Some(command), data: None }])
}

fn title(module: AnalysedModule) -> String {
    let verdict = module.verdict();
    let counts = module.statements();
    let statements = |count: u32| if count == 1 { "1 statement".to_owned() } else { format!("{count} statements") };
    match verdict {
        Verdict::Strict if module.is_closed() => "strict, closed".to_owned(),
        Verdict::Strict => "strict".to_owned(),
        Verdict::Replayable => format!("replayable: effects of {} are replayed", statements(counts.replayed)),
        Verdict::Dynamic if counts.residual == 0 => "dynamic: its names can't be known".to_owned(),
        Verdict::Partial | Verdict::Dynamic => {
            let run = if counts.residual == 1 { "runs" } else { "run" };
            format!("{}: {} {run} at import", verdict.as_str(), statements(counts.residual))
        }
        Verdict::Error => "error: it can't be analysed".to_owned(),
    }
}
