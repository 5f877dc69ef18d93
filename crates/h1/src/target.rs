//! The four forms of a request target (RFC 9112 §3.2).

use crate::{Authority, Reject, Verb};

/// The form of a target, with offsets into it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Form {
    /// `/path?query` (RFC 9112 §3.2.1).
    #[default]
    Origin,
    /// `http://host/path?query` (RFC 9112 §3.2.2).
    Absolute {
        /// Where the authority starts: behind `//`.
        authority: u32,
        /// Where it ends, and the path or query starts, if there is one.
        path: u32,
        /// The port of a URL that has none: 80 or 443.
        port: u16,
    },
    /// `host:port` (RFC 9112 §3.2.3).
    Authority,
    /// `*` (RFC 9112 §3.2.4).
    Asterisk,
}

impl Form {
    /// Tells the form. What fits none of them is refused, and so are a fragment, which a target never has, and bytes
    /// beyond ASCII: programs differ on both.
    pub(crate) fn of(verb: Verb, target: &[u8]) -> Result<Self, Reject> {
        const BAD: Reject = Reject::new(400, "the request target has none of the four forms");
        if !target.is_ascii() || target.contains(&b'#') {
            return Err(Reject::new(400, "the request target has a byte that must be percent-encoded"));
        }
        match (verb, target) {
            // RFC 9112 §3.2.3: "When making a CONNECT request […] a client MUST send only the host and port".
            (Verb::Connect, _) => match Authority::parse(target) {
                Some(Authority { port: Some(_), .. }) => Ok(Self::Authority),
                _ => Err(Reject::new(400, "the target of connect is not `host:port`")),
            },
            (_, [b'/', ..]) => Ok(Self::Origin),
            // RFC 9112 §3.2.4: "The asterisk-form of request-target is only used for a server-wide OPTIONS request".
            (Verb::Options, b"*") => Ok(Self::Asterisk),
            _ => Self::absolute(target).ok_or(BAD),
        }
    }

    fn absolute(target: &[u8]) -> Option<Self> {
        let starts =
            |scheme: &[u8]| target.get(..scheme.len()).is_some_and(|it| it.eq_ignore_ascii_case(scheme));
        let (authority, port) = match () {
            () if starts(b"http://") => (7, 80),
            () if starts(b"https://") => (8, 443),
            () => return None,
        };
        let length = target[authority..].iter().position(|byte| matches!(byte, b'/' | b'?'));
        let path = length.map_or(target.len(), |length| authority + length);
        Authority::parse(&target[authority..path])?;
        // `http://a?b` is a URL, and nothing that browsers send: they write `http://a/?b`. Programs differ on it.
        if target.get(path) == Some(&b'?') {
            return None;
        }
        Some(Self::Absolute { authority: offset(authority), path: offset(path), port })
    }

    /// The target that an origin server is sent (RFC 9112 §3.2.1): path and query, or what has neither as it is.
    pub(crate) fn origin<'a>(&self, verb: Verb, target: &'a [u8]) -> &'a [u8] {
        let Self::Absolute { path, .. } = self else { return target };
        match (&target[*path as usize..], verb) {
            // RFC 9112 §3.2.4: "If a proxy receives an OPTIONS request with an absolute-form of request-target in
            // which the URI has an empty path and no query component, then the last proxy on the request chain MUST
            // send a request-target of "*"".
            (b"", Verb::Options) => b"*",
            (b"", _) => b"/",
            (path, _) => path,
        }
    }
}

/// A position in a head, whose length is limited to 32 bits.
fn offset(at: usize) -> u32 {
    u32::try_from(at).unwrap_or(u32::MAX)
}

#[cfg(test)]
mod tests {
    use super::Form;
    use crate::Verb;

    #[test]
    fn forms_are_told_and_made_origin_form() {
        let check = |verb, target: &str, expected: Option<&str>| {
            let form = Form::of(verb, target.as_bytes()).ok();
            let origin = form.map(|form| form.origin(verb, target.as_bytes()));
            assert_eq!(origin, expected.map(str::as_bytes), "{verb:?} {target}");
        };
        check(Verb::Get, "/", Some("/"));
        check(Verb::Get, "/a?b=|{}\"<>", Some("/a?b=|{}\"<>"));
        check(Verb::Get, "//a/b", Some("//a/b"));
        check(Verb::Get, "http://a", Some("/"));
        check(Verb::Get, "HTTP://a:80/b?c", Some("/b?c"));
        check(Verb::Get, "https://[::1]/?c", Some("/?c"));
        check(Verb::Options, "*", Some("*"));
        check(Verb::Options, "http://a", Some("*"));
        check(Verb::Options, "http://a/", Some("/"));
        check(Verb::Connect, "a:443", Some("a:443"));
        for target in [
            "*",
            "a",
            "a:443",
            "http://",
            "http:///a",
            "http:/a",
            "ftp://a/",
            "http://a?c",
            "http://u@a/",
            "/#",
            "/\u{fc}",
        ] {
            check(Verb::Get, target, None);
        }
        for target in ["a", "/", "*", "http://a:80", "u@a:80", "a:"] {
            check(Verb::Connect, target, None);
        }
        check(Verb::Options, "**", None);
    }
}
