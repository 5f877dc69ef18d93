//! Readiness as the kernel's list has it: nothing is connected to.

use std::net::IpAddr;

use navyd_model::State;

use super::Look;
use crate::{
    kernel::{self, Query, Socket, States, Transport},
    listeners::reaches,
};

/// `closely` also sees sockets that are bound and do not listen yet, for which the kernel walks every port in
/// use: that is for the last look, and not for one that is repeated.
pub(super) fn look(transport: Transport, port: u16, addresses: &[IpAddr], closely: bool) -> Look {
    let query = match transport {
        Transport::Tcp if closely => Query::listeners(),
        Transport::Tcp => Query::new(Transport::Tcp, States::LISTEN),
        Transport::Udp => Query::new(Transport::Udp, States::UNCONNECTED),
    };
    match kernel::sockets(&query.on(port)) {
        Ok(table) => judge(&table.sockets, addresses),
        Err(error) => Look::NotYet(format!("the socket table cannot be read: {error}")),
    }
}

pub(super) fn look_unix(names: &[Vec<u8>]) -> Look {
    match kernel::unix_listeners() {
        Ok(listeners) if listeners.iter().any(|listener| names.contains(&listener.name)) => Look::There,
        Ok(_) => Look::NotYet("nothing listens".into()),
        Err(error) => Look::NotYet(format!("the unix sockets cannot be read: {error}")),
    }
}

/// Whether one of the addresses is reached, from the sockets of the port. Pure.
fn judge(sockets: &[Socket], addresses: &[IpAddr]) -> Look {
    let wanted = |socket: &&Socket| {
        let bound = socket.local.ip();
        addresses.is_empty() || addresses.iter().any(|address| reaches(bound, socket.v6only, *address))
    };
    let receives = |socket: &&Socket| matches!(socket.state, State::Listen | State::Bound | State::Closed);
    if sockets.iter().filter(receives).any(|socket| wanted(&socket)) {
        return Look::There;
    }
    if sockets.iter().any(|socket| socket.state == State::BoundNotListening && wanted(&socket)) {
        return Look::NotYet("a socket is bound, and does not listen yet".into());
    }
    let mut others: Vec<String> =
        sockets.iter().filter(receives).map(|socket| socket.local.ip().to_string()).collect();
    others.sort();
    others.dedup();
    match others.as_slice() {
        [] => Look::NotYet("nothing listens".into()),
        others => Look::NotYet(format!("listens only on {}", others.join(", "))),
    }
}

#[cfg(test)]
mod tests {
    use navyd_model::Family;

    use super::*;

    fn socket(local: &str, state: State, v6only: Option<bool>) -> Socket {
        let local: std::net::SocketAddr = local.parse().unwrap();
        Socket {
            transport: Transport::Tcp,
            family: if local.is_ipv4() { Family::Ipv4 } else { Family::Ipv6 },
            local,
            remote: "0.0.0.0:0".parse().unwrap(),
            state,
            inode: 1,
            cookie: None,
            uid: None,
            cgroup: None,
            receive_queue: 0,
            send_queue: 0,
            v6only,
            device: 0,
            expires_ms: None,
            info: None,
            pids: Vec::new(),
        }
    }

    #[test]
    fn judgements() {
        let listens = |local| socket(local, State::Listen, Some(false));
        let check = |sockets: &[Socket], addresses: &[&str], expected: Option<&str>| {
            let addresses: Vec<IpAddr> = addresses.iter().map(|text| text.parse().unwrap()).collect();
            let expected = expected.map_or(Look::There, |seen| Look::NotYet(seen.into()));
            assert_eq!(judge(sockets, &addresses), expected);
        };
        check(&[], &[], Some("nothing listens"));
        check(&[listens("127.0.0.1:1")], &[], None);
        check(&[listens("127.0.0.1:1")], &["127.0.0.1"], None);
        check(&[listens("0.0.0.0:1")], &["127.0.0.1"], None);
        check(&[listens("[::]:1")], &["127.0.0.1"], None);
        check(&[listens("[::1]:1")], &["127.0.0.1"], Some("listens only on ::1"));
        check(&[listens("[::1]:1")], &["127.0.0.1", "::1"], None);
        check(&[socket("[::]:1", State::Listen, Some(true))], &["127.0.0.1"], Some("listens only on ::"));
        check(&[socket("0.0.0.0:1", State::Closed, None)], &["127.0.0.1"], None);
        let bound = socket("127.0.0.1:1", State::BoundNotListening, None);
        check(&[bound], &["127.0.0.1"], Some("a socket is bound, and does not listen yet"));
    }
}
