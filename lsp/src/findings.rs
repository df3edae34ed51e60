//! Findings of the analysis as diagnostics of the protocol.

use analyzer::{Diagnostic as Finding, Severity};
use const_eval::reason::{Link, Rule};
use lsp_types::{Diagnostic, DiagnosticRelatedInformation, DiagnosticSeverity, NumberOrString};

use crate::settings::NonStrict;
use crate::snapshot;
use crate::workspace::{Subject, Workspace};

/// What stands before every diagnostic.
const SOURCE: &str = "lyo";

/// What is said about a module.
pub fn of_module(workspace: &Workspace, subject: Subject) -> Vec<Diagnostic> {
    if !subject.module.is_requested() {
        return Vec::new();
    }
    let findings = subject.module.diagnostics();
    let is_demanded = findings.iter().any(|finding| finding.rule == Rule::DemandNotMet);
    let said = findings.iter().filter_map(|finding| {
        let severity = severity(workspace.settings.non_strict, finding, is_demanded)?;
        Some(diagnostic(workspace, subject, finding, severity))
    });
    said.collect()
}

/// How loudly a finding is said, if at all.
fn severity(non_strict: NonStrict, finding: &Finding, is_demanded: bool) -> Option<DiagnosticSeverity> {
    match (finding.severity, non_strict) {
        (Severity::Error, NonStrict::Off) if finding.rule == Rule::DemandNotMet => None,
        (Severity::Error, _) => Some(DiagnosticSeverity::ERROR),
        (Severity::Warning, _) => Some(DiagnosticSeverity::WARNING),
        (Severity::Info, NonStrict::Off) => None,
        // The error says that it is not strict; these say what to mend.
        (Severity::Info, _) if is_demanded => Some(DiagnosticSeverity::INFORMATION),
        (Severity::Info, NonStrict::Demanded) => None,
        (Severity::Info, NonStrict::Hints) => Some(DiagnosticSeverity::HINT),
    }
}

fn diagnostic(workspace: &Workspace, subject: Subject, finding: &Finding, severity: DiagnosticSeverity) -> Diagnostic {
    let code = finding.rule.code();
    let range = match finding.line {
        Some(line) => snapshot::line_range(line),
        None => snapshot::lines(subject.module, workspace.encoding).range(finding.range),
    };
    let related = workspace.client.related_information.then(|| related(workspace, subject, finding));
    Diagnostic {
        range,
        severity: Some(severity),
        code_description: workspace.pages.link(&code).filter(|_| workspace.client.code_descriptions),
        code: Some(NumberOrString::String(code)),
        source: Some(SOURCE.to_owned()),
        message: finding.message.clone(),
        related_information: related.filter(|related| !related.is_empty()),
        tags: None,
        data: None,
    }
}

/// The way from the line to the cause. Its first step says nothing if it says what the diagnostic says where that is.
fn related(workspace: &Workspace, subject: Subject, finding: &Finding) -> Vec<DiagnosticRelatedInformation> {
    let is_here = |link: &Link| {
        link.site.module == subject.module.id() && link.site.range == finding.range && link.message == finding.message
    };
    let links = finding.chain.iter().filter(|link| !is_here(link));
    let shown = links.filter_map(|link| {
        let module = subject.snapshot.analysis.module(link.site.module);
        let location = workspace.location(module, link.site.range)?;
        Some(DiagnosticRelatedInformation { location, message: link.message.clone() })
    });
    shown.collect()
}
