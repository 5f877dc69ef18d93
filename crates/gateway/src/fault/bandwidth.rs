//! Bandwidth: so many bytes in a second and no more, for each connection or for all of the route together.
//!
//! Bytes arrive when their transmission would be complete. They leave in small portions, each at its own moment on one
//! line of time, so that a timer that fires late does not add up. A rate of nothing blocks everything.

use std::{
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering::Relaxed},
    },
    time::{Duration, Instant},
};

use navyd_model::exchange::Side;

use super::{
    condition::{Condition, Front, Parcel, Post, Seen, Verdict, Way, onward},
    dice::Dice,
    leaf::{DAY, Field, Kind, Layer, Leaf, MOST_BYTES, Unit},
};

pub(super) const LEAF: Leaf = Leaf {
    name: "bandwidth",
    help: "so many bytes in a second, and no more",
    layer: Layer::Both,
    fields: &[
        Field {
            name: "rate",
            help: "how many; 0 blocks everything",
            unit: Unit::BytesPerSecond,
            kind: Kind::Number { least: 0.0, most: MOST_BYTES, default: None, whole: true },
        },
        Field::flag("shared", "whether all connections of the route share it"),
    ],
    compile: |values| {
        let shared = values.flag("shared").then(|| [Arc::default(), Arc::default()]);
        Ok(Box::new(Bandwidth { rate: values.whole("rate"), shared }))
    },
};

/// How long a portion takes: long against the timer's millisecond, short for who looks on.
const PORTION: Duration = Duration::from_millis(10);

/// How long datagrams queue at most, as in a router with little memory; those beyond are lost.
const QUEUE: Duration = Duration::from_millis(500);

/// How far behind its line of time a portion may be and make up for it: more than a timer is late, and less than a
/// client that did not read.
const LATE: Duration = Duration::from_millis(20);

#[derive(Debug, Clone)]
struct Bandwidth {
    rate: u64,
    /// The lines that are shared, from the client and from the server.
    shared: Option<[Arc<Line>; 2]>,
}

/// When a line is free that many connections share: nanoseconds since its first use.
#[derive(Debug, Default)]
struct Line {
    free: AtomicU64,
    start: std::sync::OnceLock<Instant>,
}

impl Line {
    /// Takes the line for so long from `from` on; when that is over. Connections of several workers may ask at once.
    fn take(&self, from: Instant, time: Duration) -> Instant {
        let start = *self.start.get_or_init(|| from);
        let from = nanos(from.saturating_duration_since(start));
        let end = |free: u64| free.max(from).saturating_add(nanos(time));
        let taken = self.free.fetch_update(Relaxed, Relaxed, |free| Some(end(free)));
        start + Duration::from_nanos(end(taken.unwrap_or_else(|free| free)))
    }
}

fn nanos(time: Duration) -> u64 {
    u64::try_from(time.as_nanos()).unwrap_or(u64::MAX)
}

impl Bandwidth {
    /// One direction of a connection.
    fn narrow(&self, from: Side) -> Narrow {
        let line = self.shared.as_ref().map(|[up, down]| match from {
            Side::Client => Arc::clone(up),
            Side::Server => Arc::clone(down),
        });
        Narrow { rate: self.rate, line, free: None, on_line: None }
    }
}

impl Condition for Bandwidth {
    fn asked(&self) -> String {
        let shared = if self.shared.is_some() { ", shared" } else { "" };
        format!("{} bytes/s{shared}", self.rate)
    }

    fn way(&self, from: Side) -> Option<Box<dyn Way>> {
        Some(Box::new(self.narrow(from)))
    }

    fn post(&self, from: Side) -> Option<Box<dyn Post>> {
        Some(Box::new(self.narrow(from)))
    }
}

/// One direction of a connection.
struct Narrow {
    rate: u64,
    /// The line that it shares with others.
    line: Option<Arc<Line>>,
    /// When the line is free.
    free: Option<Instant>,
    /// How many bytes are on it, and when they have arrived.
    on_line: Option<(usize, Instant)>,
}

impl Narrow {
    /// When a transmission ends that can begin then.
    fn send(&mut self, bytes: usize, from: Instant) -> Instant {
        let time = Duration::from_secs_f64((bytes as f64 / self.rate as f64).min(DAY / 1000.0));
        match &self.line {
            Some(line) => line.take(from, time),
            None => {
                let done = self.free.map_or(from, |free| free.max(from)) + time;
                self.free = Some(done);
                done
            }
        }
    }
}

impl Way for Narrow {
    fn judge(&mut self, seen: &Seen, _dice: &mut Dice) -> Verdict {
        if self.rate == 0 {
            return Verdict::Hold(None);
        }
        let Front::Bytes(length, came) = seen.front else { return onward(seen.front) };
        let (count, done) = match self.on_line {
            Some(on_line) => on_line,
            None => {
                let portion = (self.rate as f64 * PORTION.as_secs_f64()) as usize;
                let count = length.min(portion.max(1));
                let from = seen.now.checked_sub(LATE).map_or(came, |late| late.max(came));
                (count, self.send(count, from))
            }
        };
        self.on_line = Some((count, done));
        if seen.now < done {
            return Verdict::Hold(Some(done));
        }
        self.on_line = None;
        Verdict::Forward(count.min(length))
    }
}

impl Post for Narrow {
    fn pass(&mut self, mut parcel: Parcel, _dice: &mut Dice, out: &mut Vec<Parcel>) {
        let queued = self.free.is_some_and(|free| free.saturating_duration_since(parcel.due) > QUEUE);
        if self.rate == 0 || queued {
            return;
        }
        parcel.due = self.send(parcel.bytes.len(), parcel.due);
        self.free = Some(parcel.due);
        out.push(parcel);
    }
}

#[cfg(test)]
mod tests {
    use bytes::Bytes;
    use serde_json::json;

    use super::{
        super::fixture::{Bench, bench, compiled, dice},
        *,
    };

    /// Sends so many bytes that came at the start as one piece; when each portion goes on, in milliseconds.
    fn times(Bench { mut way, start, mut dice }: Bench, mut left: usize) -> Vec<(usize, u128)> {
        let (mut now, mut found) = (start, Vec::new());
        while left > 0 {
            let seen = Seen { now, front: Front::Bytes(left, start), passed: 0, since: start, last: start };
            match way.judge(&seen, &mut dice) {
                Verdict::Forward(count) => {
                    left -= count;
                    found.push((count, (now - start).as_millis()));
                }
                Verdict::Hold(Some(until)) => now = until,
                other => panic!("{other:?}"),
            }
        }
        found
    }

    #[test]
    fn bytes_arrive_when_their_transmission_is_complete() {
        let portions = times(bench("bandwidth", json!({"rate": 1_000_000})), 480_000);
        assert_eq!(portions.len(), 48);
        assert_eq!(portions[0], (10_000, 10));
        assert_eq!(portions[47], (10_000, 480));
        // A line slower than a byte in a portion still moves.
        assert_eq!(times(bench("bandwidth", json!({"rate": 20})), 2), [(1, 50), (1, 100)]);
    }

    #[test]
    fn a_rate_of_nothing_blocks_everything() {
        let Bench { mut way, start, mut dice } = bench("bandwidth", json!({"rate": 0}));
        for front in [Front::Nothing, Front::Bytes(1, start), Front::End(start)] {
            let seen = Seen { now: start, front, passed: 0, since: start, last: start };
            assert_eq!(way.judge(&seen, &mut dice), Verdict::Hold(None));
        }
    }

    #[test]
    fn connections_share_a_line_where_it_is_shared() {
        for (shared, expected) in [(true, 200), (false, 100)] {
            let condition = compiled("bandwidth", json!({"rate": 1000, "shared": shared}));
            let start = Instant::now();
            let last = (0..2).map(|_| {
                let bench = Bench { way: condition.way(Side::Server).unwrap(), start, dice: dice() };
                times(bench, 100).last().unwrap().1
            });
            assert_eq!(last.max(), Some(expected), "{shared}");
        }
    }

    #[test]
    fn datagrams_queue_for_a_while_and_then_are_lost() {
        let (mut post, start, mut dice) = (
            compiled("bandwidth", json!({"rate": 1000})).post(Side::Server).unwrap(),
            Instant::now(),
            dice(),
        );
        let mut out = Vec::new();
        for _ in 0..10 {
            let parcel = Parcel { bytes: Bytes::from_static(&[0; 100]), due: start };
            post.pass(parcel, &mut dice, &mut out);
        }
        let due: Vec<_> = out.iter().map(|parcel| (parcel.due - start).as_millis()).collect();
        assert_eq!(due, [100, 200, 300, 400, 500, 600]);
    }
}
