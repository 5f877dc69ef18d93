//! A04: a port is led elsewhere, and nobody listens on it.

use std::net::SocketAddr;

use super::super::{At, Check, Facts, Firewall, Judge, Power, Reach, check::Found};
use crate::{
    kernel::{Action, Fate},
    listeners::reaches,
};

/// See the module.
pub(super) const CHECK: Check = Check {
    id: "A04",
    title: "a port answers, and nobody listens on it",
    why: "A rule of the packet filter leads it elsewhere. No table of sockets shows that, so an old rule, or one of \
          somebody else, sends what is meant for this machine to where nobody looks.",
    spares: "Ports of containers, whose engines say what they publish; rules under conditions that cannot be told by \
             reading; and rules that nobody needed to read, where nothing listens beyond loopback.",
    fixes: &[("", "sudo nft -a list ruleset")],
    judge: Judge::Whole(judge),
};

fn judge(facts: &Facts) -> Vec<At<'_>> {
    let Firewall::Read { led, .. } = &facts.firewall else { return Vec::new() };
    let found = led.iter().filter(|fate| !is_taken(facts, fate.flow.to)).filter_map(found);
    found.map(|found| (None, found)).collect()
}

fn found(fate: &Fate) -> Option<Found> {
    let hit = fate.by(Action::Nat)?;
    let to = hit.to.map_or_else(|| "elsewhere".to_owned(), |to| format!("to {to}"));
    let evidence = format!("nobody listens on {}, and a rule leads it {to}: {}", fate.flow.to, hit.text);
    Some(
        Found::observed(Power::Info, Reach::AnyUser, evidence)
            .fix(hit.mend.clone().unwrap_or_else(|| line(&hit.text))),
    )
}

/// The line that shows the rule with its handle, by which it can be taken away.
fn line(rule: &str) -> String {
    let place =
        rule.rsplit_once("(table ").and_then(|(_, place)| place.strip_suffix(')')?.split_once(", chain "));
    match place {
        Some((table, chain)) => format!("sudo nft -a list chain {table} {chain}"),
        None => "sudo nft -a list ruleset".to_owned(),
    }
}

/// Whether a socket of this machine would have had the connection.
fn is_taken(facts: &Facts, to: SocketAddr) -> bool {
    facts.subjects.iter().filter(|subject| subject.is_tcp()).map(|subject| &subject.listener).any(
        |listener| {
            listener.port == Some(to.port())
                && listener.netns.is_none()
                && listener.address.is_some_and(|bound| reaches(bound, listener.v6only, to.ip()))
        },
    )
}

#[cfg(test)]
mod tests {
    use std::collections::HashMap;

    use super::{
        super::fixture::{bound, held, machine},
        *,
    };
    use crate::kernel::{Flow, Hit};

    #[test]
    fn planted_and_clean() {
        for (port, certain, listens, expected) in
            [(80, true, 3000, true), (80, false, 3000, false), (3000, true, 3000, false)]
        {
            let to = Some(([127, 0, 0, 1], 8000).into());
            let hit = Hit { action: Action::Nat, to, ..Hit::drop("tcp dport 80 redirect to :8000", certain) };
            let from = [127, 0, 0, 1].into();
            let flow = Flow { to: (from, port).into(), from, ports: 1024..=2048 };
            let led = vec![Fate { flow, hits: vec![hit] }];
            let mut facts = machine(bound("0.0.0.0", held(listens, "node", None)), &[]);
            facts.firewall = Firewall::Read { stops: HashMap::new(), led, second: false };
            let found = judge(&facts);
            assert_eq!(!found.is_empty(), expected, "{port} {certain} {listens}");
            if expected {
                assert_eq!(
                    found[0].1.evidence,
                    "nobody listens on 127.0.0.1:80, and a rule leads it to 127.0.0.1:8000: tcp dport 80 redirect to :8000"
                );
            }
        }
        assert!(judge(&Facts::default()).is_empty());
        assert_eq!(
            line("tcp dport 80 redirect (table ip nat, chain out)"),
            "sudo nft -a list chain ip nat out"
        );
        assert_eq!(line("(table "), "sudo nft -a list ruleset");
    }
}
