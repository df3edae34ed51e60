//! Which findings are reported: chosen codes, settings by path, and what a baseline knows already.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use globset::{GlobBuilder, GlobMatcher};
use serde::{Deserialize, Serialize};
use thiserror::Error;

use crate::config::{Config, ConfigError};
use crate::diagnostics::{Diagnostic, Severity};
use crate::rule_pages::RULE_PAGES;
use crate::{AnalysedModule, Analysis, files};

/// Version of the baseline's shape.
const BASELINE_VERSION: u32 = 1;

#[derive(Debug, Error)]
pub enum FilterError {
    #[error("`{0}` is no rule, nor the beginning of one: `lyo explain` lists them")]
    NoRule(String),
    #[error("`{glob}` is not a glob of paths: {cause}")]
    Glob { glob: String, cause: String },
    #[error("{path}: {cause}; `--write-baseline` writes one")]
    Baseline { path: String, cause: String },
    #[error(transparent)]
    Config(#[from] ConfigError),
}

/// What a user wants to see.
#[derive(Debug, Default)]
pub struct Filter {
    /// Beginnings of codes; empty: all.
    select: Vec<String>,
    ignore: Vec<String>,
    /// Paths, and the beginnings of codes that are ignored there.
    per_path: Vec<(GlobMatcher, Vec<String>)>,
    /// Paths of the settings count from here.
    folder: PathBuf,
    baseline: Option<Known>,
}

/// What a baseline knows: by module, how often a message of a rule stands in it.
type Known = BTreeMap<String, BTreeMap<(String, String), u32>>;

/// Findings that are known already, without their places: those move with every edit.
#[derive(Debug, Default, Serialize, Deserialize)]
pub struct Baseline {
    version: u32,
    findings: Vec<KnownFinding>,
}

#[derive(Debug, Serialize, Deserialize)]
struct KnownFinding {
    module: String,
    code: String,
    message: String,
    /// So often in the module.
    count: u32,
}

impl Filter {
    /// From the command line and the configuration that goes with the first path.
    ///
    /// Errors: a code that no rule has, a glob that is none, a configuration that can't be read.
    pub fn new(paths: &[PathBuf], select: &[String], ignore: &[String]) -> Result<Filter, FilterError> {
        let start = paths.first().map_or(Path::new("."), PathBuf::as_path);
        let config = Config::find(start)?;
        let chosen = |own: &[String], configured: Vec<String>| match own {
            [] => codes(configured),
            own => codes(own.to_vec()),
        };
        let mut per_path = Vec::new();
        for (glob, ignored) in config.per_path_ignores {
            per_path.push((path_glob(&glob)?, codes(ignored)?));
        }
        let ignore = ignore.iter().cloned().chain(config.ignore).collect();
        Ok(Filter {
            select: chosen(select, config.select)?,
            ignore: codes(ignore)?,
            per_path,
            folder: config.folder,
            baseline: None,
        })
    }

    /// What the file knows is not reported, and what is new is an error.
    ///
    /// Errors: the file can't be read, or is no baseline.
    pub fn with_baseline(self, path: &Path) -> Result<Filter, FilterError> {
        let failed = |cause: String| FilterError::Baseline { path: path.display().to_string(), cause };
        let bytes = files::read(path).map_err(|error| failed(error.to_string()))?;
        let baseline: Baseline = serde_json::from_slice(&bytes).map_err(|error| failed(error.to_string()))?;
        if baseline.version != BASELINE_VERSION {
            return Err(failed(format!("version {} of a baseline is not known", baseline.version)));
        }
        let mut known = Known::new();
        for KnownFinding { module, code, message, count } in baseline.findings {
            *known.entry(module).or_default().entry((code, message)).or_default() += count;
        }
        Ok(Filter { baseline: Some(known), ..self })
    }

    /// The findings of a module that are reported, in source order.
    pub fn findings(&self, module: AnalysedModule) -> Vec<Diagnostic> {
        let path = module.path().strip_prefix(&self.folder).unwrap_or(module.path());
        let here: Vec<&String> =
            self.per_path.iter().filter(|(globs, _)| globs.is_match(path)).flat_map(|(_, ignored)| ignored).collect();
        let is_wanted = |finding: &&Diagnostic| {
            let code = finding.rule.code();
            (self.select.is_empty() || self.select.iter().any(|start| code.starts_with(start)))
                && !self.ignore.iter().chain(here.iter().copied()).any(|start| code.starts_with(start))
        };
        let wanted = module.diagnostics().iter().filter(is_wanted);
        let Some(baseline) = &self.baseline else { return wanted.cloned().collect() };
        let mut known = baseline.get(module.name()).cloned().unwrap_or_default();
        let mut new = Vec::new();
        for finding in wanted {
            match known.get_mut(&(finding.rule.code(), finding.message.clone())) {
                Some(count) if *count > 0 => *count -= 1,
                _ => new.push(Diagnostic { severity: Severity::Error, ..finding.clone() }),
            }
        }
        new
    }
}

impl Baseline {
    /// What is reported now, to be known from now on.
    pub fn of(analysis: &Analysis, filter: &Filter) -> Baseline {
        let mut counts: BTreeMap<(String, String, String), u32> = BTreeMap::new();
        for module in analysis.requested() {
            for finding in filter.findings(module) {
                *counts.entry((module.name().to_owned(), finding.rule.code(), finding.message)).or_default() += 1;
            }
        }
        let findings = counts.into_iter();
        let findings =
            findings.map(|((module, code, message), count)| KnownFinding { module, code, message, count }).collect();
        Baseline { version: BASELINE_VERSION, findings }
    }

    /// How many findings it knows.
    pub fn count(&self) -> u32 {
        self.findings.iter().map(|finding| finding.count).sum()
    }
}

/// Beginnings of codes: `LYO`, `LYO1`, `LYO101`.
fn codes(given: Vec<String>) -> Result<Vec<String>, FilterError> {
    let is_known = |start: &String| !start.is_empty() && RULE_PAGES.iter().any(|(code, _)| code.starts_with(&**start));
    match given.iter().find(|start| !is_known(start)) {
        Some(unknown) => Err(FilterError::NoRule(unknown.clone())),
        None => Ok(given),
    }
}

fn path_glob(glob: &str) -> Result<GlobMatcher, FilterError> {
    let compiled = GlobBuilder::new(glob).literal_separator(true).build();
    compiled
        .map(|glob| glob.compile_matcher())
        .map_err(|error| FilterError::Glob { glob: glob.to_owned(), cause: error.kind().to_string() })
}
