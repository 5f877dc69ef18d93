//! The verdict: a pure function of what was seen. Its table of tests, `table.rs`, is the specification.

use navyd_model::{
    Cause, CauseId, Listener, Protocol, Target, Why,
    why::{Asked, Resolution},
};

use super::{
    causes::{CAUSES, Found, Weight},
    facts::Facts,
    naming,
    question::Question,
};

/// Says why the target can or cannot be bound and reached.
///
/// Every cause that the facts prove is told; the first that decides is the verdict. Where the kernel refused
/// and nothing seen explains it, the verdict is [`CauseId::Unknown`], and never [`CauseId::Free`]. A target
/// without a port has nothing to bind: it is [`CauseId::Unresolved`].
pub fn explain(facts: &Facts, target: &Target) -> Why {
    let Some(question) = Question::of(target, facts) else { return without_port(facts, target) };
    let mut found: Vec<(CauseId, Found)> =
        CAUSES.iter().filter_map(|leaf| Some((leaf.id, (leaf.cause)(facts, &question)?))).collect();
    if !found.iter().any(|(_, found)| found.weight == Weight::Decides) {
        found.push((CauseId::Unknown, unknown(facts, &question)));
    }
    found.sort_by_key(|(_, found)| found.weight);
    let verdict = found.first().map_or(CauseId::Unknown, |(id, _)| *id);
    let summary = found.first().map(|(_, found)| found.summary.clone()).unwrap_or_default();
    let cause = |(id, found): (CauseId, Found)| Cause { id, evidence: found.evidence, fix: found.fix };
    Why {
        target: question.asked(),
        verdict,
        summary,
        causes: found.into_iter().map(cause).collect(),
        bind: facts.bind.clone(),
        connect: facts.connect.clone(),
        resolution: facts.resolution.clone().map(|resolution| won(resolution, facts, &question)),
        listeners: concerned(facts, question.proto),
        unknown: facts.unknown.clone(),
    }
}

/// The listeners of the protocol, in the order of their addresses: the kernel's own order differs from time to time.
fn concerned(facts: &Facts, proto: Protocol) -> Vec<Listener> {
    let mut listeners: Vec<Listener> =
        facts.listeners.iter().filter(|listener| listener.proto == proto).cloned().collect();
    listeners.sort_by_key(|listener| (listener.netns.is_some(), listener.address));
    listeners
}

/// The last resort: what was refused, and what might be behind it.
fn unknown(facts: &Facts, question: &Question) -> Found {
    let refused = |attempts| naming::refusals(question.binds(attempts).filter(|attempt| !attempt.ok));
    let (server, plain) = (refused(&facts.bind), refused(&facts.plain));
    let name = question.name();
    let what = match () {
        () if !server.is_empty() => format!("bind fails: {server}"),
        () if !plain.is_empty() => format!("bind without SO_REUSEADDR fails: {plain}"),
        () => "no address of it could be tried".to_owned(),
    };
    let why = match () {
        () if server.contains("EACCES") || plain.contains("EACCES") => {
            "no setting for ports explains it: a security module, seccomp or a BPF program may forbid it"
        }
        () => {
            "no socket that is shown here explains it: one that is bound without listening shows from Linux 6.8 on"
        }
    };
    Found::decides(format!("{name} cannot be bound, and nothing seen explains it"), format!("{what}; {why}"))
        .fix(format!("navyd port --near {}", question.port))
}

/// Which of the name's addresses answers first.
fn won(resolution: Resolution, facts: &Facts, question: &Question) -> Resolution {
    let answers = |address: &&std::net::IpAddr| {
        question.connects(facts).any(|attempt| {
            attempt.address.ip() == **address && attempt.result == navyd_model::ConnectResult::Connected
        })
    };
    let wins = resolution.addresses.iter().find(answers).copied();
    Resolution { wins, ..resolution }
}

fn without_port(facts: &Facts, target: &Target) -> Why {
    let name = target.to_string();
    Why {
        target: Asked {
            host: target.host.as_ref().map(ToString::to_string),
            address: facts.resolution.as_ref().and_then(|found| found.addresses.first().copied()),
            port: None,
            proto: target.proto.unwrap_or(navyd_model::Protocol::Tcp),
        },
        verdict: CauseId::Unresolved,
        summary: format!("`{name}` names no port"),
        causes: vec![Cause {
            id: CauseId::Unresolved,
            evidence: "neither a port nor a scheme that has one was given".into(),
            fix: Some(format!("navyd why http://{name}")),
        }],
        bind: Vec::new(),
        connect: Vec::new(),
        resolution: facts.resolution.clone(),
        listeners: Vec::new(),
        unknown: facts.unknown.clone(),
    }
}
