//! The whole keeper on a directory of its own, told what a gateway would tell.

mod failures;
mod secrets;

use std::{
    fs,
    path::Path,
    sync::mpsc::{self, Receiver, RecvTimeoutError},
    time::Duration,
};

use jiff::Timestamp;
use navyd_gateway::tap::{Batch, Begin, Event, FlowId, Mark, Plane, What};
use navyd_model::{
    exchange::{Hit, Outcome, Protocol, Side},
    filter::Filter,
};

use super::*;
use crate::{capture::attribute::cause::Found, scratch::Scratch};

/// Batches of whoever sends some; over when nobody can any more.
struct Batches {
    from: Receiver<Batch>,
    over: bool,
}

impl From<Receiver<Batch>> for Batches {
    fn from(from: Receiver<Batch>) -> Self {
        Self { from, over: false }
    }
}

impl Source for Batches {
    fn next(&mut self, timeout: Duration) -> Option<Batch> {
        match self.from.recv_timeout(timeout) {
            Ok(batch) => Some(batch),
            Err(RecvTimeoutError::Timeout) => None,
            Err(RecvTimeoutError::Disconnected) => {
                self.over = true;
                None
            }
        }
    }

    fn is_over(&self) -> bool {
        self.over
    }
}

/// What a gateway would tell of some flows.
pub(in crate::capture) struct Script {
    pub(in crate::capture) batch: Batch,
    pub(in crate::capture) at: i64,
}

/// When the stories begin: 2026-11-21T10:00:00Z.
const BEGIN: i64 = 1_795_255_200_000_000;

impl Script {
    pub(in crate::capture) fn new() -> Self {
        Self { batch: Batch::default(), at: BEGIN }
    }

    pub(in crate::capture) fn what(&mut self, flow: u64, what: What) -> &mut Self {
        self.at += 1000;
        self.batch.events.push(Event { flow: FlowId(flow), at: self.at, what });
        self
    }

    pub(in crate::capture) fn begin(&mut self, flow: u64, plane: Plane) -> &mut Self {
        let address = |port: u16| ([127, 0, 0, 1], port).into();
        let begin = Begin {
            plane,
            route: "shop.localhost".into(),
            client: address(40_000 + (flow % 10) as u16),
            ours: address(8000),
            tls: false,
        };
        self.what(flow, What::Begin(Box::new(begin)))
    }

    pub(in crate::capture) fn reached(&mut self, flow: u64) -> &mut Self {
        let address = |port: u16| ([127, 0, 0, 1], port).into();
        self.what(flow, What::Reached { ours: address(50_000), server: address(3000) })
    }

    pub(in crate::capture) fn bytes(
        &mut self,
        flow: u64,
        from: Side,
        mark: Mark,
        bytes: impl AsRef<[u8]>,
    ) -> &mut Self {
        let start = self.batch.bytes.len() as u32;
        self.batch.bytes.extend_from_slice(bytes.as_ref());
        self.what(flow, What::Bytes { from, mark, range: start..self.batch.bytes.len() as u32 })
    }

    /// A whole exchange.
    pub(in crate::capture) fn exchange(
        &mut self,
        flow: u64,
        request: (&str, &[u8]),
        response: (&str, &[u8]),
    ) -> &mut Self {
        self.begin(flow, Plane::Http { h2: false }).reached(flow);
        for (side, (head, body)) in [(Side::Client, request), (Side::Server, response)] {
            self.bytes(flow, side, Mark::Head, head);
            if !body.is_empty() {
                self.bytes(flow, side, Mark::Body, body);
            }
        }
        self.what(flow, What::End(Outcome::Complete))
    }

    pub(in crate::capture) fn get(&mut self, flow: u64, path: &str, body: &str) -> &mut Self {
        let request = format!("GET {path} HTTP/1.1\r\nHost: shop.localhost\r\n\r\n");
        let length = body.len();
        let response =
            format!("HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: {length}\r\n\r\n");
        self.exchange(flow, (&request, b""), (&response, body.as_bytes()))
    }

    pub(in crate::capture) fn take(&mut self) -> Batch {
        std::mem::take(&mut self.batch)
    }
}

fn settings(directory: &Path) -> Settings {
    Settings { directory: directory.join("traffic"), limits: Limits::default(), reveal: false, export: None }
}

/// A capture that was told all of this, and has written it.
fn told(settings: Settings, script: &mut Script) -> Capture {
    let (to, from) = mpsc::channel();
    to.send(script.take()).unwrap();
    drop(to);
    let capture = Capture::open(settings, Batches::from(from)).unwrap();
    // The thread ends with its source, and gives up its hold on what it has written.
    while Arc::weak_count(&capture.shared) > 1 {
        std::thread::yield_now();
    }
    capture
}

fn filtered(text: &str) -> Question {
    Question { filter: Some(Filter::parse(text, Timestamp::now()).unwrap()), ..Question::default() }
}

fn searched(text: &str) -> Question {
    Question { text: Some(text.into()), ..Question::default() }
}

fn ids(capture: &Capture, question: &Question) -> Vec<u64> {
    capture.list(question).unwrap().exchanges.iter().map(|summary| summary.id).collect()
}

#[test]
fn an_exchange_is_kept_as_it_was_sent() {
    let scratch = Scratch::new();
    let mut script = Script::new();
    let request = "POST /pay?a=1 HTTP/1.1\r\nHOST: shop.localhost\r\nx-One: 1\r\nX-One: 2\r\nTransfer-Encoding: chunked\r\n\r\n";
    let response = "HTTP/1.1 201 Made\r\nContent-Type: text/plain\r\nContent-Length: 5\r\n\r\n";
    script.begin(1, Plane::Http { h2: false }).reached(1);
    script.bytes(1, Side::Client, Mark::Head, request);
    script.bytes(1, Side::Client, Mark::Body, "3\r\nabc\r\n2;x=y\r\nde");
    script.bytes(1, Side::Client, Mark::Body, "\r\n0\r\nX-Sum: 9\r\n\r\n");
    script.bytes(1, Side::Server, Mark::Head, "HTTP/1.1 103 Early Hints\r\nLink: </a>\r\n\r\n");
    script.bytes(1, Side::Server, Mark::Head, response);
    script.bytes(1, Side::Server, Mark::Body, "hello");
    let hit = Hit {
        fault: "slow".into(),
        kind: "latency".into(),
        from: Some(Side::Server),
        asked: "200 ms".into(),
        delivered: "200.3 ms".into(),
    };
    script.what(1, What::Hit(Box::new(hit.clone()))).what(1, What::End(Outcome::Complete));
    let capture = told(settings(scratch.path()), &mut script);

    let found = capture.show(1).unwrap().unwrap();
    let summary = &found.summary;
    assert_eq!((summary.id, summary.protocol, summary.outcome), (1, Protocol::Http, Outcome::Complete));
    assert_eq!((summary.method.as_str(), summary.target.as_str()), ("POST", "http://shop.localhost/pay?a=1"));
    assert_eq!((summary.status, summary.route.as_str()), (Some(201), "shop.localhost"));
    assert_eq!((summary.wait_ms, summary.took_ms), (Some(5.0), Some(9.0)));
    assert_eq!((summary.received, summary.lost), (111, 0));
    assert_eq!(summary.client.address, Some("127.0.0.1:40001".parse().unwrap()));
    assert_eq!(summary.server.address, Some("127.0.0.1:3000".parse().unwrap()));
    assert_eq!(summary.faults, ["slow"]);
    assert_eq!(found.hits, [hit]);
    assert_eq!(found.request.line.as_deref(), Some("POST /pay?a=1 HTTP/1.1"));
    let names: Vec<&str> = found.request.headers.iter().map(|(name, _)| name.as_str()).collect();
    assert_eq!(names, ["HOST", "x-One", "X-One", "Transfer-Encoding"]);
    assert_eq!(found.request.trailers, [("X-Sum".to_owned(), "9".to_owned())]);
    let body = found.request.body.unwrap();
    assert_eq!((body.size, body.kept, body.text.as_deref(), body.note), (5, 5, Some("abcde"), None));
    assert_eq!(
        body.sha256.as_deref(),
        Some("36bbe50ed96841d10443bcb670d6554f0a34b761be67ec9c4a8ad2c0c44ca42c")
    );
    let answer = found.response.unwrap();
    assert_eq!(answer.interim[0].line, "HTTP/1.1 103 Early Hints");
    assert_eq!(answer.body.unwrap().text.as_deref(), Some("hello"));
    assert_eq!(capture.show(2).unwrap(), None);
}

#[test]
fn pages_go_from_the_newest_to_the_oldest_and_filters_choose() {
    let scratch = Scratch::new();
    let mut script = Script::new();
    for flow in 1..=25 {
        script.get(flow, &format!("/item/{flow}"), "{}");
    }
    let capture = told(settings(scratch.path()), &mut script);
    let mut question = Question { limit: 10, ..Question::default() };
    let mut seen = Vec::new();
    loop {
        let page = capture.list(&question).unwrap();
        seen.extend(page.exchanges.iter().map(|summary| summary.id));
        question.before = page.next;
        if page.next.is_none() {
            break;
        }
    }
    assert_eq!(seen, (1..=25).rev().collect::<Vec<u64>>());
    assert_eq!(ids(&capture, &Question { after: Some(22), ..Question::default() }), [25, 24, 23]);
    for (filter, expected) in [
        ("path:/item/7", vec![7]),
        ("id:3..4", vec![4, 3]),
        ("status:>=400", vec![]),
        ("header.host~shop path:/item/2*", vec![25, 24, 23, 22, 21, 20, 2]),
        ("body~\"{}\" id:<3", vec![2, 1]),
        ("body~\"no\"", vec![]),
        ("protocol:http id:25", vec![25]),
    ] {
        assert_eq!(ids(&capture, &filtered(filter)), expected, "{filter}");
    }
    let stats = capture.stats(&filtered("id:<=20")).unwrap();
    assert_eq!((stats.exchanges, stats.statuses[&200], stats.failed), (20, 20, 0));
    assert_eq!((stats.routes[0].route.as_str(), stats.routes[0].exchanges), ("shop.localhost", 20));
    assert_eq!(capture.remove(&filtered("id:<=20")).unwrap(), 20);
    assert_eq!(ids(&capture, &Question::default()), [25, 24, 23, 22, 21]);
}

#[test]
fn words_are_found_before_and_after_they_are_indexed() {
    let scratch = Scratch::new();
    let mut script = Script::new();
    script.get(1, "/cart/apples", r#"{"fruit":"pear"}"#).get(2, "/cart/plums", r#"{"fruit":"cherry tree"}"#);
    let capture = told(settings(scratch.path()), &mut script);
    let check = || {
        for (text, expected) in [
            ("cart", vec![2, 1]),
            ("APPLES", vec![1]),
            ("cart/pl", vec![2]),
            ("cherry tr", vec![2]),
            ("tree cherry", vec![]),
            ("pear", vec![1]),
            ("quince", vec![]),
            ("shop.localhost", vec![2, 1]),
        ] {
            assert_eq!(ids(&capture, &searched(text)), expected, "{text}");
        }
    };
    check();
    let mut steps = 0;
    while capture.shared.keeping().idle() {
        steps += 1;
    }
    assert!(steps > 1);
    check();
}

#[test]
fn a_capture_goes_on_where_the_last_one_ended() {
    let scratch = Scratch::new();
    let settings = settings(scratch.path());
    drop(told(settings.clone(), Script::new().get(1, "/a", "{}").get(2, "/b", "{\"b\":1}")));
    let capture = told(settings.clone(), Script::new().get(1, "/c", "{}"));
    // In the order in which they began: the clock of each script begins anew, so `/c` began with `/a`, before `/b`.
    assert_eq!(ids(&capture, &Question::default()), [2, 3, 1]);
    // A page is cut by number all the same, and the next one goes on there.
    let first = capture.list(&Question { limit: 2, ..Question::default() }).unwrap();
    assert_eq!((first.exchanges.len(), first.next), (2, Some(2)));
    assert_eq!(ids(&capture, &Question { before: first.next, ..Question::default() }), [1]);
    let body = |id| capture.show(id).unwrap().unwrap().response.unwrap().body.unwrap().text.unwrap();
    assert_eq!((body(1), body(2), body(3)), ("{}".to_owned(), "{\"b\":1}".to_owned(), "{}".to_owned()));
    capture.clear().unwrap();
    assert!(ids(&capture, &Question::default()).is_empty());
    assert!(every_byte(scratch.path()).windows(4).all(|part| part != b"shop"));
    drop(capture);
    let capture = told(settings, Script::new().get(1, "/d", "{}"));
    assert_eq!(ids(&capture, &Question::default()), [4]);
}

#[test]
fn what_goes_on_is_seen_and_streams_keep_their_chunks() {
    let scratch = Scratch::new();
    let (to, from) = mpsc::channel();
    let capture = Capture::open(settings(scratch.path()), Batches::from(from)).unwrap();
    let mut live = capture.follow();
    let mut script = Script::new();
    script.begin(1, Plane::Tcp).reached(1);
    script.bytes(1, Side::Client, Mark::Stream, "PING").bytes(1, Side::Server, Mark::Stream, b"\xff\x00");
    script.get(2, "/done", "{}");
    to.send(script.take()).unwrap();
    assert_eq!(live.blocking_recv().unwrap().id, 2);
    let all = capture.list(&Question::default()).unwrap().exchanges;
    let told: Vec<(u64, Outcome, Protocol)> =
        all.iter().map(|one| (one.id, one.outcome, one.protocol)).collect();
    assert_eq!(told, [(2, Outcome::Complete, Protocol::Http), (1, Outcome::Open, Protocol::Tcp)]);
    assert_eq!(capture.show(1).unwrap().unwrap().summary.took_ms, None);
    script.what(1, What::Lost { from: Side::Server, count: 7 }).what(1, What::End(Outcome::ClientLeft));
    to.send(script.take()).unwrap();
    assert_eq!(live.blocking_recv().unwrap().outcome, Outcome::ClientLeft);
    let found = capture.show(1).unwrap().unwrap();
    assert_eq!((found.summary.sent, found.summary.received, found.summary.lost), (4, 9, 7));
    let pieces: Vec<(&str, Option<&str>, u64)> =
        found.pieces.iter().map(|piece| (piece.kind.as_str(), piece.text.as_deref(), piece.size)).collect();
    assert_eq!(pieces, [("bytes", Some("PING"), 4), ("bytes", None, 2), ("gap", None, 7)]);
    assert_eq!(found.pieces[1].base64.as_deref(), Some("/wA="));
}

/// Every byte of every file below a directory, and of what is compressed in them.
fn every_byte(directory: &Path) -> Vec<u8> {
    let mut all = Vec::new();
    for entry in fs::read_dir(directory).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            all.extend(every_byte(&path));
            continue;
        }
        let bytes = fs::read(&path).unwrap();
        if path.extension().is_some_and(|extension| extension == "seg") {
            all.extend(zstd::decode_all(bytes.as_slice()).unwrap());
        }
        all.extend(bytes);
    }
    all
}

fn gzip(bytes: &[u8]) -> Vec<u8> {
    use std::io::Write as _;
    let mut encoder = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
    encoder.write_all(bytes).unwrap();
    encoder.finish().unwrap()
}

#[test]
fn whole_folders_go_when_there_are_too_many() {
    let scratch = Scratch::new();
    let limits = Limits { bytes: 800_000, age: Duration::from_secs(3600), ..Limits::default() };
    let settings = Settings { limits, ..settings(scratch.path()) };
    let mut most = 0;
    for round in 0..30_u64 {
        let mut script = Script::new();
        let mut state = round + 1;
        let mut random = || {
            state ^= state << 13;
            state ^= state >> 7;
            state ^= state << 17;
            char::from(b'!' + (state % 90) as u8)
        };
        let random: String = (0..60_000).map(|_| random()).collect();
        script.exchange(
            1,
            ("GET / HTTP/1.1\r\nHost: h\r\n\r\n", b""),
            (
                "HTTP/1.1 200 OK\r\nContent-Type: image/png\r\nContent-Length: 60000\r\n\r\n",
                random.as_bytes(),
            ),
        );
        let capture = told(settings.clone(), &mut script);
        capture.prune().unwrap();
        most = most.max(capture.status().bytes);
    }
    assert!(most <= 1_200_000, "{most}");
    let capture = told(settings, &mut Script::new());
    let kept = ids(&capture, &Question::default());
    assert!(kept.len() < 30 && kept.first() == Some(&30), "{kept:?}");
    assert!(
        capture
            .show(*kept.last().unwrap())
            .unwrap()
            .unwrap()
            .response
            .unwrap()
            .body
            .unwrap()
            .base64
            .is_some()
    );
}

#[test]
fn what_may_have_caused_what_is_kept_and_folders_of_before_have_none() {
    let scratch = Scratch::new();
    let mut store = Store::open(scratch.path().join("traffic"), Limits::default()).unwrap();
    let records: Vec<Record> = (1..=4).map(|id| Record::of_test(id, Protocol::Http)).collect();
    let found = [(3, vec![1]), (4, vec![1, 2])].map(|(id, causes)| Found { id, causes });
    store.write(&records, &[], &found, Timestamp::now()).unwrap();
    let folders = store.folders().unwrap();
    let told = |id| {
        let one = query::show(&folders, id, None).unwrap().unwrap();
        (one.summary.caused_by, one.caused, one.maybe_caused, one.maybe_caused_by)
    };
    assert_eq!(told(1), (None, vec![3], vec![4], vec![]));
    assert_eq!(told(2), (None, vec![], vec![4], vec![]));
    assert_eq!(told(3), (Some(1), vec![], vec![], vec![]));
    assert_eq!(told(4), (None, vec![], vec![], vec![1, 2]));
    store.remove(&[2]).unwrap();
    assert_eq!(told(4), (None, vec![], vec![], vec![1]));
    let database = rusqlite::Connection::open(folders[0].database()).unwrap();
    database.execute_batch("DROP TABLE maybe_caused").unwrap();
    assert_eq!(told(1), (None, vec![3], vec![], vec![]));
}
