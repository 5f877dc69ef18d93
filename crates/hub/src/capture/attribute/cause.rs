//! When it is judged which exchange caused another: late, once everything that went on at its time has been told.
//!
//! Exchanges are told by different threads, and whose connections they are is found out even later. So each that may have
//! been caused waits for a moment, and longer while somebody is unknown who matters. What is forgotten for want of memory
//! might have been the cause: whatever was asked before then is not judged any more. Deliberately absent: clocks.

use std::{
    collections::{HashSet, VecDeque},
    mem,
    sync::{Arc, atomic::Ordering},
    time::{Duration, Instant},
};

use super::verdict::{Asked, Serving, Verdict};
use crate::capture::assemble::record::{Peer, Record};

/// How long an exchange waits at least: workers tell what passed after 5 ms, after 100 ms where there was no room.
const MOMENT: Duration = Duration::from_millis(200);

/// How long it waits for who is not known yet.
const PATIENCE: Duration = Duration::from_secs(10);

/// It is judged no more often than this.
const PAUSE: Duration = Duration::from_millis(50);

/// How many exchanges that were served are remembered, and how many wait to be judged.
const SERVED: usize = 16 * 1024;
const WAITING: usize = 8 * 1024;

/// How many exchanges of processes that did not serve are remembered: those of a moment, in which it may turn out that
/// they do.
const PASSED: usize = 256;

/// How many processes are known to serve.
const SERVERS: usize = 4096;

/// By how much exchanges may be told in another order than they ended in, in microseconds.
const DISORDER: i64 = 1_000_000;

/// Exchanges that were lately.
#[derive(Default)]
pub(crate) struct Causes {
    /// In the order in which they were told.
    served: VecDeque<Serving>,
    /// When the last ended that is not remembered any more.
    forgotten: Option<i64>,
    waiting: VecDeque<Waiting>,
    /// Of processes that did not serve then, as far as was known.
    passed: VecDeque<Waiting>,
    /// Processes that serve: whoever is none of them causes nothing, which is most of all clients.
    servers: HashSet<u32>,
    /// When something is to be judged.
    next: Option<Instant>,
}

/// An exchange that may have been caused, and what may have caused it: of several, one of them.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Found {
    pub(crate) id: u64,
    pub(crate) causes: Vec<u64>,
}

struct Waiting {
    asked: Asked,
    since: Instant,
    /// When it is judged.
    at: Instant,
}

impl Causes {
    /// These have ended.
    pub(crate) fn ended(&mut self, records: &[Record], now: Instant) {
        for record in records {
            if let Some(serving) = Serving::of(record) {
                self.serve(serving);
            }
            let (asked, at) = (Asked::of(record), now + MOMENT);
            let waiting = Waiting { asked, since: now, at };
            if self.may_be_caused(&waiting.asked) {
                self.next = Some(self.next.map_or(at, |next| next.min(at)));
                remember(&mut self.waiting, WAITING, waiting);
            } else {
                remember(&mut self.passed, PASSED, waiting);
            }
        }
    }

    /// These are known now: what waited for somebody is judged once more.
    pub(crate) fn know(&mut self, peers: &[Arc<Peer>], now: Instant) {
        for peer in peers.iter().filter(|peer| peer.serves.load(Ordering::Relaxed)) {
            let Some(pid) = peer.pid() else { continue };
            if self.servers.len() >= SERVERS {
                self.servers.clear();
            }
            if self.servers.insert(pid) {
                // What it was serving when it asked was served over a connection of which nobody knew whose it was.
                for waiting in mem::take(&mut self.passed) {
                    if waiting.asked.client.pid() == Some(pid) {
                        remember(&mut self.waiting, WAITING, waiting);
                    } else {
                        self.passed.push_back(waiting);
                    }
                }
            }
        }
        for waiting in &mut self.waiting {
            waiting.at = waiting.since + MOMENT;
        }
        let soon = self.waiting.iter().map(|waiting| waiting.at.max(now + PAUSE)).min();
        self.next = [self.next, soon].into_iter().flatten().min();
    }

    /// When something is to be judged; `None` when there is nothing.
    pub(crate) fn next(&self) -> Option<Instant> {
        self.next
    }

    /// What caused those whose time has come, among those that were lately and those that go on.
    pub(crate) fn judge<O: Iterator<Item = Record>>(
        &mut self,
        now: Instant,
        open: impl FnOnce() -> O,
    ) -> Vec<Found> {
        if self.next.is_none_or(|next| now < next) {
            return Vec::new();
        }
        let going_on: Vec<Serving> = open().filter_map(|one| Serving::of(&one)).collect();
        let mut found = Vec::new();
        for mut waiting in mem::take(&mut self.waiting) {
            let asked = &waiting.asked;
            if now < waiting.at {
                self.waiting.push_back(waiting);
                continue;
            }
            if !self.may_be_caused(asked) {
                remember(&mut self.passed, PASSED, waiting);
                continue;
            }
            if self.forgotten.is_some_and(|forgotten| asked.started <= forgotten) {
                continue;
            }
            let last = now.duration_since(waiting.since) >= PATIENCE;
            let recent = self
                .served
                .iter()
                .rev()
                .take_while(|one| one.ended.is_none_or(|ended| ended >= asked.started - DISORDER));
            match asked.verdict(recent.chain(&going_on), last) {
                Verdict::Caused(causes) => found.push(Found { id: asked.id, causes }),
                Verdict::Nothing => {}
                Verdict::Unclear => {
                    waiting.at = waiting.since + PATIENCE;
                    self.waiting.push_back(waiting);
                }
            }
        }
        self.next = self.waiting.iter().map(|waiting| waiting.at.max(now + PAUSE)).min();
        found
    }

    fn serve(&mut self, serving: Serving) {
        if self.served.len() >= SERVED {
            let ended = self.served.pop_front().and_then(|oldest| oldest.ended);
            self.forgotten = self.forgotten.max(ended);
        }
        self.served.push_back(serving);
    }

    /// Whether its client is somebody who serves, as far as is known.
    fn may_be_caused(&self, asked: &Asked) -> bool {
        asked.trace.is_some() || asked.client.pid().is_none_or(|pid| self.servers.contains(&pid))
    }
}

/// Keeps one; the oldest goes where there are too many.
fn remember(all: &mut VecDeque<Waiting>, most: usize, one: Waiting) {
    if all.len() >= most {
        all.pop_front();
    }
    all.push_back(one);
}

#[cfg(test)]
mod tests {
    use std::iter;

    use navyd_model::exchange::{Outcome, Protocol};

    use super::*;
    use crate::capture::assemble::record::Who;

    fn peer(pid: Option<u32>) -> Arc<Peer> {
        let peer = Peer::of_test("127.0.0.1:1".parse().unwrap(), "127.0.0.1:2".parse().unwrap());
        if let Some(pid) = pid {
            peer.who.set(Who { pid, ..Who::default() }).unwrap();
        }
        Arc::new(peer)
    }

    fn record(
        id: u64,
        protocol: Protocol,
        times: (i64, i64),
        client: &Arc<Peer>,
        server: &Arc<Peer>,
    ) -> Record {
        Record {
            started: times.0,
            took: Some(times.1 - times.0),
            client: Arc::clone(client),
            server: Some(Arc::clone(server)),
            ..Record::of_test(id, protocol)
        }
    }

    fn found(id: u64, causes: &[u64]) -> Vec<Found> {
        vec![Found { id, causes: causes.to_vec() }]
    }

    fn causes<const N: usize>(servers: [u32; N]) -> Causes {
        Causes { servers: servers.into(), ..Causes::default() }
    }

    #[test]
    fn what_a_server_does_meanwhile_is_caused_by_what_it_serves() {
        let (browser, shop, base) = (peer(Some(1)), peer(Some(2)), peer(Some(3)));
        let records = [
            record(11, Protocol::Postgres, (20, 30), &shop, &base),
            record(12, Protocol::Postgres, (5, 8), &shop, &base),
            record(13, Protocol::Postgres, (20, 30), &browser, &base),
            record(10, Protocol::Http, (10, 40), &browser, &shop),
            record(14, Protocol::Postgres, (41, 50), &shop, &base),
        ];
        let (mut causes, now) = (causes([2, 3]), Instant::now());
        causes.ended(&records, now);
        assert_eq!(causes.judge(now, iter::empty), []);
        assert_eq!(causes.next(), Some(now + MOMENT));
        assert_eq!(causes.judge(now + MOMENT, iter::empty), found(11, &[10]));
        assert_eq!(causes.next(), None);
    }

    #[test]
    fn one_that_is_told_later_is_a_candidate_as_well() {
        let (browser, shop, base) = (peer(Some(1)), peer(Some(2)), peer(Some(3)));
        let open = || {
            let open =
                Record { outcome: Outcome::Open, ..record(9, Protocol::Http, (1, 1), &browser, &shop) };
            iter::once(open)
        };
        let (mut causes, now) = (causes([2]), Instant::now());
        causes.ended(&[record(11, Protocol::Postgres, (20, 30), &shop, &base)], now);
        causes.ended(&[record(10, Protocol::Http, (10, 40), &browser, &shop)], now + MOMENT / 2);
        assert_eq!(causes.judge(now + MOMENT, open), found(11, &[9, 10]));
    }

    #[test]
    fn who_is_known_late_is_judged_late() {
        let (browser, shop, base) = (peer(Some(1)), peer(None), peer(Some(3)));
        let (mut causes, now) = (causes([3]), Instant::now());
        let records = [
            record(10, Protocol::Http, (10, 40), &browser, &shop),
            record(11, Protocol::Redis, (20, 30), &shop, &base),
        ];
        causes.ended(&records, now);
        assert_eq!(causes.judge(now + MOMENT, iter::empty), []);
        assert_eq!(causes.next(), Some(now + PATIENCE));
        shop.who.set(Who { pid: 2, ..Who::default() }).unwrap();
        shop.serves.store(true, Ordering::Relaxed);
        causes.know(&[shop], now + MOMENT);
        assert_eq!(causes.judge(now + MOMENT * 2, iter::empty), found(11, &[10]));
    }

    #[test]
    fn who_turns_out_to_serve_is_judged_then() {
        let (browser, shop, base) = (peer(Some(1)), peer(Some(2)), peer(Some(3)));
        let (mut causes, now) = (causes([3]), Instant::now());
        let records = [
            record(10, Protocol::Http, (10, 40), &browser, &shop),
            record(11, Protocol::Redis, (20, 30), &shop, &base),
        ];
        causes.ended(&records, now);
        assert_eq!((causes.next(), causes.judge(now + MOMENT, iter::empty)), (None, Vec::new()));
        shop.serves.store(true, Ordering::Relaxed);
        causes.know(&[shop], now);
        assert_eq!(causes.judge(now + MOMENT, iter::empty), found(11, &[10]));
    }

    #[test]
    fn who_stays_unknown_is_not_waited_for_for_ever() {
        let (browser, shop, base) = (peer(Some(1)), peer(None), peer(Some(3)));
        let (mut causes, now) = (causes([3]), Instant::now());
        causes.ended(&[record(10, Protocol::Http, (10, 40), &browser, &shop)], now);
        causes.ended(&[record(11, Protocol::Redis, (20, 30), &shop, &base)], now);
        causes.judge(now + MOMENT, iter::empty);
        assert_eq!(causes.judge(now + PATIENCE, iter::empty), []);
        assert_eq!(causes.next(), None);
    }

    #[test]
    fn behind_what_is_forgotten_nothing_is_judged() {
        let (browser, shop, base) = (peer(Some(1)), peer(Some(2)), peer(Some(3)));
        let (mut causes, now) = (causes([2]), Instant::now());
        // The first of them ended when it was asked for, and is forgotten.
        causes.ended(&[record(1, Protocol::Http, (10, 20), &browser, &shop)], now);
        let served = SERVED as u64;
        for id in 0..served {
            causes.ended(&[record(10 + id, Protocol::Http, (15, 60), &browser, &shop)], now);
        }
        causes.ended(&[record(2, Protocol::Redis, (20, 30), &shop, &base)], now);
        causes.ended(&[record(3, Protocol::Redis, (70, 80), &shop, &base)], now);
        causes.ended(&[record(4, Protocol::Http, (65, 90), &browser, &shop)], now);
        // It has forgotten one more by then, which ended at 60.
        assert_eq!(causes.judge(now + MOMENT, iter::empty), found(3, &[4]));
    }
}
