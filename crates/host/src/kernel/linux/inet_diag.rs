//! TCP and UDP sockets by NETLINK_SOCK_DIAG (`linux/inet_diag.h`): requests and records as pure functions.
//!
//! A record is 72 fixed bytes and a few attributes, read in place: a dump of 20,000 sockets allocates
//! nothing but its result.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};

use navyd_model::{Family, State};

use super::netlink::{attributes, u32_at, u64_at};
use crate::kernel::socket::{Query, Socket, TcpInfo, Transport};

/// `SOCK_DIAG_BY_FAMILY`: the request for a table or for one socket.
pub(super) const BY_FAMILY: u16 = 20;
/// `TCPDIAG_GETSOCK`: the older request for the table of TCP, which knows no family and answers with both.
pub(super) const TCP_TABLE: u16 = 18;
/// `SOCK_DESTROY`.
pub(super) const DESTROY: u16 = 21;
/// The address families asked for, one dump each: the newer request has no handler for `AF_UNSPEC`.
pub(super) const FAMILIES: [u8; 2] = [AF_INET, AF_INET6];

const AF_INET: u8 = 2;
const AF_INET6: u8 = 10;
const RECORD: usize = 72;
/// Extension bits count from 1: `1 << (INET_DIAG_INFO - 1)`.
const WANT_INFO: u8 = 1 << 1;
const INET_DIAG_INFO: u16 = 2;
const INET_DIAG_SKV6ONLY: u16 = 11;
const INET_DIAG_CGROUP_ID: u16 = 21;
const NO_COOKIE: u64 = u64::MAX;

/// `TCP_BOUND_INACTIVE`, a state that exists only in diagnostics (Linux 6.8 and newer).
const BOUND_INACTIVE: u8 = 13;
/// `TCP_NEW_SYN_RECV`: a request that is not a full socket yet.
const NEW_SYN_RECEIVED: u8 = 12;

/// The body of a dump request: `struct inet_diag_req_v2`. The kernel itself filters by port.
pub(super) fn table_request(family: u8, query: &Query) -> [u8; 56] {
    let mut body =
        request(family, query.transport, if query.info { WANT_INFO } else { 0 }, query.states.bits());
    body[8..10].copy_from_slice(&query.port.unwrap_or(0).to_be_bytes());
    body[10..12].copy_from_slice(&query.peer_port.unwrap_or(0).to_be_bytes());
    body
}

/// The body of a request for both families at once: `struct inet_diag_req`. The ends lie behind four bytes of it as
/// they lie behind eight of the newer one, and the states come last.
pub(super) fn tcp_table_request(query: &Query) -> [u8; 60] {
    let newer = table_request(0, query);
    let mut body = [0; 60];
    body[3] = newer[2];
    body[4..52].copy_from_slice(&newer[8..56]);
    body[52..56].copy_from_slice(&newer[4..8]);
    body
}

/// The body of a request for the one socket with these ends, seen from `local`.
///
/// An IPv6 socket that carries IPv4 is found by its IPv4 addresses, because the kernel hashes it by them.
pub(super) fn exact_request(
    transport: Transport,
    local: SocketAddr,
    remote: SocketAddr,
    cookie: u64,
) -> [u8; 56] {
    let family = if local.is_ipv4() { AF_INET } else { AF_INET6 };
    let mut body = request(family, transport, WANT_INFO, u32::MAX);
    body[8..10].copy_from_slice(&local.port().to_be_bytes());
    body[10..12].copy_from_slice(&remote.port().to_be_bytes());
    write_address(&mut body[12..28], local.ip());
    write_address(&mut body[28..44], remote.ip());
    body[48..56].copy_from_slice(&cookie.to_ne_bytes());
    body
}

fn request(family: u8, transport: Transport, extensions: u8, states: u32) -> [u8; 56] {
    let mut body = [0; 56];
    body[0] = family;
    body[1] = protocol(transport);
    body[2] = extensions;
    body[4..8].copy_from_slice(&states.to_ne_bytes());
    body[48..56].copy_from_slice(&NO_COOKIE.to_ne_bytes());
    body
}

/// IPPROTO_TCP and IPPROTO_UDP.
fn protocol(transport: Transport) -> u8 {
    match transport {
        Transport::Tcp => 6,
        Transport::Udp => 17,
    }
}

fn write_address(field: &mut [u8], address: IpAddr) {
    match address {
        IpAddr::V4(address) => field[..4].copy_from_slice(&address.octets()),
        IpAddr::V6(address) => field[..16].copy_from_slice(&address.octets()),
    }
}

/// Reads one record: `struct inet_diag_msg` and its attributes. `None` when it is not one.
pub(super) fn record(transport: Transport, body: &[u8]) -> Option<Socket> {
    let (fixed, rest) = body.split_at_checked(RECORD)?;
    let family = match fixed[0] {
        AF_INET => Family::Ipv4,
        AF_INET6 => Family::Ipv6,
        _ => return None,
    };
    let end = |port: usize, address: usize| {
        let bytes = &fixed[address..address + 16];
        let ip = match family {
            Family::Ipv4 => IpAddr::V4(Ipv4Addr::from(*bytes.first_chunk::<4>()?)),
            _ => IpAddr::V6(Ipv6Addr::from(*bytes.first_chunk::<16>()?)),
        };
        Some(SocketAddr::new(ip, u16::from_be_bytes([fixed[port], fixed[port + 1]])))
    };
    let cookie = u64_at(fixed, 44)?;
    let timer = fixed[2];
    let expires = u32_at(fixed, 52)?;
    let mut socket = Socket {
        transport,
        family,
        local: end(4, 8)?,
        remote: end(6, 24)?,
        state: state(transport, fixed[1])?,
        inode: u64::from(u32_at(fixed, 68)?),
        cookie: (cookie != 0).then_some(cookie),
        uid: u32_at(fixed, 64),
        cgroup: None,
        receive_queue: u32_at(fixed, 56)?,
        send_queue: u32_at(fixed, 60)?,
        v6only: None,
        device: u32_at(fixed, 40)?,
        expires_ms: (timer != 0).then_some(expires),
        info: None,
        pids: Vec::new(),
    };
    for (kind, value) in attributes(rest) {
        match kind {
            INET_DIAG_SKV6ONLY => socket.v6only = value.first().map(|byte| *byte != 0),
            INET_DIAG_CGROUP_ID => socket.cgroup = u64_at(value, 0),
            INET_DIAG_INFO if transport == Transport::Tcp => socket.info = tcp_info(value, socket.state),
            _ => {}
        }
    }
    Some(socket)
}

/// Offsets in `struct tcp_info` (`linux/tcp.h`); the structure only ever grows at its end.
///
/// `tcpi_bytes_acked` is not used: it counts the SYN of whoever connected, and the FIN. `tcpi_bytes_received`
/// counts the peer's FIN, which has come in the states that only it leads to.
fn tcp_info(bytes: &[u8], state: State) -> Option<TcpInfo> {
    let finished = matches!(state, State::CloseWait | State::LastAck | State::Closing | State::TimeWait);
    let sent = u64_at(bytes, 200).zip(u64_at(bytes, 208));
    Some(TcpInfo {
        round_trip_us: u32_at(bytes, 68)?,
        retransmits: u32_at(bytes, 100)?,
        bytes_sent: sent.map(|(all, again)| all.saturating_sub(again)),
        bytes_received: u64_at(bytes, 128)?.saturating_sub(u64::from(finished)),
    })
}

/// The kernel's numbers (`net/tcp_states.h`). A UDP socket is "closed" while it has no peer.
pub(super) fn state(transport: Transport, number: u8) -> Option<State> {
    Some(match (transport, number) {
        (_, 1) => State::Established,
        (_, 2) => State::SynSent,
        (_, 3 | NEW_SYN_RECEIVED) => State::SynReceived,
        (_, 4) => State::FinWait1,
        (_, 5) => State::FinWait2,
        (_, 6) => State::TimeWait,
        (Transport::Udp, 7) => State::Bound,
        (Transport::Tcp, 7 | BOUND_INACTIVE) => State::BoundNotListening,
        (_, 8) => State::CloseWait,
        (_, 9) => State::LastAck,
        (_, 10) => State::Listen,
        (_, 11) => State::Closing,
        _ => return None,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn sample(family: u8, state: u8) -> Vec<u8> {
        let mut body = vec![0; RECORD];
        body[0] = family;
        body[1] = state;
        body[4..6].copy_from_slice(&62893u16.to_be_bytes());
        body[8..12].copy_from_slice(&[127, 0, 0, 1]);
        body[44..52].copy_from_slice(&77u64.to_ne_bytes());
        body[64..68].copy_from_slice(&1000u32.to_ne_bytes());
        body[68..72].copy_from_slice(&4242u32.to_ne_bytes());
        body
    }

    fn attribute(kind: u16, value: &[u8]) -> Vec<u8> {
        let mut bytes = ((4 + value.len()) as u16).to_ne_bytes().to_vec();
        bytes.extend(kind.to_ne_bytes());
        bytes.extend(value);
        bytes.resize(bytes.len().next_multiple_of(4), 0);
        bytes
    }

    #[test]
    fn a_record_is_read_field_by_field() {
        let body = [
            sample(AF_INET, 10),
            attribute(INET_DIAG_SKV6ONLY, &[1]),
            attribute(INET_DIAG_CGROUP_ID, &9u64.to_ne_bytes()),
        ];
        let socket = record(Transport::Tcp, &body.concat()).unwrap();
        assert_eq!(socket.local, "127.0.0.1:62893".parse().unwrap());
        assert_eq!((socket.state, socket.inode, socket.uid), (State::Listen, 4242, Some(1000)));
        assert_eq!((socket.cookie, socket.v6only, socket.cgroup), (Some(77), Some(true), Some(9)));
    }

    #[test]
    fn the_state_is_that_of_the_transport() {
        for (transport, number, expected) in [
            (Transport::Tcp, 7, Some(State::BoundNotListening)),
            (Transport::Tcp, 13, Some(State::BoundNotListening)),
            (Transport::Udp, 7, Some(State::Bound)),
            (Transport::Tcp, 6, Some(State::TimeWait)),
            (Transport::Tcp, 12, Some(State::SynReceived)),
            (Transport::Tcp, 0, None),
            (Transport::Tcp, 99, None),
        ] {
            assert_eq!(state(transport, number), expected, "{transport:?} {number}");
        }
    }

    #[test]
    fn what_is_not_a_record_is_none() {
        assert_eq!(record(Transport::Tcp, &sample(AF_INET, 10)[..71]), None);
        assert_eq!(record(Transport::Tcp, &sample(1, 10)), None);
        assert_eq!(record(Transport::Tcp, &[]), None);
        assert_eq!(tcp_info(&[0; 135], State::Established), None);
    }

    #[test]
    fn only_data_is_counted() {
        let mut info = [0; 224];
        info[120..128].copy_from_slice(&102u64.to_ne_bytes());
        info[128..136].copy_from_slice(&78u64.to_ne_bytes());
        info[200..208].copy_from_slice(&130u64.to_ne_bytes());
        info[208..216].copy_from_slice(&30u64.to_ne_bytes());
        for (state, length, expected) in [
            (State::Established, 224, (Some(100), 78)),
            (State::CloseWait, 224, (Some(100), 77)),
            (State::FinWait1, 224, (Some(100), 78)),
            // Linux before 4.19 does not tell.
            (State::Established, 192, (None, 78)),
        ] {
            let told = tcp_info(&info[..length], state).unwrap();
            assert_eq!((told.bytes_sent, told.bytes_received), expected, "{state:?} {length}");
        }
    }
}
