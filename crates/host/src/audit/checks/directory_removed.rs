//! A52: it works in a directory that is gone.

use super::super::{Check, Facts, Judge, Power, Reach, Subject, check::Found};

/// See the module.
pub(super) const CHECK: Check = Check {
    id: "A52",
    title: "its working directory was removed",
    why: "A server that outlives its worktree answers with code that nobody has any more, and some make the folder \
          anew and fill it.",
    spares: "Programs whose directory may not be read.",
    fixes: &[("", "navyd free {port}")],
    judge: Judge::Each(judge),
};

fn judge(subject: &Subject, _: &Facts) -> Option<Found> {
    let (holder, _) = subject.held().find(|(_, program)| program.condition.cwd_gone == Some(true))?;
    let cwd = holder.cwd.as_deref().unwrap_or("its directory");
    let evidence = format!("pid {} works in `{cwd}`, which was removed", holder.pid);
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
        for (gone, found) in [(Some(true), true), (Some(false), false), (None, false)] {
            let mut subject = held(3000, "node", None);
            subject.programs[0].condition.cwd_gone = gone;
            let facts = machine(subject, &[]);
            assert_eq!(judge(&facts.subjects[0], &facts).is_some(), found, "{gone:?}");
        }
    }
}
