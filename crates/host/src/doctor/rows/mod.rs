//! The rows, one file each: what must be read for it, what is wrong, and what to type.

mod backlog;
mod bindv6only;
mod connect;
mod conntrack;
mod ephemeral_range;
mod firewall_drop;
mod firewall_reject;
mod legacy_iptables;
mod lo_device;
mod lo_up;
mod loopback_addresses;
mod our_port;
mod redirect;
mod route_localnet;
mod time_wait;
mod unprivileged_ports;

use super::Row;

/// Every row: the device first, then addresses, names, ports, queues and limits, filters, and what lies around.
pub(super) const ROWS: &[&Row] = &[
    &lo_up::ROW,
    &lo_device::ROW,
    &loopback_addresses::ROW,
    &connect::ROW,
    &route_localnet::ROW,
    &bindv6only::ROW,
    &unprivileged_ports::ROW,
    &ephemeral_range::ROW,
    &our_port::ROW,
    &backlog::ROW,
    &time_wait::ROW,
    &conntrack::ROW,
    &firewall_drop::ROW,
    &firewall_reject::ROW,
    &redirect::ROW,
    &legacy_iptables::ROW,
];
