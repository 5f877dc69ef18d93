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

/// The bytes of memory that this process has: that is not asked here.
pub(crate) fn memory() -> Option<u64> {
    None
}

/// Reads from an offset on.
///
/// # Errors
/// The system's.
#[cfg(windows)]
pub(crate) fn read_at(file: &File, bytes: &mut [u8], from: u64) -> io::Result<usize> {
    std::os::windows::fs::FileExt::seek_read(file, bytes, from)
}

/// Asks for nothing: here no limit stands in the way.
#[cfg(not(unix))]
pub(crate) fn more_files() {}

/// Asks for nothing: ABOR is heard with the next command.
#[cfg(not(unix))]
pub(crate) fn take_urgent(_: &TcpStream) {}

/// Nothing, since urgent bytes are not taken.
#[cfg(not(unix))]
pub(crate) fn read_behind_urgent(_: &TcpStream, _: &mut [u8]) -> usize {
    0
}

/// A folder below which files are opened.
#[cfg(not(unix))]
#[derive(Debug)]
pub(crate) struct Below(std::path::PathBuf);

#[cfg(not(unix))]
impl Below {
    /// Takes the folder itself. No link is followed here, whatever is told.
    ///
    /// # Errors
    /// When it is none.
    pub(crate) fn open(path: &std::path::Path, _: bool) -> io::Result<Self> {
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

    /// Whether a link stands at a relative path: none that stands there is seen.
    ///
    /// # Errors
    /// As [`Below::read`].
    pub(crate) fn is_link(&self, path: &std::path::Path) -> io::Result<bool> {
        self.look(path).map(|_| false)
    }

    /// Opens a folder, so that what is in it can be changed.
    ///
    /// # Errors
    /// As [`Below::read`].
    pub(crate) fn folder(&self, path: &std::path::Path) -> io::Result<Folder> {
        let path = self.checked(path)?;
        if path.is_dir() { Ok(Folder(path)) } else { Err(io::ErrorKind::NotFound.into()) }
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

/// Writes at an offset.
///
/// # Errors
/// The system's.
#[cfg(windows)]
pub(crate) fn write_at(file: &File, bytes: &[u8], at: u64) -> io::Result<()> {
    let mut wrote = 0;
    while wrote < bytes.len() {
        wrote += std::os::windows::fs::FileExt::seek_write(file, &bytes[wrote..], at + wrote as u64)?;
    }
    Ok(())
}

/// Whether anybody may run it: nothing here says so of a file.
///
/// # Errors
/// None.
#[cfg(not(unix))]
pub(crate) fn is_executable(_: &File) -> io::Result<bool> {
    Ok(false)
}

/// A folder whose entries may be changed. A name is that of one entry: with anything in it that parts names, it is
/// refused.
#[cfg(not(unix))]
#[derive(Debug)]
pub(crate) struct Folder(std::path::PathBuf);

#[cfg(not(unix))]
impl Folder {
    /// Opens a new file for writing.
    ///
    /// # Errors
    /// [`io::ErrorKind::AlreadyExists`] where anything has that name.
    pub(crate) fn create(&self, name: &str) -> io::Result<File> {
        File::options().write(true).create_new(true).open(self.entry(name)?)
    }

    /// Opens a file that is there for writing, and no link to one.
    ///
    /// # Errors
    /// The system's.
    pub(crate) fn write(&self, name: &str) -> io::Result<File> {
        let path = self.entry(name)?;
        if !std::fs::symlink_metadata(&path)?.is_file() {
            return Err(io::ErrorKind::InvalidInput.into());
        }
        File::options().write(true).open(path)
    }

    /// Makes a folder.
    ///
    /// # Errors
    /// [`io::ErrorKind::AlreadyExists`] where anything has that name.
    pub(crate) fn make(&self, name: &str) -> io::Result<()> {
        std::fs::create_dir(self.entry(name)?)
    }

    /// Takes away a file or a link, or an empty folder.
    ///
    /// # Errors
    /// The system's.
    pub(crate) fn remove(&self, name: &str, folder: bool) -> io::Result<()> {
        let path = self.entry(name)?;
        if folder { std::fs::remove_dir(path) } else { std::fs::remove_file(path) }
    }

    /// Gives an entry another name, here or in another folder. `over`: in place of what has that name. Bias: without it,
    /// what takes the name between the look and the step is replaced.
    ///
    /// # Errors
    /// [`io::ErrorKind::AlreadyExists`] where something has the name, and `over` is not set.
    pub(crate) fn rename(&self, from: &str, folder: &Self, to: &str, over: bool) -> io::Result<()> {
        let (from, to) = (self.entry(from)?, folder.entry(to)?);
        if !over && std::fs::symlink_metadata(&to).is_ok() {
            return Err(io::ErrorKind::AlreadyExists.into());
        }
        std::fs::rename(from, to)
    }

    fn entry(&self, name: &str) -> io::Result<std::path::PathBuf> {
        let parts = |byte: u8| byte == b'/' || super::PARTING.contains(&byte);
        if name.is_empty() || name == "." || name == ".." || name.bytes().any(parts) {
            return Err(io::ErrorKind::InvalidFilename.into());
        }
        Ok(self.0.join(name))
    }
}
