//! Holders of sockets, and the reason when there are none to name.

use std::collections::{HashMap, HashSet};

use navyd_model::{Holder, Listener, OwnerUnknown};

use crate::process::{Describer, Owners, own_user};

/// Finds holders once for many sockets, and describes each process once.
pub(crate) struct Holders {
    owners: Owners,
    describer: Describer,
    known: HashMap<u32, Option<Holder>>,
    own_user: Option<u32>,
}

impl Holders {
    /// Looks for the holders of the sockets with these inodes.
    pub(crate) fn of(inodes: &HashSet<u64>) -> Self {
        let mut describer = None;
        let mut known = HashMap::new();
        let owners = Owners::of(inodes, |owners| {
            let describer = describer.insert(Describer::new());
            known.extend(owners.processes().into_iter().map(|pid| (pid, describer.holder(pid, &[]))));
        });
        Self { owners, describer: describer.unwrap_or_default(), known, own_user: own_user() }
    }

    /// Whether any process has the socket.
    pub(super) fn any(&self, inode: u64) -> bool {
        !self.owners.holders(inode).is_empty()
    }

    /// Every holder of a socket; when there is none, why. `named` are the processes that the system told with
    /// the socket.
    pub(crate) fn of_socket(
        &mut self,
        inode: u64,
        uid: Option<u32>,
        named: &[u32],
        other_namespace: bool,
    ) -> (Vec<Holder>, Option<OwnerUnknown>) {
        let Self { owners, describer, known, .. } = self;
        let mut describe = |pid| known.entry(pid).or_insert_with(|| describer.holder(pid, &[])).clone();
        // A process may have ended since.
        let mut holders: Vec<Holder> = named.iter().filter_map(|pid| describe(*pid)).collect();
        for hold in owners.holders(inode) {
            if let Some(holder) = holders.last_mut().filter(|holder| holder.pid == hold.pid) {
                holder.fds.push(hold.fd);
                continue;
            }
            holders.extend(describe(hold.pid).map(|holder| Holder { fds: vec![hold.fd], ..holder }));
        }
        if !holders.is_empty() {
            return (holders, None);
        }
        let sight = Sight {
            own_user: self.own_user,
            unreadable: self.owners.unreadable(),
            in_flight: self.owners.in_flight() == Some(true),
            other_namespace,
        };
        (holders, Some(reason(inode, uid, &sight)))
    }
}

/// What the reader could see.
struct Sight<'a> {
    own_user: Option<u32>,
    unreadable: &'a HashSet<u32>,
    in_flight: bool,
    other_namespace: bool,
}

/// Why a socket has no holder that we may name. Biased towards "not seen": only when every process could be
/// read does it say that none has the socket.
fn reason(inode: u64, uid: Option<u32>, sight: &Sight<'_>) -> OwnerUnknown {
    if inode == 0 {
        return OwnerUnknown::NoProcess;
    }
    let hidden = sight.own_user != Some(0) && (uid.is_none() || uid != sight.own_user);
    let refused = uid.is_some_and(|uid| sight.unreadable.contains(&uid));
    match () {
        () if hidden && sight.other_namespace => OwnerUnknown::OtherNamespace,
        () if refused && uid == sight.own_user => OwnerUnknown::NotDumpable,
        () if hidden || refused => OwnerUnknown::OtherUser,
        () if sight.in_flight => OwnerUnknown::InFlight,
        () if sight.other_namespace => OwnerUnknown::OtherNamespace,
        // It may have been handed to any process that could not be read.
        () if !sight.unreadable.is_empty() => OwnerUnknown::OtherUser,
        () => OwnerUnknown::NoProcess,
    }
}

/// What would be needed to name the holders that are not, as a note for whoever shows these listeners.
pub fn unnamed(listeners: &[Listener]) -> Option<String> {
    let hidden = |listener: &&Listener| {
        matches!(listener.owner_unknown, Some(OwnerUnknown::OtherUser | OwnerUnknown::OtherNamespace))
    };
    match listeners.iter().filter(hidden).count() {
        0 => None,
        1 => Some("1 holder belongs to another user: root may read it".into()),
        count => Some(format!("{count} holders belong to other users: root may read them")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_reason_is_never_more_than_was_seen() {
        use OwnerUnknown::{InFlight, NoProcess, NotDumpable, OtherNamespace, OtherUser};
        // inode, socket's user, own user, users refused, in flight, other namespace
        for (inode, uid, own_user, refused, in_flight, other_namespace, expected) in [
            (0, Some(0), 0, &[][..], false, false, NoProcess),
            (7, Some(1000), 1000, &[], false, false, NoProcess),
            (7, Some(1000), 1000, &[], true, false, InFlight),
            (7, Some(1000), 1000, &[0], true, false, InFlight),
            (7, Some(1000), 1000, &[0], false, false, OtherUser),
            (7, Some(1000), 1000, &[1000], true, false, NotDumpable),
            (7, Some(0), 1000, &[0], false, false, OtherUser),
            (7, Some(0), 1000, &[], false, false, OtherUser),
            (7, None, 1000, &[], false, false, OtherUser),
            (7, Some(0), 1000, &[0], false, true, OtherNamespace),
            (7, Some(1000), 0, &[], false, true, OtherNamespace),
            (7, Some(1000), 0, &[], true, false, InFlight),
            (7, Some(1000), 0, &[1000], false, false, OtherUser),
        ] {
            let unreadable = refused.iter().copied().collect();
            let sight =
                Sight { own_user: Some(own_user), unreadable: &unreadable, in_flight, other_namespace };
            assert_eq!(reason(inode, uid, &sight), expected, "{uid:?} as {own_user}, {refused:?}");
        }
    }
}
