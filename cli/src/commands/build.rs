//! `lyo build`.

use std::fmt::Write;
use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::time::Instant;

use analyzer::{Analysis, Answer, CacheKind, Inputs, ModuleGlobs, Options, Prepared, Question, Store, Verdict};
use emitter::build::Summary;
use emitter::from_analysis::{Selection, build};

use super::subject::Subject;
use crate::output;
use crate::output::progress::{CountBar, analyze};

/// Write a bundle of the PATHs and all that they import
///
/// The bundle holds every module below the PATHs and the whole of each package that they reach,
/// the standard library and site-packages included. Strict modules are evaluated now and
/// rehydrated when the program starts; the others travel as plain code. No unproven code is run.
#[derive(clap::Args)]
#[command(after_help = AFTER_HELP)]
pub struct Args {
    #[command(flatten)]
    subject: Subject,

    /// Where the bundle goes; an old one is replaced at once or not at all
    #[arg(short = 'o', long = "output", value_name = "BUNDLE")]
    bundle: PathBuf,

    /// Take only these modules and packages (may be repeated)
    #[arg(long, value_name = "GLOB")]
    include: Vec<String>,

    /// Leave out these modules and packages (may be repeated)
    #[arg(long, value_name = "GLOB")]
    exclude: Vec<String>,

    /// Say of each module that is not rehydrated why
    #[arg(short, long)]
    verbose: bool,

    /// Build anew even what has not changed since the last time
    #[arg(long, env = "LYO_NO_CACHE", value_parser = clap::builder::FalseyValueParser::new())]
    no_cache: bool,

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
    let selection =
        Selection { include: &ModuleGlobs::new(&args.include)?, exclude: &ModuleGlobs::new(&args.exclude)? };
    let prepared = Prepared::new(Options {
        paths: args.subject.paths.clone(),
        python: args.subject.python.clone(),
        exclude: args.exclude.clone(),
        whole_packages: true,
        threads: args.jobs,
        ..Options::default()
    })?;
    let native = emitter::from_analysis::native_of(prepared.interpreter());
    let memory = output::memory(args.no_cache);
    let question = question(&args, native.as_deref(), prepared.question());
    if let Some(mut known) = memory.recall(&question) {
        known.output.extend(format!(" in {:.1} s: nothing has changed\n", started.elapsed().as_secs_f64()).bytes());
        return output::tell(&known);
    }
    let analysis = analyze(prepared)?;
    let mut notes = String::new();
    for trouble in analysis.troubles() {
        let _ = writeln!(notes, "lyo: {}: {}", trouble.path.display(), trouble.message);
    }
    notes += &errors(&analysis);
    eprint!("{notes}");
    let bar = CountBar::new("building");
    let harvests = if args.no_cache { Store::none() } else { Store::of_user(CacheKind::Harvests) };
    let summary = build(&analysis, &selection, &args.bundle, harvests, &|progress| match progress {
        emitter::build::Progress::Harvesting(count) => bar.set_length(count),
        emitter::build::Progress::Harvested => bar.advance(),
    });
    bar.finish();
    let summary = summary?;
    let mut warnings = String::new();
    for warning in &summary.warnings {
        let _ = writeln!(warnings, "lyo: {} runs as code: {}", warning.module, warning.message);
    }
    eprint!("{warnings}");
    let output = describe(&analysis, &summary, args.verbose, &args.bundle);
    output::print(format!("{output} in {:.1} s\n", started.elapsed().as_secs_f64()).as_bytes())?;
    let inputs = Inputs::of(&analysis).map(|inputs| inputs.and_times().and_file(&args.bundle));
    if let Some(inputs) = inputs {
        let answer = Answer { output: output.into_bytes(), notes: notes + &warnings, status: 0 };
        memory.keep(&question, inputs, &answer);
    }
    // The process ends here; giving the memory back piece by piece would only take time.
    std::mem::forget(analysis);
    Ok(ExitCode::SUCCESS)
}

/// What the bundle depends on, besides what is analysed.
fn question(args: &Args, native: Option<&Path>, mut question: Question) -> Question {
    question.say("build").say(format!("{:?} {:?} {}", args.include, args.exclude, args.verbose));
    question.say(std::env::current_dir().unwrap_or_default().as_os_str().as_encoded_bytes());
    question.say(args.bundle.as_os_str().as_encoded_bytes());
    if let Some(native) = native {
        question.say_file(native);
    }
    question
}

/// Of each file below the PATHs that can't be read, decoded or parsed: where and why.
fn errors(analysis: &Analysis) -> String {
    let mut text = String::new();
    for module in analysis.requested().filter(|module| module.verdict() == Verdict::Error) {
        if let Some(finding) = module.diagnostics().first() {
            let line = module.positions(finding.range).start.line;
            let path = module.path().display();
            let _ = writeln!(text, "lyo: {path}:{line}: {}; the file is left out", finding.message);
        }
    }
    text
}

/// The whole of it but for the time that it took.
fn describe(analysis: &Analysis, summary: &Summary, verbose: bool, bundle: &Path) -> String {
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
    let _ = write!(
        text,
        "{}: {} rehydrated, {} as code{fallen_back}, {} left out; {} bytes",
        bundle.display(),
        summary.rehydrated,
        summary.code.len(),
        summary.left_out.len(),
        summary.size
    );
    text
}
