//! Zip with deflate, written in one go: what is not known before a file is read stands behind it (APPNOTE 4.3.9).

use std::{
    io::{self, Write},
    time::SystemTime,
};

use flate2::{Compression, Crc, write::DeflateEncoder};
use jiff::Timestamp;

use super::{super::root::Facts, Sink, Writer};

/// From this length on, lengths are written in 64 bits: also what deflate makes longer stays below the limit of 32.
const LARGE: u64 = 0xf000_0000;

/// What stands in 32 bits for a number that stands in 64 elsewhere.
const ELSEWHERE: u32 = u32::MAX;

/// Flags: sizes stand behind; the name is in UTF-8.
const FLAGS: u16 = 1 << 3 | 1 << 11;

/// A zip that is being written.
pub(super) struct Zip {
    out: Option<DeflateEncoder<Counted>>,
    idle: Option<Counted>,
    entries: Vec<Listed>,
    crc: Crc,
}

/// What the directory at the end says of an entry.
struct Listed {
    name: String,
    folder: bool,
    /// Date and time as MS-DOS wrote them.
    stamp: u32,
    large: bool,
    crc: u32,
    packed: u64,
    length: u64,
    at: u64,
}

/// The sink, and how much has been written to it.
struct Counted {
    sink: Sink,
    bytes: u64,
}

impl Write for Counted {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        let wrote = self.sink.write(bytes)?;
        self.bytes += wrote as u64;
        Ok(wrote)
    }

    fn flush(&mut self) -> io::Result<()> {
        self.sink.flush()
    }
}

impl Zip {
    pub(super) fn new(sink: Sink) -> Self {
        let idle = Some(Counted { sink, bytes: 0 });
        Self { out: None, idle, entries: Vec::new(), crc: Crc::new() }
    }

    /// Where bytes go between two files. There is one, unless a write has failed, and then all has.
    fn idle(&mut self) -> io::Result<&mut Counted> {
        self.idle.as_mut().ok_or_else(|| io::ErrorKind::BrokenPipe.into())
    }
}

impl Writer for Zip {
    fn begin(&mut self, name: &str, facts: &Facts) -> io::Result<()> {
        let name = if facts.folder { format!("{name}/") } else { name.to_owned() };
        let (stamp, large) = (stamp(facts.changed), !facts.folder && facts.length >= LARGE);
        let out = self.idle()?;
        let at = out.bytes;
        let mut head = Vec::with_capacity(64 + name.len());
        for part in [0x0403_4b50_u32.to_le_bytes().as_slice(), &version(large), &flags(facts.folder)] {
            head.extend_from_slice(part);
        }
        head.extend_from_slice(&method(facts.folder));
        head.extend_from_slice(&stamp.to_le_bytes());
        head.extend_from_slice(&[0; 4]);
        let size = if large { ELSEWHERE } else { 0 };
        head.extend_from_slice(&size.to_le_bytes());
        head.extend_from_slice(&size.to_le_bytes());
        head.extend_from_slice(&short(name.len())?);
        head.extend_from_slice(&(if large { 20_u16 } else { 0 }).to_le_bytes());
        head.extend_from_slice(name.as_bytes());
        if large {
            head.extend_from_slice(&[1, 0, 16, 0]);
            head.extend_from_slice(&[0; 16]);
        }
        out.write_all(&head)?;
        let listed = Listed { name, folder: facts.folder, stamp, large, crc: 0, packed: 0, length: 0, at };
        self.entries.push(listed);
        self.crc = Crc::new();
        if !facts.folder {
            self.out = self.idle.take().map(|out| DeflateEncoder::new(out, Compression::fast()));
        }
        Ok(())
    }

    fn bytes(&mut self, bytes: &[u8]) -> io::Result<()> {
        self.crc.update(bytes);
        self.out.as_mut().ok_or(io::ErrorKind::BrokenPipe)?.write_all(bytes)
    }

    fn end(&mut self) -> io::Result<()> {
        // A folder has neither bytes nor anything behind them.
        let Some(encoder) = self.out.take() else { return Ok(()) };
        let length = encoder.total_in();
        let mut out = encoder.finish()?;
        let Some(entry) = self.entries.last_mut() else { return Err(io::ErrorKind::BrokenPipe.into()) };
        let head = 30 + entry.name.len() as u64 + if entry.large { 20 } else { 0 };
        entry.packed = out.bytes - entry.at - head;
        (entry.crc, entry.length) = (self.crc.sum(), length);
        out.write_all(&0x0807_4b50_u32.to_le_bytes())?;
        out.write_all(&entry.crc.to_le_bytes())?;
        for size in [entry.packed, entry.length] {
            match entry.large {
                true => out.write_all(&size.to_le_bytes())?,
                false => out.write_all(&narrow(size).to_le_bytes())?,
            }
        }
        self.idle = Some(out);
        Ok(())
    }

    fn finish(mut self: Box<Self>) -> io::Result<()> {
        let entries = std::mem::take(&mut self.entries);
        let out = self.idle()?;
        let start = out.bytes;
        for entry in &entries {
            out.write_all(&entry.listed()?)?;
        }
        let length = out.bytes - start;
        let wide = entries.len() >= 0xffff || start >= u64::from(ELSEWHERE);
        let at = out.bytes;
        if wide {
            let mut end = 0x0606_4b50_u32.to_le_bytes().to_vec();
            end.extend_from_slice(&44_u64.to_le_bytes());
            end.extend_from_slice(&[45, 3, 45, 0]);
            end.extend_from_slice(&[0; 8]);
            for number in [entries.len() as u64, entries.len() as u64, length, start] {
                end.extend_from_slice(&number.to_le_bytes());
            }
            end.extend_from_slice(&0x0706_4b50_u32.to_le_bytes());
            end.extend_from_slice(&[0; 4]);
            end.extend_from_slice(&at.to_le_bytes());
            end.extend_from_slice(&1_u32.to_le_bytes());
            out.write_all(&end)?;
        }
        let count = if wide { u16::MAX } else { entries.len() as u16 };
        let mut end = 0x0605_4b50_u32.to_le_bytes().to_vec();
        end.extend_from_slice(&[0; 4]);
        end.extend_from_slice(&count.to_le_bytes());
        end.extend_from_slice(&count.to_le_bytes());
        end.extend_from_slice(&narrow(length).to_le_bytes());
        end.extend_from_slice(&(if wide { ELSEWHERE } else { narrow(start) }).to_le_bytes());
        end.extend_from_slice(&[0; 2]);
        out.write_all(&end)?;
        out.flush()
    }
}

impl Listed {
    /// Its entry in the directory.
    fn listed(&self) -> io::Result<Vec<u8>> {
        let wide = self.large || self.at >= u64::from(ELSEWHERE);
        let number = |value: u64| if wide { ELSEWHERE } else { narrow(value) };
        let mut entry = 0x0201_4b50_u32.to_le_bytes().to_vec();
        // Made by a Unix, so that the mode counts.
        entry.extend_from_slice(&[45, 3]);
        entry.extend_from_slice(&version(wide));
        entry.extend_from_slice(&flags(self.folder));
        entry.extend_from_slice(&method(self.folder));
        entry.extend_from_slice(&self.stamp.to_le_bytes());
        entry.extend_from_slice(&self.crc.to_le_bytes());
        entry.extend_from_slice(&number(self.packed).to_le_bytes());
        entry.extend_from_slice(&number(self.length).to_le_bytes());
        entry.extend_from_slice(&short(self.name.len())?);
        entry.extend_from_slice(&(if wide { 28_u16 } else { 0 }).to_le_bytes());
        entry.extend_from_slice(&[0; 6]);
        let mode: u32 = if self.folder { 0o40755 << 16 | 0x10 } else { 0o100_644 << 16 };
        entry.extend_from_slice(&mode.to_le_bytes());
        entry.extend_from_slice(&number(self.at).to_le_bytes());
        entry.extend_from_slice(self.name.as_bytes());
        if wide {
            entry.extend_from_slice(&[1, 0, 24, 0]);
            for value in [self.length, self.packed, self.at] {
                entry.extend_from_slice(&value.to_le_bytes());
            }
        }
        Ok(entry)
    }
}

/// The version that is needed to read it: 4.5 knows 64 bits.
fn version(large: bool) -> [u8; 2] {
    [if large { 45 } else { 20 }, 0]
}

fn flags(folder: bool) -> [u8; 2] {
    (if folder { FLAGS & !(1 << 3) } else { FLAGS }).to_le_bytes()
}

/// Deflate; a folder is stored.
fn method(folder: bool) -> [u8; 2] {
    [if folder { 0 } else { 8 }, 0]
}

fn short(length: usize) -> io::Result<[u8; 2]> {
    u16::try_from(length).map(u16::to_le_bytes).map_err(|_| io::ErrorKind::InvalidFilename.into())
}

/// A number in 32 bits; those that do not fit stand in 64 as well.
fn narrow(value: u64) -> u32 {
    u32::try_from(value).unwrap_or(ELSEWHERE)
}

/// Time in the low half and date in the high one, in UTC, of the years from 1980 on.
fn stamp(time: Option<SystemTime>) -> u32 {
    let time = time.and_then(|time| Timestamp::try_from(time).ok()).unwrap_or_default();
    let civil = time.to_zoned(jiff::tz::TimeZone::UTC).datetime();
    let part = |value: i8| u32::from(value.unsigned_abs());
    let Ok(year @ 0..=127) = u32::try_from(i32::from(civil.year()) - 1980) else { return 1 << 21 | 1 << 16 };
    let date = year << 9 | part(civil.month()) << 5 | part(civil.day());
    let clock = part(civil.hour()) << 11 | part(civil.minute()) << 5 | (part(civil.second()) / 2);
    date << 16 | clock
}

#[cfg(test)]
mod tests {
    use std::time::{Duration, UNIX_EPOCH};

    use super::stamp;

    #[test]
    fn stamps_begin_in_1980() {
        assert_eq!(stamp(None), 1 << 21 | 1 << 16);
        let time = UNIX_EPOCH + Duration::from_secs(1_700_000_000);
        assert_eq!(stamp(Some(time)), (43 << 9 | 11 << 5 | 14) << 16 | 22 << 11 | 13 << 5 | 10);
    }
}
