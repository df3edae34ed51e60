//! What most commands are about.

use std::path::PathBuf;

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
