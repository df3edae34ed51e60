//! What an analysis has seen of the disk, and whether it would see the same again.

use std::path::{Path, PathBuf};
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use rayon::prelude::*;
use serde::{Deserialize, Serialize};

use crate::analysis::Analysis;
use crate::files::{self, EntryKind, Listing};

/// A file that was changed less than this before it was looked at may be changed again without its times showing it.
const TICK: Duration = Duration::from_secs(2);

/// Folders that were listed and files that were read.
#[derive(Debug, Default, Serialize, Deserialize)]
pub struct Inputs {
    folders: Vec<(PathBuf, String)>,
    files: Vec<FileState>,
    /// A file that was written anew with the same content counts as another one.
    times_matter: bool,
}

/// A file as it was. Times tell quickly that it still is; if they tell nothing, its content does.
#[derive(Debug, Serialize, Deserialize)]
struct FileState {
    path: PathBuf,
    /// Nothing if there is no such file.
    times: Option<Times>,
    /// While the times are the same, so is the content.
    is_settled: bool,
    /// Of the content; empty if it could not be read.
    digest: String,
}

/// Size, time of modification and time of the last change of any kind.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
struct Times {
    size: u64,
    modified: u128,
    changed: u128,
}

impl Inputs {
    /// What an analysis rests on. `None` if a file has changed since.
    pub fn of(analysis: &Analysis) -> Option<Inputs> {
        let modules = &analysis.table.modules;
        let read: Vec<Option<FileState>> = modules
            .par_iter()
            .filter(|module| !module.is_gone)
            .map(|module| {
                let state = FileState::of(&module.path);
                let revision = state.times.map_or(0, |times| files::revision_of((times.modified, times.size)));
                (revision == module.revision).then_some(state)
            })
            .collect();
        let folders = analysis.resolver.listed().map(|(path, listing)| {
            let digest = digest_of(&path, listing.as_deref());
            (path, digest)
        });
        let files = read.into_iter().collect::<Option<_>>()?;
        let mut inputs = Inputs { folders: folders.collect(), files, times_matter: false };
        inputs.folders.sort();
        inputs.folders.par_iter().all(is_unchanged).then_some(inputs)
    }

    /// The same, but for an answer that holds when the files were modified.
    #[must_use]
    pub fn and_times(self) -> Inputs {
        Inputs { times_matter: true, ..self }
    }

    /// With one more file, which may be missing.
    #[must_use]
    pub fn and_file(mut self, path: &Path) -> Inputs {
        self.files.push(FileState::of(&files::absolute(path)));
        self
    }

    pub fn are_unchanged(&self) -> bool {
        self.folders.par_iter().all(is_unchanged)
            && self.files.par_iter().all(|file| file.is_unchanged(self.times_matter))
    }
}

fn is_unchanged((path, digest): &(PathBuf, String)) -> bool {
    folder_digest(path) == *digest
}

/// Of all that an import could find in a folder of the disk: names, and what they lead to.
pub fn folder_digest(folder: &Path) -> String {
    digest_of(folder, files::list(folder).as_ref())
}

/// The same of a folder that has been listed.
fn digest_of(folder: &Path, listing: Option<&Listing>) -> String {
    let Some(listing) = listing else {
        // Nothing, or an archive.
        return files::stamp(folder).map_or_else(String::new, |stamp| format!("{stamp:?}"));
    };
    let importable = listing.iter().filter(|(name, kind)| **kind != EntryKind::File || is_importable(name));
    let mut names: Vec<String> = importable.map(|(name, kind)| format!("{kind:?}/{name}/")).collect();
    names.sort_unstable();
    blake3::hash(names.concat().as_bytes()).to_hex().to_string()
}

/// Source, byte code, extension modules: `importlib.machinery.all_suffixes` on every platform.
fn is_importable(name: &str) -> bool {
    name.rsplit_once('.').is_some_and(|(_, suffix)| matches!(suffix, "py" | "pyc" | "pyd" | "pyw" | "so"))
}

impl FileState {
    fn of(path: &Path) -> FileState {
        // The times first: what is written after that changes them.
        let times = times(path);
        let is_settled = times.is_some_and(|times| times.are_old());
        FileState { path: path.to_owned(), times, is_settled, digest: digest(path) }
    }

    fn is_unchanged(&self, times_matter: bool) -> bool {
        let now = times(&self.path);
        let modified = |times: Option<Times>| times.map(|times| times.modified);
        self.is_settled && now == self.times
            || (!times_matter || modified(now) == modified(self.times)) && digest(&self.path) == self.digest
    }
}

impl Times {
    fn are_old(&self) -> bool {
        let now = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
        u128::max(self.modified, self.changed) + TICK.as_nanos() < now.as_nanos()
    }
}

fn times(path: &Path) -> Option<Times> {
    let metadata = std::fs::metadata(path).ok()?;
    let (modified, size) = files::stamp_of(&metadata)?;
    Some(Times { size, modified, changed: changed(&metadata).unwrap_or(modified) })
}

#[cfg(unix)]
fn changed(metadata: &std::fs::Metadata) -> Option<u128> {
    use std::os::unix::fs::MetadataExt;
    let (seconds, rest) = (u128::try_from(metadata.ctime()).ok()?, u128::try_from(metadata.ctime_nsec()).ok()?);
    Some(seconds * 1_000_000_000 + rest)
}

#[cfg(not(unix))]
fn changed(_: &std::fs::Metadata) -> Option<u128> {
    None
}

fn digest(path: &Path) -> String {
    files::read(path).map_or_else(|_| String::new(), |bytes| blake3::hash(&bytes).to_hex().to_string())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn inputs(folder: &Path) -> Inputs {
        let folders = vec![(folder.to_owned(), folder_digest(folder))];
        Inputs { folders, ..Inputs::default() }.and_file(&folder.join("a.py"))
    }

    #[test]
    fn a_change_is_noticed_and_its_being_taken_back_too() {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("a.py");
        std::fs::write(&file, "a = 1").unwrap();
        let inputs = inputs(folder.path());
        assert!(inputs.are_unchanged());
        // Of the same size, and so soon after that the times may be the same.
        std::fs::write(&file, "a = 2").unwrap();
        assert!(!inputs.are_unchanged());
        std::fs::write(&file, "a = 1").unwrap();
        assert!(inputs.are_unchanged());
        std::fs::remove_file(&file).unwrap();
        assert!(!inputs.are_unchanged());
    }

    #[test]
    fn names_that_come_into_a_folder_are_noticed() {
        let folder = tempfile::tempdir().unwrap();
        std::fs::write(folder.path().join("a.py"), "").unwrap();
        let inputs = inputs(folder.path());
        std::fs::write(folder.path().join("b.py"), "").unwrap();
        assert!(!inputs.are_unchanged());
        std::fs::remove_file(folder.path().join("b.py")).unwrap();
        assert!(inputs.are_unchanged());
        std::fs::create_dir(folder.path().join("b.py")).unwrap();
        assert!(!inputs.are_unchanged());
        std::fs::remove_dir(folder.path().join("b.py")).unwrap();
        std::fs::write(folder.path().join("app.lyo"), "").unwrap();
        assert!(inputs.are_unchanged());
    }

    #[test]
    fn old_times_are_believed() {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("a.py");
        std::fs::write(&file, "a = 1").unwrap();
        let state = FileState { is_settled: true, digest: "of something else".to_owned(), ..FileState::of(&file) };
        assert!(state.is_unchanged(false));
        assert!(!FileState { is_settled: false, ..state }.is_unchanged(false));
    }

    #[test]
    fn a_file_that_was_written_anew_counts_where_times_matter() {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("a.py");
        std::fs::write(&file, "a = 1").unwrap();
        let opened = std::fs::File::options().write(true).open(&file).unwrap();
        opened.set_modified(UNIX_EPOCH).unwrap();
        let (inputs, exact) = (inputs(folder.path()), inputs(folder.path()).and_times());
        assert!(exact.are_unchanged());
        opened.set_modified(UNIX_EPOCH + TICK).unwrap();
        assert!(inputs.are_unchanged());
        assert!(!exact.are_unchanged());
    }
}
