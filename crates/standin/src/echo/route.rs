//! Which route a path is for.

use super::{Question, Reply};
use crate::http::Answer;

/// The most segments of a path that a route takes.
const SEGMENTS: usize = 5;

/// A route.
pub(super) struct Route {
    /// Its methods, with a space between them.
    methods: &'static str,
    pattern: &'static str,
    leaf: Leaf,
}

enum Leaf {
    Now(fn(&Question<'_>, &[&str]) -> Answer),
    Later(fn(&Question<'_>, &[&str]) -> Reply),
}

/// What was found for a path.
pub(super) enum Found<'a> {
    /// A route, and the segments that its pattern leaves open.
    Route(&'static Route, Segments<'a>),
    /// A route; asked is which methods it has.
    Options(String),
    /// A route, with other methods than this.
    Method(String),
    Nothing,
}

/// The segments that a pattern leaves open.
#[derive(Debug, Default, Clone, Copy, PartialEq, Eq)]
pub(super) struct Segments<'a> {
    segments: [&'a str; SEGMENTS],
    length: usize,
}

/// A route that answers at once.
pub(super) const fn now(
    methods: &'static str,
    pattern: &'static str,
    leaf: fn(&Question<'_>, &[&str]) -> Answer,
) -> Route {
    Route { methods, pattern, leaf: Leaf::Now(leaf) }
}

/// A route whose answer may wait.
pub(super) const fn later(
    methods: &'static str,
    pattern: &'static str,
    leaf: fn(&Question<'_>, &[&str]) -> Reply,
) -> Route {
    Route { methods, pattern, leaf: Leaf::Later(leaf) }
}

impl Route {
    pub(super) fn reply(&self, question: &Question<'_>, segments: &[&str]) -> Reply {
        match self.leaf {
            Leaf::Now(leaf) => leaf(question, segments).into(),
            Leaf::Later(leaf) => leaf(question, segments),
        }
    }

    /// Its methods and its pattern, to be shown.
    pub(super) fn shown(&self) -> (&'static str, &'static str) {
        (self.methods, self.pattern)
    }
}

impl<'a> Segments<'a> {
    pub(super) fn as_slice(&self) -> &[&'a str] {
        &self.segments[..self.length]
    }

    fn push(&mut self, segment: &'a str) -> Option<()> {
        *self.segments.get_mut(self.length)? = segment;
        self.length += 1;
        Some(())
    }
}

/// The route for a request.
pub(super) fn find<'a>(routes: &'static [Route], method: &str, path: &'a str) -> Found<'a> {
    let mut allow: Vec<&str> = Vec::new();
    for route in routes {
        let Some(segments) = matched(route.pattern, path) else { continue };
        if method != "OPTIONS" && route.methods.split(' ').any(|known| known == method) {
            return Found::Route(route, segments);
        }
        allow.extend(route.methods.split(' '));
    }
    match (allow.is_empty(), method) {
        (true, _) => Found::Nothing,
        (false, "OPTIONS") => Found::Options(allow.join(", ")),
        (false, _) => Found::Method(allow.join(", ")),
    }
}

/// What a pattern leaves open, if the path fits it.
fn matched<'a>(pattern: &str, path: &'a str) -> Option<Segments<'a>> {
    let mut segments = Segments::default();
    let mut rest = path.strip_prefix('/')?;
    let mut parts = pattern.strip_prefix('/')?.split('/').peekable();
    while let Some(part) = parts.next() {
        let (segment, behind) = match rest.split_once('/') {
            _ if part == "{*}" => (rest, None),
            Some((segment, behind)) => (segment, Some(behind)),
            None => (rest, None),
        };
        match part {
            "{n}" if segment.is_empty() || !segment.bytes().all(|byte| byte.is_ascii_digit()) => return None,
            "{}" | "{*}" if segment.is_empty() => return None,
            "{n}" | "{}" | "{*}" => segments.push(segment)?,
            literal if literal == segment => {}
            _ => return None,
        }
        match (behind, parts.peek()) {
            (Some(behind), Some(_)) => rest = behind,
            (None, None) => return Some(segments),
            _ => return None,
        }
    }
    None
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn paths_fit_patterns() {
        for (pattern, path, expected) in [
            ("/", "/", Some(&[][..])),
            ("/get", "/get", Some(&[])),
            ("/get", "/get/", None),
            ("/get", "/gets", None),
            ("/get", "get", None),
            ("/a/{}/{n}", "/a/b/12", Some(&["b", "12"])),
            ("/a/{}/{n}", "/a/b/-1", None),
            ("/a/{}/{n}", "/a//1", None),
            ("/a/{}", "/a", None),
            ("/a/{}", "/a/b/c", None),
            ("/a/{*}", "/a/b/c/", Some(&["b/c/"])),
            ("/a/{*}", "/a/", None),
            ("/{}/{}/{}/{}/{}/{}", "/1/2/3/4/5/6", None),
        ] {
            let found = matched(pattern, path);
            assert_eq!(found.as_ref().map(Segments::as_slice), expected, "{pattern} {path}");
        }
    }
}
