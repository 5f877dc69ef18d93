//! Rulesets as `nft` lists them, and what becomes of a connection from 127.0.0.1:40000 to 127.0.0.1:3000 in them.
// A table of rules reads better without ampersands.
#![allow(clippy::needless_pass_by_value)]

use serde_json::{Value, json};

use super::{super::super::super::filter::Flow, filter};
use crate::kernel::rule::Action;

/// A chain of table `inet t` with a hook, and its rules.
fn base(name: &str, hook: &str, priority: i64, policy: &str, rules: &[Value]) -> Vec<Value> {
    let chain = json!({"family": "inet", "table": "t", "name": name, "type": "filter", "hook": hook,
        "prio": priority, "policy": policy});
    std::iter::once(json!({ "chain": chain })).chain(in_chain(name, rules)).collect()
}

fn in_chain(name: &str, rules: &[Value]) -> Vec<Value> {
    let rule = |expressions: &Value| json!({"rule": {"family": "inet", "table": "t", "chain": name, "expr": expressions}});
    rules.iter().map(rule).collect()
}

fn ruleset(objects: Vec<Value>) -> String {
    json!({ "nftables": objects }).to_string()
}

fn matches(left: Value, operator: &str, right: Value) -> Value {
    json!({"match": {"op": operator, "left": left, "right": right}})
}

fn tcp(field: &str, right: Value) -> Value {
    matches(json!({"payload": {"protocol": "tcp", "field": field}}), "==", right)
}

fn meta(key: &str, right: &str) -> Value {
    matches(json!({"meta": {"key": key}}), "==", json!(right))
}

fn state(right: Value) -> Value {
    matches(json!({"ct": {"key": "state"}}), "in", right)
}

fn drop() -> Value {
    json!({"drop": null})
}

fn accept() -> Value {
    json!({"accept": null})
}

/// The hits of a connection to an address, each as `certain drop` or `maybe nat`, with where it leads to.
fn hits(text: &str, to: &str) -> Vec<String> {
    let address = to.parse().unwrap();
    let flow = Flow { to: (address, 3000).into(), from: address, ports: 40000..=40000 };
    let filter = filter(text, vec![flow]);
    let hit = |hit: &crate::kernel::Hit| {
        let sure = if hit.certain { "certain" } else { "maybe" };
        let action = match hit.action {
            Action::Drop => "drop",
            Action::Reject => "reject",
            Action::Nat => "nat",
        };
        let answers = if hit.answers { " of answers" } else { "" };
        let to = hit.to.map(|to| format!(" to {to}")).unwrap_or_default();
        format!("{sure} {action}{answers}{to}")
    };
    filter.fates[0].hits.iter().map(hit).collect()
}

#[track_caller]
fn check(rules: &[Value], expected: &[&str]) {
    let text = ruleset(base("in", "input", 0, "accept", rules));
    assert_eq!(hits(&text, "127.0.0.1"), expected, "{rules:?}");
}

#[test]
fn conditions_are_weighed() {
    let ct = |key: &str, right: &str| matches(json!({"ct": {"key": key}}), "==", json!(right));
    let address = |family: &str, field: &str, operator: &str, right: Value| {
        matches(json!({"payload": {"protocol": family, "field": field}}), operator, right)
    };
    let net = json!({"prefix": {"addr": "127.0.0.0", "len": 8}});
    let both = json!({"concat": [{"payload": {"protocol": "ip", "field": "daddr"}},
        {"payload": {"protocol": "tcp", "field": "dport"}}]});
    let pair = |port: u16| json!({"set": [{"concat": ["127.0.0.1", port]}]});
    let masked = |operator: &str| {
        let flags =
            json!({"&": [{"payload": {"protocol": "tcp", "field": "flags"}}, ["fin", "syn", "rst", "ack"]]});
        matches(flags, operator, json!("syn"))
    };
    let question = &["certain drop"][..];
    let answer = &["certain drop of answers"][..];
    for (condition, expected) in [
        (tcp("dport", json!(3000)), question),
        (tcp("dport", json!(3001)), &[]),
        (tcp("dport", json!({"set": [80, {"range": [2990, 3010]}]})), question),
        (tcp("dport", json!({"set": [{"elem": {"val": 3000, "counter": {}}}]})), question),
        (tcp("dport", json!("@missing")), &["maybe drop", "maybe drop of answers"]),
        (tcp("sport", json!(3000)), answer),
        (tcp("sport", json!({"range": [1, 1023]})), &[]),
        (address("udp", "dport", "==", json!(3000)), &[]),
        (address("udp", "dport", "!=", json!(53)), &[]),
        (address("th", "dport", "==", json!(3000)), question),
        (address("tcp", "dport", "!=", json!({"set": [22, 80]})), question),
        (address("tcp", "dport", ">=", json!(1024)), question),
        (address("tcp", "dport", "<", json!(1024)), &[]),
        (address("ip", "saddr", "==", net.clone()), question),
        (address("ip", "saddr", "!=", net), &[]),
        (address("ip", "daddr", "==", json!("127.0.0.2")), &[]),
        (address("ip6", "daddr", "!=", json!("::1")), &[]),
        (address("ip", "ttl", "==", json!(64)), &["maybe drop", "maybe drop of answers"]),
        (meta("iif", "lo"), question),
        (meta("iifname", "eth0"), &[]),
        (meta("iifname", "l*"), question),
        (meta("oifname", "lo"), &[]),
        (meta("l4proto", "tcp"), question),
        (meta("l4proto", "udp"), &[]),
        (meta("nfproto", "ipv6"), &[]),
        (meta("skuid", "1000"), &["maybe drop", "maybe drop of answers"]),
        (state(json!("new")), question),
        (state(json!(["established", "related"])), answer),
        (state(json!("invalid")), &[]),
        (ct("direction", "reply"), answer),
        (ct("status", "dnat"), &["maybe drop", "maybe drop of answers"]),
        (matches(both.clone(), "==", pair(3000)), question),
        (matches(both, "==", pair(80)), &[]),
        (masked("=="), question),
        (masked("!="), answer),
        (matches(json!({"payload": {"protocol": "tcp", "field": "flags"}}), "in", json!("ack")), answer),
        (json!({"xt": {"type": "match", "name": "multiport"}}), &["maybe drop", "maybe drop of answers"]),
        (json!({"xt": {"type": "match", "name": "comment"}}), question),
        (json!({"limit": {"rate": 10}}), &["maybe drop", "maybe drop of answers"]),
        (json!({"counter": {"packets": 0}}), question),
        (json!({"of": "tomorrow"}), &["maybe drop", "maybe drop of answers"]),
    ] {
        check(&[json!([condition, drop()])], expected);
    }
}

#[test]
fn the_order_of_rules_decides() {
    let port = || tcp("dport", json!(3000));
    let lo = || meta("iif", "lo");
    let rate = || json!({"limit": {"rate": 10}});
    let vmap = |data: Value| json!({"vmap": {"key": {"payload": {"protocol": "tcp", "field": "dport"}}, "data": data}});
    for (rules, expected) in [
        (vec![json!([lo(), accept()]), json!([port(), drop()])], &[][..]),
        (vec![json!([port(), drop()]), json!([lo(), accept()])], &["certain drop"]),
        (vec![json!([rate(), accept()]), json!([port(), drop()])], &["maybe drop"]),
        (vec![json!([rate(), drop()]), json!([port(), accept()])], &["maybe drop", "maybe drop of answers"]),
        (vec![json!([port(), {"return": null}]), json!([port(), drop()])], &[]),
        (vec![json!([port(), {"reject": {"type": "tcp reset"}}])], &["certain reject"]),
        (vec![json!([port(), {"xt": {"type": "target", "name": "REJECT"}}])], &["certain reject"]),
        (
            vec![json!([port(), {"xt": {"type": "target", "name": "LOG"}}]), json!([port(), drop()])],
            &["certain drop"],
        ),
        (vec![json!([port(), {"queue": {"num": 1}}]), json!([port(), drop()])], &["maybe drop"]),
        (
            vec![json!([vmap(json!({"set": [[80, {"accept": null}], [3000, {"drop": null}]]}))])],
            &["certain drop"],
        ),
        (vec![json!([vmap(json!({"set": [[80, {"drop": null}]]}))])], &[]),
        (
            vec![json!([vmap(json!({"set": [["*", {"drop": null}], [3000, {"accept": null}]]}))])],
            &["certain drop of answers"],
        ),
        (vec![json!([vmap(json!("@missing"))]), json!([port(), drop()])], &["maybe drop"]),
    ] {
        check(&rules, expected);
    }
}

#[test]
fn chains_lead_into_each_other() {
    let jump = |to: &str| json!([tcp("dport", json!(3000)), {"jump": {"target": to}}]);
    let goto = |to: &str| json!([tcp("dport", json!(3000)), {"goto": {"target": to}}]);
    let perhaps = |to: &str| json!([{"limit": {"rate": 1}}, {"jump": {"target": to}}]);
    let all = || json!([drop()]);
    let first = || json!([tcp("dport", json!(3000)), drop()]);
    for (base_rules, sub, expected) in [
        (vec![jump("sub")], vec![all()], &["certain drop"][..]),
        (vec![jump("sub"), first()], vec![json!([accept()])], &[]),
        (vec![jump("sub"), first()], vec![json!([{"return": null}]), json!([accept()])], &["certain drop"]),
        (vec![jump("sub"), first()], vec![], &["certain drop"]),
        (vec![goto("sub"), first()], vec![], &[]),
        (vec![perhaps("sub"), first()], vec![json!([accept()])], &["maybe drop"]),
        (vec![perhaps("sub"), first()], vec![json!([{"counter": null}])], &["certain drop"]),
        (vec![perhaps("sub"), json!([accept()])], vec![first()], &["maybe drop"]),
        (vec![jump("nowhere"), first()], vec![], &["certain drop"]),
        // The kernel refuses a circle; one that is listed all the same ends.
        (vec![jump("sub")], vec![jump("sub"), jump("sub"), first()], &["maybe drop"]),
    ] {
        let mut objects = base("in", "input", 0, "accept", &base_rules);
        objects.extend(in_chain("sub", &sub));
        let found = hits(&ruleset(objects), "127.0.0.1");
        let found: Vec<&str> = found.iter().map(String::as_str).take(expected.len().max(1)).collect();
        assert_eq!(found, expected, "{base_rules:?} {sub:?}");
    }
}

#[test]
fn hooks_priorities_and_policies() {
    let lo = || json!([meta("iif", "lo"), accept()]);
    let port = || tcp("dport", json!(3000));
    let redirect = |to: u16| json!([port(), {"redirect": {"port": to}}]);
    let nat = |hook: &str, rule: Value| {
        let chain = json!({"family": "inet", "table": "t", "name": "n", "type": "nat", "hook": hook, "prio": -100, "policy": "accept"});
        [vec![json!({ "chain": chain })], in_chain("n", &[rule])].concat()
    };
    let ip6 = json!({"chain": {"family": "ip6", "table": "t", "name": "c", "type": "filter", "hook": "input",
        "prio": 0, "policy": "drop"}});
    let ingress = |device: Value| {
        json!({"chain": {"family": "netdev", "table": "t", "name": "c", "type": "filter", "hook": "ingress",
            "prio": 0, "policy": "drop", "dev": device}})
    };
    for (objects, expected) in [
        (base("c", "input", 0, "drop", &[]), &["certain drop"][..]),
        (base("c", "output", 0, "drop", &[]), &["certain drop"]),
        (base("c", "prerouting", 0, "drop", &[]), &["certain drop"]),
        (base("c", "forward", 0, "drop", &[]), &[]),
        (base("c", "input", 0, "drop", &[lo()]), &[]),
        (
            base("c", "input", 0, "drop", &[json!([{"limit": {}}, accept()])]),
            &["maybe drop", "maybe drop of answers"],
        ),
        // What one chain accepts, the next may drop.
        (
            [base("b", "input", 10, "drop", &[]), base("a", "input", 0, "accept", &[lo()])].concat(),
            &["certain drop"],
        ),
        (vec![ip6], &[]),
        (vec![ingress(json!("lo"))], &["certain drop"]),
        (vec![ingress(json!(["eth0", "eth1"]))], &[]),
        (vec![ingress(Value::Null)], &["maybe drop", "maybe drop of answers"]),
        (nat("output", redirect(8000)), &["certain nat to 127.0.0.1:8000"]),
        (nat("prerouting", redirect(8000)), &[]),
        (
            nat("output", json!([port(), {"dnat": {"addr": "10.0.0.2", "port": 80}}])),
            &["certain nat to 10.0.0.2:80"],
        ),
        (nat("output", json!([port(), {"dnat": {"addr": {"map": {}}}}])), &["certain nat"]),
        // What arrives elsewhere meets the rules for that place.
        (
            [
                nat("output", redirect(8000)),
                base("c", "input", 0, "accept", &[json!([tcp("dport", json!(8000)), drop()])]),
            ]
            .concat(),
            &["certain nat to 127.0.0.1:8000", "certain drop"],
        ),
        (
            [
                base("raw", "output", -300, "accept", &[json!([{"notrack": null}])]),
                base("c", "input", 0, "accept", &[json!([state(json!("new")), drop()])]),
            ]
            .concat(),
            &["maybe drop", "maybe drop of answers"],
        ),
        (
            base("raw", "output", -300, "accept", &[json!([state(json!("new")), drop()])]),
            &["maybe drop", "maybe drop of answers"],
        ),
    ] {
        assert_eq!(hits(&ruleset(objects.clone()), "127.0.0.1"), expected, "{objects:?}");
    }
    let six = ruleset(base("c", "input", 0, "accept", &[json!([meta("nfproto", "ipv6"), drop()])]));
    assert_eq!(hits(&six, "::1"), ["certain drop"]);
}

#[test]
fn ports_that_rules_lead_elsewhere_are_found_by_themselves() {
    let led = |chain: &str, right: Value| {
        let head = json!({"chain": {"family": "ip", "table": "t", "name": chain, "type": "nat", "hook": "output", "prio": -100}});
        let rule = json!({"rule": {"family": "ip", "table": "t", "chain": chain,
            "expr": [tcp("dport", right), {"redirect": {"port": 8000}}]}});
        let found = filter(&ruleset(vec![head, rule]), Vec::new());
        found.led.iter().map(|fate| fate.flow.to.to_string()).collect::<Vec<_>>()
    };
    assert_eq!(led("out", json!(80)), ["127.0.0.1:80"]);
    assert_eq!(led("out", json!({"set": [80, {"range": [443, 500]}]})), ["127.0.0.1:80", "127.0.0.1:443"]);
    assert!(led("DOCKER", json!(80)).is_empty());
}

#[test]
fn a_rule_is_told_as_nft_writes_it() {
    let rule = json!([
        meta("iifname", "lo"),
        tcp("dport", json!({"set": [80, 3000]})),
        state(json!(["new"])),
        drop()
    ]);
    let text = ruleset(base("in", "input", 0, "accept", &[rule]));
    let flow =
        Flow { to: "127.0.0.1:3000".parse().unwrap(), from: [127, 0, 0, 1].into(), ports: 40000..=40000 };
    let found = filter(&text, vec![flow]);
    assert_eq!(
        found.fates[0].hits[0].text,
        "iifname lo tcp dport { 80, 3000 } ct state new drop (table inet t, chain in)"
    );
    assert_eq!(found.rules, 1);
}

#[test]
fn what_is_no_ruleset_stops_nothing() {
    for text in [
        "",
        "{",
        "[]",
        "{}",
        r#"{"nftables":3}"#,
        r#"{"nftables":[{"chain":{"hook":1}},{"rule":{"expr":[1,null,{}]}}]}"#,
    ] {
        assert_eq!(hits(text, "127.0.0.1"), [""; 0], "{text}");
    }
}

/// Chains that jump to each other in every way: sixteen deep, sixteen times each.
#[test]
fn the_way_through_hostile_chains_ends() {
    let jumps = |to: usize| vec![json!([{"jump": {"target": format!("c{to}")}}]); 16];
    let mut objects = base("in", "input", 0, "accept", &jumps(0));
    objects.extend((0..15).flat_map(|chain| in_chain(&format!("c{chain}"), &jumps(chain + 1))));
    assert_eq!(hits(&ruleset(objects), "127.0.0.1"), [""; 0]);
}
