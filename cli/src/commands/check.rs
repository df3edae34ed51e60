//! `lyo check`.

use std::path::PathBuf;
use std::process::ExitCode;

use analyzer::{Analysis, Options, Report};

use crate::output::progress::AnalysisBar;
use crate::output::{self, ColorChoice, github, human, sarif};

/// Say which modules run code on import, and why
///
/// Every module below the PATHs gets a verdict: `strict` (importing it only makes
/// functions, classes and values), `partial` (some statements run code), `dynamic`
/// (nothing but imports is left, or its names can't be known), `error`.
#[derive(clap::Args)]
#[command(after_help = AFTER_HELP)]
pub struct Args {
    /// Folders, packages or files
    ///
    /// A folder without `__init__.py` is a search root; one with it is a package; a file is a script.
    #[arg(value_name = "PATH", default_value = ".")]
    paths: Vec<PathBuf>,

    /// Target interpreter: a path, a name on PATH, or a virtual environment
    ///
    /// Default: $VIRTUAL_ENV, then .venv here or above, then python3, python.
    #[arg(long, value_name = "EXE")]
    python: Option<String>,

    #[arg(long, value_enum, default_value_t = Format::Human)]
    format: Format,

    /// Modules that must be strict; else it is an error (may be repeated)
    #[arg(long, value_name = "GLOB")]
    strict: Vec<String>,

    /// Look only at these modules and packages (may be repeated)
    #[arg(long, value_name = "GLOB")]
    include: Vec<String>,

    /// Leave out these modules and packages (may be repeated)
    #[arg(long, value_name = "GLOB")]
    exclude: Vec<String>,

    /// Show every finding in full, with its chain
    #[arg(short, long)]
    verbose: bool,

    #[arg(long, value_enum, default_value_t = ColorChoice::Auto)]
    color: ColorChoice,

    /// Number of threads; default: one per core
    #[arg(short = 'j', long, value_name = "N")]
    jobs: Option<usize>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, clap::ValueEnum)]
enum Format {
    Human,
    /// One JSON object
    Json,
    /// SARIF 2.1.0
    Sarif,
    /// Workflow commands of GitHub Actions
    Github,
}

const AFTER_HELP: &str = "\
Examples:
  lyo check                              everything below this folder
  lyo check src/pkg --verbose            one package, every finding in full
  lyo check --strict 'pkg.tables.*'      fail if one of these modules runs code on import
  lyo check --python .venv --format sarif > findings.sarif

A comment `# lyo: strict` in a module demands the same as --strict, and so does
[tool.lyo] strict = [\"pkg.*\"] in pyproject.toml; `# lyo: ignore[LYO101]` silences
a finding on its line. Each code has a page in docs/rules/.";

pub fn run(args: Args) -> anyhow::Result<ExitCode> {
    let options = Options {
        paths: args.paths,
        python: args.python,
        folder: None,
        strict: args.strict,
        include: args.include,
        exclude: args.exclude,
        whole_packages: false,
        threads: args.jobs,
    };
    let bar = AnalysisBar::new();
    let analysis = analyzer::analyze(&options, &|progress| bar.hear(progress));
    bar.finish();
    let analysis = analysis?;
    let report = Report::new(&analysis);
    print(&analysis, &report, args.format, args.verbose, args.color)?;
    if report.modules.is_empty() && report.diagnostics.is_empty() {
        let paths: Vec<String> = options.paths.iter().map(|path| path.display().to_string()).collect();
        eprintln!("lyo: no Python modules in {}", paths.join(", "));
    }
    let status = ExitCode::from(u8::from(report.has_errors()));
    // The process ends here; giving the memory back piece by piece would only take time.
    std::mem::forget(analysis);
    Ok(status)
}

fn print(
    analysis: &Analysis,
    report: &Report,
    format: Format,
    verbose: bool,
    color: ColorChoice,
) -> anyhow::Result<()> {
    match format {
        Format::Human => Ok(output::print(&human::render(analysis, verbose, color.for_stdout())?)?),
        Format::Json => output::print_json(report),
        Format::Sarif => output::print_json(&sarif::render(analysis, report)),
        Format::Github => Ok(output::print(github::render(report).as_bytes())?),
    }
}
