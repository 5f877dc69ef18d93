//! A42: a JVM that may be debugged by whoever connects.

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
    let program = hints.programs.iter().find(|program| wire(program, hints.port) == Some(Wire::Jdwp))?;
    let place = subject.listener.place();
    let evidence = format!("`{}` was started with the agent `jdwp`, and listens on {place}", program.name);
    Some(Found::observed(Power::Code, stakes::reach(subject, facts), evidence).fix(CHECK.fix(subject)))
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
}
