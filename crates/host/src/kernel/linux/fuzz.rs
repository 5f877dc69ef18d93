//! Doors for the fuzz targets: every parser of what the kernel writes, on bytes that it never wrote.

use navyd_model::Family;

use super::{inet_diag, interfaces, limits, netlink, proc_net, unix_diag};
use crate::kernel::socket::Transport;

/// Messages, attributes and records of netlink.
pub fn netlink(bytes: &[u8]) {
    let bodies = netlink::messages(bytes).map(|message| message.body).chain([bytes]);
    for body in bodies {
        for transport in [Transport::Tcp, Transport::Udp] {
            inet_diag::record(transport, body);
        }
        unix_diag::record(body);
        interfaces::device(body);
        interfaces::address(body);
    }
}

/// Lines of `/proc/net`, and the settings of ports.
pub fn proc_net(bytes: &[u8]) {
    for line in bytes.split(|byte| *byte == b'\n') {
        for family in [Family::Ipv4, Family::Ipv6] {
            proc_net::socket(Transport::Tcp, family, line);
        }
        proc_net::unix_socket(line);
    }
    if let Ok(text) = std::str::from_utf8(bytes) {
        limits::pair(text);
        limits::ranges(text);
    }
}
