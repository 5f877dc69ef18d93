//! Doors for the fuzz targets: every parser of what the kernel and the packet filter's programs write, on bytes that
//! they never wrote.

use std::net::{IpAddr, Ipv6Addr};

use navyd_model::{Family, Protocol};

use super::{
    inet_diag, interfaces, limits, netlink, proc_net,
    rules::{iptables, nft, published, trace, walk},
    settings, unix_diag,
};
use crate::kernel::{Arrival, Flow, RuleQuery, socket::Transport};

/// Messages, attributes and records of netlink.
pub fn netlink(bytes: &[u8]) {
    let bodies = netlink::messages(bytes).map(|message| message.body).chain([bytes]);
    for body in bodies {
        for transport in [Transport::Tcp, Transport::Udp] {
            inet_diag::record(transport, body);
        }
        unix_diag::record(body);
        trace::heard(body);
        interfaces::device(body);
        interfaces::link(body);
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
        settings::lost(text);
        settings::time_wait(text);
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
    let flow = |address: IpAddr| Flow { to: (address, 3000).into(), from: address, ports: 32768..=60999 };
    let flows = [IpAddr::from([127, 0, 0, 1]), IpAddr::V6(Ipv6Addr::LOCALHOST)].map(flow);
    let arrival = Arrival {
        device: "eth0".into(),
        to: ([192, 0, 2, 7], 3000).into(),
        led: text.len().is_multiple_of(2).then(|| ([172, 17, 0, 2], 80).into()),
    };
    walk::outside::inbound(&text, &[arrival]);
    walk::filter(&text, flows.to_vec());
    iptables::count(&text);
    published::nft::published(&text);
    published::iptables::published(&text);
}
