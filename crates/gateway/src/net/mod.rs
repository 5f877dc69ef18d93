//! Sockets and the bytes that pass through them: binding, reading, writing, pumping, waiting, draining.
//!
//! The only place in this crate that knows the operating system; `os/` is its seam. Everything here is polled
//! by hand, so that a connection is one task whatever it does in both directions, and that an idle one holds
//! no buffer. Deliberately absent: any protocol above TLS.

mod alarm;
mod bind;
mod buffer;
mod deadline;
mod drain;
mod linger;
mod os;
mod pair;
mod pump;
mod relay;
mod shaped;
mod socket;
mod tls;

pub(crate) use bind::{handed as share_tcp, tcp as bind_tcp, udp as bind_udp};
pub(crate) use buffer::{Buffer, Buffers};
pub(crate) use deadline::Deadline;
pub(crate) use drain::{Drain, Guest};
pub(crate) use linger::linger;
pub(crate) use os::raise_file_limit;
pub(crate) use pair::{Inner, pair};
pub(crate) use pump::{Broken, End, Extent, Ledger, Lender, Pump};
pub(crate) use relay::{Joined, Parted, Side, relay};
pub(crate) use shaped::{Place, shaped};
pub(crate) use socket::{Ends, Sign, Socket};
