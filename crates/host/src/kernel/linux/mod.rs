//! Linux: NETLINK_SOCK_DIAG, and `/proc/net` where the kernel refuses it (gVisor, WSL 1, hardened containers).

mod cgroup;
mod clock;
#[cfg(feature = "fuzz")]
pub mod fuzz;
mod handed;
mod inet_diag;
mod interfaces;
mod kcmp;
mod limits;
mod namespaces;
mod netlink;
mod proc_net;
mod rules;
mod settings;
mod spread;
mod stdout;
mod unix_diag;

use std::{io, net::SocketAddr};

use navyd_model::Family;
use rustix::fd::BorrowedFd;

use self::netlink::{Dump, Netlink, SOCK_DIAG};
pub use self::{
    cgroup::Cgroups,
    clock::clock,
    handed::handed_over,
    interfaces::{interfaces, links},
    limits::limits,
    namespaces::{namespaces, sockets_in},
    rules::{filter, inbound, published, rules, trace},
    settings::settings,
    stdout::stdout_is_read,
};
pub(crate) use self::{kcmp::same_files, spread::spread};
use super::socket::{Error, Query, Socket, Source, Table, Transport, UnixSocket};

/// Where names are given addresses by hand (hosts(5)).
pub const HOSTS: &str = "/etc/hosts";

/// How often a table is read again when it changed while being read. A table that changes faster than that is
/// taken as it is: every record in it was true when it was written.
const ATTEMPTS: usize = 4;

/// The folders in which administrators put authorities for the whole machine to trust: Debian's, Fedora's, SUSE's,
/// Arch's.
pub const ANCHORS: &[&str] = &[
    "/usr/local/share/ca-certificates",
    "/etc/pki/ca-trust/source/anchors",
    "/etc/pki/trust/anchors",
    "/etc/ca-certificates/trust-source/anchors",
];

/// The sockets of this network namespace.
///
/// # Errors
/// When neither netlink nor `/proc/net` can be read.
pub fn sockets(query: &Query) -> Result<Table, Error> {
    match dump_sockets(None, query) {
        Ok(sockets) => Ok(Table { sockets, source: Source::Netlink }),
        Err(_) => proc_net::table("/proc/net".as_ref(), query)
            .map(|sockets| Table { sockets, source: Source::Proc })
            .map_err(|source| Error::Io { what: "read `/proc/net`", source }),
    }
}

/// The socket with exactly these ends, seen from `local`: not a search, and open to every user.
///
/// The kernel answers with the listener when no connection matches, so look at the state. `None` when there is
/// no such socket.
///
/// # Errors
/// When the kernel does not offer the request.
pub fn find(transport: Transport, local: SocketAddr, remote: SocketAddr) -> Result<Option<Socket>, Error> {
    let failed = |source| Error::Io { what: "look up one socket", source };
    let request = inet_diag::exact_request(transport, local, remote, u64::MAX);
    let mut netlink = Netlink::open(SOCK_DIAG).map_err(failed)?;
    let found = netlink.ask(inet_diag::BY_FAMILY, &request).map_err(failed)?;
    Ok(found.and_then(|body| inet_diag::record(transport, body)))
}

/// Ends a socket as if its peer had aborted it (`SOCK_DESTROY`). Needs CAP_NET_ADMIN.
///
/// # Errors
/// When the kernel refuses, or the socket is gone.
pub fn destroy(socket: &Socket) -> Result<(), Error> {
    let failed = |source| Error::Io { what: "destroy a socket", source };
    let cookie = socket.cookie.unwrap_or(u64::MAX);
    let request = inet_diag::exact_request(socket.transport, socket.local, socket.remote, cookie);
    let mut netlink = Netlink::open(SOCK_DIAG).map_err(failed)?;
    netlink.command(inet_diag::DESTROY, &request).map_err(failed)
}

/// The unix sockets that can receive: listening, or bound datagram ones.
///
/// # Errors
/// When neither netlink nor `/proc/net/unix` can be read.
pub fn unix_listeners() -> Result<Vec<UnixSocket>, Error> {
    let receives = |socket: &UnixSocket| socket.listening || (socket.datagram && !socket.name.is_empty());
    let mut found = match unix_records() {
        Ok(records) => records.into_iter().map(|record| record.socket).collect(),
        Err(_) => proc_net::unix("/proc/net/unix".as_ref())
            .map_err(|source| Error::Io { what: "read `/proc/net/unix`", source })?,
    };
    found.retain(receives);
    Ok(found)
}

/// The inodes of the unix sockets with unread data: only in these can a descriptor be in flight.
pub(crate) fn unix_with_unread() -> Vec<u64> {
    let unread = |record: &unix_diag::Record| record.waiting > 0 && !record.socket.listening;
    let records = unix_records().unwrap_or_default();
    records.iter().filter(|record| unread(record)).map(|record| record.socket.inode).collect()
}

fn unix_records() -> io::Result<Vec<unix_diag::Record>> {
    let mut netlink = Netlink::open(SOCK_DIAG)?;
    let mut records = Vec::new();
    for _ in 0..ATTEMPTS {
        records.clear();
        let each = &mut |body: &[u8]| records.extend(unix_diag::record(body));
        if netlink.dump(inet_diag::BY_FAMILY, &unix_diag::request(), each)? == Dump::Complete {
            break;
        }
    }
    Ok(records)
}

/// Reads both families by netlink, in the namespace given or in this one.
fn dump_sockets(namespace: Option<BorrowedFd<'_>>, query: &Query) -> io::Result<Vec<Socket>> {
    let mut netlink = match namespace {
        Some(namespace) => Netlink::open_in(namespace, SOCK_DIAG)?,
        None => Netlink::open(SOCK_DIAG)?,
    };
    // One walk over the kernel's tables instead of two, which is most of what a dump costs.
    if query.transport == Transport::Tcp
        && let Ok(mut all) =
            dump(&mut netlink, inet_diag::TCP_TABLE, &inet_diag::tcp_table_request(query), query)
    {
        // In the order of two walks, whatever the order in which the kernel keeps them.
        all.sort_by_key(|socket| socket.family != Family::Ipv4);
        return Ok(all);
    }
    let mut all = Vec::new();
    for family in inet_diag::FAMILIES {
        let request = inet_diag::table_request(family, query);
        all.extend(dump(&mut netlink, inet_diag::BY_FAMILY, &request, query)?);
    }
    Ok(all)
}

fn dump(netlink: &mut Netlink, kind: u16, request: &[u8], query: &Query) -> io::Result<Vec<Socket>> {
    let mut all = Vec::new();
    for _ in 0..ATTEMPTS {
        all.clear();
        let each = &mut |body: &[u8]| {
            all.extend(inet_diag::record(query.transport, body).filter(|socket| query.matches(socket)));
        };
        if netlink.dump(kind, request, each)? == Dump::Complete {
            break;
        }
    }
    Ok(all)
}

#[cfg(test)]
mod tests {
    use std::net::{TcpListener, TcpStream, UdpSocket};

    use navyd_model::State;

    use super::*;
    use crate::kernel::socket::States;

    #[test]
    fn netlink_and_proc_tell_the_same() {
        let four = TcpListener::bind("127.0.0.1:0").unwrap();
        let six = TcpListener::bind("[::1]:0").unwrap();
        let udp = UdpSocket::bind("127.0.0.1:0").unwrap();
        for (transport, states, local) in [
            (Transport::Tcp, States::LISTEN, four.local_addr()),
            (Transport::Tcp, States::LISTEN, six.local_addr()),
            (Transport::Udp, States::UNCONNECTED, udp.local_addr()),
        ] {
            let local = local.unwrap();
            let query = Query::new(transport, states).on(local.port());
            let facts = |sockets: Vec<Socket>| -> Vec<_> {
                sockets.into_iter().map(|s| (s.local, s.remote, s.state, s.inode, s.uid, s.family)).collect()
            };
            let netlink = facts(dump_sockets(None, &query).unwrap());
            assert_eq!(netlink.len(), 1, "{local}");
            assert_eq!(netlink, facts(proc_net::table("/proc/net".as_ref(), &query).unwrap()));
        }
    }

    #[test]
    fn the_kernel_names_the_socket_at_the_other_end() {
        let listener = TcpListener::bind("127.62.89.6:0").unwrap();
        let server = listener.local_addr().unwrap();
        let client = TcpStream::connect(server).unwrap();
        let own = client.local_addr().unwrap();
        let waiting = find(Transport::Tcp, server, own).unwrap().unwrap();
        assert_eq!((waiting.state, waiting.inode), (State::Established, 0), "not accepted yet");
        let (_accepted, _) = listener.accept().unwrap();
        let accepted = find(Transport::Tcp, server, own).unwrap().unwrap();
        assert_ne!(accepted.inode, 0);
        assert!(accepted.info.is_some() && accepted.cookie == waiting.cookie);
        let nobody = find(Transport::Tcp, own, "127.0.0.1:1".parse().unwrap()).unwrap();
        assert_eq!(nobody.map(|socket| socket.state), None);
    }

    #[test]
    fn a_socket_that_is_bound_and_does_not_listen_is_seen() {
        let silent = socket2::Socket::new(socket2::Domain::IPV4, socket2::Type::STREAM, None).unwrap();
        silent.bind(&SocketAddr::from(([127, 0, 0, 1], 0)).into()).unwrap();
        let local = silent.local_addr().unwrap().as_socket().unwrap();
        let found = sockets(&Query::listeners().on(local.port())).unwrap().sockets;
        let release = rustix::system::uname().release().to_string_lossy().into_owned();
        let mut numbers = release.split(['.', '-']).map_while(|number| number.parse::<u32>().ok());
        if (numbers.next(), numbers.next()) < (Some(6), Some(8)) {
            return eprintln!(
                "skipped: a_socket_that_is_bound_and_does_not_listen_is_seen: Linux {release} < 6.8"
            );
        }
        assert_eq!(found.len(), 1);
        assert_eq!((found[0].local, found[0].state), (local, State::BoundNotListening));
    }

    #[test]
    fn a_unix_listener_is_seen_by_name() {
        let folder = std::env::temp_dir().join(format!("navyd-unix-{}", std::process::id()));
        let listener = std::os::unix::net::UnixListener::bind(&folder).unwrap();
        let found = unix_listeners().unwrap();
        drop(listener);
        std::fs::remove_file(&folder).unwrap();
        let name = folder.to_str().unwrap().as_bytes();
        assert!(found.iter().any(|socket| socket.name == name && socket.listening && socket.queue.is_some()));
    }
}
