//! The loopback device is down: then no address of this machine can be reached from itself, because the
//! kernel sends all of that through it.

use crate::why::{causes::Found, facts::Facts, question::Question};

pub(super) fn cause(facts: &Facts, _: &Question) -> Option<Found> {
    if !facts.loopback_down() {
        return None;
    }
    let name = facts.interfaces.iter().flatten().find(|device| device.loopback).map(|device| &device.name)?;
    Some(
        Found::decides(
            "the loopback device is down, so nothing on this machine reaches itself",
            format!("device `{name}` is not up; 127.0.0.1 and ::1 cannot be reached"),
        )
        .fix(format!("sudo ip link set {name} up")),
    )
}
