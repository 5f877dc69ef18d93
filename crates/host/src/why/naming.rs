//! How a verdict names what it speaks of. Lower case, no full stop, subjects in backticks.

use std::net::{IpAddr, SocketAddr};

use navyd_model::{BindAttempt, Holder, Listener, OwnerUnknown};

use super::facts::Neighbour;

/// `` `node` (pid 812) ``, with the others counted.
pub(super) fn holders(holders: &[Holder]) -> Option<String> {
    let (first, others) = holders.split_first()?;
    let name = format!("`{}` (pid {})", first.name, first.pid);
    Some(match others {
        [] => name,
        [other] => format!("{name} and `{}` (pid {})", other.name, other.pid),
        _ => format!("{name} and {} more", others.len()),
    })
}

/// Who holds a listener, or why nobody can be named.
pub(super) fn owner(listener: &Listener) -> String {
    let cgroup = listener.cgroup.as_deref().filter(|path| !matches!(*path, "" | "/"));
    let made_in = cgroup.map_or_else(String::new, |path| format!(" (made in control group `{path}`)"));
    holders(&listener.holders).unwrap_or_else(|| nobody(listener.owner_unknown, listener.uid) + &made_in)
}

/// Who holds a connection, or why nobody can be named.
pub(super) fn neighbour(neighbour: &Neighbour) -> String {
    holders(&neighbour.holders).unwrap_or_else(|| nobody(neighbour.owner_unknown, neighbour.socket.uid))
}

/// `` `node` (pid 812) on 127.0.0.1:3000 ``.
pub(super) fn listener(listener: &Listener) -> String {
    format!("{} on {}", owner(listener), listener.place())
}

/// The form of an attempt: `127.0.0.1`, `::`, `:: (IPv6 only)`.
pub(super) fn form(attempt: &BindAttempt) -> String {
    let only = attempt.v6only && attempt.address.is_unspecified();
    format!("{}{}", attempt.address, if only { " (IPv6 only)" } else { "" })
}

/// `EADDRINUSE on 127.0.0.1, 0.0.0.0`, for each error.
pub(super) fn refusals<'a>(attempts: impl Iterator<Item = &'a BindAttempt>) -> String {
    let mut by_errno: Vec<(&str, Vec<String>)> = Vec::new();
    for attempt in attempts {
        let Some(errno) = attempt.errno.as_deref() else { continue };
        match by_errno.iter_mut().find(|(known, _)| *known == errno) {
            Some((_, forms)) => forms.push(form(attempt)),
            None => by_errno.push((errno, vec![form(attempt)])),
        }
    }
    let each = by_errno.iter().map(|(errno, forms)| format!("{errno} on {}", forms.join(", ")));
    each.collect::<Vec<_>>().join("; ")
}

/// Words joined as a sentence has them: `a`, `a and b`, `a, b and c`.
pub(super) fn list(words: &[String]) -> String {
    match words {
        [] => String::new(),
        [one] => one.clone(),
        [others @ .., last] => format!("{} and {last}", others.join(", ")),
    }
}

/// `127.0.0.1:3000`, `[::1]:3000`.
pub(super) fn place(address: IpAddr, port: u16) -> String {
    SocketAddr::new(address, port).to_string()
}

fn nobody(reason: Option<OwnerUnknown>, uid: Option<u32>) -> String {
    let user = uid.map_or_else(String::new, |uid| format!(" of user {uid}"));
    match reason {
        Some(OwnerUnknown::OtherUser) => format!("a process{user} that only root may name"),
        Some(OwnerUnknown::NotDumpable) => format!("a process{user} that refuses to be read"),
        Some(OwnerUnknown::InFlight) => "no process: its descriptor is in flight".into(),
        Some(OwnerUnknown::OtherNamespace) => format!("a process{user} of another namespace"),
        Some(OwnerUnknown::NoProcess) => "the kernel, or a process that is not shown here".into(),
        None => format!("a process{user} that has ended"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn holders_are_counted_and_never_invented() {
        let holder = |pid| Holder { pid, name: "node".into(), ..Holder::default() };
        for (count, expected) in [
            (0, None),
            (1, Some("`node` (pid 1)")),
            (2, Some("`node` (pid 1) and `node` (pid 2)")),
            (4, Some("`node` (pid 1) and 3 more")),
        ] {
            let all: Vec<_> = (1..=count).map(holder).collect();
            assert_eq!(holders(&all).as_deref(), expected);
        }
        assert_eq!(
            nobody(Some(OwnerUnknown::OtherUser), Some(33)),
            "a process of user 33 that only root may name"
        );
    }

    #[test]
    fn words_make_a_sentence() {
        let words =
            |count: usize| ["a", "b", "c"][..count].iter().map(|word| (*word).to_owned()).collect::<Vec<_>>();
        assert_eq!([0, 1, 2, 3].map(|count| list(&words(count))), ["", "a", "a and b", "a, b and c"]);
    }
}
