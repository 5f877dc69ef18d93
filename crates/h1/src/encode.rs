//! Writing chunks (RFC 9112 §7.1).

/// The bytes in front of a chunk: its size and a line end.
#[derive(Debug, Clone, Copy)]
pub struct ChunkHead {
    bytes: [u8; 18],
    start: usize,
}

/// What stands behind the payload of a chunk.
pub const CHUNK_END: &[u8] = b"\r\n";

/// The last chunk, without trailers.
pub const LAST_CHUNK: &[u8] = b"0\r\n\r\n";

/// What to write in front of a chunk of that many bytes. Not for 0: that would be the last chunk.
#[must_use]
pub fn chunk_head(length: u64) -> ChunkHead {
    debug_assert!(length > 0, "a chunk without payload is the last one");
    let mut bytes = *b"0000000000000000\r\n";
    let (mut start, mut left) = (16, length);
    while left > 0 {
        start -= 1;
        bytes[start] = b"0123456789abcdef"[(left % 16) as usize];
        left /= 16;
    }
    ChunkHead { bytes, start }
}

/// Writes the last chunk with trailers. Names and values must be those of fields, without line ends.
pub fn last_chunk<'a>(trailers: impl IntoIterator<Item = (&'a [u8], &'a [u8])>, out: &mut Vec<u8>) {
    out.extend_from_slice(b"0\r\n");
    for (name, value) in trailers {
        for part in [name, b": ", value, b"\r\n"] {
            out.extend_from_slice(part);
        }
    }
    out.extend_from_slice(b"\r\n");
}

impl AsRef<[u8]> for ChunkHead {
    fn as_ref(&self) -> &[u8] {
        &self.bytes[self.start..]
    }
}

#[cfg(test)]
mod tests {
    use super::{CHUNK_END, LAST_CHUNK, chunk_head, last_chunk};
    use crate::{Body, Framing, Side};

    #[test]
    fn sizes_are_hexadecimal() {
        let check = |length, expected: &str| assert_eq!(chunk_head(length).as_ref(), expected.as_bytes());
        check(1, "1\r\n");
        check(15, "f\r\n");
        check(16, "10\r\n");
        check(65536, "10000\r\n");
        check(u64::MAX, "ffffffffffffffff\r\n");
    }

    #[test]
    fn what_is_written_is_read() {
        let payload = [b'x'; 300];
        let mut out = Vec::new();
        for chunk in payload.chunks(70) {
            out.extend_from_slice(chunk_head(chunk.len() as u64).as_ref());
            out.extend_from_slice(chunk);
            out.extend_from_slice(CHUNK_END);
        }
        let without = [&out[..], LAST_CHUNK].concat();
        last_chunk([(&b"Grpc-Status"[..], &b"0"[..])], &mut out);
        for bytes in [without, out] {
            let mut body = Body::new(Framing::Chunked, Side::Response);
            let read: Vec<u8> =
                body.payload(&bytes).flat_map(|run| run.expect("it was written well")).copied().collect();
            assert_eq!(read, payload);
            assert!(body.is_done());
        }
    }
}
