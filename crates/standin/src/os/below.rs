//! Unix: opening below a folder, and nowhere else.

use std::{
    ffi::{OsStr, OsString},
    fs::{File, Metadata},
    io,
    os::{
        fd::{AsFd, BorrowedFd, OwnedFd},
        unix::{ffi::OsStrExt as _, fs::MetadataExt as _},
    },
    path::{Component, Path},
};

use rustix::{
    fs::{Dir, Mode, OFlags, openat},
    io::Errno,
};

use super::Folder;

/// How everything is opened: a pipe without a writer must not keep us waiting.
const READ: OFlags = OFlags::RDONLY.union(OFlags::CLOEXEC).union(OFlags::NONBLOCK).union(OFlags::NOCTTY);

/// A folder below which files are opened.
#[derive(Debug)]
pub(crate) struct Below {
    root: OwnedFd,
    /// Whether links are followed, as long as they stay below.
    #[cfg_attr(not(target_os = "linux"), expect(dead_code, reason = "elsewhere none is followed"))]
    links: bool,
}

impl AsFd for Below {
    fn as_fd(&self) -> BorrowedFd<'_> {
        self.root.as_fd()
    }
}

impl Below {
    /// Opens the folder itself. `links`: whether links are followed, as long as they stay below; on other systems than
    /// Linux none is.
    ///
    /// # Errors
    /// The system's.
    pub(crate) fn open(path: &Path, links: bool) -> io::Result<Self> {
        let flags = OFlags::RDONLY | OFlags::CLOEXEC | OFlags::DIRECTORY;
        Ok(Self { root: rustix::fs::open(path, flags, Mode::empty())?, links })
    }

    /// Opens for reading what stands at a relative path. Links are followed as long as they stay below.
    ///
    /// # Errors
    /// [`io::ErrorKind::NotFound`] also for what lies outside.
    pub(crate) fn read(&self, path: &Path) -> io::Result<File> {
        self.find(path, READ, Mode::empty()).map_err(outside)
    }

    /// What stands at a relative path, without opening it for reading.
    ///
    /// # Errors
    /// As [`Below::read`].
    pub(crate) fn look(&self, path: &Path) -> io::Result<Metadata> {
        #[cfg(target_os = "linux")]
        let flags = OFlags::PATH | OFlags::CLOEXEC;
        #[cfg(not(target_os = "linux"))]
        let flags = READ;
        self.find(path, flags, Mode::empty()).map_err(outside)?.metadata()
    }

    /// Whether a link stands at a relative path. Bias: where links are not followed at all, none is seen.
    ///
    /// # Errors
    /// As [`Below::read`].
    pub(crate) fn is_link(&self, path: &Path) -> io::Result<bool> {
        #[cfg(target_os = "linux")]
        return {
            let flags = OFlags::PATH | OFlags::CLOEXEC | OFlags::NOFOLLOW;
            Ok(self.find(path, flags, Mode::empty()).map_err(outside)?.metadata()?.is_symlink())
        };
        #[cfg(not(target_os = "linux"))]
        self.look(path).map(|_| false)
    }

    /// Opens a folder, so that what is in it can be changed.
    ///
    /// # Errors
    /// As [`Below::read`].
    pub(crate) fn folder(&self, path: &Path) -> io::Result<Folder> {
        let folder = self.find(path, READ | OFlags::DIRECTORY, Mode::empty()).map_err(outside)?;
        Ok(Folder(folder.into()))
    }

    /// The names in a folder, at most `most`.
    ///
    /// # Errors
    /// As [`Below::read`].
    pub(crate) fn names(&self, path: &Path, most: usize) -> io::Result<Vec<OsString>> {
        let folder = self.find(path, READ | OFlags::DIRECTORY, Mode::empty()).map_err(outside)?;
        let mut names = Vec::new();
        for entry in Dir::new(folder)? {
            let entry = entry?;
            let name = entry.file_name().to_bytes();
            if name != b"." && name != b".." {
                names.push(OsStr::from_bytes(name).to_owned());
            }
            if names.len() == most {
                break;
            }
        }
        Ok(names)
    }

    /// The kernel resolves the path in one step, so that nothing that changes meanwhile leads out (`openat2(2)`).
    #[cfg(target_os = "linux")]
    fn find(&self, path: &Path, flags: OFlags, mode: Mode) -> rustix::io::Result<File> {
        use rustix::fs::{ResolveFlags, openat2};
        let mut beneath = ResolveFlags::BENEATH | ResolveFlags::NO_MAGICLINKS;
        beneath.set(ResolveFlags::NO_SYMLINKS, !self.links);
        loop {
            match openat2(&self.root, path, flags, mode, beneath) {
                // Something was moved while `..` in a link was resolved: it has to be asked again (openat2(2), EAGAIN).
                Err(Errno::AGAIN) => {}
                // Kernels before 5.6, and sandboxes that do not know the call.
                Err(Errno::NOSYS | Errno::PERM) => return self.walk(path, flags, mode),
                opened => return opened.map(File::from),
            }
        }
    }

    #[cfg(not(target_os = "linux"))]
    fn find(&self, path: &Path, flags: OFlags, mode: Mode) -> rustix::io::Result<File> {
        self.walk(path, flags, mode)
    }

    /// One folder after the other, none of them through a link: those that stay below are refused as well.
    fn walk(&self, path: &Path, flags: OFlags, mode: Mode) -> rustix::io::Result<File> {
        let mut parts = path.components().filter(|part| *part != Component::CurDir).peekable();
        let folder = OFlags::RDONLY | OFlags::CLOEXEC | OFlags::DIRECTORY | OFlags::NOFOLLOW;
        let mut at = openat(&self.root, ".", folder, Mode::empty())?;
        while let Some(part) = parts.next() {
            let Component::Normal(name) = part else { return Err(Errno::XDEV) };
            if parts.peek().is_none() {
                return openat(&at, name, flags | OFlags::NOFOLLOW, mode).map(File::from);
            }
            at = openat(&at, name, folder, Mode::empty())?;
        }
        Ok(File::from(at))
    }
}

/// What lies outside is not there, and neither is what is behind too many links, or has no content to open (a socket).
fn outside(error: Errno) -> io::Error {
    match error {
        Errno::XDEV | Errno::LOOP | Errno::NOTDIR | Errno::NAMETOOLONG | Errno::NXIO | Errno::NODEV => {
            io::ErrorKind::NotFound.into()
        }
        error => error.into(),
    }
}

/// What the system calls a file among all files of its disk.
pub(crate) fn number(metadata: &Metadata) -> u64 {
    metadata.ino()
}

#[cfg(test)]
mod tests {
    use std::{fs, os::unix::fs::symlink};

    use super::*;
    use crate::fixture::Folder;

    /// A root, what lies beside it, and links of all kinds.
    fn folder(name: &str) -> Folder {
        let folder = Folder::new(&format!("below-{name}"));
        let path = &folder.0;
        fs::create_dir_all(path.join("root/sub")).expect("our own folder");
        fs::write(path.join("secret"), "secret").expect("our own file");
        fs::write(path.join("root/a"), "a").expect("our own file");
        symlink("../a", path.join("root/sub/inside")).expect("our own link");
        symlink("../../secret", path.join("root/sub/outside")).expect("our own link");
        symlink(path.join("secret"), path.join("root/absolute")).expect("our own link");
        symlink("loop", path.join("root/loop")).expect("our own link");
        // What is bound stays when nobody listens any more.
        std::os::unix::net::UnixListener::bind(path.join("root/socket")).expect("our own socket");
        folder
    }

    #[test]
    fn links_that_leave_lead_nowhere() {
        let folder = folder("links");
        let below = Below::open(&folder.0.join("root"), true).expect("it is there");
        let strict = Below::open(&folder.0.join("root"), false).expect("it is there");
        let read = |path: &str| below.read(Path::new(path)).map(drop).map_err(|error| error.kind());
        let not = Err(io::ErrorKind::NotFound);
        for (path, expected) in [
            (".", Ok(())),
            ("a", Ok(())),
            ("sub", Ok(())),
            ("sub/inside", if cfg!(target_os = "linux") { Ok(()) } else { not }),
            ("sub/outside", not),
            ("absolute", not),
            ("loop", not),
            ("socket", not),
            ("../secret", not),
            ("sub/../../secret", not),
            ("/etc/passwd", not),
            ("a/b", not),
            ("nosuch", not),
        ] {
            assert_eq!(read(path), expected, "{path}");
            let told = strict.read(Path::new(path)).map(drop).map_err(|error| error.kind());
            assert_eq!(told, if path == "sub/inside" { not } else { expected }, "without links: {path}");
            let walked = below.walk(Path::new(path), READ, Mode::empty()).map(drop);
            let expected = if path == "sub/inside" { not } else { expected };
            assert_eq!(walked.map_err(|error| outside(error).kind()), expected, "walked: {path}");
        }
    }
}
