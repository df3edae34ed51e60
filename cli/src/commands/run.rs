//! `lyo run`.

use std::ffi::OsString;
use std::os::unix::process::CommandExt;
use std::path::PathBuf;
use std::process::{Command, ExitCode};

use analyzer::Interpreter;
use anyhow::bail;

use super::subject::package_of;

/// Start a program from a bundle
///
/// Behaves as `EXE -m MODULE`, `EXE -c CODE` or `EXE SCRIPT` would. What the bundle can't give is
/// imported as usual.
#[derive(clap::Args)]
#[command(after_help = AFTER_HELP)]
pub struct Args {
    /// The bundle
    #[arg(short = 'b', long = "bundle", value_name = "BUNDLE")]
    bundle: PathBuf,

    /// Target interpreter: a path, a name on PATH, or a virtual environment
    #[arg(long, value_name = "EXE")]
    python: Option<String>,

    /// Write to FILE, as JSON, how each module was imported, and why
    #[arg(long, value_name = "FILE")]
    report: Option<PathBuf>,

    /// Say on stderr what is not taken from the bundle, and why
    #[arg(short, long)]
    verbose: bool,

    /// Look at no source file: the bundle was built from what is there
    #[arg(long)]
    sealed: bool,

    /// Run this module as a program
    #[arg(short = 'm', value_name = "MODULE", conflicts_with = "code")]
    module: Option<OsString>,

    /// Run this code
    #[arg(short = 'c', value_name = "CODE")]
    code: Option<OsString>,

    /// The script, unless -m or -c is given, and the program's arguments
    #[arg(trailing_var_arg = true, allow_hyphen_values = true, value_name = "SCRIPT|ARG")]
    rest: Vec<OsString>,
}

const AFTER_HELP: &str = "\
Examples:
  lyo run -b app.lyo -m app --port 8000
  lyo run -b flask.lyo --python venv venv/bin/flask --version
  lyo run -b app.lyo --report report.json -c 'import app'

LYO_DISABLE=1 turns the bundle off. LYO_VERBOSE=1 and LYO_SEALED=1 do what --verbose and --sealed do.";

pub fn run(args: Args) -> anyhow::Result<ExitCode> {
    if args.module.is_none() && args.code.is_none() && args.rest.is_empty() {
        bail!("nothing to run: give -m MODULE, -c CODE or a SCRIPT");
    }
    let interpreter = Interpreter::discover(args.python.as_deref())?;
    let executable = &interpreter.facts.executable;
    let mut command = Command::new(executable);
    command.arg(package_of(&interpreter)?.join("_start.py")).arg("--bundle").arg(&args.bundle);
    if let Some(report) = &args.report {
        command.arg("--report").arg(report);
    }
    if args.sealed {
        command.arg("--sealed");
    }
    if args.verbose {
        command.arg("--verbose");
    }
    if let Some(module) = &args.module {
        command.arg("-m").arg(module);
    } else if let Some(code) = &args.code {
        command.arg("-c").arg(code);
    }
    let error = command.args(&args.rest).exec();
    bail!("can't start {}: {error}", executable.display())
}
