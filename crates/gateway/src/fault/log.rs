//! What faults have done, in memory, so that two runs with one seed can be compared.

use std::{
    collections::VecDeque,
    sync::{
        Arc, Mutex, PoisonError,
        atomic::{AtomicU64, Ordering::Relaxed},
    },
};

use navyd_model::exchange::Side;
use tokio::sync::watch;

/// How many decisions are kept. The oldest make room.
const KEPT: usize = 16 * 1024;

/// That a fault has hit a connection, or a datagram, for the first time.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Decision {
    /// The route, as its faults name it.
    pub route: Arc<str>,
    /// Which connection of the route, client of datagrams, or exchange, counted from 0.
    pub connection: u64,
    /// The fault's name.
    pub fault: Arc<str>,
    /// What it is.
    pub kind: &'static str,
    /// Who sent what it hit; `None` where it hits the connection.
    pub from: Option<Side>,
    /// Which datagram of the client in that direction, counted from 0.
    pub datagram: Option<u64>,
    /// What was chosen, by chance where there is a choice: `213.4 ms`.
    pub chosen: String,
}

/// Decisions that were made, and what makes them repeatable.
pub(crate) struct Record {
    seed: AtomicU64,
    decisions: Mutex<VecDeque<Decision>>,
    /// How many were ever made.
    made: watch::Sender<u64>,
}

impl Record {
    /// Nothing yet, with this seed.
    pub(crate) fn new(seed: u64) -> Self {
        Self { seed: AtomicU64::new(seed), decisions: Mutex::default(), made: watch::Sender::new(0) }
    }

    /// What makes a run repeatable.
    pub(crate) fn seed(&self) -> u64 {
        self.seed.load(Relaxed)
    }

    /// Begins a new run.
    pub(crate) fn reseed(&self, seed: u64) {
        self.seed.store(seed, Relaxed);
        self.lock().clear();
    }

    /// Adds a decision.
    pub(super) fn add(&self, decision: Decision) {
        let mut decisions = self.lock();
        if decisions.len() == KEPT {
            decisions.pop_front();
        }
        decisions.push_back(decision);
        // Counted while nobody else can add one, so that whoever reads both finds as many.
        self.made.send_modify(|made| *made += 1);
    }

    /// How many decisions were ever made, as they are.
    pub(crate) fn watch(&self) -> watch::Receiver<u64> {
        self.made.subscribe()
    }

    /// Every decision that is kept, in the order in which they were made.
    pub(crate) fn all(&self) -> Vec<Decision> {
        self.lock().iter().cloned().collect()
    }

    fn lock(&self) -> std::sync::MutexGuard<'_, VecDeque<Decision>> {
        self.decisions.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_oldest_make_room_and_a_new_run_begins_with_none() {
        let record = Record::new(1);
        for connection in 0..=KEPT as u64 {
            let (route, fault) = (Arc::from("r"), Arc::from("f"));
            let chosen = String::new();
            record.add(Decision {
                route,
                connection,
                fault,
                kind: "loss",
                from: None,
                datagram: None,
                chosen,
            });
        }
        let all = record.all();
        assert_eq!((all.len(), all[0].connection), (KEPT, 1));
        record.reseed(2);
        assert_eq!((record.seed(), record.all()), (2, Vec::new()));
    }
}
