//! Answers in a content coding, whether the client takes it or not.

use std::io::Write;

use flate2::{
    Compression,
    write::{GzEncoder, ZlibEncoder},
};

use super::{Question, json::Json, nonsense};
use crate::http::Answer;

/// How well brotli compresses, and how far it looks back, as a power of two: as its library has them by default.
const BROTLI: (u32, u32) = (11, 22);

/// `/gzip`
pub(super) fn gzip(question: &Question<'_>, _: &[&str]) -> Answer {
    coded(question, "gzip", "gzipped", |text| {
        let mut encoder = GzEncoder::new(Vec::new(), Compression::new(4));
        encoder.write_all(text)?;
        encoder.finish()
    })
}

/// `/deflate`: as RFC 9110 §8.4.1.2 has it, with the head of zlib.
pub(super) fn deflate(question: &Question<'_>, _: &[&str]) -> Answer {
    coded(question, "deflate", "deflated", |text| {
        let mut encoder = ZlibEncoder::new(Vec::new(), Compression::default());
        encoder.write_all(text)?;
        encoder.finish()
    })
}

/// `/brotli`
pub(super) fn brotli(question: &Question<'_>, _: &[&str]) -> Answer {
    coded(question, "br", "brotli", |text| {
        let mut out = Vec::new();
        let mut encoder = brotli::CompressorWriter::new(&mut out, text.len().max(1), BROTLI.0, BROTLI.1);
        encoder.write_all(text)?;
        drop(encoder);
        Ok(out)
    })
}

fn coded(
    question: &Question<'_>,
    coding: &'static str,
    done: &str,
    encode: impl FnOnce(&[u8]) -> std::io::Result<Vec<u8>>,
) -> Answer {
    let document = Json::map([
        ("origin", question.origin()),
        ("headers", question.fields()),
        ("method", question.method().into()),
        (done, true.into()),
    ]);
    match encode(document.pretty().as_bytes()) {
        Ok(bytes) => Answer::json(200, bytes).with("Content-Encoding", coding),
        // Memory does not fail to be written; if it did, that would be said.
        Err(error) => nonsense(&error.to_string()),
    }
}
