//! The folder that is served: what is opened stands below it, whatever links there are and however they change.
//!
//! The root is opened once, and everything else from there, so that it may be moved or replaced meanwhile.

use std::{
    cell::RefCell,
    fs::{File, Metadata},
    io,
    path::Path,
    sync::Arc,
    time::SystemTime,
};

use super::{
    change::is_part,
    held::{Held, Served},
};
use crate::os;

/// A folder that is served.
#[derive(Debug)]
pub(super) struct Root {
    below: Arc<os::Below>,
    /// `None` where no link is followed: a look at a path follows those before its end.
    held: Option<RefCell<Held>>,
}

/// A root as another thread reads and changes it.
#[derive(Debug, Clone)]
pub(super) struct Reader(Arc<os::Below>);

/// What is in a folder.
#[derive(Debug, Clone)]
pub(super) struct Entry {
    /// Its name.
    pub(super) name: String,
    /// What it is; of a link, what that leads to.
    pub(super) facts: Facts,
}

/// What was found.
#[derive(Debug)]
pub(super) struct Found {
    /// Opened for reading.
    pub(super) file: File,
    /// What it is.
    pub(super) facts: Facts,
}

/// What is known of a file.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Facts {
    /// Whether it is a folder.
    pub(super) folder: bool,
    /// Its length in bytes.
    pub(super) length: u64,
    /// When it was changed, as far as the system tells.
    pub(super) changed: Option<SystemTime>,
    /// What the system calls it among all files of its disk; 0 where it does not tell.
    pub(super) number: u64,
}

impl Root {
    /// Opens a folder. `links`: whether links are followed, as long as they stay below.
    ///
    /// # Errors
    /// When it is none, or cannot be read.
    pub(super) fn open(path: &Path, links: bool) -> io::Result<Self> {
        let held = links.then(RefCell::default);
        Ok(Self { below: Arc::new(os::Below::open(path, links)?), held })
    }

    /// Opens a file or folder for reading; whatever else stands there is not found.
    ///
    /// # Errors
    /// [`io::ErrorKind::NotFound`] also where a link leads out of the root.
    pub(super) fn find(&self, path: &Path) -> io::Result<Found> {
        Found::of(self.below.read(path)?)
    }

    /// [`Root::find`], for sending it: what is small may be held.
    ///
    /// # Errors
    /// As there.
    pub(super) fn serve(&self, path: &Path) -> io::Result<Served> {
        let Some(held) = &self.held else { return Ok(Served::of(path, self.find(path)?)) };
        let mut held = held.borrow_mut();
        match held.find(&self.below, path) {
            Some(served) => Ok(served),
            None => Ok(held.take(&self.below, path, self.find(path)?)),
        }
    }

    /// For another thread.
    pub(super) fn reader(&self) -> Reader {
        Reader(Arc::clone(&self.below))
    }
}

impl Reader {
    /// What is in a folder, in any order, at most `most`: files and folders, and links to those as long as they stay
    /// below the root.
    ///
    /// # Errors
    /// When it cannot be read.
    pub(super) fn entries(&self, path: &Path, most: usize) -> io::Result<Vec<Entry>> {
        let mut entries = self.all_entries(path, most)?;
        // What is not whole is nobody's yet.
        entries.retain(|entry| !is_part(&entry.name));
        Ok(entries)
    }

    /// The same, with what is being sent here.
    ///
    /// # Errors
    /// As there.
    pub(super) fn all_entries(&self, path: &Path, most: usize) -> io::Result<Vec<Entry>> {
        let mut entries = Vec::new();
        for name in self.0.names(path, most)? {
            // What is gone, may not be read or leads out is not there.
            let Ok(name) = name.into_string() else { continue };
            let found = self.0.look(&path.join(&name)).ok();
            if let Some(facts) = found.as_ref().and_then(Facts::of) {
                entries.push(Entry { name, facts });
            }
        }
        Ok(entries)
    }

    /// [`Root::find`], for this thread.
    ///
    /// # Errors
    /// As there.
    pub(super) fn find(&self, path: &Path) -> io::Result<Found> {
        Found::of(self.0.read(path)?)
    }

    /// What is known of what stands at a path, without opening it for reading.
    ///
    /// # Errors
    /// As [`Root::find`].
    pub(super) fn look(&self, path: &Path) -> io::Result<Facts> {
        Facts::of(&self.0.look(path)?).ok_or_else(|| io::ErrorKind::NotFound.into())
    }

    /// Whether a link stands there, wherever it leads.
    ///
    /// # Errors
    /// As [`Root::find`].
    pub(super) fn is_link(&self, path: &Path) -> io::Result<bool> {
        self.0.is_link(path)
    }

    /// Opens a folder, so that what is in it can be changed.
    ///
    /// # Errors
    /// As [`Root::find`].
    pub(super) fn folder(&self, path: &Path) -> io::Result<os::Folder> {
        self.0.folder(path)
    }
}

impl Found {
    fn of(file: File) -> io::Result<Self> {
        let facts = Facts::of(&file.metadata()?).ok_or(io::ErrorKind::NotFound)?;
        Ok(Self { file, facts })
    }
}

impl Facts {
    /// `None` of what is neither file nor folder: a device or a pipe has no content that could be served.
    pub(super) fn of(metadata: &Metadata) -> Option<Self> {
        (metadata.is_file() || metadata.is_dir()).then(|| Self {
            folder: metadata.is_dir(),
            length: metadata.len(),
            changed: metadata.modified().ok(),
            number: os::number(metadata),
        })
    }
}
