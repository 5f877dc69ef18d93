//! What faults did is told with what passed.

use std::{
    io::{Read as _, Write as _},
    net::{Shutdown, SocketAddr, TcpStream, UdpSocket},
    time::Instant,
};

use navyd_model::{
    exchange::{Hit, Outcome, Side},
    fault::{Direction, Fault},
};
use serde_json::json;

use super::{super::told::observed, DEADLINE, echo, fault, routed};
use crate::{
    Limits, Observe, Routed,
    tap::{Keeper, What},
};

/// What faults did to the flow that ends next, and how it ended.
fn told(keeper: &Keeper) -> (Vec<Hit>, Outcome) {
    let (mut hits, until) = (Vec::new(), Instant::now() + DEADLINE);
    loop {
        let batch = keeper.recv_timeout(until.saturating_duration_since(Instant::now()));
        for event in batch.expect("no flow has ended").events {
            match event.what {
                What::Hit(hit) => hits.push(*hit),
                What::End(outcome) => return (hits, outcome),
                _ => {}
            }
        }
    }
}

/// Says this to a route with these faults, and hears what comes; what was told.
fn run(scheme: &str, upstream: SocketAddr, faults: Vec<Fault>, say: &[u8]) -> (Vec<Hit>, Outcome) {
    let (gateway, route, keeper) = observed(&format!("{scheme}://{upstream}"), Limits::default());
    let same = routed(&format!("{route}={scheme}://{upstream}"));
    gateway.change(vec![Routed { faults, observe: Observe::All, ..same }]).unwrap();
    let mut stream = TcpStream::connect(route).unwrap();
    stream.set_read_timeout(Some(DEADLINE)).unwrap();
    // A connection that is cut fails in any of these.
    let _ = stream.write_all(say);
    let _ = stream.shutdown(Shutdown::Write);
    let _ = stream.read_to_end(&mut Vec::new());
    told(&keeper)
}

#[test]
fn a_connection_tells_what_hit_it_and_what_came_of_that() {
    let late = || fault("latency", json!({"latency": 30}), Direction::Up);
    let (hits, outcome) = run("tcp", echo(), vec![late()], b"hello");
    assert_eq!((hits.len(), outcome), (1, Outcome::Complete));
    let Hit { fault: name, kind, from, asked, delivered } = &hits[0];
    assert_eq!(
        (name.as_str(), kind.as_str(), *from, asked.as_str()),
        ("latency_up", "latency", Some(Side::Client), "30 ms")
    );
    assert!(delivered.contains(" ms"), "{delivered}");

    for (kind, attributes, outcome, delivered) in [
        ("limit_data", json!({"bytes": 3}), Outcome::Fault, "cut after 3 bytes"),
        ("reset", json!({"spoken": true}), Outcome::Fault, "reset"),
        ("refuse", json!({}), Outcome::Fault, "refused"),
    ] {
        let (hits, ended) = run("tcp", echo(), vec![fault(kind, attributes, Direction::Up)], b"hello");
        let hits: Vec<_> = hits.iter().map(|hit| hit.delivered.as_str()).collect();
        assert_eq!((hits, ended), (vec![delivered], outcome), "{kind}");
    }
}

#[test]
fn an_exchange_tells_the_same() {
    const REQUEST: &[u8] = b"GET / HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n";
    let answering = super::upstream(|mut stream| {
        let _ = stream.read(&mut [0; 1024]);
        let _ = stream.write_all(b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\nConnection: close\r\n\r\nok");
    });
    for (kind, attributes, outcome, delivered) in [
        ("slicer", json!({"average_size": 1000}), Outcome::Complete, None),
        ("latency", json!({"latency": 10}), Outcome::Complete, Some(" ms")),
        ("status", json!({"status": 418}), Outcome::Fault, Some("418")),
        ("header", json!({"name": "a", "value": "b"}), Outcome::Complete, Some("a: b")),
        ("abort", json!({"after": 7}), Outcome::Fault, Some("cut after 7 bytes")),
        ("reset", json!({}), Outcome::Fault, Some("reset")),
        ("refuse", json!({}), Outcome::Fault, Some("refused")),
    ] {
        let (hits, ended) = run("http", answering, vec![fault(kind, attributes, Direction::Down)], REQUEST);
        assert_eq!((hits.len(), ended), (usize::from(delivered.is_some()), outcome), "{kind}: {hits:?}");
        let fits = delivered.is_none_or(|delivered| hits[0].delivered.contains(delivered));
        assert!(fits, "{kind}: {hits:?}");
    }
}

#[test]
fn a_client_of_datagrams_tells_how_many_were_hit() {
    let upstream = UdpSocket::bind("127.0.0.1:0").unwrap();
    let address = upstream.local_addr().unwrap();
    let (gateway, route, keeper) = observed(&format!("udp://{address}"), Limits::default());
    let same = || routed(&format!("{route}=udp://{address}"));
    let twice = fault("duplicate", json!({}), Direction::Up);
    gateway.change(vec![Routed { faults: vec![twice], observe: Observe::All, ..same() }]).unwrap();
    let client = UdpSocket::bind("127.0.0.1:0").unwrap();
    upstream.set_read_timeout(Some(DEADLINE)).unwrap();
    for _ in 0..3 {
        client.send_to(b"one", route).unwrap();
        for _ in 0..2 {
            upstream.recv(&mut [0; 8]).unwrap();
        }
    }
    // The route goes, and its clients with it.
    gateway.change(Vec::new()).unwrap();
    let (hits, outcome) = told(&keeper);
    let hits: Vec<_> = hits.iter().map(|hit| (hit.asked.as_str(), hit.delivered.as_str())).collect();
    assert_eq!((hits, outcome), (vec![("2 times", "3 of 3 datagrams")], Outcome::Complete));
}
