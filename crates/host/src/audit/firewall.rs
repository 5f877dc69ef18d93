//! What the packet filter does with connections from elsewhere, told beside what was found.
//!
//! A verdict read off rules, and never "reachable": a router or another filter may stop what this one lets pass, and
//! what this machine sends to its own address does not pass these rules at all.

use std::{collections::HashMap, net::SocketAddr};

use navyd_model::{Exposure, Protocol, State};

use super::{Gate, Subject};
use crate::{
    kernel::{Action, Arrival, Fate, Hit, Inbound, Interface},
    listeners::reaches,
};

/// How many arrivals are asked about: a machine with more addresses and listeners than this has a firewall of its own
/// in front.
pub(super) const MOST: usize = 2048;

/// The packet filter, as far as it concerns the listeners.
#[derive(Debug, Clone, Default)]
pub enum Firewall {
    /// No listener is bound beyond loopback, so nobody needed it.
    #[default]
    NotAsked,
    /// Its rules were read.
    Read {
        /// The rules that stop what arrives; empty for what none stops.
        stops: HashMap<Arrival, Vec<Hit>>,
        /// What becomes of connections to the ports of loopback that rules lead elsewhere.
        led: Vec<Fate>,
        /// Whether a second filter is in use whose rules were not weighed.
        second: bool,
    },
    /// They could not be read, for this reason.
    Unreadable(String),
}

/// What it does with all that arrives at a listener.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Verdict {
    /// It stops all of it.
    Stopped(String),
    /// A rule stops it under conditions that cannot be told by reading.
    Perhaps(String),
    /// No rule stops it.
    Open,
    /// It is not known.
    Unknown(String),
}

impl Firewall {
    /// What was read, in the order of these arrivals.
    pub(super) fn read(arrivals: Vec<Arrival>, inbound: Inbound) -> Self {
        let second = !inbound.older.tables.is_empty() && inbound.older.rules != Some(0);
        Self::Read { stops: arrivals.into_iter().zip(inbound.stops).collect(), led: inbound.led, second }
    }

    /// What it does with these arrivals, taken together: it stops them when it stops each.
    pub(super) fn verdict(&self, arrivals: &[Arrival]) -> Verdict {
        let (stops, second) = match self {
            Self::NotAsked => return Verdict::Unknown("its rules were not read".to_owned()),
            Self::Unreadable(why) => return Verdict::Unknown(why.clone()),
            Self::Read { stops, second, .. } => (stops, *second),
        };
        let mut verdict = None;
        for arrival in arrivals {
            let Some(hits) = stops.get(arrival) else {
                return Verdict::Unknown("not every address was asked about".to_owned());
            };
            let one = match (hits.iter().find(|hit| hit.certain), hits.first()) {
                (Some(hit), _) => Verdict::Stopped(told(hit)),
                (None, _) if second => Verdict::Unknown("an older filter is in use beside it".to_owned()),
                (None, Some(hit)) => Verdict::Perhaps(told(hit)),
                (None, None) => return Verdict::Open,
            };
            if !matches!(
                (&verdict, &one),
                (Some(Verdict::Perhaps(_) | Verdict::Unknown(_)), Verdict::Stopped(_))
            ) {
                verdict = Some(one);
            }
        }
        verdict.unwrap_or(Verdict::Open)
    }
}

impl Verdict {
    /// In words, to follow what was seen.
    pub(super) fn words(&self) -> String {
        match self {
            Self::Stopped(rule) => format!("the firewall {rule}"),
            Self::Perhaps(rule) => format!("under conditions that are not known here the firewall {rule}"),
            Self::Open => "no rule of the packet filter drops what comes from outside".to_owned(),
            Self::Unknown(why) => format!("whether a firewall drops it is unknown: {why}"),
        }
    }

    /// What it is as a gate: it looks at where a question comes from, and not at who asks.
    pub(super) fn gate(&self) -> Gate {
        if matches!(self, Self::Stopped(_)) { Gate::Weak } else { Gate::None }
    }
}

fn told(hit: &Hit) -> String {
    let does = if hit.action == Action::Reject { "refuses" } else { "drops" };
    format!("{does} it from outside: {}", hit.text)
}

/// The connections from elsewhere that come to a TCP listener of this machine, or are led to a container by it: one for
/// each address of each device that is up.
pub(super) fn arrivals(subject: &Subject, interfaces: Option<&[Interface]>) -> Vec<Arrival> {
    let listener = &subject.listener;
    let (Some(bound), Some(port)) = (listener.address, listener.port) else { return Vec::new() };
    let takes =
        listener.proto == Protocol::Tcp && listener.state == State::Listen && listener.netns.is_none();
    if !takes || listener.exposure == Exposure::Loopback {
        return Vec::new();
    }
    let led = subject.container().filter(|_| listener.exposure == Exposure::Container);
    let devices = interfaces.into_iter().flatten().filter(|device| device.up && !device.loopback);
    let places =
        devices.flat_map(|device| device.addresses.iter().map(move |address| (&device.name, *address)));
    places
        .filter(|(_, address)| reaches(bound, listener.v6only, *address))
        .map(|(device, address)| Arrival { device: device.clone(), to: SocketAddr::new(address, port), led })
        .collect()
}

/// The arrivals that its rules are asked about: of what is led on, also what would become of it if it were not.
pub(super) fn asked(subject: &Subject, interfaces: Option<&[Interface]>) -> Vec<Arrival> {
    let mut all = arrivals(subject, interfaces);
    let led: Vec<Arrival> = all.iter().filter(|one| one.led.is_some()).map(here).collect();
    all.extend(led);
    all
}

/// The same arrival at this machine itself.
pub(super) fn here(arrival: &Arrival) -> Arrival {
    Arrival { led: None, ..arrival.clone() }
}

#[cfg(test)]
mod tests {
    use super::{
        super::checks::fixture::{bound, held, machine},
        *,
    };

    fn hit(certain: bool) -> Hit {
        Hit::drop("policy drop (table inet t, chain c)", certain)
    }

    #[test]
    fn addresses_of_devices_that_are_up_arrive() {
        for (address, others, expected) in [
            ("0.0.0.0", &["192.168.1.7", "fd00::2"][..], &["192.168.1.7:3000"][..]),
            ("::", &["192.168.1.7", "fd00::2"], &["192.168.1.7:3000", "[fd00::2]:3000"]),
            ("192.168.1.7", &["192.168.1.7", "10.0.0.1"], &["192.168.1.7:3000"]),
            ("127.0.0.1", &["192.168.1.7"], &[]),
        ] {
            let facts = machine(bound(address, held(3000, "node", None)), others);
            let found = arrivals(&facts.subjects[0], facts.interfaces.as_deref());
            let found: Vec<_> = found.iter().map(|arrival| arrival.to.to_string()).collect();
            assert_eq!(found, expected, "{address}");
        }
    }

    #[test]
    fn it_stops_all_or_it_does_not_stop() {
        let two: Vec<Arrival> = [1, 2]
            .map(|last| Arrival { device: "eth0".into(), to: ([192, 0, 2, last], 1).into(), led: None })
            .into();
        let rule = "drops it from outside: policy drop (table inet t, chain c)";
        let read = |first: Vec<Hit>, second: Vec<Hit>, older| Firewall::Read {
            stops: two.iter().cloned().zip([first, second]).collect(),
            led: Vec::new(),
            second: older,
        };
        for (firewall, expected) in [
            (read(vec![hit(true)], vec![hit(true)], false), Verdict::Stopped(rule.into())),
            (read(vec![hit(true)], vec![hit(true)], true), Verdict::Stopped(rule.into())),
            (read(vec![hit(true)], vec![hit(false)], false), Verdict::Perhaps(rule.into())),
            (read(vec![hit(false)], vec![hit(true)], false), Verdict::Perhaps(rule.into())),
            (read(vec![hit(true)], vec![], false), Verdict::Open),
            (read(vec![], vec![], true), Verdict::Unknown("an older filter is in use beside it".into())),
            (Firewall::Unreadable("no".into()), Verdict::Unknown("no".into())),
        ] {
            assert_eq!(firewall.verdict(&two), expected, "{firewall:?}");
        }
    }
}
