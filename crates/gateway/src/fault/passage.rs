//! The faults of one connection: which of them hit it, and what they do to it in both directions.

use std::{
    sync::Arc,
    time::{Duration, Instant},
};

use navyd_model::{
    exchange::{Hit, Side},
    fault::Direction,
};

use super::{
    chain::{Chain, Turn},
    condition::{Plan, Then},
    dice::{Cast, Dice},
    laid::{Laid, Placed},
    leaf::Layer,
    log::{Decision, Record},
    stage::earlier,
    words,
};

/// What is rolled for: whether a fault hits at all, and what it does in each direction.
const WHETHER: u8 = 0;
const UP: u8 = 1;
const DOWN: u8 = 2;

/// One connection.
pub(crate) struct Passage {
    record: Arc<Record>,
    seed: u64,
    number: u64,
    laid: Option<Arc<Laid>>,
    /// From the client to the server.
    pub(crate) up: Chain,
    /// From the server to the client.
    pub(crate) down: Chain,
    opening: Vec<Hit>,
    over: bool,
    /// The names of the faults with a filter that means this exchange.
    meant: Vec<Arc<str>>,
}

/// What both directions have come to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Now {
    /// When to look again.
    pub(crate) until: Option<Instant>,
    /// Whether the connection is to be reset.
    pub(crate) reset: bool,
}

impl Passage {
    /// The connection of this number, with these faults on its route. Of those with a filter, the ones that are named
    /// mean what it carries.
    pub(crate) fn new(
        record: &Arc<Record>,
        laid: &Arc<Laid>,
        number: u64,
        meant: Vec<Arc<str>>,
        now: Instant,
    ) -> Self {
        let mut passage = Self {
            record: Arc::clone(record),
            seed: record.seed(),
            number,
            laid: None,
            up: Chain::new(Side::Client),
            down: Chain::new(Side::Server),
            opening: Vec::new(),
            over: false,
            meant,
        };
        passage.follow(laid, now);
        passage
    }

    /// What is to be done before the upstream is asked: how long to wait, and what then.
    pub(crate) fn opening(&mut self, now: Instant) -> (Duration, Then) {
        let Some(laid) = self.laid.clone() else { return Default::default() };
        let (mut delay, mut then) = (Duration::ZERO, Then::Connect);
        for placed in laid.all.iter().filter(|placed| placed.is_on(now).0) {
            let opening = placed.condition.opening();
            if opening == Default::default() || !self.is_hit(placed) {
                continue;
            }
            delay += opening.delay;
            then = then.max(opening.then);
            let asked = placed.condition.asked();
            let delivered = match opening.then {
                Then::Connect => words::time(opening.delay),
                Then::Silence => "silence".to_owned(),
                Then::Refuse => "refused".to_owned(),
            };
            self.decided(placed, None, asked.clone());
            if opening.then != Then::Silence {
                let (fault, kind) = (placed.fault.name.clone(), placed.fault.kind.clone());
                self.opening.push(Hit { fault, kind, from: None, asked, delivered });
            }
        }
        (delay, then)
    }

    /// What becomes of the exchange that it carries, beyond its bytes.
    pub(crate) fn plan(&mut self, now: Instant) -> Plan {
        let mut plan = Plan::default();
        let Some(laid) = self.laid.clone() else { return plan };
        let on = |placed: &&Arc<Placed>| placed.layer == Layer::Http && placed.is_on(now).0;
        for placed in laid.all.iter().filter(on) {
            if !self.is_hit(placed) {
                continue;
            }
            plan.direction = placed.direction;
            if placed.condition.exchange(&mut plan) {
                let asked = placed.condition.asked();
                self.decided(placed, None, asked.clone());
                let (fault, kind) = (placed.fault.name.clone(), placed.fault.kind.clone());
                let delivered = asked.clone();
                self.opening.push(Hit { fault, kind, from: None, asked, delivered });
            }
        }
        plan
    }

    /// From now on these faults lie on its route.
    pub(crate) fn follow(&mut self, laid: &Arc<Laid>, now: Instant) {
        if self.laid.as_ref().is_some_and(|known| Arc::ptr_eq(known, laid)) {
            return;
        }
        self.laid = Some(Arc::clone(laid));
        let on_stream = |placed: &&Arc<Placed>| placed.layer != Layer::Datagram;
        let hit: Vec<_> =
            laid.all.iter().filter(on_stream).filter(|placed| self.is_hit(placed)).cloned().collect();
        let (record, number) = (self.seed, self.number);
        for (chain, way, part) in [(&mut self.up, Direction::Up, UP), (&mut self.down, Direction::Down, DOWN)]
        {
            let placed: Vec<_> = hit.iter().filter(|placed| placed.hits(way)).cloned().collect();
            chain.change(&placed, now, |placed| dice(record, number, placed, part));
        }
    }

    /// Moves what may move now.
    pub(crate) fn turn(&mut self, now: Instant) -> Now {
        let up = self.up.turn(now);
        // One reset is enough.
        let down = if up.reset { Turn::default() } else { self.down.turn(now) };
        self.over |= up.reset || down.reset || self.up.is_cut() || self.down.is_cut();
        let next = Now { until: earlier(up.until, down.until), reset: up.reset || down.reset };
        for (turn, from) in [(up, Side::Client), (down, Side::Server)] {
            let Turn { struck, .. } = turn;
            for (placed, chosen) in struck {
                self.decided(&placed, Some(from), chosen);
            }
        }
        next
    }

    /// Whether a fault has ended it.
    pub(crate) fn is_over(&self) -> bool {
        self.over
    }

    /// Whether no fault is left, and nothing waits.
    pub(crate) fn is_clear(&self) -> bool {
        self.up.is_clear() && self.down.is_clear()
    }

    /// Whether what is behind the faults can be used without them from here on: nothing waits, nothing is missing, none
    /// has ended it, and none is about to.
    pub(crate) fn rests(&self) -> bool {
        !self.over && self.up.rests() && self.down.rests()
    }

    /// Whether it needs a connection of its own: what a fault does before there is one, it cannot do to one that was
    /// kept; and while a fault holds a request back, the upstream may close one that has idled for long, which only a
    /// `repeatable` request survives.
    pub(crate) fn wants_new(&self, repeatable: bool, now: Instant) -> bool {
        let Some(laid) = &self.laid else { return false };
        let opens = |placed: &Arc<Placed>| {
            placed.condition.opening() != Default::default() && placed.is_on(now).0 && self.is_hit(placed)
        };
        (!repeatable && self.up.is_hit()) || laid.all.iter().any(opens)
    }

    /// What the faults have done since this was asked last.
    pub(crate) fn hits(&mut self) -> Vec<Hit> {
        let mut hits = std::mem::take(&mut self.opening);
        hits.extend(self.up.hits());
        hits.extend(self.down.hits());
        hits
    }

    /// Whether a fault hits this connection: the same whenever it is asked.
    fn is_hit(&self, placed: &Placed) -> bool {
        let meant = placed.filter.is_none() || self.meant.contains(&placed.name);
        meant && dice(self.seed, self.number, placed, WHETHER).share() < placed.fault.toxicity
    }

    fn decided(&self, placed: &Placed, from: Option<Side>, chosen: String) {
        self.record.add(Decision {
            route: Arc::clone(&placed.route),
            connection: self.number,
            fault: Arc::clone(&placed.name),
            kind: placed.kind,
            from,
            datagram: None,
            chosen,
        });
    }
}

fn dice(seed: u64, connection: u64, placed: &Placed, part: u8) -> Dice {
    Dice::new(Cast { seed, route: &placed.route, connection, fault: &placed.name, part })
}

#[cfg(test)]
mod tests {
    use bytes::Bytes;
    use navyd_model::{Scheme, fault::Fault};
    use serde_json::json;

    use super::{
        super::{Piece, fixture::wanted},
        *,
    };

    fn passage(fault: Fault, now: Instant) -> Passage {
        let laid = Arc::new(Laid::new(&[fault], Scheme::Http, None, now).unwrap());
        Passage::new(&Arc::new(Record::new(7)), &laid, 0, Vec::new(), now)
    }

    fn ms(count: u64) -> Duration {
        Duration::from_millis(count)
    }

    #[test]
    fn a_connection_rests_once_nothing_waits_and_nothing_is_to_come() {
        use Direction::{Both, Down, Up};
        let now = Instant::now();
        // What comes down, and whether all is at rest at once, and 100 ms later.
        for (kind, attributes, direction, bytes, expected) in [
            ("latency", json!({"latency": 50}), Both, "abc", (false, true)),
            ("latency", json!({"latency": 500}), Both, "abc", (false, false)),
            ("latency", json!({"latency": 500}), Up, "abc", (true, true)),
            ("latency", json!({"latency": 500}), Both, "", (true, true)),
            ("bandwidth", json!({"rate": 0}), Down, "", (true, true)),
            ("bandwidth", json!({"rate": 0}), Down, "a", (false, false)),
            ("slicer", json!({"average_size": 1, "delay": 40_000}), Down, "abc", (false, true)),
            ("slicer", json!({"average_size": 1, "delay": 400_000}), Down, "abc", (false, false)),
            ("limit_data", json!({"bytes": 4}), Down, "abc", (true, true)),
            ("limit_data", json!({"bytes": 3}), Down, "abc", (false, false)),
            ("timeout", json!({"timeout": 0}), Down, "", (false, false)),
            ("timeout", json!({"timeout": 50}), Up, "abc", (false, false)),
            ("black_hole", json!({}), Up, "", (false, false)),
            ("reset", json!({"timeout": 500}), Both, "", (false, false)),
            ("reset", json!({"timeout": 50}), Both, "", (false, false)),
            ("reset", json!({"spoken": true}), Down, "", (true, true)),
            ("reset", json!({"spoken": true}), Down, "a", (false, false)),
            ("slow_close", json!({"delay": 500}), Both, "abc", (true, true)),
        ] {
            let told = format!("{kind} {attributes} {direction:?} {bytes}");
            let mut passage = passage(wanted(kind, attributes, direction), now);
            passage.down.take(Bytes::from_static(bytes.as_bytes()), now);
            let mut found = [false; 11];
            for (step, found) in (0..).zip(&mut found) {
                passage.turn(now + step * ms(10));
                while let Some(Piece::Bytes(bytes, _)) = passage.down.first() {
                    let count = bytes.len();
                    passage.down.written(count);
                }
                *found = passage.rests();
            }
            assert_eq!((found[0], found[10]), expected, "{told}");
        }
    }

    #[test]
    fn a_new_connection_is_for_what_cannot_be_done_to_a_kept_one() {
        use Direction::{Both, Down, Up};
        let now = Instant::now();
        for (kind, attributes, direction, repeatable, expected) in [
            ("latency", json!({"latency": 0}), Both, true, false),
            ("latency", json!({"latency": 0}), Both, false, true),
            ("latency", json!({"latency": 0}), Up, false, true),
            ("latency", json!({"latency": 0}), Down, false, false),
            ("slow_open", json!({"delay": 1}), Up, true, true),
            ("slow_open", json!({"delay": 1}), Up, false, true),
            ("refuse", json!({}), Both, true, true),
            ("black_hole", json!({}), Both, true, true),
            ("status", json!({"status": 500}), Down, false, false),
            ("reset", json!({}), Both, true, false),
        ] {
            let fault = wanted(kind, attributes, direction);
            let never = Fault { toxicity: 0.0, ..fault.clone() };
            let told = format!("{kind} {direction:?} {repeatable}");
            assert_eq!(passage(fault, now).wants_new(repeatable, now), expected, "{told}");
            assert!(!passage(never, now).wants_new(repeatable, now), "{told}");
        }
    }
}
