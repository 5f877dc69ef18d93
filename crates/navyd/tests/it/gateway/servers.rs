//! The gateway in front of servers that people use, seen by clients that people use: what only real ones show.

use std::{
    net::{SocketAddr, TcpListener},
    path::PathBuf,
    process::Command,
};

use super::{Hub, Peer, peers::server};
use crate::support::{
    child::Held,
    program,
    run::{Run, navyd, run},
    skip,
    temp::TempDir,
};

/// Whether all are installed; says so where not.
fn here(test: &str, programs: &[&str]) -> bool {
    let missing = programs.iter().find(|name| program(name).is_none());
    if let Some(name) = missing {
        skip(&format!("gateway::servers::{test}"), &format!("`{name}` is not installed"));
    }
    missing.is_none()
}

fn free() -> SocketAddr {
    TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap()
}

fn curl(arguments: &[&str], urls: &[String]) -> Run {
    let ran = run(Command::new("curl").args(["-s", "--max-time", "50"]).args(arguments).args(urls));
    assert_eq!(ran.status, Some(0), "curl {arguments:?} {urls:?}: {}", ran.stderr);
    ran
}

/// nginx with these directives in its only server.
struct Nginx {
    address: SocketAddr,
    folder: TempDir,
    _process: Held,
}

impl Nginx {
    fn start(server: &str) -> Self {
        let (folder, address) = (TempDir::new(), free());
        let place = folder.path().display();
        let conf = folder.write(
            "conf",
            format!(
                "daemon off; master_process off; pid {place}/pid; error_log stderr; events {{}}\n\
                 http {{ access_log off; client_body_temp_path {place}/b; proxy_temp_path {place}/p;\n\
                 fastcgi_temp_path {place}/f; uwsgi_temp_path {place}/u; scgi_temp_path {place}/s;\n\
                 server {{ listen {address}; root {place}; {server} }} }}\n"
            ),
        );
        let nginx = program("nginx").expect("it was looked for");
        let process = Held::start(Command::new(nginx).args(["-e", "stderr", "-c"]).arg(conf));
        let waited = run(navyd().args(["wait", &address.to_string(), "--timeout", "30s"]));
        assert_eq!(waited.status, Some(0), "{}", waited.stderr);
        Self { address, folder, _process: process }
    }
}

#[test]
fn nginx_accepts_one_connection_for_three_requests_of_curl() {
    if !here("nginx_accepts_one_connection_for_three_requests_of_curl", &["nginx", "curl"]) {
        return;
    }
    let nginx = Nginx::start("location / { return 200 '$connection $connection_requests\n'; }");
    let (_hub, route) = Hub::to("http", nginx.address);
    let urls = vec![format!("http://{route}/"); 3];
    let answer = curl(&[], &urls).stdout;
    let counts: Vec<_> = answer.lines().map(|line| line.split_once(' ').unwrap()).collect();
    let connection = counts[0].0;
    assert_eq!(counts, [(connection, "1"), (connection, "2"), (connection, "3")]);
}

#[test]
fn nginx_answers_head_and_the_connection_goes_on() {
    if !here("nginx_answers_head_and_the_connection_goes_on", &["nginx", "curl"]) {
        return;
    }
    let nginx = Nginx::start("");
    nginx.folder.write("page.html", "0123456789");
    let (_hub, route) = Hub::to("http", nginx.address);
    let url = format!("http://{route}/page.html");
    let ran = curl(&["-v", "-I"], &[url.clone(), url.clone()]);
    assert_eq!(ran.stdout.matches("Content-Length: 10\r\n").count(), 2, "{}", ran.stdout);
    assert!(ran.stderr.contains("Re-using existing connection"), "{}", ran.stderr);
    // What depends on fields that the gateway must leave alone.
    let tag = ran.stdout.lines().find_map(|line| line.strip_prefix("ETag: ")).unwrap().trim().to_owned();
    let cached = curl(&["-i", "-H", &format!("If-None-Match: {tag}")], std::slice::from_ref(&url));
    assert!(cached.stdout.starts_with("HTTP/1.1 304 Not Modified\r\n"), "{}", cached.stdout);
    let part = curl(&["-i", "-r", "3-5"], &[url]);
    assert!(
        part.stdout.starts_with("HTTP/1.1 206 ") && part.stdout.ends_with("\r\n\r\n345"),
        "{}",
        part.stdout
    );
}

#[test]
fn nginx_answers_a_pipeline_in_order() {
    if !here("nginx_answers_a_pipeline_in_order", &["nginx"]) {
        return;
    }
    let nginx = Nginx::start("location / { return 200 $uri; }");
    let (_hub, route) = Hub::to("http", nginx.address);
    let mut client = Peer::connect(route);
    client.say(&(100..200).map(|n| format!("GET /{n} HTTP/1.1|Host: a||")).collect::<String>());
    for n in 100..200 {
        assert!(client.head().starts_with("HTTP/1.1 200 OK|"));
        assert_eq!(client.take(4), format!("/{n}"));
    }
}

/// Tells of each request when it has come to its end; wants a body only from who asks for `/yes`.
const NODE: &str = "const s = require('http').createServer((q, r) => {
  const sum = require('crypto').createHash('sha256');
  q.on('data', d => sum.update(d));
  q.on('end', () => { r.write(`${q.httpVersion} ${q.method} `); r.end(sum.digest('hex') + '\\n'); });
});
s.on('checkContinue', (q, r) => {
  if (q.url !== '/yes') { r.writeHead(413, {'Content-Length': 4}); return r.end('much'); }
  r.writeContinue(); s.emit('request', q, r);
});
s.listen(+process.env.PORT || 0, '127.0.0.1', () => console.log(s.address().port));";

/// SHA-256 of a file, by another program.
fn sum_of(file: &PathBuf) -> String {
    let ran = run(Command::new("sha256sum").arg(file));
    ran.stdout.split(' ').next().unwrap().to_owned()
}

#[test]
fn curl_sends_no_body_until_node_wants_it() {
    if !here("curl_sends_no_body_until_node_wants_it", &["node", "curl"]) {
        return;
    }
    let (_node, address) = server("node", NODE);
    let (_hub, route) = Hub::to("http", address);
    let folder = TempDir::new();
    let file = folder.write("body", "body");
    let ask = |path: &str| {
        let url = format!("http://{route}{path}");
        // Longer than any test: it must be the answer that lets it go on.
        let patience = ["-v", "-H", "Expect: 100-continue", "--expect100-timeout", "1000", "-T"];
        curl(&[&patience[..], &[file.to_str().unwrap()]].concat(), &[url])
    };
    let wanted = ask("/yes");
    assert!(wanted.stderr.contains("< HTTP/1.1 100 Continue"), "{}", wanted.stderr);
    assert_eq!(wanted.stdout, format!("1.1 PUT {}\n", sum_of(&file)));
    let unwanted = ask("/no");
    assert!(!unwanted.stderr.contains("100 Continue"), "{}", unwanted.stderr);
    assert!(unwanted.stderr.contains("< HTTP/1.1 413 "), "{}", unwanted.stderr);
    assert_eq!(unwanted.stdout, "much");
}

#[test]
fn nginx_asks_in_http_1_0_and_is_answered_in_it() {
    if !here("nginx_asks_in_http_1_0_and_is_answered_in_it", &["node", "nginx", "curl"]) {
        return;
    }
    let (_node, address) = server("node", NODE);
    let (_hub, route) = Hub::to("http", address);
    // HTTP/1.0 is what nginx speaks to upstreams unless told otherwise; node answers in chunks.
    let nginx =
        Nginx::start(&format!("location / {{ proxy_pass http://{route}; proxy_set_header Host a; }}"));
    let urls = vec![format!("http://{}/", nginx.address); 3];
    let answer = curl(&["-d", "x"], &urls).stdout;
    let sum = "2d711642b726b04401627ca9fbac32f5c8530fb1903cc4db02258717921a4881";
    assert_eq!(answer, format!("1.1 POST {sum}\n").repeat(3));
}

/// Enough to fill every buffer and pipe on the way many times; `bench/` does it with a GiB.
const LARGE: usize = 256 << 20;

#[test]
fn large_files_arrive_whole_both_ways() {
    if !here("large_files_arrive_whole_both_ways", &["node", "nginx", "curl", "sha256sum"]) {
        return;
    }
    let nginx = Nginx::start("sendfile on;");
    let block: Vec<u8> = (0..1 << 20).map(|at: u32| (at.wrapping_mul(2_654_435_761) >> 24) as u8).collect();
    let file = nginx.folder.write("large", "");
    {
        let mut file = std::fs::File::options().append(true).open(&file).unwrap();
        for number in 0..LARGE >> 20 {
            std::io::Write::write_all(&mut file, &block[number..]).unwrap();
            std::io::Write::write_all(&mut file, &block[..number]).unwrap();
        }
    }
    let sum = sum_of(&file);
    let (_hub, route) = Hub::to("http", nginx.address);
    let got = nginx.folder.path().join("got");
    curl(&["-o", got.to_str().unwrap()], &[format!("http://{route}/large")]);
    assert_eq!(sum_of(&got), sum);
    std::fs::remove_file(got).unwrap();

    let (_node, address) = server("node", NODE);
    let (_hub, route) = Hub::to("http", address);
    for chunked in [&[][..], &["-H", "Transfer-Encoding: chunked"]] {
        let sent =
            curl(&[&["-T", file.to_str().unwrap()], chunked].concat(), &[format!("http://{route}/yes")]);
        assert_eq!(sent.stdout, format!("1.1 PUT {sum}\n"), "{chunked:?}");
    }
}

#[test]
fn an_upstream_that_was_restarted_is_met_on_a_new_connection() {
    if !here("an_upstream_that_was_restarted_is_met_on_a_new_connection", &["node"]) {
        return;
    }
    let address = free();
    let start = || {
        let mut node =
            Held::start(Command::new("node").args(["-e", NODE]).env("PORT", address.port().to_string()));
        node.line();
        node
    };
    let (_hub, route) = Hub::to("http", address);
    let mut client = Peer::connect(route);
    let mut ask = |method: &str| {
        client.say(&format!("{method} / HTTP/1.1|Host: a|Content-Length: 0||"));
        let head = client.head();
        let length = head.split("|Content-Length: ").nth(1).and_then(|rest| rest.split('|').next());
        match length {
            Some(length) => drop(client.take(length.parse().unwrap())),
            // Chunks without an empty line, up to their end.
            None => assert!(client.head().ends_with("|0||")),
        }
        head.split(' ').nth(1).unwrap().to_owned()
    };
    for _ in 0..3 {
        let node = start();
        // What may not be sent twice, first: the connection that the last one left is not taken for a live one.
        assert_eq!((ask("POST"), ask("GET")), ("200".into(), "200".into()));
        drop(node);
        assert_eq!(ask("POST"), "502");
    }
    let node = start();
    assert_eq!(ask("GET"), "200");
    // Restarted with nothing asked between.
    drop(node);
    let _node = start();
    assert_eq!(ask("POST"), "200");
}

/// Sends an event each time that `/next` is asked for.
const EVENTS: &str = "let out;
const s = require('http').createServer((q, r) => {
  if (q.url === '/events') { out = r; r.writeHead(200, {'Content-Type': 'text/event-stream'}); return r.flushHeaders(); }
  out.write(`data: ${q.url.slice(6)}\\n\\n`); r.end();
});
s.listen(0, '127.0.0.1', () => console.log(s.address().port));";

#[test]
fn every_event_of_node_comes_before_the_next_is_made() {
    if !here("every_event_of_node_comes_before_the_next_is_made", &["node"]) {
        return;
    }
    let (_node, address) = server("node", EVENTS);
    let (_hub, route) = Hub::to("http", address);
    let (mut events, mut next) = (Peer::connect(route), Peer::connect(route));
    events.say("GET /events HTTP/1.1|Host: a||");
    assert!(events.head().contains("|Transfer-Encoding: chunked|"));
    for number in 1000..2000 {
        next.say(&format!("GET /next/{number} HTTP/1.1|Host: a||"));
        assert!(next.head().starts_with("HTTP/1.1 200 "));
        // A chunk of twelve bytes, its size and its end.
        assert_eq!(events.take(3 + 12 + 2), format!("c|data: {number}\n\n|"));
    }
}

/// Says more once its peer has said all.
const HALF: &str = "const s = require('net').createServer({allowHalfOpen: true}, c => {
  let n = 0; c.on('data', d => n += d.length); c.on('end', () => { c.write(`${n}`); c.end(); });
});
s.listen(0, '127.0.0.1', () => console.log(s.address().port));";

#[test]
fn node_answers_a_stream_that_has_ended() {
    if !here("node_answers_a_stream_that_has_ended", &["node"]) {
        return;
    }
    let (_node, address) = server("node", HALF);
    let (_hub, route) = Hub::to("tcp", address);
    let mut client = Peer::connect(route);
    client.say(&"x".repeat(1 << 20));
    client.end();
    assert_eq!(client.rest(), "1048576");
}
