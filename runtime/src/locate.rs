//! `locate`: the path finder's answer for a module of the bundle, where it is plain.

use std::path::{Path, PathBuf};
use std::rc::Rc;

use artifact::Entry;
use pyo3_ffi as ffi;

use crate::bundle::Bundle;
use crate::listing::{Holding, Listings};
use crate::names::name;
use crate::object::{Fallible, Object};

/// What the finder knows of the interpreter.
pub struct Surroundings {
    /// `sys.path_importer_cache`
    pub importers: Object,
    /// The class `FileFinder`.
    pub file_finder: Object,
    /// The (suffix, loader) pairs of a plain `FileFinder`, in a list, and the suffixes of extension
    /// modules among them.
    pub loaders: Object,
    pub suffixes: Rc<[String]>,
    /// `sys.path_hooks` begins with the hooks that the interpreter starts with, so that a directory is
    /// a plain `FileFinder`'s.
    pub plain_hooks: bool,
    /// There are others behind them, which may take what isn't a directory.
    pub more_hooks: bool,
}

/// Where a source lies.
pub struct Located {
    pub origin: String,
    /// The folder of a package.
    pub package: Option<String>,
}

/// Where the module's source lies, if going through `path` (a list) finds exactly the
/// module's source, unchanged, where it was at build time or the same to the byte; None, if it has to be
/// asked of the path finder.
pub fn locate(bundle: &Bundle, name: &Object, path: &Object, around: &Surroundings) -> Fallible<Option<Located>> {
    let Some(entry) = name.as_text().and_then(|name| bundle.reader.find(name)) else { return Ok(None) };
    if cfg!(not(target_os = "linux")) || !path.is_exactly(&raw mut ffi::PyList_Type) {
        return Ok(None);
    }
    // SAFETY: a list; a new tuple.
    let path = unsafe { Object::owned(ffi::PyList_AsTuple(path.as_ptr()))? };
    for item in path.tuple_items() {
        match around.kind(&item, &bundle.listings)? {
            Kind::Skipped => {}
            Kind::Directory(directory) => {
                match bundle.listings.holding(Path::new(&directory), &entry, &around.suffixes) {
                    Holding::Nothing => {}
                    Holding::Other => return Ok(None),
                    Holding::Source { origin, package } => return Ok(found(&entry, origin, package)),
                }
            }
            Kind::Unknown => return Ok(None),
        }
    }
    Ok(None)
}

fn found(entry: &Entry<'_>, origin: PathBuf, package: Option<PathBuf>) -> Option<Located> {
    let text = |path: PathBuf| path.into_os_string().into_string().ok();
    let origin = text(origin)?;
    let source = entry.source();
    if origin != source.path && !std::fs::read(&origin).is_ok_and(|bytes| source.is_of(&bytes)) {
        return None;
    }
    let package = match package {
        Some(package) => Some(text(package)?),
        None => None,
    };
    Some(Located { origin, package })
}

/// The same where no file can have changed (sealed bundles): where the source lay, if what leads there comes first.
/// `path`: a tuple.
pub fn locate_sealed(bundle: &Bundle, name: &Object, path: &Object) -> Option<Located> {
    let name = name.as_text()?;
    let entry = bundle.reader.find(name)?;
    let origin = entry.source().path;
    let folder = origin.rsplit_once('/')?.0;
    let home = if entry.is_package() { folder.rsplit_once('/')?.0 } else { folder };
    let tail = name.rsplit('.').next().unwrap_or_default();
    for item in path.tuple_items() {
        let item = item.as_text()?;
        if item == home {
            let package = entry.is_package().then(|| folder.to_owned());
            return Some(Located { origin: origin.to_owned(), package });
        }
        if bundle.listings.may_hold(item, tail) {
            return None;
        }
    }
    None
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
    fn kind(&self, item: &Object, listings: &Listings) -> Fallible<Kind> {
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
            } else if importer.class().is(&self.file_finder)
                && importer.attribute(name!("_loaders"))?.equals(&self.loaders)?
            {
                Kind::Directory(entry.to_owned())
            } else {
                Kind::Unknown
            });
        }
        if !self.plain_hooks {
            return Ok(Kind::Unknown);
        }
        if listings.knows(entry) {
            return Ok(Kind::Directory(entry.to_owned()));
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
