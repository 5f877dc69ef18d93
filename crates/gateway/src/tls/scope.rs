//! For which names and addresses the local authority can sign: those that mean this machine wherever they are
//! looked up. The intermediate says so itself, so that nobody need trust us to hold to it.

use std::net::{Ipv4Addr, Ipv6Addr};

use navyd_model::target::Host;
use rcgen::{CidrSubnet, GeneralSubtree, NameConstraints};

/// The names at and below which there can be certificates (RFC 6761 §6.2 and §6.3).
const DOMAINS: [&str; 2] = ["localhost", "test"];

/// The longest name in DNS, and the longest part of one (RFC 1035 §2.3.4).
const LONGEST: usize = 253;
const LONGEST_LABEL: usize = 63;

/// Whether there can be a certificate for this host. A wildcard is no host.
pub(super) fn covers(host: &Host) -> bool {
    match host {
        Host::Address(address) => address.is_loopback(),
        Host::Name(name) => {
            let below = |domain: &str| {
                name.strip_suffix(domain).is_some_and(|rest| rest.is_empty() || rest.ends_with('.'))
            };
            name.len() <= LONGEST && name.split('.').all(is_label) && DOMAINS.into_iter().any(below)
        }
    }
}

/// Whether this is a part of a name, in lower case. Underscores occur in names of services.
fn is_label(label: &str) -> bool {
    let plain = |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit() || matches!(byte, b'-' | b'_');
    (1..=LONGEST_LABEL).contains(&label.len())
        && label.bytes().all(plain)
        && !label.starts_with('-')
        && !label.ends_with('-')
}

/// The same, as a certificate says it (RFC 5280 §4.2.1.10).
pub(super) fn constraints() -> NameConstraints {
    let domains = DOMAINS.map(|domain| GeneralSubtree::DnsName(domain.to_owned()));
    let addresses = [
        CidrSubnet::from_v4_prefix(Ipv4Addr::new(127, 0, 0, 0).octets(), 8),
        CidrSubnet::from_v6_prefix(Ipv6Addr::LOCALHOST.octets(), 128),
    ];
    let permitted_subtrees = domains.into_iter().chain(addresses.map(GeneralSubtree::IpAddress)).collect();
    NameConstraints { permitted_subtrees, excluded_subtrees: Vec::new() }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_this_machine_is_in_scope() {
        let long = format!("{}.localhost", "a.".repeat(130));
        let label = format!("{}.localhost", "a".repeat(64));
        for (host, expected) in [
            ("localhost", true),
            ("shop.localhost", true),
            ("api.main.shop.localhost", true),
            ("my_app.test", true),
            ("test", true),
            ("notlocalhost", false),
            ("localhost.example.com", false),
            ("example.com", false),
            ("evil-test", false),
            ("*.localhost", false),
            ("Shop.localhost", false),
            ("-a.localhost", false),
            ("a..localhost", false),
            (".localhost", false),
            ("a\0.localhost", false),
            (long.as_str(), false),
            (label.as_str(), false),
            ("", false),
        ] {
            assert_eq!(covers(&Host::Name(host.to_owned())), expected, "{host}");
        }
        for (address, expected) in [
            ("127.0.0.1", true),
            ("127.255.0.9", true),
            ("::1", true),
            ("::2", false),
            ("0.0.0.0", false),
            ("192.168.0.1", false),
            ("::ffff:127.0.0.1", false),
        ] {
            assert_eq!(covers(&Host::Address(address.parse().unwrap())), expected, "{address}");
        }
    }
}
