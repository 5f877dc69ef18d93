//! Every listener accepts: none has a full queue of connections.

use super::super::{Ear, Facts, Row, row::Verdict};

/// See the module.
pub(super) const ROW: Row = Row { id: "backlog", judge };

fn judge(facts: &Facts) -> Verdict {
    let listeners = match &facts.net.listeners {
        Ok(listeners) => listeners,
        Err(why) => return Verdict::unknown("whether every listener accepts", why),
    };
    // Linux drops what comes once more wait than were asked for.
    let full: Vec<&Ear> = listeners.iter().filter(|ear| ear.waiting > ear.queue).collect();
    if let Some(first) = full.first() {
        let all: Vec<String> = full.iter().map(|ear| ear.words()).collect();
        let longest = facts.net.settings.longest_queue.as_ref();
        let capped = longest.is_ok_and(|longest| *longest == first.queue);
        let verdict = Verdict::fail(format!("nobody accepts connections at {}", all.join(", ")))
            .evidence(format!("{} wait at {}, and its queue is {}", first.waiting, first.at, first.queue))
            .cause(
                "its program is stuck or too slow: what connects is swallowed and tried again after a second, like a \
                 firewall",
            );
        return match capped {
            // The program asked for as many as the system allows.
            true => verdict.fix(format!(
                "sudo sysctl -w net.core.somaxconn={}",
                first.queue.saturating_mul(4).max(4096)
            )),
            false => verdict.fix(format!("navyd why {}", first.at.port())),
        };
    }
    if facts.net.losing.overflows > 0 {
        let count = facts.net.losing.overflows;
        return Verdict::warn("a listener's queue is full now and then")
            .evidence(format!("TcpExt ListenOverflows grew by {count} while this was read"))
            .cause("a program accepts more slowly than it is connected to: some connections take a second longer");
    }
    let verdict = Verdict::ok(format!("every listener accepts; {} were looked at", listeners.len()));
    match facts.net.settings.lost {
        // Since the system came up: old news, and no finding.
        Ok(lost) if lost.drops > 0 => verdict.evidence(format!(
            "since the system came up {} were lost, {} to full queues",
            lost.drops, lost.overflows
        )),
        _ => verdict,
    }
}

#[cfg(test)]
mod tests {
    use navyd_model::diagnosis::State;

    use super::*;
    use crate::{
        doctor::Net,
        kernel::{Lost, Settings},
    };

    #[test]
    fn a_full_queue_is_named() {
        let ear = |waiting, queue| Ear {
            waiting,
            queue,
            holder: Some("`app` (pid 7)".into()),
            ..Ear::at("127.0.0.1:3000")
        };
        for (listeners, grew, expected, fix) in [
            (Ok(Vec::new()), 0, State::Ok, None),
            (Ok(vec![ear(2, 2)]), 0, State::Ok, None),
            (Ok(vec![ear(0, 0)]), 0, State::Ok, None),
            (Ok(vec![ear(3, 2)]), 5, State::Fail, Some("navyd why 3000")),
            (Ok(vec![ear(129, 128)]), 0, State::Fail, Some("sudo sysctl -w net.core.somaxconn=4096")),
            (Ok(vec![ear(0, 2)]), 5, State::Warn, None),
            (Err("EACCES".to_owned()), 0, State::Unknown, None),
        ] {
            let settings = Settings { longest_queue: Ok(128), ..Settings::unread("not read") };
            let losing = Lost { overflows: grew, drops: grew };
            let net = Net { listeners, losing, settings, ..Net::unread() };
            let verdict = judge(&Facts { net, ..Facts::unread() });
            assert_eq!((verdict.state, verdict.fix.as_deref()), (expected, fix), "{verdict:?}");
            assert!(expected != State::Fail || verdict.summary.contains("`app` (pid 7)"), "{verdict:?}");
        }
    }

    #[test]
    fn what_was_lost_long_ago_is_told_and_no_finding() {
        let settings = Settings { lost: Ok(Lost { overflows: 1, drops: 2 }), ..Settings::unread("not read") };
        let net = Net { listeners: Ok(Vec::new()), settings, ..Net::unread() };
        let verdict = judge(&Facts { net, ..Facts::unread() });
        assert_eq!(verdict.state, State::Ok);
        assert!(verdict.evidence.is_some_and(|seen| seen.contains("2 were lost, 1 to full queues")));
    }
}
