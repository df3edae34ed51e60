//! Module resolution, the import graph, verdicts, rules and diagnostics.
//!
//! [`analyze`] does it all: it finds the target interpreter and the modules, loads
//! them and what they import, evaluates them, and judges them. **No module of the
//! project is run**; the interpreter is asked only what it is (see `python/facts.py`
//! and the probe of `const-eval`).

mod analysis;
mod cache;
mod causes;
mod closed;
mod compiled;
mod config;
mod consult;
mod cycle;
mod database;
mod diagnostics;
mod discover;
mod effects;
mod evaluate;
mod files;
mod filter;
mod globs;
mod graph;
mod interpreter;
mod kept;
mod load;
mod panics;
mod renew;
mod report;
mod resolve;
mod rule_pages;
mod rules;
mod session;
mod site;
mod target;
mod verdict;

pub use analysis::{AnalysedModule, Analysis, Options, analyze};
pub use cache::{
    Answer, Inputs, Kind as CacheKind, Memory, Question, Store, clean as clean_cache, folder as cache_folder,
    folder_digest, page as keep_page,
};
pub use causes::{Cause, causes};
pub use config::{Config, ConfigError};
pub use diagnostics::{Diagnostic, Severity, readable, shortened};
pub use discover::{DiscoverError, Trouble};
pub use effects::{EffectReport, OperandReport, StepReport, effects, effects_of};
pub use evaluate::{Evaluation, View};
pub use files::{Buffer, Files};
pub use filter::{Baseline, Filter, FilterError};
pub use globs::{GlobError, ModuleGlobs};
pub use graph::{Condensation, condense};
pub use interpreter::InterpreterError;
pub use load::Progress;
pub use report::{
    DiagnosticReport, Guard, LinkReport, ModuleReport, PathReport, PositionReport, REPORT_VERSION, RangeReport, Report,
    diagnostic_report, guards,
};
pub use rule_pages::{RULE_PAGES, rule_page};
pub use rules::title as rule_title;
pub use session::{AnalyzeError, Observer, Prepared, Session};
pub use site::SearchPath;
pub use target::{Facts, Interpreter};
pub use verdict::{StatementCounts, Verdict};
