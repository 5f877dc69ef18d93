//! A05: `localhost` is two programs.

use std::{
    collections::{BTreeMap, BTreeSet},
    net::{IpAddr, Ipv4Addr, Ipv6Addr},
};

use navyd_model::Holder;

use super::super::{At, Check, Facts, Judge, Power, Reach, Subject, check::Found};
use crate::listeners::reaches;

/// See the module.
pub(super) const CHECK: Check = Check {
    id: "A05",
    title: "localhost is two programs: one on 127.0.0.1, another on [::1]",
    why: "Which of them answers to `localhost` depends on who asks: browsers, curl and Node.js choose differently, so \
          credentials and data go to the program that was not meant.",
    spares: "Workers of one parent, and one program that has a socket for each family.",
    fixes: &[],
    judge: Judge::Whole(judge),
};

fn judge(facts: &Facts) -> Vec<At<'_>> {
    let mut ports: BTreeMap<u16, Vec<&Subject>> = BTreeMap::new();
    for subject in facts.subjects.iter().filter(|one| one.is_tcp() && one.listener.netns.is_none()) {
        if let Some(port) = subject.listener.port {
            ports.entry(port).or_default().push(subject);
        }
    }
    ports.values().filter_map(|there| split(there)).collect()
}

fn split<'a>(there: &[&'a Subject]) -> Option<At<'a>> {
    let four = answers(there, IpAddr::V4(Ipv4Addr::LOCALHOST))?;
    let six = answers(there, IpAddr::V6(Ipv6Addr::LOCALHOST))?;
    let (one, other) = (four.listener.holders.first()?, six.listener.holders.first()?);
    if std::ptr::eq(four, six) || are_kin(four, six) {
        return None;
    }
    let (port, shown) =
        (six.listener.port?, |holder: &Holder| format!("`{}` (pid {})", holder.name, holder.pid));
    let evidence = format!("127.0.0.1:{port} is {}, and [::1]:{port} is {}", shown(one), shown(other));
    let found = Found::observed(Power::Info, Reach::AnyUser, evidence);
    Some((Some(six), found.fix(format!("kill {}", other.pid))))
}

/// Whose socket a connection to this address comes to: that of the address itself before that of its family's every
/// address, and before one of both families (the kernel's `compute_score`).
fn answers<'a>(there: &[&'a Subject], address: IpAddr) -> Option<&'a Subject> {
    let rank = |bound: IpAddr| match () {
        () if bound == address => 0,
        () if bound.is_ipv4() == address.is_ipv4() => 1,
        () => 2,
    };
    let reached = there.iter().filter_map(|subject| {
        let bound = subject.listener.address?;
        reaches(bound, subject.listener.v6only, address).then(|| (rank(bound), *subject))
    });
    reached.min_by_key(|(rank, _)| *rank).map(|(_, subject)| subject)
}

/// Whether a process has both, or theirs are parent and child, or children of one parent that is not the system's
/// first or a shell.
fn are_kin(one: &Subject, other: &Subject) -> bool {
    let family = |subject: &Subject| -> BTreeSet<u32> {
        let holders = &subject.listener.holders;
        let parent =
            |holder: &Holder| holder.ancestors.first().filter(|up| !is_shell(&up.name)).map(|up| up.pid);
        holders.iter().flat_map(|holder| [Some(holder.pid), parent(holder)]).flatten().collect()
    };
    !family(one).is_disjoint(&family(other))
}

/// Programs whose children have nothing to do with each other.
fn is_shell(name: &str) -> bool {
    let others = ["systemd", "init", "login", "sshd", "screen", "code", "containerd-shim"];
    ["bash", "sh", "zsh", "fish", "dash", "ksh", "nu", "tmux: server", "tmux"].contains(&name)
        || others.iter().any(|start| name.starts_with(start))
}

#[cfg(test)]
mod tests {
    use navyd_model::Ancestor;

    use super::{
        super::fixture::{bound, held},
        *,
    };

    fn on(address: &str, pid: u32, parent: (u32, &str)) -> Subject {
        let mut subject = bound(address, held(3000, "node", None));
        let holder = &mut subject.listener.holders[0];
        holder.pid = pid;
        holder.ancestors = vec![Ancestor { pid: parent.0, name: parent.1.into() }];
        subject
    }

    #[test]
    fn planted_and_clean() {
        let (shell, node) = ((7, "bash"), (8, "node"));
        for (one, other, expected) in [
            (on("127.0.0.1", 1, shell), on("::1", 2, shell), true),
            (on("0.0.0.0", 1, shell), on("::1", 2, shell), true),
            (on("127.0.0.1", 1, shell), on("::", 2, shell), true),
            // The kernel prefers the socket of the address itself.
            (on("127.0.0.1", 1, shell), on("0.0.0.0", 2, shell), false),
            (on("127.0.0.1", 1, shell), on("::1", 1, shell), false),
            (on("127.0.0.1", 1, node), on("::1", 2, node), false),
            (on("127.0.0.1", 2, (1, "node")), on("::1", 1, shell), false),
            (on("127.0.0.1", 1, shell), on("127.0.0.1", 2, shell), false),
        ] {
            let told = format!("{} {}", one.listener.place(), other.listener.place());
            let facts = Facts { subjects: vec![one, other], ..Facts::default() };
            assert_eq!(!judge(&facts).is_empty(), expected, "{told}");
        }
        let mut elsewhere = on("::1", 2, shell);
        elsewhere.listener.port = Some(3001);
        let facts = Facts { subjects: vec![on("127.0.0.1", 1, shell), elsewhere], ..Facts::default() };
        assert!(judge(&facts).is_empty());
    }
}
