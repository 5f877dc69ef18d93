//! A43: a debugger that waits for whoever connects.

use super::super::{Check, Facts, Judge, Power, Subject, check::Found, stakes};
use crate::probe::{Hints, Program, Wire, wire};

/// See the module.
pub(super) const CHECK: Check = Check {
    id: "A43",
    title: "it is a debugger that takes whoever connects",
    why: "Who connects runs any code in the program: debugpy, Delve, gdbserver, LLDB and the debuggers of Ruby ask \
          nobody who they are.",
    spares: "Other ports of a program that is debugged. Arguments alone are read: it is never connected to.",
    fixes: &[
        ("debugpy", "python3 -m debugpy --listen 127.0.0.1:{port} …"),
        ("dlv", "dlv … --listen=127.0.0.1:{port}"),
        ("gdbserver", "gdbserver 127.0.0.1:{port} …"),
        ("", "bind it to 127.0.0.1, and stop it when nobody debugs: navyd stop {port}"),
    ],
    judge: Judge::Each(judge),
};

fn judge(subject: &Subject, facts: &Facts) -> Option<Found> {
    let hints = Hints::of(&subject.listener).filter(|_| subject.is_tcp())?;
    let (program, what) =
        hints.programs.iter().find_map(|program| Some((program, debugger(program, hints.port)?)))?;
    let evidence = format!("`{}` is {what}, and listens on {}", program.name, subject.listener.place());
    Some(Found::observed(Power::Code, stakes::reach(subject, facts), evidence).fix(CHECK.fix(subject)))
}

/// What it is, where it is one that no other check tells. Xdebug is not among them: it calls out, and its IDE listens.
fn debugger(program: &Program, port: u16) -> Option<String> {
    wire(program, port).filter(|wire| *wire != Wire::Jdwp).map(|wire| wire.to_string())
}

#[cfg(test)]
mod tests {
    use super::{
        super::fixture::{held, machine, with_argv},
        *,
    };

    #[test]
    fn planted_and_clean() {
        for (port, argv, expected) in [
            (5678, "python3 -m debugpy --listen 127.0.0.1:5678 app.py", true),
            (8000, "python3 -m debugpy --listen 127.0.0.1:5678 app.py", false),
            (2345, "gdbserver :2345 ./a.out", true),
            (2345, "dlv exec ./a --headless", true),
            (3000, "node debugger.js", false),
            (5005, "java -agentlib:jdwp=server=y,address=5005 App", false),
        ] {
            let facts = machine(with_argv(held(port, "x", None), argv), &[]);
            assert_eq!(judge(&facts.subjects[0], &facts).is_some(), expected, "{port} {argv}");
        }
    }
}
