//! A40: the inspector of Node.js, Deno or Bun.

use navyd_model::{Holder, Listener, finding::Confidence};

use super::super::{Check, Facts, Judge, Power, Subject, check::Found, stakes};

/// See the module.
pub(super) const CHECK: Check = Check {
    id: "A40",
    title: "it is the inspector of a JavaScript runtime",
    why: "Who connects runs any code in the program, as its user. Pages got there by rebinding a name \
          (CVE-2018-7160) until it refused names as `Host`; programs and other machines still do.",
    spares: "Other ports of the same program.",
    fixes: &[("", "without --inspect when nobody debugs; with it, --inspect=127.0.0.1:{port}")],
    judge: Judge::Each(judge),
};

/// Options that open one.
const OPTIONS: &[&str] = &["--inspect", "--inspect-brk", "--inspect-wait", "--inspect-port", "--debug-port"];

/// Where it listens unless told otherwise.
const USUAL: u16 = 9229;

/// Whether this listener is one, or may be: then nothing is sent to it.
pub(in super::super) fn inspects(listener: &Listener) -> bool {
    let Some(port) = listener.port else { return false };
    let any = |words: &[&str]| listener.holders.iter().any(|holder| words.contains(&holder.name.as_str()));
    let opened = listener.holders.iter().flat_map(|holder| holder.argv.iter().flatten().skip(1));
    let mut opened = opened.filter(|argument| opens(argument, port));
    // NODE_OPTIONS, which is not read, opens it here.
    opened.next().is_some() || (any(&["node", "deno", "bun"]) && (USUAL..USUAL + 10).contains(&port))
}

fn judge(subject: &Subject, facts: &Facts) -> Option<Found> {
    let port = subject.listener.port.filter(|_| subject.is_tcp())?;
    let told = subject.listener.holders.iter().find_map(|holder| {
        let mut arguments = holder.argv.iter().flatten().skip(1);
        Some((holder.pid, arguments.find(|argument| opens(argument, port))?))
    });
    let Some((pid, option)) = told else { return unsaid(subject, facts, port) };
    let evidence =
        format!("pid {pid} was started with `{option}`, and listens on {}", subject.listener.place());
    Some(Found::observed(Power::Code, stakes::reach(subject, facts), evidence).fix(CHECK.fix(subject)))
}

/// One that a signal (SIGUSR1) or `NODE_OPTIONS` opened: then only the port tells.
fn unsaid(subject: &Subject, facts: &Facts, port: u16) -> Option<Found> {
    let is = |name: &str| ["node", "nodejs", "deno"].contains(&name);
    let holder = subject.listener.holders.iter().find(|holder| port == USUAL && is(&holder.name))?;
    let Holder { pid, name, .. } = holder;
    let evidence =
        format!("pid {pid} (`{name}`) listens where its inspector does; a signal or `NODE_OPTIONS` opens it");
    let found = Found::observed(Power::Code, stakes::reach(subject, facts), evidence);
    Some(found.sure(Confidence::Inferred).fix(CHECK.fix(subject)))
}

/// Whether the option opens it on this port: `--inspect`, `--inspect=9230`, `--inspect-brk=0.0.0.0:9230`. Port 0 is
/// drawn by the kernel, so it may be any.
fn opens(argument: &str, port: u16) -> bool {
    let (name, value) = argument.split_once('=').unwrap_or((argument, ""));
    let named = value.rsplit(':').next().and_then(|text| text.parse().ok());
    OPTIONS.contains(&name)
        && match named {
            Some(0) => port >= 1024,
            named => named.unwrap_or(USUAL) == port,
        }
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
        for (port, address, argv, reach) in [
            (9229, "127.0.0.1", "node --inspect app.js", Some(Reach::AnyUser)),
            (9230, "0.0.0.0", "node --inspect-brk=0.0.0.0:9230 app.js", Some(Reach::Lan)),
            (41_000, "127.0.0.1", "node --inspect=0 app.js", Some(Reach::AnyUser)),
            (3000, "127.0.0.1", "node --inspect app.js", None),
            (3000, "127.0.0.1", "node app.js", None),
        ] {
            let subject = bound(address, with_argv(held(port, "node", None), argv));
            let facts = machine(subject, &["192.168.1.7"]);
            let found = judge(&facts.subjects[0], &facts);
            assert_eq!(found.map(|found| found.reach), reach, "{port} {argv}");
        }
    }

    #[test]
    fn one_that_no_argument_opened_is_inferred_from_its_port() {
        for (name, port, expected) in
            [("node", 9229, Some(Confidence::Inferred)), ("node", 9230, None), ("python3", 9229, None)]
        {
            let facts = machine(with_argv(held(port, name, None), "x app.js"), &[]);
            let found = judge(&facts.subjects[0], &facts);
            assert_eq!(found.map(|found| found.confidence), expected, "{name} {port}");
        }
    }
}
