//! Globs of module names: `pkg.*`, `*.tests`.

use globset::{GlobBuilder, GlobSet, GlobSetBuilder};
use thiserror::Error;

#[derive(Debug, Error)]
#[error("`{glob}` is not a glob of module names: {cause}")]
pub struct GlobError {
    glob: String,
    cause: String,
}

/// A set of globs. `*` stands for any text, dots included: `pkg.*` is all below `pkg`, at any depth.
#[derive(Clone, Debug)]
pub struct ModuleGlobs {
    set: GlobSet,
}

impl ModuleGlobs {
    pub fn new<S: AsRef<str>>(globs: impl IntoIterator<Item = S>) -> Result<ModuleGlobs, GlobError> {
        let mut builder = GlobSetBuilder::new();
        let failed =
            |glob: &str, error: globset::Error| GlobError { glob: glob.to_owned(), cause: error.kind().to_string() };
        for glob in globs {
            let glob = glob.as_ref();
            let compiled = GlobBuilder::new(glob).literal_separator(false).backslash_escape(true).build();
            builder.add(compiled.map_err(|error| failed(glob, error))?);
        }
        Ok(ModuleGlobs { set: builder.build().map_err(|error| failed("", error))? })
    }

    pub fn is_empty(&self) -> bool {
        self.set.is_empty()
    }

    pub fn matches(&self, module: &str) -> bool {
        !self.set.is_empty() && self.set.is_match(module)
    }

    /// Whether a glob matches the module or a package that it is in.
    pub fn covers(&self, module: &str) -> bool {
        if self.set.is_empty() {
            return false;
        }
        self.set.is_match(module) || module.match_indices('.').any(|(dot, _)| self.set.is_match(&module[..dot]))
    }
}

impl Default for ModuleGlobs {
    fn default() -> Self {
        ModuleGlobs { set: GlobSet::empty() }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_star_crosses_dots_and_a_package_covers_its_modules() {
        let globs = ModuleGlobs::new(["pkg.*", "tests"]).unwrap();
        assert!(globs.matches("pkg.a.b") && !globs.matches("pkg") && !globs.matches("pkgs.a"));
        assert!(globs.covers("tests.unit.test_a") && !globs.matches("tests.unit"));
        assert!(!ModuleGlobs::default().covers("anything"));
    }

    #[test]
    fn a_bad_glob_is_named() {
        assert!(ModuleGlobs::new(["pkg.["]).unwrap_err().to_string().contains("pkg.["));
    }
}
