//! Tar in gzip: the ustar header of POSIX.1, with a pax record before what does not fit there.

use std::{
    io::{self, Write as _},
    time::UNIX_EPOCH,
};

use flate2::{Compression, write::GzEncoder};

use super::{super::root::Facts, Sink, Writer};

/// Everything stands in blocks of so many bytes.
const BLOCK: usize = 512;

/// The longest name, and the longest file, that a header can say.
const NAME: usize = 100;
const LENGTH: u64 = 0o777_7777_7777;

/// A tar that is being written.
pub(super) struct TarGz {
    out: GzEncoder<Sink>,
    /// The bytes of the present file.
    written: u64,
}

impl TarGz {
    pub(super) fn new(sink: Sink) -> Self {
        Self { out: GzEncoder::new(sink, Compression::fast()), written: 0 }
    }

    fn pad(&mut self) -> io::Result<()> {
        let over = self.written as usize % BLOCK;
        if over > 0 {
            self.out.write_all(&[0; BLOCK][over..])?;
        }
        self.written = 0;
        Ok(())
    }
}

impl Writer for TarGz {
    fn begin(&mut self, name: &str, facts: &Facts) -> io::Result<()> {
        let name = if facts.folder { format!("{name}/") } else { name.to_owned() };
        let length = if facts.folder { 0 } else { facts.length };
        let changed = facts.changed.and_then(|changed| changed.duration_since(UNIX_EPOCH).ok());
        let time = changed.map_or(0, |since| since.as_secs());
        let mut records = String::new();
        if name.len() > NAME || !name.is_ascii() {
            records.push_str(&record("path", &name));
        }
        if length > LENGTH {
            records.push_str(&record("size", &length.to_string()));
        }
        if !records.is_empty() {
            self.out.write_all(&header("@pax", b'x', records.len() as u64, time))?;
            self.out.write_all(records.as_bytes())?;
            self.written = records.len() as u64;
            self.pad()?;
        }
        let kind = if facts.folder { b'5' } else { b'0' };
        self.out.write_all(&header(&name, kind, length, time))
    }

    fn bytes(&mut self, bytes: &[u8]) -> io::Result<()> {
        self.written += bytes.len() as u64;
        self.out.write_all(bytes)
    }

    fn end(&mut self) -> io::Result<()> {
        self.pad()
    }

    fn finish(mut self: Box<Self>) -> io::Result<()> {
        self.out.write_all(&[0; 2 * BLOCK])?;
        self.out.finish()?.flush()
    }
}

/// A pax record: its own length in it.
fn record(key: &str, value: &str) -> String {
    let rest = key.len() + value.len() + 3;
    // The length counts its own digits, of which there are as many as this takes to settle.
    let mut length = rest + 1;
    while rest + length.to_string().len() != length {
        length = rest + length.to_string().len();
    }
    format!("{length} {key}={value}\n")
}

fn header(name: &str, kind: u8, length: u64, time: u64) -> [u8; BLOCK] {
    let mut header = [0; BLOCK];
    let mut put = |at: usize, bytes: &[u8]| header[at..at + bytes.len()].copy_from_slice(bytes);
    put(0, &name.as_bytes()[..name.len().min(NAME)]);
    put(100, if kind == b'5' { b"0000755\0" } else { b"0000644\0" });
    put(108, b"0000000\0");
    put(116, b"0000000\0");
    put(124, format!("{:011o}\0", length.min(LENGTH)).as_bytes());
    put(136, format!("{:011o}\0", time.min(LENGTH)).as_bytes());
    put(148, b"        ");
    put(156, &[kind]);
    put(257, b"ustar\x0000");
    let sum: u32 = header.iter().map(|byte| u32::from(*byte)).sum();
    header[148..156].copy_from_slice(format!("{sum:06o}\0 ").as_bytes());
    header
}

#[cfg(test)]
mod tests {
    use super::record;

    #[test]
    fn a_record_counts_its_own_length() {
        for length in [1, 80, 86, 87, 88, 89, 90, 91, 92, 93, 980, 990, 991, 992, 993, 994, 995] {
            let record = record("path", &"x".repeat(length));
            let told: usize = record.split(' ').next().and_then(|told| told.parse().ok()).expect("a number");
            assert_eq!(told, record.len());
        }
    }
}
