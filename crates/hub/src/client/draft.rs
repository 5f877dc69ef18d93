//! A text that a person edits before it is sent: in a file of this user alone, which goes with it.

use std::{
    fs::{self, File},
    io::{self, Read as _, Write as _},
    path::{Path, PathBuf},
};

use crate::{os, places::Places};

/// The file. Dropped, it is removed.
pub struct Draft {
    path: PathBuf,
}

/// The longest that is read back, in bytes.
const MOST: u64 = 8 << 20;

impl Draft {
    /// Writes it into the directory of the hub's socket, which nobody else can enter.
    ///
    /// # Errors
    /// When the directory cannot be written.
    pub fn new(places: &Places, text: &str) -> io::Result<Self> {
        os::private_directory(&places.runtime)?;
        let number = u64::from_ne_bytes(os::random()?);
        let draft = Self { path: places.runtime.join(format!("request-{number:016x}.http")) };
        let mut options = File::options();
        let mut file = os::private(options.write(true).create_new(true)).open(&draft.path)?;
        file.write_all(text.as_bytes())?;
        Ok(draft)
    }

    /// Where it is.
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// What it says now.
    ///
    /// # Errors
    /// When it is gone, too long, or no text.
    pub fn read(&self) -> io::Result<String> {
        let mut text = String::new();
        File::open(&self.path)?.take(MOST + 1).read_to_string(&mut text)?;
        if text.len() as u64 > MOST {
            let error = format!("it has more than {} MiB", MOST >> 20);
            return Err(io::Error::new(io::ErrorKind::InvalidData, error));
        }
        Ok(text)
    }
}

impl Drop for Draft {
    fn drop(&mut self) {
        // An editor may have moved it away.
        let _ = fs::remove_file(&self.path);
    }
}
