//! From PATHs to modules: which files are meant, and what each is called.
//!
//! A folder without `__init__.py` is a search root; one with it is a package of
//! the root that stands above the outermost package around it; a file is called
//! as its root would have it, or, where no import could reach it, by its stem.
//! Where several roots contain a file (a `site-packages` inside a folder that
//! was named), the deepest gives the name, because that is what an import uses.

use std::path::{Path, PathBuf};

use ignore::WalkBuilder;
use thiserror::Error;

use crate::config::Config;
use crate::files::{self, Files};
use crate::globs::ModuleGlobs;

/// A module that the user asked about.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Found {
    pub name: String,
    pub path: PathBuf,
    /// The search root that the name counts from.
    pub root: PathBuf,
    pub is_package: bool,
    /// No import statement can name it: it is run, not imported.
    pub is_script: bool,
}

/// Something on the way that could not be looked at.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Trouble {
    pub path: PathBuf,
    pub message: String,
    /// Something that was asked for could not be read, as opposed to a link that leads in a circle.
    pub is_error: bool,
}

#[derive(Debug, Default, PartialEq, Eq)]
pub struct Discovery {
    /// Search roots in the order of the PATHs.
    pub roots: Vec<PathBuf>,
    /// Sorted by name, then path.
    pub modules: Vec<Found>,
    pub troubles: Vec<Trouble>,
}

#[derive(Debug, Error)]
pub enum DiscoverError {
    #[error("{0}: no such file or folder")]
    Missing(String),
    #[error("{0}: {1}")]
    Unreadable(String, std::io::Error),
}

const INIT: &str = "__init__.py";

/// Folders that hold no code of the project.
const SKIPPED: &[&str] = &["__pycache__", "node_modules", "site-packages", "dist-packages"];

/// What decides, beside the PATHs, which files are meant and how they are called.
pub struct Scope<'a> {
    pub config: &'a Config,
    pub include: &'a ModuleGlobs,
    pub exclude: &'a ModuleGlobs,
    /// Path entries of the target.
    pub search_path: &'a [PathBuf],
    pub files: &'a Files,
}

impl Scope<'_> {
    fn admits(&self, name: &str) -> bool {
        (self.include.is_empty() || self.include.covers(name)) && !self.exclude.covers(name)
    }
}

/// Finds the modules below the PATHs.
pub fn discover(paths: &[PathBuf], scope: &Scope) -> Result<Discovery, DiscoverError> {
    let mut discovery = Discovery::default();
    let paths: Vec<PathBuf> = paths.iter().map(|path| files::absolute(path)).collect();
    for path in &paths {
        let is_folder = match std::fs::metadata(path) {
            Ok(metadata) => metadata.is_dir(),
            Err(_) if scope.files.buffer(path).is_some() => false,
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => {
                return Err(DiscoverError::Missing(path.display().to_string()));
            }
            Err(error) => return Err(DiscoverError::Unreadable(path.display().to_string(), error)),
        };
        let folder = if is_folder { path.as_path() } else { path.parent().unwrap_or(path) };
        for root in roots_of(folder, scope.files) {
            if !discovery.roots.contains(&root) {
                discovery.roots.push(root);
            }
        }
    }
    for root in &scope.config.roots {
        if !discovery.roots.contains(root) {
            discovery.roots.push(root.clone());
        }
    }
    let mut naming_roots = discovery.roots.clone();
    naming_roots.extend(scope.search_path.iter().cloned());
    for path in &paths {
        if files::is_folder(path) {
            walk(path, &naming_roots, scope, &mut discovery);
        } else {
            discovery.modules.push(name_file(path, &naming_roots));
        }
    }
    discovery.modules.sort();
    discovery.modules.dedup_by(|a, b| a.path == b.path);
    discovery.troubles.sort();
    discovery.troubles.dedup();
    Ok(discovery)
}

/// The search root of a folder, and the `src` of a project whose own folder the root is.
fn roots_of(folder: &Path, files: &Files) -> Vec<PathBuf> {
    let root = folder.ancestors().find(|ancestor| !files.is_file(&ancestor.join(INIT))).unwrap_or(folder);
    let is_project = ["pyproject.toml", "setup.py", "setup.cfg"].iter().any(|file| files.is_file(&root.join(file)));
    let source = root.join("src");
    let mut roots = vec![root.to_owned()];
    if is_project && source.is_dir() && !files.is_file(&source.join(INIT)) {
        roots.push(source);
    }
    roots
}

fn walk(path: &Path, roots: &[PathBuf], scope: &Scope, discovery: &mut Discovery) {
    let top = path.to_owned();
    let walker = WalkBuilder::new(path)
        .standard_filters(false)
        .hidden(true)
        .follow_links(true)
        .sort_by_file_name(std::cmp::Ord::cmp)
        .filter_entry(move |entry| entry.path() == top || !is_skipped(entry))
        .build();
    for entry in walker {
        match entry {
            Ok(entry) => {
                if !entry.file_type().is_some_and(|kind| kind.is_file()) {
                    continue;
                }
                take(entry.path(), roots, scope, discovery);
            }
            Err(error) => discovery.troubles.extend(trouble(&error, path)),
        }
    }
    for file in scope.files.buffered().filter(|file| is_walked(path, file)) {
        take(file, roots, scope, discovery);
    }
}

fn take(file: &Path, roots: &[PathBuf], scope: &Scope, discovery: &mut Discovery) {
    if file.extension().is_some_and(|extension| extension == "py") {
        let found = name_file(file, roots);
        if scope.admits(&found.name) {
            discovery.modules.push(found);
        }
    }
}

/// Whether a walk of the folder would come to the file, if it were on the disk.
fn is_walked(folder: &Path, file: &Path) -> bool {
    let Ok(inside) = file.strip_prefix(folder) else { return false };
    let is_hidden = |part: &std::ffi::OsStr| part.as_encoded_bytes().starts_with(b".");
    let is_skipped = |around: &Path| {
        around.file_name().and_then(|name| name.to_str()).is_some_and(|name| SKIPPED.contains(&name))
            || around.join("pyvenv.cfg").is_file()
    };
    !inside.iter().any(is_hidden) && !file.ancestors().skip(1).take_while(|around| *around != folder).any(is_skipped)
}

fn is_skipped(entry: &ignore::DirEntry) -> bool {
    entry.file_type().is_some_and(|kind| kind.is_dir())
        && (entry.file_name().to_str().is_some_and(|name| SKIPPED.contains(&name))
            || entry.path().join("pyvenv.cfg").is_file())
}

/// What an error of the walk means to the user; a link to nothing means nothing.
fn trouble(error: &ignore::Error, top: &Path) -> Option<Trouble> {
    match error {
        ignore::Error::WithDepth { err, .. } => trouble(err, top),
        ignore::Error::WithPath { path, err } => {
            let inner = trouble(err, path)?;
            Some(Trouble { path: path.clone(), ..inner })
        }
        ignore::Error::Loop { ancestor, child } => Some(Trouble {
            path: child.clone(),
            message: format!("leads back to {}: not followed", ancestor.display()),
            is_error: false,
        }),
        ignore::Error::Io(error) if error.kind() == std::io::ErrorKind::NotFound => None,
        other => Some(Trouble { path: top.to_owned(), message: format!("can't be read: {other}"), is_error: true }),
    }
}

/// The name by which an import reaches the file, as seen from the deepest root around it.
fn name_file(path: &Path, roots: &[PathBuf]) -> Found {
    let folder = path.parent().unwrap_or(path);
    let root = roots
        .iter()
        .filter(|root| folder.starts_with(root))
        .max_by_key(|root| root.components().count())
        .map_or(folder, PathBuf::as_path);
    let is_package = path.file_name().is_some_and(|name| name == INIT) && path != root.join(INIT);
    let dotted = dotted_name(path, root, is_package);
    match dotted {
        Some(name) => Found { name, path: path.to_owned(), root: root.to_owned(), is_package, is_script: false },
        None => Found {
            name: path.file_stem().unwrap_or(path.as_os_str()).to_string_lossy().into_owned(),
            path: path.to_owned(),
            root: root.to_owned(),
            is_package: false,
            is_script: true,
        },
    }
}

fn dotted_name(path: &Path, root: &Path, is_package: bool) -> Option<String> {
    if path.extension()? != "py" {
        return None;
    }
    let module = if is_package { path.parent()?.to_owned() } else { path.with_extension("") };
    let mut parts = Vec::new();
    for component in module.strip_prefix(root).ok()?.components() {
        let part = component.as_os_str().to_str()?;
        if !is_identifier(part) {
            return None;
        }
        parts.push(part);
    }
    (!parts.is_empty()).then(|| parts.join("."))
}

/// Whether an import statement could name it, keywords aside.
fn is_identifier(text: &str) -> bool {
    let mut characters = text.chars();
    characters.next().is_some_and(|first| first == '_' || unicode_ident::is_xid_start(first))
        && characters.all(unicode_ident::is_xid_continue)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::files::Buffer;
    use expect_test::{Expect, expect};

    fn check(files: &[&str], paths: &[&str], expected: Expect) {
        check_with(files, paths, &Config::default(), &[], expected);
    }

    fn check_with(files: &[&str], paths: &[&str], config: &Config, exclude: &[&str], expected: Expect) {
        check_buffered(files, &[], paths, config, exclude, expected);
    }

    /// The `buffered` files are in an editor only.
    fn check_buffered(
        files: &[&str],
        buffered: &[&str],
        paths: &[&str],
        config: &Config,
        exclude: &[&str],
        expected: Expect,
    ) {
        let folder = tempfile::tempdir().unwrap();
        for file in files {
            let path = folder.path().join(file);
            std::fs::create_dir_all(path.parent().unwrap()).unwrap();
            std::fs::write(path, "").unwrap();
        }
        let paths: Vec<PathBuf> = paths.iter().map(|path| folder.path().join(path)).collect();
        let exclude = ModuleGlobs::new(exclude).unwrap();
        let search_path = [folder.path().join("env/lib/site-packages")];
        let buffer = || Buffer { text: "".into(), revision: 1 };
        let buffers = buffered.iter().map(|file| (folder.path().join(file), buffer()));
        let scope = Scope {
            config,
            include: &ModuleGlobs::default(),
            exclude: &exclude,
            search_path: &search_path,
            files: &Files::with_buffers(buffers.collect()),
        };
        let found = discover(&paths, &scope).unwrap();
        let lines: Vec<String> = found
            .modules
            .iter()
            .map(|module| {
                let path = module.path.strip_prefix(folder.path()).unwrap().display().to_string();
                let script = if module.is_script { " (script)" } else { "" };
                format!("{} = {path}{script}\n", module.name)
            })
            .collect();
        expected.assert_eq(&lines.concat());
    }

    #[test]
    fn a_folder_is_a_root_and_packages_keep_their_names() {
        let files = ["top.py", "pkg/__init__.py", "pkg/sub/__init__.py", "pkg/sub/deep.py", "space/mod.py"];
        check(
            &files,
            &[""],
            expect![[r#"
            pkg = pkg/__init__.py
            pkg.sub = pkg/sub/__init__.py
            pkg.sub.deep = pkg/sub/deep.py
            space.mod = space/mod.py
            top = top.py
        "#]],
        );
        check(
            &files,
            &["pkg/sub"],
            expect![[r#"
            pkg.sub = pkg/sub/__init__.py
            pkg.sub.deep = pkg/sub/deep.py
        "#]],
        );
        check(
            &files,
            &["pkg/sub/deep.py", "space/mod.py"],
            expect![[r#"
            mod = space/mod.py
            pkg.sub.deep = pkg/sub/deep.py
        "#]],
        );
    }

    #[test]
    fn what_no_import_can_name_is_a_script() {
        check(
            &["1st.py", "my-tools/run.py", "bin/tool"],
            &["", "bin/tool"],
            expect![[r#"
            1st = 1st.py (script)
            run = my-tools/run.py (script)
            tool = bin/tool (script)
        "#]],
        );
    }

    #[test]
    fn environments_caches_and_hidden_folders_are_skipped() {
        check(
            &["a.py", ".venv/b.py", "node_modules/c.py", "__pycache__/d.py", "env/pyvenv.cfg", "env/lib/e.py"],
            &[""],
            expect![[r#"
                a = a.py
            "#]],
        );
    }

    #[test]
    fn the_deepest_root_names() {
        check(
            &["env/lib/site-packages/pkg/__init__.py"],
            &["env/lib/site-packages/pkg"],
            expect![[r#"
            pkg = env/lib/site-packages/pkg/__init__.py
        "#]],
        );
        check(
            &["pyproject.toml", "src/pkg/__init__.py", "setup.py"],
            &[""],
            expect![[r#"
            pkg = src/pkg/__init__.py
            setup = setup.py
        "#]],
        );
    }

    #[test]
    fn excluded_packages_are_left_out_whole() {
        check_with(
            &["a/__init__.py", "a/tests/__init__.py", "a/tests/unit/t.py"],
            &[""],
            &Config::default(),
            &["*.tests"],
            expect![[r#"
                a = a/__init__.py
            "#]],
        );
    }

    #[test]
    fn files_that_only_an_editor_holds_are_found_where_a_walk_would_come() {
        check_buffered(
            &["pkg/a.py"],
            &["pkg/__init__.py", "pkg/a.py", "new/b.py", ".hidden/c.py", "node_modules/x/d.py", "notes.txt"],
            &[""],
            &Config::default(),
            &[],
            expect![[r#"
                new.b = new/b.py
                pkg = pkg/__init__.py
                pkg.a = pkg/a.py
            "#]],
        );
    }

    /// Discovers without configuration.
    fn discover_all(path: &Path) -> Result<Discovery, DiscoverError> {
        let globs = ModuleGlobs::default();
        let (config, files) = (Config::default(), Files::default());
        let scope = Scope { config: &config, include: &globs, exclude: &globs, search_path: &[], files: &files };
        discover(&[path.to_owned()], &scope)
    }

    #[cfg(unix)]
    #[test]
    fn link_loops_end() {
        let folder = tempfile::tempdir().unwrap();
        std::fs::write(folder.path().join("a.py"), "").unwrap();
        std::os::unix::fs::symlink(folder.path(), folder.path().join("again")).unwrap();
        let found = discover_all(folder.path()).unwrap();
        assert_eq!(found.modules.len(), 1);
        assert_eq!(found.troubles.len(), 1);
        assert!(!found.troubles[0].is_error);
    }

    #[test]
    fn a_missing_path_is_an_error() {
        let error = discover_all(Path::new("/nowhere/at/all")).unwrap_err();
        assert_eq!(error.to_string(), "/nowhere/at/all: no such file or folder");
    }
}
