//! Ports that systemd holds for services that have not started: who connects starts them.
//!
//! That is how they are meant, so it is ok; it explains why a port is taken while its service is not running.

use super::super::{Facts, Row, row::Verdict};

/// See the module.
pub(super) const ROW: Row = Row { id: "systemd-sockets", judge };

/// The most ports that are named.
const MOST: usize = 8;

fn judge(facts: &Facts) -> Verdict {
    let owners = match &facts.owners {
        Ok(owners) => owners,
        Err(why) => return Verdict::unknown("which ports systemd holds", why),
    };
    let first = owners.iter().find(|owner| owner.pid == 1 && owner.name == "systemd");
    let Some(systemd) = first.filter(|owner| !owner.alone.is_empty()) else {
        return Verdict::ok("systemd holds no port for a service that has not started");
    };
    let shown: Vec<String> = systemd.alone.iter().take(MOST).map(ToString::to_string).collect();
    let noun = if systemd.alone.len() == 1 { "port" } else { "ports" };
    Verdict::ok(format!("systemd holds {noun} {} for services that have not started", shown.join(", ")))
        .cause("the first connection starts the service; until then the port is taken and nobody answers")
        .fix("systemctl list-sockets")
}

#[cfg(test)]
mod tests {
    use navyd_model::diagnosis::State;

    use super::*;
    use crate::doctor::{Owner, Proxy};

    #[test]
    fn what_systemd_holds_alone_is_told() {
        for (pid, name, alone, told) in [
            (1, "systemd", &[22, 631][..], true),
            (1, "systemd", &[], false),
            (1, "node", &[3000], false),
            (812, "systemd", &[22], false),
        ] {
            let owner = Owner {
                pid,
                name: name.into(),
                files: None,
                proxy: Ok(Proxy::default()),
                alone: alone.to_vec(),
            };
            let verdict = judge(&Facts { owners: Ok(vec![owner]), ..Facts::unread() });
            assert_eq!((verdict.state, verdict.fix.is_some()), (State::Ok, told), "{verdict:?}");
        }
        assert_eq!(judge(&Facts::unread()).state, State::Unknown);
    }
}
