//! Unix sockets by NETLINK_SOCK_DIAG (`linux/unix_diag.h`): request and record as pure functions.

use super::netlink::{attributes, u32_at, u64_at};
use crate::kernel::socket::UnixSocket;

const AF_UNIX: u8 = 1;
const SOCK_DGRAM: u8 = 2;
const LISTEN: u8 = 10;
const SHOW_NAME: u32 = 0x1;
const SHOW_RQLEN: u32 = 0x10;
const SHOW_UID: u32 = 0x40;
const UNIX_DIAG_NAME: u16 = 0;
const UNIX_DIAG_RQLEN: u16 = 4;
const UNIX_DIAG_UID: u16 = 7;

/// The body of a dump request: `struct unix_diag_req`, for sockets in any state.
pub(super) fn request() -> [u8; 24] {
    let mut body = [0; 24];
    body[0] = AF_UNIX;
    body[4..8].copy_from_slice(&u32::MAX.to_ne_bytes());
    body[12..16].copy_from_slice(&(SHOW_NAME | SHOW_RQLEN | SHOW_UID).to_ne_bytes());
    body[16..24].copy_from_slice(&u64::MAX.to_ne_bytes());
    body
}

/// One record as the kernel tells it, before it is known to be a listener.
pub(super) struct Record {
    /// The socket.
    pub(super) socket: UnixSocket,
    /// Bytes or connections that wait to be received.
    pub(super) waiting: u32,
}

/// Reads one record: `struct unix_diag_msg` (16 bytes) and its attributes.
pub(super) fn record(body: &[u8]) -> Option<Record> {
    let (fixed, rest) = body.split_at_checked(16)?;
    if fixed[0] != AF_UNIX {
        return None;
    }
    let cookie = u64_at(fixed, 8)?;
    let listening = fixed[2] == LISTEN;
    let mut record = Record {
        socket: UnixSocket {
            name: Vec::new(),
            listening,
            datagram: fixed[1] == SOCK_DGRAM,
            inode: u64::from(u32_at(fixed, 4)?),
            cookie: (cookie != 0).then_some(cookie),
            uid: None,
            queue: None,
        },
        waiting: 0,
    };
    for (kind, value) in attributes(rest) {
        match kind {
            UNIX_DIAG_NAME => record.socket.name = name(value),
            UNIX_DIAG_UID => record.socket.uid = u32_at(value, 0),
            UNIX_DIAG_RQLEN => {
                record.waiting = u32_at(value, 0)?;
                record.socket.queue = listening.then_some((record.waiting, u32_at(value, 4)?));
            }
            _ => {}
        }
    }
    Some(record)
}

/// A path ends at its NUL; an abstract name begins with one, which is written `@`.
fn name(value: &[u8]) -> Vec<u8> {
    match value {
        [0, rest @ ..] => [b"@", rest].concat(),
        path => path.split(|byte| *byte == 0).next().unwrap_or_default().to_vec(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_paths_or_abstract() {
        for (value, expected) in [
            (&b"/run/x.sock\0"[..], &b"/run/x.sock"[..]),
            (b"/run/x.sock", b"/run/x.sock"),
            (b"\0bus", b"@bus"),
            (b"\0a\0b", b"@a\0b"),
            (b"", b""),
        ] {
            assert_eq!(name(value), expected);
        }
    }

    #[test]
    fn what_is_not_a_record_is_none() {
        assert!(record(&[1; 15]).is_none());
        assert!(record(&[2; 16]).is_none());
        assert!(record(&[1; 16]).is_some());
    }
}
