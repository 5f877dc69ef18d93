//! Toxics that come and go a thousand times under load.

use std::{
    io::{Read, Write},
    net::Shutdown,
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering::Relaxed},
    },
    thread,
};

use serde_json::json;

use super::{Toxiproxy, connect, echo};

/// How many times one is added or removed.
const CHANGES: usize = 1_000;

/// The byte at this place of every stream.
fn byte(place: u64) -> u8 {
    (place % 251) as u8
}

#[test]
fn no_byte_is_lost_while_toxics_come_and_go() {
    let (toxiproxy, listen) = Toxiproxy::to(echo(), &[]);
    let done = Arc::new(AtomicBool::new(false));
    let streams: Vec<_> = (0..3)
        .map(|_| {
            let (mut writes, done) = (connect(listen), Arc::clone(&done));
            let mut reads = writes.try_clone().unwrap();
            let writer = thread::spawn(move || {
                let mut sent = 0;
                while !done.load(Relaxed) {
                    let block: Vec<_> = (sent..sent + 1_000).map(byte).collect();
                    writes.write_all(&block).unwrap();
                    sent += 1_000;
                }
                writes.shutdown(Shutdown::Write).unwrap();
                sent
            });
            let reader = thread::spawn(move || {
                let (mut heard, mut buffer) = (0, vec![0; 64 * 1024]);
                loop {
                    let count = reads.read(&mut buffer).unwrap();
                    if count == 0 {
                        return heard;
                    }
                    for found in &buffer[..count] {
                        assert_eq!(*found, byte(heard), "at {heard}");
                        heard += 1;
                    }
                }
            });
            (writer, reader)
        })
        .collect();
    let kinds = [
        ("latency", json!({"latency": 2, "jitter": 2})),
        ("slicer", json!({"average_size": 700, "size_variation": 300})),
        ("bandwidth", json!({"rate": 50_000})),
        ("slow_close", json!({"delay": 1})),
        ("noop", json!({})),
    ];
    let mut laid: Vec<String> = Vec::new();
    for change in 0..CHANGES {
        // Up to six lie there at once, and the oldest or the newest of them goes.
        if laid.len() < 6 && change % 2 == 0 || laid.is_empty() {
            let (kind, attributes) = &kinds[change / 2 % kinds.len()];
            let stream = if change % 4 == 0 { "upstream" } else { "downstream" };
            let name = format!("t{change}");
            toxiproxy.lay(&json!({"name": name, "type": kind, "stream": stream, "attributes": attributes}));
            laid.push(name);
        } else {
            let at = if change % 3 == 0 { 0 } else { laid.len() - 1 };
            toxiproxy.remove(&laid.remove(at));
        }
    }
    assert_eq!(toxiproxy.ask("POST", "/reset", "").status, 204);
    done.store(true, Relaxed);
    for (writer, reader) in streams {
        let sent: u64 = writer.join().unwrap();
        assert!(sent > 0);
        assert_eq!(reader.join().unwrap(), sent);
    }
}
