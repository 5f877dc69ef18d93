//! Versions, as npm (semver.org) and PyPI (PEP 440) write them, and which comes first.
//!
//! One order for both: the numbers, then what comes before a release, then what comes after it. Bias: build metadata
//! and local labels decide nothing, because advisories speak of what the authors published.

use std::{cmp::Ordering, fmt};

/// More numbers, or parts of a pre-release, than any version has.
const PARTS: usize = 16;
/// A longer text is no version.
const LONGEST: usize = 128;

/// A version, in order.
#[derive(Debug, Clone)]
pub struct Version {
    text: String,
    /// The numbers of the release; a missing one is 0.
    numbers: Vec<u64>,
    /// What makes it a pre-release; empty for a release.
    before: Vec<Part>,
    /// Which release after the release it is (`.post1`); 0 for the release itself.
    after: u64,
}

/// A number or a word of a pre-release; numbers come before words (semver.org, rule 11).
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
enum Part {
    Number(u64),
    Word(String),
}

impl Version {
    /// Reads one: `5.4.10`, `v16.0.0-canary.3`, `3.0rc1`, `2.1.post1`. `None` where it begins with no number.
    pub fn parse(text: &str) -> Option<Self> {
        let text = text.trim();
        if text.len() > LONGEST || !text.is_ascii() {
            return None;
        }
        let public = text.trim_start_matches(['v', '=']).split('+').next().unwrap_or_default();
        let end = public.find(|c: char| !c.is_ascii_digit() && c != '.').unwrap_or(public.len());
        let (release, rest) = public.split_at(end);
        let release = release.strip_suffix('.').filter(|_| !rest.is_empty()).unwrap_or(release);
        let numbers: Vec<u64> =
            release.split('.').map(|number| number.parse().ok()).collect::<Option<_>>()?;
        let (mut before, mut after) = (parts(rest)?, 0);
        if let [Part::Word(word), rest @ ..] = before.as_slice()
            && ["post", "rev", "r"].contains(&word.as_str())
        {
            after = match rest.first() {
                Some(Part::Number(number)) => number.saturating_add(1),
                _ => 1,
            };
            before = Vec::new();
        }
        (numbers.len() <= PARTS).then(|| Self { text: text.to_owned(), numbers, before, after })
    }

    /// A release of three numbers.
    pub(super) fn of(numbers: [u64; 3]) -> Self {
        let text = numbers.map(|number| number.to_string()).join(".");
        Self { text, numbers: numbers.to_vec(), before: Vec::new(), after: 0 }
    }

    /// The same as the first of all its pre-releases: what `<2.0.0` of a caret leaves out.
    pub(super) fn earliest(self) -> Self {
        Self { before: vec![Part::Number(0)], ..self }
    }

    /// The number at this place; 0 where none is written.
    pub(super) fn number(&self, at: usize) -> u64 {
        self.numbers.get(at).copied().unwrap_or_default()
    }

    /// Whether it came out before its release.
    pub(super) fn is_early(&self) -> bool {
        !self.before.is_empty()
    }
}

/// The parts of what follows the numbers: `-canary.3`, `rc1`, `.dev0`. `None` where it is nothing that comes before.
fn parts(rest: &str) -> Option<Vec<Part>> {
    let mut parts = Vec::new();
    for word in rest.split(['-', '.', '_']).filter(|word| !word.is_empty()) {
        let digits = word.find(|c: char| c.is_ascii_digit()).unwrap_or(word.len());
        let (letters, number) = word.split_at(digits);
        match number.parse() {
            // `rc1` is a word and a number; `0a3` and hashes are words altogether.
            Ok(number) if letters.is_empty() => parts.push(Part::Number(number)),
            Ok(number) => parts.extend([Part::Word(letters.to_ascii_lowercase()), Part::Number(number)]),
            Err(_) => parts.push(Part::Word(word.to_ascii_lowercase())),
        }
        if parts.len() > PARTS || !word.bytes().all(|byte| byte.is_ascii_alphanumeric()) {
            return None;
        }
    }
    Some(parts)
}

impl Ord for Version {
    fn cmp(&self, other: &Self) -> Ordering {
        let longest = self.numbers.len().max(other.numbers.len());
        let numbers = (0..longest).map(|at| self.number(at).cmp(&other.number(at)));
        numbers
            .fold(Ordering::Equal, Ordering::then)
            // A release comes after all that came before it.
            .then_with(|| other.is_early().cmp(&self.is_early()))
            .then_with(|| self.before.cmp(&other.before))
            .then_with(|| self.after.cmp(&other.after))
    }
}

impl PartialOrd for Version {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

impl PartialEq for Version {
    fn eq(&self, other: &Self) -> bool {
        self.cmp(other).is_eq()
    }
}

impl Eq for Version {}

impl fmt::Display for Version {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.text)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_comes_before_the_next() {
        for row in [
            // semver.org, rule 11.
            &["1.0.0-alpha", "1.0.0-alpha.1", "1.0.0-alpha.beta", "1.0.0-beta", "1.0.0-beta.2"][..],
            &["1.0.0-beta.2", "1.0.0-beta.11", "1.0.0-rc.1", "1.0.0", "1.0.1", "1.1.0", "1.10.0", "2.0.0"],
            &["14.3.0-canary.76", "14.3.0-canary.77", "14.3.0", "15.0.0-rc.0", "15.0.0"],
            // PEP 440.
            &["3.0a1", "3.0b2", "3.0rc1", "3.0", "3.0.post1", "3.0.1"],
        ] {
            for pair in row.windows(2) {
                let [a, b] = [pair[0], pair[1]].map(|text| Version::parse(text).unwrap());
                assert_eq!((a.cmp(&b), b.cmp(&a)), (Ordering::Less, Ordering::Greater), "{pair:?}");
            }
        }
    }

    #[test]
    fn the_same_written_otherwise_is_the_same() {
        for (a, b) in
            [("1.0", "1.0.0"), ("v1.2.3", "1.2.3"), ("1.2.3+build.5", "1.2.3"), ("1.0-RC1", "1.0rc1")]
        {
            assert_eq!(Version::parse(a), Version::parse(b), "{a} {b}");
        }
    }

    #[test]
    fn what_is_no_version_is_none() {
        for text in [
            "",
            "x",
            "latest",
            "workspace:*",
            "1..2",
            "1.2.3-\u{202e}",
            "99999999999999999999.0",
            "1.2.",
            ".",
        ] {
            assert_eq!(Version::parse(text), None, "{text}");
        }
        assert_eq!(Version::parse(&"1.".repeat(100)), None);
    }
}
