//! HTTP Archive 1.2, as browsers and their tools read it.
//!
//! What HAR has no place for stands in fields with `_`, which its readers skip and `import::har` understands: so what
//! is written, read and written again is the same. WebSocket messages are written as Chromium writes them. Exchanges
//! that are not HTTP are left out.

mod message;

use std::io::{self, Write};

use navyd_model::exchange::{Piece, Protocol, Side};
use serde_json::{Map, Value, json};

use super::{Format, Raw};

pub(super) const FORMAT: Format = Format {
    name: "har",
    help: "an HTTP Archive, for browsers and their tools",
    media_type: "application/json",
    write,
};

fn write(all: &[Raw], out: &mut dyn Write) -> io::Result<()> {
    let http = all.iter().filter(|raw| raw.exchange.summary.protocol.is_http());
    let creator = json!({"name": "navyd", "version": env!("CARGO_PKG_VERSION")});
    write!(
        out,
        "{{\"log\": {{\n  \"version\": \"1.2\",\n  \"creator\": {creator},\n  \"pages\": [],\n  \"entries\": ["
    )?;
    // One at a time: bodies in JSON are long.
    for (at, raw) in http.enumerate() {
        out.write_all(if at == 0 { b"\n" } else { b",\n" })?;
        serde_json::to_writer_pretty(&mut *out, &entry(raw))?;
    }
    out.write_all(b"\n  ]\n}}\n")
}

fn entry(raw: &Raw) -> Value {
    let (exchange, summary) = (&raw.exchange, &raw.exchange.summary);
    let took = milliseconds(summary.took_ms.unwrap_or_default());
    let wait = summary.wait_ms.map_or(took, milliseconds).min(took);
    let mut entry = Map::new();
    let mut put = |name: &str, value: Value| entry.insert(name.to_owned(), value);
    put("startedDateTime", summary.started.to_string().into());
    put("time", took.into());
    put("request", message::request(raw));
    put("response", message::response(raw));
    put("cache", json!({}));
    put("timings", json!({"send": 0, "wait": wait, "receive": milliseconds(took - wait)}));
    if let Some(address) = summary.server.address {
        // A bare address: validators refuse the brackets of a URL.
        put("serverIPAddress", address.ip().to_string().into());
        put("_serverPort", address.port().into());
    }
    if let Some(address) = summary.client.address {
        put("connection", address.port().to_string().into());
    }
    put("_id", summary.id.into());
    put("_route", summary.route.as_str().into());
    put("_outcome", summary.outcome.as_str().into());
    put("_client", json!(summary.client));
    put("_server", json!(summary.server));
    if let Some(error) = &summary.error {
        put("_error", error.as_str().into());
    }
    if summary.lost > 0 {
        put("_lost", summary.lost.into());
    }
    if !exchange.hits.is_empty() {
        put("_faults", json!(exchange.hits));
    }
    if summary.protocol == Protocol::Websocket {
        put("_resourceType", "websocket".into());
        put("_webSocketMessages", messages(raw));
    }
    entry.into()
}

/// Messages as Chromium's network panel exports them: times in seconds since 1970, opcode 1 for text and 2 else.
fn messages(raw: &Raw) -> Value {
    let began = raw.exchange.summary.started.as_microsecond();
    let message = |piece: &Piece| {
        let at = began.saturating_add((piece.at_ms * 1e3).round() as i64);
        json!({
            "type": if piece.from == Side::Client { "send" } else { "receive" },
            "time": at as f64 / 1e6,
            "opcode": if piece.text.is_some() { 1 } else { 2 },
            "data": piece.text.as_ref().or(piece.base64.as_ref()).map_or("", String::as_str),
        })
    };
    let data = |kind: &str| matches!(kind, "text" | "binary");
    raw.exchange.pieces.iter().filter(|piece| data(&piece.kind)).map(message).collect()
}

/// To a microsecond: what is finer nobody measured, and a number that is read and written again stays as it is.
fn milliseconds(of: f64) -> f64 {
    (of * 1e3).round() / 1e3
}
