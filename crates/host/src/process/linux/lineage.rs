//! Whether a process has lost those that started it.

use std::path::Path;

use super::{
    entry::Entry,
    stat::{self, Stat},
};

/// The parent now, and the leader that is gone, of a process that was taken in by another after its own parent
/// ended. `None` for a process with its family around it.
///
/// A process is taken in by pid 1 or a "subreaper" (prctl(2), PR_SET_CHILD_SUBREAPER). A child is born into its
/// parent's session and leaves it only by leading one of its own, so a parent of another session is not the one
/// it was born to. Biased towards silence: a parent that ended while the leader of group and session lives is
/// not told, because shells that start a program in the background do just that.
pub fn lost_leader(pid: u32) -> Option<(u32, u32)> {
    let own = read(pid)?;
    let parent_session = read(own.parent).map(|parent| parent.session);
    let leader =
        missing_leader(pid, &own, parent_session, |leader| Path::new(&format!("/proc/{leader}")).exists())?;
    Some((own.parent, leader))
}

fn missing_leader(
    pid: u32,
    own: &Stat,
    parent_session: Option<u32>,
    lives: impl Fn(u32) -> bool,
) -> Option<u32> {
    let taken_in = own.parent == 1 || (own.session != pid && parent_session? != own.session);
    // 0 names a leader outside this pid namespace.
    let gone = |leader: &u32| *leader != 0 && *leader != pid && !lives(*leader);
    [own.group, own.session].into_iter().find(gone).filter(|_| taken_in)
}

fn read(pid: u32) -> Option<Stat> {
    stat::parse(&Entry::open(pid)?.stat()?)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_orphan_has_a_foster_parent_and_a_dead_leader() {
        // pid, parent, its session, group, session, the living, the leader that is gone
        for (pid, parent, parent_session, group, session, living, expected) in [
            (10, 1, Some(1), 8, 8, &[][..], Some(8)),
            (10, 1, Some(1), 8, 7, &[7], Some(8)),
            (10, 1, Some(1), 8, 7, &[8], Some(7)),
            (10, 1, Some(1), 8, 7, &[7, 8], None),
            (10, 1, Some(1), 10, 10, &[], None),
            (10, 5, Some(5), 8, 8, &[], Some(8)),
            (10, 9, Some(8), 8, 8, &[9], None),
            (10, 5, None, 8, 8, &[], None),
            (10, 1, Some(1), 0, 0, &[], None),
            // It leads a session of its own, so its parent's tells nothing.
            (10, 5, Some(5), 8, 10, &[], None),
        ] {
            let own = Stat { comm: Vec::new(), parent, group, session, started: 0 };
            let found = missing_leader(pid, &own, parent_session, |leader| living.contains(&leader));
            assert_eq!(found, expected, "{own:?} {living:?}");
        }
    }
}
