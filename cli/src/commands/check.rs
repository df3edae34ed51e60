//! `lyo check`.

use std::path::PathBuf;
use std::process::ExitCode;

use analyzer::{Analysis, Answer, Baseline, Filter, Inputs, Options, Prepared, Question, Report};
use anyhow::Context;

use super::subject::Subject;
use crate::output::progress::analyze;
use crate::output::{self, ColorChoice, github, human, sarif};

/// Say which modules run code on import, and why
///
/// Every module below the PATHs gets a verdict: `strict` (importing it only makes
/// functions, classes and values), `partial` (some statements run code), `dynamic`
/// (nothing but imports is left, or its names can't be known), `error`.
#[derive(clap::Args)]
#[command(after_help = AFTER_HELP)]
pub struct Args {
    #[command(flatten)]
    subject: Subject,

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

    /// Analyse anew even where nothing has changed since the last time
    #[arg(long, env = "LYO_NO_CACHE", value_parser = clap::builder::FalseyValueParser::new())]
    no_cache: bool,

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
    let mut filter = Filter::new(&args.subject.paths, &args.select, &args.ignore)?;
    if let Some(baseline) = &args.baseline {
        filter = filter.with_baseline(baseline)?;
    }
    let prepared = Prepared::new(Options {
        paths: args.subject.paths.clone(),
        python: args.subject.python.clone(),
        folder: None,
        strict: args.strict.clone(),
        include: args.include.clone(),
        exclude: args.exclude.clone(),
        whole_packages: false,
        threads: args.jobs,
    })?;
    if let Some(path) = &args.write_baseline {
        let analysis = analyze(prepared)?;
        let baseline = Baseline::of(&analysis, &filter);
        artifact::replace_file(path, &serde_json::to_vec_pretty(&baseline)?)
            .with_context(|| format!("can't write {}", path.display()))?;
        eprintln!("lyo: {} findings are known from now on: lyo check --baseline {}", baseline.count(), path.display());
        return Ok(ExitCode::SUCCESS);
    }
    let memory = output::memory(args.no_cache);
    let question = question(&args, prepared.question())?;
    let answer = match memory.recall(&question) {
        Some(known) => known,
        None => {
            let analysis = analyze(prepared)?;
            let answer = answer(&args, &analysis, &filter)?;
            if let Some(inputs) = Inputs::of(&analysis) {
                memory.keep(&question, inputs, &answer);
            }
            // The process ends here; giving the memory back piece by piece would only take time.
            std::mem::forget(analysis);
            answer
        }
    };
    output::tell(&answer)
}

/// What the report depends on, besides what is analysed.
fn question(args: &Args, mut question: Question) -> anyhow::Result<Question> {
    question.say("check").say(format!("{:?} {:?}", args.format, args.subject.paths));
    question.say(format!("{:?} {:?} {} {}", args.select, args.ignore, args.verbose, args.color.for_stdout()));
    question.say(std::env::current_dir().unwrap_or_default().as_os_str().as_encoded_bytes());
    if let Some(baseline) = &args.baseline {
        question.say(std::fs::read(baseline)?);
    }
    Ok(question)
}

fn answer(args: &Args, analysis: &Analysis, filter: &Filter) -> anyhow::Result<Answer> {
    let report = Report::new(analysis, filter);
    let output = match args.format {
        Format::Human => human::render(analysis, &report, filter, args.verbose, args.color.for_stdout())?,
        Format::Json => output::json(&report)?,
        Format::Sarif => output::json(&sarif::render(analysis, &report, filter))?,
        Format::Github => github::render(&report).into_bytes(),
    };
    let mut notes = String::new();
    if report.modules.is_empty() && report.diagnostics.is_empty() {
        let paths: Vec<String> = args.subject.paths.iter().map(|path| path.display().to_string()).collect();
        notes = format!("lyo: no Python modules in {}\n", paths.join(", "));
    }
    Ok(Answer { output, notes, status: u8::from(report.has_errors()) })
}
