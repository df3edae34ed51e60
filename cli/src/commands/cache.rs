//! `lyo cache`.

use std::io::ErrorKind;
use std::process::ExitCode;

use anyhow::Context;

use crate::output;

/// Where Lyo remembers earlier runs, and how to make it forget
///
/// `lyo check` and `lyo build` do nothing anew as long as no file that they looked at has changed. What they remember
/// lies in $LYO_CACHE_DIR, else in $XDG_CACHE_HOME/lyo, else in ~/.cache/lyo. It is never needed: removing it costs
/// time, nothing else. `--no-cache` (or $LYO_NO_CACHE) leaves it alone.
#[derive(clap::Args)]
pub struct Args {
    #[command(subcommand)]
    command: Command,
}

#[derive(clap::Subcommand)]
enum Command {
    /// Print the folder
    Dir,
    /// Remove the folder and everything in it
    Clean,
}

pub fn run(args: &Args) -> anyhow::Result<ExitCode> {
    let folder =
        analyzer::cache_folder().context("there is no cache: neither $LYO_CACHE_DIR nor a home folder is set")?;
    match args.command {
        Command::Dir => output::print(format!("{}\n", folder.display()).as_bytes())?,
        Command::Clean => match std::fs::remove_dir_all(&folder) {
            Ok(()) => eprintln!("lyo: {} is removed", folder.display()),
            Err(error) if error.kind() == ErrorKind::NotFound => eprintln!("lyo: nothing is remembered"),
            Err(error) => return Err(error).with_context(|| format!("can't remove {}", folder.display())),
        },
    }
    Ok(ExitCode::SUCCESS)
}
