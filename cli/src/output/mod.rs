//! Everything that is printed goes through here.

pub mod github;
pub mod human;
pub mod listing;
pub mod progress;
pub mod sarif;

use std::io::{self, IsTerminal, Write};
use std::path::{Path, PathBuf};
use std::process::ExitCode;

use analyzer::{Answer, Memory};
use codespan_reporting::term::termcolor::Buffer;

/// When to use colours.
#[derive(Clone, Copy, Debug, PartialEq, Eq, clap::ValueEnum)]
pub enum ColorChoice {
    /// On a terminal, unless $NO_COLOR is set
    Auto,
    Always,
    Never,
}

impl ColorChoice {
    pub fn for_stdout(self) -> bool {
        match self {
            ColorChoice::Always => true,
            ColorChoice::Never => false,
            ColorChoice::Auto => {
                io::stdout().is_terminal() && std::env::var_os("NO_COLOR").is_none_or(|value| value.is_empty())
            }
        }
    }
}

/// What `write` writes, with or without colours.
pub fn painted(color: bool, write: impl FnOnce(&mut Buffer) -> anyhow::Result<()>) -> anyhow::Result<Vec<u8>> {
    let mut buffer = if color { Buffer::ansi() } else { Buffer::no_color() };
    write(&mut buffer)?;
    Ok(buffer.into_inner())
}

/// Writes to stdout. A reader that has seen enough (`| head`) is not an error.
pub fn print(bytes: &[u8]) -> io::Result<()> {
    let mut stdout = io::stdout().lock();
    match stdout.write_all(bytes).and_then(|()| stdout.flush()) {
        Err(error) if error.kind() == io::ErrorKind::BrokenPipe => Ok(()),
        result => result,
    }
}

/// One JSON object and a line end.
pub fn json(value: &impl serde::Serialize) -> anyhow::Result<Vec<u8>> {
    let mut text = serde_json::to_vec(value)?;
    text.push(b'\n');
    Ok(text)
}

/// One JSON object and a line end, on stdout.
pub fn print_json(value: &impl serde::Serialize) -> anyhow::Result<()> {
    Ok(print(&json(value)?)?)
}

/// What was answered before, unless the user wants everything found out anew.
pub fn memory(no_cache: bool) -> Memory {
    if no_cache { Memory::none() } else { Memory::of_user() }
}

/// Says an answer, be it a new or a remembered one.
pub fn tell(answer: &Answer) -> anyhow::Result<ExitCode> {
    eprint!("{}", answer.notes);
    print(&answer.output)?;
    Ok(ExitCode::from(answer.status))
}

/// Shortens paths below the current folder.
pub struct PathDisplay {
    current: Option<PathBuf>,
}

impl PathDisplay {
    pub fn new() -> PathDisplay {
        PathDisplay { current: std::env::current_dir().ok() }
    }

    /// The path relative to the current folder, if it is below.
    pub fn relative<'a>(&self, path: &'a Path) -> Option<&'a Path> {
        path.strip_prefix(self.current.as_deref()?).ok()
    }

    pub fn show(&self, path: &Path) -> String {
        self.relative(path).unwrap_or(path).display().to_string()
    }
}
