//! What the system's settings say about ports (`Documentation/networking/ip-sysctl.rst`).

use std::{fs, ops::RangeInclusive};

use rustix::thread::{CapabilitySet, capabilities};

use crate::kernel::socket::Limits;

/// The settings of this network namespace. What cannot be read is `None`.
pub fn limits() -> Limits {
    let read = |name: &str| fs::read_to_string(format!("/proc/sys/net/ipv4/{name}")).ok();
    let own = capabilities(None).ok().map(|sets| sets.effective);
    Limits {
        ephemeral: read("ip_local_port_range").and_then(|text| pair(&text)),
        reserved: read("ip_local_reserved_ports").map(|text| ranges(&text)).unwrap_or_default(),
        unprivileged_from: read("ip_unprivileged_port_start").and_then(|text| text.trim().parse().ok()),
        may_bind_low: own.map(|own| own.contains(CapabilitySet::NET_BIND_SERVICE)),
        may_destroy: own.map(|own| own.contains(CapabilitySet::NET_ADMIN)),
    }
}

/// Two numbers with a tab between them.
pub(super) fn pair(text: &str) -> Option<RangeInclusive<u16>> {
    let (first, last) = text.trim().split_once(char::is_whitespace)?;
    Some(first.parse().ok()?..=last.trim().parse().ok()?)
}

/// `8080,9000-9010`; empty when nothing is reserved.
pub(super) fn ranges(text: &str) -> Vec<RangeInclusive<u16>> {
    let range = |part: &str| {
        let (first, last) = part.split_once('-').unwrap_or((part, part));
        Some(first.trim().parse().ok()?..=last.trim().parse().ok()?)
    };
    text.split(',').filter_map(range).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn settings_are_read_as_the_kernel_writes_them() {
        assert_eq!(pair("32768\t60999\n"), Some(32768..=60999));
        assert_eq!(pair("oops"), None);
        assert_eq!(ranges("\n"), []);
        assert_eq!(ranges("8080,9000-9010\n"), [8080..=8080, 9000..=9010]);
        assert_eq!(ranges("1-x,7"), [7..=7]);
    }
}
