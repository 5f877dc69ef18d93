//! SELinux and AppArmor: whether a policy may refuse a bind or a connection beyond what permissions say.
//!
//! An enforcing policy is no illness, so it is ok and tells where its refusals are read; what it refused stands in a log
//! that only root reads, and no row claims to know it.

use super::super::{Facts, Row, row::Verdict};

/// See the module.
pub(super) const ROW: Row = Row { id: "mac-layer", judge };

fn judge(facts: &Facts) -> Verdict {
    let around = &facts.around;
    let (selinux, apparmor) = match (&around.selinux, &around.apparmor) {
        (Ok(selinux), Ok(apparmor)) => (selinux, apparmor),
        (Err(why), _) | (_, Err(why)) => return Verdict::unknown("whether a policy confines programs", why),
    };
    if *selinux == Some(true) {
        return Verdict::ok("SELinux enforces its policy")
            .cause("a bind that it denies fails with EACCES, also on ports from 1024")
            .fix("sudo ausearch -m avc -ts recent");
    }
    match apparmor {
        Some(profile) => Verdict::ok(format!("this process is confined by AppArmor: {profile}"))
            .cause("what the profile does not allow fails with EACCES")
            .fix("sudo journalctl -k --grep=apparmor"),
        None if *selinux == Some(false) => Verdict::ok("SELinux only warns"),
        None => Verdict::ok("no policy confines this process"),
    }
}

#[cfg(test)]
mod tests {
    use navyd_model::diagnosis::State;

    use super::*;
    use crate::doctor::Surroundings;

    #[test]
    fn a_policy_is_named_with_its_log() {
        for (selinux, apparmor, expected, mends) in [
            (Ok(None), Ok(None), State::Ok, false),
            (Ok(Some(true)), Ok(None), State::Ok, true),
            (Ok(Some(false)), Ok(None), State::Ok, false),
            (Ok(None), Ok(Some("docker-default (enforce)".to_owned())), State::Ok, true),
            (Err("refused".to_owned()), Ok(None), State::Unknown, false),
            (Ok(None), Err("refused".to_owned()), State::Unknown, false),
        ] {
            let verdict = judge(&Facts {
                around: Surroundings { selinux, apparmor, ..Surroundings::unread() },
                ..Facts::unread()
            });
            assert_eq!((verdict.state, verdict.fix.is_some()), (expected, mends), "{verdict:?}");
        }
    }
}
