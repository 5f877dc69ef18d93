//! Figures of many exchanges.

use std::collections::{BTreeMap, HashMap};

use jiff::Timestamp;
use navyd_model::{
    capture::{Latency, RouteStats, Stats},
    exchange::Outcome,
};

use super::line::Line;
use crate::capture::assemble::record::milliseconds;

/// Figures that are gathered.
#[derive(Default)]
pub(super) struct Gathered {
    exchanges: u64,
    first: Option<i64>,
    last: Option<i64>,
    failed: u64,
    lost: u64,
    statuses: BTreeMap<u16, u64>,
    wait: Vec<u32>,
    routes: HashMap<String, OfRoute>,
}

#[derive(Default)]
struct OfRoute {
    exchanges: u64,
    failed: u64,
    sent: u64,
    received: u64,
    took: Vec<u32>,
}

impl Gathered {
    /// One more exchange, of this route.
    pub(super) fn add(&mut self, line: &Line, route: &str) {
        let whole = matches!(line.outcome, Outcome::Complete | Outcome::Open | Outcome::Unknown);
        let failed = u64::from(!whole);
        self.exchanges += 1;
        self.failed += failed;
        self.lost += line.lost;
        self.first = Some(self.first.map_or(line.started, |first| first.min(line.started)));
        self.last = Some(self.last.map_or(line.started, |last| last.max(line.started)));
        if let Some(status) = line.status {
            *self.statuses.entry(status).or_default() += 1;
        }
        self.wait.extend(line.wait.map(micro));
        if !self.routes.contains_key(route) {
            self.routes.insert(route.to_owned(), OfRoute::default());
        }
        let Some(of) = self.routes.get_mut(route) else { return };
        of.exchanges += 1;
        of.failed += failed;
        of.sent += line.sent;
        of.received += line.received;
        of.took.extend(line.took.map(micro));
    }

    /// The figures.
    pub(super) fn end(mut self) -> Stats {
        let mut took: Vec<u32> = self.routes.values().flat_map(|of| of.took.iter().copied()).collect();
        let route = |(route, mut of): (String, OfRoute)| RouteStats {
            route,
            exchanges: of.exchanges,
            failed: of.failed,
            sent: of.sent,
            received: of.received,
            took: latency(&mut of.took),
        };
        let mut routes: Vec<RouteStats> = self.routes.into_iter().map(route).collect();
        routes.sort_by(|a, b| b.exchanges.cmp(&a.exchanges).then_with(|| a.route.cmp(&b.route)));
        let time = |at: Option<i64>| at.and_then(|at| Timestamp::from_microsecond(at).ok());
        Stats {
            exchanges: self.exchanges,
            first: time(self.first),
            last: time(self.last),
            failed: self.failed,
            sent: routes.iter().map(|route| route.sent).sum(),
            received: routes.iter().map(|route| route.received).sum(),
            lost: self.lost,
            statuses: self.statuses,
            wait: latency(&mut self.wait),
            took: latency(&mut took),
            routes,
        }
    }
}

/// More than an hour is told as an hour and eleven minutes, which is the most that fits.
fn micro(time: i64) -> u32 {
    u32::try_from(time.max(0)).unwrap_or(u32::MAX)
}

/// The nearest rank: a percentile is always the time of an exchange that was.
fn latency(times: &mut [u32]) -> Latency {
    times.sort_unstable();
    let at = |percent: usize| {
        let rank = (times.len() * percent).div_ceil(100).max(1);
        times.get(rank - 1).map(|time| milliseconds(i64::from(*time)))
    };
    Latency { p50_ms: at(50), p90_ms: at(90), p99_ms: at(99), max_ms: at(100) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn percentiles_are_those_of_the_nearest_rank() {
        for (times, expected) in [
            (vec![], [None; 4]),
            (vec![7000], [Some(7.0); 4]),
            (
                (1..=100).rev().map(|time| time * 1000).collect(),
                [Some(50.0), Some(90.0), Some(99.0), Some(100.0)],
            ),
            (vec![1000, 2000, 3000], [Some(2.0), Some(3.0), Some(3.0), Some(3.0)]),
        ] {
            let mut times: Vec<u32> = times;
            let found = latency(&mut times);
            assert_eq!([found.p50_ms, found.p90_ms, found.p99_ms, found.max_ms], expected);
        }
    }
}
