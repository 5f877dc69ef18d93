//! The address that `localhost` means first is one at which servers are met.

use std::{
    collections::BTreeSet,
    net::{IpAddr, Ipv4Addr, Ipv6Addr},
};

use super::super::{Facts, Row, row::Verdict};

/// See the module.
pub(super) const ROW: Row = Row { id: "address-order", judge };

/// The most ports that are named.
const MOST: usize = 4;

fn judge(facts: &Facts) -> Verdict {
    const V4: IpAddr = IpAddr::V4(Ipv4Addr::LOCALHOST);
    const V6: IpAddr = IpAddr::V6(Ipv6Addr::LOCALHOST);
    let found = match &facts.names.localhost.answer {
        Ok(found) => found,
        Err(why) => return Verdict::unknown("which address localhost means first", why),
    };
    let Some(first) = found.first() else {
        return Verdict::unknown("which address localhost means first", "it has none");
    };
    if !first.is_ipv6() {
        return Verdict::ok(format!("localhost means {first} first"));
    }
    let has_v6 = facts.net.bind(V6).map(|attempt| attempt.ok);
    if has_v6 == Some(false) {
        return Verdict::warn("localhost means ::1 first, which this machine does not have")
            .evidence(found.iter().map(ToString::to_string).collect::<Vec<_>>().join(", "))
            .cause("programs that try only the first address fail; the others fail once before they succeed")
            .fix(prefer(facts));
    }
    let listens_at = |place: IpAddr, port| facts.net.ears().any(|ear| ear.hears((place, port).into()));
    let ports: BTreeSet<u16> = facts.net.ears().map(|ear| ear.at.port()).collect();
    let lonely: Vec<u16> =
        ports.into_iter().filter(|port| listens_at(V4, *port) && !listens_at(V6, *port)).collect();
    if lonely.is_empty() {
        return Verdict::ok("localhost means ::1 first, and servers are met there");
    }
    let shown: Vec<String> = lonely.iter().take(MOST).map(ToString::to_string).collect();
    let more = lonely.len().saturating_sub(MOST);
    let more = if more > 0 { format!(" and {more} more") } else { String::new() };
    let noun = if lonely.len() == 1 { "port" } else { "ports" };
    Verdict::warn(format!(
        "localhost means ::1 first, and {noun} {}{more} listen on IPv4 alone",
        shown.join(", ")
    ))
    .cause("programs that try only the first address are refused; the others try 127.0.0.1 next")
    .fix(prefer(facts))
}

/// What makes 127.0.0.1 the first. A server that listens on both needs none of it.
fn prefer(facts: &Facts) -> String {
    match facts.names.prefers_v4 {
        // It is preferred already, and the hosts file alone says ::1: glibc keeps what it says.
        true => format!("sudo editor {}", facts.names.hosts_path),
        false => "echo 'precedence ::ffff:0:0/96  100' | sudo tee -a /etc/gai.conf".to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use navyd_model::{ConnectResult, diagnosis::State};

    use super::*;
    use crate::doctor::{Ear, Lookup, Names, Net};

    #[test]
    fn the_first_address_counts() {
        let both = &["::1", "127.0.0.1"][..];
        for (addresses, has_v6, ears, expected) in [
            (&["127.0.0.1", "::1"][..], true, &["127.0.0.1:3000"][..], State::Ok),
            (both, true, &[], State::Ok),
            (both, true, &["127.0.0.1:3000", "[::1]:3000"], State::Ok),
            (both, true, &["[::]:3000"], State::Ok),
            (both, true, &["[::1]:5173"], State::Ok),
            (both, true, &["127.0.0.1:3000"], State::Warn),
            (both, true, &["0.0.0.0:3000"], State::Warn),
            // A stub resolver's own address is no server that anybody calls localhost.
            (both, true, &["127.0.0.53:53"], State::Ok),
            (both, false, &[], State::Warn),
        ] {
            let result = if has_v6 { ConnectResult::Connected } else { ConnectResult::Failed };
            let net = Net {
                listeners: Ok(ears.iter().map(|at| Ear::at(at)).collect()),
                ..Net::reaching(&[("::1", result)])
            };
            let names = Names { localhost: Lookup::of(addresses), ..Names::unread() };
            let verdict = judge(&Facts { net, names, ..Facts::unread() });
            assert_eq!(verdict.state, expected, "{addresses:?} {ears:?} {verdict:?}");
        }
        assert_eq!(judge(&Facts::unread()).state, State::Unknown);
    }
}
