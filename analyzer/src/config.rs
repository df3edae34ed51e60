//! `[tool.lyo]` in `pyproject.toml`.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use serde::Deserialize;
use thiserror::Error;

use crate::files;

/// The project's settings.
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields, default, rename_all = "kebab-case")]
pub struct Config {
    /// Globs of modules that must be strict.
    pub strict: Vec<String>,
    /// Globs of the modules to look at; empty: all.
    pub include: Vec<String>,
    /// Globs of modules and packages to leave out.
    pub exclude: Vec<String>,
    /// Globs of extension modules, and of functions in them, that are harmless: importing or calling them changes
    /// nothing, runs none of the caller's code and raises nothing.
    pub harmless: Vec<String>,
    /// Beginnings of the codes to report; empty: all.
    pub select: Vec<String>,
    /// Beginnings of the codes to leave out.
    pub ignore: Vec<String>,
    /// Globs of paths, relative to the file's folder, and the codes to leave out there.
    pub per_path_ignores: BTreeMap<String, Vec<String>>,
    /// Search roots besides the PATHs, relative to the file's folder.
    pub roots: Vec<PathBuf>,
    /// The file's folder.
    #[serde(skip)]
    pub folder: PathBuf,
}

#[derive(Debug, Error)]
#[error("{path}: {cause}")]
pub struct ConfigError {
    path: String,
    cause: String,
}

#[derive(Deserialize)]
struct PyProject {
    tool: Option<Tool>,
}

#[derive(Deserialize)]
struct Tool {
    lyo: Option<Config>,
}

impl Config {
    /// The settings in the nearest `pyproject.toml` at or above `start` that has a `[tool.lyo]` table.
    /// Roots are made absolute.
    pub fn find(start: &Path) -> Result<Config, ConfigError> {
        for folder in files::absolute(start).ancestors() {
            let path = folder.join("pyproject.toml");
            if !files::is_file(&path) {
                continue;
            }
            let failed = |cause: String| ConfigError { path: path.display().to_string(), cause };
            let bytes = files::read(&path).map_err(|error| failed(error.to_string()))?;
            let text = String::from_utf8(bytes).map_err(|_| failed("not UTF-8".to_owned()))?;
            let project: PyProject = toml::from_str(&text).map_err(|error| failed(error.to_string()))?;
            if let Some(mut config) = project.tool.and_then(|tool| tool.lyo) {
                for root in &mut config.roots {
                    *root = files::absolute(&folder.join(&*root));
                }
                config.folder = folder.to_owned();
                return Ok(config);
            }
        }
        Ok(Config::default())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn config_of(text: &str) -> Result<Config, ConfigError> {
        let folder = tempfile::tempdir().unwrap();
        std::fs::write(folder.path().join("pyproject.toml"), text).unwrap();
        std::fs::create_dir(folder.path().join("inner")).unwrap();
        let mut config = Config::find(&folder.path().join("inner"))?;
        for root in &mut config.roots {
            *root = root.strip_prefix(folder.path()).unwrap().to_owned();
        }
        Ok(config)
    }

    #[test]
    fn settings_are_found_above() {
        let config = config_of("[tool.lyo]\nstrict = [\"a.*\"]\nroots = [\"src\"]\n").unwrap();
        assert_eq!(config.strict, ["a.*"]);
        assert_eq!(config.roots, [PathBuf::from("src")]);
    }

    #[test]
    fn unknown_keys_and_bad_toml_are_errors() {
        assert!(config_of("[tool.lyo]\nstrikt = []\n").unwrap_err().to_string().contains("strikt"));
        assert!(config_of("[tool").is_err());
    }
}
