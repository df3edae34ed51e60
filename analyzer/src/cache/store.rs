//! Entries of one kind, each behind a digest of itself.

use std::path::PathBuf;
use std::time::SystemTime;

use super::{folder, write_aside};

/// Bytes that the entries of one store may take; the ones that were not used for longest go first.
const LARGEST: u64 = 1 << 30;

/// Bytes of the digest that an entry begins with.
const DIGEST: usize = 32;

/// What is kept, each kind in a folder of its own.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// What commands have said.
    Answers,
    /// What harvesters have sent.
    Harvests,
    /// What interpreters have told of themselves.
    Interpreters,
    /// Texts for people.
    Pages,
}

impl Kind {
    pub const ALL: [Kind; 4] = [Kind::Answers, Kind::Harvests, Kind::Interpreters, Kind::Pages];

    pub fn folder(self) -> &'static str {
        match self {
            Kind::Answers => "answers",
            Kind::Harvests => "harvests",
            Kind::Interpreters => "interpreters",
            Kind::Pages => "pages",
        }
    }
}

/// A folder in the cache. Without one, nothing is kept and nothing found.
#[derive(Clone, Debug)]
pub struct Store {
    folder: Option<PathBuf>,
}

impl Store {
    /// The entries of this kind in the user's cache.
    pub fn of_user(kind: Kind) -> Store {
        Store { folder: folder().map(|folder| folder.join(kind.folder())) }
    }

    pub fn none() -> Store {
        Store { folder: None }
    }

    /// The bytes of an entry; `None` if there is none, or if it is damaged.
    pub fn load(&self, name: &str) -> Option<Vec<u8>> {
        let path = self.folder.as_ref()?.join(name);
        let mut bytes = std::fs::read(&path).ok()?;
        let (digest, content) = bytes.split_at_checked(DIGEST)?;
        if blake3::hash(content).as_bytes() != digest {
            return None;
        }
        // Tells that it is still of use; whether that can be written down does not matter.
        std::fs::File::open(&path).and_then(|file| file.set_modified(SystemTime::now())).ok();
        bytes.drain(..DIGEST);
        Some(bytes)
    }

    pub fn keep(&self, name: &str, content: &[u8]) {
        let Some(folder) = &self.folder else { return };
        write_aside(&folder.join(name), &[blake3::hash(content).as_bytes(), content].concat());
    }

    /// Removes what was not used for longest until the rest is no larger than a store may be.
    pub fn trim(&self) {
        self.trim_to(LARGEST);
    }

    fn trim_to(&self, largest: u64) {
        let Some(listing) = self.folder.as_ref().and_then(|folder| std::fs::read_dir(folder).ok()) else { return };
        let mut entries: Vec<(SystemTime, u64, PathBuf)> = listing
            .filter_map(|entry| {
                let entry = entry.ok()?;
                let metadata = entry.metadata().ok()?;
                Some((metadata.modified().ok()?, metadata.len(), entry.path()))
            })
            .collect();
        entries.sort();
        let mut size: u64 = entries.iter().map(|(_, size, _)| size).sum();
        for (_, length, path) in entries {
            if size <= largest {
                break;
            }
            std::fs::remove_file(path).ok();
            size -= length;
        }
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;

    fn store() -> (tempfile::TempDir, Store) {
        let folder = tempfile::tempdir().unwrap();
        let store = Store { folder: Some(folder.path().join("kind")) };
        (folder, store)
    }

    #[test]
    fn an_entry_comes_back_and_a_damaged_one_does_not() {
        let (folder, store) = store();
        store.keep("a", b"content");
        assert_eq!(store.load("a").as_deref(), Some(&b"content"[..]));
        let path = folder.path().join("kind/a");
        let bytes = std::fs::read(&path).unwrap();
        for length in 0..bytes.len() {
            std::fs::write(&path, &bytes[..length]).unwrap();
            assert_eq!(store.load("a"), None);
        }
        assert_eq!(store.load("b"), None);
        assert_eq!(Store::none().load("a"), None);
    }

    #[test]
    fn what_was_not_used_for_longest_goes_first() {
        let (folder, store) = store();
        for (name, age) in [("old", 30), ("used", 20), ("new", 10)] {
            store.keep(name, &[0; 68]);
            let file = std::fs::File::open(folder.path().join("kind").join(name)).unwrap();
            file.set_modified(SystemTime::now() - Duration::from_secs(age)).unwrap();
        }
        assert!(store.load("used").is_some());
        store.trim_to(200);
        assert!(store.load("old").is_none());
        assert!(store.load("used").is_some() && store.load("new").is_some());
        store.trim_to(100);
        assert!(store.load("used").is_none() || store.load("new").is_none());
    }
}
