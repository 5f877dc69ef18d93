//! Which processes belong to which service.
//!
//! A process belongs to the service whose first process it is, or whose processes it descends from, shares a group
//! or a session with, or was seen with before; an orphan that the hub adopted and that nobody saw coming belongs to
//! the service that its environment names. Pure. The bias is towards owning too little: what cannot be assigned is
//! nobody's, and ends when the hub does.

use std::collections::{HashMap, HashSet};

use navyd_host::process::Member;

/// Names a service among all that run.
pub(super) type Key = u64;

/// A first process, while it was not waited for: its number is its own.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Root {
    pub(super) key: Key,
    pub(super) pid: u32,
}

/// Who was seen in which tree, so that a process that leaves its parents is still known.
#[derive(Debug, Default)]
pub(super) struct Trees {
    known: HashMap<(u32, u64), Key>,
}

/// One look, sorted.
#[derive(Debug, Default, PartialEq, Eq)]
pub(super) struct Sorted {
    /// The living of each tree.
    pub(super) trees: HashMap<Key, Vec<Member>>,
    /// Adopted processes that belong to nobody.
    pub(super) strays: Vec<Member>,
    /// Adopted processes that have ended and wait to be buried.
    pub(super) dead: Vec<u32>,
}

impl Trees {
    /// Sorts every process. `own` is the hub; `marked` tells the service that the environment of an orphan names.
    pub(super) fn sort(
        &mut self,
        members: &[Member],
        own: u32,
        roots: &[Root],
        marked: impl Fn(u32) -> Option<Key>,
    ) -> Sorted {
        let hub = members.iter().find(|member| member.pid == own).copied();
        let is_ours = |member: &Member| Some(member.group) == hub.map(|hub| hub.group);
        let mut keys: HashMap<u32, Key> = roots.iter().map(|root| (root.pid, root.key)).collect();
        let first: HashSet<u32> = keys.keys().copied().collect();
        for member in members {
            if let Some(key) = self.known.get(&(member.pid, member.started)) {
                keys.entry(member.pid).or_insert(*key);
            }
        }
        spread(members, hub.as_ref(), &mut keys);
        let orphans = || members.iter().filter(|member| member.parent == own && member.pid != own);
        for orphan in orphans().filter(|orphan| !orphan.ended && !is_ours(orphan)) {
            if !keys.contains_key(&orphan.pid)
                && let Some(key) = marked(orphan.pid)
            {
                keys.insert(orphan.pid, key);
            }
        }
        spread(members, hub.as_ref(), &mut keys);

        let mut sorted = Sorted::default();
        self.known.clear();
        for member in members {
            let Some(key) = keys.get(&member.pid) else { continue };
            self.known.insert((member.pid, member.started), *key);
            if !member.ended {
                sorted.trees.entry(*key).or_default().push(*member);
            }
        }
        for orphan in orphans().filter(|orphan| !first.contains(&orphan.pid) && !is_ours(orphan)) {
            if orphan.ended {
                sorted.dead.push(orphan.pid);
            } else if !keys.contains_key(&orphan.pid) {
                sorted.strays.push(*orphan);
            }
        }
        sorted
    }
}

impl Sorted {
    /// Whether there was nobody.
    pub(super) fn is_empty(&self) -> bool {
        self.trees.is_empty() && self.strays.is_empty() && self.dead.is_empty()
    }

    /// Whether something of a tree lives.
    pub(super) fn lives(&self, key: Key) -> bool {
        self.trees.contains_key(&key)
    }
}

/// Gives every process the key of its parent, or of somebody in its group or session, until nothing changes.
fn spread(members: &[Member], hub: Option<&Member>, keys: &mut HashMap<u32, Key>) {
    // The hub's own group and session are those of whoever started it, and join nobody.
    let group =
        |member: &Member| Some(member.group).filter(|group| hub.is_none_or(|hub| hub.group != *group));
    let session = |member: &Member| {
        Some(member.session).filter(|session| hub.is_none_or(|hub| hub.session != *session))
    };
    loop {
        let mut groups = HashMap::new();
        let mut sessions = HashMap::new();
        for member in members {
            if let Some(key) = keys.get(&member.pid) {
                groups.extend(group(member).map(|group| (group, *key)));
                sessions.extend(session(member).map(|session| (session, *key)));
            }
        }
        let before = keys.len();
        for member in members.iter().filter(|member| hub.is_none_or(|hub| hub.pid != member.pid)) {
            if keys.contains_key(&member.pid) {
                continue;
            }
            let by = keys.get(&member.parent);
            let by = by.or_else(|| groups.get(&group(member)?)).or_else(|| sessions.get(&session(member)?));
            if let Some(key) = by.copied() {
                keys.insert(member.pid, key);
            }
        }
        if keys.len() == before {
            return;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const HUB: u32 = 100;
    const WEB: Root = Root { key: 1, pid: 200 };

    fn member(pid: u32, parent: u32, group: u32, session: u32) -> Member {
        Member { pid, parent, group, session, started: u64::from(pid), ended: false }
    }

    /// The hub in session 50, its service `WEB`, and pid 1.
    fn family(rest: &[Member]) -> Vec<Member> {
        let base = [member(1, 0, 1, 1), member(HUB, 60, 60, 50), member(200, HUB, 200, 50)];
        base.into_iter().chain(rest.iter().copied()).collect()
    }

    fn pids(sorted: &Sorted, key: Key) -> Vec<u32> {
        let mut pids: Vec<u32> =
            sorted.trees.get(&key).into_iter().flatten().map(|member| member.pid).collect();
        pids.sort_unstable();
        pids
    }

    #[test]
    fn a_tree_is_descent_group_and_session() {
        let family = family(&[
            member(201, 200, 200, 50),
            member(202, 201, 202, 202), // its own session
            member(203, HUB, 202, 202), // an orphan of that session
            member(204, HUB, 200, 50),  // an orphan of the first group
            member(300, 60, 300, 50),   // a neighbour in the hub's session
            member(301, HUB, 60, 50),   // a child of the hub itself
        ]);
        let sorted = Trees::default().sort(&family, HUB, &[WEB], |_| None);
        assert_eq!(pids(&sorted, 1), [200, 201, 202, 203, 204]);
        assert_eq!((sorted.strays, sorted.dead), (Vec::new(), Vec::new()));
    }

    #[test]
    fn who_was_seen_before_is_known_and_a_namesake_is_not() {
        let mut trees = Trees::default();
        trees.sort(&family(&[member(201, 200, 201, 201)]), HUB, &[WEB], |_| None);
        // Its first process is gone and waited for: the child is an orphan.
        let orphan = member(201, HUB, 201, 201);
        let without = [member(HUB, 60, 60, 50), orphan];
        assert_eq!(pids(&trees.sort(&without, HUB, &[], |_| None), 1), [201]);
        let namesake = Member { started: 999, ..orphan };
        let sorted = trees.sort(&[without[0], namesake], HUB, &[], |_| None);
        assert_eq!((pids(&sorted, 1), sorted.strays), (Vec::new(), vec![namesake]));
    }

    #[test]
    fn an_orphan_that_nobody_saw_coming_has_a_mark_or_is_a_stray() {
        let daemon = [member(400, HUB, 400, 400), member(401, 400, 400, 400)];
        let sorted = Trees::default().sort(&family(&daemon), HUB, &[WEB], |pid| (pid == 400).then_some(1));
        assert_eq!(pids(&sorted, 1), [200, 400, 401]);
        let sorted = Trees::default().sort(&family(&daemon), HUB, &[WEB], |_| None);
        assert_eq!((pids(&sorted, 1), sorted.strays), (vec![200], vec![daemon[0]]));
    }

    #[test]
    fn the_dead_are_buried_unless_somebody_waits_for_them() {
        let dead = |pid, group| Member { ended: true, ..member(pid, HUB, group, 50) };
        let mut family = family(&[dead(204, 200), dead(301, 60)]);
        family[2].ended = true;
        let sorted = Trees::default().sort(&family, HUB, &[WEB], |_| None);
        assert_eq!((pids(&sorted, 1), sorted.dead), (Vec::new(), vec![204]));
    }
}
