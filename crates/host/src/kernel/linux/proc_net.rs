//! `/proc/net/{tcp,tcp6,udp,udp6,unix}`: the picture without netlink, and the one of other namespaces.
//!
//! Bias: no cookies, no control groups, no `IPV6_V6ONLY`, no sockets that are bound and do not listen.

use std::{
    fs, io,
    net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr},
    path::Path,
};

use navyd_model::{Family, State};

use crate::kernel::socket::{Query, Socket, Transport, UnixSocket};

/// The kernel counts timers in `USER_HZ`, which is 100 on every Linux.
const TICK_MS: u64 = 10;

/// The sockets that the files below `net` tell.
pub(super) fn table(net: &Path, query: &Query) -> io::Result<Vec<Socket>> {
    let files = match query.transport {
        Transport::Tcp => [("tcp", Family::Ipv4), ("tcp6", Family::Ipv6)],
        Transport::Udp => [("udp", Family::Ipv4), ("udp6", Family::Ipv6)],
    };
    let mut all = Vec::new();
    for (file, family) in files {
        match fs::read(net.join(file)) {
            Ok(text) => all.extend(
                text.split(|byte| *byte == b'\n')
                    .skip(1)
                    .filter_map(|line| socket(query.transport, family, line))
                    .filter(|socket| query.matches(socket)),
            ),
            // A kernel without IPv6 has no such file.
            Err(error) if family == Family::Ipv6 && error.kind() == io::ErrorKind::NotFound => {}
            Err(error) => return Err(error),
        }
    }
    Ok(all)
}

/// The unix sockets that the file tells.
pub(super) fn unix(file: &Path) -> io::Result<Vec<UnixSocket>> {
    let text = fs::read(file)?;
    Ok(text.split(|byte| *byte == b'\n').skip(1).filter_map(unix_socket).collect())
}

/// Reads one line: `sl local_address rem_address st tx_queue:rx_queue tr:tm->when retrnsmt uid timeout inode …`.
pub(super) fn socket(transport: Transport, family: Family, line: &[u8]) -> Option<Socket> {
    let line = std::str::from_utf8(line).ok()?;
    let mut fields = line.split_ascii_whitespace().skip(1);
    let local = address(family, fields.next()?)?;
    let remote = address(family, fields.next()?)?;
    let state = super::inet_diag::state(transport, u8::from_str_radix(fields.next()?, 16).ok()?)?;
    let (send, receive) = fields.next()?.split_once(':')?;
    let (timer, when) = fields.next()?.split_once(':')?;
    let when = u64::from_str_radix(when, 16).ok()?;
    let uid = fields.nth(1)?.parse().ok();
    let inode = fields.nth(1)?.parse().ok()?;
    let listening = state == State::Listen;
    let receive_queue = u32::from_str_radix(receive, 16).ok()?;
    // For a listener the file has no backlog: its send queue is always 0.
    let send_queue = if listening { 0 } else { u32::from_str_radix(send, 16).ok()? };
    Some(Socket {
        transport,
        family,
        local,
        remote,
        state,
        inode,
        cookie: None,
        uid,
        cgroup: None,
        receive_queue,
        send_queue,
        v6only: None,
        device: 0,
        expires_ms: (timer != "00").then(|| u32::try_from(when.saturating_mul(TICK_MS)).unwrap_or(u32::MAX)),
        info: None,
        pids: Vec::new(),
    })
}

/// `0100007F:F5AD`: each 32-bit word of the address in the machine's order, the port in plain hexadecimal.
fn address(family: Family, text: &str) -> Option<SocketAddr> {
    let (words, port) = text.split_once(':')?;
    let port = u16::from_str_radix(port, 16).ok()?;
    let word = |index: usize| u32::from_str_radix(words.get(index * 8..index * 8 + 8)?, 16).ok();
    let ip = match family {
        Family::Ipv4 if words.len() == 8 => IpAddr::V4(Ipv4Addr::from(word(0)?.to_ne_bytes())),
        Family::Ipv6 if words.len() == 32 => {
            let mut octets = [0; 16];
            for (index, chunk) in octets.chunks_exact_mut(4).enumerate() {
                chunk.copy_from_slice(&word(index)?.to_ne_bytes());
            }
            IpAddr::V6(Ipv6Addr::from(octets))
        }
        _ => return None,
    };
    Some(SocketAddr::new(ip, port))
}

/// Reads one line: `Num RefCount Protocol Flags Type St Inode Path`. The path is the rest of the line.
pub(super) fn unix_socket(line: &[u8]) -> Option<UnixSocket> {
    /// `__SO_ACCEPTCON`: the socket listens.
    const ACCEPTS: u32 = 0x10000;
    const SOCK_DGRAM: u32 = 2;
    let mut rest = line;
    let mut field = || {
        rest = rest.trim_ascii_start();
        let end = rest.iter().position(u8::is_ascii_whitespace).unwrap_or(rest.len());
        let (field, tail) = rest.split_at(end);
        rest = tail;
        std::str::from_utf8(field).ok()
    };
    let (_number, _references, _protocol) = (field()?, field()?, field()?);
    let flags = u32::from_str_radix(field()?, 16).ok()?;
    let kind = u32::from_str_radix(field()?, 16).ok()?;
    let (_state, inode) = (field()?, field()?.parse().ok()?);
    Some(UnixSocket {
        name: rest.strip_prefix(b" ").unwrap_or(rest).to_vec(),
        listening: flags & ACCEPTS != 0,
        datagram: kind == SOCK_DGRAM,
        inode,
        cookie: None,
        uid: None,
        queue: None,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    #[cfg(target_endian = "little")]
    fn lines_are_read_field_by_field() {
        let line = b"   0: 0100007F:F5AD 00000000:0000 0A 00000000:00000003 00:00000000 00000000  1000        0 4242 1 ff";
        let listener = socket(Transport::Tcp, Family::Ipv4, line).unwrap();
        assert_eq!(listener.local, "127.0.0.1:62893".parse().unwrap());
        assert_eq!((listener.state, listener.uid, listener.inode), (State::Listen, Some(1000), 4242));
        assert_eq!((listener.receive_queue, listener.expires_ms), (3, None));

        let line = b"1: 00000000000000000000000001000000:0050 00000000000000000000000001000000:D431 06 00000000:00000000 03:0000176A 00000000 0 0 0 3 ff";
        let resting = socket(Transport::Tcp, Family::Ipv6, line).unwrap();
        assert_eq!(resting.local, "[::1]:80".parse().unwrap());
        assert_eq!((resting.state, resting.expires_ms), (State::TimeWait, Some(59_940)));
    }

    #[test]
    fn unix_names_keep_every_byte() {
        let line = b"0000000000000000: 00000002 00000000 00010000 0001 01 11057 /run/a \xffb";
        let socket = unix_socket(line).unwrap();
        assert_eq!(
            (socket.name.as_slice(), socket.listening, socket.inode),
            (&b"/run/a \xffb"[..], true, 11057)
        );
        assert!(unix_socket(b"0: 2 0 00010000 0001 01").is_none());
    }

    #[test]
    fn what_is_not_a_line_is_none() {
        for line in [
            &b""[..],
            b"garbage",
            b"\xff\xfe",
            b"0: 0100007F:F5AD",
            b"0: \xc3\xa9\xc3\xa9\xc3\xa9\xc3\xa9:0050 x",
        ] {
            assert_eq!(socket(Transport::Tcp, Family::Ipv4, line), None);
        }
    }
}
