//! Files with owners and permissions.
//!
//! Deliberately absent: what is written. Where a system has no owners and modes (Windows), its own protection of a
//! user's folders is what there is: then nothing is checked, and nothing is claimed.

use std::{
    fs::{self, File, OpenOptions},
    io::{self, Write as _},
    path::{Path, PathBuf},
    sync::atomic::{AtomicU32, Ordering},
};

/// Readable by its owner alone.
pub(crate) const PRIVATE: u32 = 0o600;
/// Readable by everyone.
pub(crate) const PUBLIC: u32 = 0o644;

/// Writes a file whole or not at all: beside it first, then in its place. Any number of programs may do so at once.
///
/// # Errors
/// When the folder cannot be written, or the disk is full; then the old file still stands.
pub(crate) fn write(path: &Path, bytes: &[u8], mode: u32) -> io::Result<()> {
    let beside = beside(path);
    let written = create(&beside, mode).and_then(|file| put(file, &beside, path, bytes));
    if written.is_err() {
        // It may never have been made; the error that is told is the first one.
        let _ = fs::remove_file(&beside);
    }
    written
}

/// The same for a file of this user alone that one program writes at a time, as a lock sees to: what a killed one left
/// beside it is written over by the next.
///
/// # Errors
/// As [`write`].
pub(crate) fn write_locked(path: &Path, bytes: &[u8]) -> io::Result<()> {
    let mut name = path.file_name().unwrap_or_default().to_owned();
    name.push(".new");
    let beside = path.with_file_name(name);
    let file = super::private(File::options().write(true).create(true).truncate(true)).open(&beside)?;
    put(file, &beside, path, bytes)
}

/// Fills a file and moves it into its place, so that it is there whenever the power goes.
fn put(mut file: File, beside: &Path, path: &Path, bytes: &[u8]) -> io::Result<()> {
    file.write_all(bytes)?;
    file.sync_all()?;
    fs::rename(beside, path)?;
    path.parent().map_or(Ok(()), super::sync_directory)
}

/// Writes a file of the system's that others read: whole in its place where that keeps what it is (its owner, mode
/// and label), else into the file as it stands, as a file that is mounted by itself demands.
///
/// # Errors
/// When neither is allowed.
pub(crate) fn rewrite(path: &Path, bytes: &[u8]) -> io::Result<()> {
    if let Ok(seen) = fs::symlink_metadata(path)
        && seen.is_file()
        && system::can_be_replaced()
    {
        let beside = beside(path);
        let replaced = create(&beside, PUBLIC).and_then(|mut file| {
            file.write_all(bytes)?;
            system::make_alike(&file, &seen)?;
            file.sync_all()?;
            fs::rename(&beside, path)
        });
        if replaced.is_ok() {
            return Ok(());
        }
        let _ = fs::remove_file(&beside);
    }
    // Longer first and then cut, so that a full disk leaves the old end rather than nothing.
    let mut file = OpenOptions::new().write(true).open(path)?;
    file.write_all(bytes)?;
    file.set_len(bytes.len() as u64)?;
    file.sync_all()
}

/// Makes a directory that only this user can enter, with its parents. One that is there must be like that; one of
/// ours that others could only look into is closed.
///
/// # Errors
/// With a sentence: it is a symbolic link or no directory, belongs to somebody else, others may write to it, or it
/// cannot be made.
pub fn private_directory(path: &Path) -> io::Result<()> {
    match system::make_private(path) {
        // Made or not, what counts is what is there now.
        Err(error) if error.kind() != io::ErrorKind::AlreadyExists => return Err(error),
        _ => {}
    }
    let seen = fs::symlink_metadata(path)?;
    let refused = |why: String| io::Error::new(io::ErrorKind::PermissionDenied, why);
    if !seen.is_symlink() && !seen.is_dir() {
        return Err(refused("it is no directory".to_owned()));
    }
    if let Some(why) = system::why_writable(&seen) {
        return Err(refused(why));
    }
    // Others could see what is inside; it is ours, so nobody minds.
    if system::why_not_private(&seen).is_some() { system::close(path) } else { Ok(()) }
}

/// Opens a file for reading that is nothing else: whoever opens a pipe waits for its other end, and to open a device may
/// be to use it.
///
/// # Errors
/// When it cannot be opened, or with a sentence that says what it is instead.
pub(crate) fn open_regular(path: &Path) -> io::Result<File> {
    let only_files = |seen: &fs::Metadata| match system::what(seen) {
        None => Ok(()),
        Some(what) => Err(io::Error::new(io::ErrorKind::InvalidInput, format!("it is {what}, and no file"))),
    };
    only_files(&fs::metadata(path)?)?;
    let mut options = OpenOptions::new();
    system::without_waiting(options.read(true));
    let file = options.open(path)?;
    // Another may have come into its place meanwhile.
    only_files(&file.metadata()?)?;
    Ok(file)
}

/// Why a file or folder is not its owner's alone; `None` when it is.
///
/// # Errors
/// When it cannot be looked at.
pub(crate) fn why_not_private(path: &Path) -> io::Result<Option<String>> {
    let why = system::why_not_private(&fs::symlink_metadata(path)?);
    Ok(why.map(|why| format!("`{}`: {why}", path.display())))
}

/// Whether this process may write there: into a folder, or over a file. A file that is not there may not be.
pub(crate) fn may_write(path: &Path) -> bool {
    system::may_write(path)
}

fn create(path: &Path, mode: u32) -> io::Result<File> {
    let mut options = OpenOptions::new();
    options.create_new(true).write(true);
    system::with_mode(&mut options, mode);
    let file = options.open(path)?;
    system::set_mode(&file, mode)?;
    Ok(file)
}

/// A name beside a file that no other writer of this machine uses now.
fn beside(path: &Path) -> PathBuf {
    static WRITTEN: AtomicU32 = AtomicU32::new(0);
    let number = WRITTEN.fetch_add(1, Ordering::Relaxed);
    let mut name = path.file_name().unwrap_or_default().to_owned();
    name.push(format!(".{}-{number}.new", std::process::id()));
    path.with_file_name(name)
}

#[cfg(unix)]
mod system {
    use std::{
        fs::{DirBuilder, File, Metadata, OpenOptions, Permissions},
        io,
        os::unix::fs::{
            DirBuilderExt as _, FileTypeExt as _, MetadataExt as _, OpenOptionsExt as _, PermissionsExt as _,
            fchown,
        },
        path::Path,
    };

    use rustix::fs::{Access, OFlags};

    pub(super) fn with_mode(options: &mut OpenOptions, mode: u32) {
        options.mode(mode);
    }

    /// The mode as wanted, whatever the umask is.
    pub(super) fn set_mode(file: &File, mode: u32) -> io::Result<()> {
        file.set_permissions(Permissions::from_mode(mode))
    }

    /// What it is; `None` for a file.
    pub(super) fn what(seen: &Metadata) -> Option<&'static str> {
        let kind = seen.file_type();
        match () {
            () if kind.is_file() => None,
            () if kind.is_dir() => Some("a directory"),
            () if kind.is_fifo() => Some("a pipe"),
            () if kind.is_socket() => Some("a socket"),
            () => Some("a device"),
        }
    }

    pub(super) fn without_waiting(options: &mut OpenOptions) {
        let flags = OFlags::NONBLOCK | OFlags::NOCTTY;
        options.custom_flags(flags.bits() as i32);
    }

    pub(super) fn make_private(path: &Path) -> io::Result<()> {
        DirBuilder::new().recursive(true).mode(0o700).create(path)
    }

    pub(super) fn why_not_private(seen: &Metadata) -> Option<String> {
        why_open(seen, 0o077, "use")
    }

    pub(super) fn why_writable(seen: &Metadata) -> Option<String> {
        why_open(seen, 0o022, "write to")
    }

    /// Why it is not ours alone, as far as these bits of its mode tell.
    fn why_open(seen: &Metadata, bits: u32, what: &str) -> Option<String> {
        let (owner, mode) = (seen.uid(), seen.mode() & 0o7777);
        if seen.is_symlink() {
            Some("it is a symbolic link".to_owned())
        } else if owner != rustix::process::geteuid().as_raw() {
            Some(format!("it belongs to the user with the number {owner}"))
        } else if mode & bits != 0 {
            Some(format!("others may {what} it: it has mode {mode:o}"))
        } else {
            None
        }
    }

    pub(super) fn close(path: &Path) -> io::Result<()> {
        std::fs::set_permissions(path, Permissions::from_mode(0o700))
    }

    pub(super) fn may_write(path: &Path) -> bool {
        rustix::fs::access(path, Access::WRITE_OK).is_ok()
    }

    /// A new file has the label of its folder: where the kernel keeps labels (SELinux), the old file must stay.
    pub(super) fn can_be_replaced() -> bool {
        !Path::new("/sys/fs/selinux/enforce").exists()
    }

    pub(super) fn make_alike(file: &File, seen: &Metadata) -> io::Result<()> {
        fchown(file, Some(seen.uid()), Some(seen.gid()))?;
        set_mode(file, seen.mode() & 0o7777)
    }
}

#[cfg(not(unix))]
mod system {
    use std::{
        fs::{self, File, Metadata, OpenOptions},
        io,
        path::Path,
    };

    pub(super) fn with_mode(_options: &mut OpenOptions, _mode: u32) {}

    pub(super) fn set_mode(_file: &File, _mode: u32) -> io::Result<()> {
        Ok(())
    }

    /// What it is; `None` for a file.
    pub(super) fn what(seen: &Metadata) -> Option<&'static str> {
        match seen.is_dir() {
            _ if seen.is_file() => None,
            true => Some("a directory"),
            false => Some("a device"),
        }
    }

    pub(super) fn without_waiting(_options: &mut OpenOptions) {}

    pub(super) fn make_private(path: &Path) -> io::Result<()> {
        fs::create_dir_all(path)
    }

    pub(super) fn why_not_private(_seen: &Metadata) -> Option<String> {
        None
    }

    pub(super) fn why_writable(_seen: &Metadata) -> Option<String> {
        None
    }

    pub(super) fn close(_path: &Path) -> io::Result<()> {
        Ok(())
    }

    pub(super) fn may_write(path: &Path) -> bool {
        fs::metadata(path).is_ok_and(|seen| !seen.permissions().readonly())
    }

    pub(super) fn can_be_replaced() -> bool {
        // A replaced file inherits the access list of its folder, and loses its own.
        false
    }

    pub(super) fn make_alike(_file: &File, _seen: &Metadata) -> io::Result<()> {
        Ok(())
    }
}

#[cfg(test)]
#[cfg(unix)]
mod tests {
    use std::os::unix::fs::{MetadataExt as _, PermissionsExt as _};

    use super::*;
    use crate::scratch::Scratch;

    #[test]
    fn a_file_is_written_whole_with_its_mode() {
        let scratch = Scratch::new();
        let file = scratch.path().join("a");
        write(&file, b"long text", PUBLIC).unwrap();
        write(&file, b"short", PRIVATE).unwrap();
        assert_eq!(fs::read(&file).unwrap(), b"short");
        assert_eq!(fs::metadata(&file).unwrap().mode() & 0o777, PRIVATE);
        assert_eq!(fs::read_dir(scratch.path()).unwrap().count(), 1, "nothing is left beside it");
    }

    #[test]
    fn the_old_file_stands_until_the_new_one_does() {
        let scratch = Scratch::new();
        let path = scratch.path().join("file");
        write_locked(&path, b"one").unwrap();
        write_locked(&path, b"two").unwrap();
        assert_eq!(fs::read(&path).unwrap(), b"two");
        assert_eq!(fs::read_dir(scratch.path()).unwrap().count(), 1);

        // The new file cannot be written: a directory has its name.
        fs::create_dir(scratch.path().join("file.new")).unwrap();
        assert!(write_locked(&path, b"three").is_err());
        assert_eq!(fs::read(&path).unwrap(), b"two");
    }

    #[test]
    fn a_file_of_the_system_stays_what_it_is() {
        let scratch = Scratch::new();
        let (file, link) = (scratch.path().join("hosts"), scratch.path().join("link"));
        fs::write(&file, "a long file").unwrap();
        fs::set_permissions(&file, fs::Permissions::from_mode(0o640)).unwrap();
        std::os::unix::fs::symlink(&file, &link).unwrap();
        rewrite(&link, b"through").unwrap();
        assert!(fs::symlink_metadata(&link).unwrap().is_symlink());
        assert_eq!(fs::read(&file).unwrap(), b"through");
        rewrite(&file, b"new").unwrap();
        assert_eq!(
            (fs::read(&file).unwrap().as_slice(), fs::metadata(&file).unwrap().mode() & 0o777),
            (&b"new"[..], 0o640)
        );
    }

    #[test]
    fn a_directory_is_made_private_or_refused() {
        let scratch = Scratch::new();
        let made = scratch.path().join("a/b");
        for mode in [0o700, 0o755, 0o711] {
            private_directory(&made).unwrap();
            assert_eq!(fs::metadata(&made).unwrap().mode() & 0o777, 0o700);
            assert_eq!(why_not_private(&made).unwrap(), None);
            fs::set_permissions(&made, fs::Permissions::from_mode(mode)).unwrap();
            let expected = (mode != 0o700)
                .then(|| format!("`{}`: others may use it: it has mode {mode:o}", made.display()));
            assert_eq!(why_not_private(&made).unwrap(), expected);
        }
        fs::set_permissions(&made, fs::Permissions::from_mode(0o770)).unwrap();
        let (link, file) = (scratch.path().join("link"), scratch.path().join("file"));
        std::os::unix::fs::symlink(scratch.path(), &link).unwrap();
        fs::write(&file, "").unwrap();
        for (path, why) in [
            (&made, "others may write to it: it has mode 770"),
            (&link, "it is a symbolic link"),
            (&file, "it is no directory"),
        ] {
            assert_eq!(private_directory(path).unwrap_err().to_string(), why);
        }
    }

    #[test]
    fn only_files_are_opened_for_reading() {
        let scratch = Scratch::new();
        let (file, pipe) = (scratch.path().join("file"), scratch.path().join("pipe"));
        fs::write(&file, "text").unwrap();
        rustix::fs::mkfifoat(rustix::fs::CWD, &pipe, rustix::fs::Mode::RUSR | rustix::fs::Mode::WUSR)
            .unwrap();
        let socket = scratch.path().join("socket");
        let _listener = std::os::unix::net::UnixListener::bind(&socket).unwrap();
        for (path, what) in [
            (&*file, None),
            (&pipe, Some("it is a pipe, and no file")),
            (&socket, Some("it is a socket, and no file")),
            (scratch.path(), Some("it is a directory, and no file")),
            (Path::new("/dev/zero"), Some("it is a device, and no file")),
        ] {
            let refused = open_regular(path).err().map(|error| error.to_string());
            assert_eq!(refused.as_deref(), what, "{}", path.display());
        }
        assert_eq!(open_regular(&scratch.path().join("none")).unwrap_err().kind(), io::ErrorKind::NotFound);
    }
}
