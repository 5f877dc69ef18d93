//! The rows, one file each: what must be read for it, what is wrong, and what to type.

mod lo_up;
mod unprivileged_ports;

use super::Row;

/// Every row: the device first, then addresses, names, ports, queues and limits, filters, and what lies around.
pub(super) const ROWS: &[&Row] = &[&lo_up::ROW, &unprivileged_ports::ROW];
