//! Looks at this machine until everything that the explanation needs is known, and no further.
//!
//! What costs is asked last and only when needed: other network namespaces when nothing listens here, the
//! packet filter when something was seen that a rule would explain. The one pass over all processes is shared
//! by every socket found by then.

use std::{collections::HashSet, net::IpAddr};

use navyd_model::{
    BindAttempt, ConnectAttempt, ConnectResult, Listener, OwnerUnknown, Protocol, State, Target,
    target::Host, why::AnsweredBy,
};

use super::{
    answer::{Answer, who_answered},
    facts::{Facts, Neighbour, Orphan},
    question::{LOCALHOST, Question, answers, listens},
    reach::{self, Reached},
    resolve::resolve,
    rules::Rules,
};
use crate::{
    bind::{self, FORMS, Form, Reuse},
    kernel::{self, Action, Error, Fate, Flow, Query, RuleQuery, States, Transport},
    listeners::{Holders, Scope, Seen, listeners},
    probe, process,
};

/// Gathers the facts about a target.
///
/// # Errors
/// When the kernel tells nothing of this namespace's sockets.
pub fn gather(target: &Target) -> Result<Facts, Error> {
    let mut facts = Facts::default();
    if let Some(Host::Name(name)) = &target.host {
        facts.resolution = Some(resolve(name));
    }
    let Some(question) = Question::of(target, &facts) else { return Ok(facts) };
    let Seen { listeners, notes } = seen(&question, false)?;
    facts.listeners = listeners;
    facts.unknown = notes;
    facts.neighbours = neighbours(&question, &facts)?;
    // Everything that has the port is known by now, so that nothing of ours is mistaken for it.
    facts.limits = Some(kernel::limits());
    facts.interfaces = kernel::interfaces().ok();
    facts.bind = bind_all(&question, Reuse::Server);
    if question.proto == Protocol::Tcp {
        facts.plain = bind_all(&question, Reuse::Plain);
    }
    if question.listening(&facts).next().is_none() {
        look_elsewhere(&question, &mut facts)?;
    }
    connect_all(&question, &mut facts);
    facts.localhost = localhost(&question, &facts);
    facts.orphans = orphans(&question, &facts);
    facts.rules = rules(&question, &facts);
    facts.led = led(&facts);
    let refuses = |listener: &Listener| listener.owner_unknown == Some(OwnerUnknown::NotDumpable);
    facts.descriptor_in_flight = question.listening(&facts).chain(question.bound(&facts)).any(refuses)
        && process::descriptor_in_flight();
    Ok(facts)
}

/// The sockets that take the port, of both protocols.
fn seen(question: &Question, namespaces: bool) -> Result<Seen, Error> {
    listeners(&Scope { namespaces, port: Some(question.port), ..Scope::default() })
}

fn look_elsewhere(question: &Question, facts: &mut Facts) -> Result<(), Error> {
    let mut others = seen(question, true)?;
    others.listeners.retain(|listener| listener.netns.is_some());
    facts.listeners.extend(others.listeners);
    for note in others.notes {
        if !facts.unknown.contains(&note) {
            facts.unknown.push(note);
        }
    }
    Ok(())
}

/// The connections that have the port as their own and were accepted by no listener here.
fn neighbours(question: &Question, facts: &Facts) -> Result<Vec<Neighbour>, Error> {
    let (transport, states) = match question.proto {
        Protocol::Udp => (Transport::Udp, States::CONNECTED),
        _ => (Transport::Tcp, States::CONNECTED.with(States::TIME_WAIT)),
    };
    let sockets = kernel::sockets(&Query::new(transport, states).on(question.port))?.sockets;
    let bare = |socket| Neighbour { socket, holders: Vec::new(), owner_unknown: None };
    let all = Facts {
        neighbours: sockets.into_iter().map(bare).collect(),
        listeners: facts.listeners.clone(),
        ..Facts::default()
    };
    let mut strays: Vec<Neighbour> = question.strays(&all).cloned().collect();
    let inodes: HashSet<u64> =
        strays.iter().map(|stray| stray.socket.inode).filter(|inode| *inode != 0).collect();
    if !inodes.is_empty() {
        let mut holders = Holders::of(&inodes);
        for stray in &mut strays {
            (stray.holders, stray.owner_unknown) =
                holders.of_socket(stray.socket.inode, stray.socket.uid, &stray.socket.pids, false);
        }
    }
    Ok(strays)
}

/// Binds every form, and the addresses asked for where they are others.
fn bind_all(question: &Question, reuse: Reuse) -> Vec<BindAttempt> {
    let known = |address: &IpAddr| FORMS.iter().any(|form| form.address == *address);
    let others = question.addresses.iter().flatten().filter(|address| !known(address));
    let forms = FORMS.into_iter().chain(others.map(|address| Form { address: *address, v6only: false }));
    let attempt = |form: Form| {
        let outcome = bind::try_bind(question.proto, form, question.port, reuse);
        BindAttempt {
            address: form.address,
            v6only: form.v6only,
            ok: outcome.is_ok(),
            errno: outcome.err().map(|error| bind::errno(&error)),
        }
    };
    forms.map(attempt).collect()
}

/// Connects to loopback and to the addresses asked for, as far as this machine has them: no packet leaves it.
fn connect_all(question: &Question, facts: &mut Facts) {
    if question.proto != Protocol::Tcp {
        return;
    }
    let asked = question.addresses.iter().flatten().copied();
    let own = asked.filter(|address| !address.is_unspecified() && !facts.lacks(*address));
    let mut addresses = LOCALHOST.to_vec();
    for address in own {
        if !addresses.contains(&address) {
            addresses.push(address);
        }
    }
    let (touched, refused): (Vec<IpAddr>, Vec<IpAddr>) =
        addresses.iter().partition(|address| refusal(facts, **address).is_none());
    facts.untouched = refused.first().and_then(|address| refusal(facts, *address));
    let reached = reach::reach(&touched, question.port);
    let portless = reached.iter().filter(|reached| reached.portless && !facts.lacks(reached.address.ip()));
    facts.portless = portless.map(|reached| reached.address).collect();
    confirm(question, facts, &reached);
    for mut reached in reached {
        let answer = (reached.result == ConnectResult::Connected).then(|| who_answered(facts, &mut reached));
        let answered_by = match answer {
            Some(Answer::Here(answered)) => Some(answered),
            Some(Answer::Redirected(redirected)) => {
                let holder = redirected.holders.first();
                let pid = holder.map(|holder| holder.pid);
                let name = holder.map(|holder| holder.name.clone());
                facts.redirected.push(redirected);
                Some(AnsweredBy { pid, name, cookie: None })
            }
            Some(Answer::Nobody) | None => None,
        };
        facts.connect.push(ConnectAttempt {
            address: reached.address,
            result: reached.result,
            answered_by,
            took_ms: reached.took.as_secs_f64() * 1000.0,
        });
    }
    facts.connect.extend(refused.into_iter().map(|address| ConnectAttempt {
        address: (address, question.port).into(),
        result: ConnectResult::NotTried,
        answered_by: None,
        took_ms: 0.0,
    }));
}

/// Why an address is not connected to: a listener there takes a connection as an order, or as its only one.
fn refusal(facts: &Facts, address: IpAddr) -> Option<String> {
    let there = facts.listeners.iter().filter(|listener| answers(facts, listener, address));
    there.filter_map(probe::Hints::of).find_map(|hints| probe::refusal(&hints))
}

/// Looks at the listeners again after a failure: one may have ended since, and our own connections may have
/// filled its queue.
fn confirm(question: &Question, facts: &mut Facts, reached: &[Reached]) {
    let failed =
        |reached: &Reached| matches!(reached.result, ConnectResult::Refused | ConnectResult::TimedOut);
    if !reached.iter().any(failed) || question.listening(facts).next().is_none() {
        return;
    }
    let Ok(now) = kernel::sockets(&Query::listeners().on(question.port)) else { return };
    facts.listeners.retain_mut(|listener| {
        if listener.netns.is_some() || listener.state != State::Listen {
            return true;
        }
        let same = |socket: &&kernel::Socket| {
            socket.state == State::Listen
                && socket.cookie == listener.cookie
                && Some(socket.local.ip()) == listener.address
        };
        let Some(socket) = now.sockets.iter().find(same) else { return false };
        if let Some(queue) = &mut listener.queue {
            queue.len = socket.receive_queue;
        }
        true
    });
}

/// Which loopback address `localhost` leads to first, when that makes a difference.
fn localhost(question: &Question, facts: &Facts) -> Vec<IpAddr> {
    let answered =
        |address: IpAddr| facts.listeners.iter().filter(|listener| answers(facts, listener, address)).count();
    let [four, six] = LOCALHOST.map(answered);
    match &facts.resolution {
        Some(resolution) if question.is_local_name() => resolution.addresses.clone(),
        _ if four > 0 && six > 0 => resolve("localhost").addresses,
        _ => Vec::new(),
    }
}

fn orphans(question: &Question, facts: &Facts) -> Vec<Orphan> {
    let here = |listener: &&Listener| listener.netns.is_none() && listener.proto == question.proto;
    let pids: HashSet<u32> = facts
        .listeners
        .iter()
        .filter(here)
        .flat_map(|listener| &listener.holders)
        .map(|holder| holder.pid)
        .collect();
    let orphan = |pid: u32| process::lost_leader(pid).map(|(parent, leader)| Orphan { pid, parent, leader });
    pids.into_iter().filter_map(orphan).collect()
}

/// Reads what the rules do with refused connections, as far as they lead them elsewhere. Whoever may not read them is
/// spared the attempt: a port that refuses is the most ordinary of all. So is one that answers at another address, which
/// this one has no listener for.
fn led(facts: &Facts) -> Vec<Fate> {
    let Some(limits) = facts.limits.as_ref().filter(|limits| limits.may_destroy == Some(true)) else {
        return Vec::new();
    };
    let ports = limits.ephemeral.clone().unwrap_or(1024..=u16::MAX);
    let answered = facts.connect.iter().any(|attempt| attempt.result == ConnectResult::Connected);
    let refused = facts.connect.iter().filter(|attempt| {
        attempt.result == ConnectResult::Refused && (!answered || is_listened_at(facts, attempt.address.ip()))
    });
    let flows: Vec<Flow> = refused.map(|attempt| Flow::own(attempt.address, ports.clone())).collect();
    if flows.is_empty() {
        return Vec::new();
    }
    let fates = kernel::filter(flows).map(|filter| filter.fates).unwrap_or_default();
    fates.into_iter().filter(|fate| fate.by(Action::Nat).is_some()).collect()
}

/// Whether somebody listens who would answer at this address.
fn is_listened_at(facts: &Facts, address: IpAddr) -> bool {
    facts.listeners.iter().any(|listener| listens(listener) && answers(facts, listener, address))
}

/// Reads the rules when an answer has no listener, or a listener no answer.
fn rules(question: &Question, facts: &Facts) -> Rules {
    let odd = |attempt: &ConnectAttempt| {
        let address = attempt.address.ip();
        match attempt.result {
            ConnectResult::Connected => !is_listened_at(facts, address),
            ConnectResult::Refused => is_listened_at(facts, address),
            ConnectResult::TimedOut | ConnectResult::Forbidden => true,
            ConnectResult::Unreachable => !facts.lacks(address) && !facts.loopback_down(),
            ConnectResult::SelfConnected | ConnectResult::NotTried | ConnectResult::Failed => false,
        }
    };
    if !facts.connect.iter().any(odd) {
        return Rules::NotAsked;
    }
    match kernel::rules(RuleQuery { port: question.port, proto: question.proto }) {
        Ok(rules) => Rules::Read(rules),
        Err(error) => Rules::Unreadable(error.to_string()),
    }
}
