//! POP3, so that a program that reads mail can be tested as well (RFC 1939, RFC 2449).
//!
//! The user is a mailbox: what is in the inbox of that name, or was for that address or name. `all` has every message, as
//! has the one user that may log in where there is one.

mod server;
mod session;

pub use server::Server;
pub use session::{Held, Session, Step};
