//! One build: from a plan to a bundle on disk.

use std::collections::HashSet;
use std::path::Path;

use analyzer::Store;
use artifact::WriteError;
use artifact::model::Target;
use tempfile::TempDir;
use thiserror::Error;

use crate::assemble::{assemble, read_sources};
use crate::drive::{DriveError, Driver, Warning};
use crate::harvests::Harvests;
use crate::marshal;
use crate::plan::{Kind, LeftOut, Plan};

#[derive(Debug, Error)]
pub enum BuildError {
    #[error(
        "{executable} has no package `lyo`, which guards are computed with: install it there (`{executable} -m pip install .` in Lyo's sources)"
    )]
    NoRuntime { executable: String },
    #[error(transparent)]
    Drive(#[from] DriveError),
    #[error("{path} can't be written: {cause}; what was there before is unchanged")]
    Write { path: String, cause: WriteError },
}

/// Something happened that a progress bar may show.
#[derive(Clone, Copy, Debug)]
pub enum Progress {
    /// So many modules are to be harvested.
    Harvesting(usize),
    /// One module is done.
    Harvested,
}

/// What a build did.
#[derive(Clone, Debug, Default)]
pub struct Summary {
    /// Modules in the bundle with an image.
    pub rehydrated: usize,
    /// Those of them of which some statements run as code.
    pub partly: usize,
    /// Modules in the bundle as plain code: name and reason, sorted.
    pub code: Vec<(String, String)>,
    /// Modules of [`Self::code`] that were proven strict and fell back.
    pub fallen_back: Vec<String>,
    pub left_out: Vec<LeftOut>,
    /// Defects that the build noticed and got around.
    pub warnings: Vec<Warning>,
    /// Bytes of the bundle.
    pub size: u64,
}

/// How a build is done, apart from what it reads.
pub struct Settings<'a> {
    pub executable: &'a Path,
    /// `lyo._native` of the target.
    pub native: Option<&'a Path>,
    pub target: Target,
    pub workers: usize,
    /// `PYTHONHASHSEED` of the harvester; results don't depend on it.
    pub hash_seed: u32,
    /// What was harvested before.
    pub harvests: Store,
}

/// Builds the bundle of a plan and writes it to `output`.
pub fn build_plan(
    plan: &Plan,
    settings: &Settings,
    output: &Path,
    progress: &(dyn Fn(Progress) + Sync),
) -> Result<Summary, BuildError> {
    let sources = read_sources(plan);
    let names = |wanted: bool| {
        plan.modules
            .iter()
            .filter(move |module| (module.kind == Kind::Strict || module.steps) == wanted)
            .map(|module| module.name.clone())
            .collect::<Vec<_>>()
    };
    // Without it, each process compiles for itself.
    let scratch = tempfile::tempdir().ok();
    let driver = Driver {
        executable: settings.executable,
        plan: marshal::dumps(&plan.message(settings.native, scratch.as_ref().map(TempDir::path))),
        hash_seed: settings.hash_seed,
        workers: settings.workers,
        harvests: Harvests::new(plan, &sources, settings),
    };
    progress(Progress::Harvesting(plan.modules.len()));
    let (proven, plain) = (names(true), names(false));
    let harvested = driver.run(&proven, &plain, &|| progress(Progress::Harvested))?;
    settings.harvests.trim();
    let assembled = assemble(settings.target.clone(), plan, &sources, harvested);
    let failed = |cause: WriteError| BuildError::Write { path: output.display().to_string(), cause };
    artifact::write_bundle(output, &assembled.bundle).map_err(failed)?;
    let size = std::fs::metadata(output).map_err(|error| failed(error.into()))?.len();
    let strict: HashSet<&str> =
        plan.modules.iter().filter(|module| module.kind == Kind::Strict).map(|module| module.name.as_str()).collect();
    let mut summary =
        Summary { left_out: assembled.left_out, warnings: assembled.warnings, size, ..Summary::default() };
    for artifact in &assembled.bundle.artifacts {
        if artifact.image.is_some() {
            summary.rehydrated += 1;
            summary.partly += usize::from(artifact.image.as_ref().is_some_and(|image| image.step.is_some()));
        } else {
            summary.code.push((artifact.name.clone(), artifact.reason.clone()));
            if strict.contains(artifact.name.as_str()) {
                summary.fallen_back.push(artifact.name.clone());
            }
        }
    }
    Ok(summary)
}
