//! Exchanges that wait to be sent, and when it is time. Pure: what time it is, is told.
//!
//! Each waits a moment, since whose it was and what caused it is often known only behind its end. One whose cause goes
//! on waits for it longer, so that both come into one trace: what the cause's client said of it is known at its end.

use std::{
    collections::{HashSet, VecDeque},
    time::{Duration, Instant},
};

use navyd_model::exchange::Exchange;

use crate::export::otlp::Traces;

/// How long each waits. Programs that send spans of their own wait five seconds.
pub(super) const PAUSE: Duration = Duration::from_secs(2);
/// Between two looks, so that requests are few.
const LOOK: Duration = Duration::from_millis(250);
/// How long one waits for its cause.
const PATIENCE: Duration = Duration::from_secs(10);
/// How many wait; with more the oldest wait no longer.
const MOST: usize = 4096;
/// The most spans of one request, and about how many bytes of them: collectors refuse what is longer than 20 MiB, and a
/// byte may stand in several attributes.
const BATCH: (usize, usize) = (512, 2 << 20);

/// An exchange that has ended.
pub(super) struct Ended {
    pub(super) id: u64,
    pub(super) cause: Option<u64>,
    /// About how many bytes it has.
    pub(super) weight: usize,
    /// Makes it, when it is sent: by then more is known about it.
    pub(super) exchange: Box<dyn FnOnce() -> Exchange + Send>,
}

/// Exchanges that wait.
#[derive(Default)]
pub(super) struct Held {
    all: VecDeque<(Instant, Ended)>,
    looked: Option<Instant>,
}

impl Held {
    pub(super) fn push(&mut self, now: Instant, ended: Ended) {
        self.all.push_back((now, ended));
    }

    /// One was caused by another, as turned out behind its end.
    pub(super) fn caused(&mut self, id: u64, cause: u64) {
        if let Some((_, ended)) = self.all.iter_mut().rev().find(|(_, ended)| ended.id == id) {
            ended.cause.get_or_insert(cause);
        }
    }

    /// Whether so many wait that more are not looked at yet.
    pub(super) fn is_full(&self) -> bool {
        self.all.len() >= 2 * MOST
    }

    /// When to look again; `None` when nothing waits.
    pub(super) fn next(&self) -> Option<Instant> {
        let (since, _) = self.all.front()?;
        let due = *since + PAUSE;
        Some(self.looked.map_or(due, |looked| due.max(looked + LOOK)))
    }

    /// Whether it is time to look.
    pub(super) fn is_due(&self, now: Instant) -> bool {
        self.is_full() || self.next().is_some_and(|next| next <= now)
    }

    /// Those whose time has come, in requests of their own; with `all`, because nothing comes any more, every one.
    pub(super) fn due(&mut self, now: Instant, all: bool, traces: &mut Traces) -> Vec<Vec<Exchange>> {
        self.looked = Some(now);
        let over = self.all.len().saturating_sub(MOST);
        let is_old = |at: usize, since: Instant| all || at < over || now.duration_since(since) >= PAUSE;
        let old: HashSet<u64> = (self.all.iter().enumerate())
            .filter(|(at, (since, _))| is_old(*at, *since))
            .map(|(_, (_, ended))| ended.id)
            .collect();
        let (mut due, mut rest) = (Vec::new(), VecDeque::new());
        for (at, (since, ended)) in self.all.drain(..).enumerate() {
            let is_told = |cause: u64| old.contains(&cause) || traces.knows(cause);
            let may = all || at < over || now.duration_since(since) >= PATIENCE;
            if is_old(at, since) && (may || ended.cause.is_none_or(is_told)) {
                due.push(ended);
            } else {
                rest.push_back((since, ended));
            }
        }
        self.all = rest;
        batches(due, traces)
    }
}

/// Makes the exchanges, with traces that all of them share.
fn batches(due: Vec<Ended>, traces: &mut Traces) -> Vec<Vec<Exchange>> {
    let made = due.into_iter().map(|ended| {
        let Ended { cause, weight, exchange, .. } = ended;
        let mut exchange = exchange();
        exchange.summary.caused_by = exchange.summary.caused_by.or(cause);
        (weight, exchange)
    });
    let mut all: Vec<(usize, Exchange)> = made.collect();
    // What causes another began before it, and has the lower number.
    all.sort_unstable_by_key(|(_, exchange)| exchange.summary.id);
    all.iter().for_each(|(_, exchange)| traces.learn(exchange));
    let (mut batches, mut bytes): (Vec<Vec<Exchange>>, usize) = (Vec::new(), 0);
    for (weight, exchange) in all {
        match batches.last_mut() {
            Some(batch) if batch.len() < BATCH.0 && bytes + weight <= BATCH.1 => {
                batch.push(exchange);
                bytes += weight;
            }
            _ => {
                batches.push(vec![exchange]);
                bytes = weight;
            }
        }
    }
    batches
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::export::samples;

    fn ended(id: u64, cause: Option<u64>, weight: usize) -> Ended {
        let mut exchange = samples().remove(0).exchange;
        exchange.summary.id = id;
        Ended { id, cause, weight, exchange: Box::new(move || exchange) }
    }

    fn ids(batches: &[Vec<Exchange>]) -> Vec<Vec<u64>> {
        let ids = |batch: &Vec<Exchange>| batch.iter().map(|exchange| exchange.summary.id).collect();
        batches.iter().map(ids).collect()
    }

    #[test]
    fn each_waits_a_moment_and_longer_for_its_cause() {
        let (start, mut traces, mut held) = (Instant::now(), Traces::new(b""), Held::default());
        assert_eq!(held.next(), None);
        held.push(start, ended(2, Some(1), 1));
        held.push(start, ended(3, None, 1));
        assert_eq!(held.next(), Some(start + PAUSE));
        let mut due = |held: &mut Held, after: Duration| ids(&held.due(start + after, false, &mut traces));
        assert_eq!(due(&mut held, PAUSE / 2), Vec::<Vec<u64>>::new());
        assert_eq!(due(&mut held, PAUSE), [[3]]);
        // Its cause ends, and what it caused goes with it.
        held.push(start + PAUSE, ended(1, None, 1));
        assert_eq!(due(&mut held, PAUSE), Vec::<Vec<u64>>::new());
        assert_eq!(held.next(), Some(start + PAUSE + LOOK));
        assert_eq!(due(&mut held, PAUSE * 2), [[1, 2]]);
        // One that is known needs not be waited for; one that never ends is not waited for for ever.
        held.push(start, ended(4, Some(1), 1));
        held.push(start, ended(6, Some(5), 1));
        assert_eq!(due(&mut held, PAUSE * 2), [[4]]);
        assert_eq!(due(&mut held, PATIENCE), [[6]]);
    }

    #[test]
    fn a_cause_that_turns_out_late_is_told() {
        let (now, mut traces, mut held) = (Instant::now(), Traces::new(b""), Held::default());
        held.push(now, ended(2, None, 1));
        held.push(now, ended(1, None, 1));
        held.caused(2, 1);
        held.caused(7, 1);
        let due = held.due(now + PAUSE, false, &mut traces);
        assert_eq!(due[0][1].summary.caused_by, Some(1));
    }

    #[test]
    fn requests_are_short_and_too_many_do_not_wait() {
        let (now, mut traces, mut held) = (Instant::now(), Traces::new(b""), Held::default());
        [BATCH.1, 1, BATCH.1 - 1].into_iter().zip(1..).for_each(|(weight, id)| {
            held.push(now, ended(id, None, weight));
        });
        assert_eq!(ids(&held.due(now, true, &mut traces)), [vec![1], vec![2, 3]]);
        for id in 0..(MOST + 3) as u64 {
            held.push(now, ended(id, None, 0));
        }
        assert_eq!(ids(&held.due(now, false, &mut traces)), [[0, 1, 2]]);
        let lengths: Vec<_> = held.due(now, true, &mut traces).iter().map(Vec::len).collect();
        assert_eq!(lengths, [BATCH.0; MOST / BATCH.0]);
    }
}
