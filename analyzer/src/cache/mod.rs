//! What was found out once, kept in the user's cache folder: answers of interpreters ([`remembered`]), of
//! Lyo itself about files that have not changed since ([`Memory`]), and what other crates keep ([`Store`]).
//!
//! An entry is written aside and renamed, so a reader never sees half of one, and carries a digest of itself.
//! A cache that can't be read or written costs time, nothing else.

mod inputs;
mod memory;
mod question;
mod store;

use std::io;
use std::path::{Path, PathBuf};

use crate::files;

pub use inputs::{Inputs, folder_digest};
pub use memory::{Answer, Memory};
pub use question::Question;
pub use store::{Kind, Store};

/// A name for everything that an interpreter's answers depend on: the executable, the
/// files beside it that configure it, and the questions.
pub fn key(executable: &Path, configuration: &[PathBuf], questions: &[&str]) -> String {
    let mut question = Question::of_version();
    let real = executable.canonicalize().unwrap_or_else(|_| executable.to_owned());
    question.say_file(executable).say_file(&real);
    for path in configuration {
        question.say(files::read(path).unwrap_or_default());
    }
    for variable in ["HOME", "APPDATA"] {
        question.say(std::env::var_os(variable).unwrap_or_default().as_encoded_bytes());
    }
    for asked in questions {
        question.say(asked);
    }
    question.name()
}

/// The remembered answer, or a fresh one, which is then remembered.
pub fn remembered<E>(key: &str, kind: &str, answer: impl FnOnce() -> Result<String, E>) -> Result<String, E> {
    let store = Store::of_user(Kind::Interpreters);
    let name = format!("{key}.{kind}.json");
    if let Some(text) = store.load(&name).and_then(|bytes| String::from_utf8(bytes).ok()) {
        return Ok(text);
    }
    let text = answer()?;
    store.keep(&name, text.as_bytes());
    Ok(text)
}

/// Keeps a text for people in a file of the cache folder, and says where; `None` if it can't be written.
pub fn page(name: &str, text: &str) -> Option<PathBuf> {
    let path = folder()?.join(Kind::Pages.folder()).join(name);
    if files::read(&path).is_ok_and(|known| known == text.as_bytes()) {
        return Some(path);
    }
    write_aside(&path, text.as_bytes());
    files::is_file(&path).then_some(path)
}

/// `$LYO_CACHE_DIR`, else `$XDG_CACHE_HOME/lyo`, else `~/.cache/lyo`.
pub fn folder() -> Option<PathBuf> {
    if let Some(folder) = std::env::var_os("LYO_CACHE_DIR").filter(|value| !value.is_empty()) {
        return Some(files::absolute(Path::new(&folder)));
    }
    let cache = match std::env::var_os("XDG_CACHE_HOME").filter(|value| Path::new(value).is_absolute()) {
        Some(folder) => PathBuf::from(folder),
        None => std::env::home_dir()?.join(".cache"),
    };
    Some(cache.join("lyo"))
}

/// Removes what is kept, and nothing else that may lie in the folder. Says whether there was anything.
///
/// Errors: something can't be removed.
pub fn clean() -> io::Result<bool> {
    let Some(folder) = folder() else { return Ok(false) };
    let mut found = false;
    for kind in Kind::ALL {
        match std::fs::remove_dir_all(folder.join(kind.folder())) {
            Ok(()) => found = true,
            Err(error) if error.kind() == io::ErrorKind::NotFound => {}
            Err(error) => return Err(error),
        }
    }
    // It stays if it holds something of others.
    std::fs::remove_dir(&folder).ok();
    Ok(found)
}

fn write_aside(path: &Path, bytes: &[u8]) {
    let Some(folder) = path.parent() else { return };
    let aside = path.with_extension(format!("{}.tmp", std::process::id()));
    let written = std::fs::create_dir_all(folder)
        .and_then(|()| std::fs::write(&aside, bytes))
        .and_then(|()| std::fs::rename(&aside, path));
    if written.is_err() {
        std::fs::remove_file(&aside).ok();
    }
}
