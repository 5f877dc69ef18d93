//! `resolv.conf`, `nsswitch.conf` and `gai.conf`, as far as they decide where names of this machine lead. Pure.

use std::net::IpAddr;

/// The most that is read of such a file, in bytes.
pub(in crate::doctor) const LONGEST: u64 = 256 * 1024;

/// As many name servers as glibc asks (MAXNS of resolv.conf(5)).
const MOST_SERVERS: usize = 3;

/// What `resolv.conf` says.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Resolver {
    /// The name servers that are asked, at most three.
    pub servers: Vec<IpAddr>,
    /// The words behind `nameserver` that are no addresses.
    pub faults: Vec<String>,
}

impl Resolver {
    /// Reads it, whatever bytes it holds.
    pub fn parse(bytes: &[u8]) -> Self {
        let text = String::from_utf8_lossy(bytes);
        let mut found = Self::default();
        // resolv.conf(5): "The keyword and value must appear on a single line, and the keyword must start the line."
        for line in text.lines() {
            let Some(rest) = line.strip_prefix("nameserver") else { continue };
            if !rest.starts_with([' ', '\t']) {
                continue;
            }
            let Some(word) = rest.split_ascii_whitespace().next() else { continue };
            // A link-local address has its device behind it.
            match word.split('%').next().and_then(|address| address.parse().ok()) {
                Some(server) if found.servers.len() < MOST_SERVERS => found.servers.push(server),
                None if found.faults.len() < MOST_SERVERS => found.faults.push(word.to_owned()),
                _ => {}
            }
        }
        found
    }
}

/// The sources of host names in the line `hosts:` of nsswitch.conf(5), without what to do between them.
pub fn sources(bytes: &[u8]) -> Option<Vec<String>> {
    let text = String::from_utf8_lossy(bytes);
    let said = text.lines().find_map(|line| {
        line.split('#')
            .next()
            .unwrap_or_default()
            .trim_start()
            .strip_prefix("hosts")?
            .trim_start()
            .strip_prefix(':')
    })?;
    let mut inside = false;
    let outside = |word: &&str| {
        let acts = inside || word.starts_with('[');
        inside = acts && !word.ends_with(']');
        !acts
    };
    Some(said.split_ascii_whitespace().filter(outside).map(str::to_owned).collect())
}

/// Whether gai.conf(5) prefers IPv4, as a line `precedence ::ffff:0:0/96 100` makes it.
pub fn prefers_v4(bytes: &[u8]) -> bool {
    let text = String::from_utf8_lossy(bytes);
    let value = |line: &str| {
        let mut words = line.split('#').next()?.split_ascii_whitespace();
        (words.next()? == "precedence" && words.next()? == "::ffff:0:0/96")
            .then_some(words.next()?.parse().ok()?)
    };
    // The default table gives ::1 the value 50 (RFC 6724 §2.1), and mapped IPv4 less.
    text.lines().filter_map(value).any(|value: u32| value > 50)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn name_servers_are_those_that_are_asked() {
        for (text, servers, faults) in [
            ("", &[][..], &[][..]),
            ("nameserver 127.0.0.53\noptions edns0\nsearch x\n", &["127.0.0.53"], &[]),
            ("# nameserver 1.1.1.1\n;nameserver 1.1.1.1\n nameserver 1.1.1.1\n", &[], &[]),
            ("nameserver\t::1\nnameserver fe80::1%eth0\n", &["::1", "fe80::1"], &[]),
            ("nameserver 10.0.0.1:53\nnameserver dns.test\n", &[], &["10.0.0.1:53", "dns.test"]),
            ("nameservers 1.1.1.1\nnameserver", &[], &[]),
            (
                "nameserver 1.0.0.1\nnameserver 1.0.0.2\nnameserver 1.0.0.3\nnameserver 1.0.0.4",
                &["1.0.0.1", "1.0.0.2", "1.0.0.3"],
                &[],
            ),
        ] {
            let found = Resolver::parse(text.as_bytes());
            let servers: Vec<IpAddr> = servers.iter().map(|server| server.parse().unwrap()).collect();
            assert_eq!(
                (&found.servers, found.faults.iter().map(String::as_str).collect::<Vec<_>>()),
                (&servers, faults.to_vec()),
                "{text:?}"
            );
        }
    }

    #[test]
    fn sources_are_words_without_actions() {
        for (text, expected) in [
            ("", None),
            ("passwd: files\n", None),
            ("hosts: files dns\n", Some("files dns")),
            ("  hosts :\tfiles mymachines [NOTFOUND=return] dns # x\n", Some("files mymachines dns")),
            ("hosts: files [!UNAVAIL=return SUCCESS=merge] dns", Some("files dns")),
            ("hosts:", Some("")),
            ("#hosts: dns\n", None),
        ] {
            let found = sources(text.as_bytes()).map(|words| words.join(" "));
            assert_eq!(found.as_deref(), expected, "{text:?}");
        }
    }

    #[test]
    fn a_precedence_decides() {
        for (text, expected) in [
            ("", false),
            ("#precedence ::ffff:0:0/96  100\n", false),
            ("precedence ::ffff:0:0/96  100\n", true),
            ("precedence ::ffff:0:0/96 10\n", false),
            ("precedence ::ffff:0:0/96\n", false),
        ] {
            assert_eq!(prefers_v4(text.as_bytes()), expected, "{text:?}");
        }
    }
}
