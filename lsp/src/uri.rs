//! URIs and paths.

use std::path::{Path, PathBuf};

use lsp_types::Url;

/// The path of a document. What isn't a file (`untitled:Untitled-1`) gets one in `folder` that no file has,
/// so that it finds the modules that a script there would find.
pub fn path_of(uri: &Url, folder: &Path) -> PathBuf {
    if uri.scheme() == "file"
        && let Ok(path) = uri.to_file_path()
    {
        return path;
    }
    let name: String = uri.path().rsplit('/').next().unwrap_or_default().chars().filter(|c| *c != '\\').collect();
    folder.join(format!("{}~{name}", uri.scheme()))
}

/// The `file:` URI of an absolute path.
pub fn of_path(path: &Path) -> Option<Url> {
    Url::from_file_path(path).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[cfg(unix)]
    #[test]
    fn files_and_what_is_none() {
        let path = |uri: &str| path_of(&Url::parse(uri).unwrap(), Path::new("/w")).display().to_string();
        assert_eq!(path("file:///a%20b/c.py"), "/a b/c.py");
        assert_eq!(path("untitled:Untitled-1"), "/w/untitled~Untitled-1");
        assert_eq!(path("untitled:/x/new.py"), "/w/untitled~new.py");
        assert_eq!(of_path(Path::new("/a b/c.py")).unwrap().as_str(), "file:///a%20b/c.py");
    }
}
