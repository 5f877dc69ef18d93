//! Times: days and microseconds since the year 2000.

use jiff::{Span, civil};

const SECOND: i64 = 1_000_000;
const DAY: i64 = 86_400 * SECOND;

/// The day that everything is counted from.
const FIRST: civil::Date = civil::date(2000, 1, 1);

pub(super) fn date(days: i32) -> Option<String> {
    match days {
        i32::MAX => return Some("infinity".to_owned()),
        i32::MIN => return Some("-infinity".to_owned()),
        _ => {}
    }
    Some(FIRST.checked_add(Span::new().try_days(i64::from(days)).ok()?).ok()?.to_string())
}

pub(super) fn of_day(micros: i64) -> Option<String> {
    (0..=DAY).contains(&micros).then(|| clock(micros))
}

pub(super) fn stamp(micros: i64) -> Option<String> {
    match micros {
        i64::MAX => return Some("infinity".to_owned()),
        i64::MIN => return Some("-infinity".to_owned()),
        _ => {}
    }
    let day = date(i32::try_from(micros.div_euclid(DAY)).ok()?)?;
    Some(format!("{day} {}", clock(micros.rem_euclid(DAY))))
}

/// `14 mons 2 days 01:01:01`: years are not carved out of the months.
pub(super) fn interval(micros: i64, days: i32, months: i32) -> String {
    let mut parts = Vec::new();
    if months != 0 {
        parts.push(format!("{months} mons"));
    }
    if days != 0 {
        parts.push(format!("{days} days"));
    }
    if micros != 0 || parts.is_empty() {
        let sign = if micros < 0 { "-" } else { "" };
        parts.push(format!("{sign}{}", clock(micros.checked_abs().unwrap_or(i64::MAX))));
    }
    parts.join(" ")
}

fn clock(micros: i64) -> String {
    let (seconds, rest) = (micros / SECOND, micros % SECOND);
    let text = format!("{:02}:{:02}:{:02}", seconds / 3600, seconds / 60 % 60, seconds % 60);
    if rest == 0 { text } else { format!("{text}.{rest:06}").trim_end_matches('0').to_owned() }
}
