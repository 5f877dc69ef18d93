//! The ports that container engines publish by a rule: without a proxy no socket here has them.
//!
//! `nft` shows what is written in nf_tables' own words. What came through the newer `iptables` it shows without the
//! destination, so then that is asked as well, and only then; for every table, because asking the older `iptables`
//! for one makes the kernel load it. Deliberately absent: the engines' own interfaces, which answer for one engine
//! each.

pub(in crate::kernel::linux) mod iptables;
pub(in crate::kernel::linux) mod nft;

use std::ops::RangeInclusive;

use super::{failed, legacy, output};
use crate::kernel::{
    rule::{Published, ToPort},
    socket::Error,
};

/// The ports that container engines publish, in the order in which the rules are tried.
///
/// Conditions other than protocol, address and port are not weighed: engines exclude their own bridge by them.
///
/// # Errors
/// When neither filter's program is installed, or none may read the rules.
pub fn published() -> Result<Vec<Published>, Error> {
    let mut all = Vec::new();
    match output("nft", &["-j", "list", "ruleset"]) {
        Ok(text) => {
            let read = nft::published(&text);
            all.extend(read.published);
            if read.opaque {
                all.extend(iptables::published(&output("iptables-save", &[]).map_err(failed)?));
            }
            if read.opaque_ipv6 {
                all.extend(iptables::published(&output("ip6tables-save", &[]).map_err(failed)?));
            }
        }
        Err(error) => {
            let text = output("iptables-save", &[]).map_err(|_| failed(error))?;
            all.extend(iptables::published(&text));
            // A kernel without IPv6 has no such table.
            all.extend(
                output("ip6tables-save", &[]).map(|text| iptables::published(&text)).unwrap_or_default(),
            );
        }
    }
    all.extend(legacy().iter().flat_map(|(_, text)| iptables::published(text)));
    Ok(first_of_each(all))
}

/// The first rule for a place decides; engines write some twice, for traffic from outside and from here.
fn first_of_each(all: Vec<Published>) -> Vec<Published> {
    let mut kept: Vec<Published> = Vec::new();
    for one in all.into_iter().filter(Published::leads_elsewhere) {
        let place = |one: &Published| (one.proto, one.address, one.ports.clone(), one.to.is_ipv4());
        if !kept.iter().any(|known| place(known) == place(&one)) {
            kept.push(one);
        }
    }
    kept
}

/// Where in the range `to` each of `ports` leads. Linux keeps a port that lies in the range, and chooses any of it
/// for one that does not (`nf_nat_core.c`, `get_unique_tuple`).
fn lead(ports: &RangeInclusive<u16>, to: &RangeInclusive<u16>) -> ToPort {
    match () {
        () if to.start() == to.end() => ToPort::One(*to.start()),
        () if to.contains(ports.start()) && to.contains(ports.end()) => ToPort::Same,
        () => ToPort::Open,
    }
}

/// One line for the tables of tests: `tcp * 80-80 10.0.0.2 One(80)`.
#[cfg(test)]
fn shown(one: &Published) -> String {
    let address = one.address.map_or_else(|| "*".to_owned(), |address| address.to_string());
    let (first, last) = (one.ports.start(), one.ports.end());
    format!("{} {address} {first}-{last} {} {:?}", one.proto.as_str(), one.to, one.to_port)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_place_is_published_once_and_never_to_itself() {
        let text = "\
            -A DOCKER -p tcp --dport 80 -j DNAT --to-destination 172.17.0.2:80\n\
            -A DOCKER -p tcp --dport 80 -j DNAT --to-destination 172.17.0.3:80\n\
            -A DOCKER -p udp --dport 80 -j DNAT --to-destination 172.17.0.2:80\n\
            -A DOCKER -p tcp --dport 80 -j DNAT --to-destination [fd00::2]:80\n\
            -A NETAVARK-HOSTPORT-DNAT -d 10.89.3.1/32 -p udp --dport 53 -j DNAT --to-destination 10.89.3.1:1153\n\
            -A DOCKER -p tcp --dport 81 -j DNAT --to-destination 127.0.0.1:80\n";
        let kept = first_of_each(iptables::published(text));
        let shown: Vec<_> = kept.iter().map(|one| format!("{} {}", one.proto.as_str(), one.to)).collect();
        assert_eq!(shown, ["tcp 172.17.0.2", "udp 172.17.0.2", "tcp fd00::2"]);
    }
}
