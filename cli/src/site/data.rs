//! `data.js`: what the overview draws. A script, because pages opened from a disk may not fetch anything.

use std::collections::HashMap;

use analyzer::{Analysis, Cause, Report, Verdict};
use const_eval::value::ModuleId;
use serde::Serialize;

use super::Pages;

#[derive(Serialize)]
struct Data<'a> {
    verdicts: Vec<&'static str>,
    modules: Vec<Node<'a>>,
    /// For each module, the places of those that it imports.
    imports: Vec<Vec<usize>>,
    causes: Vec<CauseRow<'a>>,
}

#[derive(Serialize)]
struct Node<'a> {
    name: &'a str,
    page: &'a str,
    /// Place among the verdicts.
    verdict: usize,
    closed: bool,
    /// Static, import, recipe, replayed, residual.
    statements: [u32; 5],
    findings: usize,
}

#[derive(Serialize)]
struct CauseRow<'a> {
    #[serde(flatten)]
    cause: &'a Cause,
    page: Option<&'a str>,
}

pub fn render(analysis: &Analysis, report: &Report, pages: &Pages) -> serde_json::Result<String> {
    let places: HashMap<ModuleId, usize> =
        analysis.requested().enumerate().map(|(place, module)| (module.id(), place)).collect();
    let imports = analysis
        .requested()
        .map(|module| module.dependencies().iter().filter_map(|id| places.get(id).copied()).collect())
        .collect();
    let modules = report.modules.iter().enumerate().map(|(index, module)| {
        let counts = &module.statements;
        Node {
            name: &module.name,
            page: pages.of(index),
            verdict: Verdict::ALL.iter().position(|verdict| *verdict == module.verdict).unwrap_or_default(),
            closed: module.closed,
            statements: [counts.static_, counts.import, counts.recipe, counts.replayed, counts.residual],
            findings: module.diagnostics.len(),
        }
    });
    let causes = report.causes.iter().map(|cause| CauseRow { cause, page: pages.of_source(&cause.path) });
    let data = Data {
        verdicts: Verdict::ALL.iter().map(|verdict| verdict.as_str()).collect(),
        modules: modules.collect(),
        imports,
        causes: causes.collect(),
    };
    // These two end a line in scripts, but not in JSON.
    let json = serde_json::to_string(&data)?.replace('\u{2028}', "\\u2028").replace('\u{2029}', "\\u2029");
    Ok(format!("window.LYO = {json};\n"))
}
