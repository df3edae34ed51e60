//! From the outcomes of statements to the verdict on a module, with its findings.

use const_eval::evaluated::{Evaluated, Outcome};
use const_eval::reason::{Link, Reason, Rule, Site};
use serde::Serialize;
use syntax::ir::{self, DirectiveKind, StatementKind};
use syntax::{LineIndex, TextRange, TextSize};

use crate::diagnostics::{Diagnostic, Severity, readable};
use crate::evaluate::Evaluation;
use crate::load::{Module, Table};

/// What a module was proven to be (design §2).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Verdict {
    /// Imports, static statements and recipes only.
    Strict,
    /// Also statements whose effects outside the module are known completely, and are replayed.
    Replayable,
    /// Also residual statements.
    Partial,
    /// No static statement but imports remains, or the namespace can't be known.
    Dynamic,
    /// It does not parse, or Lyo failed on it.
    Error,
}

impl Verdict {
    pub const ALL: [Verdict; 5] =
        [Verdict::Strict, Verdict::Replayable, Verdict::Partial, Verdict::Dynamic, Verdict::Error];

    pub fn as_str(self) -> &'static str {
        match self {
            Verdict::Strict => "strict",
            Verdict::Replayable => "replayable",
            Verdict::Partial => "partial",
            Verdict::Dynamic => "dynamic",
            Verdict::Error => "error",
        }
    }
}

/// How many top-level statements are what.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize)]
pub struct StatementCounts {
    #[serde(rename = "static")]
    pub static_: u32,
    pub import: u32,
    pub recipe: u32,
    pub replayed: u32,
    pub residual: u32,
}

impl StatementCounts {
    pub fn total(&self) -> u32 {
        self.static_ + self.import + self.recipe + self.replayed + self.residual
    }
}

/// The judgement on one module.
#[derive(Clone, Debug)]
pub struct Judgement {
    pub verdict: Verdict,
    pub statements: StatementCounts,
    /// In source order.
    pub diagnostics: Vec<Diagnostic>,
}

/// Judges a module. `demanded`: the command line or the configuration wants it strict.
pub fn judge(table: &Table, module: &Module, evaluation: &Evaluation, demanded: bool) -> Judgement {
    let (Some(ir), Evaluation::Done(evaluated)) = (&module.ir, evaluation) else {
        return failed(module, evaluation);
    };
    let statements = count(&evaluated.outcomes);
    let verdict = verdict_of(ir, evaluated, &statements);
    let mut diagnostics = Vec::new();
    for (statement, outcome) in ir.statements.iter().zip(&evaluated.outcomes) {
        if let Outcome::Residual(reason) | Outcome::Declared(reason) = outcome {
            diagnostics.push(of_reason(table, module, statement.range, reason));
        }
    }
    if evaluated.open_namespace {
        diagnostics.push(open_namespace(ir));
    }
    if let Some(range) = demand(ir, demanded)
        && verdict != Verdict::Strict
    {
        let effect = first_effect(table, module, ir, evaluated);
        let first = diagnostics.first().or(effect.as_ref());
        diagnostics.push(demand_not_met(module, verdict, range, first));
    }
    silence(ir, &module.text, &mut diagnostics);
    diagnostics.sort_by_key(|finding| (finding.range.start(), finding.rule));
    Judgement { verdict, statements, diagnostics }
}

fn count(outcomes: &[Outcome]) -> StatementCounts {
    let mut counts = StatementCounts::default();
    for outcome in outcomes {
        match outcome {
            Outcome::Static => counts.static_ += 1,
            Outcome::Import => counts.import += 1,
            Outcome::Recipe | Outcome::Declared(_) => counts.recipe += 1,
            Outcome::Replayed(_) => counts.replayed += 1,
            Outcome::Residual(_) => counts.residual += 1,
        }
    }
    counts
}

fn verdict_of(ir: &ir::Module, evaluated: &Evaluated, counts: &StatementCounts) -> Verdict {
    if evaluated.open_namespace {
        return Verdict::Dynamic;
    }
    if counts.residual == 0 {
        return if counts.replayed == 0 { Verdict::Strict } else { Verdict::Replayable };
    }
    let something_remains = ir.statements.iter().zip(&evaluated.outcomes).any(|(statement, outcome)| {
        statement.kind != StatementKind::Docstring
            && matches!(outcome, Outcome::Static | Outcome::Recipe | Outcome::Declared(_) | Outcome::Replayed(_))
    });
    if something_remains { Verdict::Partial } else { Verdict::Dynamic }
}

/// A module without IR, or on which the evaluator failed.
fn failed(module: &Module, evaluation: &Evaluation) -> Judgement {
    let start = TextRange::empty(TextSize::new(0));
    let mut diagnostics: Vec<Diagnostic> = module
        .failures
        .iter()
        .map(|failure| Diagnostic {
            rule: failure.rule,
            severity: Severity::Error,
            message: failure.message.clone(),
            range: failure.range.unwrap_or(start),
            line: failure.range.is_none().then_some(failure.line),
            chain: Vec::new(),
        })
        .collect();
    if let Evaluation::Failed(message) = evaluation {
        diagnostics.push(Diagnostic {
            rule: Rule::Internal,
            severity: Severity::Error,
            message: format!("Lyo failed on this module, which is a defect of Lyo: {message}"),
            range: start,
            line: None,
            chain: Vec::new(),
        });
    }
    Judgement { verdict: Verdict::Error, statements: StatementCounts::default(), diagnostics }
}

fn of_reason(table: &Table, module: &Module, statement: TextRange, reason: &Reason) -> Diagnostic {
    let present = |link: &Link| {
        let Site { module, range } = link.site;
        let site = Site { module, range: table.module(module).present_range(range) };
        Link { site, message: readable(&link.message) }
    };
    let chain: Vec<Link> = reason.chain.iter().map(present).collect();
    let own = chain.first().map(|link| link.site).filter(|site| site.module == module.id);
    let range = own.map(|site| site.range).filter(|range| statement.contains_range(*range)).unwrap_or(statement);
    Diagnostic {
        rule: reason.rule,
        severity: Severity::Info,
        message: readable(&reason.message),
        range,
        line: None,
        chain,
    }
}

fn open_namespace(ir: &ir::Module) -> Diagnostic {
    let star = ir.imports.iter().find(|site| site.names.iter().any(|name| &**name == "*"));
    Diagnostic {
        rule: Rule::UnknownNamespace,
        severity: Severity::Info,
        message: "the names of this module can't be known".to_owned(),
        range: star.map_or(TextRange::empty(TextSize::new(0)), |site| site.range),
        line: None,
        chain: Vec::new(),
    }
}

/// Where strictness is demanded: the directive, Cinder's `import __strict__`, or the start of the file.
fn demand(ir: &ir::Module, demanded: bool) -> Option<TextRange> {
    let directive = ir.directives.iter().find(|directive| directive.kind == DirectiveKind::Strict);
    let cinder = || ir.imports.iter().find(|site| &*site.module == "__strict__" && site.names.is_empty());
    directive
        .map(|directive| directive.range)
        .or_else(|| cinder().map(|site| site.range))
        .or(demanded.then_some(TextRange::empty(TextSize::new(0))))
}

fn demand_not_met(module: &Module, verdict: Verdict, range: TextRange, first: Option<&Diagnostic>) -> Diagnostic {
    let mut chain = Vec::new();
    let mut cause = String::new();
    if let Some(first) = first {
        cause = format!(": {}", first.message);
        chain = first.chain.clone();
        if chain.is_empty() {
            let site = Site { module: module.id, range: first.range };
            chain.push(Link { site, message: first.message.clone() });
        }
    }
    Diagnostic {
        rule: Rule::DemandNotMet,
        severity: Severity::Error,
        message: format!("`{}` must be strict, but is {}{cause}", module.name, verdict.as_str()),
        range,
        line: None,
        chain,
    }
}

/// The first effect that is replayed, as a finding.
fn first_effect(table: &Table, module: &Module, ir: &ir::Module, evaluated: &Evaluated) -> Option<Diagnostic> {
    ir.statements.iter().zip(&evaluated.outcomes).find_map(|(statement, outcome)| match outcome {
        Outcome::Replayed(replay) => {
            replay.effects.first().map(|effect| of_reason(table, module, statement.range, &effect.reason))
        }
        _ => None,
    })
}

/// Drops the findings that `# lyo: ignore[CODE]` names on a line where they start or end.
fn silence(ir: &ir::Module, text: &str, diagnostics: &mut Vec<Diagnostic>) {
    let ignores: Vec<(TextRange, &[String])> = ir
        .directives
        .iter()
        .filter_map(|directive| match &directive.kind {
            DirectiveKind::Ignore(codes) => Some((directive.range, codes.as_slice())),
            DirectiveKind::Strict => None,
        })
        .collect();
    if ignores.is_empty() {
        return;
    }
    let index = LineIndex::new(text);
    let line = |offset| index.line_column(text, offset).0;
    diagnostics.retain(|finding| {
        let code = finding.rule.code();
        !ignores.iter().any(|(range, codes)| {
            let comment = line(range.start());
            codes.contains(&code) && (comment == line(finding.range.start()) || comment == line(finding.range.end()))
        })
    });
}
