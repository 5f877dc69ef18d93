//! The socket's descriptor is on its way between processes (`SCM_RIGHTS`), and no process has it.
//!
//! Proven when every process could be read. Where one refuses to be, it might have the socket as well; then a
//! descriptor that is seen waiting makes this the likelier reason, because a wait of that kind is short and
//! rare, and the words say so.

use navyd_model::{Listener, OwnerUnknown};

use crate::why::{causes::Found, facts::Facts, question::Question};

pub(super) fn cause(facts: &Facts, question: &Question) -> Option<Found> {
    let reason = |listener: &Listener| match listener.owner_unknown? {
        OwnerUnknown::InFlight => Some(("", "every process was read and none has")),
        OwnerUnknown::NotDumpable if facts.descriptor_in_flight => {
            Some((", most likely", "one process refuses to be read, and of the others none has"))
        }
        _ => None,
    };
    let mut both = question.listening(facts).chain(question.bound(facts));
    let (listener, (sure, read)) = both.find_map(|listener| Some((listener, reason(listener)?)))?;
    let place = listener.place();
    Some(
        Found::decides(
            format!("no process has {place} open{sure}: its descriptor is in flight between two"),
            format!(
                "{read} the socket of {place}; a unix socket has a descriptor waiting in it, to be received or \
                 dropped by its reader"
            ),
        )
        .fix("sudo ss -xp"),
    )
}
