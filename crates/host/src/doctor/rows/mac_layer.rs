//! SELinux and AppArmor: whether a policy refuses a bind or a connection beyond what permissions say.
//!
//! An enforcing policy is no illness; what it refused is one, as far as the logs of the kernel and its auditor still hold
//! it. Where they may not be read, that is unknown.

use super::super::{Denial, Facts, Row, row::Verdict};

/// See the module.
pub(super) const ROW: Row = Row { id: "mac-layer", judge };

/// Where the refusals of SELinux are read.
const SELINUX: &str = "sudo ausearch -m avc -ts recent";
/// Where those of AppArmor are.
const APPARMOR: &str = "sudo journalctl -k --grep=apparmor";

fn judge(facts: &Facts) -> Verdict {
    let around = &facts.around;
    let (selinux, apparmor) = match (&around.selinux, &around.apparmor) {
        (Ok(selinux), Ok(apparmor)) => (selinux, apparmor),
        (Err(why), _) | (_, Err(why)) => return Verdict::unknown("whether a policy confines programs", why),
    };
    if let Some(newest) = around.denials.as_ref().ok().and_then(|all| all.last()) {
        return refused(newest, around.denials.iter().flatten().count());
    }
    if *selinux == Some(true) {
        return match &around.denials {
            Ok(_) => {
                Verdict::ok("SELinux enforces its policy, and its log has no refused connection or bind")
                    .cause("a bind that it denies fails with EACCES, also on ports from 1024")
                    .fix(SELINUX)
            }
            Err(why) => Verdict::unknown("what SELinux refused", why).fix(SELINUX),
        };
    }
    match (apparmor, &around.denials) {
        (Some(profile), Ok(_)) => Verdict::ok(format!("this process is confined by AppArmor: {profile}"))
            .cause("what the profile does not allow fails with EACCES")
            .fix(APPARMOR),
        (Some(profile), Err(why)) => {
            Verdict::unknown(format!("what AppArmor refused: this process is confined by {profile}"), why)
                .fix(APPARMOR)
        }
        (None, _) if *selinux == Some(false) => Verdict::ok("SELinux only warns"),
        (None, _) => Verdict::ok("no policy confines this process"),
    }
}

/// The newest refusal, and how many there are.
fn refused(denial: &Denial, count: usize) -> Verdict {
    let who = match (&denial.who, denial.pid) {
        (Some(who), Some(pid)) => format!("`{who}` (pid {pid})"),
        (Some(who), None) => format!("`{who}`"),
        (None, Some(pid)) => format!("pid {pid}"),
        (None, None) => "a program".to_owned(),
    };
    let port = denial.port.map_or_else(String::new, |port| format!(" for port {port}"));
    let under = denial.domain.as_ref().map_or_else(String::new, |domain| format!("under `{domain}`; "));
    let records = if count == 1 { "1 record".to_owned() } else { format!("{count} records") };
    Verdict::warn(format!("{} refused {who} `{}`{port}", denial.by, denial.what))
        .evidence(format!("{under}{records} of refused connections and binds"))
        .cause("the program saw EACCES, whatever permissions and ports say")
        .fix(if denial.by == "SELinux" { SELINUX } else { APPARMOR })
}

#[cfg(test)]
mod tests {
    use navyd_model::diagnosis::State;

    use super::*;
    use crate::doctor::Surroundings;

    #[test]
    fn a_policy_is_named_with_its_log() {
        let profile = || Ok(Some("docker-default (enforce)".to_owned()));
        let unread = || Err("`/dev/kmsg`: Operation not permitted".to_owned());
        let none = || Ok(Vec::new());
        for (selinux, apparmor, denials, expected, mends) in [
            (Ok(None), Ok(None), none(), State::Ok, false),
            (Ok(None), Ok(None), unread(), State::Ok, false),
            (Ok(Some(true)), Ok(None), none(), State::Ok, true),
            (Ok(Some(true)), Ok(None), unread(), State::Unknown, true),
            (Ok(Some(false)), Ok(None), none(), State::Ok, false),
            (Ok(None), profile(), none(), State::Ok, true),
            (Ok(None), profile(), unread(), State::Unknown, true),
            (Err("refused".to_owned()), Ok(None), none(), State::Unknown, false),
            (Ok(None), Err("refused".to_owned()), none(), State::Unknown, false),
        ] {
            let around = Surroundings { selinux, apparmor, denials, ..Surroundings::unread("not read") };
            let verdict = judge(&Facts { around, ..Facts::unread() });
            assert_eq!((verdict.state, verdict.fix.is_some()), (expected, mends), "{verdict:?}");
        }
    }

    #[test]
    fn the_newest_refusal_is_named() {
        let denial = |who: Option<&str>, pid, port| Denial {
            by: "SELinux",
            what: "name_bind".into(),
            who: who.map(str::to_owned),
            pid,
            port,
            domain: Some("httpd_t".into()),
        };
        for (denials, said) in [
            (
                vec![denial(Some("node"), Some(7), Some(8080))],
                "SELinux refused `node` (pid 7) `name_bind` for port 8080",
            ),
            (vec![denial(None, Some(7), None), denial(None, None, None)], "refused a program `name_bind`"),
        ] {
            let around = Surroundings {
                selinux: Ok(Some(true)),
                apparmor: Ok(None),
                denials: Ok(denials),
                ..Surroundings::unread("not read")
            };
            let verdict = judge(&Facts { around, ..Facts::unread() });
            assert_eq!((verdict.state, verdict.fix.as_deref()), (State::Warn, Some(SELINUX)), "{verdict:?}");
            assert!(verdict.summary.contains(said), "{verdict:?}");
        }
    }
}
