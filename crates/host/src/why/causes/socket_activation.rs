//! A supervisor holds the socket, and starts the program that answers when somebody comes.

use navyd_model::{Holder, Listener};

use crate::why::{causes::Found, facts::Facts, naming, question::Question};

/// Programs that listen on behalf of others.
const SUPERVISORS: &[&str] = &["systemd", "systemd-socket-activate", "xinetd", "inetd", "launchd"];

pub(super) fn cause(facts: &Facts, question: &Question) -> Option<Found> {
    let both = question.listening(facts);
    let (listener, who) = both.into_iter().find_map(|listener| Some((listener, supervisor(listener)?)))?;
    let place = listener.place();
    let unit = unit(listener);
    let of = unit.as_ref().map_or_else(String::new, |unit| format!(" for unit `{unit}`"));
    let fix = match (&unit, listener.holders.first()) {
        (Some(unit), _) => format!("sudo systemctl stop {unit}"),
        // The manager of a user, which is never stopped for one of its sockets.
        (None, Some(holder)) if holder.name == "systemd" && holder.pid != 1 => {
            "systemctl --user list-sockets".into()
        }
        (None, Some(holder)) if holder.pid != 1 => format!("navyd free {}", question.port),
        _ => "systemctl list-sockets".into(),
    };
    Some(
        Found::decides(
            format!("{place} is held by {who}{of}, which starts the program on demand"),
            format!("{} holds {place}{of}: a connection starts the service", naming::owner(listener)),
        )
        .fix(fix),
    )
}

fn supervisor(listener: &Listener) -> Option<String> {
    let is_one = |holder: &&Holder| SUPERVISORS.contains(&holder.name.as_str());
    let named =
        listener.holders.iter().find(is_one).map(|holder| format!("`{}` (pid {})", holder.name, holder.pid));
    // The socket's control group tells it to every user, even when the holder is root's.
    named.or_else(|| unit(listener).map(|_| "systemd".into()))
}

/// The unit that the socket was made for: the last part of its control group.
fn unit(listener: &Listener) -> Option<String> {
    let last = listener.cgroup.as_deref()?.rsplit('/').next()?;
    last.ends_with(".socket").then(|| last.to_owned())
}
