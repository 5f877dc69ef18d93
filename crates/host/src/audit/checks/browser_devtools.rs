//! A41: a browser that may be driven by whoever connects.

use super::super::{Check, Facts, Judge, Power, Subject, check::Found, stakes};

/// See the module.
pub(super) const CHECK: Check = Check {
    id: "A41",
    title: "it drives a browser (DevTools protocol)",
    why: "Who connects reads every cookie, types into every page, and reads files by `file:` URLs. Thieves of \
          sessions start browsers with this option, so Chrome 136 ignores it for the user's own profile.",
    spares: "Other ports of a browser, and `--remote-debugging-pipe`, which has none.",
    fixes: &[("", "start it without --remote-debugging-port, or with a --user-data-dir of its own")],
    judge: Judge::Each(judge),
};

const OPTION: &str = "--remote-debugging-port=";

fn judge(subject: &Subject, facts: &Facts) -> Option<Found> {
    let port = subject.listener.port.filter(|_| subject.is_tcp())?;
    let (holder, own) = subject.listener.holders.iter().find_map(|holder| {
        // Chrome joins its arguments with spaces in the titles of its children.
        let words = || holder.argv.iter().flatten().flat_map(|argument| argument.split(' '));
        let named: u16 = words().find_map(|word| word.strip_prefix(OPTION))?.parse().ok()?;
        let own = words().any(|word| word.starts_with("--user-data-dir="));
        (named == port || named == 0).then_some((holder, own))
    })?;
    let whose = if own { "a profile of its own" } else { "the user's own profile" };
    let evidence = format!("pid {} (`{}`) was started with `{OPTION}…` on {whose}", holder.pid, holder.name);
    Some(Found::observed(Power::Code, stakes::reach(subject, facts), evidence).fix(CHECK.fix(subject)))
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
            (9222, "chrome --remote-debugging-port=9222", Some("the user's own profile")),
            (
                41_000,
                "chromium --remote-debugging-port=0 --user-data-dir=/tmp/x",
                Some("a profile of its own"),
            ),
            (9222, "chrome --remote-debugging-pipe", None),
            (8080, "chrome --remote-debugging-port=9222", None),
        ] {
            let facts = machine(with_argv(held(port, "chrome", None), argv), &[]);
            let found = judge(&facts.subjects[0], &facts).map(|found| found.evidence);
            assert_eq!(found.is_some(), expected.is_some(), "{argv}");
            assert!(found.unwrap_or_default().ends_with(expected.unwrap_or_default()), "{argv}");
        }
    }
}
