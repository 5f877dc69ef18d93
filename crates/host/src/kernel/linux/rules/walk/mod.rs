//! Leads a connection of this machine to itself through the rules, by reading alone, and tells which of them stop it
//! or lead it elsewhere.
//!
//! Two packets are led: the first of the connection, and the answer to it, each through every hook that a packet over
//! the loopback device passes. What reading cannot tell (marks, rates, extensions of the older filter, expressions of
//! tomorrow) may match, and then a rule is possible and not certain. Deliberately absent: fragments, and source
//! addresses that a rule has changed.

mod chain;
mod condition;
pub(in crate::kernel::linux) mod outside;
mod packet;
mod ruleset;
#[cfg(test)]
mod tests;
mod verdict;

use std::{
    collections::BTreeSet,
    net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr},
    ops::RangeInclusive,
};

use serde_json::Value;

use self::{
    chain::{End, Met, Walk},
    condition::Scene,
    packet::Packet,
    ruleset::{Base, Ruleset},
};
use crate::kernel::{
    filter::{Fate, Filter, Flow, Hit},
    rule::{Action, is_of_engine},
};

/// The loopback device's name: the same in every network namespace of Linux.
const LO: &str = "lo";

/// The hooks that a packet over the loopback device passes, in its order: the hook, and the devices it came in by and
/// goes out by as the rules there see them.
const HOOKS: [(&str, &str, &str); 6] = [
    ("output", "", LO),
    ("postrouting", "", LO),
    ("egress", "", LO),
    ("ingress", LO, ""),
    ("prerouting", LO, ""),
    ("input", LO, ""),
];

/// Above this priority, connections are tracked (`NF_IP_PRI_CONNTRACK`): rules before it see none.
const TRACKING: i64 = -200;

/// The most ports that rules lead elsewhere which are looked at: a cluster has thousands, and a table for them.
const MOST_LED: usize = 64;

/// A rule in words, by its handle; `None` where the ruleset has no such rule.
pub(in crate::kernel::linux) fn named(text: &str, place: (&str, &str, &str), handle: u64) -> Option<String> {
    let document: Value = serde_json::from_str(text).ok()?;
    let objects = document["nftables"].as_array()?;
    let (family, table, chain) = place;
    let stands = |rule: &&Value| {
        rule["handle"] == handle
            && rule["family"] == family
            && rule["table"] == table
            && rule["chain"] == chain
    };
    let rule = objects.iter().map(|object| &object["rule"]).find(stands)?;
    Some(ruleset::words(rule, place))
}

/// What the rules of `nft -j list ruleset` do with these flows, and with the ports that they lead elsewhere.
pub(in crate::kernel::linux) fn filter(text: &str, flows: Vec<Flow>) -> Filter {
    let document: Value = serde_json::from_str(text).unwrap_or_default();
    let ruleset = Ruleset::of(&document);
    let ports = flows.first().map_or(1024..=u16::MAX, |flow| flow.ports.clone());
    let led = led(&ruleset, &ports).into_iter().map(|flow| fate(&ruleset, flow));
    let led = led.filter(|fate| fate.perhaps_by(Action::Nat).is_some()).collect();
    let fates = flows.into_iter().map(|flow| fate(&ruleset, flow)).collect();
    Filter { fates, led, rules: ruleset.count(), ..Filter::default() }
}

/// Flows to the ports of loopback that rules name which lead elsewhere.
fn led(ruleset: &Ruleset<'_>, from: &RangeInclusive<u16>) -> Vec<Flow> {
    let mut ports = BTreeSet::new();
    for (_, rule) in ruleset.every_rule().filter(|(chain, _)| !is_of_engine(chain)) {
        let expressions = rule["expr"].as_array().map(Vec::as_slice).unwrap_or_default();
        let leads = |part: &Value| {
            ["redirect", "dnat"].iter().any(|name| part.get(name).is_some())
                || ["REDIRECT", "DNAT"].iter().any(|name| part["xt"]["name"] == **name)
        };
        if expressions.iter().any(leads) {
            let conditions = expressions.iter().map(|part| &part["match"]);
            let named =
                conditions.filter(|part| part["left"]["payload"]["field"] == "dport" && part["op"] != "!=");
            named.for_each(|part| numbers(&part["right"], &mut ports));
        }
    }
    let addresses = [IpAddr::V4(Ipv4Addr::LOCALHOST), IpAddr::V6(Ipv6Addr::LOCALHOST)];
    let flow = |port| {
        addresses.map(|address| Flow { to: (address, port).into(), from: address, ports: from.clone() })
    };
    ports.into_iter().take(MOST_LED).flat_map(flow).collect()
}

/// The ports in a value or a set; of a range its first.
fn numbers(value: &Value, into: &mut BTreeSet<u16>) {
    if let Some(number) = value.as_u64() {
        into.extend(u16::try_from(number).ok());
    }
    let inner = value["set"].as_array().or_else(|| value.as_array());
    inner.into_iter().flatten().for_each(|value| numbers(value, into));
    into.extend(value["range"][0].as_u64().and_then(|first| u16::try_from(first).ok()));
}

/// Leads both packets of a flow.
fn fate(ruleset: &Ruleset<'_>, flow: Flow) -> Fate {
    let question = Packet {
        from: flow.from,
        to: flow.to.ip(),
        source: flow.ports.clone(),
        destination: flow.to.port()..=flow.to.port(),
        answer: false,
        tracked: true,
    };
    let mut hits = Vec::new();
    if let Some(arrived) = lead(ruleset, question, &mut hits) {
        let answer = Packet {
            from: arrived.to,
            to: arrived.from,
            source: arrived.destination,
            destination: arrived.source,
            answer: true,
            tracked: arrived.tracked,
        };
        lead(ruleset, answer, &mut hits);
    }
    Fate { flow, hits }
}

/// Leads one packet through every hook; gives it back as it arrives, and `None` where it certainly does not, or out of
/// this machine.
fn lead(ruleset: &Ruleset<'_>, mut packet: Packet, hits: &mut Vec<Hit>) -> Option<Packet> {
    for (hook, from_device, to_device) in HOOKS {
        for base in ruleset.bases.iter().filter(|base| base.hook == hook) {
            if !concerns(base, &packet) {
                continue;
            }
            let (family, table, chain) = base.place;
            let mut seen = packet.clone();
            seen.tracked &= hook != "output" || base.priority > TRACKING;
            let scene = Scene { ruleset, family, table, from_device, to_device, packet: &seen };
            let mut walk = Walk::new();
            let end = walk.base(&scene, chain);
            packet.tracked &= !walk.untracked;
            let met = walk.met.iter().map(|met| hit(base, met, &packet));
            let policy = matches!(end, End::Through { .. }).then(|| policy(base, end, &packet)).flatten();
            let new: Vec<Hit> = met.chain(policy).collect();
            let last = new.last().filter(|last| end != End::Accepted && last.certain).cloned();
            hits.extend(new);
            match last {
                Some(last) if last.action == Action::Nat => {
                    // Where it leads out of this machine, other hooks and devices decide.
                    let to = last.to.filter(|to| to.ip().is_loopback() || to.ip() == packet.to)?;
                    packet.to = to.ip();
                    packet.destination = to.port()..=to.port();
                }
                Some(_) => return None,
                None => {}
            }
        }
    }
    Some(packet)
}

fn hit(base: &Base<'_>, met: &Met<'_>, packet: &Packet) -> Hit {
    let to = SocketAddr::new(packet.to, *packet.destination.start());
    let nat = met.action == Action::Nat;
    Hit {
        action: met.action,
        certain: met.certain && is_surely_for_lo(base),
        answers: packet.answer,
        to: nat.then(|| verdict::leads_to(met.statement, to)).flatten(),
        text: met.text.clone(),
        mend: met.mend.clone(),
    }
}

/// What a chain's policy does with what has passed its rules.
fn policy(base: &Base<'_>, end: End, packet: &Packet) -> Option<Hit> {
    let certain = end == End::Through { sure: true } && is_surely_for_lo(base);
    let text = ruleset::policy(base.place);
    let mend = ruleset::exception(base);
    base.drops.then_some(Hit { action: Action::Drop, certain, answers: packet.answer, to: None, text, mend })
}

/// Whether a chain sees the packet: by its family, its device, and for address translation by its being the first.
fn concerns(base: &Base<'_>, packet: &Packet) -> bool {
    let family = match base.place.0 {
        "ip" => packet.to.is_ipv4(),
        "ip6" => packet.to.is_ipv6(),
        "inet" | "netdev" => true,
        _ => false,
    };
    // A connection over loopback gets its translation when it goes out, and is not asked about again coming in.
    let translated = base.nat && (packet.answer || matches!(base.hook, "prerouting" | "input"));
    family && !translated && (base.devices.is_null() || is_for_lo(base))
}

/// `nft` before 1.0.9 does not say which device a chain of `ingress` and `egress` is for.
fn is_surely_for_lo(base: &Base<'_>) -> bool {
    is_for_lo(base) || (base.devices.is_null() && !matches!(base.hook, "ingress" | "egress"))
}

fn is_for_lo(base: &Base<'_>) -> bool {
    match base.devices {
        Value::Array(devices) => devices.iter().any(|device| device == LO),
        device => device == LO,
    }
}
