//! `workspace/executeCommand`: the way from a verdict to its cause.

use analyzer::Diagnostic;
use const_eval::reason::Rule;
use lsp_types::{Location, Position, Url};
use serde_json::Value;

use crate::snapshot;
use crate::workspace::{Subject, Workspace};

/// Takes a URI and, if it is about one finding, the position of its start. Shows where the cause is, and returns that
/// place.
pub const SHOW_CAUSE: &str = "lyo.showCause";

/// Where the cause is that the arguments ask for.
pub fn show_cause(workspace: &Workspace, arguments: &[Value]) -> Option<Location> {
    let uri = Url::parse(arguments.first()?.as_str()?).ok()?;
    let subject = workspace.subject(&uri)?;
    match arguments.get(1).and_then(|value| serde_json::from_value::<Position>(value.clone()).ok()) {
        None => cause(workspace, subject),
        Some(position) => {
            let lines = snapshot::lines(subject.module, workspace.encoding);
            let mut findings = subject.module.diagnostics().iter();
            let finding = findings.find(|finding| lines.position(finding.range.start()) == position)?;
            cause_of(workspace, subject, finding)
        }
    }
}

/// The first thing for which the module is not strict: the line itself, so that one sees it in its place.
pub fn cause(workspace: &Workspace, subject: Subject) -> Option<Location> {
    let findings = subject.module.diagnostics();
    let first = findings.iter().find(|finding| finding.rule != Rule::DemandNotMet && finding.line.is_none());
    match first {
        Some(finding) => workspace.location(subject.module, finding.range),
        // What it is demanded for is an effect that is replayed.
        None => findings.first().and_then(|finding| cause_of(workspace, subject, finding)),
    }
}

/// The end of a finding's chain.
pub fn cause_of(workspace: &Workspace, subject: Subject, finding: &Diagnostic) -> Option<Location> {
    let site = finding.chain.last()?.site;
    workspace.location(subject.snapshot.analysis.module(site.module), site.range)
}
