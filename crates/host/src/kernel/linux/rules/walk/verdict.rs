//! What a rule says in the end, and where it leads to.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};

use serde_json::Value;

use super::{
    condition::{self, Scene},
    packet::Tri,
};
use crate::kernel::rule::Action;

/// The end of a rule.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Verdict<'a> {
    Accept,
    Continue,
    Return,
    Jump(&'a str),
    Goto(&'a str),
    /// It stops the packet, or leads it elsewhere.
    Take(Action),
    /// Something else decides, such as a program that is asked.
    Doubt,
}

/// The verdicts of a statement, each with whether it is reached: a `vmap` has many. Empty for what has none.
pub(super) fn verdicts<'a>(scene: &Scene<'a>, name: &str, body: &'a Value) -> Vec<(Verdict<'a>, Tri)> {
    if name == "vmap" {
        return mapped(scene, body);
    }
    let verdict = if name == "xt" { extension(body) } else { plain(name, body) };
    verdict.map(|verdict| (verdict, Tri::Yes)).into_iter().collect()
}

fn plain<'a>(name: &str, body: &'a Value) -> Option<Verdict<'a>> {
    let target = || body["target"].as_str().unwrap_or_default();
    Some(match name {
        "accept" => Verdict::Accept,
        "continue" => Verdict::Continue,
        "return" => Verdict::Return,
        "jump" => Verdict::Jump(target()),
        "goto" => Verdict::Goto(target()),
        "drop" => Verdict::Take(Action::Drop),
        "reject" => Verdict::Take(Action::Reject),
        "redirect" | "dnat" => Verdict::Take(Action::Nat),
        // Another source does not change where it arrives.
        "snat" | "masquerade" => Verdict::Accept,
        "queue" | "tproxy" | "synproxy" | "fwd" => Verdict::Doubt,
        _ => return None,
    })
}

/// Targets of the older filter that `nft` shows by name only.
fn extension(body: &Value) -> Option<Verdict<'_>> {
    if body["type"] != "target" {
        return None;
    }
    match body["name"].as_str()? {
        "REJECT" => Some(Verdict::Take(Action::Reject)),
        "REDIRECT" | "DNAT" => Some(Verdict::Take(Action::Nat)),
        "SNAT" | "MASQUERADE" => Some(Verdict::Accept),
        "NFQUEUE" | "TPROXY" | "SYNPROXY" => Some(Verdict::Doubt),
        _ => None,
    }
}

fn mapped<'a>(scene: &Scene<'a>, body: &'a Value) -> Vec<(Verdict<'a>, Tri)> {
    let data = &body["data"];
    let pairs = match data.as_str().and_then(|text| text.strip_prefix('@')) {
        Some(name) => scene.ruleset.elements((scene.family, scene.table, name)),
        None => data.get("set"),
    };
    let Some(pairs) = pairs.and_then(Value::as_array) else { return vec![(Verdict::Doubt, Tri::Maybe)] };
    let mut found = Vec::new();
    let mut otherwise = None;
    for pair in pairs {
        let [key, said] = pair.as_array().map(Vec::as_slice).unwrap_or_default() else { continue };
        let Some(verdict) = said.as_object().and_then(|said| said.iter().next()) else { continue };
        let Some(verdict) = plain(verdict.0, verdict.1) else { continue };
        if key == "*" {
            otherwise = Some(verdict);
            continue;
        }
        match condition::is(scene, &body["key"], key) {
            Tri::No => {}
            Tri::Maybe => found.push((verdict, Tri::Maybe)),
            Tri::Yes => {
                found.push((verdict, Tri::Yes));
                return found;
            }
        }
    }
    found.extend(otherwise.map(|verdict| (verdict, Tri::Yes)));
    found
}

/// Where `redirect` and `dnat` lead to; `None` where they do not say so in numbers.
pub(super) fn leads_to(rule: &Value, to: SocketAddr) -> Option<SocketAddr> {
    let port = match &rule["port"] {
        Value::Null => to.port(),
        port => u16::try_from(port.as_u64()?).ok()?,
    };
    let address = match &rule["addr"] {
        // `redirect` of what this machine sends leads to the loopback address of its family.
        Value::Null => match to {
            SocketAddr::V4(_) => IpAddr::V4(Ipv4Addr::LOCALHOST),
            SocketAddr::V6(_) => IpAddr::V6(Ipv6Addr::LOCALHOST),
        },
        address => address.as_str()?.parse().ok()?,
    };
    Some(SocketAddr::new(address, port))
}
