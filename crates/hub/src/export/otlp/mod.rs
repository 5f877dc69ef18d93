//! Spans of OpenTelemetry, in the JSON of OTLP/HTTP: what a collector takes, and what its file receiver reads.
//!
//! The mapping is that of the protocol: identifiers in hexadecimal, numbers of 64 bits as texts, enumerations as
//! numbers. Attributes follow the semantic conventions for HTTP, RPC, databases and DNS. Deliberately absent: heads and
//! bodies, which may be private and are this program's to keep; sending, which is `crate::otlp`'s.

mod attributes;
mod trace;

use std::{
    collections::BTreeMap,
    io::{self, Write},
};

use navyd_model::exchange::{Exchange, Outcome, Summary};
use serde_json::{Value, json};

use super::{Format, Raw};
pub use trace::Traces;

pub(super) const FORMAT: Format = Format {
    name: "otlp",
    help: "spans of OpenTelemetry, one request of OTLP/HTTP",
    media_type: "application/json",
    write,
};

/// `SPAN_KIND_SERVER`, `SPAN_KIND_CLIENT`.
const SERVER: u8 = 2;
const CLIENT: u8 = 3;
/// `STATUS_CODE_ERROR`.
const ERROR: u8 = 2;

fn write(all: &[Raw], out: &mut dyn Write) -> io::Result<()> {
    let mut traces = Traces::of(&all.iter().map(|raw| &raw.exchange.summary).collect::<Vec<_>>());
    let exchanges: Vec<_> = all.iter().map(|raw| &raw.exchange).collect();
    serde_json::to_writer(&mut *out, &request(&exchanges, &mut traces))?;
    out.write_all(b"\n")
}

/// An `ExportTraceServiceRequest` with a span for each exchange, below the service that it belongs to.
pub fn request(all: &[&Exchange], traces: &mut Traces) -> Value {
    // What causes another has the lower number, and ends behind it.
    let mut in_order = all.to_vec();
    in_order.sort_unstable_by_key(|exchange| exchange.summary.id);
    in_order.iter().for_each(|exchange| traces.learn(exchange));
    let mut services: BTreeMap<&str, Vec<Value>> = BTreeMap::new();
    for exchange in all {
        services.entry(service(&exchange.summary)).or_default().push(span(exchange, traces));
    }
    let resource = |(service, spans): (&str, Vec<Value>)| {
        json!({
            "resource": {"attributes": [attributes::text("service.name", service)]},
            "scopeSpans": [{"scope": {"name": "navyd", "version": env!("CARGO_PKG_VERSION")}, "spans": spans}],
        })
    };
    json!({ "resourceSpans": services.into_iter().map(resource).collect::<Vec<_>>() })
}

fn span(exchange: &Exchange, traces: &Traces) -> Value {
    let summary = &exchange.summary;
    let place = traces.place(exchange);
    let began = summary.started.as_nanosecond().max(0);
    let ended = began + (summary.took_ms.unwrap_or_default().max(0.0) * 1e6) as i128;
    let kind = if is_asked_of_a_service(summary) { SERVER } else { CLIENT };
    let mut span = json!({
        "traceId": hexadecimal(&place.trace),
        "spanId": hexadecimal(&place.span),
        "name": attributes::name(summary),
        "kind": kind,
        "startTimeUnixNano": began.to_string(),
        "endTimeUnixNano": ended.to_string(),
        "attributes": attributes::of(exchange),
    });
    if let Some(parent) = place.parent {
        span["parentSpanId"] = hexadecimal(&parent).into();
    }
    if attributes::error(exchange).is_some() {
        span["status"] = json!({"code": ERROR, "message": summary.error.as_deref().unwrap_or_default()});
    }
    if !exchange.hits.is_empty() {
        let event = |hit: &navyd_model::exchange::Hit| {
            let parts = [("fault", &hit.fault), ("kind", &hit.kind), ("delivered", &hit.delivered)];
            let attributes = parts.map(|(name, value)| attributes::text(&format!("navyd.{name}"), value));
            json!({"name": "fault", "timeUnixNano": began.to_string(), "attributes": attributes})
        };
        span["events"] = exchange.hits.iter().map(event).collect();
    }
    span
}

/// Who answers HTTP is the service; of a database it is who asks.
fn service(summary: &Summary) -> &str {
    let party = if is_asked_of_a_service(summary) { &summary.server } else { &summary.client };
    party.project.as_deref().or(party.program.as_deref()).unwrap_or(&summary.route)
}

fn is_asked_of_a_service(summary: &Summary) -> bool {
    summary.protocol.is_http()
}

fn hexadecimal(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

/// Whether it ended as it should, as far as is known.
fn is_whole(outcome: Outcome) -> bool {
    matches!(outcome, Outcome::Complete | Outcome::Open | Outcome::Unknown)
}

#[cfg(test)]
mod tests;
