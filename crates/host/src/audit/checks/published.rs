//! A03: a container's port is published past the firewall.

use navyd_model::Exposure;

use super::super::{
    Check, Facts, Judge, Reach, Subject,
    check::Found,
    firewall::{self, Verdict},
    stakes,
};
use crate::kernel::Arrival;

/// See the module.
pub(super) const CHECK: Check = Check {
    id: "A03",
    title: "a container's port is published to the network, past the firewall",
    why: "A container engine leads such a port on before the rules of `ufw` and the like are asked, which only see \
          what comes to this machine itself (moby issue 4737).",
    spares: "Ports published to loopback only, and those that a rule stops which does see them.",
    fixes: &[("", "publish it to loopback only: -p 127.0.0.1:{port}:PORT")],
    judge: Judge::Each(judge),
};

fn judge(subject: &Subject, facts: &Facts) -> Option<Found> {
    let listener = &subject.listener;
    let address = listener.address.filter(|address| !address.is_loopback())?;
    if listener.exposure != Exposure::Container || listener.netns.is_some() || !subject.is_tcp() {
        return None;
    }
    let through = firewall::arrivals(subject, facts.interfaces.as_deref());
    if through.is_empty() {
        return None;
    }
    let verdict = facts.firewall.verdict(&through);
    let itself: Vec<Arrival> = through.iter().map(firewall::here).collect();
    let past = match (facts.firewall.verdict(&itself), &verdict) {
        (Verdict::Stopped(rule), Verdict::Open | Verdict::Perhaps(_)) => {
            format!("; for this machine itself the firewall {rule}, and does not see what is led on")
        }
        _ => String::new(),
    };
    let to = subject.container().map_or_else(String::new, |to| format!(" and led to container {to}"));
    let any = if address.is_unspecified() { "every address" } else { "this address" };
    let evidence = format!("published on {any}, {}{to}; {}{past}", listener.place(), verdict.words());
    let reach = through.iter().map(|one| stakes::beyond(one.to.ip())).max().unwrap_or(Reach::Lan);
    let found = Found::observed(stakes::power_behind(subject, facts), reach, evidence);
    let fix = match subject.container().zip(listener.port) {
        Some((to, port)) => format!("publish it to loopback only: -p 127.0.0.1:{port}:{}", to.port()),
        None => CHECK.fix(subject)?,
    };
    Some(found.behind(verdict.gate()).fix(fix))
}

#[cfg(test)]
mod tests {
    use navyd_model::{Listener, Namespace};

    use super::{
        super::{
            super::{Firewall, Gate, Power},
            fixture::{bound, held, machine},
        },
        *,
    };
    use crate::kernel::Hit;

    fn publish(address: &str) -> Facts {
        let subject = bound(address, held(8080, "docker-proxy", None));
        let note = Some("container 172.17.0.2:80".to_owned());
        let listener = Listener { exposure: Exposure::Container, note, ..subject.listener };
        machine(Subject { listener, ..subject }, &["192.168.1.7"])
    }

    /// A filter in which these rules take what comes to this machine, and those what is led on.
    fn firewall(facts: &Facts, here: &[Hit], on: &[Hit]) -> Firewall {
        let all = firewall::arrivals(&facts.subjects[0], facts.interfaces.as_deref());
        let both = all.into_iter().flat_map(|through| {
            let itself = Arrival { led: None, ..through.clone() };
            [(through, on.to_vec()), (itself, here.to_vec())]
        });
        Firewall::Read { stops: both.collect(), led: Vec::new(), second: false }
    }

    #[test]
    fn planted_and_clean() {
        let drop = || vec![Hit::drop("policy drop", true)];
        let passes =
            "for this machine itself the firewall drops it from outside: policy drop, and does not see";
        for (address, here, on, expected) in [
            ("0.0.0.0", vec![], vec![], Some((Gate::None, "no rule of the packet filter"))),
            ("0.0.0.0", drop(), vec![], Some((Gate::None, passes))),
            ("0.0.0.0", drop(), drop(), Some((Gate::Weak, "the firewall drops it from outside"))),
            ("192.168.1.7", vec![], vec![], Some((Gate::None, "published on this address"))),
            ("127.0.0.1", vec![], vec![], None),
        ] {
            let mut facts = publish(address);
            facts.firewall = firewall(&facts, &here, &on);
            let found = judge(&facts.subjects[0], &facts);
            assert_eq!(found.as_ref().map(|found| found.gate), expected.map(|(gate, _)| gate), "{address}");
            if let Some((found, (_, told))) = found.zip(expected) {
                assert!(found.evidence.contains(told), "{}", found.evidence);
                assert_eq!(found.fix.as_deref(), Some("publish it to loopback only: -p 127.0.0.1:8080:80"));
            }
        }
        let plain = machine(bound("0.0.0.0", held(8080, "node", None)), &["192.168.1.7"]);
        assert_eq!(judge(&plain.subjects[0], &plain), None);
    }

    #[test]
    fn what_the_container_runs_is_at_stake() {
        let mut facts = publish("0.0.0.0");
        assert_eq!(judge(&facts.subjects[0], &facts).unwrap().power, Power::Info);
        let mut inside = bound("0.0.0.0", held(80, "redis-server", None));
        let container = Some("docker:3f2a9c1b7d44".to_owned());
        inside.listener.netns = Some(Namespace { inode: None, name: None, container, pid: None });
        facts.subjects.push(inside);
        assert_eq!(judge(&facts.subjects[0], &facts).unwrap().power, Power::Write);
    }
}
