//! Files that are replaced as a whole.

use std::fs::File;
use std::io::{self, Write};
use std::path::Path;

/// Writes to `path` by way of a file beside it, so that `path` is at every moment absent, the old file or the new one.
///
/// Errors: the folder or the file can't be written, the disk is full. Nothing half-written stays.
pub fn replace_file(path: &Path, bytes: &[u8]) -> io::Result<()> {
    // A device or pipe is written to; only a file is replaced.
    if std::fs::metadata(path).is_ok_and(|metadata| !metadata.is_file() && !metadata.is_dir()) {
        std::fs::OpenOptions::new().write(true).open(path)?.write_all(bytes)?;
        return Ok(());
    }
    let directory = match path.parent() {
        Some(parent) if !parent.as_os_str().is_empty() => parent,
        _ => Path::new("."),
    };
    let name = path.file_name().ok_or_else(|| io::Error::new(io::ErrorKind::InvalidInput, "not a file name"))?;
    let mut aside_name = std::ffi::OsString::from(".");
    aside_name.push(name);
    aside_name.push(format!(".{}.tmp", std::process::id()));
    let aside = Aside { path: directory.join(aside_name) };
    let mut file = File::create(&aside.path)?;
    file.write_all(bytes)?;
    file.sync_all()?;
    drop(file);
    std::fs::rename(&aside.path, path)?;
    // The rename itself must outlive a power cut too; file systems that can't sync a directory say so.
    if let Ok(directory) = File::open(directory) {
        let _ = directory.sync_all();
    }
    Ok(())
}

/// A file that goes away with its owner, unless it was renamed.
struct Aside {
    path: std::path::PathBuf,
}

impl Drop for Aside {
    fn drop(&mut self) {
        let _ = std::fs::remove_file(&self.path);
    }
}
