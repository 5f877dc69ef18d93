//! `/range`: the alphabet, and parts of it.

use std::{borrow::Cow, ops::Range, time::Duration};

use super::{
    Question, nonsense,
    paced::Paced,
    seen::{positive, whole},
    timing::seconds,
};
use crate::http::{Answer, Body};

/// The longest alphabet.
const LONGEST: u64 = 100 * 1024;

/// How many bytes come together unless `chunk_size` says it.
const CHUNK: u64 = 10 * 1024;

/// `/range/{length}`
pub(super) fn range(question: &Question<'_>, segments: &[&str]) -> Answer {
    let length = segments.first().and_then(|text| whole(text, "length").ok()).unwrap_or_default();
    let etag: Cow<'static, str> = format!("range{length}").into();
    if length == 0 || length > LONGEST {
        let text = "number of bytes must be in the range (0, 102400]";
        return Answer::text(404, text).with("ETag", etag).with("Accept-Ranges", "bytes");
    }
    let chunk = match question.arg("chunk_size").map(|text| positive(text, "chunk_size")) {
        None => CHUNK,
        Some(Ok(chunk)) => chunk.clamp(1, LONGEST),
        Some(Err(answer)) => return answer,
    };
    let Some(duration) = question.arg("duration").map_or(Some(Duration::ZERO), seconds) else {
        return nonsense("`duration` is no number of seconds");
    };
    let answer = |status, kind, range| {
        Answer::new(status)
            .with("Content-Type", kind)
            .with("ETag", etag)
            .with("Accept-Ranges", "bytes")
            .with("Content-Range", range)
    };
    let Some(Range { start, end }) = asked(question.head.text("range").unwrap_or_default(), length) else {
        return answer(416, "text/plain; charset=utf-8", format!("bytes */{length}"));
    };
    let chunk_time = duration.div_f64(length as f64).mul_f64(chunk as f64);
    let source = Paced::new(start..end, chunk, chunk_time, |at| b'a' + (at % 26) as u8);
    let status = if start == 0 && end == length { 200 } else { 206 };
    answer(status, "application/octet-stream", format!("bytes {start}-{}/{length}", end - 1))
        .body(Body::Source(Box::new(source), Some(end - start)))
}

/// The part that a Range field asks for; all where it asks for nothing that can be read; `None` where there is no
/// such part.
fn asked(field: &str, length: u64) -> Option<Range<u64>> {
    let set = field.trim().strip_prefix("bytes").and_then(|rest| rest.split_once('='));
    let mut ends = set.map_or("", |(_, set)| set).split('-');
    let mut number = || ends.next().and_then(|text| text.trim().parse::<u64>().ok());
    let part = match (number(), number()) {
        (None, None) => 0..length,
        (None, Some(last)) => length.saturating_sub(last)..length,
        (Some(first), None) => first..length,
        (Some(first), Some(last)) => first..last.checked_add(1)?,
    };
    (!part.is_empty() && part.end <= length).then_some(part)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn parts_are_asked_for() {
        for (field, expected) in [
            ("", Some(0..10)),
            ("bytes=0-9", Some(0..10)),
            ("bytes=2-3", Some(2..4)),
            ("bytes=7-", Some(7..10)),
            ("bytes=-3", Some(7..10)),
            ("bytes=-30", Some(0..10)),
            ("lines=1-2", Some(0..10)),
            ("bytes=x", Some(0..10)),
            ("bytes=10-", None),
            ("bytes=5-4", None),
            ("bytes=0-10", None),
            ("bytes=-0", None),
            ("bytes=0-18446744073709551615", None),
        ] {
            assert_eq!(asked(field, 10), expected, "{field}");
        }
    }
}
