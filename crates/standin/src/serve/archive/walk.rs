//! All that is served below a folder, in the order of names.

use std::{
    io,
    path::{Path, PathBuf},
};

use super::{
    super::root::{Facts, Found, Reader},
    form::Pack,
};

/// The most files and folders of one archive. A zip keeps about a hundred bytes of each until its end.
const MOST: usize = 1_000_000;

/// The most folders inside of each other. The longest path of any system has room for more, but no person has.
const DEEPEST: usize = 200;

/// Whether a path below the root is wanted: served, and not behind a password that was not given.
pub(in super::super) type Wants = Box<dyn Fn(&Path) -> bool + Send>;

/// A walk under way.
struct Way<'a> {
    wants: &'a Wants,
    reader: &'a Reader,
    pack: &'a mut dyn Pack,
    /// The folders that it is in: a link may lead to one of them, and the walk would never end.
    inside: Vec<Facts>,
    left: usize,
}

/// Packs the folder at a path below the root under the name `top`.
///
/// # Errors
/// When the folder cannot be read, there is more than an archive may hold, or nothing can be written.
pub(super) fn walk(
    reader: &Reader,
    path: &Path,
    top: &str,
    wants: &Wants,
    pack: &mut dyn Pack,
) -> io::Result<()> {
    let found = reader.find(path)?;
    let mut way = Way { wants, reader, pack, inside: Vec::new(), left: MOST };
    way.folder(path, top, &found)
}

impl Way<'_> {
    fn folder(&mut self, path: &Path, name: &str, found: &Found) -> io::Result<()> {
        self.pack.folder(name, found)?;
        let mut entries = match self.reader.entries(path, self.left + 1) {
            Err(error) if error.kind() == io::ErrorKind::PermissionDenied => return Ok(()),
            entries => entries?,
        };
        let left = self.left.checked_sub(entries.len());
        self.left = left.ok_or_else(|| io::Error::other("there is more than an archive may hold"))?;
        entries.sort_by(|one, other| one.name.cmp(&other.name));
        self.inside.push(found.facts);
        if self.inside.len() > DEEPEST {
            return Err(io::Error::other("folders are nested too deeply"));
        }
        for entry in entries {
            let path =
                if path == Path::new(".") { PathBuf::from(&entry.name) } else { path.join(&entry.name) };
            if !(self.wants)(&path) {
                continue;
            }
            let name = format!("{name}/{}", entry.name);
            match self.reader.find(&path) {
                Ok(found) if !found.facts.folder => self.pack.file(&name, found)?,
                Ok(found) if self.inside.contains(&found.facts) => {}
                Ok(found) => self.folder(&path, &name, &found)?,
                Err(error) if is_left_out(&error) => {}
                Err(error) => return Err(error),
            }
        }
        self.inside.pop();
        Ok(())
    }
}

/// What is gone by now, or may not be read.
fn is_left_out(error: &io::Error) -> bool {
    matches!(error.kind(), io::ErrorKind::NotFound | io::ErrorKind::PermissionDenied)
}
