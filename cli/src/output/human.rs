//! Findings for people, through codespan-reporting.

use std::ops::Range;
use std::path::Path;

use analyzer::{AnalysedModule, Analysis, Diagnostic, Filter, Report, Severity, Verdict, shortened};
use codespan_reporting::diagnostic::{Diagnostic as Snippet, Label, Severity as SnippetSeverity};
use codespan_reporting::files::{Error, Files};
use codespan_reporting::term::termcolor::{Color, ColorSpec, WriteColor};
use codespan_reporting::term::{Config, Styles, StylesWriter, emit_to_write_style};
use const_eval::reason::Link;
use const_eval::value::ModuleId;
use syntax::TextRange;

use super::{PathDisplay, painted};

/// How many steps of a chain are shown, from its start; the last step is always shown.
const LONGEST_CHAIN: usize = 8;

/// How many characters of a message stand on a module's one line; `--verbose` shows all of it.
const LONGEST_LINE: usize = 160;

/// A source line of more bytes is not shown: generated code may have all of itself in one.
const WIDEST_SOURCE: usize = 400;

/// How many causes are listed.
const MOST_CAUSES: usize = 5;

/// The whole report as text.
pub fn render(
    analysis: &Analysis,
    report: &Report,
    filter: &Filter,
    verbose: bool,
    color: bool,
) -> anyhow::Result<Vec<u8>> {
    painted(color, |writer| write_report(writer, analysis, report, filter, verbose))
}

/// What is to be said of one module, or of the statements on one line.
pub fn render_story(
    analysis: &Analysis,
    module: AnalysedModule,
    line: Option<u32>,
    color: bool,
) -> anyhow::Result<Vec<u8>> {
    painted(color, |writer| write_story(writer, analysis, module, line))
}

fn write_story(
    writer: &mut impl WriteColor,
    analysis: &Analysis,
    module: AnalysedModule,
    line: Option<u32>,
) -> anyhow::Result<()> {
    let sources = Sources { analysis, paths: PathDisplay::new() };
    let verdict = module.verdict();
    write!(writer, "{} ({}) is ", module.name(), sources.paths.show(module.path()))?;
    writer.set_color(ColorSpec::new().set_fg(Some(color_of(verdict))))?;
    write!(writer, "{}", verdict.as_str())?;
    writer.reset()?;
    let closed = if module.is_closed() { ", and closed: importing it runs no code" } else { "" };
    writeln!(writer, "{closed}.")?;
    let counts = module.statements();
    let kinds = [
        (counts.static_, "static"),
        (counts.import, "import"),
        (counts.recipe, "recipe"),
        (counts.replayed, "replayed"),
        (counts.residual, "residual"),
    ];
    let kinds: Vec<String> =
        kinds.iter().filter(|(count, _)| *count > 0).map(|(count, kind)| format!("{count} {kind}")).collect();
    if !kinds.is_empty() {
        writeln!(writer, "Statements: {}.", kinds.join(", "))?;
    }
    let touches = |finding: &&Diagnostic| {
        let Some(line) = line else { return true };
        let range = module.positions(statement_around(module, finding.range));
        (range.start.line..=range.end.line).contains(&line)
    };
    let findings: Vec<&Diagnostic> = module.diagnostics().iter().filter(touches).collect();
    for finding in &findings {
        writeln!(writer)?;
        write_finding(writer, &sources, module, finding)?;
    }
    match (line, findings.is_empty()) {
        (Some(line), true) => writeln!(writer, "Nothing that stands on line {line} runs at import.")?,
        (None, true) if counts.replayed > 0 => {
            writeln!(writer, "What it changes elsewhere is known, and carried out as data.")?;
        }
        (_, false) => writeln!(writer, "`lyo explain CODE` tells what a rule is about, and what to do.")?,
        _ => {}
    }
    Ok(())
}

/// The range of the top-level statement in which something stands.
fn statement_around(module: AnalysedModule, range: TextRange) -> TextRange {
    let statements = module.ir().into_iter().flat_map(|ir| &ir.statements);
    statements.map(|statement| statement.range).find(|statement| statement.contains_range(range)).unwrap_or(range)
}

fn write_report(
    writer: &mut impl WriteColor,
    analysis: &Analysis,
    report: &Report,
    filter: &Filter,
    verbose: bool,
) -> anyhow::Result<()> {
    let sources = Sources { analysis, paths: PathDisplay::new() };
    for trouble in analysis.troubles() {
        let severity = if trouble.is_error { "error" } else { "warning" };
        writeln!(writer, "{severity}[LYO903]: {}: {}", sources.paths.show(&trouble.path), trouble.message)?;
    }
    for module in analysis.requested() {
        let findings = filter.findings(module);
        for finding in &findings {
            if verbose || finding.severity == Severity::Error {
                write_finding(writer, &sources, module, finding)?;
            }
        }
        if !verbose && matches!(module.verdict(), Verdict::Partial | Verdict::Dynamic) {
            write_line(writer, &sources, module, &findings)?;
        }
    }
    write_causes(writer, &sources, report)?;
    write_summary(writer, analysis)
}

/// `src/a.py:3:1: partial: calls something unknown [LYO101] (and 2 more)`
fn write_line(
    writer: &mut impl WriteColor,
    sources: &Sources,
    module: AnalysedModule,
    findings: &[Diagnostic],
) -> anyhow::Result<()> {
    let path = sources.paths.show(module.path());
    let reasons: Vec<&Diagnostic> = findings.iter().filter(|finding| finding.severity == Severity::Info).collect();
    let Some(first) = reasons.first() else {
        // What there is to say of it is not wanted, or said already.
        if module.diagnostics().is_empty() {
            writeln!(writer, "{path}: {}", module.verdict().as_str())?;
        }
        return Ok(());
    };
    write!(writer, "{}: ", sources.place(module, first.range))?;
    writer.set_color(ColorSpec::new().set_bold(true))?;
    write!(writer, "{}", module.verdict().as_str())?;
    writer.reset()?;
    write!(writer, ": {} [{}]", shortened(&first.message, LONGEST_LINE), first.rule.code())?;
    match reasons.len() {
        1 => writeln!(writer)?,
        count => writeln!(writer, " (and {} more)", count - 1)?,
    }
    Ok(())
}

/// The few causes that keep most modules from being strict, if there are such.
fn write_causes(writer: &mut impl WriteColor, sources: &Sources, report: &Report) -> anyhow::Result<()> {
    let common: Vec<_> = report.causes.iter().filter(|cause| cause.modules > 2).take(MOST_CAUSES).collect();
    if common.is_empty() {
        return Ok(());
    }
    writer.set_color(ColorSpec::new().set_bold(true))?;
    writeln!(writer, "What to mend first:")?;
    writer.reset()?;
    for cause in common {
        let place = format!("{}:{}", sources.paths.show(Path::new(&cause.path)), cause.line);
        let message = shortened(&cause.message, LONGEST_LINE);
        writeln!(writer, "  {} modules rest on {place}: {message} [{}]", cause.modules, cause.code)?;
    }
    Ok(())
}

/// `412 modules: 301 strict, 90 partial, 20 dynamic, 1 error`
fn write_summary(writer: &mut impl WriteColor, analysis: &Analysis) -> anyhow::Result<()> {
    let verdicts: Vec<Verdict> = analysis.requested().map(AnalysedModule::verdict).collect();
    let noun = if verdicts.len() == 1 { "module" } else { "modules" };
    writer.set_color(ColorSpec::new().set_bold(true))?;
    write!(writer, "{} {noun}", verdicts.len())?;
    writer.reset()?;
    let mut separator = ": ";
    for verdict in Verdict::ALL {
        let count = verdicts.iter().filter(|other| **other == verdict).count();
        if count > 0 {
            write!(writer, "{separator}")?;
            writer.set_color(ColorSpec::new().set_fg(Some(color_of(verdict))))?;
            write!(writer, "{count} {}", verdict.as_str())?;
            writer.reset()?;
            separator = ", ";
        }
    }
    writeln!(writer)?;
    Ok(())
}

fn color_of(verdict: Verdict) -> Color {
    match verdict {
        Verdict::Strict | Verdict::Replayable => Color::Green,
        Verdict::Partial => Color::Yellow,
        Verdict::Dynamic => Color::Magenta,
        Verdict::Error => Color::Red,
    }
}

/// A finding with its lines and its chain.
pub fn write_finding(
    writer: &mut impl WriteColor,
    sources: &Sources,
    module: AnalysedModule,
    finding: &Diagnostic,
) -> anyhow::Result<()> {
    let severity = match finding.severity {
        Severity::Info => SnippetSeverity::Note,
        Severity::Warning => SnippetSeverity::Warning,
        Severity::Error => SnippetSeverity::Error,
    };
    let snippet = Snippet::new(severity).with_code(finding.rule.code()).with_message(&finding.message);
    let snippet = match finding.line {
        // There is no text to show.
        Some(line) => snippet.with_notes(vec![format!("in {}:{line}", sources.paths.show(module.path()))]),
        None => with_labels(snippet, sources, module, finding),
    };
    let (config, styles) = (Config::default(), Styles::default());
    emit_to_write_style(&mut StylesWriter::new(writer, &styles), &config, sources, &snippet)?;
    Ok(())
}

fn with_labels(
    snippet: Snippet<ModuleId>,
    sources: &Sources,
    module: AnalysedModule,
    finding: &Diagnostic,
) -> Snippet<ModuleId> {
    let chain = finding.chain.as_slice();
    let is_here = |link: &Link| link.site.module == module.id() && link.site.range == finding.range;
    let (here, rest) = match chain.split_first() {
        // What the header says already need not be said again below the line.
        Some((first, rest)) if is_here(first) && first.message == finding.message => ("", rest),
        Some((first, rest)) if is_here(first) => (first.message.as_str(), rest),
        _ => ("", chain),
    };
    let mut primary = Range::<usize>::from(finding.range);
    if module.text().get(primary.clone()).is_none_or(|text| text.trim().is_empty()) {
        // A parser's complaint about a line end: pointing there is enough.
        primary.end = primary.start;
    }
    let (mut labels, mut notes) = (Vec::new(), Vec::new());
    if has_room_for(module, &primary) {
        labels.push(Label::primary(module.id(), primary).with_message(here));
    } else {
        let place = format!("in {}", sources.place(module, finding.range));
        notes.push(if here.is_empty() { place } else { format!("{place}: {here}") });
    }
    let shown = if rest.len() > LONGEST_CHAIN {
        notes.push(format!("{} steps in between are not shown", rest.len() - LONGEST_CHAIN));
        rest[..LONGEST_CHAIN - 1].iter().chain(&rest[rest.len() - 1..])
    } else {
        rest.iter().chain(&[])
    };
    for link in shown {
        let (module, range) = (sources.analysis.module(link.site.module), Range::<usize>::from(link.site.range));
        if module.text().is_empty() {
            notes.push(link.message.clone());
        } else if has_room_for(module, &range) {
            labels.push(Label::secondary(module.id(), range).with_message(&link.message));
        } else {
            notes.push(format!("in {}: {}", sources.place(module, link.site.range), link.message));
        }
    }
    snippet.with_labels(labels).with_notes(notes)
}

/// Whether the lines of the range can be shown.
fn has_room_for(module: AnalysedModule, range: &Range<usize>) -> bool {
    let text = module.text().as_bytes();
    let (start, end) = (range.start.min(text.len()), range.end.min(text.len()));
    let is_end = |byte: &u8| *byte == b'\n';
    let before = text[..start].iter().rposition(is_end).map_or(0, |at| at + 1);
    let after = text[end..].iter().position(is_end).map_or(text.len(), |at| end + at);
    text[before..after].split(is_end).all(|line| line.len() <= WIDEST_SOURCE)
}

/// The texts of all modules, for snippets.
pub struct Sources<'a> {
    pub analysis: &'a Analysis,
    pub paths: PathDisplay,
}

impl Sources<'_> {
    /// Path, line and column where the range begins.
    fn place(&self, module: AnalysedModule, range: TextRange) -> String {
        let start = module.positions(range).start;
        format!("{}:{}:{}", self.paths.show(module.path()), start.line, start.column)
    }
}

impl<'a> Files<'a> for Sources<'a> {
    type FileId = ModuleId;
    type Name = String;
    type Source = &'a str;

    fn name(&'a self, id: ModuleId) -> Result<String, Error> {
        Ok(self.paths.show(self.analysis.module(id).path()))
    }

    fn source(&'a self, id: ModuleId) -> Result<&'a str, Error> {
        Ok(self.analysis.module(id).text())
    }

    fn line_index(&'a self, id: ModuleId, byte: usize) -> Result<usize, Error> {
        let module = self.analysis.module(id);
        let offset = u32::try_from(byte.min(module.text().len())).unwrap_or(u32::MAX);
        let (line, _) = module.line_index().line_column(module.text(), offset.into());
        Ok(line as usize - 1)
    }

    fn line_range(&'a self, id: ModuleId, line: usize) -> Result<Range<usize>, Error> {
        let module = self.analysis.module(id);
        let index = module.line_index();
        let start_of = |line: usize| index.line_start(line as u32 + 1).map(usize::from);
        let missing = Error::LineTooLarge { given: line, max: index.line_count() };
        let start = start_of(line).ok_or(missing)?;
        Ok(start..start_of(line + 1).unwrap_or(module.text().len()))
    }
}
