//! The loopback device is there and up.

use super::super::{Facts, Row, row::Verdict};

/// See the module.
pub(super) const ROW: Row = Row { id: "lo-up", judge };

fn judge(facts: &Facts) -> Verdict {
    let devices = match &facts.interfaces {
        Ok(devices) => devices,
        Err(why) => return Verdict::unknown("whether the loopback device is up", why),
    };
    let Some(lo) = devices.iter().find(|device| device.loopback) else {
        return Verdict::fail("there is no loopback device")
            .cause("every connection to this machine itself needs one");
    };
    if lo.up {
        return Verdict::ok(format!("{} is up", lo.name));
    }
    Verdict::fail(format!("{} is down", lo.name))
        .cause("nothing reaches 127.0.0.1 or ::1: connecting says ENETUNREACH, or waits in vain")
        .fix(format!("sudo ip link set {} up", lo.name))
}

#[cfg(test)]
mod tests {
    use navyd_model::diagnosis::State;

    use super::*;

    #[test]
    fn each_state_of_the_device() {
        let nothing = |interfaces| Facts { interfaces, ..Facts::unread() };
        for (facts, expected) in [
            (Facts::with_lo(true), State::Ok),
            (Facts::with_lo(false), State::Fail),
            (nothing(Ok(Vec::new())), State::Fail),
            (nothing(Err("netlink is refused".to_owned())), State::Unknown),
        ] {
            assert_eq!(judge(&facts).state, expected, "{:?}", facts.interfaces);
        }
    }
}
