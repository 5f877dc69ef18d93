//! Folders: one for each rotation, so that what is old goes by removing files.

use std::{
    fs, io,
    path::{Path, PathBuf},
    time::Duration,
};

use jiff::Timestamp;

use crate::capture::limits::{FOLDERS, Limits};

/// The file of its database.
pub(crate) const DATABASE: &str = "capture.sqlite";

/// One folder: `0001-20261121T111841Z`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Folder {
    pub(crate) path: PathBuf,
    /// Grows from one folder to the next.
    pub(crate) number: u32,
    /// When it was begun.
    pub(crate) begun: Timestamp,
}

impl Folder {
    /// The folders in a directory, the oldest first. Anything else there is left alone.
    pub(crate) fn all(directory: &Path) -> io::Result<Vec<Self>> {
        let mut all = Vec::new();
        for entry in fs::read_dir(directory)? {
            let entry = entry?;
            if let Some((number, begun)) = entry.file_name().to_str().and_then(read_name)
                && entry.file_type()?.is_dir()
            {
                all.push(Self { path: entry.path(), number, begun });
            }
        }
        all.sort_by_key(|folder| folder.number);
        Ok(all)
    }

    /// Makes the next one.
    pub(crate) fn make(directory: &Path, number: u32, now: Timestamp) -> io::Result<Self> {
        let path = directory.join(format!("{number:04}-{}", now.strftime("%Y%m%dT%H%M%SZ")));
        fs::create_dir(&path)?;
        Ok(Self { path, number, begun: now })
    }

    /// The file of its database.
    pub(crate) fn database(&self) -> PathBuf {
        self.path.join(DATABASE)
    }

    /// What its files have, in bytes.
    pub(crate) fn bytes(&self) -> u64 {
        let files = fs::read_dir(&self.path).into_iter().flatten().flatten();
        files.filter_map(|file| file.metadata().ok()).map(|file| file.len()).sum()
    }

    /// Whether the next one is to be begun.
    pub(crate) fn is_full(&self, bytes: u64, limits: &Limits, now: Timestamp) -> bool {
        bytes >= limits.bytes / u64::from(FOLDERS) || age(self.begun, now) >= limits.age / FOLDERS
    }
}

/// How many of these folders, from the oldest on, are to go, so that what is left fits. The last one stays, since it is
/// written to. `all` are their sizes, and when the next one was begun: then each had its last exchange.
pub(crate) fn too_old(all: &[(u64, Timestamp)], limits: &Limits, now: Timestamp) -> usize {
    let mut bytes: u64 = all.iter().map(|(bytes, _)| bytes).sum();
    let mut gone = 0;
    while gone + 1 < all.len() {
        if bytes <= limits.bytes && age(all[gone].1, now) <= limits.age {
            break;
        }
        bytes -= all[gone].0;
        gone += 1;
    }
    gone
}

fn age(begun: Timestamp, now: Timestamp) -> Duration {
    Duration::try_from(now.duration_since(begun)).unwrap_or_default()
}

fn read_name(name: &str) -> Option<(u32, Timestamp)> {
    let (number, begun) = name.split_once('-')?;
    let begun = jiff::civil::DateTime::strptime("%Y%m%dT%H%M%SZ", begun).ok()?;
    Some((number.parse().ok()?, begun.to_zoned(jiff::tz::TimeZone::UTC).ok()?.timestamp()))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::scratch::Scratch;

    fn at(second: i64) -> Timestamp {
        Timestamp::from_second(1_790_000_000 + second).unwrap()
    }

    #[test]
    fn folders_are_found_in_their_order_and_strangers_are_left_alone() {
        let scratch = Scratch::new();
        let made: Vec<Folder> =
            [3, 1, 10_000].map(|number| Folder::make(scratch.path(), number, at(0)).unwrap()).into();
        fs::create_dir(scratch.path().join("mine")).unwrap();
        fs::write(scratch.path().join("0002-20261121T111841Z"), "").unwrap();
        let found = Folder::all(scratch.path()).unwrap();
        assert_eq!(found, [made[1].clone(), made[0].clone(), made[2].clone()]);
    }

    #[test]
    fn the_oldest_go_until_the_rest_fits() {
        let limits = Limits { bytes: 100, age: Duration::from_secs(1000), ..Limits::default() };
        for (all, now, gone) in [
            (vec![], 0, 0),
            (vec![(500, 0)], 9999, 0),
            (vec![(50, 0), (50, 0)], 0, 0),
            (vec![(50, 0), (51, 0)], 0, 1),
            (vec![(50, 0), (60, 0), (60, 0)], 0, 2),
            (vec![(1, 0), (1, 900), (1, 1900)], 1800, 1),
            (vec![(1, 0), (1, 0), (1, 0)], 1001, 2),
        ] {
            let all: Vec<(u64, Timestamp)> =
                all.into_iter().map(|(bytes, begun)| (bytes, at(begun))).collect();
            assert_eq!(too_old(&all, &limits, at(now)), gone, "{all:?}");
        }
    }

    #[test]
    fn a_folder_is_full_by_its_size_or_its_age() {
        let limits = Limits { bytes: 800, age: Duration::from_secs(800), ..Limits::default() };
        let folder = Folder { path: PathBuf::new(), number: 1, begun: at(0) };
        for (bytes, now, full) in [(0, 0, false), (99, 99, false), (100, 0, true), (0, 100, true)] {
            assert_eq!(folder.is_full(bytes, &limits, at(now)), full, "{bytes} {now}");
        }
    }
}
