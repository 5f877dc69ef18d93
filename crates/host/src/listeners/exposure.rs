//! Who can reach an address, as far as the address decides it.

use std::net::IpAddr;

use navyd_model::{Exposure, Holder};

/// The exposure of a socket bound to `address`: a fact of the bind, not a verdict about firewalls.
///
/// `on_loopback` says that it is bound to the loopback device; `published`, that a container engine's proxy
/// holds it.
pub fn exposure(address: IpAddr, on_loopback: bool, published: bool) -> Exposure {
    let address = address.to_canonical();
    match () {
        () if published => Exposure::Container,
        () if on_loopback || address.is_loopback() => Exposure::Loopback,
        () if address.is_unspecified() => Exposure::All,
        () => Exposure::Lan,
    }
}

/// Where a container engine's userland proxy leads; `None` for any other program.
pub(super) fn docker_proxy(holder: &Holder) -> Option<String> {
    holder.argv.as_ref()?.first()?.ends_with("docker-proxy").then(|| leads_to(holder))?
}

/// Where a proxy says in its own arguments that it leads: `172.17.0.2:80`.
pub(crate) fn leads_to(holder: &Holder) -> Option<String> {
    let argv = holder.argv.as_ref()?;
    let value = |flag: &str| argv.iter().skip_while(|argument| *argument != flag).nth(1);
    Some(format!("{}:{}", value("-container-ip")?, value("-container-port")?))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_address_decides() {
        for (address, on_loopback, published, expected) in [
            ("127.0.0.1", false, false, Exposure::Loopback),
            ("127.9.9.9", false, false, Exposure::Loopback),
            ("::1", false, false, Exposure::Loopback),
            ("::ffff:127.0.0.1", false, false, Exposure::Loopback),
            ("0.0.0.0", false, false, Exposure::All),
            ("::", false, false, Exposure::All),
            ("::ffff:0.0.0.0", false, false, Exposure::All),
            ("::", true, false, Exposure::Loopback),
            ("192.168.1.7", false, false, Exposure::Lan),
            ("fe80::1", false, false, Exposure::Lan),
            ("0.0.0.0", false, true, Exposure::Container),
            ("127.0.0.1", false, true, Exposure::Container),
        ] {
            assert_eq!(exposure(address.parse().unwrap(), on_loopback, published), expected, "{address}");
        }
    }

    #[test]
    fn the_proxy_says_where_it_leads() {
        let proxy = |argv: &str| {
            docker_proxy(&Holder {
                argv: Some(argv.split(' ').map(str::to_owned).collect()),
                ..Holder::default()
            })
        };
        let full = "/usr/bin/docker-proxy -proto tcp -host-ip 0.0.0.0 -host-port 8080 -container-ip 172.17.0.2 -container-port 80";
        assert_eq!(proxy(full), Some("172.17.0.2:80".into()));
        assert_eq!(proxy("/usr/bin/docker-proxy -container-ip"), None);
        assert_eq!(proxy("nginx -container-ip 1 -container-port 2"), None);
    }
}
