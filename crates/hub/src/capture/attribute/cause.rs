//! Which exchange caused another. Pure.
//!
//! A process that serves a request and meanwhile asks somebody else is taken to do so for that request. Of several that
//! it serves just then the last that began is named: a bias, which a trace in the headers overrules. What was not known
//! when an exchange was written is looked at once more when it is.

use std::{
    collections::{HashSet, VecDeque},
    sync::Arc,
};

use navyd_model::exchange::Outcome;

use crate::capture::assemble::record::{Peer, Record};

/// How many exchanges are remembered that may have caused others, and that may have been caused.
const REMEMBERED: usize = 1024;

/// How many processes are known to serve.
const SERVERS: usize = 4096;

/// Exchanges that were lately.
#[derive(Default)]
pub(crate) struct Causes {
    serving: VecDeque<Serving>,
    unsettled: VecDeque<Caused>,
    /// Processes that serve: whoever is none of them causes nothing, which is most of all clients.
    servers: HashSet<u32>,
}

/// An exchange that a process was serving.
struct Serving {
    id: u64,
    started: i64,
    /// `None` while it goes on.
    ended: Option<i64>,
    server: Arc<Peer>,
    trace: Option<[u8; 32]>,
}

/// An exchange that may have been caused.
struct Caused {
    id: u64,
    started: i64,
    client: Arc<Peer>,
    trace: Option<[u8; 32]>,
}

impl Causes {
    /// A process serves.
    pub(crate) fn serves(&mut self, pid: u32) {
        if self.servers.len() >= SERVERS {
            self.servers.clear();
        }
        self.servers.insert(pid);
    }

    /// Sets the causes of exchanges that have ended, among those that were lately and those that go on.
    pub(crate) fn settle<O: Iterator<Item = Record>>(
        &mut self,
        ended: &mut [Record],
        open: impl FnOnce() -> O,
    ) {
        for record in ended.iter() {
            remember(&mut self.serving, Serving::of(record));
        }
        let mut open = Some(open);
        let mut going_on: Vec<Serving> = Vec::new();
        for record in ended.iter_mut() {
            let pid = record.client.pid();
            let traced = record.request.as_deref().is_some_and(|head| head.trace.is_some());
            if !traced && pid.is_some_and(|pid| !self.servers.contains(&pid)) {
                continue;
            }
            let caused = Caused::of(record);
            if traced || pid.is_some() {
                // Looked at once, and only where it may matter.
                let now = open.take().into_iter().flat_map(|open| open());
                going_on.extend(now.filter_map(|one| Serving::of(&one)));
                record.caused_by = caused.cause(self.serving.iter().chain(&going_on));
            }
            if record.caused_by.is_none() {
                remember(&mut self.unsettled, Some(caused));
            }
        }
    }

    /// Now that more is known about who is who: what caused those for which nothing was found.
    pub(crate) fn late(&mut self) -> Vec<(u64, u64)> {
        let serving = &self.serving;
        let mut found = Vec::new();
        self.unsettled.retain(|caused| {
            let cause = caused.cause(serving.iter());
            found.extend(cause.map(|cause| (caused.id, cause)));
            cause.is_none()
        });
        found
    }
}

impl Serving {
    fn of(record: &Record) -> Option<Self> {
        let server = Arc::clone(record.server.as_ref()?);
        let ended =
            (record.outcome != Outcome::Open).then(|| record.started + record.took.unwrap_or_default());
        let trace = record.request.as_deref().and_then(|head| head.trace);
        record.protocol.is_http().then_some(Self {
            id: record.id,
            started: record.started,
            ended,
            server,
            trace,
        })
    }
}

impl Caused {
    fn of(record: &Record) -> Self {
        let trace = record.request.as_deref().and_then(|head| head.trace);
        Self { id: record.id, started: record.started, client: Arc::clone(&record.client), trace }
    }

    fn cause<'a>(&self, serving: impl Iterator<Item = &'a Serving>) -> Option<u64> {
        let pid = self.client.pid();
        if pid.is_none() && self.trace.is_none() {
            return None;
        }
        let meanwhile = serving.filter(|serving| {
            serving.id != self.id
                && serving.started <= self.started
                && serving.ended.is_none_or(|ended| ended >= self.started)
        });
        let likely = |serving: &&Serving| {
            let traced = self.trace.is_some() && self.trace == serving.trace;
            (traced || pid.is_some() && serving.server.pid() == pid).then_some((traced, serving.started))
        };
        let (_, cause) = meanwhile.filter_map(|serving| Some((likely(&serving)?, serving.id))).max()?;
        Some(cause)
    }
}

fn remember<T>(all: &mut VecDeque<T>, one: Option<T>) {
    let Some(one) = one else { return };
    if all.len() >= REMEMBERED {
        all.pop_front();
    }
    all.push_back(one);
}

#[cfg(test)]
mod tests {
    use navyd_model::exchange::Protocol;

    use super::*;
    use crate::capture::assemble::record::Who;

    fn peer(pid: Option<u32>) -> Arc<Peer> {
        let peer = Peer::of_test("127.0.0.1:1".parse().unwrap(), "127.0.0.1:2".parse().unwrap());
        if let Some(pid) = pid {
            peer.who.set(Who { pid, ..Who::default() }).unwrap();
        }
        Arc::new(peer)
    }

    fn causes<const N: usize>(servers: [u32; N]) -> Causes {
        Causes { servers: servers.into(), ..Causes::default() }
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

    #[test]
    fn what_a_server_does_meanwhile_is_caused_by_what_it_serves() {
        let (browser, shop, base) = (peer(Some(1)), peer(Some(2)), peer(Some(3)));
        let mut records = [
            record(11, Protocol::Postgres, (20, 30), &shop, &base),
            record(12, Protocol::Postgres, (5, 8), &shop, &base),
            record(13, Protocol::Postgres, (20, 30), &browser, &base),
            record(10, Protocol::Http, (10, 40), &browser, &shop),
            record(14, Protocol::Postgres, (41, 50), &shop, &base),
        ];
        causes([2, 3]).settle(&mut records, std::iter::empty);
        let causes = records.map(|record| record.caused_by);
        assert_eq!(causes, [Some(10), None, None, None, None]);
    }

    #[test]
    fn one_that_goes_on_causes_as_well_and_the_last_of_several_is_named() {
        let (browser, shop, base) = (peer(Some(1)), peer(Some(2)), peer(Some(3)));
        let mut open = record(9, Protocol::Http, (10, 0), &browser, &shop);
        open.outcome = Outcome::Open;
        let later = Record { id: 10, started: 15, ..open.clone() };
        let mut records = [record(11, Protocol::Redis, (20, 30), &shop, &base)];
        causes([2, 3]).settle(&mut records, || [open, later].into_iter());
        assert_eq!(records[0].caused_by, Some(10));
    }

    #[test]
    fn who_is_known_late_is_settled_late() {
        let (browser, shop, base) = (peer(Some(1)), peer(None), peer(Some(3)));
        let mut causes = causes([3]);
        let mut records = [
            record(10, Protocol::Http, (10, 40), &browser, &shop),
            record(11, Protocol::Redis, (20, 30), &shop, &base),
        ];
        causes.settle(&mut records, std::iter::empty);
        assert_eq!(causes.late(), []);
        shop.who.set(Who { pid: 2, ..Who::default() }).unwrap();
        assert_eq!(causes.late(), [(11, 10)]);
        assert_eq!(causes.late(), []);
    }
}
