//! Taking from everybody the right to change a file, without being led to another file meanwhile.

use std::{io, path::Path};

use rustix::{
    fs::{self, Mode, OFlags, Stat},
    process::geteuid,
};

use crate::process::File;

/// A file or folder of the asking user that everybody may change: held open, so that it stays the same one.
#[derive(Debug)]
pub struct Writable {
    held: rustix::fd::OwnedFd,
    mode: u32,
}

impl Writable {
    /// Opens it.
    ///
    /// # Errors
    /// When the path cannot be opened, its last part is a symbolic link, it belongs to somebody else, or not
    /// everybody may change it.
    pub fn open(path: &Path) -> io::Result<Self> {
        // Without O_NONBLOCK a pipe that was put there meanwhile would hold us up.
        let flags = OFlags::RDONLY | OFlags::NOFOLLOW | OFlags::CLOEXEC | OFlags::NONBLOCK | OFlags::NOCTTY;
        let held = fs::open(path, flags, Mode::empty())?;
        let found = fs::fstat(&held)?;
        match refusal(&found, geteuid().as_raw()) {
            Some(reason) => Err(io::Error::new(io::ErrorKind::PermissionDenied, reason)),
            None => Ok(Self { held, mode: found.st_mode & 0o7777 }),
        }
    }

    /// Leaves the right to its owner and group.
    ///
    /// # Errors
    /// When the file system refuses it.
    pub fn close(self) -> io::Result<()> {
        Ok(fs::fchmod(&self.held, Mode::from_raw_mode(self.mode & !0o002))?)
    }
}

fn refusal(found: &Stat, user: u32) -> Option<String> {
    let file = File { uid: found.st_uid, mode: found.st_mode & 0o7777 };
    let kind = fs::FileType::from_raw_mode(found.st_mode);
    match () {
        () if !matches!(kind, fs::FileType::RegularFile | fs::FileType::Directory) => {
            Some("it is neither a file nor a folder".to_owned())
        }
        () if file.uid != user => Some(format!("it belongs to user {}", file.uid)),
        () if !file.is_open_to_all() => Some("not everybody may change it".to_owned()),
        () => None,
    }
}

#[cfg(test)]
mod tests {
    use std::os::unix::fs::PermissionsExt as _;

    use super::*;

    #[test]
    fn only_what_is_ours_and_open_is_closed() {
        let folder = std::env::temp_dir().join(format!("navyd-writable-{}", std::process::id()));
        std::fs::create_dir(&folder).unwrap();
        let mode = |mode| std::fs::set_permissions(&folder, std::fs::Permissions::from_mode(mode)).unwrap();
        for (before, after) in [(0o777, Some(0o775)), (0o755, None), (0o1777, None), (0o2757, Some(0o2755))] {
            mode(before);
            let closed = Writable::open(&folder).and_then(Writable::close);
            let now = std::fs::metadata(&folder).unwrap().permissions().mode() & 0o7777;
            assert_eq!((closed.is_ok(), now), (after.is_some(), after.unwrap_or(before)), "{before:o}");
        }
        let link = folder.with_extension("link");
        std::os::unix::fs::symlink(&folder, &link).unwrap();
        mode(0o777);
        assert!(Writable::open(&link).is_err(), "a link may lead anywhere");
        std::fs::remove_file(link).unwrap();
        std::fs::remove_dir(folder).unwrap();
        assert!(Writable::open(Path::new("/dev/null")).is_err());
    }

    #[test]
    fn the_files_of_others_are_refused() {
        let own = fs::stat(std::env::temp_dir()).unwrap();
        assert_eq!(
            refusal(&own, own.st_uid.wrapping_add(1)).unwrap(),
            format!("it belongs to user {}", own.st_uid)
        );
    }
}
