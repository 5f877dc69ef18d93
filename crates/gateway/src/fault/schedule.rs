//! When a fault is on: `at 10s for 5s every 60s`, counted from when it was laid.
//!
//! Each part may be left out: without `at` it begins at once, without `for` it stays, without `every` it comes once.

use std::time::Duration;

/// When a fault is on.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Schedule {
    at: Duration,
    lasts: Option<Duration>,
    every: Option<Duration>,
}

/// Why a schedule is not understood.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Unclear {
    /// A word is none of those that there are, or there twice.
    #[error("takes `at`, `for` and `every`, each once with a time behind it, and not `{0}`")]
    Word(String),
    /// What should be a time is none.
    #[error("takes times such as `500ms`, `10s`, `2m` or `1h`, and not `{0}`")]
    Time(String),
    /// It would begin again before it ends.
    #[error("must last shorter than until it comes again")]
    Overlap,
    /// Something comes again that never ends.
    #[error("needs `for` where it has `every`")]
    Endless,
}

impl Schedule {
    /// Reads one.
    ///
    /// # Errors
    /// When it is not of that form.
    pub fn parse(text: &str) -> Result<Self, Unclear> {
        let (mut at, mut lasts, mut every) = (None, None, None);
        let mut words = text.split_whitespace();
        while let Some(word) = words.next() {
            let slot = match word {
                "at" => &mut at,
                "for" => &mut lasts,
                "every" => &mut every,
                _ => return Err(Unclear::Word(shown(word))),
            };
            let written = words.next().unwrap_or_default();
            let time = time(written).ok_or_else(|| Unclear::Time(shown(written)))?;
            if slot.replace(time).is_some() {
                return Err(Unclear::Word(shown(word)));
            }
        }
        match (lasts, every) {
            _ if text.trim().is_empty() => Err(Unclear::Word(String::new())),
            (None, Some(_)) => Err(Unclear::Endless),
            (Some(lasts), Some(every)) if lasts >= every => Err(Unclear::Overlap),
            _ => Ok(Self { at: at.unwrap_or_default(), lasts, every }),
        }
    }

    /// Whether it is on so long after it was laid, and when that changes, counted from the same moment; `None` when
    /// it never does.
    pub(crate) fn is_on(&self, passed: Duration) -> (bool, Option<Duration>) {
        let Some(within) = passed.checked_sub(self.at) else { return (false, Some(self.at)) };
        let Some(lasts) = self.lasts else { return (true, None) };
        let round = match self.every {
            Some(every) => {
                Duration::from_nanos((within.as_nanos() / every.as_nanos() * every.as_nanos()) as u64)
            }
            None => Duration::ZERO,
        };
        let on = within - round < lasts;
        let next = if on { Some(lasts) } else { self.every };
        (on, next.map(|next| self.at + round + next))
    }
}

/// The longest time that a schedule takes: ten years.
const LONGEST: f64 = 10.0 * 365.0 * 86_400.0;

fn time(text: &str) -> Option<Duration> {
    let split = text.find(|c: char| !c.is_ascii_digit() && c != '.')?;
    let (number, unit) = text.split_at(split);
    let seconds = match unit {
        "ms" => 0.001,
        "s" => 1.0,
        "m" => 60.0,
        "h" => 3600.0,
        _ => return None,
    };
    let seconds = number.parse::<f64>().ok()? * seconds;
    // A time of nothing would come again without end.
    (seconds == 0.0 || (0.001..=LONGEST).contains(&seconds)).then(|| Duration::from_secs_f64(seconds))
}

fn shown(text: &str) -> String {
    text.chars().take(40).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_tell_whether_it_is_on_and_when_that_changes() {
        for (text, rows) in [
            (
                "at 10s for 5s every 60s",
                &[
                    (0, false, Some(10_000)),
                    (9_999, false, Some(10_000)),
                    (10_000, true, Some(15_000)),
                    (14_999, true, Some(15_000)),
                    (15_000, false, Some(70_000)),
                    (70_000, true, Some(75_000)),
                    (130_001, true, Some(135_000)),
                ][..],
            ),
            (
                "for 500ms every 1.5s",
                &[(0, true, Some(500)), (500, false, Some(1500)), (1500, true, Some(2000))],
            ),
            ("at 2m", &[(0, false, Some(120_000)), (120_000, true, None)]),
            ("for 1h", &[(0, true, Some(3_600_000)), (3_600_000, false, None)]),
        ] {
            let schedule = Schedule::parse(text).unwrap();
            for (passed, on, next) in rows {
                let expected = (*on, next.map(Duration::from_millis));
                assert_eq!(schedule.is_on(Duration::from_millis(*passed)), expected, "{text} at {passed}");
            }
        }
    }

    #[test]
    fn what_is_not_understood_is_named() {
        for (text, expected) in [
            ("", Unclear::Word(String::new())),
            ("after 10s", Unclear::Word("after".to_owned())),
            ("at 10s at 20s", Unclear::Word("at".to_owned())),
            ("at", Unclear::Time(String::new())),
            ("at 10", Unclear::Time("10".to_owned())),
            ("for ten", Unclear::Time("ten".to_owned())),
            ("for 1..2s", Unclear::Time("1..2s".to_owned())),
            ("for 0.0001ms", Unclear::Time("0.0001ms".to_owned())),
            ("at 99999999999999h", Unclear::Time("99999999999999h".to_owned())),
            ("every 10s", Unclear::Endless),
            ("for 10s every 10s", Unclear::Overlap),
            ("for 0s every 0s", Unclear::Overlap),
        ] {
            assert_eq!(Schedule::parse(text), Err(expected), "{text}");
        }
    }
}
