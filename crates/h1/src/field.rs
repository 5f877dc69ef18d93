//! One field line of a head (RFC 9112 §5), as offsets; and the names that decide something.

/// Where a field stands in the buffer its head was parsed from.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Field {
    pub(crate) name: (u32, u32),
    pub(crate) value: (u32, u32),
    /// Behind the line's CRLF.
    pub(crate) line_end: u32,
    pub(crate) known: Known,
    /// Whether nothing but one space, or none, surrounds the value. Some programs do not take a tab for whitespace,
    /// so the line is written anew for the next hop otherwise.
    pub(crate) tidy: bool,
}

impl Field {
    /// The name, in the case it was sent in.
    #[must_use]
    pub fn name<'a>(&self, bytes: &'a [u8]) -> &'a [u8] {
        slice(bytes, self.name)
    }

    /// The value, without the whitespace around it. It may hold any byte from 0x80 (RFC 9110 §5.5, obs-text).
    #[must_use]
    pub fn value<'a>(&self, bytes: &'a [u8]) -> &'a [u8] {
        slice(bytes, self.value)
    }

    /// Which name it is, if it is one that decides something here.
    #[must_use]
    pub fn known(&self) -> Known {
        self.known
    }
}

/// What a range of offsets covers.
pub(crate) fn slice(bytes: &[u8], range: (u32, u32)) -> &[u8] {
    &bytes[range.0 as usize..range.1 as usize]
}

/// The names of fields that decide framing, routing or forwarding.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[repr(u8)]
pub enum Known {
    /// Any other.
    Other,
    /// RFC 9110 §7.2
    Host,
    /// RFC 9110 §7.6.1
    Connection,
    /// RFC 9110 §8.6
    ContentLength,
    /// RFC 9112 §6.1
    TransferEncoding,
    /// RFC 9110 §10.1.4
    Te,
    /// RFC 9110 §6.6.2
    Trailer,
    /// RFC 9110 §7.8
    Upgrade,
    /// RFC 9110 §7.6.3
    Via,
    /// RFC 9110 §10.1.1
    Expect,
    /// RFC 9110 §8.3
    ContentType,
    /// RFC 9112 §C.2.2
    KeepAlive,
    /// RFC 9112 §C.2.2
    ProxyConnection,
    /// `Forwarded` (RFC 7239), and every `X-Forwarded…`, also with underscores: programs behind a CGI-like interface
    /// cannot tell `X_Forwarded_For` from the real one.
    Forwarded,
    /// `Content_Length` and `Transfer_Encoding`, which the same programs take for the framing.
    Lookalike,
}

impl Known {
    /// Tells a name, in whatever case.
    #[must_use]
    pub fn of(name: &[u8]) -> Self {
        let is = |known: &[u8]| name.eq_ignore_ascii_case(known);
        match name.len() {
            2 if is(b"te") => Self::Te,
            3 if is(b"via") => Self::Via,
            4 if is(b"host") => Self::Host,
            6 if is(b"expect") => Self::Expect,
            7 if is(b"upgrade") => Self::Upgrade,
            7 if is(b"trailer") => Self::Trailer,
            9 if is(b"forwarded") => Self::Forwarded,
            10 if is(b"connection") => Self::Connection,
            10 if is(b"keep-alive") => Self::KeepAlive,
            12 if is(b"content-type") => Self::ContentType,
            14 if is(b"content-length") => Self::ContentLength,
            14 if folds_to(name, b"content-length") => Self::Lookalike,
            16 if is(b"proxy-connection") => Self::ProxyConnection,
            17 if is(b"transfer-encoding") => Self::TransferEncoding,
            17 if folds_to(name, b"transfer-encoding") => Self::Lookalike,
            11.. if name[0] | 0x20 == b'x' && folds_to(&name[..11], b"x-forwarded") => Self::Forwarded,
            _ => Self::Other,
        }
    }

    /// Its bit in a set of names.
    pub(crate) const fn bit(self) -> u32 {
        1 << self as u8
    }
}

/// Whether a name is `lower` in another case or with underscores for hyphens.
fn folds_to(name: &[u8], lower: &[u8]) -> bool {
    let fold = |byte: &u8| if *byte == b'_' { b'-' } else { byte.to_ascii_lowercase() };
    name.len() == lower.len() && name.iter().map(fold).eq(lower.iter().copied())
}

/// The members of a comma-separated list (RFC 9110 §5.6.1), without the empty ones.
pub(crate) fn members(value: &[u8]) -> impl Iterator<Item = &[u8]> {
    value.split(|byte| *byte == b',').map(trimmed).filter(|member| !member.is_empty())
}

/// Without spaces and tabs at its ends (RFC 9110 §5.6.3, OWS).
fn trimmed(mut text: &[u8]) -> &[u8] {
    while let [b' ' | b'\t', rest @ ..] | [rest @ .., b' ' | b'\t'] = text {
        text = rest;
    }
    text
}

#[cfg(test)]
mod tests {
    use super::{Known, members};

    #[test]
    fn names_are_told_in_any_case() {
        let check = |name: &str, expected| assert_eq!(Known::of(name.as_bytes()), expected, "{name}");
        check("Host", Known::Host);
        check("hOST", Known::Host);
        check("TE", Known::Te);
        check("Content-Length", Known::ContentLength);
        check("content_length", Known::Lookalike);
        check("Transfer_Encoding", Known::Lookalike);
        check("Transfer-Encoding", Known::TransferEncoding);
        check("X-Forwarded-For", Known::Forwarded);
        check("x_forwarded_proto", Known::Forwarded);
        check("X-Forwarded", Known::Forwarded);
        check("X-Forward", Known::Other);
        check("Forwarded", Known::Forwarded);
        check("Content-Lengthy", Known::Other);
        check("", Known::Other);
    }

    #[test]
    fn lists_are_split() {
        let check = |value: &str, expected: &[&str]| {
            let found: Vec<_> = members(value.as_bytes()).collect();
            assert_eq!(found, expected.iter().map(|member| member.as_bytes()).collect::<Vec<_>>(), "{value}");
        };
        check("", &[]);
        check("close", &["close"]);
        check(" a ,\tb\t,, c", &["a", "b", "c"]);
        check(" \t ", &[]);
    }
}
