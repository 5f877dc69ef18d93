//! What was installed where: so that it can be removed after the authority was renewed, and from places that are no
//! longer found.
//!
//! Roots are no secrets. Deliberately absent: what a place holds now, which only the place knows.

use std::{
    fs, io,
    path::{Path, PathBuf},
};

use navyd_model::api::Document;
use serde::{Deserialize, Serialize};

use super::root::Root;
use crate::{lock::Lock, os::files};

/// The journal: read once, and written at each change.
#[derive(Debug)]
pub struct Journal {
    path: PathBuf,
    roots: Vec<Root>,
    entries: Vec<Entry>,
    /// Held as long as the journal may be written: two commands at once would undo each other's.
    _lock: Option<Lock>,
}

/// Why the journal cannot be used.
#[derive(Debug, thiserror::Error)]
#[error("`{path}`: {why}")]
pub struct JournalError {
    path: String,
    why: String,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
struct Entry {
    store: String,
    place: PathBuf,
    /// The name of the root.
    root: String,
}

#[derive(Debug, Default, Serialize, Deserialize)]
struct Body {
    /// In PEM.
    roots: Vec<String>,
    entries: Vec<Entry>,
}

impl Journal {
    /// Reads it; without a file it is empty.
    ///
    /// # Errors
    /// When it cannot be read, is not private, is no journal (it is not overwritten then), or another command has it.
    pub fn open(path: &Path) -> Result<Self, JournalError> {
        let fail = |why: String| JournalError { path: path.display().to_string(), why };
        let folder = path.parent().ok_or_else(|| fail("it has no folder".into()))?;
        files::private_directory(folder).map_err(|error| fail(format!("`{}`: {error}", folder.display())))?;
        let lock = Lock::take(&path.with_extension("lock"))
            .map_err(|error| fail(error.to_string()))?
            .ok_or_else(|| fail("another `navyd trust` is at work".into()))?;
        Ok(Self { _lock: Some(lock), ..Self::look(path)? })
    }

    /// Reads it for looking alone: it must not be written, and leaves no trace.
    ///
    /// # Errors
    /// When it cannot be read, or is no journal.
    pub fn look(path: &Path) -> Result<Self, JournalError> {
        let fail = |why: String| JournalError { path: path.display().to_string(), why };
        let body = match fs::read(path) {
            Ok(bytes) => {
                serde_json::from_slice::<Document<Body>>(&bytes)
                    .map_err(|error| fail(format!("it is no journal: {error}")))?
                    .body
            }
            Err(error) if error.kind() == io::ErrorKind::NotFound => Body::default(),
            Err(error) => return Err(fail(error.to_string())),
        };
        let roots = body.roots.iter().filter_map(|pem| Root::of(pem)).collect();
        Ok(Self { path: path.to_owned(), roots, entries: body.entries, _lock: None })
    }

    /// Every root that may still stand somewhere.
    pub fn roots(&self) -> impl Iterator<Item = &Root> {
        self.roots.iter()
    }

    /// The places of a store where something was installed; each once.
    pub fn places(&self, store: &str) -> impl Iterator<Item = &Path> {
        let mut places: Vec<&Path> = self
            .entries
            .iter()
            .filter(|entry| entry.store == store)
            .map(|entry| entry.place.as_path())
            .collect();
        places.sort_unstable();
        places.dedup();
        places.into_iter()
    }

    /// Whether this root was installed there.
    pub fn has(&self, store: &str, place: &Path, root: &Root) -> bool {
        self.entries.contains(&entry(store, place, root))
    }

    /// Remembers that a root is about to be installed there.
    ///
    /// # Errors
    /// When it cannot be written.
    pub fn add(&mut self, store: &str, place: &Path, root: &Root) -> Result<(), JournalError> {
        let entry = entry(store, place, root);
        if !self.entries.contains(&entry) {
            self.entries.push(entry);
        }
        if !self.roots.contains(root) {
            self.roots.push(root.clone());
        }
        self.write()
    }

    /// Forgets that a root was installed there, and the root itself with its last place.
    ///
    /// # Errors
    /// When it cannot be written.
    pub fn remove(&mut self, store: &str, place: &Path, root: &Root) -> Result<(), JournalError> {
        let gone = entry(store, place, root);
        self.entries.retain(|entry| *entry != gone);
        if !self.entries.iter().any(|entry| entry.root == root.name()) {
            self.roots.retain(|known| known != root);
        }
        self.write()
    }

    fn write(&self) -> Result<(), JournalError> {
        let fail = |why: String| JournalError { path: self.path.display().to_string(), why };
        if self.entries.is_empty() {
            // Nothing is installed, so nothing is left of it here either.
            return match fs::remove_file(&self.path) {
                Err(error) if error.kind() != io::ErrorKind::NotFound => Err(fail(error.to_string())),
                _ => Ok(()),
            };
        }
        let body = Body { roots: self.roots.iter().map(Root::pem).collect(), entries: self.entries.clone() };
        let text = serde_json::to_vec_pretty(&Document::new("trust-journal", body))
            .map_err(|error| fail(error.to_string()))?;
        files::write(&self.path, &text, files::PRIVATE).map_err(|error| fail(error.to_string()))
    }
}

fn entry(store: &str, place: &Path, root: &Root) -> Entry {
    Entry { store: store.into(), place: place.into(), root: root.name().into() }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{
        scratch::Scratch,
        trust::scene::{other, root},
    };

    #[test]
    fn it_outlives_the_process_and_vanishes_when_empty() {
        let scratch = Scratch::new();
        let path = scratch.path().join("state/trust.json");
        let (place, place_two) = (Path::new("/a"), Path::new("/b"));
        let mut journal = Journal::open(&path).unwrap();
        journal.add("java", place, &root()).unwrap();
        journal.add("java", place, &root()).unwrap();
        journal.add("java", place_two, &root()).unwrap();
        journal.add("debian", place, &other()).unwrap();
        drop(journal);
        let mut journal = Journal::open(&path).unwrap();
        assert_eq!(journal.places("java").collect::<Vec<_>>(), [place, place_two]);
        assert_eq!(journal.roots().count(), 2);
        journal.remove("java", place, &root()).unwrap();
        assert!(journal.has("java", place_two, &root()) && !journal.has("java", place, &root()));
        journal.remove("java", place_two, &root()).unwrap();
        assert_eq!(journal.roots().collect::<Vec<_>>(), [&other()]);
        journal.remove("debian", place, &other()).unwrap();
        assert!(!path.exists());
    }

    #[test]
    fn what_is_no_journal_is_not_overwritten() {
        let scratch = Scratch::new();
        let path = scratch.path().join("state/trust.json");
        drop(Journal::open(&path).unwrap());
        fs::write(&path, "notes of mine").unwrap();
        let refused = Journal::open(&path).unwrap_err().to_string();
        assert!(refused.contains("it is no journal"), "{refused}");
        assert_eq!(fs::read(&path).unwrap(), b"notes of mine");
    }
}
