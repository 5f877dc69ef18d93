//! A port to use: one that can be bound now, and that nothing is likely to take.
//!
//! "Can be bound" is proved by real binds, closed at once; [`Held`] keeps a port for a server that navyd starts.
//! Deliberately absent: UDP, whose ports are apart.

mod candidates;
mod held;
mod rules;

use std::{
    hash::{BuildHasher as _, Hasher as _, RandomState},
    io,
};

use navyd_model::Protocol;

pub use self::{
    held::{Held, is_free_for_server},
    rules::{Objection, Rules},
};
use crate::bind::{FORMS, Reuse, try_bind};

/// Which ports are wanted.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Wish {
    /// Any that is free.
    Anywhere,
    /// This one, or the next free one.
    Near(u16),
}

/// Free ports, at most `count`, each different. Fewer when there are no more.
pub fn pick(wish: &Wish, count: usize, rules: &Rules) -> Vec<u16> {
    let candidates = match wish {
        // A hasher of the standard library is keyed at random, which is all the chance that is needed.
        Wish::Anywhere => candidates::anywhere(rules, RandomState::new().build_hasher().finish()),
        Wish::Near(wanted) => candidates::near(rules, *wanted),
    };
    candidates.into_iter().filter(|port| is_free(*port)).take(count).collect()
}

/// The port that a name has in a project and on a branch, whether or not it is free. `None` when every one is
/// reserved.
pub fn stable(project: &str, name: &str, branch: Option<&str>, rules: &Rules) -> Option<u16> {
    candidates::stable(rules, project, name, branch)
}

/// Every port that a name may have, the one that [`stable`] gives first: where that cannot be had, everyone who
/// asks goes on to the same next one.
pub fn stable_order(project: &str, name: &str, branch: Option<&str>, rules: &Rules) -> Vec<u16> {
    candidates::stable_order(rules, project, name, branch)
}

/// Whether a server could bind the port in every form: on 127.0.0.1, on ::1, and on all addresses.
///
/// Bound without SO_REUSEADDR, so that a port in TIME_WAIT counts as held: not every server sets that option.
/// A family that this machine does not have is no obstacle.
pub fn is_free(port: u16) -> bool {
    FORMS.iter().all(|form| match try_bind(Protocol::Tcp, *form, port, Reuse::Plain) {
        Ok(()) => true,
        Err(error) => form.address.is_ipv6() && is_absent(&error),
    })
}

/// Whether an error means that the family itself is missing: no IPv6 in the kernel, or none on any device.
fn is_absent(error: &io::Error) -> bool {
    // EAFNOSUPPORT has no kind of its own; a port that is held or forbidden has.
    !matches!(error.kind(), io::ErrorKind::AddrInUse | io::ErrorKind::PermissionDenied)
}

#[cfg(test)]
mod tests {
    use std::{
        collections::HashSet,
        net::{TcpListener, TcpStream},
    };

    use super::*;

    #[test]
    fn what_is_held_in_any_form_is_not_free() {
        for address in ["127.0.0.1:0", "0.0.0.0:0", "[::1]:0", "[::]:0"] {
            let Ok(holder) = TcpListener::bind(address) else { continue };
            let port = holder.local_addr().unwrap().port();
            assert!(!is_free(port), "{address}");
        }
    }

    #[test]
    fn a_source_port_is_not_free() {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let client = TcpStream::connect(listener.local_addr().unwrap()).unwrap();
        assert!(!is_free(client.local_addr().unwrap().port()));
    }

    #[test]
    fn what_is_picked_is_not_held_and_different() {
        let rules = Rules::here();
        let holder = TcpListener::bind("127.0.0.1:0").unwrap();
        let held = holder.local_addr().unwrap().port();
        for wish in [Wish::Anywhere, Wish::Near(held)] {
            let ports = pick(&wish, 5, &rules);
            assert_eq!(ports.iter().collect::<HashSet<_>>().len(), 5, "{ports:?}");
            assert!(!ports.contains(&held));
        }
    }
}
