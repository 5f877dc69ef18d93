//! A span of time as people type it: `500ms`, `1s`, `2m`, `1h`.

use std::time::Duration;

/// Reads a whole number with its unit. A bare number is refused, because some would mean seconds by it and some
/// milliseconds.
///
/// # Errors
/// What a time looks like.
pub fn parse(text: &str) -> Result<Duration, String> {
    let digits = text.find(|c: char| !c.is_ascii_digit()).unwrap_or(text.len());
    let (number, unit) = text.split_at(digits);
    let unit = match unit {
        "ms" => 1,
        "s" => 1_000,
        "m" => 60_000,
        "h" => 3_600_000,
        _ => return Err("a time is a number and a unit: 500ms, 1s, 2m or 1h".into()),
    };
    let number: u64 = number.parse().map_err(|_| "a time begins with a whole number, as in 500ms")?;
    number
        .checked_mul(unit)
        .map(Duration::from_millis)
        .ok_or_else(|| "this is longer than can be waited".into())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn spans() {
        for (text, expected) in [
            ("500ms", Some(500)),
            ("1s", Some(1_000)),
            ("2m", Some(120_000)),
            ("1h", Some(3_600_000)),
            ("0s", Some(0)),
            ("5", None),
            ("s", None),
            ("-1s", None),
            ("1.5s", None),
            ("1 s", None),
            ("99999999999999999999s", None),
            ("9999999999999999h", None),
        ] {
            assert_eq!(parse(text).ok(), expected.map(Duration::from_millis), "{text}");
        }
    }
}
