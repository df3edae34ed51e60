//! What most commands are about.

use std::path::{Path, PathBuf};

use analyzer::Interpreter;
use anyhow::{Context, bail};
use artifact::Reader;
use emitter::from_analysis::native_of;

/// The code at hand, and the interpreter that it is for.
#[derive(clap::Args)]
pub struct Subject {
    /// Folders, packages or files
    ///
    /// A folder without `__init__.py` is a search root; one with it is a package; a file is a script.
    #[arg(value_name = "PATH", default_value = ".")]
    pub paths: Vec<PathBuf>,

    /// Target interpreter: a path, a name on PATH, or a virtual environment
    ///
    /// Default: $VIRTUAL_ENV, then .venv here or above, then python3, python.
    #[arg(long, value_name = "EXE")]
    pub python: Option<String>,
}

/// The folder of the package `lyo` in the interpreter's environment.
pub fn package_of(interpreter: &Interpreter) -> anyhow::Result<PathBuf> {
    match native_of(interpreter).as_deref().and_then(Path::parent) {
        Some(folder) => Ok(folder.to_owned()),
        None => bail!(
            "{0} has no package `lyo`: install it there (`{0} -m pip install .` in Lyo's sources)",
            interpreter.facts.executable.display()
        ),
    }
}

/// A bundle, whose directory is looked through: what is said of it is to be the whole truth.
pub fn open(bundle: &Path) -> anyhow::Result<Reader> {
    Reader::open(bundle)
        .and_then(|reader| reader.check_directory().map(|()| reader))
        .with_context(|| format!("can't read the bundle {}", bundle.display()))
}
