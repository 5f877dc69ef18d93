//! A53: nobody waits for it any more.

use super::super::{Check, Facts, Judge, Power, Reach, Subject, check::Found};

/// See the module.
pub(super) const CHECK: Check = Check {
    id: "A53",
    title: "it outlived the session that started it",
    why: "A listener whose terminal is closed goes unseen, keeps its port, and answers with old code.",
    spares: "Programs under a supervisor, daemons that lead a session of their own or work in `/` as daemons do, and \
             whatever tmux or screen keeps.",
    fixes: &[("", "navyd free {port}")],
    judge: Judge::Each(judge),
};

fn judge(subject: &Subject, _: &Facts) -> Option<Found> {
    // One worker with its family around it, and the listener is no orphan.
    if subject.held().any(|(holder, program)| holder.supervisor.is_some() || program.lost.is_none()) {
        return None;
    }
    let (holder, program) = subject.held().next()?;
    let leader = program.lost?;
    // daemon(3): who leaves a terminal for good leaves its folder, too.
    if holder.cwd.as_deref() == Some("/") {
        return None;
    }
    let evidence = format!("pid {} was started by process {leader} or its family, which is gone", holder.pid);
    // A unix socket has no port by which it is named.
    let fix = match subject.listener.port {
        Some(_) => CHECK.fix(subject),
        None => Some(format!("kill {}", holder.pid)),
    };
    Some(Found::observed(Power::Info, Reach::SameUser, evidence).fix(fix))
}

#[cfg(test)]
mod tests {
    use navyd_model::{Listener, Protocol, Supervisor, SupervisorKind};

    use super::{
        super::fixture::{held, machine},
        *,
    };

    #[test]
    fn planted_and_clean() {
        let kept = Supervisor {
            kind: SupervisorKind::Multiplexer,
            name: "tmux".into(),
            pid: Some(7),
            stop_command: None,
        };
        for (lost, supervisor, found) in
            [(Some(7), None, true), (None, None, false), (Some(7), Some(kept), false)]
        {
            let mut subject = held(3000, "node", None);
            subject.programs[0].lost = lost;
            subject.listener.holders[0].supervisor = supervisor;
            let facts = machine(subject, &[]);
            assert_eq!(judge(&facts.subjects[0], &facts).is_some(), found, "{lost:?}");
        }
        let mut daemon = held(3000, "appd", None);
        daemon.programs[0].lost = Some(7);
        daemon.listener.holders[0].cwd = Some("/".into());
        assert_eq!(judge(&daemon, &Facts::default()), None);
        let nobody = Subject::bare(Listener::on(Protocol::Tcp, 1));
        assert_eq!(judge(&nobody, &Facts::default()), None);
    }
}
