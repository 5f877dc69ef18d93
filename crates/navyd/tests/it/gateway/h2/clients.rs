//! Clients of HTTP/2 that people use, in front of upstreams that say exactly what a test wants.

use std::{collections::BTreeSet, process::Command};

use super::{PYTHON, has_programs, node};
use crate::{
    gateway::{Hub, answering, heard, peers::server, upstream},
    support::{child::Held, run::run},
};

#[test]
fn curl_speaks_http2_to_an_http1_upstream() {
    const NAME: &str = "gateway::h2::clients::curl_speaks_http2_to_an_http1_upstream";
    if !has_programs(NAME, &["curl"]) {
        return;
    }
    let address = upstream(|_, mut peer| {
        loop {
            let head = peer.head();
            let Some(path) = head.split(' ').nth(1) else { return };
            match path {
                "/hints" => {
                    peer.say("HTTP/1.1 103 Early Hints|Link: </a>||HTTP/1.1 200 OK|Content-Length: 2||ok");
                }
                "/trailers" => peer.say("HTTP/1.1 200 OK|Transfer-Encoding: chunked||1|a|0|X-Sum: 7||"),
                "/close" => return peer.say("HTTP/1.0 200 OK|Connection: X-Hop|X-Hop: 1||all"),
                "/cut" => return peer.say("HTTP/1.1 200 OK|Content-Length: 9||abc"),
                "/bad" => return peer.say("SSH-2.0|"),
                "/gone" => return,
                "/204" => peer.say("HTTP/1.1 204 No|Via: 1.1 x||"),
                "/expect" => {
                    peer.say("HTTP/1.1 100 Continue||");
                    let said = peer.take(3);
                    peer.say(&format!("HTTP/1.1 200 OK|Content-Length: 3||{said}"));
                }
                _ => peer.say("HTTP/1.1 200 OK|Content-Length: 2|Keep-Alive: timeout=9||hi"),
            }
        }
    });
    let (_hub, route) = Hub::to("http", address);
    for (args, path, status, answer) in [
        (&[][..], "/", 0, "HTTP/2 200 |content-length: 2|via: 1.1 navyd||hi"),
        (&["-I"], "/head", 0, "HTTP/2 200 |content-length: 2|via: 1.1 navyd||"),
        (&[], "/204", 0, "HTTP/2 204 |via: 1.1 x|via: 1.1 navyd||"),
        (
            &[],
            "/hints",
            0,
            "HTTP/2 103 |link: </a>|via: 1.1 navyd||HTTP/2 200 |content-length: 2|via: 1.1 navyd||ok",
        ),
        (&[], "/trailers", 0, "HTTP/2 200 |via: 1.1 navyd||ax-sum: 7|"),
        (&[], "/close", 0, "HTTP/2 200 |via: 1.0 navyd||all"),
        (
            &["-H", "Expect: 100-continue", "-d", "abc"],
            "/expect",
            0,
            "HTTP/2 100 |via: 1.1 navyd||HTTP/2 200 |content-length: 3|via: 1.1 navyd||abc",
        ),
        // What was cut short does not look complete.
        (&["-o", "/dev/null"], "/cut", 92, ""),
        (&[], "/bad", 0, "HTTP/2 502 |"),
        (&[], "/gone", 0, "HTTP/2 502 |"),
    ] {
        let mut curl = Command::new("curl");
        curl.args(["-s", "--max-time", "20", "--http2-prior-knowledge", "-i"]).args(args);
        let ran = run(curl.arg(format!("http://{route}{path}")));
        let said = ran.stdout.replace("\r\n", "|");
        assert!(said.starts_with(answer) && (answer.ends_with("502 |") || said == answer), "{path}: {said}");
        assert_eq!(ran.status, Some(status), "{path}: {}", ran.stderr);
    }
}

/// Sends a request with every kind of field, and says what came of it.
const CLIENT: &str = "
const session = require('http2').connect('http://127.0.0.1:' + process.argv[1]);
const stream = session.request({':method': 'POST', ':path': '/a?b', ':authority': 'Shop.LocalHost.:1',
  cookie: ['a=1', 'b=2'], te: 'trailers', 'x-forwarded-for': '6.6.6.6', forwarded: 'for=6.6.6.6', via: '1.1 x',
  'x-empty': ''}, {waitForTrailers: true});
stream.on('wantTrailers', () => stream.sendTrailers({'x-check': 'right'}));
stream.on('response', head => console.log(head[':status'], head['x-a'], head['set-cookie'].join('+'), head.connection));
stream.on('trailers', trailers => console.log(trailers['x-sum']));
stream.on('data', data => console.log(data.toString())).on('close', () => session.close());
stream.write('abc');
stream.end('de');
";

#[test]
fn heads_bodies_and_trailers_are_translated_both_ways() {
    const NAME: &str = "gateway::h2::clients::heads_bodies_and_trailers_are_translated_both_ways";
    if !has_programs(NAME, &["node"]) {
        return;
    }
    let (tell, told) = std::sync::mpsc::channel();
    let address = upstream(move |_, mut peer| {
        let head = peer.head();
        let mut body = String::new();
        while !body.ends_with("|0|x-check: right||") {
            body.push_str(&peer.take(1));
            body = body.replace("\r\n", "|");
        }
        tell.send((head, body)).unwrap();
        peer.say(
            "HTTP/1.1 200 OK|X-A: 1|Set-Cookie: a|Set-Cookie: b|Transfer-Encoding: chunked|Trailer: X-Sum||",
        );
        peer.say("3|abc|0|X-Sum: 7||");
        peer.rest();
    });
    let hub = Hub::start(&[format!("shop.localhost=http://{address}")]);
    let said = node(CLIENT, &[&hub.listen.port().to_string()]);
    assert_eq!(said, "200 1 a+b undefined\nabc\n7\n");
    let (head, body) = heard(&told);
    let (front, via) = head.split_once("|Via: 2.0 navyd-").unwrap();
    assert_eq!(
        front,
        "POST /a?b HTTP/1.1|host: Shop.LocalHost.:1|cookie: a=1; b=2|via: 1.1 x|x-empty: |Transfer-Encoding: chunked|\
         Connection: TE|TE: trailers|X-Forwarded-For: 127.0.0.1|X-Forwarded-Proto: http|\
         Forwarded: for=127.0.0.1;proto=http;host=\"Shop.LocalHost.:1\"|X-Forwarded-Host: Shop.LocalHost.:1"
    );
    assert!(via.ends_with("||"), "{head}");
    assert!(
        matches!(body.as_str(), "5|abcde|0|x-check: right||" | "3|abc|2|de|0|x-check: right||"),
        "{body}"
    );
}

/// Sends three requests, each once the last is answered.
const THRICE: &str = "
const session = require('http2').connect('http://127.0.0.1:' + process.argv[1]);
let left = 3;
const ask = () => session.request({':path': '/'}).on('data', data => process.stdout.write(data))
  .on('end', () => --left ? ask() : session.close());
ask();
";

#[test]
fn requests_of_one_connection_share_one_to_the_upstream() {
    const NAME: &str = "gateway::h2::clients::requests_of_one_connection_share_one_to_the_upstream";
    if !has_programs(NAME, &["node"]) {
        return;
    }
    let (address, told) = answering("HTTP/1.1 200 OK|Content-Length: 2||ok");
    let (_hub, route) = Hub::to("http", address);
    assert_eq!(node(THRICE, &[&route.port().to_string()]), "okokok");
    let connections: BTreeSet<_> = (0..3).map(|_| heard(&told).0).collect();
    assert_eq!(connections.len(), 1);
}

/// A server whose queue holds 16 connections, and which is slow to take them.
const NARROW: &str = "
import http.server, socketserver
class Server(socketserver.ThreadingMixIn, http.server.HTTPServer):
    request_queue_size = 16
    daemon_threads = True
class Handler(http.server.BaseHTTPRequestHandler):
    def do_GET(self):
        self.send_response(200)
        self.send_header('Content-Length', '1')
        self.end_headers()
        self.wfile.write(b'x')
    def log_message(self, *_): pass
server = Server(('127.0.0.1', 0), Handler)
print(server.server_port)
server.serve_forever()
";

#[test]
fn three_hundred_parallel_requests_reach_a_server_with_a_short_queue() {
    const NAME: &str =
        "gateway::h2::clients::three_hundred_parallel_requests_reach_a_server_with_a_short_queue";
    if !has_programs(NAME, &["h2load", "python3"]) {
        return;
    }
    let (_server, address) = server(PYTHON, NARROW);
    let (_hub, route) = Hub::to("http", address);
    let ran = run(Command::new("h2load").args(["-n300", "-c3", "-m100", &format!("http://{route}/")]));
    assert!(ran.stdout.contains("300 succeeded, 0 failed, 0 errored, 0 timeout"), "{}", ran.stdout);
    assert!(ran.stdout.contains("300 2xx"), "{}", ran.stdout);
}

#[test]
fn a_load_on_many_streams_meets_no_error() {
    const NAME: &str = "gateway::h2::clients::a_load_on_many_streams_meets_no_error";
    const NODE2: &str = "const s = require('http2').createServer((q, r) => r.end('ok'));
        s.listen(0, '127.0.0.1', () => console.log(s.address().port));";
    if !has_programs(NAME, &["h2load", "node"]) {
        return;
    }
    let (told, _answers) = answering("HTTP/1.1 200 OK|Content-Length: 2||ok");
    let (_node, h2c) = server("node", NODE2);
    for (scheme, address) in [("http", told), ("h2c", h2c)] {
        let (_hub, route) = Hub::to(scheme, address);
        for protocol in ["h2c", "http/1.1"] {
            let url = format!("http://{route}/");
            let ran = run(Command::new("h2load").args(["-n3000", "-c4", "-m25", "-p", protocol, &url]));
            assert!(ran.stdout.contains("3000 succeeded"), "{protocol} to {scheme}: {}", ran.stdout);
            assert!(ran.stdout.contains("3000 2xx"), "{protocol} to {scheme}: {}", ran.stdout);
        }
    }
}

/// Sends two requests, of which the second is never answered by the upstream before the hub is told to end.
const LEAVE: &str = "
const session = require('http2').connect('http://127.0.0.1:' + process.argv[1]);
session.on('goaway', code => console.log('goaway', code));
const stream = session.request({':path': '/'});
stream.on('response', head => console.log(head[':status']));
stream.on('data', data => console.log(data.toString())).on('close', () => console.log('closed', stream.rstCode));
session.on('close', () => console.log('end'));
";

#[test]
fn a_hub_that_ends_says_so_and_finishes_what_is_in_flight() {
    const NAME: &str = "gateway::h2::clients::a_hub_that_ends_says_so_and_finishes_what_is_in_flight";
    if !has_programs(NAME, &["node"]) {
        return;
    }
    let (tell, told) = std::sync::mpsc::channel();
    let (go, gone) = std::sync::mpsc::channel::<()>();
    let gone = std::sync::Arc::new(std::sync::Mutex::new(gone));
    let address = upstream(move |_, mut peer| {
        tell.send(peer.head()).unwrap();
        gone.lock().unwrap().recv().unwrap();
        peer.say("HTTP/1.1 200 OK|Content-Length: 4||late");
        peer.rest();
    });
    let (mut hub, route) = Hub::to("http", address);
    let mut client = Held::start(Command::new("node").args(["-e", LEAVE, &route.port().to_string()]));
    heard(&told);
    hub.terminate();
    assert_eq!(client.line(), "goaway 0");
    go.send(()).unwrap();
    // A GOAWAY that lets everything through comes first, and another one names the last stream.
    let rest: Vec<_> = std::iter::from_fn(|| Some(client.line()).filter(|line| line != "end")).collect();
    let rest: Vec<_> = rest.iter().filter(|line| *line != "goaway 0").collect();
    assert_eq!(rest, ["200", "late", "closed 0"]);
    assert_eq!(hub.held.wait(), Some(0));
}
