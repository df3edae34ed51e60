//! `textDocument/definition` on `# lyo: strict`: what keeps the module from being strict. Everywhere else, definitions
//! are the business of other servers.

use const_eval::reason::Rule;
use lsp_types::{GotoDefinitionParams, GotoDefinitionResponse, Location};
use syntax::ir::DirectiveKind;

use super::command;
use crate::snapshot;
use crate::workspace::{Subject, Workspace};

pub fn handle(workspace: &Workspace, params: GotoDefinitionParams) -> Option<GotoDefinitionResponse> {
    let place = params.text_document_position_params;
    let subject = workspace.subject(&place.text_document.uri)?;
    let offset = snapshot::lines(subject.module, workspace.encoding).offset(place.position);
    let mut directives = subject.module.ir()?.directives.iter();
    directives
        .find(|directive| directive.kind == DirectiveKind::Strict && directive.range.contains_inclusive(offset))?;
    Some(GotoDefinitionResponse::Array(causes(workspace, subject)))
}

fn causes(workspace: &Workspace, subject: Subject) -> Vec<Location> {
    let findings = subject.module.diagnostics();
    let mut causes = Vec::new();
    for finding in findings.iter().filter(|finding| finding.rule != Rule::DemandNotMet) {
        let own = || workspace.location(subject.module, finding.range);
        causes.extend(command::cause_of(workspace, subject, finding).or_else(own));
    }
    if causes.is_empty() {
        causes.extend(command::cause(workspace, subject));
    }
    causes.dedup();
    causes
}
