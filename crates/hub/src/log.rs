//! What the hub has to say while it runs: to whoever started it, or into a file when nobody watches.
//!
//! The file is cut at [`MOST`] bytes: then it is moved to `hub.log.1`, in the place of the one before. A log that
//! cannot be written is left alone; it never stops the hub. Deliberately absent: levels and a record of requests.

use std::{
    fmt::Display,
    fs::{self, File},
    io::{self, Write as _},
    path::{Path, PathBuf},
    sync::{Arc, Mutex, PoisonError},
};

use jiff::Zoned;

use crate::os;

/// How long `hub.log` becomes, in bytes: some ten thousand lines.
pub const MOST: u64 = 1024 * 1024;

/// Where lines go. Clones share it.
#[derive(Clone)]
pub struct Log(Arc<dyn Fn(&str) + Send + Sync>);

impl Log {
    /// Hands each line, without its end and escaped, to a function.
    pub fn to(say: impl Fn(&str) + Send + Sync + 'static) -> Self {
        Self(Arc::new(say))
    }

    /// Writes each line with its time into a file.
    ///
    /// # Errors
    /// When the file cannot be opened.
    pub fn file(path: PathBuf, most: u64) -> io::Result<Self> {
        let file = Mutex::new(LogFile::open(path, most)?);
        Ok(Self::to(move |line| {
            let time = Zoned::now().strftime("%Y-%m-%dT%H:%M:%S%:z");
            let mut file = file.lock().unwrap_or_else(PoisonError::into_inner);
            // A full disk costs the line, and nothing else.
            let _ = file.write(&format!("{time} {line}\n"));
        }))
    }

    /// Says one line.
    pub fn say(&self, line: impl Display) {
        (self.0)(&escaped(&line.to_string()));
    }
}

struct LogFile {
    path: PathBuf,
    file: File,
    length: u64,
    most: u64,
}

impl LogFile {
    fn open(path: PathBuf, most: u64) -> io::Result<Self> {
        let file = open(&path)?;
        let length = file.metadata()?.len();
        Ok(Self { path, file, length, most })
    }

    fn write(&mut self, line: &str) -> io::Result<()> {
        let length = line.len() as u64;
        if self.length > 0 && self.length + length > self.most {
            fs::rename(&self.path, rotated(&self.path))?;
            self.file = open(&self.path)?;
            self.length = 0;
        }
        self.file.write_all(line.as_bytes())?;
        self.length += length;
        Ok(())
    }
}

/// A line that stays one, and that no terminal obeys.
fn escaped(line: &str) -> String {
    let mut escaped = String::with_capacity(line.len());
    for c in line.chars() {
        match c {
            '"' | '\'' | '\\' => escaped.push(c),
            c => escaped.extend(c.escape_debug()),
        }
    }
    escaped
}

/// The name of the log before this one.
pub fn rotated(path: &Path) -> PathBuf {
    let mut name = path.file_name().unwrap_or_default().to_owned();
    name.push(".1");
    path.with_file_name(name)
}

fn open(path: &Path) -> io::Result<File> {
    os::private(File::options().append(true).create(true)).open(path)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::scratch::Scratch;

    #[test]
    fn a_log_is_cut_and_the_one_before_is_kept() {
        let scratch = Scratch::new();
        let path = scratch.path().join("hub.log");
        let log = Log::file(path.clone(), 100).unwrap();
        for line in ["first", "second", "third \u{1b}[2J\nx", "fourth"] {
            log.say(line);
        }
        let read = |path: &Path| -> Vec<String> {
            let text = fs::read_to_string(path).unwrap();
            text.lines().map(|line| line.split_once(' ').unwrap().1.to_owned()).collect()
        };
        assert_eq!(read(&rotated(&path)), ["first", "second"]);
        assert_eq!(read(&path), ["third \\u{1b}[2J\\nx", "fourth"]);
        // A log that is opened again goes on where it ended.
        Log::file(path.clone(), 100).unwrap().say("fifth");
        assert_eq!(read(&rotated(&path)), ["third \\u{1b}[2J\\nx", "fourth"]);
        assert_eq!(read(&path), ["fifth"]);
    }
}
