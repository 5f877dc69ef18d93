//! What a field is compared with.

use regex_lite::Regex;

/// Bounds of a number, both inclusive unless they say otherwise.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Bounds {
    /// The least.
    pub least: f64,
    /// The most.
    pub most: f64,
    /// Whether the least itself is outside.
    pub above: bool,
    /// Whether the most itself is outside.
    pub below: bool,
}

/// What a text has to be like.
#[derive(Debug, Clone)]
pub enum Pattern {
    /// The whole text, in any case, with `*` for anything.
    Whole(Box<[String]>),
    /// A part of it, in any case: the text in lower case.
    Part(String),
    /// A regular expression, somewhere in it.
    Regex(Box<Regex>),
}

impl Bounds {
    /// This number alone.
    pub fn exactly(number: f64) -> Self {
        Self { least: number, most: number, above: false, below: false }
    }

    /// Everything between these two.
    pub fn between(least: f64, most: f64) -> Self {
        Self { least, most, above: false, below: false }
    }

    /// Everything from this on.
    pub fn at_least(least: f64) -> Self {
        Self::between(least, f64::INFINITY)
    }

    /// Everything up to this.
    pub fn at_most(most: f64) -> Self {
        Self::between(f64::NEG_INFINITY, most)
    }

    /// Whether a number is within.
    pub fn hold(&self, number: f64) -> bool {
        let least = if self.above { number > self.least } else { number >= self.least };
        let most = if self.below { number < self.most } else { number <= self.most };
        least && most
    }
}

impl Pattern {
    /// The whole text, with `*` for anything.
    pub fn whole(text: &str) -> Self {
        Self::Whole(text.split('*').map(str::to_lowercase).collect())
    }

    /// A part.
    pub fn part(text: &str) -> Self {
        Self::Part(text.to_lowercase())
    }

    /// Whether it is `*`, which every text is like.
    pub fn is_anything(&self) -> bool {
        matches!(self, Self::Whole(parts) if parts.iter().all(String::is_empty) && parts.len() > 1)
    }

    /// Whether a text is like it.
    pub fn matches(&self, text: &str) -> bool {
        match self {
            Self::Whole(parts) => is_like(&text.to_lowercase(), parts),
            Self::Part(part) => contains(text, part),
            Self::Regex(regex) => regex.is_match(text),
        }
    }
}

/// Whether a text is these parts with anything between them.
fn is_like(text: &str, parts: &[String]) -> bool {
    let (Some(first), Some(last)) = (parts.first(), parts.last()) else { return text.is_empty() };
    if parts.len() == 1 {
        return text == first;
    }
    let Some(mut rest) = text.strip_prefix(first.as_str()) else { return false };
    for part in &parts[1..parts.len() - 1] {
        // The first place leaves the most for what follows.
        let Some(at) = rest.find(part.as_str()) else { return false };
        rest = &rest[at + part.len()..];
    }
    rest.ends_with(last.as_str())
}

/// Whether a text has a part, which is in lower case.
fn contains(text: &str, part: &str) -> bool {
    if !part.is_ascii() || !text.is_ascii() {
        return text.to_lowercase().contains(part);
    }
    // Without a copy, since bodies are long.
    let (text, part) = (text.as_bytes(), part.as_bytes());
    let Some(first) = part.first() else { return true };
    text.len() >= part.len()
        && text[..=text.len() - part.len()].iter().enumerate().any(|(at, byte)| {
            byte.eq_ignore_ascii_case(first) && text[at..at + part.len()].eq_ignore_ascii_case(part)
        })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_text_is_like_a_pattern() {
        for (pattern, text, expected) in [
            ("get", "GET", true),
            ("get", "GETS", false),
            ("/v1/*", "/v1/users", true),
            ("/v1/*", "/v2/users", false),
            ("*users", "/v1/users", true),
            ("a*b*c", "a-b-b-c", true),
            ("a*b*c", "a-c-b", false),
            ("ab*ba", "aba", false),
            ("*", "", true),
            ("", "", true),
            ("", "x", false),
            ("É*", "été", true),
        ] {
            assert_eq!(Pattern::whole(pattern).matches(text), expected, "{pattern} {text}");
        }
        for (part, text, expected) in [
            ("time", "A TIMEOUT", true),
            ("", "x", true),
            ("out!", "timeout", false),
            ("é", "CAFÉ", true),
            ("ab", "a", false),
        ] {
            assert_eq!(Pattern::part(part).matches(text), expected, "{part} {text}");
        }
        assert!(Pattern::whole("*").is_anything() && !Pattern::whole("a*").is_anything());
    }

    #[test]
    fn bounds_hold_what_they_say() {
        for (bounds, inside, outside) in [
            (Bounds::exactly(5.0), 5.0, 5.1),
            (Bounds::at_least(5.0), 5.0, 4.9),
            (Bounds { above: true, ..Bounds::at_least(5.0) }, 5.1, 5.0),
            (Bounds { below: true, ..Bounds::at_most(5.0) }, 4.9, 5.0),
            (Bounds::between(1.0, 2.0), 2.0, 2.1),
        ] {
            assert!(bounds.hold(inside) && !bounds.hold(outside), "{bounds:?}");
        }
    }
}
