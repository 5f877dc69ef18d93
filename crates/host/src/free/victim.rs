//! Who would be stopped, and what goes with them.

use std::collections::BTreeMap;

use navyd_model::{Holder, Listener, free::Victim};

use crate::process::{children, protected};

/// The holders of `here`, each once, with what they listen on `elsewhere`.
pub(super) fn of(here: &[Listener], elsewhere: &[Listener]) -> Vec<Victim> {
    let holders: BTreeMap<u32, &Holder> =
        here.iter().flat_map(|listener| &listener.holders).map(|holder| (holder.pid, holder)).collect();
    holders
        .into_values()
        .map(|holder| Victim {
            children: children(holder.pid),
            also_listens: also_listens(holder.pid, elsewhere),
            supervisor: holder.supervisor.clone(),
            protected: protected(holder.pid),
            holder: holder.clone(),
        })
        .collect()
}

fn also_listens(pid: u32, elsewhere: &[Listener]) -> Vec<String> {
    let holds = |listener: &&Listener| listener.holders.iter().any(|holder| holder.pid == pid);
    elsewhere
        .iter()
        .filter(holds)
        .map(|listener| format!("{}/{}", listener.place(), listener.proto.as_str()))
        .collect()
}

/// The victims to signal first: those that no other victim has started. A server's workers end with their
/// master, and a worker that is ended before it would only be started again.
pub(super) fn first<'a>(victims: &[&'a Victim]) -> Vec<&'a Victim> {
    let is_victim = |pid: u32| victims.iter().any(|victim| victim.holder.pid == pid);
    let started_by_victim =
        |victim: &Victim| victim.holder.ancestors.iter().any(|ancestor| is_victim(ancestor.pid));
    victims.iter().filter(|victim| !started_by_victim(victim)).copied().collect()
}

#[cfg(test)]
mod tests {
    use navyd_model::{Ancestor, Protocol};

    use super::*;

    fn victim(pid: u32, ancestors: &[u32]) -> Victim {
        let ancestors = ancestors.iter().map(|&pid| Ancestor { pid, name: "sh".into() }).collect();
        Victim {
            holder: Holder { pid, ancestors, ..Holder::default() },
            children: Vec::new(),
            also_listens: Vec::new(),
            supervisor: None,
            protected: None,
        }
    }

    #[test]
    fn masters_go_before_their_workers() {
        for (victims, expected) in [
            (vec![victim(10, &[2])], vec![10]),
            (vec![victim(10, &[2]), victim(11, &[10, 2]), victim(12, &[11, 10, 2])], vec![10]),
            (vec![victim(10, &[2]), victim(20, &[2])], vec![10, 20]),
            (vec![victim(11, &[10, 2]), victim(12, &[10, 2])], vec![11, 12]),
            (vec![], vec![]),
        ] {
            let victims: Vec<&Victim> = victims.iter().collect();
            let found: Vec<u32> = first(&victims).iter().map(|victim| victim.holder.pid).collect();
            assert_eq!(found, expected);
        }
    }

    #[test]
    fn what_else_goes_is_named() {
        let holder = Holder { pid: 10, ..Holder::default() };
        let other = Listener { holders: vec![holder], ..Listener::on(Protocol::Udp, 53) };
        let foreign = Listener::on(Protocol::Tcp, 80);
        assert_eq!(also_listens(10, &[other, foreign]), ["127.0.0.1:53/udp"]);
    }
}
