//! What the commands that stand in for a server share: their flags, where they listen, the line that says so, the log,
//! and how they end.
//!
//! A command binds its doors with [`Flags::door`], and hands them to [`stand`] with what is to be said of them. Nothing
//! of the hub is read unless a flag asks for it: a stand-in is ready at once. Deliberately absent: what any stand-in
//! answers, which is the crate `standin`.

mod code;
mod doors;
mod flags;
mod life;
mod log;
mod name;
mod raw;
mod ready;

use std::rc::Rc;

use navyd_standin::{Door, Stand, Tls, http::Server};

pub(super) use flags::{Flags, bad_auth};
pub(super) use life::stand;
pub(super) use log::{Entry, Log};
pub(super) use ready::{Place, Ready};

/// A server of HTTP behind its door, and in clear behind the one for the hub.
pub(super) fn web(door: Door, tls: Option<Tls>, clear: Option<Door>, server: Server) -> Stand {
    let server = Rc::new(server);
    let stand = Stand::new().answering(door, tls, Rc::clone(&server) as _);
    clear.into_iter().fold(stand, |stand, door| stand.answering(door, None, Rc::clone(&server) as _))
}
