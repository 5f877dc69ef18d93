//! The rows, one file each: what must be read for it, what is wrong, and what to type.

mod address_order;
mod authority;
mod backlog;
mod bindv6only;
mod clock;
mod connect;
mod conntrack;
mod dns;
mod ephemeral_range;
mod firewall_drop;
mod firewall_reject;
mod hosts;
mod hub;
mod legacy_iptables;
mod lo_device;
mod lo_up;
mod localhost_names;
mod loopback_addresses;
mod mac_layer;
mod namespace;
mod open_files;
mod our_port;
mod proxy_env;
mod redirect;
mod route_localnet;
mod systemd_sockets;
mod time_wait;
mod unprivileged_ports;

use super::Row;

/// Every row: the device first, then addresses, names, ports, queues and limits, filters, and what lies around.
pub(super) const ROWS: &[&Row] = &[
    &lo_up::ROW,
    &lo_device::ROW,
    &loopback_addresses::ROW,
    &connect::ROW,
    &hosts::ROW,
    &localhost_names::ROW,
    &address_order::ROW,
    &dns::ROW,
    &proxy_env::ROW,
    &route_localnet::ROW,
    &bindv6only::ROW,
    &unprivileged_ports::ROW,
    &ephemeral_range::ROW,
    &our_port::ROW,
    &systemd_sockets::ROW,
    &backlog::ROW,
    &time_wait::ROW,
    &conntrack::ROW,
    &open_files::ROW,
    &firewall_drop::ROW,
    &firewall_reject::ROW,
    &redirect::ROW,
    &legacy_iptables::ROW,
    &mac_layer::ROW,
    &namespace::ROW,
    &clock::ROW,
    &authority::ROW,
    &hub::ROW,
];
