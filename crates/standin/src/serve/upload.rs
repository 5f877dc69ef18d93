//! Files that are sent here, or taken away: only where a flag allows it, and never from the pages of others.
//!
//! What comes is written beside the file, under a name that begins with a dot, and takes its place when it is complete:
//! nobody ever sees half of it. With Content-Range (RFC 9110 §14.5) a file comes in pieces, in order, and goes on where
//! it was cut; without a body and with `bytes */LENGTH`, only where that is, is asked. Deliberately absent: folders,
//! which are neither made nor taken away here.

use std::{
    cell::RefCell,
    collections::HashSet,
    fs::File,
    hash::{BuildHasher as _, RandomState},
    io::{self, Seek as _, SeekFrom, Write as _},
    path::{Path, PathBuf},
};

use super::{
    condition::{self, Verdict, Version},
    fields::Fields,
    path::Wanted,
    root::Root,
};
use crate::http::{Answer, Head, Incoming};

/// The files that are being written.
#[derive(Debug, Default)]
pub(super) struct Writing(RefCell<HashSet<PathBuf>>);

/// One that is being written; dropped, it may be written again.
struct Turn<'a>(&'a Writing, PathBuf);

impl Drop for Turn<'_> {
    fn drop(&mut self) {
        self.0.0.borrow_mut().remove(&self.1);
    }
}

/// Where the pieces of a file belong: `bytes 0-4/10`, or `bytes */10` of none.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Piece {
    /// Its first byte and how many there are.
    bytes: Option<(u64, u64)>,
    /// The length of the whole.
    whole: u64,
}

/// Whether a request that changes something comes from here: a program, or a page of this very site. A page of another
/// site makes browsers send what they are told, and must not write here.
pub(super) fn is_own(head: &Head) -> bool {
    let site = head.value("sec-fetch-site");
    if site.is_some_and(|site| site != b"same-origin" && site != b"none") {
        return false;
    }
    let Some(origin) = head.text("origin") else { return true };
    let scheme = if head.secure { "https://" } else { "http://" };
    let host = head.text("host").unwrap_or_default();
    origin.strip_prefix(scheme).is_some_and(|own| !own.is_empty() && own.eq_ignore_ascii_case(host))
}

impl Writing {
    /// Takes a file, or a piece of one, of at most `most` bytes as a whole.
    pub(super) async fn put(
        &self,
        root: &Root,
        wanted: &Wanted,
        head: &Head,
        body: &mut Incoming<'_>,
        most: u64,
    ) -> Answer {
        let Some(name) = wanted.name().filter(|_| !wanted.folder) else {
            return Answer::text(409, "a folder cannot be written\n");
        };
        let (path, replaces) = (wanted.path(), root.find(&wanted.path()).ok());
        if replaces.as_ref().is_some_and(|found| found.facts.folder) {
            return Answer::text(409, "a folder cannot be written\n");
        }
        let tag = replaces.as_ref().map(|found| format!("\"{}\"", found.facts.tag()));
        let changed = replaces.as_ref().and_then(|found| found.facts.changed);
        let version = Version { tag: tag.as_deref(), changed };
        if condition::judge(&Fields::of(head).conditions(), &version, false) == Verdict::Failed {
            return Answer::text(412, "it has changed\n");
        }
        let Some(_turn) = self.turn(&path) else { return Answer::text(409, "it is being written\n") };
        let done = if replaces.is_some() { 204 } else { 201 };
        let written = match head.value("content-range").map(Piece::parse) {
            None => whole(root, &path, name, body, most).await.map(|()| Answer::new(done)),
            Some(None) => Err(Stopped::Told(Answer::text(400, "this is no `Content-Range`\n"))),
            Some(Some(piece)) if piece.whole > most => Err(too_long(most)),
            Some(Some(piece)) => piece.take(root, &path, name, body, done).await,
        };
        match written {
            Ok(answer) | Err(Stopped::Told(answer)) => answer,
            Err(Stopped::Disk(error)) => failed(&error),
            // Nobody is left to be told.
            Err(Stopped::Client) => Answer::text(400, "the body has not come to its end\n"),
        }
    }

    fn turn(&self, path: &Path) -> Option<Turn<'_>> {
        self.0.borrow_mut().insert(path.to_owned()).then(|| Turn(self, path.to_owned()))
    }
}

/// Takes a file away.
pub(super) fn delete(root: &Root, wanted: &Wanted, head: &Head) -> Answer {
    let found = match root.find(&wanted.path()) {
        Ok(found) if found.facts.folder => return Answer::text(409, "a folder is not taken away\n"),
        Ok(found) => found,
        Err(error) => return failed(&error),
    };
    let tag = format!("\"{}\"", found.facts.tag());
    let version = Version { tag: Some(&tag), changed: found.facts.changed };
    if condition::judge(&Fields::of(head).conditions(), &version, false) == Verdict::Failed {
        return Answer::text(412, "it has changed\n");
    }
    match root.remove(&wanted.path()) {
        Ok(()) => Answer::new(204),
        Err(error) => failed(&error),
    }
}

/// Why a body was not taken.
enum Stopped {
    /// What is answered.
    Told(Answer),
    /// The disk.
    Disk(io::Error),
    /// The client has left.
    Client,
}

impl From<io::Error> for Stopped {
    fn from(error: io::Error) -> Self {
        Self::Disk(error)
    }
}

async fn whole(
    root: &Root,
    path: &Path,
    name: &str,
    body: &mut Incoming<'_>,
    most: u64,
) -> Result<(), Stopped> {
    if body.length().is_some_and(|length| length > most) {
        return Err(too_long(most));
    }
    let random = RandomState::new().hash_one(0_u8);
    let beside = path.with_file_name(format!(".{name}.{random:016x}.navyd"));
    let mut file = root.create(&beside, true)?;
    let written = match copy(body, &mut file, most).await {
        Ok(_) => root.rename(&beside, path).map_err(Stopped::Disk),
        Err(stopped) => Err(stopped),
    };
    if written.is_err() {
        // What is left of it has a name of its own, and disturbs nobody.
        let _ = root.remove(&beside);
    }
    written
}

impl Piece {
    fn parse(value: &[u8]) -> Option<Self> {
        let text = std::str::from_utf8(value).ok()?.trim();
        let (bytes, whole) = text.strip_prefix("bytes ")?.trim().split_once('/')?;
        let number =
            |text: &str| text.bytes().all(|byte| byte.is_ascii_digit()).then(|| text.parse().ok())?;
        let whole = number(whole)?;
        if bytes == "*" {
            return Some(Self { bytes: None, whole });
        }
        let (first, last) = bytes.split_once('-')?;
        let (first, last): (u64, u64) = (number(first)?, number(last)?);
        (first <= last && last < whole).then(|| Self { bytes: Some((first, last - first + 1)), whole })
    }

    /// Takes the piece. What had come before the client left is kept, so that it can go on from there.
    async fn take(
        self,
        root: &Root,
        path: &Path,
        name: &str,
        body: &mut Incoming<'_>,
        done: u16,
    ) -> Result<Answer, Stopped> {
        let beside = path.with_file_name(format!(".{name}.navyd-part"));
        let mut file = root.create(&beside, false)?;
        let have = file.seek(SeekFrom::End(0))?;
        let Some((first, length)) = self.bytes else { return Ok(so_far(202, have)) };
        if first == 0 && have > 0 {
            // From the beginning again.
            file.set_len(0)?;
            file.seek(SeekFrom::Start(0))?;
        } else if first != have {
            return Ok(so_far(409, have));
        }
        if body.length().is_some_and(|told| told != length) {
            return Err(Stopped::Told(Answer::text(
                400,
                "the body is not as long as `Content-Range` says\n",
            )));
        }
        let copied = copy(body, &mut file, length).await?;
        if copied != length {
            return Err(Stopped::Told(Answer::text(
                400,
                "the body is not as long as `Content-Range` says\n",
            )));
        }
        if first + copied < self.whole {
            return Ok(so_far(202, first + copied));
        }
        root.rename(&beside, path)?;
        Ok(Answer::new(done))
    }
}

/// Copies a body to a file: each piece goes into the system's cache at once.
async fn copy(body: &mut Incoming<'_>, file: &mut File, most: u64) -> Result<u64, Stopped> {
    let mut copied = 0;
    while let Some(piece) = body.piece().await.map_err(|_| Stopped::Client)? {
        copied += piece.len() as u64;
        if copied > most {
            return Err(too_long(most));
        }
        file.write_all(&piece)?;
    }
    Ok(copied)
}

/// How much of a file has come.
fn so_far(status: u16, have: u64) -> Answer {
    let answer = Answer::text(status, format!("{have} bytes are here\n"));
    if have == 0 { answer } else { answer.with("Range", format!("bytes=0-{}", have - 1)) }
}

fn too_long(most: u64) -> Stopped {
    Stopped::Told(Answer::text(413, format!("a file may have {most} bytes at most\n")))
}

fn failed(error: &io::Error) -> Answer {
    match error.kind() {
        io::ErrorKind::NotFound => Answer::text(404, "not found\n"),
        io::ErrorKind::PermissionDenied | io::ErrorKind::ReadOnlyFilesystem => {
            Answer::text(403, "this may not be written\n")
        }
        io::ErrorKind::StorageFull | io::ErrorKind::QuotaExceeded => Answer::text(507, "the disk is full\n"),
        _ => Answer::text(500, format!("this cannot be written: {error}\n")),
    }
}

#[cfg(test)]
mod tests {
    use super::Piece;

    #[test]
    fn pieces() {
        for (value, expected) in [
            ("bytes 0-4/10", Some(Piece { bytes: Some((0, 5)), whole: 10 })),
            ("bytes 5-9/10", Some(Piece { bytes: Some((5, 5)), whole: 10 })),
            ("bytes */10", Some(Piece { bytes: None, whole: 10 })),
            ("bytes 5-10/10", None),
            ("bytes 5-4/10", None),
            ("bytes 0-4/*", None),
            ("bytes 0-4", None),
            ("bytes=0-4/10", None),
            ("bytes +0-4/10", None),
            ("bytes 0-99999999999999999999/10", None),
            ("", None),
        ] {
            assert_eq!(Piece::parse(value.as_bytes()), expected, "{value}");
        }
        assert_eq!(Piece::parse(b"bytes \xff/10"), None);
    }
}
