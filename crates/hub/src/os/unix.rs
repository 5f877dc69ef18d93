//! Linux, macOS and the BSDs.

use std::{
    fs::{self, File, OpenOptions, Permissions},
    io::{self, Read as _},
    os::unix::fs::{OpenOptionsExt as _, PermissionsExt as _},
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
    use std::os::unix::fs::{MetadataExt as _, symlink};

    use super::*;
    use crate::scratch::Scratch;

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
