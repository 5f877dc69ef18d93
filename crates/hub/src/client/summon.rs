//! A hub that systemd starts for whoever connects, since it alone has the sockets of the low ports.
//!
//! Deliberately absent: asking systemd to start it, which only root may.

use std::{
    io::{self, Read as _},
    net::TcpStream,
    time::{Duration, Instant},
};

use super::{Client, launch::PATIENCE};
use crate::{low_ports, places::Places, trust::ThisMachine};

/// Between two looks whether the hub answers.
const LOOK: Duration = Duration::from_millis(20);

/// Where systemd listens for this user's hub, has it started, and waits until it answers; whether it does. Otherwise
/// the hub is to be started without it.
pub fn summon(places: &Places) -> bool {
    let Some(address) = low_ports::summons(&ThisMachine, places) else { return false };
    let Ok(stream) = TcpStream::connect_timeout(&address, LOOK) else { return false };
    if stream.set_read_timeout(Some(LOOK)).is_err() {
        return false;
    }
    let (socket, begun) = (places.socket(), Instant::now());
    while begun.elapsed() < PATIENCE {
        if Client::connect(&socket).and_then(|client| client.status()).is_ok_and(|hub| !hub.ending) {
            return true;
        }
        // Nothing is asked, so nothing is answered: it ends when systemd gives up, or the hub does.
        match (&stream).read(&mut [0]) {
            Err(error) if matches!(error.kind(), io::ErrorKind::WouldBlock | io::ErrorKind::TimedOut) => {}
            _ => return false,
        }
    }
    false
}
