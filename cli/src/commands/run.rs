//! `lyo run`.

use std::path::PathBuf;
use std::process::ExitCode;

/// Start a program from a bundle
#[derive(clap::Args)]
pub struct Args {
    /// The bundle
    #[arg(short = 'b', long = "bundle", value_name = "BUNDLE")]
    pub bundle: PathBuf,
    /// Target interpreter: a path, a name on PATH, or a virtual environment
    #[arg(long, value_name = "EXE")]
    pub python: Option<String>,
}

pub fn run(args: Args) -> anyhow::Result<ExitCode> {
    anyhow::bail!(
        "lyo run {}: not available in this build",
        args.bundle.display()
    )
}
