//! What the path finder would find, without asking it: for plain directories only.
//!
//! `PathFinder` goes through the path; for a directory, its `FileFinder` compares the directory's
//! time stamp with that of its listing, looks for names in the listing, and looks at files. The same
//! is done here, with listings of our own. Whatever is not plain (path hooks, zip files, relative
//! entries, namespace packages, a name that stands for two things) is left to the path finder.

use std::cell::RefCell;
use std::ffi::{OsStr, OsString};
use std::fs::{self, Metadata};
use std::path::{Path, PathBuf};
use std::time::SystemTime;

use artifact::Entry;
use rustc_hash::{FxHashMap, FxHashSet};

/// Directories that were listed, with their time stamps.
#[derive(Default)]
pub struct Listings {
    known: RefCell<FxHashMap<OsString, Listing>>,
    /// Of directories that can't change: names up to the first dot; nothing, where a directory can't be listed.
    stems: RefCell<FxHashMap<OsString, Option<FxHashSet<String>>>>,
}

struct Listing {
    modified: SystemTime,
    names: FxHashSet<OsString>,
}

/// What one entry of the path holds under a module's name.
pub enum Holding {
    Nothing,
    /// Exactly the source that the bundle's module was made from, by size and time stamp.
    Source {
        origin: PathBuf,
        package: Option<PathBuf>,
    },
    /// Something else.
    Other,
}

impl Listings {
    pub fn forget(&self) {
        self.known.borrow_mut().clear();
        self.stems.borrow_mut().clear();
    }

    /// Whether a directory that can't change may hold something under the last part of a module's name.
    pub fn may_hold(&self, directory: &str, tail: &str) -> bool {
        let directory = if directory.is_empty() { "." } else { directory };
        let mut stems = self.stems.borrow_mut();
        let stems = stems.entry(directory.into()).or_insert_with(|| stems_in(directory));
        stems.as_ref().is_none_or(|stems| stems.contains(tail))
    }

    /// Whether this was a directory when it was last looked at.
    pub fn knows(&self, directory: &str) -> bool {
        self.known.borrow().contains_key(OsStr::new(directory))
    }

    /// What the directory holds under the last part of the module's name. `suffixes`: those of
    /// extension modules.
    pub fn holding(&self, directory: &Path, entry: &Entry<'_>, suffixes: &[String]) -> Holding {
        let tail = entry.name().rsplit('.').next().unwrap_or_default();
        let found = self.look_into(directory, |names| {
            let mut name = String::from(tail);
            let mut has = |suffix: &str| {
                name.truncate(tail.len());
                name.push_str(suffix);
                names.contains(OsStr::new(&name))
            };
            (has(""), has(".py"), has(".pyc"), suffixes.iter().any(|suffix| has(suffix)))
        });
        match found {
            None => Holding::Other,
            Some((false, false, false, false)) => Holding::Nothing,
            Some((true, ..)) if entry.is_package() => self.package(directory.join(tail), entry, suffixes),
            Some((false, true, _, false)) if !entry.is_package() => {
                source(directory.join(format!("{tail}.py")), None, entry)
            }
            Some(_) => Holding::Other,
        }
    }

    fn package(&self, folder: PathBuf, entry: &Entry<'_>, suffixes: &[String]) -> Holding {
        let is_extension = self.look_into(&folder, |names| {
            suffixes.iter().any(|suffix| names.contains(OsStr::new(&format!("__init__{suffix}"))))
        });
        match is_extension {
            Some(false) => source(folder.join("__init__.py"), Some(folder), entry),
            _ => Holding::Other,
        }
    }

    /// Asks for names in a directory, which is listed again where it has changed; nothing, where it is none.
    fn look_into<T>(&self, directory: &Path, ask: impl FnOnce(&FxHashSet<OsString>) -> T) -> Option<T> {
        let modified = fs::metadata(directory).ok()?.modified().ok()?;
        let mut known = self.known.borrow_mut();
        if let Some(listing) = known.get(directory.as_os_str())
            && listing.modified == modified
        {
            return Some(ask(&listing.names));
        }
        let names = fs::read_dir(directory).ok()?.flatten().map(|entry| entry.file_name()).collect();
        let answer = ask(&names);
        known.insert(directory.as_os_str().to_owned(), Listing { modified, names });
        Some(answer)
    }
}

fn stems_in(directory: &str) -> Option<FxHashSet<String>> {
    let entries = match fs::read_dir(directory) {
        Ok(entries) => entries,
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => return Some(FxHashSet::default()),
        Err(_) => return None,
    };
    let stem = |name: OsString| name.to_str().map(|name| name.split('.').next().unwrap_or_default().to_owned());
    Some(entries.flatten().filter_map(|entry| stem(entry.file_name())).collect())
}

fn source(origin: PathBuf, package: Option<PathBuf>, entry: &Entry<'_>) -> Holding {
    match fs::metadata(&origin) {
        Ok(status) if is_unchanged(&status, entry) => Holding::Source { origin, package },
        _ => Holding::Other,
    }
}

fn is_unchanged(status: &Metadata, entry: &Entry<'_>) -> bool {
    let source = entry.source();
    let seconds = status
        .modified()
        .ok()
        .and_then(|modified| modified.duration_since(SystemTime::UNIX_EPOCH).ok())
        .map(|since| since.as_secs());
    status.is_file() && status.len() == source.size && seconds == Some(source.mtime)
}
