//! From an absolute module name to what an import would find: the target's
//! `sys.meta_path` in the order of a started program.
//!
//! First what is in `sys.modules` already (aliases such as `os.path`), then
//! `BuiltinImporter`, then `FrozenImporter`, then `PathFinder` with a
//! `FileFinder` for each folder: a package, then an extension module, source,
//! byte code, and if none of them is there, the portions of a namespace package
//! (`importlib._bootstrap_external.FileFinder.find_spec`). Frozen modules of the
//! standard library are analysed from the source that they were frozen from.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use dashmap::DashMap;
use rustc_hash::{FxBuildHasher, FxHashMap, FxHashSet};

use crate::files::{EntryKind, Files, Listing, Listings};
use crate::target::Interpreter;

/// What the finders find under a name.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Location {
    /// A source file.
    Source(SourceLocation),
    /// Compiled into the interpreter.
    Builtin,
    /// An extension module; `standard` if it belongs to the target's standard library.
    Extension {
        path: PathBuf,
        standard: bool,
    },
    /// A namespace package with its portions.
    Namespace(Arc<[PathBuf]>),
    /// Something that can't be looked into.
    Opaque(String),
    Missing,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SourceLocation {
    pub path: PathBuf,
    /// The path entry under which it was found.
    pub root: PathBuf,
    pub is_package: bool,
}

impl Location {
    /// `__path__`, if it is a package.
    fn package_path(&self) -> Option<Vec<PathBuf>> {
        match self {
            Location::Source(source) if source.is_package => Some(vec![source.path.parent()?.to_owned()]),
            Location::Namespace(portions) => Some(portions.to_vec()),
            _ => None,
        }
    }
}

/// The finders of one target behind some search roots. Answers don't change while it lives.
#[derive(Clone, Debug)]
pub struct Resolver {
    /// User's roots, then the target's path.
    path: Vec<PathBuf>,
    user_roots: usize,
    stdlib: PathBuf,
    builtin: FxHashSet<String>,
    frozen: FxHashMap<String, Option<String>>,
    aliases: FxHashMap<String, String>,
    preloaded: FxHashSet<String>,
    of_site: Vec<String>,
    extension_suffixes: Vec<String>,
    /// Why a name that isn't on the path may exist all the same.
    foreign_finder: Option<String>,
    listings: Listings,
    known: DashMap<Arc<str>, Location, FxBuildHasher>,
}

impl Resolver {
    pub fn new(interpreter: &Interpreter, roots: &[PathBuf], files: Files) -> Resolver {
        let facts = &interpreter.facts;
        let mut path = roots.to_vec();
        for entry in &interpreter.search_path.entries {
            if !path[roots.len()..].contains(entry) {
                path.push(entry.clone());
            }
        }
        Resolver {
            path,
            user_roots: roots.len(),
            stdlib: facts.stdlib.clone(),
            builtin: facts.builtin_modules.iter().cloned().collect(),
            frozen: facts.frozen_modules.iter().map(|(name, _, origin)| (name.clone(), origin.clone())).collect(),
            aliases: facts.aliases.iter().map(|(alias, name)| (alias.clone(), name.clone())).collect(),
            preloaded: facts.preloaded_modules.iter().cloned().collect(),
            of_site: facts.modules_of_site.clone(),
            extension_suffixes: facts.extension_suffixes.clone(),
            foreign_finder: interpreter
                .search_path
                .foreign_finders
                .first()
                .map(|file| format!("an import line in {} may install a finder for it", file.display())),
            listings: Listings::new(files),
            known: DashMap::default(),
        }
    }

    /// One that finds no extension module, but the source beside it.
    pub fn without_extensions(&self) -> Resolver {
        Resolver { extension_suffixes: Vec::new(), known: DashMap::default(), ..self.clone() }
    }

    /// Whether a new resolver behind the same roots would give the same answers.
    pub fn is_current(&self, roots: &[PathBuf], files: &Files) -> bool {
        self.path[..self.user_roots] == *roots && self.listings.are_current(files)
    }

    /// The folders that were looked into, and what was found there.
    pub fn listed(&self) -> impl Iterator<Item = (PathBuf, Option<Arc<Listing>>)> + '_ {
        self.listings.listed()
    }

    /// What an import of the absolute dotted name finds, given that its parents import without error.
    pub fn resolve(&self, name: &str) -> Location {
        if let Some(known) = self.known.get(name) {
            return known.clone();
        }
        let location = self.find(name);
        self.known.entry(name.into()).or_insert(location).clone()
    }

    fn find(&self, name: &str) -> Location {
        if name == "__main__" {
            return Location::Opaque("`__main__` is whatever program is running".to_owned());
        }
        if let Some(actual) = self.aliases.get(name) {
            return self.find_actual(actual);
        }
        self.find_actual(name)
    }

    /// The name under which a module knows itself: `posixpath` for `os.path`.
    pub fn canonical<'a>(&'a self, name: &'a str) -> &'a str {
        self.aliases.get(name).map_or(name, String::as_str)
    }

    fn find_actual(&self, name: &str) -> Location {
        let Some((parent, tail)) = name.rsplit_once('.') else {
            return self.find_top(name);
        };
        if let Some(origin) = self.frozen.get(name) {
            return self.frozen_source(name, origin.as_deref());
        }
        match self.resolve(parent) {
            Location::Opaque(reason) => Location::Opaque(reason),
            Location::Missing => Location::Missing,
            found => match found.package_path() {
                Some(path) => self.search(tail, &path).unwrap_or(Location::Missing),
                // As `six.moves` does, it may have put something into `sys.modules`.
                None => Location::Opaque(format!("`{parent}` is not a package")),
            },
        }
    }

    fn find_top(&self, name: &str) -> Location {
        if self.builtin.contains(name) {
            return Location::Builtin;
        }
        if let Some(origin) = self.frozen.get(name) {
            return self.frozen_source(name, origin.as_deref());
        }
        let path = if self.preloaded.contains(name) { &self.path[self.user_roots..] } else { &self.path[..] };
        if let Some(found) = self.search(name, path) {
            return found;
        }
        match &self.foreign_finder {
            Some(reason) => Location::Opaque(reason.clone()),
            None => Location::Missing,
        }
    }

    /// Frozen modules that stand for themselves have their source in the standard library.
    fn frozen_source(&self, name: &str, origin: Option<&str>) -> Location {
        if origin == Some(name) {
            let mut folder = vec![self.stdlib.clone()];
            let mut parts = name.split('.').peekable();
            while let Some(part) = parts.next() {
                match self.search(part, &folder) {
                    Some(found) if parts.peek().is_none() => return found,
                    Some(found) => match found.package_path() {
                        Some(path) => folder = path,
                        None => break,
                    },
                    None => break,
                }
            }
        }
        Location::Opaque(format!("`{name}` is frozen into the interpreter, and its source is not there"))
    }

    /// `PathFinder` over some path entries.
    fn search(&self, tail: &str, path: &[PathBuf]) -> Option<Location> {
        let mut portions = Vec::new();
        for (index, entry) in path.iter().enumerate() {
            match self.listings.list(entry) {
                Some(listing) => {
                    let kind_of = |name: &str| listing.get(name).copied();
                    let is_folder = kind_of(tail) == Some(EntryKind::Folder);
                    if is_folder {
                        let folder = entry.join(tail);
                        if let Some(inside) = self.listings.list(&folder)
                            && let Some(found) =
                                self.file_in(&folder, entry, "__init__", true, |name| inside.get(name).copied())
                        {
                            return Some(found);
                        }
                    }
                    if let Some(found) = self.file_in(entry, entry, tail, false, kind_of) {
                        return Some(found);
                    }
                    // A user's root may be on the target's path too.
                    if is_folder && !path[..index].contains(entry) {
                        portions.push(entry.join(tail));
                    }
                }
                None if entry.is_file() => {
                    return Some(Location::Opaque(format!("it may lie in the archive {}", entry.display())));
                }
                None => {}
            }
        }
        (!portions.is_empty()).then(|| Location::Namespace(portions.into()))
    }

    /// The first file that a loader accepts: extension modules, source, byte code.
    fn file_in(
        &self,
        folder: &Path,
        root: &Path,
        stem: &str,
        is_package: bool,
        kind_of: impl Fn(&str) -> Option<EntryKind>,
    ) -> Option<Location> {
        let is_file = |suffix: &str| kind_of(&format!("{stem}{suffix}")) == Some(EntryKind::File);
        let path = |suffix: &str| folder.join(format!("{stem}{suffix}"));
        if let Some(suffix) = self.extension_suffixes.iter().find(|suffix| is_file(suffix)) {
            let standard = !is_package && self.is_standard(folder);
            return Some(Location::Extension { path: path(suffix), standard });
        }
        if is_file(".py") {
            return Some(Location::Source(SourceLocation { path: path(".py"), root: root.to_owned(), is_package }));
        }
        is_file(".pyc").then(|| Location::Opaque(format!("{} is byte code without its source", path(".pyc").display())))
    }

    /// All modules of a top-level package, by name, sorted; nothing for a single module. Tests of
    /// the standard library are left out.
    pub fn package_contents(&self, top: &str) -> Vec<(Arc<str>, SourceLocation)> {
        let mut contents = Vec::new();
        if let Location::Source(package) = self.resolve(top)
            && package.is_package
            && let Some(folder) = package.path.parent()
        {
            self.collect(top, folder, &mut FxHashSet::default(), &mut contents);
        }
        contents.sort_by(|a, b| a.0.cmp(&b.0));
        contents
    }

    fn collect(
        &self,
        package: &str,
        folder: &Path,
        visited: &mut FxHashSet<PathBuf>,
        contents: &mut Vec<(Arc<str>, SourceLocation)>,
    ) {
        // A link may lead back up.
        let is_new = folder.canonicalize().is_ok_and(|real| visited.insert(real));
        let Some(listing) = self.listings.list(folder).filter(|_| is_new) else {
            return;
        };
        let standard = self.is_standard(folder);
        for (entry, kind) in listing.iter() {
            let stem = match kind {
                EntryKind::Folder => entry.as_str(),
                EntryKind::File => match entry.strip_suffix(".py") {
                    Some(stem) if stem != "__init__" => stem,
                    _ => continue,
                },
                EntryKind::Other => continue,
            };
            if stem == "__pycache__" || stem.contains(['.', '-']) || (standard && matches!(stem, "test" | "tests")) {
                continue;
            }
            let name = format!("{package}.{stem}");
            if let Location::Source(source) = self.resolve(&name) {
                contents.push((name.as_str().into(), source));
            }
            if *kind == EntryKind::Folder {
                self.collect(&name, &folder.join(entry), visited, contents);
            }
        }
    }

    /// Whether the interpreter has loaded the module of this name when a program starts, as a rule.
    pub fn is_loaded_at_start(&self, name: &str) -> bool {
        self.preloaded.contains(name) || self.of_site.iter().any(|loaded| loaded == name)
    }

    /// Modules that `site` loads beyond those that the interpreter loads before it, in the order in which they finish.
    pub fn loaded_by_site(&self) -> &[String] {
        &self.of_site
    }

    /// Whether a file in this folder belongs to the target's standard library.
    pub fn is_standard(&self, folder: &Path) -> bool {
        let third_party =
            |part: std::path::Component| part.as_os_str() == "site-packages" || part.as_os_str() == "dist-packages";
        match folder.strip_prefix(&self.stdlib) {
            Ok(inside) => !inside.components().any(third_party),
            // Extension modules may have a folder of their own beside the library.
            Err(_) => {
                folder.ends_with("lib-dynload") && self.path[self.user_roots..].iter().any(|entry| entry == folder)
            }
        }
    }
}

/// The absolute name that a `from`-import means, as `importlib._bootstrap._resolve_name`;
/// `None` where Python raises `ImportError`.
pub fn absolute_name(importer: &str, importer_is_package: bool, level: u32, module: &str) -> Option<String> {
    if level == 0 {
        return (!module.is_empty()).then(|| module.to_owned());
    }
    let mut package = if importer_is_package { importer } else { importer.rsplit_once('.')?.0 };
    for _ in 1..level {
        package = package.rsplit_once('.')?.0;
    }
    Some(if module.is_empty() { package.to_owned() } else { format!("{package}.{module}") })
}

/// The packages that a module is in, outermost first.
pub fn parents(name: &str) -> impl Iterator<Item = &str> {
    name.match_indices('.').map(|(dot, _)| &name[..dot])
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::site::SearchPath;

    /// An interpreter with its library at `lib` and further packages at `site`, both in `folder`.
    fn interpreter(folder: &Path, foreign_finders: Vec<PathBuf>) -> Interpreter {
        let facts = serde_json::json!({
            "version": [3, 13, 0], "executable": "/python", "cache_tag": "cpython-313", "magic": [1],
            "platform": "linux", "os_name": "posix", "prefix": "/", "base_prefix": "/",
            "stdlib": folder.join("lib"), "path": [], "site_directories": [],
            "builtin_modules": ["sys"], "stdlib_modules": [],
            "frozen_modules": [["os", false, "os"], ["alias", false, "os"]],
            "aliases": {"os.path": "posixpath"}, "preloaded_modules": ["codecs"], "modules_of_site": ["os", "site"],
            "extension_suffixes": [".cpython-313.so", ".so"], "optimize": 0,
        });
        let entries = vec![folder.join("lib.zip"), folder.join("lib"), folder.join("site")];
        Interpreter {
            facts: serde_json::from_value(facts).unwrap(),
            search_path: SearchPath { entries, foreign_finders },
            key: String::new(),
        }
    }

    struct Fixture {
        folder: tempfile::TempDir,
        resolver: Resolver,
    }

    impl Fixture {
        fn new(files: &[&str]) -> Fixture {
            let folder = tempfile::tempdir().unwrap();
            for file in files {
                let path = folder.path().join(file);
                std::fs::create_dir_all(path.parent().unwrap()).unwrap();
                std::fs::write(path, "").unwrap();
            }
            let roots = [folder.path().join("root")];
            let resolver = Resolver::new(&interpreter(folder.path(), Vec::new()), &roots, Files::default());
            Fixture { folder, resolver }
        }

        /// The file found, from the fixture's folder, or what else was found.
        fn find(&self, name: &str) -> String {
            let relative = |path: &Path| path.strip_prefix(self.folder.path()).unwrap().display().to_string();
            match self.resolver.resolve(name) {
                Location::Source(source) => relative(&source.path),
                Location::Extension { path, standard } => format!("{} {standard}", relative(&path)),
                Location::Namespace(portions) => {
                    portions.iter().map(|path| relative(path)).collect::<Vec<_>>().join(" + ")
                }
                Location::Builtin => "builtin".to_owned(),
                Location::Opaque(_) => "opaque".to_owned(),
                Location::Missing => "missing".to_owned(),
            }
        }
    }

    #[test]
    fn in_one_folder_packages_come_before_extensions_before_source_before_byte_code() {
        let fixture = Fixture::new(&[
            "root/a/__init__.py",
            "root/a.so",
            "root/a.py",
            "root/b.so",
            "root/b.py",
            "root/c.py",
            "root/c.pyc",
            "root/d.pyc",
        ]);
        assert_eq!(fixture.find("a"), "root/a/__init__.py");
        assert_eq!(fixture.find("b"), "root/b.so false");
        assert_eq!(fixture.find("c"), "root/c.py");
        assert_eq!(fixture.find("d"), "opaque");
    }

    #[test]
    fn a_namespace_package_gathers_portions_unless_a_later_entry_has_the_module() {
        let fixture = Fixture::new(&["root/space/a.py", "lib/other.py", "site/space/b.py", "root/other/x.py"]);
        assert_eq!(fixture.find("space"), "root/space + site/space");
        assert_eq!(fixture.find("space.b"), "site/space/b.py");
        assert_eq!(fixture.find("other"), "lib/other.py");
    }

    #[test]
    fn builtin_frozen_and_preloaded_modules_are_not_shadowed() {
        let fixture = Fixture::new(&[
            "root/sys.py",
            "root/os.py",
            "root/codecs.py",
            "root/json.py",
            "lib/os.py",
            "lib/codecs.py",
            "lib/json.py",
            "lib/posixpath.py",
        ]);
        assert_eq!(fixture.find("sys"), "builtin");
        assert_eq!(fixture.find("os"), "lib/os.py");
        assert_eq!(fixture.find("codecs"), "lib/codecs.py");
        assert_eq!(fixture.find("json"), "root/json.py");
        assert_eq!(fixture.find("os.path"), "lib/posixpath.py");
        assert_eq!(fixture.resolver.canonical("os.path"), "posixpath");
        assert_eq!(fixture.find("alias"), "opaque");
        assert_eq!(fixture.find("__main__"), "opaque");
    }

    #[test]
    fn what_is_not_there_is_missing_unless_something_else_may_find_it() {
        let fixture = Fixture::new(&["root/a.py", "root/p/__init__.py"]);
        assert_eq!(fixture.find("nothing"), "missing");
        assert_eq!(fixture.find("nothing.at.all"), "missing");
        assert_eq!(fixture.find("p.nothing"), "missing");
        assert_eq!(fixture.find("a.b"), "opaque");
        assert_eq!(fixture.find("A"), "missing");
        let path = fixture.folder.path();
        let foreign = interpreter(path, vec![path.join("x.pth")]);
        assert!(matches!(Resolver::new(&foreign, &[], Files::default()).resolve("nothing"), Location::Opaque(_)));
    }

    #[test]
    fn an_archive_on_the_path_may_hold_anything_after_it() {
        let fixture = Fixture::new(&["root/a.py", "lib.zip", "lib/b.py"]);
        assert_eq!(fixture.find("a"), "root/a.py");
        assert_eq!(fixture.find("b"), "opaque");
    }

    #[test]
    fn relative_imports() {
        let absolute = |importer, is_package, level, module| absolute_name(importer, is_package, level, module);
        assert_eq!(absolute("a.b.c", false, 0, "x.y").as_deref(), Some("x.y"));
        assert_eq!(absolute("a.b.c", false, 1, "x").as_deref(), Some("a.b.x"));
        assert_eq!(absolute("a.b", true, 1, "").as_deref(), Some("a.b"));
        assert_eq!(absolute("a.b.c", false, 2, "").as_deref(), Some("a"));
        assert_eq!(absolute("a.b.c", false, 3, "x"), None);
        assert_eq!(absolute("script", false, 1, "x"), None);
        assert_eq!(parents("a.b.c").collect::<Vec<_>>(), ["a", "a.b"]);
    }

    #[test]
    fn a_package_is_listed_whole_but_for_the_librarys_tests() {
        let fixture = Fixture::new(&[
            "site/p/__init__.py",
            "site/p/a.py",
            "site/p/tests/t.py",
            "site/p/sub/__init__.py",
            "site/p/x-y.py",
            "lib/q/__init__.py",
            "lib/q/tests/t.py",
            "lib/q/b.py",
        ]);
        let names = |top| {
            let contents = fixture.resolver.package_contents(top);
            contents.iter().map(|(name, _)| name.to_string()).collect::<Vec<_>>().join(" ")
        };
        assert_eq!(names("p"), "p.a p.sub p.tests.t");
        assert_eq!(names("q"), "q.b");
    }
}
