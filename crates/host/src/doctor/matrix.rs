//! The connect matrix: a listener of our own, connected to from this machine by each of its addresses.
//!
//! What a port's own listener does is no news of localhost, so one is made whose behaviour is known: on a port that the
//! kernel chooses, and only while the connections are made. On Linux it is there for all addresses of both families, and
//! a filter of its own lets nothing in but what comes over the loopback device, which carries all that this machine sends
//! to itself. Where it may have no such filter, it is there for loopback alone, and other addresses are not tried. So
//! nobody from outside meets it. It reads nothing; closing it resets whoever came. Deliberately absent: any judgement.

use std::{
    collections::HashSet,
    io,
    net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr},
    process,
    time::Duration,
};

use navyd_model::{BindAttempt, ConnectAttempt, ConnectResult, Protocol, why::AnsweredBy};
#[cfg(target_os = "linux")]
use socket2::SockFilter;
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
/// When nothing can listen on this machine, or not without outsiders.
pub(super) fn matrix(addresses: &[IpAddr]) -> io::Result<Matrix> {
    let listener = listen(addresses.len())?;
    let (tried, untried): (Vec<IpAddr>, Vec<IpAddr>) =
        addresses.iter().partition(|address| listener.everywhere || LOOPBACK.contains(address));
    let reached = reach::reach(&tried, listener.port);
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
    let mut attempts: Vec<ConnectAttempt> = reached.iter().map(attempt).collect();
    attempts.extend(untried.into_iter().map(|address| ConnectAttempt {
        address: (address, listener.port).into(),
        result: ConnectResult::NotTried,
        answered_by: None,
        took_ms: 0.0,
    }));
    // Our own ends first: they reset, so that nothing of it remains.
    drop(reached);
    drop((accepted, listener));
    Ok(Matrix { attempts, elsewhere })
}

/// Accepts the connections from these ends of ours, and tells whose came: the others were led elsewhere.
fn accept(listener: &Listening, own: &HashSet<SocketAddr>) -> (Vec<Socket>, HashSet<SocketAddr>) {
    let (mut accepted, mut peers) = (Vec::new(), HashSet::new());
    for socket in &listener.sockets {
        while !own.is_subset(&peers) && accepted.len() <= own.len() {
            let Ok((socket, peer)) = socket.accept() else { break };
            accepted.push(socket);
            peers.extend(peer.as_socket().map(|peer| SocketAddr::new(peer.ip().to_canonical(), peer.port())));
        }
    }
    (accepted, peers)
}

/// A listener of our own.
pub(super) struct Listening {
    sockets: Vec<Socket>,
    /// Its port.
    pub(super) port: u16,
    /// Whether it hears connections to every address of this machine, and not of loopback alone.
    everywhere: bool,
}

/// Listens with room for `count` connections: for both families, or for IPv4 where there is no other.
#[cfg(target_os = "linux")]
pub(super) fn listen(count: usize) -> io::Result<Listening> {
    let on = |address: IpAddr| {
        let mut everywhere = true;
        let (socket, port) = bound((address, 0).into(), count, |socket| {
            // Some kernels keep filters on TCP for CAP_NET_ADMIN.
            if socket.attach_filter(&from_loopback()).is_err() {
                everywhere = false;
                socket.bind_device(Some(b"lo"))?;
            }
            Ok(())
        })?;
        Ok(Listening { sockets: vec![socket], port, everywhere })
    };
    on(Ipv6Addr::UNSPECIFIED.into()).or_else(|_: io::Error| on(Ipv4Addr::UNSPECIFIED.into()))
}

/// Listens with room for `count` connections, on 127.0.0.1 and, with the same port where it can be had, on ::1.
#[cfg(not(target_os = "linux"))]
pub(super) fn listen(count: usize) -> io::Result<Listening> {
    let (four, port) = bound((Ipv4Addr::LOCALHOST, 0).into(), count, |_| Ok(()))?;
    let six = bound((Ipv6Addr::LOCALHOST, port).into(), count, |_| Ok(()));
    let sockets = [Some(four), six.ok().map(|(six, _)| six)].into_iter().flatten().collect();
    Ok(Listening { sockets, port, everywhere: false })
}

/// A socket that listens, after what has to be done before it is bound; and its port.
fn bound(
    place: SocketAddr,
    count: usize,
    before: impl FnOnce(&Socket) -> io::Result<()>,
) -> io::Result<(Socket, u16)> {
    let socket = Socket::new(Domain::for_address(place), Type::STREAM, None)?;
    if place.is_ipv6() {
        socket.set_only_v6(false)?;
    }
    before(&socket)?;
    socket.bind(&place.into())?;
    socket.set_read_timeout(Some(PATIENCE))?;
    socket.listen(i32::try_from(count).unwrap_or(i32::MAX))?;
    let port = socket.local_addr()?.as_socket().map_or(0, |own| own.port());
    Ok((socket, port))
}

/// `ld ifindex; jeq #1, pass, drop`: a classic BPF program (`Documentation/networking/filter.rst`). Binding to the device
/// does less: the kernel looks connections to the address of another device up by that device, although they come over
/// loopback.
#[cfg(target_os = "linux")]
fn from_loopback() -> [SockFilter; 4] {
    /// `SKF_AD_OFF + SKF_AD_IFINDEX`: the device of the packet, and no byte of it.
    const DEVICE: u32 = 0xffff_f000 + 8;
    /// `LOOPBACK_IFINDEX`: the same in every network namespace.
    const LO: u32 = 1;
    const LOAD: u16 = 0x20;
    const JUMP_IF_EQUAL: u16 = 0x15;
    const RETURN: u16 = 0x06;
    [
        SockFilter::new(LOAD, 0, 0, DEVICE),
        SockFilter::new(JUMP_IF_EQUAL, 0, 1, LO),
        SockFilter::new(RETURN, 0, 0, u32::MAX),
        SockFilter::new(RETURN, 0, 0, 0),
    ]
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
