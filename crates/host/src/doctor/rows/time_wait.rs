//! Closed connections that the kernel still remembers leave ports enough for new ones.

use super::super::{Facts, Row, row::Verdict};

/// See the module.
pub(super) const ROW: Row = Row { id: "time-wait", judge };

fn judge(facts: &Facts) -> Verdict {
    let what = "whether closed connections use up the ports";
    let count = match &facts.net.settings.time_wait {
        Ok(count) => *count,
        Err(why) => return Verdict::unknown(what, why),
    };
    let Some(range) = &facts.limits.ephemeral else {
        return Verdict::unknown(what, "the range of outgoing connections was not read");
    };
    let ports = range.len();
    let seen = format!("{count} sockets in TIME_WAIT, and {ports} ports for outgoing connections");
    // More than half of the range: a client that goes on like this runs out within a minute.
    if usize::try_from(count).is_ok_and(|count| count.saturating_mul(2) <= ports) {
        return Verdict::ok(seen);
    }
    let verdict = Verdict::warn("closed connections use up the ports for new ones").evidence(seen);
    match facts.net.settings.reuse {
        Ok(0) => verdict
            .cause("each keeps its port for a minute, and none is used again before (tcp_tw_reuse is 0)")
            .fix("sudo sysctl -w net.ipv4.tcp_tw_reuse=2"),
        _ => {
            verdict.cause("each keeps its port for a minute: a program opens a connection for every request")
        }
    }
}

#[cfg(test)]
mod tests {
    use navyd_model::diagnosis::State;

    use super::*;
    use crate::{doctor::Net, kernel::Limits};

    #[test]
    fn half_of_the_range_is_too_much() {
        for (count, range, reuse, expected, mends) in [
            (Ok(0), Some(32768..=60999), Ok(2), State::Ok, false),
            (Ok(14116), Some(32768..=60999), Ok(2), State::Ok, false),
            (Ok(14117), Some(32768..=60999), Ok(2), State::Warn, false),
            (Ok(14117), Some(32768..=60999), Ok(0), State::Warn, true),
            (Ok(5), Some(40000..=40007), Ok(2), State::Warn, false),
            (Ok(5), None, Ok(2), State::Unknown, false),
            (Err("EACCES".to_owned()), Some(32768..=60999), Ok(2), State::Unknown, false),
        ] {
            let limits = Limits { ephemeral: range, ..Facts::unread().limits };
            let mut net = Net::unread();
            (net.settings.time_wait, net.settings.reuse) = (count, reuse);
            let verdict = judge(&Facts { limits, net, ..Facts::unread() });
            assert_eq!((verdict.state, verdict.fix.is_some()), (expected, mends), "{verdict:?}");
        }
    }
}
