//! Reading a file that somebody else wrote: only a regular one, and only so much of it.
//!
//! A manifest's name may belong to a FIFO that never answers, a device or a file of gigabytes. Bias: a file
//! above the limit counts as absent, because half a manifest says wrong things.

use std::{
    fs::{File, OpenOptions},
    io::Read,
    path::Path,
};

/// The largest manifest or git file that is read, in bytes. Manifests written by people stay far below.
pub(super) const LIMIT: u64 = 512 * 1024;

/// The file's bytes, when it is a regular file of at most `limit` bytes.
pub(crate) fn read(path: &Path, limit: u64) -> Option<Vec<u8>> {
    let file = open(path)?;
    let metadata = file.metadata().ok()?;
    if !metadata.is_file() || metadata.len() > limit {
        return None;
    }
    let mut bytes = Vec::with_capacity(usize::try_from(metadata.len()).ok()?);
    // The file may grow while it is read: one byte above the limit tells.
    file.take(limit + 1).read_to_end(&mut bytes).ok()?;
    (bytes.len() as u64 <= limit).then_some(bytes)
}

/// The same as text, with U+FFFD where a byte was not UTF-8, and without a byte order mark.
pub(super) fn read_text(path: &Path) -> Option<String> {
    let text = String::from_utf8_lossy(&read(path, LIMIT)?).into_owned();
    Some(text.strip_prefix('\u{feff}').map(str::to_owned).unwrap_or(text))
}

/// Opens without waiting for a FIFO's other end, and without taking a terminal as this process' own.
#[cfg(target_os = "linux")]
fn open(path: &Path) -> Option<File> {
    use rustix::fs::OFlags;
    use std::os::unix::fs::OpenOptionsExt;

    let flags = (OFlags::NONBLOCK | OFlags::NOCTTY).bits();
    OpenOptions::new().read(true).custom_flags(flags.cast_signed()).open(path).ok()
}

#[cfg(not(target_os = "linux"))]
fn open(path: &Path) -> Option<File> {
    // Asked first, because opening a FIFO would wait.
    if !std::fs::metadata(path).ok()?.is_file() {
        return None;
    }
    OpenOptions::new().read(true).open(path).ok()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::process::scratch::Scratch;

    #[test]
    fn only_regular_files_within_the_limit_are_read() {
        let scratch = Scratch::new();
        scratch.write("four", "1234");
        assert_eq!(read(&scratch.path("four"), 4).as_deref(), Some(&b"1234"[..]));
        assert_eq!(read(&scratch.path("four"), 3), None);
        assert_eq!(read(&scratch.path("absent"), 4), None);
        assert_eq!(read(scratch.root(), 4), None, "a directory");
    }

    #[cfg(target_os = "linux")]
    #[test]
    fn neither_a_fifo_nor_an_endless_device_hangs() {
        let scratch = Scratch::new();
        let fifo = scratch.path("package.json");
        assert!(scratch.run("mkfifo", &["package.json"]), "mkfifo");
        assert_eq!(read(&fifo, LIMIT), None);
        assert_eq!(read(Path::new("/dev/zero"), LIMIT), None);
    }
}
