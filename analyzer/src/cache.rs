//! Answers of interpreters, remembered in the user's cache folder.
//!
//! An entry is written aside and renamed, so a reader never sees half of one.
//! A cache that can't be read or written costs time, nothing else.

use std::path::{Path, PathBuf};

use crate::files;

/// A name for everything that an interpreter's answers depend on: the executable, the
/// files beside it that configure it, and the questions.
pub fn key(executable: &Path, configuration: &[PathBuf], questions: &[&str]) -> String {
    let mut hasher = blake3::Hasher::new();
    let mut feed = |part: &[u8]| {
        hasher.update(&(part.len() as u64).to_le_bytes());
        hasher.update(part);
    };
    feed(env!("CARGO_PKG_VERSION").as_bytes());
    let real = executable.canonicalize().unwrap_or_else(|_| executable.to_owned());
    for path in [executable, &real] {
        feed(path.as_os_str().as_encoded_bytes());
        feed(format!("{:?}", files::stamp(path)).as_bytes());
    }
    for path in configuration {
        feed(&files::read(path).unwrap_or_default());
    }
    for variable in ["HOME", "APPDATA"] {
        feed(std::env::var_os(variable).unwrap_or_default().as_encoded_bytes());
    }
    for question in questions {
        feed(question.as_bytes());
    }
    hasher.finalize().to_hex()[..32].to_owned()
}

/// The remembered answer, or a fresh one, which is then remembered.
pub fn remembered<E>(key: &str, kind: &str, answer: impl FnOnce() -> Result<String, E>) -> Result<String, E> {
    let path = folder().map(|folder| folder.join(format!("{key}.{kind}.json")));
    if let Some(path) = &path
        && let Ok(bytes) = files::read(path)
        && let Some(text) = unseal(bytes)
    {
        return Ok(text);
    }
    let text = answer()?;
    if let Some(path) = &path {
        write_aside(path, &seal(&text));
    }
    Ok(text)
}

/// Keeps a text for people in a file of the cache folder, and says where; `None` if it can't be written.
pub fn page(name: &str, text: &str) -> Option<PathBuf> {
    let path = folder()?.join("pages").join(name);
    if files::read(&path).is_ok_and(|known| known == text.as_bytes()) {
        return Some(path);
    }
    write_aside(&path, text);
    files::is_file(&path).then_some(path)
}

/// The text behind a digest of itself, so that a damaged entry is noticed.
fn seal(text: &str) -> String {
    format!("{}\n{text}", blake3::hash(text.as_bytes()).to_hex())
}

fn unseal(bytes: Vec<u8>) -> Option<String> {
    let sealed = String::from_utf8(bytes).ok()?;
    let (digest, text) = sealed.split_once('\n')?;
    (blake3::hash(text.as_bytes()).to_hex().as_str() == digest).then(|| text.to_owned())
}

/// `$XDG_CACHE_HOME/lyo`, else `~/.cache/lyo`.
fn folder() -> Option<PathBuf> {
    let cache = match std::env::var_os("XDG_CACHE_HOME").filter(|value| Path::new(value).is_absolute()) {
        Some(folder) => PathBuf::from(folder),
        None => std::env::home_dir()?.join(".cache"),
    };
    Some(cache.join("lyo"))
}

fn write_aside(path: &Path, text: &str) {
    let Some(folder) = path.parent() else { return };
    let aside = path.with_extension(format!("{}.tmp", std::process::id()));
    let written = std::fs::create_dir_all(folder)
        .and_then(|()| std::fs::write(&aside, text))
        .and_then(|()| std::fs::rename(&aside, path));
    if written.is_err() {
        std::fs::remove_file(&aside).ok();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_sealed_text_comes_back_and_a_damaged_one_does_not() {
        let sealed = seal("{\"a\": 1}\n");
        assert_eq!(unseal(sealed.clone().into_bytes()).as_deref(), Some("{\"a\": 1}\n"));
        assert_eq!(unseal(sealed.as_bytes()[..sealed.len() - 2].to_vec()), None);
        assert_eq!(unseal(Vec::new()), None);
    }
}
