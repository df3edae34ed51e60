//! The `lyo` command: parses the command line and hands over to one file per command.

mod commands;
mod output;
mod site;

use std::process::ExitCode;

use clap::{Parser, Subcommand};

/// Trees and heaps are millions of small objects made on several threads at once.
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

/// Exit status of a usage or I/O error (design §8).
const USAGE_OR_IO: u8 = 2;

#[derive(Parser)]
#[command(
    name = "lyo",
    version,
    about = "Prove which Python modules have side-effect-free top levels, and start programs without running them",
    long_about = "Lyo proves which Python modules have side-effect-free top levels, evaluates those top levels at \
                  build time, and writes the results to a bundle from which stock CPython (3.11, 3.12, 3.13) \
                  rehydrates the modules without running their top-level code.",
    after_help = AFTER_HELP
)]
struct Cli {
    #[command(subcommand)]
    command: Command,
}

const AFTER_HELP: &str = "\
A first tour:
  lyo check                      which modules below this folder run code on import, and why
  lyo explain shop.prices        the story of one verdict; of a rule: lyo explain LYO301
  lyo report src -o report       the verdicts as pages to look at
  lyo eval settings.py           what Lyo knows of each name of a file
  lyo build src -o app.lyo       a bundle of src and of all that it imports
  lyo run -b app.lyo -m app      start the program from the bundle
  lyo enable                     let LYO_BUNDLE=app.lyo do the same for any program
  lyo verify -b app.lyo          compare executed and rehydrated modules
  lyo inspect app.lyo            what is in the bundle
  lyo cache clean                remove what is remembered of earlier runs
  lyo lsp                        serve an editor (docs/editors.md)

Exit status: 0 nothing to report, 1 findings of severity error, 2 usage or I/O error.
`lyo help COMMAND` explains a command.";

#[derive(Subcommand)]
enum Command {
    Check(commands::check::Args),
    Explain(commands::explain::Args),
    Report(commands::report::Args),
    Eval(commands::eval::Args),
    Build(commands::build::Args),
    Run(commands::run::Args),
    Enable(commands::enable::Args),
    Verify(commands::verify::Args),
    Inspect(commands::inspect::Args),
    Cache(commands::cache::Args),
    Lsp(commands::lsp::Args),
}

fn main() -> ExitCode {
    let result = match Cli::parse().command {
        Command::Check(args) => commands::check::run(args),
        Command::Explain(args) => commands::explain::run(args),
        Command::Report(args) => commands::report::run(args),
        Command::Eval(args) => commands::eval::run(args),
        Command::Build(args) => commands::build::run(args),
        Command::Run(args) => commands::run::run(args),
        Command::Enable(args) => commands::enable::run(&args),
        Command::Verify(args) => commands::verify::run(args),
        Command::Inspect(args) => commands::inspect::run(args),
        Command::Cache(args) => commands::cache::run(&args),
        Command::Lsp(args) => commands::lsp::run(args),
    };
    match result {
        Ok(status) => status,
        Err(error) => {
            eprintln!("lyo: {error:#}");
            ExitCode::from(USAGE_OR_IO)
        }
    }
}
