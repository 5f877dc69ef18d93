//! Every request of the corpus, sent through the hub to real servers: it is refused, or all of them read it alike.
//!
//! What a server read is its own account: each answers and tells of every request that it took for whole. After a
//! case, a marker follows on the connections that the case used; it must be the next thing that is read, and
//! its answer the next that comes. Otherwise a part of the case was taken for a request of its own. A server may
//! refuse what others read, by saying so.

#[path = "../../../../h1/src/corpus/cases.rs"]
#[expect(dead_code, reason = "responses are not sent")]
mod corpus;

use std::{io::Write, net::SocketAddr};

use super::{
    Hub, Peer,
    readers::{self, Reader},
};
use crate::support::skip;

/// Requests in the corpus that are forwarded, at least: fewer would prove little.
const FORWARDED: usize = 30;

/// What is forwarded, and refused by these servers, which are stricter than the rest.
const STRICTER: &[(&str, &[&str])] = &[
    // nginx passes a host that is not there on as no host, and node wants one.
    ("length-old-version", &["nginx"]),
    ("version-1-0-without-host", &["nginx"]),
    // Not of the characters of RFC 3986.
    ("unusual-bytes-in-the-target", &["hyper"]),
    // node knows a list of methods; nginx and haproxy stand in front of a node.
    ("method-in-lower-case", &["node", "nginx", "haproxy"]),
    ("method-unknown", &["node", "nginx", "haproxy"]),
    // nginx knows no target without a path.
    ("asterisk", &["nginx"]),
    ("absolute-options", &["nginx"]),
];

#[test]
fn what_is_forwarded_is_read_alike_by_all() {
    const NAME: &str = "gateway::smuggling::what_is_forwarded_is_read_alike_by_all";
    let mut readers = match readers::all() {
        Ok(readers) => readers,
        Err(reason) => return skip(NAME, &reason),
    };
    let routes: Vec<_> =
        readers.iter().map(|reader| format!("127.0.0.1:0=http://{}", reader.address)).collect();
    let hub = Hub::start(&routes);
    let mut cases = corpus::requests();
    // The gateway tells it before anything is read as HTTP/1.
    cases.retain(|case| case.name != "preface-of-http-2");
    assert!(cases.len() >= 80, "{} requests", cases.len());
    let mut forwarded = 0;
    let mut wrong = Vec::new();
    for case in &cases {
        let read: Vec<_> = readers
            .iter_mut()
            .zip(&hub.routes)
            .map(|(reader, route)| through(reader, route.unwrap(), &case.name, &case.bytes))
            .collect();
        let refused = case.verdict == "body" || case.verdict.parse::<u16>().is_ok();
        let stricter = STRICTER.iter().find(|(name, _)| *name == case.name).map_or(&[][..], |(_, by)| by);
        let known = read.iter().map(|(read, _)| read).find(|read| !read.is_empty());
        forwarded += usize::from(known.is_some());
        for (reader, (read, answer)) in readers.iter().zip(&read) {
            let right = match known {
                // A refusal comes before a server has anything whole.
                Some(_) if refused => false,
                Some(_) if stricter.contains(&reader.name) => {
                    read.is_empty() && !answer.starts_with("HTTP/1.1 2")
                }
                Some(known) => read == known && answer.matches("HTTP/1.1 200 ").count() == known.len(),
                // Who begins in HTTP/2 is answered in it, with SETTINGS: a frame of type 4 of stream 0.
                None if case.name == "preface-of-http-2" => answer.get(3..9) == Some("\x04\0\0\0\0\0"),
                None if refused => answer.starts_with(&format!("HTTP/1.1 {} ", status(&case.verdict))),
                // The gateway opens no tunnels.
                None => answer.starts_with("HTTP/1.1 501 "),
            };
            if !right {
                wrong.push(format!(
                    "{} ({}): {} read {read:?}: {answer}",
                    case.name, case.verdict, reader.name
                ));
            }
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
    assert!(forwarded >= FORWARDED, "{forwarded} requests were forwarded");
}

/// The status that a verdict stands for: a mistake within a body is answered like one in a head.
fn status(verdict: &str) -> &str {
    if verdict == "body" { "400" } else { verdict }
}

/// Sends a case, then the marker; what the server read of the case, and what the client got.
fn through(reader: &mut Reader, route: SocketAddr, name: &str, bytes: &[u8]) -> (Vec<String>, String) {
    let mut client = Peer::connect(route);
    client.stream.get_mut().write_all(bytes).unwrap();
    client.end();
    let got = client.rest();
    let mut marker = Peer::connect(route);
    marker.say(&format!("GET /marker/{name} HTTP/1.1|Host: marker|Connection: close||"));
    let answer = marker.rest();
    let expected = readers::account("GET", &format!("/marker/{name}"), "marker", b"");
    assert!(answer.ends_with(&format!("|{expected}")), "{name} at {}: {answer}", reader.name);
    let read = std::iter::from_fn(|| Some(reader.read())).take_while(|read| *read != expected).collect();
    (read, got)
}
