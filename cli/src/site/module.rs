//! The page of one module: its source, and beside each line what is known of it.

use std::collections::HashMap;

use analyzer::{AnalysedModule, Analysis, DiagnosticReport, Guard, ModuleReport, Severity, shortened};
use const_eval::evaluated::Outcome;
use const_eval::render::Renderer;
use const_eval::value::Value;
use maud::{Markup, html};
use syntax::ir::Name;

use super::{INDEX, Pages, meaning, page};

/// How many characters of a value, and how many values beside one line, are shown.
const LONGEST_VALUE: usize = 100;
const MOST_VALUES: usize = 3;

/// What is shown of one line.
#[derive(Clone, Default)]
struct Line {
    /// Of the statement that the line belongs to.
    outcome: &'static str,
    values: Vec<String>,
    /// Places among the module's findings.
    findings: Vec<usize>,
}

pub fn render(analysis: &Analysis, module: AnalysedModule, report: &ModuleReport, pages: &Pages) -> String {
    let lines = lines(analysis, module, report);
    let counts = &report.statements;
    let body = html! {
        body.module {
            header {
                p { a href={ "../" (INDEX) "#" (report.name) } { "All modules" } }
                h1 { (report.name) }
                p.figures {
                    b class={ "badge " (report.verdict.as_str()) } { (report.verdict.as_str()) } " "
                    (meaning(report.verdict))
                    @if report.closed { "; closed: importing it runs no code at all" }
                }
                p.figures {
                    (counts.static_) " static, " (counts.import) " imports, " (counts.recipe) " recipes, "
                    (counts.replayed) " replayed, " b { (counts.residual) } " run at import · " code { (report.path) }
                }
                @if !report.guards.is_empty() {
                    details {
                        summary { "Rests on " (report.guards.len()) " facts about others, checked when it is imported" }
                        ul { @for guard in &report.guards { li { code { (guard_text(guard)) } } } }
                    }
                }
                @if let Some(first) = report.diagnostics.first() {
                    p { a href={ "#L" (first.range.start.line) } { "To the first finding" } }
                }
            }
            main.source {
                @for (number, (text, line)) in module.text().lines().zip(&lines).enumerate().map(|(n, l)| (n + 1, l)) {
                    div class={ "line " (line.outcome) } id={ "L" (number) } {
                        a href={ "#L" (number) } { (number) }
                        code { (text) }
                        @for value in &line.values { span.value { (value) } }
                    }
                    @for finding in line.findings.iter().filter_map(|place| report.diagnostics.get(*place)) {
                        (finding_markup(finding, pages))
                    }
                }
                @if module.text().is_empty() {
                    @for finding in &report.diagnostics { (finding_markup(finding, pages)) }
                }
            }
        }
    };
    page(&format!("{} – Lyo report", report.name), "../", &body)
}

fn lines(analysis: &Analysis, module: AnalysedModule, report: &ModuleReport) -> Vec<Line> {
    let mut lines = vec![Line::default(); module.text().lines().count()];
    let at = |line: u32| (line as usize).saturating_sub(1);
    if let (Some(ir), Some(evaluated)) = (module.ir(), module.evaluated()) {
        let world = analysis.world();
        let mut renderer = Renderer::new(&world, evaluated);
        let bound = ir.statements.iter().enumerate();
        let last_bound: HashMap<&Name, usize> =
            bound.flat_map(|(place, statement)| statement.binds.iter().map(move |name| (name, place))).collect();
        for (place, (statement, outcome)) in ir.statements.iter().zip(&evaluated.outcomes).enumerate() {
            let range = module.positions(statement.range);
            for line in lines.iter_mut().take(range.end.line as usize).skip(at(range.start.line)) {
                line.outcome = class_of(outcome);
            }
            let Some(line) = lines.get_mut(at(range.start.line)) else { continue };
            let left = statement.binds.iter().filter(|name| last_bound.get(name) == Some(&place));
            let known = left.filter_map(|name| {
                let value = evaluated.certain(name)?;
                value_text(analysis, &mut renderer, name, value)
            });
            line.values.extend(known.take(MOST_VALUES));
        }
    }
    for (place, finding) in report.diagnostics.iter().enumerate() {
        if let Some(line) = lines.get_mut(at(finding.range.start.line)) {
            line.findings.push(place);
        }
    }
    lines
}

fn class_of(outcome: &Outcome) -> &'static str {
    match outcome {
        Outcome::Static => "static",
        Outcome::Import => "import",
        Outcome::Recipe => "recipe",
        Outcome::Replayed(_) => "replayed",
        Outcome::Declared(_) => "declared",
        Outcome::Residual(_) => "residual",
    }
}

/// Nothing for functions and classes: their source stands there already, and so does that of what is like them.
fn value_text(analysis: &Analysis, renderer: &mut Renderer, name: &str, value: &Value) -> Option<String> {
    match value {
        Value::Unknown(_) => None,
        Value::Module(id) => {
            let module = analysis.module(*id);
            let closed = if module.is_closed() { ", closed" } else { "" };
            Some(format!("{}: {}{closed}", module.name(), module.verdict().as_str()))
        }
        value => {
            let repr = renderer.repr(value).filter(|repr| !repr.starts_with('<'))?;
            Some(shortened(&format!("{name} = {repr}"), LONGEST_VALUE))
        }
    }
}

fn guard_text(guard: &Guard) -> String {
    match guard {
        Guard::Name { module, name } => format!("{module}.{name}"),
        Guard::Module { name } => format!("module {name}"),
        Guard::Libm => "the C library's mathematical functions round as they did".into(),
        Guard::Env { name } => format!("environment variable {name} is absent"),
    }
}

/// The cause stands on the line itself.
fn says_the_same(finding: &DiagnosticReport) -> bool {
    match &*finding.chain {
        [] => true,
        [only] => only.line == finding.range.start.line && only.message == finding.message,
        _ => false,
    }
}

fn finding_markup(finding: &DiagnosticReport, pages: &Pages) -> Markup {
    html! {
        div.finding .error[finding.severity == Severity::Error] {
            p { b { (finding.code) } " " (finding.message) }
            @if !says_the_same(finding) {
                ol {
                    @for link in &finding.chain {
                        li {
                            @let place = format!("{}:{}", link.module, link.line);
                            @match pages.of_source(&link.path) {
                                Some(page) => a href={ "../" (page) "#L" (link.line) } { (place) },
                                None => code { (place) },
                            }
                            " " (link.message)
                        }
                    }
                }
            }
        }
    }
}
