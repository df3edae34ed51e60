//! `lyo build`.

use std::path::PathBuf;
use std::process::ExitCode;

/// Write a bundle of the PATHs and all that they import
#[derive(clap::Args)]
pub struct Args {
    /// Folders, packages or files; default: the current folder
    #[arg(value_name = "PATH")]
    pub paths: Vec<PathBuf>,
    /// Where the bundle goes
    #[arg(short = 'o', long = "output", value_name = "BUNDLE")]
    pub bundle: PathBuf,
    /// Target interpreter: a path, a name on PATH, or a virtual environment
    #[arg(long, value_name = "EXE")]
    pub python: Option<String>,
}

pub fn run(args: Args) -> anyhow::Result<ExitCode> {
    anyhow::bail!(
        "lyo build {}: not available in this build",
        args.bundle.display()
    )
}
