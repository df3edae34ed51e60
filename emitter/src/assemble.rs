//! From what the harvester sent to the bundle.

use std::collections::BTreeMap;
use std::path::Path;
use std::time::UNIX_EPOCH;

use artifact::model::{Artifact, Bundle, Source, Target};

use crate::canonical::canonical;
use crate::drive::{Harvested, Outcome, Warning};
use crate::image::image;
use crate::plan::{LeftOut, ModulePlan, Plan};

/// How a source file looked before it was harvested.
pub type Sources = BTreeMap<String, Result<Source, String>>;

/// A bundle, and what did not get into it.
pub struct Assembled {
    pub bundle: Bundle,
    pub left_out: Vec<LeftOut>,
    pub warnings: Vec<Warning>,
}

/// Notes size, time and digest of every module's source.
pub fn read_sources(plan: &Plan) -> Sources {
    use rayon::prelude::*;
    let found: Vec<_> = plan.modules.par_iter().map(|module| (module.name.clone(), source(module))).collect();
    found.into_iter().collect()
}

fn source(module: &ModulePlan) -> Result<Source, String> {
    let failed = |error: std::io::Error| format!("its source can't be read: {error}");
    let bytes = std::fs::read(&module.path).map_err(failed)?;
    let metadata = std::fs::metadata(&module.path).map_err(failed)?;
    let mtime =
        metadata.modified().ok().and_then(|time| time.duration_since(UNIX_EPOCH).ok()).map_or(0, |age| age.as_secs());
    let text = |path: &Path| path.to_str().map(str::to_owned).ok_or_else(|| "its path is no valid text".to_owned());
    let relative = module.path.strip_prefix(&module.root).unwrap_or(&module.path);
    Ok(Source {
        path: text(&module.path)?,
        root: text(&module.root)?,
        relative: text(relative)?,
        size: bytes.len() as u64,
        mtime,
        digest: *blake3::hash(&bytes).as_bytes(),
    })
}

/// Puts the bundle together. `sources` were read before the harvest; a file that changed since is left out.
pub fn assemble(
    target: Target,
    plan: &Plan,
    sources: &Sources,
    mut harvested: BTreeMap<String, Harvested>,
) -> Assembled {
    let mut assembled =
        Assembled { bundle: Bundle { target, artifacts: Vec::new() }, left_out: Vec::new(), warnings: Vec::new() };
    for module in &plan.modules {
        let Some(found) = harvested.remove(&module.name) else {
            assembled.leave_out(module, "the target interpreter did not deliver it");
            continue;
        };
        assembled.warnings.extend(found.warnings);
        let source = match sources.get(&module.name) {
            Some(Ok(source)) => source.clone(),
            Some(Err(reason)) => {
                assembled.leave_out(module, reason);
                continue;
            }
            None => continue,
        };
        if self::source(module).as_ref() != Ok(&source) {
            assembled.leave_out(module, "its source changed during the build");
            continue;
        }
        let (code, image, reason) = match found.outcome {
            Outcome::Image { nodes, operations, guards, step } => {
                match image(nodes, operations, guards, step, module.is_read_raw) {
                    Ok(image) => (Vec::new(), Some(image), String::new()),
                    Err(error) => (Vec::new(), None, error.to_string()),
                }
            }
            Outcome::Code { code, reason } => (code, None, reason),
            Outcome::Nothing { reason } => {
                assembled.leave_out(module, &reason);
                continue;
            }
        };
        assembled.bundle.artifacts.push(Artifact {
            name: module.name.clone(),
            is_package: module.is_package,
            source,
            code: canonical(&code).unwrap_or(code),
            image,
            reason,
        });
    }
    assembled.warnings.sort();
    assembled
}

impl Assembled {
    fn leave_out(&mut self, module: &ModulePlan, reason: &str) {
        self.left_out.push(LeftOut { name: module.name.clone(), reason: reason.to_owned() });
    }
}
