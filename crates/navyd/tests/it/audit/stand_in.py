"""Answers by HTTP as $BEHAVIOUR says, and prints its port.

pages: {path: [status, type, body]}; any: the answer to every other path; own: whether foreign names get 403;
cors: `*`, `reflect`, or `local` for origins of this machine; socket: `any` or `own` origins may have a WebSocket.
"""
import http.server, json, os

behaviour = json.loads(os.environ["BEHAVIOUR"])


class Handler(http.server.BaseHTTPRequestHandler):
    def do_GET(self):
        host, origin = self.headers.get("Host", ""), self.headers.get("Origin", "")
        if behaviour.get("own") and not host.startswith(("localhost:", "127.0.0.1:")):
            return self.answer([403, "text/plain", "Blocked request."])
        if self.headers.get("Upgrade") == "websocket" and "socket" in behaviour:
            if behaviour["socket"] == "own" and not origin.startswith("http://localhost"):
                return self.answer([403, "text/plain", "no"])
            self.send_response(101)
            self.send_header("Upgrade", "websocket")
            self.send_header("Connection", "Upgrade")
            return self.end_headers()
        path = self.path.split("?")[0]
        self.answer(behaviour.get("pages", {}).get(path) or behaviour.get("any") or [404, "text/plain", "not found"])

    def answer(self, answer):
        status, kind, body = answer
        origin, cors = self.headers.get("Origin", ""), behaviour.get("cors")
        self.send_response(status)
        self.send_header("Content-Type", kind)
        self.send_header("Content-Length", str(len(body)))
        if cors == "*":
            self.send_header("Access-Control-Allow-Origin", "*")
        if cors == "reflect" or (cors == "local" and origin.startswith("http://localhost")):
            self.send_header("Access-Control-Allow-Origin", origin)
        self.end_headers()
        self.wfile.write(body.encode())

    def log_message(self, *_):
        pass


server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
print(server.server_address[1], flush=True)
server.serve_forever()
