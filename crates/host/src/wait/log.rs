//! Readiness as a program writes it: a text in a file that grows.
//!
//! Read from the beginning, since the line may be there already; so a line of an earlier run counts, unless the
//! program empties its file. A file that was emptied is read anew, and so is one that took its place, told by
//! the time it was made. Bias: a file that is emptied and grows past its old length between two looks is read
//! on from the old length.

use std::{
    fs::{self, File, Metadata},
    io::{self, Read as _, Seek as _, SeekFrom},
    path::PathBuf,
    time::SystemTime,
};

use super::Look;

/// The most that is read at one look, so that a huge file does not keep the deadline waiting.
const MOST: u64 = 64 * 1024 * 1024;

/// A file that is followed.
pub(super) struct Tail {
    path: PathBuf,
    text: Vec<u8>,
    open: Option<Open>,
}

struct Open {
    file: File,
    made: Option<SystemTime>,
    position: u64,
    /// The end of what was read before: the text may lie across two reads.
    carried: Vec<u8>,
}

impl Tail {
    /// Looks for `text` in the file at `path`.
    pub(super) fn new(path: PathBuf, text: &str) -> Self {
        Self { path, text: text.as_bytes().to_owned(), open: None }
    }

    /// Reads what is new.
    pub(super) fn look(&mut self) -> Look {
        match self.found() {
            Ok(true) => Look::There,
            Ok(false) => Look::NotYet("the text is not in the file yet".into()),
            Err(error) if error.kind() == io::ErrorKind::NotFound => {
                Look::NotYet("the file does not exist yet".into())
            }
            Err(error) => Look::NotYet(format!("the file cannot be read: {error}")),
        }
    }

    fn found(&mut self) -> io::Result<bool> {
        // What its writer wrote last into a file that has been moved away counts as well.
        if let Some(open) = &mut self.open
            && open.read(&self.text)?
        {
            return Ok(true);
        }
        let there = fs::metadata(&self.path)?;
        if self.open.as_ref().is_some_and(|open| !open.was_replaced(&there)) {
            return Ok(false);
        }
        let file = File::open(&self.path)?;
        let made = file.metadata().ok().and_then(|metadata| metadata.created().ok());
        let open = self.open.insert(Open { file, made, position: 0, carried: Vec::new() });
        open.read(&self.text)
    }
}

impl Open {
    fn read(&mut self, text: &[u8]) -> io::Result<bool> {
        if self.file.metadata()?.len() < self.position {
            self.position = 0;
            self.carried.clear();
        }
        self.file.seek(SeekFrom::Start(self.position))?;
        let mut bytes = std::mem::take(&mut self.carried);
        self.position += (&mut self.file).take(MOST).read_to_end(&mut bytes)? as u64;
        let found = contains(&bytes, text);
        let keep = text.len().saturating_sub(1).min(bytes.len());
        self.carried = bytes.split_off(bytes.len() - keep);
        Ok(found)
    }

    fn was_replaced(&self, there: &Metadata) -> bool {
        there.created().ok() != self.made || there.len() < self.position
    }
}

fn contains(bytes: &[u8], text: &[u8]) -> bool {
    text.is_empty() || bytes.windows(text.len()).any(|window| window == text)
}

#[cfg(test)]
mod tests {
    use std::{
        io::Write as _,
        sync::atomic::{AtomicU32, Ordering},
    };

    use super::*;

    /// A file of the test's own, removed at its end.
    struct Log(PathBuf);

    impl Log {
        fn new() -> Self {
            static MADE: AtomicU32 = AtomicU32::new(0);
            let number = MADE.fetch_add(1, Ordering::Relaxed);
            Self(std::env::temp_dir().join(format!("navyd-log-{}-{number}", std::process::id())))
        }

        fn append(&self, text: &str) {
            let mut file = File::options().append(true).create(true).open(&self.0).unwrap();
            file.write_all(text.as_bytes()).unwrap();
        }
    }

    impl Drop for Log {
        fn drop(&mut self) {
            let _ = fs::remove_file(&self.0);
        }
    }

    fn not_yet() -> Look {
        Look::NotYet("the text is not in the file yet".into())
    }

    #[test]
    fn a_text_across_two_writes() {
        let log = Log::new();
        let mut tail = Tail::new(log.0.clone(), "ready in");
        assert_eq!(tail.look(), Look::NotYet("the file does not exist yet".into()));
        log.append("starting\nrea");
        assert_eq!(tail.look(), not_yet());
        log.append("dy i");
        assert_eq!(tail.look(), not_yet());
        log.append("n 3 ms");
        assert_eq!(tail.look(), Look::There);
    }

    #[test]
    fn a_file_that_is_emptied() {
        let log = Log::new();
        let mut tail = Tail::new(log.0.clone(), "ready");
        log.append("a long line of an earlier run\n");
        assert_eq!(tail.look(), not_yet());
        fs::write(&log.0, "ready\n").unwrap();
        assert_eq!(tail.look(), Look::There);
    }

    #[test]
    fn a_file_that_is_replaced() {
        let (log, old) = (Log::new(), Log::new());
        let mut tail = Tail::new(log.0.clone(), "ready");
        log.append("one\n");
        assert_eq!(tail.look(), not_yet());
        fs::rename(&log.0, &old.0).unwrap();
        log.append("no\n");
        assert_eq!(tail.look(), not_yet());
        log.append("ready\n");
        assert_eq!(tail.look(), Look::There);
    }
}
