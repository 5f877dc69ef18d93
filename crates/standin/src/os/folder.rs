//! Unix: changing what is in a folder that was opened below the root.
//!
//! Everything is done by its name in that very folder, so that nothing that changes on the way to it leads elsewhere.

use std::{fs::File, io, os::fd::OwnedFd};

use rustix::{
    fs::{AtFlags, Mode, OFlags, linkat, mkdirat, openat, renameat, unlinkat},
    io::Errno,
};

/// A folder whose entries may be changed. A name is that of one entry: with a slash in it, it is refused.
#[derive(Debug)]
pub(crate) struct Folder(pub(super) OwnedFd);

impl Folder {
    /// Opens a new file for writing.
    ///
    /// # Errors
    /// [`io::ErrorKind::AlreadyExists`] where anything has that name.
    pub(crate) fn create(&self, name: &str) -> io::Result<File> {
        let flags = OFlags::WRONLY | OFlags::CREATE | OFlags::EXCL | OFlags::NOFOLLOW | OFlags::CLOEXEC;
        Ok(File::from(openat(&self.0, entry(name)?, flags, Mode::from_raw_mode(0o666))?))
    }

    /// Opens a file that is there for writing, and no link to one.
    ///
    /// # Errors
    /// The system's.
    pub(crate) fn write(&self, name: &str) -> io::Result<File> {
        let flags = OFlags::WRONLY | OFlags::NOFOLLOW | OFlags::NONBLOCK | OFlags::CLOEXEC;
        let file = File::from(openat(&self.0, entry(name)?, flags, Mode::empty())?);
        if file.metadata()?.is_file() { Ok(file) } else { Err(io::ErrorKind::InvalidInput.into()) }
    }

    /// Makes a folder.
    ///
    /// # Errors
    /// [`io::ErrorKind::AlreadyExists`] where anything has that name.
    pub(crate) fn make(&self, name: &str) -> io::Result<()> {
        Ok(mkdirat(&self.0, entry(name)?, Mode::from_raw_mode(0o777))?)
    }

    /// Takes away a file or a link, or an empty folder.
    ///
    /// # Errors
    /// [`io::ErrorKind::DirectoryNotEmpty`], or the system's.
    pub(crate) fn remove(&self, name: &str, folder: bool) -> io::Result<()> {
        let flags = if folder { AtFlags::REMOVEDIR } else { AtFlags::empty() };
        Ok(unlinkat(&self.0, entry(name)?, flags)?)
    }

    /// Gives an entry another name, here or in another folder, in one step. `over`: in place of what has that name.
    ///
    /// # Errors
    /// [`io::ErrorKind::AlreadyExists`] where something has the name, and `over` is not set.
    pub(crate) fn rename(&self, from: &str, folder: &Self, to: &str, over: bool) -> io::Result<()> {
        let (from, to) = (entry(from)?, entry(to)?);
        if over {
            return Ok(renameat(&self.0, from, &folder.0, to)?);
        }
        #[cfg(target_os = "linux")]
        match rustix::fs::renameat_with(&self.0, from, &folder.0, to, rustix::fs::RenameFlags::NOREPLACE) {
            // File systems that do not know it.
            Err(Errno::INVAL | Errno::NOSYS) => {}
            renamed => return Ok(renamed?),
        }
        // A second name is refused where the name is taken; then the first one goes.
        linkat(&self.0, from, &folder.0, to, AtFlags::empty())?;
        Ok(unlinkat(&self.0, from, AtFlags::empty())?)
    }
}

fn entry(name: &str) -> io::Result<&str> {
    let is_entry = !name.is_empty() && !name.contains('/') && name != "." && name != "..";
    if is_entry { Ok(name) } else { Err(Errno::INVAL.into()) }
}

#[cfg(test)]
mod tests {
    use std::{fs, path::Path};

    use super::super::Below;

    #[test]
    fn what_has_a_name_is_replaced_only_when_told() {
        let path = std::env::temp_dir().join(format!("navyd-folder-{}", std::process::id()));
        fs::create_dir_all(path.join("sub")).unwrap();
        fs::write(path.join("old"), "old").unwrap();
        std::os::unix::fs::symlink("old", path.join("link")).unwrap();
        let below = Below::open(&path, true).unwrap();
        let root = below.folder(Path::new(".")).unwrap();
        let sub = below.folder(Path::new("sub")).unwrap();
        root.create("new").unwrap();
        for taken in ["old", "link", "sub"] {
            let refused = root.rename("new", &root, taken, false).unwrap_err();
            assert_eq!(refused.kind(), std::io::ErrorKind::AlreadyExists, "{taken}");
            assert!(root.create(taken).is_err() && root.make(taken).is_err(), "{taken}");
        }
        root.rename("new", &sub, "new", false).unwrap();
        sub.rename("new", &root, "link", true).unwrap();
        assert_eq!(fs::read_to_string(path.join("link")).unwrap(), "");
        assert_eq!(fs::read_to_string(path.join("old")).unwrap(), "old");
        for name in ["", ".", "..", "sub/x", "../x"] {
            assert!(root.create(name).is_err() && root.remove(name, false).is_err(), "{name}");
            assert!(root.rename("old", &sub, name, true).is_err(), "{name}");
        }
        std::os::unix::fs::symlink("old", path.join("to")).unwrap();
        assert!(root.write("to").is_err() && root.write("sub").is_err() && root.write("old").is_ok());
        sub.make("deep").unwrap();
        assert_eq!(root.remove("sub", true).unwrap_err().kind(), std::io::ErrorKind::DirectoryNotEmpty);
        assert!(below.folder(Path::new("../x")).is_err() && below.folder(Path::new("old")).is_err());
        fs::remove_dir_all(&path).unwrap();
    }
}
