//! The search path of a started program, as `site.main` makes it, without running a line of any `.pth` file.

use std::path::{Path, PathBuf};

use crate::files;
use crate::target::Facts;

/// `sys.path`, and what might find modules beside it.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct SearchPath {
    pub entries: Vec<PathBuf>,
    /// `.pth` files of editable installations, whose `import` lines install finders of their
    /// own: a module that isn't on the path may exist all the same. Other `import` lines
    /// do all kinds of things, but seldom that; results that rest on the absence of a
    /// module are guarded where they are used.
    pub foreign_finders: Vec<PathBuf>,
}

/// How setuptools names the `.pth` files of editable installations (PEP 660).
const EDITABLE: &str = "__editable__";

/// The path entries of the interpreter followed by its site directories, each followed by
/// what its `.pth` files name (`site.addsitedir`, `site.addpackage`).
pub fn search_path(facts: &Facts) -> SearchPath {
    let mut path = SearchPath::default();
    for entry in &facts.path {
        push(&mut path.entries, files::absolute(entry));
    }
    for directory in &facts.site_directories {
        add_site_directory(&mut path, directory);
    }
    path
}

fn push(entries: &mut Vec<PathBuf>, entry: PathBuf) {
    if !entries.contains(&entry) {
        entries.push(entry);
    }
}

fn add_site_directory(path: &mut SearchPath, directory: &Path) {
    let Ok(listing) = std::fs::read_dir(directory) else {
        return;
    };
    push(&mut path.entries, directory.to_owned());
    let mut names: Vec<String> = listing
        .filter_map(|entry| entry.ok()?.file_name().into_string().ok())
        .filter(|name| name.ends_with(".pth") && !name.starts_with('.'))
        .collect();
    names.sort();
    for name in names {
        let file = directory.join(&name);
        let Ok(bytes) = files::read(&file) else {
            continue;
        };
        let text = String::from_utf8_lossy(bytes.strip_prefix(b"\xef\xbb\xbf").unwrap_or(&bytes)).into_owned();
        for line in text.lines() {
            if line.starts_with('#') || line.trim().is_empty() {
                continue;
            }
            if line.starts_with("import ") || line.starts_with("import\t") {
                if name.starts_with(EDITABLE) && path.foreign_finders.last() != Some(&file) {
                    path.foreign_finders.push(file.clone());
                }
                continue;
            }
            let entry = files::absolute(&directory.join(line.trim_end()));
            if entry.exists() {
                push(&mut path.entries, entry);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pth_files_name_folders_and_their_import_lines_are_not_run() {
        let folder = tempfile::tempdir().unwrap();
        let site = folder.path().join("site-packages");
        let project = folder.path().join("project");
        std::fs::create_dir_all(&site).unwrap();
        std::fs::create_dir_all(&project).unwrap();
        std::fs::write(site.join("b.pth"), "# comment\n../project\nmissing\n\n").unwrap();
        std::fs::write(site.join("__editable__.a.pth"), "import a_finder; a_finder.install()\n").unwrap();
        std::fs::write(site.join("other.pth"), "import x\n").unwrap();
        let mut path = SearchPath::default();
        add_site_directory(&mut path, &site);
        assert_eq!(path.entries, [site.clone(), project]);
        assert_eq!(path.foreign_finders, [site.join("__editable__.a.pth")]);
    }
}
