//! Netlink (RFC 3549 §2): the transport, and the message framing as pure functions.
//!
//! Knows nothing of sockets or addresses. Deliberately absent: acknowledgements of anything but single commands.

use std::{io, time::Duration};

use rustix::{
    fd::{AsFd, BorrowedFd, OwnedFd},
    io::{Errno, retry_on_intr},
    net::{
        AddressFamily, Protocol, RecvFlags, SendFlags, SocketFlags, SocketType, bind,
        netlink::SocketAddrNetlink, recv, send, socket_with, sockopt,
    },
    thread::{LinkNameSpaceType, move_into_link_name_space},
};

const HEADER: usize = 16;
const NLMSG_ERROR: u16 = 2;
const NLMSG_DONE: u16 = 3;
const NLM_F_REQUEST: u16 = 0x1;
const NLM_F_ACK: u16 = 0x4;
const NLM_F_DUMP: u16 = 0x300;
const NLM_F_DUMP_INTR: u16 = 0x10;

/// The kernel fills at most 32 KiB for one `recv` of a dump, and less into a smaller buffer.
const BUFFER: usize = 64 * 1024;

/// A kernel that does not answer at all (some emulations do not) must not hang us.
const PATIENCE: Duration = Duration::from_secs(5);

/// `NETLINK_SOCK_DIAG`: sockets.
pub(super) const SOCK_DIAG: Option<Protocol> = Some(rustix::net::netlink::SOCK_DIAG);
/// `NETLINK_NETFILTER`: the packet filter.
pub(super) const NETFILTER: Option<Protocol> = Some(rustix::net::netlink::NETFILTER);
/// `NETLINK_ROUTE`, number 0: devices and addresses.
pub(super) const ROUTE: Option<Protocol> = None;

/// How a dump ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Dump {
    /// Everything was read.
    Complete,
    /// The table changed meanwhile (`NLM_F_DUMP_INTR`) or messages were lost (`ENOBUFS`): ask again.
    Interrupted,
}

/// A netlink socket. It stays in the network namespace in which it was opened.
pub(super) struct Netlink {
    fd: OwnedFd,
    buffer: Vec<u8>,
    sequence: u32,
}

impl Netlink {
    /// Opens a socket of the given netlink protocol in the calling thread's network namespace.
    pub(super) fn open(protocol: Option<Protocol>) -> io::Result<Self> {
        let fd = socket_with(AddressFamily::NETLINK, SocketType::DGRAM, SocketFlags::CLOEXEC, protocol)?;
        sockopt::set_socket_timeout(&fd, sockopt::Timeout::Recv, Some(PATIENCE))?;
        Ok(Self { fd, buffer: vec![0; BUFFER], sequence: 0 })
    }

    /// Opens one in the network namespace behind `namespace`. Needs CAP_SYS_ADMIN.
    ///
    /// A thread of its own enters the namespace and ends, so that the caller never leaves its own.
    pub(super) fn open_in(namespace: BorrowedFd<'_>, protocol: Option<Protocol>) -> io::Result<Self> {
        std::thread::scope(|scope| {
            let inside = scope.spawn(|| {
                move_into_link_name_space(namespace, Some(LinkNameSpaceType::Network))?;
                Self::open(protocol)
            });
            inside.join().unwrap_or_else(|_| Err(io::Error::other("the thread in the namespace panicked")))
        })
    }

    /// Opens one that hears what the kernel tells these groups, a bit for each.
    pub(super) fn hear(protocol: Option<Protocol>, groups: u32) -> io::Result<Self> {
        let all = Self::open(protocol)?;
        bind(&all.fd, &SocketAddrNetlink::new(0, groups))?;
        Ok(all)
    }

    /// Everything that was heard and not read yet, without waiting for more.
    pub(super) fn heard(&mut self, each: &mut dyn FnMut(&Message<'_>)) -> io::Result<()> {
        loop {
            match retry_on_intr(|| recv(&self.fd, &mut *self.buffer, RecvFlags::DONTWAIT)) {
                Ok((length, _)) => messages(&self.buffer[..length]).for_each(|message| each(&message)),
                // More than fitted was told; what is there is still worth reading.
                Err(Errno::NOBUFS) => {}
                Err(Errno::AGAIN) => return Ok(()),
                Err(other) => return Err(other.into()),
            }
        }
    }

    /// Asks for a table; `each` sees the body of every message.
    pub(super) fn dump(&mut self, kind: u16, body: &[u8], each: &mut dyn FnMut(&[u8])) -> io::Result<Dump> {
        self.request(kind, NLM_F_DUMP, body)?;
        let mut interrupted = false;
        loop {
            let bytes = match receive(self.fd.as_fd(), &mut self.buffer) {
                // Something was lost, and the dump goes on: the kernel refuses another one before its end.
                Err(Errno::NOBUFS) => {
                    interrupted = true;
                    continue;
                }
                other => other?,
            };
            for message in messages(bytes) {
                if message.sequence != self.sequence {
                    continue;
                }
                interrupted |= message.flags & NLM_F_DUMP_INTR != 0;
                match message.kind {
                    NLMSG_DONE | NLMSG_ERROR => {
                        status(message.body)?;
                        return Ok(if interrupted { Dump::Interrupted } else { Dump::Complete });
                    }
                    _ => each(message.body),
                }
            }
        }
    }

    /// Asks for one object; `None` when there is none.
    pub(super) fn ask(&mut self, kind: u16, body: &[u8]) -> io::Result<Option<&[u8]>> {
        self.request(kind, 0, body)?;
        let bytes = receive(self.fd.as_fd(), &mut self.buffer)?;
        let Some(message) = messages(bytes).find(|message| message.sequence == self.sequence) else {
            return Ok(None);
        };
        if message.kind != NLMSG_ERROR {
            return Ok(Some(message.body));
        }
        match status(message.body) {
            Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None),
            other => other.map(|()| None),
        }
    }

    /// Orders something, and waits until it is done.
    pub(super) fn command(&mut self, kind: u16, body: &[u8]) -> io::Result<()> {
        self.request(kind, NLM_F_ACK, body)?;
        let bytes = receive(self.fd.as_fd(), &mut self.buffer)?;
        let answer = messages(bytes).find(|message| message.kind == NLMSG_ERROR);
        answer.map_or(Ok(()), |message| status(message.body))
    }

    fn request(&mut self, kind: u16, flags: u16, body: &[u8]) -> io::Result<()> {
        self.sequence = self.sequence.wrapping_add(1);
        let mut message = Vec::with_capacity(HEADER + body.len());
        message.extend(((HEADER + body.len()) as u32).to_ne_bytes());
        message.extend(kind.to_ne_bytes());
        message.extend((NLM_F_REQUEST | flags).to_ne_bytes());
        message.extend(self.sequence.to_ne_bytes());
        message.extend(0u32.to_ne_bytes());
        message.extend(body);
        send(&self.fd, &message, SendFlags::empty())?;
        Ok(())
    }
}

fn receive<'a>(fd: BorrowedFd<'_>, buffer: &'a mut [u8]) -> rustix::io::Result<&'a [u8]> {
    let (length, _) = retry_on_intr(|| recv(fd, &mut *buffer, RecvFlags::empty()))?;
    Ok(&buffer[..length])
}

/// One netlink message.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Message<'a> {
    pub(super) kind: u16,
    pub(super) flags: u16,
    pub(super) sequence: u32,
    pub(super) body: &'a [u8],
}

/// Splits a datagram into its messages. Stops at the first that does not fit.
pub(super) fn messages(mut bytes: &[u8]) -> impl Iterator<Item = Message<'_>> {
    std::iter::from_fn(move || {
        let length = u32_at(bytes, 0)? as usize;
        let body = bytes.get(HEADER..length)?;
        let message =
            Message { kind: u16_at(bytes, 4)?, flags: u16_at(bytes, 6)?, sequence: u32_at(bytes, 8)?, body };
        bytes = bytes.get(length.next_multiple_of(4)..).unwrap_or_default();
        Some(message)
    })
}

/// Splits attributes (`struct nlattr`) into kind and value. Stops at the first that does not fit.
pub(super) fn attributes(mut bytes: &[u8]) -> impl Iterator<Item = (u16, &[u8])> {
    /// Flags for nesting and byte order share the field with the kind.
    const KIND: u16 = 0x3fff;
    std::iter::from_fn(move || {
        let length = usize::from(u16_at(bytes, 0)?);
        let kind = u16_at(bytes, 2)? & KIND;
        let value = bytes.get(4..length)?;
        bytes = bytes.get(length.next_multiple_of(4)..).unwrap_or_default();
        Some((kind, value))
    })
}

/// The number in an error or done message: 0, or a negated errno.
fn status(body: &[u8]) -> io::Result<()> {
    match u32_at(body, 0).map_or(0, u32::cast_signed) {
        0 => Ok(()),
        errno => Err(io::Error::from_raw_os_error(errno.wrapping_neg())),
    }
}

/// The two bytes at `offset`, in the machine's order.
pub(super) fn u16_at(bytes: &[u8], offset: usize) -> Option<u16> {
    Some(u16::from_ne_bytes(*bytes.get(offset..)?.first_chunk()?))
}

/// The four bytes at `offset`, in the machine's order.
pub(super) fn u32_at(bytes: &[u8], offset: usize) -> Option<u32> {
    Some(u32::from_ne_bytes(*bytes.get(offset..)?.first_chunk()?))
}

/// The eight bytes at `offset`, in the machine's order.
pub(super) fn u64_at(bytes: &[u8], offset: usize) -> Option<u64> {
    Some(u64::from_ne_bytes(*bytes.get(offset..)?.first_chunk()?))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn message(kind: u16, length: u32, body: &[u8]) -> Vec<u8> {
        let mut bytes = length.to_ne_bytes().to_vec();
        bytes.extend(kind.to_ne_bytes());
        bytes.extend([0; 10]);
        bytes.extend(body);
        bytes
    }

    #[test]
    fn a_datagram_is_split_into_its_messages() {
        let two = [message(20, 21, b"first\0\0\0"), message(3, 20, &[0; 4])].concat();
        let found: Vec<_> = messages(&two).map(|message| (message.kind, message.body.to_vec())).collect();
        assert_eq!(found, [(20, b"first".to_vec()), (3, vec![0; 4])]);
    }

    #[test]
    fn lengths_that_lie_end_the_datagram() {
        for (length, expected) in [(0, 0), (15, 0), (16, 1), (20, 1), (21, 0), (u32::MAX, 0)] {
            assert_eq!(messages(&message(20, length, &[7; 4])).count(), expected, "length {length}");
        }
        for length in [0u16, 3, 9, u16::MAX] {
            let attribute = [&length.to_ne_bytes()[..], &[1, 0, 0, 0, 0, 0]].concat();
            assert_eq!(attributes(&attribute).count(), 0, "length {length}");
        }
    }

    #[test]
    fn a_negative_status_is_the_errno() {
        assert!(status(&0i32.to_ne_bytes()).is_ok());
        assert_eq!(status(&(-2i32).to_ne_bytes()).unwrap_err().kind(), io::ErrorKind::NotFound);
        assert!(status(&i32::MIN.to_ne_bytes()).is_err());
        assert!(status(&[]).is_ok());
    }
}
