//! No device lets packets to 127.0.0.0/8 in: what trusts 127.0.0.1 was reached by neighbours through this
//! (CVE-2020-8558, Kubernetes).

use super::super::{Facts, Row, row::Verdict};

/// See the module.
pub(super) const ROW: Row = Row { id: "route-localnet", judge };

fn judge(facts: &Facts) -> Verdict {
    let settings = &facts.net.settings;
    let devices = match &settings.lets_loopback_in {
        Ok(devices) => devices,
        Err(why) => return Verdict::unknown("whether neighbours reach 127.0.0.1", why),
    };
    if devices.is_empty() {
        return Verdict::ok("packets to 127.0.0.0/8 come in by no other device");
    }
    let (names, keys): (Vec<&str>, Vec<String>) = devices
        .iter()
        .map(|device| (device.as_str(), format!("net.ipv4.conf.{device}.route_localnet=0")))
        .unzip();
    let check = match settings.source_check {
        Ok(0) => ", and rp_filter checks no source addresses either",
        Ok(_) | Err(_) => "",
    };
    Verdict::warn(format!("packets to 127.0.0.0/8 may come in by {}", names.join(", ")))
        .evidence(format!("route_localnet is 1 for {}{check}", names.join(", ")))
        .cause("a neighbour on that network may reach servers that listen on 127.0.0.1 only")
        .fix(format!("sudo sysctl -w {}", keys.join(" ")))
}

#[cfg(test)]
mod tests {
    use navyd_model::diagnosis::State;

    use super::*;
    use crate::doctor::Net;

    #[test]
    fn a_device_that_lets_loopback_in_is_named() {
        let one = |name: &str| Ok(vec![name.to_owned()]);
        for (devices, check, expected, evidence) in [
            (Ok(Vec::new()), Ok(0), State::Ok, None),
            (one("eth0"), Ok(1), State::Warn, Some("route_localnet is 1 for eth0")),
            (
                one("all"),
                Ok(0),
                State::Warn,
                Some("route_localnet is 1 for all, and rp_filter checks no source addresses either"),
            ),
            (Err("EACCES".to_owned()), Ok(0), State::Unknown, None),
        ] {
            let mut net = Net::unread();
            (net.settings.lets_loopback_in, net.settings.source_check) = (devices, check);
            let verdict = judge(&Facts { net, ..Facts::unread() });
            assert_eq!((verdict.state, verdict.evidence.as_deref()), (expected, evidence));
        }
    }
}
