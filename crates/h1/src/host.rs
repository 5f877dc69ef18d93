//! A host and its port, as the Host field and the request target carry them (RFC 9110 §7.2, RFC 3986 §3.2).
//!
//! Stricter than RFC 3986: no user information, no percent-encoding, no zone, no empty port, and only the characters
//! that host names have. What is left is safe to write into another field, into a log and into a page.
//! Deliberately absent: any look-up, and any judgement of which hosts exist.

use std::net::Ipv6Addr;

/// A host, and a port if there was one. Equal when the hosts differ in case only, and the ports are equal.
#[derive(Debug, Clone, Copy)]
pub struct Authority<'a> {
    /// A name or an address in the case it was sent in, without the dot at the end that makes a name absolute
    /// (RFC 1034 §3.1). An IPv6 address has its brackets.
    pub host: &'a str,
    /// The port that was written.
    pub port: Option<u16>,
}

impl<'a> Authority<'a> {
    /// Reads `host`, `host:port`, `[address]` or `[address]:port`; `None` for anything else.
    #[must_use]
    pub fn parse(bytes: &'a [u8]) -> Option<Self> {
        let (host, port) = match bytes.first()? {
            b'[' => {
                let end = bytes.iter().position(|byte| *byte == b']')? + 1;
                std::str::from_utf8(&bytes[1..end - 1]).ok()?.parse::<Ipv6Addr>().ok()?;
                bytes.split_at(end)
            }
            _ => {
                let end = bytes.iter().position(|byte| *byte == b':').unwrap_or(bytes.len());
                let (name, port) = bytes.split_at(end);
                let name = name.strip_suffix(b".").unwrap_or(name);
                is_name(name).then_some((name, port))?
            }
        };
        let port = match port {
            [] => None,
            [b':', digits @ ..] => Some(number(digits)?),
            _ => return None,
        };
        Some(Self { host: std::str::from_utf8(host).ok()?, port })
    }

    /// The host in lower case, written behind what `out` holds: the form in which hosts are compared and looked up.
    pub fn normalise(&self, out: &mut String) {
        out.extend(self.host.chars().map(|char| char.to_ascii_lowercase()));
    }

    /// Whether two authorities are the same, with `default` for the port that one of them leaves out.
    #[must_use]
    pub fn is(&self, other: &Authority<'_>, default: u16) -> bool {
        self.host.eq_ignore_ascii_case(other.host)
            && self.port.unwrap_or(default) == other.port.unwrap_or(default)
    }
}

impl PartialEq for Authority<'_> {
    fn eq(&self, other: &Self) -> bool {
        self.host.eq_ignore_ascii_case(other.host) && self.port == other.port
    }
}

impl Eq for Authority<'_> {}

/// RFC 1123 §2.1: labels of letters, digits and hyphens; underscores too, because container engines name hosts with
/// them. RFC 1035 §2.3.4: a label has at most 63 bytes, and a name what 253 characters hold.
fn is_name(name: &[u8]) -> bool {
    let allowed = |byte: &u8| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_');
    name.len() <= 253
        && name
            .split(|byte| *byte == b'.')
            .all(|label| matches!(label.len(), 1..=63) && label.iter().all(allowed))
}

/// A port: one to five digits.
fn number(digits: &[u8]) -> Option<u16> {
    if !matches!(digits.len(), 1..=5) || !digits.iter().all(u8::is_ascii_digit) {
        return None;
    }
    let port = digits.iter().fold(0u32, |port, digit| port * 10 + u32::from(digit - b'0'));
    u16::try_from(port).ok()
}

#[cfg(test)]
mod tests {
    use super::Authority;

    #[test]
    fn hosts_are_normalised() {
        let check = |text: &str, host: &str, port| {
            let authority = Authority::parse(text.as_bytes()).unwrap_or_else(|| panic!("{text} is refused"));
            let mut normal = String::new();
            authority.normalise(&mut normal);
            assert_eq!((normal.as_str(), authority.port), (host, port), "{text}");
        };
        check("app.localhost", "app.localhost", None);
        check("App.LocalHost.", "app.localhost", None);
        check("app.localhost.:62893", "app.localhost", Some(62893));
        check("my_container:0", "my_container", Some(0));
        check("127.0.0.1:80", "127.0.0.1", Some(80));
        check("[::1]", "[::1]", None);
        check("[FE80::1]:443", "[fe80::1]", Some(443));
        check("xn--bcher-kva.test", "xn--bcher-kva.test", None);
        check(&"a".repeat(63), &"a".repeat(63), None);
    }

    #[test]
    fn anything_else_is_refused() {
        let long = "a.".repeat(128);
        let label = "a".repeat(64);
        for text in [
            "",
            ".",
            "..",
            "a..b",
            ".a",
            "a..",
            ":80",
            "a:",
            "a:80:80",
            "a:65536",
            "a:+80",
            "a: 80",
            "a:8_0",
            "a:000080",
            "a b",
            "a,b",
            "a/b",
            "a@b",
            "u:p@a",
            "a?b",
            "a#b",
            "a%62",
            "a\\b",
            "a;b",
            "a'b",
            "*",
            "a\t",
            "[::1",
            "::1",
            "[::1]80",
            "[::1]:",
            "[]",
            "[127.0.0.1]",
            "[::1%25lo]",
            "[v1.x]",
            "[[::1]]",
            "b\u{fc}cher",
            "a\0",
            &long,
            &label,
        ] {
            assert_eq!(Authority::parse(text.as_bytes()), None, "{text:?}");
        }
    }

    #[test]
    fn a_port_left_out_is_the_default_one() {
        let check = |one: &str, other: &str, expected| {
            let [one, other] =
                [one, other].map(|text| Authority::parse(text.as_bytes()).expect("both are hosts"));
            assert_eq!(one.is(&other, 80), expected, "{one:?} {other:?}");
        };
        check("a", "A.", true);
        check("a", "a:80", true);
        check("a:80", "a:81", false);
        check("a", "a:443", false);
        check("a", "b", false);
    }
}
