//! Whether a packet meets a condition of a rule.
//!
//! What is not known here may match: an expression of tomorrow makes a rule uncertain, and never certain.

use serde_json::Value;

use super::{
    packet::{Packet, Subject, Tri},
    ruleset::Ruleset,
};

/// A device that is not known. No device has a slash in its name.
pub(super) const UNTOLD: &str = "/";

/// Where a rule is being read.
#[derive(Clone, Copy)]
pub(super) struct Scene<'a> {
    pub(super) ruleset: &'a Ruleset<'a>,
    /// Family and table, in which `@name` is looked for.
    pub(super) family: &'a str,
    pub(super) table: &'a str,
    /// The device it came in by; empty before it has.
    pub(super) from_device: &'a str,
    /// The device it goes out by; empty behind it, [`UNTOLD`] where it has one that is not known.
    pub(super) to_device: &'a str,
    pub(super) packet: &'a Packet,
}

impl Scene<'_> {
    /// Whether another machine sent it.
    fn is_from_elsewhere(&self) -> bool {
        !matches!(self.from_device, "" | super::LO)
    }
}

/// A `match` of libnftables-json(5).
pub(super) fn matches(scene: &Scene<'_>, part: &Value) -> Tri {
    let (left, right) = (&part["left"], &part["right"]);
    let operator = part["op"].as_str().unwrap_or("==");
    if let Some(tri) = flags(scene.packet, left, operator, right) {
        return tri;
    }
    if matches!(operator, "<" | ">" | "<=" | ">=") {
        return subject(scene, left).compares(operator, right);
    }
    let is = is(scene, left, right);
    match operator {
        "==" | "in" => is,
        // `udp dport != 53` is for UDP too: what the packet does not have is not different either.
        "!=" if is_absent(scene, left) => Tri::No,
        "!=" => is.not(),
        _ => Tri::Maybe,
    }
}

/// Whether the left side is, or is among, the right side.
pub(super) fn is(scene: &Scene<'_>, left: &Value, right: &Value) -> Tri {
    let any = |values: &[Value]| values.iter().map(|value| is(scene, left, value)).fold(Tri::No, Tri::or);
    if let Some(name) = right.as_str().and_then(|text| text.strip_prefix('@')) {
        let elements = scene.ruleset.elements((scene.family, scene.table, name));
        // A set without elements is listed without them.
        return match elements {
            Some(Value::Array(elements)) => any(elements),
            Some(_) => Tri::No,
            None => Tri::Maybe,
        };
    }
    match right {
        Value::Array(values) => any(values),
        Value::Object(object) => match object.iter().next() {
            Some((key, Value::Array(values))) if key == "set" || key == "|" => any(values),
            Some((key, element)) if key == "elem" => is(scene, left, &element["val"]),
            Some((key, Value::Array(values))) if key == "concat" => concatenated(scene, left, values),
            _ => subject(scene, left).is(right),
        },
        _ => subject(scene, left).is(right),
    }
}

/// `ip daddr . tcp dport` is each of its parts.
fn concatenated(scene: &Scene<'_>, left: &Value, values: &[Value]) -> Tri {
    match left["concat"].as_array() {
        Some(parts) if parts.len() == values.len() => {
            parts.iter().zip(values).map(|(part, value)| is(scene, part, value)).fold(Tri::Yes, Tri::and)
        }
        _ => Tri::Maybe,
    }
}

fn is_absent(scene: &Scene<'_>, left: &Value) -> bool {
    match left["concat"].as_array() {
        Some(parts) => parts.iter().any(|part| subject(scene, part) == Subject::Absent),
        None => subject(scene, left) == Subject::Absent,
    }
}

/// What the left side of a condition is in this packet.
fn subject<'a>(scene: &Scene<'a>, left: &Value) -> Subject<'a> {
    let Some((kind, body)) = left.as_object().and_then(|object| object.iter().next()) else {
        return Subject::Unknown;
    };
    match kind.as_str() {
        "meta" => meta(scene, body["key"].as_str().unwrap_or_default()),
        "payload" => {
            let text = |key: &str| body[key].as_str().unwrap_or_default();
            payload(scene, text("protocol"), text("field"))
        }
        "ct" => tracked(scene.packet, body["key"].as_str().unwrap_or_default()),
        // Both ends are this machine.
        "fib"
            if !scene.is_from_elsewhere() && body["result"] == "type" && !mentions_device(&body["flags"]) =>
        {
            Subject::Words(&["local"])
        }
        _ => Subject::Unknown,
    }
}

fn mentions_device(flags: &Value) -> bool {
    flags.as_array().into_iter().flatten().any(|flag| flag == "iif" || flag == "oif")
}

fn meta<'a>(scene: &Scene<'a>, key: &str) -> Subject<'a> {
    let six = scene.packet.to.is_ipv6();
    match key {
        "iif" | "iifname" => Subject::Device(scene.from_device),
        "oif" | "oifname" | "oiftype" if scene.to_device == UNTOLD => Subject::Unknown,
        "iiftype" if scene.is_from_elsewhere() => Subject::Unknown,
        "pkttype" if scene.is_from_elsewhere() => Subject::Words(&["host", "unicast"]),
        "oif" | "oifname" => Subject::Device(scene.to_device),
        "iiftype" if !scene.from_device.is_empty() => Subject::Words(&["loopback"]),
        "oiftype" if !scene.to_device.is_empty() => Subject::Words(&["loopback"]),
        "nfproto" => Subject::Words(if six { &["ipv6"] } else { &["ipv4"] }),
        "protocol" => Subject::Words(if six { &["ip6", "ipv6"] } else { &["ip"] }),
        "l4proto" => Subject::Words(&["tcp"]),
        _ => Subject::Unknown,
    }
}

fn payload<'a>(scene: &Scene<'a>, protocol: &str, field: &str) -> Subject<'a> {
    let packet = scene.packet;
    let six = packet.to.is_ipv6();
    match (protocol, field) {
        ("tcp" | "th", "dport") => Subject::port(&packet.destination),
        ("tcp" | "th", "sport") => Subject::port(&packet.source),
        ("ip", _) if six => Subject::Absent,
        ("ip6", _) if !six => Subject::Absent,
        ("ip" | "ip6", "saddr") if scene.is_from_elsewhere() => Subject::Elsewhere,
        ("ip" | "ip6", "saddr") => Subject::Address(packet.from),
        ("ip" | "ip6", "daddr") => Subject::Address(packet.to),
        ("ip", "protocol") | ("ip6", "nexthdr") => Subject::Words(&["tcp"]),
        ("udp" | "udplite" | "sctp" | "dccp" | "icmp" | "icmpv6" | "igmp" | "esp" | "ah" | "arp", _) => {
            Subject::Absent
        }
        _ => Subject::Unknown,
    }
}

fn tracked(packet: &Packet, key: &str) -> Subject<'static> {
    match key {
        _ if !packet.tracked => Subject::Unknown,
        "state" if packet.answer => Subject::Words(&["established"]),
        "state" => Subject::Words(&["new"]),
        "direction" if packet.answer => Subject::Words(&["reply"]),
        "direction" => Subject::Words(&["original"]),
        _ => Subject::Unknown,
    }
}

/// Conditions on the flags of TCP, which are bits: `tcp flags syn`, `tcp flags & (fin|syn) == syn`. `None` when it is
/// about something else.
fn flags(packet: &Packet, left: &Value, operator: &str, right: &Value) -> Option<Tri> {
    let is_flags =
        |value: &Value| value["payload"]["protocol"] == "tcp" && value["payload"]["field"] == "flags";
    let masked = left["&"].as_array().map(Vec::as_slice);
    let mask = match masked {
        Some([flags, mask @ ..]) if is_flags(flags) => Some(mask),
        _ if is_flags(left) => None,
        _ => return None,
    };
    let mut wanted = Vec::new();
    if !names(right, &mut wanted) {
        return Some(Tri::Maybe);
    }
    let mut among = Vec::new();
    if !mask.into_iter().flatten().all(|part| names(part, &mut among)) {
        return Some(Tri::Maybe);
    }
    let set: Vec<&str> =
        packet.flags().iter().copied().filter(|flag| mask.is_none() || among.contains(flag)).collect();
    let same = set.len() == wanted.len() && set.iter().all(|flag| wanted.contains(flag));
    Some(match operator {
        "in" => Tri::of(wanted.iter().any(|flag| set.contains(flag))),
        "==" => Tri::of(same),
        "!=" => Tri::of(!same),
        _ => Tri::Maybe,
    })
}

/// The names of flags in a value; `false` where it holds something else, such as a number that is not 0.
fn names<'a>(value: &'a Value, into: &mut Vec<&'a str>) -> bool {
    match value {
        Value::String(name) => {
            into.push(name);
            true
        }
        Value::Array(all) => all.iter().all(|one| names(one, into)),
        Value::Object(object) => object.get("|").is_some_and(|all| names(all, into)),
        Value::Number(number) => number.as_u64() == Some(0),
        Value::Null | Value::Bool(_) => false,
    }
}
