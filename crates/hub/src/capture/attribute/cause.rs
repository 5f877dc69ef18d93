//! Which exchange caused another. Pure.
//!
//! A process that serves a request and meanwhile asks somebody else is taken to do so for that request. Of several that
//! it serves just then none is named, unless a trace in the headers tells: a guess would be a lie told half of the time.
//! Streams, which a process may serve all day, stand back behind a plain request. What was not known when an exchange was
//! written is looked at once more when it is.

use std::{
    collections::{HashSet, VecDeque},
    sync::Arc,
};

use navyd_model::exchange::{Outcome, Protocol};

use crate::capture::assemble::record::{Peer, Record};

/// How many exchanges are remembered that may have caused others, and that may have been caused.
const REMEMBERED: usize = 1024;

/// How many exchanges of processes that did not serve are remembered: those of a moment, in which it may turn out that
/// they do.
const PASSED: usize = 256;

/// How many processes are known to serve.
const SERVERS: usize = 4096;

/// Exchanges that were lately.
#[derive(Default)]
pub(crate) struct Causes {
    serving: VecDeque<Serving>,
    unsettled: VecDeque<Caused>,
    /// Of processes that did not serve then, as far as was known.
    passed: VecDeque<Caused>,
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
    /// Whether it goes on for as long as somebody looks.
    stream: bool,
}

/// What caused an exchange.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Verdict {
    /// This one.
    Caused(u64),
    /// One of several, and nothing tells which.
    Ambiguous,
    /// Nothing that is known so far.
    Unknown,
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
        if self.servers.insert(pid) {
            // What it was serving when it asked was served over a connection of which nobody knew whose it was.
            for caused in std::mem::take(&mut self.passed) {
                if caused.client.pid() == Some(pid) {
                    remember(&mut self.unsettled, REMEMBERED, Some(caused));
                } else {
                    self.passed.push_back(caused);
                }
            }
        }
    }

    /// Sets the causes of exchanges that have ended, among those that were lately and those that go on.
    pub(crate) fn settle<O: Iterator<Item = Record>>(
        &mut self,
        ended: &mut [Record],
        open: impl FnOnce() -> O,
    ) {
        for record in ended.iter() {
            remember(&mut self.serving, REMEMBERED, Serving::of(record));
        }
        let mut open = Some(open);
        let mut going_on: Vec<Serving> = Vec::new();
        for record in ended.iter_mut() {
            let pid = record.client.pid();
            let traced = record.request.as_deref().is_some_and(|head| head.trace.is_some());
            if !traced && pid.is_some_and(|pid| !self.servers.contains(&pid)) {
                remember(&mut self.passed, PASSED, Some(Caused::of(record)));
                continue;
            }
            let caused = Caused::of(record);
            let mut verdict = Verdict::Unknown;
            if traced || pid.is_some() {
                // Looked at once, and only where it may matter.
                let now = open.take().into_iter().flat_map(|open| open());
                going_on.extend(now.filter_map(|one| Serving::of(&one)));
                verdict = caused.cause(self.serving.iter().chain(&going_on));
            }
            match verdict {
                Verdict::Caused(cause) => record.caused_by = Some(cause),
                Verdict::Ambiguous => {}
                Verdict::Unknown => remember(&mut self.unsettled, REMEMBERED, Some(caused)),
            }
        }
    }

    /// Now that more is known about who is who: what caused those for which nothing was found, among those that were
    /// lately and those that go on.
    pub(crate) fn late(&mut self, open: impl Iterator<Item = Record>) -> Vec<(u64, u64)> {
        if self.unsettled.is_empty() {
            return Vec::new();
        }
        let going_on: Vec<Serving> = open.filter_map(|one| Serving::of(&one)).collect();
        let serving = &self.serving;
        let mut found = Vec::new();
        self.unsettled.retain(|caused| {
            let verdict = caused.cause(serving.iter().chain(&going_on));
            if let Verdict::Caused(cause) = verdict {
                found.push((caused.id, cause));
            }
            verdict == Verdict::Unknown
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
            stream: matches!(record.protocol, Protocol::Websocket | Protocol::Sse),
        })
    }
}

impl Serving {
    /// Whether both are at the same address, and this one counts where the other does.
    fn is_beside(&self, other: &Self) -> bool {
        self.server.address == other.server.address && (!self.stream || other.stream)
    }
}

impl Caused {
    fn of(record: &Record) -> Self {
        let trace = record.request.as_deref().and_then(|head| head.trace);
        Self { id: record.id, started: record.started, client: Arc::clone(&record.client), trace }
    }

    fn cause<'a>(&self, serving: impl Iterator<Item = &'a Serving>) -> Verdict {
        let pid = self.client.pid();
        let meanwhile = serving.filter(|serving| {
            serving.id != self.id
                && serving.started <= self.started
                && serving.ended.is_none_or(|ended| ended >= self.started)
        });
        let mut traced: Option<(i64, u64)> = None;
        let (mut likely, mut unknown): (Vec<&Serving>, Vec<&Serving>) = (Vec::new(), Vec::new());
        for serving in meanwhile {
            if self.trace.is_some() && self.trace == serving.trace {
                // Of one trace the last that began is nearest.
                traced = traced.max(Some((serving.started, serving.id)));
            }
            match serving.server.pid() {
                None if serving.server.who.get().is_none() => unknown.push(serving),
                server if pid.is_some() && server == pid => likely.push(serving),
                _ => {}
            }
        }
        if let Some((_, cause)) = traced {
            return Verdict::Caused(cause);
        }
        if likely.iter().any(|serving| !serving.stream) {
            likely.retain(|serving| !serving.stream);
        }
        // One that was told when it began and when it ended is the same.
        likely.sort_unstable_by_key(|serving| serving.id);
        likely.dedup_by_key(|serving| serving.id);
        match likely[..] {
            [] => Verdict::Unknown,
            // Where the same server is asked over a connection of which nobody knows yet whose it is.
            [one] if unknown.iter().any(|other| other.id != one.id && other.is_beside(one)) => {
                Verdict::Unknown
            }
            [one] => Verdict::Caused(one.id),
            _ => Verdict::Ambiguous,
        }
    }
}

fn remember<T>(all: &mut VecDeque<T>, most: usize, one: Option<T>) {
    let Some(one) = one else { return };
    if all.len() >= most {
        all.pop_front();
    }
    all.push_back(one);
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::capture::assemble::{head::Head, record::Who};

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
    fn one_that_goes_on_causes_as_well_and_of_several_none_is_named() {
        let (browser, shop, other, base) = (peer(Some(1)), peer(Some(2)), peer(Some(4)), peer(Some(3)));
        let unknown = peer(None);
        let open = |id, protocol, started, server| Record {
            outcome: Outcome::Open,
            ..record(id, protocol, (started, started), &browser, server)
        };
        let traced = |mut one: Record, trace| {
            one.request = Some(Arc::new(Head { trace: Some([trace; 32]), ..Head::default() }));
            one
        };
        let http = Protocol::Http;
        for (beside, expected) in [
            (vec![open(9, http, 10, &shop)], Some(9)),
            // The same process serves two: either may be why.
            (vec![open(9, http, 10, &shop), open(10, http, 15, &shop)], None),
            // What ended before, began later, or is another process's is none of them.
            (vec![open(9, http, 10, &shop), record(10, http, (12, 19), &browser, &shop)], Some(9)),
            (vec![open(9, http, 10, &shop), open(10, http, 21, &shop)], Some(9)),
            (vec![open(9, http, 10, &shop), open(10, http, 15, &other)], Some(9)),
            // A stream stands back, and is named where it is alone.
            (vec![open(9, http, 10, &shop), open(10, Protocol::Websocket, 1, &shop)], Some(9)),
            (vec![open(10, Protocol::Sse, 1, &shop)], Some(10)),
            // It may be the same process.
            (vec![open(9, http, 10, &shop), open(10, http, 15, &unknown)], None),
            // A trace tells one from the other.
            (vec![traced(open(9, http, 10, &shop), 7), open(10, http, 15, &shop)], Some(9)),
        ] {
            let ids: Vec<_> = beside.iter().map(|one| one.id).collect();
            let caused = record(11, Protocol::Redis, (20, 30), &shop, &base);
            let is_traced = beside.iter().any(|one| one.request.is_some());
            let mut records = [if is_traced { traced(caused, 7) } else { caused }];
            causes([2, 3]).settle(&mut records, || beside.into_iter());
            assert_eq!(records[0].caused_by, expected, "{ids:?}");
        }
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
        assert_eq!(causes.late(std::iter::empty()), []);
        shop.who.set(Who { pid: 2, ..Who::default() }).unwrap();
        assert_eq!(causes.late(std::iter::empty()), [(11, 10)]);
        assert_eq!(causes.late(std::iter::empty()), []);
    }

    #[test]
    fn who_turns_out_to_serve_is_settled_then() {
        let (browser, shop, base) = (peer(Some(1)), peer(Some(2)), peer(Some(3)));
        let mut causes = causes([3]);
        let mut records = [
            record(10, Protocol::Http, (10, 40), &browser, &shop),
            record(11, Protocol::Redis, (20, 30), &shop, &base),
        ];
        causes.settle(&mut records, std::iter::empty);
        assert_eq!(causes.late(std::iter::empty()), []);
        causes.serves(2);
        assert_eq!(causes.late(std::iter::empty()), [(11, 10)]);
    }
}
