//! ZIP, written in one pass: the sizes and sums of a file stand behind it (APPNOTE 6.3.10, §4.3.9).
//!
//! Written here, as a crate for it also reads and seeks, which nothing needs: this is a page of fields. Everything is
//! deflated, at level 0 what would not get smaller, so that readers of streams find the end of each file.

use std::{
    fs::File,
    io::{self, Read as _, Write},
    time::{SystemTime, UNIX_EPOCH},
};

use flate2::{Compression, Crc, write::DeflateEncoder};
use jiff::{Timestamp, tz::TimeZone};

use super::{
    super::{kind::Kind, root::Found},
    form::Pack,
};
use crate::{limits, os};

/// What stands in a field of 32 bits whose value stands in the extra field of ZIP64 (§4.5.3).
const ELSEWHERE: u32 = u32::MAX;

/// From this length on a file gets fields of 64 bits: deflating may add a little to what does not get smaller.
const LARGE: u64 = 0xff00_0000;

/// §4.4.4: sizes stand behind the file (bit 3), and names are UTF-8 (bit 11).
const BEHIND: u16 = 1 << 3;
const UTF_8: u16 = 1 << 11;

/// §4.4.3: 2.0 for folders and deflated files, 4.5 for ZIP64.
const VERSION: u16 = 20;
const VERSION_64: u16 = 45;

/// §4.4.5.
const STORED: u16 = 0;
const DEFLATED: u16 = 8;

/// Like `st_mode`, for readers on Unix.
const FOLDER: u32 = 0o040_755;
const REGULAR: u32 = 0o100_644;
const PROGRAM: u32 = 0o100_755;

/// An archive that is being written.
pub(super) struct Zip<W: Write> {
    out: Counted<W>,
    /// What the directory at the end says of each file.
    directory: Vec<Line>,
    /// From which length on a file gets fields of 64 bits.
    large: u64,
}

/// A line of the directory.
#[derive(Debug, Default)]
struct Line {
    name: String,
    mode: u32,
    time: u32,
    changed: Option<u32>,
    sum: u32,
    packed: u64,
    length: u64,
    offset: u64,
}

/// Counts what is written.
struct Counted<W> {
    out: W,
    at: u64,
}

impl<W: Write> Zip<W> {
    /// One that begins at this offset of a file.
    pub(super) fn new(out: W, at: u64) -> Self {
        Self { out: Counted { out, at }, directory: Vec::new(), large: LARGE }
    }

    /// Writes the directory, and ends.
    pub(super) fn finish(mut self) -> io::Result<W> {
        let start = self.out.at;
        for line in &self.directory {
            self.out.write_all(&line.central())?;
        }
        let size = self.out.at - start;
        self.out.write_all(&end(self.directory.len() as u64, start, size))?;
        self.out.flush()?;
        Ok(self.out.out)
    }

    fn content(&mut self, line: &mut Line, file: File, length: u64) -> io::Result<()> {
        let level = if Kind::of(&line.name).text { Compression::fast() } else { Compression::none() };
        let (start, mut sum) = (self.out.at, Crc::new());
        let mut deflate = DeflateEncoder::new(&mut self.out, level);
        let mut content = file.take(length);
        let mut piece = vec![0; limits::PIECE];
        loop {
            match content.read(&mut piece)? {
                0 => break,
                read => {
                    sum.update(&piece[..read]);
                    deflate.write_all(&piece[..read])?;
                    line.length += read as u64;
                }
            }
        }
        deflate.finish()?;
        (line.sum, line.packed) = (sum.sum(), self.out.at - start);
        Ok(())
    }
}

impl<W: Write> Pack for Zip<W> {
    fn folder(&mut self, name: &str, found: &Found) -> io::Result<()> {
        let line = Line::new(format!("{name}/"), FOLDER, found.facts.changed, self.out.at);
        self.out.write_all(&line.local(false)?)?;
        self.directory.push(line);
        Ok(())
    }

    fn file(&mut self, name: &str, found: Found) -> io::Result<()> {
        let mode = if os::is_executable(&found.file)? { PROGRAM } else { REGULAR };
        let mut line = Line::new(name.to_owned(), mode, found.facts.changed, self.out.at);
        let large = found.facts.length >= self.large;
        self.out.write_all(&line.local(large)?)?;
        self.content(&mut line, found.file, found.facts.length)?;
        self.out.write_all(&line.behind(large))?;
        self.directory.push(line);
        Ok(())
    }
}

impl Line {
    fn new(name: String, mode: u32, changed: Option<SystemTime>, offset: u64) -> Self {
        let since = changed.and_then(|changed| changed.duration_since(UNIX_EPOCH).ok());
        let changed = since.and_then(|since| u32::try_from(since.as_secs()).ok());
        Self { name, mode, time: dos(changed), changed, offset, ..Self::default() }
    }

    fn is_folder(&self) -> bool {
        self.mode == FOLDER
    }

    /// §4.3.7: in front of the file.
    fn local(&self, large: bool) -> io::Result<Vec<u8>> {
        if self.name.len() > usize::from(u16::MAX) {
            return Err(io::ErrorKind::InvalidFilename.into());
        }
        let mut extra = self.times();
        if large {
            // §4.3.9.2: that it is here says that the sizes behind the file have 64 bits.
            extra.extend(block(1, &[0; 16]));
        }
        let sizes = if large { ELSEWHERE } else { 0 };
        let mut out = 0x0403_4b50_u32.to_le_bytes().to_vec();
        self.start(&mut out, if large { VERSION_64 } else { VERSION });
        for value in [0, sizes, sizes] {
            out.extend(value.to_le_bytes());
        }
        out.extend((self.name.len() as u16).to_le_bytes());
        out.extend((extra.len() as u16).to_le_bytes());
        out.extend(self.name.as_bytes());
        out.extend(extra);
        Ok(out)
    }

    /// §4.3.9: behind the file.
    fn behind(&self, large: bool) -> Vec<u8> {
        let mut out = 0x0807_4b50_u32.to_le_bytes().to_vec();
        out.extend(self.sum.to_le_bytes());
        for size in [self.packed, self.length] {
            if large {
                out.extend(size.to_le_bytes());
            } else {
                out.extend((size as u32).to_le_bytes());
            }
        }
        out
    }

    /// §4.3.12: in the directory.
    fn central(&self) -> Vec<u8> {
        let mut wide = Vec::new();
        let mut field = |value: u64| match u32::try_from(value) {
            Ok(value) if value != ELSEWHERE => value,
            _ => {
                wide.extend(value.to_le_bytes());
                ELSEWHERE
            }
        };
        // §4.5.3: what stands elsewhere, stands there in this order.
        let (length, packed, offset) = (field(self.length), field(self.packed), field(self.offset));
        let large = !wide.is_empty() || self.length >= LARGE;
        let mut extra = self.times();
        if !wide.is_empty() {
            extra.extend(block(1, &wide));
        }
        let version = if large { VERSION_64 } else { VERSION };
        let mut out = 0x0201_4b50_u32.to_le_bytes().to_vec();
        // §4.4.2: made on Unix.
        out.extend((3 << 8 | VERSION_64).to_le_bytes());
        self.start(&mut out, version);
        for value in [self.sum, packed, length] {
            out.extend(value.to_le_bytes());
        }
        // Lengths of name, extra field and comment; the disk; what it is inside.
        for value in [self.name.len() as u16, extra.len() as u16, 0, 0, 0] {
            out.extend(value.to_le_bytes());
        }
        // §4.4.15: the mode of Unix above the attributes of DOS, where 0x10 is a folder.
        out.extend((self.mode << 16 | if self.is_folder() { 0x10 } else { 0 }).to_le_bytes());
        out.extend(offset.to_le_bytes());
        out.extend(self.name.as_bytes());
        out.extend(extra);
        out
    }

    /// What both have in common: version, flags, method, time.
    fn start(&self, out: &mut Vec<u8>, version: u16) {
        let (flags, method) = if self.is_folder() { (UTF_8, STORED) } else { (UTF_8 | BEHIND, DEFLATED) };
        for value in [version, flags, method] {
            out.extend(value.to_le_bytes());
        }
        out.extend(self.time.to_le_bytes());
    }

    /// The time in seconds since 1970, of which the first field of DOS knows neither zone nor odd seconds.
    fn times(&self) -> Vec<u8> {
        let Some(changed) = self.changed else { return Vec::new() };
        // One byte says that only the time of the last change follows.
        block(0x5455, &[&[1][..], &changed.to_le_bytes()].concat())
    }
}

/// A block of an extra field (§4.5.1).
fn block(kind: u16, content: &[u8]) -> Vec<u8> {
    [&kind.to_le_bytes()[..], &(content.len() as u16).to_le_bytes(), content].concat()
}

/// §4.3.14 to §4.3.16: where the directory is, with 64 bits where it needs them.
fn end(lines: u64, start: u64, size: u64) -> Vec<u8> {
    let mut out = Vec::new();
    let narrow = |value: u64| u32::try_from(value).unwrap_or(ELSEWHERE);
    let count = u16::try_from(lines).unwrap_or(u16::MAX);
    if count == u16::MAX || narrow(start) == ELSEWHERE || narrow(size) == ELSEWHERE {
        out.extend(0x0606_4b50_u32.to_le_bytes());
        // The length of what follows in this record.
        out.extend(44_u64.to_le_bytes());
        out.extend((3 << 8 | VERSION_64).to_le_bytes());
        out.extend(VERSION_64.to_le_bytes());
        out.extend([0; 8]);
        for value in [lines, lines, size, start] {
            out.extend(value.to_le_bytes());
        }
        out.extend(0x0706_4b50_u32.to_le_bytes());
        out.extend([0; 4]);
        out.extend((start + size).to_le_bytes());
        out.extend(1_u32.to_le_bytes());
    }
    out.extend(0x0605_4b50_u32.to_le_bytes());
    out.extend([0; 4]);
    for value in [count, count] {
        out.extend(value.to_le_bytes());
    }
    for value in [narrow(size), narrow(start)] {
        out.extend(value.to_le_bytes());
    }
    out.extend([0; 2]);
    out
}

/// §4.4.6: time and date as DOS writes them, in UTC; the first day that it knows where it is unknown.
fn dos(changed: Option<u32>) -> u32 {
    const FIRST: u32 = (1 << 5 | 1) << 16;
    let Some(time) = changed.and_then(|seconds| Timestamp::from_second(i64::from(seconds)).ok()) else {
        return FIRST;
    };
    let time = time.to_zoned(TimeZone::UTC).datetime();
    let Ok(year) = u32::try_from(i32::from(time.year()) - 1980) else { return FIRST };
    // None of the parts of a time is below zero.
    let part = |value: i8| u32::from(value.unsigned_abs());
    let date = year << 9 | part(time.month()) << 5 | part(time.day());
    date << 16 | part(time.hour()) << 11 | part(time.minute()) << 5 | (part(time.second()) / 2)
}

impl<W: Write> Write for Counted<W> {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        let wrote = self.out.write(bytes)?;
        self.at += wrote as u64;
        Ok(wrote)
    }

    fn flush(&mut self) -> io::Result<()> {
        self.out.flush()
    }
}

#[cfg(test)]
mod tests {
    use std::{
        io::{Seek as _, SeekFrom},
        path::Path,
        process::Command,
    };

    use super::{super::super::root::Root, *};

    #[test]
    fn readers_find_what_is_far_many_or_large() {
        let folder = std::env::temp_dir().join(format!("navyd-zip-{}", std::process::id()));
        std::fs::create_dir_all(folder.join("root")).unwrap();
        std::fs::write(folder.join("root/tea.txt"), "tea ".repeat(1000)).unwrap();
        let root = Root::open(&folder.join("root"), true).unwrap();
        // A hole of 5 GiB takes no room, and everything behind it has an offset of 64 bits.
        let far = 5 << 30;
        let mut file = File::create(folder.join("far.zip")).unwrap();
        file.seek(SeekFrom::Start(far)).unwrap();
        let mut zip = Zip::new(io::BufWriter::new(file), far);
        let found = root.find(Path::new(".")).unwrap();
        for number in 0..66_000 {
            zip.folder(&number.to_string(), &found).unwrap();
        }
        zip.file("tea.txt", root.find(Path::new("tea.txt")).unwrap()).unwrap();
        zip.large = 0;
        zip.file("wide.txt", root.find(Path::new("tea.txt")).unwrap()).unwrap();
        zip.finish().unwrap();
        let program = "import sys,zipfile\nz=zipfile.ZipFile(sys.argv[1])\nassert len(z.namelist())==66002\n\
                       assert z.read('tea.txt')==z.read('wide.txt')==b'tea '*1000";
        let run = Command::new("python3").args(["-c", program]).arg(folder.join("far.zip")).output();
        match run {
            Ok(run) => assert!(run.status.success(), "{}", String::from_utf8_lossy(&run.stderr)),
            Err(_) => eprintln!("skipped: TESTsrvx: no python3 here"),
        }
        // Readers that go through it from its beginning find the end of a large file by the width of its sizes.
        let mut zip = Zip::new(File::create(folder.join("wide.zip")).unwrap(), 0);
        zip.large = 0;
        for name in ["one.txt", "two.bin"] {
            zip.file(name, root.find(Path::new("tea.txt")).unwrap()).unwrap();
        }
        zip.finish().unwrap();
        match Command::new("unzip").arg("-tq").arg(folder.join("wide.zip")).output() {
            Ok(run) => assert!(run.status.success(), "{}", String::from_utf8_lossy(&run.stdout)),
            Err(_) => eprintln!("skipped: TESTsrvx: no unzip here"),
        }
        std::fs::remove_dir_all(folder).unwrap();
    }

    #[test]
    fn times_as_dos_writes_them() {
        for (seconds, expected) in [
            (None, 0x0021_0000),
            (Some(0), 0x0021_0000),
            // 2026-11-21 18:30:06
            (Some(1_795_285_806), (46 << 9 | 11 << 5 | 21) << 16 | 18 << 11 | 30 << 5 | 3),
        ] {
            assert_eq!(dos(seconds), expected, "{seconds:?}");
        }
    }

    #[test]
    fn what_does_not_fit_stands_elsewhere() {
        let line = Line { length: 5 << 32, packed: 7, offset: 6 << 32, ..Line::default() };
        let central = line.central();
        assert_eq!(central[20..28], [[7, 0, 0, 0], [255; 4]].concat());
        assert_eq!(central[42..46], [255; 4]);
        assert_eq!(
            central[46..],
            block(1, &[(5_u64 << 32).to_le_bytes(), (6_u64 << 32).to_le_bytes()].concat())
        );
        assert_eq!(Line::default().central().len(), 46);
        assert_eq!(end(3, 10, 20).len(), 22);
        for (lines, start, size) in [(65_535, 1, 1), (1, 1 << 32, 1), (1, 1, u64::from(u32::MAX))] {
            assert_eq!(end(lines, start, size).len(), 22 + 56 + 20);
        }
    }
}
