//! A file while it is written, beside the place that it will have.

use std::{fs::File, io, sync::Arc};

use bytes::{Bytes, BytesMut};
use ring::digest::{SHA256, digest};
use tokio::task::spawn_blocking;

use super::Refused;
use crate::{http::Incoming, os};

/// How many bytes are gathered before they are written: a disk may take its time, and is written to on another thread.
const AT_ONCE: usize = 256 * 1024;

/// How files that are not whole are called: hidden, and nobody's own.
const BEGIN: &str = ".navyd-";
const END: &str = ".part";

/// A file that is written from an offset on.
pub(super) struct Writing {
    file: Arc<File>,
    held: BytesMut,
    /// How much it has, with what is held.
    pub(super) at: u64,
    most: u64,
}

/// A file that has no name of its own yet. It goes when this does, unless it is kept.
pub(in super::super) struct Beside<'a> {
    folder: &'a os::Folder,
    name: String,
    kept: bool,
}

/// Whether a name is that of a file that is not whole: nobody may ask for it, or send it. Case is left out of it, because
/// some disks leave it out as well.
pub(in super::super) fn is_part(name: &str) -> bool {
    let is = |part: Option<&str>, wanted: &str| part.is_some_and(|part| part.eq_ignore_ascii_case(wanted));
    is(name.get(..BEGIN.len()), BEGIN)
        && is(name.len().checked_sub(END.len()).and_then(|at| name.get(at..)), END)
}

/// Whether a name is one that is given here, so that what has it is nobody else's.
pub(super) fn is_ours(name: &str) -> bool {
    let hex = name.strip_prefix(BEGIN).and_then(|rest| rest.strip_suffix(END));
    hex.is_some_and(|hex| hex.len() == 16 && hex.bytes().all(|byte| byte.is_ascii_hexdigit()))
}

impl Writing {
    pub(super) fn new(file: File, at: u64, most: u64) -> Self {
        Self { file: Arc::new(file), held: BytesMut::new(), at, most }
    }

    /// Takes all of a body.
    pub(super) async fn receive(&mut self, body: &mut Incoming<'_>) -> Result<(), Refused> {
        loop {
            match body.piece().await {
                Ok(Some(piece)) => self.take(&piece).await?,
                Ok(None) => return self.flush().await,
                Err(error) => {
                    // What has come so far is what can be gone on from.
                    self.flush().await?;
                    return Err(Refused::Cut(error));
                }
            }
        }
    }

    pub(super) async fn take(&mut self, piece: &[u8]) -> Result<(), Refused> {
        if piece.len() as u64 > self.most.saturating_sub(self.at) {
            return Err(Refused::TooLarge(self.most));
        }
        self.at += piece.len() as u64;
        self.held.extend_from_slice(piece);
        if self.held.len() >= AT_ONCE { self.flush().await } else { Ok(()) }
    }

    pub(super) async fn flush(&mut self) -> Result<(), Refused> {
        let held: Bytes = self.held.split().freeze();
        if held.is_empty() {
            return Ok(());
        }
        let (file, at) = (Arc::clone(&self.file), self.at - held.len() as u64);
        spawn_blocking(move || os::write_at(&file, &held, at)).await.map_err(io::Error::from)??;
        Ok(())
    }

    /// As whoever may use what it replaces may use it.
    pub(super) fn permit_as(&self, other: &File) -> io::Result<()> {
        self.file.set_permissions(other.metadata()?.permissions())
    }
}

impl<'a> Beside<'a> {
    /// A new file, under a name that nobody can know ahead.
    pub(in super::super) fn new(folder: &'a os::Folder) -> io::Result<(Self, File)> {
        use std::hash::{BuildHasher as _, RandomState};
        let name = format!("{BEGIN}{:016x}{END}", RandomState::new().hash_one(0_u8));
        let file = folder.create(&name)?;
        Ok((Self { folder, name, kept: false }, file))
    }

    /// The file in which an upload in pieces is gathered; how long it is by now. Another length is another upload.
    pub(super) fn again(folder: &'a os::Folder, name: &str, total: u64) -> io::Result<(Self, File, u64)> {
        let hash = digest(&SHA256, format!("{total}/{name}").as_bytes());
        let short: String = hash.as_ref().iter().take(8).map(|byte| format!("{byte:02x}")).collect();
        let name = format!("{BEGIN}{short}{END}");
        let file = match folder.create(&name) {
            Err(error) if error.kind() == io::ErrorKind::AlreadyExists => folder.write(&name)?,
            file => file?,
        };
        let length = file.metadata()?.len();
        Ok((Self { folder, name, kept: true }, file, length))
    }

    /// Gives it its name.
    pub(in super::super) fn publish(&mut self, name: &str, over: bool) -> io::Result<()> {
        self.folder.rename(&self.name, self.folder, name, over)?;
        self.kept = true;
        Ok(())
    }

    /// It is not gone on with.
    pub(super) fn give_up(&mut self) {
        self.kept = false;
    }
}

impl Drop for Beside<'_> {
    fn drop(&mut self) {
        if !self.kept {
            // What cannot be taken away stays, hidden: there is nobody to tell.
            let _ = self.folder.remove(&self.name, false);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_of_what_is_not_whole() {
        for (name, part, ours) in [
            (".navyd-0123456789abcdef.part", true, true),
            (".NAVYD-0123456789abcdef.PART", true, false),
            (".navyd-0123456789abcde.part", true, false),
            (".navyd-0123456789abcdeg.part", true, false),
            (".navyd-.part", true, false),
            (".navyd.part", false, false),
            ("navyd-0123456789abcdef.part", false, false),
            (".navyd-0123456789abcdef", false, false),
            ("é", false, false),
        ] {
            assert_eq!((is_part(name), is_ours(name)), (part, ours), "{name}");
        }
    }
}
