//! Answers that are made up: bytes, identifiers, lines, links.

use std::io;

use bytes::Bytes;
use ring::rand::{SecureRandom, SystemRandom};

use super::{
    HTML, Question, base64,
    json::Json,
    nonsense, redirects,
    seen::{basics, positive, whole},
    twister::Twister,
};
use crate::http::{Answer, Body, Source, Sourced};

/// The most bytes that are made up.
const BYTES: u64 = 100 * 1024;

/// How many bytes of a stream come together unless `chunk_size` says it.
const CHUNK: u64 = 10 * 1024;

/// The most lines of a stream, and the most links of a page.
const LINES: u64 = 100;
const LINKS: u64 = 200;

/// `/bytes/{length}`, the same ones for each `seed`.
pub(super) fn bytes(question: &Question<'_>, segments: &[&str]) -> Answer {
    match made(question, segments) {
        Ok(bytes) => Answer::of(200, "application/octet-stream", bytes),
        Err(answer) => answer,
    }
}

/// `/stream-bytes/{length}`: the same bytes, in chunks of `chunk_size`.
pub(super) fn stream_bytes(question: &Question<'_>, segments: &[&str]) -> Answer {
    let chunk = question.arg("chunk_size").map_or(Ok(CHUNK), |text| positive(text, "chunk_size"));
    let (mut bytes, chunk) = match (made(question, segments), chunk) {
        (Ok(bytes), Ok(chunk)) => (Bytes::from(bytes), chunk.clamp(1, BYTES) as usize),
        (Err(answer), _) | (_, Err(answer)) => return answer,
    };
    let pieces =
        std::iter::from_fn(move || (!bytes.is_empty()).then(|| bytes.split_to(chunk.min(bytes.len()))));
    Answer::new(200).with("Content-Type", "application/octet-stream").body(streamed(pieces))
}

/// `/stream/{lines}`: what `/get` says, a line each.
pub(super) fn stream(question: &Question<'_>, segments: &[&str]) -> Answer {
    let lines = segments.first().and_then(|text| whole(text, "lines").ok()).unwrap_or_default().min(LINES);
    let text = basics(question).line();
    let start = text.strip_suffix("}\n").unwrap_or_default().to_owned();
    let pieces = (0..lines).map(move |line| Bytes::from(format!("{start}, \"id\": {line}}}\n")));
    Answer::new(200).with("Content-Type", "application/json").body(streamed(pieces))
}

/// `/uuid`
pub(super) fn uuid(_: &Question<'_>, _: &[&str]) -> Answer {
    super::seen::document(&Json::map([("uuid", random_uuid().into())]))
}

/// `/base64/{text}`
pub(super) fn base64(_: &Question<'_>, segments: &[&str]) -> Answer {
    let text = segments.first().copied().unwrap_or_default();
    let decoded = base64::decode(text.as_bytes()).and_then(|bytes| String::from_utf8(bytes).ok());
    let wrong = || "Incorrect Base64 data try: YW4gZWNobyBvZiBuYXZ5ZA==".to_owned();
    Answer::of(200, HTML, decoded.unwrap_or_else(wrong))
}

/// `/links/{number}`
pub(super) fn links(_: &Question<'_>, segments: &[&str]) -> Answer {
    redirects::to(&format!("/links/{}/0", segments.first().copied().unwrap_or_default()))
}

/// `/links/{number}/{here}`: a page of links to its like.
pub(super) fn link_page(_: &Question<'_>, segments: &[&str]) -> Answer {
    let number = |at: usize| segments.get(at).and_then(|text| whole(text, "links").ok()).unwrap_or_default();
    let (links, here) = (number(0).clamp(1, LINKS), number(1));
    let mut page = String::from("<html><head><title>Links</title></head><body>");
    for link in 0..links {
        let link = if link == here {
            format!("{link} ")
        } else {
            format!("<a href='/links/{links}/{link}'>{link}</a> ")
        };
        page.push_str(&link);
    }
    Answer::of(200, HTML, page + "</body></html>")
}

/// A random identifier (RFC 9562 §5.4).
pub(super) fn random_uuid() -> String {
    let mut bytes = random_bytes(16);
    bytes[6] = bytes[6] & 0x0f | 0x40;
    bytes[8] = bytes[8] & 0x3f | 0x80;
    let digits = bytes.iter().map(|byte| format!("{byte:02x}"));
    digits.enumerate().fold(String::with_capacity(36), |mut text, (at, digits)| {
        if matches!(at, 4 | 6 | 8 | 10) {
            text.push('-');
        }
        text + &digits
    })
}

/// A number from 0 to below 1.
pub(super) fn random() -> f64 {
    let bytes = random_bytes(8);
    let bits = bytes.iter().fold(0_u64, |bits, byte| bits << 8 | u64::from(*byte));
    (bits >> 11) as f64 / (1_u64 << 53) as f64
}

/// So many random bytes; zeros where the system has no random numbers, which none of ours lacks.
pub(super) fn random_bytes(length: usize) -> Vec<u8> {
    let mut bytes = vec![0; length];
    let _ = SystemRandom::new().fill(&mut bytes);
    bytes
}

fn made(question: &Question<'_>, segments: &[&str]) -> Result<Vec<u8>, Answer> {
    let length =
        segments.first().and_then(|text| whole(text, "length").ok()).unwrap_or_default().min(BYTES) as usize;
    let Some(seed) = question.arg("seed") else { return Ok(random_bytes(length)) };
    let seed: i128 =
        seed.trim().parse().map_err(|_| nonsense("`seed` is no whole number, or too large a one"))?;
    let mut twister = Twister::new(seed.unsigned_abs());
    Ok((0..length).map(|_| twister.byte()).collect())
}

fn streamed(pieces: impl Iterator<Item = Bytes> + 'static) -> Body {
    Body::Source(Box::new(Pieces(pieces)), None)
}

/// Pieces that are there at once.
struct Pieces<I>(I);

impl<I: Iterator<Item = Bytes>> Source for Pieces<I> {
    fn next(&mut self) -> Sourced<'_> {
        let piece = self.0.next();
        Box::pin(async move { io::Result::Ok(piece) })
    }
}
