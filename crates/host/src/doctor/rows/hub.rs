//! navyd's hub answers, at its usual port, and is of the version that asks.

use navyd_model::hub::PORT;

use super::super::{Facts, HubSeen, OurHub, Row, row::Verdict};

/// See the module.
pub(super) const ROW: Row = Row { id: "hub", judge };

fn judge(facts: &Facts) -> Verdict {
    let outside = &facts.outside;
    let hub = match &outside.hub {
        HubSeen::Answered(hub) => hub,
        HubSeen::Absent => return Verdict::ok("no hub runs: it starts with the first route"),
        HubSeen::Unasked => return Verdict::unknown("how the hub is", "it was not asked"),
        HubSeen::Silent(why) => {
            return Verdict::fail("the hub does not answer").cause(why).fix("navyd hub logs");
        }
    };
    let OurHub { version, ports, ending, .. } = hub;
    if *ending {
        return Verdict::warn("the hub has been told to end").fix("navyd hub start");
    }
    if !outside.version.is_empty() && *version != outside.version {
        return Verdict::warn(format!("the hub is navyd {version}, and this is navyd {}", outside.version))
            .cause("it runs since before the program was replaced")
            .fix("navyd hub stop && navyd hub start");
    }
    match ports.first() {
        None => Verdict::fail("the hub listens nowhere").fix("navyd hub logs"),
        Some(port) if *port != PORT && !ports.contains(&80) => {
            Verdict::warn(format!("the hub is at port {port}, because {PORT} was taken"))
                .cause("addresses with the usual port lead to another program")
                .fix(format!("navyd why {PORT}"))
        }
        Some(port) => Verdict::ok(format!("the hub answers at port {port}")),
    }
}

#[cfg(test)]
mod tests {
    use navyd_model::diagnosis::State;

    use super::*;
    use crate::doctor::Outside;

    #[test]
    fn each_state_of_the_hub() {
        let hub = |version: &str, ports: &[u16], ending| OurHub {
            version: version.into(),
            ports: ports.to_vec(),
            names: Vec::new(),
            ending,
        };
        for (hub, expected) in [
            (HubSeen::Absent, State::Ok),
            (HubSeen::Answered(hub("1", &[PORT, PORT], false)), State::Ok),
            (HubSeen::Answered(hub("1", &[80, 443, PORT], false)), State::Ok),
            (HubSeen::Answered(hub("1", &[62894], false)), State::Warn),
            (HubSeen::Answered(hub("0", &[PORT], false)), State::Warn),
            (HubSeen::Answered(hub("1", &[PORT], true)), State::Warn),
            (HubSeen::Answered(hub("1", &[], false)), State::Fail),
            (HubSeen::Unasked, State::Unknown),
            (HubSeen::Silent("no".into()), State::Fail),
        ] {
            let outside = Outside { hub, version: "1".into(), ..Outside::default() };
            assert_eq!(judge(&Facts { outside, ..Facts::unread() }).state, expected);
        }
    }
}
