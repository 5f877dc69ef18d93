//! navyd's own port is navyd's, or free, and no connection can take it by chance.

use navyd_model::hub::PORT;

use super::super::{Facts, Row, row::Verdict};

/// See the module.
pub(super) const ROW: Row = Row { id: "our-port", judge };

fn judge(facts: &Facts) -> Verdict {
    let limits = &facts.limits;
    let held = match &facts.net.own_port {
        Ok(held) => held,
        Err(why) => return Verdict::unknown(format!("who has port {PORT}"), why),
    };
    if let Some(held) = held.as_ref().filter(|held| !held.ours) {
        let by = held.by.as_deref().unwrap_or("a program that may not be seen");
        let does = if held.listens { "listens on" } else { "has drawn" };
        return Verdict::warn(format!("{by} {does} port {PORT}"))
            .evidence(if held.listens { "a socket in LISTEN" } else { "the own end of a connection" })
            .cause("navyd takes the next free port: addresses with this port lead to another program")
            .fix(format!("navyd why {PORT}"));
    }
    let inside = limits.ephemeral.as_ref().is_some_and(|range| range.contains(&PORT));
    let reserved = limits.reserved.iter().any(|range| range.contains(&PORT));
    if inside && !reserved {
        let old = limits.reserved.iter().map(|range| format!("{}-{}", range.start(), range.end()));
        let all: Vec<String> = old.chain([PORT.to_string()]).collect();
        return Verdict::warn(format!("port {PORT} lies where outgoing connections draw their ports"))
            .cause("while the hub is down, any connection may take it")
            .fix(format!("sudo sysctl -w net.ipv4.ip_local_reserved_ports={}", all.join(",")));
    }
    match held {
        Some(_) => Verdict::ok(format!("navyd has port {PORT}")),
        None => Verdict::ok(format!("port {PORT} is free")),
    }
}

#[cfg(test)]
mod tests {
    use navyd_model::diagnosis::State;

    use super::*;
    use crate::{
        doctor::{Held, Net},
        kernel::Limits,
    };

    #[test]
    fn who_has_it_and_who_could() {
        let held =
            |by: Option<&str>, ours, listens| Ok(Some(Held { by: by.map(str::to_owned), ours, listens }));
        let linux = || Some(32768..=60999);
        for (own_port, range, reserved, expected, said) in [
            (Ok(None), linux(), None, State::Ok, "is free"),
            (held(Some("`navyd` (pid 8)"), true, true), linux(), None, State::Ok, "navyd has"),
            (held(Some("`nc` (pid 9)"), false, true), linux(), None, State::Warn, "`nc` (pid 9) listens on"),
            (held(None, false, false), linux(), None, State::Warn, "has drawn"),
            (Ok(None), Some(49152..=65535), None, State::Warn, "outgoing connections"),
            (Ok(None), Some(49152..=65535), Some(62000..=63000), State::Ok, "is free"),
            (Ok(None), None, None, State::Ok, "is free"),
            (Err("EACCES".to_owned()), None, None, State::Unknown, "who has"),
        ] {
            let limits = Limits {
                ephemeral: range,
                reserved: reserved.into_iter().collect(),
                ..Facts::unread().limits
            };
            let verdict = judge(&Facts { limits, net: Net { own_port, ..Net::unread() }, ..Facts::unread() });
            assert_eq!(verdict.state, expected, "{verdict:?}");
            assert!(verdict.summary.contains(said), "{verdict:?}");
        }
    }
}
