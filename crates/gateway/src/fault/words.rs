//! Times and sizes, as a person reads them in what a fault was asked and what it did.

use std::time::Duration;

/// A time in milliseconds, to a tenth of one.
pub(super) fn time(time: Duration) -> String {
    let tenths = (time.as_secs_f64() * 10_000.0).round() / 10.0;
    format!("{tenths} ms")
}

/// A number of bytes.
pub(super) fn bytes(count: u64) -> String {
    if count == 1 { "1 byte".to_owned() } else { format!("{count} bytes") }
}

/// How many datagrams of how many.
pub(super) fn of(count: u64, all: u64) -> String {
    format!("{count} of {all} datagrams")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_have_a_tenth_of_a_millisecond_at_most() {
        for (micros, expected) in [
            (0, "0 ms"),
            (200_000, "200 ms"),
            (213_449, "213.4 ms"),
            (499, "0.5 ms"),
            (90_000_000, "90000 ms"),
        ] {
            assert_eq!(time(Duration::from_micros(micros)), expected);
        }
    }
}
