//! The sender against collectors that take, refuse, are slow, or are not there.

use std::{
    io::{BufRead as _, BufReader, Read as _, Write as _},
    net::{TcpListener, TcpStream},
    thread,
};

use super::*;
use crate::export::samples;

fn listening() -> (TcpListener, Endpoint) {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let endpoint = format!("http://{}", listener.local_addr().unwrap()).parse().unwrap();
    (listener, endpoint)
}

fn offer(sender: &Sender, id: u64) {
    let mut exchange = samples().remove(0).exchange;
    exchange.summary.id = id;
    sender.offer(id, None, 100, move || exchange);
}

/// Reads one request and answers it so.
fn answer(listener: &TcpListener, answer: &str) -> String {
    let mut reader = BufReader::new(listener.accept().unwrap().0);
    let (mut head, mut length) = (String::new(), 0);
    while !head.ends_with("\r\n\r\n") {
        let begin = head.len();
        assert_ne!(reader.read_line(&mut head).unwrap(), 0, "{head}");
        let line = head[begin..].to_ascii_lowercase();
        if let Some(value) = line.strip_prefix("content-length: ") {
            length = value.trim().parse().unwrap();
        }
    }
    let mut body = vec![0; length];
    reader.read_exact(&mut body).unwrap();
    reader.into_inner().write_all(answer.as_bytes()).unwrap();
    head + &String::from_utf8(body).unwrap()
}

/// What became of exchanges, offered to a collector that answers so.
fn sent(exchanges: u64, answers: &'static [&'static str]) -> (Exported, Vec<String>) {
    let (listener, endpoint) = listening();
    let collector =
        thread::spawn(move || answers.iter().map(|said| answer(&listener, said)).collect::<Vec<_>>());
    let mut sender = Sender::start(endpoint).unwrap();
    (1..=exchanges).for_each(|id| offer(&sender, id));
    sender.close();
    (sender.status(), collector.join().unwrap())
}

#[test]
fn a_batch_is_posted_and_counted() {
    let (status, heard) = sent(2, &["HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\n{}"]);
    assert!(heard[0].starts_with("POST /v1/traces HTTP/1.1\r\n"), "{heard:?}");
    assert!(heard[0].to_ascii_lowercase().contains("\r\ncontent-type: application/json\r\n"), "{heard:?}");
    assert_eq!(heard[0].matches("\"spanId\"").count(), 2, "{heard:?}");
    assert_eq!((status.sent, status.lost, status.error), (2, 0, None));
}

#[test]
fn what_a_collector_does_not_take_is_counted() {
    const BUSY: &str = "HTTP/1.1 503 Busy\r\nRetry-After: 0\r\nContent-Length: 0\r\n\r\n";
    const TAKEN: &str = "HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n";
    const PART: &str = "HTTP/1.1 200 OK\r\nContent-Length: 63\r\n\r\n{\"partialSuccess\":{\"rejectedSpans\":\"2\",\"errorMessage\":\"old\"}}  ";
    const WRONG: &str = "HTTP/1.1 400 No\r\nContent-Length: 0\r\n\r\n";
    let said = |text: &str| Some(text.to_owned());
    for (answers, expected) in [
        (&[BUSY, TAKEN][..], (3, 0, None)),
        (&[BUSY, BUSY], (0, 3, said("it answered 503"))),
        (&[PART], (1, 2, said("it took them and says: old"))),
        (&[WRONG], (0, 3, said("it answered 400"))),
    ] {
        let (status, _) = sent(3, answers);
        assert_eq!((status.sent, status.lost, status.error), expected, "{answers:?}");
    }
}

#[test]
fn a_collector_that_is_not_there_is_told() {
    let (listener, endpoint) = listening();
    drop(listener);
    let mut sender = Sender::start(endpoint).unwrap();
    offer(&sender, 1);
    sender.close();
    let status = sender.status();
    assert_eq!((status.sent, status.lost), (0, 1));
    assert!(status.error.unwrap().starts_with("it cannot be reached: "));
}

#[test]
fn who_offers_never_waits_and_the_end_does_not_wait_long() {
    // It accepts, and never answers.
    let (listener, endpoint) = listening();
    let (held, is_held) = std::sync::mpsc::channel::<TcpStream>();
    let collector = thread::spawn(move || held.send(listener.accept().unwrap().0).unwrap());
    let mut sender = Sender::start(endpoint).unwrap();
    // The collector is asked as soon as many wait; behind that, places fill that have an end.
    let mut id = 0;
    while sender.status().lost == 0 {
        id += 1;
        sender.offer(id, None, 100, || samples().remove(0).exchange);
    }
    let status = sender.status();
    assert_eq!((status.sent, status.error.as_deref()), (0, Some("too many exchanges waited to be sent")));
    let _stream = is_held.recv().unwrap();
    collector.join().unwrap();
    // Its patience with one request is longer than this.
    let begun = Instant::now();
    sender.close();
    assert!(begun.elapsed() < Duration::from_secs(9), "the end waited for the collector");
}
