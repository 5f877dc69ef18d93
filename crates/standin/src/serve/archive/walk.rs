//! Everything below a folder, for an archive.

use std::{
    io,
    path::{Path, PathBuf},
};

use super::{
    super::root::{Entry, Reader},
    Writer,
};
use crate::{limits, os};

/// The most entries of one folder, of all of them, and how deep they go: a link that leads up makes a tree without end.
const MOST_IN_ONE: usize = 100_000;
const MOST: usize = 500_000;
const DEEPEST: usize = 64;

/// Whether a path below the root is wanted.
pub(in super::super) type Wants = Box<dyn Fn(&Path) -> bool + Send>;

/// Writes all that is wanted below a folder, under this name.
pub(super) fn walk(
    reader: &Reader,
    path: &Path,
    name: &str,
    wants: &Wants,
    writer: &mut dyn Writer,
) -> io::Result<()> {
    let mut waiting = vec![(path.to_owned(), name.to_owned(), 0)];
    let mut count = 0;
    while let Some((path, name, depth)) = waiting.pop() {
        let mut entries = reader.entries(&path, MOST_IN_ONE)?;
        entries.sort_by(|one, other| one.name.cmp(&other.name));
        for Entry { name: own, facts } in entries {
            let (path, name): (PathBuf, String) = (path.join(&own), format!("{name}/{own}"));
            if !wants(&path) {
                continue;
            }
            count += 1;
            if count > MOST {
                return Err(io::Error::other("there are too many files"));
            }
            if facts.folder {
                writer.begin(&name, &facts)?;
                writer.end()?;
                if depth < DEEPEST {
                    waiting.push((path, name, depth + 1));
                }
                continue;
            }
            // What is gone or may not be read by now is left out.
            let Ok(found) = reader.read(&path) else { continue };
            if found.facts.folder {
                continue;
            }
            writer.begin(&name, &found.facts)?;
            let mut piece = vec![0; limits::PIECE];
            let mut at = 0;
            while at < found.facts.length {
                let most = usize::try_from(found.facts.length - at).unwrap_or(usize::MAX).min(piece.len());
                match os::read_at(&found.file, &mut piece[..most], at)? {
                    // Its length was said: an archive that lies is worse than one that is cut off.
                    0 => return Err(io::ErrorKind::UnexpectedEof.into()),
                    read => {
                        writer.bytes(&piece[..read])?;
                        at += read as u64;
                    }
                }
            }
            writer.end()?;
        }
    }
    Ok(())
}
