//! What ports are for: the registry's name, what developers usually meet there, and which are ruled out.
//!
//! Here because every room shows or chooses ports. All of it is about numbers alone, so nothing here says
//! what a listener is: `usually` is a habit, never an identity. Deliberately absent: the ranges that one
//! kernel or one user's settings reserve, which only the host can read.

mod blocked;
mod by_name;
mod iana;
mod stable;
mod usual;

pub use blocked::blocked_by_browsers;
pub use by_name::by_name;
pub use iana::iana;
pub use stable::{STABLE_RANGE, stable, stable_candidates};
pub use usual::usual;

use crate::listener::{Names, Protocol};

/// The registered and the usual name of a port. Both are `None` for a unix socket.
pub fn names(port: u16, proto: Protocol) -> Names {
    Names { iana: iana(port, proto).map(str::to_owned), usually: usual(port, proto).map(str::to_owned) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn both_names_of_a_port() {
        let check = |port, proto, registered: Option<&str>, usually: Option<&str>| {
            let names = names(port, proto);
            assert_eq!((names.iana.as_deref(), names.usually.as_deref()), (registered, usually), "{port}");
        };
        check(5432, Protocol::Tcp, Some("postgresql"), Some("PostgreSQL"));
        check(5173, Protocol::Tcp, None, Some("Vite"));
        check(3000, Protocol::Tcp, Some("remoteware-cl"), Some("Node.js / Next.js / Rails"));
        check(5432, Protocol::Udp, Some("postgresql"), None);
        check(9, Protocol::Udp, Some("discard"), None);
        check(62894, Protocol::Tcp, None, None);
        check(5432, Protocol::Unix, None, None);
        check(0, Protocol::Tcp, None, None);
    }
}
