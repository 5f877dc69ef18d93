//! The gateway between programs that people use.

use std::process::Command;

use super::Hub;
use crate::support::{child::Held, program, run::run, skip, temp::TempDir};

/// A server on port 0 that prints its port as the first line.
pub(crate) fn server(program: &str, script: &str) -> (Held, std::net::SocketAddr) {
    let flag = if program == "node" { "-e" } else { "-c" };
    let mut held = Held::start(Command::new(program).args([flag, script]).env("PYTHONUNBUFFERED", "1"));
    let port: u16 = held.line().trim().parse().unwrap();
    (held, ([127, 0, 0, 1], port).into())
}

const NODE: &str = "const s = require('http').createServer((q, r) => {
  if (q.url === '/trailers') { r.writeHead(200, {Trailer: 'X-Sum'}); r.write('a'); r.addTrailers({'X-Sum': '7'}); return r.end(); }
  if (q.url === '/hints') { r.writeEarlyHints({link: '</a.css>; rel=preload'}); return r.end('late'); }
  let n = 0; q.on('data', d => n += d.length); q.on('end', () => r.end(`${q.method} ${n}\\n`));
}); s.listen(0, '127.0.0.1', () => console.log(s.address().port));";

#[test]
fn curl_reaches_node() {
    const NAME: &str = "gateway::peers::curl_reaches_node";
    let (Some(curl), Some(_)) = (program("curl"), program("node")) else {
        return skip(NAME, "`curl` or `node` is not installed");
    };
    let (_node, address) = server("node", NODE);
    let (_hub, route) = Hub::to("http", address);
    let folder = TempDir::new();
    let large = folder.write("large", vec![b'x'; 3 << 20]);
    let curl = |args: &[&str], path: &str| {
        run(Command::new(&curl)
            .args(["-s", "--max-time", "20"])
            .args(args)
            .arg(format!("http://{route}{path}")))
    };
    let large = large.to_str().unwrap();
    for (args, path, expected) in [
        (&[][..], "/", "GET 0\n"),
        (&["-d", "abc"], "/", "POST 3\n"),
        (&["-T", large], "/", "PUT 3145728\n"),
        (&["-T", large, "-H", "Transfer-Encoding: chunked"], "/", "PUT 3145728\n"),
        (&["-T", large, "-H", "Expect: 100-continue"], "/", "PUT 3145728\n"),
        (&["-0"], "/trailers", "a"),
        (&[], "/hints", "late"),
    ] {
        let ran = curl(args, path);
        assert_eq!((ran.status, ran.stdout.as_str()), (Some(0), expected), "{args:?} {path}: {}", ran.stderr);
    }
    let trailers = curl(&["-i", "--raw"], "/trailers");
    assert!(trailers.stdout.contains("X-Sum: 7"), "{}", trailers.stdout);
    let hints = curl(&["-i"], "/hints");
    assert!(hints.stdout.starts_with("HTTP/1.1 103 Early Hints"), "{}", hints.stdout);
}

pub(super) const WEBSOCKET: &str = "
import asyncio, ssl, sys, websockets
async def echo(ws):
    try:
        async for message in ws:
            if message == 'fragments':
                await ws.send(['a' * 70000, 'b', 'c'])
            elif message == 'leave':
                await (await ws.ping())
                await ws.close(4002, 'so long')
            elif message == 'crash':
                ws.transport.abort()
            else:
                await ws.send(message)
    except websockets.ConnectionClosed:
        pass
async def client(port, root=None):
    context = root and ssl.create_default_context(cafile=root)
    host = 'shop.localhost' if root else None
    socket = dict(host='127.0.0.1', port=int(port), ssl=context, server_hostname=host)
    url = f'{\"wss\" if root else \"ws\"}://{host or \"127.0.0.1\"}/'
    socket = {k: v for k, v in socket.items() if v}
    async with websockets.connect(url, **socket) as ws:
        for message in ['x', 'y' * 200000, b'z' * 70000]:
            await ws.send(message)
            assert await ws.recv() == message
        await ws.send('fragments')
        assert await ws.recv() == 'a' * 70000 + 'bc'
        await ws.send(['d' * 70000, '', 'e'])
        assert await ws.recv() == 'd' * 70000 + 'e'
        await (await ws.ping())
        await ws.close(4321, 'enough')
    print(ws.close_code)
    for last in ['leave', 'crash']:
        async with websockets.connect(url, **socket) as ws:
            await ws.send(last)
            try:
                await ws.recv()
            except websockets.ConnectionClosed:
                print(ws.close_code, ws.close_reason)
async def main():
    if len(sys.argv) > 1:
        return await client(*sys.argv[1:])
    server = await websockets.serve(echo, '127.0.0.1', 0)
    print(server.sockets[0].getsockname()[1])
    await asyncio.Future()
asyncio.run(main())
";

/// The Python of the system, which has its packages.
pub(super) const PYTHON: &str = "/usr/bin/python3";

#[test]
fn websocket_messages_fragments_and_close_codes_pass() {
    const NAME: &str = "gateway::peers::websocket_messages_fragments_and_close_codes_pass";
    if run(Command::new("sh").args(["-c", "/usr/bin/python3 -c 'import websockets'"])).status != Some(0) {
        return skip(NAME, "python3-websockets is not installed");
    }
    let (_server, address) = server(PYTHON, WEBSOCKET);
    let (_hub, route) = Hub::to("http", address);
    let ran = run(Command::new(PYTHON).args(["-c", WEBSOCKET, &route.port().to_string()]));
    assert_eq!((ran.status, ran.stdout.trim()), (Some(0), "4321\n4002 so long\n1006"), "{}", ran.stderr);
}

#[test]
fn a_load_of_many_connections_meets_no_error() {
    const NAME: &str = "gateway::peers::a_load_of_many_connections_meets_no_error";
    let (Some(wrk), Some(_)) = (program("wrk"), program("node")) else {
        return skip(NAME, "`wrk` or `node` is not installed");
    };
    let (_node, address) = server("node", NODE);
    let (_hub, route) = Hub::to("http", address);
    // More connections than an upstream is given: the rest queues.
    let ran = run(Command::new(wrk).args(["-t1", "-c100", "-d1s", &format!("http://{route}/")]));
    assert_eq!(ran.status, Some(0), "{}", ran.stderr);
    assert!(ran.stdout.contains("Requests/sec") && !ran.stdout.contains("errors"), "{}", ran.stdout);
    assert!(!ran.stdout.contains("Non-2xx"), "{}", ran.stdout);
}
