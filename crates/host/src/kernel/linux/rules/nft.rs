//! What `nft -j list ruleset` prints (libnftables-json(5)), read for one port.

use navyd_model::Protocol;
use serde_json::Value;

use crate::kernel::rule::{Action, Rule, RuleQuery};

/// The rules and policies that concern the port. What is not JSON, or not of the documented shape, is skipped.
pub(in crate::kernel::linux) fn rules(text: &str, query: RuleQuery) -> Vec<Rule> {
    let document: Value = serde_json::from_str(text).unwrap_or_default();
    let objects = document["nftables"].as_array().map(Vec::as_slice).unwrap_or_default();
    let mut found: Vec<Rule> = objects.iter().filter_map(|object| rule(&object["rule"], query)).collect();
    found.extend(objects.iter().filter_map(|object| policy(&object["chain"])));
    // What names the port says more than what takes every port.
    found.sort_by_key(|rule| !rule.names_port);
    found
}

fn rule(rule: &Value, query: RuleQuery) -> Option<Rule> {
    let expressions = rule["expr"].as_array()?;
    let (action, deed) = expressions.iter().find_map(deed)?;
    let mut names_port = false;
    let mut conditions = Vec::new();
    for part in expressions.iter().map(|expression| &expression["match"]).filter(|part| !part.is_null()) {
        let (left, right) = (&part["left"], &part["right"]);
        let negated = part["op"] == "!=";
        if left["payload"]["field"] == "dport" {
            let protocol = left["payload"]["protocol"].as_str().unwrap_or("th");
            if (protocol != "th" && protocol != query.proto.as_str()) || holds(right, query.port) == negated {
                return None;
            }
            names_port = !negated;
            conditions.push(format!("{protocol} dport {}{}", if negated { "!= " } else { "" }, value(right)));
        } else if left["meta"]["key"] == "l4proto" || left["payload"]["field"] == "protocol" {
            if is_other_protocol(right, query.proto) != negated {
                return None;
            }
            conditions.push(value(right));
        } else if let Some(word) = word(left) {
            conditions.push(format!("{word} {}{}", if negated { "!= " } else { "" }, value(right)));
        }
    }
    // A rule that leads elsewhere and names no port is masquerading and the like, and no news of this one.
    if action == Action::Nat && !names_port {
        return None;
    }
    let chain = rule["chain"].as_str()?.to_owned();
    conditions.push(deed);
    let (family, table) = (rule["family"].as_str()?, rule["table"].as_str()?);
    let text = format!("{} (table {family} {table}, chain {chain})", conditions.join(" "));
    Some(Rule { action, names_port, chain, text })
}

/// A chain whose policy drops what no rule of it accepts.
fn policy(chain: &Value) -> Option<Rule> {
    let drops = chain["policy"] == "drop" && chain["hook"].is_string();
    let name = chain["name"].as_str().filter(|_| drops)?.to_owned();
    let (family, table) = (chain["family"].as_str()?, chain["table"].as_str()?);
    let text = format!("policy drop (table {family} {table}, chain {name})");
    Some(Rule { action: Action::Drop, names_port: false, chain: name, text })
}

fn deed(expression: &Value) -> Option<(Action, String)> {
    let (name, body) = expression.as_object()?.iter().next()?;
    let to = || {
        let port = if body["port"].is_null() { String::new() } else { format!(":{}", value(&body["port"])) };
        let address = if body["addr"].is_null() { String::new() } else { value(&body["addr"]) };
        format!("{name} to {address}{port}")
    };
    Some(match name.as_str() {
        "drop" => (Action::Drop, "drop".into()),
        "reject" => {
            let with = body["type"].as_str().map_or_else(String::new, |kind| format!(" with {kind}"));
            let what = body["expr"].as_str().map_or_else(String::new, |what| format!(" {what}"));
            (Action::Reject, format!("reject{with}{what}"))
        }
        "redirect" | "dnat" => (Action::Nat, to()),
        _ => return None,
    })
}

/// Whether a value, a range or a set of both holds the port. What is kept elsewhere (`@name`) may.
fn holds(right: &Value, port: u16) -> bool {
    let number = u64::from(port);
    if let Some(range) = right["range"].as_array() {
        let end = |at: usize| range.get(at).and_then(Value::as_u64);
        return end(0).is_some_and(|first| first <= number) && end(1).is_some_and(|last| number <= last);
    }
    if let Some(set) = right["set"].as_array().or_else(|| right.as_array()) {
        return set.iter().any(|element| holds(element, port));
    }
    right.as_u64() == Some(number) || right.is_string()
}

fn is_other_protocol(right: &Value, proto: Protocol) -> bool {
    let is = |value: &Value| value.as_str().is_some_and(|name| name == proto.as_str());
    match right["set"].as_array() {
        Some(set) => !set.iter().any(is),
        None => right.is_string() && !is(right),
    }
}

/// One expression of a rule in words, as far as it is shown: counters and the like are not.
pub(super) fn words(expression: &Value) -> Option<String> {
    let part = &expression["match"];
    if !part.is_null() {
        let operator = match part["op"].as_str() {
            Some("==" | "in") | None => String::new(),
            Some(other) => format!("{other} "),
        };
        let left = word(&part["left"]).unwrap_or_else(|| "…".into());
        return Some(format!("{left} {operator}{}", value(&part["right"])));
    }
    let (name, body) = expression.as_object()?.iter().next()?;
    match name.as_str() {
        "accept" | "return" | "continue" | "queue" => Some(name.clone()),
        "jump" | "goto" => Some(format!("{name} {}", body["target"].as_str()?)),
        "vmap" => Some(format!("{} vmap …", word(&body["key"]).unwrap_or_else(|| "…".into()))),
        "xt" => Some(body["name"].as_str()?.to_owned()),
        "limit" => Some("limit rate …".into()),
        _ => deed(expression).map(|(_, text)| text),
    }
}

/// The left side of a condition that is shown and not weighed, such as `iifname`.
fn word(left: &Value) -> Option<String> {
    let two = |kind: &str, first: &str, second: &str| {
        Some(format!("{} {}", left[kind][first].as_str()?, left[kind][second].as_str()?))
    };
    let meta = || left["meta"]["key"].as_str().map(str::to_owned);
    let tracked = || left["ct"]["key"].as_str().map(|key| format!("ct {key}"));
    let masked = || word(left["&"].get(0)?).map(|word| format!("{word} & …"));
    meta().or_else(|| two("payload", "protocol", "field")).or_else(tracked).or_else(masked)
}

fn value(value: &Value) -> String {
    match value {
        Value::String(text) => text.clone(),
        Value::Object(object) => {
            let joined = |list: &Value, between: &str| {
                let parts = list.as_array().map(Vec::as_slice).unwrap_or_default();
                parts.iter().map(self::value).collect::<Vec<_>>().join(between)
            };
            match object.iter().next() {
                Some((name, body)) if name == "range" => joined(body, "-"),
                Some((name, body)) if name == "set" => format!("{{ {} }}", joined(body, ", ")),
                Some((name, body)) if name == "prefix" => {
                    format!("{}/{}", self::value(&body["addr"]), body["len"])
                }
                _ => "…".into(),
            }
        }
        Value::Array(list) => list.iter().map(self::value).collect::<Vec<_>>().join(","),
        other => other.to_string(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn one(expressions: &str) -> String {
        format!(
            r#"{{"nftables":[{{"metainfo":{{"json_schema_version":1}}}},{{"table":{{"family":"inet","name":"t"}}}},
            {{"rule":{{"family":"inet","table":"t","chain":"c","handle":4,"expr":[{expressions}]}}}}]}}"#
        )
    }

    fn dport(protocol: &str, right: &str) -> String {
        format!(
            r#"{{"match":{{"op":"==","left":{{"payload":{{"protocol":"{protocol}","field":"dport"}}}},"right":{right}}}}}"#
        )
    }

    #[test]
    fn a_rule_is_found_by_its_port() {
        for (condition, deed, expected) in [
            (dport("tcp", "3000"), r#"{"drop":null}"#, Some("tcp dport 3000 drop")),
            (dport("tcp", "3001"), r#"{"drop":null}"#, None),
            (dport("udp", "3000"), r#"{"drop":null}"#, None),
            (dport("th", "3000"), r#"{"drop":null}"#, Some("th dport 3000 drop")),
            (dport("tcp", r#"{"range":[2999,3001]}"#), r#"{"drop":null}"#, Some("tcp dport 2999-3001 drop")),
            (dport("tcp", r#"{"range":[3001,3002]}"#), r#"{"drop":null}"#, None),
            (
                dport("tcp", r#"{"set":[80,3000]}"#),
                r#"{"reject":{"type":"tcp reset"}}"#,
                Some("tcp dport { 80, 3000 } reject with tcp reset"),
            ),
            (dport("tcp", r#"{"set":[80,443]}"#), r#"{"reject":null}"#, None),
            (dport("tcp", r#""@web""#), r#"{"drop":null}"#, Some("tcp dport @web drop")),
            (dport("tcp", "3000"), r#"{"reject":null}"#, Some("tcp dport 3000 reject")),
            (dport("tcp", "3000"), r#"{"redirect":{"port":8200}}"#, Some("tcp dport 3000 redirect to :8200")),
            (
                dport("tcp", "3000"),
                r#"{"dnat":{"addr":"10.0.0.2","port":80}}"#,
                Some("tcp dport 3000 dnat to 10.0.0.2:80"),
            ),
            (dport("tcp", "3000"), r#"{"accept":null}"#, None),
            (dport("tcp", "3000"), r#"{"counter":{"packets":0,"bytes":0}}"#, None),
        ] {
            let found =
                rules(&one(&format!("{condition},{deed}")), RuleQuery { port: 3000, proto: Protocol::Tcp });
            let text =
                found.first().map(|rule| rule.text.trim_end_matches(" (table inet t, chain c)").to_owned());
            assert_eq!(text.as_deref(), expected, "{condition} {deed}");
            assert!(found.iter().all(|rule| rule.names_port));
        }
    }

    #[test]
    fn what_takes_every_port_is_named_last() {
        let text = r#"{"nftables":[
            {"chain":{"family":"inet","table":"t","name":"input","type":"filter","hook":"input","prio":0,"policy":"drop"}},
            {"chain":{"family":"inet","table":"t","name":"plain"}},
            {"rule":{"family":"inet","table":"t","chain":"c","expr":[{"drop":null}]}},
            {"rule":{"family":"ip","table":"nat","chain":"post","expr":[{"dnat":{"addr":"10.0.0.2"}}]}},
            {"rule":{"family":"inet","table":"t","chain":"c","expr":[
              {"match":{"op":"==","left":{"meta":{"key":"iifname"}},"right":"eth0"}},
              {"match":{"op":"==","left":{"payload":{"protocol":"tcp","field":"dport"}},"right":3000}},{"drop":null}]}}]}"#;
        let found = rules(text, RuleQuery { port: 3000, proto: Protocol::Tcp });
        let texts: Vec<_> = found.iter().map(|rule| rule.text.as_str()).collect();
        assert_eq!(
            texts,
            [
                "iifname eth0 tcp dport 3000 drop (table inet t, chain c)",
                "drop (table inet t, chain c)",
                "policy drop (table inet t, chain input)",
            ]
        );
    }

    #[test]
    fn what_is_no_ruleset_has_no_rules() {
        for text in
            ["", "{", "[]", "{}", r#"{"nftables":3}"#, r#"{"nftables":[{"rule":{"expr":[1,null,{}]}}]}"#]
        {
            assert_eq!(rules(text, RuleQuery { port: 3000, proto: Protocol::Tcp }), [], "{text}");
        }
    }
}
