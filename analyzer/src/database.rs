//! The salsa database: what is known of single files, and when it must be computed anew.
//!
//! Queries stop at the file's border. What spans modules (the graph, evaluation,
//! verdicts) is computed outside, over a table, because a query that took part in
//! a cycle never backdates, and real import graphs have cycles of hundreds of modules.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use const_eval::reason::Rule;
use rustc_hash::FxHashMap;
use salsa::Setter;
use syntax::TextRange;
use syntax::ir::{self, Name, Occasion};

use crate::files::{self, Files};

/// Whether the file is there. Inputs can't be deleted, so a file that is gone says so.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum FileStatus {
    Present,
    Gone,
}

/// A file of Python source. Its text is read by [`text`], not kept here.
#[salsa::input(debug)]
pub struct SourceFile {
    #[returns(deref)]
    pub path: PathBuf,
    /// Changes when the text does.
    #[returns(copy)]
    pub revision: u64,
    #[returns(copy)]
    pub status: FileStatus,
}

/// What lowering depends on besides the text.
#[salsa::input(singleton)]
pub struct Settings {
    #[returns(copy)]
    pub version: (u8, u8),
    #[returns(copy)]
    pub optimize: u8,
}

/// What the queries need.
#[salsa::db]
pub trait Db: salsa::Database {
    /// The files as they are now. Whoever replaces them sets the revisions of those that changed.
    fn files(&self) -> &Files;
}

#[salsa::db]
#[derive(Clone, Default)]
pub struct Database {
    storage: salsa::Storage<Self>,
    pub files: Files,
}

#[salsa::db]
impl salsa::Database for Database {}

#[salsa::db]
impl Db for Database {
    fn files(&self) -> &Files {
        &self.files
    }
}

/// Why a file has no IR.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Failure {
    pub rule: Rule,
    pub message: String,
    /// In the text, if there is one.
    pub range: Option<TextRange>,
    /// Line from 1, where there is no text for a range to lie in.
    pub line: u32,
}

/// The decoded source. Separate from [`lowered`] because positions need it when the IR does not change.
#[salsa::tracked(returns(clone))]
pub fn text(db: &dyn Db, file: SourceFile) -> Result<Arc<str>, Arc<[Failure]>> {
    file.revision(db);
    let failure =
        |rule, message: String, line| -> Arc<[Failure]> { Arc::new([Failure { rule, message, range: None, line }]) };
    if file.status(db) == FileStatus::Gone {
        return Err(failure(Rule::Unreadable, "the file is gone".to_owned(), 1));
    }
    let undecodable = |error: syntax::DecodeError| failure(Rule::Undecodable, error.to_string(), error.line);
    if let Some(buffer) = db.files().buffer(file.path(db)) {
        return syntax::check_decoded(&buffer.text).map(|()| buffer.text.clone()).map_err(undecodable);
    }
    let bytes = files::read(file.path(db))
        .map_err(|error| failure(Rule::Unreadable, format!("the file can't be read: {error}"), 1))?;
    syntax::decode(&bytes).map(Arc::from).map_err(undecodable)
}

/// The IR. Not compared: nearly every edit changes a range in it.
#[salsa::tracked(returns(clone), no_eq)]
pub fn lowered(db: &dyn Db, file: SourceFile) -> Result<Arc<ir::Module>, Arc<[Failure]>> {
    let text = text(db, file)?;
    let settings = Settings::get(db);
    let options = syntax::LowerOptions { version: settings.version(db), optimize: settings.optimize(db) };
    match syntax::lower_source(&text, &options) {
        Ok(module) => Ok(Arc::new(module)),
        Err(errors) => Err(errors.into_iter().map(failure_of).collect()),
    }
}

fn failure_of(error: syntax::SyntaxError) -> Failure {
    let rule = match error.kind {
        syntax::SyntaxErrorKind::TooDeep => Rule::TooDeep,
        syntax::SyntaxErrorKind::Invalid | syntax::SyntaxErrorKind::TooNew => Rule::SyntaxError,
    };
    Failure { rule, message: error.message, range: Some(error.range), line: 1 }
}

/// What an import statement asks for; it knows no place.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Request {
    pub level: u32,
    pub module: Name,
    pub names: Vec<Name>,
    pub occasion: Occasion,
}

/// What the import graph needs of a file.
#[derive(Debug, Default, PartialEq, Eq)]
pub struct ImportSummary {
    /// Import statements that run at import or in a script, in source order, each once.
    pub requests: Vec<Request>,
    /// Names that the top level may bind, sorted.
    pub binds: Vec<Name>,
    pub has_star_import: bool,
}

impl ImportSummary {
    pub fn may_bind(&self, name: &str) -> bool {
        self.has_star_import || self.binds.binary_search_by(|bound| (**bound).cmp(name)).is_ok()
    }
}

/// The projection that the import graph is built from: it stays the same under most edits,
/// and so keeps them from reaching the graph.
#[salsa::tracked(returns(clone))]
pub fn import_summary(db: &dyn Db, file: SourceFile) -> Arc<ImportSummary> {
    let Ok(module) = lowered(db, file) else {
        return Arc::default();
    };
    let mut summary = ImportSummary::default();
    let mut seen = rustc_hash::FxHashSet::default();
    let is_renamed = module.statements.iter().any(|statement| statement.binds.iter().any(|name| &**name == "__name__"));
    for site in &module.imports {
        let occasion = match site.occasion {
            Occasion::Never => continue,
            Occasion::Script if is_renamed => Occasion::Always,
            occasion => occasion,
        };
        summary.has_star_import |= site.names.iter().any(|name| &**name == "*");
        let request = Request { level: site.level, module: site.module.clone(), names: site.names.clone(), occasion };
        if seen.insert(request.clone()) {
            summary.requests.push(request);
        }
    }
    let bound = module.statements.iter().filter(|statement| !imports_own_submodules(&module, statement));
    summary.binds = bound.flat_map(|statement| statement.binds.iter().cloned()).collect();
    summary.binds.sort_unstable();
    summary.binds.dedup();
    Arc::new(summary)
}

/// `from . import a, b`: in a package's `__init__` that binds its submodules to what they are
/// bound to anyway. (Elsewhere nobody asks whether a name shadows a submodule.)
fn imports_own_submodules(module: &syntax::ir::Module, statement: &syntax::ir::TopLevel) -> bool {
    statement.kind == syntax::ir::StatementKind::Import
        && module.imports.iter().any(|site| {
            statement.range.contains_range(site.range)
                && site.level == 1
                && site.module.is_empty()
                && statement.binds.iter().all(|name| site.names.contains(name))
        })
}

/// The sources by their paths: an input for each file that was ever asked for.
#[derive(Default)]
pub struct Sources {
    known: FxHashMap<PathBuf, SourceFile>,
}

impl Sources {
    /// The input of a file, brought up to date.
    pub fn get(&mut self, database: &mut Database, path: &Path) -> SourceFile {
        let (revision, status) = match database.files.revision(path) {
            Some(revision) => (revision, FileStatus::Present),
            None => (0, FileStatus::Gone),
        };
        if let Some(&file) = self.known.get(path) {
            // A setter never compares, and each starts a new revision of the database.
            if file.revision(database) != revision {
                file.set_revision(database).to(revision);
            }
            if file.status(database) != status {
                file.set_status(database).to(status);
            }
            return file;
        }
        let file = SourceFile::new(database, path.to_owned(), revision, status);
        self.known.insert(path.to_owned(), file);
        file
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn summary_of(text: &str) -> Arc<ImportSummary> {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("a.py");
        std::fs::write(&path, text).unwrap();
        let database = Database::default();
        Settings::new(&database, (3, 13), 0);
        import_summary(&database, SourceFile::new(&database, path, 1, FileStatus::Present))
    }

    #[test]
    fn a_summary_knows_what_is_asked_for_and_no_places() {
        let summary = summary_of("import a\nfrom .b import c as d\nif x:\n    from e import *\n");
        let requests: Vec<String> = summary
            .requests
            .iter()
            .map(|request| format!("{} {} {}", request.level, request.module, request.names.join(",")))
            .collect();
        assert_eq!(requests, ["0 a ", "1 b c", "0 e *"]);
        assert!(summary.has_star_import && summary.may_bind("anything"));
        assert_eq!(summary.binds.iter().map(|name| &**name).collect::<Vec<_>>(), ["a", "d"]);
        assert_eq!(summary_of("x = 1\nimport a\n").requests, summary_of("import a\nimport a\n").requests);
        assert!(summary_of("if TYPE_CHECKING:\n    import a\n").requests.is_empty());
    }

    #[test]
    fn a_file_that_vanished_or_was_never_there_is_unreadable() {
        let database = Database::default();
        let path = PathBuf::from("/nowhere/at/all.py");
        for status in [FileStatus::Present, FileStatus::Gone] {
            let file = SourceFile::new(&database, path.clone(), 1, status);
            let failures = text(&database, file).unwrap_err();
            assert_eq!(failures[0].rule, Rule::Unreadable);
        }
    }
}
