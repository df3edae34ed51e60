//! `lyo inspect`.

use std::path::PathBuf;
use std::process::ExitCode;

/// Show what is in a bundle
#[derive(clap::Args)]
pub struct Args {
    /// The bundle
    #[arg(value_name = "BUNDLE")]
    pub bundle: PathBuf,
    /// One module of it
    #[arg(value_name = "MODULE")]
    pub module: Option<String>,
}

pub fn run(args: Args) -> anyhow::Result<ExitCode> {
    anyhow::bail!(
        "lyo inspect {}: not available in this build",
        args.bundle.display()
    )
}
