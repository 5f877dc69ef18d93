//! How a name becomes an address: as programs on this machine do it, through the system's own resolver.
//!
//! Deliberately absent: asking name servers directly, and every opinion about which answer is right.

use std::{
    fs, io,
    net::{IpAddr, Ipv4Addr, Ipv6Addr, ToSocketAddrs},
    sync::mpsc,
    thread,
    time::Duration,
};

use navyd_model::why::Resolution;

use crate::kernel::HOSTS;

/// How long the resolver may take: a name of this machine is answered from a file, and a name server that is
/// silent for two seconds is a finding by itself.
const PATIENCE: Duration = Duration::from_secs(2);

/// Who leads a name to loopback that the system's resolver does not know.
pub(super) const BY_THEMSELVES: &str = "*.localhost";

/// Resolves a name.
pub fn resolve(name: &str) -> Resolution {
    let hosts =
        fs::read(HOSTS).map(|text| in_hosts(&String::from_utf8_lossy(&text), name)).unwrap_or_default();
    judge(name, &hosts, ask(name))
}

/// What the answers mean.
fn judge(name: &str, hosts: &[IpAddr], answer: io::Result<Vec<IpAddr>>) -> Resolution {
    let resolution = |addresses: Vec<IpAddr>, source: &str, note: Option<String>| Resolution {
        name: name.to_owned(),
        addresses,
        source: source.to_owned(),
        wins: None,
        note,
    };
    // RFC 6761 §6.3: "Users may assume that IPv4 and IPv6 address queries for localhost names will always
    // resolve to the respective IP loopback address."
    let is_localhost = name == "localhost" || name.ends_with(".localhost");
    match answer {
        Ok(addresses) if !addresses.is_empty() => {
            let from_file = !hosts.is_empty() && addresses.iter().all(|address| hosts.contains(address));
            let elsewhere = is_localhost && !addresses.iter().all(IpAddr::is_loopback);
            let note =
                elsewhere.then(|| "browsers lead it to loopback whatever the resolver says".to_owned());
            resolution(addresses, if from_file { "hosts file" } else { "resolver" }, note)
        }
        _ if is_localhost => {
            let loopback = vec![IpAddr::V6(Ipv6Addr::LOCALHOST), IpAddr::V4(Ipv4Addr::LOCALHOST)];
            let note = "browsers and curl lead it to loopback by themselves; this system's resolver has no \
                        address for it, so other programs fail";
            resolution(loopback, BY_THEMSELVES, Some(note.to_owned()))
        }
        Ok(_) => resolution(Vec::new(), "resolver", Some("it has no address".into())),
        Err(error) => resolution(Vec::new(), "resolver", Some(error.to_string())),
    }
}

/// The addresses that a hosts file gives a name, in its order (hosts(5)).
pub(super) fn in_hosts(text: &str, name: &str) -> Vec<IpAddr> {
    let line = |line: &str| {
        let mut words = line.split('#').next()?.split_ascii_whitespace();
        let address: IpAddr = words.next()?.parse().ok()?;
        words.any(|word| word.trim_end_matches('.').eq_ignore_ascii_case(name)).then_some(address)
    };
    text.lines().filter_map(line).collect()
}

/// Asks the system's resolver, for as long as [`PATIENCE`] lasts. It cannot be interrupted, so it runs on a
/// thread of its own that is left behind when it takes longer: it owns nothing but the name.
pub(crate) fn ask(name: &str) -> io::Result<Vec<IpAddr>> {
    let (say, answers) = mpsc::channel();
    let asked = name.to_owned();
    thread::Builder::new().name("resolve".into()).spawn(move || {
        let found = (asked.as_str(), 0).to_socket_addrs().map(|found| {
            let mut addresses: Vec<IpAddr> = Vec::new();
            for address in found.map(|address| address.ip().to_canonical()) {
                if !addresses.contains(&address) {
                    addresses.push(address);
                }
            }
            addresses
        });
        // Nobody waits any more when time ran out.
        drop(say.send(found));
    })?;
    answers.recv_timeout(PATIENCE).unwrap_or_else(|_| {
        Err(io::Error::new(io::ErrorKind::TimedOut, format!("no answer within {} s", PATIENCE.as_secs())))
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn addresses(texts: &[&str]) -> Vec<IpAddr> {
        texts.iter().map(|text| text.parse().unwrap()).collect()
    }

    #[test]
    fn a_hosts_file_is_read_as_programs_read_it() {
        let text = "127.0.0.1 localhost shop.test # local.test\n::1\tLocalhost ip6-localhost\n\n# 10.0.0.1 shop.test\n\
                    10.0.0.2 SHOP.test.\nnonsense shop.test\n192.168.1.7\n";
        for (name, expected) in [
            ("localhost", &["127.0.0.1", "::1"][..]),
            ("shop.test", &["127.0.0.1", "10.0.0.2"]),
            ("local.test", &[]),
            ("shop", &[]),
            ("", &[]),
        ] {
            assert_eq!(in_hosts(text, name), addresses(expected), "{name}");
        }
    }

    #[test]
    fn who_said_so_is_told() {
        let none = || Err(io::Error::other("no such host"));
        for (name, hosts, answer, source, expected, noted) in [
            (
                "localhost",
                &["127.0.0.1"][..],
                Ok(&["127.0.0.1"][..]),
                "hosts file",
                &["127.0.0.1"][..],
                false,
            ),
            ("localhost", &[], Ok(&["::1", "127.0.0.1"]), "resolver", &["::1", "127.0.0.1"], false),
            ("db.test", &["10.0.0.1"], Ok(&["10.0.0.2"]), "resolver", &["10.0.0.2"], false),
            ("shop.localhost", &[], none(), "*.localhost", &["::1", "127.0.0.1"], true),
            ("shop.localhost", &[], Ok(&["127.0.0.1"]), "resolver", &["127.0.0.1"], false),
            ("shop.localhost", &[], Ok(&["10.0.0.9"]), "resolver", &["10.0.0.9"], true),
            ("nobody.test", &[], none(), "resolver", &[], true),
            ("nobody.test", &[], Ok(&[]), "resolver", &[], true),
            ("notlocalhost", &[], none(), "resolver", &[], true),
        ] {
            let found = judge(name, &addresses(hosts), answer.map(addresses));
            assert_eq!((found.source.as_str(), found.note.is_some()), (source, noted), "{name}");
            assert_eq!(found.addresses, addresses(expected), "{name}");
        }
    }

    #[test]
    fn localhost_is_loopback_here() {
        let found = resolve("localhost");
        assert!(!found.addresses.is_empty() && found.addresses.iter().all(IpAddr::is_loopback), "{found:?}");
    }
}
