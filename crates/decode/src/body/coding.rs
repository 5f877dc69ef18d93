//! Taking codings off a body, as far as that stays small.

use std::io::{ErrorKind, Read};

use flate2::read::{DeflateDecoder, MultiGzDecoder, ZlibDecoder};

use super::{MOST, RATIO};

/// How many codings are taken off. More than one is rare, and each may multiply the work.
const CODINGS: usize = 4;
/// What a short body may become whatever its ratio: zeros shrink to less than a hundredth.
const SHORT: usize = 64 << 10;
/// The largest window of zstd, in powers of two: what RFC 8878 §3.1.1.1.2 asks decoders to support, 8 MiB.
const WINDOW: u32 = 23;
/// How much is decoded at a time.
const STEP: usize = 16 << 10;
/// The buffer that brotli reads through.
const BROTLI: usize = 4 << 10;

/// What is left.
pub(super) struct Undone {
    pub bytes: Vec<u8>,
    /// What was taken off, in the order in which it was put on.
    pub codings: Vec<String>,
    /// Whether nothing is left to be taken off.
    pub finished: bool,
    pub note: Option<String>,
}

/// Takes off what the values of Content-Encoding tell, the last first.
pub(super) fn undo(encodings: &[&str], bytes: &[u8]) -> Undone {
    let codings = encodings.iter().flat_map(|value| value.split(',')).map(str::trim);
    let codings: Vec<_> =
        codings.filter(|coding| !coding.is_empty() && !coding.eq_ignore_ascii_case("identity")).collect();
    let mut undone = Undone { bytes: Vec::new(), codings: Vec::new(), finished: true, note: None };
    let mut taken: Option<Vec<u8>> = None;
    for (at, coding) in codings.iter().rev().enumerate() {
        let coding = coding.to_ascii_lowercase();
        let input = taken.as_deref().unwrap_or(bytes);
        let decoded = if at < CODINGS { one(&coding, input) } else { None };
        let Some((output, note)) = decoded else {
            undone.finished = false;
            undone.note = Some(format!("the coding `{}` is not understood", coding.escape_debug()));
            break;
        };
        // What could not be decoded at all is shown as it came.
        if output.is_empty() && note.is_some() && !input.is_empty() {
            undone.finished = false;
            undone.note = Some(format!("this is not {coding}"));
            break;
        }
        taken = Some(output);
        undone.codings.insert(0, coding);
        undone.note = undone.note.or(note);
    }
    undone.bytes = taken.unwrap_or_else(|| bytes.to_vec());
    if undone.bytes.len() > MOST {
        undone.bytes.truncate(MOST);
        undone.note.get_or_insert_with(|| format!("cut after {} MiB", MOST >> 20));
    }
    undone
}

/// Takes off one coding. `None` when it is not known.
fn one(coding: &str, input: &[u8]) -> Option<(Vec<u8>, Option<String>)> {
    let decoder: Box<dyn Read + '_> = match coding {
        "gzip" | "x-gzip" => Box::new(MultiGzDecoder::new(input)),
        // RFC 9110 §8.4.1.2 means zlib, and notes that some send it without the wrapping.
        "deflate" if is_zlib(input) => Box::new(ZlibDecoder::new(input)),
        "deflate" => Box::new(DeflateDecoder::new(input)),
        "br" => Box::new(brotli::Decompressor::new(input, BROTLI)),
        "zstd" => {
            let mut decoder = zstd::Decoder::with_buffer(input).ok()?;
            decoder.window_log_max(WINDOW).ok()?;
            Box::new(decoder)
        }
        _ => return None,
    };
    Some(bounded(decoder, input.len()))
}

/// RFC 1950 §2.2: the method is 8, and the first two bytes are a multiple of 31.
fn is_zlib(input: &[u8]) -> bool {
    matches!(input, [first, second, ..] if first & 15 == 8 && u16::from_be_bytes([*first, *second]) % 31 == 0)
}

/// Reads as much as is worth it, and tells why that is not all.
fn bounded(mut decoder: impl Read, input: usize) -> (Vec<u8>, Option<String>) {
    let most = MOST.min(SHORT.max(input.saturating_mul(RATIO)));
    let mut output = Vec::new();
    let mut step = [0; STEP];
    loop {
        match decoder.read(&mut step) {
            Ok(0) => return (output, None),
            Ok(count) => {
                let room = most - output.len();
                output.extend_from_slice(&step[..count.min(room)]);
                if count > room {
                    let why = if most == MOST {
                        format!("cut after {} MiB", MOST >> 20)
                    } else {
                        format!("cut where it became {RATIO} times longer")
                    };
                    return (output, Some(why));
                }
            }
            Err(error) if error.kind() == ErrorKind::Interrupted => {}
            Err(_) => return (output, Some("its end is missing or damaged".to_owned())),
        }
    }
}
