//! A server on `::` serves IPv4 as well, which most programs rely on.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};

use super::super::{Facts, Row, row::Verdict};

/// See the module.
pub(super) const ROW: Row = Row { id: "bindv6only", judge };

fn judge(facts: &Facts) -> Verdict {
    match &facts.net.settings.v6_alone {
        Err(why) => return Verdict::unknown("whether `::` serves IPv4", why),
        Ok(None) => return Verdict::ok("this kernel has no IPv6"),
        Ok(Some(true)) => {
            return Verdict::warn("servers on `::` do not serve IPv4")
                .evidence("net.ipv6.bindv6only is 1")
                .cause("a server that binds `::` alone is not reached at 127.0.0.1")
                .fix("sudo sysctl -w net.ipv6.bindv6only=0");
        }
        Ok(Some(false)) => {}
    }
    // A server may ask for IPv6 alone and mean it, so it is told and not a finding.
    let heard = |port| {
        let place = SocketAddr::new(IpAddr::V4(Ipv4Addr::LOCALHOST), port);
        facts.net.ears().any(|ear| ear.hears(place))
    };
    let any = IpAddr::V6(Ipv6Addr::UNSPECIFIED);
    let alone = facts.net.ears().filter(|ear| ear.at.ip() == any && ear.v6only == Some(true));
    let mut ports: Vec<u16> = alone.map(|ear| ear.at.port()).filter(|port| !heard(*port)).collect();
    ports.sort_unstable();
    let verdict = Verdict::ok("servers on `::` serve IPv4 as well, unless they ask not to");
    if ports.is_empty() {
        return verdict;
    }
    let ports: Vec<String> = ports.iter().map(u16::to_string).collect();
    verdict.evidence(format!("IPv6 alone, with nothing on 127.0.0.1: {}", ports.join(", ")))
}

#[cfg(test)]
mod tests {
    use navyd_model::diagnosis::State;

    use super::*;
    use crate::doctor::{Ear, Net};

    #[test]
    fn the_setting_and_the_servers_that_ask_for_it() {
        let alone = |at: &str| Ear { v6only: Some(true), ..Ear::at(at) };
        let told = Some("IPv6 alone, with nothing on 127.0.0.1: 80");
        for (set, listeners, expected, evidence) in [
            (Ok(Some(false)), Vec::new(), State::Ok, None),
            (Ok(Some(true)), Vec::new(), State::Warn, Some("net.ipv6.bindv6only is 1")),
            (Ok(Some(false)), vec![alone("[::]:80")], State::Ok, told),
            // nginx and sshd bind both families, each by itself.
            (Ok(Some(false)), vec![alone("[::]:80"), Ear::at("0.0.0.0:80")], State::Ok, None),
            (Ok(Some(false)), vec![Ear::at("[::]:80")], State::Ok, None),
            (Ok(Some(false)), vec![alone("[::1]:80")], State::Ok, None),
            (Ok(None), Vec::new(), State::Ok, None),
            (Err("EACCES".to_owned()), Vec::new(), State::Unknown, None),
        ] {
            let mut net = Net { listeners: Ok(listeners), ..Net::unread() };
            net.settings.v6_alone = set;
            let verdict = judge(&Facts { net, ..Facts::unread() });
            assert_eq!((verdict.state, verdict.evidence.as_deref()), (expected, evidence));
        }
    }
}
