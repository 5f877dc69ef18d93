//! Systems where a file is read and written.

use std::{fs::File, io};

use tokio::net::TcpStream;

/// Says that it cannot be done here.
///
/// # Errors
/// Always [`io::ErrorKind::Unsupported`].
pub(crate) async fn send_file(_: &TcpStream, _: &File, _: u64, _: u64) -> io::Result<u64> {
    Err(io::ErrorKind::Unsupported.into())
}

/// Reads from an offset on.
///
/// # Errors
/// The system's.
#[cfg(windows)]
pub(crate) fn read_at(file: &File, bytes: &mut [u8], from: u64) -> io::Result<usize> {
    std::os::windows::fs::FileExt::seek_read(file, bytes, from)
}

/// A folder below which files are opened.
#[cfg(not(unix))]
#[derive(Debug)]
pub(crate) struct Below(std::path::PathBuf);

#[cfg(not(unix))]
impl Below {
    /// Takes the folder itself.
    ///
    /// # Errors
    /// When it is none.
    pub(crate) fn open(path: &std::path::Path) -> io::Result<Self> {
        let path = path.canonicalize()?;
        if path.is_dir() { Ok(Self(path)) } else { Err(io::ErrorKind::NotADirectory.into()) }
    }

    /// Opens for reading what stands at a relative path, no part of which is a link. Bias: one that replaces a folder by
    /// a link at the very moment between the look and the opening is not caught here.
    ///
    /// # Errors
    /// [`io::ErrorKind::NotFound`] also for what lies outside or behind a link.
    pub(crate) fn read(&self, path: &std::path::Path) -> io::Result<File> {
        File::open(self.checked(path)?)
    }

    /// What stands at a relative path.
    ///
    /// # Errors
    /// As [`Below::read`].
    pub(crate) fn look(&self, path: &std::path::Path) -> io::Result<std::fs::Metadata> {
        std::fs::symlink_metadata(self.checked(path)?)
    }

    /// Opens a file for writing, made where there is none. `new`: there must be none.
    ///
    /// # Errors
    /// As [`Below::read`].
    pub(crate) fn create(&self, path: &std::path::Path, new: bool) -> io::Result<File> {
        let mut how = File::options();
        how.write(true).create(!new).create_new(new).truncate(false);
        how.open(self.beside(path)?)
    }

    /// Gives a file the name of another one in the same folder, whose place it takes.
    ///
    /// # Errors
    /// As [`Below::read`].
    pub(crate) fn rename(&self, from: &std::path::Path, to: &std::path::Path) -> io::Result<()> {
        std::fs::rename(self.beside(from)?, self.beside(to)?)
    }

    /// Takes a file away.
    ///
    /// # Errors
    /// As [`Below::read`].
    pub(crate) fn remove(&self, path: &std::path::Path) -> io::Result<()> {
        std::fs::remove_file(self.checked(path)?)
    }

    /// A path that may have nothing at its end yet; a link there is refused.
    fn beside(&self, path: &std::path::Path) -> io::Result<std::path::PathBuf> {
        let name = path.file_name().ok_or(io::ErrorKind::InvalidFilename)?;
        match self.checked(path) {
            Err(error) if error.kind() == io::ErrorKind::NotFound => {}
            checked => return checked,
        }
        let at = self.checked(path.parent().unwrap_or(std::path::Path::new(".")))?.join(name);
        if std::fs::symlink_metadata(&at).is_ok() { Err(io::ErrorKind::NotFound.into()) } else { Ok(at) }
    }

    /// The names in a folder, at most `most`.
    ///
    /// # Errors
    /// As [`Below::read`].
    pub(crate) fn names(&self, path: &std::path::Path, most: usize) -> io::Result<Vec<std::ffi::OsString>> {
        let entries = std::fs::read_dir(self.checked(path)?)?;
        entries.take(most).map(|entry| Ok(entry?.file_name())).collect()
    }

    fn checked(&self, path: &std::path::Path) -> io::Result<std::path::PathBuf> {
        use std::path::Component;
        let mut at = self.0.clone();
        for part in path.components().filter(|part| *part != Component::CurDir) {
            let Component::Normal(name) = part else { return Err(io::ErrorKind::NotFound.into()) };
            at.push(name);
            if std::fs::symlink_metadata(&at)?.is_symlink() {
                return Err(io::ErrorKind::NotFound.into());
            }
        }
        Ok(at)
    }
}

/// Files have no numbers that the standard library tells.
#[cfg(not(unix))]
pub(crate) fn number(_: &std::fs::Metadata) -> u64 {
    0
}
