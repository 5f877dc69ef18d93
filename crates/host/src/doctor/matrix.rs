//! The connect matrix: a listener of our own, connected to from this machine by each of its addresses.
//!
//! What a port's own listener does is no news of localhost, so one is made whose behaviour is known: on a port that the
//! kernel chooses, for all addresses of both families, and only while the connections are made. It is bound to the
//! loopback device, which carries all that this machine sends to itself, so that nobody from outside can meet it. It
//! reads nothing; closing it resets whoever came. Deliberately absent: any judgement.

use std::{
    collections::HashSet,
    io,
    net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr},
    process,
    time::Duration,
};

use navyd_model::{BindAttempt, ConnectAttempt, ConnectResult, Protocol, why::AnsweredBy};
use socket2::{Domain, Socket, Type};

use crate::{
    bind::{self, Form, Reuse},
    kernel::Interface,
    why::reach::{self, Reached},
};

/// The addresses that every machine should have, or have a network for.
const LOOPBACK: [IpAddr; 3] = [
    IpAddr::V4(Ipv4Addr::LOCALHOST),
    IpAddr::V6(Ipv6Addr::LOCALHOST),
    IpAddr::V4(Ipv4Addr::new(127, 0, 0, 2)),
];

/// The most addresses of other devices that are tried: a machine with many containers has a bridge for each network.
const MOST_OWN: usize = 16;

/// How long a connection that was made may take to be accepted: on one machine it is there already, or it never comes.
const PATIENCE: Duration = Duration::from_millis(100);

/// What came of the connections.
#[derive(Debug)]
pub(super) struct Matrix {
    /// One for each address.
    pub(super) attempts: Vec<ConnectAttempt>,
    /// Those that somebody else answered.
    pub(super) elsewhere: Vec<SocketAddr>,
}

/// The addresses to try: those of loopback, and those of the other devices that are up. Link-local ones need a device
/// named beside them, and nobody types them.
pub(super) fn addresses(devices: &[Interface]) -> Vec<IpAddr> {
    let link_local = |address: &IpAddr| match address {
        IpAddr::V4(four) => four.is_link_local(),
        IpAddr::V6(six) => six.is_unicast_link_local(),
    };
    let up = devices.iter().filter(|device| device.up && !device.loopback);
    let own = up.flat_map(|device| device.addresses.iter().copied()).filter(|address| !link_local(address));
    LOOPBACK.into_iter().chain(own.take(MOST_OWN)).collect()
}

/// Binds each address to no port in particular.
pub(super) fn binds(addresses: &[IpAddr]) -> Vec<BindAttempt> {
    let attempt = |address: &IpAddr| {
        let outcome =
            bind::try_bind(Protocol::Tcp, Form { address: *address, v6only: false }, 0, Reuse::Plain);
        let errno = outcome.err().map(|error| bind::errno(&error));
        BindAttempt { address: *address, v6only: false, ok: errno.is_none(), errno }
    };
    addresses.iter().map(attempt).collect()
}

/// Listens, connects, and closes.
///
/// # Errors
/// When nothing can listen on this machine, or not on its loopback device alone (Linux before 5.7, for a user).
pub(super) fn matrix(addresses: &[IpAddr]) -> io::Result<Matrix> {
    let (listener, port) = listen(addresses.len())?;
    let reached = reach::reach(addresses, port);
    let own: HashSet<SocketAddr> = reached
        .iter()
        .filter(|one| one.result == ConnectResult::Connected)
        .filter_map(|one| one.own)
        .collect();
    let (accepted, peers) = accept(&listener, &own);
    let mut elsewhere = Vec::new();
    let attempt = |reached: &Reached| {
        let ours = reached.own.is_some_and(|own| peers.contains(&own));
        if reached.result == ConnectResult::Connected && !ours {
            elsewhere.push(reached.address);
        }
        let navyd = || AnsweredBy { pid: Some(process::id()), name: Some("navyd".into()), cookie: None };
        ConnectAttempt {
            address: reached.address,
            result: reached.result,
            answered_by: ours.then(navyd),
            took_ms: reached.took.as_secs_f64() * 1000.0,
        }
    };
    let attempts = reached.iter().map(attempt).collect();
    // Our own ends first: they reset, so that nothing of it remains.
    drop(reached);
    drop((accepted, listener));
    Ok(Matrix { attempts, elsewhere })
}

/// Accepts the connections from these ends of ours, and tells whose came: the others were led elsewhere.
fn accept(listener: &Socket, own: &HashSet<SocketAddr>) -> (Vec<Socket>, HashSet<SocketAddr>) {
    let (mut accepted, mut peers) = (Vec::new(), HashSet::new());
    while !own.is_subset(&peers) && accepted.len() <= own.len() {
        let Ok((socket, peer)) = listener.accept() else { break };
        accepted.push(socket);
        peers.extend(peer.as_socket().map(|peer| SocketAddr::new(peer.ip().to_canonical(), peer.port())));
    }
    (accepted, peers)
}

/// A listener for both families, or for IPv4 where there is no other, with room for `count` connections.
pub(super) fn listen(count: usize) -> io::Result<(Socket, u16)> {
    let room = i32::try_from(count).unwrap_or(i32::MAX);
    let on = |address: IpAddr| {
        let place = SocketAddr::new(address, 0);
        let socket = Socket::new(Domain::for_address(place), Type::STREAM, None)?;
        if address.is_ipv6() {
            socket.set_only_v6(false)?;
        }
        #[cfg(target_os = "linux")]
        socket.bind_device(Some(b"lo"))?;
        socket.bind(&place.into())?;
        socket.set_read_timeout(Some(PATIENCE))?;
        socket.listen(room)?;
        let port = socket.local_addr()?.as_socket().map_or(0, |own| own.port());
        Ok((socket, port))
    };
    on(Ipv6Addr::UNSPECIFIED.into()).or_else(|_: io::Error| on(Ipv4Addr::UNSPECIFIED.into()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn loopback_comes_first_and_what_nobody_types_is_left_out() {
        let device = |up, addresses: &[&str]| Interface {
            index: 2,
            name: "eth0".into(),
            up,
            loopback: false,
            addresses: addresses.iter().map(|text| text.parse().unwrap()).collect(),
        };
        let texts = |devices: &[Interface]| {
            addresses(devices).iter().skip(LOOPBACK.len()).map(IpAddr::to_string).collect::<Vec<_>>()
        };
        assert_eq!(addresses(&[]), LOOPBACK);
        assert_eq!(texts(&[device(true, &["192.0.2.5", "fe80::1", "169.254.1.1"])]), ["192.0.2.5"]);
        assert!(texts(&[device(false, &["192.0.2.5"])]).is_empty());
        assert_eq!(texts(&[device(true, &["192.0.2.5"; 99])]).len(), MOST_OWN);
    }

    #[test]
    fn our_own_listener_answers_on_loopback_and_is_gone_afterwards() {
        let address = IpAddr::from([127, 62, 89, 31]);
        let tried = matrix(&[address]).unwrap();
        assert_eq!(tried.attempts[0].result, ConnectResult::Connected);
        assert!(tried.elsewhere.is_empty());
        assert_eq!(tried.attempts[0].answered_by.as_ref().and_then(|by| by.pid), Some(process::id()));
        let port = tried.attempts[0].address.port();
        assert_eq!(reach::reach(&[address], port)[0].result, ConnectResult::Refused);
    }
}
