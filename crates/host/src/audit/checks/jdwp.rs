//! A42: a JVM that may be debugged by whoever connects.

use navyd_model::{Holder, finding::Confidence};

use super::super::{Check, Facts, Judge, Power, Subject, check::Found, stakes};
use crate::probe::{Hints, Wire, wire};

/// See the module.
pub(super) const CHECK: Check = Check {
    id: "A42",
    title: "it is the debug wire of a JVM",
    why: "Who connects runs any code in the JVM: JDWP asks nobody who they are.",
    spares: "Other ports of the same JVM. It is never connected to: a bare connection already ends the wait of \
             `suspend=y` and prints into the developer's console.",
    fixes: &[("", "-agentlib:jdwp=…,address=127.0.0.1:{port}, and without the option when nobody debugs")],
    judge: Judge::Each(judge),
};

fn judge(subject: &Subject, facts: &Facts) -> Option<Found> {
    let hints = Hints::of(&subject.listener).filter(|_| subject.is_tcp())?;
    let place = subject.listener.place();
    let Some(program) = hints.programs.iter().find(|program| wire(program, hints.port) == Some(Wire::Jdwp))
    else {
        return loaded(subject, facts);
    };
    let evidence = format!("`{}` was started with the agent `jdwp`, and listens on {place}", program.name);
    Some(Found::observed(Power::Code, stakes::reach(subject, facts), evidence).fix(CHECK.fix(subject)))
}

/// An agent that arguments do not tell of: `JAVA_TOOL_OPTIONS`, or a file of options. It is loaded before the program
/// runs, so its socket is the first that the JVM made.
fn loaded(subject: &Subject, facts: &Facts) -> Option<Found> {
    let told = |holder: &Holder| holder.argv.iter().flatten().any(|argument| argument.contains("jdwp"));
    let (holder, _) = subject.held().find(|(holder, program)| program.jdwp == Some(true) && !told(holder))?;
    let own = |subject: &Subject| {
        let holders = subject.is_tcp().then_some(&subject.listener.holders).into_iter().flatten();
        holders
            .filter(|other| other.pid == holder.pid)
            .filter_map(|other| other.fds.iter().min().copied())
            .min()
    };
    let first = facts.subjects.iter().filter_map(own).min();
    if own(subject) != first {
        return None;
    }
    let Holder { pid, name, .. } = holder;
    let evidence =
        format!("pid {pid} (`{name}`) has `libjdwp.so` loaded, and this is the first socket it made");
    let found = Found::observed(Power::Code, stakes::reach(subject, facts), evidence);
    Some(found.sure(Confidence::Inferred).fix("unset JAVA_TOOL_OPTIONS JDK_JAVA_OPTIONS".to_owned()))
}

#[cfg(test)]
mod tests {
    use super::{
        super::fixture::{bound, held, machine, with_argv},
        *,
    };
    use crate::audit::Reach;

    #[test]
    fn planted_and_clean() {
        let agent = "java -agentlib:jdwp=transport=dt_socket,server=y,suspend=y,address=*:5005 App";
        for (port, address, argv, reach) in [
            (5005, "127.0.0.1", agent, Some(Reach::AnyUser)),
            (5005, "0.0.0.0", agent, Some(Reach::Lan)),
            (8080, "127.0.0.1", agent, None),
            (8080, "127.0.0.1", "java -jar jdwp.jar", None),
        ] {
            let subject = bound(address, with_argv(held(port, "java", None), argv));
            let facts = machine(subject, &["192.168.1.7"]);
            let found = judge(&facts.subjects[0], &facts);
            assert_eq!(found.map(|found| found.reach), reach, "{port} {argv}");
        }
    }

    #[test]
    fn an_agent_that_arguments_do_not_tell_of_has_the_first_socket() {
        for (jdwp, argv, expected) in [
            (Some(true), "java -jar app.jar", [true, false]),
            (Some(false), "java -jar app.jar", [false, false]),
            (None, "java -jar app.jar", [false, false]),
            // The debugger listens, and the JVM called out.
            (Some(true), "java -agentlib:jdwp=transport=dt_socket,server=n,address=5005 App", [false, false]),
        ] {
            let subject = |port, fd| {
                let mut subject = with_argv(held(port, "java", None), argv);
                subject.programs[0].jdwp = jdwp;
                subject.listener.holders[0].fds = vec![fd];
                subject
            };
            let subjects = vec![subject(41_000, 4), subject(8080, 9)];
            let facts = Facts { subjects, ..Facts::default() };
            let found = [0, 1].map(|at| judge(&facts.subjects[at], &facts).map(|found| found.confidence));
            assert_eq!(found.map(|found| found == Some(Confidence::Inferred)), expected, "{jdwp:?} {argv}");
        }
    }
}
