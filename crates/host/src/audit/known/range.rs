//! Ranges of versions, as package.json and Python's requirements write them.
//!
//! npm: comparators, `^`, `~`, `x`, `1 - 2`, and `||` between alternatives (node-semver, "Ranges"). Python: comparators
//! with `,` between them, `~=` and `==1.*` (PEP 440, "Version specifiers"). Bias: unlike npm's own tool a pre-release is
//! in a range when its place in the order is, because advisories mean it so. Deliberately absent: tags, URLs and
//! `workspace:`, which name no versions.

use super::version::Version;

/// A longer text, or more alternatives, is no range that anybody wrote.
const LONGEST: usize = 4096;

/// Versions, as alternatives of bounds that all hold.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Range(Vec<Vec<Bound>>);

#[derive(Debug, Clone, PartialEq, Eq)]
enum Bound {
    From(Version),
    After(Version),
    Until(Version),
    Before(Version),
    Not(Version),
}

impl Range {
    /// A range of npm: `>=6.0.0 <6.0.9 || ^5.4`. `None` where it is none.
    pub fn npm(text: &str) -> Option<Self> {
        if text.len() > LONGEST {
            return None;
        }
        text.split("||").map(alternative).collect::<Option<_>>().map(Self)
    }

    /// A specifier of Python: `>=2.0,<3.0.3`. `None` where it is none.
    pub fn python(text: &str) -> Option<Self> {
        if text.len() > LONGEST {
            return None;
        }
        let clauses = text.split(',').map(str::trim).filter(|clause| !clause.is_empty());
        let bounds: Vec<Vec<Bound>> = clauses.map(clause).collect::<Option<_>>()?;
        Some(Self(vec![bounds.concat()]))
    }

    /// Whether the version is in it.
    pub fn has(&self, version: &Version) -> bool {
        self.0.iter().any(|bounds| bounds.iter().all(|bound| bound.admits(version)))
    }
}

impl Bound {
    fn admits(&self, version: &Version) -> bool {
        match self {
            Self::From(bound) => version >= bound,
            Self::After(bound) => version > bound,
            Self::Until(bound) => version <= bound,
            Self::Before(bound) => version < bound,
            Self::Not(bound) => version != bound,
        }
    }
}

/// What is between two `||` of npm; nothing is everything.
fn alternative(text: &str) -> Option<Vec<Bound>> {
    if let Some((low, high)) = text.split_once(" - ") {
        let (low, high) = (Written::parse(low)?, Written::parse(high)?);
        return Some(vec![Bound::From(low.low()), high.end()]);
    }
    let mut bounds = Vec::new();
    let mut words = text.split_whitespace();
    while let Some(word) = words.next() {
        let (operator, rest) = operator(word, &[">=", "<=", ">", "<", "=", "^", "~>", "~"]);
        // `>= 1.2` is one comparator.
        let written = Written::parse(if rest.is_empty() { words.next()? } else { rest })?;
        bounds.extend(written.bounds(operator));
    }
    Some(bounds)
}

/// What is between two `,` of Python.
fn clause(text: &str) -> Option<Vec<Bound>> {
    let (operator, rest) = operator(text, &["===", "==", "~=", "!=", ">=", "<=", ">", "<"]);
    let rest = rest.trim();
    if let Some(prefix) = rest.strip_suffix(".*") {
        return matches!(operator, "==" | "===")
            .then(|| Written::parse(prefix))?
            .map(|written| written.bounds("~"));
    }
    let version = Version::parse(rest)?;
    Some(match operator {
        "==" | "===" => vec![Bound::From(version.clone()), Bound::Until(version)],
        "!=" => vec![Bound::Not(version)],
        ">=" => vec![Bound::From(version)],
        "<=" => vec![Bound::Until(version)],
        ">" => vec![Bound::After(version)],
        "<" => vec![Bound::Before(version)],
        // `~=2.2.1` is `>=2.2.1, ==2.2.*`.
        "~=" => {
            let [major, minor] = [version.number(0), version.number(1)];
            let three = rest.split('.').count() > 2;
            let end =
                if three { [major, minor.saturating_add(1), 0] } else { [major.saturating_add(1), 0, 0] };
            vec![Bound::From(version), Bound::Before(Version::of(end).earliest())]
        }
        _ => return None,
    })
}

fn operator<'a>(word: &'a str, operators: &[&'static str]) -> (&'static str, &'a str) {
    let found = operators.iter().find_map(|operator| Some((*operator, word.strip_prefix(operator)?)));
    found.unwrap_or(("", word))
}

/// A version of which parts may be missing: `1.2`, `1.x`, `*`.
#[derive(Debug)]
struct Written {
    /// The numbers that are written, up to three.
    numbers: Vec<u64>,
    /// All of it, where three are.
    whole: Option<Version>,
}

impl Written {
    fn parse(text: &str) -> Option<Self> {
        let text = text.trim().trim_start_matches('v');
        let mut numbers = Vec::new();
        let plain = text.split(['-', '+']).next().unwrap_or_default();
        for part in plain.split('.') {
            match part {
                "x" | "X" | "*" => return (numbers.len() < 3).then_some(Self { numbers, whole: None }),
                _ => numbers.push(part.parse().ok()?),
            }
        }
        match numbers.len() {
            3 => Some(Self { numbers, whole: Some(Version::parse(text)?) }),
            1 | 2 => Some(Self { numbers, whole: None }),
            _ => None,
        }
    }

    /// The first version that it means.
    fn low(&self) -> Version {
        let number = |at: usize| self.numbers.get(at).copied().unwrap_or_default();
        self.whole.clone().unwrap_or_else(|| Version::of([number(0), number(1), number(2)]))
    }

    /// The first version after those that share so many of its numbers.
    fn next(&self, shared: usize) -> Version {
        let mut numbers = [0; 3];
        for (at, number) in self.numbers.iter().take(shared).enumerate() {
            numbers[at] = *number;
        }
        if let Some(last) = shared.checked_sub(1) {
            numbers[last] = numbers[last].saturating_add(1);
        }
        Version::of(numbers).earliest()
    }

    /// Where `1 - 2.3` ends.
    fn end(&self) -> Bound {
        match &self.whole {
            Some(version) => Bound::Until(version.clone()),
            None if self.numbers.is_empty() => Bound::From(Version::of([0; 3]).earliest()),
            None => Bound::Before(self.next(self.numbers.len())),
        }
    }

    fn bounds(&self, operator: &str) -> Vec<Bound> {
        let low = self.low();
        if self.numbers.is_empty() {
            // `<*` and `>*` are nothing, the others are everything.
            let nothing = vec![Bound::Before(Version::of([0; 3]).earliest())];
            return if matches!(operator, "<" | ">") { nothing } else { Vec::new() };
        }
        let written = self.numbers.len();
        match (operator, self.whole.is_some()) {
            (">=", _) => vec![Bound::From(low)],
            ("<", _) => vec![Bound::Before(low)],
            (">", true) => vec![Bound::After(low)],
            (">", false) => vec![Bound::From(self.next(written))],
            ("<=", _) => vec![self.end()],
            ("^", _) => {
                // Up to the first number that is not 0, or the last that is written.
                let significant = self.numbers.iter().position(|number| *number != 0);
                vec![Bound::From(low), Bound::Before(self.next(significant.map_or(written, |at| at + 1)))]
            }
            ("~" | "~>", _) => vec![Bound::From(low), Bound::Before(self.next(written.min(2)))],
            (_, true) => vec![Bound::From(low.clone()), Bound::Until(low)],
            (_, false) => vec![Bound::From(low), Bound::Before(self.next(written))],
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(range: Option<Range>, text: &str, inside: &str, outside: &str) {
        let range = range.unwrap_or_else(|| panic!("{text}"));
        let has = |version: &str| range.has(&Version::parse(version).unwrap());
        for version in inside.split_whitespace() {
            assert!(has(version), "{version} is in {text}");
        }
        for version in outside.split_whitespace() {
            assert!(!has(version), "{version} is not in {text}");
        }
    }

    #[test]
    fn ranges_of_npm() {
        for (text, inside, outside) in [
            (">=6.0.0 <6.0.9 || <4.5.6", "6.0.0 6.0.8 4.5.5 0.1.0", "6.0.9 5.0.0 4.5.6"),
            (">=14.3.0-canary.77 <15.0.5", "14.3.0-canary.77 15.0.0-rc.1 15.0.4", "14.3.0-canary.76 15.0.5"),
            (">= 1.2 < 2", "1.2.0 1.9.9", "1.1.9 2.0.0"),
            ("^1.2.3", "1.2.3 1.9.0", "1.2.2 2.0.0 2.0.0-alpha"),
            ("^0.2.3", "0.2.3 0.2.9", "0.3.0"),
            ("^0.0.3", "0.0.3", "0.0.4"),
            ("^0.0", "0.0.0 0.0.9", "0.1.0"),
            ("^0", "0.9.0", "1.0.0"),
            ("~1.2.3", "1.2.9", "1.3.0"),
            ("~1", "1.9.0", "2.0.0"),
            ("1.x", "1.0.0 1.9.0", "2.0.0 0.9.0"),
            ("1.2.*", "1.2.9", "1.3.0"),
            ("*", "0.0.1 9.9.9", ""),
            ("", "0.0.1", ""),
            ("1.2.3", "1.2.3", "1.2.4"),
            ("v1.2.3", "1.2.3", "1.2.4"),
            ("1.2 - 2.3", "1.2.0 2.3.9", "2.4.0 1.1.0"),
            ("1.2.3 - 2.3.4", "2.3.4", "2.3.5"),
            (">1.2", "1.3.0", "1.2.9"),
            ("<=1.2", "1.2.9", "1.3.0"),
        ] {
            check(Range::npm(text), text, inside, outside);
        }
    }

    #[test]
    fn specifiers_of_python() {
        for (text, inside, outside) in [
            ("<3.0.3", "3.0.2 2.0.0rc1 3.0.3rc1", "3.0.3 3.0.3.post1"),
            (">=6.0.0,<6.4.1", "6.4.0", "6.4.1 5.9"),
            ("~=2.2", "2.2 2.9", "3.0 2.1"),
            ("~=2.2.1", "2.2.9", "2.3.0"),
            ("==1.4.*", "1.4.0 1.4.9", "1.5.0"),
            ("==1.4", "1.4.0", "1.4.1"),
            ("!=1.4", "1.3", "1.4"),
            ("", "1.0", ""),
        ] {
            check(Range::python(text), text, inside, outside);
        }
    }

    #[test]
    fn what_names_no_versions_is_no_range() {
        for text in ["latest", "workspace:*", "file:../x", "git+ssh://x", ">=", "1.2.3.4", ">=a", "1 -2"] {
            assert_eq!(Range::npm(text), None, "{text}");
        }
        for text in ["1.0", "~1.0", ">=x", "!=1.*"] {
            assert_eq!(Range::python(text), None, "{text}");
        }
    }
}
