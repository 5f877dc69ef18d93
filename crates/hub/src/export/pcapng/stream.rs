//! The packets of one exchange.

use std::{
    borrow::Cow,
    net::{IpAddr, Ipv4Addr, SocketAddr},
};

use base64::{Engine as _, prelude::BASE64_STANDARD};
use navyd_model::exchange::{Message, Outcome, Piece, Protocol, Side};

use super::{
    super::Raw,
    packet::{Flags, tcp, udp},
};

/// A packet, and when it came, in microseconds since 1970.
pub(super) struct Packet {
    pub(super) at: i64,
    pub(super) bytes: Vec<u8>,
}

/// What fits into a packet with the longest headers.
const SEGMENT: usize = 65_000;

/// Ports of ends whose addresses nobody knows.
const SOME_CLIENT: u16 = 50_000;
const SOME_SERVER: u16 = 80;

/// The packets of an exchange; none for one of which no bytes are kept.
pub(super) fn packets(raw: &Raw) -> Vec<Packet> {
    let (client, server) = ends(raw);
    let said = said(raw);
    if said.is_empty() {
        return Vec::new();
    }
    if matches!(raw.exchange.summary.protocol, Protocol::Udp | Protocol::Dns) {
        let datagram = |Said { at, from, bytes, .. }: Said| Packet {
            at,
            bytes: match from {
                Side::Client => udp(client, server, &bytes[..bytes.len().min(SEGMENT)]),
                Side::Server => udp(server, client, &bytes[..bytes.len().min(SEGMENT)]),
            },
        };
        return said.into_iter().map(datagram).collect();
    }
    let began = raw.exchange.summary.started.as_microsecond();
    let mut wire = Wire { client, server, sent: [0, 0], out: Vec::new() };
    wire.send(began, Side::Client, Flags::SYN, &[]);
    wire.send(began, Side::Server, Flags::SYN_ACK, &[]);
    wire.send(began, Side::Client, Flags::ACK, &[]);
    let mut last = began;
    for Said { at, from, bytes, missing } in said {
        last = last.max(at);
        for segment in bytes.chunks(SEGMENT) {
            wire.send(last, from, Flags::PUSH, segment);
        }
        wire.send(last, from.other(), Flags::ACK, &[]);
        wire.skip(from, missing);
    }
    match raw.exchange.summary.outcome {
        Outcome::Fault => wire.send(last, Side::Server, Flags::RESET, &[]),
        Outcome::Open => {}
        _ => {
            wire.send(last, Side::Client, Flags::FIN, &[]);
            wire.send(last, Side::Server, Flags::FIN, &[]);
            wire.send(last, Side::Client, Flags::ACK, &[]);
        }
    }
    wire.out
}

/// What a side said, when, and how many bytes came behind it that nobody kept.
struct Said {
    at: i64,
    from: Side,
    bytes: Vec<u8>,
    missing: u64,
}

/// A connection that never was.
struct Wire {
    client: SocketAddr,
    server: SocketAddr,
    /// The next sequence numbers of client and server.
    sent: [u32; 2],
    out: Vec<Packet>,
}

impl Wire {
    /// Bytes that were sent and are not here: dissectors show a gap. Sequence numbers wrap (RFC 9293 §3.4).
    fn skip(&mut self, from: Side, missing: u64) {
        let mine = usize::from(from == Side::Server);
        self.sent[mine] = self.sent[mine].wrapping_add(missing as u32);
    }

    fn send(&mut self, at: i64, from: Side, flags: Flags, payload: &[u8]) {
        let (mine, other) = match from {
            Side::Client => (0, 1),
            Side::Server => (1, 0),
        };
        let (source, target) = match from {
            Side::Client => (self.client, self.server),
            Side::Server => (self.server, self.client),
        };
        let bytes = tcp(source, target, self.sent[mine], self.sent[other], flags, payload);
        // The first and the last segment of a direction count for a byte.
        self.sent[mine] = self.sent[mine].wrapping_add(payload.len() as u32 + u32::from(flags.counts()));
        self.out.push(Packet { at, bytes });
    }
}

/// What each side said, in order.
fn said(raw: &Raw) -> Vec<Said> {
    let (exchange, summary) = (&raw.exchange, &raw.exchange.summary);
    let began = summary.started.as_microsecond();
    let after = |ms: Option<f64>| began + ms.map_or(0, |ms| (ms * 1e3) as i64);
    let mut said = Vec::new();
    if summary.protocol.is_http() {
        if exchange.request.line.is_some() {
            said.push(message(began, Side::Client, &exchange.request, &raw.request));
        }
        if let Some(response) = exchange.response.as_ref().filter(|response| response.line.is_some()) {
            said.push(message(after(summary.wait_ms), Side::Server, response, &raw.response));
        }
    }
    let bytes = match summary.protocol {
        Protocol::Websocket => frame,
        Protocol::Tcp | Protocol::Udp | Protocol::Dns => content,
        _ => return said,
    };
    said.extend(exchange.pieces.iter().map(|piece| Said {
        at: after(Some(piece.at_ms)),
        from: piece.from,
        bytes: bytes(piece),
        missing: 0,
    }));
    said.retain(|said| !said.bytes.is_empty());
    said
}

/// A message of HTTP/1 as it was sent, but for where its chunks began and ended; one of HTTP/2 as HTTP/1 would have it.
fn message(at: i64, from: Side, message: &Message, body: &[u8]) -> Said {
    let mut bytes = Vec::new();
    for interim in &message.interim {
        head(&mut bytes, &first_line(&interim.line), &interim.headers);
    }
    let line = message.line.as_deref().unwrap_or_default();
    let has = |known: &str| message.headers.iter().any(|(name, _)| name.eq_ignore_ascii_case(known));
    let mut headers = message.headers.clone();
    let is_bare = first_line(line) != line && !has("transfer-encoding") && !has("content-length");
    if is_bare && (!body.is_empty() || !message.trailers.is_empty()) {
        headers.push(("Transfer-Encoding".to_owned(), "chunked".to_owned()));
    } else if is_bare && from == Side::Server && !matches!(line, "HTTP/2 204" | "HTTP/2 304") {
        headers.push(("Content-Length".to_owned(), "0".to_owned()));
    }
    head(&mut bytes, &first_line(line), &headers);
    let chunked = headers.iter().any(|(name, value)| {
        name.eq_ignore_ascii_case("transfer-encoding") && value.eq_ignore_ascii_case("chunked")
    });
    if !chunked {
        bytes.extend_from_slice(body);
        let size = message.body.as_ref().map_or(0, |body| body.size);
        return Said { at, from, bytes, missing: size.saturating_sub(body.len() as u64) };
    }
    if !body.is_empty() {
        bytes.extend_from_slice(format!("{:x}\r\n", body.len()).as_bytes());
        bytes.extend_from_slice(body);
        bytes.extend_from_slice(b"\r\n");
    }
    head(&mut bytes, "0", &message.trailers);
    Said { at, from, bytes, missing: 0 }
}

/// The first line as HTTP/1.1 has it.
fn first_line(line: &str) -> Cow<'_, str> {
    match (line.strip_suffix(" HTTP/2"), line.strip_prefix("HTTP/2 ")) {
        (Some(request), _) => format!("{request} HTTP/1.1").into(),
        (None, Some(status)) => format!("HTTP/1.1 {status} ").into(),
        (None, None) => line.into(),
    }
}

fn head(out: &mut Vec<u8>, line: &str, fields: &[(String, String)]) {
    out.extend_from_slice(line.as_bytes());
    out.extend_from_slice(b"\r\n");
    for (name, value) in fields {
        out.extend_from_slice(format!("{name}: {value}\r\n").as_bytes());
    }
    out.extend_from_slice(b"\r\n");
}

/// A message of WebSocket as one frame (RFC 6455 §5.2): that of a client is masked with a key of zeros.
fn frame(piece: &Piece) -> Vec<u8> {
    let payload = content(piece);
    let opcode = match piece.kind.as_str() {
        "text" => 1,
        "binary" => 2,
        "close" => 8,
        "ping" => 9,
        "pong" => 10,
        _ => return Vec::new(),
    };
    let mask = if piece.from == Side::Client { 0x80 } else { 0 };
    let mut out = vec![0x80 | opcode];
    match payload.len() {
        short @ 0..=125 => out.push(mask | short as u8),
        long => match u16::try_from(long) {
            Ok(long) => {
                out.push(mask | 126);
                out.extend(long.to_be_bytes());
            }
            Err(_) => {
                out.push(mask | 127);
                out.extend((long as u64).to_be_bytes());
            }
        },
    }
    if mask != 0 {
        out.extend([0; 4]);
    }
    out.extend(payload);
    out
}

fn content(piece: &Piece) -> Vec<u8> {
    match (&piece.text, &piece.base64) {
        (Some(text), _) => text.clone().into_bytes(),
        (None, Some(base64)) => BASE64_STANDARD.decode(base64).unwrap_or_default(),
        (None, None) => Vec::new(),
    }
}

/// Both addresses, of one family.
fn ends(raw: &Raw) -> (SocketAddr, SocketAddr) {
    let local = |port| SocketAddr::from((Ipv4Addr::LOCALHOST, port));
    let client = raw.exchange.summary.client.address.unwrap_or(local(SOME_CLIENT));
    let server = raw.exchange.summary.server.address.unwrap_or(local(SOME_SERVER));
    match (client.ip(), server.ip()) {
        (IpAddr::V4(_), IpAddr::V6(_)) | (IpAddr::V6(_), IpAddr::V4(_)) => {
            // The gateway stood between them; for a dissector one family is as good as the other.
            (local(client.port()), local(server.port()))
        }
        _ => (client, server),
    }
}
