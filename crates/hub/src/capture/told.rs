//! Exchanges of other tools, told as the gateway tells its own: so they are assembled, redacted and kept in one way. Pure.
//!
//! Deliberately absent: messages of WebSocket, since frames of them would have to be made up.

use std::net::{Ipv4Addr, SocketAddr};

use navyd_gateway::tap::{Batch, Begin, Event, FlowId, Mark, Plane, What};
use navyd_model::exchange::{Message, Side};

use crate::export::Raw;

/// An end that nobody knows.
const NOWHERE: SocketAddr = SocketAddr::new(std::net::IpAddr::V4(Ipv4Addr::UNSPECIFIED), 0);

/// A flow from its begin to its end.
pub(super) fn batch(flow: FlowId, raw: &Raw) -> Batch {
    let (exchange, summary) = (&raw.exchange, &raw.exchange.summary);
    let begun = summary.started.as_microsecond();
    let after = |ms: Option<f64>| begun.saturating_add((ms.unwrap_or_default() * 1000.0) as i64);
    let (answered, ended) = (after(summary.wait_ms), after(summary.took_ms));
    let mut batch = Batch::default();
    let begin = Begin {
        plane: Plane::Http { h2: false },
        route: summary.route.as_str().into(),
        client: summary.client.address.unwrap_or(NOWHERE),
        ours: NOWHERE,
        tls: summary.target.starts_with("https:") || summary.target.starts_with("wss:"),
    };
    batch.events.push(Event { flow, at: begun, what: What::Begin(Box::new(begin)) });
    let host =
        summary.target.split_once("://").map(|(_, rest)| rest.split(['/', '?']).next().unwrap_or_default());
    tell(&mut batch, (flow, begun), Side::Client, &exchange.request, &raw.request, host);
    if let Some(server) = summary.server.address {
        batch.events.push(Event { flow, at: begun, what: What::Reached { ours: NOWHERE, server } });
    }
    if let Some(response) = &exchange.response {
        tell(&mut batch, (flow, answered), Side::Server, response, &raw.response, None);
    }
    for hit in &exchange.hits {
        batch.events.push(Event { flow, at: ended, what: What::Hit(Box::new(hit.clone())) });
    }
    batch.events.push(Event { flow, at: ended, what: What::End(summary.outcome) });
    batch
}

/// A head, and as much of its body as there is.
fn tell(
    batch: &mut Batch,
    (flow, at): (FlowId, i64),
    from: Side,
    message: &Message,
    body: &[u8],
    host: Option<&str>,
) {
    let line = first_line(from, message.line.as_deref().unwrap_or_default());
    let mut head = format!("{line}\r\n");
    let has = |name: &str| message.headers.iter().any(|(known, _)| known.eq_ignore_ascii_case(name));
    if let Some(host) = host.filter(|_| !has("host")) {
        head.push_str(&format!("Host: {host}\r\n"));
    }
    for (name, value) in &message.headers {
        head.push_str(&format!("{name}: {value}\r\n"));
    }
    head.push_str("\r\n");
    put(batch, (flow, at), from, Mark::Head, head.as_bytes());
    let size = message.body.as_ref().map_or(0, |body| body.size);
    let chunked = has("transfer-encoding");
    if !body.is_empty() {
        let chunk = format!("{:x}\r\n", body.len());
        let parts = if chunked { [chunk.as_bytes(), body, b"\r\n"] } else { [&b""[..], body, b""] };
        put(batch, (flow, at), from, Mark::Body, &parts.concat());
    }
    if chunked {
        let trailers = message.trailers.iter().map(|(name, value)| format!("{name}: {value}\r\n"));
        put(
            batch,
            (flow, at),
            from,
            Mark::Body,
            format!("0\r\n{}\r\n", trailers.collect::<String>()).as_bytes(),
        );
    } else if let Some(count) = size.checked_sub(body.len() as u64).filter(|count| *count > 0) {
        batch.events.push(Event { flow, at, what: What::Lost { from, count } });
    }
}

fn put(batch: &mut Batch, (flow, at): (FlowId, i64), from: Side, mark: Mark, bytes: &[u8]) {
    let start = batch.bytes.len();
    // One exchange is far shorter than the four GiB that a range can tell; what is not is left out.
    let (Ok(begin), Ok(end)) = (u32::try_from(start), u32::try_from(start + bytes.len())) else { return };
    batch.bytes.extend_from_slice(bytes);
    batch.events.push(Event { flow, at, what: What::Bytes { from, mark, range: begin..end } });
}

/// The first line, as HTTP/1.1 has it: other versions have none, and tools write them in many ways.
fn first_line(from: Side, line: &str) -> String {
    let is_known = |word: &str| matches!(word, "HTTP/1.0" | "HTTP/1.1");
    match from {
        Side::Client => match line.rsplit_once(' ') {
            Some((rest, version)) if !is_known(version) => format!("{rest} HTTP/1.1"),
            _ => line.to_owned(),
        },
        Side::Server => match line.split_once(' ') {
            Some((version, rest)) if !is_known(version) => format!("HTTP/1.1 {rest}"),
            _ => line.to_owned(),
        },
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn first_lines_are_those_of_http_1() {
        for (from, line, expected) in [
            (Side::Client, "GET /a HTTP/1.0", "GET /a HTTP/1.0"),
            (Side::Client, "GET /a h2", "GET /a HTTP/1.1"),
            (Side::Client, "GET /a HTTP/2.0", "GET /a HTTP/1.1"),
            (Side::Server, "HTTP/1.1 200 OK", "HTTP/1.1 200 OK"),
            (Side::Server, "h3 204", "HTTP/1.1 204"),
            (Side::Server, "", ""),
        ] {
            assert_eq!(first_line(from, line), expected, "{line}");
        }
    }
}
