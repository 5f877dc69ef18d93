"""A collector of OTLP/HTTP. Prints its port, and then every span that protobuf's own messages read, one JSON a line."""
import base64, json, sys
from http.server import BaseHTTPRequestHandler, HTTPServer
from google.protobuf import json_format
from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceRequest, ExportTraceServiceResponse


class Collector(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def do_POST(self):
        assert self.path == "/v1/traces", self.path
        assert self.headers["Content-Type"] == "application/json", self.headers
        document = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
        # Identifiers in hexadecimal are the one deviation of OTLP's JSON from protobuf's that matters here.
        for resource in document["resourceSpans"]:
            for scope in resource["scopeSpans"]:
                for span in scope["spans"]:
                    for name in ("traceId", "spanId", "parentSpanId"):
                        if name in span:
                            span[name] = base64.b64encode(bytes.fromhex(span[name])).decode()
        request = json_format.ParseDict(document, ExportTraceServiceRequest(), ignore_unknown_fields=False)
        for resource in request.resource_spans:
            for scope in resource.scope_spans:
                for span in scope.spans:
                    value = lambda of: getattr(of, of.WhichOneof("value"))
                    line = {
                        "service": value(resource.resource.attributes[0].value),
                        "name": span.name,
                        "kind": span.kind,
                        "trace": span.trace_id.hex(),
                        "span": span.span_id.hex(),
                        "parent": span.parent_span_id.hex(),
                        "took": span.end_time_unix_nano - span.start_time_unix_nano,
                        "status": span.status.code,
                        "attributes": {one.key: value(one.value) for one in span.attributes},
                    }
                    print(json.dumps(line), flush=True)
        answer = json_format.MessageToJson(ExportTraceServiceResponse()).encode()
        self.send_response(200)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(answer)))
        self.end_headers()
        self.wfile.write(answer)

    def log_message(self, *_):
        pass


server = HTTPServer(("127.0.0.1", 0), Collector)
print(server.server_port, flush=True)
server.serve_forever()
