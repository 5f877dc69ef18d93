//! What Toxiproxy itself gets wrong, and this does not.

use std::{
    io::{ErrorKind, Read, Write},
    net::{Shutdown, SocketAddr, TcpStream},
    time::Instant,
};

use serde_json::json;
use socket2::{Domain, Socket, Type};

use super::{DEADLINE, Toxiproxy, connect, echo, has_ended, patient, say, upstream};

/// Which of so many connections a toxic of half of them hits, as a seed chooses; `meanwhile` comes between their first
/// bytes and those that are too many.
fn hit(seed: &str, meanwhile: impl Fn(&Toxiproxy)) -> Vec<bool> {
    let (toxiproxy, listen) = Toxiproxy::to(echo(), &["-seed", seed]);
    toxiproxy
        .lay(&json!({"name": "half", "type": "limit_data", "toxicity": 0.5, "attributes": {"bytes": 10}}));
    // Each is heard of before the next one comes, so that their numbers are the same in each run.
    let streams: Vec<_> = (0..24)
        .map(|_| {
            let mut stream = connect(listen);
            say(&mut stream, b"first");
            stream
        })
        .collect();
    meanwhile(&toxiproxy);
    let whether = |mut stream: TcpStream| {
        stream.write_all(&[b'x'; 20]).unwrap();
        let mut heard: Vec<u8> = Vec::new();
        let mut buffer = [0; 64];
        while heard.len() < 20 {
            match stream.read(&mut buffer).unwrap() {
                0 => break,
                count => heard.extend(&buffer[..count]),
            }
        }
        heard.len() < 20
    };
    streams.into_iter().map(whether).collect()
}

#[test]
fn a_share_is_rolled_once_and_a_seed_repeats_it() {
    let alone = hit("42", |_| {});
    assert!(alone.contains(&true) && alone.contains(&false), "{alone:?}");
    // Neighbours come, change and go; nobody is asked again.
    let among = hit("42", |toxiproxy| {
        for round in 0..10 {
            toxiproxy.add("latency", "downstream", &json!({"latency": 1}));
            toxiproxy.lay(&json!({"type": "slicer", "toxicity": 0.5, "attributes": {"average_size": 5}}));
            let update = json!({"attributes": {"latency": round}}).to_string();
            assert_eq!(toxiproxy.ask("PATCH", "/proxies/p/toxics/latency_downstream", &update).status, 200);
            toxiproxy.remove("latency_downstream");
            toxiproxy.remove("slicer_downstream");
        }
    });
    assert_eq!(alone, among);
    assert_ne!(alone, hit("43", |_| {}));
}

#[test]
fn reset_peer_that_hits_nobody_resets_nobody() {
    let server = upstream(|mut stream| stream.write_all(b"all of it").unwrap());
    let (toxiproxy, listen) = Toxiproxy::to(server, &[]);
    toxiproxy.lay(&json!({"type": "reset_peer", "toxicity": 0, "attributes": {"timeout": 0}}));
    let mut heard = String::new();
    connect(listen).read_to_string(&mut heard).unwrap();
    assert_eq!(heard, "all of it");
}

#[test]
fn connections_that_are_open_are_reset_as_well() {
    let (toxiproxy, listen) = Toxiproxy::to(echo(), &[]);
    let mut stream = connect(listen);
    say(&mut stream, b"before");
    toxiproxy.add("reset_peer", "downstream", &json!({}));
    stream.write_all(b"after").unwrap();
    assert_eq!(stream.read(&mut [0]).unwrap_err().kind(), ErrorKind::ConnectionReset);
}

/// A listener whose queue is full, so that it answers nobody; it lasts as long as what is returned.
fn black_hole() -> (SocketAddr, Socket, Vec<Socket>) {
    let listener = Socket::new(Domain::IPV4, Type::STREAM, None).unwrap();
    listener.bind(&SocketAddr::from(([127, 0, 0, 1], 0)).into()).unwrap();
    listener.listen(0).unwrap();
    let address = listener.local_addr().unwrap();
    let queued = (0..8).map(|_| {
        let client = Socket::new(Domain::IPV4, Type::STREAM, None).unwrap();
        client.set_nonblocking(true).unwrap();
        // In progress, and for ever so.
        let _ = client.connect(&address);
        client
    });
    let queued = queued.collect();
    (address.as_socket().unwrap(), listener, queued)
}

#[test]
fn an_upstream_that_does_not_answer_blocks_nobody_else() {
    let (address, _listener, _queued) = black_hole();
    let (toxiproxy, listen) = Toxiproxy::to(address, &[]);
    let mut waiting: Vec<_> = (0..4).map(|_| connect(listen)).collect();
    let other = toxiproxy.proxy("other", &echo().to_string());
    say(&mut connect(other), b"not blocked");
    toxiproxy.add("latency", "upstream", &json!({"latency": 1}));
    toxiproxy.remove("latency_upstream");
    // The clients that waited learn that it is over.
    assert_eq!(toxiproxy.ask("DELETE", "/proxies/p", "").status, 204);
    assert!(waiting.iter_mut().all(has_ended));
}

#[test]
fn an_end_in_one_direction_is_not_one_in_both() {
    let late = upstream(|mut stream| {
        let mut heard = Vec::new();
        stream.read_to_end(&mut heard).unwrap();
        stream.write_all(&heard).unwrap();
    });
    let (toxiproxy, listen) = Toxiproxy::to(late, &[]);
    for toxic in [None, Some("latency"), Some("slicer"), Some("slow_close")] {
        if let Some(kind) = toxic {
            toxiproxy.add(kind, "upstream", &json!({"latency": 5, "average_size": 10, "delay": 1}));
        }
        let mut stream = connect(listen);
        stream.write_all(b"a question that ends").unwrap();
        stream.shutdown(Shutdown::Write).unwrap();
        let mut answer = String::new();
        stream.read_to_string(&mut answer).unwrap();
        assert_eq!(answer, "a question that ends", "{toxic:?}");
    }
}

#[test]
fn what_makes_no_sense_harms_nobody() {
    let (toxiproxy, listen) = Toxiproxy::to(echo(), &[]);
    let mut stream = connect(listen);
    say(&mut stream, b"before");
    toxiproxy.lay(&json!({"type": "slicer"}));
    say(&mut stream, b"a slicer without a size");
    toxiproxy.add("slicer", "upstream", &json!({"average_size": 1, "size_variation": 99}));
    say(&mut stream, b"one that strays by more than its size");
    toxiproxy.add("bandwidth", "upstream", &json!({"rate": -1}));
    stream.write_all(b"held").unwrap();
    assert_eq!(toxiproxy.ask("GET", "/version", "").status, 200);
    toxiproxy.remove("bandwidth_upstream");
    let mut heard = [0; 4];
    stream.read_exact(&mut heard).unwrap();
    assert_eq!(&heard, b"held");
}

#[test]
fn removal_does_not_wait_for_clients_that_do_not_read() {
    let server = upstream(|mut stream| {
        let block = vec![1; 64 * 1024];
        while stream.write_all(&block).is_ok() {}
    });
    let (toxiproxy, listen) = Toxiproxy::to(server, &[]);
    // None of them ever reads, so that every buffer on the way is full.
    let deaf: Vec<_> = (0..8).map(|_| patient(TcpStream::connect(listen).unwrap())).collect();
    let begun = Instant::now();
    for _ in 0..20 {
        toxiproxy.add("latency", "downstream", &json!({"latency": 1000}));
        toxiproxy.add("bandwidth", "downstream", &json!({"rate": 1}));
        toxiproxy.remove("latency_downstream");
        toxiproxy.remove("bandwidth_downstream");
    }
    assert_eq!(toxiproxy.ask("POST", "/reset", "").status, 204);
    assert_eq!(toxiproxy.ask("DELETE", "/proxies/p", "").status, 204);
    assert!(begun.elapsed() < DEADLINE);
    drop(deaf);
}
