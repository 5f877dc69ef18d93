//! A51: the program on the disk is not the one that runs.

use super::super::{Check, Facts, Judge, Power, Reach, Subject, check::Found};

/// See the module.
pub(super) const CHECK: Check = Check {
    id: "A51",
    title: "its executable was replaced or removed",
    why: "What answers is not what an update brought: a hole that was mended on the disk is still open in memory.",
    spares: "A path that merely ends in ` (deleted)`, and programs that were never on a disk (memfd).",
    fixes: &[("", "navyd stop {port}")],
    judge: Judge::Each(judge),
};

fn judge(subject: &Subject, _: &Facts) -> Option<Found> {
    let (holder, program) = subject.held().find(|(_, program)| program.condition.exe_gone == Some(true))?;
    let exe = holder.exe.as_deref().unwrap_or(&holder.name);
    if exe.starts_with("/memfd:") {
        return None;
    }
    let evidence = format!("pid {} runs `{exe}`, which has no name on the disk any more", program.pid);
    Some(Found::observed(Power::Info, Reach::AnyUser, evidence).fix(CHECK.fix(subject)))
}

#[cfg(test)]
mod tests {
    use super::{
        super::fixture::{held, machine},
        *,
    };

    #[test]
    fn planted_and_clean() {
        for (gone, exe, found) in [
            (Some(true), "/usr/bin/node", true),
            (Some(true), "/memfd:x", false),
            (Some(false), "/opt/a (deleted)", false),
            (None, "/usr/bin/node", false),
        ] {
            let mut subject = held(3000, "node", None);
            subject.programs[0].condition.exe_gone = gone;
            subject.listener.holders[0].exe = Some(exe.to_owned());
            let facts = machine(subject, &[]);
            assert_eq!(judge(&facts.subjects[0], &facts).is_some(), found, "{gone:?} {exe}");
        }
    }
}
