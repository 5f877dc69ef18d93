//! Answers that take their time.

use std::time::Duration;

use super::{Question, Reply, nonsense, paced::Paced, seen};
use crate::http::{Answer, Body};

/// The longest that `/delay` waits.
const DELAY: f64 = 10.0;

/// The most bytes that drip.
const DRIPS: u64 = 10 * 1024 * 1024;

/// `/delay/{seconds}`
pub(super) fn delay(question: &Question<'_>, segments: &[&str]) -> Reply {
    match segments.first().and_then(|text| seconds(text)) {
        Some(after) => {
            Reply { after: after.min(Duration::from_secs_f64(DELAY)), answer: seen::delayed(question) }
        }
        None => nonsense("the delay is no number of seconds").into(),
    }
}

/// `/drip`: a byte now and then, `numbytes` over `duration` seconds, after `delay` seconds, with status `code`.
pub(super) fn drip(question: &Question<'_>, _: &[&str]) -> Reply {
    drips(question).unwrap_or_else(Reply::from)
}

fn drips(question: &Question<'_>) -> Result<Reply, Answer> {
    let time = |name, usual| match question.arg(name) {
        None => Ok(usual),
        Some(text) => seconds(text).ok_or_else(|| nonsense(&format!("`{name}` is no number of seconds"))),
    };
    let number = |name, usual| match question.arg(name) {
        None => Ok(usual),
        Some(text) => seen::positive(text, name),
    };
    let duration = time("duration", Duration::from_secs(2))?;
    let past =
        question.arg("delay").is_some_and(|text| text.trim().parse().is_ok_and(|delay: f64| delay < 0.0));
    let after = if past { Duration::ZERO } else { time("delay", Duration::ZERO)? };
    let bytes = number("numbytes", 10)?.min(DRIPS);
    if bytes == 0 {
        return Err(nonsense("number of bytes must be positive"));
    }
    let status = number("code", 200)?;
    let status = u16::try_from(status).ok().filter(|status| (200..=999).contains(status));
    let status = status.ok_or_else(|| nonsense("Invalid status code"))?;
    let source = Paced::new(0..bytes, 1, duration.div_f64(bytes as f64), |_| b'*');
    let answer = Answer::new(status)
        .with("Content-Type", "application/octet-stream")
        .body(Body::Source(Box::new(source), Some(bytes)));
    Ok(Reply { after, answer })
}

/// A time as a number of seconds; `None` where it is none, or one in the past.
pub(super) fn seconds(text: &str) -> Option<Duration> {
    text.trim().parse().ok().and_then(|seconds| Duration::try_from_secs_f64(seconds).ok())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_are_numbers_of_seconds() {
        for (text, expected) in [
            ("1", Some(1000)),
            ("0.25", Some(250)),
            (" 2 ", Some(2000)),
            ("-1", None),
            ("nan", None),
            ("inf", None),
            ("x", None),
            ("1e300", None),
        ] {
            assert_eq!(seconds(text), expected.map(Duration::from_millis), "{text}");
        }
    }
}
