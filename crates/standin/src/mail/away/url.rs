//! An address of HTTP or HTTPS, as far as asking it needs (RFC 3986).
//!
//! Pure. Deliberately absent: users and passwords in an address, which a message could use to look like another.

/// Where a request goes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Url {
    /// Whether it is of HTTPS.
    pub secure: bool,
    /// The host and, where it was written, its port.
    pub authority: String,
    /// The host alone, without brackets.
    pub host: String,
    /// The port.
    pub port: u16,
    /// Path and query.
    pub target: String,
}

impl Url {
    /// From an address with `http://` or `https://`; `None` where it is none.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        let (scheme, rest) = text.split_once("://")?;
        let secure = match scheme.to_ascii_lowercase().as_str() {
            "http" => false,
            "https" => true,
            _ => return None,
        };
        if text.chars().any(|letter| letter.is_control() || letter.is_whitespace()) {
            return None;
        }
        let rest = rest.split('#').next().unwrap_or_default();
        let (authority, target) = rest.split_at(rest.find(['/', '?']).unwrap_or(rest.len()));
        let (host, port) = host_and_port(authority)?;
        let target = if target.starts_with('/') { target.to_owned() } else { format!("/{target}") };
        Some(Self {
            secure,
            authority: authority.to_owned(),
            host: host.to_owned(),
            port: port.unwrap_or(if secure { 443 } else { 80 }),
            target: encoded(&target),
        })
    }

    /// Where something at this address leads to (RFC 3986 §5.2): an address of its own, or one that is relative to this.
    #[must_use]
    pub fn join(&self, reference: &str) -> Option<Self> {
        let reference = reference.split('#').next().unwrap_or_default();
        let scheme = if self.secure { "https" } else { "http" };
        let path = self.target.split('?').next().unwrap_or_default();
        let folder = &path[..=path.rfind('/').unwrap_or_default()];
        let front = format!("{scheme}://{}", self.authority);
        match reference.bytes().next() {
            _ if reference.starts_with("//") => Self::parse(&format!("{scheme}:{reference}")),
            _ if has_scheme(reference) => Self::parse(reference),
            Some(b'/') => Self::parse(&format!("{front}{reference}")),
            Some(b'?') => Self::parse(&format!("{front}{path}{reference}")),
            Some(_) => Self::parse(&format!("{front}{}", without_dots(&format!("{folder}{reference}")))),
            None => Some(self.clone()),
        }
    }
}

/// Host and port of `host`, `host:port`, `[address]` or `[address]:port`; the host without brackets.
pub(in crate::mail) fn host_and_port(text: &str) -> Option<(&str, Option<u16>)> {
    let (host, port) = match text.strip_prefix('[') {
        Some(rest) => {
            let (host, behind) = rest.split_once(']')?;
            host.parse::<std::net::Ipv6Addr>().ok()?;
            (host, if behind.is_empty() { None } else { Some(behind.strip_prefix(':')?) })
        }
        None => text.split_once(':').map_or((text, None), |(host, port)| (host, Some(port))),
    };
    let fits = |letter: char| letter.is_alphanumeric() || matches!(letter, '-' | '.' | '_' | ':');
    if host.is_empty() || !host.chars().all(fits) {
        return None;
    }
    // `http://host:/` names no port (RFC 3986 §3.2.3).
    let port = match port.filter(|port| !port.is_empty()) {
        Some(port) => Some(port.parse().ok().filter(|port| *port > 0)?),
        None => None,
    };
    Some((host, port))
}

fn has_scheme(reference: &str) -> bool {
    let scheme = reference.split_once(':').map_or("", |(scheme, _)| scheme);
    scheme.starts_with(|letter: char| letter.is_ascii_alphabetic())
        && scheme.bytes().all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'+' | b'-' | b'.'))
}

/// A path without `.` and `..` (RFC 3986 §5.2.4); the query stays as it is.
fn without_dots(target: &str) -> String {
    let (path, query) = target.split_at(target.find('?').unwrap_or(target.len()));
    let mut kept: Vec<&str> = Vec::new();
    for segment in path.split('/').skip(1) {
        match segment {
            "." => {}
            ".." => drop(kept.pop()),
            segment => kept.push(segment),
        }
    }
    if path.ends_with("/.") || path.ends_with("/..") {
        kept.push("");
    }
    format!("/{}{query}", kept.join("/"))
}

/// What no request may have in its first line, escaped.
fn encoded(target: &str) -> String {
    let letter = |letter: char| {
        let mut bytes = [0; 4];
        let text = letter.encode_utf8(&mut bytes);
        if letter.is_ascii() {
            return text.to_owned();
        }
        text.bytes().map(|byte| format!("%{byte:02X}")).collect()
    };
    target.chars().map(letter).collect()
}

#[cfg(test)]
mod tests {
    use super::Url;

    #[test]
    fn addresses_are_taken_apart() {
        for (text, expected) in [
            ("http://localhost:3000/hook?x=1", Some((false, "localhost", 3000, "/hook?x=1"))),
            ("http://localhost", Some((false, "localhost", 80, "/"))),
            ("HTTPS://host:/", Some((true, "host", 443, "/"))),
            ("https://[::1]:3000?x", Some((true, "::1", 3000, "/?x"))),
            ("http://a/b?c#d", Some((false, "a", 80, "/b?c"))),
            ("http://a/ü", Some((false, "a", 80, "/%C3%BC"))),
            ("ftp://a/", None),
            ("http://", None),
            ("http:///x", None),
            ("http://user@host/", None),
            ("http://host:0/", None),
            ("http://host:x/", None),
            ("http://[::1/", None),
            ("http://[host]/", None),
            ("http://host/a b", None),
            ("http://host/\r\nX: y", None),
        ] {
            let url = Url::parse(text);
            let parts = url.as_ref().map(|url| (url.secure, &url.host[..], url.port, &url.target[..]));
            assert_eq!(parts, expected, "{text}");
        }
    }

    #[test]
    fn what_is_relative_leads_from_where_it_stands() {
        let base = Url::parse("https://a.example:8/b/c?d").unwrap();
        for (reference, expected) in [
            ("http://x.example/y", Some(("x.example", "/y"))),
            ("//x.example", Some(("x.example", "/"))),
            ("/y?z#f", Some(("a.example:8", "/y?z"))),
            ("?z", Some(("a.example:8", "/b/c?z"))),
            ("y/", Some(("a.example:8", "/b/y/"))),
            ("../../../y?../z", Some(("a.example:8", "/y?../z"))),
            ("..", Some(("a.example:8", "/"))),
            ("", Some(("a.example:8", "/b/c?d"))),
            ("file:///etc/passwd", None),
            ("javascript:alert(1)", None),
            ("//user@x.example/", None),
        ] {
            let url = base.join(reference);
            let parts = url.as_ref().map(|url| (&url.authority[..], &url.target[..]));
            assert_eq!(parts, expected, "{reference}");
        }
    }
}
