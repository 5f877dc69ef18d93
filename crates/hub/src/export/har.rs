//! HTTP Archive 1.2, as browsers and their tools read it.
//!
//! What HAR has no place for stands in fields with `_`, which its readers skip. WebSocket messages are written as
//! Chromium writes them. Exchanges that are not HTTP are left out.

use std::io::{self, Write};

use base64::{Engine as _, prelude::BASE64_STANDARD};
use navyd_model::exchange::{Message, Protocol, Side};
use serde_json::{Map, Value, json};

use super::{Format, Raw};

pub(super) const FORMAT: Format = Format {
    name: "har",
    help: "an HTTP Archive, for browsers and their tools",
    media_type: "application/json",
    write,
};

/// What is unknown is -1 in HAR.
const UNKNOWN: i64 = -1;

fn write(all: &[Raw], out: &mut dyn Write) -> io::Result<()> {
    let entries: Vec<Value> =
        all.iter().filter(|raw| raw.exchange.summary.protocol.is_http()).map(entry).collect();
    let log = json!({
        "version": "1.2",
        "creator": {"name": "navyd", "version": env!("CARGO_PKG_VERSION")},
        "pages": [],
        "entries": entries,
    });
    serde_json::to_writer_pretty(&mut *out, &json!({ "log": log }))?;
    out.write_all(b"\n")
}

fn entry(raw: &Raw) -> Value {
    let (exchange, summary) = (&raw.exchange, &raw.exchange.summary);
    let took = summary.took_ms.unwrap_or_default();
    let wait = summary.wait_ms.unwrap_or(took).min(took);
    let mut entry = json!({
        "startedDateTime": summary.started.to_string(),
        "time": took,
        "request": request(raw),
        "response": response(raw),
        "cache": {},
        "timings": {"send": 0, "wait": wait, "receive": took - wait},
        "_id": summary.id,
        "_route": summary.route,
        "_outcome": summary.outcome.as_str(),
    });
    let Some(fields) = entry.as_object_mut() else { return entry };
    if let Some(address) = summary.server.address {
        // A bare address: validators refuse the brackets of a URL.
        fields.insert("serverIPAddress".into(), address.ip().to_string().into());
    }
    if let Some(address) = summary.client.address {
        fields.insert("connection".into(), address.port().to_string().into());
    }
    if let Some(error) = &summary.error {
        fields.insert("_error".into(), error.as_str().into());
    }
    if !exchange.hits.is_empty() {
        fields.insert("_faults".into(), json!(exchange.hits));
    }
    if summary.protocol == Protocol::Websocket {
        fields.insert("_resourceType".into(), "websocket".into());
        fields.insert("_webSocketMessages".into(), messages(raw));
    }
    entry
}

fn request(raw: &Raw) -> Value {
    let (message, summary) = (&raw.exchange.request, &raw.exchange.summary);
    let mut request = common(message, raw.first_line().0, raw.request.len());
    request.insert("method".into(), summary.method.as_str().into());
    request.insert("url".into(), url(&summary.target).into());
    let query = summary.target.split_once('?').map_or("", |(_, query)| query);
    request.insert("queryString".into(), pairs(query, '&'));
    request.insert("cookies".into(), pairs(value(message, "cookie").unwrap_or_default(), ';'));
    if !raw.request.is_empty() {
        let media_type = value(message, "content-type").unwrap_or_default();
        let mut data = json!({"mimeType": media_type});
        if let Some(data) = data.as_object_mut() {
            match std::str::from_utf8(&raw.request) {
                Ok(text) => data.insert("text".into(), text.into()),
                // HAR has no encoding here; readers know this one from browsers.
                Err(_) => {
                    data.insert("_encoding".into(), "base64".into());
                    data.insert("text".into(), BASE64_STANDARD.encode(&raw.request).into())
                }
            };
        }
        request.insert("postData".into(), data);
    }
    request.into()
}

fn response(raw: &Raw) -> Value {
    let empty = Message::default();
    let message = raw.exchange.response.as_ref().unwrap_or(&empty);
    let line = message.line.as_deref().unwrap_or_default();
    let mut words = line.splitn(3, ' ');
    let version = words.next().filter(|version| !version.is_empty()).unwrap_or("HTTP/1.1");
    let mut response = common(message, version, raw.response.len());
    // Status 0 is what browsers write where no response came.
    response.insert("status".into(), raw.exchange.summary.status.unwrap_or_default().into());
    response.insert("statusText".into(), words.nth(1).unwrap_or_default().into());
    response.insert("redirectURL".into(), value(message, "location").unwrap_or_default().into());
    let cookies = message.headers.iter().filter(|(name, _)| name.eq_ignore_ascii_case("set-cookie"));
    let cookies: Vec<Value> = cookies
        .filter_map(|(_, cookie)| cookie.split(';').next()?.split_once('='))
        .map(|(name, value)| json!({"name": name.trim(), "value": value.trim()}))
        .collect();
    response.insert("cookies".into(), cookies.into());
    response.insert("content".into(), content(message, raw));
    response.into()
}

fn common(message: &Message, version: &str, body: usize) -> Map<String, Value> {
    let headers: Vec<Value> =
        message.headers.iter().map(|(name, value)| json!({"name": name, "value": value})).collect();
    let line = message.line.as_deref().map_or(0, |line| line.len() + 2);
    let fields: usize = message.headers.iter().map(|(name, value)| name.len() + value.len() + 4).sum();
    let size = message.body.as_ref().map_or(body as u64, |body| body.size);
    let mut common = Map::new();
    common.insert("httpVersion".into(), version.into());
    common.insert("headers".into(), headers.into());
    let head = if line == 0 { UNKNOWN } else { i64::try_from(line + fields + 2).unwrap_or(UNKNOWN) };
    common.insert("headersSize".into(), head.into());
    common.insert("bodySize".into(), i64::try_from(size).unwrap_or(UNKNOWN).into());
    common
}

/// The body as it is shown: with its encodings taken off, which `size` counts.
fn content(message: &Message, raw: &Raw) -> Value {
    let media_type = value(message, "content-type").unwrap_or("x-unknown");
    let Some(body) = &message.body else { return json!({"size": 0, "mimeType": media_type}) };
    let mut content = match (&body.text, &body.base64) {
        (Some(text), _) => json!({"size": text.len(), "mimeType": media_type, "text": text}),
        (None, Some(base64)) => {
            let size = BASE64_STANDARD.decode(base64).map_or(raw.response.len(), |bytes| bytes.len());
            json!({"size": size, "mimeType": media_type, "text": base64, "encoding": "base64"})
        }
        (None, None) => json!({"size": body.size, "mimeType": media_type}),
    };
    if let (Some(note), Some(content)) = (&body.note, content.as_object_mut()) {
        content.insert("comment".into(), note.as_str().into());
    }
    content
}

/// Messages as Chromium's network panel exports them: times in seconds since 1970, opcode 1 for text and 2 else.
fn messages(raw: &Raw) -> Value {
    let began = raw.exchange.summary.started.as_microsecond() as f64 / 1e6;
    let message = |piece: &navyd_model::exchange::Piece| {
        json!({
            "type": if piece.from == Side::Client { "send" } else { "receive" },
            "time": began + piece.at_ms / 1e3,
            "opcode": if piece.text.is_some() { 1 } else { 2 },
            "data": piece.text.as_ref().or(piece.base64.as_ref()),
        })
    };
    let data = |kind: &str| matches!(kind, "text" | "binary");
    raw.exchange.pieces.iter().filter(|piece| data(&piece.kind)).map(message).collect()
}

/// HAR wants an absolute URL; a request that had no host has the route's.
fn url(target: &str) -> String {
    if target.contains("://") { target.to_owned() } else { format!("http://localhost{target}") }
}

fn value<'m>(message: &'m Message, name: &str) -> Option<&'m str> {
    message
        .headers
        .iter()
        .find(|(known, _)| known.eq_ignore_ascii_case(name))
        .map(|(_, value)| value.as_str())
}

/// `a=1&b=2`, `a=1; b=2`.
fn pairs(text: &str, separator: char) -> Value {
    let parts = text.split(separator).map(str::trim).filter(|part| !part.is_empty());
    parts
        .map(|part| part.split_once('=').unwrap_or((part, "")))
        .map(|(name, value)| json!({"name": name, "value": value}))
        .collect()
}
