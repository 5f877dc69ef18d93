//! What the older filter may do with a connection of this machine to itself, by reading what `iptables-legacy-save` prints.
//!
//! It is read coarsely: a rule is possible where the way to it passes the loopback device and no condition on devices,
//! protocol or port rules it out. Bias: towards possible, and never certain; a rule behind one that accepts is told as well.
//! Deliberately absent: the chains that only packets from elsewhere meet.

use std::collections::BTreeSet;

use super::iptables::holds;
use crate::kernel::{
    filter::{Flow, Hit},
    rule::Action,
};

/// The chains that a packet over the loopback device meets, besides those that they lead to.
const FIRST: [&str; 2] = ["INPUT", "OUTPUT"];

/// The rules and policies that may take the flow, in the order in which they are printed.
pub(super) fn hits(text: &str, flow: &Flow, program: &str) -> Vec<Hit> {
    let mut found = Vec::new();
    let mut rest = text;
    while let Some((table, body, behind)) = table(rest) {
        let met = met(body);
        let hit = |line: &str| {
            let (action, what, mend) = rule(line, &met, flow).or_else(|| policy(line))?;
            let option = if table == "filter" { String::new() } else { format!(" -t {table}") };
            Some(Hit {
                action,
                certain: false,
                answers: false,
                to: None,
                text: format!("{what} ({program}, table {table})"),
                mend: Some(format!("sudo {program}{option} {mend}")),
            })
        };
        found.extend(body.lines().filter_map(hit));
        rest = behind;
    }
    found
}

/// `*filter` up to `COMMIT`: the table's name, its lines, and what stands behind it.
fn table(text: &str) -> Option<(&str, &str, &str)> {
    let (_, text) = text.split_once('*')?;
    let (name, text) = text.split_once('\n')?;
    let (body, behind) = text.split_once("COMMIT").unwrap_or((text, ""));
    Some((name.trim(), body, behind))
}

/// The chains that a packet over the loopback device may meet.
fn met(body: &str) -> BTreeSet<&str> {
    let jumps: Vec<(&str, &str)> = body
        .lines()
        .filter_map(|line| {
            let words: Vec<&str> = line.split_ascii_whitespace().collect();
            let ["-A", chain, ..] = words.as_slice() else { return None };
            Some((*chain, value(&words, "-j").or_else(|| value(&words, "-g"))?))
        })
        .collect();
    let mut met = BTreeSet::from(FIRST);
    loop {
        let before = met.len();
        for (from, to) in &jumps {
            if met.contains(from) {
                met.insert(to);
            }
        }
        if met.len() == before {
            return met;
        }
    }
}

/// A rule that may take the flow: what it does, itself, and what takes it away.
fn rule(line: &str, met: &BTreeSet<&str>, flow: &Flow) -> Option<(Action, String, String)> {
    let words: Vec<&str> = line.split_ascii_whitespace().collect();
    let ["-A", chain, conditions @ ..] = words.as_slice() else { return None };
    let action = match value(&words, "-j")? {
        "DROP" => Action::Drop,
        "REJECT" => Action::Reject,
        "REDIRECT" | "DNAT" => Action::Nat,
        _ => return None,
    };
    let negated = |flag: &str| words.windows(2).any(|pair| pair == ["!", flag]);
    let fits = |flag: &str, holds: &dyn Fn(&str) -> bool| {
        value(&words, flag).is_none_or(|value| holds(value) != negated(flag))
    };
    // What comes in by `lo` has gone out by it before.
    let device =
        |name: &str| name == "lo" || name.strip_suffix('+').is_some_and(|start| "lo".starts_with(start));
    let port = |ports: &str| holds(ports, flow.to.port());
    let may = met.contains(chain)
        && fits("-p", &|proto| matches!(proto, "tcp" | "all"))
        && fits("-i", &device)
        && fits("-o", &device)
        && fits("--dport", &port)
        && fits("--dports", &port);
    may.then(|| (action, line.trim().to_owned(), format!("-D {chain} {}", conditions.join(" "))))
}

/// `:INPUT DROP [0:0]`: what no rule of the chain accepts is dropped.
fn policy(line: &str) -> Option<(Action, String, String)> {
    let (chain, rest) = line.strip_prefix(':')?.split_once(' ')?;
    let flag = match chain {
        "INPUT" => "-i",
        "OUTPUT" => "-o",
        _ => return None,
    };
    let mend = format!("-I {chain} {flag} lo -j ACCEPT");
    rest.starts_with("DROP").then(|| (Action::Drop, format!("policy DROP of chain {chain}"), mend))
}

fn value<'a>(words: &[&'a str], flag: &str) -> Option<&'a str> {
    words.iter().position(|word| *word == flag).and_then(|at| words.get(at + 1)).copied()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn found(text: &str) -> Vec<(Action, String, String)> {
        let flow = Flow::own("127.0.0.1:3000".parse().unwrap(), 32768..=60999);
        let hits = hits(text, &flow, "iptables-legacy").into_iter();
        hits.map(|hit| (hit.action, hit.text, hit.mend.unwrap())).collect()
    }

    #[test]
    fn a_rule_may_take_a_connection_or_cannot() {
        for (line, expected) in [
            ("-A INPUT -p tcp -m tcp --dport 3000 -j DROP", Some(Action::Drop)),
            ("-A OUTPUT -o lo -p tcp -j REJECT --reject-with tcp-reset", Some(Action::Reject)),
            ("-A INPUT ! -i eth0 -j DROP", Some(Action::Drop)),
            ("-A INPUT -i l+ -j DROP", Some(Action::Drop)),
            ("-A INPUT -m multiport --dports 80,3000 -j DROP", Some(Action::Drop)),
            ("-A INPUT -j CHAIN\n-A CHAIN -j DROP", Some(Action::Drop)),
            ("-A INPUT -p tcp -m tcp --dport 3001 -j DROP", None),
            ("-A INPUT -p tcp -m tcp ! --dport 3000 -j DROP", None),
            ("-A INPUT -p udp -j DROP", None),
            ("-A INPUT -i eth0 -j DROP", None),
            ("-A INPUT ! -i lo -j DROP", None),
            ("-A FORWARD -j DROP", None),
            ("-A CHAIN -j DROP", None),
            ("-A INPUT -p tcp -m tcp --dport 3000 -j ACCEPT", None),
            ("-A INPUT", None),
            ("-A", None),
            (":INPUT DROP [12:720]", Some(Action::Drop)),
            (":FORWARD DROP [12:720]", None),
            (":INPUT ACCEPT [12:720]", None),
        ] {
            let found = found(&format!("# comment\n*filter\n{line}\nCOMMIT\n"));
            assert_eq!(found.first().map(|(action, ..)| *action), expected, "{line}");
        }
        assert!(
            found("").is_empty() && found("-A INPUT -j DROP\n").is_empty() && found("*filter").is_empty()
        );
    }

    #[test]
    fn what_takes_it_away_names_its_table() {
        let text = "*nat\n:OUTPUT ACCEPT [0:0]\n-A OUTPUT -p tcp --dport 3000 -j REDIRECT --to-ports 8000\nCOMMIT\n\
                    *filter\n:INPUT DROP [0:0]\nCOMMIT\n";
        let lines: Vec<String> =
            found(text).into_iter().map(|(_, text, mend)| format!("{text} | {mend}")).collect();
        assert_eq!(
            lines,
            [
                "-A OUTPUT -p tcp --dport 3000 -j REDIRECT --to-ports 8000 (iptables-legacy, table nat) | \
                 sudo iptables-legacy -t nat -D OUTPUT -p tcp --dport 3000 -j REDIRECT --to-ports 8000",
                "policy DROP of chain INPUT (iptables-legacy, table filter) | \
                 sudo iptables-legacy -I INPUT -i lo -j ACCEPT",
            ]
        );
    }
}
