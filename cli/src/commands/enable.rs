//! `lyo enable`.

use std::os::unix::process::CommandExt;
use std::process::{Command, ExitCode};

use analyzer::Interpreter;
use anyhow::bail;

use super::subject::package_of;

/// Make an environment's programs use the bundle that $LYO_BUNDLE names
///
/// Writes `lyo.pth` into the site-packages of the interpreter. From then on every program of that environment that is
/// started with LYO_BUNDLE=FILE takes its modules from FILE, without `lyo run`; where the variable is not set, nothing
/// changes.
#[derive(clap::Args)]
#[command(after_help = AFTER_HELP)]
pub struct Args {
    /// Target interpreter: a path, a name on PATH, or a virtual environment
    ///
    /// Default: $VIRTUAL_ENV, then .venv here or above, then python3, python.
    #[arg(long, value_name = "EXE")]
    python: Option<String>,

    /// Remove the file again
    #[arg(long)]
    disable: bool,
}

const AFTER_HELP: &str = "\
Examples:
  lyo enable --python venv
  LYO_BUNDLE=app.lyo venv/bin/app --port 8000
  lyo enable --python venv --disable";

pub fn run(args: &Args) -> anyhow::Result<ExitCode> {
    let interpreter = Interpreter::discover(args.python.as_deref())?;
    let executable = &interpreter.facts.executable;
    let mut command = Command::new(executable);
    command.arg("-P").arg(package_of(&interpreter)?.join("_enable.py"));
    if args.disable {
        command.arg("--disable");
    }
    let error = command.exec();
    bail!("can't start {}: {error}", executable.display())
}
