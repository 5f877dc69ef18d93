//! POSIX tar, with the names of GNU where they are long.

use std::{
    io::{self, Read as _, Write},
    time::UNIX_EPOCH,
};

use tar::{Builder, EntryType, Header};

use super::{super::root::Found, form::Pack};
use crate::os;

/// An archive that is being written.
pub(super) struct Tar<W: Write>(Builder<W>);

impl<W: Write> Tar<W> {
    pub(super) fn new(out: W) -> Self {
        Self(Builder::new(out))
    }

    pub(super) fn finish(self) -> io::Result<W> {
        self.0.into_inner()
    }
}

impl<W: Write> Pack for Tar<W> {
    fn folder(&mut self, name: &str, found: &Found) -> io::Result<()> {
        let mut header = header(found, 0o755);
        header.set_entry_type(EntryType::Directory);
        header.set_size(0);
        self.0.append_data(&mut header, format!("{name}/"), io::empty())
    }

    fn file(&mut self, name: &str, found: Found) -> io::Result<()> {
        let mut header = header(&found, if os::is_executable(&found.file)? { 0o755 } else { 0o644 });
        header.set_entry_type(EntryType::Regular);
        header.set_size(found.facts.length);
        let mut content = found.file.take(found.facts.length);
        self.0.append_data(&mut header, name, &mut content)?;
        // The length has been said already: what has got shorter meanwhile would shift all that follows.
        if content.limit() == 0 { Ok(()) } else { Err(io::ErrorKind::UnexpectedEof.into()) }
    }
}

fn header(found: &Found, mode: u32) -> Header {
    let mut header = Header::new_gnu();
    let since = found.facts.changed.and_then(|changed| changed.duration_since(UNIX_EPOCH).ok());
    header.set_mtime(since.map_or(0, |since| since.as_secs()));
    header.set_mode(mode);
    header
}
