//! A55: others may change what it runs.

use navyd_model::text::shell_word;

use super::super::{Check, Facts, Judge, Power, Reach, Subject, check::Found};
use crate::process::File;

/// See the module.
pub(super) const CHECK: Check = Check {
    id: "A55",
    title: "every user may change what it runs",
    why: "Who may write to a program, or to the folder that a development server reads its code from, runs code as \
          the user who runs it.",
    spares: "Folders with the sticky bit, such as /tmp itself, where everybody changes only what is theirs, and whatever \
             lies below a folder that lets no other user through.",
    fixes: &[],
    judge: Judge::Each(judge),
};

fn judge(subject: &Subject, _: &Facts) -> Option<Found> {
    subject.held().find_map(|(holder, program)| {
        let open = |file: Option<File>, shut: bool| file.filter(|file| file.is_open_to_all() && !shut);
        let seen = &program.condition;
        let (what, path, file) = match (open(seen.exe, seen.exe_shut), open(seen.cwd, seen.cwd_shut)) {
            (Some(file), _) => ("the executable", holder.exe.as_deref()?, file),
            (None, Some(file)) => ("the working directory", holder.cwd.as_deref()?, file),
            (None, None) => return None,
        };
        let evidence =
            format!("{what} of pid {}, `{path}`, has the permissions {:04o}", holder.pid, file.mode);
        Some(
            Found::observed(Power::Code, Reach::AnyUser, evidence)
                .fix(format!("chmod o-w {}", shell_word(path))),
        )
    })
}

#[cfg(test)]
mod tests {
    use super::{
        super::fixture::{held, machine},
        *,
    };

    #[test]
    fn planted_and_clean() {
        for (exe, cwd, shut, fix) in [
            (0o755, 0o755, false, None),
            (0o757, 0o755, false, Some("chmod o-w /opt/app")),
            (0o755, 0o777, false, Some("chmod o-w '/srv/it'\\''s'")),
            (0o755, 0o777, true, None),
            (0o755, 0o1777, false, None),
        ] {
            let mut subject = held(3000, "app", None);
            subject.listener.holders[0].exe = Some("/opt/app".into());
            subject.listener.holders[0].cwd = Some("/srv/it's".into());
            subject.programs[0].condition.exe = Some(File { uid: 0, mode: exe });
            subject.programs[0].condition.cwd = Some(File { uid: 0, mode: cwd });
            subject.programs[0].condition.cwd_shut = shut;
            let facts = machine(subject, &[]);
            let found = judge(&facts.subjects[0], &facts);
            assert_eq!(found.and_then(|found| found.fix).as_deref(), fix, "{exe:o} {cwd:o}");
        }
    }
}
