//! Proof in place of reading: one connection of our own, watched on its way through the packet filter.
//!
//! Opt-in, and for root. What is added to the filter for it touches no other connection, and vanishes with this process
//! whatever happens: see the kernel's room.

use std::{
    io,
    net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr},
    time::Duration,
};

use navyd_model::ConnectResult;
use socket2::{Domain, Socket, Type};

use super::matrix;
use crate::{
    kernel::{self, Did, Error, Flow, Step},
    why::reach,
};

/// What was seen.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Traced {
    /// Where the connection was made to.
    pub to: SocketAddr,
    /// What came of it.
    pub result: ConnectResult,
    /// What the rules did with its packets, in the order of its happening.
    pub steps: Vec<Step>,
}

impl Traced {
    /// The rule that ended it.
    pub fn dropped_by(&self) -> Option<&Step> {
        self.steps.iter().find(|step| step.did == Did::Dropped)
    }
}

/// Connects to each place while the packet filter tells what it does; without one, to a listener of our own by
/// 127.0.0.1 and ::1. What takes a connection as an order, such as a debugger, is the caller's to leave out.
///
/// # Errors
/// Without root, without `nft`, or where the kernel cannot do it; and when nothing can listen or be connected from.
pub fn trace(places: &[SocketAddr]) -> Result<Vec<Traced>, Error> {
    if !places.is_empty() {
        return places.iter().map(|place| one(*place)).collect();
    }
    let own = [IpAddr::V4(Ipv4Addr::LOCALHOST), IpAddr::V6(Ipv6Addr::LOCALHOST)];
    let listener = matrix::listen(own.len()).map_err(failed)?;
    // Of an address that is not there nothing comes as far as a rule.
    let there = own.into_iter().filter(|address| matrix::binds(&[*address]).iter().all(|bind| bind.ok));
    let traced = there.map(|address| one((address, listener.port).into())).collect();
    drop(listener);
    traced
}

fn one(to: SocketAddr) -> Result<Traced, Error> {
    // The port is ours before the rules for it are made, so that they are about nobody else.
    let socket = match bound(to) {
        // This machine has no such address, or no port is left: nothing comes as far as a rule.
        Err(error) if matches!(error.kind(), io::ErrorKind::AddrNotAvailable | io::ErrorKind::AddrInUse) => {
            return Ok(Traced { to, result: ConnectResult::Failed, steps: Vec::new() });
        }
        socket => socket.map_err(failed)?,
    };
    let own = socket.local_addr().map_err(failed)?.as_socket();
    let own = own.ok_or_else(|| failed(io::ErrorKind::AddrNotAvailable.into()))?;
    let mut result = ConnectResult::NotTried;
    let steps = kernel::trace(own, &mut || result = connect(&socket, to))?;
    Ok(Traced { to, result, steps })
}

fn bound(to: SocketAddr) -> io::Result<Socket> {
    let socket = Socket::new(Domain::for_address(to), Type::STREAM, None)?;
    socket.set_linger(Some(Duration::ZERO))?;
    socket.bind(&SocketAddr::new(Flow::source(to.ip()), 0).into())?;
    Ok(socket)
}

fn connect(socket: &Socket, to: SocketAddr) -> ConnectResult {
    match socket.connect_timeout(&to.into(), reach::PATIENCE) {
        Ok(()) => ConnectResult::Connected,
        Err(error) => reach::judge(&error),
    }
}

fn failed(source: io::Error) -> Error {
    Error::Io { what: "make a connection to be traced", source }
}
