//! The table of tracked connections has room: a full one drops every new connection, those of loopback too.

use super::super::{Facts, Row, row::Verdict};
use crate::kernel::Tracked;

/// See the module.
pub(super) const ROW: Row = Row { id: "conntrack", judge };

/// From here on it is close: in percent.
const CLOSE: u64 = 90;

fn judge(facts: &Facts) -> Verdict {
    let Tracked { count, max } = match facts.net.settings.tracked {
        Ok(Some(tracked)) => tracked,
        Ok(None) => return Verdict::ok("connections are not tracked"),
        Err(ref why) => return Verdict::unknown("whether more connections can be tracked", why),
    };
    let seen = format!("{count} of {max} connections are tracked");
    let verdict = match () {
        // No limit is set.
        () if max == 0 => return Verdict::ok(seen),
        () if count >= max => Verdict::fail("the table of tracked connections is full"),
        () if count.saturating_mul(100) > max.saturating_mul(CLOSE) => {
            Verdict::warn("the table of tracked connections is nearly full")
        }
        () => return Verdict::ok(seen),
    };
    verdict
        .evidence(seen)
        .cause("the packet filter drops connections that it cannot track: they time out")
        .fix(format!("sudo sysctl -w net.netfilter.nf_conntrack_max={}", max.saturating_mul(2)))
}

#[cfg(test)]
mod tests {
    use navyd_model::diagnosis::State;

    use super::*;
    use crate::doctor::Net;

    #[test]
    fn how_full_the_table_is() {
        let of = |count, max| Ok(Some(Tracked { count, max }));
        for (tracked, expected) in [
            (Ok(None), State::Ok),
            (of(0, 262_144), State::Ok),
            (of(900, 1000), State::Ok),
            (of(901, 1000), State::Warn),
            (of(1000, 1000), State::Fail),
            (of(1000, 0), State::Ok),
            (of(u64::MAX, u64::MAX), State::Fail),
            (Err("EACCES".to_owned()), State::Unknown),
        ] {
            let mut net = Net::unread();
            net.settings.tracked = tracked;
            let verdict = judge(&Facts { net, ..Facts::unread() });
            assert_eq!(verdict.state, expected, "{verdict:?}");
        }
    }
}
