//! What answers at a port is what listens there: no rule leads connections to somebody else, or to nobody.

use std::{collections::BTreeMap, net::SocketAddr};

use super::super::{Facts, Row, row::Verdict};
use crate::kernel::{Action, Hit};

/// See the module.
pub(super) const ROW: Row = Row { id: "redirect", judge };

fn judge(facts: &Facts) -> Verdict {
    let filter = facts.net.filter.as_ref();
    if let Some(first) = facts.net.elsewhere.first() {
        let addresses: Vec<String> = facts.net.elsewhere.iter().map(|place| place.ip().to_string()).collect();
        let hit = filter.ok().and_then(|filter| {
            filter.fates.iter().find(|fate| fate.flow.to == *first)?.perhaps_by(Action::Nat)
        });
        let verdict = Verdict::fail(format!("connections to {} arrive elsewhere", addresses.join(", ")))
            .cause("a rule leads them away: what answers is not what listens there");
        return match (hit, filter) {
            (Some(hit), _) => named(verdict, hit),
            (None, Err(why)) => verdict.evidence(format!("the rule cannot be named: {why}")),
            (None, Ok(filter)) => {
                let older = filter.older.fates.iter().find(|fate| fate.flow.to == *first);
                match older.and_then(|fate| fate.perhaps_by(Action::Nat)) {
                    Some(hit) => named(verdict, hit),
                    None => verdict.evidence("no rule that was read is known to do it"),
                }
            }
        };
    }
    let filter = match filter {
        Ok(filter) => filter,
        Err(why) => {
            return Verdict::unknown("whether rules lead ports of this machine elsewhere", why)
                .fix("sudo navyd doctor");
        }
    };
    let heard = |place: SocketAddr| facts.net.ears().any(|ear| ear.hears(place));
    // Both families of one port are one rule, as a rule.
    let mut led: BTreeMap<u16, (SocketAddr, SocketAddr, &Hit)> = BTreeMap::new();
    for fate in &filter.led {
        let Some(hit) = fate.by(Action::Nat) else { continue };
        let Some(to) = hit.to.filter(|to| to.ip().is_loopback()) else { continue };
        led.entry(fate.flow.to.port()).or_insert((fate.flow.to, to, hit));
    }
    if facts.net.listeners.is_ok() {
        if let Some((from, to, hit)) = led.values().find(|(_, to, _)| !heard(*to)) {
            let summary = format!("port {} is led to {to}, where nothing listens", from.port());
            let verdict = Verdict::fail(summary)
                .cause(format!("connecting to {from} is refused, whatever listens on it"));
            return named(verdict, hit);
        }
        if let Some((from, to, hit)) = led.values().find(|(from, _, _)| heard(*from)) {
            let summary = format!("port {} is led to {to}, past the server that listens on it", from.port());
            let verdict = Verdict::warn(summary).cause("the server there hears nothing from this machine");
            return named(verdict, hit);
        }
    }
    match led.values().next() {
        None => Verdict::ok("no rule leads a port of loopback elsewhere"),
        Some((from, to, hit)) => {
            let more = if led.len() == 1 { String::new() } else { format!(", and {} more", led.len() - 1) };
            let summary = format!("port {} leads to {to}, where something listens{more}", from.port());
            Verdict::ok(summary).evidence(format!("rule `{}`", hit.text))
        }
    }
}

fn named(verdict: Verdict, hit: &Hit) -> Verdict {
    let verdict = verdict.evidence(format!("rule `{}`", hit.text));
    match &hit.mend {
        Some(mend) => verdict.fix(mend.clone()),
        None => verdict,
    }
}

#[cfg(test)]
mod tests {
    use navyd_model::diagnosis::State;

    use super::*;
    use crate::{
        doctor::{Ear, Net, firewall::scene},
        kernel::Filter,
    };

    #[test]
    fn where_ports_lead_and_who_listens_there() {
        let led = |certain, to: Option<&str>| {
            let mut filter =
                scene(&[("127.0.0.1", 3000, Action::Nat, certain), ("::1", 3000, Action::Nat, certain)]);
            for fate in &mut filter.fates {
                fate.hits[0].to = to.map(|to| to.parse().unwrap());
            }
            Ok(Filter { led: filter.fates, ..Filter::default() })
        };
        let denied = || Err("Operation not permitted".to_owned());
        for (filter, listeners, elsewhere, expected) in [
            (Ok(Filter::default()), &[][..], false, State::Ok),
            (denied(), &[], false, State::Unknown),
            (denied(), &[], true, State::Fail),
            (led(true, Some("127.0.0.1:8000")), &[], false, State::Fail),
            (led(true, Some("127.0.0.1:8000")), &["127.0.0.1:8000"], false, State::Ok),
            (led(true, Some("127.0.0.1:8000")), &["[::]:8000"], false, State::Ok),
            (led(true, Some("127.0.0.1:8000")), &["127.0.0.1:8000", "127.0.0.1:3000"], false, State::Warn),
            // To another machine, to where it does not say, and perhaps: not to be judged from here.
            (led(true, Some("10.0.0.2:8000")), &[], false, State::Ok),
            (led(true, None), &[], false, State::Ok),
            (led(false, Some("127.0.0.1:8000")), &[], false, State::Ok),
        ] {
            let listeners = Ok(listeners.iter().map(|at| Ear::at(at)).collect());
            let elsewhere = elsewhere.then(|| "127.0.0.1:40000".parse().unwrap()).into_iter().collect();
            let net = Net { filter, listeners, elsewhere, ..Net::unread() };
            let verdict = judge(&Facts { net, ..Facts::unread() });
            assert_eq!(verdict.state, expected, "{verdict:?}");
        }
    }
}
