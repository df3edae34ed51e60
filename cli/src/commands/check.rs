//! `lyo check`.

use std::path::PathBuf;
use std::process::ExitCode;

use analyzer::{Baseline, Filter, Options, Report};
use anyhow::Context;

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

    /// Report only rules whose codes begin so: LYO1, LYO301 (may be repeated, or separated by commas)
    #[arg(long, value_name = "CODE", value_delimiter = ',')]
    select: Vec<String>,

    /// Leave out rules whose codes begin so
    #[arg(long, value_name = "CODE", value_delimiter = ',')]
    ignore: Vec<String>,

    /// Report only findings that this file does not know; each is an error
    #[arg(long, value_name = "FILE")]
    baseline: Option<PathBuf>,

    /// Write what is found now to a file for --baseline
    #[arg(long, value_name = "FILE", conflicts_with = "baseline")]
    write_baseline: Option<PathBuf>,

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
  lyo check --write-baseline lyo.json    what is found now is known from now on:
  lyo check --baseline lyo.json          only what is new, as errors

A comment `# lyo: strict` in a module demands the same as --strict, and so does
[tool.lyo] strict = [\"pkg.*\"] in pyproject.toml; `# lyo: ignore[LYO101]` silences
a finding on its line. Each code has a page in docs/rules/.";

pub fn run(args: Args) -> anyhow::Result<ExitCode> {
    let mut filter = Filter::new(&args.paths, &args.select, &args.ignore)?;
    if let Some(baseline) = &args.baseline {
        filter = filter.with_baseline(baseline)?;
    }
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
    if let Some(path) = &args.write_baseline {
        let baseline = Baseline::of(&analysis, &filter);
        artifact::replace_file(path, &serde_json::to_vec_pretty(&baseline)?)
            .with_context(|| format!("can't write {}", path.display()))?;
        eprintln!("lyo: {} findings are known from now on: lyo check --baseline {}", baseline.count(), path.display());
        return Ok(ExitCode::SUCCESS);
    }
    let report = Report::new(&analysis, &filter);
    match args.format {
        Format::Human => {
            output::print(&human::render(&analysis, &report, &filter, args.verbose, args.color.for_stdout())?)?
        }
        Format::Json => output::print_json(&report)?,
        Format::Sarif => output::print_json(&sarif::render(&analysis, &report, &filter))?,
        Format::Github => output::print(github::render(&report).as_bytes())?,
    }
    if report.modules.is_empty() && report.diagnostics.is_empty() {
        let paths: Vec<String> = options.paths.iter().map(|path| path.display().to_string()).collect();
        eprintln!("lyo: no Python modules in {}", paths.join(", "));
    }
    let status = ExitCode::from(u8::from(report.has_errors()));
    // The process ends here; giving the memory back piece by piece would only take time.
    std::mem::forget(analysis);
    Ok(status)
}
