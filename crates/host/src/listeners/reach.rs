//! Which address reaches which socket.

use std::net::IpAddr;

use crate::kernel::{self, Error};

/// Whether what is sent to `address` comes to a socket bound to `bound`, as far as addresses decide it.
///
/// `::` receives IPv4 too unless `v6only` says otherwise; where that is unknown, it is taken to.
pub fn reaches(bound: IpAddr, v6only: Option<bool>, address: IpAddr) -> bool {
    let address = address.to_canonical();
    match bound {
        IpAddr::V6(any) if any.is_unspecified() => address.is_ipv6() || v6only != Some(true),
        _ => match bound.to_canonical() {
            IpAddr::V4(any) if any.is_unspecified() => address.is_ipv4(),
            bound => bound == address,
        },
    }
}

/// Whether an address is one of this machine.
///
/// # Errors
/// When the addresses of this machine cannot be read.
pub fn is_own(address: IpAddr) -> Result<bool, Error> {
    let address = address.to_canonical();
    if address.is_loopback() {
        return Ok(true);
    }
    let interfaces = kernel::interfaces()?;
    Ok(interfaces.iter().any(|interface| interface.addresses.contains(&address)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn wildcards_families_and_mapped_addresses() {
        for (bound, v6only, address, expected) in [
            ("127.0.0.1", None, "127.0.0.1", true),
            ("127.0.0.1", None, "127.0.0.2", false),
            ("127.0.0.1", None, "::1", false),
            ("127.0.0.1", None, "::ffff:127.0.0.1", true),
            ("0.0.0.0", None, "127.0.0.1", true),
            ("0.0.0.0", None, "::1", false),
            ("::1", None, "::1", true),
            ("::1", None, "127.0.0.1", false),
            ("::", None, "127.0.0.1", true),
            ("::", Some(false), "127.0.0.1", true),
            ("::", Some(true), "127.0.0.1", false),
            ("::", Some(true), "::1", true),
            ("::ffff:127.0.0.1", None, "127.0.0.1", true),
            ("::ffff:0.0.0.0", None, "127.0.0.1", true),
            ("::ffff:0.0.0.0", None, "::1", false),
        ] {
            let reached = reaches(bound.parse().unwrap(), v6only, address.parse().unwrap());
            assert_eq!(reached, expected, "{bound} {v6only:?} {address}");
        }
    }
}
