//! Small files that are held in memory: as long as a look at the path finds the same file untouched, nothing is opened,
//! read and closed.
//!
//! The look follows no link at the end of a path, and what it finds is only compared: bytes are sent only of a file that
//! was opened below the root once, and is still the one that stands there. Files that were changed a moment ago are
//! not held, since the clock of a disk is too coarse to tell two changes apart.
//!
//! Bias: who writes through memory (`mmap(2)`) into pages that are waiting for the disk changes a file without a trace;
//! such a change is seen when the pages are written. An entity tag is blind for it as well.

use std::{
    collections::HashMap,
    fs::File,
    io,
    path::{Path, PathBuf},
    sync::Arc,
    time::{Duration, SystemTime},
};

use bytes::Bytes;

use super::{
    kind::Kind,
    root::{Facts, Found},
};
use crate::{http::date, limits, os};

/// How many bytes are held. Where there is no room all are let go: those that are asked for come back.
const HELD: usize = 4 * 1024 * 1024;

/// For how long a file must not have changed.
const SETTLED: Duration = Duration::from_secs(2);

/// What is sent of a file.
#[derive(Debug)]
pub(super) struct Served {
    /// What it is.
    pub(super) facts: Facts,
    /// What is said of it.
    pub(super) said: Arc<Said>,
    /// Its bytes.
    pub(super) content: Content,
}

/// What is said of a file, as it is written.
#[derive(Debug)]
pub(super) struct Said {
    /// What it is by its name.
    pub(super) kind: Kind,
    /// Its strong tag, without quotes.
    pub(super) tag: String,
    /// When it was changed.
    pub(super) changed: Option<String>,
}

/// Where the bytes are.
#[derive(Debug)]
pub(super) enum Content {
    /// In a file, opened for reading.
    File(File),
    /// Here.
    Held(Bytes),
}

/// The files that are held, by their paths.
#[derive(Debug)]
pub(super) struct Held {
    files: HashMap<PathBuf, OneHeld>,
    bytes: usize,
    settled: Duration,
}

impl Default for Held {
    fn default() -> Self {
        Self { files: HashMap::new(), bytes: 0, settled: SETTLED }
    }
}

#[derive(Debug)]
struct OneHeld {
    stamp: os::Stamp,
    facts: Facts,
    said: Arc<Said>,
    bytes: Bytes,
}

impl Held {
    /// The file at a path, if it is held and is still the one.
    pub(super) fn find(&mut self, below: &os::Below, path: &Path) -> Option<Served> {
        let held = self.files.get(path)?;
        if below.stamp(path).as_ref() != Some(&held.stamp) {
            self.bytes -= held.bytes.len();
            self.files.remove(path);
            return None;
        }
        let (said, content) = (Arc::clone(&held.said), Content::Held(held.bytes.clone()));
        Some(Served { facts: held.facts, said, content })
    }

    /// Takes a file that was opened, where it is small and has settled.
    pub(super) fn take(&mut self, below: &os::Below, path: &Path, found: Found) -> Served {
        let Found { file, facts } = found;
        // What says that it has no bytes may have some: files of the kernel say so.
        let small = !facts.folder && (1..=limits::TOGETHER as u64).contains(&facts.length);
        match small.then(|| one(below, path, &file, facts, self.settled)).flatten() {
            Some(held) => {
                let (said, bytes) = (Arc::clone(&held.said), held.bytes.clone());
                if self.bytes + bytes.len() > HELD {
                    self.files.clear();
                    self.bytes = 0;
                }
                self.bytes += bytes.len();
                let before = self.files.insert(path.to_owned(), held);
                self.bytes -= before.map_or(0, |before| before.bytes.len());
                Served { facts, said, content: Content::Held(bytes) }
            }
            None => Served::of(path, Found { file, facts }),
        }
    }
}

impl Said {
    fn of(path: &Path, facts: &Facts) -> Arc<Self> {
        let (kind, tag) = (Kind::of(&path.to_string_lossy()), facts.tag());
        Arc::new(Self { kind, tag, changed: facts.changed.map(date) })
    }
}

impl Served {
    /// A file that is not held.
    pub(super) fn of(path: &Path, Found { file, facts }: Found) -> Self {
        Self { said: Said::of(path, &facts), facts, content: Content::File(file) }
    }

    /// All bytes.
    ///
    /// # Errors
    /// When they cannot be read, or are fewer by now.
    pub(super) fn whole(&self) -> io::Result<Bytes> {
        match &self.content {
            Content::File(file) => whole(file, self.facts.length).map(Bytes::from),
            Content::Held(bytes) => Ok(bytes.clone()),
        }
    }
}

/// A file with its bytes, if a look at its path finds it as it was before it was read.
fn one(below: &os::Below, path: &Path, file: &File, facts: Facts, settled: Duration) -> Option<OneHeld> {
    let stamp = below.stamp(path)?;
    let since = SystemTime::now().duration_since(stamp.touched()?);
    if !since.is_ok_and(|since| since >= settled) || os::Stamp::of(file).as_ref() != Some(&stamp) {
        return None;
    }
    let bytes = whole(file, facts.length).ok()?;
    (below.stamp(path)? == stamp).then(|| OneHeld {
        stamp,
        facts,
        said: Said::of(path, &facts),
        bytes: bytes.into(),
    })
}

/// All bytes of a file of this length.
///
/// # Errors
/// When it cannot be read, or is shorter by now.
pub(super) fn whole(file: &File, length: u64) -> io::Result<Vec<u8>> {
    let mut bytes = vec![0; usize::try_from(length).map_err(|_| io::ErrorKind::FileTooLarge)?];
    let mut at = 0;
    while at < bytes.len() {
        match os::read_at(file, &mut bytes[at..], at as u64)? {
            0 => return Err(io::ErrorKind::UnexpectedEof.into()),
            read => at += read,
        }
    }
    Ok(bytes)
}

#[cfg(test)]
#[cfg(unix)]
mod tests {
    use std::{fs, os::unix::fs::symlink};

    use super::*;
    use crate::fixture::Folder;

    /// A folder with a file in it, `A`.
    fn folder(name: &str) -> Folder {
        let folder = Folder::new(&format!("held-{name}"));
        fs::create_dir_all(folder.0.join("root/sub")).expect("our own folder");
        fs::write(folder.0.join("root").join(A), "first").expect("our own file");
        folder
    }

    fn below(folder: &Folder) -> os::Below {
        os::Below::open(&folder.0.join("root"), true).expect("it is there")
    }

    const A: &str = "sub/a";

    fn opened(below: &os::Below, path: &str) -> Found {
        let file = below.read(Path::new(path)).expect("it is there");
        let facts = Facts::of(&file.metadata().expect("it is open")).expect("it is a file");
        Found { file, facts }
    }

    /// What is held at once, however young it is; `None` where the system does not tell versions of files.
    fn holding(below: &os::Below) -> Option<Held> {
        let mut held = Held { settled: Duration::ZERO, ..Held::default() };
        let served = held.take(below, Path::new(A), opened(below, A));
        if below.stamp(Path::new(A)).is_none() {
            assert!(matches!(served.content, Content::File(_)));
            return None;
        }
        assert!(matches!(&served.content, Content::Held(bytes) if bytes == "first"));
        let again = held.find(below, Path::new(A)).expect("nobody has touched it");
        assert_eq!((again.whole().unwrap(), again.facts), (Bytes::from("first"), served.facts));
        Some(held)
    }

    #[test]
    fn what_has_just_changed_is_not_held() {
        let folder = folder("young");
        let (below, mut held) = (below(&folder), Held::default());
        let served = held.take(&below, Path::new(A), opened(&below, A));
        assert!(matches!(served.content, Content::File(_)) && served.whole().unwrap() == "first");
        assert!(held.find(&below, Path::new(A)).is_none());
    }

    #[test]
    fn whatever_happens_to_a_file_it_is_not_held_any_more() {
        type Change = fn(&Path);
        let changes: [(&str, Change); 6] = [
            ("written", |path| fs::write(path.join(A), "second one").unwrap()),
            ("replaced", |path| {
                fs::write(path.join("new"), "other").unwrap();
                fs::rename(path.join("new"), path.join(A)).unwrap();
            }),
            ("removed", |path| fs::remove_file(path.join(A)).unwrap()),
            ("linked", |path| {
                fs::rename(path.join(A), path.join("b")).unwrap();
                symlink("../b", path.join(A)).unwrap();
            }),
            ("led out", |path| {
                fs::rename(path.join("sub"), path.join("moved")).unwrap();
                fs::create_dir(path.join("../out")).unwrap();
                fs::write(path.join("../out/a"), "first").unwrap();
                symlink("../out", path.join("sub")).unwrap();
            }),
            ("gone with its folder", |path| fs::remove_dir_all(path.join("sub")).unwrap()),
        ];
        for (name, change) in changes {
            let folder = folder(&name.replace(' ', "-"));
            let below = below(&folder);
            let Some(mut held) = holding(&below) else { return };
            change(&folder.0.join("root"));
            assert!(held.find(&below, Path::new(A)).is_none(), "{name}");
            assert_eq!((held.bytes, held.files.len()), (0, 0), "{name}");
        }
    }

    #[test]
    fn all_are_let_go_when_there_is_no_room() {
        let folder = folder("room");
        let below = below(&folder);
        let Some(mut held) = holding(&below) else { return };
        held.bytes = HELD;
        fs::write(folder.0.join("root/b"), "b").unwrap();
        held.take(&below, Path::new("b"), opened(&below, "b"));
        assert_eq!((held.bytes, held.files.len()), (1, 1));
    }
}
