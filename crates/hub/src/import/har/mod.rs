//! HTTP Archives, as browsers, proxies and test tools write them.
//!
//! Archives of this program come back as they were. Those of others lack what HAR has no place for: a body was written
//! with its encodings taken off, so they are taken out of its head as well, and it stays one message that can be read;
//! the addresses of clients and the fields that HTTP/2 adds (`:path`) are not there. Entries that are not HTTP (`data:`
//! URLs, extensions) are counted and left out.

mod body;
mod shape;

use std::net::{IpAddr, SocketAddr};

use jiff::Timestamp;
use navyd_model::exchange::{
    Body, Exchange, Interim, Message, Outcome, Party, Piece, Protocol, Side, Summary,
};

use super::ImportError;
use crate::export::Raw;

/// The longest archive, in bytes. Browsers write none that is longer than a string may be, which is 512 MiB.
pub const MOST_FILE: usize = 256 << 20;
/// The most entries of an archive.
pub const MOST_ENTRIES: usize = 50_000;
/// How many bytes of a body are kept.
pub const MOST_BODY: usize = 16 << 20;
/// The longest time that is believed, in milliseconds: some thirty years.
const LONGEST: f64 = 1e12;

/// What was read.
#[derive(Debug, Clone, PartialEq)]
pub struct Archive {
    /// Its exchanges, in its order. Those without a number of their own are counted from 1.
    pub entries: Vec<Raw>,
    /// How many entries are not HTTP, and were left out.
    pub skipped: usize,
}

/// Reads an archive.
///
/// # Errors
/// When it is too long, is no JSON, lacks what every archive has, or has a text in a head that would end it.
pub fn har(bytes: &[u8]) -> Result<Archive, ImportError> {
    if bytes.len() > MOST_FILE {
        return Err(ImportError::Long(MOST_FILE));
    }
    let text = bytes.strip_prefix(b"\xef\xbb\xbf").unwrap_or(bytes);
    let file: shape::File = serde_json::from_slice(text).map_err(|error| mistake(&error))?;
    let mut archive = Archive { entries: Vec::new(), skipped: 0 };
    for (number, entry) in (1..).zip(file.log.entries) {
        match exchange(number, entry) {
            Some(raw) => archive.entries.push(raw),
            None => archive.skipped += 1,
        }
    }
    Ok(archive)
}

fn mistake(error: &serde_json::Error) -> ImportError {
    let text = error.to_string();
    // The place is told apart from the text.
    let what = text.rsplit_once(" at line ").map_or(text.as_str(), |(what, _)| what).to_owned();
    ImportError::Mistake { line: error.line(), column: error.column(), what }
}

/// `None` for what is not HTTP.
fn exchange(number: u64, mut entry: shape::Entry) -> Option<Raw> {
    let url = entry.request.url.take()?.0;
    let method = entry.request.method.take()?.0;
    let (scheme, rest) = url.split_once("://")?;
    let port = match scheme.to_ascii_lowercase().as_str() {
        "http" | "ws" => 80,
        "https" | "wss" => 443,
        _ => return None,
    };
    let authority = rest.split(['/', '?', '#']).next().unwrap_or_default();
    let path = rest.get(authority.len()..).unwrap_or_default().split('#').next().unwrap_or_default();
    let slash = if path.starts_with('/') { "" } else { "/" };
    let sent = body::request(&mut entry.request);
    let request_line = format!("{method} {slash}{path} {}", version(&entry.request));
    let request_size = size(&entry.request, sent.bytes.len());
    let request = message(&mut entry.request, request_line, sent.body);

    let status = entry.response.as_ref().and_then(|head| head.status).filter(|status| *status > 0);
    let error = entry.error.take().or_else(|| entry.response.as_mut().and_then(|head| head.error.take()));
    let (mut response, mut received, mut response_size) = (None, Vec::new(), 0);
    if let (Some(status), Some(head)) = (status, entry.response.as_mut()) {
        let body = body::response(head);
        let text = head.status_text.take().map_or(String::new(), |text| format!(" {}", text.0));
        let line = format!("{} {status}{}", version(head), text.trim_end());
        response_size = size(head, body.bytes.len());
        response = Some(message(head, line, body.body));
        received = body.bytes;
    }

    let (wait_ms, took_ms) = times(&entry);
    let server = entry
        .server
        .take()
        .unwrap_or_else(|| Party { address: server(&entry, authority, port), ..Party::default() });
    let outcome = entry.outcome.unwrap_or(match (status, server.address) {
        (Some(_), _) => Outcome::Complete,
        (None, Some(_)) => Outcome::ServerLeft,
        (None, None) => Outcome::Unreached,
    });
    let hits = entry.faults.take().unwrap_or_default();
    let pieces = pieces(entry.messages.take().unwrap_or_default(), entry.started_date_time);
    let websocket = scheme.starts_with("ws") || entry.resource.as_deref() == Some("websocket");
    let summary = Summary {
        id: entry.id.unwrap_or(number),
        protocol: protocol(websocket || !pieces.is_empty(), &request, response.as_ref()),
        route: entry.route.take().unwrap_or_else(|| authority.to_owned()),
        started: entry.started_date_time,
        wait_ms,
        took_ms,
        client: entry.client.take().unwrap_or_default(),
        server,
        method,
        target: url,
        status,
        outcome,
        error,
        sent: request_size,
        received: response_size,
        lost: entry.lost.unwrap_or_default(),
        faults: hits.iter().map(|hit| hit.fault.clone()).collect(),
        caused_by: None,
    };
    let details = serde_json::Value::Null;
    let (caused, maybe_caused, maybe_caused_by) = Default::default();
    let exchange =
        Exchange { summary, request, response, pieces, details, hits, caused, maybe_caused, maybe_caused_by };
    Some(Raw { exchange, request: sent.bytes, response: received })
}

fn message(head: &mut shape::Head, line: String, body: Option<Body>) -> Message {
    let interim = head.interim.take().unwrap_or_default().into_iter();
    Message {
        line: Some(head.line.take().map_or(line, |line| line.0)),
        headers: fields(head.headers.take().unwrap_or_default()),
        interim: interim.map(|one| Interim { line: one.line.0, headers: fields(one.headers) }).collect(),
        body,
        trailers: fields(head.trailers.take().unwrap_or_default()),
    }
}

/// Fields as HTTP/1 has them. Browsers write values of one name into one, with ends of lines in between.
fn fields(of: Vec<shape::Field>) -> Vec<(String, String)> {
    let mut fields = Vec::with_capacity(of.len());
    for field in of.into_iter().filter(|field| !field.name.0.starts_with(':')) {
        let value = field.value.unwrap_or_default();
        let values = value.split(['\n', '\r', '\0']).map(str::trim);
        let several = value.contains('\n');
        fields.extend(
            values
                .filter(|value| !several || !value.is_empty())
                .map(|value| (field.name.0.clone(), value.to_owned())),
        );
    }
    fields
}

/// The version as HTTP/1 writes it; browsers say `h2`, `http/2.0` or nothing.
fn version(head: &shape::Head) -> String {
    let known = head.http_version.as_ref().map_or("", |version| version.0.as_str());
    match known.to_ascii_lowercase().as_str() {
        "h2" | "http/2" | "http/2.0" => "HTTP/2".to_owned(),
        "h3" | "http/3" | "http/3.0" | "http/2+quic/46" => "HTTP/3".to_owned(),
        "http/1.0" => "HTTP/1.0".to_owned(),
        _ => "HTTP/1.1".to_owned(),
    }
}

/// The bytes of a message, with its head.
fn size(head: &shape::Head, kept: usize) -> u64 {
    let known = |size: Option<i64>| size.and_then(|size| u64::try_from(size).ok());
    known(head.headers_size).unwrap_or(0).saturating_add(known(head.body_size).unwrap_or(kept as u64))
}

/// Milliseconds until the response began, and until its end.
fn times(entry: &shape::Entry) -> (Option<f64>, Option<f64>) {
    let real = |ms: Option<f64>| ms.filter(|ms| (0.0..=LONGEST).contains(ms));
    let Some(of) = &entry.timings else { return (None, real(entry.time)) };
    let before = [of.blocked, of.dns, of.connect, of.send, of.wait];
    let wait: f64 = before.into_iter().filter_map(real).sum();
    let took = real(entry.time).unwrap_or_else(|| wait + real(of.receive).unwrap_or_default());
    (Some(wait.min(took)), Some(took))
}

fn server(entry: &shape::Entry, authority: &str, port: u16) -> Option<SocketAddr> {
    let address: IpAddr = entry.server_address.as_deref()?.trim_matches(['[', ']']).parse().ok()?;
    let written = authority.rsplit_once(':').and_then(|(_, port)| port.parse().ok());
    Some((address, entry.server_port.or(written).unwrap_or(port)).into())
}

fn protocol(websocket: bool, request: &Message, response: Option<&Message>) -> Protocol {
    let media_type = |message: &Message| {
        let mut fields = message.headers.iter();
        fields.find(|(name, _)| name.eq_ignore_ascii_case("content-type")).map(|(_, value)| value.clone())
    };
    if websocket {
        Protocol::Websocket
    } else if media_type(request).is_some_and(|kind| kind.starts_with("application/grpc")) {
        Protocol::Grpc
    } else if response.and_then(media_type).is_some_and(|kind| kind.starts_with("text/event-stream")) {
        Protocol::Sse
    } else {
        Protocol::Http
    }
}

fn pieces(of: Vec<shape::Frame>, began: Timestamp) -> Vec<Piece> {
    let piece = |frame: shape::Frame| {
        let (kind, text) = match frame.opcode {
            1 => ("text", true),
            2 => ("binary", false),
            8 => ("close", true),
            9 => ("ping", true),
            10 => ("pong", true),
            _ => return None,
        };
        let at = (frame.time * 1e6).round() as i64;
        let at_ms = at.saturating_sub(began.as_microsecond()).max(0) as f64 / 1e3;
        let from = if frame.direction == "send" { Side::Client } else { Side::Server };
        let data = body::data(frame.data.unwrap_or_default(), text);
        Some(Piece {
            at_ms,
            from,
            kind: kind.to_owned(),
            size: data.size,
            text: data.text,
            base64: data.base64,
        })
    };
    of.into_iter().filter_map(piece).collect()
}
