//! Listening sockets that whoever started this program has opened for it, as sd_listen_fds(3) describes.

use std::{
    env,
    fs::symlink_metadata,
    net::TcpListener,
    os::fd::{BorrowedFd, RawFd},
    process,
};

use rustix::io::{FdFlags, fcntl_dupfd_cloexec, fcntl_setfd};
use socket2::{SockRef, Type};

/// The first descriptor: SD_LISTEN_FDS_START.
const FIRST: RawFd = 3;

/// More are not looked at, whatever the environment says.
const MOST: RawFd = 64;

/// The sockets among them that listen for TCP; whatever else was handed over is left alone. The descriptors that they
/// came by stay open, as they do at whoever handed them over, and no program that is started here inherits them.
pub fn handed_over() -> Vec<TcpListener> {
    let said = |name: &str| env::var(name).ok();
    let count = count(said("LISTEN_PID").as_deref(), said("LISTEN_FDS").as_deref(), process::id());
    (FIRST..FIRST + count).filter_map(duplicate).collect()
}

/// How many there are for a process. Meant for another one, the variables were only inherited.
fn count(pid: Option<&str>, fds: Option<&str>, own: u32) -> RawFd {
    let number = |text: Option<&str>| text?.parse::<u32>().ok();
    match (number(pid), number(fds)) {
        (Some(pid), Some(fds)) if pid == own => RawFd::try_from(fds).map_or(MOST, |fds| fds.min(MOST)),
        _ => 0,
    }
}

#[allow(unsafe_code)]
fn duplicate(descriptor: RawFd) -> Option<TcpListener> {
    symlink_metadata(format!("/proc/self/fd/{descriptor}")).ok()?;
    // SAFETY: the descriptor is open, as its entry shows, and what this process opened itself at such a number it keeps
    // open while it looks here.
    let handed = unsafe { BorrowedFd::borrow_raw(descriptor) };
    fcntl_setfd(handed, FdFlags::CLOEXEC).ok()?;
    let socket = SockRef::from(&handed);
    let listens = socket.is_listener().ok()? && socket.r#type().ok()? == Type::STREAM;
    (listens && socket.local_addr().ok()?.as_socket().is_some())
        .then(|| fcntl_dupfd_cloexec(handed, FIRST).ok().map(TcpListener::from))?
}

#[cfg(test)]
mod tests {
    use std::os::fd::AsRawFd as _;

    use super::*;

    #[test]
    fn only_what_is_meant_for_this_process_counts() {
        for (pid, fds, expected) in [
            (Some("7"), Some("2"), 2),
            (Some("8"), Some("2"), 0),
            (None, Some("2"), 0),
            (Some("7"), None, 0),
            (Some("7"), Some("-1"), 0),
            (Some("7"), Some("4294967295"), MOST),
            (Some("7"), Some("99999999999"), 0),
        ] {
            assert_eq!(count(pid, fds, 7), expected, "{pid:?} {fds:?}");
        }
    }

    #[test]
    fn only_listeners_of_tcp_are_taken() {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let taken = duplicate(listener.as_raw_fd()).unwrap();
        assert_eq!(taken.local_addr().unwrap(), listener.local_addr().unwrap());
        assert_ne!(taken.as_raw_fd(), listener.as_raw_fd());
        let datagrams = std::net::UdpSocket::bind("127.0.0.1:0").unwrap();
        assert!(duplicate(datagrams.as_raw_fd()).is_none());
        assert!(duplicate(RawFd::MAX).is_none());
    }
}
