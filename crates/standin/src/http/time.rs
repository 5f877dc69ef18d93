//! Times as HTTP writes them (RFC 9110 §5.6.7).

use std::{
    cell::RefCell,
    time::{SystemTime, UNIX_EPOCH},
};

use jiff::{Timestamp, fmt::rfc2822::DateTimePrinter};

thread_local! {
    /// The text of the last second, which is asked for many times.
    static LAST: RefCell<(u64, String)> = const { RefCell::new((0, String::new())) };
}

/// A time as an HTTP-date; that of the epoch where it lies outside of the years that can be written.
#[must_use]
pub fn date(time: SystemTime) -> String {
    let seconds = time.duration_since(UNIX_EPOCH).map_or(0, |since| since.as_secs());
    let timestamp = i64::try_from(seconds).ok().and_then(|seconds| Timestamp::from_second(seconds).ok());
    DateTimePrinter::new().timestamp_to_rfc9110_string(&timestamp.unwrap_or_default()).unwrap_or_default()
}

/// Writes the present time.
pub(super) fn write_now(out: &mut Vec<u8>) {
    let second = SystemTime::now().duration_since(UNIX_EPOCH).map_or(0, |since| since.as_secs());
    LAST.with_borrow_mut(|last| {
        if last.0 != second {
            *last = (second, date(SystemTime::now()));
        }
        out.extend_from_slice(last.1.as_bytes());
    });
}

/// The time that an HTTP-date says, in any of the three forms; `None` where it is none.
#[must_use]
pub fn parse_date(text: &str) -> Option<SystemTime> {
    let text = text.trim();
    let seconds = jiff::fmt::rfc2822::DateTimeParser::new()
        .parse_timestamp(text)
        .ok()
        .or_else(|| old(text, "%A, %d-%b-%y %H:%M:%S GMT"))
        .or_else(|| old(text, "%a %b %e %H:%M:%S %Y"))?
        .as_second();
    let seconds = u64::try_from(seconds).ok()?;
    UNIX_EPOCH.checked_add(std::time::Duration::from_secs(seconds))
}

/// The two forms that no one should send any more, and everyone must read.
fn old(text: &str, form: &str) -> Option<Timestamp> {
    let civil = jiff::civil::DateTime::strptime(form, text).ok()?;
    civil.to_zoned(jiff::tz::TimeZone::UTC).ok().map(|zoned| zoned.timestamp())
}

#[cfg(test)]
mod tests {
    use std::time::{Duration, UNIX_EPOCH};

    use super::{date, parse_date};

    #[test]
    fn three_forms_are_read_and_one_is_written() {
        let time = UNIX_EPOCH + Duration::from_secs(784_111_777);
        assert_eq!(date(time), "Sun, 06 Nov 1994 08:49:37 GMT");
        for text in
            ["Sun, 06 Nov 1994 08:49:37 GMT", "Sunday, 06-Nov-94 08:49:37 GMT", "Sun Nov  6 08:49:37 1994"]
        {
            assert_eq!(parse_date(text), Some(time), "{text}");
        }
        for text in ["", "yesterday", "Sun, 99 Nov 1994 08:49:37 GMT", "0"] {
            assert_eq!(parse_date(text), None, "{text}");
        }
    }
}
