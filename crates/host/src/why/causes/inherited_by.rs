//! A child holds the socket of a parent that is gone. Biased towards silence: a daemon also leaves its parent,
//! so one that a supervisor keeps, or that went to `/` as daemons do, is not suspected; and the words say how
//! sure it is.

use navyd_model::Holder;

use crate::why::{
    causes::Found,
    facts::{Facts, Orphan},
    question::Question,
};

pub(super) fn cause(facts: &Facts, question: &Question) -> Option<Found> {
    let both = question.listening(facts).chain(question.bound(facts));
    let orphan =
        |holder: &Holder| facts.orphans.iter().find(|orphan| orphan.pid == holder.pid && suspect(holder));
    let (listener, holder, orphan) = both.into_iter().find_map(|listener| {
        // While another process has the socket too, the parent may well be that one.
        let [holder] = listener.holders.as_slice() else { return None };
        Some((listener, holder, orphan(holder)?))
    })?;
    let Orphan { pid, parent, leader } = orphan;
    let place = listener.place();
    Some(
        Found::decides(
            format!(
                "{place} is held by `{}` (pid {pid}), most likely a leftover of a parent that is gone",
                holder.name
            ),
            format!(
                "pid {pid} was taken in by pid {parent}, and process {leader}, the leader of its group or \
                 session, has ended: it probably inherited the socket"
            ),
        )
        .fix(format!("navyd free {}", question.port)),
    )
}

fn suspect(holder: &Holder) -> bool {
    holder.supervisor.is_none() && holder.cwd.as_deref() != Some("/")
}
