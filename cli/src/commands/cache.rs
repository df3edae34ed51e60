//! `lyo cache`.

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
    /// Remove everything that is remembered
    Clean,
}

pub fn run(args: &Args) -> anyhow::Result<ExitCode> {
    let folder =
        analyzer::cache_folder().context("there is no cache: neither $LYO_CACHE_DIR nor a home folder is set")?;
    match args.command {
        Command::Dir => output::print(format!("{}\n", folder.display()).as_bytes())?,
        Command::Clean => {
            let found = analyzer::clean_cache().with_context(|| format!("can't clean {}", folder.display()))?;
            eprintln!("lyo: {}", if found { "all is forgotten" } else { "nothing is remembered" });
        }
    }
    Ok(ExitCode::SUCCESS)
}
