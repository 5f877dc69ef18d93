//! Connections, with what the kernel counted on them.

use navyd_model::{Connection, Protocol};

use super::owner::Holders;
use crate::kernel::{self, Error, Query, States, Transport};

/// The TCP connections and connected UDP sockets of this namespace; with `port`, those with it at either end.
///
/// # Errors
/// When the kernel tells nothing of this namespace's sockets.
pub fn connections(port: Option<u16>) -> Result<Vec<Connection>, Error> {
    let mut sockets = Vec::new();
    for transport in [Transport::Tcp, Transport::Udp] {
        let query = Query { info: true, ..Query::new(transport, States::CONNECTED) };
        sockets.extend(kernel::sockets(&query)?.sockets);
    }
    if let Some(port) = port {
        sockets.retain(|socket| socket.local.port() == port || socket.remote.port() == port);
    }
    let inodes = sockets.iter().map(|socket| socket.inode).filter(|inode| *inode != 0).collect();
    let mut holders = Holders::of(&inodes);
    let connection = |socket: kernel::Socket| {
        let (held, owner_unknown) = holders.of_socket(socket.inode, socket.uid, &socket.pids, false);
        Connection {
            proto: match socket.transport {
                Transport::Tcp => Protocol::Tcp,
                Transport::Udp => Protocol::Udp,
            },
            local: socket.local,
            remote: socket.remote,
            state: socket.state,
            cookie: socket.cookie,
            uid: socket.uid,
            bytes_sent: socket.info.and_then(|info| info.bytes_sent),
            bytes_received: socket.info.map(|info| info.bytes_received),
            round_trip_ms: socket.info.map(|info| f64::from(info.round_trip_us) / 1000.0),
            retransmits: socket.info.map(|info| info.retransmits),
            owner_unknown,
            holders: held,
        }
    };
    Ok(sockets.into_iter().map(connection).collect())
}
