//! Published ports in what `iptables-save` and `ip6tables-save` print.

use std::{net::IpAddr, ops::RangeInclusive};

use navyd_model::Protocol;

use crate::kernel::rule::{Published, ToPort, is_of_engine};

/// The ports that the engines' chains lead elsewhere. A line of another shape is skipped.
pub(in crate::kernel::linux) fn published(text: &str) -> Vec<Published> {
    text.lines().filter_map(rule).flatten().collect()
}

/// `-A DOCKER ! -i docker0 -p tcp -m tcp --dport 8080 -j DNAT --to-destination 172.17.0.2:80`, which may name
/// several ports.
fn rule(line: &str) -> Option<Vec<Published>> {
    let words: Vec<&str> = line.split_ascii_whitespace().collect();
    let ["-A", chain, ..] = words.as_slice() else { return None };
    // What a condition turned around leaves is not a port that somebody published.
    let value = |flag: &str| {
        let at = words.iter().position(|word| *word == flag)?;
        (words[at - 1] != "!").then(|| words.get(at + 1).copied()).flatten()
    };
    if !is_of_engine(chain) || value("-j")? != "DNAT" {
        return None;
    }
    let proto = match value("-p")? {
        "tcp" => Protocol::Tcp,
        "udp" => Protocol::Udp,
        _ => return None,
    };
    let (to, to_ports) = destination(value("--to-destination")?)?;
    let published = |ports: RangeInclusive<u16>| Published {
        proto,
        address: value("-d").and_then(host),
        to_port: to_port(&ports, to_ports.as_deref()),
        ports,
        to,
    };
    let ports = value("--dport").or_else(|| value("--dports"))?;
    Some(ports.split(',').filter_map(|part| range(part, ':')).map(published).collect())
}

/// `127.0.0.1/32`; a whole network is none.
fn host(text: &str) -> Option<IpAddr> {
    let (address, length) = text.split_once('/').unwrap_or((text, ""));
    let address: IpAddr = address.parse().ok()?;
    let whole = if address.is_ipv4() { "32" } else { "128" };
    (length.is_empty() || length == whole).then_some(address)
}

/// `172.17.0.2:80`, `172.17.0.2:84-87`, `[fd00::2]:80`, or only the address. Several addresses are none.
fn destination(text: &str) -> Option<(IpAddr, Option<String>)> {
    if let Ok(address) = text.parse() {
        return Some((address, None));
    }
    let (address, ports) = text.rsplit_once(':')?;
    let bare = address.strip_prefix('[').and_then(|rest| rest.strip_suffix(']')).unwrap_or(address);
    Some((bare.parse().ok()?, Some(ports.to_owned())))
}

fn to_port(ports: &RangeInclusive<u16>, to: Option<&str>) -> ToPort {
    let Some(to) = to else { return ToPort::Same };
    range(to, '-').map_or(ToPort::Open, |to| super::lead(ports, &to))
}

/// `8080`, or two numbers with `between` between them.
fn range(text: &str, between: char) -> Option<RangeInclusive<u16>> {
    let (first, last) = text.split_once(between).unwrap_or((text, text));
    let (first, last) = (first.parse().ok()?, last.parse().ok()?);
    (first <= last && first > 0).then_some(first..=last)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn published_ports_are_those_that_an_engine_leads_elsewhere() {
        for (line, expected) in [
            (
                "-A DOCKER ! -i docker0 -p tcp -m tcp --dport 8080 -j DNAT --to-destination 172.17.0.2:80",
                "tcp * 8080-8080 172.17.0.2 One(80)",
            ),
            (
                "-A DOCKER -d 127.0.0.1/32 ! -i docker0 -p udp -m udp --dport 53 -j DNAT --to-destination 172.17.0.2:53",
                "udp 127.0.0.1 53-53 172.17.0.2 One(53)",
            ),
            (
                "-A DOCKER -p tcp -m tcp --dport 8080 -j DNAT --to-destination [fd00::2]:80",
                "tcp * 8080-8080 fd00::2 One(80)",
            ),
            (
                "-A CNI-DN-0a1b -p tcp -m tcp --dport 9000:9003 -j DNAT --to-destination 10.88.0.2:9000-9003",
                "tcp * 9000-9003 10.88.0.2 Same",
            ),
            (
                "-A NETAVARK-DN-1 -p tcp --dport 9000:9003 -j DNAT --to-destination 10.88.0.2:80-83",
                "tcp * 9000-9003 10.88.0.2 Open",
            ),
            (
                "-A DOCKER -p tcp --dport 7:9 -j DNAT --to-destination 10.0.0.2:7-9/7",
                "tcp * 7-9 10.0.0.2 Open",
            ),
            ("-A DOCKER -p tcp --dport 80 -j DNAT --to-destination fd00::2", "tcp * 80-80 fd00::2 Same"),
            (
                "-A DOCKER -d 10.0.0.0/8 -p tcp --dport 80 -j DNAT --to-destination 10.0.0.2",
                "tcp * 80-80 10.0.0.2 Same",
            ),
            (
                "-A DOCKER ! -d 10.0.0.1 -p tcp --dport 80 -j DNAT --to-destination 10.0.0.2",
                "tcp * 80-80 10.0.0.2 Same",
            ),
            (
                "-A CNI-X -p tcp -m multiport --dports 80,90:91 -j DNAT --to-destination 10.0.0.2",
                "tcp * 80-80 10.0.0.2 Same, tcp * 90-91 10.0.0.2 Same",
            ),
            ("-A PREROUTING -p tcp --dport 80 -j DNAT --to-destination 10.0.0.2", ""),
            ("-A DOCKER -p tcp ! --dport 80 -j DNAT --to-destination 10.0.0.2", ""),
            ("-A DOCKER -p tcp --dport 90:80 -j DNAT --to-destination 10.0.0.2", ""),
            ("-A DOCKER -p tcp --dport 80 -j DNAT --to-destination 10.0.0.2-10.0.0.9", ""),
            ("-A DOCKER -p sctp --dport 80 -j DNAT --to-destination 10.0.0.2", ""),
            ("-A DOCKER -p tcp -j DNAT --to-destination 10.0.0.2", ""),
            ("-A DOCKER -p tcp --dport 80 -j RETURN", ""),
            ("-A DOCKER -p tcp --dport 80 -j DNAT --to-destination", ""),
            ("-A DOCKER --dport", ""),
            (":DOCKER - [0:0]", ""),
        ] {
            let shown: Vec<_> = published(line).iter().map(super::super::shown).collect();
            assert_eq!(shown.join(", "), expected, "{line}");
        }
    }
}
