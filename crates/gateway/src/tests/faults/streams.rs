//! Faults on routes that carry bytes, laid, changed and taken away while they pass.

use std::{
    io::{ErrorKind, Read as _, Write as _},
    net::{Shutdown, TcpListener},
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering::Relaxed},
        mpsc,
    },
    thread,
    time::{Duration, Instant},
};

use navyd_model::fault::{Direction, Fault};
use serde_json::json;

use super::{DEADLINE, Stage, echo, fault, read, routed, until, upstream};
use crate::{Gateway, Leaving, Routed, StartError};

#[test]
fn bytes_arrive_later_and_the_line_stays_full() {
    let stage = Stage::to("tcp", echo(), vec![fault("latency", json!({"latency": 100}), Direction::Up)]);
    let mut stream = stage.connect();
    let start = Instant::now();
    // Many pieces are on the way at once: all of them take as long as one.
    for number in 0..20u8 {
        stream.write_all(&[number]).unwrap();
    }
    assert_eq!(read(&mut stream, 20), (0..20).collect::<Vec<u8>>());
    assert!(start.elapsed() >= Duration::from_millis(100));
    stream.shutdown(Shutdown::Write).unwrap();
    assert_eq!(stream.read(&mut [0]).unwrap(), 0);
}

#[test]
fn an_end_in_one_direction_leaves_the_other_open() {
    let late = upstream(|mut stream| {
        let mut heard = Vec::new();
        stream.read_to_end(&mut heard).unwrap();
        stream.write_all(&heard).unwrap();
    });
    let both = vec![
        fault("latency", json!({"latency": 5}), Direction::Both),
        fault("slicer", json!({"average_size": 100}), Direction::Both),
        fault("bandwidth", json!({"rate": 10_000_000}), Direction::Both),
    ];
    for faults in [Vec::new(), both] {
        let stage = Stage::to("tcp", late, faults);
        let mut stream = stage.connect();
        let text = b"everything that was said".repeat(1000);
        stream.write_all(&text).unwrap();
        stream.shutdown(Shutdown::Write).unwrap();
        let mut answer = Vec::new();
        stream.read_to_end(&mut answer).unwrap();
        assert_eq!(answer, text);
    }
}

#[test]
fn a_reset_is_one_on_both_sides_and_hits_connections_that_are_open() {
    let (tell, told) = mpsc::channel();
    let address = upstream(move |mut stream| {
        let mut ended = stream.read(&mut [0; 16]);
        while matches!(ended, Ok(1..)) {
            stream.write_all(b"!").unwrap();
            ended = stream.read(&mut [0; 16]);
        }
        tell.send(ended.map_err(|error| error.kind())).unwrap();
    });
    let stage = Stage::to("tcp", address, Vec::new());
    let mut stream = stage.connect();
    stream.write_all(b"?").unwrap();
    assert_eq!(read(&mut stream, 1), b"!");
    let never = Fault { toxicity: 0.0, ..fault("reset", json!({}), Direction::Down) };
    stage.lay(vec![never]);
    stream.write_all(b"?").unwrap();
    assert_eq!(read(&mut stream, 1), b"!");
    stage.lay(vec![fault("reset", json!({}), Direction::Down)]);
    assert_eq!(stream.read(&mut [0]).unwrap_err().kind(), ErrorKind::ConnectionReset);
    assert_eq!(told.recv_timeout(DEADLINE).unwrap(), Err(ErrorKind::ConnectionReset));
}

#[test]
fn whoever_is_refused_learns_it_by_a_reset() {
    let stage = Stage::to("tcp", echo(), vec![fault("refuse", json!({}), Direction::Down)]);
    let mut stream = stage.connect();
    // The reset may come before the write or behind it, and is told once.
    let told = stream.write_all(b"?").and_then(|()| stream.read(&mut [0]));
    assert_eq!(told.unwrap_err().kind(), ErrorKind::ConnectionReset);
}

#[test]
fn what_was_swallowed_ends_with_the_fault_that_did_it() {
    // Nobody listens there: a black hole asks nobody.
    let nobody = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap();
    for (address, kind) in [(echo(), "timeout"), (nobody, "black_hole")] {
        let stage = Stage::to("tcp", address, vec![fault(kind, json!({}), Direction::Up)]);
        let mut stream = stage.connect();
        stream.write_all(b"lost").unwrap();
        stream.set_read_timeout(Some(Duration::from_millis(50))).unwrap();
        assert_eq!(stream.read(&mut [0]).unwrap_err().kind(), ErrorKind::WouldBlock, "{kind}");
        stream.set_read_timeout(Some(DEADLINE)).unwrap();
        stage.lay(Vec::new());
        assert_eq!(stream.read(&mut [0]).unwrap(), 0, "{kind}");
    }
}

#[test]
fn a_timeout_closes_what_is_silent() {
    let stage = Stage::to("tcp", echo(), vec![fault("timeout", json!({"timeout": 50}), Direction::Down)]);
    let mut stream = stage.connect();
    stream.write_all(b"?").unwrap();
    assert_eq!(stream.read(&mut [0]).unwrap(), 0);
}

#[test]
fn a_rate_of_nothing_blocks_until_it_is_taken_away() {
    let blocked = fault("bandwidth", json!({"rate": 0}), Direction::Down);
    let stage = Stage::to("tcp", echo(), vec![blocked]);
    let mut stream = stage.connect();
    stream.write_all(b"kept").unwrap();
    stream.set_read_timeout(Some(Duration::from_millis(50))).unwrap();
    assert_eq!(stream.read(&mut [0]).unwrap_err().kind(), ErrorKind::WouldBlock);
    stream.set_read_timeout(Some(DEADLINE)).unwrap();
    stage.lay(Vec::new());
    assert_eq!(read(&mut stream, 4), b"kept");
    // It goes on as if nothing had been.
    stream.write_all(b"more").unwrap();
    assert_eq!(read(&mut stream, 4), b"more");
}

#[test]
fn so_many_bytes_arrive_as_the_limit_says() {
    let stage = Stage::to("tcp", echo(), vec![fault("limit_data", json!({"bytes": 1000}), Direction::Down)]);
    let mut stream = stage.connect();
    stream.write_all(&[7; 4000]).unwrap();
    let mut answer = Vec::new();
    stream.read_to_end(&mut answer).unwrap();
    assert_eq!(answer, [7; 1000]);
}

#[test]
fn a_rate_is_kept() {
    let stage =
        Stage::to("tcp", echo(), vec![fault("bandwidth", json!({"rate": 1_000_000}), Direction::Down)]);
    let mut stream = stage.connect();
    let start = Instant::now();
    stream.write_all(&[7; 200_000]).unwrap();
    assert_eq!(read(&mut stream, 200_000).len(), 200_000);
    assert!(start.elapsed() >= Duration::from_millis(190), "{:?}", start.elapsed());
}

#[test]
fn a_share_of_connections_is_hit() {
    const COUNT: usize = 2000;
    let cut = Fault { toxicity: 0.3, ..fault("limit_data", json!({}), Direction::Up) };
    let stage = Stage::to("tcp", echo(), vec![cut]);
    let hit = (0..COUNT).filter(|_| {
        let mut stream = stage.connect();
        stream.write_all(b"?").unwrap();
        !matches!(stream.read(&mut [0]), Ok(1))
    });
    let hit = hit.count();
    // 99.9 % of all seeds: 600 ± 3.29 √(2000 · 0.3 · 0.7).
    assert!((533..=667).contains(&hit), "{hit} of {COUNT}");
    assert_eq!(stage.gateway.fault_log().len(), hit);
}

#[test]
fn delays_are_spread_as_was_asked() {
    const COUNT: usize = 400;
    let jitter = json!({"latency": 60, "jitter": 50});
    let stage = Stage::to("tcp", echo(), vec![fault("latency", jitter, Direction::Up)]);
    let mut streams: Vec<_> = (0..COUNT)
        .map(|_| {
            let mut stream = stage.connect();
            let start = Instant::now();
            stream.write_all(b"?").unwrap();
            (stream, start)
        })
        .collect();
    let measured: Vec<_> = streams
        .iter_mut()
        .map(|(stream, start)| {
            read(stream, 1);
            start.elapsed()
        })
        .collect();
    let chosen = chosen(&stage.gateway);
    assert_eq!(chosen.len(), COUNT);
    for (connection, delay) in &chosen {
        // What is chosen is told to a tenth of a millisecond.
        let delivered = measured[*connection as usize].as_secs_f64() * 1000.0;
        assert!(delivered > delay - 0.1, "{delivered} and not {delay}");
    }
    let mut delays: Vec<_> = chosen.iter().map(|(_, delay)| *delay).collect();
    delays.sort_by(f64::total_cmp);
    let cumulative = |delay: f64| ((delay - 10.0) / 100.0).clamp(0.0, 1.0);
    let far = delays.iter().zip(1..).map(|(delay, rank)| {
        let (below, above) = ((rank - 1) as f64 / COUNT as f64, f64::from(rank) / COUNT as f64);
        (cumulative(*delay) - below).abs().max((cumulative(*delay) - above).abs())
    });
    let statistic = far.fold(0.0, f64::max);
    // Kolmogorov and Smirnov at 99.9 %: 1.95 / √n.
    assert!(statistic < 1.95 / (COUNT as f64).sqrt(), "{statistic}");
}

/// The delays that were chosen, in milliseconds, with their connections.
fn chosen(gateway: &Gateway) -> Vec<(u64, f64)> {
    let log = gateway.fault_log();
    log.iter().map(|one| (one.connection, one.chosen.trim_end_matches(" ms").parse().unwrap())).collect()
}

#[test]
fn the_same_seed_and_traffic_choose_the_same() {
    let stage = Stage::to(
        "tcp",
        echo(),
        vec![
            Fault { toxicity: 0.5, ..fault("latency", json!({"latency": 5, "jitter": 5}), Direction::Up) },
            Fault { toxicity: 0.5, ..fault("limit_data", json!({"bytes": 1}), Direction::Down) },
        ],
    );
    let run = |seed| {
        stage.gateway.seed_faults(seed);
        for _ in 0..20 {
            let mut stream = stage.connect();
            stream.write_all(b"??").unwrap();
            stream.shutdown(Shutdown::Write).unwrap();
            let mut answer = Vec::new();
            stream.read_to_end(&mut answer).unwrap();
        }
        stage.gateway.fault_log()
    };
    let (first, again, other) = (run(1), run(1), run(2));
    assert_eq!(first, again);
    assert_ne!(first, other);
    assert!(first.len() > 5, "{first:?}");
}

#[test]
fn no_byte_is_lost_while_faults_come_and_go() {
    const BYTES: usize = 2 << 20;
    const CHANGES: usize = 1000;
    let stage = Arc::new(Stage::to("tcp", echo(), Vec::new()));
    let streams: Vec<_> = (0..3u64).map(|seed| (seed, stage.connect())).collect();
    let stop = Arc::new(AtomicBool::new(false));
    let transfers: Vec<_> = streams
        .into_iter()
        .map(|(seed, stream)| {
            let (mut writer, mut reader) = (stream.try_clone().unwrap(), stream);
            let stop = Arc::clone(&stop);
            // So much on its way that there is always something, and no more.
            let (ahead, behind) = mpsc::sync_channel(4);
            let writing = thread::spawn(move || {
                let (mut numbers, mut sent) = (Numbers(seed), 0);
                // Long enough that all changes meet bytes, and no longer.
                while sent < BYTES || !stop.load(Relaxed) {
                    let bytes = numbers.bytes(32 * 1024);
                    ahead.send(()).unwrap();
                    writer.write_all(&bytes).unwrap();
                    sent += bytes.len();
                }
                writer.shutdown(Shutdown::Write).unwrap();
                sent
            });
            let reading = thread::spawn(move || {
                let (mut numbers, mut received) = (Numbers(seed), 0);
                let mut buffer = vec![0; 32 * 1024];
                loop {
                    let mut filled = 0;
                    while filled < buffer.len() {
                        match reader.read(&mut buffer[filled..]).unwrap() {
                            0 => break,
                            count => filled += count,
                        }
                    }
                    if filled == 0 {
                        return received;
                    }
                    assert!(numbers.bytes(filled) == buffer[..filled], "wrong bytes behind {received}");
                    received += filled;
                    behind.recv().unwrap();
                }
            });
            (writing, reading)
        })
        .collect();
    let kinds = [
        fault("latency", json!({"latency": 2, "jitter": 2}), Direction::Both),
        fault("slicer", json!({"average_size": 3000, "size_variation": 1000}), Direction::Both),
        fault("bandwidth", json!({"rate": 200_000_000}), Direction::Both),
        fault("slow_close", json!({"delay": 10}), Direction::Both),
        Fault { name: "also".to_owned(), ..fault("latency", json!({"latency": 1}), Direction::Up) },
    ];
    let mut numbers = Numbers(99);
    for _ in 0..CHANGES {
        let mut faults = kinds.to_vec();
        faults.retain(|_| numbers.next().is_multiple_of(2));
        if numbers.next().is_multiple_of(4) {
            faults.reverse();
        }
        stage.lay(faults);
        // Some changes follow each other at once, and between others bytes pass.
        let passed = || stage.gateway.counters().routes[0].received;
        let enough = passed() + (numbers.next() % 4) * 16 * 1024;
        until(|| passed() >= enough);
    }
    stage.lay(Vec::new());
    stop.store(true, Relaxed);
    for (writing, reading) in transfers {
        assert_eq!(writing.join().unwrap(), reading.join().unwrap());
    }
    until(|| stage.gateway.counters().connections == 0);
}

/// Numbers that follow from the one before (xorshift).
struct Numbers(u64);

impl Numbers {
    fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9E37_79B9_7F4A_7C15);
        let mut mixed = self.0;
        mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
        mixed ^ (mixed >> 31)
    }

    /// So many bytes, which must be a multiple of 8 but for the last.
    fn bytes(&mut self, count: usize) -> Vec<u8> {
        let mut bytes = Vec::with_capacity(count + 8);
        while bytes.len() < count {
            bytes.extend_from_slice(&self.next().to_le_bytes());
        }
        bytes.truncate(count);
        bytes
    }
}

#[test]
fn connections_end_with_their_route_only_where_it_says_so() {
    let late = || vec![fault("latency", json!({"latency": 1}), Direction::Both)];
    for (leaving, faults) in [
        (Leaving::Finish, Vec::new()),
        (Leaving::Finish, late()),
        (Leaving::Close, Vec::new()),
        (Leaving::Close, late()),
    ] {
        let stage = Stage::to("tcp", echo(), Vec::new());
        let route = || Routed { faults: faults.clone(), leaving, ..routed(&stage.typed) };
        stage.gateway.change(vec![route()]).unwrap();
        let mut stream = stage.connect();
        stream.write_all(b"a").unwrap();
        assert_eq!(read(&mut stream, 1), b"a");
        // Another upstream: the listener stays.
        let other = Routed { leaving, ..routed(&format!("{}=tcp://{}", stage.route, echo())) };
        stage.gateway.change(vec![other]).unwrap();
        let mut second = stage.connect();
        second.write_all(b"b").unwrap();
        assert_eq!(read(&mut second, 1), b"b");
        stage.gateway.change(Vec::new()).unwrap();
        for mut stream in [stream, second] {
            if leaving == Leaving::Close {
                assert_eq!(stream.read(&mut [0]).unwrap(), 0, "{faults:?}");
            } else {
                stream.write_all(b"c").unwrap();
                assert_eq!(read(&mut stream, 1), b"c");
            }
        }
    }
}

#[test]
fn a_fault_that_makes_no_sense_changes_nothing() {
    let stage = Stage::to("tcp", echo(), vec![fault("latency", json!({"latency": 1}), Direction::Up)]);
    let wrong = vec![fault("latency", json!({"latency": -1}), Direction::Up)];
    let refused = stage.gateway.change(vec![Routed { faults: wrong, ..routed(&stage.typed) }]).unwrap_err();
    let StartError::Fault { route, source } = refused else { panic!("{refused}") };
    assert_eq!(route, stage.route.to_string());
    assert_eq!(
        source.to_string(),
        "the fault `latency_up` takes for `latency` a number from 0 to 86400000, and not `-1`"
    );
    let mut stream = stage.connect();
    stream.write_all(b"?").unwrap();
    assert_eq!(read(&mut stream, 1), b"?");
    assert_eq!(stage.gateway.fault_log().len(), 1);
}
