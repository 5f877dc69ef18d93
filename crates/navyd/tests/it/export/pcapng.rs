//! Packets, read by tshark: its dissectors, filters and streams.

use std::{path::Path, process::Command};

use navyd_hub::export::Raw;
use navyd_model::exchange::{Protocol, Side};

use super::{exchange, needs, party, piece, written};
use crate::support::{run::run, temp::TempDir};

struct Capture {
    folder: TempDir,
}

impl Capture {
    /// `None`, with the reason said, where there is no tshark.
    fn of(test: &str, all: &[Raw]) -> Option<Self> {
        if !needs(test, &["tshark"]) {
            return None;
        }
        let folder = TempDir::new();
        folder.write("all.pcapng", written("pcapng", all));
        let capture = Self { folder };
        let wrong = "_ws.malformed || tcp.checksum.status==0 || udp.checksum.status==0 || ip.checksum.status==0 \
                     || tcp.analysis.flags || _ws.expert.severity >= 6291456";
        let sums = ["-o", "tcp.check_checksum:TRUE", "-o", "ip.check_checksum:TRUE"];
        let udp = ["-o", "udp.check_checksum:TRUE"];
        assert_eq!(capture.tshark(&[&sums[..], &udp, &["-Y", wrong]].concat()), "");
        Some(capture)
    }

    fn tshark(&self, args: &[&str]) -> String {
        let file = self.folder.path().join("all.pcapng");
        let ran = run(Command::new("tshark").arg("-r").arg(Path::new(&file)).args(args).env("HOME", "/"));
        assert_eq!(ran.status, Some(0), "{args:?}: {}", ran.stderr);
        ran.stdout
    }

    /// A line for each packet that passes the filter, with these fields.
    fn fields(&self, filter: &str, fields: &[&str]) -> Vec<String> {
        let mut args = vec!["-Y", filter, "-T", "fields", "-E", "separator=|"];
        args.extend(fields.iter().flat_map(|field| ["-e", *field]));
        self.tshark(&args).lines().map(str::to_owned).collect()
    }
}

#[test]
fn requests_and_responses_are_seen() {
    let first = exchange(
        "http://shop.localhost/pay?a=1",
        "POST /pay?a=1 HTTP/1.1|Host: shop.localhost|Content-Length: 3",
        b"a=1",
        "HTTP/1.1 201 Created|Content-Length: 100000|Content-Type: text/plain",
        &b"tea ".repeat(25_000),
    );
    let mut second = exchange(
        "http://api.localhost/",
        "GET / HTTP/1.1|Host: api.localhost",
        b"",
        "HTTP/1.1 200 OK|Transfer-Encoding: chunked|Trailer: X-Sum",
        b"in chunks",
    );
    let summary = &mut second.exchange.summary;
    (summary.client, summary.server) = (party("[::1]:40001"), party("[::1]:3001"));
    second.exchange.response.as_mut().unwrap().trailers = vec![("X-Sum".to_owned(), "7".to_owned())];
    let Some(capture) = Capture::of("export::pcapng::requests_and_responses_are_seen", &[first, second])
    else {
        return;
    };
    // Whoever filters by port or protocol of a name that the dissector does not know as HTTP's has it guessed.
    let requests =
        capture.fields("http.request", &["tcp.stream", "http.request.method", "http.request.full_uri"]);
    assert_eq!(requests, ["0|POST|http://shop.localhost/pay?a=1", "1|GET|http://api.localhost/"]);
    let responses = capture.fields("http.response", &["tcp.stream", "http.response.code", "http.file_data"]);
    assert_eq!(responses.len(), 2, "{responses:?}");
    assert!(responses[0].starts_with("0|201|tea tea "), "{:.80}", responses[0]);
    assert!(responses[1].starts_with("1|200|in chunks"), "{}", responses[1]);
    assert_eq!(capture.fields("ipv6 && http", &["ipv6.src"]), ["::1", "::1"]);
    assert_eq!(capture.fields("frame.comment contains \"exchange 1\"", &["frame.number"]).len(), 2);
    let times = capture.fields("http.time", &["http.time"]);
    assert_eq!(times.len(), 2, "{times:?}");
    assert!(times.iter().all(|time| time.parse::<f64>().unwrap() == 0.02), "{times:?}");
    let stream = capture.tshark(&["-q", "-z", "follow,tcp,ascii,1"]);
    for part in ["GET / HTTP/1.1", "\t", "9\r\nin chunks", "X-Sum: 7"] {
        assert!(stream.replace('\n', "\r\n").contains(part) || stream.contains(part), "{part}: {stream}");
    }
}

#[test]
fn a_body_that_was_cut_is_a_gap() {
    let mut cut = exchange(
        "http://a.localhost/",
        "GET / HTTP/1.1|Host: a.localhost",
        b"",
        "HTTP/1.1 200 OK|Content-Length: 5000",
        b"the first of many",
    );
    cut.exchange.response.as_mut().unwrap().body.as_mut().unwrap().size = 5000;
    if !needs("export::pcapng::a_body_that_was_cut_is_a_gap", &["tshark"]) {
        return;
    }
    let capture = Capture { folder: TempDir::new() };
    capture.folder.write("all.pcapng", written("pcapng", &[cut]));
    let gaps = capture.fields("tcp.analysis.lost_segment", &["tcp.flags.fin"]);
    assert_eq!(gaps, ["1"], "the end comes behind the gap");
}

#[test]
fn messages_of_websocket_are_seen() {
    let mut socket = exchange(
        "ws://a.localhost/ws",
        "GET /ws HTTP/1.1|Host: a.localhost|Connection: Upgrade|Upgrade: websocket\
         |Sec-WebSocket-Version: 13|Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==",
        b"",
        "HTTP/1.1 101 Switching Protocols|Connection: Upgrade|Upgrade: websocket\
         |Sec-WebSocket-Accept: s3pPLMBiTxaQ9kYGzzhZRbK+xOo=",
        b"",
    );
    socket.exchange.summary.protocol = Protocol::Websocket;
    socket.exchange.pieces = vec![
        piece(30.0, Side::Client, "text", Some("hello"), None),
        piece(40.0, Side::Server, "binary", None, Some("AAE=")),
        piece(50.0, Side::Server, "text", Some(&"long ".repeat(20_000)), None),
        piece(60.0, Side::Client, "ping", Some(""), None),
    ];
    let Some(capture) = Capture::of("export::pcapng::messages_of_websocket_are_seen", &[socket]) else {
        return;
    };
    let frames =
        capture.fields("websocket", &["websocket.opcode", "websocket.mask", "websocket.payload_length"]);
    assert_eq!(frames.len(), 4, "{frames:?}");
    assert_eq!((frames[0].as_str(), frames[1].as_str(), frames[3].as_str()), ("1|1|5", "2|0|2", "9|1|0"));
    assert_eq!(capture.fields("websocket.payload.text contains \"hello\"", &["tcp.stream"]), ["0"]);
}

#[test]
fn questions_and_bytes_are_seen() {
    // A question for the address of `a.localhost`, and that it is 127.0.0.1.
    const QUESTION: &str = "AAEBAAABAAAAAAAAAWEJbG9jYWxob3N0AAABAAE=";
    const ANSWER: &str = "AAGBgAABAAEAAAAAAWEJbG9jYWxob3N0AAABAAHADAABAAEAAAA8AAR/AAAB";
    let mut asked = exchange("a.localhost", "A", b"", "", b"");
    asked.exchange.request.line = None;
    let summary = &mut asked.exchange.summary;
    (summary.protocol, summary.server) = (Protocol::Udp, party("127.0.0.1:53"));
    asked.exchange.pieces = vec![
        piece(0.0, Side::Client, "bytes", None, Some(QUESTION)),
        piece(1.0, Side::Server, "bytes", None, Some(ANSWER)),
    ];
    let mut raw = exchange("", "", b"", "", b"");
    raw.exchange.request.line = None;
    (raw.exchange.summary.protocol, raw.exchange.summary.client) = (Protocol::Tcp, party("127.0.0.1:40009"));
    raw.exchange.pieces = vec![
        piece(0.0, Side::Client, "bytes", Some("first "), None),
        piece(1.0, Side::Server, "bytes", Some("answer"), None),
        piece(2.0, Side::Client, "bytes", Some("second"), None),
    ];
    let all = [asked, raw];
    let Some(capture) = Capture::of("export::pcapng::questions_and_bytes_are_seen", &all) else { return };
    let names = capture.fields("dns", &["dns.qry.name", "dns.a"]);
    assert_eq!(names, ["a.localhost|", "a.localhost|127.0.0.1"]);
    let stream = capture.tshark(&["-q", "-z", "follow,tcp,ascii,0"]);
    assert!(stream.contains("6\nfirst \n\t6\nanswer\n6\nsecond"), "{stream}");
}
