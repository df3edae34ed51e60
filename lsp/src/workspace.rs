//! What requests are answered from: the open texts and the latest snapshots.

use std::collections::HashMap;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use analyzer::AnalysedModule;
use lsp_types::{Location, Url};
use syntax::TextRange;

use crate::client::Client;
use crate::documents::{Document, Documents};
use crate::position::Encoding;
use crate::rule_links::RuleLinks;
use crate::settings::Settings;
use crate::snapshot::{self, Snapshot};
use crate::uri;
use crate::worker::Root;

pub struct Workspace {
    pub client: Client,
    pub encoding: Encoding,
    pub settings: Settings,
    pub documents: Documents,
    pub pages: RuleLinks,
    /// Absolute.
    pub folders: Vec<PathBuf>,
    pub snapshots: HashMap<Root, Arc<Snapshot>>,
}

/// A module as requests find it.
#[derive(Clone, Copy)]
pub struct Subject<'a> {
    pub snapshot: &'a Snapshot,
    pub module: AnalysedModule<'a>,
}

impl Workspace {
    /// The folders, and open files that are in none of them.
    pub fn roots(&self) -> Vec<Root> {
        let mut roots: Vec<Root> =
            self.folders.iter().map(|folder| Root { path: folder.clone(), folder: folder.clone() }).collect();
        let mut loose: Vec<Root> =
            self.documents.iter().filter_map(|(uri, document)| self.loose(uri, &document.path)).collect();
        loose.sort();
        roots.extend(loose);
        roots
    }

    /// A file that is in no folder, or is none, is a root of its own.
    fn loose(&self, uri: &Url, path: &Path) -> Option<Root> {
        let is_inside = uri.scheme() == "file" && self.folders.iter().any(|folder| path.starts_with(folder));
        let folder = path.parent().unwrap_or(path).to_owned();
        (!is_inside && is_python(uri, path)).then(|| Root { path: path.to_owned(), folder })
    }

    /// The root whose analysis a file belongs to: the innermost folder around it, or the file itself.
    fn root_of(&self, uri: &Url, path: &Path) -> Option<Root> {
        self.loose(uri, path).or_else(|| {
            let folder = self.innermost(path)?;
            Some(Root { path: folder.clone(), folder: folder.clone() })
        })
    }

    /// The path of a document; what isn't a file lies in the first folder.
    pub fn path_of(&self, uri: &Url) -> PathBuf {
        match self.documents.get(uri) {
            Some(document) => document.path.clone(),
            None => uri::path_of(uri, self.folders.first().map_or(Path::new("/"), PathBuf::as_path)),
        }
    }

    /// The module that a document is, if it was analysed.
    pub fn subject(&self, uri: &Url) -> Option<Subject<'_>> {
        let path = self.path_of(uri);
        let snapshot = self.snapshots.get(&self.root_of(uri, &path)?)?;
        let module = snapshot.module(&path)?;
        Some(Subject { snapshot, module })
    }

    pub fn document(&self, uri: &Url) -> Option<&Document> {
        self.documents.get(uri)
    }

    /// The requested modules of a root whose files belong to it and not to a folder within it.
    pub fn subjects<'a>(&'a self, root: &'a Root) -> impl Iterator<Item = Subject<'a>> {
        let snapshot = self.snapshots.get(root);
        snapshot.into_iter().flat_map(move |snapshot| {
            let requested = snapshot.analysis.requested().filter(move |module| self.owns(root, module.path()));
            requested.map(move |module| Subject { snapshot, module })
        })
    }

    fn owns(&self, root: &Root, path: &Path) -> bool {
        if self.folders.len() < 2 || path == root.path {
            return true;
        }
        self.innermost(path).is_none_or(|folder| *folder == root.path)
    }

    fn innermost(&self, path: &Path) -> Option<&PathBuf> {
        let around = self.folders.iter().filter(|folder| path.starts_with(folder));
        around.max_by_key(|folder| folder.components().count())
    }

    /// The URI of a file, as the editor calls it.
    pub fn uri_of(&self, path: &Path) -> Option<Url> {
        self.documents.uri_of(path).cloned().or_else(|| uri::of_path(path))
    }

    pub fn location(&self, module: AnalysedModule, range: TextRange) -> Option<Location> {
        let range = snapshot::lines(module, self.encoding).range(range);
        Some(Location { uri: self.uri_of(module.path())?, range })
    }
}

/// Files that the editor opens for us are Python, whatever they are called, but for those that say what they are.
fn is_python(uri: &Url, path: &Path) -> bool {
    uri.scheme() != "file" || path.extension().is_none_or(|extension| extension == "py" || extension == "pyw")
}
