//! Spans, read by the messages of OpenTelemetry: protobuf's JSON refuses every field and value that it does not know.

use std::process::Command;

use navyd_model::exchange::{Hit, Protocol, Side};

use super::{exchange, needs, written};
use crate::support::{peers, run::run, temp::TempDir};

/// Reads a request as protobuf's JSON, and prints what every span says. OTLP writes identifiers in hexadecimal, where
/// protobuf writes Base64, and this is its one deviation besides numbers for enumerations.
const READ: &str = "
import base64, json, sys
from google.protobuf import json_format
from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceRequest
document = json.load(open(sys.argv[1]))
for resource in document['resourceSpans']:
    for scope in resource['scopeSpans']:
        for span in scope['spans']:
            for name in ('traceId', 'spanId', 'parentSpanId'):
                if name in span:
                    span[name] = base64.b64encode(bytes.fromhex(span[name])).decode()
request = json_format.ParseDict(document, ExportTraceServiceRequest(), ignore_unknown_fields=False)
for resource in request.resource_spans:
    service = resource.resource.attributes[0].value.string_value
    for span in resource.scope_spans[0].spans:
        assert len(span.trace_id) == 16 and len(span.span_id) == 8 and len(span.parent_span_id) in (0, 8)
        took = (span.end_time_unix_nano - span.start_time_unix_nano) // 1000
        print(service, span.name, span.kind, took, span.status.code, len(span.attributes), len(span.events), sep='|')
";

#[test]
fn protobuf_reads_every_span() {
    const TEST: &str = "export::otlp::protobuf_reads_every_span";
    if !needs(TEST, &["python3"]) {
        return;
    }
    let Some(file) = peers::pypi(TEST, "google/protobuf/json_format.py") else { return };
    let packages = file.ancestors().nth(3).unwrap();
    let mut failed = exchange("http://a.localhost/x", "BREW /x HTTP/1.1", b"a=1", "HTTP/1.1 500 No", b"no");
    failed.exchange.summary.server.project = Some("shop".to_owned());
    failed.exchange.hits = vec![Hit {
        fault: "slow".to_owned(),
        kind: "latency".to_owned(),
        from: Some(Side::Server),
        asked: "200 ms".to_owned(),
        delivered: "201 ms".to_owned(),
    }];
    let mut query = exchange("select 1", "query", b"", "", b"");
    let summary = &mut query.exchange.summary;
    (summary.protocol, summary.id, summary.caused_by) = (Protocol::Postgres, 2, Some(1));
    summary.route = "127.0.0.1:5432".to_owned();
    let folder = TempDir::new();
    let file = folder.write("spans.json", written("otlp", &[failed, query]));
    let ran = run(Command::new("python3").args(["-c", READ]).arg(file).env("PYTHONPATH", packages));
    let lines: Vec<_> = ran.stdout.lines().collect();
    assert_eq!(lines.len(), 2, "{}", ran.stderr);
    assert!(lines[0].starts_with("127.0.0.1:5432|SELECT 127.0.0.1:5432|3|25000|0|"), "{lines:?}");
    assert!(lines[1].starts_with("shop|_OTHER shop.localhost|2|25000|2|"), "{lines:?}");
    assert!(lines[1].ends_with("|1"), "{lines:?}");
}
