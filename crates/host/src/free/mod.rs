//! Giving a port back: what holds it, what would go with it, and stopping exactly that.
//!
//! [`plan`] only looks. [`carry_out`] stops what the plan names and nothing else: each process is pinned by a
//! handle and recognised again before it is signalled, because its number may be another's by then.
//! Deliberately absent: clients that merely talk to the port, asking for consent, and anything printed.

mod outcome;
mod stop;
mod victim;

use std::{net::IpAddr, time::Duration};

use navyd_model::{
    Exposure, Listener, Protocol, State,
    free::{Freed, Outcome},
};

use crate::{
    kernel::{self, Error, Query, Socket, States, Transport},
    listeners::{Scope, listeners},
};

/// What to free.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Wanted {
    /// The port.
    pub port: u16,
    /// TCP or UDP.
    pub proto: Protocol,
    /// Only sockets bound to this address; any when `None`.
    pub address: Option<IpAddr>,
}

/// How to stop.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Manner {
    /// Whether a process that ignores TERM is killed.
    pub force: bool,
    /// How long a process may take to end.
    pub patience: Duration,
}

/// What stands in the way of a port, and what stopping it would mean.
#[derive(Debug)]
pub struct Plan {
    /// What is wanted.
    pub wanted: Wanted,
    /// The answer so far; its outcome is [`Outcome::Planned`] when there is something to stop.
    pub freed: Freed,
    /// Closed connections whose minute is not over, and which may be destroyed.
    pub resting: Vec<Socket>,
}

/// Looks, and changes nothing.
///
/// # Errors
/// When the kernel does not tell who listens.
pub fn plan(wanted: Wanted) -> Result<Plan, Error> {
    let scope = Scope {
        tcp: wanted.proto == Protocol::Tcp,
        udp: wanted.proto == Protocol::Udp,
        namespaces: false,
        published: true,
        // Everything, because what else a victim listens on goes with it.
        ..Scope::default()
    };
    let everything = listeners(&scope)?.listeners;
    let (here, elsewhere): (Vec<Listener>, Vec<Listener>) =
        everything.into_iter().partition(|listener| covers(listener, &wanted));
    let here = those_that_block(here);
    let (clients, resting) = others_on(&wanted)?;
    let victims = victim::of(&here, &elsewhere);
    let (outcome, summary, hint) = outcome::of_plan(&wanted, &here, &victims, &clients, &resting);
    let freed =
        Freed { port: wanted.port, proto: wanted.proto, victims, listeners: here, outcome, summary, hint };
    Ok(Plan { wanted, freed, resting })
}

/// Stops what the plan names, and proves by a real bind what came of it.
///
/// # Errors
/// When the kernel does not tell who listens afterwards.
pub fn carry_out(plan: Plan, manner: Manner) -> Result<Freed, Error> {
    let Plan { wanted, mut freed, resting } = plan;
    if freed.outcome != Outcome::Planned {
        return Ok(freed);
    }
    for socket in &resting {
        // Refused without CAP_NET_ADMIN: then the bind below tells, and the minute passes by itself.
        drop(kernel::destroy(socket));
    }
    let stopped = stop::all(&freed, manner);
    (freed.outcome, freed.summary, freed.hint) = outcome::of_stop(&wanted, &freed, &stopped)?;
    Ok(freed)
}

/// Whether the listener is one of those asked for. A wildcard is held by every address, and an address by a
/// wildcard: whoever asks for `127.0.0.1:3000` wants to bind that.
fn covers(listener: &Listener, wanted: &Wanted) -> bool {
    let overlaps = |held: IpAddr, asked: IpAddr| {
        let (held, asked) = (held.to_canonical(), asked.to_canonical());
        let same_family = held.is_ipv4() == asked.is_ipv4();
        let dual = held.is_unspecified() && held.is_ipv6() && listener.v6only != Some(true);
        held == asked || (same_family && (held.is_unspecified() || asked.is_unspecified())) || dual
    };
    listener.port == Some(wanted.port)
        && listener.proto == wanted.proto
        && wanted.address.is_none_or(|asked| listener.address.is_some_and(|held| overlaps(held, asked)))
}

/// Those in LISTEN; only when there are none, those that are bound without listening. A server that has bound
/// its next socket already is not stopped for it. A rule that publishes the port prevents no bind, so it counts
/// only alone.
fn those_that_block(mut here: Vec<Listener>) -> Vec<Listener> {
    if here.iter().any(|listener| !is_rule(listener)) {
        here.retain(|listener| !is_rule(listener));
    }
    if here.iter().any(|listener| listener.state == State::Listen) {
        here.retain(|listener| listener.state != State::BoundNotListening);
    }
    here
}

/// Whether it is no socket: a container engine publishes the port by a rule alone.
fn is_rule(listener: &Listener) -> bool {
    listener.exposure == Exposure::Container && listener.inode.is_none() && listener.holders.is_empty()
}

/// The connections that have the port as their own, and those that are over and rest in TIME_WAIT.
fn others_on(wanted: &Wanted) -> Result<(Vec<Socket>, Vec<Socket>), Error> {
    if wanted.proto != Protocol::Tcp {
        return Ok((Vec::new(), Vec::new()));
    }
    let states = States::CONNECTED.with(States::TIME_WAIT);
    let query = Query::new(Transport::Tcp, states).on(wanted.port);
    let mut sockets = kernel::sockets(&query)?.sockets;
    sockets.retain(|socket| {
        wanted.address.is_none_or(|asked| asked.is_unspecified() || asked == socket.local.ip().to_canonical())
    });
    Ok(sockets.into_iter().partition(|socket| socket.state != State::TimeWait))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_address_is_covered_by_itself_and_by_wildcards() {
        for (held, v6only, asked, expected) in [
            ("127.0.0.1", None, None, true),
            ("127.0.0.1", None, Some("127.0.0.1"), true),
            ("127.0.0.1", None, Some("127.0.0.2"), false),
            ("127.0.0.1", None, Some("0.0.0.0"), true),
            ("127.0.0.1", None, Some("::1"), false),
            ("0.0.0.0", None, Some("127.0.0.1"), true),
            ("0.0.0.0", None, Some("::1"), false),
            ("::", Some(false), Some("127.0.0.1"), true),
            ("::", Some(true), Some("127.0.0.1"), false),
            ("::", Some(true), Some("::1"), true),
            ("::ffff:127.0.0.1", None, Some("127.0.0.1"), true),
        ] {
            let listener = Listener {
                address: Some(held.parse().unwrap()),
                v6only,
                ..Listener::on(Protocol::Tcp, 3000)
            };
            let wanted =
                Wanted { port: 3000, proto: Protocol::Tcp, address: asked.map(|text| text.parse().unwrap()) };
            assert_eq!(covers(&listener, &wanted), expected, "{held} {v6only:?} for {asked:?}");
            assert!(!covers(&listener, &Wanted { port: 3001, ..wanted }));
            assert!(!covers(&listener, &Wanted { proto: Protocol::Udp, ..wanted }));
        }
    }

    #[test]
    fn a_socket_that_does_not_listen_counts_only_alone() {
        let listening = Listener::on(Protocol::Tcp, 3000);
        let bound = Listener { state: State::BoundNotListening, ..listening.clone() };
        assert_eq!(those_that_block(vec![bound.clone(), listening.clone()]), [listening]);
        assert_eq!(those_that_block(vec![bound.clone()]), [bound]);
    }

    #[test]
    fn a_rule_counts_only_alone() {
        let rule = Listener { exposure: Exposure::Container, ..Listener::on(Protocol::Tcp, 3000) };
        let socket = Listener { inode: Some(7), ..Listener::on(Protocol::Tcp, 3000) };
        let proxy = Listener { inode: Some(8), ..rule.clone() };
        let both = vec![socket.clone(), proxy];
        assert_eq!(those_that_block(both.clone()), both);
        assert_eq!(those_that_block(vec![rule.clone()]), std::slice::from_ref(&rule));
        assert_eq!(those_that_block(vec![rule, socket.clone()]), [socket]);
    }
}
