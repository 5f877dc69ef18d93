//! What uploads leave behind that nobody goes on with: a client that never came back, a server that was killed.
//!
//! It can be gone on with for a day. Then it is taken away: when a server that takes uploads starts, and each hour while it
//! runs. Bias: only so much of a large tree is looked at, folders near the root first; what is deeper stays, hidden.

use std::{
    collections::VecDeque,
    io,
    path::{Path, PathBuf},
    time::{Duration, SystemTime},
};

use tokio::{task::spawn_blocking, time::sleep};

use super::{super::root::Reader, writing::is_ours};

/// How long an upload can be gone on with since something of it came.
const KEPT: Duration = Duration::from_secs(24 * 3600);

/// How often it is looked for.
const EACH: Duration = Duration::from_secs(3600);

/// The most files and folders that are looked at.
const MOST: usize = 20_000;

/// Takes away what is left behind, now and again and again.
pub(in super::super) async fn sweep(reader: Reader) {
    loop {
        let once = reader.clone();
        // What cannot be read or taken away stays: there is nobody to tell.
        let _ = spawn_blocking(move || sweep_once(&once, SystemTime::now())).await;
        sleep(EACH).await;
    }
}

fn sweep_once(reader: &Reader, now: SystemTime) {
    let mut left = MOST;
    let mut folders = VecDeque::from([PathBuf::from(".")]);
    while let Some(folder) = folders.pop_front() {
        let Ok(entries) = reader.all_entries(&folder, left) else { continue };
        left -= entries.len();
        for entry in entries {
            let path = folder.join(&entry.name);
            let is_old = entry.facts.changed.is_some_and(|changed| is_left(changed, now));
            // A link is nothing that an upload makes, and may lead in a circle.
            if entry.facts.folder {
                if !reader.is_link(&path).unwrap_or(true) {
                    folders.push_back(path);
                }
            } else if is_ours(&entry.name) && is_old && !reader.is_link(&path).unwrap_or(true) {
                let _: io::Result<()> = remove(reader, &folder, &entry.name);
            }
        }
    }
}

fn remove(reader: &Reader, folder: &Path, name: &str) -> io::Result<()> {
    reader.folder(folder)?.remove(name, false)
}

/// Whether what has last changed then is left behind. A time to come is no reason.
fn is_left(changed: SystemTime, now: SystemTime) -> bool {
    now.duration_since(changed).is_ok_and(|age| age > KEPT)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_day_is_enough() {
        let now = SystemTime::UNIX_EPOCH + 10 * KEPT;
        for (changed, expected) in [
            (now, false),
            (now - KEPT, false),
            (now - KEPT - Duration::from_secs(1), true),
            (SystemTime::UNIX_EPOCH, true),
            (now + KEPT * 2, false),
        ] {
            assert_eq!(is_left(changed, now), expected, "{changed:?}");
        }
    }
}
