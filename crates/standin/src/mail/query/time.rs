//! Dates as people write them in a search.

use jiff::{Timestamp, civil::DateTime, tz::TimeZone};

/// Forms without a zone, beside ISO 8601.
const FORMS: &[&str] = &[
    "%Y-%m-%d %H:%M",
    "%Y-%m-%dt%H:%M",
    "%Y/%m/%d %H:%M:%S",
    "%Y/%m/%d %H:%M",
    "%m/%d/%Y %H:%M",
    "%d %b %Y %H:%M",
    "%b %d, %Y %H:%M",
];

/// Milliseconds since 1970; `None` where it is no date. `zone` is where a date without one is meant; here, where that is
/// no zone.
pub(super) fn instant(text: &str, zone: &str) -> Option<i64> {
    if let Ok(number) = text.parse::<i64>() {
        // Ten digits are seconds, thirteen are milliseconds; fewer are a year or a slip.
        return match text.len() {
            10 => number.checked_mul(1000),
            13 => Some(number),
            _ => None,
        };
    }
    if let Ok(timestamp) = text.to_uppercase().parse::<Timestamp>() {
        return Some(timestamp.as_millisecond());
    }
    let civil = text.to_uppercase().parse::<DateTime>().ok().or_else(|| {
        // A date without a time is its midnight.
        let with = [text.to_owned(), format!("{text} 00:00")];
        FORMS.iter().find_map(|form| with.iter().find_map(|text| DateTime::strptime(form, text).ok()))
    })?;
    let zone = if zone.is_empty() {
        TimeZone::system()
    } else {
        TimeZone::get(zone).unwrap_or_else(|_| TimeZone::system())
    };
    Some(civil.to_zoned(zone).ok()?.timestamp().as_millisecond())
}

#[cfg(test)]
mod tests {
    use super::instant;

    #[test]
    fn dates_are_read_as_people_write_them() {
        for (text, expected) in [
            ("1751371200", Some(1_751_371_200_000)),
            ("1751371200000", Some(1_751_371_200_000)),
            ("2025-07-01t12:00:00z", Some(1_751_371_200_000)),
            ("2025-07-01 12:00", Some(1_751_371_200_000)),
            ("2025-07-01t12:00", Some(1_751_371_200_000)),
            ("2025-07-01t14:00:00+02:00", Some(1_751_371_200_000)),
            ("2025-07-01", Some(1_751_328_000_000)),
            ("2025/07/01", Some(1_751_328_000_000)),
            ("07/01/2025", Some(1_751_328_000_000)),
            ("1 jul 2025", Some(1_751_328_000_000)),
            ("jul 1, 2025", Some(1_751_328_000_000)),
            ("2025", None),
            ("yesterday", None),
            ("", None),
        ] {
            assert_eq!(instant(text, "UTC"), expected, "{text}");
        }
    }
}
