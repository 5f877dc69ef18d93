//! What `iptables-save` prints (iptables-save(8)), read for one port.

use crate::kernel::rule::{Action, Rule, RuleQuery};

/// The rules and policies that concern the port. A line is a rule when it begins with `-A`.
pub(in crate::kernel::linux) fn rules(text: &str, query: RuleQuery) -> Vec<Rule> {
    let mut found: Vec<Rule> =
        text.lines().filter_map(|line| rule(line, query).or_else(|| policy(line))).collect();
    found.sort_by_key(|rule| !rule.names_port);
    found
}

/// How many rules, and policies that drop, there are.
pub(in crate::kernel::linux) fn count(text: &str) -> usize {
    text.lines().filter(|line| line.starts_with("-A ") || policy(line).is_some()).count()
}

fn rule(line: &str, query: RuleQuery) -> Option<Rule> {
    let words: Vec<&str> = line.split_ascii_whitespace().collect();
    let ["-A", chain, ..] = words.as_slice() else { return None };
    let value =
        |flag: &str| words.iter().position(|word| *word == flag).and_then(|at| words.get(at + 1)).copied();
    let action = match value("-j")? {
        "DROP" => Action::Drop,
        "REJECT" => Action::Reject,
        "REDIRECT" | "DNAT" => Action::Nat,
        _ => return None,
    };
    let negated = |flag: &str| words.windows(2).any(|pair| pair == ["!", flag]);
    if value("-p").is_some_and(|proto| proto != query.proto.as_str() && proto != "all") && !negated("-p") {
        return None;
    }
    let flag = ["--dport", "--dports"].into_iter().find(|flag| words.contains(flag));
    let mut names_port = false;
    if let Some((flag, ports)) = flag.and_then(|flag| Some((flag, value(flag)?))) {
        if holds(ports, query.port) == negated(flag) {
            return None;
        }
        names_port = !negated(flag);
    }
    let useful = names_port || action != Action::Nat;
    useful.then(|| Rule { action, names_port, chain: (*chain).to_owned(), text: line.trim().to_owned() })
}

/// `:INPUT DROP [0:0]`: what no rule of the chain accepts is dropped.
fn policy(line: &str) -> Option<Rule> {
    let (chain, rest) = line.strip_prefix(':')?.split_once(' ')?;
    rest.starts_with("DROP").then(|| Rule {
        action: Action::Drop,
        names_port: false,
        chain: chain.to_owned(),
        text: format!("policy DROP of chain {chain}"),
    })
}

/// `3000`, `3000:3010`, `80,3000:3010`.
pub(super) fn holds(ports: &str, port: u16) -> bool {
    ports.split(',').any(|part| {
        let (first, last) = part.split_once(':').unwrap_or((part, part));
        let number = |text: &str, open: u16| if text.is_empty() { Some(open) } else { text.parse().ok() };
        number(first, 0).is_some_and(|first| first <= port)
            && number(last, u16::MAX).is_some_and(|last| port <= last)
    })
}

#[cfg(test)]
mod tests {
    use navyd_model::Protocol;

    use super::*;

    #[test]
    fn a_rule_is_found_by_its_port() {
        for (line, expected) in [
            ("-A INPUT -p tcp -m tcp --dport 3000 -j DROP", Some((Action::Drop, true))),
            ("-A INPUT -p tcp -m tcp --dport 3001 -j DROP", None),
            ("-A INPUT -p udp -m udp --dport 3000 -j DROP", None),
            ("-A INPUT -p tcp -m tcp ! --dport 3000 -j DROP", None),
            ("-A INPUT -p tcp -m tcp ! --dport 22 -j DROP", Some((Action::Drop, false))),
            (
                "-A INPUT -p tcp -m tcp --dport 2990:3010 -j REJECT --reject-with tcp-reset",
                Some((Action::Reject, true)),
            ),
            ("-A INPUT -p tcp -m multiport --dports 80,3000 -j REJECT", Some((Action::Reject, true))),
            ("-A INPUT -p tcp -m tcp --dport :1023 -j DROP", None),
            ("-A INPUT -j DROP", Some((Action::Drop, false))),
            ("-A OUTPUT -p tcp -m tcp --dport 3000 -j REDIRECT --to-ports 8200", Some((Action::Nat, true))),
            (
                "-A DOCKER ! -i docker0 -p tcp -m tcp --dport 3000 -j DNAT --to-destination 172.17.0.2:80",
                Some((Action::Nat, true)),
            ),
            ("-A POSTROUTING -j DNAT --to-destination 10.0.0.2", None),
            ("-A INPUT -p tcp -m tcp --dport 3000 -j ACCEPT", None),
            (":INPUT DROP [12:720]", Some((Action::Drop, false))),
            (":INPUT ACCEPT [12:720]", None),
            ("-A", None),
            ("-A INPUT --dport -j", None),
            ("*filter", None),
        ] {
            let found = rules(line, RuleQuery { port: 3000, proto: Protocol::Tcp });
            assert_eq!(found.first().map(|rule| (rule.action, rule.names_port)), expected, "{line}");
        }
    }

    #[test]
    fn rules_and_policies_that_drop_are_counted() {
        let text =
            "# comment\n*filter\n:INPUT DROP [0:0]\n:OUTPUT ACCEPT [0:0]\n-A INPUT -i lo -j ACCEPT\nCOMMIT\n";
        assert_eq!((count(text), count(":INPUT ACCEPT [0:0]\n"), count("")), (2, 0, 0));
    }

    #[test]
    fn a_container_engine_is_known_by_its_chain() {
        let found = rules(
            "-A DOCKER -p tcp --dport 3000 -j DNAT --to-destination 172.17.0.2:80",
            RuleQuery { port: 3000, proto: Protocol::Tcp },
        );
        assert!(found[0].is_of_container());
    }
}
