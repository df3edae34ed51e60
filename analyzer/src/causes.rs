//! The few causes that keep most modules from being strict.

use std::collections::{BTreeMap, BTreeSet};

use const_eval::reason::{Site, root_cause};
use const_eval::value::ModuleId;
use serde::Serialize;

use crate::diagnostics::Severity;
use crate::verdict::Verdict;
use crate::{Analysis, PositionReport};

/// Something that keeps statements from being static, wherever they stand.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Cause {
    pub code: String,
    pub message: String,
    /// Where it is first met.
    pub module: String,
    pub path: String,
    pub line: u32,
    /// So many of the modules that were asked about have statements that rest on it.
    pub modules: u32,
    pub statements: u32,
}

#[derive(Default)]
struct Found {
    modules: BTreeSet<ModuleId>,
    statements: u32,
    /// Code and place of the shortest way to it.
    nearest: Option<(usize, String, Site)>,
}

/// The causes, those first that most modules rest on.
pub fn causes(analysis: &Analysis) -> Vec<Cause> {
    let mut found: BTreeMap<String, Found> = BTreeMap::new();
    let is_unproven = |verdict| matches!(verdict, Verdict::Partial | Verdict::Dynamic);
    for module in analysis.requested().filter(|module| is_unproven(module.verdict())) {
        for finding in module.diagnostics().iter().filter(|finding| finding.severity == Severity::Info) {
            let Some(last) = finding.chain.last() else { continue };
            let root = root_cause(&last.message).to_owned();
            // The longer the message is beside its cause, the more stands between them.
            let distance = finding.message.len() - root.len().min(finding.message.len()) + finding.chain.len();
            let found = found.entry(root).or_default();
            found.modules.insert(module.id());
            found.statements += 1;
            if found.nearest.as_ref().is_none_or(|(nearest, ..)| distance < *nearest) {
                found.nearest = Some((distance, finding.rule.code(), last.site));
            }
        }
    }
    let mut causes: Vec<Cause> = found
        .into_iter()
        .filter_map(|(message, found)| {
            let (_, code, site) = found.nearest?;
            let module = analysis.module(site.module);
            let PositionReport { line, .. } = module.positions(site.range).start;
            Some(Cause {
                code,
                message,
                module: module.name().to_owned(),
                path: module.path().display().to_string(),
                line,
                modules: found.modules.len() as u32,
                statements: found.statements,
            })
        })
        .collect();
    causes.sort_by(|a, b| (b.modules, b.statements, &a.message).cmp(&(a.modules, a.statements, &b.message)));
    causes
}
