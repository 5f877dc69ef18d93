//! The specification of `explain`: scenes, and the causes that each must be explained by.
//!
//! A scene is sockets and settings; what binding and connecting would do there follows from the bind matrix,
//! unless the row says that the kernel did something else. `check` wants every cause, in order, the verdict
//! first; so each row is also a near miss of all the causes that it does not name.

mod blocked;
mod held;
mod reach;

use std::net::{IpAddr, SocketAddr};

use navyd_model::{
    BindAttempt, CauseId, ConnectAttempt, ConnectResult, Exposure, Family, Holder, Listener, Names,
    Namespace, OwnerUnknown, Protocol, Queue, State, Target, Why, why::Resolution,
};

use super::{
    explain,
    facts::{Facts, Neighbour, Orphan},
    question::{LOCALHOST, Place, Question, answers},
};
use crate::{
    bind::FORMS,
    kernel::{Interface, Limits, Socket, Transport},
};

/// A machine with one network card, and nothing on it.
struct Scene {
    facts: Facts,
    errors: Vec<(IpAddr, &'static str)>,
    connects: Vec<(IpAddr, ConnectResult)>,
    /// Addresses that the kernel admits beside others, as macOS does.
    admitted: Vec<IpAddr>,
    /// Whether neighbours are in the way of a bind with SO_REUSEADDR too.
    stubborn: bool,
}

impl Scene {
    fn new() -> Self {
        let device = |name: &str, loopback, addresses: &[&str]| Interface {
            index: 1,
            name: name.into(),
            up: true,
            loopback,
            addresses: addresses.iter().map(|text| text.parse().unwrap()).collect(),
        };
        let limits = Limits {
            ephemeral: Some(32768..=60999),
            reserved: Vec::new(),
            unprivileged_from: Some(1024),
            may_bind_low: Some(false),
            may_destroy: Some(false),
        };
        let interfaces =
            vec![device("lo", true, &["127.0.0.1", "::1"]), device("eth0", false, &["192.168.1.5"])];
        let facts = Facts { limits: Some(limits), interfaces: Some(interfaces), ..Facts::default() };
        Self { facts, errors: Vec::new(), connects: Vec::new(), admitted: Vec::new(), stubborn: false }
    }

    /// One more listener.
    fn with(mut self, listener: Listener) -> Self {
        self.facts.listeners.push(listener);
        self
    }

    /// One more connection, which a bind with SO_REUSEADDR meets as well.
    fn meeting(mut self, neighbour: Neighbour) -> Self {
        self.stubborn = true;
        self.passing(neighbour)
    }

    /// One more connection, which a bind with SO_REUSEADDR does not meet.
    fn passing(mut self, neighbour: Neighbour) -> Self {
        self.facts.neighbours.push(neighbour);
        self
    }

    /// Binding this address works whatever else is there.
    fn admits(mut self, address: &str) -> Self {
        self.admitted.push(address.parse().unwrap());
        self
    }

    /// Binding this address gives this error.
    fn errno(mut self, address: &str, errno: &'static str) -> Self {
        self.errors.push((address.parse().unwrap(), errno));
        self
    }

    /// Binding anything gives this error.
    fn errno_everywhere(self, errno: &'static str) -> Self {
        ["127.0.0.1", "0.0.0.0", "::1", "::"].into_iter().fold(self, |scene, form| scene.errno(form, errno))
    }

    /// Connecting to this address does this.
    fn connect(mut self, address: &str, result: ConnectResult) -> Self {
        self.connects.push((address.parse().unwrap(), result));
        self
    }

    /// The name of the target has these addresses.
    fn resolved(mut self, addresses: &[&str]) -> Self {
        let addresses: Vec<IpAddr> = addresses.iter().map(|text| text.parse().unwrap()).collect();
        self.facts.localhost.clone_from(&addresses);
        self.facts.resolution = Some(Resolution {
            name: "name".into(),
            addresses,
            source: "resolver".into(),
            wins: None,
            note: None,
        });
        self
    }

    /// With the facts changed.
    fn but(mut self, change: impl FnOnce(&mut Facts)) -> Self {
        change(&mut self.facts);
        self
    }

    fn explain(mut self, target: &str) -> Why {
        let target: Target = target.parse().unwrap();
        if let Some(question) = Question::of(&target, &self.facts) {
            self.facts.bind = self.binds(&question, false);
            if question.proto == Protocol::Tcp {
                self.facts.plain = self.binds(&question, true);
                self.facts.connect = self.connections(&question);
            }
        }
        explain(&self.facts, &target)
    }

    fn binds(&self, question: &Question, plain: bool) -> Vec<BindAttempt> {
        let asked = question.addresses.iter().flatten().map(|address| (*address, false));
        let mut forms: Vec<(IpAddr, bool)> = FORMS.iter().map(|form| (form.address, form.v6only)).collect();
        forms.extend(asked.filter(|(address, _)| !FORMS.iter().any(|form| form.address == *address)));
        let attempt = |(address, v6only)| {
            let bare = BindAttempt { address, v6only, ok: true, errno: None };
            let place = Place::of_attempt(&bare);
            let listened = self.facts.listeners.iter().any(|other| {
                other.netns.is_none()
                    && other.proto == question.proto
                    && Place::of_listener(other).is_some_and(|taken| taken.overlaps(place))
            });
            let neighboured = self.facts.neighbours.iter().any(|other| {
                other.proto() == question.proto && Place::of_address(other.socket.local.ip()).overlaps(place)
            });
            let error = self.errors.iter().find(|(at, _)| *at == address).map(|(_, errno)| *errno);
            let met =
                !self.admitted.contains(&address) && (listened || (neighboured && (plain || self.stubborn)));
            let errno = error.or(met.then_some("EADDRINUSE")).map(str::to_owned);
            BindAttempt { ok: errno.is_none(), errno, ..bare }
        };
        forms.into_iter().map(attempt).collect()
    }

    fn connections(&self, question: &Question) -> Vec<ConnectAttempt> {
        let lacking =
            |address: &IpAddr| self.errors.iter().any(|(at, errno)| at == address && *errno != "EACCES");
        let mut addresses = LOCALHOST.to_vec();
        addresses.extend(
            question
                .addresses
                .iter()
                .flatten()
                .filter(|asked| !LOCALHOST.contains(asked) && !asked.is_unspecified() && !lacking(asked)),
        );
        let attempt = |address: IpAddr| {
            let set = self.connects.iter().find(|(at, _)| *at == address).map(|(_, result)| *result);
            let there =
                self.facts.listeners.iter().any(|listener| {
                    listener.proto == Protocol::Tcp && answers(&self.facts, listener, address)
                });
            let natural = if there { ConnectResult::Connected } else { ConnectResult::Refused };
            let address = SocketAddr::new(address, question.port);
            ConnectAttempt { address, result: set.unwrap_or(natural), answered_by: None, took_ms: 0.1 }
        };
        addresses.into_iter().map(attempt).collect()
    }
}

/// A TCP listener on `address:3000` of process `pid`, a `node` of user 1000.
fn tcp(address: &str, pid: u32) -> Listener {
    let address: IpAddr = address.parse().unwrap();
    let holder = Holder {
        pid,
        name: "node".into(),
        argv: Some(vec!["node".into(), "server.js".into()]),
        uid: Some(1000),
        cwd: Some("/home/a/shop".into()),
        ..Holder::default()
    };
    Listener {
        proto: Protocol::Tcp,
        family: if address.is_ipv4() { Family::Ipv4 } else { Family::Ipv6 },
        address: Some(address),
        port: Some(3000),
        path: None,
        raw_path: None,
        device: None,
        state: State::Listen,
        exposure: Exposure::Loopback,
        v6only: (address == IpAddr::from([0u16; 8])).then_some(false),
        netns: None,
        cookie: Some(u64::from(pid)),
        inode: Some(u64::from(pid)),
        uid: Some(1000),
        cgroup: None,
        queue: Some(Queue { len: 0, max: Some(128) }),
        owner_unknown: None,
        holders: vec![holder],
        names: Names::default(),
        speaks: None,
        note: None,
    }
}

/// The same, with its one holder another program.
fn run_by(name: &str, argv: &str, listener: Listener) -> Listener {
    let argv = Some(argv.split(' ').map(str::to_owned).collect());
    let holders = listener.holders.iter().map(|holder| Holder {
        name: name.into(),
        argv: argv.clone(),
        ..holder.clone()
    });
    Listener { holders: holders.collect(), ..listener }
}

/// The same, with nobody to name.
fn hidden(why: OwnerUnknown, uid: u32, listener: Listener) -> Listener {
    Listener { holders: Vec::new(), owner_unknown: Some(why), uid: Some(uid), ..listener }
}

fn v6only(listener: Listener) -> Listener {
    Listener { v6only: Some(true), ..listener }
}

fn bound(listener: Listener) -> Listener {
    Listener { state: State::BoundNotListening, queue: None, ..listener }
}

fn udp(listener: Listener) -> Listener {
    Listener { proto: Protocol::Udp, state: State::Bound, queue: None, ..listener }
}

fn queued(len: u32, max: u32, listener: Listener) -> Listener {
    Listener { queue: Some(Queue { len, max: Some(max) }), ..listener }
}

fn inside(name: &str, listener: Listener) -> Listener {
    let netns = Namespace { inode: Some(7), name: Some(name.into()), container: None, pid: Some(70) };
    Listener { netns: Some(netns), ..listener }
}

/// A connection `local → remote` in a state, of process 9 while it has one.
fn peer(local: &str, remote: &str, state: State) -> Neighbour {
    let local: SocketAddr = local.parse().unwrap();
    let closed = state != State::Established;
    let socket = Socket {
        transport: Transport::Tcp,
        family: if local.is_ipv4() { Family::Ipv4 } else { Family::Ipv6 },
        local,
        remote: remote.parse().unwrap(),
        state,
        inode: if closed { 0 } else { 9 },
        cookie: Some(9),
        uid: Some(1000),
        cgroup: None,
        receive_queue: 0,
        send_queue: 0,
        v6only: None,
        device: 0,
        expires_ms: closed.then_some(41_200),
        info: None,
        pids: Vec::new(),
    };
    let holder = Holder { pid: 9, name: "curl".into(), ..Holder::default() };
    let holders = if closed { Vec::new() } else { vec![holder] };
    Neighbour { socket, holders, owner_unknown: closed.then_some(OwnerUnknown::NoProcess) }
}

fn orphan(pid: u32) -> impl FnOnce(&mut Facts) {
    move |facts| facts.orphans.push(Orphan { pid, parent: 1, leader: 4 })
}

/// The causes, the verdict first; each with evidence.
fn check(target: &str, scene: Scene, expected: &[CauseId]) -> Why {
    let why = scene.explain(target);
    let found: Vec<CauseId> = why.causes.iter().map(|cause| cause.id).collect();
    assert_eq!(found, expected, "{target}: {:#?}", why.causes);
    assert_eq!(why.verdict, expected[0]);
    assert!(!why.summary.is_empty() && why.causes.iter().all(|cause| !cause.evidence.is_empty()), "{why:#?}");
    why
}

/// What the verdict proves, and the line to type.
fn says(why: &Why, evidence: &str, fix: &str) {
    let cause = &why.causes[0];
    assert!(cause.evidence.contains(evidence), "`{}` should say `{evidence}`", cause.evidence);
    assert_eq!(cause.fix.as_deref().unwrap_or_default(), fix);
}
