//! What the path finder would find, without asking it: for plain directories only.
//!
//! `PathFinder` goes through the path; for a directory, its `FileFinder` compares the directory's
//! time stamp with that of its listing, looks for names in the listing, and looks at files. The same
//! is done here, with listings of our own. Whatever is not plain (path hooks, zip files, relative
//! entries, namespace packages, a name that stands for two things) is left to the path finder.

use std::cell::RefCell;
use std::collections::{HashMap, HashSet};
use std::ffi::OsString;
use std::fs::{self, Metadata};
use std::path::{Path, PathBuf};
use std::time::SystemTime;

use artifact::Entry;

/// Directories that were listed, with their time stamps.
#[derive(Default)]
pub struct Listings {
    known: RefCell<HashMap<PathBuf, Listing>>,
}

struct Listing {
    modified: Option<SystemTime>,
    names: HashSet<OsString>,
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
    }

    /// What the directory holds under the last part of the module's name. `suffixes`: those of
    /// extension modules.
    pub fn holding(&self, directory: &Path, entry: &Entry<'_>, suffixes: &[String]) -> Holding {
        let tail = entry.name().rsplit('.').next().unwrap_or_default();
        let modified = fs::metadata(directory).ok().and_then(|status| status.modified().ok());
        let mut known = self.known.borrow_mut();
        let listing = match known.get_mut(directory) {
            Some(listing) => listing,
            None => known.entry(directory.to_owned()).or_insert(Listing { modified: None, names: HashSet::new() }),
        };
        if listing.modified != modified || modified.is_none() {
            listing.modified = modified;
            listing.names = list(directory);
        }
        let has = |suffix: &str| listing.names.contains(&*OsString::from(format!("{tail}{suffix}")));
        let is_extension = suffixes.iter().any(|suffix| has(suffix));
        if !has("") && !is_extension && !has(".py") && !has(".pyc") {
            return Holding::Nothing;
        }
        if entry.is_package() {
            if has("") { package(directory.join(tail), entry, suffixes) } else { Holding::Other }
        } else if has("") || is_extension || !has(".py") {
            Holding::Other
        } else {
            source(directory.join(format!("{tail}.py")), None, entry)
        }
    }
}

fn list(directory: &Path) -> HashSet<OsString> {
    match fs::read_dir(directory) {
        Ok(entries) => entries.flatten().map(|entry| entry.file_name()).collect(),
        Err(_) => HashSet::new(),
    }
}

fn package(folder: PathBuf, entry: &Entry<'_>, suffixes: &[String]) -> Holding {
    for suffix in suffixes {
        if fs::metadata(folder.join(format!("__init__{suffix}"))).is_ok_and(|status| status.is_file()) {
            return Holding::Other;
        }
    }
    source(folder.join("__init__.py"), Some(folder), entry)
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
