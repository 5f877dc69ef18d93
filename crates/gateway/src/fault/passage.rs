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
