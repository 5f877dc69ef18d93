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
    /// What it answers.
    summary: &'static str,
    /// The names of the query that it looks at, with a space between them.
    query: &'static str,
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
    /// A route for this path, which has one slash where there were several.
    Merged(String),
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
    summary: &'static str,
    leaf: fn(&Question<'_>, &[&str]) -> Answer,
) -> Route {
    Route { methods, pattern, summary, query: "", leaf: Leaf::Now(leaf) }
}

/// A route whose answer may wait.
pub(super) const fn later(
    methods: &'static str,
    pattern: &'static str,
    summary: &'static str,
    leaf: fn(&Question<'_>, &[&str]) -> Reply,
) -> Route {
    Route { methods, pattern, summary, query: "", leaf: Leaf::Later(leaf) }
}

impl Route {
    pub(super) fn reply(&self, question: &Question<'_>, segments: &[&str]) -> Reply {
        match self.leaf {
            Leaf::Now(leaf) => leaf(question, segments).into(),
            Leaf::Later(leaf) => leaf(question, segments),
        }
    }

    /// The same route, which looks at these names of the query.
    pub(super) const fn asks(mut self, query: &'static str) -> Self {
        self.query = query;
        self
    }

    /// Its methods.
    pub(super) fn methods(&self) -> impl Iterator<Item = &'static str> + use<> {
        self.methods.split(' ')
    }

    /// Its path, with the names of what is left open in braces.
    pub(super) fn path(&self) -> String {
        self.pattern.replace("{int:", "{").replace("{path:", "{")
    }

    /// What is left open in its path: names, and whether only digits fit.
    pub(super) fn open(&self) -> impl Iterator<Item = (&'static str, bool)> + use<> {
        self.pattern.split('/').filter_map(|part| {
            let name = part.strip_prefix('{')?.strip_suffix('}')?;
            Some(match name.split_once(':') {
                Some((kind, name)) => (name, kind == "int"),
                None => (name, false),
            })
        })
    }

    /// The names of the query that it looks at.
    pub(super) fn query(&self) -> impl Iterator<Item = &'static str> + use<> {
        self.query.split_whitespace()
    }

    /// What it answers.
    pub(super) fn summary(&self) -> &'static str {
        self.summary
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

/// The route for a request. Slashes that begin a path are as good as one.
pub(super) fn find<'a>(routes: &'static [Route], method: &str, path: &'a str) -> Found<'a> {
    let path = path.find(|letter| letter != '/').map_or("/", |behind| &path[behind.saturating_sub(1)..]);
    let mut allow: Vec<&str> = Vec::new();
    for route in routes {
        let Some(segments) = matched(route.pattern, path) else { continue };
        if method != "OPTIONS" && route.methods.split(' ').any(|known| known == method) {
            return Found::Route(route, segments);
        }
        allow.extend(route.methods.split(' '));
    }
    match (allow.is_empty(), method) {
        (true, _) => {
            let merged = path.split('/').filter(|part| !part.is_empty()).collect::<Vec<_>>().join("/");
            let merged = format!("/{merged}{}", if path.ends_with('/') { "/" } else { "" });
            let is = merged != path && routes.iter().any(|route| matched(route.pattern, &merged).is_some());
            if is { Found::Merged(merged) } else { Found::Nothing }
        }
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
            _ if part.starts_with("{path:") => (rest, None),
            Some((segment, behind)) => (segment, Some(behind)),
            None => (rest, None),
        };
        match part {
            open if open.starts_with('{') => {
                let digits = open.starts_with("{int:");
                let fits = !digits || segment.bytes().all(|byte| byte.is_ascii_digit());
                if !fits || segment.is_empty() || segment.starts_with('/') {
                    return None;
                }
                segments.push(segment)?;
            }
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
    fn slashes_that_say_nothing_are_taken_away() {
        const ROUTES: &[Route] = &[now("GET", "/a/{path:b}", "", |_, _| Answer::new(200))];
        let found = |path| match find(ROUTES, "GET", path) {
            Found::Route(_, segments) => format!("{:?}", segments.as_slice()),
            Found::Merged(path) => path,
            _ => String::new(),
        };
        for (path, expected) in [
            ("/a/b", "[\"b\"]"),
            ("//a/b", "[\"b\"]"),
            ("/a//b//c/", "/a/b/c/"),
            ("/b//c", ""),
            ("//", ""),
            ("", ""),
        ] {
            assert_eq!(found(path), expected, "{path}");
        }
    }

    #[test]
    fn paths_fit_patterns() {
        for (pattern, path, expected) in [
            ("/", "/", Some(&[][..])),
            ("/get", "/get", Some(&[])),
            ("/get", "/get/", None),
            ("/get", "/gets", None),
            ("/get", "get", None),
            ("/a/{b}/{int:c}", "/a/b/12", Some(&["b", "12"])),
            ("/a/{b}/{int:c}", "/a/b/-1", None),
            ("/a/{b}/{int:c}", "/a//1", None),
            ("/a/{b}", "/a", None),
            ("/a/{b}", "/a/b/c", None),
            ("/a/{path:b}", "/a/b/c/", Some(&["b/c/"])),
            ("/a/{path:b}", "/a/", None),
            ("/a/{path:b}", "/a//b", None),
            ("/a/{path:b}", "/a/b//c", Some(&["b//c"])),
            ("/{a}/{b}/{c}/{d}/{e}/{f}", "/1/2/3/4/5/6", None),
        ] {
            let found = matched(pattern, path);
            assert_eq!(found.as_ref().map(Segments::as_slice), expected, "{pattern} {path}");
        }
    }
}
