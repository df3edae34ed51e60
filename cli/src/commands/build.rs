//! `lyo build`.

use std::fmt::Write;
use std::path::PathBuf;
use std::process::ExitCode;
use std::time::Instant;

use analyzer::{Analysis, ModuleGlobs, Options, Verdict};
use emitter::build::Summary;
use emitter::from_analysis::{Selection, build};

use crate::output;
use crate::output::progress::{AnalysisBar, CountBar};

/// Write a bundle of the PATHs and all that they import
///
/// The bundle holds every module below the PATHs and the whole of each package that they reach,
/// the standard library and site-packages included. Strict modules are evaluated now and
/// rehydrated when the program starts; the others travel as plain code. No unproven code is run.
#[derive(clap::Args)]
#[command(after_help = AFTER_HELP)]
pub struct Args {
    /// Folders, packages or files
    ///
    /// A folder without `__init__.py` is a search root; one with it is a package; a file is a script.
    #[arg(value_name = "PATH", default_value = ".")]
    paths: Vec<PathBuf>,

    /// Where the bundle goes; an old one is replaced at once or not at all
    #[arg(short = 'o', long = "output", value_name = "BUNDLE")]
    bundle: PathBuf,

    /// Target interpreter: a path, a name on PATH, or a virtual environment
    ///
    /// Default: $VIRTUAL_ENV, then .venv here or above, then python3, python.
    #[arg(long, value_name = "EXE")]
    python: Option<String>,

    /// Take only these modules and packages (may be repeated)
    #[arg(long, value_name = "GLOB")]
    include: Vec<String>,

    /// Leave out these modules and packages (may be repeated)
    #[arg(long, value_name = "GLOB")]
    exclude: Vec<String>,

    /// Say of each module that is not rehydrated why
    #[arg(short, long)]
    verbose: bool,

    /// Number of threads; default: one per core
    #[arg(short = 'j', long, value_name = "N")]
    jobs: Option<usize>,
}

const AFTER_HELP: &str = "\
Examples:
  lyo build src -o app.lyo                       src, and all that it imports
  lyo build venv/bin/flask -o flask.lyo --python venv
  lyo build . -o app.lyo --exclude 'app.tests.*' --verbose

The interpreter needs the package `lyo` (`pip install .` in Lyo's sources).";

pub fn run(args: Args) -> anyhow::Result<ExitCode> {
    let started = Instant::now();
    let options = Options {
        paths: args.paths,
        python: args.python,
        exclude: args.exclude.clone(),
        whole_packages: true,
        threads: args.jobs,
        ..Options::default()
    };
    let selection =
        Selection { include: &ModuleGlobs::new(&args.include)?, exclude: &ModuleGlobs::new(&args.exclude)? };
    let bar = AnalysisBar::new();
    let analysis = analyzer::analyze(&options, &|progress| bar.hear(progress));
    bar.finish();
    let analysis = analysis?;
    for trouble in analysis.troubles() {
        eprintln!("lyo: {}: {}", trouble.path.display(), trouble.message);
    }
    tell_of_errors(&analysis);
    let bar = CountBar::new("building");
    let summary = build(&analysis, &selection, &args.bundle, &|progress| match progress {
        emitter::build::Progress::Harvesting(count) => bar.set_length(count),
        emitter::build::Progress::Harvested => bar.advance(),
    });
    bar.finish();
    let summary = summary?;
    for warning in &summary.warnings {
        eprintln!("lyo: {} runs as code: {}", warning.module, warning.message);
    }
    let text = describe(&analysis, &summary, args.verbose, &args.bundle, started);
    output::print(text.as_bytes())?;
    // The process ends here; giving the memory back piece by piece would only take time.
    std::mem::forget(analysis);
    Ok(ExitCode::SUCCESS)
}

/// Of each file below the PATHs that can't be read, decoded or parsed: where and why.
fn tell_of_errors(analysis: &Analysis) {
    for module in analysis.requested().filter(|module| module.verdict() == Verdict::Error) {
        if let Some(finding) = module.diagnostics().first() {
            let line = module.positions(finding.range).start.line;
            eprintln!("lyo: {}:{line}: {}; the file is left out", module.path().display(), finding.message);
        }
    }
}

fn describe(
    analysis: &Analysis,
    summary: &Summary,
    verbose: bool,
    bundle: &std::path::Path,
    started: Instant,
) -> String {
    let mut text = String::new();
    if verbose {
        for (name, reason) in &summary.code {
            let _ = writeln!(text, "{name}: runs as code: {reason}");
        }
        for module in &summary.left_out {
            let _ = writeln!(text, "{}: left out: {}", module.name, module.reason);
        }
    }
    let verdicts: Vec<String> = Verdict::ALL
        .iter()
        .map(|verdict| {
            let count = analysis.modules().filter(|module| module.verdict() == *verdict).count();
            format!("{count} {}", verdict.as_str())
        })
        .collect();
    let _ = writeln!(text, "{} modules: {}", analysis.modules().count(), verdicts.join(", "));
    let fallen_back = match summary.fallen_back.len() {
        0 => String::new(),
        count => format!(" ({count} of them strict)"),
    };
    let _ = writeln!(
        text,
        "{}: {} rehydrated, {} as code{fallen_back}, {} left out; {} bytes in {:.1} s",
        bundle.display(),
        summary.rehydrated,
        summary.code.len(),
        summary.left_out.len(),
        summary.size,
        started.elapsed().as_secs_f64()
    );
    text
}
