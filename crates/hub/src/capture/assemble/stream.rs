//! Streams and datagrams that are not understood: chunks with their times, the first and the last of them.

use std::collections::VecDeque;

use navyd_model::exchange::Side;

use super::super::limits::{BACK, FRONT};

/// What a chunk costs beside its bytes.
const OVERHEAD: usize = 64;

/// Chunks on their way.
#[derive(Debug, Default)]
pub(crate) struct Stream {
    front: Vec<Chunk>,
    back: VecDeque<Chunk>,
    sizes: [usize; 2],
    /// Bytes of chunks between front and back, which are not kept.
    pub(crate) dropped: u64,
}

/// Bytes that came together.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Chunk {
    /// Microseconds since the start of the exchange.
    pub(crate) at: u64,
    pub(crate) from: Side,
    pub(crate) kind: Kind,
    pub(crate) bytes: Vec<u8>,
}

/// What a chunk is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Kind {
    /// A part of a stream.
    Bytes,
    /// One datagram.
    Message,
    /// A number, in eight bytes: so many are not known.
    Gap,
}

impl Stream {
    /// One more chunk. Gives by how much more memory it uses.
    pub(crate) fn add(&mut self, chunk: Chunk) -> usize {
        let cost = chunk.bytes.len() + OVERHEAD;
        if self.back.is_empty() && self.sizes[0] + cost <= FRONT {
            self.sizes[0] += cost;
            self.front.push(chunk);
            return cost;
        }
        let before = self.sizes[1];
        self.sizes[1] += cost;
        self.back.push_back(chunk);
        while self.sizes[1] > BACK && self.back.len() > 1 {
            if let Some(gone) = self.back.pop_front() {
                self.sizes[1] -= gone.bytes.len() + OVERHEAD;
                self.dropped += gone.bytes.len() as u64;
            }
        }
        self.sizes[1].saturating_sub(before)
    }

    /// What it holds in memory.
    pub(crate) fn memory(&self) -> usize {
        self.sizes[0] + self.sizes[1]
    }

    /// As bytes, for the disk.
    pub(crate) fn bytes(&self) -> Vec<u8> {
        let mut out = Vec::with_capacity(self.memory());
        for chunk in self.front.iter().chain(&self.back) {
            let from = u8::from(chunk.from == Side::Server);
            let kind = match chunk.kind {
                Kind::Bytes => 0,
                Kind::Message => 2,
                Kind::Gap => 4,
            };
            out.push(from | kind);
            number(chunk.at, &mut out);
            number(chunk.bytes.len() as u64, &mut out);
            out.extend_from_slice(&chunk.bytes);
        }
        out
    }
}

impl Chunk {
    /// Chunks from the bytes of [`Stream::bytes`], as far as they are right.
    pub(crate) fn read(mut bytes: &[u8]) -> Vec<Self> {
        let mut chunks = Vec::new();
        while let Some(chunk) = Self::next(&mut bytes) {
            chunks.push(chunk);
        }
        chunks
    }

    fn next(bytes: &mut &[u8]) -> Option<Self> {
        let (mark, rest) = bytes.split_first()?;
        *bytes = rest;
        let from = if mark & 1 == 0 { Side::Client } else { Side::Server };
        let kind = match mark & !1 {
            0 => Kind::Bytes,
            2 => Kind::Message,
            4 => Kind::Gap,
            _ => return None,
        };
        let at = read_number(bytes)?;
        let length = usize::try_from(read_number(bytes)?).ok()?;
        let (content, rest) = bytes.split_at_checked(length)?;
        *bytes = rest;
        Some(Self { at, from, kind, bytes: content.to_vec() })
    }
}

/// Seven bits at a time, the lowest first.
fn number(mut number: u64, out: &mut Vec<u8>) {
    while number >= 0x80 {
        out.push(number as u8 | 0x80);
        number >>= 7;
    }
    out.push(number as u8);
}

fn read_number(bytes: &mut &[u8]) -> Option<u64> {
    let mut number = 0;
    for shift in (0..64).step_by(7) {
        let (byte, rest) = bytes.split_first()?;
        *bytes = rest;
        number |= u64::from(byte & 0x7f) << shift;
        if byte & 0x80 == 0 {
            return Some(number);
        }
    }
    None
}

#[cfg(test)]
mod tests {
    use super::*;

    fn chunk(at: u64, from: Side, kind: Kind, bytes: Vec<u8>) -> Chunk {
        Chunk { at, from, kind, bytes }
    }

    #[test]
    fn chunks_come_back_as_they_were() {
        let chunks = [
            chunk(0, Side::Client, Kind::Bytes, b"hello".to_vec()),
            chunk(300, Side::Server, Kind::Message, Vec::new()),
            chunk(u64::MAX, Side::Server, Kind::Gap, 7_u64.to_le_bytes().to_vec()),
        ];
        let mut stream = Stream::default();
        for one in &chunks {
            stream.add(one.clone());
        }
        let bytes = stream.bytes();
        assert_eq!(Chunk::read(&bytes), chunks);
        for cut in 0..bytes.len() {
            assert!(Chunk::read(&bytes[..cut]).len() < 3);
        }
        assert!(Chunk::read(&[9, 0, 0]).is_empty());
    }

    #[test]
    fn of_a_long_stream_its_begin_and_end_are_kept() {
        let mut stream = Stream::default();
        let mut used = 0;
        for at in 0..100_000 {
            used += stream.add(chunk(at, Side::Client, Kind::Bytes, vec![0; 100]));
        }
        assert!(used <= FRONT + BACK + 1024 && stream.memory() <= FRONT + BACK, "{used}");
        let kept = Chunk::read(&stream.bytes());
        assert_eq!((kept[0].at, kept.last().unwrap().at), (0, 99_999));
        assert_eq!(stream.dropped + kept.len() as u64 * 100, 10_000_000);
    }
}
