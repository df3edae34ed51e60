//! `lyo eval`.

use std::path::{Path, PathBuf};
use std::process::ExitCode;

use analyzer::{AnalysedModule, Analysis, DiagnosticReport, Options, Severity, Verdict, diagnostic_report, readable};
use anyhow::bail;
use const_eval::render::Renderer;
use const_eval::value::Value;
use serde::{Serialize, Serializer};

use crate::output::human::{Sources, write_finding};
use crate::output::{self, ColorChoice, PathDisplay};
use codespan_reporting::term::termcolor::WriteColor;

/// Show what is known of each name of a file, without running it
///
/// Each name is shown with its value as Python's own repr() would, or with the reason why it is not known.
/// Several files are evaluated in one go, each as a script of its own.
#[derive(clap::Args)]
#[command(after_help = AFTER_HELP)]
pub struct Args {
    /// A file of Python source
    #[arg(value_name = "FILE", required = true)]
    files: Vec<PathBuf>,

    /// Show this name only (may be repeated)
    #[arg(long = "name", value_name = "NAME")]
    names: Vec<String>,

    /// Target interpreter: a path, a name on PATH, or a virtual environment
    #[arg(long, value_name = "EXE")]
    python: Option<String>,

    #[arg(long, value_enum, default_value_t = Format::Human)]
    format: Format,

    #[arg(long, value_enum, default_value_t = ColorChoice::Auto)]
    color: ColorChoice,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, clap::ValueEnum)]
enum Format {
    Human,
    /// One JSON object
    Json,
}

const AFTER_HELP: &str = "\
Examples:
  lyo eval settings.py
  lyo eval settings.py --name TABLE --format json";

/// The shape of `--format json` for one file (design §8).
#[derive(Serialize)]
struct EvalReport {
    version: u32,
    #[serde(flatten)]
    file: FileReport,
}

/// The shape of `--format json` for several files: the same of each, in the order of the command line.
#[derive(Serialize)]
struct ManyReport {
    version: u32,
    files: Vec<NamedReport>,
}

#[derive(Serialize)]
struct NamedReport {
    path: PathBuf,
    #[serde(flatten)]
    file: FileReport,
}

#[derive(Serialize)]
struct FileReport {
    verdict: Verdict,
    names: Names,
    diagnostics: Vec<DiagnosticReport>,
}

/// In the order of the namespace.
struct Names(Vec<(String, Knowledge)>);

impl Serialize for Names {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_map(self.0.iter().map(|(name, knowledge)| (name, knowledge)))
    }
}

/// What is known of a value.
#[derive(Serialize)]
#[serde(untagged)]
enum Knowledge {
    Known { known: bool, repr: String },
    Unknown { known: bool, reason: String },
}

impl Knowledge {
    fn unknown(reason: impl Into<String>) -> Knowledge {
        Knowledge::Unknown { known: false, reason: reason.into() }
    }
}

pub fn run(args: Args) -> anyhow::Result<ExitCode> {
    if let Some(folder) = args.files.iter().find(|file| file.is_dir()) {
        bail!("{} is a folder; `lyo eval` takes files (`lyo check` takes folders)", folder.display());
    }
    let options = Options { paths: args.files.clone(), python: args.python, ..Options::default() };
    let analysis = analyzer::analyze(&options, &|_| {})?;
    let mut modules = Vec::new();
    for file in &args.files {
        modules.push(requested(&analysis, file)?);
    }
    let reports: Vec<FileReport> = modules.iter().map(|module| report(&analysis, *module, &args.names)).collect();
    let failed = reports.iter().flat_map(|report| &report.diagnostics).any(|found| found.severity == Severity::Error);
    match args.format {
        Format::Json => print_json(&args.files, reports)?,
        Format::Human => {
            for (module, report) in modules.iter().zip(&reports) {
                let color = args.color.for_stdout();
                let text = output::painted(color, |writer| write_human(writer, &analysis, *module, report))?;
                output::print(&text)?;
            }
        }
    }
    Ok(ExitCode::from(u8::from(failed)))
}

/// The module that a file of the command line became.
fn requested<'a>(analysis: &'a Analysis, file: &Path) -> anyhow::Result<AnalysedModule<'a>> {
    let wanted = std::path::absolute(file)?;
    let found = analysis.requested().find(|module| module.path() == wanted);
    // A path that the analysis wrote in another way (through a link, with `..`) names the same file still.
    let found = found.or_else(|| {
        let wanted = wanted.canonicalize().ok()?;
        analysis.requested().find(|module| module.path().canonicalize().is_ok_and(|path| path == wanted))
    });
    match found {
        Some(module) => Ok(module),
        None => bail!("{} is no Python source", file.display()),
    }
}

fn report(analysis: &Analysis, module: AnalysedModule, wanted: &[String]) -> FileReport {
    FileReport {
        verdict: module.verdict(),
        names: names(analysis, module, wanted),
        diagnostics: module.diagnostics().iter().map(|finding| diagnostic_report(analysis, module, finding)).collect(),
    }
}

fn print_json(files: &[PathBuf], mut reports: Vec<FileReport>) -> anyhow::Result<()> {
    let version = analyzer::REPORT_VERSION;
    if reports.len() == 1
        && let Some(file) = reports.pop()
    {
        return output::print_json(&EvalReport { version, file });
    }
    let files = files.iter().cloned().zip(reports).map(|(path, file)| NamedReport { path, file }).collect();
    output::print_json(&ManyReport { version, files })
}

fn names(analysis: &Analysis, module: AnalysedModule, wanted: &[String]) -> Names {
    let Some(evaluated) = module.evaluated() else {
        let unknown = |name: &String| (name.clone(), Knowledge::unknown("the file could not be evaluated"));
        return Names(wanted.iter().map(unknown).collect());
    };
    let world = analysis.world();
    let mut renderer = Renderer::new(&world, evaluated);
    if wanted.is_empty() {
        let all = evaluated.namespace.keys().filter_map(|name| Some((name, evaluated.certain(name)?)));
        return Names(all.map(|(name, value)| (name.to_string(), knowledge(&mut renderer, value))).collect());
    }
    let named = wanted.iter().map(|name| {
        let found = match evaluated.certain(name) {
            Some(value) => knowledge(&mut renderer, value),
            None if evaluated.open_namespace => Knowledge::unknown("the names of this module can't be known"),
            None => Knowledge::unknown("the module binds no such name"),
        };
        (name.clone(), found)
    });
    Names(named.collect())
}

fn knowledge(renderer: &mut Renderer, value: &Value) -> Knowledge {
    if let Value::Unknown(reason) = value {
        return Knowledge::unknown(readable(&reason.message));
    }
    match renderer.repr(value) {
        Some(repr) => Knowledge::Known { known: true, repr },
        None => Knowledge::unknown("a known object without a fixed repr"),
    }
}

fn write_human(
    writer: &mut impl WriteColor,
    analysis: &Analysis,
    module: AnalysedModule,
    report: &FileReport,
) -> anyhow::Result<()> {
    let sources = Sources { analysis, paths: PathDisplay::new() };
    for finding in module.diagnostics().iter().filter(|finding| finding.severity == Severity::Error) {
        write_finding(writer, &sources, module, finding)?;
    }
    for (name, knowledge) in &report.names.0 {
        match knowledge {
            Knowledge::Known { repr, .. } => writeln!(writer, "{name} = {repr}")?,
            Knowledge::Unknown { reason, .. } => writeln!(writer, "{name}: unknown: {reason}")?,
        }
    }
    for finding in &report.diagnostics {
        if finding.severity == Severity::Info {
            let start = finding.range.start;
            writeln!(writer, "line {}, column {}: {} [{}]", start.line, start.column, finding.message, finding.code)?;
        }
    }
    writeln!(writer, "{}: {}", sources.paths.show(module.path()), report.verdict.as_str())?;
    Ok(())
}
