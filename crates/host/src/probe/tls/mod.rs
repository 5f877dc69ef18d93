//! TLS: a greeting of version 1.2 is answered by the certificate in clear.
//!
//! Version 1.3 is deliberately not offered: it encrypts the certificate. A server that speaks nothing else
//! says so in an alert, which is recognised too. Nothing is verified here: this is what the server shows, not
//! whether to trust it.

mod certificate;

use super::{
    answer,
    leaf::{Found, Probe, Turn, Verdict},
    text,
};

/// Transport Layer Security.
pub(super) struct Tls;

/// ClientHello of TLS 1.2 (RFC 5246 §7.4.1.2). Its random bytes are fixed, so that the plan can show them;
/// the handshake never comes to keys.
#[rustfmt::skip]
pub(crate) const CLIENT_HELLO: &[u8] =
    b"\x16\x03\x01\x00\xb2\x01\x00\x00\xae\x03\x03\
      navyd asks what is spoken here..\
      \x00\
      \x00\x26\xc0\x2b\xc0\x2f\xc0\x2c\xc0\x30\xcc\xa9\xcc\xa8\xc0\x09\xc0\x13\xc0\x0a\xc0\x14\x00\x9e\x00\x9f\
      \xcc\xaa\x00\x9c\x00\x9d\x00\x2f\x00\x35\x00\x33\x00\x39\
      \x01\x00\
      \x00\x5f\
      \x00\x00\x00\x0e\x00\x0c\x00\x00\x09localhost\
      \x00\x17\x00\x00\
      \xff\x01\x00\x01\x00\
      \x00\x0a\x00\x0a\x00\x08\x00\x1d\x00\x17\x00\x18\x00\x19\
      \x00\x0b\x00\x02\x01\x00\
      \x00\x10\x00\x0e\x00\x0c\x02h2\x08http/1.1\
      \x00\x0d\x00\x1a\x00\x18\x04\x03\x05\x03\x06\x03\x08\x04\x08\x05\x08\x06\x08\x07\x04\x01\x05\x01\x06\x01\x02\x03\x02\x01";

/// Two alerts (RFC 5246 §7.2): the user has cancelled, and the connection closes.
pub(crate) const CANCEL: &[u8] = b"\x15\x03\x03\x00\x02\x01\x5a\x15\x03\x03\x00\x02\x01\x00";

/// Alerts of RFC 8446 §6 that a server may answer a greeting with.
const ALERTS: &[(u8, &str)] = &[
    (40, "handshake_failure"),
    (47, "illegal_parameter"),
    (70, "protocol_version"),
    (71, "insufficient_security"),
    (80, "internal_error"),
    (86, "inappropriate_fallback"),
    (112, "unrecognized_name"),
    (120, "no_application_protocol"),
];

/// The alert of a server that speaks no version offered.
const PROTOCOL_VERSION: u8 = 70;

impl Probe for Tls {
    fn name(&self) -> &'static str {
        "TLS"
    }

    fn turn(&self) -> Turn {
        Turn::Asks
    }

    fn ports(&self) -> &'static [u16] {
        &[443, 465, 636, 853, 993, 995, 6443, 8443]
    }

    fn sends(&self) -> &'static [u8] {
        CLIENT_HELLO
    }

    fn farewell(&self) -> &'static [u8] {
        CANCEL
    }

    fn invited(&self, reply: &[u8]) -> bool {
        answer::wants_tls(reply) || Flight::read(reply).is_some_and(|flight| flight.alert.is_some())
    }

    fn recognise(&self, reply: &[u8], ended: bool) -> Verdict {
        let Some(flight) = Flight::read(reply) else {
            return if reply.len() < 5 && !ended { Verdict::More } else { Verdict::No };
        };
        if !flight.is_whole() && !ended {
            return Verdict::More;
        }
        Verdict::from_found(flight.found())
    }
}

/// What a server's first records say, as far as they came.
#[derive(Debug, Default)]
pub(crate) struct Flight {
    /// The version chosen, such as 0x0303.
    version: Option<u16>,
    /// The application protocol chosen.
    alpn: Option<Vec<u8>>,
    /// The server's own certificate, in DER.
    pub(crate) certificate: Option<Vec<u8>>,
    /// Whether it asks the caller for one.
    wants_certificate: bool,
    /// Whether all came.
    done: bool,
    /// A fatal alert.
    alert: Option<u8>,
}

impl Flight {
    /// Reads records; `None` where the bytes are none.
    pub(crate) fn read(mut bytes: &[u8]) -> Option<Self> {
        let mut flight = Self::default();
        let mut messages = Vec::new();
        let mut records = 0;
        while let Some((head, rest)) = bytes.split_first_chunk::<5>() {
            let length = usize::from(u16::from_be_bytes([head[3], head[4]]));
            // RFC 5246 §6.2.1: the length must not exceed 2^14; an empty handshake record is not allowed either.
            if !matches!(head[0], 21 | 22) || head[1] != 3 || head[2] > 4 || length == 0 || length > 1 << 14 {
                return (records > 0).then_some(flight);
            }
            let body = &rest[..length.min(rest.len())];
            match (head[0], body) {
                (22, _) => messages.extend_from_slice(body),
                (21, [2, description]) if length == 2 => flight.alert = Some(*description),
                (21, [1, _]) if length == 2 => {}
                (21, _) => return None,
                _ => {}
            }
            records += 1;
            bytes = &rest[body.len()..];
        }
        flight.read_messages(&messages)?;
        (records > 0).then_some(flight)
    }

    /// Whether the server has chosen a version: then it goes on, and is told that nobody does.
    pub(crate) fn is_open(&self) -> bool {
        self.version.is_some() && self.alert.is_none()
    }

    /// Whether it has come to its end, where that can be told before the peer closes.
    pub(crate) fn is_whole(&self) -> bool {
        self.done || self.alert.is_some()
    }

    /// Handshake messages: a type, a length in three bytes, a body. The first must be ServerHello.
    fn read_messages(&mut self, mut messages: &[u8]) -> Option<()> {
        if messages.first().is_some_and(|kind| *kind != 2) {
            return None;
        }
        while let Some((head, rest)) = messages.split_first_chunk::<4>() {
            let length = u32::from_be_bytes([0, head[1], head[2], head[3]]) as usize;
            let Some((body, after)) = rest.split_at_checked(length) else { break };
            match head[0] {
                2 => self.read_hello(body)?,
                11 => self.certificate = first_certificate(body),
                13 => self.wants_certificate = true,
                14 => self.done = true,
                _ => {}
            }
            messages = after;
        }
        Some(())
    }

    /// Version, 32 random bytes, session, cipher suite, compression, extensions.
    fn read_hello(&mut self, body: &[u8]) -> Option<()> {
        let (version, rest) = body.split_first_chunk::<2>()?;
        let (session, rest) = rest.get(32..)?.split_first()?;
        let rest = rest.get(usize::from(*session) + 3..)?;
        self.version =
            Some(u16::from_be_bytes(*version)).filter(|version| (0x0300..=0x0304).contains(version));
        self.version?;
        let mut extensions = rest.get(2..).unwrap_or_default();
        while let Some((head, rest)) = extensions.split_first_chunk::<4>() {
            let length = usize::from(u16::from_be_bytes([head[2], head[3]]));
            let (body, after) = rest.split_at_checked(length)?;
            // RFC 7301 §3.1: the list "MUST contain exactly one ProtocolName".
            if head[..2] == [0, 16] {
                self.alpn = body.get(3..).map(<[u8]>::to_vec);
            }
            extensions = after;
        }
        Some(())
    }

    fn found(&self) -> Option<Found> {
        let detail = match (self.version, self.alert) {
            (Some(version), _) => text::join([
                Some(name_of(version).to_owned()),
                self.alpn.as_deref().map(|alpn| format!("ALPN {}", text::line(alpn))),
                self.certificate.as_deref().map(|der| match certificate::describe(der) {
                    Some(words) => words,
                    None => "a certificate that cannot be read".to_owned(),
                }),
                self.wants_certificate.then(|| "asks for a client certificate".to_owned()),
            ]),
            (None, Some(PROTOCOL_VERSION)) => Some("TLS 1.3 only, certificate not shown".to_owned()),
            (None, Some(alert)) => {
                let (_, name) = ALERTS.iter().find(|(number, _)| *number == alert)?;
                Some(format!("refuses the greeting: {name}"))
            }
            (None, None) => return None,
        };
        Some(Found::new("TLS", detail))
    }
}

/// The first certificate of the list: the server's own (RFC 5246 §7.4.2).
fn first_certificate(body: &[u8]) -> Option<Vec<u8>> {
    let (head, rest) = body.get(3..)?.split_first_chunk::<3>()?;
    let length = u32::from_be_bytes([0, head[0], head[1], head[2]]) as usize;
    rest.get(..length).map(<[u8]>::to_vec)
}

fn name_of(version: u16) -> &'static str {
    match version {
        0x0300 => "SSL 3.0",
        0x0301 => "TLS 1.0",
        0x0302 => "TLS 1.1",
        0x0303 => "TLS 1.2",
        _ => "TLS 1.3",
    }
}

#[cfg(test)]
pub(super) mod tests {
    use super::{super::leaf::tests::check, *};

    /// ServerHello with ALPN h2, a certificate that is none, CertificateRequest, ServerHelloDone.
    pub(in super::super) const HELLO_1_2: &[u8] = b"\x16\x03\x03\x00\x48\x02\x00\x00\x2f\x03\x03\
        0123456789abcdef0123456789abcdef\x00\xc0\x2f\x00\x00\x07\x00\x10\x00\x03\x00\x01\x00\
        \x0b\x00\x00\x08\x00\x00\x05\x00\x00\x02\x30\x00\x0d\x00\x00\x01\x00\x0e\x00\x00\x00";

    #[test]
    fn the_greeting_is_as_long_as_it_says() {
        let two = |at: usize| usize::from(u16::from_be_bytes([CLIENT_HELLO[at], CLIENT_HELLO[at + 1]]));
        assert_eq!(two(3), CLIENT_HELLO.len() - 5, "record");
        assert_eq!(two(7), CLIENT_HELLO.len() - 9, "message");
        let suites = two(44);
        assert_eq!(two(46 + suites + 2), CLIENT_HELLO.len() - (46 + suites + 4), "extensions");
    }

    #[test]
    fn answers() {
        let alert = |number: u8| [0x15, 3, 1, 0, 2, 2, number];
        check(
            &Tls,
            &[
                (&alert(70), Some(("TLS", Some("TLS 1.3 only, certificate not shown")))),
                (&alert(40), Some(("TLS", Some("refuses the greeting: handshake_failure")))),
                (&alert(99), None),
                (b"\x15\x03\x01\x00\x02\x03\x46", None),
                (b"\x16\x03\x01\x00\x00", None),
                (b"\x16\x03\x09\x00\x02\x02\x00", None),
                (b"\x16\x03\x03\x00\x04\x01\x00\x00\x00", None),
                (b"HTTP/1.1 400 Bad Request\r\n\r\n", None),
                (b"N", None),
            ],
        );
    }

    #[test]
    fn a_flight() {
        let flight = Flight::read(HELLO_1_2).unwrap();
        assert_eq!(flight.version, Some(0x0303));
        assert!(flight.wants_certificate && flight.done);
        assert_eq!(flight.certificate.as_deref(), Some(&b"\x30\x00"[..]));
        assert_eq!(Tls.recognise(&HELLO_1_2[..60], false), Verdict::More);
    }

    #[test]
    fn https_ports_invite() {
        assert!(
            Tls.invited(b"HTTP/1.0 400 Bad Request\r\n\r\nClient sent an HTTP request to an HTTPS server.\n")
        );
        assert!(Tls.invited(b"\x15\x03\x01\x00\x02\x02\x46"));
        assert!(!Tls.invited(b"HTTP/1.0 400 Bad Request\r\n\r\n"));
    }
}
