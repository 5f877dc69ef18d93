//! What each toxic does to connections.

use std::{
    io::{ErrorKind, Read, Write},
    sync::mpsc,
    time::{Duration, Instant},
};

use serde_json::json;

use super::{DEADLINE, Toxiproxy, connect, echo, has_ended, say, upstream};

#[test]
fn latency_is_waited_for_and_can_be_changed() {
    let (toxiproxy, listen) = Toxiproxy::to(echo(), &[]);
    let mut stream = connect(listen);
    for (latency, way) in [(0, "upstream"), (100, "upstream"), (150, "downstream")] {
        let name = format!("latency_{way}");
        if toxiproxy.ask("GET", &format!("/proxies/p/toxics/{name}"), "").status == 404 {
            toxiproxy.add("latency", way, &json!({}));
        }
        let update = json!({"attributes": {"latency": latency}}).to_string();
        assert_eq!(toxiproxy.ask("PATCH", &format!("/proxies/p/toxics/{name}"), &update).status, 200);
        let begun = Instant::now();
        say(&mut stream, b"hello");
        assert!(begun.elapsed() >= Duration::from_millis(latency));
    }
}

#[test]
fn bandwidth_is_so_many_thousand_bytes_in_a_second() {
    let server = upstream(|mut stream| {
        stream.read_exact(&mut [0]).unwrap();
        // The client may have had enough.
        let _ = stream.write_all(&vec![7; 480_000]);
    });
    let (toxiproxy, listen) = Toxiproxy::to(server, &[]);
    toxiproxy.add("bandwidth", "downstream", &json!({"rate": 1000}));
    let mut stream = connect(listen);
    let begun = Instant::now();
    stream.write_all(b"x").unwrap();
    let (mut heard, mut buffer) = (0, vec![0; 16 * 1024]);
    loop {
        let count = stream.read(&mut buffer).unwrap();
        heard += count;
        // Never ahead of the rate, but for what a timer that is late makes up for.
        let most = begun.elapsed().as_millis() as usize * 1_000 + 30_000;
        assert!(heard <= most, "{heard} bytes, and at most {most}");
        if count == 0 {
            break;
        }
    }
    assert_eq!(heard, 480_000);
    assert!(begun.elapsed() >= Duration::from_millis(450), "{:?}", begun.elapsed());
}

#[test]
fn a_rate_of_nothing_blocks_until_it_is_gone() {
    let (toxiproxy, listen) = Toxiproxy::to(echo(), &[]);
    let mut stream = connect(listen);
    say(&mut stream, b"first");
    toxiproxy.add("bandwidth", "downstream", &json!({"rate": 0}));
    stream.write_all(b"second").unwrap();
    stream.set_read_timeout(Some(Duration::from_millis(200))).unwrap();
    let blocked = stream.read(&mut [0; 6]).unwrap_err().kind();
    assert!(matches!(blocked, ErrorKind::WouldBlock | ErrorKind::TimedOut));
    stream.set_read_timeout(Some(DEADLINE)).unwrap();
    toxiproxy.remove("bandwidth_downstream");
    let mut heard = [0; 6];
    stream.read_exact(&mut heard).unwrap();
    assert_eq!(&heard, b"second");
}

#[test]
fn slow_close_delays_the_end_alone() {
    let server = upstream(|mut stream| stream.write_all(b"bye").unwrap());
    let (toxiproxy, listen) = Toxiproxy::to(server, &[]);
    toxiproxy.add("slow_close", "downstream", &json!({"delay": 150}));
    let begun = Instant::now();
    let mut stream = connect(listen);
    let mut heard = [0; 3];
    stream.read_exact(&mut heard).unwrap();
    assert!(has_ended(&mut stream));
    assert!(begun.elapsed() >= Duration::from_millis(150), "{:?}", begun.elapsed());
}

#[test]
fn a_timeout_swallows_and_closes_and_its_removal_ends_both_sides() {
    let (tell, told) = mpsc::channel();
    let server = upstream(move |mut stream| {
        let mut heard = Vec::new();
        let ended = stream.read_to_end(&mut heard);
        // The test may be over already.
        let _ = tell.send((ended.is_ok(), heard));
    });
    let (toxiproxy, listen) = Toxiproxy::to(server, &[]);
    toxiproxy.add("timeout", "upstream", &json!({"timeout": 100}));
    let mut stream = connect(listen);
    let begun = Instant::now();
    stream.write_all(b"lost").unwrap();
    assert!(has_ended(&mut stream));
    assert!(begun.elapsed() >= Duration::from_millis(100));
    assert_eq!(told.recv_timeout(DEADLINE).unwrap(), (true, Vec::new()));

    let forever = json!({"attributes": {"timeout": 0}}).to_string();
    assert_eq!(toxiproxy.ask("PATCH", "/proxies/p/toxics/timeout_upstream", &forever).status, 200);
    let mut stream = connect(listen);
    stream.write_all(b"lost as well").unwrap();
    stream.set_read_timeout(Some(Duration::from_millis(200))).unwrap();
    assert!(stream.read(&mut [0]).is_err());
    stream.set_read_timeout(Some(DEADLINE)).unwrap();
    toxiproxy.remove("timeout_upstream");
    assert!(has_ended(&mut stream));
    assert_eq!(told.recv_timeout(DEADLINE).unwrap(), (true, Vec::new()));
}

#[test]
fn reset_peer_is_a_reset_after_the_first_bytes() {
    for timeout in [0, 100] {
        let (toxiproxy, listen) = Toxiproxy::to(echo(), &[]);
        toxiproxy.add("reset_peer", "upstream", &json!({"timeout": timeout}));
        let mut stream = connect(listen);
        let begun = Instant::now();
        stream.write_all(b"hello").unwrap();
        assert_eq!(stream.read(&mut [0]).unwrap_err().kind(), ErrorKind::ConnectionReset);
        assert!(begun.elapsed() >= Duration::from_millis(timeout));
    }
}

#[test]
fn limit_data_counts_each_connection_and_goes_on_counting_when_it_is_changed() {
    let (toxiproxy, listen) = Toxiproxy::to(echo(), &[]);
    for (limit, said, heard) in
        [(0, 1, 0), (10, 5, 5), (10, 10, 10), (10, 25, 10), (100_000, 200_000, 100_000)]
    {
        toxiproxy.add("limit_data", "downstream", &json!({"bytes": limit}));
        let mut stream = connect(listen);
        stream.write_all(&vec![b'x'; said]).unwrap();
        let mut found = vec![0; heard];
        stream.read_exact(&mut found).unwrap();
        if heard == limit {
            assert!(has_ended(&mut stream), "{limit} {said}");
        }
        toxiproxy.remove("limit_data_downstream");
    }
    toxiproxy.add("limit_data", "downstream", &json!({"bytes": 10}));
    let mut stream = connect(listen);
    say(&mut stream, b"sixsix");
    let update = json!({"attributes": {"bytes": 8}}).to_string();
    assert_eq!(toxiproxy.ask("PATCH", "/proxies/p/toxics/limit_data_downstream", &update).status, 200);
    stream.write_all(b"four").unwrap();
    let mut rest = Vec::new();
    stream.read_to_end(&mut rest).unwrap();
    assert_eq!(rest, b"fo");
}

#[test]
fn slices_are_the_same_bytes() {
    let (toxiproxy, listen) = Toxiproxy::to(echo(), &[]);
    let slices = json!({"average_size": 50, "size_variation": 10, "delay": 10});
    toxiproxy.add("slicer", "downstream", &slices);
    toxiproxy.add("slicer", "upstream", &slices);
    let text: Vec<u8> = (0..40_000u32).map(|number| (number % 251) as u8).collect();
    let mut stream = connect(listen);
    stream.write_all(&text).unwrap();
    let (mut heard, mut buffer, mut reads) = (Vec::<u8>::new(), vec![0; 64 * 1024], 0);
    while heard.len() < text.len() {
        let count = stream.read(&mut buffer).unwrap();
        assert!(count > 0);
        heard.extend(&buffer[..count]);
        reads += 1;
    }
    assert!(heard == text);
    assert!(reads > 1);
}

#[test]
fn toxics_apply_in_the_order_in_which_they_were_added() {
    let (toxiproxy, listen) = Toxiproxy::to(echo(), &[]);
    // What the first one lets pass, the second swallows; the other way round, nothing would be counted.
    toxiproxy.add("limit_data", "upstream", &json!({"bytes": 4}));
    toxiproxy.add("timeout", "upstream", &json!({"timeout": 0}));
    let mut stream = connect(listen);
    stream.write_all(b"four").unwrap();
    assert!(has_ended(&mut stream));
}
