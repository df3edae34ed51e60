//! `locate`: the path finder's answer for a module of the bundle, where it is plain.

use std::path::Path;

use artifact::Entry;
use pyo3_ffi as ffi;

use crate::bundle;
use crate::listing::Holding;
use crate::object::{Fallible, Object};

/// What the finder knows of the interpreter.
pub struct Surroundings {
    /// `sys.path_importer_cache`
    pub importers: Object,
    /// The class `FileFinder`.
    pub file_finder: Object,
    /// The (suffix, loader) pairs of a plain `FileFinder`, in a list, and the suffixes of extension
    /// modules among them, in a tuple.
    pub loaders: Object,
    pub suffixes: Object,
    /// `sys.path_hooks` begins with the hooks that the interpreter starts with, so that a directory is
    /// a plain `FileFinder`'s.
    pub plain_hooks: bool,
    /// There are others behind them, which may take what isn't a directory.
    pub more_hooks: bool,
}

/// (origin, folder of the package or None), if going through `path` (a list) finds exactly the
/// module's source, unchanged, where it was at build time or the same to the byte; None, if it has to be
/// asked of the path finder.
pub fn locate(capsule: &Object, name: &Object, path: &Object, around: &Surroundings) -> Fallible<Object> {
    let bundle = bundle::bundle(capsule)?;
    let Some(entry) = name.as_text().and_then(|name| bundle.reader.find(name)) else { return Ok(Object::none()) };
    if cfg!(not(target_os = "linux")) || !path.is_exactly(&raw mut ffi::PyList_Type) {
        return Ok(Object::none());
    }
    let suffixes: Vec<String> =
        around.suffixes.tuple_items().filter_map(|suffix| suffix.as_text().map(str::to_owned)).collect();
    // SAFETY: a list; a new tuple.
    let path = unsafe { Object::owned(ffi::PyList_AsTuple(path.as_ptr()))? };
    for item in path.tuple_items() {
        match around.kind(&item)? {
            Kind::Skipped => {}
            Kind::Directory(directory) => match bundle.listings.holding(Path::new(&directory), &entry, &suffixes) {
                Holding::Nothing => {}
                Holding::Other => return Ok(Object::none()),
                Holding::Source { origin, package } => return found(&entry, &origin, package.as_deref()),
            },
            Kind::Unknown => return Ok(Object::none()),
        }
    }
    Ok(Object::none())
}

fn found(entry: &Entry<'_>, origin: &Path, package: Option<&Path>) -> Fallible<Object> {
    let Some(text) = origin.to_str() else { return Ok(Object::none()) };
    let source = entry.source();
    if text != source.path && !std::fs::read(origin).is_ok_and(|bytes| source.is_of(&bytes)) {
        return Ok(Object::none());
    }
    let package = match package.and_then(Path::to_str) {
        Some(package) => Object::text(package)?,
        None => Object::none(),
    };
    Object::tuple(vec![Object::text(text)?, package])
}

/// What an entry of the path is.
enum Kind {
    Directory(String),
    /// Nothing that could be searched.
    Skipped,
    /// Whatever it is, it isn't plain.
    Unknown,
}

impl Surroundings {
    fn kind(&self, item: &Object) -> Fallible<Kind> {
        let here;
        let (entry, key) = match item.as_text() {
            Some("") => match std::env::current_dir().ok().and_then(|here| here.into_os_string().into_string().ok()) {
                Some(folder) => {
                    here = folder;
                    (here.as_str(), Object::text(&here)?)
                }
                None => return Ok(Kind::Unknown),
            },
            Some(text) => (text, item.clone()),
            None => return Ok(Kind::Unknown),
        };
        // `FileFinder` joins names to the entry as it stands; an odd one is not ours to interpret.
        if !entry.starts_with('/') || entry.ends_with('/') || entry.contains('\0') {
            return Ok(Kind::Unknown);
        }
        if let Some(importer) = self.importers.dict_get(&key)? {
            return Ok(if importer.is_none() {
                Kind::Skipped
            } else if importer.class().is(&self.file_finder) && importer.attribute("_loaders")?.equals(&self.loaders)? {
                Kind::Directory(entry.to_owned())
            } else {
                Kind::Unknown
            });
        }
        if !self.plain_hooks {
            return Ok(Kind::Unknown);
        }
        match std::fs::metadata(entry) {
            Ok(status) if status.is_dir() => Ok(Kind::Directory(entry.to_owned())),
            Err(error) if error.kind() == std::io::ErrorKind::NotFound && !self.more_hooks => {
                // The path finder remembers as much.
                self.importers.dict_set(&key, &Object::none())?;
                Ok(Kind::Skipped)
            }
            _ => Ok(Kind::Unknown),
        }
    }
}
