//! Ports below 1024 may be bound, or it is known that they may not.

use super::super::{Facts, Row, row::Verdict};

/// See the module.
pub(super) const ROW: Row = Row { id: "unprivileged-ports", judge };

fn judge(facts: &Facts) -> Verdict {
    match (facts.limits.unprivileged_from, facts.limits.may_bind_low) {
        (None, _) => Verdict::unknown(
            "which ports need a privilege",
            "`net.ipv4.ip_unprivileged_port_start` was not read",
        ),
        (Some(first), Some(true)) => {
            Verdict::ok(format!("this user may bind every port, also those below {first}"))
        }
        (Some(first), _) if first <= 80 => Verdict::ok(format!("ports from {first} need no privilege")),
        // The system's default, and no illness: it is told so that EACCES on port 80 is no riddle.
        (Some(first), _) => {
            Verdict::ok(format!("ports below {first} need a privilege, as Linux has it by default"))
                .cause("a server that binds 80 or 443 as this user gets EACCES")
                .fix("navyd hub install --low-ports")
        }
    }
}

#[cfg(test)]
mod tests {
    use navyd_model::diagnosis::State;

    use super::*;

    #[test]
    fn each_state_of_the_setting() {
        for (first, low, expected, mends) in [
            (Some(1024), Some(false), State::Ok, true),
            (Some(1024), Some(true), State::Ok, false),
            (Some(80), Some(false), State::Ok, false),
            (None, None, State::Unknown, false),
        ] {
            let limits = crate::kernel::Limits {
                unprivileged_from: first,
                may_bind_low: low,
                ..crate::kernel::limits()
            };
            let verdict = judge(&Facts { limits, ..Facts::unread() });
            assert_eq!((verdict.state, verdict.fix.is_some()), (expected, mends), "{first:?} {low:?}");
        }
    }
}
