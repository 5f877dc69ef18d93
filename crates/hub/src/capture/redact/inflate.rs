//! What is compressed, looked into as far as is safe.
//!
//! A few bytes can stand for any number of them, so both what comes out and its ratio to what went in are limited.

use std::io::{Cursor, Read};

use super::Encoding;

/// The most that is looked at of one body, decoded.
const DECODED_BYTES: u64 = 8 * 1024 * 1024;

/// How many bytes may come out for each that went in.
const RATIO: u64 = 100;

/// What any input may decode to, however short it is.
const LEAST_BYTES: u64 = 64 * 1024;

/// The largest window of zstd that is allowed, as a power of two: 8 MiB, as RFC 9659 §3 demands.
const WINDOW_LOG: u32 = 23;

/// What came out.
pub(crate) struct Inflated {
    pub(crate) bytes: Vec<u8>,
    /// Whether that is all of it.
    pub(crate) whole: bool,
}

/// Takes one encoding off; `None` for one that is not known, and where nothing came out.
pub(crate) fn inflate(encoding: Encoding, bytes: &[u8]) -> Option<Inflated> {
    let limit = (bytes.len() as u64 * RATIO).clamp(LEAST_BYTES, DECODED_BYTES);
    match encoding {
        Encoding::Gzip => read(flate2::read::MultiGzDecoder::new(bytes), limit),
        // RFC 9110 §8.4.1.2: some servers send it without the wrapper of zlib.
        Encoding::Deflate => read(flate2::read::ZlibDecoder::new(bytes), limit)
            .or_else(|| read(flate2::read::DeflateDecoder::new(bytes), limit)),
        Encoding::Brotli => read(brotli::Decompressor::new(Cursor::new(bytes), 4096), limit),
        Encoding::Zstd => {
            let mut decoder = zstd::stream::read::Decoder::with_buffer(bytes).ok()?;
            decoder.window_log_max(WINDOW_LOG).ok()?;
            read(decoder, limit)
        }
        Encoding::None | Encoding::Other => None,
    }
}

fn read(decoder: impl Read, limit: u64) -> Option<Inflated> {
    let mut bytes = Vec::new();
    // What came out before a mistake stays in the vector.
    let ended = decoder.take(limit + 1).read_to_end(&mut bytes).is_ok();
    let whole = ended && bytes.len() as u64 <= limit;
    bytes.truncate(usize::try_from(limit).unwrap_or(usize::MAX));
    (whole || !bytes.is_empty()).then_some(Inflated { bytes, whole })
}
