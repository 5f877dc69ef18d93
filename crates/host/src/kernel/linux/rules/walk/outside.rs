//! Leads connections that other machines make through the rules.
//!
//! Their source is not known, so a rule that asks for it may match. Deliberately absent: the answers, which no
//! firewall stops when it let the question in; address translation, since what is asked about is a socket and not
//! the port that leads to it; and bridges, whose frames do not come here.

use std::net::IpAddr;

use serde_json::Value;

use super::{
    chain::{End, Walk},
    condition::{Scene, UNTOLD},
    packet::Packet,
    ruleset::{Base, Ruleset},
};
use crate::kernel::{
    filter::Hit,
    inbound::{Arrival, Inbound},
    rule::Action,
};

/// The hooks that a packet from another machine passes to a socket of this one.
const HERE: [&str; 3] = ["ingress", "prerouting", "input"];

/// The hooks that it passes when it is led on.
const THROUGH: [&str; 3] = ["ingress", "prerouting", "forward"];

/// What the rules of `nft -j list ruleset` do with these arrivals, and which ports of loopback they lead elsewhere.
pub(in crate::kernel::linux) fn inbound(text: &str, arrivals: &[Arrival]) -> Inbound {
    let document: Value = serde_json::from_str(text).unwrap_or_default();
    let ruleset = Ruleset::of(&document);
    let stops = arrivals.iter().map(|arrival| stops(&ruleset, arrival)).collect();
    let led = super::filter(text, Vec::new()).led;
    Inbound { stops, led, ..Inbound::default() }
}

fn stops(ruleset: &Ruleset<'_>, arrival: &Arrival) -> Vec<Hit> {
    let to = arrival.to;
    let mut packet = Packet {
        // Nobody's: conditions on it are not weighed when it comes from elsewhere.
        from: if to.is_ipv4() { IpAddr::from([0; 4]) } else { IpAddr::from([0; 16]) },
        to: to.ip(),
        source: 1..=u16::MAX,
        destination: to.port()..=to.port(),
        answer: false,
        tracked: true,
    };
    let mut hits = Vec::new();
    for hook in if arrival.led.is_some() { THROUGH } else { HERE } {
        if let Some(led) = arrival.led.filter(|_| hook == "forward") {
            packet.to = led.ip();
            packet.destination = led.port()..=led.port();
        }
        let sees = |base: &&Base<'_>| base.hook == hook && sees(base, &packet, &arrival.device);
        let bases: Vec<&Base<'_>> = ruleset.bases.iter().filter(sees).collect();
        for base in bases {
            let (family, table, chain) = base.place;
            let mut seen = packet.clone();
            seen.tracked &= base.priority > super::TRACKING;
            let to_device = if hook == "forward" { UNTOLD } else { "" };
            let scene =
                Scene { ruleset, family, table, from_device: &arrival.device, to_device, packet: &seen };
            let mut walk = Walk::new();
            let end = walk.base(&scene, chain);
            packet.tracked &= !walk.untracked;
            let sure =
                |hit: Hit, certain| Hit { certain: certain && is_surely_for(base, &arrival.device), ..hit };
            hits.extend(walk.met.iter().map(|met| sure(super::hit(base, met, &packet), met.certain)));
            if let End::Through { sure: passed } = end {
                hits.extend(super::policy(base, end, &packet).map(|hit| sure(hit, passed)));
            }
            hits.retain(|hit| hit.action != Action::Nat);
            if hits.last().is_some_and(|last| last.certain) {
                return hits;
            }
        }
    }
    hits
}

/// Whether a chain sees the packet. Translation only changes where it goes.
fn sees(base: &Base<'_>, packet: &Packet, device: &str) -> bool {
    let family = match base.place.0 {
        "ip" => packet.to.is_ipv4(),
        "ip6" => packet.to.is_ipv6(),
        "inet" | "netdev" => true,
        _ => false,
    };
    family && !base.nat && (base.devices.is_null() || is_for(base, device))
}

/// `nft` before 1.0.9 does not say which device a chain of `ingress` is for.
fn is_surely_for(base: &Base<'_>, device: &str) -> bool {
    is_for(base, device) || (base.devices.is_null() && base.hook != "ingress")
}

fn is_for(base: &Base<'_>, device: &str) -> bool {
    match base.devices {
        Value::Array(devices) => devices.iter().any(|one| one == device),
        one => one == device,
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn chain(family: &str, hook: &str, policy: &str, rules: &[Value]) -> Vec<Value> {
        let head = json!({"chain": {"family": family, "table": "t", "name": hook, "type": "filter", "hook": hook,
            "prio": 0, "policy": policy}});
        let rule =
            |expr: &Value| json!({"rule": {"family": family, "table": "t", "chain": hook, "expr": expr}});
        std::iter::once(head).chain(rules.iter().map(rule)).collect()
    }

    fn equal(left: &Value, right: &Value) -> Value {
        json!({"match": {"op": "==", "left": left, "right": right}})
    }

    fn asked(objects: &[Value], to: &str, led: Option<&str>) -> Vec<String> {
        let led = led.map(|to| to.parse().unwrap());
        let arrival = Arrival { device: "eth0".into(), to: to.parse().unwrap(), led };
        let found = inbound(&json!({ "nftables": objects }).to_string(), &[arrival]);
        let told = |hit: &Hit| format!("{} {}", if hit.certain { "surely" } else { "perhaps" }, hit.text);
        found.stops[0].iter().map(|hit| told(hit).split(" (table").next().unwrap().to_owned()).collect()
    }

    #[test]
    fn what_stops_another_machine() {
        let port =
            |number: u16| equal(&json!({"payload": {"protocol": "tcp", "field": "dport"}}), &json!(number));
        let by = |device: &str| equal(&json!({"meta": {"key": "iifname"}}), &json!(device));
        let from = |value: Value| equal(&json!({"payload": {"protocol": "ip", "field": "saddr"}}), &value);
        let state = |word: &str| equal(&json!({"ct": {"key": "state"}}), &json!(word));
        let (drop, accept) = (json!({"drop": null}), json!({"accept": null}));
        let net = |address: &str, length: u8| json!({"prefix": {"addr": address, "len": length}});
        let input = |policy: &str, rules: &[Value]| chain("inet", "input", policy, rules);
        for (objects, expected) in [
            (vec![], &[][..]),
            (input("drop", &[]), &["surely policy drop"]),
            (input("drop", &[json!([by("lo"), accept])]), &["surely policy drop"]),
            (input("drop", &[json!([state("established"), accept])]), &["surely policy drop"]),
            (input("drop", &[json!([port(3000), accept])]), &[]),
            (input("drop", &[json!([by("eth0"), accept])]), &[]),
            (input("drop", &[json!([by("eth*"), accept])]), &[]),
            (input("drop", &[json!([from(net("10.0.0.0", 8)), accept])]), &["perhaps policy drop"]),
            (input("drop", &[json!([from(net("127.0.0.0", 8)), accept])]), &["surely policy drop"]),
            (input("drop", &[json!([from(net("0.0.0.0", 0)), accept])]), &[]),
            (input("accept", &[json!([port(3000), drop])]), &["surely tcp dport 3000 drop"]),
            (input("accept", &[json!([port(3001), drop])]), &[]),
            (input("accept", &[json!([by("wlan0"), port(3000), drop])]), &[]),
            (input("accept", &[json!([port(3000), {"reject": null}])]), &["surely tcp dport 3000 reject"]),
            (chain("ip6", "input", "drop", &[]), &[]),
            (chain("inet", "forward", "drop", &[]), &[]),
            (chain("inet", "output", "drop", &[]), &[]),
            (chain("bridge", "input", "drop", &[]), &[]),
        ] {
            assert_eq!(asked(&objects, "192.168.1.7:3000", None), expected, "{objects:?}");
        }
        let four = chain("ip", "input", "drop", &[]);
        assert!(asked(&four, "[2001:db8::7]:3000", None).is_empty());
    }

    #[test]
    fn what_is_led_on_passes_other_hooks() {
        let out = equal(&json!({"meta": {"key": "oifname"}}), &json!("docker0"));
        let led = Some("172.17.0.2:80");
        let dport =
            |port: u16| equal(&json!({"payload": {"protocol": "tcp", "field": "dport"}}), &json!(port));
        for (objects, expected) in [
            (chain("ip", "input", "drop", &[]), &[][..]),
            (chain("ip", "forward", "drop", &[]), &["surely policy drop"]),
            (chain("ip", "forward", "drop", &[json!([out, {"accept": null}])]), &["perhaps policy drop"]),
            (chain("ip", "forward", "drop", &[json!([dport(80), {"accept": null}])]), &[]),
            (
                chain("ip", "prerouting", "accept", &[json!([dport(8080), {"drop": null}])]),
                &["surely tcp dport 8080 drop"],
            ),
        ] {
            assert_eq!(asked(&objects, "192.168.1.7:8080", led), expected, "{objects:?}");
        }
    }
}
