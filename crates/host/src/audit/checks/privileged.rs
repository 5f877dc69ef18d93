//! A50: what need not be powerful is.

use navyd_model::{Holder, SupervisorKind};

use super::super::{Check, Facts, Judge, Power, Program, Subject, check::Found, stakes};

/// See the module.
pub(super) const CHECK: Check = Check {
    id: "A50",
    title: "it runs with the power of root on a port that needs none",
    why: "A hole in a development server is then a hole in the whole machine, not in one user's files.",
    spares: "Ports below 1024, daemons that the system's own supervisor keeps, programs that only may bind low ports, \
             masters whose workers run as somebody else, powers that end at a user namespace, and machines on which everything runs as root, as in a container.",
    fixes: &[("", "navyd stop {port}, and start it again as yourself")],
    judge: Judge::Each(judge),
};

/// Capabilities that lead to root (capabilities(7)): CHOWN, DAC_OVERRIDE, FOWNER, SETGID, SETUID, SYS_MODULE,
/// SYS_RAWIO, SYS_PTRACE, SYS_ADMIN.
const POWERFUL: u64 = 1 | 1 << 1 | 1 << 3 | 1 << 6 | 1 << 7 | 1 << 16 | 1 << 17 | 1 << 19 | 1 << 21;

fn judge(subject: &Subject, facts: &Facts) -> Option<Found> {
    if subject.listener.port.is_none_or(|port| port < 1024) || is_roots_own(facts) {
        return None;
    }
    if drops_to_others(subject) {
        return None;
    }
    let (holder, why) = subject
        .held()
        .filter(|(holder, _)| !is_of_the_system(holder))
        .find_map(|(holder, program)| Some((holder, power_of(holder, program)?)))?;
    let evidence = format!("pid {} (`{}`) {why}", holder.pid, holder.name);
    Some(Found::observed(Power::Code, stakes::reach(subject, facts), evidence).fix(CHECK.fix(subject)))
}

/// Where its power comes from, to follow its name.
fn power_of(holder: &Holder, program: &Program) -> Option<&'static str> {
    if holder.uid == Some(0) {
        return Some("runs as root");
    }
    if program.condition.exe.is_some_and(|exe| exe.is_setuid() && exe.uid == 0) {
        return Some("is an executable that makes whoever starts it root (setuid)");
    }
    (program.condition.capabilities? & POWERFUL != 0).then_some("has capabilities that lead to root")
}

/// A master that runs as root and hands connections to workers that do not, as nginx has it.
fn drops_to_others(subject: &Subject) -> bool {
    let uids = || subject.listener.holders.iter().filter_map(|holder| holder.uid);
    uids().any(|uid| uid == 0) && uids().any(|uid| uid != 0)
}

fn is_of_the_system(holder: &Holder) -> bool {
    holder
        .supervisor
        .as_ref()
        .is_some_and(|kept| matches!(kept.kind, SupervisorKind::Systemd | SupervisorKind::Container))
}

/// Root asks, and nobody else listens.
fn is_roots_own(facts: &Facts) -> bool {
    let mut holders = facts.subjects.iter().flat_map(|subject| &subject.listener.holders);
    facts.me == Some(0) && holders.all(|holder| holder.uid == Some(0))
}

#[cfg(test)]
mod tests {
    use super::{
        super::fixture::{held, machine},
        *,
    };

    #[test]
    fn planted_and_clean() {
        for (port, uid, capabilities, me, expected) in [
            (3000, 0, 0, 1000, Some("runs as root")),
            (3000, 1000, 1 << 21, 1000, Some("has capabilities that lead to root")),
            // Only CAP_NET_BIND_SERVICE.
            (3000, 1000, 1 << 10, 1000, None),
            (3000, 1000, 0, 1000, None),
            (80, 0, 0, 1000, None),
            (3000, 0, 0, 0, None),
        ] {
            let mut subject = held(port, "node", None);
            subject.listener.holders[0].uid = Some(uid);
            subject.programs[0].condition.capabilities = Some(capabilities);
            let facts = Facts { me: Some(me), ..machine(subject, &[]) };
            let found = judge(&facts.subjects[0], &facts);
            let told = found.as_ref().map(|found| found.evidence.as_str());
            assert_eq!(told.is_some(), expected.is_some(), "{port} {uid} {capabilities} {me}");
            assert!(told.unwrap_or_default().ends_with(expected.unwrap_or_default()));
        }
    }

    #[test]
    fn a_master_with_workers_of_another_user_is_spared() {
        let mut subject = held(8080, "nginx", None);
        subject.listener.holders[0].uid = Some(0);
        let mut worker = subject.clone();
        worker.listener.holders[0].uid = Some(33);
        let facts = machine(subject.clone(), &[]);
        assert!(judge(&facts.subjects[0], &facts).is_some());
        subject.listener.holders.append(&mut worker.listener.holders);
        subject.programs.append(&mut worker.programs);
        let facts = machine(subject, &[]);
        assert_eq!(judge(&facts.subjects[0], &facts), None);
    }
}
