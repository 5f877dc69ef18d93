//! Taking codings off a body (RFC 9110 §8.4.1), as far as that stays small.
//!
//! A few bytes can stand for any number of them, so both what comes out and its ratio to what went in are bounded, by
//! whoever asks. Deliberately absent: putting codings on.

use std::io::{ErrorKind, Read};

use flate2::read::{DeflateDecoder, MultiGzDecoder, ZlibDecoder};

/// How many codings are taken off. More than one is rare, and each may multiply the work.
const CODINGS: usize = 4;
/// What a short body may become whatever its ratio: zeros shrink to less than a hundredth.
const SHORT: usize = 64 << 10;
/// The largest window of zstd, in powers of two: 8 MiB, as RFC 9659 §3 demands.
const WINDOW: u32 = 23;
/// How much is decoded at a time.
const STEP: usize = 16 << 10;
/// The buffer that brotli reads through.
const BROTLI: usize = 4 << 10;

/// A coding that is understood.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Coding {
    /// RFC 1952.
    Gzip,
    /// RFC 1950, or RFC 1951 alone.
    Deflate,
    /// RFC 7932.
    Brotli,
    /// RFC 8878.
    Zstd,
}

/// How much may come out.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Bounds {
    /// At most so many bytes.
    pub most: usize,
    /// At most so many for each that went in, save what is short in any case.
    pub ratio: usize,
}

/// What came out of one coding.
#[derive(Debug, PartialEq, Eq)]
pub struct Taken {
    /// Its bytes.
    pub bytes: Vec<u8>,
    /// Why that is not all of them.
    pub cut: Option<String>,
}

/// What is left without codings.
pub(super) struct Undone {
    pub bytes: Vec<u8>,
    /// What was taken off, in the order in which it was put on.
    pub codings: Vec<String>,
    /// Whether nothing is left to be taken off.
    pub finished: bool,
    /// Why that is not all of it.
    pub note: Option<String>,
}

impl Coding {
    /// By its name in Content-Encoding.
    #[must_use]
    pub fn parse(name: &str) -> Option<Self> {
        match name.trim().to_ascii_lowercase().as_str() {
            "gzip" | "x-gzip" => Some(Self::Gzip),
            "deflate" => Some(Self::Deflate),
            "br" => Some(Self::Brotli),
            "zstd" => Some(Self::Zstd),
            _ => None,
        }
    }

    /// Takes it off. `None` when nothing came out of what should have it: then it is something else.
    #[must_use]
    pub fn take_off(self, input: &[u8], bounds: Bounds) -> Option<Taken> {
        let taken = match self {
            Self::Gzip => bounds.read(MultiGzDecoder::new(input), input.len()),
            // RFC 9110 §8.4.1.2 means zlib, and notes that some send it without the wrapping.
            Self::Deflate if is_zlib(input) => bounds.read(ZlibDecoder::new(input), input.len()),
            Self::Deflate => bounds.read(DeflateDecoder::new(input), input.len()),
            Self::Brotli => bounds.read(brotli::Decompressor::new(input, BROTLI), input.len()),
            Self::Zstd => {
                let mut decoder = zstd::Decoder::with_buffer(input).ok()?;
                decoder.window_log_max(WINDOW).ok()?;
                bounds.read(decoder, input.len())
            }
        };
        (taken.cut.is_none() || !taken.bytes.is_empty()).then_some(taken)
    }
}

impl Bounds {
    /// Reads as much as is worth it, and tells why that is not all.
    fn read(self, mut decoder: impl Read, input: usize) -> Taken {
        let most = self.most.min(SHORT.max(input.saturating_mul(self.ratio)));
        let mut bytes = Vec::new();
        let mut step = [0; STEP];
        let cut = loop {
            match decoder.read(&mut step) {
                Ok(0) => break None,
                Ok(count) => {
                    let room = most - bytes.len();
                    bytes.extend_from_slice(&step[..count.min(room)]);
                    if count > room && most == self.most {
                        break Some(format!("cut after {} MiB", most >> 20));
                    }
                    if count > room {
                        break Some(format!("cut where it became {} times longer", self.ratio));
                    }
                }
                Err(error) if error.kind() == ErrorKind::Interrupted => {}
                Err(_) => break Some("its end is missing or damaged".to_owned()),
            }
        };
        Taken { bytes, cut }
    }
}

/// Takes off what the values of Content-Encoding tell, the last first.
pub(super) fn undo(encodings: &[&str], bytes: &[u8], bounds: Bounds) -> Undone {
    let codings = encodings.iter().flat_map(|value| value.split(',')).map(str::trim);
    let codings: Vec<_> =
        codings.filter(|coding| !coding.is_empty() && !coding.eq_ignore_ascii_case("identity")).collect();
    let mut undone = Undone { bytes: Vec::new(), codings: Vec::new(), finished: true, note: None };
    let mut left: Option<Vec<u8>> = None;
    for (at, name) in codings.iter().rev().enumerate() {
        let name = name.to_ascii_lowercase();
        let input = left.as_deref().unwrap_or(bytes);
        let taken = match Coding::parse(&name).filter(|_| at < CODINGS) {
            Some(_) if input.is_empty() => break,
            Some(coding) => coding.take_off(input, bounds).ok_or_else(|| format!("this is not {name}")),
            None => Err(format!("the coding `{}` is not understood", name.escape_debug())),
        };
        match taken {
            Ok(taken) => {
                left = Some(taken.bytes);
                undone.codings.insert(0, name);
                undone.note = undone.note.or(taken.cut);
            }
            // What could not be decoded at all is shown as it came.
            Err(why) => {
                (undone.finished, undone.note) = (false, Some(why));
                break;
            }
        }
    }
    undone.bytes = left.unwrap_or_else(|| bytes.to_vec());
    undone
}

/// RFC 1950 §2.2: the method is 8, and the first two bytes are a multiple of 31.
fn is_zlib(input: &[u8]) -> bool {
    matches!(input, [first, second, ..] if first & 15 == 8 && u16::from_be_bytes([*first, *second]) % 31 == 0)
}
