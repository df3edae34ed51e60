//! `textDocument/diagnostic` and `workspace/diagnostic`: diagnostics for clients that ask for them.

use std::collections::HashMap;

use lsp_types::{
    Diagnostic, DocumentDiagnosticParams, DocumentDiagnosticReport, DocumentDiagnosticReportResult,
    FullDocumentDiagnosticReport, RelatedFullDocumentDiagnosticReport, RelatedUnchangedDocumentDiagnosticReport,
    UnchangedDocumentDiagnosticReport, Url, WorkspaceDiagnosticParams, WorkspaceDiagnosticReport,
    WorkspaceDocumentDiagnosticReport, WorkspaceFullDocumentDiagnosticReport,
    WorkspaceUnchangedDocumentDiagnosticReport,
};

use crate::findings;
use crate::workspace::Workspace;

pub fn handle(workspace: &Workspace, params: DocumentDiagnosticParams) -> DocumentDiagnosticReportResult {
    let subject = workspace.subject(&params.text_document.uri);
    let items = subject.map(|subject| findings::of_module(workspace, subject)).unwrap_or_default();
    let result_id = result_id(&items);
    let report = if params.previous_result_id.as_ref() == Some(&result_id) {
        DocumentDiagnosticReport::Unchanged(RelatedUnchangedDocumentDiagnosticReport {
            related_documents: None,
            unchanged_document_diagnostic_report: UnchangedDocumentDiagnosticReport { result_id },
        })
    } else {
        DocumentDiagnosticReport::Full(RelatedFullDocumentDiagnosticReport {
            related_documents: None,
            full_document_diagnostic_report: FullDocumentDiagnosticReport { result_id: Some(result_id), items },
        })
    };
    DocumentDiagnosticReportResult::Report(report)
}

/// `None` while nothing has changed since the client asked the last time: it is answered when something has.
pub fn of_workspace(workspace: &Workspace, params: &WorkspaceDiagnosticParams) -> Option<WorkspaceDiagnosticReport> {
    let mut previous: HashMap<&Url, &str> =
        params.previous_result_ids.iter().map(|known| (&known.uri, known.value.as_str())).collect();
    let is_first = previous.is_empty();
    let mut is_new = false;
    let mut reports = Vec::new();
    for root in workspace.roots() {
        for subject in workspace.subjects(&root) {
            let items = findings::of_module(workspace, subject);
            // Of a file that nothing is said about any more, see below.
            if items.is_empty() {
                continue;
            }
            let Some(uri) = workspace.uri_of(subject.module.path()) else { continue };
            let known = previous.remove(&uri);
            let id = result_id(&items);
            let version = workspace.document(&uri).map(|document| i64::from(document.version));
            if known == Some(id.as_str()) {
                let unchanged = UnchangedDocumentDiagnosticReport { result_id: id };
                reports.push(WorkspaceDocumentDiagnosticReport::Unchanged(
                    WorkspaceUnchangedDocumentDiagnosticReport {
                        uri,
                        version,
                        unchanged_document_diagnostic_report: unchanged,
                    },
                ));
            } else {
                is_new = true;
                reports.push(full(uri, version, Some(id), items));
            }
        }
    }
    // Files that nothing is said about any more.
    let nothing = result_id(&[]);
    for (uri, id) in previous {
        is_new |= id != nothing;
        let version = workspace.document(uri).map(|document| i64::from(document.version));
        reports.push(full(uri.clone(), version, Some(nothing.clone()), Vec::new()));
    }
    (is_new || is_first).then_some(WorkspaceDiagnosticReport { items: reports })
}

fn full(
    uri: Url,
    version: Option<i64>,
    result_id: Option<String>,
    items: Vec<Diagnostic>,
) -> WorkspaceDocumentDiagnosticReport {
    WorkspaceDocumentDiagnosticReport::Full(WorkspaceFullDocumentDiagnosticReport {
        uri,
        version,
        full_document_diagnostic_report: FullDocumentDiagnosticReport { result_id, items },
    })
}

/// A name for these diagnostics that other ones don't have.
fn result_id(items: &[Diagnostic]) -> String {
    use std::hash::Hasher;
    let mut hasher = rustc_hash::FxHasher::default();
    hasher.write(&serde_json::to_vec(items).unwrap_or_default());
    format!("{}.{:016x}", items.len(), hasher.finish())
}
