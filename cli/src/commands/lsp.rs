//! `lyo lsp`.

use std::process::ExitCode;

/// Serve an editor over the Language Server Protocol, on stdin and stdout
///
/// The editor starts it; a person does not. It analyses the editor's folders as `lyo check` does, with unsaved
/// texts in the place of files, and again after every change.
#[derive(clap::Args)]
#[command(after_help = AFTER_HELP)]
pub struct Args {
    /// Speak on stdin and stdout, as it does anyway (many clients say so)
    #[arg(long)]
    stdio: bool,
}

const AFTER_HELP: &str = "\
What an editor shows:
  diagnostics        demands for strictness that are not met, and why; what can't be parsed
  hover              the value and type of a name of the module; what an import runs
  inlay hints        values of constants beside their assignments
  code lens          the module's verdict, which leads to its cause
  code actions       silence a finding, go to its cause, demand strictness
  definition         on `# lyo: strict`: what keeps the module from being strict

Settings (initialization options, or the section `lyo` of the client's settings):
  nonStrict          what a module that isn't strict is worth saying: \"demanded\" (only where
                     strictness is demanded; the default), \"hints\" (everywhere), \"off\"
  python             target interpreter: a path, a name on PATH, or a virtual environment
  inlayHints         true or false
  codeLens           true or false
[tool.lyo] in pyproject.toml counts as it does for `lyo check`.

Neovim 0.11, for example:
  vim.lsp.config('lyo', { cmd = { 'lyo', 'lsp' }, filetypes = { 'python' },
                          root_markers = { 'pyproject.toml', '.git' } })
  vim.lsp.enable('lyo')
Other editors: docs/editors.md.

Exit status: 0 after `shutdown` and `exit`, 1 if the client went away without them.";

pub fn run(_: Args) -> anyhow::Result<ExitCode> {
    match lsp::serve() {
        Ok(()) => Ok(ExitCode::SUCCESS),
        // The protocol's own word for it.
        Err(error @ lsp::ServeError::Disconnected) => {
            eprintln!("lyo: {error}");
            Ok(ExitCode::FAILURE)
        }
        Err(error) => Err(error.into()),
    }
}
