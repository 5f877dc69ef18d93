//! Which of the exchanges that a process served caused another. Pure.
//!
//! A process that serves one exchange and meanwhile asks somebody else is taken to do so for that one. Of several that it
//! served just then each may be the one, and all are named as that, unless a trace in the headers tells: to choose would be
//! a lie told half of the time. What a process does for nobody, or for whoever reached it past the gateway, cannot be seen
//! from here, and is taken to be done for what it serves.

use std::sync::Arc;

use navyd_model::exchange::Outcome;

use crate::capture::assemble::record::{Peer, Record};

/// How many exchanges may be the cause of one; of more than so many none is named.
const MOST: usize = 16;

/// An exchange that a process was serving.
pub(super) struct Serving {
    pub(super) id: u64,
    pub(super) started: i64,
    /// `None` while it goes on.
    pub(super) ended: Option<i64>,
    client: Arc<Peer>,
    server: Arc<Peer>,
    trace: Option<[u8; 32]>,
}

/// An exchange that may have been caused.
pub(super) struct Asked {
    pub(super) id: u64,
    pub(super) started: i64,
    pub(super) client: Arc<Peer>,
    pub(super) trace: Option<[u8; 32]>,
}

/// What caused an exchange.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Verdict {
    /// This one; of several, one of them.
    Caused(Vec<u64>),
    /// Not everybody is known yet who may have to do with it.
    Unclear,
    /// Nothing that can be told.
    Nothing,
}

impl Serving {
    pub(super) fn of(record: &Record) -> Option<Self> {
        let server = Arc::clone(record.server.as_ref()?);
        record.protocol.is_http().then(|| Self {
            id: record.id,
            started: record.started,
            ended: (record.outcome != Outcome::Open)
                .then(|| record.started + record.took.unwrap_or_default()),
            client: Arc::clone(&record.client),
            server,
            trace: trace(record),
        })
    }

    fn is_meanwhile(&self, asked: &Asked) -> bool {
        self.id != asked.id
            && self.started <= asked.started
            && self.ended.is_none_or(|ended| ended >= asked.started)
    }

    /// Whether the same process asked for this one as for the other, and did not serve it: two of its questions.
    fn is_beside(&self, asked: &Asked) -> bool {
        let pid = asked.client.pid();
        pid.is_some() && self.client.pid() == pid && self.server.pid() != pid
    }
}

impl Asked {
    pub(super) fn of(record: &Record) -> Self {
        Self {
            id: record.id,
            started: record.started,
            client: Arc::clone(&record.client),
            trace: trace(record),
        }
    }

    /// What caused it, of those that were being served. Said for the `last` time, nobody who is unknown becomes known.
    pub(super) fn verdict<'a>(&self, serving: impl Iterator<Item = &'a Serving>, last: bool) -> Verdict {
        let pid = self.client.pid();
        if pid.is_none() && self.trace.is_none() {
            return if last { Verdict::Nothing } else { Verdict::Unclear };
        }
        let mut meanwhile: Vec<&Serving> = serving.filter(|one| one.is_meanwhile(self)).collect();
        // One that was told when it began and when it ended is the same.
        meanwhile.sort_unstable_by_key(|one| one.id);
        meanwhile.dedup_by_key(|one| one.id);
        let is_own = |one: &&&Serving| pid.is_some() && one.server.pid() == pid;
        let is_unknown = |one: &&Serving| one.server.pid().is_none();

        let traced: Vec<&Serving> = meanwhile
            .iter()
            .filter(|one| self.trace.is_some() && one.trace == self.trace && !one.is_beside(self))
            .copied()
            .collect();
        if !traced.is_empty() {
            if !last && (pid.is_none() || traced.iter().any(is_unknown)) {
                return Verdict::Unclear;
            }
            let own: Vec<&Serving> = traced.iter().filter(is_own).copied().collect();
            return one_of(if own.is_empty() { &traced } else { &own });
        }

        let own: Vec<&Serving> = meanwhile.iter().filter(is_own).copied().collect();
        meanwhile.retain(is_unknown);
        if !last && (pid.is_none() || !meanwhile.is_empty()) {
            return Verdict::Unclear;
        }
        // Where the same server was asked over a connection of which nobody knows whose it was.
        let same = |unknown: &&Serving| own.iter().any(|one| one.server.address == unknown.server.address);
        if meanwhile.iter().any(same) { Verdict::Nothing } else { one_of(&own) }
    }
}

fn one_of(candidates: &[&Serving]) -> Verdict {
    if candidates.is_empty() || candidates.len() > MOST {
        return Verdict::Nothing;
    }
    Verdict::Caused(candidates.iter().map(|one| one.id).collect())
}

fn trace(record: &Record) -> Option<[u8; 32]> {
    record.request.as_deref().and_then(|head| head.trace)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::capture::assemble::record::Who;

    fn peer(address: &str, pid: Option<u32>) -> Arc<Peer> {
        let peer = Peer::of_test(address.parse().unwrap(), "127.0.0.1:2".parse().unwrap());
        if let Some(pid) = pid {
            peer.who.set(Who { pid, ..Who::default() }).unwrap();
        }
        Arc::new(peer)
    }

    /// One that a process serves at port 3000.
    fn served(id: u64, times: (i64, Option<i64>), pid: impl Into<Option<u32>>) -> Serving {
        Serving {
            id,
            started: times.0,
            ended: times.1,
            client: peer("127.0.0.1:1", Some(1)),
            server: peer("127.0.0.1:3000", pid.into()),
            trace: None,
        }
    }

    fn elsewhere(one: Serving) -> Serving {
        let server = peer("127.0.0.1:4000", one.server.pid());
        Serving { server, ..one }
    }

    fn asked_by(one: Serving, pid: u32) -> Serving {
        Serving { client: peer("127.0.0.1:1", Some(pid)), ..one }
    }

    fn traced(one: Serving) -> Serving {
        Serving { trace: Some([7; 32]), ..one }
    }

    fn check(asked: &Asked, serving: &[Serving], soon: &Verdict, at_last: &Verdict) {
        let ids: Vec<_> = serving.iter().map(|one| (one.id, one.started, one.ended)).collect();
        assert_eq!(asked.verdict(serving.iter(), false), *soon, "{ids:?}");
        assert_eq!(asked.verdict(serving.iter(), true), *at_last, "{ids:?}, at last");
    }

    #[test]
    fn one_that_was_served_meanwhile_is_the_cause_and_several_may_be() {
        let asked = Asked { id: 20, started: 20, client: peer("127.0.0.1:1", Some(2)), trace: None };
        let caused = |ids: &[u64]| Verdict::Caused(ids.to_vec());
        let on = |id, started| served(id, (started, None), 2);
        let unknown = |id| served(id, (10, None), None);
        for (serving, soon, at_last) in [
            (vec![], Verdict::Nothing, Verdict::Nothing),
            (vec![on(9, 10)], caused(&[9]), caused(&[9])),
            (vec![served(9, (10, Some(30)), 2)], caused(&[9]), caused(&[9])),
            // At the very moment.
            (vec![served(9, (20, Some(20)), 2)], caused(&[9]), caused(&[9])),
            // What ended before, began later, or is another process's is none of them; nor is it itself.
            (vec![served(9, (10, Some(19)), 2)], Verdict::Nothing, Verdict::Nothing),
            (vec![on(9, 21)], Verdict::Nothing, Verdict::Nothing),
            (vec![served(9, (10, None), 3)], Verdict::Nothing, Verdict::Nothing),
            (vec![on(20, 10)], Verdict::Nothing, Verdict::Nothing),
            // Either, whatever each of them is and however long it goes on.
            (vec![on(9, 10), on(10, 15)], caused(&[9, 10]), caused(&[9, 10])),
            (vec![on(9, 0), served(10, (19, Some(21)), 2)], caused(&[9, 10]), caused(&[9, 10])),
            // The same, told twice.
            (vec![served(9, (10, Some(30)), 2), on(9, 10)], caused(&[9]), caused(&[9])),
            // It may be the same process, and is not if it serves elsewhere.
            (vec![on(9, 10), unknown(10)], Verdict::Unclear, Verdict::Nothing),
            (vec![on(9, 10), elsewhere(unknown(10))], Verdict::Unclear, caused(&[9])),
            (vec![unknown(10)], Verdict::Unclear, Verdict::Nothing),
            // So many that it says nothing.
            ((0..17).map(|id| on(id, 10)).collect(), Verdict::Nothing, Verdict::Nothing),
        ] {
            check(&asked, &serving, &soon, &at_last);
        }
    }

    #[test]
    fn who_is_not_known_caused_nothing() {
        let asked = Asked { id: 20, started: 20, client: peer("127.0.0.1:1", None), trace: None };
        check(&asked, &[served(9, (10, None), 2)], &Verdict::Unclear, &Verdict::Nothing);
    }

    #[test]
    fn a_trace_tells_one_from_the_other() {
        let caused = |ids: &[u64]| Verdict::Caused(ids.to_vec());
        let on = |id, pid| served(id, (10, None), pid);
        for (client, serving, soon, at_last) in [
            (Some(2), vec![traced(on(9, 2)), on(10, 2)], caused(&[9]), caused(&[9])),
            // A process that has another number where it is asked: behind a proxy, or in a container.
            (Some(2), vec![traced(on(9, 5)), on(10, 2)], caused(&[9]), caused(&[9])),
            (None, vec![traced(on(9, 5))], Verdict::Unclear, caused(&[9])),
            // What the same process asks of others at the same time is beside it.
            (
                Some(2),
                vec![traced(on(9, 2)), asked_by(traced(elsewhere(on(10, 3))), 2)],
                caused(&[9]),
                caused(&[9]),
            ),
            (Some(2), vec![asked_by(traced(elsewhere(on(10, 3))), 2)], Verdict::Nothing, Verdict::Nothing),
            // One that it asks of itself may be.
            (
                Some(2),
                vec![traced(on(9, 2)), asked_by(traced(on(10, 2)), 2)],
                caused(&[9, 10]),
                caused(&[9, 10]),
            ),
            (
                Some(2),
                vec![traced(on(9, 2)), traced(served(10, (10, None), None))],
                Verdict::Unclear,
                caused(&[9]),
            ),
        ] {
            let client = peer("127.0.0.1:1", client);
            let asked = Asked { id: 20, started: 20, client, trace: Some([7; 32]) };
            check(&asked, &serving, &soon, &at_last);
        }
    }
}
