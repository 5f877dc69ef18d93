//! Network devices and their addresses by route netlink (`rtnetlink(7)`).

use std::{
    io,
    net::{IpAddr, Ipv4Addr, Ipv6Addr},
};

use super::{
    ATTEMPTS,
    netlink::{Dump, Netlink, ROUTE, attributes, u32_at},
};
use crate::kernel::{
    settings::Link,
    socket::{Error, Interface},
};

const RTM_GETLINK: u16 = 18;
const RTM_GETADDR: u16 = 22;
const IFF_UP: u32 = 0x1;
const IFF_LOOPBACK: u32 = 0x8;
const IFLA_IFNAME: u16 = 3;
const IFLA_MTU: u16 = 4;
const IFLA_QDISC: u16 = 6;
const IFA_ADDRESS: u16 = 1;
const IFA_LOCAL: u16 = 2;
const AF_INET: u8 = 2;
const AF_INET6: u8 = 10;

/// The devices of this network namespace.
///
/// # Errors
/// When the kernel refuses route netlink.
pub fn interfaces() -> Result<Vec<Interface>, Error> {
    read().map_err(|source| Error::Io { what: "list network devices", source })
}

/// The link layer of the devices of this network namespace.
///
/// # Errors
/// When the kernel refuses route netlink.
pub fn links() -> Result<Vec<Link>, Error> {
    let failed = |source| Error::Io { what: "list network devices", source };
    let mut netlink = Netlink::open(ROUTE).map_err(failed)?;
    let mut all = Vec::new();
    for _ in 0..ATTEMPTS {
        all.clear();
        let each = &mut |body: &[u8]| all.extend(link(body));
        if netlink.dump(RTM_GETLINK, &[0; 16], each).map_err(failed)? == Dump::Complete {
            break;
        }
    }
    Ok(all)
}

fn read() -> io::Result<Vec<Interface>> {
    let mut netlink = Netlink::open(ROUTE)?;
    let mut all: Vec<Interface> = Vec::new();
    // `struct ifinfomsg` and `struct ifaddrmsg`, all zero: every device of every family.
    for _ in 0..ATTEMPTS {
        all.clear();
        if netlink.dump(RTM_GETLINK, &[0; 16], &mut |body| all.extend(device(body)))? == Dump::Complete {
            break;
        }
    }
    netlink.dump(RTM_GETADDR, &[0; 8], &mut |body| {
        let Some((index, address)) = address(body) else { return };
        let Some(device) = all.iter_mut().find(|device| device.index == index) else { return };
        if !device.addresses.contains(&address) {
            device.addresses.push(address);
        }
    })?;
    Ok(all)
}

/// Reads `struct ifinfomsg` (16 bytes) and its attributes.
pub(super) fn device(body: &[u8]) -> Option<Interface> {
    let index = u32_at(body, 4)?;
    let flags = u32_at(body, 8)?;
    Some(Interface {
        index,
        name: text(body, IFLA_IFNAME)?,
        up: flags & IFF_UP != 0,
        loopback: flags & IFF_LOOPBACK != 0,
        addresses: Vec::new(),
    })
}

/// Reads the same message for what is below the addresses.
pub(super) fn link(body: &[u8]) -> Option<Link> {
    let mtu = attributes(body.get(16..)?).find(|(kind, _)| *kind == IFLA_MTU);
    Some(Link {
        name: text(body, IFLA_IFNAME)?,
        loopback: u32_at(body, 8)? & IFF_LOOPBACK != 0,
        mtu: mtu.and_then(|(_, value)| u32_at(value, 0)),
        queueing: text(body, IFLA_QDISC),
    })
}

/// An attribute that is a text with a zero behind it.
fn text(body: &[u8], wanted: u16) -> Option<String> {
    let value = attributes(body.get(16..)?).find(|(kind, _)| *kind == wanted)?.1;
    Some(String::from_utf8_lossy(value.split(|byte| *byte == 0).next()?).into_owned())
}

/// Reads `struct ifaddrmsg` (8 bytes). On a point-to-point link IFA_ADDRESS is the peer, IFA_LOCAL ours.
pub(super) fn address(body: &[u8]) -> Option<(u32, IpAddr)> {
    let family = *body.first()?;
    let index = u32_at(body, 4)?;
    let value = |wanted| attributes(body.get(8..)?).find(|(kind, _)| *kind == wanted).map(|found| found.1);
    let value = value(IFA_LOCAL).or_else(|| value(IFA_ADDRESS))?;
    let address = match family {
        AF_INET => IpAddr::V4(Ipv4Addr::from(*value.first_chunk::<4>()?)),
        AF_INET6 => IpAddr::V6(Ipv6Addr::from(*value.first_chunk::<16>()?)),
        _ => return None,
    };
    Some((index, address))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_loopback_device_of_this_machine_is_found() {
        let all = interfaces().unwrap();
        assert!(
            all.iter().any(|device| device.loopback && device.name == "lo" && device.index > 0),
            "{all:?}"
        );
    }

    #[test]
    fn the_link_of_loopback_is_told() {
        let all = links().unwrap();
        let lo = all.iter().find(|link| link.loopback).unwrap();
        assert!(lo.mtu.is_some() && lo.queueing.is_some(), "{lo:?}");
    }

    #[test]
    fn what_is_not_a_record_is_none() {
        assert_eq!(link(&[0; 15]), None);
        assert_eq!(device(&[0; 15]), None);
        assert_eq!(device(&[0; 16]), None);
        assert_eq!(address(&[AF_INET, 0, 0, 0, 1, 0, 0, 0, 8, 0, 1, 0, 127, 0]), None);
    }
}
