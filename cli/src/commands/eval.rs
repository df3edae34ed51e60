//! `lyo eval`.

use std::path::PathBuf;
use std::process::ExitCode;

/// Show what is known of each name of a file
#[derive(clap::Args)]
pub struct Args {
    #[arg(value_name = "FILE")]
    pub file: PathBuf,
}

pub fn run(args: Args) -> anyhow::Result<ExitCode> {
    anyhow::bail!(
        "lyo eval {}: not available in this build",
        args.file.display()
    )
}
