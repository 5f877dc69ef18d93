//! Breakpoints on real sockets: what is held, what of it goes on, and what goes on where nothing can be held.

use std::{io::BufReader, net::Shutdown};

use navyd_model::exchange::{Outcome, Side};

use super::{
    told::{observed, stories},
    *,
};
use crate::breakpoint::{Breakpoints, MOST_BODY, Notice, Release, Wanted};

const DEADLINE: Duration = Duration::from_secs(60);

/// An upstream that says back each request as it came, or `answer` where there is one; `|` stands for CRLF.
fn mirror(answer: Option<&'static str>) -> SocketAddr {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = listener.local_addr().unwrap();
    thread::spawn(move || {
        for stream in listener.incoming() {
            thread::spawn(move || {
                let stream = stream.unwrap();
                let (mut reader, mut writer) = (BufReader::new(stream.try_clone().unwrap()), stream);
                while let Some(request) = message(&mut reader) {
                    let said = match answer {
                        Some(answer) => answer.replace('|', "\r\n").into_bytes(),
                        None => {
                            let head = format!(
                                "HTTP/1.1 200 OK\r\nX-Own: 1\r\nContent-Length: {}\r\n\r\n",
                                request.len()
                            );
                            [head.into_bytes(), request].concat()
                        }
                    };
                    if writer.write_all(&said).is_err()
                        || answer.is_some_and(|answer| !answer.contains("Length"))
                    {
                        return;
                    }
                }
            });
        }
    });
    address
}

/// A message with its head and its body, as it came; `None` at the end.
fn message(reader: &mut impl std::io::BufRead) -> Option<Vec<u8>> {
    let mut bytes = Vec::new();
    while !bytes.ends_with(b"\r\n\r\n") {
        if reader.read_until(b'\n', &mut bytes).unwrap_or(0) == 0 {
            return None;
        }
    }
    let head = String::from_utf8_lossy(&bytes).to_ascii_lowercase();
    if head.contains("transfer-encoding: chunked") {
        while !bytes.ends_with(b"\r\n0\r\n\r\n") {
            reader.read_until(b'\n', &mut bytes).unwrap();
        }
    } else if let Some((_, rest)) = head.split_once("content-length: ") {
        let length: usize = rest.lines().next().unwrap().parse().unwrap();
        let mut body = vec![0; length];
        reader.read_exact(&mut body).unwrap();
        bytes.extend(body);
    }
    Some(bytes)
}

fn connect(route: SocketAddr) -> BufReader<TcpStream> {
    let stream = TcpStream::connect(route).unwrap();
    stream.set_read_timeout(Some(DEADLINE)).unwrap();
    BufReader::new(stream)
}

fn send(client: &mut BufReader<TcpStream>, text: &str) {
    client.get_mut().write_all(text.replace('|', "\r\n").as_bytes()).unwrap();
}

fn hear(client: &mut BufReader<TcpStream>) -> String {
    String::from_utf8(message(client).unwrap()).unwrap().replace("\r\n", "|")
}

fn wanted(filter: &str, response: bool) -> Wanted {
    Wanted { filter: filter.to_owned(), response, timeout: DEADLINE }
}

/// The number of the only message that is held, once there is one.
fn held(points: &Breakpoints) -> u64 {
    until(|| !points.held().is_empty());
    points.held()[0].id
}

fn on(head: Option<&str>, body: Option<&str>) -> Release {
    Release::On {
        head: head.map(|head| head.replace('|', "\n")),
        body: body.map(|body| body.as_bytes().to_vec()),
    }
}

#[test]
fn a_held_request_goes_on_as_it_was_edited_and_its_connection_stays() {
    let (gateway, route) = gateway(mirror(None), Limits::default());
    let points = gateway.breakpoints();
    let (_point, mut told) = points.set(wanted("method:POST path:/pay", false)).unwrap();
    let mut client = connect(route);
    send(&mut client, "GET /pay HTTP/1.1|Host: a||");
    assert!(hear(&mut client).contains("||GET /pay HTTP/1.1|"), "it is not meant");

    send(&mut client, "POST /pay HTTP/1.1|Host: a|X-Old: 1|Content-Length: 5||hello");
    let id = held(points);
    let one = points.one(id).unwrap();
    assert_eq!((one.from, one.request.as_str()), (Side::Client, "POST /pay HTTP/1.1"));
    assert_eq!(one.body.as_deref(), Some(&b"hello"[..]));
    let how = points.release(
        id,
        on(Some("PUT /free HTTP/1.1|Host: a|X-New: 2|Content-Length: 999"), Some("more than that")),
    );
    assert_eq!(how.unwrap(), "changed: method, target, x-old, x-new, body");
    let answer = hear(&mut client);
    assert!(answer.contains("||PUT /free HTTP/1.1|Host: a|X-New: 2|Content-Length: 14|"), "{answer}");
    assert!(answer.ends_with("||more than that") && !answer.contains("X-Old"), "{answer}");
    let Ok(Notice::Held(noticed)) = told.try_recv() else { panic!("it was told") };
    assert_eq!(noticed.id, id);
    until(|| matches!(told.try_recv(), Ok(Notice::Over { id: over, .. }) if over == id));

    // Chunks go on as they were sent when nothing is changed, and another request follows on the connection.
    send(
        &mut client,
        "POST /pay HTTP/1.1|Host: a|Transfer-Encoding: chunked||3;x=y|abc|0||GET / HTTP/1.1|Host: a||",
    );
    let id = held(points);
    assert_eq!(points.one(id).unwrap().body.as_deref(), Some(&b"abc"[..]));
    assert_eq!(points.release(id, on(None, None)).unwrap(), "released as it was");
    let answer = hear(&mut client);
    assert!(answer.contains("Transfer-Encoding: chunked") && answer.ends_with("||3;x=y|abc|0||"), "{answer}");
    assert!(hear(&mut client).contains("||GET / HTTP/1.1|"));
    // With an edit they get a length.
    send(&mut client, "POST /pay HTTP/1.1|Host: a|Transfer-Encoding: chunked||3|abc|0|X-Trailer: 1||");
    points.release(held(points), on(None, Some("z"))).unwrap();
    let answer = hear(&mut client);
    assert!(
        answer.contains("Content-Length: 1|") && answer.ends_with("||z") && !answer.contains("chunked"),
        "{answer}"
    );
}

#[test]
fn a_held_request_is_answered_or_cut_off_without_its_server() {
    let (gateway, route) = gateway("127.0.0.1:9".parse().unwrap(), Limits::default());
    let points = gateway.breakpoints();
    let (_point, _told) = points.set(wanted("", false)).unwrap();
    let mut client = connect(route);
    for status in [418, 204] {
        send(&mut client, "POST / HTTP/1.1|Host: a|Content-Length: 2||hi");
        points.release(held(points), Release::Answer(status)).unwrap();
        assert!(hear(&mut client).starts_with(&format!("HTTP/1.1 {status} ")));
    }
    send(&mut client, "GET / HTTP/1.1|Host: a||");
    points.release(held(points), Release::Abort).unwrap();
    assert!(client.read(&mut [0; 1]).is_err(), "it is reset");
}

#[test]
fn a_held_answer_goes_on_as_it_was_edited() {
    const CLOSES: &str = "HTTP/1.1 500 Oh no|X-Own: 1||sorry";
    let (gateway, route) = gateway(mirror(Some(CLOSES)), Limits::default());
    let points = gateway.breakpoints();
    let (_point, _told) = points.set(wanted("status:>=500", true)).unwrap();
    let mut client = connect(route);
    for (release, expected) in [
        // What ended with its connection has a length now.
        (on(None, None), "HTTP/1.1 500 Oh no|X-Own: 1|Content-Length: 5|Via: 1.1 navyd||sorry"),
        (
            on(Some("HTTP/1.1 200 OK|X-New: 2"), Some("fine")),
            "HTTP/1.1 200 OK|X-New: 2|Content-Length: 4|Via: 1.1 navyd||fine",
        ),
        (on(Some("HTTP/1.1 304 Same|X-New: 2"), None), "HTTP/1.1 304 Same|X-New: 2|Via: 1.1 navyd||"),
        (Release::Answer(204), "HTTP/1.1 204 No Content||"),
    ] {
        send(&mut client, "GET /a HTTP/1.1|Host: a||");
        let id = held(points);
        let one = points.one(id).unwrap();
        assert_eq!(
            (one.from, one.request.as_str(), one.body.as_deref()),
            (Side::Server, "GET /a HTTP/1.1", Some(&b"sorry"[..]))
        );
        points.release(id, release).unwrap();
        assert_eq!(hear(&mut client), expected);
    }
    send(&mut client, "GET /a HTTP/1.1|Host: a||");
    points.release(held(points), Release::Abort).unwrap();
    assert!(client.read(&mut [0; 1]).is_err(), "it is reset");
    // To a client that knows no chunks, and to one that wants no body.
    let (gateway, route) = super::gateway(
        mirror(Some("HTTP/1.1 200 OK|X-Not-A-Length: 1|Transfer-Encoding: chunked||2|hi|0||")),
        Limits::default(),
    );
    let points = gateway.breakpoints();
    let (_point, _told) = points.set(wanted("header.x-not-a-length:1", true)).unwrap();
    let mut client = connect(route);
    send(&mut client, "GET / HTTP/1.0|Host: a||");
    points.release(held(points), on(None, None)).unwrap();
    let mut answer = String::new();
    client.read_to_string(&mut answer).unwrap();
    assert!(answer.contains("Content-Length: 2\r\n") && answer.ends_with("\r\n\r\nhi"), "{answer}");
}

#[test]
fn what_nobody_waits_for_is_held_no_more() {
    let limits = Limits { linger: SHORT, ..Limits::default() };
    let (gateway, route) = gateway(mirror(None), limits);
    let points = gateway.breakpoints();
    let (point, _told) = points.set(wanted("", true)).unwrap();
    // A client that leaves frees it, by a reset or by an end; and its request goes nowhere.
    for how in [Shutdown::Write, Shutdown::Both] {
        let mut client = connect(route);
        send(&mut client, "GET / HTTP/1.1|Host: a||");
        held(points);
        client.get_ref().shutdown(how).unwrap();
        until(|| points.held().is_empty());
    }
    assert_eq!(gateway.counters().routes[0].requests, 0);
    // A breakpoint that is taken away lets all go on.
    let mut clients: Vec<_> = (0..3).map(|_| connect(route)).collect();
    clients.iter_mut().for_each(|client| send(client, "GET / HTTP/1.1|Host: a||"));
    until(|| points.held().len() == 3);
    assert!(points.remove(point.id));
    assert!(clients.iter_mut().all(|client| hear(client).starts_with("HTTP/1.1 200 OK|")));
    // So does its time, and the end of the gateway.
    let (point, _told) = points.set(Wanted { timeout: SHORT, ..wanted("", false) }).unwrap();
    send(&mut clients[0], "GET /late HTTP/1.1|Host: a||");
    assert!(hear(&mut clients[0]).contains("||GET /late HTTP/1.1|"));
    points.remove(point.id);
    let (_point, _told) = points.set(wanted("", false)).unwrap();
    send(&mut clients[1], "GET /last HTTP/1.1|Host: a||");
    held(points);
    let ending = thread::spawn(move || gateway.drain());
    assert!(hear(&mut clients[1]).contains("||GET /last HTTP/1.1|"));
    drop(clients);
    ending.join().unwrap().unwrap();
}

#[test]
fn long_and_slow_bodies_pass_behind_their_heads() {
    let limits = Limits { held_body: SHORT, ..Limits::default() };
    let (gateway, route) = gateway(mirror(None), limits);
    let points = gateway.breakpoints();
    let (_point, _told) = points.set(wanted("method:POST", false)).unwrap();
    let long = "x".repeat(MOST_BODY + 100_000);
    for head in [format!("Content-Length: {}", long.len()), "Transfer-Encoding: chunked".to_owned()] {
        let chunked = head.starts_with('T');
        let mut client = connect(route);
        let mut writer = client.get_ref().try_clone().unwrap();
        let body = if chunked { format!("{:x}\r\n{long}\r\n0\r\n\r\n", long.len()) } else { long.clone() };
        let sent = format!("POST / HTTP/1.1\r\nHost: a\r\n{head}\r\n\r\n{body}");
        let writing = thread::spawn(move || writer.write_all(sent.as_bytes()));
        let id = held(points);
        assert_eq!(points.one(id).unwrap().body, None);
        assert!(points.release(id, on(None, Some("no"))).is_err(), "it is not held");
        points.release(id, on(Some("POST /edited HTTP/1.1|Host: a"), None)).unwrap();
        let answer = message(&mut client).unwrap();
        writing.join().unwrap().unwrap();
        let text = String::from_utf8(answer).unwrap();
        assert!(text.contains("\r\n\r\nPOST /edited HTTP/1.1\r\n"), "{}", &text[..300]);
        let end = if chunked { "\r\n0\r\n\r\n" } else { "" };
        assert!(text.ends_with(&format!("{long}{end}")), "{} bytes came back", text.len());
    }
    // What stands still is not waited for.
    let mut client = connect(route);
    send(&mut client, "POST / HTTP/1.1|Host: a|Content-Length: 4||ab");
    let id = held(points);
    assert_eq!(points.one(id).unwrap().body, None);
    points.release(id, on(None, None)).unwrap();
    send(&mut client, "cd");
    assert!(hear(&mut client).ends_with("||abcd"));
    // Who waits to be told to send a body is told, and its server is not asked for it again.
    send(&mut client, "POST / HTTP/1.1|Host: a|Expect: 100-continue|Content-Length: 2||");
    assert_eq!(hear(&mut client), "HTTP/1.1 100 Continue||");
    send(&mut client, "ok");
    points.release(held(points), on(None, None)).unwrap();
    let answer = hear(&mut client);
    assert!(answer.ends_with("||ok") && !answer.contains("Expect"), "{answer}");
}

#[test]
fn an_exchange_tells_that_it_was_held() {
    let (gateway, route, keeper) = observed(&format!("http://{}", mirror(None)), Limits::default());
    let points = gateway.breakpoints();
    let (_point, _told) = points.set(wanted("path:/a", false)).unwrap();
    let mut client = connect(route);
    send(&mut client, "POST /a HTTP/1.1|Host: a|Content-Length: 2||hi");
    points.release(held(points), on(None, Some("x"))).unwrap();
    hear(&mut client);
    send(&mut client, "GET /a HTTP/1.1|Host: a||");
    points.release(held(points), Release::Answer(503)).unwrap();
    hear(&mut client);
    drop(client);
    let stories = stories(&keeper, 2);
    let told = stories[0].told.join("\n");
    assert!(
        told.contains("POST /a HTTP/1.1|Host: a|Content-Length: 2||") && told.contains("changed: body"),
        "{told}"
    );
    assert_eq!(stories[0].outcome, Some(Outcome::Complete));
    assert!(stories[1].told.join("\n").contains("answered with 503"), "{:?}", stories[1].told);
    assert_eq!(stories[1].outcome, Some(Outcome::Fault));
}
