//! Doors for the fuzz targets: every parser of what the kernel and the packet filter's programs write, on bytes that
//! they never wrote.

use navyd_model::{Family, Protocol};

use super::{
    inet_diag, interfaces, limits, netlink, proc_net,
    rules::{iptables, nft, published},
    unix_diag,
};
use crate::kernel::{RuleQuery, socket::Transport};

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

/// The packet filter's rules, as `nft` and as `iptables-save` print them.
pub fn rules(bytes: &[u8]) {
    let text = String::from_utf8_lossy(bytes);
    for proto in [Protocol::Tcp, Protocol::Udp] {
        let query = RuleQuery { port: 3000, proto };
        nft::rules(&text, query);
        iptables::rules(&text, query);
    }
    published::nft::published(&text);
    published::iptables::published(&text);
}
