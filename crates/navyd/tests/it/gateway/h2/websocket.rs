//! WebSocket over HTTP/2 (RFC 8441).

use super::{PYTHON, has_module, has_programs, node};
use crate::gateway::{Hub, Peer, heard, peers::server, upstream};

const ECHO: &str = "
import asyncio, websockets
async def echo(ws):
    async for message in ws:
        await ws.send(message)
async def main():
    server = await websockets.serve(echo, '127.0.0.1', 0, max_size=None, subprotocols=['chat'])
    print(server.sockets[0].getsockname()[1])
    await asyncio.Future()
asyncio.run(main())
";

/// Opens a tunnel, echoes a short and a long message, closes it with a code, and says what it saw; meanwhile an
/// ordinary request passes on the same connection.
const CLIENT: &str = "
const http2 = require('http2'), session = http2.connect('http://127.0.0.1:' + process.argv[1]);
const frame = (opcode, payload) => {
  const head = payload.length < 126 ? Buffer.from([0x80 | opcode, 0x80 | payload.length, 1, 2, 3, 4])
    : Buffer.alloc(14);
  if (payload.length >= 126) {
    head[0] = 0x80 | opcode; head[1] = 0xff; head.writeBigUInt64BE(BigInt(payload.length), 2);
    head.set([1, 2, 3, 4], 10);
  }
  return Buffer.concat([head, payload.map((byte, at) => byte ^ (at % 4 + 1))]);
};
session.on('remoteSettings', settings => {
  if (!settings.enableConnectProtocol) throw 'not enabled';
  const stream = session.request({':method': 'CONNECT', ':protocol': 'websocket', ':path': '/chat',
    ':scheme': 'http', ':authority': 'ws.localhost', 'sec-websocket-version': '13',
    'sec-websocket-protocol': 'chat', origin: 'http://ws.localhost'});
  const long = Buffer.alloc(2000000, 'abc'), want = 2 + 5 + 10 + long.length + 4;
  stream.on('response', head => {
    console.log(head[':status'], head['sec-websocket-protocol'], head['sec-websocket-accept'], head.upgrade);
    stream.write(frame(1, Buffer.from('hello')));
    stream.write(frame(2, long));
  });
  const all = [];
  let got = 0, closed = false;
  stream.on('data', data => {
    all.push(data);
    got += data.length;
    if (got >= want - 4 && !closed) closed = stream.write(frame(8, Buffer.from([0x10, 0xe1]))) || true;
  });
  stream.on('end', () => {
    const said = Buffer.concat(all);
    console.log(said.length === want, said.subarray(2, 7).toString(), said.subarray(17, -4).equals(long),
      said.subarray(-2).readUInt16BE());
    stream.end();
    session.close();
  });
});
";

#[test]
fn a_websocket_passes_with_its_subprotocol_messages_and_close_code() {
    const NAME: &str =
        "gateway::h2::websocket::a_websocket_passes_with_its_subprotocol_messages_and_close_code";
    if !has_module(NAME, "websockets") || !has_programs(NAME, &["node"]) {
        return;
    }
    let (_server, address) = server(PYTHON, ECHO);
    let (_hub, route) = Hub::to("http", address);
    let said = node(CLIENT, &[&route.port().to_string()]);
    assert_eq!(said, "200 chat undefined undefined\ntrue hello true 4321\n");
}

/// Asks for a tunnel of this protocol, and says the status, and how the stream ended.
const ASK: &str = "
const http2 = require('http2'), session = http2.connect('http://127.0.0.1:' + process.argv[1]);
session.on('remoteSettings', () => {
  const stream = session.request({':method': 'CONNECT', ':protocol': process.argv[2], ':path': '/',
    ':scheme': 'http', ':authority': 'a', 'sec-websocket-version': '13'});
  stream.on('response', head => console.log(head[':status']));
  stream.resume().on('error', () => {}).on('close', () => session.close());
});
";

#[test]
fn a_tunnel_that_nobody_opens_is_told() {
    const NAME: &str = "gateway::h2::websocket::a_tunnel_that_nobody_opens_is_told";
    if !has_programs(NAME, &["node"]) {
        return;
    }
    for (answer, protocol, status) in [
        ("HTTP/1.1 403 No|Content-Length: 2||no", "websocket", "403"),
        // A 2xx would say that there is a tunnel.
        ("HTTP/1.1 200 OK|Content-Length: 2||no", "websocket", "502"),
        (
            "HTTP/1.1 101 S|Upgrade: websocket|Connection: Upgrade|Sec-WebSocket-Accept: x||",
            "websocket",
            "502",
        ),
        ("HTTP/1.1 101 S|Upgrade: websocket|Connection: Upgrade||", "websocket", "502"),
        ("", "connect-udp", "501"),
    ] {
        let (tell, told) = std::sync::mpsc::channel();
        let address = upstream(move |_, mut peer| {
            tell.send(peer.head()).unwrap();
            peer.say(answer);
        });
        let (_hub, route) = Hub::to("http", address);
        assert_eq!(node(ASK, &[&route.port().to_string(), protocol]), format!("{status}\n"), "{answer}");
        if protocol == "websocket" {
            let head = heard(&told);
            assert!(head.starts_with("GET / HTTP/1.1|host: a|"), "{head}");
            assert!(
                head.contains("|Upgrade: websocket|") && head.contains("|Connection: Upgrade|"),
                "{head}"
            );
        }
    }
}

/// An HTTP/2 server without TLS that takes tunnels, or does not, and echoes what is said in them.
const TUNNELS: &str = "
const http2 = require('http2');
const server = http2.createServer({settings: {enableConnectProtocol: TAKES}});
server.on('stream', (stream, head) => {
  if (head[':method'] !== 'CONNECT') { stream.respond({':status': 200}); return stream.end('plain'); }
  if (head[':path'] === '/no') { stream.respond({':status': 403}); return stream.end('not you'); }
  stream.respond({':status': 200, 'sec-websocket-protocol': head['sec-websocket-protocol'],
    'x-key': String(head['sec-websocket-key']), 'x-protocol': head[':protocol']});
  stream.pipe(stream);
});
server.listen(0, '127.0.0.1', () => console.log(server.address().port));
";

/// What a client of HTTP/1.1 says behind the target.
const WANTS: &str = "HTTP/1.1|Host: a|Connection: Upgrade|Upgrade: websocket|Sec-WebSocket-Version: 13|\
    Sec-WebSocket-Protocol: chat|Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==||";

#[test]
fn a_websocket_of_http1_reaches_an_upstream_of_http2() {
    const NAME: &str = "gateway::h2::websocket::a_websocket_of_http1_reaches_an_upstream_of_http2";
    if !has_programs(NAME, &["node"]) {
        return;
    }
    let (_server, address) = server("node", &TUNNELS.replace("TAKES", "true"));
    let (_hub, route) = Hub::to("h2c", address);
    for round in 0..2 {
        let mut client = Peer::connect(route);
        client.say(&format!("GET /chat {WANTS}"));
        let head = client.head().to_ascii_lowercase();
        assert!(head.starts_with("http/1.1 101 switching protocols|"), "{round}: {head}");
        for field in [
            "|sec-websocket-accept: s3pplmbitxaq9kygzzhzrbk+xoo=|",
            "|sec-websocket-protocol: chat|",
            "|upgrade: websocket|",
            "|x-key: undefined|",
            "|x-protocol: websocket|",
        ] {
            assert!(head.contains(field), "{field} in {head}");
        }
        // Bytes are carried as they are, and an end of one direction ends the other, not sooner.
        client.say("hello");
        assert_eq!(client.take(5), "hello");
        client.say("bye");
        client.end();
        assert_eq!(client.rest(), "bye");
    }
    // Refused, it is an answer as any other.
    let mut refused = Peer::connect(route);
    refused.say(&format!("GET /no {WANTS}"));
    let head = refused.head();
    assert!(head.starts_with("HTTP/1.1 403 "), "{head}");
    assert!(refused.take(15).contains("not you"));
}

#[test]
fn an_upstream_of_http2_that_takes_no_websocket_is_told() {
    const NAME: &str = "gateway::h2::websocket::an_upstream_of_http2_that_takes_no_websocket_is_told";
    if !has_programs(NAME, &["node"]) {
        return;
    }
    let (_server, address) = server("node", &TUNNELS.replace("TAKES", "false"));
    let (_hub, route) = Hub::to("h2c", address);
    // As the first request of the connection, whose settings have yet to come, and as a later one.
    for _ in 0..2 {
        let mut client = Peer::connect(route);
        client.say(&format!("GET /chat {WANTS}"));
        let head = client.head();
        assert!(head.starts_with("HTTP/1.1 501 "), "{head}");
        client.end();
        let page = client.rest();
        assert!(page.contains("takes no WebSocket") && page.contains("RFC 8441"), "{page}");
        let mut client = Peer::connect(route);
        client.say("GET / HTTP/1.1|Host: a|Connection: close||");
        assert!(client.rest().contains("plain"));
    }
}
