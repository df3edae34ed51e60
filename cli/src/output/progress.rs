//! The progress bar on stderr; only on a terminal.

use std::time::Duration;

use analyzer::{Analysis, AnalyzeError, Prepared, Progress};
use indicatif::{ProgressBar, ProgressStyle};

/// Analyses, with a bar.
pub fn analyze(prepared: Prepared) -> Result<Analysis, AnalyzeError> {
    let bar = AnalysisBar::new();
    let analysis = prepared.analyze(&|progress| bar.hear(progress));
    bar.finish();
    analysis
}

/// A bar for one analysis: files loaded, then modules evaluated.
struct AnalysisBar {
    bar: ProgressBar,
}

impl AnalysisBar {
    fn new() -> AnalysisBar {
        // indicatif draws nothing where stderr is no terminal.
        let bar = ProgressBar::new(0);
        if let Ok(style) = ProgressStyle::with_template("{msg:10} {bar:30} {pos}/{len}") {
            bar.set_style(style);
        }
        bar.set_message("loading");
        AnalysisBar { bar }
    }

    fn hear(&self, progress: Progress) {
        match progress {
            Progress::Found(count) => self.bar.inc_length(count as u64),
            Progress::Loaded | Progress::Evaluated | Progress::Kept => self.bar.inc(1),
            Progress::Evaluating(count) => {
                self.bar.set_message("evaluating");
                self.bar.set_position(0);
                self.bar.set_length(count as u64);
                self.bar.enable_steady_tick(Duration::from_millis(200));
            }
        }
    }

    fn finish(&self) {
        self.bar.finish_and_clear();
    }
}

/// A bar that counts finished pieces of work.
pub struct CountBar {
    bar: ProgressBar,
}

impl CountBar {
    pub fn new(what: &'static str) -> CountBar {
        let bar = ProgressBar::new(0);
        if let Ok(style) = ProgressStyle::with_template("{msg:10} {bar:30} {pos}/{len}") {
            bar.set_style(style);
        }
        bar.set_message(what);
        CountBar { bar }
    }

    pub fn set_length(&self, length: usize) {
        self.bar.set_length(length as u64);
    }

    pub fn advance(&self) {
        self.bar.inc(1);
    }

    pub fn finish(&self) {
        self.bar.finish_and_clear();
    }
}
