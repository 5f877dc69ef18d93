//! The dangers, one file each: what must have been seen for it to be true, and what mends it.
//!
//! A leaf looks at facts and at nothing else, and says nothing when it is not shown. Its file holds the planted
//! danger and its clean twin as a table of tests.

mod agent;
mod browser_devtools;
mod browser_guard;
mod cache_open;
mod clear_credentials;
mod container_engine;
mod database_open;
mod debugger;
mod diagnostics;
mod directory_removed;
mod exe_replaced;
mod forwarder;
mod hidden_files;
mod home_listing;
mod host_unchecked;
mod ipv6_forgotten;
mod jdwp;
mod known_bad_version;
mod model_server;
mod node_inspector;
mod notebook;
mod open_to_write;
mod origin_allowed;
mod orphan;
mod privileged;
mod published;
mod secret_in_argv;
mod source_shown;
mod split_localhost;
mod sql_open;
mod squatter;
mod tls_material;
mod unix_socket;
mod websocket_origin;
mod wildcard_bind;

use super::Check;

pub(super) use node_inspector::inspects;

/// Every check, by number.
pub(super) const CHECKS: &[&Check] = &[
    &wildcard_bind::CHECK,
    &ipv6_forgotten::CHECK,
    &published::CHECK,
    &forwarder::CHECK,
    &split_localhost::CHECK,
    &squatter::CHECK,
    &host_unchecked::CHECK,
    &origin_allowed::CHECK,
    &websocket_origin::CHECK,
    &browser_guard::CHECK,
    &hidden_files::CHECK,
    &source_shown::CHECK,
    &home_listing::CHECK,
    &known_bad_version::CHECK,
    &container_engine::CHECK,
    &cache_open::CHECK,
    &database_open::CHECK,
    &sql_open::CHECK,
    &model_server::CHECK,
    &notebook::CHECK,
    &agent::CHECK,
    &diagnostics::CHECK,
    &node_inspector::CHECK,
    &browser_devtools::CHECK,
    &jdwp::CHECK,
    &debugger::CHECK,
    &privileged::CHECK,
    &exe_replaced::CHECK,
    &directory_removed::CHECK,
    &orphan::CHECK,
    &secret_in_argv::CHECK,
    &open_to_write::CHECK,
    &unix_socket::CHECK,
    &tls_material::CHECK,
    &clear_credentials::CHECK,
];

#[cfg(test)]
pub(in crate::audit) mod fixture;
