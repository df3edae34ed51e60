//! `lyo verify`.

use std::path::PathBuf;
use std::process::ExitCode;

/// Compare executed and rehydrated contents of modules
#[derive(clap::Args)]
pub struct Args {
    /// The bundle
    #[arg(short = 'b', long = "bundle", value_name = "BUNDLE")]
    pub bundle: PathBuf,
    /// Modules to compare; default: all
    #[arg(value_name = "MODULE")]
    pub modules: Vec<String>,
    /// Target interpreter: a path, a name on PATH, or a virtual environment
    #[arg(long, value_name = "EXE")]
    pub python: Option<String>,
}

pub fn run(args: Args) -> anyhow::Result<ExitCode> {
    anyhow::bail!(
        "lyo verify {}: not available in this build",
        args.bundle.display()
    )
}
