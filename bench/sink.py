"""Where a large upload goes: it reads a body and answers with its SHA-256. nginx, which stands before it, keeps none."""
import hashlib, threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

PORT = 18082  # as nginx-upstream.conf says


class Sink(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def do_PUT(self):
        left, seen = int(self.headers["Content-Length"]), hashlib.sha256()
        while left:
            part = self.rfile.read(min(left, 1 << 20))
            if not part:
                return  # cut off: whoever asked gets no answer, and so no digest
            seen.update(part)
            left -= len(part)
        answer = seen.hexdigest().encode()
        self.send_response(200)
        self.send_header("Content-Length", str(len(answer)))
        self.end_headers()
        self.wfile.write(answer)

    def log_message(self, *_):
        pass


def start():
    """Reads until this program ends."""
    threading.Thread(target=ThreadingHTTPServer(("127.0.0.1", PORT), Sink).serve_forever, daemon=True).start()
