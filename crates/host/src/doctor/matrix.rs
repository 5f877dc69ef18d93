//! The connect matrix: a listener of our own, connected to from this machine by each of its addresses.
//!
//! What a port's own listener does is no news of localhost, so one is made whose behaviour is known: on a port that the
//! kernel chooses, for all addresses of both families, and only while the connections are made. It accepts nothing and
//! reads nothing; closing it resets whoever came. Deliberately absent: any judgement.

use std::{
    io,
    net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr},
    process,
};

use navyd_model::{BindAttempt, ConnectAttempt, ConnectResult, Protocol, State, why::AnsweredBy};
use socket2::{Domain, Socket, Type};

use crate::{
    bind::{self, Form, Reuse},
    kernel::{self, Interface, Transport},
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
/// When nothing can listen on this machine.
pub(super) fn matrix(addresses: &[IpAddr]) -> io::Result<Matrix> {
    let (listener, port) = listen(addresses.len())?;
    let mut elsewhere = Vec::new();
    let attempt = |reached: Reached| {
        let mut answered_by = None;
        if reached.result == ConnectResult::Connected {
            match is_ours(&reached) {
                Some(true) => {
                    let cookie = None;
                    answered_by =
                        Some(AnsweredBy { pid: Some(process::id()), name: Some("navyd".into()), cookie });
                }
                Some(false) => elsewhere.push(reached.address),
                None => {}
            }
        }
        let took_ms = reached.took.as_secs_f64() * 1000.0;
        ConnectAttempt { address: reached.address, result: reached.result, answered_by, took_ms }
    };
    let attempts = reach::reach(addresses, port).into_iter().map(attempt).collect();
    drop(listener);
    Ok(Matrix { attempts, elsewhere })
}

/// A listener for both families, or for IPv4 where there is no other, with room for `count` that nobody accepts.
pub(super) fn listen(count: usize) -> io::Result<(Socket, u16)> {
    let room = i32::try_from(count).unwrap_or(i32::MAX);
    let on = |address: IpAddr| {
        let place = SocketAddr::new(address, 0);
        let socket = Socket::new(Domain::for_address(place), Type::STREAM, None)?;
        if address.is_ipv6() {
            socket.set_only_v6(false)?;
        }
        socket.bind(&place.into())?;
        socket.listen(room)?;
        let port = socket.local_addr()?.as_socket().map_or(0, |own| own.port());
        Ok((socket, port))
    };
    on(Ipv6Addr::UNSPECIFIED.into()).or_else(|_: io::Error| on(Ipv4Addr::UNSPECIFIED.into()))
}

/// Whether the other end is of this network namespace and has our listener's address and port, which nobody else can
/// have meanwhile. `None` where the kernel does not tell.
fn is_ours(reached: &Reached) -> Option<bool> {
    let found = kernel::find(Transport::Tcp, reached.address, reached.own?).ok()?;
    // Where there is no such connection, the kernel answers with the listener.
    Some(found.is_some_and(|socket| socket.state != State::Listen))
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
        let port = tried.attempts[0].address.port();
        assert_eq!(reach::reach(&[address], port)[0].result, ConnectResult::Refused);
    }
}
