//! What an upstream is told about the client: X-Forwarded-For, -Proto and -Host, and Forwarded (RFC 7239).

use std::net::IpAddr;

/// How a client reached us.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Scheme {
    /// Without TLS.
    Http,
    /// With TLS.
    Https,
}

impl Scheme {
    /// As it stands in a URL.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Http => "http",
            Self::Https => "https",
        }
    }

    /// The port that a URL without one means (RFC 9110 §4.2).
    #[must_use]
    pub fn port(self) -> u16 {
        match self {
            Self::Http => 80,
            Self::Https => 443,
        }
    }
}

/// The client of one connection. Written once when it connects, and copied into each of its requests.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Client {
    /// Every line that does not depend on the request, the last one open.
    lines: Vec<u8>,
}

impl Client {
    /// A client at that address. A mapped one is written as the IPv4 address that it is.
    #[must_use]
    pub fn new(address: IpAddr, scheme: Scheme) -> Self {
        let address = address.to_canonical();
        let scheme = scheme.as_str();
        // RFC 7239 §6: "an IPv6 address is always enclosed in square brackets", and then needs quotes.
        let node = match address {
            IpAddr::V4(address) => address.to_string(),
            IpAddr::V6(address) => format!("\"[{address}]\""),
        };
        let lines = format!(
            "X-Forwarded-For: {address}\r\nX-Forwarded-Proto: {scheme}\r\nForwarded: for={node};proto={scheme}"
        );
        Self { lines: lines.into_bytes() }
    }

    /// Writes the fields of one request for that host. A host cannot contain a quote.
    pub(super) fn write(&self, host: Option<&[u8]>, out: &mut Vec<u8>) {
        out.extend_from_slice(&self.lines);
        let Some(host) = host else { return out.extend_from_slice(b"\r\n") };
        for part in [b";host=\"", host, b"\"\r\nX-Forwarded-Host: ", host, b"\r\n"] {
            out.extend_from_slice(part);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::{Client, Scheme};

    #[test]
    fn clients_are_described() {
        let check = |address: &str, scheme, host: Option<&str>, expected: &str| {
            let mut out = Vec::new();
            let client = Client::new(address.parse().expect("an address"), scheme);
            client.write(host.map(str::as_bytes), &mut out);
            assert_eq!(String::from_utf8(out).expect("ASCII").replace("\r\n", "|"), expected);
        };
        check(
            "127.0.0.1",
            Scheme::Http,
            Some("a.localhost:62893"),
            "X-Forwarded-For: 127.0.0.1|X-Forwarded-Proto: http|\
             Forwarded: for=127.0.0.1;proto=http;host=\"a.localhost:62893\"|X-Forwarded-Host: a.localhost:62893|",
        );
        check(
            "::1",
            Scheme::Https,
            None,
            "X-Forwarded-For: ::1|X-Forwarded-Proto: https|Forwarded: for=\"[::1]\";proto=https|",
        );
        check(
            "::ffff:127.0.0.1",
            Scheme::Http,
            None,
            "X-Forwarded-For: 127.0.0.1|X-Forwarded-Proto: http|Forwarded: for=127.0.0.1;proto=http|",
        );
    }
}
