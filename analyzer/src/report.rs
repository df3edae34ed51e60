//! The report of `lyo check`, in the shape that tools depend on (design §8).

use const_eval::evaluated::Dependency;
use const_eval::reason::Link;
use serde::Serialize;
use syntax::TextRange;

use crate::causes::{Cause, causes};
use crate::diagnostics::{Diagnostic, Severity};
use crate::discover::Trouble;
use crate::effects::{self, EffectReport};
use crate::filter::Filter;
use crate::verdict::{StatementCounts, Verdict};
use crate::{AnalysedModule, Analysis};

/// Version of the shape.
pub const REPORT_VERSION: u32 = 1;

/// So many causes are told.
const MOST_CAUSES: usize = 20;

#[derive(Debug, Serialize)]
pub struct Report {
    pub version: u32,
    /// `3.13`
    pub python: String,
    /// `sys.platform`
    pub platform: String,
    /// Sorted by name, then path.
    pub modules: Vec<ModuleReport>,
    /// About paths that belong to no module.
    pub diagnostics: Vec<PathReport>,
    /// What keeps most modules from being strict, at most [`MOST_CAUSES`].
    pub causes: Vec<Cause>,
}

#[derive(Debug, Serialize)]
pub struct ModuleReport {
    pub name: String,
    pub path: String,
    pub verdict: Verdict,
    pub closed: bool,
    pub statements: StatementCounts,
    pub guards: Vec<Guard>,
    /// What its replayed statements change outside it, in order.
    pub effects: Vec<EffectReport>,
    pub diagnostics: Vec<DiagnosticReport>,
}

/// A fact that the module's results rest on.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(tag = "kind", rename_all = "lowercase")]
pub enum Guard {
    /// That a name of another module is what it was, or still absent.
    Name {
        module: String,
        /// The name, then attributes, with dots.
        name: String,
    },
    /// That a module is still absent, or still there.
    Module { name: String },
    /// That the environment variable of this name is absent.
    Env { name: String },
    /// That the C library's mathematical functions round as they did.
    Libm,
}

impl Guard {
    fn new(dependency: &Dependency) -> Guard {
        if dependency.is_on_libm() {
            return Guard::Libm;
        }
        let module = dependency.module.to_string();
        if dependency.path.is_empty() {
            return Guard::Module { name: module };
        }
        if let Some(name) = dependency.environment_variable() {
            return Guard::Env { name: name.to_string() };
        }
        Guard::Name { module, name: dependency.path.join(".") }
    }
}

#[derive(Debug, Serialize)]
pub struct DiagnosticReport {
    pub code: String,
    pub severity: Severity,
    pub message: String,
    pub range: RangeReport,
    pub chain: Vec<LinkReport>,
}

/// The end is exclusive.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
pub struct RangeReport {
    pub start: PositionReport,
    pub end: PositionReport,
}

/// Both from 1; the column in characters.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
pub struct PositionReport {
    pub line: u32,
    pub column: u32,
}

#[derive(Debug, Serialize)]
pub struct LinkReport {
    pub module: String,
    pub path: String,
    pub line: u32,
    pub column: u32,
    pub message: String,
}

#[derive(Debug, Serialize)]
pub struct PathReport {
    pub code: String,
    pub severity: Severity,
    pub message: String,
    pub path: String,
}

impl Report {
    /// The report on the modules that the user asked about.
    pub fn new(analysis: &Analysis, filter: &Filter) -> Report {
        Report {
            version: REPORT_VERSION,
            python: analysis.interpreter().version(),
            platform: analysis.interpreter().facts.platform.clone(),
            modules: analysis.requested().map(|module| module_report(analysis, module, filter)).collect(),
            diagnostics: analysis.troubles().iter().map(path_report).collect(),
            causes: causes(analysis).into_iter().take(MOST_CAUSES).collect(),
        }
    }

    pub fn has_errors(&self) -> bool {
        let module_findings = self.modules.iter().flat_map(|module| &module.diagnostics);
        module_findings.map(|finding| finding.severity).any(|severity| severity == Severity::Error)
            || self.diagnostics.iter().any(|finding| finding.severity == Severity::Error)
    }
}

fn module_report(analysis: &Analysis, module: AnalysedModule, filter: &Filter) -> ModuleReport {
    ModuleReport {
        name: module.name().to_owned(),
        path: module.path().display().to_string(),
        verdict: module.verdict(),
        closed: module.is_closed(),
        statements: module.statements(),
        guards: guards(module),
        effects: effects::effects(analysis, module),
        diagnostics: filter
            .findings(module)
            .iter()
            .map(|finding| diagnostic_report(analysis, module, finding))
            .collect(),
    }
}

/// What the evaluation read of other modules; sorted, each once.
pub fn guards(module: AnalysedModule) -> Vec<Guard> {
    let Some(evaluated) = module.evaluated() else {
        return Vec::new();
    };
    let mut guards: Vec<Guard> = evaluated.dependencies.iter().map(|(_, dependency)| Guard::new(dependency)).collect();
    guards.sort();
    guards.dedup();
    guards
}

/// A finding with its places as lines and columns.
pub fn diagnostic_report(analysis: &Analysis, module: AnalysedModule, finding: &Diagnostic) -> DiagnosticReport {
    DiagnosticReport {
        code: finding.rule.code(),
        severity: finding.severity,
        message: finding.message.clone(),
        range: range_report(module, finding),
        chain: finding.chain.iter().map(|link| link_report(analysis, link)).collect(),
    }
}

fn range_report(module: AnalysedModule, finding: &Diagnostic) -> RangeReport {
    match finding.line {
        Some(line) => {
            let position = PositionReport { line, column: 1 };
            RangeReport { start: position, end: position }
        }
        None => module.positions(finding.range),
    }
}

fn link_report(analysis: &Analysis, link: &Link) -> LinkReport {
    let module = analysis.module(link.site.module);
    let PositionReport { line, column } = module.positions(link.site.range).start;
    LinkReport {
        module: module.name().to_owned(),
        path: module.path().display().to_string(),
        line,
        column,
        message: link.message.clone(),
    }
}

fn path_report(trouble: &Trouble) -> PathReport {
    PathReport {
        code: const_eval::reason::Rule::Unreadable.code(),
        severity: if trouble.is_error { Severity::Error } else { Severity::Warning },
        message: trouble.message.clone(),
        path: trouble.path.display().to_string(),
    }
}

/// Lines and columns of a range.
pub(crate) fn positions(index: &syntax::LineIndex, text: &str, range: TextRange) -> RangeReport {
    let at = |offset| {
        let (line, column) = index.line_column(text, offset);
        PositionReport { line, column }
    };
    RangeReport { start: at(range.start()), end: at(range.end()) }
}
