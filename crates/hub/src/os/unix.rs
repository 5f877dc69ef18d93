//! Linux, macOS and the BSDs.

use std::{
    fs::{self, DirBuilder, File, OpenOptions, Permissions},
    io::{self, Read as _},
    os::unix::fs::{DirBuilderExt as _, MetadataExt as _, OpenOptionsExt as _, PermissionsExt as _},
    path::Path,
};

use tokio::net::{UnixListener, UnixStream};

use super::Peer;

/// One end of a connection over a unix socket.
pub(crate) type Stream = UnixStream;

/// A unix socket that only this user can connect to.
pub(crate) struct Listener(UnixListener);

impl Listener {
    /// Listens at a path inside a private directory. What lies there is removed: the caller holds the lock that
    /// says it is left over.
    ///
    /// # Errors
    /// When the path is too long for a socket, or the directory cannot be written.
    pub(crate) fn bind(path: &Path) -> io::Result<Self> {
        match fs::remove_file(path) {
            Err(error) if error.kind() != io::ErrorKind::NotFound => return Err(error),
            _ => {}
        }
        let listener = UnixListener::bind(path)?;
        // The directory keeps others out until this is done.
        fs::set_permissions(path, Permissions::from_mode(0o600))?;
        Ok(Self(listener))
    }

    /// The next connection and who made it.
    pub(crate) async fn accept(&self) -> io::Result<(Stream, Peer)> {
        let (stream, _) = self.0.accept().await?;
        let peer = peer(&stream)?;
        Ok((stream, peer))
    }
}

/// Connects to a socket, and tells who listens there.
pub(crate) async fn connect(path: &Path) -> io::Result<(Stream, Peer)> {
    let stream = UnixStream::connect(path).await?;
    let peer = peer(&stream)?;
    Ok((stream, peer))
}

/// The user of this process.
pub(crate) fn own_uid() -> u32 {
    rustix::process::geteuid().as_raw()
}

/// Whether this process may do everything.
pub(crate) fn is_root() -> bool {
    rustix::process::geteuid().is_root()
}

/// Makes a directory that only this user can enter, with its parents; one that is there must be like that.
///
/// # Errors
/// With a sentence: it is a symbolic link, belongs to somebody else, others may write to it, or cannot be made.
pub(crate) fn private_directory(path: &Path) -> Result<(), String> {
    match DirBuilder::new().recursive(true).mode(0o700).create(path) {
        // Made or not, what counts is what is there now.
        Ok(()) => {}
        Err(error) if error.kind() == io::ErrorKind::AlreadyExists => {}
        Err(error) => return Err(error.to_string()),
    }
    let found = fs::symlink_metadata(path).map_err(|error| error.to_string())?;
    if found.is_symlink() {
        return Err("it is a symbolic link".to_owned());
    }
    if !found.is_dir() {
        return Err("it is no directory".to_owned());
    }
    if found.uid() != own_uid() {
        return Err(format!("it belongs to the user with the number {}", found.uid()));
    }
    if found.mode() & 0o022 != 0 {
        return Err(format!("others may write to it: its mode is {:o}", found.mode() & 0o7777));
    }
    if found.mode() & 0o077 != 0 {
        // Others could see that the hub runs; it is ours, so nobody minds.
        fs::set_permissions(path, Permissions::from_mode(0o700)).map_err(|error| error.to_string())?;
    }
    Ok(())
}

/// Files opened with these options are made for this user alone, and are never reached through a symbolic link.
pub(crate) fn private(options: &mut OpenOptions) -> &mut OpenOptions {
    options.mode(0o600).custom_flags(rustix::fs::OFlags::NOFOLLOW.bits() as i32)
}

/// Makes the names in a directory survive a loss of power.
pub(crate) fn sync_directory(path: &Path) -> io::Result<()> {
    File::open(path)?.sync_all()
}

/// Bytes that nobody can guess.
pub(crate) fn random<const N: usize>() -> io::Result<[u8; N]> {
    let mut bytes = [0; N];
    File::open("/dev/urandom")?.read_exact(&mut bytes)?;
    Ok(bytes)
}

/// Leaves the terminal and its session, so that neither ends this process.
///
/// # Errors
/// When the process leads a group, as one that a shell started does.
pub fn leave_terminal() -> io::Result<()> {
    rustix::process::setsid()?;
    Ok(())
}

fn peer(stream: &UnixStream) -> io::Result<Peer> {
    let found = stream.peer_cred()?;
    let pid = found.pid().and_then(|pid| u32::try_from(pid).ok());
    Ok(Peer { uid: found.uid(), pid })
}

#[cfg(test)]
mod tests {
    use std::os::unix::fs::symlink;

    use super::*;
    use crate::scratch::Scratch;

    #[test]
    fn a_directory_is_made_private_or_refused() {
        let scratch = Scratch::new();
        let made = scratch.path().join("a/b");
        assert_eq!(private_directory(&made), Ok(()));
        assert_eq!(fs::metadata(&made).unwrap().mode() & 0o777, 0o700);
        assert_eq!(private_directory(&made), Ok(()));

        fs::set_permissions(&made, Permissions::from_mode(0o755)).unwrap();
        assert_eq!(private_directory(&made), Ok(()));
        assert_eq!(fs::metadata(&made).unwrap().mode() & 0o777, 0o700);

        fs::set_permissions(&made, Permissions::from_mode(0o770)).unwrap();
        assert!(private_directory(&made).unwrap_err().contains("others may write to it: its mode is 770"));

        let link = scratch.path().join("link");
        symlink(scratch.path(), &link).unwrap();
        assert_eq!(private_directory(&link), Err("it is a symbolic link".to_owned()));

        let file = scratch.path().join("file");
        fs::write(&file, "").unwrap();
        assert_eq!(private_directory(&file), Err("it is no directory".to_owned()));
    }

    #[test]
    fn a_private_file_follows_no_link() {
        let scratch = Scratch::new();
        let (file, link) = (scratch.path().join("file"), scratch.path().join("link"));
        let mut options = File::options();
        drop(private(options.write(true).create(true)).open(&file).unwrap());
        assert_eq!(fs::metadata(&file).unwrap().mode() & 0o777, 0o600);
        symlink(&file, &link).unwrap();
        assert!(private(options.write(true)).open(&link).is_err());
    }

    #[test]
    fn random_bytes_are_not_the_same_twice() {
        assert_ne!(random::<32>().unwrap(), random::<32>().unwrap());
    }
}
