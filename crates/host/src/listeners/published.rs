//! Ports that a container engine publishes by a rule alone: they answer, and no socket here has them.
//!
//! Reading rules means to run a program, so it is done only where it can matter: with a bridge of an engine, and
//! the right to read. Deliberately absent: other namespaces, whose rules concern nobody here.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

use navyd_model::{Exposure, Family, Listener, OwnerUnknown, Protocol, State, ports};

use super::{Scope, Seen, reaches};
use crate::kernel::{self, Interface, Published, ToPort};

/// How many ports of one rule are rows. Engines write a rule for each port; a longer range is a choice of the
/// administrator, and would bury every other row.
const MOST: usize = 1024;

/// The processes of engines that keep a published port from others by a socket they never accept on.
const KEEPERS: &[&str] = &["dockerd", "docker-proxy", "conmon", "rootlesskit", "rootlessport"];

/// Adds what engines publish to what was seen.
pub(super) fn add(seen: &mut Seen, scope: &Scope, devices: &[Interface]) {
    if !devices.iter().any(|device| is_bridge_of_engine(&device.name)) {
        return;
    }
    let untold = "ports that a container engine publishes by rules alone are not shown";
    if kernel::limits().may_destroy != Some(true) {
        return seen.notes.push(format!("{untold}: root may read the rules"));
    }
    let published = match kernel::published() {
        Ok(published) => published,
        Err(error) => return seen.notes.push(format!("{untold}: {error}")),
    };
    let mut left_out = 0;
    for one in published.iter().filter(|one| match one.proto {
        Protocol::Tcp => scope.tcp,
        Protocol::Udp => scope.udp,
        Protocol::Unix => false,
    }) {
        let wanted = |port: &u16| scope.port.is_none_or(|wanted| wanted == *port);
        let mut ports = one.ports.clone().filter(wanted);
        for port in ports.by_ref().take(MOST) {
            join(&mut seen.listeners, one, port);
        }
        left_out += ports.count();
    }
    if left_out > 0 {
        seen.notes.push(format!(
            "{left_out} more ports are published by rules for long ranges: `navyd ls PORT` shows one"
        ));
    }
}

/// Marks the sockets by which an engine keeps the port, or adds a row when there is none.
fn join(listeners: &mut Vec<Listener>, one: &Published, port: u16) {
    let row = row(one, port);
    let mut covered = false;
    for listener in listeners.iter_mut().filter(|listener| covers(listener, &row)) {
        covered = true;
        if listener.exposure != Exposure::Container {
            listener.exposure = Exposure::Container;
            listener.note.clone_from(&row.note);
        }
    }
    if !covered {
        listeners.push(row);
    }
}

/// Whether the listener is an engine's own, at the place of the row.
fn covers(listener: &Listener, row: &Listener) -> bool {
    let keeper = || listener.holders.iter().any(|holder| KEEPERS.contains(&holder.name.as_str()));
    let reached = || match (listener.address, row.address) {
        (Some(bound), Some(address)) => reaches(bound, listener.v6only, address),
        _ => false,
    };
    let same = (listener.proto, listener.port) == (row.proto, row.port) && listener.netns.is_none();
    same && reached() && (listener.exposure == Exposure::Container || keeper())
}

fn row(one: &Published, port: u16) -> Listener {
    let (family, any) = match one.to {
        IpAddr::V4(_) => (Family::Ipv4, IpAddr::V4(Ipv4Addr::UNSPECIFIED)),
        IpAddr::V6(_) => (Family::Ipv6, IpAddr::V6(Ipv6Addr::UNSPECIFIED)),
    };
    let to = match one.to_port {
        ToPort::Same => std::net::SocketAddr::new(one.to, port).to_string(),
        ToPort::One(port) => std::net::SocketAddr::new(one.to, port).to_string(),
        ToPort::Open => one.to.to_string(),
    };
    Listener {
        family,
        address: Some(one.address.unwrap_or(any)),
        state: if one.proto == Protocol::Udp { State::Bound } else { State::Listen },
        exposure: Exposure::Container,
        owner_unknown: Some(OwnerUnknown::NoProcess),
        names: ports::names(port, one.proto),
        note: Some(format!("container {to}")),
        ..Listener::on(one.proto, port)
    }
}

/// Whether a device is a bridge that a container engine makes, by the name it gives it: `docker0`, `br-` and the
/// twelve digits of a network's id, `podman0`, `cni0`, `cni-podman0`, `nerdctl0`. Bias: a bridge that was given
/// another name is not recognised, nor are the bridges of virtual machines (`virbr0`).
fn is_bridge_of_engine(name: &str) -> bool {
    let numbered = |prefix: &str| {
        name.strip_prefix(prefix)
            .is_some_and(|rest| !rest.is_empty() && rest.bytes().all(|c| c.is_ascii_digit()))
    };
    let network = |id: &str| id.len() == 12 && id.bytes().all(|digit| digit.is_ascii_hexdigit());
    ["docker", "podman", "cni", "cni-podman", "nerdctl"].into_iter().any(numbered)
        || name == "docker_gwbridge"
        || name.strip_prefix("br-").is_some_and(network)
}

#[cfg(test)]
mod tests {
    use navyd_model::Holder;

    use super::*;

    #[test]
    fn the_bridges_of_engines_are_known_by_name() {
        for (name, expected) in [
            ("docker0", true),
            ("docker_gwbridge", true),
            ("br-3f2a9c1b7d44", true),
            ("podman0", true),
            ("podman12", true),
            ("cni0", true),
            ("cni-podman0", true),
            ("nerdctl0", true),
            ("br-lan", false),
            ("br-3f2a9c1b7d4", false),
            ("br0", false),
            ("virbr0", false),
            ("docker", false),
            ("dockerx", false),
            ("eth0", false),
            ("lo", false),
            ("", false),
        ] {
            assert_eq!(is_bridge_of_engine(name), expected, "{name}");
        }
    }

    #[test]
    fn a_published_port_is_a_row_unless_the_engine_has_a_socket_there() {
        let held = |address: &str, name: &str, exposure| Listener {
            address: address.parse().ok(),
            exposure,
            holders: vec![Holder { name: name.into(), ..Holder::default() }],
            ..Listener::on(Protocol::Tcp, 8080)
        };
        let udp = Listener { proto: Protocol::Udp, ..held("0.0.0.0", "dockerd", Exposure::All) };
        for (seen, address, expected) in [
            (None, None, &["0.0.0.0:8080 container"][..]),
            (None, Some("127.0.0.1"), &["127.0.0.1:8080 container"]),
            (Some(held("0.0.0.0", "docker-proxy", Exposure::Container)), None, &["0.0.0.0:8080 container"]),
            (Some(held("0.0.0.0", "dockerd", Exposure::All)), None, &["0.0.0.0:8080 container"]),
            (Some(held("0.0.0.0", "conmon", Exposure::All)), Some("10.0.0.1"), &["0.0.0.0:8080 container"]),
            (
                Some(held("127.0.0.1", "docker-proxy", Exposure::Container)),
                None,
                &["127.0.0.1:8080 container", "0.0.0.0:8080 container"],
            ),
            (
                Some(held("0.0.0.0", "node", Exposure::All)),
                None,
                &["0.0.0.0:8080 all", "0.0.0.0:8080 container"],
            ),
            (Some(udp), None, &["0.0.0.0:8080 all", "0.0.0.0:8080 container"]),
        ] {
            let one = Published {
                proto: Protocol::Tcp,
                address: address.map(|text: &str| text.parse().unwrap()),
                ports: 8080..=8080,
                to: "172.17.0.2".parse().unwrap(),
                to_port: ToPort::One(80),
            };
            let mut listeners = Vec::from_iter(seen);
            join(&mut listeners, &one, 8080);
            let shown: Vec<_> =
                listeners.iter().map(|one| format!("{} {}", one.place(), one.exposure.as_str())).collect();
            assert_eq!(shown, expected);
        }
    }

    #[test]
    fn a_row_says_where_it_leads_and_that_no_process_has_it() {
        for (proto, to, to_port, place, note, state) in [
            (
                Protocol::Tcp,
                "172.17.0.2",
                ToPort::One(80),
                "0.0.0.0:9000",
                "container 172.17.0.2:80",
                State::Listen,
            ),
            (Protocol::Udp, "fd00::2", ToPort::Same, "[::]:9000", "container [fd00::2]:9000", State::Bound),
            (Protocol::Tcp, "10.88.0.2", ToPort::Open, "0.0.0.0:9000", "container 10.88.0.2", State::Listen),
        ] {
            let one =
                Published { proto, address: None, ports: 9000..=9003, to: to.parse().unwrap(), to_port };
            let row = row(&one, 9000);
            assert_eq!((row.place().as_str(), row.note.as_deref(), row.state), (place, Some(note), state));
            assert_eq!(
                (row.owner_unknown, row.cookie, row.inode),
                (Some(OwnerUnknown::NoProcess), None, None)
            );
        }
    }
}
