//! What is told of real requests, streams and datagrams, against what was sent.

use std::{
    collections::BTreeMap,
    io::{BufRead as _, BufReader},
    net::{Shutdown, UdpSocket},
    time::Instant,
};

use bytes::Bytes;
use navyd_model::exchange::{Outcome, Side};

use super::*;
use crate::{
    Observe,
    tap::{Begin, FlowId, Keeper, Mark, Plane, What, channel},
};

/// How long a test waits for what must come.
const PATIENCE: Duration = Duration::from_secs(30);

/// A gateway with one observed route, typed without where it begins; where that is, and who keeps what passes.
pub(super) fn observed(upstream: &str, limits: Limits) -> (Gateway, SocketAddr, Keeper) {
    let (tap, keeper) = channel(&limits);
    let routed = Routed { observe: Observe::All, ..routed(&format!("127.0.0.1:0={upstream}")) };
    let listen = vec![([127, 0, 0, 1], 0).into()];
    let plan = Plan {
        listen,
        handed: Vec::new(),
        routes: vec![routed],
        workers: 1,
        limits,
        home: None,
        tls: None,
        tap: Some(tap),
    };
    let gateway = Gateway::start(plan).unwrap();
    let route = begin(&gateway.routes()[0]);
    (gateway, route, keeper)
}

/// What was told of one flow.
pub(super) struct Story {
    pub(super) begin: Begin,
    /// Everything in between: bytes of one kind from one side in one piece, unless they are heads or datagrams, and with
    /// `|` for CRLF.
    pub(super) told: Vec<String>,
    pub(super) outcome: Option<Outcome>,
    /// Addresses of servers that were reached.
    pub(super) reached: Vec<(SocketAddr, SocketAddr)>,
    /// Bytes that were not told: in all, and of client and server.
    pub(super) lost: u64,
    pub(super) lost_of: [u64; 2],
    last: i64,
}

/// Takes what is told until so many flows have ended; then each of them, in the order in which they began.
pub(super) fn stories(keeper: &Keeper, ended: usize) -> Vec<Story> {
    let mut all: BTreeMap<FlowId, (Story, Option<(Side, Mark)>)> = BTreeMap::new();
    let until = Instant::now() + PATIENCE;
    while all.values().filter(|(story, _)| story.outcome.is_some()).count() < ended {
        let Some(batch) = keeper.recv_timeout(until.saturating_duration_since(Instant::now())) else {
            panic!("not so many have ended");
        };
        for event in &batch.events {
            if let What::Begin(begin) = &event.what {
                let begin = (**begin).clone();
                let (told, reached) = (Vec::new(), Vec::new());
                let story =
                    Story { begin, told, outcome: None, reached, lost: 0, lost_of: [0; 2], last: event.at };
                assert!(all.insert(event.flow, (story, None)).is_none(), "begun twice");
                continue;
            }
            let (story, before) = all.get_mut(&event.flow).expect("it has begun");
            assert!(story.outcome.is_none(), "told after its end: {event:?}");
            assert!(event.at >= story.last, "time went back");
            story.last = event.at;
            let last = before.take();
            match &event.what {
                What::Begin(_) => {}
                What::Reached { ours, server } => {
                    story.reached.push((*ours, *server));
                    story.told.push("reached".to_owned());
                }
                What::Bytes { from, mark, range } => {
                    let bytes = &batch.bytes[range.start as usize..range.end as usize];
                    let text = String::from_utf8_lossy(bytes).replace("\r\n", "|");
                    match story.told.last_mut() {
                        Some(piece) if last == Some((*from, *mark)) => piece.push_str(&text),
                        _ => story.told.push(format!("{from:?} {mark:?}: {text}")),
                    }
                    if !matches!(mark, Mark::Head | Mark::Datagram) {
                        *before = Some((*from, *mark));
                    }
                }
                What::Lost { from, count } => {
                    story.lost += count;
                    story.lost_of[usize::from(*from == Side::Server)] += count;
                    *before = last;
                }
                What::End(outcome) => story.outcome = Some(*outcome),
                other => story.told.push(format!("{other:?}")),
            }
        }
        keeper.give_back(batch);
    }
    all.into_values().map(|(story, _)| story).collect()
}

/// Everything of this kind in one piece, whatever came between.
pub(super) fn all_of(story: &Story, kind: &str) -> String {
    story.told.iter().filter_map(|piece| piece.strip_prefix(kind)?.strip_prefix(": ")).collect()
}

/// An upstream that does this with each connection.
pub(super) fn serving(serve: impl Fn(BufReader<TcpStream>) + Send + Sync + Clone + 'static) -> SocketAddr {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = listener.local_addr().unwrap();
    thread::spawn(move || {
        for stream in listener.incoming() {
            let serve = serve.clone();
            thread::spawn(move || serve(BufReader::new(stream.unwrap())));
        }
    });
    address
}

/// Reads to an empty line; what came, with `|` for CRLF, and nothing at the end.
pub(super) fn paragraph(stream: &mut BufReader<TcpStream>) -> String {
    let mut text = String::new();
    while !text.ends_with("\r\n\r\n") && stream.read_line(&mut text).is_ok_and(|count| count > 0) {}
    text.replace("\r\n", "|")
}

pub(super) fn say(stream: &mut BufReader<TcpStream>, text: &str) {
    stream.get_mut().write_all(text.replace('|', "\r\n").as_bytes()).unwrap();
}

pub(super) fn connect(address: SocketAddr) -> BufReader<TcpStream> {
    let stream = TcpStream::connect(address).unwrap();
    stream.set_read_timeout(Some(PATIENCE)).unwrap();
    BufReader::new(stream)
}

#[test]
fn heads_chunks_trailers_and_interim_responses_are_told_as_they_were_sent() {
    let server = serving(|mut stream| {
        assert!(paragraph(&mut stream).starts_with("POST /a?b HTTP/1.1|"));
        assert_eq!(paragraph(&mut stream), "3;x=y|abc|0|X-Sum:  7||");
        say(&mut stream, "HTTP/1.1 103 Early Hints|LINK: </a.css>||");
        say(&mut stream, "HTTP/1.1 200 Fine|X-Odd:  a |Transfer-Encoding: chunked|Keep-Alive: timeout=5||");
        say(&mut stream, "2|de|0|X-End: 1||");
    });
    let (_gateway, route, keeper) = observed(&format!("http://{server}"), Limits::default());
    let mut client = connect(route);
    let head = "POST /a?b HTTP/1.1|hOST: x|X-Forwarded-For: 9.9.9.9|Transfer-Encoding: chunked||";
    say(&mut client, &format!("{head}3;x=y|abc"));
    say(&mut client, "|0|X-Sum:  7||");
    assert!(paragraph(&mut client).starts_with("HTTP/1.1 103 Early Hints|"));
    assert!(paragraph(&mut client).starts_with("HTTP/1.1 200 Fine|"));
    assert_eq!(paragraph(&mut client), "2|de|0|X-End: 1||");

    let [story] = <[Story; 1]>::try_from(stories(&keeper, 1)).ok().unwrap();
    let ours = client.get_ref().local_addr().unwrap();
    assert_eq!((story.begin.client, story.begin.ours), (ours, route));
    assert_eq!((story.begin.plane, story.begin.tls), (Plane::Http { h2: false }, false));
    assert_eq!(*story.begin.route, *route.to_string());
    assert_eq!(story.outcome, Some(Outcome::Complete));
    assert_eq!(story.reached[0].1, server);
    assert_eq!((story.reached[0].0.ip(), story.lost), (server.ip(), 0));
    let expected = [
        format!("Client Head: {head}"),
        "reached".to_owned(),
        "Client Body: 3;x=y|abc|0|X-Sum:  7||".to_owned(),
        "Server Head: HTTP/1.1 103 Early Hints|LINK: </a.css>||".to_owned(),
        "Server Head: HTTP/1.1 200 Fine|X-Odd:  a |Transfer-Encoding: chunked|Keep-Alive: timeout=5||"
            .to_owned(),
        "Server Body: 2|de|0|X-End: 1||".to_owned(),
    ];
    assert_eq!(story.told, expected);
}

#[test]
fn a_request_that_is_sent_once_more_reaches_twice() {
    let server = serving(|mut stream| {
        // Each connection answers one request, and is closed by the next without a word.
        paragraph(&mut stream);
        say(&mut stream, "HTTP/1.1 200 OK|Content-Length: 2||ok");
        paragraph(&mut stream);
    });
    let (_gateway, route, keeper) = observed(&format!("http://{server}"), Limits::default());
    let mut client = connect(route);
    for _ in 0..2 {
        say(&mut client, "GET / HTTP/1.1|Host: a||");
        assert!(paragraph(&mut client).starts_with("HTTP/1.1 200 OK|"));
        client.read_exact(&mut [0; 2]).unwrap();
    }
    let [one, two] = <[Story; 2]>::try_from(stories(&keeper, 2)).ok().unwrap();
    assert_eq!(one.reached.len(), 1);
    assert_eq!((two.reached.len(), two.reached[0]), (2, one.reached[0]));
    assert_ne!(two.reached[1].0, two.reached[0].0);
    let server = ["Server Head: HTTP/1.1 200 OK|Content-Length: 2||", "Server Body: ok"];
    assert_eq!(
        two.told,
        [&["Client Head: GET / HTTP/1.1|Host: a||", "reached", "reached"][..], &server].concat()
    );
}

#[test]
fn how_an_exchange_ends_is_told() {
    /// Nothing listens there.
    fn nowhere() -> SocketAddr {
        TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap()
    }
    let answers = |answer: &'static str| {
        serving(move |mut stream| {
            paragraph(&mut stream);
            say(&mut stream, answer);
        })
    };
    let complete = "HTTP/1.1 200 OK|Content-Length: 1||x";
    for (server, outcome, told) in [
        (answers(complete), Outcome::Complete, "Server Body: x"),
        (answers("HTTP/1.1 200 OK||until the end"), Outcome::Complete, "Server Body: until the end"),
        (answers("HTTP/1.1 204 No Content||"), Outcome::Complete, "Server Head: HTTP/1.1 204 No Content||"),
        (answers("HTTP/1.1 200 OK|Content-Length: 9||short"), Outcome::ServerLeft, "Server Body: short"),
        (answers("nonsense||"), Outcome::ServerLeft, "Server Own: HTTP/1.1 502 Bad Gateway|"),
        (answers(""), Outcome::ServerLeft, "Server Own: HTTP/1.1 502 Bad Gateway|"),
        (nowhere(), Outcome::Unreached, "Server Own: HTTP/1.1 502 Bad Gateway|"),
    ] {
        let (_gateway, route, keeper) = observed(&format!("http://{server}"), Limits::default());
        let mut client = connect(route);
        say(&mut client, "POST / HTTP/1.1|Host: a|Content-Length: 0|Connection: close||");
        // Cut short, it ends with an error.
        let _ = client.read_to_end(&mut Vec::new());
        let story = stories(&keeper, 1).remove(0);
        assert_eq!(story.outcome, Some(outcome), "{:?}", story.told);
        let last = story.told.last().unwrap();
        assert!(last.starts_with(told), "{told}: {last}");
    }
}

#[test]
fn a_client_that_leaves_is_told_from_a_server_that_does() {
    let server = serving(|mut stream| {
        paragraph(&mut stream);
        say(&mut stream, "HTTP/1.1 200 OK|Content-Type: text/event-stream||data: 1\n\n");
        let _ = stream.read(&mut [0]);
    });
    let (_gateway, route, keeper) = observed(&format!("http://{server}"), Limits::default());
    let mut client = connect(route);
    say(&mut client, "GET / HTTP/1.0||");
    paragraph(&mut client);
    client.read_exact(&mut [0; 9]).unwrap();
    drop(client);
    let story = stories(&keeper, 1).remove(0);
    assert_eq!(story.outcome, Some(Outcome::ClientLeft));
    assert_eq!(all_of(&story, "Server Body"), "data: 1\n\n");
}

#[test]
fn what_leads_nowhere_is_told_and_what_the_gateway_itself_is_asked_is_not() {
    let (gateway, _, keeper) = observed("http://127.0.0.1:1", Limits::default());
    let listen = gateway.listen()[0];
    for host in [format!("127.0.0.1:{}", listen.port()), format!("shop.localhost:{}", listen.port())] {
        ask(listen, &format!("GET / HTTP/1.1\r\nHost: {host}\r\nConnection: close\r\n\r\n"));
    }
    let story = stories(&keeper, 1).remove(0);
    assert_eq!((&*story.begin.route, story.outcome), ("", Some(Outcome::Unreached)));
    assert!(story.told[0].contains("|Host: shop.localhost:"), "{:?}", story.told);
    assert!(story.told[1].starts_with("Server Own: HTTP/1.1 404 "), "{:?}", story.told);
}

#[test]
fn an_upgraded_connection_goes_on_as_a_stream() {
    let server = serving(|mut stream| {
        paragraph(&mut stream);
        say(&mut stream, "HTTP/1.1 101 Switching Protocols|Connection: Upgrade|Upgrade: odd||first");
        let mut text = String::new();
        stream.read_to_string(&mut text).unwrap();
        say(&mut stream, &format!("echo {text}"));
    });
    let (_gateway, route, keeper) = observed(&format!("http://{server}"), Limits::default());
    let mut client = connect(route);
    say(&mut client, "GET / HTTP/1.1|Host: a|Connection: Upgrade|Upgrade: odd||early ");
    paragraph(&mut client);
    say(&mut client, "late");
    client.get_ref().shutdown(Shutdown::Write).unwrap();
    let mut text = String::new();
    client.read_to_string(&mut text).unwrap();
    assert_eq!(text, "firstecho early late");
    let story = stories(&keeper, 1).remove(0);
    assert_eq!(story.outcome, Some(Outcome::Complete));
    assert_eq!(all_of(&story, "Server Stream"), text);
    assert_eq!(all_of(&story, "Client Stream"), "early late");
    let at = |kind: &str| story.told.iter().position(|piece| piece.starts_with(kind)).unwrap();
    assert!(at("Server Head: HTTP/1.1 101 ") < at("Upgraded") && at("Upgraded") < at("Server Stream"));
}

#[test]
fn a_stream_is_told_with_its_half_closes() {
    let server = serving(|mut stream| {
        let mut text = String::new();
        stream.read_to_string(&mut text).unwrap();
        say(&mut stream, &format!("you said {text}"));
    });
    let (_gateway, route, keeper) = observed(&format!("tcp://{server}"), Limits::default());
    let mut client = connect(route);
    say(&mut client, "hello");
    client.get_ref().shutdown(Shutdown::Write).unwrap();
    client.read_to_end(&mut Vec::new()).unwrap();
    let story = stories(&keeper, 1).remove(0);
    let ours = client.get_ref().local_addr().unwrap();
    assert_eq!((story.begin.plane, story.begin.client, story.begin.ours), (Plane::Tcp, ours, route));
    assert_eq!((story.outcome, story.reached[0].1), (Some(Outcome::Complete), server));
    assert_eq!(story.told, ["reached", "Client Stream: hello", "Server Stream: you said hello"]);

    let (_gateway, route, keeper) = observed("tcp://127.0.0.1:1", Limits::default());
    assert_eq!(ask(route, ""), "");
    let story = stories(&keeper, 1).remove(0);
    assert_eq!((story.outcome, story.told.len()), (Some(Outcome::Unreached), 0));
}

#[test]
fn each_client_of_a_udp_route_is_a_flow_of_datagrams() {
    let server = UdpSocket::bind("127.0.0.1:0").unwrap();
    let address = server.local_addr().unwrap();
    thread::spawn(move || {
        let mut buffer = [0; 2048];
        while let Ok((count, client)) = server.recv_from(&mut buffer) {
            server.send_to(&buffer[..count], client).unwrap();
        }
    });
    let limits = Limits { udp_idle: SHORT, ..Limits::default() };
    let (_gateway, route, keeper) = observed(&format!("udp://{address}"), limits);
    let client = UdpSocket::bind("127.0.0.1:0").unwrap();
    client.set_read_timeout(Some(PATIENCE)).unwrap();
    for text in ["one", "", "two"] {
        client.send_to(text.as_bytes(), route).unwrap();
        let mut buffer = [0; 16];
        let (count, _) = client.recv_from(&mut buffer).unwrap();
        assert_eq!(&buffer[..count], text.as_bytes());
    }
    let story = stories(&keeper, 1).remove(0);
    assert_eq!((story.begin.plane, story.begin.client), (Plane::Udp, client.local_addr().unwrap()));
    assert_eq!((story.begin.ours, story.reached[0].1), (route, address));
    assert_eq!(story.outcome, Some(Outcome::Complete));
    let echoes =
        ["one", "", "two"].map(|text| ["Client", "Server"].map(|side| format!("{side} Datagram: {text}")));
    assert_eq!(story.told[1..], echoes.concat());
}

#[test]
fn http2_is_told_as_its_translation() {
    let server = serving(|mut stream| {
        paragraph(&mut stream);
        assert_eq!(paragraph(&mut stream), "3|abc|0||");
        say(&mut stream, "HTTP/1.1 200 OK|Content-Length: 2||de");
    });
    let (_gateway, route, keeper) = observed(&format!("http://{server}"), Limits::default());
    let asked = async {
        let stream = tokio::net::TcpStream::connect(route).await.unwrap();
        let (mut sender, connection) = h2::client::handshake(stream).await.unwrap();
        tokio::spawn(connection);
        let request = http::Request::post("http://shop.localhost/x").header("x-a", "1").body(()).unwrap();
        let (answer, mut body) = sender.send_request(request, false).unwrap();
        body.send_data(Bytes::from_static(b"abc"), true).unwrap();
        let mut body = answer.await.unwrap().into_body();
        assert_eq!(body.data().await.unwrap().unwrap(), "de");
    };
    tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap().block_on(asked);
    let story = stories(&keeper, 1).remove(0);
    assert_eq!((story.begin.plane, story.outcome), (Plane::Http { h2: true }, Some(Outcome::Complete)));
    assert_eq!((story.begin.ours, story.reached[0].1), (route, server));
    let expected = [
        "Client Translated: POST /x HTTP/1.1|host: shop.localhost|x-a: 1|Transfer-Encoding: chunked||",
        "reached",
        "Client Body: 3|abc|0||",
        "Server Head: HTTP/1.1 200 OK|Content-Length: 2||",
        "Server Body: de",
    ];
    assert_eq!(story.told, expected);
}

#[test]
fn the_connection_of_an_upstream_that_speaks_http2_is_told() {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    listener.set_nonblocking(true).unwrap();
    let server = listener.local_addr().unwrap();
    thread::spawn(move || {
        let serving = async {
            let listener = tokio::net::TcpListener::from_std(listener).unwrap();
            let mut connection = h2::server::handshake(listener.accept().await.unwrap().0).await.unwrap();
            while let Some(Ok((_, mut respond))) = connection.accept().await {
                respond.send_response(http::Response::new(()), true).unwrap();
            }
        };
        tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap().block_on(serving);
    });
    let (_gateway, route, keeper) = observed(&format!("h2c://{server}"), Limits::default());
    for _ in 0..2 {
        let answer = ask(route, "GET / HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n");
        assert!(answer.starts_with("HTTP/1.1 200 "), "{answer}");
    }
    let told = stories(&keeper, 2);
    assert_eq!(told[0].reached[0].1, server);
    assert_eq!(told[0].reached, told[1].reached, "both went by one connection");
}

#[test]
fn a_keeper_that_takes_nothing_stops_nobody_and_what_is_lost_is_counted() {
    const LENGTH: usize = 300_000;
    let server = serving(|mut stream| {
        while !paragraph(&mut stream).is_empty() {
            say(&mut stream, &format!("HTTP/1.1 200 OK|Content-Length: {LENGTH}||"));
            stream.get_mut().write_all(&[b'x'; LENGTH]).unwrap();
        }
    });
    let limits = Limits { tap: 1024 * 1024, tap_connection: 512 * 1024, ..Limits::default() };
    let (gateway, route, keeper) = observed(&format!("http://{server}"), limits);
    let mut client = connect(route);
    let answers = |client: &mut BufReader<TcpStream>, count: usize| {
        for _ in 0..count {
            say(client, "GET / HTTP/1.1|Host: a||");
            assert!(paragraph(client).starts_with("HTTP/1.1 200 OK|"));
            client.read_exact(&mut [0; LENGTH]).unwrap();
        }
    };
    answers(&mut client, 50);
    let lost = gateway.counters().lost;
    assert!((40..50).contains(&lost.flows), "{lost:?}");
    assert!(lost.bytes < LENGTH as u64, "{lost:?}");
    assert_eq!(keeper.lost(), lost);
    // Taken off, there is room again.
    let kept = 50 - lost.flows as usize;
    let before = stories(&keeper, kept);
    let told: usize = before.iter().map(|story| all_of(story, "Server Body").len()).sum();
    let missing: u64 = before.iter().map(|story| story.lost).sum();
    assert_eq!((told as u64 + missing, missing), ((kept * LENGTH) as u64, lost.bytes));
    answers(&mut client, 1);
    let story = stories(&keeper, 1).remove(0);
    assert_eq!((all_of(&story, "Server Body").len(), story.lost), (LENGTH, 0));
}

#[test]
fn a_route_that_is_not_observed_is_not_told_from_the_next_request_on() {
    let server = serving(|mut stream| {
        while !paragraph(&mut stream).is_empty() {
            say(&mut stream, "HTTP/1.1 200 OK|Content-Length: 2||ok");
        }
    });
    let (gateway, route, keeper) = observed(&format!("http://{server}"), Limits::default());
    let mut client = connect(route);
    for observe in [Observe::All, Observe::Not, Observe::All] {
        let routed = Routed { observe, ..Routed::from(gateway.routes()[0].clone()) };
        gateway.change(vec![routed]).unwrap();
        say(&mut client, &format!("GET /{observe:?} HTTP/1.1|Host: a||"));
        paragraph(&mut client);
        client.read_exact(&mut [0; 2]).unwrap();
    }
    let told = stories(&keeper, 2);
    assert!(told.iter().all(|story| story.told[0].starts_with("Client Head: GET /All HTTP/1.1|")));
    // The connection to the server was kept all the time.
    assert_eq!(told[0].reached, told[1].reached);
    assert_eq!(keeper.lost(), crate::tap::Lost::default());
}
