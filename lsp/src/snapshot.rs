//! One finished analysis of a workspace folder, as requests look at it.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use analyzer::{AnalysedModule, Analysis};
use const_eval::value::ModuleId;
use lsp_types::Range;
use rustc_hash::FxHashMap;

use crate::position::{Encoding, Lines};

pub struct Snapshot {
    pub analysis: Arc<Analysis>,
    by_path: FxHashMap<PathBuf, ModuleId>,
}

impl Snapshot {
    pub fn new(analysis: Arc<Analysis>) -> Snapshot {
        let mut by_path = FxHashMap::default();
        for module in analysis.modules() {
            // A file that is looked at under two names is first of all what the user asked about.
            let entry = by_path.entry(module.path().to_owned()).or_insert_with(|| module.id());
            if module.is_requested() {
                *entry = module.id();
            }
        }
        Snapshot { analysis, by_path }
    }

    pub fn module(&self, path: &Path) -> Option<AnalysedModule<'_>> {
        self.by_path.get(path).map(|id| self.analysis.module(*id))
    }
}

pub fn lines(module: AnalysedModule<'_>, encoding: Encoding) -> Lines<'_> {
    Lines { text: module.text(), index: module.line_index(), encoding }
}

/// The place of a line that is known by its number, from 1, alone.
pub fn line_range(line: u32) -> Range {
    let start = lsp_types::Position { line: line.saturating_sub(1), character: 0 };
    Range { start, end: start }
}
