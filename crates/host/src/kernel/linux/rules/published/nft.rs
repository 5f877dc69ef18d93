//! Published ports in what `nft -j list ruleset` prints (libnftables-json(5)).

use std::{net::IpAddr, ops::RangeInclusive};

use navyd_model::Protocol;
use serde_json::Value;

use crate::kernel::rule::{Published, ToPort, is_of_engine};

/// What the rules of engines say.
#[derive(Debug, Default)]
pub(in crate::kernel::linux) struct Read {
    /// The ports that they lead elsewhere.
    pub(in crate::kernel::linux) published: Vec<Published>,
    /// Whether some were written by `iptables`, and hide where they lead.
    pub(in crate::kernel::linux) opaque: bool,
    /// The same for `ip6tables`.
    pub(in crate::kernel::linux) opaque_ipv6: bool,
}

/// Reads the engines' chains. What is not JSON, or not of the documented shape, is skipped.
pub(in crate::kernel::linux) fn published(text: &str) -> Read {
    let document: Value = serde_json::from_str(text).unwrap_or_default();
    let objects = document["nftables"].as_array().map(Vec::as_slice).unwrap_or_default();
    let mut read = Read::default();
    for rule in objects.iter().map(|object| &object["rule"]) {
        let Some(expressions) = rule["expr"].as_array() else { continue };
        if !rule["chain"].as_str().is_some_and(is_of_engine) {
            continue;
        }
        // Older versions of nft print `{"xt": null}`.
        if expressions.iter().any(|expression| expression.get("xt").is_some()) {
            read.opaque |= rule["family"] == "ip";
            read.opaque_ipv6 |= rule["family"] == "ip6";
        }
        read.published.extend(rule_of(expressions).into_iter().flatten());
    }
    read
}

fn rule_of(expressions: &[Value]) -> Option<Vec<Published>> {
    let body = expressions.iter().find_map(|expression| expression.get("dnat"))?;
    let to: IpAddr = body["addr"].as_str()?.parse().ok()?;
    let to_ports = (!body["port"].is_null()).then(|| ranges(&body["port"]));
    let (mut proto, mut address, mut ports) = (None, None, Vec::new());
    for part in expressions.iter().filter_map(|expression| expression.get("match")) {
        let (left, right) = (&part["left"], &part["right"]);
        // What a condition turned around leaves is not a port that somebody published.
        if part["op"] == "!=" {
            continue;
        }
        match left["payload"]["field"].as_str() {
            Some("dport") => {
                proto = protocol(&left["payload"]["protocol"]).or(proto);
                ports = ranges(right);
            }
            Some("daddr") => address = right.as_str().and_then(|text| text.parse().ok()),
            Some("protocol" | "nexthdr") => proto = proto.or(protocol(right)),
            None if left["meta"]["key"] == "l4proto" => proto = proto.or(protocol(right)),
            _ => {}
        }
    }
    let proto = proto?;
    let published = |ports: RangeInclusive<u16>| Published {
        proto,
        address,
        to_port: match to_ports.as_deref() {
            None => ToPort::Same,
            Some([to]) => super::lead(&ports, to),
            Some(_) => ToPort::Open,
        },
        ports,
        to,
    };
    Some(ports.into_iter().map(published).collect())
}

fn protocol(value: &Value) -> Option<Protocol> {
    match value.as_str()? {
        "tcp" => Some(Protocol::Tcp),
        "udp" => Some(Protocol::Udp),
        _ => None,
    }
}

/// The ports of a number, a range, or a set of both. What is kept elsewhere (`@name`) is none.
fn ranges(value: &Value) -> Vec<RangeInclusive<u16>> {
    let number = |value: &Value| value.as_u64().and_then(|number| u16::try_from(number).ok());
    let range = |value: &Value| {
        let (first, last) = match value["range"].as_array().map(Vec::as_slice) {
            Some([first, last]) => (number(first)?, number(last)?),
            _ => (number(value)?, number(value)?),
        };
        (first <= last && first > 0).then_some(first..=last)
    };
    match value["set"].as_array() {
        Some(set) => set.iter().filter_map(range).collect(),
        None => range(value).into_iter().collect(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn rule(chain: &str, expressions: &str) -> String {
        format!(
            r#"{{"nftables":[{{"metainfo":{{"json_schema_version":1}}}},{{"table":{{"family":"ip","name":"t"}}}},
            {{"rule":{{"family":"ip","table":"t","chain":"{chain}","expr":[{expressions}]}}}}]}}"#
        )
    }

    fn equal(protocol: &str, field: &str, right: &str) -> String {
        format!(
            r#"{{"match":{{"op":"==","left":{{"payload":{{"protocol":"{protocol}","field":"{field}"}}}},"right":{right}}}}}"#
        )
    }

    #[test]
    fn published_ports_are_those_that_an_engine_leads_elsewhere() {
        let tcp = |right| equal("tcp", "dport", right);
        let to_80 = r#"{"dnat":{"addr":"10.0.0.2","port":80}}"#;
        let only = |address| equal("ip", "daddr", address) + "," + &tcp("80");
        let by_meta = r#"{"match":{"op":"==","left":{"meta":{"key":"l4proto"}},"right":"udp"}},"#;
        for (conditions, deed, expected) in [
            (tcp("8080"), to_80, "tcp * 8080-8080 10.0.0.2 One(80)"),
            (
                tcp("8080"),
                r#"{"dnat":{"family":"ip6","addr":"fd00::2","port":80}}"#,
                "tcp * 8080-8080 fd00::2 One(80)",
            ),
            (equal("udp", "dport", "53"), r#"{"dnat":{"addr":"10.0.0.2"}}"#, "udp * 53-53 10.0.0.2 Same"),
            (only(r#""127.0.0.1""#), to_80, "tcp 127.0.0.1 80-80 10.0.0.2 One(80)"),
            (only(r#"{"prefix":{"addr":"192.0.2.0","len":24}}"#), to_80, "tcp * 80-80 10.0.0.2 One(80)"),
            (
                tcp(r#"{"set":[82,{"range":[90,92]}]}"#),
                to_80,
                "tcp * 82-82 10.0.0.2 One(80), tcp * 90-92 10.0.0.2 One(80)",
            ),
            (
                tcp(r#"{"range":[84,87]}"#),
                r#"{"dnat":{"addr":"10.0.0.2","port":{"range":[84,87]}}}"#,
                "tcp * 84-87 10.0.0.2 Same",
            ),
            (
                tcp(r#"{"range":[84,87]}"#),
                r#"{"dnat":{"addr":"10.0.0.2","port":{"range":[4,7]}}}"#,
                "tcp * 84-87 10.0.0.2 Open",
            ),
            (by_meta.to_owned() + &equal("th", "dport", "53"), to_80, "udp * 53-53 10.0.0.2 One(80)"),
            (equal("th", "dport", "53"), to_80, ""),
            (tcp("8080").replace("==", "!="), to_80, ""),
            (tcp(r#""@web""#), to_80, ""),
            (tcp("0"), to_80, ""),
            (tcp("65536"), to_80, ""),
            (tcp(r#"{"range":[9,8]}"#), to_80, ""),
            (tcp("80"), r#"{"dnat":{"addr":{"map":{}}}}"#, ""),
            (tcp("80"), r#"{"redirect":{"port":8200}}"#, ""),
            (tcp("80"), r#"{"drop":null}"#, ""),
        ] {
            let text = rule("nv_1_dnat", &format!("{conditions},{deed}"));
            let shown: Vec<_> = published(&text).published.iter().map(super::super::shown).collect();
            assert_eq!(shown.join(", "), expected, "{conditions} {deed}");
            let text = rule("prerouting", &format!("{conditions},{deed}"));
            assert_eq!(published(&text).published, [], "no engine's chain: {text}");
        }
    }

    #[test]
    fn what_iptables_wrote_is_asked_of_iptables() {
        let target = r#"{"xt":{"type":"target","name":"DNAT"}}"#;
        for (chain, family, target, expected) in [
            ("DOCKER", "ip", target, (true, false)),
            ("DOCKER", "ip6", target, (false, true)),
            ("DOCKER", "ip", r#"{"xt":null}"#, (true, false)),
            ("DOCKER", "ip", r#"{"return":null}"#, (false, false)),
            ("PREROUTING", "ip", target, (false, false)),
        ] {
            let text = rule(chain, target)
                .replace(r#"{"family":"ip","table""#, &format!(r#"{{"family":"{family}","table""#));
            let read = published(&text);
            assert_eq!((read.opaque, read.opaque_ipv6), expected, "{text}");
        }
    }

    #[test]
    fn what_is_no_ruleset_publishes_nothing() {
        for text in [
            "",
            "{",
            "[]",
            r#"{"nftables":3}"#,
            r#"{"nftables":[{"rule":{"chain":"DOCKER","expr":[1,{}]}}]}"#,
        ] {
            let read = published(text);
            assert!(read.published.is_empty() && !read.opaque, "{text}");
        }
    }
}
