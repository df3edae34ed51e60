//! The only door to the file system: reading files, listing folders.
//!
//! An editor's unsaved texts lie over the disk ([`Files`]): a file with a *buffer* is what the
//! buffer says, whether or not there is one on the disk.

use std::io;
use std::path::{Component, Path, PathBuf};
use std::sync::Arc;

use dashmap::DashMap;
use rustc_hash::{FxBuildHasher, FxHashMap};

/// What a name in a folder leads to, symbolic links followed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum EntryKind {
    File,
    Folder,
    /// A socket, a dangling link, …
    Other,
}

/// The names in one folder.
pub type Listing = FxHashMap<String, EntryKind>;

/// A text that an editor holds.
#[derive(Clone, Debug)]
pub struct Buffer {
    pub text: Arc<str>,
    /// Another one whenever the text is another one, of this file or of any other.
    pub revision: u64,
}

/// The files as one analysis sees them: the disk, and over it the buffers of an editor. A value: buffers
/// don't change.
#[derive(Clone, Debug, Default)]
pub struct Files {
    buffers: Arc<FxHashMap<PathBuf, Buffer>>,
}

impl Files {
    /// The paths are absolute.
    pub fn with_buffers(buffers: FxHashMap<PathBuf, Buffer>) -> Files {
        Files { buffers: Arc::new(buffers) }
    }

    pub fn buffer(&self, path: &Path) -> Option<&Buffer> {
        self.buffers.get(path)
    }

    pub fn is_file(&self, path: &Path) -> bool {
        self.buffers.contains_key(path) || is_file(path)
    }

    /// Files with a buffer, in no particular order.
    pub fn buffered(&self) -> impl Iterator<Item = &Path> {
        self.buffers.keys().map(PathBuf::as_path)
    }

    /// Whether the same files are there, as long as nothing changes on the disk: what lies below a buffer that came or
    /// went is a file too.
    pub fn has_the_same_files(&self, other: &Files) -> bool {
        let alone = |path: &&Path| self.buffer(path).is_none() || other.buffer(path).is_none();
        self.buffered().chain(other.buffered()).filter(alone).all(is_file)
    }

    /// A number that changes when the file does; `None` if there is no such file.
    pub fn revision(&self, path: &Path) -> Option<u64> {
        if let Some(buffer) = self.buffer(path) {
            return Some(buffer.revision);
        }
        stamp(path).map(revision_of)
    }

    /// The names in a folder, files that only a buffer holds among them.
    fn list(&self, folder: &Path) -> Option<Listing> {
        let mut listing = list(folder);
        for path in self.buffered() {
            let Ok(inside) = path.strip_prefix(folder) else { continue };
            let mut parts = inside.components();
            let Some(name) = parts.next().and_then(|part| part.as_os_str().to_str()) else { continue };
            let kind = if parts.next().is_none() { EntryKind::File } else { EntryKind::Folder };
            listing.get_or_insert_default().entry(name.to_owned()).or_insert(kind);
        }
        listing
    }
}

/// Folders listed once each, as `importlib`'s `FileFinder` keeps them.
/// Names that are not Unicode can't be imported and are left out.
#[derive(Clone, Debug, Default)]
pub struct Listings {
    files: Files,
    folders: DashMap<PathBuf, Option<Arc<Listing>>, FxBuildHasher>,
}

impl Listings {
    pub fn new(files: Files) -> Listings {
        Listings { files, folders: DashMap::default() }
    }

    /// Whether all folders, those that were listed and others, still hold the same names, for these files.
    pub fn are_current(&self, files: &Files) -> bool {
        self.files.has_the_same_files(files)
            && self.folders.iter().all(|entry| entry.value().as_deref() == files.list(entry.key()).as_ref())
    }

    /// The folders that were asked for, with what was told of them.
    pub fn listed(&self) -> impl Iterator<Item = (PathBuf, Option<Arc<Listing>>)> + '_ {
        self.folders.iter().map(|entry| (entry.key().clone(), entry.value().clone()))
    }

    /// The folder's names; `None` if it is no folder or can't be read.
    pub fn list(&self, folder: &Path) -> Option<Arc<Listing>> {
        if let Some(known) = self.folders.get(folder) {
            return known.clone();
        }
        let listing = self.files.list(folder).map(Arc::new);
        self.folders.entry(folder.to_owned()).or_insert(listing).clone()
    }
}

/// The names in a folder on the disk; `None` if it is no folder or can't be read.
pub fn list(folder: &Path) -> Option<Listing> {
    read_listing(folder).ok()
}

fn read_listing(folder: &Path) -> io::Result<Listing> {
    let mut listing = Listing::default();
    for entry in std::fs::read_dir(folder)? {
        let Ok(entry) = entry else { continue };
        let Ok(name) = entry.file_name().into_string() else {
            continue;
        };
        let Ok(mut kind) = entry.file_type() else {
            continue;
        };
        if kind.is_symlink() {
            match std::fs::metadata(entry.path()) {
                Ok(metadata) => kind = metadata.file_type(),
                Err(_) => {
                    listing.insert(name, EntryKind::Other);
                    continue;
                }
            }
        }
        let kind = if kind.is_dir() {
            EntryKind::Folder
        } else if kind.is_file() {
            EntryKind::File
        } else {
            EntryKind::Other
        };
        listing.insert(name, kind);
    }
    Ok(listing)
}

/// Reads a whole regular file. Pipes and devices, which might never end, are refused.
pub fn read(path: &Path) -> io::Result<Vec<u8>> {
    if !std::fs::metadata(path)?.is_file() {
        return Err(io::Error::new(io::ErrorKind::InvalidInput, "not a regular file"));
    }
    std::fs::read(path)
}

pub fn is_file(path: &Path) -> bool {
    path.is_file()
}

pub fn is_folder(path: &Path) -> bool {
    path.is_dir()
}

/// The path made absolute and free of `.` and `..`, as Python's `os.path.abspath`: links are not resolved.
pub fn absolute(path: &Path) -> PathBuf {
    let joined = match std::env::current_dir() {
        Ok(current) => current.join(path),
        Err(_) => path.to_owned(),
    };
    let mut normal = PathBuf::new();
    for component in joined.components() {
        match component {
            Component::CurDir => {}
            Component::ParentDir => {
                normal.pop();
            }
            other => normal.push(other),
        }
    }
    normal
}

/// Modification time in nanoseconds and size: enough to notice that a file was replaced.
pub fn stamp(path: &Path) -> Option<(u128, u64)> {
    stamp_of(&std::fs::metadata(path).ok()?)
}

/// The same of a file that has been looked at.
pub fn stamp_of(metadata: &std::fs::Metadata) -> Option<(u128, u64)> {
    let modified = metadata.modified().ok()?.duration_since(std::time::UNIX_EPOCH).ok()?;
    Some((modified.as_nanos(), metadata.len()))
}

/// The revision of a file on the disk.
pub fn revision_of((modified, size): (u128, u64)) -> u64 {
    (modified as u64).rotate_left(17) ^ size
}
