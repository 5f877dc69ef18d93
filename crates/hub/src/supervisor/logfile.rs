//! The lines of a service on disk: for this user alone, and never more than two files of it.
//!
//! Deliberately absent: compression and dates, since only the newest matters; and reading the files again.

use std::{
    fs::{self, File},
    io::{self, Write as _},
    path::PathBuf,
    sync::Arc,
};

use navyd_model::Line;

use crate::os;

/// How large a file grows before it becomes the old one, and a new one begins.
const LARGEST: u64 = 4 * 1024 * 1024;

/// The file, opened when there is something to write.
#[derive(Debug)]
pub(super) struct LogFile {
    path: PathBuf,
    open: Option<(File, u64)>,
    largest: u64,
    /// Lines that could not be written since the last that could.
    lost: u64,
}

impl LogFile {
    /// The one at a path; the old one is beside it, with `.1` behind its name.
    pub(super) fn at(path: PathBuf) -> Self {
        Self { path, open: None, largest: LARGEST, lost: 0 }
    }

    /// Writes lines: time, stream and bytes, as in `2026-11-21T08:00:00.123Z out listening`.
    pub(super) fn append(&mut self, lines: &[Arc<Line>]) {
        match self.try_append(lines) {
            Ok(()) => self.lost = 0,
            Err(_) => {
                self.lost += lines.len() as u64;
                // Opened anew next time, when the disk may have room again.
                self.open = None;
            }
        }
    }

    fn try_append(&mut self, lines: &[Arc<Line>]) -> io::Result<()> {
        let mut text = Vec::new();
        if self.lost > 0 {
            text.extend_from_slice(format!("{} lines are missing here\n", self.lost).as_bytes());
        }
        for line in lines {
            text.extend_from_slice(
                format!("{:.3} {} {}", line.at, line.stream.as_str(), line.text).as_bytes(),
            );
            if line.cut > 0 {
                text.extend_from_slice(format!("… {} bytes more", line.cut).as_bytes());
            }
            text.push(b'\n');
        }
        let (file, size) = match &mut self.open {
            Some(open) => open,
            None => {
                let file = os::private(File::options().append(true).create(true)).open(&self.path)?;
                let size = file.metadata()?.len();
                self.open.insert((file, size))
            }
        };
        file.write_all(&text)?;
        *size += text.len() as u64;
        if *size >= self.largest {
            self.open = None;
            let mut old = self.path.clone().into_os_string();
            old.push(".1");
            fs::rename(&self.path, old)?;
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use jiff::Timestamp;
    use navyd_model::Stream;

    use super::*;
    use crate::scratch::Scratch;

    fn line(text: &str, cut: u64) -> Arc<Line> {
        let (at, stream) = (Timestamp::UNIX_EPOCH, Stream::Out);
        Arc::new(Line { service: "web.shop".into(), at, stream, text: text.into(), raw: None, cut })
    }

    #[test]
    fn lines_are_written_and_two_files_stay() {
        let scratch = Scratch::new();
        let path = scratch.path().join("web.log");
        let mut file = LogFile { largest: 100, ..LogFile::at(path.clone()) };
        file.append(&[line("one", 0), line("two", 9)]);
        let first = "1970-01-01T00:00:00.000Z out one\n1970-01-01T00:00:00.000Z out two… 9 bytes more\n";
        assert_eq!(fs::read_to_string(&path).unwrap(), first);
        file.append(&[line("three", 0)]);
        assert!(!path.exists(), "it has become the old one");
        for _ in 0..20 {
            file.append(&[line("more", 0)]);
        }
        let names = fs::read_dir(scratch.path()).unwrap().count();
        assert!(names <= 2, "{names}");
        let old = fs::metadata(scratch.path().join("web.log.1")).unwrap().len();
        assert!((100..200).contains(&old), "{old}");
    }

    #[test]
    fn what_cannot_be_written_is_counted_and_told_later() {
        let scratch = Scratch::new();
        let folder = scratch.path().join("logs");
        let mut file = LogFile::at(folder.join("web.log"));
        file.append(&[line("lost", 0), line("too", 0)]);
        fs::create_dir(&folder).unwrap();
        file.append(&[line("found", 0)]);
        let text = fs::read_to_string(folder.join("web.log")).unwrap();
        assert_eq!(text, "2 lines are missing here\n1970-01-01T00:00:00.000Z out found\n");
    }
}
