//! `lyo report`.

use std::path::PathBuf;
use std::process::ExitCode;

use analyzer::{Filter, Options, Prepared, Report};

use super::subject::Subject;
use crate::output::progress::analyze;
use crate::{output, site};

/// Write the verdicts as pages to look at
///
/// The folder gets an `index.html` with the import graph and a tree map coloured by verdict, what to mend first, and a
/// page for each module: its source with the verdict of each statement, the values that are known, and the reasons
/// where one runs at import. The pages need no server and no network.
#[derive(clap::Args)]
#[command(after_help = AFTER_HELP)]
pub struct Args {
    #[command(flatten)]
    subject: Subject,

    /// Where the pages go; an old report there is replaced at once or not at all
    #[arg(short = 'o', long = "output", value_name = "DIR")]
    folder: PathBuf,

    /// Look only at these modules and packages (may be repeated)
    #[arg(long, value_name = "GLOB")]
    include: Vec<String>,

    /// Leave out these modules and packages (may be repeated)
    #[arg(long, value_name = "GLOB")]
    exclude: Vec<String>,

    /// Number of threads; default: one per core
    #[arg(short = 'j', long, value_name = "N")]
    jobs: Option<usize>,
}

const AFTER_HELP: &str = "\
Examples:
  lyo report src -o report       then open report/index.html
  lyo report .venv/lib/python3.13/site-packages/sympy --python .venv -o sympy";

pub fn run(args: Args) -> anyhow::Result<ExitCode> {
    let filter = Filter::new(&args.subject.paths, &[], &[])?;
    let options = Options {
        paths: args.subject.paths,
        python: args.subject.python,
        include: args.include,
        exclude: args.exclude,
        threads: args.jobs,
        ..Options::default()
    };
    site::check_target(&args.folder)?;
    let analysis = analyze(Prepared::new(options)?)?;
    for trouble in analysis.troubles() {
        eprintln!("lyo: {}: {}", trouble.path.display(), trouble.message);
    }
    let report = Report::new(&analysis, &filter);
    site::write(&analysis, &report, &args.folder)?;
    let index = args.folder.join(site::INDEX);
    output::print(format!("{}: {} modules\n", index.display(), report.modules.len()).as_bytes())?;
    // The process ends here; giving the memory back piece by piece would only take time.
    std::mem::forget(analysis);
    Ok(ExitCode::SUCCESS)
}
